/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "gateway/portal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/secret.h"
#include "gateway/calls.h"
#include "gateway/exchange.h"
#include "gateway/gateway.h"
#include "gateway/portal_page.h"
#include "gateway/portal_routes.h"

#define PORTAL "/portal"
#define POLICY                                                                                                         \
	"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; "                \
	"frame-ancestors 'none'; base-uri 'none'"
#define FIELDS_MOST 9

bool portal_owns(const char *path)
{
	size_t size = sizeof(PORTAL) - 1;

	return strncmp(path, PORTAL, size) == 0 && strchr("/?", path[size]);
}

/* ---- the answer ---- */

static void finish(struct portal_request *request)
{
	html_done(&request->html);
	apikey_signin_free(request->who);
	urlencoded_done(&request->form);
	secret_wipe(request, sizeof(*request));
	free(request);
}

static void answer(struct portal_request *request)
{
	const struct exchange_field fields[FIELDS_MOST] = {
		{ "Content-Security-Policy", POLICY },
		/* To this host alone; without it browsers would not say either where a form comes from. */
		{ "Referrer-Policy", "same-origin" },
		{ "X-Frame-Options", "DENY" },
		{ "Cross-Origin-Opener-Policy", "same-origin" },
		{ "Cross-Origin-Resource-Policy", "same-origin" },
		{ MHD_HTTP_HEADER_SET_COOKIE, request->set_cookie[0] != '\0' ? request->set_cookie : NULL },
		{ MHD_HTTP_HEADER_LOCATION, request->location[0] != '\0' ? request->location : NULL },
		{ MHD_HTTP_HEADER_RETRY_AFTER, request->status == 503 ? "1" : NULL },
		{ MHD_HTTP_HEADER_ALLOW, request->status == 405 ? request->allowed : NULL },
	};

	if (request->location[0] != '\0')
		exchange_answer_empty(request->exchange, 303, fields, ARRAY_SIZE(fields));
	else
		exchange_answer_text(request->exchange, request->status, "text/html; charset=utf-8",
				     html_take(&request->html), fields, ARRAY_SIZE(fields));
	finish(request);
}

/* In the loop, when a thread has made the page. */
static void on_done(void *data)
{
	answer(data);
}

static void refuse(struct portal_request *request, unsigned int status, const char *title, const char *sentence)
{
	portal_tell(request, status, title, sentence);
	answer(request);
}

/* ---- in a thread ---- */

/* Finds out who is signed in. False: the page is finished. */
static bool find_who(struct portal_request *request)
{
	int r = apikey_admin_set_credential(request->admin, request->cookie.credential);

	if (r == 0)
		r = apikey_signin_show(request->admin, &request->who);
	return portal_succeeded(request, r);
}

/* A page that is shown to everybody asks the daemon nothing. */
static bool is_silent(const struct portal_request *request)
{
	return request->route->access == PORTAL_OPEN && strcmp(request->route->method, MHD_HTTP_METHOD_GET) == 0;
}

static void make_page(struct apikey_admin *admin, void *data)
{
	struct portal_request *request = data;

	request->admin = admin;
	if (request->route->access == PORTAL_SIGNED && request->cookie.credential[0] == '\0')
		portal_go(request, PORTAL "/sign-in");
	else if (!admin && !is_silent(request))
		portal_tell(request, 503, "Not now", "The key service is away. Try again in a moment.");
	else if (request->route->access == PORTAL_OPEN || find_who(request))
		request->route->page(request);
	if (admin)
		(void)apikey_admin_set_credential(admin, NULL);
	request->admin = NULL;
}

/* ---- what comes ---- */

/* Reads a form and looks where it comes from. False: the request is answered. */
static bool take_form(struct portal_request *request)
{
	const struct exchange *exchange = request->exchange;
	const char *fault = NULL;
	int r;

	if (!portal_is_own_form(exchange_header(exchange, "Sec-Fetch-Site"), exchange_header(exchange, "Origin"),
				exchange_header(exchange, MHD_HTTP_HEADER_HOST))) {
		refuse(request, 403, "Not from here", "This form was not sent from a page of this portal.");
		return false;
	}
	if (!exchange_is_form(exchange)) {
		refuse(request, 415, "No form", "What was sent is no form.");
		return false;
	}
	r = urlencoded_read(exchange->body ? exchange->body : "", exchange->body_size, &request->form, &fault);
	if (r < 0) {
		refuse(request, r == -EINVAL ? 400 : 500, "This form cannot be read",
		       fault ? fault : "The portal is short of memory.");
		return false;
	}
	if (request->route->access == PORTAL_SIGNED && request->cookie.credential[0] != '\0' &&
	    !portal_token_fits(request->token, portal_value(request, "token"))) {
		refuse(request, 403, "Not from this sign-in",
		       "This form was made for another sign-in. Nothing was changed; open the page again.");
		return false;
	}
	return true;
}

static bool take_parameters(struct portal_request *request, const struct route_parameters *parameters)
{
	for (size_t i = 0; i < parameters->count; i++) {
		if (parameters->values[i].size >= PORTAL_PARAMETER_SIZE)
			return false;
		memcpy(request->parameters[i], parameters->values[i].text, parameters->values[i].size);
		request->parameters[i][parameters->values[i].size] = '\0';
	}
	return true;
}

static void take(struct portal_request *request, const struct route_parameters *parameters)
{
	struct exchange *exchange = request->exchange;
	int r = 0;

	request->now = clock_wall_seconds();
	request->source = source_of(exchange, &request->gateway->proxies, request->source_room);
	request->secure = source_is_secure(exchange, &request->gateway->proxies);
	portal_cookie_read(exchange, request->secure, &request->cookie);
	if (request->cookie.credential[0] != '\0')
		r = portal_token_make(request->cookie.credential, request->token);
	if (r < 0) {
		refuse(request, 500, "It did not work", "The portal has failed; its log says more.");
		return;
	}
	if (!take_parameters(request, parameters)) {
		refuse(request, 404, "Nothing here", "There is nothing at this address.");
		return;
	}
	if (strcmp(exchange->method, MHD_HTTP_METHOD_POST) == 0 && !take_form(request))
		return;
	r = calls_submit(request->gateway->calls, CALLS_PORTAL, make_page, on_done, request);
	if (r < 0)
		refuse(request, 503, "Not now", "There are too many requests. Try again in a moment.");
}

/* NULL: there is no memory. */
static struct portal_request *request_new(struct exchange *exchange, struct gateway *gateway)
{
	struct portal_request *request = calloc(1, sizeof(*request));

	if (!request)
		return NULL;
	request->exchange = exchange;
	request->gateway = gateway;
	request->status = 200;
	return request;
}

bool portal_tell_problem(struct exchange *exchange, unsigned int status, const char *sentence, void *data)
{
	struct portal_request *request = portal_owns(exchange->target) ? request_new(exchange, data) : NULL;

	if (!request)
		return false;
	refuse(request, status,
	       status == 404  ? "Nothing here"
	       : status < 500 ? "This request is not one that can be answered"
			      : "Not now",
	       sentence);
	return true;
}

void portal_dispatch(struct exchange *exchange, struct gateway *gateway)
{
	struct route_parameters parameters = { .count = 0 };
	const char *allowed = NULL;
	const struct portal_route *route = portal_routes_find(exchange->method, exchange->path, &parameters, &allowed);
	struct portal_request *request;

	if (portal_files_answer(exchange))
		return;
	request = request_new(exchange, gateway);
	if (!request) {
		exchange_answer_problem(exchange, PROBLEM_INTERNAL, NULL);
		return;
	}
	request->route = route;
	request->allowed = allowed;
	if (route)
		take(request, &parameters);
	else if (allowed)
		refuse(request, 405, "Not in this way", "This address is not asked in this way.");
	else
		refuse(request, 404, "Nothing here", "There is nothing at this address.");
}

/* ---- for pages ---- */

const char *portal_value(const struct portal_request *request, const char *name)
{
	const char *value = urlencoded_find(&request->form, name);

	if (!value)
		value = urlencoded_find(&request->exchange->query, name);
	return value ? value : "";
}

/* Whether a grant, "a.b", "a.*" or "*", gives the permission. */
static bool grants(const char *grant, size_t size, const char *permission)
{
	if (size == 1 && grant[0] == '*')
		return true;
	if (size > 2 && grant[size - 1] == '*')
		return strncmp(grant, permission, size - 1) == 0;
	return strlen(permission) == size && strncmp(grant, permission, size) == 0;
}

bool portal_administers(const struct portal_request *request)
{
	return request->who && strcmp(request->who->kind, "administrator") == 0;
}

bool portal_is_key(const struct portal_request *request)
{
	return request->who && strcmp(request->who->kind, "key") == 0;
}

bool portal_gives(const struct portal_request *request, const char *permission)
{
	const char *grant = request->who ? request->who->permissions : "";

	if (portal_administers(request))
		return true;
	while (*grant != '\0') {
		size_t size = strcspn(grant, " ");

		if (grants(grant, size, permission))
			return true;
		grant += size + strspn(grant + size, " ");
	}
	return false;
}

bool portal_may(const struct portal_request *request, const char *permission)
{
	/* What users may give their keys is not what they may do here. */
	return (portal_administers(request) || portal_is_key(request)) && portal_gives(request, permission);
}

bool portal_changes_keys(const struct portal_request *request)
{
	return !portal_is_key(request) || portal_may(request, "apikeyd.keys.write");
}

bool portal_makes_keys(const struct portal_request *request)
{
	return portal_changes_keys(request) &&
	       (portal_administers(request) || (request->who && *request->who->permissions != '\0'));
}

void portal_go(struct portal_request *request, const char *template, ...)
{
	va_list values;

	va_start(values, template);
	if (vsnprintf(request->location, sizeof(request->location), template, values) >= (int)sizeof(request->location))
		memcpy(request->location, PORTAL, sizeof(PORTAL));
	va_end(values);
}

void portal_keep_cursor(const char *cursor, char ret_cursor[PORTAL_CURSOR_SIZE])
{
	size_t size = strlen(cursor);

	if (size >= PORTAL_CURSOR_SIZE)
		size = 0;
	memmove(ret_cursor, cursor, size);
	ret_cursor[size] = '\0';
}

const struct apikey_use *portal_last_use(const struct apikey_key *key)
{
	const struct apikey_use *last = NULL;

	for (size_t i = 0; i < key->secret_count; i++) {
		if (key->secrets[i].last_use.time > 0 && (!last || key->secrets[i].last_use.time > last->time))
			last = &key->secrets[i].last_use;
	}
	return last;
}

/* After a rotation that was taken back it is not the last one. */
const struct apikey_secret *portal_current_secret(const struct apikey_key *key)
{
	for (size_t i = key->secret_count; i > 0; i--) {
		if (key->secrets[i - 1].retires == 0)
			return &key->secrets[i - 1];
	}
	return NULL;
}

void portal_tell(struct portal_request *request, unsigned int status, const char *title, const char *sentence)
{
	html_done(&request->html);
	request->location[0] = '\0';
	request->status = status;
	page_begin(request, title);
	html_print(&request->html, "<p class=\"said\">");
	page_text(&request->html, sentence, request->now, false);
	html_print(&request->html, "</p><p><a href=\"/portal\">%s</a></p>",
		   request->who ? "Back to the keys" : "To the keys");
	page_end(request);
}

const char *portal_said(struct portal_request *request)
{
	sentence_for_http(apikey_admin_message(request->admin), NULL, request->said);
	return request->said;
}

const char *portal_complaint(struct portal_request *request, int r)
{
	if (r <= 0 || r == APIKEY_BAD_CREDENTIAL || r == APIKEY_DAEMON_UNAVAILABLE || r == APIKEY_STORE_FAILED)
		return NULL;
	return portal_said(request);
}

bool portal_succeeded(struct portal_request *request, int r)
{
	static const struct {
		int answer;
		unsigned int status;
		const char *title;
	} told[] = {
		{ APIKEY_INVALID, 400, "That cannot be done" },  { APIKEY_NOT_FOUND, 404, "Nothing here" },
		{ APIKEY_EXISTS, 409, "That is there already" }, { APIKEY_NOT_PERMITTED, 403, "Not permitted" },
		{ APIKEY_WRONG_STATE, 409, "Not any more" },     { APIKEY_STORE_FAILED, 503, "Not now" },
		{ APIKEY_DAEMON_UNAVAILABLE, 503, "Not now" },   { APIKEY_BUSY, 429, "Not now" },
	};

	if (r == 0)
		return true;
	if (r == APIKEY_BAD_CREDENTIAL) {
		(void)portal_cookie_write("", request->secure, request->set_cookie);
		portal_go(request, PORTAL "/sign-in?ended=1");
		return false;
	}
	for (size_t i = 0; i < ARRAY_SIZE(told); i++) {
		if (told[i].answer == r) {
			portal_tell(request, told[i].status, told[i].title, portal_said(request));
			return false;
		}
	}
	if (r == -ENOMEM || r == -EINVAL)
		portal_tell(request, r == -EINVAL ? 400 : 500, "It did not work",
			    r == -EINVAL ? "Something in this form is too long, or missing."
					 : "The portal is short of memory.");
	else
		portal_tell(request, 503, "Not now", "The key service did not answer. Try again in a moment.");
	return false;
}
