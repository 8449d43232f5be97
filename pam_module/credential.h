/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * How the module comes by the text to judge: what an earlier module of the stack has asked for, or one prompt of its
 * own; and whether the daemon is asked about it. Defends against conversation functions that answer nothing, against a
 * user being asked twice, and against a password that leaves the process.
 */
#ifndef APIKEYD_PAM_MODULE_CREDENTIAL_H
#define APIKEYD_PAM_MODULE_CREDENTIAL_H

#include <security/pam_modules.h>
#include <stdbool.h>

#include "pam_module/options.h"
#include "proto/credential.h"
#include "proto/verdict.h"

/*
 * PAM_SUCCESS and *ret_text, which is PAM's own PAM_AUTHTOK: it lives until that is set anew and later modules find it
 * there. PAM_AUTH_ERR where nothing is there and nobody may be asked; PAM_CONV_ERR; PAM_INCOMPLETE for a caller that
 * asks to be called again; PAM_BUF_ERR.
 */
int credential_gather(pam_handle_t *pamh, const struct options *options, const char **ret_text);

/*
 * PAM_SUCCESS and *ret_user, which is PAM's own PAM_USER and not empty. Where the caller has not set it the user is
 * asked for it, as PAM does. PAM_AUTH_ERR for an empty name; else as above.
 */
int credential_user(pam_handle_t *pamh, const char **ret_user);

/* REASON_NONE where the daemon is to be asked about a text of this kind, else why it is refused here. any_format is the
 * option's. */
enum reason credential_refusal(enum credential_kind kind, bool any_format);

#endif
