/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "gateway/document.h"

#include <string.h>

#include "gateway/exchange.h"

void document_handle(struct exchange *exchange, struct gateway *gateway, const struct route_parameters *parameters)
{
	(void)gateway;
	(void)parameters;
	exchange_answer_text(exchange, 200, "application/json", strdup(document_text), NULL, 0);
}
