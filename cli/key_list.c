/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * "key list": which keys, in which order, from where on and how many. The daemon filters, and gives pages that may be
 * short or empty; they are asked for until there are none, or enough.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/daemon.h"
#include "cli/key.h"
#include "cli/key_rows.h"
#include "cli/output.h"
#include "cli/text.h"
#include "cli/when.h"

#define PAGE_MOST 1000 /* a page has as many as fit into one answer; to ask for more would be no use */

struct query {
	struct apikey_key_filter filter;
	const char **labels;
	bool filtered; /* beyond whose they are */
	struct key_rows_options rows;
	const char *cursor;
};

static void query_done(struct query *query)
{
	free(query->labels);
}

/* ---- the command line ---- */

/* Takes what --limit says. */
static bool parse_limit(const char *text, size_t *ret_limit)
{
	uint64_t limit;

	if (!text_count(text, SIZE_MAX, &limit))
		return false;
	*ret_limit = (size_t)limit;
	return true;
}

static bool is_state(const char *text)
{
	static const char *const states[] = { "active", "inactive", "suspended", "revoked" };

	for (size_t i = 0; i < COUNT_OF(states); i++)
		if (strcmp(states[i], text) == 0)
			return true;
	return false;
}

static enum status read_order(const struct arguments *arguments, struct query *query)
{
	const char *sort = arguments_value(arguments, OPTION_SORT);
	const char *limit = arguments_value(arguments, OPTION_LIMIT);

	query->rows.json = arguments_has(arguments, OPTION_JSON);
	query->rows.object = limit != NULL;
	query->rows.reverse = arguments_has(arguments, OPTION_REVERSE);
	query->rows.limit = SIZE_MAX;
	query->cursor = arguments_value(arguments, OPTION_CURSOR);
	if (limit && !parse_limit(limit, &query->rows.limit))
		return output_complain(STATUS_USAGE, "--limit %s is no count; give a number from 1 up", limit);
	if (sort && !key_order_parse(sort, &query->rows.order))
		return output_complain(STATUS_USAGE,
				       "--sort %s is no column; there are owner, name, created, expires and last-used",
				       sort);
	if (query->cursor && key_rows_collect(&query->rows))
		return output_complain(STATUS_USAGE,
				       "--cursor goes on in the order of owner and name alone; leave out --sort and "
				       "--reverse");
	return STATUS_DONE;
}

static enum status read_filter(const struct arguments *arguments, struct query *query)
{
	struct apikey_key_filter *filter = &query->filter;
	const char *since = arguments_value(arguments, OPTION_UNUSED_SINCE);
	const char *before = arguments_value(arguments, OPTION_EXPIRES_BEFORE);
	int64_t now = query->rows.now;

	filter->size = sizeof(*filter);
	filter->owner = arguments_value(arguments, OPTION_OWNER);
	filter->state = arguments_value(arguments, OPTION_STATE);
	filter->permission = arguments_value(arguments, OPTION_PERMISSION);
	filter->role = arguments_value(arguments, OPTION_ROLE);
	filter->account = arguments_value(arguments, OPTION_ACCOUNT);
	filter->tenant = arguments_value(arguments, OPTION_TENANT);
	if (arguments_list(arguments, OPTION_LABEL, &query->labels) < 0)
		return output_no_memory();
	filter->labels = query->labels;
	if (filter->state && !is_state(filter->state))
		return output_complain(STATUS_USAGE,
				       "--state %s is no state; a key is active, inactive, suspended or revoked",
				       filter->state);
	if (since && (!when_parse_past(since, now, &filter->unused_since) || filter->unused_since == 0))
		return output_complain(STATUS_USAGE,
				       "--unused-since %s is no time that has been; give 90d (ago), 2026-01-31 or "
				       "2026-01-31T08:00:00Z",
				       since);
	if (before && (!when_parse(before, now, &filter->expires_before) || filter->expires_before == 0 ||
		       filter->expires_before == APIKEY_NEVER))
		return output_complain(STATUS_USAGE,
				       "--expires-before %s is no time; give 30d (from now), 2027-01-31 or "
				       "2027-01-31T08:00:00Z",
				       before);
	if (arguments_has(arguments, OPTION_DUE))
		filter->due = 1;
	query->filtered = filter->state || filter->permission || filter->role || filter->account || filter->tenant ||
			  query->labels[0] || since || before || filter->due != 0;
	return STATUS_DONE;
}

/* ---- pages ---- */

/* Gets a page behind *cursor, which becomes that of the next one, NULL at the end. */
static enum status next_page(const struct arguments *arguments, struct apikey_admin *admin, const struct query *query,
			     size_t most, char **cursor, struct apikey_key_list **ret_page)
{
	SCOPED_LIST struct apikey_key_list *page = NULL;
	enum status status;
	int r = apikey_key_list(admin, &query->filter, *cursor, most < PAGE_MOST ? (unsigned int)most : 0, &page);

	if (r != 0)
		return daemon_failed(arguments, admin, r);
	status = daemon_next_page(cursor, page->cursor);
	if (status != STATUS_DONE)
		return status;
	*ret_page = page;
	page = NULL;
	return STATUS_DONE;
}

/* Gets pages until there are no more, or as many keys as are wanted; then *cursor says where the others begin. */
static enum status list_pages(const struct arguments *arguments, struct apikey_admin *admin, const struct query *query,
			      struct key_rows *rows, char **cursor)
{
	bool collects = key_rows_collect(&query->rows), more;

	do {
		SCOPED_LIST struct apikey_key_list *page = NULL;
		size_t most = collects ? SIZE_MAX : query->rows.limit - key_rows_count(rows, &more);
		enum status status = next_page(arguments, admin, query, most, cursor, &page);

		if (status != STATUS_DONE)
			return status;
		for (size_t i = 0; i < page->count && i < most; i++)
			if (key_rows_add(rows, page->keys[i]) < 0)
				return output_no_memory();
	} while (*cursor && (collects || key_rows_count(rows, &more) < query->rows.limit) && !ferror(stdout));
	return STATUS_DONE;
}

/* Whether a key lies behind a cursor; the page that gave it need not have known. */
static enum status look_behind(const struct arguments *arguments, struct apikey_admin *admin, const struct query *query,
			       const char *cursor, bool *ret_more)
{
	SCOPED_FREE char *at = strdup(cursor);
	bool more = false;

	if (!at)
		return output_no_memory();
	while (at && !more) {
		SCOPED_LIST struct apikey_key_list *page = NULL;
		enum status status = next_page(arguments, admin, query, 1, &at, &page);

		if (status != STATUS_DONE)
			return status;
		more = page->count > 0;
	}
	*ret_more = more;
	return STATUS_DONE;
}

static void note_end(const struct query *query, size_t count, const char *cursor, bool more)
{
	if (count == 0 && query->filtered)
		output_note("No key you may see is among those asked for.");
	else if (count == 0)
		output_note("There are no keys here, or none you may see; 'apikeyctl key create' makes one.");
	if (!more)
		return;
	output_note("There are more keys than the %zu that --limit allows%s", query->rows.limit,
		    cursor ? "; --cursor goes on with them:" : ".");
	if (cursor)
		output_note("next cursor: %s", cursor);
}

enum status key_list(const struct arguments *arguments)
{
	SCOPED(query_done) struct query query = { .rows = { .now = time(NULL) } };
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	SCOPED_KEY_ROWS struct key_rows *rows = NULL;
	SCOPED_FREE char *cursor = NULL;
	bool more = false, beyond;
	enum status status;
	size_t count;

	status = read_order(arguments, &query);
	if (status == STATUS_DONE)
		status = read_filter(arguments, &query);
	if (status == STATUS_DONE)
		status = daemon_open(arguments, &admin);
	if (status != STATUS_DONE)
		return status;
	rows = key_rows_new(&query.rows);
	cursor = query.cursor ? strdup(query.cursor) : NULL;
	if (!rows || (query.cursor && !cursor))
		return output_no_memory();
	status = list_pages(arguments, admin, &query, rows, &cursor);
	if (status == STATUS_DONE && cursor)
		status = look_behind(arguments, admin, &query, cursor, &more);
	if (status != STATUS_DONE)
		return status;
	if (!more) {
		free(cursor);
		cursor = NULL;
	}
	count = key_rows_count(rows, &beyond);
	more |= beyond;
	if (key_rows_end(rows, cursor, more) < 0)
		return output_no_memory();
	note_end(&query, count, cursor, more);
	return STATUS_DONE;
}
