/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The daemon on a host whose clock is set: linked with daemon/main.c, this takes the place of libc's function, through
 * which the daemon reads all clocks. The wall clock is ahead by the seconds in the file that OTHER_CLOCK names, and the
 * one that counts from the boot, as if the host had slept, by those in OTHER_BOOT_CLOCK's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifdef SYS_clock_gettime64
#define NUMBER (sizeof(time_t) > sizeof(long) ? SYS_clock_gettime64 : SYS_clock_gettime)
#else
#define NUMBER SYS_clock_gettime
#endif

static long long ahead(const char *variable)
{
	const char *name = getenv(variable);
	FILE *file = name ? fopen(name, "re") : NULL;
	long long seconds = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%lld", &seconds) != 1)
		seconds = 0;
	fclose(file);
	return seconds;
}

__attribute__((visibility("default"))) int clock_gettime(clockid_t clock_id, struct timespec *tp)
{
	int r = (int)syscall(NUMBER, clock_id, tp);

	if (r == 0 && clock_id == CLOCK_REALTIME)
		tp->tv_sec += (time_t)ahead("OTHER_CLOCK");
	if (r == 0 && clock_id == CLOCK_BOOTTIME)
		tp->tv_sec += (time_t)ahead("OTHER_BOOT_CLOCK");
	return r;
}
