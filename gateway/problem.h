/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What can be wrong with a request, each with its code for programs, its status and its sentence; and the two forms of
 * the body that tells it:
 *
 *     {"timestamp":1569248349,"correlationId":"…","errors":[{"errorCode":"KEY_NOT_FOUND","message":"…"}]}
 *
 * and, for Accept: application/problem+json, that of RFC 9457. Pure.
 */
#ifndef APIKEYD_GATEWAY_PROBLEM_H
#define APIKEYD_GATEWAY_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/verdict.h"

enum problem {
	PROBLEM_INTERNAL = 0, /* what forgotten memory holds is a refusal */
	PROBLEM_AUTHORIZATION_IS_REQUIRED,
	PROBLEM_HMAC_INVALID,
	PROBLEM_HMAC_EXPIRED,
	PROBLEM_HMAC_NONCE_ALREADY_USED,
	PROBLEM_ACCESS_TOKEN_INVALID,
	PROBLEM_ACCESS_TOKEN_EXPIRED,
	PROBLEM_ACCESS_TOKEN_ALREADY_USED,
	PROBLEM_ACCOUNT_ID_IS_REQUIRED,
	PROBLEM_TENANT_ID_IS_REQUIRED,
	PROBLEM_ACCESS_DENIED,
	PROBLEM_ROLES_INVALID,
	PROBLEM_NAME_INVALID,
	PROBLEM_KEY_NOT_FOUND,
	PROBLEM_INVALID_REQUEST,
	PROBLEM_NOT_FOUND,
	PROBLEM_METHOD_NOT_ALLOWED,
	PROBLEM_CONFLICT,
	PROBLEM_CONTENT_TOO_LARGE,
	PROBLEM_UNSUPPORTED_MEDIA_TYPE,
	PROBLEM_TOO_MANY_REQUESTS,
	PROBLEM_SERVICE_UNAVAILABLE,
	PROBLEM_COUNT,
};

/* 401, … */
unsigned int problem_status(enum problem problem);

/* "KEY_NOT_FOUND", … Static. */
const char *problem_code(enum problem problem);

/* One sentence for a person. Static. */
const char *problem_sentence(enum problem problem);

/* What the WWW-Authenticate header says (RFC 6750, section 3); NULL where there is none. Static. */
const char *problem_challenge(enum problem problem);

/*
 * What a refused credential is told: an unknown key and a wrong secret are one, as are all reasons that would tell more
 * of a key than that it is not let in. reason: its name, "" where it was not disclosed. hmac: an HMAC token was shown.
 */
enum problem problem_of_refusal(enum verdict verdict, const char *reason, bool hmac);

/* The body, malloc'ed and ending in a NUL; NULL where there is no memory. message NULL: problem_sentence(). now:
 * seconds. */
char *problem_body(enum problem problem, const char *message, const char *correlation_id, int64_t now);
char *problem_body_rfc9457(enum problem problem, const char *message, const char *correlation_id);

#endif
