# shellcheck shell=bash disable=SC2034,SC2154 # variables go from file to file
# SPDX-License-Identifier: Apache-2.0 OR MIT
# A certificate for this host's name, in the place that the examples name (Debian's package ssl-cert makes one there that
# no client would trust), so that clients check it as they should.

certificate=/etc/ssl/certs/ssl-cert-snakeoil.pem
private_key=/etc/ssl/private/ssl-cert-snakeoil.key

if ! openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=callers \
	-addext subjectAltName=DNS:callers -keyout "$private_key" -out "$certificate" 2>"$scratch/openssl"; then
	case_failed "a certificate is made" "$(cat "$scratch/openssl")"
	exit 1
fi
