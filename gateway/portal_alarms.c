/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Alarms: keys whose secrets are guessed at, keys that are suspended, and records of keys that were used as they should
 * not be. */
#include <inttypes.h>
#include <string.h>

#include "gateway/portal.h"
#include "gateway/portal_page.h"
#include "gateway/portal_records.h"
#include "gateway/portal_routes.h"

#define RECORDS 50
#define STEPS 50 /* calls: each looks at a bounded number of keys */
#define SPAN ((int64_t)30 * 86400)
#define MICROSECONDS 1000000

/* ---- guessing, as the state of the daemon names it: alarms.N.key, .source, .failures ---- */

static bool ends_with(const char *text, const char *end)
{
	size_t size = strlen(text), end_size = strlen(end);

	return size >= end_size && strcmp(text + size - end_size, end) == 0;
}

/* What the daemon's own state is not well for, as why.N. */
static void write_whys(struct portal_request *request, const struct apikey_status *status)
{
	char sentence[SENTENCE_SIZE];

	for (size_t i = 0; i < status->item_count; i++) {
		const struct apikey_item *item = &status->items[i];

		if (strncmp(item->name, "why.", 4) != 0 || !item->text)
			continue;
		sentence_for_http(item->text, NULL, sentence);
		html_print(&request->html, "<p class=\"warn\">");
		page_text(&request->html, sentence, request->now, false);
		html_print(&request->html, "</p>");
	}
}

/* How a key is called, for a link to it; ids that are guessed at need be none of keys. */
static void write_guessed(struct portal_request *request, const char *id)
{
	struct html *html = &request->html;
	struct apikey_key *key = NULL;

	if (apikey_key_show(request->admin, id, &key) == 0)
		html_print(html, "<a href=\"/portal/keys/%s\">%s</a> of %s", key->id, key->name, key->owner);
	else
		html_print(html, "<code>%s</code>, which is no key", id);
	apikey_key_free(key);
}

static bool write_guessing(struct portal_request *request)
{
	static const char *const columns[] = { "Key", "Wrong secrets", "The last from", NULL };
	struct html *html = &request->html;
	struct apikey_status *status = NULL;
	size_t count = 0;
	int r = apikey_status(request->admin, &status);

	if (r == APIKEY_NOT_PERMITTED)
		return true; /* for administrators alone */
	if (!portal_succeeded(request, r))
		return false;
	write_whys(request, status);
	html_print(html, "<section aria-labelledby=\"now\"><h2 id=\"now\">Guessing</h2>");
	for (size_t i = 0; i + 2 < status->item_count; i++) {
		const struct apikey_item *item = &status->items[i];

		if (strncmp(item->name, "alarms.", 7) != 0 || !ends_with(item->name, ".key"))
			continue;
		if (count++ == 0)
			page_table(html, "Keys whose secrets somebody tries to find", columns);
		html_print(html, "<tr><th scope=\"row\" data-column=\"Key\">");
		write_guessed(request, item->text);
		html_print(html,
			   "</th><td data-column=\"Wrong secrets\">%" PRIu64
			   "</td><td data-column=\"The last from\">%s</td></tr>",
			   item[2].number, item[1].text);
	}
	if (count > 0)
		page_table_end(html);
	html_print(
		html,
		count > 0
			? "<p>Where it comes from is slowed down, and good keys are let in all the same. Secrets that "
			  "are made here are too long to be guessed; one that was imported may not be.</p></section>"
			: "<p>Nobody guesses at the secrets of keys now.</p></section>");
	apikey_status_free(status);
	return true;
}

/* ---- suspended keys ---- */

static bool write_suspended(struct portal_request *request)
{
	static const char *const columns[] = { "Key", "Owner", "Since", "Why", NULL };
	const struct apikey_key_filter filter = { .size = sizeof(filter), .state = "suspended" };
	struct html *html = &request->html;
	char cursor[PORTAL_CURSOR_SIZE] = "";
	size_t count = 0;

	html_print(html, "<section aria-labelledby=\"suspended\"><h2 id=\"suspended\">Suspended</h2>");
	for (int step = 0; step < STEPS; step++) {
		struct apikey_key_list *list = NULL;

		if (!portal_succeeded(request, apikey_key_list(request->admin, &filter,
							       cursor[0] != '\0' ? cursor : NULL, 0, &list)))
			return false;
		for (size_t i = 0; i < list->count; i++) {
			const struct apikey_key *key = list->keys[i];

			if (count++ == 0)
				page_table(html, "Keys that are refused until an administrator switches them on",
					   columns);
			html_print(html,
				   "<tr><th scope=\"row\" data-column=\"Key\"><a href=\"/portal/keys/%s\">%s</a></th>"
				   "<td data-column=\"Owner\">%s</td><td data-column=\"Since\">",
				   key->id, key->name, key->owner);
			page_when(html, key->state_since, request->now);
			html_print(html, "</td><td data-column=\"Why\">%s</td></tr>", key->state_reason);
		}
		portal_keep_cursor(list->cursor, cursor);
		apikey_key_list_free(list);
		if (cursor[0] == '\0')
			break;
	}
	if (count > 0)
		page_table_end(html);
	else
		html_print(html, "<p>No key is suspended.</p>");
	html_print(html, "</section>");
	return true;
}

/* ---- misuse ---- */

static bool is_misuse(const struct apikey_audit_record *record)
{
	return *record->misuse != '\0' || strcmp(record->event, "key_suspend") == 0;
}

void portal_alarms_page(struct portal_request *request)
{
	const struct apikey_audit_filter filter = { .size = sizeof(filter),
						    .since = (request->now - SPAN) * MICROSECONDS,
						    .reverse = 1 };
	const struct records_wanted wanted = {
		.caption = "The last 30 days, the latest first",
		.filter = &filter,
		.choice = is_misuse,
		.cursor = portal_value(request, "cursor"),
		.most = RECORDS,
		.keys = true,
	};
	char cursor[PORTAL_CURSOR_SIZE] = "";

	page_begin(request, "Alarms");
	if (!write_guessing(request) || !write_suspended(request))
		return;
	html_print(&request->html, "<section aria-labelledby=\"misuse\"><h2 id=\"misuse\">Misuse</h2>");
	if (!portal_succeeded(request, records_write(request, &wanted, cursor)))
		return;
	page_next(&request->html, "/portal/alarms?cursor=", cursor);
	html_print(&request->html, "</section>");
	page_end(request);
}
