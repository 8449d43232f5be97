/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/sources.h"

#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "tests/suite.h"

static struct sources *sources;

static void setup(void)
{
	ck_assert_int_eq(sources_new(64, &sources), 0);
}

static void teardown(void)
{
	sources_free(sources);
}

static size_t note(const char *key, const char *text, int64_t now, int64_t window)
{
	struct address address;
	size_t seen;

	ck_assert(address_parse(text, &address));
	seen = sources_look(sources, key, &address, now, window);
	ck_assert_uint_eq(sources_note(sources, key, &address, now, window), seen);
	return seen;
}

START_TEST(networks_are_counted_within_the_window)
{
	static const struct {
		const char *key, *address;
		int64_t now;
		size_t count;
	} uses[] = {
		{ "a", "192.0.2.1", 1000, 1 },
		{ "a", "192.0.2.1", 1001, 1 },
		/* One network: 24 bits, or 64. */
		{ "a", "192.0.2.255", 1002, 1 },
		{ "a", "192.0.3.1", 1003, 2 },
		{ "a", "::ffff:192.0.3.7", 1004, 2 },
		{ "a", "2001:db8::1", 1005, 3 },
		{ "a", "2001:db8::ffff:0:0:1", 1006, 3 },
		{ "a", "2001:db8:0:1::1", 1007, 4 },
		/* Another key has its own. */
		{ "b", "192.0.2.1", 1008, 1 },
		{ "a", "192.0.2.9", 1050, 4 },
		/* 100 seconds behind, and not one less. */
		{ "a", "192.0.2.9", 1103, 4 },
		{ "a", "192.0.2.9", 1104, 3 },
		{ "a", "192.0.2.9", 1105, 3 },
		{ "a", "192.0.2.9", 1107, 1 },
		{ "a", "192.0.2.9", 9999, 1 },
		/* A clock that does not move, or goes back. */
		{ "a", "192.0.4.1", 9999, 2 },
		{ "a", "192.0.5.1", 9000, 3 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(uses); i++)
		ck_assert_msg(note(uses[i].key, uses[i].address, uses[i].now, 100) == uses[i].count, "%zu", i);
}
END_TEST

START_TEST(more_than_are_told_apart_stay_many)
{
	char address[32];

	for (size_t i = 0; i < 3 * SOURCES_MOST; i++) {
		snprintf(address, sizeof(address), "10.0.%zu.1", i);
		ck_assert_uint_eq(note("a", address, (int64_t)(10 + i), 1000),
				  i < SOURCES_MOST ? i + 1 : SOURCES_MOST + 1);
	}
}
END_TEST

START_TEST(what_is_forgotten_begins_anew)
{
	ck_assert_uint_eq(note("a", "192.0.2.1", 10, 100), 1);
	ck_assert_uint_eq(note("a", "192.0.3.1", 10, 100), 2);
	ck_assert_uint_eq(note("b", "192.0.2.1", 10, 100), 1);
	sources_forget(sources, "a");
	sources_forget(sources, "no such key");
	ck_assert_uint_eq(note("a", "192.0.4.1", 11, 100), 1);
	ck_assert_uint_eq(note("b", "192.0.3.1", 11, 100), 2);
}
END_TEST

/* However many keys there are, there is no more room; the one that is in use stays. */
START_TEST(many_keys_push_out_those_that_rest)
{
	char key[32];

	ck_assert_uint_eq(note("used", "192.0.2.1", 1, 1000000), 1);
	for (int64_t i = 0; i < 10000; i++) {
		snprintf(key, sizeof(key), "key-%d", (int)i);
		ck_assert_uint_eq(note(key, "192.0.2.1", 2 + i, 1000000), 1);
		ck_assert_uint_eq(note("used", i % 2 ? "192.0.2.1" : "192.0.3.1", 2 + i, 1000000), 2);
	}
	ck_assert_uint_eq(note("key-0", "192.0.3.1", 20000, 1000000), 1);
}
END_TEST

#define THREADS 4

static void *use(void *data)
{
	const unsigned int *number = data;
	struct address address;
	char text[32];

	for (unsigned int i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "10.%u.%u.1", *number, i % 10);
		if (!address_parse(text, &address))
			abort();
		(void)sources_note(sources, "a", &address, 10, 1000);
	}
	return NULL;
}

START_TEST(threads_miss_none)
{
	pthread_t threads[THREADS];
	unsigned int numbers[THREADS];

	for (unsigned int i = 0; i < THREADS; i++) {
		numbers[i] = i;
		ck_assert_int_eq(pthread_create(&threads[i], NULL, use, &numbers[i]), 0);
	}
	for (unsigned int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	ck_assert_uint_eq(note("a", "10.0.0.1", 10, 1000), 10 * THREADS);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("daemon/sources");
	TCase *test_case = tcase_create("networks");

	tcase_add_checked_fixture(test_case, setup, teardown);
	tcase_add_test(test_case, networks_are_counted_within_the_window);
	tcase_add_test(test_case, more_than_are_told_apart_stay_many);
	tcase_add_test(test_case, what_is_forgotten_begins_anew);
	tcase_add_test(test_case, many_keys_push_out_those_that_rest);
	tcase_add_test(test_case, threads_miss_none);
	suite_add_tcase(suite, test_case);
	return suite_run(suite);
}
