/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Uses of a key by period and service: counted here, and drawn as bars that fit the terminal, or as JSON. Pure, but for
 * the locale, the terminal and standard output.
 */
#ifndef APIKEYD_CLI_USAGE_VIEW_H
#define APIKEYD_CLI_USAGE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/scope.h"

#define USAGE_PERIODS_MAX 744
#define USAGE_SERVICES_MAX 64 /* that are told apart; more are counted together */

struct usage;

/*
 * Periods up to now, the present one included: so many hours, or days of the local time zone. NULL when memory is
 * short.
 */
struct usage *usage_new(size_t periods, bool hours, int64_t now);
/* Accepts NULL. */
void usage_free(struct usage *usage);

/* The first second of the first period, and of any (up to the number of them, which is the end of the last). */
int64_t usage_start(const struct usage *usage, size_t period);

/* Counts; what lies outside is left out. False when memory is short. */
bool usage_add(struct usage *usage, int64_t time, const char *service, uint64_t granted, uint64_t refused);

/* All that was counted. */
uint64_t usage_granted(const struct usage *usage);
uint64_t usage_refused(const struct usage *usage);

/* Draws so many columns wide, with block elements or in ASCII. False when memory is short. */
bool usage_draw(const struct usage *usage, size_t width, bool blocks);

/* Prints it as JSON. oldest: how far the records reach back, seconds since 1970 UTC, or 0. False when memory is short.
 */
bool usage_print_json(const struct usage *usage, const char *key, int64_t oldest);

SCOPE_DESTRUCTOR(usage_scope, struct usage, usage_free);
#define SCOPED_USAGE SCOPED(usage_scope)

#endif
