# shellcheck shell=bash disable=SC2034,SC2154,SC2016,SC2119 # variables go from file to file; eval wants its text whole
# SPDX-License-Identifier: Apache-2.0 OR MIT
# What the cases with OpenSSH share: a server on the loopback interface, and logging in to it.

# sshd_start [WRAPPER…]
sshd_start()
{
	mkdir -p /run/sshd
	case_is "sshd takes the settings" "$(/usr/sbin/sshd -t 2>&1)" /usr/sbin/sshd -t
	# -E: sshd's own log goes to a file; what it does without a journal is not this project's to test.
	"$@" /usr/sbin/sshd -D -E /var/log/sshd.log </dev/null >/var/log/sshd.stderr 2>&1 &
	sshd_pid=$!
	# It listens before it has written the file that sshd_stop reads.
	if ! poll 60 listens 22 || ! poll 60 test -s /run/sshd.pid; then
		case_failed "sshd starts" "$(tail -n 20 /var/log/sshd.stderr /var/log/sshd.log)"
		exit 1
	fi
}

sshd_stop()
{
	# Under strace the server is the child.
	kill -TERM "$(cat /run/sshd.pid)"
	wait "$sshd_pid"
}

ssh_options=(-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o NumberOfPasswordPrompts=1
	-o ConnectTimeout=60 -o PubkeyAuthentication=no)

# ssh_login METHOD USER SECRET: logs in and runs a command.
ssh_login()
{
	SSHPASS=$3 sshpass -e ssh "${ssh_options[@]}" -o PreferredAuthentications="$1" "$2@127.0.0.1" id -un \
		>"$scratch/out" 2>&1 </dev/null && grep -qx "$2" "$scratch/out"
}

refusal='Permission denied'
# The key exchange, and what sshd waits of its own after a failure.
answer_limit=18000
service=sshd
