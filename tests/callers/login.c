/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A program that logs a user in, as sshd or login would: authenticate, account. It reads the password, one line, from
 * standard input, takes the service from a folder of its own instead of /etc/pam.d, and says in words what PAM said.
 * Exit status: 0 let in, 1 not let in, 2 usage or trouble.
 */
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Answers every question of a module with the password. */
static int answer(int count, const struct pam_message **messages, struct pam_response **ret_responses, void *data)
{
	struct pam_response *responses;

	if (count <= 0 || count > PAM_MAX_NUM_MSG)
		return PAM_CONV_ERR;
	responses = calloc((size_t)count, sizeof(*responses));
	if (!responses)
		return PAM_BUF_ERR;
	for (int i = 0; i < count; i++) {
		if (messages[i]->msg_style == PAM_TEXT_INFO || messages[i]->msg_style == PAM_ERROR_MSG) {
			fprintf(stderr, "%s\n", messages[i]->msg);
			continue;
		}
		responses[i].resp = strdup(data);
		if (!responses[i].resp) {
			/* The caller of a conversation that failed frees nothing. */
			while (i-- > 0)
				free(responses[i].resp);
			free(responses);
			return PAM_BUF_ERR;
		}
	}
	*ret_responses = responses;
	return PAM_SUCCESS;
}

int main(int argc, char **argv)
{
	char password[4096];
	struct pam_conv conversation = { answer, password };
	const char *phase = "start";
	pam_handle_t *pam = NULL;
	int r;

	if (argc < 4 || argc > 5) {
		fprintf(stderr, "usage: %s CONFDIR SERVICE USER [RHOST] < PASSWORD\n", argv[0]);
		return 2;
	}
	if (!fgets(password, sizeof(password), stdin)) {
		fprintf(stderr, "%s: there is no password on standard input\n", argv[0]);
		return 2;
	}
	password[strcspn(password, "\n")] = '\0';
	r = pam_start_confdir(argv[2], argv[3], &conversation, argv[1], &pam);
	if (r == PAM_SUCCESS && argc == 5)
		r = pam_set_item(pam, PAM_RHOST, argv[4]);
	if (r == PAM_SUCCESS) {
		phase = "authenticate";
		r = pam_authenticate(pam, 0);
	}
	if (r == PAM_SUCCESS) {
		phase = "account";
		r = pam_acct_mgmt(pam, 0);
	}
	explicit_bzero(password, sizeof(password));
	if (r == PAM_SUCCESS)
		printf("%s is let in at %s\n", argv[3], argv[2]);
	else
		printf("%s is not let in at %s: %s says \"%s\" (%d)\n", argv[3], argv[2], phase, pam_strerror(pam, r),
		       r);
	if (pam)
		pam_end(pam, r);
	return r == PAM_SUCCESS ? 0 : 1;
}
