/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * An import that runs: its lines between reading (cli/key_import.c) and answer (cli/import_ask.c). Bounds what waits at
 * a time.
 */
#ifndef APIKEYD_CLI_IMPORT_ASK_H
#define APIKEYD_CLI_IMPORT_ASK_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/arguments.h"
#include "cli/import_line.h"
#include "cli/line_input.h"
#include "cli/progress.h"
#include "lib/apikey.h"

#define IMPORT_BATCH 512    /* lines of a request */
#define IMPORT_WINDOW 32768 /* lines that are read and not settled yet */
#define IMPORT_REQUESTS 64  /* on their way */

enum import_format {
	FORMAT_UNKNOWN, /* as the first line says */
	FORMAT_CSV,
	FORMAT_JSONL,
};

/* A line that waits for its answer. */
struct import_waiting {
	uint64_t number;
	struct line line;
	char *fault; /* it is refused here; NULL */
	/* what was read of it, with texts in the line or in the object */
	struct apikey_import_key key;
	unsigned char sha256[APIKEY_SHA256_SIZE];
	const char **lists; /* one behind the other */
	json_t *object;
};

/* A request that is on its way, or was answered out of turn. */
struct import_request {
	size_t asked; /* lines, those left out that are refused here */
	struct apikey_import *answers;
};

struct import {
	const struct arguments *arguments;
	const char *path; /* for complaints */
	enum import_format format;
	struct import_rules rules;
	struct import_header header;
	bool dry_run;
	bool failed; /* a request was not answered, or with a no: nothing more is asked */
	uint64_t from_line;
	uint64_t size; /* of the file, 0: not known */
	struct line_input input;
	struct apikey_admin *admin;
	FILE *report; /* NULL: standard error */
	struct progress progress;
	uint64_t lines, created, unchanged, refused;
	uint64_t settled; /* the last line whose fate is known */
	/* lines that were settled, were sent, and were read, so far; and those between, each at its number %
	 * IMPORT_WINDOW */
	size_t head, sent, end;
	struct import_waiting waiting[IMPORT_WINDOW];
	size_t request_first, request_count;
	struct import_request requests[IMPORT_REQUESTS];
	struct import_entry entry; /* the line that is being read */
};

/* The place of the next line that is read; there is one. */
struct import_waiting *import_add_line(struct import *import);

/* Sends what was read, but for less than so many lines, and settles lines where there is no room. What the library
 * returned. */
int import_send_lines(struct import *import, size_t least);

/* Settles all that is on its way. */
int import_settle_requests(struct import *import);

/* Frees all lines and answers there are. */
void import_forget(struct import *import);

#endif
