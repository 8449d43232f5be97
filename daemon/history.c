/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/history.h"

#include <string.h>

#include "common/cleanup.h"

#define MARKS ARRAY_SIZE(((struct history *)0)->marks)

void history_note(struct history *history, int64_t now, const uint64_t *numbers)
{
	const struct history_mark *last = &history->marks[(history->next + MARKS - 1) % MARKS];
	struct history_mark *mark = &history->marks[history->next];

	if (history->count > 0 && now - last->time < HISTORY_STEP)
		return;
	mark->time = now;
	memcpy(mark->numbers, numbers, sizeof(mark->numbers));
	history->next = (history->next + 1) % MARKS;
	if (history->count < MARKS)
		history->count++;
}

void history_look_back(const struct history *history, int64_t now, int64_t span, const uint64_t *numbers,
		       uint64_t ret_counts[COUNTER_VERDICTS], int64_t *ret_seconds)
{
	const struct history_mark *from = NULL;

	/* The last one that is at least that old; where none is, the first. */
	for (size_t back = 1; back <= history->count; back++) {
		from = &history->marks[(history->next + MARKS - back) % MARKS];
		if (now - from->time >= span)
			break;
	}
	for (size_t i = 0; i < COUNTER_VERDICTS; i++)
		ret_counts[i] = from ? numbers[i] - from->numbers[i] : numbers[i];
	*ret_seconds = from ? now - from->time : 0;
}

void history_note_clock(struct history *history, int64_t wall, int64_t boot)
{
	int64_t offset = wall - boot;
	int64_t jump = history->offset != 0 ? offset - history->offset : 0;

	history->offset = offset;
	if (jump >= -HISTORY_JUMP && jump <= HISTORY_JUMP)
		return;
	history->jumps++;
	history->last_jump = jump;
}
