# shellcheck shell=bash disable=SC2034,SC2154,SC2016,SC2119 # variables go from file to file; eval wants its text whole
# SPDX-License-Identifier: Apache-2.0 OR MIT
# nginx with auth_request and apikey-gateway: who is let in, what the application behind is told, and what clients try.

# shellcheck source=tests/callers/https.sh
. /opt/tests/https.sh
# shellcheck source=tests/callers/gateway.sh
. /opt/tests/gateway.sh

example nginx-auth/apikey-auth.conf nginx-auth/gateway.conf
case_is "nginx takes the example" "$(nginx -t 2>&1)" nginx -t -q

# The application behind nginx says what it was told.
cat >/etc/nginx/conf.d/application.conf <<'SITE'
server {
	listen 127.0.0.1:8080;
	location / {
		default_type text/plain;
		return 200 "key=$http_x_api_key_id user=$http_x_api_user tenant=$http_x_api_tenant permissions=$http_x_api_permissions authorization=$http_authorization x-api-key=$http_x_api_key from=$request_uri method=$request_method size=$http_content_length\n";
	}
}
SITE
usermod --append --groups apikey-gateway www-data
gateway_start
serve 443 nginx -g 'daemon off;'

key_create reader alice reader web.read
key_create writer alice writer web.write
key_create both alice both 'web.*'
key_create near alice near web.read --from 127.0.0.1
key_create far alice far web.read --from 192.0.2.0/24
id_of()
{
	cut -d_ -f2 <<<"$1"
}

# asks PATH [CURL-OPTION…]: prints the status. The key is read, not an argument that ps would show.
asks()
{
	curl --silent --show-error --max-time 60 --cacert "$certificate" --output "$scratch/page" --dump-header "$scratch/head" \
		--write-out '%{http_code}' "${@:2}" "https://callers$1" 2>"$scratch/curl"
}

# answers STATUS CASE PATH KEY [CURL-OPTION…]: an empty key: none.
answers()
{
	local said
	said=$(asks "$3" ${4:+--header @-} "${@:5}" <<<"Authorization: Bearer $4")
	case_is "$2" "the answer is $said: $(cat "$scratch/head" "$scratch/page" "$scratch/curl" 2>/dev/null)" test "$said" = "$1"
}

# told CASE TEXT: the application was.
told()
{
	case_is "$1" "$(cat "$scratch/page")" grep -qF -- "$2" "$scratch/page"
}

# ---- before the gateway may speak for nginx ----

answers 403 "without a peer rule: right key" / "$reader"
peers nginx-auth/peers.conf

# ---- who is let in ----

answers 401 "no key" / ''
case_is "no key: the client is told what is wanted" "$(cat "$scratch/head")" grep -qi '^www-authenticate: bearer' "$scratch/head"
answers 200 "right key" / "$reader"
told "right key: the page" 'a page behind keys'
answers 403 "a key for another thing" / "$writer"
answers 401 "a wrong secret" / "$(key_guessed "$reader")"
answers 401 "wrong check characters" / "$(key_mistyped "$reader")"
answers 401 "another program's key" / 'd41d8cd98f00b204e9800998ecf8427e'
answers 403 "something else" / 'not a key'
for given in "X-API-KEY: $reader" "Authorization: apiToken $reader" "Authorization: Basic $(printf 'alice:%s' "$reader" | base64 -w0)"; do
	said=$(asks / --header @- <<<"$given")
	case_is "right key, as ${given%% "$reader"*}" "the answer is $said" test "$said" = 200
done

# What is good once is good for one request, and that is all one request takes.
pair_create once web.read
for kind in HMAC access; do
	scheme=Bearer
	[ $kind = access ] || scheme=Hmac
	token=$(token_make $kind once)
	for want in 200 401; do
		said=$(asks / --header @- <<<"Authorization: $scheme $token")
		case_is "a token ($kind): $want" "the answer is $said" test "$said" = $want
	done
done

# ---- what the application is told ----

answers 200 "the application" /application/page "$writer"
told "who came" "key=$(id_of "$writer") user=alice tenant= permissions= authorization= x-api-key= from=/application/page"
# The question is asked without the body, which is for the application.
answers 200 "a post with a body" /application/page "$writer" --data 'a body of some length'
told "a post with a body, to the application" "from=/application/page method=POST size=21"
answers 403 "a post with a body and the key of a reader" /application/page "$reader" --data 'a body of some length'
answers 200 "the application, with headers of its own making" /application/ "$writer" \
	--header 'X-Api-User: root' --header 'X-Api-Key-Id: forged' --header 'X-Api-Tenant: forged' --header 'X-Api-Permissions: forged'
told "who came, all the same" "key=$(id_of "$writer") user=alice tenant= permissions= authorization="
answers 200 "underscores in place of dashes" /application/ "$writer" --header 'X_Api_User: root' --header 'X_API_KEY_ID: forged'
told "who came, all the same" "key=$(id_of "$writer") user=alice tenant="
answers 403 "the application with the key of a reader" /application/ "$reader"

# ---- what a client may write decides nothing ----

answers 403 "a permission in the target" '/application/?permission=web.read&service=nginx' "$reader"
answers 403 "a permission in headers" /application/ "$reader" --header 'X-Original-URI: /?permission=web.read' \
	--header 'X-Original-Method: GET' --header 'X-Forwarded-Uri: /?permission=web.read' --header 'X-Permission: web.read'
answers 404 "the question itself" '/_apikey?permission=web.read' "$reader"
answers 403 "the gateway's own path" '/application/../v1/auth?permission=web.read' "$writer"
answers 403 "the application by way of dots" '/page/../application/' "$reader" --path-as-is
answers 403 "the application by way of escapes" '/%61pplication/' "$reader" --path-as-is
answers 403 "the application by way of two slashes" '//application/' "$reader" --path-as-is
answers 200 "a key of this network" / "$near"
answers 403 "a key of another network" / "$far"
answers 403 "a key of another network, and a header that says so" / "$far" --header 'X-Forwarded-For: 192.0.2.7' --header 'X-Real-IP: 192.0.2.7' --header 'Forwarded: for=192.0.2.7'

# Two credentials are none; nobody shall wonder which one counted.
answers 403 "two keys at once" / "$reader" --header "X-API-KEY: $both"

# raw TEXT: as it stands, over TLS; prints the first line of each answer.
raw()
{
	printf %b "$1" | timeout 20 openssl s_client -quiet -connect 127.0.0.1:443 -servername callers 2>/dev/null | tee "$scratch/raw" | grep -a '^HTTP/'
}

# never_in CASE TEXT: no answer to it is a 200, and the page is in none.
never_in()
{
	local said
	said=$(raw "$2")
	case_is "$1" "$said" eval '! grep -q " 200" <<<"$said" && ! grep -aq "a page behind keys" "$scratch/raw"'
}
raw_in=$(raw "GET / HTTP/1.1\r\nHost: callers\r\nAuthorization: Bearer $reader\r\nConnection: close\r\n\r\n")
case_is "by hand: right key" "$raw_in" grep -q ' 200' <<<"$raw_in"
never_in "both lengths, with a request hidden in the body" \
	"POST / HTTP/1.1\r\nHost: callers\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: callers\r\n\r\n"
never_in "two lengths" "POST / HTTP/1.1\r\nHost: callers\r\nContent-Length: 0\r\nContent-Length: 30\r\n\r\nGET / HTTP/1.1\r\nHost: callers\r\n\r\n"
never_in "a header on two lines" "GET / HTTP/1.1\r\nHost: callers\r\nX-Other: a\r\n Authorization: Bearer $reader\r\nConnection: close\r\n\r\n"
never_in "a NUL in the key" "GET / HTTP/1.1\r\nHost: callers\r\nAuthorization: Bearer $reader\\0000x\r\nConnection: close\r\n\r\n"
never_in "a blank before the colon" "GET / HTTP/1.1\r\nHost: callers\r\nAuthorization : Bearer $reader\r\nConnection: close\r\n\r\n"
never_in "two keys in two headers of a name" \
	"GET / HTTP/1.1\r\nHost: callers\r\nAuthorization: Bearer $reader\r\nAuthorization: Bearer $(key_guessed "$both")\r\nConnection: close\r\n\r\n"
never_in "a key in what follows" "GET /x HTTP/1.1\r\nHost: callers\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.1\r\nHost: callers\r\nConnection: close\r\n\r\n"

# One connection to the gateway serves many clients: what one leaves in it must not let in the next.
answers 200 "a good key" / "$reader"
answers 401 "the next client, without one" / ''

# ---- revoked, and away ----

apikeyctl key revoke alice/reader >/dev/null 2>&1
answers 401 "revoked, at once" / "$reader"
daemon_stop
answers 500 "the daemon is away" / "$both"
daemon_start
in_again()
{
	[ "$(asks / --header @- <<<"Authorization: Bearer $both")" = 200 ]
}
case_is "the daemon is back" "$(cat "$scratch/head")" poll 60 in_again
gateway_stop
answers 500 "the gateway is away" / "$both"
gateway_start
case_is "the gateway is back" "$(cat "$scratch/head")" poll 60 in_again
server_stop
gateway_stop
