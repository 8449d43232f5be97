# shellcheck shell=bash disable=SC2034,SC2154,SC2016,SC2119 # variables go from file to file; eval wants its text whole
# SPDX-License-Identifier: Apache-2.0 OR MIT
# FreeRADIUS with rlm_pam: it asks as freerad, by way of verify.sock; radtest is its client.

example freeradius/radiusd freeradius/module freeradius/site
rm /etc/freeradius/3.0/sites-enabled/default
(
	umask 027
	echo "secret = $(openssl rand -hex 24)" >/etc/freeradius/3.0/apikey.secret
)
chgrp freerad /etc/freeradius/3.0/apikey.secret

sed -n 's/^secret = //p' /etc/freeradius/3.0/apikey.secret >"$scratch/secret"

# radius_ask ATTRIBUTES
radius_ask()
{
	radclient -x -r 1 -t 60 -S "$scratch/secret" 127.0.0.1 auth >"$scratch/out" 2>&1 <<<"$1, Message-Authenticator = 0x00"
}

service=radiusd
user=alice password='' other_user=bob
refusal='Received Access-Reject'

login()
{
	# Asks once and waits; radtest asks again every three seconds, and gives up when a busy machine takes long.
	radius_ask "User-Name = \"$1\", User-Password = \"$2\"" && grep -q 'Received Access-Accept' "$scratch/out"
}

mkdir -p /run/freeradius
chown freerad:freerad /run/freeradius
case_is "the settings are good" "$(freeradius -C -l stdout 2>&1 | tail -n 20)" freeradius -C -l "$scratch/out"
freeradius -f >>/var/log/freeradius.stderr 2>&1 </dev/null &
server_pid=$!
if ! poll 60 grep -q 'Ready to process requests' /var/log/freeradius/radius.log; then
	case_failed "the server starts" "$(tail -n 20 /var/log/freeradius/radius.log /var/log/freeradius.stderr)"
	exit 1
fi

key_create early alice early pam.radiusd
expect_out "without a peer rule: right key" "$early" wrong_service
peers freeradius/peers.conf
matrix_short
tokens HMAC
tokens_are_cut 128 RADIUS HMAC access
radtest alice "$early" 127.0.0.1 0 "$(cat "$scratch/secret")" >"$scratch/out" 2>&1
case_is "radtest, as the example says" "$(cat "$scratch/out")" grep -q 'Received Access-Accept' "$scratch/out"
radius_ask "User-Name = \"alice\", CHAP-Password = \"$early\""
case_is "a method that hashes the key on the way is rejected" "$(cat "$scratch/out")" \
	grep -q 'Received Access-Reject' "$scratch/out"
server_stop
