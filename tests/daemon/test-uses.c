/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Uses: first and last, counts that add up over full tables, failed writes and threads.
 */
#include "daemon/uses.h"
#include "tests/suite.h"

#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CAPACITY 64

static struct uses *uses;

static void begin(void)
{
	ck_assert_int_eq(uses_new(CAPACITY, &uses), 0);
}

static void end(void)
{
	uses_free(uses);
}

/* A key id for a number, every other one a public key. Static: good until the next call of the thread. */
static const char *id_of(unsigned int number)
{
	static _Thread_local char id[CREDENTIAL_KEY_ID_MAX + 1];

	snprintf(id, sizeof(id), number % 2 == 0 ? "%012u" : "%08x-c12c-4d1a-9ab4-18bd8c8e88a3", number);
	return id;
}

/* One of those taken. Static: good until the next call. */
static const struct store_use *find(size_t count, const char *id, uint32_t secret)
{
	static struct store_use use;

	for (size_t i = 0; i < count; i++) {
		uses_taken(uses, i, &use);
		if (strcmp(use.key_id, id) == 0 && use.secret == secret)
			return &use;
	}
	return NULL;
}

static void assert_use(const struct store_use *use, uint64_t count, int64_t first, const char *first_service,
		       const char *first_source, int64_t last, const char *last_service, const char *last_source)
{
	ck_assert_ptr_nonnull(use);
	ck_assert_uint_eq(use->count, count);
	ck_assert_int_eq(use->first_time, first);
	ck_assert_str_eq(use->first_service, first_service);
	ck_assert_str_eq(use->first_source, first_source);
	ck_assert_int_eq(use->last_time, last);
	ck_assert_str_eq(use->last_service, last_service);
	ck_assert_str_eq(use->last_source, last_source);
}

START_TEST(test_first_and_last)
{
	size_t count;

	uses_note(uses, id_of(1), 1, 100, "sshd", "192.0.2.1");
	uses_note(uses, id_of(1), 2, 150, "sudo", NULL);
	uses_note(uses, id_of(1), 1, 200, NULL, "local");
	uses_note(uses, id_of(1), 1, 90, "dovecot",
		  "192.0.2.2"); /* the clock was set back: it is the last all the same */
	count = uses_take(uses);
	ck_assert_uint_eq(count, 2);
	assert_use(find(count, id_of(1), 1), 3, 100, "sshd", "192.0.2.1", 90, "dovecot", "192.0.2.2");
	assert_use(find(count, id_of(1), 2), 1, 150, "sudo", "", 150, "sudo", "");
	uses_written(uses, count);
	ck_assert_uint_eq(uses_take(uses), 0);
}
END_TEST

START_TEST(test_long_texts_are_cut)
{
	char text[1000];
	size_t count;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	uses_note(uses, id_of(1), 1, 100, text, text);
	count = uses_take(uses);
	ck_assert_uint_eq(count, 1);
	ck_assert_uint_eq(strlen(find(count, id_of(1), 1)->first_service), WIRE_SERVICE_MAX);
	ck_assert_uint_eq(strlen(find(count, id_of(1), 1)->last_source), WIRE_NETWORK_MAX);
}
END_TEST

START_TEST(test_full_table)
{
	size_t count;

	for (unsigned int i = 0; i < 2 * CAPACITY; i++)
		ck_assert_int_eq(uses_note(uses, id_of(i), 1, 100, "sshd", ""), i + 1 >= CAPACITY / 2);
	/* who is in it is still counted */
	ck_assert(uses_note(uses, id_of(0), 1, 200, "sshd", ""));
	count = uses_take(uses);
	ck_assert_uint_eq(count, CAPACITY);
	ck_assert_uint_eq(find(count, id_of(0), 1)->count, 2);
	ck_assert_ptr_null(find(count, id_of(CAPACITY), 1));
	/* and there is room again */
	ck_assert(!uses_note(uses, id_of(CAPACITY), 1, 300, "sshd", ""));
}
END_TEST

static const size_t capacities[] = { 0, 1, 2, 3, 5 };

START_TEST(test_small_tables)
{
	size_t capacity = capacities[_i] ? capacities[_i] : 1;
	struct uses *small;

	ck_assert_int_eq(uses_new(capacities[_i], &small), 0);
	for (unsigned int i = 0; i < 20; i++)
		ck_assert_int_eq(uses_note(small, id_of(i), 1, 1, "", ""),
				 2 * (i + 1 < capacity ? i + 1 : capacity) >= capacity);
	ck_assert_uint_eq(uses_take(small), capacity);
	uses_free(small);
	uses_free(NULL);
}
END_TEST

/* The write failed; meanwhile more came. */
START_TEST(test_return_after_a_failed_write)
{
	size_t again_count;

	uses_note(uses, id_of(1), 1, 100, "sshd", "a");
	uses_note(uses, id_of(2), 1, 110, "sshd", "b");
	(void)uses_take(uses);
	uses_note(uses, id_of(1), 1, 200, "sudo", "c");
	uses_note(uses, id_of(3), 1, 210, "sudo", "d");
	uses_return(uses);
	again_count = uses_take(uses);
	ck_assert_uint_eq(again_count, 3);
	assert_use(find(again_count, id_of(1), 1), 2, 100, "sshd", "a", 200, "sudo", "c");
	assert_use(find(again_count, id_of(2), 1), 1, 110, "sshd", "b", 110, "sshd", "b");
	assert_use(find(again_count, id_of(3), 1), 1, 210, "sudo", "d", 210, "sudo", "d");
	uses_written(uses, again_count);
	uses_return(uses);
	ck_assert_uint_eq(uses_take(uses), 0);
}
END_TEST

START_TEST(test_return_to_a_full_table)
{
	size_t again_count;

	for (unsigned int i = 0; i < CAPACITY; i++)
		uses_note(uses, id_of(i), 1, 100, "sshd", "");
	(void)uses_take(uses);
	for (unsigned int i = CAPACITY / 2; i < CAPACITY + CAPACITY / 2; i++)
		uses_note(uses, id_of(i), 1, 200, "sudo", "");
	uses_return(uses);
	again_count = uses_take(uses);
	ck_assert_uint_eq(again_count, CAPACITY);
	for (unsigned int i = CAPACITY / 2; i < CAPACITY; i++)
		assert_use(find(again_count, id_of(i), 1), 2, 100, "sshd", "", 200, "sudo", "");
}
END_TEST

START_TEST(test_merge)
{
	struct store_use never = { .secret = 1 }, used = { .secret = 1,
							   .count = 5,
							   .first_time = 10,
							   .first_service = "imap",
							   .first_source = "z",
							   .last_time = 20,
							   .last_service = "imap",
							   .last_source = "y" };

	strcpy(never.key_id, id_of(1));
	strcpy(used.key_id, id_of(1));
	uses_merge(uses, &used);
	assert_use(&used, 5, 10, "imap", "z", 20, "imap", "y");
	uses_note(uses, id_of(1), 2, 100, "sshd", "other secret");
	uses_note(uses, id_of(2), 1, 100, "sshd", "other key");
	uses_merge(uses, &used);
	assert_use(&used, 5, 10, "imap", "z", 20, "imap", "y");
	uses_note(uses, id_of(1), 1, 100, "sshd", "a");
	uses_note(uses, id_of(1), 1, 200, "sudo", "b");
	uses_merge(uses, &used);
	assert_use(&used, 7, 10, "imap", "z", 200, "sudo", "b");
	uses_merge(uses, &never);
	assert_use(&never, 2, 100, "sshd", "a", 200, "sudo", "b");
}
END_TEST

/* What was taken and is not written yet is shown like the rest. */
START_TEST(test_merge_of_what_was_taken)
{
	struct store_use first = { .secret = 1 }, second = { .secret = 1 };

	strcpy(first.key_id, id_of(1));
	strcpy(second.key_id, id_of(2));
	uses_note(uses, id_of(2), 1, 100, "sshd", "a");
	uses_note(uses, id_of(1), 1, 110, "sshd", "b");
	ck_assert_uint_eq(uses_take(uses), 2);
	uses_note(uses, id_of(2), 1, 200, "sudo", "c");
	uses_written(uses, 1); /* of the lower id */
	uses_taken(uses, 0, &first);
	uses_merge(uses, &first);
	assert_use(&first, 1, 110, "sshd", "b", 110, "sshd", "b");
	uses_merge(uses, &second);
	assert_use(&second, 2, 100, "sshd", "a", 200, "sudo", "c");
}
END_TEST

/* Whoever looks may have begun before the write, and asks after it; or the other way round. */
START_TEST(test_merge_goes_by_what_the_store_said)
{
	const struct store_use never = { .secret = 1 };
	struct store_use use = never, stored;

	strcpy(use.key_id, id_of(1));
	uses_note(uses, id_of(1), 1, 100, "sshd", "a");
	uses_note(uses, id_of(1), 1, 200, "imap", "b");
	ck_assert_uint_eq(uses_take(uses), 1);
	uses_taken(uses, 0, &stored);
	/* written, and seen, but not yet told of */
	use = stored;
	uses_merge(uses, &use);
	assert_use(&use, 2, 100, "sshd", "a", 200, "imap", "b");
	/* told of, but not seen: there were older ones alone */
	uses_written(uses, 1);
	use = stored;
	use.count = 7;
	use.first_time = use.last_time = 50;
	uses_merge(uses, &use);
	assert_use(&use, 9, 50, "sshd", "a", 200, "imap", "b");
	/* both */
	use = stored;
	use.count = 9;
	use.first_time = 50;
	uses_note(uses, id_of(1), 1, 300, "sudo", "c");
	uses_merge(uses, &use);
	assert_use(&use, 10, 50, "sshd", "a", 300, "sudo", "c");
	/* and not twice once they are back */
	ck_assert_uint_eq(uses_take(uses), 1);
	uses_return(uses);
	use = never;
	strcpy(use.key_id, id_of(1));
	uses_merge(uses, &use);
	assert_use(&use, 1, 300, "sudo", "c", 300, "sudo", "c");
}
END_TEST

/* So many sources that their texts fill the room: the table asks to be taken, and is good again after that. */
START_TEST(test_many_texts)
{
	char source[WIRE_NETWORK_MAX + 1];
	bool full = false;
	unsigned int i;
	size_t count;

	for (i = 0; i < 10000; i++) {
		snprintf(source, sizeof(source), "2001:db8::%u", i);
		full = uses_note(uses, id_of(1), 1, 100, "sshd", source);
		ck_assert(i > 10 || !full);
	}
	ck_assert(full);
	count = uses_take(uses);
	ck_assert_uint_eq(count, 1);
	ck_assert_uint_gt(find(count, id_of(1), 1)->count, 10);
	ck_assert_str_eq(find(count, id_of(1), 1)->first_source, "2001:db8::0");
	ck_assert(!uses_note(uses, id_of(2), 1, 200, "sshd", "192.0.2.1"));
	uses_written(uses, count);
	count = uses_take(uses);
	assert_use(find(count, id_of(2), 1), 1, 200, "sshd", "192.0.2.1", 200, "sshd", "192.0.2.1");
}
END_TEST

#define THREADS 6
#define NOTES 20000

static void *note_often(void *data)
{
	struct store_use use = { .secret = 1 };
	unsigned int seed = (unsigned int)(uintptr_t)data;

	for (unsigned int i = 0; i < NOTES; i++) {
		uses_note(uses, id_of((seed + i) % CAPACITY), 1, i + 1, "sshd", "local");
		if (i % 100 == 0) {
			strcpy(use.key_id, id_of(i % CAPACITY));
			use.count = 0;
			uses_merge(uses, &use);
		}
	}
	return NULL;
}

/* One thread takes, fails half of the time, and loses no count. */
START_TEST(test_threads)
{
	pthread_t threads[THREADS];
	uint64_t written = 0;
	struct store_use use;
	size_t count;

	for (size_t i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, note_often, (void *)(uintptr_t)(i * 11)), 0);
	for (unsigned int round = 0; round < 2000; round++) {
		count = uses_take(uses);
		/* of every second batch the second half cannot be written */
		if (round % 2 == 0)
			count /= 2;
		for (size_t i = 0; i < count; i++) {
			uses_taken(uses, i, &use);
			written += use.count;
		}
		uses_written(uses, count);
		uses_return(uses);
	}
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	count = uses_take(uses);
	for (size_t i = 0; i < count; i++) {
		uses_taken(uses, i, &use);
		written += use.count;
	}
	ck_assert_uint_eq(written, (uint64_t)THREADS * NOTES);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("uses");
	TCase *test_case = tcase_create("uses");

	tcase_add_checked_fixture(test_case, begin, end);
	tcase_set_timeout(test_case, 120);
	tcase_add_test(test_case, test_first_and_last);
	tcase_add_test(test_case, test_long_texts_are_cut);
	tcase_add_test(test_case, test_full_table);
	tcase_add_loop_test(test_case, test_small_tables, 0, sizeof(capacities) / sizeof(capacities[0]));
	tcase_add_test(test_case, test_return_after_a_failed_write);
	tcase_add_test(test_case, test_return_to_a_full_table);
	tcase_add_test(test_case, test_merge);
	tcase_add_test(test_case, test_merge_of_what_was_taken);
	tcase_add_test(test_case, test_merge_goes_by_what_the_store_said);
	tcase_add_test(test_case, test_many_texts);
	tcase_add_test(test_case, test_threads);
	suite_add_tcase(suite, test_case);
	return suite_run(suite);
}
