/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Access tokens: the signature, then what the payload says, then its dates, then the key it was got with. That key
 * decides when the token is used: what it may do now, and whether it, and the secret the token was got with, are still
 * good. Defends against whoever writes a payload, which nothing looks at before its signature was found right.
 */
#ifndef APIKEYD_DAEMON_VERIFY_ACCESS_H
#define APIKEYD_DAEMON_VERIFY_ACCESS_H

#include "daemon/claims.h"
#include "daemon/settings.h"
#include "daemon/store_tenant.h"
#include "daemon/verify.h"

/*
 * What a text says that is a well-formed access token, without a scheme before it, and was signed here: REASON_NONE,
 * and *ret_claims; malformed, with a sentence in *ret_problem; bad_signature; store_failed, with a sentence where it is
 * a key that does not open. *ret_problem is "" before. Dates are not looked at.
 */
enum reason verify_access_read(struct store_reader *reader, const uint8_t data_key[CRYPTO_KEY_SIZE],
			       const struct settings *settings, const char *text, size_t size, int64_t now,
			       struct claims *ret_claims, const char **ret_problem);

/* REASON_NONE; not_yet_valid; token_expired. */
enum reason verify_access_dates(const struct claims *claims, int64_t now);

struct verify_access_policy {
	int64_t lifetime; /* of a token, seconds */
	bool reuse;       /* it is good until it ends, and not once */
};

#define VERIFY_ACCESS_POLICY ((struct verify_access_policy){ .lifetime = STORE_TOKEN_LIFETIME, .reuse = false })

/* What the key's tenant says about access tokens, within the limits. An account key has the default. 0 or a negative
 * errno. */
int verify_access_policy(struct store_reader *reader, const struct store_key *key,
			 struct verify_access_policy *ret_policy);

/* The part of verify_locate() for an access token. One that its tenant lets be used again is looked up among those that
 * were revoked; any other one is good once. */
enum reason verify_access_locate(struct thread *thread, const char *text, size_t size, int64_t now,
				 struct store_key *ret_key, struct verify_proof *proof);

#endif
