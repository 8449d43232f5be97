# shellcheck shell=bash disable=SC2034,SC2154,SC2016,SC2119 # variables go from file to file; eval wants its text whole
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Postfix on port 587, which asks dovecot, which asks PAM.

# shellcheck source=tests/callers/mail.sh
. /opt/tests/mail.sh

# dovecot's own submission service would take the port.
dpkg --purge dovecot-submissiond >/var/log/dpkg.stderr 2>&1
example postfix/smtp postfix/99-postfix.conf dovecot/10-auth.conf dovecot/imap
cat /opt/examples/postfix/submission.cf >>/etc/postfix/master.cf

service=smtp
user=alice password=$alice_password other_user=bob
refusal=$smtp_refusal
# Postfix waits a second of its own after a failure, and curl may ask by two mechanisms.
answer_limit=20000

login()
{
	smtp_send "$@"
}

dovecot_start
postfix_start
case_is "Postfix takes the settings" "$(postfix check 2>&1)" postfix check
poll 60 listens 587
matrix_short

key_create reads alice reads pam.imap
key_create sends alice sends pam.smtp
expect_out "a key for IMAP is refused for sending" "$reads" insufficient_permission
smtp_send alice "$sends" 'mark 77120' alice@localhost
case_is "mail sent with the key arrives" "$(tail -n 20 "$scratch/out")" poll 60 grep -qr 'mark 77120' /home/alice/Maildir/new
refused_without_login()
{
	! curl --silent --show-error --verbose --ssl-reqd --insecure --max-time 60 --mail-from alice@localhost \
		--mail-rcpt bob@localhost --upload-file "$scratch/message" smtp://127.0.0.1:587 >"$scratch/out" 2>&1
}
case_is "nobody sends without logging in" "$(tail -n 20 "$scratch/out")" refused_without_login
case_is "postqueue and postsuper look after the queue" "$(postqueue -p 2>&1)" \
	eval 'postqueue -p >/dev/null 2>&1 && postsuper -d ALL >/dev/null 2>&1'
dovecot_stop
# Its children outlive it; the process namespace takes them down.
