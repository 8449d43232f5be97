/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Changes inside a write transaction. A key, the digests of its secrets and the number of keys in its state change
 * together or not at all, also when the request goes on after the refusal.
 */
#include <errno.h>
#include <string.h>

#include "common/cleanup.h"
#include "daemon/store_row.h"
#include "daemon/store_write.h"

/* What is kept of a key beside its row. */
struct old_key {
	enum store_state state;
	struct store_secret secrets[STORE_SECRETS_MAX];
	size_t secret_count;
	char roles[WIRE_LIST_TEXT_MAX + 1];
};

static int old_key_read(struct store *store, const char *id, struct old_key *ret_old)
{
	CLEANUP_RESET sqlite3_stmt *statement = store->statements[WRITE_OLD_KEY];
	const char *roles;
	int64_t state;
	int r = store_write_ready(store);

	if (r < 0)
		return r;
	sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
	r = sql_step(&store->reader, statement);
	if (r <= 0)
		return r == 0 ? -ENOENT : store_write_failed(store, r);
	state = sqlite3_column_int64(statement, 0);
	if (state < STORE_ACTIVE || state >= STORE_STATE_COUNT ||
	    store_secrets_unpack(sqlite3_column_blob(statement, 1), (size_t)sqlite3_column_bytes(statement, 1),
				 ret_old->secrets, &ret_old->secret_count) < 0)
		return sql_damage(&store->reader, "a key cannot be read");
	roles = (const char *)sqlite3_column_text(statement, 2);
	if (roles == NULL || strlen(roles) >= sizeof(ret_old->roles))
		return sql_damage(&store->reader, "a key cannot be read");
	strcpy(ret_old->roles, roles);
	ret_old->state = (enum store_state)state;
	return 0;
}

static int tally_add(struct store *store, enum store_state state, int number)
{
	sqlite3_bind_int64(store->statements[WRITE_TALLY], 1, state);
	sqlite3_bind_int64(store->statements[WRITE_TALLY], 2, number);
	return store_write_run(store, WRITE_TALLY);
}

/* ---- how many keys hold a role ---- */

/* A key that is revoked holds none any more. */
static const char *roles_held(enum store_state state, const char *roles)
{
	return state == STORE_REVOKED ? "" : roles;
}

static bool roles_have(const char *roles, const char *role, size_t size)
{
	while (*roles != '\0') {
		size_t length = strcspn(roles, " ");

		if (length == size && memcmp(roles, role, size) == 0)
			return true;
		roles += length + (roles[length] != '\0');
	}
	return false;
}

/* Adds number for each of the roles that the others are not. */
static int roles_count(struct store *store, const char *roles, const char *others, int number)
{
	sqlite3_stmt *statement = store->statements[WRITE_ROLE_USE];
	int r = 0;

	while (r == 0 && *roles != '\0') {
		size_t size = strcspn(roles, " ");

		if (!roles_have(others, roles, size)) {
			sqlite3_bind_text(statement, 1, roles, (int)size, SQLITE_STATIC);
			sqlite3_bind_int64(statement, 2, number);
			r = store_write_run(store, WRITE_ROLE_USE);
		}
		roles += size + (roles[size] != '\0');
	}
	return r;
}

static int roles_change(struct store *store, const char *before, const char *after)
{
	int r = roles_count(store, after, before, 1);

	return r < 0 ? r : roles_count(store, before, after, -1);
}

static int digest_run(struct store *store, enum store_write which, const char *id, const struct store_secret *secret)
{
	sqlite3_bind_blob(store->statements[which], 1, secret->digest, STORE_DIGEST_SIZE, SQLITE_STATIC);
	sqlite3_bind_text(store->statements[which], 2, id, -1, SQLITE_STATIC);
	return store_write_run(store, which);
}

/* A statement that names a key, and perhaps the number of one of its secrets. */
static int id_run(struct store *store, enum store_write which, const char *id, uint32_t secret)
{
	sqlite3_bind_text(store->statements[which], 1, id, -1, SQLITE_STATIC);
	if (sqlite3_bind_parameter_count(store->statements[which]) > 1)
		sqlite3_bind_int64(store->statements[which], 2, secret);
	return store_write_run(store, which);
}

/* Binds and runs a statement of a whole row. none: what it means when no row was written. */
static int row_run(struct store *store, enum store_write which, const struct store_key *key, int none)
{
	uint8_t packed[STORE_SECRETS_PACKED_MAX];
	int r = store_row_bind(store->statements[which], key, packed);

	if (r == 0)
		r = store_write_one(store, which, none);
	sqlite3_clear_bindings(store->statements[which]);
	return r;
}

static bool secrets_have_digest(const struct store_secret *secrets, size_t count, const uint8_t *digest)
{
	for (size_t i = 0; i < count; i++) {
		if (memcmp(secrets[i].digest, digest, STORE_DIGEST_SIZE) == 0)
			return true;
	}
	return false;
}

static bool secrets_have_number(const struct store_secret *secrets, size_t count, uint32_t number)
{
	for (size_t i = 0; i < count; i++) {
		if (secrets[i].number == number)
			return true;
	}
	return false;
}

static int key_insert(struct store *store, const struct store_key *key)
{
	int r = row_run(store, WRITE_KEY, key, -EEXIST);

	for (size_t i = 0; r == 0 && i < key->secret_count; i++)
		r = digest_run(store, WRITE_DIGEST, key->id, &key->secrets[i]);
	if (r == 0)
		r = roles_change(store, "", roles_held(key->state, key->roles));
	return r < 0 ? r : tally_add(store, key->state, 1);
}

int store_insert_key(struct store *store, const struct store_key *key)
{
	int r = store_step_begin(store);

	return r < 0 ? r : store_step_end(store, key_insert(store, key));
}

int store_insert_new_key(struct store *store, const struct store_key *key)
{
	int r = store_find_gone(store_writer(store), key->id), undone;

	if (r != -ENOENT)
		return r < 0 ? r : -EEXIST;
	if (key->secret_count != 1)
		return -EINVAL;
	r = digest_run(store, WRITE_DIGEST, key->id, &key->secrets[0]);
	if (r < 0)
		return r;
	r = row_run(store, WRITE_KEY_NEW, key, -EIO);
	if (r == -EEXIST) {
		undone = digest_run(store, WRITE_DIGEST_DELETE, key->id, &key->secrets[0]);
		return undone < 0 ? undone : r;
	}
	if (r == 0)
		r = roles_change(store, "", roles_held(key->state, key->roles));
	return r < 0 ? r : tally_add(store, key->state, 1);
}

/* Brings digests and uses in line with the secrets a key has now. */
static int secrets_change(struct store *store, const struct old_key *old, const struct store_key *key)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < old->secret_count; i++) {
		if (!secrets_have_digest(key->secrets, key->secret_count, old->secrets[i].digest))
			r = digest_run(store, WRITE_DIGEST_DELETE, key->id, &old->secrets[i]);
		if (r == 0 && !secrets_have_number(key->secrets, key->secret_count, old->secrets[i].number))
			r = id_run(store, WRITE_USE_DELETE, key->id, old->secrets[i].number);
	}
	for (size_t i = 0; r == 0 && i < key->secret_count; i++) {
		/* Twice the same secret in one key is refused by the second insert. */
		if (!secrets_have_digest(old->secrets, old->secret_count, key->secrets[i].digest) ||
		    secrets_have_digest(key->secrets, i, key->secrets[i].digest))
			r = digest_run(store, WRITE_DIGEST, key->id, &key->secrets[i]);
	}
	return r;
}

static int key_change(struct store *store, const struct store_key *key)
{
	struct old_key old = { 0 };
	int r;

	r = old_key_read(store, key->id, &old);
	if (r < 0)
		return r;
	r = row_run(store, WRITE_KEY_CHANGE, key, -ENOENT);
	if (r < 0)
		return r;
	r = secrets_change(store, &old, key);
	if (r == 0)
		r = roles_change(store, roles_held(old.state, old.roles), roles_held(key->state, key->roles));
	if (r < 0 || key->state == old.state)
		return r;
	r = tally_add(store, old.state, -1);
	return r < 0 ? r : tally_add(store, key->state, 1);
}

int store_update_key(struct store *store, const struct store_key *key)
{
	int r = store_step_begin(store);

	return r < 0 ? r : store_step_end(store, key_change(store, key));
}

static int key_delete(struct store *store, const char *id)
{
	struct old_key old = { 0 };
	int r;

	r = old_key_read(store, id, &old);
	for (size_t i = 0; r == 0 && i < old.secret_count; i++)
		r = digest_run(store, WRITE_DIGEST_DELETE, id, &old.secrets[i]);
	if (r == 0)
		r = id_run(store, WRITE_USES_DELETE, id, 0);
	/* Not many: a key has a cap of them. */
	if (r == 0)
		r = id_run(store, WRITE_ONCE_DELETE, id, 0);
	if (r == 0)
		r = id_run(store, WRITE_ONCE_TALLY_DELETE, id, 0);
	if (r == 0)
		r = id_run(store, WRITE_KEY_DELETE, id, 0);
	if (r == 0)
		r = id_run(store, WRITE_GONE, id, 0);
	if (r == 0)
		r = roles_change(store, roles_held(old.state, old.roles), "");
	return r < 0 ? r : tally_add(store, old.state, -1);
}

int store_delete_key(struct store *store, const char *id)
{
	int r = store_step_begin(store);

	return r < 0 ? r : store_step_end(store, key_delete(store, id));
}

static int rev_next(struct store *store, int64_t *ret_rev)
{
	CLEANUP_RESET sqlite3_stmt *statement = store->statements[WRITE_REV];
	int r = sql_step(&store->reader, statement);

	if (r < 0)
		return store_write_failed(store, r);
	if (r == 0)
		return sql_damage(&store->reader, "the revision cannot be read");
	*ret_rev = sqlite3_column_int64(statement, 0);
	/* The change is made when the statement has come to its end. */
	r = sql_step(&store->reader, statement);
	return r < 0 ? store_write_failed(store, r) : 0;
}

static int change_log(struct store *store, int64_t time, const char *record, int64_t *ret_rev)
{
	int64_t rev = 0;
	int r;

	r = rev_next(store, &rev);
	if (r < 0)
		return r;
	sqlite3_bind_int64(store->statements[WRITE_CHANGE], 1, rev);
	sqlite3_bind_int64(store->statements[WRITE_CHANGE], 2, time);
	sqlite3_bind_text(store->statements[WRITE_CHANGE], 3, record, -1, SQLITE_STATIC);
	r = store_write_run(store, WRITE_CHANGE);
	if (r == 0)
		*ret_rev = rev;
	return r;
}

int store_log_change(struct store *store, int64_t time, const char *record, uint64_t *ret_rev)
{
	int64_t rev = 0;
	int r;

	r = store_step_begin(store);
	if (r < 0)
		return r;
	r = store_step_end(store, change_log(store, time, record, &rev));
	if (r == 0)
		*ret_rev = (uint64_t)rev;
	return r;
}

int store_prune_changes(struct store *store, uint64_t until_rev, int64_t before)
{
	sqlite3_stmt *statement = store->statements[WRITE_CHANGES_DELETE];

	sqlite3_bind_int64(statement, 1, until_rev < INT64_MAX ? (int64_t)until_rev : INT64_MAX);
	sqlite3_bind_int64(statement, 2, before);
	sqlite3_bind_int64(statement, 3, STORE_PRUNE_STEP);
	return store_write_run(store, WRITE_CHANGES_DELETE);
}

static void use_bind(sqlite3_stmt *statement, const struct store_use *use, bool first)
{
	sqlite3_bind_text(statement, 1, use->key_id, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 2, use->secret);
	sqlite3_bind_int64(statement, 3, use->count < INT64_MAX / 2 ? (int64_t)use->count : INT64_MAX / 2);
	sqlite3_bind_int64(statement, 7, use->last_time);
	sqlite3_bind_text(statement, 8, use->last_service, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 9, use->last_source, -1, SQLITE_STATIC);
	if (!first)
		return;
	sqlite3_bind_int64(statement, 4, use->first_time);
	sqlite3_bind_text(statement, 5, use->first_service, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 6, use->first_source, -1, SQLITE_STATIC);
}

int store_add_use(struct store *store, const struct store_use *use, bool *ret_first)
{
	int r;

	*ret_first = false;
	if (use->count == 0)
		return 0;
	/* No step of its own: the pages that one would keep for going back, thousands of them where many uses are
	 * added, are looked through again at the end of each statement. */
	use_bind(store->statements[WRITE_USE], use, false);
	r = store_write_run(store, WRITE_USE);
	if (r < 0 || sqlite3_changes64(store->reader.database) > 0)
		return r;
	use_bind(store->statements[WRITE_USE_FIRST], use, true);
	r = store_write_run(store, WRITE_USE_FIRST);
	*ret_first = r == 0 && sqlite3_changes64(store->reader.database) > 0;
	return r;
}

int store_save_sealed(struct store *store, const char *purpose, uint32_t version, uint32_t wrap, const void *blob,
		      size_t size)
{
	sqlite3_stmt *statement = store->statements[WRITE_SEALED];

	sqlite3_bind_text(statement, 1, purpose, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 2, version);
	sqlite3_bind_int64(statement, 3, wrap);
	sqlite3_bind_blob64(statement, 4, blob, size, SQLITE_STATIC);
	return store_write_run(store, WRITE_SEALED);
}

int store_drop_wrap(struct store *store, uint32_t wrap)
{
	sqlite3_bind_int64(store->statements[WRITE_WRAP_DELETE], 1, wrap);
	return store_write_run(store, WRITE_WRAP_DELETE);
}

int store_save_number(struct store *store, const char *name, uint64_t number)
{
	sqlite3_stmt *statement = store->statements[WRITE_NUMBER];

	if (strcmp(name, "rev") == 0)
		return -EINVAL;
	sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 2, (int64_t)number);
	return store_write_run(store, WRITE_NUMBER);
}
