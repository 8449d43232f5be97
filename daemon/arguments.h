/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The command line of apikeyd, and what follows from it about where things lie.
 */
#ifndef APIKEYD_DAEMON_ARGUMENTS_H
#define APIKEYD_DAEMON_ARGUMENTS_H

#include <stdbool.h>

enum arguments_action {
	ARGUMENTS_SERVE,
	ARGUMENTS_INIT,
	ARGUMENTS_CHECK_CONFIG,
	ARGUMENTS_EXIT, /* help or version was printed */
};

/* Texts point into argv or are static. */
struct arguments {
	enum arguments_action action;
	const char *config; /* NULL: the default file, which may be missing */
	const char *runtime_folder, *state_folder, *log_folder;
	bool state_given; /* on the command line: the daemon makes key and database itself when the folder is empty */
	const char *user; /* whom to become when started as root */
};

/* 0, or -EINVAL after a message on standard error. */
int arguments_parse(int argc, char **argv, struct arguments *ret_arguments);

#endif
