/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Verification by the real daemon: every reason that a request can be refused for, who is told it, whose word about
 * services and sources is taken, the account phase, uses and throttling.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "proto/credential.h"
#include "tests/daemon/wire-client.h"
#include "tests/suite.h"

#define OTHER_UID 60001 /* nobody's, by Debian's and Fedora's rules */
#define THIRD_UID 60002

static struct host host;

static void setup(void)
{
	host_open(&host, NULL);
	host_start(&host);
}

static void start_with(const char *settings)
{
	host_open(&host, settings);
	host_start(&host);
}

/* The counts that a coverage build keeps are written by a daemon that ends well, and a sanitizer speaks up then. */
static void teardown(void)
{
	host_stop(&host);
	host_remove(&host);
}

static struct wire_key make_key(void)
{
	return wire_make_key(&host, &(struct message_key_create){ .name = "key" });
}

static struct message_verify request_for(const char *credential)
{
	return (struct message_verify){
		.credential = credential, .user = "alice", .service = "test", .permission = "test.use"
	};
}

/* What login.sock says, where the caller is told the reason. */
static void expect(const struct message_verify *request, enum verdict verdict, enum reason reason)
{
	struct message_verdict said = wire_verify(&host, WIRE_LOGIN_SOCKET, request);

	ck_assert_msg(said.verdict == verdict && said.reason == reason, "%s (%s) instead of %s (%s)",
		      verdict_name((enum verdict)said.verdict), reason_name((enum reason)said.reason),
		      verdict_name(verdict), reason_name(reason));
	ck_assert_str_eq(said.service, request->service);
	if (verdict == VERDICT_GRANTED)
		return;
	/* A refusal says nothing about the key. */
	ck_assert_ptr_null(said.key_id);
	ck_assert_ptr_null(said.key_name);
	ck_assert_ptr_null(said.owner);
	ck_assert_ptr_null(said.handle);
	ck_assert_ptr_null(said.permissions);
	ck_assert_int_eq(said.expires, 0);
}

static void expect_refusal(const struct message_verify *request, enum reason reason)
{
	expect(request, reason_verdict(reason), reason);
}

static void expect_grant(const struct message_verify *request)
{
	expect(request, VERDICT_GRANTED, REASON_NONE);
}

/* ---- reasons ---- */

START_TEST(a_good_key_is_granted_and_described)
{
	struct wire_key key = wire_make_key(
		&host, &(struct message_key_create){ .name = "laptop",
						     .expires = 4102444800,
						     .permissions = wire_texts("mail.*", "test.use", NULL) });
	struct message_verify request = request_for(key.secret);
	struct message_verdict said = wire_verify(&host, WIRE_LOGIN_SOCKET, &request);

	ck_assert_int_eq(said.verdict, VERDICT_GRANTED);
	ck_assert_int_eq(said.reason, REASON_NONE);
	ck_assert_str_eq(said.user, "alice");
	ck_assert_str_eq(said.service, "test");
	ck_assert_str_eq(said.key_id, key.id);
	ck_assert_str_eq(said.key_name, "laptop");
	ck_assert_str_eq(said.owner, "alice");
	ck_assert_str_eq(said.tenant, "default");
	ck_assert_int_eq(said.expires, 4102444800);
	ck_assert_str_eq(said.permissions, "mail.* test.use");
	ck_assert_ptr_nonnull(said.handle);
}
END_TEST

/* A well-formed key of this id, with a secret that it does not have. */
static void write_wrong(const char *id, char *ret_text)
{
	credential_write_opaque(false, id, "00000000000000000000000000000000", ret_text);
}

START_TEST(a_credential_that_is_none_has_its_reason)
{
	struct wire_key key = make_key();
	char wrong[CREDENTIAL_OPAQUE_MAX + 1], unknown[CREDENTIAL_OPAQUE_MAX + 1], test[CREDENTIAL_OPAQUE_MAX + 1];
	char mistyped[64], cut[64];
	const struct {
		const char *credential;
		enum reason reason;
	} cases[] = {
		{ "correct horse", REASON_NOT_A_CREDENTIAL },
		{ "correct\thorse battery staple", REASON_NOT_A_CREDENTIAL },
		/* as an imported secret might be */
		{ "correct horse battery staple", REASON_UNKNOWN_KEY },
		{ mistyped, REASON_MALFORMED },
		{ cut, REASON_TRUNCATED },
		{ unknown, REASON_UNKNOWN_KEY },
		{ test, REASON_BAD_SECRET },
		{ wrong, REASON_BAD_SECRET },
	};

	write_wrong(key.id, wrong);
	write_wrong("000000000000", unknown);
	credential_write_opaque(true, key.id, key.secret + 3 + CREDENTIAL_ID_SIZE + 1, test);
	snprintf(mistyped, sizeof(mistyped), "%s", key.secret);
	mistyped[20] = mistyped[20] == 'a' ? 'b' : 'a';
	snprintf(cut, sizeof(cut), "%.50s", key.secret);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct message_verify request = request_for(cases[i].credential);

		expect_refusal(&request, cases[i].reason);
	}
	expect_grant(&(struct message_verify){
		.credential = key.secret, .service = "test", .permission = "test.use", .user = "alice" });
}
END_TEST

START_TEST(what_a_key_does_not_allow_has_its_reason)
{
	struct wire_key key = wire_make_key(
		&host, &(struct message_key_create){ .name = "key",
						     .permissions = wire_texts("mail.*", "test.use", "a.read", NULL),
						     .users = wire_texts("bob", "deploy", NULL),
						     .sources = wire_texts("192.0.2.0/24", "2001:db8::/32", NULL) });
	const struct {
		const char *user, *permission, *tenant, *rhost;
		enum reason reason;
	} cases[] = {
		{ "alice", "test.use", NULL, "192.0.2.7", REASON_NONE },
		{ "bob", "test.use", NULL, "192.0.2.7", REASON_NONE },
		{ "deploy", "test.use", "default", "2001:db8::1", REASON_NONE },
		{ NULL, "test.use", NULL, "192.0.2.7", REASON_NONE },
		{ "alice", "mail.imap", NULL, "192.0.2.7", REASON_NONE },
		{ "alice", "(a.read OR a.write) AND test.use", NULL, "192.0.2.7", REASON_NONE },
		{ "root", "test.use", NULL, "192.0.2.7", REASON_WRONG_USER },
		{ "alic", "test.use", NULL, "192.0.2.7", REASON_WRONG_USER },
		{ "bob\ndeploy", "test.use", NULL, "192.0.2.7", REASON_WRONG_USER },
		{ "alice", "test.use", "other", "192.0.2.7", REASON_WRONG_TENANT },
		{ "alice", "test.use", NULL, "198.51.100.1", REASON_WRONG_SOURCE },
		{ "alice", "test.use", NULL, "host.example", REASON_WRONG_SOURCE },
		{ "alice", "test.use", NULL, NULL, REASON_WRONG_SOURCE },
		{ "alice", "test.other", NULL, "192.0.2.7", REASON_INSUFFICIENT_PERMISSION },
		{ "alice", "mail", NULL, "192.0.2.7", REASON_INSUFFICIENT_PERMISSION },
		{ "alice", "a.read AND a.write", NULL, "192.0.2.7", REASON_INSUFFICIENT_PERMISSION },
		{ "alice", "test.use AND", NULL, "192.0.2.7", REASON_INSUFFICIENT_PERMISSION },
		/* the first step that fails is the reason */
		{ "root", "test.other", "other", NULL, REASON_WRONG_TENANT },
		{ "root", "test.other", NULL, NULL, REASON_WRONG_USER },
		{ "alice", "test.other", NULL, NULL, REASON_WRONG_SOURCE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct message_verify request = {
			.credential = key.secret,
			.user = cases[i].user,
			.service = "test",
			.permission = cases[i].permission,
			.tenant = cases[i].tenant,
			.rhost = cases[i].rhost,
		};

		expect(&request, cases[i].reason == REASON_NONE ? VERDICT_GRANTED : reason_verdict(cases[i].reason),
		       cases[i].reason);
	}
}
END_TEST

START_TEST(a_key_that_is_local_only_takes_no_address)
{
	struct wire_key key = wire_make_key(
		&host, &(struct message_key_create){ .name = "key", .sources = wire_texts("local", NULL) });
	struct message_verify request = request_for(key.secret);

	expect_grant(&request);
	request.rhost = "127.0.0.1";
	expect_refusal(&request, REASON_WRONG_SOURCE);
}
END_TEST

START_TEST(states_and_dates_have_their_reason)
{
	struct wire_key key = make_key();
	struct wire_key later = wire_make_key(
		&host, &(struct message_key_create){ .name = "later", .not_before = clock_wall_seconds() + 3600 });
	struct message_verify request = request_for(key.secret);

	wire_change(&host, WIRE_KEY_DEACTIVATE, key.id);
	expect_refusal(&request, REASON_KEY_INACTIVE);
	wire_change(&host, WIRE_KEY_ACTIVATE, key.id);
	expect_grant(&request);
	wire_change(&host, WIRE_KEY_REVOKE, key.id);
	expect_refusal(&request, REASON_KEY_REVOKED);
	wire_change(&host, WIRE_KEY_DELETE, key.id);
	expect_refusal(&request, REASON_UNKNOWN_KEY);
	request.credential = later.secret;
	expect_refusal(&request, REASON_NOT_YET_VALID);
}
END_TEST

START_TEST(a_key_ends_on_its_second)
{
	struct wire_key key = wire_make_key(
		&host, &(struct message_key_create){ .name = "key", .expires = clock_wall_seconds() + 2 });
	struct message_verify request = request_for(key.secret);
	int64_t end = milliseconds() + 10000;

	expect_grant(&request);
	while (wire_verify(&host, WIRE_LOGIN_SOCKET, &request).verdict == VERDICT_GRANTED)
		ck_assert(milliseconds() < end);
	expect_refusal(&request, REASON_EXPIRED);
}
END_TEST

START_TEST(a_refusal_is_counted_and_recorded_with_its_reason)
{
	struct wire_key key = make_key();
	struct message_verify request = request_for(key.secret);
	uint64_t granted = host_number(&host, "verdicts.granted");
	CLEANUP_FREE char *audit = NULL;

	expect_grant(&request);
	request.user = "root";
	request.rhost = "192.0.2.9";
	request.tty = "ssh";
	expect_refusal(&request, REASON_WRONG_USER);
	ck_assert_uint_eq(host_number(&host, "verdicts.granted"), granted + 1);
	ck_assert_uint_eq(host_number(&host, "verdicts.wrong_user"), 1);
	audit = host_read(&host, "log/audit.jsonl");
	ck_assert_ptr_nonnull(strstr(audit, "\"verdict\":\"denied\",\"reason\":\"wrong_user\""));
	ck_assert_ptr_nonnull(strstr(audit, "192.0.2.9"));
	ck_assert_ptr_nonnull(strstr(audit, key.id));
	ck_assert_msg(!strstr(audit, key.secret + 16), "a secret stands in the audit file");
}
END_TEST

START_TEST(a_key_typed_as_the_user_is_not_recorded)
{
	struct wire_key key = make_key();
	struct message_verify request = request_for(key.secret);
	CLEANUP_FREE char *audit = NULL;

	request.user = key.secret;
	expect_refusal(&request, REASON_WRONG_USER);
	request.user = "alice";
	request.rhost = key.secret;
	request.tty = key.secret;
	expect_grant(&request);
	audit = host_read(&host, "log/audit.jsonl");
	ck_assert_msg(!strstr(audit, key.secret + 16), "a secret stands in the audit file");
}
END_TEST

/* Whatever its grants became: a test key opens nothing else, administers nothing, and is marked. */
START_TEST(a_test_key_opens_what_is_below_test)
{
	struct wire_key key = wire_make_key(&host, &(struct message_key_create){ .name = "trial", .test = 1 });
	struct message_verify request = request_for(key.secret);
	struct wire_client *admin = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_key_create create = { .name = "second", .owner = "alice", .test = 1 };
	struct message_key_update update = { .key = key.id, .changes = MESSAGE_CHANGE_PERMISSIONS };
	struct message_key_list list = { .credential = key.secret };
	CLEANUP_FREE char *audit = NULL;
	struct message_key_page page;
	struct message_key made;

	ck_assert_int_eq(strncmp(key.secret, "akt_", 4), 0);
	expect_grant(&request);
	request.permission = "pam.test";
	expect_refusal(&request, REASON_INSUFFICIENT_PERMISSION);
	create.permissions = wire_texts("test.a", "pam.test", NULL);
	ck_assert_int_eq(wire_ask(admin, WIRE_KEY_CREATE, &message_key_create, &create, &message_key, &made),
			 ANSWER_INVALID);
	ck_assert_msg(strstr(admin->detail, "pam.test") != NULL, "%s", admin->detail);
	update.permissions = wire_texts("*", NULL);
	ck_assert_int_eq(wire_ask(admin, WIRE_KEY_UPDATE, &message_key_update, &update, &message_key, &made),
			 ANSWER_INVALID);
	ck_assert_int_eq(wire_ask(admin, WIRE_KEY_LIST, &message_key_list, &list, &message_key_page, &page),
			 ANSWER_BAD_CREDENTIAL);
	wire_close(admin);
	audit = host_read(&host, "log/audit.jsonl");
	ck_assert_ptr_nonnull(strstr(audit, "\"permission\":\"test.use\",\"test\":true"));
	ck_assert_ptr_nonnull(strstr(audit, "\"permission\":\"pam.test\",\"test\":true"));
	ck_assert_ptr_nonnull(strstr(audit, "\"event\":\"key_create\",\"key_id\""));
}
END_TEST

/* ---- whose word is taken ---- */

/* What verify.sock says: no reason, ever. */
static enum verdict verify_verdict(const struct message_verify *request)
{
	struct message_verdict said = wire_verify(&host, WIRE_VERIFY_SOCKET, request);

	ck_assert_int_eq(said.reason, REASON_NONE);
	return (enum verdict)said.verdict;
}

START_TEST(verify_sock_tells_no_reason)
{
	struct wire_key key;
	struct message_verify request;
	char wrong[CREDENTIAL_OPAQUE_MAX + 1], line[128];

	/* root is listed only where a test does so */
	start_with(geteuid() == 0 ? "[peers]\n0 = test\n" : NULL);
	key = make_key();
	request = request_for(key.secret);
	ck_assert_int_eq(verify_verdict(&request), VERDICT_GRANTED);
	write_wrong(key.id, wrong);
	request.credential = wrong;
	ck_assert_int_eq(verify_verdict(&request), VERDICT_DENIED);
	request = request_for(key.secret);
	request.permission = "test.other";
	ck_assert_int_eq(verify_verdict(&request), VERDICT_FORBIDDEN);
	request = request_for(key.secret);
	request.service = "other";
	ck_assert_int_eq(verify_verdict(&request), VERDICT_DENIED);
	ck_assert_uint_eq(host_number(&host, "verdicts.wrong_service"), 1);
	/* The administrator is told which line would allow it. */
	snprintf(line, sizeof(line), "this line in [peers] of the configuration lets it: %u = other",
		 (unsigned int)geteuid());
	host_expect_output(&host, line);
	teardown();
}
END_TEST

START_TEST(everybody_speaks_for_their_own_uid)
{
	struct wire_key key = make_key();
	struct message_verify request = request_for(key.secret);
	char service[32];

	snprintf(service, sizeof(service), "uid-%u", (unsigned int)geteuid());
	request.service = service;
	ck_assert_int_eq(verify_verdict(&request), VERDICT_GRANTED);
	snprintf(service, sizeof(service), "uid-%u", (unsigned int)geteuid() + 1);
	ck_assert_int_eq(verify_verdict(&request), VERDICT_DENIED);
}
END_TEST

static bool is_root(void)
{
	if (geteuid() == 0)
		return true;
	puts("skipped: not root, and so no other user");
	return false;
}

struct attempt {
	struct message_verify request;
	enum verdict verdict;
};

static void attempt(void *data)
{
	struct attempt *attempt = data;
	enum verdict verdict = (enum verdict)wire_verify(&host, WIRE_VERIFY_SOCKET, &attempt->request).verdict;

	if (verdict != attempt->verdict)
		fail("uid %u asking for %s from %s: %s instead of %s", (unsigned int)geteuid(),
		     attempt->request.service, attempt->request.rhost ? attempt->request.rhost : "here",
		     verdict_name(verdict), verdict_name(attempt->verdict));
}

static void try_login(void *data)
{
	(void)data;
	if (wire_connect(&host, WIRE_LOGIN_SOCKET) >= 0)
		fail("uid %u came through to login.sock", (unsigned int)geteuid());
}

START_TEST(peers_speak_for_what_is_listed)
{
	struct wire_key key, bound;
	char listed[32], unlisted[32];

	if (!is_root())
		return;
	start_with("[peers]\n60001 = nginx, portal\n");
	key = make_key();
	bound = wire_make_key(
		&host, &(struct message_key_create){ .name = "bound", .sources = wire_texts("192.0.2.0/24", NULL) });
	snprintf(listed, sizeof(listed), "uid-%u", OTHER_UID);
	snprintf(unlisted, sizeof(unlisted), "uid-%u", THIRD_UID);
	const struct {
		uid_t uid;
		const char *credential, *service, *rhost;
		enum verdict verdict;
	} cases[] = {
		{ OTHER_UID, key.secret, "nginx", NULL, VERDICT_GRANTED },
		{ OTHER_UID, key.secret, "portal", "192.0.2.1", VERDICT_GRANTED },
		{ OTHER_UID, key.secret, listed, NULL, VERDICT_GRANTED },
		{ OTHER_UID, key.secret, "sshd", NULL, VERDICT_DENIED },
		{ OTHER_UID, key.secret, "nginx portal", NULL, VERDICT_DENIED },
		{ OTHER_UID, key.secret, unlisted, NULL, VERDICT_DENIED },
		{ OTHER_UID, bound.secret, "nginx", "192.0.2.1", VERDICT_GRANTED },
		{ OTHER_UID, bound.secret, "nginx", "198.51.100.1", VERDICT_DENIED },
		{ OTHER_UID, bound.secret, "nginx", NULL, VERDICT_DENIED },
		{ THIRD_UID, key.secret, "nginx", NULL, VERDICT_DENIED },
		{ THIRD_UID, key.secret, unlisted, NULL, VERDICT_GRANTED },
		{ THIRD_UID, key.secret, listed, NULL, VERDICT_DENIED },
		/* an unlisted caller's word about the source counts for nothing */
		{ THIRD_UID, bound.secret, unlisted, "192.0.2.1", VERDICT_DENIED },
		{ THIRD_UID, bound.secret, unlisted, NULL, VERDICT_DENIED },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct attempt what = { .request = request_for(cases[i].credential), .verdict = cases[i].verdict };

		what.request.service = cases[i].service;
		what.request.rhost = cases[i].rhost;
		as_user(cases[i].uid, cases[i].uid, cases[i].uid, attempt, &what);
	}
	as_user(THIRD_UID, THIRD_UID, THIRD_UID, try_login, NULL);
	teardown();
}
END_TEST

/* ---- the account phase ---- */

static struct message_account account_for(const char *handle)
{
	return (struct message_account){
		.handle = handle, .user = "alice", .service = "test", .permission = "test.use"
	};
}

static char *obtain_handle(const struct message_verify *request)
{
	struct message_verdict said = wire_verify(&host, WIRE_LOGIN_SOCKET, request);

	ck_assert_int_eq(said.verdict, VERDICT_GRANTED);
	return strdup(said.handle);
}

static void expect_account(const struct message_account *request, enum reason reason)
{
	struct message_verdict said = wire_account(&host, WIRE_LOGIN_SOCKET, request);
	enum verdict verdict = reason == REASON_NONE ? VERDICT_GRANTED : reason_verdict(reason);

	ck_assert_msg(said.verdict == verdict && said.reason == reason, "%s (%s) instead of %s (%s)",
		      verdict_name((enum verdict)said.verdict), reason_name((enum reason)said.reason),
		      verdict_name(verdict), reason_name(reason));
}

START_TEST(a_handle_is_judged_again)
{
	struct wire_key key = make_key();
	struct message_verify request = request_for(key.secret);
	CLEANUP_FREE char *handle = obtain_handle(&request);
	struct message_account account = account_for(handle);
	struct message_verdict said = wire_account(&host, WIRE_LOGIN_SOCKET, &account);

	ck_assert_int_eq(said.verdict, VERDICT_GRANTED);
	ck_assert_str_eq(said.key_id, key.id);
	ck_assert_str_eq(said.owner, "alice");
	/* It consumes nothing. */
	expect_account(&account, REASON_NONE);
	account.permission = "test.other";
	expect_account(&account, REASON_INSUFFICIENT_PERMISSION);
	account = account_for(handle);
	account.tenant = "other";
	expect_account(&account, REASON_WRONG_TENANT);
	account = account_for(handle);
	wire_change(&host, WIRE_KEY_DEACTIVATE, key.id);
	expect_account(&account, REASON_KEY_INACTIVE);
	wire_change(&host, WIRE_KEY_ACTIVATE, key.id);
	expect_account(&account, REASON_NONE);
	wire_change(&host, WIRE_KEY_REVOKE, key.id);
	expect_account(&account, REASON_KEY_REVOKED);
	wire_change(&host, WIRE_KEY_DELETE, key.id);
	expect_account(&account, REASON_UNKNOWN_KEY);
}
END_TEST

START_TEST(a_handle_is_bound_to_user_service_source_and_socket_peer)
{
	struct wire_key key =
		wire_make_key(&host, &(struct message_key_create){ .name = "key", .users = wire_texts("bob", NULL) });
	struct message_verify request = request_for(key.secret);
	CLEANUP_FREE char *handle = NULL, *forged = NULL;
	struct message_account account;

	request.rhost = "192.0.2.1";
	handle = obtain_handle(&request);
	account = account_for(handle);
	account.rhost = "192.0.2.1";
	expect_account(&account, REASON_NONE);
	account.rhost = "192.0.2.2";
	expect_account(&account, REASON_BAD_SIGNATURE);
	account.rhost = NULL;
	expect_account(&account, REASON_BAD_SIGNATURE);
	account.rhost = "192.0.2.1";
	account.user = "bob";
	expect_account(&account, REASON_BAD_SIGNATURE);
	account.user = NULL;
	expect_account(&account, REASON_BAD_SIGNATURE);
	account.user = "alice";
	account.service = "sshd";
	expect_account(&account, REASON_BAD_SIGNATURE);
	account.service = "test";
	forged = strdup(handle);
	forged[0] = forged[0] == 'a' ? 'b' : 'a';
	account.handle = forged;
	expect_account(&account, REASON_BAD_SIGNATURE);
	account.handle = "x";
	expect_account(&account, REASON_BAD_SIGNATURE);
	account.handle = key.secret;
	expect_account(&account, REASON_BAD_SIGNATURE);
}
END_TEST

START_TEST(a_key_that_has_ended_since_is_refused_by_its_handle)
{
	struct wire_key key = wire_make_key(
		&host, &(struct message_key_create){ .name = "key", .expires = clock_wall_seconds() + 2 });
	struct message_verify request = request_for(key.secret);
	CLEANUP_FREE char *handle = obtain_handle(&request);
	struct message_account account = account_for(handle);
	int64_t end = milliseconds() + 10000;

	while (wire_account(&host, WIRE_LOGIN_SOCKET, &account).verdict == VERDICT_GRANTED)
		ck_assert(milliseconds() < end);
	expect_account(&account, REASON_EXPIRED);
}
END_TEST

START_TEST(a_handle_outlives_a_restart)
{
	struct wire_key key = make_key();
	struct message_verify request = request_for(key.secret);
	CLEANUP_FREE char *handle = obtain_handle(&request);
	struct message_account account = account_for(handle);

	host_end(&host, SIGTERM);
	host_start(&host);
	expect_account(&account, REASON_NONE);
}
END_TEST

/* ---- uses ---- */

struct uses {
	uint64_t count;
	struct message_use first, last;
	char texts[4][80];
};

static void copy_use(struct codec_records *records, struct message_use *use, char (*texts)[80])
{
	*use = (struct message_use){ .time = 0 };
	if (!codec_next_record(records, &message_use, use))
		return;
	snprintf(texts[0], sizeof(texts[0]), "%s", use->service ? use->service : "");
	snprintf(texts[1], sizeof(texts[1]), "%s", use->source ? use->source : "");
	use->service = texts[0];
	use->source = texts[1];
}

static void read_uses(const char *id, struct uses *uses)
{
	struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_key_reference request = { .key = id };
	struct message_key key;
	struct message_secret secret;

	ck_assert_int_eq(wire_ask(client, WIRE_KEY_SHOW, &message_key_reference, &request, &message_key, &key),
			 ANSWER_OK);
	ck_assert(codec_next_record(&key.secrets, &message_secret, &secret));
	ck_assert_ptr_null(key.secret);
	uses->count = secret.use_count;
	copy_use(&secret.first_use, &uses->first, uses->texts);
	copy_use(&secret.last_use, &uses->last, uses->texts + 2);
	wire_close(client);
}

START_TEST(uses_are_shown_at_once_and_after_a_restart)
{
	struct wire_key key = make_key();
	struct message_verify request = request_for(key.secret);
	int64_t before = clock_wall_seconds();
	struct uses uses;

	read_uses(key.id, &uses);
	ck_assert_uint_eq(uses.count, 0);
	ck_assert_int_eq(uses.first.time, 0);
	expect_grant(&request);
	/* Neither a refusal nor an account phase is a use. */
	request.user = "root";
	expect_refusal(&request, REASON_WRONG_USER);
	request = request_for(key.secret);
	request.service = "sshd";
	request.rhost = "192.0.2.1";
	expect_grant(&request);
	for (int round = 0; round < 2; round++) {
		read_uses(key.id, &uses);
		ck_assert_uint_eq(uses.count, 2);
		ck_assert_int_ge(uses.first.time, before);
		ck_assert_int_ge(uses.last.time, uses.first.time);
		ck_assert_str_eq(uses.first.service, "test");
		ck_assert_str_eq(uses.first.source, "local");
		ck_assert_str_eq(uses.last.service, "sshd");
		ck_assert_str_eq(uses.last.source, "192.0.2.1");
		if (round == 0) {
			host_end(&host, SIGTERM);
			host_start(&host);
		}
	}
	/* What comes later is added to what was written. */
	expect_grant(&request);
	read_uses(key.id, &uses);
	ck_assert_uint_eq(uses.count, 3);
	ck_assert_str_eq(uses.first.service, "test");
}
END_TEST

START_TEST(a_use_of_an_unlisted_caller_has_its_uid_as_source)
{
	struct wire_key key = make_key();
	struct message_verify request = request_for(key.secret);
	struct attempt what = { .verdict = VERDICT_GRANTED };
	char service[32];
	struct uses uses;

	if (!is_root())
		return;
	snprintf(service, sizeof(service), "uid-%u", OTHER_UID);
	request.service = service;
	request.rhost = "192.0.2.1";
	what.request = request;
	as_user(OTHER_UID, OTHER_UID, OTHER_UID, attempt, &what);
	read_uses(key.id, &uses);
	ck_assert_str_eq(uses.last.source, "uid:60001");
	ck_assert_str_eq(uses.last.service, service);
}
END_TEST

/* ---- throttling ---- */

static size_t count_text(const char *text, const char *part)
{
	size_t count = 0;

	for (const char *at = text; (at = strstr(at, part)); at += strlen(part))
		count++;
	return count;
}

START_TEST(too_many_failures_are_throttled_and_good_keys_are_not)
{
	struct wire_key key;
	char wrong[CREDENTIAL_OPAQUE_MAX + 1];
	struct message_verify bad, good;
	CLEANUP_FREE char *audit = NULL;

	start_with("[throttle]\nfailures_per_minute = 5\n");
	key = make_key();
	write_wrong(key.id, wrong);
	bad = request_for(wrong);
	good = request_for(key.secret);
	bad.rhost = "192.0.2.1";
	good.rhost = "192.0.2.1";
	for (int i = 0; i < 5; i++)
		expect_refusal(&bad, REASON_BAD_SECRET);
	for (int i = 0; i < 20; i++) {
		expect(&bad, VERDICT_THROTTLED, REASON_TOO_MANY_FAILURES);
		expect_grant(&good);
	}
	/* Another source is untouched, and so is a good key without the permission. */
	bad.rhost = "192.0.2.2";
	expect_refusal(&bad, REASON_BAD_SECRET);
	good.permission = "test.other";
	expect_refusal(&good, REASON_INSUFFICIENT_PERMISSION);
	ck_assert_uint_eq(host_number(&host, "verdicts.too_many_failures"), 20);
	ck_assert_uint_eq(host_number(&host, "throttle.sources"), 1);
	/* Five denials, the first of the throttled, and the other source. */
	audit = host_read(&host, "log/audit.jsonl");
	ck_assert_uint_eq(count_text(audit, "\"verdict\":\"throttled\""), 1);
	ck_assert_uint_eq(count_text(audit, "\"verdict\":\"denied\""), 6);
	ck_assert_uint_eq(count_text(audit, "\"verdict\":\"granted\""), 20);
	teardown();
}
END_TEST

/* Who holds a live key cannot push the records of others out of the audit: beyond a limit they are summed up. */
START_TEST(records_of_an_unlisted_caller_are_bounded)
{
	struct wire_key key;
	struct message_verify request;
	char service[32], *audit;
	size_t before;

	if (geteuid() != 0) {
		puts("skipped: not root, and every other user here has a [peers] line");
		return;
	}
	start_with(NULL);
	key = make_key();
	request = request_for(key.secret);
	snprintf(service, sizeof(service), "uid-%u", (unsigned int)geteuid());
	request.service = service;
	for (int i = 0; i < 500; i++)
		ck_assert_int_eq(verify_verdict(&request), VERDICT_GRANTED);
	audit = host_read(&host, "log/audit.jsonl");
	before = count_text(audit, "\"event\":\"verify\"");
	ck_assert_uint_ge(before, 100);
	ck_assert_uint_lt(before, 400);
	free(audit);
	ck_assert_uint_eq(host_number(&host, "throttle.sources"), 0);
	ck_assert_uint_eq(host_number(&host, "verdicts.granted"), 500);
	teardown();
}
END_TEST

START_TEST(records_left_out_are_summed_in_the_next)
{
	struct wire_key key;
	char wrong[CREDENTIAL_OPAQUE_MAX + 1];
	struct message_verify bad;
	int64_t end = milliseconds() + 20000;
	uint64_t throttled = 0;
	CLEANUP_FREE char *audit = NULL;

	start_with("[throttle]\nfailures_per_minute = 120\nfailures_per_key = 0\n");
	key = make_key();
	write_wrong(key.id, wrong);
	bad = request_for(wrong);
	while (throttled < 4) {
		throttled += wire_verify(&host, WIRE_LOGIN_SOCKET, &bad).verdict == VERDICT_THROTTLED;
		ck_assert(milliseconds() < end);
	}
	/* Half a second later one more is within the limit, and tells of those that were not recorded. */
	while (wire_verify(&host, WIRE_LOGIN_SOCKET, &bad).verdict == VERDICT_THROTTLED) {
		throttled++;
		ck_assert(milliseconds() < end);
	}
	audit = host_read(&host, "log/audit.jsonl");
	ck_assert_uint_eq(host_number(&host, "verdicts.too_many_failures"), throttled);
	ck_assert_msg(strstr(audit, "\"count\":"), "nothing tells of %d refusals that were left out", (int)throttled);
	teardown();
}
END_TEST

struct slowness {
	const char *wrong, *good;
	uid_t uid;
	bool slow;
};

/* Five failures, and then good requests, each on a connection of its own. */
static void be_slowed(void *data)
{
	const struct slowness *slowness = data;
	char service[32];
	struct message_verify request = { .credential = slowness->wrong, .service = service, .permission = "test.use" };
	int64_t start, taken;

	snprintf(service, sizeof(service), "uid-%u", (unsigned int)slowness->uid);
	for (int i = 0; i < 5 && slowness->slow; i++)
		(void)wire_verify(&host, WIRE_VERIFY_SOCKET, &request);
	if (slowness->slow && wire_verify(&host, WIRE_VERIFY_SOCKET, &request).verdict != VERDICT_THROTTLED)
		fail("five failures and no throttling");
	request.credential = slowness->good;
	start = milliseconds();
	for (int i = 0; i < 3; i++)
		if (wire_verify(&host, WIRE_VERIFY_SOCKET, &request).verdict != VERDICT_GRANTED)
			fail("a good key was refused meanwhile");
	taken = milliseconds() - start;
	if (slowness->slow && taken < 3 * 50)
		fail("three requests of a slowed user took %lld ms", (long long)taken);
}

START_TEST(a_uid_over_its_limit_waits)
{
	struct wire_key key;
	char wrong[CREDENTIAL_OPAQUE_MAX + 1];
	struct slowness slowness = { .wrong = wrong, .slow = true };

	start_with("[throttle]\nfailures_per_minute = 5\n");
	key = make_key();
	write_wrong(key.id, wrong);
	slowness.good = key.secret;
	slowness.uid = geteuid() == 0 ? OTHER_UID : geteuid();
	if (geteuid() == 0) {
		struct slowness other = { .good = key.secret, .uid = THIRD_UID };

		as_user(OTHER_UID, OTHER_UID, OTHER_UID, be_slowed, &slowness);
		as_user(THIRD_UID, THIRD_UID, THIRD_UID, be_slowed, &other);
	} else {
		be_slowed(&slowness);
	}
	teardown();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("daemon-verify");
	TCase *plain = tcase_create("usual"), *own = tcase_create("own");

	tcase_set_timeout(plain, 120);
	tcase_set_timeout(own, 120);
	tcase_add_checked_fixture(plain, setup, teardown);
	tcase_add_test(plain, a_good_key_is_granted_and_described);
	tcase_add_test(plain, a_credential_that_is_none_has_its_reason);
	tcase_add_test(plain, what_a_key_does_not_allow_has_its_reason);
	tcase_add_test(plain, a_key_that_is_local_only_takes_no_address);
	tcase_add_test(plain, states_and_dates_have_their_reason);
	tcase_add_test(plain, a_key_ends_on_its_second);
	tcase_add_test(plain, a_refusal_is_counted_and_recorded_with_its_reason);
	tcase_add_test(plain, a_key_typed_as_the_user_is_not_recorded);
	tcase_add_test(plain, a_test_key_opens_what_is_below_test);
	tcase_add_test(plain, everybody_speaks_for_their_own_uid);
	tcase_add_test(plain, a_handle_is_judged_again);
	tcase_add_test(plain, a_handle_is_bound_to_user_service_source_and_socket_peer);
	tcase_add_test(plain, a_key_that_has_ended_since_is_refused_by_its_handle);
	tcase_add_test(plain, a_handle_outlives_a_restart);
	tcase_add_test(plain, uses_are_shown_at_once_and_after_a_restart);
	tcase_add_test(plain, a_use_of_an_unlisted_caller_has_its_uid_as_source);
	tcase_add_test(own, verify_sock_tells_no_reason);
	tcase_add_test(own, peers_speak_for_what_is_listed);
	tcase_add_test(own, too_many_failures_are_throttled_and_good_keys_are_not);
	tcase_add_test(own, records_left_out_are_summed_in_the_next);
	tcase_add_test(own, records_of_an_unlisted_caller_are_bounded);
	tcase_add_test(own, a_uid_over_its_limit_waits);
	suite_add_tcase(suite, plain);
	suite_add_tcase(suite, own);
	return suite_run(suite);
}
