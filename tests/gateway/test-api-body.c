/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The JSON body of a request of the API: what is taken from it, and what is refused and how that is called. */
#include <string.h>

#include "common/cleanup.h"
#include "gateway/api_body.h"
#include "gateway/json.h"
#include "lib/apikey.h"
#include "tests/suite.h"

#define ALL (API_FIELD(API_FIELDS) - 1)

static bool read_text(const char *text, uint32_t fields, uint32_t needed, struct api_body *ret_body,
		      struct api_body_fault *ret_fault)
{
	return api_body_read(text, strlen(text), fields, needed, ret_body, ret_fault);
}

START_TEST(what_is_said_is_taken)
{
	struct api_body body;
	struct api_body_fault fault;

	ck_assert(read_text("{\"name\":\"caf\u00e9 1\",\"roles\":[],\"permissions\":[\"a.b\",\"c\"],\"expires\":null,"
			    "\"notBefore\":7,\"maxUses\":0,\"now\":true}",
			    ALL, API_FIELD(API_NAME), &body, &fault));
	ck_assert_uint_eq(body.given, API_FIELD(API_NAME) | API_FIELD(API_ROLES) | API_FIELD(API_PERMISSIONS) |
					      API_FIELD(API_EXPIRES) | API_FIELD(API_NOT_BEFORE) |
					      API_FIELD(API_MAX_USES) | API_FIELD(API_NOW));
	ck_assert_str_eq(body.texts[API_NAME], "caf\u00e9 1");
	ck_assert_ptr_nonnull(body.lists[API_ROLES]);
	ck_assert_ptr_null(body.lists[API_ROLES][0]);
	ck_assert_str_eq(body.lists[API_PERMISSIONS][1], "c");
	ck_assert_ptr_null(body.lists[API_PERMISSIONS][2]);
	ck_assert_int_eq(body.numbers[API_EXPIRES], APIKEY_NEVER);
	ck_assert_int_eq(body.numbers[API_NOT_BEFORE], 7);
	ck_assert_int_eq(body.numbers[API_NOW], 1);
	ck_assert_ptr_null(body.texts[API_OWNER]);
	ck_assert_ptr_null(body.lists[API_USERS]);
	api_body_done(&body);
	ck_assert_uint_eq(body.given, 0);
}
END_TEST

START_TEST(no_body_is_an_empty_object)
{
	struct api_body body;
	struct api_body_fault fault;

	ck_assert(api_body_read(NULL, 0, ALL, 0, &body, &fault));
	ck_assert_uint_eq(body.given, 0);
	api_body_done(&body);
	ck_assert(read_text(" {} ", 0, 0, &body, &fault));
	api_body_done(&body);
	ck_assert(!api_body_read(NULL, 0, ALL, API_FIELD(API_SERVICE), &body, &fault));
	ck_assert_str_eq(fault.text, "'service' is missing in the body.");
}
END_TEST

#define LONG64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
	const char *text;
	enum problem problem;
	const char *part; /* of the sentence */
} faults[] = {
	{ "{", PROBLEM_INVALID_REQUEST, "no JSON" },
	{ "[]", PROBLEM_INVALID_REQUEST, "object" },
	{ "null", PROBLEM_INVALID_REQUEST, "" },
	{ "{} {}", PROBLEM_INVALID_REQUEST, "no JSON" },
	{ "{\"name\":\"a\",\"name\":\"a\"}", PROBLEM_INVALID_REQUEST, "twice" },
	{ "{\"other\":1}", PROBLEM_INVALID_REQUEST, "'other'" },
	{ "{\"Name\":\"a\"}", PROBLEM_INVALID_REQUEST, "'Name'" },
	/* What may be a secret is not said again. */
	{ "{\"ak_0123456789ab_secret\":1}", PROBLEM_INVALID_REQUEST, "'…'" },
	{ "{\"\\u001b[1m\":1}", PROBLEM_INVALID_REQUEST, "'…'" },
	{ "{\"name\":\"\"}", PROBLEM_NAME_INVALID, "'name'" },
	{ "{\"name\":1}", PROBLEM_NAME_INVALID, "'name'" },
	{ "{\"name\":null}", PROBLEM_NAME_INVALID, "'name'" },
	{ "{\"name\":\"a/b\"}", PROBLEM_NAME_INVALID, "'/'" },
	{ "{\"name\":\"a\\nb\"}", PROBLEM_NAME_INVALID, "control" },
	{ "{\"name\":\"" LONG64 LONG64 "a\"}", PROBLEM_NAME_INVALID, "128" },
	{ "{\"name\":\"ak_0123456789ab_\"}", PROBLEM_NAME_INVALID, "key" },
	{ "{\"name\":\"a\\u0000b\"}", PROBLEM_INVALID_REQUEST, "no JSON" },
	{ "{\"name\":\"\xff\"}", PROBLEM_INVALID_REQUEST, "no JSON" },
	{ "{\"roles\":\"a\"}", PROBLEM_ROLES_INVALID, "list" },
	{ "{\"roles\":{}}", PROBLEM_ROLES_INVALID, "list" },
	{ "{\"roles\":[1]}", PROBLEM_ROLES_INVALID, "Each" },
	{ "{\"permissions\":[\"\"]}", PROBLEM_INVALID_REQUEST, "Each" },
	{ "{\"expires\":\"1\"}", PROBLEM_INVALID_REQUEST, "time" },
	{ "{\"expires\":1.0}", PROBLEM_INVALID_REQUEST, "time" },
	{ "{\"expires\":-1}", PROBLEM_INVALID_REQUEST, "time" },
	{ "{\"expires\":9223372036854775807}", PROBLEM_INVALID_REQUEST, "time" },
	{ "{\"expires\":9223372036854775808}", PROBLEM_INVALID_REQUEST, "no JSON" },
	{ "{\"maxUses\":null}", PROBLEM_INVALID_REQUEST, "whole number" },
	{ "{\"maxUses\":true}", PROBLEM_INVALID_REQUEST, "whole number" },
	{ "{\"now\":1}", PROBLEM_INVALID_REQUEST, "true or false" },
	{ "{\"owner\":[]}", PROBLEM_INVALID_REQUEST, "'owner'" },
};

START_TEST(what_is_wrong_is_named)
{
	struct api_body body;
	struct api_body_fault fault = { .text = "" };

	ck_assert_msg(!read_text(faults[_i].text, ALL, 0, &body, &fault), "%s", faults[_i].text);
	ck_assert_msg(fault.problem == faults[_i].problem && strstr(fault.text, faults[_i].part), "%s: %s",
		      faults[_i].text, fault.text);
}
END_TEST

START_TEST(an_operation_takes_what_is_its_own)
{
	struct api_body body;
	struct api_body_fault fault;

	ck_assert(!read_text("{\"owner\":\"alice\"}", API_FIELD(API_NAME), 0, &body, &fault));
	ck_assert_int_eq(fault.problem, PROBLEM_INVALID_REQUEST);
	ck_assert(!read_text("{\"name\":\"a\"}", 0, 0, &body, &fault));
}
END_TEST

/* Sixty-four of a list, and no more. */
START_TEST(a_list_has_an_end)
{
	for (size_t count = 64; count <= 65; count++) {
		CLEANUP_JSON json_t *value = json_pack("{s:[]}", "users");
		CLEANUP_FREE char *text = NULL;
		struct api_body body;
		struct api_body_fault fault;

		for (size_t i = 0; i < count; i++)
			json_array_append_new(json_object_get(value, "users"), json_string("alice"));
		text = json_write(value);
		ck_assert_int_eq(read_text(text, ALL, 0, &body, &fault), count == 64);
		if (count == 64)
			api_body_done(&body);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("api-body");
	TCase *all = tcase_create("all");

	tcase_add_test(all, what_is_said_is_taken);
	tcase_add_test(all, no_body_is_an_empty_object);
	tcase_add_loop_test(all, what_is_wrong_is_named, 0, ARRAY_SIZE(faults));
	tcase_add_test(all, an_operation_takes_what_is_its_own);
	tcase_add_test(all, a_list_has_an_end);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
