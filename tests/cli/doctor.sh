#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# apikeyctl doctor against a tree with mistakes planted in it, one after the other, and a daemon of its own: each is found
# by name, and what is mended is not found any more; a good host is left alone.
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"
need jq
page=$(dirname "$0")/../../cli/apikeyctl-doctor.1
good=$scratch/good
tree=$scratch/tree
pam=$tree/etc/pam.d
modules=usr/lib/x86_64-linux-gnu/security
units=usr/lib/systemd/system
found=()
statuses=()
usual_peers='33 = nginx'
peers=$usual_peers

# ---- a good host ----

stack()
{
	mkdir -p "${2:-$good/etc/pam.d}"
	cat >"${2:-$good/etc/pam.d}/$1"
}

make_good()
{
	local name

	mkdir -p "$good/$modules" "$good/$units" "$good/etc/systemd/system/sockets.target.wants" \
		"$good/etc/apparmor.d/abstractions/authentication.d" "$good/etc/selinux" \
		"$good/var/lib/selinux/targeted/active/modules/200/apikeyd"
	printf '%s\n' root:x:0:0::/root:/bin/sh daemon:x:1:1::/:/bin/false www-data:x:33:33::/:/bin/false \
		postgres:x:90:90::/:/bin/false nobody:x:65534:65534::/:/bin/false >"$good/etc/passwd"
	: >"$good/$modules/pam_permit.so"
	: >"$good/usr/lib/systemd/systemd"
	cp pam_module/.libs/pam_apikey.so "$good/$modules/"
	chmod 644 "$good/$modules/pam_apikey.so"
	for name in apikeyd.service apikeyd-{login,verify,admin}.socket; do
		echo '[Unit]' >"$good/$units/$name"
	done
	for name in login verify admin; do
		ln -s "/$units/apikeyd-$name.socket" "$good/etc/systemd/system/sockets.target.wants/"
	done
	echo 'profile dovecot { #include <abstractions/authentication>' >"$good/etc/apparmor.d/usr.sbin.dovecot"
	echo '@{run}/apikeyd/verify.sock rw,' >"$good/etc/apparmor.d/abstractions/authentication.d/apikeyd"
	echo 'SELINUX=enforcing' >"$good/etc/selinux/config"
	stack common-auth <<-'END'
		auth	[success=1 default=ignore]	pam_unix.so nullok
		auth	requisite			pam_deny.so
		auth	required			pam_permit.so
	END
	stack common-account <<-'END'
		account	[success=1 new_authtok_reqd=done default=ignore]	pam_unix.so
		account	requisite			pam_deny.so
		account	required			pam_permit.so
	END
	for name in session session-noninteractive password; do
		stack common-$name <<<"${name%%-*} required pam_permit.so"
	done
	for name in sshd sudo su login dovecot nginx; do
		stack $name <<-'END'
			# a comment with pam_apikey.so
			auth [success=done \
			  default=ignore] pam_apikey.so [permission=(pam.a OR pam.b)]
			@include common-auth
			@include common-account
			account [success=ok ignore=ignore default=bad] pam_apikey.so
		END
	done
	# Written in other ways that are right as well.
	stack mailbox <<-'END'
		auth substack key-or-password
		account include common-account
		account required pam_apikey.so
	END
	stack key-or-password <<-'END'
		auth sufficient pam_apikey.so
		auth include common-auth
	END
	stack key-only <<-'END'
		-auth required /usr/lib/x86_64-linux-gnu/security/pam_apikey.so try_first_pass
		account required pam_permit.so
		account [success=ok ignore=ignore default=bad] pam_apikey.so
	END
	# Where nobody comes without a key, none has to be let by.
	stack key-alone <<-'END'
		auth required pam_apikey.so
		account required pam_permit.so
		account [success=ok default=bad] pam_apikey.so
	END
	stack other <<-'END'
		auth required pam_deny.so
	END
	# What is not in use may be wrong.
	stack login.dpkg-old <<<'auth optional pam_apikey.so nonsense'
	# One line for one service, as a profile for all of them has it.
	stack outbox "$good/usr/lib/pam.d" <<-'END'
		auth [success=ignore default=1] pam_succeed_if.so quiet service in sshd:dovecot:outbox
		auth [success=2 default=ignore] pam_apikey.so
		auth [success=1 default=ignore] pam_unix.so nullok try_first_pass
		auth requisite pam_deny.so
		auth required pam_permit.so
		@include common-account
		account [success=ignore default=1] pam_succeed_if.so quiet service in sshd:dovecot:outbox
		account required pam_apikey.so
	END
}

# The configuration that is good, and more lines.
configure()
{
	{
		printf '%s\n' '[admin]' "group = $(id -gn)" '[peers]' "$peers"
		[[ -z ${1-} ]] || printf '%b' "$1"
	} >"$scratch/apikeyd.conf"
}

# ---- looking ----

# Some four hundred times, where jq takes its time to start; each member has a line.
examine()
{
	act --json doctor --root "$tree"
	ids=$(sed -n 's/^ *"id": "\(.*\)",$/\1/p' <<<"$out")
}

# finds ID: within some seconds, since a daemon takes its time to reload.
finds()
{
	local deadline=$((SECONDS + 20))

	until examine; [[ $'\n'$ids$'\n' == *$'\n'$1$'\n'* ]]; do
		((SECONDS < deadline)) || return 1
		sleep 0.05
	done
}

is_silent()
{
	local deadline=$((SECONDS + 20))

	until examine; [[ $status -eq 0 && -z $ids ]]; do
		((SECONDS < deadline)) || return 1
		sleep 0.05
	done
}

# planted ID [COMMAND…]: the mistake, planted before or by the command, is found by its name and explained; when the tree
# is as it was, nothing is.
planted()
{
	local id=$1 wanted

	shift
	[[ $# -eq 0 ]] || "$@"
	if finds "$id"; then
		found+=("$id")
		wanted=$(jq 'def any_is(s): any(.findings[]; s); if any_is(.id == "daemon-unreachable") then 3
			elif any_is(.severity == "error") then 1 elif any_is(.severity == "warning") then 4 else 0 end' <<<"$out")
		is "the status after $id" "$status" "$wanted"
		statuses+=("$status")
		is "what $id lacks" "$(jq -r --arg id "$id" '.findings[] | select(.id == $id) |
			select(.subject == "" or .problem == "" or .mend == "" or .check == "") | .id' <<<"$out")" ''
		grep -q "^\.B $id\$" "$page" || fail "the man page does not explain $id"
	else
		fail "$id is not found, but: ${ids//$'\n'/ }"
	fi
	mended "$id"
}

mended()
{
	rm -rf "$tree"
	cp -a "$good" "$tree"
	is_silent || fail "after $1 was mended there is still: ${ids//$'\n'/ }"
}

# in_stack ID SERVICE <STACK: a mistake in one stack.
in_stack()
{
	stack "$2" "$pam"
	planted "$1"
}

# configured ID LINES: a mistake in the configuration.
configured()
{
	configure "$2"
	kill -HUP "$daemon_pid"
	finds "$1" || fail "$1 is not found, but: ${ids//$'\n'/ }"
	found+=("$1")
	peers=$usual_peers
	configure
	kill -HUP "$daemon_pid"
	mended "$1"
}

# moved ID PATH [COMMAND…]: something is away for a while, or something else in its place.
moved()
{
	local id=$1 path=$2

	shift 2
	mv "$path" "$path.away"
	[[ $# -eq 0 ]] || "$@"
	finds "$id" || fail "$id is not found, but: ${ids//$'\n'/ }"
	found+=("$id")
	rm -rf "$path"
	mv "$path.away" "$path"
	mended "$id"
}

# mode ID MODE PATH: of something outside of the tree.
mode()
{
	local before

	before=$(stat -c %a "$3")
	chmod "$2" "$3"
	finds "$1" || fail "$1 is not found, but: ${ids//$'\n'/ }"
	found+=("$1")
	chmod "$before" "$3"
	mended "$1"
}

make_good
cp -a "$good" "$tree"
# The harness writes its own configuration, this one replaces it; and makes folders that anybody may look into.
mkdir -m 700 "$scratch/state"
mkdir -m 750 "$scratch/log"
start_daemon
configure
kill -HUP "$daemon_pid"

finds audit-key-here || fail 'a first key that nobody took away is not found'
found+=(audit-key-here)
act audit key
succeeds

# ---- a good host is left alone ----

is_silent || { fail "a good host has: $out"; finish; }
act doctor --root "$tree"
succeeds
is 'what is said' "$out$err" 'nothing found'
if act doctor --root "$tree" 2>/dev/null && [[ $err == *'too old'* ]]; then
	skip 'the kernel cannot keep to a tree'
fi
# Without a daemon too, as a packager looks at a tree.
run doctor --root "$tree"
succeeds
is 'what is said' "$out$err" 'nothing found'

# The examples do right, each for the service whose name it has. What they need of the configuration is another matter.
for example in "$(dirname "$0")"/../../packaging/examples/*/*; do
	grep -qE '^(auth|account) .*pam_apikey\.so' "$example" || continue
	cp "$example" "$pam/${example##*/}"
done
examine
is 'what the examples are found to do' "$(jq -r '.findings[] | select(.check == "stacks") | [.id, .subject] | @tsv' <<<"$out")" ''
[[ -e $pam/sshd-key-only ]] || fail 'there are no examples'
has 'what a register that is not there is called' "$ids" session-helper
found+=(session-helper)
mended 'the examples'

# ---- stacks ----

in_stack stack-option sshd <<'END'
auth [success=done default=ignore] pam_apikey.so permision=pam.sshd
@include common-auth
@include common-account
account required pam_apikey.so
END
in_stack stack-option sshd <<'END'
auth [success=done default=ignore] pam_apikey.so permission= minimum_uid=2000
@include common-auth
@include common-account
account required pam_apikey.so
END
in_stack stack-option sshd <<'END'
auth [success=done default=ignore] pam_apikey.so notice
@include common-auth
@include common-account
account required pam_apikey.so
END
in_stack stack-control sshd <<'END'
auth [success=don default=ignore] pam_apikey.so
@include common-auth
@include common-account
account required pam_apikey.so
END
in_stack stack-control sshd <<'END'
auth suficient pam_apikey.so
@include common-auth
@include common-account
account required pam_apikey.so
END
in_stack stack-no-default sshd <<'END'
auth [success=done] pam_apikey.so
@include common-auth
@include common-account
account required pam_apikey.so
END
in_stack stack-debug sshd <<'END'
auth sufficient pam_apikey.so debug
@include common-auth
@include common-account
account required pam_apikey.so
END
in_stack stack-uid-zero su <<'END'
auth sufficient pam_apikey.so minimum_uid=0
@include common-auth
@include common-account
account required pam_apikey.so
END
in_stack stack-uid-low su <<'END'
auth sufficient pam_apikey.so minimum_uid=100
@include common-auth
@include common-account
account required pam_apikey.so
END
in_stack stack-include sshd <<'END'
auth sufficient pam_apikey.so
@include common-auht
END
in_stack stack-include sshd <<'END'
auth sufficient pam_apikey.so
@include sshd
END
planted stack-writable chmod 666 "$pam/sshd"

# Everyone: our refusal ignored, and a yes behind it.
in_stack auth-everyone sshd <<'END'
auth [success=done default=ignore] pam_apikey.so
auth required pam_permit.so
@include common-account
account required pam_apikey.so
END
in_stack auth-everyone sshd <<'END'
auth required pam_securetty.so
auth sufficient pam_apikey.so
@include common-account
account required pam_apikey.so
END
in_stack auth-everyone sshd <<'END'
auth [success=2 default=ignore] pam_apikey.so
auth [success=1 default=1] pam_unix.so
auth requisite pam_deny.so
auth required pam_permit.so
@include common-account
account required pam_apikey.so
END
in_stack auth-key-not-enough sshd <<'END'
auth required pam_apikey.so
@include common-auth
@include common-account
account required pam_apikey.so
END
in_stack auth-key-not-enough sshd <<'END'
auth optional pam_apikey.so
@include common-auth
@include common-account
account required pam_apikey.so
END
in_stack console-locked-out login <<'END'
auth required pam_apikey.so
@include common-account
account required pam_apikey.so
END
in_stack console-locked-out gdm-password <<'END'
auth [success=done authinfo_unavail=die default=ignore] pam_apikey.so
@include common-auth
@include common-account
account required pam_apikey.so
END
in_stack root-locked-out su <<'END'
auth sufficient pam_rootok.so
auth requisite pam_apikey.so
@include common-account
account required pam_apikey.so
END
in_stack root-locked-out sudo <<'END'
auth [success=done default=die] pam_apikey.so
@include common-auth
@include common-account
account required pam_apikey.so
END
in_stack account-missing sudo <<'END'
auth sufficient pam_apikey.so
@include common-auth
@include common-account
END
in_stack account-sole sshd <<'END'
auth sufficient pam_apikey.so
@include common-auth
account required pam_apikey.so
END
in_stack account-sole sshd <<'END'
auth sufficient pam_apikey.so
@include common-auth
account required pam_nologin.so
account [success=ok ignore=ignore default=bad] pam_apikey.so
END
in_stack account-sole mailbox <<'END'
auth sufficient pam_apikey.so
@include common-auth
account required pam_permit.so
account [success=ok default=bad] pam_apikey.so
END
in_stack account-skips-others sshd <<'END'
auth sufficient pam_apikey.so
@include common-auth
account sufficient pam_apikey.so
@include common-account
END
in_stack account-refusal-ignored sshd <<'END'
auth sufficient pam_apikey.so
@include common-auth
@include common-account
account optional pam_apikey.so
END
in_stack session-missing sshd <<'END'
auth sufficient pam_apikey.so session
@include common-auth
@include common-account
account [success=ok ignore=ignore default=bad] pam_apikey.so
@include common-session
END
in_stack session-unasked sudo <<'END'
auth sufficient pam_apikey.so
@include common-auth
@include common-account
account [success=ok ignore=ignore default=bad] pam_apikey.so
session required pam_apikey.so
END
for control in optional sufficient '[success=ok default=ignore]' '[success=ok perm_denied=ignore default=bad]'; do
	in_stack session-refusal-ignored sshd <<END
auth sufficient pam_apikey.so session
@include common-auth
@include common-account
account [success=ok ignore=ignore default=bad] pam_apikey.so
session $control pam_apikey.so
session required pam_limits.so
@include common-session
END
done
# Through a file that all of them include, each service is judged by itself.
in_stack console-locked-out common-auth <<'END'
auth requisite pam_apikey.so
END

# ---- the module ----

planted module-missing rm "$tree/$modules/pam_apikey.so"
mkdir -p "$tree/usr/local/lib/security"
planted module-elsewhere mv "$tree/$modules/pam_apikey.so" "$tree/usr/local/lib/security/"
in_stack module-missing sshd <<'END'
auth sufficient /opt/pam_apikey.so
@include common-auth
@include common-account
account required pam_apikey.so
END
planted module-writable chmod 666 "$tree/$modules/pam_apikey.so"
planted module-version sed -i 's/pam_apikey version [0-9]/pam_apikey version 9/' "$tree/$modules/pam_apikey.so"
planted module-version truncate -s 100 "$tree/$modules/pam_apikey.so"

# ---- callers ----

in_stack peer-missing postgresql <<'END'
auth required pam_apikey.so
account required pam_permit.so
account required pam_apikey.so
END
planted apparmor-rule rm "$tree/etc/apparmor.d/abstractions/authentication.d/apikeyd"
planted selinux-module rmdir "$tree/var/lib/selinux/targeted/active/modules/200/apikeyd"

# ---- units ----

planted unit-not-enabled rm "$tree/etc/systemd/system/sockets.target.wants/apikeyd-verify.socket"
planted unit-masked ln -s /dev/null "$tree/etc/systemd/system/apikeyd.service"
mkdir "$tree/etc/systemd/system/apikeyd.service.d"
echo 'PrivateUsers=yes' >"$tree/etc/systemd/system/apikeyd.service.d/harden.conf"
planted unit-drop-in

# ---- settings ----

peers='33 = imap'
configured peer-missing ''
configured setting-unknown-name 'nobody-of-this-name = nginx\n'
configured setting-self-service '[self-service]\npermissions = pam.dovecot, pam.*\n'
configured setting-minimum-uid '[self-service]\npermissions = pam.dovecot\n[daemon]\nminimum_uid = 1\n'
configured setting-connections '[daemon]\nconnections_per_uid = 4096\n'
configured setting-connections '[daemon]\nconnections_per_uid = 1\n'
configured setting-durability '[audit]\ndurability = relaxed\n'
configured setting-serve-unrecorded '[audit]\non_failure = serve\n'
configure '[throttle]\nfailures_per_minute = 60\n'
touch -d '+1 hour' "$scratch/apikeyd.conf"
planted_stale()
{
	finds configuration-stale || fail 'a configuration that was changed is not found'
	found+=(configuration-stale)
	configure
	kill -HUP "$daemon_pid"
	mended configuration-stale
}
planted_stale

# ---- files ----

mode configuration-writable 666 "$scratch/apikeyd.conf"
mode master-key-open 644 "$scratch/state/apikeyd.master-key"
moved master-key-missing "$scratch/state/apikeyd.master-key"
moved master-key-damaged "$scratch/state/apikeyd.master-key" install -m 600 /dev/null "$scratch/state/apikeyd.master-key"
: >"$scratch/state/apikeyd.master-key.new"
planted_left_over()
{
	finds master-key-left-over || fail 'a new master key that was left is not found'
	found+=(master-key-left-over)
	rm "$scratch/state/apikeyd.master-key.new"
	mended master-key-left-over
}
planted_left_over

planted_restart()
{
	local as_daemon=()

	[[ $(id -u) -ne 0 ]] || as_daemon=(setpriv --reuid nobody --regid "$(id -g nobody)" --clear-groups --)
	"${as_daemon[@]}" "$apikeyctl" --runtime-dir "$runtime" master-key rotate --file "$scratch/state/apikeyd.master-key" \
		2>/dev/null || fail 'the master key cannot be rotated'
	finds master-key-restart || fail 'a daemon that runs with the master key before is not found'
	found+=(master-key-restart)
	stop_daemon
	start_daemon
	configure
	kill -HUP "$daemon_pid"
	mended master-key-restart
}
planted_restart

mode state-open 755 "$scratch/state"
mode state-open 640 "$scratch/state/apikeyd.db"
moved database-missing "$scratch/state/apikeyd.db"
moved state-missing "$scratch/state"
mode log-open 755 "$scratch/log"
# The daemon looks every second whether its file is in its place, and puts that right.
planted_future()
{
	local audit=$scratch/log/audit.jsonl future='{"seq":1,"time":"2999-01-01T00:00:00.000000Z"}' size

	size=$(stat -c %s "$audit")
	echo "$future" >>"$audit"
	finds clock-behind || fail "clock-behind is not found, but: ${ids//$'\n'/ }"
	found+=(clock-behind)
	truncate --size="$size" "$audit"
	mended clock-behind
	# A link that the daemon's user may have put there is not followed.
	echo "$future" >"$scratch/elsewhere"
	ln "$audit" "$audit.away"
	ln -s "$scratch/elsewhere" "$audit.link"
	mv -T "$audit.link" "$audit"
	examine
	lacks 'what is found behind a link' "$ids" clock
	has 'what is not checked' "$(json '.skipped[].what')" audit.jsonl
	mv -T "$audit.away" "$audit"
	mended 'the link'
}
planted_future

mv "$scratch/log" "$scratch/log.away"
kill -HUP "$daemon_pid"
finds daemon-degraded || fail 'an audit that cannot be written is not found'
finds log-missing || fail 'a log folder that is missing is not found'
found+=(daemon-degraded log-missing)
mv "$scratch/log.away" "$scratch/log"
kill -HUP "$daemon_pid"
mended daemon-degraded

if [[ $(id -u) -eq 0 ]] && unshare --mount true 2>/dev/null; then
	unshare --mount sh -c "mount -t tmpfs -o size=1m,mode=700 tmpfs '$scratch/state' &&
		exec '$apikeyctl' --json --runtime-dir '$runtime' doctor --root '$tree'" >"$scratch/out"
	has 'what a full disk is called' "$(json '.findings[].id')" disk-low database-missing
	found+=(disk-low)
fi

# ---- sockets ----

moved socket-missing "$runtime/verify.sock"
mode socket-mode 666 "$runtime/login.sock"
mode socket-mode 600 "$runtime/verify.sock"
mode path-untrusted 777 "$runtime"
mode daemon-unreachable 777 "$runtime"
chmod 777 "$runtime"
examine
is 'the mend of a path that is not to be trusted' \
	"$(json '.findings[] | select(.id == "daemon-unreachable").mend' | cut -d ';' -f 1)" 'mend that path'
chmod 755 "$runtime"
moved path-untrusted "$runtime/verify.sock" touch "$runtime/verify.sock"
run --json --runtime-dir "$scratch/nowhere" doctor --root "$tree"
is 'the exit status' "$status" 3
is 'what is found' "$(json '.findings[].id')" daemon-unreachable
found+=(daemon-unreachable)

# ---- keys ----

act key create --name everything --owner nobody --expires 60d --permission '*'
succeeds
finds key-grants-all || fail 'a key that may do everything is not found'
is 'the exit status' "$status" 0
act key update nobody/everything --permission pam.sshd
is_silent || fail 'a key is found that is mended'
sed -i s/nobody/somebody/ "$tree/etc/passwd"
planted key-owner-changed
sed -i /nobody/d "$tree/etc/passwd"
planted key-owner-gone
act key create --name soon --owner nobody --expires 60d
act key update nobody/soon --expires 1d
finds key-due || fail 'a key that ends soon is not found'
found+=(key-due)
act key update nobody/soon --expires 60d
act --json key rotate nobody/soon --overlap 1d
act --json key show nobody/soon
finds key-retiring && fail 'a secret that nobody uses is found'
act key delete nobody/soon --yes
act key create --name old --owner daemon --expires 1d
finds key-system-owner || fail 'the key of a system account is not found'
act key delete daemon/old --yes
is_silent || fail 'a key is found that is deleted'
found+=(key-grants-all key-system-owner)

# ---- another time, another version ----

# told ID PROGRAM: found by a program that is as apikeyctl but for one thing.
told()
{
	local usual=$apikeyctl

	apikeyctl=$2
	finds "$1" || fail "$1 is not found, but: ${ids//$'\n'/ }"
	apikeyctl=$usual
	found+=("$1")
	is_silent || fail "after $1 there is still: ${ids//$'\n'/ }"
}

act key create --name unused --owner nobody --expires never --permission pam.sshd
succeeds
export OTHER_TIME=$(($(date +%s) + 366 * 86400))
told key-forgotten "$PWD/tests/cli/other-time"
act key delete nobody/unused --yes
export OTHER_TIME=86400
told clock-unset "$PWD/tests/cli/other-time"
unset OTHER_TIME

run --version
version=${out##* }
if [[ -x cli/.libs/apikeyctl ]]; then
	sed "s/${version//./\\.}/9${version:1}/g" "$apikeyctl" >"$scratch/later"
	chmod 755 "$scratch/later"
	told daemon-version "$scratch/later"
fi

# ---- who looks, and at what ----

# What does not belong on a terminal is not written to it, nor into a finding.
printf 'auth sufficient pam_apikey.so \033[2Jevil\n@include common-auth\n@include common-account\n' >"$pam/sshd"
act doctor --root "$tree"
is 'the exit status' "$status" 1
has 'what is said' "$out" 'error: ' '[stack-option]' '\033[2Jevil' '    mend: '
lacks 'what is said' "$out" $'\033'
act --json doctor --root "$tree"
lacks 'the JSON' "$out" $'\033'
is 'the line' "$(json '[.findings[] | select(.id == "stack-option")][0].line')" 1
mended 'an escape sequence'

# Neither pipes nor endless files nor links out of the tree hold it up or lead it astray.
mkfifo "$pam/pipe"
ln -s /dev/zero "$pam/zero"
ln -s ../../../../../../../../../../../../etc/passwd "$pam/out"
truncate -s 1G "$pam/great"
last='doctor on strange files'
timeout 60 "$apikeyctl" --json doctor --root "$tree" >"$scratch/out" 2>"$scratch/err" || fail 'strange files are a finding'
is 'what is not checked' "$(json '.skipped[].what' | sort | sed "s|$tree||" | tr '\n' ' ')" \
	'/etc/pam.d/great /etc/pam.d/pipe /etc/pam.d/zero '
mended 'strange files'

# Many of a kind are counted.
for ((i = 0; i < 30; i++)); do
	echo 'auth sufficient pam_apikey.so nonsense' >"$pam/service$i"
done
act doctor --root "$tree"
has 'what is said' "$out" 'and 10 more [stack-option]'
act --json doctor --root "$tree"
is 'the errors' "$(json .errors)" 30
mended 'many of a kind'

# Somebody who is no administrator is told what could not be looked at.
if [[ $(id -u) -eq 0 ]] && setpriv --reuid=12345 --regid=12345 --clear-groups test -x "$apikeyctl"; then
	chmod 600 "$pam/sshd"
	setpriv --reuid=12345 --regid=12345 --clear-groups "$apikeyctl" --runtime-dir "$runtime" doctor --root "$tree" \
		>"$scratch/out" 2>"$scratch/err"
	has 'standard error' "$(cat "$scratch/err")" 'not checked: settings and keys' "$tree/etc/pam.d/sshd"
	mended 'looking as somebody else'
fi

# All of the key store is read, and is whole; then it is not.
act --json doctor --root "$tree" --deep
is 'what a look at all finds' "$status $(json '.findings + .skipped | length')" '0 0'
cp "$scratch/state/apikeyd.db" "$scratch/whole.db"
pages=$(($(stat -c %s "$scratch/whole.db") / 4096))
for ((page_number = 1; page_number < pages; page_number++)); do
	head -c 2000 /dev/zero | dd of="$scratch/state/apikeyd.db" bs=1 seek=$((page_number * 4096)) conv=notrunc status=none
done
act --json doctor --root "$tree" --deep
has 'what is found in a damaged store' "$(json '.findings[].id') $(json '.skipped[].what')" store-damaged
[[ $out != *store-damaged* ]] || found+=(store-damaged)
stop_daemon

# Wrong command lines.
run doctor --root "$scratch/nothing"
misused
run doctor --root "$tree" --deep
misused
run --credential-file /dev/null doctor
misused

# Each outcome that a script can tell from the others was there; 3 is looked for above.
for wanted in 0 1 4; do
	[[ " ${statuses[*]} " == *" $wanted "* ]] || fail "no mistake that was planted ended in $wanted"
done

# ---- the page ----

# What is found by this test, and every finding there is, stands in the page, and nothing else does.
while read -r id; do
	grep -q "^\.B $id\$" "$page" || fail "the man page does not explain $id"
done < <(sed -nE 's/.*\[FINDING_[A-Z_]+\] = \{ "([a-z-]+)".*/\1/p' "$(dirname "$0")/../../cli/doctor_report.c")
while read -r id; do
	grep -q "\"$id\", DOCTOR_" "$(dirname "$0")/../../cli/doctor_report.c" || fail "the man page has $id, which there is not"
done < <(sed -nE '/^\.SS The daemon/,/^\.SH EXIT/s/^\.B ([a-z-]+)$/\1/p' "$page")
# tests/callers/doctor.sh plants two that only a whole host can have, tests/callers/rotate.sh one that takes logins,
# tests/boot/cases.sh one of systemd's; what the others take is not everywhere.
elsewhere=' key-retiring configuration-broken system-log unit-failed disk-low daemon-version '
while read -r id; do
	[[ $elsewhere == *" $id "* || " ${found[*]} " == *" $id "* ]] || fail "nothing of the kind $id was planted"
done < <(sed -nE 's/.*\[FINDING_[A-Z_]+\] = \{ "([a-z-]+)".*/\1/p' "$(dirname "$0")/../../cli/doctor_report.c")

finish
