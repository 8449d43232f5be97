/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What an Authorization header carries, in each of its forms, and what is none. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/encoding.h"
#include "gateway/authorization.h"
#include "tests/suite.h"

static const struct {
	const char *value;
	enum authorization_scheme scheme;
	const char *credential, *user;
} good[] = {
	{ "apiToken ak_x", AUTHORIZATION_API_TOKEN, "ak_x", "" },
	{ "APITOKEN ak_x", AUTHORIZATION_API_TOKEN, "ak_x", "" },
	{ "Bearer ak_x", AUTHORIZATION_BEARER, "ak_x", "" },
	{ "bearer   a.b.c", AUTHORIZATION_BEARER, "a.b.c", "" },
	{ "Hmac k:n:1:s", AUTHORIZATION_HMAC, "Hmac k:n:1:s", "" },
	{ "hMAC  k:n:1:s", AUTHORIZATION_HMAC, "Hmac k:n:1:s", "" },
	{ "Basic YWxpY2U6YWtfeA==", AUTHORIZATION_BASIC, "ak_x", "alice" },
	{ "basic OmFrX3g=", AUTHORIZATION_BASIC, "ak_x", "" },
	{ "Basic YWxpY2U6YTpi", AUTHORIZATION_BASIC, "a:b", "alice" },
	{ "Basic YWxpY2U6YSBi", AUTHORIZATION_BASIC, "a b", "alice" }, /* an imported secret */
};

START_TEST(each_form_is_read)
{
	CLEANUP_AUTHORIZATION struct authorization authorization = { .scheme = AUTHORIZATION_NONE };
	const char *fault = NULL;

	ck_assert_int_eq(authorization_read(good[_i].value, &authorization, &fault), 0);
	ck_assert_int_eq(authorization.scheme, good[_i].scheme);
	ck_assert_str_eq(authorization.credential.data, good[_i].credential);
	ck_assert_uint_eq(authorization.credential.size, strlen(good[_i].credential));
	ck_assert_str_eq(authorization.user, good[_i].user);
}
END_TEST

static const char *const bad[] = {
	"",
	" ",
	"ak_x",
	"Bearer",
	"Bearer ",
	"Bearer\tak_x",
	"Bearer a b",
	"Bearer a\x7f",
	"Bearer \xc3\xa4",
	"Bearerak_x",
	"Bearers ak_x",
	"Digest username=alice",
	"Hmac",
	"Hmac a b",
	"Basic",
	"Basic !",
	"Basic YWxpY2U=",        /* no colon */
	"Basic YWxpY2U6",        /* no key */
	"Basic YWxpY2U6YWtfeA=", /* broken padding */
	"Basic YWxpY2U6YQBi",    /* a NUL */
	"Basic YWxpY2U6YQpi",    /* a line's end */
	"Basic /zph",            /* no UTF-8 */
	"Basic YWxpY2U6YWtfeA== x",
};

START_TEST(what_is_none_is_refused)
{
	struct authorization authorization = { .scheme = AUTHORIZATION_NONE };
	const char *fault = NULL;

	ck_assert_int_eq(authorization_read(bad[_i], &authorization, &fault), -EINVAL);
	ck_assert_ptr_nonnull(fault);
	ck_assert_int_eq(authorization.scheme, AUTHORIZATION_NONE);
	ck_assert_ptr_null(authorization.credential.data);
}
END_TEST

/* size characters behind the prefix. */
static int read_long(const char *prefix, size_t size, struct authorization *authorization)
{
	char text[2 * WIRE_CREDENTIAL_MAX];
	const char *fault = NULL;
	size_t start = strlen(prefix);

	memcpy(text, prefix, start);
	memset(text + start, 'x', size);
	text[start + size] = '\0';
	return authorization_read(text, authorization, &fault);
}

START_TEST(lengths_are_limited)
{
	struct authorization authorization = { .scheme = AUTHORIZATION_NONE };

	ck_assert_int_eq(read_long("Bearer ", WIRE_CREDENTIAL_MAX, &authorization), 0);
	ck_assert_uint_eq(authorization.credential.size, WIRE_CREDENTIAL_MAX);
	authorization_done(&authorization);
	ck_assert_int_eq(read_long("Bearer ", WIRE_CREDENTIAL_MAX + 1, &authorization), -EINVAL);
	ck_assert_int_eq(read_long("Hmac ", WIRE_CREDENTIAL_MAX - 5, &authorization), 0);
	ck_assert_uint_eq(authorization.credential.size, WIRE_CREDENTIAL_MAX);
	authorization_done(&authorization);
	ck_assert_int_eq(read_long("Hmac ", WIRE_CREDENTIAL_MAX - 4, &authorization), -EINVAL);
}
END_TEST

/* USER:KEY of so many bytes each. */
static int read_basic(size_t user, size_t key, struct authorization *authorization)
{
	char text[2 * WIRE_CREDENTIAL_MAX], value[6 + ENCODING_BASE64_SIZE(sizeof(text)) + 1] = "Basic ";
	const char *fault = NULL;

	memset(text, 'u', user);
	text[user] = ':';
	memset(text + user + 1, 'k', key);
	encoding_base64_encode(text, user + 1 + key, value + 6);
	return authorization_read(value, authorization, &fault);
}

START_TEST(lengths_of_basic_are_limited)
{
	struct authorization authorization = { .scheme = AUTHORIZATION_NONE };

	ck_assert_int_eq(read_basic(WIRE_USER_MAX, WIRE_CREDENTIAL_MAX, &authorization), 0);
	ck_assert_uint_eq(strlen(authorization.user), WIRE_USER_MAX);
	ck_assert_uint_eq(authorization.credential.size, WIRE_CREDENTIAL_MAX);
	authorization_done(&authorization);
	ck_assert_int_eq(read_basic(WIRE_USER_MAX + 1, 1, &authorization), -EINVAL);
	ck_assert_int_eq(read_basic(1, WIRE_CREDENTIAL_MAX + 1, &authorization), -EINVAL);
	ck_assert_int_eq(read_basic(WIRE_USER_MAX + 1, WIRE_CREDENTIAL_MAX, &authorization), -EINVAL);
}
END_TEST

START_TEST(a_bare_credential_has_no_scheme)
{
	CLEANUP_AUTHORIZATION struct authorization authorization = { .scheme = AUTHORIZATION_NONE };
	const char *fault = NULL;

	ck_assert_int_eq(authorization_read_bare("", &authorization, &fault), -EINVAL);
	ck_assert_int_eq(authorization_read_bare("Bearer ak_x", &authorization, &fault), -EINVAL);
	ck_assert_int_eq(authorization_read_bare("ak_x", &authorization, &fault), 0);
	ck_assert_str_eq(authorization.credential.data, "ak_x");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("authorization");
	TCase *test_case = tcase_create("authorization");

	tcase_add_loop_test(test_case, each_form_is_read, 0, ARRAY_SIZE(good));
	tcase_add_loop_test(test_case, what_is_none_is_refused, 0, ARRAY_SIZE(bad));
	tcase_add_test(test_case, lengths_are_limited);
	tcase_add_test(test_case, lengths_of_basic_are_limited);
	tcase_add_test(test_case, a_bare_credential_has_no_scheme);
	suite_add_tcase(suite, test_case);
	return suite_run(suite);
}
