/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cli/key_view.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/output.h"
#include "cli/retirement.h"
#include "cli/session_end.h"
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
	    !json_put(object, "retires_after_first_use",
		      secret->retires_after_first_use > 0 ? json_number(secret->retires_after_first_use)
							  : json_null()) ||
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

/* What it is bound to; null where it is not. */
static bool put_bounds(json_t *object, const struct apikey_key *key)
{
	bool exclusive = key->exclusive[0] != '\0', limited = key->max_uses > 0;
	bool bound = exclusive && strcmp(key->exclusive, APIKEY_UNBOUND) != 0;

	return json_put(object, "exclusive", json_boolean(exclusive)) &&
	       json_put(object, "exclusive_service", bound ? json_text(key->exclusive) : json_null()) &&
	       json_put(object, "client_side", json_boolean(key->client_side)) &&
	       json_put(object, "max_uses", limited ? json_number(key->max_uses) : json_null()) &&
	       json_put(object, "counted_uses", limited ? json_number(key->counted_uses) : json_null()) &&
	       json_put(object, "uses_left", limited ? json_number(key_view_uses_left(key)) : json_null());
}

/* null where there is nothing to retire. */
static bool put_retirement(json_t *object, const struct apikey_key *key)
{
	char why[RETIREMENT_REASON_SIZE];
	enum retirement retirement = retirement_judge(key, time(NULL), why);

	return json_put(object, "safe_to_retire",
			retirement == RETIREMENT_NONE ? json_null() : json_boolean(retirement == RETIREMENT_SAFE)) &&
	       json_put(object, "safe_to_retire_reason", json_text_or_null(why));
}

/* What became of those it had opened, when it was ended with them. */
static json_t *sessions_json(const struct apikey_key *key)
{
	const struct session_end end = { .ended = key->sessions_ended,
					 .loose = key->sessions_loose,
					 .fault = key->sessions_fault };

	return session_end_json(&end);
}

json_t *key_view_json(const struct apikey_key *key)
{
	SCOPED_JSON json_t *object = json_object();

	if (!json_put(object, "id", json_text(key->id)) || !json_put(object, "kind", json_text(key->kind)) ||
	    !json_put(object, "test", json_boolean(key->test)) || !json_put(object, "name", json_text(key->name)) ||
	    !json_put(object, "owner", json_text(key->owner)) ||
	    !json_put(object, "owner_uid", key->owner_uid < 0 ? json_null() : json_number((uint64_t)key->owner_uid)) ||
	    !json_put(object, "account_id", json_text_or_null(key->account)) ||
	    !json_put(object, "tenant_id", json_text_or_null(key->tenant)) ||
	    !json_put(object, "roles", json_texts(key->roles)) ||
	    !json_put(object, "permissions", json_texts(key->permissions)) ||
	    !json_put(object, "effective_permissions", json_texts(key->effective_permissions)) ||
	    !json_put(object, "users", json_texts(key->users)) ||
	    !json_put(object, "sources", json_texts(key->sources)) ||
	    !json_put(object, "labels", json_texts(key->labels)) || !put_bounds(object, key) ||
	    !json_put(object, "state", json_text(key->state)) ||
	    !json_put(object, "state_reason", json_text_or_null(key->state_reason)) ||
	    !json_put(object, "state_since", json_time(key->state_since)) ||
	    !json_put(object, "created", json_time(key->created)) ||
	    !json_put(object, "created_by", json_text_or_null(key->created_by)) ||
	    !json_put(object, "not_before", json_time(key->not_before)) ||
	    !json_put(object, "expires", json_time(key->expires)) || !json_put(object, "secrets", secrets_json(key)) ||
	    !put_retirement(object, key))
		return NULL;
	if (key->secret[0] != '\0' && !json_put(object, "secret", json_text(key->secret)))
		return NULL;
	if (!json_put(object, "due", json_texts(key->due)))
		return NULL;
	if (key->repeated && !json_put(object, "repeated", json_boolean(true)))
		return NULL;
	if (key_view_is_pair(key) && !json_put(object, "public_key", json_text(key->id)))
		return NULL;
	if (key->sessions_asked && !json_put(object, "sessions", sessions_json(key)))
		return NULL;
	if (key->private_key[0] != '\0' && !json_put(object, "private_key", json_text(key->private_key)))
		return NULL;
	return json_incref(object);
}

bool key_view_is_pair(const struct apikey_key *key)
{
	return strcmp(key->kind, "pair") == 0;
}

uint64_t key_view_uses_left(const struct apikey_key *key)
{
	return key->counted_uses < key->max_uses ? key->max_uses - key->counted_uses : 0;
}

bool key_view_print_json(const struct apikey_key *key)
{
	SCOPED_JSON json_t *object = key_view_json(key);

	return object && json_print(object);
}

const struct apikey_secret *key_view_current(const struct apikey_key *key)
{
	for (size_t i = key->secret_count; i > 0; i--)
		if (key->secrets[i - 1].retires == 0)
			return &key->secrets[i - 1];
	return NULL;
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

/* What it is bound to, where it is. */
static void add_bounds(struct table *table, const struct apikey_key *key)
{
	char uses[128];

	if (strcmp(key->exclusive, APIKEY_UNBOUND) == 0)
		add(table, "Used at", "the first service that uses it, from then on");
	else if (key->exclusive[0] != '\0')
		add(table, "Used at", key->exclusive);
	if (key->client_side)
		add(table, "Pages", "in browsers may use it");
	if (key->max_uses == 0)
		return;
	snprintf(uses, sizeof(uses), "%" PRIu64 " of %" PRIu64 ", %" PRIu64 " left", key->counted_uses, key->max_uses,
		 key_view_uses_left(key));
	add(table, "Uses", uses);
}

static void add_retirement(struct table *table, const struct apikey_key *key, int64_t now)
{
	char why[RETIREMENT_REASON_SIZE], line[RETIREMENT_REASON_SIZE + 8];
	enum retirement retirement = retirement_judge(key, now, why);

	snprintf(line, sizeof(line), "%s: %s", retirement == RETIREMENT_SAFE ? "yes" : "no", why);
	if (retirement != RETIREMENT_NONE)
		add(table, "Safe to retire", line);
}

/* "1h after first use of a later one" */
static void tell_waiting(const struct apikey_secret *secret, char ret_text[WHEN_TEXT_SIZE])
{
	char span[WHEN_TEXT_SIZE];

	when_span(secret->retires_after_first_use, span);
	snprintf(ret_text, WHEN_TEXT_SIZE, "%.24s after first use of a later one", span);
}

/* A line for each secret. False when memory is short. */
static bool print_secrets(const struct apikey_key *key, int64_t now)
{
	static const struct table_column columns[] = {
		{ "SECRET", 0, false }, { "CREATED", 80, false },    { "RETIRES", 0, false },
		{ "USES", 0, false },   { "LAST USE", 0, false },    { "SERVICE", 0, true },
		{ "SOURCE", 44, true }, { "FIRST USE", 110, false },
	};
	SCOPED_TABLE struct table *table = table_new(columns, COUNT_OF(columns), true);

	if (!table)
		return false;
	for (size_t i = 0; i < key->secret_count; i++) {
		const struct apikey_secret *secret = &key->secrets[i];
		const struct apikey_use *last = &secret->last_use;
		char number[32], uses[32], created[WHEN_TEXT_SIZE], retires[WHEN_TEXT_SIZE] = "current";
		char last_time[WHEN_TEXT_SIZE] = "never", first_time[WHEN_TEXT_SIZE] = "never";

		snprintf(number, sizeof(number), "%" PRIu32, secret->number);
		snprintf(uses, sizeof(uses), "%" PRIu64, secret->use_count);
		when_relative(secret->created, now, created);
		if (secret->retires_after_first_use > 0)
			tell_waiting(secret, retires);
		else if (secret->retires != 0)
			when_relative(secret->retires, now, retires);
		if (last->time != 0)
			when_relative(last->time, now, last_time);
		if (secret->first_use.time != 0)
			when_relative(secret->first_use.time, now, first_time);
		table_add(table, (const char *[]){ number, created, retires, uses, last_time, last->service,
						   last->source, first_time });
	}
	return table_print(table) == 0;
}

bool key_view_print(const struct apikey_key *key, int64_t now)
{
	static const struct table_column columns[] = { { "NAME", 0, false }, { "VALUE", 0, true } };
	SCOPED_TABLE struct table *table = table_new(columns, COUNT_OF(columns), false);
	char uid[32] = "no local user", owner[300], state[600], since[WHEN_TEXT_SIZE] = "";

	if (!table)
		return false;
	if (key->owner_uid >= 0)
		snprintf(uid, sizeof(uid), "uid %" PRId64, key->owner_uid);
	snprintf(owner, sizeof(owner), "%.260s (%s)", key->owner, uid);
	if (key->state_since != 0)
		when_local(key->state_since, now, since);
	snprintf(state, sizeof(state), "%.30s%s%.40s%s%.515s", key->state, since[0] != '\0' ? " since " : "", since,
		 key->state_reason[0] != '\0' ? ": " : "", key->state_reason);
	add(table, "Id", key->id);
	add(table, "Name", key->name);
	add(table, "Owner", owner);
	add(table, "Kind", key->kind);
	if (key->test)
		add(table, "Test key", "opens only what asks for a permission below test.");
	if (strcmp(key->account, "default") != 0)
		add(table, "Account", key->account);
	if (strcmp(key->tenant, "default") != 0)
		add(table, "Tenant", key->tenant[0] != '\0' ? key->tenant : "none: a key of the account");
	add(table, "State", state);
	if (key->not_before != 0)
		add_time(table, "Works from", key->not_before, now, "");
	add_time(table, "Expires", key->expires, now, "");
	if (key->due && key->due[0])
		add_texts(table, "To be done", key->due, "");
	add_texts(table, "Permissions", key->permissions, "none");
	if (key->roles && key->roles[0]) {
		add_texts(table, "Roles", key->roles, "");
		add_texts(table, "With its roles", key->effective_permissions, "none");
	}
	add_texts(table, "Logs in as", key->users, "its owner alone");
	add_texts(table, "Used from", key->sources, "anywhere");
	add_bounds(table, key);
	if (key->labels && key->labels[0])
		add_texts(table, "Labels", key->labels, "");
	add_time(table, "Created", key->created, now, key->created_by);
	add_retirement(table, key, now);
	if (table_print(table) < 0)
		return false;
	putchar('\n');
	return print_secrets(key, now);
}

/* The secret as text: alone on its line; of a pair, the public key and the private key. 0 or a negative errno. */
static int write_lines(const struct apikey_key *key)
{
	bool is_pair = key_view_is_pair(key);
	const char *secret = is_pair ? key->private_key : key->secret;
	char lines[256];
	int size = snprintf(lines, sizeof(lines), "%s%s%s\n", is_pair ? key->id : "", is_pair ? "\n" : "", secret);
	int r = -EBADMSG;

	if (secret[0] != '\0' && size > 0 && (size_t)size < sizeof(lines))
		r = output_write_secret(lines, (size_t)size);
	explicit_bzero(lines, sizeof(lines));
	return r;
}

int key_view_write_secret(const struct apikey_key *key, bool as_json)
{
	SCOPED_JSON json_t *object = as_json ? key_view_json(key) : NULL;
	SCOPED_JSON_TEXT char *text = object ? json_write_text(object, false) : NULL;

	if (as_json)
		return text ? output_write_secret(text, strlen(text)) : -ENOMEM;
	return write_lines(key);
}
