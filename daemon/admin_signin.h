/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the requests about sign-ins have in common (daemon/admin_signin.c, admin_signin_view.c, admin_link.c). They
 * change no key, so they stand in the audit file and not in the change log.
 */
#ifndef APIKEYD_DAEMON_ADMIN_SIGNIN_H
#define APIKEYD_DAEMON_ADMIN_SIGNIN_H

#include "daemon/admin.h"

/* "user", "administrator", "key"; static. */
const char *admin_signin_kind(const struct signin *signin);

/* The names of where the key of the request's authority is. One that is being deleted has none any more. 0 or -EIO. */
int admin_signin_find_names(struct admin_request *request, struct store_reader *reader);

/* All about the one that asks, or was begun: its authority is the request's. Returns as a handler does. */
int admin_signin_reply(struct admin_request *request);

/* Writes the record of the request: 0, or the answer where what cannot be recorded is not done. */
int admin_signin_record(struct admin_request *request, const struct audit_record *record);

#endif
