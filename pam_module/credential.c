/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "pam_module/credential.h"

#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/secret.h"

static const struct pam_conv *get_conversation(const pam_handle_t *pamh)
{
	const void *item = NULL;
	const struct pam_conv *conversation;

	if (pam_get_item(pamh, PAM_CONV, &item) != PAM_SUCCESS)
		return NULL;
	conversation = item;
	return conversation && conversation->conv ? conversation : NULL;
}

static void wipe_response(struct pam_response *response)
{
	if (!response)
		return;
	if (response->resp) {
		secret_wipe(response->resp, strlen(response->resp));
		free(response->resp);
	}
	free(response);
}

/*
 * Asks once without echo and puts the answer where later modules look for it. libpam's own function for this is not
 * used: it calls the conversation without looking whether there is one, and logs through syslog(3), which may block.
 */
static int ask(pam_handle_t *pamh, const char *prompt)
{
	const struct pam_conv *conversation = get_conversation(pamh);
	struct pam_message message = { .msg_style = PAM_PROMPT_ECHO_OFF, .msg = prompt };
	const struct pam_message *messages = &message;
	struct pam_response *response = NULL;
	int code;

	if (!conversation)
		return PAM_CONV_ERR;
	code = conversation->conv(1, &messages, &response, conversation->appdata_ptr);
	if (code != PAM_SUCCESS) /* response is the conversation's to release then */
		return code == PAM_CONV_AGAIN ? PAM_INCOMPLETE : code == PAM_BUF_ERR ? PAM_BUF_ERR : PAM_CONV_ERR;
	code = PAM_CONV_ERR;
	if (response && response->resp)
		code = pam_set_item(pamh, PAM_AUTHTOK, response->resp) == PAM_SUCCESS ? PAM_SUCCESS : PAM_BUF_ERR;
	wipe_response(response);
	return code;
}

int credential_gather(pam_handle_t *pamh, const struct options *options, const char **ret_text)
{
	const void *item = NULL;
	int code;

	if (pam_get_item(pamh, PAM_AUTHTOK, &item) != PAM_SUCCESS)
		return PAM_AUTH_ERR;
	if (!item) {
		if (options->use_first_pass)
			return PAM_AUTH_ERR;
		code = ask(pamh, options->prompt);
		if (code != PAM_SUCCESS)
			return code;
		if (pam_get_item(pamh, PAM_AUTHTOK, &item) != PAM_SUCCESS || !item)
			return PAM_AUTH_ERR;
	}
	*ret_text = item;
	return PAM_SUCCESS;
}

int credential_user(pam_handle_t *pamh, const char **ret_user)
{
	const void *item = NULL;
	const char *user;
	int code;

	if (pam_get_item(pamh, PAM_USER, &item) != PAM_SUCCESS)
		return PAM_AUTH_ERR;
	user = item;
	if (!user) {
		/* libpam would call a conversation that is not there. */
		if (!get_conversation(pamh))
			return PAM_CONV_ERR;
		code = pam_get_user(pamh, &user, NULL);
		if (code != PAM_SUCCESS)
			return code == PAM_INCOMPLETE || code == PAM_BUF_ERR ? code : PAM_CONV_ERR;
	}
	if (!user || user[0] == '\0')
		return PAM_AUTH_ERR;
	*ret_user = user;
	return PAM_SUCCESS;
}

enum reason credential_refusal(enum credential_kind kind, bool any_format)
{
	static const struct {
		enum reason by_shape, any_format;
	} refusals[] = {
		[CREDENTIAL_NONE] = { REASON_NOT_A_CREDENTIAL, REASON_NOT_A_CREDENTIAL },
		[CREDENTIAL_OPAQUE] = { REASON_NONE, REASON_NONE },
		[CREDENTIAL_MALFORMED] = { REASON_MALFORMED, REASON_MALFORMED },
		[CREDENTIAL_TRUNCATED] = { REASON_TRUNCATED, REASON_TRUNCATED },
		[CREDENTIAL_HMAC] = { REASON_NONE, REASON_NONE },
		[CREDENTIAL_ACCESS] = { REASON_NONE, REASON_NONE },
		[CREDENTIAL_OTHER] = { REASON_NOT_A_CREDENTIAL, REASON_NONE },
	};

	if ((unsigned int)kind >= ARRAY_SIZE(refusals))
		return REASON_NOT_A_CREDENTIAL;
	return any_format ? refusals[kind].any_format : refusals[kind].by_shape;
}
