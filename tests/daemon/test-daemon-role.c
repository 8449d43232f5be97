/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Roles in the real daemon: how they are made, changed, shown and removed, and what keys may do by them from one
 * request to the next.
 */
#include <check.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "tests/daemon/role-requests.h"
#include "tests/suite.h"

/* Where this process is believed. */
static const char *judge_socket(void)
{
	return geteuid() == 0 ? WIRE_LOGIN_SOCKET : WIRE_VERIFY_SOCKET;
}

static struct message_verdict verify(const char *secret, const char *permission)
{
	struct message_verify request = { .credential = secret, .service = host.service, .permission = permission };

	return wire_verify(&host, judge_socket(), &request);
}

static void expect_verdict(const struct wire_key *key, const char *permission, enum verdict wanted)
{
	struct message_verdict verdict = verify(key->secret, permission);

	if (verdict.verdict != wanted)
		fail("%s: %s and not %s", permission, verdict_name((enum verdict)verdict.verdict),
		     verdict_name(wanted));
}

/* ---- tests ---- */

START_TEST(a_change_of_a_role_counts_at_once)
{
	struct message_verify request = { .service = host.service, .permission = "payments.read" };
	struct message_account account = { .service = host.service, .permission = "payments.read" };
	struct message_verdict verdict;
	struct message_role role;
	struct wire_key key;
	char handle[WIRE_HANDLE_MAX + 1];

	make_role("payments-read", wire_texts("payments.read", "payments.list", NULL));
	key = make_key("report", "payments-read", "mail.imap");
	request.credential = key.secret;
	verdict = wire_verify(&host, judge_socket(), &request);
	ck_assert_uint_eq(verdict.verdict, VERDICT_GRANTED);
	ck_assert_str_eq(verdict.permissions, "mail.imap payments.read payments.list");
	snprintf(handle, sizeof(handle), "%s", verdict.handle);
	expect_verdict(&key, "mail.imap AND payments.list", VERDICT_GRANTED);
	expect_verdict(&key, "payments.write", VERDICT_FORBIDDEN);

	for (int i = 0; i < 20; i++) {
		update_role("payments-read",
			    i % 2 ? wire_texts("payments.read", NULL) : wire_texts("payments.write", NULL));
		expect_verdict(&key, "payments.read", i % 2 ? VERDICT_GRANTED : VERDICT_FORBIDDEN);
		expect_verdict(&key, "payments.write", i % 2 ? VERDICT_FORBIDDEN : VERDICT_GRANTED);
	}
	/* The account phase too. */
	account.handle = handle;
	ck_assert_uint_eq(wire_account(&host, judge_socket(), &account).verdict, VERDICT_GRANTED);
	update_role("payments-read", wire_texts("payments.write", NULL));
	ck_assert_uint_eq(wire_account(&host, judge_socket(), &account).verdict, VERDICT_FORBIDDEN);
	update_role("payments-read", wire_texts(NULL, NULL));
	expect_verdict(&key, "payments.write", VERDICT_FORBIDDEN);
	expect_verdict(&key, "mail.imap", VERDICT_GRANTED);
	expect_answer(admin, refer_role(admin, WIRE_ROLE_SHOW, NULL, "payments-read", &role), ANSWER_OK, NULL);
	ck_assert_uint_eq(role.permissions.count, 0);
}
END_TEST

/* Many in one batch are judged like one alone. */
START_TEST(a_persistent_client_sees_it_too)
{
	struct wire_client *client;
	struct message_verify request = { .service = host.service, .permission = "payments.read" };
	struct wire_key with, without;

	make_role("r", wire_texts("payments.read", NULL));
	with = make_key("with", "r", NULL);
	without = wire_make_key(&host, &(struct message_key_create){ .name = "without" });
	client = wire_open(&host, judge_socket());
	wire_hello(client);
	for (int round = 0; round < 4; round++) {
		uint64_t first = client->id + 1;

		update_role("r", round % 2 ? wire_texts("other", NULL) : wire_texts("payments.read", NULL));
		for (int i = 0; i < 16; i++) {
			request.credential = i % 2 ? with.secret : without.secret;
			wire_send(client, WIRE_VERIFY, &message_verify, &request);
		}
		for (int i = 0; i < 16; i++) {
			struct message_verdict verdict;
			bool holds;

			wire_expect(client, WIRE_VERIFY | WIRE_REPLY, &message_verdict, &verdict);
			holds = (client->header.request_id - first) % 2 == 1 && round % 2 == 0;
			ck_assert_uint_eq(verdict.verdict, holds ? VERDICT_GRANTED : VERDICT_FORBIDDEN);
		}
	}
	wire_close(client);
}
END_TEST

START_TEST(a_role_is_made_listed_and_removed)
{
	struct message_role role;
	struct message_key key;

	make_role("b", wire_texts("x.read", "x.*", "x.read", NULL));
	make_role("zz", wire_texts("y", NULL));
	expect_roles(admin, NULL, BUILT_IN_ACCOUNT "b " BUILT_IN_TENANT "zz ");
	expect_answer(admin, change_role(admin, WIRE_ROLE_CREATE, NULL, "b", wire_texts("y", NULL)), ANSWER_EXISTS,
		      "already");
	expect_answer(admin, refer_role(admin, WIRE_ROLE_SHOW, NULL, "b", &role), ANSWER_OK, NULL);
	ck_assert_uint_eq(role.permissions.count, 2);
	ck_assert_uint_eq(role.built_in, 0);
	ck_assert_uint_eq(role.keys_known, 1);
	ck_assert_uint_eq(role.keys, 0);
	ck_assert_ptr_nonnull(role.created_by);
	expect_answer(admin, refer_role(admin, WIRE_ROLE_SHOW, NULL, "bb", &role), ANSWER_NOT_FOUND,
		      "there is no role");
	expect_answer(admin, refer_role(admin, WIRE_ROLE_SHOW, NULL, "tenant-admn", &role), ANSWER_NOT_FOUND,
		      "did you mean 'tenant-admin'?");

	/* One that keys hold stays, also where they are switched off; revoked ones do not count. */
	make_key("first", "b", NULL);
	make_key("second", "b", NULL);
	expect_answer(admin, refer_role(admin, WIRE_ROLE_DELETE, NULL, "b", &role), ANSWER_WRONG_STATE, "2 keys hold");
	wire_change(&host, WIRE_KEY_DEACTIVATE, "alice/second");
	wire_change(&host, WIRE_KEY_REVOKE, "alice/first");
	expect_answer(admin, refer_role(admin, WIRE_ROLE_DELETE, NULL, "b", &role), ANSWER_WRONG_STATE, "1 key holds");
	expect_answer(admin,
		      update(admin,
			     &(struct message_key_update){ .key = "alice/second", .changes = MESSAGE_CHANGE_ROLES },
			     &key),
		      ANSWER_OK, NULL);
	expect_answer(admin, refer_role(admin, WIRE_ROLE_DELETE, NULL, "b", &role), ANSWER_OK, NULL);
	ck_assert_uint_eq(role.permissions.count, 2);
	expect_answer(admin, refer_role(admin, WIRE_ROLE_DELETE, NULL, "b", &role), ANSWER_NOT_FOUND, NULL);
	expect_answer(admin, change_role(admin, WIRE_ROLE_UPDATE, NULL, "b", wire_texts("y", NULL)), ANSWER_NOT_FOUND,
		      NULL);
	expect_roles(admin, NULL, BUILT_IN_ACCOUNT BUILT_IN_TENANT "zz ");
	make_role("b", wire_texts("x", NULL));
}
END_TEST

static const struct {
	const char *name, *permission;
	const char *detail;
} wrongs[] = {
	{ "Payments", "a", "no name of a role" }, { "-a", "a", "no name of a role" },
	{ "a.b", "a", "no name of a role" },      { "a b", "a", "no name of a role" },
	{ "good", "a b", "no permission" },       { "good", "A", "no permission" },
	{ "good", "a.*.b", "no permission" },     { "tenant-admin", "a", NULL },
	{ "account-tenant-read", "*", NULL },
};

START_TEST(what_makes_no_role_is_refused)
{
	bool built_in = wrongs[_i].detail == NULL;
	struct message_role role;

	expect_answer(
		admin,
		change_role(admin, WIRE_ROLE_CREATE, NULL, wrongs[_i].name, wire_texts(wrongs[_i].permission, NULL)),
		built_in ? ANSWER_EXISTS : ANSWER_INVALID, built_in ? "built in" : wrongs[_i].detail);
	expect_roles(admin, NULL, BUILT_IN_ACCOUNT BUILT_IN_TENANT);
	if (!built_in)
		return;
	expect_answer(
		admin,
		change_role(admin, WIRE_ROLE_UPDATE, NULL, wrongs[_i].name, wire_texts(wrongs[_i].permission, NULL)),
		ANSWER_INVALID, "stays as it is");
	expect_answer(admin, refer_role(admin, WIRE_ROLE_DELETE, NULL, wrongs[_i].name, &role), ANSWER_INVALID,
		      "stays as it is");
}
END_TEST

START_TEST(there_are_limits)
{
	struct message_key_create request = { .name = "key", .owner = "alice", .expires = TIME_NEVER };
	struct message_role_change large = { .name = "large" };
	char names[WIRE_ROLES_MAX + 1][8], permission[400], texts[6][400];
	struct message_role role;
	struct message_key key;

	/* Six of them are too many bytes, five are not. */
	memset(permission, 'a', sizeof(permission) - 1);
	permission[sizeof(permission) - 1] = '\0';
	for (size_t i = 0; i < sizeof(permission) - 1; i += 40)
		permission[i] = i == 0 ? 'a' : '.';
	large.permissions.count = 6;
	for (size_t i = 0; i < large.permissions.count; i++) {
		memcpy(texts[i], permission, sizeof(permission));
		texts[i][0] = (char)('a' + i);
		large.permissions.items[i] = texts[i];
	}
	expect_answer(admin, wire_ask(admin, WIRE_ROLE_CREATE, &message_role_change, &large, &message_role, &role),
		      ANSWER_INVALID, "2048 bytes");
	large.permissions.count = 5;
	expect_answer(admin, wire_ask(admin, WIRE_ROLE_CREATE, &message_role_change, &large, &message_role, &role),
		      ANSWER_OK, NULL);

	for (int i = 0; i <= WIRE_ROLES_MAX; i++) {
		snprintf(names[i], sizeof(names[i]), "r%d", i);
		make_role(names[i], wire_texts("a", NULL));
		request.roles.items[request.roles.count++] = names[i];
	}
	expect_answer(admin, create(admin, &request, &key), ANSWER_INVALID, "12 roles at most");
	/* The same one twice is one. */
	request.roles.items[WIRE_ROLES_MAX] = names[0];
	expect_answer(admin, create(admin, &request, &key), ANSWER_OK, NULL);
	ck_assert_uint_eq(key.roles.count, WIRE_ROLES_MAX);
	ck_assert_str_eq(key.effective_permissions, "a");
	/* A page holds 20: these are more. */
	for (int i = 0; i < 30; i++) {
		char name[16];

		snprintf(name, sizeof(name), "u%02d", i);
		make_role(name, wire_texts("a", NULL));
	}
	{
		char found[8192];
		size_t count = 0;

		list_roles(admin, NULL, found, sizeof(found));
		for (const char *at = found; *at; at++)
			count += *at == ' ';
		ck_assert_uint_eq(count, 6 + 1 + WIRE_ROLES_MAX + 1 + 30);
	}
}
END_TEST

START_TEST(a_key_is_shown_with_what_it_may_do)
{
	struct message_key_create request = { .name = "key", .owner = "alice", .expires = TIME_NEVER };
	struct message_explain question = { .key = "alice/key", .permission = "x.write" };
	struct message_explanation explanation;
	struct message_step step;
	struct message_key key;

	make_role("r", wire_texts("x.read", "mail.imap", NULL));
	request.permissions = wire_texts("mail.imap", NULL);
	expect_answer(admin, create(admin, &request, &key), ANSWER_OK, NULL);
	ck_assert_uint_eq(key.roles.count, 0);
	ck_assert_ptr_null(key.effective_permissions);
	expect_answer(admin,
		      update(admin,
			     &(struct message_key_update){ .key = "alice/key",
							   .changes = MESSAGE_CHANGE_ROLES,
							   .roles = wire_texts("r", NULL) },
			     &key),
		      ANSWER_OK, NULL);
	ck_assert_uint_eq(key.roles.count, 1);
	ck_assert_str_eq(key.roles.items[0], "r");
	ck_assert_uint_eq(key.permissions.count, 1);
	ck_assert_str_eq(key.effective_permissions, "mail.imap x.read");
	update_role("r", wire_texts("x.*", NULL));
	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, NULL, "alice/key", &key), ANSWER_OK, NULL);
	ck_assert_str_eq(key.effective_permissions, "mail.imap x.*");
	explanation = explain(admin, &question);
	ck_assert_uint_eq(explanation.verdict, VERDICT_GRANTED);
	question.permission = "y";
	explanation = explain(admin, &question);
	ck_assert_uint_eq(explanation.reason, REASON_INSUFFICIENT_PERMISSION);
	while (codec_next_record(&explanation.steps, &message_step, &step) && step.outcome != MESSAGE_OUTCOME_FAILED)
		;
	ck_assert_str_eq(step.detail, "asked for is y; roles r; holds mail.imap x.*");
	/* Roles go as they came: with the whole list. */
	expect_answer(admin,
		      update(admin,
			     &(struct message_key_update){
				     .key = "alice/key", .changes = MESSAGE_CHANGE_NAME, .name = "other" },
			     &key),
		      ANSWER_OK, NULL);
	ck_assert_uint_eq(key.roles.count, 1);
	expect_answer(admin,
		      update(admin,
			     &(struct message_key_update){ .key = "alice/other", .changes = MESSAGE_CHANGE_ROLES },
			     &key),
		      ANSWER_OK, NULL);
	ck_assert_uint_eq(key.roles.count, 0);
	ck_assert_ptr_null(key.effective_permissions);
}
END_TEST

static size_t count_listed(const char *role, const char *permission)
{
	struct message_key_list request = { .role = role, .permission = permission };
	struct message_key_page page;

	expect_answer(admin, wire_ask(admin, WIRE_KEY_LIST, &message_key_list, &request, &message_key_page, &page),
		      ANSWER_OK, NULL);
	ck_assert_ptr_null(page.cursor);
	return page.keys.count;
}

START_TEST(lists_look_through_roles)
{
	make_role("r", wire_texts("x.read", NULL));
	make_role("s", wire_texts("x.*", NULL));
	make_key("one", "r", NULL);
	make_key("two", "s", NULL);
	make_key("three", "tenant-admin", "x.read");
	ck_assert_uint_eq(count_listed("r", NULL), 1);
	ck_assert_uint_eq(count_listed("none", NULL), 0);
	ck_assert_uint_eq(count_listed("tenant-admin", "x.read"), 1);
	ck_assert_uint_eq(count_listed(NULL, "x.read"), 3);
	ck_assert_uint_eq(count_listed(NULL, "x.*"), 1);
	ck_assert_uint_eq(count_listed(NULL, "apikeyd.keys.write"), 1);
	update_role("r", wire_texts("x.*", NULL));
	ck_assert_uint_eq(count_listed(NULL, "x.*"), 2);
}
END_TEST

START_TEST(every_change_is_in_the_audit)
{
	static const char *const lines[] = {
		"\"event\":\"role_create\",",
		"\"changes\":{\"role\":\"r\",\"after\":{\"permissions\":[\"x.read\"]}}",
		"\"event\":\"role_update\",",
		"\"changes\":{\"role\":\"r\",\"before\":{\"permissions\":[\"x.read\"]},\"after\":{\"permissions\":["
		"\"y\",\"z.*\"]}}",
		"\"event\":\"role_delete\",",
		"\"changes\":{\"role\":\"r\",\"before\":{\"permissions\":[\"y\",\"z.*\"]}}",
		"\"after\":{\"roles\":[\"s\"]}",
	};
	struct message_role role;
	struct message_key key;
	CLEANUP_FREE char *file = NULL;
	const char *at;

	make_role("r", wire_texts("x.read", NULL));
	update_role("r", wire_texts("y", "z.*", NULL));
	/* What changes nothing is no change. */
	update_role("r", wire_texts("y", "z.*", NULL));
	expect_answer(admin, refer_role(admin, WIRE_ROLE_DELETE, NULL, "r", &role), ANSWER_OK, NULL);
	make_role("s", wire_texts("x", NULL));
	make_key("key", "tenant-admin", NULL);
	expect_answer(admin,
		      update(admin,
			     &(struct message_key_update){ .key = "alice/key",
							   .changes = MESSAGE_CHANGE_ROLES,
							   .roles = wire_texts("s", NULL) },
			     &key),
		      ANSWER_OK, NULL);
	file = host_read(&host, "log/audit.jsonl");
	at = file;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		at = strstr(at, lines[i]);
		ck_assert_msg(at != NULL, "%s is missing in: %s", lines[i], file);
	}
	at = strstr(file, "\"role_update\"");
	ck_assert_ptr_null(strstr(at + 1, "\"role_update\""));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("daemon-role");
	TCase *tcase = tcase_create("role");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_change_of_a_role_counts_at_once);
	tcase_add_test(tcase, a_persistent_client_sees_it_too);
	tcase_add_test(tcase, a_role_is_made_listed_and_removed);
	tcase_add_loop_test(tcase, what_makes_no_role_is_refused, 0, ARRAY_SIZE(wrongs));
	tcase_add_test(tcase, there_are_limits);
	tcase_add_test(tcase, a_key_is_shown_with_what_it_may_do);
	tcase_add_test(tcase, lists_look_through_roles);
	tcase_add_test(tcase, every_change_is_in_the_audit);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
