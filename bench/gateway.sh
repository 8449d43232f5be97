#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# bench/gateway.sh: what apikey-gateway does over HTTP, with wrk (and nginx, where it is there) on loopback; gateway, daemon
# and client share the processors. Run by bench/run, as root in the build folder; prints a line for each figure, "NAME
# VALUE…". What is compared takes turns.
#     ROUNDS=3     of each measurement; the median counts
#     SECONDS_EACH=4   that a measurement takes
#     NGINX=nginx  the program
set -euo pipefail

rounds=${ROUNDS:-3}
seconds=${SECONDS_EACH:-4}
nginx=${NGINX:-nginx}
scratch=$(mktemp -d /tmp/apikeyd-bench.XXXXXX)
# shellcheck source=bench/daemon.sh
. "$(dirname "$0")/daemon.sh"
chmod 755 "$scratch"
port=18075 proxy_port=18076
gateway='' proxy=''
end() {
	[ -z "$proxy" ] || kill "$proxy" 2>/dev/null || true
	[ -z "$gateway" ] || kill "$gateway" 2>/dev/null || true
	stop_daemon
	wait
	rm -rf "$scratch"
}
trap end EXIT

mkdir "$scratch/run" "$scratch/state" "$scratch/log"
chown nobody "$scratch/state" "$scratch/log"
printf '[audit]\njournal = no\n[peers]\ndaemon = nginx\n[gateway]\nusers = daemon\n' >"$scratch/apikeyd.conf"
printf '[gateway]\nproxies = local\n' >"$scratch/gateway.conf"
setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups daemon/apikeyd --config "$scratch/apikeyd.conf" --init \
	--state-dir "$scratch/state" 2>/dev/null
run_daemon daemon/apikeyd --config "$scratch/apikeyd.conf" --runtime-dir "$scratch/run" --state-dir "$scratch/state" \
	--log-dir "$scratch/log" --user nobody
cli/apikeyctl --runtime-dir "$scratch/run" key create --name bench --owner alice --permission web.read >"$scratch/key" 2>/dev/null
# Not through libtool's script, whose process is not the program's.
program=gateway/.libs/apikey-gateway
[ -x $program ] || program=gateway/apikey-gateway
LD_LIBRARY_PATH=$PWD/lib/.libs $program --config "$scratch/gateway.conf" --runtime-dir "$scratch/run" \
	--listen "127.0.0.1:$port" --listen "$scratch/gateway.sock" --user daemon >"$scratch/gateway.out" 2>&1 &
gateway=$!
chmod 755 "$scratch"
for _ in $(seq 1000); do
	! curl --silent --output /dev/null --fail "http://127.0.0.1:$port/healthz" || break
	sleep 0.01
done

# The key is read by wrk from a file, not from arguments that ps would show.
cat >"$scratch/key.lua" <<'LUA'
local file = io.open(os.getenv("KEY_FILE"))
wrk.headers["Authorization"] = "Bearer " .. file:read("l")
file:close()
LUA

# load URL: requests a second; none may be refused.
load() {
	KEY_FILE=$scratch/key wrk -t1 -c64 -d"${seconds}s" -s "$scratch/key.lua" "$1" >"$scratch/wrk"
	if grep -q 'Non-2xx' "$scratch/wrk"; then
		cat "$scratch/wrk" >&2
		exit 1
	fi
	awk '/Requests\/sec/ { print $2 }' "$scratch/wrk"
}

# Processor time of a process and its threads, in ticks.
ticks() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }

median() { sort -g "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

target='/v1/auth?permission=web.read&service=nginx'
used=0 asked=0
for _ in $(seq "$rounds"); do
	load "http://127.0.0.1:$port/healthz" >>"$scratch/constant"
	first=$(($(ticks $gateway) + $(ticks "$daemon")))
	load "http://127.0.0.1:$port$target" >>"$scratch/auth"
	used=$((used + $(ticks $gateway) + $(ticks "$daemon") - first))
	asked=$((asked + $(awk '/requests in/ { print $1 }' "$scratch/wrk")))
done
echo "constant $(median "$scratch/constant")"
echo "auth $(median "$scratch/auth")"
echo "processor $((used * 1000000 / $(getconf CLK_TCK) / asked))"

# ---- behind nginx: the same with a constant in the gateway's place ----

if command -v "$nginx" >/dev/null; then
	cat >"$scratch/nginx.conf" <<CONF
user root;
worker_processes 1;
daemon off;
pid $scratch/nginx.pid;
error_log $scratch/nginx.error;
events { worker_connections 1024; }
http {
	access_log off;
	client_body_temp_path $scratch/body;
	proxy_temp_path $scratch/proxy;
	fastcgi_temp_path $scratch/fastcgi;
	uwsgi_temp_path $scratch/uwsgi;
	scgi_temp_path $scratch/scgi;
	upstream gateway { server unix:$scratch/gateway.sock; keepalive 64; }
	upstream constant { server unix:$scratch/constant.sock; keepalive 64; }
	proxy_http_version 1.1;
	proxy_set_header Connection "";
	proxy_set_header Content-Length "";
	proxy_set_header X-Forwarded-For \$remote_addr;
	proxy_pass_request_body off;
	server {
		listen 127.0.0.1:$proxy_port;
		# A file is asked for: "return" would answer before anybody is asked.
		location = /gateway { auth_request /_gateway; alias $scratch/page; }
		location = /constant { auth_request /_constant; alias $scratch/page; }
		location = /_gateway { internal; proxy_pass http://gateway$target; }
		location = /_constant { internal; proxy_pass http://constant/; }
	}
	server {
		listen unix:$scratch/constant.sock;
		location / { return 204; }
	}
}
CONF
	echo page >"$scratch/page"
	"$nginx" -p "$scratch" -c "$scratch/nginx.conf" >"$scratch/nginx.out" 2>&1 &
	proxy=$!
	for _ in $(seq 1000); do
		! curl --silent --output /dev/null "http://127.0.0.1:$proxy_port/" || break
		sleep 0.01
	done
	for _ in $(seq "$rounds"); do
		load "http://127.0.0.1:$proxy_port/constant" >>"$scratch/nginx-constant"
		load "http://127.0.0.1:$proxy_port/gateway" >>"$scratch/nginx-auth"
	done
	echo "nginx-constant $(median "$scratch/nginx-constant")"
	echo "nginx-auth $(median "$scratch/nginx-auth")"
fi

# ---- memory: connections that stay, each after one request with as many headers as are taken ----

python3 - "$port" "$target" "$scratch/key" "$gateway" <<'END'
import socket, sys
port, target, key = int(sys.argv[1]), sys.argv[2], open(sys.argv[3]).read().strip()
request = f"GET {target} HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {key}\r\n"
request += "".join(f"X-Filler-{i}: {'f' * 480}\r\n" for i in range(15)) + "\r\n"
clients = []
for _ in range(1000):
	client = socket.create_connection(("127.0.0.1", port))
	client.sendall(request.encode())
	answer = client.recv(4096)
	if not answer.startswith(b"HTTP/1.1 200 "):
		sys.exit(f"no grant but {answer[:80]}")
	clients.append(client)
resident = next(line.split()[1] for line in open(f"/proc/{sys.argv[4]}/status") if line.startswith("VmRSS:"))
print("resident", resident, len(request))
END
