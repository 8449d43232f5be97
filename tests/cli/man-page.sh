#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The man page and the program agree: every command and option of one stands in the other. Needs no daemon.
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"

page=$(sed 's/\\-/-/g; s/\\f.//g; s/\\&//g' "$(dirname "$0")"/../../cli/apikeyctl{,-doctor}.1)

run help
overview=$out
while read -r name; do
	has 'the man page' "$page" "$name"
	# shellcheck disable=SC2086 # object and verb
	run help $name
	succeeds
	while read -r option; do
		grep -qE -- "$option([^a-z-]|\$)" <<<"$page" || fail "the man page lacks $option of $name"
	done < <(grep -oE -- '--[a-z][a-z-]*' <<<"$out" | sort -u)
	known+=$out
done < <(commands_in "$overview")
has 'what help knows' "$known" --name --why --rhost --runtime-dir

while read -r option; do
	grep -qE -- "$option([^a-z-]|\$)" <<<"$known" || fail "the man page has $option, which the program has not"
done < <(grep -oE -- '--[a-z][a-z-]*' <<<"$page" | sort -u)

# Every member of the JSON objects.
while read -r member; do
	grep -qw -- "$member" <<<"$page" || fail "the man page lacks the JSON member $member"
done < <(grep -ohE 'json_put\([a-z]+, "[a-z_]+"' "$(dirname "$0")"/../../cli/*.c | grep -oE '[a-z_]+"' | tr -d '"' | sort -u)

finish
