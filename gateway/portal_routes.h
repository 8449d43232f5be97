/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The pages there are: one table. */
#ifndef APIKEYD_GATEWAY_PORTAL_ROUTES_H
#define APIKEYD_GATEWAY_PORTAL_ROUTES_H

#include "gateway/portal.h"

/* NULL: there is none, and *ret_allowed says by which methods the path is asked, NULL: by none. Static. */
const struct portal_route *portal_routes_find(const char *method, const char *path,
					      struct route_parameters *ret_parameters, const char **ret_allowed);

/* ---- the pages, by the file they are in ---- */

/* gateway/portal_signin.c */
void portal_sign_in_page(struct portal_request *request);
void portal_sign_in(struct portal_request *request);
void portal_enter_page(struct portal_request *request);
void portal_sign_out(struct portal_request *request);
void portal_sign_ins_page(struct portal_request *request);
void portal_sign_in_end(struct portal_request *request);

/* gateway/portal_keys.c */
void portal_keys_page(struct portal_request *request);

/* gateway/portal_key.c */
void portal_key_page(struct portal_request *request);

/* gateway/portal_key_new.c */
void portal_key_new_page(struct portal_request *request);
void portal_key_new(struct portal_request *request);

/* gateway/portal_key_change.c */
void portal_key_rotate(struct portal_request *request);
void portal_key_retire_page(struct portal_request *request);
void portal_key_retire(struct portal_request *request);
void portal_key_take_back_page(struct portal_request *request);
void portal_key_take_back(struct portal_request *request);
void portal_key_on(struct portal_request *request);
void portal_key_off(struct portal_request *request);
void portal_key_delete_page(struct portal_request *request);
void portal_key_delete(struct portal_request *request);

/* gateway/portal_activity.c */
void portal_activity_page(struct portal_request *request);

/* gateway/portal_alarms.c */
void portal_alarms_page(struct portal_request *request);

/* gateway/portal_sessions.c */
void portal_sessions_page(struct portal_request *request);
void portal_session_end_page(struct portal_request *request);
void portal_session_end(struct portal_request *request);

/* gateway/portal_accounts.c */
void portal_accounts_page(struct portal_request *request);
void portal_account_new(struct portal_request *request);
void portal_account_delete_page(struct portal_request *request);
void portal_account_delete(struct portal_request *request);
void portal_tenant_new(struct portal_request *request);
void portal_tenant_delete_page(struct portal_request *request);
void portal_tenant_delete(struct portal_request *request);

/* gateway/portal_roles.c */
void portal_roles_page(struct portal_request *request);
void portal_role_new(struct portal_request *request);
void portal_role_page(struct portal_request *request);
void portal_role_change(struct portal_request *request);
void portal_role_delete_page(struct portal_request *request);
void portal_role_delete(struct portal_request *request);

#endif
