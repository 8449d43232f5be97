/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "gateway/auth.h"

#include <errno.h>
#include <string.h>

#include "common/cleanup.h"
#include "gateway/exchange.h"
#include "gateway/gateway.h"
#include "gateway/source.h"
#include "gateway/upstream.h"
#include "lib/apikey.h"
#include "proto/verdict.h"
#include "proto/wire.h"

/* A header longer than this would not fit a proxy's buffers; who needs all permissions asks for each. */
#define PERMISSIONS_MAX 2048

static void grant(struct exchange *exchange, const struct apikey_result *result)
{
	const struct exchange_field fields[] = {
		{ "X-Api-Key-Id", result->key_id },
		{ "X-Api-User", result->owner },
		{ "X-Api-Tenant", result->tenant },
		{ "X-Api-Permissions", strlen(result->permissions) <= PERMISSIONS_MAX ? result->permissions : NULL },
	};

	exchange_answer_empty(exchange, 200, fields, ARRAY_SIZE(fields));
}

static void refuse(struct exchange *exchange, const struct apikey_result *result)
{
	exchange_answer_problem(exchange,
				problem_of_refusal((enum verdict)result->verdict, result->reason,
						   authorization_is_hmac(&exchange->authorization)),
				NULL);
}

static void on_verdict(void *data, const struct apikey_result *result)
{
	struct exchange *exchange = data;

	if (result->verdict == APIKEY_GRANTED)
		grant(exchange, result);
	else
		refuse(exchange, result);
}

void auth_handle(struct exchange *exchange, struct gateway *gateway, const struct route_parameters *parameters)
{
	char source[SOURCE_SIZE];
	const char *tenant = urlencoded_find(&exchange->query, "tenant");
	const struct authorization *authorization = &exchange->authorization;
	const struct apikey_request request = {
		.size = sizeof(request),
		.credential = authorization->credential.data,
		.service = urlencoded_find(&exchange->query, "service"),
		.permission = urlencoded_find(&exchange->query, "permission"),
		.tenant = tenant ? tenant : WIRE_ANY_TENANT,
		.user = authorization->user[0] != '\0' ? authorization->user : NULL,
		.rhost = source_of(exchange, &gateway->proxies, source),
	};
	int r;

	(void)parameters;
	if (!request.service || !request.permission) {
		exchange_answer_problem(exchange, PROBLEM_INVALID_REQUEST,
					"The proxy has to name ?permission= and &service=.");
		return;
	}
	if (authorization->scheme == AUTHORIZATION_NONE) {
		exchange_answer_problem(exchange, PROBLEM_AUTHORIZATION_IS_REQUIRED, NULL);
		return;
	}
	r = upstream_verify(gateway->upstream, &request, on_verdict, exchange);
	if (r == -EINVAL)
		exchange_answer_problem(exchange, PROBLEM_INVALID_REQUEST,
					"The permission, service or tenant is too long, or empty.");
	else if (r < 0)
		exchange_answer_problem(exchange, PROBLEM_SERVICE_UNAVAILABLE, NULL);
}
