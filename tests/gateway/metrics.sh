#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# GET /metrics with the real daemon and curl: well-formed, with what happened in it and nobody's name; that the dashboard
# and the alerts of packaging/examples ask for what is served; who may read; and what is said while the daemon is away.
# shellcheck source=tests/gateway/harness.sh
. "${srcdir:-.}/tests/gateway/harness.sh"
need python3

# scrape: asks, and reads the samples into "samples".
scrape()
{
	ask /metrics
	is 'the status' "$code" 200
	has 'the head' "$head" 'Content-Type: text/plain; version=0.0.4; charset=utf-8' 'Cache-Control: no-store'
	samples=$(python3 "$srcdir/tests/gateway/exposition.py" "$scratch/body" --show 2>&1) || fail "the metrics: $samples"
}

gateway_settings nginx grafana
start_daemon
start_gateway --metrics local

make_key page --permission web.read
page=$id page_secret=$secret
target='/v1/auth?permission=web.read&service=nginx'
for count in 1 2 3; do
	ask "$target" -H "Authorization: Bearer $page_secret"
	is "the status of $count" "$code" 200
done
ask "$target" -H 'Authorization: Bearer ak_nonsense'
is 'the status' "$code" 401
ask "${target/nginx/sshd-$page}" -H "Authorization: Bearer $page_secret"
is 'the status' "$code" "$kept_out"

# ---- what is in it ----
# Verdicts are counted once they are sent, and connections end when that is seen.
deadline=$((SECONDS + 20))
until scrape && [[ $samples == *'_seconds_count{way=read} 5'* && $samples == *'apikey_gateway_connections{} 1'* ]] || ((SECONDS > deadline)); do
	sleep 0.05
done
has 'the samples' "$samples" \
	'apikeyd_verdicts_total{phase=authenticate,reason=none,service=nginx,verdict=granted} 3' \
	'apikeyd_verdicts_total{phase=authenticate,reason=truncated,service=nginx,verdict=denied} 1' \
	'apikeyd_verdicts_total{phase=authenticate,reason=wrong_service,service=other,verdict=denied} 1' \
	'apikeyd_verdict_duration_seconds_count{way=read} 5' 'apikeyd_keys{state=active} 1' 'apikeyd_up{} 1' \
	'apikey_gateway_answers_total{status=200} ' 'apikey_gateway_answers_total{status=401} ' 'apikey_gateway_connections{} 1'
lacks 'the metrics' "$(<"$scratch/body")" "$page" "$page_secret" "$me" page

# ---- the examples ask for what there is ----
out=$(python3 "$srcdir/tests/gateway/exposition.py" "$scratch/body" "$srcdir/packaging/examples/grafana-apikeyd.json" \
	"$srcdir/packaging/examples/prometheus-apikeyd.yml" 2>&1) || fail "$out"
sed 's/apikeyd_keys/apikeyd_doors/' "$srcdir/packaging/examples/grafana-apikeyd.json" >"$scratch/wrong.json"
sed 's/state="degraded"/mood="degraded"/' "$srcdir/packaging/examples/prometheus-apikeyd.yml" >"$scratch/wrong.yml"
for wrong in wrong.json wrong.yml; do
	! python3 "$srcdir/tests/gateway/exposition.py" "$scratch/body" "$scratch/$wrong" >/dev/null 2>&1 ||
		fail "a query for what is not served is not noticed: $wrong"
done
if type promtool >/dev/null 2>&1; then
	out=$(promtool check metrics <"$scratch/body" 2>&1 && promtool check rules "$srcdir/packaging/examples/prometheus-apikeyd.yml" 2>&1) ||
		fail "promtool: $out"
fi

# ---- who may read: who connects here, and is no proxy nobody knows ----
for given in 'X-Forwarded-For: 127.0.0.1' 'Forwarded: for=127.0.0.1' 'X-Real-IP: 127.0.0.1' 'Via: 1.1 proxy'; do
	ask /metrics -H "$given"
	is "the status with $given" "$code" 403
	is 'the code' "$(jq -r '.errors[0].errorCode' "$scratch/body")" ACCESS_DENIED
done
stop_gateway
start_gateway --proxy local --metrics 192.0.2.0/24 --metrics 198.51.100.7
for given in 192.0.2.9:200 198.51.100.7:200 '203.0.113.1, 192.0.2.9:200' 198.51.100.8:403 '192.0.2.9, 203.0.113.1:403' nobody:403; do
	ask /metrics -H "X-Forwarded-For: ${given%:*}"
	is "the status from ${given%:*}" "$code" "${given##*:}"
done
ask /metrics
is 'the status from here, which is not named' "$code" 403
stop_gateway
start_gateway --metrics none
ask /metrics
is 'the status where nobody may' "$code" 403
stop_gateway
out=$("$gateway" --listen "$scratch/gateway.sock" --metrics everybody 2>&1) && fail 'a reader that is none is taken'
has 'the fault' "$out" "'everybody' cannot read metrics"

# ---- while the daemon is away, and where it does not know this gateway ----
start_gateway
stop_daemon
scrape
has 'the samples' "$samples" 'apikeyd_up{} 0' 'apikey_gateway_connections{} '
lacks 'the samples' "$samples" apikeyd_verdicts_total
more_settings=('[peers]' "$gateway_user = nginx")
start_daemon
if [[ $gateway_user != "$me" ]]; then
	deadline=$((SECONDS + 20))
	until scrape && grep -q '^# apikeyd: ' "$scratch/body" || ((SECONDS > deadline)); do
		sleep 0.1
	done
	has 'the samples' "$samples" 'apikeyd_up{} 0'
	has 'why' "$(grep '^# apikeyd: ' "$scratch/body")" '[gateway]'
fi
finish
