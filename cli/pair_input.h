/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A key pair that is read: from standard input, as 'key create' prints one, or from the terminal without echo. Never
 * from an argument, but for the public key. Defends against copies of the private key left in memory, and against
 * complaints that repeat it.
 */
#ifndef APIKEYD_CLI_PAIR_INPUT_H
#define APIKEYD_CLI_PAIR_INPUT_H

#include "cli/command.h"
#include "cli/scope.h"

/* Longer than either can be: what does not fit is none. */
#define PAIR_INPUT_MAX 100

/* Texts as they were read; what they hold is for others to judge. Wiped by pair_input_done(). */
struct pair_input {
	char public_key[PAIR_INPUT_MAX + 1];
	char private_key[PAIR_INPUT_MAX + 1];
};

/*
 * Reads a pair from standard input: two lines, the public key first, or a JSON object with public_key and private_key
 * among its members. Where public_key is given, the private key alone will do, and another public key is refused. On a
 * terminal it asks. STATUS_DONE, or another status, and what is wrong has been said.
 */
enum status pair_input_read(const char *public_key, struct pair_input *ret_pair);

void pair_input_done(struct pair_input *pair);

#define SCOPED_PAIR_INPUT SCOPED(pair_input_done)

#endif
