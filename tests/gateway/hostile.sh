#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The whole gateway with clients that mean it harm: a thousand that are slow while others are served, more than can be
# served, requests and parts of them that are too long, and paths that are meant to be read as another one.
# shellcheck source=tests/gateway/harness.sh
. "${srcdir:-.}/tests/gateway/harness.sh"
need python3

gateway_settings nginx
start_daemon
# Nobody may read metrics here, so that a path that gets past that shows.
start_gateway --metrics none
make_key page --permission web.read
printf 'Authorization: Bearer %s\n' "$secret" >"$scratch/header"
target='/v1/auth?permission=web.read&service=nginx'

# ---- a thousand that are slow ----
slow_pid=
python3 - "$gateway_socket" >"$scratch/slow" 2>&1 <<'PYTHON' &
import resource, socket, sys, time
starts = [b'', b'GET /v1/au', b'GET /v1/auth HTTP/1.1\r\nHost: x\r\nX-Slow: ',
          b'POST /v1/introspect HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n']
_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
clients = []
for number in range(1000):
    client = socket.socket(socket.AF_UNIX)
    client.connect(sys.argv[1])
    client.sendall(starts[number % len(starts)])
    clients.append(client)
print('there', flush=True)
while True:
    for client in clients:
        try:
            client.send(b'x', socket.MSG_NOSIGNAL | socket.MSG_DONTWAIT)
        except OSError:
            pass
    time.sleep(0.2)
PYTHON
slow_pid=$!
wait_until_there "$scratch/slow"
is 'what the slow ones say' "$(<"$scratch/slow")" there
for count in 1 2 3 4 5 6 7 8 9 10; do
	ask "$target" -H "@$scratch/header"
	is "the status of $count beside a thousand" "$code" 200
done
kill "$slow_pid"
wait "$slow_pid" 2>/dev/null

# ---- more than can be asked of a daemon that is stopped ----
# So many wait and no more; the others are told at once when to come again, and those that wait are served when it goes on.
kill -STOP "$daemon_pid"
python3 - "$gateway_socket" "$scratch/header" "$daemon_pid" >"$scratch/many" 2>&1 <<'PYTHON'
import os, select, signal, socket, sys, time
COUNT, HELD = 260, 192 + 3
head = 'GET /v1/identity/me HTTP/1.1\r\nHost: x\r\n' + open(sys.argv[2]).read().strip() + '\r\n\r\n'
clients, answers = [], {}
begun = time.monotonic()
for _ in range(COUNT):
    client = socket.socket(socket.AF_UNIX)
    client.connect(sys.argv[1])
    client.sendall(head.encode())
    clients.append(client)

def collect(wanted):
    while len(answers) < wanted and time.monotonic() - begun < 20:
        for client in select.select([c for c in clients if c not in answers], [], [], 0.1)[0]:
            answers[client] = client.recv(65536)

collect(COUNT - HELD)
at_once = list(answers.values())
late = time.monotonic() - begun
os.kill(int(sys.argv[3]), signal.SIGCONT)
collect(COUNT)
told = [a for a in at_once if a.startswith(b'HTTP/1.1 503 ') and b'\r\nRetry-After: 1\r\n' in a]
print('told at once:', len(told) >= COUNT - HELD and len(told) == len(at_once))
print('answered:', len(answers))
# On a machine that is busy they may have waited for too long.
served = [a for a in answers.values() if a.startswith((b'HTTP/1.1 200 ', b'HTTP/1.1 403 '))]
print('served:', len(served) >= HELD - 3 or late > 1, '' if len(served) >= HELD - 3 else len(served))
PYTHON
kill -CONT "$daemon_pid"
is 'what many are told' "$(<"$scratch/many")" 'told at once: True
answered: 260
served: True '

# ---- too long ----
printf 'X-Long: %0100000d\n' 0 >"$scratch/long"
ask "$target" -H "@$scratch/header" -H "@$scratch/long"
[[ $code != 200 ]] || fail 'a header of 100 kB is taken'
printf 'Authorization: Bearer %07000d\n' 0 >"$scratch/long"
ask "$target" -H "@$scratch/long"
refuses 400 INVALID_REQUEST
ask "$target&x=$(printf '%07000d' 0)" -H "@$scratch/header"
is 'the status of a long parameter that nobody asks for' "$code" 200
ask "/v1/auth?permission=$(printf '%02000d' 0)&service=nginx" -H "@$scratch/header"
refuses 400 INVALID_REQUEST
printf '%s' "$(for ((i = 0; i < 80; i++)); do printf '&a%s=1' "$i"; done)" >"$scratch/many"
ask "$target$(<"$scratch/many")" -H "@$scratch/header"
refuses 400 INVALID_REQUEST
head -c 70000 /dev/zero | tr '\0' a >"$scratch/large"
ask /v1/introspect -H "@$scratch/header" --data "@$scratch/large" -H 'Expect:'
refuses 413 CONTENT_TOO_LARGE
ask /v1/introspect -H "@$scratch/header" --data "@$scratch/large" -H 'Transfer-Encoding: chunked' -H 'Expect:'
refuses 413 CONTENT_TOO_LARGE

# ---- refused before the body ----
# Each line: the status, and the head of a request that goes on; the credentials are well-formed, and no body is sent.
pair=a123456b-c12c-123d-1ab4-18bd8c8e88a3
hmac="$pair:nonce1:1535617532:JYDZ7e7Y36oeJJ3E5UB7tF9VBAwIv1B5HTPNw9iaV6Y="
cat >"$scratch/heads" <<HEADS
404|POST /v1/nothing
404|POST /portal/nothing
405|POST /healthz
405|PUT /v1/account/keys
405|PUT /portal/sign-in
401|POST /v1/auth?permission=web.read&service=nginx
401|POST /v1/introspect|Content-Type: application/x-www-form-urlencoded
401|POST /v1/revoke|Content-Type: application/x-www-form-urlencoded
401|POST /v1/account/keys|Content-Type: application/json
401|POST /v1/identity/hmac
400|POST /v1/account/keys|Authorization: Bearer $secret|Content-Type: application/json
415|POST /v1/api-tokens|Authorization: Bearer $secret|Content-Type: text/plain
415|POST /v1/introspect|Authorization: Bearer $secret|Content-Type: application/json
413|POST /v1/api-tokens|Authorization: Hmac $hmac|Content-Type: application/json
413|POST /v1/api-tokens|Authorization: Bearer $hmac|Content-Type: application/json
413|POST /v1/introspect|Authorization: Bearer $hmac|Content-Type: application/x-www-form-urlencoded
413|POST /v1/introspect|X-API-KEY: $hmac|Content-Type: application/x-www-form-urlencoded
100|POST /v1/introspect|Authorization: Bearer $secret|Content-Type: application/x-www-form-urlencoded
100|POST /v1/api-tokens|Authorization: Bearer $secret|Content-Type: application/json
403|POST /portal/sign-in|Content-Type: application/x-www-form-urlencoded
403|POST /portal/sign-in|Content-Type: application/x-www-form-urlencoded|Origin: https://evil.example
403|POST /portal/new|Content-Type: application/x-www-form-urlencoded|Sec-Fetch-Site: cross-site
415|POST /portal/sign-in|Content-Type: text/plain|Sec-Fetch-Site: same-origin
100|POST /portal/sign-in|Content-Type: application/x-www-form-urlencoded|Sec-Fetch-Site: same-origin
HEADS
python3 - "$gateway_socket" "$scratch/heads" >"$scratch/early" 2>&1 <<'PYTHON'
import socket, sys
for line in open(sys.argv[2]):
    status, request, *fields = line.rstrip('\n').split('|')
    for expect in (True, False) if status != '100' else (True,):
        head = [request + ' HTTP/1.1', 'Host: x', 'Content-Length: 50000', *fields]
        head += ['Expect: 100-continue'] if expect else []
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(10)
        client.connect(sys.argv[1])
        client.sendall(('\r\n'.join(head) + '\r\n\r\n').encode())
        try:
            answer = client.recv(65536)
        except TimeoutError:
            answer = b'nothing'
        if not answer.startswith(f'HTTP/1.1 {status} '.encode()):
            print(status, request, fields, expect, answer)
        client.close()
print('looked')
PYTHON
is 'what is answered before a body comes' "$(<"$scratch/early")" looked

# ---- paths ----
for path in //metrics /./metrics /v1/../metrics /healthz/../metrics /metrics/ /metrics/. '/metrics;x' /metrics%2f /%6detrics /METRICS \
	/metrics%00 /metrics\\ /v1//auth /v1/auth/ /v1/./auth /v1/%61uth '/v1/auth;a=b' /V1/auth /v1\\auth /v1/auth/.. /v1/auth%3Fpermission=web.read \
	'/v1/auth%20' /..%2f..%2fetc/passwd /../../etc/passwd / ''; do
	ask "$path" --path-as-is -H "@$scratch/header"
	refuses 404 NOT_FOUND
done
ask /metrics
refuses 403 ACCESS_DENIED
ask '/metrics?x=1'
refuses 403 ACCESS_DENIED
ask "/healthz?x=$(printf '%%2e%%2e%%2fmetrics')"
is 'the status of what only looks like a path' "$code" 200
for query in 'permission=web.read&permission=admin&service=nginx' 'permission=web.read&Permission=x&service=nginx&service=x' \
	'permission=web%00.read&service=nginx' 'permission=web.read&service=ng%07inx' 'permission=%ff&service=nginx' 'permission=web.read&service=%zz'; do
	ask "/v1/auth?$query" -H "@$scratch/header"
	refuses 400 INVALID_REQUEST
done
# A second ? is part of a value, and a # never gets here.
ask "/v1/auth?permission=web.read&service=nginx?x" -H "@$scratch/header"
is 'the status of another service' "$code" "$kept_out"

# It is none the worse for all this.
ask "$target" -H "@$scratch/header"
is 'the status at the end' "$code" 200
finish
