/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Tokens for measuring, made again from their number: fill-store stores them, verify-load presents them. Not random,
 * not secret.
 */
#ifndef APIKEYD_BENCH_TOKENS_H
#define APIKEYD_BENCH_TOKENS_H

#include <stdint.h>

#include "proto/credential.h"

/* One step of splitmix64: neighbours lie far apart, so that ids are spread over the whole tree. */
uint64_t tokens_random(uint64_t *state);

/* Writes the id and the whole token of a number. */
void tokens_make(uint64_t number, char ret_id[CREDENTIAL_ID_SIZE + 1], char ret_token[CREDENTIAL_OPAQUE_MAX + 1]);

#endif
