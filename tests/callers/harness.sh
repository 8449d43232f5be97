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

# case_skipped CASE WHY: it cannot be tried here; the reason stands in the output.
case_skipped()
{
	echo "skip $caller $1: $2"
}

# ---- examples and servers ----

# example FILE…: installs files of packaging/examples as they are. Each one's first comment names its place, with mode and
# owner where these are not 0644 and root, as in "# /etc/sudoers.d/apikey (0440 root): what it is".
example()
{
	local file header mode owner group
	for file; do
		header=$(head -n 4 "/opt/examples/$file" | grep -E -m 1 '^[^ ]+ /[^ ]+( \([0-7]{4} [a-z:_-]+\))?: ')
		if ! [[ $header =~ ^[^\ ]+\ (/[^ :]+)(\ \(([0-7]+)\ ([a-z_-]+)(:([a-z_-]+))?\))?: ]]; then
			case_failed "the example $file is installed" "its first comment does not say where it belongs: $header"
			exit 1
		fi
		mode=${BASH_REMATCH[3]:-0644} owner=${BASH_REMATCH[4]:-root} group=${BASH_REMATCH[6]}
		install -D --mode="$mode" --owner="$owner" --group="${group:-$owner}" "/opt/examples/$file" "${BASH_REMATCH[1]}"
	done
}

# listens PORT: somebody does, on the loopback interface.
listens()
{
	(exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

server_pid=

# serve PORT COMMAND…: starts a server that stays in the foreground, and waits until it listens; $server_pid is it.
serve()
{
	"${@:2}" >>"/var/log/$caller.stderr" 2>&1 </dev/null &
	server_pid=$!
	if ! poll 60 listens "$1"; then
		case_failed "the server starts" "nobody listens on port $1" "$(tail -n 20 "/var/log/$caller.stderr")"
		exit 1
	fi
}

# The one that serve started last.
server_stop()
{
	kill -TERM "$server_pid"
	wait "$server_pid"
	server_pid=
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
		open(L, ">>", $ARGV[0]) or die; select((select(L), $| = 1)[0]);
		umask 0; socket(S, AF_UNIX, SOCK_DGRAM, 0) or die; bind(S, sockaddr_un("/dev/log")) or die;
		while (defined(recv(S, $m, 8192, 0))) { print L "$m\n"; }' "$system_log" &
	log_pid=$!
	poll 60 test -S /dev/log
}

# Nobody reads; as many messages fit as the kernel queues.
log_stopped()
{
	log_end
	perl -MSocket -e '
		umask 0; socket(S, AF_UNIX, SOCK_DGRAM, 0) or die; bind(S, sockaddr_un("/dev/log")) or die;
		sleep 3600;' &
	log_pid=$!
	poll 60 test -S /dev/log
}

# Nobody reads, and the queue is full: whoever sends without a bound waits for ever.
log_full()
{
	log_end
	perl -MSocket -MFcntl -e '
		umask 0; socket(S, AF_UNIX, SOCK_DGRAM, 0) or die; bind(S, sockaddr_un("/dev/log")) or die;
		for (1 .. 16) {
			socket(my $c, AF_UNIX, SOCK_DGRAM, 0) or die; fcntl($c, F_SETFL, O_NONBLOCK); push @c, $c;
			connect($c, sockaddr_un("/dev/log")) or die; 1 while send($c, "full", 0);
		}
		open(F, ">", $ARGV[0]); close F; sleep 3600;' "$scratch/full" &
	log_pid=$!
	poll 60 test -e "$scratch/full"
	rm -f "$scratch/full"
}

# log_has_since LINES PATTERN: what the callers logged does, behind so many lines.
log_has_since()
{
	grep -Eq -- "$2" <(tail -n "+$(($1 + 1))" "$system_log")
}

# There is no such socket.
log_absent()
{
	log_end
}
