#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# What the portal keeps browsers from: forms of other pages, frames, sign-ins that somebody else has chosen, and markup in
# what people have written.
# shellcheck source=tests/gateway/portal-harness.sh
. "${srcdir:-.}/tests/gateway/portal-harness.sh"

need python3
start_portal

# paths_of METHOD: of all pages that are asked so, with what is there in the place of what they name.
paths_of()
{
	grep -oE "\"$1\", \"/portal[^\"]*\"" "${srcdir:-.}/gateway/portal_routes.c" | sed -E "s/.* \"([^\"]*)\"/\1/
		s|keys/\{id\}|keys/$id|; s|roles/\{name\}|roles/clerk|; s|\{number\}|1|; s|\{id\}|default|"
}

# is_guarded WHAT: what was asked last is framed by nobody, brings in nothing, is kept by no cache, and tells no other host
# where the reader was.
is_guarded()
{
	has "$1" "$head" \
		"Content-Security-Policy: default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'" \
		'X-Frame-Options: DENY' 'Referrer-Policy: same-origin' 'X-Content-Type-Options: nosniff' 'Cache-Control: no-store' \
		'Cross-Origin-Opener-Policy: same-origin' 'Cross-Origin-Resource-Policy: same-origin'
}

# is_page WHAT STATUS: and it is a page, guarded as all.
is_page()
{
	is "the status of $1" "$code" "$2"
	is_guarded "$1"
	has "$1" "$head" 'Content-Type: text/html; charset=utf-8'
	has "$1" "$body" '<h1>'
}

act key create --name phone --owner bin --permission mail.imap --expires 30d
succeeds
key=$out
id=${key:3:12}
act role create clerk --permission mail.imap
succeeds

# ---- frames, scripts, caches: each page there is, and each refusal ----
for user in bin root; do
	administer=()
	[[ $user != root ]] || administer=(--administer)
	sign_in_as "$user" "${administer[@]}"
	count=0
	for path in $(paths_of GET); do
		page "$path"
		is_guarded "$path, for $user"
		[[ $path == /portal/enter || $code != 303 ]] || fail "$path leads elsewhere"
		lacks "$path" "$body" '<script>' ' style=' ' onclick=' 'http://' 'https://'
		count=$((count + 1))
	done
	((count > 15)) || fail "there are $count pages"
done
page /portal/nothing
is_page 'no page' 404
page /portal/sign-out
is_page 'a page that is only sent to' 405
has 'the head' "$head" 'Allow: POST'
page /portal/new -X DELETE
is_page 'a method that is none' 405
has 'the head' "$head" 'Allow: GET, HEAD, POST'
# What does not get so far as to the portal is told to people, too, and to programs as before.
for odd in '/portal//new' '/portal/%2e%2e/v1/auth' '/portal/a%00b'; do
	page "$odd" --path-as-is
	is_page "the path $odd" 404
	lacks "the path $odd" "$body" errorCode
done
page '/portal?a=%zz'
is_page 'a query that is none' 400
page /portal -H 'Content-Length: 1' -H 'Transfer-Encoding: chunked'
is_page 'two lengths' 400
page /portal -H "Authorization: Bearer $key" -H "X-API-KEY: $key"
is_page 'two credentials' 400
lacks 'the page' "$body" "$key"
head -c 70000 /dev/zero | tr '\0' x >"$scratch/long"
# What is too long is not waited for: who sends it without asking may find the connection closed.
page /portal/new -H 'Origin: http://keys.example' -H 'Expect: 100-continue' --data-binary "@$scratch/long"
is_page 'a form that is too long' 413
page /portal/new -H 'Origin: http://keys.example' -H 'Transfer-Encoding: chunked' --data-binary "@$scratch/long"
is_page 'a form that is too long and does not say so' 413
page /portal/new -H 'Origin: http://keys.example' -H 'Content-Type: text/plain' --data 'x=y'
is_page 'what is no form' 415
page '/v1//auth'
is 'the status' "$code" 404
has 'what a program is told' "$body" '"errorCode":"NOT_FOUND"'
page '/portalx?a=%zz'
is 'the status' "$code" 400
has 'what a program is told' "$body" '"errorCode":"INVALID_REQUEST"'

# ---- forms of others: each that changes something, without the token, with another sign-in's, and from elsewhere ----
sign_in_as root --administer
first_token=$token
sign_in_as root --administer
count=0
for path in $(paths_of POST); do
	[[ $path != /portal/sign-in && $path != /portal/enter ]] || continue
	for given in '' "$first_token" "$token-" "${token%?}"; do
		send "$path" token="$given" expected=1 overlap=now name=x keys=on
		is_page "$path with '$given'" 403
	done
	page "$path" -H 'Origin: http://evil.example' --data-urlencode "token=$token"
	is_page "$path from elsewhere" 403
	page "$path" -H 'Origin: null' --data-urlencode "token=$token"
	is_page "$path from nowhere" 403
	page "$path" --data-urlencode "token=$token"
	is_page "$path from who does not say" 403
	page "$path" -H 'Origin: http://keys.example' -H 'Sec-Fetch-Site: same-site' --data-urlencode "token=$token"
	is_page "$path from beside" 403
	page "$path" -H 'Origin: http://keys.example:81' --data-urlencode "token=$token"
	is_page "$path from another port" 403
	page "$path?token=$token" -G
	[[ $code != 303 ]] || fail "$path is done by a link"
	count=$((count + 1))
done
((count > 12)) || fail "there are $count forms"
ask_auth "$key" 200
act role show clerk
succeeds
page /portal
is 'the status' "$code" 200

# ---- what is asked before it is done: the question changes nothing, and its form does ----
act --json key rotate "$id" --overlap 1h
succeeds
for question in "keys/$id/delete" "keys/$id/retire" "keys/$id/take-back" roles/clerk/delete; do
	page "/portal/$question"
	is_page "$question" 200
	has "$question" "$body" "<form method=\"post\" action=\"/portal/$question\"" "name=\"token\" value=\"$token\"" \
		'<button class="danger">' '<a class="button quiet" href="/portal/'
done
ask_auth "$key" 200
for page in "keys/$id" roles/clerk accounts; do
	page "/portal/$page"
	lacks "$page" "$body" '<button class="danger">' '/portal/accounts/default/delete' '/portal/tenants/default/delete'
done
send /portal/roles/clerk/delete token="$token"
leads_to '/portal/roles?done=removed'
send "/portal/keys/$id/retire" token="$token"
leads_to "/portal/keys/$id?done=retired"
ask_auth "$key" 401
page "/portal/keys/$id/retire"
has 'the page' "$body" 'There is no old secret'
lacks 'the page' "$body" '<button class="danger">'

# ---- a sign-in that somebody else has chosen ----
# Whose sign-in a browser was led into, before its user signs in with a key: it ends, and the cookie is another one.
sign_in_as bin
chosen=$(cookie_of)
act key create --name operator --owner bin --permission apikeyd.keys.read --expires 30d
succeeds
send /portal/sign-in credential="$out"
leads_to /portal
[[ -n $(cookie_of) && $(cookie_of) != "$chosen" ]] || fail 'the cookie is the one from before'
with_cookie "$chosen"
leads_to '/portal/sign-in?ended=1'

# ---- text that would be markup, wherever it is kept ----
evil='"><img src=x onerror=alert(1)>'"'&"
escaped='&quot;&gt;&lt;img src=x onerror=alert(1)&gt;&#39;&amp;'
act key create --name "$evil" --owner bin --permission mail.imap --expires 5d --label "a=$evil" --user "$evil"
succeeds
evil_key=$out
evil_id=${out:3:12}
act key deactivate "$evil_id" --why "$evil"
succeeds
ask_auth "$evil_key" 401
act --json account create --name "$evil"
succeeds
account=$(json .account_id)
act --json tenant create --account "$account" --name "$evil"
succeeds
tenant=$(json .tenant_id)
act key create --name "$evil" --owner bin --tenant "$tenant" --permission mail.imap --expires 5d
succeeds
# As whom, at which service, from where: what PAM is told.
last='a login'
python3 "${srcdir:-.}/tests/portal/login.py" "$PWD/pam_module/.libs/pam_apikey.so" "$runtime" 'x onerror=y' "$evil" "$evil" "$evil" \
	<<<"$evil_key" >"$scratch/login" 2>&1
has 'the login' "$(<"$scratch/login")" 'out: '
agent=$evil sign_in_as root --administer
# shown_in PATH COUNT: so often at the least, and never as what it would be.
shown_in()
{
	local shown

	page "$1"
	is "the status of $1" "$code" 200
	shown=$(grep -oF "$escaped" <<<"$body" | wc -l)
	((shown >= $2)) || fail "$1 shows it $shown times, not $2"
	lacks "$1" "$body" '<img' 'onerror=alert(1)>'
}
shown_in /portal 1
shown_in "/portal/keys/$evil_id" 5
shown_in "/portal/keys/$evil_id/delete" 1
shown_in /portal/activity 4
shown_in /portal/sign-ins 1
shown_in /portal/accounts 3
shown_in "/portal/accounts/$account/delete" 1
shown_in "/portal/tenants/$tenant/delete" 2
shown_in "/portal?tenant=$tenant" 1
# A name of a role or a permission is never any of that.
send /portal/roles token="$token" name="$evil" permissions=mail.imap
is 'the status of such a role' "$code" 400
lacks 'the page' "$body" '<img'
send /portal/roles token="$token" name=clerk permissions="$evil"
is 'the status of such a permission' "$code" 400
lacks 'the page' "$body" '<img'
# What a form had in it comes back in its fields, whatever it was, and what was searched for.
send /portal/new token="$token" name="$evil" more="$evil" sources="$evil" service="$evil" uses="$evil" date="$evil" owner="$evil" \
	tenant="$evil" lifetime="$evil" kind="$evil"
is 'the status' "$code" 400
for field in name service uses date owner tenant; do
	has 'the form' "$(grep -oE "name=\"$field\"[^>]*>" <<<"$body")" "value=\"$escaped\""
done
is 'the texts of the form' "$(grep -oF ">$escaped</textarea>" <<<"$body" | wc -l)" 2
lacks 'the form' "$body" '<img'
for field in user service; do
	page /portal/activity -G --data-urlencode "$field=$evil"
	is "the status of a search by $field" "$code" 200
	has "a search by $field" "$body" "value=\"$escaped\""
	lacks "a search by $field" "$body" '<img'
done
page /portal/activity -G --data-urlencode "key=$evil"
lacks 'a search by key' "$body" '<img'
page /portal -G --data-urlencode "owner=$evil" --data-urlencode "permission=$evil" --data-urlencode "tenant=$evil"
lacks 'a list' "$body" '<img'
send /portal/sign-in credential="$evil"
is 'the status' "$code" 403
lacks 'a sign-in' "$body" '<img'
page /portal/enter -G --data-urlencode "code=$evil"
has 'a link' "$body" "value=\"$escaped\""
lacks 'a link' "$body" '<img'
page '/portal?done=%3Cimg%3E&ended=%3Cimg%3E'
lacks 'a word on what was done' "$body" '<img'

lacks 'the log' "$(<"$scratch/gateway.log")" "$key" "$evil_key" "$chosen" "$token"
finish
