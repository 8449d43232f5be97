/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The first key of an audit chain, as the text that an administrator keeps away from the host, and gives to
 * "apikeyctl audit verify --key-file":
 *
 *     # The first key of the audit chain 16 hex digits: keep it where nobody who takes over this host can reach it.
 *     format: 1
 *     chain: 16 hex digits
 *     seq: the number of the chain's first record
 *     key: 64 hex digits
 *     check: 16 hex digits, the beginning of the SHA-256 of all lines above
 *
 * Reading is strict and pure; several such texts may stand behind each other.
 */
#ifndef APIKEYD_CRYPTO_AUDIT_KEY_TEXT_H
#define APIKEYD_CRYPTO_AUDIT_KEY_TEXT_H

#include "crypto/audit_chain.h"

/* The longest text, with its NUL. */
#define AUDIT_KEY_TEXT_SIZE 512

/* 0, -EIO, -ENOMEM. seq is the number of the chain's first record. The caller wipes the text. */
int audit_key_text_write(const struct chain_key *first, uint64_t seq, char ret_text[AUDIT_KEY_TEXT_SIZE]);

/*
 * Reads the text at the beginning of size bytes, and how many of them it is. 0; -EINVAL: this is none; -EBADMSG: a line
 * was changed or cut; -EIO, -ENOMEM. The caller wipes the key.
 */
int audit_key_text_read(const char *given, size_t size, struct chain_key *ret_first, uint64_t *ret_seq,
			size_t *ret_taken);

#endif
