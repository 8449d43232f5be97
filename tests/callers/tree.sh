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
architecture=${3-}
shift $(($# < 3 ? $# : 3))
suite=bookworm
here=$(dirname "$(readlink -f "$0")")

[ "$(id -u)" -eq 0 ] || { echo "making a Debian tree takes root"; exit 77; }
command -v debootstrap >/dev/null || { echo "debootstrap is not installed"; exit 77; }

if [ $# -gt 0 ]; then
	packages=("$@")
else
	mapfile -t packages < <("$here/../install-dependencies.sh" --list caller-tree)
fi
include=$(IFS=,; echo "${packages[*]}")
made="$suite $architecture $include"
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
mkdir -p "$cache" "$(dirname "$tree")"
# debootstrap mounts /proc inside; in a mount namespace of its own nothing of that is left behind.
unshare --mount --propagation private debootstrap ${architecture:+--arch="$architecture"} --variant=minbase \
	--cache-dir="$cache" --include="$include" "$suite" "$tree.part" "$mirror"
mv "$tree.part" "$tree"
echo "$made" >"$tree.made"
