# shellcheck shell=bash disable=SC2034,SC2154,SC2016,SC2119 # variables go from file to file; eval wants its text whole
# SPDX-License-Identifier: Apache-2.0 OR MIT
# pamtester as www-data, by way of verify.sock: a caller that is not root speaks for the services that apikeyd.conf
# gives it, and for no other.

cp /opt/examples/pamtester/* /etc/pam.d/

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

mkdir -p /etc/apikeyd
cat >/etc/apikeyd/apikeyd.conf <<'END'
[peers]
www-data = apikey-test-key-only
END
daemon_stop
daemon_start
expect_out "a rule for another service: right key" "$early" wrong_service

cat >/etc/apikeyd/apikeyd.conf <<'END'
[peers]
www-data = apikey-test
END
daemon_stop
daemon_start
expect_in "with a peer rule: right key" "$early"
matrix
