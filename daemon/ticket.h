/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Tickets: what a granted verdict gives to who wants to register the session that follows. A ticket travels through the
 * PAM environment, since sshd forks in between, so it is good for one use, a minute, and the service it was given for;
 * and only its SHA-256 is here, so that what is read of this memory opens nothing.
 *
 * Defends against a key that fills the room: each has some, and its oldest ticket goes for a new one; where all are
 * taken, the oldest of the key that has most goes. So everybody gets one: a session without one could not be ended, and
 * one whose ticket has gone is refused. They are few and short-lived, so one list in the order of their issue does, and
 * it takes memory only while there are any.
 */
#ifndef APIKEYD_DAEMON_TICKET_H
#define APIKEYD_DAEMON_TICKET_H

#include <stdint.h>

#include "proto/credential.h"
#include "proto/wire.h"

#define TICKET_LIFETIME 60     /* seconds on the boot clock */
#define TICKET_MOST 4096       /* at a time */
#define TICKET_MOST_A_KEY 1024 /* at a time: as many logins as may be between their key and their session */
#define TICKET_TEXT_SIZE (WIRE_TICKET_SIZE + 1)

/* What a ticket stands for. Texts that are absent are NULL. */
struct ticket {
	char key_id[CREDENTIAL_KEY_ID_MAX + 1];
	uint32_t secret; /* the number of the one that was shown */
	const char *service, *user, *rhost;
};

struct tickets;

/* Any thread may use it. 0 or -ENOMEM. */
int tickets_new(struct tickets **ret_tickets);
void tickets_free(struct tickets *tickets); /* accepts NULL */

/* Makes a ticket; what it stands for is copied. 0 and its text, which is a secret; -ENOMEM, -EIO. */
int tickets_issue(struct tickets *tickets, const struct ticket *ticket, int64_t boot_seconds,
		  char ret_text[TICKET_TEXT_SIZE]);

/* Uses a ticket up, and says what it stood for: NULL where there is none, it is too old, or was given for another
 * service. The caller frees it. */
struct ticket *tickets_redeem(struct tickets *tickets, const char *text, const char *service, int64_t boot_seconds);

#endif
