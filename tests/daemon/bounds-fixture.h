/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the tests of bound keys and of limited uses share: keys with bounds, and clients that race for them. */
#ifndef APIKEYD_TESTS_DAEMON_BOUNDS_FIXTURE_H
#define APIKEYD_TESTS_DAEMON_BOUNDS_FIXTURE_H

#include <check.h>

#include "tests/daemon/admin-requests.h"
/* All racers are one user's, beside whoever makes the keys. */
#define DAEMON_SETTINGS "connections_per_uid = 256\n"
#include "tests/daemon/once-fixture.h"
#include "tests/daemon/token-client.h"
#include "tests/suite.h"

#define RACERS 64

static inline struct wire_key make_bound(const char *name, const char *exclusive, uint64_t max_uses)
{
	return wire_make_key(
		&host, &(struct message_key_create){ .name = name, .exclusive = exclusive, .max_uses = max_uses });
}

static inline void expect_at(const char *credential, const char *service, enum reason reason)
{
	struct message_verify request = request_for(credential);

	request.service = service;
	expect_request(&request, reason);
}

static inline struct message_key show(struct wire_client *admin, const char *id)
{
	struct message_key key;

	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, NULL, id, &key), ANSWER_OK, NULL);
	return key;
}

static inline void expect_bound(const char *id, const char *service)
{
	struct wire_client *admin = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_key key = show(admin, id);

	ck_assert_pstr_eq(key.exclusive, service);
	wire_close(admin);
}

static inline void expect_uses(const char *id, uint64_t counted, uint64_t most)
{
	struct wire_client *admin = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_key key = show(admin, id);

	ck_assert_uint_eq(key.counted_uses, counted);
	ck_assert_uint_eq(key.max_uses, most);
	wire_close(admin);
}

static inline void open_racers(struct wire_client *clients[RACERS])
{
	for (size_t i = 0; i < RACERS; i++) {
		clients[i] = wire_open(&host, WIRE_LOGIN_SOCKET);
		wire_hello(clients[i]);
	}
}

static inline void close_racers(struct wire_client *clients[RACERS])
{
	for (size_t i = 0; i < RACERS; i++)
		wire_close(clients[i]);
}

struct claim {
	const char *credential, *service;
	enum verdict verdict;
};

static inline void claim(void *data)
{
	const struct claim *claim = data;
	struct message_verify request = request_for(claim->credential);
	struct message_verdict said;

	request.service = claim->service;
	said = wire_verify(&host, WIRE_VERIFY_SOCKET, &request);
	if (said.verdict != claim->verdict)
		fail("%s instead of %s at %s", verdict_name((enum verdict)said.verdict), verdict_name(claim->verdict),
		     claim->service);
}

/* What a user hears who says to be the service. Needs root. */
static inline void claim_as(uid_t uid, const char *credential, const char *service, enum verdict verdict)
{
	struct claim what = { credential, service, verdict };

	as_user(uid, uid, uid, claim, &what);
}

static inline TCase *add_case(Suite *suite, const char *name)
{
	return add_started(suite, name, setup);
}

/* Tests that take a disk that can be stopped, unless another program is to be tried than the one that has it. */
static inline bool disk_can_stop(void)
{
	return !getenv("APIKEYD") && setenv("APIKEYD", "tests/daemon/slow-disk", 1) == 0;
}

#endif
