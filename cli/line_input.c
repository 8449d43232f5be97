/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cli/line_input.h"

#include <errno.h>
#include <string.h>

/* Fills the buffer, which is empty. 1, 0 at the end, or a negative errno. */
static int fill(struct line_input *input)
{
	ssize_t got;

	do
		got = read(input->fd, input->buffer, sizeof(input->buffer));
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	input->at = 0;
	input->end = (size_t)got;
	return got > 0;
}

/* Takes what of the line is in the buffer. True when its end is among it. */
static bool take(struct line_input *input, char *text, size_t room, size_t *size)
{
	const char *start = input->buffer + input->at;
	size_t left = input->end - input->at;
	const char *newline = memchr(start, '\n', left);
	size_t taken = newline ? (size_t)(newline - start) : left;

	if (*size < room)
		memcpy(text + *size, start, taken < room - *size ? taken : room - *size);
	*size += taken;
	input->at += taken + (newline ? 1 : 0);
	input->bytes += taken + (newline ? 1 : 0);
	return newline != NULL;
}

/* Moves a line into as much room as it needs: very many may wait. */
static int fit(struct line *line)
{
	char *text = malloc(line->size + 1);

	if (text) {
		memcpy(text, line->text, line->size);
		text[line->size] = '\0';
	}
	explicit_bzero(line->text, line->size);
	free(line->text);
	line->text = text;
	return text ? 1 : -ENOMEM;
}

int line_input_read(struct line_input *input, size_t most, struct line *ret_line)
{
	/* A CR before the end does not count, and behind it there is a NUL. */
	struct line line = { .text = malloc(most + 2) };
	bool ended = false;
	int r = 1;

	if (!line.text)
		return -ENOMEM;
	while (!ended && (input->at < input->end || (r = fill(input)) > 0))
		ended = take(input, line.text, most + 1, &line.size);
	if (r < 0 || (!ended && line.size == 0)) {
		explicit_bzero(line.text, most + 1);
		free(line.text);
		return r;
	}
	if (line.size > 0 && line.size <= most + 1 && line.text[line.size - 1] == '\r')
		line.size--;
	input->number++;
	if (line.size > most) {
		explicit_bzero(line.text, most + 1);
		free(line.text);
		line.text = NULL;
		line.too_long = true;
	} else {
		r = fit(&line);
	}
	if (r > 0)
		*ret_line = line;
	return r;
}

void line_input_done(struct line_input *input)
{
	explicit_bzero(input->buffer, sizeof(input->buffer));
}

void line_free(struct line *line)
{
	if (line->text)
		explicit_bzero(line->text, line->size);
	free(line->text);
	*line = (struct line){ .text = NULL };
}
