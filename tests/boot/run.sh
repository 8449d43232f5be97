#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The packages on a Debian system that boots with systemd: installed, upgraded, broken, mended, removed and purged,
# while people log in.
#
#   tests/boot/run.sh TREE PACKAGES WORK
#
# TREE comes from tests/callers/tree.sh, PACKAGES is the folder where make deb left them. One line for each case, "ok boot
# CASE" or "not ok boot CASE" with the details after it, then "boot: N passed, N failed, N skipped". Exit status: 0 all passed, 1
# something failed, 77 it cannot be run here (the last line says why).
set -uo pipefail

tree=$(readlink -f "$1") packages=$(readlink -f "$2") work=$3
sources=$(readlink -f "$(dirname "$0")/../..")

[ "$(id -u)" -eq 0 ] || { echo "booting a system takes root"; exit 77; }
command -v systemd-nspawn >/dev/null || { echo "systemd-nspawn is not installed"; exit 77; }
grep -qw overlay /proc/filesystems || modprobe overlay 2>/dev/null || { echo "this kernel has no overlay file system"; exit 77; }
# shellcheck disable=SC1091,SC2031 # the two are the same file of two systems
here=$(. /etc/os-release && echo "$ID $VERSION_ID")
# shellcheck disable=SC1091,SC2031
there=$(. "$tree/etc/os-release" && echo "$ID $VERSION_ID")
[ "$here" = "$there" ] || { echo "built on $here, but the tree is $there"; exit 77; }

# The system gets control groups of its own below the present ones, so that several may run on one host.
groups=()
while IFS=: read -r number controllers path; do
	case $number:$controllers in
	0: | *:name=systemd)
		mount=$(awk -v kind="${controllers#name=}" '
			{ for (i = 7; $i != "-"; i++); }
			kind == "" && $(i + 1) == "cgroup2" || kind != "" && $(i + 1) == "cgroup" && $(i + 3) ~ "name=" kind { print $5; exit }
			' /proc/self/mountinfo)
		[ -n "$mount" ] && groups+=("$mount${path%/}/apikeyd-boot-$$")
		;;
	esac
done </proc/self/cgroup

# shellcheck disable=SC2317 # called by the trap
groups_end()
{
	local group i
	for group in "${groups[@]}"; do
		# What was killed takes a moment to be gone.
		for ((i = 0; i < 50; i++)); do
			find "$group" -depth -type d -exec rmdir {} + 2>/dev/null
			[ -d "$group" ] || break
			sleep 0.1
		done
	done
}
trap groups_end EXIT

mkdir -p "$work"
# When this script ends in whatever way, the first process of the namespace is killed, and with it the whole system.
unshare --mount --pid --fork --kill-child --mount-proc \
	"$sources/tests/boot/enter.sh" "$tree" "$packages" "$sources" "$(readlink -f "$work")" "boot-$$" "${groups[@]}" \
	>"$work/boot.log" 2>&1 </dev/null &
child=$!
trap 'kill -KILL $child; exit 130' INT TERM
wait $child
status=$?
trap - INT TERM

if ! tail -n 1 "$work/boot.log" | grep -q '^# end of boot$'; then
	{
		echo "not ok boot ended before its last case (status $status)"
		tail -n 20 "$work/console.log" | tr -cd '[:print:]\n' | sed 's/^/#   /'
	} >>"$work/boot.log"
fi
# Where "/" is a folder of a larger system, a chroot, systemd-nspawn starts nothing.
if grep -qE '^not ok [a-z]+ the system boots$' "$work/boot.log" && [ "$(awk '$5 == "/" { print $4; exit }' /proc/self/mountinfo)" != / ]; then
	echo "nothing boots inside a chroot"
	exit 77
fi
cat "$work/boot.log"
passed=$(grep -c '^ok ' "$work/boot.log")
failed=$(grep -c '^not ok ' "$work/boot.log")
skipped=$(grep -c '^skip ' "$work/boot.log")
echo "boot: $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
