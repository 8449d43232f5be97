#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# A key is given new secrets, by "key rotate", and the old ones are ended, by "key retire" and in time: what is said,
# shown and refused.
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"
need jq "$apikeyd"
start_daemon

# judged SECRET: what verify says of it.
judged()
{
	run_with "$1" --runtime-dir "$runtime" verify --permission pam.dovecot
}

# shown FILTER: what jq makes of the key.
shown()
{
	act --json key show "$me/phone"
	json "$1"
}

make_key phone --permission pam.dovecot
first=$secret

# the new secret alone on standard output; the id stays; what there is to know on standard error
act key rotate "$me/phone"
succeeds
second=$out
[[ $second =~ ^ak_${id}_[0-9A-Za-z]{38}$ ]] || fail 'standard output is not a key of the same id alone'
[[ $second != "$first" ]] || fail 'the secret is the old one'
has 'standard error' "$err" "$id" "$me/phone" 'number 2' 'Secret 1 is good until' 'in 7 days' 'key retire'
lacks 'standard error' "$err" "${second:16}" "${first:16}"
for each in "$first" "$second"; do
	judged "$each"
	is 'the verdict' "$out" granted
done

# who would be let in with the old one is told, by verify too
judged "$first"
has 'standard error' "$err" "Your key 'phone' has a new secret. The one you used ends at 2" 'change to the new one'
run_with "$first" --runtime-dir "$runtime" --json verify --permission pam.dovecot
is 'the notices' "$(json '.notices | length')" 1
judged "$second"
is 'standard error' "$err" ''
run_with "$second" --runtime-dir "$runtime" --json verify --permission pam.dovecot
is 'the notices' "$(json '.notices | tojson')" '[]'

# explain says which it is, and until when
run_with "$first" --runtime-dir "$runtime" explain
succeeds
has 'the explanation' "$out" 'secret 1, good until 2' 'the current one is 2' granted
run_with "$second" --runtime-dir "$runtime" explain
has 'the explanation' "$out" 'secret 2, the current one'

# show: a line for each secret, and what is to be said of the old one
act key show "$me/phone"
succeeds
has 'the key' "$out" 'Safe to retire' 'no: secret 2, the new one, has not been used yet' SECRET RETIRES USES 'LAST USE' \
	SERVICE SOURCE
is 'the lines of secrets' "$(grep -cE '^ +[12] |^[12] ' <<<"$out")" 2
lacks 'the key' "$out" "${second:16}" "${first:16}"
is safe_to_retire "$(shown .safe_to_retire)" false
is safe_to_retire_reason "$(shown .safe_to_retire_reason)" 'secret 2, the new one, has not been used yet'
is 'the numbers' "$(shown '.secrets | map(.number) | tojson')" '[1,2]'
is 'the overlap' "$(shown '.secrets | (.[0].retires | fromdate) - (.[1].created | fromdate)')" 604800
is 'when the current one retires' "$(shown '.secrets[1].retires')" null
is 'whether a secret is shown' "$(shown 'has("secret")')" false

# an overlap of one's own; JSON carries the secret
act --json key rotate "$id" --overlap 2h
succeeds
is 'standard error' "$err" ''
third=$(json .secret)
is 'the overlap' "$(json '.secrets | (.[1].retires | fromdate) - (.[2].created | fromdate)')" 7200
is 'the first overlap' "$(json '.secrets | (.[0].retires | fromdate) - (.[1].created | fromdate)')" 604800

# --now: the one before is refused when the command has returned; others that were good stay so
act key rotate "ak_$id" --now
succeeds
fourth=$out
has 'standard error' "$err" 'Secret 3 is refused from now on.' 'Secret 1 is good until' 'Secret 2 is good until'
judged "$third"
is 'the verdict' "$out" 'denied: secret_retired'
run_with "$third" --runtime-dir "$runtime" explain
has 'the explanation' "$out" 'secret 3, refused since 2' 'the current one is 4' 'denied: secret_retired'
for each in "$first" "$second" "$fourth"; do
	judged "$each"
	is 'the verdict' "$out" granted
done

# retire: one; all; again, which changes nothing; the current one never
act key retire "$me/phone" --secret 1 --why 'laptop is done'
succeeds
is 'standard output' "$out" ''
has 'standard error' "$err" 'Secret 1 of key' "$me/phone"
judged "$first"
is 'the verdict' "$out" 'denied: secret_retired'
judged "$second"
is 'the verdict' "$out" granted
act key retire "$me/phone" --secret 4
refused
has 'standard error' "$err" 'secret 4 is the current one' "key rotate $id --now" "key revoke $id"
act key retire "$me/phone" --secret 9
refused
has 'standard error' "$err" 'no secret number 9'
act --json key retire "$me/phone"
succeeds
is 'the key' "$(json .id)" "$id"
is safe_to_retire "$(json .safe_to_retire)" null
judged "$second"
is 'the verdict' "$out" 'denied: secret_retired'
judged "$fourth"
is 'the verdict' "$out" granted
act key retire "$me/phone"
succeeds
has 'standard error' "$err" 'secret 4 alone is good'
grep -F '"event":"key_retire"' "$scratch/log/audit.jsonl" >"$scratch/out"
is 'the changes that were made' "$(wc -l <"$scratch/out")" 2
has 'their record' "$(cat "$scratch/out")" '"why":"laptop is done"' '"number":1'
grep -F '"event":"key_rotate"' "$scratch/log/audit.jsonl" >"$scratch/out"
is 'the rotations' "$(wc -l <"$scratch/out")" 3
lacks 'the audit' "$(cat "$scratch/log/audit.jsonl")" "${first:16}" "${second:16}" "${third:16}" "${fourth:16}"

# --overlap-after-first-use: until then there is a date all the same; afterwards it is the time of that use and the span
act key rotate "$id" --overlap-after-first-use 90m
succeeds
fifth=$out
has 'standard error' "$err" 'Secret 4 is good until 90m after the new one is first used; where that does not come, until'
is 'the span' "$(shown '.secrets[] | select(.number == 4) | .retires_after_first_use')" 5400
is 'that of the current one' "$(shown '.secrets[] | select(.number == 5) | .retires_after_first_use')" null
act key show "$id"
has 'the key' "$out" '90m after first use of a later one' 'no: secret 5, the new one, has not been used yet'
run_with "$fourth" --runtime-dir "$runtime" explain
has 'the explanation' "$out" 'secret 4, good until 5400 seconds after a later one is first used, and until 2' \
	'the current one is 5' granted
# looking is no use
judged "$fifth"
is 'the verdict' "$out" granted
is 'the span' "$(shown '.secrets[] | select(.number == 4) | .retires_after_first_use')" 5400

# --cancel: no secret comes of it; the new one is refused, the one before has no end, and a second time there is nothing
act key rotate "$id" --cancel
succeeds
is 'standard output' "$out" ''
has 'standard error' "$err" "The rotation of key $id ($me/phone) is taken back" 'secret 5 is refused' 'secret 4 is the current one again'
judged "$fifth"
is 'the verdict' "$out" 'denied: secret_retired'
judged "$fourth"
is 'the verdict' "$out" granted
is 'when it retires' "$(shown '.secrets[] | select(.number == 4) | [.retires, .retires_after_first_use] | tojson')" '[null,null]'
act key show "$id"
has 'the key' "$out" ' current '
act key rotate "$id" --cancel
refused
has 'standard error' "$err" 'cannot be taken back: secret 3, the one before, is refused since 2' 'secret 4 stays the current one'
act key retire "$id" --secret 4
refused
has 'standard error' "$err" 'secret 4 is the current one'
act --json key rotate "$id" --overlap 1h
succeeds
is 'the number of the new one' "$(json '.secrets | map(.number) | max')" 6
act --json key rotate "$id" --cancel
succeeds
is 'standard error' "$err" ''
is 'whether a secret is shown' "$(json 'has("secret")')" false
is 'the current one' "$(json '.secrets[] | select(.retires == null) | .number')" 4
grep -F '"event":"key_rotate_cancel"' "$scratch/log/audit.jsonl" >"$scratch/out"
is 'the records of it' "$(wc -l <"$scratch/out")" 2

# an overlap in time: the old one is refused once it is over
act --json key rotate "$id" --overlap 1s
succeeds
deadline=$((SECONDS + 30))
until judged "$fourth" && [[ $out == 'denied: secret_retired' ]]; do
	((SECONDS < deadline)) || fail 'an overlap of a second does not end'
	((SECONDS < deadline)) || break
	sleep 0.1
done

# four that are good beside the current one, no more; those that are over have made room; --now always works
for _ in {1..4}; do
	act key rotate "$id"
	succeeds
done
act key rotate "$id"
refused
has 'standard error' "$err" '4 secrets before the current one are still good' "key retire $id"
act key rotate "$id" --now
succeeds
is 'the number of secrets' "$(shown '.secrets | length')" 5
act key retire "$id"
succeeds
act key rotate "$id"
succeeds
is 'the number of secrets' "$(shown '.secrets | map(select(.retires == null)) | length')" 1

# what makes no sense is said before anything is asked or changed
before=$(shown '.secrets | tojson')
for wrong in 7 0d -7d 2027-01-31 never 7D '' 99999999999999999999d; do
	act key rotate "$id" --overlap "$wrong"
	misused
	has 'standard error' "$err" '--overlap'
done
act key rotate "$id" --overlap 1d --now
misused
act key rotate "$id" --overlap-after-first-use 1d --overlap 1d
misused
has 'standard error' "$err" '--overlap and --overlap-after-first-use do not go together'
act key rotate "$id" --cancel --now
misused
act key rotate "$id" --overlap-after-first-use 0h
misused
has 'standard error' "$err" '--overlap-after-first-use 0h is no span'
act key rotate "$id" --overlap-after-first-use 366d
refused
has 'standard error' "$err" '365 days at most'
act key rotate "$id" --overlap 366d
refused
has 'standard error' "$err" '365 days at most'
for wrong in 0 -1 x 1x 4294967296 ''; do
	act key retire "$id" --secret "$wrong"
	misused
	has 'standard error' "$err" '--secret'
done
act key rotate "$me/nowhere"
refused
act key retire "$me/nowhere"
refused
act key rotate
misused
last='apikeyctl key rotate >&-'
"$apikeyctl" --runtime-dir "$runtime" key rotate "$id" >&- 2>"$scratch/err" </dev/null
status=$?
err=$(cat "$scratch/err")
is 'the exit status' "$status" 1
has 'standard error' "$err" 'was not rotated'
is 'the secrets after all this' "$(shown '.secrets | tojson')" "$before"

# a secret that cannot be written is lost, and that is said
if [[ -c /dev/full ]]; then
	last='apikeyctl key rotate >/dev/full'
	"$apikeyctl" --runtime-dir "$runtime" key rotate "$id" --now >/dev/full 2>"$scratch/err" </dev/null
	status=$?
	err=$(cat "$scratch/err")
	is 'the exit status' "$status" 1
	has 'standard error' "$err" 'is lost' 'refused already' "Rotate key $id" again
fi

# keys that have ended are not rotated
act key update "$id" --expires 1s
succeeds
deadline=$((SECONDS + 30))
until act key rotate "$id" && [[ $err == *'the key expired at'* ]]; do
	((SECONDS < deadline)) || fail 'a key that has expired is rotated'
	((SECONDS < deadline)) || break
	sleep 0.2
	[[ $status -ne 0 ]] || act key retire "$id"
done
refused
has 'standard error' "$err" "key update $id --expires"
act key update "$id" --expires 1d
act key deactivate "$id"
succeeds
act key rotate "$id" --now
succeeds
act --json key show "$id"
is 'the state' "$(json .state)" inactive
act key revoke "$id"
act key rotate "$id"
refused
has 'standard error' "$err" 'revoked'

finish
