/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "proto/credential.h"

#include <stdint.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/encoding.h"
#include "common/secret.h"
#include "proto/access_token.h"
#include "proto/hmac_token.h"
#include "proto/wire.h"

static const char prefix[] = "ak_";
static const char prefix_test[] = "akt_";

static bool has_prefix(const char *text, size_t size, const char *start)
{
	return size >= strlen(start) && memcmp(text, start, strlen(start)) == 0;
}

/* The length of the scheme, given in lower case with the space behind it, when text begins with it in any case; else 0.
 * Not strncasecmp(3): what it takes for equal is up to the caller's locale. */
static size_t scheme_size(const char *text, size_t size, const char *scheme)
{
	size_t length = strlen(scheme);

	if (size < length)
		return 0;
	for (size_t i = 0; i < length; i++) {
		char lower = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] - 'A' + 'a') : text[i];

		if (lower != scheme[i])
			return 0;
	}
	return length;
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

static struct credential refuse(enum credential_kind kind, const char *problem)
{
	return (struct credential){ .kind = kind, .problem = problem };
}

static struct credential classify_opaque(const char *text, size_t size, size_t start)
{
	size_t whole = start + CREDENTIAL_OPAQUE_SIZE - (sizeof(prefix) - 1);
	struct credential credential = { .kind = CREDENTIAL_OPAQUE, .problem = "" };

	if (!is_body_start(text + start, size - start))
		return refuse(CREDENTIAL_MALFORMED, "The text begins like a key, but does not go on like one.");
	if (size < whole)
		return refuse(CREDENTIAL_TRUNCATED, "The key was cut short; copy the whole of it.");
	if (size > whole)
		return refuse(CREDENTIAL_MALFORMED, "Something stands behind the end of the key.");
	if (!check_fits(text, size))
		return refuse(CREDENTIAL_MALFORMED,
			      "The check characters of the key do not fit: a typing or copying mistake.");
	memcpy(credential.id, text + start, CREDENTIAL_ID_SIZE);
	credential.test = start == sizeof(prefix_test) - 1;
	return credential;
}

static struct credential classify_hmac(const char *text, size_t size)
{
	struct credential credential = { .kind = CREDENTIAL_HMAC, .problem = "" };
	struct hmac_token token;
	enum hmac_token_error error = hmac_token_parse(text, size, &token);

	if (error != HMAC_TOKEN_WELL_FORMED)
		return refuse(error == HMAC_TOKEN_TRUNCATED ? CREDENTIAL_TRUNCATED : CREDENTIAL_MALFORMED,
			      hmac_token_error_sentence(error));
	memcpy(credential.id, token.public_key, CREDENTIAL_PUBLIC_KEY_SIZE);
	secret_wipe(&token, sizeof(token));
	return credential;
}

static struct credential classify_access(const char *text, size_t size)
{
	struct access_token token;
	enum access_token_error error = access_token_parse(text, size, &token);

	if (error != ACCESS_TOKEN_WELL_FORMED)
		return refuse(error == ACCESS_TOKEN_TRUNCATED ? CREDENTIAL_TRUNCATED : CREDENTIAL_MALFORMED,
			      access_token_error_sentence(error));
	secret_wipe(&token, sizeof(token));
	return (struct credential){ .kind = CREDENTIAL_ACCESS, .problem = "" };
}

static struct credential classify_other(const char *text, size_t size)
{
	struct credential credential = { .kind = CREDENTIAL_NONE, .problem = "" };

	if (size < CREDENTIAL_OTHER_MIN || size > CREDENTIAL_OTHER_MAX)
		return credential;
	for (size_t i = 0; i < size; i++) {
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return credential;
	}
	credential.kind = CREDENTIAL_OTHER;
	return credential;
}

static bool begins_with_public_key(const char *text, size_t size)
{
	return size > CREDENTIAL_PUBLIC_KEY_SIZE && credential_is_public_key_start(text, CREDENTIAL_PUBLIC_KEY_SIZE) &&
	       text[CREDENTIAL_PUBLIC_KEY_SIZE] == ':';
}

static struct credential classify_bare(const char *text, size_t size, bool hmac)
{
	size_t start = hmac ? 0 : opaque_prefix(text, size);

	if (start > 0)
		return classify_opaque(text, size, start);
	if (hmac || begins_with_public_key(text, size))
		return classify_hmac(text, size);
	if (has_prefix(text, size, ACCESS_TOKEN_START))
		return classify_access(text, size);
	return classify_other(text, size);
}

/* The bytes of schemes that text begins with; *ret_hmac when that of HMAC tokens is among them. */
static size_t skip_schemes(const char *text, size_t size, bool *ret_hmac)
{
	size_t start = scheme_size(text, size, "bearer "), hmac;

	if (start == 0)
		start = scheme_size(text, size, "apitoken ");
	hmac = scheme_size(text + start, size - start, "hmac ");
	*ret_hmac = hmac > 0;
	return start + hmac;
}

struct credential credential_classify(const char *text, size_t size)
{
	struct credential credential;
	size_t start;
	bool hmac;

	if (size == 0 || size > WIRE_CREDENTIAL_MAX || memchr(text, '\0', size))
		return refuse(CREDENTIAL_NONE, "");
	start = skip_schemes(text, size, &hmac);
	credential = classify_bare(text + start, size - start, hmac);
	credential.start = start;
	credential.size = size - start;
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

/* True when nonce, epoch and the first of a signature may stand in what follows a public key and its colon. */
static bool holds_signature(const char *text)
{
	const char *epoch = strchr(text, ':');
	const char *signature = epoch ? strchr(epoch + 1, ':') : NULL;

	return signature && signature[1] != '\0';
}

size_t credential_shown_size(const char *text)
{
	/* Asked for each place of a text, so it is never measured: whatever does not fit ends at the first character
	 * that differs, a NUL at the latest. */
	size_t start = opaque_prefix(text, strnlen(text, strlen(prefix_test)));

	if (start > 0)
		return strnlen(text + start, CREDENTIAL_ID_SIZE + 1) > CREDENTIAL_ID_SIZE ? start : 0;
	if (begins_with_public_key(text, SIZE_MAX))
		return holds_signature(text + CREDENTIAL_PUBLIC_KEY_SIZE + 1) ? CREDENTIAL_PUBLIC_KEY_SIZE + 1 : 0;
	if (strncmp(text, ACCESS_TOKEN_START, ACCESS_TOKEN_START_SIZE) == 0)
		return text[ACCESS_TOKEN_START_SIZE] != '\0' ? strlen("eyJ") : 0;
	return 0;
}

bool credential_looks_secret(const char *text)
{
	bool hmac;

	return credential_shown_size(text + skip_schemes(text, strnlen(text, CREDENTIAL_OPAQUE_MAX), &hmac)) > 0;
}

bool credential_is_public_key_start(const char *text, size_t size)
{
	static const char form[CREDENTIAL_PUBLIC_KEY_SIZE + 1] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

	if (size > CREDENTIAL_PUBLIC_KEY_SIZE)
		return false;
	for (size_t i = 0; i < size; i++) {
		bool digit = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');

		if (form[i] == 'x' ? !digit : text[i] != '-')
			return false;
	}
	return true;
}

bool credential_is_public_key(const char *text)
{
	return strlen(text) == CREDENTIAL_PUBLIC_KEY_SIZE && credential_is_public_key_start(text, strlen(text));
}

bool credential_is_id(const char *text)
{
	return (strlen(text) == CREDENTIAL_ID_SIZE && encoding_is_base62(text, CREDENTIAL_ID_SIZE)) ||
	       credential_is_public_key(text);
}

const char *credential_limit(size_t size)
{
	static const struct {
		size_t size;
		const char *who;
	} limits[] = {
		{ 79, "the mysql client" },
		{ 127, "OpenVPN" },
		{ 128, "RADIUS" },
		{ 255, "nslcd" },
		{ 256, "saslauthd" },
		{ 510, "login or su before Linux-PAM 1.5.2" },
		{ 512, "ProFTPD or pam_exec" },
		{ 996, "PostgreSQL up to 13" },
		{ 1023, "sudo or the ssh client" },
		{ 1024, "sshd" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		if (limits[i].size == size)
			return limits[i].who;
	}
	return NULL;
}
