/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/scope.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/encoding.h"
#include "proto/credential.h"
#include "proto/wire.h"

int scope_find_account(struct store_reader *reader, const char *text, struct store_account *ret_account)
{
	return store_is_scope_id(text) ? store_find_account(reader, text, ret_account)
				       : store_find_account_named(reader, text, ret_account);
}

int scope_find_tenant(struct store_reader *reader, const char *account, const char *text,
		      struct store_tenant *ret_tenant)
{
	const char *slash = strchr(text, '/');
	struct store_account other;
	char name[WIRE_NAME_MAX + 1];
	int r;

	if (store_is_scope_id(text))
		return store_find_tenant(reader, text, ret_tenant);
	if (!slash)
		return store_find_tenant_named(reader, account, text, ret_tenant);
	if ((size_t)(slash - text) >= sizeof(name))
		return -ENOENT;
	memcpy(name, text, (size_t)(slash - text));
	name[slash - text] = '\0';
	r = scope_find_account(reader, name, &other);
	if (r < 0)
		return r;
	/* By its id too, where that is one of this account. */
	r = store_is_scope_id(slash + 1) ? store_find_tenant(reader, slash + 1, ret_tenant)
					 : store_find_tenant_named(reader, other.id, slash + 1, ret_tenant);
	return r == 0 && strcmp(ret_tenant->account, other.id) != 0 ? -ENOENT : r;
}

int scope_tenant_id(struct store_reader *reader, const char *text, char ret_id[STORE_SCOPE_ID_MAX + 1])
{
	struct store_tenant tenant;
	int r;

	if (store_is_scope_id(text)) {
		snprintf(ret_id, STORE_SCOPE_ID_MAX + 1, "%s", text);
		return 0;
	}
	r = scope_find_tenant(reader, STORE_DEFAULT_ACCOUNT, text, &tenant);
	if (r == 0)
		memcpy(ret_id, tenant.id, sizeof(tenant.id));
	return r;
}

bool scope_name_check(const char *name, const char *what, char *ret_fault, size_t fault_size)
{
	if (!*name || strlen(name) > WIRE_NAME_MAX)
		snprintf(ret_fault, fault_size, "the name of %s has 1 to %d bytes", what, WIRE_NAME_MAX);
	else if (credential_looks_secret(name))
		snprintf(ret_fault, fault_size, "the name looks like a key; names are not secret");
	else if (!encoding_is_printable_utf8(name, strlen(name)) || strchr(name, '/'))
		snprintf(ret_fault, fault_size, "the name of %s is UTF-8 without control characters and without '/'",
			 what);
	else if (strcmp(name, WIRE_ANY_TENANT) == 0)
		snprintf(ret_fault, fault_size, "'*' stands for any tenant, and is no name of %s", what);
	else if (store_is_scope_id(name))
		snprintf(ret_fault, fault_size, "'%s' is an id, and the name of %s cannot look like one", name, what);
	else
		return true;
	return false;
}
