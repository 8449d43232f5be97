/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Rows: packed secrets byte by byte, what is no packed secret, and keys through a real table there and back.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "daemon/store_row.h"
#include "daemon/store_schema.h"
#include "tests/daemon/store-scratch.h"
#include "tests/suite.h"

#define D8 "\xd1\xd2\xd3\xd4\xd5\xd6\xd7\xd8"
#define DIGEST D8 D8 D8 D8

/* A packed text, its size without the NUL that ends the literal. */
#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

static const struct {
	const char *what;
	struct store_secret secrets[2];
	size_t count;
	const uint8_t *packed;
	size_t size;
} packings[] = {
	{ "no secret", { { 0 } }, 0, BYTES("\x01") },
	{ "one",
	  { { .number = 1, .form = 1, .pepper = 1, .created = 1790000000 } },
	  1,
	  BYTES("\x01"
		"\x01\x01\x01\x80\xf7\xc4\xd5\x06\x00" DIGEST) },
	{ "the limits",
	  { { .number = 127, .form = 0, .pepper = 128, .created = 0, .retires = 0x3fff },
	    { .number = UINT32_MAX, .form = 255, .pepper = UINT32_MAX, .created = INT64_MAX, .retires = INT64_MIN } },
	  2,
	  BYTES("\x01"
		"\x7f\x00\x80\x01\x00\xff\x7f" DIGEST "\xff\xff\xff\xff\x0f\xff\xff\xff\xff\xff\x0f"
		"\xff\xff\xff\xff\xff\xff\xff\xff\x7f"
		"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01" DIGEST) },
	{ "one that waits for the first use of the other",
	  { { .number = 1, .form = 1, .pepper = 1, .created = 0, .retires = 1, .after_use = 3600 },
	    { .number = 2, .form = 1, .pepper = 1, .created = 0, .flags = STORE_SECRET_BY_HOLDER } },
	  2,
	  BYTES("\x02"
		"\x01\x01\x01\x00\x01\x90\x1c\x00" DIGEST "\x02\x01\x01\x00\x00\x00\x01" DIGEST) },
	{ "the limits of what waits",
	  { { .number = 1, .after_use = UINT32_MAX, .flags = STORE_SECRET_FLAGS } },
	  1,
	  BYTES("\x02"
		"\x01\x00\x00\x00\x00\xff\xff\xff\xff\x0f\x03" DIGEST) },
};

START_TEST(secrets_pack_and_unpack)
{
	struct store_secret secrets[STORE_SECRETS_MAX], unpacked[STORE_SECRETS_MAX];
	uint8_t packed[STORE_SECRETS_PACKED_MAX];
	size_t size = 0, count = 99;

	memset(secrets, 0, sizeof(secrets));
	memcpy(secrets, packings[_i].secrets, sizeof(packings[_i].secrets));
	for (size_t i = 0; i < 2; i++)
		memcpy(secrets[i].digest, DIGEST, STORE_DIGEST_SIZE);
	ck_assert_int_eq(store_secrets_pack(secrets, packings[_i].count, packed, &size), 0);
	ck_assert_uint_eq(size, packings[_i].size);
	ck_assert_mem_eq(packed, packings[_i].packed, size);

	ck_assert_int_eq(store_secrets_unpack(packings[_i].packed, packings[_i].size, unpacked, &count), 0);
	ck_assert_uint_eq(count, packings[_i].count);
	for (size_t i = 0; i < count; i++) {
		ck_assert_uint_eq(unpacked[i].number, secrets[i].number);
		ck_assert_uint_eq(unpacked[i].form, secrets[i].form);
		ck_assert_uint_eq(unpacked[i].pepper, secrets[i].pepper);
		ck_assert_int_eq(unpacked[i].created, secrets[i].created);
		ck_assert_int_eq(unpacked[i].retires, secrets[i].retires);
		ck_assert_uint_eq(unpacked[i].after_use, secrets[i].after_use);
		ck_assert_uint_eq(unpacked[i].flags, secrets[i].flags);
		ck_assert_mem_eq(unpacked[i].digest, secrets[i].digest, STORE_DIGEST_SIZE);
	}
}
END_TEST

#define ONE "\x01\x01\x01\x00\x00" DIGEST
#define SECRET(number) number "\x01\x01\x00\x00" DIGEST

static const struct {
	const char *what;
	const uint8_t *packed;
	size_t size;
} refused[] = {
	{ "nothing", BYTES("") },
	{ "version 0", BYTES("\x00" ONE) },
	{ "a later version", BYTES("\x03" ONE) },
	{ "version 1 that says it is 2", BYTES("\x02" ONE) },
	{ "version 2 where nothing waits", BYTES("\x02\x01\x01\x01\x00\x00\x00\x00" DIGEST) },
	{ "version 2 without any secret", BYTES("\x02") },
	{ "a flag there is not", BYTES("\x02\x01\x01\x01\x00\x00\x00\x04" DIGEST) },
	{ "waiting for more than 32 bits", BYTES("\x02\x01\x01\x01\x00\x00\xff\xff\xff\xff\x1f\x00" DIGEST) },
	{ "cut in a digest", BYTES("\x01\x01\x01\x01\x00\x00" D8 D8 D8 "\xd1") },
	{ "cut before the digest", BYTES("\x01\x01\x01\x01\x00\x00") },
	{ "cut in a number", BYTES("\x01\x80") },
	{ "one byte more", BYTES("\x01" ONE "\x02") },
	{ "number 0", BYTES("\x01" SECRET("\x00")) },
	{ "the same number again", BYTES("\x01" ONE ONE) },
	{ "descending numbers", BYTES("\x01" SECRET("\x02") SECRET("\x01")) },
	{ "a sixth secret",
	  BYTES("\x01" SECRET("\x01") SECRET("\x02") SECRET("\x03") SECRET("\x04") SECRET("\x05") SECRET("\x06")) },
	{ "a number of more than 32 bits", BYTES("\x01" SECRET("\x80\x80\x80\x80\x10")) },
	{ "a pepper of more than 32 bits", BYTES("\x01\x01\x01\xff\xff\xff\xff\x1f\x00\x00" DIGEST) },
	{ "a number in a longer form than it needs", BYTES("\x01" SECRET("\x81\x00")) },
	{ "a time of more than 64 bits", BYTES("\x01\x01\x01\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02\x00" DIGEST) },
	{ "a time that never ends", BYTES("\x01\x01\x01\x01\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01\x00" DIGEST) },
};

START_TEST(secrets_refuse)
{
	struct store_secret secrets[STORE_SECRETS_MAX];
	size_t count = 99;

	memset(secrets, 0x5a, sizeof(secrets));
	ck_assert_msg(store_secrets_unpack(refused[_i].packed, refused[_i].size, secrets, &count) == -EBADMSG, "%s",
		      refused[_i].what);
	/* Untouched. */
	ck_assert_uint_eq(count, 99);
	for (size_t i = 0; i < sizeof(secrets); i++)
		ck_assert_uint_eq(((const uint8_t *)secrets)[i], 0x5a);
}
END_TEST

START_TEST(secrets_that_are_not_packed)
{
	struct store_secret secrets[STORE_SECRETS_MAX + 1] = { { .number = 1 }, { .number = 1 } };
	uint8_t packed[STORE_SECRETS_PACKED_MAX];
	size_t size = 99;

	ck_assert_int_eq(store_secrets_pack(secrets, 2, packed, &size), -EINVAL);
	secrets[0].number = 0;
	ck_assert_int_eq(store_secrets_pack(secrets, 1, packed, &size), -EINVAL);
	for (uint32_t i = 0; i <= STORE_SECRETS_MAX; i++)
		secrets[i] = (struct store_secret){ .number = UINT32_MAX - STORE_SECRETS_MAX + i,
						    .form = STORE_FORM_PAIR,
						    .pepper = UINT32_MAX,
						    .created = -1,
						    .retires = -1,
						    .after_use = UINT32_MAX,
						    .flags = STORE_SECRET_FLAGS };
	ck_assert_int_eq(store_secrets_pack(secrets, STORE_SECRETS_MAX + 1, packed, &size), -EINVAL);
	ck_assert_uint_eq(size, 99);
	/* As long as it can get, it fits. */
	ck_assert_int_eq(store_secrets_pack(secrets, STORE_SECRETS_MAX, packed, &size), 0);
	ck_assert_uint_eq(size, STORE_SECRETS_PACKED_MAX);
}
END_TEST

/* A table of the columns alone, which takes anything. */
static sqlite3 *table_new(void)
{
	sqlite3 *database = NULL;

	ck_assert_int_eq(sqlite3_open(":memory:", &database), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(database, "CREATE TABLE key (" STORE_ROW_COLUMNS ")", NULL, NULL, NULL),
			 SQLITE_OK);
	return database;
}

static int row_write(sqlite3 *database, const struct store_key *key)
{
	CLEANUP_FINALIZE sqlite3_stmt *statement = NULL;
	uint8_t packed[STORE_SECRETS_PACKED_MAX];
	int r;

	ck_assert_int_eq(sqlite3_prepare_v2(database, "INSERT INTO key SELECT ?1, " STORE_ROW_VALUE_PARAMETERS, -1,
					    &statement, NULL),
			 SQLITE_OK);
	ck_assert_int_eq(sqlite3_bind_parameter_count(statement), STORE_ROW_COLUMN_COUNT);
	r = store_row_bind(statement, key, packed);
	if (r == 0)
		ck_assert_int_eq(sqlite3_step(statement), SQLITE_DONE);
	return r;
}

static int row_read(sqlite3 *database, struct store_key *ret_key)
{
	CLEANUP_FINALIZE sqlite3_stmt *statement = NULL;

	ck_assert_int_eq(sqlite3_prepare_v2(database, "SELECT " STORE_ROW_COLUMNS " FROM key", -1, &statement, NULL),
			 SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
	return store_row_read(statement, ret_key);
}

/* Keys that differ from a plain one. */
static void make_plain(struct store_key *key)
{
	(void)key;
}

static void make_account_key(struct store_key *key)
{
	key->tenant = "";
}

static void make_pair(struct store_key *key)
{
	key->kind = STORE_PAIR;
	snprintf(key->id, sizeof(key->id), "a123456b-c12c-123d-1ab4-18bd8c8e88a3");
	key->secret_count = 2;
	key->secrets[0] = (struct store_secret){ .number = 1, .form = STORE_FORM_PAIR, .pepper = 1, .retires = 9 };
	key->secrets[1] = (struct store_secret){ .number = 2, .form = STORE_FORM_PAIR, .pepper = 1 };
	memset(key->secrets[0].sealed, 0xa5, STORE_SEALED_SIZE);
	memset(key->secrets[1].sealed, 0x5a, STORE_SEALED_SIZE);
}

static void make_test(struct store_key *key)
{
	key->test = true;
	key->state = STORE_REVOKED;
	key->state_reason = "left behind on a train";
}

static void make_dated(struct store_key *key)
{
	key->not_before = 1800000000;
	key->expires = INT64_MAX - 1;
	key->created = -1;
}

static void make_limited(struct store_key *key)
{
	key->exclusive = "dovecot";
	key->max_uses = UINT32_MAX;
	key->client_side = true;
	key->state_since = 1790000000;
}

static void make_uid(struct store_key *key)
{
	key->owner_uid_known = true;
	key->owner_uid = UINT32_MAX;
}

static void make_uid_root(struct store_key *key)
{
	key->owner_uid_known = true;
}

static void make_texts(struct store_key *key)
{
	key->owner = "alice@example.org";
	key->users = "bob\ndeploy";
	key->permissions = "*";
	key->roles = "tenant-admin";
	key->sources = "192.0.2.0/24 2001:db8::/32 local";
	key->labels = "where=caf\xc3\xa9\nwhy=backup";
	key->created_by = "kAAAAAAAAAAA";
}

static void make_five(struct store_key *key)
{
	key->secret_count = STORE_SECRETS_MAX;
	for (uint32_t i = 0; i < STORE_SECRETS_MAX; i++) {
		key->secrets[i] = (struct store_secret){ .number = i + 7, .form = 1, .pepper = 2, .retires = i };
		memset(key->secrets[i].digest, (int)i, STORE_DIGEST_SIZE);
	}
}

static void (*const makes[])(struct store_key *key) = {
	make_plain,   make_account_key, make_pair,     make_test,  make_dated,
	make_limited, make_uid,         make_uid_root, make_texts, make_five,
};

START_TEST(rows_there_and_back)
{
	CLEANUP_FREE struct store_key *key = malloc(sizeof(*key)), *read = malloc(sizeof(*read));
	sqlite3 *database = table_new();

	scratch_key(key, 7);
	makes[_i](key);
	memset(read, 0x5a, sizeof(*read));
	ck_assert_int_eq(row_write(database, key), 0);
	ck_assert_int_eq(row_read(database, read), 0);
	scratch_assert_same(key, read);
	sqlite3_close(database);
}
END_TEST

START_TEST(rows_hold_the_longest_texts)
{
	CLEANUP_FREE struct store_key *key = malloc(sizeof(*key)), *read = malloc(sizeof(*read));
	CLEANUP_FREE char *list = malloc(WIRE_LIST_TEXT_MAX + 1);
	char name[WIRE_USER_MAX + 1], reason[WIRE_REASON_MAX + 1];
	sqlite3 *database = table_new();

	memset(list, 'x', WIRE_LIST_TEXT_MAX);
	list[WIRE_LIST_TEXT_MAX] = '\0';
	memset(name, 'y', WIRE_USER_MAX);
	name[WIRE_USER_MAX] = '\0';
	memset(reason, 'z', WIRE_REASON_MAX);
	reason[WIRE_REASON_MAX] = '\0';
	scratch_key(key, 7);
	key->permissions = key->roles = key->sources = key->users = key->labels = list;
	key->owner = key->name = key->account = key->tenant = name;
	key->state_reason = key->created_by = reason;
	ck_assert_int_eq(row_write(database, key), 0);
	ck_assert_int_eq(row_read(database, read), 0);
	scratch_assert_same(key, read);
	sqlite3_close(database);
}
END_TEST

/* Keys that would not come back as they are. */
static void break_id(struct store_key *key)
{
	key->id[CREDENTIAL_ID_SIZE - 1] = '\0';
}

static void break_state(struct store_key *key)
{
	key->state = STORE_STATE_COUNT;
}

static void break_state_none(struct store_key *key)
{
	key->state = 0;
}

static void break_kind(struct store_key *key)
{
	key->kind = 3;
}

static void break_owner(struct store_key *key)
{
	key->owner = "";
}

static void break_name(struct store_key *key)
{
	key->name = "";
}

static void break_text(struct store_key *key)
{
	key->labels = NULL;
}

static void break_secrets(struct store_key *key)
{
	key->secrets[0].number = 0;
}

static void break_size(struct store_key *key)
{
	static char huge[STORE_KEY_TEXT_SIZE];

	memset(huge, 'x', sizeof(huge) - 1);
	key->sources = huge;
}

static void (*const breaks[])(struct store_key *key) = {
	break_id,   break_state, break_state_none, break_kind, break_owner,
	break_name, break_text,  break_secrets,    break_size,
};

START_TEST(rows_that_are_not_written)
{
	CLEANUP_FREE struct store_key *key = malloc(sizeof(*key));
	sqlite3 *database = table_new();

	scratch_key(key, 7);
	breaks[_i](key);
	ck_assert_int_eq(row_write(database, key), -EINVAL);
	sqlite3_close(database);
}
END_TEST

/* What someone or something else has made of a row. */
static const char *const damages[] = {
	"id = NULL",
	"id = 'short'",
	"id = x'6b3030303030303030303037'",
	"state = 0",
	"state = 5",
	"state = NULL",
	"state = 'active'",
	"state = 4294967297",
	"kind = 0",
	"kind = 3",
	"test = 2",
	"test = NULL",
	"not_before = NULL",
	"not_before = 'tomorrow'",
	"expires = 'never'",
	"expires = 1.5",
	"created = NULL",
	"owner_uid = -1",
	"owner_uid = 4294967296",
	"owner_uid = 'alice'",
	"secrets = NULL",
	"secrets = 'text'",
	"secrets = x''",
	"secrets = x'02'",
	"secrets = secrets || x'00'",
	"owner = NULL",
	"owner = 'ali' || char(0) || 'ce'",
	"name = 7",
	"account = NULL",
	"users = NULL",
	"permissions = NULL",
	"permissions = x'2a'",
	"roles = NULL",
	/* A key without networks may be used from anywhere. */
	"sources = NULL",
	"sources = char(0) || '192.0.2.0/24'",
	"created_by = NULL",
	"state_reason = NULL",
	"labels = hex(zeroblob(20000))",
	/* A key that is for one service would be for all. */
	"exclusive = NULL",
	"max_uses = NULL",
	"max_uses = -1",
	"max_uses = 4294967296",
	"state_since = NULL",
	"state_since = 1.5",
	/* A key that is not for pages would be. */
	"client_side = NULL",
	"client_side = 2",
};

START_TEST(rows_that_are_not_read)
{
	CLEANUP_FREE struct store_key *key = malloc(sizeof(*key)), *before = malloc(sizeof(*before));
	sqlite3 *database = table_new();
	char sql[128];

	scratch_key(key, 7);
	ck_assert_int_eq(row_write(database, key), 0);
	ck_assert_int_eq(row_read(database, key), 0);
	snprintf(sql, sizeof(sql), "UPDATE key SET %s", damages[_i]);
	ck_assert_int_eq(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
	memset(key, 0x5a, sizeof(*key));
	memcpy(before, key, sizeof(*key));
	ck_assert_msg(row_read(database, key) == -EBADMSG, "%s", damages[_i]);
	ck_assert_mem_eq(key, before, sizeof(*key));
	sqlite3_close(database);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store-row");
	TCase *rows = tcase_create("rows");

	tcase_add_loop_test(rows, secrets_pack_and_unpack, 0, ARRAY_SIZE(packings));
	tcase_add_loop_test(rows, secrets_refuse, 0, ARRAY_SIZE(refused));
	tcase_add_test(rows, secrets_that_are_not_packed);
	tcase_add_loop_test(rows, rows_there_and_back, 0, ARRAY_SIZE(makes));
	tcase_add_test(rows, rows_hold_the_longest_texts);
	tcase_add_loop_test(rows, rows_that_are_not_written, 0, ARRAY_SIZE(breaks));
	tcase_add_loop_test(rows, rows_that_are_not_read, 0, ARRAY_SIZE(damages));
	suite_add_tcase(suite, rows);
	return suite_run(suite);
}
