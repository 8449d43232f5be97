/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * JSON that is written, by jansson. Defends against what jansson leaves to its callers: texts that are not UTF-8 (it
 * drops them), and secrets left on the heap.
 *
 * Whoever builds a value notes whether each step worked, and writes it only then.
 */
#ifndef APIKEYD_GATEWAY_JSON_H
#define APIKEYD_GATEWAY_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Has jansson wipe what it frees, and readies it for several threads. Before any other use of it. */
void json_prepare(void);

/* Each returns a new value, NULL when memory is short. */
json_t *json_text(const char *text);          /* with ? for each byte, where it is not UTF-8 */
json_t *json_texts(const char *const *texts); /* an array */
json_t *json_words(const char *text);         /* the same of what single spaces separate */
json_t *json_moment(int64_t time);            /* seconds; null for 0 and APIKEY_NEVER */
json_t *json_number(uint64_t number);         /* the greatest integer there is for what is greater */

/* Sets a member of an object. Takes value over in any case. False when one of them is NULL or memory is short. */
bool json_put(json_t *object, const char *name, json_t *value);

/* The value as a text of one line, malloc'ed; NULL when memory is short. It may hold a secret: who frees it wipes. */
char *json_write(const json_t *value);

static inline void json_free_pointer(json_t **value)
{
	json_decref(*value);
}
#define CLEANUP_JSON CLEANUP(json_free_pointer)

#endif
