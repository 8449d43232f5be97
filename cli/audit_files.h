/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The audit files that are verified. They are opened from the newest to the oldest, and each but once, so that a
 * rotation meanwhile leaves none out; and read from the oldest to the newest.
 */
#ifndef APIKEYD_CLI_AUDIT_FILES_H
#define APIKEYD_CLI_AUDIT_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/command.h"
#include "cli/scope.h"
#include "crypto/audit_verify.h"

struct audit_files;

/* NULL when memory is short. */
struct audit_files *audit_files_new(void);
void audit_files_free(struct audit_files *files);
SCOPE_DESTRUCTOR(audit_files_scope, struct audit_files, audit_files_free);

/* Each says what is wrong and returns another status than STATUS_DONE when it does not work. The names of the files
 * live as long as the object. */

/* The files of a folder, audit.jsonl and the rotated ones. */
enum status audit_files_open_folder(struct audit_files *files, const char *path);
/* These, the oldest first. */
enum status audit_files_open(struct audit_files *files, const char *const *paths, size_t count);
/* live: a daemon writes to the last one, and a line without its end is waited for. */
enum status audit_files_feed(struct audit_files *files, struct audit_verifier *verifier, bool live);

/* All of a small file; "-" is standard input. 0, -EFBIG, or another negative errno. The caller wipes. */
int audit_files_read_small(const char *path, char *ret_text, size_t room, size_t *ret_size);
/* Exactly the 64 hex digits of a hash. */
bool audit_files_read_hash(const char *hex, uint8_t ret_hash[CHAIN_HASH_SIZE]);

#endif
