/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The other end for tests of the client: a real SEQPACKET server in a thread of the test, in a scratch folder, which
 * serves one connection after the other as a script says. Well-behaved or hostile is the script's choice.
 */
#ifndef APIKEYD_TESTS_LIB_PEER_H
#define APIKEYD_TESTS_LIB_PEER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "proto/codec.h"
#include "proto/message.h"
#include "proto/wire.h"

#define PEER_TICKET "00112233445566778899aabbccddeeff"
#define PEER_OPAQUE "ak_0123456789ab_ABCDEFGHIJKLMNOPQRSTUVWXYZ0123453uV6hw"

struct peer;

/* Serves one connection, the number-th since the start from 0 on; the descriptor is closed behind it. */
typedef void (*peer_script)(struct peer *peer, int fd, unsigned int number);

struct peer {
	char folder[32]; /* scratch, 0700 */
	char socket[64]; /* in the folder */
	peer_script script;
	const void *data; /* the script's */
	atomic_uint connections;
	int listener, stopper[2];
	pthread_t thread;
};

/* A name that apikey_verify() looks for in a folder: login.sock for root, else verify.sock. */
const char *peer_verify_socket(void);

/* Makes a scratch folder, /tmp/….  */
void peer_make_folder(char ret_folder[32]);
/* Removes a folder and the files, links and folders in it. */
void peer_remove_folder(const char *folder);
/* Binds and listens. The descriptor. */
int peer_listen(const char *path, int backlog);

/* Starts a server on a socket of this name. */
void peer_start(struct peer *peer, const char *name, peer_script script, const void *data);
/* Ends it and removes its folder. */
void peer_stop(struct peer *peer);

/* ---- for scripts ---- */

struct peer_request {
	struct codec_header header;
	size_t size;
	unsigned char bytes[WIRE_PACKET_MAX];
};

/* Receives a packet with a good header. False at the end of the connection, and after ten seconds of silence. */
bool peer_receive(int fd, struct peer_request *ret_request);
/* Waits until the client goes, or ten seconds. */
void peer_await_end(int fd);
bool peer_send(int fd, const void *packet, size_t size);
bool peer_reply(int fd, uint16_t type, uint64_t id, const struct codec_record *record, const void *message);
/* Receives the announcement of a persistent client and welcomes it. */
bool peer_welcome(int fd);

/* A grant that answers a verify or account request. False when the request is neither. */
bool peer_grant_of(const struct peer_request *request, struct message_verdict *ret_verdict);
/* Appends a field that may be skipped, so that a packet of size bytes has the size wanted, which is returned. */
size_t peer_pad(unsigned char *packet, size_t size, size_t wanted);
/* Receives one question and grants it. */
bool peer_serve_grant(int fd);

/* ---- for tests ---- */

/* How many descriptors are open in this process. */
unsigned int peer_count_fds(void);

#endif
