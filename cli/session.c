/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Sessions that keys have opened, looked at and ended.
 */
#include "cli/session.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/daemon.h"
#include "cli/json.h"
#include "cli/list.h"
#include "cli/output.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/when.h"

#define NUMBER_SIZE 32
#define KEY_SIZE 400 /* a user's name, a slash and a key's */

SCOPE_DESTRUCTOR(session_scope, struct apikey_session, apikey_session_free);
SCOPE_DESTRUCTOR(session_list_scope, struct apikey_session_list, apikey_session_list_free);

static json_t *session_json(const struct apikey_session *session)
{
	SCOPED_JSON json_t *object = json_object();

	if (!json_put(object, "session", json_number(session->number)) ||
	    !json_put(object, "key_id", json_text(session->key_id)) ||
	    !json_put(object, "key_name", json_text(session->key_name)) ||
	    !json_put(object, "owner", json_text(session->owner)) ||
	    !json_put(object, "user", json_text_or_null(session->user)) ||
	    !json_put(object, "tenant_id", json_text_or_null(session->tenant)) ||
	    !json_put(object, "service", json_text(session->service)) ||
	    !json_put(object, "tty", json_text_or_null(session->tty)) ||
	    !json_put(object, "source", json_text_or_null(session->source)) ||
	    !json_put(object, "since", json_time(session->since)) ||
	    !json_put(object, "leader", json_number((uint64_t)session->leader)) ||
	    !json_put(object, "ending", json_boolean(session->ending)))
		return NULL;
	return json_incref(object);
}

/* ---- list ---- */

static bool add_session(struct table *table, json_t *array, const struct apikey_session *session, int64_t now)
{
	char number[NUMBER_SIZE], since[WHEN_TEXT_SIZE], key[KEY_SIZE];

	if (array)
		return json_array_append_new(array, session_json(session)) == 0;
	snprintf(number, sizeof(number), "%" PRIu64, session->number);
	snprintf(key, sizeof(key), "%s/%s", session->owner, session->key_name);
	when_local(session->since, now, since);
	table_add(table, (const char *[]){ number, session->user, key, session->service, session->tty, session->source,
					   session->ending ? "ending" : since });
	return true;
}

static enum status list_pages(const struct arguments *arguments, struct table *table, json_t *array)
{
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	const char *key = arguments_value(arguments, OPTION_KEY);
	struct apikey_session_filter filter = { .size = sizeof(filter),
						.key = key ? text_key_reference(key) : NULL,
						.user = arguments_value(arguments, OPTION_USER) };
	enum status status = daemon_open(arguments, &admin);
	uint64_t after = 0;

	if (status != STATUS_DONE)
		return status;
	do {
		SCOPED(session_list_scope) struct apikey_session_list *page = NULL;
		int r = apikey_session_list(admin, &filter, after, &page);

		if (r != 0)
			return daemon_failed(arguments, admin, r);
		for (size_t i = 0; i < page->count; i++)
			if (!add_session(table, array, &page->sessions[i], time(NULL)))
				return output_no_memory();
		after = page->after;
	} while (after != 0);
	return STATUS_DONE;
}

enum status session_list(const struct arguments *arguments)
{
	static const struct table_column columns[] = { { "SESSION", 0, false }, { "USER", 0, false },
						       { "KEY", 0, true },      { "SERVICE", 0, false },
						       { "TTY", 90, false },    { "FROM", 70, true },
						       { "SINCE", 0, false } };

	return list_print(arguments, columns, COUNT_OF(columns), list_pages);
}

/* ---- end ---- */

static bool read_number(const char *text, uint64_t *ret_number)
{
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	*ret_number = strtoull(text, &end, 10);
	return errno == 0 && *end == '\0' && *ret_number > 0 && *ret_number <= INT64_MAX;
}

static enum status tell_end(const struct arguments *arguments, const struct apikey_session *session)
{
	SCOPED_JSON json_t *object = NULL;

	if (arguments_has(arguments, OPTION_JSON)) {
		object = session_json(session);
		if (!json_put(object, "whole", json_boolean(session->whole)) || !json_print(object))
			return output_no_memory();
		return STATUS_DONE;
	}
	output_note("Session %" PRIu64 " (%s at %s, by key %s/%s) was told to end.%s", session->number,
		    session->user[0] ? session->user : "nobody", session->service, session->owner, session->key_name,
		    session->whole ? "" : " Processes that have left it go on: logind knows of no session of its own.");
	return STATUS_DONE;
}

enum status session_end(const struct arguments *arguments)
{
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	SCOPED(session_scope) struct apikey_session *session = NULL;
	enum status status;
	uint64_t number;
	int r;

	if (!read_number(arguments->operands[0], &number))
		return output_complain(STATUS_USAGE, "'%s' is no session's number; 'apikeyctl session list' shows them",
				       arguments->operands[0]);
	status = daemon_open(arguments, &admin);
	if (status != STATUS_DONE)
		return status;
	r = apikey_session_end(admin, number, arguments_value(arguments, OPTION_WHY), &session);
	return r != 0 ? daemon_failed(arguments, admin, r) : tell_end(arguments, session);
}
