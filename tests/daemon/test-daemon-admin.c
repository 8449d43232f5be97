/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Administration by the real daemon: what every request does, what it refuses and how it says so, and what of that
 * is recorded.
 */
#include <check.h>
#include <jansson.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "daemon/store.h"
#include "proto/credential.h"
#include "tests/daemon/admin-requests.h"
#include "tests/daemon/host-store.h"
#include "tests/suite.h"

#define LIKE_A_KEY "ak_0123456789ab_0"

static struct host host;
static struct wire_client *admin; /* root's, or of who runs the daemon */

static void start_with(const char *settings)
{
	host_open(&host, settings);
	/* Another than the users that the tests become. */
	host.user = "daemon";
	host_start(&host);
	admin = wire_open(&host, WIRE_ADMIN_SOCKET);
}

static void setup(void)
{
	start_with(NULL);
}

static void teardown(void)
{
	wire_close(admin);
	host_stop(&host);
	host_remove(&host);
}

static void expect_texts(const struct codec_texts *texts, const char *joined)
{
	char said[1024] = "";

	for (size_t i = 0; i < texts->count; i++) {
		strcat(said, i > 0 ? " " : "");
		strcat(said, texts->items[i]);
	}
	ck_assert_str_eq(said, joined);
}

static struct wire_key make(const char *name)
{
	return wire_make_key(&host, &(struct message_key_create){ .name = name });
}

/* ---- create and show ---- */

START_TEST(a_key_is_made_and_shown_as_it_was_asked_for)
{
	struct message_key_create request = {
		.name = "Laptop, at home",
		.owner = "alice@example.org",
		.permissions = wire_texts("mail.*", "test.use", "mail.*", NULL),
		.users = wire_texts("bob", "deploy", NULL),
		.sources = wire_texts("192.0.2.0/24", "local", NULL),
		.labels = wire_texts("team=blue", NULL),
		.not_before = 1000,
		.expires = 4102444800,
	};
	struct message_key key;
	char id[16];

	expect_answer(admin, create(admin, &request, &key), ANSWER_OK, NULL);
	ck_assert(credential_is_id(key.id));
	ck_assert_int_eq(credential_classify(key.secret, strlen(key.secret)).kind, CREDENTIAL_OPAQUE);
	ck_assert_ptr_nonnull(strstr(key.secret, key.id));
	snprintf(id, sizeof(id), "%s", key.id);
	for (int i = 0; i < 2; i++) {
		const char *reference = i == 0 ? id : "alice@example.org/Laptop, at home";
		char actor[32];

		expect_answer(admin, refer(admin, WIRE_KEY_SHOW, NULL, reference, &key), ANSWER_OK, NULL);
		ck_assert_str_eq(key.id, id);
		ck_assert_str_eq(key.kind, "opaque");
		ck_assert_str_eq(key.name, "Laptop, at home");
		ck_assert_str_eq(key.owner, "alice@example.org");
		ck_assert_uint_eq(key.owner_uid_known, 0);
		ck_assert_str_eq(key.account, "default");
		ck_assert_str_eq(key.tenant, "default");
		ck_assert_str_eq(key.state, "active");
		ck_assert_ptr_null(key.state_reason);
		ck_assert_int_eq(key.not_before, 1000);
		ck_assert_int_eq(key.expires, 4102444800);
		ck_assert_int_le(key.created, clock_wall_seconds());
		snprintf(actor, sizeof(actor), "uid:%u", (unsigned int)geteuid());
		ck_assert_str_eq(key.created_by, actor);
		expect_texts(&key.permissions, "mail.* test.use");
		expect_texts(&key.users, "bob deploy");
		expect_texts(&key.sources, "192.0.2.0/24 local");
		expect_texts(&key.labels, "team=blue");
		ck_assert_uint_eq(key.secrets.count, 1);
		/* Shown once. */
		ck_assert_ptr_null(key.secret);
	}
}
END_TEST

START_TEST(an_owner_who_is_a_local_user_is_known_by_uid)
{
	struct message_key_create request = { .name = "key", .owner = "nobody", .expires = TIME_NEVER };
	const struct passwd *user = getpwuid(geteuid());
	struct message_key key;

	expect_answer(admin, create(admin, &request, &key), ANSWER_OK, NULL);
	ck_assert_uint_eq(key.owner_uid_known, 1);
	ck_assert_uint_eq(key.owner_uid, getpwnam("nobody")->pw_uid);
	request.owner = NULL;
	request.name = "own";
	if (geteuid() == 0) {
		expect_answer(admin, create(admin, &request, &key), ANSWER_INVALID, "root must say whose the key is");
	} else if (user) {
		expect_answer(admin, create(admin, &request, &key), ANSWER_OK, NULL);
		ck_assert_str_eq(key.owner, user->pw_name);
	} else {
		expect_answer(admin, create(admin, &request, &key), ANSWER_INVALID, "has no user name here");
	}
}
END_TEST

START_TEST(what_cannot_be_is_refused_by_name)
{
	char long_list[70][70];
	struct codec_texts many = { .count = 0 };
	struct message_key_create cases[] = {
		{ .name = "a/b" },
		{ .name = "a\nb" },
		{ .name = LIKE_A_KEY },
		{ .name = "\xff" },
		{ .name = "key", .owner = "bob\x01" },
		{ .name = "key", .owner = "akt_0123456789ab_0" },
		{ .name = "key", .permissions = wire_texts("mail.imap", "Mail", NULL) },
		{ .name = "key", .permissions = wire_texts("mail.*.imap", NULL) },
		{ .name = "key", .users = wire_texts("a\nb", NULL) },
		{ .name = "key", .sources = wire_texts("192.0.2.1/24", NULL) },
		{ .name = "key", .labels = wire_texts("noequals", NULL) },
		{ .name = "key", .labels = wire_texts("key=" LIKE_A_KEY, NULL) },
		{ .name = "key", .expires = 1000 },
		{ .name = "key", .not_before = 4102444800, .expires = 4102444800 },
		{ .name = "key", .permissions = many },
	};
	static const char *const details[] = {
		"name",
		"name",
		"name looks like a key",
		"name",
		"owner",
		"owner",
		"'Mail' is no permission",
		"permission",
		"user name",
		"network",
		"label",
		"is no label",
		"expires",
		"not-before",
		"together they are longer",
	};
	struct message_key key;

	make("taken");
	for (size_t i = 0; i < 64; i++) {
		snprintf(long_list[i], sizeof(long_list[i]), "a%063zu.%zu", i, i);
		many.items[many.count++] = long_list[i];
	}
	cases[ARRAY_SIZE(cases) - 1].permissions = many;
	ck_assert_uint_eq(ARRAY_SIZE(cases), ARRAY_SIZE(details));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (!cases[i].owner)
			cases[i].owner = "alice";
		if (cases[i].expires == 0)
			cases[i].expires = TIME_NEVER;
		expect_answer(admin, create(admin, &cases[i], &key), ANSWER_INVALID, details[i]);
	}
	cases[0] = (struct message_key_create){ .name = "taken", .owner = "alice", .expires = TIME_NEVER };
	expect_answer(admin, create(admin, &cases[0], &key), ANSWER_EXISTS, "'alice' has a key named 'taken' already");
	/* Another owner's is another. */
	cases[0].owner = "bob";
	expect_answer(admin, create(admin, &cases[0], &key), ANSWER_OK, NULL);
	ck_assert_uint_eq(host_number(&host, "keys.active"), 2);
}
END_TEST

START_TEST(what_is_not_there_is_not_found)
{
	struct wire_key key = make("key");
	const char *const references[] = { "000000000000", "alice/none", "bob/key", "alice/", "/key", "x", key.secret };
	struct message_key shown;
	char long_reference[WIRE_USER_MAX + 1 + WIRE_NAME_MAX + 1];

	for (uint16_t type = WIRE_KEY_SHOW; type <= WIRE_KEY_DELETE; type++) {
		if (type == WIRE_KEY_UPDATE)
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(references); i++)
			expect_answer(admin, refer(admin, type, NULL, references[i], &shown), ANSWER_NOT_FOUND, NULL);
	}
	ck_assert_msg(!strstr(admin->detail, key.secret + 16), "a pasted secret is echoed");
	memset(long_reference, 'a', sizeof(long_reference));
	long_reference[sizeof(long_reference) - 1] = '\0';
	long_reference[WIRE_USER_MAX + 10] = '/';
	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, NULL, long_reference, &shown), ANSWER_NOT_FOUND, NULL);
}
END_TEST

START_TEST(a_key_without_dates_has_the_default_lifetime)
{
	struct message_key_create request = { .name = "key", .owner = "alice" };
	struct message_key_update change = { .key = "alice/key", .changes = MESSAGE_CHANGE_EXPIRES };
	int64_t before = clock_wall_seconds();
	struct message_key key;

	start_with("[policy]\ndefault_lifetime = 90d\n");
	for (int i = 0; i < 3; i++) {
		enum answer answer = i == 0 ? create(admin, &request, &key) : update(admin, &change, &key);

		expect_answer(admin, answer, ANSWER_OK, NULL);
		if (i == 1) {
			ck_assert_int_eq(key.expires, TIME_NEVER);
		} else {
			ck_assert_int_ge(key.expires, before + 90 * 86400);
			ck_assert_int_le(key.expires, clock_wall_seconds() + 90 * 86400);
		}
		change.expires = i == 0 ? TIME_NEVER : 0;
	}
	teardown();
}
END_TEST

/* ---- update ---- */

START_TEST(an_update_changes_what_is_marked_and_nothing_else)
{
	struct message_key_update request = {
		.key = "alice/key",
		.name = "new",
		.permissions = wire_texts("new.use", NULL),
		.users = wire_texts("bob", NULL),
		.sources = wire_texts("198.51.100.0/24", NULL),
		.labels = wire_texts("new=1", NULL),
		.not_before = 5,
		.expires = 4102444800,
	};
	struct message_key_create original = {
		.name = "key",
		.owner = "alice",
		.permissions = wire_texts("old.use", NULL),
		.users = wire_texts("deploy", NULL),
		.sources = wire_texts("local", NULL),
		.labels = wire_texts("old=1", NULL),
		.not_before = 1,
		.expires = TIME_NEVER,
	};
	struct message_key key;

	expect_answer(admin, create(admin, &original, &key), ANSWER_OK, NULL);
	for (unsigned int bit = 1; bit < MESSAGE_CHANGE_ALL; bit <<= 1) {
		request.changes = bit;
		expect_answer(admin, update(admin, &request, &key), ANSWER_OK, NULL);
		ck_assert_ptr_null(key.secret);
		ck_assert_str_eq(key.name, bit == MESSAGE_CHANGE_NAME ? "new" : "key");
		/* bits go up, so that those before stay changed */
		expect_texts(&key.permissions, bit >= MESSAGE_CHANGE_PERMISSIONS ? "new.use" : "old.use");
		expect_texts(&key.users, bit >= MESSAGE_CHANGE_USERS ? "bob" : "deploy");
		expect_texts(&key.sources, bit >= MESSAGE_CHANGE_SOURCES ? "198.51.100.0/24" : "local");
		expect_texts(&key.labels, bit >= MESSAGE_CHANGE_LABELS ? "new=1" : "old=1");
		ck_assert_int_eq(key.not_before, bit >= MESSAGE_CHANGE_NOT_BEFORE ? 5 : 1);
		ck_assert_int_eq(key.expires, bit >= MESSAGE_CHANGE_EXPIRES ? 4102444800 : TIME_NEVER);
		if (bit == MESSAGE_CHANGE_NAME) {
			struct message_key_update back = { .key = "alice/new",
							   .changes = MESSAGE_CHANGE_NAME,
							   .name = "key" };

			expect_answer(admin, update(admin, &back, &key), ANSWER_OK, NULL);
		}
	}
	/* Empty lists take all away. */
	request = (struct message_key_update){ .key = "alice/key",
					       .changes = MESSAGE_CHANGE_PERMISSIONS | MESSAGE_CHANGE_USERS |
							  MESSAGE_CHANGE_SOURCES | MESSAGE_CHANGE_LABELS |
							  MESSAGE_CHANGE_NOT_BEFORE };
	expect_answer(admin, update(admin, &request, &key), ANSWER_OK, NULL);
	ck_assert_uint_eq(key.permissions.count + key.users.count + key.sources.count + key.labels.count, 0);
	ck_assert_int_eq(key.not_before, 0);
}
END_TEST

START_TEST(an_update_that_cannot_be_is_refused_by_name)
{
	struct message_key_update cases[] = {
		{ .changes = 0 },
		{ .changes = MESSAGE_CHANGE_NAME },
		{ .changes = MESSAGE_CHANGE_NAME, .name = "a/b" },
		{ .changes = MESSAGE_CHANGE_PERMISSIONS, .permissions = wire_texts("*.x", NULL) },
		{ .changes = MESSAGE_CHANGE_EXPIRES, .expires = 1 },
		{ .changes = MESSAGE_CHANGE_NOT_BEFORE, .not_before = TIME_NEVER },
	};
	static const char *const details[] = { "nothing to change", "name",    "name",
					       "permission",        "expires", "not-before" };
	struct message_key_update request = { .key = "alice/key", .changes = MESSAGE_CHANGE_NAME, .name = "other" };
	struct message_key key;

	make("key");
	make("other");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cases[i].key = "alice/key";
		expect_answer(admin, update(admin, &cases[i], &key), ANSWER_INVALID, details[i]);
	}
	expect_answer(admin, update(admin, &request, &key), ANSWER_EXISTS, "'alice' has a key named 'other' already");
	request.key = "alice/none";
	expect_answer(admin, update(admin, &request, &key), ANSWER_NOT_FOUND, NULL);
	wire_change(&host, WIRE_KEY_REVOKE, "alice/key");
	request.key = "alice/key";
	request.name = "third";
	expect_answer(admin, update(admin, &request, &key), ANSWER_WRONG_STATE, "revoked");
}
END_TEST

/* ---- states ---- */

START_TEST(from_each_state_lead_the_ways_that_should)
{
	static const struct {
		const char *from;
		uint16_t type;
		enum answer answer;
		const char *to;
	} cases[] = {
		{ "active", WIRE_KEY_ACTIVATE, ANSWER_OK, "active" },
		{ "active", WIRE_KEY_DEACTIVATE, ANSWER_OK, "inactive" },
		{ "active", WIRE_KEY_REVOKE, ANSWER_OK, "revoked" },
		{ "active", WIRE_KEY_DELETE, ANSWER_OK, NULL },
		{ "inactive", WIRE_KEY_ACTIVATE, ANSWER_OK, "active" },
		{ "inactive", WIRE_KEY_DEACTIVATE, ANSWER_OK, "inactive" },
		{ "inactive", WIRE_KEY_REVOKE, ANSWER_OK, "revoked" },
		{ "inactive", WIRE_KEY_DELETE, ANSWER_OK, NULL },
		/* Not without a reason. */
		{ "suspended", WIRE_KEY_ACTIVATE, ANSWER_INVALID, "suspended" },
		{ "suspended", WIRE_KEY_DEACTIVATE, ANSWER_WRONG_STATE, "suspended" },
		{ "suspended", WIRE_KEY_REVOKE, ANSWER_OK, "revoked" },
		{ "suspended", WIRE_KEY_DELETE, ANSWER_OK, NULL },
		{ "revoked", WIRE_KEY_ACTIVATE, ANSWER_WRONG_STATE, "revoked" },
		{ "revoked", WIRE_KEY_DEACTIVATE, ANSWER_WRONG_STATE, "revoked" },
		{ "revoked", WIRE_KEY_REVOKE, ANSWER_OK, "revoked" },
		{ "revoked", WIRE_KEY_DELETE, ANSWER_OK, NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct wire_key key = make("key");
		struct message_key shown;
		uint64_t rev;
		enum answer answer;

		if (strcmp(cases[i].from, "inactive") == 0)
			wire_change(&host, WIRE_KEY_DEACTIVATE, key.id);
		if (strcmp(cases[i].from, "revoked") == 0)
			wire_change(&host, WIRE_KEY_REVOKE, key.id);
		/* Nobody asks for that: misuse does it. */
		if (strcmp(cases[i].from, "suspended") == 0)
			host_store_run(
				&host,
				"UPDATE key SET state = 3;"
				"UPDATE tally SET keys = keys - (state = 1) + (state = 3) WHERE state IN (1, 3)");
		rev = host_number(&host, "store.rev");
		answer = refer(admin, cases[i].type, NULL, key.id, &shown);
		if (answer != cases[i].answer)
			fail("%zu: %s", i, answer_name(answer));
		if (answer == ANSWER_OK)
			ck_assert_str_eq(shown.state, cases[i].to ? cases[i].to : cases[i].from);
		/* What changes nothing is none. */
		ck_assert_uint_eq(host_number(&host, "store.rev") - rev,
				  answer == ANSWER_OK && (!cases[i].to || strcmp(cases[i].from, cases[i].to) != 0));
		answer = refer(admin, WIRE_KEY_SHOW, NULL, key.id, &shown);
		ck_assert_int_eq(answer, cases[i].to ? ANSWER_OK : ANSWER_NOT_FOUND);
		if (!cases[i].to)
			continue;
		ck_assert_str_eq(shown.state, cases[i].to);
		wire_change(&host, WIRE_KEY_DELETE, key.id);
	}
}
END_TEST

START_TEST(why_is_kept)
{
	struct message_key_reference request = { .key = "alice/key", .why = "lost on the train" };
	struct message_key key;

	make("key");
	expect_answer(admin, wire_ask(admin, WIRE_KEY_DEACTIVATE, &message_key_reference, &request, &message_key, &key),
		      ANSWER_OK, NULL);
	ck_assert_str_eq(key.state_reason, "lost on the train");
	wire_change(&host, WIRE_KEY_ACTIVATE, "alice/key");
	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, NULL, "alice/key", &key), ANSWER_OK, NULL);
	ck_assert_ptr_null(key.state_reason);
	for (int i = 0; i < 2; i++) {
		request.why = i == 0 ? "two\nlines" : LIKE_A_KEY;
		expect_answer(admin,
			      wire_ask(admin, WIRE_KEY_REVOKE, &message_key_reference, &request, &message_key, &key),
			      ANSWER_INVALID, "reason");
		expect_answer(admin,
			      wire_ask(admin, WIRE_KEY_DELETE, &message_key_reference, &request, &message_key, &key),
			      ANSWER_INVALID, "reason");
	}
}
END_TEST

START_TEST(an_id_does_not_come_back)
{
	struct wire_key first = make("key"), second;
	struct message_key key;

	wire_change(&host, WIRE_KEY_DELETE, first.id);
	second = make("key");
	ck_assert_str_ne(first.id, second.id);
	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, NULL, first.id, &key), ANSWER_NOT_FOUND, NULL);
	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, NULL, "alice/key", &key), ANSWER_OK, NULL);
	ck_assert_str_eq(key.id, second.id);
}
END_TEST

/* ---- list ---- */

START_TEST(three_hundred_keys_come_in_pages)
{
	struct message_key_create request = { .expires = TIME_NEVER };
	struct message_key_list odd = { .limit = 0 };
	static char long_cursor[WIRE_CURSOR_MAX + 1];
	const char *const bad[] = { "x", "alice", long_cursor };
	struct message_key_page page;
	struct listing listing;
	struct message_key key;
	char name[32];

	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "key-%03d", i);
		request.name = name;
		request.owner = i % 3 ? "alice" : "bob";
		expect_answer(admin, create(admin, &request, &key), ANSWER_OK, NULL);
	}
	list(admin, NULL, NULL, 0, &listing);
	ck_assert_uint_eq(listing.count, 300);
	ck_assert_uint_ge(listing.pages, 2);
	list(admin, NULL, NULL, 7, &listing);
	ck_assert_uint_eq(listing.count, 300);
	ck_assert_uint_eq(listing.pages, 43);
	list(admin, NULL, NULL, 100, &listing);
	ck_assert_uint_eq(listing.pages, 3);
	list(admin, NULL, NULL, 60000, &listing);
	ck_assert_uint_eq(listing.count, 300);
	list(admin, NULL, "bob", 0, &listing);
	ck_assert_uint_eq(listing.count, 100);
	list(admin, NULL, "nobody", 0, &listing);
	ck_assert_uint_eq(listing.count, 0);
	ck_assert_uint_eq(listing.pages, 1);
	/* A cursor is a place, whether there is a key or not. */
	odd.cursor = "bob/zzz";
	ck_assert_int_eq(wire_ask(admin, WIRE_KEY_LIST, &message_key_list, &odd, &message_key_page, &page), ANSWER_OK);
	ck_assert_uint_eq(page.keys.count, 0);
	odd.cursor = "/";
	ck_assert_int_eq(wire_ask(admin, WIRE_KEY_LIST, &message_key_list, &odd, &message_key_page, &page), ANSWER_OK);
	ck_assert_uint_gt(page.keys.count, 0);
	memset(long_cursor, 'a', sizeof(long_cursor) - 1);
	long_cursor[WIRE_USER_MAX + 1] = '/';
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		odd.cursor = bad[i];
		expect_answer(admin, wire_ask(admin, WIRE_KEY_LIST, &message_key_list, &odd, &message_key_page, &page),
			      ANSWER_INVALID, "cursor");
	}
}
END_TEST

START_TEST(a_page_of_great_keys_fits_its_packet)
{
	static char labels[40][160];
	struct message_key_create request = { .owner = "alice", .expires = TIME_NEVER };
	struct listing listing;
	struct message_key key;
	char name[32];

	for (size_t i = 0; i < 24; i++) {
		snprintf(labels[i], sizeof(labels[i]), "label-%zu=%0140zu", i, i);
		request.labels.items[request.labels.count++] = labels[i];
	}
	for (int i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "key-%03d", i);
		request.name = name;
		expect_answer(admin, create(admin, &request, &key), ANSWER_OK, NULL);
	}
	list(admin, NULL, NULL, 0, &listing);
	ck_assert_uint_eq(listing.count, 40);
	ck_assert_uint_gt(listing.pages, 1);
}
END_TEST

/* ---- the change log ---- */

static unsigned int count_changes(const char *condition)
{
	CLEANUP_FREE char *sql = NULL;
	sqlite3 *connection = host_store(&host);
	sqlite3_stmt *statement;
	unsigned int count;

	ck_assert_int_gt(asprintf(&sql, "SELECT count(*) FROM change_log WHERE %s", condition), 0);
	ck_assert_int_eq(sqlite3_prepare_v2(connection, sql, -1, &statement, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
	count = (unsigned int)sqlite3_column_int(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(connection);
	return count;
}

/* What is old and in the audit file goes; the last change is not noted to be there before another one is made. */
START_TEST(old_changes_leave_the_log)
{
	int64_t end = milliseconds() + 30000;
	char sql[200];

	for (int i = 0; i < 6; i++) {
		char name[16];

		snprintf(name, sizeof(name), "key-%d", i);
		make(name);
	}
	ck_assert_uint_eq(count_changes("1"), 6);
	/* Thirty days and a little more ago, but for the fifth and the sixth. */
	snprintf(sql, sizeof(sql), "UPDATE change_log SET time = time - %d WHERE rev < 5", 30 * 86400 + 60);
	host_store_run(&host, sql);
	wire_close(admin);
	host_end(&host, SIGTERM);
	host_start(&host);
	admin = wire_open(&host, WIRE_ADMIN_SOCKET);
	while (count_changes("rev < 5") > 0)
		ck_assert_msg(milliseconds() < end, "old changes stay in the log");
	ck_assert_uint_eq(count_changes("1"), 2);
	ck_assert_uint_eq(host_number(&host, "store.rev"), 6);
	make("after");
	ck_assert_uint_eq(host_number(&host, "store.rev"), 7);
}
END_TEST

/* ---- explain ---- */

/* "secret+ state+ dates- tenant." */
static void write_steps(struct message_explanation *explanation, char *ret_text, size_t size)
{
	struct message_step step;

	*ret_text = '\0';
	while (codec_next_record(&explanation->steps, &message_step, &step)) {
		size_t at = strlen(ret_text);

		snprintf(ret_text + at, size - at, "%s%s%c", at > 0 ? " " : "", step.name, ".+-"[step.outcome]);
	}
}

START_TEST(explain_goes_the_steps_of_a_login)
{
	struct wire_key key =
		wire_make_key(&host, &(struct message_key_create){ .name = "key",
								   .users = wire_texts("bob", "deploy", NULL),
								   .not_before = 1000,
								   .sources = wire_texts("192.0.2.0/24", NULL) });
	char wrong[CREDENTIAL_OPAQUE_MAX + 1], steps[256];
	const struct {
		struct message_explain request;
		enum reason reason;
		const char *steps;
	} cases[] = {
		{ { .key = "alice/key", .rhost = "192.0.2.1" },
		  REASON_NONE,
		  "secret. state+ dates+ lifetime. secret age. tenant+ user. service. exclusive. source+ permission. "
		  "uses+ networks." },
		{ { .subject = key.secret,
		    .user = "bob",
		    .service = "sshd",
		    .permission = "test.use",
		    .rhost = "192.0.2.1" },
		  REASON_NONE,
		  "secret+ state+ dates+ lifetime. secret age. tenant+ user+ service+ exclusive+ source+ permission+ "
		  "uses+ networks." },
		{ { .subject = key.secret, .user = "root", .rhost = "192.0.2.1" },
		  REASON_WRONG_USER,
		  "secret+ state+ dates+ lifetime. secret age. tenant+ user- service. exclusive. source. permission. "
		  "uses. networks." },
		{ { .key = key.id, .permission = "no.such", .rhost = "192.0.2.1" },
		  REASON_INSUFFICIENT_PERMISSION,
		  "secret. state+ dates+ lifetime. secret age. tenant+ user. service. exclusive. source+ permission- "
		  "uses. networks." },
		{ { .key = key.id },
		  REASON_WRONG_SOURCE,
		  "secret. state+ dates+ lifetime. secret age. tenant+ user. service. exclusive. source- permission. "
		  "uses. networks." },
		{ { .key = key.id, .tenant = "other" },
		  REASON_WRONG_TENANT,
		  "secret. state+ dates+ lifetime. secret age. tenant- user. service. exclusive. source. permission. "
		  "uses. networks." },
		{ { .subject = wrong }, REASON_BAD_SECRET, "secret-" },
		{ { .subject = "ak_" }, REASON_TRUNCATED, "secret-" },
	};

	credential_write_opaque(false, key.id, "00000000000000000000000000000000", wrong);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct message_explanation explanation = explain(admin, &cases[i].request);

		ck_assert_uint_eq(explanation.reason, cases[i].reason);
		ck_assert_uint_eq(explanation.verdict,
				  cases[i].reason == REASON_NONE ? VERDICT_GRANTED : reason_verdict(cases[i].reason));
		write_steps(&explanation, steps, sizeof(steps));
		ck_assert_str_eq(steps, cases[i].steps);
	}
	wire_change(&host, WIRE_KEY_REVOKE, key.id);
	ck_assert_uint_eq(explain(admin, &(struct message_explain){ .key = key.id }).reason, REASON_KEY_REVOKED);
}
END_TEST

START_TEST(explain_changes_nothing_and_refuses_what_it_cannot_judge)
{
	struct wire_key key = make("key");
	struct message_explain request = { .subject = key.secret, .user = "alice" };
	struct message_explanation explanation;
	struct message_secret secret;
	struct message_key shown;

	ck_assert_uint_eq(explain(admin, &request).verdict, VERDICT_GRANTED);
	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, NULL, key.id, &shown), ANSWER_OK, NULL);
	ck_assert(codec_next_record(&shown.secrets, &message_secret, &secret));
	ck_assert_uint_eq(secret.use_count, 0);
	request = (struct message_explain){ .permission = "test.use" };
	expect_answer(admin,
		      wire_ask(admin, WIRE_EXPLAIN, &message_explain, &request, &message_explanation, &explanation),
		      ANSWER_INVALID, "name a key");
	request = (struct message_explain){ .key = key.id, .permission = "test.use AND" };
	expect_answer(admin,
		      wire_ask(admin, WIRE_EXPLAIN, &message_explain, &request, &message_explanation, &explanation),
		      ANSWER_INVALID, "at byte");
	request = (struct message_explain){ .key = "alice/none" };
	expect_answer(admin,
		      wire_ask(admin, WIRE_EXPLAIN, &message_explain, &request, &message_explanation, &explanation),
		      ANSWER_NOT_FOUND, NULL);
}
END_TEST

/* ---- the record ---- */

static struct wire_key make_actor(const char *name, const char *permission, const char *source)
{
	struct message_key_create request = { .name = name, .owner = "bob" };

	request.permissions = wire_texts(permission, "test.use", NULL);
	if (source)
		request.sources = wire_texts(source, NULL);
	return wire_make_key(&host, &request);
}

START_TEST(every_change_is_recorded_in_order_and_no_secret_is)
{
	struct wire_key reader = make_actor("reader", "apikeyd.keys.read", NULL);
	struct wire_key key = make("key");
	struct message_key_update change = { .key = "alice/key",
					     .changes = MESSAGE_CHANGE_PERMISSIONS,
					     .permissions = wire_texts("new.use", NULL) };
	struct message_key_reference end = { .credential = reader.secret, .key = key.id, .why = "lost" };
	static const char *const events[] = { "key_create",   "key_create", "key_update", "key_deactivate",
					      "key_activate", "key_revoke", "key_delete" };
	CLEANUP_FREE char *audit = NULL, *output = NULL;
	struct message_key shown;
	size_t count = 0;
	char *rest;

	expect_answer(admin, update(admin, &change, &shown), ANSWER_OK, NULL);
	wire_change(&host, WIRE_KEY_DEACTIVATE, key.id);
	wire_change(&host, WIRE_KEY_ACTIVATE, key.id);
	expect_answer(admin, wire_ask(admin, WIRE_KEY_REVOKE, &message_key_reference, &end, &message_key, &shown),
		      ANSWER_NOT_PERMITTED, NULL);
	end.credential = NULL;
	expect_answer(admin, wire_ask(admin, WIRE_KEY_REVOKE, &message_key_reference, &end, &message_key, &shown),
		      ANSWER_OK, NULL);
	/* Nothing changes, and nothing is recorded. */
	expect_answer(admin, refer(admin, WIRE_KEY_REVOKE, NULL, key.id, &shown), ANSWER_OK, NULL);
	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, "ak_nonsense", key.id, &shown), ANSWER_BAD_CREDENTIAL, NULL);
	wire_change(&host, WIRE_KEY_DELETE, key.id);

	audit = host_read(&host, "log/audit.jsonl");
	ck_assert_msg(!strstr(audit, key.secret + 16) && !strstr(audit, reader.secret + 16), "a secret is recorded");
	ck_assert_ptr_nonnull(strstr(audit, "\"verdict\":\"denied\""));
	for (char *text = strtok_r(audit, "\n", &rest); text; text = strtok_r(NULL, "\n", &rest)) {
		json_t *record = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
		json_t *changes = json_object_get(record, "changes");
		const char *event = json_string_value(json_object_get(record, "event"));

		ck_assert_ptr_nonnull(record);
		/* the audit's own records have no actor */
		if (changes && json_object_get(record, "actor")) {
			ck_assert_uint_lt(count, ARRAY_SIZE(events));
			ck_assert_str_eq(event, events[count]);
			ck_assert_int_eq(json_integer_value(json_object_get(record, "rev")), (json_int_t)count + 1);
			ck_assert(!!json_object_get(changes, "before") == (strcmp(event, "key_create") != 0));
			ck_assert(!!json_object_get(changes, "after") == (strcmp(event, "key_delete") != 0));
			if (strcmp(event, "key_update") == 0) {
				ck_assert_ptr_nonnull(strstr(text, "\"before\":{\"permissions\":[\"test.use\"]}"));
				ck_assert_ptr_nonnull(strstr(text, "\"after\":{\"permissions\":[\"new.use\"]}"));
			}
			if (strcmp(event, "key_revoke") == 0)
				ck_assert_ptr_nonnull(strstr(text, "lost"));
			count++;
		}
		json_decref(record);
	}
	ck_assert_uint_eq(count, ARRAY_SIZE(events));
	output = host_read(&host, "output");
	ck_assert_msg(!strstr(output, key.secret + 16) && !strstr(output, "ak_"), "a secret is in the log");
}
END_TEST

/* As many as there may be, with names as long as they may be, still fit one answer. */
START_TEST(what_is_configured_stands_in_the_status)
{
	struct settings_text {
		char text[65536];
		size_t size;
	} *lines = calloc(1, sizeof(*lines));
	char *text;

	ck_assert_ptr_nonnull(lines);
#define LINE(...)                                                                                                      \
	lines->size += (size_t)snprintf(lines->text + lines->size, sizeof(lines->text) - lines->size, __VA_ARGS__)
	LINE("[daemon]\nconnections_per_uid = 63\n[audit]\ndurability = relaxed\n[peers]\n");
	for (int i = 0; i < 100; i++) {
		LINE("%d = a%d", 70000 + i, i);
		for (int j = 0; j < 14; j++)
			LINE(", service-with-a-long-name-%02d", j);
		LINE("\n");
	}
#undef LINE
	start_with(lines->text);
	free(lines);
	ck_assert_uint_eq(host_number(&host, "settings.connections_per_uid"), 63);
	ck_assert_uint_ge(host_number(&host, "settings.peers"), 100);
	ck_assert_uint_ne(host_number(&host, "settings.loaded"), 0);
	text = host_text(&host, "settings.audit_durability");
	ck_assert_str_eq(text, "relaxed");
	free(text);
	text = host_text(&host, "settings.audit_on_failure");
	ck_assert_str_eq(text, "refuse");
	free(text);
	text = host_text(&host, "peers.70000");
	ck_assert(strncmp(text, "a0 service-with-a-long-name-00 ", 31) == 0);
	free(text);
	text = host_text(&host, "settings.state_folder");
	ck_assert(strncmp(text, host.folder, strlen(host.folder)) == 0);
	free(text);
	teardown();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("daemon-admin");
	TCase *plain = tcase_create("usual"), *own = tcase_create("own");

	tcase_set_timeout(plain, 120);
	tcase_set_timeout(own, 120);
	tcase_add_checked_fixture(plain, setup, teardown);
	tcase_add_test(plain, a_key_is_made_and_shown_as_it_was_asked_for);
	tcase_add_test(plain, an_owner_who_is_a_local_user_is_known_by_uid);
	tcase_add_test(plain, what_cannot_be_is_refused_by_name);
	tcase_add_test(plain, what_is_not_there_is_not_found);
	tcase_add_test(plain, an_update_changes_what_is_marked_and_nothing_else);
	tcase_add_test(plain, an_update_that_cannot_be_is_refused_by_name);
	tcase_add_test(plain, from_each_state_lead_the_ways_that_should);
	tcase_add_test(plain, why_is_kept);
	tcase_add_test(plain, an_id_does_not_come_back);
	tcase_add_test(plain, three_hundred_keys_come_in_pages);
	tcase_add_test(plain, a_page_of_great_keys_fits_its_packet);
	tcase_add_test(plain, old_changes_leave_the_log);
	tcase_add_test(plain, explain_goes_the_steps_of_a_login);
	tcase_add_test(plain, explain_changes_nothing_and_refuses_what_it_cannot_judge);
	tcase_add_test(plain, every_change_is_recorded_in_order_and_no_secret_is);
	tcase_add_test(own, a_key_without_dates_has_the_default_lifetime);
	tcase_add_test(own, what_is_configured_stands_in_the_status);
	suite_add_tcase(suite, plain);
	suite_add_tcase(suite, own);
	return suite_run(suite);
}
