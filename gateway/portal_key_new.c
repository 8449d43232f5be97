/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Making a key. Each form has an idempotency key of its own: one that is sent again makes no second key. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/encoding.h"
#include "gateway/portal.h"
#include "gateway/portal_page.h"
#include "gateway/portal_routes.h"
#include "gateway/portal_words.h"

#define ONCE_BYTES 16
#define BOXES_MOST 40  /* a form has 64 values at the most */
#define ROLE_PAGES 4   /* calls */
#define USES_DIGITS 18 /* of the number of uses */
#define PERMISSION "permission:"
#define ROLE "role:"

/* ---- the form ---- */

/* What a permission is good for, where its name is known. */
static void write_meaning(struct html *html, const char *permission)
{
	static const struct {
		const char *permission, *meaning;
	} meanings[] = {
		{ "*", "Everything." },
		{ "pam.*", "Sign in to any service of this host." },
		{ "apikeyd.*", "Administer keys, tenants and roles." },
		{ "apikeyd.keys.read", "See keys." },
		{ "apikeyd.keys.write", "Make, change and end keys." },
		{ "apikeyd.tenants.read", "See tenants." },
		{ "apikeyd.tenants.write", "Make, change and delete tenants." },
		{ "apikeyd.tenants.approve", "Approve tenants." },
		{ "apikeyd.audit.read", "See what was decided and done." },
		{ "apikeyd.roles.read", "See roles." },
		{ "apikeyd.roles.write", "Make, change and delete roles." },
		{ "apikeyd.introspect", "Ask whether tokens of others are good." },
	};
	size_t size = strlen(permission);

	for (size_t i = 0; i < ARRAY_SIZE(meanings); i++) {
		if (strcmp(meanings[i].permission, permission) == 0) {
			html_print(html, "%s", meanings[i].meaning);
			return;
		}
	}
	if (strncmp(permission, "pam.", 4) == 0)
		html_print(html, "Sign in to the service %s.", permission + 4);
	else if (size > 2 && strcmp(permission + size - 2, ".*") == 0)
		html_print(html, "All that begins with this name.");
	else
		html_print(html, "What a service asks for under this name.");
}

/* A box; what was ticked stays so when the form comes back. */
static void write_box(struct portal_request *request, const char *prefix, size_t number, const char *name)
{
	struct html *html = &request->html;
	char field[PORTAL_CURSOR_SIZE];

	snprintf(field, sizeof(field), "%s%s", prefix, name);
	html_print(html,
		   "<div class=\"box\"><input type=\"checkbox\" id=\"%s%zu\" name=\"%s\"%s "
		   "aria-describedby=\"about-%s%zu\"><label for=\"%s%zu\"><code>%s</code></label>"
		   "<p class=\"hint\" id=\"about-%s%zu\">",
		   prefix, number, field, urlencoded_find(&request->form, field) ? " checked" : "", prefix, number,
		   prefix, number, name, prefix, number);
}

static size_t write_permissions(struct portal_request *request)
{
	CLEANUP(words_done) struct words words = { .count = 0 };
	struct html *html = &request->html;
	size_t count = 0;

	words_add_text(&words, request->who->permissions);
	html_print(html, "<fieldset><legend>What it may do</legend>");
	for (; count < BOXES_MOST && words.list[count]; count++) {
		write_box(request, PERMISSION, count, words.list[count]);
		write_meaning(html, words.list[count]);
		html_print(html, "</p></div>");
	}
	html_print(html,
		   "<label for=\"more\">%s</label><textarea id=\"more\" name=\"more\" rows=\"2\" class=\"code\" "
		   "maxlength=\"4096\" aria-describedby=\"more-hint\">%s</textarea><p class=\"hint\" id=\"more-hint\">"
		   "Such as <code>mail.imap</code>, or <code>mail.*</code> for all that begins so; one a "
		   "line.</p></fieldset>",
		   count > 0 ? "Other permissions" : "Permissions", portal_value(request, "more"));
	return count;
}

static bool has_word(const char *words, const char *word)
{
	size_t length = strlen(word);

	while (*words != '\0') {
		size_t size = strcspn(words, " ");

		if (size == length && memcmp(words, word, size) == 0)
			return true;
		words += size + strspn(words + size, " ");
	}
	return false;
}

/* Whether the daemon would let this sign-in give the role to the key it makes: one that reaches no further than it does
 * itself; of those that can change, one that it has; and one for keys of an account if it makes such. */
static bool can_give(const struct portal_request *request, const struct apikey_role *role)
{
	const struct apikey_signin *who = request->who;

	if (portal_administers(request))
		return true;
	if (role->account && (!portal_is_key(request) || *who->tenant != '\0'))
		return false;
	if (!role->built_in && (!portal_is_key(request) || !has_word(who->roles, role->name)))
		return false;
	for (size_t i = 0; role->permissions[i]; i++) {
		if (!portal_gives(request, role->permissions[i]))
			return false;
	}
	return true;
}

/* Roles that this sign-in may see and give; where there are none, there are none to choose. */
static void write_roles(struct portal_request *request, size_t boxes)
{
	struct html *html = &request->html;
	char cursor[PORTAL_CURSOR_SIZE] = "";
	size_t count = 0;

	for (int page = 0; page < ROLE_PAGES; page++) {
		struct apikey_role_list *list = NULL;

		if (apikey_role_list(request->admin, cursor[0] != '\0' ? cursor : NULL, &list) != 0)
			break;
		for (size_t i = 0; i < list->count && boxes + count < BOXES_MOST; i++) {
			if (!can_give(request, list->roles[i]))
				continue;
			if (count == 0)
				html_print(html, "<fieldset><legend>Roles</legend>");
			write_box(request, ROLE, count++, list->roles[i]->name);
			page_words(html, list->roles[i]->permissions, "No permissions.");
			html_print(html, "%s</p></div>", list->roles[i]->account ? " For keys of an account." : "");
		}
		portal_keep_cursor(list->cursor, cursor);
		apikey_role_list_free(list);
		if (cursor[0] == '\0')
			break;
	}
	if (count > 0)
		html_print(html, "</fieldset>");
}

static void write_choice(struct portal_request *request, const char *name, const char *value, const char *words)
{
	html_print(&request->html, "<option value=\"%s\"%s>%s</option>", value,
		   strcmp(portal_value(request, name), value) == 0 ? " selected" : "", words);
}

static void write_limits(struct portal_request *request)
{
	struct html *html = &request->html;

	html_print(
		html,
		"<details><summary>Limits</summary>"
		"<label for=\"sources\">From these networks alone</label><textarea id=\"sources\" name=\"sources\" "
		"rows=\"2\" class=\"code\" maxlength=\"4096\" aria-describedby=\"sources-hint\">%s</textarea>"
		"<p class=\"hint\" id=\"sources-hint\">Such as <code>192.0.2.0/24</code>, or <code>local</code>; one a "
		"line. Empty: from anywhere.</p>"
		"<label for=\"service\">For this service alone</label><input id=\"service\" name=\"service\" "
		"class=\"code\" maxlength=\"128\" value=\"%s\" aria-describedby=\"service-hint\">"
		"<p class=\"hint\" id=\"service-hint\">Such as <code>dovecot</code>; <code>*</code> for the first one "
		"that "
		"uses it.</p>"
		"<label for=\"uses\">How often it may be used, all in all</label><input id=\"uses\" name=\"uses\" "
		"inputmode=\"numeric\" pattern=\"[0-9]*\" maxlength=\"18\" value=\"%s\" aria-describedby=\"uses-hint\">"
		"<p class=\"hint\" id=\"uses-hint\">Empty: as often as one likes.</p>",
		portal_value(request, "sources"), portal_value(request, "service"), portal_value(request, "uses"));
	html_print(html,
		   "<div class=\"box\"><input type=\"checkbox\" id=\"pages\" name=\"pages\"%s "
		   "aria-describedby=\"pages-hint\"><label for=\"pages\">Pages in browsers may use it</label>"
		   "<p class=\"hint\" id=\"pages-hint\">Whoever sees such a page has the key. Give it no more than "
		   "everybody may do.</p></div></details>",
		   urlencoded_find(&request->form, "pages") ? " checked" : "");
}

static void write_others(struct portal_request *request)
{
	struct html *html = &request->html;

	html_print(
		html,
		"<fieldset><legend>Whose it is</legend>"
		"<label for=\"owner\">Owner</label><input id=\"owner\" name=\"owner\" maxlength=\"256\" value=\"%s\" "
		"aria-describedby=\"owner-hint\"><p class=\"hint\" id=\"owner-hint\">A user. Empty: you.</p>"
		"<label for=\"tenant\">Tenant</label><input id=\"tenant\" name=\"tenant\" maxlength=\"257\" "
		"value=\"%s\" "
		"aria-describedby=\"tenant-hint\"><p class=\"hint\" id=\"tenant-hint\">Its name or id. Empty: as it is "
		"usual.</p></fieldset>",
		portal_value(request, "owner"), portal_value(request, "tenant"));
}

static void write_form(struct portal_request *request, const char *complaint)
{
	unsigned char bytes[ONCE_BYTES];
	char once[2 * sizeof(bytes) + 1] = "";
	struct html *html = &request->html;

	if (getrandom(bytes, sizeof(bytes), 0) == (ssize_t)sizeof(bytes))
		encoding_hex(bytes, sizeof(bytes), once);
	page_begin(request, "New key");
	if (complaint) {
		html_print(html, "<p class=\"said\" role=\"alert\">");
		page_text(html, complaint, request->now, false);
		html_print(html, "</p>");
	}
	page_form(request, "stack", "/portal/new");
	html_print(html,
		   "<input type=\"hidden\" name=\"once\" value=\"%s\"><label for=\"name\">Name</label>"
		   "<input id=\"name\" name=\"name\" required maxlength=\"128\" value=\"%s\" autocomplete=\"off\" "
		   "aria-describedby=\"name-hint\"><p class=\"hint\" id=\"name-hint\">What it is for: the program or "
		   "device "
		   "that will hold it, such as <em>mail on my phone</em>.</p>",
		   once, portal_value(request, "name"));
	write_roles(request, write_permissions(request));
	html_print(html, "<label for=\"lifetime\">It ends</label><select id=\"lifetime\" name=\"lifetime\">");
	write_choice(request, "lifetime", "", "as it is usual here");
	write_choice(request, "lifetime", "30d", "in 30 days");
	write_choice(request, "lifetime", "90d", "in 90 days");
	write_choice(request, "lifetime", "365d", "in a year");
	write_choice(request, "lifetime", "never", "never");
	write_choice(request, "lifetime", "date", "on the date below");
	html_print(
		html,
		"</select><label for=\"date\">Date</label><input id=\"date\" name=\"date\" type=\"date\" value=\"%s\" "
		"aria-describedby=\"date-hint\"><p class=\"hint\" id=\"date-hint\">The first moment of that day, UTC, "
		"where "
		"a date is chosen above.</p><label for=\"kind\">Kind</label><select id=\"kind\" name=\"kind\">",
		portal_value(request, "date"));
	write_choice(request, "kind", "opaque", "a key: one text, used like a password");
	write_choice(request, "kind", "pair", "a key pair: for clients that sign their requests");
	html_print(html, "</select>");
	write_limits(request);
	if (portal_may(request, "apikeyd.keys.write"))
		write_others(request);
	html_print(html, "<button>Make the key</button></form>");
	page_end(request);
}

void portal_key_new_page(struct portal_request *request)
{
	write_form(request, NULL);
}

/* ---- what comes of it ---- */

/* What a form says; texts are the request's. */
struct wanted {
	struct words permissions, roles, sources;
	struct apikey_key_options options;
};

static void wanted_done(struct wanted *wanted)
{
	words_done(&wanted->permissions);
	words_done(&wanted->roles);
	words_done(&wanted->sources);
}

static const char *filled(const char *text)
{
	return *text != '\0' ? text : NULL;
}

/* NULL, or the sentence that says what is wrong. */
static const char *read_lifetime(const struct portal_request *request, int64_t *ret_expires)
{
	const char *lifetime = portal_value(request, "lifetime"), *date = portal_value(request, "date");

	if (strcmp(lifetime, "date") == 0) {
		if (strlen(date) != sizeof("2027-01-31") - 1 || !clock_parse(date, request->now, ret_expires))
			return "Choose the date on which it ends.";
	} else if (*lifetime != '\0' && !clock_parse(lifetime, request->now, ret_expires)) {
		return "Choose when it ends.";
	}
	return *ret_expires != 0 && *ret_expires <= request->now ? "The date on which it ends has to lie ahead." : NULL;
}

static const char *read_uses(const struct portal_request *request, uint64_t *ret_uses)
{
	const char *uses = portal_value(request, "uses");
	size_t size = strspn(uses, "0123456789");

	if (uses[size] != '\0' || size > USES_DIGITS)
		return "How often it may be used is a number.";
	*ret_uses = strtoull(uses, NULL, 10);
	return NULL;
}

static const char *read_wanted(const struct portal_request *request, struct wanted *wanted)
{
	struct apikey_key_options *options = &wanted->options;
	const char *fault;

	words_add_ticked(&wanted->permissions, &request->form, PERMISSION);
	words_add_text(&wanted->permissions, portal_value(request, "more"));
	words_add_ticked(&wanted->roles, &request->form, ROLE);
	words_add_text(&wanted->sources, portal_value(request, "sources"));
	*options = (struct apikey_key_options){
		.size = sizeof(*options),
		.name = portal_value(request, "name"),
		.kind = portal_value(request, "kind"),
		.permissions = wanted->permissions.list,
		.roles = wanted->roles.list,
		.sources = wanted->sources.list,
		.exclusive = filled(portal_value(request, "service")),
		.owner = filled(portal_value(request, "owner")),
		.tenant = filled(portal_value(request, "tenant")),
		.idempotency_key = filled(portal_value(request, "once")),
		.client_side = urlencoded_find(&request->form, "pages") != NULL,
	};
	if (wanted->permissions.too_many || wanted->sources.too_many)
		return "There are too many permissions or networks.";
	if (*options->name == '\0')
		return "Give it a name.";
	fault = read_lifetime(request, &options->expires);
	return fault ? fault : read_uses(request, &options->max_uses);
}

static void write_made(struct portal_request *request, const struct apikey_key *key)
{
	struct html *html = &request->html;
	bool shown = *key->secret != '\0' || *key->private_key != '\0';

	page_begin(request, shown ? "Your new key" : "The key is there");
	html_print(html, "<p>The key <strong>%s</strong> is made%s.</p>", key->name,
		   key->repeated ? ", by an earlier sending of the same form" : "");
	if (shown)
		portal_write_secrets(request, key);
	else
		html_print(html, "<p class=\"warn\">It was used already, so that it is not shown again.</p>");
	html_print(html, "<p>It ends: ");
	page_date(html, key->expires, request->now);
	html_print(html, "</p><p><a class=\"button\" href=\"/portal/keys/%s\">%s</a></p>", key->id,
		   shown ? "I have copied it" : "To the key");
	page_end(request);
}

void portal_key_new(struct portal_request *request)
{
	CLEANUP(wanted_done) struct wanted wanted = { .options = { .size = 0 } };
	const char *complaint = read_wanted(request, &wanted);
	struct apikey_key *key = NULL;
	int r = 0;

	if (!complaint) {
		r = apikey_key_create(request->admin, &wanted.options, &key);
		complaint = portal_complaint(request, r);
	}
	if (complaint) {
		request->status = 400;
		write_form(request, complaint);
	} else if (portal_succeeded(request, r)) {
		write_made(request, key);
	}
	apikey_key_free(key);
}
