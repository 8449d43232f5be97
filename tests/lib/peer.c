/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tests/lib/peer.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/secret.h"
#include "common/socket.h"
#include "proto/verdict.h"

#define PATIENCE 10000 /* milliseconds: a test that waits as long has failed */

const char *peer_verify_socket(void)
{
	return geteuid() == 0 ? WIRE_LOGIN_SOCKET : WIRE_VERIFY_SOCKET;
}

void peer_make_folder(char ret_folder[32])
{
	strcpy(ret_folder, "/tmp/apikey-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(ret_folder));
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *where)
{
	(void)about;
	(void)kind;
	(void)where;
	return remove(path);
}

void peer_remove_folder(const char *folder)
{
	ck_assert_int_eq(nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

int peer_listen(const char *path, int backlog)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un address;
	socklen_t size;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(socket_address(path, &address, &size), 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, size), 0);
	ck_assert_int_eq(listen(fd, backlog), 0);
	return fd;
}

static void *serve(void *data)
{
	struct peer *peer = data;

	for (;;) {
		struct pollfd watched[] = {
			{ .fd = peer->listener, .events = POLLIN },
			{ .fd = peer->stopper[0], .events = POLLIN },
		};
		int fd;

		if (poll(watched, 2, -1) < 0)
			continue;
		if (watched[1].revents != 0)
			return NULL;
		fd = accept4(peer->listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			continue;
		peer->script(peer, fd, atomic_fetch_add(&peer->connections, 1));
		close(fd);
	}
}

void peer_start(struct peer *peer, const char *name, peer_script script, const void *data)
{
	memset(peer, 0, sizeof(*peer));
	peer_make_folder(peer->folder);
	snprintf(peer->socket, sizeof(peer->socket), "%s/%s", peer->folder, name);
	peer->script = script;
	peer->data = data;
	peer->listener = peer_listen(peer->socket, 16);
	ck_assert_int_eq(pipe2(peer->stopper, O_CLOEXEC), 0);
	ck_assert_int_eq(pthread_create(&peer->thread, NULL, serve, peer), 0);
}

void peer_stop(struct peer *peer)
{
	close(peer->stopper[1]);
	ck_assert_int_eq(pthread_join(peer->thread, NULL), 0);
	close(peer->stopper[0]);
	close(peer->listener);
	peer_remove_folder(peer->folder);
}

static ssize_t receive_within(int fd, void *buffer, size_t size)
{
	struct pollfd watched = { .fd = fd, .events = POLLIN };

	if (poll(&watched, 1, PATIENCE) <= 0)
		return -1;
	return recv(fd, buffer, size, 0);
}

bool peer_receive(int fd, struct peer_request *ret_request)
{
	ssize_t size = receive_within(fd, ret_request->bytes, sizeof(ret_request->bytes));

	if (size <= 0)
		return false;
	ret_request->size = (size_t)size;
	return codec_decode_header(ret_request->bytes, ret_request->size, &ret_request->header) == 0;
}

void peer_await_end(int fd)
{
	char byte;

	while (receive_within(fd, &byte, 1) > 0)
		;
}

bool peer_send(int fd, const void *packet, size_t size)
{
	return send(fd, packet, size, MSG_NOSIGNAL) == (ssize_t)size;
}

bool peer_reply(int fd, uint16_t type, uint64_t id, const struct codec_record *record, const void *message)
{
	unsigned char *packet = malloc(WIRE_PACKET_MAX);
	struct codec_header header = { .type = type, .request_id = id };
	size_t size;
	bool sent = packet && codec_encode(record, message, header, packet, WIRE_PACKET_MAX, &size) == 0 &&
		    peer_send(fd, packet, size);

	/* A test that watches for secrets on the heap looks for the client's alone. */
	secret_wipe(packet, packet ? WIRE_PACKET_MAX : 0);
	free(packet);
	return sent;
}

bool peer_welcome(int fd)
{
	struct message_welcome welcome = { .version = "1.0" };
	struct message_hello hello;
	struct peer_request request;

	return peer_receive(fd, &request) && request.header.type == WIRE_HELLO &&
	       codec_decode(&message_hello, request.bytes, request.size, &hello) == 0 &&
	       peer_reply(fd, WIRE_HELLO | WIRE_REPLY, request.header.request_id, &message_welcome, &welcome);
}

bool peer_grant_of(const struct peer_request *request, struct message_verdict *ret_verdict)
{
	struct message_account account;
	struct message_verify verify;
	struct message_verdict verdict = {
		.verdict = VERDICT_GRANTED,
		.key_id = "0123456789ab",
		.key_name = "laptop",
		.owner = "alice",
		.tenant = "default",
		.expires = TIME_NEVER,
		.handle = "handle-of-60-seconds",
		.permissions = "mail.* pam.sshd",
	};

	if (request->header.type == WIRE_VERIFY &&
	    codec_decode(&message_verify, request->bytes, request->size, &verify) == 0) {
		verdict.user = verify.user;
		verdict.service = verify.service;
		verdict.ticket = verify.wants_ticket ? PEER_TICKET : NULL;
	} else if (request->header.type == WIRE_ACCOUNT &&
		   codec_decode(&message_account, request->bytes, request->size, &account) == 0) {
		verdict.user = account.user;
		verdict.service = account.service;
	} else {
		return false;
	}
	*ret_verdict = verdict;
	return true;
}

size_t peer_pad(unsigned char *packet, size_t size, size_t wanted)
{
	size_t field = wanted - size - WIRE_FIELD_SIZE, length = wanted - WIRE_HEADER_SIZE;

	memset(packet + size, 0, wanted - size);
	packet[size] = WIRE_OPTIONAL >> 8;
	packet[size + 2] = (unsigned char)(field >> 8);
	packet[size + 3] = (unsigned char)field;
	packet[18] = (unsigned char)(length >> 8);
	packet[19] = (unsigned char)length;
	return wanted;
}

bool peer_serve_grant(int fd)
{
	struct message_verdict verdict;
	struct peer_request request;

	return peer_receive(fd, &request) && peer_grant_of(&request, &verdict) &&
	       peer_reply(fd, request.header.type | WIRE_REPLY, request.header.request_id, &message_verdict, &verdict);
}

unsigned int peer_count_fds(void)
{
	DIR *folder = opendir("/proc/self/fd");
	unsigned int count = 0;

	ck_assert_ptr_nonnull(folder);
	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}
