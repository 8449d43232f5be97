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
#include "gateway/page.h"
#include "gateway/portal.h"
#include "gateway/portal_routes.h"

#define ALLOW_SIZE 64

typedef void (*route_handler)(struct exchange *exchange, struct gateway *gateway,
			      const struct route_parameters *parameters);

/* What only the credential is needed for. */
static void ask_for_credential(struct exchange *exchange)
{
	if (exchange->authorization.scheme == AUTHORIZATION_NONE)
		exchange_answer_problem(exchange, PROBLEM_AUTHORIZATION_IS_REQUIRED, NULL);
}

/* HEAD is asked like GET, and the library leaves the body out. Without a method, any will do: some proxies ask with
 * their client's. preview refuses before the body comes; NULL: there is nothing to refuse. */
static const struct route {
	const char *method, *path;
	route_handler handler;
	void (*preview)(struct exchange *exchange);
	bool reads_body;
} routes[] = {
	{ NULL, "/v1/auth", auth_handle, ask_for_credential, false },
	{ "GET", "/healthz", health_handle, NULL, false },
	{ "GET", "/metrics", metrics_handle, NULL, false },
	{ "GET", "/openapi.json", document_handle, NULL, false },
	{ "POST", "/v1/introspect", oauth_introspect, oauth_preview, true },
	{ "POST", "/v1/revoke", oauth_revoke, oauth_preview, true },
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

/* What a request asks for: one of the two, or neither. */
struct match {
	const struct route *route;
	const struct api_operation *operation;
	struct route_parameters parameters;
	struct allowed allowed;
};

static void find(const struct exchange *exchange, struct match *ret_match)
{
	const struct api_operation *operation;

	*ret_match = (struct match){ .route = NULL };
	for (size_t i = 0; i < ARRAY_SIZE(routes); i++) {
		if (!routes_match(routes[i].path, exchange->path, &ret_match->parameters) ||
		    !is_method(routes[i].method, exchange->method, &ret_match->allowed))
			continue;
		ret_match->route = &routes[i];
		return;
	}
	for (size_t i = 0; (operation = api_operation_at(i)); i++) {
		if (!routes_match(operation->path, exchange->path, &ret_match->parameters) ||
		    !is_method(operation->method, exchange->method, &ret_match->allowed))
			continue;
		ret_match->operation = operation;
		return;
	}
}

static void refuse(struct exchange *exchange, const struct allowed *allowed)
{
	if (allowed->length == 0)
		exchange_answer_problem(exchange, PROBLEM_NOT_FOUND, NULL);
	else if (!page_answer_preflight(exchange, allowed->text))
		exchange_answer_methods(exchange, allowed->text);
}

/* The portal has a table of its own, since it answers with pages whatever is wrong. What it does not have, and what is
 * no form of its own, it refuses without a look at the body. */
static bool is_refused_by_portal(const struct exchange *exchange)
{
	struct route_parameters parameters;
	const char *allowed;

	if (!portal_routes_find(exchange->method, exchange->path, &parameters, &allowed))
		return true;
	return strcmp(exchange->method, MHD_HTTP_METHOD_POST) == 0 &&
	       (!exchange_is_form(exchange) ||
		!portal_is_own_form(exchange_header(exchange, "Sec-Fetch-Site"), exchange_header(exchange, "Origin"),
				    exchange_header(exchange, MHD_HTTP_HEADER_HOST)));
}

void routes_preview(struct exchange *exchange, void *data)
{
	struct match match;

	if (portal_owns(exchange->path)) {
		if (is_refused_by_portal(exchange))
			portal_dispatch(exchange, data);
		else if (strcmp(exchange->method, MHD_HTTP_METHOD_POST) != 0)
			exchange_forget_body(exchange);
		return;
	}
	find(exchange, &match);
	if (match.operation)
		api_preview(exchange, data, &match.parameters, match.operation);
	else if (!match.route)
		refuse(exchange, &match.allowed);
	else if (match.route->preview)
		match.route->preview(exchange);
	if (match.route && !match.route->reads_body)
		exchange_forget_body(exchange);
}

void routes_dispatch(struct exchange *exchange, void *data)
{
	struct match match;

	if (portal_owns(exchange->path)) {
		portal_dispatch(exchange, data);
		return;
	}
	find(exchange, &match);
	if (match.route)
		match.route->handler(exchange, data, &match.parameters);
	else if (match.operation)
		api_handle(exchange, data, &match.parameters, match.operation);
	else
		refuse(exchange, &match.allowed);
}
