/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Rows. Reading takes nothing on trust: a row that a person, a fault of the disk or another program has changed is
 * refused whole, so that no half-read key is ever judged. Packing is pure, and unpacking takes only what packing
 * writes.
 */
#include "daemon/store_row.h"

#include <errno.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"

enum row_column {
	ROW_ID,
	ROW_STATE,
	ROW_KIND,
	ROW_TEST,
	ROW_NOT_BEFORE,
	ROW_EXPIRES,
	ROW_SECRETS,
	ROW_TEXTS, /* the first of row_texts */
	ROW_OWNER_UID = ROW_TEXTS + 8,
	ROW_CREATED,
	ROW_CREATED_BY,
	ROW_STATE_REASON,
	ROW_LABELS,
	ROW_EXCLUSIVE,
	ROW_MAX_USES,
	ROW_STATE_SINCE,
	ROW_CLIENT_SIDE,
	ROW_COUNT,
};

_Static_assert(ROW_COUNT == STORE_ROW_COLUMN_COUNT, "a column without a number");

/* Which member a text column fills. nullable: "" is kept as NULL. */
static const struct row_text {
	int column;
	size_t member;
	bool nullable;
} row_texts[] = {
	{ ROW_TEXTS + 0, offsetof(struct store_key, owner), false },
	{ ROW_TEXTS + 1, offsetof(struct store_key, tenant), true }, /* refers to a tenant; an account key has none */
	{ ROW_TEXTS + 2, offsetof(struct store_key, account), false },
	{ ROW_TEXTS + 3, offsetof(struct store_key, users), false },
	{ ROW_TEXTS + 4, offsetof(struct store_key, permissions), false },
	{ ROW_TEXTS + 5, offsetof(struct store_key, roles), false },
	{ ROW_TEXTS + 6, offsetof(struct store_key, sources), false },
	{ ROW_TEXTS + 7, offsetof(struct store_key, name), false },
	{ ROW_CREATED_BY, offsetof(struct store_key, created_by), false },
	{ ROW_STATE_REASON, offsetof(struct store_key, state_reason), false },
	{ ROW_LABELS, offsetof(struct store_key, labels), false },
	{ ROW_EXCLUSIVE, offsetof(struct store_key, exclusive), false },
};

static uint8_t *pack_number(uint8_t *at, uint64_t number)
{
	for (; number >= 0x80; number >>= 7)
		*at++ = (uint8_t)(number | 0x80);
	*at++ = (uint8_t)number;
	return at;
}

/* The version that a list of secrets is packed in. */
static uint8_t secrets_version(const struct store_secret *secrets, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (secrets[i].after_use != 0 || secrets[i].flags != 0)
			return STORE_SECRETS_VERSION;
	return 1;
}

int store_secrets_pack(const struct store_secret *secrets, size_t count, uint8_t *ret_packed, size_t *ret_size)
{
	uint8_t version, *at = ret_packed;
	uint32_t last = 0;

	if (count > STORE_SECRETS_MAX)
		return -EINVAL;
	for (size_t i = 0; i < count; i++) {
		if (secrets[i].number <= last)
			return -EINVAL;
		last = secrets[i].number;
	}
	version = secrets_version(secrets, count);
	*at++ = version;
	for (size_t i = 0; i < count; i++) {
		at = pack_number(at, secrets[i].number);
		*at++ = secrets[i].form;
		at = pack_number(at, secrets[i].pepper);
		at = pack_number(at, (uint64_t)secrets[i].created);
		at = pack_number(at, (uint64_t)secrets[i].retires);
		if (version == STORE_SECRETS_VERSION) {
			at = pack_number(at, secrets[i].after_use);
			*at++ = secrets[i].flags;
		}
		memcpy(at, secrets[i].digest, STORE_DIGEST_SIZE);
		at += STORE_DIGEST_SIZE;
		if (secrets[i].form == STORE_FORM_PAIR)
			at = mempcpy(at, secrets[i].sealed, STORE_SEALED_SIZE);
	}
	*ret_size = (size_t)(at - ret_packed);
	return 0;
}

/* What is left to unpack. */
struct packed {
	const uint8_t *at, *end;
};

static bool unpack_byte(struct packed *packed, uint8_t *ret_byte)
{
	if (packed->at == packed->end)
		return false;
	*ret_byte = *packed->at++;
	return true;
}

static bool unpack_number(struct packed *packed, uint64_t limit, uint64_t *ret_number)
{
	uint64_t number = 0;
	uint8_t byte;

	for (unsigned int shift = 0; shift < 64; shift += 7) {
		if (!unpack_byte(packed, &byte))
			return false;
		if (shift == 63 && byte > 1) /* more than 64 bits */
			return false;
		number |= (uint64_t)(byte & 0x7f) << shift;
		if (byte & 0x80)
			continue;
		if ((byte == 0 && shift > 0) || number > limit) /* not the shortest form */
			return false;
		*ret_number = number;
		return true;
	}
	return false;
}

static bool unpack_sealed(struct packed *packed, struct store_secret *ret_secret)
{
	memset(ret_secret->sealed, 0, STORE_SEALED_SIZE);
	if (ret_secret->form != STORE_FORM_PAIR)
		return true;
	if (packed->end - packed->at < STORE_SEALED_SIZE)
		return false;
	memcpy(ret_secret->sealed, packed->at, STORE_SEALED_SIZE);
	packed->at += STORE_SEALED_SIZE;
	return true;
}

/* What version 2 has more. */
static bool unpack_waiting(struct packed *packed, uint8_t version, struct store_secret *ret_secret)
{
	uint64_t after_use = 0;
	uint8_t flags = 0;

	if (version == STORE_SECRETS_VERSION &&
	    (!unpack_number(packed, UINT32_MAX, &after_use) || !unpack_byte(packed, &flags)))
		return false;
	ret_secret->after_use = (uint32_t)after_use;
	ret_secret->flags = flags;
	return (flags & ~STORE_SECRET_FLAGS) == 0;
}

static bool unpack_secret(struct packed *packed, uint8_t version, struct store_secret *ret_secret)
{
	uint64_t number, pepper, created, retires;

	if (!unpack_number(packed, UINT32_MAX, &number) || !unpack_byte(packed, &ret_secret->form) ||
	    !unpack_number(packed, UINT32_MAX, &pepper) || !unpack_number(packed, UINT64_MAX, &created) ||
	    !unpack_number(packed, UINT64_MAX, &retires) || !unpack_waiting(packed, version, ret_secret) ||
	    packed->end - packed->at < STORE_DIGEST_SIZE)
		return false;
	ret_secret->number = (uint32_t)number;
	ret_secret->pepper = (uint32_t)pepper;
	ret_secret->created = (int64_t)created;
	ret_secret->retires = (int64_t)retires;
	memcpy(ret_secret->digest, packed->at, STORE_DIGEST_SIZE);
	packed->at += STORE_DIGEST_SIZE;
	return unpack_sealed(packed, ret_secret);
}

int store_secrets_unpack(const uint8_t *packed, size_t size, struct store_secret *ret_secrets, size_t *ret_count)
{
	struct store_secret secrets[STORE_SECRETS_MAX];
	struct packed left = { .at = packed, .end = packed + size };
	size_t count = 0;
	uint32_t last = 0;
	uint8_t version;

	if (size == 0 || !unpack_byte(&left, &version) || version == 0 || version > STORE_SECRETS_VERSION)
		return -EBADMSG;
	while (left.at != left.end) {
		if (count == STORE_SECRETS_MAX || !unpack_secret(&left, version, &secrets[count]) ||
		    secrets[count].number <= last)
			return -EBADMSG;
		last = secrets[count++].number;
	}
	/* Each list has one form. */
	if (secrets_version(secrets, count) != version)
		return -EBADMSG;
	memcpy(ret_secrets, secrets, count * sizeof(secrets[0]));
	*ret_count = count;
	return 0;
}

static const char *key_text(const struct store_key *key, const struct row_text *text)
{
	const char *member;

	memcpy(&member, (const char *)key + text->member, sizeof(member));
	return member;
}

/* What an id looks like, by the kind of its key. */
static bool id_fits(const char *id, int64_t kind)
{
	return credential_is_id(id) && credential_is_public_key(id) == (kind == STORE_PAIR);
}

/* True for a key that store_row_read() would take back. */
static bool key_is_sound(const struct store_key *key)
{
	size_t size = 0;

	if (key->state < STORE_ACTIVE || key->state >= STORE_STATE_COUNT)
		return false;
	if ((key->kind != STORE_OPAQUE && key->kind != STORE_PAIR) || !id_fits(key->id, key->kind))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(row_texts); i++) {
		const char *text = key_text(key, &row_texts[i]);

		if (text == NULL)
			return false;
		size += strlen(text) + 1;
	}
	return size <= sizeof(key->text) && key->owner[0] != '\0' && key->name[0] != '\0';
}

/* TIME_NEVER is kept as NULL, which costs a row nothing. */
static int bind_time(sqlite3_stmt *statement, int column, int64_t time)
{
	return time == TIME_NEVER ? sqlite3_bind_null(statement, column + 1)
				  : sqlite3_bind_int64(statement, column + 1, time);
}

int store_row_bind(sqlite3_stmt *statement, const struct store_key *key, uint8_t *packed)
{
	const struct {
		int column;
		int64_t number;
	} numbers[] = {
		{ ROW_STATE, key->state },
		{ ROW_KIND, key->kind },
		{ ROW_TEST, key->test },
		{ ROW_NOT_BEFORE, key->not_before },
		{ ROW_CREATED, key->created },
		{ ROW_MAX_USES, key->max_uses },
		{ ROW_STATE_SINCE, key->state_since },
		{ ROW_CLIENT_SIDE, key->client_side },
	};
	size_t packed_size;
	int wrong, r;

	if (!key_is_sound(key))
		return -EINVAL;
	r = store_secrets_pack(key->secrets, key->secret_count, packed, &packed_size);
	if (r < 0)
		return r;

	wrong = sqlite3_bind_text(statement, ROW_ID + 1, key->id, -1, SQLITE_STATIC);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		wrong |= sqlite3_bind_int64(statement, numbers[i].column + 1, numbers[i].number);
	wrong |= bind_time(statement, ROW_EXPIRES, key->expires);
	wrong |= sqlite3_bind_blob(statement, ROW_SECRETS + 1, packed, (int)packed_size, SQLITE_STATIC);
	wrong |= key->owner_uid_known ? sqlite3_bind_int64(statement, ROW_OWNER_UID + 1, key->owner_uid)
				      : sqlite3_bind_null(statement, ROW_OWNER_UID + 1);
	for (size_t i = 0; i < ARRAY_SIZE(row_texts); i++) {
		const char *text = key_text(key, &row_texts[i]);

		if (row_texts[i].nullable && text[0] == '\0')
			wrong |= sqlite3_bind_null(statement, row_texts[i].column + 1);
		else
			wrong |= sqlite3_bind_text(statement, row_texts[i].column + 1, text, -1, SQLITE_STATIC);
	}
	return wrong != SQLITE_OK ? -ENOMEM : 0;
}

/*
 * The text of a column with its size. NULL when it is no text or holds a NUL, and when memory ran out: a list of
 * networks that reads as empty would let everyone in.
 */
static const char *column_text(sqlite3_stmt *statement, int column, bool nullable, size_t *ret_size)
{
	const char *text;
	size_t size;

	if (nullable && sqlite3_column_type(statement, column) == SQLITE_NULL) {
		*ret_size = 0;
		return "";
	}
	if (sqlite3_column_type(statement, column) != SQLITE_TEXT)
		return NULL;
	text = (const char *)sqlite3_column_text(statement, column);
	size = (size_t)sqlite3_column_bytes(statement, column);
	if (text == NULL || memchr(text, '\0', size) != NULL)
		return NULL;
	*ret_size = size;
	return text;
}

/* Reads an integer column, or what NULL stands for. False for any other type, and outside the limits. */
static bool column_number(sqlite3_stmt *statement, int column, const int64_t *null, int64_t least, int64_t most,
			  int64_t *ret_number)
{
	int type = sqlite3_column_type(statement, column);
	int64_t number;

	if (type == SQLITE_NULL && null != NULL) {
		*ret_number = *null;
		return true;
	}
	number = sqlite3_column_int64(statement, column);
	if (type != SQLITE_INTEGER || number < least || number > most)
		return false;
	*ret_number = number;
	return true;
}

int store_row_read(sqlite3_stmt *statement, struct store_key *ret_key)
{
	static const int64_t never = TIME_NEVER, nobody = -1;
	struct {
		const char *text;
		size_t size;
	} texts[ARRAY_SIZE(row_texts)];
	struct store_secret secrets[STORE_SECRETS_MAX];
	size_t secret_count, id_size, total = 0;
	int64_t state, kind, test, not_before, expires, created, uid, max_uses, since, client_side;
	const char *id;
	char *room;

	/* All that can be wrong is looked at before the first byte of *ret_key changes. */
	if (!column_number(statement, ROW_STATE, NULL, STORE_ACTIVE, STORE_STATE_COUNT - 1, &state) ||
	    !column_number(statement, ROW_KIND, NULL, STORE_OPAQUE, STORE_PAIR, &kind) ||
	    !column_number(statement, ROW_TEST, NULL, false, true, &test) ||
	    !column_number(statement, ROW_NOT_BEFORE, NULL, INT64_MIN, INT64_MAX, &not_before) ||
	    !column_number(statement, ROW_EXPIRES, &never, INT64_MIN, INT64_MAX, &expires) ||
	    !column_number(statement, ROW_CREATED, NULL, INT64_MIN, INT64_MAX, &created) ||
	    !column_number(statement, ROW_OWNER_UID, &nobody, 0, UINT32_MAX, &uid) ||
	    !column_number(statement, ROW_MAX_USES, NULL, 0, UINT32_MAX, &max_uses) ||
	    !column_number(statement, ROW_STATE_SINCE, NULL, INT64_MIN, INT64_MAX, &since) ||
	    !column_number(statement, ROW_CLIENT_SIDE, NULL, false, true, &client_side))
		return -EBADMSG;
	id = column_text(statement, ROW_ID, false, &id_size);
	if (id == NULL || !id_fits(id, kind))
		return -EBADMSG;
	for (size_t i = 0; i < ARRAY_SIZE(row_texts); i++) {
		texts[i].text = column_text(statement, row_texts[i].column, row_texts[i].nullable, &texts[i].size);
		if (texts[i].text == NULL)
			return -EBADMSG;
		total += texts[i].size + 1;
	}
	if (total > sizeof(ret_key->text))
		return -EBADMSG;
	if (sqlite3_column_type(statement, ROW_SECRETS) != SQLITE_BLOB ||
	    store_secrets_unpack(sqlite3_column_blob(statement, ROW_SECRETS),
				 (size_t)sqlite3_column_bytes(statement, ROW_SECRETS), secrets, &secret_count) < 0)
		return -EBADMSG;

	memcpy(ret_key->id, id, id_size);
	ret_key->id[id_size] = '\0';
	ret_key->state = (enum store_state)state;
	ret_key->kind = (enum store_kind)kind;
	ret_key->test = test;
	ret_key->not_before = not_before;
	ret_key->expires = expires;
	ret_key->created = created;
	ret_key->max_uses = (uint32_t)max_uses;
	ret_key->state_since = since;
	ret_key->client_side = client_side;
	ret_key->owner_uid_known = uid != nobody;
	ret_key->owner_uid = uid != nobody ? (uint32_t)uid : 0;
	memcpy(ret_key->secrets, secrets, secret_count * sizeof(secrets[0]));
	ret_key->secret_count = secret_count;
	room = ret_key->text;
	for (size_t i = 0; i < ARRAY_SIZE(row_texts); i++) {
		const char *member = room;

		memcpy(room, texts[i].text, texts[i].size);
		room[texts[i].size] = '\0';
		room += texts[i].size + 1;
		memcpy((char *)ret_key + row_texts[i].member, &member, sizeof(member));
	}
	return 0;
}
