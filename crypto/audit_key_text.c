/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "crypto/audit_key_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/encoding.h"
#include "common/secret.h"

#define FIRST_LINE                                                                                                     \
	"# The first key of the audit chain %s: keep it where nobody who takes over this host can reach it.\n"
#define CHECK_SIZE 8

int audit_key_text_write(const struct chain_key *first, uint64_t seq, char ret_text[AUDIT_KEY_TEXT_SIZE])
{
	char id[CHAIN_ID_SIZE + 1], hex[2 * CRYPTO_KEY_SIZE + 1], check[2 * CHECK_SIZE + 1];
	uint8_t digest[CRYPTO_HASH_SIZE];
	size_t size;
	int r = chain_key_id(first, id);

	if (r < 0)
		return r;
	encoding_hex(first->bytes, sizeof(first->bytes), hex);
	size = (size_t)snprintf(ret_text, AUDIT_KEY_TEXT_SIZE,
				FIRST_LINE "format: 1\nchain: %s\nseq: %" PRIu64 "\nkey: %s\n", id, id, seq, hex);
	secret_wipe(hex, sizeof(hex));
	r = crypto_sha256(ret_text, size, digest);
	if (r < 0) {
		secret_wipe(ret_text, size);
		return r;
	}
	encoding_hex(digest, CHECK_SIZE, check);
	snprintf(ret_text + size, AUDIT_KEY_TEXT_SIZE - size, "check: %s\n", check);
	return 0;
}

/* The value of the line that has to come next, up to its end. */
static bool take_line(const char **at, const char *end, const char *name, const char **ret_value, size_t *ret_size)
{
	size_t size = strlen(name);
	const char *newline = memchr(*at, '\n', (size_t)(end - *at));

	if (!newline || (size_t)(newline - *at) < size || memcmp(*at, name, size) != 0)
		return false;
	*ret_value = *at + size;
	*ret_size = (size_t)(newline - *ret_value);
	*at = newline + 1;
	return true;
}

int audit_key_text_read(const char *given, size_t size, struct chain_key *ret_first, uint64_t *ret_seq,
			size_t *ret_taken)
{
	const char *at = given, *end = given + size, *value;
	char text[AUDIT_KEY_TEXT_SIZE], hex[2 * CRYPTO_KEY_SIZE + 1] = "", digits[sizeof("18446744073709551615")] = "";
	struct chain_key key = { 0 };
	size_t value_size;
	uint64_t seq = 0;
	int r;

	if (!take_line(&at, end, "# The first key of the audit chain ", &value, &value_size) ||
	    !take_line(&at, end, "format: ", &value, &value_size) || value_size != 1 || *value != '1')
		return -EINVAL;
	if (!take_line(&at, end, "chain: ", &value, &value_size) ||
	    !take_line(&at, end, "seq: ", &value, &value_size) || value_size == 0 || value_size >= sizeof(digits))
		return -EBADMSG;
	memcpy(digits, value, value_size);
	if (sscanf(digits, "%" SCNu64, &seq) != 1 || seq > CHAIN_SEQ_MAX)
		return -EBADMSG;
	if (!take_line(&at, end, "key: ", &value, &value_size) || value_size != sizeof(hex) - 1)
		return -EBADMSG;
	memcpy(hex, value, value_size);
	r = encoding_unhex(hex, key.bytes, sizeof(key.bytes)) ? 0 : -EBADMSG;
	secret_wipe(hex, sizeof(hex));
	if (r < 0 || !take_line(&at, end, "check: ", &value, &value_size)) {
		secret_wipe(&key, sizeof(key));
		return -EBADMSG;
	}
	/* A text has one form, and the check is part of it. */
	key.epoch = seq / CHAIN_EPOCH;
	r = audit_key_text_write(&key, seq, text);
	if (r == 0 && (strlen(text) != (size_t)(at - given) || memcmp(text, given, strlen(text)) != 0))
		r = -EBADMSG;
	secret_wipe(text, sizeof(text));
	if (r == 0) {
		*ret_first = key;
		*ret_seq = seq;
		*ret_taken = (size_t)(at - given);
	}
	secret_wipe(&key, sizeof(key));
	return r;
}
