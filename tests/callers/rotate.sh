# shellcheck shell=bash disable=SC2034,SC2154,SC2016,SC2119 # variables go from file to file; eval wants its text whole
# SPDX-License-Identifier: Apache-2.0 OR MIT
# One key of alice's in two programs, a phone that reads mail from dovecot and a laptop that logs in to OpenSSH, both again
# and again; meanwhile the key is rotated in every way there is. No login fails but those that show a secret that was
# ended for good, and these fail at once. Then the same with a key pair: the phone shows a token that it signs, the laptop
# an access token that it gets for one.

# shellcheck source=tests/callers/ssh.sh
. /opt/tests/ssh.sh
# shellcheck source=tests/callers/mail.sh
. /opt/tests/mail.sh

example sshd/sshd sshd/apikey.conf dovecot/dovecot passwd/passwd

declare -A login_of=([phone]=phone_login [laptop]=laptop_login)

# signed SECRET: the key itself; of a pair, whose secret is kept in a file, a token.
signed()
{
	case $1 in
	/*) apikeyctl token sign <"$1" ;;
	*) echo "$1" ;;
	esac
}

# exchanged SECRET: the key itself; of a pair an access token.
exchanged()
{
	case $1 in
	/*) apikeyctl token sign <"$1" | apikeyctl token issue 2>/dev/null ;;
	*) echo "$1" ;;
	esac
}

phone_login()
{
	imap_login alice "$(signed "$1")"
}

laptop_login()
{
	ssh_login keyboard-interactive alice "$(exchanged "$1")"
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
	if ! apikeyctl key rotate "$key" "${@:2}" >"$scratch/secret.$1" 2>"$scratch/rotate"; then
		case_failed "the key is rotated" "$(cat "$scratch/rotate")"
		exit 1
	fi
	keeps "$1"
}

# keeps NUMBER: what was printed is that secret.
keeps()
{
	tail -n 1 "$scratch/secret.$1" >>"$scratch/secrets"
	secrets[$1]=$(cat "$scratch/secret.$1")
	[ "$key" = alice/both ] || secrets[$1]=$scratch/secret.$1
	number_of[$1]=$(apikeyctl --json key show "$key" | sed -n 's/^ *"number": \([0-9]*\),$/\1/p' | tail -n 1)
}

# of_secret NUMBER MEMBER: what key show says of it.
of_secret()
{
	apikeyctl --json key show "$key" | sed -n "/\"number\": ${number_of[$1]},/,/}/s/^ *\"$2\": \([^,]*\),*\$/\1/p"
}

# ends NUMBER FROM UNTIL: a login with that secret may fail when it ends at FROM or later, and must when it begins at UNTIL
# or later.
ends()
{
	echo "$1 $2 $3" >>"$scratch/ends"
}

# ends_by_date NAME OLD OTHER NEW: the program that has the old secret is let in until the date that was set, and refused
# from then on, until it has the new one; the other goes on.
ends_by_date()
{
	local date
	date=$(date --date="$(of_secret "$2" retires | tr -d '"')" +%s)
	ends "$2" "${date}000" "${date}000"
	case_is "$key, end of secret $2: $1 is refused" "$(tail -n 3 "$scratch/$1/logins")" \
		poll 90 eval "[ \"\$(logins $1 $2 out)\" -ge 1 ]"
	goes_on "$3" "$4"
	gives "$1" "$4"
	goes_on "$1" "$4"
}

refused_now()
{
	case_is "$1" "it is let in" eval '! imap_login alice "$(signed "${secrets['"$2"']}")"'
}

declare -A secrets=() number_of=()
: >"$scratch/ends"
key=alice/both
key_create first alice both pam.sshd --permission pam.dovecot
secrets[1]=$first number_of[1]=1
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
apikeyctl doctor >"$scratch/doctor" 2>&1
case_is "overlap: doctor tells who shows the old one" "$(cat "$scratch/doctor")" \
	grep -q '^note: alice/both, secret 1: .*, and sshd showed it last .* \[key-retiring\]' "$scratch/doctor"
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
echo "${secrets[5]}" | tee "$scratch/secret.5" >>"$scratch/secrets"
number_of[5]=5
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

# now NUMBER OLD: at once; from then on the old one fails, until the programs have the new one.
now()
{
	local from name
	from=$(milliseconds)
	rotated "$1" --now
	ends "$2" "$from" "$(milliseconds)"
	for name in phone laptop; do
		case_is "$key, now: $name is refused" "$(tail -n 3 "$scratch/$name/logins")" \
			poll 90 eval "[ \"\$(logins $name $2 out)\" -ge 1 ]"
		gives "$name" "$1"
	done
	goes_on phone "$1"
	goes_on laptop "$1"
}

now 6 5

# The end of an overlap while a program still shows the old one: first by the date alone, then by the first use.
rotated 7 --overlap 5s
gives laptop 7
ends_by_date phone 6 laptop 7
rotated 8 --overlap-after-first-use 5s
goes_on phone 7
goes_on laptop 7
gives phone 8
goes_on phone 8
ends_by_date laptop 7 phone 8

# Four may be good beside the current one. All five are let in; for a sixth there is no room, and nothing changes.
for number in 9 10 11 12; do
	rotated $number --overlap 1d
done
gives laptop 12
for number in 9 10 11; do
	case_is "four retiring: secret $number is let in" "$(cat "$scratch/out")" imap_login alice "${secrets[$number]}"
done
apikeyctl key rotate "$key" --overlap 1d >"$scratch/secret.fifth" 2>"$scratch/rotate"
status=$?
case_is "four retiring: a fifth is refused" "$status: $(cat "$scratch/rotate")" eval '
	[ $status -eq 1 ] && [ ! -s "$scratch/secret.fifth" ] && grep -q "4 secrets before the current one are still good" "$scratch/rotate"'
goes_on phone 8
goes_on laptop 12
gives phone 12
goes_on phone 12
apikeyctl key retire "$key" 2>>"$scratch/rotate"
for number in 8 11; do
	refused_now "four retiring: secret $number, retired, is refused" $number
done
goes_on phone 12
goes_on laptop 12

# A pair.
key=alice/pair
if ! apikeyctl key create --owner alice --name pair --kind pair --permission pam.sshd --permission pam.dovecot \
	>"$scratch/secret.21" 2>"$scratch/create"; then
	case_failed "the pair is made" "$(cat "$scratch/create")"
	exit 1
fi
keeps 21
gives phone 21
gives laptop 21
goes_on phone 21
goes_on laptop 21
rotated 22 --overlap-after-first-use 5s
goes_on phone 21
goes_on laptop 21
# An access token goes with the private key it was got by.
kept=$(exchanged "${secrets[21]}")
before=$(exchanged "${secrets[21]}")
printf '%s\n' "$kept" "$before" >>"$scratch/secrets"
case_is "an access token of the old private key is let in" "$(cat "$scratch/out")" imap_login alice "$before"
gives laptop 22
goes_on laptop 22
ends_by_date phone 21 laptop 22
case_is "an access token of the old private key ends with it" "it is let in" eval '! imap_login alice "$kept"'
apikeyctl explain --service dovecot <<<"$kept" >"$scratch/explain" 2>&1
case_is "explain says why" "$(cat "$scratch/explain")" grep -qx 'denied: secret_retired' "$scratch/explain"
rotated 23 --overlap 1d
gives phone 23
goes_on phone 23
goes_on laptop 22
gives phone 22
goes_on phone 22
apikeyctl key rotate "$key" --cancel 2>>"$scratch/rotate"
refused_now "$key, cancel: the new one is refused" 23
goes_on phone 22
goes_on laptop 22
rotated 24 --overlap 5s
gives phone 24
ends_by_date laptop 22 phone 24
now 25 24

touch "$scratch/phone/stop" "$scratch/laptop/stop"
wait "$phone_pid" "$laptop_pid"
for name in phone laptop; do
	# Number, beginning, end, how.
	awk 'NR == FNR { from[$1] = $2; until[$1] = $3; next }
		$4 != "in" && !($1 in from && $3 >= from[$1]) || $4 == "in" && $1 in until && $2 >= until[$1]' \
		"$scratch/ends" "$scratch/$name/logins" >"$scratch/wrong"
	case_is "$name: every login went as it should" "$(head "$scratch/wrong")" [ ! -s "$scratch/wrong" ]
	echo "# $name: $(wc -l <"$scratch/$name/logins") logins, $(grep -c out "$scratch/$name/logins") refused"
done
sshd_stop
dovecot_stop
