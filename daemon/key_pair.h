/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Pairs: a public key, which is the key's id, and a private key, which both sides know and sign with. They are made
 * here, or were made elsewhere and are brought along.
 */
#ifndef APIKEYD_DAEMON_KEY_PAIR_H
#define APIKEYD_DAEMON_KEY_PAIR_H

#include <stdbool.h>
#include <stddef.h>

#include "common/encoding.h"
#include "daemon/key_seal.h"
#include "daemon/keyring.h"

#define KEY_PAIR_TEXT_SIZE ENCODING_BASE64_SIZE(PRIVATE_KEY_SIZE) /* of a private key, without the NUL */

/* A new public key: a random UUID (RFC 9562, version 4). 0 or -EIO. */
int key_pair_draw_public(char ret_public_key[CREDENTIAL_PUBLIC_KEY_SIZE + 1]);

/*
 * Draws the private key of secret->number: its text, which is shown once and which the caller wipes, and what is kept
 * of it. 0, -EIO or -ENOMEM.
 */
int key_pair_draw(const struct keyring *keyring, const char *id, struct store_secret *secret,
		  char ret_text[KEY_PAIR_TEXT_SIZE + 1]);

/* Whether a pair that was brought along is one (either may be NULL); else a sentence that says what is wrong, and
 * repeats nothing: the two may have changed places. */
bool key_pair_check(const char *public_key, const char *private_key, char *ret_fault, size_t fault_size);

/* What is kept of a private key that was brought along. 0, -EIO, -ENOMEM; -EINVAL for one that key_pair_check()
 * refuses. */
int key_pair_take(const struct keyring *keyring, const char *id, const char *text, struct store_secret *secret);

#endif
