/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tests/pam_module/server.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/socket.h"
#include "proto/answer.h"
#include "proto/credential.h"
#include "proto/message.h"
#include "proto/verdict.h"

#define HANDLE "handle-0123456789"

static int listen_at(const char *path, int backlog)
{
	struct sockaddr_un address;
	socklen_t size;
	int fd;

	unlink(path);
	ck_assert_int_eq(socket_address(path, &address, &size), 0);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, size), 0);
	ck_assert_int_eq(chmod(path, 0600), 0);
	ck_assert_int_eq(listen(fd, backlog), 0);
	return fd;
}

int server_listen(const struct scene *scene, int backlog)
{
	char path[128];

	scene_socket_path(scene, path, sizeof(path));
	return listen_at(path, backlog);
}

bool server_was_called(int listener)
{
	struct pollfd watched = { .fd = listener, .events = POLLIN };

	return poll(&watched, 1, 0) != 0;
}

#define NOTE(record, member, text)                                                                                     \
	snprintf((char *)(record)->member, sizeof((record)->member), "%s", (text) ? (text) : "")

/* What of the client's descriptors the server can see while the client waits for it. */
static void note_descriptors(int fd, struct server_record *record)
{
	struct socket_peer peer;
	char path[300], line[200], target[100];
	const struct dirent *entry;
	DIR *folder;

	if (socket_peer(fd, &peer) < 0)
		_exit(1);
	snprintf(path, sizeof(path), "/proc/%d/fd", (int)peer.pid);
	folder = opendir(path);
	if (!folder)
		_exit(1);
	record->lowest_socket = -1;
	while ((entry = readdir(folder)) != NULL) {
		int number = atoi(entry->d_name);
		unsigned int flags = 0;
		ssize_t length;
		FILE *file;

		if (entry->d_name[0] == '.')
			continue;
		if (number <= 2)
			record->standard_open = true;
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)peer.pid, number);
		length = readlink(path, target, sizeof(target) - 1);
		if (length < 7 || strncmp(target, "socket:", 7) != 0)
			continue;
		if (record->lowest_socket < 0 || number < record->lowest_socket)
			record->lowest_socket = number;
		snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", (int)peer.pid, number);
		file = fopen(path, "re");
		while (file && fgets(line, sizeof(line), file))
			if (sscanf(line, "flags: %o", &flags) == 1 && (flags & 02000000) == 0)
				record->inherited++;
		if (file)
			fclose(file);
	}
	closedir(folder);
}

static const char *said(const char *text, const char *otherwise)
{
	if (!text)
		return otherwise;
	return strcmp(text, "-") == 0 ? NULL : text;
}

static size_t make_verdict(const struct server_script *script, struct server_record *record, uint16_t type, uint64_t id,
			   unsigned char *packet, size_t capacity)
{
	struct codec_header header = { .type = (uint16_t)((type | WIRE_REPLY) + script->other_type),
				       .request_id = id + script->other_id };
	bool account = type == WIRE_ACCOUNT;
	struct message_verdict verdict = {
		.verdict = account ? script->account_verdict : script->verdict,
		.reason = account ? script->account_reason : script->reason,
		.user = said(script->user, record->user[0] ? record->user : NULL),
		.service = said(script->service, record->service),
	};
	char id_text[CREDENTIAL_ID_SIZE + 1];
	size_t size;

	snprintf(id_text, sizeof(id_text), "%s", record->credential + 3);
	if (verdict.verdict == VERDICT_GRANTED) {
		verdict.key_id = said(script->key_id, account ? "Key000000001" : id_text);
		verdict.key_name = "laptop";
		verdict.owner = "alice";
		verdict.tenant = said(script->tenant, "default");
		verdict.expires = INT64_MAX;
		verdict.handle = said(script->handle, HANDLE);
		verdict.permissions = said(script->permissions, "pam.*");
		verdict.ticket = said(script->ticket, record->wants_ticket && !account ? SERVER_TICKET : NULL);
	}
	if (codec_encode(&message_verdict, &verdict, header, packet, capacity, &size) < 0)
		_exit(2);
	return size;
}

static size_t make_reference(const struct server_script *script, uint16_t type, uint64_t id, unsigned char *packet,
			     size_t capacity)
{
	struct codec_header header = { .type = (uint16_t)((type | WIRE_REPLY) + script->other_type),
				       .request_id = id + script->other_id };
	struct message_session_reference reference = { .session = SERVER_SESSION };
	size_t size;

	if (codec_encode(&message_session_reference, &reference, header, packet, capacity, &size) < 0)
		_exit(2);
	return size;
}

static bool note_session(struct server_record *record, uint16_t type, const unsigned char *packet, size_t size)
{
	struct message_session_reference reference;
	struct message_session_open open;

	if (type == WIRE_SESSION_OPEN && codec_decode(&message_session_open, packet, size, &open) == 0) {
		record->opens++;
		NOTE(record, ticket, open.ticket);
		NOTE(record, service, open.service);
		NOTE(record, tty, open.tty);
		return true;
	}
	if (type == WIRE_SESSION_CLOSE && codec_decode(&message_session_reference, packet, size, &reference) == 0) {
		record->closes++;
		record->session = reference.session;
		return true;
	}
	return false;
}

static bool note_request(struct server_record *record, const unsigned char *packet, size_t size,
			 struct codec_header *ret_header)
{
	struct message_verify verify;
	struct message_account account;

	if (codec_decode_header(packet, size, ret_header) < 0)
		return false;
	record->requests++;
	if (ret_header->type == WIRE_VERIFY && codec_decode(&message_verify, packet, size, &verify) == 0) {
		record->verifies++;
		NOTE(record, credential, verify.credential);
		NOTE(record, user, verify.user);
		NOTE(record, service, verify.service);
		NOTE(record, permission, verify.permission);
		NOTE(record, tenant, verify.tenant);
		NOTE(record, rhost, verify.rhost);
		NOTE(record, tty, verify.tty);
		NOTE(record, ruser, verify.ruser);
		record->wants_ticket = verify.wants_ticket != 0;
		return true;
	}
	if (ret_header->type == WIRE_ACCOUNT && codec_decode(&message_account, packet, size, &account) == 0) {
		record->accounts++;
		NOTE(record, credential, account.handle);
		NOTE(record, user, account.user);
		NOTE(record, service, account.service);
		NOTE(record, permission, account.permission);
		NOTE(record, tenant, account.tenant);
		NOTE(record, rhost, account.rhost);
		NOTE(record, tty, account.tty);
		NOTE(record, ruser, NULL);
		return true;
	}
	return note_session(record, ret_header->type, packet, size);
}

static void answer(int fd, const struct server_script *script, struct server_record *record, struct codec_header header)
{
	static unsigned char packet[2 * WIRE_PACKET_MAX];
	struct message_error error = { .answer = script->answer ? script->answer : ANSWER_UNAVAILABLE,
				       .detail = "not yet" };
	bool session = header.type == WIRE_SESSION_OPEN || header.type == WIRE_SESSION_CLOSE;
	size_t size = session ? make_reference(script, header.type, header.request_id, packet, WIRE_PACKET_MAX)
			      : make_verdict(script, record, header.type, header.request_id, packet, WIRE_PACKET_MAX);

	switch (script->manner) {
	case SERVER_EMPTY:
		size = 0;
		break;
	case SERVER_GARBAGE:
		memset(packet, 'x', size);
		break;
	case SERVER_OVERSIZE:
		size = sizeof(packet);
		break;
	case SERVER_CUT:
		size--;
		break;
	case SERVER_TRAILING:
		packet[size++] = 0;
		break;
	case SERVER_ERROR:
		header.type = WIRE_ERROR;
		if (codec_encode(&message_error, &error, header, packet, sizeof(packet), &size) < 0)
			_exit(2);
		break;
	case SERVER_DRIPS:
		while (send(fd, packet, 1, MSG_NOSIGNAL) == 1)
			usleep(20000);
		return;
	default:
		break;
	}
	(void)!send(fd, packet, size, MSG_NOSIGNAL);
}

static void serve(int listener, const struct server_script *script, struct server_record *record)
{
	static unsigned char packet[WIRE_PACKET_MAX];

	for (;;) {
		CLEANUP_CLOSE int fd = accept(listener, NULL, NULL);
		struct codec_header header;
		ssize_t size;

		if (fd < 0)
			_exit(3);
		record->connections++;
		if (script->manner == SERVER_CLOSES)
			continue;
		size = recv(fd, packet, sizeof(packet), 0);
		if (size <= 0 || script->manner == SERVER_HANGS_UP)
			continue;
		note_descriptors(fd, record);
		if (!note_request(record, packet, (size_t)size, &header))
			continue;
		if (script->manner == SERVER_SILENT)
			(void)!recv(fd, packet, sizeof(packet), 0); /* until the client gives up */
		else
			answer(fd, script, record, header);
	}
}

static void start_at(struct server *server, int listener, const struct server_script *script)
{
	struct server_record *record =
		mmap(NULL, sizeof(*record), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(record, MAP_FAILED);
	server->record = record;
	server->pid = fork();
	ck_assert_int_ge(server->pid, 0);
	if (server->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(listener, script, record);
	}
	close(listener);
}

void server_start(struct server *server, const struct scene *scene, const struct server_script *script)
{
	start_at(server, server_listen(scene, 16), script);
}

void server_start_register(struct server *server, const struct scene *scene, const struct server_script *script)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/" WIRE_SESSION_SOCKET, scene->folder);
	start_at(server, listen_at(path, 16), script);
}

void server_stop(struct server *server)
{
	kill(server->pid, SIGKILL);
	while (waitpid(server->pid, NULL, 0) < 0 && errno == EINTR)
		;
	server->pid = -1;
}
