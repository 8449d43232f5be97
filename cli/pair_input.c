/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cli/pair_input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/json.h"
#include "cli/output.h"
#include "cli/secret_input.h"

/* A pair in JSON stands beside all else that there is to say about its key. */
#define INPUT_MAX 65536

#define HINT "; it takes two lines, public key and private key, or what 'key create --json' printed"

/* What was read, wiped and freed at the end of the scope. */
struct input {
	char *text;
	size_t size;
};

static void input_done(struct input *input)
{
	if (input->text)
		explicit_bzero(input->text, INPUT_MAX + 1);
	free(input->text);
}

void pair_input_done(struct pair_input *pair)
{
	explicit_bzero(pair, sizeof(*pair));
}

static enum status read_input(struct input *ret_input)
{
	ret_input->text = malloc(INPUT_MAX + 1);
	if (!ret_input->text)
		return output_no_memory();
	while (ret_input->size <= INPUT_MAX) {
		ssize_t got = read(STDIN_FILENO, ret_input->text + ret_input->size, INPUT_MAX + 1 - ret_input->size);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return output_complain(STATUS_USAGE, "the pair cannot be read from standard input: %s",
					       strerror(errno));
		if (got == 0)
			return STATUS_DONE;
		ret_input->size += (size_t)got;
	}
	return output_complain(STATUS_USAGE, "what is in standard input is longer than a pair can be" HINT);
}

/* Copies one of the two keys. */
static enum status take(const char *noun, const char *text, size_t size, char key[PAIR_INPUT_MAX + 1])
{
	if (size > PAIR_INPUT_MAX || memchr(text, '\0', size))
		return output_complain(STATUS_USAGE, "the %s key in standard input is none, by its length" HINT, noun);
	memcpy(key, text, size);
	key[size] = '\0';
	return STATUS_DONE;
}

static enum status take_member(const json_t *object, const char *name, const char *noun, char key[PAIR_INPUT_MAX + 1])
{
	const json_t *value = json_object_get(object, name);

	if (!json_is_string(value))
		return output_complain(STATUS_USAGE, "the JSON in standard input has no %s, so it is no pair", name);
	return take(noun, json_string_value(value), json_string_length(value), key);
}

static enum status read_json(const struct input *input, const char *public_key, struct pair_input *ret_pair)
{
	SCOPED_JSON json_t *object = NULL;
	enum status status = STATUS_DONE;
	json_error_t error;

	object = json_loadb(input->text, input->size, JSON_REJECT_DUPLICATES, &error);
	/* Its own words for what is wrong repeat what stands there. */
	explicit_bzero(error.text, sizeof(error.text));
	if (!json_is_object(object))
		return output_complain(STATUS_USAGE,
				       "standard input begins like JSON, but is no whole JSON object (line %d, column "
				       "%d)" HINT,
				       error.line, error.column);
	if (!public_key || json_object_get(object, "public_key"))
		status = take_member(object, "public_key", "public", ret_pair->public_key);
	if (status == STATUS_DONE)
		status = take_member(object, "private_key", "private", ret_pair->private_key);
	return status;
}

/* The next line, without its end. */
static void next_line(struct input *rest, struct input *ret_line)
{
	const char *end = memchr(rest->text, '\n', rest->size);
	size_t size = end ? (size_t)(end - rest->text) : rest->size;
	size_t taken = size + (end ? 1 : 0);

	*ret_line = (struct input){ rest->text, size };
	if (size > 0 && ret_line->text[size - 1] == '\r')
		ret_line->size--;
	*rest = (struct input){ rest->text + taken, rest->size - taken };
}

static enum status read_lines(const struct input *input, const char *public_key, struct pair_input *ret_pair)
{
	struct input rest = *input, lines[2] = { { NULL, 0 }, { NULL, 0 } };
	enum status status = STATUS_DONE;
	size_t count = 0;

	for (; rest.size > 0 && count < COUNT_OF(lines); count++)
		next_line(&rest, &lines[count]);
	if (rest.size > 0)
		return output_complain(STATUS_USAGE, "standard input has more than two lines" HINT);
	if (count == 0)
		return output_complain(STATUS_USAGE, "there is no pair in standard input" HINT);
	if (count == 1 && !public_key)
		return output_complain(STATUS_USAGE,
				       "standard input has one line: the public key stands on the first, the private "
				       "key on the second. With --public-key, the private key alone will do");
	if (count > 1)
		status = take("public", lines[0].text, lines[0].size, ret_pair->public_key);
	if (status == STATUS_DONE)
		status = take("private", lines[count - 1].text, lines[count - 1].size, ret_pair->private_key);
	return status;
}

static enum status ask(const char *public_key, struct pair_input *ret_pair)
{
	SCOPED_SECRET_INPUT struct secret_input line = { .size = 0 };
	enum status status = STATUS_DONE;

	if (!public_key) {
		status = secret_input_ask_public_key(&line);
		if (status == STATUS_DONE)
			status = take("public", line.text, line.size, ret_pair->public_key);
	}
	if (status == STATUS_DONE)
		status = secret_input_ask_private_key(&line);
	if (status == STATUS_DONE)
		status = take("private", line.text, line.size, ret_pair->private_key);
	return status;
}

static enum status read_standard(const char *public_key, struct pair_input *ret_pair)
{
	__attribute__((cleanup(input_done))) struct input input = { NULL, 0 };
	enum status status = read_input(&input);

	if (status != STATUS_DONE)
		return status;
	for (size_t i = 0; i < input.size && strchr(" \t\r\n{[", input.text[i]); i++)
		if (input.text[i] == '{' || input.text[i] == '[')
			return read_json(&input, public_key, ret_pair);
	return read_lines(&input, public_key, ret_pair);
}

enum status pair_input_read(const char *public_key, struct pair_input *ret_pair)
{
	enum status status;

	*ret_pair = (struct pair_input){ .public_key = "" };
	status = isatty(STDIN_FILENO) ? ask(public_key, ret_pair) : read_standard(public_key, ret_pair);
	if (status != STATUS_DONE || !public_key)
		return status;
	if (ret_pair->public_key[0] == '\0')
		return take("public", public_key, strlen(public_key), ret_pair->public_key);
	if (strcmp(ret_pair->public_key, public_key) != 0)
		return output_complain(STATUS_USAGE, "standard input holds another pair than --public-key names");
	return STATUS_DONE;
}
