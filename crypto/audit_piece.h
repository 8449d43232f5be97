/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What lies in an audit file between two records and is none: torn by a crash, which the record behind it tells, or put
 * there by somebody.
 */
#ifndef APIKEYD_CRYPTO_AUDIT_PIECE_H
#define APIKEYD_CRYPTO_AUDIT_PIECE_H

#include "crypto/audit_chain.h"

struct audit_piece {
	struct crypto_hash *hash;  /* of all its lines but the last newline */
	struct crypto_hash *ended; /* with it */
	uint64_t size;             /* bytes, with the last newline */
	uint64_t line, lines;      /* the first, and how many; 0: there is no piece */
	bool newline;              /* the last line has its newline */
	uint64_t seq;              /* that the last line begins with; 0: none */
};

/* Adds a line, without its newline. 0, -ENOMEM, -EIO. */
int audit_piece_add(struct audit_piece *piece, uint64_t line, const char *data, size_t size, bool newline);
/* Whether it is what a "recovered" record says was torn: the newline at its end may be the daemon's. Asked once. */
bool audit_piece_is(const struct audit_piece *piece, const struct chain_torn *torn);
/* Empties it; accepts one that is empty. */
void audit_piece_done(struct audit_piece *piece);

#endif
