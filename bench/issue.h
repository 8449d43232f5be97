/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Access tokens got from admin.sock, which serves one request at a time on a connection: so as many connections as are
 * to be in flight, all served by one poll(2).
 */
#ifndef APIKEYD_BENCH_ISSUE_H
#define APIKEYD_BENCH_ISSUE_H

#include <stddef.h>

/* Shows each proof once. ret_times: how long each took, in seconds; ret_tokens (may be NULL): what each got, malloced.
 * 0 or a negative errno, and a sentence on standard error. */
int issue_tokens(const char *sockets, char **proofs, size_t count, size_t flight, double *ret_times, char **ret_tokens);

#endif
