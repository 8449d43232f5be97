/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Encodings without a domain: CRC-32, base62, hexadecimal, UTF-8. Pure functions over bounded
 * memory; nothing here allocates.
 */
#ifndef APIKEYD_COMMON_ENCODING_H
#define APIKEYD_COMMON_ENCODING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The base62 alphabet, digits before upper case before lower case. */
extern const char encoding_base62[62 + 1];

/* CRC-32/ISO-HDLC, as zlib's crc32(0, …) computes it. */
uint32_t encoding_crc32(const void *data, size_t size);

/* Writes value in exactly digits base62 characters, most significant first, left-padded with '0', and no NUL. */
void encoding_base62_number(uint32_t value, char *ret_text, size_t digits);

/* True when all size bytes are of the base62 alphabet. */
bool encoding_is_base62(const char *text, size_t size);

/* Writes 2 * size lower-case digits and a NUL. */
void encoding_hex(const void *data, size_t size, char *ret_text);

/* Reads exactly 2 * size hexadecimal digits of either case. False when text is anything else. */
bool encoding_unhex(const char *text, void *ret_data, size_t size);

/* True when the size bytes are well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms, at most U+10FFFF). */
bool encoding_is_utf8(const char *text, size_t size);

/* True when the byte string is well-formed UTF-8 without control characters (U+0000–U+001F, U+007F–U+009F). */
bool encoding_is_printable_utf8(const char *text, size_t size);

#endif
