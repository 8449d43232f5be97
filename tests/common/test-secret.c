/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Secrets are wiped before their memory goes back. malloc() and free() are wrapped (-Wl,--wrap) to look at that moment.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/secret.h"
#include "tests/suite.h"

void *__real_malloc(size_t size);
void __real_free(void *memory);
void *__wrap_malloc(size_t size);
void __wrap_free(void *memory);

/* What the wrappers watch. Each test runs in a process of its own. */
static struct {
	bool malloc_fails;
	const void *memory;
	size_t size;
	int freed;
	bool clean; /* all size bytes were zero when memory was freed */
} watch;

void *__wrap_malloc(size_t size)
{
	return watch.malloc_fails ? NULL : __real_malloc(size);
}

void __wrap_free(void *memory)
{
	if (memory && memory == watch.memory) {
		const char *bytes = memory;

		watch.freed++;
		watch.clean = true;
		for (size_t i = 0; i < watch.size; i++)
			watch.clean &= bytes[i] == 0;
	}
	__real_free(memory);
}

START_TEST(wiping_leaves_zeros_and_nothing_else)
{
	unsigned char bytes[64];

	memset(bytes, 0xa5, sizeof(bytes));
	secret_wipe(bytes + 8, 48);
	for (size_t i = 0; i < sizeof(bytes); i++)
		ck_assert_uint_eq(bytes[i], i >= 8 && i < 56 ? 0 : 0xa5);
	secret_wipe(bytes, 0);
	ck_assert_uint_eq(bytes[0], 0xa5);
	secret_wipe(NULL, 0);
}
END_TEST

START_TEST(any_bit_makes_a_difference)
{
	unsigned char left[33], right[33];

	for (size_t i = 0; i < sizeof(left); i++)
		left[i] = right[i] = (unsigned char)(i * 7);
	ck_assert(secret_equal(left, right, sizeof(left)));
	for (size_t bit = 0; bit < 8 * sizeof(left); bit++) {
		right[bit / 8] ^= (unsigned char)(1 << bit % 8);
		ck_assert(!secret_equal(left, right, sizeof(left)));
		ck_assert(secret_equal(left, right, bit / 8));
		right[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	ck_assert(secret_equal("a", "b", 0));
	ck_assert(!secret_equal("a\0b", "a\0c", 3));
}
END_TEST

START_TEST(a_copy_is_whole_and_ends_in_nul)
{
	static const char bytes[] = { 'a', '\0', 'b' };
	struct secret secret = { 0 };

	ck_assert_int_eq(secret_init(&secret, bytes, sizeof(bytes)), 0);
	ck_assert_uint_eq(secret.size, sizeof(bytes));
	ck_assert_ptr_ne(secret.data, bytes);
	ck_assert_mem_eq(secret.data, "a\0b", 4);
	secret_done(&secret);
	ck_assert_int_eq(secret_init(&secret, NULL, 0), 0);
	ck_assert_uint_eq(secret.size, 0);
	ck_assert_str_eq(secret.data, "");
	secret_done(&secret);
}
END_TEST

START_TEST(the_end_wipes_frees_and_empties)
{
	struct secret secret = { 0 };

	ck_assert_int_eq(secret_init(&secret, "correct horse", 13), 0);
	watch.memory = secret.data;
	watch.size = secret.size;
	secret_done(&secret);
	ck_assert_int_eq(watch.freed, 1);
	ck_assert(watch.clean);
	ck_assert_ptr_null(secret.data);
	ck_assert_uint_eq(secret.size, 0);
	secret_done(&secret);
	secret_done(NULL);
	ck_assert_int_eq(watch.freed, 1);
}
END_TEST

START_TEST(leaving_the_scope_is_the_end)
{
	{
		CLEANUP_SECRET struct secret secret = { 0 };

		ck_assert_int_eq(secret_init(&secret, "correct horse", 13), 0);
		watch.memory = secret.data;
		watch.size = secret.size;
	}
	ck_assert_int_eq(watch.freed, 1);
	ck_assert(watch.clean);
}
END_TEST

START_TEST(without_memory_nothing_is_touched)
{
	struct secret secret = { .data = NULL, .size = 4711 };
	int r;

	ck_assert_int_eq(secret_init(&secret, "x", SIZE_MAX), -ENOMEM);
	watch.malloc_fails = true;
	r = secret_init(&secret, "x", 1);
	watch.malloc_fails = false; /* ck_assert… allocates */
	ck_assert_int_eq(r, -ENOMEM);
	ck_assert_ptr_null(secret.data);
	ck_assert_uint_eq(secret.size, 4711);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("secret");
	TCase *cases = tcase_create("secret");

	tcase_add_test(cases, wiping_leaves_zeros_and_nothing_else);
	tcase_add_test(cases, any_bit_makes_a_difference);
	tcase_add_test(cases, a_copy_is_whole_and_ends_in_nul);
	tcase_add_test(cases, the_end_wipes_frees_and_empties);
	tcase_add_test(cases, leaving_the_scope_is_the_end);
	tcase_add_test(cases, without_memory_nothing_is_touched);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
