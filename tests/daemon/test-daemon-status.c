/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The state of the real daemon: what is counted and where it is said, and what makes it degraded.
 */
#include <check.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "tests/daemon/admin-requests.h"
#include "tests/suite.h"

static struct host host;

static void start_with(const char *settings)
{
	host_open(&host, settings);
	host.user = "daemon";
	host_start(&host);
}

static void teardown(void)
{
	host_stop(&host);
	host_remove(&host);
}

static void expect_part(const char *name, const char *part)
{
	CLEANUP_FREE char *text = host_text(&host, name);

	if (!strstr(text, part))
		fail("%s is '%s', without '%s'", name, text, part);
}

static const char *login_socket(void)
{
	return geteuid() == 0 ? WIRE_LOGIN_SOCKET : WIRE_VERIFY_SOCKET;
}

static enum verdict ask(const char *secret, const char *permission, const char *rhost)
{
	return wire_verify(&host, login_socket(),
			   &(struct message_verify){ .credential = secret,
						     .service = host.service,
						     .permission = permission,
						     .rhost = rhost })
		.verdict;
}

START_TEST(a_good_state_says_so)
{
	static const char *const oks[] = { "state", "audit.state", "audit.disk", "store.disk" };

	start_with("[daemon]\nlow_disk = 0\n");
	for (size_t i = 0; i < ARRAY_SIZE(oks); i++)
		host_expect_text(&host, oks[i], "ok");
	host_expect_text(&host, "store.writable", "yes");
	host_expect_text(&host, "why.1", "");
	ck_assert_uint_gt(host_number(&host, "store.size"), 4096);
	ck_assert_uint_gt(host_number(&host, "store.disk_free"), 0);
	ck_assert_uint_gt(host_number(&host, "audit.disk_free"), 0);
	ck_assert_uint_eq(host_number(&host, "audit.max_size"), 64 << 20);
	ck_assert_uint_eq(host_number(&host, "audit.keep"), 8);
	ck_assert_uint_eq(host_number(&host, "audit.rotated"), 0);
	/* main, login, verify and two workers */
	ck_assert_uint_eq(host_number(&host, "threads.count"), 5);
	ck_assert_uint_lt(host_number(&host, "threads.verify"), 1000);
	teardown();
}
END_TEST

START_TEST(verdicts_are_counted_by_verdict_and_reason)
{
	static const struct {
		const char *name;
		uint64_t number;
	} counts[] = {
		{ "granted", 2 },     { "denied", 3 },      { "forbidden", 1 },
		{ "throttled", 0 },   { "unavailable", 0 }, { "wrong_source", 1 },
		{ "key_revoked", 2 }, { "expired", 0 },     { "insufficient_permission", 1 },
	};
	static const char *const groups[] = { "verdicts", "verdicts_1m", "verdicts_15m" };
	struct wire_key good, bound, revoked;

	start_with(NULL);
	good = wire_make_key(&host, &(struct message_key_create){ .name = "good" });
	bound = wire_make_key(
		&host, &(struct message_key_create){ .name = "bound", .sources = wire_texts("192.0.2.0/24", NULL) });
	revoked = wire_make_key(&host, &(struct message_key_create){ .name = "revoked" });
	wire_change(&host, WIRE_KEY_REVOKE, revoked.id);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(ask(good.secret, "test.use", NULL), VERDICT_GRANTED);
		ck_assert_int_eq(ask(revoked.secret, "test.use", NULL), VERDICT_DENIED);
	}
	ck_assert_int_eq(ask(good.secret, "test.other", NULL), VERDICT_FORBIDDEN);
	ck_assert_int_eq(ask(bound.secret, "test.use", NULL), VERDICT_DENIED);
	for (size_t group = 0; group < ARRAY_SIZE(groups); group++) {
		for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
			char name[80];
			uint64_t number;

			snprintf(name, sizeof(name), "%s.%s", groups[group], counts[i].name);
			number = host_number(&host, name);
			if (number != counts[i].number)
				fail("%s is %llu instead of %llu", name, (unsigned long long)number,
				     (unsigned long long)counts[i].number);
		}
	}
	teardown();
}
END_TEST

START_TEST(connections_are_counted_by_socket)
{
	struct wire_client *persistent, *waiting, *admin;
	int64_t deadline;

	start_with(NULL);
	ck_assert_uint_eq(host_number(&host, "connections.verify"), 0);
	/* host_number() itself is one on admin.sock */
	ck_assert_uint_eq(host_number(&host, "connections.admin"), 1);
	persistent = wire_open(&host, WIRE_VERIFY_SOCKET);
	wire_hello(persistent);
	waiting = wire_open(&host, WIRE_VERIFY_SOCKET);
	admin = wire_open(&host, WIRE_ADMIN_SOCKET);
	for (deadline = milliseconds() + 20000; milliseconds() < deadline;) {
		if (host_number(&host, "connections.verify") == 2 && host_number(&host, "connections.admin") == 2)
			break;
	}
	ck_assert_uint_eq(host_number(&host, "connections.verify"), 2);
	ck_assert_uint_eq(host_number(&host, "connections.login"), 0);
	wire_close(persistent);
	wire_close(waiting);
	wire_close(admin);
	for (deadline = milliseconds() + 20000; milliseconds() < deadline;) {
		if (host_number(&host, "connections.verify") == 0 && host_number(&host, "connections.admin") == 1)
			break;
	}
	ck_assert_uint_eq(host_number(&host, "connections.verify"), 0);
	ck_assert_uint_eq(host_number(&host, "connections.admin"), 1);
	teardown();
}
END_TEST

START_TEST(a_disk_that_gets_full_is_warned_of)
{
	start_with("[daemon]\nlow_disk = 1024G\n");
	host_expect_text(&host, "state", "degraded");
	host_expect_text(&host, "audit.disk", "low");
	host_expect_text(&host, "store.disk", "low");
	expect_part("why.1", "less than the 1048576 MiB of low_disk; make room");
	expect_part("why.1", "key store");
	expect_part("why.2", "audit file");
	host_configure(&host, "[daemon]\nlow_disk = 0\n");
	kill(host.daemon, SIGHUP);
	host_expect_text(&host, "state", "ok");
	teardown();
}
END_TEST

START_TEST(throttled_sources_are_named)
{
	struct wire_key revoked;
	uint64_t uid;

	start_with("[throttle]\nfailures_per_minute = 1\n");
	revoked = wire_make_key(&host, &(struct message_key_create){ .name = "revoked" });
	wire_change(&host, WIRE_KEY_REVOKE, revoked.id);
	ck_assert_uint_eq(host_number(&host, "throttle.sources"), 0);
	for (int i = 0; i < 3; i++)
		ask(revoked.secret, "test.use", geteuid() == 0 ? "192.0.2.77" : NULL);
	ck_assert_uint_eq(host_number(&host, "throttle.sources"), 1);
	uid = host_number(&host, "throttle.1.uid");
	ck_assert_uint_eq(uid, geteuid());
	if (geteuid() == 0)
		host_expect_text(&host, "throttle.1.source", "192.0.2.77");
	ck_assert_uint_eq(host_number(&host, "verdicts.throttled"), 2);
	teardown();
}
END_TEST

/* What has failed is remembered after it is over: who looks in the morning sees why logins failed at night. */
START_TEST(the_last_failure_of_the_audit_is_remembered)
{
	CLEANUP_FREE char *log = NULL, *away = NULL;
	struct wire_key key;

	start_with(NULL);
	key = wire_make_key(&host, &(struct message_key_create){ .name = "key" });
	host_expect_text(&host, "audit.last_fault", "");
	ck_assert_int_gt(asprintf(&log, "%s/log", host.folder), 0);
	ck_assert_int_gt(asprintf(&away, "%s/log.away", host.folder), 0);
	ck_assert_int_eq(rename(log, away), 0);
	ck_assert_int_eq(mknod(log, S_IFREG | 0600, 0), 0);
	kill(host.daemon, SIGHUP);
	host_expect_text(&host, "audit.state", "failing");
	host_expect_text(&host, "state", "degraded");
	expect_part("why.1", "audit.jsonl");
	ck_assert_int_eq(ask(key.secret, "test.use", NULL), VERDICT_UNAVAILABLE);
	ck_assert_int_eq(unlink(log), 0);
	ck_assert_int_eq(rename(away, log), 0);
	kill(host.daemon, SIGHUP);
	host_expect_text(&host, "audit.state", "ok");
	host_expect_text(&host, "state", "ok");
	expect_part("audit.last_fault", "audit.jsonl");
	expect_part("audit.last_failed", "T");
	host_expect_text(&host, "audit.fault", "");
	teardown();
}
END_TEST

static void write_failures(size_t count)
{
	struct wire_client *client = wire_open(&host, login_socket());
	struct message_verify request = { .credential = "nothing", .service = host.service, .permission = "test.use" };
	struct message_verdict verdict;

	wire_hello(client);
	for (; count > 0; count -= 50) {
		for (int i = 0; i < 50; i++)
			wire_send(client, WIRE_VERIFY, &message_verify, &request);
		for (int i = 0; i < 50; i++)
			wire_expect(client, WIRE_VERIFY | WIRE_REPLY, &message_verdict, &verdict);
	}
	wire_close(client);
}

static bool is_sealed_key(const uint8_t *key, size_t size)
{
	CLEANUP_FREE char *path = NULL;
	uint8_t now[8192];
	ssize_t got;
	int fd;

	ck_assert_int_gt(asprintf(&path, "%s/state/audit-chain", host.folder), 0);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	got = read(fd, now, sizeof(now));
	close(fd);
	return got == (ssize_t)size && memcmp(now, key, size) == 0;
}

static void ask_for_key(struct wire_client *admin)
{
	wire_send(admin, WIRE_AUDIT_KEY, &message_audit_key, &(struct message_audit_key){ .anew = 1 });
}

static void expect_key(struct wire_client *admin)
{
	struct message_item key;

	wire_expect(admin, WIRE_AUDIT_KEY | WIRE_REPLY, &message_item, &key);
	ck_assert_str_eq(key.name, "audit.key");
}

/* A disk that answers nobody holds up the seal of the audit's key, and neither logins nor who asks how things are. The
 * seal waits for the records to be on the disk, else it would be ahead of them after a power cut. */
START_TEST(a_disk_that_does_not_answer_holds_up_nobody)
{
	CLEANUP_FREE char *hold = NULL, *path = NULL;
	struct wire_client *admin, *other;
	uint8_t sealed[8192];
	ssize_t size;
	int64_t until;
	int fd;

	host_open(&host, HOST_UNTHROTTLED);
	host.user = "daemon";
	ck_assert_int_gt(asprintf(&hold, "%s/hold", host.folder), 0);
	setenv("SLOW_DISK", hold, 1);
	setenv("APIKEYD", "tests/daemon/slow-disk", 1);
	host_start(&host);
	while (host_number(&host, "audit.head_published") == 0) /* all is done that is done at the start */
		;
	ck_assert_int_gt(asprintf(&path, "%s/state/audit-chain", host.folder), 0);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	size = read(fd, sealed, sizeof(sealed));
	close(fd);
	ck_assert_int_gt(size, 0);
	ck_assert_int_eq(mknod(hold, S_IFREG | 0644, 0), 0);
	write_failures(1100); /* another key is in use by now, and ought to be sealed */
	/* Who wants the first key waits, one at a time. */
	admin = wire_open(&host, WIRE_ADMIN_SOCKET);
	wire_hello(admin);
	ask_for_key(admin);
	other = wire_open(&host, WIRE_ADMIN_SOCKET);
	wire_hello(other);
	ask_for_key(other);
	wire_expect_error(other, ANSWER_BUSY);
	for (until = milliseconds() + 1500; milliseconds() < until;) {
		host_expect_text(&host, "audit.state", "ok");
		write_failures(50);
		ck_assert(is_sealed_key(sealed, (size_t)size));
	}
	ck_assert_uint_eq(host_number(&host, "audit.sealed_from"), 1);
	ck_assert_int_eq(unlink(hold), 0);
	for (until = milliseconds() + 20000; is_sealed_key(sealed, (size_t)size);)
		ck_assert_int_lt(milliseconds(), until);
	expect_key(admin);
	wire_close(admin);
	wire_close(other);
	teardown();
}
END_TEST

static bool has_mac(const char *id)
{
	CLEANUP_FREE char *audit = host_read(&host, "log/audit.jsonl");

	for (char *rest = audit, *line; (line = strsep(&rest, "\n"));)
		if (strstr(line, "\"granted\"") && strstr(line, id))
			return strstr(line, "\"mac\":\"");
	return false;
}

/* The store comes while the audit's disk does not answer: it is opened all the same, and no record of it goes without a
 * MAC. */
START_TEST(a_disk_that_does_not_answer_keeps_no_store_closed)
{
	CLEANUP_FREE char *hold = NULL, *store = NULL, *away = NULL;
	struct wire_key key;

	host_open(&host, NULL);
	host.user = "daemon";
	ck_assert_int_gt(asprintf(&hold, "%s/hold", host.folder), 0);
	ck_assert_int_gt(asprintf(&store, "%s/state/apikeyd.db", host.folder), 0);
	ck_assert_int_gt(asprintf(&away, "%s/away", host.folder), 0);
	setenv("SLOW_DISK", hold, 1);
	setenv("APIKEYD", "tests/daemon/slow-disk", 1);
	host_start(&host);
	key = wire_make_key(&host, &(struct message_key_create){ .name = "key" });
	host_stop(&host);
	ck_assert_int_eq(rename(store, away), 0);
	ck_assert_int_eq(mknod(hold, S_IFREG | 0644, 0), 0);
	host_start(&host);
	host_expect_text(&host, "store.writable", "no");
	ck_assert_int_eq(ask(key.secret, "test.use", NULL), VERDICT_UNAVAILABLE);
	ck_assert_int_eq(rename(away, store), 0);
	for (int64_t until = milliseconds() + 20000; ask(key.secret, "test.use", NULL) != VERDICT_GRANTED;)
		ck_assert_int_lt(milliseconds(), until);
	ck_assert_uint_eq(host_number(&host, "audit.head_published"), 0);
	ck_assert(has_mac(key.id));
	ck_assert_int_eq(unlink(hold), 0);
	teardown();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("daemon-status");
	TCase *tests = tcase_create("status");

	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, a_good_state_says_so);
	tcase_add_test(tests, verdicts_are_counted_by_verdict_and_reason);
	tcase_add_test(tests, connections_are_counted_by_socket);
	tcase_add_test(tests, a_disk_that_gets_full_is_warned_of);
	tcase_add_test(tests, throttled_sources_are_named);
	tcase_add_test(tests, the_last_failure_of_the_audit_is_remembered);
	/* Unless another program is to be tried than the one whose disk can be stopped. */
	if (!getenv("APIKEYD")) {
		tcase_add_test(tests, a_disk_that_does_not_answer_holds_up_nobody);
		tcase_add_test(tests, a_disk_that_does_not_answer_keeps_no_store_closed);
	}
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
