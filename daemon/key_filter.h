/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Which keys a list is asked for, beyond whose they are. Pure: the request and the time in, yes or no out.
 */
#ifndef APIKEYD_DAEMON_KEY_FILTER_H
#define APIKEYD_DAEMON_KEY_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/policies.h"
#include "daemon/store.h"
#include "proto/message.h"

struct key_filter {
	int64_t now;
	enum store_state state; /* 0: any */
	bool wildcard;          /* permission is a grant with one, not a query */
	const struct message_key_list *wanted;
};

/* Reads what is wanted, which the filter goes on pointing to. True, or false and a sentence that names the value. */
bool key_filter_read(const struct message_key_list *wanted, int64_t now, struct key_filter *ret_filter, char *ret_fault,
		     size_t fault_size);

/* What the key can tell, with its grants, those of its roles among them, and what holds for it. False: it is not asked
 * for, whatever its uses are. */
bool key_filter_takes(const struct key_filter *filter, const struct store_key *key, const char *grants,
		      const struct policies *policies);

/* What its uses tell, one for each of its secrets. */
bool key_filter_takes_uses(const struct key_filter *filter, const struct store_key *key, const struct store_use *uses);

#endif
