/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The chain that the records of the audit make: what apikeyd writes, and apikeyctl verifies. A record is one line:
 *
 *     {"seq":N,TEXT,"prev":"64 hex digits","mac":"64 hex digits"}
 *
 *     canonical  N as 8 bytes, big-endian, and the SHA-256 of TEXT: every byte of the line between "seq" and "prev"
 *     mac        HMAC-SHA-256(k, prev, canonical); left out where the record was written without the key
 *     prev       SHA-256(prev, canonical, mac) of the record before, 32 zeros where there is none
 *
 * So an edit, a removal, an insertion or a swap shows in the prev of the record behind it, whoever looks, and in the
 * mac to whoever has a key. k is another one for every CHAIN_EPOCH numbers: k of epoch N / CHAIN_EPOCH + 1 is
 * HMAC-SHA-256(k, "next"), and the one before is wiped, so that who takes the host over cannot make what came before.
 * A chain is known by its id, the first bytes of HMAC-SHA-256(first k, "id"). Its first record is a "chain_start" that
 * tells the id.
 */
#ifndef APIKEYD_CRYPTO_AUDIT_CHAIN_H
#define APIKEYD_CRYPTO_AUDIT_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/crypto.h"

#define CHAIN_EPOCH 1000        /* records a key is for */
#define CHAIN_AHEAD_MAX 1000000 /* epochs a key is taken forward at once: a damaged number is no reason to hang */
#define CHAIN_ID_SIZE 16        /* hex digits */
#define CHAIN_HASH_SIZE CRYPTO_HASH_SIZE
#define CHAIN_SEQ_MAX INT64_MAX /* what readers of JSON take for an integer */

/* A key of a chain, and the epoch it is for. The owner wipes it. */
struct chain_key {
	uint64_t epoch;
	uint8_t bytes[CRYPTO_KEY_SIZE];
};

/* What stands in a record besides its text. */
struct chain_links {
	uint64_t seq;
	uint8_t digest[CHAIN_HASH_SIZE]; /* of the text */
	uint8_t prev[CHAIN_HASH_SIZE];
	bool has_mac;
	uint8_t mac[CRYPTO_MAC_SIZE];
};

/* A line taken apart; the text lies in the line. */
struct chain_line {
	struct chain_links links; /* but for the digest */
	bool chained;             /* false: from before the chain, with a seq alone */
	const char *text;
	size_t text_size; /* bytes */
};

/* What follows a record's text, with its newline; and the room for it. */
#define CHAIN_TAIL_MAX (sizeof(",\"prev\":\"\",\"mac\":\"\"}\n") - 1 + 4 * CHAIN_HASH_SIZE)
size_t chain_write_tail(const struct chain_links *links, char ret_tail[CHAIN_TAIL_MAX]);

/* Takes a line apart, without its newline. False where it is no record. */
bool chain_read_line(const char *line, size_t size, struct chain_line *ret_line);

/* What a "recovered" record, whose text this is, says of the bytes that lie before it and are no record. False where it
 * is none. */
struct chain_torn {
	uint64_t bytes;
	uint8_t digest[CHAIN_HASH_SIZE];
};
bool chain_read_torn(const char *text, size_t size, struct chain_torn *ret_torn);

/* The id in a "chain_start" record, whose text this is, and a NUL. False where it is none. */
bool chain_read_start(const char *text, size_t size, char ret_id[CHAIN_ID_SIZE + 1]);

/* Whether a record, whose text this is, was written as the first one of its file: it says so itself. */
bool chain_read_first(const char *text, size_t size);

/* The name of the event in a record's text; NULL where there is none. */
const char *chain_read_event(const char *text, size_t size, size_t *ret_size);

/* mac is keyed with the key of the record's epoch. 0 or -EIO. */
int chain_mac(struct crypto_mac *mac, const struct chain_links *links, uint8_t ret_mac[CRYPTO_MAC_SIZE]);
/* The prev of the record that follows. 0 or -EIO. */
int chain_next(struct crypto_hash *hash, const struct chain_links *links, uint8_t ret_prev[CHAIN_HASH_SIZE]);

/* A fresh key. 0 or -EIO. */
int chain_key_make(uint64_t epoch, struct chain_key *ret_key);
/* Takes a key forward, in its place. 0; -ERANGE: the epoch lies behind, or too far ahead; -EIO, -ENOMEM, and the key is
 * as it was. */
int chain_key_advance(struct chain_key *key, uint64_t epoch);
/* The id of the chain that a key is the first of, and a NUL. 0, -EIO, -ENOMEM. */
int chain_key_id(const struct chain_key *key, char ret_id[CHAIN_ID_SIZE + 1]);

#endif
