/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The module's arguments, one a line. What is accepted keeps its limits; what is not says which and why. */
#include "common/cleanup.h"
#include "pam_module/options.h"
#include "proto/permission.h"
#include "tests/fuzz/fuzz.h"

#define ARGUMENTS_MAX 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP_FREE char *text = fuzz_text(data, size);
	const char *argv[ARGUMENTS_MAX];
	struct options options;
	struct options_error error = { 0 };
	char *rest = text, *argument;
	size_t offset;
	int argc = 0;

	while (argc < ARGUMENTS_MAX && (argument = strsep(&rest, "\n")))
		argv[argc++] = argument;
	if (!options_parse(argc, argv, &options, &error)) {
		bool mine = false;

		for (int i = 0; i < argc; i++)
			mine |= error.argument == argv[i];
		MUST(mine && error.problem && *error.problem != '\0');
		return 0;
	}
	MUST(options.prompt);
	MUST(options.timeout <= OPTIONS_TIMEOUT_MAX);
	MUST(!options.permission || !permission_query_error(options.permission, &offset));
	MUST(!options.tenant || *options.tenant != '\0');
	MUST(!options.socket || options.socket[0] == '/');
	return 0;
}
