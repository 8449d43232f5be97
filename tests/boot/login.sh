#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Inside the booted system, as root: logs in once, in one of several ways. Exit status 0 when that worked; what the
# programs said goes to standard output.
#
#   /opt/tests/login.sh WAY [SECRET-FILE]
#
# ssh            a real sshd, as alice
# console        the PAM stack of login(1), for alice
# su             alice becomes root with root's password
# cron           no authentication at all, as cron and public keys do it
# patient        pamtester as root with a key and a time-out that no busy machine exceeds
# patient-peer   the same as www-data
set -uo pipefail

secrets=/root/secrets
case $1 in
ssh) secret=$(cat "${2:-$secrets/alice}") ;;
console) exec pamtester login alice authenticate acct_mgmt <"${2:-$secrets/alice}" 2>&1 ;;
su) exec setpriv --reuid=alice --regid=alice --init-groups su root -c true <"${2:-$secrets/root}" 2>&1 ;;
cron) exec pamtester cron alice acct_mgmt setcred 2>&1 </dev/null ;;
patient) exec pamtester patient alice authenticate acct_mgmt <"${2:-$secrets/key}" 2>&1 ;;
patient-peer)
	exec setpriv --reuid=www-data --regid=www-data --clear-groups \
		pamtester patient alice authenticate acct_mgmt <"${2:-$secrets/key}" 2>&1
	;;
*) exit 2 ;;
esac

SSHPASS=$secret exec sshpass -e ssh -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR \
	-o NumberOfPasswordPrompts=1 -o PubkeyAuthentication=no -o ConnectTimeout=60 alice@127.0.0.1 true 2>&1 </dev/null
