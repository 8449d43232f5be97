# shellcheck shell=bash disable=SC2034,SC2154,SC2016,SC2119 # variables go from file to file; eval wants its text whole
# SPDX-License-Identifier: Apache-2.0 OR MIT
# nginx with auth_pam: its workers ask as www-data, by way of verify.sock.

# shellcheck source=tests/callers/https.sh
. /opt/tests/https.sh

example nginx/nginx nginx/apikey.conf
case_is "nginx takes the example" "$(nginx -t 2>&1)" nginx -t -q
service=nginx

# What www-data may say stands in apikeyd.conf, and nowhere else.
key_create early alice early pam.nginx
serve 443 nginx -g 'daemon off;'
case_is "without a key nothing is shown" "the answer is no 401" eval '[ "$(https_get)" = 401 ]'
expect_out "without a peer rule: right key" "$early" wrong_service
case_is "without a peer rule: the log names the line to add" "$(grep 'may not speak for' "$daemon_log")" \
	poll 60 grep -q 'service nginx, which it may not speak for.*: 33 = nginx$' "$daemon_log"
sed -i 's/^\[peers\]$/&\nwww-data = apache2/' /etc/apikeyd/apikeyd.conf
daemon_reload
expect_out "a rule for another service: right key" "$early" wrong_service
sed -i '/^www-data = /d' /etc/apikeyd/apikeyd.conf
peers nginx/peers.conf
expect_in "with the peer rule: right key" "$early"
matrix
case_is "the name is not logged where it was refused" "$(grep -m 3 ' 401 ' /var/log/nginx/apikey.log)" \
	eval '! grep " 401 " /var/log/nginx/apikey.log | grep -Eq "alice|bob"'
case_is "the name is logged where it was let in" "$(tail -n 3 /var/log/nginx/apikey.log)" \
	grep -Eq '^127[0-9.]+ alice .* 200 ' /var/log/nginx/apikey.log
server_stop
