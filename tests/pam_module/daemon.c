/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tests/pam_module/daemon.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"

#define PATIENCE 20000 /* milliseconds until the daemon must answer */

static void write_configuration(const char *path, const char *services, const char *further)
{
	FILE *file = fopen(path, "we");

	ck_assert_ptr_nonnull(file);
	fprintf(file, "[audit]\njournal = no\n%s", further);
	if (geteuid() != 0)
		fprintf(file, "[peers]\n%s = %s\n", scene_own_name(), services);
	ck_assert_int_eq(fclose(file), 0);
}

static void run_daemon(const char *folder, const char *configuration)
{
	char state[100], log[100], output[100];
	const char *arguments[] = { TEST_DAEMON, "--config",  configuration, "--runtime-dir", folder,   "--state-dir",
				    state,       "--log-dir", log,           "--user",        "nobody", NULL };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(state, sizeof(state), "%s/state", folder);
	snprintf(log, sizeof(log), "%s/log", folder);
	snprintf(output, sizeof(output), "%s/output", folder);
	if (!freopen(output, "a", stdout) || !freopen(output, "a", stderr))
		_exit(127);
	if (geteuid() != 0)
		arguments[ARRAY_SIZE(arguments) - 3] = NULL;
	execv(TEST_DAEMON, (char *const *)(uintptr_t)arguments);
	_exit(127);
}

/* True when it answers that it can serve. */
static bool is_ready(struct daemon *daemon)
{
	const struct apikey_options options = { .size = sizeof(options), .path = daemon->folder, .timeout = 5000 };
	struct apikey_status *status = NULL;
	struct apikey_admin *admin;

	if (apikey_admin_open(&options, &admin) != 0)
		return false;
	if (apikey_status(admin, &status) != 0) {
		apikey_admin_free(admin);
		return false;
	}
	apikey_status_free(status);
	daemon->admin = admin;
	return true;
}

void daemon_start(struct daemon *daemon, const struct scene *scene, const char *services)
{
	daemon_start_with(daemon, scene, services, "");
}

void daemon_start_with(struct daemon *daemon, const struct scene *scene, const char *services, const char *further)
{
	const struct timespec pause = { .tv_nsec = 5000000 };
	int64_t end = scene_clock() + PATIENCE;
	char configuration[100];

	snprintf(daemon->folder, sizeof(daemon->folder), "%s", scene->folder);
	snprintf(configuration, sizeof(configuration), "%s/apikeyd.conf", scene->folder);
	write_configuration(configuration, services, further);
	daemon->admin = NULL;
	daemon->pid = fork();
	ck_assert_int_ge(daemon->pid, 0);
	if (daemon->pid == 0)
		run_daemon(daemon->folder, configuration);
	while (!is_ready(daemon)) {
		ck_assert_msg(scene_clock() < end, "the daemon does not answer");
		ck_assert_msg(waitpid(daemon->pid, NULL, WNOHANG) == 0, "the daemon has ended");
		nanosleep(&pause, NULL);
	}
}

void daemon_stop(struct daemon *daemon, int signal)
{
	apikey_admin_free(daemon->admin);
	daemon->admin = NULL;
	ck_assert_int_eq(kill(daemon->pid, signal), 0);
	while (waitpid(daemon->pid, NULL, 0) < 0 && errno == EINTR)
		;
	daemon->pid = -1;
}

void daemon_make_key(struct daemon *daemon, const char *owner, const char *permission, const char *user,
		     char ret_secret[static SCENE_KEY_SIZE], char ret_id[static SCENE_KEY_SIZE])
{
	const char *const permissions[] = { permission, NULL }, *const users[] = { user, NULL };
	struct apikey_key_options options = {
		.size = sizeof(options),
		.name = permission,
		.owner = owner,
		.permissions = permissions,
		.users = users,
		.expires = APIKEY_NEVER,
	};
	struct apikey_key *key = NULL;
	int answer = apikey_key_create(daemon->admin, &options, &key);

	ck_assert_msg(answer == 0, "key create: %d %s", answer, apikey_admin_message(daemon->admin));
	ck_assert_int_eq(snprintf(ret_secret, SCENE_KEY_SIZE, "%s", key->secret), 54);
	ck_assert_int_eq(snprintf(ret_id, SCENE_KEY_SIZE, "%s", key->id), 12);
	apikey_key_free(key);
}

void daemon_revoke_key(struct daemon *daemon, const char *id)
{
	struct apikey_key *key = NULL;

	ck_assert_int_eq(apikey_key_revoke(daemon->admin, id, NULL, &key), 0);
	ck_assert_str_eq(key->state, "revoked");
	apikey_key_free(key);
}

void daemon_delete_key(struct daemon *daemon, const char *id)
{
	struct apikey_key *key = NULL;

	ck_assert_int_eq(apikey_key_delete(daemon->admin, id, NULL, &key), 0);
	apikey_key_free(key);
}

void daemon_expire_key(struct daemon *daemon, const char *id, int64_t when)
{
	const struct apikey_key_options options = { .size = sizeof(options), .expires = when };
	struct apikey_key *key = NULL;
	int answer = apikey_key_update(daemon->admin, id, APIKEY_CHANGE_EXPIRES, &options, &key);

	ck_assert_msg(answer == 0, "key update: %d %s", answer, apikey_admin_message(daemon->admin));
	apikey_key_free(key);
}
