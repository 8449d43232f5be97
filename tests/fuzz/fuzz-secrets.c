/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The packed secrets of a key in the store. What is taken is packed into the same bytes again: each list has one form.
 */
#include "daemon/store_row.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct store_secret secrets[STORE_SECRETS_MAX];
	uint8_t packed[STORE_SECRETS_PACKED_MAX];
	size_t count = SIZE_MAX, packed_size = 0;

	if (store_secrets_unpack(data, size, secrets, &count) < 0) {
		MUST(count == SIZE_MAX);
		return 0;
	}
	MUST(count <= STORE_SECRETS_MAX);
	MUST(store_secrets_pack(secrets, count, packed, &packed_size) == 0);
	MUST(packed_size == size && memcmp(packed, data, size) == 0);
	return 0;
}
