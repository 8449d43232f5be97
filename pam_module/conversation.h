/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Talking to the user through the caller's conversation function: one message at a time. Defends against callers that
 * have none, and against functions that answer nothing, or more than was asked for.
 */
#ifndef APIKEYD_PAM_MODULE_CONVERSATION_H
#define APIKEYD_PAM_MODULE_CONVERSATION_H

#include <security/pam_modules.h>
#include <stdbool.h>

bool conversation_exists(const pam_handle_t *pamh);

/* Asks once without echo, and puts the answer into that item (PAM_AUTHTOK, PAM_OLDAUTHTOK), where later modules look
 * for it. PAM_SUCCESS, PAM_CONV_ERR, PAM_BUF_ERR; PAM_INCOMPLETE for a caller that asks to be called again. */
int conversation_ask(pam_handle_t *pamh, int item, const char *prompt);

/* Shows a line; style is PAM_TEXT_INFO or PAM_ERROR_MSG. PAM_SUCCESS, or PAM_CONV_ERR: it was not shown. */
int conversation_tell(pam_handle_t *pamh, int style, const char *text);

#endif
