#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# In the gateway's place, as its user and inside all that its unit puts around it: what somebody could try who has taken
# it over, with a shell and with apikeyctl. One line for each: "ok WHAT" where it is as it should be. What it may do comes
# first, so that a sandbox in which nothing works at all does not pass for one that holds.
#
# DAEMON and GATEWAY are the process ids of the two. /opt/keys holds keys of alice: page, reader (may read keys). In
# /opt/drop it may write.
set -uo pipefail

# can WHAT COMMAND…, cannot WHAT COMMAND…
can()
{
	local said
	if said=$("${@:2}" 2>&1); then
		echo "ok can $1"
	else
		echo "not ok can $1"
		echo "$said"
	fi
}

cannot()
{
	local said
	if said=$("${@:2}" 2>&1); then
		echo "not ok cannot $1"
		echo "$said"
	else
		echo "ok cannot $1"
	fi
}

# refused WHAT APIKEYCTL-ARGUMENT…: by the daemon, and not for how it was asked.
refused()
{
	local said
	if said=$(apikeyctl "${@:2}" 2>&1 </dev/null) || [ $? -ne 1 ] || ! grep -q 'You may not do this' <<<"$said"; then
		echo "not ok cannot $1"
		echo "$said"
	else
		echo "ok cannot $1"
	fi
}

# connects SOCKET
connects()
{
	python3 -c 'import socket, sys
socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET).connect("/run/apikeyd/" + sys.argv[1])' "$1"
}

# makes_socket FAMILY
makes_socket()
{
	python3 -c 'import socket, sys; socket.socket(getattr(socket, sys.argv[1]), socket.SOCK_STREAM if sys.argv[1] != "AF_NETLINK" else socket.SOCK_RAW)' "$1"
}

# any FILE…: one of them can be read, or listed.
any()
{
	local file
	for file; do
		cat "$file" || ls "$file"/* && return
	done
	return 1
}

# writes FOLDER…: a file can be made in one of them.
writes()
{
	local folder
	for folder; do
		touch "$folder/made-by-an-intruder" && return
	done
	return 1
}

can 'be the gateway' [ "$(id -un)" = apikey-gateway ]
can 'run a program of the system' true
can 'ask on verify.sock' connects verify.sock
can 'ask on admin.sock' connects admin.sock
can 'act with the key of a request, within what it permits' apikeyctl --credential-file /opt/keys/reader key list

# ---- secrets ----

cannot 'read the store' any /var/lib/apikeyd/apikeyd.db /var/lib/apikeyd
cannot 'read the master key' any /etc/credstore/apikeyd.master-key /etc/credstore /etc/credstore.encrypted \
	/run/credentials/apikeyd.service/apikeyd.master-key "/proc/$DAEMON/root/run/credentials/apikeyd.service/apikeyd.master-key"
cannot 'read the audit' any /var/log/apikeyd/audit.jsonl /var/log/apikeyd
cannot "see the daemon's process" any "/proc/$DAEMON/maps" "/proc/$DAEMON/environ" "/proc/$DAEMON/status"
cannot 'signal the daemon' kill -0 "$DAEMON"
cannot 'read what root keeps' any /root /etc/shadow /home/alice
refused 'back the store up' backup /opt/drop/backup
refused 'have the key of the audit' audit key
refused 'read the audit by way of the daemon' audit show
refused 'read the audit with a key that reads keys' --credential-file /opt/keys/reader audit show

# ---- keys, in nobody's name and in alice's ----

refused 'list keys' key list
refused 'make a key' key create --owner alice --name stolen --permission web.read
refused 'make a key of its own' key create --name own --permission web.read
refused 'make a key with one that only reads' --credential-file /opt/keys/reader key create --owner alice --name stolen --permission web.read
refused 'make a key with one that permits another thing' --credential-file /opt/keys/page key create --owner alice --name stolen --permission web.read
refused 'rotate a key' key rotate page
refused 'make a role' role create stolen --permission '*'
refused 'make a tenant' tenant create --name stolen
refused 'list sessions' session list
refused 'have a link to the portal' portal
refused 'list who is signed in' signin list
refused 'sign somebody out' signin end none
refused 'lift or set a lockdown' lockdown on
cannot 'reach the socket of logins' connects login.sock
cannot 'reach the socket of sessions' connects session.sock
cannot "reach the socket that ends sessions" connects session-control.sock

# ---- the host ----

cannot 'make a connection of the network' makes_socket AF_INET
cannot 'make one of IPv6' makes_socket AF_INET6
cannot 'ask the kernel about the network' makes_socket AF_NETLINK
cannot 'reach sshd' bash -c 'exec 3<>/dev/tcp/127.0.0.1/22'
cannot 'reach systemd or others by D-Bus' any /run/dbus/system_bus_socket /run/systemd/private
cannot 'have systemd do something' systemctl start ssh.service
cannot 'write anywhere that lasts' writes / /etc /usr /var /var/lib /var/lib/apikeyd /var/log /run /run/apikeyd /run/apikey-gateway /root /home /dev/shm /opt /tmp /var/tmp /dev /dev/mqueue /proc/self
cannot 'become root' setpriv --reuid=0 id
cannot 'become alice' setpriv --reuid=1000 id
cannot 'make a namespace' unshare --user true
cannot 'mount anything' mount -t tmpfs none /tmp
cannot 'trace another process of its user' python3 -c 'import ctypes, os, sys
sys.exit(ctypes.CDLL(None).ptrace(16, int(os.environ["GATEWAY"]), 0, 0) != 0)'
echo 'end of intrusion'
