/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Memory for libraries that know nothing of secrets, as jansson: whatever is freed is wiped. */
#ifndef APIKEYD_COMMON_WIPING_H
#define APIKEYD_COMMON_WIPING_H

#include <stddef.h>

/* Aligned for anything. NULL when memory is short. */
void *wiping_new(size_t size);

/* Wipes all of it, and frees. Accepts NULL, and nothing else but what wiping_new() gave. */
void wiping_free(void *data);

#endif
