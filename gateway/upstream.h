/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Questions to apikeyd: a few connections to verify.sock, each with many in flight. What the daemon does not answer in
 * time is answered "unavailable", and a connection that is lost is made anew with the next question, but not more often
 * than a few times a second.
 */
#ifndef APIKEYD_GATEWAY_UPSTREAM_H
#define APIKEYD_GATEWAY_UPSTREAM_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "lib/apikey.h"

struct upstream;

/* folder: apikeyd's runtime folder, which must outlive it. 0, or a negative errno; that the daemon is away is none. */
int upstream_new(sd_event *event, const char *folder, struct upstream **ret_upstream);

/* Calls back for all that has no answer. Accepts NULL. */
void upstream_free(struct upstream *upstream);

/*
 * Asks. 0, and callback is called once, later, never from here; -ENOTCONN (the daemon is not to be reached), -EAGAIN
 * (too many in flight), -EINVAL as apikey_client_submit(), -ENOMEM.
 */
int upstream_verify(struct upstream *upstream, const struct apikey_request *request, apikey_callback callback,
		    void *data);

/* Whether a connection stands, or one can be made. */
bool upstream_is_there(struct upstream *upstream);

#endif
