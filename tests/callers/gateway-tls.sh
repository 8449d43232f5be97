# shellcheck shell=bash disable=SC2034,SC2154,SC2016,SC2119 # variables go from file to file; eval wants its text whole
# SPDX-License-Identifier: Apache-2.0 OR MIT
# apikey-gateway behind each of four proxies that do TLS: what reaches it, from where it is believed to come, and what does
# not get through.

# shellcheck source=tests/callers/https.sh
. /opt/tests/https.sh
# shellcheck source=tests/callers/gateway.sh
. /opt/tests/gateway.sh

# The application behind Caddy says what it was told.
cat >/etc/nginx/conf.d/application.conf <<'SITE'
server {
	listen 127.0.0.1:8080;
	location / {
		default_type text/plain;
		return 200 "key=$http_x_api_key_id user=$http_x_api_user tenant=$http_x_api_tenant permissions=$http_x_api_permissions authorization=$http_authorization x-api-key=$http_x_api_key\n";
	}
}
SITE
getent passwd caddy >/dev/null || useradd --system --user-group --home-dir /var/lib/caddy --create-home caddy
usermod --append --groups apikey-gateway www-data
usermod --append --groups apikey-gateway,ssl-cert caddy

key_create near alice near web.read --from 127.0.0.1
key_create far alice far web.read --from 192.0.2.0/24
key_create writer alice writer web.write
example gateway-tls/gateway.conf
peers gateway-tls/peers.conf
gateway_start

target='/v1/auth?permission=web.read&service=caddy'

# asks PATH KEY [CURL-OPTION…]: prints the status. The key is read, not an argument that ps would show.
asks()
{
	curl --silent --show-error --max-time 60 --http1.1 --path-as-is --cacert "$certificate" --output "$scratch/page" \
		--dump-header "$scratch/head" --write-out '%{http_code}' ${2:+--header @-} "${@:3}" "https://callers$1" \
		2>"$scratch/curl" <<<"Authorization: Bearer $2"
}

# answers STATUS CASE PATH KEY [CURL-OPTION…]: an empty key: none.
answers()
{
	local said
	said=$(asks "${@:3}")
	case_is "$proxy: $2" "the answer is $said: $(cat "$scratch/head" "$scratch/page" "$scratch/curl" 2>/dev/null)" \
		eval "[[ $said =~ ^($1)\$ ]]"
}

# never_in CASE TEXT: sent as it stands, it is never answered with 200.
never_in()
{
	local said
	said=$(printf %b "$2" | timeout 20 openssl s_client -quiet -connect 127.0.0.1:443 -servername callers 2>/dev/null | grep -a '^HTTP/')
	case_is "$proxy: $1" "$said" eval '! grep -q " 200" <<<"$said"'
}

common()
{
	answers 200 "right key" "$target" "$near"
	case_is "$proxy: whose it is" "$(cat "$scratch/head")" grep -qi '^x-api-user: alice' "$scratch/head"
	case_is "$proxy: it is told to come by TLS alone" "$(cat "$scratch/head")" grep -qi '^strict-transport-security: ' "$scratch/head"
	answers 200 "right key, from where it is used" "$target" "$near" --header 'X-Forwarded-For: 192.0.2.7'
	answers 403 "a key of another network" "$target" "$far"
	answers 403 "a key of another network, and headers that say so" "$target" "$far" --header 'X-Forwarded-For: 192.0.2.7' \
		--header 'X-Real-IP: 192.0.2.7' --header 'Forwarded: for=192.0.2.7'
	answers 403 "two of those headers" "$target" "$far" --header 'X-Forwarded-For: 192.0.2.7' --header 'X-Forwarded-For: 192.0.2.8'
	answers 403 "a key for another thing" "$target" "$writer"
	answers 401 "no key" "$target" ''
	case_is "$proxy: the client is told what is wanted" "$(cat "$scratch/head")" grep -qi '^www-authenticate: bearer' "$scratch/head"
	answers 404 "what is not there" /v1/nothing "$near"
	answers '404|403' "metrics" /metrics ''
	answers '404|403' "health" /healthz ''
	answers '404|403|400' "metrics by way of dots" /v1/../metrics ''
	answers '404|403|400' "metrics by way of escaped dots" /v1/%2e%2e/metrics ''
	answers '404|403|400' "metrics by way of an escaped slash" /v1%2f..%2fmetrics ''
	never_in "both lengths, with a request hidden in the body" \
		"POST $target HTTP/1.1\r\nHost: callers\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /metrics HTTP/1.1\r\nHost: callers\r\n\r\n"
	never_in "two lengths" \
		"POST $target HTTP/1.1\r\nHost: callers\r\nContent-Length: 0\r\nContent-Length: 36\r\n\r\nGET /metrics HTTP/1.1\r\nHost: callers\r\n\r\n"
	never_in "metrics after a request" \
		"GET $target HTTP/1.1\r\nHost: callers\r\n\r\nGET /metrics HTTP/1.1\r\nHost: callers\r\nConnection: close\r\n\r\n"
	gateway_stop
	answers '50[0-9]' "the gateway is away" "$target" "$near"
	gateway_start
	case_is "$proxy: the gateway is back" "$(cat "$scratch/head")" poll 60 eval '[ "$(asks "$target" "$near")" = 200 ]'
}

# A proxy that is done leaves its port to the next.
left()
{
	server_stop
	case_is "$proxy: it ends" "somebody listens on port 443 still" poll 60 eval '! listens 443'
}

proxy=nginx
example gateway-tls/nginx.conf
serve 443 nginx -g 'daemon off;'
common
left
rm /etc/nginx/conf.d/apikey-gateway.conf

proxy=apache2
example gateway-tls/apache2.conf
a2enmod --quiet ssl headers proxy_http >"/var/log/$caller.stderr"
a2ensite --quiet apikey-gateway >>"/var/log/$caller.stderr"
mkdir -p /run/lock /run/apache2
# Not by apache2ctl, which would leave it behind.
serve 443 bash -c '. /etc/apache2/envvars && exec apache2 -D FOREGROUND'
common
left

proxy=haproxy
example gateway-tls/haproxy.cfg
(umask 077; cat "$certificate" "$private_key" >/etc/haproxy/apikey.pem)
serve 443 haproxy -db -f /etc/haproxy/haproxy.cfg
common
left

proxy=caddy
example gateway-tls/Caddyfile
# As Debian has it, which the example tells of.
chgrp ssl-cert "$private_key" && chmod 0640 "$private_key"
nginx
serve 443 setpriv --reuid=caddy --regid=caddy --init-groups --inh-caps=+net_bind_service --ambient-caps=+net_bind_service \
	env HOME=/var/lib/caddy caddy run --config /etc/caddy/Caddyfile --adapter caddyfile
common
answers 200 "the application" /application/page "$writer"
case_is "caddy: who came" "$(cat "$scratch/page")" grep -qx "key=$(cut -d_ -f2 <<<"$writer") user=alice tenant= permissions= authorization= x-api-key=" "$scratch/page"
answers 200 "the application, with headers of its own making" /application/ "$writer" --header 'X-Api-User: root' --header 'X-Api-Key-Id: forged' --header 'X-Api-Tenant: forged' --header 'X-Api-Permissions: forged'
case_is "caddy: who came, all the same" "$(cat "$scratch/page")" grep -qx "key=$(cut -d_ -f2 <<<"$writer") user=alice tenant= permissions= authorization= x-api-key=" "$scratch/page"
answers 200 "the application, by another header" /application/ '' --header "X-API-KEY: $writer"
case_is "caddy: it never sees the key" "$(cat "$scratch/page")" grep -qx "key=$(cut -d_ -f2 <<<"$writer") user=alice tenant= permissions= authorization= x-api-key=" "$scratch/page"
answers 200 "a post with a body" /application/ "$writer" --data 'a body'
answers 401 "the application without a key" /application/ ''
answers 403 "the application with another key" '/application/?permission=web.read' "$near"
answers 400 "the application with two keys" /application/ "$near" --header "X-API-KEY: $writer"
left
gateway_stop
