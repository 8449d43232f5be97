#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The API with the real daemon: tests/gateway/api.py drives each operation of gateway/openapi.json and holds the answers
# against it, each error code, and the way of a client from a key pair to a tenant's keys.
# shellcheck source=tests/gateway/harness.sh
. "${srcdir:-.}/tests/gateway/harness.sh"

need python3
more_settings=('[peers]' "$gateway_user = web" '[throttle]' 'failures_per_minute = 20')
# To be asked by the gateway what it asks; who is an administrator, too, is none any more.
as_gateway=("${more_settings[@]}" '[gateway]' "users = $gateway_user")
[[ $gateway_user == "$me" ]] || more_settings=("${as_gateway[@]}")
start_daemon

# give NAME OPTION…: makes a key, and has the client know it by that name.
give()
{
	local name=$1

	shift
	act --json key create --name "$name" --owner "$me" --expires 90d "$@"
	succeeds
	json "{\"$name\": {id, secret, private_key}}" >>"$scratch/keys"
}

act account create --name shop
succeeds
act account create --name other
succeeds
act --json tenant create --account shop --name quick --token-lifetime 1s
succeeds
json '{quick_tenant: {id: .tenant_id}}' >>"$scratch/keys"
give admin --kind pair --account shop --role account-admin --permission 'app.*'
give opaque --account shop --role account-admin --permission 'app.*'
give foreign --account other --role account-admin
give quick --account shop --tenant quick --role tenant-admin
give mine --permission apikeyd.keys.read --permission apikeyd.keys.write --permission 'mail.*'
give reader --permission apikeyd.keys.read
give plain --permission mail.imap
give page --permission 'apikeyd.keys.*' --permission mail.imap --client-side
give service --permission apikeyd.verify
give inspector --permission apikeyd.introspect
give near --permission 'apikeyd.keys.*' --from 192.0.2.0/24
give off --permission 'apikeyd.keys.*'
act key deactivate "$(jq -r 'select(.off).off.id' <"$scratch/keys")"
succeeds
jq -s add "$scratch/keys" >"$scratch/keys.json"

if [[ $gateway_user == "$me" ]]; then
	stop_daemon
	more_settings=("${as_gateway[@]}")
	start_daemon
fi
start_gateway --proxy local

client()
{
	python3 -B "${srcdir:-.}/tests/gateway/api.py" "$gateway_socket" "${srcdir:-.}/gateway/openapi.json" "$scratch/keys.json" "$1" ||
		failures=$((failures + 1))
}
client all
# What pages were refused is recorded, with the key and where the page was. (An ordinary user's gateway is who could ask.)
refused_pages()
{
	jq -cs --arg event "$1" '[.[] | select(.event == $event and .reason == "not_client_side") |
		[.verdict, .key_name, (.rhost | startswith("198.51."))]] | unique' "$scratch/log/audit.jsonl"
}
is 'the refused sign-ins of pages' "$(refused_pages signin)" '[["forbidden","mine",true],["forbidden","shop",true]]'
is 'the refused tokens of pages' "$(refused_pages token_issue)" '[["forbidden","mine",true]]'
# ?apiToken= is for those who want it.
stop_gateway
printf '[gateway]\napi_token_query = yes\n' >"$scratch/gateway.conf"
start_gateway --proxy local --config "$scratch/gateway.conf"
client query
stop_daemon
client away
lacks 'the log' "$(<"$scratch/gateway.log")" "$(jq -r .opaque.secret "$scratch/keys.json")"
finish
