/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Changing a key as a password is changed: who shows the present one gets a new one, shown once. Defends against a user
 * who is left without access: nothing is asked for that could not be shown, and what was not shown is replaced by the
 * next try, while the key that was shown stays good.
 */
#ifndef APIKEYD_PAM_MODULE_ROTATE_H
#define APIKEYD_PAM_MODULE_ROTATE_H

#include <security/pam_modules.h>

/* Both passes of pam_sm_chauthtok. PAM_IGNORE without the option rotate. */
int rotate_key(pam_handle_t *pamh, int flags, int argc, const char **argv);

#endif
