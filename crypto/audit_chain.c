/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Reading is strict, and looks at fixed places from both ends of a line, where no text of a caller can be: inside of a
 * JSON text a quote has a backslash before it.
 */
#include "crypto/audit_chain.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/encoding.h"
#include "common/secret.h"

#define HEAD "{\"seq\":"
#define PREV ",\"prev\":\""
#define MAC ",\"mac\":\""
#define HEX (2 * CHAIN_HASH_SIZE)
#define SIZE_OF(literal) (sizeof(literal) - 1)

static const char next_label[] = "next";
static const char id_label[] = "id";

/* ---- lines ---- */

struct cursor {
	const char *at, *end;
};

static bool take(struct cursor *cursor, const char *literal)
{
	size_t size = strlen(literal);

	if ((size_t)(cursor->end - cursor->at) < size || memcmp(cursor->at, literal, size) != 0)
		return false;
	cursor->at += size;
	return true;
}

/* One number has one form: no sign, no zeros in front. */
static bool take_number(struct cursor *cursor, uint64_t *ret_number)
{
	const char *digit = cursor->at;
	uint64_t number = 0;

	for (; digit < cursor->end && *digit >= '0' && *digit <= '9'; digit++) {
		uint64_t value = (uint64_t)(*digit - '0');

		if (number > (CHAIN_SEQ_MAX - value) / 10)
			return false;
		number = number * 10 + value;
	}
	if (digit == cursor->at || (*cursor->at == '0' && digit > cursor->at + 1))
		return false;
	cursor->at = digit;
	*ret_number = number;
	return true;
}

/* Lower case alone, so that a line has one form. -1: no digit. */
static int digit_of(char letter)
{
	if (letter >= '0' && letter <= '9')
		return letter - '0';
	return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

static bool take_hex(struct cursor *cursor, uint8_t *ret_bytes, size_t size)
{
	if ((size_t)(cursor->end - cursor->at) < 2 * size)
		return false;
	for (size_t i = 0; i < size; i++) {
		int high = digit_of(cursor->at[2 * i]), low = digit_of(cursor->at[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		ret_bytes[i] = (uint8_t)(high << 4 | low);
	}
	cursor->at += 2 * size;
	return true;
}

static char *put(char *at, const char *literal, size_t size)
{
	memcpy(at, literal, size);
	return at + size;
}

static char *put_hex(char *at, const uint8_t *bytes)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < CHAIN_HASH_SIZE; i++) {
		*at++ = digits[bytes[i] >> 4];
		*at++ = digits[bytes[i] & 15];
	}
	return at;
}

size_t chain_write_tail(const struct chain_links *links, char ret_tail[CHAIN_TAIL_MAX])
{
	char *at = put(ret_tail, PREV, SIZE_OF(PREV));

	at = put_hex(at, links->prev);
	*at++ = '"';
	if (links->has_mac) {
		at = put(at, MAC, SIZE_OF(MAC));
		at = put_hex(at, links->mac);
		*at++ = '"';
	}
	at = put(at, "}\n", 2);
	return (size_t)(at - ret_tail);
}

/* A member with a hash at the end of what is left, which it takes off. */
static bool take_last(struct cursor *cursor, const char *name, uint8_t *ret_hash)
{
	size_t size = strlen(name) + HEX + 1;
	struct cursor member = { cursor->end - size, cursor->end };

	if ((size_t)(cursor->end - cursor->at) < size || !take(&member, name) ||
	    !take_hex(&member, ret_hash, CHAIN_HASH_SIZE) || *member.at != '"')
		return false;
	cursor->end -= size;
	return true;
}

bool chain_read_line(const char *line, size_t size, struct chain_line *ret_line)
{
	struct cursor cursor = { line, line + size };
	struct chain_line read = { .chained = false };

	if (!take(&cursor, HEAD) || !take_number(&cursor, &read.links.seq) || cursor.at == cursor.end ||
	    cursor.end[-1] != '}')
		return false;
	cursor.end--;
	if (cursor.at < cursor.end && *cursor.at != ',')
		return false;
	cursor.at += cursor.at < cursor.end;
	read.links.has_mac = take_last(&cursor, MAC, read.links.mac);
	read.chained = take_last(&cursor, PREV, read.links.prev);
	if (!read.chained && read.links.has_mac)
		return false;
	read.text = cursor.at;
	read.text_size = (size_t)(cursor.end - cursor.at);
	*ret_line = read;
	return true;
}

/* ---- the audit's own records ---- */

/* The start of a text, up to the value of the event: "rev" where there is one, and "time". */
static bool take_event(struct cursor *cursor)
{
	uint64_t rev;

	if (take(cursor, "\"rev\":") && (!take_number(cursor, &rev) || !take(cursor, ",")))
		return false;
	if (!take(cursor, "\"time\":\""))
		return false;
	while (cursor->at < cursor->end && *cursor->at != '"' && *cursor->at != '\\')
		cursor->at++;
	return take(cursor, "\",\"event\":\"");
}

const char *chain_read_event(const char *text, size_t size, size_t *ret_size)
{
	struct cursor cursor = { text, text + size };
	const char *end;

	if (!take_event(&cursor))
		return NULL;
	end = memchr(cursor.at, '"', (size_t)(cursor.end - cursor.at));
	if (!end)
		return NULL;
	*ret_size = (size_t)(end - cursor.at);
	return cursor.at;
}

#define CHANGES "\",\"changes\":{"
#define FIRST "\"first\":true"

bool chain_read_first(const char *text, size_t size)
{
	struct cursor cursor = { text, text + size };

	if (!take_event(&cursor))
		return false;
	while (cursor.at < cursor.end && ((*cursor.at >= 'a' && *cursor.at <= 'z') || *cursor.at == '_'))
		cursor.at++;
	return take(&cursor, CHANGES FIRST);
}

bool chain_read_torn(const char *text, size_t size, struct chain_torn *ret_torn)
{
	struct cursor cursor = { text, text + size };
	struct chain_torn torn;

	if (!take_event(&cursor) || !take(&cursor, "recovered" CHANGES "\"torn_bytes\":") ||
	    !take_number(&cursor, &torn.bytes) || !take(&cursor, ",\"torn_sha256\":\"") ||
	    !take_hex(&cursor, torn.digest, CHAIN_HASH_SIZE) || !take(&cursor, "\"}") || cursor.at != cursor.end)
		return false;
	*ret_torn = torn;
	return true;
}

bool chain_read_start(const char *text, size_t size, char ret_id[CHAIN_ID_SIZE + 1])
{
	struct cursor cursor = { text, text + size };
	uint8_t id[CHAIN_ID_SIZE / 2];

	if (!take_event(&cursor) || !take(&cursor, "chain_start" CHANGES))
		return false;
	(void)take(&cursor, FIRST ",");
	if (!take(&cursor, "\"chain\":\"") || !take_hex(&cursor, id, sizeof(id)) || !take(&cursor, "\""))
		return false;
	encoding_hex(id, sizeof(id), ret_id);
	return true;
}

/* ---- hashes ---- */

#define CANONICAL_SIZE (sizeof(uint64_t) + CHAIN_HASH_SIZE)

/* prev and the canonical record, in the order both hashes have them. */
static void write_input(const struct chain_links *links, uint8_t *ret_input)
{
	uint64_t seq = htobe64(links->seq);

	memcpy(ret_input, links->prev, CHAIN_HASH_SIZE);
	memcpy(ret_input + CHAIN_HASH_SIZE, &seq, sizeof(seq));
	memcpy(ret_input + CHAIN_HASH_SIZE + sizeof(seq), links->digest, CHAIN_HASH_SIZE);
}

int chain_mac(struct crypto_mac *mac, const struct chain_links *links, uint8_t ret_mac[CRYPTO_MAC_SIZE])
{
	uint8_t input[CHAIN_HASH_SIZE + CANONICAL_SIZE];

	write_input(links, input);
	return crypto_mac_compute(mac, input, sizeof(input), ret_mac);
}

int chain_next(struct crypto_hash *hash, const struct chain_links *links, uint8_t ret_prev[CHAIN_HASH_SIZE])
{
	uint8_t input[CHAIN_HASH_SIZE + CANONICAL_SIZE + CRYPTO_MAC_SIZE];

	write_input(links, input);
	memcpy(input + CHAIN_HASH_SIZE + CANONICAL_SIZE, links->mac, CRYPTO_MAC_SIZE);
	return crypto_hash_compute(hash, input, links->has_mac ? sizeof(input) : sizeof(input) - CRYPTO_MAC_SIZE,
				   ret_prev);
}

/* ---- keys ---- */

int chain_key_make(uint64_t epoch, struct chain_key *ret_key)
{
	ret_key->epoch = epoch;
	return crypto_random(ret_key->bytes, sizeof(ret_key->bytes));
}

static int derive(struct crypto_signer *signer, const uint8_t *key, const char *label, uint8_t *ret_bytes)
{
	return crypto_signer_compute(signer, key, CRYPTO_KEY_SIZE, label, strlen(label), ret_bytes);
}

int chain_key_advance(struct chain_key *key, uint64_t epoch)
{
	struct chain_key next = *key;
	struct crypto_signer *signer;
	int r;

	if (epoch == key->epoch)
		return 0;
	if (epoch < key->epoch || epoch - key->epoch > CHAIN_AHEAD_MAX)
		return -ERANGE;
	r = crypto_signer_new(&signer);
	if (r < 0)
		return r;
	for (; r == 0 && next.epoch < epoch; next.epoch++)
		r = derive(signer, next.bytes, next_label, next.bytes);
	crypto_signer_free(signer);
	if (r == 0)
		*key = next;
	secret_wipe(&next, sizeof(next));
	return r;
}

int chain_key_id(const struct chain_key *key, char ret_id[CHAIN_ID_SIZE + 1])
{
	uint8_t id[CRYPTO_MAC_SIZE];
	struct crypto_signer *signer;
	int r = crypto_signer_new(&signer);

	if (r < 0)
		return r;
	r = derive(signer, key->bytes, id_label, id);
	crypto_signer_free(signer);
	if (r == 0)
		encoding_hex(id, CHAIN_ID_SIZE / 2, ret_id);
	secret_wipe(id, sizeof(id));
	return r;
}
