/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A store for filling: opened without a daemon, with the keys that are sealed in it.
 */
#ifndef APIKEYD_BENCH_KEYS_H
#define APIKEYD_BENCH_KEYS_H

#include "daemon/keyring.h"

/* The store in a folder that was made by apikeyd --init. 0, or a negative errno and a sentence. */
int keys_open(const char *folder, struct store **ret_store, struct keyring *ret_keyring, char *ret_fault,
	      size_t fault_size);

#endif
