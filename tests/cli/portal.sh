#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Links to the portal, and the browsers that are signed in there: what is printed, and who gets what. As root a gateway
# of another user signs in with them.
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"
need jq python3 "$apikeyd" tests/cli/sign-in

# Nobody's, by Debian's and Fedora's rules.
gateway=60001
more_settings=('[gateway]' 'users =' '[portal]' 'url = https://keys.example.org/in/')
start_daemon
act portal --administer
refused
has 'standard error' "$err" 'there is no portal here' '[gateway] users'
sed -i "s/^users =$/users = $gateway/" "$scratch/apikeyd.conf"
reload_daemon

act portal --administer
succeeds
[[ $out =~ ^https://keys\.example\.org/in/portal/enter\?code=akl_[0-9A-Za-z]{12}_[0-9A-Za-z]{32}$ ]] || fail 'no link'
has 'standard error' "$err" 'good once'
lacks 'standard error' "$err" akl_
act --json portal --administer
succeeds
is 'the members' "$(json 'keys | tojson')" '["expires","url"]'
lacks 'standard error' "$err" 'Nothing listens'
code=$(json .url)
code=${code#*code=}
secret_of_link=${code##*_}
act portal one
misused

# A credential is no user of this host.
make_key laptop --permission test.use
printf '%s\n' "$secret" >"$scratch/key"
chmod 600 "$scratch/key"
act --credential-file "$scratch/key" portal
refused
has 'standard error' "$err" 'not for a credential'

act --json signin list
succeeds
is 'what is signed in' "$(json length)" 0
act signin end 000000000000
refused
has 'standard error' "$err" 'there is no such sign-in'

if [[ $(id -u) -eq 0 ]]; then
	act portal
	refused
	has 'standard error' "$err" 'uid 0' '--administer'

	# enter CREDENTIAL: as the gateway; sets out and status.
	enter()
	{
		last="sign in with ${1%%_*}"
		out=$(setpriv --reuid="$gateway" --regid="$gateway" --clear-groups tests/cli/sign-in "$runtime" 192.0.2.7 \
			$'Browser/1 \e[31m' <<<"$1")
		status=$?
	}
	enter "$code"
	succeeds
	browser=$out
	[[ $browser == aks_* ]] || fail 'no sign-in'
	enter "$code"
	is 'the exit status' "$status" 1
	is 'the reason' "$out" unknown_key
	enter "$secret"
	succeeds

	act --json signin list
	succeeds
	is 'what is signed in' "$(json 'map([.kind, .user, .key_id != null, .source, .agent]) | sort | tojson')" \
		'[["administrator","root",false,"192.0.2.7","Browser/1 ?[31m"],["key","root",true,"192.0.2.7","Browser/1 ?[31m"]]'
	act signin list
	succeeds
	has 'the list' "$out" 'root, administrator' '192.0.2.7'
	lacks 'the list' "$out" "${browser##*_}"

	# It is worth nothing to who is no gateway.
	printf '%s\n' "$browser" >"$scratch/key"
	act --credential-file "$scratch/key" key list
	refused
	id=${browser#aks_}
	act signin end "${id%%_*}" --why 'at the front desk'
	succeeds
	has 'standard error' "$err" 'root, administrator is signed out'
	act --json signin list
	is 'what is signed in' "$(json length)" 1

	act --json audit show --event signin_end
	is 'why' "$(json .detail)" 'at the front desk'
	act --json audit show --event link_create
	has 'the audit' "$out" '"user":"root"' administrator
	lacks 'the audit' "$out" "$secret_of_link"
	act --json audit show --event signin
	has 'the audit' "$out" '"service":"portal"' 192.0.2.7 unknown_key granted
	lacks 'the audit' "$out" "${browser##*_}" "$secret_of_link"

	# What is gone with it.
	act lockdown on --why 'a test'
	succeeds
	act --json signin list
	is 'what is signed in' "$(json length)" 0
	act portal --administer
	refused
	has 'standard error' "$err" 'locked down'
	act lockdown off
	act portal --administer
	succeeds
fi

# Who gets a link hears that nobody listens where it leads to, if that is this host.
stop_daemon
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
for host in 127.0.0.1 '[::1]'; do
	more_settings=('[gateway]' "users = $gateway" '[portal]' "url = http://$host:$port/in")
	start_daemon
	act portal --administer
	succeeds
	has 'the link' "$out" "http://$host:$port/in/portal/enter?code=akl_"
	has 'standard error' "$err" "Nothing listens at $host:$port: start the gateway" 'systemctl enable --now apikey-gateway.socket'
	stop_daemon
done
more_settings=('[gateway]' "users = $gateway" '[portal]' "url = http://127.0.0.1:$port")
start_daemon
python3 -c 'import socket, sys
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", int(sys.argv[1])))
s.listen()
print("here", flush=True)
while True:
    s.accept()' "$port" >"$scratch/listener" &
listener=$!
deadline=$((SECONDS + 20))
until grep -q here "$scratch/listener" || ((SECONDS > deadline)); do
	sleep 0.05
done
act portal --administer
succeeds
has 'the link' "$out" "http://127.0.0.1:$port/portal/enter?code=akl_"
lacks 'standard error' "$err" 'Nothing listens'
kill "$listener"
wait "$listener" 2>/dev/null

finish
