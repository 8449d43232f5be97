/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What may be asked on admin.sock, and by whom: one table. Defends against a request that is served and was forgotten
 * where authorities are judged or changes recorded.
 */
#include <stddef.h>

#include "common/cleanup.h"
#include "config.h"
#include "daemon/admin.h"
#include "daemon/admin_session.h"

static int answer_hello(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	struct message_welcome welcome = { .version = PACKAGE_VERSION };

	(void)reader;
	(void)vault;
	return admin_reply(request, &message_welcome, &welcome);
}

/* The union's first member is where the acting credential lies. */
_Static_assert(offsetof(struct message_key_create, credential) == 0, "the credential comes first");
_Static_assert(offsetof(struct message_key_list, credential) == 0, "the credential comes first");
_Static_assert(offsetof(struct message_key_reference, credential) == 0, "the credential comes first");
_Static_assert(offsetof(struct message_key_update, credential) == 0, "the credential comes first");
_Static_assert(offsetof(struct message_key_rotate, credential) == 0, "the credential comes first");
_Static_assert(offsetof(struct message_key_retire, credential) == 0, "the credential comes first");
_Static_assert(offsetof(struct message_explain, credential) == 0, "the credential comes first");
_Static_assert(offsetof(struct message_status, credential) == 0, "the credential comes first");
_Static_assert(offsetof(struct message_metrics, credential) == 0, "the credential comes first");
_Static_assert(offsetof(struct message_part, credential) == 0, "the credential comes first");
_Static_assert(offsetof(struct message_restore, credential) == 0, "the credential comes first");
_Static_assert(offsetof(struct message_master_key, credential) == 0, "the credential comes first");
_Static_assert(offsetof(struct message_audit_check, credential) == 0, "the credential comes first");
_Static_assert(offsetof(struct message_audit_key, credential) == 0, "the credential comes first");
_Static_assert(offsetof(struct message_key_import, credential) == 0, "the credential comes first");
_Static_assert(offsetof(struct message_role_change, credential) == 0, "the credential comes first");
_Static_assert(offsetof(struct message_role_list, credential) == 0, "the credential comes first");
_Static_assert(offsetof(struct message_role_reference, credential) == 0, "the credential comes first");
_Static_assert(offsetof(struct message_token_issue, credential) == 0, "the credential comes first");
_Static_assert(offsetof(struct message_token_reference, credential) == 0, "the credential comes first");
_Static_assert(offsetof(struct message_signing_key, credential) == 0, "the credential comes first");
_Static_assert(offsetof(struct message_session_query, credential) == 0, "the credential comes first");
_Static_assert(offsetof(struct message_session_choice, credential) == 0, "the credential comes first");
_Static_assert(offsetof(struct message_lockdown, credential) == 0, "the credential comes first");
_Static_assert(offsetof(struct message_signin_begin, credential) == 0, "the credential comes first");
_Static_assert(offsetof(struct message_signin_choice, credential) == 0, "the credential comes first");
_Static_assert(offsetof(struct message_link_create, credential) == 0, "the credential comes first");
_Static_assert(offsetof(struct message_key_find, credential) == 0, "the credential comes first");
_Static_assert(offsetof(struct message_key_bulk, credential) == 0, "the credential comes first");

_Static_assert(offsetof(struct message_account_create, credential) == 0, "the credential comes first");
_Static_assert(offsetof(struct message_account_list, credential) == 0, "the credential comes first");
_Static_assert(offsetof(struct message_account_reference, credential) == 0, "the credential comes first");
_Static_assert(offsetof(struct message_tenant_create, credential) == 0, "the credential comes first");
_Static_assert(offsetof(struct message_tenant_list, credential) == 0, "the credential comes first");
_Static_assert(offsetof(struct message_tenant_reference, credential) == 0, "the credential comes first");
_Static_assert(offsetof(struct message_tenant_update, credential) == 0, "the credential comes first");
_Static_assert(offsetof(struct message_audit_read, credential) == 0, "the credential comes first");

static const struct admin_verb verbs[] = {
	{ WIRE_HELLO, &message_hello, NULL, AUTHORITY_SEE, false, false, false, answer_hello },
	{ WIRE_KEY_CREATE, &message_key_create, "key_create", AUTHORITY_CREATE, true, true, true, admin_key_create },
	{ WIRE_KEY_LIST, &message_key_list, NULL, AUTHORITY_SEE, false, true, false, admin_key_list },
	{ WIRE_KEY_SHOW, &message_key_reference, NULL, AUTHORITY_SEE, false, true, false, admin_key_show },
	{ WIRE_KEY_UPDATE, &message_key_update, "key_update", AUTHORITY_CREATE, true, true, false, admin_key_update },
	{ WIRE_KEY_ACTIVATE, &message_key_reference, "key_activate", AUTHORITY_CREATE, true, true, false,
	  admin_key_change_state },
	{ WIRE_KEY_DEACTIVATE, &message_key_reference, "key_deactivate", AUTHORITY_END, true, true, false,
	  admin_key_change_state },
	{ WIRE_KEY_REVOKE, &message_key_reference, "key_revoke", AUTHORITY_END, true, true, false,
	  admin_key_change_state },
	{ WIRE_KEY_DELETE, &message_key_reference, "key_delete", AUTHORITY_END, true, true, false, admin_key_delete },
	{ WIRE_KEY_ROTATE, &message_key_rotate, "key_rotate", AUTHORITY_CREATE, true, true, false, admin_key_rotate },
	{ WIRE_KEY_RETIRE, &message_key_retire, "key_retire", AUTHORITY_END, true, true, false, admin_key_retire },
	{ WIRE_EXPLAIN, &message_explain, "explain", AUTHORITY_SEE, false, true, false, admin_explain },
	{ WIRE_STATUS, &message_status, NULL, AUTHORITY_SEE, false, false, false, admin_status },
	/* For gateways, too, which act on nobody's behalf here; it judges that itself. */
	{ WIRE_METRICS, &message_metrics, NULL, AUTHORITY_SEE, false, false, false, admin_metrics },
	{ WIRE_BACKUP_OPEN, &message_status, "backup", AUTHORITY_KEEP, false, true, false, admin_backup_open },
	{ WIRE_BACKUP_READ, &message_part, "backup", AUTHORITY_KEEP, false, false, false, admin_backup_read },
	/* A store that cannot be opened is what a restore is for. */
	{ WIRE_RESTORE_OPEN, &message_status, "restore", AUTHORITY_KEEP, false, false, false, admin_restore_open },
	{ WIRE_RESTORE_WRITE, &message_part, "restore", AUTHORITY_KEEP, false, false, false, admin_restore_write },
	{ WIRE_RESTORE_FINISH, &message_restore, "restore", AUTHORITY_KEEP, false, false, false, admin_restore_finish },
	{ WIRE_ROLE_CREATE, &message_role_change, "role_create", AUTHORITY_CHANGE_ROLES, true, true, false,
	  admin_role_create },
	{ WIRE_ROLE_LIST, &message_role_list, NULL, AUTHORITY_SEE_ROLES, false, true, false, admin_role_list },
	{ WIRE_ROLE_SHOW, &message_role_reference, NULL, AUTHORITY_SEE_ROLES, false, true, false, admin_role_show },
	{ WIRE_ROLE_UPDATE, &message_role_change, "role_update", AUTHORITY_CHANGE_ROLES, true, true, false,
	  admin_role_update },
	{ WIRE_ROLE_DELETE, &message_role_reference, "role_delete", AUTHORITY_CHANGE_ROLES, true, true, false,
	  admin_role_delete },
	{ WIRE_TOKEN_ISSUE, &message_token_issue, "token_issue", AUTHORITY_PROVE, false, true, false,
	  admin_token_issue },
	{ WIRE_TOKEN_INSPECT, &message_token_reference, NULL, AUTHORITY_SEE, false, true, false, admin_token_inspect },
	/* It hands the writing on itself: what it did is recorded, and changes no key. */
	{ WIRE_INTROSPECT, &message_token_reference, "introspect", AUTHORITY_INTROSPECT, false, true, false,
	  admin_introspect },
	{ WIRE_TOKEN_REVOKE, &message_token_reference, "token_revoke", AUTHORITY_END_TOKEN, false, true, false,
	  admin_token_revoke },
	{ WIRE_SIGNING_KEY_ROTATE, &message_signing_key, "signing_key_rotate", AUTHORITY_KEEP, true, true, false,
	  admin_signing_key_rotate },
	{ WIRE_AUDIT_CHECK, &message_audit_check, NULL, AUTHORITY_KEEP, false, false, false, admin_audit_check },
	{ WIRE_AUDIT_KEY, &message_audit_key, "audit_key", AUTHORITY_KEEP, false, false, false, admin_audit_key },
	{ WIRE_ADMIN_SESSION_LIST, &message_session_query, NULL, AUTHORITY_SEE, false, true, false,
	  admin_session_list },
	/* It changes nothing here: whose sessions these are is in the register. */
	{ WIRE_ADMIN_SESSION_END, &message_session_choice, "session_end", AUTHORITY_END, false, true, false,
	  admin_session_end },
	{ WIRE_SIGNIN, &message_signin_begin, "signin", AUTHORITY_PROVE, false, true, false, admin_signin },
	{ WIRE_SIGNIN_SHOW, &message_status, NULL, AUTHORITY_BE, false, true, false, admin_signin_show },
	{ WIRE_SIGNIN_LIST, &message_status, NULL, AUTHORITY_BE, false, true, false, admin_signin_list },
	{ WIRE_SIGNIN_END, &message_signin_choice, "signin_end", AUTHORITY_BE, false, true, false, admin_signin_end },
	{ WIRE_LINK_CREATE, &message_link_create, "link_create", AUTHORITY_BE, false, true, false, admin_link_create },
	{ WIRE_STORE_CHECK, &message_status, NULL, AUTHORITY_KEEP, false, true, false, admin_store_check },
	{ WIRE_ACCOUNT_CREATE, &message_account_create, "account_create", AUTHORITY_ADMINISTER, true, true, false,
	  admin_account_create },
	{ WIRE_ACCOUNT_LIST, &message_account_list, NULL, AUTHORITY_SEE_TENANTS, false, true, false,
	  admin_account_list },
	{ WIRE_ACCOUNT_SHOW, &message_account_reference, NULL, AUTHORITY_SEE_TENANTS, false, true, false,
	  admin_account_show },
	{ WIRE_ACCOUNT_DELETE, &message_account_reference, "account_delete", AUTHORITY_ADMINISTER, true, true, false,
	  admin_account_delete },
	{ WIRE_TENANT_CREATE, &message_tenant_create, "tenant_create", AUTHORITY_CHANGE_TENANTS, true, true, false,
	  admin_tenant_create },
	{ WIRE_TENANT_LIST, &message_tenant_list, NULL, AUTHORITY_SEE_TENANTS, false, true, false, admin_tenant_list },
	{ WIRE_TENANT_SHOW, &message_tenant_reference, NULL, AUTHORITY_SEE_TENANTS, false, true, false,
	  admin_tenant_show },
	{ WIRE_TENANT_DELETE, &message_tenant_reference, "tenant_delete", AUTHORITY_CHANGE_TENANTS, true, true, false,
	  admin_tenant_delete },
	{ WIRE_TENANT_UPDATE, &message_tenant_update, "tenant_update", AUTHORITY_CHANGE_TENANTS, true, true, false,
	  admin_tenant_update },
	/* For administrators alone: the answer tells whether a secret is somebody's. */
	{ WIRE_KEY_IMPORT, &message_key_import, "key_import", AUTHORITY_KEEP, true, true, false, admin_key_import },
	/* Without a store administrators are served, and nobody else. They write their own records. */
	{ WIRE_AUDIT_READ, &message_audit_read, "audit_read", AUTHORITY_SEE_AUDIT, false, false, false,
	  admin_audit_read },
	{ WIRE_AUDIT_COUNT, &message_audit_read, "audit_read", AUTHORITY_SEE_AUDIT, false, false, false,
	  admin_audit_count },
	{ WIRE_KEY_FIND, &message_key_find, "key_find", AUTHORITY_SEE, false, true, false, admin_key_find },
	{ WIRE_KEY_BULK, &message_key_bulk, "key_bulk", AUTHORITY_END, true, true, false, admin_key_bulk },
	{ WIRE_LOCKDOWN, &message_lockdown, "lockdown", AUTHORITY_KEEP, true, true, false, admin_lockdown },
	{ WIRE_MASTER_KEY_ROTATE, &message_master_key, "master_key_rotate", AUTHORITY_KEEP, true, true, false,
	  admin_master_key_rotate },
};

const struct admin_verb *admin_find_verb(uint16_t type)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (verbs[i].type == type)
			return &verbs[i];
	}
	return NULL;
}
