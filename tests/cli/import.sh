#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Imports: CSV and JSON lines, secrets and digests; what is refused and how that is told; done again; on a terminal; and no
# secret is in what was written.
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"
need jq script sha256sum "$apikeyd"
start_daemon
umask 077

# logs_in SECRET: whether it would be let in
logs_in()
{
	run_with "$1" --runtime-dir "$runtime" verify
	is "the verdict on ${1:0:4}" "$out" granted
}

# CSV from a file and from standard input; the numbers on standard output
cat >"$scratch/keys.csv" <<'END'
name,owner,secret,permissions,labels,expires
laptop,alice,s3cr3t-of-alice-laptop,pam.sshd;mail.*,"from=elsewhere;note=a, b",90d
"a ""phone""",alice,s3cr3t-of-alice-phone-2,,,never
printer,bob,s3cr3t-of-bob-printer-3,pam.cups,,2099-01-31
END
act key import "$scratch/keys.csv" --dry-run
succeeds
is 'standard output' "$out" '3 lines: 3 keys would be made, 0 were there already, 0 would be refused.'
act --json key list
is 'the keys' "$(json length)" 0
act key import "$scratch/keys.csv"
succeeds
is 'standard output' "$out" '3 lines: 3 keys were made, 0 were there already, 0 were refused.'
is 'standard error' "$err" ''
act --json key show alice/laptop
is 'what is shown' "$(json '[.permissions, .labels, .kind, .state, (.secrets | length), has("secret")] | tojson')" \
	'[["pam.sshd","mail.*"],["from=elsewhere","note=a, b"],"opaque","active",1,false]'
act --json key show 'alice/a "phone"'
succeeds
is 'its end' "$(json .expires)" null
for secret in s3cr3t-of-alice-laptop s3cr3t-of-alice-phone-2 s3cr3t-of-bob-printer-3; do
	logs_in "$secret"
done

# done again, by another way
run_with "$(<"$scratch/keys.csv")" --runtime-dir "$runtime" --json key import --format csv -
succeeds
is 'the numbers' "$(json tojson)" '{"lines":3,"created":0,"unchanged":3,"refused":0,"dry_run":false}'

# JSON lines, of digests; a digest opens nothing
for name in one two; do
	printf '{"name":"%s","owner":"deploy","sha256":"%s","permissions":["pam.deploy"]}\n' "$name" \
		"$(printf 's3cr3t-of-deploy-%s' "$name" | sha256sum | cut -d' ' -f1)"
done >"$scratch/digests.jsonl"
act key import --digests "$scratch/digests.jsonl"
succeeds
logs_in s3cr3t-of-deploy-one
run_with "$(printf s3cr3t-of-deploy-one | sha256sum | cut -d' ' -f1)" --runtime-dir "$runtime" verify
is 'the verdict on a digest' "$out" 'denied: unknown_key'
act key import "$scratch/digests.jsonl"
is 'the exit status' "$status" 1
has 'standard error' "$err" 'line 1: ' 'line 2: ' --digests

# of a tenant: as the line says, else as the option says
act account create --name acme
act tenant create --name shop --account acme
act tenant create --name blue
{
	printf 'name,owner,secret,account,tenant\n'
	printf 'one,erin,s3cr3t-of-erin-one,acme,shop\n'
	printf 'two,erin,s3cr3t-of-erin-two,,\n'
	printf 'three,erin,s3cr3t-of-erin-three,acme,none\n'
} >"$scratch/tenants.csv"
act key import "$scratch/tenants.csv" --tenant blue
is 'the exit status' "$status" 1
is 'standard output' "$out" '3 lines: 2 keys were made, 0 were there already, 1 was refused.'
has 'standard error' "$err" "line 4: there is no tenant 'none'"
for pair in one:acme/shop two:blue; do
	run_with "s3cr3t-of-erin-${pair%%:*}" --runtime-dir "$runtime" verify --tenant "${pair#*:}"
	is "the verdict in ${pair#*:}" "$out" granted
	run_with "s3cr3t-of-erin-${pair%%:*}" --runtime-dir "$runtime" verify
	is 'the verdict elsewhere' "$(head -n 1 <<<"$out")" 'denied: wrong_tenant'
done

# refused lines: by number and reason, in their order, never the line itself; the others go in
{
	printf 'name,owner,secret,roles,expires\n'
	printf 'good,carol,s3cr3t-of-carol-good,,1d\n'
	printf 'short,carol,s3cr3t,,1d\n'
	printf 'few,carol,s3cr3t-of-carol-few\n'
	printf 'taken,carol,s3cr3t-of-alice-laptop,,1d\n'
	printf 'good,carol,s3cr3t-of-carol-other,,1d\n'
	printf '\n'
	printf 'nul,carol,s3cr3t-of\0-carol-nul,,1d\n'
	printf 'latin,carol,s3cr3t-of-carol-\xe9t\xe9-1,,1d\n'
	printf 'long,carol,%020000d,,1d\n' 7
	printf 'role,carol,s3cr3t-of-carol-role,nobodys,1d\n'
	printf 'past,carol,s3cr3t-of-carol-past,,2001-01-01\n'
	printf 'ours,carol,ak_0123456789ab_s3cr3t,,1d\n'
	printf 'quote,carol,"s3cr3t-of-carol-quote,,1d\n'
	printf 'last,carol,s3cr3t-of-carol-last,,1d'
} >"$scratch/mixed.csv"
act key import "$scratch/mixed.csv"
is 'the exit status' "$status" 1
is 'standard output' "$out" '14 lines: 2 keys were made, 0 were there already, 12 were refused.'
is 'the refused lines' "$(awk -F '[ :]' '{ printf "%s ", $2 }' <<<"$err")" '3 4 5 6 7 8 9 10 11 12 13 14 '
has 'standard error' "$err" 'line 3: a secret has 16 to 512 bytes' 'line 4: the line has 3 of the 5 fields' \
	'line 5: alice/laptop has the same secret' "line 6: 'carol' has a key named 'good' already" 'line 7: the line is empty' \
	'line 8: there is a NUL' 'line 9: the line is not UTF-8' 'line 10: the line is longer' "line 11: there is no role 'nobodys'" \
	'line 12: the end of the key' 'line 13: the secret begins as' 'line 14: a field in quotes'
lacks 'standard error' "$err" s3cr3t
errors=$err
logs_in s3cr3t-of-carol-last
act key import "$scratch/mixed.csv" --report "$scratch/report"
is 'the exit status' "$status" 1
is 'standard error' "$err" ''
is 'standard output' "$out" '14 lines: 0 keys were made, 2 were there already, 12 were refused.'
is 'the report' "$(<"$scratch/report")" "$errors"
is 'the mode of the report' "$(stat -c %a "$scratch/report")" 600
act key import "$scratch/mixed.csv" --from-line 15
succeeds
is 'standard output' "$out" '1 lines: 0 keys were made, 1 was there already, 0 were refused.'

# a file that is none is refused whole; so is one nobody may read; one that all may read is said
printf 'laptop,alice,s3cr3t-of-alice-laptop\n' >"$scratch/bare.csv"
act key import "$scratch/bare.csv"
misused
has 'standard error' "$err" 'line 1' 'names no column' 'Nothing was imported'
lacks 'standard error' "$err" s3cr3t
: >"$scratch/empty"
act key import "$scratch/empty"
misused
has 'standard error' "$err" 'there is nothing in'
chmod 644 "$scratch/keys.csv"
act key import "$scratch/keys.csv"
succeeds
has 'standard error' "$err" Warning 'chmod 600'
act key import "$scratch/keys.csv" --report "$scratch/none/report"
misused

# more lines than a request takes, with the line endings of other systems; a bar on a terminal
{
	printf '\xef\xbb\xbfowner,name,secret\r\n'
	for ((i = 1; i <= 1500; i++)); do
		((i % 100 == 0)) && printf 'dave,%d,short\r\n' "$i" || printf 'dave,%d,s3cr3t-of-dave-number-%d\r\n' "$i" "$i"
	done
} >"$scratch/many.csv"
script -qec "stty cols 60; '$apikeyctl' --runtime-dir '$runtime' key import '$scratch/many.csv'" /dev/null </dev/null >"$scratch/typed"
out=$(tr -d '\r' <"$scratch/typed")
last='key import on a terminal'
has 'the terminal' "$out" '1500 lines: 1485 keys were made, 0 were there already, 15 were refused.' 'line 101: ' 'line 1501: '
lacks 'the terminal' "$out" s3cr3t
logs_in s3cr3t-of-dave-number-1499
act key import "$scratch/many.csv"
is 'standard output' "$out" '1500 lines: 0 keys were made, 1485 were there already, 15 were refused.'

# more refused lines than an answer holds, in requests that are on their way together: told in their order, every one
{
	printf 'owner,name,secret\n'
	for ((i = 1; i <= 1500; i++)); do
		((i % 3 == 0)) && printf 'dave,more-%d,s3cr3t-of-dave-more-%d\n' "$i" "$i" || printf 'dave,%d,another-s3cr3t-of-dave-%d\n' "$((i % 99 + 1))" "$i"
	done
} >"$scratch/refused.csv"
act key import "$scratch/refused.csv" --report "$scratch/report"
is 'the exit status' "$status" 1
is 'standard output' "$out" '1500 lines: 500 keys were made, 0 were there already, 1000 were refused.'
is 'the refused lines' "$(sed 's/^line \([0-9]*\): .*/\1/' "$scratch/report" | tr '\n' ' ')" \
	"$(for ((i = 1; i <= 1500; i++)); do ((i % 3 == 0)) || printf '%d ' "$((i + 1))"; done)"

# a bar is drawn on a terminal when it lasts
feed()
{
	local i

	for ((i = $2; i < $2 + $3; i++)); do printf '%s-%d,%s,s3cr3t-of-%s-number-%d\n' "$1" "$i" "$1" "$1" "$i"; done
}
last='a long import on a terminal'
mkfifo "$scratch/pipe"
script -qec "'$apikeyctl' --runtime-dir '$runtime' key import '$scratch/pipe'" /dev/null </dev/null >"$scratch/typed" &
terminal=$!
exec {pipe}>"$scratch/pipe"
printf 'name,owner,secret\n' >&"$pipe"
for ((n = 0; n < 600; n++)); do
	feed fred $((n * 600)) 600 >&"$pipe"
	! grep -q 'lines, [0-9]* a second' "$scratch/typed" || break
	sleep 0.1
done
exec {pipe}>&-
wait "$terminal"
grep -q 'lines, [0-9]* a second' "$scratch/typed" || fail 'there is no bar'
grep -q ' 0 were refused.' "$scratch/typed" || fail 'it did not come to its end'

# apikeyctl is killed in the middle, and the import done again: nothing is lost, and nothing made twice
"$apikeyctl" --runtime-dir "$runtime" key import "$scratch/pipe" >/dev/null &
client=$!
exec {pipe}>"$scratch/pipe"
{
	printf 'name,owner,secret\n'
	feed gina 0 1300
} | tee "$scratch/whole.csv" >&"$pipe"
for ((n = 0; n < 600; n++)); do
	act key show gina/gina-700
	[[ $status == 0 ]] && break
	sleep 0.1
done
kill -KILL "$client"
wait "$client" 2>/dev/null || true
exec {pipe}>&-
feed gina 1300 700 >>"$scratch/whole.csv"
act --json key import "$scratch/whole.csv"
succeeds
is 'the sum' "$(json '[.created + .unchanged, .refused, .unchanged > 700, .created >= 700] | tojson')" '[2000,0,true,true]'
for n in 0 700 1299 1300 1999; do
	logs_in "s3cr3t-of-gina-number-$n"
done
act --json key import "$scratch/whole.csv"
is 'the numbers' "$(json tojson)" '{"lines":2000,"created":0,"unchanged":2000,"refused":0,"dry_run":false}'

# no secret is in what was written, and no digest as it was given
last='looking into the files'
for file in "$scratch"/state/* "$scratch"/log/* "$scratch/daemon.log" "$scratch/report"; do
	! grep -aq 's3cr3t-of' "$file" || fail "$file holds a secret"
done
stop_daemon
act key import "$scratch/keys.csv"
unreachable

finish
