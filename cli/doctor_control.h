/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The control field of a line in a PAM stack, and what comes out of a stack when each module answers as assumed: the
 * rules of pam.conf(5), so that a stack is judged by what it does and not by how it looks. Pure.
 */
#ifndef APIKEYD_CLI_DOCTOR_CONTROL_H
#define APIKEYD_CLI_DOCTOR_CONTROL_H

#include <stdbool.h>
#include <stddef.h>

/* What a module returns; the numbers are PAM's. */
enum pam_code {
	CODE_SUCCESS = 0,
	CODE_SERVICE_ERR = 3,
	CODE_PERM_DENIED = 6,
	CODE_AUTH_ERR = 7,
	CODE_AUTHINFO_UNAVAIL = 9,
	CODE_NEW_AUTHTOK_REQD = 12,
	CODE_ACCT_EXPIRED = 13,
	CODE_IGNORE = 25,
	CODE_COUNT = 32,
};

/* What is done about it. A positive number: so many lines are jumped over. */
enum control_action {
	ACTION_UNSAID = 0,
	ACTION_IGNORE = -1,
	ACTION_OK = -2,
	ACTION_DONE = -3,
	ACTION_BAD = -4,
	ACTION_DIE = -5,
	ACTION_RESET = -6,
};

struct control {
	int actions[CODE_COUNT];
	bool has_default; /* false: what is not named is bad */
};

/* Reads "required", "[success=1 default=ignore]" and the like. True; false, with a control that always fails, for what
 * PAM does not understand. */
bool control_parse(const char *text, struct control *ret_control);

/* A line as far as the walk goes. */
struct control_step {
	struct control control;
	unsigned int depth; /* of substacks; the line that opens one has the depth outside */
	bool opens;         /* it opens a substack and is no module */
	enum pam_code code; /* what the module is assumed to return */
};

/* What PAM makes of the steps. */
enum pam_code control_walk(const struct control_step *steps, size_t count);

#endif
