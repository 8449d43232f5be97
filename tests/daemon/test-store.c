/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Writing to the store: what is refused and leaves nothing behind, what is undone, what is counted and remembered.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "daemon/store_connection.h"
#include "tests/daemon/store-scratch.h"
#include "tests/suite.h"

static const struct store_key *key_find(struct store_reader *reader, unsigned int number)
{
	static struct store_key key;
	char id[CREDENTIAL_KEY_ID_MAX + 1];
	int r = store_find_key(reader, scratch_id(number, id), &key);

	ck_assert_msg(r == 0 || r == -ENOENT, "%s: %s", strerror(-r), store_fault(reader));
	return r == 0 ? &key : NULL;
}

static void assert_counts(struct store_reader *reader, uint64_t active, uint64_t inactive, uint64_t revoked)
{
	uint64_t counts[STORE_STATE_COUNT];

	ck_assert_int_eq(store_count_keys(reader, counts), 0);
	ck_assert_uint_eq(counts[STORE_ACTIVE], active);
	ck_assert_uint_eq(counts[STORE_INACTIVE], inactive);
	ck_assert_uint_eq(counts[STORE_SUSPENDED], 0);
	ck_assert_uint_eq(counts[STORE_REVOKED], revoked);
}

static void assert_whole(struct scratch *scratch)
{
	char fault[1024] = "";

	ck_assert_msg(store_check(scratch->reader, fault, sizeof(fault)) == 0, "%s", fault);
}

static void insert(struct scratch *scratch, unsigned int number)
{
	int r = scratch_insert(scratch->store, number);

	ck_assert_msg(r == 0, "%s: %s", strerror(-r), store_fault(store_writer(scratch->store)));
}

/* What a second key has of the first, and what comes of it. */
static void take_nothing(struct store_key *key)
{
	(void)key;
}

static void take_id(struct store_key *key)
{
	scratch_id(1, key->id);
}

static void take_name(struct store_key *key)
{
	key->name = "key-00001";
}

static void take_name_of_bob(struct store_key *key)
{
	key->name = "key-00001";
	key->owner = "bob";
}

static void take_digest(struct store_key *key)
{
	key->secrets[1] = key->secrets[0];
	key->secrets[1].number = 2;
	for (size_t i = 0; i < STORE_DIGEST_SIZE; i++)
		key->secrets[1].digest[i] = (uint8_t)(1 >> i % 4 * 8);
	key->secret_count = 2;
}

static void take_own_digest(struct store_key *key)
{
	key->secrets[1] = key->secrets[0];
	key->secrets[1].number = 2;
	key->secret_count = 2;
}

static void take_tenant(struct store_key *key)
{
	key->tenant = "elsewhere";
}

static void take_account(struct store_key *key)
{
	key->account = "elsewhere";
}

static void take_no_owner(struct store_key *key)
{
	key->owner = "";
}

static const struct {
	void (*change)(struct store_key *key);
	int insert, update;
} takes[] = {
	{ take_nothing, 0, 0 },
	{ take_id, -EEXIST, 0 }, /* an update of the first */
	{ take_name, -EEXIST, -EEXIST },
	{ take_name_of_bob, 0, 0 },
	{ take_digest, -EEXIST, -EEXIST },
	{ take_own_digest, -EEXIST, -EEXIST },
	{ take_tenant, -ENOENT, -ENOENT },
	{ take_account, -ENOENT, -ENOENT },
	{ take_no_owner, -EINVAL, -EINVAL },
};

/* What is refused changes nothing, and what else is in the transaction is written. */
START_TEST(inserts_are_refused)
{
	CLEANUP_SCRATCH struct scratch scratch;
	CLEANUP_FREE struct store_key *key = malloc(sizeof(*key));
	struct store *store;

	scratch_init(&scratch);
	scratch_open(&scratch);
	store = scratch.store;
	insert(&scratch, 1);
	ck_assert_int_eq(store_write_begin(store), 0);
	scratch_key(key, 2);
	takes[_i].change(key);
	ck_assert_int_eq(store_insert_key(store, key), takes[_i].insert);
	scratch_key(key, 3);
	ck_assert_int_eq(store_insert_key(store, key), 0);
	ck_assert_int_eq(store_write_commit(store), 0);
	assert_counts(scratch.reader, takes[_i].insert == 0 ? 3 : 2, 0, 0);
	ck_assert_int_eq(key_find(scratch.reader, 2) != NULL, takes[_i].insert == 0);
	assert_whole(&scratch);
}
END_TEST

START_TEST(updates_are_refused)
{
	CLEANUP_SCRATCH struct scratch scratch;
	CLEANUP_FREE struct store_key *key = malloc(sizeof(*key)), *other = malloc(sizeof(*other));
	struct store *store;

	scratch_init(&scratch);
	scratch_open(&scratch);
	store = scratch.store;
	insert(&scratch, 1);
	insert(&scratch, 2);
	ck_assert_int_eq(store_write_begin(store), 0);
	scratch_key(key, 2);
	key->state = STORE_REVOKED;
	takes[_i].change(key);
	if (takes[_i].change == take_id) {
		/* The first key's own name and digest are not in its way, but the second's are. */
		ck_assert_int_eq(store_update_key(store, key), -EEXIST);
		scratch_key(key, 1);
		key->state = STORE_REVOKED;
	}
	ck_assert_int_eq(store_update_key(store, key), takes[_i].update);
	scratch_key(other, 3);
	ck_assert_int_eq(store_insert_key(store, other), 0);
	ck_assert_int_eq(store_write_commit(store), 0);
	if (takes[_i].update == 0) {
		assert_counts(scratch.reader, 2, 0, 1);
		scratch_assert_same(key_find(scratch.reader, takes[_i].change == take_id ? 1 : 2), key);
	} else {
		assert_counts(scratch.reader, 3, 0, 0);
		scratch_key(key, 2);
		scratch_assert_same(key_find(scratch.reader, 2), key);
	}
	assert_whole(&scratch);
}
END_TEST

START_TEST(a_deleted_id_never_comes_back)
{
	CLEANUP_SCRATCH struct scratch scratch;
	CLEANUP_FREE struct store_key *key = malloc(sizeof(*key));
	struct store *store;

	scratch_init(&scratch);
	scratch_open(&scratch);
	store = scratch.store;
	insert(&scratch, 1);
	scratch_key(key, 1);
	ck_assert_int_eq(store_write_begin(store), 0);
	ck_assert_int_eq(store_delete_key(store, key->id), 0);
	ck_assert_int_eq(store_delete_key(store, key->id), -ENOENT);
	ck_assert_int_eq(store_update_key(store, key), -ENOENT);
	ck_assert_int_eq(store_insert_key(store, key), -EEXIST);
	ck_assert_int_eq(store_write_commit(store), 0);
	assert_counts(scratch.reader, 0, 0, 0);
	ck_assert_ptr_null(key_find(scratch.reader, 1));
	scratch_close(&scratch);
	scratch_open(&scratch);
	store = scratch.store;
	ck_assert_int_eq(scratch_insert(store, 1), -EEXIST);
	/* Its name and its digest are free. */
	scratch_id(2, key->id);
	ck_assert_int_eq(store_write_begin(store), 0);
	ck_assert_int_eq(store_insert_key(store, key), 0);
	ck_assert_int_eq(store_write_commit(store), 0);
	assert_counts(scratch.reader, 1, 0, 0);
	assert_whole(&scratch);
}
END_TEST

START_TEST(keys_are_counted_by_state)
{
	CLEANUP_SCRATCH struct scratch scratch;
	char id[CREDENTIAL_KEY_ID_MAX + 1];

	scratch_init(&scratch);
	scratch_open(&scratch);
	assert_counts(scratch.reader, 0, 0, 0);
	for (unsigned int i = 0; i < 5; i++)
		insert(&scratch, i);
	assert_counts(scratch.reader, 5, 0, 0);
	ck_assert_int_eq(scratch_set_state(scratch.store, 0, STORE_INACTIVE), 0);
	ck_assert_int_eq(scratch_set_state(scratch.store, 1, STORE_REVOKED), 0);
	ck_assert_int_eq(scratch_set_state(scratch.store, 1, STORE_REVOKED), 0);
	assert_counts(scratch.reader, 3, 1, 1);
	ck_assert_int_eq(store_write_begin(scratch.store), 0);
	ck_assert_int_eq(store_delete_key(scratch.store, scratch_id(1, id)), 0);
	ck_assert_int_eq(store_delete_key(scratch.store, scratch_id(2, id)), 0);
	ck_assert_int_eq(store_write_commit(scratch.store), 0);
	assert_counts(scratch.reader, 2, 1, 0);
	assert_whole(&scratch);
}
END_TEST

START_TEST(a_savepoint_is_rolled_back_alone)
{
	CLEANUP_SCRATCH struct scratch scratch;
	CLEANUP_FREE struct store_key *key = malloc(sizeof(*key));
	struct store *store;
	uint64_t rev = 0;

	scratch_init(&scratch);
	scratch_open(&scratch);
	store = scratch.store;
	ck_assert_int_eq(store_write_begin(store), 0);
	for (unsigned int i = 1; i <= 3; i++) {
		ck_assert_int_eq(store_savepoint(store), 0);
		scratch_key(key, i);
		ck_assert_int_eq(store_insert_key(store, key), 0);
		ck_assert_int_eq(store_log_change(store, 1790000000, "{}", &rev), 0);
		/* The second is refused after all that. */
		if (i == 2)
			store_savepoint_rollback(store);
		else
			ck_assert_int_eq(store_savepoint_release(store), 0);
	}
	ck_assert_uint_eq(rev, 2);
	/* The writer sees what it has written; nobody else does. */
	ck_assert_ptr_nonnull(key_find(store_writer(store), 1));
	ck_assert_ptr_null(key_find(store_writer(store), 2));
	ck_assert_ptr_null(key_find(scratch.reader, 1));
	ck_assert_int_eq(store_write_commit(store), 0);
	ck_assert_ptr_nonnull(key_find(scratch.reader, 1));
	ck_assert_ptr_null(key_find(scratch.reader, 2));
	ck_assert_ptr_nonnull(key_find(scratch.reader, 3));
	assert_counts(scratch.reader, 2, 0, 0);
	ck_assert_int_eq(store_rev(scratch.reader, &rev), 0);
	ck_assert_uint_eq(rev, 2);
	assert_whole(&scratch);
}
END_TEST

START_TEST(an_aborted_transaction_leaves_nothing)
{
	CLEANUP_SCRATCH struct scratch scratch;
	CLEANUP_FREE struct store_key *key = malloc(sizeof(*key));
	uint64_t number = 99, rev = 99;

	scratch_init(&scratch);
	scratch_open(&scratch);
	ck_assert_int_eq(store_write_begin(scratch.store), 0);
	scratch_key(key, 1);
	ck_assert_int_eq(store_savepoint(scratch.store), 0);
	ck_assert_int_eq(store_insert_key(scratch.store, key), 0);
	ck_assert_int_eq(store_save_number(scratch.store, "audited_rev", 7), 0);
	ck_assert_int_eq(store_log_change(scratch.store, 1790000000, "{}", &rev), 0);
	store_write_abort(scratch.store);
	ck_assert_ptr_null(key_find(scratch.reader, 1));
	ck_assert_int_eq(store_load_number(scratch.reader, "audited_rev", &number), 0);
	ck_assert_uint_eq(number, 0);
	ck_assert_int_eq(store_rev(scratch.reader, &rev), 0);
	ck_assert_uint_eq(rev, 0);
	insert(&scratch, 1);
	assert_whole(&scratch);
}
END_TEST

/* Nothing is written outside a transaction, and none is begun inside another. */
START_TEST(writes_need_a_transaction)
{
	CLEANUP_SCRATCH struct scratch scratch;
	CLEANUP_FREE struct store_key *key = malloc(sizeof(*key));
	const struct store_use use = { .key_id = "k00000000001", .secret = 1, .count = 1 };
	uint64_t rev = 99;
	bool first;

	scratch_init(&scratch);
	scratch_open(&scratch);
	insert(&scratch, 1);
	scratch_key(key, 2);
	ck_assert_int_eq(store_insert_key(scratch.store, key), -EINVAL);
	ck_assert_int_eq(store_update_key(scratch.store, key), -EINVAL);
	ck_assert_int_eq(store_delete_key(scratch.store, "k00000000001"), -EINVAL);
	ck_assert_int_eq(store_log_change(scratch.store, 1790000000, "{}", &rev), -EINVAL);
	ck_assert_int_eq(store_add_use(scratch.store, &use, &first), -EINVAL);
	ck_assert_int_eq(store_save_sealed(scratch.store, "pepper", 1, 1, "x", 1), -EINVAL);
	ck_assert_int_eq(store_save_number(scratch.store, "audited_rev", 1), -EINVAL);
	ck_assert_int_eq(store_savepoint(scratch.store), -EINVAL);
	ck_assert_int_eq(store_savepoint_release(scratch.store), -EINVAL);
	store_savepoint_rollback(scratch.store);
	ck_assert_int_eq(store_write_commit(scratch.store), -EINVAL);
	store_write_abort(scratch.store);
	ck_assert_int_eq(store_write_begin(scratch.store), 0);
	ck_assert_int_eq(store_write_begin(scratch.store), -EINVAL);
	ck_assert_int_eq(store_insert_key(scratch.store, key), 0);
	ck_assert_int_eq(store_write_commit(scratch.store), 0);
	assert_counts(scratch.reader, 2, 0, 0);
	ck_assert_uint_eq(rev, 99);
}
END_TEST

/* Two uses in a row, and what is known after each. */
START_TEST(uses_are_merged)
{
	CLEANUP_SCRATCH struct scratch scratch;
	struct store_use uses[] = {
		{ .key_id = "k00000000001",
		  .secret = 1,
		  .count = 3,
		  .first_time = 100,
		  .last_time = 300,
		  .first_service = "sshd",
		  .last_service = "sudo",
		  .first_source = "192.0.2.1",
		  .last_source = "tty1" },
		{ .key_id = "k00000000009", .secret = 1, .count = 1, .first_time = 1, .last_time = 1 },
		{ .key_id = "k00000000001", .secret = 2, .count = 0, .first_time = 1, .last_time = 1 },
		{ .key_id = "k00000000001",
		  .secret = 1,
		  .count = 2,
		  .first_time = 400,
		  .last_time = 500,
		  .first_service = "dovecot",
		  .last_service = "dovecot",
		  .first_source = "2001:db8::1",
		  .last_source = "2001:db8::2" },
	};
	struct store_use use;

	scratch_init(&scratch);
	scratch_open(&scratch);
	insert(&scratch, 1);
	ck_assert_int_eq(store_find_use(scratch.reader, "k00000000001", 1, &use), 0);
	ck_assert_uint_eq(use.count, 0);
	ck_assert_int_eq(use.first_time, 0);
	ck_assert_str_eq(use.key_id, "k00000000001");
	for (size_t i = 0; i < ARRAY_SIZE(uses); i++) {
		bool first;

		ck_assert_int_eq(store_write_begin(scratch.store), 0);
		ck_assert_int_eq(store_add_use(scratch.store, &uses[i], &first), 0);
		ck_assert_int_eq(first, i == 0);
		ck_assert_int_eq(store_write_commit(scratch.store), 0);
	}
	ck_assert_int_eq(store_find_use(scratch.reader, "k00000000001", 1, &use), 0);
	ck_assert_uint_eq(use.secret, 1);
	ck_assert_uint_eq(use.count, 5);
	ck_assert_int_eq(use.first_time, 100);
	ck_assert_str_eq(use.first_service, "sshd");
	ck_assert_str_eq(use.first_source, "192.0.2.1");
	ck_assert_int_eq(use.last_time, 500);
	ck_assert_str_eq(use.last_service, "dovecot");
	ck_assert_str_eq(use.last_source, "2001:db8::2");
	/* A key that is not there has none, and what was not used neither. */
	ck_assert_int_eq(store_find_use(scratch.reader, "k00000000009", 1, &use), 0);
	ck_assert_uint_eq(use.count, 0);
	ck_assert_int_eq(store_find_use(scratch.reader, "k00000000001", 2, &use), 0);
	ck_assert_uint_eq(use.count, 0);
	/* They are no change: the revision stays. */
	{
		uint64_t rev = 99;

		ck_assert_int_eq(store_rev(scratch.reader, &rev), 0);
		ck_assert_uint_eq(rev, 0);
	}
	assert_whole(&scratch);
}
END_TEST

START_TEST(uses_do_not_overflow)
{
	CLEANUP_SCRATCH struct scratch scratch;
	const struct store_use use = { .key_id = "k00000000001", .secret = 1, .count = UINT64_MAX };
	struct store_use found;

	scratch_init(&scratch);
	scratch_open(&scratch);
	insert(&scratch, 1);
	for (int i = 0; i < 4; i++) {
		bool first;

		ck_assert_int_eq(store_write_begin(scratch.store), 0);
		ck_assert_int_eq(store_add_use(scratch.store, &use, &first), 0);
		ck_assert_int_eq(store_write_commit(scratch.store), 0);
	}
	ck_assert_int_eq(store_find_use(scratch.reader, "k00000000001", 1, &found), 0);
	ck_assert_uint_ge(found.count, INT64_MAX / 2);
	ck_assert_uint_le(found.count, INT64_MAX);
}
END_TEST

START_TEST(uses_go_with_their_secret_and_key)
{
	CLEANUP_SCRATCH struct scratch scratch;
	CLEANUP_FREE struct store_key *key = malloc(sizeof(*key));
	const struct store_use uses[] = {
		{ .key_id = "k00000000001", .secret = 1, .count = 1, .first_time = 1, .last_time = 1 },
		{ .key_id = "k00000000001", .secret = 2, .count = 1, .first_time = 1, .last_time = 1 },
	};
	struct store_use use;

	scratch_init(&scratch);
	scratch_open(&scratch);
	insert(&scratch, 1);
	scratch_key(key, 1);
	key->secrets[1] = (struct store_secret){ .number = 2, .digest = "another" };
	key->secret_count = 2;
	ck_assert_int_eq(store_write_begin(scratch.store), 0);
	ck_assert_int_eq(store_update_key(scratch.store, key), 0);
	for (size_t i = 0; i < ARRAY_SIZE(uses); i++) {
		bool first;

		ck_assert_int_eq(store_add_use(scratch.store, &uses[i], &first), 0);
		ck_assert(first);
	}
	key->secrets[0] = key->secrets[1];
	key->secret_count = 1;
	ck_assert_int_eq(store_update_key(scratch.store, key), 0);
	ck_assert_int_eq(store_write_commit(scratch.store), 0);
	ck_assert_int_eq(store_find_use(scratch.reader, "k00000000001", 1, &use), 0);
	ck_assert_uint_eq(use.count, 0);
	ck_assert_int_eq(store_find_use(scratch.reader, "k00000000001", 2, &use), 0);
	ck_assert_uint_eq(use.count, 1);
	assert_whole(&scratch);
	/* The digest of the secret that went is free again. */
	scratch_key(key, 1);
	scratch_id(2, key->id);
	key->name = "other";
	ck_assert_int_eq(store_write_begin(scratch.store), 0);
	ck_assert_int_eq(store_insert_key(scratch.store, key), 0);
	ck_assert_int_eq(store_delete_key(scratch.store, "k00000000001"), 0);
	ck_assert_int_eq(store_write_commit(scratch.store), 0);
	ck_assert_int_eq(store_find_use(scratch.reader, "k00000000001", 2, &use), 0);
	ck_assert_uint_eq(use.count, 0);
	assert_whole(&scratch);
}
END_TEST

START_TEST(sealed_keys_and_numbers_are_kept)
{
	CLEANUP_SCRATCH struct scratch scratch;
	uint8_t blob[16];
	uint32_t version = 99;
	uint64_t number = 99;
	size_t size = sizeof(blob);

	scratch_init(&scratch);
	scratch_open(&scratch);
	ck_assert_int_eq(store_load_sealed(scratch.reader, "pepper", &version, blob, &size), -ENOENT);
	ck_assert_int_eq(store_write_begin(scratch.store), 0);
	ck_assert_int_eq(store_save_sealed(scratch.store, "pepper", 1, 1, "\0one", 4), 0);
	ck_assert_int_eq(store_save_sealed(scratch.store, "pepper", 10, 1, "\0ten", 4), 0);
	ck_assert_int_eq(store_save_sealed(scratch.store, "pepper", 9, 1, "\0nine", 5), 0);
	ck_assert_int_eq(store_save_sealed(scratch.store, "data", UINT32_MAX, 1, "first", 5), 0);
	ck_assert_int_eq(store_save_sealed(scratch.store, "data", UINT32_MAX, 1, "second", 6), 0);
	ck_assert_int_eq(store_save_number(scratch.store, "purged_epoch", UINT64_MAX), 0);
	ck_assert_int_eq(store_save_number(scratch.store, "audited_rev", 1), 0);
	ck_assert_int_eq(store_save_number(scratch.store, "audited_rev", 2), 0);
	ck_assert_int_eq(store_save_number(scratch.store, "rev", 2), -EINVAL);
	ck_assert_int_eq(store_write_commit(scratch.store), 0);

	ck_assert_int_eq(store_load_sealed(scratch.reader, "pepper", &version, blob, &size), 0);
	ck_assert_uint_eq(version, 10);
	ck_assert_uint_eq(size, 4);
	ck_assert_mem_eq(blob, "\0ten", 4);
	size = sizeof(blob);
	ck_assert_int_eq(store_load_sealed(scratch.reader, "data", &version, blob, &size), 0);
	ck_assert_uint_eq(version, UINT32_MAX);
	ck_assert_mem_eq(blob, "second", 6);
	size = 5;
	ck_assert_int_eq(store_load_sealed(scratch.reader, "data", &version, blob, &size), -EMSGSIZE);
	ck_assert_uint_eq(size, 5);
	ck_assert_int_eq(store_load_number(scratch.reader, "purged_epoch", &number), 0);
	ck_assert_uint_eq(number, UINT64_MAX);
	ck_assert_int_eq(store_load_number(scratch.reader, "audited_rev", &number), 0);
	ck_assert_uint_eq(number, 2);
	ck_assert_int_eq(store_load_number(scratch.reader, "never", &number), 0);
	ck_assert_uint_eq(number, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store");
	TCase *store = tcase_create("store");

	tcase_set_timeout(store, 60);
	tcase_add_loop_test(store, inserts_are_refused, 0, ARRAY_SIZE(takes));
	tcase_add_loop_test(store, updates_are_refused, 0, ARRAY_SIZE(takes));
	tcase_add_test(store, a_deleted_id_never_comes_back);
	tcase_add_test(store, keys_are_counted_by_state);
	tcase_add_test(store, a_savepoint_is_rolled_back_alone);
	tcase_add_test(store, an_aborted_transaction_leaves_nothing);
	tcase_add_test(store, writes_need_a_transaction);
	tcase_add_test(store, uses_are_merged);
	tcase_add_test(store, uses_do_not_overflow);
	tcase_add_test(store, uses_go_with_their_secret_and_key);
	tcase_add_test(store, sealed_keys_and_numbers_are_kept);
	suite_add_tcase(suite, store);
	return suite_run(suite);
}
