/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Samples as Prometheus reads them: its text format, version 0.0.4. What is said of a metric as a whole stands before
 * the first of its samples, and once. Pure.
 */
#ifndef APIKEYD_GATEWAY_EXPOSITION_H
#define APIKEYD_GATEWAY_EXPOSITION_H

#include <stddef.h>
#include <stdio.h>

#include "lib/apikey.h"

#define EXPOSITION_TYPE "text/plain; version=0.0.4; charset=utf-8"
#define EXPOSITION_NAME_MAX 128

struct exposition {
	FILE *file;                         /* the caller's */
	char name[EXPOSITION_NAME_MAX + 1]; /* of the metric whose samples are being written; "": none yet */
};

/* Writes one. Whether that went well is known when the file is closed. */
void exposition_write(struct exposition *exposition, const struct apikey_sample *sample);

#endif
