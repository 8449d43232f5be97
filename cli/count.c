/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cli/count.h"

#include <inttypes.h>
#include <stdio.h>

#include "lib/apikey.h"

void count_text(uint64_t count, char ret_text[COUNT_TEXT_SIZE])
{
	snprintf(ret_text, COUNT_TEXT_SIZE, "%" PRIu64 "%s", count, count >= APIKEY_COUNTED_MOST ? " or more" : "");
}
