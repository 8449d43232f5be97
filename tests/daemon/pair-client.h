/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Key pairs in a host's store, put there as the daemon itself would, and the HMAC tokens of their holders. Whatever
 * does not work ends the test.
 */
#ifndef APIKEYD_TESTS_DAEMON_PAIR_CLIENT_H
#define APIKEYD_TESTS_DAEMON_PAIR_CLIENT_H

#include "daemon/key_seal.h"
#include "tests/daemon/host.h"

#define PAIR_TOKEN_SIZE 512

struct pair {
	char id[CREDENTIAL_KEY_ID_MAX + 1];
	uint8_t private_key[PRIVATE_KEY_SIZE];
};

/*
 * Adds pairs of alice's, with the permission test.use, to the store; the daemon has made it, and may run. Their numbers
 * begin at first.
 */
void pairs_make(const struct host *host, unsigned int first, struct pair *ret_pairs, size_t count);

/* A token. epoch NULL: now. */
void pair_token(const struct pair *pair, const char *nonce, const char *epoch, char ret_token[PAIR_TOKEN_SIZE]);

#endif
