#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# "backup", "restore" and "master-key": what they write and refuse, and the whole way to a new host under load.
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"
need jq "$apikeyd"
start_daemon

# judge SECRET: what the daemon says of a key.
judge()
{
	run_with "$1" --runtime-dir "$runtime" verify --permission pam.sshd
}

# live SECRET, dead SECRET
live()
{
	judge "$1"
	is 'the exit status for a live key' "$status" 0
}

dead()
{
	judge "$1"
	is 'the exit status for a dead key' "$status" 1
	has 'the verdict' "$out$err" denied
}

in_state()
{
	find "$scratch/state" -mindepth 1 -printf '%f\n' | grep -vxE 'apikeyd.(db|db-wal|db-shm|master-key)|audit-chain' | sort | tr '\n' ' '
}

# left WHAT…: the state folder has no more than these besides the store, its key and that of the audit. What a client has sent goes when the
# daemon sees that the client has gone.
left()
{
	local expected=${*:+$* } tries=600
	until [ "$(in_state)" = "$expected" ] || [ $((tries--)) -eq 0 ]; do
		sleep 0.1
	done
	is 'what is in the state folder' "$(in_state)" "$expected"
}

# ---- backup ----

make_key first --permission pam.sshd
first_secret=$secret
make_key second --permission pam.sshd
second=$id second_secret=$secret
make_key third --permission pam.sshd --permission mail.imap
third=$id

act backup "$scratch/one"
succeeds
is 'standard output' "$out" ''
has 'standard error' "$err" '3 keys' 'master-key export'
is 'the mode of the backup' "$(stat -c %a "$scratch/one")" 600
lacks 'the backup' "$(strings -n 8 "$scratch/one" 2>/dev/null || tr -cd '[:print:]' <"$scratch/one")" "${first_secret:16}" "${second_secret:16}"
left

cp "$scratch/one" "$scratch/copy"
act backup "$scratch/one"
refused
has 'standard error' "$err" "$scratch/one" '--force'
cmp -s "$scratch/one" "$scratch/copy" || fail 'the backup that was there was changed'
act --json backup "$scratch/one" --force
succeeds
is keys "$(json .keys)" 3
is size "$(json .size)" "$(stat -c %s "$scratch/one")"
is file "$(json .file)" "$scratch/one"
act backup "$scratch/nowhere/one"
refused
act backup "$scratch"
refused
mkfifo "$scratch/pipe"
act backup "$scratch/pipe" --force
refused
has 'standard error' "$err" 'no file'
act backup -
succeeds
cp "$scratch/out" "$scratch/piped"
is 'the size of the backup on standard output' "$(stat -c %s "$scratch/piped")" "$(stat -c %s "$scratch/one")"
# a full device says so
if [[ -w /dev/full ]]; then
	last='apikeyctl backup - > /dev/full'
	"$apikeyctl" --runtime-dir "$runtime" backup - >/dev/full 2>"$scratch/err"
	is 'the exit status on a full disk' $? 1
	has 'standard error' "$(<"$scratch/err")" 'No space'
fi
is 'files that were left' "$(find "$scratch" -maxdepth 1 -name '.*.new' | wc -l)" 0

# ---- restore ----

act key revoke "$second" --why stolen
act key update "$third" --permission pam.sshd
make_key fourth --permission pam.sshd
fourth_secret=$secret

act restore "$scratch/one" --dry-run
succeeds
has 'standard error' "$err" 'dry run' "$me/second: revoked" "$me/third: narrowed" "$me/fourth" LOST
left
act --json restore "$scratch/one" --dry-run
succeeds
is "done" "$(json .done)" false
is revived "$(json .revived)" 2
is lost "$(json .lost)" 1
is returning "$(json .returning)" 0
is listed "$(json '[.listed[].fate] | sort | tojson')" '["lost","revived","revived"]'
is taken "$(json '[.listed[] | select(.name == "second").taken[]] | tojson')" '["revoked"]'
live "$fourth_secret"

# without a terminal nothing is replaced unless that is said
act restore "$scratch/one"
misused
live "$fourth_secret"
act restore "$scratch/one" --yes
succeeds
has 'standard error' "$err" Restored apikeyd.db.before-restore
left apikeyd.db.before-restore
live "$first_secret"
dead "$second_secret"
dead "$fourth_secret"
act --json key show "$third"
is 'the permissions of the narrowed key' "$(json '.permissions | tojson')" '["pam.sshd"]'
act --json key show "$second"
is 'the reason of the revoked key' "$(json .state_reason)" stolen
is 'the record in the audit' "$(grep -c '"event":"restore"' "$scratch/log/audit.jsonl")" 1
[[ $(grep -c '"event":"backup"' "$scratch/log/audit.jsonl") -ge 3 ]] || fail 'the audit does not tell of the backups'

act --json restore "$scratch/one" --yes --accept-revived
succeeds
is "done" "$(json .done)" true
is kept "$(json .kept)" apikeyd.db.before-restore
live "$second_secret"
act key revoke "$second"
dead "$second_secret"
act restore - --yes <"$scratch/one"
refused

# ---- what was made so that it can be repeated ----

# A restore forgets the text, so the repeated command meets the name: there are never two keys, nor another secret.
make_key fifth --permission pam.sshd --idempotency-key once
fifth_secret=$secret
act backup "$scratch/repeatable"
succeeds
act --json key create --name fifth --owner "$me" --expires 90d --permission pam.sshd --idempotency-key once
succeeds
is repeated "$(json .repeated)" true
again_secret=$(json .secret)
dead "$fifth_secret"
live "$again_secret"
act restore "$scratch/repeatable" --yes
succeeds
act --json key create --name fifth --owner "$me" --expires 90d --permission pam.sshd --idempotency-key once
refused
has 'standard error' "$err" fifth
act --json key list --owner "$me"
is 'how many there are' "$(json '[.[] | select(.name == "fifth")] | length')" 1
# The secret in the backup was taken away since, and what took its place stays.
dead "$fifth_secret"
live "$again_secret"

# ---- what is refused ----

size=$(stat -c %s "$scratch/one")
for cut in 0 1 127 128 4096 $((size - 128)) $((size - 1)); do
	head -c "$cut" "$scratch/one" >"$scratch/bad"
	act restore "$scratch/bad" --yes --accept-revived
	refused
	has 'standard error' "$err" 'nothing was changed'
done
for at in 0 18 100 5000 $((size - 120)) $((size - 1)); do
	cp "$scratch/one" "$scratch/bad"
	printf '\252' | dd of="$scratch/bad" bs=1 seek="$at" conv=notrunc 2>/dev/null
	act restore "$scratch/bad" --yes --accept-revived
	refused
	has 'standard error' "$err" 'nothing was changed'
done
cp "$scratch/state/apikeyd.db" "$scratch/bad"
act restore "$scratch/bad" --yes --accept-revived
refused
act restore "$scratch/nowhere" --yes
refused
act restore "$scratch" --yes
refused
live "$first_secret"
left apikeyd.db.before-restore

# ---- the master key, and a new host ----

passphrase='a few words that nobody guesses'
printf '%s\n' "$passphrase" >"$scratch/passphrase"
printf 'too short\n' >"$scratch/short"
chmod 600 "$scratch/passphrase" "$scratch/short"
old_key=$scratch/state/apikeyd.master-key

if [[ $(id -u) -eq 0 ]]; then
	# The daemon became another user, and its key belongs to that.
	cp "$old_key" "$scratch/old-key"
	old_key=$scratch/old-key
	run master-key export "$scratch/sealed" --file "$scratch/state/apikeyd.master-key" --passphrase-file "$scratch/passphrase"
	refused
	has 'standard error' "$err" 'belong'
fi
run master-key export "$scratch/sealed" --file "$old_key" --passphrase-file "$scratch/short"
misused
has 'standard error' "$err" '12 characters'
[[ ! -e $scratch/sealed ]] || fail 'a key was exported under a short passphrase'
run master-key export "$scratch/sealed" --file "$old_key"
misused
has 'standard error' "$err" '--passphrase-file'
run_with "$passphrase" master-key export "$scratch/sealed" --file "$old_key" --passphrase-file -
succeeds
is 'the mode of the sealed key' "$(stat -c %a "$scratch/sealed")" 600
has 'the sealed key' "$(head -n 1 "$scratch/sealed")" 'master key of apikeyd'
run_with "$passphrase" master-key export "$scratch/sealed" --file "$old_key" --passphrase-file -
refused

# Keys come and go while the backup is taken. What the clients were told before it is what is looked at.
make_key live --permission pam.sshd
live_secret=$secret
make_key gone --permission pam.sshd
gone_secret=$secret
act key revoke "$id"
: >"$scratch/load"
(
	for ((i = 0; i < 400; i++)); do
		[[ -e $scratch/load ]] || break
		"$apikeyctl" --runtime-dir "$runtime" key create --name "load-$i" --owner "$me" --permission pam.sshd \
			--expires 1d 2>/dev/null || break
		"$apikeyctl" --runtime-dir "$runtime" key revoke "$me/load-$i" 2>/dev/null || break
		: >"$scratch/loaded"
	done >"$scratch/load-secrets"
) &
load=$!
deadline=$((SECONDS + 30))
until [[ -e $scratch/loaded ]] || ((SECONDS > deadline)); do sleep 0.02; done
head -n 1 "$scratch/load-secrets" >"$scratch/load-first"
act backup "$scratch/loaded-backup"
succeeds
rm "$scratch/load"
wait "$load"
stop_daemon

mv "$scratch/state" "$scratch/old-state"
mv "$scratch/log" "$scratch/old-log"
start_daemon
dead "$first_secret"
new_key=$scratch/state/apikeyd.master-key
cp "$new_key" "$scratch/fresh"
if [[ $(id -u) -eq 0 ]]; then
	owner=$(stat -c %u "$new_key")
	chown 0 "$new_key"
fi
run_with 'a few words that somebody guesses' master-key import "$scratch/sealed" --file "$new_key" --passphrase-file - --force
refused
has 'standard error' "$err" 'passphrase is wrong'
run master-key import "$scratch/sealed" --file "$new_key" --passphrase-file "$scratch/passphrase"
refused
has 'standard error' "$err" '--force' before-import
sed 's/^salt: .\(.*\)/salt: 0\1/; s/^sealed: ./sealed: f/' "$scratch/sealed" >"$scratch/mistyped"
run master-key import "$scratch/mistyped" --file "$new_key" --passphrase-file "$scratch/passphrase" --force
refused
has 'standard error' "$err" mistyped
cmp -s "$new_key" "$scratch/fresh" || fail 'the master key was changed by what was refused'
run master-key import "$scratch/sealed" --file "$new_key" --passphrase-file "$scratch/passphrase" --force
succeeds
has 'standard error' "$err" restart restore
cmp -s "$new_key" "$scratch/old-state/apikeyd.master-key" || fail 'another master key came out than went in'
cmp -s "$new_key.before-import" "$scratch/fresh" || fail 'the master key before was not kept'
is 'the mode of the imported key' "$(stat -c %a "$new_key")" 400
run master-key import "$scratch/sealed" --file "$new_key" --passphrase-file "$scratch/passphrase"
succeeds
has 'standard error' "$err" already
[[ $(id -u) -ne 0 ]] || chown "$owner" "$new_key" "$new_key.before-import"

stop_daemon
# shellcheck disable=SC2034 # start_daemon reads it
started_status=1
start_daemon
act --json status
is 'the state of a daemon with another master key' "$(json .state)" unavailable
has 'why it is' "$out" 'restore a backup made under this key'
act restore "$scratch/loaded-backup" --dry-run
succeeds
has 'standard error' "$err" 'coming back'
act restore "$scratch/loaded-backup" --yes
succeeds
act --json status
is 'the state after the restore' "$(json .state)" ok
live "$first_secret"
live "$live_secret"
dead "$second_secret"
dead "$gone_secret"
dead "$(<"$scratch/load-first")"
is 'the rest of the restored host' "$(grep -c '"event":"restore"' "$scratch/log/audit.jsonl")" 1
lacks 'the new host'"'"'s audit' "$(<"$scratch/log/audit.jsonl")" key_create
make_key anew --permission pam.sshd
live "$secret"

# ---- others ----

if [[ $(id -u) -eq 0 ]] && id nobody >/dev/null 2>&1 && command -v setpriv >/dev/null; then
	for command in "backup $scratch/theirs" "restore $scratch/one --yes"; do
		last="apikeyctl $command, as a user"
		# shellcheck disable=SC2086 # words
		setpriv --reuid 12345 --regid 12345 --clear-groups "$apikeyctl" --runtime-dir "$runtime" ${command/$scratch\/one/-} \
			</dev/null >"$scratch/out" 2>"$scratch/err"
		status=$? out=$(<"$scratch/out") err=$(<"$scratch/err")
		[[ $status -ne 0 ]] || fail 'a user may do what is for administrators'
	done
fi

finish
