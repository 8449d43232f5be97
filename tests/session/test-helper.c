/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Sessions of real processes, from ticket to end, with the real daemon and the real helper; and what is tried against
 * them: tickets that are forged, used or another's, processes that ask in another's name, and a daemon that is hostile.
 */
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
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

static void teardown(void)
{
	helper_tear_down(&helper, &host);
}

/* Between tests that share the two: systemd reads what it is told, and no session is left. */
static void tidy(void)
{
	helper_take_notes(&helper);
	helper_expect_count(&host, 0);
	helper_take_notes(&helper);
}

static void get_ticket(char ret_ticket[WIRE_TICKET_SIZE + 1])
{
	const struct message_verify request = { .credential = key.secret,
						.user = "alice",
						.service = "test",
						.permission = "test.use",
						.rhost = "192.0.2.7",
						.wants_ticket = 1 };
	struct message_verdict said = wire_verify(&host, WIRE_LOGIN_SOCKET, &request);

	ck_assert_ptr_nonnull(said.ticket);
	snprintf(ret_ticket, WIRE_TICKET_SIZE + 1, "%s", said.ticket);
}

/* A leader with a session. */
static struct leader log_in(uint64_t *ret_number)
{
	struct leader leader = leader_start(&host);
	char ticket[WIRE_TICKET_SIZE + 1];

	get_ticket(ticket);
	ck_assert_int_eq(leader_open_session(&leader, ticket, "test", ret_number), ANSWER_OK);
	return leader;
}

/* ---- what is to work ---- */

START_TEST(a_session_is_registered_and_closed)
{
	struct message_session sessions[4];
	uint64_t first, second;
	struct leader one = log_in(&first), other = log_in(&second);

	ck_assert_uint_gt(first, 0);
	ck_assert_uint_gt(second, first);
	ck_assert_uint_eq(helper_list(&host, sessions, 4), 2);
	ck_assert_uint_eq(sessions[0].session, first);
	ck_assert_uint_eq(sessions[0].leader, (uint64_t)one.pid);
	ck_assert_str_eq(sessions[0].key_id, key.id);
	ck_assert_str_eq(sessions[0].key_name, "laptop");
	ck_assert_str_eq(sessions[0].owner, "alice");
	ck_assert_str_eq(sessions[0].user, "alice");
	ck_assert_str_eq(sessions[0].tenant, "default");
	ck_assert_str_eq(sessions[0].service, "test");
	ck_assert_str_eq(sessions[0].tty, "pts/7");
	ck_assert_str_eq(sessions[0].source, "192.0.2.7");
	ck_assert_int_gt(sessions[0].since, 0);
	ck_assert_uint_eq(sessions[0].ending, 0);
	ck_assert_uint_eq(sessions[1].session, second);
	/* Nobody closes another's. */
	ck_assert_int_eq(leader_close_session(&other, first), ANSWER_NOT_FOUND);
	ck_assert_int_eq(leader_close_session(&one, first), ANSWER_OK);
	ck_assert_int_eq(leader_close_session(&one, first), ANSWER_NOT_FOUND);
	ck_assert_uint_eq(helper_list(&host, sessions, 4), 1);
	ck_assert_uint_eq(sessions[0].session, second);
	ck_assert(leader_runs(&one));
	leader_end(&one);
	leader_end(&other);
	helper_expect_count(&host, 0);
}
END_TEST

START_TEST(a_setuid_program_leads_a_session)
{
	struct leader leader;
	char ticket[WIRE_TICKET_SIZE + 1];

	if (geteuid() != 0)
		return;
	leader = leader_start(&host);
	leader_be_setuid(&leader);
	get_ticket(ticket);
	ck_assert_int_eq(leader_open_session(&leader, ticket, "test", NULL), ANSWER_OK);
	helper_expect_count(&host, 1);
	leader_end(&leader);
}
END_TEST

START_TEST(an_end_reaches_the_leader)
{
	uint64_t number, other;
	struct leader leader = log_in(&number), bystander = log_in(&other);
	struct message_session told;

	ck_assert_int_eq(helper_end(&host, number, &told), ANSWER_OK);
	ck_assert_uint_eq(told.session, number);
	ck_assert_str_eq(told.key_id, key.id);
	ck_assert_uint_eq(told.ending, 1);
	ck_assert_uint_eq(told.whole, 0);
	ck_assert_int_eq(leader_wait(&leader), SIGTERM);
	helper_expect_count(&host, 1);
	ck_assert_int_eq(helper_end(&host, number, NULL), ANSWER_NOT_FOUND);
	ck_assert(leader_runs(&bystander));
	leader_end(&bystander);
}
END_TEST

START_TEST(one_that_is_stopped_ends_too)
{
	uint64_t number;
	struct leader leader = log_in(&number);

	kill(leader.pid, SIGSTOP);
	ck_assert_int_eq(helper_end(&host, number, NULL), ANSWER_OK);
	ck_assert_int_eq(leader_wait(&leader), SIGTERM);
}
END_TEST

/* It is not killed, since what it leads would live on, and is not forgotten either. */
START_TEST(one_that_does_not_listen_stays_listed)
{
	struct message_session sessions[4];
	uint64_t number;
	struct leader leader = log_in(&number);

	leader_ignore_term(&leader);
	ck_assert_int_eq(helper_end(&host, number, NULL), ANSWER_OK);
	ck_assert_int_eq(helper_end(&host, number, NULL), ANSWER_OK);
	ck_assert_uint_eq(helper_list(&host, sessions, 4), 1);
	ck_assert_uint_eq(sessions[0].ending, 1);
	ck_assert(leader_runs(&leader));
	ck_assert_int_eq(leader_close_session(&leader, number), ANSWER_OK);
	helper_expect_count(&host, 0);
	leader_end(&leader);
}
END_TEST

START_TEST(lists_are_of_a_key_and_behind_a_number)
{
	struct wire_key other = wire_make_key(&host, &(struct message_key_create){ .name = "other" });
	struct wire_client *client = wire_open(&host, WIRE_SESSION_CONTROL_SOCKET);
	uint64_t first, second;
	struct leader one = log_in(&first), two = log_in(&second);
	struct message_session_page page;
	struct message_session session;

	ck_assert_int_eq(wire_ask(client, WIRE_SESSION_LIST, &message_session_list,
				  &(struct message_session_list){ .key = other.id }, &message_session_page, &page),
			 ANSWER_OK);
	ck_assert_uint_eq(page.sessions.count, 0);
	ck_assert_int_eq(wire_ask(client, WIRE_SESSION_LIST, &message_session_list,
				  &(struct message_session_list){ .key = key.id, .after = first },
				  &message_session_page, &page),
			 ANSWER_OK);
	ck_assert_uint_eq(page.sessions.count, 1);
	ck_assert_uint_eq(page.more, 0);
	ck_assert(codec_next_record(&page.sessions, &message_session, &session));
	ck_assert_uint_eq(session.session, second);
	wire_close(client);
	leader_end(&one);
	leader_end(&two);
}
END_TEST

/* ---- tickets ---- */

START_TEST(a_bad_ticket_registers_nothing)
{
	static const char *const forged[] = { "00000000000000000000000000000000", "0123456789abcdef0123456789ABCDEF",
					      "ffffffffffffffffffffffffffffffff" };
	static const char *const crooked[] = { "0", "0123456789abcdef0123456789abcdeg",
					       "0123456789abcdef 123456789abcdef" };
	struct leader leader = leader_start(&host);
	char ticket[WIRE_TICKET_SIZE + 1];
	uint64_t number;

	for (size_t i = 0; i < ARRAY_SIZE(forged); i++)
		ck_assert_int_eq(leader_open_session(&leader, forged[i], "test", NULL), ANSWER_NOT_FOUND);
	for (size_t i = 0; i < ARRAY_SIZE(crooked); i++)
		ck_assert_int_eq(leader_open_session(&leader, crooked[i], "test", NULL), ANSWER_INVALID);
	get_ticket(ticket);
	ck_assert_int_eq(leader_open_session(&leader, ticket, "te\x1bst", NULL), ANSWER_INVALID);
	ck_assert_int_eq(leader_open_session(&leader, ticket, "other", NULL), ANSWER_NOT_FOUND);
	/* What was shown is used up, whatever came of it. */
	ck_assert_int_eq(leader_open_session(&leader, ticket, "test", NULL), ANSWER_NOT_FOUND);
	helper_expect_count(&host, 0);
	get_ticket(ticket);
	ck_assert_int_eq(leader_open_session(&leader, ticket, "test", &number), ANSWER_OK);
	ck_assert_int_eq(leader_open_session(&leader, ticket, "test", NULL), ANSWER_NOT_FOUND);
	helper_expect_count(&host, 1);
	leader_end(&leader);
}
END_TEST

START_TEST(a_ticket_of_a_key_that_was_revoked_since_registers_nothing)
{
	struct leader leader = leader_start(&host);
	char ticket[WIRE_TICKET_SIZE + 1];

	get_ticket(ticket);
	wire_change(&host, WIRE_KEY_REVOKE, key.id);
	ck_assert_int_eq(leader_open_session(&leader, ticket, "test", NULL), ANSWER_WRONG_STATE);
	helper_expect_count(&host, 0);
	leader_end(&leader);
}
END_TEST

/* ---- who is the leader ---- */

static void ask_on(int fd, const char *ticket)
{
	struct wire_client client = { .fd = fd };
	const struct message_session_open request = { .ticket = ticket, .service = "test" };

	wire_send(&client, WIRE_SESSION_OPEN, &message_session_open, &request);
	ck_assert_msg(!wire_receive(&client), "one process was heard on the connection of another");
}

/* The connection is one process's, the request another's. The ticket stays good: it was never shown to the daemon. */
START_TEST(a_connection_that_was_handed_on_is_not_heard)
{
	struct leader leader = leader_start(&host);
	char ticket[WIRE_TICKET_SIZE + 1];
	int fd;

	get_ticket(ticket);
	fd = leader_connect(&leader);
	ask_on(fd, ticket);
	close(fd);
	helper_expect_count(&host, 0);
	/* The same after the one that connected has gone. */
	fd = leader_connect(&leader);
	leader_end(&leader);
	ask_on(fd, ticket);
	close(fd);
	helper_expect_count(&host, 0);
	leader = leader_start(&host);
	ck_assert_int_eq(leader_open_session(&leader, ticket, "test", NULL), ANSWER_OK);
	leader_end(&leader);
}
END_TEST

/* A new process of a number that is free. -1 where it may not be chosen. */
static pid_t fork_as(pid_t pid)
{
	struct clone_args arguments = { .exit_signal = SIGCHLD,
					.set_tid = (uint64_t)(uintptr_t)&pid,
					.set_tid_size = 1 };

	return (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));
}

/* Another process has got its number, and its connection: the kernel says the same pid at both ends. */
START_TEST(a_reused_number_is_not_the_leader)
{
	struct leader leader = leader_start(&host);
	const struct codec_header header = { .type = WIRE_SESSION_OPEN, .request_id = 1 };
	struct message_session_open request = { .service = "test" };
	char ticket[WIRE_TICKET_SIZE + 1], byte;
	unsigned char packet[256];
	pid_t first = leader.pid, second;
	size_t size;
	int fd;

	get_ticket(ticket);
	request.ticket = ticket;
	ck_assert_int_eq(codec_encode(&message_session_open, &request, header, packet, sizeof(packet), &size), 0);
	fd = leader_connect(&leader);
	helper_expect_count(&host, 0); /* so it has been accepted: that socket comes before this one */
	leader_end(&leader);
	second = fork_as(first);
	if (second == 0) {
		send(fd, packet, size, MSG_NOSIGNAL);
		for (;;)
			pause();
	}
	if (second > 0) {
		ck_assert_int_eq(second, first);
		ck_assert_int_le(recv(fd, &byte, 1, 0), 0);
		helper_expect_count(&host, 0);
		kill(second, SIGKILL);
		waitpid(second, NULL, 0);
		/* The ticket was not even looked at. */
		leader = leader_start(&host);
		ck_assert_int_eq(leader_open_session(&leader, ticket, "test", NULL), ANSWER_OK);
		leader_end(&leader);
	}
	close(fd);
}
END_TEST

/* While the daemon sleeps others are served; who goes away meanwhile is not registered, who waits is. */
START_TEST(who_does_not_wait_is_not_registered)
{
	struct leader hasty = leader_start(&host), patient = leader_start(&host);
	char first[WIRE_TICKET_SIZE + 1], second[WIRE_TICKET_SIZE + 1];
	struct message_session sessions[4];
	uint64_t number, other;
	struct leader before = log_in(&other);

	get_ticket(first);
	get_ticket(second);
	host_pause(&host);
	leader_ask_session(&hasty, first, "test");
	leader_ask_session(&patient, second, "test");
	ck_assert_uint_eq(helper_list(&host, sessions, 4), 1);
	leader_end(&hasty);
	ck_assert_uint_eq(helper_list(&host, sessions, 4), 1);
	ck_assert_int_eq(leader_close_session(&before, other), ANSWER_OK);
	host_resume(&host);
	/* On a machine that is busy enough the deadline may have passed. */
	if (leader_answer(&patient, &number) == ANSWER_OK) {
		ck_assert_uint_eq(helper_list(&host, sessions, 4), 1);
		ck_assert_uint_eq(sessions[0].leader, (uint64_t)patient.pid);
		ck_assert_uint_eq(sessions[0].session, number);
	}
	leader_end(&patient);
	leader_end(&before);
	helper_expect_count(&host, 0);
}
END_TEST

START_TEST(a_daemon_that_is_away_is_told_of)
{
	struct leader leader = leader_start(&host);
	char ticket[WIRE_TICKET_SIZE + 1];

	get_ticket(ticket);
	host_stop(&host);
	ck_assert_int_eq(leader_open_session(&leader, ticket, "test", NULL), ANSWER_UNAVAILABLE);
	host_start(&host);
	/* Tickets are in the daemon's memory alone. */
	ck_assert_int_eq(leader_open_session(&leader, ticket, "test", NULL), ANSWER_NOT_FOUND);
	leader_end(&leader);
	helper_expect_count(&host, 0);
}
END_TEST

/* ---- hostile peers ---- */

START_TEST(each_socket_serves_its_own_requests)
{
	const struct message_session_open open = { .ticket = "00000000000000000000000000000000", .service = "test" };
	const struct message_session_reference reference = { .session = 1 };
	struct wire_client *client = wire_open(&host, WIRE_SESSION_CONTROL_SOCKET);

	wire_send(client, WIRE_SESSION_OPEN, &message_session_open, &open);
	wire_expect_error(client, ANSWER_UNKNOWN_REQUEST);
	wire_send(client, WIRE_SESSION_CLOSE, &message_session_reference, &reference);
	wire_expect_error(client, ANSWER_UNKNOWN_REQUEST);
	wire_close(client);
	client = wire_open(&host, WIRE_SESSION_SOCKET);
	wire_send(client, WIRE_SESSION_END, &message_session_reference, &reference);
	wire_expect_error(client, ANSWER_UNKNOWN_REQUEST);
	wire_send(client, WIRE_SESSION_LIST, &message_session_list, &(struct message_session_list){ 0 });
	wire_expect_error(client, ANSWER_UNKNOWN_REQUEST);
	wire_close(client);
}
END_TEST

/* Numbers are all there is to say: neither a process's nor any that was not given. */
START_TEST(only_what_is_registered_can_be_ended)
{
	uint64_t number;
	struct leader leader = log_in(&number);
	const uint64_t others[] = { 0, 1, (uint64_t)leader.pid, (uint64_t)getpid(), number - 1, number + 1, INT64_MAX };

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		ck_assert_int_eq(helper_end(&host, others[i], NULL), ANSWER_NOT_FOUND);
	ck_assert(leader_runs(&leader));
	helper_expect_count(&host, 1);
	leader_end(&leader);
}
END_TEST

START_TEST(garbage_closes_its_connection_alone)
{
	static const char *const sockets[] = { WIRE_SESSION_SOCKET, WIRE_SESSION_CONTROL_SOCKET };
	static unsigned char bytes[WIRE_PACKET_MAX];
	const struct message_session_reference reference = { .session = 1 };
	const struct codec_header header = { .type = WIRE_SESSION_END, .request_id = 1 };
	uint64_t number;
	struct leader leader = log_in(&number);
	size_t size;

	for (size_t i = 0; i < ARRAY_SIZE(sockets); i++) {
		for (size_t length = 1; length < sizeof(bytes); length = length * 3 + 1) {
			struct wire_client *client = wire_open(&host, sockets[i]);

			memset(bytes, (int)length, length);
			wire_send_bytes(client, bytes, length);
			wire_expect_end(client);
			wire_close(client);
		}
	}
	/* One that is right but for its last bytes. */
	ck_assert_int_eq(codec_encode(&message_session_reference, &reference, header, bytes, sizeof(bytes), &size), 0);
	for (size_t less = 1; less < size; less++) {
		struct wire_client *client = wire_open(&host, WIRE_SESSION_CONTROL_SOCKET);

		wire_send_bytes(client, bytes, size - less);
		wire_expect_end(client);
		wire_close(client);
	}
	helper_expect_count(&host, 1);
	ck_assert_int_eq(leader_close_session(&leader, number), ANSWER_OK);
	leader_end(&leader);
}
END_TEST

/* Descriptors that come along are not kept. */
START_TEST(descriptors_that_come_along_are_refused)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .header = {
			      .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
	struct wire_client *client = wire_open(&host, WIRE_SESSION_CONTROL_SOCKET);
	const struct codec_header header = { .type = WIRE_SESSION_LIST, .request_id = 1 };
	unsigned char packet[64];
	struct iovec vector = { .iov_base = packet };
	const struct msghdr message = {
		.msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
	};
	int pipes[2];
	char byte;

	ck_assert_int_eq(pipe2(pipes, O_CLOEXEC), 0);
	memcpy(CMSG_DATA(&control.header), &pipes[1], sizeof(int));
	ck_assert_int_eq(codec_encode(&message_session_list, &(struct message_session_list){ 0 }, header, packet,
				      sizeof(packet), &vector.iov_len),
			 0);
	ck_assert_int_gt(sendmsg(client->fd, &message, 0), 0);
	close(pipes[1]);
	wire_expect_end(client);
	ck_assert_int_eq(read(pipes[0], &byte, 1), 0);
	close(pipes[0]);
	wire_close(client);
}
END_TEST

/* The daemon's user takes every connection it can have, and asks without reading: logins are served all the same. */
START_TEST(a_flood_of_the_daemon_keeps_no_login_out)
{
	struct message_session_list request = { 0 };
	const struct codec_header header = { .type = WIRE_SESSION_LIST, .request_id = 1 };
	unsigned char packet[64];
	int flood[64];
	size_t size;

	ck_assert_int_eq(codec_encode(&message_session_list, &request, header, packet, sizeof(packet), &size), 0);
	for (size_t i = 0; i < ARRAY_SIZE(flood); i++) {
		flood[i] = wire_connect(&host, WIRE_SESSION_CONTROL_SOCKET);
		ck_assert_int_ge(flood[i], 0);
		while (send(flood[i], packet, size, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
			;
	}
	for (int round = 0; round < 10; round++) {
		uint64_t number;
		struct leader leader = log_in(&number);

		ck_assert_int_eq(leader_close_session(&leader, number), ANSWER_OK);
		leader_end(&leader);
		helper_take_notes(&helper); /* systemd reads what it is told */
	}
	for (size_t i = 0; i < ARRAY_SIZE(flood); i++)
		close(flood[i]);
	helper_expect_count(&host, 0);
}
END_TEST

/* Takes seconds: who says nothing is let go, and a daemon that does not answer is not waited for. */
START_TEST(nobody_is_waited_for_long)
{
	static const char *const sockets[] = { WIRE_SESSION_SOCKET, WIRE_SESSION_CONTROL_SOCKET };
	struct leader leader = leader_start(&host);
	char ticket[WIRE_TICKET_SIZE + 1];

	get_ticket(ticket);
	host_pause(&host);
	ck_assert_int_eq(leader_open_session(&leader, ticket, "test", NULL), ANSWER_UNAVAILABLE);
	host_resume(&host);
	for (size_t i = 0; i < ARRAY_SIZE(sockets); i++) {
		struct wire_client *client = wire_open(&host, sockets[i]);

		wire_expect_end(client);
		wire_close(client);
	}
	helper_expect_count(&host, 0);
	leader_end(&leader);
}
END_TEST

/* ---- other users ---- */

static void try_sockets(void *data)
{
	const bool *is_daemon = data;
	int control = wire_connect(&host, WIRE_SESSION_CONTROL_SOCKET);

	if (wire_connect(&host, WIRE_SESSION_SOCKET) >= 0)
		fail("another user reaches session.sock");
	if ((control >= 0) != *is_daemon)
		fail("session-control.sock is %s", control >= 0 ? "reached" : "not reached");
	if (*is_daemon && helper_end(&host, 4711, NULL) != ANSWER_NOT_FOUND)
		fail("the daemon is not answered");
}

START_TEST(nobody_else_can_connect)
{
	bool is_daemon = false;

	if (geteuid() != 0)
		return; /* there is one user, who is everybody */
	as_user(4711, 4711, 4711, try_sockets, &is_daemon);
	is_daemon = true;
	as_user(65534, 65534, 65534, try_sockets, &is_daemon);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("helper");
	TCase *cases = tcase_create("sessions");

	/* One daemon and one helper for all of these: to start them takes longer than what is tried. */
	tcase_add_unchecked_fixture(cases, setup, teardown);
	tcase_add_checked_fixture(cases, NULL, tidy);
	tcase_add_test(cases, a_session_is_registered_and_closed);
	tcase_add_test(cases, a_setuid_program_leads_a_session);
	tcase_add_test(cases, an_end_reaches_the_leader);
	tcase_add_test(cases, one_that_is_stopped_ends_too);
	tcase_add_test(cases, one_that_does_not_listen_stays_listed);
	tcase_add_test(cases, lists_are_of_a_key_and_behind_a_number);
	tcase_add_test(cases, a_bad_ticket_registers_nothing);
	tcase_add_test(cases, a_connection_that_was_handed_on_is_not_heard);
	tcase_add_test(cases, a_reused_number_is_not_the_leader);
	tcase_add_test(cases, each_socket_serves_its_own_requests);
	tcase_add_test(cases, only_what_is_registered_can_be_ended);
	tcase_add_test(cases, garbage_closes_its_connection_alone);
	tcase_add_test(cases, descriptors_that_come_along_are_refused);
	tcase_add_test(cases, a_flood_of_the_daemon_keeps_no_login_out);
	tcase_add_test(cases, nobody_else_can_connect);
	suite_add_tcase(suite, cases);
	/* These change the key, or stop the daemon, which its parent has to do. */
	cases = tcase_create("ends");
	tcase_set_timeout(cases, 60);
	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_add_test(cases, a_ticket_of_a_key_that_was_revoked_since_registers_nothing);
	tcase_add_test(cases, who_does_not_wait_is_not_registered);
	tcase_add_test(cases, a_daemon_that_is_away_is_told_of);
	tcase_add_test(cases, nobody_is_waited_for_long);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
