/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/claims.h"

#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/encoding.h"
#include "daemon/signing_key.h"

_Static_assert(CLAIMS_SIZE_MAX == TOKEN_PAYLOAD_MAX, "a payload fits its token");

static const char *const sentences[CLAIMS_ERROR_COUNT] = {
	[CLAIMS_WELL_FORMED] = "",
	[CLAIMS_NO_OBJECT] = "The payload of the access token is not one JSON object.",
	[CLAIMS_NUL] = "The payload of the access token has a NUL in it.",
	[CLAIMS_TWICE] = "The payload of the access token says something twice.",
	[CLAIMS_MISSING] = "The payload of the access token lacks something that every access token says.",
	[CLAIMS_UNKNOWN] = "The payload of the access token says something that this version of apikeyd does not know.",
	[CLAIMS_TEXT] = "A text in the payload of the access token is none, or is empty or too long.",
	[CLAIMS_SUBJECT] = "The subject of the access token is no key's id.",
	[CLAIMS_NUMBER] = "A number in the payload of the access token is no whole number, or is out of its range.",
	[CLAIMS_MILLIS] = "A time in the payload of the access token is in milliseconds; it has to be in seconds.",
	[CLAIMS_ORDER] = "The access token ends before it begins, or lives for longer than any may.",
	[CLAIMS_OTHER_SIDE] = ("The access token is of another issuer, or for another audience, than [tokens] in "
			       "apikeyd.conf says."),
};

const char *claims_error_sentence(enum claims_error error)
{
	return (unsigned int)error < CLAIMS_ERROR_COUNT ? sentences[error] : "";
}

/* A member of the object and its place. */
static const struct member {
	const char *name;
	enum member_form {
		MEMBER_TEXT,
		MEMBER_TIME,
		MEMBER_NUMBER,
	} form;
	bool optional;
	size_t offset, size; /* in struct claims; size: of a text, with its NUL */
} members[] = {
#define TEXT(member) offsetof(struct claims, member), sizeof(((struct claims *)0)->member)
#define NUMBER(member) offsetof(struct claims, member), 0
	{ "iss", MEMBER_TEXT, false, TEXT(issuer) },       { "aud", MEMBER_TEXT, false, TEXT(audience) },
	{ "sub", MEMBER_TEXT, false, TEXT(subject) },      { "account", MEMBER_TEXT, false, TEXT(account) },
	{ "tenant", MEMBER_TEXT, true, TEXT(tenant) },     { "iat", MEMBER_TIME, false, NUMBER(issued) },
	{ "nbf", MEMBER_TIME, false, NUMBER(not_before) }, { "exp", MEMBER_TIME, false, NUMBER(expires) },
	{ "jti", MEMBER_TEXT, false, TEXT(id) },           { "secret_number", MEMBER_NUMBER, false, NUMBER(secret) },
};

static void json_done(json_t **json)
{
	json_decref(*json);
}

#define CLEANUP_JSON CLEANUP(json_done)

/* ---- writing ---- */

static json_t *make_value(const struct claims *claims, const struct member *member)
{
	const char *place = (const char *)claims + member->offset;
	uint32_t number;
	int64_t time;

	switch (member->form) {
	case MEMBER_TEXT:
		return json_string(place);
	case MEMBER_TIME:
		memcpy(&time, place, sizeof(time));
		return json_integer(time);
	case MEMBER_NUMBER:
		memcpy(&number, place, sizeof(number));
		return json_integer(number);
	}
	return NULL;
}

int claims_format(const struct claims *claims, char *ret_payload, size_t *ret_size)
{
	CLEANUP_JSON json_t *object = json_object();
	size_t size;

	if (!object)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		if (members[i].optional && *((const char *)claims + members[i].offset) == '\0')
			continue;
		if (json_object_set_new(object, members[i].name, make_value(claims, &members[i])) < 0)
			return -EINVAL;
	}
	size = json_dumpb(object, ret_payload, CLAIMS_SIZE_MAX, JSON_COMPACT);
	if (size == 0 || size > CLAIMS_SIZE_MAX)
		return -EMSGSIZE;
	*ret_size = size;
	return 0;
}

/* ---- reading ---- */

static enum claims_error take_text(const json_t *value, const struct member *member, struct claims *claims)
{
	const char *text = json_string_value(value);
	size_t size = text ? json_string_length(value) : 0;

	if (size == 0 || size >= member->size || strlen(text) != size)
		return CLAIMS_TEXT;
	memcpy((char *)claims + member->offset, text, size + 1);
	return CLAIMS_WELL_FORMED;
}

static enum claims_error take_time(const json_t *value, const struct member *member, struct claims *claims)
{
	int64_t time = json_integer_value(value);

	if (!json_is_integer(value) || time <= 0 || time > CLAIMS_TIME_MAX * 1000)
		return CLAIMS_NUMBER;
	if (time > CLAIMS_TIME_MAX)
		return CLAIMS_MILLIS;
	memcpy((char *)claims + member->offset, &time, sizeof(time));
	return CLAIMS_WELL_FORMED;
}

static enum claims_error take_number(const json_t *value, const struct member *member, struct claims *claims)
{
	json_int_t wide = json_integer_value(value);
	uint32_t number = (uint32_t)wide;

	if (!json_is_integer(value) || wide <= 0 || wide > UINT32_MAX)
		return CLAIMS_NUMBER;
	memcpy((char *)claims + member->offset, &number, sizeof(number));
	return CLAIMS_WELL_FORMED;
}

static enum claims_error take_member(const json_t *value, const struct member *member, struct claims *claims)
{
	switch (member->form) {
	case MEMBER_TEXT:
		return take_text(value, member, claims);
	case MEMBER_TIME:
		return take_time(value, member, claims);
	case MEMBER_NUMBER:
		return take_number(value, member, claims);
	}
	return CLAIMS_UNKNOWN;
}

static enum claims_error take_members(const json_t *object, struct claims *claims)
{
	size_t found = 0;

	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		const json_t *value = json_object_get(object, members[i].name);
		enum claims_error error;

		if (!value && !members[i].optional)
			return CLAIMS_MISSING;
		if (!value)
			continue;
		found++;
		error = take_member(value, &members[i], claims);
		if (error != CLAIMS_WELL_FORMED)
			return error;
	}
	return found == json_object_size(object) ? CLAIMS_WELL_FORMED : CLAIMS_UNKNOWN;
}

static enum claims_error check(const struct claims *claims)
{
	if (!credential_is_id(claims->subject))
		return CLAIMS_SUBJECT;
	if (!encoding_is_base62(claims->id, strlen(claims->id)))
		return CLAIMS_TEXT;
	if (claims->issued > claims->not_before || claims->not_before >= claims->expires ||
	    claims->expires - claims->issued > ACCESS_LIFETIME_MAX)
		return CLAIMS_ORDER;
	return CLAIMS_WELL_FORMED;
}

static enum claims_error json_mistake(const json_error_t *mistake)
{
	switch (json_error_code(mistake)) {
	case json_error_duplicate_key:
		return CLAIMS_TWICE;
	case json_error_null_character:
	case json_error_null_byte_in_key:
		return CLAIMS_NUL;
	case json_error_numeric_overflow:
		return CLAIMS_NUMBER;
	default:
		return CLAIMS_NO_OBJECT;
	}
}

enum claims_error claims_parse(const void *payload, size_t size, struct claims *ret_claims)
{
	json_error_t mistake;
	/* Never NULL: an empty text is no object. */
	CLEANUP_JSON json_t *object = json_loadb(size > 0 ? payload : "", size, JSON_REJECT_DUPLICATES, &mistake);
	struct claims claims = { .secret = 0 };
	enum claims_error error;

	if (size > 0 && memchr(payload, '\0', size))
		return CLAIMS_NUL;
	if (!object)
		return json_mistake(&mistake);
	if (!json_is_object(object))
		return CLAIMS_NO_OBJECT;
	error = take_members(object, &claims);
	if (error == CLAIMS_WELL_FORMED)
		error = check(&claims);
	if (error == CLAIMS_WELL_FORMED)
		*ret_claims = claims;
	return error;
}
