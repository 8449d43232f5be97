/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What users may do with their own keys in the real daemon, and what they gain by trying: permissions, lifetimes,
 * rotations, and keys that are not theirs. As root, who becomes others.
 */
#include <check.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "tests/daemon/admin-requests.h"
#include "tests/suite.h"

#define DAY 86400
#define SELF_SERVICE "[daemon]\nminimum_uid = 1\n[self-service]\n"

static struct host host;

static void start_with(const char *settings)
{
	host_open(&host, settings);
	/* Another than the user that the tests become. */
	host.user = "daemon";
	host_start(&host);
}

static void configure(const char *settings)
{
	host_end(&host, SIGTERM);
	host_configure(&host, settings);
	host_start(&host);
}

static void end(void)
{
	host_end(&host, SIGTERM);
	host_remove(&host);
}

static bool is_root(void)
{
	if (geteuid() == 0 && getpwnam("bin"))
		return true;
	puts("skipped: not root, and so no other user");
	return false;
}

static void as_bin(void (*function)(void *data), void *data)
{
	const struct passwd *user = getpwnam("bin");

	as_user(user->pw_uid, user->pw_gid, user->pw_gid, function, data);
}

/* ---- lifetimes ---- */

static void expect_lifetime(const struct message_key *key, int64_t least, int64_t most)
{
	int64_t lifetime = key->expires - clock_wall_seconds();

	if (lifetime < least || lifetime > most)
		fail("the key lives for %lld seconds", (long long)lifetime);
}

static void live_within_limits(void *data)
{
	struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_key_create request = { .name = "key" };
	struct message_key_update change = { .key = "bin/key", .changes = MESSAGE_CHANGE_EXPIRES };
	int64_t now = clock_wall_seconds();
	struct message_key key;

	(void)data;
	request.permissions = wire_texts("mail.imap", NULL);
	request.expires = TIME_NEVER;
	expect_answer(client, create(client, &request, &key), ANSWER_NOT_PERMITTED, "live for 30d from now at most");
	request.expires = now + 30 * DAY + 600;
	expect_answer(client, create(client, &request, &key), ANSWER_NOT_PERMITTED, "--expires 30d");
	request.expires = TIME_NEVER - 1;
	expect_answer(client, create(client, &request, &key), ANSWER_NOT_PERMITTED, "--expires 30d");
	/* A first day that is far away does not put the end off. */
	request.not_before = now + 20 * DAY;
	request.expires = now + 40 * DAY;
	expect_answer(client, create(client, &request, &key), ANSWER_NOT_PERMITTED, "--expires 30d");
	request.not_before = 0;
	request.expires = 0;
	expect_answer(client, create(client, &request, &key), ANSWER_OK, NULL);
	expect_lifetime(&key, 30 * DAY - 600, 30 * DAY);
	change.expires = TIME_NEVER;
	expect_answer(client, update(client, &change, &key), ANSWER_NOT_PERMITTED, "live for 30d from now at most");
	change.expires = now + 31 * DAY;
	expect_answer(client, update(client, &change, &key), ANSWER_NOT_PERMITTED, "key update");
	change.expires = now + 5 * DAY;
	expect_answer(client, update(client, &change, &key), ANSWER_OK, NULL);
	change.expires = clock_wall_seconds() + 30 * DAY;
	expect_answer(client, update(client, &change, &key), ANSWER_OK, NULL);
	change.expires = 0;
	expect_answer(client, update(client, &change, &key), ANSWER_OK, NULL);
	expect_lifetime(&key, 30 * DAY - 600, 30 * DAY);
	wire_close(client);
}

static void get_the_default(void *data)
{
	struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_key_create request = { .name = "short", .permissions = wire_texts("mail.imap", NULL) };
	struct message_key key;

	(void)data;
	expect_answer(client, create(client, &request, &key), ANSWER_OK, NULL);
	expect_lifetime(&key, 10 * DAY - 600, 10 * DAY);
	wire_close(client);
}

START_TEST(own_keys_live_within_the_limit)
{
	struct wire_client *admin;
	struct message_key_update change = { .key = "bin/key",
					     .changes = MESSAGE_CHANGE_EXPIRES,
					     .expires = TIME_NEVER };
	struct message_key key;

	if (!is_root())
		return;
	start_with(SELF_SERVICE "permissions = mail.*\nmax_lifetime = 30d\n");
	as_bin(live_within_limits, NULL);
	/* Administrators are not bound by it. */
	admin = wire_open(&host, WIRE_ADMIN_SOCKET);
	expect_answer(admin, update(admin, &change, &key), ANSWER_OK, NULL);
	ck_assert_int_eq(key.expires, TIME_NEVER);
	wire_close(admin);
	configure(SELF_SERVICE "permissions = mail.*\nmax_lifetime = 30d\n[policy]\ndefault_lifetime = 10d\n");
	as_bin(get_the_default, NULL);
	end();
}
END_TEST

/* ---- rotating ---- */

static void rotate_own(void *data)
{
	struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_key_create request = { .name = "phone", .expires = TIME_NEVER };
	struct message_key_rotate again = { .key = "bin/phone", .overlap = DAY, .expected = 1 };
	struct message_key_retire over = { .key = "bin/phone" };
	struct message_key key;

	(void)data;
	request.permissions = wire_texts("mail.imap", NULL);
	expect_answer(client, create(client, &request, &key), ANSWER_OK, NULL);
	expect_answer(client, rotate(client, &again, &key), ANSWER_OK, NULL);
	if (!key.secret || key.secrets.count != 2)
		fail("an own key was not rotated");
	expect_answer(client, rotate(client, &again, &key), ANSWER_WRONG_STATE, "meanwhile");
	expect_answer(client, retire(client, &over, &key), ANSWER_OK, NULL);
	wire_close(client);
}

/* Keys that are others', by name and id, and keys that there are not: one answer. */
static void rotate_others(void *data)
{
	const char *const *names = data;
	struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_key key;

	for (; *names; names++) {
		struct message_key_rotate request = { .key = *names, .now = 1 };
		struct message_key_retire over = { .key = *names };

		expect_answer(client, rotate(client, &request, &key), ANSWER_NOT_FOUND, NULL);
		if (*client->detail)
			fail("%s is told of: %s", *names, client->detail);
		/* A guess of the number tells nothing either. */
		request.expected = 1;
		expect_answer(client, rotate(client, &request, &key), ANSWER_NOT_FOUND, NULL);
		expect_answer(client, retire(client, &over, &key), ANSWER_NOT_FOUND, NULL);
		over.secret = 1;
		expect_answer(client, retire(client, &over, &key), ANSWER_NOT_FOUND, NULL);
		if (*client->detail)
			fail("%s is told of: %s", *names, client->detail);
	}
	wire_close(client);
}

struct attempt {
	const char *key;
	enum answer rotation, retirement;
	const char *detail;
};

static void attempt(void *data)
{
	const struct attempt *attempts = data;
	struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_key key;

	for (; attempts->key; attempts++) {
		struct message_key_rotate request = { .key = attempts->key };
		struct message_key_retire over = { .key = attempts->key };

		expect_answer(client, rotate(client, &request, &key), attempts->rotation, attempts->detail);
		expect_answer(client, retire(client, &over, &key), attempts->retirement, NULL);
	}
	wire_close(client);
}

static void make_for_bin(const char *name, const char *permission, const char *user, int64_t expires)
{
	struct message_key_create request = { .name = name, .owner = "bin", .expires = expires };

	request.permissions = wire_texts(permission, NULL);
	if (user)
		request.users = wire_texts(user, NULL);
	(void)wire_make_key(&host, &request);
}

START_TEST(users_rotate_what_they_could_make)
{
	static struct attempt limited[] = {
		{ "bin/wide", ANSWER_NOT_PERMITTED, ANSWER_OK, "what they do not hold" },
		{ "bin/shared", ANSWER_NOT_PERMITTED, ANSWER_OK, "further users" },
		{ "bin/narrow", ANSWER_OK, ANSWER_OK, NULL },
		{ "bin/phone", ANSWER_OK, ANSWER_OK, NULL },
		{ NULL, ANSWER_OK, ANSWER_OK, NULL },
	};
	/* mail was taken away, and then all; ending goes on. */
	static struct attempt taken[] = {
		{ "bin/narrow", ANSWER_NOT_PERMITTED, ANSWER_OK, "what they do not hold" },
		{ NULL, ANSWER_OK, ANSWER_OK, NULL },
	};
	static struct attempt nothing[] = {
		{ "bin/narrow", ANSWER_NOT_PERMITTED, ANSWER_OK, NULL },
		{ NULL, ANSWER_OK, ANSWER_OK, NULL },
	};
	/* A key that lives longer than the user may say is not renewed by them. */
	static struct attempt lifetimes[] = {
		{ "bin/narrow", ANSWER_NOT_PERMITTED, ANSWER_OK, "live for 30d from now at most" },
		{ "bin/brief", ANSWER_OK, ANSWER_OK, NULL },
		{ NULL, ANSWER_OK, ANSWER_OK, NULL },
	};
	char id[16];
	const char *others[] = { id, "alice/key", "alice/none", "000000000000", NULL };

	if (!is_root())
		return;
	start_with(SELF_SERVICE "permissions = mail.*\n");
	snprintf(id, sizeof(id), "%s", wire_make_key(&host, &(struct message_key_create){ .name = "key" }).id);
	make_for_bin("wide", "pam.sshd", NULL, TIME_NEVER);
	make_for_bin("shared", "mail.imap", "alice", TIME_NEVER);
	make_for_bin("narrow", "mail.imap", NULL, TIME_NEVER);
	make_for_bin("brief", "mail.imap", NULL, clock_wall_seconds() + 20 * DAY);
	as_bin(rotate_own, NULL);
	as_bin(rotate_others, others);
	as_bin(attempt, limited);
	configure(SELF_SERVICE "permissions = pam.dovecot\n");
	as_bin(attempt, taken);
	configure("[daemon]\nminimum_uid = 1\n");
	as_bin(attempt, nothing);
	configure(SELF_SERVICE "permissions = mail.*\nmax_lifetime = 30d\n");
	as_bin(attempt, lifetimes);
	end();
}
END_TEST

/* ---- pairs ---- */

static void make_pairs(void *data)
{
	struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_key_create request = { .name = "pair", .kind = MESSAGE_KIND_PAIR };
	struct message_key_rotate again = { .key = "bin/pair" };
	struct message_key key;

	(void)data;
	request.permissions = wire_texts("pam.sshd", NULL);
	expect_answer(client, create(client, &request, &key), ANSWER_NOT_PERMITTED, "what they do not hold");
	request.permissions = wire_texts("mail.imap", NULL);
	request.expires = TIME_NEVER;
	expect_answer(client, create(client, &request, &key), ANSWER_NOT_PERMITTED, "live for 30d from now at most");
	request.expires = 0;
	request.public_key = "a123456b-c12c-123d-1ab4-18bd8c8e88a3";
	request.private_key = "AGHYR1aWYgHgyjhJLkVCd7b8XfAVeA4tuFwCQl3X64Y=";
	expect_answer(client, create(client, &request, &key), ANSWER_NOT_PERMITTED, "only administrators import");
	request.public_key = request.private_key = NULL;
	expect_answer(client, create(client, &request, &key), ANSWER_OK, NULL);
	ck_assert_str_eq(key.kind, "pair");
	ck_assert_str_eq(key.owner, "bin");
	ck_assert_ptr_nonnull(key.private_key);
	expect_lifetime(&key, 30 * DAY - 600, 30 * DAY);
	expect_answer(client, rotate(client, &again, &key), ANSWER_OK, NULL);
	ck_assert_ptr_nonnull(key.private_key);
	/* It counts like any other key. */
	request.name = "second";
	expect_answer(client, create(client, &request, &key), ANSWER_OK, NULL);
	request.name = "third";
	expect_answer(client, create(client, &request, &key), ANSWER_NOT_PERMITTED, "you may have 2 keys");
	expect_answer(client, refer(client, WIRE_KEY_DELETE, NULL, "bin/second", &key), ANSWER_OK, NULL);
	wire_close(client);
}

START_TEST(users_make_pairs_within_the_same_limits)
{
	if (!is_root())
		return;
	start_with(SELF_SERVICE "permissions = mail.*\nkeys = 2\nmax_lifetime = 30d\n");
	as_bin(make_pairs, NULL);
	end();
}
END_TEST

/* ---- in haste ---- */

/* A minute's changes at once, and those that the clock gives room for meanwhile, but not as many as it takes. */
static void change_in_haste(void *data)
{
	struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_key_create request = { .name = "toy", .permissions = wire_texts("mail.imap", NULL) };
	struct message_key_rotate again = { .key = "bin/toy", .now = 1 };
	int64_t began = clock_monotonic();
	enum answer answer = create(client, &request, data);
	int changes = 1;

	expect_answer(client, answer, ANSWER_OK, NULL);
	while ((answer = rotate(client, &again, data)) == ANSWER_OK) {
		if (++changes > 61 + (clock_monotonic() - began) / 1000000000)
			fail("%d changes were let through", changes);
	}
	expect_answer(client, answer, ANSWER_BUSY, "nothing was changed");
	if (changes < 60)
		fail("only %d changes were let through", changes);
	expect_answer(client, refer(client, WIRE_KEY_SHOW, NULL, "bin/toy", data), ANSWER_OK, NULL);
	expect_answer(client, refer(client, WIRE_KEY_REVOKE, NULL, "bin/toy", data), ANSWER_OK, NULL);
	expect_answer(client, refer(client, WIRE_KEY_DELETE, NULL, "bin/toy", data), ANSWER_OK, NULL);
	wire_close(client);
}

START_TEST(users_do_not_flood_the_logs)
{
	struct message_key key;

	if (!is_root())
		return;
	start_with(SELF_SERVICE "permissions = mail.*\n");
	as_bin(change_in_haste, &key);
	/* That is of one user alone. */
	make_for_bin("another", "mail.imap", NULL, TIME_NEVER);
	end();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("daemon-self-service");
	TCase *tests = tcase_create("self-service");

	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, own_keys_live_within_the_limit);
	tcase_add_test(tests, users_rotate_what_they_could_make);
	tcase_add_test(tests, users_make_pairs_within_the_same_limits);
	tcase_add_test(tests, users_do_not_flood_the_logs);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
