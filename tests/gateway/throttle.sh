#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Who fails too often, at the gateway with the real daemon: it is told so, from each address by itself, however it asks;
# a good key is let in from there all the same; and who changes too much is told to wait.
# shellcheck source=tests/gateway/harness.sh
. "${srcdir:-.}/tests/gateway/harness.sh"

need python3
most=5
as_gateway=('[peers]' "$gateway_user = nginx" '[throttle]' "failures_per_minute = $most" 'failures_per_key = 0' '[gateway]' "users = $gateway_user")
if [[ $gateway_user == "$me" ]]; then
	more_settings=('[peers]' "$gateway_user = nginx")
else
	more_settings=("${as_gateway[@]}")
fi
start_daemon
make_key good --permission web.read --permission 'apikeyd.*'
good=$secret
make_key gone --permission web.read
gone=$secret
act key delete "$id"
succeeds
# Who administers as the gateway is no administrator any more.
if [[ $gateway_user == "$me" ]]; then
	stop_daemon
	more_settings=("${as_gateway[@]}")
	start_daemon
fi
start_gateway --proxy local

auth='/v1/auth?permission=web.read&service=nginx'
pair="00000000-0000-4000-8000-000000000000:n:$(date +%s):JYDZ7e7Y36oeJJ3E5UB7tF9VBAwIv1B5HTPNw9iaV6Y="
printf 'Authorization: Bearer %s\n' "$good" >"$scratch/good"

# from ADDRESS PATH CURL-OPTION…
from()
{
	local address=$1

	shift
	ask "$@" -H "X-Forwarded-For: $address"
}

# throttled: how that is told.
throttled()
{
	refuses 429 TOO_MANY_REQUESTS
	is 'when to come again' "$(sed -n 's/^Retry-After: //p' <<<"$head")" 60
}

# wears_out ADDRESS CODE PATH CURL-OPTION…: refused so often, and after that throttled. One is forgotten in the time that
# a minute has for it, so that a slow machine may see one more.
wears_out()
{
	local address=$1 told=$2 begun=$SECONDS count=0

	shift 2
	while from "$address" "$@"; [[ $code == 401 ]] && ((count < 10 * most)); do
		refuses 401 "$told"
		count=$((count + 1))
	done
	throttled
	((count >= most)) || fail "$address is throttled after $count"
	((count <= most + 1 + (SECONDS - begun) * most / 60)) || fail "$address is throttled only after $count"
}

# is_worn_out ADDRESS PATH CURL-OPTION…: what it did in one way counts in all others. On a slow machine one or two are
# forgotten by now; from nowhere it would be all of them.
is_worn_out()
{
	local address=$1 count=0

	shift
	while from "$address" "$@"; [[ $code == 401 ]]; do
		count=$((count + 1))
	done
	throttled
	((count < most - 1)) || fail "$address has $count more for $1"
}

# ---- each address by itself, whatever is asked ----
wears_out 192.0.2.1 ACCESS_TOKEN_INVALID "$auth" -H "Authorization: Bearer $gone"
is_worn_out 192.0.2.1 /v1/identity/me -H "Authorization: Bearer $gone"
# In the other form of errors, too.
from 192.0.2.1 "$auth" -H "Authorization: Bearer $gone" -H 'Accept: application/problem+json'
is 'the title' "$(jq -r '.status, .title' <<<"$body" | xargs)" '429 TOO_MANY_REQUESTS'
has 'the head' "$head" 'Retry-After: 60'
wears_out 192.0.2.2 ACCESS_TOKEN_INVALID /v1/identity/me -H "Authorization: Bearer $gone"
is_worn_out 192.0.2.2 "$auth" -H "Authorization: Bearer $gone"
wears_out 192.0.2.3 HMAC_INVALID /v1/identity/me -H "Authorization: Hmac $pair"
wears_out 192.0.2.4 ACCESS_TOKEN_INVALID /v1/identity/token -X POST -H "Authorization: Bearer $gone"
wears_out 192.0.2.5 ACCESS_TOKEN_INVALID /v1/introspect -H "Authorization: Bearer $gone" -d token=x
# The portal's sign-in.
printf 'credential=%s' "$gone" >"$scratch/form"
sign_in=(/portal/sign-in -H 'Sec-Fetch-Site: same-origin' --data "@$scratch/form")
for ((count = 0; count < most; count++)); do
	from 192.0.2.6 "${sign_in[@]}"
	is 'the status of a sign-in to the portal that fails' "$code" 403
done
until from 192.0.2.6 "${sign_in[@]}"; [[ $code != 403 ]] || ((count++ > 10 * most)); do
	:
done
is 'the status of one sign-in too many' "$code" 429
is_worn_out 192.0.2.6 "$auth" -H "Authorization: Bearer $gone"

# ---- nobody else ----
from 192.0.2.9 "$auth" -H "Authorization: Bearer $gone"
refuses 401 ACCESS_TOKEN_INVALID
from 192.0.2.9 /v1/identity/me -H "Authorization: Bearer $gone"
refuses 401 ACCESS_TOKEN_INVALID
# A key that is good is let in from anywhere: nobody locks another one out.
for address in 192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.9; do
	for path in "$auth" /v1/identity/me; do
		from "$address" "$path" -H "@$scratch/good"
		is "the status of a good key from $address" "$code" 200
	done
done
has 'the audit' "$(grep '"192.0.2.2"' "$scratch/log/audit.jsonl")" '"verdict":"throttled"' '"reason":"too_many_failures"'

# ---- who changes too much ----
cat >"$scratch/many.py" <<'PYTHON'
import http.client, json, socket, sys
class Connection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(sys.argv[1])
client = Connection('gateway.example')
headers = {'Authorization': 'Bearer ' + open(sys.argv[2]).read().split()[-1], 'Content-Type': 'application/json'}
for count in range(2000):
    client.request('POST', '/v1/api-tokens', '{"name":"good"}', headers)
    answer = client.getresponse()
    body = json.loads(answer.read())['errors'][0]
    if body['errorCode'] != 'NAME_INVALID':
        break
print(answer.status, body['errorCode'], answer.getheader('Retry-After'), count >= 600, body['message'])
client.request('GET', '/v1/api-tokens', None, headers)
print(client.getresponse().status)
PYTHON
is 'what who changes too much is told' "$(python3 "$scratch/many.py" "$gateway_socket" "$scratch/good" 2>&1)" \
	"429 TOO_MANY_REQUESTS 60 True You may make and change keys 600 times a minute; nothing was changed, try again in a moment. Revoking, retiring and deleting goes on.
200"
lacks 'the log' "$(<"$scratch/gateway.log")" "$good" "$gone"
finish
