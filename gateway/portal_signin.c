/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Signing in, by a link of "apikeyctl portal" or a key, signing out, and the sign-ins there are. Opening a link uses
 * nothing up: only the button on its page does, so that what looks at links before people do finds nothing. Each
 * sign-in has a credential of its own, made by the daemon; the one that the browser had before is ended.
 */
#include <errno.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/secret.h"
#include "gateway/exchange.h"
#include "gateway/portal.h"
#include "gateway/portal_page.h"
#include "gateway/portal_routes.h"

/* ---- signing in ---- */

static void write_sign_in(struct portal_request *request, unsigned int status, const char *complaint)
{
	struct html *html = &request->html;

	request->status = status;
	page_begin(request, "Sign in");
	if (complaint)
		html_print(html, "<p class=\"said\" role=\"alert\">%s</p>", complaint);
	html_print(
		html,
		"<section aria-labelledby=\"by-link\"><h2 id=\"by-link\">With your account on this host</h2>"
		"<p>Run <code>apikeyctl portal</code> on the host, and open the link that it prints. It is good once, "
		"for a few minutes.</p></section>"
		"<section aria-labelledby=\"by-key\"><h2 id=\"by-key\">With a key</h2>");
	page_form(request, "stack", "/portal/sign-in");
	html_print(html,
		   "<label for=\"credential\">Key or HMAC token</label>"
		   "<input id=\"credential\" name=\"credential\" type=\"password\" class=\"code\" required "
		   "maxlength=\"2048\" autocomplete=\"current-password\" aria-describedby=\"credential-hint\">"
		   "<p class=\"hint\" id=\"credential-hint\">You can then do what the key may do, and no more.</p>"
		   "<button>Sign in</button></form></section>");
	page_end(request);
}

void portal_sign_in_page(struct portal_request *request)
{
	bool ended = *portal_value(request, "ended") != '\0', left = *portal_value(request, "left") != '\0';

	write_sign_in(request, 200,
		      ended  ? "Your sign-in has ended. Sign in again."
		      : left ? "You are signed out."
			     : NULL);
}

/* Who the browser is signed in as so far; NULL: nobody. */
static struct apikey_signin *find_before(struct portal_request *request)
{
	struct apikey_signin *before = NULL;

	if (!request->admin || request->cookie.credential[0] == '\0' ||
	    apikey_admin_set_credential(request->admin, request->cookie.credential) != 0)
		return NULL;
	(void)apikey_signin_show(request->admin, &before);
	(void)apikey_admin_set_credential(request->admin, NULL);
	return before;
}

/* The button has no focus of its own: whoever is led here while they press Enter has agreed to nothing. */
static void write_enter(struct portal_request *request, const char *code, const struct apikey_signin *before)
{
	struct html *html = &request->html;

	page_begin(request, "Sign in");
	html_print(html, "<p>This link signs you in, once. Go on only if you have made it yourself.</p>");
	if (before)
		html_print(html,
			   "<p class=\"warn\">This browser is signed in as <strong>%s</strong>%s%s%s. "
			   "That sign-in ends if you go on.</p>",
			   *before->key_name != '\0' ? before->key_name : before->owner,
			   *before->key_name != '\0' ? " of " : "", *before->key_name != '\0' ? before->owner : "",
			   strcmp(before->kind, "administrator") == 0 ? ", administrator" : "");
	page_form(request, "stack", "/portal/enter");
	html_print(html, "<input type=\"hidden\" name=\"credential\" value=\"%s\"><button>Sign in</button></form>",
		   code);
	page_end(request);
}

void portal_enter_page(struct portal_request *request)
{
	const char *code = portal_value(request, "code");
	struct apikey_signin *before;

	if (*code == '\0') {
		portal_go(request, "/portal/sign-in");
		return;
	}
	before = find_before(request);
	write_enter(request, code, before);
	apikey_signin_free(before);
}

/*
 * A browser that was led here from elsewhere keeps its cookie to itself until the form is sent, so that the page could
 * not say whose sign-in ends. It is said then, and nothing is used up. False: it was.
 */
static bool knows_what_ends(struct portal_request *request, const char *code)
{
	struct apikey_signin *before;

	if (portal_token_fits(request->token, portal_value(request, "token")))
		return true;
	before = find_before(request);
	if (!before)
		return true;
	request->status = 409;
	write_enter(request, code, before);
	apikey_signin_free(before);
	return false;
}

/* Ends the sign-in that the browser has had so far. */
static void end_before(struct portal_request *request)
{
	struct apikey_signin *before = NULL;

	if (request->cookie.credential[0] == '\0' ||
	    apikey_admin_set_credential(request->admin, request->cookie.credential) != 0)
		return;
	(void)apikey_signin_end(request->admin, NULL, "signed in anew", &before);
	apikey_signin_free(before);
}

void portal_sign_in(struct portal_request *request)
{
	const struct apikey_signin_options options = {
		.size = sizeof(options),
		.credential = portal_value(request, "credential"),
		.source = request->source,
		.agent = exchange_header(request->exchange, MHD_HTTP_HEADER_USER_AGENT),
		.portal = 1,
	};
	struct apikey_signin *signin = NULL;
	enum apikey_verdict verdict = APIKEY_DENIED;
	bool link = strcmp(request->route->path, "/portal/enter") == 0;
	int r;

	if (*options.credential == '\0' || urlencoded_find(&request->exchange->query, "credential")) {
		write_sign_in(request, 400, "There is no key; paste one.");
		return;
	}
	if (link && !knows_what_ends(request, options.credential))
		return;
	r = apikey_signin(request->admin, &options, &signin);
	if (r == APIKEY_BAD_CREDENTIAL)
		(void)apikey_admin_reason(request->admin, &verdict);
	if (verdict == APIKEY_THROTTLED) {
		write_sign_in(request, 429, "There were too many wrong ones from here. Try again in a minute.");
		return;
	}
	if (r == APIKEY_BAD_CREDENTIAL || r == APIKEY_NOT_PERMITTED || r == APIKEY_INVALID || r == -EINVAL) {
		/* Which of the two it was is not for who brings neither to know. */
		write_sign_in(request, 403,
			      link ? "This link is not good: it was used, or is too old. Run apikeyctl portal again."
				   : "This does not let you in: it is no key of this host, or not in use.");
		return;
	}
	if (!portal_succeeded(request, r))
		return;
	if (!portal_cookie_write(signin->credential, request->secure, request->set_cookie)) {
		portal_tell(request, 500, "It did not work", "The portal has failed; its log says more.");
	} else {
		end_before(request);
		portal_go(request, "/portal");
	}
	apikey_signin_free(signin);
}

void portal_sign_out(struct portal_request *request)
{
	struct apikey_signin *ended = NULL;

	if (!portal_succeeded(request, apikey_signin_end(request->admin, NULL, "signed out", &ended)))
		return;
	apikey_signin_free(ended);
	(void)portal_cookie_write("", request->secure, request->set_cookie);
	portal_go(request, "/portal/sign-in?left=1");
}

/* ---- the sign-ins there are ---- */

static void write_row(struct portal_request *request, const struct apikey_signin *signin)
{
	struct html *html = &request->html;

	html_print(html, "<tr>");
	page_cell(html, "Who");
	html_print(html, "%s%s%s%s%s</td>", signin->owner, *signin->key_name != '\0' ? " by " : "", signin->key_name,
		   strcmp(signin->kind, "administrator") == 0 ? ", administrator" : "",
		   signin->own ? " (this one)" : "");
	page_cell(html, "From");
	html_print(html, "%s</td>", *signin->source != '\0' ? signin->source : "this host");
	page_cell(html, "Browser");
	html_print(html, "<span class=\"long\">%s</span></td>", *signin->agent != '\0' ? signin->agent : "–");
	page_cell(html, "Since");
	page_when(html, signin->created, request->now);
	html_print(html, "</td>");
	page_cell(html, "Last used");
	page_when(html, signin->used, request->now);
	html_print(html, "</td>");
	page_cell(html, "Ends");
	page_when(html, signin->expires, request->now);
	html_print(html, "</td>");
	page_cell(html, "Action");
	page_form(request, "inline", "/portal/sign-ins/%s/end", signin->id);
	html_print(html,
		   "<button class=\"quiet\">End<span class=\"unseen\"> the sign-in from "
		   "%s</span></button></form></td></tr>",
		   *signin->source != '\0' ? signin->source : "this host");
}

void portal_sign_ins_page(struct portal_request *request)
{
	static const char *const columns[] = { "Who", "From", "Browser", "Since", "Last used", "Ends", "Action", NULL };
	struct apikey_signin_list *list = NULL;

	if (!portal_succeeded(request, apikey_signin_list(request->admin, &list)))
		return;
	page_begin(request, "Sign-ins");
	page_table(&request->html, "Browsers that are signed in", columns);
	for (size_t i = 0; i < list->count; i++)
		write_row(request, &list->signins[i]);
	page_table_end(&request->html);
	if (list->total > list->count)
		html_print(&request->html, "<p>These are %zu of %zu.</p>", list->count, list->total);
	page_end(request);
	apikey_signin_list_free(list);
}

void portal_sign_in_end(struct portal_request *request)
{
	struct apikey_signin *ended = NULL;

	if (strcmp(request->parameters[0], request->who->id) == 0) {
		portal_sign_out(request);
		return;
	}
	if (portal_succeeded(request, apikey_signin_end(request->admin, request->parameters[0], NULL, &ended)))
		portal_go(request, "/portal/sign-ins?done=ended");
	apikey_signin_free(ended);
}
