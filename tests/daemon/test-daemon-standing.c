/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Administrators who signed in by a link, at the real daemon, on a host whose groups change, or whose name service does
 * not answer. The clock that counts from the boot is moved, so that nobody waits for minutes.
 */
#include "tests/daemon/signin-client.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "tests/daemon/mount-namespace.h"
#include "tests/daemon/private-etc.h"
#include "tests/suite.h"

#define WARDEN_UID 60002 /* nobody's, by Debian's and Fedora's rules */
#define WARDENS_GID 60009
#define SETTINGS "[admin]\ngroup = wardens\n[gateway]\nusers = 60001\n"
#define PATIENCE 500 /* milliseconds that a request may wait for a name service */
#define TIMES 6      /* that something is done, so that waiting each time would take longer than SOON */
#define SOON (TIMES * PATIENCE - PATIENCE)

static struct host host;
static struct wire_client *admin, *gateway;
static char etc[PRIVATE_ETC_SIZE];

/* A file of the private /etc, in one step: what this host has, and the text instead of what there was of the kind. */
static void replace(const char *name, const char *text)
{
	char path[160], fresh[176], line[512];
	FILE *out, *in;

	snprintf(path, sizeof(path), "%s/%s", etc, name);
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	in = fopen(path, "re");
	out = fopen(fresh, "wxe");
	ck_assert(in && out);
	while (fgets(line, sizeof(line), in)) {
		if (!strstr(line, "warden"))
			fputs(line, out);
	}
	fputs(text, out);
	fclose(in);
	ck_assert_int_eq(fclose(out), 0);
	ck_assert_int_eq(chmod(fresh, 0644), 0);
	ck_assert_int_eq(rename(fresh, path), 0);
}

static void move(const char *name, const char *where)
{
	char from[160], to[160];

	snprintf(from, sizeof(from), "%s/%s", etc, name);
	snprintf(to, sizeof(to), "%s/%s", etc, where);
	ck_assert_int_eq(rename(from, to), 0);
}

/* Whoever asks about groups waits, until let_go(). */
static void hang(void)
{
	char path[160];

	move("group", "kept");
	snprintf(path, sizeof(path), "%s/group", etc);
	ck_assert_int_eq(mkfifo(path, 0644), 0);
}

/* Whoever waits reads nothing, and who asks next what there was before. */
static void let_go(void)
{
	char path[160];
	int pipe;

	move("group", "pipe");
	move("kept", "group");
	snprintf(path, sizeof(path), "%s/pipe", etc);
	pipe = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	ck_assert_int_ge(pipe, 0);
	close(pipe);
}

static void join_group(void)
{
	replace("group", "wardens:x:60009:warden\n");
}

static void leave_group(void)
{
	replace("group", "wardens:x:60009:\n");
}

/* Its boot was so many seconds earlier. */
static void sleep_host(int seconds)
{
	char path[160], fresh[176];
	FILE *file;

	snprintf(path, sizeof(path), "%s/boot-clock", host.folder);
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	file = fopen(fresh, "we");
	ck_assert_ptr_nonnull(file);
	fprintf(file, "%d\n", seconds);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(chmod(fresh, 0644), 0);
	ck_assert_int_eq(rename(fresh, path), 0);
	ck_assert_int_eq(setenv("OTHER_BOOT_CLOCK", path, 1), 0);
}

/* False where it cannot be tried here. */
static bool begin(void)
{
	if (!have_other_users() || !namespace_enter())
		return false;
	if (!getenv("APIKEYD"))
		setenv("APIKEYD", "tests/daemon/other-clock", 1);
	host_open(&host, SETTINGS);
	if (!private_etc(host.folder, etc)) {
		host_remove(&host);
		return false;
	}
	replace("passwd", "warden:x:60002:60002::/:/bin/false\n");
	join_group();
	sleep_host(0);
	/* Another than the users that the tests become. */
	host.user = "daemon";
	host_start(&host);
	admin = wire_open(&host, WIRE_ADMIN_SOCKET);
	gateway = open_gateway(&host);
	return true;
}

static void end(void)
{
	wire_close(admin);
	wire_close(gateway);
	host_stop(&host);
	host_remove(&host);
}

/* As the kernel has the groups of a shell that was opened while the user was in it. */
static struct wire_client *open_warden(void)
{
	const gid_t group = WARDENS_GID;
	struct wire_client *client;

	ck_assert_int_eq(setgroups(1, &group), 0);
	ck_assert_int_eq(setegid(WARDEN_UID), 0);
	ck_assert_int_eq(seteuid(WARDEN_UID), 0);
	client = wire_open(&host, WIRE_ADMIN_SOCKET);
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(setegid(0), 0);
	ck_assert_int_eq(setgroups(0, NULL), 0);
	return client;
}

static struct signed_in sign_in_as(struct wire_client *user)
{
	struct message_signin_begin request = { .portal = 1 };
	struct signed_in signin;
	char code[80];

	ck_assert_int_eq(make_link(user, true, code), ANSWER_OK);
	request.proof = code;
	signin = sign_in(gateway, &request);
	ck_assert_str_eq(signin.kind, "administrator");
	return signin;
}

static enum answer use(const struct signed_in *signin)
{
	struct message_signin said;

	return show_signin(gateway, signin->credential, &said);
}

START_TEST(who_has_left_the_group_is_signed_out)
{
	struct message_key_create wanted = { .name = "key", .owner = "alice", .expires = TIME_NEVER };
	struct wire_client *warden;
	struct signed_in signin, root;
	CLEANUP_FREE char *audit = NULL;
	struct message_key key;
	char text[64];

	if (!begin())
		return;
	warden = open_warden();
	signin = sign_in_as(warden);
	root = sign_in_as(admin);
	ck_assert_int_eq(use(&signin), ANSWER_OK);
	/* Who stays in the group stays in. */
	sleep_host(300);
	ck_assert_int_eq(use(&signin), ANSWER_OK);
	leave_group();
	sleep_host(300 + 50);
	ck_assert_int_eq(use(&signin), ANSWER_OK);
	sleep_host(300 + 61);
	wanted.credential = signin.credential;
	expect_answer(gateway, create(gateway, &wanted, &key), ANSWER_BAD_CREDENTIAL, NULL);
	audit = host_read(&host, "log/audit.jsonl");
	snprintf(text, sizeof(text), "{\"signin\":\"%s\"}", signin.id);
	ck_assert_ptr_nonnull(strstr(audit, text));
	ck_assert_ptr_nonnull(strstr(audit, "\"event\":\"signin_end\""));
	ck_assert_ptr_nonnull(strstr(audit, "not in the group of [admin] any more"));
	/* It does not come back with the group. */
	join_group();
	sleep_host(300 + 130);
	ck_assert_int_eq(use(&signin), ANSWER_BAD_CREDENTIAL);
	signin = sign_in_as(warden);
	ck_assert_int_eq(use(&signin), ANSWER_OK);
	/* Nor does who is gone altogether stay. */
	replace("passwd", "");
	sleep_host(300 + 200);
	ck_assert_int_eq(use(&signin), ANSWER_BAD_CREDENTIAL);
	ck_assert_int_eq(use(&root), ANSWER_OK);
	wire_close(warden);
	end();
}
END_TEST

START_TEST(no_link_beyond_what_the_name_service_says)
{
	struct wire_client *warden;
	char code[80];

	if (!begin())
		return;
	leave_group();
	warden = open_warden();
	/* What the kernel says goes over this socket, and no further. */
	ck_assert_int_eq(make_link(warden, true, code), ANSWER_NOT_PERMITTED);
	ck_assert_ptr_nonnull(strstr(warden->detail, "name service"));
	join_group();
	ck_assert_int_eq(make_link(warden, true, code), ANSWER_OK);
	wire_close(warden);
	end();
}
END_TEST

START_TEST(another_group_is_asked_about_at_once)
{
	struct wire_client *warden;
	struct signed_in signin;

	if (!begin())
		return;
	replace("group", "wardens:x:60009:warden\nwardenless:x:60010:\n");
	warden = open_warden();
	signin = sign_in_as(warden);
	ck_assert_int_eq(use(&signin), ANSWER_OK);
	host_configure(&host, "[admin]\ngroup = wardenless\n[gateway]\nusers = 60001\n");
	ck_assert_int_eq(kill(host.daemon, SIGHUP), 0);
	host_expect_output(&host, "the configuration was reloaded");
	ck_assert_int_eq(use(&signin), ANSWER_BAD_CREDENTIAL);
	wire_close(warden);
	end();
}
END_TEST

START_TEST(a_name_service_that_hangs_holds_up_nobody_and_counts_for_so_long)
{
	struct wire_client *warden, *other;
	struct signed_in signin, root;
	struct message_signin said;
	struct message_status ask;
	int64_t start;

	if (!begin())
		return;
	warden = open_warden();
	signin = sign_in_as(warden);
	root = sign_in_as(admin);
	other = open_gateway(&host);
	hang();
	sleep_host(61);

	/* One request waits a moment, and no other meanwhile. */
	ask = (struct message_status){ .credential = signin.credential };
	start = milliseconds();
	wire_send(gateway, WIRE_SIGNIN_SHOW, &message_status, &ask);
	expect_answer(other, show_signin(other, root.credential, &said), ANSWER_OK, NULL);
	expect_answer(other, show_signin(other, signin.credential, &said), ANSWER_OK, NULL);
	wire_expect(gateway, WIRE_SIGNIN_SHOW | WIRE_REPLY, &message_signin, &said);
	ck_assert_int_ge(milliseconds() - start, PATIENCE - 50);
	start = milliseconds();
	for (int i = 0; i < TIMES; i++) {
		sleep_host(62 + i * 100);
		ck_assert_int_eq(use(&signin), ANSWER_OK);
	}
	ck_assert_int_lt(milliseconds() - start, SOON);
	/* For longer nobody vouches; it is refused, and not ended. */
	sleep_host(640);
	start = milliseconds();
	for (int i = 0; i < TIMES; i++)
		ck_assert_int_eq(use(&signin), ANSWER_UNAVAILABLE);
	ck_assert_int_lt(milliseconds() - start, SOON);
	expect_answer(other, show_signin(other, root.credential, &said), ANSWER_OK, NULL);

	/* What hung has read nothing, and so nobody is in the group. */
	let_go();
	for (int i = 0; i < 200 && use(&signin) != ANSWER_BAD_CREDENTIAL; i++)
		usleep(10000);
	ck_assert_int_eq(use(&signin), ANSWER_BAD_CREDENTIAL);
	signin = sign_in_as(warden);
	ck_assert_int_eq(use(&signin), ANSWER_OK);
	wire_close(warden);
	wire_close(other);
	end();
}
END_TEST

START_TEST(it_ends_well_while_a_look_up_hangs)
{
	struct wire_client *warden;
	struct signed_in signin;
	struct message_status ask;

	if (!begin())
		return;
	warden = open_warden();
	signin = sign_in_as(warden);
	hang();
	sleep_host(61);
	ask = (struct message_status){ .credential = signin.credential };
	/* Nobody waits for the answer any more. */
	wire_send(gateway, WIRE_SIGNIN_SHOW, &message_status, &ask);
	wire_expect_silence(gateway, 50);
	wire_close(gateway);
	gateway = open_gateway(&host);
	ck_assert_int_eq(use(&signin), ANSWER_OK);
	wire_close(warden);
	end();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("daemon-standing");
	TCase *tests = tcase_create("standing");

	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, who_has_left_the_group_is_signed_out);
	tcase_add_test(tests, no_link_beyond_what_the_name_service_says);
	tcase_add_test(tests, another_group_is_asked_about_at_once);
	tcase_add_test(tests, a_name_service_that_hangs_holds_up_nobody_and_counts_for_so_long);
	tcase_add_test(tests, it_ends_well_while_a_look_up_hangs);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
