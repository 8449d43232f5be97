/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Many keys ended at once: "key revoke" and "key deactivate" with filters instead of a key, and "key find --revoke". */
#ifndef APIKEYD_CLI_KEY_BULK_H
#define APIKEYD_CLI_KEY_BULK_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/arguments.h"
#include "cli/session_end.h"
#include "lib/apikey.h"

/* True where the command line says which keys by more than the name of one. */
bool key_bulk_is_meant(const struct arguments *arguments);

enum status key_bulk_end(const struct arguments *arguments, enum apikey_bulk_action action);

struct key_bulk_sum {
	char *batch; /* malloc'ed; NULL before the first step */
	uint64_t touched, already;
	bool sessions_asked;
	uint64_t sessions_ended, sessions_loose;
	char *sessions_fault; /* the last; malloc'ed, NULL: none */
};

void key_bulk_sum_done(struct key_bulk_sum *sum);

/* What became of their sessions, to be told or shown. Lives as long as sum. */
struct session_end key_bulk_sessions(const struct key_bulk_sum *sum);

/* Revokes keys by their ids, however many, in one batch. STATUS_DONE; else it has been said why, and the sum says how
 * far it came. */
enum status key_bulk_revoke(const struct arguments *arguments, struct apikey_admin *admin, const char *const *ids,
			    size_t count, struct key_bulk_sum *sum);

#endif
