#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The verbs of "session", and keys that are ended with their sessions, where no register is there: a key is ended all the
# same, and it is said that its sessions are not. tests/callers has a register, and sessions.
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"
need jq "$apikeyd"
start_daemon

act session list
refused
has 'standard error' "$err" 'apikey-sessiond is not there; is apikey-sessiond.service running?'
act session end 4711
refused
has 'standard error' "$err" 'apikey-sessiond.service'
act session list --key alice/none
refused
for number in 0 -1 1x x ' 1' 9223372036854775808 99999999999999999999; do
	act session end -- "$number"
	misused
	has 'standard error' "$err" "is no session's number"
done

for verb in deactivate revoke delete; do
	act --json key create --name "$verb" --owner alice --permission test.use
	succeeds
	act key "$verb" "alice/$verb" --end-sessions --keep-sessions
	misused
	has 'standard error' "$err" 'give one of them'
	act key "$verb" "alice/$verb" --end-sessions
	refused
	has 'standard error' "$err" 'is ' "the key is ended, but sessions of it may be open: apikey-sessiond is not there"
done
act --json key list
succeeds
is 'what is left' "$(json 'map(.name + " " + .state) | sort | tojson')" '["deactivate inactive","revoke revoked"]'

# As JSON; and nobody is asked without the option.
act --json key revoke alice/deactivate --end-sessions
is 'the exit status' "$status" 1
is 'the state' "$(json .state)" revoked
is 'the sessions' "$(json '.sessions | [.ended, .loose, (.fault | test("sessiond"))] | tojson')" '[0,0,true]'
for option in --keep-sessions ''; do
	act --json key create --name "kept$option" --owner alice --permission test.use
	# shellcheck disable=SC2086 # no option is none
	act --json key revoke "alice/kept$option" $option
	succeeds
	is 'the sessions' "$(json '.sessions')" null
done

# Many at once, those that are found, and a lockdown: each is done, and says what may be left.
act key revoke --owner alice --end-sessions --keep-sessions --yes
misused
has 'standard error' "$err" 'give one of them'
act key create --name many --owner alice --permission test.use
act key deactivate --owner alice --end-sessions --dry-run
succeeds
act key deactivate --owner alice --end-sessions --yes
refused
has 'standard error' "$err" '1 key is switched off' 'the keys are ended, but sessions of them may be open: apikey-sessiond is not there'
act --json key revoke --owner alice --end-sessions --yes
is 'the exit status' "$status" 1
is 'the sessions' "$(json '.sessions | [.ended, .loose, (.fault | test("sessiond"))] | tojson')" '[0,0,true]'
act key create --name found --owner alice --permission test.use
printf '%s\n' "$out" >"$scratch/leaked"
act key find --end-sessions "$scratch/leaked"
misused
has 'standard error' "$err" 'go with --revoke'
act --json key find --revoke --end-sessions --yes "$scratch/leaked"
is 'the exit status' "$status" 1
is 'the sessions' "$(json '[.revoked, .sessions.ended] | tojson')" '[1,0]'
act lockdown on --end-sessions
refused
has 'standard error' "$err" 'locked down: from now on' 'the host is locked down, but sessions of other keys may be open: apikey-sessiond is not there'
act --json lockdown on --end-sessions
is 'the exit status' "$status" 1
is 'the lockdown' "$(json '[.lockdown, .sessions.ended] | tojson')" '[true,0]'
act lockdown off
succeeds

finish
