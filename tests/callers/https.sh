# shellcheck shell=bash disable=SC2034,SC2154,SC2016,SC2119 # variables go from file to file; eval wants its text whole
# SPDX-License-Identifier: Apache-2.0 OR MIT
# What the web servers share: asking for a page with a name and a key.

# shellcheck source=tests/callers/tls.sh
. /opt/tests/tls.sh

mkdir -p /var/www/html
echo 'a page behind keys' >/var/www/html/index.html

# https_get [OPTION…]: prints the status of the answer; the page goes to $scratch/page.
https_get()
{
	curl --silent --show-error --max-time 60 --cacert "$certificate" --output "$scratch/page" --write-out '%{http_code}' \
		"$@" https://callers/
}

# The password of a system user is only another wrong one here.
user=alice password='' other_user=bob
refusal='^401$'

login()
{
	# The name and the key are read, not given as arguments that ps would show.
	https_get --config - <<<"user = \"$1:$2\"" >"$scratch/out" 2>&1
	[ "$(cat "$scratch/out")" = 200 ] && grep -q 'a page behind keys' "$scratch/page"
}
