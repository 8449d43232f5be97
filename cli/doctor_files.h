/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The files of the host that doctor looks at, or those of another tree. Doctor may be root, and some of what it reads
 * belongs to others: nothing outside of the tree is reached through a link, no device or pipe is opened to be read, and
 * what is read has a bound.
 */
#ifndef APIKEYD_CLI_DOCTOR_FILES_H
#define APIKEYD_CLI_DOCTOR_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "cli/doctor_memory.h"

struct doctor_files {
	struct doctor_memory *memory;
	int root;         /* a descriptor of the tree; -1: the host itself */
	const char *tree; /* as given; "" for the host itself */
};

/* Opens the tree; NULL is the host itself. 0 or a negative errno. */
int doctor_files_open(struct doctor_files *files, const char *tree);
void doctor_files_close(struct doctor_files *files);

/* Whether links at the end of a path are followed. Those on the way always are, inside of the tree. */
enum doctor_follow {
	DOCTOR_NO_FOLLOW,
	DOCTOR_FOLLOW,
};

/* All paths are absolute, in the tree. 0 or a negative errno. */
int doctor_files_stat(const struct doctor_files *files, const char *path, enum doctor_follow follow,
		      struct stat *ret_status);

/* Opens with flags (O_CLOEXEC is added). A descriptor the caller closes, or a negative errno. */
int doctor_files_descriptor(const struct doctor_files *files, const char *path, int flags);

/*
 * Reads a regular file of at most limit bytes; *ret_text, which lives as long as the memory, ends in a NUL that
 * *ret_size does not count. -EFBIG for a longer one, -EINVAL for what is no regular file. from_end: the last limit
 * bytes of a file of any length.
 */
int doctor_files_read(const struct doctor_files *files, const char *path, enum doctor_follow follow, size_t limit,
		      bool from_end, char **ret_text, size_t *ret_size);

/* The names in a folder, without those that begin with a dot, sorted, NULL at the end. -EFBIG when there are more than
 * a few thousand. */
int doctor_files_list(const struct doctor_files *files, const char *path, char ***ret_names);

/* The target of a link, or NULL when it is none. */
const char *doctor_files_link(const struct doctor_files *files, const char *path);

/* The path as the user knows it: behind that of the tree. */
const char *doctor_files_show(const struct doctor_files *files, const char *path);

#endif
