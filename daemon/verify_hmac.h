/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * HMAC tokens: the signature under the private key of a pair, and the time. Defends against whoever asks which public
 * keys exist: a key that is not there takes the same work and gets the same answer as a wrong signature.
 */
#ifndef APIKEYD_DAEMON_VERIFY_HMAC_H
#define APIKEYD_DAEMON_VERIFY_HMAC_H

#include "daemon/verify.h"

#define VERIFY_HMAC_WINDOW 300 /* seconds a token's epoch may be off, either way */

/* The part of verify_locate_signed() for a token that is well-formed; proof->id is its public key. */
enum reason verify_hmac_locate(struct thread *thread, const char *text, size_t size, const char *body_hash, int64_t now,
			       struct store_key *ret_key, struct verify_proof *proof);

/* REASON_NONE, or stale_timestamp. */
enum reason verify_hmac_time(int64_t epoch, int64_t now);

#endif
