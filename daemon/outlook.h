/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * How the parts of the daemon are, looked at once, and what of that an operator should do something about, in
 * sentences. Status shows it to people, metrics count it. In the main thread.
 */
#ifndef APIKEYD_DAEMON_OUTLOOK_H
#define APIKEYD_DAEMON_OUTLOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/clock.h"
#include "daemon/audit.h"
#include "daemon/audit_keeper.h"
#include "daemon/lockdown.h"
#include "daemon/store_health.h"
#include "daemon/vault.h"
#include "daemon/writer.h"

#define OUTLOOK_WHYS 8

struct outlook {
	bool serves; /* the store can be read */
	size_t why_count;
	char whys[OUTLOOK_WHYS][WIRE_REASON_MAX + 1]; /* the worst first */
	struct store_health store;
	struct writer_health writer;
	struct audit_health audit;
	struct audit_keeper_health audit_keeper;
	char store_fault[VAULT_FAULT_SIZE];
	struct store_lockdown lockdown;
	char lockdown_since[CLOCK_TEXT_SIZE];
	bool master_key_followed; /* by one that is not this daemon's */
	uint32_t wrap;            /* the newest there is; 0: not known */
	int64_t clock_latest;     /* the latest time the store has seen; 0: not known */
	int64_t clock_behind;     /* seconds the clock stands behind it, or 0 */
};

/* reader and vault: NULL where the store cannot be read. */
void outlook_take(const struct daemon *daemon, const struct settings *settings, struct store_reader *reader,
		  const struct vault *vault, struct outlook *ret_outlook);

/* "ok", "degraded" or "unavailable". */
const char *outlook_state(const struct outlook *outlook);

#endif
