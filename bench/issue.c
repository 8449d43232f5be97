/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "bench/issue.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/measure.h"
#include "common/cleanup.h"
#include "lib/connect.h"
#include "proto/answer.h"
#include "proto/codec.h"
#include "proto/message.h"

#define PATIENCE 10000 /* milliseconds for one packet */

struct issue {
	char **proofs;
	size_t count, next, done;
	double *times;
	char **tokens;
	struct pollfd *connections;
	size_t *numbers; /* the proof that is in flight on each connection */
};

static int ask(struct issue *issue, size_t connection)
{
	size_t number = issue->next++, size;
	struct message_token_issue message = { .proof = issue->proofs[number] };
	struct codec_header header = { .type = WIRE_TOKEN_ISSUE, .request_id = number + 1 };
	unsigned char packet[WIRE_VERIFY_PACKET_MAX];
	int r = codec_encode(&message_token_issue, &message, header, packet, sizeof(packet), &size);

	issue->numbers[connection] = number;
	issue->times[number] = measure_seconds(CLOCK_MONOTONIC);
	return r < 0 ? r : connect_send(issue->connections[connection].fd, packet, size, deadline_in(PATIENCE));
}

static int refused(const void *packet, size_t size)
{
	struct message_error error;

	if (codec_decode(&message_error, packet, size, &error) == 0)
		fprintf(stderr, "issue: %s\n",
			error.detail ? error.detail : answer_sentence((enum answer)error.answer));
	return -EACCES;
}

static int take(struct issue *issue, size_t connection)
{
	size_t number = issue->numbers[connection], size;
	unsigned char packet[WIRE_PACKET_MAX];
	struct message_token message;
	struct codec_header header;
	int r = connect_receive(issue->connections[connection].fd, packet, sizeof(packet), deadline_in(PATIENCE),
				&size);

	if (r == 0)
		r = codec_decode_header(packet, size, &header);
	if (r < 0)
		return r;
	issue->times[number] = measure_seconds(CLOCK_MONOTONIC) - issue->times[number];
	issue->done++;
	if (header.type == WIRE_ERROR)
		return refused(packet, size);
	r = codec_decode(&message_token, packet, size, &message);
	if (r == 0 && issue->tokens) {
		issue->tokens[number] = strdup(message.token);
		r = issue->tokens[number] ? 0 : -ENOMEM;
	}
	return r;
}

static int run(struct issue *issue, size_t flight)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < flight && issue->next < issue->count; i++)
		r = ask(issue, i);
	while (r == 0 && issue->done < issue->count) {
		if (poll(issue->connections, flight, PATIENCE) <= 0)
			return -ETIMEDOUT;
		for (size_t i = 0; r == 0 && i < flight; i++) {
			if (issue->connections[i].revents == 0)
				continue;
			r = take(issue, i);
			if (r == 0 && issue->next < issue->count)
				r = ask(issue, i);
		}
	}
	return r;
}

static int connect_all(const char *sockets, struct pollfd *connections, size_t flight)
{
	int r = 0;

	for (size_t i = 0; i < flight; i++)
		connections[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
	for (size_t i = 0; r == 0 && i < flight; i++)
		r = connect_open_persistent(sockets, CONNECT_ADMIN, deadline_in(PATIENCE), &connections[i].fd);
	return r;
}

int issue_tokens(const char *sockets, char **proofs, size_t count, size_t flight, double *ret_times, char **ret_tokens)
{
	struct issue issue = { .proofs = proofs, .count = count, .times = ret_times, .tokens = ret_tokens };
	int r = -ENOMEM;

	issue.connections = calloc(flight, sizeof(*issue.connections));
	issue.numbers = calloc(flight, sizeof(*issue.numbers));
	if (issue.connections && issue.numbers) {
		r = connect_all(sockets, issue.connections, flight);
		if (r == 0)
			r = run(&issue, flight);
		for (size_t i = 0; i < flight; i++)
			cleanup_close_fd(&issue.connections[i].fd);
	}
	if (r < 0)
		fprintf(stderr, "issue: %s\n", strerror(-r));
	free(issue.connections);
	free(issue.numbers);
	return r;
}
