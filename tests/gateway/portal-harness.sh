# shellcheck shell=bash disable=SC2034,SC2154 # variables go from file to file
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The portal beside the daemon of tests/cli/harness.sh, and curl as a browser without scripts. As root, since the gateway
# and the users of the portal have uids of their own.
# shellcheck source=tests/gateway/harness.sh
. "${srcdir:-.}/tests/gateway/harness.sh"

need setpriv
[[ $(id -u) -eq 0 ]] || skip 'not root: the gateway and its users have uids of their own'
if ! id bin >/dev/null 2>&1 || ! setpriv --reuid=bin --regid=bin --clear-groups test -x "$apikeyctl"; then
	skip 'the build cannot be run by another user'
fi
jar=$scratch/jar

# page PATH CURL-OPTION…: asks with the cookies there are; sets code, head and body.
page()
{
	local path=$1

	shift
	last="$path $*"
	code=$(curl -sS --unix-socket "$gateway_socket" -b "$jar" -c "$jar" -D "$scratch/head" -o "$scratch/body" \
		-w '%{http_code}' "$@" "http://keys.example$path" 2>"$scratch/curl.err")
	head=$(tr -d '\r' <"$scratch/head")
	body=$(<"$scratch/body")
}

# with_cookie VALUE: asks for the first page with this cookie and no other.
with_cookie()
{
	jar=/dev/null page /portal -b "apikey-portal=$1"
}

# send PATH NAME=VALUE…: a form of a page of the portal; the values are off the command line. agent: the browser's name.
agent=
send()
{
	local path=$1 field

	shift
	rm -f "$scratch"/field.*
	local options=(-H 'Origin: http://keys.example') number=0
	for field; do
		printf '%s' "${field#*=}" >"$scratch/field.$number"
		options+=(--data-urlencode "${field%%=*}@$scratch/field.$number")
		number=$((number + 1))
	done
	((number > 0)) || options+=(--data '')
	[[ -z $agent ]] || options+=(-A "$agent")
	page "$path" "${options[@]}"
}

# token_of: the token of the forms of the page that was shown last.
token_of()
{
	sed -n 's/.*name="token" value="\([^"]*\)".*/\1/p' <<<"$body" | head -n 1
}

# hidden NAME: the value of a hidden field of that page.
hidden()
{
	grep -oE "name=\"$1\" value=\"[^\"]*\"" <<<"$body" | head -n 1 | sed -E 's/.*value="([^"]*)"/\1/'
}

# shown ID: what the page shows in that field.
shown()
{
	grep -oE "<input id=\"$1\"[^>]* value=\"[^\"]*\"" <<<"$body" | sed -E 's/.* value="([^"]*)"/\1/'
}

leads_to()
{
	is 'the status' "$code" 303
	has 'the head' "$head" "Location: $1"
}

cookie_of()
{
	awk '$6 == "apikey-portal" { print $7 }' "$jar"
}

# sign_in_as USER OPTION…: by a link of that user's.
sign_in_as()
{
	local user=$1

	shift
	act_as "$user" portal "$@"
	succeeds
	link=$out
	rm -f "$jar"
	page "${link#http://keys.example}"
	is 'the status of the link' "$code" 200
	send /portal/enter credential="$(hidden credential)"
	leads_to /portal
	page /portal
	is 'the status' "$code" 200
	token=$(token_of)
}

# ask_auth KEY STATUS: what a reverse proxy hears of the key.
ask_auth()
{
	page '/v1/auth?permission=mail.imap&service=nginx' -H "X-API-KEY: $1" -H 'X-Forwarded-For: 192.0.2.9'
	is "the status of a key" "$code" "$2"
}

# start_portal: daemon and gateway.
start_portal()
{
	gateway_settings nginx
	more_settings+=('[daemon]' 'minimum_uid = 1' '[portal]' 'url = http://keys.example' '[self-service]' 'permissions = pam.dovecot, mail.*')
	start_daemon
	start_gateway --proxy local
}
