/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "pam_module/conversation.h"

#include <stdlib.h>
#include <string.h>

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

/* libpam's own functions for this are not used: they call the conversation without looking whether there is one, and
 * log through syslog(3), which may block. What the conversation returns; the response is to be wiped where it is
 * PAM_SUCCESS, and the conversation's to release where it is not. */
static int talk(pam_handle_t *pamh, int style, const char *text, struct pam_response **ret_response)
{
	const struct pam_conv *conversation = get_conversation(pamh);
	struct pam_message message = { .msg_style = style, .msg = text };
	const struct pam_message *messages = &message;

	return conversation ? conversation->conv(1, &messages, ret_response, conversation->appdata_ptr) : PAM_CONV_ERR;
}

bool conversation_exists(const pam_handle_t *pamh)
{
	return get_conversation(pamh) != NULL;
}

int conversation_ask(pam_handle_t *pamh, int item, const char *prompt)
{
	struct pam_response *response = NULL;
	int code = talk(pamh, PAM_PROMPT_ECHO_OFF, prompt, &response);

	if (code != PAM_SUCCESS)
		return code == PAM_CONV_AGAIN ? PAM_INCOMPLETE : code == PAM_BUF_ERR ? PAM_BUF_ERR : PAM_CONV_ERR;
	code = PAM_CONV_ERR;
	if (response && response->resp)
		code = pam_set_item(pamh, item, response->resp) == PAM_SUCCESS ? PAM_SUCCESS : PAM_BUF_ERR;
	wipe_response(response);
	return code;
}

int conversation_tell(pam_handle_t *pamh, int style, const char *text)
{
	struct pam_response *response = NULL;

	if (talk(pamh, style, text, &response) != PAM_SUCCESS)
		return PAM_CONV_ERR;
	wipe_response(response);
	return PAM_SUCCESS;
}
