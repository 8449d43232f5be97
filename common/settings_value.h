/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The forms of values in the configuration file, each as a function that takes a text whole or refuses it; and limits
 * written the way values are. Pure, but for the look-ups of users and groups.
 */
#ifndef APIKEYD_COMMON_SETTINGS_VALUE_H
#define APIKEYD_COMMON_SETTINGS_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum settings_unit {
	SETTINGS_UNIT_NONE, /* 64 */
	SETTINGS_UNIT_SIZE, /* bytes; 64K, 64M, 2G: powers of 1024 */
	SETTINGS_UNIT_SPAN, /* seconds; always with a unit: 10s, 5m, 90d; s m h d w y */
};

/* Reads a number in a unit. False for anything else, and for what overflows. */
bool settings_value_number(const char *text, enum settings_unit unit, uint64_t *ret_number);

#define SETTINGS_NUMBER_SIZE 32
/* Writes a number in the greatest unit that leaves it whole. */
void settings_value_format(uint64_t number, enum settings_unit unit, char ret_text[SETTINGS_NUMBER_SIZE]);

/* A list: items separated by commas, blanks around them. Empty text: no items. */
enum settings_list_error {
	SETTINGS_LIST_OK = 0,
	SETTINGS_LIST_EMPTY_ITEM, /* "a,,b", "a," */
	SETTINGS_LIST_BAD_ITEM,
	SETTINGS_LIST_REPEATED_ITEM,
};

/* Checks each item with is_good, and writes the items separated by one space. ret_list has room for strlen(text) + 1
 * bytes. On an error ret_list is the item that is wrong. */
enum settings_list_error settings_value_list(const char *text, bool (*is_good)(const char *item), char *ret_list);

/* What may stand in lists. */
bool settings_value_is_user(const char *item); /* what a user name or uid can be at all */

enum settings_name {
	SETTINGS_NAME_USER,
	SETTINGS_NAME_GROUP,
};

/* The uid of a user name, or the gid of a group name, or of a text of digits. 0, -ENOENT (there is none of that name),
 * or another negative errno of the look-up. */
int settings_value_id(const char *text, enum settings_name kind, uint32_t *ret_id);

/* How many letters apart two names are: inserted, left out, changed or swapped. - and _ count as the same. */
size_t settings_value_distance(const char *a, const char *b);

#endif
