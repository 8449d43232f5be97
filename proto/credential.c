/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "proto/credential.h"

#include <stdint.h>
#include <string.h>

#include "common/encoding.h"
#include "proto/wire.h"

static const char prefix[] = "ak_";
static const char prefix_test[] = "akt_";

static bool has_prefix(const char *text, size_t size, const char *start)
{
	return size >= strlen(start) && memcmp(text, start, strlen(start)) == 0;
}

/* The length of the opaque prefix text begins with, 0 when it begins with none. */
static size_t opaque_prefix(const char *text, size_t size)
{
	if (has_prefix(text, size, prefix))
		return sizeof(prefix) - 1;
	if (has_prefix(text, size, prefix_test))
		return sizeof(prefix_test) - 1;
	return 0;
}

static bool check_fits(const char *text, size_t size)
{
	char check[CREDENTIAL_CHECK_SIZE];
	size_t checked = size - CREDENTIAL_CHECK_SIZE;

	encoding_base62_number(encoding_crc32(text, checked), check, sizeof(check));
	return memcmp(check, text + checked, sizeof(check)) == 0;
}

/* True when body (what follows the prefix) could be the start of a token's body: right characters in every place it
 * has. */
static bool is_body_start(const char *body, size_t size)
{
	if (size <= CREDENTIAL_ID_SIZE)
		return encoding_is_base62(body, size);
	return encoding_is_base62(body, CREDENTIAL_ID_SIZE) && body[CREDENTIAL_ID_SIZE] == '_' &&
	       encoding_is_base62(body + CREDENTIAL_ID_SIZE + 1, size - CREDENTIAL_ID_SIZE - 1);
}

struct credential credential_classify(const char *text, size_t size)
{
	struct credential credential = { .kind = CREDENTIAL_NONE };
	size_t start, whole;

	if (size == 0 || size > WIRE_CREDENTIAL_MAX || memchr(text, '\0', size))
		return credential;
	start = opaque_prefix(text, size);
	if (start == 0)
		return credential;
	whole = start + CREDENTIAL_OPAQUE_SIZE - (sizeof(prefix) - 1);
	if (size < whole && is_body_start(text + start, size - start)) {
		credential.kind = CREDENTIAL_TRUNCATED;
		return credential;
	}
	if (size != whole || !is_body_start(text + start, size - start) || !check_fits(text, size)) {
		credential.kind = CREDENTIAL_MALFORMED;
		return credential;
	}
	memcpy(credential.id, text + start, CREDENTIAL_ID_SIZE);
	credential.test = start == sizeof(prefix_test) - 1;
	credential.kind = CREDENTIAL_OPAQUE;
	return credential;
}

void credential_write_opaque(bool test, const char *id, const char *secret, char *ret_text)
{
	const char *start = test ? prefix_test : prefix;
	char *end = ret_text;

	end = stpcpy(end, start);
	end = mempcpy(end, id, CREDENTIAL_ID_SIZE);
	*end++ = '_';
	end = mempcpy(end, secret, CREDENTIAL_SECRET_SIZE);
	encoding_base62_number(encoding_crc32(ret_text, (size_t)(end - ret_text)), end, CREDENTIAL_CHECK_SIZE);
	end[CREDENTIAL_CHECK_SIZE] = '\0';
}

bool credential_looks_secret(const char *text)
{
	size_t size = strlen(text);
	size_t start = opaque_prefix(text, size);

	return start > 0 && size > start + CREDENTIAL_ID_SIZE;
}

bool credential_is_public_key(const char *text)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

	for (size_t i = 0; form[i] != '\0'; i++) {
		bool digit = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');

		if (form[i] == 'x' ? !digit : text[i] != '-')
			return false;
	}
	return text[CREDENTIAL_PUBLIC_KEY_SIZE] == '\0';
}

bool credential_is_id(const char *text)
{
	return (strlen(text) == CREDENTIAL_ID_SIZE && encoding_is_base62(text, CREDENTIAL_ID_SIZE)) ||
	       credential_is_public_key(text);
}
