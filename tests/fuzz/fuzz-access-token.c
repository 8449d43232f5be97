/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The shape of an access token. What is accepted is written again from its parts, byte by byte the same, so no token
 * has two texts; a cut one is never accepted. What is not accepted has one mistake with a sentence.
 */
#include "common/cleanup.h"
#include "common/encoding.h"
#include "proto/access_token.h"
#include "proto/token_header.h"
#include "tests/fuzz/fuzz.h"

static void check_parts(const char *text, size_t size, const struct access_token *token)
{
	CLEANUP_FREE char *again = malloc(size + 1);
	char *end;

	MUST(again);
	MUST(size <= WIRE_CREDENTIAL_MAX);
	MUST(token->payload_size >= 1 && token->payload_size <= ACCESS_TOKEN_PAYLOAD_BYTES);
	MUST(ACCESS_TOKEN_START_SIZE + ENCODING_BASE64URL_SIZE(token->payload_size) == token->signed_size);
	MUST(token->signed_size + 1 + ACCESS_TOKEN_MAC_DIGITS == size);
	end = stpcpy(again, ACCESS_TOKEN_START);
	encoding_base64url_encode(token->payload, token->payload_size, end);
	end = stpcpy(strchr(end, '\0'), ".");
	encoding_base64url_encode(token->mac, sizeof(token->mac), end);
	MUST(strlen(again) == size && memcmp(again, text, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct access_token token, part;
	enum access_token_error error = access_token_parse(text, size, &token);

	MUST(error < ACCESS_TOKEN_ERROR_COUNT);
	MUST((access_token_error_sentence(error)[0] == '\0') == (error == ACCESS_TOKEN_WELL_FORMED));
	MUST((error == ACCESS_TOKEN_TOO_LONG) == (size > WIRE_CREDENTIAL_MAX));
	if (size >= ACCESS_TOKEN_START_SIZE && size <= WIRE_CREDENTIAL_MAX)
		MUST((error == ACCESS_TOKEN_OTHER_HEADER) ==
		     (memcmp(text, ACCESS_TOKEN_START, ACCESS_TOKEN_START_SIZE) != 0));
	/* Of what begins as access tokens do there is nothing to say. */
	if (error != ACCESS_TOKEN_OTHER_HEADER && error != ACCESS_TOKEN_TOO_LONG && size >= ACCESS_TOKEN_START_SIZE)
		MUST(token_header_sentence(text, size)[0] == '\0');
	else
		MUST(strlen(token_header_sentence(text, size)) < 200);
	if (error != ACCESS_TOKEN_WELL_FORMED)
		return 0;
	check_parts(text, size, &token);
	/* Behind a payload that is cut amid a byte comes no dot, so all parts are merely cut. Of a long token not each
	 * is tried, which would take too long. */
	for (size_t less = 0; less<size; less += size> 200 ? 53 : 1)
		MUST(access_token_parse(text, less, &part) == ACCESS_TOKEN_TRUNCATED);
	return 0;
}
