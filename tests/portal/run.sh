#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The portal in a real browser.
#
#   tests/portal/run.sh FOLDER CACHE
#
# From the top of the build tree, with srcdir set. FOLDER: for pictures of all pages, emptied before. CACHE: where axe-core
# is kept, which is had from npm once. The last line holds the totals. Exit status: 0, 1, or 77 where it cannot be done.
# shellcheck source-path=SCRIPTDIR source=../cli/harness.sh
. "${srcdir:-.}/tests/cli/harness.sh"

axe_version=4.11.1
folder=$1 cache=$2
need python3 setpriv
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || skip 'there is no chromium'
[[ $(id -u) -eq 0 ]] || skip 'not root: the gateway and its users have uids of their own'
if ! id bin >/dev/null 2>&1 || ! setpriv --reuid=bin --regid=bin --clear-groups test -x "$apikeyctl"; then
	skip 'the build cannot be run by another user'
fi
need session/apikey-sessiond pam_module/.libs/pam_apikey.so
gateway_pid=
sessions_pid=

# shellcheck disable=SC2317 # it is called at the end
end()
{
	[[ -z $gateway_pid ]] || { kill "$gateway_pid"; wait "$gateway_pid"; } 2>/dev/null
	[[ -z $sessions_pid ]] || { kill "$sessions_pid"; wait "$sessions_pid"; } 2>/dev/null
	harness_end
}
trap end EXIT

# axe-core is no package of Debian's; without it all but the one thing is done.
axe=$cache/node_modules/axe-core/axe.min.js
if [[ ! -s $axe ]]; then
	mkdir -p "$cache"
	command -v npm >/dev/null &&
		timeout 120 npm install --prefix "$cache" --ignore-scripts --no-audit --no-fund "axe-core@$axe_version" >"$cache/npm.log" 2>&1
fi
[[ -s $axe ]] || axe=none

# start_gateway: on a port that is free; another program may be faster.
start_gateway()
{
	local deadline=$((SECONDS + 30))

	until [[ -n ${port-} ]] && python3 -c "import socket; socket.create_connection(('127.0.0.1', $port), 5)" 2>/dev/null; do
		if [[ -z $gateway_pid ]] || ! kill -0 "$gateway_pid" 2>/dev/null; then
			port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
			"$PWD/gateway/apikey-gateway" --runtime-dir "$runtime" --listen "127.0.0.1:$port" --user daemon \
				>"$scratch/gateway.log" 2>&1 </dev/null &
			gateway_pid=$!
		fi
		if ((SECONDS > deadline)); then
			cat "$scratch/gateway.log"
			exit 1
		fi
		sleep 0.1
	done
}

rm -rf "$folder"
mkdir -p "$folder"
more_settings=('[daemon]' 'minimum_uid = 1' '[gateway]' 'users = daemon' '[peers]' 'daemon = nginx'
	'[throttle]' 'failures_per_minute = 100000' 'failures_per_key = 5' '[policy]' 'misuse = suspend'
	'[self-service]' 'permissions = pam.dovecot, mail.imap, mail.smtp')
start_daemon
start_gateway
session/apikey-sessiond --runtime-dir "$runtime" --user nobody >"$scratch/sessions.log" 2>&1 </dev/null &
sessions_pid=$!
# As the user that is named first.
cat >"$scratch/act" <<'EOF'
#!/bin/sh
apikeyctl=$1 runtime=$2 user=$3
shift 3
[ "$user" != root ] || exec "$apikeyctl" --runtime-dir "$runtime" "$@"
exec setpriv --reuid="$user" --regid="$user" --clear-groups "$apikeyctl" --runtime-dir "$runtime" "$@"
EOF
# A login at a service of this host: login.py.
cat >"$scratch/login" <<EOF
#!/bin/sh
exec python3 "$(readlink -f "${srcdir:-.}/tests/portal/login.py")" "$PWD/pam_module/.libs/pam_apikey.so" "$runtime" "\$@"
EOF
chmod +x "$scratch/act" "$scratch/login"
python3 "${srcdir:-.}/tests/portal/portal.py" "http://127.0.0.1:$port" "$folder" "$axe" "$scratch/login" "$scratch/act" "$apikeyctl" "$runtime"
