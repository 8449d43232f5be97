#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Makes the Debian tree in which the real callers run, or finds it made. It is never written to afterwards: each run
# lays its own changes over it. Packages come from the mirror this host itself uses, and are kept for the next time.
#
#   tests/callers/tree.sh TREE CACHE [ARCHITECTURE [PACKAGE…]]
#
# Exit status: 0 the tree is there, 77 it cannot be made here (the last line says why), 1 making it failed.
set -euo pipefail

tree=$1
cache=$2
architecture=${3:-$(dpkg --print-architecture 2>/dev/null || true)}
shift $(($# < 3 ? $# : 3))
suite=bookworm
here=$(dirname "$(readlink -f "$0")")

[ "$(id -u)" -eq 0 ] || { echo "making a Debian tree takes root"; exit 77; }
command -v debootstrap >/dev/null || { echo "debootstrap is not installed"; exit 77; }

apart=()
if [ $# -gt 0 ]; then
	packages=("$@")
else
	mapfile -t packages < <("$here/../install-dependencies.sh" --list caller-tree)
	mapfile -t apart < <("$here/../install-dependencies.sh" --list caller-tree-apart)
fi
made="$suite $architecture ${packages[*]} / ${apart[*]}"
if [ "$(cat "$tree.made" 2>/dev/null)" = "$made" ]; then
	exit 0
fi

mirror=http://deb.debian.org/debian
if command -v apt-get >/dev/null; then
	# shellcheck disable=SC2016 # apt's own placeholders
	used=$(apt-get indextargets --format '$(ORIGIN) $(RELEASE) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
		sed -n "s/^Debian $suite //p" | head -n 1)
	mirror=${used:-$mirror}
fi

rm -rf "$tree" "$tree.made" "$tree.part"
mkdir -p "$cache/partial" "$(dirname "$tree")"
cache=$(readlink -f "$cache")
# What all trees begin with is made once, too. debootstrap mounts /proc inside; in a mount namespace of its own nothing of
# that is left behind.
base=${cache%/*}/base
if [ "$(cat "$base.made" 2>/dev/null)" != "$suite $architecture" ]; then
	rm -rf "$base" "$base.made"
	unshare --mount --propagation private debootstrap ${architecture:+--arch="$architecture"} --variant=minbase \
		--cache-dir="$cache" "$suite" "$base" "$mirror"
	echo "$suite $architecture" >"$base.made"
fi
cp --archive "$base" "$tree.part"

# No package may start its service, now or when a caller installs one.
printf '#!/bin/sh\nexit 101\n' >"$tree.part/usr/sbin/policy-rc.d"
chmod 755 "$tree.part/usr/sbin/policy-rc.d"

# apt, which knows alternatives and conflicts, does the rest. Should a package start something all the same, it ends with
# the process namespace.
# shellcheck disable=SC2016 # the inner shell expands it
unshare --mount --propagation private --pid --fork --kill-child --uts bash -ec '
	tree=$1 cache=$2 count=$3
	shift 3
	hostname callers
	mount -t proc proc "$tree/proc"
	mount --bind "$cache" "$tree/var/cache/apt/archives"
	mkdir -p "$tree/opt/packages/partial"
	get()
	{
		DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 chroot "$tree" apt-get --yes --no-install-recommends \
			-o APT::Sandbox::User=root -o Acquire::Retries=3 -o DPkg::Options::=--force-unsafe-io "$@"
	}
	get update
	get install "${@:1:count}"
	shift "$count"
	# These conflict with others of the tree: their callers install them from /opt/packages, each for itself.
	[ $# -eq 0 ] || get -o Dir::Cache::archives=/opt/packages --download-only install "$@"
	' - "$tree.part" "$cache" "${#packages[@]}" "${packages[@]}" "${apart[@]}"
mv "$tree.part" "$tree"
echo "$made" >"$tree.made"
