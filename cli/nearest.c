/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cli/nearest.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli/scope.h"

#define WORD_MAX 31
#define FAR (WORD_MAX + 1)

/* What other tools call it. */
static const struct {
	const char *word, *verb;
} other_words[] = {
	{ "add", "create" },
	{ "new", "create" },
	{ "make", "create" },
	{ "generate", "create" },
	{ "ls", "list" },
	{ "get", "show" },
	{ "info", "show" },
	{ "edit", "update" },
	{ "modify", "update" },
	{ "change", "update" },
	{ "set", "update" },
	{ "enable", "activate" },
	{ "disable", "deactivate" },
	{ "suspend", "deactivate" },
	{ "rm", "delete" },
	{ "remove", "delete" },
	{ "test", "verify" },
	{ "check", "verify" },
	{ "why", "explain" },
	{ "renew", "rotate" },
};

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* How many letters must be put in, taken out, replaced or swapped with the next to make one of the other. */
static unsigned int distance(const char *word, size_t size, const char *name)
{
	unsigned int rows[3][WORD_MAX + 2];
	size_t width = strlen(name);

	if (size > WORD_MAX || width > WORD_MAX)
		return FAR;
	for (size_t j = 0; j <= width; j++)
		rows[0][j] = (unsigned int)j;
	for (size_t i = 1; i <= size; i++) {
		unsigned int *row = rows[i % 3], *above = rows[(i + 2) % 3], *above_that = rows[(i + 1) % 3];

		row[0] = (unsigned int)i;
		for (size_t j = 1; j <= width; j++) {
			row[j] =
				least(least(above[j] + 1, row[j - 1] + 1), above[j - 1] + (word[i - 1] != name[j - 1]));
			if (i > 1 && j > 1 && word[i - 1] == name[j - 2] && word[i - 2] == name[j - 1])
				row[j] = least(row[j], above_that[j - 2] + 1);
		}
	}
	return rows[size % 3][width];
}

/* How far a name is from what was typed; FAR where nobody would have meant it. */
static unsigned int how_far(const char *word, size_t size, const char *name)
{
	unsigned int steps = distance(word, size, name);

	/* One begins with the other. */
	if (size >= 2 && strncmp(name, word, size) == 0)
		return 1;
	if (strlen(name) >= 3 && strlen(name) <= size && strncmp(name, word, strlen(name)) == 0)
		return 1;
	for (size_t i = 0; i < COUNT_OF(other_words); i++)
		if (strlen(other_words[i].word) == size && strncmp(other_words[i].word, word, size) == 0 &&
		    strcmp(other_words[i].verb, name) == 0)
			return 1;
	return steps <= (size >= 4 ? 2 : 1) && steps < size ? steps : FAR;
}

const char *nearest_command(const char *object, const char *word, char ret_name[NEAREST_SIZE])
{
	unsigned int best = FAR;

	for (const struct command *command = commands; command->verb; command++) {
		unsigned int here = how_far(word, strlen(word), command->verb);

		if (object && (!command->object || strcmp(command->object, object) != 0))
			continue;
		if (here < best) {
			best = here;
			snprintf(ret_name, NEAREST_SIZE, "%s%s%s", command->object ? command->object : "",
				 command->object ? " " : "", command->verb);
		}
		/* An object is meant sooner than a verb of some object. */
		here = !object && command->object ? how_far(word, strlen(word), command->object) : FAR;
		if (here < FAR && here <= best) {
			best = here;
			snprintf(ret_name, NEAREST_SIZE, "%s", command->object);
		}
	}
	return best < FAR ? ret_name : NULL;
}

const char *nearest_option(const struct command *command, const char *word, size_t size)
{
	const struct option *lists[] = { command ? command->options : NULL, global_options };
	const char *name = NULL;
	unsigned int best = FAR;

	for (size_t i = 0; i < COUNT_OF(lists); i++)
		for (const struct option *option = lists[i]; option && option->id != OPTION_END; option++) {
			unsigned int here = how_far(word, size, option->name);

			if (here < best) {
				best = here;
				name = option->name;
			}
		}
	return name;
}
