/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Where a walk over keys goes on, as a text that a client brings back: a key as OWNER/NAME, in other tenants than the
 * default one OWNER/NAME/ACCOUNT/TENANT/, which no name ends like. The walk goes on behind it. Pure.
 */
#ifndef APIKEYD_DAEMON_KEY_CURSOR_H
#define APIKEYD_DAEMON_KEY_CURSOR_H

#include <stdbool.h>

#include "daemon/store.h"

void key_cursor_write(const struct store_key *key, char ret_cursor[WIRE_CURSOR_MAX + 1]);

/* cursor NULL: the start. False when it is none that was written so. */
bool key_cursor_read(const char *cursor, struct store_position *ret_position);

#endif
