# shellcheck shell=bash disable=SC2034,SC2154,SC2016,SC2119 # variables go from file to file; eval wants its text whole
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The daemon with its default folders, started as root, and keys made with the real command.

daemon_log=/var/log/apikeyd.stderr
audit_log=/var/log/apikeyd/audit.jsonl
daemon_pid=

daemon_answers()
{
	kill -0 "$daemon_pid" 2>/dev/null && apikeyctl status >/dev/null 2>&1
}

daemon_start()
{
	mkdir -p /run/apikeyd
	[ -e /var/lib/apikeyd/apikeyd.db ] || apikeyd --init >>"$daemon_log" 2>&1
	apikeyd >>"$daemon_log" 2>&1 </dev/null &
	daemon_pid=$!
	if ! poll 60 daemon_answers; then
		case_failed "the daemon starts" "it does not answer"
		exit 1
	fi
}

# As an administrator ends it: what it has accepted is answered first.
daemon_stop()
{
	kill -TERM "$daemon_pid"
	wait "$daemon_pid"
	daemon_pid=
}

daemon_reloads()
{
	grep -c 'the configuration was reloaded' "$daemon_log"
}

# As systemctl reload does it.
daemon_reload()
{
	local before
	if ! apikeyd --check-config >"$scratch/check-config" 2>&1; then
		case_failed "the configuration is good" "$(cat "$scratch/check-config")"
		exit 1
	fi
	before=$(daemon_reloads)
	kill -HUP "$daemon_pid"
	if ! poll 60 eval "[ \"\$(daemon_reloads)\" -gt $before ]"; then
		case_failed "the daemon reloads" "it does not say so"
		exit 1
	fi
}

# peers FILE…: puts the examples' lines below [peers] in /etc/apikeyd/apikeyd.conf, as they tell an administrator to, and
# reloads.
peers()
{
	local file
	for file; do
		sed -i "/^\[peers\]\$/r /opt/examples/$file" /etc/apikeyd/apikeyd.conf
	done
	daemon_reload
}

daemon_freeze()
{
	kill -STOP "$daemon_pid"
	# Frozen is what /proc says, not what kill returned.
	poll 60 grep -q '^State:[[:space:]]*T' "/proc/$daemon_pid/status"
}

daemon_thaw()
{
	kill -CONT "$daemon_pid"
	poll 60 daemon_answers
}

# key_create VARIABLE OWNER NAME PERMISSION [OPTION…]: sets VARIABLE to the secret.
key_create()
{
	local secret
	if ! secret=$(apikeyctl key create --owner "$2" --name "$3" --permission "$4" "${@:5}" 2>"$scratch/create"); then
		case_failed "key $3 is made" "$(cat "$scratch/create")"
		exit 1
	fi
	printf -v "$1" %s "$secret"
	echo "$secret" >>"$scratch/secrets"
}

# crc_text TEXT: the six check characters that belong behind it.
crc_text()
{
	local -i crc=0xffffffff i j code
	local digits=0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz text=
	for ((i = 0; i < ${#1}; i++)); do
		printf -v code %d "'${1:i:1}"
		crc=$((crc ^ code))
		for ((j = 0; j < 8; j++)); do
			crc=$(((crc >> 1) ^ (0xedb88320 * (crc & 1))))
		done
	done
	crc=$((crc ^ 0xffffffff))
	for ((i = 0; i < 6; i++)); do
		text=${digits:crc % 62:1}$text
		crc=$((crc / 62))
	done
	echo "$text"
}

# The same key with other check characters: a mistyped one.
key_mistyped()
{
	local last=${1: -1}
	if [ "$last" = x ]; then last=y; else last=x; fi
	echo "${1%?}$last"
}

# The same id with a secret that was never given out, and check characters that fit: a guess.
key_guessed()
{
	local start=${1:0:16} secret=${1:16:32} turned=
	local -i i
	for ((i = 31; i >= 0; i--)); do
		turned+=${secret:i:1}
	done
	echo "$start$turned$(crc_text "$start$turned")"
}

# Records of decisions so far, and those after the first N.
audit_count()
{
	local count
	count=$(grep -c . "$audit_log" 2>/dev/null)
	echo "${count:-0}"
}

audit_since()
{
	tail -n "+$(($1 + 1))" "$audit_log" 2>/dev/null
}

# No secret of this run may stand in any file of the daemon, nor in the system's log.
secrets_stay_secret()
{
	[ -e "$scratch/secrets" ] || return
	local found
	found=$(grep -rlaF -f "$scratch/secrets" /var/lib/apikeyd /var/log /run 2>/dev/null)
	case_is "no secret in any log or in the database" "found in: $found" test -z "$found"
	found=$(grep -laF -e "$alice_password" -e "$bob_password" -r /var/lib/apikeyd /var/log /run 2>/dev/null)
	case_is "no system password in any log or in the database" "found in: $found" test -z "$found"
}
