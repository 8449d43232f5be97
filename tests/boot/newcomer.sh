# shellcheck shell=bash disable=SC2016,SC2034,SC2154,SC2317 # the inner shell expands it; variables go from file to file; functions are called by name
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Somebody new follows the README, and nothing else: from apt install to the first login with a key, which is timed, and
# to a mail password that alice makes, changes and ends herself. Sourced.
suite=newcomer

# as_root BLOCK, as_alice BLOCK: what the block prints goes to $scratch/said.
as_root()
{
	inside bash -euc "cd /root/start; $1" >"$scratch/said"
}

as_alice()
{
	inside setpriv --reuid=alice --regid=alice --init-groups env HOME=/home/alice bash -euc "cd; $1" >"$scratch/said"
}

# The key that was printed, as the README's readers would copy it.
printed_key()
{
	grep -oE '^ak_[0-9A-Za-z_]+$' "$scratch/said" | tail -n 1
}

printed_token()
{
	grep -xE '[0-9a-f-]{36}:[^:]+:[0-9.]+:[^:]+' "$scratch/said"
}

# logs_in SECRET: the README's own ssh line, with somebody who types the secret.
logs_in()
{
	inside env SSHPASS="$1" sshpass -e bash -c 'set -- $1; shift; exec ssh -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
		-o LogLevel=ERROR -o NumberOfPasswordPrompts=1 -o ConnectTimeout=60 "$@" id -un' - "$login" </dev/null >"$scratch/who"
	grep -qx alice "$scratch/who"
}

# Logs in with $token; one that came too late is spent, and the next go takes another.
logs_in_by_token()
{
	logs_in "$token" || {
		as_root 'apikeyctl token sign <backup.pair' && token=$(printed_token)
		return 1
	}
}

# reads_mail SECRET
reads_mail()
{
	inside doveadm auth test alice "$1"
}

# ---- a host as people have them: sshd and dovecot as Debian sets them up ----

system_is_a_host
system_boots
inside bash -s >/dev/null <<'END'
useradd --create-home --uid 1000 --shell /bin/bash alice
echo 'alice:Unix password of alice 5173' | chpasswd
mkdir /root/start
ln -s /opt/packages /root/start/build-deb
END
login=$("$sources/tests/readme.sh" login)
case_is 'by password, before' poll 60 logs_in 'Unix password of alice 5173'
case_is 'mail by password, before' poll 60 reads_mail 'Unix password of alice 5173'

# ---- the README, block by block ----

began=$(milliseconds)
laptop='' phone='' older='' token=''

after_block()
{
	case $mark in
	newcomer)
		[ -n "$laptop" ] || laptop=$(printed_key)
		if [ -z "$token" ] && printed_token >/dev/null; then
			token=$(printed_token)
			case_is 'SSH with the token that was signed' poll 60 logs_in_by_token
			case_is 'SSH with it once more is refused' not logs_in "$token"
		fi
		;;
	alice)
		if [ -n "$(printed_key)" ]; then
			older=$phone
			phone=$(printed_key)
			case_is 'mail with the key that alice made' poll 60 reads_mail "$phone"
			case_is 'SSH is not what that key is for' not logs_in "$phone"
		fi
		[ -z "$older" ] || case_is 'mail with the secret from before the rotation' poll 60 reads_mail "$older"
		;;
	after-login)
		case_is 'the key is refused once it is revoked' not logs_in "$laptop"
		case_is 'by password, afterwards' logs_in 'Unix password of alice 5173'
		;;
	esac
}

run_block()
{
	local title
	title=$(head -n 1 <<<"$block" | cut -c1-60)
	case $mark in
	newcomer | after-login) case_is "README: $title" as_root "$block" ;;
	# Before it, the daemon was told to read its configuration again; it may take a moment.
	alice)
		if [[ $block == *'key create'* ]]; then
			case_is "README, as alice: $title" poll 60 as_alice "$block"
		else
			case_is "README, as alice: $title" as_alice "$block"
		fi
		;;
	login)
		case_is "README: $title, with the key" poll 60 logs_in "$laptop"
		echo "# $((($(milliseconds) - began) / 1000)) s from apt install to the first login with a key"
		;;
	esac
	after_block
}

mark='' block=''
while IFS= read -r line; do
	if [[ $line == '# run: '* ]]; then
		[ -z "$mark" ] || run_block </dev/null
		mark=${line#'# run: '} block=''
	else
		block+=$line$'\n'
	fi
done < <("$sources/tests/readme.sh" newcomer login after-login alice)
# The last block ends alice's key.
before=$older older=''
run_block
case_is 'no mail with a key that alice has revoked' not reads_mail "$phone"
case_is 'nor with the secret it had before' not reads_mail "$before"
case_is 'mail by password, afterwards' reads_mail 'Unix password of alice 5173'
case_is 'all keys, and the token, were made' test -n "$laptop" -a -n "$phone" -a -n "$before" -a -n "$token"
echo '# end of boot'
