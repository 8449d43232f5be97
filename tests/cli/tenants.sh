#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# "account" and "tenant", keys of them, and that what was deleted since a backup does not come back with it.
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"
need jq "$apikeyd"
start_daemon

# judge SECRET TENANT EXPECTED: what the daemon says of a key to a service of a tenant.
judge()
{
	run_with "$1" --runtime-dir "$runtime" verify --permission pam.sshd ${2:+--tenant "$2"}
	is "the verdict for ${2:-default}" "$(head -n 1 <<<"$out" | grep -oE 'granted|denied')" "$3"
}

# ---- making and showing ----

act --json account list
is 'the accounts' "$(json '[.[].account_id] | tojson')" '["default"]'
act --json tenant list
is 'the tenants' "$(json '[.[] | .account_id + "/" + .tenant_id] | tojson')" '["default/default"]'
act account create --name acme
succeeds
is 'standard output' "$out" ''
has 'standard error' "$err" 'acme' 'tenant create --account'
act --json tenant create --name shop --account acme
succeeds
shop=$(json .tenant_id)
is 'the tenant' "$(json '[.name, .account_name, .keys] | tojson')" '["shop","acme",0]'
act tenant create --name blue
succeeds
has 'standard error' "$err" 'tenant=blue '
act tenant create --name blue
refused
has 'standard error' "$err" "'blue' already"
lacks 'standard error' "$err" 'A key has its name'
act tenant create --name a/b
refused
has 'standard error' "$err" "without '/'"
act tenant create --name x --account nobody
refused
has 'standard error' "$err" "no account 'nobody'"
lacks 'standard error' "$err" 'key list'
act tenant list
succeeds
has 'the list' "$out" ACCOUNT acme shop blue "$shop"
act --json tenant list --account acme
is 'the list' "$(json '[.[].name] | tojson')" '["shop"]'
for tenant in acme/shop "$shop"; do
	act tenant show "$tenant"
	succeeds
	has "the tenant $tenant" "$out" "$shop" acme shop
done
act tenant show shop --account acme
succeeds
act tenant show shop
refused
has 'standard error' "$err" 'ACCOUNT/shop'
act account show acme
succeeds
has 'the account' "$out" acme Tenants Keys

# ---- keys of them ----

make_key laptop --permission pam.sshd
own=$secret
make_key laptop --permission pam.sshd --tenant blue
blue=$secret
make_key laptop --permission pam.sshd --tenant shop --account acme
far=$secret far_id=$id
is 'where it is' "$(json '[.tenant_id, .name] | tojson')" "[\"$shop\",\"laptop\"]"
act key create --name boss --owner "$me" --account acme --permission 'apikeyd.*' --expires 90d
succeeds
printf '%s\n' "$out" >"$scratch/boss"
chmod 600 "$scratch/boss"
has 'standard error' "$err" 'a key of the account itself'
judge "$own" '' granted
judge "$own" blue denied
judge "$blue" '' denied
judge "$blue" blue granted
judge "$far" acme/shop granted
judge "$far" "$shop" granted
judge "$far" shop denied
judge "$out" acme denied

act key show "$me/laptop"
refused
has 'standard error' "$err" "$far_id" 'by its id'
act --json key list --tenant acme/shop
is 'the keys of the tenant' "$(json '[.[].id] | tojson')" "[\"$far_id\"]"
act --json key list --account acme
is 'the keys of the account' "$(json '[.[].name] | sort | tojson')" '["boss","laptop"]'
act key list
succeeds
has 'the list, which tells keys of one name apart' "$out" TENANT 'none: a key of the account' "$shop"
act key list --tenant default
succeeds
lacks 'the list of the tenant that is there from the start' "$out" TENANT
act --json --credential-file "$scratch/boss" key list
is 'the keys it reaches' "$(json '[.[].name] | sort | tojson')" '["boss","laptop"]'
act --credential-file "$scratch/boss" key show "$me/laptop"
succeeds
act --credential-file "$scratch/boss" tenant show default
refused
has 'standard error' "$err" 'not yours to see'
act --credential-file "$scratch/boss" account create --name mine
refused
act --credential-file "$scratch/boss" tenant create --name mine
succeeds
act explain "$far_id" --tenant acme/shop --permission pam.sshd
succeeds
has 'the explanation' "$out" tenant
lacks 'the explanation' "$out" failed

# ---- another name ----

act tenant update acme/shop --name store
succeeds
has 'standard error' "$err" "$shop" store
judge "$far" acme/store granted
judge "$far" acme/shop denied
act tenant update default --name other
refused

# ---- policies of its own ----

act tenant show acme/store
has 'the tenant' "$out" 'never (apikeyd.conf)'
act tenant update acme/store --policy max_lifetime=30d --policy default_lifetime=10d
succeeds
has 'standard error' "$err" 'max_lifetime=30d' 'default_lifetime=10d'
act tenant show acme/store
has 'the tenant' "$out" max_lifetime '30d (its own)' default_lifetime '10d (its own)'
act --json tenant show acme/store
is 'its policies' "$(json '[.policies, .policies_in_force.max_lifetime] | tojson')" \
	'[{"default_lifetime":"10d","max_lifetime":"30d"},"30d"]'
act --json tenant list
is 'policies in a list' "$(json '[.[] | has("policies")] | any')" false
act key create --name long --owner "$me" --tenant acme/store --expires never
refused
has 'standard error' "$err" 'max_lifetime' 'expires 30d'
act tenant update acme/store --policy max_lifetime=soon
refused
has 'standard error' "$err" 'max_lifetime=soon' 'such as 1y'
act tenant update acme/store --policy lifetime=1d
refused
has 'standard error' "$err" "no policy 'lifetime'"
act --credential-file "$scratch/boss" tenant update acme/store --policy max_lifetime=
refused
has 'standard error' "$err" 'administrators of this host'
act tenant update acme/store --policy max_lifetime= --policy default_lifetime=
succeeds
has 'standard error' "$err" 'no policies of its own'
act --json tenant create --name strict --policy max_lifetime=1d
is 'its policies' "$(json '.policies | tojson')" '{"max_lifetime":"1d"}'

# ---- deleting ----

act backup "$scratch/backup"
succeeds
act tenant delete acme/store
refused
has 'standard error' "$err" 'still has keys (1)' "key list --tenant $shop'" '--with-keys'
judge "$far" acme/store granted
act tenant delete acme/store --with-keys --why 'moved away'
succeeds
has 'standard error' "$err" store 'keys: 1'
judge "$far" "$shop" denied
act key show "$far_id"
refused
act tenant delete acme/store --with-keys
refused
act tenant delete default --with-keys
refused
act account delete acme
refused
has 'standard error' "$err" "'acme'"
act --json account delete acme --with-keys
succeeds
is 'what was deleted' "$(json .name)" acme
act --credential-file "$scratch/boss" key list
refused
act account delete default --with-keys
refused
grep -q '"event":"tenant_delete".*moved away' "$scratch/log/audit.jsonl" || fail 'the audit has no reason'

# ---- and it does not come back ----

act restore "$scratch/backup" --yes
succeeds
judge "$own" '' granted
judge "$blue" blue granted
judge "$far" "$shop" denied
act tenant show "$shop"
refused
act account show acme
refused
act --credential-file "$scratch/boss" key list
refused
act doctor --deep
lacks 'doctor' "$out$err" damaged

# Unless somebody says so.
act restore "$scratch/backup" --yes --accept-revived
succeeds
judge "$far" "$shop" granted
act tenant show acme/store
succeeds

finish
