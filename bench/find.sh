#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# bench/find.sh: how fast "apikeyctl key find" reads MIB of text (1024), on one processor, with 1,000 keys in it and 1,000
# texts that only look like them. Run in the build folder, as root; CPU names the processor. FOLDER has room for the text.
set -euo pipefail

mebibytes=${MIB:-1024}
cpu=${CPU:-0}
scratch=$(mktemp -d "${FOLDER:-${TMPDIR:-/tmp}}/apikeyd-find.XXXXXX")
# shellcheck source=bench/daemon.sh
. "$(dirname "$0")/daemon.sh"
chmod 755 "$scratch"

mkdir "$scratch/run" "$scratch/state" "$scratch/log"
chown nobody "$scratch/state" "$scratch/log"
printf '[audit]\njournal = no\n' >"$scratch/apikeyd.conf"
as_nobody() { setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups -- "$@"; }
as_nobody daemon/apikeyd --config "$scratch/apikeyd.conf" --init --state-dir "$scratch/state" \
	--log-dir "$scratch/log"
as_nobody bench/fill-store "$scratch/state" 1000 >/dev/null
run_daemon daemon/apikeyd --config "$scratch/apikeyd.conf" --runtime-dir "$scratch/run" --state-dir "$scratch/state" \
	--log-dir "$scratch/log" --user nobody
bench/plant "$mebibytes" "$((mebibytes < 1000 ? mebibytes : 1000))" >"$scratch/text"
cat "$scratch/text" >/dev/null

before=$(date +%s%N)
taskset -c "$cpu" cli/apikeyctl --runtime-dir "$scratch/run" --json key find "$scratch/text" >"$scratch/found" || true
after=$(date +%s%N)
row "key find, MiB a second" "$(awk "BEGIN { printf \"%.0f\", $mebibytes / (($after - $before) / 1e9) }")" \
	"$mebibytes MiB, keys found $(jq '[.found[] | select(.secret == "current")] | length' "$scratch/found"), of another kind $(jq '.unknown + ([.found[] | select(.secret != "current")] | length)' "$scratch/found")"
