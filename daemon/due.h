/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What has to be done about a key soon, or already: its end, a secret that retires, a secret that gets too old, an end
 * that lies further ahead than a policy allows. Pure: who lists keys, who warns of them and who tells their users ask
 * the same.
 */
#ifndef APIKEYD_DAEMON_DUE_H
#define APIKEYD_DAEMON_DUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/policies.h"
#include "daemon/store.h"

/* The numbers stand in the store. */
enum due_what {
	DUE_EXPIRY = 1,
	DUE_SECRET_AGE = 2,
	DUE_RETIREMENT = 3,
	DUE_LIFETIME = 4,
};

struct due {
	enum due_what what;
	uint32_t secret; /* its number; 0: it is about the key */
	int64_t date;    /* when it is, or was; of DUE_LIFETIME 0 */
};

#define DUE_MAX (2 + STORE_SECRETS_MAX)

/* What is due within warn_before, and what is over. How many there are. */
size_t due_find(const struct store_key *key, const struct policies *policies, int64_t now, struct due ret_due[DUE_MAX]);

/* "secret 2 gets too old at 2027-01-31T08:00:00Z (max_secret_age)"; a clause without a full stop. */
#define DUE_TEXT_SIZE 128
void due_describe(const struct due *due, int64_t now, char ret_text[DUE_TEXT_SIZE]);

#endif
