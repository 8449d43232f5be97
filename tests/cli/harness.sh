# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# What the tests of apikeyctl share: a scratch folder, a daemon of their own, and ways to say what is expected. Sourced,
# from the top of the build tree.

set -u
export LC_ALL=C.UTF-8 TZ=UTC
umask 022

# Past libtool's script, which takes longer than the program: the tests run it by the thousand.
if [[ -x $PWD/cli/.libs/apikeyctl ]]; then
	export LD_LIBRARY_PATH=$PWD/lib/.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
	apikeyctl=$PWD/cli/.libs/apikeyctl
else
	apikeyctl=$PWD/cli/apikeyctl
fi
apikeyd=$PWD/daemon/apikeyd
# Links and sticky folders on the way are judged by where they lead.
scratch=$(mktemp -d)
chmod 755 "$scratch"
runtime=$scratch/run
me=$(id -un)
daemon_pid=
failures=0

harness_end()
{
	[[ -z $daemon_pid ]] || { kill "$daemon_pid"; wait "$daemon_pid"; } 2>/dev/null
	rm -rf "$scratch"
}
trap harness_end EXIT
trap 'exit 1' HUP INT TERM

# skip WHY
skip()
{
	echo "SKIP: $1"
	exit 77
}

# need PROGRAM…
need()
{
	local program

	for program; do
		[[ -x $program ]] || command -v "$program" >/dev/null || skip "$program is missing"
	done
}

# run ARGUMENT…: runs apikeyctl with nothing to read; sets out, err and status.
run()
{
	run_with '' "$@"
}

# run_with INPUT ARGUMENT…: the same, with something to read.
run_with()
{
	printf '%s' "$1" >"$scratch/in"
	shift
	last="apikeyctl $*"
	"$apikeyctl" "$@" <"$scratch/in" >"$scratch/out" 2>"$scratch/err"
	status=$?
	# bash leaves NUL bytes out, and would say so each time.
	{ out=$(<"$scratch/out") err=$(<"$scratch/err"); } 2>/dev/null
}

# reload_daemon: it takes over what apikeyd.conf says now; for the first time in a test.
reload_daemon()
{
	local deadline=$((SECONDS + 30))

	kill -HUP "$daemon_pid"
	until grep -q 'the configuration was reloaded' "$scratch/daemon.log"; do
		((SECONDS < deadline)) || { echo 'FAIL: the daemon does not reload'; exit 1; }
		sleep 0.05
	done
}

# have_other_user: the test may become bin, who can run apikeyctl.
have_other_user()
{
	[[ $(id -u) -eq 0 ]] && id bin >/dev/null 2>&1 && setpriv --reuid=bin --regid=bin --clear-groups test -x "$apikeyctl"
}

# act ARGUMENT…: runs apikeyctl against the daemon that start_daemon started.
act()
{
	run --runtime-dir "$runtime" "$@"
}

# act_as USER ARGUMENT…: the same as that user.
act_as()
{
	local user=$1

	shift
	if [[ $user == "$me" ]]; then
		act "$@"
		return
	fi
	last="apikeyctl $* (as $user)"
	setpriv --reuid="$user" --regid="$user" --clear-groups "$apikeyctl" --runtime-dir "$runtime" "$@" \
		>"$scratch/out" 2>"$scratch/err" </dev/null
	status=$? out=$(<"$scratch/out") err=$(<"$scratch/err")
}

# fail WHAT
fail()
{
	failures=$((failures + 1))
	printf 'FAIL: %s\n  after: %s\n' "$1" "${last-}"
	printf '  status: %s\n  out: %s\n  err: %s\n' "${status-}" "${out-}" "${err-}"
}

# is WHAT GOT EXPECTED
is()
{
	[[ $2 == "$3" ]] || fail "$1 is '$2', not '$3'"
}

# has WHAT TEXT PART…
has()
{
	local what=$1 text=$2 part

	shift 2
	for part; do
		[[ $text == *"$part"* ]] || fail "$what has no '$part'"
	done
}

# lacks WHAT TEXT PART…
lacks()
{
	local what=$1 text=$2 part

	shift 2
	for part; do
		[[ $text != *"$part"* ]] || fail "$what has '$part'"
	done
}

# succeeds, refused, misused, unreachable: the status of what ran last.
succeeds()
{
	is 'the exit status' "$status" 0
}

refused()
{
	is 'the exit status' "$status" 1
	is 'standard output' "$out" ''
}

misused()
{
	is 'the exit status' "$status" 2
	is 'standard output' "$out" ''
	has 'standard error' "$err" 'apikeyctl: '
}

unreachable()
{
	is 'the exit status' "$status" 3
	is 'standard output' "$out" ''
}

# commands_in OVERVIEW: the commands that help lists, one a line.
commands_in()
{
	sed -nE '/^KEY is/q; s/^  ([a-z-]+( [a-z-]+)?)( .*)?$/\1/p' <<<"$1"
}

# json FILTER: what jq makes of standard output.
json()
{
	jq -r "$1" <"$scratch/out" || fail "jq refuses the output for $1"
}

# What apikeyctl status ends with once the daemon has started: 1 for one that has no key store it could open.
started_status=0

# More lines of its configuration.
more_settings=()

# Starts a daemon in the scratch folder that takes us for an administrator.
start_daemon()
{
	local seen
	local arguments=(--runtime-dir "$runtime" --state-dir "$scratch/state" --log-dir "$scratch/log"
		--config "$scratch/apikeyd.conf") deadline=$((SECONDS + 20))

	mkdir -p "$runtime" "$scratch/state" "$scratch/log"
	printf '%s\n' '[admin]' "group = $(id -gn)" "${more_settings[@]}" >"$scratch/apikeyd.conf"
	# As root it becomes another user once its sockets are open.
	[[ $(id -u) -ne 0 ]] || arguments+=(--user nobody)
	"$apikeyd" "${arguments[@]}" >"$scratch/daemon.log" 2>&1 </dev/null &
	daemon_pid=$!
	while true; do
		"$apikeyctl" --runtime-dir "$runtime" status >/dev/null 2>&1
		seen=$?
		[[ $seen -ne $started_status ]] || break
		if ! kill -0 "$daemon_pid" 2>/dev/null || ((SECONDS > deadline)); then
			echo "the daemon does not serve:"
			cat "$scratch/daemon.log"
			exit 1
		fi
		sleep 0.05
	done
}

stop_daemon()
{
	kill "$daemon_pid"
	wait "$daemon_pid" 2>/dev/null
	daemon_pid=
}

# make_key NAME OPTION…: makes a key of ours; sets id and secret.
# shellcheck disable=SC2034 # they are for the tests
make_key()
{
	local name=$1

	shift
	act --json key create --name "$name" --owner "$me" --expires 90d "$@"
	succeeds
	id=$(json .id)
	secret=$(json .secret)
}

# Ends the test.
finish()
{
	((failures == 0)) || echo "$failures failed"
	exit $((failures > 0))
}
