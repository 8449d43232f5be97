# shellcheck shell=bash disable=SC2034,SC2154,SC2016,SC2119 # variables go from file to file; eval wants its text whole
# SPDX-License-Identifier: Apache-2.0 OR MIT
# su from alice to bob, with bob's key.

example su/su

service=su
user=bob password=$bob_password other_user=alice
refusal='su: Authentication failure|su: user .* does not exist'

login()
{
	setpriv --reuid=alice --regid=alice --init-groups su "$1" --command 'id -un' <<<"$2" >"$scratch/out" 2>&1 &&
		grep -qE "(^|: )$1\$" "$scratch/out"
}

matrix

key_create roots root roots pam.su
expect_out "a key never leads to root" "$roots" any root
su bob --command 'id -un' >"$scratch/out" 2>&1
case_is "root becomes bob without being asked" "$(cat "$scratch/out")" grep -qx bob "$scratch/out"

key_create traced_key bob traced pam.su
traced --user=alice su bob --command true <<<"$traced_key" >"$scratch/out" 2>&1
case_is "trace: the key reaches the daemon" "$(cat "$scratch/out")" trace_reaches_daemon
traced --user=alice su bob --command true <<<"$bob_password" >"$scratch/out" 2>&1
case_is "trace: a system password causes no connection to the daemon" "$(grep apikeyd "$scratch/trace")" trace_avoids_daemon
case_is "trace: a system password is in nothing that is written or sent" "seen" eval '! trace_holds "$bob_password"'
