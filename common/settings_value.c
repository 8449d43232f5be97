/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "common/settings_value.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

#define BLANKS " \t"
#define DIGITS "0123456789"
#define USER_NAME_MAX 256
#define DISTANCE_NAME_MAX 64

struct unit_letter {
	char letter;
	uint64_t factor;
};

static const struct unit_letter size_letters[] = { { 'G', 1 << 30 }, { 'M', 1 << 20 }, { 'K', 1 << 10 } };
static const struct unit_letter span_letters[] = { { 'y', 31536000 }, { 'w', 604800 }, { 'd', 86400 },
						   { 'h', 3600 },     { 'm', 60 },     { 's', 1 } };

static const struct unit_letter *unit_letters(enum settings_unit unit, size_t *ret_count)
{
	switch (unit) {
	case SETTINGS_UNIT_SIZE:
		*ret_count = ARRAY_SIZE(size_letters);
		return size_letters;
	case SETTINGS_UNIT_SPAN:
		*ret_count = ARRAY_SIZE(span_letters);
		return span_letters;
	case SETTINGS_UNIT_NONE:
		break;
	}
	*ret_count = 0;
	return NULL;
}

static bool find_factor(const char *suffix, enum settings_unit unit, uint64_t *ret_factor)
{
	size_t count;
	const struct unit_letter *letters = unit_letters(unit, &count);

	if (suffix[0] == '\0' && unit != SETTINGS_UNIT_SPAN) {
		*ret_factor = 1;
		return true;
	}
	for (size_t i = 0; i < count; i++) {
		if (suffix[0] != letters[i].letter || suffix[1] != '\0')
			continue;
		*ret_factor = letters[i].factor;
		return true;
	}
	return false;
}

bool settings_value_number(const char *text, enum settings_unit unit, uint64_t *ret_number)
{
	size_t digits = strspn(text, DIGITS);
	uint64_t number = 0, factor;

	if (digits == 0 || !find_factor(text + digits, unit, &factor))
		return false;
	for (size_t i = 0; i < digits; i++)
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(text[i] - '0'), &number))
			return false;
	return !__builtin_mul_overflow(number, factor, ret_number);
}

void settings_value_format(uint64_t number, enum settings_unit unit, char ret_text[SETTINGS_NUMBER_SIZE])
{
	size_t count;
	const struct unit_letter *letters = unit_letters(unit, &count);

	for (size_t i = 0; i < count; i++) {
		if (number == 0 || number % letters[i].factor != 0)
			continue;
		snprintf(ret_text, SETTINGS_NUMBER_SIZE, "%llu%c", (unsigned long long)(number / letters[i].factor),
			 letters[i].letter);
		return;
	}
	/* A span is always written with its unit, also that of nothing. */
	snprintf(ret_text, SETTINGS_NUMBER_SIZE, "%llu%s", (unsigned long long)number,
		 unit == SETTINGS_UNIT_SPAN ? "s" : "");
}

static bool list_has(const char *list, const char *item)
{
	size_t size = strlen(item);

	while (*list != '\0') {
		size_t length = strcspn(list, " ");

		if (length == size && memcmp(list, item, size) == 0)
			return true;
		list += length;
		list += strspn(list, " ");
	}
	return false;
}

enum settings_list_error settings_value_list(const char *text, bool (*is_good)(const char *item), char *ret_list)
{
	char *end = ret_list; /* of the items so far */

	*end = '\0';
	if (text[strspn(text, BLANKS)] == '\0')
		return SETTINGS_LIST_OK;
	for (;; text++) {
		enum settings_list_error error = SETTINGS_LIST_OK;
		char *item = end == ret_list ? end : end + 1;
		size_t length, size;

		text += strspn(text, BLANKS);
		length = size = strcspn(text, ",");
		while (size > 0 && strchr(BLANKS, text[size - 1]))
			size--;
		memcpy(item, text, size);
		item[size] = '\0';
		if (size == 0)
			error = SETTINGS_LIST_EMPTY_ITEM;
		else if (!is_good(item))
			error = SETTINGS_LIST_BAD_ITEM;
		else if (item != end && list_has(ret_list, item))
			error = SETTINGS_LIST_REPEATED_ITEM;
		if (error != SETTINGS_LIST_OK) {
			memmove(ret_list, item, size + 1);
			return error;
		}
		if (item != end)
			*end = ' ';
		end = item + size;
		text += length;
		if (*text == '\0')
			return SETTINGS_LIST_OK;
	}
}

bool settings_value_is_user(const char *item)
{
	return *item != '\0' && strlen(item) <= USER_NAME_MAX && !strpbrk(item, BLANKS ":,/");
}

/* The codes by which look-ups say that there is no such name. */
static int lookup_error(int error)
{
	return error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM ? -ENOENT : -error;
}

/* Doubles a look-up's buffer after ERANGE. False when that has been enough, or there is no memory. */
static bool grow(char **buffer, size_t *size)
{
	char *bigger;

	if (*size >= 1 << 20)
		return false;
	bigger = realloc(*buffer, *size == 0 ? 1024 : 2 * *size);
	if (!bigger)
		return false;
	*buffer = bigger;
	*size = *size == 0 ? 1024 : 2 * *size;
	return true;
}

/* One look-up with the room it is given. 0, or what getpwnam_r() and getgrnam_r() return; *ret_found as they mean it.
 */
static int look_up(const char *name, enum settings_name kind, char *buffer, size_t size, bool *ret_found,
		   uint32_t *ret_id)
{
	struct passwd user, *found_user = NULL;
	struct group group, *found_group = NULL;
	int error;

	if (kind == SETTINGS_NAME_USER)
		error = getpwnam_r(name, &user, buffer, size, &found_user);
	else
		error = getgrnam_r(name, &group, buffer, size, &found_group);
	*ret_found = found_user || found_group;
	if (*ret_found)
		*ret_id = found_user ? user.pw_uid : group.gr_gid;
	return error;
}

int settings_value_id(const char *text, enum settings_name kind, uint32_t *ret_id)
{
	CLEANUP_FREE char *buffer = NULL;
	size_t size = 0;
	uint64_t number;
	bool found = false;
	int error = ERANGE;

	if (*text != '\0' && text[strspn(text, DIGITS)] == '\0') {
		if (!settings_value_number(text, SETTINGS_UNIT_NONE, &number) || number >= UINT32_MAX)
			return -ENOENT;
		*ret_id = (uint32_t)number;
		return 0;
	}
	while (error == ERANGE && grow(&buffer, &size))
		error = look_up(text, kind, buffer, size, &found, ret_id);
	return found ? 0 : lookup_error(error);
}

static bool same_letter(char a, char b)
{
	return a == b || (a == '-' && b == '_') || (a == '_' && b == '-');
}

static size_t smallest(size_t a, size_t b, size_t c)
{
	size_t smaller = a < b ? a : b;

	return smaller < c ? smaller : c;
}

size_t settings_value_distance(const char *a, const char *b)
{
	size_t rows[3][DISTANCE_NAME_MAX + 1]; /* three rows of the table of distances between prefixes, in turn */
	size_t a_size = strlen(a), b_size = strlen(b);

	if (a_size > DISTANCE_NAME_MAX || b_size > DISTANCE_NAME_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= b_size; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_size; i++) {
		size_t *row = rows[i % 3];
		const size_t *above = rows[(i - 1) % 3], *swapped = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= b_size; j++) {
			row[j] = smallest(above[j] + 1, row[j - 1] + 1,
					  above[j - 1] + (same_letter(a[i - 1], b[j - 1]) ? 0 : 1));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    swapped[j - 2] + 1 < row[j])
				row[j] = swapped[j - 2] + 1;
		}
	}
	return rows[a_size % 3][b_size];
}
