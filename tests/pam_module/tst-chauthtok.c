/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A key that is changed as a password is changed, through the built module and the built daemon; and what the user is
 * told of a key that was rotated.
 */
#include <security/pam_modules.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "tests/pam_module/daemon.h"
#include "tests/pam_module/fixture.h"
#include "tests/pam_module/trap.h"

#define LINE TEST_MODULE " socket=%s/%s minimum_uid=0 timeout=30000 %s"
#define OVERLAP (7 * 86400)

static struct daemon apikeyd;
static char first[SCENE_KEY_SIZE], id[SCENE_KEY_SIZE];

/* A stack as it is documented; whom it leads on to says yes. */
static void write_service(const char *name, const char *socket, const char *options, const char *next)
{
	scene_service(&scene, name,
		      "auth required " LINE "\naccount required " TEST_PROBE "\n"
		      "password [success=done default=ignore] " LINE "\npassword required %s\n",
		      scene.folder, socket, "permission=pam.demo notices", scene.folder, socket, options, next);
}

static void begin(void)
{
	daemon_start_with(&apikeyd, &scene, "demo", "[throttle]\nfailures_per_minute = 100000\n");
	daemon_make_key(&apikeyd, "alice", "pam.demo", NULL, first, id);
	/* Of its own name, since a caller that is not root asks on the socket of those that are. */
	write_service("passwd", "login.sock", "rotate", "pam_deny.so");
	write_service("mixed", "login.sock", "rotate", TEST_PROBE);
	write_service("bare", "login.sock", "", TEST_PROBE);
	write_service("other-socket", "verify.sock", "rotate", "pam_deny.so");
}

static void end(void)
{
	daemon_stop(&apikeyd, SIGTERM);
}

static int change(struct transaction *transaction, const char *service, const char *answer, bool mute, int flags)
{
	transaction_open(transaction, &scene, service, "alice", answer);
	transaction->mute = mute;
	return pam_chauthtok(transaction->pamh, flags);
}

/* Changes a key, which must go well, and returns the new one as it was shown. */
static const char *changed(const char *answer, char ret_secret[static SCENE_KEY_SIZE])
{
	struct transaction transaction;
	const char *start;
	size_t size;

	ck_assert_int_eq(change(&transaction, "passwd", answer, false, 0), PAM_SUCCESS);
	ck_assert_uint_eq(transaction.prompts, 1);
	start = strstr(transaction.shown, "\nak_");
	ck_assert_ptr_nonnull(start);
	size = strcspn(++start, "\n");
	ck_assert_uint_eq(size, 54);
	memcpy(ret_secret, start, size);
	ck_assert_mem_eq(ret_secret + 3, id, 12);
	ret_secret[size] = '\0';
	transaction_close(&transaction);
	return ret_secret;
}

static void refused(const char *answer, int code, const char *message)
{
	struct transaction transaction;
	struct apikey_key *before, *after;

	ck_assert_int_eq(apikey_key_show(apikeyd.admin, id, &before), 0);
	/* The stack has the last word, which is no. */
	ck_assert_int_ne(change(&transaction, "passwd", answer, false, 0), PAM_SUCCESS);
	ck_assert_msg(message ? strstr(transaction.shown, message) != NULL : transaction.messages == 0, "%s",
		      transaction.shown);
	ck_assert_ptr_null(strstr(transaction.shown, "ak_"));
	transaction_close(&transaction);
	/* And alone, the code is this. */
	scene_service(&scene, "alone", "password required " LINE "\n", scene.folder, "login.sock", "rotate");
	ck_assert_int_eq(change(&transaction, "alone", answer, false, 0), code);
	ck_assert_uint_gt(transaction.delay, 0);
	transaction_close(&transaction);
	ck_assert_int_eq(apikey_key_show(apikeyd.admin, id, &after), 0);
	ck_assert_uint_eq(before->secret_count, after->secret_count);
	apikey_key_free(before);
	apikey_key_free(after);
}

static bool opens(const char *secret)
{
	return authenticate_once(&scene, "passwd", "alice", secret) == PAM_SUCCESS;
}

/* The secrets that are good now. */
static size_t count_good(void)
{
	struct apikey_key *shown;
	size_t good = 0;

	ck_assert_int_eq(apikey_key_show(apikeyd.admin, id, &shown), 0);
	for (size_t i = 0; i < shown->secret_count; i++)
		good += shown->secrets[i].retires == 0 || shown->secrets[i].retires > clock_wall_seconds();
	apikey_key_free(shown);
	return good;
}

START_TEST(a_key_is_changed_as_a_password_is)
{
	char second[SCENE_KEY_SIZE], third[SCENE_KEY_SIZE];
	struct transaction transaction;

	begin();
	changed(first, second);
	ck_assert_str_ne(first, second);
	ck_assert(opens(first) && opens(second));
	ck_assert_uint_eq(count_good(), 2);
	/* The lines, and what stays behind. */
	ck_assert_int_eq(change(&transaction, "passwd", second, false, 0), PAM_SUCCESS);
	ck_assert_str_eq(transaction.prompt, "Current password or key: ");
	ck_assert_uint_eq(transaction.messages, 3);
	ck_assert_int_eq(strncmp(transaction.shown, "Your new key, which is shown this once:\nak_", 43), 0);
	ck_assert_ptr_nonnull(strstr(transaction.shown, "\nThe old one stays good until 2"));
	snprintf(third, sizeof(third), "%.54s", strstr(transaction.shown, "\nak_") + 1);
	transaction_close(&transaction);
	ck_assert(opens(first) && opens(second) && opens(third));
	end();
}
END_TEST

START_TEST(a_normal_password_goes_on)
{
	struct transaction transaction;

	begin();
	ck_assert_int_eq(change(&transaction, "mixed", "a normal password", false, 0), PAM_SUCCESS);
	ck_assert_uint_eq(transaction.prompts, 1);
	ck_assert_uint_eq(transaction.messages, 0);
	transaction_close(&transaction);
	/* Without the option nobody is asked anything. */
	ck_assert_int_eq(change(&transaction, "bare", first, false, 0), PAM_SUCCESS);
	ck_assert_uint_eq(transaction.prompts, 0);
	transaction_close(&transaction);
	/* A password that has expired is not the key that let its user in. */
	ck_assert_int_eq(change(&transaction, "mixed", first, false, PAM_CHANGE_EXPIRED_AUTHTOK), PAM_SUCCESS);
	ck_assert_uint_eq(transaction.prompts, 0);
	transaction_close(&transaction);
	ck_assert_uint_eq(count_good(), 1);
	end();
}
END_TEST

START_TEST(what_cannot_be_shown_is_not_made)
{
	struct transaction transaction;

	begin();
	ck_assert_int_ne(change(&transaction, "passwd", first, false, PAM_SILENT), PAM_SUCCESS);
	ck_assert_uint_eq(transaction.prompts, 0);
	ck_assert_uint_eq(transaction.messages, 0);
	transaction_close(&transaction);
	ck_assert_uint_eq(count_good(), 1);
	end();
}
END_TEST

START_TEST(what_was_not_seen_is_replaced)
{
	char second[SCENE_KEY_SIZE], third[SCENE_KEY_SIZE];
	struct transaction transaction;
	struct apikey_key *shown;
	int64_t retires = 0;

	begin();
	scene_service(&scene, "alone", "password required " LINE "\n", scene.folder, "login.sock", "rotate");
	for (int i = 0; i < 12; i++) {
		ck_assert_int_eq(change(&transaction, "alone", first, true, 0), PAM_CONV_ERR);
		transaction_close(&transaction);
		ck_assert(opens(first));
		ck_assert_uint_eq(count_good(), 2);
		ck_assert_int_eq(apikey_key_show(apikeyd.admin, id, &shown), 0);
		/* Asking again does not put off the end of what is shown. */
		for (size_t j = 0; j < shown->secret_count; j++) {
			if (shown->secrets[j].number != 1)
				continue;
			ck_assert(retires == 0 || shown->secrets[j].retires == retires);
			retires = shown->secrets[j].retires;
		}
		apikey_key_free(shown);
	}
	changed(first, second);
	ck_assert(opens(first));
	ck_assert_uint_eq(count_good(), 2);
	/* Once the new one was used, it is the one to show. */
	ck_assert(opens(second));
	refused(first, PAM_PERM_DENIED, "The key was rotated already");
	ck_assert(opens(first));
	changed(second, third);
	ck_assert_uint_eq(count_good(), 3);
	end();
}
END_TEST

/* The one that was made but not used yet, shown, is a key like any other. */
START_TEST(four_old_ones_are_good_and_no_more)
{
	char made[6][SCENE_KEY_SIZE];

	begin();
	strcpy(made[0], first);
	for (int i = 1; i < 5; i++)
		changed(made[i - 1], made[i]);
	refused(made[4], PAM_PERM_DENIED, "rotated four times");
	for (int i = 0; i < 5; i++)
		ck_assert(opens(made[i]));
	end();
}
END_TEST

START_TEST(who_was_rotated_away_rotates_nothing)
{
	struct apikey_rotate_options overlap = { .size = sizeof(overlap), .overlap = 3600 };
	struct apikey_key *shown;

	begin();
	/* By an administrator, perhaps because somebody else has the old one. */
	ck_assert_int_eq(apikey_key_rotate(apikeyd.admin, id, &overlap, &shown), 0);
	apikey_key_free(shown);
	refused(first, PAM_PERM_DENIED, "The key was rotated already");
	ck_assert(opens(first));
	end();
}
END_TEST

START_TEST(who_cannot_log_in_changes_nothing)
{
	char wrong[SCENE_KEY_SIZE], second[SCENE_KEY_SIZE];
	struct transaction transaction;
	struct apikey_key *shown;

	begin();
	scene_key(7, wrong);
	refused(wrong, PAM_AUTH_ERR, NULL);
	snprintf(wrong, sizeof(wrong), "%s", first);
	wrong[20] = wrong[20] == 'a' ? 'b' : 'a';
	refused(wrong, PAM_AUTH_ERR, NULL);
	refused("password", PAM_AUTH_ERR, NULL);
	refused("", PAM_AUTH_ERR, NULL);
	refused("a123456b-c12c-123d-1ab4-18bd8c8e88a3:randomuniquestring123:1535617532:"
		"JYDZ7e7Y36oeJJ3E5UB7tF9VBAwIv1B5HTPNw9iaV6Y=",
		PAM_PERM_DENIED, "A key pair is not rotated here");
	/* It opens alice's account alone. */
	transaction_open(&transaction, &scene, "passwd", "bob", first);
	ck_assert_int_ne(pam_chauthtok(transaction.pamh, 0), PAM_SUCCESS);
	ck_assert_uint_eq(transaction.messages, 0);
	transaction_close(&transaction);
	/* A permission is not asked for. */
	changed(first, second);
	ck_assert_int_eq(apikey_key_deactivate(apikeyd.admin, id, NULL, &shown), 0);
	apikey_key_free(shown);
	refused(second, PAM_AUTH_ERR, NULL);
	daemon_revoke_key(&apikeyd, id);
	refused(second, PAM_AUTH_ERR, NULL);
	end();
}
END_TEST

START_TEST(only_root_asks_for_a_new_secret)
{
	struct transaction transaction;

	begin();
	ck_assert_int_ne(change(&transaction, "other-socket", first, false, 0), PAM_SUCCESS);
	ck_assert_ptr_nonnull(strstr(transaction.shown, "by programs that run as root alone"));
	transaction_close(&transaction);
	ck_assert_uint_eq(count_good(), 1);
	end();
}
END_TEST

START_TEST(a_daemon_that_is_away_is_unavailable)
{
	struct transaction transaction;

	begin();
	scene_service(&scene, "alone", "password required " LINE "\n", scene.folder, "login.sock", "rotate");
	daemon_stop(&apikeyd, SIGKILL);
	ck_assert_int_eq(change(&transaction, "alone", first, false, 0), PAM_AUTHINFO_UNAVAIL);
	ck_assert_uint_eq(transaction.messages, 0);
	transaction_close(&transaction);
}
END_TEST

/* ---- what the user is told ---- */

static int log_in(struct transaction *transaction, const char *service, const char *secret, bool mute, int flags)
{
	transaction_open(transaction, &scene, service, "alice", secret);
	transaction->mute = mute;
	return pam_authenticate(transaction->pamh, flags);
}

START_TEST(who_uses_an_old_secret_is_told)
{
	struct apikey_rotate_options ways[] = {
		{ .size = sizeof(ways[0]), .overlap = OVERLAP },
		{ .size = sizeof(ways[0]), .overlap_after_first_use = 7200 },
	};
	static const char *const wanted[] = {
		"has a new secret. The one you used ends at 2",
		"has a new secret. The one you used ends 2 hours after the new one is first used, and at 2",
	};
	struct transaction transaction;
	char secret[SCENE_KEY_SIZE];
	struct apikey_key *shown;

	begin();
	scene_service(&scene, "quiet-line", "auth required " LINE "\n", scene.folder, "login.sock",
		      "permission=pam.demo");
	snprintf(secret, sizeof(secret), "%s", first);
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		ck_assert_int_eq(log_in(&transaction, "passwd", secret, false, 0), PAM_SUCCESS);
		ck_assert_uint_eq(transaction.messages, 0);
		transaction_close(&transaction);
		ck_assert_int_eq(apikey_key_rotate(apikeyd.admin, id, &ways[i], &shown), 0);
		ck_assert_int_eq(log_in(&transaction, "passwd", secret, false, 0), PAM_SUCCESS);
		ck_assert_uint_eq(transaction.messages, 1);
		ck_assert_ptr_nonnull(strstr(transaction.shown, shown->name));
		ck_assert_ptr_nonnull(strstr(transaction.shown, wanted[i]));
		ck_assert_ptr_nonnull(strstr(transaction.shown, "change to the new one.\n"));
		transaction_close(&transaction);
		/* Where it is not wanted, and where it cannot be shown. */
		ck_assert_int_eq(log_in(&transaction, "passwd", secret, false, PAM_SILENT), PAM_SUCCESS);
		ck_assert_uint_eq(transaction.messages, 0);
		transaction_close(&transaction);
		ck_assert_int_eq(log_in(&transaction, "passwd", secret, true, 0), PAM_SUCCESS);
		transaction_close(&transaction);
		ck_assert_int_eq(log_in(&transaction, "quiet-line", secret, false, 0), PAM_SUCCESS);
		ck_assert_uint_eq(transaction.messages, 0);
		transaction_close(&transaction);
		snprintf(secret, sizeof(secret), "%s", shown->secret);
		apikey_key_free(shown);
	}
	end();
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, a_key_is_changed_as_a_password_is);
	tcase_add_test(tests, a_normal_password_goes_on);
	tcase_add_test(tests, what_cannot_be_shown_is_not_made);
	tcase_add_test(tests, what_was_not_seen_is_replaced);
	tcase_add_test(tests, four_old_ones_are_good_and_no_more);
	tcase_add_test(tests, who_was_rotated_away_rotates_nothing);
	tcase_add_test(tests, who_cannot_log_in_changes_nothing);
	tcase_add_test(tests, only_root_asks_for_a_new_secret);
	tcase_add_test(tests, a_daemon_that_is_away_is_unavailable);
	tcase_add_test(tests, who_uses_an_old_secret_is_told);
}

int main(void)
{
	return fixture_main("chauthtok", add);
}
