/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What there is: one table of methods, paths and handlers. A path matches whole and letter for letter; "{id}" stands
 * for one segment.
 */
#ifndef APIKEYD_GATEWAY_ROUTES_H
#define APIKEYD_GATEWAY_ROUTES_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/exchange.h"

#define ROUTES_PARAMETERS_MOST 2

struct gateway;

/* The segments of a path that stood for something: pointers into it, without a NUL behind them. */
struct route_parameters {
	struct {
		const char *text;
		size_t size;
	} values[ROUTES_PARAMETERS_MOST];
	size_t count;
};

/* Whether a path is of the pattern, and the parameters it has then. */
bool routes_match(const char *pattern, const char *path, struct route_parameters *ret_parameters);

/* Two of server_handler; data is struct gateway. The first one refuses what will be refused whatever the body is. */
void routes_preview(struct exchange *exchange, void *data);
void routes_dispatch(struct exchange *exchange, void *data);

#endif
