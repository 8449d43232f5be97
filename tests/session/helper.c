/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Plays systemd for the helper, and sshd for its leaders. */
#include "tests/session/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"

#define PATIENCE 20000 /* milliseconds */
#define FIRST_FD 3
#define FOREIGN 126

/* ---- systemd ---- */

static void open_notify(struct helper *helper)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%.64s/notify", helper->host->folder);
	(void)unlink(address.sun_path);
	helper->notify = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (helper->notify < 0 || bind(helper->notify, (const struct sockaddr *)&address, sizeof(address)) < 0)
		fail("cannot make the socket of notifications: %m");
}

static void forget_name(struct helper *helper, const char *name)
{
	size_t left = 0;

	for (size_t i = 0; i < helper->kept_count; i++) {
		if (strcmp(helper->kept[i].name, name) == 0)
			close(helper->kept[i].fd);
		else
			helper->kept[left++] = helper->kept[i];
	}
	helper->kept_count = left;
}

static void take_note(struct helper *helper, const char *text, const int *fds, size_t count)
{
	const char *name = strstr(text, "FDNAME=");
	char copy[sizeof(helper->kept[0].name)] = "";

	if (name)
		snprintf(copy, sizeof(copy), "%.*s", (int)strcspn(name + 7, "\n"), name + 7);
	if (strstr(text, "FDSTOREREMOVE=1"))
		forget_name(helper, copy);
	else if (count > 0 && !strstr(text, "FDSTORE=1"))
		fail("descriptors came with: %s", text);
	for (size_t i = 0; i < count; i++) {
		if (helper->kept_count == HELPER_KEPT_MAX)
			fail("more descriptors are to be kept than a test has");
		helper->kept[helper->kept_count].fd = fds[i];
		snprintf(helper->kept[helper->kept_count++].name, sizeof(copy), "%s", copy);
	}
}

/* True when a notification came, with its text. */
static bool next_note(struct helper *helper, char *ret_text, size_t text_size)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(8 * sizeof(int))];
	} control;
	struct iovec vector = { .iov_base = ret_text, .iov_len = text_size - 1 };
	struct msghdr message = {
		.msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
	};
	ssize_t size = recvmsg(helper->notify, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	const struct cmsghdr *header;
	int fds[8];
	size_t count = 0;

	if (size < 0)
		return false;
	ret_text[size] = '\0';
	header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_type == SCM_RIGHTS) {
		count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(fds, CMSG_DATA(header), count * sizeof(int));
	}
	take_note(helper, ret_text, fds, count);
	return true;
}

void helper_take_notes(struct helper *helper)
{
	char text[512];

	while (next_note(helper, text, sizeof(text)))
		;
}

void helper_forget(struct helper *helper)
{
	while (helper->kept_count > 0)
		close(helper->kept[--helper->kept_count].fd);
}

static _Noreturn void run(const struct helper *helper, pid_t parent)
{
	const char *program = getenv("APIKEY_SESSIOND");
	CLEANUP_FREE char *output = NULL, *folder = NULL, *user = NULL, *names = strdup(""), *notify = NULL;
	char *arguments[] = { strdup("apikey-sessiond"), NULL, NULL, NULL };
	char number[24], pid[24];
	int copies[HELPER_KEPT_MAX], fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (asprintf(&output, "%s/output", helper->host->folder) < 0 ||
	    asprintf(&folder, "--runtime-dir=%s", helper->host->runtime) < 0 ||
	    asprintf(&user, "--user=%s", helper->host->user) < 0 ||
	    asprintf(&notify, "%s/notify", helper->host->folder) < 0)
		_exit(EXIT_FAILURE);
	arguments[1] = folder;
	arguments[2] = user;
	fd = open(output, O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (getppid() != parent || fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
		_exit(EXIT_FAILURE);
	/* Out of the way first, so that none is overwritten. */
	for (size_t i = 0; i < helper->kept_count; i++) {
		CLEANUP_FREE char *before = names;

		copies[i] = fcntl(helper->kept[i].fd, F_DUPFD_CLOEXEC, 64);
		if (copies[i] < 0 || asprintf(&names, "%s%s%s", before, i > 0 ? ":" : "", helper->kept[i].name) < 0)
			_exit(EXIT_FAILURE);
	}
	for (size_t i = 0; i < helper->kept_count; i++) {
		if (dup2(copies[i], FIRST_FD + (int)i) < 0)
			_exit(EXIT_FAILURE);
	}
	setenv("NOTIFY_SOCKET", notify, 1);
	if (helper->kept_count > 0) {
		snprintf(number, sizeof(number), "%zu", helper->kept_count);
		snprintf(pid, sizeof(pid), "%d", (int)getpid());
		setenv("LISTEN_FDS", number, 1);
		setenv("LISTEN_PID", pid, 1);
		setenv("LISTEN_FDNAMES", names, 1);
	}
	execv(program ? program : "session/apikey-sessiond", arguments);
	_exit(errno == ENOEXEC ? FOREIGN : EXIT_FAILURE);
}

void helper_start(struct helper *helper, const struct host *host)
{
	int64_t end = milliseconds() + PATIENCE;
	pid_t parent = getpid();
	char text[512] = "";
	int status;

	if (!helper->host) {
		helper->host = host;
		open_notify(helper);
	}
	helper->pid = fork();
	if (helper->pid < 0)
		fail("cannot fork: %m");
	if (helper->pid == 0)
		run(helper, parent);
	while (!next_note(helper, text, sizeof(text)) || !strstr(text, "READY=1")) {
		if (waitpid(helper->pid, &status, WNOHANG) != 0) {
			CLEANUP_FREE char *output = host_read(host, "output");

			if (WIFEXITED(status) && WEXITSTATUS(status) == FOREIGN)
				skip("nothing here starts programs of the machine this was built for");
			fail("the helper ended at its start: %s", output);
		}
		if (milliseconds() > end)
			fail("the helper does not start");
		poll(NULL, 0, 2);
	}
}

void helper_kill(struct helper *helper)
{
	kill(helper->pid, SIGKILL);
	if (waitpid(helper->pid, NULL, 0) < 0)
		fail("cannot wait for the helper: %m");
	helper->pid = 0;
	helper_take_notes(helper);
}

void helper_stop(struct helper *helper)
{
	int64_t end = milliseconds() + PATIENCE;
	int status = 0;

	kill(helper->pid, SIGTERM);
	while (waitpid(helper->pid, &status, WNOHANG) == 0) {
		if (milliseconds() > end)
			fail("the helper does not end");
		poll(NULL, 0, 2);
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail("the helper ended with %#x", (unsigned int)status);
	helper->pid = 0;
	helper_take_notes(helper);
}

/* ---- the daemon's side ---- */

/* The texts of an answer lie in the client, which lives until the next question. */
static struct wire_client *control_open(const struct host *host)
{
	static struct wire_client *client;

	if (client)
		wire_close(client);
	client = wire_open(host, WIRE_SESSION_CONTROL_SOCKET);
	return client;
}

void helper_set_up(struct helper *helper, struct host *host, struct wire_key *ret_key)
{
	host_open(host, NULL);
	host_start(host);
	*ret_key = wire_make_key(host, &(struct message_key_create){ .name = "laptop" });
	*helper = (struct helper){ .notify = -1 };
	helper_start(helper, host);
}

void helper_tear_down(struct helper *helper, struct host *host)
{
	helper_stop(helper);
	helper_forget(helper);
	host_stop(host);
	host_remove(host);
}

size_t helper_list(const struct host *host, struct message_session *ret_sessions, size_t most)
{
	struct wire_client *client = control_open(host);
	struct message_session_page page;
	size_t count = 0;

	if (wire_ask(client, WIRE_SESSION_LIST, &message_session_list, &(struct message_session_list){ 0 },
		     &message_session_page, &page) != ANSWER_OK)
		fail("no list of sessions");
	while (count < most && codec_next_record(&page.sessions, &message_session, &ret_sessions[count]))
		count++;
	return count;
}

enum answer helper_end(const struct host *host, uint64_t number, struct message_session *ret_session)
{
	struct message_session_reference request = { .session = number };
	struct message_session unused;

	return wire_ask(control_open(host), WIRE_SESSION_END, &message_session_reference, &request, &message_session,
			ret_session ? ret_session : &unused);
}

void helper_expect_count(const struct host *host, size_t count)
{
	struct message_session sessions[32];
	int64_t end = milliseconds() + PATIENCE;
	size_t there;

	while ((there = helper_list(host, sessions, ARRAY_SIZE(sessions))) != count) {
		if (milliseconds() > end)
			fail("%zu sessions are registered, and not %zu", there, count);
		poll(NULL, 0, 5);
	}
}

/* ---- leaders ---- */

struct order {
	enum { ORDER_OPEN, ORDER_CLOSE, ORDER_CONNECT, ORDER_IGNORE_TERM, ORDER_BE_SETUID } what;
	uint64_t number;
	char ticket[WIRE_CREDENTIAL_MAX + 1], service[WIRE_SERVICE_MAX + 1];
};

struct result {
	enum answer answer;
	uint64_t number;
};

static void send_fd(int channel, int fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .header = {
			      .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
	char byte = 0;
	struct iovec vector = { .iov_base = &byte, .iov_len = 1 };
	const struct msghdr message = {
		.msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
	};

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	if (sendmsg(channel, &message, MSG_NOSIGNAL) < 0)
		_exit(EXIT_FAILURE);
}

static struct result ask(const struct host *host, uint16_t type, const struct codec_record *record, const void *message)
{
	struct wire_client *client = wire_open(host, WIRE_SESSION_SOCKET);
	struct message_session_reference reference = { 0 };
	struct message_error error;
	struct result result = { .answer = ANSWER_COUNT };

	wire_send(client, type, record, message);
	if (wire_receive(client)) {
		if (client->header.type == WIRE_ERROR &&
		    codec_decode(&message_error, client->packet, client->size, &error) == 0)
			result.answer = (enum answer)error.answer;
		else if (client->header.type == (type | WIRE_REPLY) &&
			 codec_decode(&message_session_reference, client->packet, client->size, &reference) == 0)
			result = (struct result){ .answer = ANSWER_OK, .number = reference.session };
	}
	wire_close(client);
	return result;
}

static struct result obey(const struct host *host, const struct order *order)
{
	struct message_session_open open = { .ticket = order->ticket, .service = order->service, .tty = "pts/7" };
	struct message_session_reference reference = { .session = order->number };

	if (order->what == ORDER_OPEN)
		return ask(host, WIRE_SESSION_OPEN, &message_session_open, &open);
	return ask(host, WIRE_SESSION_CLOSE, &message_session_reference, &reference);
}

static _Noreturn void lead(const struct host *host, int channel)
{
	struct order order;
	struct result result;
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGTERM, SIG_DFL); /* check's handler passes it on to the test */
	while (recv(channel, &order, sizeof(order), 0) == sizeof(order)) {
		switch (order.what) {
		case ORDER_CONNECT:
			fd = wire_connect(host, WIRE_SESSION_SOCKET);
			send_fd(channel, fd);
			close(fd);
			break;
		case ORDER_IGNORE_TERM:
		case ORDER_BE_SETUID:
			if (order.what == ORDER_IGNORE_TERM)
				signal(SIGTERM, SIG_IGN);
			else if (setresuid(4711, 0, 0) < 0)
				_exit(EXIT_FAILURE);
			result = (struct result){ .answer = ANSWER_OK };
			if (send(channel, &result, sizeof(result), MSG_NOSIGNAL) < 0)
				_exit(EXIT_FAILURE);
			break;
		case ORDER_OPEN:
		case ORDER_CLOSE:
			result = obey(host, &order);
			if (send(channel, &result, sizeof(result), MSG_NOSIGNAL) < 0)
				_exit(EXIT_FAILURE);
			break;
		}
	}
	_exit(EXIT_SUCCESS);
}

struct leader leader_start(const struct host *host)
{
	struct leader leader;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		fail("cannot make a socket pair: %m");
	leader.pid = fork();
	if (leader.pid < 0)
		fail("cannot fork: %m");
	if (leader.pid == 0) {
		close(pair[0]);
		lead(host, pair[1]);
	}
	close(pair[1]);
	leader.channel = pair[0];
	return leader;
}

static void give_order(const struct leader *leader, const struct order *order)
{
	if (send(leader->channel, order, sizeof(*order), MSG_NOSIGNAL) != sizeof(*order))
		fail("the leader hears nothing: %m");
}

enum answer leader_answer(const struct leader *leader, uint64_t *ret_number)
{
	struct result result;

	if (recv(leader->channel, &result, sizeof(result), 0) != sizeof(result))
		fail("the leader says nothing");
	if (ret_number)
		*ret_number = result.number;
	return result.answer;
}

void leader_ask_session(const struct leader *leader, const char *ticket, const char *service)
{
	struct order order = { .what = ORDER_OPEN };

	snprintf(order.ticket, sizeof(order.ticket), "%s", ticket);
	snprintf(order.service, sizeof(order.service), "%s", service);
	give_order(leader, &order);
}

enum answer leader_open_session(const struct leader *leader, const char *ticket, const char *service,
				uint64_t *ret_number)
{
	leader_ask_session(leader, ticket, service);
	return leader_answer(leader, ret_number);
}

enum answer leader_close_session(const struct leader *leader, uint64_t number)
{
	give_order(leader, &(struct order){ .what = ORDER_CLOSE, .number = number });
	return leader_answer(leader, NULL);
}

void leader_ignore_term(const struct leader *leader)
{
	give_order(leader, &(struct order){ .what = ORDER_IGNORE_TERM });
	(void)leader_answer(leader, NULL);
}

void leader_be_setuid(const struct leader *leader)
{
	give_order(leader, &(struct order){ .what = ORDER_BE_SETUID });
	(void)leader_answer(leader, NULL);
}

int leader_connect(const struct leader *leader)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	char byte;
	struct iovec vector = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
	};
	int fd;

	give_order(leader, &(struct order){ .what = ORDER_CONNECT });
	if (recvmsg(leader->channel, &message, MSG_CMSG_CLOEXEC) != 1 || !CMSG_FIRSTHDR(&message))
		fail("the leader hands no connection over: %m");
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

int leader_wait(struct leader *leader)
{
	int64_t end = milliseconds() + PATIENCE;
	int status = 0;

	while (waitpid(leader->pid, &status, WNOHANG) == 0) {
		if (milliseconds() > end)
			fail("the leader does not end");
		poll(NULL, 0, 2);
	}
	close(leader->channel);
	leader->pid = 0;
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

void leader_end(struct leader *leader)
{
	kill(leader->pid, SIGKILL);
	(void)leader_wait(leader);
}

bool leader_runs(const struct leader *leader)
{
	return waitpid(leader->pid, NULL, WNOHANG) == 0;
}
