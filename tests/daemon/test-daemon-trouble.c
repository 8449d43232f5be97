/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The real daemon when its master key, its key store or its audit file cannot be used: it stays up, refuses what it
 * cannot decide, says why, loses nothing, and is well again by itself once things are mended.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "crypto/master_key.h"
#include "daemon/audit.h"
#include "daemon/store.h"
#include "tests/daemon/host-store.h"
#include "tests/daemon/wire-client.h"
#include "tests/suite.h"

static struct host host;
static struct wire_key key;
static char master_key[96], database[96], audit_file[96], kept[96];

static void start_with(const char *settings)
{
	host_open(&host, settings);
	snprintf(master_key, sizeof(master_key), "%s/state/" MASTER_KEY_FILE, host.folder);
	snprintf(database, sizeof(database), "%s/state/" STORE_FILE, host.folder);
	snprintf(audit_file, sizeof(audit_file), "%s/log/" AUDIT_FILE, host.folder);
	snprintf(kept, sizeof(kept), "%s/kept", host.folder);
	host_start(&host);
	key = wire_make_key(&host, &(struct message_key_create){ .name = "key" });
}

static void setup(void)
{
	start_with(NULL);
}

static void teardown(void)
{
	host_stop(&host);
	host_remove(&host);
}

static struct message_verify request_for(const char *credential)
{
	return (struct message_verify){
		.credential = credential, .user = "alice", .service = "test", .permission = "test.use"
	};
}

static void expect(enum verdict verdict, enum reason reason)
{
	struct message_verify request = request_for(key.secret);
	struct message_verdict said = wire_verify(&host, WIRE_LOGIN_SOCKET, &request);

	ck_assert_msg(said.verdict == verdict && said.reason == reason, "%s (%s) instead of %s (%s)",
		      verdict_name((enum verdict)said.verdict), reason_name((enum reason)said.reason),
		      verdict_name(verdict), reason_name(reason));
}

/* Tries to make a key. The answer, and what was said about it. */
static enum answer create(const char *name, char *ret_detail, size_t size)
{
	struct message_key_create request = { .name = name, .owner = "alice", .expires = TIME_NEVER };
	struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_key made;
	enum answer answer = wire_ask(client, WIRE_KEY_CREATE, &message_key_create, &request, &message_key, &made);

	if (ret_detail)
		snprintf(ret_detail, size, "%s", client->detail);
	wire_close(client);
	return answer;
}

/* Nothing can be decided or changed, and everybody who may know is told why. */
static void expect_unavailable(const char *why)
{
	char detail[600];
	CLEANUP_FREE char *fault = NULL;
	struct message_explain explain = { .key = "alice/key" };
	struct message_explanation explanation;
	struct wire_client *client;

	host_expect_text(&host, "state", "unavailable");
	fault = host_text(&host, "store.fault");
	ck_assert_msg(strstr(fault, why), "\"%s\" is missing in: %s", why, fault);
	expect(VERDICT_UNAVAILABLE, REASON_STORE_FAILED);
	ck_assert_int_eq(create("new", detail, sizeof(detail)), ANSWER_UNAVAILABLE);
	ck_assert_msg(strstr(detail, why), "\"%s\" is missing in: %s", why, detail);
	client = wire_open(&host, WIRE_ADMIN_SOCKET);
	ck_assert_int_eq(wire_ask(client, WIRE_EXPLAIN, &message_explain, &explain, &message_explanation, &explanation),
			 ANSWER_UNAVAILABLE);
	wire_close(client);
	host_expect_output(&host, why);
}

static void expect_well(void)
{
	host_expect_text(&host, "state", "ok");
	expect(VERDICT_GRANTED, REASON_NONE);
	host_expect_output(&host, "the key store is open");
}

/* A file of the service user's. */
static void write_file(const char *path, const void *bytes, size_t size, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, size), (ssize_t)size);
	ck_assert_int_eq(fchmod(fd, mode), 0);
	if (geteuid() == 0)
		ck_assert_int_eq(fchown(fd, getpwnam(host.user)->pw_uid, (gid_t)-1), 0);
	close(fd);
}

/* ---- the master key ---- */

START_TEST(without_the_right_master_key_nothing_is_decided)
{
	static const struct {
		const char *bytes;
		mode_t mode;
		const char *why;
	} cases[] = {
		{ NULL, 0, MASTER_KEY_FILE " is missing" },
		{ "0123456789abcdef0123456789abcdef", 0400, "master key" },
		{ "0123456789abcdef0123456789abcde", 0400, "has 31 bytes instead of 32" },
		{ "0123456789abcdef0123456789abcdef", 0444, "is open to others" },
	};
	struct stat before, after;

	host_stop(&host);
	ck_assert_int_eq(rename(master_key, kept), 0);
	ck_assert_int_eq(stat(database, &before), 0);
	if (cases[_i].bytes)
		write_file(master_key, cases[_i].bytes, strlen(cases[_i].bytes), cases[_i].mode);
	host_start(&host);
	expect_unavailable(cases[_i].why);
	/* No new key, no new store. */
	ck_assert_int_eq(access(master_key, F_OK) == 0, cases[_i].bytes != NULL);
	ck_assert_int_eq(stat(database, &after), 0);
	ck_assert_uint_eq(before.st_ino, after.st_ino);
	ck_assert_int_eq(rename(kept, master_key), 0);
	expect_well();
}
END_TEST

/* ---- the key store ---- */

static char *bytes_of(const char *path, size_t *ret_size)
{
	struct stat status;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *bytes;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fstat(fd, &status), 0);
	bytes = malloc((size_t)status.st_size);
	ck_assert_int_eq(read(fd, bytes, (size_t)status.st_size), status.st_size);
	close(fd);
	*ret_size = (size_t)status.st_size;
	return bytes;
}

/* Over what is there. */
static void overwrite(const char *path, const char *bytes, size_t size)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, bytes, size, 0), (ssize_t)size);
	close(fd);
}

/* user_version in the header of the file, which is big-endian. */
static int schema_of_store(void)
{
	size_t size = 0;
	CLEANUP_FREE char *bytes = bytes_of(database, &size);

	ck_assert_uint_gt(size, 63);
	return bytes[63];
}

START_TEST(a_store_that_is_garbage_at_the_start)
{
	CLEANUP_FREE char *bytes = NULL, *garbage = NULL;
	size_t size;

	host_stop(&host);
	bytes = bytes_of(database, &size);
	garbage = malloc(size);
	memset(garbage, 'g', size);
	overwrite(database, garbage, size);
	host_start(&host);
	expect_unavailable("this is no database");
	overwrite(database, bytes, size);
	expect_well();
}
END_TEST

START_TEST(a_store_that_becomes_garbage_while_it_is_used)
{
	CLEANUP_FREE char *bytes = NULL, *garbage = NULL, *fault = NULL;
	struct message_verify request;
	struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_key_create create_request = { .owner = "alice", .expires = TIME_NEVER };
	struct message_key made;
	char name[32];
	size_t size;
	int64_t end = milliseconds() + 20000;

	/* So many that not all of it is kept in memory from the start. */
	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "more-%d", i);
		create_request.name = name;
		ck_assert_int_eq(
			wire_ask(client, WIRE_KEY_CREATE, &message_key_create, &create_request, &message_key, &made),
			ANSWER_OK);
	}
	wire_close(client);
	host_stop(&host);
	host_start(&host);
	bytes = bytes_of(database, &size);
	garbage = malloc(size);
	memset(garbage, 'g', size);
	overwrite(database, garbage, size);
	/* Found on use. */
	request = request_for(key.secret);
	while (wire_verify(&host, WIRE_LOGIN_SOCKET, &request).verdict != VERDICT_UNAVAILABLE)
		ck_assert_msg(milliseconds() < end, "nobody notices");
	for (;;) {
		free(fault);
		fault = host_text(&host, "store.fault");
		if (*fault)
			break;
		ck_assert(milliseconds() < end);
	}
	ck_assert_int_ne(create("new", NULL, 0), ANSWER_OK);
	host_expect_output(&host, "this is no database");
	overwrite(database, bytes, size);
	expect_well();
}
END_TEST

START_TEST(a_store_of_a_newer_version)
{
	char present[sizeof("PRAGMA user_version = 2147483647")];

	host_stop(&host);
	snprintf(present, sizeof(present), "PRAGMA user_version = %d", schema_of_store());
	host_store_run(&host, "PRAGMA user_version = 999");
	host_start(&host);
	expect_unavailable("update apikeyd");
	host_store_run(&host, present);
	expect_well();
}
END_TEST

START_TEST(a_store_that_may_not_be_written)
{
	host_stop(&host);
	ck_assert_int_eq(chmod(database, 0400), 0);
	host_start(&host);
	expect_unavailable("may not read and write here");
	ck_assert_int_eq(chmod(database, 0600), 0);
	expect_well();
}
END_TEST

/* Whoever starts anew with the old key and no keys has locked everybody out, and does not know. */
START_TEST(a_store_that_is_gone_is_not_made_anew)
{
	host_end(&host, SIGTERM);
	ck_assert_int_eq(rename(database, kept), 0);
	host_start(&host);
	expect_unavailable("is missing");
	ck_assert_int_ne(access(database, F_OK), 0);
	ck_assert_int_eq(rename(kept, database), 0);
	expect_well();
}
END_TEST

START_TEST(a_store_that_is_gone_but_for_its_log)
{
	host_end(&host, SIGKILL);
	ck_assert_int_eq(rename(database, kept), 0);
	host_start(&host);
	expect_unavailable("this is missing");
	host_expect_output(&host, "restore it from a backup, or begin anew with apikeyd --init");
	ck_assert_int_ne(access(database, F_OK), 0);
	ck_assert_int_eq(rename(kept, database), 0);
	expect_well();
}
END_TEST

START_TEST(a_store_that_is_moved_away_while_it_is_used)
{
	char detail[600];

	ck_assert_int_eq(rename(database, kept), 0);
	ck_assert_int_eq(create("new", detail, sizeof(detail)), ANSWER_STORE_FAILED);
	ck_assert_int_eq(rename(kept, database), 0);
	for (int64_t end = milliseconds() + 10000; create("new", NULL, 0) != ANSWER_OK;)
		ck_assert(milliseconds() < end);
	expect(VERDICT_GRANTED, REASON_NONE);
}
END_TEST

static size_t size_of(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 ? (size_t)status.st_size : 0;
}

START_TEST(a_full_disk_refuses_changes_and_no_login)
{
	char log[128];
	CLEANUP_FREE char *fault = NULL;
	int64_t end;

	/* A log that is greater than the audit file: what still fits there does not fit here. */
	snprintf(log, sizeof(log), "%s-wal", database);
	ck_assert_uint_gt(size_of(log), size_of(audit_file) + 20000);
	host_limit(&host, RLIMIT_FSIZE, size_of(log));
	ck_assert_int_eq(create("new", NULL, 0), ANSWER_STORE_FAILED);
	fault = host_text(&host, "store.write_fault");
	ck_assert_msg(strstr(fault, "the key store cannot be written"), "the fault is \"%s\"", fault);
	for (int i = 0; i < 3; i++)
		expect(VERDICT_GRANTED, REASON_NONE);
	host_limit(&host, RLIMIT_FSIZE, RLIM_INFINITY);
	end = milliseconds() + 10000;
	while (create("new", NULL, 0) != ANSWER_OK)
		ck_assert(milliseconds() < end);
	host_expect_text(&host, "state", "ok");
	expect(VERDICT_GRANTED, REASON_NONE);
}
END_TEST

/* ---- the audit file ---- */

/* Each change once, in the order of the store, from the first to the last. How many. */
static uint64_t check_changes(void)
{
	FILE *file = fopen(audit_file, "re");
	CLEANUP_FREE char *line = NULL;
	size_t room = 0;
	uint64_t last = 0;

	ck_assert_ptr_nonnull(file);
	while (getline(&line, &room, file) > 0) {
		json_t *record = json_loads(line, JSON_REJECT_DUPLICATES, NULL);

		ck_assert_msg(record || strcmp(line, "\n") == 0, "no record: %s", line);
		/* What the audit says of itself has nobody who did it, and is no change of the store. */
		if (json_object_get(record, "changes") && json_object_get(record, "actor")) {
			json_int_t rev = json_integer_value(json_object_get(record, "rev"));

			ck_assert_msg(rev == (json_int_t)last + 1, "rev %lld follows %llu", (long long)rev,
				      (unsigned long long)last);
			last++;
		}
		json_decref(record);
	}
	fclose(file);
	return last;
}

static void expect_changes(void)
{
	int64_t end = milliseconds() + 10000;
	uint64_t rev = host_number(&host, "store.rev");

	ck_assert_uint_gt(rev, 0);
	while (check_changes() < rev)
		ck_assert_msg(milliseconds() < end, "changes are missing in the audit file");
	ck_assert_uint_eq(check_changes(), rev);
}

/* Makes the audit file greater than anything else there is, and lets none grow beyond it. */
static void fill_audit(void)
{
	struct wire_client *client = wire_open(&host, WIRE_LOGIN_SOCKET);
	struct message_verify request = request_for(key.secret);
	struct message_verdict verdict;
	char log[128];

	request.rhost = "a-host-with-a-very-long-name-that-fills-the-audit-file-faster-than-a-short-one.example";
	request.tty = request.rhost;
	snprintf(log, sizeof(log), "%s-wal", database);
	wire_hello(client);
	while (size_of(audit_file) < size_of(log) + size_of(database) + 100000) {
		for (int i = 0; i < 64; i++)
			wire_send(client, WIRE_VERIFY, &message_verify, &request);
		for (int i = 0; i < 64; i++)
			wire_expect(client, WIRE_VERIFY | WIRE_REPLY, &message_verdict, &verdict);
	}
	wire_close(client);
	host_limit(&host, RLIMIT_FSIZE, size_of(audit_file));
}

static void expect_audit_failing(void)
{
	CLEANUP_FREE char *fault = NULL;

	host_expect_text(&host, "audit.state", "failing");
	host_expect_text(&host, "state", "degraded");
	fault = host_text(&host, "audit.fault");
	ck_assert_msg(strstr(fault, AUDIT_FILE), "the fault is \"%s\"", fault);
	ck_assert_uint_gt(host_number(&host, "audit.failures"), 0);
}

START_TEST(what_cannot_be_recorded_is_refused)
{
	fill_audit();
	expect(VERDICT_UNAVAILABLE, REASON_AUDIT_FAILED);
	expect_audit_failing();
	/* A change has its record in the store, and in the file later. */
	ck_assert_int_eq(create("one", NULL, 0), ANSWER_OK);
	ck_assert_int_eq(create("two", NULL, 0), ANSWER_OK);
	ck_assert_uint_lt(check_changes(), host_number(&host, "store.rev"));
	host_limit(&host, RLIMIT_FSIZE, RLIM_INFINITY);
	expect(VERDICT_GRANTED, REASON_NONE);
	host_expect_text(&host, "audit.state", "ok");
	ck_assert_int_eq(create("three", NULL, 0), ANSWER_OK);
	expect_changes();
}
END_TEST

START_TEST(what_cannot_be_recorded_is_served_where_that_is_wanted)
{
	start_with("[audit]\non_failure = serve\n");
	fill_audit();
	expect(VERDICT_GRANTED, REASON_NONE);
	expect_audit_failing();
	host_limit(&host, RLIMIT_FSIZE, RLIM_INFINITY);
	expect(VERDICT_GRANTED, REASON_NONE);
	host_expect_text(&host, "audit.state", "ok");
	teardown();
}
END_TEST

START_TEST(a_relaxed_audit_does_not_hold_up_an_answer)
{
	CLEANUP_FREE char *audit = NULL;
	int64_t end = milliseconds() + 10000;

	start_with("[audit]\ndurability = relaxed\n");
	expect(VERDICT_GRANTED, REASON_NONE);
	for (;;) {
		free(audit);
		audit = host_read(&host, "log/" AUDIT_FILE);
		if (strstr(audit, "\"event\":\"verify\""))
			break;
		ck_assert(milliseconds() < end);
	}
	teardown();
}
END_TEST

START_TEST(a_log_folder_that_is_none_is_mended_while_running)
{
	char folder[96], aside[96];

	host_stop(&host);
	snprintf(folder, sizeof(folder), "%s/log", host.folder);
	snprintf(aside, sizeof(aside), "%s/aside", host.folder);
	ck_assert_int_eq(rename(folder, aside), 0);
	write_file(folder, "", 0, 0600);
	host_start(&host);
	expect(VERDICT_UNAVAILABLE, REASON_AUDIT_FAILED);
	expect_audit_failing();
	ck_assert_int_eq(create("meanwhile", NULL, 0), ANSWER_OK);
	ck_assert_int_eq(unlink(folder), 0);
	ck_assert_int_eq(rename(aside, folder), 0);
	host_expect_text(&host, "audit.state", "failing");
	for (int64_t end = milliseconds() + 10000;;) {
		struct message_verify request = request_for(key.secret);

		if (wire_verify(&host, WIRE_LOGIN_SOCKET, &request).verdict == VERDICT_GRANTED)
			break;
		ck_assert(milliseconds() < end);
		poll(NULL, 0, 20);
	}
	host_expect_text(&host, "audit.state", "ok");
	ck_assert_int_eq(create("after", NULL, 0), ANSWER_OK);
	expect_changes();
}
END_TEST

/* ---- the end without warning ---- */

START_TEST(a_change_that_was_committed_is_recorded_after_a_crash)
{
	fill_audit();
	for (int i = 0; i < 5; i++) {
		char name[16];

		snprintf(name, sizeof(name), "new-%d", i);
		ck_assert_int_eq(create(name, NULL, 0), ANSWER_OK);
	}
	ck_assert_uint_eq(check_changes(), 1);
	host_end(&host, SIGKILL);
	host_start(&host);
	expect_changes();
	ck_assert_uint_eq(check_changes(), 6);
}
END_TEST

START_TEST(crashes_lose_and_double_no_change)
{
	for (int round = 0; round < 8; round++) {
		struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);
		struct message_key_create request = { .owner = "alice", .expires = TIME_NEVER };
		struct message_key made;
		char name[32];

		for (int i = 0; i < 20; i++) {
			snprintf(name, sizeof(name), "key-%d-%d", round, i);
			request.name = name;
			wire_send(client, WIRE_KEY_CREATE, &message_key_create, &request);
		}
		/* Somewhere among them. */
		for (int i = 0; i < 1 + 2 * round; i++)
			wire_expect(client, WIRE_KEY_CREATE | WIRE_REPLY, &message_key, &made);
		host_end(&host, SIGKILL);
		wire_close(client);
		host_start(&host);
		expect_changes();
		ck_assert_uint_ge(host_number(&host, "keys.active"), 1 + (uint64_t)round);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("daemon-trouble");
	TCase *plain = tcase_create("usual"), *own = tcase_create("own");

	tcase_set_timeout(plain, 120);
	tcase_set_timeout(own, 120);
	tcase_add_checked_fixture(plain, setup, teardown);
	tcase_add_loop_test(plain, without_the_right_master_key_nothing_is_decided, 0, 4);
	tcase_add_test(plain, a_store_that_is_garbage_at_the_start);
	tcase_add_test(plain, a_store_that_becomes_garbage_while_it_is_used);
	tcase_add_test(plain, a_store_of_a_newer_version);
	tcase_add_test(plain, a_store_that_may_not_be_written);
	tcase_add_test(plain, a_store_that_is_gone_is_not_made_anew);
	tcase_add_test(plain, a_store_that_is_gone_but_for_its_log);
	tcase_add_test(plain, a_store_that_is_moved_away_while_it_is_used);
	tcase_add_test(plain, a_full_disk_refuses_changes_and_no_login);
	tcase_add_test(plain, what_cannot_be_recorded_is_refused);
	tcase_add_test(plain, a_log_folder_that_is_none_is_mended_while_running);
	tcase_add_test(plain, a_change_that_was_committed_is_recorded_after_a_crash);
	tcase_add_test(plain, crashes_lose_and_double_no_change);
	tcase_add_test(own, what_cannot_be_recorded_is_served_where_that_is_wanted);
	tcase_add_test(own, a_relaxed_audit_does_not_hold_up_an_answer);
	suite_add_tcase(suite, plain);
	suite_add_tcase(suite, own);
	return suite_run(suite);
}
