# shellcheck shell=bash disable=SC2034,SC2154 # variables go from file to file
# SPDX-License-Identifier: Apache-2.0 OR MIT
# How a case is counted, and how the booted system is entered. Sourced.

scratch=$(mktemp -d)

# case_passed CASE; case_failed CASE WHY…: the details stand on lines of their own.
case_passed()
{
	echo "ok $suite $1"
}

case_failed()
{
	echo "not ok $suite $1"
	printf '%s\n' "${@:2}" | tail -n 20 | sed 's/^/#   /'
	case_details 2>&1 | sed 's/^/#   /'
}

# A suite that knows more about a failure says it in a function of its own.
case_details()
{
	:
}

# case_is CASE COMMAND…: the command decides; what it says is shown when it fails.
case_is()
{
	if "${@:2}" >"$scratch/case" 2>&1; then
		case_passed "$1"
	else
		case_failed "$1" "$(cat "$scratch/case")"
	fi
}

not()
{
	! "$@"
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
		sleep 0.1
	done
}
