#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Replays the seed corpus of every fuzz target, and sees that each target has one and that the packets in it are those of
# the present tables.
set -u

srcdir=${srcdir:-.}
scratch=$(mktemp -d) || exit 99
trap 'rm -rf "$scratch"' EXIT
failed=0
# Set where the programs are those of another machine (tests/portability.sh).
: "${FUZZ_RUNNER:=}"

for source in "$srcdir"/tests/fuzz/fuzz-*.c; do
	target=$(basename "$source" .c)
	program=tests/fuzz/$target
	# Where libtool put a script in the program's place, what runs another machine's programs needs the program.
	if [ -n "$FUZZ_RUNNER" ] && [ -e "tests/fuzz/.libs/$target" ]; then
		program=tests/fuzz/.libs/$target
	fi
	corpus=$srcdir/tests/fuzz/corpus/${target#fuzz-}
	if [ ! -x "$program" ]; then
		echo "FAIL: $target is not built"
		failed=1
	elif ! find "$corpus" -type f 2>/dev/null | grep -q .; then
		echo "FAIL: $target has no seeds in tests/fuzz/corpus/${target#fuzz-}"
		failed=1
	elif ! $FUZZ_RUNNER "$program" -runs=0 "$corpus" >"$scratch/output" 2>&1; then
		echo "FAIL: $target on its corpus:"
		tail -40 "$scratch/output"
		failed=1
	else
		echo "ok: $target, $(find "$corpus" -type f | wc -l) seeds"
	fi
done

mkdir "$scratch/packet"
$FUZZ_RUNNER tests/fuzz/write-seeds "$scratch/packet" || exit 99
for seed in "$scratch"/packet/*; do
	if ! cmp -s "$seed" "$srcdir/tests/fuzz/corpus/packet/$(basename "$seed")"; then
		echo "FAIL: corpus/packet/$(basename "$seed") is not what write-seeds writes; run it again and commit"
		failed=1
	fi
done
exit $failed
