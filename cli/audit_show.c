/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * "audit show": which records, in which order, how many, and those to come. The daemon filters, and gives pages that
 * may be short or empty; they are asked for until there are none, or enough.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/audit.h"
#include "cli/audit_rows.h"
#include "cli/daemon.h"
#include "cli/output.h"
#include "cli/text.h"
#include "cli/when.h"

#define MICROSECONDS 1000000
#define FOLLOW_LIMIT 10         /* records before those to come */
#define FOLLOW_MILLISECONDS 250 /* between two looks */
#define LISTS 9

struct query {
	struct apikey_audit_filter filter;
	const char **lists[LISTS]; /* the filter's */
	size_t limit;              /* SIZE_MAX: all */
	bool follow, reverse;
	const struct arguments *arguments;
	struct apikey_admin *admin;
	struct audit_rows *rows;
	char *cursor;
	size_t shown;
};

static void query_done(struct query *query)
{
	for (size_t i = 0; i < LISTS; i++)
		free(query->lists[i]);
	apikey_admin_free(query->admin);
	audit_rows_free(query->rows);
	free(query->cursor);
}

SCOPE_DESTRUCTOR(audit_page_scope, struct apikey_audit_page, apikey_audit_page_free);
#define SCOPED_PAGE SCOPED(audit_page_scope)

/* ---- the command line ---- */

static enum status read_lists(struct query *query)
{
	struct apikey_audit_filter *filter = &query->filter;
	const struct {
		enum option_id option;
		const char *const **list;
	} lists[LISTS] = {
		{ OPTION_KEY, &filter->keys },         { OPTION_OWNER, &filter->owners },
		{ OPTION_USER, &filter->users },       { OPTION_SERVICE, &filter->services },
		{ OPTION_VERDICT, &filter->verdicts }, { OPTION_REASON, &filter->reasons },
		{ OPTION_EVENT, &filter->events },     { OPTION_SOURCE, &filter->sources },
		{ OPTION_ACTOR, &filter->actors },
	};

	for (size_t i = 0; i < LISTS; i++) {
		if (arguments_list(query->arguments, lists[i].option, &query->lists[i]) < 0)
			return output_no_memory();
		*lists[i].list = query->lists[i];
	}
	for (size_t i = 0; query->lists[0][i]; i++)
		query->lists[0][i] = text_key_reference(query->lists[0][i]);
	return STATUS_DONE;
}

static enum status read_time(const struct query *query, enum option_id option, const char *name, int64_t *ret_time)
{
	const char *text = arguments_value(query->arguments, option);
	int64_t seconds;

	if (!text)
		return STATUS_DONE;
	if (!when_parse_past(text, time(NULL), &seconds) || seconds == 0)
		return output_complain(STATUS_USAGE,
				       "--%s %s is no time that has been; give 2h (ago), 2026-01-31 or "
				       "2026-01-31T08:00:00Z",
				       name, text);
	*ret_time = seconds * MICROSECONDS;
	return STATUS_DONE;
}

static enum status read_times(struct query *query)
{
	enum status status = read_time(query, OPTION_SINCE, "since", &query->filter.since);

	if (status == STATUS_DONE)
		status = read_time(query, OPTION_UNTIL, "until", &query->filter.until);
	if (status == STATUS_DONE && query->filter.until > 0 && query->filter.until < query->filter.since)
		return output_complain(STATUS_USAGE, "--until is before --since");
	return status;
}

static bool parse_limit(const char *text, size_t *ret_limit)
{
	unsigned long limit;
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	limit = strtoul(text, &end, 10);
	if (errno != 0 || *end != '\0')
		return false;
	*ret_limit = limit;
	return true;
}

static enum status read_order(struct query *query)
{
	const char *limit = arguments_value(query->arguments, OPTION_LIMIT);

	query->follow = arguments_has(query->arguments, OPTION_FOLLOW);
	query->reverse = arguments_has(query->arguments, OPTION_REVERSE);
	query->limit = query->follow && query->filter.since == 0 ? FOLLOW_LIMIT : SIZE_MAX;
	if (limit && !parse_limit(limit, &query->limit))
		return output_complain(STATUS_USAGE, "--limit %s is no count; give a number", limit);
	if (query->follow && query->reverse)
		return output_complain(STATUS_USAGE, "what is to come cannot be shown first: leave out --reverse or "
						     "--follow");
	if (query->follow && query->filter.until > 0)
		return output_complain(STATUS_USAGE, "--follow has no end; leave out --until");
	return STATUS_DONE;
}

/* ---- pages ---- */

/* Gets the page at the cursor, which moves on. *ret_end: it is the last one for now. */
static int next_page(struct query *query, size_t most, struct apikey_audit_page **ret_page)
{
	SCOPED_PAGE struct apikey_audit_page *page = NULL;
	char *cursor;
	int r = apikey_audit_read(query->admin, &query->filter, query->cursor, most < 1000 ? (unsigned int)most : 0,
				  &page);

	if (r != 0)
		return r;
	cursor = strdup(page->cursor);
	if (!cursor)
		return -ENOMEM;
	free(query->cursor);
	query->cursor = cursor;
	if (page->lost)
		output_note("Records that came before these are gone: audit files were removed, or rotated away "
			    "faster than they were read.");
	*ret_page = page;
	page = NULL;
	return 0;
}

/* Shows all from the cursor on, as far as there is something now. */
static int show_pages(struct query *query)
{
	bool end;

	do {
		SCOPED_PAGE struct apikey_audit_page *page = NULL;
		int r;

		if (query->limit == query->shown)
			return 0;
		r = next_page(query, query->limit - query->shown, &page);
		if (r != 0)
			return r;
		for (size_t i = 0; i < page->count && query->shown < query->limit; i++, query->shown++)
			audit_rows_add(query->rows, page->records[i]);
		if (audit_rows_flush(query->rows) < 0)
			return -ENOMEM;
		end = page->end;
	} while (!end && !ferror(stdout));
	return 0;
}

/* Pages that are kept until the last records are known. */
struct kept {
	struct apikey_audit_page **pages;
	size_t count;
};

static void kept_done(struct kept *kept)
{
	for (size_t i = 0; i < kept->count; i++)
		apikey_audit_page_free(kept->pages[i]);
	free(kept->pages);
}

static int keep(struct kept *kept, struct apikey_audit_page *page)
{
	struct apikey_audit_page **pages = NULL;

	if (page->count > 0)
		pages = reallocarray(kept->pages, kept->count + 1, sizeof(struct apikey_audit_page *));
	if (!pages) {
		bool empty = page->count == 0;

		apikey_audit_page_free(page);
		return empty ? 0 : -ENOMEM;
	}
	pages[kept->count++] = page;
	kept->pages = pages;
	return 0;
}

/* Shows the last records, which are found from the end, in the order of their times. The cursor is at the end then. */
static int show_last(struct query *query)
{
	SCOPED(kept_done) struct kept kept = { NULL, 0 };
	SCOPED_FREE char *start = NULL;
	size_t found = 0;
	bool end;
	int r = 0;

	query->filter.reverse = 1;
	do {
		struct apikey_audit_page *page = NULL;

		r = next_page(query, query->limit > found ? query->limit - found : 1, &page);
		if (r != 0)
			break;
		end = page->end;
		if (!start && !(start = strdup(page->start)))
			r = -ENOMEM;
		found += page->count;
		if (keep(&kept, page) < 0)
			r = -ENOMEM;
	} while (r == 0 && !end && found < query->limit);
	query->filter.reverse = 0;
	if (r != 0)
		return r;
	for (size_t i = kept.count; i > 0; i--)
		for (size_t j = kept.pages[i - 1]->count; j > 0; j--, found--) {
			if (found > query->limit)
				continue;
			audit_rows_add(query->rows, kept.pages[i - 1]->records[j - 1]);
			query->shown++;
		}
	free(query->cursor);
	query->cursor = start;
	start = NULL;
	return audit_rows_flush(query->rows);
}

/* ---- following ---- */

/* Waits a moment. Ends the process as any program in a pipe ends when nobody reads it any more. */
static void rest(void)
{
	struct pollfd out = { .fd = STDOUT_FILENO };

	if (poll(&out, 1, FOLLOW_MILLISECONDS) > 0 && (out.revents & (POLLERR | POLLHUP | POLLNVAL)))
		raise(SIGPIPE);
}

/* A daemon that is being started anew is waited for. */
static bool is_away(int result)
{
	return result < 0 && result != -ENOMEM && result != -EINVAL && result != -EPERM;
}

static enum status reconnect(struct query *query)
{
	int r;

	apikey_admin_free(query->admin);
	query->admin = NULL;
	output_note("apikeyd does not answer; waiting for it.");
	do {
		enum status status;

		rest();
		status = daemon_try(query->arguments, &query->admin, &r);
		if (status != STATUS_DONE)
			return status;
	} while (is_away(r));
	return r == 0 ? STATUS_DONE : daemon_failed(query->arguments, NULL, r);
}

static enum status follow(struct query *query)
{
	query->limit = SIZE_MAX;
	while (!ferror(stdout)) {
		int r = show_pages(query);
		enum status status;

		if (r == 0 || r == APIKEY_BUSY || r == APIKEY_DAEMON_UNAVAILABLE) {
			rest();
			continue;
		}
		if (!is_away(r))
			return daemon_failed(query->arguments, query->admin, r);
		status = reconnect(query);
		if (status != STATUS_DONE)
			return status;
	}
	return STATUS_DONE;
}

/* ---- the verb ---- */

static enum status begin(struct query *query)
{
	enum status status = read_lists(query);

	query->filter.tenant = arguments_value(query->arguments, OPTION_TENANT);
	if (status == STATUS_DONE)
		status = read_times(query);
	if (status == STATUS_DONE)
		status = read_order(query);
	if (status == STATUS_DONE)
		status = daemon_open(query->arguments, &query->admin);
	if (status != STATUS_DONE)
		return status;
	query->rows = audit_rows_new(arguments_has(query->arguments, OPTION_JSON));
	return query->rows ? STATUS_DONE : output_no_memory();
}

enum status audit_show(const struct arguments *arguments)
{
	SCOPED(query_done) struct query query = { .filter = { .size = sizeof(query.filter) }, .arguments = arguments };
	enum status status = begin(&query);
	int r;

	if (status != STATUS_DONE)
		return status;
	/* What is shown goes into pagers, and into programs that have seen enough. */
	signal(SIGPIPE, SIG_DFL);
	query.filter.reverse = query.reverse;
	if (query.limit != SIZE_MAX && !query.reverse)
		r = show_last(&query);
	else
		r = show_pages(&query);
	if (r != 0)
		return daemon_failed(arguments, query.admin, r);
	if (query.follow)
		return follow(&query);
	if (query.shown == 0)
		output_note("No record you may see is among those asked for.");
	return STATUS_DONE;
}
