/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The calls about roles: what is asked, and what the caller is told; and what a key may do by its roles.
 */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "proto/message.h"
#include "tests/lib/exchange.h"
#include "tests/suite.h"

static const char *const permissions[] = { "payments.read", "payments.list", NULL };
static const char *const empty[] = { NULL };

static const struct message_role made = {
	.name = "payments-read",
	.permissions = { 2, { "payments.read", "payments.list" } },
	.created = 40,
	.created_by = "uid:0",
	.keys_known = 1,
	.keys = 3,
};

static const struct message_role built_in = {
	.name = "account-tenant-read",
	.permissions = { 1, { "apikeyd.tenants.read" } },
	.built_in = 1,
	.account = 1,
};

static void assert_texts(const char *const *texts, const char *const *wanted)
{
	size_t i;

	for (i = 0; texts[i] && wanted[i]; i++)
		ck_assert_str_eq(texts[i], wanted[i]);
	ck_assert_ptr_null(texts[i]);
	ck_assert_ptr_null(wanted[i]);
}

static void assert_role(const struct apikey_role *role, const struct message_role *wanted)
{
	ck_assert_str_eq(role->name, wanted->name);
	for (size_t i = 0; i < wanted->permissions.count; i++)
		ck_assert_str_eq(role->permissions[i], wanted->permissions.items[i]);
	ck_assert_ptr_null(role->permissions[wanted->permissions.count]);
	ck_assert_int_eq(role->built_in, (int)wanted->built_in);
	ck_assert_int_eq(role->account, (int)wanted->account);
	ck_assert_int_eq(role->created, wanted->created);
	ck_assert_str_eq(role->created_by, wanted->created_by ? wanted->created_by : "");
	ck_assert_int_eq(role->keys, wanted->keys_known ? (int64_t)wanted->keys : -1);
}

static const struct {
	int (*function)(struct apikey_admin *, const char *, const char *const *, struct apikey_role **);
	uint16_t type;
} changes[] = { { apikey_role_create, WIRE_ROLE_CREATE }, { apikey_role_update, WIRE_ROLE_UPDATE } };

START_TEST(a_change_is_asked_for_as_said)
{
	static struct exchange exchange = {
		.request_record = &message_role_change,
		.reply_record = &message_role,
		.reply = &made,
	};
	const struct message_role_change *seen = &exchange.request.role_change;
	const char *many[WIRE_LIST_MAX + 2];
	struct apikey_admin *admin;
	struct apikey_role *role;
	struct peer peer;

	peer_start(&peer, WIRE_ADMIN_SOCKET, exchange_serve, &exchange);
	admin = exchange_open(&peer, EXCHANGE_PATIENT);
	ck_assert_int_eq(EXCHANGE_CALL(exchange, changes[_i].function(admin, "payments-read", permissions, &role)), 0);
	ck_assert(exchange.decoded);
	ck_assert_uint_eq(exchange.seen.header.type, changes[_i].type);
	ck_assert_ptr_null(seen->credential);
	ck_assert_str_eq(seen->name, "payments-read");
	ck_assert_uint_eq(seen->permissions.count, 2);
	ck_assert_str_eq(seen->permissions.items[1], "payments.list");
	assert_role(role, &made);
	apikey_role_free(role);
	apikey_role_free(NULL);
	/* None at all, said in either way. */
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(EXCHANGE_CALL(exchange, changes[_i].function(admin, "r", i ? empty : NULL, &role)), 0);
		ck_assert_uint_eq(seen->permissions.count, 0);
		apikey_role_free(role);
	}
	/* What cannot be asked. */
	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = i + 1 < ARRAY_SIZE(many) ? "a" : NULL;
	ck_assert_int_eq(EXCHANGE_CALL(exchange, changes[_i].function(admin, "r", many, &role)), -EINVAL);
	ck_assert_int_eq(EXCHANGE_CALL(exchange, changes[_i].function(admin, NULL, permissions, &role)), -EINVAL);
	ck_assert_int_eq(EXCHANGE_CALL(exchange, changes[_i].function(admin, "r", permissions, &role)), 0);
	apikey_role_free(role);
	apikey_admin_free(admin);
	peer_stop(&peer);
}
END_TEST

static const struct {
	int (*function)(struct apikey_admin *, const char *, struct apikey_role **);
	uint16_t type;
} references[] = { { apikey_role_show, WIRE_ROLE_SHOW }, { apikey_role_delete, WIRE_ROLE_DELETE } };

START_TEST(a_role_is_named_and_told_whole)
{
	static struct exchange exchange = {
		.request_record = &message_role_reference,
		.reply_record = &message_role,
		.reply = &built_in,
	};
	struct apikey_admin *admin;
	struct apikey_role *role;
	struct peer peer;

	peer_start(&peer, WIRE_ADMIN_SOCKET, exchange_serve, &exchange);
	admin = exchange_open(&peer, EXCHANGE_PATIENT);
	ck_assert_int_eq(apikey_admin_set_credential(admin, PEER_OPAQUE), 0);
	ck_assert_int_eq(EXCHANGE_CALL(exchange, references[_i].function(admin, "account-tenant-read", &role)), 0);
	ck_assert_uint_eq(exchange.seen.header.type, references[_i].type);
	ck_assert_str_eq(exchange.request.role_reference.name, "account-tenant-read");
	ck_assert_str_eq(exchange.request.role_reference.credential, PEER_OPAQUE);
	apikey_admin_free(admin);
	peer_stop(&peer);
	assert_role(role, &built_in);
	apikey_role_free(role);
}
END_TEST

START_TEST(a_list_is_told_whole)
{
	const struct message_role roles[2] = { built_in, made };
	const struct message_role_page page = { .roles = { .count = 2, .items = roles }, .cursor = "made" };
	static const struct message_role_page last = { .cursor = NULL };
	static struct exchange exchange = { .request_record = &message_role_list, .reply_record = &message_role_page };
	struct apikey_role_list *list;
	struct apikey_admin *admin;
	struct peer peer;

	exchange.reply = &page;
	peer_start(&peer, WIRE_ADMIN_SOCKET, exchange_serve, &exchange);
	admin = exchange_open(&peer, EXCHANGE_PATIENT);
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_role_list(admin, "before", &list)), 0);
	ck_assert_uint_eq(exchange.seen.header.type, WIRE_ROLE_LIST);
	ck_assert_str_eq(exchange.request.role_list.cursor, "before");
	ck_assert_uint_eq(list->count, 2);
	assert_role(list->roles[0], &roles[0]);
	assert_role(list->roles[1], &roles[1]);
	ck_assert_str_eq(list->cursor, "made");
	apikey_role_list_free(list);
	apikey_role_list_free(NULL);
	exchange.reply = &last;
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_role_list(admin, NULL, &list)), 0);
	ck_assert_ptr_null(exchange.request.role_list.cursor);
	ck_assert_uint_eq(list->count, 0);
	ck_assert_str_eq(list->cursor, "");
	apikey_role_list_free(list);
	apikey_admin_free(admin);
	peer_stop(&peer);
}
END_TEST

static const struct {
	const char *role, *effective;
	const char *wanted[4];
} keys[] = {
	/* Without roles its own permissions are all, whatever else is said. */
	{ NULL, NULL, { "mail.imap", "pam.sshd" } },
	{ NULL, "other", { "mail.imap", "pam.sshd" } },
	{ "r", "mail.imap pam.sshd x.*", { "mail.imap", "pam.sshd", "x.*" } },
	{ "r", "x", { "x" } },
	/* With roles they are not, not even where nothing is said: then it may do nothing. */
	{ "r", NULL, { NULL } },
};

START_TEST(a_key_may_do_what_the_daemon_says)
{
	static struct exchange exchange;
	struct message_key message = { .id = "0123456789ab",
				       .kind = MESSAGE_KIND_OPAQUE,
				       .name = "n",
				       .owner = "alice",
				       .state = MESSAGE_STATE_ACTIVE,
				       .permissions = { 2, { "mail.imap", "pam.sshd" } },
				       .effective_permissions = keys[_i].effective };
	struct apikey_admin *admin;
	struct apikey_key *key;
	struct peer peer;

	if (keys[_i].role)
		message.roles = (struct codec_texts){ 1, { keys[_i].role } };
	exchange = (struct exchange){ .request_record = &message_key_reference,
				      .reply_record = &message_key,
				      .reply = &message };
	peer_start(&peer, WIRE_ADMIN_SOCKET, exchange_serve, &exchange);
	admin = exchange_open(&peer, EXCHANGE_PATIENT);
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_key_show(admin, "alice/n", &key)), 0);
	apikey_admin_free(admin);
	peer_stop(&peer);
	assert_texts(key->effective_permissions, keys[_i].wanted);
	ck_assert_str_eq(key->permissions[1], "pam.sshd");
	apikey_key_free(key);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("roles");
	TCase *tcase = tcase_create("roles");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, a_change_is_asked_for_as_said, 0, ARRAY_SIZE(changes));
	tcase_add_loop_test(tcase, a_role_is_named_and_told_whole, 0, ARRAY_SIZE(references));
	tcase_add_test(tcase, a_list_is_told_whole);
	tcase_add_loop_test(tcase, a_key_may_do_what_the_daemon_says, 0, ARRAY_SIZE(keys));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
