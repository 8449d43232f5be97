/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The shape of an HMAC token, by which the holder of a key pair proves it once:
 *
 *     publicKey ":" nonce ":" epoch ":" sig      exactly these four fields, none of them empty
 *
 *     publicKey   8-4-4-4-12 lower-case hexadecimal digits
 *     nonce       1 to 128 of A-Z a-z 0-9 . _ -
 *     epoch       UTC seconds, 1 to 12 digits, with a fraction of 1 to 9 digits or none
 *     sig         base64 of the 32 bytes of HMAC-SHA-256 over the text before it, with the hash of the body behind
 *
 * Defends against a token that has two texts, so that one of them would pass for new, and against texts whose fields
 * can be cut in two ways. Whether the signature is right, the nonce new and the epoch near is for others to judge.
 * Pure.
 */
#ifndef APIKEYD_PROTO_HMAC_TOKEN_H
#define APIKEYD_PROTO_HMAC_TOKEN_H

#include <stddef.h>
#include <stdint.h>

#include "proto/credential.h"

#define HMAC_TOKEN_NONCE_MAX 128
#define HMAC_TOKEN_EPOCH_DIGITS 12
#define HMAC_TOKEN_FRACTION_DIGITS 9
#define HMAC_TOKEN_SIGNATURE_SIZE 44
#define HMAC_TOKEN_MAC_SIZE 32

enum hmac_token_error {
	HMAC_TOKEN_WELL_FORMED = 0,
	HMAC_TOKEN_NUL,
	HMAC_TOKEN_PUBLIC_KEY,
	HMAC_TOKEN_NONCE_EMPTY,
	HMAC_TOKEN_NONCE_CHARACTER,
	HMAC_TOKEN_NONCE_LENGTH,
	HMAC_TOKEN_EPOCH_EMPTY,
	HMAC_TOKEN_EPOCH_CHARACTER,
	HMAC_TOKEN_EPOCH_LENGTH,
	HMAC_TOKEN_EPOCH_FRACTION,
	HMAC_TOKEN_SIGNATURE_CHARACTER,
	HMAC_TOKEN_SIGNATURE_PADDING,
	HMAC_TOKEN_SIGNATURE_SPARE_BITS,
	HMAC_TOKEN_SIGNATURE_LENGTH,
	HMAC_TOKEN_FIELDS,    /* more than four */
	HMAC_TOKEN_TRUNCATED, /* right as far as it goes */
	HMAC_TOKEN_ERROR_COUNT,
};

/* Pointers lead into the text that was parsed. */
struct hmac_token {
	const char *public_key; /* CREDENTIAL_PUBLIC_KEY_SIZE characters; the text begins with them */
	const char *nonce;
	size_t nonce_size;
	const char *epoch; /* as it is signed, fraction included */
	size_t epoch_size;
	int64_t seconds;       /* of the epoch, without its fraction */
	size_t signed_size;    /* bytes of the text, last colon included, behind which the hash of the body is signed */
	const char *signature; /* HMAC_TOKEN_SIGNATURE_SIZE characters */
	uint8_t mac[HMAC_TOKEN_MAC_SIZE];
};

/* Parses exactly size bytes, without a scheme before them. HMAC_TOKEN_WELL_FORMED and *ret_token, or the first mistake.
 */
enum hmac_token_error hmac_token_parse(const char *text, size_t size, struct hmac_token *ret_token);

/* One sentence for a person: what is wrong and how to mend it. "" for HMAC_TOKEN_WELL_FORMED. Static. */
const char *hmac_token_error_sentence(enum hmac_token_error error);

#endif
