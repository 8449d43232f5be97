#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# POST /v1/introspect and /v1/revoke with the real daemon and curl: who may ask about what, what is told, that nothing is
# used up by it, and what can be ended.
# shellcheck source=tests/gateway/harness.sh
. "${srcdir:-.}/tests/gateway/harness.sh"

gateway_settings imap
start_daemon
start_gateway --proxy local

# form PATH CREDENTIAL TOKEN: off the command line, where others could read them.
form()
{
	printf 'Authorization: Bearer %s\n' "$2" >"$scratch/header"
	printf %s "$3" >"$scratch/asked"
	ask "$1" -H "@$scratch/header" --data-urlencode "token@$scratch/asked"
}

# active WHAT CREDENTIAL TOKEN; inactive WHAT CREDENTIAL TOKEN: the one answer there is for all that is no good.
active()
{
	form /v1/introspect "$2" "$3"
	is "the status for $1" "$code" 200
	is "$1" "$(jq -r .active <<<"$body")" true
}

inactive()
{
	form /v1/introspect "$2" "$3"
	is "the status for $1" "$code" 200
	is "$1" "$body" '{"active":false}'
}

# get_token SECRET: an access token, in "token".
get_token()
{
	run_with "$1"$'\n' --runtime-dir "$runtime" token issue
	succeeds
	token=$out
}

lets_in()
{
	printf 'Authorization: Bearer %s\n' "$1" >"$scratch/header"
	ask '/v1/auth?permission=mail.imap&service=imap' -H "@$scratch/header"
	is 'the status of /v1/auth' "$code" "$2"
}

make_key server --permission apikeyd.introspect
server=$secret server_id=$id
make_key plain --permission mail.imap
plain=$secret plain_id=$id made=$out

# ---- a key ----
active 'a key' "$server" "$plain"
has 'the head' "$head" 'Content-Type: application/json' 'Cache-Control: no-store'
is 'what is told' "$(jq -c '[.scope, .client_id, .username, .token_type, .sub, .jti, .tenantId]' <<<"$body")" \
	"[\"mail.imap\",\"$plain_id\",\"$me\",\"Bearer\",\"$plain_id\",null,\"default\"]"
is 'when it began and ends' "$(jq -c '[.iat, .exp]' <<<"$body")" "$(jq -c '[.created, .expires | fromdate]' <<<"$made")"
lacks 'the answer' "$body" "$plain" laptop
act --json key show "$plain_id"
is 'its last use' "$(json '.secrets[0].last_use.service')" introspection
has 'the audit' "$(grep '"introspect"' "$scratch/log/audit.jsonl")" '"verdict":"granted"' "\"key_id\":\"$plain_id\"" \
	"\"actor\":\"key:$server_id\""
active 'a key with its scheme' "$server" "Bearer $plain"

# ---- who asks ----
inactive 'nothing like a token' "$server" nonsense
inactive 'what may be an imported secret' "$server" nonsense-that-is-long-enough
printf 'user = "%s:%s"\n' "$server_id" "$server" >"$scratch/curlrc"
printf %s "$plain" >"$scratch/asked"
ask /v1/introspect -K "$scratch/curlrc" --data-urlencode "token@$scratch/asked" -d token_type_hint=access_token
is 'what Basic is told' "$(jq -r .active <<<"$body")" true
form /v1/introspect "$plain" "$plain"
refuses 403 ACCESS_DENIED
form /v1/introspect "${server%??????}000000" "$plain"
refuses 401 ACCESS_TOKEN_INVALID
ask /v1/introspect --data-urlencode "token@$scratch/asked"
refuses 401 AUTHORIZATION_IS_REQUIRED
has 'the head' "$head" 'WWW-Authenticate: Bearer realm="apikeyd"'
# What is good once asks once; as a user of the system, where this gateway is none to the daemon, not at all.
if [[ $gateway_user != "$me" ]]; then
	get_token "$server"
	active 'what an access token asks about' "$token" "$plain"
	form /v1/introspect "$token" "$plain"
	refuses 401 ACCESS_TOKEN_ALREADY_USED
fi

for given in 'Origin: https://page.example' 'Sec-Fetch-Mode: cors'; do
	printf 'Authorization: Bearer %s\n' "$server" >"$scratch/header"
	ask /v1/introspect -H "@$scratch/header" -H "$given" --data-urlencode "token@$scratch/asked"
	refuses 403 ACCESS_DENIED
done

# ---- what is asked ----
printf 'Authorization: Bearer %s\n' "$server" >"$scratch/header"
ask /v1/introspect -H "@$scratch/header" -H 'Content-Type: application/json' -d '{"token":"x"}'
refuses 415 UNSUPPORTED_MEDIA_TYPE
ask /v1/introspect -H "@$scratch/header"
refuses 405 METHOD_NOT_ALLOWED
has 'the head' "$head" 'Allow: POST'
for form in '' token= other=x 'token=a&token=b' 'token=%zz' 'token=a%00b'; do
	ask /v1/introspect -H "@$scratch/header" -H 'Content-Type: application/x-www-form-urlencoded; charset=UTF-8' --data-raw "$form"
	is "the status of '$form'" "$code" 400
	is "the error of '$form'" "$(jq -r .error <<<"$body")" invalid_request
done
inactive 'a token that is far too long' "$server" "$(head -c 9000 /dev/zero | tr '\0' a)"

# A signature is over the form, and holds for no other.
if [[ $gateway_user != "$me" ]]; then
	act --json key create --name server-pair --owner "$me" --kind pair --expires 90d --permission apikeyd.introspect
	succeeds
	pair=$out
	printf 'token=%s' "$plain" >"$scratch/form"
	for signed in form asked; do
		run_with "$pair" token sign --header --body "$scratch/$signed"
		succeeds
		ask /v1/introspect -H "$out" --data "@$scratch/form"
		case $signed in
		form) is 'what a signature of the form is told' "$(jq -r .active <<<"$body")" true ;;
		asked) refuses 401 HMAC_INVALID ;;
		esac
	done
fi

# What is too long to be signed is too long, wherever the token stands and however the body comes; nobody says that it is
# inactive.
printf 'token=%s' "$(head -c 50000 /dev/zero | tr '\0' a)" >"$scratch/form"
hmac=a123456b-c12c-123d-1ab4-18bd8c8e88a3:nonce1:1535617532:JYDZ7e7Y36oeJJ3E5UB7tF9VBAwIv1B5HTPNw9iaV6Y=
for path in /v1/introspect /v1/revoke; do
	for given in "Authorization: Hmac $hmac" "Authorization: Bearer $hmac" "X-API-KEY: $hmac"; do
		for length in 'Expect:' 'Transfer-Encoding: chunked'; do
			ask "$path" -H "$given" -H "$length" --data "@$scratch/form"
			refuses 413 CONTENT_TOO_LARGE
		done
	done
done

# ---- what is no good, or not for this ----
inactive 'a wrong secret' "$server" "${plain%??????}000000"
inactive 'a key that nobody has' "$server" ak_000000000000_000000000000000000000000000000003kqAyf
make_key once --permission mail.imap --max-uses 3
inactive 'a key with a number of uses' "$server" "$secret"
make_key bound --permission mail.imap --exclusive=imap
inactive 'a key for one service' "$server" "$secret"
make_key near --permission mail.imap --from 192.0.2.0/24
inactive 'a key of a network' "$server" "$secret"
make_key trial --permission test.imap --test
inactive 'a test key' "$server" "$secret"
act --json key create --name pair --owner "$me" --kind pair --expires 90d --permission mail.imap
succeeds
run_with "$out" token sign
succeeds
inactive 'an HMAC token' "$server" "$out"
lets_in "$plain" 200
act key deactivate "$plain_id"
succeeds
inactive 'a key that is off' "$server" "$plain"
act key activate "$plain_id"
succeeds
active 'a key that is on again' "$server" "$plain"
act lockdown on --why 'a test' --except "$server_id"
succeeds
inactive 'a key in a lockdown' "$server" "$plain"
act lockdown off
succeeds

# ---- access tokens: those of a tenant that lets them be used again ----
get_token "$plain"
inactive 'a token that is good once' "$server" "$token"
lets_in "$token" 200
inactive 'a token that was used' "$server" "$token"
act tenant update default --token-reuse yes
succeeds
get_token "$plain"
active 'a token that is good again and again' "$server" "$token"
is 'what is told' "$(jq -c '[.client_id, .sub, .scope, .exp - .iat]' <<<"$body")" "[\"$plain_id\",\"$plain_id\",\"mail.imap\",1800]"
has 'its id' "$(jq -r .jti <<<"$body")" "$("$apikeyctl" --runtime-dir "$runtime" --json token inspect <<<"$token" | jq -r .id)"
active 'and again' "$server" "$token"
lets_in "$token" 200

# ---- tenants: each asks about its own, an account about its tenants' ----
act --json tenant create --name shop --token-reuse yes
succeeds
make_key till --tenant shop --permission mail.imap
till=$secret
inactive "another tenant's key" "$server" "$till"
get_token "$till"
inactive "another tenant's token" "$server" "$token"
make_key shop-server --tenant shop --permission apikeyd.introspect
active "its own tenant's token" "$secret" "$token"
inactive 'the token of the tenant before' "$secret" "$plain"
make_key account-server --account default --permission apikeyd.introspect
active "a tenant's token, for its account" "$secret" "$token"

# ---- revoke ----
get_token "$plain"
form /v1/revoke "$till" "$token"
refuses 403 ACCESS_DENIED
active 'it was not revoked' "$server" "$token"
form /v1/revoke "$plain" "$token"
is 'the status for its own' "$code" 200
is 'the body' "$body" ''
inactive 'it was revoked' "$server" "$token"
lets_in "$token" 401
form /v1/revoke "$plain" "$token"
is 'the status for what was revoked' "$code" 200
get_token "$plain"
make_key ender --permission apikeyd.keys.write
form /v1/revoke "$secret" "$token"
is 'the status for who may end keys' "$code" 200
inactive 'it was revoked' "$server" "$token"
for given in nonsense "${token%??????}aaaaaa" "$(head -c 9000 /dev/zero | tr '\0' a)"; do
	form /v1/revoke "$plain" "$given"
	is 'the status for what is no token' "$code" 200
done
form /v1/revoke "$plain" "$plain"
is 'the status for a key' "$code" 400
is 'the error' "$(jq -r .error <<<"$body")" unsupported_token_type
active 'the key' "$server" "$plain"
form /v1/revoke nonsense-that-is-long-enough "$token"
is 'the status for who is nobody' "$code" 401

lacks 'the log' "$(<"$scratch/gateway.log")" "$plain" "$server" "$token"
lacks 'the audit' "$(<"$scratch/log/audit.jsonl")" "$plain" "$server" "$token"
stop_daemon
for path in /v1/introspect /v1/revoke; do
	form "$path" "$server" "$plain-"
	refuses 503 SERVICE_UNAVAILABLE
done
has 'the head' "$head" 'Retry-After: '
finish
