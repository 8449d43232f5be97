/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "crypto/token_signature.h"

#include <errno.h>
#include <string.h>

#include "common/encoding.h"
#include "common/secret.h"

#define HEAD_SIZE (sizeof(TOKEN_HEAD) - 1)
#define TAIL_SIZE (1 + ENCODING_BASE64URL_SIZE(CRYPTO_MAC_SIZE)) /* the dot and the MAC */

_Static_assert(HEAD_SIZE + ENCODING_BASE64URL_SIZE(TOKEN_PAYLOAD_MAX) + TAIL_SIZE <= TOKEN_SIZE_MAX &&
		       HEAD_SIZE + ENCODING_BASE64URL_SIZE(TOKEN_PAYLOAD_MAX + 1) + TAIL_SIZE > TOKEN_SIZE_MAX,
	       "size of a payload");

int token_sign(struct crypto_mac *mac, const void *payload, size_t size, char *ret_token)
{
	char token[TOKEN_SIZE_MAX + 1] = TOKEN_HEAD;
	uint8_t digest[CRYPTO_MAC_SIZE];
	size_t signed_size;
	int r;

	if (size == 0 || size > TOKEN_PAYLOAD_MAX)
		return -EINVAL;
	encoding_base64url_encode(payload, size, token + HEAD_SIZE);
	signed_size = HEAD_SIZE + ENCODING_BASE64URL_SIZE(size);
	r = crypto_mac_compute(mac, token, signed_size, digest);
	if (r == 0) {
		token[signed_size] = '.';
		encoding_base64url_encode(digest, sizeof(digest), token + signed_size + 1);
		memcpy(ret_token, token, signed_size + TAIL_SIZE + 1);
	}
	secret_wipe(digest, sizeof(digest));
	secret_wipe(token, sizeof(token));
	return r;
}

int token_verify(struct crypto_mac *mac, const char *signed_text, size_t size, const uint8_t digest[CRYPTO_MAC_SIZE])
{
	uint8_t right[CRYPTO_MAC_SIZE];
	int r;

	if (size < HEAD_SIZE || memcmp(signed_text, TOKEN_HEAD, HEAD_SIZE) != 0)
		return -EINVAL;
	r = crypto_mac_compute(mac, signed_text, size, right);
	if (r == 0 && !secret_equal(right, digest, sizeof(right)))
		r = -EBADMSG;
	secret_wipe(right, sizeof(right));
	return r;
}
