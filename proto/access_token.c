/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "proto/access_token.h"

#include <string.h>

#include "common/encoding.h"
#include "common/secret.h"

static const char *const sentences[ACCESS_TOKEN_ERROR_COUNT] = {
	[ACCESS_TOKEN_WELL_FORMED] = "",
	[ACCESS_TOKEN_OTHER_HEADER] = "The access token has another header than the one that access tokens of apikeyd "
				      "have.",
	[ACCESS_TOKEN_TOO_LONG] = "The access token is longer than 2048 characters.",
	[ACCESS_TOKEN_PARTS] = "The access token has more than three parts.",
	[ACCESS_TOKEN_PAYLOAD_EMPTY] = "The payload of the access token is empty.",
	[ACCESS_TOKEN_PAYLOAD_CHARACTER] = "The payload of the access token has a character that is none of base64url "
					   "(the alphabet with '-' and '_', without padding).",
	[ACCESS_TOKEN_PAYLOAD_SPARE_BITS] = "The payload of the access token is not base64url as every encoder writes "
					    "it: a character is missing, or bits are set that mean nothing.",
	[ACCESS_TOKEN_SIGNATURE_CHARACTER] = "The signature of the access token has a character that is none of "
					     "base64url (the alphabet with '-' and '_', without padding).",
	[ACCESS_TOKEN_SIGNATURE_SPARE_BITS] = "The signature of the access token is not base64url as every encoder "
					      "writes it: bits are set that mean nothing.",
	[ACCESS_TOKEN_SIGNATURE_LENGTH] = "The signature of the access token has more than 43 characters.",
	[ACCESS_TOKEN_TRUNCATED] = "The access token was cut short; copy the whole of it, or look for a length limit "
				   "of the service.",
};

static bool is_base64url(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (!encoding_is_base62(text + i, 1) && text[i] != '-' && text[i] != '_')
			return false;
	}
	return true;
}

static enum access_token_error check_start(const char *text, size_t size)
{
	size_t compared = size < ACCESS_TOKEN_START_SIZE ? size : ACCESS_TOKEN_START_SIZE;

	if (size > WIRE_CREDENTIAL_MAX)
		return ACCESS_TOKEN_TOO_LONG;
	if (memcmp(text, ACCESS_TOKEN_START, compared) != 0)
		return ACCESS_TOKEN_OTHER_HEADER;
	return size < ACCESS_TOKEN_START_SIZE ? ACCESS_TOKEN_TRUNCATED : ACCESS_TOKEN_WELL_FORMED;
}

/* text begins behind the header; dot is where its payload ends, or NULL. */
static enum access_token_error read_payload(const char *text, size_t size, const char *dot,
					    struct access_token *ret_token)
{
	size_t digits = dot ? (size_t)(dot - text) : size;

	if (dot && digits == 0)
		return ACCESS_TOKEN_PAYLOAD_EMPTY;
	if (!is_base64url(text, digits))
		return ACCESS_TOKEN_PAYLOAD_CHARACTER;
	if (!dot)
		return ACCESS_TOKEN_TRUNCATED;
	if (!encoding_base64url_decode(text, digits, ret_token->payload, sizeof(ret_token->payload),
				       &ret_token->payload_size))
		return ACCESS_TOKEN_PAYLOAD_SPARE_BITS;
	return ACCESS_TOKEN_WELL_FORMED;
}

static enum access_token_error read_signature(const char *text, size_t size, struct access_token *ret_token)
{
	size_t mac_size;

	if (memchr(text, '.', size))
		return ACCESS_TOKEN_PARTS;
	if (!is_base64url(text, size))
		return ACCESS_TOKEN_SIGNATURE_CHARACTER;
	if (size > ACCESS_TOKEN_MAC_DIGITS)
		return ACCESS_TOKEN_SIGNATURE_LENGTH;
	if (size < ACCESS_TOKEN_MAC_DIGITS)
		return ACCESS_TOKEN_TRUNCATED;
	if (!encoding_base64url_decode(text, size, ret_token->mac, sizeof(ret_token->mac), &mac_size))
		return ACCESS_TOKEN_SIGNATURE_SPARE_BITS;
	return ACCESS_TOKEN_WELL_FORMED;
}

static enum access_token_error read_token(const char *text, size_t size, struct access_token *ret_token)
{
	enum access_token_error error = check_start(text, size);
	const char *payload, *dot;

	if (error != ACCESS_TOKEN_WELL_FORMED)
		return error;
	payload = text + ACCESS_TOKEN_START_SIZE;
	dot = memchr(payload, '.', size - ACCESS_TOKEN_START_SIZE);
	error = read_payload(payload, size - ACCESS_TOKEN_START_SIZE, dot, ret_token);
	if (error != ACCESS_TOKEN_WELL_FORMED)
		return error;
	ret_token->signed_size = (size_t)(dot - text);
	return read_signature(dot + 1, size - ret_token->signed_size - 1, ret_token);
}

enum access_token_error access_token_parse(const char *text, size_t size, struct access_token *ret_token)
{
	struct access_token token;
	enum access_token_error error = read_token(text, size, &token);

	if (error == ACCESS_TOKEN_WELL_FORMED)
		*ret_token = token;
	secret_wipe(&token, sizeof(token));
	return error;
}

const char *access_token_error_sentence(enum access_token_error error)
{
	return (unsigned int)error < ACCESS_TOKEN_ERROR_COUNT ? sentences[error] : "";
}
