/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the writer does for the store when no job asks for it: old changes leave the log, what was used once and has
 * expired is forgotten, and what a master key before this one opens goes. Each is a transaction of its own, and small,
 * so that nobody waits for it. In the writer's thread, where none is open.
 */
#ifndef APIKEYD_DAEMON_UPKEEP_H
#define APIKEYD_DAEMON_UPKEEP_H

#include <stddef.h>

#include "daemon/vault.h"

/* Removes a few of the oldest changes. What is not noted to be in the audit file stays, however old: the log is then
 * the only place that has it. 0 or a negative errno. */
int upkeep_prune_changes(struct vault *vault);

/* Forgets up to most of what was used once and has expired. 0 and how many, or a negative errno. */
int upkeep_purge_once(struct vault *vault, size_t most, size_t *ret_count);

/* Removes what master keys before this one open. 1: it was there, and is in the write-ahead log yet; 0: there is
 * nothing; or a negative errno. */
int upkeep_retire_wraps(struct vault *vault);

#endif
