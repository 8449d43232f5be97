/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * pam-transaction CONFDIR SERVICE USER COUNT: pam_start_confdir, pam_authenticate, pam_acct_mgmt, pam_end, COUNT times
 * in one process, each with the next password from standard input, a line each; the last one is used again and again.
 * Prints microseconds a transaction: the mean and the median. Fails when one does not succeed.
 */
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static char password[1024];

static int converse(int count, const struct pam_message **messages, struct pam_response **ret_responses, void *data)
{
	struct pam_response *responses = calloc((size_t)count, sizeof(*responses));

	(void)messages;
	(void)data;
	for (int i = 0; responses && i < count; i++)
		responses[i].resp = strdup(password);
	*ret_responses = responses;
	return responses ? PAM_SUCCESS : PAM_BUF_ERR;
}

static int transact(const char *folder, const char *service, const char *user)
{
	static const struct pam_conv conversation = { converse, NULL };
	pam_handle_t *handle = NULL;
	int r = pam_start_confdir(service, user, &conversation, folder, &handle);

	if (r == PAM_SUCCESS)
		r = pam_authenticate(handle, 0);
	if (r == PAM_SUCCESS)
		r = pam_acct_mgmt(handle, 0);
	if (handle)
		pam_end(handle, r);
	return r;
}

/* False where there was none at all. */
static int next_password(void)
{
	static char line[sizeof(password)];

	if (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		strcpy(password, line);
	}
	return *password != '\0';
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
	long count = argc == 5 ? strtol(argv[4], NULL, 10) : 0;
	double *times = count > 0 ? calloc((size_t)count, sizeof(*times)) : NULL, total = 0;

	if (!times || !next_password()) {
		fprintf(stderr, "usage: pam-transaction CONFDIR SERVICE USER COUNT <PASSWORDS\n");
		return 2;
	}
	for (long i = 0; i < count; i++) {
		double start = seconds();
		int r = transact(argv[1], argv[2], argv[3]);

		if (r != PAM_SUCCESS) {
			fprintf(stderr, "pam-transaction: %s: %s\n", argv[2], pam_strerror(NULL, r));
			return EXIT_FAILURE;
		}
		times[i] = seconds() - start;
		total += times[i];
		(void)next_password();
	}
	qsort(times, (size_t)count, sizeof(*times), compare);
	printf("%.1f %.1f\n", total / (double)count * 1e6, times[count / 2] * 1e6);
	free(times);
	return EXIT_SUCCESS;
}
