/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib/options.h"

#include <errno.h>

#include "lib/versioned.h"

#define TIMEOUT_DEFAULT 3000 /* milliseconds */

int options_read(const struct apikey_options *given, struct apikey_options *ret_options)
{
	struct apikey_options options;
	int r = versioned_read(given, &options, sizeof(options));

	if (r < 0)
		return r;
	if (options.path && *options.path == '\0')
		return -EINVAL;
	if (options.timeout == 0)
		options.timeout = TIMEOUT_DEFAULT;
	*ret_options = options;
	return 0;
}
