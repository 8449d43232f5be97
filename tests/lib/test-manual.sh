#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The manual of the library: each function is declared on the page of its group and can be found under its own name,
# and the example on the page is the one that is compiled and run.
set -u
srcdir=${srcdir:-.}
failed=0

fail()
{
	echo "FAIL: $*"
	failed=1
}

# A name and the page it is found on: the pages themselves, and the links that are installed beside them.
pages=$(
	for page in "$srcdir"/lib/man/apikey_*.3; do
		page=${page##*/}
		echo "${page%.3}:${page%.3}"
	done
	sed -n 's/^	\(apikey_[a-z_]*:apikey_[a-z_]*\).*/\1/p' "$srcdir/lib/local.mk"
)
functions=$(sed -n 's/^	\(apikey_[a-z_]*\);$/\1/p' "$srcdir/lib/libapikey.map")

[ -n "$functions" ] || fail "the map exports nothing"
for function in $functions; do
	page=$(echo "$pages" | sed -n "s/^$function:\(.*\)/\1/p")
	if [ ! -f "$srcdir/lib/man/$page.3" ]; then
		fail "$function has no page"
		continue
	fi
	grep -Eq "^\.BI \"[a-z_ ]+ \*?$function\(" "$srcdir/lib/man/$page.3" || fail "$page(3) does not declare $function"
	sed -n '/^\.SH NAME/,/^\.SH SYNOPSIS/p' "$srcdir/lib/man/$page.3" | grep -qw "$function" ||
		fail "$page(3) does not name $function"
done
for page in $pages; do
	echo "$functions" | grep -qx "${page%:*}" || fail "${page%:*}(3) is about no exported function"
done

# The page's text, with its escapes undone, and the program, without the comment for its readers.
shown=$(sed -n '/^#include <apikey.h>/,/^\.fi/p' "$srcdir/lib/man/libapikey.3" | sed '/^\.fi/d; s/\\e/\\/g')
compiled=$(sed -n '/^#include <apikey.h>/,$p' "$srcdir/lib/example.c")
[ -n "$shown" ] || fail "there is no example in libapikey(3)"
[ "$shown" = "$compiled" ] || fail "the example in libapikey(3) is not lib/example.c"
exit $failed
