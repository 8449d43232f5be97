/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * From the file to its bytes. Whoever can write the configuration rules the program, so a file that is a link, no
 * regular file, or in the hands of anyone but root and this user is refused before a byte of it is read.
 */
#ifndef APIKEYD_COMMON_SETTINGS_FILE_H
#define APIKEYD_COMMON_SETTINGS_FILE_H

#include <stddef.h>

#include "common/settings_table.h"

/* Reads all of a file into memory, which the caller frees. 0; -ENOENT (no such file; not reported); -EINVAL, reported;
 * -ENOMEM. */
int settings_file_read(const char *path, char **ret_text, size_t *ret_size, settings_reporter reporter, void *data);

/* The file the command line gave; or, where given is NULL, the fallback, which may be missing: NULL, and 0 bytes. */
int settings_file_read_given(const char *given, const char *fallback, char **ret_text, size_t *ret_size,
			     settings_reporter reporter, void *data);

#endif
