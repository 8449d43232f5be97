/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "gateway/api_body.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/encoding.h"
#include "lib/apikey.h"
#include "proto/credential.h"
#include "proto/wire.h"

#define SHOWN_MAX 64

enum kind {
	KIND_TEXT,
	KIND_NAME,
	KIND_LIST,
	KIND_TIME,
	KIND_END, /* a time, or null: never */
	KIND_NUMBER,
	KIND_FLAG,
};

/* most: bytes of a text, and of each of a list; of a list, there are WIRE_LIST_MAX. */
static const struct field {
	const char *name;
	enum kind kind;
	enum problem problem; /* what it is called when it is wrong */
	size_t most;
} fields_known[API_FIELDS] = {
	[API_NAME] = { "name", KIND_NAME, PROBLEM_NAME_INVALID, WIRE_NAME_MAX },
	[API_ROLES] = { "roles", KIND_LIST, PROBLEM_ROLES_INVALID, WIRE_NAME_MAX },
	[API_PERMISSIONS] = { "permissions", KIND_LIST, PROBLEM_INVALID_REQUEST, WIRE_PERMISSION_MAX },
	[API_KIND] = { "kind", KIND_TEXT, PROBLEM_INVALID_REQUEST, 16 },
	[API_OWNER] = { "owner", KIND_TEXT, PROBLEM_INVALID_REQUEST, WIRE_USER_MAX },
	[API_EXPIRES] = { "expires", KIND_END, PROBLEM_INVALID_REQUEST, 0 },
	[API_NOT_BEFORE] = { "notBefore", KIND_TIME, PROBLEM_INVALID_REQUEST, 0 },
	[API_USERS] = { "users", KIND_LIST, PROBLEM_INVALID_REQUEST, WIRE_USER_MAX },
	[API_SOURCES] = { "sources", KIND_LIST, PROBLEM_INVALID_REQUEST, WIRE_NETWORK_MAX },
	[API_EXCLUSIVE] = { "exclusive", KIND_TEXT, PROBLEM_INVALID_REQUEST, WIRE_SERVICE_MAX },
	[API_MAX_USES] = { "maxUses", KIND_NUMBER, PROBLEM_INVALID_REQUEST, 0 },
	[API_CLIENT_SIDE] = { "clientSide", KIND_FLAG, PROBLEM_INVALID_REQUEST, 0 },
	[API_OVERLAP] = { "overlap", KIND_NUMBER, PROBLEM_INVALID_REQUEST, 0 },
	[API_NOW] = { "now", KIND_FLAG, PROBLEM_INVALID_REQUEST, 0 },
	[API_CREDENTIAL] = { "credential", KIND_TEXT, PROBLEM_INVALID_REQUEST, WIRE_CREDENTIAL_MAX },
	[API_PERMISSION] = { "permission", KIND_TEXT, PROBLEM_INVALID_REQUEST, WIRE_PERMISSION_MAX },
	[API_SERVICE] = { "service", KIND_TEXT, PROBLEM_INVALID_REQUEST, WIRE_SERVICE_MAX },
	[API_TENANT] = { "tenant", KIND_TEXT, PROBLEM_INVALID_REQUEST, WIRE_TENANT_MAX },
	[API_USER] = { "user", KIND_TEXT, PROBLEM_INVALID_REQUEST, WIRE_USER_MAX },
	[API_SOURCE] = { "source", KIND_TEXT, PROBLEM_INVALID_REQUEST, WIRE_SOURCE_MAX },
};

_Static_assert(API_FIELDS <= 32, "a set of fields has 32 bits");

const char *api_body_field_name(enum api_field field)
{
	return fields_known[field].name;
}

static bool __attribute__((format(printf, 3, 4)))
fail(struct api_body_fault *ret_fault, enum problem problem, const char *format, ...)
{
	va_list arguments;

	ret_fault->problem = problem;
	va_start(arguments, format);
	vsnprintf(ret_fault->text, sizeof(ret_fault->text), format, arguments);
	va_end(arguments);
	return false;
}

static bool out_of_memory(struct api_body_fault *ret_fault)
{
	return fail(ret_fault, PROBLEM_INTERNAL, "There is no memory for the request.");
}

/* ---- values of each kind ---- */

/* A text of ours: 1 to most bytes. */
static const char *text_of(const json_t *value, size_t most)
{
	size_t size = json_string_length(value);

	return json_is_string(value) && size > 0 && size <= most ? json_string_value(value) : NULL;
}

static bool take_text(const struct field *field, const json_t *value, const char **ret_text,
		      struct api_body_fault *ret_fault)
{
	const char *text = text_of(value, field->most);

	if (!text)
		return fail(ret_fault, field->problem, "'%s' is a text of 1 to %zu bytes.", field->name, field->most);
	*ret_text = text;
	return true;
}

/* What apikeyd takes for a name, too. */
static bool take_name(const struct field *field, const json_t *value, const char **ret_text,
		      struct api_body_fault *ret_fault)
{
	const char *text;

	if (!take_text(field, value, &text, ret_fault))
		return false;
	if (!encoding_is_printable_utf8(text, strlen(text)) || strchr(text, '/'))
		return fail(ret_fault, field->problem, "'%s' has no control characters and no '/'.", field->name);
	if (credential_looks_secret(text))
		return fail(ret_fault, field->problem, "'%s' looks like a key; names are not secret.", field->name);
	*ret_text = text;
	return true;
}

static bool take_list(const struct field *field, const json_t *value, const char ***ret_list,
		      struct api_body_fault *ret_fault)
{
	size_t count = json_array_size(value);
	const char **list;

	if (!json_is_array(value) || count > WIRE_LIST_MAX)
		return fail(ret_fault, field->problem, "'%s' is a list of %d texts at most.", field->name,
			    WIRE_LIST_MAX);
	list = calloc(count + 1, sizeof(*list));
	if (!list)
		return out_of_memory(ret_fault);
	for (size_t i = 0; i < count; i++) {
		list[i] = text_of(json_array_get(value, i), field->most);
		if (list[i])
			continue;
		free(list);
		return fail(ret_fault, field->problem, "Each of '%s' is a text of 1 to %zu bytes.", field->name,
			    field->most);
	}
	*ret_list = list;
	return true;
}

static bool take_number(const struct field *field, const json_t *value, const char *what, int64_t *ret_number,
			struct api_body_fault *ret_fault)
{
	if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) == APIKEY_NEVER)
		return fail(ret_fault, field->problem, "'%s' is %s.", field->name, what);
	*ret_number = json_integer_value(value);
	return true;
}

/* 0 is none: to the daemon it means that nothing is said. */
static bool take_end(const struct field *field, const json_t *value, int64_t *ret_number,
		     struct api_body_fault *ret_fault)
{
	static const char what[] = "a time, in seconds since 1970, or null for never";

	if (json_is_null(value)) {
		*ret_number = APIKEY_NEVER;
		return true;
	}
	if (!take_number(field, value, what, ret_number, ret_fault))
		return false;
	return *ret_number > 0 || fail(ret_fault, field->problem, "'%s' is %s.", field->name, what);
}

static bool take_flag(const struct field *field, const json_t *value, int64_t *ret_number,
		      struct api_body_fault *ret_fault)
{
	if (!json_is_boolean(value))
		return fail(ret_fault, field->problem, "'%s' is true or false.", field->name);
	*ret_number = json_is_true(value);
	return true;
}

static bool take(enum api_field which, const json_t *value, struct api_body *body, struct api_body_fault *ret_fault)
{
	const struct field *field = &fields_known[which];

	switch (field->kind) {
	case KIND_TEXT:
		return take_text(field, value, &body->texts[which], ret_fault);
	case KIND_NAME:
		return take_name(field, value, &body->texts[which], ret_fault);
	case KIND_LIST:
		return take_list(field, value, &body->lists[which], ret_fault);
	case KIND_TIME:
		return take_number(field, value, "a time, in seconds since 1970", &body->numbers[which], ret_fault);
	case KIND_END:
		return take_end(field, value, &body->numbers[which], ret_fault);
	case KIND_NUMBER:
		return take_number(field, value, "a whole number, 0 or more", &body->numbers[which], ret_fault);
	case KIND_FLAG:
		return take_flag(field, value, &body->numbers[which], ret_fault);
	}
	return false;
}

/* ---- the object ---- */

/* What jansson says is for people, too, but may show what it has read, which may be a credential. */
static bool parse(const char *bytes, size_t size, struct api_body *body, struct api_body_fault *ret_fault)
{
	json_error_t error;

	body->root = size == 0 ? json_object() : json_loadb(bytes, size, JSON_REJECT_DUPLICATES, &error);
	if (!body->root && size == 0)
		return out_of_memory(ret_fault);
	if (!body->root && json_error_code(&error) == json_error_duplicate_key)
		return fail(ret_fault, PROBLEM_INVALID_REQUEST, "A name is there twice, in line %d of the body.",
			    error.line);
	if (!body->root)
		return fail(ret_fault, PROBLEM_INVALID_REQUEST, "The body is no JSON: see line %d, column %d.",
			    error.line, error.column);
	if (!json_is_object(body->root))
		return fail(ret_fault, PROBLEM_INVALID_REQUEST, "The body is a JSON object: {…}.");
	return true;
}

/* Whether what somebody wrote in the place of a name may be said again. */
static bool is_shown(const char *name)
{
	size_t size = strlen(name);

	return size <= SHOWN_MAX && encoding_is_printable_utf8(name, size) && !credential_looks_secret(name);
}

static bool take_member(const char *name, const json_t *value, uint32_t fields, struct api_body *body,
			struct api_body_fault *ret_fault)
{
	for (int i = 0; i < API_FIELDS; i++) {
		if (!(fields & API_FIELD(i)) || strcmp(fields_known[i].name, name) != 0)
			continue;
		body->given |= API_FIELD(i);
		return take((enum api_field)i, value, body, ret_fault);
	}
	return fail(ret_fault, PROBLEM_INVALID_REQUEST, "'%s' is nothing that can be said here.",
		    is_shown(name) ? name : "…");
}

static bool read_object(const char *bytes, size_t size, uint32_t fields, uint32_t needed, struct api_body *body,
			struct api_body_fault *ret_fault)
{
	const char *name;
	json_t *value;

	if (!parse(bytes, size, body, ret_fault))
		return false;
	json_object_foreach(body->root, name, value)
	{
		if (!take_member(name, value, fields, body, ret_fault))
			return false;
	}
	for (int i = 0; i < API_FIELDS; i++) {
		if ((needed & ~body->given) & API_FIELD(i))
			return fail(ret_fault, fields_known[i].problem, "'%s' is missing in the body.",
				    fields_known[i].name);
	}
	return true;
}

bool api_body_read(const char *bytes, size_t size, uint32_t fields, uint32_t needed, struct api_body *ret_body,
		   struct api_body_fault *ret_fault)
{
	struct api_body body = { .given = 0 };

	if (!read_object(bytes, size, fields, needed, &body, ret_fault)) {
		api_body_done(&body);
		return false;
	}
	*ret_body = body;
	return true;
}

void api_body_done(struct api_body *body)
{
	for (int i = 0; i < API_FIELDS; i++)
		free(body->lists[i]);
	json_decref(body->root);
	*body = (struct api_body){ .given = 0 };
}
