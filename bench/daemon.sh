# shellcheck shell=bash disable=SC2154 # the caller's scratch folder
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The daemon of a measurement: how it is started and stopped. Sourced in the build folder, with $scratch set.

daemon=
stop_daemon() {
	[ -n "$daemon" ] || return 0 # not of the trap's status
	kill "$daemon" 2>/dev/null || true
	wait "$daemon" 2>/dev/null || true
	daemon=
}
trap 'stop_daemon; rm -rf "$scratch"' EXIT

# run_daemon COMMAND…: in the background, until it answers.
run_daemon() {
	"$@" >"$scratch/out" 2>&1 &
	daemon=$!
	for _ in $(seq 1000); do
		if cli/apikeyctl --runtime-dir "$scratch/run" status >/dev/null 2>&1; then
			break
		fi
		sleep 0.01
	done
}

row() { printf '%-46s %12s  %s\n' "$1" "$2" "${3:-}"; }
