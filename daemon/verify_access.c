/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/verify_access.h"

#include <errno.h>
#include <string.h>

#include "common/secret.h"
#include "daemon/key_secrets.h"
#include "daemon/signing_key.h"
#include "daemon/store_tenant.h"
#include "proto/access_token.h"

_Static_assert(CLAIMS_ID_MAX <= VERIFY_ONCE_ID_MAX, "the id of a token has its room");
_Static_assert(MESSAGE_TOKEN_LIFETIME_MAX == ACCESS_LIFETIME_MAX, "a tenant may say as long as is allowed");
_Static_assert(ACCESS_TOKEN_PAYLOAD_BYTES == TOKEN_PAYLOAD_MAX, "payloads have the same limit");

/* What is right so far, before the payload counts. */
static enum reason check_signature(struct store_reader *reader, const uint8_t *data_key, const char *text, size_t size,
				   int64_t now, struct access_token *token, const char **ret_problem)
{
	enum access_token_error error = access_token_parse(text, size, token);

	if (error != ACCESS_TOKEN_WELL_FORMED) {
		*ret_problem = access_token_error_sentence(error);
		return REASON_MALFORMED;
	}
	switch (signing_key_check(reader, data_key, now, text, token->signed_size, token->mac)) {
	case 0:
		return REASON_NONE;
	case -EBADMSG:
		return REASON_BAD_SIGNATURE;
	case -EKEYREJECTED:
		*ret_problem = SIGNING_KEY_DAMAGED;
		return REASON_STORE_FAILED;
	default:
		return REASON_STORE_FAILED;
	}
}

enum reason verify_access_read(struct store_reader *reader, const uint8_t data_key[CRYPTO_KEY_SIZE],
			       const struct settings *settings, const char *text, size_t size, int64_t now,
			       struct claims *ret_claims, const char **ret_problem)
{
	struct access_token token;
	enum claims_error error;
	enum reason reason = check_signature(reader, data_key, text, size, now, &token, ret_problem);

	if (reason != REASON_NONE)
		return reason;
	error = claims_parse(token.payload, token.payload_size, ret_claims);
	secret_wipe(&token, sizeof(token));
	if (error == CLAIMS_WELL_FORMED && (strcmp(ret_claims->issuer, settings->token_issuer) != 0 ||
					    strcmp(ret_claims->audience, settings->token_audience) != 0))
		error = CLAIMS_OTHER_SIDE;
	if (error == CLAIMS_WELL_FORMED)
		return REASON_NONE;
	*ret_problem = claims_error_sentence(error);
	return REASON_MALFORMED;
}

enum reason verify_access_dates(const struct claims *claims, int64_t now)
{
	if (now < claims->not_before)
		return REASON_NOT_YET_VALID;
	return now >= claims->expires ? REASON_TOKEN_EXPIRED : REASON_NONE;
}

int verify_access_policy(struct store_reader *reader, const struct store_key *key,
			 struct verify_access_policy *ret_policy)
{
	struct store_tenant tenant;
	int r = *key->tenant ? store_find_tenant(reader, key->tenant, &tenant) : -ENOENT;

	if (r < 0 && r != -ENOENT)
		return r;
	*ret_policy = VERIFY_ACCESS_POLICY;
	/* Of a tenant that was deleted meanwhile, the key is not found any more when the token is to be spent. */
	if (r == 0) {
		if (tenant.token_lifetime <= ACCESS_LIFETIME_MAX)
			ret_policy->lifetime = tenant.token_lifetime;
		ret_policy->reuse = tenant.token_reuse;
	}
	return 0;
}

static enum reason judge_reuse(struct thread *thread, const struct store_key *key, struct verify_proof *proof)
{
	struct verify_access_policy policy;
	enum reason reason;

	if (verify_access_policy(thread->reader, key, &policy) < 0) {
		thread_vault_failed(thread);
		return REASON_STORE_FAILED;
	}
	if (!policy.reuse)
		return REASON_NONE;
	/* Nothing is noted, so nothing is lost where no more could be. */
	reason = verify_unused(thread, proof);
	proof->once.kind = STORE_ONCE_NONE;
	return reason == REASON_TOO_MANY_REQUESTS ? REASON_NONE : reason;
}

enum reason verify_access_locate(struct thread *thread, const char *text, size_t size, int64_t now,
				 struct store_key *ret_key, struct verify_proof *proof)
{
	const struct store_secret *secret;
	struct claims claims;
	enum reason reason = verify_access_read(thread->reader, thread->vault->keyring.data,
						&thread->settings->settings, text, size, now, &claims, &proof->problem);

	proof->access = true;
	/* A key that does not open is no better in a store that is opened anew. */
	if (reason == REASON_STORE_FAILED && !*proof->problem)
		thread_vault_failed(thread);
	if (reason != REASON_NONE)
		return reason;
	memcpy(proof->id, claims.subject, sizeof(proof->id));
	reason = verify_read_key(thread, proof->id, ret_key, &proof->found);
	if (reason != REASON_NONE)
		return reason;
	reason = verify_access_dates(&claims, now);
	if (reason != REASON_NONE)
		return reason;
	if (!proof->found)
		return REASON_UNKNOWN_KEY;
	if (strcmp(ret_key->account, claims.account) != 0 || strcmp(ret_key->tenant, claims.tenant) != 0)
		return REASON_WRONG_TENANT;
	secret = key_secrets_find(ret_key, claims.secret);
	if (!secret)
		return REASON_SECRET_RETIRED;
	proof->secret = secret->number;
	proof->once.kind = STORE_TOKEN_ID;
	proof->once.moment = claims.expires;
	proof->once.id_size = strlen(claims.id);
	memcpy(proof->once.id, claims.id, proof->once.id_size);
	memcpy(proof->once.digest, secret->digest, sizeof(proof->once.digest));
	reason = policy_judge_secret(secret, now);
	return reason != REASON_NONE ? reason : judge_reuse(thread, ret_key, proof);
}
