#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Every kind of no: it says what is wrong, and what to do next.
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"
need jq "$apikeyd"
start_daemon
make_key laptop --permission pam.sshd
(umask 077 && printf '%s\n' "$secret" >"$scratch/laptop.key" && echo 'no key at all' >"$scratch/no.key")

# says PART… -- ARGUMENT…: what ran was refused, and standard error has each part.
says()
{
	local parts=()

	while [[ $1 != -- ]]; do
		parts+=("$1")
		shift
	done
	shift
	act "$@"
	refused
	has 'standard error' "$err" 'apikeyctl: ' "${parts[@]}"
}

# not found
says "'no-such-user/laptop'" 'no such key' 'apikeyctl key list' -- key show no-such-user/laptop
says 'neither a key' "'laptop'" 'apikeyctl key list' -- key show laptop
says "'000000000000'" 'no such key' 'apikeyctl key list' -- key revoke 000000000000
# exists
says "'laptop'" already 'until it is deleted' 'apikeyctl key list' -- key create --name laptop --owner "$me"
# what cannot be
says "'pam..x'" 'no permission' 'Nothing was changed' 'apikeyctl help' -- key create --name a --owner "$me" --permission pam..x
says "'10.0.0.300'" 'no network' 'Nothing was changed' -- key create --name a --owner "$me" --from 10.0.0.300
says "'x'" 'no label' 'name=value' -- key create --name a --owner "$me" --label x
# wrong state
act key revoke "$me/laptop"
succeeds
says "$me/laptop" revoked final 'make a new one' 'apikeyctl key show' -- key activate "$me/laptop"
says "$me/laptop" revoked 'make a new one' -- key update "$me/laptop" --expires 5d
says "$me/laptop" revoked already -- key deactivate "$me/laptop"
# a credential that is refused, and one that may not
says refused 'apikeyctl verify' -- --credential-file "$scratch/laptop.key" key list
says refused 'apikeyctl verify' -- --credential-file "$scratch/no.key" key list
make_key phone --permission pam.dovecot
(umask 077 && printf '%s\n' "$secret" >"$scratch/phone.key")
says 'may not' 'admin group' -- --credential-file "$scratch/phone.key" key create --name a --permission pam.dovecot

# A user who is no administrator is told who is.
if [[ $(id -u) -eq 0 ]] && setpriv --reuid=4321 --regid=4321 --clear-groups test -x "$apikeyctl"; then
	last='an ordinary user'
	setpriv --reuid=4321 --regid=4321 --clear-groups "$apikeyctl" --runtime-dir "$runtime" \
		key create --name a --permission pam.dovecot >"$scratch/out" 2>"$scratch/err" </dev/null
	status=$? out=$(<"$scratch/out") err=$(<"$scratch/err")
	refused
	has 'standard error' "$err" 'admin group' 'self-service'
fi

# one option against another names both
act key update "$me/phone" --user bob --no-users
misused
has 'standard error' "$err" --user --no-users 'one of them'

# a folder nobody may pass, a daemon that has gone, a folder others may change
stop_daemon
act key list
unreachable
has 'standard error' "$err" "$runtime/admin.sock" --runtime-dir
if [[ $(id -u) -ne 0 ]]; then
	mkdir -m 0 "$scratch/shut"
	run --runtime-dir "$scratch/shut" status
	unreachable
	has 'standard error' "$err" "namei -l $scratch/shut/admin.sock"
fi
start_daemon
chmod 777 "$runtime"
act status
unreachable
has 'standard error' "$err" 'not to be trusted' "namei -l $runtime/admin.sock"

finish
