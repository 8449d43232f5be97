#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# "audit show" against a daemon: filters, order, what a hostile name does to a terminal, who sees what, and following
# while files are rotated and the daemon is started anew.
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"
need jq "$apikeyd"
start_daemon
uid=$(id -u)

# seqs: those of the records that were shown as JSON, on one line
seqs()
{
	json .seq | paste -sd' '
}

# read_records: how many records of the file tell that it was read
read_records()
{
	cat "$scratch"/log/audit.jsonl* | grep -ac '"event":"audit_read"'
}

# Nothing but the beginning of the chain is there yet, and that it was read is there then.
act audit show --event audit_read
succeeds
has 'standard error' "$err" 'No record'
act --json audit show --event audit_read
succeeds
is 'the event' "$(json .event)" audit_read
is 'what was asked for' "$(json '.changes.what')" records

make_key laptop --permission 'pam.*'
laptop=$id
printf '%s' "$secret" >"$scratch/laptop.key"
chmod 600 "$scratch/laptop.key"
make_key phone --permission mail.imap
phone=$id

# explain ARGUMENT…: has the key of the laptop judged, which is recorded
explain()
{
	run_with "$secret" --runtime-dir "$runtime" verify "$@"
}
secret=$(<"$scratch/laptop.key")
explain --service sshd --user "$me" --rhost 192.0.2.7
succeeds
explain --service sudo --rhost 198.51.100.1
explain --service sshd --permission other.thing
is 'the exit status' "$status" 1
explain --service $'ssh\ee[31md\n2026-01-01 forged' --rhost host.example
act key deactivate "$laptop" --why 'on leave'
succeeds
explain --service sshd --rhost 2001:db8::9
is 'the exit status' "$status" 1

# filters
# finds FILTER EXPECTED ARGUMENT…: what jq makes of each record, sorted
finds()
{
	local filter=$1 expected=$2

	shift 2
	act --json audit show "$@"
	succeeds
	is "what $* finds" "$(json "$filter" | sort | paste -sd' ')" "$expected"
}
finds .event 'key_create key_create' --event key_create
finds .key_name laptop --event key_create --key "$laptop"
finds .key_name laptop --event key_create --key "ak_$laptop"
finds .key_name phone --event key_create --key "$me/phone"
finds .key_name 'laptop phone' --event key_create --key "$me/phone" --key "$laptop"
finds .key_name '' --event key_create --owner nobody-at-all
finds .key_name 'laptop phone' --event key_create --owner "$me"
finds .rhost '192.0.2.7 198.51.100.1' --verdict granted --service sshd --service sudo
finds .rhost 192.0.2.7 --user "$me"
finds .rhost 192.0.2.7 --source 192.0.2.0/24
finds .rhost 192.0.2.7 --source 192.0.2.7
finds .rhost '192.0.2.7 2001:db8::9' --source 192.0.2.0/25 --source 2001:db8::/32
finds .rhost host.example --source host.example
finds .reason insufficient_permission --source local --verdict forbidden
finds .reason 'insufficient_permission key_inactive' --verdict denied --verdict forbidden
finds .reason key_inactive --reason key_inactive
finds .event 'key_create key_create key_deactivate' --actor "uid:$uid" --event key_create --event key_deactivate
finds .event '' --actor key:nobody
finds .event key_deactivate --source "uid:$uid" --event key_deactivate
finds .event '' --source uid:4242
finds .event '' --until 2020-01-01
finds .event '' --since 2020-01-01 --until 2020-01-02
finds .event 'key_create key_create' --since 1h --event key_create

# What is no value of a filter.
for wrong in '--verdict=maybe no verdict' '--reason=because no reason' '--source=192.0.2.1/24 no network'; do
	act audit show "${wrong%% *}"
	refused
	has 'standard error' "$err" "${wrong#* }"
done
for wrong in '--since soon' '--until 2099-01-01' '--limit many' '--follow --reverse' '--follow --until 1h' '--since 1h --until 2h' '-n' '-x'; do
	# shellcheck disable=SC2086 # words
	act audit show $wrong
	misused
done

# order and how many
act --json audit show --event key_create --event key_deactivate
all=$(seqs)
act --json audit show --event key_create --event key_deactivate --reverse
is 'the newest first' "$(seqs)" "$(tr ' ' '\n' <<<"$all" | tac | paste -sd' ')"
act --json audit show --event key_create --event key_deactivate --limit 2
is 'the last two' "$(seqs)" "${all#* }"
act --json audit show --event key_create --event key_deactivate -r -n 1
is 'the last one' "$(seqs)" "${all##* }"
act --json audit show --event key_create --limit 0
succeeds
is 'none' "$out" ''

# One record for each command, with its filters; not one for each page.
before=$(read_records)
act audit show --key "$laptop" --verdict denied
succeeds
is 'records of reading' "$(read_records)" $((before + 1))
is 'its filters' "$(tail -n 1 "$scratch/log/audit.jsonl" | jq -c .changes)" \
	"{\"what\":\"records\",\"key\":[\"$laptop\"],\"verdict\":[\"denied\"]}"

# A service named to drive a terminal drives none, and forges no line.
act audit show --event explain
succeeds
has 'the table' "$out" TIME EVENT VERDICT REASON KEY SERVICE SOURCE 'e[31md' forged insufficient_permission
lacks 'the table' "$out" $'\e'
is 'lines of the table' "$(wc -l <<<"$out")" 6
act --json audit show --event explain
lacks 'the JSON' "$out" $'\e'
is 'lines of JSON' "$(wc -l <<<"$out")" 5
# Nor do lines that others wrote.
{
	printf '{"seq":7,"time":"2026-01-01T00:00:00Z","event":"\\u001b[2J\\u009b31m"}\n'
	printf 'not JSON \e]0;title\a \xff\n'
	printf '{"seq":1,"seq":1,"time":"2026-01-01T00:00:00Z","event":"twice"}\n\n\0\0\n{}\n'
} >>"$scratch/log/audit.jsonl"
act audit show
succeeds
lacks 'the table' "$out" $'\e' $'\a' $'\x9b'
is 'damaged lines' "$(grep -c 'damaged line' <<<"$out")" 5
act --json audit show
succeeds
lacks 'the JSON' "$out" $'\e' $'\a'
is 'damaged lines' "$(json 'select(.damaged != null) | .size' | paste -sd' ')" '21 63 0 2 2'
act --json audit show --event verify
lacks 'what is filtered' "$out" damaged

# A key reads what is about keys of its tenant, where it may.
act tenant create --name blue
succeeds
act --json key create --name reader --owner "$me" --tenant blue --permission apikeyd.audit.read --expires 90d
succeeds
json .secret >"$scratch/reader.key"
act --json key create --name other --owner "$me" --tenant blue --permission mail.imap --expires 90d
succeeds
json .secret >"$scratch/other.key"
other=$(json .id)
chmod 600 "$scratch"/*.key
act --json --credential-file "$scratch/reader.key" audit show
succeeds
is 'what it sees' "$(json '.key_name' | paste -sd' ')" 'reader other'
lacks 'what it sees' "$out" laptop phone "$laptop" "$phone" damaged '"seq"' peer_pid audit_read
act --json audit show --tenant blue
succeeds
is 'what is about keys of the tenant' "$(json '.key_name' | paste -sd' ')" 'reader other'
act --json audit show --tenant default --event key_create
succeeds
has 'what is about keys of the other one' "$(json .key_name | paste -sd' ')" laptop
lacks 'what is about keys of the other one' "$(json .key_name | paste -sd' ')" reader
act audit show --tenant green
refused
has 'standard error' "$err" green
act --json --credential-file "$scratch/reader.key" audit show --tenant blue
succeeds
is 'what it sees' "$(json '.key_name' | paste -sd' ')" 'reader other'
act --credential-file "$scratch/reader.key" audit show --tenant default
refused
act --credential-file "$scratch/reader.key" audit show --key "$laptop"
refused
has 'standard error' "$err" 'no such key'
act --json --credential-file "$scratch/reader.key" audit show --key "$other"
succeeds
is 'what it sees' "$(json '.key_name')" other
act --credential-file "$scratch/other.key" audit show
refused
act key delete "$other" --yes
act --json --credential-file "$scratch/reader.key" audit show
lacks 'what it sees of a key that is no more' "$out" "$other"

# Following: what was, what comes, through rotations and a restart, each record once.
stop_daemon
printf '%s\n' '[daemon]' 'minimum_uid = 1' '[throttle]' 'failures_per_minute = 100000' '[audit]' 'max_size = 8K' 'keep = 900' >>"$scratch/apikeyd.conf"
start_again()
{
	local arguments=(--runtime-dir "$runtime" --state-dir "$scratch/state" --log-dir "$scratch/log" --config "$scratch/apikeyd.conf")
	local deadline=$((SECONDS + 20))

	[[ $uid -ne 0 ]] || arguments+=(--user nobody)
	"$apikeyd" "${arguments[@]}" >>"$scratch/daemon.log" 2>&1 </dev/null &
	daemon_pid=$!
	until "$apikeyctl" --runtime-dir "$runtime" status >/dev/null 2>&1; do
		((SECONDS <= deadline)) || fail 'the daemon does not serve'
		sleep 0.05
	done
}
start_again
# While nothing is written, which might rotate files under our hands.
before=$(read_records)
"$apikeyctl" --runtime-dir "$runtime" --json audit show --follow --limit 3 >"$scratch/followed" 2>"$scratch/followed.err" &
follower=$!

# followed_to TEXT: until the follower has shown it
followed_to()
{
	local deadline=$((SECONDS + 30))

	until grep -q -- "$1" "$scratch/followed"; do
		((SECONDS <= deadline)) || { fail "the follower never shows $1"; return; }
		sleep 0.05
	done
}
for i in {1..60}; do
	explain --service "before-$i"
done
followed_to before-60
stop_daemon
start_again
for i in {1..30}; do
	explain --service "after-$i"
done
followed_to after-30
kill "$follower"
wait "$follower" 2>/dev/null
[[ -e $scratch/log/audit.jsonl.2 ]] || fail 'nothing was rotated'
is 'what was followed, in order and once' "$(jq -r 'select(.service // "" | test("^(before|after)-")) | .service' "$scratch/followed" | paste -sd' ')" \
	"$(echo before-{1..60} after-{1..30})"
is 'seqs without a gap' "$(jq -s 'map(.seq) | . == [range(.[0]; .[0] + length)]' "$scratch/followed")" true
has 'what the follower says' "$(<"$scratch/followed.err")" 'waiting for it'
lacks 'what the follower says' "$(<"$scratch/followed.err")" gone
# The first daemon and the second were asked, once each, and perhaps one that was about to end.
after=$(read_records)
((after >= before + 2 && after <= before + 3)) || fail "following made $((after - before)) records of its own"

# An ordinary user sees what is about keys of this uid, and nothing of anybody else.
if [[ $uid -eq 0 ]] && id bin >/dev/null 2>&1 && setpriv --reuid=bin --regid=bin --clear-groups test -x "$apikeyctl"; then
	act --json key create --name mine --owner bin --permission pam.sshd --expires 90d
	succeeds
	mine=$(json .id)
	for arguments in '' '--reverse' "--owner $me" '--limit 1000' '--event key_create'; do
		last="audit show $arguments, as bin"
		# shellcheck disable=SC2086 # words
		setpriv --reuid=bin --regid=bin --clear-groups "$apikeyctl" --runtime-dir "$runtime" --json audit show $arguments \
			>"$scratch/out" 2>"$scratch/err"
		status=$? out=$(<"$scratch/out") err=$(<"$scratch/err")
		succeeds
		lacks 'what bin sees' "$out" "$laptop" "$phone" "$me/" laptop phone before- damaged audit_read '"seq"' peer_pid
		[[ $arguments == "--owner $me" ]] || is 'what bin sees' "$(json .key_id)" "$mine"
	done
	setpriv --reuid=bin --regid=bin --clear-groups "$apikeyctl" --runtime-dir "$runtime" audit show --key "$laptop" \
		>"$scratch/out" 2>"$scratch/err"
	status=$? out=$(<"$scratch/out") err=$(<"$scratch/err") last='audit show of a foreign key, as bin'
	refused
fi

# It ends when nobody reads any more, whether or not something comes.
last='audit show --follow | head -1'
timeout 20 bash -c "'$apikeyctl' --runtime-dir '$runtime' --json audit show --follow | head -n 1" >"$scratch/out" 2>"$scratch/err"
status=$? out=$(<"$scratch/out") err=$(<"$scratch/err")
succeeds
is 'standard error' "$err" ''
is 'lines' "$(wc -l <"$scratch/out")" 1
last='audit show | head -1'
timeout 20 bash -c "'$apikeyctl' --runtime-dir '$runtime' audit show | head -n 1" >"$scratch/out" 2>"$scratch/err"
status=$? out=$(<"$scratch/out") err=$(<"$scratch/err")
succeeds
is 'standard error' "$err" ''

# All files count, and one that is gone does no harm.
act --json audit show --since 1h --event key_create --owner "$me"
is 'keys' "$(json .key_name | paste -sd' ')" 'laptop phone reader other'
rm "$scratch"/log/audit.jsonl.*
act --json audit show
succeeds
lacks 'what is left' "$out" before-1\"

finish
