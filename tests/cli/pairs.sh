#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Pairs: made, shown, rotated, retired, brought along, restored; the private key is printed once, and is in no file.
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"
need jq script "$apikeyd"
start_daemon
uuid='[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}'
base64='[0-9A-Za-z+/]{43}='
foreign=a123456b-c12c-123d-1ab4-18bd8c8e88a3
foreign_private=AGHYR1aWYgHgyjhJLkVCd7b8XfAVeA4tuFwCQl3X64Y=
private_keys=("$foreign_private")

# two lines on standard output, and all else on standard error
act key create --name billing --owner "$me" --kind pair --permission pam.billing --expires 90d
succeeds
[[ $out =~ ^$uuid$'\n'$base64$ ]] || fail 'standard output is not a public key and a private key'
is 'the lines of standard output' "$(wc -l <"$scratch/out")" 2
public=${out%$'\n'*} private=${out#*$'\n'}
cp "$scratch/out" "$scratch/billing.pair"
private_keys+=("$private")
lacks 'standard error' "$err" "$private" Warning
has 'standard error' "$err" "$public" "$me/billing" 'first line' 'shown this once'

# one object with --json
act --json key create --name shop --owner "$me" --kind pair --permission pam.shop --expires never
succeeds
shop=$(json .id)
[[ $shop =~ ^$uuid$ ]] || fail 'the id is no public key'
is public_key "$(json .public_key)" "$shop"
[[ $(json .private_key) =~ ^$base64$ ]] || fail 'there is no private key'
is 'the opaque secret' "$(json 'has("secret")')" false
private_keys+=("$(json .private_key)")
cp "$scratch/out" "$scratch/shop.json"

# shown and listed, without what is secret; by public key and by name
for key in "$public" "$me/billing"; do
	act --json key show "$key"
	succeeds
	is kind "$(json .kind)" pair
	is public_key "$(json .public_key)" "$public"
	is 'what is secret' "$(json '[has("private_key"), has("secret")] | tojson')" '[false,false]'
done
act key show "$public"
has 'the key' "$out" "$public" pair
act --json key list
is 'what is secret' "$(json 'map(has("private_key") or has("secret")) | any')" false
act --json key create --name plain --owner "$me" --expires 1d
is 'what a pair has' "$(json '[has("public_key"), has("private_key")] | tojson')" '[false,false]'

# on a terminal of 80 columns every line fits, with public keys in it
script -qec "stty cols 80 rows 24; '$apikeyctl' --runtime-dir '$runtime' key list; \
	'$apikeyctl' --runtime-dir '$runtime' key show $public" /dev/null </dev/null >"$scratch/typed"
out=$(tr -d '\r' <"$scratch/typed")
has 'the terminal' "$out" billing "$public"
[[ $(awk 'length > 80' <<<"$out") == '' ]] || fail 'a line is wider than 80 columns'

# where there is room, the list tells the kind
act key list --owner "$me"
is 'the kinds' "$(awk '{ print $1, $(NF - 1) }' <<<"$out" | sort | tr '\n' ' ')" 'NAME KIND billing pair plain opaque shop pair '

# a public key is no key to log in with
run_with "$public"$'\n' --runtime-dir "$runtime" verify
is 'the exit status' "$status" 1
act explain "$public" --permission pam.billing
succeeds

# what was printed is what a token is signed with
for file in billing.pair shop.json; do
	run_with "$(<"$scratch/$file")" token sign
	succeeds
	[[ $out =~ ^$uuid:[^:]+:[0-9]+:$base64$ ]] || fail 'there is no token'
done

# rotated: the same public key, and another private key, as text and as JSON
act key rotate "$me/billing" --overlap 1d
succeeds
is 'the public key' "${out%$'\n'*}" "$public"
[[ ${out#*$'\n'} =~ ^$base64$ && ${out#*$'\n'} != "$private" ]] || fail 'there is no new private key'
private_keys+=("${out#*$'\n'}")
has 'standard error' "$err" 'new private key' 'number 2' 'Secret 1 is good until'
lacks 'standard error' "$err" "${out#*$'\n'}"
act --json key rotate "$public" --overlap 1d
is public_key "$(json .public_key)" "$public"
is 'the secrets' "$(json '.secrets | length')" 3
private_keys+=("$(json .private_key)")
act key retire "$public"
succeeds
is 'standard output' "$out" ''
act --json key show "$public"
is 'what is good' "$(json '[.secrets[] | .retires == null or (.retires | fromdate) > now] | tojson')" '[false,false,true]'

# import FILE NAME OPTION…
import()
{
	local input
	# as it is, with all ends of lines
	input=$(cat "$1" && echo .)
	shift
	run_with "${input%.}" --runtime-dir "$runtime" key create --owner "$me" --kind pair --import --expires 1d --name "$@"
	lacks 'standard error' "$err" "$foreign_private" "${foreign_private:0:20}"
}

# brought along: two lines or JSON, with the ends of lines of any system
printf '%s\r\n%s\r\n' "$foreign" "$foreign_private" >"$scratch/foreign.pair"
import "$scratch/foreign.pair" foreign
succeeds
is 'standard output' "$out" ''
has 'standard error' "$err" "$foreign" "$me/foreign" 'not shown'
act --json key show "$foreign"
is kind "$(json .kind)" pair
is name "$(json .name)" foreign
jq '{public_key, private_key: "BGHYR1aWYgHgyjhJLkVCd7b8XfAVeA4tuFwCQl3X64Y=", more: [1]}
	| .public_key = (if .public_key[:1] == "0" then "1" else "0" end) + .public_key[1:]' \
	"$scratch/shop.json" >"$scratch/another.json"
import "$scratch/another.json" another --json
succeeds
is public_key "$(json .public_key)" "$(jq -r .public_key "$scratch/another.json")"
is 'the private key' "$(json 'has("private_key")')" false
private_keys+=(BGHYR1aWYgHgyjhJLkVCd7b8XfAVeA4tuFwCQl3X64Y=)

# the private key alone, with the public key on the command line
run_with "CGHYR1aWYgHgyjhJLkVCd7b8XfAVeA4tuFwCQl3X64Y="$'\n' --runtime-dir "$runtime" key create --owner "$me" --name alone \
	--expires 1d --kind pair --import --public-key 00000000-0000-0000-0000-000000000000
succeeds
has 'standard error' "$err" 00000000-0000-0000-0000-000000000000
private_keys+=(CGHYR1aWYgHgyjhJLkVCd7b8XfAVeA4tuFwCQl3X64Y=)

# what is taken, or was
import "$scratch/foreign.pair" again
refused
has 'standard error' "$err" "$me/foreign"
sed "1s/a3/a4/" "$scratch/foreign.pair" >"$scratch/shared.pair"
import "$scratch/shared.pair" again
refused
has 'standard error' "$err" 'private key'
act key delete "$foreign" --yes
succeeds
import "$scratch/foreign.pair" again
refused
has 'standard error' "$err" 'never used again'

# what is no pair
while IFS='|' read -r expected input; do
	printf '%b' "$input" >"$scratch/wrong"
	import "$scratch/wrong" wrong
	[[ $status -eq 1 || $status -eq 2 ]] || fail "the exit status is $status"
	is 'standard output' "$out" ''
	has 'standard error' "$err" "$expected"
done <<END
no pair|
no pair|\\n\\n
no pair|$foreign\\n\\n
no pair|\\n$foreign_private
one line|$foreign
one line|$foreign $foreign_private
more than two lines|$foreign\\n\\n$foreign_private
more than two lines|$foreign\\n$foreign_private\\nmore
no public_key|{}
no private_key|{"public_key":"$foreign"}
no private_key|{"public_key":"$foreign","private_key":1}
no whole JSON|{"public_key":"$foreign","public_key":"$foreign","private_key":"$foreign_private"}
no whole JSON|{"public_key":"$foreign","private_key":"$foreign_private"} more
no whole JSON|["$foreign","$foreign_private"]
no public key|$foreign_private\\n$foreign
upper-case|${foreign^^}\\n$foreign_private
no private key|$foreign\\n${foreign_private%=}
no private key|$foreign\\n${foreign_private/Y=/Z=}
END
act key show "$me/wrong"
refused

# a private key that was replaced after a backup stays ended when the backup comes back
act backup "$scratch/copy.backup"
succeeds
act --json key rotate "$me/shop" --now
private_keys+=("$(json .private_key)")
act restore "$scratch/copy.backup" --yes
succeeds
act --json key show "$shop"
is 'what is good' "$(json '[.secrets[] | .retires == null or (.retires | fromdate) > now] | tojson')" '[false,true]'

# no private key is in what was written: as text, as bytes; neither while the daemon runs nor after
for key in "${private_keys[@]}"; do
	printf '%s\n' "$key" "$(base64 -d <<<"$key" | od -An -tx1 | tr -d ' \n')"
done >"$scratch/secrets"
is 'the number of secrets' "$(wc -l <"$scratch/secrets")" $((2 * ${#private_keys[@]}))
search()
{
	local file

	for file in "$scratch"/state/* "$scratch"/log/* "$scratch/daemon.log" "$scratch/copy.backup"; do
		[[ -f $file ]] || continue
		! { cat "$file"; od -An -v -tx1 "$file" | tr -d ' \n'; } | grep -aqFf "$scratch/secrets" ||
			fail "$file holds a private key"
	done
}
last='looking into the files'
search
stop_daemon
search
# The search finds what is there.
cp "$scratch/billing.pair" "$scratch/log/planted"
{ cat "$scratch/log/planted"; od -An -v -tx1 "$scratch/log/planted" | tr -d ' \n'; } | grep -aqFf "$scratch/secrets" ||
	fail 'the search finds nothing'

finish
