/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cli/usage_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/json.h"
#include "cli/text.h"

#define HOUR 3600
#define LABEL_SIZE 32
#define OTHERS "others"
#define NAME_WIDTH_MAX 24 /* columns; what is longer is cut */
#define BAR_LEAST 8       /* columns, on whatever terminal */
#define EIGHTHS 8

struct sum {
	uint64_t granted, refused;
};

struct usage {
	bool hours;
	size_t periods;
	int64_t *starts; /* one more than there are periods */
	char *services[USAGE_SERVICES_MAX];
	size_t service_count;
	struct sum *sums; /* USAGE_SERVICES_MAX for each period */
	struct sum total;
};

/* ---- counting ---- */

/* The first seconds of the periods: of days, which may have 23 hours or 25. */
static bool fill_starts(struct usage *usage, int64_t now)
{
	time_t present = (time_t)now;
	struct tm tm;

	if (!localtime_r(&present, &tm))
		return false;
	for (size_t i = 0; i <= usage->periods; i++) {
		int back = (int)usage->periods - 1 - (int)i;
		struct tm start = {
			.tm_year = tm.tm_year, .tm_mon = tm.tm_mon, .tm_mday = tm.tm_mday - back, .tm_isdst = -1
		};

		if (usage->hours)
			usage->starts[i] = now - tm.tm_min * 60 - tm.tm_sec - (int64_t)back * HOUR;
		else
			usage->starts[i] = (int64_t)mktime(&start);
	}
	return true;
}

struct usage *usage_new(size_t periods, bool hours, int64_t now)
{
	struct usage *usage = calloc(1, sizeof(*usage));

	if (!usage)
		return NULL;
	usage->hours = hours;
	usage->periods = periods;
	usage->starts = calloc(periods + 1, sizeof(*usage->starts));
	usage->sums = calloc(periods * USAGE_SERVICES_MAX, sizeof(*usage->sums));
	if (!usage->starts || !usage->sums || !fill_starts(usage, now)) {
		usage_free(usage);
		return NULL;
	}
	return usage;
}

void usage_free(struct usage *usage)
{
	if (!usage)
		return;
	for (size_t i = 0; i < usage->service_count; i++)
		free(usage->services[i]);
	free(usage->starts);
	free(usage->sums);
	free(usage);
}

int64_t usage_start(const struct usage *usage, size_t period)
{
	return usage->starts[period];
}

uint64_t usage_granted(const struct usage *usage)
{
	return usage->total.granted;
}

uint64_t usage_refused(const struct usage *usage)
{
	return usage->total.refused;
}

/* The number of a service, the last for all there is no room for. False when memory is short. */
static bool find_service(struct usage *usage, const char *name, size_t *ret_service)
{
	for (size_t i = 0; i < usage->service_count; i++) {
		if (strcmp(usage->services[i], name) == 0) {
			*ret_service = i;
			return true;
		}
	}
	if (usage->service_count == USAGE_SERVICES_MAX) {
		*ret_service = USAGE_SERVICES_MAX - 1;
		return true;
	}
	usage->services[usage->service_count] = strdup(usage->service_count == USAGE_SERVICES_MAX - 1 ? OTHERS : name);
	if (!usage->services[usage->service_count])
		return false;
	*ret_service = usage->service_count++;
	return true;
}

static void add(uint64_t *sum, uint64_t number)
{
	if (__builtin_add_overflow(*sum, number, sum))
		*sum = UINT64_MAX;
}

bool usage_add(struct usage *usage, int64_t time, const char *service, uint64_t granted, uint64_t refused)
{
	size_t period = 0, number;
	struct sum *sum;

	if (time < usage->starts[0] || time >= usage->starts[usage->periods])
		return true;
	if (!find_service(usage, service, &number))
		return false;
	while (time >= usage->starts[period + 1])
		period++;
	sum = &usage->sums[period * USAGE_SERVICES_MAX + number];
	add(&sum->granted, granted);
	add(&sum->refused, refused);
	add(&usage->total.granted, granted);
	add(&usage->total.refused, refused);
	return true;
}

/* ---- drawing ---- */

struct drawing {
	size_t width; /* of the longest bar, columns */
	size_t name_width;
	uint64_t most; /* uses that the longest bar stands for */
	bool blocks;
	char *names[USAGE_SERVICES_MAX]; /* printable, and cut */
};

static void drawing_done(struct drawing *drawing)
{
	for (size_t i = 0; i < USAGE_SERVICES_MAX; i++)
		free(drawing->names[i]);
}

/* Cuts a printable text to so many characters. Returns how many it has. */
static size_t cut(char *text, size_t most)
{
	size_t count = 0;
	uint32_t character;

	while (*text != '\0' && count < most) {
		size_t size = text_decode(text, &character);

		text += size > 0 ? size : 1;
		count++;
	}
	*text = '\0';
	return count;
}

/* Columns of a printable text. */
static size_t columns(const char *text)
{
	size_t count = 0;
	uint32_t character;

	for (; *text != '\0'; count++) {
		size_t size = text_decode(text, &character);

		text += size > 0 ? size : 1;
	}
	return count;
}

static void print_number(const struct sum *sum, char ret_text[64])
{
	if (sum->refused > 0)
		snprintf(ret_text, 64, "%" PRIu64 ", %" PRIu64 " refused", sum->granted, sum->refused);
	else
		snprintf(ret_text, 64, "%" PRIu64, sum->granted);
}

/* Names, and how much room they and the numbers leave. */
static bool lay_out(const struct usage *usage, size_t width, struct drawing *drawing)
{
	size_t label = usage->hours ? sizeof("2026-11-22 08:00") - 1 : sizeof("2026-11-22") - 1, number = 1;
	char text[64];

	for (size_t i = 0; i < usage->service_count; i++) {
		const char *name = *usage->services[i] != '\0' ? usage->services[i] : "(none)";
		size_t size;

		drawing->names[i] = text_printable(name);
		if (!drawing->names[i])
			return false;
		size = cut(drawing->names[i], NAME_WIDTH_MAX);
		drawing->name_width = size > drawing->name_width ? size : drawing->name_width;
	}
	for (size_t i = 0; i < usage->periods * USAGE_SERVICES_MAX; i++) {
		print_number(&usage->sums[i], text);
		number = strlen(text) > number ? strlen(text) : number;
		drawing->most = usage->sums[i].granted > drawing->most ? usage->sums[i].granted : drawing->most;
	}
	label += drawing->name_width + number + 5;
	drawing->width = width > label + BAR_LEAST ? width - label : BAR_LEAST;
	return true;
}

/* What is not nothing is seen. */
static void draw_bar(const struct drawing *drawing, uint64_t number)
{
	static const char *const parts[EIGHTHS] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
	size_t unit = drawing->blocks ? EIGHTHS : 1;
	size_t length = drawing->most > 0 ? (size_t)((long double)number / (long double)drawing->most *
							     (long double)(drawing->width * unit) +
						     0.5L)
					  : 0;

	if (length == 0 && number > 0)
		length = 1;
	for (size_t i = 0; i < length / unit; i++)
		fputs(drawing->blocks ? "█" : "#", stdout);
	if (drawing->blocks)
		fputs(parts[length % EIGHTHS], stdout);
}

static void write_label(const struct usage *usage, size_t period, char ret_label[LABEL_SIZE])
{
	time_t time = (time_t)usage->starts[period];
	struct tm tm;

	if (!localtime_r(&time, &tm) ||
	    strftime(ret_label, LABEL_SIZE, usage->hours ? "%Y-%m-%d %H:%M" : "%Y-%m-%d", &tm) == 0)
		snprintf(ret_label, LABEL_SIZE, "%" PRId64, usage->starts[period]);
}

static void draw_period(const struct usage *usage, size_t period, const struct drawing *drawing)
{
	const struct sum *sums = &usage->sums[period * USAGE_SERVICES_MAX];
	char label[LABEL_SIZE], number[64];
	int size;
	bool any = false;

	write_label(usage, period, label);
	size = (int)strlen(label);
	for (size_t i = 0; i < usage->service_count; i++) {
		if (sums[i].granted == 0 && sums[i].refused == 0)
			continue;
		print_number(&sums[i], number);
		printf("%*s  %s%*s  ", size, any ? "" : label, drawing->names[i],
		       (int)(drawing->name_width - columns(drawing->names[i])), "");
		draw_bar(drawing, sums[i].granted);
		printf("%s%s\n", sums[i].granted > 0 ? " " : "", number);
		any = true;
	}
	if (!any)
		puts(label);
}

bool usage_draw(const struct usage *usage, size_t width, bool blocks)
{
	SCOPED(drawing_done) struct drawing drawing = { .blocks = blocks };

	if (!lay_out(usage, width, &drawing))
		return false;
	for (size_t i = 0; i < usage->periods; i++)
		draw_period(usage, i, &drawing);
	return true;
}

/* ---- JSON ---- */

static bool append_service(json_t *array, const char *service, const struct sum *sum)
{
	SCOPED_JSON json_t *object = json_object();

	if (sum->granted == 0 && sum->refused == 0)
		return true;
	return json_put(object, "service", json_text_or_null(service)) &&
	       json_put(object, "granted", json_number(sum->granted)) &&
	       json_put(object, "refused", json_number(sum->refused)) && json_array_append(array, object) == 0;
}

static bool append_period(json_t *array, const struct usage *usage, size_t period)
{
	SCOPED_JSON json_t *object = json_object(), *services = json_array();

	for (size_t i = 0; i < usage->service_count; i++)
		if (!append_service(services, usage->services[i], &usage->sums[period * USAGE_SERVICES_MAX + i]))
			return false;
	return json_put(object, "start", json_time(usage->starts[period])) &&
	       json_put(object, "services", json_incref(services)) && json_array_append(array, object) == 0;
}

bool usage_print_json(const struct usage *usage, const char *key, int64_t oldest)
{
	SCOPED_JSON json_t *object = json_object(), *periods = json_array();

	for (size_t i = 0; i < usage->periods; i++)
		if (!append_period(periods, usage, i))
			return false;
	return json_put(object, "key", json_text(key)) &&
	       json_put(object, "unit", json_text(usage->hours ? "hour" : "day")) &&
	       json_put(object, "reaches_back_to", json_time(oldest)) &&
	       json_put(object, "granted", json_number(usage->total.granted)) &&
	       json_put(object, "refused", json_number(usage->total.refused)) &&
	       json_put(object, "periods", json_incref(periods)) && json_print(object);
}
