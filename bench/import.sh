#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# bench/import.sh: how long "apikeyctl key import" takes for KEYS keys (1000000), as CSV and again as it is, and what the
# daemon and apikeyctl need of processors for it. Run in the build folder; CPUS="0,1" names the processors.
set -euo pipefail

lines=${KEYS:-1000000}
cpus=${CPUS:-0,1}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/apikeyd-import.XXXXXX")
# shellcheck source=bench/daemon.sh
. "$(dirname "$0")/daemon.sh"
chmod 755 "$scratch"
umask 077

mkdir -m 755 "$scratch/run"
mkdir "$scratch/state" "$scratch/log"
printf '[admin]\ngroup = %s\n[audit]\njournal = no\n' "$(id -gn)" >"$scratch/apikeyd.conf"
chmod 644 "$scratch/apikeyd.conf"
arguments=(--config "$scratch/apikeyd.conf" --runtime-dir "$scratch/run" --state-dir "$scratch/state" --log-dir "$scratch/log")
[ "$(id -u)" != 0 ] || arguments+=(--user nobody)

# Owners and names in no order, as an export of another product has them.
awk -v n="$lines" 'BEGIN {
	print "name,owner,secret,permissions,expires"
	for (i = 0; i < n; i++) {
		k = (i * 7919) % n
		printf "key-%d,user%06d@example.org,%016x%016x,pam.sshd,never\n", k, k % 200000, k * 2654435761 % 4294967296, k
	}
}' >"$scratch/keys.csv"

run_daemon taskset -c "$cpus" daemon/apikeyd "${arguments[@]}"

# seconds_used PID: processor time
seconds_used() { awk -v tick="$(getconf CLK_TCK)" '{ printf "%.1f", ($14 + $15) / tick }' "/proc/$1/stat"; }
# import NAME
import() {
	local before after used
	used=$(seconds_used "$daemon")
	before=$(date +%s%N)
	taskset -c "$cpus" cli/apikeyctl --runtime-dir "$scratch/run" key import "$scratch/keys.csv" >"$scratch/said"
	after=$(date +%s%N)
	row "$1, seconds" "$(awk "BEGIN { printf \"%.1f\", ($after - $before) / 1e9 }")" \
		"daemon $(awk "BEGIN { printf \"%.1f\", $(seconds_used "$daemon") - $used }") s of processors; $(cat "$scratch/said")"
}

echo "apikeyd $(daemon/apikeyd --version | cut -d' ' -f2), processors $cpus, kernel $(uname -r)"
import "import of $lines keys"
import "the same again"
row "the key store, MiB" "$(du -sm "$scratch/state" | cut -f1)"
row "the audit, MiB" "$(du -sm "$scratch/log" | cut -f1)"
