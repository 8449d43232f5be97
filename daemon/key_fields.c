/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/key_fields.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/encoding.h"
#include "common/network.h"
#include "daemon/policy.h"
#include "proto/credential.h"
#include "proto/message.h"
#include "proto/permission.h"

static bool __attribute__((format(printf, 3, 4))) fail(char *ret_fault, size_t fault_size, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(ret_fault, fault_size, format, arguments);
	va_end(arguments);
	return false;
}

bool key_name_check(const char *name, char *ret_fault, size_t fault_size)
{
	if (!name || !*name || strlen(name) > WIRE_NAME_MAX)
		return fail(ret_fault, fault_size, "a key's name has 1 to %d bytes", WIRE_NAME_MAX);
	if (credential_looks_secret(name))
		return fail(ret_fault, fault_size, "the name looks like a key itself; names are not secret");
	if (!encoding_is_printable_utf8(name, strlen(name)) || strchr(name, '/'))
		return fail(ret_fault, fault_size, "a key's name is UTF-8 without control characters and without '/'");
	return true;
}

bool key_owner_check(const char *owner, char *ret_fault, size_t fault_size)
{
	if (!*owner || strlen(owner) > WIRE_USER_MAX)
		return fail(ret_fault, fault_size, "an owner's name has 1 to %d bytes", WIRE_USER_MAX);
	if (credential_looks_secret(owner))
		return fail(ret_fault, fault_size, "the owner's name looks like a key; names are not secret");
	if (!encoding_is_printable_utf8(owner, strlen(owner)))
		return fail(ret_fault, fault_size, "an owner's name is UTF-8 without control characters");
	return true;
}

bool key_dates_check(int64_t not_before, int64_t expires, int64_t now, char *ret_fault, size_t fault_size)
{
	if (expires <= now)
		return fail(ret_fault, fault_size, "the end of the key (expires) lies in the past");
	if (not_before >= expires)
		return fail(ret_fault, fault_size,
			    "the first day of the key (not-before) lies behind its end (expires)");
	return true;
}

/* ---- lists ---- */

/* Whether an item, or what a label's name is given, must not be repeated. */
static bool is_secret(const char *item)
{
	const char *value = strchr(item, '=');

	return credential_looks_secret(item) || (value && credential_looks_secret(value + 1));
}

static bool join(const struct codec_texts *items, char separator, bool (*check)(const char *item), const char *what,
		 char *ret_text, char *ret_fault, size_t fault_size)
{
	char text[WIRE_LIST_TEXT_MAX + 1] = "";
	size_t size = 0;

	for (size_t i = 0; i < items->count; i++) {
		const char *item = items->items[i];
		size_t length = strlen(item);

		if (!check(item))
			return fail(ret_fault, fault_size, "'%.200s' is no %s", is_secret(item) ? "ak_…" : item, what);
		if (policy_list_contains(text, separator, item))
			continue;
		if (size + (size > 0) + length > WIRE_LIST_TEXT_MAX)
			return fail(ret_fault, fault_size,
				    "together they are longer than %d bytes: fewer of them, each a %s",
				    WIRE_LIST_TEXT_MAX, what);
		if (size > 0)
			text[size++] = separator;
		memcpy(text + size, item, length + 1);
		size += length;
	}
	memcpy(ret_text, text, size + 1);
	return true;
}

static bool is_user(const char *item)
{
	return strlen(item) <= WIRE_USER_MAX && encoding_is_printable_utf8(item, strlen(item)) &&
	       !credential_looks_secret(item);
}

static bool is_source(const char *item)
{
	struct network network;

	return strcmp(item, "local") == 0 || network_parse(item, &network);
}

static bool is_label(const char *item)
{
	size_t name = strspn(item, "abcdefghijklmnopqrstuvwxyz0123456789_.-");

	return name > 0 && item[name] == '=' && strlen(item) <= WIRE_LABEL_MAX &&
	       encoding_is_printable_utf8(item, strlen(item)) && !credential_looks_secret(item + name + 1);
}

bool key_permissions_join(const struct codec_texts *items, char *ret_text, char *ret_fault, size_t fault_size)
{
	return join(items, ' ', permission_is_grant,
		    "permission (segments of a-z 0-9 _ - joined by dots, 'mail.imap'; 'mail.*' and '*' for all below)",
		    ret_text, ret_fault, fault_size);
}

bool key_users_join(const struct codec_texts *items, char *ret_text, char *ret_fault, size_t fault_size)
{
	return join(items, '\n', is_user, "user name (UTF-8 without control characters)", ret_text, ret_fault,
		    fault_size);
}

bool key_sources_join(const struct codec_texts *items, char *ret_text, char *ret_fault, size_t fault_size)
{
	return join(items, ' ', is_source, "network (192.0.2.0/24, 2001:db8::/32, one address, or 'local')", ret_text,
		    ret_fault, fault_size);
}

bool key_labels_join(const struct codec_texts *items, char *ret_text, char *ret_fault, size_t fault_size)
{
	return join(items, '\n', is_label, "label (name=value, the name of a-z 0-9 _ . -)", ret_text, ret_fault,
		    fault_size);
}

/* ---- for the audit ---- */

const char *key_state_name(enum store_state state)
{
	switch (state) {
	case STORE_ACTIVE:
		return MESSAGE_STATE_ACTIVE;
	case STORE_INACTIVE:
		return MESSAGE_STATE_INACTIVE;
	case STORE_SUSPENDED:
		return MESSAGE_STATE_SUSPENDED;
	case STORE_REVOKED:
	case STORE_STATE_COUNT:
		break;
	}
	return MESSAGE_STATE_REVOKED;
}

const char *key_kind_name(enum store_kind kind)
{
	return kind == STORE_PAIR ? MESSAGE_KIND_PAIR : MESSAGE_KIND_OPAQUE;
}

static json_t *list_json(const char *text, char separator)
{
	json_t *list = json_array();

	while (*text != '\0') {
		const char *end = strchrnul(text, separator);

		json_array_append_new(list, json_stringn(text, (size_t)(end - text)));
		text = *end == '\0' ? end : end + 1;
	}
	return list;
}

static json_t *time_json(int64_t time)
{
	char text[CLOCK_TEXT_SIZE];

	if (time == 0 || time == TIME_NEVER)
		return json_null();
	clock_format(time, text, sizeof(text));
	return json_string(text);
}

/* Numbers and dates; of the secrets themselves nothing. */
static json_t *secrets_json(const struct store_key *key)
{
	json_t *list = json_array();

	for (size_t i = 0; i < key->secret_count; i++) {
		json_t *object = json_object();

		json_object_set_new(object, "number", json_integer(key->secrets[i].number));
		json_object_set_new(object, "created", time_json(key->secrets[i].created));
		json_object_set_new(object, "retires", time_json(key->secrets[i].retires));
		if (key->secrets[i].after_use > 0)
			json_object_set_new(object, "retires_after_first_use", json_integer(key->secrets[i].after_use));
		json_array_append_new(list, object);
	}
	return list;
}

static json_t *key_json(const struct store_key *key)
{
	json_t *object = json_object();

	if (!key)
		return object;
	json_object_set_new(object, "name", json_string(key->name));
	json_object_set_new(object, "owner", json_string(key->owner));
	json_object_set_new(object, "account", json_string(key->account));
	json_object_set_new(object, "tenant", *key->tenant ? json_string(key->tenant) : json_null());
	json_object_set_new(object, "kind", json_string(key_kind_name(key->kind)));
	if (key->test)
		json_object_set_new(object, "test", json_true());
	json_object_set_new(object, "state", json_string(key_state_name(key->state)));
	json_object_set_new(object, "state_reason", *key->state_reason ? json_string(key->state_reason) : json_null());
	json_object_set_new(object, "permissions", list_json(key->permissions, ' '));
	json_object_set_new(object, "roles", list_json(key->roles, ' '));
	json_object_set_new(object, "users", list_json(key->users, '\n'));
	json_object_set_new(object, "sources", list_json(key->sources, ' '));
	json_object_set_new(object, "labels", list_json(key->labels, '\n'));
	json_object_set_new(object, "exclusive", *key->exclusive ? json_string(key->exclusive) : json_null());
	json_object_set_new(object, "max_uses", key->max_uses > 0 ? json_integer(key->max_uses) : json_null());
	json_object_set_new(object, "client_side", json_boolean(key->client_side));
	json_object_set_new(object, "not_before", time_json(key->not_before));
	json_object_set_new(object, "expires", time_json(key->expires));
	json_object_set_new(object, "secrets", secrets_json(key));
	return object;
}

char *key_changes(const struct store_key *before, const struct store_key *after, const char *why)
{
	json_t *old = key_json(before), *new = key_json(after), *changes = json_object();
	const char *name;
	json_t *value;
	void *next;
	char *text;

	/* What is the same on both sides is left out of both. */
	json_object_foreach_safe(old, next, name, value)
	{
		if (!json_equal(value, json_object_get(new, name)))
			continue;
		json_object_del(new, name);
		json_object_del(old, name);
	}
	if (before)
		json_object_set(changes, "before", old);
	if (after)
		json_object_set(changes, "after", new);
	if (why)
		json_object_set_new(changes, "why", json_string(why));
	text = json_dumps(changes, JSON_COMPACT);
	json_decref(old);
	json_decref(new);
	json_decref(changes);
	return text;
}

static json_t *role_json(const struct store_role *role)
{
	json_t *object = json_object();

	json_object_set_new(object, "permissions", list_json(role->permissions, ' '));
	return object;
}

char *role_changes(const struct store_role *before, const struct store_role *after)
{
	const struct store_role *role = after ? after : before;
	json_t *changes = json_object();
	char *text;

	if (role)
		json_object_set_new(changes, "role", json_string(role->name));
	if (before)
		json_object_set_new(changes, "before", role_json(before));
	if (after)
		json_object_set_new(changes, "after", role_json(after));
	text = json_dumps(changes, JSON_COMPACT);
	json_decref(changes);
	return text;
}
