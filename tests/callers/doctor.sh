# shellcheck shell=bash disable=SC2034,SC2154,SC2016,SC2119 # variables go from file to file; eval wants its text whole
# SPDX-License-Identifier: Apache-2.0 OR MIT
# apikeyctl doctor on a host that works, and on the same host with mistakes that only a whole host can have.

for stack in sshd/sshd sudo/sudo su/su dovecot/dovecot nginx/nginx; do
	cp "/opt/examples/$stack" /etc/pam.d/
done

# doctor_says STATUS TEXT…: what doctor says, and no error and no warning that is not named.
doctor_says()
{
	local expected=$1 status=0 text

	shift
	apikeyctl doctor >"$scratch/out" 2>"$scratch/err" || status=$?
	[ "$status" -eq "$expected" ] || return 1
	for text; do
		grep -qF -- "$text" "$scratch/out" || return 1
	done
	[ $# -gt 0 ] || grep -qx 'nothing found' "$scratch/out"
}

doctor_is()
{
	local case=$1

	shift
	if poll 60 doctor_says "$@"; then
		case_passed "$case"
	else
		case_failed "$case" "$(cat "$scratch/out" "$scratch/err")"
	fi
}

# planted CASE STATUS TEXT PLANT MEND
planted()
{
	eval "$4"
	doctor_is "$1" "$2" "$3"
	eval "$5"
	doctor_is "$1, mended" 0
}

useradd --system --user-group --no-create-home www-data 2>/dev/null
cat >/etc/apikeyd/apikeyd.conf <<'END'
[peers]
www-data = nginx
END
kill -HUP "$daemon_pid"
# Whose files and processes these are, and that the first key of the audit is elsewhere, is as it should be too.
apikey-sessiond >>/var/log/apikey-sessiond.log 2>&1 </dev/null &
poll 60 test -S /run/apikeyd/session.sock
apikeyctl audit key >"$scratch/audit.key" 2>/dev/null
key_create first bob first pam.sshd --expires 60d
doctor_is "a host that works" 0

module=$(find /usr/lib /lib -name pam_apikey.so | head -n 1)
planted "a configuration that is wrong" 1 configuration-broken \
	'cp /etc/apikeyd/apikeyd.conf "$scratch/conf"; echo "[audti]" >>/etc/apikeyd/apikeyd.conf' \
	'cp -p "$scratch/conf" /etc/apikeyd/apikeyd.conf; kill -HUP "$daemon_pid"'
planted "a runtime folder of somebody else" 3 '/run/apikeyd: it belongs to uid 1000' \
	'chown alice /run/apikeyd' 'chown root /run/apikeyd'
planted "a socket of somebody else" 1 '/run/apikeyd/verify.sock: it belongs to uid 1000' \
	'chown alice /run/apikeyd/verify.sock' 'chown root /run/apikeyd/verify.sock'
planted "a stack of somebody else" 1 '/etc/pam.d/sudo: can be changed by others' \
	'chown alice /etc/pam.d/sudo' 'chown root /etc/pam.d/sudo'
planted "a module of somebody else" 1 module-writable 'chown alice "$module"' 'chown root "$module"'
planted "no module" 1 module-missing 'mv "$module" "$scratch/module"' 'mv "$scratch/module" "$module"'
planted "a master key of somebody else" 1 master-key-open \
	'chown alice /etc/credstore/apikeyd.master-key' 'chown root /etc/credstore/apikeyd.master-key'
planted "a key store of somebody else" 1 state-open \
	'chown alice /var/lib/apikeyd/apikeyd.db' 'chown apikeyd /var/lib/apikeyd/apikeyd.db'
planted "no system log" 4 'system-log' log_absent log_read
planted "nobody who speaks for nginx" 4 peer-missing \
	'sed -i /www-data/d /etc/apikeyd/apikeyd.conf; kill -HUP "$daemon_pid"' \
	'echo "www-data = nginx" >>/etc/apikeyd/apikeyd.conf; kill -HUP "$daemon_pid"'
planted "a disk that is full" 1 disk-low \
	'mount -t tmpfs -o size=64k tmpfs /var/log/apikeyd; chown apikeyd /var/log/apikeyd; chmod 750 /var/log/apikeyd' \
	'umount /var/log/apikeyd'
planted "the console for keys alone" 1 console-locked-out \
	'cp /etc/pam.d/login "$scratch/login"; sed -i "/auth/d" /etc/pam.d/login; sed -i "1i auth required pam_apikey.so" /etc/pam.d/login' \
	'cp "$scratch/login" /etc/pam.d/login'

userdel bob
doctor_is "a user who has gone" 4 'key-owner-gone'
apikeyctl key revoke bob/first 2>/dev/null
useradd --no-create-home --uid 1001 bob

# An ordinary user is told what cannot be looked at, and finds no fault where there is none.
setpriv --reuid=alice --regid=alice --init-groups apikeyctl doctor >"$scratch/out" 2>"$scratch/err"
status=$?
case_is "an ordinary user" "$status: $(cat "$scratch/out" "$scratch/err")" \
	eval '[ $status -eq 0 ] && grep -q "^not checked: settings and keys" "$scratch/err" &&
		grep -qx "nothing found" "$scratch/out"'

daemon_stop
doctor_is "no daemon" 3 daemon-unreachable
daemon_start
doctor_is "a daemon again" 0
