/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "bench/measure.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

double measure_seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

double measure_cpu(long pid)
{
	char path[512];
	unsigned long long nanoseconds, total = 0;
	struct dirent *entry;
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%ld/task", pid);
	tasks = opendir(path);
	while (tasks && (entry = readdir(tasks))) {
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%ld/task/%s/schedstat", pid, entry->d_name);
		file = entry->d_name[0] == '.' ? NULL : fopen(path, "re");
		if (file && fscanf(file, "%llu", &nanoseconds) == 1)
			total += nanoseconds;
		if (file)
			fclose(file);
	}
	if (tasks)
		closedir(tasks);
	return (double)total * 1e-9;
}

long measure_resident(long pid)
{
	char path[64], line[256];
	long kib = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%ld/status", pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "VmRSS: %ld", &kib) == 1)
			break;
	}
	if (file)
		fclose(file);
	return kib;
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

double measure_quantile(double *numbers, size_t count, double part)
{
	size_t at = (size_t)((double)count * part);

	qsort(numbers, count, sizeof(*numbers), compare);
	return numbers[at < count ? at : count - 1];
}
