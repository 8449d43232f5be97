#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Every verb of "key" against a daemon: what it does, says and returns.
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"
need jq "$apikeyd"
start_daemon

act key list
succeeds
is 'the list' "$out" ''
has 'standard error' "$err" 'no keys'
act --json key list
succeeds
is 'the list' "$(json length)" 0

# create: the secret alone on standard output, in the form of a key; the rest on standard error.
act key create --name laptop --owner "$me" --permission pam.sshd --permission 'mail.*' --user deploy \
	--from 10.0.0.0/8 --from local --label room=4 --label use=tests --expires 90d --not-before 2026-01-01
succeeds
[[ $out =~ ^ak_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}$ ]] || fail 'standard output is not a key alone'
is 'the lines of standard output' "$(wc -l <"$scratch/out")" 1
laptop=${out:3:12}
lacks 'standard error' "$err" "${out:16}"
has 'standard error' "$err" "$laptop" "$me/laptop" 'in 90 days'
lacks 'standard error' "$err" Warning Note

# show, by id, by the beginning of the secret, by name; how long ago it was made changes from one to the next
timeless()
{
	sed -E '/^Created/s/ \((now|[^()]* ago)\)//; /^SECRET/,$d' <<<"$out"
}
act key show "$laptop"
succeeds
by_id=$(timeless)
has 'the key' "$out" "$laptop" laptop "$me" active pam.sshd 'mail.*' deploy 10.0.0.0/8 local room=4 use=tests 'in 90 days'
act key show "ak_$laptop"
is 'the key by the beginning of its secret' "$(timeless)" "$by_id"
act key show "$me/laptop"
is 'the key by name' "$(timeless)" "$by_id"

act --json key show "$laptop"
succeeds
is 'standard error' "$err" ''
is id "$(json .id)" "$laptop"
is kind "$(json .kind)" opaque
is name "$(json .name)" laptop
is owner "$(json .owner)" "$me"
is owner_uid "$(json .owner_uid)" "$(id -u)"
is account_id "$(json .account_id)" default
is tenant_id "$(json .tenant_id)" default
is roles "$(json '.roles | tojson')" '[]'
is permissions "$(json '.permissions | sort | tojson')" '["mail.*","pam.sshd"]'
is users "$(json '.users | tojson')" '["deploy"]'
is sources "$(json '.sources | sort | tojson')" '["10.0.0.0/8","local"]'
is labels "$(json '.labels | sort | tojson')" '["room=4","use=tests"]'
is state "$(json .state)" active
is state_reason "$(json .state_reason)" null
is not_before "$(json .not_before)" 2026-01-01T00:00:00Z
is 'the distance of created and now' "$(json '(now - (.created | fromdate)) | . >= -1 and . < 600')" true
is 'the lifetime' "$(json '(.expires | fromdate) - now | . > 89 * 86400 and . <= 90 * 86400')" true
is 'the secrets' "$(json '.secrets | length')" 1
is 'their members' "$(json '.secrets[0] | keys_unsorted | tojson')" \
	'["number","created","retires","retires_after_first_use","use_count","first_use","last_use"]'
is 'the use' "$(json '.secrets[0] | [.use_count, .first_use, .last_use, .retires] | tojson')" '[0,null,null,null]'
is 'the secret' "$(json 'has("secret")')" false
is 'whether there is something to retire' "$(json '[.safe_to_retire, .safe_to_retire_reason] | tojson')" '[null,null]'

# create --json: one object, secret inside, nothing of it elsewhere
act --json key create --name phone --owner "$me" --permission pam.sshd --expires never
succeeds
phone=$(json .id)
[[ $(json .secret) =~ ^ak_${phone}_[0-9A-Za-z]{38}$ ]] || fail 'the object has no secret'
is expires "$(json .expires)" null
lacks 'standard error' "$err" "$(json .secret)" Warning

# a key without an end, or without a permission, is remarked on
act key create --name bare --owner "$me"
succeeds
has 'standard error' "$err" 'Warning' 'never expires' "${out:3:12}" 'no permission'

# a test key
act key create --name trial --owner "$me" --test --permission test.mail --expires 1d
succeeds
[[ $out =~ ^akt_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}$ ]] || fail 'standard output is not a test key alone'
trial=${out:4:12}
act key show "$trial"
has 'the key' "$out" 'Test key' test.mail
act --json key show "$trial"
is test "$(json .test)" true
act key update "$trial" --permission pam.sshd
refused
has 'standard error' "$err" "'pam.sshd'" test.mail
act key delete "$trial"
succeeds
act --json key show "$laptop"
is test "$(json .test)" false

# a key for pages in browsers
act --json key create --name shop --owner "$me" --client-side --expires 1d
succeeds
shop=$(json .id)
is 'whether it is for pages' "$(json .client_side)" true
act key show "$shop"
has 'the key' "$out" 'in browsers may use it'
act --json key rotate "$shop"
succeeds
is 'whether it is after a rotation' "$(json .client_side)" true
act --json key update "$shop" --label a=b
is 'whether it is after a change' "$(json .client_side)" true
act --json key update "$shop" --no-client-side
succeeds
is 'whether it is not any more' "$(json .client_side)" false
act --json audit show --event key_update --limit 1
is 'what the record says' "$(jq -c '[.changes.before.client_side, .changes.after.client_side]' <<<"$out")" '[true,false]'
act --json key update "$shop" --client-side
is 'whether it is again' "$(json .client_side)" true
act key delete "$shop"
succeeds
act --json key show "$laptop"
is 'whether others are for pages' "$(json .client_side)" false

# what the daemon refuses: status 1, a sentence, no secret
act key create --name laptop --owner "$me" --expires 1d
refused
has 'standard error' "$err" apikeyctl:
act key create --name x --owner "$me" --permission 'Not A Permission'
refused
act key create --name x --owner "$me" --from 10.0.0.0/99
refused
act key create --name x --owner "$me" --label nothing
refused
act key show "$me/nowhere"
refused
act key show 000000000000
refused
act --json key revoke "$me/nowhere"
refused

# list: sorted, all pages, limited, by owner
for number in {1..40}; do
	act key create --name "many-$number" --owner bob --permission pam.sshd --expires 1d
	[[ $status -eq 0 ]] || fail "key $number was not made"
done
act --json key list
succeeds
is 'the number of keys' "$(json length)" 43
is 'an object a line' "$(wc -l <"$scratch/out")" 45
is 'the order' "$(json 'map([.owner, .name]) == (map([.owner, .name]) | sort)')" true
act --json key list --owner bob
is 'the number of keys of bob' "$(json 'map(select(.owner == "bob")) | length')" 40
act --json key list --owner bob --limit 7
succeeds
is 'the number of keys of bob' "$(json '.keys | length')" 7
has 'standard error' "$err" 'more keys than the 7' 'next cursor: bob/many-15'
is 'the end' "$(json '[.next_cursor, .more] | tojson')" '["bob/many-15",true]'
act --json key list --limit 43
is 'the number of keys' "$(json '.keys | length')" 43
is 'standard error' "$err" ''
is 'the end' "$(json '[.next_cursor, .more] | tojson')" '[null,false]'
act --json key list --owner nobody-has-this --limit 3
is 'the object' "$(json tojson)" '{"keys":[],"next_cursor":null,"more":false}'

# a list in pieces is the list
act --json key list
whole=$(json 'map(.id) | join(" ")')
pieces='' cursor=
for _ in {1..20}; do
	act --json key list --limit 10 ${cursor:+--cursor "$cursor"}
	succeeds
	pieces+=$(json '.keys | map(.id + " ") | join("")')
	cursor=$(json '.next_cursor // ""')
	[[ -n $cursor ]] || break
done
is 'the list in pieces' "${pieces% }" "$whole"
act key list --cursor bob/many-8
has 'the list behind a cursor' "$out" many-9
lacks 'the list behind a cursor' "$out" many-8

# filters, and what they do not find
act key create --name deploy --owner carol --permission 'mail.*' --label team=blue --expires 10d
succeeds
act key create --name spare --owner carol --expires never
succeeds
act key revoke carol/spare
# listed OPTION…: sets out to the names of carol's keys that are listed
listed()
{
	act --json key list --owner carol "$@"
	succeeds
	out=$(json 'map(.name) | join(" ")')
}
while read -r expected options; do
	# shellcheck disable=SC2086 # there may be several
	listed $options
	is "what is listed with $options" "${out:--}" "${expected//,/ }"
done <<'END'
deploy,spare
spare --state revoked
deploy --state active
- --state inactive
deploy --permission mail.imap
deploy --permission mail.*
- --permission pam.sshd
deploy --label team
deploy --label team=blue
- --label team=red
- --label team --label room
- --unused-since 1d
- --unused-since 2020-01-31
deploy --expires-before 11d
- --expires-before 9d
deploy --due
deploy --state active --due --label team
END
# a secret that is retiring is due like the key itself; once it is ended nothing is left to do
act key create --name turning --owner carol --permission pam.sshd --expires 90d
act key rotate carol/turning --overlap 20d
succeeds
listed --due
is 'what is due' "$out" deploy
act key rotate carol/turning --overlap 7d
succeeds
listed --due
is 'what is due' "$out" 'deploy turning'
act key delete carol/turning --yes
succeeds
act key list --owner carol --label none
succeeds
is 'the list' "$out" ''
has 'standard error' "$err" 'among those asked for'
act key list --owner carol --permission 'Not A Permission'
refused
has 'standard error' "$err" 'no permission'

# order, and a limit on what was sorted
for sort in name owner created expires last-used; do
	listed --sort "$sort"
	forward=$out
	listed --sort "$sort" --reverse
	is "the list by $sort the other way around" "$out" "${forward#* } ${forward% *}"
done
listed --sort expires
is 'the list by its end' "$out" 'deploy spare'
act --json key list --sort name --reverse --limit 2
is 'the last two names' "$(json '.keys | map(.name) | join(" ")')" 'spare phone'
is 'the end' "$(json '[.next_cursor, .more] | tojson')" '[null,true]'
has 'standard error' "$err" 'more keys than the 2'
act key list --sort name --limit 1
has 'the list' "$out" bare
is 'the lines' "$(wc -l <"$scratch/out")" 2
act key delete carol/deploy --yes
act key delete carol/spare --yes
act key list --owner "$me"
succeeds
has 'the list' "$out" NAME OWNER STATE PERMISSIONS EXPIRES 'LAST USE' ID "$laptop" laptop "$phone" 'in 90 days' never \
	'pam.sshd mail.*' none
is 'the lines' "$(wc -l <"$scratch/out")" 4

# update: what is named is replaced, the rest stays; lists can be emptied
act key update "$laptop" --permission pam.sudo --expires 30d
succeeds
is 'standard output' "$out" ''
has 'standard error' "$err" "$laptop" "$me/laptop"
act --json key show "$laptop"
is permissions "$(json '.permissions | tojson')" '["pam.sudo"]'
is users "$(json '.users | tojson')" '["deploy"]'
is 'the lifetime' "$(json '(.expires | fromdate) - now | . > 29 * 86400 and . <= 30 * 86400')" true
act --json key update "$me/laptop" --no-permissions --no-users --no-from --no-labels --no-not-before --expires never \
	--name notebook
succeeds
is 'the lists' "$(json '[.permissions, .users, .sources, .labels, .not_before, .expires, .name] | tojson')" \
	'[[],[],[],[],null,null,"notebook"]'
act key update "$laptop" --name phone
refused

# off and on; revoked is final; every change says why
act key deactivate "$laptop" --why 'on leave'
succeeds
is 'standard output' "$out" ''
has 'standard error' "$err" "$me/notebook" off
act --json key show "$laptop"
is state "$(json .state)" inactive
is state_reason "$(json .state_reason)" 'on leave'
act key show "$laptop"
has 'the key' "$out" 'inactive since' ': on leave'
act --json key activate "$laptop"
succeeds
is state "$(json .state)" active
act key revoke "$laptop" --why 'laptop was stolen'
succeeds
act key list --owner "$me"
has 'the list' "$out" revoked
act key activate "$laptop"
refused

# delete: not on a terminal, so it does not ask
act --json key delete "$laptop"
succeeds
is id "$(json .id)" "$laptop"
act key show "$laptop"
refused
act key delete "$phone" --yes --why 'not needed'
succeeds
has 'standard error' "$err" deleted

# ---- said again ----

again=(key create --name job --owner "$me" --permission pam.sshd --expires 90d --idempotency-key job-17)
act "${again[@]}"
succeeds
first=$out
lacks 'standard error' "$err" before
act "${again[@]}"
succeeds
is 'the key' "${out:0:15}" "${first:0:15}"
[ "$out" != "$first" ] || fail 'the same secret is shown twice'
lacks 'standard error' "$err" "${out:16}"
has 'standard error' "$err" 'made before' 'worth nothing now'
second=$out
run_with "$first" --runtime-dir "$runtime" verify --permission pam.sshd
has 'the verdict' "$out" denied
act --json "${again[@]}"
succeeds
is 'what was made before' "$(json '[.repeated, .id] | tojson')" "[true,\"${second:3:12}\"]"
third=$(json .secret)
act "${again[@]}" --label more=1
refused
has 'standard error' "$err" "${second:3:12}" 'other options'
act key rotate "$me/job" --now
succeeds
act "${again[@]}"
succeeds
is 'standard output' "$out" ''
has 'standard error' "$err" 'no secret to show' 'key rotate'
act --json "${again[@]}"
succeeds
is 'its secret' "$(json '[.repeated, has("secret")] | tojson')" '[true,false]'
run_with "$third" --runtime-dir "$runtime" verify --permission pam.sshd
has 'the verdict' "$out" denied
for text in '' 'a b' "$third"; do
	act key create --name none --owner "$me" --idempotency-key "$text"
	[ -z "$out" ] || fail "'$text' is an idempotency key"
done
act key show "$me/none"
refused

# a daemon that has gone
stop_daemon
act status
unreachable
has 'standard error' "$err" "$runtime/admin.sock"
act key revoke "$me/bare"
unreachable

finish
