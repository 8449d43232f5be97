/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "proto/audit_entry.h"

#include <string.h>

#include "common/cleanup.h"
#include "common/encoding.h"

#define DEPTH_MAX 32
#define MICROSECONDS 1000000
#define DAY INT64_C(86400)

enum kind {
	KIND_NUMBER,
	KIND_TEXT,
	KIND_TRUE,
	KIND_OBJECT,
};

static const struct {
	const char *name;
	enum kind kind;
} members[AUDIT_MEMBERS] = {
	[AUDIT_MEMBER_SEQ] = { "seq", KIND_NUMBER },
	[AUDIT_MEMBER_REV] = { "rev", KIND_NUMBER },
	[AUDIT_MEMBER_TIME] = { "time", KIND_TEXT },
	[AUDIT_MEMBER_EVENT] = { "event", KIND_TEXT },
	[AUDIT_MEMBER_VERDICT] = { "verdict", KIND_TEXT },
	[AUDIT_MEMBER_REASON] = { "reason", KIND_TEXT },
	[AUDIT_MEMBER_KEY_ID] = { "key_id", KIND_TEXT },
	[AUDIT_MEMBER_KEY_NAME] = { "key_name", KIND_TEXT },
	[AUDIT_MEMBER_OWNER] = { "owner", KIND_TEXT },
	[AUDIT_MEMBER_USER] = { "user", KIND_TEXT },
	[AUDIT_MEMBER_SERVICE] = { "service", KIND_TEXT },
	[AUDIT_MEMBER_TTY] = { "tty", KIND_TEXT },
	[AUDIT_MEMBER_RHOST] = { "rhost", KIND_TEXT },
	[AUDIT_MEMBER_PERMISSION] = { "permission", KIND_TEXT },
	[AUDIT_MEMBER_BOUND_TO] = { "bound_to", KIND_TEXT },
	[AUDIT_MEMBER_MISUSE] = { "misuse", KIND_TEXT },
	[AUDIT_MEMBER_DETAIL] = { "detail", KIND_TEXT },
	[AUDIT_MEMBER_TEST] = { "test", KIND_TRUE },
	[AUDIT_MEMBER_PEER_UID] = { "peer_uid", KIND_NUMBER },
	[AUDIT_MEMBER_PEER_PID] = { "peer_pid", KIND_NUMBER },
	[AUDIT_MEMBER_ACTOR] = { "actor", KIND_TEXT },
	/* What could not be read as an object was written as a text. */
	[AUDIT_MEMBER_CHANGES] = { "changes", KIND_OBJECT },
	[AUDIT_MEMBER_COUNT] = { "count", KIND_NUMBER },
};

/* What is left of a line. */
struct rest {
	const char *at, *end;
};

const char *audit_member_name(enum audit_member member)
{
	return members[member].name;
}

/* ---- JSON ---- */

static bool take(struct rest *rest, char letter)
{
	if (rest->at == rest->end || *rest->at != letter)
		return false;
	rest->at++;
	return true;
}

static bool take_word(struct rest *rest, const char *word)
{
	size_t size = strlen(word);

	if ((size_t)(rest->end - rest->at) < size || memcmp(rest->at, word, size) != 0)
		return false;
	rest->at += size;
	return true;
}

/* apikeyd writes no spaces; who did may have written the rest too. */
static void skip_spaces(struct rest *rest)
{
	while (rest->at < rest->end && *rest->at == ' ')
		rest->at++;
}

static bool is_digit(char letter)
{
	return letter >= '0' && letter <= '9';
}

static bool take_digits(struct rest *rest)
{
	const char *start = rest->at;

	while (rest->at < rest->end && is_digit(*rest->at))
		rest->at++;
	return rest->at > start;
}

static int hex_digit(char letter)
{
	if (is_digit(letter))
		return letter - '0';
	if (letter >= 'a' && letter <= 'f')
		return letter - 'a' + 10;
	if (letter >= 'A' && letter <= 'F')
		return letter - 'A' + 10;
	return -1;
}

/* The four digits behind \u. False for fewer. */
static bool take_unit(struct rest *rest, unsigned int *ret_unit)
{
	unsigned int unit = 0;

	if (rest->end - rest->at < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		int digit = hex_digit(*rest->at++);

		if (digit < 0)
			return false;
		unit = unit << 4 | (unsigned int)digit;
	}
	*ret_unit = unit;
	return true;
}

/* The character behind a backslash. False where it is none, and for U+0000, which no text can hold. */
static bool take_escape(struct rest *rest, unsigned int *ret_character)
{
	static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
	const char *found;
	unsigned int unit, low;

	if (rest->at == rest->end)
		return false;
	if (*rest->at != 'u') {
		found = memchr(letters, *rest->at, sizeof(letters) - 1);
		if (!found)
			return false;
		rest->at++;
		*ret_character = (unsigned char)meanings[found - letters];
		return true;
	}
	rest->at++;
	if (!take_unit(rest, &unit) || unit == 0 || (unit >= 0xdc00 && unit <= 0xdfff))
		return false;
	if (unit >= 0xd800 && unit <= 0xdbff) {
		if (!take(rest, '\\') || !take(rest, 'u') || !take_unit(rest, &low) || low < 0xdc00 || low > 0xdfff)
			return false;
		unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
	}
	*ret_character = unit;
	return true;
}

/* A text with its quotes. What it is made of was looked at before. */
static bool take_text(struct rest *rest)
{
	unsigned int character;

	if (!take(rest, '"'))
		return false;
	while (rest->at < rest->end) {
		char letter = *rest->at++;

		if (letter == '"')
			return true;
		if (letter == '\\' && !take_escape(rest, &character))
			return false;
	}
	return false;
}

static bool take_any_number(struct rest *rest)
{
	bool zero;

	take(rest, '-');
	zero = rest->at < rest->end && *rest->at == '0';
	if (zero ? !take(rest, '0') : !take_digits(rest))
		return false;
	if (take(rest, '.') && !take_digits(rest))
		return false;
	if (take(rest, 'e') || take(rest, 'E')) {
		if (!take(rest, '+'))
			take(rest, '-');
		return take_digits(rest);
	}
	return true;
}

/* Opens an object or array at this depth. */
static bool take_open(struct rest *rest, char *nest, size_t *depth)
{
	if (*depth == DEPTH_MAX || (*rest->at != '{' && *rest->at != '['))
		return false;
	nest[(*depth)++] = *rest->at++ == '{' ? '}' : ']';
	skip_spaces(rest);
	return true;
}

static bool take_name(struct rest *rest)
{
	skip_spaces(rest);
	if (!take_text(rest))
		return false;
	skip_spaces(rest);
	if (!take(rest, ':'))
		return false;
	skip_spaces(rest);
	return true;
}

static bool take_plain(struct rest *rest)
{
	switch (*rest->at) {
	case '"':
		return take_text(rest);
	case 't':
		return take_word(rest, "true");
	case 'f':
		return take_word(rest, "false");
	case 'n':
		return take_word(rest, "null");
	default:
		return take_any_number(rest);
	}
}

/* Any value, nested DEPTH_MAX deep at most: no recursion, whatever stands there. */
static bool take_value(struct rest *rest)
{
	char nest[DEPTH_MAX];
	size_t depth = 0;

	while (true) {
		if (rest->at == rest->end)
			return false;
		if (*rest->at == '{' || *rest->at == '[') {
			if (!take_open(rest, nest, &depth))
				return false;
			if (!take(rest, nest[depth - 1])) {
				if (nest[depth - 1] == '}' && !take_name(rest))
					return false;
				continue;
			}
			depth--;
		} else if (!take_plain(rest)) {
			return false;
		}
		/* Behind a value: what closes, then what goes on. */
		while (depth > 0) {
			skip_spaces(rest);
			if (!take(rest, nest[depth - 1]))
				break;
			depth--;
		}
		if (depth == 0)
			return true;
		if (!take(rest, ','))
			return false;
		skip_spaces(rest);
		if (nest[depth - 1] == '}' && !take_name(rest))
			return false;
	}
}

/* ---- records ---- */

static bool read_number(const char *text, size_t size, uint64_t *ret_number)
{
	uint64_t number = 0;

	if (size == 0 || (size > 1 && *text == '0'))
		return false;
	for (size_t i = 0; i < size; i++) {
		if (!is_digit(text[i]) || __builtin_mul_overflow(number, UINT64_C(10), &number) ||
		    __builtin_add_overflow(number, (uint64_t)(text[i] - '0'), &number))
			return false;
	}
	*ret_number = number;
	return true;
}

static bool read_part(const char *text, size_t size, int least, int most, int *ret_part)
{
	int part = 0;

	for (size_t i = 0; i < size; i++) {
		if (!is_digit(text[i]))
			return false;
		part = part * 10 + (text[i] - '0');
	}
	*ret_part = part;
	return part >= least && part <= most;
}

/* Days from 1970-01-01 to a day of the Gregorian calendar, whose years begin in March here. */
static int64_t days_of(int year, int month, int day)
{
	int64_t shifted = month > 2 ? year : year - 1;
	int64_t era = shifted / 400, of_era = shifted % 400;
	int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* "2026-11-21T18:03:07.000123Z", with one to six digits of the second's fraction, or none. */
static bool read_time(const char *text, size_t size, int64_t *ret_time)
{
	int year, month, day, hour, minute, second, fraction = 0;

	if (size < sizeof("2026-11-21T18:03:07Z") - 1 || text[4] != '-' || text[7] != '-' || text[10] != 'T' ||
	    text[13] != ':' || text[16] != ':' || text[size - 1] != 'Z' || !read_part(text, 4, 1970, 9999, &year) ||
	    !read_part(text + 5, 2, 1, 12, &month) || !read_part(text + 8, 2, 1, 31, &day) ||
	    !read_part(text + 11, 2, 0, 23, &hour) || !read_part(text + 14, 2, 0, 59, &minute) ||
	    !read_part(text + 17, 2, 0, 60, &second))
		return false;
	if (size > sizeof("2026-11-21T18:03:07Z") - 1) {
		size_t digits = size - sizeof("2026-11-21T18:03:07Z");

		if (text[19] != '.' || digits == 0 || digits > 6 || !read_part(text + 20, digits, 0, 999999, &fraction))
			return false;
		for (; digits < 6; digits++)
			fraction *= 10;
	}
	*ret_time = (days_of(year, month, day) * DAY + hour * 3600 + minute * 60 + second) * MICROSECONDS + fraction;
	return true;
}

static bool is_of_kind(enum kind kind, const struct audit_value *value)
{
	uint64_t number;

	switch (kind) {
	case KIND_NUMBER:
		return read_number(value->text, value->size, &number);
	case KIND_TEXT:
		return *value->text == '"';
	case KIND_TRUE:
		return *value->text == 't';
	case KIND_OBJECT:
		return *value->text == '{' || *value->text == '"';
	}
	return false;
}

/* Notes a member, its name with quotes. False when it was there before, or is not of its kind. */
static bool note(struct audit_entry *entry, const struct audit_value *name, const struct audit_value *value)
{
	for (size_t i = 0; i < AUDIT_MEMBERS; i++) {
		if (name->size != strlen(members[i].name) + 2 ||
		    memcmp(name->text + 1, members[i].name, name->size - 2) != 0)
			continue;
		if (entry->members[i].text || !is_of_kind(members[i].kind, value))
			return false;
		entry->members[i] = *value;
		return true;
	}
	return true;
}

bool audit_entry_parse(const char *line, size_t size, struct audit_entry *ret_entry)
{
	struct rest rest = { line, line + size };
	struct audit_entry entry = { .seq = 0 };
	const struct audit_value *time = &entry.members[AUDIT_MEMBER_TIME];

	if (!encoding_is_printable_utf8(line, size) || !take(&rest, '{'))
		return false;
	do {
		struct audit_value name, value;

		skip_spaces(&rest);
		name.text = rest.at;
		if (!take_text(&rest))
			return false;
		name.size = (size_t)(rest.at - name.text);
		skip_spaces(&rest);
		if (!take(&rest, ':'))
			return false;
		skip_spaces(&rest);
		value.text = rest.at;
		if (!take_value(&rest))
			return false;
		value.size = (size_t)(rest.at - value.text);
		if (!note(&entry, &name, &value))
			return false;
		skip_spaces(&rest);
	} while (take(&rest, ','));
	if (!take(&rest, '}') || rest.at != rest.end || !time->text || !entry.members[AUDIT_MEMBER_EVENT].text ||
	    !read_time(time->text + 1, time->size - 2, &entry.time))
		return false;
	entry.seq = audit_value_number(&entry.members[AUDIT_MEMBER_SEQ], 0);
	*ret_entry = entry;
	return true;
}

/* A number that something follows. */
static bool take_number(struct rest *rest, uint64_t *ret_number)
{
	const char *start = rest->at;

	return take_digits(rest) && read_number(start, (size_t)(rest->at - start), ret_number);
}

bool audit_entry_head(const char *line, size_t size, uint64_t *ret_seq, int64_t *ret_time)
{
	struct rest rest = { line, line + size };
	const char *start;
	uint64_t seq, rev;
	int64_t time;

	if (!take_word(&rest, "{\"seq\":") || !take_number(&rest, &seq) || !take(&rest, ','))
		return false;
	if (take_word(&rest, "\"rev\":") && (!take_number(&rest, &rev) || !take(&rest, ',')))
		return false;
	if (!take_word(&rest, "\"time\":\""))
		return false;
	start = rest.at;
	rest.at = memchr(start, '"', (size_t)(rest.end - start));
	if (!rest.at || !read_time(start, (size_t)(rest.at - start), &time))
		return false;
	*ret_seq = seq;
	*ret_time = time;
	return true;
}

/* ---- values ---- */

/* Writes a character as UTF-8; its size. */
static size_t put_character(unsigned int character, char ret_bytes[4])
{
	if (character < 0x80) {
		ret_bytes[0] = (char)character;
		return 1;
	}
	if (character < 0x800) {
		ret_bytes[0] = (char)(0xc0 | character >> 6);
		ret_bytes[1] = (char)(0x80 | (character & 0x3f));
		return 2;
	}
	if (character < 0x10000) {
		ret_bytes[0] = (char)(0xe0 | character >> 12);
		ret_bytes[1] = (char)(0x80 | (character >> 6 & 0x3f));
		ret_bytes[2] = (char)(0x80 | (character & 0x3f));
		return 3;
	}
	ret_bytes[0] = (char)(0xf0 | character >> 18);
	ret_bytes[1] = (char)(0x80 | (character >> 12 & 0x3f));
	ret_bytes[2] = (char)(0x80 | (character >> 6 & 0x3f));
	ret_bytes[3] = (char)(0x80 | (character & 0x3f));
	return 4;
}

/* The next bytes of a text inside its quotes, up to four; how many. 0 at its end. */
static size_t next_bytes(struct rest *rest, char ret_bytes[4])
{
	unsigned int character;

	if (rest->at == rest->end)
		return 0;
	ret_bytes[0] = *rest->at++;
	if (ret_bytes[0] != '\\')
		return 1;
	return take_escape(rest, &character) ? put_character(character, ret_bytes) : 0;
}

static struct rest inside_of(const struct audit_value *value)
{
	if (!value->text || value->size < 2 || *value->text != '"')
		return (struct rest){ NULL, NULL };
	return (struct rest){ value->text + 1, value->text + value->size - 1 };
}

size_t audit_value_text(const struct audit_value *value, char *ret_text)
{
	struct rest rest = inside_of(value);
	size_t size = 0, count;
	char bytes[4];

	while ((count = next_bytes(&rest, bytes)) > 0) {
		if (ret_text)
			memcpy(ret_text + size, bytes, count);
		size += count;
	}
	return size;
}

bool audit_value_is(const struct audit_value *value, const char *text)
{
	struct rest rest = inside_of(value);
	size_t count;
	char bytes[4];

	if (!value->text)
		return false;
	while ((count = next_bytes(&rest, bytes)) > 0) {
		if (strncmp(text, bytes, count) != 0)
			return false;
		text += count;
	}
	return *text == '\0';
}

uint64_t audit_value_number(const struct audit_value *value, uint64_t other)
{
	uint64_t number;

	return value->text && read_number(value->text, value->size, &number) ? number : other;
}
