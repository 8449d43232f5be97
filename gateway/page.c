/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "gateway/page.h"

#include <string.h>

#include "common/cleanup.h"
#include "proto/verdict.h"

#define API "/v1/"
#define ORIGIN "Access-Control-Allow-Origin"
/* Any, since the key decides and not where the page is from; and with this one a browser takes no answer to a request
 * that carried cookies. */
#define ANY "*"
/* What of a request is not a page's to set unless it is named. */
#define HEADERS "Authorization, X-API-KEY, Content-Type, Idempotency-Key, X-Correlation-ID, x-account-id, x-tenant-id"

const struct exchange_field page_fields[PAGE_FIELDS] = {
	{ ORIGIN, ANY },
	{ "Access-Control-Expose-Headers", "Idempotency-Replayed, Retry-After, WWW-Authenticate, X-Correlation-ID" },
};

bool page_is_refused(const char *reason)
{
	return strcmp(reason, reason_name(REASON_NOT_CLIENT_SIDE)) == 0;
}

bool page_answer_preflight(struct exchange *exchange, const char *methods)
{
	const struct exchange_field fields[] = {
		{ ORIGIN, ANY },
		{ "Access-Control-Allow-Methods", methods },
		{ "Access-Control-Allow-Headers", HEADERS },
		{ "Access-Control-Max-Age", "600" },
	};

	if (strcmp(exchange->method, "OPTIONS") != 0 || strncmp(exchange->path, API, strlen(API)) != 0 ||
	    !exchange_header(exchange, "Origin") || !exchange_header(exchange, "Access-Control-Request-Method"))
		return false;
	exchange_answer_empty(exchange, 204, fields, ARRAY_SIZE(fields));
	return true;
}
