# shellcheck shell=bash disable=SC2034,SC2154,SC2016,SC2119 # variables go from file to file; eval wants its text whole
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Sessions that end with their key, by the real sshd and sudo and the real register, where no logind is: which end, which
# stay, that no ticket is left in any environment, and that one that is stolen, forged, another service's or older than a
# minute is worth nothing, and keeps out.

# shellcheck source=tests/callers/ssh.sh
. /opt/tests/ssh.sh

example sshd/sshd sshd/apikey.conf sudo/sudo
service=sshd user=alice password=$alice_password other_user=bob

as_user()
{
	setpriv --reuid="$1" --regid="$1" --init-groups env HOME="/home/$1" USER="$1" LOGNAME="$1" "${@:2}"
}

register_start()
{
	touch /var/log/apikey-sessiond.log
	apikey-sessiond >>/var/log/apikey-sessiond.log 2>&1 </dev/null &
	register_pid=$!
	poll 60 eval 'apikeyctl session list >"$scratch/list" 2>&1'
}

# sessions [USER KEY SERVICE]: how many such are listed.
sessions()
{
	apikeyctl session list >"$scratch/list" 2>&1 || return
	awk -v user="${1-}" -v key="${2-}" -v service="${3-}" '
		NR > 1 && (!user || $2 == user) && (!key || $3 == key) && (!service || $4 == service)' "$scratch/list" | wc -l
}

has_sessions()
{
	[ "$(sessions "${@:2}")" = "$1" ]
}

# ssh_open NAME METHOD SECRET: logs alice in, and leaves her there, with a process that has left the session. $NAME_pid is
# the client; what the shell has in its environment is in $scratch/NAME.
ssh_open()
{
	SSHPASS=$3 sshpass -e ssh "${ssh_options[@]}" -o PreferredAuthentications="$2" alice@127.0.0.1 \
		"env >/tmp/$1; setsid sh -c 'echo \$\$ >/tmp/$1.loose; exec sleep 600' >/dev/null 2>&1 </dev/null & sleep 600" \
		>"$scratch/out.$1" 2>&1 </dev/null &
	eval "$1_pid=\$!"
	if ! poll 60 test -s "/tmp/$1.loose"; then
		case_failed "alice is in, $1" "$(cat "$scratch/out.$1")"
		exit 1
	fi
}

is_gone()
{
	! kill -0 "$1" 2>/dev/null
}

# What is in the environments of all processes is seen: the key's id is there.
no_ticket_anywhere()
{
	grep -aqs APIKEY_ID /proc/[0-9]*/environ && ! grep -aqs APIKEY_TICKET /proc/[0-9]*/environ
}

sshd_start
touch "$scratch/out"
case_is "the register starts" "$(tail -n 5 /var/log/apikey-sessiond.log)" register_start
key_create key_one alice one pam.sshd
key_create key_two alice two pam.sshd
key_create key_three alice three pam.sudo

# ---- who takes longer than a minute ----

# A key, and then a password, for which the client lets sshd wait. ssh asks by this program; it says in slow.asked what for.
cat >/tmp/askpass <<'END'
#!/bin/sh
echo "$1" >>/tmp/slow.asked
[ "$(wc -l </tmp/slow.asked)" -eq 1 ] && exec printf '%s\n' "$SLOW_KEY"
while [ ! -e /tmp/slow.go ]; do sleep 0.1; done
printf '%s\n' "$SLOW_PASSWORD"
END
chmod 0755 /tmp/askpass
# Without our account line, which would refuse them first; a client can as well wait between account and session, where sshd
# has it confirm that there is nothing more to ask.
two_factors()
{
	echo 'auth requisite pam_apikey.so session'
	echo 'auth requisite pam_unix.so'
	grep -v -e '^auth' -e '^@include common-auth' -e '^account.*pam_apikey' /opt/examples/sshd/sshd
}
# slow_login: what is asked for comes when there is a file slow.go.
slow_login()
{
	rm -f /tmp/slow.go /tmp/slow.asked
	SLOW_KEY=$key_two SLOW_PASSWORD=$alice_password SSH_ASKPASS=/tmp/askpass SSH_ASKPASS_REQUIRE=force setsid ssh "${ssh_options[@]}" \
		-o PreferredAuthentications=keyboard-interactive alice@127.0.0.1 'echo slow is in; exec sleep 600' \
		>"$scratch/out.slow" 2>&1 </dev/null &
	slow_pid=$!
	poll 60 eval '[ "$(wc -l </tmp/slow.asked)" -eq 2 ]' 2>/dev/null
}
two_factors >/etc/pam.d/sshd
case_is "a second factor is asked for" "$(cat "$scratch/out.slow")" slow_login
touch /tmp/slow.go
case_is "who gives it in time is in" "$(cat "$scratch/out.slow")" poll 60 grep -q 'slow is in' "$scratch/out.slow"
case_is "and registered" "$(cat "$scratch/list")" poll 60 has_sessions 1 alice alice/two sshd
apikeyctl session end "$(awk 'NR == 2 { print $1 }' "$scratch/list")" >"$scratch/out" 2>&1
wait "$slow_pid"
case_is "it can be ended" "$(cat "$scratch/out" "$scratch/list")" poll 60 has_sessions 0
case_is "a second factor is asked for again" "$(cat "$scratch/out.slow")" slow_login
slow_since=$(milliseconds)
example sshd/sshd

# ---- who is registered ----

ssh_open one keyboard-interactive "$key_one"
ssh_open one_more keyboard-interactive "$key_one"
ssh_open two keyboard-interactive "$key_two"
ssh_open by_password keyboard-interactive "$alice_password"
case_is "those that a key has opened are registered" "$(cat "$scratch/list")" poll 60 has_sessions 3
case_is "each with its key" "$(cat "$scratch/list")" has_sessions 2 alice alice/one sshd
case_is "the user's shell is told of the key" "$(cat /tmp/one)" grep -q '^APIKEY_ID=' /tmp/one
case_is "the user's shell has no ticket" "$(cat /tmp/one)" eval '! grep -q APIKEY_TICKET /tmp/one'
case_is "no process has a ticket in its environment" "$(grep -als APIKEY_TICKET /proc/[0-9]*/environ)" no_ticket_anywhere
case_is "alice sees her own" "$(cat "$scratch/out")" eval \
	'as_user alice apikeyctl session list >"$scratch/out" 2>&1 && [ "$(grep -c " sshd " "$scratch/out")" = 3 ]'
case_is "bob sees none of them" "$(cat "$scratch/out")" eval \
	'as_user bob apikeyctl session list >"$scratch/out" 2>&1; ! grep -q " sshd " "$scratch/out"'
number=$(awk '$3 == "alice/two" { print $1 }' "$scratch/list")
case_is "bob ends none of them" "$(cat "$scratch/out")" eval '! as_user bob apikeyctl session end "$number" >"$scratch/out" 2>&1'

# ---- and ends ----

apikeyctl key revoke alice/one --end-sessions >"$scratch/out" 2>&1
status=$?
case_is "key revoke --end-sessions ends the two of the key" "$(cat "$scratch/out")" eval \
	'[ $status -eq 0 ] && grep -q "2 sessions of it were told to end" "$scratch/out"'
case_is "it says that what left them goes on" "$(cat "$scratch/out")" grep -q 'logind knows of no session' "$scratch/out"
case_is "their connections are closed" "$(cat "$scratch/list")" poll 60 eval 'is_gone $one_pid && is_gone $one_more_pid'
case_is "without logind a process that left its session lives on" "it is gone" kill -0 "$(cat /tmp/one.loose)"
case_is "the session of another key stays" "it is gone" kill -0 "$two_pid"
case_is "the session by password stays" "it is gone" kill -0 "$by_password_pid"
case_is "the register has what is left" "$(cat "$scratch/list")" poll 60 has_sessions 1
case_is "the audit tells of it" "$(tail -n 3 "$audit_log")" eval \
	'grep -q "\"session_open\"" "$audit_log" && grep -q "\"session_end\"" "$audit_log"'

case_is "session end ends one" "$(cat "$scratch/out")" eval \
	'as_user alice apikeyctl session end "$number" --why test >"$scratch/out" 2>&1 && poll 60 is_gone $two_pid'
case_is "its record goes with it" "$(cat "$scratch/list")" poll 60 has_sessions 0

# One that is closed by its user.
ssh_login keyboard-interactive alice "$key_two"
case_is "who logs out is not listed any more" "$(cat "$scratch/list")" poll 60 has_sessions 0

# ---- many keys at once ----

key_create key_four alice four pam.sshd
key_create key_bob bob mine pam.sshd
ssh_open first keyboard-interactive "$key_two"
ssh_open second keyboard-interactive "$key_four"
SSHPASS=$key_bob sshpass -e ssh "${ssh_options[@]}" -o PreferredAuthentications=keyboard-interactive bob@127.0.0.1 'sleep 600' \
	>"$scratch/out.bob" 2>&1 </dev/null &
bob_pid=$!
case_is "three keys have a session each" "$(cat "$scratch/list" "$scratch/out.bob")" poll 60 has_sessions 3
apikeyctl key deactivate --owner alice --end-sessions --yes >"$scratch/out" 2>&1
status=$?
case_is "key deactivate --owner --end-sessions ends those of two keys" "$(cat "$scratch/out")" eval \
	'[ $status -eq 0 ] && grep -q "2 sessions of them were told to end" "$scratch/out"'
case_is "their connections are closed, too" "$(cat "$scratch/list")" poll 60 eval 'is_gone $first_pid && is_gone $second_pid'
case_is "the session of another user's key stays" "$(cat "$scratch/list" "$scratch/out.bob")" eval \
	'poll 60 has_sessions 1 bob bob/mine sshd && kill -0 $bob_pid'
case_is "the audit has both" "$(tail -n 4 "$audit_log")" eval \
	'[ "$(grep "\"session_end\"" "$audit_log" | grep -c -e "\"key_name\":\"four\"" -e "\"key_name\":\"two\".*\"tty\"")" -ge 2 ]'
for name in two three four; do
	apikeyctl key activate alice/$name >"$scratch/out" 2>&1
done
ssh_open third keyboard-interactive "$key_two"
case_is "there is one more" "$(cat "$scratch/list")" poll 60 has_sessions 2
apikeyctl lockdown on --except bob/mine --end-sessions >"$scratch/out" 2>&1
status=$?
case_is "a lockdown ends all but those of keys that it spares" "$(cat "$scratch/out")" eval \
	'[ $status -eq 0 ] && grep -q "1 session of other keys was told to end" "$scratch/out" && poll 60 is_gone $third_pid && kill -0 $bob_pid'
apikeyctl lockdown off >"$scratch/out" 2>&1
echo "$key_bob" >/tmp/leaked
apikeyctl key find --revoke --end-sessions --yes /tmp/leaked >"$scratch/out" 2>&1
rm /tmp/leaked
case_is "a key that was found ends with its session" "$(cat "$scratch/out")" poll 60 is_gone "$bob_pid"
case_is "none is left of them" "$(cat "$scratch/list")" poll 60 has_sessions 0

# ---- sudo ----

# In a session by password: sudo's end must not be that session's.
SSHPASS=$alice_password sshpass -e ssh "${ssh_options[@]}" -o PreferredAuthentications=keyboard-interactive alice@127.0.0.1 \
	'sudo --stdin --prompt= sh -c "env >/tmp/sudo; exec sleep 600"; echo $? >/tmp/sudo.end; exec sleep 600' \
	<<<"$key_three" >"$scratch/out.sudo" 2>&1 &
outer_pid=$!
case_is "sudo runs with a key" "$(cat "$scratch/out.sudo")" poll 60 test -s /tmp/sudo
case_is "it is registered" "$(cat "$scratch/list")" poll 60 has_sessions 1 alice alice/three sudo
case_is "what sudo runs has no ticket" "$(cat /tmp/sudo)" eval '! grep -q APIKEY_TICKET /tmp/sudo'
case_is "no process has one, sudo's neither" "$(grep -als APIKEY_TICKET /proc/[0-9]*/environ)" no_ticket_anywhere
apikeyctl key deactivate alice/three --end-sessions >"$scratch/out" 2>&1
case_is "sudo ends with its key" "$(cat "$scratch/out")" poll 60 test -e /tmp/sudo.end
case_is "the session it was typed in stays" "$(cat "$scratch/out.sudo")" kill -0 "$outer_pid"
kill "$outer_pid" "$by_password_pid" 2>/dev/null

# ---- tickets that are stolen, forged, another service's ----

# A stack that gives a ticket and does not take it: what the manual warns of, and doctor finds.
grep -v '^session  required  pam_apikey' /opt/examples/sshd/sshd >/etc/pam.d/sshd
case_is "doctor finds that no session line takes the ticket" "$(cat "$scratch/out")" eval \
	'apikeyctl doctor >"$scratch/out" 2>&1; grep -q "session-missing" "$scratch/out"'
stolen_ticket()
{
	SSHPASS=$key_two sshpass -e ssh "${ssh_options[@]}" -o PreferredAuthentications=keyboard-interactive alice@127.0.0.1 \
		'printenv APIKEY_TICKET' 2>/dev/null </dev/null
}
# Root, in a process of its own, in a stack that puts a ticket where the session line looks for one.
cat >/etc/pam.d/thief <<'END'
auth     required  pam_permit.so
account  required  pam_permit.so
session  required  pam_env.so conffile=/tmp/thief.env user_readenv=0
session  required  pam_apikey.so
END
shows()
{
	echo "APIKEY_TICKET DEFAULT=$1" >/tmp/thief.env
	pamtester thief alice 'open_session' >"$scratch/out" 2>&1
	grep -qv 'successfully' "$scratch/out" && grep -q 'log in again' "$scratch/out"
}
refused_tickets()
{
	grep '"session_open"' "$audit_log" | grep -c '"bad_ticket"'
}
ticket=$(stolen_ticket)
case_is "there is a ticket to steal" "'$ticket'" eval '[ ${#ticket} -eq 32 ]'
case_is "a user who has one cannot show it" "$(cat "$scratch/out")" eval \
	'! as_user alice perl -MSocket -e "socket(S, AF_UNIX, SOCK_SEQPACKET, 0) or die; exit(connect(S, sockaddr_un(q(/run/apikeyd/session.sock))) ? 0 : 1)"'
case_is "nor can the daemon's user" "it connects" eval \
	'! setpriv --reuid=apikeyd --regid=apikeyd --clear-groups perl -MSocket -e "socket(S, AF_UNIX, SOCK_SEQPACKET, 0) or die; exit(connect(S, sockaddr_un(q(/run/apikeyd/session.sock))) ? 0 : 1)"'
before=$(refused_tickets)
shows "$ticket"
status=$?
case_is "shown for another service it is refused, and registers nothing" "$(cat "$scratch/out" "$scratch/list")" eval \
	'[ $status -eq 0 ] && poll 60 eval "[ \$(refused_tickets) -gt $before ]" && has_sessions 0'
before=$(refused_tickets)
shows "$ticket"
status=$?
case_is "shown again it is refused, and registers nothing" "$(cat "$scratch/out" "$scratch/list")" eval \
	'[ $status -eq 0 ] && poll 60 eval "[ \$(refused_tickets) -gt $before ]" && has_sessions 0'
before=$(refused_tickets)
shows 00112233445566778899aabbccddeeff
status=$?
case_is "one that was made up is refused, and registers nothing" "$(cat "$scratch/out" "$scratch/list")" eval \
	'[ $status -eq 0 ] && poll 60 eval "[ \$(refused_tickets) -gt $before ]" && has_sessions 0'
rm /tmp/thief.env
case_is "who has none is let in" "$(cat "$scratch/out")" eval \
	'touch /tmp/thief.env; pamtester thief alice open_session >"$scratch/out" 2>&1; grep -q "successfully opened a session" "$scratch/out"'

# sshd and sudo with a ticket that is none of apikeyd's: neither a command, nor what goes through the connection.
sed 's/^session  required  pam_apikey/session required pam_env.so conffile=\/tmp\/thief.env user_readenv=0\n&/' /opt/examples/sshd/sshd >/etc/pam.d/sshd
sed 's/^session  required  pam_apikey/session required pam_env.so conffile=\/tmp\/thief.env user_readenv=0\n&/' /opt/examples/sudo/sudo >/etc/pam.d/sudo
echo "APIKEY_TICKET DEFAULT=00112233445566778899aabbccddeeff" >/tmp/thief.env
case_is "sshd heeds the refusal" "$(cat "$scratch/out")" eval '! ssh_login keyboard-interactive alice "$key_two"'
case_is "it tells the user why" "$(cat "$scratch/out")" grep -q 'log in again' "$scratch/out"
SSHPASS=$key_two sshpass -e ssh "${ssh_options[@]}" -o PreferredAuthentications=keyboard-interactive -W 127.0.0.1:22 alice@127.0.0.1 \
	>"$scratch/out" 2>&1 </dev/null
status=$?
case_is "nothing is let through its connection" "$(cat "$scratch/out")" eval '[ $status -ne 0 ] && ! grep -q SSH- "$scratch/out"'
apikeyctl key activate alice/three >"$scratch/out" 2>&1
as_user alice sudo --stdin --prompt= id -un <<<"$key_three" >"$scratch/out" 2>&1
status=$?
case_is "sudo heeds it" "$(cat "$scratch/out")" eval '[ $status -ne 0 ] && ! grep -qx root "$scratch/out"'
rm /tmp/thief.env
touch /tmp/thief.env
case_is "a password is asked for nothing of this" "$(cat "$scratch/out")" ssh_login keyboard-interactive alice "$alice_password"
case_is "the log tells of the refusals" "$(tail -n 3 "$system_log")" eval \
	'[ "$(grep -c "pam_apikey([a-z]*:session): the session is refused" "$system_log")" -ge 6 ]'
example sshd/sshd sudo/sudo

# The one that was asked for the second factor at the beginning.
poll 90 eval '[ $(($(milliseconds) - slow_since)) -gt 60500 ]'
before=$(refused_tickets)
touch /tmp/slow.go
wait "$slow_pid"
status=$?
case_is "who holds the last question for a minute is not in" "$(cat "$scratch/out.slow")" eval \
	'[ $status -ne 0 ] && ! grep -q "slow is in" "$scratch/out.slow"'
case_is "and is told to log in again" "$(cat "$scratch/out.slow")" grep -q 'took too long: log in again' "$scratch/out.slow"
case_is "by its ticket, which the audit has" "$(tail -n 3 "$audit_log")" eval '[ $(refused_tickets) -gt $before ]'

# ---- without a register ----

kill -TERM "$register_pid"
wait "$register_pid"
case_is "without a register a key logs in" "$(cat "$scratch/out")" ssh_login keyboard-interactive alice "$key_two"
case_is "the log says that it is not registered" "$(tail -n 3 "$system_log")" poll 60 \
	grep -q 'pam_apikey(sshd:session): the session is not registered' "$system_log"
apikeyctl key revoke alice/two --end-sessions >"$scratch/out" 2>&1
status=$?
case_is "a revoke is done, and says that sessions may be left" "$(cat "$scratch/out")" eval \
	'[ $status -eq 1 ] && grep -q "is revoked" "$scratch/out" && grep -q "sessions of it may be open" "$scratch/out"'
case_is "the key is refused" "$(cat "$scratch/out")" eval '! ssh_login keyboard-interactive alice "$key_two"'
sshd_stop
