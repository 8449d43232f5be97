/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A key as JSON, and as a table. */
#ifndef APIKEYD_CLI_KEY_VIEW_H
#define APIKEYD_CLI_KEY_VIEW_H

#include <stdbool.h>

#include "cli/json.h"
#include "lib/apikey.h"

/* True for a pair, whose id is its public key. */
bool key_view_is_pair(const struct apikey_key *key);

/* A new object; with a member "secret" or "private_key" where the key carries it. NULL when memory is short. */
json_t *key_view_json(const struct apikey_key *key);

/* How often a key with a limit may still be used. */
uint64_t key_view_uses_left(const struct apikey_key *key);

/* Prints the key as JSON. False when memory is short. */
bool key_view_print_json(const struct apikey_key *key);

/* Prints the key for a person, a line for each thing to know. False when memory is short. */
bool key_view_print(const struct apikey_key *key, int64_t now);

/* Writes the secret of a key that carries it to standard output, alone on a line or inside the key as JSON; of a pair,
 * the public key on a line before it: the one place where a secret leaves the program. 0, or a negative errno when it
 * did not. */
int key_view_write_secret(const struct apikey_key *key, bool as_json);

/* The current secret; NULL where there is none. Lives as long as key. */
const struct apikey_secret *key_view_current(const struct apikey_key *key);

/* The use that was the last of all secrets; its time is 0 when there was none. Lives as long as key. */
const struct apikey_use *key_view_last_use(const struct apikey_key *key);

#endif
