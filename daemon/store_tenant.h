/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Accounts and tenants in the store. A key belongs to an account, and to one of its tenants unless it is a key of the
 * account itself. What is deleted is "ending" first: from then on it is not found, nor are its keys, while these are
 * removed a few at a time; then it is "gone", and keeps its row, so that its id stays taken.
 *
 * Errors are those of daemon/store.h.
 */
#ifndef APIKEYD_DAEMON_STORE_TENANT_H
#define APIKEYD_DAEMON_STORE_TENANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/store.h"

/* Seconds an access token of a tenant lives, unless it says. */
#define STORE_TOKEN_LIFETIME 1800

enum store_ending {
	STORE_LIVES = 0,
	STORE_ENDING = 1, /* its keys are being removed */
	STORE_GONE = 2,
};

struct store_account {
	char id[STORE_SCOPE_ID_MAX + 1];
	char name[WIRE_NAME_MAX + 1];
	int64_t created; /* 0: from the start */
	char created_by[WIRE_USER_MAX + 1];
	enum store_ending ending;
};

struct store_tenant {
	char id[STORE_SCOPE_ID_MAX + 1];
	char name[WIRE_NAME_MAX + 1];
	char account[STORE_SCOPE_ID_MAX + 1]; /* its id */
	int64_t created;                      /* 0: from the start */
	char created_by[WIRE_USER_MAX + 1];
	uint32_t token_lifetime; /* of its access tokens, seconds */
	bool token_reuse;        /* they are good until they end, and not once */
	enum store_ending ending;
};

/* True for a text of the shape of an id: "default", or a UUID in lower case. No name has it. */
bool store_is_scope_id(const char *text);

/* ---- reading ---- */

/* By id, or by name (a tenant's within its account). What is ending is not found; of an account that is, no tenant. */
int store_find_account(struct store_reader *reader, const char *id, struct store_account *ret_account);
int store_find_account_named(struct store_reader *reader, const char *name, struct store_account *ret_account);
int store_find_tenant(struct store_reader *reader, const char *id, struct store_tenant *ret_tenant);
int store_find_tenant_named(struct store_reader *reader, const char *account, const char *name,
			    struct store_tenant *ret_tenant);

/* The row of an id, ending or not, for who compares stores. */
int store_load_account(struct store_reader *reader, const char *id, struct store_account *ret_account);
int store_load_tenant(struct store_reader *reader, const char *id, struct store_tenant *ret_tenant);

/* Return true to go on, false to stop. They may look up, but not list the same. */
typedef bool (*store_account_visitor)(void *data, const struct store_account *account);
typedef bool (*store_tenant_visitor)(void *data, const struct store_tenant *tenant);

/* All rows, those that are ending or gone too: accounts in the order of name, tenants of account id and name; behind a
 * name or an account and name ("": from the start). account NULL: of all, else of this one (after_account is not looked
 * at then). */
int store_list_accounts(struct store_reader *reader, const char *after, store_account_visitor visitor, void *data);
int store_list_tenants(struct store_reader *reader, const char *account, const char *after_account, const char *after,
		       store_tenant_visitor visitor, void *data);

/* How many keys there are of a tenant, or with tenant NULL of an account and all its tenants; counts no further than
 * most. */
int store_count_scope(struct store_reader *reader, const char *account, const char *tenant, uint64_t most,
		      uint64_t *ret_count);

/* The next tenant or account whose keys are to be removed. -ENOENT: none. */
int store_next_ending_tenant(struct store_reader *reader, struct store_tenant *ret_tenant);
int store_next_ending_account(struct store_reader *reader, struct store_account *ret_account);

/* ---- writing ---- */

/* -EEXIST: the id or the name is taken. -ENOENT: no such account. */
int store_insert_account(struct store *store, const struct store_account *account);
int store_insert_tenant(struct store *store, const struct store_tenant *tenant);
/* Name and rules for tokens of tenant->id. -ENOENT, -EEXIST. */
int store_update_tenant(struct store *store, const struct store_tenant *tenant);
/* Moves on to an end that is later than what it has. -ENOENT: there is none such; -EINVAL for the default one. */
int store_end_account(struct store *store, const char *id, enum store_ending ending);
int store_end_tenant(struct store *store, const char *id, enum store_ending ending);

#endif
