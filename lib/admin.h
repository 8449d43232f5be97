/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * One administrative request and its answer, over the handle's connection. What carried the acting credential or a new
 * key's secret is wiped before the call returns.
 */
#ifndef APIKEYD_LIB_ADMIN_H
#define APIKEYD_LIB_ADMIN_H

#include <stdint.h>

#include "lib/apikey.h"
#include "lib/block.h"
#include "proto/codec.h"

/* The credential requests act with; NULL for none. Lives until the next apikey_admin_set_credential(). */
const char *admin_credential(const struct apikey_admin *admin);

/*
 * Sends a request and builds a public struct of the reply. 0 and its root; -EINVAL when the request breaks a rule (a
 * text too long, a list too long, a name missing); -ETIMEDOUT, -ECONNRESET, -EPROTO or another negative errno, after
 * which the handle answers -ENOTCONN to all calls; -ENOMEM; or a positive enum apikey_answer.
 */
int admin_call(struct apikey_admin *admin, uint16_t type, const struct codec_record *record, const void *request,
	       block_builder builder, void **ret_root);

/* The same for what takes as long as the store is large: waits for a quarter of an hour, or as long as the handle does
 * where that is longer. A daemon that is gone is noticed at once. */
int admin_call_patiently(struct apikey_admin *admin, uint16_t type, const struct codec_record *record,
			 const void *request, block_builder builder, void **ret_root);

/*
 * The same in two steps, so that several requests are on their way: each is sent, and the answers are received in the
 * order of the requests. All other calls answer -EBUSY meanwhile. tag comes back with the answer. -EAGAIN: there is no
 * room for another before an answer is received; nothing was sent. *ret_root and *ret_tag are those of the oldest
 * request; -ENOMSG: none is on its way.
 */
int admin_send(struct apikey_admin *admin, uint16_t type, const struct codec_record *record, const void *request,
	       size_t tag);
int admin_receive(struct apikey_admin *admin, block_builder builder, void **ret_root, size_t *ret_tag);

/* What apikey_admin_message() gives after a call that went well and has something to say. */
void admin_set_message(struct apikey_admin *admin, const char *message);

#endif
