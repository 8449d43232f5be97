# shellcheck shell=bash disable=SC2034,SC2154,SC2016 # variables go from file to file; eval wants its text whole
# SPDX-License-Identifier: Apache-2.0 OR MIT
# What a caller has to do with tokens that are good once, made with the real command of a key pair, as a client does: let
# in with each once, and with none after the key of the pair was switched off; and what one that cuts passwords does to them.

# kind, what its reason is when it is shown again
declare -A token_spent=(
	[HMAC]=replayed
	[access]=token_used
)

# pair_create NAME PERMISSION: a pair of $user, in $scratch/NAME.pair.
pair_create()
{
	if ! apikeyctl key create --owner "$user" --name "$1" --kind pair --permission "$2" >"$scratch/$1.pair" 2>"$scratch/create"; then
		case_failed "the pair $1 is made" "$(cat "$scratch/create")"
		exit 1
	fi
	sed -n 2p "$scratch/$1.pair" >>"$scratch/secrets"
}

# token_make KIND NAME [OPTION…]: prints a token made with that pair.
token_make()
{
	local token
	case $1 in
	HMAC) token=$(apikeyctl token sign "${@:3}" <"$scratch/$2.pair" 2>"$scratch/token") ;;
	access) token=$(apikeyctl token sign <"$scratch/$2.pair" 2>"$scratch/token" | apikeyctl token issue 2>>"$scratch/token") ;;
	esac
	[ -n "$token" ] || echo "# $caller: no $1 token is made: $(cat "$scratch/token")" >&2
	echo "${token:-no token}" | tee -a "$scratch/secrets"
}

# tokens KIND…: what matrix is for keys.
tokens()
{
	local kind
	local permission=${permission-pam.$service}
	local -A unused=()
	pair_create tokens "$permission"
	for kind; do
		expect_in_once "$kind token" token_make "$kind" tokens
		expect_out "$kind token, spent" "$shown" "${token_spent[$kind]}"
		expect_in_once "$kind token, the next" token_make "$kind" tokens
		unused[$kind]=$(token_make "$kind" tokens)
	done
	if ! apikeyctl key deactivate "$user/tokens" >"$scratch/deactivate" 2>&1; then
		case_failed "the pair's key is deactivated" "$(cat "$scratch/deactivate")"
		return
	fi
	for kind; do
		expect_out "$kind token, key deactivated" "${unused[$kind]}" key_inactive
	done
}

# With it a token has about 160 bytes.
long_nonce=$(printf 'n%.0s' {1..64})

# tokens_are_cut BYTES WHOSE KIND…: the program leaves BYTES of a token; the module sees that it was cut, and asks nobody. Its
# line names the limit, and so does apikeyctl explain when it is given what is left, and says how to mend that.
tokens_are_cut()
{
	local kind token before options
	pair_create cut "${permission-pam.$service}"
	for kind in "${@:3}"; do
		options=()
		[ "$kind" != HMAC ] || options=(--nonce "$long_nonce")
		token=$(token_make "$kind" cut "${options[@]}")
		echo "${token:0:$1}" >>"$scratch/secrets"
		before=$(wc -l <"$system_log")
		expect_out "$kind token, cut" "$token" unasked
		case_is "$kind token, cut: the log names the limit" "$(tail -n "+$((before + 1))" "$system_log")" \
			poll 60 log_has_since "$before" "reason=truncated: .* $1 bytes came, the limit of $2\\."
		apikeyctl explain --service "$service" --user "$user" <<<"${token:0:$1}" >"$scratch/explain" 2>&1
		case_is "$kind token, cut: explain says what to do" "$(cat "$scratch/explain")" cut_is_explained "$2"
	done
}

# cut_is_explained WHOSE: what explain said names the mistake, the limit and the way out.
cut_is_explained()
{
	grep -qx 'denied: truncated' "$scratch/explain" && grep -q "look for a length limit .* the limit of $1\\." "$scratch/explain"
}
