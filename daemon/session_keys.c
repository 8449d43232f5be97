/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/session_keys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/credential.h"

#define ID_SIZE (CREDENTIAL_KEY_ID_MAX + 1)

struct session_keys {
	size_t count, capacity;
	char ids[][ID_SIZE];
};

int session_keys_add(struct session_keys **keys, const char *id)
{
	struct session_keys *grown = *keys;

	if (!grown || grown->count == grown->capacity) {
		size_t capacity = grown ? 2 * grown->capacity : 16;

		grown = realloc(grown, sizeof(*grown) + capacity * ID_SIZE);
		if (!grown)
			return -ENOMEM;
		if (!*keys)
			grown->count = 0;
		grown->capacity = capacity;
		*keys = grown;
	}
	snprintf(grown->ids[grown->count++], ID_SIZE, "%s", id);
	return 0;
}

static int compare(const void *one, const void *other)
{
	return strcmp(one, other);
}

void session_keys_sort(struct session_keys *keys)
{
	if (keys)
		qsort(keys->ids, keys->count, ID_SIZE, compare);
}

bool session_keys_have(const struct session_keys *keys, const char *id)
{
	return keys && bsearch(id, keys->ids, keys->count, ID_SIZE, compare);
}

void session_keys_free(struct session_keys *keys)
{
	free(keys);
}
