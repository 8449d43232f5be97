# shellcheck shell=bash disable=SC2034,SC2154,SC2016,SC2119 # variables go from file to file; eval wants its text whole
# SPDX-License-Identifier: Apache-2.0 OR MIT
# sudo as alice, with her own key.

example sudo/sudo

service=sudo
user=alice password=$alice_password other_user=bob
# Whoever runs sudo exists.
unknown_user=
refusal='sudo: 1 incorrect password attempt|sudo: no password was provided|Sorry, try again'

as_user()
{
	setpriv --reuid="$1" --regid="$1" --init-groups env HOME="/home/$1" USER="$1" LOGNAME="$1" "${@:2}"
}

login()
{
	as_user "$1" sudo --reset-timestamp --stdin --prompt= id -un <<<"$2" >"$scratch/out" 2>&1 &&
		grep -qx root "$scratch/out"
}

matrix
tokens HMAC access

# What lives on after a revoke, and how it is switched off, as the examples say. (Without a terminal a timestamp belongs
# to the parent process, so the shell stays that to its end.)
key_create stamp alice stamp pam.sudo
as_user alice bash -c 'sudo --stdin --prompt= true <<<"$1" && sudo --non-interactive id -un; exit' \
	- "$stamp" >"$scratch/out" 2>&1
case_is "a timestamp lets the next command in without asking" "$(cat "$scratch/out")" grep -qx root "$scratch/out"
example sudo/apikey.sudoers
case_is "the sudoers example is taken" "$(visudo -c 2>&1)" visudo -qc
as_user alice bash -c 'sudo --stdin --prompt= true <<<"$1" && sudo --non-interactive id -un; exit' - "$stamp" \
	>"$scratch/out" 2>&1
case_is "with the sudoers example every command asks" "$(cat "$scratch/out")" \
	grep -q 'a password is required' "$scratch/out"

login_traced()
{
	traced --user=alice sudo --reset-timestamp --stdin --prompt= true <<<"$1" >"$scratch/out" 2>&1
}
login_traced "$stamp"
case_is "trace: the key reaches the daemon" "$(cat "$scratch/out")" trace_reaches_daemon
login_traced "$alice_password"
case_is "trace: a system password causes no connection to the daemon" "$(grep apikeyd "$scratch/trace")" trace_avoids_daemon
case_is "trace: a system password is in nothing that is written or sent" "seen" eval '! trace_holds "$alice_password"'
