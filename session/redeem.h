/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Asks the daemon whose session a ticket is for, over login.sock, without holding anything else up: a daemon that is
 * slow or gone costs its own caller a deadline. Defends against whoever else might listen there, and against an answer
 * to another question.
 */
#ifndef APIKEYD_SESSION_REDEEM_H
#define APIKEYD_SESSION_REDEEM_H

#include <systemd/sd-event.h>

#include "proto/message.h"

#define REDEEM_MILLISECONDS 2000

struct redeem;

/*
 * result: 0, with what the daemon said, whose texts live until the call returns; a positive enum answer, with its
 * detail or NULL; or a negative errno: -ETIMEDOUT, -EPERM where not root listens, …. Called once, from the loop; the
 * redemption is over then.
 */
typedef void redeem_done(void *data, int result, const struct message_redeemed *redeemed, const char *detail);

/* 0, or a negative errno and nothing will be called. */
int redeem_start(sd_event *event, const char *socket_path, const struct message_redeem *request, redeem_done *done,
		 void *data, struct redeem **ret_redeem);

/* Nobody waits any more. Accepts NULL. */
void redeem_cancel(struct redeem *redeem);

#endif
