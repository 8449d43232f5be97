/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The reader of an exported master key: what it takes keeps the bounds, so that opening it costs what it may cost. */
#include "crypto/master_key_text.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct master_key_text sealed;

	if (master_key_text_read((const char *)data, size, &sealed) < 0)
		return 0;
	MUST(size < MASTER_KEY_TEXT_SIZE);
	MUST(sealed.stretch.n >= 2 && sealed.stretch.n <= 1 << 20 && sealed.stretch.r <= 8 && sealed.stretch.p <= 16);
	return 0;
}
