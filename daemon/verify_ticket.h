/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Judging the ticket of a session, which uses it up: the key it was given for is looked at again, so that a session is
 * never registered for a key that was ended since, and would be asked for by nobody.
 */
#ifndef APIKEYD_DAEMON_VERIFY_TICKET_H
#define APIKEYD_DAEMON_VERIFY_TICKET_H

#include "daemon/verify.h"

/* What the verdict said; "" where it said nothing. */
struct verify_redeemed {
	char user[WIRE_USER_MAX + 1];
	char rhost[WIRE_SOURCE_MAX + 1];
};

/* key is room for one key. */
void verify_ticket(struct thread *thread, const struct message_redeem *request, int64_t now, struct store_key *key,
		   struct verify_outcome *ret_outcome, struct verify_redeemed *ret_redeemed);

#endif
