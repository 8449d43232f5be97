/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/verify_ticket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/secret.h"
#include "daemon/key_secrets.h"
#include "daemon/lockdown.h"

static void free_ticket(struct ticket **ticket)
{
	free(*ticket);
}

/* The user and the permission were judged with the credential; what can have changed since is judged here. */
static enum reason judge(struct thread *thread, const struct ticket *ticket, const struct store_key *key, int64_t now)
{
	struct policy_request policy = { .service = ticket->service,
					 .service_allowed = true,
					 .any_tenant = true,
					 .rhost = ticket->rhost,
					 .source_believed = true,
					 .now = now };
	const struct store_secret *secret = key_secrets_find(key, ticket->secret);
	struct policies policies;
	enum reason reason;

	if (verify_policies(thread->reader, &thread->settings->settings, key, ticket->secret, &policies, &policy) < 0) {
		thread_vault_failed(thread);
		return REASON_STORE_FAILED;
	}
	reason = policy_judge(key, &policy);
	if (reason != REASON_NONE)
		return reason;
	return secret ? policy_judge_secret(secret, now) : REASON_SECRET_RETIRED;
}

static enum reason look_again(struct thread *thread, const struct ticket *ticket, int64_t now, struct store_key *key,
			      struct verify_outcome *outcome)
{
	enum reason reason;
	bool found;

	if (!thread->reader)
		return REASON_STORE_FAILED;
	if (lockdown_refuses(vault_lockdown(thread->daemon->keeper), ticket->key_id))
		return REASON_LOCKDOWN;
	reason = verify_read_key(thread, ticket->key_id, key, &found);
	if (reason != REASON_NONE)
		return reason;
	if (!found)
		return REASON_UNKNOWN_KEY;
	verify_describe_key(key, outcome);
	outcome->described = true;
	return judge(thread, ticket, key, now);
}

void verify_ticket(struct thread *thread, const struct message_redeem *request, int64_t now, struct store_key *key,
		   struct verify_outcome *ret_outcome, struct verify_redeemed *ret_redeemed)
{
	CLEANUP(free_ticket)
	struct ticket *ticket =
		tickets_redeem(thread->daemon->tickets, request->ticket, request->service, clock_boot_seconds());
	enum reason reason;

	verify_turn_away(ret_outcome, REASON_BAD_TICKET);
	ret_redeemed->user[0] = ret_redeemed->rhost[0] = '\0';
	if (!ticket)
		return;
	memcpy(ret_outcome->key_id, ticket->key_id, sizeof(ret_outcome->key_id));
	ret_outcome->secret = ticket->secret;
	snprintf(ret_redeemed->user, sizeof(ret_redeemed->user), "%s", ticket->user ? ticket->user : "");
	snprintf(ret_redeemed->rhost, sizeof(ret_redeemed->rhost), "%s", ticket->rhost ? ticket->rhost : "");
	reason = look_again(thread, ticket, now, key, ret_outcome);
	if (reason != REASON_NONE) {
		verify_refuse(ret_outcome, reason);
		return;
	}
	ret_outcome->reason = REASON_NONE;
	ret_outcome->verdict = VERDICT_GRANTED;
}
