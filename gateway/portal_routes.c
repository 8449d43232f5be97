/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "gateway/portal_routes.h"

#include <string.h>

#include "common/cleanup.h"

static const struct portal_route routes[] = {
	{ "GET", "/portal", PORTAL_SIGNED, portal_keys_page, "keys" },
	{ "GET", "/portal/sign-in", PORTAL_OPEN, portal_sign_in_page, "" },
	{ "POST", "/portal/sign-in", PORTAL_OPEN, portal_sign_in, "" },
	{ "GET", "/portal/enter", PORTAL_OPEN, portal_enter_page, "" },
	{ "POST", "/portal/enter", PORTAL_OPEN, portal_sign_in, "" },
	{ "POST", "/portal/sign-out", PORTAL_SIGNED, portal_sign_out, "" },
	{ "GET", "/portal/sign-ins", PORTAL_SIGNED, portal_sign_ins_page, "sign-ins" },
	{ "POST", "/portal/sign-ins/{id}/end", PORTAL_SIGNED, portal_sign_in_end, "sign-ins" },
	{ "GET", "/portal/new", PORTAL_SIGNED, portal_key_new_page, "keys" },
	{ "POST", "/portal/new", PORTAL_SIGNED, portal_key_new, "keys" },
	{ "GET", "/portal/keys/{id}", PORTAL_SIGNED, portal_key_page, "keys" },
	{ "POST", "/portal/keys/{id}/rotate", PORTAL_SIGNED, portal_key_rotate, "keys" },
	{ "GET", "/portal/keys/{id}/retire", PORTAL_SIGNED, portal_key_retire_page, "keys" },
	{ "POST", "/portal/keys/{id}/retire", PORTAL_SIGNED, portal_key_retire, "keys" },
	{ "GET", "/portal/keys/{id}/take-back", PORTAL_SIGNED, portal_key_take_back_page, "keys" },
	{ "POST", "/portal/keys/{id}/take-back", PORTAL_SIGNED, portal_key_take_back, "keys" },
	{ "POST", "/portal/keys/{id}/on", PORTAL_SIGNED, portal_key_on, "keys" },
	{ "POST", "/portal/keys/{id}/off", PORTAL_SIGNED, portal_key_off, "keys" },
	{ "GET", "/portal/keys/{id}/delete", PORTAL_SIGNED, portal_key_delete_page, "keys" },
	{ "POST", "/portal/keys/{id}/delete", PORTAL_SIGNED, portal_key_delete, "keys" },
	{ "GET", "/portal/activity", PORTAL_SIGNED, portal_activity_page, "activity" },
	{ "GET", "/portal/alarms", PORTAL_SIGNED, portal_alarms_page, "alarms" },
	{ "GET", "/portal/sessions", PORTAL_SIGNED, portal_sessions_page, "sessions" },
	{ "GET", "/portal/sessions/{number}/end", PORTAL_SIGNED, portal_session_end_page, "sessions" },
	{ "POST", "/portal/sessions/{number}/end", PORTAL_SIGNED, portal_session_end, "sessions" },
	{ "GET", "/portal/accounts", PORTAL_SIGNED, portal_accounts_page, "accounts" },
	{ "POST", "/portal/accounts", PORTAL_SIGNED, portal_account_new, "accounts" },
	{ "GET", "/portal/accounts/{id}/delete", PORTAL_SIGNED, portal_account_delete_page, "accounts" },
	{ "POST", "/portal/accounts/{id}/delete", PORTAL_SIGNED, portal_account_delete, "accounts" },
	{ "POST", "/portal/tenants", PORTAL_SIGNED, portal_tenant_new, "accounts" },
	{ "GET", "/portal/tenants/{id}/delete", PORTAL_SIGNED, portal_tenant_delete_page, "accounts" },
	{ "POST", "/portal/tenants/{id}/delete", PORTAL_SIGNED, portal_tenant_delete, "accounts" },
	{ "GET", "/portal/roles", PORTAL_SIGNED, portal_roles_page, "roles" },
	{ "POST", "/portal/roles", PORTAL_SIGNED, portal_role_new, "roles" },
	{ "GET", "/portal/roles/{name}", PORTAL_SIGNED, portal_role_page, "roles" },
	{ "POST", "/portal/roles/{name}", PORTAL_SIGNED, portal_role_change, "roles" },
	{ "GET", "/portal/roles/{name}/delete", PORTAL_SIGNED, portal_role_delete_page, "roles" },
	{ "POST", "/portal/roles/{name}/delete", PORTAL_SIGNED, portal_role_delete, "roles" },
};

const struct portal_route *portal_routes_find(const char *method, const char *path,
					      struct route_parameters *ret_parameters, const char **ret_allowed)
{
	struct route_parameters parameters;
	bool get = false, post = false;

	for (size_t i = 0; i < ARRAY_SIZE(routes); i++) {
		if (!routes_match(routes[i].path, path, &parameters))
			continue;
		if (strcmp(routes[i].method, method) == 0 ||
		    (strcmp(method, "HEAD") == 0 && strcmp(routes[i].method, "GET") == 0)) {
			*ret_parameters = parameters;
			return &routes[i];
		}
		*(strcmp(routes[i].method, "GET") == 0 ? &get : &post) = true;
	}
	*ret_allowed = get ? (post ? "GET, HEAD, POST" : "GET, HEAD") : (post ? "POST" : NULL);
	return NULL;
}
