#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# "audit verify" and "audit key": what was changed is found in the files of a daemon that runs, by what it says and by
# the first key; in copies, by key and heads; and the key is shown once.
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"
need jq "$apikeyd"
start_daemon
file=$scratch/log/audit.jsonl

# Something was found, and is told on standard output.
found()
{
	is 'the exit status' "$status" 1
}

for name in one two three; do
	make_key "$name" --permission pam.test
done

act audit verify
succeeds
has 'what is said' "$out" 'Nothing is missing and nothing was changed' 'were checked by apikeyd' '1 of 1 heads'
act --json audit verify
succeeds
is 'what it holds' "$(json '[.good, .records, .first_seq, .heads_found, .findings_count, .mac_checked] | tojson')" \
	"[true,$(wc -l <"$file"),1,1,0,0]"
act --json status
is 'the first key' "$(json '."audit.first_key"')" here
is 'the chain' "$(json '."audit.chain" | test("^[0-9a-f]{16}$")')" true

# the key, once
act audit key
succeeds
printf '%s\n' "$out" >"$scratch/key"
has 'the key' "$out" 'format: 1' 'seq: 1' 'key: ' 'check: '
act audit key
refused
has 'why' "$err" 'taken already' '--new'
act --json status
is 'the first key' "$(json '."audit.first_key"')" taken
grep -q "$(sed -n 's/^key: //p' "$scratch/key")" "$file" && fail 'the key is in the audit'
act audit verify --key-file "$scratch/key"
succeeds
has 'what is said' "$out" 'right by the given key, from record 1 on'

# copies: no daemon is asked
mkdir "$scratch/copy"
cp "$file" "$scratch/copy"
run audit verify --folder "$scratch/copy" --key-file "$scratch/key"
succeeds
has 'what is said' "$out" 'whether the end was cut off is not known'
run audit verify "$scratch/copy/audit.jsonl"
succeeds
sed -i '3s/"owner":"/"owner":"x/' "$scratch/copy/audit.jsonl"
run audit verify --folder "$scratch/copy" --key-file "$scratch/key"
found
has 'where' "$out" "edited: $scratch/copy/audit.jsonl:3: record 3 was edited" 'THE AUDIT WAS CHANGED'
odd=$scratch/copy-$'\e[2J\n'
cp -r "$scratch/copy" "$odd"
run audit verify --folder "$odd" --key-file "$scratch/key"
found
has 'where' "$out" "edited: $scratch/copy-\\033[2J\\012/audit.jsonl:3: record 3 was edited"
lacks 'what is said' "$out$err" $'\e'
run --json audit verify --folder "$scratch/copy" --key-file "$scratch/key"
found
is 'where' "$(json '[.good, .findings[0].kind, .findings[0].line, .findings[0].seq] | tojson')" '[false,"edited",3,3]'
run audit verify --folder "$scratch/copy"
found
has 'where' "$out" 'record 4, or the one before it'

# heads from elsewhere tell of an end that is cut off
act --json status
head=$(json '"{\"APIKEYD_SEQ\":\"\(."audit.seq")\",\"APIKEYD_HEAD\":\"\(."audit.head")\"}"')
cp "$file" "$scratch/copy"
run_with "$head" audit verify --folder "$scratch/copy" --heads -
succeeds
has 'what is said' "$out" '1 of 1 heads'
sed -i '$d' "$scratch/copy/audit.jsonl"
run_with "$head" audit verify --folder "$scratch/copy" --heads -
found
has 'what is said' "$out" 'cut: ' 'were cut off the end'
run_with 'nonsense' audit verify --folder "$scratch/copy" --heads -
refused
has 'why' "$err" 'line 1 of - is no head'

# while it has no key, its records might be anybody's
stop_daemon
master=$scratch/state/apikeyd.master-key
mv "$master" "$scratch/master"
started_status=1
start_daemon
started_status=0
act audit show
succeeds
stop_daemon
mv "$scratch/master" "$master"
start_daemon
grep -qv '"mac":' "$file" || fail 'all records have a MAC'
act audit verify
found
has 'what is said' "$out" 'unchecked: ' 'carries no MAC' 'Not all of the audit can be checked'
run audit verify "$file"
succeeds
run audit verify "$file" --key-file "$scratch/key"
found
has 'what is said' "$out" 'unchecked: ' 'carries no MAC'

# the daemon's own file, changed under it
cp "$file" "$scratch/whole"
sed -i '2s/pam.test/pam.root/' "$file"
act audit verify
found
has 'where' "$out" "$file:2: record 2 was edited: apikeyd says that its MAC is wrong"

# another chain: what came before it is not the running key's
stop_daemon
cp "$file" "$scratch/edited"
cp "$scratch/whole" "$file"
start_daemon
act audit key --new
succeeds
printf '%s\n' "$out" >"$scratch/key2"
act audit verify
succeeds
cat "$scratch/edited" >"$scratch/log/elsewhere"
tail -n +"$(($(wc -l <"$scratch/edited") + 1))" "$file" >>"$scratch/log/elsewhere"
rm "$file"
make_key four --permission pam.test
run audit verify --key-file "$scratch/key" "$scratch/log/elsewhere"
found
has 'what is said' "$out" 'unchecked: ' 'another chain'
run audit verify --key-file "$scratch/key2" "$scratch/whole"
found
has 'what is said' "$out" 'Nothing of the audit is proved' 'No record is of the chain that the given key is for'
run audit verify --key-file "$scratch/key" --key-file "$scratch/key2" "$scratch/log/elsewhere"
found
lacks 'what is said' "$out" 'another chain'

# what is wrong with what is given
sed 's/^key: ./key: z/' "$scratch/key" >"$scratch/damaged"
run audit verify --key-file "$scratch/damaged" --folder "$scratch/copy"
refused
has 'why' "$err" 'is no key' 'a line was changed'
run audit verify --folder "$scratch/nowhere"
refused
has 'why' "$err" 'cannot be read'
run audit verify --folder "$scratch/copy" "$file"
misused
finish
