/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The stacks of PAM, as libpam reads them: /etc/pam.d before /usr/lib/pam.d, with @include, include and substack
 * followed. Includes are followed to a depth, and a stack has an end: one that includes itself is found and not
 * followed for ever.
 */
#ifndef APIKEYD_CLI_DOCTOR_STACK_H
#define APIKEYD_CLI_DOCTOR_STACK_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/doctor_control.h"
#include "cli/doctor_files.h"

enum stack_phase {
	STACK_AUTH,
	STACK_ACCOUNT,
	STACK_PASSWORD,
	STACK_SESSION,
	STACK_PHASE_COUNT,
};

struct stack_rule {
	enum stack_phase phase;
	const char *control_text;
	struct control control;
	bool control_known; /* PAM understands the control field */
	bool opens;         /* a substack; module is its name */
	unsigned int depth;
	const char *module; /* a name or an absolute path */
	const char *const *arguments;
	size_t argument_count;
	const char *path; /* of the file the line stands in */
	unsigned int line;
	bool is_ours; /* pam_apikey.so */
};

/* An include that cannot be followed. */
struct stack_fault {
	const char *path;
	unsigned int line;
	const char *what;
};

struct stack {
	const char *service; /* the file's name */
	const char *path;
	struct stack_rule *rules;
	size_t rule_count;
	struct stack_fault *faults;
	size_t fault_count;
	bool mentions_us;
	bool is_included; /* by another one */
};

struct stacks {
	struct stack *stacks;
	size_t count;
	const char **unreadable; /* paths that could not be read */
	size_t unreadable_count;
	bool folder_denied; /* the folder itself could not be read */
};

/* Reads all stacks of the tree. Lives as long as the memory of files. */
void stacks_load(const struct doctor_files *files, struct stacks *ret_stacks);

#endif
