/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* apikeyctl on a host whose clock shows what OTHER_TIME says, in seconds since 1970. */
#include <stdlib.h>
#include <time.h>

time_t time(time_t *ret_now)
{
	const char *text = getenv("OTHER_TIME");
	time_t now = text ? strtoll(text, NULL, 10) : 0;

	if (ret_now)
		*ret_now = now;
	return now;
}
