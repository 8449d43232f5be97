/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The way to apikeyd, and what is said when it says no or nothing. */
#ifndef APIKEYD_CLI_DAEMON_H
#define APIKEYD_CLI_DAEMON_H

#include "cli/arguments.h"
#include "cli/scope.h"
#include "lib/apikey.h"

/*
 * Connects to the daemon --runtime-dir names, with the key of --credential-file where there is one, which is read once
 * and kept. STATUS_DONE and *ret_admin, which the caller frees; else the status, and it has been said why.
 */
enum status daemon_open(const struct arguments *arguments, struct apikey_admin **ret_admin);

/* The same, where a daemon that is out of reach is nothing to complain of: *ret_result is 0 and the handle is set, or
 * it is a negative errno. Another status than STATUS_DONE is of the credential. */
enum status daemon_try(const struct arguments *arguments, struct apikey_admin **ret_admin, int *ret_result);

/* Says why a call of libapikey returned result, which is not 0. Returns the exit status of it. */
enum status daemon_failed(const struct arguments *arguments, const struct apikey_admin *admin, int result);

SCOPE_DESTRUCTOR(daemon_admin_scope, struct apikey_admin, apikey_admin_free);
SCOPE_DESTRUCTOR(daemon_key_scope, struct apikey_key, apikey_key_free);
SCOPE_DESTRUCTOR(daemon_list_scope, struct apikey_key_list, apikey_key_list_free);
SCOPE_DESTRUCTOR(daemon_explanation_scope, struct apikey_explanation, apikey_explanation_free);
SCOPE_DESTRUCTOR(daemon_status_scope, struct apikey_status, apikey_status_free);

SCOPE_DESTRUCTOR(daemon_backup_scope, struct apikey_backup, apikey_backup_free);
SCOPE_DESTRUCTOR(daemon_restored_scope, struct apikey_restored, apikey_restored_free);

SCOPE_DESTRUCTOR(daemon_role_scope, struct apikey_role, apikey_role_free);
SCOPE_DESTRUCTOR(daemon_roles_scope, struct apikey_role_list, apikey_role_list_free);

#define SCOPED_ROLE SCOPED(daemon_role_scope)
#define SCOPED_ROLES SCOPED(daemon_roles_scope)

SCOPE_DESTRUCTOR(daemon_account_scope, struct apikey_account_info, apikey_account_info_free);
SCOPE_DESTRUCTOR(daemon_accounts_scope, struct apikey_account_list, apikey_account_list_free);
SCOPE_DESTRUCTOR(daemon_tenant_scope, struct apikey_tenant_info, apikey_tenant_info_free);
SCOPE_DESTRUCTOR(daemon_tenants_scope, struct apikey_tenant_list, apikey_tenant_list_free);

#define SCOPED_ACCOUNT SCOPED(daemon_account_scope)
#define SCOPED_ACCOUNTS SCOPED(daemon_accounts_scope)
#define SCOPED_TENANT SCOPED(daemon_tenant_scope)
#define SCOPED_TENANTS SCOPED(daemon_tenants_scope)
#define SCOPED_BACKUP SCOPED(daemon_backup_scope)
#define SCOPED_RESTORED SCOPED(daemon_restored_scope)
#define SCOPED_ADMIN SCOPED(daemon_admin_scope)
#define SCOPED_KEY SCOPED(daemon_key_scope)
#define SCOPED_LIST SCOPED(daemon_list_scope)
#define SCOPED_EXPLANATION SCOPED(daemon_explanation_scope)
#define SCOPED_STATUS SCOPED(daemon_status_scope)

/* From one page of a list to the next: *cursor, malloc'ed, NULL before the first page, becomes the cursor that the page
 * gave; NULL where it was "", and no page is left. */
enum status daemon_next_page(char **cursor, const char *next);

#endif
