#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Runs every fuzz target for a while under AddressSanitizer and UndefinedBehaviorSanitizer, starting from the seeds and
# from what earlier runs in the same folder found. Fails on any finding; the input that shows it stays in the folder.
#
#   tests/fuzz/run-fuzz.sh SECONDS FOLDER [TARGET…]
#
# FOLDER is the build folder, made where it is missing; SECONDS is for each target. As many targets run at a time as
# there are processors. Needs clang with libFuzzer (Debian: clang and libclang-rt-14-dev). Exit status: 0 nothing was
# found, 1 something was, 2 usage.
set -euo pipefail

if [ $# -lt 2 ] || ! [[ $1 =~ ^[1-9][0-9]{0,5}$ ]]; then
	sed -n 's/^#   /usage: /p' "$0" >&2
	exit 2
fi
source=$(cd "$(dirname "$0")/../.." && pwd)
seconds=$1
mkdir -p "$2"
cd "$2"
shift 2
targets=("$@")
if [ $# -eq 0 ]; then
	for file in "$source"/tests/fuzz/fuzz-*.c; do
		targets+=("$(basename "$file" .c)")
	done
fi

if [ ! -e config.status ] || ! grep -q fuzzer config.log; then
	"$source/configure" --quiet CC="${FUZZ_CC:-clang}" CFLAGS='-O1 -g' --enable-fuzzing \
		--enable-sanitizers=address,undefined >configure.log 2>&1 || {
		tail -20 configure.log
		exit 1
	}
fi
make -j"$(nproc)" --no-print-directory "${targets[@]/#/tests/fuzz/}" >make.log 2>&1 || {
	tail -40 make.log
	exit 1
}

# fuzz TARGET
fuzz()
{
	local target=$1 name=${1#fuzz-}
	rm -rf "findings/$name"
	mkdir -p "grown/$name" "findings/$name"
	# libFuzzer ends by itself after max_total_time; timeout(1) bounds one that does not.
	if timeout -k 10 $((seconds + 60)) "tests/fuzz/$target" -max_total_time="$seconds" -timeout=10 \
		-rss_limit_mb=2048 -max_len=66000 -len_control=20 -print_final_stats=1 -artifact_prefix="findings/$name/" \
		"grown/$name" "$source/tests/fuzz/corpus/$name" >"findings/$name/log" 2>&1; then
		echo "ok: $target, $(sed -n 's/^stat::number_of_executed_units: *//p' "findings/$name/log") runs"
	else
		echo "FAIL: $target; inputs are in $PWD/findings/$name"
		grep -vE '^#[0-9]' "findings/$name/log" | tail -60
	fi
}

export -f fuzz
export seconds source
# One that never ends its output would mix with another's: each is printed as a whole.
# shellcheck disable=SC2016 # the inner shell expands it
printf '%s\n' "${targets[@]}" | xargs -P "$(nproc)" -I{} bash -c 'output=$(fuzz {}); echo "$output"' | tee results
passed=$(grep -c '^ok: ' results || true)
echo "fuzz: $passed passed, $((${#targets[@]} - passed)) failed, 0 skipped"
[ "$passed" -eq ${#targets[@]} ]
