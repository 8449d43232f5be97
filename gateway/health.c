/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "gateway/health.h"

#include <string.h>

#include "gateway/exchange.h"
#include "gateway/gateway.h"
#include "gateway/upstream.h"

void health_handle(struct exchange *exchange, struct gateway *gateway, const struct route_parameters *parameters)
{
	(void)parameters;
	if (upstream_is_there(gateway->upstream))
		exchange_answer_text(exchange, 200, "text/plain", strdup("ok\n"), NULL, 0);
	else
		exchange_answer_problem(exchange, PROBLEM_SERVICE_UNAVAILABLE, NULL);
}
