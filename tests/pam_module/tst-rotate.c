/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A key is rotated while programs log in with it through the built module and the built daemon: a phone that gets each
 * new secret at once, and a laptop that gets it later. Not one login fails; after the old secret is retired it fails at
 * once.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/pam_module/daemon.h"
#include "tests/pam_module/fixture.h"

#define ROTATIONS 10
#define LOGINS 3       /* of each program between two steps */
#define PATIENCE 30000 /* milliseconds for them */
#define OVERLAP 86400

/* A program that logs in again and again with what it is given. */
struct program {
	char secret[SCENE_KEY_SIZE];
	unsigned int generation; /* of the secret */
	unsigned int logins;     /* that succeeded with this generation */
	unsigned int all, failures;
	int failure; /* the code of the last one that failed */
};

/* In memory that the processes share, under the lock. */
struct programs {
	pthread_mutex_t lock;
	struct program phone, laptop;
};

static struct daemon apikeyd;
static struct programs *programs;

static void share(void)
{
	pthread_mutexattr_t attributes;

	programs = mmap(NULL, sizeof(*programs), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(programs, MAP_FAILED);
	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&programs->lock, &attributes);
	pthread_mutexattr_destroy(&attributes);
}

static int log_in(const char *secret)
{
	struct transaction transaction;
	int code;

	transaction_open(&transaction, &scene, "demo", "alice", secret);
	code = pam_authenticate(transaction.pamh, 0);
	if (code == PAM_SUCCESS)
		code = pam_acct_mgmt(transaction.pamh, 0);
	if (code == PAM_SUCCESS)
		code = pam_setcred(transaction.pamh, PAM_ESTABLISH_CRED);
	transaction_close(&transaction);
	return code;
}

static void run_program(struct program *program)
{
	for (;;) {
		char secret[SCENE_KEY_SIZE];
		unsigned int generation;
		int code;

		pthread_mutex_lock(&programs->lock);
		memcpy(secret, program->secret, sizeof(secret));
		generation = program->generation;
		pthread_mutex_unlock(&programs->lock);
		code = log_in(secret);
		pthread_mutex_lock(&programs->lock);
		program->all++;
		if (code != PAM_SUCCESS) {
			program->failures++;
			program->failure = code;
		} else if (generation == program->generation) {
			program->logins++;
		}
		pthread_mutex_unlock(&programs->lock);
	}
}

static pid_t start(struct program *program)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		run_program(program);
	}
	return pid;
}

static void give(struct program *program, const char *secret)
{
	pthread_mutex_lock(&programs->lock);
	snprintf(program->secret, sizeof(program->secret), "%s", secret);
	program->generation++;
	program->logins = 0;
	pthread_mutex_unlock(&programs->lock);
}

/* Waits until the program has logged in some more with the secret it has; there was no failure so far. */
static void expect_logins(struct program *program)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	int64_t end = scene_clock() + PATIENCE;
	unsigned int before = 0;

	for (bool first = true;; first = false) {
		struct program seen;

		pthread_mutex_lock(&programs->lock);
		seen = *program;
		pthread_mutex_unlock(&programs->lock);
		ck_assert_msg(seen.failures == 0, "%u of %u logins failed, the last with %d", seen.failures, seen.all,
			      seen.failure);
		if (first)
			before = seen.logins;
		if (seen.logins >= before + LOGINS)
			return;
		ck_assert_msg(scene_clock() < end, "nobody logs in");
		nanosleep(&pause, NULL);
	}
}

static void rotate(const char *id, char ret_secret[static SCENE_KEY_SIZE])
{
	const struct apikey_rotate_options options = { .size = sizeof(options), .overlap = OVERLAP };
	struct apikey_key *rotated = NULL;
	int answer = apikey_key_rotate(apikeyd.admin, id, &options, &rotated);

	ck_assert_msg(answer == 0, "rotate: %d %s", answer, apikey_admin_message(apikeyd.admin));
	ck_assert_str_eq(rotated->id, id);
	ck_assert_int_eq(snprintf(ret_secret, SCENE_KEY_SIZE, "%s", rotated->secret), 54);
	apikey_key_free(rotated);
}

static void retire(const char *id)
{
	struct apikey_key *retired = NULL;
	int answer = apikey_key_retire(apikeyd.admin, id, 0, NULL, &retired);

	ck_assert_msg(answer == 0, "retire: %d %s", answer, apikey_admin_message(apikeyd.admin));
	apikey_key_free(retired);
}

START_TEST(a_key_is_rotated_without_an_outage)
{
	char old[SCENE_KEY_SIZE], new[SCENE_KEY_SIZE], id[SCENE_KEY_SIZE];
	struct transaction transaction;
	pid_t pids[2];

	share();
	daemon_start(&apikeyd, &scene, "demo");
	scene_module_service(&scene, "demo", "timeout=20000");
	daemon_make_key(&apikeyd, "alice", "pam.demo", NULL, old, id);
	give(&programs->phone, old);
	give(&programs->laptop, old);
	pids[0] = start(&programs->phone);
	pids[1] = start(&programs->laptop);
	for (int i = 0; i < ROTATIONS; i++) {
		expect_logins(&programs->phone);
		expect_logins(&programs->laptop);
		rotate(id, new);
		expect_logins(&programs->phone);
		give(&programs->phone, new);
		expect_logins(&programs->phone);
		expect_logins(&programs->laptop);
		give(&programs->laptop, new);
		expect_logins(&programs->laptop);
		/* who had authenticated by the old secret is not let in by it any more */
		transaction_open(&transaction, &scene, "demo", "alice", old);
		ck_assert_int_eq(pam_authenticate(transaction.pamh, 0), PAM_SUCCESS);
		retire(id);
		ck_assert_int_eq(pam_acct_mgmt(transaction.pamh, 0), PAM_PERM_DENIED);
		transaction_close(&transaction);
		ck_assert_int_eq(authenticate_once(&scene, "demo", "alice", old), PAM_AUTH_ERR);
		memcpy(old, new, sizeof(old));
	}
	expect_logins(&programs->phone);
	expect_logins(&programs->laptop);
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
		kill(pids[i], SIGKILL);
		ck_assert_int_eq(waitpid(pids[i], NULL, 0), pids[i]);
	}
	printf("%d rotations during %u logins: none failed\n", ROTATIONS, programs->phone.all + programs->laptop.all);
	daemon_stop(&apikeyd, SIGTERM);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_set_timeout(tests, 300);
	tcase_add_test(tests, a_key_is_rotated_without_an_outage);
}

int main(void)
{
	return fixture_main("rotate", add_tests);
}
