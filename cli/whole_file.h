/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A file that is there whole or not at all: it has no name until all of it is on disk, so that neither a full disk nor
 * an end by force leaves half of one. Readable by its owner alone.
 */
#ifndef APIKEYD_CLI_WHOLE_FILE_H
#define APIKEYD_CLI_WHOLE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/command.h"
#include "cli/scope.h"

struct whole_file {
	const char *path; /* "-": standard output */
	bool replace;
	int folder, fd;
	char *name;      /* in the folder */
	char *temporary; /* where there are no files without a name that could be given one; else NULL */
};

#define WHOLE_FILE_INIT                                                                                                \
	{                                                                                                              \
		.folder = -1, .fd = -1                                                                                 \
	}

/* Each says what is wrong and returns another status than STATUS_DONE when it does not work. path lives as long as the
 * file. replace: one that is there already is replaced, at the end; else that is refused, at the start and at the end.
 * Where whole_file_finish() finds that the folder alone cannot be brought to the disk, it says that the file is there.
 */
enum status whole_file_begin(struct whole_file *file, const char *path, bool replace);
enum status whole_file_write(struct whole_file *file, const void *data, size_t size);
enum status whole_file_finish(struct whole_file *file);

/* What was not finished is gone. */
void whole_file_done(struct whole_file *file);

#define SCOPED_WHOLE_FILE SCOPED(whole_file_done)

#endif
