/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The page of one key: what it is, its secrets and whether an old one is still in use, what can be done with it, how it
 * was used, and what was decided about it of late. */
#include <inttypes.h>
#include <string.h>

#include "common/cleanup.h"
#include "gateway/portal.h"
#include "gateway/portal_chart.h"
#include "gateway/portal_page.h"
#include "gateway/portal_records.h"
#include "gateway/portal_routes.h"

#define RECORDS 15
#define STEPS 100 /* calls for the chart: each looks at a bounded part of the audit */
#define DAY 86400
#define MICROSECONDS 1000000

/* ---- what it is ---- */

static void write_fact(struct html *html, const char *name, const char *value)
{
	if (*value != '\0')
		html_print(html, "<div><dt>%s</dt><dd>%s</dd></div>", name, value);
}

static void write_word_fact(struct html *html, const char *name, const char *const *words)
{
	if (!*words)
		return;
	html_print(html, "<div><dt>%s</dt><dd>", name);
	page_words(html, words, "");
	html_print(html, "</dd></div>");
}

static void write_facts(struct portal_request *request, const struct apikey_key *key)
{
	struct html *html = &request->html;

	html_print(html, "<dl class=\"facts\"><div><dt>State</dt><dd>");
	page_state(html, strcmp(key->state, "active") == 0 && key->expires <= request->now ? "expired" : key->state);
	if (*key->state_reason != '\0')
		html_print(html, " %s", key->state_reason);
	html_print(html, "</dd></div>");
	write_fact(html, "Id", key->id);
	if (portal_may(request, "apikeyd.keys.read"))
		write_fact(html, "Owner", key->owner);
	write_fact(html, "Kind", key->test ? "test key" : strcmp(key->kind, "pair") == 0 ? "key pair" : "key");
	html_print(html, "<div><dt>May</dt><dd>");
	page_words(html, key->effective_permissions, "nothing");
	html_print(html, "</dd></div>");
	write_word_fact(html, "Roles", key->roles);
	write_word_fact(html, "Signs in as", key->users);
	write_word_fact(html, "From these networks alone", key->sources);
	write_fact(html, "For one service alone",
		   strcmp(key->exclusive, APIKEY_UNBOUND) == 0 ? "the first that uses it" : key->exclusive);
	if (key->max_uses > 0)
		html_print(html, "<div><dt>Uses</dt><dd>%" PRIu64 " of %" PRIu64 "</dd></div>", key->counted_uses,
			   key->max_uses);
	write_fact(html, "Pages in browsers", key->client_side ? "may use it" : "");
	write_word_fact(html, "Labels", key->labels);
	html_print(html, "<div><dt>Made</dt><dd>");
	page_date(html, key->created, request->now);
	html_print(html, "</dd></div>");
	if (key->not_before > 0) {
		html_print(html, "<div><dt>Good from</dt><dd>");
		page_date(html, key->not_before, request->now);
		html_print(html, "</dd></div>");
	}
	html_print(html, "<div><dt>Ends</dt><dd>");
	page_date(html, key->expires, request->now);
	html_print(html, "</dd></div></dl>");
}

/* ---- its secrets ---- */

static void write_use(struct portal_request *request, const struct apikey_use *use)
{
	if (use->time == 0) {
		html_print(&request->html, "not yet</td>");
		return;
	}
	page_when(&request->html, use->time, request->now);
	html_print(&request->html, " by %s from %s</td>", use->service, use->source);
}

static void write_secret(struct portal_request *request, const struct apikey_secret *secret)
{
	struct html *html = &request->html;

	html_print(html, "<tr><th scope=\"row\" data-column=\"Secret\">%u</th>", (unsigned int)secret->number);
	page_cell(html, "State");
	if (secret->retires == 0)
		html_print(html, "<span class=\"state good\">current</span></td>");
	else if (secret->retires <= request->now)
		html_print(html, "<span class=\"state off\">ended</span></td>");
	else
		html_print(html, "<span class=\"state bad\">is ending</span></td>");
	page_cell(html, "Made");
	page_when(html, secret->created, request->now);
	html_print(html, "</td>");
	page_cell(html, "Ends");
	page_when(html, secret->retires == 0 ? APIKEY_NEVER : secret->retires, request->now);
	html_print(html, secret->retires_after_first_use > 0 ? ", or soon after the new one is used</td>" : "</td>");
	page_cell(html, "Uses");
	html_print(html, "%" PRIu64 "</td>", secret->use_count);
	page_cell(html, "Last used");
	write_use(request, &secret->last_use);
	html_print(html, "</tr>");
}

bool portal_write_overlap(struct portal_request *request, const struct apikey_key *key,
			  const struct apikey_secret *current)
{
	const struct apikey_secret *used = NULL;
	struct html *html = &request->html;
	bool ending = false;

	for (size_t i = 0; i < key->secret_count; i++) {
		const struct apikey_secret *secret = &key->secrets[i];

		if (secret->retires == 0 || secret->retires <= request->now)
			continue;
		ending = true;
		if (secret->last_use.time >= current->created)
			used = secret;
	}
	if (used) {
		html_print(html, "<p class=\"warn\"><strong>The old secret is still in use</strong>: ");
		page_when(html, used->last_use.time, request->now);
		html_print(html, " by %s from %s. Give the new one to it before the old one ends.</p>",
			   used->last_use.service, used->last_use.source);
	} else if (ending) {
		html_print(html, "<p class=\"done\">The old secret was not used since the new one was made%s.</p>",
			   current->last_use.time > 0 ? ", and the new one is in use" : "");
	}
	return ending;
}

static void write_ending(struct portal_request *request, const struct apikey_key *key,
			 const struct apikey_secret *current)
{
	struct html *html = &request->html;

	if (!portal_write_overlap(request, key, current) || !portal_changes_keys(request))
		return;
	html_print(
		html,
		"<div class=\"actions\"><a class=\"button quiet\" href=\"/portal/keys/%s/retire\">End the old secret "
		"now …</a><a class=\"button quiet\" href=\"/portal/keys/%s/take-back\">Take the rotation back "
		"…</a></div>",
		key->id, key->id);
}

static void write_secrets(struct portal_request *request, const struct apikey_key *key)
{
	static const char *const columns[] = { "Secret", "State", "Made", "Ends", "Uses", "Last used", NULL };
	static const struct {
		const char *value, *words;
	} overlaps[] = {
		{ "604800", "for 7 more days" },
		{ "86400", "for one more day" },
		{ "3600", "for one more hour" },
		{ "2592000", "for 30 more days" },
		{ "first-use", "until an hour after the new one is first used" },
		{ "now", "not at all: it is refused at once" },
	};
	const struct apikey_secret *current = portal_current_secret(key);
	struct html *html = &request->html;

	html_print(html, "<section aria-labelledby=\"secrets\"><h2 id=\"secrets\">Secrets</h2>");
	if (current)
		write_ending(request, key, current);
	page_table(html, "The secrets it has", columns);
	for (size_t i = key->secret_count; i > 0; i--)
		write_secret(request, &key->secrets[i - 1]);
	page_table_end(html);
	if (current && strcmp(key->state, "revoked") != 0 && portal_changes_keys(request)) {
		page_form(request, "row", "/portal/keys/%s/rotate", key->id);
		html_print(html,
			   "<input type=\"hidden\" name=\"expected\" value=\"%u\"><label for=\"overlap\">The present "
			   "secret "
			   "stays good</label><select id=\"overlap\" name=\"overlap\">",
			   (unsigned int)current->number);
		for (size_t i = 0; i < ARRAY_SIZE(overlaps); i++)
			html_print(html, "<option value=\"%s\">%s</option>", overlaps[i].value, overlaps[i].words);
		html_print(html, "</select><button>Make a new secret</button></form>");
	}
	html_print(html, "</section>");
}

/* ---- on, off, away ---- */

/* Whether the daemon would let this sign-in switch it on: what it may not give to a key it does not bring back. */
static bool can_switch_on(const struct portal_request *request, const struct apikey_key *key)
{
	if (portal_administers(request))
		return true;
	if (strcmp(key->state, "suspended") == 0)
		return false;
	for (size_t i = 0; key->effective_permissions[i]; i++) {
		if (!portal_gives(request, key->effective_permissions[i]))
			return false;
	}
	return true;
}

static void write_actions(struct portal_request *request, const struct apikey_key *key)
{
	struct html *html = &request->html;
	bool active = strcmp(key->state, "active") == 0, revoked = strcmp(key->state, "revoked") == 0;

	if (!revoked && !can_switch_on(request, key) && portal_changes_keys(request))
		html_print(html, "<p>%s</p>",
			   active ? "Whoever switches it off here cannot switch it on again; an administrator can."
				  : "An administrator can switch it on again.");
	if (!portal_changes_keys(request))
		return;
	html_print(html, "<div class=\"actions\">");
	if (active) {
		page_form(request, "inline", "/portal/keys/%s/off", key->id);
		html_print(html, "<button class=\"quiet\">Switch off</button></form>");
	} else if (!revoked && can_switch_on(request, key)) {
		page_form(request, "inline", "/portal/keys/%s/on", key->id);
		html_print(html, "<button>Switch on</button></form>");
	}
	html_print(html, "<a class=\"button danger\" href=\"/portal/keys/%s/delete\">Delete …</a></div>", key->id);
}

/* ---- how it was used ---- */

static int count_uses(struct portal_request *request, const char *key, struct chart *chart, bool *ret_whole)
{
	const char *keys[] = { key, NULL };
	const struct apikey_audit_filter filter = { .size = sizeof(filter),
						    .keys = keys,
						    .since = chart->start * MICROSECONDS };
	char cursor[PORTAL_CURSOR_SIZE] = "";

	for (int step = 0; step < STEPS; step++) {
		struct apikey_audit_counts *counts = NULL;
		int r = apikey_audit_count(request->admin, &filter, DAY, cursor[0] != '\0' ? cursor : NULL, &counts);

		if (r != 0)
			return r;
		for (size_t i = 0; i < counts->count; i++)
			chart_add(chart, counts->counts[i]->time, counts->counts[i]->service,
				  counts->counts[i]->granted, counts->counts[i]->refused);
		*ret_whole = counts->end;
		portal_keep_cursor(counts->cursor, cursor);
		apikey_audit_counts_free(counts);
		if (*ret_whole || cursor[0] == '\0')
			break;
	}
	return 0;
}

/* What the audit has to say may be not for this sign-in to know, or not to be had now; the key's page is there all the
 * same. */
static bool write_history(struct portal_request *request, const struct apikey_key *key)
{
	const char *keys[] = { key->id, NULL };
	const struct apikey_audit_filter filter = { .size = sizeof(filter), .keys = keys, .reverse = 1 };
	char cursor[PORTAL_CURSOR_SIZE] = "";
	struct html *html = &request->html;
	struct chart chart;
	bool whole = false;
	int r;

	chart_init(&chart, request->now);
	html_print(html, "<section aria-labelledby=\"use\"><h2 id=\"use\">Use</h2>");
	r = count_uses(request, key->id, &chart, &whole);
	if (r == 0) {
		chart_write(&chart, html);
		if (!whole)
			html_print(html, "<p>There is more than was counted here; <code>apikeyctl key usage</code> "
					 "counts all.</p>");
		html_print(html, "</section><section aria-labelledby=\"recent\"><h2 id=\"recent\">Recently</h2>");
		r = records_write(request,
				  &(struct records_wanted){ .caption = "What was decided, and done, the latest first",
							    .filter = &filter,
							    .cursor = "",
							    .most = RECORDS },
				  cursor);
	}
	if (r == 0 && cursor[0] != '\0')
		html_print(html, "<p class=\"next\"><a href=\"/portal/activity?key=%s\">All of its activity</a></p>",
			   key->id);
	if (r == APIKEY_NOT_PERMITTED)
		html_print(html, "<p>Its use is not yours to see.</p>");
	else if (!portal_succeeded(request, r))
		return false;
	html_print(html, "</section>");
	return true;
}

void portal_key_page(struct portal_request *request)
{
	struct html *html = &request->html;
	struct apikey_key *key = NULL;

	if (!portal_succeeded(request, apikey_key_show(request->admin, request->parameters[0], &key)))
		return;
	page_begin(request, key->name);
	for (size_t i = 0; key->due[i]; i++) {
		html_print(html, "<p class=\"warn\">To be done: ");
		page_text(html, key->due[i], request->now, false);
		html_print(html, ".</p>");
	}
	write_facts(request, key);
	write_actions(request, key);
	write_secrets(request, key);
	if (write_history(request, key))
		page_end(request);
	apikey_key_free(key);
}
