/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/verify_hmac.h"

#include <errno.h>
#include <string.h>

#include "common/secret.h"
#include "crypto/pair_signature.h"
#include "daemon/key_seal.h"
#include "proto/hmac_token.h"

_Static_assert(HMAC_TOKEN_NONCE_MAX <= VERIFY_ONCE_ID_MAX, "a nonce has its room");

/* 0: the token is signed under this secret; -EBADMSG: it is not; -EIO: that cannot be told. */
static int check_secret(struct thread *thread, const char *id, const struct store_secret *secret,
			const struct hmac_token *token, const char *body_hash)
{
	struct pair_fields fields = {
		.public_key = { token->public_key, CREDENTIAL_PUBLIC_KEY_SIZE },
		.nonce = { token->nonce, token->nonce_size },
		.epoch = { token->epoch, token->epoch_size },
		.body_hash = { body_hash, strlen(body_hash) },
	};
	uint8_t private_key[PRIVATE_KEY_SIZE] = { 0 };
	int opened = private_key_open(thread->vault->keyring.data, id, secret->number, secret->sealed, private_key);
	/* Also with a key that did not open: the work is to be the same. */
	int r = pair_verify(thread->signer, private_key, &fields, token->signature, HMAC_TOKEN_SIGNATURE_SIZE);

	secret_wipe(private_key, sizeof(private_key));
	if (opened < 0)
		return -EIO;
	return r == 0 || r == -EBADMSG ? r : -EIO;
}

/* The secret it is signed under. As many are tried as a key can have, those that are not there with one that is
 * nobody's, so that time tells neither whether there is such a key nor how many secrets it has. */
static const struct store_secret *find_secret(struct thread *thread, const char *id, const struct store_key *key,
					      const struct hmac_token *token, const char *body_hash, bool *ret_failed)
{
	static const struct store_secret nobodys = { .form = STORE_FORM_PAIR };
	const struct store_secret *found = NULL;
	size_t count = key ? key->secret_count : 0;

	*ret_failed = false;
	for (size_t i = 0; i < STORE_SECRETS_MAX; i++) {
		const struct store_secret *secret = i < count ? &key->secrets[i] : &nobodys;
		int r = check_secret(thread, id, secret, token, body_hash);

		/* An ended secret has no private key any more. */
		if (i >= count || secret->form != STORE_FORM_PAIR)
			continue;
		if (r == 0)
			found = secret;
		else if (r != -EBADMSG)
			*ret_failed = true;
	}
	return found;
}

static void take_nonce(const struct hmac_token *token, const struct store_secret *secret, struct verify_once *ret_once)
{
	ret_once->kind = STORE_NONCE;
	ret_once->moment = token->seconds;
	ret_once->id_size = token->nonce_size;
	memcpy(ret_once->id, token->nonce, token->nonce_size);
	memcpy(ret_once->digest, secret->digest, sizeof(ret_once->digest));
}

enum reason verify_hmac_locate(struct thread *thread, const char *text, size_t size, const char *body_hash, int64_t now,
			       struct store_key *ret_key, struct verify_proof *proof)
{
	const struct store_secret *secret;
	struct hmac_token token;
	enum reason reason;
	bool failed;

	if (hmac_token_parse(text, size, &token) != HMAC_TOKEN_WELL_FORMED)
		return REASON_MALFORMED;
	reason = verify_read_key(thread, proof->id, ret_key, &proof->found);
	if (reason != REASON_NONE)
		return reason;
	proof->found = proof->found && ret_key->kind == STORE_PAIR;
	secret = find_secret(thread, proof->id, proof->found ? ret_key : NULL, &token, body_hash, &failed);
	if (!proof->found)
		return REASON_UNKNOWN_KEY;
	if (!secret)
		return failed ? REASON_STORE_FAILED : REASON_BAD_SIGNATURE;
	proof->secret = secret->number;
	take_nonce(&token, secret, &proof->once);
	return policy_judge_secret(secret, now);
}

enum reason verify_hmac_time(int64_t epoch, int64_t now)
{
	return epoch < now - VERIFY_HMAC_WINDOW || epoch > now + VERIFY_HMAC_WINDOW ? REASON_STALE_TIMESTAMP
										    : REASON_NONE;
}
