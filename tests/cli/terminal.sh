#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# On a terminal: tables fit its width, keys are not shown when they are typed, delete asks.
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"
need jq script "$apikeyd"
start_daemon
make_key laptop --permission pam.sshd --permission 'mail.*' --label 'note=a label that is longer than forty columns are'
make_key a-key-with-a-name-that-does-not-fit-into-a-terminal-of-forty-columns-whatever-one-does --permission pam.sshd
long=$id

# on_terminal COLUMNS ARGUMENT…: sets out, from a terminal of that width
on_terminal()
{
	local columns=$1

	shift
	last="at $columns columns: $*"
	script -qec "stty cols $columns rows 24; '$apikeyctl' --runtime-dir '$runtime' $* 2>/dev/null" /dev/null </dev/null >"$scratch/typed"
	status=$?
	out=$(tr -d '\r' <"$scratch/typed")
	err=
	[[ $(awk -v columns="$columns" 'length > columns' <<<"$out") == '' ]] || fail "a line is wider than $columns columns"
}

for columns in 40 80; do
	for arguments in 'key list' 'key show laptop-id' status 'explain laptop-id --permission pam.sudo'; do
		on_terminal "$columns" "${arguments/laptop-id/"$me/laptop"}"
		succeeds
	done
done
on_terminal 80 key list
has 'the list' "$out" NAME OWNER STATE PERMISSIONS EXPIRES 'LAST USE' 'in 90 days'
lacks 'the list' "$out" ID "$long"
on_terminal 40 key list
has 'the list' "$out" NAME OWNER STATE active
lacks 'the list' "$out" PERMISSIONS EXPIRES 'LAST USE'
# What is long is wrapped, not cut.
has 'the list' "$(tr -d ' \n' <<<"$out" | sed "s/$me//g; s/active//g")" whatever-one-does
on_terminal 200 key list
has 'the list' "$out" whatever-one-does "$long"

# wait_for TEXT: until the terminal shows it
wait_for()
{
	local deadline=$((SECONDS + 20))

	until grep -q -- "$1" "$scratch/typed"; do
		if ((SECONDS > deadline)); then
			out=$(<"$scratch/typed")
			fail "the terminal never shows '$1'"
			return 1
		fi
		sleep 0.02
	done
}

# typed QUESTION ANSWER ARGUMENT…: runs on a terminal, answers when it is asked; sets out and status
typed()
{
	local question=$1 answer=$2

	shift 2
	last="typed: $*"
	: >"$scratch/typed"
	rm -f "$scratch/keyboard"
	mkfifo "$scratch/keyboard"
	exec 7<>"$scratch/keyboard"
	# What is started in the background ignores interrupts, unless told otherwise.
	env --default-signal=INT script -qefc "'$apikeyctl' --runtime-dir '$runtime' $*" /dev/null <&7 >"$scratch/typed" 2>&1 &
	if wait_for "$question"; then
		printf '%b' "$answer" >&7
	else
		kill $!
	fi
	wait $!
	status=$?
	exec 7>&-
	out=$(tr -d '\r' <"$scratch/typed")
	err=
}

make_key typist --permission pam.sshd
typed 'Key: ' "$secret\n" verify --permission pam.sshd
succeeds
has 'the terminal' "$out" 'Key: ' granted
lacks 'the terminal' "$out" "$secret" "${secret:16}"
typed 'Key: ' "$secret\n" explain --permission pam.sudo
succeeds
has 'the terminal' "$out" insufficient_permission
lacks 'the terminal' "$out" "${secret:16}"

# A pair is asked for in two steps, and neither is shown.
public=a123456b-c12c-123d-1ab4-18bd8c8e88a3 private=AGHYR1aWYgHgyjhJLkVCd7b8XfAVeA4tuFwCQl3X64Y=
token=JYDZ7e7Y36oeJJ3E5UB7tF9VBAwIv1B5HTPNw9iaV6Y=
sign='token sign --nonce randomuniquestring123 --epoch 1535617532'
typed 'Private key: ' "$private\n" "$sign" --public-key "$public"
succeeds
has 'the terminal' "$out" "$token"
lacks 'the terminal' "$out" "$private" 'Public key'
: >"$scratch/typed"
rm -f "$scratch/keyboard"
mkfifo "$scratch/keyboard"
exec 7<>"$scratch/keyboard"
last='a pair on the terminal'
script -qefc "'$apikeyctl' $sign" /dev/null <&7 >"$scratch/typed" 2>&1 &
if wait_for 'Public key: ' && printf '%s\n' "$public" >&7 && wait_for 'Private key: '; then
	printf '%s\n' "$private" >&7
else
	kill $!
fi
wait $!
status=$?
exec 7>&-
out=$(tr -d '\r' <"$scratch/typed") err=
succeeds
has 'the terminal' "$out" "$public:randomuniquestring123:1535617532:$token"
lacks 'the terminal' "$out" "$private"

# A pair that is imported is asked for in the same way.
import="key create --name pair --owner $me --kind pair --import --expires 1d"
typed 'Private key: ' "$private\n" "$import" --public-key "$public"
succeeds
has 'the terminal' "$out" "$public" 'is made'
lacks 'the terminal' "$out" "$private"

# Interrupted, it leaves the terminal with its echo on.
# shellcheck disable=SC2016 # for the shell on the terminal
on_interrupt='sh -c '\''trap : INT; "$0" --runtime-dir "$1" verify; stty -a | grep -ow -e "-*echo"'\'
rm -f "$scratch/keyboard"
mkfifo "$scratch/keyboard"
exec 7<>"$scratch/keyboard"
: >"$scratch/typed"
last='an interrupt'
env --default-signal=INT script -qefc "$on_interrupt '$apikeyctl' '$runtime'" /dev/null <&7 >"$scratch/typed" 2>&1 &
wait_for 'Key: ' && printf '\003' >&7
wait_for 'echo' || kill $!
wait $!
exec 7>&-
lacks 'the terminal' "$(<"$scratch/typed")" '-echo'

# delete asks, and takes nothing but a yes
for answer in '\n' 'n\n' 'nonsense\n'; do
	typed 'y/N' "$answer" key delete "$me/typist"
	is 'the exit status' "$status" 1
	has 'the terminal' "$out" "$id" "$me/typist" 'not deleted'
done
act key show "$id"
succeeds
typed 'y/N' 'y\n' key delete "$me/typist"
succeeds
act key show "$id"
refused

finish
