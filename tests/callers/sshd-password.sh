# shellcheck shell=bash disable=SC2034,SC2154,SC2016,SC2119 # variables go from file to file; eval wants its text whole
# SPDX-License-Identifier: Apache-2.0 OR MIT
# OpenSSH, the password method, a key beside the system password.

# shellcheck source=tests/callers/ssh.sh
. /opt/tests/ssh.sh

example sshd/sshd sshd/apikey.conf

user=alice password=$alice_password other_user=bob

login()
{
	ssh_login password "$1" "$2"
}

sshd_start
matrix
tokens HMAC access
