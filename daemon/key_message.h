/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A stored key as the wire shows it.
 */
#ifndef APIKEYD_DAEMON_KEY_MESSAGE_H
#define APIKEYD_DAEMON_KEY_MESSAGE_H

#include "daemon/store.h"
#include "proto/message.h"

struct key_message;

/* Copies all it needs of key, uses (one for each secret) and grants (what it may do with its roles); counted: its uses
 * where they are limited. NULL when out of memory; freed by key_message_free(), which accepts NULL. */
struct key_message *key_message_new(const struct store_key *key, const struct store_use *uses, uint64_t counted,
				    const char *grants);
void key_message_free(struct key_message *message);

/* Adds what has to be done about it, by what holds for it. */
struct policies;
void key_message_set_due(struct key_message *message, const struct store_key *key, const struct policies *policies,
			 int64_t now);

/* What codec_encode() takes; lives as long as message. */
struct message_key *key_message_get(struct key_message *message);

#endif
