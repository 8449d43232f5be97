#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Which lines the tests reach: builds with gcov, runs make check but for the checks of the tree, and sums the lines of each
# folder. Fails where common, proto, daemon or session stay under 90 %, and where a source of theirs has no figure at all.
#
#   tests/coverage.sh FOLDER
#
# FOLDER is the build folder, made where it is missing. LINES in it lists each line that was not reached. Exit status: 0
# enough, 1 too little or a test failed, 2 usage.
set -euo pipefail

if [ $# -ne 1 ]; then
	sed -n 's/^#   /usage: /p' "$0" >&2
	exit 2
fi
source=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
cd "$1"
wanted=90
must='common proto daemon session'

if [ ! -e config.status ]; then
	"$source/configure" --quiet --enable-coverage >configure.log 2>&1 || {
		tail -20 configure.log
		exit 1
	}
fi
gcov=gcov
case $(sed -n 's/^CC = *//p' Makefile) in
*clang*) gcov='llvm-cov gcov' ;;
esac
make -j"$(nproc)" --no-print-directory check TESTS= >make.log 2>&1 || {
	tail -40 make.log
	exit 1
}

# A daemon that root starts becomes another user, who must be able to add its counts: they go to files that anyone may
# write to, below a folder that anyone may reach.
counts=$(mktemp -d)
chmod 0711 "$counts"
trap 'rm -rf "$counts"' EXIT
find . -name '*.gcda' -delete
find "$PWD" -name '*.gcno' | while read -r notes; do
	mkdir -p "$counts${notes%/*}"
	(umask 0 && : >"$counts${notes%.gcno}.gcda")
done
status=0
# What gcov does at the end of a program overwrites what stolen-copies looks for there.
tests=$(make --no-print-directory --silent list-tests | grep -vE '^tests/(checks/|daemon/stolen-copies$)' | tr '\n' ' ')
# Most of them wait most of the time.
GCOV_PREFIX=$counts make -j$((2 * $(nproc))) --no-print-directory check TESTS="$tests" >make.log 2>&1 || status=$?
find "$counts" -name '*.gcda' -empty -delete
cp -r "$counts$PWD/." .
if [ $status -ne 0 ]; then
	grep -E '^(FAIL|ERROR): ' make.log || tail -20 make.log
	echo 'the tests failed; their coverage says nothing'
	exit 1
fi

# One object is one report; a source that is compiled more than once, and a header, has several, whose lines are put
# together. A line of a report is "COUNT:LINE:text", with "-" where there is no code and "#####" where it never ran.
rm -rf gcov-reports LINES
mkdir gcov-reports
# shellcheck disable=SC2016 # the inner shell expands it
find common proto lib pam_module daemon session cli -name '*.gcno' -print0 | xargs -0 -r -n 8 -P "$(nproc)" bash -c '
	gcov=$0
	for notes; do
		# daemon/.libs/libdaemon_la-verify.gcno goes to daemon..libs.libdaemon_la-verify.
		report=${notes%.gcno}
		report=gcov-reports/${report//\//.}
		mkdir "$report"
		# An object that never ran has no .gcda; gcov then says so line by line.
		(cd "$report" && exec $gcov --preserve-paths "$OLDPWD/$notes" >output 2>&1)
	done
	true' "$gcov"

# Lines of a file of a folder: FILE LINE COUNT, the greatest count of all reports.
find gcov-reports -name '*.gcov' -exec awk -F: -v top="$source/" '
	$2 + 0 == 0 && $3 == "Source" { file = $4; sub(/^(\.\/)+/, "", file); if (index(file, top) == 1) file = substr(file, length(top) + 1) }
	$2 + 0 > 0 {
		gsub(/[ \t*]/, "", $1)
		if ($1 == "-") next
		print file, $2 + 0, ($1 ~ /^[#=]/ ? 0 : 1)
	}' {} + | sed -E 's|^(\.\./)+||' | grep -E '^(common|proto|lib|pam_module|daemon|session|cli)/' |
	sort -k1,1 -k2,2n -k3,3nr | awk '!seen[$1 " " $2]++' >gcov-reports/lines

# Each source has a figure, or gcov says of its object that there is nothing in it that runs.
missing=
for folder in $must; do
	for file in "$source/$folder"/*.c; do
		name=$(basename "$file" .c)
		if grep -q "^$folder/$name.c " gcov-reports/lines; then
			continue
		fi
		for report in gcov-reports/"$folder"{.,..libs.,.*-}"$name"/output; do
			[ -e "$report" ] && grep -q '^No executable lines' "$report" && continue 2
		done
		missing="$missing $folder/$name.c"
	done
done

awk '$3 == 0 { print $1 ":" $2 }' gcov-reports/lines >LINES
awk -v wanted=$wanted -v must=" $must " '
	{ split($1, part, "/"); folder = part[1]; all[folder]++; hit[folder] += $3; fileall[$1]++; filehit[$1] += $3 }
	END {
		for (file in fileall) if (100 * filehit[file] < wanted * fileall[file])
			printf "  %5.1f %%  %5d of %5d lines  %s\n", 100 * filehit[file] / fileall[file], filehit[file], fileall[file], file | "sort"
		close("sort")
		n = split("common proto daemon session lib pam_module cli", order, " ")
		for (i = 1; i <= n; i++) {
			folder = order[i]
			if (!all[folder]) { print folder ": no figure"; failed = 1; continue }
			rate = 100 * hit[folder] / all[folder]
			low = rate < wanted && index(must, " " folder " ")
			printf "%-11s %5.1f %%  %5d of %5d lines%s\n", folder, rate, hit[folder], all[folder], low ? "  TOO LOW" : ""
			if (low) failed = 1
		}
		exit failed
	}' gcov-reports/lines || status=1
if [ -n "$missing" ]; then
	echo "no figure for:$missing"
	status=1
fi
echo "the lines that were not reached are in $PWD/LINES"
exit $status
