/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Permissions: names, grants and queries. Pure, without allocation.
 *
 *     name     segments joined by dots, each [a-z0-9][a-z0-9_-]{0,63}          mail.imap
 *     grant    a name; or a name and ".*" (all below it, not itself); or "*"   mail.*
 *     query    names joined by AND, OR and parentheses; AND binds closer       (a.read OR a.write) AND b.use
 *
 * A query is at most WIRE_PERMISSION_MAX bytes and PERMISSION_DEPTH_MAX parentheses deep. It has no wildcard and no
 * NOT. The grants of a key are one text, separated by single spaces.
 */
#ifndef APIKEYD_PROTO_PERMISSION_H
#define APIKEYD_PROTO_PERMISSION_H

#include <stdbool.h>
#include <stddef.h>

#define PERMISSION_SEGMENT_MAX 64 /* bytes */
#define PERMISSION_DEPTH_MAX 8

bool permission_is_name(const char *text);
bool permission_is_grant(const char *text);

/* NULL when text is a query; else a static sentence that says what is wrong, and *ret_offset the byte where. */
const char *permission_query_error(const char *text, size_t *ret_offset);

/* True when the grants satisfy the query; false also for a text that is no query. */
bool permission_query_holds(const char *query, const char *grants);

/*
 * The same for a test key, which is for trying things out: of what its grants reach, only what lies below "test."
 * counts, so that it opens nothing else whatever it was given.
 */
bool permission_query_holds_for_test(const char *query, const char *grants);

/* True when whoever holds grants may hand on this grant: one of them reaches at least as far. */
bool permission_grants_cover(const char *grants, const char *grant);

/* The same for all of several grants, separated by spaces; true for none. */
bool permission_grants_cover_all(const char *grants, const char *wanted);

/* Makes the module's default query, "pam.<service>". False when the service name does not fit a segment, or size is too
 * small. */
bool permission_default_query(const char *service, char *ret_query, size_t size);

#endif
