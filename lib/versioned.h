/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Structs the caller fills, which begin with their size, so that a caller built against a later header is understood
 * where it says nothing new, and refused, not half understood, where it does.
 */
#ifndef APIKEYD_LIB_VERSIONED_H
#define APIKEYD_LIB_VERSIONED_H

#include <stddef.h>

/*
 * Copies given, a struct that begins with a size_t size, into the size bytes at ret_known. given may be NULL: all is 0.
 * 0; -EINVAL when its size was not set, or when it says something behind what is known here.
 */
int versioned_read(const void *given, void *ret_known, size_t size);

#endif
