#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# What may stand on the command line, what help says, and what happens without a daemon. Needs no daemon.
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"

# Wrong command lines: what the message has to name, then the arguments.
wrong()
{
	local part=$1

	shift
	run "$@"
	misused
	has 'standard error' "$err" "$part"
}

wrong 'say what to do'
wrong 'say what to do' --json
wrong "'frob'" frob
wrong 'key create' create
wrong 'needs a verb' key
wrong "'frob'" key frob
wrong 'it has create, list, show' key frob
wrong "is it 'key create'?" key creat
wrong "is it 'key'?" keys list
wrong "is it 'status'?" stauts
wrong "is it 'key delete'?" key remove alice/laptop
wrong "is it --owner?" key create --ownr alice
wrong 'KEY is missing' key show
wrong "'b'" key show a b
wrong "'x'" status x
wrong '--name is missing' key create --owner alice
wrong '--frob' key create --frob
wrong 'is it --name?' key create --nam laptop
wrong 'is it --yes?' key delete alice/laptop --yesss
wrong '--yes' key show alice/laptop --yes
wrong 'two dashes' key create -n laptop
wrong 'needs a value' key create --name
wrong 'needs a value' key create --name --owner alice
wrong 'is empty' key create --name ''
wrong 'is empty' key create --name=
wrong 'takes no value' --json=yes status
wrong 'given twice' key create --name a --name b
wrong 'given twice' --runtime-dir a --runtime-dir b status
wrong 'argument is empty' key show ''
wrong '2026-02-30' key create --name a --owner alice --expires 2026-02-30
wrong 'is past' key create --name a --owner alice --expires 2020-01-01
wrong 'is past' key update alice/a --expires 2020-01-01
wrong 'soon' key create --name a --owner alice --not-before soon
wrong 'never' key create --name a --owner alice --not-before never
wrong 'before it begins' key create --name a --owner alice --not-before 2d --expires 1d
wrong 'opaque and pair' key create --name a --owner alice --kind rsa
wrong '--kind pair' key create --name a --owner alice --import
wrong '--kind pair' key create --name a --owner alice --kind opaque --import
wrong 'no pair' key create --name a --owner alice --kind pair --import
wrong 'goes with --import' key create --name a --owner alice --kind pair --public-key a123456b-c12c-123d-1ab4-18bd8c8e88a3
wrong 'put that key into a file' key create --name a --owner alice --kind pair --import --credential-file -
wrong 'what to change' key update alice/laptop
wrong 'takes away' key update alice/laptop --user bob --no-users
wrong 'takes away' key update alice/laptop --role r --no-roles
wrong 'ROLE is missing' role create --permission a
wrong 'what the role is to grant' role create payments-read
wrong 'what the role is to grant' role update payments-read
wrong 'takes away' role update payments-read --permission a --no-permissions
wrong "is it 'role delete'?" role remove payments-read
wrong '--state' key list --state gone
wrong 'sort' key list --sort colour
wrong '--unused-since' key list --unused-since never
wrong '--unused-since' key list --unused-since 2099-01-01
wrong '--unused-since' key list --unused-since 90
wrong '--expires-before' key list --expires-before never
wrong '--expires-before' key list --expires-before soon
wrong '--cursor' key list --cursor a/b --sort name
wrong '--cursor' key list --cursor a/b --reverse
wrong 'given twice' key list --state active --state revoked
wrong '--limit' key list --limit 0
wrong '--limit' key list --limit -1
wrong '--limit' key list --limit 1x
wrong '--limit' key list --limit 99999999999999999999
wrong "'xml'" key import --format xml keys
wrong '--from-line 0' key import --from-line 0 keys
wrong '--from-line 1x' key import --from-line 1x keys
wrong '--from-line -1' key import --from-line -1 keys
wrong "$scratch/none cannot be read" key import "$scratch/none"
wrong 'is a folder' key import "$scratch"
wrong 'both come from standard input' key import --credential-file -
wrong 'bash and zsh' completion fish
wrong 'SHELL is missing' completion
wrong "'frob'" help frob
wrong "key has no verb 'frob'" help key frob
wrong "is it 'key revoke'?" help key revok
wrong 'verify has no verb' help verify frob
wrong 'it has sign, issue, inspect, revoke, rotate-key' token frob
wrong 'needs a verb' token
wrong 'is it --public-key?' token sign --public-ke x
wrong 'no key in standard input' verify
wrong 'no key in standard input' explain
wrong 'one key' verify --credential-file -
# Its value stands in the same word.
wrong "'sshd' is one argument too many" key create --name a --owner alice --exclusive sshd
wrong 'is empty' key create --name a --owner alice --exclusive=
wrong 'sets what --no-client-side takes away' key update alice/a --client-side --no-client-side
wrong 'sets what --no-exclusive takes away' key update alice/a --exclusive=sshd --no-exclusive
for count in 0 -1 x 1x 4294967296; do
	wrong "$count is no count" key create --name a --owner alice --max-uses="$count"
done
if [[ $(id -u) -eq 0 ]]; then
	wrong '--owner USER' key create --name a
fi

# Behind -- nothing is an option.
run key show -- --json
unreachable
run --runtime-dir "$scratch/nowhere" key show -- --json
unreachable

# A whole key is refused wherever it stands, and not a part of it is said again.
secret=ak_0123456789ab_0123456789ABCDEFGHIJKLMNOPQRSTUV000000
for arguments in "key show $secret" "key show ${secret/ak_/akt_}" "key revoke alice/$secret" "explain $secret" \
	"verify $secret" "key create --name $secret" "key create --name=$secret" "key revoke x --why $secret" \
	"--runtime-dir=$secret status" "$secret" "key show ${secret:0:30}" "key $secret"; do
	# shellcheck disable=SC2086 # the arguments of one command line
	run $arguments
	misused
	lacks 'standard error' "$err" "$secret" "${secret:16}" "${secret:3:12}" 0123456789
	has 'standard error' "$err" leaked revoke
done

# So is a signed token; a public key alone is not.
token=a123456b-c12c-123d-1ab4-18bd8c8e88a3:nonce:1535617532:JYDZ7e7Y36oeJJ3E5UB7tF9VBAwIv1B5HTPNw9iaV6Y=
for arguments in "verify $token" "key show $token" "key revoke x --why=$token" "$token"; do
	# shellcheck disable=SC2086 # the arguments of one command line
	run $arguments
	misused
	lacks 'standard error' "$err" JYDZ7e "${token%%:*}"
	has 'standard error' "$err" 'standard input'
done
run --runtime-dir "$scratch/nowhere" key show "${token%%:*}"
unreachable

# And an access token, as one argument too many, or where a value is wrong.
token=eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJhIn0.JYDZ7e7Y36oeJJ3E5UB7tF9VBAwIv1B5HTPNw9iaV6Y
for arguments in "token inspect $token" "token revoke $token" "token issue --frob=$token" "key show $token" \
	"--runtime-dir $token status" "$token"; do
	# shellcheck disable=SC2086 # the arguments of one command line
	run $arguments
	misused
	lacks 'standard error' "$err" JYDZ7e eyJ
	has 'standard error' "$err" leaked 'token revoke' 'standard input'
done

# What the user typed does not drive the terminal either.
run key show a $'\e[2J'
misused
lacks 'standard error' "$err" $'\e'

# Help: for all, for an object, for each command; fits 80 columns; on standard output.
run --help
succeeds
overview=$out
is 'standard error' "$err" ''
run help
is 'help' "$out" "$overview"
run -h
is '-h' "$out" "$overview"
run key --help
succeeds
has 'help of key' "$out" 'key create' 'key delete KEY'
lacks 'help of key' "$out" '  status'
run help key
has 'help key' "$out" 'key create'
run help create
has 'help create' "$out" 'usage: apikeyctl key create --name NAME'
run help key create
from_help=$out
run key create --help
is 'key create --help' "$out" "$from_help"
run key create --name --help --help
misused

commands=$(commands_in "$overview")
is 'the number of commands' "$(wc -l <<<"$commands")" 54
while read -r name; do
	# shellcheck disable=SC2086 # object and verb
	run help $name
	succeeds
	has "help of $name" "$out" "usage: apikeyctl $name" 'Examples:' $'\n  # ' "  apikeyctl $name"
	[[ $(awk 'length > 80' <<<"$out") == '' ]] || fail "the help of $name is too wide"
done <<<"$commands"
# They are in groups, and each is in one.
has 'help' "$overview" $'\nRoles:\n  role create' $'\nKeys:\n  key create' $'\nThe daemon:\n' $'\nHelp:\n  help'
lacks 'help' "$overview" $'\nMore:'
is 'the commands that stand twice' "$(sort <<<"$commands" | uniq -d)" ''

[[ $(awk 'length > 80' <<<"$overview") == '' ]] || fail 'the help is too wide'

run --version
succeeds
[[ $out =~ ^apikeyctl\ [0-9]+\.[0-9]+\.[0-9]+ ]] || fail "the version is '$out'"

# Without a daemon: every verb that needs one says so, names the socket and what to look at.
credential=$secret
for arguments in 'key create --name a --owner alice' 'key list' 'key show a/b' 'key update a/b --name c' \
	'key activate a/b' 'key deactivate a/b' 'key rotate a/b' 'key retire a/b' 'key revoke a/b' 'key delete a/b --yes' 'key delete a/b' \
	'role create r --permission a' 'role list' 'role show r' 'role update r --no-permissions' 'role delete r' \
	'session list' 'session end 1' portal 'signin list' 'signin end 4fGh0pQr8sTu' 'key revoke --owner a --yes' 'lockdown on' 'lockdown off' 'lockdown status' 'key import' 'explain a/b' status verify explain; do
	# shellcheck disable=SC2086 # the arguments of one command line
	run_with "$credential"$'\n' --runtime-dir "$scratch/nowhere" $arguments
	unreachable
	has 'standard error' "$err" "$scratch/nowhere/admin.sock" 'No such file'
	lacks 'standard error' "$err" "$credential"
done

# A socket that anybody may have put there is not believed.
mkdir "$scratch/open"
chmod 777 "$scratch/open"
run --runtime-dir "$scratch/open" status
unreachable

finish
