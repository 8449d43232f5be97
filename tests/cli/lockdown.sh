#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# "lockdown on", "off" and "status": what is said, where else it shows, and what a restore does with it.
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"
need jq "$apikeyd"
start_daemon
make_key laptop --permission pam.sshd
laptop=$secret
make_key break-glass --permission pam.sshd
glass=$secret

# judged WORD SECRET: the verdict on it
judged()
{
	run_with "$2" --runtime-dir "$runtime" verify --service sshd --user "$me"
	is 'the verdict' "$out" "$1"
}

act lockdown status
succeeds
has 'what is said' "$out" Lockdown off
act --json lockdown status
is 'what is said' "$(json . | jq -c .)" '{"lockdown":false,"since":null,"by":null,"why":null,"except":[],"refused":null}'
act lockdown off
succeeds
has 'standard error' "$err" 'no lockdown'
act backup "$scratch/before"
succeeds

# on: it is said which keys still work
act lockdown on --why 'the laptop is gone' --except "$me/break-glass"
succeeds
is 'standard output' "$out" ''
has 'standard error' "$err" 'locked down' "$me/break-glass" 'lockdown off' 'Sessions'
said=$err
act --json key list --state active
others=$(($(json length) - 1))
((others > 0)) || fail 'there is no other key'
has 'how many are refused' "$said" "$others key"
judged 'denied: lockdown' "$laptop"
judged granted "$glass"
act lockdown status
has 'what is said' "$out" ON "by uid:$(id -u)" 'the laptop is gone' "$me/break-glass"
act --json lockdown status
is 'what is said' "$(json '[.lockdown, .why, .except[0].name, .except[0].state] | join(" ")')" \
	'true the laptop is gone break-glass active'
is 'how many are refused' "$(json .refused)" "$others"
is 'how many the audit has' "$(tail -n 1 <(grep '"event":"lockdown"' "$scratch/log/audit.jsonl") | jq .changes.after.refused)" "$others"

# It is loud.
act status
is 'the exit status' "$status" 1
has 'the status' "$out" degraded LOCKDOWN 'the laptop is gone'
act --json status
is 'the status' "$(json '."lockdown.state" + " " + ."lockdown.why"')" 'on the laptop is gone'
act doctor
has 'what the doctor says' "$out$err" LOCKDOWN
grep -q 'LOCKDOWN by' "$scratch/daemon.log" || fail 'the log does not tell of it'

# What is wrong is named, and nothing is changed.
act lockdown on --except nobody/nothing
refused
has 'standard error' "$err" nobody/nothing 'nothing was changed'
act --json lockdown status
is 'the keys that are let in' "$(json '.except | length')" 1

# A backup of before does not end it, whatever is accepted; nor does a restart.
act restore "$scratch/before" --yes
succeeds
judged 'denied: lockdown' "$laptop"
act restore "$scratch/before" --yes --accept-revived
succeeds
judged 'denied: lockdown' "$laptop"
judged granted "$glass"
stop_daemon
started_status=1
start_daemon
judged 'denied: lockdown' "$laptop"
act backup "$scratch/during"
succeeds

# off
act --json lockdown off --why 'it was found'
succeeds
is 'what is said' "$(json .lockdown)" false
judged granted "$laptop"
act status
succeeds
lacks 'the status' "$out" LOCKDOWN
# One of then brings it back: ending it is a word of its own.
act restore "$scratch/during" --yes
succeeds
has 'standard error' "$err" LOCKDOWN
judged 'denied: lockdown' "$laptop"
act lockdown off
judged granted "$laptop"

is 'the records of it' "$(jq -c 'select(.event == "lockdown") | [.actor, .changes.after.on, .changes.why]' \
	"$scratch/log/audit.jsonl" | tr -d '\n')" \
	"[\"uid:$(id -u)\",true,\"the laptop is gone\"][\"uid:$(id -u)\",false,\"it was found\"][\"uid:$(id -u)\",false,null]"

# Nobody else has a say in it, not even who sees what a key may do.
if [[ $(id -u) -eq 0 ]] && command -v runuser >/dev/null; then
	last='apikeyctl lockdown on, as another user'
	runuser -u daemon -- "$apikeyctl" --runtime-dir "$runtime" lockdown on >"$scratch/out" 2>"$scratch/err"
	status=$? out=$(<"$scratch/out") err=$(<"$scratch/err")
	refused
	judged granted "$laptop"
fi

finish
