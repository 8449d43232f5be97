# shellcheck shell=bash disable=SC2034,SC2154,SC2016,SC2119 # variables go from file to file; eval wants its text whole
# SPDX-License-Identifier: Apache-2.0 OR MIT
# What the cases with FTP share: a login with TLS, an upload and a download.

refusal='< 530 '

# ftp_transfer USER SECRET CURL'S OPTIONS…; the key stands in no command's arguments.
ftp_transfer()
{
	curl --config - --silent --show-error --verbose --insecure --max-time 60 "${@:3}" <<-EOF
		user = "$1:$2"
	EOF
}

login()
{
	local sent=$scratch/sent received=$scratch/received
	echo "$RANDOM$RANDOM" >"$sent"
	rm -f "$received"
	ftp_transfer "$1" "$2" --ssl-reqd --upload-file "$sent" ftp://127.0.0.1/file >"$scratch/out" 2>&1 &&
		ftp_transfer "$1" "$2" --ssl-reqd --output "$received" ftp://127.0.0.1/file >>"$scratch/out" 2>&1 &&
		cmp -s "$sent" "$received"
}

# A key does not lead past the other lines of the stack.
ftp_users_file()
{
	key_create listed deploy listed "pam.$service"
	expect_in "a user who is not in /etc/ftpusers" "$listed" deploy
	echo deploy >>/etc/ftpusers
	expect_out "a user in /etc/ftpusers, with a good key" "$listed" any deploy
}

# ftp_lives_on COMMAND…: a transfer outlives the revoke of its key, and the command ends it, as the example says.
ftp_lives_on()
{
	local transfer
	key_create lasting alice lasting "pam.$service"
	head -c 10000000 /dev/zero >/home/alice/long
	ftp_transfer alice "$lasting" --ssl-reqd --limit-rate 10k --output "$scratch/long" ftp://127.0.0.1/long \
		>"$scratch/out" 2>&1 &
	transfer=$!
	poll 60 test -s "$scratch/long"
	apikeyctl key revoke alice/lasting >/dev/null 2>&1
	case_is "a transfer lives on after a revoke" "$(cat "$scratch/out")" eval "pgrep -u alice $service >/dev/null"
	"$@"
	case_is "$1 ends it" "$(ps -ef)" poll 60 eval "! pgrep -u alice $service >/dev/null"
	kill "$transfer" 2>/dev/null
	wait "$transfer"
}

ftp_without_tls()
{
	key_create clear alice clear "pam.$service"
	if ftp_transfer alice "$clear" ftp://127.0.0.1/ >"$scratch/out" 2>&1; then
		case_failed "a key is not taken without TLS" "$(cat "$scratch/out")"
	else
		case_passed "a key is not taken without TLS"
	fi
}
