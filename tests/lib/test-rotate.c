/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The calls that rotate a key and retire secrets: what arrives at the daemon, and the secret that comes back. */
#include "lib/apikey.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "tests/lib/exchange.h"
#include "tests/suite.h"

static const struct message_secret secrets[] = {
	{ .number = 1, .created = 50, .retires = 900, .after_use = 30 },
	{ .number = 2, .created = 60 },
};

static const struct message_key rotated = {
	.id = "0123456789ab",
	.kind = MESSAGE_KIND_OPAQUE,
	.name = "laptop",
	.owner = "alice",
	.state = MESSAGE_STATE_ACTIVE,
	.secrets = { .count = 2, .items = secrets },
	.secret = PEER_OPAQUE,
};

static const struct message_key retired = {
	.id = "0123456789ab",
	.kind = MESSAGE_KIND_OPAQUE,
	.name = "laptop",
	.owner = "alice",
	.state = MESSAGE_STATE_ACTIVE,
};

static void assert_key(const struct apikey_key *key, const struct message_key *wanted)
{
	ck_assert_str_eq(key->id, wanted->id);
	ck_assert_str_eq(key->secret, wanted->secret ? wanted->secret : "");
	ck_assert_uint_eq(key->secret_count, wanted->secrets.count);
	for (size_t i = 0; i < key->secret_count; i++) {
		ck_assert_uint_eq(key->secrets[i].number, secrets[i].number);
		ck_assert_int_eq(key->secrets[i].retires, secrets[i].retires);
		ck_assert_uint_eq(key->secrets[i].retires_after_first_use, secrets[i].after_use);
	}
}

START_TEST(a_rotation_is_asked_for_as_said)
{
	static const struct apikey_rotate_options said[] = {
		{ .size = sizeof(*said) },
		{ .size = sizeof(*said), .overlap = 3600, .expected = 2 },
		{ .size = sizeof(*said), .now = 1, .expected = UINT32_MAX },
		{ .size = sizeof(*said), .overlap = UINT64_MAX },
		{ .size = sizeof(*said), .overlap_after_first_use = 60 },
		{ .size = sizeof(*said), .cancel = 1, .expected = 7 },
	};
	static const struct apikey_rotate_options wrong[] = {
		{ .size = 0 },
		{ .size = sizeof(*wrong) - 1 },
		{ .size = sizeof(*wrong), .now = 2 },
		{ .size = sizeof(*wrong), .now = -1 },
		{ .size = sizeof(*wrong), .cancel = 2 },
		{ .size = sizeof(*wrong), .cancel = -1 },
	};
	static struct exchange exchange = {
		.request_record = &message_key_rotate,
		.reply_record = &message_key,
		.reply = &rotated,
	};
	struct apikey_admin *admin;
	struct apikey_key *key;
	struct peer peer;

	peer_start(&peer, WIRE_ADMIN_SOCKET, exchange_serve, &exchange);
	admin = exchange_open(&peer, EXCHANGE_PATIENT);
	for (size_t i = 0; i <= ARRAY_SIZE(said); i++) {
		const struct apikey_rotate_options *options = i < ARRAY_SIZE(said) ? &said[i] : NULL;

		ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_key_rotate(admin, "alice/laptop", options, &key)), 0);
		ck_assert_uint_eq(exchange.seen.header.type, WIRE_KEY_ROTATE);
		ck_assert_str_eq(exchange.request.rotate.key, "alice/laptop");
		ck_assert_uint_eq(exchange.request.rotate.overlap, options ? options->overlap : 0);
		ck_assert_uint_eq(exchange.request.rotate.now, options ? (uint64_t)options->now : 0);
		ck_assert_uint_eq(exchange.request.rotate.expected, options ? options->expected : 0);
		ck_assert_uint_eq(exchange.request.rotate.after_use, options ? options->overlap_after_first_use : 0);
		ck_assert_uint_eq(exchange.request.rotate.cancel, options ? (uint64_t)options->cancel : 0);
		/* The new secret comes with it. */
		assert_key(key, &rotated);
		apikey_key_free(key);
	}
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		ck_assert_int_eq(apikey_key_rotate(admin, "alice/laptop", &wrong[i], &key), -EINVAL);
	apikey_admin_free(admin);
	peer_stop(&peer);
}
END_TEST

START_TEST(what_is_retired_is_named)
{
	static struct exchange exchange = {
		.request_record = &message_key_retire,
		.reply_record = &message_key,
		.reply = &retired,
	};
	struct apikey_admin *admin;
	struct apikey_key *key;
	struct peer peer;

	peer_start(&peer, WIRE_ADMIN_SOCKET, exchange_serve, &exchange);
	admin = exchange_open(&peer, EXCHANGE_PATIENT);
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_key_retire(admin, "alice/laptop", 0, NULL, &key)), 0);
	ck_assert_uint_eq(exchange.seen.header.type, WIRE_KEY_RETIRE);
	ck_assert_str_eq(exchange.request.retire.key, "alice/laptop");
	ck_assert_uint_eq(exchange.request.retire.secret, 0);
	ck_assert_ptr_null(exchange.request.retire.why);
	assert_key(key, &retired);
	apikey_key_free(key);
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_key_retire(admin, "alice/laptop", UINT32_MAX, "old", &key)), 0);
	ck_assert_uint_eq(exchange.request.retire.secret, UINT32_MAX);
	ck_assert_str_eq(exchange.request.retire.why, "old");
	apikey_key_free(key);
	apikey_admin_free(admin);
	peer_stop(&peer);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rotate");
	TCase *tcase = tcase_create("rotate");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, a_rotation_is_asked_for_as_said);
	tcase_add_test(tcase, what_is_retired_is_named);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
