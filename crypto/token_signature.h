/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The signature of an access token, a JWT (RFC 7515, RFC 7519) with HS256 and one constant header:
 *
 *     signed   base64url({"alg":"HS256","typ":"JWT"}) "." base64url(payload)
 *     token    signed "." base64url(HMAC-SHA-256(signing key, signed))
 *
 * Defends against every other header, since no algorithm is for whoever presents a token to choose, and against
 * guessing a MAC by time. How a token is cut into its parts, and what its payload says, is for others.
 */
#ifndef APIKEYD_CRYPTO_TOKEN_SIGNATURE_H
#define APIKEYD_CRYPTO_TOKEN_SIGNATURE_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/crypto.h"

#define TOKEN_HEAD "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9." /* the one header, and its dot */
#define TOKEN_SIZE_MAX 2048                                /* characters of a token */
#define TOKEN_PAYLOAD_MAX 1475                             /* bytes of the payload of such a one */

/*
 * The token of a payload under the key of mac, and a NUL; ret_token has room for TOKEN_SIZE_MAX + 1 bytes. 0; -EINVAL
 * for a payload without a byte or of more than TOKEN_PAYLOAD_MAX; -EIO (libcrypto failed).
 */
int token_sign(struct crypto_mac *mac, const void *payload, size_t size, char *ret_token);

/*
 * Whether digest is the MAC under the key of mac of what is signed: the size bytes of the token before its second dot.
 * 0; -EBADMSG when it is not, found out in a time that does not tell how much of it is right; -EINVAL when they do not
 * begin with the one header and its dot; -EIO.
 */
int token_verify(struct crypto_mac *mac, const char *signed_text, size_t size, const uint8_t digest[CRYPTO_MAC_SIZE]);

#endif
