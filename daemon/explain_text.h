/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What an explanation says of each step: the value that was found, and the one that was wanted. Sentences for who may
 * see the key; none of them decides anything.
 */
#ifndef APIKEYD_DAEMON_EXPLAIN_TEXT_H
#define APIKEYD_DAEMON_EXPLAIN_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/policy.h"
#include "daemon/verify.h"

#define EXPLAIN_TEXT_SIZE 512

/* What key and request have to say to a step of the policy. */
void explain_text_policy(enum policy_step step, const struct store_key *key, const struct policy_request *request,
			 char ret_text[EXPLAIN_TEXT_SIZE]);

/* Of a credential of so many bytes: which of the key's secrets it shows, and until when that is good; or why it shows
 * none. proof->problem comes first. */
void explain_text_secret(const struct store_key *key, const struct verify_proof *proof, size_t size, enum reason reason,
			 char ret_text[EXPLAIN_TEXT_SIZE]);

/* Of a token that is good once: how old it is; whether it was used. */
void explain_text_time(const struct verify_once *once, int64_t now, char ret_text[EXPLAIN_TEXT_SIZE]);
const char *explain_text_use(enum reason reason);

#endif
