/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/handle.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/encoding.h"
#include "common/fault.h"
#include "common/secret.h"

int handle_key(const uint8_t secret[CRYPTO_KEY_SIZE], const char *boot_id, struct crypto_mac **ret_mac, char *ret_fault,
	       size_t fault_size)
{
	char context[64] = "apikeyd handle ";
	size_t start = strlen(context);
	uint8_t key[CRYPTO_KEY_SIZE];
	struct crypto_mac *mac = NULL;
	CLEANUP_CLOSE int fd = open(boot_id, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t size = fd < 0 ? -1 : read(fd, context + start, sizeof(context) - start);
	int r;

	if (size <= 0) {
		r = size < 0 ? -errno : -EIO;
		return fault_tell(
			r, ret_fault, fault_size,
			"the id of this boot cannot be read from %s, and without it nobody is let in: %s; see "
			"that /proc is mounted and that the unit lets apikeyd read there",
			boot_id, strerror(-r));
	}
	r = crypto_mac_new(secret, &mac);
	if (r == 0)
		r = crypto_mac_compute(mac, context, start + (size_t)size, key);
	crypto_mac_free(mac);
	if (r == 0)
		r = crypto_mac_new(key, ret_mac);
	secret_wipe(key, sizeof(key));
	return r < 0 ? fault_tell(r, ret_fault, fault_size, "the key of handles cannot be made: libcrypto failed") : 0;
}

/* MAC over the plain part and the binding; each text with its NUL, so that none runs into the next. */
static int sign(struct crypto_mac *mac, const struct handle_binding *binding, const char *plain,
		uint8_t ret_digest[CRYPTO_MAC_SIZE])
{
	char text[WIRE_HANDLE_MAX + WIRE_USER_MAX + WIRE_SERVICE_MAX + WIRE_SOURCE_MAX + 32];
	const char *parts[] = { plain, binding->user, binding->service, binding->rhost };
	size_t size = (size_t)snprintf(text, sizeof(text), "%u", (unsigned int)binding->peer_uid) + 1;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		const char *part = parts[i] ? parts[i] : "";
		size_t length = strlen(part) + 1;

		if (length > sizeof(text) - size)
			return -EIO;
		memcpy(text + size, part, length);
		size += length;
	}
	return crypto_mac_compute(mac, text, size, ret_digest);
}

int handle_make(struct crypto_mac *mac, const struct handle_binding *binding, const char *key_id, uint32_t secret,
		int64_t boot_seconds, char ret_handle[WIRE_HANDLE_MAX + 1])
{
	uint8_t digest[CRYPTO_MAC_SIZE];
	char plain[WIRE_HANDLE_MAX + 1];
	int size = snprintf(plain, sizeof(plain), "%s.%" PRIu32 ".%" PRId64, key_id, secret, boot_seconds);
	int r;

	if (size < 0 || (size_t)size + 1 + 2 * CRYPTO_MAC_SIZE > WIRE_HANDLE_MAX)
		return -EIO;
	r = sign(mac, binding, plain, digest);
	if (r < 0)
		return r;
	memcpy(ret_handle, plain, (size_t)size);
	ret_handle[size] = '.';
	encoding_hex(digest, sizeof(digest), ret_handle + size + 1);
	return 0;
}

enum reason handle_check(struct crypto_mac *mac, const struct handle_binding *binding, const char *handle,
			 int64_t boot_seconds, char ret_key_id[CREDENTIAL_KEY_ID_MAX + 1], uint32_t *ret_secret)
{
	uint8_t digest[CRYPTO_MAC_SIZE], wanted[CRYPTO_MAC_SIZE];
	char plain[WIRE_HANDLE_MAX + 1];
	const char *last = strrchr(handle, '.');
	size_t size = last ? (size_t)(last - handle) : 0;
	char id[CREDENTIAL_KEY_ID_MAX + 1];
	uint32_t secret;
	int64_t made;

	if (!last || size >= sizeof(plain) || !encoding_unhex(last + 1, digest, sizeof(digest)))
		return REASON_BAD_SIGNATURE;
	memcpy(plain, handle, size);
	plain[size] = '\0';
	if (sign(mac, binding, plain, wanted) < 0 || !secret_equal(digest, wanted, sizeof(digest)))
		return REASON_BAD_SIGNATURE;
	/* From here on the text is our own. */
	if (sscanf(plain, "%36[-0-9A-Za-z].%" SCNu32 ".%" SCNd64, id, &secret, &made) != 3)
		return REASON_BAD_SIGNATURE;
	if (boot_seconds < made || boot_seconds - made > HANDLE_LIFETIME)
		return REASON_TOKEN_EXPIRED;
	memcpy(ret_key_id, id, sizeof(id));
	*ret_secret = secret;
	return REASON_NONE;
}
