/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Sign-ins at the real daemon in wrong hands, or at a bad time: gateways that race, other users, a clock that is set, a
 * lockdown, a room that is full, changes that wait behind the end of who asked for them, and a restore.
 */
#include "daemon/signin.h"
#include "daemon/throttle.h"

#define DAEMON_SETTINGS "connections_per_uid = 200\n"
#include "tests/daemon/signin-fixture.h"
#include "tests/suite.h"

#define NOBODY_UID 65534 /* a user that every host has, and that is nobody's */
#define RACERS 64
#define DAY 86400

static void begin_with(const char *program)
{
	if (!getenv("APIKEYD"))
		setenv("APIKEYD", program, 1);
	begin();
}

static struct message_signin_begin by(const char *proof, bool portal)
{
	return (struct message_signin_begin){ .proof = proof, .lifetime = 600, .portal = portal };
}

/* ---- races ---- */

/* How many of so many that show the same at once get in. */
static int race(const char *proof, bool portal)
{
	struct message_signin_begin request = by(proof, portal);
	struct wire_client *racers[RACERS];
	int winners = 0;

	for (size_t i = 0; i < RACERS; i++)
		racers[i] = open_gateway(&host);
	for (size_t i = 0; i < RACERS; i++)
		wire_send(racers[i], WIRE_SIGNIN, &message_signin_begin, &request);
	for (size_t i = 0; i < RACERS; i++) {
		ck_assert(wire_receive(racers[i]));
		winners += racers[i]->header.type == (WIRE_SIGNIN | WIRE_REPLY);
		wire_close(racers[i]);
	}
	return winners;
}

START_TEST(of_many_that_race_one_gets_in)
{
	struct wire_client *root;
	char code[80];

	ck_assert_int_eq(race(access_token, false), 1);
	pair_token(&pair, "raced", NULL, token);
	ck_assert_int_eq(race(token, true), 1);
	ck_assert_int_eq(race(opaque.secret, true), RACERS);
	if (!have_other_users())
		return;
	root = open_as(&host, 0);
	ck_assert_int_eq(make_link(root, true, code), ANSWER_OK);
	ck_assert_int_eq(race(code, true), 1);
	wire_close(root);
}
END_TEST

START_TEST(a_change_waits_in_vain_behind_the_end_of_who_asked)
{
	struct message_signin_begin request = by(actor.secret, true);
	struct wire_client *admin, *maker, *ender;
	struct message_key_create busy = { .name = "busy", .owner = "alice", .expires = TIME_NEVER };
	struct message_key_create wanted = { .name = "heir", .expires = TIME_NEVER };
	struct signed_in signin;
	struct message_key key;

	if (!have_other_users())
		return;
	signin = sign_in(gateway, &request);
	admin = open_as(&host, 0);
	maker = open_gateway(&host);
	ender = open_gateway(&host);
	wanted.credential = signin.credential;
	disk_stops();
	wire_send(admin, WIRE_KEY_CREATE, &message_key_create, &busy);
	disk_is_waited_for();
	wire_send(maker, WIRE_KEY_CREATE, &message_key_create, &wanted);
	wire_expect_silence(maker, 50);
	expect_answer(ender, end_signin(ender, signin.credential, NULL), ANSWER_OK, NULL);
	disk_goes_on();
	wire_expect_error(maker, ANSWER_BAD_CREDENTIAL);
	wire_expect(admin, WIRE_KEY_CREATE | WIRE_REPLY, &message_key, &key);
	ck_assert_int_eq(run_sql("SELECT count(*) FROM key WHERE name = 'heir'"), 0);
	wire_close(admin);
	wire_close(maker);
	wire_close(ender);
}
END_TEST

/* What is judged by the settings of now is done by them, too, and not by those of when it came. */
START_TEST(what_waits_for_its_turn_goes_by_the_settings_of_then)
{
	const struct message_import_key key = { .name = "imported",
						.owner = "alice",
						.secret = "s3cr3t-of-alice-elsewhere",
						.permissions = wire_texts("test.use", NULL),
						.expires = TIME_NEVER };
	struct message_key_import import = { .keys = { .count = 1, .items = &key } };
	struct message_link_create wanted = { .administer = true };
	int64_t end = milliseconds() + 20000;
	struct message_key_imported imported;
	struct wire_client *root, *other;
	char code[80];

	if (!have_other_users())
		return;
	root = open_as(&host, 0);
	other = open_as(&host, 0);
	disk_stops();
	wire_send(root, WIRE_KEY_IMPORT, &message_key_import, &import);
	disk_is_waited_for();
	wire_send(root, WIRE_LINK_CREATE, &message_link_create, &wanted);
	ck_assert_int_eq(make_link(other, true, code), ANSWER_OK);
	/* Without a gateway there is no portal to sign in at. */
	host_configure(&host, SETTINGS);
	ck_assert_int_eq(kill(host.daemon, SIGHUP), 0);
	while (make_link(other, true, code) == ANSWER_OK)
		ck_assert_msg(milliseconds() < end, "the configuration is not reloaded");
	wire_expect_silence(root, 50);
	disk_goes_on();
	wire_expect(root, WIRE_KEY_IMPORT | WIRE_REPLY, &message_key_imported, &imported);
	wire_expect_error(root, ANSWER_WRONG_STATE);
	wire_close(root);
	wire_close(other);
}
END_TEST

static unsigned char *take_backup(struct wire_client *root, size_t *ret_size)
{
	struct message_status open = { .credential = NULL };
	struct message_backup backup;
	struct message_part part = { .bytes.size = 0 };
	unsigned char *bytes;

	expect_answer(root, wire_ask(root, WIRE_BACKUP_OPEN, &message_status, &open, &message_backup, &backup),
		      ANSWER_OK, NULL);
	bytes = malloc(backup.size);
	ck_assert_ptr_nonnull(bytes);
	*ret_size = 0;
	do {
		struct message_part wanted = { .offset = *ret_size };

		expect_answer(root, wire_ask(root, WIRE_BACKUP_READ, &message_part, &wanted, &message_part, &part),
			      ANSWER_OK, NULL);
		if (part.bytes.size > 0)
			memcpy(bytes + *ret_size, part.bytes.data, part.bytes.size);
		*ret_size += part.bytes.size;
	} while (part.bytes.size > 0);
	return bytes;
}

/* All but the last step, for which nothing is to be written before it waits for others. */
static void hand_back(struct wire_client *root, const unsigned char *bytes, size_t size)
{
	struct message_status open = { .credential = NULL };
	struct message_restore check = { .flags = MESSAGE_RESTORE_DRY_RUN };
	struct message_restored restored;
	struct message_part reply;

	expect_answer(root, wire_ask(root, WIRE_RESTORE_OPEN, &message_status, &open, &message_part, &reply), ANSWER_OK,
		      NULL);
	for (size_t offset = 0; offset < size; offset += 10000) {
		struct message_part part = {
			.offset = offset,
			.bytes = { .size = size - offset < 10000 ? size - offset : 10000, .data = bytes + offset },
		};

		expect_answer(root, wire_ask(root, WIRE_RESTORE_WRITE, &message_part, &part, &message_part, &reply),
			      ANSWER_OK, NULL);
	}
	expect_answer(root, wire_ask(root, WIRE_RESTORE_FINISH, &message_restore, &check, &message_restored, &restored),
		      ANSWER_OK, NULL);
}

/* What comes back does not know what was used before, nor the keys that have signed since. How long the restore takes
 * until it waits for the disk is not seen from without: where the sign-in came first, it is tried again. */
START_TEST(a_token_waits_in_vain_behind_a_restore)
{
	struct message_key_create busy = { .name = "busy", .owner = "alice", .expires = TIME_NEVER };
	struct message_restore finish = { .flags = MESSAGE_RESTORE_ACCEPT_REVIVED };
	struct wire_client *root, *other;
	enum answer answer = ANSWER_OK;
	struct message_restored restored;
	struct message_key key;
	CLEANUP_FREE unsigned char *bytes = NULL;
	size_t size;

	if (!have_other_users())
		return;
	root = open_as(&host, 0);
	other = open_as(&host, 0);
	bytes = take_backup(root, &size);
	for (int pause = 100; answer == ANSWER_OK && pause <= 6400; pause *= 2) {
		struct message_signin_begin request;
		struct message_error error;

		(void)token_issue(&host, opaque.secret);
		request = by(access_token, false);
		hand_back(root, bytes, size);
		disk_stops();
		wire_send(other, WIRE_KEY_CREATE, &message_key_create, &busy);
		disk_is_waited_for();
		wire_send(root, WIRE_RESTORE_FINISH, &message_restore, &finish);
		wire_expect_silence(root, pause);
		wire_send(gateway, WIRE_SIGNIN, &message_signin_begin, &request);
		wire_expect_silence(gateway, 100);
		disk_goes_on();
		ck_assert(wire_receive(gateway));
		if (gateway->header.type == WIRE_ERROR) {
			ck_assert_int_eq(codec_decode(&message_error, gateway->packet, gateway->size, &error), 0);
			answer = (enum answer)error.answer;
		}
		wire_expect(root, WIRE_RESTORE_FINISH | WIRE_REPLY, &message_restored, &restored);
		wire_expect(other, WIRE_KEY_CREATE | WIRE_REPLY, &message_key, &key);
	}
	ck_assert_int_eq(answer, ANSWER_STORE_FAILED);
	wire_close(root);
	wire_close(other);
}
END_TEST

/* ---- others ---- */

START_TEST(nobody_but_its_gateway_has_any_use_of_it)
{
	struct message_signin_begin request = by(opaque.secret, true);
	struct wire_client *others[3];
	struct signed_in signin;
	struct message_signin said;
	char settings[64], all[512];
	const uid_t uids[] = { 0, NOBODY_UID, GATEWAY_UID + 1 };

	if (!have_other_users())
		return;
	snprintf(settings, sizeof(settings), "[gateway]\nusers = %d, %d\n", GATEWAY_UID, GATEWAY_UID + 1);
	snprintf(all, sizeof(all), "%s%s", SETTINGS, settings);
	host_configure(&host, all);
	host_end(&host, SIGTERM);
	host_start(&host);
	wire_close(gateway);
	gateway = open_gateway(&host);
	signin = sign_in(gateway, &request);
	for (size_t i = 0; i < ARRAY_SIZE(uids); i++) {
		others[i] = open_as(&host, uids[i]);
		expect_answer(others[i], show_signin(others[i], signin.credential, &said), ANSWER_BAD_CREDENTIAL, NULL);
		expect_answer(others[i], end_signin(others[i], signin.credential, NULL), ANSWER_BAD_CREDENTIAL, NULL);
		wire_close(others[i]);
	}
	ck_assert(is_signed_in(gateway, signin.credential));
	/* Nor is it a password. */
	expect(signin.credential, REASON_UNKNOWN_KEY);
}
END_TEST

/* A user who signed in sees nothing of another one, and is no administrator. */
START_TEST(each_sees_their_own)
{
	struct message_signin_begin request = by(opaque.secret, true);
	struct wire_client *root, *nobody;
	struct signed_in key, user, administrator;
	char code[80];
	bool own;

	if (!have_other_users())
		return;
	root = open_as(&host, 0);
	nobody = open_as(&host, NOBODY_UID);
	key = sign_in(gateway, &request);
	request.proof = code;
	ck_assert_int_eq(make_link(nobody, false, code), ANSWER_OK);
	user = sign_in(gateway, &request);
	ck_assert_int_eq(make_link(root, true, code), ANSWER_OK);
	administrator = sign_in(gateway, &request);
	ck_assert_uint_eq(count_signins(gateway, user.credential, &own), 1);
	ck_assert_uint_eq(count_signins(gateway, key.credential, &own), 1);
	ck_assert_uint_eq(count_signins(gateway, administrator.credential, &own), 3);
	ck_assert(own);
	expect_answer(gateway, end_signin(gateway, user.credential, key.id), ANSWER_NOT_FOUND, NULL);
	expect_answer(gateway, end_signin(gateway, key.credential, user.id), ANSWER_NOT_FOUND, NULL);
	expect_answer(nobody, end_signin(nobody, NULL, administrator.id), ANSWER_NOT_FOUND, NULL);
	expect_answer(gateway, end_signin(gateway, administrator.credential, user.id), ANSWER_OK, NULL);
	ck_assert(!is_signed_in(gateway, user.credential));
	ck_assert(is_signed_in(gateway, key.credential));
	wire_close(nobody);
	wire_close(root);
}
END_TEST

/* What is about the host is for who is on it. */
START_TEST(no_sign_in_reaches_the_host)
{
	static const struct {
		uint16_t type;
		const struct codec_record *record;
	} requests[] = {
		{ WIRE_BACKUP_OPEN, &message_status },
		{ WIRE_BACKUP_READ, &message_part },
		{ WIRE_RESTORE_OPEN, &message_status },
		{ WIRE_RESTORE_WRITE, &message_part },
		{ WIRE_RESTORE_FINISH, &message_restore },
		{ WIRE_STORE_CHECK, &message_status },
		{ WIRE_SIGNING_KEY_ROTATE, &message_signing_key },
		{ WIRE_MASTER_KEY_ROTATE, &message_master_key },
		{ WIRE_AUDIT_CHECK, &message_audit_check },
		{ WIRE_AUDIT_KEY, &message_audit_key },
		{ WIRE_KEY_IMPORT, &message_key_import },
		{ WIRE_LOCKDOWN, &message_lockdown },
		{ WIRE_LINK_CREATE, &message_link_create },
	};
	struct message_signin_begin request = by(NULL, true);
	struct wire_client *root;
	struct signed_in signin;
	char code[80];

	if (!have_other_users())
		return;
	root = open_as(&host, 0);
	ck_assert_int_eq(make_link(root, true, code), ANSWER_OK);
	request.proof = code;
	signin = sign_in(gateway, &request);
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		/* Each begins with the credential, and the rest is not said. */
		union {
			const char *credential;
			unsigned char bytes[2048];
		} message = { .bytes = { 0 } };

		ck_assert_uint_le(requests[i].record->size, sizeof(message));
		message.credential = signin.credential;
		wire_send(gateway, requests[i].type, requests[i].record, &message);
		wire_expect_error(gateway, ANSWER_NOT_PERMITTED);
	}
	wire_close(root);
}
END_TEST

/* ---- bounds ---- */

START_TEST(the_oldest_goes_for_a_new_one)
{
	struct message_signin_begin request = by(opaque.secret, true), other;
	struct signed_in mine, signin;
	struct wire_key bobs;
	bool own;

	/* A gateway makes no key, and here it would be ours. */
	if (geteuid() != 0) {
		puts("skipped: not root, and so no other user");
		return;
	}
	bobs = wire_make_key(&host, &(struct message_key_create){ .name = "bobs", .owner = "bob" });
	other = by(bobs.secret, true);
	mine = sign_in(gateway, &other);
	signin = sign_in(gateway, &request);
	for (int i = 0; i < SIGNIN_MOST_PORTAL; i++)
		signin = sign_in(gateway, &request);
	ck_assert(is_signed_in(gateway, signin.credential));
	ck_assert_uint_eq(count_signins(gateway, signin.credential, &own), SIGNIN_MOST_PORTAL);
	ck_assert(own);
	ck_assert(is_signed_in(gateway, mine.credential));
}
END_TEST

/* A key of the tenant may make keys, but nobody fills the disk through a gateway. */
START_TEST(changes_by_keys_have_a_pace)
{
	struct message_signin_begin request = by(actor.secret, false);
	struct signed_in signin = sign_in(gateway, &request);
	struct message_key_create wanted = {
		.credential = signin.credential, .name = "many", .owner = "somebody-else", .expires = TIME_NEVER
	};
	enum answer answer = ANSWER_NOT_PERMITTED;
	struct message_key key;
	int count = 0;

	/* Refused, and cheap; but asked for. */
	while (answer == ANSWER_NOT_PERMITTED && count < 100 * CHANGES_PER_MINUTE_BY_KEY) {
		answer = create(gateway, &wanted, &key);
		count++;
	}
	ck_assert_int_eq(answer, ANSWER_BUSY);
	ck_assert_int_gt(count, CHANGES_PER_MINUTE_BY_KEY);
	expect_answer(gateway, refer(gateway, WIRE_KEY_REVOKE, signin.credential, opaque.id, &key), ANSWER_OK, NULL);
}
END_TEST

START_TEST(it_lasts_as_long_as_the_settings_say_at_most)
{
	struct message_signin_begin request = { .proof = opaque.secret, .lifetime = UINT32_MAX, .portal = 1 };
	struct signed_in signin = sign_in(gateway, &request);

	ck_assert_int_le(signin.expires, signin.created + 8 * 3600);
	request.lifetime = 0;
	request.portal = 0;
	signin = sign_in(gateway, &request);
	ck_assert_int_le(signin.expires, signin.created + 8 * 3600);
	/* By a token, no longer than that. */
	request.proof = access_token;
	signin = sign_in(gateway, &request);
	ck_assert_int_le(signin.expires, signin.created + 1800);
}
END_TEST

START_TEST(failures_are_counted_by_where_the_client_is)
{
	static const char settings[] = "[throttle]\nfailures_per_minute = 5\n";
	struct message_signin_begin wrong = by("ak_000000000000_wrong", true), right = by(opaque.secret, true);
	char all[128];

	snprintf(all, sizeof(all), "%s[gateway]\nusers = %u\n", settings, (unsigned int)gateway_uid());
	host_configure(&host, all);
	host_end(&host, SIGTERM);
	host_start(&host);
	wire_close(gateway);
	gateway = open_gateway(&host);
	wrong.source = right.source = "192.0.2.7";
	for (int i = 0; i < 5; i++)
		expect_refusal(gateway, &wrong, REASON_TRUNCATED);
	for (int i = 0; i < 3; i++)
		expect_refusal(gateway, &wrong, REASON_TOO_MANY_FAILURES);
	/* Others are no worse off, nor is who has a good one. */
	wrong.source = "192.0.2.8";
	expect_refusal(gateway, &wrong, REASON_TRUNCATED);
	(void)sign_in(gateway, &right);
}
END_TEST

/* ---- bad times ---- */

static void lock_down(struct wire_client *root, enum message_lockdown_action action, const char *spared)
{
	struct message_lockdown request = { .action = action, .why = "a test" };
	struct message_lockdown_state state;

	if (spared)
		request.keys = wire_texts(spared, NULL);
	expect_answer(root, wire_ask(root, WIRE_LOCKDOWN, &message_lockdown, &request, &message_lockdown_state, &state),
		      ANSWER_OK, NULL);
}

START_TEST(a_lockdown_ends_all_but_those_of_keys_that_are_spared)
{
	struct message_signin_begin request = by(actor.secret, true);
	struct wire_client *root;
	struct signed_in spared, other, administrator;
	char code[80], later[80];

	if (!have_other_users())
		return;
	root = open_as(&host, 0);
	spared = sign_in(gateway, &request);
	request.proof = opaque.secret;
	other = sign_in(gateway, &request);
	ck_assert_int_eq(make_link(root, true, code), ANSWER_OK);
	request.proof = code;
	administrator = sign_in(gateway, &request);
	ck_assert_int_eq(make_link(root, true, later), ANSWER_OK);
	lock_down(root, MESSAGE_LOCKDOWN_ON, actor.id);
	ck_assert(is_signed_in(gateway, spared.credential));
	ck_assert(!is_signed_in(gateway, other.credential));
	ck_assert(!is_signed_in(gateway, administrator.credential));
	ck_assert_int_eq(make_link(root, true, code), ANSWER_WRONG_STATE);
	request.proof = later;
	expect_refusal(gateway, &request, REASON_LOCKDOWN);
	request.proof = opaque.secret;
	expect_refusal(gateway, &request, REASON_LOCKDOWN);
	/* Nothing is used up. */
	request.proof = access_token;
	request.portal = false;
	expect_refusal(gateway, &request, REASON_LOCKDOWN);
	lock_down(root, MESSAGE_LOCKDOWN_OFF, NULL);
	(void)sign_in(gateway, &request);
	/* What was ended stays so. */
	ck_assert(!is_signed_in(gateway, other.credential));
	ck_assert(!is_signed_in(gateway, administrator.credential));
	request.proof = later;
	expect_refusal(gateway, &request, REASON_UNKNOWN_KEY);
	wire_close(root);
}
END_TEST

static void begin_with_a_clock(void)
{
	/* The folder's name is not known before. */
	begin_with("tests/daemon/other-clock");
}

START_TEST(a_clock_that_is_set_ends_nothing_and_prolongs_nothing)
{
	struct message_signin_begin request = by(opaque.secret, true);
	struct signed_in signin;
	struct message_signin said;

	host_set_clock(&host, 0);
	wire_close(gateway);
	host_end(&host, SIGTERM);
	host_start(&host);
	gateway = open_gateway(&host);
	signin = sign_in(gateway, &request);
	for (long long ahead = -DAY; ahead <= DAY; ahead += 2 * DAY) {
		host_set_clock(&host, ahead);
		expect_answer(gateway, show_signin(gateway, signin.credential, &said), ANSWER_OK, NULL);
		/* Its end is as far away as it was. */
		ck_assert_int_le(said.expires, clock_wall_seconds() + ahead + 600);
		ck_assert_int_ge(said.expires, clock_wall_seconds() + ahead);
	}
}
END_TEST

static void begin_with_a_slow_disk(void)
{
	begin_with("tests/daemon/slow-disk");
}

int main(void)
{
	Suite *suite = suite_create("daemon-signin-attack");
	TCase *tests = tcase_create("signin"), *clock = tcase_create("clock"), *slow = tcase_create("slow disk");

	tcase_set_timeout(tests, 300);
	tcase_add_checked_fixture(tests, begin, end);
	tcase_add_test(tests, of_many_that_race_one_gets_in);
	tcase_add_test(tests, nobody_but_its_gateway_has_any_use_of_it);
	tcase_add_test(tests, each_sees_their_own);
	tcase_add_test(tests, no_sign_in_reaches_the_host);
	tcase_add_test(tests, the_oldest_goes_for_a_new_one);
	tcase_add_test(tests, changes_by_keys_have_a_pace);
	tcase_add_test(tests, it_lasts_as_long_as_the_settings_say_at_most);
	tcase_add_test(tests, failures_are_counted_by_where_the_client_is);
	tcase_add_test(tests, a_lockdown_ends_all_but_those_of_keys_that_are_spared);
	suite_add_tcase(suite, tests);
	tcase_set_timeout(clock, 300);
	tcase_add_checked_fixture(clock, begin_with_a_clock, end);
	tcase_add_test(clock, a_clock_that_is_set_ends_nothing_and_prolongs_nothing);
	suite_add_tcase(suite, clock);
	tcase_set_timeout(slow, 300);
	tcase_add_checked_fixture(slow, begin_with_a_slow_disk, end);
	tcase_add_test(slow, a_change_waits_in_vain_behind_the_end_of_who_asked);
	tcase_add_test(slow, a_token_waits_in_vain_behind_a_restore);
	tcase_add_test(slow, what_waits_for_its_turn_goes_by_the_settings_of_then);
	suite_add_tcase(suite, slow);
	return suite_run(suite);
}
