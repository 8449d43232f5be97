/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "gateway/portal_chart.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "gateway/portal_page.h"

#define DAY 86400
#define STEP 20 /* units of the picture from day to day */
#define BAR 16
#define HEIGHT 100
#define OTHERS "others"

void chart_init(struct chart *chart, int64_t now)
{
	*chart = (struct chart){ .start = now - now % DAY - (int64_t)(CHART_DAYS - 1) * DAY };
}

static void add_sum(struct chart_sum *sum, uint64_t granted, uint64_t refused)
{
	if (__builtin_add_overflow(sum->granted, granted, &sum->granted))
		sum->granted = UINT64_MAX;
	if (__builtin_add_overflow(sum->refused, refused, &sum->refused))
		sum->refused = UINT64_MAX;
}

static size_t find_service(struct chart *chart, const char *name)
{
	if (*name == '\0')
		name = "no service";
	for (size_t i = 0; i < chart->service_count; i++) {
		if (strcmp(chart->services[i].name, name) == 0)
			return i;
	}
	if (chart->service_count >= CHART_SERVICES) {
		chart->service_count = CHART_SERVICES + 1;
		snprintf(chart->services[CHART_SERVICES].name, CHART_SERVICE_SIZE, "%s", OTHERS);
		return CHART_SERVICES;
	}
	snprintf(chart->services[chart->service_count].name, CHART_SERVICE_SIZE, "%s", name);
	return chart->service_count++;
}

void chart_add(struct chart *chart, int64_t time, const char *service, uint64_t granted, uint64_t refused)
{
	int64_t day = (time - chart->start) / DAY;

	if (time < chart->start || day >= CHART_DAYS)
		return;
	add_sum(&chart->days[day], granted, refused);
	add_sum(&chart->services[find_service(chart, service)].sum, granted, refused);
}

/* Units of a bar; one that is there is seen. */
static unsigned int height_of(uint64_t count, uint64_t most)
{
	unsigned int height = most > 0 ? (unsigned int)((double)count / (double)most * HEIGHT) : 0;

	return count > 0 && height == 0 ? 1 : height;
}

static void write_day(const struct chart *chart, struct html *html, size_t day, uint64_t most)
{
	const struct chart_sum *sum = &chart->days[day];
	unsigned int granted = height_of(sum->granted, most), refused = height_of(sum->refused, most);
	unsigned int left = (unsigned int)day * STEP + (STEP - BAR) / 2;
	char date[CLOCK_TEXT_SIZE];

	if (granted + refused > HEIGHT)
		granted = HEIGHT - refused;
	clock_format(chart->start + (int64_t)day * DAY, date, sizeof(date));
	date[sizeof("2027-01-31") - 1] = '\0';
	html_print(html, "<g><title>%s: %" PRIu64 " let in, %" PRIu64 " refused</title>", date, sum->granted,
		   sum->refused);
	html_print(html, "<rect class=\"ground\" x=\"%u\" y=\"0\" width=\"%d\" height=\"%d\"/>", left, BAR, HEIGHT);
	if (granted > 0)
		html_print(html, "<rect class=\"granted\" x=\"%u\" y=\"%u\" width=\"%d\" height=\"%u\"/>", left,
			   HEIGHT - granted, BAR, granted);
	if (refused > 0)
		html_print(html, "<rect class=\"refused\" x=\"%u\" y=\"%u\" width=\"%d\" height=\"%u\"/>", left,
			   HEIGHT - granted - refused, BAR, refused);
	html_print(html, "</g>");
}

void chart_write(const struct chart *chart, struct html *html)
{
	static const char *const columns[] = { "Service", "Let in", "Refused", NULL };
	struct chart_sum total = { .granted = 0 };
	uint64_t most = 0;

	for (size_t i = 0; i < CHART_DAYS; i++) {
		const struct chart_sum *day = &chart->days[i];
		uint64_t both = day->granted > UINT64_MAX - day->refused ? UINT64_MAX : day->granted + day->refused;

		add_sum(&total, day->granted, day->refused);
		most = both > most ? both : most;
	}
	html_print(html,
		   "<figure class=\"chart\"><svg viewBox=\"0 0 %d %d\" role=\"img\" "
		   "aria-label=\"Use on each of the last %d days, the same as in the table below\" "
		   "preserveAspectRatio=\"none\">",
		   CHART_DAYS * STEP, HEIGHT, CHART_DAYS);
	for (size_t i = 0; i < CHART_DAYS; i++)
		write_day(chart, html, i, most);
	html_print(html,
		   "</svg><figcaption>The last %d days: <span class=\"granted\">%" PRIu64 " let in</span>, "
		   "<span class=\"refused\">%" PRIu64 " refused</span>; %" PRIu64
		   " on the busiest day.</figcaption></figure>",
		   CHART_DAYS, total.granted, total.refused, most);
	if (chart->service_count == 0)
		return;
	page_table(html, "By service", columns);
	for (size_t i = 0; i < chart->service_count; i++)
		html_print(html,
			   "<tr><th scope=\"row\" data-column=\"Service\">%s</th><td data-column=\"Let in\">%" PRIu64
			   "</td><td data-column=\"Refused\">%" PRIu64 "</td></tr>",
			   chart->services[i].name, chart->services[i].sum.granted, chart->services[i].sum.refused);
	page_table_end(html);
}
