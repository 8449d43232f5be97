/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A dry run of somebody else's key tells a stranger no more than a login would: nothing about services that are not the
 * stranger's to speak for, or about addresses the stranger makes up. And who guesses is slowed down here as there,
 * whichever request the guess is in.
 */
#include "common/cleanup.h"
#include "common/socket.h"
#include "proto/message.h"
#include "proto/verdict.h"
#include "proto/wire.h"
#include "tests/daemon/wire-client.h"

#include <grp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define STRANGER 65533
#define OWN_SERVICE "uid-65533"

static struct host host;

static const struct {
	const char *what, *service, *rhost;
	enum verdict verdict;
} questions[] = {
	{ "its own service", OWN_SERVICE, NULL, VERDICT_DENIED }, /* the key is limited to a network */
	{ "its own service and an address", OWN_SERVICE, "192.0.2.7", VERDICT_DENIED },
	{ "another service", "sshd", "192.0.2.7", VERDICT_DENIED },
	{ "no service", NULL, "192.0.2.7", VERDICT_DENIED },
};

static int connect_to(const char *name)
{
	char path[sizeof(host.runtime) + 32];
	struct sockaddr_un address;
	socklen_t size;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(path, sizeof(path), "%s/%s", host.runtime, name);
	if (fd < 0 || socket_address(path, &address, &size) < 0 || connect(fd, (struct sockaddr *)&address, size) < 0)
		fail("cannot connect to %s: %m", path);
	return fd;
}

static enum verdict ask(const char *secret, const char *service, const char *rhost, bool is_told)
{
	struct message_explain question = {
		.subject = secret, .user = "alice", .service = service, .permission = "pam.sshd", .rhost = rhost
	};
	struct codec_header header = { .type = WIRE_EXPLAIN, .request_id = 1 };
	CLEANUP_CLOSE int fd = connect_to(WIRE_ADMIN_SOCKET);
	struct message_explanation explanation;
	static unsigned char packet[WIRE_PACKET_MAX];
	size_t size;
	ssize_t received;

	if (codec_encode(&message_explain, &question, header, packet, sizeof(packet), &size) < 0 ||
	    send(fd, packet, size, MSG_NOSIGNAL) < 0)
		fail("the question cannot be asked: %m");
	received = recv(fd, packet, sizeof(packet), 0);
	if (received <= 0 || codec_decode(&message_explanation, packet, (size_t)received, &explanation) < 0)
		fail("the question is not answered");
	if (explanation.key_id && !is_told)
		fail("a stranger is told which key it is");
	return (enum verdict)explanation.verdict;
}

static void ask_as_stranger(const char *secret)
{
	for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
		enum verdict verdict = ask(secret, questions[i].service, questions[i].rhost, false);

		if (verdict != questions[i].verdict)
			fail("a stranger who names %s is told %s", questions[i].what, verdict_name(verdict));
	}
}

/* ---- guessing ---- */

#define FAILURES 5 /* a minute */
#define GUESSES 3  /* beyond that */
#define LATE 50    /* milliseconds that each of those costs at least */

static void guess_explaining(struct wire_client *client, const char *guess)
{
	struct message_explain request = { .subject = guess, .user = "alice" };
	struct message_explanation said;

	if (wire_ask(client, WIRE_EXPLAIN, &message_explain, &request, &message_explanation, &said) != ANSWER_OK ||
	    said.verdict == VERDICT_GRANTED)
		fail("a guess is not explained as one");
}

static void guess_acting(struct wire_client *client, const char *guess)
{
	struct message_key_list request = { .credential = guess };
	struct message_key_page said;

	if (wire_ask(client, WIRE_KEY_LIST, &message_key_list, &request, &message_key_page, &said) !=
	    ANSWER_BAD_CREDENTIAL)
		fail("a guess lists keys");
}

static void guess_issuing(struct wire_client *client, const char *guess)
{
	struct message_token_issue request = { .proof = guess };
	struct message_token said;
	enum answer answer = wire_ask(client, WIRE_TOKEN_ISSUE, &message_token_issue, &request, &message_token, &said);

	if (answer != ANSWER_BAD_CREDENTIAL)
		fail("who guesses to have a token issued is told %s (%s)", answer_name(answer), client->detail);
}

static void (*const guesses[])(struct wire_client *client, const char *guess) = { guess_explaining, guess_acting,
										  guess_issuing };

/* On one connection, and on a new one each time. */
static void guess_as_stranger(const char *secret)
{
	char guess[128];

	snprintf(guess, sizeof(guess), "%s", secret);
	guess[20] = guess[20] == 'a' ? 'b' : 'a';
	for (int i = 0; i < FAILURES; i++) {
		struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);

		guess_acting(client, guess);
		wire_close(client);
	}
	for (size_t kind = 0; kind < 2 * ARRAY_SIZE(guesses); kind++) {
		struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);
		int64_t start = milliseconds();

		for (int i = 0; i < GUESSES; i++) {
			guesses[kind / 2](client, guess);
			if (kind % 2 == 0)
				continue;
			wire_close(client);
			client = wire_open(&host, WIRE_ADMIN_SOCKET);
		}
		wire_close(client);
		/* Before the first of them there may be none to wait for. */
		if (milliseconds() - start < (GUESSES - 1) * LATE)
			fail("%d guesses of kind %zu take %lld ms", GUESSES, kind, (long long)(milliseconds() - start));
	}
}

static void as_stranger(void (*ask_all)(const char *secret), const char *secret)
{
	int status;
	pid_t child = fork();

	if (child < 0)
		fail("cannot fork: %m");
	if (child == 0) {
		if (setgroups(0, NULL) < 0 || setresgid(STRANGER, STRANGER, STRANGER) < 0 ||
		    setresuid(STRANGER, STRANGER, STRANGER) < 0)
			fail("cannot become another user: %m");
		ask_all(secret);
		_exit(EXIT_SUCCESS);
	}
	if (waitpid(child, &status, 0) != child || status != 0)
		exit(EXIT_FAILURE);
}

int main(void)
{
	static const char *permissions[] = { "pam.sshd", NULL }, *sources[] = { "192.0.2.0/24", NULL };
	struct apikey_key_options settings = { .size = sizeof(settings),
					       .name = "laptop",
					       .owner = "alice",
					       .permissions = permissions,
					       .sources = sources };
	struct apikey_admin *admin;
	struct apikey_key *key = NULL;

	if (geteuid() != 0)
		skip("only root can be a stranger here");
	host_open(&host, "[throttle]\nfailures_per_minute = 5\n");
	host_start(&host);
	admin = host_admin(&host);
	if (apikey_key_create(admin, &settings, &key) != 0)
		fail("cannot make a key");
	if (ask(key->secret, "sshd", "192.0.2.7", true) != VERDICT_GRANTED)
		fail("the administrator is not told that the key is good");
	as_stranger(ask_as_stranger, key->secret);
	as_stranger(guess_as_stranger, key->secret);
	apikey_key_free(key);
	apikey_admin_free(admin);
	host_end(&host, SIGTERM);
	host_remove(&host);
	return EXIT_SUCCESS;
}
