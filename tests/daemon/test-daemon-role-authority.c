/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Who may make, see, change and give away roles in the real daemon, and what nobody gains by one.
 */
#include <check.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/daemon/role-requests.h"
#include "tests/suite.h"

START_TEST(a_key_gets_no_role_that_is_none)
{
	struct message_key_create request = { .name = "key", .owner = "alice", .expires = TIME_NEVER };
	struct message_key key;

	make_role("payments-read", wire_texts("payments.read", NULL));
	request.roles = wire_texts("payments-raed", NULL);
	expect_answer(admin, create(admin, &request, &key), ANSWER_INVALID, "did you mean 'payments-read'?");
	request.roles = wire_texts("payments-read", "nothing-like-it", NULL);
	expect_answer(admin, create(admin, &request, &key), ANSWER_INVALID, "there is no role 'nothing-like-it'");
	request.roles = wire_texts("account-admin", NULL);
	request.tenant = "default";
	expect_answer(admin, create(admin, &request, &key), ANSWER_INVALID, "keys of an account");
	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, NULL, "alice/key", &key), ANSWER_NOT_FOUND, NULL);
}
END_TEST

/* Nobody grants what they do not hold: by a role they give, nor by one they change. */
START_TEST(a_key_that_acts_is_capped)
{
	struct wire_key actor, editor, reader;
	struct message_key_create request = { .name = "made", .expires = TIME_NEVER };
	struct message_key_update change = { .key = "alice/made", .changes = MESSAGE_CHANGE_ROLES };
	struct message_role role;
	struct message_key key;

	make_role("small", wire_texts("x.read", NULL));
	make_role("large", wire_texts("x.*", NULL));
	make_role("acts", wire_texts("apikeyd.keys.*", "x.read", NULL));
	make_role("edits", wire_texts("apikeyd.roles.write", "y.*", NULL));
	actor = make_key("actor", "acts", NULL);
	expect_answer(admin,
		      update(admin,
			     &(struct message_key_update){ .key = actor.id,
							   .changes = MESSAGE_CHANGE_ROLES,
							   .roles = wire_texts("acts", "small", NULL) },
			     &key),
		      ANSWER_OK, NULL);
	make_role("alike", wire_texts("x.read", NULL));
	editor = make_key("editor", "edits", NULL);
	reader = make_key("reader", "small", "apikeyd.roles.read");

	/* What it may do it may do by its role. */
	request.credential = change.credential = actor.secret;
	request.roles = wire_texts("small", NULL);
	expect_answer(admin, create(admin, &request, &key), ANSWER_OK, NULL);
	change.roles = wire_texts("large", NULL);
	expect_answer(admin, update(admin, &change, &key), ANSWER_NOT_PERMITTED, "what they do not hold");
	request.name = "more";
	request.roles = wire_texts("small", "large", NULL);
	expect_answer(admin, create(admin, &request, &key), ANSWER_NOT_PERMITTED, "what they do not hold");
	/* It covers this one, but would follow it when somebody widens it. */
	request.roles = wire_texts("alike", NULL);
	expect_answer(admin, create(admin, &request, &key), ANSWER_NOT_PERMITTED, "the role 'alike' is none, or");
	/* One that is none is answered in the same way: a key without the right to see roles cannot search for them. */
	request.roles = wire_texts("larger", NULL);
	expect_answer(admin, create(admin, &request, &key), ANSWER_NOT_PERMITTED, "the role 'larger' is none, or");
	request.roles = wire_texts("large", NULL);
	expect_answer(admin, create(admin, &request, &key), ANSWER_NOT_PERMITTED, "the role 'large' is none, or");
	request.roles = wire_texts("tenant-admin", NULL);
	expect_answer(admin, create(admin, &request, &key), ANSWER_NOT_PERMITTED, NULL);
	/* A key that may do more now is not touched by one that may not. */
	make_role("wide", wire_texts("z", NULL));
	change.credential = NULL;
	change.roles = wire_texts("small", "wide", NULL);
	expect_answer(admin, update(admin, &change, &key), ANSWER_OK, NULL);
	change.credential = actor.secret;
	expect_answer(admin, update(admin, &change, &key), ANSWER_NOT_PERMITTED, NULL);
	expect_answer(admin,
		      update(admin,
			     &(struct message_key_update){ .credential = actor.secret,
							   .key = "alice/made",
							   .changes = MESSAGE_CHANGE_NAME,
							   .name = "renamed" },
			     &key),
		      ANSWER_NOT_PERMITTED, NULL);
	expect_answer(
		admin,
		rotate(admin, &(struct message_key_rotate){ .credential = actor.secret, .key = "alice/made" }, &key),
		ANSWER_NOT_PERMITTED, NULL);
	/* Its own rights follow its role, at once. */
	update_role("acts", wire_texts("apikeyd.keys.read", NULL));
	change.roles = wire_texts(NULL, NULL);
	expect_answer(admin, update(admin, &change, &key), ANSWER_NOT_PERMITTED, NULL);
	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, actor.secret, "alice/made", &key), ANSWER_OK, NULL);

	/* Roles are changed by who may, within what they hold. */
	expect_answer(admin, change_role(admin, WIRE_ROLE_CREATE, actor.secret, "own", wire_texts("x.read", NULL)),
		      ANSWER_NOT_PERMITTED, NULL);
	expect_answer(admin, change_role(admin, WIRE_ROLE_UPDATE, actor.secret, "small", wire_texts(NULL, NULL)),
		      ANSWER_NOT_PERMITTED, NULL);
	expect_answer(admin, refer_role(admin, WIRE_ROLE_DELETE, actor.secret, "large", &role), ANSWER_NOT_PERMITTED,
		      NULL);
	expect_answer(admin, change_role(admin, WIRE_ROLE_CREATE, reader.secret, "own", wire_texts("x.read", NULL)),
		      ANSWER_NOT_PERMITTED, NULL);
	expect_answer(admin, change_role(admin, WIRE_ROLE_CREATE, editor.secret, "own", wire_texts("x.read", NULL)),
		      ANSWER_NOT_PERMITTED, "what they do not hold");
	expect_answer(admin, change_role(admin, WIRE_ROLE_CREATE, editor.secret, "own", wire_texts("y.a", NULL)),
		      ANSWER_OK, NULL);
	expect_answer(admin, change_role(admin, WIRE_ROLE_UPDATE, editor.secret, "own", wire_texts("*", NULL)),
		      ANSWER_NOT_PERMITTED, "what they do not hold");
	/* Not even its own role may it widen. */
	expect_answer(admin,
		      change_role(admin, WIRE_ROLE_UPDATE, editor.secret, "edits",
				  wire_texts("apikeyd.roles.write", "y.*", "x", NULL)),
		      ANSWER_NOT_PERMITTED, "what they do not hold");
	expect_answer(admin, change_role(admin, WIRE_ROLE_UPDATE, editor.secret, "own", wire_texts("y.b", NULL)),
		      ANSWER_OK, NULL);
	expect_answer(admin, refer_role(admin, WIRE_ROLE_DELETE, editor.secret, "own", &role), ANSWER_OK, NULL);
	ck_assert_uint_eq(role.keys_known, 0);
}
END_TEST

START_TEST(who_sees_which_roles)
{
	struct wire_key actor, reader;
	struct message_role role;

	make_role("mine", wire_texts("x.read", NULL));
	make_role("others", wire_texts("x.*", NULL));
	actor = make_key("actor", "mine", "apikeyd.keys.write");
	reader = make_key("reader", "mine", "apikeyd.roles.read");
	expect_roles(admin, actor.secret, BUILT_IN_ACCOUNT "mine " BUILT_IN_TENANT);
	expect_roles(admin, reader.secret, BUILT_IN_ACCOUNT "mine others " BUILT_IN_TENANT);
	expect_answer(admin, refer_role(admin, WIRE_ROLE_SHOW, actor.secret, "mine", &role), ANSWER_OK, NULL);
	ck_assert_uint_eq(role.keys_known, 0);
	ck_assert_uint_eq(role.keys, 0);
	expect_answer(admin, refer_role(admin, WIRE_ROLE_SHOW, reader.secret, "others", &role), ANSWER_OK, NULL);
	ck_assert_uint_eq(role.keys_known, 0);
	/* What it does not see is as if it was not there. */
	expect_answer(admin, refer_role(admin, WIRE_ROLE_SHOW, actor.secret, "others", &role), ANSWER_NOT_FOUND,
		      "no key of yours holds a role 'others'");
	expect_answer(admin, refer_role(admin, WIRE_ROLE_SHOW, actor.secret, "other", &role), ANSWER_NOT_FOUND,
		      "no key of yours holds a role 'other'");
	expect_answer(admin, refer_role(admin, WIRE_ROLE_SHOW, reader.secret, "other", &role), ANSWER_NOT_FOUND,
		      "did you mean 'others'?");
	/* A key that is switched off sees nothing. */
	wire_change(&host, WIRE_KEY_DEACTIVATE, actor.id);
	expect_answer(admin, refer_role(admin, WIRE_ROLE_SHOW, actor.secret, "mine", &role), ANSWER_BAD_CREDENTIAL,
		      NULL);
}
END_TEST

static void serve_oneself(void *data)
{
	struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_key_create request = { .name = "own", .expires = clock_wall_seconds() + 86400 };
	struct message_role role;
	struct message_key key;

	(void)data;
	expect_roles(client, NULL, BUILT_IN_ACCOUNT "given " BUILT_IN_TENANT);
	/* What it grants they may grant; but it may grant more one day. */
	request.roles = wire_texts("mail", NULL);
	expect_answer(client, create(client, &request, &key), ANSWER_NOT_PERMITTED, "the role 'mail' is none, or");
	expect_answer(client, refer_role(client, WIRE_ROLE_SHOW, NULL, "given", &role), ANSWER_OK, NULL);
	if (role.keys_known)
		fail("a user is told how many keys hold a role");
	expect_answer(client, refer_role(client, WIRE_ROLE_SHOW, NULL, "all", &role), ANSWER_NOT_FOUND,
		      "no key of yours");
	request.name = "more";
	request.roles = wire_texts("all", NULL);
	expect_answer(client, create(client, &request, &key), ANSWER_NOT_PERMITTED, "the role 'all' is none, or");
	request.roles = wire_texts("none", NULL);
	expect_answer(client, create(client, &request, &key), ANSWER_NOT_PERMITTED, "the role 'none' is none, or");
	request.roles = wire_texts("tenant-admin", NULL);
	expect_answer(client, create(client, &request, &key), ANSWER_NOT_PERMITTED, NULL);
	/* A key that was given more by somebody is not prolonged. */
	expect_answer(client,
		      update(client,
			     &(struct message_key_update){
				     .key = "bin/given", .changes = MESSAGE_CHANGE_NAME, .name = "taken" },
			     &key),
		      ANSWER_NOT_PERMITTED, NULL);
	expect_answer(client, change_role(client, WIRE_ROLE_CREATE, NULL, "own", wire_texts("mail.imap", NULL)),
		      ANSWER_NOT_PERMITTED, NULL);
	expect_answer(client, change_role(client, WIRE_ROLE_UPDATE, NULL, "mail", wire_texts(NULL, NULL)),
		      ANSWER_NOT_PERMITTED, NULL);
	expect_answer(client, refer_role(client, WIRE_ROLE_DELETE, NULL, "mail", &role), ANSWER_NOT_PERMITTED, NULL);
	wire_close(client);
}

START_TEST(a_user_is_capped)
{
	const struct passwd *user = getpwnam("bin");
	struct message_key_create request = { .name = "given", .owner = "bin", .expires = TIME_NEVER };
	struct message_key key;

	if (geteuid() != 0 || !user) {
		puts("skipped: not root, and so no other user");
		return;
	}
	make_role("mail", wire_texts("mail.imap", "mail.smtp", NULL));
	make_role("all", wire_texts("*", NULL));
	make_role("given", wire_texts("pam.sudo", NULL));
	request.roles = wire_texts("given", NULL);
	expect_answer(admin, create(admin, &request, &key), ANSWER_OK, NULL);
	as_user(user->pw_uid, user->pw_gid, user->pw_gid, serve_oneself, NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("daemon-role-authority");
	TCase *tcase = tcase_create("authority");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_key_gets_no_role_that_is_none);
	tcase_add_test(tcase, a_key_that_acts_is_capped);
	tcase_add_test(tcase, who_sees_which_roles);
	tcase_add_test(tcase, a_user_is_capped);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
