/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the tests of tokens that are good once share: a daemon, a pair, a key, and a disk that can be stopped. */
#ifndef APIKEYD_TESTS_DAEMON_ONCE_FIXTURE_H
#define APIKEYD_TESTS_DAEMON_ONCE_FIXTURE_H

#include <check.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "tests/daemon/host-store.h"
#include "tests/daemon/pair-client.h"
#include "tests/daemon/wire-client.h"

/* Refusals are asked for here, and are not to slow down whom they are told. A test may say more of [daemon]. */
#ifndef DAEMON_SETTINGS
#define DAEMON_SETTINGS ""
#endif
#define SETTINGS "[daemon]\nworkers = 4\n" DAEMON_SETTINGS "[throttle]\nfailures_per_minute = 100000\n"

static struct host host;
static struct pair pair;
static struct wire_key opaque;
static char token[PAIR_TOKEN_SIZE] __attribute__((unused));
static char hold[96];

static inline void setup_as(const char *user)
{
	host_open(&host, SETTINGS);
	if (user)
		host.user = user;
	snprintf(hold, sizeof(hold), "%s/hold", host.folder);
	setenv("SLOW_DISK", hold, 1);
	host_start(&host);
	pairs_make(&host, 1, &pair, 1);
	opaque = wire_make_key(&host, &(struct message_key_create){ .name = "opaque" });
}

static inline void setup(void)
{
	setup_as(NULL);
}

static inline void teardown(void)
{
	host_stop(&host);
	host_remove(&host);
}

static inline TCase *add_started(Suite *suite, const char *name, void (*start)(void))
{
	TCase *tests = tcase_create(name);

	tcase_set_timeout(tests, 300);
	tcase_add_checked_fixture(tests, start, teardown);
	suite_add_tcase(suite, tests);
	return tests;
}

static inline void disk_stops(void)
{
	int fd = open(hold, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	ck_assert_int_ge(fd, 0);
	/* The daemon is another user, and writes into it. */
	ck_assert_int_eq(fchmod(fd, 0666), 0);
	close(fd);
}

/* Until the writer waits for the disk: what comes now is in no transaction before. */
static inline void disk_is_waited_for(void)
{
	int64_t deadline = milliseconds() + 20000;
	struct stat status;

	while (stat(hold, &status) == 0 && status.st_size == 0 && milliseconds() < deadline)
		(void)poll(NULL, 0, 1);
	ck_assert_int_gt(status.st_size, 0);
}

static inline void disk_goes_on(void)
{
	ck_assert_int_eq(unlink(hold), 0);
}

static inline int64_t run_sql(const char *sql)
{
	return host_store_number(&host, sql);
}

static inline struct message_verify request_for(const char *credential)
{
	return (struct message_verify){
		.credential = credential, .user = "alice", .service = "test", .permission = "test.use"
	};
}

static inline void expect_said(const struct message_verdict *said, enum reason reason)
{
	enum verdict verdict = reason == REASON_NONE ? VERDICT_GRANTED : reason_verdict(reason);

	ck_assert_msg(said->verdict == verdict && said->reason == reason, "%s (%s) instead of %s (%s)",
		      verdict_name((enum verdict)said->verdict), reason_name((enum reason)said->reason),
		      verdict_name(verdict), reason_name(reason));
}

/* What login.sock says, where the caller is told the reason. REASON_NONE: granted. */
static inline void expect(const char *credential, enum reason reason)
{
	struct message_verify request = request_for(credential);
	struct message_verdict said = wire_verify(&host, WIRE_LOGIN_SOCKET, &request);

	expect_said(&said, reason);
}

static inline void expect_request(const struct message_verify *request, enum reason reason)
{
	struct message_verdict said = wire_verify(&host, WIRE_LOGIN_SOCKET, request);

	expect_said(&said, reason);
}

static inline const char *epoch_at(int64_t distance, const char *fraction)
{
	static char text[48];

	snprintf(text, sizeof(text), "%" PRId64 "%s", clock_wall_seconds() + distance, fraction);
	return text;
}

static inline void send_token(struct wire_client *client, const char *credential)
{
	struct message_verify request = request_for(credential);

	wire_send(client, WIRE_VERIFY, &message_verify, &request);
}

static inline void expect_next(struct wire_client *client, enum reason reason)
{
	struct message_verdict said;

	wire_expect(client, WIRE_VERIFY | WIRE_REPLY, &message_verdict, &said);
	expect_said(&said, reason);
}

/* Of the audit file, malloc'ed. */
static inline char *last_record(void)
{
	CLEANUP_FREE char *audit = host_read(&host, "log/audit.jsonl");
	char *end = strrchr(audit, '\n'), *start;

	ck_assert_ptr_nonnull(end);
	*end = '\0';
	start = strrchr(audit, '\n');
	return strdup(start ? start + 1 : audit);
}

static inline void poll_until(const char *sql, int64_t number)
{
	int64_t end = milliseconds() + 20000;

	while (run_sql(sql) != number) {
		ck_assert_msg(milliseconds() < end, "%s is %" PRId64, sql, run_sql(sql));
		poll(NULL, 0, 5);
	}
}

#endif
