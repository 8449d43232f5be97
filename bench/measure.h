/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Clocks and counters that the measuring programs share.
 */
#ifndef APIKEYD_BENCH_MEASURE_H
#define APIKEYD_BENCH_MEASURE_H

#include <stddef.h>
#include <time.h>

double measure_seconds(clockid_t clock);

/* Time on a CPU of all threads of a process that live, in seconds. 0 for a process that there is not. */
double measure_cpu(long pid);

/* Its resident memory in KiB; 0. */
long measure_resident(long pid);

/* Sorts, and gives what so large a part of the numbers is at most: 0.5 for the median. */
double measure_quantile(double *numbers, size_t count, double part);

#endif
