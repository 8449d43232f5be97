/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/lockdown.h"

#include <stdio.h>

#include "common/secret.h"

void lockdown_init(struct lockdown *lockdown)
{
	atomic_init(&lockdown->on, false);
	pthread_mutex_init(&lockdown->lock, NULL);
	lockdown->state = (struct store_lockdown){ .on = false };
}

void lockdown_done(struct lockdown *lockdown)
{
	pthread_mutex_destroy(&lockdown->lock);
}

void lockdown_set(struct lockdown *lockdown, const struct store_lockdown *state)
{
	pthread_mutex_lock(&lockdown->lock);
	lockdown->state = *state;
	atomic_store_explicit(&lockdown->on, state->on, memory_order_release);
	pthread_mutex_unlock(&lockdown->lock);
}

void lockdown_get(struct lockdown *lockdown, struct store_lockdown *ret_state)
{
	pthread_mutex_lock(&lockdown->lock);
	*ret_state = lockdown->state;
	pthread_mutex_unlock(&lockdown->lock);
}

/* All are compared, whole: who is refused is not to learn by the time how near a guess came. */
bool lockdown_spares(const struct store_lockdown *state, const char *id)
{
	char padded[sizeof(state->keys[0])] = "";
	bool found = false;

	(void)snprintf(padded, sizeof(padded), "%s", id);
	for (size_t i = 0; i < state->key_count; i++) {
		char other[sizeof(padded)] = "";

		(void)snprintf(other, sizeof(other), "%s", state->keys[i]);
		found = secret_equal(padded, other, sizeof(padded)) || found;
	}
	return found && *id != '\0';
}

bool lockdown_refuses(struct lockdown *lockdown, const char *id)
{
	bool refused;

	if (!atomic_load_explicit(&lockdown->on, memory_order_acquire))
		return false;
	pthread_mutex_lock(&lockdown->lock);
	/* It may have ended meanwhile. */
	refused = lockdown->state.on && !lockdown_spares(&lockdown->state, id);
	pthread_mutex_unlock(&lockdown->lock);
	return refused;
}
