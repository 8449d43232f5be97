/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What became of the sessions that were to end with a key, or with many: asked for and told in the same way by all
 * commands that end keys. */
#ifndef APIKEYD_CLI_SESSION_END_H
#define APIKEYD_CLI_SESSION_END_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "cli/arguments.h"
#include "lib/apikey.h"

/* As in struct apikey_key; fault is "" or the caller's. */
struct session_end {
	bool asked;
	uint64_t ended, loose;
	const char *fault;
};

/* By --end-sessions and --keep-sessions: 1, -1, or 0 for what the policy says. STATUS_USAGE where both are given. */
enum status session_end_read(const struct arguments *arguments, int *ret_sessions);

/* NULL when memory is short. */
json_t *session_end_json(const struct session_end *end);

/*
 * Says it, unless quiet: that "N sessions of <whose> were told to end". STATUS_DONE, also where nothing was asked for;
 * or else it has been said, quiet or not, that <done> "but sessions may be open", and why.
 */
enum status session_end_tell(const struct session_end *end, const char *whose, const char *done, bool quiet);

#endif
