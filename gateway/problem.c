/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "gateway/problem.h"

#include <jansson.h>
#include <string.h>

#include "common/cleanup.h"
#include "gateway/json.h"

#define CHALLENGE "Bearer realm=\"apikeyd\""
#define INVALID_TOKEN CHALLENGE ", error=\"invalid_token\""
#define INSUFFICIENT_SCOPE CHALLENGE ", error=\"insufficient_scope\""
#define INVALID_REQUEST CHALLENGE ", error=\"invalid_request\""

static const struct entry {
	unsigned int status;
	const char *code, *challenge, *sentence;
} entries[PROBLEM_COUNT] = {
	[PROBLEM_INTERNAL] = { 500, "INTERNAL_ERROR", NULL, "The gateway has failed; its log says more." },
	/* Who brings nothing is told no error (RFC 6750, section 3.1). */
	[PROBLEM_AUTHORIZATION_IS_REQUIRED] = { 401, "AUTHORIZATION_IS_REQUIRED", CHALLENGE,
						"There is no credential; send one in the Authorization header." },
	[PROBLEM_HMAC_INVALID] = { 401, "HMAC_INVALID", INVALID_TOKEN,
				   "The HMAC token is not good: its key is not known, not in use, or did not make this "
				   "signature." },
	[PROBLEM_HMAC_EXPIRED] = { 401, "HMAC_EXPIRED", INVALID_TOKEN,
				   "The time in the HMAC token is too far from the present; look at this host's clock "
				   "and yours." },
	[PROBLEM_HMAC_NONCE_ALREADY_USED] = { 401, "HMAC_NONCE_ALREADY_USED", INVALID_TOKEN,
					      "The nonce was used before; each HMAC token takes one of its own." },
	[PROBLEM_ACCESS_TOKEN_INVALID] = { 401, "ACCESS_TOKEN_INVALID", INVALID_TOKEN,
					   "The token is not good: it is not known, or not in use." },
	[PROBLEM_ACCESS_TOKEN_EXPIRED] = { 401, "ACCESS_TOKEN_EXPIRED", INVALID_TOKEN,
					   "The access token has ended; get another one." },
	[PROBLEM_ACCESS_TOKEN_ALREADY_USED] = { 401, "ACCESS_TOKEN_ALREADY_USED", INVALID_TOKEN,
						"The access token was used before; each is good once." },
	[PROBLEM_ACCOUNT_ID_IS_REQUIRED] = { 400, "ACCOUNT_ID_IS_REQUIRED", NULL, "There is no x-account-id header." },
	[PROBLEM_TENANT_ID_IS_REQUIRED] = { 400, "TENANT_ID_IS_REQUIRED", NULL, "There is no x-tenant-id header." },
	[PROBLEM_ACCESS_DENIED] = { 403, "ACCESS_DENIED", INSUFFICIENT_SCOPE,
				    "The credential is good, and does not permit this." },
	[PROBLEM_ROLES_INVALID] = { 400, "ROLES_INVALID", NULL, "A role does not exist, or is not one for this key." },
	[PROBLEM_NAME_INVALID] = { 400, "NAME_INVALID", NULL, "The name is none, or in use." },
	[PROBLEM_KEY_NOT_FOUND] = { 404, "KEY_NOT_FOUND", NULL, "There is no such key." },
	[PROBLEM_INVALID_REQUEST] = { 400, "INVALID_REQUEST", INVALID_REQUEST, "The request is malformed." },
	[PROBLEM_NOT_FOUND] = { 404, "NOT_FOUND", NULL, "There is nothing at this path." },
	[PROBLEM_METHOD_NOT_ALLOWED] = { 405, "METHOD_NOT_ALLOWED", NULL,
					 "This path is not asked by this method; Allow says by which." },
	[PROBLEM_CONFLICT] = { 409, "CONFLICT", NULL, "It is not in a state for that." },
	[PROBLEM_CONTENT_TOO_LARGE] = { 413, "CONTENT_TOO_LARGE", NULL, "The body is longer than 64 KiB." },
	[PROBLEM_UNSUPPORTED_MEDIA_TYPE] = { 415, "UNSUPPORTED_MEDIA_TYPE", NULL,
					     "The body is not of the type that is expected here." },
	[PROBLEM_TOO_MANY_REQUESTS] = { 429, "TOO_MANY_REQUESTS", NULL,
					"There were too many failures; try again in a minute." },
	[PROBLEM_SERVICE_UNAVAILABLE] = { 503, "SERVICE_UNAVAILABLE", NULL,
					  "Nobody can decide this now; try again in a moment." },
};

static const struct entry *entry_of(enum problem problem)
{
	return &entries[(unsigned int)problem < PROBLEM_COUNT ? problem : PROBLEM_INTERNAL];
}

unsigned int problem_status(enum problem problem)
{
	return entry_of(problem)->status;
}

const char *problem_code(enum problem problem)
{
	return entry_of(problem)->code;
}

const char *problem_sentence(enum problem problem)
{
	return entry_of(problem)->sentence;
}

const char *problem_challenge(enum problem problem)
{
	return entry_of(problem)->challenge;
}

enum problem problem_of_refusal(enum verdict verdict, const char *reason, bool hmac)
{
	static const struct {
		enum reason reason;
		enum problem problem;
	} told[] = {
		{ REASON_STALE_TIMESTAMP, PROBLEM_HMAC_EXPIRED },
		{ REASON_REPLAYED, PROBLEM_HMAC_NONCE_ALREADY_USED },
		{ REASON_TOKEN_EXPIRED, PROBLEM_ACCESS_TOKEN_EXPIRED },
		{ REASON_TOKEN_USED, PROBLEM_ACCESS_TOKEN_ALREADY_USED },
		/* The credential is good, elsewhere. */
		{ REASON_WRONG_SERVICE, PROBLEM_ACCESS_DENIED },
		{ REASON_WRONG_SOURCE, PROBLEM_ACCESS_DENIED },
		{ REASON_WRONG_TENANT, PROBLEM_ACCESS_DENIED },
		{ REASON_WRONG_USER, PROBLEM_ACCESS_DENIED },
	};

	for (size_t i = 0; i < ARRAY_SIZE(told); i++) {
		if (strcmp(reason, reason_name(told[i].reason)) == 0)
			return told[i].problem;
	}
	switch (verdict) {
	case VERDICT_FORBIDDEN:
		return PROBLEM_ACCESS_DENIED;
	case VERDICT_THROTTLED:
		return PROBLEM_TOO_MANY_REQUESTS;
	case VERDICT_UNAVAILABLE:
		return PROBLEM_SERVICE_UNAVAILABLE;
	default:
		return hmac ? PROBLEM_HMAC_INVALID : PROBLEM_ACCESS_TOKEN_INVALID;
	}
}

/* Takes the value over. */
static char *dump(json_t *value)
{
	char *text = json_write(value);

	json_decref(value);
	return text;
}

char *problem_body(enum problem problem, const char *message, const char *correlation_id, int64_t now)
{
	return dump(json_pack("{s:I, s:s, s:[{s:s, s:o}]}", "timestamp", (json_int_t)now, "correlationId",
			      correlation_id, "errors", "errorCode", problem_code(problem), "message",
			      json_text(message ? message : problem_sentence(problem))));
}

char *problem_body_rfc9457(enum problem problem, const char *message, const char *correlation_id)
{
	return dump(json_pack("{s:s, s:s, s:i, s:o, s:s}", "type", "about:blank", "title", problem_code(problem),
			      "status", (int)problem_status(problem), "detail",
			      json_text(message ? message : problem_sentence(problem)), "correlationId",
			      correlation_id));
}
