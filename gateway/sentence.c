/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "gateway/sentence.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#define WITH_KEYS "--with-keys"
#define LETTERS "abcdefghijklmnopqrstuvwxyz"

/* How long the part is that the text begins with. A question mark is of the part, other marks stand between two. */
static size_t part_size(const char *text)
{
	for (size_t i = 0; text[i] != '\0'; i++) {
		if (text[i] == '?' && text[i + 1] == ' ')
			return i + 1;
		if (strchr(",;:.", text[i]) && text[i + 1] == ' ')
			return i;
	}
	return strlen(text);
}

static bool is_option(const char *text, size_t size)
{
	return size > 2 && strncmp(text, "--", 2) == 0 && islower((unsigned char)text[2]);
}

static bool is_of_apikeyctl(const char *part, size_t size)
{
	if (memmem(part, size, "apikeyctl", sizeof("apikeyctl") - 1) || is_option(part, size))
		return true;
	for (size_t i = 1; i < size; i++) {
		if (part[i - 1] == ' ' && is_option(part + i, size - i))
			return true;
	}
	return false;
}

static void append(char *sentence, const char *text, size_t size)
{
	size_t used = strlen(sentence), room = SENTENCE_SIZE - 1 - used;

	if (size > room)
		size = room;
	memcpy(sentence + used, text, size);
	sentence[used + size] = '\0';
}

/* between: the marks before the part, of which the first one has none. */
static void append_part(char *sentence, const char *between, const char *part, size_t size)
{
	if (*sentence != '\0')
		append(sentence, between, (size_t)(part - between));
	append(sentence, part, size);
}

static void append_parts(char *sentence, const char *text, const char *with_keys)
{
	const char *between = text;

	for (const char *part = text; *part != '\0';) {
		size_t size = part_size(part);

		if (with_keys && strncmp(part, WITH_KEYS " ", sizeof(WITH_KEYS)) == 0) {
			append_part(sentence, between, part, 0);
			append(sentence, with_keys, strlen(with_keys));
			append(sentence, part + sizeof(WITH_KEYS) - 1, size - (sizeof(WITH_KEYS) - 1));
		} else if (!is_of_apikeyctl(part, size)) {
			append_part(sentence, between, part, size);
		}
		between = part + size;
		part = between + strspn(between, ",;:. ");
	}
}

void sentence_for_http(const char *text, const char *with_keys, char ret_sentence[SENTENCE_SIZE])
{
	size_t size, word;

	ret_sentence[0] = '\0';
	append_parts(ret_sentence, text, with_keys);
	if (ret_sentence[0] == '\0')
		append(ret_sentence, text, strlen(text));
	size = strlen(ret_sentence);
	if (size == 0)
		return;
	/* Only a word; names of things stay as they are. */
	word = strspn(ret_sentence, LETTERS);
	if (word == size || strchr(" ,", ret_sentence[word]))
		ret_sentence[0] = (char)toupper((unsigned char)ret_sentence[0]);
	if (!strchr(".?", ret_sentence[size - 1]))
		append(ret_sentence, ".", 1);
}
