/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/limits.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

struct slot {
	bool used;
	uid_t uid;
	size_t open;
	int64_t slow_until;
	int64_t paid_until; /* each connection costs 1 / LIMITS_RATE s of time to come */
};

struct limits {
	pthread_mutex_t lock; /* over all below */
	size_t most, open;
	size_t slot_count; /* more than can have a connection, so that a free one is always found */
	struct slot slots[];
};

int limits_new(size_t connections, struct limits **ret_limits)
{
	size_t slot_count = 2 * connections + 1;
	struct limits *limits = calloc(1, sizeof(*limits) + slot_count * sizeof(struct slot));

	if (!limits)
		return -ENOMEM;
	pthread_mutex_init(&limits->lock, NULL);
	limits->most = connections;
	limits->slot_count = slot_count;
	*ret_limits = limits;
	return 0;
}

void limits_free(struct limits *limits)
{
	if (!limits)
		return;
	pthread_mutex_destroy(&limits->lock);
	free(limits);
}

/*
 * The uid's slot by linear probing. Without create: NULL when it has none. With it: a free one, or one without
 * connections, is taken; a slot once used stays used, so that probing finds what lies behind it.
 */
static struct slot *find(struct limits *limits, uid_t uid, bool create)
{
	size_t start = (size_t)(uid * UINT32_C(2654435761)) % limits->slot_count;
	struct slot *spare = NULL;

	for (size_t i = 0; i < limits->slot_count; i++) {
		struct slot *slot = &limits->slots[(start + i) % limits->slot_count];

		if (slot->used && slot->uid == uid)
			return slot;
		if (!spare && slot->open == 0)
			spare = slot;
		if (!slot->used)
			break;
	}
	if (!create || !spare)
		return NULL;
	*spare = (struct slot){ .used = true, .uid = uid };
	return spare;
}

bool limits_hurries(struct limits *limits, uid_t uid, int64_t now)
{
	static const int64_t price = INT64_C(1000000000) / LIMITS_RATE;
	struct slot *slot;
	bool hurries = false;

	if (uid == 0)
		return false;
	pthread_mutex_lock(&limits->lock);
	slot = find(limits, uid, true);
	if (slot) {
		if (slot->paid_until < now)
			slot->paid_until = now;
		hurries = slot->paid_until - now > LIMITS_BURST * price;
		if (!hurries)
			slot->paid_until += price;
	}
	pthread_mutex_unlock(&limits->lock);
	return hurries;
}

bool limits_enter(struct limits *limits, uid_t uid, size_t per_uid)
{
	struct slot *slot;
	bool entered = false;

	if (uid == 0)
		return true;
	pthread_mutex_lock(&limits->lock);
	slot = limits->open < limits->most ? find(limits, uid, true) : NULL;
	if (slot && slot->open < per_uid) {
		slot->open++;
		limits->open++;
		entered = true;
	}
	pthread_mutex_unlock(&limits->lock);
	return entered;
}

void limits_leave(struct limits *limits, uid_t uid)
{
	struct slot *slot;

	if (uid == 0)
		return;
	pthread_mutex_lock(&limits->lock);
	slot = find(limits, uid, false);
	if (slot && slot->open > 0) {
		slot->open--;
		limits->open--;
	}
	pthread_mutex_unlock(&limits->lock);
}

void limits_slow(struct limits *limits, uid_t uid, int64_t until)
{
	struct slot *slot;

	if (uid == 0)
		return;
	pthread_mutex_lock(&limits->lock);
	slot = find(limits, uid, false);
	if (slot)
		slot->slow_until = until;
	pthread_mutex_unlock(&limits->lock);
}

bool limits_is_slow(struct limits *limits, uid_t uid, int64_t now)
{
	struct slot *slot;
	bool slow;

	if (uid == 0)
		return false;
	pthread_mutex_lock(&limits->lock);
	slot = find(limits, uid, false);
	slow = slot && slot->slow_until > now;
	pthread_mutex_unlock(&limits->lock);
	return slow;
}

size_t limits_open(struct limits *limits)
{
	size_t open;

	pthread_mutex_lock(&limits->lock);
	open = limits->open;
	pthread_mutex_unlock(&limits->lock);
	return open;
}
