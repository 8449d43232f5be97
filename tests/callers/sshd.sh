# shellcheck shell=bash disable=SC2034,SC2154,SC2016,SC2119 # variables go from file to file; eval wants its text whole
# SPDX-License-Identifier: Apache-2.0 OR MIT
# OpenSSH, keyboard-interactive, a key beside the system password.

# shellcheck source=tests/callers/ssh.sh
. /opt/tests/ssh.sh

example sshd/sshd sshd/apikey.conf

user=alice password=$alice_password other_user=bob

login()
{
	ssh_login keyboard-interactive "$1" "$2"
}

sshd_start
matrix
tokens HMAC access
sshd_stop

# The line fail2ban's filters look for is there for a bad key; a password that fails is pam_unix's to tell.
case_is "the log has the line that fail2ban reads" "$(grep apikey "$system_log" | tail -n 5)" poll 60 \
	grep -Eq 'pam_apikey.*authentication failure; logname=.* uid=.* euid=.* tty=.* ruser=.* rhost=.* user=alice' "$system_log"

key_create traced_key alice traced pam.sshd
sshd_start traced
login alice "$traced_key"
case_is "trace: the key reaches the daemon" "$(cat "$scratch/out")" trace_reaches_daemon
sshd_stop
sshd_start traced
login alice "$alice_password"
case_is "trace: the system password logs in" "$(cat "$scratch/out")" grep -qx alice "$scratch/out"
case_is "trace: a system password causes no connection to the daemon" "$(grep apikeyd "$scratch/trace")" trace_avoids_daemon
sshd_stop
