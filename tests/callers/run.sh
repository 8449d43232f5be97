#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The real programs that ask PAM, in a Debian tree with this build installed, each caller in namespaces of its own and
# all at the same time: they mostly wait for the delays that follow a refusal.
#
#   tests/callers/run.sh TREE INSTALLED WORK [CALLER…]
#
# TREE comes from tree.sh, INSTALLED is what make install DESTDIR=INSTALLED left. One line for each case, "ok CALLER
# CASE", "not ok CALLER CASE" with the details after it, or "skip CALLER CASE: reason"; then a table, a row for each caller and a
# column for each question; last "callers: N passed, N failed, N skipped". Exit status: 0 all passed, 1 something
# failed, 77 it cannot be run here (the last line says why).
set -uo pipefail

tree=$1 installed=$2 work=$3
shift 3
sources=$(readlink -f "$(dirname "$0")/../..")
callers=(
	sshd sshd-password sshd-key-only sftp sftp-ci sudo su sessions
	dovecot dovecot-services dovecot-virtual dovecot-oauth2 postfix vsftpd proftpd saslauthd
	pamtester pamtester-peer doctor rotate
	nginx nginx-auth gateway-tls apache2 postgresql squid openvpn freeradius cockpit
)
[ $# -gt 0 ] || set -- "${callers[@]}"
seconds=${CALLERS_SECONDS:-450}

[ "$(id -u)" -eq 0 ] || { echo "entering a Debian tree takes root"; exit 77; }
grep -qw overlay /proc/filesystems || modprobe overlay 2>/dev/null || { echo "this kernel has no overlay file system"; exit 77; }
# shellcheck disable=SC1091,SC2031 # the two are the same file of two systems
here=$(. /etc/os-release && echo "$ID $VERSION_ID")
# shellcheck disable=SC1091,SC2031
there=$(. "$tree/etc/os-release" && echo "$ID $VERSION_ID")
[ "$here" = "$there" ] || { echo "built on $here, but the tree is $there"; exit 77; }

mkdir -p "$work"
work=$(readlink -f "$work")
pids=()
# Whoever ends this ends all of them: what runs on would slow down what comes next.
trap 'kill -TERM "${pids[@]}" 2>/dev/null; exit 130' INT TERM
for caller; do
	mkdir -p "$work/$caller"
	: >"$work/$caller.log"
	timeout --kill-after=5 "$seconds" unshare --mount --pid --fork --kill-child --uts --ipc --net \
		"$sources/tests/callers/enter.sh" "$(readlink -f "$tree")" "$(readlink -f "$installed")" "$sources" "$work/$caller" "$caller" \
		>"$work/$caller.log" 2>&1 </dev/null &
	pids+=($!)
done

for caller; do
	wait "${pids[0]}"
	status=$?
	pids=("${pids[@]:1}")
	# A caller that ended early has not shown what it should have.
	if ! tail -n 1 "$work/$caller.log" | grep -q "^# end of $caller\$"; then
		echo "not ok $caller ended before its last case (status $status)" >>"$work/$caller.log"
	fi
	cat "$work/$caller.log"
done

# Caller x question; a case that answers none of the questions that all share is counted under "more".
table()
{
	cat "$@" | awk '
	BEGIN {
		columns = split("right password wrong revoked expired permission other frozen stopped again log token more", name)
		column["right key"] = column["right key again"] = "right"
		column["system password"] = "password"
		column["wrong system password"] = column["wrong check characters"] = "wrong"
		column["wrong secret"] = column["a key cut short"] = "wrong"
		column["a key that will be revoked"] = column["revoked, at once"] = "revoked"
		column["still revoked after a restart"] = "revoked"
		column["expired"] = "expired"
		column["without the permission"] = "permission"
		column["another user'\''s key"] = column["an unknown user"] = "other"
		column["daemon frozen"] = column["daemon frozen, system password"] = "frozen"
		column["daemon stopped"] = column["daemon stopped, system password"] = "stopped"
		column["daemon thawed"] = column["daemon started again"] = "again"
		column["nobody reads /dev/log, right key"] = column["nobody reads /dev/log, revoked key"] = "log"
		column["no /dev/log, right key"] = column["no /dev/log, revoked key"] = "log"
	}
	/^(ok|not ok|skip) / {
		result = $1
		sub(/^(ok|not ok|skip) /, "")
		caller = $1
		title = substr($0, length(caller) + 2)
		if (result == "skip")
			sub(/: .*/, "", title)
		if (!(caller in seen)) {
			seen[caller] = 1
			row[++rows] = caller
			if (length(caller) > width)
				width = length(caller)
		}
		at = (title in column) ? column[title] : title ~ /^(HMAC|access) token/ ? "token" : "more"
		count[caller, at, result]++
	}
	function cell(caller, at,   good, bad, skipped, times)
	{
		good = count[caller, at, "ok"]
		bad = count[caller, at, "not"]
		skipped = count[caller, at, "skip"]
		times = at == "more" ? " " (bad ? bad : good ? good : skipped) : ""
		return (bad ? "FAIL" : good ? "ok" : skipped ? "skip" : "-") (bad || good || skipped ? times : "")
	}
	END {
		line = sprintf("%-" width "s", "CALLER")
		for (i = 1; i <= columns; i++)
			line = line "  " toupper(name[i])
		print line
		for (r = 1; r <= rows; r++) {
			line = sprintf("%-" width "s", row[r])
			for (i = 1; i <= columns; i++)
				line = line sprintf("  %-" length(name[i]) "s", cell(row[r], name[i]))
			sub(/ +$/, "", line)
			print line
		}
	}'
}

count()
{
	cat "${@:2}" | grep -c "^$1 "
}
logs=("${@/%/.log}")
logs=("${logs[@]/#/$work/}")
echo
table "${logs[@]}"
echo
passed=$(count ok "${logs[@]}")
failed=$(count 'not ok' "${logs[@]}")
skipped=$(count skip "${logs[@]}")
echo "callers: $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
