/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What somebody who was let in should know about their key: a sentence for each thing that will need them soon. Who may
 * read it has shown the secret, so a sentence may name the key; it holds no control characters.
 */
#ifndef APIKEYD_DAEMON_NOTICES_H
#define APIKEYD_DAEMON_NOTICES_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/policy.h"
#include "proto/wire.h"

struct notices {
	size_t count;
	char texts[WIRE_NOTICES_MAX][WIRE_NOTICE_MAX + 1];
};

/* Adds a sentence; one that there is no room for is left out, one that is too long is cut. */
void notices_add(struct notices *notices, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* All there is to say to who was let in with a key by this request, as it was judged. Costs next to nothing where there
 * is nothing. */
void notices_collect(const struct store_key *key, const struct policy_request *request, struct notices *ret_notices);

/* "2027-01-31 08:00 UTC"; text has room for CLOCK_TEXT_SIZE. */
void notices_time(int64_t time, char *ret_text);

#endif
