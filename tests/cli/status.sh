#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# "status": what a person is shown, what programs read, what its exit status says; every name stands in the man page.
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"
need jq "$apikeyd"
start_daemon
make_key laptop --permission pam.sshd
make_key gone --permission pam.sshd
act key revoke "$me/gone"

act status
succeeds
is 'standard error' "$err" ''
has 'the state' "$out" 'State       ok' Version Started 'Keys        1 active, 0 inactive, 0 suspended, 1 revoked' \
	'Revision    3' 'Store       writable' 'Audit       ok' Connections Threads VERDICTS granted denied
lacks 'the state' "$out" Why failure Throttled

act --json status
succeeds
is state "$(json .state)" ok
is 'what it holds' "$(json 'all(.[]; type == "number" or type == "string")')" true
is 'the keys' "$(json '[."keys.active", ."keys.revoked", ."store.rev"] | tojson')" '[1,1,3]'
# What is configured is for doctor.
names=$(json 'keys_unsorted[] | select(startswith("settings.") or startswith("peers.") | not)')

# a reason, where there is one; the exit status tells
printf '%s\n' '[daemon]' 'low_disk = 1024G' >>"$scratch/apikeyd.conf"
kill -HUP "$daemon_pid"
deadline=$((SECONDS + 20))
until act status && [[ $status -eq 1 ]] || ((SECONDS > deadline)); do
	sleep 0.05
done
is 'the exit status' "$status" 1
has 'the state' "$out" 'State       degraded' 'Why ' low_disk 'free, which is little'
act --json status
is 'the exit status' "$status" 1
is state "$(json .state)" degraded
has 'the reason' "$(json '."why.1"')" 'key store' low_disk
names+=" $(json 'keys_unsorted[] | select(startswith("settings.") or startswith("peers.") | not)')"

# what there is only now and then
names+=' clock.last_jump clock.last_jump_direction store.fault store.write_fault store.last_write_fault
	store.last_write_failed audit.fault audit.last_fault audit.last_failed throttle.1.uid throttle.1.source'
page=$(sed 's/\\-/-/g; s/\\f.//g; s/\\&//g' "$(dirname "$0")/../../cli/apikeyctl.1")
for name in $names; do
	name=$(sed -E 's/\.[0-9]+/.N/' <<<"$name")
	# one line for each of the three groups of verdicts
	name=$(sed -E 's/^verdicts(_1m|_15m)?\.(granted|denied|forbidden|throttled|unavailable)$/verdicts.granted/' <<<"$name")
	grep -qwF -- "$name" <<<"$page" || fail "the man page lacks $name of status"
done
finish
