/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/chore.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "common/thread_create.h"

struct chores {
	pthread_t id;
	bool joinable;
	atomic_bool busy;
	struct chore *chore;
};

static void *run(void *data)
{
	struct chores *chores = data;
	struct chore *chore = chores->chore;

	(void)pthread_setname_np(pthread_self(), "chore");
	chore->run(chore);
	/* From the post on the chore is its origin's. */
	atomic_store(&chores->busy, false);
	thread_post(chore->origin, &chore->done);
	return NULL;
}

int chores_new(struct chores **ret_chores)
{
	struct chores *chores = calloc(1, sizeof(*chores));

	if (!chores)
		return -ENOMEM;
	atomic_init(&chores->busy, false);
	*ret_chores = chores;
	return 0;
}

static void join(struct chores *chores)
{
	if (chores->joinable)
		pthread_join(chores->id, NULL);
	chores->joinable = false;
}

void chores_free(struct chores *chores)
{
	if (!chores)
		return;
	join(chores);
	free(chores);
}

int chores_begin(struct chores *chores, struct chore *chore)
{
	int r;

	if (atomic_load(&chores->busy))
		return -EBUSY;
	join(chores);
	chores->chore = chore;
	atomic_store(&chores->busy, true);
	r = thread_create(run, chores, &chores->id);
	chores->joinable = r == 0;
	if (r < 0)
		atomic_store(&chores->busy, false);
	return r;
}
