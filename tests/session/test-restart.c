/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Sessions outlive the helper: killed and started again with what systemd kept, it knows them all, by the same numbers;
 * and what systemd hands it is taken for nothing that it is not.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "tests/suite.h"

#include "tests/session/helper.h" /* behind it, for the name of fail() */

static struct host host;
static struct helper helper;
static struct wire_key key;

static void setup(void)
{
	helper_set_up(&helper, &host, &key);
}

/* Without the daemon, which a restart does not need. */
static void setup_helper(void)
{
	host_open(&host, NULL);
	helper = (struct helper){ .notify = -1 };
	helper_start(&helper, &host);
}

static void teardown_helper(void)
{
	helper_stop(&helper);
	helper_forget(&helper);
	host_remove(&host);
}

static void teardown(void)
{
	helper_tear_down(&helper, &host);
}

static struct leader log_in(uint64_t *ret_number)
{
	const struct message_verify request = {
		.credential = key.secret, .service = "test", .permission = "test.use", .wants_ticket = 1
	};
	struct message_verdict said = wire_verify(&host, WIRE_LOGIN_SOCKET, &request);
	char ticket[WIRE_TICKET_SIZE + 1];
	struct leader leader = leader_start(&host);

	ck_assert_ptr_nonnull(said.ticket);
	snprintf(ticket, sizeof(ticket), "%s", said.ticket);
	ck_assert_int_eq(leader_open_session(&leader, ticket, "test", ret_number), ANSWER_OK);
	return leader;
}

START_TEST(sessions_outlive_the_helper)
{
	struct message_session before[4], after[4];
	uint64_t first, second, third;
	struct leader one = log_in(&first), two = log_in(&second), three;
	char key_id[WIRE_ID_MAX + 1];

	ck_assert_uint_eq(helper_list(&host, before, 4), 2);
	snprintf(key_id, sizeof(key_id), "%s", before[0].key_id);
	helper_kill(&helper);
	ck_assert_uint_eq(helper.kept_count, 4);
	helper_start(&helper, &host);
	ck_assert_uint_eq(helper_list(&host, after, 4), 2);
	ck_assert_uint_eq(after[0].session, first);
	ck_assert_uint_eq(after[0].leader, (uint64_t)one.pid);
	ck_assert_str_eq(after[0].key_id, key_id);
	ck_assert_str_eq(after[0].owner, "alice");
	ck_assert_str_eq(after[0].source, "local");
	ck_assert_int_gt(after[0].since, 0);
	ck_assert_uint_eq(after[1].session, second);
	/* They are what they were: one closes itself, one is ended, and no number is given again. */
	ck_assert_int_eq(leader_close_session(&one, first), ANSWER_OK);
	ck_assert_int_eq(helper_end(&host, second, NULL), ANSWER_OK);
	ck_assert_int_eq(leader_wait(&two), SIGTERM);
	helper_expect_count(&host, 0);
	three = log_in(&third);
	ck_assert_uint_gt(third, second);
	leader_end(&one);
	leader_end(&three);
	helper_expect_count(&host, 0);
	helper_take_notes(&helper);
	ck_assert_msg(helper.kept_count == 0, "systemd keeps %s", helper.kept[0].name);
}
END_TEST

START_TEST(who_ended_meanwhile_is_not_registered)
{
	uint64_t number;
	struct leader leader = log_in(&number);

	helper_kill(&helper);
	ck_assert_uint_eq(helper.kept_count, 2);
	leader_end(&leader);
	helper_start(&helper, &host);
	helper_expect_count(&host, 0);
	helper_take_notes(&helper);
	ck_assert_uint_eq(helper.kept_count, 0);
}
END_TEST

START_TEST(a_stop_in_good_order_forgets_nothing)
{
	uint64_t number;
	struct leader leader = log_in(&number);

	helper_stop(&helper);
	ck_assert_uint_eq(helper.kept_count, 2);
	ck_assert(leader_runs(&leader));
	helper_start(&helper, &host);
	helper_expect_count(&host, 1);
	leader_end(&leader);
}
END_TEST

/* ---- what systemd might hand over that is no session ---- */

static int pidfd_of(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

static int record_of(const void *bytes, size_t size, unsigned int seals)
{
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, size), (ssize_t)size);
	ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, seals), 0);
	return fd;
}

static size_t encode(const struct message_session *session, uint16_t type, unsigned char packet[4096])
{
	size_t size;

	ck_assert_int_eq(
		codec_encode(&message_session, session, (struct codec_header){ .type = type }, packet, 4096, &size), 0);
	return size;
}

static void keep(const char *name, int fd)
{
	ck_assert_uint_lt(helper.kept_count, HELPER_KEPT_MAX);
	helper.kept[helper.kept_count].fd = fd;
	snprintf(helper.kept[helper.kept_count++].name, sizeof(helper.kept[0].name), "%s", name);
}

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)
#define TYPE (WIRE_SESSION_END | WIRE_REPLY)

static struct message_session example(pid_t leader)
{
	return (struct message_session){ .session = 42,
					 .leader = (uint64_t)leader,
					 .key_id = "k",
					 .key_name = "n",
					 .owner = "alice",
					 .service = "test" };
}

/* What may be wrong, one thing each; in the first nothing is. */
static const struct {
	const char *what;
	const char *name;
	uint16_t type;
	unsigned int seals;
	uint64_t leader; /* 0: the right one */
	size_t cut;
	enum { RECORD_AND_LEADER, RECORD_ALONE, LEADER_ALONE, TWO_RECORDS, TWO_LEADERS, A_FILE, THREE } shape;
	size_t sessions;
} kept[] = {
	{ "nothing", "session-42", TYPE, SEALS, 0, 0, RECORD_AND_LEADER, 1 },
	{ "another number", "session-43", TYPE, SEALS, 0, 0, RECORD_AND_LEADER, 0 },
	{ "a number with a sign", "session-+42", TYPE, SEALS, 0, 0, RECORD_AND_LEADER, 0 },
	{ "a number with zeros", "session-042", TYPE, SEALS, 0, 0, RECORD_AND_LEADER, 0 },
	{ "a number that is too great", "session-99999999999999999999", TYPE, SEALS, 0, 0, RECORD_AND_LEADER, 0 },
	{ "no number", "session-", TYPE, SEALS, 0, 0, RECORD_AND_LEADER, 0 },
	{ "another name", "stored", TYPE, SEALS, 0, 0, RECORD_AND_LEADER, 0 },
	{ "another type", "session-42", WIRE_SESSION_OPEN, SEALS, 0, 0, RECORD_AND_LEADER, 0 },
	{ "no seals", "session-42", TYPE, 0, 0, 0, RECORD_AND_LEADER, 0 },
	{ "not all seals", "session-42", TYPE, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW, 0, 0, RECORD_AND_LEADER, 0 },
	{ "another process", "session-42", TYPE, SEALS, 1, 0, RECORD_AND_LEADER, 0 },
	{ "a record that is cut", "session-42", TYPE, SEALS, 0, 1, RECORD_AND_LEADER, 0 },
	{ "an empty record", "session-42", TYPE, SEALS, 0, 4096, RECORD_AND_LEADER, 0 },
	{ "no leader", "session-42", TYPE, SEALS, 0, 0, RECORD_ALONE, 0 },
	{ "no record", "session-42", TYPE, SEALS, 0, 0, LEADER_ALONE, 0 },
	{ "two records", "session-42", TYPE, SEALS, 0, 0, TWO_RECORDS, 0 },
	{ "two leaders", "session-42", TYPE, SEALS, 0, 0, TWO_LEADERS, 0 },
	{ "a file in the leader's place", "session-42", TYPE, SEALS, 0, 0, A_FILE, 0 },
	{ "a third descriptor", "session-42", TYPE, SEALS, 0, 0, THREE, 0 },
};

START_TEST(only_what_is_whole_comes_back)
{
	struct leader leader = leader_start(&host);
	struct message_session session = example(leader.pid), listed[4];
	unsigned char packet[4096];
	size_t size;
	int record;

	helper_kill(&helper);
	if (kept[_i].leader)
		session.leader = kept[_i].leader;
	size = encode(&session, kept[_i].type, packet);
	record = record_of(packet, size < kept[_i].cut ? 0 : size - kept[_i].cut, kept[_i].seals);
	if (kept[_i].shape != LEADER_ALONE && kept[_i].shape != TWO_LEADERS)
		keep(kept[_i].name, record);
	if (kept[_i].shape == TWO_RECORDS)
		keep(kept[_i].name, record_of(packet, size, SEALS));
	if (kept[_i].shape == A_FILE)
		keep(kept[_i].name, open("/dev/null", O_RDWR | O_CLOEXEC));
	if (kept[_i].shape == TWO_LEADERS || kept[_i].shape == THREE)
		keep(kept[_i].name, pidfd_of(leader.pid));
	if (kept[_i].shape != TWO_RECORDS && kept[_i].shape != RECORD_ALONE && kept[_i].shape != A_FILE)
		keep(kept[_i].name, pidfd_of(leader.pid));
	helper_start(&helper, &host);
	ck_assert_msg(helper_list(&host, listed, 4) == kept[_i].sessions, "with %s there are %zu sessions",
		      kept[_i].what, helper_list(&host, listed, 4));
	ck_assert_msg(helper_end(&host, 42, NULL) == (kept[_i].sessions ? ANSWER_OK : ANSWER_NOT_FOUND), "%s",
		      kept[_i].what);
	ck_assert(kept[_i].sessions || leader_runs(&leader));
	leader_end(&leader);
	helper_expect_count(&host, 0);
	helper_take_notes(&helper);
	/* What has the name of a session is forgotten by systemd, too. */
	if (strcmp(kept[_i].name, "session-42") == 0)
		ck_assert_uint_eq(helper.kept_count, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("restart");
	TCase *cases = tcase_create("restart");

	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_add_test(cases, sessions_outlive_the_helper);
	tcase_add_test(cases, who_ended_meanwhile_is_not_registered);
	tcase_add_test(cases, a_stop_in_good_order_forgets_nothing);
	suite_add_tcase(suite, cases);
	cases = tcase_create("kept");
	tcase_add_checked_fixture(cases, setup_helper, teardown_helper);
	tcase_add_loop_test(cases, only_what_is_whole_comes_back, 0, ARRAY_SIZE(kept));
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
