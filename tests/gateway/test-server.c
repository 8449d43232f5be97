/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The HTTP server with clients that do not behave: requests that a proxy may have read otherwise, bodies that are too
 * long, clients that are slow, many, or gone. The server is a process of its own, as it is in earnest; its handler
 * answers "/now" at once, "/later" when the loop comes around, "/never" not at all, and "/body" with the length of the
 * body; "/refused" is refused before its body comes.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "gateway/exchange.h"
#include "gateway/listeners.h"
#include "gateway/server.h"
#include "tests/suite.h"

#define PATIENCE 20000 /* milliseconds: what a machine that is busy may take */
#define FEW 4          /* connections that the small server takes */
#define BODIES (3 * (SERVER_BODY_MAX + 1))
#define HOST "Host: x\r\n"

static char path[64], other_path[sizeof(path)]; /* of the sockets it listens on */
static pid_t server_pid;

/* ---- the server ---- */

static int answer_later(sd_event_source *source, uint64_t usec, void *data)
{
	(void)source;
	(void)usec;
	exchange_answer_text(data, 200, "text/plain", strdup("later"), NULL, 0);
	return 0;
}

static void handle(struct exchange *exchange, void *data)
{
	char text[32];

	if (strcmp(exchange->path, "/later") == 0) {
		if (sd_event_add_time_relative(data, NULL, CLOCK_MONOTONIC, 1000, 0, answer_later, exchange) < 0)
			abort();
		return;
	}
	if (strcmp(exchange->path, "/never") == 0)
		return;
	if (strcmp(exchange->path, "/body") == 0)
		snprintf(text, sizeof(text), "%zu", exchange->body_size);
	else
		snprintf(text, sizeof(text), "now");
	exchange_answer_text(exchange, 200, "text/plain", strdup(text), NULL, 0);
}

static void preview(struct exchange *exchange, void *data)
{
	(void)data;
	if (strcmp(exchange->path, "/refused") == 0)
		exchange_answer_problem(exchange, PROBLEM_AUTHORIZATION_IS_REQUIRED, NULL);
	else if (strcmp(exchange->path, "/forgotten") == 0)
		exchange_forget_body(exchange);
}

static void serve(const struct listeners *listeners, size_t connections, unsigned int quiet, unsigned int request)
{
	CLEANUP(sd_event_unrefp) sd_event *event = NULL;
	struct server_settings settings = { .connections = connections,
					    .quiet_timeout = quiet,
					    .request_timeout = request,
					    .memory = (size_t)16 * 1024,
					    .bodies = BODIES,
					    .preview = preview,
					    .handler = handle };
	struct server *server;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	if (sd_event_new(&event) < 0)
		_exit(1);
	settings.data = event;
	if (server_new(event, &settings, &server) < 0)
		_exit(1);
	for (size_t i = 0; i < listeners->count; i++) {
		if (server_listen(server, listeners->fds[i]) < 0)
			_exit(1);
	}
	if (sd_event_loop(event) < 0)
		_exit(1);
	_exit(0);
}

static void start_listening(bool both, size_t connections, unsigned int quiet, unsigned int request)
{
	struct listeners listeners = { .count = 0 };
	char fault[256] = "";

	snprintf(path, sizeof(path), "/tmp/apikey-gateway-test-%d.sock", getpid());
	ck_assert_msg(listeners_make(&listeners, path, fault, sizeof(fault)) == 0, "%s", fault);
	if (both) {
		snprintf(other_path, sizeof(other_path), "/tmp/apikey-gateway-test-%d-other.sock", getpid());
		ck_assert_msg(listeners_make(&listeners, other_path, fault, sizeof(fault)) == 0, "%s", fault);
	}
	server_pid = fork();
	if (server_pid == 0)
		serve(&listeners, connections, quiet, request);
	ck_assert_int_gt(server_pid, 0);
	/* listeners_done() would take their names away. */
	for (size_t i = 0; i < listeners.count; i++) {
		close(listeners.fds[i]);
		free(listeners.paths[i]);
	}
}

static void start(size_t connections, unsigned int quiet, unsigned int request)
{
	start_listening(false, connections, quiet, request);
}

static void stop(void)
{
	int status;

	kill(server_pid, SIGKILL);
	ck_assert_int_eq(waitpid(server_pid, &status, 0), server_pid);
	(void)unlink(path);
	if (other_path[0] != '\0')
		(void)unlink(other_path);
	other_path[0] = '\0';
	/* It did not end before. */
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void start_usual(void)
{
	start(64, 60, 60);
}

/* ---- clients ---- */

static int connect_to(const char *where)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", where);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static int connect_client(void)
{
	return connect_to(path);
}

static void say(int fd, const char *bytes, size_t size)
{
	ck_assert_int_eq(send(fd, bytes, size, MSG_NOSIGNAL), (ssize_t)size);
}

/* Reads until text stands in what came, or the end. How many bytes; room ends in a NUL. */
static size_t hear(int fd, const char *text, char *room, size_t room_size)
{
	size_t size = 0;

	room[0] = '\0';
	while (size + 1 < room_size && (!text || !strstr(room, text))) {
		struct pollfd watched = { .fd = fd, .events = POLLIN };
		ssize_t r;

		ck_assert_msg(poll(&watched, 1, PATIENCE) == 1, "nothing more comes after '%s'", room);
		r = recv(fd, room + size, room_size - 1 - size, 0);
		if (r <= 0)
			break;
		size += (size_t)r;
		room[size] = '\0';
	}
	return size;
}

/* ---- tests ---- */

#define REQUEST(text) text, sizeof(text) - 1

static const struct {
	const char *bytes;
	size_t size;
	const char *status, *part;
} requests[] = {
	{ REQUEST("GET /now HTTP/1.1\r\n" HOST "\r\n"), "200", "now" },
	{ REQUEST("GET /later HTTP/1.1\r\n" HOST "\r\n"), "200", "later" },
	{ REQUEST("GET /now?a=b%20c HTTP/1.1\r\n" HOST "\r\n"), "200", "now" },
	{ REQUEST("GET /now HTTP/1.0\r\n\r\n"), "200", "now" },
	{ REQUEST("POST /body HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nabcde"), "200", "\r\n\r\n5" },
	{ REQUEST("POST /body HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n"),
	  "200", "\r\n\r\n4" },
	{ REQUEST("GET /now HTTP/1.1\r\n" HOST "Authorization: Bearer x\r\n\r\n"), "200", "now" },
	{ REQUEST("GET /now HTTP/1.1\r\n" HOST "X-Correlation-ID: c1\r\n\r\n"), "200", "X-Correlation-ID: c1\r\n" },
	/* Where a body ends must be told once. */
	{ REQUEST("POST /body HTTP/1.1\r\n" HOST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
	  "400", "both Content-Length and Transfer-Encoding" },
	{ REQUEST("POST /body HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 1\r\n\r\na"), "400", "twice" },
	{ REQUEST("POST /body HTTP/1.1\r\n" HOST "Content-Length: 1\r\ncontent-length: 2\r\n\r\na"), "400", "twice" },
	{ REQUEST("POST /body HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"),
	  "400", "twice" },
	{ REQUEST("POST /body HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n"), "400", "not chunked" },
	{ REQUEST("POST /body HTTP/1.1\r\n" HOST "Transfer-Encoding: identity\r\n\r\n"), "400", "not chunked" },
	{ REQUEST("POST /body HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), "400", "HTTP/1.0" },
	{ REQUEST("POST /body HTTP/1.1\r\n" HOST "Content-Length: +1\r\n\r\na"), "400", NULL },
	{ REQUEST("POST /body HTTP/1.1\r\n" HOST "Content-Length: 1 \r\n\r\na"), "400", NULL },
	/* Bytes of which the library tells nothing. */
	{ REQUEST("GET /now HTTP/1.1\r\n" HOST "X-A: a\0b\r\n\r\n"), "400", "NUL" },
	{ REQUEST("GET /now HTTP/1.1\r\n" HOST "X-A: a\0\r\nX-B: b\r\n\r\n"), "400", "NUL" },
	{ REQUEST("GET /now HTTP/1.1\r\n" HOST "X\0-A: a\r\n\r\n"), "400", NULL },
	{ REQUEST("GET /now HTTP/1.1\r\nHost: x\0y\r\n\r\n"), "400", "NUL" },
	{ REQUEST("GET /now\0 HTTP/1.1\r\n" HOST "\r\n"), "400", "NUL" },
	{ REQUEST("GET /now?a\0=b HTTP/1.1\r\n" HOST "\r\n"), "400", "NUL" },
	{ REQUEST("GET /now HTTP/1.1\r\n" HOST "X-A: a\r\n b\r\n\r\n"), "400", "next line" },
	{ REQUEST("GET /now HTTP/1.1\n" HOST "\r\n"), "400", "CR LF" },
	{ REQUEST("GET /now HTTP/1.1\r\nHost: x\n\r\n"), "400", "CR LF" },
	{ REQUEST("GET /now HTTP/1.1\r\n" HOST "\n"), "400", "CR LF" },
	{ REQUEST("GET  /now HTTP/1.1\r\n" HOST "\r\n"), "400", "blanks" },
	{ REQUEST("GET /now  HTTP/1.1\r\n" HOST "\r\n"), NULL, NULL }, /* the library hangs up */
	{ REQUEST("GET /now HTTP/1.1 \r\n" HOST "\r\n"), "400", NULL },
	{ REQUEST("GET /now HTTP/1.1\r\n" HOST "X-A: a\x01z\r\n\r\n"), "400", "control characters" },
	{ REQUEST("GET /now HTTP/1.1\r\n" HOST "X A: a\r\n\r\n"), "400", "name is none" },
	{ REQUEST("GET /now HTTP/1.1\r\n" HOST "X-A : a\r\n\r\n"), "400", "name is none" },
	{ REQUEST("GET /now HTTP/1.1\r\n" HOST HOST "\r\n"), "400", "twice" },
	{ REQUEST("GET /now HTTP/1.1\r\n\r\n"), "400", NULL },
	{ REQUEST("GET /now HTTP/2.0\r\n" HOST "\r\n"), "505", NULL },
	{ REQUEST("GET /now\r\n\r\n"), NULL, NULL },
	/* Targets that have two readings. */
	{ REQUEST("GET http://x/now HTTP/1.1\r\n" HOST "\r\n"), "404", "NOT_FOUND" },
	{ REQUEST("GET /a/../now HTTP/1.1\r\n" HOST "\r\n"), "404", "NOT_FOUND" },
	{ REQUEST("GET //now HTTP/1.1\r\n" HOST "\r\n"), "404", "NOT_FOUND" },
	{ REQUEST("GET /%6eow HTTP/1.1\r\n" HOST "\r\n"), "404", "NOT_FOUND" },
	{ REQUEST("GET /now?a=1&a=2 HTTP/1.1\r\n" HOST "\r\n"), "400", "twice" },
	{ REQUEST("GET /now?a=%00 HTTP/1.1\r\n" HOST "\r\n"), "400", "control characters" },
	{ REQUEST("OPTIONS * HTTP/1.1\r\n" HOST "\r\n"), "404", "NOT_FOUND" },
	/* One credential, in one place. */
	{ REQUEST("GET /now HTTP/1.1\r\n" HOST "Authorization: Bearer x\r\nX-API-KEY: x\r\n\r\n"), "400",
	  "two credentials" },
	{ REQUEST("GET /now HTTP/1.1\r\n" HOST "Authorization: Bearer x\r\nAuthorization: Bearer x\r\n\r\n"), "400",
	  "two credentials" },
	{ REQUEST("GET /now HTTP/1.1\r\n" HOST "x-api-key: x\r\nX-API-KEY: x\r\n\r\n"), "400", "two credentials" },
	{ REQUEST("GET /now HTTP/1.1\r\n" HOST "Authorization: x\r\n\r\n"), "400", "scheme" },
	/* Its length is known before it comes. */
	{ REQUEST("POST /body HTTP/1.1\r\n" HOST "Content-Length: 65537\r\n\r\n"), "413", "CONTENT_TOO_LARGE" },
	{ REQUEST("POST /body HTTP/1.1\r\n" HOST "Content-Length: 999999999999999\r\n\r\n"), "413",
	  "CONTENT_TOO_LARGE" },
	{ REQUEST("POST /body HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999\r\n\r\n"), "413", NULL },
};

START_TEST(each_request_has_its_answer)
{
	CLEANUP_CLOSE int fd = connect_client();
	char answer[4096], status[32];

	say(fd, requests[_i].bytes, requests[_i].size);
	ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
	hear(fd, requests[_i].part ? requests[_i].part : NULL, answer, sizeof(answer));
	if (!requests[_i].status) {
		ck_assert_ptr_null(strstr(answer, " 200 "));
		return;
	}
	snprintf(status, sizeof(status), " %s ", requests[_i].status);
	ck_assert_msg(strncmp(answer, "HTTP/1.", 7) == 0 && strncmp(answer + 8, status, 5) == 0 &&
			      (!requests[_i].part || strstr(answer, requests[_i].part)),
		      "request %d: %s", _i, answer);
	ck_assert(strcmp(requests[_i].status, "200") == 0 || !strstr(answer, "200 OK"));
}
END_TEST

START_TEST(one_connection_takes_many_requests)
{
	static const char request[] = "GET /now HTTP/1.1\r\n" HOST "\r\nGET /later HTTP/1.1\r\n" HOST "\r\n";
	CLEANUP_CLOSE int fd = connect_client();
	char answer[4096];

	for (int i = 0; i < 5; i++) {
		say(fd, request, sizeof(request) - 1);
		hear(fd, "\r\n\r\nlater", answer, sizeof(answer));
		ck_assert_ptr_nonnull(strstr(answer, "\r\n\r\nnow"));
	}
}
END_TEST

/* What follows a request whose end is uncertain is not taken for another one. */
START_TEST(nothing_is_read_behind_a_request_that_is_refused)
{
	static const char request[] =
		"POST /body HTTP/1.1\r\n" HOST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
		"0\r\n\r\nGET /now HTTP/1.1\r\n" HOST "\r\n";
	CLEANUP_CLOSE int fd = connect_client();
	char answer[4096];

	say(fd, request, sizeof(request) - 1);
	hear(fd, NULL, answer, sizeof(answer));
	ck_assert_ptr_nonnull(strstr(answer, " 400 "));
	ck_assert_ptr_null(strstr(answer, " 200 "));
}
END_TEST

/* ---- refused before the body ---- */

#define LONG "Content-Length: 60000\r\n"
#define EXPECT "Expect: 100-continue\r\n"

/* Nobody waits for a body that will not be looked at, nor asks for it, and what follows is no request. */
static const struct {
	const char *request, *status;
} refused[] = {
	{ "POST /refused HTTP/1.1\r\n" HOST LONG "\r\n", "401" },
	{ "PUT /refused HTTP/1.1\r\n" HOST LONG "\r\n", "401" },
	{ "DELETE /refused HTTP/1.1\r\n" HOST LONG "\r\n", "401" },
	{ "GET /refused HTTP/1.1\r\n" HOST LONG "\r\n", "401" },
	{ "POST /refused HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n", "401" },
	{ "POST /refused HTTP/1.1\r\n" HOST LONG EXPECT "\r\n", "401" },
	{ "POST /refused HTTP/1.1\r\n" HOST "Content-Length: 5\r\n" EXPECT "\r\n", "401" },
	{ "POST /refused HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n" EXPECT "\r\n", "401" },
	{ "POST /body HTTP/1.1\r\n" HOST "Content-Length: 65537\r\n" EXPECT "\r\n", "413" },
	{ "DELETE /body HTTP/1.1\r\n" HOST "Content-Length: 65537\r\n\r\n", "413" },
	{ "POST /body HTTP/1.1\r\n" HOST LONG EXPECT "Authorization: x\r\n\r\n", "400" },
	{ "POST /a/../body HTTP/1.1\r\n" HOST LONG EXPECT "\r\n", "404" },
};

START_TEST(what_is_wrong_by_its_head_is_refused_before_the_body)
{
	static const char other[] = "GET /now HTTP/1.1\r\n" HOST "\r\n";
	CLEANUP_CLOSE int fd = connect_client();
	char answer[4096], status[32];

	say(fd, refused[_i].request, strlen(refused[_i].request));
	hear(fd, "\r\n\r\n", answer, sizeof(answer));
	snprintf(status, sizeof(status), "HTTP/1.1 %s ", refused[_i].status);
	ck_assert_msg(strncmp(answer, status, strlen(status)) == 0, "request %d: %s", _i, answer);
	ck_assert_ptr_nonnull(strcasestr(answer, "\r\nConnection: close\r\n"));
	(void)send(fd, other, sizeof(other) - 1, MSG_NOSIGNAL);
	hear(fd, NULL, answer, sizeof(answer));
	ck_assert_ptr_null(strstr(answer, "HTTP/1.1"));
}
END_TEST

START_TEST(who_waits_to_send_what_is_wanted_is_told_to_go_on)
{
	static const char head[] = "POST /body HTTP/1.1\r\n" HOST "Content-Length: 5\r\n" EXPECT "\r\n";
	CLEANUP_CLOSE int fd = connect_client();
	char answer[4096];

	say(fd, head, sizeof(head) - 1);
	hear(fd, "\r\n\r\n", answer, sizeof(answer));
	ck_assert_int_eq(strncmp(answer, "HTTP/1.1 100 ", 13), 0);
	say(fd, "abcde", 5);
	hear(fd, "\r\n\r\n5", answer, sizeof(answer));
	ck_assert_ptr_nonnull(strstr(answer, " 200 "));
}
END_TEST

/* Who sends little, as most do, need not connect again. */
START_TEST(a_short_body_that_is_refused_costs_no_connection)
{
	static const char refused_head[] = "POST /refused HTTP/1.1\r\n" HOST "Content-Length: 4096\r\n\r\n",
			  request[] = "POST /body HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nabcde";
	CLEANUP_CLOSE int fd = connect_client();
	char body[4096], answer[4096];

	memset(body, 'x', sizeof(body));
	for (int i = 0; i < 3; i++) {
		say(fd, refused_head, sizeof(refused_head) - 1);
		say(fd, body, sizeof(body));
		say(fd, request, sizeof(request) - 1);
		hear(fd, "\r\n\r\n5", answer, sizeof(answer));
		ck_assert_int_eq(strncmp(answer, "HTTP/1.1 401 ", 13), 0);
		ck_assert_ptr_null(strcasestr(answer, "Connection: close"));
		ck_assert_ptr_nonnull(strstr(answer, "HTTP/1.1 200 "));
	}
}
END_TEST

/* Chunks do not tell how long the body will be. */
START_TEST(a_body_without_end_is_cut_off)
{
	static const char head[] = "POST /body HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n";
	CLEANUP_CLOSE int fd = connect_client();
	char chunk[6 + 4096 + 2], answer[4096];
	size_t sent = 0;

	memcpy(chunk, "1000\r\n", 6);
	memset(chunk + 6, 'x', 4096);
	memcpy(chunk + 6 + 4096, "\r\n", 2);
	say(fd, head, sizeof(head) - 1);
	while (sent < 64 * SERVER_BODY_MAX && send(fd, chunk, sizeof(chunk), MSG_NOSIGNAL) == (ssize_t)sizeof(chunk))
		sent += 4096;
	ck_assert_uint_lt(sent, 64 * SERVER_BODY_MAX);
	hear(fd, NULL, answer, sizeof(answer));
	ck_assert_ptr_null(strstr(answer, " 200 "));
}
END_TEST

/* size chunks of 4 KiB. */
static void send_chunks(int fd, size_t count, char *answer, size_t size)
{
	static const char head[] = "POST /body HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n";
	char chunk[6 + 4096 + 2];

	memcpy(chunk, "1000\r\n", 6);
	memset(chunk + 6, 'x', 4096);
	memcpy(chunk + 6 + 4096, "\r\n", 2);
	say(fd, head, sizeof(head) - 1);
	for (size_t i = 0; i < count; i++)
		say(fd, chunk, sizeof(chunk));
	say(fd, "0\r\n\r\n", 5);
	hear(fd, "\r\n\r\n", answer, size);
}

START_TEST(a_body_may_be_so_long)
{
	CLEANUP_CLOSE int fd = connect_client();
	char answer[4096];

	send_chunks(fd, SERVER_BODY_MAX / 4096, answer, sizeof(answer));
	ck_assert_ptr_nonnull(strstr(answer, " 200 "));
	send_chunks(fd, SERVER_BODY_MAX / 4096 + 1, answer, sizeof(answer));
	ck_assert_ptr_nonnull(strstr(answer, " 413 "));
}
END_TEST

/* Sends all of the longest body but its last byte. */
static void send_endless(int fd, const char *target)
{
	CLEANUP_FREE char *most = calloc(1, SERVER_BODY_MAX);
	char head[256];
	int size = snprintf(head, sizeof(head), "POST %s HTTP/1.1\r\n" HOST "Content-Length: 65536\r\n\r\n", target);

	memset(most, 'x', SERVER_BODY_MAX);
	say(fd, head, (size_t)size);
	say(fd, most, SERVER_BODY_MAX - 1);
}

/* A body of so many chunks, sent until the answer has this status. */
static void expect_in_time(const char *where, size_t chunks, const char *status)
{
	int64_t end = clock_monotonic() + PATIENCE * INT64_C(1000000);
	char answer[4096];

	do {
		CLEANUP_CLOSE int fd = connect_to(where);

		send_chunks(fd, chunks, answer, sizeof(answer));
	} while (!strstr(answer, status) && clock_monotonic() < end);
	ck_assert_msg(strstr(answer, status) != NULL, "it is not%s but %s", status, answer);
}

/* Bodies that do not end fill what there is for all; who comes then is asked to come again, and can. */
START_TEST(bodies_of_strangers_fill_no_memory)
{
	int fds[3];

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		fds[i] = connect_client();
		send_endless(fds[i], "/body");
	}
	expect_in_time(path, 1, " 503 ");
	close(fds[0]);
	expect_in_time(path, 1, " 200 ");
	close(fds[1]);
	close(fds[2]);
}
END_TEST

/* So many that they would fill it three times. */
START_TEST(a_body_that_nobody_reads_takes_no_room)
{
	char answer[4096];
	int fds[9];

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		fds[i] = connect_client();
		send_endless(fds[i], "/forgotten");
	}
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		CLEANUP_CLOSE int fd = connect_client();

		send_chunks(fd, SERVER_BODY_MAX / 4096, answer, sizeof(answer));
		ck_assert_ptr_nonnull(strstr(answer, " 200 "));
		say(fds[i], "x", 1);
		hear(fds[i], "\r\n\r\nnow", answer, sizeof(answer));
		ck_assert_ptr_nonnull(strstr(answer, " 200 "));
		close(fds[i]);
	}
}
END_TEST

START_TEST(eight_kibibytes_of_headers_are_taken_and_a_hundred_are_not)
{
	CLEANUP_CLOSE int fd = connect_client();
	CLEANUP_FREE char *request = malloc(100 * 1024 + 256);
	char answer[4096];
	int size = sprintf(request, "GET /now HTTP/1.1\r\n" HOST);

	for (int i = 0; i < 8; i++)
		size += sprintf(request + size, "X-%d: %01010d\r\n", i, 0);
	size += sprintf(request + size, "\r\n");
	say(fd, request, (size_t)size);
	hear(fd, "\r\n\r\nnow", answer, sizeof(answer));
	ck_assert_ptr_nonnull(strstr(answer, " 200 "));
	size = sprintf(request, "GET /now HTTP/1.1\r\n" HOST "X: %0102400d\r\n\r\n", 0);
	(void)send(fd, request, (size_t)size, MSG_NOSIGNAL);
	hear(fd, NULL, answer, sizeof(answer));
	ck_assert_ptr_null(strstr(answer, " 200 "));
}
END_TEST

/* A byte now and then keeps nobody's connection: what ends it is not silence. */
START_TEST(a_client_that_is_slow_is_gone_in_time)
{
	static const char request[] = "GET /now HTTP/1.1\r\n" HOST "X-Slow: ";
	int64_t begun = clock_monotonic();
	CLEANUP_CLOSE int fd = -1;
	size_t start_size = _i == 0 ? 0 : sizeof(request) - 1; /* before its first line is whole, and after */
	bool open = true;

	start(64, 1, 1);
	fd = connect_client();
	say(fd, request, start_size);
	while (open && clock_monotonic() - begun < (int64_t)PATIENCE * 1000000) {
		struct pollfd watched = { .fd = fd, .events = POLLIN };

		open = send(fd, "x", 1, MSG_NOSIGNAL) == 1 && poll(&watched, 1, 50) == 0;
	}
	ck_assert(!open);
	stop();
}
END_TEST

/* Those that say nothing give their places to who comes with a request. */
START_TEST(clients_that_wait_keep_nobody_out)
{
	static const char request[] = "GET /later HTTP/1.1\r\n" HOST "\r\n";
	int idle[4 * FEW];
	char answer[4096];

	start(FEW, 60, 60);
	for (size_t i = 0; i < ARRAY_SIZE(idle); i++) {
		idle[i] = connect_client();
		if (i % 2 == 0)
			say(idle[i], "GET", 3);
	}
	for (int i = 0; i < 3; i++) {
		CLEANUP_CLOSE int fd = connect_client();

		say(fd, request, sizeof(request) - 1);
		hear(fd, "\r\n\r\nlater", answer, sizeof(answer));
		ck_assert_ptr_nonnull(strstr(answer, " 200 "));
	}
	for (size_t i = 0; i < ARRAY_SIZE(idle); i++)
		close(idle[i]);
	stop();
}
END_TEST

/* ---- many that are slow ---- */

#define SLOW_MOST 1000

/* As many as there is room for descriptors, which the server's process has the same number of. */
static size_t allow_many(void)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	if (limit.rlim_cur < 2 * SLOW_MOST)
		limit.rlim_cur = limit.rlim_max < 2 * SLOW_MOST ? limit.rlim_max : 2 * SLOW_MOST;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	return limit.rlim_cur < SLOW_MOST + 100 ? (size_t)limit.rlim_cur - 100 : SLOW_MOST;
}

/* Each in its own place of a request: before it, in its first line, in a header, in its body. */
static void begin_slowly(int *fds, size_t count)
{
	static const char *const starts[] = { "", "GET /no", "GET /now HTTP/1.1\r\n" HOST "X-Slow: ",
					      "POST /body HTTP/1.1\r\n" HOST "Content-Length: 60000\r\n\r\n" };

	for (size_t i = 0; i < count; i++) {
		const char *start = starts[i % ARRAY_SIZE(starts)];

		fds[i] = connect_client();
		say(fds[i], start, strlen(start));
	}
}

/* Those that are open say one byte more. How many there are. */
static size_t go_on_slowly(int *fds, size_t count)
{
	size_t open = 0;

	for (size_t i = 0; i < count; i++) {
		struct pollfd watched = { .fd = fds[i], .events = POLLIN };

		if (fds[i] < 0)
			continue;
		if (send(fds[i], "x", 1, MSG_NOSIGNAL) == 1 && poll(&watched, 1, 0) == 0) {
			open++;
			continue;
		}
		close(fds[i]);
		fds[i] = -1;
	}
	return open;
}

START_TEST(a_thousand_slow_clients_keep_nobody_out)
{
	static const char request[] = "GET /later HTTP/1.1\r\n" HOST "\r\n";
	size_t count = allow_many();
	int slow[SLOW_MOST];
	char answer[4096];

	start(2 * SLOW_MOST, 60, 60);
	begin_slowly(slow, count);
	for (int i = 0; i < 5; i++) {
		CLEANUP_CLOSE int fd = connect_client();

		ck_assert_uint_eq(go_on_slowly(slow, count), count);
		say(fd, request, sizeof(request) - 1);
		hear(fd, "\r\n\r\nlater", answer, sizeof(answer));
		ck_assert_ptr_nonnull(strstr(answer, " 200 "));
	}
	stop();
}
END_TEST

START_TEST(a_thousand_slow_clients_are_gone_in_time)
{
	size_t count = allow_many();
	int64_t begun = clock_monotonic();
	int slow[SLOW_MOST];

	start(2 * SLOW_MOST, 1, 1);
	begin_slowly(slow, count);
	while (go_on_slowly(slow, count) > 0 && clock_monotonic() - begun < (int64_t)PATIENCE * 1000000)
		(void)poll(NULL, 0, 20);
	ck_assert_uint_eq(go_on_slowly(slow, count), 0);
	stop();
}
END_TEST

/* Nor do those whose requests never become whole. */
START_TEST(halves_of_requests_keep_nobody_out)
{
	static const char *const halves[] = { "GET /now HTTP/1.1\r\n" HOST "X-Slow: ",
					      "POST /body HTTP/1.1\r\n" HOST "Content-Length: 60000\r\n\r\nx" };
	static const char request[] = "GET /later HTTP/1.1\r\n" HOST "\r\n";
	int slow[4 * FEW];
	char answer[4096];

	start(FEW, 60, 60);
	for (int i = 0; i < 3; i++) {
		CLEANUP_CLOSE int fd = -1;

		for (size_t j = 0; j < ARRAY_SIZE(slow); j++) {
			slow[j] = connect_client();
			/* It may be gone already, for the next one. */
			(void)send(slow[j], halves[_i], strlen(halves[_i]), MSG_NOSIGNAL);
		}
		fd = connect_client();
		say(fd, request, sizeof(request) - 1);
		hear(fd, "\r\n\r\nlater", answer, sizeof(answer));
		ck_assert_msg(strstr(answer, " 200 "), "%s", answer);
		for (size_t j = 0; j < ARRAY_SIZE(slow); j++)
			close(slow[j]);
	}
	stop();
}
END_TEST

/* Those whose requests are whole and wait keep their places, and have all but the other socket's. */
START_TEST(a_full_socket_keeps_nobody_out_of_the_other)
{
	static const char waiting[] = "GET /never HTTP/1.1\r\n" HOST "\r\n",
			  request[] = "GET /later HTTP/1.1\r\n" HOST "\r\n";
	int many[4 * FEW];
	char answer[4096];

	start_listening(true, FEW, 60, 60);
	for (size_t i = 0; i < ARRAY_SIZE(many); i++) {
		many[i] = connect_client();
		say(many[i], waiting, sizeof(waiting) - 1);
	}
	for (int i = 0; i < 3; i++) {
		CLEANUP_CLOSE int fd = connect_to(other_path);

		say(fd, request, sizeof(request) - 1);
		hear(fd, "\r\n\r\nlater", answer, sizeof(answer));
		ck_assert_ptr_nonnull(strstr(answer, " 200 "));
	}
	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		close(many[i]);
	stop();
}
END_TEST

START_TEST(bodies_of_one_socket_leave_room_to_the_other)
{
	int fds[8];

	start_listening(true, 64, 60, 60);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		fds[i] = connect_client();
		send_endless(fds[i], "/body");
	}
	expect_in_time(path, 8, " 503 ");
	for (int i = 0; i < 3; i++) {
		CLEANUP_CLOSE int fd = connect_to(other_path);
		char answer[4096];

		send_chunks(fd, 1, answer, sizeof(answer));
		ck_assert_ptr_nonnull(strstr(answer, " 200 "));
	}
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
	stop();
}
END_TEST

/* What they said, and that it was all, was there before their connections were accepted. */
START_TEST(clients_that_have_closed_are_gone_at_once)
{
	static const char *const starts[] = { "", "GET /no", "GET /now HTTP/1.1\r\n" HOST "X-Slow: ",
					      "POST /body HTTP/1.1\r\n" HOST "Content-Length: 60000\r\n\r\nx" };
	int fds[32], status;
	char answer[4096];

	start(64, 60, 60);
	ck_assert_int_eq(kill(server_pid, SIGSTOP), 0);
	ck_assert_int_eq(waitpid(server_pid, &status, WUNTRACED), server_pid);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		const char *text = starts[i % ARRAY_SIZE(starts)];

		fds[i] = connect_client();
		say(fds[i], text, strlen(text));
		ck_assert_int_eq(shutdown(fds[i], SHUT_WR), 0);
	}
	ck_assert_int_eq(kill(server_pid, SIGCONT), 0);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		hear(fds[i], NULL, answer, sizeof(answer)); /* to its end */
		ck_assert_ptr_null(strstr(answer, " 200 "));
		close(fds[i]);
	}
	stop();
}
END_TEST

/* Whoever hangs up while an answer is waited for costs nothing but that. */
START_TEST(clients_may_hang_up_at_any_time)
{
	static const char request[] = "POST /later HTTP/1.1\r\n" HOST "Content-Length: 4\r\n\r\nabcd";
	char answer[4096];

	for (size_t i = 0; i < 200; i++) {
		CLEANUP_CLOSE int fd = connect_client();

		say(fd, request, i % sizeof(request));
	}
	{
		CLEANUP_CLOSE int fd = connect_client();

		say(fd, request, sizeof(request) - 1);
		hear(fd, "\r\n\r\nlater", answer, sizeof(answer));
		ck_assert_ptr_nonnull(strstr(answer, " 200 "));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("server");
	TCase *usual = tcase_create("usual"), *others = tcase_create("others");

	tcase_set_timeout(usual, 60);
	tcase_add_checked_fixture(usual, start_usual, stop);
	tcase_add_loop_test(usual, each_request_has_its_answer, 0, ARRAY_SIZE(requests));
	tcase_add_test(usual, one_connection_takes_many_requests);
	tcase_add_test(usual, nothing_is_read_behind_a_request_that_is_refused);
	tcase_add_loop_test(usual, what_is_wrong_by_its_head_is_refused_before_the_body, 0, ARRAY_SIZE(refused));
	tcase_add_test(usual, who_waits_to_send_what_is_wanted_is_told_to_go_on);
	tcase_add_test(usual, a_short_body_that_is_refused_costs_no_connection);
	tcase_add_test(usual, a_body_without_end_is_cut_off);
	tcase_add_test(usual, a_body_may_be_so_long);
	tcase_add_test(usual, bodies_of_strangers_fill_no_memory);
	tcase_add_test(usual, a_body_that_nobody_reads_takes_no_room);
	tcase_add_test(usual, eight_kibibytes_of_headers_are_taken_and_a_hundred_are_not);
	tcase_add_test(usual, clients_may_hang_up_at_any_time);
	suite_add_tcase(suite, usual);
	tcase_set_timeout(others, 60);
	tcase_add_loop_test(others, a_client_that_is_slow_is_gone_in_time, 0, 2);
	tcase_add_test(others, clients_that_wait_keep_nobody_out);
	tcase_add_loop_test(others, halves_of_requests_keep_nobody_out, 0, 2);
	tcase_add_test(others, a_full_socket_keeps_nobody_out_of_the_other);
	tcase_add_test(others, bodies_of_one_socket_leave_room_to_the_other);
	tcase_add_test(others, clients_that_have_closed_are_gone_at_once);
	tcase_add_test(others, a_thousand_slow_clients_keep_nobody_out);
	tcase_add_test(others, a_thousand_slow_clients_are_gone_in_time);
	suite_add_tcase(suite, others);
	return suite_run(suite);
}
