/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Keys that are read: from standard input, from the terminal without echo, from a file. Never from an argument or the
 * environment. Defends against echoing, against a terminal left without echo, and against copies left in memory.
 */
#ifndef APIKEYD_CLI_SECRET_INPUT_H
#define APIKEYD_CLI_SECRET_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/command.h"
#include "cli/scope.h"

#define SECRET_INPUT_MAX 2048 /* bytes */

/* One line, with a NUL; lives where the caller puts it, and is wiped by secret_input_done(). */
struct secret_input {
	char text[SECRET_INPUT_MAX + 4];
	size_t size; /* bytes before the NUL */
};

/*
 * Reads a key from standard input: where that is a terminal, it asks for it and does not show it. STATUS_DONE; another
 * status when there is none, or it is longer than a key can be, or has more than one line: that has been said then.
 */
enum status secret_input_read(struct secret_input *ret_secret);

/* Reads a key from a file that nobody but its owner (the caller or root) can read; "-" is standard input. Returns as
 * secret_input_read(). */
enum status secret_input_read_file(const char *path, struct secret_input *ret_secret);

/*
 * Reads a passphrase: path NULL asks on the terminal, twice where it is going to seal something; else from a file as
 * above. Returns as secret_input_read().
 */
enum status secret_input_read_passphrase(const char *path, bool twice, struct secret_input *ret_secret);

/*
 * Ask for a pair's keys on a terminal, one after the other. The public one is not shown either: who pastes both at once
 * would see the other. Return as secret_input_read().
 */
enum status secret_input_ask_public_key(struct secret_input *ret_line);
enum status secret_input_ask_private_key(struct secret_input *ret_line);

void secret_input_done(struct secret_input *secret);

#define SCOPED_SECRET_INPUT SCOPED(secret_input_done)

#endif
