/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "pam_module/options.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/un.h>

#include "common/cleanup.h"
#include "proto/permission.h"
#include "proto/wire.h"

#define PROMPT_MAX 256 /* bytes; libpam's own limit for a message is 512 */

enum option_kind {
	OPTION_FLAG,   /* bool */
	OPTION_NUMBER, /* unsigned int */
	OPTION_TEXT,   /* const char * */
};

struct option {
	const char *name;
	enum option_kind kind;
	size_t offset;
	const char *(*problem)(const char *value); /* texts: NULL when the value is good, else what is wrong with it */
	unsigned int least, greatest;              /* numbers */
};

static bool has_control_character(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	return false;
}

static const char *permission_problem(const char *value)
{
	size_t offset;

	return permission_query_error(value, &offset);
}

static const char *tenant_problem(const char *value)
{
	if (strlen(value) > WIRE_TENANT_MAX)
		return "the name of a tenant is not that long";
	return has_control_character(value) ? "the name of a tenant has no control characters" : NULL;
}

static const char *socket_problem(const char *value)
{
	if (value[0] != '/')
		return "the path must be absolute";
	return strlen(value) >= sizeof((struct sockaddr_un){ 0 }.sun_path) ? "the path is too long for a socket" : NULL;
}

static const char *prompt_problem(const char *value)
{
	if (strlen(value) > PROMPT_MAX)
		return "the prompt is too long";
	return has_control_character(value) ? "a prompt has no control characters" : NULL;
}

#define FLAG(option)                                                                                                   \
	{                                                                                                              \
#option, OPTION_FLAG, offsetof(struct options, option), NULL, 0, 0                                     \
	}
#define NUMBER(option, low, high)                                                                                      \
	{                                                                                                              \
#option, OPTION_NUMBER, offsetof(struct options, option), NULL, low, high                              \
	}
#define TEXT(option)                                                                                                   \
	{                                                                                                              \
#option, OPTION_TEXT, offsetof(struct options, option), option##_problem, 0, 0                         \
	}

static const struct option table[] = {
	TEXT(permission),
	TEXT(tenant),
	TEXT(socket),
	TEXT(prompt),
	NUMBER(timeout, 1, OPTIONS_TIMEOUT_MAX),
	NUMBER(minimum_uid, 0, UINT32_MAX - 1),
	FLAG(use_first_pass),
	FLAG(try_first_pass),
	FLAG(any_format),
	FLAG(keep_authtok),
	FLAG(notices),
	FLAG(rotate),
	FLAG(env),
	FLAG(session),
	FLAG(maxtries),
	FLAG(quiet),
	FLAG(debug),
};

_Static_assert(sizeof(uid_t) == sizeof(unsigned int), "minimum_uid is stored as a number");

/* The entry whose name the first size bytes of name are, or ARRAY_SIZE(table). */
static size_t find_option(const char *name, size_t size)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(table); i++)
		if (strlen(table[i].name) == size && memcmp(table[i].name, name, size) == 0)
			break;
	return i;
}

static bool parse_number(const char *text, unsigned int *ret_number)
{
	uint64_t number = 0;
	size_t digits = strspn(text, "0123456789");

	if (digits < 1 || digits > 10 || text[digits] != '\0')
		return false;
	for (size_t i = 0; i < digits; i++)
		number = number * 10 + (uint64_t)(text[i] - '0');
	if (number > UINT32_MAX)
		return false;
	*ret_number = (unsigned int)number;
	return true;
}

/* Stores a value, which is NULL where the argument has no "=". NULL, or what is wrong. */
static const char *store_value(const struct option *option, const char *value, struct options *options)
{
	void *member = (char *)options + option->offset;
	const char *problem;
	unsigned int number;

	if (option->kind == OPTION_FLAG) {
		if (value)
			return "this option takes no value";
		*(bool *)member = true;
		return NULL;
	}
	if (!value || value[0] == '\0')
		return "this option needs a value";
	if (option->kind == OPTION_NUMBER) {
		if (!parse_number(value, &number) || number < option->least || number > option->greatest)
			return "the value is no number, or outside its limits";
		*(unsigned int *)member = number;
		return NULL;
	}
	problem = option->problem(value);
	if (!problem)
		*(const char **)member = value;
	return problem;
}

bool options_parse(int argc, const char *const *argv, struct options *ret_options, struct options_error *ret_error)
{
	struct options options = {
		.prompt = OPTIONS_PROMPT_DEFAULT,
		.minimum_uid = OPTIONS_MINIMUM_UID_DEFAULT,
	};
	const char *seen[ARRAY_SIZE(table)] = { NULL };

	for (int i = 0; i < argc; i++) {
		struct options_error error = { .argument = argv[i] };
		size_t size = strcspn(argv[i], "=");
		size_t found = find_option(argv[i], size);

		if (found == ARRAY_SIZE(table)) {
			error.problem = "unknown option";
			error.unknown = true;
		} else if (seen[found] && strcmp(seen[found], argv[i]) != 0) {
			error.problem = "this option was given before, with another value";
		} else {
			seen[found] = argv[i];
			error.problem = store_value(&table[found], argv[i][size] ? argv[i] + size + 1 : NULL, &options);
		}
		if (!error.problem && options.use_first_pass && options.try_first_pass)
			error.problem = "use_first_pass never asks and try_first_pass does: choose one";
		if (error.problem) {
			*ret_error = error;
			return false;
		}
	}
	*ret_options = options;
	return true;
}
