#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# What pam_apikey.so brings into a caller's process, read from the file: the six entry points and nothing else, libc and
# libpam and nothing else, and no function that failures 12, 14, 16, 23 and 24 of the project's list were made with.
# Run in the build folder. Status 77: skipped.
set -u
module=${1:-pam_module/.libs/pam_apikey.so}
failed=0

fail()
{
	echo "FAIL: $*"
	failed=1
}

if ! command -v readelf >/dev/null || ! command -v nm >/dev/null; then
	echo "readelf and nm (binutils) are not installed"
	exit 77
fi
[ -r "$module" ] || { echo "there is no $module"; exit 1; }
export LC_ALL=C

needed=$(readelf -dW "$module" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
case $needed in
*asan* | *ubsan* | *tsan*)
	echo "built with sanitizers, which bring libraries of their own"
	exit 77
	;;
esac
if nm "$module" 2>/dev/null | grep -q ' __gcov_'; then
	echo "built to count lines, which brings statics and functions of its own"
	exit 77
fi

# failure 16: no second libcrypto, no other library
for library in $needed; do
	case $library in
	libc.so* | libpam.so* | ld-linux*) ;;
	*) fail "needs $library" ;;
	esac
done

exports=$(nm -D --defined-only "$module" | awk '{ print $3 }' | sort | tr '\n' ' ')
expected='pam_sm_acct_mgmt pam_sm_authenticate pam_sm_chauthtok pam_sm_close_session pam_sm_open_session pam_sm_setcred '
[ "$exports" = "$expected" ] || fail "exports $exports"

# what the module must not call: why
imports=$(nm -D --undefined-only "$module" | awk '{ sub(/@.*/, "", $2); print $2 }')
while read -r pattern why; do
	[ -n "$pattern" ] || continue
	found=$(printf '%s\n' "$imports" | grep -Ex "(__)?($pattern)(_chk)?")
	[ -z "$found" ] || fail "calls $found: $why"
done <<'END'
v?syslog|openlog|pam_v?syslog|sd_journal_.*                 blocks when the log daemon is stopped
pam_v?prompt|pam_v?info|pam_v?error|pam_get_authtok.*       asks or tells more than one prompt, and logs by syslog
(secure_)?getenv|setenv|putenv                              the environment is not trusted
f?open(64)?|fopen(64)?|openat(64)?|open_by_handle_at|creat  no file is read or written
v?f?printf|puts|putchar|perror|write|fwrite|fputs           the streams are the user's
pthread_create|thrd_create|fork|vfork|clone|posix_spawn.*   no thread and no process
system|popen|exec.*|dlopen|dlmopen                          no other code
signal|sigaction|sigprocmask|pthread_sigmask|alarm|raise    the signals are the caller's
atexit|on_exit|__cxa_atexit|__cxa_thread_atexit_impl        nothing stays after dlclose
getaddrinfo|gethostby.*|getnameinfo|res_.*                  names are never resolved
getpwnam|getpwuid|getpwent|getlogin|localtime|strtok|strerror  shares a static buffer with the caller
sleep|usleep|nanosleep|select                               waits outside the deadline
chdir|umask|set.*uid|set.*gid|setrlimit|prctl|chroot        the process is the caller's
END

# failures 12 and 14: no thread-local storage, no statics but what the compiler's start files have
if readelf -lW "$module" | grep -q '^ *TLS'; then
	fail "has thread-local storage"
fi
for section in .data .bss; do
	size=$(readelf -SW "$module" | sed 's/^ *\[ *[0-9]*\]//' | awk -v name=$section '$1 == name { print $5 }')
	[ -z "$size" ] || [ "$((0x$size))" -le 16 ] || fail "has statics: $section of $((0x$size)) bytes"
done
if readelf -lW "$module" | grep 'GNU_STACK' | grep -q 'RWE'; then
	fail "wants an executable stack"
fi
exit $failed
