/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * One connection, one packet at a time, with a deadline on every wait.
 */
#include "tests/daemon/wire-client.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/clock.h"

#define PATIENCE 20000 /* milliseconds: under the thread sanitizer, on a busy machine */

int wire_connect(const struct host *host, const char *socket_name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%.80s/%s", host->runtime, socket_name);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		int error = errno;

		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

struct wire_client *wire_open(const struct host *host, const char *socket_name)
{
	struct wire_client *client = calloc(1, sizeof(*client));

	if (!client)
		fail("out of memory");
	client->fd = wire_connect(host, socket_name);
	if (client->fd < 0)
		fail("cannot connect to %s: %m", socket_name);
	return client;
}

void wire_close(struct wire_client *client)
{
	close(client->fd);
	free(client);
}

void wire_send_bytes(struct wire_client *client, const void *bytes, size_t size)
{
	/* That the daemon has closed is for the next reply to show. */
	if (send(client->fd, bytes, size, MSG_NOSIGNAL) != (ssize_t)size && errno != EPIPE)
		fail("cannot send %zu bytes: %m", size);
}

void wire_send(struct wire_client *client, uint16_t type, const struct codec_record *record, const void *message)
{
	static unsigned char buffer[WIRE_PACKET_MAX];
	struct codec_header header = { .type = type, .request_id = ++client->id };
	size_t size;
	int r = codec_encode(record, message, header, buffer, sizeof(buffer), &size);

	if (r < 0)
		fail("cannot encode %s: %s", record->name, strerror(-r));
	wire_send_bytes(client, buffer, size);
}

static bool is_readable(const struct wire_client *client, int timeout)
{
	struct pollfd pollfd = { .fd = client->fd, .events = POLLIN };
	int r;

	do
		r = poll(&pollfd, 1, timeout);
	while (r < 0 && errno == EINTR);
	return r > 0;
}

bool wire_receive(struct wire_client *client)
{
	ssize_t size;

	if (!is_readable(client, PATIENCE))
		fail("the daemon neither answers nor closes");
	size = recv(client->fd, client->packet, sizeof(client->packet), 0);
	/* Requests it did not read when it closed are reported once, before its last answers. */
	if (size < 0 && errno == ECONNRESET)
		size = recv(client->fd, client->packet, sizeof(client->packet), 0);
	if (size < 0 && errno != ECONNRESET)
		fail("cannot receive: %m");
	if (size <= 0)
		return false;
	client->size = (size_t)size;
	if (codec_decode_header(client->packet, client->size, &client->header) < 0)
		fail("the daemon sent a packet without a header");
	return true;
}

void wire_expect(struct wire_client *client, uint16_t type, const struct codec_record *record, void *ret_message)
{
	if (!wire_receive(client))
		fail("the connection was closed instead of %s", record->name);
	if (client->header.type != type)
		fail("a reply of type %#x came instead of %s", client->header.type, record->name);
	if (codec_decode(record, client->packet, client->size, ret_message) < 0)
		fail("%s cannot be decoded", record->name);
}

static enum answer take_error(struct wire_client *client)
{
	struct message_error error;

	if (client->header.type != WIRE_ERROR || codec_decode(&message_error, client->packet, client->size, &error) < 0)
		fail("a reply of type %#x came instead of an error", client->header.type);
	snprintf(client->detail, sizeof(client->detail), "%s", error.detail ? error.detail : "");
	return (enum answer)error.answer;
}

void wire_expect_error(struct wire_client *client, enum answer answer)
{
	enum answer said;

	if (!wire_receive(client))
		fail("the connection was closed instead of %s", answer_name(answer));
	said = take_error(client);
	if (said != answer)
		fail("the answer is %s (%s) instead of %s", answer_name(said), client->detail, answer_name(answer));
}

void wire_expect_end(struct wire_client *client)
{
	if (wire_receive(client))
		fail("a reply of type %#x came where the connection should end", client->header.type);
}

void wire_expect_silence(struct wire_client *client, int timeout)
{
	if (is_readable(client, timeout))
		fail("something came where nothing should");
}

enum answer wire_ask(struct wire_client *client, uint16_t type, const struct codec_record *record, const void *message,
		     const struct codec_record *reply, void *ret_reply)
{
	client->detail[0] = '\0';
	wire_send(client, type, record, message);
	if (!wire_receive(client))
		fail("the connection was closed instead of an answer to %s", record->name);
	if (client->header.request_id != client->id)
		fail("the answer is to another request");
	if (client->header.type == WIRE_ERROR)
		return take_error(client);
	if (client->header.type != (type | WIRE_REPLY) ||
	    codec_decode(reply, client->packet, client->size, ret_reply) < 0)
		fail("a reply of type %#x came instead of %s", client->header.type, reply->name);
	return ANSWER_OK;
}

void wire_hello(struct wire_client *client)
{
	struct message_hello hello = { .agent = "test" };
	struct message_welcome welcome;

	if (wire_ask(client, WIRE_HELLO, &message_hello, &hello, &message_welcome, &welcome) != ANSWER_OK)
		fail("no welcome: %s", client->detail);
}

/* Its texts outlive the connection. */
static struct message_verdict ask_verdict(const struct host *host, const char *socket_name, uint16_t type,
					  const struct codec_record *record, const void *request)
{
	static unsigned char packet[WIRE_PACKET_MAX + 1];
	struct wire_client *client = wire_open(host, socket_name);
	struct message_verdict verdict;

	if (wire_ask(client, type, record, request, &message_verdict, &verdict) != ANSWER_OK)
		fail("no verdict: %s", client->detail);
	memcpy(packet, client->packet, client->size);
	codec_decode(&message_verdict, packet, client->size, &verdict);
	wire_expect_end(client);
	wire_close(client);
	return verdict;
}

struct message_verdict wire_verify(const struct host *host, const char *socket_name,
				   const struct message_verify *request)
{
	return ask_verdict(host, socket_name, WIRE_VERIFY, &message_verify, request);
}

struct message_verdict wire_account(const struct host *host, const char *socket_name,
				    const struct message_account *request)
{
	return ask_verdict(host, socket_name, WIRE_ACCOUNT, &message_account, request);
}

struct codec_texts wire_texts(const char *first, ...)
{
	struct codec_texts texts = { .count = 0 };
	va_list rest;

	va_start(rest, first);
	for (const char *text = first; text; text = va_arg(rest, const char *))
		texts.items[texts.count++] = text;
	va_end(rest);
	return texts;
}

struct wire_key wire_make_key(const struct host *host, const struct message_key_create *wanted)
{
	struct wire_client *client = wire_open(host, WIRE_ADMIN_SOCKET);
	struct message_key_create request = *wanted;
	struct message_key key;
	struct wire_key made;

	if (!request.owner)
		request.owner = "alice";
	if (request.permissions.count == 0)
		request.permissions = wire_texts("test.use", NULL);
	if (request.expires == 0)
		request.expires = TIME_NEVER;
	if (wire_ask(client, WIRE_KEY_CREATE, &message_key_create, &request, &message_key, &key) != ANSWER_OK)
		fail("no key: %s", client->detail);
	snprintf(made.id, sizeof(made.id), "%s", key.id);
	snprintf(made.secret, sizeof(made.secret), "%s", key.secret ? key.secret : "");
	wire_close(client);
	return made;
}

void wire_change(const struct host *host, uint16_t type, const char *key_name)
{
	struct wire_client *client = wire_open(host, WIRE_ADMIN_SOCKET);
	struct message_key_reference request = { .key = key_name };
	struct message_key key;

	if (wire_ask(client, type, &message_key_reference, &request, &message_key, &key) != ANSWER_OK)
		fail("%s was not changed: %s", key_name, client->detail);
	wire_close(client);
}
