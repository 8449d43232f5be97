# shellcheck shell=bash disable=SC2034,SC2154,SC2016,SC2119 # variables go from file to file; eval wants its text whole
# SPDX-License-Identifier: Apache-2.0 OR MIT
# dovecot's IMAP and submission with a stack, and so a permission, each.

# shellcheck source=tests/callers/mail.sh
. /opt/tests/mail.sh

example dovecot/imap dovecot/submission dovecot/10-auth.conf dovecot/99-submission.conf

service=imap
user=alice password=$alice_password other_user=bob

# shellcheck disable=SC2317 # the matrix calls it, before it is defined anew
login()
{
	imap_login "$@"
}

postfix_start
dovecot_start
matrix_short

key_create reads alice reads pam.imap
key_create sends alice sends pam.submission
key_create both bob both pam.imap --permission pam.submission
expect_out "a key for submission is refused for IMAP" "$sends" insufficient_permission

# As the examples tell to try it.
key_create tried alice tried pam.imap
case_is "doveadm auth test: right key" "$(doveadm auth test -x service=imap alice <<<"$tried" 2>&1)" \
	eval 'doveadm auth test -x service=imap alice <<<"$tried" >/dev/null 2>&1'
case_is "doveadm auth test: a key for submission" "let in" \
	eval '! doveadm auth test -x service=imap alice <<<"$sends" >/dev/null 2>&1'

# What lives on after a revoke, and how it is ended, as the examples say.
key_create lasting alice lasting pam.imap
imap_open alice "$lasting"
apikeyctl key revoke alice/lasting >/dev/null 2>&1
imap_command e NOOP
case_is "an open connection lives on after a revoke" "$(cat "$scratch/out")" grep -q '^e OK' "$scratch/out"
doveadm kick alice >/dev/null
case_is "doveadm kick ends it" "$(cat "$scratch/out")" poll 60 eval '! imap_command f NOOP'
exec 3>&-
doveconf -n >/dev/null && doveadm reload
expect_in "after doveadm reload: right key" "$tried"

service=submission refusal=$smtp_refusal
login()
{
	smtp_send "$@"
}
expect_in "submission: right key" "$sends"
expect_in "submission: system password" "$alice_password"
expect_out "submission: wrong secret" "$(key_guessed "$sends")" bad_secret
expect_out "submission: a key for IMAP is refused" "$reads" insufficient_permission
expect_in "submission: a key for both" "$both" bob
apikeyctl key revoke alice/sends >/dev/null 2>&1
expect_out "submission: revoked, at once" "$sends" key_revoked
daemon_stop
expect_out "submission: daemon stopped" "$both" any bob
daemon_start
smtp_send bob "$both" 'mark 60417'
case_is "mail sent with the key is read with the key" "$(tail -n 20 "$scratch/out" /var/log/dovecot.log)" \
	poll 60 imap_finds bob "$both" 'mark 60417'
dovecot_stop
