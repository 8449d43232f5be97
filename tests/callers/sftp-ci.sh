# shellcheck shell=bash disable=SC2034,SC2154,SC2016,SC2119 # variables go from file to file; eval wants its text whole
# SPDX-License-Identifier: Apache-2.0 OR MIT
# A CI job that uploads as the user deploy and logs in through SSH_ASKPASS.

# shellcheck source=tests/callers/ssh.sh
. /opt/tests/ssh.sh

example sshd/sshd sshd/apikey.conf sshd/sftp-only.conf sshd/ci-askpass sshd/ci-upload
install -d -o root -g root -m 755 /srv/sftp/deploy
install -d -o deploy -m 750 /srv/sftp/deploy/upload

user=deploy password=$deploy_password other_user=bob
# The job's host has no such user, nor a way to ask for one.
unknown_user=

# Who runs the job has no account of that name, and no terminal.
login()
{
	local sent=/home/alice/artefact-$RANDOM
	echo "$RANDOM$RANDOM" >"$sent"
	chown alice "$sent"
	(cd /home/alice && DEPLOY_KEY=$2 setsid --wait setpriv --reuid=alice --regid=alice --init-groups env HOME=/home/alice \
		/usr/local/lib/ci/ci-upload localhost "${sent##*/}") >"$scratch/out" 2>&1 </dev/null &&
		cmp -s "$sent" "/srv/sftp/deploy/upload/${sent##*/}"
}

sshd_start
install -d -o alice -g alice -m 700 /home/alice/.ssh
key_create early deploy early pam.sshd
expect_out "an unknown host is not trusted" "$early" unasked deploy 'Host key verification failed'
ssh-keyscan -T 60 localhost >/home/alice/.ssh/known_hosts 2>/dev/null
matrix_short
expect_out "no key in the variable" "" unasked
sshd_stop
