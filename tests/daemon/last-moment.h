/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Runs a program and looks into its memory in its last moment: when it has done all it does, and what a core dump would
 * hold is still there. Whatever does not work ends the test.
 */
#ifndef APIKEYD_TESTS_DAEMON_LAST_MOMENT_H
#define APIKEYD_TESTS_DAEMON_LAST_MOMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define LAST_MOMENT_OUTPUT 16384

struct last_moment {
	char *const *arguments;            /* the first is the program; a NULL at the end */
	const char *input;                 /* what it may read; 4 KiB at most */
	void (*prepare)(const void *data); /* in the new process before the program, or NULL */
	const void *data;
};

/*
 * Runs it. visit is called, when the program is about to end, with what it has written to standard output, and with
 * whose memory it is. The status as waitpid() gives it.
 */
int last_moment_run(const struct last_moment *run, void (*visit)(void *data, pid_t pid, const char *output),
		    void *data);

/* Whether this can be done here: emulators cannot, and what sanitizers keep is no part of the program. */
bool last_moment_is_possible(void);

/* Calls back with all the memory that a core dump of a stopped process holds, and a bit more, in pieces that overlap.
 * place lives until take returns. */
void last_moment_memory(pid_t pid, size_t overlap,
			void (*take)(void *data, const char *place, const void *bytes, size_t size), void *data);

#endif
