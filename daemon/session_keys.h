/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The ids of keys whose sessions end together: as many as one step changes, found by halving. */
#ifndef APIKEYD_DAEMON_SESSION_KEYS_H
#define APIKEYD_DAEMON_SESSION_KEYS_H

#include <stdbool.h>

struct session_keys;

/* Adds one; *keys is NULL while there is none. 0 or -ENOMEM. */
int session_keys_add(struct session_keys **keys, const char *id);

/* Once all are there. Accepts NULL. */
void session_keys_sort(struct session_keys *keys);

/* Of those that were sorted. Accepts NULL, in which there is none. */
bool session_keys_have(const struct session_keys *keys, const char *id);

/* Accepts NULL. */
void session_keys_free(struct session_keys *keys);

#endif
