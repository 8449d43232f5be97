/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Audit records: how they are written, whatever their texts hold; their order; changes and their revs.
 */
#include "tests/daemon/audit-fixture.h"

#include <pthread.h>

#include "daemon/journal.h"
#include "tests/daemon/mount-namespace.h"
#include "tests/suite.h"

static struct fixture fixture;

static void begin(void)
{
	fixture_begin(&fixture);
}

static void end(void)
{
	fixture_end(&fixture);
}

static const struct {
	const char *name;
	struct audit_record record;
	const char *line;
} golden[] = {
	{ "everything",
	  { .time = FIXTURE_TIME,
	    .event = "verify",
	    .has_verdict = true,
	    .verdict = VERDICT_DENIED,
	    .reason = REASON_BAD_SECRET,
	    .key_id = "a1B2c3D4e5F6",
	    .key_name = "laptop",
	    .owner = "alice",
	    .user = "bob",
	    .service = "sshd",
	    .tty = "ssh",
	    .rhost = "192.0.2.7",
	    .permission = "pam.sshd",
	    .has_peer = true,
	    .peer_uid = 0,
	    .peer_pid = 4711,
	    .actor = "uid:0",
	    .changes = "{\"before\":{},\"after\":{\"a\":[1,2]}}",
	    .count = 3 },
	  "{\"seq\":1,\"time\":\"2026-11-21T18:03:07.000123Z\",\"event\":\"verify\",\"verdict\":\"denied\",\"reason\":"
	  "\"bad_secret\",\"key_id\":\"a1B2c3D4e5F6\",\"key_name\":\"laptop\",\"owner\":\"alice\",\"user\":\"bob\","
	  "\"service\":\"sshd\",\"tty\":\"ssh\",\"rhost\":\"192.0.2.7\",\"permission\":\"pam.sshd\",\"peer_uid\":0,"
	  "\"peer_pid\":4711,\"actor\":\"uid:0\",\"changes\":{\"before\":{},\"after\":{\"a\":[1,2]}},\"count\":3}\n" },
	{ "hardly anything",
	  { .time = 0, .event = "start", .user = "", .count = 1 },
	  "{\"seq\":1,\"time\":\"1970-01-01T00:00:00.000000Z\",\"event\":\"start\"}\n" },
	{ "names that are nobody's",
	  { .event = "verify",
	    .key_id = "a1B2c3D4e5F6",
	    .key_name = "no\"bodys",
	    .owner = "nobody",
	    .unnamed = true,
	    .user = "bob" },
	  "{\"seq\":1,\"time\":\"1970-01-01T00:00:00.000000Z\",\"event\":\"verify\",\"key_id\":\"a1B2c3D4e5F6\","
	  "\"user\":\"bob\"}\n" },
	{ "the last microsecond of a second",
	  { .time = FIXTURE_TIME - 124, .event = "start" },
	  "{\"seq\":1,\"time\":\"2026-11-21T18:03:06.999999Z\",\"event\":\"start\"}\n" },
	{ "a time before 1970",
	  { .time = INT64_MIN, .event = "start" },
	  "{\"seq\":1,\"time\":\"1970-01-01T00:00:00.000000Z\",\"event\":\"start\"}\n" },
	{ "the greatest numbers",
	  { .event = "start", .has_peer = true, .peer_uid = (uid_t)-2, .peer_pid = INT32_MAX, .count = UINT64_MAX },
	  "{\"seq\":1,\"time\":\"1970-01-01T00:00:00.000000Z\",\"event\":\"start\",\"peer_uid\":4294967294,"
	  "\"peer_pid\":2147483647,\"count\":9223372036854775807}\n" },
	{ "numbers that are no verdict and no reason",
	  { .event = "start", .has_verdict = true, .verdict = VERDICT_COUNT, .reason = REASON_COUNT },
	  "{\"seq\":1,\"time\":\"1970-01-01T00:00:00.000000Z\",\"event\":\"start\",\"verdict\":\"denied\"}\n" },
	{ "changes that are no object",
	  { .event = "start", .changes = "{\"a\":1},\"user\":\"root\"" },
	  "{\"seq\":1,\"time\":\"1970-01-01T00:00:00.000000Z\",\"event\":\"start\",\"changes\":\"{\\\"a\\\":1},"
	  "\\\"user\\\":"
	  "\\\"root\\\"\"}\n" },
	{ "changes on two lines",
	  { .event = "start", .changes = "{\"a\":\n1}" },
	  "{\"seq\":1,\"time\":\"1970-01-01T00:00:00.000000Z\",\"event\":\"start\",\"changes\":\"{\\\"a\\\":\\\\x0a1}"
	  "\"}\n" },
};

START_TEST(test_golden_lines)
{
	size_t size;
	char *data;

	fixture_open(&fixture, 0, 0);
	ck_assert_int_eq(audit_write(fixture.audit, &golden[_i].record, 1), 0);
	data = fixture_read(&fixture, 0, &size);
	fixture_unchain(data);
	ck_assert_msg(strcmp(data, golden[_i].line) == 0, "%s:\n%s%s", golden[_i].name, data, golden[_i].line);
	free(data);
}
END_TEST

#define KEY "ak_0123456789AB_0123456789abcdef0123456789abcdefCHECK1"

#define PAIR "a123456b-c12c-123d-1ab4-18bd8c8e88a3"
static const struct {
	const char *text, *written;
} texts[] = {
	{ "alice", "alice" },
	{ "CORP\\alice", "CORP\\alice" },
	{ "\"alice\"", "\"alice\"" },
	{ "al\nice", "al\\x0aice" },
	{ "\x1b[31m\r\x7f", "\\x1b[31m\\x0d\\x7f" },
	{ "al\\x0aice", "al\\x5cx0aice" }, /* typed, not escaped */
	{ "alice\\", "alice\\" },
	{ "\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\x91", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\x91" },
	{ "\xc2\x85", "\\xc2\\x85" },                   /* a control character of two bytes */
	{ "\xc3", "\\xc3" },                            /* cut short */
	{ "\xc3(", "\\xc3(" },                          /* and followed by something */
	{ "\xc0\xaf", "\\xc0\\xaf" },                   /* overlong */
	{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },          /* a lone surrogate */
	{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" }, /* beyond the last code point */
	{ "\xff\xfe", "\\xff\\xfe" },
	{ "\b\n\r\177INCORRECT", "\\x08\\x0a\\x0d\\x7fINCORRECT" },
	{ KEY, "ak_\xe2\x80\xa6" },
	{ "akt_0123456789AB_0123456789abcdef0123456789abcdefCHECK1", "akt_\xe2\x80\xa6" },
	{ "ak_0123456789AB_01", "ak_\xe2\x80\xa6" }, /* part of one */
	{ "alice " KEY, "alice ak_\xe2\x80\xa6" },   /* both in one field */
	{ "Bearer " KEY " x", "Bearer ak_\xe2\x80\xa6" },
	{ "\n" KEY, "\\x0a"
		    "ak_\xe2\x80\xa6" },
	{ PAIR ":n:1:JYDZ7e7Y", PAIR ":\xe2\x80\xa6" }, /* an HMAC token, whose first field is public */
	{ "alice Hmac " PAIR ":n:1:JYDZ7e7Y", "alice Hmac " PAIR ":\xe2\x80\xa6" },
	{ PAIR ":n", PAIR ":n" },
	{ "x eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJqdGkiOiIxIn0.JYDZ7e7Y", "x eyJ\xe2\x80\xa6" },
	{ "weak_passwords_and_more", "weak_passwords_and_more" }, /* no key, if one looks closely */
	{ "ak_", "ak_" },
	{ "ak_0123456789AB", "ak_0123456789AB" }, /* an id is public */
};

/* Every text field, since a key may be typed into any of them. */
START_TEST(test_hostile_texts)
{
	const char *text = texts[_i].text;
	const struct audit_record record = { .event = "verify",
					     .key_id = text,
					     .key_name = text,
					     .owner = text,
					     .user = text,
					     .service = text,
					     .tty = text,
					     .rhost = text,
					     .permission = text,
					     .actor = text };
	static const char *const fields[] = { "key_id", "key_name", "owner",      "user", "service",
					      "tty",    "rhost",    "permission", "actor" };
	json_t *json;
	size_t size;
	char *data;

	fixture_open(&fixture, 0, 0);
	ck_assert_int_eq(audit_write(fixture.audit, &record, 1), 0);
	data = fixture_read(&fixture, 0, &size);
	ck_assert_ptr_eq(strchr(data, '\n'), data + size - 1);
	json = json_loads(data, JSON_REJECT_DUPLICATES, NULL);
	ck_assert_ptr_nonnull(json);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		ck_assert_str_eq(json_string_value(json_object_get(json, fields[i])), texts[_i].written);
	json_decref(json);
	free(data);
}
END_TEST

static void count_verify(void *data, json_t *line)
{
	size_t *count = data;

	*count += strcmp(json_string_value(json_object_get(line, "event")), "verify") == 0;
}

/* Lines there are of what was given; the audit's own are not counted. */
static size_t count_records(uint64_t *seq)
{
	size_t count = 0;

	fixture_check(&fixture, 0, seq, count_verify, &count);
	return count;
}

START_TEST(test_long_texts)
{
	char text[4097];
	size_t size;
	char *data;
	json_t *json;

	fixture_open(&fixture, 0, 0);
	for (int byte = 1; byte < 256; byte++) {
		memset(text, byte, sizeof(text) - 1);
		text[sizeof(text) - 1] = '\0';
		ck_assert_int_eq(fixture_write(&fixture, text), 0);
	}
	ck_assert_uint_eq(count_records(&(uint64_t){ 0 }), 255);
	data = fixture_read(&fixture, 0, &size);
	json = json_loadb(data, size, JSON_DISABLE_EOF_CHECK, NULL);
	ck_assert_uint_eq(json_string_length(json_object_get(json, "user")), 4 * (sizeof(text) - 1));
	json_decref(json);
	free(data);
}
END_TEST

START_TEST(test_batch_is_written_in_order)
{
	struct audit_record records[64];
	char users[64][8];
	uint64_t seq = 0;

	for (size_t i = 0; i < 64; i++) {
		snprintf(users[i], sizeof(users[i]), "u%zu", i);
		records[i] = (struct audit_record){ .event = "verify", .user = users[i] };
	}
	fixture_open(&fixture, 0, 0);
	ck_assert_int_eq(audit_write(fixture.audit, records, 0), 0);
	for (size_t i = 0; i < 100; i++)
		ck_assert_int_eq(audit_write(fixture.audit, records, 64), 0);
	ck_assert_uint_eq(count_records(&seq), 6400);
	ck_assert_uint_le(seq, 6410);
}
END_TEST

#define THREADS 4
#define RECORDS_PER_THREAD 10000

static void *write_many(void *data)
{
	struct audit_record records[64];
	size_t left = RECORDS_PER_THREAD, size = 1;

	for (size_t i = 0; i < 64; i++)
		records[i] = (struct audit_record){ .time = FIXTURE_TIME, .event = "verify", .user = data };
	for (; left > 0; size = size % 64 + 1) {
		size_t count = size < left ? size : left;

		if (audit_write(fixture.audit, records, count) != 0)
			return data;
		left -= count;
	}
	return NULL;
}

static void count_user(void *data, json_t *line)
{
	const char *user = json_string_value(json_object_get(line, "user"));
	size_t *counts = data;

	if (user)
		counts[user[0] - 'a']++;
}

/* With rotation, a reopening and questions in between. */
START_TEST(test_threads_share_one_order)
{
	static char users[THREADS][2] = { "a", "b", "c", "d" };
	const struct audit_options options = { .max_size = 1024 * 1024, .keep = 100 };
	pthread_t threads[THREADS];
	size_t counts[THREADS] = { 0 };
	struct audit_health health;
	unsigned int oldest = 0;
	uint64_t seq = 0;
	void *failed;

	fixture_open(&fixture, options.max_size, options.keep);
	for (size_t i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, write_many, users[i]), 0);
	for (uint64_t rev = 1; rev <= 50; rev++) {
		ck_assert_int_eq(audit_append_change(fixture.audit, rev, "{\"event\":\"key_create\"}"), 0);
		audit_reopen(fixture.audit, &options);
		audit_health(fixture.audit, &health);
		ck_assert(health.writable);
	}
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &failed);
		ck_assert_ptr_null(failed);
	}
	while (fixture_exists(&fixture, oldest + 1))
		oldest++;
	ck_assert_uint_ge(oldest, 2);
	for (unsigned int number = oldest + 1; number-- > 0;)
		fixture_check(&fixture, number, &seq, count_user, counts);
	for (size_t i = 0; i < THREADS; i++)
		ck_assert_uint_eq(counts[i], RECORDS_PER_THREAD);
	audit_health(fixture.audit, &health);
	ck_assert_uint_eq(health.seq, seq);
	ck_assert_uint_eq(health.failures, 0);
	ck_assert_uint_gt(health.disk_free, 0);
	ck_assert_str_eq(health.fault, "");
}
END_TEST

START_TEST(test_restart_goes_on)
{
	uint64_t seq = 0;

	for (size_t i = 0; i < 5; i++) {
		fixture_open(&fixture, 0, 0);
		ck_assert_int_eq(fixture_write(&fixture, "alice"), 0);
		ck_assert_int_eq(fixture_write(&fixture, "bob"), 0);
		fixture_close(&fixture);
	}
	ck_assert_uint_eq(fixture_check(&fixture, 0, &seq, NULL, NULL), 10);
}
END_TEST

/* One datagram as the journal gets it, with a NUL behind; NULs of its own become spaces. Static. */
static const char *receive_copy(int journald)
{
	static char datagram[65536];
	ssize_t size = recv(journald, datagram, sizeof(datagram) - 1, 0);

	ck_assert_int_gt(size, 0);
	for (ssize_t i = 0; i < size; i++)
		datagram[i] = datagram[i] == '\0' ? ' ' : datagram[i];
	datagram[size] = '\0';
	return datagram;
}

START_TEST(test_copy_to_the_journal)
{
	static const char *const expected[] = {
		("MESSAGE=verify denied (bad_secret): key_id a1B2c3D4e5F6, user al\\x0aice ak_\xe2\x80\xa6, service "
		 "sshd\n"),
		"PRIORITY=5\n",
		"SYSLOG_FACILITY=10\n",
		"APIKEYD_SEQ=1\n",
		"APIKEYD_EVENT=verify\n",
		"APIKEYD_VERDICT=denied\n",
		"APIKEYD_REASON=bad_secret\n",
		"APIKEYD_KEY_ID=a1B2c3D4e5F6\n",
		"APIKEYD_USER=al\\x0aice ak_\xe2\x80\xa6\n",
		"APIKEYD_SERVICE=sshd\n",
		"APIKEYD_PEER_UID=1000\n",
		"APIKEYD_PEER_PID=4711\n",
		"APIKEYD_COUNT=2\n",
	};
	struct audit_record record = { .time = FIXTURE_TIME,
				       .event = "verify",
				       .has_verdict = true,
				       .verdict = VERDICT_DENIED,
				       .reason = REASON_BAD_SECRET,
				       .key_id = "a1B2c3D4e5F6",
				       .key_name = "nobodys",
				       .owner = "nobody",
				       .unnamed = true,
				       .user = "al\nice " KEY,
				       .service = "sshd",
				       .has_peer = true,
				       .peer_uid = 1000,
				       .peer_pid = 4711,
				       .count = 2 };
	struct audit_options options = { .keep = 1 };
	int journald = namespace_be_journald();
	const char *copy;

	if (journald < 0)
		return;
	ck_assert_int_eq(journal_open(true, &options.journal), 0);
	ck_assert_int_eq(audit_open(fixture.folder, &options, &fixture.audit), 0);
	ck_assert_int_eq(audit_write(fixture.audit, &record, 1), 0);
	copy = receive_copy(journald);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		ck_assert_msg(strstr(copy, expected[i]) != NULL, "%s is not in %s", expected[i], copy);

	ck_assert_ptr_null(strstr(copy, "nobody"));

	record = (struct audit_record){ .event = "verify", .has_verdict = true, .verdict = VERDICT_GRANTED };
	ck_assert_int_eq(audit_write(fixture.audit, &record, 1), 0);
	copy = receive_copy(journald);
	ck_assert_ptr_nonnull(strstr(copy, "MESSAGE=verify granted\n"));
	ck_assert_ptr_nonnull(strstr(copy, "PRIORITY=6\n"));

	/* the copy is there where the record is not, and says so */
	fixture_close(&fixture);
	ck_assert_int_eq(unlink(fixture_path(&fixture, 0)), 0);
	ck_assert_int_eq(mkdir(fixture_path(&fixture, 0), 0700), 0);
	ck_assert_int_eq(audit_open(fixture.folder, &options, &fixture.audit), 0);
	ck_assert_int_lt(audit_write(fixture.audit, &record, 1), 0);
	copy = receive_copy(journald);
	ck_assert_ptr_nonnull(strstr(copy, "MESSAGE=verify granted [missing in the audit file]\n"));
	ck_assert_ptr_null(strstr(copy, "APIKEYD_SEQ="));
	journal_close(options.journal);
}
END_TEST

/* ---- changes ---- */

static void collect_revs(void *data, json_t *line)
{
	char *revs = data;
	const char *event = json_string_value(json_object_get(line, "event"));

	if (json_object_get(line, "rev"))
		sprintf(revs + strlen(revs), "%s %d;", event, (int)json_integer_value(json_object_get(line, "rev")));
}

static void assert_revs(const char *expected)
{
	char revs[1024] = "";

	fixture_check(&fixture, 0, &(uint64_t){ 0 }, collect_revs, revs);
	ck_assert_str_eq(revs, expected);
}

START_TEST(test_change_is_the_logged_object_with_rev)
{
	const struct audit_record record = { .time = FIXTURE_TIME,
					     .event = "key_revoke",
					     .key_id = "a1B2c3D4e5F6",
					     .actor = "uid:0",
					     .changes = "{\"state\":[\"active\",\"revoked\"]}" };
	char *object = audit_format(&record), *data;
	size_t size;

	ck_assert_str_eq(object,
			 "{\"time\":\"2026-11-21T18:03:07.000123Z\",\"event\":\"key_revoke\",\"key_id\":"
			 "\"a1B2c3D4e5F6\",\"actor\":\"uid:0\",\"changes\":{\"state\":[\"active\",\"revoked\"]}}");
	fixture_open(&fixture, 0, 0);
	ck_assert_uint_eq(audit_last_rev(fixture.audit, 6), 0);
	ck_assert_int_eq(audit_append_change(fixture.audit, 7, object), 0);
	free(object);
	data = fixture_read(&fixture, 0, &size);
	fixture_unchain(data);
	ck_assert_str_eq(data, "{\"seq\":1,\"rev\":7,\"time\":\"2026-11-21T18:03:07.000123Z\",\"event\":\"key_revoke\","
			       "\"key_id\":\"a1B2c3D4e5F6\",\"actor\":\"uid:0\",\"changes\":{\"state\":[\"active\","
			       "\"revoked\"]}}\n");
	free(data);
	ck_assert_uint_eq(audit_last_rev(fixture.audit, 7), 7);
}
END_TEST

START_TEST(test_change_is_written_once)
{
	fixture_open(&fixture, 0, 0);
	for (size_t i = 0; i < 3; i++) {
		for (uint64_t rev = 1; rev <= 3; rev++)
			ck_assert_int_eq(audit_append_change(fixture.audit, rev, "{\"event\":\"key_create\"}"), 0);
		fixture_close(&fixture);
		fixture_open(&fixture, 0, 0);
	}
	assert_revs("key_create 1;key_create 2;key_create 3;");
}
END_TEST

/* The log is another file's content: what it says is not believed blindly, and not lost either. */
START_TEST(test_change_that_is_no_object_is_kept)
{
	static const char *const objects[] = {
		"", "{}", "{", "[1]", "x", "{\"a\":1}\n{\"seq\":9}", "{\"a\":\"\xff\"}", " {\"a\":1}", "{\"a\":1}}"
	};
	char expected[1024] = "";

	fixture_open(&fixture, 0, 0);
	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
		ck_assert_int_eq(audit_append_change(fixture.audit, i + 1, objects[i]), 0);
		sprintf(expected + strlen(expected), "unreadable_change %zu;", i + 1);
	}
	assert_revs(expected);
}
END_TEST

START_TEST(test_last_rev_is_found_behind_many_records)
{
	uint64_t seq = 0;

	fixture_open(&fixture, 0, 0);
	ck_assert_int_eq(audit_append_change(fixture.audit, 1, "{\"event\":\"key_create\"}"), 0);
	ck_assert_int_eq(audit_append_change(fixture.audit, 2, "{\"event\":\"key_create\"}"), 0);
	for (size_t i = 0; i < 12000; i++)
		ck_assert_int_eq(fixture_write(&fixture, "alice"), 0);
	fixture_close(&fixture);
	fixture_open(&fixture, 0, 0);
	ck_assert_uint_eq(audit_last_rev(fixture.audit, 2), 2);
	ck_assert_int_eq(fixture_write(&fixture, "alice"), 0);
	ck_assert_uint_ge(fixture_check(&fixture, 0, &seq, NULL, NULL), 12003);
}
END_TEST

/* The database was set back to a backup: its next changes have revs the file knows, and are others. */
START_TEST(test_store_set_back)
{
	fixture_open(&fixture, 0, 0);
	for (uint64_t rev = 1; rev <= 5; rev++)
		ck_assert_int_eq(audit_append_change(fixture.audit, rev, "{\"event\":\"key_create\"}"), 0);
	fixture_close(&fixture);
	fixture_open(&fixture, 0, 0);
	ck_assert_uint_eq(audit_last_rev(fixture.audit, 3), 3);
	ck_assert_int_eq(audit_append_change(fixture.audit, 4, "{\"event\":\"key_delete\"}"), 0);
	fixture_close(&fixture);
	fixture_open(&fixture, 0, 0);
	ck_assert_uint_eq(audit_last_rev(fixture.audit, 4), 4);
	ck_assert_int_eq(audit_append_change(fixture.audit, 4, "{\"event\":\"key_delete\"}"), 0);
	assert_revs("key_create 1;key_create 2;key_create 3;key_create 4;key_create 5;store_restored 3;key_delete 4;");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("audit");
	TCase *records = tcase_create("records"), *changes = tcase_create("changes");

	tcase_add_checked_fixture(records, begin, end);
	tcase_set_timeout(records, 120);
	tcase_add_loop_test(records, test_golden_lines, 0, sizeof(golden) / sizeof(golden[0]));
	tcase_add_loop_test(records, test_hostile_texts, 0, sizeof(texts) / sizeof(texts[0]));
	tcase_add_test(records, test_long_texts);
	tcase_add_test(records, test_batch_is_written_in_order);
	tcase_add_test(records, test_threads_share_one_order);
	tcase_add_test(records, test_restart_goes_on);
	tcase_add_test(records, test_copy_to_the_journal);
	suite_add_tcase(suite, records);
	tcase_add_checked_fixture(changes, begin, end);
	tcase_set_timeout(changes, 120);
	tcase_add_test(changes, test_change_is_the_logged_object_with_rev);
	tcase_add_test(changes, test_change_is_written_once);
	tcase_add_test(changes, test_change_that_is_no_object_is_kept);
	tcase_add_test(changes, test_last_rev_is_found_behind_many_records);
	tcase_add_test(changes, test_store_set_back);
	suite_add_tcase(suite, changes);
	return suite_run(suite);
}
