/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the entry points of the module have in common: one call, what PAM knows of it, and how a refusal is logged and
 * answered, so that each of them tells no more than the others.
 */
#ifndef APIKEYD_PAM_MODULE_CALL_H
#define APIKEYD_PAM_MODULE_CALL_H

#include <security/pam_modules.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/apikey.h"
#include "pam_module/log.h"
#include "pam_module/options.h"
#include "pam_module/result.h"
#include "proto/credential.h"
#include "proto/verdict.h"

/* One call of an entry point. Texts are PAM's and live until it returns. */
struct call {
	pam_handle_t *pamh;
	enum result_phase phase;
	struct options options;
	struct log log;
	struct log_subject subject;
	const char *service;
	bool any_text; /* the text has no shape of ours: a normal password, unless a key has it */
};

/* A text item of PAM; NULL where it is not set or empty. */
const char *call_text(const pam_handle_t *pamh, int type);

/* What every entry point that judges begins with: reads the arguments and what PAM knows, but not PAM_USER.
 * PAM_SUCCESS, or PAM_SERVICE_ERR, which was logged. */
int call_begin(struct call *call, int flags, int argc, const char **argv);

/* How the daemon, or the helper of sessions, is asked: milliseconds where no timeout= is said. */
struct apikey_options call_options(const struct call *call, unsigned int milliseconds);

/* What is asked of a credential, or of a grant's handle, with the tenant that the line names. */
struct apikey_request call_request(const struct call *call, const char *credential);

/* Logs that a text is none of our business. It is a normal password; a line that is counted would get those who log in
 * by one banned. */
void call_log_password(const struct call *call);

/* Logs a refusal: the line that is counted, then the reason for the administrator. id and reason may be "". */
void call_log_refusal(const struct call *call, const char *id, const char *verdict, const char *reason);

/* Logs that nobody could decide, which is no failure of the user's and must not get a host banned. */
void call_log_unavailable(const struct call *call, const char *reason);

/* Each logs, and returns the code of a refusal: out of memory; a text, of which size bytes came, by its shape alone; a
 * user, by what user_check() said. */
int call_refuse_memory(const struct call *call);
int call_refuse_shape(const struct call *call, const struct credential *credential, size_t size, enum reason reason);
int call_refuse_user(const struct call *call, int code);

#endif
