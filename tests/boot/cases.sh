# shellcheck shell=bash disable=SC2016,SC2154,SC2317 # the inner shell expands it; variables go from file to file; functions are called by name
# SPDX-License-Identifier: Apache-2.0 OR MIT
# A host's life with the packages, in order. At every step people log in by password; those with a key get in whenever
# they could. Sourced.

# shellcheck source=tests/boot/loops.sh
. "$sources/tests/boot/loops.sh"

master_key=/etc/credstore/apikeyd.master-key
database=/var/lib/apikeyd/apikeyd.db
configuration=/etc/apikeyd/apikeyd.conf

login()
{
	inside /opt/tests/login.sh "$@"
}

key_works()
{
	login ssh /root/secrets/key
}

# Everybody who has a password, or needs none, gets in; the console, root and cron among them.
passwords_work()
{
	local way
	for way in ssh console su cron; do
		case_is "$1: $way without a key" login "$way"
	done
}

property()
{
	inside systemctl show --property="$1" --value "${2:-apikeyd.service}"
}

has_state()
{
	[ "$(property ActiveState "$2")" = "$1" ]
}

sockets_listen()
{
	local name
	for name in login verify admin; do
		has_state active "apikeyd-$name.socket" || return
	done
}

# installs FOLDER: the packages in it, as an administrator does.
installs()
{
	inside bash -c 'cd "$1" && apt-get install --yes --no-install-recommends ./libapikey1_*.deb ./libapikey-sign1_*.deb ./apikeyd_*.deb ./libpam-apikey_*.deb' - "$1"
}

# ---- the system, and packages of a later version ----

printf '127.0.0.1 localhost boot\n' >"$work/system/root/etc/hosts"
echo boot >"$work/system/root/etc/hostname"
# The tree was made with a policy that no package starts anything; this system is a usual one.
rm -f "$work/system/root/usr/sbin/policy-rc.d"
# Its jail for sshd wants a log file that is not there.
ln -s /dev/null "$work/system/root/etc/systemd/system/fail2ban.service"
rm -rf "$work/upgrade" && mkdir "$work/upgrade"
version=$(dpkg-deb --field "$packages"/apikeyd_*.deb Version)
for package in apikeyd libapikey1 libapikey-sign1 libpam-apikey; do
	dpkg-deb --raw-extract "$packages/${package}_$version"_*.deb "$scratch/$package"
	sed -i "s/^Version: .*/&+later/; s/(= $version)/(= $version+later)/" "$scratch/$package/DEBIAN/control"
	dpkg-deb --root-owner-group --build "$scratch/$package" "$work/upgrade" >/dev/null
done

system_boots
inside bash -s >/dev/null <<'END'
useradd --create-home --uid 1000 --shell /bin/bash alice
mkdir -m 0700 /root/secrets
echo 'Unix password of alice 5173' >/root/secrets/alice
echo 'Unix password of root 7730' >/root/secrets/root
printf 'alice:%s\nroot:%s\n' "$(cat /root/secrets/alice)" "$(cat /root/secrets/root)" | chpasswd
cp -a /etc/pam.d /root/pam.d
END
passwords_work 'before'

# ---- install ----

case_is 'install' installs /opt/packages
case_is 'install: the daemon serves' poll 60 inside apikeyctl status
case_is 'install: the sockets listen' sockets_listen
case_is 'install: the master key is for root alone' \
	inside sh -c '[ "$(stat -c "%a %U %G %s" "$1")" = "400 root root 32" ]' - $master_key
case_is 'install: the database is for the daemon alone' \
	inside sh -c '[ "$(stat -c "%a %U %G" "$1" "${1%/*}" | paste -sd ,)" = "600 apikeyd apikeyd,700 apikeyd apikeyd" ]' - $database
case_is 'install: no unit has failed' inside sh -c '[ -z "$(systemctl --failed --no-legend --plain | tee /dev/stderr)" ]'
case_is 'install: no PAM stack has changed' inside diff -r /root/pam.d /etc/pam.d
doctor_is_silent()
{
	[ "$(inside apikeyctl doctor 2>&1 | tr -d '\r' | tee /dev/stderr)" = 'nothing found' ]
}
case_is 'install: doctor says to take the key of the audit away, and nothing else' \
	inside sh -c '[ "$(apikeyctl doctor 2>&1 | grep -o "\[[a-z-]*\]")" = "[audit-key-here]" ] && (umask 077; apikeyctl audit key >/root/audit.key)'
case_is 'install: doctor has nothing more to say' doctor_is_silent
passwords_work 'install'

# ---- the profile ----

case_is 'profile: switched on' inside pam-auth-update --enable apikey
case_is 'profile: doctor has nothing to say' doctor_is_silent
inside sh -c 'umask 077; apikeyctl key create --owner alice --name all --permission "*" >/root/secrets/key; apikeyctl key create --owner root --name root --permission "*" >/root/secrets/roots-key' 2>/dev/null
passwords_work 'profile'
# On a busy machine a start may take longer than a login waits, so there is more than one chance.
first_login_works()
{
	local i
	for i in 1 2 3; do
		inside systemctl stop apikeyd.service 2>/dev/null
		has_state inactive apikeyd.service || return
		if key_works; then
			return
		fi
	done
	return 1
}
case_is 'profile: the first login with a key starts the daemon' first_login_works
case_is 'profile: it runs then' poll 60 has_state active apikeyd.service
records()
{
	inside sh -c 'wc -l </var/log/apikeyd/audit.jsonl'
}
asked=$(records)
case_is 'profile: the console takes no key' not login console /root/secrets/key
case_is 'profile: su takes no key of root' not login su /root/secrets/roots-key
case_is 'profile: neither asked the daemon' [ "$(records)" = "$asked" ]

# A stack that an administrator wrote, and a caller that is not root.
inside sh -c 'cat >/etc/pam.d/patient; printf "[peers]\nwww-data = patient\n" >"$1"; systemctl reload apikeyd' - $configuration <<'END'
auth     required  pam_apikey.so timeout=60000 permission=pam.sshd
account  required  pam_permit.so
account  [success=ok ignore=ignore default=bad]  pam_apikey.so timeout=60000
END
case_is 'own stack: a key as root' login patient
case_is 'own stack: a key as www-data' poll 60 login patient-peer

# A profile of one's own, as README.Debian shows it.
inside sh -c "sed -n '/^    cd /,/^\$/p' /usr/share/doc/apikeyd/README.Debian >/root/own-profile"
case_is 'own profile: made and switched on' inside sh -e /root/own-profile
case_is 'own profile: it is the one in the stack' inside grep -q 'service in sshd:vsftpd' /etc/pam.d/common-auth
case_is 'own profile: the key works' poll 60 key_works

# ---- fail2ban, AppArmor ----

# A mistyped key, and a password that is wrong.
inside sh -c 'sed "s/x\$/y/; t; s/.\$/x/" /root/secrets/key >/root/secrets/mistyped; echo no password >/root/secrets/no-password'
login ssh /root/secrets/mistyped >/dev/null
login ssh /root/secrets/no-password >/dev/null
matched()
{
	inside sh -c 'fail2ban-regex "$@" | tee /dev/stderr | grep -oE "[0-9]+ matched" | tail -n 1' - "$@"
}
case_is 'fail2ban: the line of a mistyped key is in the journal' poll 60 inside sh -c '
	journalctl --quiet --no-pager --output=short | grep "pam_apikey(sshd:auth): authentication failure" >/root/refusals
	[ "$(wc -l </root/refusals)" -eq 1 ]'
case_is 'fail2ban: the filter finds it in a file' [ "$(matched /root/refusals pam-apikey 2>/dev/null)" = '1 matched' ]
case_is 'fail2ban: the filter finds it in the journal, and no other' [ "$(matched systemd-journal pam-apikey 2>/dev/null)" = '1 matched' ]
case_is 'fail2ban: the jail is there, switched off' \
	inside sh -c 'printf "[sshd]\nbackend = systemd\n" >/etc/fail2ban/jail.d/sshd.local; fail2ban-client --dump >/tmp/dump && ! grep -q pam-apikey /tmp/dump'
case_is 'fail2ban: the jail can be switched on' \
	inside sh -c 'printf "[pam-apikey]\nenabled = true\n" >/etc/fail2ban/jail.d/pam-apikey.local; fail2ban-client --test && fail2ban-client --dump | grep -q "add.*pam-apikey"'
inside rm -f /etc/fail2ban/jail.d/pam-apikey.local
case_is 'AppArmor: the rule is part of what callers include' inside sh -c '
	printf "include <tunables/global>\nprofile caller {\n include <abstractions/authentication>\n}\n" >/tmp/caller
	apparmor_parser --preprocess /tmp/caller | grep -q "apikeyd/login.sock rw," &&
		apparmor_parser --skip-kernel-load --skip-cache --skip-read-cache /tmp/caller'

# ---- what happens to the daemon while people log in ----

restarts()
{
	local i
	for ((i = 0; i < 10; i++)); do
		inside systemctl restart apikeyd.service || return
	done
}
during 'ten restarts' "$everybody" restarts

reloads()
{
	local i
	for ((i = 0; i < 10; i++)); do
		inside systemctl reload apikeyd.service || return
	done
}
during 'ten reloads' "$everybody" reloads

before=$(property MainPID)
during 'an upgrade' "$everybody" installs /opt/upgrade
case_is 'upgrade: the new version is installed' inside sh -c '[ "$(dpkg-query --show --showformat="\${Version}" libpam-apikey)" = "$1" ]' - "$version+later"
case_is 'upgrade: the daemon was started anew' [ "$(property MainPID)" != "$before" ]
case_is 'upgrade: the profile is still on' inside grep -q pam_apikey /etc/pam.d/common-auth
passwords_work 'upgrade'

# ---- a daemon that hangs ----

inside sh -c 'mkdir -p /etc/systemd/system/apikeyd.service.d && printf "[Service]\nWatchdogSec=5\n" >/etc/systemd/system/apikeyd.service.d/watchdog.conf && systemctl daemon-reload && systemctl restart apikeyd'
before=$(property MainPID)
restarted=$(property NRestarts)
inside kill -STOP "$before"
case_is 'watchdog: a password while the daemon hangs' login ssh
was_restarted()
{
	[ "$(property NRestarts)" -gt "$restarted" ] && [ "$(property MainPID)" != "$before" ] && has_state active apikeyd.service
}
case_is 'watchdog: a daemon that hangs is replaced' poll 180 was_restarted
case_is 'watchdog: the key works again' poll 60 key_works
inside sh -c 'rm -r /etc/systemd/system/apikeyd.service.d && systemctl daemon-reload && systemctl restart apikeyd'

# ---- a unit that has failed ----

inside sh -c 'mkdir /etc/systemd/system/apikeyd-verify.socket.d
	printf "[Socket]\nSocketUser=nobody-of-this-name\n" >/etc/systemd/system/apikeyd-verify.socket.d/broken.conf
	systemctl daemon-reload
	systemctl stop apikeyd.service apikeyd-verify.socket
	systemctl start apikeyd-verify.socket' 2>/dev/null
case_is 'failed unit: doctor names it' \
	inside sh -c 'apikeyctl doctor 2>&1 | tee /dev/stderr | grep -q "^error: apikeyd-verify.socket: it has failed \[unit-failed\]"'
inside sh -c 'rm -r /etc/systemd/system/apikeyd-verify.socket.d && systemctl daemon-reload && systemctl stop apikeyd.service &&
	systemctl start apikeyd-login.socket apikeyd-verify.socket apikeyd-admin.socket && systemctl start apikeyd.service'
case_is 'mended unit: doctor has no more than notes' poll 60 inside apikeyctl doctor
case_is 'mended unit: the key works' poll 60 key_works

# ---- a configuration with a mistake ----

inside sh -c 'cp "$1" /root/good.conf; printf "[daemon]\nworkers = many\n" >>"$1"' - $configuration
case_is 'broken configuration: the reload says so' not inside systemctl reload apikeyd.service
case_is 'broken configuration: the running daemon goes on' poll 60 key_works
restarted=$(property NRestarts)
case_is 'broken configuration: the restart says so' not inside systemctl restart apikeyd.service
case_is 'broken configuration: the key is refused' not key_works
passwords_work 'broken configuration'
case_is 'broken configuration: an upgrade goes through' installs /opt/upgrade
inside sh -c 'cd /opt/upgrade && dpkg --install ./apikeyd_*.deb' >/dev/null 2>&1
has_tried()
{
	[ "$(property NRestarts)" -ge $((restarted + $1)) ]
}
# With --long for more than a minute, and so longer than any limit on how often a unit may start.
tries=10
[ -z "${CHECK_LONG-}" ] || tries=120
case_is 'broken configuration: the daemon is tried again and again' poll 600 has_tried $tries
case_is 'broken configuration: the sockets stay' sockets_listen
inside cp /root/good.conf $configuration
case_is 'mended configuration: logins resume by themselves' poll 60 key_works
case_is 'mended configuration: for callers that are not root too' poll 60 login patient-peer

# ---- the audit, the journal ----

# shellcheck source=tests/boot/audit.sh
. "$sources/tests/boot/audit.sh"
# shellcheck source=tests/boot/events.sh
. "$sources/tests/boot/events.sh"

# ---- reboot ----

inside systemctl reboot
poll 120 is_down
wait "$nspawn"
status=$?
case_is 'reboot: the system goes down to come up again' [ $status -eq 133 ]
system_start
case_is 'reboot: the system boots' poll 300 is_up
case_is 'reboot: the key works' poll 60 key_works
case_is 'reboot: no unit has failed' inside sh -c '[ -z "$(systemctl --failed --no-legend --plain | tee /dev/stderr)" ]'
passwords_work 'reboot'

# ---- remove ----

inside sh -c '{ apt-get remove --yes libpam-apikey; echo "status $?"; } 2>&1 | tr -d "\r" >/root/refusal'
case_is 'remove: not while a stack of the administrator names the module' \
	inside sh -c 'cat /root/refusal; ! grep -qx "status 0" /root/refusal && grep -qx "    /etc/pam.d/patient" /root/refusal'
case_is 'remove: the key works on then' poll 60 key_works
inside rm /etc/pam.d/patient
removed()
{
	inside apt-get remove --yes apikeyd libpam-apikey libapikey1 libapikey-sign1
}
during 'removal' "$by_password" removed
case_is 'remove: no PAM stack names the module' inside diff -r /root/pam.d /etc/pam.d
case_is 'remove: the daemon is gone' not inside pgrep -x apikeyd
case_is 'remove: the sockets are gone' not inside systemctl is-active --quiet apikeyd-login.socket
case_is 'remove: keys and master key stay' inside test -s $database -a -s $master_key
case_is 'remove: the key is refused' not key_works
passwords_work 'remove'

during 'installation over what was left' "$by_password" installs /opt/upgrade
inside pam-auth-update --enable apikey
case_is 'installed again: the key works as before' poll 60 key_works

# ---- purge ----

purged()
{
	inside apt-get purge --yes apikeyd libpam-apikey libapikey1 libapikey-sign1
}
# As apikeyctl master-key import --force leaves them, and a restore of an older backup.
inside cp -p $master_key $master_key.before-import
inside cp -p $master_key $master_key.before-import.2
inside cp -p $master_key $master_key.newer
during 'purge' "$by_password" purged
case_is 'purge: nothing is left' inside sh -c '
	left=$(ls -d /etc/apikeyd /var/lib/apikeyd /var/log/apikeyd /run/apikeyd "$1"* /etc/systemd/system/*/apikeyd* \
		/etc/fail2ban/*/pam-apikey.conf /etc/apparmor.d/abstractions/authentication.d 2>/dev/null
		find / -xdev -user apikeyd 2>/dev/null)
	echo "$left"
	[ -z "$left" ]' - $master_key
case_is 'purge: no PAM stack names the module' inside diff -r /root/pam.d /etc/pam.d
case_is 'purge: no unit has failed' inside sh -c '[ -z "$(systemctl --failed --no-legend --plain | tee /dev/stderr)" ]'
passwords_work 'purge'
case_is 'no secret is in the journal' inside sh -c '! journalctl --quiet --no-pager --output=cat | grep -qF -f /root/secrets/key'
echo '# end of boot'
