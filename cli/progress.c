/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cli/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)
#define EVERY (SECOND / 5)
#define BAR_MAX 40
#define RATE_MAX 1e12 /* more is nobody's rate, and would fill the line */

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * SECOND + time.tv_nsec;
}

void progress_begin(struct progress *progress, const char *unit, uint64_t whole)
{
	*progress = (struct progress){ .on = isatty(STDERR_FILENO) == 1, .unit = unit, .whole = whole };
	progress->started = progress->last = now();
}

void progress_write(const struct progress *progress, uint64_t done, uint64_t count, int64_t nanoseconds,
		    unsigned int width, char ret_text[PROGRESS_TEXT_SIZE])
{
	double rate = nanoseconds > 0 ? (double)count * SECOND / (double)nanoseconds : 0;
	char bar[BAR_MAX + 1], tail[96];
	int percent, room, size;

	size = snprintf(tail, sizeof(tail), "%" PRIu64 " %s, %.0f a second", count, progress->unit,
			rate < RATE_MAX ? rate : RATE_MAX);
	room = (int)width - size - (int)sizeof("[] 100 %  ");
	if (progress->whole == 0 || room < 4) {
		snprintf(ret_text, PROGRESS_TEXT_SIZE, "%.*s", (int)(width < sizeof(tail) ? width : sizeof(tail)),
			 tail);
		return;
	}
	room = room > BAR_MAX ? BAR_MAX : room;
	percent = done >= progress->whole ? 100 : (int)((double)done * 100 / (double)progress->whole);
	memset(bar, ' ', sizeof(bar));
	memset(bar, '#', (size_t)(room * percent / 100));
	snprintf(ret_text, PROGRESS_TEXT_SIZE, "[%.*s] %3d %%  %s", room, bar, percent, tail);
}

void progress_show(struct progress *progress, uint64_t done, uint64_t count)
{
	struct winsize size = { .ws_col = 0 };
	char text[PROGRESS_TEXT_SIZE];
	int64_t time = progress->on ? now() : 0;

	if (!progress->on || time - progress->last < EVERY)
		return;
	progress->last = time;
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		size.ws_col = 80;
	progress_write(progress, done, count, time - progress->started, size.ws_col - 1U, text);
	fprintf(stderr, "\r%s\033[K", text);
	fflush(stderr);
	progress->drawn = true;
}

void progress_clear(struct progress *progress)
{
	if (progress->drawn)
		fputs("\r\033[K", stderr);
	progress->drawn = false;
}
