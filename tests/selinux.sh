#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Compiles the SELinux module as a distribution does; with --query also links it with Debian's whole policy, and asks
# the result who may do what. No kernel with SELinux is needed.
#
#   tests/selinux.sh [--query CACHE] WORK
#
# One line for each case, then "selinux: N passed, N failed, N skipped". CACHE keeps the policy for the next time.
# Exit status: 0 all passed, 1 something failed, 77 it cannot be run here (the last line says why).
# shellcheck disable=SC2317 # functions are called by name
set -uo pipefail

cache=
if [ "$1" = --query ]; then
	cache=$2
	shift 2
fi
work=$1
here=$(dirname "$(readlink -f "$0")")
makefile=/usr/share/selinux/devel/Makefile
passed=0 failed=0 skipped=0

# case_is WHAT COMMAND…: the command decides; what it says is shown when it fails.
case_is()
{
	local what=$1
	shift
	if "$@" >"$work/said" 2>&1; then
		echo "ok $what"
		passed=$((passed + 1))
	else
		echo "not ok $what"
		sed 's/^/#   /' "$work/said"
		failed=$((failed + 1))
	fi
}

finish()
{
	echo "selinux: $passed passed, $failed failed, $skipped skipped"
	[ "$failed" -eq 0 ]
	exit
}

[ -e $makefile ] || { echo "the development files of the SELinux policy are not installed"; exit 77; }
command -v checkmodule >/dev/null || { echo "checkmodule is not installed"; exit 77; }
mkdir -p "$work" && work=$(readlink -f "$work") || exit
rm -rf "${work:?}"/*
cp "$here"/../packaging/selinux/apikeyd.{te,fc,if} "$work"

# compiles: and without a warning.
compiles()
{
	make --directory="$work" --file="$makefile" apikeyd.pp || return
	! grep -iE 'warning|deprecated|unrecognized' "$work/said"
}
case_is 'the module compiles' compiles
if [ -z "$cache" ] || [ $failed -gt 0 ]; then
	finish
fi

# ---- with the whole policy ----

skip_rest()
{
	echo "skip what the policy allows: $1"
	skipped=1
	finish
}

for program in semodule_link semodule_expand bunzip2; do
	command -v $program >/dev/null || skip_rest "$program is not installed"
done
/usr/bin/python3 -c 'import setools' 2>/dev/null || skip_rest "the Python module setools is not installed"
policy=/usr/share/selinux/default
if [ ! -e $policy/base.pp.bz2 ]; then
	mkdir -p "$cache"
	policy=$(readlink -f "$cache")/usr/share/selinux/default
	if [ ! -e "$policy/base.pp.bz2" ]; then
		command -v apt-get >/dev/null || skip_rest 'Debian has the policy as modules, and this is not Debian'
		# Not installed: that would make a policy for this host.
		(cd "$cache" && apt-get download -o APT::Sandbox::User=root -o Acquire::Retries=3 selinux-policy-default &&
			dpkg-deb --extract selinux-policy-default_*.deb .) >"$work/said" 2>&1 ||
			skip_rest "the policy cannot be fetched: $(tail -n 1 "$work/said")"
	fi
fi
mkdir "$work/modules"
for module in "$policy"/*.pp.bz2; do
	name=${module##*/}
	bunzip2 --stdout "$module" >"$work/modules/${name%.bz2}"
done
mv "$work/modules/base.pp" "$work/base.pp"
case_is 'the module goes with the policy' semodule_link -o "$work/linked.pp" "$work/base.pp" "$work"/modules/*.pp "$work/apikeyd.pp"
case_is 'no rule breaks what the policy rules out' semodule_expand "$work/linked.pp" "$work/policy"
[ $failed -eq 0 ] || finish

# A line for each question: SOURCE TARGET CLASS PERMISSION, and what the answer has to be.
{
	for caller in sshd_t local_login_t dovecot_auth_t saslauthd_t postgresql_t httpd_t ftpd_t squid_t openvpn_t \
		radiusd_t cockpit_session_t sysadm_sudo_t user_t; do
		echo "$caller apikeyd_t unix_stream_socket connectto yes"
		echo "$caller apikeyd_runtime_t sock_file write yes"
		echo "$caller apikey_sessiond_t unix_stream_socket connectto yes"
	done
	for caller in sshd_t httpd_t dovecot_auth_t user_t; do
		echo "$caller apikeyd_key_t file read no"
		echo "$caller apikeyd_var_lib_t file read no"
	done
	cat <<-END
		named_t apikeyd_t unix_stream_socket connectto no
		apikeyd_t apikeyd_var_lib_t file write yes
		apikeyd_t apikeyd_log_t file append yes
		apikeyd_t apikeyd_key_t file read yes
		apikeyd_t apikeyd_etc_t file read yes
		apikeyd_t apikeyd_etc_t file write no
		apikeyd_t shadow_t file read no
		apikeyd_t bin_t file execute_no_trans no
		apikeyd_t apikey_sessiond_t unix_stream_socket connectto yes
		apikeyd_t sshd_t process signal no
		named_t apikey_sessiond_t unix_stream_socket connectto no
		apikey_sessiond_t apikeyd_t unix_stream_socket connectto yes
		apikey_sessiond_t sshd_t process signal yes
		apikey_sessiond_t sshd_t process sigkill no
		apikey_sessiond_t cgroup_t file write yes
		apikey_sessiond_t apikeyd_key_t file read no
		apikey_sessiond_t apikeyd_var_lib_t file read no
		apikey_sessiond_t shadow_t file read no
		apikey_sessiond_t etc_t file write no
		apikey_sessiond_t bin_t file execute_no_trans no
		apikey_gateway_t apikeyd_t unix_stream_socket connectto yes
		apikey_gateway_t apikeyd_etc_t file read yes
		apikey_gateway_t apikeyd_etc_t file write no
		apikey_gateway_t apikeyd_key_t file read no
		apikey_gateway_t apikeyd_var_lib_t file read no
		apikey_gateway_t apikeyd_log_t file read no
		apikey_gateway_t shadow_t file read no
		apikey_gateway_t http_port_t tcp_socket name_connect no
		apikey_gateway_t unreserved_port_t tcp_socket name_bind yes
		apikey_gateway_t bin_t file execute_no_trans no
		httpd_t apikey_gateway_t unix_stream_socket connectto yes
		named_t apikey_gateway_t unix_stream_socket connectto no
		init_t apikey_gateway_t tcp_socket create yes
		init_t apikey_gateway_runtime_t sock_file create yes
		init_t apikey_sessiond_t unix_stream_socket create yes
		init_t apikeyd_t unix_stream_socket create yes
		init_t apikeyd_runtime_t sock_file create yes
	END
} >"$work/questions"
cat >"$work/ask.py" <<'END'
import sys
import setools

policy = setools.SELinuxPolicy(sys.argv[1])
for line in sys.stdin:
    source, target, kind, permission, wanted = line.split()
    query = setools.TERuleQuery(policy, ruletype=["allow"], source=source, target=target, tclass=[kind], perms=[permission])
    answer = "yes" if any(True for rule in query.results()) else "no"
    right = "ok" if answer == wanted else "not ok"
    print(f"{right} may {source} {permission} {target}:{kind}? {answer}")
END
if /usr/bin/python3 "$work/ask.py" "$work/policy" <"$work/questions" >"$work/answers" 2>"$work/said"; then
	cat "$work/answers"
	passed=$((passed + $(grep -c '^ok ' "$work/answers")))
	failed=$((failed + $(grep -c '^not ok ' "$work/answers")))
	case_is 'every question is answered' test "$(wc -l <"$work/answers")" = "$(wc -l <"$work/questions")"
else
	case_is 'the policy is asked' cat "$work/said" /nonexistent
fi
finish
