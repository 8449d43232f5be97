/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the requests about accounts, tenants and keys of tenants have in common: which one is meant, whether it is the
 * caller's to know, and the record of a change. One that is not is answered for like one that is not there.
 */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "crypto/crypto.h"
#include "daemon/admin.h"
#include "daemon/audit_changes.h"
#include "daemon/role.h"
#include "daemon/scope.h"
#include "proto/credential.h"

static const char *shown(const char *name)
{
	return credential_looks_secret(name) ? "ak_…" : name;
}

int admin_find_account(struct admin_request *request, struct store_reader *reader, const char *name,
		       struct store_account *ret_account)
{
	const struct authority *authority = &request->authority;
	int r = scope_find_account(reader, name, ret_account);

	if (r == 0 && authority->kind != AUTHORITY_ADMINISTRATOR &&
	    (authority->kind != AUTHORITY_KEY || strcmp(authority->account, ret_account->id) != 0))
		r = -ENOENT;
	if (r == -ENOENT)
		return admin_refuse(request, ANSWER_NOT_FOUND,
				    "there is no account '%.128s', or it is not yours to see", shown(name));
	return r;
}

int admin_find_tenant(struct admin_request *request, struct store_reader *reader, const char *account, const char *name,
		      struct store_tenant *ret_tenant)
{
	const struct authority *authority = &request->authority;
	const char *home = authority->kind == AUTHORITY_KEY ? authority->account : STORE_DEFAULT_ACCOUNT;
	struct store_account named;
	int r;

	if (account) {
		r = admin_find_account(request, reader, account, &named);
		if (r != 0)
			return r;
		home = named.id;
	}
	r = scope_find_tenant(reader, home, name, ret_tenant);
	if (r == 0 && (!authority_reaches_tenant(authority, ret_tenant->account, ret_tenant->id) ||
		       (account && strcmp(ret_tenant->account, home) != 0)))
		r = -ENOENT;
	if (r != -ENOENT)
		return r;
	if (authority->kind == AUTHORITY_ADMINISTRATOR && !account && !strchr(name, '/') && !store_is_scope_id(name))
		return admin_refuse(request, ANSWER_NOT_FOUND,
				    "the account default has no tenant '%.128s'; one of another account is named "
				    "ACCOUNT/%.128s, or by its id",
				    shown(name), shown(name));
	return admin_refuse(request, ANSWER_NOT_FOUND, "there is no tenant '%.257s', or it is not yours to see",
			    shown(name));
}

static int place(struct admin_request *request, const char *account, const char *tenant)
{
	snprintf(request->account, sizeof(request->account), "%s", account);
	snprintf(request->tenant, sizeof(request->tenant), "%s", tenant);
	return 0;
}

/* Where a key is to be for which nobody said account or tenant. One that is to hold a role for keys of an account is of
 * the account itself, if its maker can make such keys; else it is not, and admin_check_roles() refuses the role. */
static int place_unsaid(struct admin_request *request, const char *roles)
{
	const struct authority *authority = &request->authority;
	bool of_account = role_of_account(roles) != NULL;

	if (authority->kind == AUTHORITY_ADMINISTRATOR && of_account)
		return place(request, STORE_DEFAULT_ACCOUNT, "");
	if (authority->kind != AUTHORITY_KEY)
		return place(request, STORE_DEFAULT_ACCOUNT, STORE_DEFAULT_TENANT);
	if (*authority->tenant)
		return place(request, authority->account, authority->tenant);
	if (of_account)
		return place(request, authority->account, "");
	if (strcmp(authority->account, STORE_DEFAULT_ACCOUNT) == 0)
		return place(request, STORE_DEFAULT_ACCOUNT, STORE_DEFAULT_TENANT);
	return admin_refuse(request, ANSWER_INVALID,
			    "say which tenant the key is to be of, --tenant TENANT, or --account ACCOUNT for a key of "
			    "the account itself");
}

int admin_place_key(struct admin_request *request, struct store_reader *reader, const char *account, const char *tenant,
		    const char *roles)
{
	const struct authority *authority = &request->authority;
	struct store_account found_account;
	struct store_tenant found_tenant;
	int r;

	if (!account && !tenant)
		return place_unsaid(request, roles);
	if (authority->kind == AUTHORITY_USER) {
		if (tenant && strcmp(tenant, STORE_DEFAULT_TENANT) == 0 &&
		    (!account || strcmp(account, STORE_DEFAULT_ACCOUNT) == 0))
			return place(request, STORE_DEFAULT_ACCOUNT, STORE_DEFAULT_TENANT);
		return admin_refuse(request, ANSWER_NOT_PERMITTED,
				    "only administrators, and keys, make keys outside of the tenant default: leave "
				    "account and tenant out");
	}
	if (tenant) {
		r = admin_find_tenant(request, reader, account, tenant, &found_tenant);
		return r != 0 ? r : place(request, found_tenant.account, found_tenant.id);
	}
	if (authority->kind == AUTHORITY_KEY && *authority->tenant)
		return admin_refuse(request, ANSWER_NOT_PERMITTED, "a key of a tenant makes keys of its tenant alone");
	r = admin_find_account(request, reader, account, &found_account);
	return r != 0 ? r : place(request, found_account.id, "");
}

int admin_draw_scope_id(char ret_id[STORE_SCOPE_ID_MAX + 1])
{
	uint8_t bytes[16];
	char *at = ret_id;
	int r = crypto_random(bytes, sizeof(bytes));

	if (r < 0)
		return r;
	/* Version 4, variant 1 (RFC 9562, 5.4). */
	bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40);
	bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
	for (size_t i = 0; i < sizeof(bytes); i++)
		at += sprintf(at, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", bytes[i]);
	return 0;
}

int admin_refuse_keys(struct admin_request *request, const char *what, const char *name, const char *id, uint64_t keys)
{
	return admin_refuse(request, ANSWER_WRONG_STATE,
			    "the %s '%.128s' still has keys (%" PRIu64 "%s), so it stays: 'apikeyctl key list --%s %s' "
			    "shows them; --with-keys deletes them with it",
			    what, name, keys, keys == MESSAGE_COUNTED_MOST ? " or more" : "", what, id);
}

int admin_log_scope(struct admin_request *request, struct vault *vault, json_t *before, json_t *after, const char *why)
{
	struct audit_record record = admin_record(request, request->verb->event);
	json_t *changes = json_object();
	CLEANUP_FREE char *text = NULL;

	if (before)
		json_object_set_new(changes, "before", before);
	if (after)
		json_object_set_new(changes, "after", after);
	if (why)
		json_object_set_new(changes, "why", json_string(why));
	text = json_dumps(changes, JSON_COMPACT);
	json_decref(changes);
	return audit_changes_log(vault->store, &record, text);
}
