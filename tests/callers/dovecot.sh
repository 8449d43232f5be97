# shellcheck shell=bash disable=SC2034,SC2154,SC2016,SC2119 # variables go from file to file; eval wants its text whole
# SPDX-License-Identifier: Apache-2.0 OR MIT
# dovecot with one stack, and one permission, for all its services.

# shellcheck source=tests/callers/mail.sh
. /opt/tests/mail.sh

example dovecot/dovecot

service=dovecot
user=alice password=$alice_password other_user=bob

login()
{
	imap_login "$@"
}

dovecot_start
matrix
tokens HMAC access
dovecot_stop

key_create traced_key alice traced pam.dovecot
dovecot_start traced
login alice "$traced_key"
case_is "trace: the key reaches the daemon" "$(cat "$scratch/out")" trace_reaches_daemon
dovecot_stop
dovecot_start traced
login alice "$alice_password"
case_is "trace: the system password logs in" "$(cat "$scratch/out")" grep -q '^b OK' "$scratch/out"
case_is "trace: a system password causes no connection to the daemon" "$(grep apikeyd "$scratch/trace")" trace_avoids_daemon
dovecot_stop
