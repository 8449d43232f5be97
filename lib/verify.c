/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * One question on a connection of its own, as the PAM module asks it. The result begins as a refusal; whatever goes
 * wrong leaves it one. What held the credential or the answer is wiped, and no descriptor stays.
 */
#include "lib/apikey.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/secret.h"
#include "lib/ask.h"
#include "lib/options.h"
#include "lib/versioned.h"
#include "proto/credential.h"

/* A result and the packet its texts point into. */
struct answer {
	struct apikey_result result; /* first: apikey_result_free() gets its address */
	struct ask_packet packet;
};

void apikey_result_free(struct apikey_result *result)
{
	if (!result)
		return;
	secret_wipe(result, sizeof(struct answer));
	free(result);
}

/* Asks, a second time where the first connection ended without an answer and asking twice does no harm. */
static int ask(const struct apikey_options *options, const struct ask_packet *question, bool may_repeat,
	       struct deadline deadline, struct ask_packet *ret_answer)
{
	int r = ask_exchange(options->path, CONNECT_VERIFY, question, deadline, ret_answer);

	if (r == -ECONNRESET && may_repeat)
		r = ask_exchange(options->path, CONNECT_VERIFY, question, deadline, ret_answer);
	return r;
}

static bool may_repeat(uint16_t type, const char *credential)
{
	return type == WIRE_VERIFY && credential_classify(credential, strlen(credential)).kind == CREDENTIAL_OPAQUE;
}

static int judge(uint16_t type, const struct apikey_options *given_options, const struct apikey_request *given_request,
		 struct apikey_result **ret_result)
{
	CLEANUP_ASK_PACKET struct ask_packet question;
	struct apikey_options options;
	struct apikey_request request;
	struct deadline deadline;
	struct ask_echo echo;
	struct answer *answer;
	int r;

	r = options_read(given_options, &options);
	if (r < 0)
		return r;
	r = versioned_read(given_request, &request, sizeof(request));
	if (r < 0)
		return r;
	deadline = deadline_in(options.timeout);
	/* Any id does on a connection of its own; one that changes shows an answer that was kept. */
	echo = (struct ask_echo){
		.type = type, .id = (uint64_t)deadline.at, .user = request.user, .service = request.service
	};
	r = ask_encode(type, echo.id, &request, &question);
	if (r < 0)
		return r;
	answer = malloc(sizeof(*answer));
	if (!answer)
		return -ENOMEM;
	r = ask(&options, &question, may_repeat(type, request.credential), deadline, &answer->packet);
	if (r == 0)
		r = ask_decode(&echo, answer->packet.bytes, answer->packet.size, &answer->result);
	if (r < 0)
		answer->result = ask_unavailable(ask_failure(r));
	*ret_result = &answer->result;
	return 0;
}

int apikey_verify(const struct apikey_options *options, const struct apikey_request *request,
		  struct apikey_result **ret_result)
{
	return judge(WIRE_VERIFY, options, request, ret_result);
}

int apikey_account(const struct apikey_options *options, const struct apikey_request *request,
		   struct apikey_result **ret_result)
{
	return judge(WIRE_ACCOUNT, options, request, ret_result);
}
