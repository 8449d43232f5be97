# shellcheck shell=bash disable=SC2034,SC2154,SC2016,SC2119 # variables go from file to file; eval wants its text whole
# SPDX-License-Identifier: Apache-2.0 OR MIT
# How a case is counted, and the log the callers write to.

alice_password='Unix password of alice 5173'
bob_password='Unix password of bob 8840'
# shellcheck disable=SC2034 # read by inside.sh
deploy_password='Unix password of deploy 2906'

system_log=/var/log/system.log
scratch=$(mktemp -d)

# case_passed CASE; case_failed CASE WHY…: the details stand on lines of their own.
case_passed()
{
	echo "ok $caller $1"
}

case_failed()
{
	echo "not ok $caller $1"
	printf '%s\n' "${@:2}" | sed 's/^/#   /'
	{
		echo "-- daemon:"
		tail -n 5 "$daemon_log"
		echo "-- audit:"
		tail -n 3 "$audit_log"
		echo "-- system log:"
		tail -n 5 "$system_log"
	} 2>/dev/null | sed 's/^/#   /'
}

# case_is CASE WHY COMMAND…: the command decides.
case_is()
{
	if "${@:3}"; then
		case_passed "$1"
	else
		case_failed "$1" "$2"
	fi
}

milliseconds()
{
	local now=$EPOCHREALTIME
	echo $((${now/./} / 1000))
}

# poll SECONDS COMMAND…: until the command succeeds; fails when it did not in time.
poll()
{
	local end=$(($(milliseconds) + $1 * 1000))
	until "${@:2}"; do
		[ "$(milliseconds)" -lt $end ] || return 1
		sleep 0.05
	done
}

# ---- /dev/log, in the four forms a caller may meet ----

log_pid=

log_end()
{
	if [ -n "$log_pid" ]; then
		kill -KILL "$log_pid"
		wait "$log_pid" 2>/dev/null
	fi
	log_pid=
	rm -f /dev/log
}

# Somebody reads, as journald does, into $system_log.
log_read()
{
	log_end
	perl -MSocket -e '
		socket(S, AF_UNIX, SOCK_DGRAM, 0) or die; bind(S, sockaddr_un("/dev/log")) or die; chmod 0666, "/dev/log";
		$| = 1; open(L, ">>", $ARGV[0]) or die; select((select(L), $| = 1)[0]);
		while (defined(recv(S, $m, 8192, 0))) { print L "$m\n"; }' "$system_log" &
	log_pid=$!
	poll 10 test -S /dev/log
}

# Nobody reads; as many messages fit as the kernel queues.
log_stopped()
{
	log_end
	perl -MSocket -e '
		socket(S, AF_UNIX, SOCK_DGRAM, 0) or die; bind(S, sockaddr_un("/dev/log")) or die; chmod 0666, "/dev/log";
		sleep 3600;' &
	log_pid=$!
	poll 10 test -S /dev/log
}

# Nobody reads, and the queue is full: whoever sends without a bound waits for ever.
log_full()
{
	log_end
	perl -MSocket -MFcntl -e '
		socket(S, AF_UNIX, SOCK_DGRAM, 0) or die; bind(S, sockaddr_un("/dev/log")) or die; chmod 0666, "/dev/log";
		for (1 .. 16) {
			socket(my $c, AF_UNIX, SOCK_DGRAM, 0) or die; fcntl($c, F_SETFL, O_NONBLOCK); push @c, $c;
			connect($c, sockaddr_un("/dev/log")) or die; 1 while send($c, "full", 0);
		}
		open(F, ">", $ARGV[0]); close F; sleep 3600;' "$scratch/full" &
	log_pid=$!
	poll 10 test -e "$scratch/full"
	rm -f "$scratch/full"
}

# There is no such socket.
log_absent()
{
	log_end
}
