#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Access tokens by "token issue", "inspect", "revoke" and "rotate-key": what is done, said and returned.
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"
need jq "$apikeyd"
start_daemon

# feed FILE ARGUMENT…: asks the daemon, with the file on standard input.
feed()
{
	local file=$1

	shift
	run_with "$(cat "$file")"$'\n' --runtime-dir "$runtime" "$@"
}

# What is told on standard output, with the status of a refusal.
no()
{
	is 'the exit status' "$status" 1
}

act --json key create --owner "$me" --name laptop --permission mail.imap --expires 90d
succeeds
id=$(json .id)
json .secret >"$scratch/laptop.key"

# issue: the token alone on standard output
feed "$scratch/laptop.key" token issue
succeeds
is 'lines' "$(printf '%s\n' "$out" | wc -l)" 1
has 'the token' "$out" eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.
has 'standard error' "$err" 'good once, until'
printf '%s\n' "$out" >"$scratch/token"
feed "$scratch/laptop.key" --json token issue
succeeds
is 'standard error' "$err" ''
is key_id "$(json .key_id)" "$id"
is tenant_id "$(json .tenant_id)" default
is reusable "$(json .reusable)" false
is keys "$(json 'keys_unsorted | join(" ")')" 'token id key_id account_id tenant_id expires reusable'

# inspect, as often as you like
for _ in 1 2; do
	feed "$scratch/token" token inspect
	succeeds
	has 'the token' "$out" good "$id" Expires
done
feed "$scratch/token" --json token inspect
succeeds
is active "$(json .active)" true
is reason "$(json .reason)" null
feed "$scratch/token" verify --permission mail.imap
succeeds

# revoke
feed "$scratch/token" token revoke --why 'a test'
succeeds
is 'standard output' "$out" ''
has 'standard error' "$err" "$id is refused from now on"
feed "$scratch/token" token revoke
succeeds
feed "$scratch/token" --json token inspect
no
is active "$(json .active)" false
is reason "$(json .reason)" token_used
feed "$scratch/token" explain --permission mail.imap
succeeds
has 'the explanation' "$out" 'used before, or revoked' 'denied: token_used'

# what is none
feed "$scratch/laptop.key" token inspect
refused
has 'standard error' "$err" 'no access token'
act token revoke

misused
feed "$scratch/token" token issue
refused
lacks 'standard error' "$err" eyJ
echo 'correct horse battery staple' >"$scratch/password"
feed "$scratch/password" token issue
refused
lacks 'standard error' "$err" horse 'may it administer'
feed "$scratch/laptop.key" --credential-file - token issue
misused

# an HMAC token is used up
act --json key create --owner "$me" --name pair --kind pair --permission mail.imap --expires 90d
succeeds
printf '%s\n' "$out" >"$scratch/pair.json"
feed "$scratch/pair.json" token sign
succeeds
printf '%s\n' "$out" >"$scratch/hmac"
feed "$scratch/hmac" token issue
succeeds
feed "$scratch/hmac" token issue
refused

# The example of the C library signs with the pair itself, and gets a token that is good once.
exchange()
{
	last="example-exchange $*"
	jq -r '.public_key, .private_key' "$scratch/pair.json" | lib/example-exchange "$@" >"$scratch/out" 2>"$scratch/err"
	status=${PIPESTATUS[1]}
	out=$(<"$scratch/out") err=$(<"$scratch/err")
}

exchange "$runtime"
succeeds
has 'standard error' "$err" 'good once, until 1'
has 'the token' "$out" eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.
printf '%s\n' "$out" >"$scratch/token"
feed "$scratch/token" --json token inspect
succeeds
is key_id "$(json .key_id)" "$(jq -r .public_key "$scratch/pair.json")"
act key deactivate "$me/pair"
exchange "$runtime"
is 'the exit status' "$status" 1
is 'standard output' "$out" ''
feed "$scratch/token" token inspect
no
has 'the reason' "$out" key_inactive
act key activate "$me/pair"
exchange "$scratch/nowhere"
is 'the exit status' "$status" 2

# rotate-key
feed "$scratch/laptop.key" token issue
succeeds
printf '%s\n' "$out" >"$scratch/token"
act token rotate-key
succeeds
has 'standard error' "$err" 'stay good'
feed "$scratch/token" token inspect
succeeds
act --json token rotate-key --now
succeeds
is version "$(json .version)" 3
feed "$scratch/token" token inspect
no
has 'the reason' "$out" bad_signature

# what a tenant has otherwise
act tenant update default
refused
has 'standard error' "$err" 'nothing to change'
for bad in 0s 25h never x ''; do
	act tenant update default --token-lifetime "$bad"
	misused
done
act tenant update default --token-reuse perhaps
misused
act tenant update default --token-lifetime 5m --token-reuse yes
succeeds
has 'standard error' "$err" '5m, good until then'
act tenant show default
has 'the tenant' "$out" '5m, good until then'
feed "$scratch/laptop.key" --json token issue
succeeds
is reusable "$(json .reusable)" true
is 'how long it lives' "$(($(date -d "$(json .expires)" +%s) - $(date +%s) <= 300))" 1
json .token >"$scratch/token"
act --json tenant update default --token-reuse no
succeeds
is 'the tenant' "$(json '[.token_lifetime, .token_reuse] | tojson')" '[300,false]'
feed "$scratch/token" --json token inspect
succeeds
is reusable "$(json .reusable)" false
act --json tenant create --name blue --token-lifetime 90s --token-reuse yes
succeeds
is 'the tenant' "$(json '[.token_lifetime, .token_reuse] | tojson')" '[90,true]'
act tenant show blue
has 'the tenant' "$out" '90s, good until then'

# with its key
feed "$scratch/laptop.key" token issue
succeeds
printf '%s\n' "$out" >"$scratch/token"
act key deactivate "$me/laptop"
succeeds
feed "$scratch/token" token inspect
no
has 'the reason' "$out" key_inactive
finish
