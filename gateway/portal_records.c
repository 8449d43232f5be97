/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "gateway/portal_records.h"

#include <inttypes.h>
#include <string.h>

#include "common/cleanup.h"
#include "gateway/portal_page.h"
#include "proto/verdict.h"

#define STEPS 100 /* calls for a page: each looks at a bounded part of the audit */
#define MICROSECONDS 1000000

/* What is said of a misuse says more than the reason's own sentence. */
static void write_reason(struct html *html, const char *name, bool is_misuse)
{
	char sentence[SENTENCE_SIZE] = "";

	for (int reason = REASON_NONE + 1; reason < REASON_COUNT && !is_misuse; reason++) {
		if (strcmp(reason_name((enum reason)reason), name) == 0)
			sentence_for_http(reason_sentence((enum reason)reason), NULL, sentence);
	}
	html_print(html, "<span class=\"hint\"><code>%s</code>%s%s</span>", name, *sentence != '\0' ? ": " : "",
		   sentence);
}

/* What was done, in words; the audit's own name stands beside it, since one can search for that. */
static void write_event(struct html *html, const char *event)
{
	static const struct {
		const char *event, *words;
	} events[] = {
		{ "account", "account checked" },
		{ "account_create", "account made" },
		{ "account_delete", "account deleted" },
		{ "audit_read", "audit read" },
		{ "key_activate", "switched on" },
		{ "key_alarm", "secrets guessed at" },
		{ "key_bind", "bound to a service" },
		{ "key_create", "key made" },
		{ "key_deactivate", "switched off" },
		{ "key_delete", "key deleted" },
		{ "key_first_use", "used for the first time" },
		{ "key_retire", "old secret ended" },
		{ "key_revoke", "revoked" },
		{ "key_rotate", "new secret made" },
		{ "key_rotate_cancel", "rotation taken back" },
		{ "key_suspend", "suspended" },
		{ "key_update", "changed" },
		{ "link_create", "link to sign in made" },
		{ "lockdown", "lockdown" },
		{ "role_create", "role made" },
		{ "role_delete", "role deleted" },
		{ "role_update", "role changed" },
		{ "session_end", "session ended" },
		{ "session_open", "session opened" },
		{ "signin", "signed in" },
		{ "signin_end", "signed out" },
		{ "tenant_create", "tenant made" },
		{ "tenant_delete", "tenant deleted" },
		{ "token_issue", "access token made" },
		{ "token_revoke", "access token revoked" },
		{ "verify", "asked for" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		if (strcmp(events[i].event, event) == 0)
			html_print(html, "%s ", events[i].words);
	}
	html_print(html, "<code class=\"name\">%s</code>", event);
}

/* What happened: a verdict with its reason, or the name of the event with what a person should know of it. */
static void write_what(struct portal_request *request, const struct apikey_audit_record *record)
{
	const char *more = *record->misuse != '\0' ? record->misuse : record->detail;
	struct html *html = &request->html;

	if (record->damaged) {
		html_print(html, "<span class=\"state bad\">damaged record</span></td>");
		return;
	}
	if (strcmp(record->event, "verify") == 0 && *record->verdict != '\0') {
		bool granted = strcmp(record->verdict, "granted") == 0;

		html_print(html, "<span class=\"state %s\">%s</span>", granted ? "good" : "bad",
			   granted ? "let in" : record->verdict);
	} else {
		if (*record->verdict != '\0' && strcmp(record->verdict, "granted") != 0)
			html_print(html, "<span class=\"state bad\">%s</span> ", record->verdict);
		write_event(html, record->event);
	}
	if (record->count > 1)
		html_print(html, " %" PRIu64 " times", record->count);
	if (*record->reason != '\0')
		write_reason(html, record->reason, *record->misuse != '\0');
	if (*more != '\0') {
		html_print(html, "<span class=\"hint\">");
		page_text(html, more, request->now, false);
		html_print(html, "</span>");
	}
	html_print(html, "</td>");
}

/* Where there is nothing to say, a phone leaves the whole line out. */
static void write_cell(struct html *html, const char *column, const char *text)
{
	if (*text != '\0')
		html_print(html, "<td data-column=\"%s\">%s</td>", column, text);
	else
		html_print(html, "<td data-column=\"%s\" class=\"none\">–</td>", column);
}

static void write_row(struct portal_request *request, const struct apikey_audit_record *record, bool keys)
{
	struct html *html = &request->html;
	bool owners = portal_administers(request) || portal_is_key(request); /* else all is one's own */

	html_print(html, "<tr>");
	page_cell(html, "When");
	page_when(html, record->time / MICROSECONDS, request->now);
	html_print(html, "</td>");
	page_cell(html, "What");
	write_what(request, record);
	if (keys && *record->key_id != '\0' && *record->key_name != '\0')
		html_print(html, "<td data-column=\"Key\"><a href=\"/portal/keys/%s\">%s</a>%s%s</td>", record->key_id,
			   record->key_name, owners ? " of " : "", owners ? record->owner : "");
	else if (keys)
		write_cell(html, "Key", record->key_id);
	write_cell(html, "Service", record->service);
	write_cell(html, "As user", record->user);
	write_cell(html, "From",
		   *record->rhost != '\0'     ? record->rhost
		   : *record->actor != '\0'   ? record->actor
		   : *record->service != '\0' ? "this host"
					      : "");
	html_print(html, "</tr>");
}

int records_write(struct portal_request *request, const struct records_wanted *wanted,
		  char ret_cursor[PORTAL_CURSOR_SIZE])
{
	static const char *const plain[] = { "When", "What", "Service", "As user", "From", NULL };
	static const char *const named[] = { "When", "What", "Key", "Service", "As user", "From", NULL };
	char next[PORTAL_CURSOR_SIZE];
	size_t rows = 0;
	bool end = false;

	portal_keep_cursor(wanted->cursor, next);
	for (int step = 0; step < STEPS && rows < wanted->most && !end; step++) {
		struct apikey_audit_page *page = NULL;
		int r = apikey_audit_read(request->admin, wanted->filter, next[0] != '\0' ? next : NULL,
					  (unsigned int)(wanted->most - rows), &page);

		if (r != 0)
			return r;
		for (size_t i = 0; i < page->count; i++) {
			if (wanted->choice && !wanted->choice(page->records[i]))
				continue;
			if (rows++ == 0)
				page_table(&request->html, wanted->caption, wanted->keys ? named : plain);
			write_row(request, page->records[i], wanted->keys);
		}
		end = page->end;
		portal_keep_cursor(page->cursor, next);
		apikey_audit_page_free(page);
	}
	if (rows > 0)
		page_table_end(&request->html);
	else
		html_print(&request->html, end ? "<p>There is nothing of this kind.</p>"
					       : "<p>There is nothing in this part; look further back.</p>");
	if (end)
		next[0] = '\0';
	portal_keep_cursor(next, ret_cursor);
	return 0;
}
