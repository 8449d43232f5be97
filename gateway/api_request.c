/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What a request of the API says, read from its headers, path, query and body. Defends against a request that means
 * another thing than it says, and against a credential that is used up for one that could not be done.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/encoding.h"
#include "gateway/api.h"
#include "gateway/exchange.h"
#include "gateway/gateway.h"
#include "proto/credential.h"

#define HEADER_ACCOUNT "x-account-id"
#define HEADER_TENANT "x-tenant-id"
#define HEADER_IDEMPOTENCY "Idempotency-Key"

/* "default", or what accounts and tenants that are made have. A name in the place of an id is none: nothing that is
 * called so is anybody's. */
static bool is_scope_id(const char *text)
{
	return strcmp(text, "default") == 0 || credential_is_public_key(text);
}

static bool take_parameter(const struct route_parameters *parameters, size_t index, char ret_text[API_ID_SIZE])
{
	size_t size = index < parameters->count ? parameters->values[index].size : 0;

	if (size >= API_ID_SIZE)
		return false;
	if (size > 0)
		memcpy(ret_text, parameters->values[index].text, size);
	ret_text[size] = '\0';
	return true;
}

static bool read_parameters(struct api_call *call, const struct route_parameters *parameters)
{
	size_t first = call->operation->scope == API_TENANT_SCOPE ? 1 : 0;

	if (take_parameter(parameters, first, call->id))
		return true;
	api_refuse(call, call->operation->traits & API_OF_KEYS ? PROBLEM_KEY_NOT_FOUND : PROBLEM_NOT_FOUND, NULL);
	return false;
}

static bool read_scope(struct api_call *call, const struct route_parameters *parameters)
{
	const char *account = exchange_header(call->exchange, HEADER_ACCOUNT);
	const char *tenant = exchange_header(call->exchange, HEADER_TENANT);
	char wanted[API_ID_SIZE];

	if (call->operation->scope == API_NO_SCOPE)
		return true;
	if (!account || *account == '\0') {
		api_refuse(call, PROBLEM_ACCOUNT_ID_IS_REQUIRED, NULL);
		return false;
	}
	call->account = account;
	if (call->operation->scope == API_TENANT_SCOPE) {
		if (!tenant || *tenant == '\0') {
			api_refuse(call, PROBLEM_TENANT_ID_IS_REQUIRED, NULL);
			return false;
		}
		if (!take_parameter(parameters, 0, wanted) || strcmp(wanted, tenant) != 0) {
			api_refuse(call, PROBLEM_ACCESS_DENIED, "x-tenant-id is another tenant than the path's.");
			return false;
		}
		call->tenant = tenant;
	}
	if (is_scope_id(account) && (!call->tenant || is_scope_id(call->tenant)))
		return true;
	api_refuse(call, PROBLEM_ACCESS_DENIED, "The credential is for another account or tenant.");
	return false;
}

/* A page of a list. */
static bool read_limit(struct api_call *call, const char *text)
{
	size_t digits = strspn(text, "0123456789");
	unsigned long number = digits > 0 && digits < 9 && text[digits] == '\0' ? strtoul(text, NULL, 10) : 0;

	if (number < 1 || number > API_PAGE_MAX) {
		api_refuse(call, PROBLEM_INVALID_REQUEST, "?limit= is a number from 1 to %d.", API_PAGE_MAX);
		return false;
	}
	call->limit = (unsigned int)number;
	return true;
}

/* Takes one parameter of the query. */
static bool read_pair(struct api_call *call, const struct urlencoded_pair *pair)
{
	unsigned int traits = call->operation->traits;

	/* It has been taken, or refused. */
	if (strcmp(pair->name, EXCHANGE_QUERY_CREDENTIAL) == 0)
		return true;
	if (traits & API_PAGED && strcmp(pair->name, "limit") == 0)
		return read_limit(call, pair->value);
	if (traits & API_PAGED && strcmp(pair->name, "cursor") == 0) {
		call->cursor = pair->value;
		if (*pair->value != '\0')
			return true;
	} else if (traits & API_OWNED && strcmp(pair->name, "owner") == 0) {
		call->owner = pair->value;
		if (*pair->value != '\0')
			return true;
	} else if (traits & API_WITH_KEYS && strcmp(pair->name, "withKeys") == 0) {
		call->with_keys = strcmp(pair->value, "true") == 0;
		if (call->with_keys || strcmp(pair->value, "false") == 0)
			return true;
	} else {
		api_refuse(call, PROBLEM_INVALID_REQUEST, "There is a parameter that this path does not take.");
		return false;
	}
	api_refuse(call, PROBLEM_INVALID_REQUEST, "?%s= has no value that it can have.", pair->name);
	return false;
}

static bool read_query(struct api_call *call)
{
	const struct urlencoded *query = &call->exchange->query;

	call->limit = API_PAGE;
	for (size_t i = 0; i < query->count; i++) {
		if (!read_pair(call, &query->pairs[i]))
			return false;
	}
	return true;
}

static bool read_idempotency_key(struct api_call *call)
{
	const char *text = exchange_header(call->exchange, HEADER_IDEMPOTENCY);

	/* Where repeating makes no second of anything, it changes nothing. */
	if (!text || !(call->operation->traits & API_REPEATABLE))
		return true;
	if (*text == '\0' || strlen(text) > WIRE_IDEMPOTENCY_MAX || !encoding_is_visible(text)) {
		api_refuse(call, PROBLEM_INVALID_REQUEST,
			   "Idempotency-Key is 1 to %d visible ASCII characters without blanks.", WIRE_IDEMPOTENCY_MAX);
		return false;
	}
	call->idempotency_key = text;
	return true;
}

static bool is_json(const char *type)
{
	static const char json[] = "application/json";
	size_t size = sizeof(json) - 1;

	return type && strncasecmp(type, json, size) == 0 && (type[size] == '\0' || strchr(" \t;", type[size]));
}

/* What a body has to be; size: its own, or what its length is said to be. */
static bool check_body(struct api_call *call, unsigned long long size)
{
	if (call->hmac && size > APIKEY_SIGNED_BODY_MAX) {
		api_refuse(call, PROBLEM_CONTENT_TOO_LARGE, "A body that is signed has %d bytes at most.",
			   APIKEY_SIGNED_BODY_MAX);
		return false;
	}
	if (size > 0 && !is_json(exchange_header(call->exchange, MHD_HTTP_HEADER_CONTENT_TYPE))) {
		api_refuse(call, PROBLEM_UNSUPPORTED_MEDIA_TYPE, "The body is application/json here.");
		return false;
	}
	return true;
}

static bool read_body(struct api_call *call)
{
	const struct exchange *exchange = call->exchange;
	const struct api_operation *operation = call->operation;
	struct api_body_fault fault;

	if (!check_body(call, exchange->body_size))
		return false;
	call->body_bytes = exchange->body;
	call->body_size = exchange->body_size;
	if (api_body_read(exchange->body, exchange->body_size, operation->fields, operation->needed, &call->body,
			  &fault))
		return true;
	api_refuse(call, fault.problem, "%s", fault.text);
	return false;
}

bool api_request_read_head(struct api_call *call, const struct route_parameters *parameters)
{
	const struct exchange *exchange = call->exchange;

	if (exchange->authorization.scheme == AUTHORIZATION_NONE) {
		api_refuse(call, PROBLEM_AUTHORIZATION_IS_REQUIRED, NULL);
		return false;
	}
	call->page = exchange_is_from_page(exchange);
	call->credential = exchange->authorization.credential.data;
	call->hmac = authorization_is_hmac(&exchange->authorization);
	call->user = exchange->authorization.user[0] != '\0' ? exchange->authorization.user : NULL;
	call->agent = exchange_header(exchange, MHD_HTTP_HEADER_USER_AGENT);
	call->source = source_of(exchange, &call->gateway->proxies, call->source_room);
	return read_scope(call, parameters) && read_parameters(call, parameters) && read_query(call) &&
	       read_idempotency_key(call) && check_body(call, exchange_length(exchange));
}

bool api_request_read(struct api_call *call, const struct route_parameters *parameters)
{
	return api_request_read_head(call, parameters) && read_body(call);
}
