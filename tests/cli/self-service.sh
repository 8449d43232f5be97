#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The example of the manual: a user makes a key for mail, gives it to two programs, and changes it without an outage. As
# root it is an ordinary user who does it, within [self-service]; else an administrator.
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"
need jq "$apikeyd" lib/example
start_daemon
user=$me service=uid-$(id -u) serves_self=

if [[ $(id -u) -eq 0 ]]; then
	service=dovecot
	if have_other_user; then
		user=bin serves_self=1
		printf '%s\n' '[daemon]' 'minimum_uid = 1' '[self-service]' 'permissions = pam.dovecot' 'max_lifetime = 90d' \
			>>"$scratch/apikeyd.conf"
		reload_daemon
	fi
fi

# own ARGUMENT…: apikeyctl, by the user.
own()
{
	act_as "$user" "$@"
}

# login SECRET: what a mail program gets to hear.
login()
{
	last='login'
	out=$(lib/example "$service" pam.dovecot "$runtime" <<<"$1" 2>&1)
}

# shows TEXT: the key shows it, once what was noted of the last login is told.
shows()
{
	local deadline=$((SECONDS + 30))

	until own key show "$user/mail" && [[ $out == *"$1"* ]]; do
		if ((SECONDS > deadline)); then
			fail "the key does not show '$1'"
			return
		fi
		sleep 0.05
	done
}

own key create --name mail --permission pam.dovecot --expires 90d
succeeds
old=$out
login "$old"
is 'the login of phone and laptop' "$out" "granted $user"
own key rotate "$user/mail"
succeeds
new=$out
has 'standard error' "$err" 'number 2' 'Secret 1 is good until'
shows 'no: secret 2, the new one, has not been used yet'
# the phone has it, the laptop not yet
login "$new"
is 'the login of the phone' "$out" "granted $user"
login "$old"
is 'the login of the laptop' "$out" "granted $user"
shows 'after the new one came into use'
has 'the key' "$out" 'no: secret 1 was used' "by $service from"
own --json key show "$user/mail"
is safe_to_retire "$(json .safe_to_retire)" false
is 'the services of the last uses' "$(json '.secrets | map(.last_use.service) | tojson')" "[\"$service\",\"$service\"]"
# doctor tells of the laptop, after a further rotation that was taken back, too
retiring()
{
	act --json doctor
	[[ $out == *'"key-retiring"'*"$user/mail, secret 1"* ]]
}
deadline=$((SECONDS + 30))
until retiring; do
	if ((SECONDS > deadline)); then
		fail 'doctor does not tell who shows the old secret'
		break
	fi
	sleep 0.2
	login "$old"
done
act --json key rotate "$user/mail" --overlap 1d
succeeds
act key rotate "$user/mail" --cancel
succeeds
retiring || fail 'doctor takes a secret that was taken back for the current one'
login "$new"
is 'the login of the laptop' "$out" "granted $user"
own key retire "$user/mail"
succeeds
login "$old"
[[ $out == denied* ]] || fail 'the old secret lets in'
login "$new"
is 'the login of both' "$out" "granted $user"
own --json key show "$user/mail"
is safe_to_retire "$(json .safe_to_retire)" null

# what the user may not
if [[ -n $serves_self ]]; then
	own key create --name more --permission pam.dovecot --expires 91d
	refused
	has 'standard error' "$err" 'live for 90d from now at most' '--expires 90d'
	own key create --name more --permission pam.dovecot --expires never
	refused
	own key update "$user/mail" --expires never
	refused
	has 'standard error' "$err" '--expires 90d'
	own key create --name more --permission pam.sshd
	refused
	own --json key create --name more --permission pam.dovecot
	succeeds
	is 'the lifetime' "$(json '(.expires | fromdate) - now | . > 89 * 86400 and . <= 90 * 86400')" true
	act key create --name other --owner alice --permission pam.dovecot --expires 1d
	succeeds
	own key rotate alice/other
	refused
	has 'standard error' "$err" 'no such key'
	own key retire alice/other
	refused
	has 'standard error' "$err" 'no such key'
fi

finish
