#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# What a key with each of the built-in roles may do is the same over HTTP as over the daemon's socket.
# shellcheck source=tests/gateway/harness.sh
. "${srcdir:-.}/tests/gateway/harness.sh"

more_settings=('[throttle]' 'failures_per_minute = 100000')
as_gateway=("${more_settings[@]}" '[gateway]' "users = $gateway_user")
[[ $gateway_user == "$me" ]] || more_settings=("${as_gateway[@]}")
start_daemon

act --json account create --name shop
succeeds
account=$(json .account_id)
act --json tenant create --account shop --name one
succeeds
tenant=$(json .tenant_id)

# holder NAME OPTION…: a key, kept in a file.
holder()
{
	local name=$1

	shift
	holders+=("$name")
	act --json key create --name "$name" --owner "$me" --expires 90d --account shop "$@"
	succeeds
	(umask 077 && json .secret >"$scratch/key.$name")
}
holders=()
for role in account-admin account-tenant-read account-tenant-write account-tenant-approval; do
	holder "$role" --role "$role"
done
for role in tenant-admin tenant-management; do
	holder "$role" --tenant one --role "$role"
	holder "$role-of-account" --role "$role"
done
holder nothing --tenant one
holder reader --tenant one --permission apikeyd.keys.read
act --json key create --name target --owner "$me" --account shop --tenant one
succeeds
target=$(json .id)

if [[ $gateway_user == "$me" ]]; then
	stop_daemon
	more_settings=("${as_gateway[@]}")
	start_daemon
fi
start_gateway --proxy local

# http METHOD PATH [BODY]: sets allowed.
http()
{
	printf 'Authorization: Bearer %s\nx-account-id: %s\nx-tenant-id: %s\n' "$(<"$scratch/key.$holder")" "$account" "$tenant" \
		>"$scratch/header"
	ask "$2" -X "$1" -H "@$scratch/header" ${3:+-H 'Content-Type: application/json' -d "$3"}
	case $code in
	20?) allowed=yes ;;
	403 | 404) allowed=no ;;
	*) allowed="$code $body" ;;
	esac
}

# cli ARGUMENT…: sets allowed.
cli()
{
	act --credential-file "$scratch/key.$holder" "$@"
	case $status in
	0) allowed=yes ;;
	1) allowed=no ;;
	*) allowed="$status $err" ;;
	esac
}

# agree WHAT ANSWER: of what was asked in both ways, the first time by the command.
agree()
{
	is "whether $holder may $1" "$allowed" "$2"
	[[ $allowed == no ]] || may+=("$holder:$1")
}

may=()
keys=/v1/tenant/$tenant/keys
for holder in "${holders[@]}"; do
	# The list of a tenant's keys: who may see none has an empty one, or none.
	cli key show "$target"
	by_cli=$allowed
	http GET "$keys/$target"
	agree 'show keys' "$by_cli"
	cli key create --name "cli $holder" --account shop --tenant one
	by_cli=$allowed
	http POST "$keys" '{"kind":"opaque"}'
	agree 'make keys' "$by_cli"
	cli key update "$target" --expires 80d
	by_cli=$allowed
	http PUT "$keys/$target" '{"exclusive":"imap"}'
	agree 'change keys' "$by_cli"
	cli key deactivate "$target"
	by_cli=$allowed
	http POST "$keys/$target/deactivate"
	[[ $by_cli == no || $code == 409 || $code == 204 ]] || fail "$holder ended it over the socket, and over HTTP: $code"
	[[ $by_cli == yes || $allowed == no ]] || fail "$holder may end keys over HTTP alone"
	cli key activate "$target"
	by_cli=$allowed
	http POST "$keys/$target/activate"
	agree 'switch keys on' "$by_cli"
	cli tenant show "$tenant"
	by_cli=$allowed
	http GET "/v1/account/tenants/$tenant"
	agree 'show tenants' "$by_cli"
	cli tenant create --account shop --name "cli $holder"
	by_cli=$allowed
	http POST /v1/account/tenants "{\"name\":\"http $holder\"}"
	agree 'make tenants' "$by_cli"
done
# Some may and some may not, or nothing was compared.
text=" ${may[*]} "
has 'what may be done' "$text" 'account-admin:make tenants' 'tenant-admin:make keys' 'reader:show keys' \
	'account-tenant-read:show tenants'
lacks 'what may be done' "$text" 'reader:make keys' 'nothing:' 'tenant-admin:make tenants' 'account-tenant-read:make'
finish
