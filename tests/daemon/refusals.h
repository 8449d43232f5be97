/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Credentials that are well-formed and refused: each is another one, as those of who guesses are.
 */
#ifndef APIKEYD_TESTS_DAEMON_REFUSALS_H
#define APIKEYD_TESTS_DAEMON_REFUSALS_H

#include "tests/daemon/pair-client.h"

/* A key's id with another secret; NULL: no key's id. */
void refusal_opaque(const char *id, char ret_text[PAIR_TOKEN_SIZE]);

/* An HMAC token, signed with another private key than that of id; NULL: no key's id. */
void refusal_pair(const char *id, char ret_text[PAIR_TOKEN_SIZE]);

#endif
