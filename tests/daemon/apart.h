/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Requests of several kinds, of which those of one group must look alike: whether their times tell them apart. All are
 * asked in random order, as many of each, so that whatever the machine does meanwhile meets all of them.
 */
#ifndef APIKEYD_TESTS_DAEMON_APART_H
#define APIKEYD_TESTS_DAEMON_APART_H

#include <stddef.h>
#include <stdint.h>

#define APART_KINDS_MOST 32

struct apart_kind {
	const char *name;
	unsigned int group; /* 0, 1, … */
};

/* Sends a request of a kind and takes the answer. drawn: a random number, for what differs among those of a kind. */
typedef void (*apart_asker)(void *data, size_t kind, uint64_t drawn);

/*
 * Asks count requests of each kind, after some that are not measured; prints how far apart the kinds are; how many
 * pairs of a group are further apart than chance and the machine's noise explain, and by a microsecond or more, of
 * APART_MANY requests by half of one. Of some fifty pairs one is so by chance now and then; those count that are so
 * twice.
 */
#define APART_MANY 50000
unsigned int apart_compare(const struct apart_kind *kinds, size_t kind_count, size_t count, apart_asker ask,
			   void *data);

/* Has this process, and what it starts, run on one processor: who takes turns anyway need not wake up another one. */
void apart_share_processor(void);

/* Good enough for an order. */
uint64_t apart_draw(uint64_t *state, uint64_t below);

#endif
