#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The bash completion, as bash calls it. Needs no daemon.
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"

run completion bash
succeeds
is 'standard error' "$err" ''
# shellcheck disable=SC1091 # made just now
. "$scratch/out"
# It is called outside of a completion here.
# shellcheck disable=SC2317 # the script calls it
compopt()
{
	:
}

# complete_words WORD…: sets COMPREPLY as bash does for the last word.
complete_words()
{
	COMP_WORDS=(apikeyctl "$@")
	COMP_CWORD=$#
	last="completing: $*"
	_apikeyctl
	status=$? out="${COMPREPLY[*]}" err=
}

# offers EXPECTED WORD…
offers()
{
	local expected=$1

	shift
	complete_words "$@"
	is 'what is offered' "${COMPREPLY[*]}" "$expected"
}

offers 'key account tenant token session portal signin role verify explain audit status lockdown backup restore master-key doctor help completion' ''
offers '--deep --root' doctor ''
offers 'key' k
offers 'create list show usage update rotate retire activate deactivate revoke delete find import' key ''
offers 'create' key c
offers 'create list show update delete' role ''
offers '--permission --no-permissions' role update r ''
offers '--owner --state --permission --role --label --unused-since --expires-before --due --account --tenant --sort --reverse --limit --cursor' key list ''
offers '--label --limit' key list --l
offers 'create list show usage update rotate retire activate deactivate revoke delete find import' --json --runtime-dir /run key ''
offers 'create list show usage update rotate retire activate deactivate revoke delete find import' --runtime-dir = /run key ''
offers '--why --end-sessions --keep-sessions --yes' key delete alice/laptop ''
offers '--why --end-sessions --keep-sessions --yes' key delete --why 'stolen' alice/laptop ''
offers '--format --digests --account --tenant --dry-run --report --from-line' key import ''
offers 'granted denied forbidden throttled unavailable' audit show --verdict ''
offers 'csv jsonl' key import --format ''
offers 'opaque pair' key create --kind ''
offers 'pair' key create --kind p
offers 'opaque pair' key create --kind = ''
offers 'opaque pair' key create --kind =
offers '' key create --name ''
offers '' key show ''
offers 'bash zsh' completion ''
offers 'sign issue inspect revoke rotate-key' token ''
offers '--public-key --body --nonce --epoch --header' token sign ''
offers '' token sign --nonce ''
offers 'on off status' lockdown ''
offers '--why --end-sessions --keep-sessions --owner --account --tenant --role --label --issued-before --used-from --since --dry-run --yes' key revoke ''
offers '--revoke --why --end-sessions --keep-sessions --yes' key find ''
offers '--except --end-sessions --why' lockdown on ''
offers 'zsh' completion z
offers 'create list show usage update rotate retire activate deactivate revoke delete find import' help key ''
complete_words key create --owner "${me:0:2}"
has 'what is offered' " $out " " $me "
complete_words -
has 'what is offered' "$out" --runtime-dir --json --help
touch "$scratch/a file.key"
complete_words --credential-file "$scratch/a"
is 'what is offered' "${COMPREPLY[0]-}" "$scratch/a file.key"
complete_words token sign --body "$scratch/a"
is 'what is offered' "${COMPREPLY[0]-}" "$scratch/a file.key"
complete_words --runtime-dir "$scratch"
is 'what is offered' "${COMPREPLY[0]-}" "$scratch"

finish
