/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The sessions on this host that keys have opened, and ending one. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "gateway/portal.h"
#include "gateway/portal_page.h"
#include "gateway/portal_routes.h"

#define STEPS 50 /* calls */
#define ROWS 500

static void write_row(struct portal_request *request, const struct apikey_session *session)
{
	struct html *html = &request->html;

	html_print(html, "<tr>");
	page_cell(html, "Key");
	html_print(html, "<a href=\"/portal/keys/%s\">%s</a> of %s</td>", session->key_id, session->key_name,
		   session->owner);
	page_cell(html, "As user");
	html_print(html, "%s</td>", session->user);
	page_cell(html, "Service");
	html_print(html, "%s%s%s</td>", session->service, *session->tty != '\0' ? " on " : "", session->tty);
	page_cell(html, "From");
	html_print(html, "%s</td>", session->source);
	page_cell(html, "Since");
	page_when(html, session->since, request->now);
	html_print(html, "</td>");
	page_cell(html, "Action");
	if (session->ending) {
		html_print(html, "is ending</td></tr>");
		return;
	}
	html_print(html,
		   "<a href=\"/portal/sessions/%" PRIu64
		   "/end\">End<span class=\"unseen\"> the session of %s by %s</span> "
		   "…</a></td></tr>",
		   session->number, session->user, session->key_name);
}

void portal_sessions_page(struct portal_request *request)
{
	static const char *const columns[] = { "Key", "As user", "Service", "From", "Since", "Action", NULL };
	struct html *html = &request->html;
	uint64_t after = 0;
	size_t rows = 0;

	page_begin(request, "Sessions");
	for (int step = 0; step < STEPS && rows < ROWS; step++) {
		struct apikey_session_list *list = NULL;
		int r = apikey_session_list(request->admin, NULL, after, &list);

		/* Where none are registered there is no helper that could be asked. */
		if (r == APIKEY_DAEMON_UNAVAILABLE) {
			html_print(html, "<p>%s</p>", portal_said(request));
			page_end(request);
			return;
		}
		if (!portal_succeeded(request, r))
			return;
		if (rows == 0 && list->count > 0)
			page_table(html, "Sessions on this host that keys have opened", columns);
		for (size_t i = 0; i < list->count; i++)
			write_row(request, &list->sessions[i]);
		rows += list->count;
		after = list->after;
		apikey_session_list_free(list);
		if (after == 0)
			break;
	}
	if (rows > 0)
		page_table_end(html);
	else
		html_print(html, "<p>No session is open that a key has opened.</p>");
	if (after != 0)
		html_print(html, "<p>There are more; <code>apikeyctl session list</code> lists all.</p>");
	page_end(request);
}

/* ---- ending one ---- */

static void tell_none(struct portal_request *request)
{
	portal_tell(request, 404, "Nothing here", "There is no such session; it may have ended.");
}

/* The number in the address. False: it is none, and that is told. */
static bool read_number(struct portal_request *request, uint64_t *ret_number)
{
	const char *text = request->parameters[0];
	char *end = NULL;

	errno = 0;
	*ret_number = strtoull(text, &end, 10);
	if (*text >= '1' && *text <= '9' && *end == '\0' && errno == 0)
		return true;
	tell_none(request);
	return false;
}

void portal_session_end_page(struct portal_request *request)
{
	struct apikey_session_list *list = NULL;
	struct html *html = &request->html;
	uint64_t number;

	if (!read_number(request, &number) ||
	    !portal_succeeded(request, apikey_session_list(request->admin, NULL, number - 1, &list)))
		return;
	if (list->count == 0 || list->sessions[0].number != number) {
		tell_none(request);
	} else {
		const struct apikey_session *session = &list->sessions[0];

		page_begin(request, "End the session?");
		html_print(html,
			   "<p><strong>%s</strong> is in at %s from %s, by the key <strong>%s</strong> of %s, since ",
			   session->user, session->service, session->source, session->key_name, session->owner);
		page_date(html, session->since, request->now);
		html_print(html,
			   ".</p><p>What runs in the session ends with it, and what was not saved is lost. The key "
			   "stays good: whoever has it can come in again, until it is switched off.</p>");
		page_form(request, "stack", "/portal/sessions/%" PRIu64 "/end", number);
		page_question_end(request, "End the session", "Let it go on", "/portal/sessions");
		page_end(request);
	}
	apikey_session_list_free(list);
}

void portal_session_end(struct portal_request *request)
{
	struct apikey_session *session = NULL;
	uint64_t number;

	if (!read_number(request, &number))
		return;
	if (portal_succeeded(request, apikey_session_end(request->admin, number, "in the portal", &session)))
		portal_go(request, "/portal/sessions?done=session");
	apikey_session_free(session);
}
