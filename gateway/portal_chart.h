/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * How often a key was used on each of the last days, and by which services: a picture that is part of the page, needs
 * no script, and says the same in words. Pure.
 */
#ifndef APIKEYD_GATEWAY_PORTAL_CHART_H
#define APIKEYD_GATEWAY_PORTAL_CHART_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/html.h"

#define CHART_DAYS 30
#define CHART_SERVICES 8 /* by name; the rest is "others" */
#define CHART_SERVICE_SIZE 129

struct chart_sum {
	uint64_t granted, refused;
};

struct chart {
	int64_t start; /* the first second of the first day, UTC */
	struct chart_sum days[CHART_DAYS];
	struct {
		char name[CHART_SERVICE_SIZE];
		struct chart_sum sum;
	} services[CHART_SERVICES + 1];
	size_t service_count;
};

/* Empty, its last day that of now. */
void chart_init(struct chart *chart, int64_t now);

/* Adds verifications; those of other days are left out. */
void chart_add(struct chart *chart, int64_t time, const char *service, uint64_t granted, uint64_t refused);

void chart_write(const struct chart *chart, struct html *html);

#endif
