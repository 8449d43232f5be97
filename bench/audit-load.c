/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * audit-load FOLDER RECORDS: records of logins written one by one, as the daemon writes them; the same while another
 * thread brings them to the disk a hundred times as often as the daemon does; and the same texts without numbers,
 * hashes and MACs, appended to a file by write(2) alone. The three take turns. Prints records a second of the second
 * and the third, the 99.9th percentile of what one record took in the second and in the first, in microseconds, and how
 * often the disk was waited for.
 */
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/measure.h"
#include "common/clock.h"
#include "daemon/audit.h"
#include "daemon/audit_seal.h"

#define TURNS 10

static atomic_bool wanted, done;
static atomic_uint syncs;

static struct audit_record record_now(void)
{
	return (struct audit_record){
		.time = clock_wall_microseconds(),
		.event = "verify",
		.has_verdict = true,
		.verdict = VERDICT_GRANTED,
		.key_id = "PTB8FMNA94wO",
		.key_name = "laptop",
		.owner = "alice",
		.user = "alice",
		.service = "sshd",
		.tty = "ssh",
		.rhost = "192.0.2.17",
		.permission = "pam.sshd",
		.has_peer = true,
		.peer_pid = 4711,
	};
}

static void *keep_on_disk(void *data)
{
	const struct timespec rest = { .tv_nsec = 10000000 };

	while (!atomic_load(&done)) {
		nanosleep(&rest, NULL);
		if (!atomic_load(&wanted))
			continue;
		if (audit_sync(data) < 0)
			abort();
		atomic_fetch_add(&syncs, 1);
	}
	return NULL;
}

static struct audit *open_audit(const char *folder)
{
	const struct audit_options options = { .max_size = 64 << 20, .keep = 1 };
	struct audit_seal seal = { .first_seq = 1 };
	struct audit *audit;

	if (audit_open(folder, &options, &audit) < 0 || chain_key_make(0, &seal.key) < 0 ||
	    chain_key_id(&seal.key, seal.id) < 0)
		abort();
	audit_begin(audit, &seal, "there was no key");
	audit_seal_done(&seal);
	return audit;
}

/* Seconds that count records take; the time of each goes into times. */
static double write_chained(struct audit *audit, size_t count, double *times)
{
	double start = measure_seconds(CLOCK_MONOTONIC), before = start, now = start;

	for (size_t i = 0; i < count; i++) {
		struct audit_record record = record_now();

		if (audit_write(audit, &record, 1) < 0)
			abort();
		now = measure_seconds(CLOCK_MONOTONIC);
		times[i] = now - before;
		before = now;
	}
	return now - start;
}

static double write_bare(int fd, size_t count)
{
	double start = measure_seconds(CLOCK_MONOTONIC);

	for (size_t i = 0; i < count; i++) {
		struct audit_record record = record_now();
		char *text = audit_format(&record);
		size_t size = text ? strlen(text) : 0;

		if (size == 0)
			abort();
		text[size] = '\n';
		if (write(fd, text, size + 1) != (ssize_t)size + 1)
			abort();
		free(text);
	}
	return measure_seconds(CLOCK_MONOTONIC) - start;
}

int main(int argc, char **argv)
{
	size_t count = argc == 3 ? strtoul(argv[2], NULL, 10) / TURNS : 0;
	double synced = 0, bare = 0, *times[2];
	struct audit *audit;
	char path[PATH_MAX];
	pthread_t keeper;
	int fd;

	if (count < 100) {
		fprintf(stderr, "usage: audit-load FOLDER RECORDS\n");
		return 2;
	}
	snprintf(path, sizeof(path), "%s/bare.XXXXXX", argv[1]);
	times[0] = calloc(count * TURNS, sizeof(*times[0]));
	times[1] = calloc(count * TURNS, sizeof(*times[1]));
	audit = open_audit(argv[1]);
	fd = mkstemp(path);
	if (!times[0] || !times[1] || fd < 0 || pthread_create(&keeper, NULL, keep_on_disk, audit) != 0)
		abort();
	for (size_t turn = 0; turn < TURNS; turn++) {
		write_chained(audit, count, times[0] + turn * count);
		atomic_store(&wanted, true);
		synced += write_chained(audit, count, times[1] + turn * count);
		atomic_store(&wanted, false);
		bare += write_bare(fd, count);
	}
	atomic_store(&done, true);
	pthread_join(keeper, NULL);
	printf("%.0f %.0f %.1f %.1f %u\n", (double)(count * TURNS) / synced, (double)(count * TURNS) / bare,
	       measure_quantile(times[1], count * TURNS, 0.999) * 1e6,
	       measure_quantile(times[0], count * TURNS, 0.999) * 1e6, atomic_load(&syncs));
	audit_close(audit);
	unlink(path);
	close(fd);
	free(times[0]);
	free(times[1]);
	return EXIT_SUCCESS;
}
