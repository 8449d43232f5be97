/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "proto/hmac_token.h"

#include <stdbool.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/encoding.h"
#include "common/secret.h"

static const char *const sentences[HMAC_TOKEN_ERROR_COUNT] = {
	[HMAC_TOKEN_WELL_FORMED] = "",
	[HMAC_TOKEN_NUL] = "The HMAC token has a NUL byte in it.",
	[HMAC_TOKEN_PUBLIC_KEY] = "The HMAC token does not begin with a public key: 8-4-4-4-12 hexadecimal digits in "
				  "lower case, and a colon.",
	[HMAC_TOKEN_NONCE_EMPTY] = "The nonce of the HMAC token is empty.",
	[HMAC_TOKEN_NONCE_CHARACTER] = "The nonce of the HMAC token has a character other than letters, digits, '.', "
				       "'_' and '-'.",
	[HMAC_TOKEN_NONCE_LENGTH] = "The nonce of the HMAC token has more than 128 characters.",
	[HMAC_TOKEN_EPOCH_EMPTY] = "The epoch of the HMAC token is empty.",
	[HMAC_TOKEN_EPOCH_CHARACTER] = "The epoch of the HMAC token is no number of seconds.",
	[HMAC_TOKEN_EPOCH_LENGTH] = "The epoch of the HMAC token has more than 12 digits: it counts seconds, not "
				    "milliseconds.",
	[HMAC_TOKEN_EPOCH_FRACTION] = "The fraction of the HMAC token's epoch has not 1 to 9 digits.",
	[HMAC_TOKEN_SIGNATURE_CHARACTER] = "The signature of the HMAC token has a character that is none of base64 "
					   "(the alphabet with '+' and '/').",
	[HMAC_TOKEN_SIGNATURE_PADDING] = "The signature of the HMAC token is not 43 digits of base64, one '=' behind "
					 "them, and nothing else.",
	[HMAC_TOKEN_SIGNATURE_SPARE_BITS] = "The signature of the HMAC token is not base64 as every encoder writes "
					    "it: bits are set that mean nothing.",
	[HMAC_TOKEN_SIGNATURE_LENGTH] = "The signature of the HMAC token is longer than 43 digits of base64 and one "
					"'='.",
	[HMAC_TOKEN_FIELDS] = "The HMAC token has more than four fields.",
	[HMAC_TOKEN_TRUNCATED] = "The HMAC token was cut short; shorten its nonce, or look for a length limit of the "
				 "service.",
};

/* What has not been parsed yet. */
struct rest {
	const char *text;
	size_t size;
};

/* Takes the next field and the colon behind it; false where there is no colon, and ret_field is all there is. */
static bool take_field(struct rest *rest, struct rest *ret_field)
{
	const char *colon = memchr(rest->text, ':', rest->size);
	size_t size = colon ? (size_t)(colon - rest->text) : rest->size;
	size_t taken = size + (colon ? 1 : 0);

	*ret_field = (struct rest){ rest->text, size };
	*rest = (struct rest){ rest->text + taken, rest->size - taken };
	return colon != NULL;
}

static size_t count_digits(const char *text, size_t size)
{
	size_t digits = 0;

	while (digits < size && text[digits] >= '0' && text[digits] <= '9')
		digits++;
	return digits;
}

static enum hmac_token_error check_public_key(struct rest field, bool ended)
{
	if (!credential_is_public_key_start(field.text, field.size))
		return HMAC_TOKEN_PUBLIC_KEY;
	/* Cut short rather than wrong, when nothing comes behind. */
	if (field.size < CREDENTIAL_PUBLIC_KEY_SIZE)
		return ended ? HMAC_TOKEN_PUBLIC_KEY : HMAC_TOKEN_TRUNCATED;
	return HMAC_TOKEN_WELL_FORMED;
}

static enum hmac_token_error check_nonce(struct rest field, bool ended)
{
	if (ended && field.size == 0)
		return HMAC_TOKEN_NONCE_EMPTY;
	for (size_t i = 0; i < field.size; i++) {
		if (!encoding_is_base62(field.text + i, 1) && !strchr("._-", field.text[i]))
			return HMAC_TOKEN_NONCE_CHARACTER;
	}
	return field.size > HMAC_TOKEN_NONCE_MAX ? HMAC_TOKEN_NONCE_LENGTH : HMAC_TOKEN_WELL_FORMED;
}

static enum hmac_token_error check_epoch(struct rest field, bool ended)
{
	size_t digits = count_digits(field.text, field.size), fraction;

	if (ended && field.size == 0)
		return HMAC_TOKEN_EPOCH_EMPTY;
	if (digits > HMAC_TOKEN_EPOCH_DIGITS)
		return HMAC_TOKEN_EPOCH_LENGTH;
	if (digits == field.size)
		return HMAC_TOKEN_WELL_FORMED;
	if (digits == 0 || field.text[digits] != '.')
		return HMAC_TOKEN_EPOCH_CHARACTER;
	fraction = field.size - digits - 1;
	if (count_digits(field.text + digits + 1, fraction) != fraction)
		return HMAC_TOKEN_EPOCH_CHARACTER;
	if (fraction > HMAC_TOKEN_FRACTION_DIGITS || (ended && fraction == 0))
		return HMAC_TOKEN_EPOCH_FRACTION;
	return HMAC_TOKEN_WELL_FORMED;
}

static bool is_base64_digit(char character)
{
	return encoding_is_base62(&character, 1) || character == '+' || character == '/';
}

/* The signature has no colon in it. */
static enum hmac_token_error check_signature(struct rest field, uint8_t ret_mac[HMAC_TOKEN_MAC_SIZE])
{
	const size_t last = HMAC_TOKEN_SIGNATURE_SIZE - 1;
	size_t digits = 0, size;

	while (digits < field.size && is_base64_digit(field.text[digits]))
		digits++;
	if (digits < field.size && field.text[digits] != '=')
		return HMAC_TOKEN_SIGNATURE_CHARACTER;
	if (digits == field.size && digits <= last)
		return HMAC_TOKEN_TRUNCATED;
	if (digits != last)
		return digits > last ? HMAC_TOKEN_SIGNATURE_LENGTH : HMAC_TOKEN_SIGNATURE_PADDING;
	if (field.size > HMAC_TOKEN_SIGNATURE_SIZE)
		return HMAC_TOKEN_SIGNATURE_PADDING;
	if (!encoding_base64_decode(field.text, field.size, ret_mac, HMAC_TOKEN_MAC_SIZE, &size))
		return HMAC_TOKEN_SIGNATURE_SPARE_BITS;
	return HMAC_TOKEN_WELL_FORMED;
}

static int64_t read_seconds(const char *text, size_t size)
{
	size_t digits = count_digits(text, size);
	int64_t seconds = 0;

	for (size_t i = 0; i < digits; i++)
		seconds = seconds * 10 + (text[i] - '0');
	return seconds;
}

static enum hmac_token_error read_token(const char *text, size_t size, struct hmac_token *ret_token)
{
	static enum hmac_token_error (*const checks[])(struct rest field, bool ended) = { check_public_key, check_nonce,
											  check_epoch };
	struct rest rest = { text, size }, fields[ARRAY_SIZE(checks)];

	if (size > 0 && memchr(text, '\0', size))
		return HMAC_TOKEN_NUL;
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		bool ended = take_field(&rest, &fields[i]);
		enum hmac_token_error error = checks[i](fields[i], ended);

		if (error != HMAC_TOKEN_WELL_FORMED)
			return error;
		if (!ended)
			return HMAC_TOKEN_TRUNCATED;
	}
	if (memchr(rest.text, ':', rest.size))
		return HMAC_TOKEN_FIELDS;
	*ret_token = (struct hmac_token){
		.public_key = text,
		.nonce = fields[1].text,
		.nonce_size = fields[1].size,
		.epoch = fields[2].text,
		.epoch_size = fields[2].size,
		.seconds = read_seconds(fields[2].text, fields[2].size),
		.signed_size = (size_t)(rest.text - text),
		.signature = rest.text,
	};
	return check_signature(rest, ret_token->mac);
}

enum hmac_token_error hmac_token_parse(const char *text, size_t size, struct hmac_token *ret_token)
{
	struct hmac_token token;
	enum hmac_token_error error = read_token(text, size, &token);

	if (error == HMAC_TOKEN_WELL_FORMED)
		*ret_token = token;
	secret_wipe(&token, sizeof(token));
	return error;
}

const char *hmac_token_error_sentence(enum hmac_token_error error)
{
	return (unsigned int)error < HMAC_TOKEN_ERROR_COUNT ? sentences[error] : "";
}
