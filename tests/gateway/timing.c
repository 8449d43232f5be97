/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * timing [COUNT]: tests/daemon/timing through the gateway. Refused credentials of every kind, COUNT (3,000) of each, in
 * random order over a few connections that are kept: neither what GET /v1/auth and an operation of the API answer nor
 * how long that takes must tell whether there is such a key, or what became of it. It prints how far apart the kinds
 * are, and fails when two are further apart than chance and the machine's noise explain.
 *
 * Left out are pairs with the right signature, for the reason that tests/daemon/timing has.
 */
#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "tests/daemon/apart.h"
#include "tests/daemon/refusals.h"

#define COUNT 3000
#define POOL 64        /* different credentials of each kind */
#define CONNECTIONS 4  /* that are kept */
#define PATIENCE 30000 /* milliseconds */
#define LIFE 3         /* seconds, of keys that are to be expired */
#define USER "daemon"  /* whom the gateway of a root run becomes */
#define ROOM 2048      /* of a request or an answer */
#define THROTTLE "[throttle]\nfailures_per_minute = 100000\nfailures_per_key = 100000\n"
#define WORKER "[daemon]\nworkers = 1\n"

enum place { PLACE_AUTH, PLACE_API, PLACES };

static const char *const targets[PLACES] = { "/v1/auth?permission=test.use&service=test", "/v1/identity/me" };

static const struct kind {
	const char *name;
	bool pair, known;
	bool right, off, expired; /* the secret, and what became of the key */
	const char *reason;       /* in the audit */
} kinds[] = {
	{ "unknown key", false, false, false, false, false, "unknown_key" },
	{ "wrong secret", false, true, false, false, false, "bad_secret" },
	{ "wrong secret, switched off", false, true, false, true, false, "bad_secret" },
	{ "wrong secret, expired", false, true, false, false, true, "bad_secret" },
	{ "right secret, switched off", false, true, true, true, false, "key_inactive" },
	{ "right secret, expired", false, true, true, false, true, "expired" },
	{ "unknown pair", true, false, false, false, false, "unknown_key" },
	{ "wrong signature", true, true, false, false, false, "bad_signature" },
	{ "wrong signature, switched off", true, true, false, true, false, "bad_signature" },
	{ "wrong signature, expired", true, true, false, false, true, "bad_signature" },
};
#define KINDS ARRAY_SIZE(kinds)

struct request {
	size_t size;
	char text[ROOM];
};

static struct host host;
static struct request requests[PLACES][KINDS][POOL];
static char credentials[KINDS][POOL][PAIR_TOKEN_SIZE];
static char gateway_socket[sizeof(host.folder) + 32];
static pid_t gateway;
static int connections[CONNECTIONS];

/* ---- keys ---- */

static void expect(int r, struct apikey_admin *admin, const char *what)
{
	if (r != 0)
		fail("%s: %s", what, r < 0 ? strerror(-r) : apikey_admin_message(admin));
}

static struct apikey_key *make_key(struct apikey_admin *admin, const struct kind *kind, size_t number)
{
	static const char *const permissions[] = { "test.use", NULL };
	char name[64];
	struct apikey_key_options wanted = { .size = sizeof(wanted),
					     .name = name,
					     .owner = "alice",
					     .kind = kind->pair ? "pair" : "opaque",
					     .permissions = permissions,
					     .expires = kind->expired ? time(NULL) + LIFE : 0 };
	struct apikey_key *key = NULL, *after = NULL;

	snprintf(name, sizeof(name), "key-%zu-%zu", (size_t)(kind - kinds), number);
	expect(apikey_key_create(admin, &wanted, &key), admin, "no key");
	if (kind->off) {
		expect(apikey_key_deactivate(admin, key->id, NULL, &after), admin, "not switched off");
		apikey_key_free(after);
	}
	return key;
}

static void make_credential(struct apikey_admin *admin, const struct kind *kind, size_t number,
			    char ret_text[PAIR_TOKEN_SIZE])
{
	struct apikey_key *key = kind->known ? make_key(admin, kind, number) : NULL;
	const char *id = key ? key->id : NULL;

	if (kind->pair)
		refusal_pair(id, ret_text);
	else if (kind->right)
		snprintf(ret_text, PAIR_TOKEN_SIZE, "%s", key->secret);
	else
		refusal_opaque(id, ret_text);
	apikey_key_free(key);
}

/* An HMAC token's time is past after a few minutes; they are made when the keys are there. */
static void make_credentials(void)
{
	struct apikey_admin *admin = host_admin(&host);
	time_t expired;

	for (size_t kind = 0; kind < KINDS; kind++) {
		for (size_t i = 0; i < POOL; i++)
			make_credential(admin, &kinds[kind], i, credentials[kind][i]);
	}
	apikey_admin_free(admin);
	for (expired = time(NULL) + LIFE + 1; time(NULL) < expired;)
		poll(NULL, 0, 50);
}

static void make_requests(void)
{
	for (size_t place = 0; place < PLACES; place++) {
		for (size_t kind = 0; kind < KINDS; kind++) {
			for (size_t i = 0; i < POOL; i++) {
				struct request *request = &requests[place][kind][i];

				/* Many sources: of one, so many refusals would be throttled. */
				request->size = (size_t)snprintf(
					request->text, sizeof(request->text),
					"GET %s HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.%zu\r\n"
					"X-Correlation-ID: one\r\nAuthorization: %s %s\r\n\r\n",
					targets[place], 100 + i, kinds[kind].pair ? "Hmac" : "Bearer",
					credentials[kind][i]);
			}
		}
	}
}

/* ---- the gateway ---- */

static void end_gateway(void)
{
	if (gateway <= 0)
		return;
	kill(gateway, SIGTERM);
	(void)waitpid(gateway, NULL, 0);
	gateway = 0;
}

static _Noreturn void run_gateway(void)
{
	const char *program = getenv("APIKEY_GATEWAY");

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	execl(program ? program : "gateway/apikey-gateway", "apikey-gateway", "--runtime-dir", host.runtime, "--listen",
	      gateway_socket, "--user", USER, "--proxy", "local", (char *)NULL);
	_exit(127);
}

static int connect_gateway(void)
{
	const struct timeval patience = { .tv_sec = PATIENCE / 1000 };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		fail("no socket: %m");
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", gateway_socket);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		close(fd);
		return -1;
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fd;
}

/* Sends a request and reads the whole of its answer. Its size. */
static size_t exchange(int fd, const char *request, size_t size, char answer[ROOM])
{
	size_t have = 0, whole = 0;

	if (send(fd, request, size, MSG_NOSIGNAL) != (ssize_t)size)
		fail("a request is not taken: %m");
	while (have == 0 || have < whole) {
		ssize_t r = recv(fd, answer + have, ROOM - 1 - have, 0);
		const char *end, *length;

		if (r <= 0)
			fail("no answer to '%.60s': %s", request, r == 0 ? "it hung up" : strerror(errno));
		have += (size_t)r;
		answer[have] = '\0';
		end = strstr(answer, "\r\n\r\n");
		length = strcasestr(answer, "\r\nContent-Length:");
		if (end && length)
			whole = (size_t)(end + 4 - answer) + strtoul(length + 17, NULL, 10);
		else
			whole = ROOM;
	}
	return have;
}

/* Until daemon and gateway are there for each other. */
static void await_gateway(void)
{
	static const char question[] = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
	int64_t end = milliseconds() + PATIENCE;
	char answer[ROOM] = "";

	while (!strstr(answer, " 200 ")) {
		int fd = connect_gateway();

		if (fd >= 0) {
			(void)exchange(fd, question, sizeof(question) - 1, answer);
			close(fd);
		}
		if (milliseconds() > end || waitpid(gateway, NULL, WNOHANG) != 0)
			fail("the gateway does not serve");
		poll(NULL, 0, 10);
	}
}

/* Who administers as the gateway is no administrator any more; so it becomes one when the keys are there. */
static void become_gateway(void)
{
	const struct passwd *user = geteuid() == 0 ? getpwnam(USER) : NULL;
	char settings[512], peers[64] = "";

	if (geteuid() == 0 && !user)
		skip("there is no user " USER);
	if (user)
		snprintf(peers, sizeof(peers), "[peers]\n%u = test\n", (unsigned int)user->pw_uid);
	snprintf(settings, sizeof(settings), WORKER THROTTLE "%s[gateway]\nusers = %u\n", peers,
		 (unsigned int)(user ? user->pw_uid : geteuid()));
	host_stop(&host);
	host_configure(&host, settings);
	host_spawn(&host, NULL);
	snprintf(gateway_socket, sizeof(gateway_socket), "%s/gateway.sock", host.folder);
	gateway = fork();
	if (gateway < 0 || atexit(end_gateway) != 0)
		fail("cannot start the gateway: %m");
	if (gateway == 0)
		run_gateway();
	await_gateway();
	for (size_t i = 0; i < CONNECTIONS; i++)
		connections[i] = connect_gateway();
}

/* ---- what is answered ---- */

/* Takes away what each answer has of its own: when it was made. */
static void make_timeless(char *answer)
{
	static const char *const stamps[] = { "\r\nDate: ", "\"timestamp\":" };

	for (size_t i = 0; i < ARRAY_SIZE(stamps); i++) {
		char *at = strstr(answer, stamps[i]);

		if (!at)
			fail("there is no '%s' in '%s'", stamps[i], answer);
		for (at += strlen(stamps[i]); *at != '\r' && *at != ','; at++)
			*at = '-';
		for (; *at && *at != '\r' && *at != '"'; at++)
			*at = '-';
	}
}

/* All of a group are answered the same, byte for byte. */
static void expect_alike(enum place place)
{
	char first[2][ROOM] = { "", "" }, answer[ROOM];

	for (size_t kind = 0; kind < KINDS; kind++) {
		const struct request *request = &requests[place][kind][0];
		char *alike = first[kinds[kind].pair];

		(void)exchange(connections[0], request->text, request->size, answer);
		if (strncmp(answer, "HTTP/1.1 401 ", 13) != 0)
			fail("%s at %s is answered: %s", kinds[kind].name, targets[place], answer);
		make_timeless(answer);
		if (*alike == '\0')
			memcpy(alike, answer, ROOM);
		else if (strcmp(alike, answer) != 0)
			fail("%s at %s is answered\n%s\nand not\n%s", kinds[kind].name, targets[place], answer, alike);
	}
}

/* And each was refused for its own reason, once at each place. */
static void expect_reasons(void)
{
	CLEANUP_FREE char *audit = host_read(&host, "log/audit.jsonl");

	for (size_t kind = 0; kind < KINDS; kind++) {
		size_t wanted = 0, count = 0;
		char text[64];

		for (size_t i = 0; i < KINDS; i++)
			wanted += strcmp(kinds[i].reason, kinds[kind].reason) == 0 ? PLACES : 0;
		snprintf(text, sizeof(text), "\"reason\":\"%s\"", kinds[kind].reason);
		for (const char *at = audit; (at = strstr(at, text)); at++)
			count++;
		if (count != wanted)
			fail("%zu and not %zu were refused for %s", count, wanted, kinds[kind].reason);
	}
}

/* ---- how long it takes ---- */

static void ask(void *data, size_t kind, uint64_t drawn)
{
	const enum place *place = data;
	const struct request *request = &requests[*place][kind][drawn % POOL];
	char answer[ROOM];

	(void)exchange(connections[drawn / POOL % CONNECTIONS], request->text, request->size, answer);
	if (strncmp(answer, "HTTP/1.1 401 ", 13) != 0)
		fail("%s is answered: %s", kinds[kind].name, answer);
}

static unsigned int compare(enum place place, size_t count)
{
	struct apart_kind compared[KINDS];

	for (size_t i = 0; i < KINDS; i++)
		compared[i] = (struct apart_kind){ .name = kinds[i].name, .group = kinds[i].pair };
	printf("GET %s:\n", targets[place]);
	return apart_compare(compared, KINDS, count, ask, &place);
}

int main(int argc, char **argv)
{
	size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : COUNT;
	unsigned int apart = 0;

	if (count < 100)
		fail("COUNT is 100 at least");
	apart_share_processor();
	host_open(&host, WORKER);
	host_start(&host);
	make_credentials();
	become_gateway();
	make_requests();
	for (enum place place = 0; place < PLACES; place++)
		expect_alike(place);
	expect_reasons();
	for (enum place place = 0; place < PLACES; place++)
		apart += compare(place, count);
	for (size_t i = 0; i < CONNECTIONS; i++)
		close(connections[i]);
	end_gateway();
	host_stop(&host);
	host_remove(&host);
	if (apart > 0)
		fail("%u times two kinds can be told apart", apart);
	return EXIT_SUCCESS;
}
