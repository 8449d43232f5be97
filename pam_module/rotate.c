/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "pam_module/rotate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "common/cleanup.h"
#include "lib/rotation.h"
#include "pam_module/call.h"
#include "pam_module/conversation.h"
#include "pam_module/credential.h"
#include "pam_module/user.h"
#include "proto/wire.h"

/* Where none is configured: what scripts that type passwords look for, and true of both. */
#define PROMPT "Current password or key: "
#define TIME_SIZE 64

static void free_rotation(struct rotation **rotation)
{
	rotation_free(*rotation);
}

static int gather(const struct call *call, const char **ret_text)
{
	const struct options *options = &call->options;
	const char *text = call_text(call->pamh, PAM_OLDAUTHTOK);
	int code;

	if (!text && options->use_first_pass)
		return PAM_AUTH_ERR;
	if (!text) {
		code = conversation_ask(call->pamh, PAM_OLDAUTHTOK,
					strcmp(options->prompt, OPTIONS_PROMPT_DEFAULT) == 0 ? PROMPT
											     : options->prompt);
		if (code != PAM_SUCCESS)
			return code;
		text = call_text(call->pamh, PAM_OLDAUTHTOK);
	}
	if (!text)
		return PAM_AUTH_ERR;
	*ret_text = text;
	return PAM_SUCCESS;
}

/* Asks the daemon. The PAM code for its verdict, with *ret_rotation where there is one. */
static int ask_daemon(const struct call *call, const char *text, const char *id, bool check,
		      struct rotation **ret_rotation)
{
	struct apikey_options options = call_options(call, OPTIONS_TIMEOUT_DEFAULT);
	struct apikey_request request = call_request(call, text);
	struct rotation *rotation;
	int error = rotation_ask(&options, &request, check, &rotation), code;

	if (error == -ENOMEM)
		return call_refuse_memory(call);
	if (error != 0) { /* a name or an address longer than the wire takes */
		call_log_refusal(call, id, verdict_name(VERDICT_DENIED), "");
		return result_code(call->phase, APIKEY_DENIED, "", false);
	}
	code = result_code(call->phase, rotation->verdict, rotation->reason, false);
	if (rotation->verdict == APIKEY_UNAVAILABLE)
		call_log_unavailable(call, rotation->reason);
	else if (code != PAM_SUCCESS)
		call_log_refusal(call, id, apikey_verdict_name(rotation->verdict), rotation->reason);
	*ret_rotation = rotation;
	return code;
}

static void format_time(int64_t seconds, char ret_text[TIME_SIZE])
{
	time_t time = (time_t)seconds;
	struct tm tm;

	if ((int64_t)time != seconds || !gmtime_r(&time, &tm) ||
	    strftime(ret_text, TIME_SIZE, "%Y-%m-%d %H:%M UTC", &tm) == 0)
		snprintf(ret_text, TIME_SIZE, "its end");
}

/* The new key, alone on its line. */
static int show(const struct call *call, const struct rotation *rotation)
{
	char end[TIME_SIZE], line[TIME_SIZE + 64], user[LOG_FIELD_SIZE];
	int code = conversation_tell(call->pamh, PAM_TEXT_INFO, "Your new key, which is shown this once:");

	if (code == PAM_SUCCESS)
		code = conversation_tell(call->pamh, PAM_TEXT_INFO, rotation->secret);
	format_time(rotation->retires, end);
	log_escape(call->subject.user, user, sizeof(user));
	if (code != PAM_SUCCESS) {
		log_write(
			&call->log, LOG_ERR,
			"the new key could not be shown; user=%s key=%s: the old one stays good until %s, and the next "
			"rotation replaces the one that nobody saw",
			user, rotation->key_id, end);
		return code;
	}
	snprintf(line, sizeof(line), "The old one stays good until %s.", end);
	(void)conversation_tell(call->pamh, PAM_TEXT_INFO, line);
	log_write(&call->log, LOG_NOTICE, "rotated; user=%s key=%s: the old secret ends at %s", user, rotation->key_id,
		  end);
	/* PAM_OLDAUTHTOK stays, whatever came of it: a module behind this one in the stack would take its absence for
	 * root's leave to set a password without the old one. */
	return PAM_SUCCESS;
}

/* One pass: with check it is looked whether the key could be rotated. */
static int rotate(struct call *call, bool check)
{
	CLEANUP(free_rotation) struct rotation *rotation = NULL;
	struct credential credential;
	const char *text = NULL;
	enum reason reason;
	size_t size;
	int code = credential_user(call->pamh, &call->subject.user);

	if (code == PAM_SUCCESS)
		code = gather(call, &text);
	if (code != PAM_SUCCESS)
		return code;
	size = strnlen(text, WIRE_CREDENTIAL_MAX + 1);
	credential = credential_classify(text, size);
	reason = credential_refusal(credential.kind, call->options.any_format);
	if (reason != REASON_NONE)
		return call_refuse_shape(call, &credential, size, reason);
	call->any_text = credential.kind == CREDENTIAL_OTHER;
	code = user_check(call->subject.user, call->options.minimum_uid);
	if (code != PAM_SUCCESS)
		return call_refuse_user(call, code);
	code = ask_daemon(call, text, credential.id, check, &rotation);
	if (rotation && rotation->problem[0])
		(void)conversation_tell(call->pamh, PAM_ERROR_MSG, rotation->problem);
	return code == PAM_SUCCESS && !check ? show(call, rotation) : code;
}

int rotate_key(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct call call = { .pamh = pamh, .phase = RESULT_ROTATE, .log.phase = "password" };
	int code = call_begin(&call, flags, argc, argv);

	if (code != PAM_SUCCESS)
		return code;
	/* What has let the user in has not expired. */
	if (!call.options.rotate || (flags & PAM_CHANGE_EXPIRED_AUTHTOK))
		return PAM_IGNORE;
	if (flags & PAM_SILENT) {
		log_write(&call.log, LOG_NOTICE,
			  "not rotated: the application wants nothing to be shown, and a new key "
			  "has to be");
		return PAM_AUTHTOK_ERR;
	}
	if (!conversation_exists(pamh))
		return PAM_CONV_ERR;
	if (!(flags & (PAM_PRELIM_CHECK | PAM_UPDATE_AUTHTOK)))
		return PAM_ABORT;
	return rotate(&call, flags & PAM_PRELIM_CHECK);
}
