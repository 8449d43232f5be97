#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Builds everything for other machines and runs the tests there: 32 bits (i386), and the other byte order (s390x, by
# qemu-user). Debian only: compilers come from its cross packages, libraries are downloaded and unpacked below the
# folder, so that nothing of this system changes.
#
#   tests/portability.sh FOLDER [i386|s390x]…
#
# For 32 bits all programs are built; of the tests those that may fare otherwise there: parsers, formats, cryptography, the
# store, libraries, the module, a daemon that decides and one that is administered. For the other byte order it is formats
# alone. With CHECK_LONG set it is every program, and every test.
#
# FOLDER keeps sources of libraries and builds; a second run uses them again. The last line holds the totals. Exit
# status: 0 nothing failed, 1 something did, 2 usage, 77 a tool is missing (its name is the last line).
set -uo pipefail

if [ $# -lt 1 ]; then
	sed -n 's/^#   /usage: /p' "$0" >&2
	exit 2
fi
source=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1" || exit 1
folder=$(cd "$1" && pwd)
shift
machines=("$@")
[ $# -gt 0 ] || machines=(i386 s390x)

# Debian's name, the compiler's, the dynamic linker, what runs its programs where this processor does not, its package
table='
i386   i686-linux-gnu   lib/ld-linux.so.2    qemu-i386   gcc-i686-linux-gnu
s390x  s390x-linux-gnu  lib/ld64.so.1        qemu-s390x  gcc-s390x-linux-gnu
'
packages=(libc6-dev check libsubunit-dev libpam0g-dev libsystemd-dev libsqlite3-dev libssl-dev libinih-dev libjansson-dev
	libsmartcols-dev libmicrohttpd-dev)

passed=0 failed=0 skipped=0
# Most tests wait most of the time.
at_once=$((2 * $(nproc)))

# The machine's libraries, unpacked in $root with links that stay inside.
unpack()
{
	local apt=$folder/$machine/apt archive link target
	[ ! -e "$root.complete" ] || return 0
	rm -rf "$root" && mkdir -p "$root" "$apt"/{state/lists/partial,cache/archives/partial} && : >"$apt/status" || return
	cat >"$apt/apt.conf" <<-END
		APT::Architecture "$machine";
		APT::Architectures { "$machine"; };
		APT::Sandbox::User "";
		APT::Install-Recommends "false";
		Acquire::Languages "none";
		Acquire::Retries "3";
		Debug::NoLocking "true";
		Dir::State "$apt/state";
		Dir::State::status "$apt/status";
		Dir::Cache "$apt/cache";
	END
	# One list of several may be out of step on a mirror; whether what came is enough shows in the next line.
	APT_CONFIG=$apt/apt.conf apt-get --quiet --quiet update
	APT_CONFIG=$apt/apt.conf apt-get --quiet --quiet --yes --download-only install "${packages[@]}" || return
	for archive in "$apt"/cache/archives/*.deb; do
		dpkg-deb --extract "$archive" "$root" || return
	done
	while read -r link; do
		target=$(readlink "$link")
		ln -sfn "$(realpath --no-symlinks --relative-to="$(dirname "$link")" "$root$target")" "$link" || return
	done < <(find "$root" -type l -lname '/*')
	touch "$root.complete"
}

# The programs of tests, without those that do not run here.
programs()
{
	local test
	comm -23 <(make --no-print-directory list-test-programs | sort) \
		<(make --no-print-directory list-tests | while read -r test; do is_wanted "$test" || echo "$test"; done | sort) | tr '\n' ' '
}

# Configures and builds, programs of tests included, in $folder/$machine/build.
build()
{
	local multiarch ldflags='' goals='check TESTS=' wanted completion="$runner cli/.libs/apikeyctl"
	multiarch=$(cd "$root/usr/lib" && echo *-linux-gnu)
	mkdir -p "$folder/$machine/build" && cd "$folder/$machine/build" || return
	if [ -z "$runner" ]; then
		# Programs of this build that start each other find their libraries by themselves.
		completion=cli/apikeyctl
		ldflags="-Wl,--dynamic-linker=$root/$linker -Wl,--disable-new-dtags,-rpath,$root/lib/$multiarch:$root/usr/lib/$multiarch"
	fi
	if [ ! -e config.status ]; then
		"$source/configure" --quiet --enable-werror --host="$triplet" CC="$triplet-gcc --sysroot=$root" LDFLAGS="$ldflags" \
			PKG_CONFIG=pkg-config PKG_CONFIG_SYSROOT_DIR="$root" \
			PKG_CONFIG_LIBDIR="$root/usr/lib/$multiarch/pkgconfig:$root/usr/share/pkgconfig" || return
	fi
	grep -q 'HAVE_CHECK_TRUE=.*#' config.log && { echo "the check library was not found"; return 1; }
	# The completion is made by a program of the other machine, too.
	wanted=$(programs)
	[ -z "$runner" ] || [ -n "${CHECK_LONG-}" ] || goals=$wanted
	# shellcheck disable=SC2086 # several words
	make --jobs="$(nproc)" --no-print-directory $goals check_PROGRAMS="$wanted" \
		APIKEYCTL_FOR_BUILD="$completion" || return
	readelf --file-header tests/proto/test-credential | sed -nE 's/^ +(Class|Data|Machine): +//p' | paste -sd' '
}

# The program itself, where libtool put a script in its place.
program_of()
{
	if [ -e "${1%/*}/.libs/${1##*/}" ]; then
		echo "${1%/*}/.libs/${1##*/}"
	else
		echo "$1"
	fi
}

# starts_programs TEST: it starts programs of its own build, which qemu-user cannot do for it.
starts_programs()
{
	case $1 in
	*.sh) return 0 ;;
	esac
	local symbols
	symbols=$(readelf --wide --dyn-syms "$(program_of "$1")")
	[[ $symbols =~ ' UND '(exec[lv][pe]*|fexecve|posix_spawnp?|system|popen)'@' ]]
}

# may_differ TEST: it may fare otherwise on another machine than on this one, and no other test would show that.
may_differ()
{
	# An emulated machine is slow: there it is what puts numbers into bytes, and takes them out again.
	case ${runner:+emulated}/$1 in
	emulated/tests/common/* | emulated/tests/crypto/* | emulated/tests/proto/* | emulated/tests/fuzz/*) return 0 ;;
	emulated/tests/daemon/test-store-row | emulated/tests/daemon/test-audit-chain) return 0 ;;
	emulated/tests/daemon/test-key-seal | emulated/tests/daemon/test-sealed-keys) return 0 ;;
	emulated/tests/daemon/test-signing-key | emulated/tests/daemon/test-claims) return 0 ;;
	emulated/tests/daemon/test-handle | emulated/tests/pam_module/tst-credential) return 0 ;;
	emulated/*) return 1 ;;
	esac
	case $1 in
	tests/daemon/test-daemon-verify | tests/daemon/test-daemon-admin | tests/fuzz/*) return 0 ;;
	# what it asks the kernel for differs from emulator to emulator
	tests/session/test-helper | tests/session/test-register | tests/session/test-restart) return 1 ;;
	tests/daemon/test-daemon-* | tests/daemon/test-attack-* | *-loop | */revoke-order | tests/cli/*.sh | tests/gateway/*.sh) return 1 ;;
	esac
}

is_wanted()
{
	[ -n "${CHECK_LONG-}" ] || may_differ "$1"
}

# run_test TEST RESULT: runs one of the tests; RESULT.said gets a line that says what became of it, and why.
run_test()
{
	local test=$1 log=$2.log said=$2.said status=0 program
	case $test in
	tests/fuzz/check-corpus.sh)
		FUZZ_RUNNER=$runner "$source/$test" >"$log" 2>&1 || status=$?
		;;
	*)
		if [ -n "$runner" ] && starts_programs "$test"; then
			echo "skip $machine: $test starts programs, and nothing runs them for it" >"$said"
			return
		fi
		program=$test
		[ -z "$runner" ] || program=$(program_of "$test")
		[ -e "$program" ] || program=$source/$test
		# shellcheck disable=SC2086 # several words, or none
		timeout -k 10 600 $runner "$program" >"$log" 2>&1 || status=$?
		;;
	esac
	case $status in
	0) echo "ok $machine: $test" >"$said" ;;
	77) echo "skip $machine: $test: $(tail -n 1 "$log")" >"$said" ;;
	*) { echo "FAIL $machine: $test ($status)"; tail -n 30 "$log"; } >"$said" ;;
	esac
}

# choose MACHINE: says what it takes, or what is missing.
choose()
{
	local name a b c d tool
	machine=$1 triplet='' linker='' emulator='' package=''
	while read -r name a b c d; do
		[ "$name" != "$machine" ] || { triplet=$a linker=$b emulator=$c package=$d; }
	done <<<"$table"
	[ -n "$triplet" ] || { echo "$machine: not a machine this script knows" >&2; exit 2; }
	for tool in apt-get dpkg-deb pkg-config; do
		command -v $tool >/dev/null || { echo "$tool is not installed"; exit 77; }
	done
	command -v "$triplet-gcc" >/dev/null || { echo "$triplet-gcc is not installed ($package)"; exit 77; }
	root=$folder/$machine/root
	runner="$emulator -L $root -E LD_LIBRARY_PATH=$folder/$machine/build/lib/.libs"
	case $machine-$(uname -m) in
	i386-x86_64 | i386-i686) runner= ;;
	*) command -v "$emulator" >/dev/null || { echo "$emulator is not installed (qemu-user)"; exit 77; } ;;
	esac
}

# All at once: downloads and configure keep one processor busy at most.
for machine in "${machines[@]}"; do
	choose "$machine"
	mkdir -p "$folder/$machine"
	rm -f "$folder/$machine"/{unpacked,built}
	{
		unpack >"$folder/$machine/unpack.log" 2>&1 && touch "$folder/$machine/unpacked" &&
			build >"$folder/$machine/build.log" 2>&1 && touch "$folder/$machine/built"
	} &
done
wait
for machine in "${machines[@]}"; do
	choose "$machine"
	if [ ! -e "$folder/$machine/unpacked" ]; then
		tail -n 20 "$folder/$machine/unpack.log"
		echo "the libraries of $machine could not be downloaded"
		exit 77
	fi
	if [ ! -e "$folder/$machine/built" ]; then
		tail -n 40 "$folder/$machine/build.log"
		echo "FAIL $machine: it does not build"
		failed=$((failed + 1))
		continue
	fi
	tail -n 1 "$folder/$machine/build.log"
	cd "$folder/$machine/build" || exit 1
	# As make check would have it; emulated processors are slow.
	export srcdir=$source CK_TIMEOUT_MULTIPLIER=10
	results=$folder/$machine/results
	rm -rf "$results" && mkdir "$results" || exit 1
	number=0 left=0
	for test in $(make --no-print-directory list-tests); do
		case $test in
		tests/checks/*) continue ;; # of the tree, not of the machine
		esac
		if ! is_wanted "$test"; then
			left=$((left + 1))
			continue
		fi
		while [ "$(jobs -rp | wc -l)" -ge "$at_once" ]; do
			wait -n
		done
		number=$((number + 1))
		run_test "$test" "$results/$(printf '%04d' $number)" &
	done
	wait
	cat "$results"/*.said
	[ $left -eq 0 ] || echo "$machine: $left tests are left for CHECK_LONG"
	if [ "$(cat "$results"/*.said | grep -cE "^(ok|FAIL|skip) $machine: ")" -ne $number ]; then
		echo "FAIL $machine: a test has said nothing; the others are in $results"
		failed=$((failed + 1))
	fi
	passed=$((passed + $(cat "$results"/*.said | grep -c "^ok $machine: ")))
	failed=$((failed + $(cat "$results"/*.said | grep -c "^FAIL $machine: ")))
	skipped=$((skipped + $(cat "$results"/*.said | grep -c "^skip $machine: ")))
done
echo "portability: $passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
