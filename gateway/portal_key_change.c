/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What changes a key. Each form says which secret it was shown as the current one, so that one that is sent again
 * changes nothing twice. */
#include <stdlib.h>
#include <string.h>

#include "gateway/portal.h"
#include "gateway/portal_page.h"
#include "gateway/portal_routes.h"

#define HOUR 3600
#define OVERLAP_MOST 31536000 /* seconds */

static const char *key_of(const struct portal_request *request)
{
	return request->parameters[0];
}

/* Digits alone; 0 for anything else, and for more than most. */
static uint64_t number_of(const char *text, uint64_t most)
{
	uint64_t number = 0;

	for (; *text >= '0' && *text <= '9' && number <= most; text++)
		number = number * 10 + (uint64_t)(*text - '0');
	return *text == '\0' && number <= most ? number : 0;
}

/* ---- a new secret ---- */

void portal_write_secrets(struct portal_request *request, const struct apikey_key *key)
{
	struct html *html = &request->html;

	html_print(
		html,
		"<p class=\"warn\" role=\"status\"><strong>Copy it now.</strong> It is not kept, and cannot be shown "
		"again.</p>");
	if (strcmp(key->kind, "pair") == 0) {
		page_secret(html, "public-key", "Public key", key->id);
		page_secret(html, "private-key", "Private key", key->private_key);
	} else {
		page_secret(html, "secret", "Key", key->secret);
	}
}

void portal_key_rotate(struct portal_request *request)
{
	const char *overlap = portal_value(request, "overlap");
	const struct apikey_rotate_options options = {
		.size = sizeof(options),
		.now = strcmp(overlap, "now") == 0,
		.overlap = number_of(overlap, OVERLAP_MOST),
		.overlap_after_first_use = strcmp(overlap, "first-use") == 0 ? HOUR : 0,
		.expected = (uint32_t)number_of(portal_value(request, "expected"), UINT32_MAX),
	};
	struct apikey_key *key = NULL;
	struct html *html = &request->html;

	if (options.expected == 0) {
		portal_tell(request, 400, "That cannot be done", "The form does not say which secret it is about.");
		return;
	}
	if (!portal_succeeded(request, apikey_key_rotate(request->admin, key_of(request), &options, &key)))
		return;
	page_begin(request, "The new secret");
	html_print(html, "<p>This is the new secret of <strong>%s</strong>.</p>", key->name);
	portal_write_secrets(request, key);
	for (size_t i = 0; i + 1 < key->secret_count; i++) {
		if (key->secrets[i].number != options.expected)
			continue;
		html_print(html, "<p>The one before %s ",
			   key->secrets[i].retires > request->now ? "stays good until" : "is refused since");
		page_date(html, key->secrets[i].retires, request->now);
		html_print(html, ".%s</p>",
			   options.overlap_after_first_use > 0
				   ? " It ends sooner: an hour after the new one is first used."
				   : "");
	}
	html_print(html,
		   "<p>The page of the key tells whether the old one is still in use.</p>"
		   "<p><a class=\"button\" href=\"/portal/keys/%s\">I have copied it</a></p>",
		   key->id);
	page_end(request);
	apikey_key_free(key);
}

/* Asks before a secret is ended; what: "retire", or "take-back". */
static void ask_secret(struct portal_request *request, const char *what, const char *title, const char *sentence,
		       const char *button)
{
	const struct apikey_secret *current;
	struct html *html = &request->html;
	struct apikey_key *key = NULL;

	if (!portal_succeeded(request, apikey_key_show(request->admin, key_of(request), &key)))
		return;
	current = portal_current_secret(key);
	page_begin(request, title);
	if (current && portal_write_overlap(request, key, current)) {
		html_print(html, "<p>Of the key <strong>%s</strong> of %s: %s</p>", key->name, key->owner, sentence);
		page_form(request, "stack", "/portal/keys/%s/%s", key->id, what);
		html_print(html, "<input type=\"hidden\" name=\"expected\" value=\"%u\">",
			   (unsigned int)current->number);
		page_question_end(request, button, "Leave it as it is", "/portal/keys/%s", key->id);
	} else {
		html_print(html,
			   "<p class=\"said\">There is no old secret of <strong>%s</strong> any more that is good.</p>"
			   "<p><a href=\"/portal/keys/%s\">Back to the key</a></p>",
			   key->name, key->id);
	}
	page_end(request);
	apikey_key_free(key);
}

void portal_key_retire_page(struct portal_request *request)
{
	ask_secret(request, "retire", "End the old secret?",
		   "whoever still has the old secret is not let in with it any more. This cannot be taken back.",
		   "End it now");
}

void portal_key_take_back_page(struct portal_request *request)
{
	ask_secret(
		request, "take-back", "Take the rotation back?",
		"the new secret is refused at once, and the old one is the current one again. The new one is lost for "
		"good.",
		"Take it back");
}

void portal_key_retire(struct portal_request *request)
{
	struct apikey_key *key = NULL;

	if (portal_succeeded(request, apikey_key_retire(request->admin, key_of(request), 0, "in the portal", &key)))
		portal_go(request, "/portal/keys/%s?done=retired", key_of(request));
	apikey_key_free(key);
}

void portal_key_take_back(struct portal_request *request)
{
	const struct apikey_rotate_options options = {
		.size = sizeof(options),
		.cancel = 1,
		.expected = (uint32_t)number_of(portal_value(request, "expected"), UINT32_MAX),
	};
	struct apikey_key *key = NULL;

	if (portal_succeeded(request, apikey_key_rotate(request->admin, key_of(request), &options, &key)))
		portal_go(request, "/portal/keys/%s?done=taken-back", key_of(request));
	apikey_key_free(key);
}

/* ---- on, off, away ---- */

void portal_key_on(struct portal_request *request)
{
	struct apikey_key *key = NULL;

	if (portal_succeeded(request, apikey_key_activate(request->admin, key_of(request), "in the portal", &key)))
		portal_go(request, "/portal/keys/%s?done=on", key_of(request));
	apikey_key_free(key);
}

void portal_key_off(struct portal_request *request)
{
	struct apikey_key *key = NULL;

	if (portal_succeeded(request, apikey_key_deactivate(request->admin, key_of(request), "in the portal", &key)))
		portal_go(request, "/portal/keys/%s?done=off", key_of(request));
	apikey_key_free(key);
}

void portal_key_delete_page(struct portal_request *request)
{
	struct html *html = &request->html;
	const struct apikey_use *use;
	struct apikey_key *key = NULL;

	if (!portal_succeeded(request, apikey_key_show(request->admin, key_of(request), &key)))
		return;
	use = portal_last_use(key);
	page_begin(request, "Delete the key?");
	html_print(html,
		   "<p>The key <strong>%s</strong> of %s will be gone for good: nobody is let in with it any more, and "
		   "its id "
		   "is never used again. To stop it for a while, switch it off instead.</p>",
		   key->name, key->owner);
	if (use) {
		html_print(html, "<p class=\"warn\">It was last used ");
		page_when(html, use->time, request->now);
		html_print(html, " by %s from %s.</p>", use->service, use->source);
	}
	page_form(request, "stack", "/portal/keys/%s/delete", key->id);
	page_question_end(request, "Delete it", "Keep it", "/portal/keys/%s", key->id);
	page_end(request);
	apikey_key_free(key);
}

void portal_key_delete(struct portal_request *request)
{
	struct apikey_key *key = NULL;

	if (portal_succeeded(request, apikey_key_delete(request->admin, key_of(request), "in the portal", &key)))
		portal_go(request, "/portal?done=deleted");
	apikey_key_free(key);
}
