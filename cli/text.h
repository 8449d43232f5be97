/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Texts from the daemon and from the command line, made fit for a terminal and for JSON. Defends against control
 * characters that would drive the terminal, against texts that read differently from what they are, and against secrets
 * on the command line. Pure, but for the character set of the locale.
 */
#ifndef APIKEYD_CLI_TEXT_H
#define APIKEYD_CLI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bytes of the UTF-8 character at text, and the character; 0 (nothing written) when there is none: no valid UTF-8,
 * or the end. */
size_t text_decode(const char *text, uint32_t *ret_character);

/*
 * A copy to show a person: control and formatting characters, bytes that are not UTF-8 and, where the locale is not
 * UTF-8, all that is not ASCII become \ooo (octal). NULL when memory is short. The caller frees.
 */
char *text_printable(const char *text);

/* A copy that is UTF-8 all through: each byte that is not becomes \xhh. NULL when memory is short. The caller frees. */
char *text_utf8(const char *text);

/* True when the text begins like a key (ak_, akt_) and is longer than prefix and id, or holds a key's prefix, id and
 * the beginning of a secret anywhere; or holds an access token. */
bool text_holds_secret(const char *text);

/* True when what every access token begins with stands anywhere in the text, and something behind it. */
bool text_holds_access_token(const char *text);

/* True when a private key of a pair stands anywhere in the text, as a word of its own: 43 digits of base64 and one '='.
 * The signature of an HMAC token looks the same. */
bool text_holds_private_key(const char *text);

/* The id in "ak_ID" or "akt_ID", else the text itself. Points into text. */
const char *text_key_reference(const char *text);

/* Reads a number of digits alone, from 1 to most. */
bool text_count(const char *text, uint64_t most, uint64_t *ret_count);

#endif
