/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * "token sign": the HMAC token of a key pair, made here; no daemon is asked. The private key comes from standard input
 * or the terminal, and is neither printed nor left in memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/arguments.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/pair_input.h"
#include "cli/token.h"
#include "crypto/pair_signature.h"
#include "lib/apikey-sign.h"

#define SCHEME "Authorization: Hmac "

SCOPE_DESTRUCTOR(token_scope, char, apikey_sign_free);
#define SCOPED_TOKEN SCOPED(token_scope)

static void close_fd(const int *fd)
{
	if (*fd > STDERR_FILENO)
		close(*fd);
}

/* The hash of the body that --body names; "" where there is none. */
static enum status hash_body(const struct arguments *arguments, char ret_hash[PAIR_BODY_HASH_SIZE + 1])
{
	__attribute__((cleanup(close_fd))) int fd = -1;
	const char *path = arguments_value(arguments, OPTION_BODY);
	int r;

	*ret_hash = '\0';
	if (!path)
		return STATUS_DONE;
	if (strcmp(path, "-") == 0)
		return output_complain(STATUS_USAGE, "standard input is the pair: name a file that holds the body");
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	r = fd < 0 ? -errno : pair_hash_descriptor(fd, ret_hash);
	if (r < 0)
		return output_complain(STATUS_REFUSED, "the body cannot be read from %s: %s", path, strerror(-r));
	return STATUS_DONE;
}

static enum status no_token(const struct arguments *arguments, int r)
{
	static const char *const options[] = { [APIKEY_SIGN_NONCE] = "--nonce: ", [APIKEY_SIGN_EPOCH] = "--epoch: " };
	const char *where = "standard input: ";

	if (r < 0)
		return output_complain(STATUS_REFUSED, "the token cannot be made: %s", strerror(-r));
	if (r == APIKEY_SIGN_PUBLIC_KEY && arguments_has(arguments, OPTION_PUBLIC_KEY))
		where = "--public-key: ";
	else if ((size_t)r < COUNT_OF(options) && options[r])
		where = options[r];
	return output_complain(STATUS_USAGE, "%s%s", where, apikey_sign_message((enum apikey_sign_answer)r));
}

/* The object, on one line; NULL when memory is short. */
static char *write_json(const char *token)
{
	SCOPED_JSON json_t *object = json_object();
	/* Not by asprintf(), which leaves behind what it wrote before it made more room. */
	SCOPED_TOKEN char *header = malloc(sizeof(SCHEME) + strlen(token));
	char *text = NULL;

	if (header)
		strcpy(stpcpy(header, SCHEME), token);
	if (header && json_put(object, "token", json_text(token)) && json_put(object, "header", json_text(header)))
		text = json_write_text(object, true);
	return text;
}

/* Prints text and a newline. */
static int print_line(const char *start, const char *text)
{
	char line[1024];
	int size = snprintf(line, sizeof(line), "%s%s\n", start, text);
	int r = size < 0 || (size_t)size >= sizeof(line) ? -EOVERFLOW : output_write_secret(line, (size_t)size);

	explicit_bzero(line, sizeof(line));
	return r;
}

static enum status print_token(const struct arguments *arguments, const char *token)
{
	SCOPED_JSON_TEXT char *json = arguments_has(arguments, OPTION_JSON) ? write_json(token) : NULL;
	int r;

	if (json)
		r = print_line("", json);
	else if (arguments_has(arguments, OPTION_JSON))
		return output_no_memory();
	else
		r = print_line(arguments_has(arguments, OPTION_HEADER) ? SCHEME : "", token);
	return r == 0 ? STATUS_DONE : output_complain(STATUS_REFUSED, "the token cannot be written: %s", strerror(-r));
}

enum status token_sign_offline(const struct arguments *arguments)
{
	SCOPED_PAIR_INPUT struct pair_input pair = { .public_key = "" };
	SCOPED_TOKEN char *token = NULL;
	char hash[PAIR_BODY_HASH_SIZE + 1];
	const struct apikey_sign_options options = {
		.size = sizeof(options),
		.nonce = arguments_value(arguments, OPTION_NONCE),
		.epoch = arguments_value(arguments, OPTION_EPOCH),
		.body_hash = hash,
	};
	enum status status = hash_body(arguments, hash);
	int r;

	if (status == STATUS_DONE)
		status = pair_input_read(arguments_value(arguments, OPTION_PUBLIC_KEY), &pair);
	if (status != STATUS_DONE)
		return status;
	r = apikey_sign_token(pair.public_key, pair.private_key, NULL, 0, &options, &token);
	return r == 0 ? print_token(arguments, token) : no_token(arguments, r);
}
