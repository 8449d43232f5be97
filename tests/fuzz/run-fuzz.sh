#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Runs every fuzz target for a number of seconds under AddressSanitizer and UndefinedBehaviorSanitizer, starting from the
# seed corpus. Fails on any finding; the input that shows it is kept in the build folder.
#
#     tests/fuzz/run-fuzz.sh SECONDS [BUILD-FOLDER [TARGET...]]
#
# The build folder is made where it is missing, and kept, with what the fuzzer found interesting, where it was named;
# without one a scratch folder is used. Needs clang with libFuzzer (Debian: clang and libclang-rt-14-dev).
set -euo pipefail

if [ $# -lt 1 ] || ! [[ $1 =~ ^[1-9][0-9]{0,5}$ ]]; then
	echo "usage: $0 SECONDS [BUILD-FOLDER [TARGET...]]" >&2
	exit 2
fi
seconds=$1
source=$(cd "$(dirname "$0")/../.." && pwd)
if [ $# -ge 2 ]; then
	mkdir -p "$2"
	build=$(cd "$2" && pwd)
	shift 2
else
	build=$(mktemp -d)
	# Kept where it holds a finding.
	trap '[ -n "$(ls "$build/findings" 2>/dev/null)" ] || rm -rf "$build"' EXIT
	shift
fi
if [ $# -gt 0 ]; then
	targets=("$@")
else
	targets=()
	for file in "$source"/tests/fuzz/fuzz-*.c; do
		targets+=("$(basename "$file" .c)")
	done
fi

cd "$build"
if [ ! -e Makefile ]; then
	"$source/configure" --quiet CC="${FUZZ_CC:-clang}" CFLAGS='-O1 -g' \
		--enable-fuzzing --enable-sanitizers=address,undefined >configure.log 2>&1 || {
		tail -20 configure.log >&2
		exit 1
	}
fi
make -s -j"$(nproc)" "${targets[@]/#/tests/fuzz/}" >make.log 2>&1 || {
	tail -20 make.log >&2
	exit 1
}

mkdir -p findings
failed=0
for target in "${targets[@]}"; do
	name=${target#fuzz-}
	mkdir -p "grown/$name"
	# libFuzzer ends by itself after max_total_time; timeout(1) bounds one that does not.
	if timeout -k 10 $((seconds + 60)) "tests/fuzz/$target" -max_total_time="$seconds" -timeout=10 \
		-rss_limit_mb=2048 -max_len=66000 -len_control=20 -print_final_stats=1 \
		-artifact_prefix="findings/$target-" \
		"grown/$name" "$source/tests/fuzz/corpus/$name" >"findings.$target.log" 2>&1; then
		echo "ok: $target: $(sed -n 's/^stat::number_of_executed_units: */runs /p' "findings.$target.log")"
	else
		echo "FAIL: $target (inputs in $build/findings):"
		grep -v '^#' "findings.$target.log" | tail -60
		failed=1
		touch "findings/$target-failed"
	fi
done
exit $failed
