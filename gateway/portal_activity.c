/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What was decided and done, as the audit has it: everybody's own, and for who may read it, all. */
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "gateway/portal.h"
#include "gateway/portal_page.h"
#include "gateway/portal_records.h"
#include "gateway/portal_routes.h"

#define RECORDS 50
#define DAY 86400
#define MICROSECONDS 1000000

static const struct field {
	const char *name, *label;
} fields[] = {
	{ "key", "Key" },     { "user", "As user" },  { "service", "Service" },
	{ "source", "From" }, { "reason", "Reason" }, { "event", "Event" },
};

static const struct {
	const char *value, *words;
	int days;
} spans[] = { { "1", "the last day", 1 },
	      { "7", "the last 7 days", 7 },
	      { "30", "the last 30 days", 30 },
	      { "", "any time", 0 } };

static const char *const verdicts[] = { "granted", "denied", "forbidden", "throttled", "unavailable" };

static void write_form(struct portal_request *request)
{
	struct html *html = &request->html;

	html_print(html, "<form method=\"get\" action=\"/portal/activity\" class=\"filter\" role=\"search\">");
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		html_print(html,
			   "<div><label for=\"%s\">%s</label><input id=\"%s\" name=\"%s\" value=\"%s\" "
			   "maxlength=\"256\"></div>",
			   fields[i].name, fields[i].label, fields[i].name, fields[i].name,
			   portal_value(request, fields[i].name));
	html_print(html, "<div><label for=\"verdict\">Verdict</label><select id=\"verdict\" name=\"verdict\">"
			 "<option value=\"\">any</option>");
	for (size_t i = 0; i < ARRAY_SIZE(verdicts); i++)
		html_print(html, "<option%s>%s</option>",
			   strcmp(portal_value(request, "verdict"), verdicts[i]) == 0 ? " selected" : "", verdicts[i]);
	html_print(html, "</select></div><div><label for=\"days\">When</label><select id=\"days\" name=\"days\">");
	for (size_t i = 0; i < ARRAY_SIZE(spans); i++)
		html_print(html, "<option value=\"%s\"%s>%s</option>", spans[i].value,
			   strcmp(portal_value(request, "days"), spans[i].value) == 0 ? " selected" : "",
			   spans[i].words);
	html_print(html, "</select></div><button class=\"quiet\">Search</button></form>");
}

static void write_next(struct portal_request *request, const char *path, const char *cursor)
{
	static const char *const more[] = { "verdict", "days" };
	struct html *html = &request->html;

	if (*cursor == '\0')
		return;
	html_print(html, "<p class=\"next\"><a href=\"%s?", path);
	for (size_t i = 0; i < ARRAY_SIZE(fields) + ARRAY_SIZE(more); i++) {
		const char *name = i < ARRAY_SIZE(fields) ? fields[i].name : more[i - ARRAY_SIZE(fields)];

		if (*portal_value(request, name) == '\0')
			continue;
		html_print(html, "%s=", name);
		html_print_component(html, portal_value(request, name));
		html_print(html, "&amp;");
	}
	html_print(html, "cursor=");
	html_print_component(html, cursor);
	html_print(html, "\">Further back</a></p>");
}

/* A list of the one value of the form; NULL where it is empty. */
static const char *const *one(const struct portal_request *request, const char *name, const char *room[2])
{
	room[0] = portal_value(request, name);
	room[1] = NULL;
	return *room[0] != '\0' ? room : NULL;
}

/* What the pages themselves have read would crowd out everything else. */
static bool is_no_reading(const struct apikey_audit_record *record)
{
	return record->damaged || strcmp(record->event, "audit_read") != 0;
}

/* The page of a search. */
static void write_found(struct portal_request *request, const struct apikey_audit_filter *filter)
{
	const struct records_wanted wanted = {
		.caption = "The latest first",
		.filter = filter,
		.choice = filter->events ? NULL : is_no_reading,
		.cursor = portal_value(request, "cursor"),
		.most = RECORDS,
		.keys = true,
	};
	char cursor[PORTAL_CURSOR_SIZE] = "";
	const char *complaint;
	int r;

	page_begin(request, "Activity");
	write_form(request);
	r = records_write(request, &wanted, cursor);
	complaint = portal_complaint(request, r);
	if (complaint) {
		/* What was asked for can be mended. */
		html_done(&request->html);
		request->status = 400;
		page_begin(request, "Activity");
		html_print(&request->html, "<p class=\"said\" role=\"alert\">");
		page_text(&request->html, complaint, request->now, false);
		html_print(&request->html, "</p>");
		write_form(request);
	} else if (!portal_succeeded(request, r)) {
		return;
	}
	write_next(request, "/portal/activity", cursor);
	if (wanted.choice)
		html_print(&request->html,
			   "<p class=\"hint\">Who has read the audit is left out here; search for the event "
			   "<code>audit_read</code> to see it.</p>");
	page_end(request);
}

void portal_activity_page(struct portal_request *request)
{
	const char *keys[2], *users[2], *services[2], *sources[2], *reasons[2], *events[2], *wanted[2];
	struct apikey_audit_filter filter = {
		.size = sizeof(filter),
		.keys = one(request, "key", keys),
		.users = one(request, "user", users),
		.services = one(request, "service", services),
		.sources = one(request, "source", sources),
		.reasons = one(request, "reason", reasons),
		.events = one(request, "event", events),
		.verdicts = one(request, "verdict", wanted),
		.reverse = 1,
	};

	for (size_t i = 0; i < ARRAY_SIZE(spans); i++) {
		if (spans[i].days > 0 && strcmp(portal_value(request, "days"), spans[i].value) == 0)
			filter.since = (request->now - (int64_t)spans[i].days * DAY) * MICROSECONDS;
	}
	write_found(request, &filter);
}
