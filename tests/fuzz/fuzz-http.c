/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What clients write into HTTP requests: the first character chooses parameters (p), an Authorization header (a), a
 * credential alone (b), a path (u) or the JSON body of a request of the API (j). What is accepted has no controls and
 * keeps its limits.
 */
#include "common/cleanup.h"
#include "common/encoding.h"
#include "gateway/api_body.h"
#include "gateway/authorization.h"
#include "gateway/strict.h"
#include "gateway/urlencoded.h"
#include "tests/fuzz/fuzz.h"

static void check_pairs(const char *text, size_t size)
{
	struct urlencoded pairs = { .count = 0 };
	const char *fault = NULL;

	if (urlencoded_read(text, size, &pairs, &fault) < 0) {
		MUST(fault && *fault);
		return;
	}
	MUST(pairs.count <= URLENCODED_MOST);
	for (size_t i = 0; i < pairs.count; i++) {
		const char *name = pairs.pairs[i].name, *value = pairs.pairs[i].value;

		MUST(*name && strlen(name) + strlen(value) <= size);
		MUST(encoding_is_utf8(name, strlen(name)) && encoding_is_utf8(value, strlen(value)));
		MUST(!strpbrk(name, "\r\n\t\x1b\x7f") && !strpbrk(value, "\x1b\x7f"));
		/* Each is found by its name, so that there are no two of one. */
		MUST(urlencoded_find(&pairs, name) == value);
	}
	urlencoded_done(&pairs);
}

static void check_authorization(const char *text, int (*read)(const char *, struct authorization *, const char **))
{
	CLEANUP_AUTHORIZATION struct authorization authorization = { .scheme = AUTHORIZATION_NONE };
	const char *fault = NULL;

	if (read(text, &authorization, &fault) < 0) {
		MUST(fault && *fault && authorization.scheme == AUTHORIZATION_NONE);
		return;
	}
	MUST(authorization.scheme != AUTHORIZATION_NONE);
	MUST(authorization.credential.size > 0 && authorization.credential.size <= WIRE_CREDENTIAL_MAX);
	MUST(strlen(authorization.credential.data) == authorization.credential.size);
	MUST(!strpbrk(authorization.credential.data, "\r\n") && !strpbrk(authorization.user, "\r\n:"));
	MUST(authorization.user[0] == '\0' || authorization.scheme == AUTHORIZATION_BASIC);
}

static void check_path(const char *path)
{
	if (strict_is_path(path, strlen(path)))
		MUST(path[0] == '/' && !strstr(path, "//") && !strstr(path, "/../") && !strpbrk(path, "%\\;? \r\n"));
}

/* Whatever an operation takes; each value is of its own kind, or there is none. */
static void check_body(const char *text, size_t size)
{
	const uint32_t all = API_FIELD(API_FIELDS) - 1;
	struct api_body_fault fault = { .text = "" };
	struct api_body body;

	if (!api_body_read(text, size, all, 0, &body, &fault)) {
		MUST(fault.text[0] != '\0' && encoding_is_utf8(fault.text, strlen(fault.text)));
		return;
	}
	MUST(!(body.given & ~all));
	for (int i = 0; i < API_FIELDS; i++) {
		const char *const *list = body.lists[i];

		MUST(body.given & API_FIELD(i) || (!body.texts[i] && !list && body.numbers[i] == 0));
		MUST(!body.texts[i] || (body.texts[i][0] != '\0' && strlen(body.texts[i]) <= WIRE_CREDENTIAL_MAX));
		MUST(body.numbers[i] >= 0);
		for (size_t j = 0; list && list[j]; j++)
			MUST(j < WIRE_LIST_MAX && list[j][0] != '\0');
	}
	api_body_done(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP_FREE char *text = fuzz_text(data, size);

	if (size > 0 && data[0] == 'p')
		check_pairs((const char *)data + 1, size - 1);
	else if (size > 0 && data[0] == 'j')
		check_body((const char *)data + 1, size - 1);
	else if (*text == 'a')
		check_authorization(text + 1, authorization_read);
	else if (*text == 'b')
		check_authorization(text + 1, authorization_read_bare);
	else if (*text == 'u')
		check_path(text + 1);
	return 0;
}
