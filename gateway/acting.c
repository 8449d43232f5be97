/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "gateway/acting.h"

#include <errno.h>
#include <string.h>

#include "gateway/page.h"

#define LIFETIME 30 /* seconds: longer than any request takes */

int acting_begin(struct apikey_admin *admin, const struct acting_proof *proof, struct apikey_signin **ret_signin)
{
	const struct apikey_signin_options options = {
		.size = sizeof(options),
		.credential = proof->credential,
		.account = proof->account,
		.tenant = proof->tenant,
		.source = proof->source,
		.agent = proof->agent,
		.lifetime = LIFETIME,
		.page = proof->page,
		.body = proof->hmac ? proof->body : NULL,
		.body_size = proof->hmac ? proof->body_size : 0,
	};
	const struct apikey_signin *signin;
	int r;

	if (options.body_size > APIKEY_SIGNED_BODY_MAX)
		return -EMSGSIZE;
	r = apikey_signin(admin, &options, ret_signin);
	if (r == APIKEY_NOT_PERMITTED && proof->directly && !proof->page)
		return apikey_admin_set_credential(admin, proof->credential);
	if (r != 0)
		return r;
	signin = *ret_signin;
	r = apikey_admin_set_credential(admin, signin->credential);
	if (r != 0)
		return r;
	/* A link is for people's browsers. Who says a user says the one whose key it is. */
	if (signin->key_id[0] == '\0' || (proof->user && strcmp(proof->user, signin->owner) != 0))
		return APIKEY_BAD_CREDENTIAL;
	return 0;
}

void acting_end(struct apikey_admin *admin, struct apikey_signin *signin)
{
	struct apikey_signin *ended = NULL;

	if (signin && apikey_signin_end(admin, NULL, NULL, &ended) == 0)
		apikey_signin_free(ended);
	(void)apikey_admin_set_credential(admin, NULL);
	apikey_signin_free(signin);
}

enum problem acting_refusal(const struct apikey_admin *admin, int result, bool hmac)
{
	enum apikey_verdict verdict = APIKEY_DENIED;
	const char *reason;

	switch (result) {
	case APIKEY_BAD_CREDENTIAL:
		reason = apikey_admin_reason(admin, &verdict);
		return problem_of_refusal((enum verdict)verdict, reason, hmac);
	case APIKEY_NOT_PERMITTED:
		return PROBLEM_ACCESS_DENIED;
	case APIKEY_BUSY:
		return PROBLEM_TOO_MANY_REQUESTS;
	case APIKEY_INVALID:
	case -EINVAL:
		return PROBLEM_INVALID_REQUEST;
	case -EMSGSIZE:
		return PROBLEM_CONTENT_TOO_LARGE;
	case APIKEY_UNKNOWN_REQUEST:
	case -ENOMEM:
		return PROBLEM_INTERNAL;
	default:
		return PROBLEM_SERVICE_UNAVAILABLE;
	}
}

const char *acting_sentence(const struct apikey_admin *admin, int result)
{
	enum apikey_verdict verdict;

	return result == APIKEY_BAD_CREDENTIAL && page_is_refused(apikey_admin_reason(admin, &verdict)) ? PAGE_REFUSED
													: NULL;
}
