# shellcheck shell=bash disable=SC2034,SC2154,SC2016,SC2119 # variables go from file to file; eval wants its text whole
# SPDX-License-Identifier: Apache-2.0 OR MIT
# dovecot for mail users who have no account on the system: their keys are all there is.

# shellcheck source=tests/callers/mail.sh
. /opt/tests/mail.sh

useradd --system --user-group --create-home --home-dir /var/vmail --shell /usr/sbin/nologin vmail
example dovecot-virtual/imap dovecot-virtual/submission dovecot-virtual/10-auth.conf dovecot/99-submission.conf

service=imap
user=alice@example.org password='' other_user=bob@example.org

# shellcheck disable=SC2317 # the matrix calls it, before it is defined anew
login()
{
	imap_login "$@"
}

postfix_start
dovecot_start
matrix_short

key_create reads alice@example.org reads pam.imap
key_create sends alice@example.org sends pam.submission
expect_out "a key for submission is refused for IMAP" "$sends" insufficient_permission
expect_out "a system user's password counts no longer" "$alice_password" unasked alice
case_is "the mailbox belongs to vmail" "$(ls -ld /var/vmail/example.org/alice/Maildir 2>&1)" \
	test "$(stat --format=%U /var/vmail/example.org/alice/Maildir)" = vmail

refusal=$smtp_refusal
login()
{
	smtp_send "$@"
}
expect_in "submission: right key" "$sends"
expect_out "submission: wrong secret" "$(key_guessed "$sends")" bad_secret
expect_out "submission: a key for IMAP is refused" "$reads" insufficient_permission
dovecot_stop
