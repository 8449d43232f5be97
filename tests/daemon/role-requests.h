/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A daemon in which users may serve themselves, and the requests about roles, for the tests of roles. A file that
 * includes it has the one host.
 */
#ifndef APIKEYD_TESTS_DAEMON_ROLE_REQUESTS_H
#define APIKEYD_TESTS_DAEMON_ROLE_REQUESTS_H

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "tests/daemon/admin-requests.h"

static struct host host;
static struct wire_client *admin;

static inline void start_with(const char *settings)
{
	host_open(&host, settings);
	/* Another than the user that a test becomes. */
	host.user = "daemon";
	host_start(&host);
	admin = wire_open(&host, WIRE_ADMIN_SOCKET);
}

static inline void setup(void)
{
	start_with("[daemon]\nminimum_uid = 1\n" HOST_UNTHROTTLED "[self-service]\npermissions = "
		   "mail.*, "
		   "pam.dovecot\n");
}

static inline void teardown(void)
{
	wire_close(admin);
	host_end(&host, SIGTERM);
	host_remove(&host);
}

/* ---- the requests ---- */

static inline enum answer change_role(struct wire_client *client, uint16_t type, const char *credential,
				      const char *name, struct codec_texts permissions)
{
	struct message_role_change request = { .credential = credential, .name = name, .permissions = permissions };
	struct message_role role;

	return wire_ask(client, type, &message_role_change, &request, &message_role, &role);
}

static inline enum answer refer_role(struct wire_client *client, uint16_t type, const char *credential,
				     const char *name, struct message_role *ret_role)
{
	struct message_role_reference request = { .credential = credential, .name = name };

	return wire_ask(client, type, &message_role_reference, &request, &message_role, ret_role);
}

static inline void make_role(const char *name, struct codec_texts permissions)
{
	expect_answer(admin, change_role(admin, WIRE_ROLE_CREATE, NULL, name, permissions), ANSWER_OK, NULL);
}

static inline void update_role(const char *name, struct codec_texts permissions)
{
	expect_answer(admin, change_role(admin, WIRE_ROLE_UPDATE, NULL, name, permissions), ANSWER_OK, NULL);
}

/* A key with a role and one permission, which may be NULL. */
static inline struct wire_key make_key(const char *name, const char *role, const char *permission)
{
	struct message_key_create request = { .name = name, .owner = "alice", .expires = TIME_NEVER };
	struct message_key key;
	struct wire_key made;

	request.roles = wire_texts(role, NULL);
	if (permission)
		request.permissions = wire_texts(permission, NULL);
	expect_answer(admin, create(admin, &request, &key), ANSWER_OK, NULL);
	snprintf(made.id, sizeof(made.id), "%s", key.id);
	snprintf(made.secret, sizeof(made.secret), "%s", key.secret);
	return made;
}

/* The names of the roles somebody sees, each with a space behind it. */
static inline void list_roles(struct wire_client *client, const char *credential, char *ret_names, size_t size)
{
	struct message_role_list request = { .credential = credential };
	struct message_role_page page;
	char cursor[WIRE_ROLE_NAME_MAX + 1];
	size_t used = 0;

	ret_names[0] = '\0';
	do {
		struct message_role role;

		expect_answer(client,
			      wire_ask(client, WIRE_ROLE_LIST, &message_role_list, &request, &message_role_page, &page),
			      ANSWER_OK, NULL);
		while (codec_next_record(&page.roles, &message_role, &role)) {
			used += (size_t)snprintf(ret_names + used, size - used, "%s ", role.name);
			if (used >= size)
				fail("the list is longer than %zu bytes", size);
		}
		snprintf(cursor, sizeof(cursor), "%s", page.cursor ? page.cursor : "");
		request.cursor = cursor;
	} while (*cursor);
}

#define BUILT_IN_ACCOUNT "account-admin account-tenant-approval account-tenant-read account-tenant-write "
#define BUILT_IN_TENANT "tenant-admin tenant-management "

static inline void expect_roles(struct wire_client *client, const char *credential, const char *names)
{
	char found[8192];

	list_roles(client, credential, found, sizeof(found));
	if (strcmp(found, names) != 0)
		fail("these are the roles: %s; and not: %s", found, names);
}

#endif
