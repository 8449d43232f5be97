/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cli/confirm.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/output.h"
#include "cli/scope.h"
#include "cli/text.h"

bool confirm_is_due(const struct arguments *arguments)
{
	return isatty(STDIN_FILENO) && !arguments_has(arguments, OPTION_YES);
}

enum status confirm_ask(const char *form, ...)
{
	SCOPED_FREE char *question = NULL, *printable = NULL;
	char answer[16];
	va_list list;
	int r;

	va_start(list, form);
	r = vasprintf(&question, form, list);
	va_end(list);
	if (r < 0) {
		question = NULL;
		return output_no_memory();
	}
	printable = text_printable(question);
	if (!printable)
		return output_no_memory();
	fprintf(stderr, "%s [y/N] ", printable);
	if (!fgets(answer, sizeof(answer), stdin) || (strcmp(answer, "y\n") != 0 && strcmp(answer, "yes\n") != 0))
		return output_complain(STATUS_REFUSED, "nothing was changed");
	return STATUS_DONE;
}
