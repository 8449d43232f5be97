#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The real programs that ask PAM, in a Debian tree with this build installed, each caller in namespaces of its own and
# all at the same time: they mostly wait for the delays that follow a refusal.
#
#   tests/callers/run.sh TREE INSTALLED WORK [CALLER…]
#
# TREE comes from tree.sh, INSTALLED is what make install DESTDIR=INSTALLED left. One line for each case, "ok CALLER
# CASE" or "not ok CALLER CASE" with the details after it, then "callers: N passed, N failed, N skipped". Exit status: 0 all passed,
# 1 something failed, 77 it cannot be run here (the last line says why).
set -uo pipefail

tree=$1 installed=$2 work=$3
shift 3
sources=$(readlink -f "$(dirname "$0")/../..")
[ $# -gt 0 ] || set -- sshd sshd-password sshd-key-only sftp sudo su dovecot pamtester pamtester-peer
seconds=${CALLERS_SECONDS:-240}

[ "$(id -u)" -eq 0 ] || { echo "entering a Debian tree takes root"; exit 77; }
grep -qw overlay /proc/filesystems || modprobe overlay 2>/dev/null || { echo "this kernel has no overlay file system"; exit 77; }
# shellcheck disable=SC1091,SC2031 # the two are the same file of two systems
here=$(. /etc/os-release && echo "$ID $VERSION_ID")
# shellcheck disable=SC1091,SC2031
there=$(. "$tree/etc/os-release" && echo "$ID $VERSION_ID")
[ "$here" = "$there" ] || { echo "built on $here, but the tree is $there"; exit 77; }

mkdir -p "$work"
work=$(readlink -f "$work")
pids=()
for caller; do
	mkdir -p "$work/$caller"
	: >"$work/$caller.log"
	timeout --kill-after=5 "$seconds" unshare --mount --pid --fork --kill-child --uts --ipc --net \
		"$sources/tests/callers/enter.sh" "$(readlink -f "$tree")" "$(readlink -f "$installed")" "$sources" "$work/$caller" "$caller" \
		>"$work/$caller.log" 2>&1 </dev/null &
	pids+=($!)
done

for caller; do
	wait "${pids[0]}"
	status=$?
	pids=("${pids[@]:1}")
	# A caller that ended early has not shown what it should have.
	if ! tail -n 1 "$work/$caller.log" | grep -q "^# end of $caller\$"; then
		echo "not ok $caller ended before its last case (status $status)" >>"$work/$caller.log"
	fi
	cat "$work/$caller.log"
done

count()
{
	cat "${@:2}" | grep -c "^$1 "
}
logs=("${@/%/.log}")
logs=("${logs[@]/#/$work/}")
passed=$(count ok "${logs[@]}")
failed=$(count 'not ok' "${logs[@]}")
skipped=$(count skip "${logs[@]}")
echo "callers: $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
