/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A module that stands beside pam_apikey.so in the stacks of the tests: it shows which PAM_AUTHTOK it is handed, in the
 * PAM environment, and puts one there as an earlier module would.
 *
 *     show       PROBE_AUTHTOK is set to PAM_AUTHTOK; absent where there is none
 *     give=TEXT  PAM_AUTHTOK is set to TEXT
 *     user=NAME  PAM_USER is set to NAME
 */
#include <security/pam_modules.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAM_ENTRY __attribute__((visibility("default")))

static int probe(pam_handle_t *pamh, int argc, const char **argv)
{
	for (int i = 0; i < argc; i++) {
		const void *text = NULL;
		char *assignment;

		if (strncmp(argv[i], "give=", 5) == 0) {
			if (pam_set_item(pamh, PAM_AUTHTOK, argv[i] + 5) != PAM_SUCCESS)
				return PAM_SYSTEM_ERR;
		} else if (strncmp(argv[i], "user=", 5) == 0) {
			if (pam_set_item(pamh, PAM_USER, argv[i] + 5) != PAM_SUCCESS)
				return PAM_SYSTEM_ERR;
		} else if (pam_get_item(pamh, PAM_AUTHTOK, &text) == PAM_SUCCESS && text) {
			if (asprintf(&assignment, "PROBE_AUTHTOK=%s", (const char *)text) < 0)
				return PAM_BUF_ERR;
			pam_putenv(pamh, assignment);
			free(assignment);
		}
	}
	return PAM_SUCCESS;
}

PAM_ENTRY int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)flags;
	return probe(pamh, argc, argv);
}

PAM_ENTRY int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_SUCCESS;
}

PAM_ENTRY int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)flags;
	return probe(pamh, argc, argv);
}

PAM_ENTRY int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	return pam_sm_setcred(pamh, flags, argc, argv);
}

PAM_ENTRY int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	return pam_sm_setcred(pamh, flags, argc, argv);
}

PAM_ENTRY int pam_sm_chauthtok(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	return pam_sm_setcred(pamh, flags, argc, argv);
}
