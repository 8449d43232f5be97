/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A new secret for who shows the present one, as a password is changed: whoever holds a good key may, for the user it
 * is good for; no permission is asked for. The secret that was shown stays good for the configured overlap, so that
 * nobody loses access where the new one is not seen; a new one that was never used is replaced by the next.
 *
 * Defends against a secret that is to end and lives on through a new one: one that was replaced by an administrator, or
 * whose new one is in use, rotates nothing; and a date that was set once is not put off by asking again.
 */
#ifndef APIKEYD_DAEMON_HOLDER_ROTATION_H
#define APIKEYD_DAEMON_HOLDER_ROTATION_H

#include "daemon/thread.h"
#include "daemon/vault.h"
#include "daemon/verify.h"
#include "proto/message.h"

/* What came of it, beside the outcome; wiped by who has it. */
struct holder_rotation {
	char secret[CREDENTIAL_OPAQUE_MAX + 1]; /* the new one */
	int64_t retires;                        /* when the one that was shown ends */
};

/* Whether a new secret could be had. Changes nothing. A grant, or a refusal whose problem may say more. */
void holder_rotation_judge(struct thread *thread, const struct verify_caller *caller,
			   const struct message_rotate *request, int64_t now, struct store_key *key,
			   struct verify_outcome *ret_outcome);

/*
 * In the writer's transaction, after that was granted: judges again and rotates. 0 and REASON_NONE in outcome with
 * *ret_rotation, or a refusal there; a negative errno where the store failed. overlap in seconds.
 */
int holder_rotation_do(struct vault *vault, struct uses *uses, uint64_t overlap, const struct verify_caller *caller,
		       const struct message_rotate *request, int64_t now, struct verify_outcome *outcome,
		       struct holder_rotation *ret_rotation);

#endif
