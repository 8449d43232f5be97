/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "gateway/oauth.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "gateway/acting.h"
#include "gateway/calls.h"
#include "gateway/exchange.h"
#include "gateway/gateway.h"
#include "gateway/json.h"
#include "gateway/problem.h"
#include "gateway/source.h"
#include "gateway/urlencoded.h"
#include "lib/apikey.h"
#include "proto/credential.h"

#define JSON "application/json"

/* What one of the two does with a token. */
struct oauth_request;
typedef int (*oauth_call)(struct apikey_admin *admin, struct oauth_request *request);

struct oauth_request {
	struct exchange *exchange;
	struct urlencoded form;
	const char *token;        /* points into the form */
	char source[SOURCE_SIZE]; /* "": who connected to a Unix socket */
	oauth_call call;
	bool page, admitted; /* a page in a browser asks; the daemon has taken its credential */
	bool done;
	enum problem refusal; /* how it is told that it was not done */
	const char *sentence; /* the same; NULL: the problem's own */
	struct apikey_introspection *introspection;
};

static void oauth_request_free(struct oauth_request *request)
{
	urlencoded_done(&request->form);
	apikey_introspection_free(request->introspection);
	free(request);
}

/* ---- in a thread ---- */

static int look_at_token(struct apikey_admin *admin, struct oauth_request *request)
{
	return apikey_introspect(admin, request->token, &request->introspection);
}

static int end_token(struct apikey_admin *admin, struct oauth_request *request)
{
	struct apikey_token_state *state = NULL;
	int r = apikey_token_revoke(admin, request->token, NULL, &state);

	apikey_token_state_free(state);
	return r;
}

/* What is no token, or nobody's, is inactive, and ended. */
static bool is_done(int result)
{
	return result == 0 || result == -EINVAL || result == APIKEY_INVALID || result == APIKEY_NOT_FOUND;
}

/* What is asked here is asked with the credential of the request, which may be good once. */
static void work(struct apikey_admin *admin, void *data)
{
	struct oauth_request *request = data;
	const struct exchange *exchange = request->exchange;
	const struct acting_proof proof = {
		.credential = exchange->authorization.credential.data,
		.hmac = authorization_is_hmac(&exchange->authorization),
		.body = exchange->body,
		.body_size = exchange->body_size,
		.source = request->source[0] != '\0' ? request->source : NULL,
		.page = request->page,
		.directly = true,
	};
	struct apikey_signin *signin = NULL;
	int r;

	request->refusal = PROBLEM_SERVICE_UNAVAILABLE;
	if (!admin)
		return;
	r = acting_begin(admin, &proof, &signin);
	request->admitted = r == 0;
	if (r == 0) {
		r = request->call(admin, request);
		request->done = is_done(r);
	}
	request->refusal = acting_refusal(admin, r, proof.hmac);
	request->sentence = acting_sentence(admin, r);
	acting_end(admin, signin);
}

/* ---- the answer ---- */

/* As RFC 6749, section 5.2, has it. */
static void answer_fault(struct exchange *exchange, const char *error, const char *sentence)
{
	json_t *body = json_pack("{s:s, s:s}", "error", error, "error_description", sentence);
	char *text = json_write(body);

	json_decref(body);
	exchange_answer_text(exchange, 400, JSON, text, NULL, 0);
}

static void set_text(json_t *body, const char *name, const char *text)
{
	if (text[0] != '\0')
		(void)json_object_set_new(body, name, json_string(text));
}

static void set_time(json_t *body, const char *name, int64_t time)
{
	if (time > 0 && time != TIME_NEVER)
		(void)json_object_set_new(body, name, json_integer((json_int_t)time));
}

/* NULL: no memory. */
static char *describe(const struct apikey_introspection *introspection)
{
	bool active = introspection && introspection->active;
	json_t *body = json_pack("{s:b}", "active", active);
	char *text;

	if (!body)
		return NULL;
	if (active) {
		set_text(body, "scope", introspection->permissions);
		set_text(body, "client_id", introspection->key_id);
		set_text(body, "username", introspection->owner);
		set_text(body, "token_type", "Bearer");
		set_time(body, "exp", introspection->expires);
		set_time(body, "iat", introspection->issued);
		set_time(body, "nbf", introspection->not_before);
		set_text(body, "sub", introspection->key_id);
		set_text(body, "jti", introspection->token_id);
		set_text(body, "accountId", introspection->account);
		set_text(body, "tenantId", introspection->tenant);
	}
	text = json_write(body);
	json_decref(body);
	return text;
}

static void answer_done(const struct oauth_request *request)
{
	if (request->call == look_at_token)
		exchange_answer_text(request->exchange, 200, JSON, describe(request->introspection), NULL, 0);
	else
		exchange_answer_empty(request->exchange, 200, NULL, 0);
}

static void done(void *data)
{
	struct oauth_request *request = data;

	request->exchange->for_page = request->page && request->admitted;
	if (request->done)
		answer_done(request);
	else
		exchange_answer_problem(request->exchange, request->refusal, request->sentence);
	oauth_request_free(request);
}

/* ---- the request ---- */

/* False: it was answered. */
static bool read_form(struct oauth_request *request)
{
	struct exchange *exchange = request->exchange;
	const char *fault = NULL;
	int r = urlencoded_read(exchange->body ? exchange->body : "", exchange->body_size, &request->form, &fault);

	if (r == -EINVAL)
		answer_fault(exchange, "invalid_request", fault);
	else if (r < 0)
		exchange_answer_problem(exchange, PROBLEM_INTERNAL, NULL);
	if (r < 0)
		return false;
	request->token = urlencoded_find(&request->form, "token");
	if (!request->token || request->token[0] == '\0') {
		answer_fault(exchange, "invalid_request", "There is no token in the form.");
		return false;
	}
	return true;
}

/* A key is no token that was issued for a while: who ends keys does so by their ids. */
static bool refuse_key(const struct oauth_request *request)
{
	const char *token = request->token;

	if (request->call != end_token || credential_classify(token, strlen(token)).kind != CREDENTIAL_OPAQUE)
		return false;
	answer_fault(request->exchange, "unsupported_token_type",
		     "This is a key, and no access token: it is ended by its id.");
	return true;
}

/* Whether a request with a body of that size may be one; size: its own, or what its length is said to be. False: it was
 * answered. */
static bool check(struct exchange *exchange, unsigned long long size)
{
	char sentence[64];

	if (exchange->authorization.scheme == AUTHORIZATION_NONE) {
		exchange_answer_problem(exchange, PROBLEM_AUTHORIZATION_IS_REQUIRED, NULL);
		return false;
	}
	if (size > APIKEY_SIGNED_BODY_MAX && authorization_is_hmac(&exchange->authorization)) {
		snprintf(sentence, sizeof(sentence), "A body that is signed has %d bytes at most.",
			 APIKEY_SIGNED_BODY_MAX);
		exchange_answer_problem(exchange, PROBLEM_CONTENT_TOO_LARGE, sentence);
		return false;
	}
	if (!exchange_is_form(exchange)) {
		exchange_answer_problem(exchange, PROBLEM_UNSUPPORTED_MEDIA_TYPE,
					"The body has to be a form: " EXCHANGE_FORM ".");
		return false;
	}
	return true;
}

void oauth_preview(struct exchange *exchange)
{
	(void)check(exchange, exchange_length(exchange));
}

static void handle(struct exchange *exchange, struct gateway *gateway, oauth_call call)
{
	struct oauth_request *request;
	char room[SOURCE_SIZE];
	const char *source;

	if (!check(exchange, exchange->body_size))
		return;
	request = calloc(1, sizeof(*request));
	if (!request) {
		exchange_answer_problem(exchange, PROBLEM_INTERNAL, NULL);
		return;
	}
	*request =
		(struct oauth_request){ .exchange = exchange, .call = call, .page = exchange_is_from_page(exchange) };
	source = source_of(exchange, &gateway->proxies, room);
	if (source)
		snprintf(request->source, sizeof(request->source), "%s", source);
	if (!read_form(request) || refuse_key(request)) {
		oauth_request_free(request);
		return;
	}
	if (calls_submit(gateway->calls, CALLS_API, work, done, request) == 0)
		return;
	exchange_answer_problem(exchange, PROBLEM_SERVICE_UNAVAILABLE, NULL);
	oauth_request_free(request);
}

void oauth_introspect(struct exchange *exchange, struct gateway *gateway, const struct route_parameters *parameters)
{
	(void)parameters;
	handle(exchange, gateway, look_at_token);
}

void oauth_revoke(struct exchange *exchange, struct gateway *gateway, const struct route_parameters *parameters)
{
	(void)parameters;
	handle(exchange, gateway, end_token);
}
