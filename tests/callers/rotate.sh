# shellcheck shell=bash disable=SC2034,SC2154,SC2016,SC2119 # variables go from file to file; eval wants its text whole
# SPDX-License-Identifier: Apache-2.0 OR MIT
# One key of alice's in two programs, a phone that reads mail from dovecot and a laptop that logs in to OpenSSH, both again
# and again; meanwhile the key is rotated in every way there is. No login fails but those that show a secret that was
# ended for good, and these fail at once.

# shellcheck source=tests/callers/ssh.sh
. /opt/tests/ssh.sh
# shellcheck source=tests/callers/mail.sh
. /opt/tests/mail.sh

example sshd/sshd sshd/apikey.conf dovecot/dovecot passwd/passwd

declare -A login_of=([phone]=phone_login [laptop]=laptop_login)

phone_login()
{
	imap_login alice "$1"
}

laptop_login()
{
	ssh_login keyboard-interactive alice "$1"
}

# program NAME: logs in with what NAME/secret holds until NAME/stop is there. A line for each login: the number of the secret,
# when it began and ended, and how.
program()
{
	local number secret began how
	scratch=$scratch/$1
	while [ ! -e "$scratch/stop" ]; do
		read -r number secret <"$scratch/secret"
		began=$(milliseconds)
		how=in
		"${login_of[$1]}" "$secret" >/dev/null 2>&1 || how="out $(tr '\n' ' ' <"$scratch/out")"
		echo "$number $began $(milliseconds) $how" >>"$scratch/logins"
		sleep 0.1
	done
}

# gives NAME NUMBER: from its next login on, the program shows that secret of $secrets.
gives()
{
	echo "$2 ${secrets[$2]}" >"$scratch/$1/secret.new"
	mv "$scratch/$1/secret.new" "$scratch/$1/secret"
}

# logins NAME NUMBER HOW: how many there were with that secret.
logins()
{
	grep -c "^$2 [0-9]* [0-9]* $3" "$scratch/$1/logins"
}

# goes_on NAME NUMBER: the program logs in three times more with that secret.
goes_on()
{
	local so_far
	so_far=$(logins "$1" "$2" in)
	if ! poll 90 eval "[ \"\$(logins $1 $2 in)\" -ge $((so_far + 3)) ]"; then
		case_failed "$1 goes on with secret $2" "$(tail -n 3 "$scratch/$1/logins")"
		exit 1
	fi
}

# rotated NUMBER OPTION…: the key gets its next secret.
rotated()
{
	if ! secrets[$1]=$(apikeyctl key rotate alice/both "${@:2}" 2>"$scratch/rotate"); then
		case_failed "the key is rotated" "$(cat "$scratch/rotate")"
		exit 1
	fi
	echo "${secrets[$1]}" >>"$scratch/secrets"
}

# of_secret NUMBER MEMBER: what key show says of it.
of_secret()
{
	apikeyctl --json key show alice/both | sed -n "/\"number\": $1,/,/}/s/^ *\"$2\": \([^,]*\),*\$/\1/p"
}

refused_now()
{
	case_is "$1" "it is let in" eval '! imap_login alice "${secrets['"$2"']}"'
}

declare -A secrets=()
key_create first alice both pam.sshd --permission pam.dovecot
secrets[1]=$first
sshd_start
dovecot_start
mkdir "$scratch/phone" "$scratch/laptop"
touch "$scratch/phone/logins" "$scratch/laptop/logins"
gives phone 1
gives laptop 1
program phone &
phone_pid=$!
program laptop &
laptop_pid=$!
goes_on phone 1
goes_on laptop 1

# An overlap: one at once, one later, then the old one is retired.
rotated 2 --overlap 1d
gives phone 2
goes_on phone 2
goes_on laptop 1
gives laptop 2
goes_on laptop 2
apikeyctl key retire alice/both 2>>"$scratch/rotate"
refused_now "overlap: what was retired is refused" 1
goes_on phone 2
goes_on laptop 2
case_passed "overlap: both programs went on"

# After the first use: nobody takes it up for a while; the first who does gives the other one its date.
rotated 3 --overlap-after-first-use 1h
goes_on phone 2
goes_on laptop 2
case_is "after first use: the old secret waits" "it does not" [ "$(of_secret 2 retires_after_first_use)" = 3600 ]
gives laptop 3
goes_on laptop 3
case_is "after first use: it has its date" "it waits on" [ "$(of_secret 2 retires_after_first_use)" = null ]
goes_on phone 2
gives phone 3
goes_on phone 3
apikeyctl key retire alice/both 2>>"$scratch/rotate"
refused_now "after first use: what was retired is refused" 2
goes_on phone 3
goes_on laptop 3
case_passed "after first use: both programs went on"

# Taken back: who had the new one already goes back before.
rotated 4 --overlap 1d
gives phone 4
goes_on phone 4
goes_on laptop 3
gives phone 3
goes_on phone 3
apikeyctl key rotate alice/both --cancel 2>>"$scratch/rotate"
refused_now "cancel: the new one is refused" 4
goes_on phone 3
goes_on laptop 3
case_passed "cancel: both programs went on"

# By alice herself, who shows the key to passwd.
changed=$(setpriv --reuid=alice --regid=alice --init-groups passwd <<<"${secrets[3]}" 2>&1)
secrets[5]=$(grep -o 'ak_[0-9A-Za-z_]*' <<<"$changed")
case_is "passwd: shows a new key" "$changed" grep -q 'The old one stays good until' <<<"$changed"
echo "${secrets[5]}" >>"$scratch/secrets"
gives laptop 5
goes_on laptop 5
goes_on phone 3
gives phone 5
goes_on phone 5
apikeyctl key retire alice/both 2>>"$scratch/rotate"
goes_on phone 5
goes_on laptop 5
case_passed "passwd: both programs went on"

# The password is changed as before, by the user and by root, who is not asked for a key.
changed=$(printf '%s\n%s\n%s\n' "$alice_password" "$alice_password, too" "$alice_password, too" |
	setpriv --reuid=alice --regid=alice --init-groups passwd 2>&1)
case_is "passwd: a password is changed as before" "$changed" grep -q 'password updated successfully' <<<"$changed"
changed=$(printf '%s\n%s\n' "$alice_password" "$alice_password" | passwd alice 2>&1)
case_is "passwd: root is asked for the new password alone" "$changed" grep -q 'password updated successfully' <<<"$changed"
changed=$(setpriv --reuid=alice --regid=alice --init-groups passwd <<<"${secrets[4]}" 2>&1)
case_is "passwd: a key that was ended changes nothing" "$changed" eval '! grep -q ak_ <<<"$changed"'

# At once: from then on the old one fails, until the programs have the new one.
ended=$(milliseconds)
rotated 6 --now
for name in phone laptop; do
	case_is "now: $name is refused" "$(tail -n 3 "$scratch/$name/logins")" poll 90 eval "[ \"\$(logins $name 5 out)\" -ge 1 ]"
	gives "$name" 6
done
goes_on phone 6
goes_on laptop 6

touch "$scratch/phone/stop" "$scratch/laptop/stop"
wait "$phone_pid" "$laptop_pid"
for name in phone laptop; do
	# Number, beginning, end, how. What fails otherwise is one that should not have.
	case_is "$name: no login failed that should not have" "$(grep out "$scratch/$name/logins" | head)" awk -v ended="$ended" '
		$4 != "in" && !($1 == 5 && $3 >= ended) { exit 1 }' "$scratch/$name/logins"
	echo "# $name: $(wc -l <"$scratch/$name/logins") logins"
done
sshd_stop
dovecot_stop
