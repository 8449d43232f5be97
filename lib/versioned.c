/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib/versioned.h"

#include <errno.h>
#include <string.h>

int versioned_read(const void *given, void *ret_known, size_t size)
{
	const unsigned char *bytes = given;
	size_t given_size;

	if (!given) {
		memset(ret_known, 0, size);
		return 0;
	}
	memcpy(&given_size, given, sizeof(given_size));
	/* No header older than this one exists: less than all of it is a size that was not set. */
	if (given_size < size)
		return -EINVAL;
	for (size_t i = size; i < given_size; i++) {
		if (bytes[i] != 0)
			return -EINVAL;
	}
	memcpy(ret_known, given, size);
	return 0;
}
