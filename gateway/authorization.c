/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "gateway/authorization.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/encoding.h"
#include "proto/credential.h"

/* The longest Basic text there can be: a user and a credential, and the colon between them. */
#define BASIC_MAX (WIRE_USER_MAX + 1 + WIRE_CREDENTIAL_MAX)

static int refuse(const char *fault, const char **ret_fault)
{
	*ret_fault = fault;
	return -EINVAL;
}

static bool is_visible(const char *text)
{
	for (; *text; text++) {
		if (*text <= ' ' || *text > '~')
			return false;
	}
	return true;
}

static int read_token(const char *value, struct authorization *authorization, const char **ret_fault)
{
	size_t size = strlen(value);

	if (size == 0)
		return refuse("There is no credential behind the scheme of the Authorization header.", ret_fault);
	if (size > WIRE_CREDENTIAL_MAX)
		return refuse("The credential is longer than 2,048 bytes.", ret_fault);
	if (!is_visible(value))
		return refuse("The credential has blanks, or characters that none has.", ret_fault);
	return secret_init(&authorization->credential, value, size);
}

/* apikeyd knows what it is by its scheme, in front of which and behind which it takes no other blanks than one. */
static int read_hmac(const char *value, struct authorization *authorization, const char **ret_fault)
{
	char text[WIRE_CREDENTIAL_MAX + 1];
	int size, r;

	if (*value == '\0' || !is_visible(value))
		return refuse("Behind Hmac stands no HMAC token: PUBLIC-KEY:NONCE:TIMESTAMP:SIGNATURE.", ret_fault);
	size = snprintf(text, sizeof(text), "Hmac %s", value);
	if (size < 0 || (size_t)size >= sizeof(text))
		r = refuse("The credential is longer than 2,048 bytes.", ret_fault);
	else
		r = secret_init(&authorization->credential, text, (size_t)size);
	secret_wipe(text, sizeof(text));
	return r;
}

static int read_basic(const char *value, struct authorization *authorization, const char **ret_fault)
{
	char text[BASIC_MAX + 1];
	size_t size = 0, user_size;
	char *colon = NULL;
	int r;

	if (!encoding_base64_decode(value, strlen(value), text, sizeof(text) - 1, &size))
		return refuse("Behind Basic stands no base64 of USER:KEY, or it is too long.", ret_fault);
	text[size] = '\0';
	if (encoding_is_printable_utf8(text, size))
		colon = strchr(text, ':');
	user_size = colon ? (size_t)(colon - text) : 0;
	if (!colon || user_size > WIRE_USER_MAX || colon[1] == '\0' || size - user_size - 1 > WIRE_CREDENTIAL_MAX) {
		r = refuse("What Basic encodes is no USER:KEY.", ret_fault);
	} else {
		memcpy(authorization->user, text, user_size);
		authorization->user[user_size] = '\0';
		r = secret_init(&authorization->credential, colon + 1, size - user_size - 1);
	}
	secret_wipe(text, sizeof(text));
	return r;
}

static const struct scheme {
	const char *name;
	enum authorization_scheme scheme;
	int (*read)(const char *value, struct authorization *authorization, const char **ret_fault);
} schemes[] = {
	{ "apiToken", AUTHORIZATION_API_TOKEN, read_token },
	{ "Bearer", AUTHORIZATION_BEARER, read_token },
	{ "Hmac", AUTHORIZATION_HMAC, read_hmac },
	{ "Basic", AUTHORIZATION_BASIC, read_basic },
};

int authorization_read(const char *value, struct authorization *ret_authorization, const char **ret_fault)
{
	size_t name_size = strcspn(value, " ");

	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++) {
		struct authorization authorization = { .scheme = schemes[i].scheme };
		int r;

		if (strlen(schemes[i].name) != name_size || strncasecmp(value, schemes[i].name, name_size) != 0)
			continue;
		r = schemes[i].read(value + name_size + strspn(value + name_size, " "), &authorization, ret_fault);
		if (r == 0)
			*ret_authorization = authorization;
		return r;
	}
	return refuse("The scheme of the Authorization header is none of apiToken, Bearer, Hmac and Basic.", ret_fault);
}

int authorization_read_bare(const char *value, struct authorization *ret_authorization, const char **ret_fault)
{
	struct authorization authorization = { .scheme = AUTHORIZATION_API_TOKEN };
	int r = read_token(value, &authorization, ret_fault);

	if (r == 0)
		*ret_authorization = authorization;
	return r;
}

bool authorization_is_hmac(const struct authorization *authorization)
{
	const struct secret *credential = &authorization->credential;

	if (authorization->scheme == AUTHORIZATION_NONE || authorization->scheme == AUTHORIZATION_HMAC)
		return authorization->scheme == AUTHORIZATION_HMAC;
	return credential_classify(credential->data, credential->size).kind == CREDENTIAL_HMAC;
}

void authorization_done(struct authorization *authorization)
{
	if (!authorization)
		return;
	secret_done(&authorization->credential);
	*authorization = (struct authorization){ .scheme = AUTHORIZATION_NONE };
}
