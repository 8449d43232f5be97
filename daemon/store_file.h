/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The files of a store as files: what SQLite puts beside one, and what makes a change of names last. */
#ifndef APIKEYD_DAEMON_STORE_FILE_H
#define APIKEYD_DAEMON_STORE_FILE_H

/* Removes a database and all that SQLite may have left beside it. Nobody has it open. What is not there is no fault. */
void store_file_remove(const char *path);

/* Waits until a file or a folder is on disk. flags: O_NOFOLLOW, O_DIRECTORY. 0 or a negative errno. */
int store_file_sync(const char *path, int flags);

#endif
