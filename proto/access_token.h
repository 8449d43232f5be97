/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The shape of an access token, a JWT with HS256:
 *
 *     base64url({"alg":"HS256","typ":"JWT"}) "." base64url(payload) "." base64url(MAC)
 *
 * Defends against every other header: it is one constant text, compared and never parsed, so whoever presents a token
 * chooses no algorithm. And against a token that has two texts. The payload is handed out as bytes: it means nothing
 * before the MAC over signed_size bytes of the text is found right, which is for others to do. Pure.
 */
#ifndef APIKEYD_PROTO_ACCESS_TOKEN_H
#define APIKEYD_PROTO_ACCESS_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/wire.h"

/* What every access token begins with: the header's one encoding, and the dot. */
#define ACCESS_TOKEN_START "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
#define ACCESS_TOKEN_START_SIZE (sizeof(ACCESS_TOKEN_START) - 1)
#define ACCESS_TOKEN_MAC_BYTES 32
#define ACCESS_TOKEN_MAC_DIGITS 43
/* A payload that fits a credential of the greatest length. */
#define ACCESS_TOKEN_PAYLOAD_BYTES                                                                                     \
	((WIRE_CREDENTIAL_MAX - ACCESS_TOKEN_START_SIZE - 1 - ACCESS_TOKEN_MAC_DIGITS) * 3 / 4)

enum access_token_error {
	ACCESS_TOKEN_WELL_FORMED = 0,
	ACCESS_TOKEN_OTHER_HEADER,
	ACCESS_TOKEN_TOO_LONG,
	ACCESS_TOKEN_PARTS, /* more than three */
	ACCESS_TOKEN_PAYLOAD_EMPTY,
	ACCESS_TOKEN_PAYLOAD_CHARACTER,
	ACCESS_TOKEN_PAYLOAD_SPARE_BITS, /* or a length that no encoder writes */
	ACCESS_TOKEN_SIGNATURE_CHARACTER,
	ACCESS_TOKEN_SIGNATURE_SPARE_BITS,
	ACCESS_TOKEN_SIGNATURE_LENGTH, /* too long */
	ACCESS_TOKEN_TRUNCATED,        /* right as far as it goes */
	ACCESS_TOKEN_ERROR_COUNT,
};

struct access_token {
	size_t signed_size; /* bytes of the text before its second dot: what the MAC is over */
	uint8_t mac[ACCESS_TOKEN_MAC_BYTES];
	uint8_t payload[ACCESS_TOKEN_PAYLOAD_BYTES];
	size_t payload_size;
};

/* Parses exactly size bytes, without a scheme before them. ACCESS_TOKEN_WELL_FORMED and *ret_token, or the first
 * mistake. */
enum access_token_error access_token_parse(const char *text, size_t size, struct access_token *ret_token);

/* One sentence for a person: what is wrong and how to mend it. "" for ACCESS_TOKEN_WELL_FORMED. Static. */
const char *access_token_error_sentence(enum access_token_error error);

#endif
