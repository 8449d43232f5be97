/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tests/lib/question.h"

#include <check.h>

const struct apikey_request question_whole = {
	.size = sizeof(question_whole),
	.credential = PEER_OPAQUE,
	.service = "imap",
	.permission = "mail.imap",
	.user = "alice",
};

struct apikey_result *question_ask(question_call function, const char *path, unsigned int timeout,
				   const struct apikey_request *request)
{
	struct apikey_options options = { .size = sizeof(options), .path = path, .timeout = timeout };
	struct apikey_result *result = NULL;

	ck_assert_int_eq(function(&options, request, &result), 0);
	ck_assert_ptr_nonnull(result);
	return result;
}

void question_assert_refused(const struct apikey_result *result, enum apikey_verdict verdict, const char *reason)
{
	ck_assert_str_eq(apikey_verdict_name(result->verdict), apikey_verdict_name(verdict));
	ck_assert_str_eq(result->reason, reason);
	ck_assert_str_eq(result->key_id, "");
	ck_assert_str_eq(result->key_name, "");
	ck_assert_str_eq(result->owner, "");
	ck_assert_str_eq(result->tenant, "");
	ck_assert_str_eq(result->permissions, "");
	ck_assert_str_eq(result->handle, "");
	ck_assert_str_eq(result->ticket, "");
	ck_assert_int_eq(result->expires, 0);
}

void question_assert_granted(const struct apikey_result *result)
{
	ck_assert_int_eq(result->verdict, APIKEY_GRANTED);
	ck_assert_str_eq(result->reason, "");
	ck_assert_str_eq(result->key_id, "0123456789ab");
	ck_assert_str_eq(result->key_name, "laptop");
	ck_assert_str_eq(result->owner, "alice");
	ck_assert_str_eq(result->tenant, "default");
	ck_assert_str_eq(result->permissions, "mail.* pam.sshd");
	ck_assert_str_eq(result->handle, "handle-of-60-seconds");
	ck_assert(result->expires == APIKEY_NEVER);
}

void question_serve_grant(struct peer *peer, int fd, unsigned int number)
{
	(void)peer;
	(void)number;
	peer_serve_grant(fd);
}
