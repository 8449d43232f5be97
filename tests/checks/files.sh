# SPDX-License-Identifier: Apache-2.0 OR MIT
# shellcheck shell=sh
# What the checks share: where the sources are, which files are the project's own, and how a finding is told. Sourced.
# The checks run in the build folder, as make check runs its tests: srcdir says where the sources are.

srcdir=${srcdir:-.}
findings=0

# The files of the project, relative to srcdir, without what autoreconf, configure and make leave there; build folders
# inside are known by their config.status. Names hold no spaces; check-docs sees to that.
project_files()
{
	(
		cd "$srcdir" || exit
		others=$(find . -mindepth 2 -name config.status | sed 's|/config\.status$|/|')
		find . \( -name .git -o -name autom4te.cache -o -name build-aux -o -name .deps -o -name .libs -o -path ./_inst \
			-o -path ./build -o -path './build-*' \) -prune -o -type f ! -name '*.o' ! -name '*.lo' ! -name '*.la' \
			! -name '*.log' ! -name '*.trs' ! -name '*.gc??' ! -name .dirstamp ! -path './apikeyd-*.tar.xz' \
			! -path ./aclocal.m4 ! -path ./configure ! -path './configure~' ! -path ./Makefile ! -path ./Makefile.in \
			! -path './config.*' ! -path ./libtool ! -path './stamp-h*' ! -path './m4/libtool.m4' ! -path './m4/lt*.m4' \
			-print |
			awk -v others="$others" -v generated="${CHECK_GENERATED-}" '
				BEGIN {
					folders = split(others, folder, "\n")
					n = split(generated, name, " ")
					for (i = 1; i <= n; i++) made["./" name[i]] = 1
				}
				$0 in made { next }
				{
					for (i = 1; i <= folders; i++) if (index($0, folder[i]) == 1) next
					print substr($0, 3)
				}' | LC_ALL=C sort
	)
}

# begin_with LINES PATTERN: those of the files whose names come from standard input and whose first line that has the
# pattern is among so many lines.
begin_with()
{
	(cd "$srcdir" && LC_ALL=C xargs grep -anHE -m 1 -e "$2" /dev/null) | awk -F: -v lines="$1" '$2 <= lines { print $1 }'
}

# The scripts among them, by their first line or by what they say they are.
project_scripts()
{
	project_files | grep -v '^tests/fuzz/corpus/' | begin_with 5 '^#!.*[/ ](ba)?sh( |$)|^# shellcheck shell='
}

# A variable of the build's own Makefile, as configure set it.
build_variable()
{
	sed -n "s/^$1 = *//p" Makefile | head -n 1
}

# finding TEXT…: one line for each thing that is wrong.
finding()
{
	echo "FAIL: $*"
	findings=$((findings + 1))
}

# Ends the check: failure when there was a finding.
conclude()
{
	if [ "$findings" -gt 0 ]; then
		echo "$findings findings"
		exit 1
	fi
	echo "ok: $*"
	exit 0
}

# skip REASON: nothing was looked at, for want of a tool.
skip()
{
	echo "SKIP: $*"
	exit 77
}
