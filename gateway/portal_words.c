/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "gateway/portal_words.h"

#include <stdlib.h>
#include <string.h>

#define BETWEEN " \t\r\n,"

static void add(struct words *words, const char *word)
{
	for (size_t i = 0; i < words->count; i++) {
		if (strcmp(words->list[i], word) == 0)
			return;
	}
	if (words->count == WORDS_MOST) {
		words->too_many = true;
		return;
	}
	words->list[words->count++] = word;
}

void words_add_ticked(struct words *words, const struct urlencoded *form, const char *prefix)
{
	size_t size = strlen(prefix);

	for (size_t i = 0; i < form->count; i++) {
		if (strncmp(form->pairs[i].name, prefix, size) == 0 && form->pairs[i].name[size] != '\0')
			add(words, form->pairs[i].name + size);
	}
}

void words_add_text(struct words *words, const char *text)
{
	char *rest = NULL;

	if (words->text || *text == '\0')
		return;
	words->text = strdup(text);
	if (!words->text) {
		words->too_many = true;
		return;
	}
	for (char *word = strtok_r(words->text, BETWEEN, &rest); word; word = strtok_r(NULL, BETWEEN, &rest))
		add(words, word);
}

void words_done(struct words *words)
{
	free(words->text);
	*words = (struct words){ .count = 0 };
}
