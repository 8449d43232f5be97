/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "gateway/portal_page.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "gateway/portal.h"

#define TEXT_SIZE 64
#define EXACT_SIZE (sizeof("2027-01-31T08:00:07Z") - 1)
#define PART_SIZE 256
#define AT " at "

/* ---- the frame ---- */

/* What a change has left behind in ?done=. */
static const struct {
	const char *done, *sentence;
} done_sentences[] = {
	{ "on", "The key is switched on." },
	{ "off", "The key is switched off: nobody is let in with it." },
	{ "deleted", "The key is deleted." },
	{ "retired", "The secret before is ended: it is refused from now on." },
	{ "taken-back", "The rotation is taken back: the secret before is current again." },
	{ "changed", "The change is saved." },
	{ "ended", "The sign-in is ended." },
	{ "account", "The account is made." },
	{ "tenant", "The tenant is made." },
	{ "role", "The role is made." },
	{ "removed", "It is deleted." },
	{ "session", "The session was told to end." },
};

static const char *done_sentence(const char *done)
{
	for (size_t i = 0; i < ARRAY_SIZE(done_sentences); i++) {
		if (strcmp(done_sentences[i].done, done) == 0)
			return done_sentences[i].sentence;
	}
	return NULL;
}

static const struct section {
	const char *name, *path, *title, *permission; /* NULL: everybody's */
} sections[] = {
	{ "keys", "/portal", "Keys", NULL },
	{ "activity", "/portal/activity", "Activity", NULL },
	{ "sessions", "/portal/sessions", "Sessions", NULL },
	{ "alarms", "/portal/alarms", "Alarms", "apikeyd.audit.read" },
	{ "accounts", "/portal/accounts", "Accounts", "apikeyd.tenants.read" },
	{ "roles", "/portal/roles", "Roles", "apikeyd.roles.read" },
	{ "sign-ins", "/portal/sign-ins", "Sign-ins", NULL },
};

static void write_navigation(struct portal_request *request)
{
	struct html *html = &request->html;

	html_print(html, "<nav aria-label=\"Portal\"><ul>");
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
		const struct section *section = &sections[i];

		if (section->permission && !portal_may(request, section->permission))
			continue;
		html_print(html, "<li><a href=\"%s\"", section->path);
		if (request->route && strcmp(request->route->section, section->name) == 0)
			html_print(html, " aria-current=\"page\"");
		html_print(html, ">%s</a></li>", section->title);
	}
	html_print(html, "</ul></nav>");
}

static void write_who(struct portal_request *request)
{
	const struct apikey_signin *who = request->who;
	struct html *html = &request->html;

	html_print(html, "<p class=\"who\">");
	if (portal_administers(request))
		html_print(html, "<strong>%s</strong>, administrator", who->owner);
	else if (strcmp(who->kind, "key") == 0)
		html_print(html, "<strong>%s</strong> of %s", who->key_name, who->owner);
	else
		html_print(html, "<strong>%s</strong>", who->owner);
	html_print(html, "</p>");
	page_form(request, "sign-out", "/portal/sign-out");
	html_print(html, "<button class=\"quiet\">Sign out</button></form>");
}

void page_begin(struct portal_request *request, const char *title)
{
	struct html *html = &request->html;
	const char *done = done_sentence(portal_value(request, "done"));

	html_print(html,
		   "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>%s · API keys</title>"
		   "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
		   "<meta name=\"color-scheme\" content=\"light dark\"><meta name=\"robots\" content=\"noindex\">"
		   "<link rel=\"stylesheet\" href=\"/portal/portal.css\"><link rel=\"icon\" href=\"/portal/icon.svg\">"
		   "<script src=\"/portal/portal.js\" defer></script></head>"
		   "<body><a class=\"skip\" href=\"#content\">Skip to the content</a>"
		   "<header><p class=\"brand\"><a href=\"/portal\">API keys</a></p>",
		   title);
	if (request->who) {
		write_navigation(request);
		write_who(request);
	}
	html_print(html, "</header><main id=\"content\" tabindex=\"-1\"><h1>%s</h1>", title);
	if (done && request->status == 200)
		html_print(html, "<p class=\"done\" role=\"status\">%s</p>", done);
}

void page_end(struct portal_request *request)
{
	html_print(&request->html, "</main></body></html>\n");
}

/* ---- forms and tables ---- */

/* One that is too long is none: the button leads back to its own page, and no other. */
static __attribute__((format(printf, 2, 0))) void write_path(char ret_path[PORTAL_LOCATION_SIZE], const char *template,
							     va_list values)
{
	if (vsnprintf(ret_path, PORTAL_LOCATION_SIZE, template, values) >= PORTAL_LOCATION_SIZE)
		ret_path[0] = '\0';
}

void page_form(struct portal_request *request, const char *class, const char *template, ...)
{
	char path[PORTAL_LOCATION_SIZE];
	va_list values;

	va_start(values, template);
	write_path(path, template, values);
	va_end(values);
	html_print(&request->html, "<form method=\"post\" action=\"%s\" class=\"%s\">", path, class);
	if (request->token[0] != '\0')
		html_print(&request->html, "<input type=\"hidden\" name=\"token\" value=\"%s\">", request->token);
}

void page_question_end(struct portal_request *request, const char *button, const char *stay, const char *template, ...)
{
	char path[PORTAL_LOCATION_SIZE];
	va_list values;

	va_start(values, template);
	write_path(path, template, values);
	va_end(values);
	html_print(&request->html,
		   "<div class=\"actions\"><button class=\"danger\">%s</button>"
		   "<a class=\"button quiet\" href=\"%s\">%s</a></div></form>",
		   button, path, stay);
}

void page_table(struct html *html, const char *caption, const char *const *columns)
{
	html_print(html, "<div class=\"scroll\"><table><caption>%s</caption><thead><tr>", caption);
	for (; *columns; columns++)
		html_print(html, "<th scope=\"col\">%s</th>", *columns);
	html_print(html, "</tr></thead><tbody>");
}

void page_table_end(struct html *html)
{
	html_print(html, "</tbody></table></div>");
}

void page_cell(struct html *html, const char *column)
{
	html_print(html, "<td data-column=\"%s\">", column);
}

/* ---- times ---- */

/* "2027-01-31 08:00" of "2027-01-31T08:00:07Z". */
static void format_minute(int64_t time, char ret_text[TEXT_SIZE])
{
	clock_format(time, ret_text, TEXT_SIZE);
	if (strlen(ret_text) == sizeof("2027-01-31T08:00:07Z") - 1) {
		ret_text[10] = ' ';
		ret_text[16] = '\0';
	}
}

static void format_relative(int64_t time, int64_t now, char ret_text[TEXT_SIZE])
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = { { 365 * 86400, "year" }, { 86400, "day" }, { 3600, "hour" }, { 60, "minute" } };
	int64_t span = time > now ? time - now : now - time;

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		int64_t count = (span + units[i].seconds / 2) / units[i].seconds;

		/* "1 year" may be half a year too long. */
		if (span / units[i].seconds >= (i == 0 ? 2 : 1)) {
			snprintf(ret_text, TEXT_SIZE, "%s%" PRId64 " %s%s%s", time > now ? "in " : "", count,
				 units[i].name, count == 1 ? "" : "s", time > now ? "" : " ago");
			return;
		}
	}
	snprintf(ret_text, TEXT_SIZE, "%s", time > now ? "in a moment" : "just now");
}

/* short: how far it is from now, and the date where the mouse rests on it; else both. */
static void write_time(struct html *html, int64_t time, int64_t now, bool is_short)
{
	char exact[TEXT_SIZE], shown[TEXT_SIZE], relative[TEXT_SIZE];

	if (time == APIKEY_NEVER) {
		html_print(html, "never");
		return;
	}
	clock_format(time, exact, sizeof(exact));
	format_minute(time, shown);
	format_relative(time, now, relative);
	if (is_short)
		html_print(html, "<time datetime=\"%s\" title=\"%s UTC\">%s</time>", exact, shown, relative);
	else
		html_print(html, "<time datetime=\"%s\">%s UTC</time> (%s)", exact, shown, relative);
}

void page_when(struct html *html, int64_t time, int64_t now)
{
	write_time(html, time, now, true);
}

void page_date(struct html *html, int64_t time, int64_t now)
{
	write_time(html, time, now, false);
}

/* Whether the text begins with a point in time as the daemon writes it. */
static bool read_time(const char *text, int64_t now, int64_t *ret_time)
{
	char exact[EXACT_SIZE + 1];

	if (strnlen(text, EXACT_SIZE) < EXACT_SIZE || text[4] != '-' || text[EXACT_SIZE - 1] != 'Z')
		return false;
	memcpy(exact, text, EXACT_SIZE);
	exact[EXACT_SIZE] = '\0';
	return clock_parse(exact, now, ret_time);
}

/* Adds so many bytes of a text. */
static void write_part(struct html *html, const char *text, size_t size)
{
	char part[PART_SIZE];

	while (size > 0) {
		size_t some = size < sizeof(part) - 1 ? size : sizeof(part) - 1;

		/* A character is not cut in two. */
		while (some < size && some > 1 && ((unsigned char)text[some] & 0xc0) == 0x80)
			some--;
		memcpy(part, text, some);
		part[some] = '\0';
		html_print(html, "%s", part);
		text += some;
		size -= some;
	}
}

void page_text(struct html *html, const char *text, int64_t now, bool is_short)
{
	const char *written = text;

	for (; *text != '\0'; text++) {
		size_t before = (size_t)(text - written);
		int64_t time;

		if (!read_time(text, now, &time))
			continue;
		/* "expires at 2027-01-31T08:00:00Z", and "expires in 3 days". */
		if (is_short && before >= strlen(AT) && memcmp(text - strlen(AT), AT, strlen(AT)) == 0)
			before -= strlen(AT) - 1;
		write_part(html, written, before);
		write_time(html, time, now, is_short);
		written = text + EXACT_SIZE;
		text = written - 1;
	}
	write_part(html, written, strlen(written));
}

/* ---- words ---- */

void page_state(struct html *html, const char *state)
{
	static const struct {
		const char *state, *class, *word;
	} states[] = {
		{ "active", "good", "on" },      { "inactive", "off", "off" },    { "suspended", "bad", "suspended" },
		{ "revoked", "bad", "revoked" }, { "expired", "bad", "expired" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		if (strcmp(states[i].state, state) == 0) {
			html_print(html, "<span class=\"state %s\">%s</span>", states[i].class, states[i].word);
			return;
		}
	}
	html_print(html, "<span class=\"state\">%s</span>", state);
}

void page_words(struct html *html, const char *const *words, const char *nothing)
{
	if (!*words) {
		html_print(html, "%s", nothing);
		return;
	}
	for (size_t i = 0; words[i]; i++)
		html_print(html, i > 0 ? ", <code>%s</code>" : "<code>%s</code>", words[i]);
}

void page_secret(struct html *html, const char *id, const char *label, const char *secret)
{
	html_print(html,
		   "<div class=\"secret\"><label for=\"%s\">%s</label>"
		   "<div class=\"row\"><input id=\"%s\" class=\"code\" readonly value=\"%s\" autocomplete=\"off\" "
		   "spellcheck=\"false\"><button type=\"button\" data-copy=\"%s\" hidden>Copy</button></div></div>",
		   id, label, id, secret, id);
}

void page_next(struct html *html, const char *path, const char *cursor)
{
	if (*cursor == '\0')
		return;
	html_print(html, "<p class=\"next\"><a href=\"%s", path);
	html_print_component(html, cursor);
	html_print(html, "\">More</a></p>");
}
