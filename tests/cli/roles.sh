#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Every verb of "role" against a daemon, and keys that hold roles: what is done, said and returned.
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"
need jq "$apikeyd"
start_daemon

# What is built in.
act role list
succeeds
has 'the list' "$out" account-admin account-tenant-approval account-tenant-read account-tenant-write tenant-admin tenant-management \
	'built in, for keys of an account'
act --json role list
succeeds
is 'the roles' "$(json 'map(.name) | tojson')" \
	'["account-admin","account-tenant-approval","account-tenant-read","account-tenant-write","tenant-admin","tenant-management"]'
is 'who changes them' "$(json 'map(.built_in) | unique | tojson')" '[true]'
is 'whose they are' "$(json 'map(select(.account_keys_only) | .name) | length')" 4
is 'when they were made' "$(json 'map([.created, .created_by]) | unique | tojson')" '[[null,null]]'
# The man page tells what each of them grants.
page=$(sed 's/\\-/-/g' "$(dirname "$0")/../../cli/apikeyctl.1")
while IFS=$'\t' read -r name permissions; do
	has 'the man page' "$page" ".B $name"$'\n'"$permissions"$'\n'
done < <(json '.[] | [.name, (.permissions | join(", "))] | @tsv')

# create, show
act role create payments-read --permission payments.read --permission payments.list
succeeds
is 'standard output' "$out" ''
has 'standard error' "$err" 'Role payments-read is made.'
act role create payments-read --permission payments.read
refused
has 'standard error' "$err" "there is a role 'payments-read' already"
act role create tenant-admin --permission payments.read
refused
has 'standard error' "$err" 'built in'
act role create Payments --permission payments.read
refused
has 'standard error' "$err" "'Payments' is no name of a role"
act role create other --permission 'payments read'
refused
has 'standard error' "$err" "'payments read' is no permission"
act role show payments-read
succeeds
has 'the role' "$out" payments-read 'made here' payments.read payments.list '0 keys' "uid:$(id -u)"
act role show payments-raed
refused
has 'standard error' "$err" "did you mean 'payments-read'?"
act --json role show payments-read
succeeds
is 'standard error' "$err" ''
is permissions "$(json '.permissions | tojson')" '["payments.read","payments.list"]'
is built_in "$(json .built_in)" false
is keys "$(json .keys)" 0
is created_by "$(json .created_by)" "uid:$(id -u)"

# keys that hold it
act --json key create --owner "$me" --name report --role payments-read --permission mail.imap --permission payments.read --expires 90d
succeeds
is roles "$(json '.roles | tojson')" '["payments-read"]'
is permissions "$(json '.permissions | tojson')" '["mail.imap","payments.read"]'
is effective_permissions "$(json '.effective_permissions | tojson')" '["mail.imap","payments.read","payments.list"]'
secret=$(json .secret)
act key create --owner "$me" --name plain --permission mail.imap --expires 90d
succeeds
act --json key show "$me/plain"
is roles "$(json '.roles | tojson')" '[]'
is effective_permissions "$(json '.effective_permissions | tojson')" '["mail.imap"]'
act key show "$me/report"
succeeds
has 'the key' "$out" 'Roles          payments-read' 'With its roles mail.imap' payments.list
act key create --owner "$me" --name wrong --role payments-raed --expires 90d
refused
has 'standard error' "$err" "there is no role 'payments-raed'" "did you mean 'payments-read'?" 'role list'
act key create --owner "$me" --name wrong --role account-admin --tenant default --expires 90d
refused
has 'standard error' "$err" 'keys of an account'
act --json key create --owner "$me" --name boss --role account-admin --expires 90d
succeeds
is 'where it is' "$(json '[.account_id, .tenant_id] | tojson')" '["default",null]'
has 'standard error' "$err" 'a key of the account itself'
act key delete "$me/boss" --yes
succeeds
act key list --role payments-read
succeeds
has 'the list' "$out" report payments.list
lacks 'the list' "$out" plain
act key list --permission payments.list
has 'the list' "$out" report
act key list --role tenant-admin
succeeds
has 'standard error' "$err" 'No key you may see'
act key create --owner "$me" --name empty --role tenant-management --expires 90d
succeeds
lacks 'standard error' "$err" Note

# A change counts at once.
verify()
{
	run_with "$secret" --runtime-dir "$runtime" verify --permission "$1"
}
verify payments.list
succeeds
act role update payments-read --permission payments.write
succeeds
has 'standard error' "$err" 'it counts for 1 key from now on'
verify payments.list
is 'the verdict' "$out" 'forbidden: insufficient_permission'
verify payments.write
succeeds
run_with "$secret" --runtime-dir "$runtime" explain --permission payments.list
succeeds
has 'the explanation' "$out" 'roles payments-read; holds mail.imap payments.read payments.write'
act role update tenant-admin --permission '*'
refused
has 'standard error' "$err" 'stays as it is'
act role update none --no-permissions
refused
has 'standard error' "$err" "there is no role 'none'"

# delete: not while it is held
act role delete payments-read
refused
has 'standard error' "$err" '1 key holds' 'key list --role payments-read'
act role delete tenant-admin
refused
has 'standard error' "$err" 'stays as it is'
act key update "$me/report" --no-roles
succeeds
verify payments.write
is 'the verdict' "$out" 'forbidden: insufficient_permission'
act --json role delete payments-read
succeeds
is 'the role as it was' "$(json '.permissions | tojson')" '["payments.write"]'
act role show payments-read
refused
act role create nothing --permission a
act --json role update nothing --no-permissions
succeeds
is permissions "$(json '.permissions | tojson')" '[]'
act role list
has 'the list' "$out" nothing none

# Acting by a key: what it may do it may do by its role; it sees the roles it holds.
act role create hidden --permission mail.imap
(umask 077 && "$apikeyctl" --runtime-dir "$runtime" key create --owner "$me" --name actor --role tenant-admin --expires 1d >"$scratch/actor.key" 2>"$scratch/err")
act --credential-file "$scratch/actor.key" key list
succeeds
has 'the list' "$out" report
act --credential-file "$scratch/actor.key" role list
succeeds
lacks 'the list' "$out" hidden
act --credential-file "$scratch/actor.key" --json role show tenant-admin
succeeds
is keys "$(json .keys)" null
act --credential-file "$scratch/actor.key" role show hidden
refused
has 'standard error' "$err" "no key of yours holds a role 'hidden'"
act --credential-file "$scratch/actor.key" key create --name made --role hidden --expires 1d
refused
has 'standard error' "$err" 'nobody grants what they do not hold'
act --credential-file "$scratch/actor.key" key create --name made --role tenant-management --expires 1d
succeeds
act --credential-file "$scratch/actor.key" role create own --permission apikeyd.keys.read
refused

finish
