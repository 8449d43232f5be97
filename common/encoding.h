/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Encodings without a domain: CRC-32, base62, base64, hexadecimal, UTF-8. Pure functions over bounded
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

/* How many characters size bytes have in base64 (RFC 4648, section 4) and in base64url without padding (section 5). */
#define ENCODING_BASE64_SIZE(size) (((size) + 2) / 3 * 4)
#define ENCODING_BASE64URL_SIZE(size) ((size) / 3 * 4 + ((size) % 3 * 4 + 2) / 3)

/*
 * Write so many characters and a NUL. Time and memory accesses depend on size alone, since it may be a key that is
 * written; the same holds for reading what is well-formed.
 */
void encoding_base64_encode(const void *data, size_t size, char *ret_text);
void encoding_base64url_encode(const void *data, size_t size, char *ret_text);

/*
 * Read exactly length characters. Only what the functions above write is accepted: the one alphabet, padding as it must
 * be (none in base64url), no spare bits set, no line breaks, so that two texts never mean the same bytes. False when
 * text is anything else or more than capacity bytes.
 */
bool encoding_base64_decode(const char *text, size_t length, void *ret_data, size_t capacity, size_t *ret_size);
bool encoding_base64url_decode(const char *text, size_t length, void *ret_data, size_t capacity, size_t *ret_size);

/* Writes 2 * size lower-case digits and a NUL. */
void encoding_hex(const void *data, size_t size, char *ret_text);

/* Reads exactly 2 * size hexadecimal digits of either case. False when text is anything else. */
bool encoding_unhex(const char *text, void *ret_data, size_t size);

/* True when all characters are visible ASCII ones, without blanks: '!' to '~'. */
bool encoding_is_visible(const char *text);

/* True when the size bytes are well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms, at most U+10FFFF). */
bool encoding_is_utf8(const char *text, size_t size);

/* True when the byte string is well-formed UTF-8 without control characters (U+0000–U+001F, U+007F–U+009F). */
bool encoding_is_printable_utf8(const char *text, size_t size);

#endif
