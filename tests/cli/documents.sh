#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Every apikeyctl command that the documents and the examples tell people to type works: run here against a daemon, in
# the order in which it stands.
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"
need jq "$apikeyd"
top=$(dirname "$0")/../..
start_daemon

"$top/tests/readme.sh" --check >"$scratch/out" 2>&1
status=$? out=$(<"$scratch/out") err='' last='tests/readme.sh --check'
succeeds

# What the lines call: ours, with this daemon; root need not be become, and whoever makes a key for himself is alice.
mkdir "$scratch/bin" "$scratch/home"
cat >"$scratch/bin/apikeyctl" <<END
#!/bin/bash
owner=()
[[ " \$* " != *' key create '* || " \$* " == *' --owner '* ]] || owner=(--owner alice)
exec '$apikeyctl' --runtime-dir '$runtime' "\$@" "\${owner[@]}"
END
printf '#!/bin/sh\nexec "$@"\n' >"$scratch/bin/sudo"
chmod +x "$scratch/bin/"*

# commands_of FILE: the command lines in it: of fenced or indented blocks, or behind a label in a comment; elsewhere in one a
# command is part of a sentence
commands_of()
{
	case $1 in
	*README*) awk '/^```/ { inside = !inside; next } inside || /^    /' "$1" | sed -nE 's/^ *(sudo )?(apikeyctl )/\2/p' ;;
	*) sed -nE 's/^#( (Try it|Before|Undo):( *[a-z ]+:)? +| {8,})(apikeyctl [^;]*).*/\4/p' "$1" ;;
	esac
}

count=0
while IFS= read -r file; do
	# Each document begins without keys.
	act --json key list
	while read -r id; do
		act key delete "$id" --yes
	done < <(json '.[].id')
	while IFS= read -r command; do
		count=$((count + 1))
		last="${file#"$top/"}: $command"
		(cd "$scratch/home" && PATH=$scratch/bin:$PATH bash -c "$command" </dev/null >"$scratch/out" 2>"$scratch/err")
		status=$? out=$(<"$scratch/out") err=$(<"$scratch/err")
		succeeds
	done < <(commands_of "$file")
done < <(find "$top/README.md" "$top/packaging/debian/apikeyd.README.Debian" "$top/packaging/authselect/README.md" \
	"$top/packaging/examples" -type f 2>/dev/null)
# What finds none would never fail.
((count >= 15)) || fail "only $count commands were found"


# ---- what was changed since a backup, where the key store cannot tell ----

page=$top/daemon/apikeyd-backup.7
command=$(sed -n '/^grep /,/^\.EE/{/^\.EE/d;s/\\-/-/g;s/\\(aq/'\''/g;p}' "$page")
has "the command of apikeyd-backup(7)" "$command" '/var/log/apikeyd/audit.jsonl*' sort

make_key bulk-1 --label site=east
bulk_1=$id
make_key bulk-2 --label site=east
bulk_2=$id
make_key off --label site=west
make_key single
make_key turned
make_key gone
for change in 'account create --name east' 'account delete east --yes' 'role create east --permission pam.sshd' 'role delete east' \
	'key revoke --label site=east --yes' 'key deactivate --label site=west --yes' "key revoke $me/single" "key rotate $me/turned" \
	"key retire $me/turned" "key rotate $me/turned --now" "key update $me/turned --permission pam.sshd" "key deactivate $me/turned" \
	"key activate $me/turned" "key delete $me/gone --yes" 'lockdown on' 'lockdown off' 'token rotate-key --now'; do
	# shellcheck disable=SC2086 # words
	act $change
	succeeds
done
stop_daemon

# Rotated, into more files than their names sort by, and torn by a crash.
mkdir "$scratch/rotated"
lines=$(wc -l <"$scratch/log/audit.jsonl")
each=$(((lines + 11) / 12))
head -n "$each" "$scratch/log/audit.jsonl" >"$scratch/rotated/audit.jsonl.11"
for ((i = 10; i >= 0; i--)); do
	suffix=.$i
	head -n $(((12 - i) * each)) "$scratch/log/audit.jsonl" | tail -n "+$(((11 - i) * each + 1))" >"$scratch/rotated/audit.jsonl${suffix#.0}"
done
is 'the rotated files' "$(cat "$scratch/rotated"/* | wc -l)" "$lines"
printf '{"seq":7,"re\0\n' >>"$scratch/rotated/audit.jsonl.5"

last=$command
bash -c "${command//\/var\/log\/apikeyd/$scratch/rotated}" >"$scratch/out" 2>"$scratch/err"
status=$? out=$(<"$scratch/out") err=$(<"$scratch/err")
succeeds
is 'standard error' "$err" ''
is 'the events that it shows' "$(tail -n 15 <<<"$out" | jq -r .event | tr '\n' ' ')" \
	'account_delete role_delete keys_revoke keys_deactivate key_revoke key_rotate key_retire key_rotate key_update key_deactivate key_activate key_delete lockdown lockdown signing_key_rotate '
has 'what it shows of many' "$(grep keys_revoke <<<"$out")" "\"$bulk_1\"" "\"$bulk_2\""
lacks 'what it shows' "$out" '"key_create"' '"account_create"' '"role_create"'
is 'their order' "$(jq .seq <<<"$out")" "$(jq .seq <<<"$out" | sort -n)"

finish
