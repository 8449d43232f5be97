/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The call that imports keys: what is asked, how many at a time, and what the caller is told.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "proto/message.h"
#include "tests/lib/exchange.h"
#include "tests/suite.h"

#define MANY 600

static const char *const permissions[] = { "pam.sshd", "mail.*", NULL };
static const unsigned char hash[APIKEY_SHA256_SIZE] = { 1, 2, 3 };

static const struct message_import_result results[] = {
	{ .outcome = MESSAGE_IMPORT_CREATED, .id = "0123456789ab" },
	{ .outcome = MESSAGE_IMPORT_UNCHANGED, .id = "0123456789ac" },
	{ .outcome = MESSAGE_IMPORT_REFUSED, .answer = APIKEY_EXISTS, .detail = "it is there" },
	{ .outcome = 77 },
};
static struct message_key_imported reply = { .results = { .count = ARRAY_SIZE(results), .items = results } };
static struct exchange exchange = { .request_record = &message_key_import,
				    .reply_record = &message_key_imported,
				    .reply = &reply };

static struct peer peer;
static struct apikey_admin *admin;
static struct apikey_import_key keys[MANY];
static const struct apikey_import_key *list[MANY];

static void setup(void)
{
	peer_start(&peer, WIRE_ADMIN_SOCKET, exchange_serve, &exchange);
	admin = exchange_open(&peer, EXCHANGE_PATIENT);
	for (size_t i = 0; i < MANY; i++) {
		keys[i] = (struct apikey_import_key){ .size = sizeof(keys[i]),
						      .name = "laptop",
						      .owner = "alice",
						      .secret = "0123456789abcdef",
						      .permissions = permissions };
		list[i] = &keys[i];
	}
}

static void teardown(void)
{
	apikey_admin_free(admin);
	peer_stop(&peer);
}

/* How many keys the last request had, and the first of them. */
static size_t seen(struct message_import_key *ret_first)
{
	struct codec_records left = exchange.request.key_import.keys;

	ck_assert(exchange.decoded);
	ck_assert_uint_eq(exchange.seen.header.type, WIRE_KEY_IMPORT);
	ck_assert(codec_next_record(&left, &message_import_key, ret_first));
	return exchange.request.key_import.keys.count;
}

START_TEST(keys_are_asked_for_and_answered_one_by_one)
{
	struct message_import_key first;
	struct apikey_import *import;

	keys[0].secret = NULL;
	keys[0].sha256 = hash;
	keys[0].expires = APIKEY_NEVER;
	keys[0].not_before = 7;
	keys[0].account = "acme";
	keys[0].tenant = "shop";
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_key_import(admin, list, 4, 0, &import)), 0);
	ck_assert_uint_eq(seen(&first), 4);
	ck_assert_uint_eq(exchange.request.key_import.dry_run, 0);
	ck_assert_str_eq(first.name, "laptop");
	ck_assert_str_eq(first.owner, "alice");
	ck_assert_ptr_null(first.secret);
	ck_assert_uint_eq(first.sha256.size, sizeof(hash));
	ck_assert_mem_eq(first.sha256.data, hash, sizeof(hash));
	ck_assert_uint_eq(first.permissions.count, 2);
	ck_assert_str_eq(first.permissions.items[1], "mail.*");
	ck_assert_int_eq(first.not_before, 7);
	ck_assert_str_eq(first.account, "acme");
	ck_assert_str_eq(first.tenant, "shop");
	ck_assert_int_eq(first.expires, APIKEY_NEVER);
	ck_assert_uint_eq(import->count, 4);
	ck_assert_int_eq(import->results[0].outcome, APIKEY_IMPORT_CREATED);
	ck_assert_str_eq(import->results[0].id, "0123456789ab");
	ck_assert_str_eq(import->results[0].message, "");
	ck_assert_int_eq(import->results[1].outcome, APIKEY_IMPORT_UNCHANGED);
	ck_assert_int_eq(import->results[2].outcome, APIKEY_IMPORT_REFUSED);
	ck_assert_int_eq(import->results[2].answer, APIKEY_EXISTS);
	ck_assert_str_eq(import->results[2].message, "it is there");
	ck_assert_str_eq(import->results[2].id, "");
	/* what is not known here is no success */
	ck_assert_int_eq(import->results[3].outcome, APIKEY_IMPORT_REFUSED);
	apikey_import_free(import);
	apikey_import_free(NULL);
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_key_import(admin, list, 4, APIKEY_IMPORT_DRY_RUN, &import)), 0);
	ck_assert_uint_eq(exchange.request.key_import.dry_run, 1);
	apikey_import_free(import);
}
END_TEST

START_TEST(as_many_are_sent_as_one_request_holds)
{
	static char longest[WIRE_CREDENTIAL_MAX + 1];
	struct message_import_key first;
	struct apikey_import *import;

	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_key_import(admin, list, MANY, 0, &import)), 0);
	ck_assert_uint_eq(seen(&first), MESSAGE_IMPORT_MAX);
	apikey_import_free(import);
	memset(longest, 's', sizeof(longest) - 1);
	for (size_t i = 0; i < MANY; i++)
		keys[i].secret = longest;
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_key_import(admin, list, MANY, 0, &import)), 0);
	/* 2,102 bytes each, and 32 around all of them */
	ck_assert_uint_eq(seen(&first), 31);
	apikey_import_free(import);
	for (size_t i = 0; i < MANY; i++)
		keys[i].tenant = keys[i].account = longest;
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_key_import(admin, list, MANY, 0, &import)), 0);
	ck_assert_uint_eq(seen(&first), 10);
	apikey_import_free(import);
}
END_TEST

START_TEST(what_cannot_be_sent_ends_the_request_before_it)
{
	static char too_long[WIRE_CREDENTIAL_MAX + 2];
	const char *many[WIRE_LIST_MAX + 2], *const hole[] = { "a", "", NULL };
	struct message_import_key first;
	struct apikey_import *import;

	memset(too_long, 's', sizeof(too_long) - 1);
	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = i + 1 < ARRAY_SIZE(many) ? "a" : NULL;
	for (int i = 0; i < 7; i++) {
		struct apikey_import_key wrong = keys[0];

		if (i == 0)
			wrong.secret = too_long;
		else if (i == 1)
			wrong.users = many;
		else if (i == 2)
			wrong.labels = hole;
		else if (i == 3)
			wrong.size = 0;
		else if (i == 4)
			wrong.account = too_long;
		else if (i == 5)
			wrong.tenant = too_long;
		else
			wrong.expires = -1;
		list[4] = &wrong;
		ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_key_import(admin, list, 9, 0, &import)), 0);
		ck_assert_uint_eq(seen(&first), 4);
		apikey_import_free(import);
		ck_assert_int_eq(apikey_key_import(admin, list + 4, 1, 0, &import), -EINVAL);
	}
	ck_assert_int_eq(apikey_key_import(admin, list, 0, 0, &import), -EINVAL);
	ck_assert_int_eq(apikey_key_import(admin, NULL, 1, 0, &import), -EINVAL);
	ck_assert_int_eq(apikey_key_import(admin, list, 1, 2, &import), -EINVAL);
}
END_TEST

START_TEST(more_answers_than_keys_are_none)
{
	struct apikey_import *import;

	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_key_import(admin, list, 3, 0, &import)), -EPROTO);
}
END_TEST

START_TEST(no_answers_are_none)
{
	struct apikey_import *import;

	reply.results.count = 0;
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_key_import(admin, list, 3, 0, &import)), -EPROTO);
}
END_TEST

START_TEST(answers_come_in_the_order_of_the_requests)
{
	struct apikey_import *import;
	struct apikey_key *key;
	size_t count;

	ck_assert_int_eq(apikey_key_import_receive(admin, &import), -ENOMSG);
	for (size_t i = 0; i < 3; i++) {
		ck_assert_int_eq(apikey_key_import_send(admin, list, 4 + i, 0, &count), 0);
		ck_assert_uint_eq(count, 4 + i);
	}
	ck_assert_int_eq(apikey_key_import(admin, list, 4, 0, &import), -EBUSY);
	ck_assert_int_eq(apikey_key_show(admin, "0123456789ab", &key), -EBUSY);
	ck_assert_int_eq(apikey_key_import_send(admin, list, 0, 0, &count), -EINVAL);
	for (size_t i = 0; i < 3; i++) {
		ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_key_import_receive(admin, &import)), 0);
		ck_assert_uint_eq(import->count, ARRAY_SIZE(results));
		ck_assert_str_eq(import->results[1].id, "0123456789ac");
		apikey_import_free(import);
	}
	ck_assert_int_eq(apikey_key_import_receive(admin, &import), -ENOMSG);
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_key_import(admin, list, 4, 0, &import)), 0);
	apikey_import_free(import);
}
END_TEST

START_TEST(so_many_requests_are_on_their_way)
{
	struct apikey_import *import;
	size_t count, sent = 0;
	int r;

	exchange.silent = true;
	while ((r = apikey_key_import_send(admin, list, MANY, 0, &count)) == 0)
		sent++;
	ck_assert_int_eq(r, -EAGAIN);
	ck_assert_uint_ge(sent, 1);
	ck_assert_uint_le(sent, 64);
	peer_stop(&peer);
	ck_assert_int_eq(apikey_key_import_receive(admin, &import), -ECONNRESET);
	ck_assert_int_eq(apikey_key_import_receive(admin, &import), -ENOTCONN);
	ck_assert_int_eq(apikey_key_import_send(admin, list, 4, 0, &count), -ENOTCONN);
	peer_start(&peer, WIRE_ADMIN_SOCKET, exchange_serve, &exchange);
}
END_TEST

START_TEST(an_answer_to_another_request_is_none)
{
	struct apikey_import *import;
	size_t count;

	exchange.id_change = 1;
	ck_assert_int_eq(apikey_key_import_send(admin, list, 4, 0, &count), 0);
	ck_assert_int_eq(apikey_key_import_send(admin, list, 4, 0, &count), 0);
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_key_import_receive(admin, &import)), -EPROTO);
	ck_assert_int_eq(apikey_key_import_receive(admin, &import), -ENOTCONN);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("import");
	TCase *calls = tcase_create("calls");

	tcase_add_checked_fixture(calls, setup, teardown);
	tcase_add_test(calls, keys_are_asked_for_and_answered_one_by_one);
	tcase_add_test(calls, as_many_are_sent_as_one_request_holds);
	tcase_add_test(calls, what_cannot_be_sent_ends_the_request_before_it);
	tcase_add_test(calls, more_answers_than_keys_are_none);
	tcase_add_test(calls, no_answers_are_none);
	tcase_add_test(calls, answers_come_in_the_order_of_the_requests);
	tcase_add_test(calls, so_many_requests_are_on_their_way);
	tcase_add_test(calls, an_answer_to_another_request_is_none);
	suite_add_tcase(suite, calls);
	return suite_run(suite);
}
