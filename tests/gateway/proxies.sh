#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The requests of Traefik (ForwardAuth) and Envoy (ext_authz), as their documents describe them, with what the examples say:
# neither program is in Debian, so none of them is run.
# shellcheck source=tests/gateway/harness.sh
. "${srcdir:-.}/tests/gateway/harness.sh"
need python3
examples=${srcdir:-.}/packaging/examples/gateway-forward-auth

# What is held against it: packaging/examples/gateway-forward-auth/traefik.yml, packaging/examples/gateway-forward-auth/envoy.yaml,
# packaging/examples/gateway-forward-auth/peers.conf and packaging/examples/gateway-forward-auth/gateway.conf.

# setting FILE NAME: its one value.
setting()
{
	sed -nE "s/^ *$2: *\"?([^\"]*)\"?\$/\\1/p" "$examples/$1"
}

# ---- the examples ----
if python3 -c 'import yaml' 2>/dev/null; then
	for file in traefik.yml envoy.yaml; do
		python3 -c 'import sys, yaml; yaml.safe_load(open(sys.argv[1]))' "$examples/$file" >"$scratch/out" 2>&1 ||
			fail "$file is no YAML: $(<"$scratch/out")"
	done
	# What the middlewares, services and clusters are called where they are made and where they are used.
	python3 - "$examples" >"$scratch/out" 2>&1 <<'PYTHON' || fail "the examples do not fit together: $(<"$scratch/out")"
import sys, yaml
traefik = yaml.safe_load(open(sys.argv[1] + '/traefik.yml'))['http']
for router in traefik['routers'].values():
    assert set(router['middlewares']) <= set(traefik['middlewares']) and router['service'] in traefik['services']
    assert 'forwardAuth' in traefik['middlewares'][router['middlewares'][0]], 'the key goes before it is asked about'
envoy = yaml.safe_load(open(sys.argv[1] + '/envoy.yaml'))['static_resources']
clusters = {cluster['name']: cluster for cluster in envoy['clusters']}
manager = envoy['listeners'][0]['filter_chains'][0]['filters'][0]['typed_config']
check, last = [filter['typed_config'] for filter in manager['http_filters']]
assert last['@type'].endswith('.Router') and not check['failure_mode_allow'] and manager['use_remote_address']
assert check['http_service']['server_uri']['cluster'] in clusters
for host in manager['route_config']['virtual_hosts']:
    assert {'authorization', 'x-api-key'} <= set(host['request_headers_to_remove'])
    assert all(route['route']['cluster'] in clusters for route in host['routes'])
assert all(name == cluster['load_assignment']['cluster_name'] for name, cluster in clusters.items())
PYTHON
fi

services=$(sed -n 's/^apikey-gateway = //p' "$examples/peers.conf")
# shellcheck disable=SC2086 # a word for each
gateway_settings ${services//,/}
start_daemon
make_key page --permission web.write
printf 'Authorization: Bearer %s\n' "$secret" >"$scratch/page"
printf 'X-Api-Key: %s\n' "$secret" >"$scratch/bare"
page=$id
make_key other --permission web.read
printf 'Authorization: Bearer %s\n' "$secret" >"$scratch/other"
make_key near --permission web.write --from 192.0.2.0/24
printf 'Authorization: Bearer %s\n' "$secret" >"$scratch/near"

# ---- Traefik: a GET of its address, its client's headers or those that it is to hand on, and its own words about the request ----
address=$(setting traefik.yml address)
target=/${address#http://*/}
is "Traefik's address" "${address%"$target"}" http://127.0.0.1:8075
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')

# traefik KEY-FILE URI ADDRESS OPTION…
traefik()
{
	local key=$1 uri=$2 from=$3

	shift 3
	last="traefik $key $uri $from $*"
	code=$(curl -sS --max-time 30 -D "$scratch/head" -o "$scratch/body" -w '%{http_code}' ${key:+-H "@$scratch/$key"} \
		-A 'curl/8.0' -H 'Accept:' -H 'Accept-Encoding: gzip' -H 'X-Forwarded-Method: POST' -H 'X-Forwarded-Proto: https' \
		-H 'X-Forwarded-Host: app.example' -H "X-Forwarded-Uri: $uri" -H "X-Forwarded-For: $from" "$@" \
		"http://127.0.0.1:$port$target" 2>"$scratch/curl.err")
	head=$(tr -d '\r' <"$scratch/head")
	body=$(<"$scratch/body")
}

for believed in none 127.0.0.1; do
	believing=(--proxy "$believed")
	[[ $believed != none ]] || believing=()
	start_gateway --listen "127.0.0.1:$port" "${believing[@]}"
	for key in page bare; do
		traefik $key /application/ 198.51.100.7
		is "the status by $key" "$code" 200
		has 'the head' "$head" "X-Api-Key-Id: $page" "X-Api-User: $me"
		is 'the body' "$body" ''
	done
	# Without authRequestHeaders all of the client's headers come along.
	traefik page '/application/x?a=1&a=2' 198.51.100.7 -H 'Content-Type: application/json' -H 'Cookie: a=b; c=d' -H 'Accept: */*' \
		-H 'Origin: https://app.example' -H 'Sec-Fetch-Mode: cors' -H 'X-Api-User: root' -H 'X-Forwarded-Port: 443' \
		-H 'X-Forwarded-Server: proxy' -H 'X-Real-Ip: 198.51.100.7'
	is 'the status with all headers' "$code" 200
	is 'whose it is' "$(grep -ci '^x-api-user:' <<<"$head") $(sed -n 's/^X-Api-User: //p' <<<"$head")" "1 $me"
	traefik other '/application/?permission=web.read' 198.51.100.7 -H 'X-Forwarded-Uri: /?permission=web.read'
	refuses 403 ACCESS_DENIED
	traefik '' /application/ 198.51.100.7
	refuses 401 AUTHORIZATION_IS_REQUIRED
	has 'the head' "$head" 'WWW-Authenticate: Bearer realm="apikeyd"'
	if [[ $believed == none ]]; then
		traefik near /application/ 192.0.2.7
		is 'the status of a key of a network, where nobody is believed' "$code" "$kept_out"
	else
		traefik near /application/ 192.0.2.7
		is 'the status of a key of that network' "$code" 200
		traefik near /application/ 198.51.100.7
		refuses "$kept_out" "$kept_out_code"
	fi
	stop_gateway
done

# ---- Envoy: its client's method, and its path and query behind the prefix; no body; headers that are allowed ----
# The settings belong to whoever runs this.
conf=$scratch/gateway.conf
cat "$examples/gateway.conf" >"$conf"
prefix=$(setting envoy.yaml path_prefix)
has "Envoy's prefix" "$prefix" '/v1/auth?permission=web.write&service=envoy&rest='
start_gateway --config "$conf"

# envoy KEY-FILE METHOD PATH ADDRESS OPTION…
envoy()
{
	local key=$1 method=$2 path=$3 from=$4

	shift 4
	local options=(-X "$method" "$@")
	[[ $method != HEAD ]] || options=(-I "$@")
	ask "$prefix$path" --path-as-is --globoff ${key:+-H "@$scratch/$key"} -A '' -H 'Accept:' -H 'Content-Length: 0' \
		-H 'x-envoy-internal: true' -H 'x-envoy-expected-rq-timeout-ms: 5000' -H "x-forwarded-for: $from" "${options[@]}"
}

for method in GET HEAD POST PUT PATCH DELETE OPTIONS; do
	envoy page $method /application/x 198.51.100.7
	is "the status of $method" "$code" 200
	has "the head of $method" "$head" "X-Api-Key-Id: $page" "X-Api-User: $me"
	envoy '' $method /application/x 198.51.100.7
	is "the status of $method without a key" "$code" 401
	has "the head of $method without a key" "$head" 'WWW-Authenticate: Bearer realm="apikeyd"'
done
envoy bare GET /application/x 198.51.100.7
is 'the status with the other header' "$code" 200
for path in / '/application/?a=1' '/application/?a=1&b=2&c' '/application/a%20b/%C3%A4?q=x%2Fy+z' '/application/?a[]=1' '/a=b&c=d' '/a?b?c'; do
	envoy page GET "$path" 198.51.100.7
	is "the status of $path" "$code" 200
done
# The client's query is no way to ask for something else, nor to be asked about less.
for path in '/?x=1&permission=web.read' '/?x=1&service=traefik' '/&permission=web.read' '/?x=1&rest=' '/?x=1&per%6dission=web.read' \
	'/?x=1&b=1&b=2' '/?a%zz' '/?x=1&apiToken=y'; do
	for key in page other; do
		envoy $key GET "$path" 198.51.100.7
		refuses 400 INVALID_REQUEST
	done
done
envoy page GET '/?x=1&tenant=nobody' 198.51.100.7
is 'the status of a tenant that the client names' "$code" "$kept_out"
envoy other GET '/?permission=web.read' 198.51.100.7
refuses 403 ACCESS_DENIED
envoy page GET "/$(printf '%020000d' 0)" 198.51.100.7
[[ $code == 4* ]] || fail "a path of 20 kB is answered with $code"
# The last hop is Envoy's word; what the client wrote stands before it.
envoy near GET / 192.0.2.7
is 'the status of a key of that network' "$code" 200
for from in 198.51.100.7 192.0.2.7,198.51.100.7 '192.0.2.7, 127.0.0.1' ''; do
	envoy near GET / "$from"
	is "the status from '$from'" "$code" "$kept_out"
done
finish
