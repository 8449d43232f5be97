/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Creating threads, in one way: signals are for the main thread alone. */
#ifndef APIKEYD_COMMON_THREAD_CREATE_H
#define APIKEYD_COMMON_THREAD_CREATE_H

#include <pthread.h>

/* A thread that begins with all signals blocked. 0, or a negative errno. */
int thread_create(void *(*run)(void *data), void *data, pthread_t *ret_id);

#endif
