/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * fsync-round FOLDER COUNT: what a disk takes at least to keep something: one page written behind the last, and
 * fdatasync. Prints microseconds a round.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/measure.h"

int main(int argc, char **argv)
{
	static const char page[4096] = "page";
	long count = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
	char path[PATH_MAX];
	double start;
	int fd;

	if (count < 1) {
		fprintf(stderr, "usage: fsync-round FOLDER COUNT\n");
		return 2;
	}
	snprintf(path, sizeof(path), "%s/fsync-round.XXXXXX", argv[1]);
	fd = mkstemp(path);
	if (fd < 0) {
		perror(path);
		return EXIT_FAILURE;
	}
	unlink(path);
	start = measure_seconds(CLOCK_MONOTONIC);
	for (long i = 0; i < count; i++) {
		if (write(fd, page, sizeof(page)) != (ssize_t)sizeof(page) || fdatasync(fd) < 0) {
			perror(path);
			return EXIT_FAILURE;
		}
	}
	printf("%.2f\n", (measure_seconds(CLOCK_MONOTONIC) - start) / (double)count * 1e6);
	close(fd);
	return EXIT_SUCCESS;
}
