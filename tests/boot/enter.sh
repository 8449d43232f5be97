#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The first process of namespaces of its own: lays a layer in memory that takes every write over the tree, boots it, and
# runs the cases on it from outside. When it ends, everything in its namespaces does.
#
#   unshare --mount --pid --fork --kill-child --mount-proc tests/boot/enter.sh TREE PACKAGES SOURCES WORK NAME [CGROUP…]
set -uo pipefail

tree=$1 packages=$2 sources=$3 work=$4 machine=$5
shift 5
suite=boot

# shellcheck source=tests/boot/harness.sh
. "$sources/tests/boot/harness.sh"

for group; do
	# Where groups cannot be made the present ones have to do.
	mkdir "$group" 2>/dev/null && echo $$ >"$group/cgroup.procs"
done

mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs /run
rm -rf "$work/system"
mkdir -p "$work/system"
mount -t tmpfs -o mode=755 tmpfs "$work/system"
mkdir "$work/system/changes" "$work/system/scratch" "$work/system/root"
mount -t overlay -o "lowerdir=$tree,upperdir=$work/system/changes,workdir=$work/system/scratch" overlay "$work/system/root" ||
	exit
# A tree of callers has it, so that making it starts no service; here services start.
rm -f "$work/system/root/usr/sbin/policy-rc.d"

nspawn=
: >"$work/console.log"

system_start()
{
	systemd-nspawn --directory="$work/system/root" --machine="$machine" --register=no --keep-unit --boot --console=pipe \
		--private-network --kill-signal=SIGRTMIN+3 --hostname=boot \
		--bind-ro="$sources/tests/boot:/opt/tests" --bind-ro="$packages:/opt/packages" \
		--bind-ro="$work/upgrade:/opt/upgrade" </dev/null >>"$work/console.log" 2>&1 &
	nspawn=$!
}

# Its first process, as seen from here.
leader()
{
	local child
	local children=()
	read -ra children 2>/dev/null <"/proc/$nspawn/task/$nspawn/children"
	for child in "${children[@]}"; do
		if [ "$(cat "/proc/$child/comm" 2>/dev/null)" = systemd ]; then
			echo "$child"
			return
		fi
	done
	return 1
}

# inside COMMAND…: in the booted system, as root.
inside()
{
	local pid
	pid=$(leader) || return
	nsenter --target "$pid" --all env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		LANG=C.UTF-8 HOME=/root DEBIAN_FRONTEND=noninteractive "$@"
}

# shellcheck disable=SC2317 # polled for
is_up()
{
	local state
	state=$(inside systemctl is-system-running 2>/dev/null)
	[ "$state" = running ] || [ "$state" = degraded ]
}

# A host as people have them: with a name, and sshd as Debian sets it up. The jail of fail2ban for it wants a log file that
# is not there.
# shellcheck disable=SC2317 # called by the cases
system_is_a_host()
{
	printf '127.0.0.1 localhost boot\n' >"$work/system/root/etc/hosts"
	echo boot >"$work/system/root/etc/hostname"
	ln -sf /dev/null "$work/system/root/etc/systemd/system/fail2ban.service"
}

# Starts it; no case makes sense where it does not come up.
# shellcheck disable=SC2317 # called by the cases
system_boots()
{
	system_start
	poll 300 is_up && return
	case_failed 'the system boots' "$(tail -n 20 "$work/console.log")"
	exit 1
}

# shellcheck disable=SC2317 # polled for
is_down()
{
	! kill -0 "$nspawn" 2>/dev/null
}

# shellcheck disable=SC2317 # called by the trap
system_stop()
{
	inside systemctl poweroff >/dev/null 2>&1
	poll 60 is_down || kill -KILL "$nspawn"
	wait "$nspawn" 2>/dev/null
	rm -rf "$scratch"
}
trap system_stop EXIT

# shellcheck disable=SC2317 # called when a case failed
case_details()
{
	echo '-- journal:'
	inside journalctl --quiet --no-pager --output=short-precise --lines=15
}

mkdir -p "$work/upgrade"
# shellcheck source=tests/boot/cases.sh
. "$sources/tests/boot/${BOOT_CASES:-cases}.sh"
