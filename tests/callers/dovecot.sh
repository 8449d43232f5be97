# shellcheck shell=bash disable=SC2034,SC2154,SC2016,SC2119 # variables go from file to file; eval wants its text whole
# SPDX-License-Identifier: Apache-2.0 OR MIT
# A login over IMAP on the loopback interface.

example dovecot/dovecot
cat >/etc/dovecot/local.conf <<'END'
ssl = no
log_path = /var/log/dovecot.log
mail_location = maildir:~/Maildir
# All logins come from one address here, and dovecot would let that one wait longer each time.
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
END

service=dovecot
user=alice password=$alice_password other_user=bob
refusal='^a NO \[(AUTHENTICATIONFAILED|UNAVAILABLE)\]'

# imap_command TAG COMMAND: sends it on descriptor 3; 0 when the server says OK.
imap_command()
{
	local line
	printf '%s %s\r\n' "$1" "$2" >&3
	while IFS= read -r -t 30 line <&3; do
		echo "${line%$'\r'}" >>"$scratch/out"
		case $line in
		"$1 OK"*) return 0 ;;
		"$1 "*) return 1 ;;
		esac
	done
	echo "the connection ended" >>"$scratch/out"
	return 1
}

login()
{
	local greeting status
	: >"$scratch/out"
	exec 3<>/dev/tcp/127.0.0.1/143 || return 1
	IFS= read -r -t 30 greeting <&3
	echo "$greeting" >>"$scratch/out"
	imap_command a "LOGIN \"$1\" \"$2\"" && imap_command b 'SELECT INBOX'
	status=$?
	if [ $status -eq 0 ]; then
		imap_command c LOGOUT
	fi
	exec 3>&-
	return $status
}

dovecot_listens()
{
	(exec 3<>/dev/tcp/127.0.0.1/143) 2>/dev/null
}

dovecot_start()
{
	"$@" dovecot -F >>/var/log/dovecot.stderr 2>&1 </dev/null &
	dovecot_pid=$!
	poll 20 dovecot_listens
}

dovecot_start
matrix
kill -TERM "$dovecot_pid"
wait "$dovecot_pid"

key_create traced_key alice traced pam.dovecot
dovecot_start traced
login alice "$traced_key"
case_is "trace: the key reaches the daemon" "$(cat "$scratch/out")" trace_reaches_daemon
doveadm stop
wait "$dovecot_pid"
dovecot_start traced
login alice "$alice_password"
case_is "trace: the system password logs in" "$(cat "$scratch/out")" grep -q '^b OK' "$scratch/out"
case_is "trace: a system password causes no connection to the daemon" "$(grep apikeyd "$scratch/trace")" trace_avoids_daemon
doveadm stop
wait "$dovecot_pid"
