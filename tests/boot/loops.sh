# shellcheck shell=bash disable=SC2016,SC2034,SC2154,SC2317 # the inner shell expands it; variables go from file to file; functions are called by name
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Logins again and again while something is done to the system. Sourced.

loops=/root/loops
# name, how tests/boot/login.sh logs in
declare -A loop_ways=(
	[ssh-key]='ssh /root/secrets/key'
	[ssh-password]='ssh'
	[console-password]='console'
	[patient-key]='patient'
	[peer-key]='patient-peer'
)
everybody='ssh-key ssh-password console-password patient-key peer-key'
by_password='ssh-password console-password'

attempts()
{
	inside sh -c 'cat "$1" 2>/dev/null | wc -l' - "$loops/$1"
}

# each_made NUMBER: each loop has made so many attempts since made was noted.
declare -A made
each_made()
{
	local name
	for name in "${!made[@]}"; do
		[ "$(attempts "$name")" -ge $((made[$name] + $1)) ] || return 1
	done
}

# loop_round NAMES COMMAND…: the command, with these loops running before, during and after it. Its exit status.
loop_round()
{
	local names name status pids=()
	read -ra names <<<"$1"
	made=()
	inside sh -c 'rm -rf "$1" && mkdir "$1"' - "$loops"
	for name in "${names[@]}"; do
		# shellcheck disable=SC2086 # words
		inside /opt/tests/loop.sh "$loops" "$name" ${loop_ways[$name]} &
		pids+=($!)
		made[$name]=0
	done
	poll 120 each_made 2 || echo 'the loops make no progress before'
	"${@:2}"
	status=$?
	for name in "${names[@]}"; do
		made[$name]=$(attempts "$name")
	done
	poll 120 each_made 3 || { echo 'the loops make no progress after'; status=1; }
	inside touch "$loops/stop"
	wait "${pids[@]}"
	return $status
}

# during CASE NAMES COMMAND…: no attempt of these loops may fail while the command runs. One by ssh waits no longer than
# the module does by default, which on a busy machine can be too short: then all of it is done again, twice at the
# most. The others have a time-out that leaves no such excuse.
during()
{
	local round late failed
	for round in 1 2 3; do
		if ! loop_round "${@:2}" >"$scratch/during" 2>&1; then
			case_failed "$1" "$(cat "$scratch/during")"
			return
		fi
		# The module's time-out and the delay after a refusal.
		late=$(inside sh -c 'grep -shE "^failed ([0-9]{5,}|[5-9][0-9]{3}) " "$1/ssh-key" | wc -l' - "$loops")
		if [ "$late" -eq 0 ] || [ "$round" -eq 3 ]; then
			break
		fi
		echo "# $1: $late logins by ssh ran out of time; once more"
	done
	failed=$(inside sh -c 'cd "$1" && grep -s ^failed -- *-*' - "$loops")
	echo "# $1: $(for name in $2; do echo "$(attempts "$name") $name"; done | paste -sd ,)"
	if [ -z "$failed" ]; then
		case_passed "$1: no login fails"
	else
		case_failed "$1: no login fails" "$failed"
	fi
}
