/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* "key list" and "key show": looking, which changes nothing. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/daemon.h"
#include "cli/key.h"
#include "cli/key_view.h"
#include "cli/output.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/when.h"

enum status key_show(const struct arguments *arguments)
{
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	SCOPED_KEY struct apikey_key *key = NULL;
	enum status status = daemon_open(arguments, &admin);
	int r;

	if (status != STATUS_DONE)
		return status;
	r = apikey_key_show(admin, text_key_reference(arguments->operands[0]), &key);
	if (r != 0)
		return daemon_failed(arguments, admin, r);
	if (!(arguments_has(arguments, OPTION_JSON) ? key_view_print_json(key) : key_view_print(key, time(NULL))))
		return output_no_memory();
	return STATUS_DONE;
}

/* Takes what --limit says. */
static bool parse_limit(const char *text, size_t *ret_limit)
{
	unsigned long limit;
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	limit = strtoul(text, &end, 10);
	if (errno != 0 || *end != '\0' || limit == 0)
		return false;
	*ret_limit = limit;
	return true;
}

/* Where the keys of a list go: into a table that is printed at the end, or as JSON at once, a key a line. */
struct listing {
	bool json;
	struct table *table;
	size_t count;
	int64_t now;
};

static bool list_json(struct listing *listing, const struct apikey_key *key)
{
	SCOPED_JSON json_t *object = key_view_json(key);
	SCOPED_JSON_TEXT char *text = object ? json_write_text(object, true) : NULL;

	if (!text)
		return false;
	printf("%s\n%s", listing->count == 0 ? "[" : ",", text);
	return true;
}

static bool list_row(struct listing *listing, const struct apikey_key *key)
{
	const struct apikey_use *use = key_view_last_use(key);
	char expires[WHEN_TEXT_SIZE], used[WHEN_TEXT_SIZE] = "never";

	when_relative(key->expires, listing->now, expires);
	if (use->time != 0)
		when_relative(use->time, listing->now, used);
	table_add(listing->table, (const char *[]){ key->id, key->owner, key->name, key->state, expires, used });
	return true;
}

/* Fetches page after page, up to limit keys. STATUS_DONE, with *ret_more set when there are more. */
static enum status list_pages(const struct arguments *arguments, struct apikey_admin *admin, struct listing *listing,
			      size_t limit, bool *ret_more)
{
	SCOPED_FREE char *cursor = NULL;

	do {
		SCOPED_LIST struct apikey_key_list *page = NULL;
		/* A page has at most as many as fit into one answer; to ask for many more would be no use. */
		size_t rest = limit - listing->count < 1000 ? limit - listing->count : 0;
		int r = apikey_key_list(admin, arguments_value(arguments, OPTION_OWNER), cursor, (unsigned int)rest,
					&page);

		if (r != 0)
			return daemon_failed(arguments, admin, r);
		for (size_t i = 0; i < page->count && listing->count < limit; i++, listing->count++)
			if (!(listing->json ? list_json : list_row)(listing, page->keys[i]))
				return output_no_memory();
		/* A daemon that gives the same page for ever would hold us for ever. */
		if (cursor && strcmp(cursor, page->cursor) == 0)
			return output_complain(STATUS_REFUSED,
					       "apikeyd gives the same page of the list again and again");
		free(cursor);
		cursor = page->cursor[0] != '\0' ? strdup(page->cursor) : NULL;
		if (page->cursor[0] != '\0' && !cursor)
			return output_no_memory();
	} while (cursor && listing->count < limit && !ferror(stdout));
	*ret_more = cursor != NULL;
	return STATUS_DONE;
}

enum status key_list(const struct arguments *arguments)
{
	static const struct table_column columns[] = {
		{ "ID", 0, false },    { "OWNER", 60, true },    { "NAME", 0, true },
		{ "STATE", 0, false }, { "EXPIRES", 50, false }, { "LAST USE", 70, false },
	};
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	SCOPED_TABLE struct table *table = NULL;
	struct listing listing = { .json = arguments_has(arguments, OPTION_JSON), .now = time(NULL) };
	const char *limit_text = arguments_value(arguments, OPTION_LIMIT);
	size_t limit = SIZE_MAX;
	bool more = false;
	enum status status;

	if (limit_text && !parse_limit(limit_text, &limit))
		return output_complain(STATUS_USAGE, "--limit %s is no count; give a number from 1 up", limit_text);
	status = daemon_open(arguments, &admin);
	if (status != STATUS_DONE)
		return status;
	listing.table = table = listing.json ? NULL : table_new(columns, COUNT_OF(columns), true);
	if (!listing.json && !table)
		return output_no_memory();
	status = list_pages(arguments, admin, &listing, limit, &more);
	if (status != STATUS_DONE)
		return status;
	if (listing.json)
		printf("%s\n", listing.count == 0 ? "[]" : "\n]");
	else if (listing.count > 0 && table_print(table) < 0)
		return output_no_memory();
	if (listing.count == 0)
		output_note("There are no keys here, or none you may see; 'apikeyctl key create' makes one.");
	if (more)
		output_note("There are more keys than the %zu that --limit allows.", limit);
	return STATUS_DONE;
}
