# shellcheck shell=bash disable=SC2034,SC2154,SC2016,SC2119 # variables go from file to file; eval wants its text whole
# SPDX-License-Identifier: Apache-2.0 OR MIT
# pamtester as www-data, by way of verify.sock: a caller that is not root speaks for the services that apikeyd.conf
# gives it, and for no other.

example pamtester/apikey-test pamtester/apikey-test-key-only

service=apikey-test
# pam_unix checks nobody else's password for www-data, so the key stands alone.
user=alice password='' other_user=bob
refusal='pamtester: Authentication failure|pamtester: User not known'

login()
{
	setpriv --reuid=www-data --regid=www-data --clear-groups \
		pamtester "$service" "$1" authenticate acct_mgmt <<<"$2" >"$scratch/out" 2>&1 &&
		grep -q 'successfully authenticated' "$scratch/out"
}

key_create early alice early pam.apikey-test
expect_out "without a peer rule: right key" "$early" wrong_service
expect_out "without a peer rule: wrong secret" "$(key_guessed "$early")" any

sed -i 's/^\[peers\]$/&\nwww-data = apikey-test-key-only/' /etc/apikeyd/apikeyd.conf
daemon_reload
expect_out "a rule for another service: right key" "$early" wrong_service

sed -i '/^www-data = /d' /etc/apikeyd/apikeyd.conf
peers pamtester/peers.conf
expect_in "with a peer rule: right key" "$early"
matrix
