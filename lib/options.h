/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The options of the calls that connect, with their defaults filled in.
 */
#ifndef APIKEYD_LIB_OPTIONS_H
#define APIKEYD_LIB_OPTIONS_H

#include "lib/apikey.h"

/* Reads options, which may be NULL. 0, or what versioned_read() says; -EINVAL also for an empty path. The path stays
 * the caller's. */
int options_read(const struct apikey_options *given, struct apikey_options *ret_options);

#endif
