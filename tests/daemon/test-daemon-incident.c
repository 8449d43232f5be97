/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Many keys ended at once in the real daemon, and whose a credential is that was found: which keys it is, who may, what
 * is true when a step is answered, what is left of one that was cut short.
 */
#include <signal.h>

#include "common/clock.h"
#include "proto/credential.h"
#include "tests/daemon/tenant-host.h"
#include "tests/suite.h"

#define MANY 500
#define STEP_MOST 200 /* keys that a step changes at most */

static void begin(void)
{
	host_open(&host, HOST_UNTHROTTLED "[daemon]\nminimum_uid = 1\n");
	host.user = "daemon";
	host_start(&host);
	admin = wire_open(&host, WIRE_ADMIN_SOCKET);
}

static void end(void)
{
	wire_close(admin);
	host_end(&host, SIGTERM);
	host_remove(&host);
}

/* ---- the requests ---- */

static enum answer bulk(struct wire_client *client, const struct message_key_bulk *request,
			struct message_key_bulk_page *ret_page)
{
	return wire_ask(client, WIRE_KEY_BULK, &message_key_bulk, request, &message_key_bulk_page, ret_page);
}

struct run {
	uint64_t touched, already;
	size_t steps;
	char batch[WIRE_ID_MAX + 1];
};

/* All steps of it, or so many at most (0: all). */
static struct run run(const struct message_key_bulk *wanted, size_t most)
{
	struct message_key_bulk request = *wanted;
	struct message_key_bulk_page page;
	char cursor[WIRE_CURSOR_MAX + 1];
	struct run run = { .steps = 0 };

	if (request.action == 0)
		request.action = MESSAGE_BULK_REVOKE;
	do {
		expect_answer(admin, bulk(admin, &request, &page), ANSWER_OK, NULL);
		ck_assert_uint_eq(page.keys.count, page.touched);
		ck_assert_uint_le(page.touched, STEP_MOST);
		ck_assert(run.steps == 0 || strcmp(run.batch, page.batch) == 0);
		run.touched += page.touched;
		run.already += page.already;
		run.steps++;
		snprintf(run.batch, sizeof(run.batch), "%s", page.batch);
		snprintf(cursor, sizeof(cursor), "%s", page.cursor ? page.cursor : "");
		request.cursor = cursor;
		request.batch = run.batch;
	} while (*cursor && run.steps != most);
	return run;
}

/* How many it would be. */
static uint64_t count(struct message_key_bulk wanted)
{
	wanted.dry_run = 1;
	return run(&wanted, 0).touched;
}

static const char *state_of(const char *key)
{
	static char state[WIRE_NAME_MAX + 1];
	struct message_key found;

	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, NULL, key, &found), ANSWER_OK, NULL);
	snprintf(state, sizeof(state), "%s", found.state);
	return state;
}

static enum verdict login(const char *secret, const char *rhost)
{
	struct message_verify request = {
		.credential = secret, .service = host.service, .permission = "test.use", .rhost = rhost
	};

	return (enum verdict)wire_verify(&host, WIRE_LOGIN_SOCKET, &request).verdict;
}

static void refuse(const struct message_key_bulk *wanted, enum answer answer, const char *detail)
{
	struct message_key_bulk request = *wanted;
	struct message_key_bulk_page page;

	if (request.action == 0)
		request.action = MESSAGE_BULK_REVOKE;
	expect_answer(admin, bulk(admin, &request, &page), answer, detail);
}

static size_t count_records(const char *text)
{
	CLEANUP_FREE char *audit = host_read(&host, "log/audit.jsonl");
	size_t found = 0;

	for (const char *at = audit; (at = strstr(at, text)); at++)
		found++;
	return found;
}

/* MANY keys of alice's. */
static void make_many(void)
{
	static char names[MANY][32], secrets[MANY][64];
	static struct message_import_key keys[MANY];
	struct message_key_imported reply;

	for (size_t i = 0; i < MANY; i++) {
		snprintf(names[i], sizeof(names[i]), "many-%zu", i);
		snprintf(secrets[i], sizeof(secrets[i]), "a secret of a key, %zu", i);
		keys[i] = (struct message_import_key){
			.name = names[i], .owner = "alice", .secret = secrets[i], .expires = TIME_NEVER
		};
	}
	for (size_t done = 0; done < MANY; done += reply.results.count) {
		struct message_key_import request = { .keys = { .count = MANY - done, .items = keys + done } };

		expect_answer(
			admin,
			wire_ask(admin, WIRE_KEY_IMPORT, &message_key_import, &request, &message_key_imported, &reply),
			ANSWER_OK, NULL);
	}
}

/* ---- many keys ---- */

START_TEST(all_that_is_said_has_to_hold)
{
	struct wire_key a, b;
	int64_t now = clock_wall_seconds();
	struct message_role role;

	expect_answer(admin,
		      wire_ask(admin, WIRE_ROLE_CREATE, &message_role_change,
			       &(struct message_role_change){ .name = "r" }, &message_role, &role),
		      ANSWER_OK, NULL);
	a = wire_make_key(&host, &(struct message_key_create){ .name = "a",
							       .roles = wire_texts("r", NULL),
							       .labels = wire_texts("team=x", "host=1", NULL) });
	b = wire_make_key(&host, &(struct message_key_create){ .name = "b", .labels = wire_texts("team=y", NULL) });
	wire_make_key(&host, &(struct message_key_create){ .name = "a", .owner = "bob" });
	ck_assert_int_eq(login(a.secret, "192.0.2.7"), VERDICT_GRANTED);
	ck_assert_int_eq(login(b.secret, NULL), VERDICT_GRANTED);

	ck_assert_uint_eq(count((struct message_key_bulk){ .owner = "alice" }), 2);
	ck_assert_uint_eq(count((struct message_key_bulk){ .owner = "nobody" }), 0);
	ck_assert_uint_eq(count((struct message_key_bulk){ .role = "r" }), 1);
	ck_assert_uint_eq(count((struct message_key_bulk){ .role = "r", .owner = "bob" }), 0);
	ck_assert_uint_eq(count((struct message_key_bulk){ .labels = wire_texts("team", NULL) }), 2);
	ck_assert_uint_eq(count((struct message_key_bulk){ .labels = wire_texts("team=x", NULL) }), 1);
	ck_assert_uint_eq(count((struct message_key_bulk){ .labels = wire_texts("team=x", "host", NULL) }), 1);
	ck_assert_uint_eq(count((struct message_key_bulk){ .labels = wire_texts("team=y", "host", NULL) }), 0);
	ck_assert_uint_eq(count((struct message_key_bulk){ .issued_before = now + 1000 }), 3);
	ck_assert_uint_eq(count((struct message_key_bulk){ .issued_before = now - 1000 }), 0);
	ck_assert_uint_eq(count((struct message_key_bulk){ .used_from = "192.0.2.0/24" }), 1);
	ck_assert_uint_eq(count((struct message_key_bulk){ .used_from = "192.0.2.8" }), 0);
	ck_assert_uint_eq(count((struct message_key_bulk){ .used_from = "2001:db8::/32" }), 0);
	ck_assert_uint_eq(count((struct message_key_bulk){ .used_from = "local" }), 1);
	ck_assert_uint_eq(count((struct message_key_bulk){ .used_from = "192.0.2.0/24", .used_since = now - 1000 }), 1);
	ck_assert_uint_eq(count((struct message_key_bulk){ .used_from = "192.0.2.0/24", .used_since = now + 1000 }), 0);
	ck_assert_uint_eq(count((struct message_key_bulk){ .tenant = "default" }), 3);
	ck_assert_uint_eq(count((struct message_key_bulk){ .account = "default", .owner = "bob" }), 1);
	ck_assert_uint_eq(count((struct message_key_bulk){ .keys = wire_texts(a.id, "alice/b", "alice/a", NULL) }), 2);
	ck_assert_uint_eq(
		count((struct message_key_bulk){ .keys = wire_texts(a.id, b.id, NULL), .used_from = "local" }), 1);
	/* None of that changed or recorded anything. */
	ck_assert_str_eq(state_of(a.id), "active");
	ck_assert_uint_eq(count_records("keys_revoke"), 0);
}
END_TEST

START_TEST(it_is_true_when_a_step_is_answered)
{
	struct wire_key a = wire_make_key(&host, &(struct message_key_create){ .name = "a" });
	struct wire_key b = wire_make_key(&host, &(struct message_key_create){ .name = "b", .owner = "bob" });
	struct message_key_bulk request = { .owner = "alice", .why = "the laptop is gone" };
	struct message_key key;
	struct run first, second;

	ck_assert_int_eq(login(a.secret, NULL), VERDICT_GRANTED);
	first = run(&request, 0);
	ck_assert_int_eq(login(a.secret, NULL), VERDICT_DENIED);
	ck_assert_int_eq(login(b.secret, NULL), VERDICT_GRANTED);
	ck_assert_uint_eq(first.touched, 1);
	ck_assert_uint_eq(first.already, 0);
	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, NULL, a.id, &key), ANSWER_OK, NULL);
	ck_assert_str_eq(key.state, MESSAGE_STATE_REVOKED);
	ck_assert_str_eq(key.state_reason, "the laptop is gone");
	second = run(&request, 0);
	ck_assert_uint_eq(second.touched, 0);
	ck_assert_uint_eq(second.already, 1);
	ck_assert_str_ne(first.batch, second.batch);
	ck_assert_uint_eq(count_records("\"event\":\"keys_revoke\""), 2);
	ck_assert_uint_eq(count_records("\":\"alice/a\"},\"after\":{\"state\":\"revoked\"},\"why\":\"the laptop"), 1);
	ck_assert_uint_eq(count_records("\"keys\":{},"), 1);
}
END_TEST

START_TEST(what_says_more_is_left_alone)
{
	struct wire_key keys[3];

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		char name[16];

		snprintf(name, sizeof(name), "%zu", i);
		keys[i] = wire_make_key(&host, &(struct message_key_create){ .name = name });
	}
	wire_change(&host, WIRE_KEY_REVOKE, keys[0].id);
	wire_change(&host, WIRE_KEY_DEACTIVATE, keys[1].id);
	ck_assert_uint_eq(
		run(&(struct message_key_bulk){ .action = MESSAGE_BULK_DEACTIVATE, .owner = "alice" }, 0).touched, 1);
	ck_assert_str_eq(state_of(keys[0].id), "revoked");
	ck_assert_str_eq(state_of(keys[2].id), "inactive");
	ck_assert_uint_eq(run(&(struct message_key_bulk){ .owner = "alice" }, 0).touched, 2);
	ck_assert_str_eq(state_of(keys[1].id), "revoked");
}
END_TEST

/* Neither the daemon's end nor the client's loses what was said, and the same again gives the rest. */
START_TEST(what_was_cut_short_is_done_again)
{
	struct message_key_bulk request = { .owner = "alice" };
	struct run part, rest;
	char text[96];

	make_many();
	part = run(&request, 1);
	ck_assert_uint_gt(part.touched, 0);
	ck_assert_uint_lt(part.touched, MANY);
	wire_close(admin);
	host_end(&host, SIGKILL);
	host_start(&host);
	admin = wire_open(&host, WIRE_ADMIN_SOCKET);
	ck_assert_uint_eq(count(request), MANY - part.touched);
	rest = run(&request, 0);
	ck_assert_uint_eq(rest.touched, MANY - part.touched);
	ck_assert_uint_eq(rest.already, part.touched);
	ck_assert_uint_gt(rest.steps, 1);
	ck_assert_uint_eq(count(request), 0);
	/* A record for each step, with its keys, under the batch. */
	snprintf(text, sizeof(text), "\"batch\":\"%s\"", part.batch);
	ck_assert_uint_eq(count_records(text), 1);
	snprintf(text, sizeof(text), "\"batch\":\"%s\"", rest.batch);
	ck_assert_uint_ge(count_records(text), (rest.touched + STEP_MOST - 1) / STEP_MOST);
	ck_assert_uint_eq(count_records(":\"alice/many-") - MANY, MANY); /* once made, once revoked */
}
END_TEST

START_TEST(what_is_wrong_changes_nothing)
{
	struct wire_key a = wire_make_key(&host, &(struct message_key_create){ .name = "a" });

	refuse(&(struct message_key_bulk){ .why = "all" }, ANSWER_INVALID, "say which keys");
	refuse(&(struct message_key_bulk){ .used_since = 1 }, ANSWER_INVALID, NULL);
	refuse(&(struct message_key_bulk){ .owner = "alice", .used_since = 1 }, ANSWER_INVALID, "came from");
	refuse(&(struct message_key_bulk){ .used_from = "192.0.2.1/24" }, ANSWER_INVALID, "192.0.2.1/24");
	refuse(&(struct message_key_bulk){ .used_from = "everywhere" }, ANSWER_INVALID, "everywhere");
	refuse(&(struct message_key_bulk){ .owner = "alice", .cursor = "nowhere" }, ANSWER_INVALID, "cursor");
	refuse(&(struct message_key_bulk){ .owner = "alice", .batch = "mine" }, ANSWER_INVALID, "batch");
	refuse(&(struct message_key_bulk){ .owner = "alice", .why = a.secret }, ANSWER_INVALID, "no key");
	refuse(&(struct message_key_bulk){ .tenant = "nowhere" }, ANSWER_NOT_FOUND, NULL);
	refuse(&(struct message_key_bulk){ .keys = wire_texts(a.id, NOBODYS_KEY, NULL) }, ANSWER_NOT_FOUND,
	       NOBODYS_KEY);
	ck_assert_str_eq(state_of(a.id), "active");
}
END_TEST

static struct wire_key own, others;

static void as_owner(void *data)
{
	struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_key_bulk request = { .action = MESSAGE_BULK_REVOKE, .issued_before = INT64_MAX - 1 };
	struct message_key_bulk_page page;

	(void)data;
	expect_answer(client, bulk(client, &request, &page), ANSWER_OK, NULL);
	if (page.touched != 1)
		exit(1);
	request.keys = wire_texts(others.id, NULL);
	expect_answer(client, bulk(client, &request, &page), ANSWER_NOT_FOUND, NULL);
	wire_close(client);
}

START_TEST(nobody_ends_what_is_beyond_their_reach)
{
	struct message_key_bulk request = { .action = MESSAGE_BULK_REVOKE, .issued_before = INT64_MAX - 1 };
	struct message_key_bulk_page page;
	struct wire_key writer, reader, there;
	char tenant[ID_SIZE];

	ck_assert_int_eq(ask_tenant(admin, NULL, NULL, "blue", tenant), ANSWER_OK);
	writer = wire_make_key(&host,
			       &(struct message_key_create){ .name = "writer",
							     .tenant = tenant,
							     .permissions = wire_texts("apikeyd.keys.write", NULL) });
	there = wire_make_key(&host, &(struct message_key_create){ .name = "there", .tenant = tenant });
	reader = wire_make_key(&host, &(struct message_key_create){
					      .name = "reader", .permissions = wire_texts("apikeyd.keys.read", NULL) });
	others = wire_make_key(&host, &(struct message_key_create){ .name = "other", .owner = "bob" });
	request.credential = reader.secret;
	expect_answer(admin, bulk(admin, &request, &page), ANSWER_NOT_PERMITTED, NULL);
	request.credential = writer.secret;
	request.keys = wire_texts(others.id, NULL);
	expect_answer(admin, bulk(admin, &request, &page), ANSWER_NOT_FOUND, NULL);
	request.keys.count = 0;
	expect_answer(admin, bulk(admin, &request, &page), ANSWER_OK, NULL);
	ck_assert_uint_eq(page.touched, 2); /* the one that acts too */
	ck_assert_str_eq(state_of(there.id), "revoked");
	ck_assert_str_eq(state_of(others.id), "active");
	/* It has ended itself. */
	expect_answer(admin, bulk(admin, &request, &page), ANSWER_BAD_CREDENTIAL, NULL);
	if (geteuid() != 0)
		return;
	own = wire_make_key(&host, &(struct message_key_create){ .name = "own", .owner = "bin" });
	as_user(2, 2, 2, as_owner, NULL);
	ck_assert_str_eq(state_of(own.id), "revoked");
	ck_assert_str_eq(state_of(others.id), "active");
}
END_TEST

/* ---- whose it is ---- */

static size_t find(const char *credential, struct codec_texts subjects, struct message_found *ret_found)
{
	struct message_key_find request = { .credential = credential, .subjects = subjects };
	struct message_key_found reply;
	size_t found = 0;

	expect_answer(admin, wire_ask(admin, WIRE_KEY_FIND, &message_key_find, &request, &message_key_found, &reply),
		      ANSWER_OK, NULL);
	while (codec_next_record(&reply.found, &message_found, &ret_found[found]))
		found++;
	return found;
}

START_TEST(which_secret_it_is_is_said)
{
	struct wire_key a = wire_make_key(&host, &(struct message_key_create){ .name = "a" });
	char secrets[3][64], wrong[64], unknown[64];
	struct message_key key;
	struct message_found found[WIRE_LIST_MAX];
	struct message_key_name name;

	strcpy(secrets[0], a.secret);
	expect_answer(admin, rotate(admin, &(struct message_key_rotate){ .key = a.id, .now = 1 }, &key), ANSWER_OK,
		      NULL);
	snprintf(secrets[1], sizeof(secrets[1]), "%s", key.secret);
	expect_answer(admin, rotate(admin, &(struct message_key_rotate){ .key = a.id, .overlap = 3600 }, &key),
		      ANSWER_OK, NULL);
	snprintf(secrets[2], sizeof(secrets[2]), "%s", key.secret);
	credential_write_opaque(false, a.id, "00000000000000000000000000000000", wrong);
	credential_write_opaque(false, NOBODYS_KEY, "00000000000000000000000000000000", unknown);
	ck_assert_uint_eq(find(NULL, wire_texts(secrets[0], unknown, secrets[1], secrets[2], wrong, a.id, NULL), found),
			  5);
	ck_assert_uint_eq(found[0].subject, 1);
	ck_assert_uint_eq(found[0].secret, MESSAGE_FOUND_RETIRED);
	ck_assert_uint_eq(found[0].number, 1);
	ck_assert_uint_eq(found[1].subject, 3);
	ck_assert_uint_eq(found[1].secret, MESSAGE_FOUND_RETIRING);
	ck_assert_int_gt(found[1].retires, clock_wall_seconds());
	ck_assert_uint_eq(found[2].secret, MESSAGE_FOUND_CURRENT);
	ck_assert_uint_eq(found[2].number, 3);
	ck_assert_uint_eq(found[3].secret, MESSAGE_FOUND_WRONG);
	ck_assert_uint_eq(found[3].number, 0);
	ck_assert_uint_eq(found[4].secret, MESSAGE_FOUND_NONE);
	ck_assert(codec_next_record(&found[4].key, &message_key_name, &name));
	ck_assert_str_eq(name.id, a.id);
	ck_assert_str_eq(name.owner, "alice");
	ck_assert_str_eq(name.state, MESSAGE_STATE_ACTIVE);
	ck_assert_uint_eq(count_records("\"event\":\"key_find\""), 1);
	ck_assert_uint_eq(count_records(a.secret + 16), 0);
	ck_assert_uint_eq(find(NULL, wire_texts(unknown, NULL), found), 0);
	ck_assert_uint_eq(count_records("\"event\":\"key_find\""), 1);
}
END_TEST

START_TEST(of_keys_beyond_reach_nothing_is_said)
{
	struct wire_key reader, there, here;
	struct message_key_find request = { .credential = NULL };
	struct message_key_found reply;
	struct message_found found[WIRE_LIST_MAX];
	char tenant[ID_SIZE];

	ck_assert_int_eq(ask_tenant(admin, NULL, NULL, "blue", tenant), ANSWER_OK);
	reader = wire_make_key(&host,
			       &(struct message_key_create){ .name = "reader",
							     .tenant = tenant,
							     .permissions = wire_texts("apikeyd.keys.read", NULL) });
	there = wire_make_key(&host, &(struct message_key_create){ .name = "there", .tenant = tenant });
	here = wire_make_key(&host, &(struct message_key_create){ .name = "here" });
	ck_assert_uint_eq(find(reader.secret, wire_texts(here.secret, here.id, there.secret, NULL), found), 1);
	ck_assert_uint_eq(found[0].subject, 3);
	request.credential = there.secret;
	request.subjects = wire_texts(there.id, NULL);
	expect_answer(admin, wire_ask(admin, WIRE_KEY_FIND, &message_key_find, &request, &message_key_found, &reply),
		      ANSWER_NOT_PERMITTED, NULL);
	request.credential = NULL;
	request.subjects = wire_texts("what is this", NULL);
	expect_answer(admin, wire_ask(admin, WIRE_KEY_FIND, &message_key_find, &request, &message_key_found, &reply),
		      ANSWER_INVALID, "text 1");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("daemon-incident");
	TCase *tests = tcase_create("incident");

	tcase_set_timeout(tests, 300);
	tcase_add_checked_fixture(tests, begin, end);
	tcase_add_test(tests, all_that_is_said_has_to_hold);
	tcase_add_test(tests, it_is_true_when_a_step_is_answered);
	tcase_add_test(tests, what_says_more_is_left_alone);
	tcase_add_test(tests, what_was_cut_short_is_done_again);
	tcase_add_test(tests, what_is_wrong_changes_nothing);
	tcase_add_test(tests, nobody_ends_what_is_beyond_their_reach);
	tcase_add_test(tests, which_secret_it_is_is_said);
	tcase_add_test(tests, of_keys_beyond_reach_nothing_is_said);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
