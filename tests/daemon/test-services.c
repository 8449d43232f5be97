/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/services.h"

#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "proto/wire.h"
#include "tests/suite.h"

static struct services *services;

static void setup(void)
{
	ck_assert_int_eq(services_new(&services), 0);
}

static void teardown(void)
{
	services_free(services);
}

START_TEST(names_keep_their_numbers)
{
	size_t first, second;

	ck_assert_uint_eq(services_find(services, "sshd", false), SERVICES_OTHER);
	ck_assert_ptr_null(services_name(services, 0));
	first = services_find(services, "sshd", true);
	second = services_find(services, "sudo-i", true);
	ck_assert_uint_ne(first, SERVICES_OTHER);
	ck_assert_uint_ne(first, second);
	ck_assert_uint_eq(services_find(services, "sshd", true), first);
	ck_assert_uint_eq(services_find(services, "sudo-i", false), second);
	ck_assert_str_eq(services_name(services, first), "sshd");
	ck_assert_str_eq(services_name(services, second), "sudo-i");
	ck_assert_ptr_null(services_name(services, SERVICES_OTHER));
}
END_TEST

START_TEST(what_is_no_name_is_other)
{
	static const char *const texts[] = { "", "other", "two words", "quote\"", "line\n", "\xff" };
	char longest[WIRE_SERVICE_MAX + 2];

	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		ck_assert_uint_eq(services_find(services, texts[i], true), SERVICES_OTHER);
	ck_assert_uint_eq(services_find(services, longest, true), SERVICES_OTHER);
	ck_assert_ptr_null(services_name(services, 0));
}
END_TEST

static void name_of(size_t i, char ret_name[16])
{
	snprintf(ret_name, 16, "service%zu", i);
}

START_TEST(there_are_so_many_and_no_more)
{
	char name[16];

	for (size_t i = 0; i < SERVICES_MOST; i++) {
		name_of(i, name);
		ck_assert_uint_ne(services_find(services, name, true), SERVICES_OTHER);
	}
	ck_assert_uint_eq(services_find(services, "more", true), SERVICES_OTHER);
	for (size_t i = 0; i < SERVICES_MOST; i++) {
		name_of(i, name);
		ck_assert_str_eq(services_name(services, services_find(services, name, false)), name);
	}
}
END_TEST

/* In an order of its own. */
static void *add_all(void *data)
{
	size_t start = *(const size_t *)data;
	char name[16];

	for (size_t i = 0; i < SERVICES_MOST; i++) {
		size_t number;

		name_of((start + i) % SERVICES_MOST, name);
		number = services_find(services, name, true);
		if (number == SERVICES_OTHER || strcmp(services_name(services, number), name) != 0)
			return services;
	}
	return NULL;
}

START_TEST(threads_agree_on_the_numbers)
{
	size_t starts[4];
	pthread_t threads[ARRAY_SIZE(starts)];
	void *failed;

	for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
		starts[i] = i * SERVICES_MOST / ARRAY_SIZE(starts);
		ck_assert_int_eq(pthread_create(&threads[i], NULL, add_all, &starts[i]), 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
		pthread_join(threads[i], &failed);
		ck_assert_ptr_null(failed);
	}
	ck_assert_ptr_nonnull(services_name(services, SERVICES_MOST - 1));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("services");
	TCase *tcase = tcase_create("services");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, names_keep_their_numbers);
	tcase_add_test(tcase, what_is_no_name_is_other);
	tcase_add_test(tcase, there_are_so_many_and_no_more);
	tcase_add_test(tcase, threads_agree_on_the_numbers);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
