# shellcheck shell=bash disable=SC2016,SC2034,SC2154,SC2317 # the inner shell expands it; variables go from file to file; functions are called by name
# SPDX-License-Identifier: Apache-2.0 OR MIT
# apikey-gateway on a system that boots: started by its sockets, asked by who may, outliving the daemon; and what
# somebody could do who has taken it over, which is nothing without a key. Sourced.
suite=gateway

target='/v1/auth?permission=web.read&service=nginx'

# ask USER GROUP CURL-OPTION… URL: as that user, in that group; the head of the answer goes to $scratch/head. A key is
# read from a file.
ask()
{
	inside setpriv --reuid="$1" --regid="$2" --clear-groups \
		curl --silent --show-error --max-time 60 --output /dev/null --dump-header - "${@:3}" >"$scratch/head"
}

# answers STATUS ASK-ARGUMENT…
answers()
{
	ask "${@:2}"
	cat "$scratch/head"
	grep -q "^HTTP/1.1 $1 " "$scratch/head"
}

by_port()
{
	answers "$1" alice alice "${@:2:$#-2}" "http://127.0.0.1:8075${*: -1}"
}

by_socket()
{
	answers "$1" www-data apikey-gateway --unix-socket /run/apikey-gateway/gateway.sock "${@:2:$#-2}" "http://gateway${*: -1}"
}

has_state()
{
	[ "$(inside systemctl show --value --property=ActiveState "$2")" = "$1" ]
}

pid_of()
{
	inside systemctl show --value --property=MainPID "$1"
}

# ---- it is installed beside a daemon that runs ----

system_is_a_host
system_boots
case_is 'the daemon installs' inside bash -c 'cd /opt/packages && apt-get install --yes --no-install-recommends \
	./libapikey1_*.deb ./libapikey-sign1_*.deb ./apikeyd_*.deb'
case_is 'the daemon serves' poll 60 inside apikeyctl status
inside bash -s >/dev/null 2>&1 <<'SETUP'
useradd --create-home --uid 1000 --shell /bin/bash alice
install -d -m 0755 /root/keys
chmod 0755 /root
printf '[self-service]\npermissions = web.*\n[peers]\napikey-gateway = nginx\n' >/etc/apikeyd/apikeyd.conf
systemctl reload apikeyd
apikeyctl key create --owner alice --name page --permission web.read >/root/keys/page
apikeyctl key create --owner alice --name other --permission other.read >/root/keys/other
apikeyctl key create --owner alice --name admin --permission apikeyd.keys.read >/root/keys/reader
for name in page other; do
	printf 'X-API-KEY: %s\n' "$(cat /root/keys/$name)" >/root/keys/$name.header
done
SETUP
case_is 'a gateway that is not there yet is no mistake' inside apikeyd --check-config
case_is 'the gateway installs' inside bash -c 'cd /opt/packages && apt-get install --yes --no-install-recommends ./apikey-gateway_*.deb'
case_is 'it listens' has_state active apikey-gateway.socket
case_is 'it has not been started' has_state inactive apikey-gateway.service
case_is 'healthz, by the port' by_port 200 /healthz
case_is 'the first request has started it' has_state active apikey-gateway.service
case_is 'healthz, by the socket' by_socket 200 /healthz

# The daemon was told of the user by the package.
case_is 'a key that permits it' poll 60 by_port 200 --header @/root/keys/page.header "$target"
case_is 'whose it is' grep -qi '^x-api-user: alice' "$scratch/head"
case_is 'the same by the socket' by_socket 200 --header @/root/keys/page.header "$target"
case_is 'a key that does not' by_port 403 --header @/root/keys/other.header "$target"
case_is 'no key' by_port 401 "$target"
case_is 'a service that it may not speak for' by_port 403 --header @/root/keys/page.header "${target/nginx/sshd}"
by_socket_of_others()
{
	ask www-data www-data --unix-socket /run/apikey-gateway/gateway.sock http://gateway/healthz
}
case_is 'the socket is for the group alone' not by_socket_of_others
case_is 'no unit has failed' inside sh -c '[ -z "$(systemctl --failed --no-legend --plain | tee /dev/stderr)" ]'

# ---- restarts, and the daemon's ----

before=$(pid_of apikey-gateway.service)
inside kill -KILL "$before"
case_is 'killed, it is back with the next request' poll 60 by_port 200 --header @/root/keys/page.header "$target"
case_is 'as another process' not test "$(pid_of apikey-gateway.service)" = "$before"
inside systemctl stop apikeyd.service apikeyd-{login,verify,admin}.socket
case_is 'without the daemon it says so' poll 60 by_port 503 --header @/root/keys/page.header "$target"
case_is 'and healthz does' by_port 503 /healthz
inside systemctl start apikeyd-{login,verify,admin}.socket
case_is 'it finds the daemon when it is back' poll 60 by_port 200 --header @/root/keys/page.header "$target"

# ---- TLS of its own ----

# The certificates are made outside of the booted system, which needs no program for that.
root=$work/system/root
for name in first second third; do
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$name" -days 3 \
		-keyout "$root/root/$name.key" -out "$root/root/$name.crt" 2>/dev/null
done
# puts CERTIFICATE KEY: as the manual has it.
puts()
{
	inside install -D -m 0644 "/root/$1.crt" /etc/apikeyd/tls/certificate.pem
	inside install -D -m 0400 -o apikey-gateway "/root/$2.key" /etc/apikeyd/tls/key.pem
}

shows()
{
	inside curl --silent --insecure --verbose --output /dev/null https://127.0.0.1:8443/healthz >"$scratch/shown" 2>&1
	cat "$scratch/shown"
	grep -qx "\*  subject: CN=$1" "$scratch/shown"
}

puts first first
inside cp -p /etc/apikeyd/gateway.conf /root/gateway.conf
inside sh -c 'printf "[tls]\ncertificate = /etc/apikeyd/tls/certificate.pem\nkey = /etc/apikeyd/tls/key.pem\n" >/etc/apikeyd/gateway.conf'
case_is 'the check takes the certificate' inside apikey-gateway --check-config
case_is 'the socket for TLS is switched on' inside systemctl enable apikey-gateway-tls.socket
inside systemctl stop apikey-gateway.socket apikey-gateway.service
case_is 'and all sockets are started' inside systemctl start apikey-gateway-tls.socket apikey-gateway.socket
case_is 'it speaks TLS' poll 60 shows first
case_is 'and without TLS, where it did' by_port 200 /healthz
before=$(pid_of apikey-gateway.service)
puts second second
case_is 'a renewed certificate is taken up by a reload' inside systemctl reload apikey-gateway.service
case_is 'it is shown' poll 60 shows second
puts third second
case_is 'a reload with half of a pair fails' not inside systemctl reload apikey-gateway.service
case_is 'the certificate before is shown' shows second
case_is 'all by the same process' test "$(pid_of apikey-gateway.service)" = "$before"
inside bash -euc '
	chmod 0600 /root/third.key
	printf "[tls]\ncertificate = tls-certificate\nkey = tls-key\n" >/etc/apikeyd/gateway.conf
	mkdir -p /etc/systemd/system/apikey-gateway.service.d
	printf "[Service]\nLoadCredential=tls-certificate:/root/third.crt\nLoadCredential=tls-key:/root/third.key\n" \
		>/etc/systemd/system/apikey-gateway.service.d/tls.conf
	systemctl daemon-reload'
case_is 'a key that is for root alone is a credential' inside systemctl restart apikey-gateway.service
case_is 'its certificate is shown' poll 60 shows third
case_is 'a reload with credentials fails' not inside systemctl reload apikey-gateway.service
case_is 'and says what takes them up' inside sh -c 'journalctl --quiet --unit apikey-gateway.service | grep -q "try-restart apikey-gateway"'
inside bash -euc '
	systemctl disable --now apikey-gateway-tls.socket
	rm -r /etc/systemd/system/apikey-gateway.service.d /etc/apikeyd/tls
	cp -p /root/gateway.conf /etc/apikeyd/gateway.conf
	systemctl daemon-reload
	systemctl restart apikey-gateway.service' >/dev/null 2>&1
case_is 'without TLS again' by_port 200 /healthz

# ---- whoever takes the gateway over ----

# Whatever the unit says holds, but for the program, which may run others here.
case_is 'the intruder is let in' inside bash -euc '
	chmod 0600 /root/keys/{page,reader} && chown apikey-gateway /root/keys/{page,reader}
	install -d -o apikey-gateway /root/drop
	systemctl cat apikey-gateway.service | sed -E \
		-e "s,^ExecStart=.*,ExecStart=/opt/tests/intruder.sh," -e "s,^Type=.*,Type=oneshot," \
		-e "/^(NotifyAccess|Restart|RestartSec|WatchdogSec|Sockets|Requires)=/d" -e "/^\[Install\]/,\$d" \
		-e "s,^ExecPaths=,ExecPaths=/bin /sbin /usr /opt ," >/run/systemd/system/intruder.service
	printf "[Service]\nStandardOutput=truncate:/root/intruder\nStandardError=inherit\nBindReadOnlyPaths=/opt/tests /root/keys:/opt/keys\nBindPaths=/root/drop:/opt/drop\nEnvironment=DAEMON=%s GATEWAY=%s\n" \
		"$(systemctl show --value --property=MainPID apikeyd)" "$(systemctl show --value --property=MainPID apikey-gateway)" \
		>>/run/systemd/system/intruder.service
	systemctl daemon-reload
	systemctl start intruder.service'
while IFS= read -r line; do
	case $line in
	"ok "*) case_passed "an intruder ${line#ok }" ;;
	'not ok '*) case_failed "an intruder ${line#not ok }" ;;
	*) echo "# $line" ;;
	esac
done < <(inside cat /root/intruder)
case_is 'the intruder has tried everything' inside grep -qx 'end of intrusion' /root/intruder
case_is 'no key was made meanwhile' inside sh -c '[ "$(apikeyctl --json key list | grep -c "\"id\"")" -eq 3 ]'

# ---- it goes ----

case_is 'it is purged' inside apt-get purge --yes apikey-gateway
case_is 'nothing is left of it' inside sh -c '
	left=$(ls -d /etc/systemd/system/*/apikey-gateway* /usr/sbin/apikey-gateway 2>/dev/null)
	echo "$left"
	[ -z "$left" ] && ! systemctl is-active --quiet apikey-gateway.socket apikey-gateway.service'
case_is 'the daemon serves on' inside apikeyctl status
echo '# end of boot'
