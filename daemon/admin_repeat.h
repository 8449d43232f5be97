/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Making a key in a way that can be repeated: who did not hear the answer asks again with the same text, and gets the
 * key that is there. Defends against two keys of which one is nobody's, and against a secret that is handed out twice:
 * before its first use another takes its place, and after that there is none to be had.
 *
 * The text is the authority's own: another one's is another text. It stands for REPEAT_KEPT_SECONDS from the time the
 * key was made, in the transaction that makes the key. Times of a request that are as far from now as they were then
 * are the same ones, since "90d" is another moment when it is said again.
 */
#ifndef APIKEYD_DAEMON_ADMIN_REPEAT_H
#define APIKEYD_DAEMON_ADMIN_REPEAT_H

#include "daemon/admin.h"

#define REPEAT_KEPT_SECONDS (24 * 3600)

/* Functions return as a handler does. */

/* Whether the text of a request, if it has one, can be one. */
int admin_repeat_check(struct admin_request *request);

/* Looks for the key that the same request has made before. ANSWER_OK and *ret_found, and then the request has been
 * replied to; a refusal where the text stands for another request, or for a key that is gone. */
int admin_repeat_find(struct admin_request *request, struct store_reader *reader, struct vault *vault, int64_t now,
		      bool *ret_found);

/* Notes that the request has made this key. */
int admin_repeat_note(struct admin_request *request, struct vault *vault, const struct store_key *key);

#endif
