/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What is explained is what is decided: for every reason for which a login can be refused, the explanation fails at the
 * step that is to blame, says what was found and what was wanted, and gives the reason that the login then gets.
 */
#include "tests/daemon/admin-fixture.h"
#include "tests/daemon/admin-requests.h"
#include "tests/daemon/token-client.h"
#include "tests/suite.h"

/* What is shown, and how. */
struct scene {
	char credential[WIRE_CREDENTIAL_MAX + 1];
	struct message_verify request;
};

static void show_text(struct scene *scene, const char *text)
{
	snprintf(scene->credential, sizeof(scene->credential), "%s", text);
}

static struct wire_key show_key(struct scene *scene, struct message_key_create wanted)
{
	static unsigned int count;
	struct wire_key key;
	char name[32];

	snprintf(name, sizeof(name), "key-%u", count++);
	wanted.name = name;
	key = wire_make_key(&host, &wanted);
	show_text(scene, key.secret);
	return key;
}

static struct wire_key show_any(struct scene *scene)
{
	return show_key(scene, (struct message_key_create){ .name = NULL });
}

static void show_signed(struct scene *scene, const char *nonce, const char *epoch)
{
	pair_token(&pair, nonce, epoch, token);
	show_text(scene, token);
}

static void show_access(struct scene *scene)
{
	token_issue(&host, opaque.secret);
	show_text(scene, access_token);
}

static void show_wrong(struct scene *scene, const char *id)
{
	credential_write_opaque(false, id, "00000000000000000000000000000000", scene->credential);
}

static void spend(struct scene *scene)
{
	expect(scene->credential, REASON_NONE);
}

/* ---- one for each reason ---- */

static void be_good(struct scene *scene)
{
	show_any(scene);
}

static void be_no_credential(struct scene *scene)
{
	show_text(scene, "a password");
}

static void be_mistyped(struct scene *scene)
{
	show_text(scene, opaque.secret);
	scene->credential[20] = scene->credential[20] == 'a' ? 'b' : 'a';
}

static void be_cut(struct scene *scene)
{
	show_text(scene, opaque.secret);
	scene->credential[40] = '\0';
}

static void be_unknown(struct scene *scene)
{
	show_wrong(scene, "000000000000");
}

static void be_wrong(struct scene *scene)
{
	show_wrong(scene, opaque.id);
}

static void be_badly_signed(struct scene *scene)
{
	show_signed(scene, "badly-signed", NULL);
	scene->credential[CREDENTIAL_PUBLIC_KEY_SIZE + 1] = 'B';
}

static void be_stale(struct scene *scene)
{
	show_signed(scene, "stale", epoch_at(-400, ""));
}

static void be_replayed(struct scene *scene)
{
	show_signed(scene, "replayed", NULL);
	spend(scene);
}

static void be_inactive(struct scene *scene)
{
	wire_change(&host, WIRE_KEY_DEACTIVATE, show_any(scene).id);
}

static void be_suspended(struct scene *scene)
{
	struct wire_key key = show_any(scene);
	char sql[160];

	snprintf(sql, sizeof(sql), "UPDATE key SET state = %d, state_reason = 'seen elsewhere' WHERE id = '%s'",
		 STORE_SUSPENDED, key.id);
	host_store_run(&host, sql);
}

static void be_revoked(struct scene *scene)
{
	wire_change(&host, WIRE_KEY_REVOKE, show_any(scene).id);
}

static void be_retired(struct scene *scene)
{
	struct wire_key key = show_any(scene);
	struct message_key_rotate request = { .key = key.id, .now = 1 };
	struct message_key rotated;

	expect_answer(admin, rotate(admin, &request, &rotated), ANSWER_OK, NULL);
}

static void be_early(struct scene *scene)
{
	show_key(scene, (struct message_key_create){ .not_before = clock_wall_seconds() + 86400 });
}

static void be_expired(struct scene *scene)
{
	struct wire_key key = show_any(scene);
	char sql[128];

	snprintf(sql, sizeof(sql), "UPDATE key SET expires = 1000000000 WHERE id = '%s'", key.id);
	host_store_run(&host, sql);
}

/* In a tenant of its own, made when the key is there. */
static void be_without_end(struct scene *scene)
{
	struct message_tenant_create request = { .name = "strict" };
	struct message_tenant_update update = { .tenant = "strict", .changes = MESSAGE_TENANT_POLICIES };
	struct message_tenant_entry tenant;

	expect_answer(
		admin,
		wire_ask(admin, WIRE_TENANT_CREATE, &message_tenant_create, &request, &message_tenant_entry, &tenant),
		ANSWER_OK, NULL);
	show_key(scene, (struct message_key_create){ .tenant = "strict" });
	update.policies = wire_texts("max_lifetime=30d", "on_violation=refuse", NULL);
	expect_answer(
		admin,
		wire_ask(admin, WIRE_TENANT_UPDATE, &message_tenant_update, &update, &message_tenant_entry, &tenant),
		ANSWER_OK, NULL);
	scene->request.tenant = "strict";
}

static void be_for_another_user(struct scene *scene)
{
	show_key(scene, (struct message_key_create){ .users = wire_texts("deploy", NULL) });
	scene->request.user = "bob";
}

static void be_of_another_tenant(struct scene *scene)
{
	show_any(scene);
	scene->request.tenant = "elsewhere";
}

static void be_from_elsewhere(struct scene *scene)
{
	show_key(scene, (struct message_key_create){ .sources = wire_texts("192.0.2.0/24", NULL) });
	scene->request.rhost = "198.51.100.7";
}

static void be_for_another_service(struct scene *scene)
{
	show_key(scene, (struct message_key_create){ .exclusive = "dovecot" });
	scene->request.service = "sshd";
}

/* It lives for a second. */
static void be_old(struct scene *scene)
{
	struct message_explain request = { .subject = scene->credential };
	int64_t deadline = milliseconds() + 20000;

	host_store_run(&host, "UPDATE tenant SET token_lifetime = 1");
	show_access(scene);
	host_store_run(&host, "UPDATE tenant SET token_lifetime = 1800");
	while (explain(admin, &request).reason != REASON_TOKEN_EXPIRED) {
		ck_assert(milliseconds() < deadline);
		poll(NULL, 0, 20);
	}
}

static void be_used(struct scene *scene)
{
	show_access(scene);
	spend(scene);
}

static void set_purged(const char *name, int64_t time)
{
	char sql[128];

	snprintf(sql, sizeof(sql), "INSERT OR REPLACE INTO meta VALUES ('%s', %" PRId64 ")", name, time);
	host_store_run(&host, sql);
}

static void be_behind(struct scene *scene)
{
	set_purged("purged_epoch", clock_wall_seconds() + 3000);
	show_signed(scene, "behind", NULL);
}

static void stand_right(void)
{
	set_purged("purged_epoch", 0);
}

static void set_lockdown(enum message_lockdown_action action, const char *why)
{
	struct message_lockdown request = { .action = action, .why = why };
	struct message_lockdown_state state;

	expect_answer(admin,
		      wire_ask(admin, WIRE_LOCKDOWN, &message_lockdown, &request, &message_lockdown_state, &state),
		      ANSWER_OK, NULL);
}

static void be_locked_out(struct scene *scene)
{
	show_any(scene);
	set_lockdown(MESSAGE_LOCKDOWN_ON, "somebody is in");
}

static void let_in_again(void)
{
	set_lockdown(MESSAGE_LOCKDOWN_OFF, NULL);
}

static void be_without_permission(struct scene *scene)
{
	show_any(scene);
	scene->request.permission = "mail.imap";
}

static void be_a_test(struct scene *scene)
{
	show_key(scene, (struct message_key_create){ .test = 1, .permissions = wire_texts("test.use", NULL) });
	scene->request.permission = "mail.imap";
}

static void be_used_up(struct scene *scene)
{
	show_key(scene, (struct message_key_create){ .max_uses = 1 });
	spend(scene);
}

static void be_one_too_many(struct scene *scene)
{
	host_store_run(&host, "UPDATE one_time_tally SET live = 10000");
	show_signed(scene, "one-too-many", NULL);
}

static void have_room(void)
{
	host_store_run(&host, "UPDATE one_time_tally SET live = 1");
}

static const struct {
	enum reason reason;
	const char *step; /* that fails */
	const char *text; /* it says, among else */
	void (*prepare)(struct scene *scene);
	void (*mend)(void); /* or NULL */
} reasons[] = {
	{ REASON_NOT_A_CREDENTIAL, "secret", "", be_no_credential, NULL },
	{ REASON_MALFORMED, "secret", "", be_mistyped, NULL },
	{ REASON_TRUNCATED, "secret", "40 bytes came", be_cut, NULL },
	{ REASON_UNKNOWN_KEY, "secret", "there is no key 000000000000", be_unknown, NULL },
	{ REASON_BAD_SECRET, "secret", "none of the 1 secrets that key ", be_wrong, NULL },
	{ REASON_BAD_SIGNATURE, "secret", "made with none of the 1 private keys", be_badly_signed, NULL },
	{ REASON_STALE_TIMESTAMP, "time", "seconds ago; 300 are allowed", be_stale, NULL },
	{ REASON_REPLAYED, "nonce", "used before", be_replayed, NULL },
	{ REASON_KEY_INACTIVE, "state", "inactive", be_inactive, NULL },
	{ REASON_KEY_SUSPENDED, "state", "suspended: seen elsewhere", be_suspended, NULL },
	{ REASON_KEY_REVOKED, "state", "revoked", be_revoked, NULL },
	{ REASON_SECRET_RETIRED, "secret", "secret 1, refused since 20", be_retired, NULL },
	{ REASON_NOT_YET_VALID, "dates", "from 20", be_early, NULL },
	{ REASON_EXPIRED, "dates", "expires 2001-09-09T01:46:40Z; it is 20", be_expired, NULL },
	{ REASON_EXPIRED, "lifetime", "expires never; max_lifetime is 30d from now", be_without_end, NULL },
	{ REASON_WRONG_USER, "user", "asked for is bob; owner alice, may log in as deploy", be_for_another_user, NULL },
	{ REASON_WRONG_TENANT, "tenant", "default; asked for is elsewhere", be_of_another_tenant, NULL },
	{ REASON_WRONG_SOURCE, "source", "asked for is 198.51.100.7; from 192.0.2.0/24", be_from_elsewhere, NULL },
	{ REASON_WRONG_SERVICE, "exclusive", "for dovecot alone, and sshd asks", be_for_another_service, NULL },
	{ REASON_TOKEN_EXPIRED, "secret", "", be_old, NULL },
	{ REASON_TOKEN_USED, "token", "used before", be_used, NULL },
	{ REASON_CLOCK_MOVED, "nonce", "the clock was set back", be_behind, stand_right },
	{ REASON_LOCKDOWN, "lockdown", "on: somebody is in; the key is none of the 0", be_locked_out, let_in_again },
	{ REASON_INSUFFICIENT_PERMISSION, "permission", "asked for is mail.imap; holds test.use", be_without_permission,
	  NULL },
	{ REASON_INSUFFICIENT_PERMISSION, "permission", "as a test key", be_a_test, NULL },
	{ REASON_USE_LIMIT_REACHED, "uses", "1 of 1 uses counted", be_used_up, NULL },
	{ REASON_TOO_MANY_REQUESTS, "nonce", "as many as are remembered", be_one_too_many, have_room },
	{ REASON_NONE, NULL, NULL, be_good, NULL },
	{ REASON_NONE, NULL, NULL, show_access, NULL },
};

/* Which no explanation gives: the source's, whatever it shows; the client's own; the store's, which cannot be asked
 * then; of sessions and of rotation by the holder; and the audit's, which has a test of its own. */
static const enum reason others[] = { REASON_TOO_MANY_FAILURES, REASON_DAEMON_UNREACHABLE, REASON_DEADLINE,
				      REASON_UNTRUSTED_SERVER,  REASON_STORE_FAILED,       REASON_AUDIT_FAILED,
				      REASON_BAD_TICKET,        REASON_NOT_ROTATED,        REASON_NOT_CLIENT_SIDE };

/* The steps before the one that fails were passed, if they were judged; those behind it were not judged. */
static void expect_failure(struct message_explanation *explanation, const char *name, const char *text)
{
	bool failed = false;
	struct message_step step;

	while (codec_next_record(&explanation->steps, &message_step, &step)) {
		const char *detail;

		if (failed && strcmp(step.name, "audit") != 0)
			ck_assert_msg(step.outcome == MESSAGE_OUTCOME_SKIPPED, "behind %s, %s is judged", name,
				      step.name);
		if (step.outcome != MESSAGE_OUTCOME_FAILED)
			continue;
		failed = true;
		detail = step.detail ? step.detail : "";
		ck_assert_msg(name && strcmp(step.name, name) == 0, "%s fails (%s), and not %s", step.name, detail,
			      name ? name : "nothing");
		ck_assert_msg(strstr(detail, text) != NULL, "%s says \"%s\", and not \"%s\"", name, detail, text);
	}
	ck_assert_msg(failed || !name, "%s does not fail", name);
}

static struct message_explanation explain_scene(const struct scene *scene)
{
	struct message_explain request = { .subject = scene->credential,
					   .user = scene->request.user,
					   .service = scene->request.service,
					   .permission = scene->request.permission,
					   .tenant = scene->request.tenant,
					   .rhost = scene->request.rhost };

	return explain(admin, &request);
}

static void expect_both(const struct scene *scene, enum reason reason, const char *step, const char *text)
{
	struct message_explanation explanation = explain_scene(scene);

	ck_assert_msg(explanation.reason == reason, "explained as %s, and not %s",
		      reason_name((enum reason)explanation.reason), reason_name(reason));
	ck_assert_uint_eq(explanation.verdict, reason == REASON_NONE ? VERDICT_GRANTED : reason_verdict(reason));
	expect_failure(&explanation, step, text);
	expect_request(&scene->request, reason);
}

START_TEST(what_is_explained_is_what_is_decided)
{
	bool seen[REASON_COUNT] = { [REASON_NONE] = true };

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		seen[others[i]] = true;
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
		struct scene scene = { .request = { .user = "alice", .service = "test", .permission = "test.use" } };

		scene.request.credential = scene.credential;
		reasons[i].prepare(&scene);
		expect_both(&scene, reasons[i].reason, reasons[i].step, reasons[i].text);
		if (reasons[i].mend)
			reasons[i].mend();
		seen[reasons[i].reason] = true;
	}
	for (enum reason reason = 0; reason < REASON_COUNT; reason++)
		ck_assert_msg(seen[reason], "%s is not tried", reason_name(reason));
}
END_TEST

/* The folder of the audit is none: nothing can be recorded. */
static void lose_audit(const char *settings)
{
	char folder[96], aside[96];

	wire_close(admin);
	host_stop(&host);
	snprintf(folder, sizeof(folder), "%s/log", host.folder);
	snprintf(aside, sizeof(aside), "%s/aside", host.folder);
	if (rename(folder, aside) == 0)
		close(open(folder, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	host_configure(&host, settings);
	host_start(&host);
	admin = wire_open(&host, WIRE_ADMIN_SOCKET);
}

START_TEST(what_cannot_be_recorded_is_explained_so)
{
	struct scene good = { .request = { .user = "alice", .service = "test", .permission = "test.use" } }, bad = good;
	struct message_explanation explanation;
	struct message_step step = { .name = "" };

	good.request.credential = good.credential;
	bad.request.credential = bad.credential;
	show_any(&good);
	show_any(&bad);
	bad.request.permission = "mail.imap";
	lose_audit(SETTINGS);
	expect_both(&good, REASON_AUDIT_FAILED, "audit", "on_failure is refuse");
	/* Whatever else there is to say. */
	explanation = explain_scene(&bad);
	ck_assert_uint_eq(explanation.reason, REASON_AUDIT_FAILED);
	ck_assert_uint_eq(explanation.verdict, VERDICT_UNAVAILABLE);
	expect_request(&bad.request, REASON_AUDIT_FAILED);
	lose_audit(SETTINGS "[audit]\non_failure = serve\n");
	expect_both(&good, REASON_NONE, NULL, "");
	expect_both(&bad, REASON_INSUFFICIENT_PERMISSION, "permission", "mail.imap");
	explanation = explain_scene(&good);
	while (codec_next_record(&explanation.steps, &message_step, &step))
		;
	ck_assert_str_eq(step.name, "audit");
	ck_assert_uint_eq(step.outcome, MESSAGE_OUTCOME_PASSED);
	ck_assert_ptr_nonnull(strstr(step.detail, "on_failure is serve"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("daemon-explain");
	TCase *tests = tcase_create("explain");

	tcase_set_timeout(tests, 300);
	tcase_add_checked_fixture(tests, begin, end);
	tcase_add_test(tests, what_is_explained_is_what_is_decided);
	tcase_add_test(tests, what_cannot_be_recorded_is_explained_so);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
