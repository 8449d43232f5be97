/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Whom the client believes: each arrangement of folders, links and owners in which another account could pose as the
 * daemon is refused, though a server that grants everything sits there.
 */
#include "lib/trust.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "lib/apikey.h"
#include "tests/lib/peer.h"
#include "tests/suite.h"

#define NOBODY 65534

/* TOP/above/run/verify.sock, asked for by way of TOP/above/run unless the arrangement says another path. */
struct scene {
	char top[32], above[48], run[64], socket[96], path[128];
	int listener;
};

static void scene_make(struct scene *scene)
{
	peer_make_folder(scene->top);
	snprintf(scene->above, sizeof(scene->above), "%s/above", scene->top);
	snprintf(scene->run, sizeof(scene->run), "%s/run", scene->above);
	snprintf(scene->socket, sizeof(scene->socket), "%s/%s", scene->run, peer_verify_socket());
	strcpy(scene->path, scene->run);
	ck_assert_int_eq(mkdir(scene->above, 0755), 0);
	ck_assert_int_eq(mkdir(scene->run, 0755), 0);
	ck_assert_int_eq(chmod(scene->top, 0755), 0);
	ck_assert_int_eq(chmod(scene->above, 0755), 0);
	ck_assert_int_eq(chmod(scene->run, 0755), 0);
	scene->listener = peer_listen(scene->socket, 8);
	ck_assert_int_eq(chmod(scene->socket, 0666), 0);
}

/* Works outside a test too. */
static enum apikey_verdict ask(const char *path, char ret_reason[64])
{
	struct apikey_options options = { .size = sizeof(options), .path = path, .timeout = 20000 };
	struct apikey_request request = {
		.size = sizeof(request),
		.credential = PEER_OPAQUE,
		.service = "imap",
		.permission = "mail.imap",
	};
	enum apikey_verdict verdict;
	struct apikey_result *result;

	if (apikey_verify(&options, &request, &result) < 0)
		abort();
	snprintf(ret_reason, 64, "%s", result->reason);
	verdict = result->verdict;
	apikey_result_free(result);
	return verdict;
}

static void assert_verdict(const struct scene *scene, const char *name, bool trusted)
{
	char reason[64];
	enum apikey_verdict verdict = ask(scene->path, reason);

	ck_assert_msg(verdict == (trusted ? APIKEY_GRANTED : APIKEY_UNAVAILABLE), "%s: %s, %s", name,
		      apikey_verdict_name(verdict), reason);
	ck_assert_msg(strcmp(reason, trusted ? "" : "untrusted_server") == 0, "%s: %s", name, reason);
}

/* ---- arrangements anyone can make ---- */

static void arrange_nothing(struct scene *scene)
{
	(void)scene;
}

static void arrange_socket_itself(struct scene *scene)
{
	strcpy(scene->path, scene->socket);
}

static void arrange_private_folder(struct scene *scene)
{
	ck_assert_int_eq(chmod(scene->run, 0700), 0);
}

static void arrange_group_writable(struct scene *scene)
{
	ck_assert_int_eq(chmod(scene->run, 0775), 0);
}

static void arrange_world_writable(struct scene *scene)
{
	ck_assert_int_eq(chmod(scene->run, 0757), 0);
}

static void arrange_sticky(struct scene *scene)
{
	ck_assert_int_eq(chmod(scene->run, 01777), 0);
}

static void arrange_group_writable_above(struct scene *scene)
{
	ck_assert_int_eq(chmod(scene->above, 0775), 0);
}

static void arrange_world_writable_far_above(struct scene *scene)
{
	ck_assert_int_eq(chmod(scene->top, 0757), 0);
}

static void arrange_sticky_above(struct scene *scene)
{
	ck_assert_int_eq(chmod(scene->above, 01777), 0);
}

static void arrange_link_to_socket(struct scene *scene)
{
	snprintf(scene->path, sizeof(scene->path), "%s/link", scene->run);
	ck_assert_int_eq(symlink(scene->socket, scene->path), 0);
}

/* The name the client looks for in the folder is a link. */
static void arrange_link_in_folder(struct scene *scene)
{
	char moved[128];

	snprintf(moved, sizeof(moved), "%s/moved.sock", scene->run);
	ck_assert_int_eq(rename(scene->socket, moved), 0);
	ck_assert_int_eq(symlink(moved, scene->socket), 0);
}

static void arrange_link_to_folder(struct scene *scene)
{
	snprintf(scene->path, sizeof(scene->path), "%s/link", scene->top);
	ck_assert_int_eq(symlink("above/run", scene->path), 0);
}

/* A link in a folder of good repute leads to a bad one. */
static void arrange_link_to_bad_folder(struct scene *scene)
{
	arrange_link_to_folder(scene);
	arrange_group_writable_above(scene);
}

static void arrange_file(struct scene *scene)
{
	int fd;

	ck_assert_int_eq(unlink(scene->socket), 0);
	fd = open(scene->socket, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	ck_assert_int_ge(fd, 0);
	close(fd);
}

static void arrange_file_as_path(struct scene *scene)
{
	arrange_file(scene);
	strcpy(scene->path, scene->socket);
}

static void arrange_relative_path(struct scene *scene)
{
	ck_assert_int_eq(chdir(scene->above), 0);
	strcpy(scene->path, "run");
}

static void arrange_relative_socket(struct scene *scene)
{
	ck_assert_int_eq(chdir(scene->run), 0);
	strcpy(scene->path, peer_verify_socket());
}

static void arrange_dots(struct scene *scene)
{
	snprintf(scene->path, sizeof(scene->path), "%s/../run/./", scene->run);
}

struct arrangement {
	const char *name;
	void (*arrange)(struct scene *scene);
	bool trusted;
};

static const struct arrangement arrangements[] = {
	{ "nothing unusual", arrange_nothing, true },
	{ "the socket named", arrange_socket_itself, true },
	{ "a private folder", arrange_private_folder, true },
	{ "the folder writable by its group", arrange_group_writable, false },
	{ "the folder writable by all", arrange_world_writable, false },
	{ "the folder writable by all, sticky", arrange_sticky, false },
	{ "a folder above writable by its group", arrange_group_writable_above, false },
	{ "a folder far above writable by all", arrange_world_writable_far_above, false },
	{ "a folder above writable by all, sticky", arrange_sticky_above, true },
	{ "a link to the socket", arrange_link_to_socket, false },
	{ "a link in the socket's place", arrange_link_in_folder, false },
	{ "a link to the folder", arrange_link_to_folder, true },
	{ "a link to a bad folder", arrange_link_to_bad_folder, false },
	{ "a file in the socket's place", arrange_file, false },
	{ "a file as the path", arrange_file_as_path, false },
	{ "a relative path", arrange_relative_path, true },
	{ "a relative path to the socket", arrange_relative_socket, true },
	{ "a path with dots", arrange_dots, true },
};

/* Forks the server; its pid. */
static pid_t scene_serve(const struct scene *scene)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid > 0)
		return pid;
	for (;;) {
		int fd = accept(scene->listener, NULL, NULL);

		if (fd < 0)
			_exit(1);
		peer_serve_grant(fd);
		close(fd);
	}
}

static void scene_end(struct scene *scene, pid_t server)
{
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	close(scene->listener);
	ck_assert_int_eq(chdir("/"), 0);
	peer_remove_folder(scene->top);
}

START_TEST(folders_and_links)
{
	struct scene scene;
	pid_t server;

	scene_make(&scene);
	arrangements[_i].arrange(&scene);
	server = scene_serve(&scene);
	assert_verdict(&scene, arrangements[_i].name, arrangements[_i].trusted);
	scene_end(&scene, server);
}
END_TEST

/* ---- owners: only root can arrange them ---- */

static void arrange_socket_of_another(struct scene *scene)
{
	ck_assert_int_eq(chown(scene->socket, NOBODY, NOBODY), 0);
}

static void arrange_folder_of_another(struct scene *scene)
{
	ck_assert_int_eq(chown(scene->run, NOBODY, NOBODY), 0);
}

static void arrange_folder_above_of_another(struct scene *scene)
{
	ck_assert_int_eq(chown(scene->above, NOBODY, NOBODY), 0);
}

/* The socket's file is root's, but who listens is not. */
static void arrange_listener_of_another(struct scene *scene)
{
	ck_assert_int_eq(seteuid(NOBODY), 0);
	ck_assert_int_eq(listen(scene->listener, 8), 0);
	ck_assert_int_eq(seteuid(0), 0);
}

static const struct arrangement owners[] = {
	{ "another's socket", arrange_socket_of_another, false },
	{ "another's folder", arrange_folder_of_another, false },
	{ "another's folder above", arrange_folder_above_of_another, false },
	{ "another listens", arrange_listener_of_another, false },
};

START_TEST(other_owners)
{
	struct scene scene;
	pid_t server;

	scene_make(&scene);
	owners[_i].arrange(&scene);
	server = scene_serve(&scene);
	assert_verdict(&scene, owners[_i].name, owners[_i].trusted);
	scene_end(&scene, server);
}
END_TEST

/* Runs the question under other uids, with the whole scene belonging to NOBODY, by forking. */
static void assert_verdict_as(const struct scene *scene, uid_t real, uid_t effective, uid_t saved, bool trusted)
{
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		char reason[64];

		if (setresuid(real, effective, saved) < 0)
			_exit(2);
		_exit(ask(scene->path, reason) == APIKEY_GRANTED);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), trusted ? 1 : 0);
}

static void scene_give_away(struct scene *scene)
{
	/* What is asked for by a caller that is not root. */
	snprintf(scene->path, sizeof(scene->path), "%s/%s", scene->run, WIRE_VERIFY_SOCKET);
	ck_assert_int_eq(rename(scene->socket, scene->path), 0);
	ck_assert_int_eq(chown(scene->path, NOBODY, NOBODY), 0);
	ck_assert_int_eq(chown(scene->run, NOBODY, NOBODY), 0);
	ck_assert_int_eq(seteuid(NOBODY), 0);
	ck_assert_int_eq(listen(scene->listener, 8), 0);
	ck_assert_int_eq(seteuid(0), 0);
}

START_TEST(the_own_uid_is_trusted_by_a_process_of_one_identity)
{
	struct scene scene;
	pid_t server;

	scene_make(&scene);
	scene_give_away(&scene);
	server = scene_serve(&scene);
	assert_verdict_as(&scene, NOBODY, NOBODY, NOBODY, true);
	assert_verdict_as(&scene, 0, NOBODY, 0, false);
	assert_verdict_as(&scene, NOBODY, NOBODY, 0, false);
	assert_verdict_as(&scene, NOBODY - 1, NOBODY, NOBODY, false);
	assert_verdict_as(&scene, NOBODY - 1, NOBODY - 1, NOBODY - 1, false);
	assert_verdict_as(&scene, 0, 0, 0, false);
	scene_end(&scene, server);
}
END_TEST

static void copy_program(const char *from, const char *to)
{
	CLEANUP_CLOSE int source = open(from, O_RDONLY | O_CLOEXEC);
	CLEANUP_CLOSE int target = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	char bytes[4096];
	ssize_t size;

	ck_assert_int_ge(source, 0);
	ck_assert_int_ge(target, 0);
	while ((size = read(source, bytes, sizeof(bytes))) > 0)
		ck_assert_int_eq(write(target, bytes, (size_t)size), size);
	ck_assert_int_eq(size, 0);
}

#define NOT_RUN 100

/* Runs this program as NOBODY to ask at path; see main(). Its exit status. */
static int run_program(const char *program, const char *path)
{
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (setresgid(NOBODY, NOBODY, NOBODY) == 0 && setresuid(NOBODY, NOBODY, NOBODY) == 0)
			execl(program, program, path, (char *)NULL);
		_exit(NOT_RUN);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 101;
}

START_TEST(a_setgid_program_trusts_root_alone)
{
	struct scene scene;
	char program[96];
	pid_t server;
	int status;

	scene_make(&scene);
	scene_give_away(&scene);
	snprintf(program, sizeof(program), "%s/program", scene.top);
	copy_program("/proc/self/exe", program);
	server = scene_serve(&scene);
	status = run_program(program, scene.path);
	if (status == NOT_RUN) {
		/* Its loader, or a library, lies where nobody may go: a build for another machine below /root. */
		puts("skipped: the set-gid program, which nobody can start from here");
		scene_end(&scene, server);
		return;
	}
	ck_assert_int_eq(status, APIKEY_GRANTED);
	ck_assert_int_eq(chown(program, 0, NOBODY - 1), 0);
	ck_assert_int_eq(chmod(program, 02755), 0);
	status = run_program(program, scene.path);
	scene_end(&scene, server);
	/* 102: the file system takes no setgid programs. */
	ck_assert(status == APIKEY_UNAVAILABLE || status == 102);
}
END_TEST

START_TEST(only_an_explicit_path_may_be_the_own_uids)
{
	struct scene scene;

	ck_assert_uint_eq(trust_own_uid(false), 0);
	ck_assert_uint_eq(trust_own_uid(true), geteuid());
	scene_make(&scene);
	ck_assert_int_eq(trust_path(scene.socket, geteuid()), 0);
	ck_assert_int_eq(trust_path(scene.socket, 0), geteuid() == 0 ? 0 : -EPERM);
	ck_assert_int_eq(trust_path("relative/verify.sock", geteuid()), -EPERM);
	close(scene.listener);
	peer_remove_folder(scene.top);
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("trust");
	TCase *tcase = tcase_create("trust");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, folders_and_links, 0, ARRAY_SIZE(arrangements));
	tcase_add_test(tcase, only_an_explicit_path_may_be_the_own_uids);
	if (geteuid() == 0) {
		tcase_add_loop_test(tcase, other_owners, 0, ARRAY_SIZE(owners));
		tcase_add_test(tcase, the_own_uid_is_trusted_by_a_process_of_one_identity);
		tcase_add_test(tcase, a_setgid_program_trusts_root_alone);
	} else {
		puts("skipped: what only root can arrange (other owners, other uids)");
	}
	suite_add_tcase(suite, tcase);
	return suite;
}

int main(int argc, char **argv)
{

	/* Run by a test, in place of a caller that may be setgid: the verdict is the exit status. */
	if (argc == 2) {
		struct stat about;
		char reason[64];

		if (stat("/proc/self/exe", &about) == 0 && (about.st_mode & S_ISGID) != 0 && getgid() == getegid())
			_exit(102);
		_exit((int)ask(argv[1], reason)); /* a leak checker cannot look into a setgid process */
	}
	return suite_run(make_suite());
}
