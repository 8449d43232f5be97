# shellcheck shell=bash disable=SC2034,SC2154,SC2016,SC2119 # variables go from file to file; eval wants its text whole
# SPDX-License-Identifier: Apache-2.0 OR MIT
# OpenSSH for a user who may move files and nothing else.

# shellcheck source=tests/callers/ssh.sh
. /opt/tests/ssh.sh

example sshd/sshd sshd/apikey.conf sshd/sftp-only.conf
install -d -o root -g root -m 755 /srv/sftp/deploy
install -d -o deploy -m 750 /srv/sftp/deploy/upload

user=deploy password=$deploy_password other_user=bob
# sftp closes its side before it has read the last word; the status tells as well.
refusal='Permission denied'

login()
{
	local sent=$scratch/sent received=$scratch/received
	echo "$RANDOM$RANDOM" >"$sent"
	rm -f "$received"
	# -b would switch password prompts off.
	SSHPASS=$2 sshpass -e sftp "${ssh_options[@]}" -o PreferredAuthentications=keyboard-interactive "$1@127.0.0.1" \
		>"$scratch/out" 2>&1 <<-END && cmp -s "$sent" "$received"
		put $sent file
		get file $received
	END
}

sshd_start
matrix
key_create shell deploy shell pam.sshd
ssh_login keyboard-interactive deploy "$shell"
case_is "no shell for this user" "$(cat "$scratch/out")" grep -q 'sftp connections only' "$scratch/out"
key_create alices alice alices pam.sshd
ssh_login keyboard-interactive alice "$alices"
case_is "others keep theirs" "$(cat "$scratch/out")" grep -qx alice "$scratch/out"
