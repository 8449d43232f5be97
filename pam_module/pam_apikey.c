/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The entry points of pam_apikey.so. Each step returns early with a refusal; success is what the table of
 * pam_module/result.h says of a granted verdict, and nothing else. Nothing stays behind in the caller's process but
 * what pam_module/grant.h keeps in the PAM handle: no descriptor, thread, handler or static.
 */
#include <errno.h>
#include <security/pam_modules.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "common/cleanup.h"
#include "common/secret.h"
#include "config.h"
#include "lib/apikey.h"
#include "lib/session.h"
#include "pam_module/call.h"
#include "pam_module/conversation.h"
#include "pam_module/credential.h"
#include "pam_module/grant.h"
#include "pam_module/log.h"
#include "pam_module/options.h"
#include "pam_module/result.h"
#include "pam_module/rotate.h"
#include "pam_module/user.h"
#include "proto/answer.h"
#include "proto/credential.h"
#include "proto/permission.h"
#include "proto/verdict.h"
#include "proto/wire.h"

#define PAM_ENTRY __attribute__((visibility("default")))
#define THROTTLED_DELAY 4000000
#define REFUSAL_DELAY 2000000 /* microseconds; libpam waits the longest any module asked for, more or less */

/* Says in the file which version this is, for whoever looks at it without loading it (readelf -n, apikeyctl doctor). A
 * note is what the linker never leaves out. */
#define VERSION_NOTE "pam_apikey version " PACKAGE_VERSION

static const struct {
	uint32_t name_size, text_size, type;
	char name[8];
	char text[(sizeof(VERSION_NOTE) + 3) & ~3UL];
} version_note __attribute__((used, aligned(4), section(".note.apikeyd"))) = {
	.name_size = 8,
	.text_size = sizeof(version_note.text),
	.type = 1,
	.name = "apikeyd",
	.text = VERSION_NOTE,
};

static void free_result(struct apikey_result **result)
{
	apikey_result_free(*result);
}

/* The query of this line: what it says, or pam.<service>, written to buffer. NULL, with a log line, where the service's
 * name gives none. */
static const char *find_permission(const struct call *call, char *buffer, size_t size)
{
	if (call->options.permission)
		return call->options.permission;
	if (permission_default_query(call->service, buffer, size))
		return buffer;
	log_write(&call->log, LOG_ALERT, "the service's name makes no permission: say which with permission=");
	return NULL;
}

typedef int (*ask_function)(const struct apikey_options *options, const struct apikey_request *request,
			    struct apikey_result **ret_result);

/*
 * Asks the daemon. The PAM code for its verdict, with *ret_result where there is one; id is the key's for the log, or
 * "". What does not fit the wire is refused here: an address that is left out would count as none.
 */
static int ask_daemon(const struct call *call, ask_function ask, const char *credential, const char *permission,
		      const char *tenant, const char *id, struct apikey_result **ret_result)
{
	struct apikey_options options = call_options(call, OPTIONS_TIMEOUT_DEFAULT);
	struct apikey_request request = call_request(call, credential);
	CLEANUP(free_result) struct apikey_result *result = NULL;
	int error, code;

	request.permission = permission;
	request.tenant = tenant;
	request.wants_ticket = call->phase == RESULT_AUTHENTICATE && call->options.session;
	error = ask(&options, &request, &result);
	if (error == -ENOMEM)
		return call_refuse_memory(call);
	if (error != 0) { /* a name or an address longer than the wire takes */
		call_log_refusal(call, id, verdict_name(VERDICT_DENIED), "");
		return result_code(call->phase, APIKEY_DENIED, "", false);
	}
	/* The source has failed too often: libpam waits the longest that was asked for. */
	if (result->verdict == APIKEY_THROTTLED && call->phase == RESULT_AUTHENTICATE)
		pam_fail_delay(call->pamh, THROTTLED_DELAY);
	code = result_code(call->phase, result->verdict, result->reason, call->options.maxtries);
	if (result->verdict == APIKEY_UNAVAILABLE)
		call_log_unavailable(call, result->reason);
	else if (code != PAM_SUCCESS)
		call_log_refusal(call, id, apikey_verdict_name(result->verdict), result->reason);
	*ret_result = result;
	result = NULL;
	return code;
}

/* What cannot be shown keeps nobody out. */
static void show_notices(const struct call *call, const struct apikey_result *result)
{
	for (const char *const *notice = result->notices; *notice; notice++)
		if (conversation_tell(call->pamh, PAM_TEXT_INFO, *notice) != PAM_SUCCESS)
			return;
}

static int authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct call call = { .pamh = pamh, .phase = RESULT_AUTHENTICATE, .log.phase = "auth" };
	CLEANUP(free_result) struct apikey_result *result = NULL;
	char query[WIRE_PERMISSION_MAX + 1];
	const char *permission, *text = NULL;
	struct credential credential;
	enum reason reason;
	size_t size;
	int code;

	grant_forget(pamh);
	code = call_begin(&call, flags, argc, argv);
	if (code != PAM_SUCCESS)
		return code;
	permission = find_permission(&call, query, sizeof(query));
	if (!permission)
		return PAM_SERVICE_ERR;
	code = credential_user(pamh, &call.subject.user);
	if (code == PAM_SUCCESS)
		code = credential_gather(pamh, &call.options, &text);
	if (code != PAM_SUCCESS)
		return code;
	/* The length is capped before the text is looked at. */
	size = strnlen(text, WIRE_CREDENTIAL_MAX + 1);
	credential = credential_classify(text, size);
	reason = credential_refusal(credential.kind, call.options.any_format);
	if (reason != REASON_NONE)
		return call_refuse_shape(&call, &credential, size, reason);
	call.any_text = credential.kind == CREDENTIAL_OTHER;
	code = user_check(call.subject.user, call.options.minimum_uid);
	if (code != PAM_SUCCESS)
		return call_refuse_user(&call, code);
	code = ask_daemon(&call, apikey_verify, text, permission, call.options.tenant, credential.id, &result);
	if (code != PAM_SUCCESS)
		return code;
	code = grant_keep(pamh, result, credential.id, permission, call.options.tenant, call.options.env);
	if (code == PAM_BUF_ERR)
		return call_refuse_memory(&call);
	if (code != PAM_SUCCESS) {
		call_log_unavailable(&call, reason_name(REASON_UNTRUSTED_SERVER));
		return code;
	}
	if (!call.options.keep_authtok)
		pam_set_item(pamh, PAM_AUTHTOK, NULL);
	if (call.options.notices && !(flags & PAM_SILENT))
		show_notices(&call, result);
	log_write(&call.log, LOG_DEBUG, "granted; key=%s", result->key_id);
	return code;
}

static int account(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct call call = { .pamh = pamh, .phase = RESULT_ACCOUNT, .log.phase = "account" };
	CLEANUP(free_result) struct apikey_result *result = NULL;
	struct grant grant;
	int code;

	code = call_begin(&call, flags, argc, argv);
	if (code != PAM_SUCCESS)
		return code;
	if (!grant_find(pamh, &grant))
		return PAM_IGNORE; /* someone else let the user in: no opinion, and never a success */
	call.subject.user = call_text(pamh, PAM_USER);
	if (!call.subject.user)
		return PAM_PERM_DENIED;
	return ask_daemon(&call, apikey_account, grant.handle,
			  call.options.permission ? call.options.permission : grant.permission,
			  call.options.tenant ? call.options.tenant : grant.tenant, "", &result);
}

/* ---- the session, which is to end with the key ---- */

/* What came of asking the register, where it keeps nobody out: for the administrator. */
static void log_session(const struct call *call, const char *what, int result)
{
	static const char away[] = "apikey-sessiond cannot be reached; is apikey-sessiond.service running?";
	char user[LOG_FIELD_SIZE];

	if (result == 0)
		return;
	log_escape(call_text(call->pamh, PAM_USER), user, sizeof(user));
	if (result > 0)
		log_write(&call->log, LOG_WARNING, "%s; user=%s: apikey-sessiond refused it: %s", what, user,
			  answer_name((enum answer)result));
	else
		log_write(&call->log, LOG_WARNING, "%s; user=%s: %s", what, user,
			  result == -ETIMEDOUT ? "apikey-sessiond did not answer in time"
			  : result == -EPERM   ? reason_sentence(REASON_UNTRUSTED_SERVER)
					       : away);
}

/*
 * A ticket that is worth nothing is a refusal. Whoever holds the last question of a login until the ticket is too old,
 * or puts something else in its place, would come in with a session that no register knows and nothing can end. The
 * code is one that sudo heeds: it makes little of PAM_SESSION_ERR.
 */
static int refuse_session(const struct call *call, int flags, const char *why, const char *sentence)
{
	char user[LOG_FIELD_SIZE];

	log_escape(call_text(call->pamh, PAM_USER), user, sizeof(user));
	log_write(&call->log, LOG_NOTICE,
		  "the session is refused, since it could not be ended with its key; user=%s: %s", user, why);
	if (!(flags & PAM_SILENT))
		(void)conversation_tell(call->pamh, PAM_ERROR_MSG, sentence);
	return PAM_PERM_DENIED;
}

/* What the register says of the ticket itself. Any other answer says that it cannot serve, which keeps nobody out. */
static const struct {
	enum answer answer;
	const char *why, *sentence;
} refused_tickets[] = {
	{ ANSWER_NOT_FOUND,
	  "the ticket is unknown to apikeyd, which forgets them after a minute, with their use, and when it is "
	  "restarted",
	  "This login took too long: log in again." },
	{ ANSWER_WRONG_STATE, "the key was ended, or is no longer good for this, since it was shown",
	  "The key of this login is no longer good." },
	{ ANSWER_INVALID, "apikey-sessiond takes the ticket for none", "This login went wrong: log in again." },
};

static int open_session(const struct call *call, int flags, const char *ticket)
{
	struct apikey_options options = call_options(call, OPTIONS_SESSION_DEFAULT);
	uint64_t session;
	int r = session_open(&options, ticket, call->service, call->subject.tty, &session);

	for (size_t i = 0; i < ARRAY_SIZE(refused_tickets); i++)
		if (r == (int)refused_tickets[i].answer)
			return refuse_session(call, flags, refused_tickets[i].why, refused_tickets[i].sentence);
	log_session(call, "the session is not registered, so it will not end with its key", r);
	/* Without it the record ends with the process. */
	if (r == 0 && grant_keep_session(call->pamh, session) != PAM_SUCCESS)
		(void)call_refuse_memory(call);
	return PAM_SUCCESS;
}

PAM_ENTRY int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	int code = authenticate(pamh, flags, argc, argv);

	/* Every refusal takes as long, so that the time does not tell which of them had a daemon behind it. */
	if (code != PAM_SUCCESS && code != PAM_INCOMPLETE)
		pam_fail_delay(pamh, REFUSAL_DELAY);
	return code;
}

/* Some callers do this in another process than authenticate; what comes back from there is the PAM environment alone.
 */
PAM_ENTRY int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	char ticket[GRANT_TICKET_SIZE];

	(void)argc;
	(void)argv;
	/* One that no session line has taken. */
	if (flags & PAM_DELETE_CRED && grant_take_ticket(pamh, ticket) == GRANT_TICKET)
		secret_wipe(ticket, sizeof(ticket));
	return grant_is_exported(pamh) ? PAM_SUCCESS : PAM_IGNORE;
}

PAM_ENTRY int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	return account(pamh, flags, argc, argv);
}

/*
 * Whoever comes without a ticket is let in, and so is whoever comes while nobody can register a session. It never says
 * PAM_IGNORE, which as the only answer of a stack is a refusal.
 */
PAM_ENTRY int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct call call = { .pamh = pamh, .phase = RESULT_ACCOUNT, .log.phase = "session" };
	char ticket[GRANT_TICKET_SIZE];
	/* Before all else: what comes after this session line hands the environment to the user. */
	enum grant_ticket found = grant_take_ticket(pamh, ticket);
	int code = PAM_SUCCESS;

	if (found != GRANT_NO_TICKET && call_begin(&call, flags, argc, argv) == PAM_SUCCESS)
		code = found == GRANT_TICKET
			       ? open_session(&call, flags, ticket)
			       : refuse_session(&call, flags, "APIKEY_TICKET was set to what is no ticket",
						"This login went wrong: log in again.");
	secret_wipe(ticket, sizeof(ticket));
	return code;
}

PAM_ENTRY int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct call call = { .pamh = pamh, .phase = RESULT_ACCOUNT, .log.phase = "session" };
	struct apikey_options options;
	uint64_t session;

	if (!grant_take_session(pamh, &session) || call_begin(&call, flags, argc, argv) != PAM_SUCCESS)
		return PAM_SUCCESS;
	options = call_options(&call, OPTIONS_SESSION_DEFAULT);
	log_session(&call, "the session's record ends with its process", session_close(&options, session));
	return PAM_SUCCESS;
}

PAM_ENTRY int pam_sm_chauthtok(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	int code = rotate_key(pamh, flags, argc, argv);

	if (code != PAM_SUCCESS && code != PAM_IGNORE && code != PAM_INCOMPLETE)
		pam_fail_delay(pamh, REFUSAL_DELAY);
	return code;
}
