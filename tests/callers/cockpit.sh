# shellcheck shell=bash disable=SC2034,SC2154,SC2016,SC2119 # variables go from file to file; eval wants its text whole
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Cockpit: cockpit-ws takes the login over TLS, cockpit-session, which is setuid root, asks PAM and opens the session.

# shellcheck source=tests/callers/tls.sh
. /opt/tests/tls.sh

example cockpit/cockpit cockpit/cockpit.conf
install -d /etc/cockpit/ws-certs.d
install -m 644 "$certificate" /etc/cockpit/ws-certs.d/50-callers.cert
install -m 640 -g cockpit-wsinstance "$private_key" /etc/cockpit/ws-certs.d/50-callers.key

service=cockpit
user=alice password=$alice_password other_user=bob
refusal='^(401|403)$'

# cockpit_get PATH [OPTION…]: prints the status of the answer; what came goes to $scratch/page.
cockpit_get()
{
	curl --silent --show-error --max-time 60 --cacert "$certificate" --output "$scratch/page" --write-out '%{http_code}' \
		"${@:2}" "https://callers:9090$1"
}

login()
{
	rm -f "$scratch/cookies"
	cockpit_get /cockpit/login --cookie-jar "$scratch/cookies" --config - <<<"user = \"$1:$2\"" >"$scratch/out" 2>&1
	[ "$(cat "$scratch/out")" = 200 ] && grep -q csrf-token "$scratch/page" || return 1
	# The session is there, and is this user's.
	pgrep --euid "$1" --full cockpit-bridge >/dev/null && [ "$(cockpit_get /cockpit/login --cookie "$scratch/cookies")" = 200 ]
}

serve 9090 setpriv --reuid=cockpit-wsinstance --regid=cockpit-wsinstance --clear-groups \
	/usr/lib/cockpit/cockpit-ws --address=127.0.0.1
matrix_short
server_stop
