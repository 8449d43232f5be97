/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What was found while files were read: each text once, with how often and where. Holds live secrets, so memory that is
 * given up is wiped. What may be a public key is so common that those nobody knows are forgotten again.
 */
#ifndef APIKEYD_CLI_FIND_HITS_H
#define APIKEYD_CLI_FIND_HITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/apikey.h"

#define FIND_TEXT_SIZE 64 /* of a text, with its NUL */
#define FIND_PLACES 16    /* that are remembered of each */

struct find_place {
	size_t file;     /* its number */
	uint64_t offset; /* in bytes, from 0 on */
	uint64_t line;   /* from 1 on; 0: the file is none of lines */
};

struct find_hit {
	char text[FIND_TEXT_SIZE]; /* "": this is no hit */
	enum apikey_scan_kind kind;
	bool asked; /* the daemon was asked */
	bool ours;
	uint64_t count;
	size_t place_count;
	struct find_place places[FIND_PLACES]; /* the first ones */
	/* where it is ours */
	enum apikey_found_secret secret;
	uint32_t number;
	int64_t retires;
	char *id, *name, *owner, *tenant, *state; /* malloc'ed */
};

struct find_hits {
	struct find_hit *hits; /* an open table: those without a text are free */
	size_t room, count;
	size_t unasked;
	uint64_t strangers; /* distinct texts whose check fits and which are no key of ours */
};

/* Notes one. False when memory is short. */
bool find_hits_note(struct find_hits *hits, enum apikey_scan_kind kind, const char *text, size_t size,
		    const struct find_place *place);

/* Forgets those that were asked for and are not ours. What is noted again is asked again; a key that is not ours is not
 * forgotten, so that it is counted once. False when memory is short. */
bool find_hits_forget(struct find_hits *hits);

void find_hits_done(struct find_hits *hits);

#endif
