/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the library leaves behind in the caller's process: no descriptor, no signal disposition, no credential on the
 * heap or the stack. Linked with --wrap, so that all that is freed can be looked at, and a server can be gone between
 * connecting and sending.
 */
#include "lib/apikey.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/socket.h"
#include "proto/answer.h"
#include "tests/lib/question.h"
#include "tests/suite.h"

/* What must not be found: the middle of the credential's secret, and of the handle that peer_grant_of() makes. */
#define SECRET_PIECE "IJKLMNOPQRSTUVWX"
#define HANDLE_PIECE "of-60-seconds"

static atomic_uint freed_secrets;

void __real_free(void *memory);
void __wrap_free(void *memory);

static bool holds(const void *memory, size_t size, const char *piece)
{
	return memmem(memory, size, piece, strlen(piece)) != NULL;
}

void __wrap_free(void *memory)
{
	size_t size = memory ? malloc_usable_size(memory) : 0;

	if (memory && (holds(memory, size, SECRET_PIECE) || holds(memory, size, HANDLE_PIECE)))
		atomic_fetch_add(&freed_secrets, 1);
	__real_free(memory);
}

int __real_connect(int fd, const struct sockaddr *address, socklen_t size);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t size);

static bool server_closes;

int __wrap_connect(int fd, const struct sockaddr *address, socklen_t size)
{
	struct pollfd watched = { .fd = fd };
	int r = __real_connect(fd, address, size);

	if (r == 0 && server_closes)
		poll(&watched, 1, 20000); /* for the hang-up, which need not be asked for */
	return r;
}

START_TEST(the_heap_watch_sees_what_is_not_wiped)
{
	/* volatile: else the compiler sees through the pair, and leaves both out. */
	char *volatile memory = strdup(PEER_OPAQUE);

	free(memory);
	ck_assert_uint_eq(freed_secrets, 1);
}
END_TEST

static void script_silence(struct peer *peer, int fd, unsigned int number)
{
	(void)peer;
	(void)number;
	peer_await_end(fd);
}

static void script_close(struct peer *peer, int fd, unsigned int number)
{
	(void)peer;
	(void)fd;
	(void)number;
}

/* Sends a whole grant and a descriptor with it. */
static void script_pass_descriptor(struct peer *peer, int fd, unsigned int number)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	unsigned char packet[WIRE_VERIFY_PACKET_MAX];
	struct iovec part = { .iov_base = packet };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
	};
	struct cmsghdr *passed = CMSG_FIRSTHDR(&message);
	struct message_verdict verdict;
	struct peer_request request;
	struct codec_header header;

	(void)number;
	if (!peer_receive(fd, &request) || !peer_grant_of(&request, &verdict))
		return;
	header = request.header;
	header.type |= WIRE_REPLY;
	if (codec_encode(&message_verdict, &verdict, header, packet, sizeof(packet), &part.iov_len) < 0)
		return;
	passed->cmsg_level = SOL_SOCKET;
	passed->cmsg_type = SCM_RIGHTS;
	passed->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(passed), &peer->listener, sizeof(int));
	sendmsg(fd, &message, MSG_NOSIGNAL);
}

static const struct {
	const char *name;
	peer_script script;
	enum apikey_verdict verdict;
} servers[] = {
	{ "granting", question_serve_grant, APIKEY_GRANTED },
	{ "silent", script_silence, APIKEY_UNAVAILABLE },
	{ "closing", script_close, APIKEY_UNAVAILABLE },
	{ "passing a descriptor", script_pass_descriptor, APIKEY_GRANTED },
};

static struct apikey_options options_for(const char *path, bool patient)
{
	return (struct apikey_options){ .size = sizeof(struct apikey_options),
					.path = path,
					.timeout = patient ? 20000 : 100 };
}

START_TEST(descriptors_signals_and_heap_are_as_before)
{
	bool patient = servers[_i].script != script_silence;
	struct sigaction pipe_before, pipe_after;
	unsigned int before = peer_count_fds();
	struct apikey_options options;
	struct apikey_result *result;
	struct peer peer;

	server_closes = servers[_i].script == script_close;
	sigaction(SIGPIPE, NULL, &pipe_before);
	ck_assert_ptr_eq(pipe_before.sa_handler, SIG_DFL); /* else the signal would go unseen */
	peer_start(&peer, peer_verify_socket(), servers[_i].script, NULL);
	options = options_for(peer.folder, patient);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(apikey_verify(&options, &question_whole, &result), 0);
		ck_assert_msg(result->verdict == servers[_i].verdict, "%s", servers[_i].name);
		apikey_result_free(result);
	}
	peer_stop(&peer);
	sigaction(SIGPIPE, NULL, &pipe_after);
	ck_assert_ptr_eq(pipe_after.sa_handler, SIG_DFL);
	ck_assert_uint_eq(peer_count_fds(), before);
	ck_assert_uint_eq(freed_secrets, 0);
}
END_TEST

/* ---- the stack ---- */

#ifndef SANITIZED

#define STACK_SIZE (256 * 1024)

struct asking {
	struct apikey_options options;
	struct apikey_request request;
	struct apikey_result *result;
};

static void *ask(void *data)
{
	struct asking *asking = data;

	if (apikey_verify(&asking->options, &asking->request, &asking->result) < 0)
		asking->result = NULL;
	return NULL;
}

START_TEST(the_stack_holds_no_credential_afterwards)
{
	void *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	static char credential[] = PEER_OPAQUE;
	struct asking asking = { .request = question_whole };
	pthread_attr_t attributes;
	struct peer peer;
	pthread_t thread;

	ck_assert_ptr_ne(stack, MAP_FAILED);
	peer_start(&peer, peer_verify_socket(), servers[_i].script, NULL);
	asking.options = options_for(peer.folder, servers[_i].script != script_silence);
	asking.request.credential = credential;
	pthread_attr_init(&attributes);
	ck_assert_int_eq(pthread_attr_setstack(&attributes, stack, STACK_SIZE), 0);
	ck_assert_int_eq(pthread_create(&thread, &attributes, ask, &asking), 0);
	pthread_join(thread, NULL);
	pthread_attr_destroy(&attributes);
	ck_assert_ptr_nonnull(asking.result);
	ck_assert_int_eq(asking.result->verdict, servers[_i].verdict);
	/* The stack was used … */
	ck_assert(holds(stack, STACK_SIZE, peer.folder));
	/* … and keeps no secret. */
	ck_assert(!holds(stack, STACK_SIZE, SECRET_PIECE));
	ck_assert(!holds(stack, STACK_SIZE, HANDLE_PIECE));
	apikey_result_free(asking.result);
	peer_stop(&peer);
	munmap(stack, STACK_SIZE);
}
END_TEST
#endif

/* ---- the standard descriptors ---- */

/* Grants unless the client's process has one of the descriptors 0 to 2 open at this moment. */
static void script_look_at_standard_fds(struct peer *peer, int fd, unsigned int number)
{
	struct socket_peer client;
	bool clean = socket_peer(fd, &client) == 0;

	for (int i = 0; clean && i < 3; i++) {
		char path[64], target[64];

		snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)client.pid, i);
		clean = readlink(path, target, sizeof(target)) < 0 && errno == ENOENT;
	}
	(void)peer;
	(void)number;
	if (clean)
		peer_serve_grant(fd);
}

/* In a child whose standard descriptors are closed. */
static int ask_without_standard_fds(const char *path)
{
	struct apikey_options options = options_for(path, true);
	struct apikey_result *result;

	close(0);
	close(1);
	close(2);
	if (apikey_verify(&options, &question_whole, &result) < 0)
		return 1;
	if (result->verdict != APIKEY_GRANTED)
		return 2;
	apikey_result_free(result);
	for (int fd = 0; fd < 3; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			return 3;
	}
	return 0;
}

START_TEST(closed_standard_descriptors_are_not_taken)
{
	struct peer peer;
	int status;
	pid_t pid;

	peer_start(&peer, peer_verify_socket(), script_look_at_standard_fds, NULL);
	pid = fork();
	if (pid == 0)
		_exit(ask_without_standard_fds(peer.folder));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
	peer_stop(&peer);
}
END_TEST

static void script_persistent(struct peer *peer, int fd, unsigned int number)
{
	(void)peer;
	(void)number;
	if (!peer_welcome(fd))
		return;
	while (peer_serve_grant(fd))
		;
}

static void expect_grant(void *data, const struct apikey_result *result)
{
	*(bool *)data = result->verdict == APIKEY_GRANTED;
}

START_TEST(a_handle_is_not_inherited_and_leaves_nothing)
{
	unsigned int before = peer_count_fds();
	struct apikey_options options;
	struct apikey_client *client;
	bool granted = false;
	struct peer peer;

	peer_start(&peer, peer_verify_socket(), script_persistent, NULL);
	options = options_for(peer.folder, true);
	ck_assert_int_eq(apikey_client_open(&options, &client), 0);
	ck_assert_int_gt(apikey_client_fd(client), 2);
	ck_assert_int_eq(fcntl(apikey_client_fd(client), F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(apikey_client_submit(client, &question_whole, expect_grant, &granted), 0);
	ck_assert_int_eq(apikey_client_wait(client, 20000), 0);
	ck_assert(granted);
	/* Left unanswered. */
	ck_assert_int_eq(apikey_client_submit(client, &question_whole, expect_grant, &granted), 0);
	apikey_client_free(client);
	peer_stop(&peer);
	ck_assert_uint_eq(peer_count_fds(), before);
	ck_assert_uint_eq(freed_secrets, 0);
}
END_TEST

/* Welcomes, and reads nothing more. */
static void script_deaf(struct peer *peer, int fd, unsigned int number)
{
	struct pollfd watched = { .fd = fd };

	(void)peer;
	(void)number;
	if (peer_welcome(fd))
		poll(&watched, 1, 20000);
}

START_TEST(requests_never_sent_are_wiped)
{
	struct apikey_options options;
	struct apikey_client *client;
	bool granted = false;
	struct peer peer;

	peer_start(&peer, peer_verify_socket(), script_deaf, NULL);
	options = options_for(peer.folder, true);
	ck_assert_int_eq(apikey_client_open(&options, &client), 0);
	for (int i = 0; i < 1024; i++)
		ck_assert_int_eq(apikey_client_submit(client, &question_whole, expect_grant, &granted), 0);
	ck_assert_int_eq(apikey_client_events(client), POLLIN | POLLOUT);
	apikey_client_free(client);
	peer_stop(&peer);
	ck_assert_uint_eq(freed_secrets, 0);
}
END_TEST

/* Answers every request with a key that carries a secret. */
static void script_create(struct peer *peer, int fd, unsigned int number)
{
	struct message_key key = {
		.id = "0123456789ab",
		.kind = MESSAGE_KIND_OPAQUE,
		.name = "laptop",
		.owner = "alice",
		.state = MESSAGE_STATE_ACTIVE,
		.secret = PEER_OPAQUE,
	};
	struct peer_request request;

	(void)peer;
	(void)number;
	if (!peer_welcome(fd))
		return;
	while (peer_receive(fd, &request))
		peer_reply(fd, request.header.type | WIRE_REPLY, request.header.request_id, &message_key, &key);
}

/* The buffer is wiped after an answer, and after a request that could not be encoded to its end. */
START_TEST(an_admin_call_wipes_its_secrets)
{
	static const char *const empty_text[] = { "a-permission", "", NULL };
	const struct apikey_key_options good = { .size = sizeof(good), .name = "laptop" };
	const struct apikey_key_options bad = { .size = sizeof(bad), .name = "laptop", .permissions = empty_text };
	const struct apikey_key_options *wanted = _i == 0 ? &good : &bad;
	unsigned int before = peer_count_fds();
	struct apikey_key *key = NULL;
	struct apikey_options options;
	struct apikey_admin *admin;
	struct peer peer;

	peer_start(&peer, WIRE_ADMIN_SOCKET, script_create, NULL);
	options = options_for(peer.folder, true);
	ck_assert_int_eq(apikey_admin_open(&options, &admin), 0);
	ck_assert_int_eq(apikey_admin_set_credential(admin, PEER_OPAQUE), 0);
	ck_assert_int_eq(apikey_admin_set_credential(admin, PEER_OPAQUE), 0);
	ck_assert_int_eq(apikey_key_create(admin, wanted, &key), _i == 0 ? 0 : -EINVAL);
	if (_i == 0)
		ck_assert_str_eq(key->secret, PEER_OPAQUE);
	apikey_key_free(key);
	apikey_admin_free(admin);
	peer_stop(&peer);
	ck_assert_uint_eq(peer_count_fds(), before);
	ck_assert_uint_eq(freed_secrets, 0);
}
END_TEST

/* The runner's own messages may have quoted what is looked for. */
static void forget_freed(void)
{
	atomic_store(&freed_secrets, 0);
}

int main(void)
{
	Suite *suite = suite_create("caller");
	TCase *tcase = tcase_create("caller");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, forget_freed, NULL);
	tcase_add_test(tcase, the_heap_watch_sees_what_is_not_wiped);
	tcase_add_loop_test(tcase, descriptors_signals_and_heap_are_as_before, 0, ARRAY_SIZE(servers));
#ifndef SANITIZED
	tcase_add_loop_test(tcase, the_stack_holds_no_credential_afterwards, 0, ARRAY_SIZE(servers));
#else
	puts("skipped: the look at the stack, where a sanitizer leaves registers of its own");
#endif
	tcase_add_test(tcase, closed_standard_descriptors_are_not_taken);
	tcase_add_test(tcase, a_handle_is_not_inherited_and_leaves_nothing);
	tcase_add_loop_test(tcase, an_admin_call_wipes_its_secrets, 0, 2);
	tcase_add_test(tcase, requests_never_sent_are_wiped);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
