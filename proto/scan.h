/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Finds credentials in any bytes: logs, diffs, dumps, binaries. Pure. A text is found by itself, whatever stands before
 * and behind it: a key in the middle of a longer word is a key all the same, and whoever leaked it leaked all of it.
 *
 *     an opaque token   ak_ or akt_, id, secret, and check characters that fit (proto/credential.h)
 *     a public key      8-4-4-4-12 hexadecimal digits in lower case, beside which there is no further digit or dash:
 *                       what looks alike is common, and only who knows the keys can tell
 *
 * A private key is 32 random bytes in base64, which nothing tells from others, and is not found.
 */
#ifndef APIKEYD_PROTO_SCAN_H
#define APIKEYD_PROTO_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/credential.h"

/* Bytes that a text and what has to be seen around it take at most, with one to spare. */
#define SCAN_WINDOW 64

enum scan_kind {
	SCAN_OPAQUE,
	SCAN_PUBLIC_KEY,
};

/* A text was found: size bytes from data + at on. */
typedef void (*scan_visitor)(void *user, enum scan_kind kind, size_t at, size_t size);

/*
 * Visits the texts that begin at from or behind it and before the place that is returned, in the order of where they
 * begin. Bytes before from are looked at, not visited. With end, data ends where the whole does, and size is returned;
 * without, the last SCAN_WINDOW bytes are left for a call with more behind them, which then gives them as from (with a
 * byte at least before that, unless it is the very first): so a stream can be read in pieces, and each text is visited
 * once.
 */
size_t scan_bytes(const void *data, size_t size, size_t from, bool end, scan_visitor visitor, void *user);

#endif
