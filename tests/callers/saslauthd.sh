# shellcheck shell=bash disable=SC2034,SC2154,SC2016,SC2119 # variables go from file to file; eval wants its text whole
# SPDX-License-Identifier: Apache-2.0 OR MIT
# saslauthd, asked by its own testsaslauthd.

service=imap
user=alice password=$alice_password other_user=bob
refusal='NO "authentication failed"'

login()
{
	testsaslauthd -s imap -u "$1" -p "$2" >"$scratch/out" 2>&1
}

saslauthd_start()
{
	/etc/init.d/saslauthd start >>/var/log/saslauthd.stderr 2>&1
	poll 60 saslauthd_listens
}

# The socket is there before anybody listens on it; the flag in the fourth column says that somebody does.
saslauthd_listens()
{
	grep -Eq '^[^ ]+: [^ ]+ [^ ]+ 00010000 .*/saslauthd/mux$' /proc/net/unix
}

example saslauthd/imap

# Debian's own settings: what lives on after a revoke.
sed -i 's/^START=.*//; $a START=yes' /etc/default/saslauthd
saslauthd_start
key_create cached alice cached pam.imap
pair_create cached-pair pam.imap
expect_in "Debian's settings: right key" "$cached"
apikeyctl key revoke alice/cached >/dev/null 2>&1
login alice "$cached"
case_is "Debian's settings: its cache lets a revoked key in" "the example says so, and it is not so" grep -q OK "$scratch/out"
expect_in_once "Debian's settings: HMAC token" token_make HMAC cached-pair
spent=$shown
login alice "$spent"
case_is "Debian's settings: its cache lets a spent token in" "the example says so, and it is not so" grep -q OK "$scratch/out"
/etc/init.d/saslauthd stop >>/var/log/saslauthd.stderr 2>&1

example saslauthd/saslauthd
saslauthd_start
expect_out "without the cache it is refused" "$cached" key_revoked
expect_out "without the cache the spent token is refused" "$spent" replayed
matrix_short
tokens HMAC
/etc/init.d/saslauthd stop >>/var/log/saslauthd.stderr 2>&1
