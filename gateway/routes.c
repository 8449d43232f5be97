/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "gateway/routes.h"

#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "gateway/api.h"
#include "gateway/auth.h"
#include "gateway/document.h"
#include "gateway/gateway.h"
#include "gateway/health.h"
#include "gateway/metrics.h"
#include "gateway/oauth.h"
#include "gateway/portal.h"

#define ALLOW_SIZE 64

typedef void (*route_handler)(struct exchange *exchange, struct gateway *gateway,
			      const struct route_parameters *parameters);

/* HEAD is asked like GET, and the library leaves the body out. Without a method, any will do: some proxies ask with
 * their client's. */
static const struct route {
	const char *method, *path;
	route_handler handler;
} routes[] = {
	{ NULL, "/v1/auth", auth_handle },
	{ "GET", "/healthz", health_handle },
	{ "GET", "/metrics", metrics_handle },
	{ "GET", "/openapi.json", document_handle },
	{ "POST", "/v1/introspect", oauth_introspect },
	{ "POST", "/v1/revoke", oauth_revoke },
};

bool routes_match(const char *pattern, const char *path, struct route_parameters *ret_parameters)
{
	struct route_parameters parameters = { .count = 0 };

	while (*pattern && *path) {
		if (*pattern == '{') {
			size_t size = strcspn(path, "/");

			if (size == 0 || parameters.count == ROUTES_PARAMETERS_MOST)
				return false;
			parameters.values[parameters.count].text = path;
			parameters.values[parameters.count++].size = size;
			path += size;
			pattern += strcspn(pattern, "}") + 1;
		} else if (*pattern++ != *path++) {
			return false;
		}
	}
	if (*pattern || *path)
		return false;
	*ret_parameters = parameters;
	return true;
}

/* The methods that a path is asked by, for who asked by another one. */
struct allowed {
	char text[ALLOW_SIZE];
	size_t length;
};

/* Whether method is the one that is wanted, NULL: any; else that is noted. */
static bool is_method(const char *wanted, const char *method, struct allowed *allowed)
{
	if (!wanted || strcmp(wanted, method) == 0 || (strcmp(method, "HEAD") == 0 && strcmp(wanted, "GET") == 0))
		return true;
	allowed->length += (size_t)snprintf(allowed->text + allowed->length, sizeof(allowed->text) - allowed->length,
					    "%s%s", allowed->length > 0 ? ", " : "", wanted);
	return false;
}

static bool dispatch_operation(struct exchange *exchange, struct gateway *gateway, struct allowed *allowed)
{
	struct route_parameters parameters;
	const struct api_operation *operation;

	for (size_t i = 0; (operation = api_operation_at(i)); i++) {
		if (!routes_match(operation->path, exchange->path, &parameters) ||
		    !is_method(operation->method, exchange->method, allowed))
			continue;
		api_handle(exchange, gateway, &parameters, operation);
		return true;
	}
	return false;
}

void routes_dispatch(struct exchange *exchange, void *data)
{
	struct route_parameters parameters;
	struct allowed allowed = { .length = 0 };

	/* It has a table of its own, since it answers with pages whatever is wrong. */
	if (portal_owns(exchange->path)) {
		portal_dispatch(exchange, data);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(routes); i++) {
		if (!routes_match(routes[i].path, exchange->path, &parameters) ||
		    !is_method(routes[i].method, exchange->method, &allowed))
			continue;
		routes[i].handler(exchange, data, &parameters);
		return;
	}
	if (dispatch_operation(exchange, data, &allowed))
		return;
	if (allowed.length == 0)
		exchange_answer_problem(exchange, PROBLEM_NOT_FOUND, NULL);
	else
		exchange_answer_methods(exchange, allowed.text);
}
