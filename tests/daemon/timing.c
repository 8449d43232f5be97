/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * timing [COUNT]: refused credentials of every kind, COUNT (5,000) of each, in random order on one connection: how long
 * the daemon takes must not tell whether there is such a key, or whose it is. It prints how far apart the kinds are,
 * and fails when two are further apart than chance and the machine's noise explain, and by a microsecond or more.
 *
 * Then the same in a lockdown, in which a right secret is refused like any other.
 *
 * Left out is a pair of another tenant with the right signature. It cannot look the same: it is used up, which is on
 * disk before the answer. Only who has the private key can make one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/cleanup.h"
#include "tests/daemon/apart.h"
#include "tests/daemon/refusals.h"
#include "tests/daemon/wire-client.h"

#define SETTINGS "[daemon]\nworkers = 1\n[throttle]\nfailures_per_minute = 100000\nfailures_per_key = 100000\n"
#define COUNT 5000
#define POOL 64     /* different credentials of each kind */
#define OURS "home" /* the tenant that the requests are for */

enum group { GROUP_OPAQUE, GROUP_PAIR };

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
		refusal_pair(key ? key->id : NULL, credential);
	else if (kind->right)
		snprintf(credential, sizeof(credential), "%s", key->secret);
	else
		refusal_opaque(key ? key->id : NULL, credential);
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

static void ask(void *data, size_t kind, uint64_t drawn)
{
	const struct wire_client *client = data;
	const struct packet *packet = &packets[kind][drawn % POOL];
	unsigned char reply[2048];

	if (send(client->fd, packet->bytes, packet->size, MSG_NOSIGNAL) != (ssize_t)packet->size ||
	    recv(client->fd, reply, sizeof(reply), 0) <= 0)
		fail("no answer: %m");
}

/* How many are apart. */
static unsigned int compare(struct wire_client *client, size_t count, bool locked)
{
	struct apart_kind compared[KINDS];

	for (size_t i = 0; i < KINDS; i++)
		compared[i] = (struct apart_kind){ .name = kinds[i].name, .group = kinds[i].group };
	expect_reasons(client, locked);
	printf("%s\n", locked ? "in a lockdown:" : "as ever:");
	return apart_compare(compared, KINDS, count, ask, client);
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
	struct wire_client *client;
	unsigned int apart;

	if (count < 100)
		fail("COUNT is 100 at least");
	host_open(&host, SETTINGS);
	apart_share_processor();
	host_start(&host);
	make_packets();
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
