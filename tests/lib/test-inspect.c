/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The calls that look: an explanation and a status arrive whole.
 */
#include "lib/apikey.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "proto/verdict.h"
#include "tests/lib/exchange.h"
#include "tests/suite.h"

static void assert_text(const char *text, const char *wanted)
{
	ck_assert_str_eq(text, wanted ? wanted : "");
}

START_TEST(an_explanation_is_told_whole)
{
	static const struct message_step steps[] = {
		{ .name = "shape", .outcome = MESSAGE_OUTCOME_PASSED },
		{ .name = "state", .outcome = MESSAGE_OUTCOME_FAILED, .detail = "revoked" },
		{ .name = "source", .outcome = MESSAGE_OUTCOME_SKIPPED },
	};
	static const struct message_explanation reply = {
		.verdict = VERDICT_DENIED,
		.reason = REASON_KEY_REVOKED,
		.key_id = "0123456789ab",
		.steps = { .count = ARRAY_SIZE(steps), .items = steps },
		.notices = { .count = 1, .items = { "Your key ends soon." } },
	};
	static struct exchange exchange = {
		.request_record = &message_explain,
		.reply_record = &message_explanation,
		.reply = &reply,
	};
	struct apikey_request request = {
		.size = sizeof(request),
		.credential = PEER_OPAQUE,
		.service = "imap",
		.permission = "mail.imap",
		.user = "alice",
		.tenant = "default",
		.rhost = "192.0.2.1",
	};
	const struct message_explain *seen = &exchange.request.explain;
	struct apikey_explanation *explanation;
	struct apikey_admin *admin;
	struct peer peer;

	peer_start(&peer, WIRE_ADMIN_SOCKET, exchange_serve, &exchange);
	admin = exchange_open(&peer, EXCHANGE_PATIENT);
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_explain(admin, &request, NULL, &explanation)), 0);
	ck_assert_uint_eq(exchange.seen.header.type, WIRE_EXPLAIN);
	ck_assert_str_eq(seen->subject, PEER_OPAQUE);
	ck_assert_ptr_null(seen->key);
	ck_assert_str_eq(seen->service, "imap");
	ck_assert_str_eq(seen->permission, "mail.imap");
	ck_assert_str_eq(seen->user, "alice");
	ck_assert_str_eq(seen->tenant, "default");
	ck_assert_str_eq(seen->rhost, "192.0.2.1");
	ck_assert_int_eq(explanation->verdict, APIKEY_DENIED);
	ck_assert_str_eq(explanation->reason, "key_revoked");
	ck_assert_str_eq(explanation->reason_sentence, reason_sentence(REASON_KEY_REVOKED));
	ck_assert_str_eq(explanation->key_id, "0123456789ab");
	ck_assert_uint_eq(explanation->step_count, ARRAY_SIZE(steps));
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		ck_assert_str_eq(explanation->steps[i].name, steps[i].name);
		ck_assert_int_eq(explanation->steps[i].outcome, steps[i].outcome);
		assert_text(explanation->steps[i].detail, steps[i].detail);
	}
	ck_assert_str_eq(explanation->notices[0], "Your key ends soon.");
	ck_assert_ptr_null(explanation->notices[1]);
	apikey_explanation_free(explanation);
	apikey_explanation_free(NULL);

	/* By the key, with nothing else said. */
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_explain(admin, NULL, "alice/laptop", &explanation)), 0);
	ck_assert_ptr_null(seen->subject);
	ck_assert_str_eq(seen->key, "alice/laptop");
	ck_assert_ptr_null(seen->service);
	ck_assert_ptr_null(seen->permission);
	ck_assert_ptr_null(seen->user);
	apikey_explanation_free(explanation);

	/* Nothing to explain; and an empty credential is not "none given". */
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_explain(admin, NULL, NULL, &explanation)), -EINVAL);
	request.credential = "";
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_explain(admin, &request, "alice/laptop", &explanation)),
			 -EINVAL);
	apikey_admin_free(admin);
	peer_stop(&peer);
}
END_TEST

START_TEST(a_status_is_told_whole)
{
	static const struct message_item items[] = {
		{ .name = "version", .text = "0.1.0" },
		{ .name = "keys.active", .number = UINT64_MAX },
	};
	static const struct message_state reply = { .items = { .count = ARRAY_SIZE(items), .items = items } };
	static struct exchange exchange = {
		.request_record = &message_status,
		.reply_record = &message_state,
		.reply = &reply,
	};
	struct apikey_status *status;
	struct apikey_admin *admin;
	struct peer peer;

	peer_start(&peer, WIRE_ADMIN_SOCKET, exchange_serve, &exchange);
	admin = exchange_open(&peer, EXCHANGE_PATIENT);
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_status(admin, &status)), 0);
	ck_assert_uint_eq(exchange.seen.header.type, WIRE_STATUS);
	ck_assert_uint_eq(status->item_count, 2);
	ck_assert_str_eq(status->items[0].name, "version");
	ck_assert_str_eq(status->items[0].text, "0.1.0");
	ck_assert_str_eq(status->items[1].name, "keys.active");
	ck_assert_str_eq(status->items[1].text, "");
	ck_assert(status->items[1].number == UINT64_MAX);
	apikey_status_free(status);
	apikey_status_free(NULL);
	apikey_admin_free(admin);
	peer_stop(&peer);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("inspect");
	TCase *tcase = tcase_create("inspect");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, an_explanation_is_told_whole);
	tcase_add_test(tcase, a_status_is_told_whole);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
