/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/key_pair.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/secret.h"

#define UUID_SIZE 16 /* bytes */

int key_pair_draw_public(char ret_public_key[CREDENTIAL_PUBLIC_KEY_SIZE + 1])
{
	static const size_t parts[] = { 4, 2, 2, 2, 6 }; /* bytes between the dashes */
	uint8_t uuid[UUID_SIZE], *at = uuid;
	char *end = ret_public_key;
	int r = crypto_random(uuid, sizeof(uuid));

	if (r < 0)
		return r;
	uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x40); /* the version */
	uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80); /* the variant */
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (i > 0)
			*end++ = '-';
		encoding_hex(at, parts[i], end);
		at += parts[i];
		end += 2 * parts[i];
	}
	return 0;
}

/* Fills in what the store keeps of a private key. */
static int keep(const struct keyring *keyring, const char *id, const uint8_t private_key[PRIVATE_KEY_SIZE],
		struct store_secret *secret)
{
	struct crypto_mac *mac = NULL;
	int r = crypto_mac_new(keyring->pepper, &mac);

	if (r < 0)
		return r;
	r = private_key_digest(mac, private_key, secret->digest);
	crypto_mac_free(mac);
	if (r == 0)
		r = private_key_seal(keyring->data, id, secret->number, private_key, secret->sealed);
	secret->form = STORE_FORM_PAIR;
	secret->pepper = keyring->pepper_version;
	return r;
}

int key_pair_draw(const struct keyring *keyring, const char *id, struct store_secret *secret,
		  char ret_text[KEY_PAIR_TEXT_SIZE + 1])
{
	uint8_t private_key[PRIVATE_KEY_SIZE];
	int r = crypto_random(private_key, sizeof(private_key));

	if (r == 0)
		r = keep(keyring, id, private_key, secret);
	if (r == 0)
		encoding_base64_encode(private_key, sizeof(private_key), ret_text);
	secret_wipe(private_key, sizeof(private_key));
	return r;
}

static bool read_private(const char *text, uint8_t ret_private_key[PRIVATE_KEY_SIZE])
{
	size_t size = 0;

	return encoding_base64_decode(text, strlen(text), ret_private_key, PRIVATE_KEY_SIZE, &size) &&
	       size == PRIVATE_KEY_SIZE;
}

/* True for a public key but for its case. */
static bool is_upper_case(const char *text)
{
	char lower[CREDENTIAL_PUBLIC_KEY_SIZE + 1];
	size_t size = strlen(text);

	if (size != CREDENTIAL_PUBLIC_KEY_SIZE)
		return false;
	for (size_t i = 0; i <= size; i++)
		lower[i] = (char)tolower((unsigned char)text[i]);
	return credential_is_public_key(lower);
}

static const char *find_fault(const char *public_key, const char *private_key)
{
	uint8_t bytes[PRIVATE_KEY_SIZE] = { 0 };
	bool good;

	if (!public_key || !private_key)
		return "a pair is a public key and its private key; one of them is missing";
	if (!credential_is_public_key(public_key) && is_upper_case(public_key))
		return "the public key has upper-case digits; tokens carry it in lower case, so write it in lower case "
		       "here and in what signs with it";
	if (!credential_is_public_key(public_key))
		return "that is no public key; one has 8-4-4-4-12 hexadecimal digits in lower case, such as "
		       "a123456b-c12c-123d-1ab4-18bd8c8e88a3, and comes first, the private key behind it";
	good = read_private(private_key, bytes);
	secret_wipe(bytes, sizeof(bytes));
	return good ? NULL
		    : "that is no private key; one is standard base64 of 32 bytes: 44 characters of A-Z a-z 0-9 + /, "
		      "the last of them '=', without spaces";
}

bool key_pair_check(const char *public_key, const char *private_key, char *ret_fault, size_t fault_size)
{
	const char *fault = find_fault(public_key, private_key);

	if (fault)
		snprintf(ret_fault, fault_size, "%s", fault);
	return !fault;
}

int key_pair_take(const struct keyring *keyring, const char *id, const char *text, struct store_secret *secret)
{
	uint8_t private_key[PRIVATE_KEY_SIZE] = { 0 };
	int r = read_private(text, private_key) ? keep(keyring, id, private_key, secret) : -EINVAL;

	secret_wipe(private_key, sizeof(private_key));
	return r;
}
