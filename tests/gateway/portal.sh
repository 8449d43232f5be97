#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The portal with the real daemon and curl: what a browser without scripts does. What browsers are kept from is in
# portal-security.sh; how it looks in one is the stage portal of ./check.
# shellcheck source=tests/gateway/portal-harness.sh
. "${srcdir:-.}/tests/gateway/portal-harness.sh"

start_portal

# ---- who is not signed in sees nothing ----
for path in /portal /portal/new /portal/keys/abc /portal/activity /portal/sessions /portal/sign-ins /portal/alarms \
	/portal/accounts /portal/roles; do
	page $path
	leads_to /portal/sign-in
	lacks 'the head' "$head" Set-Cookie
done
page /portal/sign-in
is 'the status' "$code" 200
for field in "Content-Security-Policy: default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'" \
	'X-Frame-Options: DENY' 'Referrer-Policy: same-origin' 'X-Content-Type-Options: nosniff' 'Cache-Control: no-store' \
	'Content-Type: text/html; charset=utf-8' 'Cross-Origin-Opener-Policy: same-origin'; do
	has 'the head' "$head" "$field"
done
lacks 'the page' "$body" ' style=' ' onclick=' '<script>' 'http://' 'https://'
page /portal/nothing
is 'the status' "$code" 404
has 'the page' "$body" '<h1>Nothing here</h1>'
page /portalx
is 'the status' "$code" 404
has 'the body' "$body" '"errorCode":"NOT_FOUND"'
page /portal/sign-out
is 'the status' "$code" 405
has 'the page' "$body" '<h1>'
for path in portal.css portal.js icon.svg; do
	page /portal/$path
	is "the status of $path" "$code" 200
	lacks "$path" "$body" 'http://127' 'https://'
done

# ---- a link: good once, and opening it uses nothing up ----
act_as bin portal
succeeds
link=$out
has 'the link' "$link" 'http://keys.example/portal/enter?code='
for _ in 1 2; do
	page "${link#http://keys.example}"
	is 'the status' "$code" 200
	has 'the page' "$body" 'method="post" action="/portal/enter"'
	# Whoever is led there while they press Enter agrees to nothing.
	lacks 'the page' "$body" autofocus 'is signed in as'
done
link_code=$(hidden credential)
page /portal/enter -H 'Origin: http://evil.example' --data-urlencode "credential=$link_code"
is 'the status of a form from elsewhere' "$code" 403
page /portal/enter -H 'Sec-Fetch-Site: cross-site' -H 'Origin: http://keys.example' --data-urlencode "credential=$link_code"
is 'the status of a form from elsewhere' "$code" 403
page /portal/enter --data-urlencode "credential=$link_code"
is 'the status of a form from nowhere' "$code" 403
send "/portal/enter?credential=$link_code" x=y
is 'the status of a link that is in the address' "$code" 400
page /portal/enter -H 'Origin: http://keys.example' -H 'Content-Type: text/plain' --data-urlencode "credential=$link_code"
is 'the status of what is no form' "$code" 415
# A cookie that somebody else has set there is not what one is signed in with then.
printf '#HttpOnly_keys.example\tFALSE\t/portal\tFALSE\t0\tapikey-portal\tchosen-by-somebody-else\n' >"$jar"
send /portal/enter credential="$link_code"
leads_to /portal
has 'the head' "$head" 'Set-Cookie: apikey-portal=' 'Path=/portal; HttpOnly; SameSite=Strict'
lacks 'the cookie' "$(cookie_of)" chosen-by-somebody-else
first_cookie=$(cookie_of)
page /portal
is 'the status' "$code" 200
has 'the page' "$body" '<strong>bin</strong>' '<h1>Your keys</h1>'
lacks 'the page' "$body" 'href="/portal/accounts"' 'href="/portal/roles"' 'href="/portal/alarms"' 'name="owner"' "$first_cookie"
first_token=$(token_of)
rm -f "$jar"
send /portal/enter credential="$link_code"
is 'the status of a link that was used' "$code" 403
has 'the page' "$body" 'This link is not good'
lacks 'the head' "$head" Set-Cookie
send /portal/enter credential=nothing
is 'the status of no link' "$code" 403
# A cookie that is there twice is none.
with_cookie "$first_cookie; apikey-portal=x"
leads_to /portal/sign-in

# ---- whoever signs in anew has another sign-in, and the one before is ended ----
sign_in_as bin
second_cookie=$(cookie_of)
[[ $second_cookie != "$first_cookie" ]] || fail 'the cookie is the same'
with_cookie "$first_cookie"
is 'the status of the first sign-in' "$code" 200
# It is said before whose ends, also where the browser has not said so: led there from elsewhere, it keeps its cookie.
act_as bin portal
next_code=${out##*code=}
own_jar=$jar
jar=/dev/null
page "/portal/enter?code=$next_code"
is 'the status' "$code" 200
lacks 'the page' "$body" 'is signed in as' 'name="token"'
jar=$own_jar
for given in '' "$first_token"; do
	send /portal/enter credential="$next_code" token="$given"
	is 'the status of who does not know what ends' "$code" 409
	has 'the page' "$body" 'This browser is signed in as <strong>bin</strong>' "value=\"$next_code\""
	lacks 'the head' "$head" Set-Cookie
done
with_cookie "$second_cookie"
is 'the status of the sign-in that has not ended' "$code" 200
page "/portal/enter?code=$next_code"
is 'the status' "$code" 200
has 'the page' "$body" 'This browser is signed in as <strong>bin</strong>. That sign-in ends'
send /portal/enter credential="$next_code" token="$(token_of)"
leads_to /portal
with_cookie "$second_cookie"
leads_to '/portal/sign-in?ended=1'
has 'the head' "$head" 'Set-Cookie: apikey-portal=; ' 'Max-Age=0'

# ---- over TLS, as a proxy of the configuration says ----
act_as bin portal
secure_code=${out##*code=}
page /portal/enter -H 'X-Forwarded-Proto: https' -H 'Origin: https://keys.example' --data-urlencode "credential=$secure_code"
leads_to /portal
has 'the head' "$head" 'Set-Cookie: __Host-apikey-portal=' 'Path=/; HttpOnly; SameSite=Strict; Secure'

# ---- a key: made, shown once, rotated, switched off and on, deleted ----
sign_in_as bin
page /portal/new
has 'the page' "$body" 'name="permission:pam.dovecot"' 'name="permission:mail.*"'
# What is not theirs to give is not offered.
lacks 'the page' "$body" 'name="role:' 'Roles</legend>'
once=$(hidden once)
send /portal/new token="$token" once="$once" name='mail <b>"&' permission:pam.dovecot=on more=mail.imap lifetime=90d kind=opaque \
	sources='192.0.2.0/24'
is 'the status' "$code" 200
has 'the page' "$body" '<strong>mail &lt;b&gt;&quot;&amp;</strong>' 'Copy it now'
lacks 'the page' "$body" '<b>"'
secret=$(shown secret)
[[ $secret =~ ^ak_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}$ ]] || fail "the key shown is '$secret'"
id=${secret:3:12}
act --json key show "$id"
is 'the owner' "$(json .owner)" bin
is 'the permissions' "$(json '.permissions | join(" ")')" 'pam.dovecot mail.imap'
is 'the networks' "$(json '.sources | join(" ")')" 192.0.2.0/24
# The same form again: no second key, and what was shown before is worth nothing then.
send /portal/new token="$token" once="$once" name='mail <b>"&' permission:pam.dovecot=on more=mail.imap lifetime=90d kind=opaque \
	sources='192.0.2.0/24'
is 'the status' "$code" 200
has 'the page' "$body" 'by an earlier sending of the same form'
secret=$(shown secret)
is 'the id' "${secret:3:12}" "$id"
# What the daemon refuses comes back with what was filled in.
send /portal/new token="$token" once="$once-2" name=more more=admin.all lifetime=90d kind=opaque
is 'the status' "$code" 400
has 'the page' "$body" 'role="alert"' '>admin.all</textarea>' 'value="more"'
send /portal/new token="$token" once="$once-3" name=dated more=mail.imap lifetime=date date=2001-01-01 kind=opaque
is 'the status' "$code" 400
has 'the page' "$body" 'has to lie ahead'
send /portal/new token="$token" once="$once-4" name=pair more=mail.imap lifetime=30d kind=pair uses=5 service=dovecot pages=on
is 'the status' "$code" 200
pair=$(shown public-key)
[[ $(shown private-key) =~ ^[0-9A-Za-z+/]{43}=$ ]] || fail 'there is no private key'
act --json key show "$pair"
is 'the limits' "$(json '.max_uses, .exclusive_service, .client_side' | tr '\n' ' ')" '5 dovecot true '

# What is due is told as all dates are.
act_as bin key create --name short --permission mail.imap --expires 3d
succeeds
page /portal
has 'the page' "$body" '<span class="due">expires <time datetime="'
lacks 'the page' "$body" 'expires at '
page "/portal/keys/${out:3:12}"
has 'the page' "$body" 'To be done: expires at <time datetime="' ' UTC</time> (in 3 days).</p>'

page "/portal/keys/$id"
is 'the status' "$code" 200
has 'the page' "$body" 'mail.imap' '192.0.2.0/24' '<svg ' 'name="expected" value="2"' 'key_create'
lacks 'the page' "$body" "$secret"
send "/portal/keys/$id/rotate" token="$token" expected=2 overlap=86400
is 'the status' "$code" 200
new_secret=$(shown secret)
has 'the page' "$body" 'stays good until'
[[ $new_secret != "$secret" && ${new_secret:3:12} == "$id" ]] || fail 'there is no new secret'
send "/portal/keys/$id/rotate" token="$token" expected=2 overlap=86400
is 'the status of a form that is sent again' "$code" 409
ask_auth "$new_secret" 200
page "/portal/keys/$id"
has 'the page' "$body" 'The old secret was not used since'
ask_auth "$secret" 200
deadline=$((SECONDS + 30))
until page "/portal/keys/$id" && [[ $body == *'The old secret is still in use'* ]] || ((SECONDS > deadline)); do
	sleep 0.1
done
has 'the page' "$body" 'The old secret is still in use' 'nginx from 192.0.2.9'
page "/portal/keys/$id/retire"
has 'the page' "$body" '<h1>End the old secret?</h1>' 'The old secret is still in use'
send "/portal/keys/$id/retire" token="$token"
leads_to "/portal/keys/$id?done=retired"
ask_auth "$secret" 401
ask_auth "$new_secret" 200
send "/portal/keys/$id/rotate" token="$token" expected=3 overlap=3600
send "/portal/keys/$id/take-back" token="$token" expected=4
leads_to "/portal/keys/$id?done=taken-back"
ask_auth "$new_secret" 200
page "/portal/keys/$id?done=taken-back"
has 'the page' "$body" 'role="status">The rotation is taken back'
page "/portal/keys/$id?done=<script>"
lacks 'the page' "$body" '<script>'
send "/portal/keys/$id/off" token="$token"
leads_to "/portal/keys/$id?done=off"
ask_auth "$new_secret" 401
page "/portal/activity?key=$id&verdict=denied"
has 'the page' "$body" '<code>key_inactive</code>: The key is switched off.</span>'
lacks 'the page' "$body" apikeyctl
send "/portal/keys/$id/on" token="$token"
leads_to "/portal/keys/$id?done=on"
ask_auth "$new_secret" 200

# ---- what is not one's own ----
act key create --name secret --owner root --permission mail.imap --expires 30d
succeeds
theirs=${out:3:12}
for path in "keys/$theirs" "keys/$theirs/delete"; do
	page "/portal/$path"
	[[ $code == 403 || $code == 404 ]] || fail "$path is shown: $code"
done
for path in "keys/$theirs/off" "keys/$theirs/delete" "keys/$theirs/rotate"; do
	send "/portal/$path" token="$token" expected=1 overlap=now
	[[ $code == 403 || $code == 404 ]] || fail "$path is done: $code"
done
page '/portal?owner=root'
lacks 'the page' "$body" "$theirs"
page /portal/activity
lacks 'the page' "$body" "$theirs"
page /portal/alarms
lacks 'the page' "$body" "$theirs"

send /portal/accounts token="$token" name=mine
is 'the status of an account' "$code" 403
send /portal/tenants token="$token" name=mine account=default
is 'the status of a tenant' "$code" 403
send /portal/roles token="$token" name=mine permissions=mail.imap
is 'the status of a role' "$code" 403
for path in accounts/default tenants/default roles/tenant-admin; do
	send "/portal/$path/delete" token="$token" keys=on
	[[ $code == 403 || $code == 404 || $code == 409 ]] || fail "$path is deleted: $code"
done
act tenant show default
succeeds

# ---- a key that signs in does what it may, and no more ----
act key create --name operator --owner bin --permission apikeyd.keys.read --expires 30d
succeeds
operator=$out
own_jar=$jar
jar=$scratch/other-jar
agent="a browser" send /portal/sign-in credential="$operator"
leads_to /portal
page /portal
has 'the page' "$body" '<strong>operator</strong> of bin' "$id" 'name="owner"'
lacks 'the page' "$body" "$operator" 'href="/portal/roles"' 'href="/portal/accounts"' 'href="/portal/alarms"'
page /portal/sign-ins
has 'the page' "$body" 'operator' '<span class="long">a browser</span>'
send "/portal/keys/$id/off" token="$(token_of)"
is 'the status of what the key may not do' "$code" 403
ask_auth "$new_secret" 200
act key revoke "${operator:3:12}"
page /portal
leads_to '/portal/sign-in?ended=1'
# It is offered the roles that reach no further than it does, and, for keys of an account, only if it is one.
for kind in '' '--account default'; do
	# shellcheck disable=SC2086 # no option is none
	act key create --name "giver$kind" --owner bin $kind --permission apikeyd.tenants.read --permission apikeyd.tenants.write --expires 30d
	succeeds
	rm -f "$jar"
	send /portal/sign-in credential="$out"
	leads_to /portal
	page /portal/new
	has 'the page' "$body" 'name="role:tenant-management"'
	lacks 'the page' "$body" 'name="role:tenant-admin"' 'name="role:account-admin"'
	is "whether roles of accounts are offered to a key of '$kind'" "$(grep -c 'name="role:account-tenant-write"' <<<"$body")" "$([[ -n $kind ]] && echo 1 || echo 0)"
done
# An HMAC token lets in once, as its key.
act --json key create --name signer --owner bin --kind pair --permission apikeyd.keys.read --expires 30d
succeeds
run_with "$out" token sign
succeeds
hmac=$out
rm -f "$jar"
send /portal/sign-in credential="$hmac"
leads_to /portal
page /portal
is 'the status' "$code" 200
has 'the page' "$body" '<strong>signer</strong> of bin'
for given in "$operator" "$hmac" ak_nothing 'x y' "$new_secret-"; do
	rm -f "$jar"
	send /portal/sign-in credential="$given"
	is 'the status of a key that is not good' "$code" 403
	has 'the page' "$body" 'This does not let you in'
	lacks 'the head' "$head" Set-Cookie
	lacks 'the page' "$body" "$given"
done
jar=$own_jar

# ---- the end of keys and sign-ins ----
page "/portal/keys/$id/delete"
has 'the page' "$body" 'Delete the key?' 'last used'
send "/portal/keys/$id/delete" token="$token"
leads_to '/portal?done=deleted'
ask_auth "$new_secret" 401
page "/portal/keys/$id"
is 'the status' "$code" 404
page /portal/sign-ins
is 'the status' "$code" 200
has 'the page' "$body" '(this one)'
other=$(grep -vF '(this one)' <<<"${body//<tr>/$'\n'}" | grep -oE 'action="/portal/sign-ins/[^/]+/end"' | head -n 1 | cut -d/ -f4)
[[ -n $other ]] || fail 'there is no other sign-in'
send "/portal/sign-ins/$other/end" token="$token"
leads_to '/portal/sign-ins?done=ended'
last_cookie=$(cookie_of)
send /portal/sign-out token="$token"
leads_to '/portal/sign-in?left=1'
has 'the head' "$head" 'Set-Cookie: apikey-portal=; '
with_cookie "$last_cookie"
leads_to '/portal/sign-in?ended=1'

# ---- administrators ----
sign_in_as root --administer
has 'the page' "$body" ', administrator' "$theirs" 'href="/portal/alarms"' 'href="/portal/accounts"' 'href="/portal/roles"'
page /portal/alarms
is 'the status' "$code" 200
page /portal/accounts
is 'the status' "$code" 200
send /portal/accounts token="$token" name='shop <b>'
leads_to '/portal/accounts?done=account'
act --json account show 'shop <b>'
shop=$(json .account_id)
send /portal/tenants token="$token" account="$shop" name=till
leads_to '/portal/accounts?done=tenant'
act --json tenant list --account "$shop"
till=$(json '.[] | select(.name == "till") | .tenant_id')
page /portal/accounts
has 'the page' "$body" 'shop &lt;b&gt;' "/portal/tenants/$till/delete"
lacks 'the page' "$body" 'shop <b>'
send /portal/new token="$token" once=till-1 name=drawer more=mail.imap lifetime=30d kind=opaque owner=bin tenant="$till"
is 'the status' "$code" 200
drawer=$(shown secret)
page "/portal?tenant=$till"
has 'the page' "$body" "${drawer:3:12}"
lacks 'the page' "$body" "$theirs"
page "/portal/tenants/$till/delete"
has 'the page' "$body" '1 key would go with it' 'name="keys"'
page "/portal/accounts/$shop/delete"
has 'the page' "$body" 'The account <strong>shop &lt;b&gt;</strong>, and with it 1 tenant, will be gone.' '1 key would go with it'
send "/portal/tenants/$till/delete" token="$token"
is 'the status while there is a key' "$code" 409
has 'the page' "$body" "The tenant &#39;till&#39; still has keys (1), so it stays."
lacks 'the page' "$body" apikeyctl '--with-keys'
send "/portal/tenants/$till/delete" token="$token" keys=on
leads_to '/portal/accounts?done=removed'
page "/portal/accounts/$shop/delete"
has 'the page' "$body" 'The account <strong>shop &lt;b&gt;</strong> will be gone.'
send "/portal/accounts/$shop/delete" token="$token"
leads_to '/portal/accounts?done=removed'
send /portal/roles token="$token" name=clerk permissions='mail.imap
mail.smtp'
leads_to '/portal/roles?done=role'
page /portal/roles
has 'the page' "$body" 'href="/portal/roles/clerk"' 'tenant-admin' 'built in'
page /portal/roles/clerk
has 'the page' "$body" 'Keys that hold this role: 0.' 'mail.smtp'
send /portal/roles/clerk token="$token" permissions=mail.smtp
leads_to '/portal/roles?done=changed'
act --json role show clerk
is 'the permissions' "$(json '.permissions | join(" ")')" mail.smtp
# A key that holds it: its box is on the page, and stays ticked on a form that comes back.
page /portal/new
has 'the page' "$body" 'name="role:clerk"' 'name="role:account-admin"'
send /portal/new token="$token" once=held-1 name=held role:clerk=on more=no/permission lifetime=30d kind=opaque owner=bin
is 'the status' "$code" 400
has 'the page' "$body" 'name="role:clerk" checked'
send /portal/new token="$token" once=held-2 name=held role:clerk=on lifetime=30d kind=opaque owner=bin
is 'the status' "$code" 200
held=$(shown secret)
act --json key show "${held:3:12}"
is 'the roles' "$(json '.roles | join(" ")')" clerk
page "/portal/keys/${held:3:12}"
has 'the page' "$body" clerk
page /portal/roles/clerk
has 'the page' "$body" 'Keys that hold this role: 1.'
send /portal/roles/clerk/delete token="$token"
is 'the status while a key holds it' "$code" 409
has 'the page' "$body" '1 key holds the role &#39;clerk&#39;. Take it from them first.'
act key delete "${held:3:12}"
succeeds
send /portal/roles/clerk/delete token="$token"
leads_to '/portal/roles?done=removed'
send /portal/roles token="$token" name='no role' permissions=x
is 'the status of a name that is none' "$code" 400
page '/portal/activity?event=key_create&days=1'
is 'the status' "$code" 200
has 'the page' "$body" "$theirs"
page '/portal/activity?verdict=none'
is 'the status of a verdict that is none' "$code" 400
has 'the page' "$body" 'role="alert"' 'role="search"'

# ---- while the daemon is away ----
stop_daemon
page /portal
is 'the status' "$code" 503
has 'the page' "$body" '<h1>Not now</h1>'
page /portal/sign-in
is 'the status' "$code" 200
start_daemon
deadline=$((SECONDS + 20))
until page /portal && [[ $code == 303 ]] || ((SECONDS > deadline)); do
	sleep 0.05
done
leads_to '/portal/sign-in?ended=1'

lacks 'the log' "$(<"$scratch/gateway.log")" "$secret" "$new_secret" "$operator" "$first_cookie" "$last_cookie" "$link_code"
finish
