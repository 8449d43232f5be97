#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# "key usage" against a daemon: what is counted, by day, hour and service; how it is drawn; how far it reaches back.
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"
need jq "$apikeyd"
# Half an hour off: days and hours are those of the place.
export TZ=ABC-5:30
start_daemon
make_key laptop --permission pam.test
laptop=$id
make_key phone --permission pam.test

# What happened before: record AGO SERVICE VERDICT COUNT EVENT
now=$(date +%s)
seq=0
record()
{
	seq=$((seq + 1))
	printf '{"seq":%d,"time":"%s.000000Z","event":"%s","verdict":"%s","key_id":"%s","service":"%s","count":%d}\n' $seq \
		"$(date -u -d "@$((now - $1))" +%Y-%m-%dT%H:%M:%S)" "$5" "$3" "$laptop" "$2" "$4"
}
day=86400
{
	record $((9 * day)) sshd granted 1000 verify
	record $((3 * day)) sshd granted 40 verify
	record $((3 * day)) sshd granted 40 account
	record $((3 * day)) dovecot denied 3 verify
	record $((2 * day)) "dov\\u001b[31mecot" granted 20 verify
	record 5400 sshd granted 2 verify
	record 5400 sshd throttled 7 verify
	echo no record
	record 0 sshd granted 1 verify
} >"$scratch/log/audit.jsonl.1"
chmod 644 "$scratch/log/audit.jsonl.1"

act --json key usage "$me/laptop" --days 5
succeeds
is periods "$(json '.periods | length')" 5
is unit "$(json .unit)" day
is 'all that was granted' "$(json .granted)" 63
is 'all that was refused' "$(json .refused)" 10
is 'how far it reaches back' "$(json .reaches_back_to)" "$(date -u -d "@$((now - 9 * day))" +%Y-%m-%dT%H:%M:%SZ)"
is 'each day begins at midnight' "$(json '[.periods[].start | .[11:]] | unique | tojson')" '["18:30:00Z"]'
is 'the day of three days ago' "$(json "[.periods[] | select(.start | fromdate as \$start | \$start <= $((now - 3 * day)) and \$start > $((now - 4 * day)))][0].services | tojson")" \
	'[{"service":"sshd","granted":40,"refused":0},{"service":"dovecot","granted":0,"refused":3}]'
is 'standard error' "$err" ''
act --json key usage "$me/laptop" --hours 3
succeeds
is unit "$(json .unit)" hour
is 'each hour begins where it does here' "$(json '[.periods[].start | .[14:]] | unique | tojson')" '["30:00Z"]'
is 'what was granted' "$(json .granted)" 3
is 'what was refused' "$(json .refused)" 7
act --json key usage "$laptop"
is 'two weeks' "$(json '.periods | length')" 14
is 'all that was granted' "$(json .granted)" 1063

# As a picture, which steers no terminal: in blocks, or in ASCII.
act key usage "$laptop" --days 5
succeeds
has 'the picture' "$out" sshd '█ 40' '3 refused' 'dov\033[31mecot' '█ 20'
lacks 'the picture' "$out" $'\e' '#'
long=$(grep -E ' 40$' <<<"$out" | grep -o '█' | wc -l) short=$(grep -E ' 20$' <<<"$out" | grep -o '█' | wc -l)
((long > 20 && long >= 2 * short - 1 && long <= 2 * short + 1)) || fail "the bars are $long and $short long"
(($(wc -L <<<"$out") <= 80)) || fail 'a line is wider than 80 columns'
LC_ALL=C act key usage "$laptop" --days 5
succeeds
has 'the picture' "$out" '# 40' '# 20'
[[ $out != *[![:print:][:space:]]* ]] || fail 'what is not ASCII is drawn'
act key usage "$me/phone"
succeeds
has 'standard error' "$err" 'No use of'
act key usage "$laptop" --days 400
succeeds
has 'standard error' "$err" 'The audit reaches back to' 'is not counted'

for wrong in '--days 0' '--days 745' '--hours x' '--days 1 --hours 1'; do
	# shellcheck disable=SC2086 # words
	act key usage "$laptop" $wrong
	misused
done

# That somebody looked is recorded, once.
before=$(grep -c '"event":"audit_read"' "$scratch/log/audit.jsonl")
act key usage "$laptop"
is 'records of reading' "$(grep -c '"event":"audit_read"' "$scratch/log/audit.jsonl")" $((before + 1))
has 'the record' "$(tail -n 1 "$scratch/log/audit.jsonl")" '"what":"counts"' "\"key\":[\"$laptop\"]"

# A key that may not read the audit counts nothing.
printf '%s\n' "$secret" >"$scratch/phone.key"
chmod 600 "$scratch/phone.key"
act --credential-file "$scratch/phone.key" key usage "$laptop"
refused

finish
