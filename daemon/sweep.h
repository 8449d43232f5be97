/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Removes the keys of tenants and accounts that were deleted, a few in one transaction, so that nobody waits for a
 * million of them. Each leaves its record in the audit, as one that is deleted by itself. They ended with their tenant:
 * what is not removed yet counts no more than what is. A crash loses nothing, for the rows say what is left.
 */
#ifndef APIKEYD_DAEMON_SWEEP_H
#define APIKEYD_DAEMON_SWEEP_H

#include "daemon/vault.h"

/* The next step, in a transaction of its own. In the writer's thread, where none is open. 1: there may be more to do;
 * 0: nothing is left; or a negative errno: nothing of this step was done. */
int sweep_step(struct vault *vault);

#endif
