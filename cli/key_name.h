/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A key by its id and names, in lists of keys that something was done to. */
#ifndef APIKEYD_CLI_KEY_NAME_H
#define APIKEYD_CLI_KEY_NAME_H

#include <jansson.h>
#include <stddef.h>

#include "lib/apikey.h"

#define KEY_NAME_SIZE 512

/* "ID (OWNER/NAME)"; of a key that is gone "ID (deleted)". */
void key_name_text(const struct apikey_key_name *key, char ret_text[KEY_NAME_SIZE]);

/* An array of {id, name, owner, tenant_id, state}; NULL when memory is short. */
json_t *key_names_json(const struct apikey_key_name *keys, size_t count);
json_t *key_name_json(const struct apikey_key_name *key);

#endif
