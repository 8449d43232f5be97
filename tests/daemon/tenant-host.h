/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A host with accounts and tenants, for the tests that ask who reaches what of them. One test program has one.
 */
#ifndef APIKEYD_TESTS_DAEMON_TENANT_HOST_H
#define APIKEYD_TESTS_DAEMON_TENANT_HOST_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "daemon/store.h"
#include "tests/daemon/admin-requests.h"

#define ID_SIZE (STORE_SCOPE_ID_MAX + 1)
#define NOBODYS_TENANT "00000000-0000-4000-8000-000000000000"
#define NOBODYS_KEY "000000000000"

static struct host host;
static struct wire_client *admin;

/* An account "acme" with the tenants "blue" and "red", and an account "beta" with a tenant "blue". */
static char acme[ID_SIZE], beta[ID_SIZE], blue[ID_SIZE], red[ID_SIZE], far[ID_SIZE];

static inline const char *take_id(const char *id, char ret_id[ID_SIZE])
{
	ck_assert_uint_lt(strlen(id), ID_SIZE);
	return strcpy(ret_id, id);
}

static inline enum answer ask_account(struct wire_client *client, const char *credential, const char *name,
				      char *ret_id)
{
	struct message_account_create request = { .credential = credential, .name = name };
	struct message_account_entry entry;
	enum answer answer = wire_ask(client, WIRE_ACCOUNT_CREATE, &message_account_create, &request,
				      &message_account_entry, &entry);

	if (answer == ANSWER_OK)
		take_id(entry.id, ret_id);
	return answer;
}

static inline enum answer ask_tenant(struct wire_client *client, const char *credential, const char *account,
				     const char *name, char *ret_id)
{
	struct message_tenant_create request = { .credential = credential, .account = account, .name = name };
	struct message_tenant_entry entry;
	enum answer answer =
		wire_ask(client, WIRE_TENANT_CREATE, &message_tenant_create, &request, &message_tenant_entry, &entry);

	if (answer == ANSWER_OK)
		take_id(entry.id, ret_id);
	return answer;
}

static inline enum answer refer_tenant(struct wire_client *client, uint16_t type, const char *credential,
				       const char *tenant, bool with_keys, struct message_tenant_entry *ret_entry)
{
	struct message_tenant_reference request = { .credential = credential,
						    .tenant = tenant,
						    .with_keys = with_keys };

	return wire_ask(client, type, &message_tenant_reference, &request, &message_tenant_entry, ret_entry);
}

static inline enum answer refer_account(struct wire_client *client, uint16_t type, const char *credential,
					const char *account, bool with_keys, struct message_account_entry *ret_entry)
{
	struct message_account_reference request = { .credential = credential,
						     .account = account,
						     .with_keys = with_keys };

	return wire_ask(client, type, &message_account_reference, &request, &message_account_entry, ret_entry);
}

static inline struct wire_key make(const char *account, const char *tenant, const char *name, const char *permission)
{
	return wire_make_key(&host, &(struct message_key_create){ .account = account,
								  .tenant = tenant,
								  .owner = "bob",
								  .name = name,
								  .permissions = wire_texts(permission, NULL) });
}

static inline void setup(void)
{
	host_open(&host, HOST_UNTHROTTLED);
	host.user = "daemon";
	host_start(&host);
	admin = wire_open(&host, WIRE_ADMIN_SOCKET);
	ck_assert_int_eq(ask_account(admin, NULL, "acme", acme), ANSWER_OK);
	ck_assert_int_eq(ask_account(admin, NULL, "beta", beta), ANSWER_OK);
	ck_assert_int_eq(ask_tenant(admin, NULL, "acme", "blue", blue), ANSWER_OK);
	ck_assert_int_eq(ask_tenant(admin, NULL, "acme", "red", red), ANSWER_OK);
	ck_assert_int_eq(ask_tenant(admin, NULL, "beta", "blue", far), ANSWER_OK);
}

static inline void teardown(void)
{
	wire_close(admin);
	host_stop(&host);
	host_remove(&host);
}

#endif
