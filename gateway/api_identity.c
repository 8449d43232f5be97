/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Who the caller is, and the exchange of a proof for an access token. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "gateway/api.h"
#include "gateway/json.h"
#include "proto/credential.h"

#define PAGES_MOST 16

/* ---- access tokens ---- */

static void issue(struct api_call *call)
{
	const struct apikey_token_client client = {
		.size = sizeof(client),
		.source = call->source,
		.body = call->hmac ? call->body_bytes : NULL,
		.body_size = call->hmac ? call->body_size : 0,
		.page = call->page,
	};
	struct apikey_token *token = NULL;
	int r = apikey_token_issue_from(call->admin, call->credential, &client, &token);

	call->admitted = r == 0;

	if (r == 0)
		api_answer(call, 201,
			   json_pack("{s:s, s:I}", "accessToken", token->token, "expires", (json_int_t)token->expires));
	else
		api_fail(call, r);
	apikey_token_free(token);
}

void api_identity_hmac(struct api_call *call)
{
	if (call->hmac)
		issue(call);
	else
		api_refuse(call, PROBLEM_HMAC_INVALID,
			   "An HMAC token stands in the Authorization header, behind Hmac.");
}

void api_identity_token(struct api_call *call)
{
	struct credential shape = credential_classify(call->credential, strlen(call->credential));

	if (call->user) {
		api_refuse(call, PROBLEM_INVALID_REQUEST,
			   "Here Basic names no user: the key stands behind the colon alone, or behind apiToken.");
		return;
	}
	/* An access token does not give the next one, or it would live for ever. */
	if (shape.kind == CREDENTIAL_ACCESS || shape.kind == CREDENTIAL_HMAC)
		api_refuse(call, PROBLEM_ACCESS_TOKEN_INVALID, "This takes an opaque key.");
	else
		issue(call);
}

/* ---- who am I ---- */

static bool add_tenant(const struct api_call *call, json_t *tenants, const char *id, const char *name)
{
	json_t *object = json_object();

	if (json_put(object, "tenantId", json_text(id)) && json_put(object, "name", json_text(name)) &&
	    json_put(object, "roles", json_words(call->signin->roles)))
		return json_array_append_new(tenants, object) == 0;
	json_decref(object);
	return false;
}

/* Those of the account, as far as the key may see them. 0 or what a call returned. */
static int add_tenants(struct api_call *call, json_t *tenants)
{
	char cursor[WIRE_CURSOR_MAX + 1] = "";

	for (int i = 0; i < PAGES_MOST; i++) {
		struct apikey_tenant_list *list = NULL;
		int r = apikey_tenant_list(call->admin, call->signin->account, cursor[0] != '\0' ? cursor : NULL, 0,
					   &list);

		for (size_t j = 0; r == 0 && j < list->count; j++)
			r = add_tenant(call, tenants, list->tenants[j].id, list->tenants[j].name) ? 0 : -ENOMEM;
		if (r == 0)
			snprintf(cursor, sizeof(cursor), "%s", list->cursor);
		apikey_tenant_list_free(list);
		if (r == APIKEY_NOT_PERMITTED)
			return 0;
		if (r != 0 || cursor[0] == '\0')
			return r;
	}
	return 0;
}

void api_identity_me(struct api_call *call)
{
	const struct apikey_signin *signin = call->signin;
	json_t *tenants = json_array(), *answer;
	int r;

	if (signin->tenant[0] == '\0')
		r = add_tenants(call, tenants);
	else
		r = add_tenant(call, tenants, signin->tenant, signin->tenant_name) ? 0 : -ENOMEM;
	if (r != 0) {
		json_decref(tenants);
		api_fail(call, r);
		return;
	}
	answer = json_pack("{s:[{s:o, s:o, s:o}]}", "accounts", "accountId", json_text(signin->account), "name",
			   json_text(signin->account_name), "tenants", tenants);
	api_answer(call, 200, answer);
}
