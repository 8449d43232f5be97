#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# "verify" and "explain": for a key that is good, and for each way it is not.
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"
need jq "$apikeyd"
start_daemon
make_key laptop --permission pam.sshd --from 10.0.0.0/8 --from local

# judge INPUT ARGUMENT…
judge()
{
	local input=$1

	shift
	run_with "$input" --runtime-dir "$runtime" "$@"
	lacks 'what is said' "$out$err" "${secret:16}"
}

# verify: the verdict on standard output, and as exit status
judge "$secret" verify --service sshd --user "$me" --permission pam.sshd --rhost 10.1.2.3
succeeds
is 'the verdict' "$out" granted
judge "$secret"$'\r\n' verify
succeeds
judge "Bearer $secret" verify
succeeds
judge "APITOKEN $secret" verify
succeeds

# denied VERDICT REASON INPUT ARGUMENT…: the same by verify, by verify --json and by explain
denied()
{
	local verdict=$1 reason=$2 input=$3

	shift 3
	judge "$input" verify "$@"
	is 'the exit status' "$status" 1
	is 'the verdict' "$out" "$verdict: $reason"
	[[ ${#err} -gt 20 ]] || fail 'there is no sentence'
	judge "$input" --json verify "$@"
	is 'the exit status' "$status" 1
	is 'the verdict' "$(json '.verdict + " " + .reason')" "$verdict $reason"
	judge "$input" --json explain "$@"
	succeeds
	is 'the verdict' "$(json '.verdict + " " + .reason')" "$verdict $reason"
	[[ $(json .reason_sentence) == ?????????????* ]] || fail 'there is no sentence'
	is 'the steps that failed' "$(json '[.steps[] | select(.outcome == "failed")] | length')" 1
	judge "$input" explain "$@"
	succeeds
	has 'the explanation' "$out" STEP OUTCOME failed "$verdict: $reason"
}

other=${secret:0:16}
[[ ${secret:16:1} == a ]] && other+=b || other+=a
other+=${secret:17}
denied denied malformed "$other"
denied denied truncated "${secret:0:40}"
denied denied malformed "Bearer $other"
denied denied not_a_credential 'short password'
denied denied unknown_key 'a normal password'
denied denied unknown_key "Bearer Bearer $secret"
token=a123456b-c12c-123d-1ab4-18bd8c8e88a3:n
denied denied malformed "Hmac $token/:1:x"
has 'the detail' "$out" 'The nonce of the HMAC token has a character other than'
denied denied truncated "$token:1:x"
has 'the detail' "$out" 'The HMAC token was cut short'
has 'the bytes' "$out" "$((${#token} + 4)) bytes came."
denied denied truncated "${token%n}$(printf '%087d' 0):1:x"
has 'the limit' "$out" '128 bytes came, the limit of RADIUS.'
denied denied malformed eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9..x
has 'the detail' "$out" 'The payload of the access token is empty'
denied denied wrong_user "$secret" --user bob
denied denied wrong_source "$secret" --rhost 192.0.2.1
denied forbidden insufficient_permission "$secret" --permission pam.sudo
act key deactivate "$id"
denied denied key_inactive "$secret"
act key activate "$id"
act key update "$id" --not-before 1d
denied denied not_yet_valid "$secret"
act key update "$id" --no-not-before

# explain a key without its secret
judge '' explain "$me/laptop" --service sshd --user "$me" --permission pam.sshd --rhost 10.1.2.3
succeeds
has 'the explanation' "$out" STEP passed granted
judge '' --json explain "$id" --permission pam.sudo
succeeds
is 'the explanation' "$(json '[.verdict, .reason, .key_id] | tojson')" "[\"forbidden\",\"insufficient_permission\",\"$id\"]"
is 'the members of a step' "$(json '.steps[0] | keys_unsorted | tojson')" '["name","outcome","detail"]'
is 'the outcomes' "$(json 'all(.steps[]; .outcome == "passed" or .outcome == "failed" or .outcome == "skipped")')" true
judge '' explain "$me/nowhere"
refused
judge '' explain "$id" --permission 'mail.imap AND'
refused

# a dry run: nothing was counted
act --json key show "$id"
is 'the uses' "$(json '.secrets[0].use_count')" 0

act key revoke "$id"
denied denied key_revoked "$secret"
act key delete "$id"
denied denied unknown_key "$secret"

# what is no key at all
judge '' verify
misused
judge $'\n' verify
misused
judge "$secret"$'\n'"$secret" verify
misused
judge "$(printf 'x%.0s' {1..2049})" verify
misused
printf 'ak_\0x' >"$scratch/nul"
"$apikeyctl" --runtime-dir "$runtime" verify <"$scratch/nul" >/dev/null 2>&1
is 'the status for a NUL' $? 2
"$apikeyctl" --runtime-dir "$runtime" verify <&- >/dev/null 2>&1
is 'the status for no input' $? 2

finish
