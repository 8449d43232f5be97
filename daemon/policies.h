/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The policies: rules that an administrator sets for all keys in [policy] of apikeyd.conf, and for those of one tenant
 * in the store. One table says what there is, what a value may be and how it is written, so that the file, a tenant and
 * the one who shows them agree. daemon/policy.c judges by them.
 */
#ifndef APIKEYD_DAEMON_POLICIES_H
#define APIKEYD_DAEMON_POLICIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/clock.h"

struct settings;
struct store_reader;

/* Their names, by which the store keeps them too, are in the table. */
enum policies_rule {
	POLICIES_DEFAULT_LIFETIME,
	POLICIES_MAX_LIFETIME,
	POLICIES_MAX_SECRET_AGE,
	POLICIES_WARN_BEFORE,
	POLICIES_ON_VIOLATION,
	POLICIES_MISUSE,
	POLICIES_MISUSE_SOURCES,
	POLICIES_MISUSE_WINDOW,
	POLICIES_END_SESSIONS,
	POLICIES_COUNT,
};

/* Of on_violation and misuse: what is wrong is let in and told. */
#define POLICIES_REPORT 0
#define POLICIES_REFUSE 1  /* of on_violation */
#define POLICIES_SUSPEND 1 /* of misuse */

/* What holds: members in the order of enum policies_rule. */
struct policies {
	int64_t default_lifetime; /* seconds that a key lives which was made without an end; TIME_NEVER */
	int64_t max_lifetime;     /* seconds that the end of a key may lie ahead, no end being too far; TIME_NEVER */
	int64_t max_secret_age;   /* seconds after which a secret is too old; TIME_NEVER */
	int64_t warn_before;      /* seconds ahead of an end that it is warned of; TIME_NEVER: it is not */
	int64_t on_violation;     /* of max_lifetime and max_secret_age: POLICIES_REPORT or POLICIES_REFUSE */
	int64_t misuse;           /* what comes of it: POLICIES_REPORT or POLICIES_SUSPEND */
	int64_t misuse_sources;   /* use from so many networks within misuse_window is misuse; 0: it is not */
	int64_t misuse_window;    /* seconds */
	int64_t end_sessions;     /* 1: who ends a key ends its sessions too */
};

/* The defaults, for all of them. */
void policies_default(struct policies *ret_policies);

/* "max_lifetime"; static. */
const char *policies_name(enum policies_rule rule);

/* The rule of that name. POLICIES_COUNT: there is none. */
enum policies_rule policies_of_name(const char *name);

/* Whether a value fits the rule. A row of the store could have been written by another program. */
bool policies_allow(enum policies_rule rule, int64_t value);

int64_t policies_get(const struct policies *policies, enum policies_rule rule);
void policies_set(struct policies *policies, enum policies_rule rule, int64_t value);

#define POLICIES_TEXT_SIZE 32

/* Reads and writes a value as it stands in the file: "90d", "never", "refuse". Reading: false for what does not fit. */
bool policies_parse(enum policies_rule rule, const char *text, int64_t *ret_value);
void policies_format(enum policies_rule rule, int64_t value, char ret_text[POLICIES_TEXT_SIZE]);

/* What a value must be, for a sentence: "be a span of time from 1m to 100y, such as 90d, or never". */
#define POLICIES_MUST_SIZE 128
void policies_must(enum policies_rule rule, char ret_text[POLICIES_MUST_SIZE]);

/*
 * What holds for the keys of a tenant (its id; "": keys of an account, which follow the file alone): its own where it
 * has them, else what the file says. Reads in the reader's open transaction, or as it is now; where no tenant of the
 * store has any of its own, nothing is read. 0, or a negative errno of the store, and nothing is known then.
 */
int policies_find(struct store_reader *reader, const struct settings *settings, const char *tenant,
		  struct policies *ret_policies);

/* What a tenant has of its own: values of the rules whose bit (1 << rule) is set, and nothing else. 0 or a negative
 * errno of the store. */
struct policies_own {
	unsigned int has;
	struct policies values;
};
int policies_find_own(struct store_reader *reader, const char *tenant, struct policies_own *ret_own);

#endif
