#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The commands in README.md. Above each block of them stands who runs it:
#
#   <!-- run: quickstart -->   ./check's stage of that name; likewise check, deb
#   <!-- run: newcomer -->     tests/boot/newcomer.sh, as root on a fresh Debian; after-login once somebody has logged in
#   <!-- run: login -->        the same, with a key at hand
#   <!-- run: alice -->        the same, as alice
#   <!-- run: source -->       this file, with --source
#
#   tests/readme.sh --check           every block is marked, by one of these
#   tests/readme.sh MARK…             prints the blocks that are marked so, in their order
#   tests/readme.sh --source WORK     runs the block "source": installs below a scratch root
#
# Exit status: 0 done, 1 something is wrong, 2 usage, 77 it cannot be run here (the last line says why).
set -uo pipefail

here=$(dirname "$(readlink -f "$0")")
readme=$here/../README.md
known='quickstart check deb newcomer login after-login alice source'

# blocks MARK…: those blocks; a line before each says "# run: MARK" where several kinds are asked for.
blocks()
{
	awk -v wanted=" $* " -v several=$(($# > 1)) '
		/^<!-- run: / { mark = $3; next }
		/^```/ { inside = !inside; if (inside && several && index(wanted, " " mark " ")) print "# run: " mark; if (!inside) mark = ""; next }
		inside && index(wanted, " " mark " ")' "$readme"
}

# Every block has a mark, and the mark is one that somebody knows.
check()
{
	awk -v known=" $known " '
		/^<!-- run: / {
			mark = $3
			if (!index(known, " " mark " ")) { print "README.md:" NR ": nobody runs \"" mark "\""; wrong = 1 }
			next
		}
		/^```/ && (inside || /^```sh/) {
			inside = !inside
			if (inside && mark == "") { print "README.md:" NR ": this block says not who runs it"; wrong = 1 }
			if (!inside) mark = ""
			next
		}
		!inside && /^    [^ ]/ && /(apikeyctl|sudo|make|systemctl|\.\/)/ {
			print "README.md:" NR ": a command in a block that nobody runs: " $0; wrong = 1
		}
		END { exit wrong }' "$readme"
}

# The lines for root leave this system alone: they act on the scratch root instead.
# shellcheck disable=SC2317 # called by the block
sudo()
{
	local command=$1
	shift
	case $command in
	make) make DESTDIR="$root" "$@" ;;
	systemd-sysusers | systemd-tmpfiles) "$command" --root="$root" "$@" ;;
	systemctl) systemctl --root="$root" "${@//--now/--quiet}" ;;
	*)
		echo "readme: what does 'sudo $command' do to a scratch root?" >&2
		return 1
		;;
	esac
}

install_from_source()
{
	local work=$1 file
	for file in systemd-sysusers systemd-tmpfiles systemctl autoreconf; do
		command -v $file >/dev/null || { echo "$file is not installed"; exit 77; }
	done
	[ "$(id -u)" -eq 0 ] || { echo "not root: users and folders cannot be made"; exit 77; }
	rm -rf "$work"
	mkdir -p "$work/source" "$work/root/etc"
	work=$(readlink -f "$work")
	root=$work/root
	(cd "$here/.." && tar -c --exclude='./build*' --exclude=./.git --exclude=./autom4te.cache .) | tar -x -C "$work/source"
	cd "$work/source" || return
	blocks source >"$work/commands"
	# A shell that stops at the first line that fails.
	(
		set -e
		# shellcheck source=/dev/null
		. "$work/commands"
	) || return
	for file in usr/sbin/apikeyd usr/bin/apikeyctl usr/lib/*/security/pam_apikey.so etc/apikeyd/apikeyd.conf \
		etc/systemd/system/sockets.target.wants/apikeyd-login.socket var/lib/apikeyd; do
		# shellcheck disable=SC2086 # a pattern
		[ -e "$root"/$file ] || [ -L "$root"/$file ] || { echo "after it, there is no /$file"; return 1; }
	done
	grep -q '^apikeyd:' "$root/etc/passwd"
}

case ${1-} in
--check) check ;;
--source) install_from_source "$2" ;;
'' | -*)
	sed -n 's/^#   //p' "$0" >&2
	exit 2
	;;
*) blocks "$@" ;;
esac
