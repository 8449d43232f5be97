/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The register by itself: its bounds and its order, and an end that takes all that runs in a scope. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "session/leader.h"
#include "session/register.h"
#include "tests/session/fake-system.h"
#include "tests/suite.h"

#define MOST 300
#define PATIENCE 20000 /* milliseconds */

static struct fake_system fake;
static sd_event *event;
static struct sessions *sessions;
static pid_t leader;

static void setup(void)
{
	sigset_t signals;

	/* check's handler passes it on to the test; it must not come before that is mended. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	leader = fork();
	ck_assert_int_ge(leader, 0);
	if (leader == 0) {
		signal(SIGTERM, SIG_DFL);
		sigprocmask(SIG_UNBLOCK, &signals, NULL);
		for (;;)
			pause();
	}
	sigprocmask(SIG_UNBLOCK, &signals, NULL);
	fake_system_make(&fake, leader);
	ck_assert_int_ge(sd_event_new(&event), 0);
	ck_assert_int_eq(register_new(event, &fake.places, MOST, &sessions), 0);
}

static void teardown(void)
{
	register_free(sessions);
	sd_event_unref(event);
	kill(leader, SIGKILL);
	waitpid(leader, NULL, 0);
	fake_system_remove(&fake);
}

static int pidfd_of(pid_t pid)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

	ck_assert_int_ge(pidfd, 0);
	return pidfd;
}

static struct message_session example(void)
{
	return (struct message_session){
		.leader = (uint64_t)leader, .key_id = "k", .key_name = "n", .owner = "alice", .service = "test"
	};
}

static struct session *add(const char *key)
{
	struct message_session message = example();
	struct session *session = NULL;

	message.key_id = key;
	ck_assert_int_eq(register_add(sessions, &message, pidfd_of(leader), &session), 0);
	return session;
}

static size_t open_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	size_t count = 0;

	ck_assert_ptr_nonnull(folder);
	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

START_TEST(pages_follow_each_other)
{
	struct message_session items[MOST];
	uint64_t numbers[MOST], after = 0;
	size_t seen = 0, count;
	struct session *session;
	bool more = true;

	for (size_t i = 0; i < MOST; i++) {
		numbers[i] = add(i % 3 == 0 ? "third" : "other")->message.session;
		ck_assert(i == 0 || numbers[i] > numbers[i - 1]);
	}
	while (more) {
		count = register_list(sessions, after, NULL, items, 7, &more);
		for (size_t i = 0; i < count; i++)
			ck_assert_uint_eq(items[i].session, numbers[seen++]);
		after = items[count - 1].session;
	}
	ck_assert_uint_eq(seen, MOST);
	ck_assert_uint_eq(register_list(sessions, 0, "third", items, MOST, &more), MOST / 3);
	ck_assert_uint_eq(register_list(sessions, 0, "thir", items, MOST, &more), 0);
	ck_assert_uint_eq(register_list(sessions, UINT64_MAX, NULL, items, MOST, &more), 0);
	/* Out of the middle. */
	session = register_find(sessions, numbers[100]);
	ck_assert_ptr_nonnull(session);
	register_close(session);
	ck_assert_ptr_null(register_find(sessions, numbers[100]));
	ck_assert_ptr_nonnull(register_find(sessions, numbers[101]));
	ck_assert_uint_eq(register_list(sessions, numbers[99], NULL, items, 1, &more), 1);
	ck_assert_uint_eq(items[0].session, numbers[101]);
}
END_TEST

START_TEST(what_does_not_go_in_leaves_nothing_open)
{
	char text[WIRE_NAME_MAX + 2];
	struct message_session message = example();
	struct session *session = add("k");
	size_t before = open_descriptors();

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	message.key_name = text;
	ck_assert_int_eq(register_add(sessions, &message, pidfd_of(leader), &session), -EINVAL);
	message = example();
	message.owner = NULL;
	ck_assert_int_eq(register_add(sessions, &message, pidfd_of(leader), &session), -EINVAL);
	message = example();
	message.session = session->message.session;
	ck_assert_int_eq(register_add(sessions, &message, pidfd_of(leader), &session), -EEXIST);
	ck_assert_uint_eq(open_descriptors(), before);
	for (size_t i = 1; i < MOST; i++)
		(void)add("k");
	ck_assert(register_is_full(sessions));
	message = example();
	before = open_descriptors();
	ck_assert_int_eq(register_add(sessions, &message, pidfd_of(leader), &session), -ENOSPC);
	ck_assert_uint_eq(open_descriptors(), before);
	register_close(session);
	ck_assert(!register_is_full(sessions));
}
END_TEST

/* Behind one that came back after a restart, whatever the time since boot. */
START_TEST(numbers_go_on)
{
	struct message_session message = example();
	struct session *session;

	message.session = INT64_MAX - 10;
	ck_assert_int_eq(register_add(sessions, &message, pidfd_of(leader), &session), 0);
	ck_assert_uint_eq(add("k")->message.session, INT64_MAX - 9);
	register_close(session);
	ck_assert_uint_eq(add("k")->message.session, INT64_MAX - 8);
}
END_TEST

static void run_until(bool (*is_done)(void))
{
	struct deadline deadline = deadline_in(PATIENCE);

	while (!is_done()) {
		ck_assert_msg(deadline_left(deadline) > 0, "it does not come to pass");
		ck_assert_int_ge(sd_event_run(event, 5000), 0);
	}
}

static bool is_killed(void)
{
	return fake_system_killed(&fake) == '1';
}

static bool is_empty(void)
{
	struct message_session item;
	bool more;

	return register_list(sessions, 0, NULL, &item, 1, &more) == 0;
}

START_TEST(a_scope_is_killed_after_its_leader)
{
	uint64_t number = add("k")->message.session;
	int64_t begun = clock_monotonic();
	bool whole = false;

	ck_assert_int_eq(register_end(register_find(sessions, number), &whole), 0);
	ck_assert(whole);
	run_until(is_empty);
	ck_assert_ptr_null(register_find(sessions, number));
	/* What the leader led has its half second. */
	ck_assert(clock_monotonic() - begun >= 500000000 || !is_killed());
	run_until(is_killed);
	ck_assert(clock_monotonic() - begun >= 500000000);
}
END_TEST

/* The service closes the session when it is told to end: what is left is killed all the same. */
START_TEST(a_close_meanwhile_spares_nothing)
{
	struct session *session = add("k");
	bool whole = false;

	ck_assert_int_eq(register_end(session, &whole), 0);
	register_close(session);
	ck_assert(is_empty());
	run_until(is_killed);
}
END_TEST

START_TEST(who_is_told_to_stop_does_it_at_once)
{
	bool whole = false;

	ck_assert_int_eq(register_end(add("k"), &whole), 0);
	register_free(sessions);
	sessions = NULL;
	ck_assert(is_killed());
}
END_TEST

START_TEST(without_a_scope_the_leader_alone_ends)
{
	bool whole = true;

	fake_system_put_record(&fake, getpid());
	ck_assert_int_eq(register_end(add("k"), &whole), 0);
	ck_assert(!whole);
	run_until(is_empty);
	register_free(sessions);
	sessions = NULL;
	ck_assert(!is_killed());
}
END_TEST

START_TEST(a_leader_that_has_gone_is_not_signalled)
{
	struct session *session = add("k");
	siginfo_t info;
	bool whole = true;

	kill(leader, SIGKILL);
	ck_assert_int_eq(waitid(P_PID, (id_t)leader, &info, WEXITED | WNOWAIT), 0);
	ck_assert_int_eq(register_end(session, &whole), -ESRCH);
	ck_assert(whole);
	run_until(is_empty);
	ck_assert(!is_killed());
}
END_TEST

/* ---- who is at the other end ---- */

START_TEST(a_peer_is_held_while_it_waits)
{
	int pair[2], pidfd;
	pid_t found = 0;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	pidfd = leader_open(pair[0], getpid());
	ck_assert_int_ge(pidfd, 0);
	ck_assert_int_eq(leader_of(pidfd, &found), 0);
	ck_assert_int_eq(found, getpid());
	close(pidfd);
	pidfd = leader_open_by_number(pair[0], leader);
	ck_assert_int_ge(pidfd, 0);
	ck_assert_int_eq(leader_of(pidfd, &found), 0);
	ck_assert_int_eq(found, leader);
	close(pidfd);
	/* A number of no process, of one that cannot be seen, of one that has gone. */
	ck_assert_int_lt(leader_open_by_number(pair[0], 0), 0);
	ck_assert_int_lt(leader_open_by_number(pair[0], -1), 0);
	kill(leader, SIGKILL);
	ck_assert_int_eq(waitpid(leader, NULL, 0), leader);
	ck_assert_int_eq(leader_open_by_number(pair[0], leader), -ESRCH);
	close(pair[1]);
	ck_assert_int_eq(leader_open(pair[0], getpid()), -ENOTCONN);
	ck_assert_int_eq(leader_open_by_number(pair[0], getpid()), -ENOTCONN);
	close(pair[0]);
}
END_TEST

START_TEST(what_is_no_pidfd_stands_for_nobody)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC), pidfd = pidfd_of(leader);
	pid_t found = 4711;

	ck_assert_int_eq(leader_of(fd, &found), -EINVAL);
	ck_assert_int_lt(leader_of(-1, &found), 0);
	ck_assert(!leader_is_alive(-1));
	kill(leader, SIGKILL);
	ck_assert_int_eq(waitpid(leader, NULL, 0), leader);
	ck_assert_int_eq(leader_of(pidfd, &found), -ESRCH);
	ck_assert_int_eq(leader_signal(pidfd, SIGTERM), -ESRCH);
	ck_assert(!leader_is_alive(pidfd));
	ck_assert_int_eq(found, 4711);
	close(fd);
	close(pidfd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("register");
	TCase *cases = tcase_create("register");

	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_add_test(cases, pages_follow_each_other);
	tcase_add_test(cases, what_does_not_go_in_leaves_nothing_open);
	tcase_add_test(cases, numbers_go_on);
	tcase_add_test(cases, a_scope_is_killed_after_its_leader);
	tcase_add_test(cases, a_close_meanwhile_spares_nothing);
	tcase_add_test(cases, who_is_told_to_stop_does_it_at_once);
	tcase_add_test(cases, without_a_scope_the_leader_alone_ends);
	tcase_add_test(cases, a_leader_that_has_gone_is_not_signalled);
	suite_add_tcase(suite, cases);
	cases = tcase_create("leader");
	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_add_test(cases, a_peer_is_held_while_it_waits);
	tcase_add_test(cases, what_is_no_pidfd_stands_for_nobody);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
