/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Codes, statuses and challenges; what refusals tell and what not; the two forms of the body; which targets are paths.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "gateway/problem.h"
#include "gateway/sentence.h"
#include "gateway/strict.h"
#include "tests/suite.h"

START_TEST(each_problem_has_a_code_a_status_and_a_sentence)
{
	enum problem problem = (enum problem)_i;
	unsigned int status = problem_status(problem);
	const char *challenge = problem_challenge(problem);
	size_t size = strlen(problem_sentence(problem));

	ck_assert_uint_ge(status, 400);
	ck_assert_uint_lt(status, 600);
	ck_assert_uint_gt(strlen(problem_code(problem)), 0);
	ck_assert_uint_gt(size, 0);
	ck_assert_int_eq(problem_sentence(problem)[size - 1], '.');
	ck_assert_int_eq(status == 401, challenge && !strstr(challenge, "insufficient_scope") &&
						!strstr(challenge, "invalid_request"));
	for (int i = 0; i < _i; i++)
		ck_assert_str_ne(problem_code(problem), problem_code((enum problem)i));
}
END_TEST

START_TEST(who_brings_nothing_is_told_no_error)
{
	ck_assert_ptr_null(strstr(problem_challenge(PROBLEM_AUTHORIZATION_IS_REQUIRED), "error"));
	ck_assert_ptr_nonnull(strstr(problem_challenge(PROBLEM_ACCESS_TOKEN_INVALID), "error=\"invalid_token\""));
	ck_assert_ptr_nonnull(strstr(problem_challenge(PROBLEM_ACCESS_DENIED), "error=\"insufficient_scope\""));
	ck_assert_ptr_nonnull(strstr(problem_challenge(PROBLEM_INVALID_REQUEST), "error=\"invalid_request\""));
}
END_TEST

static const struct {
	enum verdict verdict;
	const char *reason;
	bool hmac;
	enum problem problem;
} refusals[] = {
	{ VERDICT_DENIED, "unknown_key", false, PROBLEM_ACCESS_TOKEN_INVALID },
	{ VERDICT_DENIED, "bad_secret", false, PROBLEM_ACCESS_TOKEN_INVALID },
	{ VERDICT_DENIED, "key_revoked", false, PROBLEM_ACCESS_TOKEN_INVALID },
	{ VERDICT_DENIED, "expired", false, PROBLEM_ACCESS_TOKEN_INVALID },
	{ VERDICT_DENIED, "lockdown", false, PROBLEM_ACCESS_TOKEN_INVALID },
	{ VERDICT_DENIED, "", false, PROBLEM_ACCESS_TOKEN_INVALID },
	{ VERDICT_DENIED, "a reason of the future", false, PROBLEM_ACCESS_TOKEN_INVALID },
	{ VERDICT_DENIED, "unknown_key", true, PROBLEM_HMAC_INVALID },
	{ VERDICT_DENIED, "bad_signature", true, PROBLEM_HMAC_INVALID },
	{ VERDICT_DENIED, "stale_timestamp", true, PROBLEM_HMAC_EXPIRED },
	{ VERDICT_DENIED, "replayed", true, PROBLEM_HMAC_NONCE_ALREADY_USED },
	{ VERDICT_DENIED, "token_expired", false, PROBLEM_ACCESS_TOKEN_EXPIRED },
	{ VERDICT_DENIED, "token_used", false, PROBLEM_ACCESS_TOKEN_ALREADY_USED },
	{ VERDICT_DENIED, "wrong_service", false, PROBLEM_ACCESS_DENIED },
	{ VERDICT_FORBIDDEN, "insufficient_permission", false, PROBLEM_ACCESS_DENIED },
	{ VERDICT_FORBIDDEN, "", true, PROBLEM_ACCESS_DENIED },
	{ VERDICT_THROTTLED, "too_many_failures", false, PROBLEM_TOO_MANY_REQUESTS },
	{ VERDICT_UNAVAILABLE, "store_failed", false, PROBLEM_SERVICE_UNAVAILABLE },
	{ VERDICT_COUNT, "", false, PROBLEM_ACCESS_TOKEN_INVALID },
};

START_TEST(refusals_tell_no_more_than_they_may)
{
	ck_assert_int_eq(problem_of_refusal(refusals[_i].verdict, refusals[_i].reason, refusals[_i].hmac),
			 refusals[_i].problem);
}
END_TEST

static json_t *parse(char *text)
{
	json_t *value = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

	ck_assert_msg(value, "no JSON: %s", text);
	free(text);
	return value;
}

START_TEST(both_forms_of_the_body_say_it)
{
	json_t *body = parse(problem_body(PROBLEM_KEY_NOT_FOUND, NULL, "c\"1", 1569248349));
	json_t *error = json_array_get(json_object_get(body, "errors"), 0);

	ck_assert_int_eq(json_integer_value(json_object_get(body, "timestamp")), 1569248349);
	ck_assert_str_eq(json_string_value(json_object_get(body, "correlationId")), "c\"1");
	ck_assert_str_eq(json_string_value(json_object_get(error, "errorCode")), "KEY_NOT_FOUND");
	ck_assert_str_eq(json_string_value(json_object_get(error, "message")), problem_sentence(PROBLEM_KEY_NOT_FOUND));
	json_decref(body);
	body = parse(problem_body_rfc9457(PROBLEM_KEY_NOT_FOUND, "Not this one.", "c"));
	ck_assert_int_eq(json_integer_value(json_object_get(body, "status")), 404);
	ck_assert_str_eq(json_string_value(json_object_get(body, "type")), "about:blank");
	ck_assert_str_eq(json_string_value(json_object_get(body, "title")), "KEY_NOT_FOUND");
	ck_assert_str_eq(json_string_value(json_object_get(body, "detail")), "Not this one.");
	json_decref(body);
}
END_TEST

static const struct {
	const char *path;
	bool good;
} paths[] = {
	{ "/", true },
	{ "/v1/auth", true },
	{ "/v1/keys/ak-1_2.3~4", true },
	{ "/v1/", true },
	{ "/a/.b", true },
	{ "/a/b.", true },
	{ "/.well-known/x", true },
	{ "", false },
	{ "v1", false },
	{ "*", false },
	{ "//v1", false },
	{ "/v1//auth", false },
	{ "/v1/../auth", false },
	{ "/v1/..", false },
	{ "/.", false },
	{ "/./a", false },
	{ "/v1/%61uth", false },
	{ "/v1/a;b", false },
	{ "/v1/a b", false },
	{ "/v1\\auth", false },
	{ "/v1/\xc3\xa4", false },
	{ "http://x/", false },
	{ "/...", false },
};

START_TEST(targets_that_can_be_read_in_two_ways_are_no_paths)
{
	ck_assert_msg(strict_is_path(paths[_i].path, strlen(paths[_i].path)) == paths[_i].good, "%s", paths[_i].path);
}
END_TEST

static const struct {
	const char *text, *with_keys, *said;
} sentences[] = {
	{ "", NULL, "" },
	{ "the key is revoked, which is final; make a new one", NULL,
	  "The key is revoked, which is final; make a new one." },
	{ "that is so.", NULL, "That is so." },
	{ "'daemon' has a key named 'p' already; choose another name", NULL,
	  "'daemon' has a key named 'p' already; choose another name." },
	{ "max_lifetime=x: must be a time", NULL, "max_lifetime=x: must be a time." },
	{ "2 keys hold the role 'a'; 'apikeyctl key list --role a' lists what you may see of them. Take it from them "
	  "first",
	  NULL, "2 keys hold the role 'a'. Take it from them first." },
	{ "there is no role 'a'; did you mean 'b'? 'apikeyctl role list' shows what there is", NULL,
	  "There is no role 'a'; did you mean 'b'?" },
	{ "the account 'a' still has keys (1), so it stays: 'apikeyctl key list --account 7' shows them; "
	  "--with-keys deletes them with it",
	  "?withKeys=true", "The account 'a' still has keys (1), so it stays; ?withKeys=true deletes them with it." },
	{ "the account 'a' still has keys (1), so it stays: 'apikeyctl key list --account 7' shows them; "
	  "--with-keys deletes them with it",
	  NULL, "The account 'a' still has keys (1), so it stays." },
	{ "your keys may live for 90d from now at most: give it an end within that, 'apikeyctl key update 1 --expires "
	  "90d'",
	  NULL, "Your keys may live for 90d from now at most: give it an end within that." },
	{ "say which tenant the key is to be of, --tenant TENANT, or --account ACCOUNT for a key of an account", NULL,
	  "Say which tenant the key is to be of." },
	{ "--with-keys", "x", "--with-keys." },
	{ "a name such as 'a, b. c; -- d' stays", "x", "A name such as 'a, b. c; -- d' stays." },
};

START_TEST(nobody_is_told_over_http_how_apikeyctl_is_used)
{
	char said[SENTENCE_SIZE];

	sentence_for_http(sentences[_i].text, sentences[_i].with_keys, said);
	ck_assert_str_eq(said, sentences[_i].said);
}
END_TEST

START_TEST(a_sentence_is_no_longer_than_its_room)
{
	char text[2 * SENTENCE_SIZE], said[SENTENCE_SIZE];

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	sentence_for_http(text, NULL, said);
	ck_assert_uint_eq(strlen(said), SENTENCE_SIZE - 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("problem");
	TCase *test_case = tcase_create("problem");

	tcase_add_loop_test(test_case, each_problem_has_a_code_a_status_and_a_sentence, 0, PROBLEM_COUNT);
	tcase_add_test(test_case, who_brings_nothing_is_told_no_error);
	tcase_add_loop_test(test_case, refusals_tell_no_more_than_they_may, 0, ARRAY_SIZE(refusals));
	tcase_add_test(test_case, both_forms_of_the_body_say_it);
	tcase_add_loop_test(test_case, targets_that_can_be_read_in_two_ways_are_no_paths, 0, ARRAY_SIZE(paths));
	tcase_add_loop_test(test_case, nobody_is_told_over_http_how_apikeyctl_is_used, 0, ARRAY_SIZE(sentences));
	tcase_add_test(test_case, a_sentence_is_no_longer_than_its_room);
	suite_add_tcase(suite, test_case);
	return suite_run(suite);
}
