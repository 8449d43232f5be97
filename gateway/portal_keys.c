/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The list of keys: one's own, or, for who may see more, everybody's. */
#include <string.h>

#include "gateway/portal.h"
#include "gateway/portal_page.h"
#include "gateway/portal_routes.h"

#define ROWS 50   /* a page */
#define STEPS 200 /* calls for a page: each looks at a bounded number of keys */

static void write_row(struct portal_request *request, const struct apikey_key *key, bool owners)
{
	struct html *html = &request->html;
	const struct apikey_use *use = portal_last_use(key);

	html_print(html, "<tr><th scope=\"row\" data-column=\"Name\"><a href=\"/portal/keys/%s\">%s</a>", key->id,
		   key->name);
	for (size_t i = 0; key->due[i]; i++) {
		html_print(html, "<span class=\"due\">");
		page_text(html, key->due[i], request->now, true);
		html_print(html, "</span>");
	}
	html_print(html, "</th>");
	if (owners) {
		page_cell(html, "Owner");
		html_print(html, "%s</td>", key->owner);
	}
	page_cell(html, "May");
	page_words(html, key->effective_permissions, "nothing");
	html_print(html, "</td>");
	page_cell(html, "State");
	page_state(html, strcmp(key->state, "active") == 0 && key->expires <= request->now ? "expired" : key->state);
	html_print(html, "</td>");
	page_cell(html, "Ends");
	page_when(html, key->expires, request->now);
	html_print(html, "</td>");
	page_cell(html, "Last used");
	if (use) {
		page_when(html, use->time, request->now);
		html_print(html, " by %s from %s</td></tr>", use->service, use->source);
	} else {
		html_print(html, "not yet</td></tr>");
	}
}

/* What is asked for, as the form above the list and as a link. */
static void write_filter(struct portal_request *request)
{
	static const char *const states[] = { "active", "inactive", "suspended", "revoked" };
	const char *state = portal_value(request, "state");
	struct html *html = &request->html;

	html_print(
		html,
		"<form method=\"get\" action=\"/portal\" class=\"filter\" role=\"search\"><div><label for=\"owner\">"
		"Owner</label><input id=\"owner\" name=\"owner\" value=\"%s\" maxlength=\"256\"></div>"
		"<div><label for=\"permission\">May</label><input id=\"permission\" name=\"permission\" value=\"%s\" "
		"maxlength=\"1000\"></div>"
		"<div><label for=\"tenant\">Tenant</label><input id=\"tenant\" name=\"tenant\" value=\"%s\" "
		"maxlength=\"257\"></div>"
		"<div><label for=\"state\">State</label><select id=\"state\" name=\"state\"><option "
		"value=\"\">any</option>",
		portal_value(request, "owner"), portal_value(request, "permission"), portal_value(request, "tenant"));
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		html_print(html, "<option%s>%s</option>", strcmp(states[i], state) == 0 ? " selected" : "", states[i]);
	html_print(html, "</select></div><button class=\"quiet\">Show</button></form>");
}

static void write_next(struct portal_request *request, const char *cursor)
{
	static const char *const names[] = { "owner", "permission", "tenant", "state" };
	struct html *html = &request->html;

	if (*cursor == '\0')
		return;
	html_print(html, "<p class=\"next\"><a href=\"/portal?");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		html_print(html, "%s=", names[i]);
		html_print_component(html, portal_value(request, names[i]));
		html_print(html, "&amp;");
	}
	html_print(html, "cursor=");
	html_print_component(html, cursor);
	html_print(html, "\">More keys</a></p>");
}

static const char *filled(const char *value)
{
	return *value != '\0' ? value : NULL;
}

/* Adds the rows of one call to those there are. 0 and the cursor behind them. */
static int write_rows(struct portal_request *request, const char *cursor, bool owners, size_t *rows,
		      char ret_cursor[PORTAL_CURSOR_SIZE])
{
	static const char *const own[] = { "Name", "May", "State", "Ends", "Last used", NULL };
	static const char *const all[] = { "Name", "Owner", "May", "State", "Ends", "Last used", NULL };
	const struct apikey_key_filter filter = {
		.size = sizeof(filter),
		.owner = filled(portal_value(request, "owner")),
		.permission = filled(portal_value(request, "permission")),
		.tenant = filled(portal_value(request, "tenant")),
		.state = filled(portal_value(request, "state")),
	};
	struct apikey_key_list *list = NULL;
	int r = apikey_key_list(request->admin, &filter, filled(cursor), (unsigned int)(ROWS - *rows), &list);

	if (r != 0)
		return r;
	if (*rows == 0 && list->count > 0)
		page_table(&request->html, owners ? "All keys you may see, by owner and name" : "Your keys, by name",
			   owners ? all : own);
	for (size_t i = 0; i < list->count; i++)
		write_row(request, list->keys[i], owners);
	*rows += list->count;
	portal_keep_cursor(list->cursor, ret_cursor);
	apikey_key_list_free(list);
	return 0;
}

void portal_keys_page(struct portal_request *request)
{
	bool owners = portal_may(request, "apikeyd.keys.read");
	struct html *html = &request->html;
	char cursor[PORTAL_CURSOR_SIZE];
	size_t rows = 0;
	int r = 0;

	portal_keep_cursor(portal_value(request, "cursor"), cursor);
	page_begin(request, owners ? "Keys" : "Your keys");
	if (portal_makes_keys(request))
		html_print(html, "<p><a class=\"button\" href=\"/portal/new\">New key</a></p>");
	if (owners)
		write_filter(request);
	for (int step = 0; step < STEPS && r == 0 && rows < ROWS; step++) {
		r = write_rows(request, cursor, owners, &rows, cursor);
		if (cursor[0] == '\0')
			break;
	}
	if (!portal_succeeded(request, r))
		return;
	if (rows > 0)
		page_table_end(html);
	else
		html_print(html,
			   owners ? "<p>There are no keys of this kind.</p>"
				  : "<p>You have no keys yet. A key lets one program or device in, in the place of "
				    "your password: make one for each, and end it when that is lost.</p>");
	write_next(request, cursor);
	page_end(request);
}
