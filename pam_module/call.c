/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "pam_module/call.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "common/cleanup.h"
#include "pam_module/result.h"
#include "proto/wire.h"

const char *call_text(const pam_handle_t *pamh, int type)
{
	const void *item = NULL;
	const char *text;

	if (pam_get_item(pamh, type, &item) != PAM_SUCCESS || !item)
		return NULL;
	text = item;
	return text[0] ? text : NULL;
}

int call_begin(struct call *call, int flags, int argc, const char **argv)
{
	struct options_error error;

	call->service = call_text(call->pamh, PAM_SERVICE);
	call->subject.ruser = call_text(call->pamh, PAM_RUSER);
	call->subject.rhost = call_text(call->pamh, PAM_RHOST);
	call->subject.tty = call_text(call->pamh, PAM_TTY);
	call->log.service = call->service;
	if (!options_parse(argc, argv, &call->options, &error)) {
		char argument[LOG_FIELD_SIZE];

		log_escape(error.argument, argument, sizeof(argument));
		log_write(&call->log, error.unknown ? LOG_ERR : LOG_ALERT, "%s: %s", argument, error.problem);
		return PAM_SERVICE_ERR;
	}
	call->log.quiet = call->options.quiet;
	/* PAM_SILENT is about what the user sees, which is nothing but the prompt in any case. Callers that are
	 * attacked set it always, so a refusal is logged all the same. */
	call->log.debug = call->options.debug && !(flags & PAM_SILENT);
	if (!call->service || strlen(call->service) > WIRE_SERVICE_MAX) {
		log_write(&call->log, LOG_ALERT, "the application gives no service name, or one that is too long");
		return PAM_SERVICE_ERR;
	}
	return PAM_SUCCESS;
}

struct apikey_options call_options(const struct call *call, unsigned int milliseconds)
{
	return (struct apikey_options){
		.size = sizeof(struct apikey_options),
		.path = call->options.socket,
		.timeout = call->options.timeout ? call->options.timeout : milliseconds,
	};
}

struct apikey_request call_request(const struct call *call, const char *credential)
{
	return (struct apikey_request){
		.size = sizeof(struct apikey_request),
		.credential = credential,
		.service = call->service,
		.user = call->subject.user,
		.tenant = call->options.tenant,
		.rhost = call->subject.rhost,
		.tty = call->subject.tty,
		.ruser = call->subject.ruser,
	};
}

/* True where the daemon knows of no key that has this text, or says nothing about one. */
static bool is_nobodys(const char *reason)
{
	static const enum reason reasons[] = { REASON_NONE, REASON_NOT_A_CREDENTIAL, REASON_UNKNOWN_KEY,
					       REASON_TOO_MANY_FAILURES, REASON_TOO_MANY_REQUESTS };

	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (strcmp(reason_name(reasons[i]), reason) == 0)
			return true;
	return false;
}

void call_log_password(const struct call *call)
{
	log_write(&call->log, LOG_DEBUG, "not a credential of apikeyd");
}

void call_log_refusal(const struct call *call, const char *id, const char *verdict, const char *reason)
{
	char user[LOG_FIELD_SIZE];

	if (call->any_text && is_nobodys(reason)) {
		call_log_password(call);
		return;
	}
	if (call->phase != RESULT_ACCOUNT)
		log_failure(&call->log, &call->subject);
	log_escape(call->subject.user, user, sizeof(user));
	log_write(&call->log, LOG_NOTICE, "%s; user=%s key=%s reason=%s%s%s", verdict, user, id,
		  reason[0] ? reason : "undisclosed", reason[0] ? ": " : "", result_sentence(reason));
}

int call_refuse_memory(const struct call *call)
{
	log_write(&call->log, LOG_CRIT, "out of memory");
	return PAM_BUF_ERR;
}

void call_log_unavailable(const struct call *call, const char *reason)
{
	char user[LOG_FIELD_SIZE];

	log_escape(call->subject.user, user, sizeof(user));
	log_write(&call->log, LOG_ERR, "unavailable; user=%s reason=%s: %s", user, reason, result_sentence(reason));
}

int call_refuse_shape(const struct call *call, const struct credential *credential, size_t size, enum reason reason)
{
	char user[LOG_FIELD_SIZE], came[96] = "";
	const char *who = credential_limit(size);

	if (reason == REASON_NOT_A_CREDENTIAL) {
		call_log_password(call);
		return PAM_AUTH_ERR;
	}
	log_failure(&call->log, &call->subject);
	log_escape(call->subject.user, user, sizeof(user));
	if (reason == REASON_TRUNCATED)
		snprintf(came, sizeof(came), " %zu bytes came%s%s.", size, who ? ", the limit of " : "",
			 who ? who : "");
	log_write(&call->log, LOG_NOTICE, "%s; user=%s key= reason=%s: %s%s", verdict_name(VERDICT_DENIED), user,
		  reason_name(reason), credential->problem, came);
	return PAM_AUTH_ERR;
}

int call_refuse_user(const struct call *call, int code)
{
	char user[LOG_FIELD_SIZE];

	if (code == PAM_BUF_ERR)
		return call_refuse_memory(call);
	log_escape(call->subject.user, user, sizeof(user));
	if (code == PAM_AUTH_ERR && call->any_text) {
		call_log_password(call);
	} else if (code == PAM_AUTH_ERR) {
		log_failure(&call->log, &call->subject);
		log_write(&call->log, LOG_NOTICE, "denied; user=%s reason=minimum_uid: keys do not open this account",
			  user);
	} else {
		log_write(&call->log, LOG_ERR, "unavailable; user=%s: the user cannot be looked up", user);
	}
	return code;
}
