/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cli/key_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/table.h"
#include "cli/when.h"

static const struct apikey_use never_used = { .time = 0, .service = "", .source = "" };

static json_t *use_json(const struct apikey_use *use)
{
	SCOPED_JSON json_t *object = NULL;

	if (use->time == 0)
		return json_null();
	object = json_object();
	if (!json_put(object, "time", json_time(use->time)) ||
	    !json_put(object, "service", json_text_or_null(use->service)) ||
	    !json_put(object, "source", json_text_or_null(use->source)))
		return NULL;
	return json_incref(object);
}

static json_t *secret_json(const struct apikey_secret *secret)
{
	SCOPED_JSON json_t *object = json_object();

	if (!json_put(object, "number", json_number(secret->number)) ||
	    !json_put(object, "created", json_time(secret->created)) ||
	    !json_put(object, "retires", json_time(secret->retires)) ||
	    !json_put(object, "use_count", json_number(secret->use_count)) ||
	    !json_put(object, "first_use", use_json(&secret->first_use)) ||
	    !json_put(object, "last_use", use_json(&secret->last_use)))
		return NULL;
	return json_incref(object);
}

static json_t *secrets_json(const struct apikey_key *key)
{
	SCOPED_JSON json_t *array = json_array();

	for (size_t i = 0; i < key->secret_count; i++)
		if (json_array_append_new(array, secret_json(&key->secrets[i])) < 0)
			return NULL;
	return json_incref(array);
}

json_t *key_view_json(const struct apikey_key *key)
{
	SCOPED_JSON json_t *object = json_object();

	if (!json_put(object, "id", json_text(key->id)) || !json_put(object, "kind", json_text(key->kind)) ||
	    !json_put(object, "name", json_text(key->name)) || !json_put(object, "owner", json_text(key->owner)) ||
	    !json_put(object, "owner_uid", key->owner_uid < 0 ? json_null() : json_number((uint64_t)key->owner_uid)) ||
	    !json_put(object, "account_id", json_text_or_null(key->account)) ||
	    !json_put(object, "tenant_id", json_text_or_null(key->tenant)) ||
	    !json_put(object, "roles", json_texts(key->roles)) ||
	    !json_put(object, "permissions", json_texts(key->permissions)) ||
	    !json_put(object, "users", json_texts(key->users)) ||
	    !json_put(object, "sources", json_texts(key->sources)) ||
	    !json_put(object, "labels", json_texts(key->labels)) || !json_put(object, "state", json_text(key->state)) ||
	    !json_put(object, "state_reason", json_text_or_null(key->state_reason)) ||
	    !json_put(object, "created", json_time(key->created)) ||
	    !json_put(object, "created_by", json_text_or_null(key->created_by)) ||
	    !json_put(object, "not_before", json_time(key->not_before)) ||
	    !json_put(object, "expires", json_time(key->expires)) || !json_put(object, "secrets", secrets_json(key)))
		return NULL;
	if (key->secret[0] != '\0' && !json_put(object, "secret", json_text(key->secret)))
		return NULL;
	return json_incref(object);
}

bool key_view_print_json(const struct apikey_key *key)
{
	SCOPED_JSON json_t *object = key_view_json(key);

	return object && json_print(object);
}

const struct apikey_use *key_view_last_use(const struct apikey_key *key)
{
	const struct apikey_use *last = &never_used;

	for (size_t i = 0; i < key->secret_count; i++)
		if (key->secrets[i].last_use.time > last->time)
			last = &key->secrets[i].last_use;
	return last;
}

static void add(struct table *table, const char *name, const char *value)
{
	const char *cells[] = { name, value };

	table_add(table, cells);
}

/* A line for each text, the first of them named; one line with what none means where there are none. */
static void add_texts(struct table *table, const char *name, const char *const *texts, const char *none)
{
	if (!texts || !*texts)
		add(table, name, none);
	for (size_t i = 0; texts && texts[i]; i++)
		add(table, i == 0 ? name : "", texts[i]);
}

static void add_time(struct table *table, const char *name, int64_t time, int64_t now, const char *note)
{
	char text[WHEN_TEXT_SIZE], line[WHEN_TEXT_SIZE + 300];

	when_local(time, now, text);
	snprintf(line, sizeof(line), "%s%s%.280s", text, note[0] != '\0' ? " by " : "", note);
	add(table, name, line);
}

static void add_use(struct table *table, const char *name, const struct apikey_use *use, int64_t now)
{
	char time[WHEN_TEXT_SIZE], line[WHEN_TEXT_SIZE + 600];

	when_local(use->time, now, time);
	snprintf(line, sizeof(line), "%s, %.256s from %.256s", time, use->service[0] != '\0' ? use->service : "?",
		 use->source[0] != '\0' ? use->source : "?");
	add(table, name, use->time == 0 ? "never" : line);
}

static void add_secrets(struct table *table, const struct apikey_key *key, int64_t now)
{
	for (size_t i = 0; i < key->secret_count; i++) {
		const struct apikey_secret *secret = &key->secrets[i];
		char count[32];

		if (key->secret_count > 1) {
			char number[32];

			snprintf(number, sizeof(number), "%" PRIu32, secret->number);
			add(table, "Secret", number);
			add_time(table, "  made", secret->created, now, "");
			if (secret->retires != 0)
				add_time(table, "  ends", secret->retires, now, "");
		}
		snprintf(count, sizeof(count), "%" PRIu64, secret->use_count);
		add(table, key->secret_count > 1 ? "  uses" : "Uses", count);
		add_use(table, key->secret_count > 1 ? "  first use" : "First use", &secret->first_use, now);
		add_use(table, key->secret_count > 1 ? "  last use" : "Last use", &secret->last_use, now);
	}
}

bool key_view_print(const struct apikey_key *key, int64_t now)
{
	static const struct table_column columns[] = { { "NAME", 0, false }, { "VALUE", 0, true } };
	SCOPED_TABLE struct table *table = table_new(columns, COUNT_OF(columns), false);
	char uid[32] = "no local user", owner[300], state[600];

	if (!table)
		return false;
	if (key->owner_uid >= 0)
		snprintf(uid, sizeof(uid), "uid %" PRId64, key->owner_uid);
	snprintf(owner, sizeof(owner), "%.260s (%s)", key->owner, uid);
	snprintf(state, sizeof(state), "%.30s%s%.520s", key->state, key->state_reason[0] != '\0' ? ": " : "",
		 key->state_reason);
	add(table, "Id", key->id);
	add(table, "Name", key->name);
	add(table, "Owner", owner);
	add(table, "Kind", key->kind);
	if (strcmp(key->account, "default") != 0)
		add(table, "Account", key->account);
	if (strcmp(key->tenant, "default") != 0)
		add(table, "Tenant", key->tenant[0] != '\0' ? key->tenant : "none: a key of the account");
	add(table, "State", state);
	if (key->not_before != 0)
		add_time(table, "Works from", key->not_before, now, "");
	add_time(table, "Expires", key->expires, now, "");
	add_texts(table, "Permissions", key->permissions, "none");
	if (key->roles && key->roles[0])
		add_texts(table, "Roles", key->roles, "");
	add_texts(table, "Logs in as", key->users, "its owner alone");
	add_texts(table, "Used from", key->sources, "anywhere");
	if (key->labels && key->labels[0])
		add_texts(table, "Labels", key->labels, "");
	add_time(table, "Created", key->created, now, key->created_by);
	add_secrets(table, key, now);
	return table_print(table) == 0;
}
