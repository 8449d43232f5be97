# shellcheck shell=bash disable=SC2034,SC2154,SC2016,SC2119,SC2120 # variables go from file to file; eval wants its text whole
# SPDX-License-Identifier: Apache-2.0 OR MIT
# OpenVPN with auth-pam: a server here, a client in a network namespace of its own, a wire between them.

service=openvpn
user=alice password='' other_user=bob
refusal='AUTH_FAILED|auth-failure'
# TLS, then a question that the server looks after once a second.
answer_limit=30000

mkdir -p /dev/net
if ! mknod /dev/net/tun c 10 200 2>"$scratch/out" || ! (exec 3<>/dev/net/tun) 2>>"$scratch/out"; then
	case_skipped "all" "there is no /dev/net/tun: $(tr '\n' ' ' <"$scratch/out")"
	return
fi

# A wire to the other computer.
ip netns add client
ip link add wire type veth peer name wire netns client
ip address add 192.0.2.1/24 dev wire
ip link set wire up
ip -netns client address add 192.0.2.2/24 dev wire
ip -netns client link set wire up
ip -netns client link set lo up
echo '192.0.2.1 vpn.example.org' >>/etc/hosts

# An authority, a server and a device of its own making.
example openvpn/openvpn openvpn/server.conf openvpn/client.conf
certify()
{
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$2" -keyout "$1.key" -out "$scratch/request" &&
		openssl x509 -req -days 2 -in "$scratch/request" -CA "$scratch/ca.crt" -CAkey "$scratch/ca.key" -CAcreateserial \
			-extfile <(printf 'keyUsage=digitalSignature\nextendedKeyUsage=%s\n' "$3") -out "$1.crt"
}
{
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj '/CN=authority' \
		-keyout "$scratch/ca.key" -out "$scratch/ca.crt" &&
		certify /etc/openvpn/server/server vpn.example.org serverAuth &&
		certify /etc/openvpn/client/client laptop clientAuth &&
		openvpn --genkey tls-crypt /etc/openvpn/server/tls-crypt.key
} >"$scratch/openssl" 2>&1 || { case_failed "certificates are made" "$(cat "$scratch/openssl")"; exit 1; }
cp "$scratch/ca.crt" /etc/openvpn/server
cp "$scratch/ca.crt" /etc/openvpn/server/tls-crypt.key /etc/openvpn/client

# A site that only the tunnel leads to.
echo 'a page behind the tunnel' >/var/www/html/index.html
serve 80 nginx -g 'daemon off;'

(cd /etc/openvpn/server && exec openvpn --config apikey.conf) >/var/log/openvpn.log 2>&1 </dev/null &
openvpn_pid=$!
if ! poll 60 grep -q 'Initialization Sequence Completed' /var/log/openvpn.log; then
	case_failed "the server starts" "$(cat /var/log/openvpn.log)"
	exit 1
fi

# tunnel_opens USER SECRET [OPTION…]: starts the client; 0 when the tunnel stands.
tunnel_opens()
{
	install -m 600 /dev/null /etc/openvpn/client/login
	printf '%s\n%s\n' "$1" "$2" >/etc/openvpn/client/login
	: >"$scratch/out"
	(cd /etc/openvpn/client && exec nsenter --net=/run/netns/client openvpn --config apikey.conf "${@:3}") \
		>>"$scratch/out" 2>&1 </dev/null &
	client_pid=$!
	poll 60 eval 'grep -q "Initialization Sequence Completed" "$scratch/out" || ! kill -0 "$client_pid" 2>/dev/null'
	grep -q 'Initialization Sequence Completed' "$scratch/out"
}

tunnel_closes()
{
	kill -TERM "$client_pid" 2>/dev/null
	wait "$client_pid" 2>/dev/null
}

# page_behind_tunnel [SECONDS]: it is shown within so many.
page_behind_tunnel()
{
	nsenter --net=/run/netns/client curl --silent --max-time "${1-30}" http://10.73.0.1/ | grep -q 'a page behind the tunnel'
}

# server_ended_it LINES: behind so many lines of its log the server has refused a key, and then ended that client's tunnel.
server_ended_it()
{
	tail -n "+$(($1 + 1))" /var/log/openvpn.log | awk '/PAM rejected/ { refused = 1 } refused && /client-instance (exiting|restarting)/ { ended = 1 }
		END { exit !ended }'
}

login()
{
	local status=1
	tunnel_opens "$1" "$2" && page_behind_tunnel && status=0
	tunnel_closes
	return $status
}

matrix_short
tokens_are_cut 127 OpenVPN HMAC

key_create long alice long pam.openvpn
# What lives on after a revoke, and how it ends: when the tunnel's keys are renewed. Either side may ask for that.
if tunnel_opens alice "$long" --reneg-sec 6; then
	case_is "a tunnel stays open when its keys are renewed" "$(cat "$scratch/out")" \
		eval 'poll 60 grep -q "soft reset" "$scratch/out" && page_behind_tunnel'
	said=$(wc -l </var/log/openvpn.log)
	apikeyctl key revoke alice/long >/dev/null 2>&1
	poll 60 server_ended_it "$said"
	case_is "after a revoke it ends when they are renewed" "$(tail -n 20 "$scratch/out" /var/log/openvpn.log)" \
		eval 'server_ended_it "$said" && ! page_behind_tunnel 5'
else
	case_failed "a tunnel stays open when its keys are renewed" "$(cat "$scratch/out")"
fi
tunnel_closes
kill -TERM "$openvpn_pid"
wait "$openvpn_pid"
server_stop
