/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Times that were measured, and how far apart two sets of them are.
 *
 * The distance is that of Kolmogorov and Smirnov: the greatest difference between the parts of both that are below one
 * time. It sees any difference of the distributions, asks nothing of their form (a few requests take a hundred times
 * as long as others), and has no unit. What it is by chance is taken from the same run: the distance of two halves of
 * one and the same set, drawn in turn, which had all that the machine did meanwhile in them as well.
 */
#ifndef APIKEYD_TESTS_DAEMON_SAMPLES_H
#define APIKEYD_TESTS_DAEMON_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

struct samples {
	const char *name;
	size_t count, room;
	int64_t *times; /* nanoseconds, in the order they came in */
};

void samples_init(struct samples *samples, const char *name, size_t room);
void samples_done(struct samples *samples);

void samples_add(struct samples *samples, int64_t time);

/* 0: the same; 1: nothing in common. */
double samples_distance(const struct samples *a, const struct samples *b);

/* Of its times of even number to those of odd number. */
double samples_noise(const struct samples *samples);

int64_t samples_median(const struct samples *samples);

/* Welch's t of what lies below the 90th percentile of both: what interrupts the machine is above that. */
double samples_welch(const struct samples *a, const struct samples *b);

#endif
