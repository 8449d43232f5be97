/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Points in time: the first eight bytes are now, the rest is the text. What is read lies in the calendar; apikeyctl,
 * which has a reader of its own, reads the same.
 */
#include "cli/when.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "tests/fuzz/fuzz.h"

#define LAST INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

static void check_written(int64_t time)
{
	char text[CLOCK_TEXT_SIZE];
	int64_t back;

	clock_format(time, text, sizeof(text));
	MUST(strlen(text) < sizeof(text));
	if (time == TIME_NEVER || (time >= 0 && time <= LAST))
		MUST(clock_parse(text, 0, &back) && back == time);
	clock_format_microseconds(time, text, sizeof(text));
	MUST(strlen(text) < sizeof(text));
}

static void check_same(const char *text, int64_t now)
{
	int64_t time = -4711, other = -4711;
	bool read = clock_parse(text, now, &time), other_read = when_parse(text, now, &other);

	/* Zeros before a span are the one thing they differ in. */
	if (strspn(text, "0123456789") <= 10)
		MUST(read == other_read);
	if (read && other_read)
		MUST(time == other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP_FREE char *text = NULL;
	int64_t now = 0, time = -4711;

	for (size_t i = 0; i < 8 && i < size; i++)
		now |= (int64_t)((uint64_t)data[i] << 8 * i);
	text = size > 8 ? fuzz_text(data + 8, size - 8) : fuzz_text(NULL, 0);
	if (clock_parse(text, now, &time))
		MUST(time == TIME_NEVER || (time >= 0 && time <= LAST));
	else
		MUST(time == -4711);
	if (now >= 0 && now <= LAST)
		check_same(text, now);
	check_written(now);
	check_written(time);
	MUST(deadline_left(deadline_in(now)) >= 0);
	MUST(deadline_left((struct deadline){ .at = now }) >= 0);
	return 0;
}
