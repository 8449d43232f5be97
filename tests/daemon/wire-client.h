/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A client of the daemon that says what it is told, right or wrong: packets as bytes or encoded from messages, without
 * any of the library's checks. Whatever does not work ends the test.
 */
#ifndef APIKEYD_TESTS_DAEMON_WIRE_CLIENT_H
#define APIKEYD_TESTS_DAEMON_WIRE_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/answer.h"
#include "proto/codec.h"
#include "proto/message.h"
#include "proto/verdict.h"
#include "tests/daemon/host.h"

struct wire_client {
	int fd;
	uint64_t id;      /* of the last request */
	char detail[600]; /* of the last answer that was none */
	struct codec_header header;
	size_t size;                               /* of the last packet that came in */
	unsigned char packet[WIRE_PACKET_MAX + 1]; /* what decoded replies point into */
};

/* A new connection to one of the sockets (WIRE_LOGIN_SOCKET, …); to be closed by wire_close(). */
struct wire_client *wire_open(const struct host *host, const char *socket);
void wire_close(struct wire_client *client);

/* A connected descriptor, or -1 with errno. */
int wire_connect(const struct host *host, const char *socket);

/* Sends bytes, or one request under the next id. */
void wire_send_bytes(struct wire_client *client, const void *bytes, size_t size);
void wire_send(struct wire_client *client, uint16_t type, const struct codec_record *record, const void *message);

/* Waits for the next packet. False when the connection was closed instead. */
bool wire_receive(struct wire_client *client);

/* Waits for the next packet, which must be of this type, and decodes it. */
void wire_expect(struct wire_client *client, uint16_t type, const struct codec_record *record, void *ret_message);

/* The next packet must be message_error with this answer. */
void wire_expect_error(struct wire_client *client, enum answer answer);

/* The connection must be closed by the daemon without another word. */
void wire_expect_end(struct wire_client *client);

/* Nothing must come within so many milliseconds. */
void wire_expect_silence(struct wire_client *client, int timeout);

/* Sends one request and takes its reply; another answer than ANSWER_OK leaves client->detail. */
enum answer wire_ask(struct wire_client *client, uint16_t type, const struct codec_record *record, const void *message,
		     const struct codec_record *reply, void *ret_reply);

/* ---- what tests ask most ---- */

/* Announces a persistent client. */
void wire_hello(struct wire_client *client);

/* A verdict on a connection of its own. Texts live until the next call. */
struct message_verdict wire_verify(const struct host *host, const char *socket, const struct message_verify *request);
struct message_verdict wire_account(const struct host *host, const char *socket, const struct message_account *request);

struct wire_key {
	char id[16];
	char secret[64];
};

/* Makes a key by an administrator's request. What is not said: owner "alice", permission "test.use", no end. */
struct wire_key wire_make_key(const struct host *host, const struct message_key_create *wanted);

/* A list of texts, ending in NULL. */
struct codec_texts wire_texts(const char *first, ...) __attribute__((sentinel));

/* Changes a key's state (WIRE_KEY_REVOKE, …), or deletes it, as an administrator; it must work. */
void wire_change(const struct host *host, uint16_t type, const char *key);

#endif
