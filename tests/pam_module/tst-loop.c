/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Failure 14, in callers that live for months: many transactions in one process, with the built daemon, after which no
 * descriptor, thread, signal disposition or memory is more than before.
 *
 *     tst-loop [--no-memory] [COUNT]
 *
 * COUNT transactions (2,000 if not said). --no-memory leaves the memory to a tool that watches it, such as valgrind.
 */
#include <dirent.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/pam_module/daemon.h"
#include "tests/pam_module/fixture.h"

#define HEAP_GROWTH_MAX 4096                          /* bytes, however many transactions */
#define RESIDENT_GROWTH_MAX ((size_t)2 * 1024 * 1024) /* bytes */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MEMORY_IS_WATCHED false /* the sanitizer's own memory grows, and it finds leaks itself */
#else
#define MEMORY_IS_WATCHED true
#endif

/* From the command line; a check test takes no parameters. */
static unsigned long count = 2000;
static bool watch_memory = MEMORY_IS_WATCHED;

/* What a caller has that must not grow. */
struct belongings {
	unsigned int descriptors, threads;
	struct {
		void (*handler)(int);
		int flags;
	} actions[NSIG];
	size_t heap, resident; /* bytes */
};

static unsigned int count_entries(const char *path)
{
	DIR *folder = opendir(path);
	unsigned int entries = 0;

	ck_assert_ptr_nonnull(folder);
	while (readdir(folder))
		entries++;
	closedir(folder);
	return entries;
}

static size_t heap_in_use(void)
{
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
	return mallinfo2().uordblks;
#else
	return 0;
#endif
}

static size_t resident_memory(void)
{
	unsigned long whole = 0, resident = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fscanf(file, "%lu %lu", &whole, &resident), 2);
	fclose(file);
	return resident * (size_t)sysconf(_SC_PAGESIZE);
}

static void take_stock(struct belongings *belongings)
{
	memset(belongings, 0, sizeof(*belongings));
	belongings->descriptors = count_entries("/proc/self/fd");
	belongings->threads = count_entries("/proc/self/task");
	for (int number = 1; number < NSIG; number++) {
		struct sigaction action;

		if (sigaction(number, NULL, &action) < 0)
			continue;
		belongings->actions[number].handler = action.sa_handler;
		belongings->actions[number].flags = action.sa_flags;
	}
	belongings->heap = heap_in_use();
	belongings->resident = resident_memory();
}

static const char secret_kind[] = "key";

/* One transaction of each kind in turn; most are good logins. */
static void transact(unsigned long turn, const char *secret)
{
	static const struct {
		const char *user, *answer;
		int code;
	} kinds[] = {
		{ "alice", secret_kind, PAM_SUCCESS }, { "alice", secret_kind, PAM_SUCCESS },
		{ "alice", "password", PAM_AUTH_ERR }, { "alice", secret_kind, PAM_SUCCESS },
		{ "bob", secret_kind, PAM_AUTH_ERR },  { "alice", secret_kind, PAM_SUCCESS },
		{ "alice", "ak_short", PAM_AUTH_ERR }, { "alice", secret_kind, PAM_SUCCESS },
	};
	size_t kind = turn % ARRAY_SIZE(kinds);
	struct transaction transaction;

	transaction_open(&transaction, &scene, "demo", kinds[kind].user,
			 kinds[kind].answer == secret_kind ? secret : kinds[kind].answer);
	ck_assert_int_eq(pam_authenticate(transaction.pamh, 0), kinds[kind].code);
	if (kinds[kind].code == PAM_SUCCESS) {
		ck_assert_int_eq(pam_acct_mgmt(transaction.pamh, 0), PAM_SUCCESS);
		ck_assert_int_eq(pam_setcred(transaction.pamh, PAM_ESTABLISH_CRED), PAM_SUCCESS);
	}
	transaction_close(&transaction);
}

START_TEST(failure_14_nothing_grows_in_a_caller_that_lives_long)
{
	static struct belongings before, after;
	char secret[SCENE_KEY_SIZE], id[SCENE_KEY_SIZE];
	struct daemon daemon;
	unsigned long turn = 0;

	/* Some are refused, and that must not slow the rest down. */
	daemon_start_with(&daemon, &scene, "demo", "[throttle]\nfailures_per_minute = 100000\n");
	daemon_make_key(&daemon, "alice", "pam.demo", NULL, secret, id);
	scene_module_service(&scene, "demo", "timeout=20000");
	for (; turn < count / 10 + 100; turn++)
		transact(turn, secret);
	take_stock(&before);
	for (; turn < count; turn++)
		transact(turn, secret);
	take_stock(&after);
	daemon_stop(&daemon, SIGTERM);

	ck_assert_uint_eq(after.descriptors, before.descriptors);
	ck_assert_uint_eq(after.threads, before.threads);
	for (int number = 1; number < NSIG; number++) {
		ck_assert_ptr_eq((void *)after.actions[number].handler, (void *)before.actions[number].handler);
		ck_assert_int_eq(after.actions[number].flags, before.actions[number].flags);
	}
	printf("%lu transactions; heap %+ld bytes, resident %+ld KiB\n", turn, (long)after.heap - (long)before.heap,
	       ((long)after.resident - (long)before.resident) / 1024);
	if (!watch_memory)
		return;
	ck_assert_uint_le(after.heap, before.heap + HEAP_GROWTH_MAX);
	ck_assert_uint_le(after.resident, before.resident + RESIDENT_GROWTH_MAX);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, failure_14_nothing_grows_in_a_caller_that_lives_long);
}

static int usage(void)
{
	fputs("Usage: tst-loop [--no-memory] [COUNT], COUNT at least 500\n", stderr);
	return 2;
}

int main(int argc, char **argv)
{
	char *end = NULL;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--no-memory") == 0) {
			watch_memory = false;
			continue;
		}
		count = strtoul(argv[i], &end, 10);
		if (*end != '\0' || count < 500)
			return usage();
	}
	/* In this process: no time limit, and tools see the transactions themselves. */
	setenv("CK_FORK", "no", 1);
	return fixture_main("loop", add_tests);
}
