#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# GET /v1/auth with the real daemon and curl: every way to present a key, what comes back, what each refusal is called,
# and what happens while the daemon is away.
# shellcheck source=tests/gateway/harness.sh
. "${srcdir:-.}/tests/gateway/harness.sh"

gateway_settings nginx grafana
start_daemon
start_gateway --proxy local

make_key page --permission web.read --permission web.write
page=$id page_secret=$secret
make_key other --permission web.read --from 192.0.2.0/24
other_secret=$secret
target='/v1/auth?permission=web.read&service=nginx'

# ---- every way to present a key ----
for given in "Authorization: Bearer $page_secret" "Authorization: apiToken $page_secret" "authorization: BEARER $page_secret" \
	"X-API-KEY: $page_secret" "x-api-key: $page_secret" \
	"Authorization: Basic $(printf '%s:%s' "$me" "$page_secret" | base64 -w0)" "Authorization: Basic $(printf ':%s' "$page_secret" | base64 -w0)"; do
	ask "$target" -H "$given"
	is 'the status' "$code" 200
	is 'the body' "$body" ''
	has 'the head' "$head" "X-Api-Key-Id: $page" "X-Api-User: $me" 'X-Api-Tenant: default' \
		'X-Api-Permissions: web.read web.write' 'Cache-Control: no-store'
done
ask "$target" -H "Authorization: Bearer $page_secret" -H 'X-Correlation-ID: abc-1'
has 'the head' "$head" 'X-Correlation-ID: abc-1'
ask "$target" -I -H "Authorization: Bearer $page_secret"
is 'the status of HEAD' "$code" 200

# ---- what comes from the client decides nothing ----
ask '/v1/auth?permission=admin&service=nginx' -H "X-API-KEY: $page_secret" -H 'X-Original-URI: /?permission=web.read' \
	-H 'X-Api-Permissions: admin' -H 'X-Api-User: root'
refuses 403 ACCESS_DENIED
lacks 'the head' "$head" X-Api-User X-Api-Key-Id

# ---- refusals ----
ask "$target"
refuses 401 AUTHORIZATION_IS_REQUIRED
has 'the head' "$head" 'WWW-Authenticate: Bearer realm="apikeyd"'
lacks 'the challenge' "$(grep -i '^www-authenticate' <<<"$head")" error
ask "$target" -H "Authorization: Bearer ${page_secret/_/-}"
refuses 401 ACCESS_TOKEN_INVALID
has 'the head' "$head" 'error="invalid_token"'
said=$body
# Keys of the right form that are none, with and without a user: nothing more is told, and the daemon lives on.
make_key gone --permission web.read
gone=$secret
act key delete "$id"
succeeds
make_key changed --permission web.read --from 192.0.2.0/24
act key rotate "$id" --now
succeeds
for given in "$gone" "$secret"; do
	ask "$target" -H "Authorization: Bearer $given"
	refuses 401 ACCESS_TOKEN_INVALID
	ask "$target" -H "Authorization: Basic $(printf '%s:%s' "$me" "$given" | base64 -w0)"
	refuses 401 ACCESS_TOKEN_INVALID
	is 'what is told where a user is named' "$(jq -r '.errors[0].message' <<<"$body")" \
		"$(jq -r '.errors[0].message' <<<"$said")"
done
# A good key, for a user whose it is not.
ask "$target" -H "Authorization: Basic $(printf 'nobody-%s:%s' "$me" "$page_secret" | base64 -w0)"
refuses "$kept_out" "$kept_out_code"
act key deactivate "$page"
succeeds
ask "$target" -H "Authorization: Bearer $page_secret"
refuses 401 ACCESS_TOKEN_INVALID
is 'what is told of a key that is off' "$(jq -r '.errors[0].message' <<<"$body")" "$(jq -r '.errors[0].message' <<<"$said")"
act key activate "$page"
succeeds
ask '/v1/auth?permission=admin&service=nginx' -H "Authorization: Bearer $page_secret"
refuses 403 ACCESS_DENIED
has 'the head' "$head" 'error="insufficient_scope"'
ask '/v1/auth?permission=web.read&service=sshd' -H "Authorization: Bearer $page_secret"
refuses "$kept_out" "$kept_out_code"
ask '/v1/auth?permission=web.read' -H "Authorization: Bearer $page_secret"
refuses 400 INVALID_REQUEST
ask '/v1/auth?permission=&service=nginx' -H "Authorization: Bearer $page_secret"
refuses 400 INVALID_REQUEST
ask '/v1/auth?permission=web.read&service=nginx&permission=x' -H "Authorization: Bearer $page_secret"
refuses 400 INVALID_REQUEST
# Some proxies ask with their client's method, without its body, and put its target behind their own: that can only narrow.
for method in POST PUT PATCH DELETE OPTIONS PROPFIND; do
	ask "$target" -X "$method" -H 'Content-Length: 0' -H "Authorization: Bearer $page_secret"
	is "the status of $method" "$code" 200
	ask "$target" -X "$method" -H "Authorization: Bearer $page_secret"
	is "the status of $method without a length" "$code" 200
	ask "$target" -X "$method" --data-binary 'permission=admin' -H "Authorization: Bearer $page_secret"
	is "the status of $method with a body" "$code" 200
	ask "${target/web.read/admin}" -X "$method" -d 'permission=web.read' -H "Authorization: Bearer $page_secret"
	refuses 403 ACCESS_DENIED
	ask "$target" -X "$method"
	refuses 401 AUTHORIZATION_IS_REQUIRED
done
ask "$target&rest=/a/path?x=1&y&tenant=default" -X POST -H "Authorization: Bearer $page_secret"
is 'the status' "$code" 200
ask "$target&rest=/a/path?x=1&tenant=shop" -X POST -H "Authorization: Bearer $page_secret"
refuses "$kept_out" "$kept_out_code"
for more in permission=admin service=grafana 'x=1&x=2' %70ermission=web.read x=%zz "apiToken=$page_secret"; do
	ask "$target&rest=/a/path?a=1&$more" -H "Authorization: Bearer $page_secret"
	refuses 400 INVALID_REQUEST
done
ask /v1/nothing -H "Authorization: Bearer $page_secret"
refuses 404 NOT_FOUND
ask "$target" -H 'Accept: application/problem+json'
is 'the status' "$code" 401
has 'the head' "$head" 'Content-Type: application/problem+json'
is 'its status' "$(jq -r .status <<<"$body")" 401
is 'its title' "$(jq -r .title <<<"$body")" AUTHORIZATION_IS_REQUIRED

# ---- tenants: any, unless the proxy names one ----
act tenant create --name shop
succeeds
make_key till --tenant shop --permission web.read
ask "$target" -H "Authorization: Bearer $secret"
is 'the status' "$code" 200
has 'the head' "$head" 'X-Api-Tenant: '
lacks 'the head' "$head" 'X-Api-Tenant: default'
ask "$target&tenant=default" -H "Authorization: Bearer $secret"
is 'the status' "$code" "$kept_out"
ask "$target&tenant=shop" -H "Authorization: Bearer $secret"
is 'the status' "$code" 200

# ---- whence: what the proxy wrote last ----
ask "$target" -H "Authorization: Bearer $other_secret" -H 'X-Forwarded-For: 192.0.2.7'
is 'the status' "$code" 200
ask "$target" -H "Authorization: Bearer $other_secret" -H 'X-Forwarded-For: 203.0.113.1, 192.0.2.7'
is 'the status' "$code" 200
for given in '192.0.2.7, 203.0.113.1' '192.0.2.7, nobody' '192.0.2.7,' '203.0.113.1'; do
	ask "$target" -H "Authorization: Bearer $other_secret" -H "X-Forwarded-For: $given"
	is "the status from $given" "$code" "$kept_out"
done
ask "$target" -H "Authorization: Bearer $other_secret"
is 'the status from nowhere' "$code" "$kept_out"

# ---- pairs: each token once ----
act --json key create --name pair --owner "$me" --kind pair --expires 90d --permission web.read
succeeds
run_with "$out" token sign --header
succeeds
token=$out
ask "$target" -H "$token"
is 'the status of an HMAC token' "$code" 200
if [[ $gateway_user != "$me" ]]; then
	ask "$target" -H "$token"
	refuses 401 HMAC_NONCE_ALREADY_USED
fi

# ---- while the daemon is away ----
stop_daemon
ask "$target" -H "Authorization: Bearer $page_secret"
refuses 503 SERVICE_UNAVAILABLE
has 'the head' "$head" 'Retry-After: '
ask /healthz
is 'the status' "$code" 503
start_daemon
deadline=$((SECONDS + 20))
until ask "$target" -H "Authorization: Bearer $page_secret" && [[ $code == 200 ]] || ((SECONDS > deadline)); do
	sleep 0.05
done
is 'the status when it is back' "$code" 200

lacks 'the log' "$(<"$scratch/gateway.log")" "$page_secret" "$other_secret" "${token##* }"
finish
