#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# A key that was misused, and one that somebody guesses at: what its owner and an administrator are shown of it. As root
# the owner is an ordinary user; else an administrator.
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"
# shellcheck source=../wrong-secret.sh
. "$(dirname "$0")/../wrong-secret.sh"
need jq gzip "$apikeyd" lib/example
start_daemon
user=$me
! have_other_user || user=bin
# Root is believed wherever it says it is, others where they are listed.
peers=()
[[ $(id -u) -eq 0 ]] || peers=('[peers]' "$(id -u) = pop3")
printf '%s\n' '[daemon]' 'minimum_uid = 1' '[policy]' 'misuse = suspend' '[throttle]' 'failures_per_key = 2' "${peers[@]}" >>"$scratch/apikeyd.conf"
reload_daemon

# own ARGUMENT…: apikeyctl, by the owner.
own()
{
	act_as "$user" "$@"
}

# login SECRET
login()
{
	last='login'
	out=$(lib/example pop3 pam.test "$runtime" <<<"$1" 2>&1)
}

# ---- misuse ----

act key create --name mail --owner "$user" --expires 90d --permission pam.test --exclusive=dovecot
succeeds
secret=$out
before=$(date +%s)
login "$secret"
is 'the verdict elsewhere' "${out%% *}" denied
why='misuse: used at pop3, and it is for dovecot alone'
for who in own act; do
	"$who" key show "$user/mail"
	succeeds
	has 'the key' "$out" 'State' 'suspended since ' ": $why"
	"$who" --json key show "$user/mail"
	succeeds
	is state "$(json .state)" suspended
	is state_reason "$(json .state_reason)" "$why"
	is 'state_since, in the seconds since' "$(json "(.state_since | fromdate) as \$since | \$since >= $before and \$since <= now")" true
done
act status
has 'the state' "$out" '1 suspended'
lacks 'the state' "$out" Alarms
[[ $user == "$me" ]] || {
	own key activate "$user/mail" --why 'it was me'
	refused
}
act key activate "$user/mail" --why 'the owner has said how it came'
succeeds
for who in own act; do
	"$who" --json key show "$user/mail"
	is 'the state' "$(json .state)" active
done

# ---- an alarm ----

make_key laptop --permission pam.test
wrong=$(wrong_secret "$id")
for word in denied denied throttled throttled; do
	login "$wrong"
	is 'the verdict on a wrong secret' "${out%% *}" "$word"
done
deadline=$((SECONDS + 30))
until act status && [[ $out == *Alarms* ]] || ((SECONDS > deadline)); do
	sleep 0.05
done
has 'the state' "$out" "Alarms      key $id: 2 wrong secrets too many, the last from "
act --json status
is 'how many keys' "$(json '."alarms.keys"')" 1
is 'which key' "$(json '."alarms.1.key"')" "$id"
is 'how often' "$(json '."alarms.1.failures"')" 2
is 'whence' "$(json '."alarms.1.source" | type')" string
login "$secret"
is 'the login with the secret' "$out" "granted $me"
finish
