#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# HMAC tokens made offline: the vectors of tests/vectors/hmac.json, every way to give a pair, and every mistake in one.
# Needs no daemon.
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"
need jq

vectors=$(dirname "$0")/../vectors/hmac.json
public=$(jq -r .publicKey "$vectors")
private=$(jq -r .privateKey "$vectors")
pair=$public$'\n'$private$'\n'
fixed=(--nonce randomuniquestring123 --epoch 1535617532)

# sign INPUT ARGUMENT…
sign()
{
	local input=$1

	shift
	run_with "$input" token sign "$@"
}

# wrong INPUT PART ARGUMENT…: it is refused, the complaint names PART, and not the private key.
wrong()
{
	local input=$1 part=$2

	shift 2
	sign "$input" "$@"
	misused
	has 'standard error' "$err" "$part"
	lacks 'standard error' "$err" "$private" "${private:0:12}" "${private:20:12}"
}

# ---- the vectors ----

count=$(jq '.cases | length' "$vectors")
((count >= 2)) || fail "there are $count vectors"
for ((i = 0; i < count; i++)); do
	jq -j ".cases[$i].body" "$vectors" >"$scratch/body"
	nonce=$(jq -r ".cases[$i].nonce" "$vectors") epoch=$(jq -r ".cases[$i].epoch" "$vectors")
	expected=$public:$nonce:$epoch:$(jq -r ".cases[$i].sig" "$vectors")
	sign "$pair" --nonce "$nonce" --epoch "$epoch" --body "$scratch/body"
	succeeds
	is 'the token' "$out" "$expected"
	is 'standard error' "$err" ''
	is 'the lines' "$(wc -l <"$scratch/out")" 1
	sign "$pair" --nonce "$nonce" --epoch "$epoch" --body "$scratch/body" --header
	is 'the header' "$out" "Authorization: Hmac $expected"
	sign "$pair" --nonce "$nonce" --epoch "$epoch" --body "$scratch/body" --json
	succeeds
	is 'the token' "$(json .token)" "$expected"
	is 'the header' "$(json .header)" "Authorization: Hmac $expected"
	is 'the members' "$(json 'keys | join(" ")')" 'header token'
done
without_body=$public:randomuniquestring123:1535617532:$(jq -r '.cases[] | select(.body == "") | .sig' "$vectors" | head -n 1)
[[ $without_body != "$public:randomuniquestring123:1535617532:$(jq -r .wrongKeyUse.sig "$vectors")" ]] || fail 'the vectors are wrong'

# ---- ways to give a pair ----

json_pair()
{
	jq -cn --arg public "$public" --arg private "$private" "{public_key: \$public, private_key: \$private} $1"
}
many=$(printf '"pam.service-%d",' {1..3000})
for input in "$pair" "${pair%$'\n'}" "$public"$'\r\n'"$private"$'\r\n' "$(json_pair '')" "$(json_pair '| .roles = [] | .id = .public_key' | jq .)" \
	$'\n\t '"$(json_pair '')"$'\n' "$(json_pair "| .permissions = [${many%,}]")"; do
	sign "$input" "${fixed[@]}"
	succeeds
	is 'the token' "$out" "$without_body"
	sign "$input" "${fixed[@]}" --public-key "$public"
	is 'the token' "$out" "$without_body"
done
sign "$private"$'\n' "${fixed[@]}" --public-key "$public"
is 'the token' "$out" "$without_body"
sign "$(jq -cn --arg private "$private" '{private_key: $private}')" "${fixed[@]}" --public-key "$public"
is 'the token' "$out" "$without_body"

# ---- what is made where nothing is said ----

before=$(date +%s)
sign "$pair"
succeeds
first=$out
sign "$pair"
after=$(date +%s)
[[ $out != "$first" ]] || fail 'two tokens are the same'
[[ $out =~ ^$public:[0-9A-Za-z]{22}:([0-9]+):[A-Za-z0-9+/]{43}=$ ]] || fail "the token is '$out'"
((BASH_REMATCH[1] >= before && BASH_REMATCH[1] <= after)) || fail 'the epoch is not now'
sign "$pair" --nonce n --epoch 1535617532.123456789
succeeds
has 'the token' "$out" "$public:n:1535617532.123456789:"

# A body may be a pipe, may be empty, and may hold NUL bytes.
sign "$pair" "${fixed[@]}" --body /dev/null
is 'the token' "$out" "$without_body"
printf '\0' >"$scratch/body"
sign "$pair" "${fixed[@]}" --body "$scratch/body"
with_nul=$out
[[ $with_nul != "$without_body" ]] || fail 'a NUL byte is no body'
sign "$pair" "${fixed[@]}" --body <(printf '\0')
is 'the token' "$out" "$with_nul"

# ---- mistakes ----

wrong '' 'no pair in standard input'
wrong "$public"$'\n' 'one line'
wrong "$private"$'\n' 'one line'
wrong "$private"$'\n'"$public"$'\n' 'public key has to be'
wrong "$public"$'\n\n' 'private key has to be'
wrong $'\n'"$private"$'\n' 'public key has to be'
wrong "$pair"$'\n' 'more than two lines'
wrong "$pair$pair" 'more than two lines'
wrong "${public^^}"$'\n'"$private" 'public key has to be'
wrong "$public"$'\n'"${private%=}" 'private key has to be'
wrong "$public"$'\n '"$private" 'private key has to be'
wrong "$public"$'\n'"${private:0:40}" 'private key has to be'
wrong "$public"$'\n'"$private$private$private" 'the private key in standard input is none'
wrong "$public$public$public"$'\n'"$private" 'the public key in standard input is none'
wrong "$(json_pair '| del(.private_key)')" 'no private_key'
wrong "$(json_pair '| del(.public_key)')" 'no public_key'
wrong "$(json_pair '| .private_key = 7')" 'no private_key'
wrong "$(json_pair '| .public_key = null')" 'no public_key'
wrong "$(json_pair '| .private_key += "\u0000"')" 'private key'
wrong "{\"public_key\":\"$public\",\"private_key\":\"$private\"" 'no whole JSON'
wrong "{\"public_key\":\"$public\",\"private_key\":\"$private\",}" 'no whole JSON'
wrong "{\"public_key\":\"$public\",\"private_key\":\"$private\"} $private" 'no whole JSON'
wrong "{\"public_key\":\"$public\",\"private_key\":$private}" 'no whole JSON'
wrong "{\"private_key\":\"x\",\"public_key\":\"$public\",\"private_key\":\"$private\"}" 'no whole JSON'
wrong "{$private" 'no whole JSON'
wrong "[$(json_pair '')]" 'no whole JSON object'
wrong "$pair" 'another pair' --public-key "${public/a/b}"
wrong "$(json_pair '')" 'another pair' --public-key "${public/a/b}"
wrong "$private" '--public-key: ' --public-key "${public^^}"
wrong "$pair" '--nonce: ' --nonce 'a b'
wrong "$pair" '--nonce: ' --nonce a:b
wrong "$pair" '--nonce: ' --nonce "$(printf 'n%.0s' {1..129})"
wrong "$pair" '--epoch: ' --epoch now
wrong "$pair" '--epoch: ' --epoch 1535617532123
wrong "$pair" '--epoch: ' --epoch=-1
wrong "$pair" 'name a file' --body -
head -c 70000 /dev/zero | tr '\0' 'x' >"$scratch/long"
wrong "$(<"$scratch/long")" 'longer than a pair'
# From a file, since a shell has no NUL bytes.
last='token sign < a pair with a NUL byte'
printf '%s\n%s\0\n' "$public" "$private" | "$apikeyctl" token sign >"$scratch/out" 2>"$scratch/err"
status=$? out=$(<"$scratch/out") err=$(<"$scratch/err")
misused

for body in "$scratch/nowhere" "$scratch"; do
	sign "$pair" --body "$body"
	refused
	has 'standard error' "$err" "$body"
done

# A private key on the command line is not said again, and taken for leaked.
for arguments in "$private" "--public-key $private" "--nonce=$private" "--public-key=$public:$private" "--body $without_body"; do
	# shellcheck disable=SC2086 # the arguments of one command line
	sign "$pair" $arguments
	misused
	has 'standard error' "$err" 'private key' leaked 'standard input'
	lacks 'standard error' "$err" "$private" "${private:0:12}" "${without_body: -20}"
done

# Nobody to write to: the status says so.
last='token sign > /dev/full'
"$apikeyctl" token sign <<<"${pair%$'\n'}" >/dev/full 2>"$scratch/err"
status=$? out='' err=$(<"$scratch/err")
refused

finish
