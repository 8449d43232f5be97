/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What users without privileges do on verify.sock does not slow a root login down. Two of them connect as fast as they
 * can, one holding what it gets; a third sends well-formed keys that nobody has, 64 at a time. Beside that, a root
 * caller logs in through the real module; the mean time of a whole PAM transaction may be half as long again at most.
 * Rounds with and without the flood take turns, and the best of each counts: what else the machine does is not the
 * daemon's to answer for. On a machine that does a lot else there are up to four times as many rounds.
 *
 *   flood [LOGINS [ROUNDS]]
 */
#include "proto/credential.h"
#include "proto/wire.h"
#include "tests/daemon/host.h"

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_LOGINS 400
#define DEFAULT_ROUNDS 6
#define MORE_ROUNDS 4
#define RATIO_MAX 1.5
#define FLOODERS 3
#define FIRST_UID 60001 /* nobody's, on any system that asks Debian's or Fedora's rules */
#define HELD 128        /* more than one uid may hold */

/* ---- those who flood ---- */

__attribute__((noreturn)) static void connect_loop(const struct host *host, int hold)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int held[HELD];

	snprintf(address.sun_path, sizeof(address.sun_path), "%.80s/%s", host->runtime, WIRE_VERIFY_SOCKET);
	for (int i = 0; i < hold; i++)
		held[i] = -1;
	for (unsigned int i = 0;; i++) {
		/* One that does not wait for its turn takes a whole processor, with a daemon or without. */
		int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

		if (fd < 0)
			_exit(EXIT_FAILURE);
		(void)!connect(fd, (struct sockaddr *)&address, sizeof(address));
		if (!hold) {
			close(fd);
			continue;
		}
		if (held[i % (unsigned int)hold] >= 0)
			close(held[i % (unsigned int)hold]);
		held[i % (unsigned int)hold] = fd;
	}
}

static void refused(void *data, const struct apikey_result *result)
{
	(void)data;
	if (result->verdict == APIKEY_GRANTED)
		_exit(EXIT_FAILURE);
}

static void send_guesses(const struct host *host, struct apikey_client *client, unsigned int *number)
{
	char id[16], secret[40], text[CREDENTIAL_OPAQUE_MAX + 1];
	struct apikey_request request = {
		.size = sizeof(request),
		.credential = text,
		.service = host->service,
		.permission = "pam.test",
		.user = "alice",
	};

	while (apikey_client_pending(client) < 64) {
		snprintf(id, sizeof(id), "%012u", ++*number);
		snprintf(secret, sizeof(secret), "%032u", *number);
		credential_write_opaque(false, id, secret, text);
		if (apikey_client_submit(client, &request, refused, NULL) < 0)
			return;
	}
}

__attribute__((noreturn)) static void guess_loop(const struct host *host)
{
	struct apikey_options options = host_options(host);
	unsigned int number = 0;

	for (;;) {
		struct apikey_client *client = NULL;

		if (apikey_client_open(&options, &client) < 0)
			continue;
		do {
			struct pollfd pollfd = { .fd = apikey_client_fd(client) };

			send_guesses(host, client, &number);
			pollfd.events = apikey_client_events(client);
			poll(&pollfd, 1, 1000);
		} while (apikey_client_process(client) == 0);
		apikey_client_free(client);
	}
}

static pid_t flood_start(const struct host *host, unsigned int which)
{
	pid_t parent = getpid(), pid = fork();
	uid_t uid = FIRST_UID + which;

	if (pid < 0)
		fail("cannot fork: %m");
	if (pid > 0)
		return pid;
	if (setgroups(0, NULL) < 0 || setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0)
		_exit(EXIT_FAILURE);
	/* After the change of user, which would take it back. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
	if (which == 2)
		guess_loop(host);
	connect_loop(host, which == 1 ? HELD : 0);
}

static void flood_end(pid_t pid)
{
	int status;

	/* One that ended by itself has not flooded. */
	if (waitpid(pid, &status, WNOHANG) != 0)
		fail("a flood ended by itself, or was let in");
	kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
}

/* ---- the one who logs in ---- */

static int answer(int count, const struct pam_message **messages, struct pam_response **ret_responses, void *data)
{
	struct pam_response *responses = calloc((size_t)count, sizeof(*responses));

	if (!responses)
		return PAM_BUF_ERR;
	for (int i = 0; i < count; i++)
		if (messages[i]->msg_style == PAM_PROMPT_ECHO_OFF)
			responses[i].resp = strdup(data);
	*ret_responses = responses;
	return PAM_SUCCESS;
}

static void write_service(const struct host *host)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/pam.d", host->folder);
	if (mkdir(path, 0755) < 0)
		fail("cannot make %s: %m", path);
	snprintf(path, sizeof(path), "%s/pam.d/test", host->folder);
	file = fopen(path, "wex");
	if (!file)
		fail("cannot write %s: %m", path);
	fprintf(file, "auth required %s socket=%s\naccount required pam_permit.so\naccount required %s socket=%s\n",
		TEST_MODULE, host->runtime, TEST_MODULE, host->runtime);
	if (fclose(file) != 0)
		fail("cannot write %s: %m", path);
}

static void login(const char *services, char *secret)
{
	struct pam_conv conversation = { .conv = answer, .appdata_ptr = secret };
	pam_handle_t *pamh = NULL;
	int r;

	r = pam_start_confdir("test", "alice-of-the-test", &conversation, services, &pamh);
	if (r != PAM_SUCCESS)
		fail("pam_start: %s", pam_strerror(pamh, r));
	r = pam_authenticate(pamh, 0);
	if (r != PAM_SUCCESS)
		fail("pam_authenticate: %s", pam_strerror(pamh, r));
	r = pam_acct_mgmt(pamh, 0);
	if (r != PAM_SUCCESS)
		fail("pam_acct_mgmt: %s", pam_strerror(pamh, r));
	pam_end(pamh, PAM_SUCCESS);
}

/* The mean time of a login in microseconds. */
static double mean_login(const struct host *host, char *secret, unsigned int logins)
{
	char services[96];
	struct timespec start, end;

	snprintf(services, sizeof(services), "%s/pam.d", host->folder);
	/* The first ones find caches cold, and the flood not at its height. */
	for (unsigned int i = 0; i < logins / 10 + 1; i++)
		login(services, secret);
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (unsigned int i = 0; i < logins; i++)
		login(services, secret);
	clock_gettime(CLOCK_MONOTONIC, &end);
	return ((double)(end.tv_sec - start.tv_sec) * 1e6 + (double)(end.tv_nsec - start.tv_nsec) / 1e3) / logins;
}

static double mean_flooded_login(const struct host *host, char *secret, unsigned int logins)
{
	pid_t flooders[FLOODERS];
	double mean;

	for (unsigned int i = 0; i < FLOODERS; i++)
		flooders[i] = flood_start(host, i);
	mean = mean_login(host, secret, logins);
	for (unsigned int i = 0; i < FLOODERS; i++)
		flood_end(flooders[i]);
	return mean;
}

static char *create_key(const struct host *host)
{
	static const char *const permissions[] = { "pam.test", NULL };
	struct apikey_key_options options = {
		.size = sizeof(options),
		.name = "test",
		.owner = "alice-of-the-test",
		.permissions = permissions,
		.expires = APIKEY_NEVER,
	};
	struct apikey_admin *admin = host_admin(host);
	struct apikey_key *key = NULL;
	char *secret;
	int r = apikey_key_create(admin, &options, &key);

	if (r != 0)
		fail("create: %s", r < 0 ? strerror(-r) : apikey_admin_message(admin));
	secret = strdup(key->secret);
	apikey_key_free(key);
	apikey_admin_free(admin);
	return secret;
}

int main(int argc, char **argv)
{
	unsigned int logins = argc > 1 ? (unsigned int)strtoul(argv[1], NULL, 10) : DEFAULT_LOGINS;
	unsigned int rounds = argc > 2 ? (unsigned int)strtoul(argv[2], NULL, 10) : DEFAULT_ROUNDS;
	double quiet = 0, flooded = 0;
	static struct host host;
	char *secret;

	if (geteuid() != 0)
		skip("not root: it takes a root login and the uids of others");
	host_open(&host, NULL);
	write_service(&host);
	host_start(&host);
	secret = create_key(&host);

	for (unsigned int i = 0; i < rounds || (i < rounds * MORE_ROUNDS && flooded > quiet * RATIO_MAX); i++) {
		double quiet_now = mean_login(&host, secret, logins);
		double flooded_now = mean_flooded_login(&host, secret, logins);

		printf("round %u: %.0f us alone, %.0f us in the flood\n", i + 1, quiet_now, flooded_now);
		if (i == 0 || quiet_now < quiet)
			quiet = quiet_now;
		if (i == 0 || flooded_now < flooded)
			flooded = flooded_now;
	}
	host_end(&host, SIGTERM);
	host_remove(&host);
	free(secret);
	printf("best mean of %u logins: %.0f us alone, %.0f us in the flood, ratio %.2f (at most %.2f)\n", logins,
	       quiet, flooded, flooded / quiet, RATIO_MAX);
	return flooded <= quiet * RATIO_MAX ? EXIT_SUCCESS : EXIT_FAILURE;
}
