# shellcheck shell=bash disable=SC2034,SC2154,SC2016,SC2119 # variables go from file to file; eval wants its text whole
# SPDX-License-Identifier: Apache-2.0 OR MIT
# What the cases with mail share: dovecot and Postfix on the loopback interface, logging in over IMAP, sending mail.

# All logins come from one address here, and dovecot would let that one wait longer each time.
cat >/etc/dovecot/local.conf <<'EOF'
log_path = /var/log/dovecot.log
mail_location = maildir:~/Maildir
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
EOF

# dovecot waits two seconds of its own after a failure.
answer_limit=18000
refusal='^a NO \[(AUTHENTICATIONFAILED|UNAVAILABLE)\]'

# imap_command TAG COMMAND: sends it on descriptor 3; 0 when the server says OK.
imap_command()
{
	local line
	printf '%s %s\r\n' "$1" "$2" >&3
	while IFS= read -r -t 60 line <&3; do
		echo "${line%$'\r'}" >>"$scratch/out"
		case $line in
		"$1 OK"*) return 0 ;;
		"$1 "*) return 1 ;;
		esac
	done
	echo "the connection ended" >>"$scratch/out"
	return 1
}

# imap_open USER SECRET: the connection stays open on descriptor 3.
imap_open()
{
	local greeting
	: >"$scratch/out"
	exec 3<>/dev/tcp/127.0.0.1/143 || return 1
	IFS= read -r -t 60 greeting <&3
	echo "$greeting" >>"$scratch/out"
	imap_command a "LOGIN \"$1\" \"$2\"" && imap_command b 'SELECT INBOX'
}

imap_login()
{
	local status
	imap_open "$1" "$2"
	status=$?
	if [ $status -eq 0 ]; then
		imap_command c LOGOUT
	fi
	exec 3>&-
	return $status
}

# imap_finds USER SECRET TEXT: a message with that text is in the mailbox.
imap_finds()
{
	imap_open "$1" "$2" && imap_command d "SEARCH TEXT \"$3\"" && imap_command c LOGOUT
	exec 3>&-
	grep -Eq '^\* SEARCH [0-9]' "$scratch/out"
}

# smtp_send USER SECRET [TEXT [RECIPIENT]]: over port 587, with TLS and SMTP AUTH; the key stands in no command's arguments.
smtp_send()
{
	printf 'From: alice@localhost\r\nSubject: a test\r\n\r\n%s\r\n' "${3-nothing}" >"$scratch/message"
	curl --config - --silent --show-error --verbose --ssl-reqd --insecure --max-time 60 --mail-from alice@localhost \
		--mail-rcpt "${4-bob@localhost}" --upload-file "$scratch/message" smtp://127.0.0.1:587 >"$scratch/out" 2>&1 <<-EOF
		user = "$1:$2"
	EOF
}

smtp_refusal='< 535 5\.7\.8 '

dovecot_start()
{
	case_is "dovecot takes the settings" "$(doveconf -n 2>&1)" eval 'doveconf -n >/dev/null'
	serve 143 "$@" dovecot -F
}

dovecot_stop()
{
	# Under strace the server is the child.
	doveadm stop
	wait "$server_pid"
}

# As Debian's unit does it; ended with this caller's processes.
postfix_start()
{
	postconf -e myhostname=callers.example home_mailbox=Maildir/
	newaliases
	/usr/lib/postfix/configure-instance.sh -
	postfix start >>/var/log/postfix.stderr 2>&1
	if ! poll 60 listens 25; then
		case_failed "Postfix starts" "$(cat /var/log/postfix.stderr)"
		exit 1
	fi
}
