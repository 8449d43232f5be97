/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A fault: the sentence for a person that goes with a negative errno, in the room its caller gave. */
#ifndef APIKEYD_COMMON_FAULT_H
#define APIKEYD_COMMON_FAULT_H

#include <stddef.h>

/* Writes the sentence, cut to the room there is. Returns error. */
int fault_tell(int error, char *ret_fault, size_t fault_size, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif
