/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The keys of a list on their way out: printed as they come where they come in order, else kept, in as few bytes as
 * will do, and sorted. So a list of a million keys takes little memory in the daemon's order, and with a limit in any
 * order.
 */
#ifndef APIKEYD_CLI_KEY_ROWS_H
#define APIKEYD_CLI_KEY_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/scope.h"
#include "lib/apikey.h"

enum key_order {
	KEY_ORDER_OWNER, /* and name: as the daemon gives them */
	KEY_ORDER_NAME,
	KEY_ORDER_CREATED,
	KEY_ORDER_EXPIRES,   /* what never does comes last */
	KEY_ORDER_LAST_USED, /* what never was comes first */
	KEY_ORDER_COUNT,
};

struct key_rows_options {
	bool json;
	bool object; /* JSON is an object around the array, which has room for what key_rows_end() says */
	enum key_order order;
	bool reverse;
	size_t limit; /* SIZE_MAX: none */
	int64_t now;
};

/* "owner", "name", …; false for anything else. */
bool key_order_parse(const char *text, enum key_order *ret_order);

struct key_rows;

/* NULL when memory is short. */
struct key_rows *key_rows_new(const struct key_rows_options *options);
/* Accepts NULL. */
void key_rows_free(struct key_rows *rows);

/* True when keys have to come all before the first can be printed. */
bool key_rows_collect(const struct key_rows_options *options);

/* Takes a key, which may go afterwards. 0 or -ENOMEM. */
int key_rows_add(struct key_rows *rows, const struct apikey_key *key);

/* How many will be printed, or were; *ret_more: others were left out for the limit. */
size_t key_rows_count(const struct key_rows *rows, bool *ret_more);

/* Prints what is left, and the end. cursor (may be NULL) and more go into the object. 0 or -ENOMEM. */
int key_rows_end(struct key_rows *rows, const char *cursor, bool more);

SCOPE_DESTRUCTOR(key_rows_scope, struct key_rows, key_rows_free);
#define SCOPED_KEY_ROWS SCOPED(key_rows_scope)

#endif
