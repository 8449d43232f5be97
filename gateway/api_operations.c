/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the API can be asked: one table. gateway/openapi.json describes the same, and a test drives each of them and
 * holds the answers against it.
 */
#include "common/cleanup.h"
#include "gateway/api.h"

#define F(field) API_FIELD(API_##field)

/* What is said of a key, when it is made and after that. */
#define KEY_FIELDS                                                                                                     \
	(F(NAME) | F(ROLES) | F(PERMISSIONS) | F(EXPIRES) | F(NOT_BEFORE) | F(USERS) | F(SOURCES) | F(EXCLUSIVE) |     \
	 F(MAX_USES) | F(CLIENT_SIDE))
#define NEW_KEY_FIELDS (KEY_FIELDS | F(OWNER))
#define VERIFY_FIELDS (F(CREDENTIAL) | F(PERMISSION) | F(SERVICE))

#define ACCOUNT_KEYS "/v1/account/keys"
#define TENANT_KEYS "/v1/tenant/{tenantId}/keys"
#define TENANTS "/v1/account/tenants"
#define TOKENS "/v1/api-tokens"

/* Keys of the account, those of a tenant and API tokens are asked for alike. */
#define OF_KEYS(method, path, scope, traits, fields, run)                                                              \
	{                                                                                                              \
		method, path, scope, API_OF_KEYS | (traits), fields, 0, run, NULL                                      \
	}
#define OPERATIONS_OF_KEYS(path, scope, new)                                                                           \
	OF_KEYS("POST", path, scope, API_REPEATABLE, new, api_key_create),                                             \
		OF_KEYS("GET", path, scope, API_PAGED | API_OWNED, 0, api_key_list),                                   \
		OF_KEYS("GET", path "/{id}", scope, 0, 0, api_key_show),                                               \
		OF_KEYS("PUT", path "/{id}", scope, 0, KEY_FIELDS, api_key_update),                                    \
		OF_KEYS("DELETE", path "/{id}", scope, 0, 0, api_key_delete),                                          \
		OF_KEYS("POST", path "/{id}/rotate", scope, 0, F(OVERLAP) | F(NOW), api_key_rotate),                   \
		OF_KEYS("POST", path "/{id}/activate", scope, 0, 0, api_key_activate),                                 \
		OF_KEYS("POST", path "/{id}/deactivate", scope, 0, 0, api_key_deactivate)

static const struct api_operation operations[] = {
	{ "POST", "/v1/identity/hmac", API_NO_SCOPE, API_PROOF, 0, 0, api_identity_hmac, NULL },
	{ "POST", "/v1/identity/token", API_NO_SCOPE, API_PROOF, 0, 0, api_identity_token, NULL },
	{ "GET", "/v1/identity/me", API_NO_SCOPE, 0, 0, 0, api_identity_me, NULL },
	{ "POST", TENANTS, API_ACCOUNT_SCOPE, 0, F(NAME), F(NAME), api_tenant_create, NULL },
	{ "GET", TENANTS, API_ACCOUNT_SCOPE, API_PAGED, 0, 0, api_tenant_list, NULL },
	{ "GET", TENANTS "/{tenantId}", API_ACCOUNT_SCOPE, 0, 0, 0, api_tenant_show, NULL },
	{ "DELETE", TENANTS "/{tenantId}", API_ACCOUNT_SCOPE, API_WITH_KEYS, 0, 0, api_tenant_delete, NULL },
	OPERATIONS_OF_KEYS(ACCOUNT_KEYS, API_ACCOUNT_SCOPE, NEW_KEY_FIELDS | F(KIND)),
	OPERATIONS_OF_KEYS(TENANT_KEYS, API_TENANT_SCOPE, NEW_KEY_FIELDS | F(KIND)),
	OPERATIONS_OF_KEYS(TOKENS, API_NO_SCOPE, NEW_KEY_FIELDS),
	{ "POST", "/v1/verify", API_NO_SCOPE, 0, VERIFY_FIELDS | F(TENANT) | F(USER) | F(SOURCE), VERIFY_FIELDS,
	  api_verify, api_verify_ask },
};

const struct api_operation *api_operation_at(size_t index)
{
	return index < ARRAY_SIZE(operations) ? &operations[index] : NULL;
}
