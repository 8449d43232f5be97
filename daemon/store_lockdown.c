/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/store_lockdown.h"

#include <stdio.h>
#include <string.h>

#include "daemon/store_write.h"

/* The list of ids, each followed by one space. */
static bool read_keys(const char *text, struct store_lockdown *lockdown)
{
	while (*text != '\0') {
		size_t size = strcspn(text, " ");

		if (size == 0 || size >= sizeof(lockdown->keys[0]) || text[size] != ' ' ||
		    lockdown->key_count == STORE_LOCKDOWN_KEYS)
			return false;
		memcpy(lockdown->keys[lockdown->key_count], text, size);
		lockdown->keys[lockdown->key_count++][size] = '\0';
		text += size + 1;
	}
	return true;
}

static bool copy_text(const char *text, char *ret_text, size_t size)
{
	if (!text || strlen(text) >= size)
		return false;
	strcpy(ret_text, text);
	return true;
}

int store_find_lockdown(struct store_reader *reader, struct store_lockdown *ret_lockdown)
{
	CLEANUP_RESET sqlite3_stmt *statement = reader->statements[READ_LOCKDOWN];
	struct store_lockdown lockdown = { .on = false };
	const char *keys;
	int r = sql_step(reader, statement);

	if (r < 0)
		return r;
	if (r > 0) {
		keys = (const char *)sqlite3_column_text(statement, 3);
		lockdown.on = true;
		lockdown.since = sqlite3_column_int64(statement, 0);
		if (!copy_text((const char *)sqlite3_column_text(statement, 1), lockdown.actor,
			       sizeof(lockdown.actor)) ||
		    !copy_text((const char *)sqlite3_column_text(statement, 2), lockdown.why, sizeof(lockdown.why)) ||
		    !keys || !read_keys(keys, &lockdown))
			return sql_damage(reader, "the lockdown cannot be read");
	}
	*ret_lockdown = lockdown;
	return 0;
}

int store_save_lockdown(struct store *store, const struct store_lockdown *lockdown)
{
	char keys[STORE_LOCKDOWN_KEYS * (CREDENTIAL_KEY_ID_MAX + 1) + 1] = "", *end = keys;
	sqlite3_stmt *statement = store->statements[WRITE_LOCKDOWN];

	if (!lockdown->on)
		return store_write_run(store, WRITE_LOCKDOWN_DELETE);
	for (size_t i = 0; i < lockdown->key_count; i++)
		end = stpcpy(stpcpy(end, lockdown->keys[i]), " ");
	sqlite3_bind_int64(statement, 1, lockdown->since);
	sqlite3_bind_text(statement, 2, lockdown->actor, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 3, lockdown->why, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 4, keys, -1, SQLITE_STATIC);
	return store_write_run(store, WRITE_LOCKDOWN);
}
