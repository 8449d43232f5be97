# shellcheck shell=bash disable=SC2016,SC2154,SC2317 # the inner shell expands it; variables go from file to file; functions are called by name
# SPDX-License-Identifier: Apache-2.0 OR MIT
# What somebody may wait for in a real journal: each event is brought about, and found by the MESSAGE_ID that apikeyd(8)
# gives it. Sourced by cases.sh, on a host whose daemon runs, whose configuration has no [policy] and no [throttle] yet,
# and where the stack "patient" takes keys.

# message_id SENTENCE: the id that stands before it in the manual page.
message_id()
{
	awk -v sentence="$1" '
		$1 == ".B" && length($2) == 32 { id = $2 }
		id && index($0, sentence) { print id; found = 1; exit }
		END { exit !found }' "$sources/daemon/apikeyd.8"
}

# events SENTENCE: what the journal has under its id, from the daemon, as warnings.
events()
{
	local id
	id=$(message_id "$1") || return
	inside journalctl --quiet --output=cat _SYSTEMD_UNIT=apikeyd.service PRIORITY=4 "MESSAGE_ID=$id"
}

# event SENTENCE TEXT: there is one that has the text.
event()
{
	events "$1" | grep -F -e "$2"
}

# shellcheck source=tests/wrong-secret.sh
. "$sources/tests/wrong-secret.sh"

due='Something has to be done about a key'
suspended='A key was suspended since it was misused'
burst='A burst of wrong secrets for a key'
locked='The host was locked down'
unlocked='A lockdown was ended'

inside sh -c 'cp "$1" /root/before-events.conf
	printf "[policy]\nmisuse = suspend\n[throttle]\nfailures_per_key = 2\n" >>"$1"
	umask 077
	for name in elsewhere guessed soon; do
		set -- --expires 2d
		[ $name = soon ] || set -- --expires 90d
		[ $name != elsewhere ] || set -- "$@" --exclusive=sshd
		apikeyctl key create --owner alice --name $name --permission pam.sshd "$@" >/root/secrets/$name
	done' - "$configuration" 2>/dev/null
inside sh -c 'cut -d _ -f 2 /root/secrets/guessed' >"$scratch/id"
wrong_secret "$(tr -d '\r' <"$scratch/id")" | inside sh -c 'cat >/root/secrets/wrong'
# A new day begins; who waits for a real one waits until midnight.
inside systemctl stop apikeyd-login.socket apikeyd-verify.socket apikeyd-admin.socket apikeyd.service
case_is 'events: a day has gone by' inside setpriv --reuid=apikeyd --regid=apikeyd --clear-groups python3 -c 'import sqlite3, sys
store = sqlite3.connect(sys.argv[1])
changed = store.execute("UPDATE meta SET number = number - 1 WHERE name = ?", ("warned_day",))
store.commit()
sys.exit(changed.rowcount != 1)' "$database"
inside systemctl start apikeyd-login.socket apikeyd-verify.socket apikeyd-admin.socket apikeyd.service

case_is 'events: of a key that ends soon' poll 60 event "$due" '(alice/soon)'
case_is 'events: and of none that does not' not event "$due" '(alice/guessed)'
case_is 'events: none of misuse before there was any' not event "$suspended" suspended
case_is 'events: a key for sshd is refused elsewhere' not login patient /root/secrets/elsewhere
case_is 'events: of its suspension' poll 60 event "$suspended" '(alice/elsewhere)'
guessed()
{
	local i
	for ((i = 0; i < 4; i++)); do
		login patient /root/secrets/wrong && return 1
	done
	return 0
}
case_is 'events: wrong secrets are refused' guessed
case_is 'events: of a burst of them' poll 60 event "$burst" '(alice/guessed)'
case_is 'events: the secret itself is as good as before' login patient /root/secrets/guessed
case_is 'events: none of a lockdown before there was any' not event "$locked" LOCKDOWN
case_is 'events: a lockdown' inside apikeyctl lockdown on --why 'the laptop is gone'
case_is 'events: of its beginning, and why' poll 60 event "$locked" ': the laptop is gone: '
case_is 'events: no key is let in' not login patient /root/secrets/guessed
inside systemctl restart apikeyd.service
case_is 'events: of one that is found at the start' poll 60 event "$locked" 'LOCKDOWN since '
case_is 'events: none of its end before it' not event "$unlocked" lockdown
case_is 'events: it is ended' inside apikeyctl lockdown off --why 'the laptop is found'
case_is 'events: of its end' poll 60 event "$unlocked" ': the laptop is found'
inside sh -c 'mv /root/before-events.conf "$1"' - "$configuration"
inside systemctl restart apikeyd.service
case_is 'events: keys work again' poll 60 login patient /root/secrets/guessed
