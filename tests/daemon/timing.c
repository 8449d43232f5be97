/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * timing [COUNT]: refused credentials of every kind, COUNT (5,000) of each, in random order on one connection: how long
 * the daemon takes must not tell whether there is such a key, or whose it is. It prints how far apart the kinds are,
 * and fails when two are further apart than chance and the machine's noise explain, and by half a microsecond or more.
 *
 * Then the same in a lockdown, in which a right secret is refused like any other.
 *
 * Left out is a pair of another tenant with the right signature. It cannot look the same: it is used up, which is on
 * disk before the answer. Only who has the private key can make one.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "common/cleanup.h"
#include "crypto/crypto.h"
#include "proto/credential.h"
#include "tests/daemon/pair-client.h"
#include "tests/daemon/samples.h"
#include "tests/daemon/wire-client.h"

#define SETTINGS "[daemon]\nworkers = 1\n[throttle]\nfailures_per_minute = 100000\nfailures_per_key = 100000\n"
#define COUNT 5000
#define WARM_UP 500 /* of each kind, not measured */
#define POOL 64     /* different credentials of each kind */
#define OURS "home" /* the tenant that the requests are for */

/* Two kinds are apart when their distance is so many times that of two halves of one kind, and their medians are so
 * many nanoseconds apart, or this part of a request on a slow machine: on one that does something else the first grows,
 * on one that is idle it becomes so small that it sees what nobody could use. */
#define NOISE_TIMES 2.0
#define MEDIAN_APART 500
#define MEDIAN_PART 64

enum group { GROUP_OPAQUE, GROUP_PAIR, GROUP_COUNT };

static const struct kind {
	const char *name;
	enum group group;
	const char *tenant; /* NULL: there is no such key */
	bool role;          /* the key's permission comes from a role */
	bool right;         /* the secret */
	enum reason reason;
} kinds[] = {
	{ "unknown key", GROUP_OPAQUE, NULL, false, false, REASON_UNKNOWN_KEY },
	{ "wrong secret", GROUP_OPAQUE, OURS, false, false, REASON_BAD_SECRET },
	{ "wrong secret of a key with a role", GROUP_OPAQUE, OURS, true, false, REASON_BAD_SECRET },
	{ "wrong secret, other tenant", GROUP_OPAQUE, "away", false, false, REASON_BAD_SECRET },
	{ "wrong secret, the first tenant", GROUP_OPAQUE, "default", false, false, REASON_BAD_SECRET },
	{ "right secret, other tenant", GROUP_OPAQUE, "away", false, true, REASON_WRONG_TENANT },
	{ "right secret, switched off", GROUP_OPAQUE, OURS, false, true, REASON_KEY_INACTIVE },
	{ "unknown pair", GROUP_PAIR, NULL, false, false, REASON_UNKNOWN_KEY },
	{ "wrong signature", GROUP_PAIR, OURS, false, false, REASON_BAD_SIGNATURE },
	{ "wrong signature, other tenant", GROUP_PAIR, "away", false, false, REASON_BAD_SIGNATURE },
	{ "wrong signature, the first tenant", GROUP_PAIR, "default", false, false, REASON_BAD_SIGNATURE },
};
#define KINDS ARRAY_SIZE(kinds)

struct packet {
	size_t size;
	unsigned char bytes[1024];
};

static struct host host;
static struct packet packets[KINDS][POOL];

/* ---- what is asked ---- */

static void expect(int r, struct apikey_admin *admin, const char *what)
{
	if (r != 0)
		fail("%s: %s", what, r < 0 ? strerror(-r) : apikey_admin_message(admin));
}

static void make_tenants(struct apikey_admin *admin)
{
	static const char *const names[] = { OURS, "away" }, *const permissions[] = { "test.use", NULL };
	struct apikey_tenant_info *tenant = NULL;
	struct apikey_role *role = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		expect(apikey_tenant_create(admin, NULL, names[i], NULL, &tenant), admin, "no tenant");
		apikey_tenant_info_free(tenant);
	}
	expect(apikey_role_create(admin, "tester", permissions, &role), admin, "no role");
	apikey_role_free(role);
}

static struct apikey_key *make_key(struct apikey_admin *admin, const struct kind *kind, size_t number)
{
	static const char *const permissions[] = { "test.use", NULL }, *const roles[] = { "tester", NULL };
	char name[64];
	struct apikey_key_options wanted = { .size = sizeof(wanted),
					     .name = name,
					     .owner = "alice",
					     .kind = kind->group == GROUP_PAIR ? "pair" : "opaque",
					     .permissions = kind->role ? NULL : permissions,
					     .roles = kind->role ? roles : NULL,
					     .tenant = kind->tenant };
	struct apikey_key *key = NULL, *after = NULL;

	snprintf(name, sizeof(name), "key-%zu-%zu", (size_t)(kind - kinds), number);
	expect(apikey_key_create(admin, &wanted, &key), admin, "no key");
	if (kind->reason == REASON_KEY_INACTIVE) {
		expect(apikey_key_deactivate(admin, key->id, NULL, &after), admin, "not switched off");
		apikey_key_free(after);
	}
	return key;
}

static void random_text(char *ret_text, size_t size)
{
	if (crypto_random_base62(ret_text, size) < 0)
		fail("no random numbers");
}

static void opaque_credential(const struct kind *kind, const struct apikey_key *key, char ret_text[PAIR_TOKEN_SIZE])
{
	char id[CREDENTIAL_ID_SIZE + 1], secret[CREDENTIAL_SECRET_SIZE + 1];

	random_text(id, CREDENTIAL_ID_SIZE);
	random_text(secret, CREDENTIAL_SECRET_SIZE);
	if (kind->right)
		snprintf(ret_text, PAIR_TOKEN_SIZE, "%s", key->secret);
	else
		credential_write_opaque(false, key ? key->id : id, secret, ret_text);
}

static void pair_credential(const struct apikey_key *key, char ret_text[PAIR_TOKEN_SIZE])
{
	struct pair pair;
	unsigned char id[16];
	char nonce[23];

	/* What is signed with another's private key. */
	if (crypto_random(pair.private_key, sizeof(pair.private_key)) < 0 || crypto_random(id, sizeof(id)) < 0)
		fail("no random numbers");
	random_text(nonce, sizeof(nonce) - 1);
	snprintf(pair.id, sizeof(pair.id), "%02x%02x%02x%02x-%02x%02x-4%x%02x-8%x%02x-%02x%02x%02x%02x%02x%02x", id[0],
		 id[1], id[2], id[3], id[4], id[5], id[6] & 15, id[7], id[8] & 15, id[9], id[10], id[11], id[12],
		 id[13], id[14], id[15]);
	if (key)
		snprintf(pair.id, sizeof(pair.id), "%s", key->id);
	pair_token(&pair, nonce, NULL, ret_text);
}

static void make_packet(struct apikey_admin *admin, const struct kind *kind, size_t number, struct packet *ret_packet)
{
	struct apikey_key *key = kind->tenant ? make_key(admin, kind, number) : NULL;
	char credential[PAIR_TOKEN_SIZE], rhost[16];
	struct message_verify request = { .credential = credential,
					  .user = "alice",
					  .service = host.service,
					  .permission = "test.use",
					  .tenant = OURS,
					  .rhost = rhost };
	struct codec_header header = { .type = WIRE_VERIFY, .request_id = 1 };

	/* Many sources: of one, so many refusals would be throttled. */
	snprintf(rhost, sizeof(rhost), "192.0.2.%zu", 100 + number);
	if (kind->group == GROUP_PAIR)
		pair_credential(key, credential);
	else
		opaque_credential(kind, key, credential);
	if (codec_encode(&message_verify, &request, header, ret_packet->bytes, sizeof(ret_packet->bytes),
			 &ret_packet->size) < 0)
		fail("cannot encode a request");
	apikey_key_free(key);
}

static void make_packets(void)
{
	struct apikey_admin *admin = host_admin(&host);

	make_tenants(admin);
	for (size_t kind = 0; kind < KINDS; kind++) {
		for (size_t i = 0; i < POOL; i++)
			make_packet(admin, &kinds[kind], i, &packets[kind][i]);
	}
	apikey_admin_free(admin);
}

/* Each kind is refused for its own reason, as root is told; in a lockdown all for one. */
static void expect_reasons(struct wire_client *client, bool locked)
{
	for (size_t kind = 0; kind < KINDS; kind++) {
		enum reason wanted = locked ? REASON_LOCKDOWN : kinds[kind].reason;
		struct message_verdict said;

		wire_send_bytes(client, packets[kind][0].bytes, packets[kind][0].size);
		wire_expect(client, WIRE_VERIFY | WIRE_REPLY, &message_verdict, &said);
		if (said.verdict != VERDICT_DENIED || (said.reason != 0 && said.reason != wanted))
			fail("%s is %s, for %s", kinds[kind].name, verdict_name((enum verdict)said.verdict),
			     reason_name((enum reason)said.reason));
	}
}

/* ---- asking ---- */

static int64_t nanoseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Good enough for an order. */
static uint64_t draw(uint64_t *state, uint64_t below)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (*state >> 33) % below;
}

/* One request, and how long it took. */
static int64_t ask(int fd, const struct packet *packet)
{
	unsigned char reply[2048];
	int64_t begin = nanoseconds();

	if (send(fd, packet->bytes, packet->size, MSG_NOSIGNAL) != (ssize_t)packet->size ||
	    recv(fd, reply, sizeof(reply), 0) <= 0)
		fail("no answer: %m");
	return nanoseconds() - begin;
}

/* All kinds in random order, as many of each. */
static void measure(int fd, size_t count, struct samples all[KINDS])
{
	unsigned char *order = malloc(KINDS * count);
	uint64_t state = (uint64_t)nanoseconds();

	if (!order)
		fail("out of memory");
	for (size_t i = 0; i < KINDS * count; i++)
		order[i] = (unsigned char)(i % KINDS);
	for (size_t i = KINDS * count - 1; i > 0; i--) {
		size_t other = (size_t)draw(&state, i + 1);
		unsigned char kept = order[i];

		order[i] = order[other];
		order[other] = kept;
	}
	for (size_t i = 0; i < KINDS * count; i++) {
		int64_t time = ask(fd, &packets[order[i]][draw(&state, POOL)]);

		if (all)
			samples_add(&all[order[i]], time);
	}
	free(order);
}

/* Client and daemon take turns anyway; on one processor no other has to wake up first. */
static void share_processor(void *data)
{
	cpu_set_t set;
	int first = 0;

	(void)data;
	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return;
	while (first < CPU_SETSIZE - 1 && !CPU_ISSET(first, &set))
		first++;
	CPU_ZERO(&set);
	CPU_SET(first, &set);
	(void)sched_setaffinity(0, sizeof(set), &set);
}

/* ---- judging ---- */

static double greatest_noise(const struct samples all[KINDS], enum group group)
{
	double greatest = 0;

	for (size_t i = 0; i < KINDS; i++) {
		double noise = kinds[i].group == group ? samples_noise(&all[i]) : 0;

		greatest = noise > greatest ? noise : greatest;
	}
	return greatest;
}

/* Every kind of a group to every other. How many are apart. */
static unsigned int judge(const struct samples all[KINDS], enum group group)
{
	int64_t part = samples_median(&all[0]) / MEDIAN_PART, limit = part > MEDIAN_APART ? part : MEDIAN_APART;
	double noise = greatest_noise(all, group);
	unsigned int apart = 0;

	printf("noise %.4f: the distance of two halves of one kind, at most; apart from %.4f and %lld ns\n", noise,
	       NOISE_TIMES * noise, (long long)limit);
	for (size_t i = 0; i < KINDS; i++) {
		for (size_t j = i + 1; j < KINDS; j++) {
			double distance = samples_distance(&all[i], &all[j]);
			int64_t medians = samples_median(&all[j]) - samples_median(&all[i]);
			bool is_apart = distance > NOISE_TIMES * noise && llabs(medians) > limit;

			if (kinds[i].group != group || kinds[j].group != group)
				continue;
			printf("%-34s %-34s distance %.4f  medians %+6lld ns  t %+7.1f%s\n", kinds[i].name,
			       kinds[j].name, distance, (long long)medians, samples_welch(&all[i], &all[j]),
			       is_apart ? "  APART" : "");
			apart += is_apart;
		}
	}
	return apart;
}

/* How many are apart. */
static unsigned int compare(struct wire_client *client, size_t count, bool locked)
{
	struct samples all[KINDS];
	unsigned int apart = 0;

	expect_reasons(client, locked);
	for (size_t i = 0; i < KINDS; i++)
		samples_init(&all[i], kinds[i].name, count);
	measure(client->fd, WARM_UP, NULL);
	measure(client->fd, count, all);
	printf("%zu requests of each kind%s, median:\n", count, locked ? ", in a lockdown" : "");
	for (size_t i = 0; i < KINDS; i++)
		printf("%-34s %6lld ns\n", kinds[i].name, (long long)samples_median(&all[i]));
	for (enum group group = 0; group < GROUP_COUNT; group++)
		apart += judge(all, group);
	for (size_t i = 0; i < KINDS; i++)
		samples_done(&all[i]);
	return apart;
}

static void lock_down(void)
{
	struct apikey_admin *admin = host_admin(&host);
	struct apikey_lockdown *lockdown = NULL;

	expect(apikey_lockdown_begin(admin, NULL, &lockdown), admin, "no lockdown");
	apikey_lockdown_free(lockdown);
	apikey_admin_free(admin);
}

int main(int argc, char **argv)
{
	size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : COUNT;
	struct host_start start = { .prepare = share_processor };
	struct wire_client *client;
	unsigned int apart;

	if (count < 100)
		fail("COUNT is 100 at least");
	host_open(&host, SETTINGS);
	host_spawn(&host, &start);
	apikey_admin_free(host_admin(&host));
	make_packets();
	share_processor(NULL);
	client = wire_open(&host, geteuid() == 0 ? WIRE_LOGIN_SOCKET : WIRE_VERIFY_SOCKET);
	wire_hello(client);
	apart = compare(client, count, false);
	lock_down();
	apart += compare(client, count, true);
	wire_close(client);
	host_stop(&host);
	host_remove(&host);
	if (apart > 0)
		fail("%u times two kinds can be told apart", apart);
	return EXIT_SUCCESS;
}
