# shellcheck shell=bash disable=SC2034,SC2154,SC2016,SC2119 # variables go from file to file; eval wants its text whole
# SPDX-License-Identifier: Apache-2.0 OR MIT
# PostgreSQL: the server asks as postgres, by way of verify.sock.

# shellcheck source=tests/callers/tls.sh
. /opt/tests/tls.sh
chown root:ssl-cert "$private_key"
chmod 640 "$private_key"

version=$(ls /etc/postgresql)
if [ "$version" != 15 ]; then
	case_failed "the example fits this tree" "it is for PostgreSQL 15, but here is: $version"
	exit 1
fi
example postgresql/postgresql postgresql/pg_hba.conf

service=postgresql
# The password of a system user is only another wrong one here.
user=alice password='' other_user=bob
refusal='FATAL: +PAM authentication failed for user'

# sql USER SECRET [OPTION…]: as somebody over the network.
sql()
{
	local passfile=$scratch/pgpass
	install -m 600 /dev/null "$passfile"
	printf '*:*:*:%s:%s\n' "$1" "$2" >"$passfile"
	PGPASSFILE=$passfile PGCONNECT_TIMEOUT=60 psql --no-psqlrc --no-password --tuples-only --no-align \
		"host=callers user=$1 dbname=postgres sslmode=${sslmode-verify-full} sslrootcert=$certificate" "${@:3}"
}

as_postgres()
{
	setpriv --reuid=postgres --regid=postgres --init-groups "$@"
}

login()
{
	sql "$1" "$2" --command 'SELECT session_user' >"$scratch/out" 2>&1 && grep -qx "$1" "$scratch/out"
}

install -d -o postgres -g postgres -m 2775 /run/postgresql
serve 5432 setpriv --reuid=postgres --regid=postgres --init-groups /usr/lib/postgresql/15/bin/postgres \
	-D /var/lib/postgresql/15/main -c config_file=/etc/postgresql/15/main/postgresql.conf
# It listens before it is ready.
poll 60 as_postgres psql --no-psqlrc --command '' >/dev/null 2>&1
as_postgres psql --no-psqlrc --quiet --single-transaction -v ON_ERROR_STOP=1 --file /opt/examples/postgresql/roles.sql \
	>"$scratch/out" 2>&1
case_is "the roles are made" "$(cat "$scratch/out")" test ! -s "$scratch/out"
case_is "the server takes every line of pg_hba.conf" "$(as_postgres psql --command 'TABLE pg_hba_file_rules' 2>&1)" \
	test "$(as_postgres psql --no-psqlrc -At --command \
		'SELECT count(*) FILTER (WHERE error IS NULL) = 4 AND count(error) = 0 FROM pg_hba_file_rules')" = t

key_create early alice early pam.postgresql
expect_out "without a peer rule: right key" "$early" wrong_service
peers postgresql/peers.conf
matrix_short

# Not over a connection that others can read.
sslmode=disable
expect_out "without TLS nobody is asked for a key" "$early" unasked alice 'pg_hba.conf rejects connection.*no encryption'
unset sslmode
key_create postgres postgres postgres pam.postgresql
expect_out "a key does not lead to the role postgres" "$postgres" unasked postgres 'pg_hba.conf rejects connection'

# What lives on after a revoke, and how it is ended, as the example says.
# A pipe that this shell holds open for both sides takes queries also when nobody is there any more, and answers in a file
# can be read when that one has gone.
mkfifo "$scratch/queries"
exec {queries}<>"$scratch/queries"
sql alice "$early" --quiet <"$scratch/queries" >"$scratch/out" 2>&1 &
connection=$!
echo 'SELECT 40 + 2;' >&"$queries"
poll 60 grep -qx 42 "$scratch/out"
case_is "a connection is open" "$(cat "$scratch/out")" grep -qx 42 "$scratch/out"
apikeyctl key revoke alice/early >/dev/null 2>&1
echo 'SELECT 42 + 1;' >&"$queries"
poll 60 grep -qx 43 "$scratch/out"
case_is "an open connection outlives its key" "$(cat "$scratch/out")" grep -qx 43 "$scratch/out"
as_postgres psql --no-psqlrc -At --command \
	"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'alice'" >"$scratch/ended" 2>&1
echo 'SELECT 43 + 1;' >&"$queries"
poll 60 grep -q 'terminating connection' "$scratch/out"
case_is "pg_terminate_backend ends it" "$(cat "$scratch/ended" "$scratch/out")" grep -q 'terminating connection' "$scratch/out"
exec {queries}>&-
kill "$connection" 2>/dev/null
wait "$connection"

roles_drop()
{
	as_postgres psql --no-psqlrc --quiet -v ON_ERROR_STOP=1 >"$scratch/out" 2>&1 <<<'DROP ROLE alice; DROP ROLE apikey_users;'
}
case_is "the roles are dropped as the example says" "$(tail -n 5 "$scratch/out")" roles_drop
server_stop
