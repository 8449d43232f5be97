/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The state of the daemon for a person: what an operator looks at first, first. */
#ifndef APIKEYD_CLI_STATE_VIEW_H
#define APIKEYD_CLI_STATE_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/apikey.h"

/* The text of an item, "" where there is none; its number, 0 where there is none. */
const char *state_text(const struct apikey_status *state, const char *name);
uint64_t state_number(const struct apikey_status *state, const char *name);

/* Bytes as "218.5 MiB". */
#define STATE_SIZE_TEXT 32
void state_size(uint64_t bytes, char ret_text[STATE_SIZE_TEXT]);

/* Prints it. False when memory is short. */
bool state_view_print(const struct apikey_status *state, int64_t now);

#endif
