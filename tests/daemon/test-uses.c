/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Uses: first and last, counts that add up over full tables, failed writes and threads.
 */
#include "daemon/uses.h"

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

/* A key id for a number. Static: good until the next call of the thread. */
static const char *id_of(unsigned int number)
{
	static _Thread_local char id[CREDENTIAL_ID_SIZE + 1];

	snprintf(id, sizeof(id), "%012u", number);
	return id;
}

static const struct store_use *find(const struct store_use *notes, size_t count, const char *id, uint32_t secret)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(notes[i].key_id, id) == 0 && notes[i].secret == secret)
			return &notes[i];
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
	struct store_use *notes;
	size_t count;

	uses_note(uses, id_of(1), 1, 100, "sshd", "192.0.2.1");
	uses_note(uses, id_of(1), 2, 150, "sudo", NULL);
	uses_note(uses, id_of(1), 1, 200, NULL, "local");
	uses_note(uses, id_of(1), 1, 90, "dovecot",
		  "192.0.2.2"); /* the clock was set back: it is the last all the same */
	notes = uses_take(uses, &count);
	ck_assert_uint_eq(count, 2);
	assert_use(find(notes, count, id_of(1), 1), 3, 100, "sshd", "192.0.2.1", 90, "dovecot", "192.0.2.2");
	assert_use(find(notes, count, id_of(1), 2), 1, 150, "sudo", "", 150, "sudo", "");
	free(notes);
	ck_assert_ptr_null(uses_take(uses, &count));
	ck_assert_uint_eq(count, 0);
}
END_TEST

START_TEST(test_long_texts_are_cut)
{
	char text[1000];
	struct store_use *notes;
	size_t count;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	uses_note(uses, id_of(1), 1, 100, text, text);
	notes = uses_take(uses, &count);
	ck_assert_uint_eq(strlen(notes->first_service), WIRE_SERVICE_MAX);
	ck_assert_uint_eq(strlen(notes->last_source), WIRE_NETWORK_MAX);
	free(notes);
}
END_TEST

START_TEST(test_full_table)
{
	struct store_use *notes;
	size_t count;

	for (unsigned int i = 0; i < 2 * CAPACITY; i++)
		ck_assert_int_eq(uses_note(uses, id_of(i), 1, 100, "sshd", ""), i + 1 >= CAPACITY / 2);
	/* who is in it is still counted */
	ck_assert(uses_note(uses, id_of(0), 1, 200, "sshd", ""));
	notes = uses_take(uses, &count);
	ck_assert_uint_eq(count, CAPACITY);
	ck_assert_uint_eq(find(notes, count, id_of(0), 1)->count, 2);
	ck_assert_ptr_null(find(notes, count, id_of(CAPACITY), 1));
	free(notes);
	/* and there is room again */
	ck_assert(!uses_note(uses, id_of(CAPACITY), 1, 300, "sshd", ""));
}
END_TEST

static const size_t capacities[] = { 0, 1, 2, 3, 5 };

START_TEST(test_small_tables)
{
	size_t capacity = capacities[_i] ? capacities[_i] : 1, count;
	struct uses *small;
	struct store_use *notes;

	ck_assert_int_eq(uses_new(capacities[_i], &small), 0);
	for (unsigned int i = 0; i < 20; i++)
		ck_assert_int_eq(uses_note(small, id_of(i), 1, 1, "", ""),
				 2 * (i + 1 < capacity ? i + 1 : capacity) >= capacity);
	notes = uses_take(small, &count);
	ck_assert_uint_eq(count, capacity);
	free(notes);
	uses_free(small);
	uses_free(NULL);
}
END_TEST

/* The write failed; meanwhile more came. */
START_TEST(test_return_after_a_failed_write)
{
	struct store_use *notes, *again;
	size_t count, again_count;

	uses_note(uses, id_of(1), 1, 100, "sshd", "a");
	uses_note(uses, id_of(2), 1, 110, "sshd", "b");
	notes = uses_take(uses, &count);
	uses_note(uses, id_of(1), 1, 200, "sudo", "c");
	uses_note(uses, id_of(3), 1, 210, "sudo", "d");
	uses_return(uses, notes, count);
	free(notes);
	again = uses_take(uses, &again_count);
	ck_assert_uint_eq(again_count, 3);
	assert_use(find(again, again_count, id_of(1), 1), 2, 100, "sshd", "a", 200, "sudo", "c");
	assert_use(find(again, again_count, id_of(2), 1), 1, 110, "sshd", "b", 110, "sshd", "b");
	assert_use(find(again, again_count, id_of(3), 1), 1, 210, "sudo", "d", 210, "sudo", "d");
	free(again);
	uses_return(uses, NULL, 0);
}
END_TEST

START_TEST(test_return_to_a_full_table)
{
	struct store_use *notes, *again;
	size_t count, again_count;

	for (unsigned int i = 0; i < CAPACITY; i++)
		uses_note(uses, id_of(i), 1, 100, "sshd", "");
	notes = uses_take(uses, &count);
	for (unsigned int i = CAPACITY / 2; i < CAPACITY + CAPACITY / 2; i++)
		uses_note(uses, id_of(i), 1, 200, "sudo", "");
	uses_return(uses, notes, count);
	free(notes);
	again = uses_take(uses, &again_count);
	ck_assert_uint_eq(again_count, CAPACITY);
	for (unsigned int i = CAPACITY / 2; i < CAPACITY; i++)
		assert_use(find(again, again_count, id_of(i), 1), 2, 100, "sshd", "", 200, "sudo", "");
	free(again);
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
	struct store_use *notes;
	size_t count;

	for (size_t i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, note_often, (void *)(uintptr_t)(i * 11)), 0);
	for (unsigned int round = 0; round < 2000; round++) {
		notes = uses_take(uses, &count);
		if (round % 2 == 0)
			uses_return(uses, notes, count);
		for (size_t i = 0; round % 2 == 1 && i < count; i++)
			written += notes[i].count;
		free(notes);
	}
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	notes = uses_take(uses, &count);
	for (size_t i = 0; i < count; i++)
		written += notes[i].count;
	free(notes);
	ck_assert_uint_eq(written, (uint64_t)THREADS * NOTES);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("uses");
	TCase *test_case = tcase_create("uses");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(test_case, begin, end);
	tcase_set_timeout(test_case, 120);
	tcase_add_test(test_case, test_first_and_last);
	tcase_add_test(test_case, test_long_texts_are_cut);
	tcase_add_test(test_case, test_full_table);
	tcase_add_loop_test(test_case, test_small_tables, 0, sizeof(capacities) / sizeof(capacities[0]));
	tcase_add_test(test_case, test_return_after_a_failed_write);
	tcase_add_test(test_case, test_return_to_a_full_table);
	tcase_add_test(test_case, test_merge);
	tcase_add_test(test_case, test_threads);
	suite_add_tcase(suite, test_case);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0;
}
