# shellcheck shell=bash disable=SC2034,SC2154,SC2016,SC2119 # variables go from file to file; eval wants its text whole
# SPDX-License-Identifier: Apache-2.0 OR MIT
# dovecot that is shown tokens (OAUTHBEARER, XOAUTH2) and asks the gateway about them, without PAM.

# shellcheck source=tests/callers/mail.sh
. /opt/tests/mail.sh

example dovecot-oauth2/10-auth.conf dovecot-oauth2/dovecot-oauth2.conf.ext

# Shows a token, whose owner USER says to be; the connection stays open on descriptor 3.
# show_token MECHANISM USER TOKEN
show_token()
{
	local line first message
	case $1 in
	OAUTHBEARER) first=$(printf 'n,a=%s,\001host=localhost\001port=143\001auth=Bearer %s\001\001' "$2" "$3" | base64 -w0) ;;
	XOAUTH2) first=$(printf 'user=%s\001auth=Bearer %s\001\001' "$2" "$3" | base64 -w0) ;;
	esac
	: >"$scratch/out"
	exec 3<>/dev/tcp/127.0.0.1/143 || return 1
	IFS= read -r -t 60 line <&3
	printf 'a AUTHENTICATE %s %s\r\n' "$1" "$first" >&3
	while IFS= read -r -t 60 line <&3; do
		echo "${line%$'\r'}" >>"$scratch/out"
		case $line in
		'a OK'*) imap_command b 'SELECT INBOX' && return 0 || return 1 ;;
		# Why, in an answer that has to be acknowledged.
		'+ '*)
			line=${line%$'\r'}
			{ base64 -d <<<"${line:2}"; echo; } >>"$scratch/out" 2>/dev/null
			printf 'AQ==\r\n' >&3
			;;
		'a '*) return 1 ;;
		esac
	done
	return 1
}

# lets_in CASE MECHANISM USER TOKEN; keeps_out CASE MECHANISM USER TOKEN
lets_in()
{
	case_is "$1, by $2" "$(tail -n 3 /var/log/dovecot.log; cat "$scratch/out")" show_token "${@:2}"
	exec 3>&-
}

keeps_out()
{
	if show_token "${@:2}"; then
		case_failed "$1, by $2" "let in"
	else
		case_is "$1, by $2" "$(cat "$scratch/out")" grep -q '^a NO ' "$scratch/out"
	fi
	exec 3>&-
}

# token_of VARIABLE KEY: an access token got with it.
token_of()
{
	local issued
	if ! issued=$(apikeyctl token issue <<<"$2" 2>"$scratch/token"); then
		case_failed "a token is issued" "$(cat "$scratch/token")"
		exit 1
	fi
	printf -v "$1" %s "$issued"
	echo "$issued" >>"$scratch/secrets"
}

gateway_start()
{
	id -u apikey-gateway >/dev/null 2>&1 || useradd --system --user-group --no-create-home --shell /usr/sbin/nologin apikey-gateway
	sed -i 's/^#users = apikey-gateway$/users = apikey-gateway/' /etc/apikeyd/apikeyd.conf
	daemon_reload
	apikey-gateway >>/var/log/apikey-gateway.log 2>&1 </dev/null &
	gateway_pid=$!
	if ! poll 60 listens 8075; then
		case_failed "the gateway starts" "$(cat /var/log/apikey-gateway.log)"
		exit 1
	fi
}

gateway_start
key_create dovecot_key root dovecot-introspect apikeyd.introspect
sed -i "s|http://ID:KEY@|http://${dovecot_key:3:12}:$dovecot_key@|" /etc/dovecot/dovecot-oauth2.conf.ext
dovecot_start

key_create alice_key alice mail mail.imap
key_create other_key alice other mail.other
key_create bob_key bob mail mail.imap
for mechanism in OAUTHBEARER XOAUTH2; do
	lets_in "a key" $mechanism alice "$alice_key"
	keeps_out "another user's key" $mechanism alice "$bob_key"
	keeps_out "a key without the permission" $mechanism alice "$other_key"
	keeps_out "a wrong secret" $mechanism alice "$(key_guessed "$alice_key")"
	keeps_out "a system password" $mechanism alice "$alice_password"
	token_of once "$alice_key"
	keeps_out "a token that is good once" $mechanism alice "$once"
done
keeps_out "no token at all" OAUTHBEARER alice ''

# It was not used up by that.
apikeyctl token inspect <<<"$once" >"$scratch/inspect" 2>&1
case_is "a token that is good once is not used up" "$(cat "$scratch/inspect")" grep -q good "$scratch/inspect"
curl --silent --max-time 60 --header @- http://127.0.0.1:8075/v1/identity/me >"$scratch/me" 2>&1 <<<"Authorization: Bearer $once"
case_is "and is good once elsewhere" "$(cat "$scratch/me")" grep -q '"accounts"' "$scratch/me"

apikeyctl tenant update default --token-reuse yes >"$scratch/tenant" 2>&1 || case_failed "tokens can be used again" "$(cat "$scratch/tenant")"
token_of token "$alice_key"
for mechanism in OAUTHBEARER XOAUTH2 OAUTHBEARER; do
	lets_in "a token that is good again and again" $mechanism alice "$token"
done
keeps_out "another user's token" OAUTHBEARER bob "$token"
keeps_out "the one that was good once, and used" OAUTHBEARER alice "$once"
apikeyctl token revoke <<<"$token" >"$scratch/revoke" 2>&1
keeps_out "a token that was revoked, at once" OAUTHBEARER alice "$token"
token_of token "$alice_key"
lets_in "the next token" XOAUTH2 alice "$token"
apikeyctl key deactivate alice/mail >"$scratch/deactivate" 2>&1
keeps_out "a token of a key that is off" XOAUTH2 alice "$token"
keeps_out "a key that is off" XOAUTH2 alice "$alice_key"
apikeyctl key activate alice/mail >"$scratch/activate" 2>&1
lets_in "a key that is on again" XOAUTH2 alice "$alice_key"
apikeyctl key revoke alice/mail >"$scratch/revoke" 2>&1
keeps_out "a key that was revoked, at once" XOAUTH2 alice "$alice_key"

key_create later_key alice later mail.imap
daemon_stop
keeps_out "a key while the daemon is away" OAUTHBEARER alice "$later_key"
daemon_start
gateway_asks_again()
{
	show_token OAUTHBEARER alice "$later_key"
	local status=$?
	exec 3>&-
	return $status
}
case_is "a key when the daemon is back" "$(cat "$scratch/out")" poll 30 gateway_asks_again
case_is "what was asked stands in the audit" "$(tail -n 3 "$audit_log")" grep -q '"event":"introspect","verdict":"granted"' "$audit_log"
dovecot_stop
kill "$gateway_pid"
wait "$gateway_pid"
