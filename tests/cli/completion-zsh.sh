#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The zsh completion, in a zsh that has it where it looks: it loads it by itself, and completes what was typed. Needs no
# daemon.
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"
need zsh script

mkdir "$scratch/functions" "$scratch/zsh"
run completion zsh
succeeds
is 'standard error' "$err" ''
cp "$scratch/out" "$scratch/functions/_apikeyctl"

# Completion lives in the line editor, which lives on a terminal. Each line is completed as the tab key does it.
cat >"$scratch/zsh/.zshrc" <<'END'
fpath=("$scratch/functions" $fpath)
autoload -Uz compinit
compinit -D -u
complete_all()
{
	local line
	for line in "${(@f)$(<$scratch/lines)}"; do
		BUFFER=$line
		CURSOR=$#BUFFER
		zle complete-word
		zle -R
		print -r -- "$line|$BUFFER|" >>$scratch/completed
	done
	exit
}
zle -N zle-line-init complete_all
END

# What is typed, and what it becomes.
cat >"$scratch/expected" <<END
apikeyctl k|apikeyctl key |
apikeyctl exp|apikeyctl explain |
apikeyctl key |apikeyctl key |
apikeyctl key cre|apikeyctl key create |
apikeyctl --json --runtime-dir /run key sho|apikeyctl --json --runtime-dir /run key show |
apikeyctl key frob|apikeyctl key frob|
apikeyctl key create --perm|apikeyctl key create --permission=|
apikeyctl key create --name a --perm|apikeyctl key create --name a --permission=|
apikeyctl key list --perm|apikeyctl key list --permission=|
apikeyctl key list --limit=4 --own|apikeyctl key list --limit=4 --owner=|
apikeyctl key delete alice/laptop --y|apikeyctl key delete alice/laptop --yes |
apikeyctl key create --kind p|apikeyctl key create --kind pair |
apikeyctl key create --kind=o|apikeyctl key create --kind=opaque |
apikeyctl key show ali|apikeyctl key show ali|
apikeyctl --cred|apikeyctl --credential-file=|
apikeyctl --runtime-dir=$scratch/func|apikeyctl --runtime-dir=$scratch/functions/|
apikeyctl token s|apikeyctl token sign |
apikeyctl token sign --hea|apikeyctl token sign --header |
apikeyctl help key rev|apikeyctl help key revoke |
apikeyctl completion z|apikeyctl completion zsh |
END
# complete_lines: has zsh complete each line of the file lines, into the file completed; what it shows goes to out.
export scratch
complete_lines()
{
	: >"$scratch/completed"
	ZDOTDIR=$scratch/zsh TERM=vt100 timeout 60 script -qec 'stty cols 120 rows 50; exec zsh -d -i' /dev/null \
		</dev/null >"$scratch/terminal" 2>&1
	status=$? out=$(tr -d '\0' <"$scratch/terminal") err=
	last="zsh completing $(wc -l <"$scratch/lines") lines"
}

cut -d'|' -f1 "$scratch/expected" >"$scratch/lines"
complete_lines
err=$(diff "$scratch/expected" "$scratch/completed") || fail 'zsh completes otherwise than expected'
# Verbs are shown with what they do.
has 'what zsh lists' "$out" 'switch a key off for good' 'make a key and print its secret'

# A user's name is completed where one is meant.
printf 'apikeyctl key list --owner %s\n' "$me" >"$scratch/lines"
complete_lines
has 'what zsh completes' "$(<"$scratch/completed")" "--owner $me |"

finish
