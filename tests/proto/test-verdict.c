/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The lists of verdicts, reasons and answers: each has its number for good, a name of its own and a sentence. */
#include <ctype.h>
#include <string.h>

#include "common/cleanup.h"
#include "proto/answer.h"
#include "proto/verdict.h"
#include "tests/suite.h"

/* By number, as they are on the wire: a number is never given to another name. */
static const char *const verdict_list[] = { "denied", "granted", "forbidden", "throttled", "unavailable" };

static const struct {
	const char *name;
	enum verdict verdict;
} reason_list[] = {
	{ "", VERDICT_DENIED },
	{ "not_a_credential", VERDICT_DENIED },
	{ "malformed", VERDICT_DENIED },
	{ "truncated", VERDICT_DENIED },
	{ "unknown_key", VERDICT_DENIED },
	{ "bad_secret", VERDICT_DENIED },
	{ "bad_signature", VERDICT_DENIED },
	{ "stale_timestamp", VERDICT_DENIED },
	{ "replayed", VERDICT_DENIED },
	{ "key_inactive", VERDICT_DENIED },
	{ "key_suspended", VERDICT_DENIED },
	{ "key_revoked", VERDICT_DENIED },
	{ "secret_retired", VERDICT_DENIED },
	{ "not_yet_valid", VERDICT_DENIED },
	{ "expired", VERDICT_DENIED },
	{ "wrong_user", VERDICT_DENIED },
	{ "wrong_tenant", VERDICT_DENIED },
	{ "wrong_source", VERDICT_DENIED },
	{ "wrong_service", VERDICT_DENIED },
	{ "token_expired", VERDICT_DENIED },
	{ "token_used", VERDICT_DENIED },
	{ "clock_moved", VERDICT_DENIED },
	{ "lockdown", VERDICT_DENIED },
	{ "insufficient_permission", VERDICT_FORBIDDEN },
	{ "use_limit_reached", VERDICT_FORBIDDEN },
	{ "too_many_failures", VERDICT_THROTTLED },
	{ "too_many_requests", VERDICT_THROTTLED },
	{ "daemon_unreachable", VERDICT_UNAVAILABLE },
	{ "deadline", VERDICT_UNAVAILABLE },
	{ "untrusted_server", VERDICT_UNAVAILABLE },
	{ "store_failed", VERDICT_UNAVAILABLE },
	{ "audit_failed", VERDICT_UNAVAILABLE },
	{ "bad_ticket", VERDICT_DENIED },
	{ "not_rotated", VERDICT_FORBIDDEN },
	{ "not_client_side", VERDICT_FORBIDDEN },
};

static const char *const answer_list[] = {
	"ok",          "unknown_request", "invalid",     "not_found", "exists", "not_permitted", "bad_credential",
	"wrong_state", "store_failed",    "unavailable", "busy"
};

/* Sentences begin with a capital and end with a full stop, so that they stand alone on a terminal. */
static void check_sentence(const char *sentence)
{
	size_t size;

	ck_assert_ptr_nonnull(sentence);
	size = strlen(sentence);
	ck_assert_uint_gt(size, 4);
	ck_assert_msg(isupper((unsigned char)sentence[0]) || strncmp(sentence, "apikeyd", 7) == 0, "%s", sentence);
	ck_assert_msg(sentence[size - 1] == '.' || sentence[size - 1] == '?', "%s", sentence);
	for (size_t i = 0; i < size; i++)
		ck_assert_msg(isprint((unsigned char)sentence[i]), "%s", sentence);
	ck_assert_ptr_null(strstr(sentence, "  "));
}

static void check_name(const char *name)
{
	ck_assert_uint_gt(strlen(name), 0);
	ck_assert_msg(name[strspn(name, "abcdefghijklmnopqrstuvwxyz_")] == '\0', "%s", name);
}

START_TEST(verdicts_keep_their_numbers)
{
	ck_assert_uint_eq(VERDICT_COUNT, ARRAY_SIZE(verdict_list));
	for (int i = 0; i < VERDICT_COUNT; i++) {
		ck_assert_str_eq(verdict_name((enum verdict)i), verdict_list[i]);
		check_name(verdict_name((enum verdict)i));
	}
}
END_TEST

START_TEST(reasons_keep_their_numbers)
{
	ck_assert_uint_eq(REASON_COUNT, ARRAY_SIZE(reason_list));
	for (int i = 0; i < REASON_COUNT; i++) {
		ck_assert_str_eq(reason_name((enum reason)i), reason_list[i].name);
		ck_assert_int_eq(reason_verdict((enum reason)i), reason_list[i].verdict);
	}
}
END_TEST

START_TEST(answers_keep_their_numbers)
{
	ck_assert_uint_eq(ANSWER_COUNT, ARRAY_SIZE(answer_list));
	for (int i = 0; i < ANSWER_COUNT; i++)
		ck_assert_str_eq(answer_name((enum answer)i), answer_list[i]);
}
END_TEST

START_TEST(each_reason_has_a_name_and_a_sentence)
{
	ck_assert_str_eq(reason_sentence(REASON_NONE), "");
	for (int i = REASON_NONE + 1; i < REASON_COUNT; i++) {
		check_name(reason_name((enum reason)i));
		check_sentence(reason_sentence((enum reason)i));
		for (int j = REASON_NONE; j < i; j++) {
			ck_assert_str_ne(reason_name((enum reason)i), reason_name((enum reason)j));
			ck_assert_str_ne(reason_sentence((enum reason)i), reason_sentence((enum reason)j));
		}
	}
}
END_TEST

START_TEST(each_answer_has_a_name_and_a_sentence)
{
	for (int i = ANSWER_OK; i < ANSWER_COUNT; i++) {
		check_name(answer_name((enum answer)i));
		check_sentence(answer_sentence((enum answer)i));
		for (int j = ANSWER_OK; j < i; j++) {
			ck_assert_str_ne(answer_name((enum answer)i), answer_name((enum answer)j));
			ck_assert_str_ne(answer_sentence((enum answer)i), answer_sentence((enum answer)j));
		}
	}
}
END_TEST

START_TEST(no_reason_leads_to_a_grant)
{
	for (int i = -4096; i < 4096; i++)
		ck_assert_int_ne(reason_verdict((enum reason)i), VERDICT_GRANTED);
	for (int shift = 0; shift < 32; shift++)
		ck_assert_int_ne(reason_verdict((enum reason)(1U << shift)), VERDICT_GRANTED);
}
END_TEST

static const int no_numbers[] = { -1, 64, 4711, 65535, 65536 + 1, INT32_MAX, INT32_MIN };

START_TEST(other_numbers_are_refusals)
{
	int number = no_numbers[_i];

	ck_assert_str_eq(verdict_name((enum verdict)number), "denied");
	ck_assert_str_eq(reason_name((enum reason)number), "");
	ck_assert_str_eq(reason_sentence((enum reason)number), "");
	ck_assert_int_eq(reason_verdict((enum reason)number), VERDICT_DENIED);
	ck_assert_str_eq(answer_name((enum answer)number), "unavailable");
	ck_assert_str_eq(answer_sentence((enum answer)number), answer_sentence(ANSWER_UNAVAILABLE));
}
END_TEST

START_TEST(the_first_number_behind_each_list_is_none)
{
	ck_assert_str_eq(verdict_name(VERDICT_COUNT), "denied");
	ck_assert_str_eq(reason_name(REASON_COUNT), "");
	ck_assert_str_eq(reason_sentence(REASON_COUNT), "");
	ck_assert_int_eq(reason_verdict(REASON_COUNT), VERDICT_DENIED);
	ck_assert_str_eq(answer_name(ANSWER_COUNT), "unavailable");
}
END_TEST

/* Forgotten memory is a refusal. */
START_TEST(zero_is_a_refusal)
{
	enum verdict verdict;
	enum reason reason;

	memset(&verdict, 0, sizeof(verdict));
	memset(&reason, 0, sizeof(reason));
	ck_assert_int_eq(verdict, VERDICT_DENIED);
	ck_assert_int_eq(reason_verdict(reason), VERDICT_DENIED);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verdict");
	TCase *cases = tcase_create("verdict");

	tcase_add_test(cases, verdicts_keep_their_numbers);
	tcase_add_test(cases, reasons_keep_their_numbers);
	tcase_add_test(cases, answers_keep_their_numbers);
	tcase_add_test(cases, each_reason_has_a_name_and_a_sentence);
	tcase_add_test(cases, each_answer_has_a_name_and_a_sentence);
	tcase_add_test(cases, no_reason_leads_to_a_grant);
	tcase_add_loop_test(cases, other_numbers_are_refusals, 0, ARRAY_SIZE(no_numbers));
	tcase_add_test(cases, the_first_number_behind_each_list_is_none);
	tcase_add_test(cases, zero_is_a_refusal);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
