/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * JSON for programs, by jansson. Defends against what jansson leaves to its callers: texts that are not UTF-8 (it drops
 * them), control characters that reach a terminal, and secrets left on the heap.
 *
 * Whoever builds a value notes whether each step worked, and writes it only then.
 */
#ifndef APIKEYD_CLI_JSON_H
#define APIKEYD_CLI_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "cli/scope.h"

SCOPE_DESTRUCTOR(json_scope, json_t, json_decref);
#define SCOPED_JSON SCOPED(json_scope)

/* Has jansson wipe what it frees. Before any other use of it. */
void json_prepare(void);

/* Each returns a new value, NULL when memory is short. */
json_t *json_text(const char *text);          /* escaped where it is not UTF-8 */
json_t *json_text_or_null(const char *text);  /* null for "" and NULL */
json_t *json_time(int64_t time);              /* RFC 3339 in UTC; null for 0 and APIKEY_NEVER */
json_t *json_number(uint64_t number);         /* the greatest integer there is for what is greater */
json_t *json_texts(const char *const *texts); /* an array; texts may be NULL */

/* Sets a member of an object. Takes value over in any case. False when value is NULL or memory is short. */
bool json_put(json_t *object, const char *name, json_t *value);

/* The value as a text, NULL when memory is short: one line without a newline, or several with one at the end. It may
 * hold a secret: the caller ends it with json_text_free(), which wipes. */
char *json_write_text(const json_t *value, bool one_line);
void json_text_free(char *text);

SCOPE_DESTRUCTOR(json_text_scope, char, json_text_free);
#define SCOPED_JSON_TEXT SCOPED(json_text_scope)

/* Writes the value on several lines to stdout. False when memory is short; a failed write shows in ferror(stdout). */
bool json_print(const json_t *value);

#endif
