#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# "master-key rotate": while the daemon serves, twice without a restart, after one that was cut short, and all that it
# refuses; what status and doctor say; and which backups can be restored afterwards.
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"
need jq "$apikeyd"

# The key's file belongs to the daemon's user, and root does not trust one that another user could replace.
as_daemon=()
if [[ $(id -u) -eq 0 ]]; then
	need setpriv
	as_daemon=(setpriv --reuid nobody --regid "$(id -g nobody)" --clear-groups --)
fi

# rotate: as the daemon's user, with its file.
rotate()
{
	last="apikeyctl master-key rotate"
	"${as_daemon[@]}" "$apikeyctl" --runtime-dir "$runtime" master-key rotate --file "$key" \
		</dev/null >"$scratch/out" 2>"$scratch/err"
	status=$?
	out=$(<"$scratch/out") err=$(<"$scratch/err")
}

# live SECRET: a key lets its user in.
live()
{
	run_with "$1" --runtime-dir "$runtime" verify
	succeeds
}

# issue NAME: an access token of the first key, into a file; good NAME…: they would be taken.
issue()
{
	run_with "$first" --runtime-dir "$runtime" token issue
	succeeds
	printf '%s\n' "$out" >"$scratch/token-$1"
}

good()
{
	local name

	for name; do
		run_with "$(cat "$scratch/token-$name")" --runtime-dir "$runtime" token inspect
		succeeds
	done
}

# restart_said ANSWER: what status says of a restart, and whether it is well.
restart_said()
{
	act --json status
	is 'master_key.restart' "$(json '."master_key.restart" // .master_key.restart')" "$1"
	[[ $1 == yes ]] || return 0
	has 'what status says' "$out" 'restart it (systemctl restart apikeyd)' 'master-key rotate'
	is 'the exit status' "$status" 1
}

# settled COUNT: the daemon comes to have retired the keys before, so many times.
settled()
{
	local deadline=$((SECONDS + 30))

	until [[ $(grep -c '"event":"master_key_retire"' "$scratch/log/audit.jsonl") -ge $1 ]]; do
		if ((SECONDS > deadline)); then
			fail 'the keys before are not retired'
			return
		fi
		sleep 0.05
	done
}

start_daemon
key=$scratch/state/apikeyd.master-key
make_key first --permission pam.sshd
first=$secret
cp "$key" "$scratch/first-key"
act backup "$scratch/backup-1"
succeeds
restart_said no

# ---- what is refused changes nothing ----

unchanged()
{
	cmp -s "$key" "$scratch/first-key" || fail 'the master key was changed'
	[[ ! -e $key.new && ! -e $key.before-rotate ]] || fail 'something was left beside the master key'
	live "$first"
}

if [[ $(id -u) -eq 0 ]]; then
	act master-key rotate --file "$key"
	refused
	has 'standard error' "$err" 'belongs to uid'
fi
cp "$key" "$scratch/kept" && rm -f "$scratch/link" && ln -s "$key" "$scratch/link"
act master-key rotate --file "$scratch/link"
refused
has 'standard error' "$err" 'symbolic link'
act master-key rotate --file "$scratch/nothing"
refused
has 'standard error' "$err" "$scratch/nothing is missing"
# One that is not this daemon's.
head -c 32 /dev/urandom >"$scratch/strange"
chmod 600 "$scratch/strange"
act master-key rotate --file "$scratch/strange"
refused
has 'standard error' "$err" 'not the master key of the daemon' '--file'
[[ ! -e $scratch/strange.new ]] || fail 'a new key was left'
act master-key rotate now
misused
printf '%s\n' "$first" >"$scratch/credential"
chmod 600 "$scratch/credential"
act --credential-file "$scratch/credential" master-key rotate --file "$scratch/kept"
refused
unchanged
# While another changes it.
exec {lock}<"$scratch/state"
flock "$lock"
rotate
refused
has 'standard error' "$err" 'try again'
exec {lock}<&-
unchanged

# ---- it is done ----

issue before
: >"$key.new" # of one that was cut short
rotate
succeeds
is 'standard output' "$out" ''
has 'standard error' "$err" 'systemctl restart apikeyd' "$key.before-rotate" 'backup'
cmp -s "$key" "$scratch/first-key" && fail 'the master key is the one it was'
cmp -s "$key.before-rotate" "$scratch/first-key" || fail 'the key before was not kept'
[[ ! -e $key.new ]] || fail 'the new key lies beside itself'
is 'the mode of the master key' "$(stat -c %a "$key")" 400
is 'the size of the master key' "$(stat -c %s "$key")" 32
grep -q '"event":"master_key_rotate"' "$scratch/log/audit.jsonl" || fail 'the audit does not tell of it'
live "$first"
restart_said yes
act --json doctor
has 'what doctor says' "$out" master-key-restart
lacks 'what doctor says' "$out" master-key-left-over
make_key between --permission pam.sshd
between=$secret
# What signs access tokens goes with it, and is replaced in the meantime, too.
issue between
act token rotate-key
succeeds
issue signed
good before between signed
# What is restored now would be sealed under the key before, and the next start finds another one.
act restore "$scratch/backup-1" --yes
refused
live "$between"

# Twice without a restart: the file of the first one is asked for.
cp "$key" "$scratch/second-key"
rotate
succeeds
cmp -s "$key.before-rotate.2" "$scratch/second-key" || fail 'the second key was not kept'
cmp -s "$key.before-rotate" "$scratch/first-key" || fail 'the first key was lost'
live "$first"

# ---- the restart ----

stop_daemon
start_daemon
live "$first"
live "$between"
settled 1
restart_said no
good before between signed
act token rotate-key
succeeds
issue after
good before between signed after
act --json doctor
lacks 'what doctor says' "$out" master-key-restart

# Neither of those before opens the key store any more.
cp "$key" "$scratch/third-key"
for before in first second; do
	stop_daemon
	cp "$scratch/$before-key" "$scratch/new" && mv -f "$scratch/new" "$key"
	[[ $(id -u) -ne 0 ]] || chown nobody "$key"
	started_status=1
	start_daemon
	started_status=0
	act --json status
	is "the state with the $before key" "$(json .state)" unavailable
	has 'what status says' "$out" 'belongs to another database'
	# Nor can it be rotated.
	rotate
	refused
	cmp -s "$key" "$scratch/$before-key" || fail 'the master key was changed'
done

# ---- a backup of before, under the key before ----

stop_daemon
cp "$scratch/first-key" "$key.other" && mv -f "$key.other" "$key"
[[ $(id -u) -ne 0 ]] || chown nobody "$key"
started_status=1
start_daemon
started_status=0
act restore "$scratch/backup-1" --yes
succeeds
live "$first"
rotate
succeeds
stop_daemon
start_daemon
live "$first"
settled 2

# ---- one that is cut short ----

: >"$key.new"
act --json doctor
has 'what doctor says' "$out" master-key-left-over "$key.new"
rotate
succeeds
[[ ! -e $key.new ]] || fail 'a new key was left'
stop_daemon
rotate
unreachable
[[ ! -e $key.new ]] || fail 'a new key was left'
start_daemon
live "$first"

# ---- as systemd hands it over: a copy, made at the start ----

hand_over()
{
	install -m 400 "$scratch/etc/key" "$CREDENTIALS_DIRECTORY/apikeyd.master-key"
	[[ $(id -u) -ne 0 ]] || chown nobody "$CREDENTIALS_DIRECTORY/apikeyd.master-key"
}

stop_daemon
export CREDENTIALS_DIRECTORY=$scratch/credentials
mkdir "$scratch/etc" "$CREDENTIALS_DIRECTORY"
install -m 400 "$key" "$scratch/etc/key"
mv "$key" "$scratch/not-here"
hand_over
start_daemon
live "$first"
act backup "$scratch/backup-2"
succeeds
act master-key rotate --file "$scratch/etc/key"
succeeds
cmp -s "$scratch/etc/key" "$CREDENTIALS_DIRECTORY/apikeyd.master-key" && fail 'the master key is the one it was'
restart_said yes
live "$first"
# The daemon and the backup know the key before alone, and the next start has another one.
act restore "$scratch/backup-2" --yes
refused
has 'standard error' "$err" 'systemctl restart apikeyd'
live "$first"
# One that was started just before the file was replaced.
stop_daemon
started_status=1
start_daemon
started_status=0
restart_said yes
live "$first"
act master-key rotate --file "$scratch/etc/key"
succeeds
stop_daemon
hand_over
start_daemon
live "$first"
settled 3
restart_said no
act restore "$scratch/backup-2" --yes
refused
has 'standard error' "$err" 'before the last rotation'
finish
