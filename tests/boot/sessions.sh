# shellcheck shell=bash disable=SC2016,SC2034,SC2154,SC2317 # the inner shell expands it; variables go from file to file; functions are called by name
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Sessions that keys opened, on a system with logind and without: they end with their key, with all that runs in them, and
# what was opened by a password or another key stays; the helper may be killed meanwhile, and does nothing for who is not
# the daemon. Sourced.
suite=sessions

# The processes that tell logins apart are called by how long they sleep.
runs()
{
	inside pgrep -f "^sleep $1\$"
}

run_all()
{
	local number
	for number; do
		runs "$number" || return
	done
}

# logs_in SECRET-FILE COMMAND [OPTION]: over SSH as alice, in the background.
logs_in()
{
	inside bash -c 'SSHPASS=$(cat "$1") exec sshpass -e ssh -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
		-o LogLevel=ERROR -o NumberOfPasswordPrompts=1 -o PubkeyAuthentication=no -o ConnectTimeout=60 $3 alice@127.0.0.1 "$2"' \
		- "$1" "$2" "${3-}" >/dev/null 2>&1 </dev/null &
}

# listed COUNT [TEXT]: so many sessions are listed, of those whose line has the text.
listed()
{
	local lines
	lines=$(inside apikeyctl --json session list | tr -d '\n ' | grep -o '{[^}]*}' | grep -c -e "${2-.}")
	[ "$lines" -eq "$1" ]
}

number_of()
{
	inside apikeyctl --json session list | tr -d '\n ' | grep -o '{[^}]*}' | grep -e "$1" | grep -oE '"session":[0-9]+' | grep -oE '[0-9]+'
}

# connects USER SOCKET
connects()
{
	inside setpriv --reuid="$1" --regid="$1" --clear-groups python3 -c 'import socket, sys
socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET).connect("/run/apikeyd/" + sys.argv[1])' "$2"
}

# ---- a host whose sshd and sudo register sessions ----

system_is_a_host
system_boots
case_is 'the packages install' inside bash -c 'cd /opt/packages && apt-get install --yes --no-install-recommends \
	./libapikey1_*.deb ./libapikey-sign1_*.deb ./apikeyd_*.deb ./libpam-apikey_*.deb'
case_is 'the daemon serves' poll 60 inside apikeyctl status
inside bash -s >/dev/null 2>&1 <<'END'
useradd --create-home --uid 1000 --shell /bin/bash alice
install -d -m 0700 /root/secrets
echo 'Unix password of alice 5173' >/root/secrets/password
echo "alice:$(cat /root/secrets/password)" | chpasswd
echo 'alice ALL=(root) ALL' >/etc/sudoers.d/alice
for service in sshd sudo; do
	sed -i '1i auth [success=done default=ignore] pam_apikey.so session timeout=60000\nsession required pam_apikey.so timeout=60000' /etc/pam.d/$service
done
umask 077
for name in first second third; do
	apikeyctl key create --owner alice --name $name --permission '*' >/root/secrets/$name
done
END
case_is 'nothing is registered' listed 0
case_is 'the helper may only signal' \
	inside sh -c 'grep -qx "CapEff:[[:space:]]*0000000000000020" "/proc/$(systemctl show --value --property MainPID apikey-sessiond.service)/status"'

# ---- what holds the helper ----

# in_helper COMMAND…: as root with every capability, which nothing holds but what the unit has mounted and shut off.
in_helper()
{
	inside nsenter --target "$(inside systemctl show --value --property MainPID apikey-sessiond.service)" --mount --net "$@"
}

# is_read_only FOLDER…: that is why nothing can be made there.
is_read_only()
{
	local folder
	for folder; do
		in_helper sh -c '[ -d "$1" ] && ! LC_ALL=C touch "$1/probe" 2>"/proc/self/fd/1"' - "$folder" | grep 'Read-only file system' || return
	done
}

# What is mounted in there for writing, but for the kernel's own.
writable()
{
	in_helper awk '{
		for (i = 7; $i != "-"; i++);
		options[$5] = $(i + 1) == "proc" ? "" : $6 # of two at one place the later one hides the other
	}
	END { for (place in options) if (options[place] ~ /^rw/ && place !~ "^/dev(/|$)") print place }' /proc/self/mountinfo
}

has_no_network()
{
	[ "$(in_helper readlink /proc/self/ns/net)" != "$(inside readlink /proc/self/ns/net)" ] &&
		[ "$(in_helper awk 'NR > 2 { print $1 }' /proc/self/net/dev)" = lo: ]
}
case_is 'the helper has no network' has_no_network
case_is 'nothing can be written in its /etc, /var, /run and all else' \
	is_read_only / /etc /usr /var /var/lib /run /run/apikeyd /root /sys/fs/cgroup
case_is 'but below the control group of logins' sh -c 'echo "$1"; printf "%s\n" "$1" | grep -qxE "/sys/fs/cgroup/(unified/)?user.slice"' - "$(writable)"

# ---- with logind ----

logs_in /root/secrets/first 'setsid -f sleep 1001; sleep 1002'
logs_in /root/secrets/second 'setsid -f sleep 1003; sleep 1004'
logs_in /root/secrets/password 'setsid -f sleep 1005; sleep 1006'
case_is 'three logins' poll 60 run_all 1001 1002 1003 1004 1005 1006
case_is 'those with a key are listed' poll 60 listed 2 '"service":"sshd"'
case_is 'no ticket is in any environment' inside sh -c '! grep -as APIKEY_TICKET= /proc/[0-9]*/environ'
helper_is_new()
{
	[ "$(inside systemctl show --value --property MainPID apikey-sessiond.service)" != "$helper" ] &&
		[ "$(inside systemctl show --value --property ActiveState apikey-sessiond.service)" = active ]
}
helper=$(inside systemctl show --value --property MainPID apikey-sessiond.service)
inside kill -KILL "$helper"
case_is 'the helper is started again' poll 60 helper_is_new
case_is 'it knows the sessions from before' poll 60 listed 2
case_is 'it is restarted, as by an upgrade' inside systemctl restart apikey-sessiond.service
case_is 'it knows them still' poll 60 listed 2
case_is 'its user does not reach the register' not connects alice session-control.sock
case_is 'nor can anybody register but root' not connects alice session.sock
case_is 'the daemon does not either' not connects apikeyd session.sock
case_is 'it may ask for what is registered' connects apikeyd session-control.sock
case_is 'the first key is revoked, with its sessions' inside apikeyctl key revoke alice/first --end-sessions
case_is 'its login is gone' poll 10 not runs 1002
case_is 'and what had left it, too' poll 10 not runs 1001
case_is 'the other logins stay' run_all 1003 1004 1005 1006
case_is 'one session is left' poll 10 listed 1

# How long the command and the end of the login take together. The machine may be busy with something else, so it is the
# best of three that counts.
ended_in()
{
	inside bash -c 'client=$(pgrep -f "^ssh .* sleep $2\$") && [ "$(wc -w <<<"$client")" -eq 1 ] || exit
		begun=${EPOCHREALTIME/./}
		apikeyctl key revoke "alice/$1" --end-sessions || exit
		while kill -0 "$client" 2>/dev/null; do
			(((${EPOCHREALTIME/./} - begun) < 60000000)) || exit
			sleep 0.01
		done
		echo "$(((${EPOCHREALTIME/./} - begun) / 1000))"' - "$1" "$2"
}
best=
for number in 1 2 3; do
	inside sh -c 'umask 077; apikeyctl key create --owner alice --name "quick-$1" --permission "*" >"/root/secrets/quick-$1"' - $number 2>/dev/null
	logs_in /root/secrets/quick-$number "sleep 110$number"
	poll 60 runs 110$number >"$scratch/case"
	took=$(ended_in quick-$number 110$number 2>"$scratch/ended")
	[ -z "$best" ] || [ "${took:-$best}" -ge "$best" ] || best=$took
	best=${best:-$took}
	[ "${best:-1000}" -ge 1000 ] || break
done
case_is 'an open login is gone within a second' sh -c 'echo "in $2 ms"; cat "$1"; [ "${2:-1000}" -lt 1000 ]' - "$scratch/ended" "$best"
case_is 'all that are left are the others' poll 10 listed 1

# In the login by password, with another key.
inside cp /root/secrets/third /home/alice/third
inside chown alice /home/alice/third
logs_in /root/secrets/password 'sleep 1007 & sudo -S sleep 1008 <third'
case_is 'sudo with a key' poll 60 run_all 1007 1008
case_is 'it is listed' poll 60 listed 1 '"service":"sudo"'
case_is 'no ticket is in its environment' inside sh -c '! grep -as APIKEY_TICKET= /proc/[0-9]*/environ'
case_is 'it is ended' inside apikeyctl session end "$(number_of '"service":"sudo"')"
case_is 'its command is gone' poll 10 not runs 1008
case_is 'the login in which it was typed stays' runs 1007
case_is 'and so do the others' run_all 1003 1004 1005 1006

# ---- without ----

inside sh -c 'sed -i /pam_systemd/d /etc/pam.d/common-session; systemctl mask --runtime --now systemd-logind.service' >/dev/null 2>&1
logs_in /root/secrets/third 'setsid -f sleep 1009; sleep 1010' -tt
case_is 'a login without logind' poll 60 run_all 1009 1010
case_is 'it is listed, too' poll 60 listed 1 '"key_name":"third"'
case_is 'its key is revoked' inside apikeyctl key revoke alice/third --end-sessions
case_is 'the login is gone' poll 10 not runs 1010
case_is 'what had left it goes on, as the manual says' runs 1009
case_is 'all others are there' run_all 1003 1004 1005 1006 1007
case_is 'no unit has failed' inside sh -c '[ -z "$(systemctl --failed --no-legend --plain | tee /dev/stderr)" ]'

echo '# end of boot'
