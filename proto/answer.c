/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "proto/answer.h"

static const struct {
	const char *name, *sentence;
} answers[ANSWER_COUNT] = {
	[ANSWER_OK] = { "ok", "Done." },
	[ANSWER_UNKNOWN_REQUEST] = { "unknown_request",
				     "The daemon does not know this request; is it older than apikeyctl?" },
	[ANSWER_INVALID] = { "invalid", "The request is not valid." },
	[ANSWER_NOT_FOUND] = { "not_found",
			       "There is no such key, or it is not yours to see; 'apikeyctl key list' shows yours." },
	[ANSWER_EXISTS] = { "exists", "The owner has a key of this name already; choose another name." },
	[ANSWER_NOT_PERMITTED] = { "not_permitted", "You may not do this; root and the admin group may do everything, "
						    "users what [self-service] allows." },
	[ANSWER_BAD_CREDENTIAL] = { "bad_credential", "The credential given with the request is refused." },
	[ANSWER_WRONG_STATE] = { "wrong_state", "The key's state does not allow this." },
	[ANSWER_STORE_FAILED] = { "store_failed", "Nothing was changed: the key store cannot be written; 'apikeyctl "
						  "status' says why." },
	[ANSWER_UNAVAILABLE] = { "unavailable", "The daemon cannot serve now; 'apikeyctl status' says why." },
	[ANSWER_BUSY] = { "busy", "Too many connections or requests at once; try again in a moment." },
};

const char *answer_name(enum answer answer)
{
	return (unsigned int)answer < ANSWER_COUNT ? answers[answer].name : answers[ANSWER_UNAVAILABLE].name;
}

const char *answer_sentence(enum answer answer)
{
	return (unsigned int)answer < ANSWER_COUNT ? answers[answer].sentence : answers[ANSWER_UNAVAILABLE].sentence;
}
