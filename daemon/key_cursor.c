/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/key_cursor.h"

#include <stdio.h>
#include <string.h>

void key_cursor_write(const struct store_key *key, char ret_cursor[WIRE_CURSOR_MAX + 1])
{
	if (strcmp(key->account, STORE_DEFAULT_ACCOUNT) == 0 && strcmp(key->tenant, STORE_DEFAULT_TENANT) == 0)
		snprintf(ret_cursor, WIRE_CURSOR_MAX + 1, "%s/%s", key->owner, key->name);
	else
		snprintf(ret_cursor, WIRE_CURSOR_MAX + 1, "%s/%s/%s/%s/", key->owner, key->name, key->account,
			 key->tenant);
}

/* Cuts what stands behind the last slash off a text. False when there is no slash, or no room. */
static bool cut_last(char *text, char *ret_part, size_t size)
{
	char *slash = strrchr(text, '/');

	if (!slash || strlen(slash + 1) >= size)
		return false;
	strcpy(ret_part, slash + 1);
	*slash = '\0';
	return true;
}

bool key_cursor_read(const char *cursor, struct store_position *ret_position)
{
	struct store_position position = { .account = STORE_DEFAULT_ACCOUNT, .tenant = STORE_DEFAULT_TENANT };
	char text[WIRE_CURSOR_MAX + 1];
	size_t size = cursor ? strlen(cursor) : 0;

	*ret_position = (struct store_position){ .owner = "" };
	if (!cursor)
		return true;
	snprintf(text, sizeof(text), "%s", cursor);
	if (size > 1 && text[size - 1] == '/') {
		text[size - 1] = '\0';
		if (!cut_last(text, position.tenant, sizeof(position.tenant)) ||
		    !cut_last(text, position.account, sizeof(position.account)))
			return false;
	}
	if (!cut_last(text, position.name, sizeof(position.name)) || strlen(text) > WIRE_USER_MAX)
		return false;
	strcpy(position.owner, text);
	*ret_position = position;
	return true;
}
