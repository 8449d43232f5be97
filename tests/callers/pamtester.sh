# shellcheck shell=bash disable=SC2034,SC2154,SC2016,SC2119 # variables go from file to file; eval wants its text whole
# SPDX-License-Identifier: Apache-2.0 OR MIT
# pamtester as root: the module's own answers, seen through the smallest program that speaks PAM.

example pamtester/apikey-test pamtester/apikey-test-key-only

service=apikey-test
user=alice password=$alice_password other_user=bob
refusal='pamtester: Authentication failure|pamtester: User not known'

login()
{
	pamtester "$service" "$1" authenticate acct_mgmt <<<"$2" >"$scratch/out" 2>&1 &&
		grep -q 'successfully authenticated' "$scratch/out"
}

matrix

# The password goes nowhere but into the one who checks it.
login_traced()
{
	traced pamtester "$service" "$1" authenticate acct_mgmt <<<"$2" >"$scratch/out" 2>&1
}
key_create traced_key alice traced pam.apikey-test
login_traced alice "$traced_key"
case_is "trace: the key reaches the daemon" "no connection seen" trace_reaches_daemon
case_is "trace: the key is seen where it is sent" "not seen" trace_holds "$traced_key"
login_traced alice "$alice_password"
case_is "trace: a system password causes no connection to the daemon" "$(grep apikeyd "$scratch/trace")" trace_avoids_daemon
case_is "trace: a system password is in nothing that is written or sent" "seen" eval '! trace_holds "$alice_password"'
login_traced alice "wrong but 8 times longer than any password that is in use"
case_is "trace: a wrong password causes no connection either" "$(grep apikeyd "$scratch/trace")" trace_avoids_daemon

# Nothing but the module in the stack, so that its own answer is seen.
service=apikey-test-key-only password='' unavailable='cannot retrieve authentication info'
apikeyctl key delete alice/right >/dev/null
key_create only alice only pam.apikey-test-key-only
key_create gone alice gone pam.apikey-test-key-only
apikeyctl key revoke alice/gone >/dev/null
expect_in "key only: right key" "$only"
expect_out "key only: revoked" "$gone" key_revoked
expect_out "key only: system password" "$alice_password" unasked
expect_out "key only: empty" "" unasked
log_full
expect_in "key only: /dev/log full, right key" "$only"
expect_out "key only: /dev/log full, revoked key" "$gone" key_revoked
log_read
daemon_freeze
expect_out "key only: daemon frozen" "$only" any alice "$unavailable"
log_full
expect_out "key only: daemon frozen and /dev/log full" "$only" any alice "$unavailable"
log_read
daemon_thaw
daemon_stop
expect_out "key only: daemon stopped" "$only" any alice "$unavailable"
daemon_start

# Users below 1000 are none of a key's business.
key_create roots root roots pam.apikey-test-key-only
expect_out "key only: root's own key does not log in root" "$roots" any root 'pamtester: '
