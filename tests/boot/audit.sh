# shellcheck shell=bash disable=SC2016,SC2154,SC2317 # the inner shell expands it; variables go from file to file; functions are called by name
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The audit and a real journal: heads that the daemon publishes are found there by what apikeyd-audit(5) says, and a tail
# that is cut off shows by them. Sourced by cases.sh, on a host whose daemon runs and has let people in.

head_id=a81eeec053c153c568692911bc331e45

# What the manual takes out of the journal.
heads()
{
	inside journalctl --quiet -o json _SYSTEMD_UNIT=apikeyd.service MESSAGE_ID=$head_id
}

# has_head SEQ: of that record, or a later one.
has_head()
{
	heads | grep -oE '"APIKEYD_SEQ":"[0-9]+"' | grep -oE '[0-9]+' | awk -v wanted="$1" '$1 >= wanted { found = 1 } END { exit !found }'
}

# verifies SOURCE [ARGUMENT…]: with the heads of these entries.
verifies()
{
	inside sh -c 'journalctl --quiet -o json $1 MESSAGE_ID=$2 | { shift 2; apikeyctl audit verify --heads - "$@"; }' - "$1" $head_id "${@:2}"
}

# finds TEXT COMMAND…: it fails, and says the text.
finds()
{
	local status=0
	"${@:2}" >"$scratch/found" 2>&1 || status=$?
	cat "$scratch/found"
	[ $status -eq 1 ] && grep -q -e "$1" "$scratch/found"
}

last=$(inside tail -n 1 /var/log/apikeyd/audit.jsonl | grep -oE '^\{"seq":[0-9]+' | grep -oE '[0-9]+')
inside systemctl restart apikeyd.service
case_is 'audit: a head is in the journal when the daemon ends' poll 60 has_head "$last"
case_is 'audit: the files lead to the heads of the journal' verifies _SYSTEMD_UNIT=apikeyd.service
# Of a copy, in which nobody writes.
inside sh -c 'rm -rf /root/cut && cp -r /var/log/apikeyd /root/cut && cd /root/cut && head -n -5 audit.jsonl >cut && mv cut audit.jsonl'
case_is 'audit: without heads a cut tail does not show' inside apikeyctl audit verify --folder /root/cut
case_is 'audit: by the heads it does' finds 'cut' verifies _SYSTEMD_UNIT=apikeyd.service --folder /root/cut
# Anybody may write entries.
inside sh -c 'printf "MESSAGE=a head\nMESSAGE_ID=%s\nAPIKEYD_SEQ=99999999\nAPIKEYD_HEAD=%064d\n" "$1" 0 |
	setpriv --reuid=alice --regid=alice --init-groups logger --journald' - $head_id
case_is 'audit: a head that somebody else writes into the journal is in there' \
	poll 60 inside sh -c 'journalctl --quiet -o json MESSAGE_ID=$1 | grep -q "\"99999999\""' - $head_id
case_is 'audit: and is none, for the unit is not his' verifies _SYSTEMD_UNIT=apikeyd.service
inside rm -rf /root/cut
