#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The manual of the libraries: each function is declared on the page of its group and can be found under its own name,
# and the examples on the pages are those that are compiled and run.
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
functions=$(sed -n 's/^	\(apikey_[a-z_]*\);$/\1/p' "$srcdir/lib/libapikey.map" "$srcdir/lib/libapikey-sign.map")

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

# shows PAGE HEADER EXAMPLE: the page's text, with its escapes undone, is the program, without the comment for its readers.
shows()
{
	shown=$(sed -n "/^#include <$2>/,/^\.fi/p" "$srcdir/lib/man/$1.3" | sed '/^\.fi/d; s/\\e/\\/g')
	compiled=$(sed -n "/^#include <$2>/,\$p" "$srcdir/lib/$3")
	[ -n "$shown" ] || fail "there is no example in $1(3)"
	[ "$shown" = "$compiled" ] || fail "the example in $1(3) is not lib/$3"
}
shows libapikey apikey.h example.c
shows apikey_token_issue apikey-sign.h example-exchange.c
shows apikey_sign_token apikey-sign.h example-sign.c
exit $failed
