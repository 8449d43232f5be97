/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Lists of keys by the real daemon: what is asked for comes, in order and once; no request looks at more than so many
 * keys; and nobody is led along keys that are not theirs.
 */
#include <check.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "daemon/store.h"
#include "tests/daemon/admin-requests.h"
#include "tests/daemon/host-store.h"
#include "tests/suite.h"

#define LATER INT64_C(4102444800)

static struct host host;
static struct wire_client *admin;

static void setup(void)
{
	host_open(&host, NULL);
	host.user = "daemon";
	host_start(&host);
	admin = wire_open(&host, WIRE_ADMIN_SOCKET);
}

static void teardown(void)
{
	wire_close(admin);
	host_stop(&host);
	host_remove(&host);
}

static void make(const char *owner, const char *name, const char *permission, const char *label, int64_t expires)
{
	struct message_key_create request = { .owner = owner, .name = name, .expires = expires };
	struct message_key key;

	request.permissions = wire_texts(permission, NULL);
	if (label)
		request.labels = wire_texts(label, NULL);
	expect_answer(admin, create(admin, &request, &key), ANSWER_OK, NULL);
}

/* The names of what a list gives, page by page, with a '|' behind each page but the last. */
static const char *names(struct wire_client *client, struct message_key_list request)
{
	static char text[4096];
	char cursor[WIRE_CURSOR_MAX + 1] = "";
	struct message_key_page page;
	struct message_key key;

	text[0] = '\0';
	do {
		if (*cursor)
			request.cursor = cursor;
		expect_answer(client,
			      wire_ask(client, WIRE_KEY_LIST, &message_key_list, &request, &message_key_page, &page),
			      ANSWER_OK, NULL);
		while (codec_next_record(&page.keys, &message_key, &key)) {
			strcat(text, key.name);
			strcat(text, " ");
		}
		if (page.cursor)
			strcat(text, "| ");
		snprintf(cursor, sizeof(cursor), "%s", page.cursor ? page.cursor : "");
	} while (*cursor);
	if (*text)
		text[strlen(text) - 1] = '\0';
	return text;
}

START_TEST(what_is_asked_for_comes)
{
	int64_t now = clock_wall_seconds();
	const struct {
		struct message_key_list request;
		const char *names;
	} cases[] = {
		{ { .limit = 0 }, "laptop old phone bot spare" },
		{ { .owner = "alice" }, "laptop old phone" },
		{ { .state = "active" }, "laptop phone bot spare" },
		{ { .state = "revoked" }, "old" },
		{ { .state = "inactive" }, "" },
		{ { .permission = "mail.imap" }, "phone bot" },
		{ { .permission = "mail.*" }, "bot" },
		{ { .permission = "pam.sshd OR mail.imap", .state = "active" }, "laptop phone bot" },
		{ { .labels = wire_texts("team", NULL) }, "laptop phone" },
		{ { .labels = wire_texts("team=blue", NULL) }, "laptop" },
		{ { .labels = wire_texts("team=blue", "room", NULL) }, "" },
		{ { .expires_before = now + 1000 }, "laptop old" },
		{ { .due_before = now + 1000 }, "laptop" },
		/* made in 1970; alice/phone was used a moment ago */
		{ { .unused_since = 2000 }, "laptop old bot spare" },
		{ { .unused_since = now + 1000, .owner = "alice" }, "laptop old phone" },
		{ { .unused_since = 1000 }, "" },
		{ { .limit = 2 }, "laptop old | phone bot | spare" },
		{ { .limit = 2, .state = "active" }, "laptop phone | bot spare" },
		{ { .cursor = "alice/old", .state = "active" }, "phone bot spare" },
		{ { .cursor = "alice/old", .owner = "bob" }, "bot spare" },
	};
	static const struct {
		struct message_key_list request;
		const char *detail;
	} bad[] = {
		{ { .state = "gone" }, "'gone' is no state" },
		{ { .permission = "No" }, "'No' is no permission" },
		{ { .cursor = "nowhere" }, "cursor" },
	};
	struct message_key_page page;
	struct wire_key used;

	make("alice", "laptop", "pam.sshd", "team=blue", now + 500);
	used = wire_make_key(&host, &(struct message_key_create){ .name = "phone",
								  .permissions = wire_texts("mail.imap", NULL),
								  .labels = wire_texts("team=red", NULL) });
	make("alice", "old", "pam.sshd", NULL, now + 500);
	make("bob", "bot", "mail.*", "room=4", TIME_NEVER);
	make("bob", "spare", "test.use", NULL, LATER);
	wire_change(&host, WIRE_KEY_REVOKE, "alice/old");
	host_store_run(&host, "UPDATE key SET created = 1000");
	ck_assert_int_eq(wire_verify(&host, geteuid() == 0 ? WIRE_LOGIN_SOCKET : WIRE_VERIFY_SOCKET,
				     &(struct message_verify){ .credential = used.secret,
							       .service = host.service,
							       .permission = "mail.imap" })
				 .verdict,
			 VERDICT_GRANTED);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *got = names(admin, cases[i].request);

		if (strcmp(got, cases[i].names) != 0)
			fail("case %zu: '%s' instead of '%s'", i, got, cases[i].names);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		expect_answer(
			admin,
			wire_ask(admin, WIRE_KEY_LIST, &message_key_list, &bad[i].request, &message_key_page, &page),
			ANSWER_INVALID, bad[i].detail);
}
END_TEST

/* Many keys of carol's like the one she has, by numbers. */
static void multiply(unsigned int count)
{
	char sql[1024];

	snprintf(sql, sizeof(sql),
		 "BEGIN IMMEDIATE;"
		 "CREATE TEMP TABLE copy AS SELECT * FROM key WHERE owner = 'carol';"
		 "INSERT INTO key SELECT printf('%%012d', n), state, kind, test, not_before, expires, secrets, owner,"
		 " tenant, account, users, permissions, roles, sources, printf('%%06d', n), owner_uid, created,"
		 " created_by, state_reason, labels, exclusive, max_uses, state_since, client_side FROM copy,"
		 " (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < %u) SELECT n FROM c);"
		 "UPDATE tally SET keys = keys + %u WHERE state = 1; COMMIT",
		 count, count);
	host_store_run(&host, sql);
}

START_TEST(a_request_looks_at_so_many_keys_and_no_more)
{
	struct listing listing;

	make("carol", "x", "test.use", NULL, TIME_NEVER);
	make("dave", "last", "test.last", NULL, TIME_NEVER);
	multiply(2500);
	/* Two pages without a key, whose cursors lead on, and then the one. */
	ck_assert_str_eq(names(admin, (struct message_key_list){ .permission = "test.last" }), "| | last");
	ck_assert_str_eq(names(admin, (struct message_key_list){ .permission = "test.none" }), "| |");
	list(admin, NULL, NULL, 0, &listing);
	ck_assert_uint_eq(listing.count, 2502);
	ck_assert_uint_ge(listing.pages, 10);
}
END_TEST

static void list_own(void *data)
{
	struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);
	const char *got;

	(void)data;
	got = names(client, (struct message_key_list){ .limit = 0 });
	if (strcmp(got, "mine theirs-too") != 0)
		fail("a user is shown '%s'", got);
	/* Of thousands of another's keys not one is looked at: there is no page that ends among them. */
	got = names(client, (struct message_key_list){ .owner = "carol" });
	if (strcmp(got, "theirs-too") != 0)
		fail("a user is shown '%s' of another", got);
	got = names(client, (struct message_key_list){ .owner = "carol", .permission = "test.none" });
	if (*got != '\0')
		fail("a user is led along keys of another: '%s'", got);
	wire_close(client);
}

START_TEST(a_user_is_not_led_along_the_keys_of_others)
{
	const struct passwd *user = getpwnam("nobody");
	char sql[128];

	if (geteuid() != 0 || !user) {
		puts("skipped: not root, and so no other user");
		return;
	}
	make("carol", "x", "test.use", NULL, TIME_NEVER);
	multiply(2500);
	make("nobody", "mine", "test.use", NULL, TIME_NEVER);
	/* a key that the user may see, at the end of another owner's */
	make("carol", "theirs-too", "test.use", NULL, TIME_NEVER);
	snprintf(sql, sizeof(sql), "UPDATE key SET owner_uid = %u WHERE name = 'theirs-too'",
		 (unsigned int)user->pw_uid);
	host_store_run(&host, sql);
	host_store_run(&host, "UPDATE key SET owner = 'aaron' WHERE name = 'mine'");
	as_user(user->pw_uid, user->pw_gid, user->pw_gid, list_own, NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("daemon-list");
	TCase *tests = tcase_create("list");

	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, what_is_asked_for_comes);
	tcase_add_test(tests, a_request_looks_at_so_many_keys_and_no_more);
	tcase_add_test(tests, a_user_is_not_led_along_the_keys_of_others);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
