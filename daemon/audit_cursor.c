/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/audit_cursor.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/encoding.h"
#include "common/secret.h"

#define SEALED_SIZE (AUDIT_CURSOR_PLAIN + CRYPTO_SEAL_OVERHEAD)
#define ASSOCIATED "audit_cursor/1"

_Static_assert(AUDIT_CURSOR_SIZE >= AUDIT_PLACE_SIZE, "a place has room as it is");

/* So often as anybody wants a nonce is drawn, so that it is never the store's own key that seals. */
static int derive(const struct audit_cursor_reader *reader, uint8_t ret_key[CRYPTO_KEY_SIZE])
{
	struct crypto_mac *mac = NULL;
	char text[sizeof(ASSOCIATED) + 16];
	int size = snprintf(text, sizeof(text), ASSOCIATED " %" PRIu64, (uint64_t)reader->uid);
	int r = crypto_mac_new(reader->data, &mac);

	_Static_assert(CRYPTO_MAC_SIZE == CRYPTO_KEY_SIZE, "a MAC is a key");
	if (r == 0)
		r = crypto_mac_compute(mac, text, (size_t)size, ret_key);
	crypto_mac_free(mac);
	return r;
}

int audit_cursor_write(const struct audit_cursor_reader *reader, const struct audit_place *place,
		       char ret_text[AUDIT_CURSOR_SIZE])
{
	const uint64_t plain[] = { htobe64(place->file), htobe64(place->offset), htobe64(place->seq) };
	uint8_t key[CRYPTO_KEY_SIZE], sealed[SEALED_SIZE];
	int r;

	_Static_assert(sizeof(plain) == AUDIT_CURSOR_PLAIN, "three numbers");
	if (!reader->data) {
		audit_place_format(place, ret_text);
		return 0;
	}
	r = derive(reader, key);
	if (r == 0)
		r = crypto_seal(key, ASSOCIATED, plain, sizeof(plain), sealed);
	if (r == 0)
		encoding_hex(sealed, sizeof(sealed), ret_text);
	secret_wipe(key, sizeof(key));
	return r;
}

int audit_cursor_read(const struct audit_cursor_reader *reader, const char *text, struct audit_place *ret_place)
{
	uint8_t key[CRYPTO_KEY_SIZE], sealed[SEALED_SIZE];
	uint64_t plain[3] = { 0 };
	int r;

	if (!reader->data)
		return audit_place_parse(text, ret_place) ? 0 : -EINVAL;
	if (strlen(text) != 2 * sizeof(sealed) || !encoding_unhex(text, sealed, sizeof(sealed)))
		return -EINVAL;
	r = derive(reader, key);
	if (r == 0)
		r = crypto_open(key, ASSOCIATED, sealed, sizeof(sealed), plain);
	secret_wipe(key, sizeof(key));
	if (r < 0)
		return r == -EBADMSG ? -EINVAL : r;
	*ret_place = (struct audit_place){ be64toh(plain[0]), be64toh(plain[1]), be64toh(plain[2]) };
	return 0;
}
