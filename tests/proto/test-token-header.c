/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the record says of a JSON Web Token with another header; that it is refused is tested elsewhere. */
#include "proto/token_header.h"

#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/encoding.h"
#include "tests/suite.h"

#define REST ".eyJleHAiOjF9.JYDZ7e7Y36oeJJ3E5UB7tF9VBAwIv1B5HTPNw9iaV6Y"
#define HEADER "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"

/* Headers as JSON, and what is found out about them; NULL: nothing. */
static const struct {
	const char *header, *found;
} headers[] = {
	{ "{\"alg\":\"none\",\"typ\":\"JWT\"}", "not signed" },
	{ "{\"alg\":\"NONE\"}", "not signed" },
	{ "{\"alg\" : \"nOnE\"}", "not signed" },
	{ "{\"alg\":\"RS256\",\"typ\":\"JWT\"}", "another algorithm" },
	{ "{\"alg\":\"HS384\",\"typ\":\"JWT\"}", "another algorithm" },
	{ "{\"alg\":\"HS25\",\"typ\":\"JWT\"}", "another algorithm" },
	{ "{\"alg\":\"\",\"typ\":\"JWT\"}", "another algorithm" },
	{ "{\"alg\":\"\\u0048S256\",\"typ\":\"JWT\"}", "another algorithm" },
	{ "{\"alg\":\"hs256\",\"typ\":\"JWT\"}", "another case" },
	{ "{\"alg\":\"HS256\"}", "more than" },
	{ "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"1\"}", "more than" },
	{ "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"alg\":\"none\"}", "more than" },
	{ "{\"typ\":\"JWT\",\"alg\":\"HS256\"}", "more than" },
	{ "\r\n {\"alg\":\t\"HS256\",\"typ\":\"JWT\"}", "more than" },
	{ "{}", "names no algorithm" },
	{ "{\"alg\"", "names no algorithm" },
	{ "{\"alg\":", "names no algorithm" },
	{ "{\"alg\": ", "names no algorithm" },
	{ "{\"alg\":\"", "names no algorithm" },
	{ "{\"alg\":\"HS256", "names no algorithm" },
	{ "{\"alg\":null}", "names no algorithm" },
	{ "{\"ALG\":\"HS256\",\"typ\":\"JWT\"}", "names no algorithm" },
	{ "[\"alg\"]", NULL },
	{ "no JSON", NULL },
	{ "  ", NULL },
};

static void expect(const char *text, size_t size, const char *found)
{
	const char *sentence = token_header_sentence(text, size);

	if (found)
		ck_assert_msg(strstr(sentence, found) != NULL, "%s: \"%s\"", text, sentence);
	else
		ck_assert_msg(*sentence == '\0', "%s: \"%s\"", text, sentence);
}

START_TEST(the_header_is_described)
{
	char text[256];

	encoding_base64url_encode(headers[_i].header, strlen(headers[_i].header), text);
	strcat(text, REST);
	expect(text, strlen(text), headers[_i].found);
	/* So it is where another alphabet and padding are used. */
	encoding_base64_encode(headers[_i].header, strlen(headers[_i].header), text);
	strcat(text, REST);
	expect(text, strlen(text), headers[_i].found);
	/* Nothing is read behind the end. */
	expect(text, (size_t)(strchr(text, '.') - text), NULL);
}
END_TEST

#define TEXT(literal) literal, sizeof(literal) - 1
static const struct {
	const char *text;
	size_t size;
	const char *found;
} texts[] = {
	{ TEXT(HEADER REST), NULL },
	{ TEXT(HEADER "."), NULL },
	{ TEXT(HEADER "=" REST), "encoded in another way" },
	{ TEXT(HEADER "====" REST), "encoded in another way" },
	{ TEXT(HEADER "\n" REST), "encoded in another way" },
	{ TEXT("eyJhbGciOiJIUzI1\r\nNiIsInR5cCI6IkpXVCJ9" REST), "encoded in another way" },
	{ TEXT(HEADER "A" REST), "encoded in another way" }, /* six bits that are no byte */
	{ TEXT(HEADER "\0" REST), NULL },
	{ TEXT(""), NULL },
	{ TEXT("."), NULL },
	{ TEXT("..."), NULL },
	{ TEXT(HEADER), NULL },
	{ TEXT("a normal password. And more."), NULL },
	{ TEXT("{\"alg\":\"none\"}" REST), NULL },
};

START_TEST(texts_are_told_from_tokens)
{
	expect(texts[_i].text, texts[_i].size, texts[_i].found);
}
END_TEST

/* However long, it is looked at no further than any header goes. */
START_TEST(a_long_header_is_nobodys)
{
	char header[512], text[1024];

	snprintf(header, sizeof(header), "{\"alg\":\"none\",\"kid\":\"%0400d\"}", 0);
	encoding_base64url_encode(header, strlen(header), text);
	strcat(text, REST);
	expect(text, strlen(text), NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("token-header");
	TCase *cases = tcase_create("token-header");

	tcase_add_loop_test(cases, the_header_is_described, 0, ARRAY_SIZE(headers));
	tcase_add_loop_test(cases, texts_are_told_from_tokens, 0, ARRAY_SIZE(texts));
	tcase_add_test(cases, a_long_header_is_nobodys);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
