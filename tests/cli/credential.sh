#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Acting with a key: from a file that is kept secret, from standard input, and from nothing else.
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"
need jq "$apikeyd"
start_daemon
make_key manager --permission 'apikeyd.*' --permission pam.sshd
manager=$secret
make_key powerless --permission pam.sshd
(umask 077 && printf '%s\n' "$manager" >"$scratch/manager.key" && printf '%s\n' "$secret" >"$scratch/powerless.key")

# The key decides, and not who calls.
act --credential-file "$scratch/manager.key" status
manager_status=$status
act --credential-file "$scratch/powerless.key" status
is 'the status of a key that may do nothing' "$status" 1
act --credential-file "$scratch/powerless.key" key create --name x --permission pam.sshd --expires 1d
refused
act --credential-file "$scratch/powerless.key" key delete "$me/manager" --yes
refused
run_with "$secret" --runtime-dir "$runtime" --credential-file - status
is 'the status of a key from standard input' "$status" 1
run_with "$manager" --runtime-dir "$runtime" --credential-file - status
is 'the status of a key from standard input' "$status" "$manager_status"

# Those that connect more than once read it once: a pipe holds it once.
make_key leaked
printf '%s' "$secret" >"$scratch/leaked"
run_with "$manager" --runtime-dir "$runtime" --credential-file - key find --revoke --yes "$scratch/leaked"
succeeds
has 'standard error' "$err" '1 key is revoked'
make_key leaked-too
printf '%s' "$secret" >"$scratch/leaked"
last='apikeyctl --credential-file <(…) key find --revoke --yes'
out=$(printf '%s' "$manager" | "$apikeyctl" --runtime-dir "$runtime" --credential-file /dev/stdin key find --revoke --yes \
	"$scratch/leaked" 2>"$scratch/err")
status=$? err=$(<"$scratch/err")
succeeds
has 'standard error' "$err" '1 key is revoked'

# A key that is none is refused before or by the daemon, and not repeated.
(umask 077 && printf '%s\n' "${manager/ak_/ak_x}" >"$scratch/wrong.key")
act --credential-file "$scratch/wrong.key" status
is 'the status of a wrong key' "$status" 1
lacks 'standard error' "$err" "${manager:16}"

# unfit REASON FILE
unfit()
{
	act --credential-file "$2" status
	misused
	has 'standard error' "$err" "$1"
	lacks 'standard error' "$err" "${manager:16}"
}

unfit 'No such file' "$scratch/nowhere"
unfit 'is not a file' "$scratch"
for mode in 604 640 620 644 666; do
	install -m "$mode" "$scratch/manager.key" "$scratch/open.key"
	unfit 'other users' "$scratch/open.key"
done
(umask 077 && : >"$scratch/empty.key" && printf 'a\nb\n' >"$scratch/two.key" &&
	head -c 3000 /dev/zero | tr '\0' x >"$scratch/long.key")
unfit 'no key' "$scratch/empty.key"
unfit 'one line' "$scratch/two.key"
unfit 'longer' "$scratch/long.key"
if [[ $(id -u) -eq 0 ]]; then
	install -m 600 -o nobody "$scratch/manager.key" "$scratch/other.key"
	unfit 'belongs to another user' "$scratch/other.key"
fi

finish
