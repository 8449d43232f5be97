# shellcheck shell=bash disable=SC2034,SC2154,SC2016,SC2119 # variables go from file to file; eval wants its text whole
# SPDX-License-Identifier: Apache-2.0 OR MIT
# What every caller has to do with a key. A caller's file says
#
#   login USER SECRET   a function: logs in for good and uses the login; 0 when that worked; what the program said goes
#                       to $scratch/out
#   service             its PAM service, so that pam.$service is the permission it asks for
#   user, password      who logs in, with which system password
#   other_user          somebody else
#   unknown_user        a name that nobody has; empty for a program that cannot be asked about one
#   refusal             a regular expression: how this program says no
#   unavailable         the same for when nobody could decide, where it differs
#
#   permission          what its keys need, where that is not pam.$service
#   answer_limit        milliseconds within which it answers, where it adds delays of its own
#
# and then calls matrix, or matrix_short where the long one would only show the same module again.

# The module's own deadline is 3 s; every refusal is followed by PAM's delay (up to 3 s), and the machine is busy.
answer_limit=12000

# timed_login WANTED CASE USER SECRET: as login; $elapsed is how long it took, $late is yes when that was too long. What came
# too late is tried again, with twice and then three times the limit: a busy machine is slow for a while, what hangs does
# not end. Only who is let in although "out" is WANTED has no second chance to be refused. $shown is the secret that was
# tried last: SECRET, or for one that is good once what the command in another printed. Too late is also what the module
# waited for in vain.
another=()
timed_login()
{
	local start status attempt logged
	for attempt in 1 2 3; do
		logged=$(wc -l <"$system_log")
		shown=$4
		[ ${#another[@]} -eq 0 ] || shown=$("${another[@]}")
		start=$(milliseconds)
		: >"$scratch/out"
		login "$3" "$shown"
		status=$?
		elapsed=$(($(milliseconds) - start))
		late=no
		if [ "$1" = in ] && [ $status -ne 0 ] && log_has_since "$logged" 'reason=deadline'; then
			echo "# $caller $2: apikeyd did not answer in time at attempt $attempt"
			continue
		fi
		if [ $elapsed -le $((answer_limit * attempt)) ] || { [ "$1" = out ] && [ $status -eq 0 ]; }; then
			return $status
		fi
		late=yes
		echo "# $caller $2: took $elapsed ms at attempt $attempt"
	done
	return $status
}

# expect_in CASE SECRET [USER]
expect_in()
{
	if ! timed_login in "$1" "${3-$user}" "$2"; then
		case_failed "$1" "refused:" "$(cat "$scratch/out")"
	elif [ "$late" = yes ]; then
		case_failed "$1" "took $elapsed ms"
	else
		case_passed "$1"
	fi
}

# expect_in_once CASE COMMAND…: as expect_in, with a secret that is good once. The command prints one, for each attempt
# another; the one that was used is $shown.
expect_in_once()
{
	local another=("${@:2}")
	expect_in "$1" ''
}

# expect_out CASE SECRET REASON [USER [REFUSAL]]: REASON is the recorded one; "unasked" when the daemon must not have heard of it,
# "any" where the daemon cannot say.
expect_out()
{
	local before records name=${4-$user} says=${5-$refusal}
	before=$(audit_count)
	if timed_login out "$1" "$name" "$2"; then
		case_failed "$1" "let in" "$(cat "$scratch/out")"
		return
	fi
	if ! grep -Eq -- "$says" "$scratch/out"; then
		case_failed "$1" "not refused in the program's own way ($says):" "$(cat "$scratch/out")"
		return
	fi
	if [ "$late" = yes ]; then
		case_failed "$1" "took $elapsed ms"
		return
	fi
	records=$(audit_since "$before")
	case $3 in
	any) ;;
	unasked)
		if [ -n "$records" ]; then
			case_failed "$1" "the daemon heard of it: $records"
			return
		fi
		;;
	*)
		if ! grep -Eq "\"reason\": ?\"$3\"" <<<"$records"; then
			case_failed "$1" "recorded is not $3 but: $records"
			return
		fi
		;;
	esac
	case_passed "$1"
}

unknown_user=nobody-of-this-name

# The clock of this shell has gone past a point.
seconds_passed()
{
	[ $SECONDS -gt "$1" ]
}

matrix()
{
	local right elsewhere others expired revoked
	local permission=${permission-pam.$service} refuses=${unavailable-$refusal}
	# First, so that it has expired when its turn comes; not so soon that a slow machine makes a key without a future.
	key_create expired "$user" expired "$permission" --expires 10s
	local expires_at=$((SECONDS + 11))
	key_create right "$user" right "$permission"
	key_create elsewhere "$user" elsewhere pam.elsewhere
	key_create others "$other_user" right "$permission"
	key_create revoked "$user" revoked "$permission"

	expect_in "right key" "$right"
	expect_in "right key again" "$right"
	if [ -n "$password" ]; then
		expect_in "system password" "$password"
	fi
	expect_out "wrong system password" "not the password" unasked
	expect_out "wrong check characters" "$(key_mistyped "$right")" unasked
	expect_out "wrong secret" "$(key_guessed "$right")" bad_secret
	expect_out "a key cut short" "${right:0:50}" unasked
	expect_in "a key that will be revoked" "$revoked"
	if apikeyctl key revoke "$user/revoked" >"$scratch/revoke" 2>&1; then
		expect_out "revoked, at once" "$revoked" key_revoked
	else
		case_failed "revoked, at once" "$(cat "$scratch/revoke")"
	fi
	poll 30 seconds_passed "$expires_at"
	expect_out "expired" "$expired" expired
	expect_out "without the permission" "$elsewhere" insufficient_permission
	expect_out "another user's key" "$others" wrong_user
	if [ -n "$unknown_user" ]; then
		expect_out "an unknown user" "$right" any "$unknown_user"
	fi

	daemon_freeze
	expect_out "daemon frozen" "$right" any "$user" "$refuses"
	if [ -n "$password" ]; then
		expect_in "daemon frozen, system password" "$password"
	fi
	daemon_thaw
	expect_in "daemon thawed" "$right"
	daemon_stop
	expect_out "daemon stopped" "$right" any "$user" "$refuses"
	if [ -n "$password" ]; then
		expect_in "daemon stopped, system password" "$password"
	fi
	daemon_start
	expect_in "daemon started again" "$right"
	expect_out "still revoked after a restart" "$revoked" key_revoked

	log_stopped
	expect_in "nobody reads /dev/log, right key" "$right"
	expect_out "nobody reads /dev/log, revoked key" "$revoked" key_revoked
	log_absent
	expect_in "no /dev/log, right key" "$right"
	expect_out "no /dev/log, revoked key" "$revoked" key_revoked
	log_read
}

# The same questions, without what tests the module alone: for programs that differ from others only in how they ask.
matrix_short()
{
	local right elsewhere others expired revoked
	local permission=${permission-pam.$service} refuses=${unavailable-$refusal}
	key_create expired "$user" expired "$permission" --expires 10s
	local expires_at=$((SECONDS + 11))
	key_create right "$user" right "$permission"
	key_create elsewhere "$user" elsewhere pam.elsewhere
	key_create others "$other_user" right "$permission"
	key_create revoked "$user" revoked "$permission"

	expect_in "right key" "$right"
	if [ -n "$password" ]; then
		expect_in "system password" "$password"
	fi
	expect_out "wrong system password" "not the password" unasked
	expect_out "wrong secret" "$(key_guessed "$right")" bad_secret
	expect_in "a key that will be revoked" "$revoked"
	if apikeyctl key revoke "$user/revoked" >"$scratch/revoke" 2>&1; then
		expect_out "revoked, at once" "$revoked" key_revoked
	else
		case_failed "revoked, at once" "$(cat "$scratch/revoke")"
	fi
	expect_out "without the permission" "$elsewhere" insufficient_permission
	expect_out "another user's key" "$others" wrong_user
	poll 30 seconds_passed "$expires_at"
	expect_out "expired" "$expired" expired

	daemon_freeze
	expect_out "daemon frozen" "$right" any "$user" "$refuses"
	daemon_thaw
	expect_in "daemon thawed" "$right"
	daemon_stop
	expect_out "daemon stopped" "$right" any "$user" "$refuses"
	if [ -n "$password" ]; then
		expect_in "daemon stopped, system password" "$password"
	fi
	daemon_start
	expect_in "daemon started again" "$right"
}

# traced COMMAND…: runs it under strace; every connection and every byte that leaves a process stands in $scratch/trace.
traced()
{
	strace --follow-forks --string-limit=8192 --output="$scratch/trace" \
		--trace=connect,sendto,sendmsg,sendmmsg,write,writev,pwrite64 "$@"
}

# The trace shows the way to the daemon; else nothing would follow from its absence.
trace_reaches_daemon()
{
	grep -Eq 'connect\(.*"/run/apikeyd/(login|verify)\.sock"' "$scratch/trace"
}

trace_avoids_daemon()
{
	[ -s "$scratch/trace" ] && ! grep -q '/run/apikeyd' "$scratch/trace"
}

# trace_holds TEXT: some process wrote or sent it.
trace_holds()
{
	grep -qF -- "$1" "$scratch/trace"
}
