# shellcheck shell=bash disable=SC2034,SC2154 # variables go from file to file
# SPDX-License-Identifier: Apache-2.0 OR MIT
# apikey-gateway as its units start it: by its user, with the socket for proxies.

gateway_socket=/run/apikey-gateway/gateway.sock
gateway_log=/var/log/apikey-gateway.stderr
gateway_pid=

getent passwd apikey-gateway >/dev/null ||
	useradd --system --user-group --home-dir / --no-create-home --shell /usr/sbin/nologin apikey-gateway
# As the package does: now that the user is there, it is a gateway.
daemon_reload

gateway_answers()
{
	kill -0 "$gateway_pid" 2>/dev/null && curl --silent --output /dev/null --unix-socket "$gateway_socket" http://gateway/healthz
}

# gateway_start [OPTION…]
gateway_start()
{
	mkdir -p "${gateway_socket%/*}"
	apikey-gateway --listen "$gateway_socket" --listen 127.0.0.1:8075 "$@" >>"$gateway_log" 2>&1 </dev/null &
	gateway_pid=$!
	if ! poll 60 gateway_answers; then
		case_failed "the gateway starts" "$(tail -n 20 "$gateway_log")"
		exit 1
	fi
}

gateway_stop()
{
	kill -TERM "$gateway_pid"
	wait "$gateway_pid"
	gateway_pid=
}
