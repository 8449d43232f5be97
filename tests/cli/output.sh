#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Standard output that cannot be written to: no secret is lost without a word, no list is cut without an error.
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"
need jq "$apikeyd"
start_daemon

# names: the keys of ours there are
names()
{
	act --json key list
	json '[.[].name] | join(" ")'
}

# lost NAME: what is said when a secret was lost; the key is there, and can be removed as the message says
lost()
{
	is 'the exit status' "$status" 1
	has 'standard error' "$err" 'is lost' "$me/$1" 'apikeyctl key delete'
	is 'the keys there are' "$(names)" "$1"
	act key delete "$(grep -o 'key delete [0-9A-Za-z]*' "$scratch/lost" | cut -d' ' -f3)"
	succeeds
}

# create NAME OPTION…: sets err and status; standard output is the caller's
create()
{
	local name=$1

	shift
	last="key create --name $name $*"
	"$apikeyctl" --runtime-dir "$runtime" "$@" key create --name "$name" --owner "$me" --permission pam.sshd --expires 1d \
		2>"$scratch/lost"
	status=$?
	err=$(<"$scratch/lost")
	out=
}

if [[ -w /dev/full ]]; then
	create full >/dev/full
	lost full
	create full-json --json >/dev/full
	lost full-json
fi

# A pipe whose reader has gone.
mkfifo "$scratch/pipe"
exec 8<>"$scratch/pipe"
exec 9>"$scratch/pipe"
exec 8<&-
create pipe >&9
lost pipe
exec 9>&-

# Closed, or for reading alone: nothing is made at all.
create closed >&-
is 'the exit status' "$status" 1
has 'standard error' "$err" 'no key was made'
is 'the keys there are' "$(names)" ''
create read-only 1</dev/null
is 'the exit status' "$status" 1
is 'the keys there are' "$(names)" ''

# Standard error that is closed loses words, not keys; a socket does not take its place.
"$apikeyctl" --runtime-dir "$runtime" key create --name quiet --owner "$me" --permission pam.sshd >"$scratch/secret" 2>&-
is 'the exit status' $? 0
[[ $(<"$scratch/secret") =~ ^ak_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}$ ]] || fail 'the file does not hold just the secret'
"$apikeyctl" --runtime-dir "$runtime" key show "$me/quiet" <&- >"$scratch/shown" 2>"$scratch/err"
is 'the exit status' $? 0

# The other commands
if [[ -w /dev/full ]]; then
	for arguments in 'key list' '--json key list' "key show $me/quiet" "--json key show $me/quiet" status '--json status' \
		help '--json key update ID --name quieter' 'completion bash' --version "explain $me/quiet"; do
		# shellcheck disable=SC2086 # the arguments of one command line
		"$apikeyctl" --runtime-dir "$runtime" ${arguments/ID/$me\/quiet} >/dev/full 2>"$scratch/err"
		status=$? err=$(<"$scratch/err") last=$arguments
		is 'the exit status' "$status" 1
		has 'standard error' "$err" 'No space left'
		[[ $arguments != *update* ]] || act key update "$me/quieter" --name quiet
	done
	"$apikeyctl" --runtime-dir "$runtime" verify <"$scratch/secret" >/dev/full 2>"$scratch/err"
	is 'the exit status of a verdict that was lost' $? 1
fi
"$apikeyctl" --runtime-dir "$runtime" key list >&- 2>"$scratch/err"
is 'the exit status of a closed standard output' $? 1
# A change prints nothing, and does not mind.
"$apikeyctl" --runtime-dir "$runtime" key revoke "$me/quiet" >&- 2>"$scratch/err"
is 'the exit status of a change' $? 0

finish
