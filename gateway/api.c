/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "gateway/api.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "gateway/acting.h"
#include "gateway/calls.h"
#include "gateway/exchange.h"
#include "gateway/gateway.h"
#include "gateway/json.h"
#include "gateway/sentence.h"
#include "proto/permission.h"

/* ---- answers ---- */

void api_answer(struct api_call *call, unsigned int status, json_t *answer)
{
	call->answered = true;
	call->status = answer ? status : 0;
	call->answer = answer;
}

void api_answer_nothing(struct api_call *call)
{
	call->answered = true;
	call->status = 204;
}

void api_refuse(struct api_call *call, enum problem problem, const char *format, ...)
{
	va_list arguments;

	call->answered = true;
	call->problem = problem;
	call->message[0] = '\0';
	if (!format)
		return;
	va_start(arguments, format);
	vsnprintf(call->message, sizeof(call->message), format, arguments);
	va_end(arguments);
}

/* What the daemon says, as a sentence. */
static void refuse_with_message(struct api_call *call, enum problem problem)
{
	char sentence[SENTENCE_SIZE];

	sentence_for_http(apikey_admin_message(call->admin), "?withKeys=true", sentence);
	if (sentence[0] == '\0')
		api_refuse(call, problem, NULL);
	else
		api_refuse(call, problem, "%s", sentence);
}

static void refuse_acting(struct api_call *call, int result)
{
	const char *sentence = acting_sentence(call->admin, result);
	enum problem problem = acting_refusal(call->admin, result, call->hmac);

	if (sentence)
		api_refuse(call, problem, "%s", sentence);
	else
		api_refuse(call, problem, NULL);
}

/* What exists already is, for who makes something, the name. Where the request said that it may be a repetition, the
 * text for that may be the one that is in use. */
static enum problem problem_of_existing(const struct api_call *call)
{
	return call->idempotency_key ? PROBLEM_CONFLICT : PROBLEM_NAME_INVALID;
}

void api_fail(struct api_call *call, int result)
{
	bool keys = (call->operation->traits & API_OF_KEYS) != 0;

	switch (result) {
	case -EINVAL:
		api_refuse(call, PROBLEM_INVALID_REQUEST, "Something in the request is longer than it can be.");
		break;
	case APIKEY_INVALID:
		refuse_with_message(call, PROBLEM_INVALID_REQUEST);
		break;
	case APIKEY_NOT_FOUND:
		api_refuse(call, keys ? PROBLEM_KEY_NOT_FOUND : PROBLEM_NOT_FOUND, NULL);
		break;
	case APIKEY_EXISTS:
		refuse_with_message(call, problem_of_existing(call));
		break;
	case APIKEY_NOT_PERMITTED:
		refuse_with_message(call, PROBLEM_ACCESS_DENIED);
		break;
	case APIKEY_BUSY:
		refuse_with_message(call, PROBLEM_TOO_MANY_REQUESTS);
		break;
	case APIKEY_WRONG_STATE:
		refuse_with_message(call, PROBLEM_CONFLICT);
		break;
	default:
		refuse_acting(call, result);
		break;
	}
}

bool api_needs(struct api_call *call, const char *permission)
{
	if (permission_query_holds(permission, call->signin->permissions))
		return true;
	api_refuse(call, PROBLEM_ACCESS_DENIED, "This takes the permission %s.", permission);
	return false;
}

/* ---- in a thread ---- */

static bool sign_in(struct api_call *call)
{
	const struct acting_proof proof = {
		.credential = call->credential,
		.hmac = call->hmac,
		.body = call->body_bytes,
		.body_size = call->body_size,
		.user = call->user,
		.account = call->account,
		.tenant = call->tenant,
		.source = call->source,
		.agent = call->agent,
		.page = call->page,
	};
	int r = acting_begin(call->admin, &proof, &call->signin);

	if (r != 0)
		api_fail(call, r);
	call->admitted = r == 0;
	return r == 0;
}

static void work(struct apikey_admin *admin, void *data)
{
	struct api_call *call = data;

	call->admin = admin;
	if (!admin) {
		api_refuse(call, PROBLEM_SERVICE_UNAVAILABLE, NULL);
	} else if (call->operation->traits & API_PROOF) {
		call->operation->run(call);
	} else {
		if (sign_in(call))
			call->operation->run(call);
		acting_end(call->admin, call->signin);
		call->signin = NULL;
	}
	call->admin = NULL;
}

/* ---- in the loop ---- */

static void call_free(struct api_call *call)
{
	api_body_done(&call->body);
	json_decref(call->answer);
	free(call);
}

/* Ends the exchange, and the call. */
static void send_answer(struct api_call *call)
{
	const struct exchange_field fields[] = {
		{ "Idempotency-Replayed", call->repeated ? "true" : NULL },
	};
	char *text;

	call->exchange->for_page = call->page && call->admitted;
	if (call->status == 0) {
		exchange_answer_problem(call->exchange, call->problem, *call->message ? call->message : NULL);
	} else if (!call->answer) {
		exchange_answer_empty(call->exchange, call->status, NULL, 0);
	} else {
		text = json_write(call->answer);
		exchange_answer_text(call->exchange, call->status, "application/json", text, fields,
				     ARRAY_SIZE(fields));
	}
	call_free(call);
}

static void on_done(void *data)
{
	struct api_call *call = data;

	if (!call->answered && call->operation->finish)
		call->operation->finish(call);
	else
		send_answer(call);
}

void api_finish(struct api_call *call)
{
	send_answer(call);
}

/* NULL: it has been answered. */
static struct api_call *call_new(struct exchange *exchange, struct gateway *gateway,
				 const struct api_operation *operation)
{
	struct api_call *call = calloc(1, sizeof(*call));

	if (!call) {
		exchange_answer_problem(exchange, PROBLEM_INTERNAL, NULL);
		return NULL;
	}
	call->operation = operation;
	call->exchange = exchange;
	call->gateway = gateway;
	return call;
}

void api_preview(struct exchange *exchange, struct gateway *gateway, const struct route_parameters *parameters,
		 const struct api_operation *operation)
{
	struct api_call *call = call_new(exchange, gateway, operation);

	if (!call)
		return;
	if (api_request_read_head(call, parameters))
		call_free(call);
	else
		send_answer(call);
}

void api_handle(struct exchange *exchange, struct gateway *gateway, const struct route_parameters *parameters,
		const struct api_operation *operation)
{
	struct api_call *call = call_new(exchange, gateway, operation);
	int r;

	if (!call)
		return;
	if (!api_request_read(call, parameters)) {
		send_answer(call);
		return;
	}
	r = calls_submit(gateway->calls, CALLS_API, work, on_done, call);
	if (r == 0)
		return;
	api_refuse(call, r == -ENOMEM ? PROBLEM_INTERNAL : PROBLEM_SERVICE_UNAVAILABLE, NULL);
	send_answer(call);
}
