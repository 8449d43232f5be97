/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The keys sealed in the database. Each is sealed under its purpose and version, so that a row that is swapped for
 * another one in the database does not open. While a master key is being replaced each stands there once under the old
 * and once under the new one, its wraps, so that either opens them all. crypto/master_key.c has the master key file.
 */
#include "daemon/keyring.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/secret.h"

#define SEALED_SIZE (CRYPTO_KEY_SIZE + CRYPTO_SEAL_OVERHEAD)
#define FIRST_VERSION 1
#define FIRST_WRAP 1

static const struct sealed_key {
	const char *purpose;
	size_t offset; /* in struct keyring */
	bool signs;    /* made anew after a restore */
} sealed_keys[] = {
	{ "pepper", offsetof(struct keyring, pepper), false },
	{ "data", offsetof(struct keyring, data), false },
	{ "audit", offsetof(struct keyring, audit), true },
	{ "handle", offsetof(struct keyring, handle), true },
};

struct associated {
	char text[64];
};

static struct associated associate(const char *purpose, uint32_t version)
{
	struct associated associated;

	snprintf(associated.text, sizeof(associated.text), "sealed/%s/%u", purpose, (unsigned int)version);
	return associated;
}

/* ---- the rows ---- */

#define PURPOSE_SIZE 32
#define BLOB_MAX 256
#define ROWS_AT_ONCE 16

/* A key under one master key. */
struct row {
	char purpose[PURPOSE_SIZE];
	uint32_t version, wrap;
	size_t size; /* more than BLOB_MAX: none that is known here, and the bytes are not kept */
	uint8_t blob[BLOB_MAX];
};

/* All that is sealed, as store_list_sealed() has it. */
struct rows {
	struct row *rows;
	size_t count;
	int error;
};

static void rows_done(struct rows *rows)
{
	free(rows->rows);
}

#define CLEANUP_ROWS CLEANUP(rows_done)

static bool take_row(void *data, const char *purpose, uint32_t version, uint32_t wrap, const void *blob, size_t size)
{
	struct rows *rows = data;
	struct row *row;

	if (rows->count % ROWS_AT_ONCE == 0) {
		row = reallocarray(rows->rows, rows->count + ROWS_AT_ONCE, sizeof(*row));
		if (!row) {
			rows->error = -ENOMEM;
			return false;
		}
		rows->rows = row;
	}
	row = &rows->rows[rows->count++];
	*row = (struct row){ .version = version, .wrap = wrap, .size = size };
	if (strlen(purpose) >= sizeof(row->purpose))
		row->size = SIZE_MAX;
	snprintf(row->purpose, sizeof(row->purpose), "%s", purpose);
	if (row->size <= BLOB_MAX)
		memcpy(row->blob, blob, size);
	return true;
}

static int rows_read(struct store_reader *reader, struct rows *ret_rows)
{
	int r;

	*ret_rows = (struct rows){ .rows = NULL };
	r = store_list_sealed(reader, take_row, ret_rows);
	return r < 0 ? r : ret_rows->error;
}

static bool is_same_key(const struct row *one, const struct row *other)
{
	return one->version == other->version && strcmp(one->purpose, other->purpose) == 0;
}

static bool row_is_whole(const struct row *row)
{
	return row->size > CRYPTO_SEAL_OVERHEAD && row->size <= BLOB_MAX;
}

/* The first of those of the newest version of a purpose, or NULL; those of its other wraps come behind it. */
static const struct row *newest_row(const struct rows *rows, const char *purpose)
{
	for (size_t i = 0; i < rows->count; i++)
		if (strcmp(rows->rows[i].purpose, purpose) == 0)
			return &rows->rows[i];
	return NULL;
}

/* Opens a key by whichever of its wraps the master key fits: the newest first, so that of two the one that lasts is
 * taken. 0, -EBADMSG (by none), -EMSGSIZE (they are damaged) or -EIO. */
static int open_any(const struct rows *rows, const struct row *first, const uint8_t *master, uint8_t *ret_key,
		    uint32_t *ret_wrap)
{
	const struct row *end = rows->rows + rows->count;
	int r = -EMSGSIZE;

	for (const struct row *row = first; row < end && is_same_key(row, first); row++) {
		if (row->size != SEALED_SIZE)
			continue;
		r = crypto_open(master, associate(row->purpose, row->version).text, row->blob, row->size, ret_key);
		if (r == 0)
			*ret_wrap = row->wrap;
		if (r != -EBADMSG)
			return r;
	}
	return r;
}

/* Which wrap is this master key's. -ENOENT: the database has no keys; or as open_any(). */
static int find_wrap(const struct rows *rows, const uint8_t *master, uint32_t *ret_wrap)
{
	const struct row *row = newest_row(rows, "pepper");
	uint8_t key[CRYPTO_KEY_SIZE];
	int r = row ? open_any(rows, row, master, key, ret_wrap) : -ENOENT;

	secret_wipe(key, sizeof(key));
	return r;
}

/* Removes all wraps but two. */
static int drop_wraps(struct store *store, const struct rows *rows, uint32_t kept, uint32_t kept_too)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < rows->count; i++)
		if (rows->rows[i].wrap != kept && rows->rows[i].wrap != kept_too)
			r = store_drop_wrap(store, rows->rows[i].wrap);
	return r;
}

/* ---- making and loading ---- */

static int make_key(struct store *store, const uint8_t *master, const char *purpose, uint32_t version, uint32_t wrap)
{
	struct associated associated = associate(purpose, version);
	uint8_t key[CRYPTO_KEY_SIZE], sealed[SEALED_SIZE];
	int r = crypto_random(key, sizeof(key));

	if (r == 0)
		r = crypto_seal(master, associated.text, key, sizeof(key), sealed);
	if (r == 0)
		r = store_save_sealed(store, purpose, version, wrap, sealed, sizeof(sealed));
	secret_wipe(key, sizeof(key));
	return r;
}

int keyring_create(struct store *store, const uint8_t master[CRYPTO_KEY_SIZE])
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(sealed_keys); i++)
		r = make_key(store, master, sealed_keys[i].purpose, FIRST_VERSION, FIRST_WRAP);
	return r;
}

int keyring_renew(struct store *store, struct store_reader *reader, const uint8_t master[CRYPTO_KEY_SIZE])
{
	CLEANUP_ROWS struct rows rows = { .rows = NULL };
	uint32_t wrap = 0;
	int r = rows_read(reader, &rows);

	if (r == 0)
		r = find_wrap(&rows, master, &wrap);
	/* Another master key would not open what is made here. */
	if (r == 0)
		r = drop_wraps(store, &rows, wrap, wrap);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(sealed_keys); i++) {
		const struct row *row = newest_row(&rows, sealed_keys[i].purpose);

		if (!sealed_keys[i].signs)
			continue;
		if (row && row->version == UINT32_MAX)
			return -EOVERFLOW;
		r = make_key(store, master, sealed_keys[i].purpose, row ? row->version + 1 : FIRST_VERSION, wrap);
	}
	return r;
}

static int load_key(const struct rows *rows, const uint8_t *master, const char *purpose, uint8_t *key,
		    uint32_t *ret_version, uint32_t *ret_wrap, char *fault, size_t fault_size)
{
	const struct row *row = newest_row(rows, purpose);
	int r = row ? open_any(rows, row, master, key, ret_wrap) : -ENOENT;

	if (r == -ENOENT)
		snprintf(fault, fault_size,
			 "the database has no %s key: it was not made by apikeyd --init, or is damaged; restore a "
			 "backup",
			 purpose);
	else if (r == -EMSGSIZE)
		snprintf(fault, fault_size, "the sealed %s key in the database is damaged; restore a backup", purpose);
	else if (r == -EBADMSG)
		snprintf(fault, fault_size,
			 "the master key does not open this database's %s key: it belongs to another database; put the "
			 "key back that this one was made with, or restore a backup made under this key",
			 purpose);
	else if (r < 0)
		snprintf(fault, fault_size, "the %s key cannot be opened: libcrypto failed", purpose);
	if (r == 0)
		*ret_version = row->version;
	return r == -EMSGSIZE ? -EBADMSG : r;
}

int keyring_load(struct store_reader *reader, const uint8_t master[CRYPTO_KEY_SIZE], struct keyring *ret_keyring,
		 char *ret_fault, size_t fault_size)
{
	CLEANUP(keyring_done) struct keyring keyring = { 0 };
	CLEANUP_ROWS struct rows rows = { .rows = NULL };
	int r = rows_read(reader, &rows);

	if (r < 0) {
		snprintf(ret_fault, fault_size, "the sealed keys cannot be read from the database: %s", strerror(-r));
		return r;
	}
	for (size_t i = 0; i < ARRAY_SIZE(sealed_keys); i++) {
		uint8_t *key = (uint8_t *)&keyring + sealed_keys[i].offset;
		uint32_t version = 0, wrap = 0;

		r = load_key(&rows, master, sealed_keys[i].purpose, key, &version, &wrap, ret_fault, fault_size);
		/* A store from before there was a key of its own for handles: they are signed as they were then. */
		if (r == -ENOENT && key == keyring.handle) {
			memcpy(key, keyring.pepper, CRYPTO_KEY_SIZE);
			r = 0;
		}
		if (r < 0)
			return r;
		if (key == keyring.pepper) {
			keyring.pepper_version = version;
			keyring.wrap = wrap;
		}
	}
	*ret_keyring = keyring;
	return 0;
}

/* ---- another master key ---- */

/* Seals all that one master key opens under another. */
static int add_wraps(struct store *store, const struct rows *rows, uint32_t from, const uint8_t *present, uint32_t to,
		     const uint8_t *fresh, const struct row **ret_failed)
{
	uint8_t key[BLOB_MAX], sealed[BLOB_MAX];
	int r = 0;

	for (size_t i = 0; r == 0 && i < rows->count; i++) {
		const struct row *row = &rows->rows[i];
		struct associated associated = associate(row->purpose, row->version);

		if (row->wrap != from)
			continue;
		*ret_failed = row;
		r = row_is_whole(row) ? crypto_open(present, associated.text, row->blob, row->size, key) : -EBADMSG;
		if (r == 0)
			r = crypto_seal(fresh, associated.text, key, row->size - CRYPTO_SEAL_OVERHEAD, sealed);
		if (r == 0)
			r = store_save_sealed(store, row->purpose, row->version, to, sealed, row->size);
	}
	secret_wipe(key, sizeof(key));
	return r;
}

/* A key that only other wraps have would be lost with them. */
static const struct row *find_left_out(const struct rows *rows, uint32_t wrap)
{
	for (size_t i = 0; i < rows->count; i++) {
		bool found = false;

		for (size_t j = 0; j < rows->count && !found; j++)
			found = rows->rows[j].wrap == wrap && is_same_key(&rows->rows[i], &rows->rows[j]);
		if (!found)
			return &rows->rows[i];
	}
	return NULL;
}

static int not_sealed(const struct row *row, char *fault, size_t fault_size)
{
	snprintf(fault, fault_size,
		 "version %u of the sealed %s key is damaged, or sealed under another master key: nothing was changed; "
		 "restore a backup",
		 (unsigned int)row->version, row->purpose);
	return -EBADMSG;
}

int keyring_rotate(struct store *store, struct store_reader *reader, uint32_t running,
		   const uint8_t present[CRYPTO_KEY_SIZE], const uint8_t *fresh, uint32_t *ret_wrap, char *ret_fault,
		   size_t fault_size)
{
	CLEANUP_ROWS struct rows rows = { .rows = NULL };
	const struct row *failed = NULL;
	uint32_t wrap = 0, newest = 0;
	int r = rows_read(reader, &rows);

	if (r == 0)
		r = find_wrap(&rows, present, &wrap);
	if (r == -EBADMSG)
		return -EKEYREJECTED;
	if (r == 0 && (failed = find_left_out(&rows, wrap)))
		return not_sealed(failed, ret_fault, fault_size);
	for (size_t i = 0; i < rows.count; i++)
		newest = rows.rows[i].wrap > newest ? rows.rows[i].wrap : newest;
	if (r == 0 && newest == UINT32_MAX)
		r = -EOVERFLOW;
	if (r == 0 && fresh)
		r = drop_wraps(store, &rows, wrap, running);
	if (r == 0 && fresh) {
		r = add_wraps(store, &rows, wrap, present, newest + 1, fresh, &failed);
		if (r == -EBADMSG)
			return not_sealed(failed, ret_fault, fault_size);
	}
	if (r < 0) {
		snprintf(ret_fault, fault_size, "the keys cannot be sealed anew: %s", strerror(-r));
		return r;
	}
	*ret_wrap = fresh ? newest + 1 : wrap;
	return 0;
}

int keyring_retire(struct store *store, struct store_reader *reader, uint32_t wrap)
{
	CLEANUP_ROWS struct rows rows = { .rows = NULL };
	int r = rows_read(reader, &rows);

	for (size_t i = 0; r == 0 && i < rows.count; i++)
		if (rows.rows[i].wrap < wrap)
			r = store_drop_wrap(store, rows.rows[i].wrap);
	return r;
}

int keyring_is_followed(struct store_reader *reader, const uint8_t master[CRYPTO_KEY_SIZE])
{
	CLEANUP_ROWS struct rows rows = { .rows = NULL };
	uint32_t wrap = 0;
	int r = rows_read(reader, &rows);

	if (r == 0)
		r = find_wrap(&rows, master, &wrap);
	if (r < 0)
		return r == -EBADMSG || r == -ENOENT || r == -EMSGSIZE ? 0 : r;
	for (size_t i = 0; i < rows.count; i++)
		if (rows.rows[i].wrap > wrap)
			return 1;
	return 0;
}

void keyring_done(struct keyring *keyring)
{
	secret_wipe(keyring, sizeof(*keyring));
}
