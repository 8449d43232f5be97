# shellcheck shell=bash disable=SC2034,SC2154,SC2016,SC2119 # variables go from file to file; eval wants its text whole
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Squid: its helper basic_pam_auth asks as proxy, by way of verify.sock.

# shellcheck source=tests/callers/tls.sh
. /opt/tests/tls.sh

# A site to go to.
echo 'a page somewhere' >/var/www/html/index.html
serve 80 nginx -g 'daemon off;'

example squid/squid squid/apikey.conf
case_is "Squid takes the example" "$(squid -k parse 2>&1 | grep -v Processing:)" eval 'squid -k parse 2>/dev/null'
service=squid
# The password of a system user is only another wrong one here.
user=alice password='' other_user=bob
refusal='^407$'

# proxy_get [OPTION…]: prints the status that came; the page goes to $scratch/page.
proxy_get()
{
	rm -f "$scratch/page"
	curl --silent --max-time 60 --proxy https://callers:3129 --proxy-cacert "$certificate" --noproxy '' \
		--output "$scratch/page" --write-out '%{http_code}' "$@" http://callers/
}

login()
{
	# A yes is believed for the second that the example says; only a later question is a new one.
	poll 30 seconds_passed "$believed_until"
	proxy_get --proxy-basic --config - <<<"proxy-user = \"$1:$2\"" >"$scratch/out" 2>&1
	[ "$(cat "$scratch/out")" = 200 ] && grep -q 'a page somewhere' "$scratch/page" && believed_until=$((SECONDS + 1))
}
believed_until=-1

serve 3129 squid -N -d 1
case_is "without a key nobody gets through" "the answer is no 407" eval '[ "$(proxy_get)" = 407 ]'
case_is "port 3128 asks for no key and lets nobody through" "the answer is no 403" \
	eval '[ "$(proxy_get --proxy http://callers:3128)" = 403 ]'
key_create early alice early pam.squid
expect_out "without a peer rule: right key" "$early" wrong_service
peers squid/peers.conf
matrix_short
