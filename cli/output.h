/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What apikeyctl says: results on standard output, all else on standard error. Defends against secrets that get lost or
 * land in the wrong place: descriptors 0 to 2 are open before anything else is, a failed write is an error, and what is
 * said on standard error has no control characters.
 */
#ifndef APIKEYD_CLI_OUTPUT_H
#define APIKEYD_CLI_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/command.h"

/* Opens what of the descriptors 0 to 2 is closed, so that no socket takes its place, in a way that makes using it fail
 * as before. 0 or a negative errno. */
int output_prepare(void);

/* "apikeyctl: …" and a newline on standard error. Returns status, so that a caller can say and return at once. */
enum status output_complain(enum status status, const char *form, ...) __attribute__((format(printf, 2, 3)));

/* The same without "apikeyctl:", for what is no complaint. */
void output_note(const char *form, ...) __attribute__((format(printf, 1, 2)));

/* Complains that memory is short. */
enum status output_no_memory(void);

/* True when standard output can be written to at all (it is not closed or read-only). */
bool output_is_open(void);

/* Writes a secret to standard output, past all buffers, and to the disk where it is a file. 0 or a negative errno. */
int output_write_secret(const char *data, size_t size);

/* Closes standard output. status, or STATUS_REFUSED and a complaint when something written to it was lost. */
enum status output_finish(enum status status);

#endif
