/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The lockdown: every key is refused but those that were named. What there is, and which keys still open something, is
 * said after every change, since whoever begins one is in a hurry.
 */
#include "cli/lockdown.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "cli/daemon.h"
#include "cli/json.h"
#include "cli/key_name.h"
#include "cli/output.h"
#include "cli/session_end.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/when.h"

SCOPE_DESTRUCTOR(lockdown_scope, struct apikey_lockdown, apikey_lockdown_free);
#define SCOPED_LOCKDOWN SCOPED(lockdown_scope)

static struct session_end sessions_of(const struct apikey_lockdown *lockdown)
{
	return (struct session_end){ .asked = lockdown->sessions_asked,
				     .ended = lockdown->sessions_ended,
				     .loose = lockdown->sessions_loose,
				     .fault = lockdown->sessions_fault };
}

static bool put_sessions(json_t *object, const struct apikey_lockdown *lockdown)
{
	const struct session_end sessions = sessions_of(lockdown);

	return json_put(object, "sessions", session_end_json(&sessions));
}

static bool print_json(const struct apikey_lockdown *lockdown)
{
	SCOPED_JSON json_t *object = json_object();

	return json_put(object, "lockdown", json_boolean(lockdown->on)) &&
	       json_put(object, "since", lockdown->on ? json_time(lockdown->since) : json_null()) &&
	       json_put(object, "by", json_text_or_null(lockdown->on ? lockdown->by : "")) &&
	       json_put(object, "why", json_text_or_null(lockdown->on ? lockdown->why : "")) &&
	       json_put(object, "except", key_names_json(lockdown->keys, lockdown->on ? lockdown->key_count : 0)) &&
	       json_put(object, "refused", lockdown->on ? json_integer((json_int_t)lockdown->refused) : json_null()) &&
	       (!lockdown->sessions_asked || put_sessions(object, lockdown)) && json_print(object);
}

static bool print_state(const struct apikey_lockdown *lockdown)
{
	static const struct table_column columns[] = { { "NAME", 0, false }, { "VALUE", 0, true } };
	SCOPED_TABLE struct table *table = table_new(columns, COUNT_OF(columns), false);
	char since[WHEN_TEXT_SIZE], line[WHEN_TEXT_SIZE + 300];

	if (!table)
		return false;
	when_local(lockdown->since, time(NULL), since);
	snprintf(line, sizeof(line), "%s by %.280s", since, lockdown->by);
	table_add(table, (const char *[]){ "Lockdown", lockdown->on ? "ON" : "off" });
	if (lockdown->on) {
		table_add(table, (const char *[]){ "Since", line });
		table_add(table, (const char *[]){ "Why", *lockdown->why ? lockdown->why : "-" });
		if (lockdown->key_count == 0)
			table_add(table, (const char *[]){ "Let in", "no key" });
	}
	for (size_t i = 0; lockdown->on && i < lockdown->key_count; i++) {
		char key[KEY_NAME_SIZE];

		key_name_text(&lockdown->keys[i], key);
		table_add(table, (const char *[]){ i == 0 ? "Let in" : "", key });
	}
	if (lockdown->on) {
		snprintf(line, sizeof(line), "%" PRIu64 " %s switched on", lockdown->refused,
			 lockdown->refused == 1 ? "key that is" : "keys that are");
		table_add(table, (const char *[]){ "Refused", line });
	}
	return table_print(table) == 0;
}

static enum status show(const struct arguments *arguments, const struct apikey_lockdown *lockdown)
{
	bool done = arguments_has(arguments, OPTION_JSON) ? print_json(lockdown) : print_state(lockdown);

	return done ? STATUS_DONE : output_no_memory();
}

enum status lockdown_on(const struct arguments *arguments)
{
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	SCOPED_LOCKDOWN struct apikey_lockdown *lockdown = NULL;
	SCOPED_FREE const char **keys = NULL;
	struct apikey_lockdown_options options = { .size = sizeof(options),
						   .why = arguments_value(arguments, OPTION_WHY),
						   .end_sessions = arguments_has(arguments, OPTION_END_SESSIONS) };
	struct session_end sessions;
	enum status status;
	int r;

	if (arguments_list(arguments, OPTION_EXCEPT, &keys) < 0)
		return output_no_memory();
	for (size_t i = 0; keys[i]; i++)
		keys[i] = text_key_reference(keys[i]);
	status = daemon_open(arguments, &admin);
	if (status != STATUS_DONE)
		return status;
	options.keys = keys;
	r = apikey_lockdown_begin(admin, &options, &lockdown);
	if (r != 0)
		return daemon_failed(arguments, admin, r);
	sessions = sessions_of(lockdown);
	if (arguments_has(arguments, OPTION_JSON)) {
		status = show(arguments, lockdown);
		return status != STATUS_DONE
			       ? status
			       : session_end_tell(&sessions, "other keys", "the host is locked down", true);
	}
	output_note("The host is locked down: from now on every key is refused%s.",
		    lockdown->key_count > 0 ? " but these" : "");
	for (size_t i = 0; i < lockdown->key_count; i++) {
		char key[KEY_NAME_SIZE];

		key_name_text(&lockdown->keys[i], key);
		output_note("  %s", key);
	}
	output_note("That is %" PRIu64 " %s switched on.", lockdown->refused,
		    lockdown->refused == 1 ? "key that is" : "keys that are");
	output_note("%s'apikeyctl lockdown off' ends the lockdown; root and the admin group need no key for it.",
		    sessions.asked ? "" : "Sessions that are open stay open; --end-sessions ends them. ");
	return session_end_tell(&sessions, "other keys", "the host is locked down", false);
}

enum status lockdown_off(const struct arguments *arguments)
{
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	SCOPED_LOCKDOWN struct apikey_lockdown *lockdown = NULL;
	enum status status = daemon_open(arguments, &admin);
	int r;

	if (status != STATUS_DONE)
		return status;
	r = apikey_lockdown_end(admin, arguments_value(arguments, OPTION_WHY), &lockdown);
	if (r != 0)
		return daemon_failed(arguments, admin, r);
	if (arguments_has(arguments, OPTION_JSON))
		return show(arguments, lockdown);
	output_note(lockdown->was_on ? "The lockdown is over: keys are judged as before it."
				     : "There was no lockdown; nothing was changed.");
	return STATUS_DONE;
}

enum status lockdown_status(const struct arguments *arguments)
{
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	SCOPED_LOCKDOWN struct apikey_lockdown *lockdown = NULL;
	enum status status = daemon_open(arguments, &admin);
	int r;

	if (status != STATUS_DONE)
		return status;
	r = apikey_lockdown_show(admin, &lockdown);
	return r != 0 ? daemon_failed(arguments, admin, r) : show(arguments, lockdown);
}
