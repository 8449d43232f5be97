# shellcheck shell=bash disable=SC2034,SC2120,SC2154 # variables go from file to file
# SPDX-License-Identifier: Apache-2.0 OR MIT
# A gateway beside the daemon of tests/cli/harness.sh, and curl that asks it. As root it becomes somebody who is neither
# root nor the daemon; a gateway of ours is who administers, too.
# shellcheck source=tests/cli/harness.sh
. "${srcdir:-.}/tests/cli/harness.sh"

need curl jq
gateway=$PWD/gateway/apikey-gateway
gateway_socket=$scratch/gateway.sock
gateway_pid=
gateway_user=$me
[[ $(id -u) -ne 0 ]] || gateway_user=daemon
# What a good key hears that is not let in for what it is asked: why is told to gateways alone, which a gateway of ours is not.
kept_out=403 kept_out_code=ACCESS_DENIED
[[ $gateway_user != "$me" ]] || kept_out=401 kept_out_code=ACCESS_TOKEN_INVALID

stop_gateway()
{
	[[ -z $gateway_pid ]] || { kill "$gateway_pid"; wait "$gateway_pid"; } 2>/dev/null
	gateway_pid=
}

# shellcheck disable=SC2317 # it is called at the end
gateway_end()
{
	stop_gateway
	harness_end
}
trap gateway_end EXIT

# The daemon's settings: this gateway may speak for services. Who is the daemon's administrator, too, must stay one.
# gateway_settings SERVICE…
gateway_settings()
{
	local services=$*

	more_settings=('[peers]' "$gateway_user = ${services// /, }" '[throttle]' 'failures_per_minute = 100000'
		'failures_per_key = 0')
	[[ $gateway_user == "$me" ]] || more_settings+=('[gateway]' "users = $gateway_user")
}

# start_gateway OPTION…: and waits until it serves.
start_gateway()
{
	local deadline=$((SECONDS + 20))

	"$gateway" --runtime-dir "$runtime" --listen "$gateway_socket" --user "$gateway_user" "$@" \
		>"$scratch/gateway.log" 2>&1 </dev/null &
	gateway_pid=$!
	until curl -s --unix-socket "$gateway_socket" -o /dev/null http://x/healthz; do
		if ! kill -0 "$gateway_pid" 2>/dev/null || ((SECONDS > deadline)); then
			echo "the gateway does not serve:"
			cat "$scratch/gateway.log"
			exit 1
		fi
		sleep 0.05
	done
}

# wait_until_there FILE: until a program in the background, slow_pid, has written that it is.
wait_until_there()
{
	local deadline=$((SECONDS + 20))

	until grep -q there "$1" || ! kill -0 "$slow_pid" 2>/dev/null || ((SECONDS > deadline)); do
		sleep 0.05
	done
}

# ask PATH CURL-OPTION…: sets code and head; the body is in $scratch/body, and in body.
ask()
{
	local path=$1

	shift
	last="$path $*"
	code=$(curl -sS --unix-socket "$gateway_socket" -D "$scratch/head" -o "$scratch/body" -w '%{http_code}' "$@" \
		"http://gateway.example$path" 2>"$scratch/curl.err")
	head=$(tr -d '\r' <"$scratch/head")
	body=$(<"$scratch/body")
}

# refuses CODE ERROR-CODE: what was asked last, and how that is told.
refuses()
{
	local answer=()

	mapfile -t answer < <(jq -r '.errors[0].errorCode, .correlationId' <<<"$body")
	is 'the status' "$code" "$1"
	is 'the code' "${answer[0]-}" "$2"
	is 'the id' "${answer[1]-}" "$(sed -n 's/^X-Correlation-ID: //p' <<<"$head")"
	has 'the head' "$head" 'Cache-Control: no-store' 'X-Content-Type-Options: nosniff'
}
