/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cli/state_view: sizes, and what is looked up in a state. */
#include "cli/scope.h"
#include "cli/state_view.h"
#include "tests/suite.h"

static const struct {
	uint64_t bytes;
	const char *text;
} sizes[] = {
	{ 0, "0 bytes" },
	{ 1023, "1023 bytes" },
	{ 1024, "1.0 KiB" },
	{ 1536, "1.5 KiB" },
	{ 1048524, "1023.9 KiB" },
	{ 1048575, "1.0 MiB" },
	{ UINT64_C(229158912), "218.5 MiB" },
	{ UINT64_C(1) << 40, "1.0 TiB" },
	{ UINT64_MAX, "16.0 EiB" },
};

START_TEST(a_size_is_told_in_the_unit_that_fits)
{
	char text[STATE_SIZE_TEXT];

	state_size(sizes[_i].bytes, text);
	ck_assert_str_eq(text, sizes[_i].text);
}
END_TEST

START_TEST(what_is_not_said_is_nothing)
{
	static const struct apikey_item items[] = { { "state", "ok", 0 }, { "keys.active", "", 7 } };
	const struct apikey_status state = { items, COUNT_OF(items) };

	ck_assert_str_eq(state_text(&state, "state"), "ok");
	ck_assert_uint_eq(state_number(&state, "keys.active"), 7);
	ck_assert_str_eq(state_text(&state, "stat"), "");
	ck_assert_uint_eq(state_number(&state, "keys.active.more"), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli/state-view");
	TCase *tests = tcase_create("state");

	tcase_add_loop_test(tests, a_size_is_told_in_the_unit_that_fits, 0, (int)COUNT_OF(sizes));
	tcase_add_test(tests, what_is_not_said_is_nothing);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
