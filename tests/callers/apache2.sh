# shellcheck shell=bash disable=SC2034,SC2154,SC2016,SC2119 # variables go from file to file; eval wants its text whole
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Apache with mod_authnz_pam: it asks as www-data, by way of verify.sock.

# shellcheck source=tests/callers/https.sh
. /opt/tests/https.sh

example apache2/apache2 apache2/apikey.conf
a2enmod --quiet ssl headers authnz_pam >"/var/log/$caller.stderr"
a2ensite --quiet apikey >>"/var/log/$caller.stderr"
mkdir -p /run/lock
case_is "Apache takes the example" "$(apache2ctl configtest 2>&1)" eval 'apache2ctl configtest 2>/dev/null'
service=apache2

serve 443 apache2ctl -D FOREGROUND
case_is "without a key nothing is shown" "the answer is no 401" eval '[ "$(https_get)" = 401 ]'
key_create early alice early pam.apache2
expect_out "without a peer rule: right key" "$early" wrong_service
peers apache2/peers.conf
matrix_short
case_is "the name is not logged where it was refused" "$(grep -m 3 ' 401 ' /var/log/apache2/apikey.log)" \
	eval '! grep " 401 " /var/log/apache2/apikey.log | grep -Eq "alice|bob"'
case_is "the name is logged where it was let in" "$(tail -n 3 /var/log/apache2/apikey.log)" \
	grep -Eq '^127[0-9.]+ alice .* 200 ' /var/log/apache2/apikey.log
server_stop

a2dissite --quiet apikey >>"/var/log/$caller.stderr"
case_is "it is undone as the example says" "$(apache2ctl configtest 2>&1)" \
	eval 'apache2ctl configtest 2>/dev/null && [ ! -e /etc/apache2/sites-enabled/apikey.conf ]'
