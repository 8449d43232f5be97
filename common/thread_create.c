/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "common/thread_create.h"

#include <signal.h>

int thread_create(void *(*run)(void *data), void *data, pthread_t *ret_id)
{
	sigset_t all, before;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(ret_id, NULL, run, data);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -r;
}
