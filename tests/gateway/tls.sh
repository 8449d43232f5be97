#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# TLS with certificate files: who is served, which pairs of files are taken, how a renewed one is taken up, and clients
# that do not finish what they begin.
# shellcheck source=tests/gateway/harness.sh
. "${srcdir:-.}/tests/gateway/harness.sh"
need openssl python3 timeout

tls_socket=$scratch/tls.sock
conf=$scratch/gateway.conf
trap 'kill_slow; gateway_end' EXIT
slow_pid=
# shellcheck disable=SC2317 # it is called at the end
kill_slow()
{
	[[ -z $slow_pid ]] || { kill "$slow_pid"; wait "$slow_pid"; } 2>/dev/null
	slow_pid=
}

# certify NAME DAYS [OPTION…]: NAME.crt, good for so many days from now, which may be before, and NAME.key, the gateway's
# own and nobody else's.
certify()
{
	local name=$1 days=$2

	shift 2
	(
		cd "$scratch" || exit
		umask 077
		openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$name.key" 2>/dev/null
		if ((days >= 0)); then
			openssl req -new -x509 -key "$name.key" -days "$days" -subj "/CN=$name" \
				-addext 'subjectAltName = DNS:keys.example' -out "$name.crt" "$@" 2>/dev/null
		else
			openssl req -new -key "$name.key" -subj "/CN=$name" -out "$name.csr" 2>/dev/null
			: >index.txt
			printf '[ca]\ndefault_ca = own\n[own]\ndatabase = index.txt\nserial = serial\nnew_certs_dir = .\n' >ca.conf
			printf 'policy = any\ndefault_md = sha256\n[any]\ncommonName = supplied\n' >>ca.conf
			openssl ca -batch -config ca.conf -selfsign -keyfile "$name.key" -in "$name.csr" -rand_serial -notext \
				-startdate 20200101000000Z -enddate 20210101000000Z -out "$name.crt" 2>/dev/null
		fi
		chmod 644 "$name.crt"
		chown "$gateway_user" "$name.key"
	) || fail "no certificate $name is made"
}

# tls_settings CERTIFICATE KEY [LINE…]
tls_settings()
{
	printf '[tls]\ncertificate = %s\nkey = %s\n' "$1" "$2" >"$conf"
	printf '%s\n' "${@:3}" >>"$conf"
	chmod 644 "$conf"
}

# start_tls GATEWAY-OPTION…
start_tls()
{
	start_gateway --config "$conf" --tls-listen "$tls_socket" "$@"
}

# does_not_start TEXT…: the gateway, which says so; and neither does the check pass.
does_not_start()
{
	local option

	for option in --runtime-dir --check-config; do
		if timeout 20 "$gateway" --config "$conf" --user "$gateway_user" --runtime-dir "$runtime" \
			--listen "$scratch/none.sock" --tls-listen "$scratch/none-tls.sock" \
			${option/--runtime-dir/--metrics=none} >"$scratch/out" 2>&1 </dev/null; then
			fail "it starts with $(<"$conf")"
		fi
		has "what it says ($option)" "$(<"$scratch/out")" "$@"
	done
}

# ask_tls CERTIFICATE PATH CURL-OPTION…: as ask, over TLS, with this certificate alone to trust.
ask_tls()
{
	local certificate=$1 path=$2

	shift 2
	last="$path $*"
	code=$(curl -sS --max-time 30 --unix-socket "$tls_socket" --cacert "$certificate" -D "$scratch/head" -o "$scratch/body" \
		-w '%{http_code}' "$@" "https://keys.example$path" 2>"$scratch/curl.err")
	head=$(tr -d '\r' <"$scratch/head")
	body=$(<"$scratch/body")
}

# shown: the name in the certificate that a client is shown now.
shown()
{
	openssl s_client -unix "$tls_socket" </dev/null 2>/dev/null | openssl x509 -noout -subject -nameopt multiline |
		sed -n 's/.*commonName *= //p'
}

# logged TEXT: waits until the gateway has said so.
logged()
{
	local deadline=$((SECONDS + 20))

	until grep -qF -- "$1" "$scratch/gateway.log"; do
		if ((SECONDS > deadline)); then
			fail "the gateway never says '$1': $(<"$scratch/gateway.log")"
			return
		fi
		sleep 0.05
	done
}

gateway_settings nginx
start_daemon
make_key page --permission web.read
printf 'Authorization: Bearer %s\n' "$secret" >"$scratch/header"
target='/v1/auth?permission=web.read&service=nginx'
certify first 30
certify second 30
certify ended -1

# ---- what is not taken ----
tls_settings "$scratch/first.crt" "$scratch/second.key"
does_not_start "$scratch/second.key is not that of the first certificate in $scratch/first.crt"
tls_settings "$scratch/first.key" "$scratch/first.key"
does_not_start "$scratch/first.key begins with no certificate"
tls_settings "$scratch/first.crt" "$scratch/first.crt"
chown "$gateway_user" "$scratch/first.crt" && chmod 600 "$scratch/first.crt"
does_not_start "$scratch/first.crt has no private key"
chmod 644 "$scratch/first.crt"
tls_settings "$scratch/none.crt" "$scratch/first.key"
does_not_start "$scratch/none.crt cannot be opened: No such file"
for mode in 640 604 620 660 644; do
	chmod $mode "$scratch/first.key"
	tls_settings "$scratch/first.crt" "$scratch/first.key"
	does_not_start "$scratch/first.key is open to others (mode 0$mode)" 'chmod 0600'
done
chmod 600 "$scratch/first.key"
openssl pkey -in "$scratch/first.key" -aes256 -passout pass:x -out "$scratch/locked.key"
chown "$gateway_user" "$scratch/locked.key"
tls_settings "$scratch/first.crt" "$scratch/locked.key"
does_not_start "$scratch/locked.key has a passphrase" 'openssl pkey'
{ cat "$scratch/first.crt"; sed '3d' "$scratch/second.crt"; } >"$scratch/torn.crt"
tls_settings "$scratch/torn.crt" "$scratch/first.key"
does_not_start "what follows the first certificate in $scratch/torn.crt is not taken"
tls_settings tls-certificate tls-key
CREDENTIALS_DIRECTORY=$scratch/nowhere does_not_start 'the credential tls-certificate was not handed over' 'systemctl try-restart apikey-gateway'
mkdir -m 700 "$scratch/credentials"
for half in crt key; do
	cp "$scratch/first.$half" "$scratch/credentials/tls-$half"
	chmod 400 "$scratch/credentials/tls-$half"
done
chown -R "$gateway_user" "$scratch/credentials"
tls_settings tls-crt tls-key
CREDENTIALS_DIRECTORY=$scratch/credentials "$gateway" --config "$conf" --check-config --user "$gateway_user" \
	>"$scratch/out" 2>&1 || fail "a credential is not taken: $(<"$scratch/out")"
has 'what the check says' "$(<"$scratch/out")" 'the certificate in tls-crt is good until 20'
"$gateway" --config "$conf" --check-config --user "$gateway_user" >"$scratch/out" 2>&1 || fail 'a credential keeps the check from passing'
has 'what the check says of credentials' "$(<"$scratch/out")" 'at which only the service can look'
if [[ $(id -u) -eq 0 ]]; then
	# Of root, for root alone: the gateway, which is not root, says how it is handed over.
	chown root:root "$scratch/first.key"
	tls_settings "$scratch/first.crt" "$scratch/first.key"
	does_not_start "$scratch/first.key cannot be read by uid $(id -u "$gateway_user")" 'apikey-gateway(8), TLS'
	chgrp "$(id -g "$gateway_user")" "$scratch/first.key" && chmod 644 "$scratch/first.key"
	does_not_start "$scratch/first.key is open to others (mode 0644)" 'chmod 0640'
	chown bin "$scratch/first.key" && chmod 640 "$scratch/first.key"
	does_not_start "$scratch/first.key belongs to uid $(id -u bin)"
	# Of root, for the gateway's group: that is taken, here and below.
	chown root "$scratch/first.key"
fi
: >"$conf"
does_not_start_without()
{
	if timeout 20 "$gateway" --config "$conf" --user "$gateway_user" --runtime-dir "$runtime" \
		--listen "$scratch/none.sock" --tls-listen "$scratch/none-tls.sock" >"$scratch/out" 2>&1 </dev/null; then
		fail 'it starts without a certificate'
	fi
	has 'what it says' "$(<"$scratch/out")" 'there is a socket for TLS and no certificate'
}
does_not_start_without

# ---- who is served ----
tls_settings "$scratch/first.crt" "$scratch/first.key"
"$gateway" --config "$conf" --check-config --user "$gateway_user" >"$scratch/out" 2>&1 || fail "the check fails: $(<"$scratch/out")"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
start_tls --tls-listen "127.0.0.1:$port"
logged "the certificate in $scratch/first.crt is good until 20"
ask_tls "$scratch/first.crt" "$target" -H "@$scratch/header"
is 'the status over TLS' "$code" 200
has 'the head over TLS' "$head" 'Strict-Transport-Security: max-age=31536000' 'X-Api-User:'
ask_tls "$scratch/first.crt" "$target"
refuses 401 AUTHORIZATION_IS_REQUIRED
ask "$target" -H "@$scratch/header"
is 'the status without TLS' "$code" 200
lacks 'the head without TLS' "$head" 'Strict-Transport-Security'
code=$(curl -sS --max-time 30 --cacert "$scratch/first.crt" --resolve "keys.example:$port:127.0.0.1" -o /dev/null \
	-w '%{http_code} %{http_version} %{ssl_verify_result}' "https://keys.example:$port/healthz" 2>&1)
is 'the status by the port, the version and the certificate' "$code" '200 1.1 0'
ask_tls "$scratch/second.crt" /healthz
is 'the status for who trusts another' "$code" 000
# Long ones go through in both directions, and one after the other over one connection.
head -c 60000 /dev/zero | tr '\0' a >"$scratch/long"
ask_tls "$scratch/first.crt" /v1/introspect -H "@$scratch/header" --data-urlencode "token@$scratch/long"
is 'the status of a long body' "$code" 200
is 'what is told of it' "$(jq -c .active <<<"$body")" false
connects=$(curl -sS --max-time 30 --unix-socket "$tls_socket" --cacert "$scratch/first.crt" -o "$scratch/1" -o "$scratch/2" \
	-o "$scratch/3" -w '%{num_connects}' "https://keys.example/openapi.json" "https://keys.example/portal/style.css" \
	"https://keys.example/openapi.json" 2>&1)
is 'connections for three requests' "$connects" 100
cmp -s "$scratch/1" "$scratch/3" || fail 'a long answer comes in two ways'
jq -e .openapi "$scratch/1" >/dev/null || fail 'a long answer is not whole'

# ---- TLS that is none ----
for version in -tls1 -tls1_1; do
	if openssl s_client $version -cipher 'ALL:@SECLEVEL=0' -unix "$tls_socket" </dev/null >"$scratch/out" 2>&1; then
		fail "$version is spoken"
	fi
	has "what $version gets" "$(<"$scratch/out")" 'alert protocol version'
done
for version in -tls1_2 -tls1_3; do
	openssl s_client $version -unix "$tls_socket" </dev/null >"$scratch/out" 2>&1 || fail "$version is not spoken"
done
for cipher in AES128-SHA AES256-GCM-SHA384 ECDHE-ECDSA-AES128-SHA DHE-RSA-AES128-GCM-SHA256 NULL; do
	if openssl s_client -tls1_2 -cipher "$cipher:@SECLEVEL=0" -unix "$tls_socket" </dev/null >/dev/null 2>&1; then
		fail "$cipher is spoken"
	fi
done
# The address, without the s.
code=$(curl -sS --max-time 30 -o "$scratch/body" -w '%{http_code}' "http://127.0.0.1:$port/portal" 2>"$scratch/curl.err")
is 'the status of HTTP' "$code" 400
has 'what is said of HTTP' "$(<"$scratch/body")" INVALID_REQUEST 'https://'
printf 'nothing of the sort\r\n\r\n' | timeout 20 python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall(sys.stdin.buffer.read())
while s.recv(1000): pass' "$tls_socket" || fail 'noise is not hung up on'

# ---- clients that are slow: their deadlines, and who is served meanwhile ----
stop_gateway
tls_settings "$scratch/first.crt" "$scratch/first.key" '[gateway]' 'quiet_timeout = 4s' 'request_timeout = 4s' 'connections = 400'
start_tls
before=$(awk '{ print $14 + $15 }' "/proc/$gateway_pid/stat")
# Silent ones, half a hello, a hello and nothing more, and a request a byte at a time. It tells how long they were let.
python3 - "$tls_socket" "$scratch/first.crt" >"$scratch/slow" 2>&1 <<'PYTHON' &
import select, socket, ssl, sys, time
path, certificate = sys.argv[1:]
context = ssl.create_default_context(cafile=certificate)
def connect():
    client = socket.socket(socket.AF_UNIX)
    client.connect(path)
    return client
def hello():
    out = ssl.MemoryBIO()
    tls = context.wrap_bio(ssl.MemoryBIO(), out, server_hostname='keys.example')
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        return out.read()
clients = {}
for number in range(150):
    client = connect()
    kind = ('silent', 'half', 'hello')[number % 3]
    if kind != 'silent':
        whole = hello()
        client.sendall(whole if kind == 'hello' else whole[:len(whole) // 2])
    clients[client] = kind
slow = context.wrap_socket(connect(), server_hostname='keys.example')
slow.sendall(b'GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ')
began = time.monotonic()
print('there', flush=True)
left, slow_end = dict(clients), None
while (left or slow_end is None) and time.monotonic() - began < 30:
    readable, _, _ = select.select(list(left), [], [], 0.2)
    for client in readable:
        try:
            if not client.recv(10000):
                del left[client]
        except ConnectionError:
            del left[client]
    if slow_end is None:
        try:
            slow.sendall(b'x')
        except OSError:
            slow_end = time.monotonic() - began
print('left', len(left), flush=True)
print('slow', 'ended' if slow_end is not None and slow_end < 20 else slow_end, flush=True)
print('in', 'time' if 3 < time.monotonic() - began < 20 else time.monotonic() - began, flush=True)
PYTHON
slow_pid=$!
wait_until_there "$scratch/slow"
for count in 1 2 3 4 5; do
	ask "$target" -H "@$scratch/header"
	is "the status of $count without TLS beside the slow" "$code" 200
	ask_tls "$scratch/first.crt" "$target" -H "@$scratch/header"
	is "the status of $count with TLS beside the slow" "$code" 200
done
wait "$slow_pid"
slow_pid=
is 'what became of the slow ones' "$(tr '\n' ' ' <"$scratch/slow")" 'there left 0 slow ended in time '
# They wait, and the processor does not: a second of it would be a loop that turns for nothing.
used=$(($(awk '{ print $14 + $15 }' "/proc/$gateway_pid/stat") - before))
((used < $(getconf CLK_TCK))) || fail "the slow ones cost $used ticks"
descriptors=$(find "/proc/$gateway_pid/fd" -type l | wc -l)
((descriptors < 40)) || fail "$descriptors descriptors are left"

# As many as there are places for those of one socket: the others have theirs, and who comes gets the place of who waits.
python3 - "$tls_socket" >"$scratch/silent" 2>&1 <<'PYTHON' &
import socket, sys, time
clients = []
for _ in range(500):
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(20)
    client.connect(sys.argv[1])
    clients.append(client)
print('there', flush=True)
time.sleep(60)
PYTHON
slow_pid=$!
wait_until_there "$scratch/silent"
is 'what the silent ones say' "$(<"$scratch/silent")" there
ask "$target" -H "@$scratch/header"
is 'the status without TLS beside a full house' "$code" 200
ask_tls "$scratch/first.crt" "$target" -H "@$scratch/header"
is 'the status with TLS beside a full house' "$code" 200
kill_slow

# ---- a renewed certificate ----
cp "$scratch/first.crt" "$scratch/live.crt"
cp -p "$scratch/first.key" "$scratch/live.key"
stop_gateway
tls_settings "$scratch/live.crt" "$scratch/live.key" 'hsts = 0s'
start_tls
is 'who is shown at first' "$(shown)" first
ask_tls "$scratch/first.crt" /healthz
lacks 'the head without hsts' "$head" 'Strict-Transport-Security'
# One that is connected meanwhile stays so.
exec {kept_in}> >(openssl s_client -quiet -ign_eof -unix "$tls_socket" >"$scratch/kept" 2>/dev/null)
printf 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n' >&"$kept_in"
deadline=$((SECONDS + 20))
until grep -q '200 OK' "$scratch/kept" || ((SECONDS > deadline)); do sleep 0.05; done
cat "$scratch/second.crt" >"$scratch/live.crt"
kill -HUP "$gateway_pid"
logged "the certificate before stays: the private key in $scratch/live.key is not that of the first certificate in $scratch/live.crt"
is 'who is shown with one half of the pair' "$(shown)" first
cat "$scratch/second.key" >"$scratch/live.key"
kill -HUP "$gateway_pid"
logged 'the certificate was taken up'
is 'who is shown with both' "$(shown)" second
ask_tls "$scratch/second.crt" "$target" -H "@$scratch/header"
is 'the status for who trusts the second' "$code" 200
printf 'GET /v1/identity/me HTTP/1.1\r\nHost: x\r\n\r\n' >&"$kept_in"
deadline=$((SECONDS + 20))
until grep -q '401 Unauthorized' "$scratch/kept" || ((SECONDS > deadline)); do sleep 0.05; done
grep -q '401 Unauthorized' "$scratch/kept" || fail "who was connected is not served on: $(<"$scratch/kept")"
exec {kept_in}>&-
for broken in 'chmod 644' 'truncate -s 0' 'rm'; do
	: >"$scratch/gateway.log"
	$broken "$scratch/live.key"
	kill -HUP "$gateway_pid"
	logged 'the certificate before stays: '
	is "who is shown after $broken" "$(shown)" second
done

# ---- one that has ended is served, and told of ----
stop_gateway
tls_settings "$scratch/ended.crt" "$scratch/ended.key"
start_tls
logged "the certificate in $scratch/ended.crt was good until 2021-01-01T00:00:00Z, and clients refuse it"
is 'who is shown' "$(shown)" ended
ask_tls "$scratch/ended.crt" /healthz
is 'the status for who looks at the date' "$code" 000

# ---- without TLS there is nothing to take up, and nobody to end ----
stop_gateway
start_gateway
kill -HUP "$gateway_pid"
logged 'there is no certificate to take up'
ask "$target" -H "@$scratch/header"
is 'the status after that' "$code" 200
# ---- the portal's cookie ----
stop_gateway
tls_settings "$scratch/second.crt" "$scratch/second.key"
start_tls
ask_tls "$scratch/second.crt" /portal/sign-in
is 'the status of the portal' "$code" 200
has 'the head of the portal' "$head" 'Strict-Transport-Security: max-age=31536000'
# A sign-in is given to gateways, and one that runs as who administers is none.
if [[ $gateway_user != "$me" ]]; then
	make_key reader --permission apikeyd.keys.read
	printf '%s' "$secret" >"$scratch/secret"
	for proto in https http; do
		ask_tls "$scratch/second.crt" /portal/sign-in -c "$scratch/jar" -H 'Origin: https://keys.example' \
			-H "X-Forwarded-Proto: $proto" --data-urlencode "credential@$scratch/secret"
		is 'the status of a sign-in' "$code" 303
		[[ $head =~ Set-Cookie:\ __Host-apikey-portal=[^\;]+\;\ Path=/\;\ HttpOnly\;\ SameSite=Strict\;\ Secure ]] ||
			fail "the cookie is none for TLS alone: $head"
		ask_tls "$scratch/second.crt" /portal -b "$scratch/jar"
		is 'the status of the page with the cookie' "$code" 200
	done
fi

finish
