#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# "key find", and "key revoke" and "key deactivate" of many keys: what is read, asked, said and returned.
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"
need jq "$apikeyd"
start_daemon
make_key laptop --label team=x --permission pam.sshd
laptop=$secret laptop_id=$id
make_key phone --label team=x
phone=$secret
make_key desk --label team=y
desk=$secret
act --json key create --kind pair --owner "$me" --name pair --expires 90d
pair=$(json .public_key) private=$(json .private_key)

# find ARGUMENT…: and nothing of it shows a secret.
find_keys()
{
	act "$@"
	lacks 'what is said' "$out$err" "${laptop:16}" "${phone:16}" "${desk:16}" "$private"
}

# Files of lines, of bytes, and standard input.
printf 'a log\nkey=%s, %s.\nx%s and again %s\n' "$laptop" "$pair" "$phone" "$laptop" >"$scratch/log.txt"
printf 'binary\0%s\n%s' "$desk" "$private" >"$scratch/core"
find_keys key find "$scratch/log.txt" "$scratch/core"
succeeds
has 'what is found' "$out" KEY OWNER SECRET "$laptop_id" current "$scratch/log.txt:2" "$scratch/log.txt:3" "$scratch/core, byte 7" "$pair"
find_keys --json key find "$scratch/log.txt" "$scratch/core"
succeeds
is 'what is found' "$(json '[.found[] | .name + " " + .secret + " " + (.count | tostring)] | join(", ")')" \
	'laptop current 2, pair none 1, phone current 1, desk current 1'
is 'the places' "$(json '[.found[0].places[] | .line, .offset] | join(" ")')" "2 10 3 $((10 + 54 + 2 + 36 + 2 + 55 + 11))"
is 'the line in a binary' "$(json '.found[3].places[0].line')" null
is 'what is not known' "$(json '[.unknown, .revoked] | join(" ")')" '0 0'
run_with "$(<"$scratch/log.txt")" --runtime-dir "$runtime" key find
succeeds
has 'what is found' "$out" 'standard input:2'
run_with "$laptop" --runtime-dir "$runtime" key find - "$scratch/core"
succeeds
has 'what is found' "$out" 'standard input:1' "$scratch/core"

# Nothing of ours; a key of another host; what cannot be read.
printf 'no key, %s nor %s\n' "${laptop:0:50}" 7d0d9b1c-0000-4000-8000-000000000000 >"$scratch/none.txt"
find_keys key find "$scratch/none.txt"
refused
has 'standard error' "$err" 'No key of ours'
find_keys --json key find "$scratch/none.txt"
is 'the exit status' "$status" 1
is 'what is found' "$(json '.found | length')" 0
find_keys key find "$scratch/none.txt" "$scratch/missing" "$scratch/log.txt"
is 'the exit status' "$status" 2
has 'standard error' "$err" "$scratch/missing" 'No such file'
has 'what is found' "$out" "$laptop_id"
find_keys key find "$scratch"
is 'the exit status' "$status" 2
has 'standard error' "$err" 'folder' 'tar -c'

# A key that goes is in the text all the same: by its check characters alone.
make_key gone
gone=$secret
act key delete "$me/gone" --yes
printf '%s\n%s' "$gone" "$gone" >"$scratch/gone.txt"
find_keys key find "$scratch/gone.txt"
refused
has 'standard error' "$err" '1 text has the check characters' 'No key of ours'
find_keys --json key find "$scratch/gone.txt"
is 'what is not known' "$(json .unknown)" 1

# Many, and across the borders of what is read at once: the same as one by one.
{
	head -c 1048540 /dev/zero | tr '\0' '_'
	printf '%s' "$laptop"
	head -c 1048500 /dev/zero | tr '\0' '-'
	printf '%s%s' "$phone" "$desk"
} >"$scratch/large"
find_keys --json key find "$scratch/large"
is 'the offsets' "$(json '[.found[] | .places[0].offset] | join(" ")')" "1048540 2097094 2097148"

# --revoke: only with a word, only what is live, and each once.
find_keys key find --revoke "$scratch/log.txt"
misused
has 'standard error' "$err" '--yes'
act key rotate "$me/desk" --now
printf '%s' "$desk" >"$scratch/desk.txt"
find_keys key find --revoke --yes "$scratch/desk.txt"
succeeds
has 'what is found' "$out" retired
act --json key show "$me/desk"
is 'the state' "$(json .state)" active
find_keys --json key find --revoke --yes --why 'in a repository' "$scratch/log.txt" "$scratch/log.txt"
succeeds
is 'what was revoked' "$(json .revoked)" 2
batch=$(json .batch)
act --json key show "$laptop_id"
is 'the state' "$(json '.state + " " + .state_reason')" 'revoked in a repository'
act --json key show "$pair"
is 'the state' "$(json .state)" active
find_keys --json key find --revoke --yes "$scratch/log.txt"
is 'what was revoked' "$(json .revoked)" 0
is 'the record of it' "$(jq -r --arg batch "$batch" 'select(.changes.batch == $batch) | .event + " " + (.changes.keys | length | tostring)' \
	"$scratch/log/audit.jsonl")" 'keys_revoke 2'

# Standard output that cannot be written to: what --yes asks for is done, and else it is said that nothing was.
# to_full ARGUMENT…
to_full()
{
	last="apikeyctl $* >/dev/full"
	"$apikeyctl" --runtime-dir "$runtime" "$@" >/dev/full 2>"$scratch/err" </dev/null
	status=$? out='' err=$(<"$scratch/err")
}

if [[ -w /dev/full ]]; then
	make_key lost
	printf '%s' "$secret" >"$scratch/lost.txt"
	if command -v script >/dev/null; then
		last='apikeyctl key find --revoke >/dev/full, at a terminal'
		script -qec "'$apikeyctl' --runtime-dir '$runtime' key find --revoke '$scratch/lost.txt' >/dev/full 2>'$scratch/err'" \
			/dev/null </dev/null >"$scratch/typed"
		status=$? out='' err=$(<"$scratch/err")
		refused
		has 'standard error' "$err" 'standard output: No space left' 'nothing was revoked'
		lacks 'standard error' "$err" memory
	fi
	to_full key find "$scratch/lost.txt"
	refused
	has 'standard error' "$err" 'standard output: No space left'
	lacks 'standard error' "$err" memory
	act --json key show "$me/lost"
	is 'the state' "$(json .state)" active
	to_full key find --revoke --yes "$scratch/lost.txt"
	refused
	has 'standard error' "$err" '1 key is revoked' 'standard output: No space left'
	lacks 'standard error' "$err" memory
	make_key lost-in-json
	printf '%s' "$secret" >"$scratch/lost.txt"
	to_full --json key find --revoke --yes "$scratch/lost.txt"
	refused
	has 'standard error' "$err" '1 key is revoked' 'standard output: No space left'
	act --json key list
	is 'the states' "$(json '[.[] | select(.name | startswith("lost")).state] | join(" ")')" 'revoked revoked'
	act key delete "$me/lost" --yes
	act key delete "$me/lost-in-json" --yes
fi

# Many at once
act key revoke --label team --dry-run
succeeds
has 'what it would be' "$out" desk active
has 'standard error' "$err" '1 key would be revoked' '2 were revoked before' 'dry run'
act key revoke --label team
misused
has 'standard error' "$err" '--yes' '--dry-run'
act --json key deactivate --label team=y --yes --why 'for now'
succeeds
is 'what was done' "$(json '[.action, .dry_run, .touched, .already, .keys[0].name] | map(tostring) | join(" ")')" \
	'deactivate false 1 0 desk'
act key revoke --issued-before 1h --yes
succeeds
has 'standard error' "$err" '0 keys are revoked' batch
act key revoke --owner "$me" --issued-before 1s --role tenant-admin --yes
succeeds
has 'standard error' "$err" '0 keys are revoked'
act key revoke --owner "$me" --yes
succeeds
has 'standard error' "$err" '2 keys are revoked, for good' '2 were revoked before'

# What does not go together
for arguments in 'key revoke' 'key revoke alice/a --owner alice' 'key revoke alice/a --dry-run' \
	'key revoke --since 2h --yes' 'key revoke --owner a --issued-before never --yes' \
	'key revoke --issued-before 2099-01-01 --yes' 'key deactivate --yes'; do
	# shellcheck disable=SC2086 # the arguments of one command line
	act $arguments
	misused
done
act key revoke --used-from 10.1.2.3/8 --yes
refused
has 'standard error' "$err" 10.1.2.3/8

finish
