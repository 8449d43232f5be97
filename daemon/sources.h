/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * From how many networks each key was used of late. A fixed table in memory: a key that nobody has used for longest
 * gives its place away, and a restart begins anew. Safe for several threads.
 */
#ifndef APIKEYD_DAEMON_SOURCES_H
#define APIKEYD_DAEMON_SOURCES_H

#include <stddef.h>
#include <stdint.h>

#include "common/network.h"

#define SOURCES_MOST 64 /* networks of a key that are told apart, and one more */

/* A network is the first so many bits of an address: what one customer has, about. */
#define SOURCES_BITS_4 24
#define SOURCES_BITS_6 64

struct sources;

/* keys: room for so many, rounded up. 0, -ENOMEM, or a negative errno when there is no randomness. */
int sources_new(size_t keys, struct sources **ret_sources);
/* Accepts NULL. */
void sources_free(struct sources *sources);

/* Notes that a key was used from an address at now (CLOCK_BOOTTIME, seconds), and tells from how many networks it was
 * within the window (seconds) before; SOURCES_MOST + 1 stands for more, too. */
size_t sources_note(struct sources *sources, const char *key_id, const struct address *address, int64_t now,
		    int64_t window);

/* From how many it would be, were it used from there: notes nothing. */
size_t sources_look(struct sources *sources, const char *key_id, const struct address *address, int64_t now,
		    int64_t window);

/* Forgets those of a key. */
void sources_forget(struct sources *sources, const char *key_id);

#endif
