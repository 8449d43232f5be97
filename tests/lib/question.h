/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * One question asked of a server, and what must be said of its answer.
 */
#ifndef APIKEYD_TESTS_LIB_QUESTION_H
#define APIKEYD_TESTS_LIB_QUESTION_H

#include "lib/apikey.h"
#include "tests/lib/peer.h"

#define QUESTION_PATIENT 20000 /* milliseconds; where an answer is expected */

/* What a refusal says where nobody trustworthy answered. */
#define QUESTION_UNREACHABLE APIKEY_UNAVAILABLE, "daemon_unreachable"

/* May alice use imap? */
extern const struct apikey_request question_whole;

/* apikey_verify() or apikey_account(). */
typedef int (*question_call)(const struct apikey_options *, const struct apikey_request *, struct apikey_result **);

/* Asks; timeout in milliseconds. The result, to be freed. */
struct apikey_result *question_ask(question_call function, const char *path, unsigned int timeout,
				   const struct apikey_request *request);

/* It is this refusal, and tells nothing about a key. */
void question_assert_refused(const struct apikey_result *result, enum apikey_verdict verdict, const char *reason);

/* It is the grant of peer_grant_of(), with nothing lost. */
void question_assert_granted(const struct apikey_result *result);

/* A script for a peer: grants one question. */
void question_serve_grant(struct peer *peer, int fd, unsigned int number);

#endif
