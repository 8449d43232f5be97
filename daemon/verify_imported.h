/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Imported secrets: texts that were made elsewhere, of any form. What is kept of one is HMAC(pepper, SHA-256(text)), so
 * that the SHA-256 of a secret is enough to import it, and does not open anything when it is presented as a text. Such
 * a text names no key: the key is found by the digest.
 */
#ifndef APIKEYD_DAEMON_VERIFY_IMPORTED_H
#define APIKEYD_DAEMON_VERIFY_IMPORTED_H

#include "daemon/verify.h"

/* What verify_locate() does with a text that is CREDENTIAL_OTHER. One that no key has is REASON_UNKNOWN_KEY. */
enum reason verify_imported_locate(struct thread *thread, const char *text, size_t size, int64_t now,
				   struct store_key *ret_key, struct verify_proof *proof);

#endif
