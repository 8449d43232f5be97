/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Whether the host is locked down, as every thread sees it: then every credential is refused but those of the keys that
 * were named. The store keeps it (daemon/store_lockdown.h); this is read from there whenever a store is opened, and set
 * after the commit and before the answer, so that it holds for every request that is sent after the command has
 * returned. While there is none it costs a login one load.
 */
#ifndef APIKEYD_DAEMON_LOCKDOWN_H
#define APIKEYD_DAEMON_LOCKDOWN_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "daemon/store_lockdown.h"

/* Zeroed but for the lock, which is initialised: no lockdown. */
struct lockdown {
	atomic_bool on;
	pthread_mutex_t lock; /* over state */
	struct store_lockdown state;
};

void lockdown_init(struct lockdown *lockdown);
void lockdown_done(struct lockdown *lockdown);

/* Any thread. */
void lockdown_set(struct lockdown *lockdown, const struct store_lockdown *state);
void lockdown_get(struct lockdown *lockdown, struct store_lockdown *ret_state);

/* Any thread: whether a credential of this key is refused; id "": the credential is nobody's. Takes equally long for
 * every id. */
bool lockdown_refuses(struct lockdown *lockdown, const char *id);

/* Whether a key is one of those that are let in all the same. Takes equally long for every id. */
bool lockdown_spares(const struct store_lockdown *state, const char *id);

#endif
