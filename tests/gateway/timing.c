/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * timing [COUNT]: tests/daemon/timing through the gateway. Refused credentials of every kind, COUNT (3,000) of each, in
 * random order over a few connections that are kept: neither what GET /v1/auth and an operation of the API answer nor
 * how long that takes must tell whether there is such a key, or what became of it. It prints how far apart the kinds
 * are, and fails when two are further apart than chance and the machine's noise explain.
 *
 * Left out are pairs with the right signature, for the reason that tests/daemon/timing has.
 */
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "tests/daemon/apart.h"
#include "tests/daemon/refusals.h"
#include "tests/gateway/gateway-process.h"

#define COUNT 3000
#define POOL 64       /* different credentials of each kind */
#define CONNECTIONS 4 /* that are kept */
#define LIFE 3        /* seconds, of keys that are to be expired */
#define ROOM 2048     /* of a request */
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

/* Who administers as the gateway is no administrator any more; so it becomes one when the keys are there. */
static void become_gateway(void)
{
	const struct passwd *user = geteuid() == 0 ? getpwnam(GATEWAY_USER) : NULL;
	char settings[512], path[sizeof(host.folder) + 32], peers[64] = "";

	if (geteuid() == 0 && !user)
		skip("there is no user " GATEWAY_USER);
	if (user)
		snprintf(peers, sizeof(peers), "[peers]\n%u = test\n", (unsigned int)user->pw_uid);
	snprintf(settings, sizeof(settings), WORKER THROTTLE "%s[gateway]\nusers = %u\n", peers,
		 (unsigned int)(user ? user->pw_uid : geteuid()));
	host_stop(&host);
	host_configure(&host, settings);
	host_spawn(&host, NULL);
	snprintf(path, sizeof(path), "%s/gateway.sock", host.folder);
	gateway_start(host.runtime, path, 1);
	for (size_t i = 0; i < CONNECTIONS; i++)
		connections[i] = gateway_connect();
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
	char first[2][GATEWAY_ROOM] = { "", "" }, answer[GATEWAY_ROOM];

	for (size_t kind = 0; kind < KINDS; kind++) {
		const struct request *request = &requests[place][kind][0];
		char *alike = first[kinds[kind].pair];

		(void)gateway_ask(connections[0], request->text, request->size, answer);
		if (strncmp(answer, "HTTP/1.1 401 ", 13) != 0)
			fail("%s at %s is answered: %s", kinds[kind].name, targets[place], answer);
		make_timeless(answer);
		if (*alike == '\0')
			memcpy(alike, answer, GATEWAY_ROOM);
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
	char answer[GATEWAY_ROOM];

	(void)gateway_ask(connections[drawn / POOL % CONNECTIONS], request->text, request->size, answer);
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
	gateway_stop();
	host_stop(&host);
	host_remove(&host);
	if (apart > 0)
		fail("%u times two kinds can be told apart", apart);
	return EXIT_SUCCESS;
}
