/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The arguments of a line in a PAM service file, read strictly: a word that is not understood, a restriction left empty
 * or said twice in two ways is an error, never a guess, since a guess at a restriction lets someone in. Pure.
 */
#ifndef APIKEYD_PAM_MODULE_OPTIONS_H
#define APIKEYD_PAM_MODULE_OPTIONS_H

#include <stdbool.h>
#include <sys/types.h>

#define OPTIONS_TIMEOUT_DEFAULT 3000 /* milliseconds */
#define OPTIONS_SESSION_DEFAULT 1000 /* on a session line: a login waits for it, and does not depend on it */
#define OPTIONS_TIMEOUT_MAX 60000    /* milliseconds: whoever waits longer at a login believes the host is down */
#define OPTIONS_MINIMUM_UID_DEFAULT 1000
#define OPTIONS_PROMPT_DEFAULT "Password: " /* what scripts that type passwords look for */

/* Texts point into the arguments. */
struct options {
	const char *permission; /* a query; NULL: pam.<service> */
	const char *tenant;     /* NULL: the default tenant */
	const char *socket;     /* an absolute path; NULL: where the daemon is installed to listen */
	const char *prompt;     /* never NULL */
	unsigned int timeout;   /* milliseconds; 0: not said */
	uid_t minimum_uid;      /* local users below it are refused; 0: nobody is */
	bool use_first_pass;
	bool try_first_pass;
	bool any_format; /* the daemon is asked about normal passwords, too */
	bool keep_authtok;
	bool notices; /* show the user what the daemon has to say of the key */
	bool rotate;  /* on a password line: a key is changed as a password is */
	bool env;
	bool session; /* ask for a ticket, with which the session line registers the session */
	bool maxtries;
	bool quiet;
	bool debug;
};

struct options_error {
	const char *argument; /* the offending one, as written */
	const char *problem;  /* what is wrong with it: static, completes "ARGUMENT: …" */
	bool unknown;         /* it is no option at all */
};

/* Reads all arguments over the defaults. True and *ret_options, or false and *ret_error for the first that is wrong. */
bool options_parse(int argc, const char *const *argv, struct options *ret_options, struct options_error *ret_error);

#endif
