# shellcheck shell=bash disable=SC2034,SC2154,SC2016,SC2119 # variables go from file to file; eval wants its text whole
# SPDX-License-Identifier: Apache-2.0 OR MIT
# OpenSSH where system passwords no longer count: API keys and public keys alone.

# shellcheck source=tests/callers/ssh.sh
. /opt/tests/ssh.sh

example sshd/sshd-key-only sshd/key-only.conf

# The system password is one more text that is refused here.
user=alice password='' other_user=bob

login()
{
	ssh_login keyboard-interactive "$1" "$2"
}

public_key_login()
{
	ssh -o PubkeyAuthentication=yes "${ssh_options[@]}" -o PreferredAuthentications=publickey -i "$scratch/id" \
		alice@127.0.0.1 id -un >"$scratch/out" 2>&1 </dev/null && grep -qx alice "$scratch/out"
}

ssh-keygen -q -t ed25519 -N '' -f "$scratch/id"
install -d -o alice -g alice -m 700 /home/alice/.ssh
install -o alice -g alice -m 600 "$scratch/id.pub" /home/alice/.ssh/authorized_keys

sshd_start
matrix
expect_out "system password" "$alice_password" unasked
public_key_login
case_is "a public key goes on working" "$(cat "$scratch/out")" grep -qx alice "$scratch/out"
daemon_stop
public_key_login
case_is "a public key goes on working with the daemon away" "$(cat "$scratch/out")" grep -qx alice "$scratch/out"
daemon_start
ssh_login password alice "$alice_password"
case_is "the password method is not offered" "$(cat "$scratch/out")" grep -q 'Permission denied' "$scratch/out"
