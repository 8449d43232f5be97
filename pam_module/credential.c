/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "pam_module/credential.h"

#include "common/cleanup.h"
#include "pam_module/conversation.h"

int credential_gather(pam_handle_t *pamh, const struct options *options, const char **ret_text)
{
	const void *item = NULL;
	int code;

	if (pam_get_item(pamh, PAM_AUTHTOK, &item) != PAM_SUCCESS)
		return PAM_AUTH_ERR;
	if (!item) {
		if (options->use_first_pass)
			return PAM_AUTH_ERR;
		code = conversation_ask(pamh, PAM_AUTHTOK, options->prompt);
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
		if (!conversation_exists(pamh))
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
