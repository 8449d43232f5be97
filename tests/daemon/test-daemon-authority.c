/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Whose word counts for what in the real daemon's administration: keys that act, gateways, users who serve themselves,
 * the admin group, and everybody else.
 */
#include <check.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "daemon/store.h"
#include "proto/credential.h"
#include "tests/daemon/admin-requests.h"
#include "tests/daemon/host-store.h"
#include "tests/daemon/mount-namespace.h"
#include "tests/daemon/private-etc.h"
#include "tests/daemon/token-client.h"
#include "tests/suite.h"

#define OTHER_UID 60001 /* nobody's, by Debian's and Fedora's rules */
#define MEMBERS_GID 60009

static struct host host;
static struct wire_client *admin; /* root's, or of who runs the daemon */

static void start_with(const char *settings)
{
	host_open(&host, settings);
	/* Another than the users that the tests become. */
	host.user = "daemon";
	host_start(&host);
	admin = wire_open(&host, WIRE_ADMIN_SOCKET);
}

static void setup(void)
{
	start_with(NULL);
}

static void teardown(void)
{
	wire_close(admin);
	host_stop(&host);
	host_remove(&host);
}

static bool is_root(void)
{
	if (geteuid() == 0)
		return true;
	puts("skipped: not root, and so no other user");
	return false;
}

static struct wire_key make(const char *name)
{
	return wire_make_key(&host, &(struct message_key_create){ .name = name });
}

/* ---- acting by a key ---- */

static struct wire_key make_actor(const char *name, const char *permission, const char *source)
{
	struct message_key_create request = { .name = name, .owner = "bob" };

	request.permissions = wire_texts(permission, "test.use", NULL);
	if (source)
		request.sources = wire_texts(source, NULL);
	return wire_make_key(&host, &request);
}

START_TEST(a_key_acts_within_its_permissions)
{
	struct wire_key reader = make_actor("reader", "apikeyd.keys.read", NULL);
	struct wire_key writer = make_actor("writer", "apikeyd.keys.write", NULL);
	struct wire_key neither = make_actor("neither", "test.other", NULL);
	struct message_key_create request = { .name = "made",
					      .permissions = wire_texts("test.use", NULL),
					      .expires = TIME_NEVER };
	struct message_key_update change = { .credential = writer.secret,
					     .key = "bob/made",
					     .changes = MESSAGE_CHANGE_PERMISSIONS,
					     .permissions = wire_texts("test.*", NULL) };
	struct listing listing;
	struct message_key key;
	char actor[32];

	request.credential = reader.secret;
	expect_answer(admin, create(admin, &request, &key), ANSWER_NOT_PERMITTED, NULL);
	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, reader.secret, reader.id, &key), ANSWER_OK, NULL);
	expect_answer(admin, refer(admin, WIRE_KEY_REVOKE, reader.secret, reader.id, &key), ANSWER_NOT_PERMITTED, NULL);
	list(admin, reader.secret, NULL, 0, &listing);
	ck_assert_uint_eq(listing.count, 3);
	request.credential = neither.secret;
	expect_answer(admin, create(admin, &request, &key), ANSWER_NOT_PERMITTED, NULL);
	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, neither.secret, neither.id, &key), ANSWER_NOT_PERMITTED, NULL);
	/* The made key has the acting key's owner. */
	request.credential = writer.secret;
	expect_answer(admin, create(admin, &request, &key), ANSWER_OK, NULL);
	ck_assert_str_eq(key.owner, "bob");
	snprintf(actor, sizeof(actor), "key:%s", writer.id);
	ck_assert_str_eq(key.created_by, actor);
	request.name = "second";
	request.owner = "bob";
	expect_answer(admin, create(admin, &request, &key), ANSWER_OK, NULL);
	request.name = "third";
	request.owner = "alice";
	expect_answer(admin, create(admin, &request, &key), ANSWER_NOT_PERMITTED, "keys for others");
	/* Nobody grants what they do not hold, by a new key or by a change. */
	request.owner = NULL;
	request.permissions = wire_texts("test.use", "test.other", NULL);
	expect_answer(admin, create(admin, &request, &key), ANSWER_NOT_PERMITTED, "what they do not hold");
	expect_answer(admin, update(admin, &change, &key), ANSWER_NOT_PERMITTED, "what they do not hold");
	change.permissions = wire_texts("apikeyd.keys.write", NULL);
	expect_answer(admin, update(admin, &change, &key), ANSWER_OK, NULL);
	request.permissions = wire_texts("test.use", NULL);
	request.users = wire_texts("root", NULL);
	expect_answer(admin, create(admin, &request, &key), ANSWER_NOT_PERMITTED, "further users");
	expect_answer(admin, refer(admin, WIRE_KEY_REVOKE, writer.secret, "bob/made", &key), ANSWER_OK, NULL);
}
END_TEST

START_TEST(a_key_acts_only_in_its_tenant)
{
	struct wire_key writer = make_actor("writer", "apikeyd.keys.write", NULL);
	struct listing listing;
	struct message_key key;

	make("far");
	host_store_run(&host, "INSERT INTO tenant (id, name, account) VALUES ('other', 'other', 'default')");
	host_store_run(&host, "UPDATE key SET tenant = 'other' WHERE name = 'far'");
	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, NULL, "alice/far", &key), ANSWER_OK, NULL);
	ck_assert_str_eq(key.tenant, "other");
	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, writer.secret, "alice/far", &key), ANSWER_NOT_FOUND, NULL);
	expect_answer(admin, refer(admin, WIRE_KEY_DELETE, writer.secret, "alice/far", &key), ANSWER_NOT_FOUND, NULL);
	list(admin, writer.secret, NULL, 0, &listing);
	ck_assert_uint_eq(listing.count, 1);
}
END_TEST

START_TEST(a_key_that_is_refused_acts_for_nobody)
{
	struct wire_key revoked = make_actor("revoked", "apikeyd.*", NULL);
	struct wire_key bound = make_actor("bound", "apikeyd.*", "192.0.2.0/24");
	struct wire_key local = make_actor("local", "apikeyd.*", "local");
	struct message_key key;
	char wrong[CREDENTIAL_OPAQUE_MAX + 1];

	credential_write_opaque(false, local.id, "00000000000000000000000000000000", wrong);
	wire_change(&host, WIRE_KEY_REVOKE, revoked.id);
	const char *const credentials[] = { revoked.secret, bound.secret, wrong, "no key at all" };

	/* Even for an administrator: the credential is the request's one authority. */
	for (size_t i = 0; i < ARRAY_SIZE(credentials); i++)
		expect_answer(admin, refer(admin, WIRE_KEY_SHOW, credentials[i], local.id, &key), ANSWER_BAD_CREDENTIAL,
			      NULL);
	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, local.secret, local.id, &key), ANSWER_OK, NULL);
}
END_TEST

static void be_gateway(void *data)
{
	const char *secret = data;
	struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_key key;

	expect_answer(client, refer(client, WIRE_KEY_SHOW, NULL, "bob/reader", &key), ANSWER_NOT_PERMITTED, NULL);
	expect_answer(client, refer(client, WIRE_KEY_SHOW, secret, "bob/reader", &key), ANSWER_OK, NULL);
	wire_close(client);
}

START_TEST(a_gateway_must_present_a_credential)
{
	struct wire_key reader;
	char settings[64];

	setup();
	reader = make_actor("reader", "apikeyd.keys.read", NULL);
	snprintf(settings, sizeof(settings), "[gateway]\nusers = %u\n", geteuid() == 0 ? OTHER_UID : geteuid());
	host_configure(&host, settings);
	kill(host.daemon, SIGHUP);
	host_expect_output(&host, "the configuration was reloaded");
	if (geteuid() == 0)
		as_user(OTHER_UID, OTHER_UID, OTHER_UID, be_gateway, reader.secret);
	else
		be_gateway(reader.secret);
	teardown();
}
END_TEST

/* ---- status ---- */

static void look_at_status(void *data)
{
	struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_status request = { NULL };
	struct message_state state;
	struct message_item item;
	size_t count = 0;

	(void)data;
	expect_answer(client, wire_ask(client, WIRE_STATUS, &message_status, &request, &message_state, &state),
		      ANSWER_OK, NULL);
	while (codec_next_record(&state.items, &message_item, &item))
		if (count++ > 1 || (strcmp(item.name, "version") != 0 && strcmp(item.name, "state") != 0))
			fail("%s is shown to everybody", item.name);
	if (count != 2)
		fail("%zu items instead of 2", count);
	wire_close(client);
}

START_TEST(status_shows_others_whether_it_serves)
{
	struct message_status request = { NULL };
	struct message_state state;

	expect_answer(admin, wire_ask(admin, WIRE_STATUS, &message_status, &request, &message_state, &state), ANSWER_OK,
		      NULL);
	ck_assert_uint_gt(state.items.count, 20);
	if (!is_root())
		return;
	as_user(OTHER_UID, OTHER_UID, OTHER_UID, look_at_status, NULL);
	as_user(getpwnam("bin")->pw_uid, OTHER_UID, OTHER_UID, look_at_status, NULL);
}
END_TEST

/* ---- access tokens ---- */

static void get_a_token(void *data)
{
	struct message_token token;

	if (token_try(&host, data, &token) != ANSWER_OK)
		fail("who has a key gets no token with it");
	if (token_try(&host, "ak_000000000000_none", &token) != ANSWER_BAD_CREDENTIAL)
		fail("who has none is not told so");
}

START_TEST(whoever_has_a_key_gets_a_token)
{
	struct wire_key key = wire_make_key(&host, &(struct message_key_create){ .name = "anybodys" });

	get_a_token(key.secret);
	if (!is_root())
		return;
	/* An ordinary user, and one of the host's own. */
	as_user(OTHER_UID, OTHER_UID, OTHER_UID, get_a_token, key.secret);
	as_user(getpwnam("bin")->pw_uid, OTHER_UID, OTHER_UID, get_a_token, key.secret);
}
END_TEST

/* ---- self-service, as root who becomes others ---- */

static const char self_service[] =
	"[daemon]\nminimum_uid = 1\n[self-service]\npermissions = pam.dovecot, mail.*\nkeys = 2\n"
	"[throttle]\nfailures_per_minute = 20\n";

static void serve_themselves(void *data)
{
	struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_key_create request = { .name = "first", .expires = TIME_NEVER };
	struct message_key_update change = { .key = "bin/first", .changes = MESSAGE_CHANGE_PERMISSIONS };
	struct message_explain question = { .subject = data };
	struct message_explanation explanation;
	struct listing listing;
	struct message_key key;

	request.permissions = wire_texts("pam.dovecot", "mail.imap", NULL);
	expect_answer(client, create(client, &request, &key), ANSWER_OK, NULL);
	if (strcmp(key.owner, "bin") != 0 || key.owner_uid != getuid())
		fail("the owner is %s", key.owner);
	request.name = "second";
	request.permissions = wire_texts("mail.*", NULL);
	expect_answer(client, create(client, &request, &key), ANSWER_OK, NULL);
	request.name = "third";
	expect_answer(client, create(client, &request, &key), ANSWER_NOT_PERMITTED,
		      "may have 2 keys, and have as many");
	expect_answer(client, refer(client, WIRE_KEY_DELETE, NULL, "bin/second", &key), ANSWER_OK, NULL);
	request.permissions = wire_texts("pam.sshd", NULL);
	expect_answer(client, create(client, &request, &key), ANSWER_NOT_PERMITTED, "what they do not hold");
	request.permissions = wire_texts("*", NULL);
	expect_answer(client, create(client, &request, &key), ANSWER_NOT_PERMITTED, "what they do not hold");
	request.permissions = wire_texts("mail.imap", NULL);
	request.users = wire_texts("root", NULL);
	expect_answer(client, create(client, &request, &key), ANSWER_NOT_PERMITTED, "further users");
	request.users.count = 0;
	request.owner = "alice";
	expect_answer(client, create(client, &request, &key), ANSWER_NOT_PERMITTED, "keys for others");
	request.owner = "bin";
	expect_answer(client, create(client, &request, &key), ANSWER_NOT_PERMITTED, "leave the owner out");
	change.permissions = wire_texts("pam.sudo", NULL);
	expect_answer(client, update(client, &change, &key), ANSWER_NOT_PERMITTED, "what they do not hold");
	change.permissions = wire_texts("mail.pop", NULL);
	expect_answer(client, update(client, &change, &key), ANSWER_OK, NULL);

	/* Others' keys do not exist. */
	for (uint16_t type = WIRE_KEY_SHOW; type <= WIRE_KEY_DELETE; type++)
		if (type != WIRE_KEY_UPDATE)
			expect_answer(client, refer(client, type, NULL, "alice/key", &key), ANSWER_NOT_FOUND, NULL);
	if (*client->detail)
		fail("others' keys are told of: %s", client->detail);
	change.key = "alice/key";
	expect_answer(client, update(client, &change, &key), ANSWER_NOT_FOUND, NULL);
	list(client, NULL, NULL, 0, &listing);
	if (listing.count != 1 || strcmp(listing.last, "bin/first") != 0)
		fail("%zu keys are listed, the last %s", listing.count, listing.last);
	list(client, NULL, "alice", 0, &listing);
	if (listing.count != 0)
		fail("keys of others are listed");

	/* Own keys go all the ways. */
	expect_answer(client, refer(client, WIRE_KEY_DEACTIVATE, NULL, "bin/first", &key), ANSWER_OK, NULL);
	expect_answer(client, refer(client, WIRE_KEY_ACTIVATE, NULL, "bin/first", &key), ANSWER_OK, NULL);

	/* Another's key that is known is judged without a word; wrong ones are counted. */
	explanation = explain(client, &question);
	if (explanation.verdict != VERDICT_GRANTED || explanation.reason != 0 || explanation.key_id ||
	    explanation.steps.count != 0)
		fail("somebody else's key is explained");
	question = (struct message_explain){ .key = "bin/first" };
	explanation = explain(client, &question);
	if (explanation.steps.count == 0)
		fail("an own key is not explained");
	question = (struct message_explain){ .subject = "ak_" };
	for (int i = 0; i < 30; i++) {
		explanation = explain(client, &question);
		if (explanation.verdict != VERDICT_DENIED || explanation.steps.count != 0)
			fail("a guess is explained");
	}
	wire_close(client);
}

START_TEST(users_administer_their_own)
{
	const struct passwd *user = getpwnam("bin");
	struct wire_key others;
	CLEANUP_FREE char *audit = NULL;

	if (!is_root())
		return;
	start_with(self_service);
	others = make("key");
	as_user(user->pw_uid, user->pw_gid, user->pw_gid, serve_themselves, others.secret);
	ck_assert_uint_eq(host_number(&host, "throttle.sources"), 1);
	/* What went beyond their authority is recorded. */
	audit = host_read(&host, "log/audit.jsonl");
	ck_assert_ptr_nonnull(strstr(audit, "\"event\":\"key_create\",\"verdict\":\"forbidden\""));
	ck_assert_ptr_nonnull(strstr(audit, "\"event\":\"key_update\",\"verdict\":\"forbidden\""));
	teardown();
}
END_TEST

static void end_own(void *data)
{
	struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_key_create request = { .name = "new", .expires = TIME_NEVER };
	struct message_key key;

	(void)data;
	expect_answer(client, create(client, &request, &key), ANSWER_NOT_PERMITTED, NULL);
	expect_answer(client, refer(client, WIRE_KEY_SHOW, NULL, "bin/key", &key), ANSWER_OK, NULL);
	expect_answer(client, refer(client, WIRE_KEY_DEACTIVATE, NULL, "bin/key", &key), ANSWER_OK, NULL);
	expect_answer(client, refer(client, WIRE_KEY_ACTIVATE, NULL, "bin/key", &key), ANSWER_NOT_PERMITTED, NULL);
	expect_answer(client, refer(client, WIRE_KEY_REVOKE, NULL, "bin/key", &key), ANSWER_OK, NULL);
	wire_close(client);
}

START_TEST(without_self_service_users_see_and_end_their_own)
{
	const struct passwd *user = getpwnam("bin");

	if (!is_root())
		return;
	start_with("[daemon]\nminimum_uid = 1\n");
	(void)wire_make_key(&host, &(struct message_key_create){ .name = "key", .owner = "bin" });
	as_user(user->pw_uid, user->pw_gid, user->pw_gid, end_own, NULL);
	teardown();
}
END_TEST

static void be_refused(void *data)
{
	struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_key_create request = { .name = "new", .expires = TIME_NEVER };
	struct message_key key;

	(void)data;
	expect_answer(client, create(client, &request, &key), ANSWER_NOT_PERMITTED, NULL);
	expect_answer(client, refer(client, WIRE_KEY_SHOW, NULL, "bin/key", &key), ANSWER_NOT_PERMITTED, NULL);
	wire_close(client);
}

static void have_no_name(void *data)
{
	struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_key_create request = { .name = "new", .expires = TIME_NEVER };
	struct message_key key;

	(void)data;
	expect_answer(client, create(client, &request, &key), ANSWER_INVALID, "uid 60001 has no user name here");
	wire_close(client);
}

START_TEST(a_service_account_has_no_self_service)
{
	const struct passwd *user = getpwnam("bin");

	if (!is_root())
		return;
	start_with("[self-service]\npermissions = mail.*\n");
	(void)wire_make_key(&host, &(struct message_key_create){ .name = "key", .owner = "bin" });
	as_user(user->pw_uid, user->pw_gid, user->pw_gid, be_refused, NULL);
	if (!getpwuid(OTHER_UID))
		as_user(OTHER_UID, OTHER_UID, OTHER_UID, have_no_name, NULL);
	teardown();
}
END_TEST

static void administer(void *data)
{
	struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_key_create request = { .name = data, .owner = "alice", .expires = TIME_NEVER };
	struct message_key key;

	request.permissions = wire_texts("*", NULL);
	request.users = wire_texts("bob", NULL);
	expect_answer(client, create(client, &request, &key), ANSWER_OK, NULL);
	expect_answer(client, refer(client, WIRE_KEY_SHOW, NULL, "alice/key", &key), ANSWER_OK, NULL);
	wire_close(client);
}

START_TEST(the_admin_group_administers)
{
	const struct group *group = getgrnam("games");
	static char first[] = "by its first group", further[] = "by another group";

	if (!is_root())
		return;
	if (!group) {
		puts("skipped: there is no group games");
		return;
	}
	start_with("[admin]\ngroup = games\n");
	make("key");
	as_user(OTHER_UID, group->gr_gid, OTHER_UID, administer, first);
	as_user(OTHER_UID, OTHER_UID, group->gr_gid, administer, further);
	as_user(OTHER_UID, OTHER_UID, MEMBERS_GID, look_at_status, NULL);
	teardown();
}
END_TEST

/* ---- a name service that hangs ---- */

/* Its users are on a pipe that nobody writes to, once the daemon runs. */
START_TEST(a_name_service_that_hangs_holds_up_who_needs_it_and_nobody_else)
{
	struct message_key_create request = { .name = "key", .owner = "alice", .expires = TIME_NEVER };
	char etc[PRIVATE_ETC_SIZE], path[160], kept[160];
	struct wire_client *gone, *second;
	int64_t start;

	if (!is_root() || !namespace_enter())
		return;
	host_open(&host, NULL);
	if (!private_etc(host.folder, etc))
		return;
	host.user = "daemon";
	host_start(&host);
	admin = wire_open(&host, WIRE_ADMIN_SOCKET);
	gone = wire_open(&host, WIRE_ADMIN_SOCKET);
	second = wire_open(&host, WIRE_ADMIN_SOCKET);
	snprintf(path, sizeof(path), "%s/passwd", etc);
	snprintf(kept, sizeof(kept), "%s/kept", etc);
	ck_assert_int_eq(rename(path, kept), 0);
	ck_assert_int_eq(mkfifo(path, 0644), 0);

	start = milliseconds();
	wire_send(admin, WIRE_KEY_CREATE, &message_key_create, &request);
	/* One that does not wait for its answer, and one that is behind the first. */
	wire_send(gone, WIRE_KEY_CREATE, &message_key_create, &request);
	wire_send(second, WIRE_KEY_CREATE, &message_key_create, &request);
	wire_expect_silence(gone, 50);
	wire_close(gone);
	ck_assert_uint_eq(host_number(&host, "keys.active"), 0);
	wire_expect_error(admin, ANSWER_UNAVAILABLE);
	ck_assert_ptr_nonnull(strstr(admin->detail, "the name service did not answer"));
	wire_expect_error(second, ANSWER_UNAVAILABLE);
	ck_assert_int_lt(milliseconds() - start, 10000);
	ck_assert_uint_eq(host_number(&host, "keys.active"), 0);
	wire_close(second);
	/* It ends well while the look-up still hangs. */
	teardown();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("daemon-authority");
	TCase *plain = tcase_create("usual"), *own = tcase_create("own");

	tcase_set_timeout(plain, 120);
	tcase_set_timeout(own, 120);
	tcase_add_checked_fixture(plain, setup, teardown);
	tcase_add_test(plain, a_key_acts_within_its_permissions);
	tcase_add_test(plain, a_key_acts_only_in_its_tenant);
	tcase_add_test(plain, a_key_that_is_refused_acts_for_nobody);
	tcase_add_test(plain, status_shows_others_whether_it_serves);
	tcase_add_test(plain, whoever_has_a_key_gets_a_token);
	tcase_add_test(own, a_gateway_must_present_a_credential);
	tcase_add_test(own, users_administer_their_own);
	tcase_add_test(own, without_self_service_users_see_and_end_their_own);
	tcase_add_test(own, a_service_account_has_no_self_service);
	tcase_add_test(own, the_admin_group_administers);
	tcase_add_test(own, a_name_service_that_hangs_holds_up_who_needs_it_and_nobody_else);
	suite_add_tcase(suite, plain);
	suite_add_tcase(suite, own);
	return suite_run(suite);
}
