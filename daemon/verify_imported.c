/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/verify_imported.h"

#include <errno.h>
#include <string.h>

#include "common/secret.h"
#include "crypto/crypto.h"

_Static_assert(CRYPTO_MAC_SIZE == STORE_DIGEST_SIZE, "a digest is a MAC");

/* An id that nobody has, for the same work where there is no key. Where somebody does, its secrets are not ours. */
#define NOBODYS_ID "000000000000"

static int compute_digest(struct thread *thread, const char *text, size_t size, uint8_t ret_digest[STORE_DIGEST_SIZE])
{
	uint8_t hash[CRYPTO_HASH_SIZE];
	int r = crypto_sha256(text, size, hash);

	if (r == 0)
		r = crypto_mac_compute(thread->pepper, hash, sizeof(hash), ret_digest);
	secret_wipe(hash, sizeof(hash));
	return r;
}

enum reason verify_imported_locate(struct thread *thread, const char *text, size_t size, int64_t now,
				   struct store_key *ret_key, struct verify_proof *proof)
{
	char id[CREDENTIAL_KEY_ID_MAX + 1] = NOBODYS_ID;
	uint8_t digest[STORE_DIGEST_SIZE];
	const struct store_secret *secret;
	enum reason reason;
	bool found;
	int r;

	if (compute_digest(thread, text, size, digest) < 0)
		return REASON_STORE_FAILED;
	r = store_find_digest(thread->reader, digest, id);
	if (r < 0 && r != -ENOENT) {
		thread_vault_failed(thread);
		return REASON_STORE_FAILED;
	}
	reason = verify_read_key(thread, id, ret_key, &found);
	if (reason != REASON_NONE)
		return reason;
	secret = verify_find_secret(found ? ret_key : NULL, STORE_FORM_IMPORTED, digest);
	if (!secret)
		return REASON_UNKNOWN_KEY;
	proof->found = true;
	memcpy(proof->id, id, sizeof(proof->id));
	proof->secret = secret->number;
	memcpy(proof->once.digest, secret->digest, sizeof(proof->once.digest));
	return policy_judge_secret(secret, now);
}
