/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Handles: good for the one they were made for, for 60 seconds, and for nobody else.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/handle.h"
#include "tests/suite.h"

static const uint8_t pepper[CRYPTO_KEY_SIZE] = "a pepper of thirty-two bytes....";
static const uint8_t other_pepper[CRYPTO_KEY_SIZE] = "another pepper of the same size.";
static const struct handle_binding alice = { 0, "alice", "sshd", "192.0.2.7" };

static struct crypto_mac *mac;
static char handle[WIRE_HANDLE_MAX + 1];
static char id[CREDENTIAL_KEY_ID_MAX + 1];
static uint32_t secret;
static char fault[256];

static void setup(void)
{
	ck_assert_int_eq(handle_key(pepper, HANDLE_BOOT_ID, &mac, fault, sizeof(fault)), 0);
	ck_assert_int_eq(handle_make(mac, &alice, "abcdefghijkl", 7, 1000, handle), 0);
}

static void teardown(void)
{
	crypto_mac_free(mac);
}

START_TEST(a_handle_says_whose_secret_it_was)
{
	ck_assert_int_eq(handle_check(mac, &alice, handle, 1000, id, &secret), REASON_NONE);
	ck_assert_str_eq(id, "abcdefghijkl");
	ck_assert_uint_eq(secret, 7);
}
END_TEST

START_TEST(a_handle_lives_sixty_seconds)
{
	ck_assert_int_eq(handle_check(mac, &alice, handle, 1060, id, &secret), REASON_NONE);
	ck_assert_int_eq(handle_check(mac, &alice, handle, 1061, id, &secret), REASON_TOKEN_EXPIRED);
	ck_assert_int_eq(handle_check(mac, &alice, handle, 999, id, &secret), REASON_TOKEN_EXPIRED);
}
END_TEST

START_TEST(a_handle_is_bound)
{
	static const struct handle_binding others[] = {
		{ 1, "alice", "sshd", "192.0.2.7" },    { 0, "bob", "sshd", "192.0.2.7" },
		{ 0, "alice", "dovecot", "192.0.2.7" }, { 0, "alice", "sshd", "192.0.2.8" },
		{ 0, NULL, "sshd", "192.0.2.7" },       { 0, "alice", "sshd", NULL },
		{ 0, "alicesshd", "", "192.0.2.7" },    { 0, "alice", "sshd192.0.2.7", "" },
	};

	ck_assert_int_eq(handle_check(mac, &others[_i], handle, 1000, id, &secret), REASON_BAD_SIGNATURE);
}
END_TEST

START_TEST(no_text_and_an_empty_one_are_the_same)
{
	const struct handle_binding none = { 33, "", "portal", NULL }, empty = { 33, NULL, "portal", "" };

	ck_assert_int_eq(handle_make(mac, &none, "abcdefghijkl", 1, 1000, handle), 0);
	ck_assert_int_eq(handle_check(mac, &empty, handle, 1000, id, &secret), REASON_NONE);
}
END_TEST

START_TEST(every_changed_character_shows)
{
	size_t size = strlen(handle);

	for (size_t i = 0; i < size; i++) {
		char changed[WIRE_HANDLE_MAX + 1];

		memcpy(changed, handle, size + 1);
		/* Upper-case digits of the MAC would be the same MAC. */
		changed[i] = changed[i] == '0' ? '1' : '0';
		ck_assert_int_eq(handle_check(mac, &alice, changed, 1000, id, &secret), REASON_BAD_SIGNATURE);
	}
}
END_TEST

START_TEST(what_is_no_handle_is_refused)
{
	static const char *const texts[] = { "",
					     ".",
					     "...",
					     "abcdefghijkl",
					     "abcdefghijkl.7.1000",
					     "abcdefghijkl.7.1000.",
					     "abcdefghijkl.7.1000.00",
					     "ak_abcdefghijkl_" };
	char cut[WIRE_HANDLE_MAX + 1];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_int_eq(handle_check(mac, &alice, texts[i], 1000, id, &secret), REASON_BAD_SIGNATURE);
	for (size_t size = strlen(handle); size-- > 0;) {
		memcpy(cut, handle, size);
		cut[size] = '\0';
		ck_assert_int_eq(handle_check(mac, &alice, cut, 1000, id, &secret), REASON_BAD_SIGNATURE);
	}
}
END_TEST

START_TEST(another_pepper_signs_otherwise)
{
	struct crypto_mac *other;

	ck_assert_int_eq(handle_key(other_pepper, HANDLE_BOOT_ID, &other, fault, sizeof(fault)), 0);
	ck_assert_int_eq(handle_check(other, &alice, handle, 1000, id, &secret), REASON_BAD_SIGNATURE);
	crypto_mac_free(other);
}
END_TEST

/* A file that says which boot it is; the caller removes it. */
static void write_boot_id(const char *text, char ret_path[32])
{
	int fd;

	strcpy(ret_path, "/tmp/apikeyd-boot-id.XXXXXX");
	fd = mkstemp(ret_path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

START_TEST(another_boot_signs_otherwise)
{
	static const char *const boots[] = { "one", "one", "other" };
	struct crypto_mac *macs[3];
	char path[32];

	for (size_t i = 0; i < 3; i++) {
		write_boot_id(boots[i], path);
		ck_assert_int_eq(handle_key(pepper, path, &macs[i], fault, sizeof(fault)), 0);
		unlink(path);
	}
	ck_assert_int_eq(handle_make(macs[0], &alice, "abcdefghijkl", 7, 1000, handle), 0);
	ck_assert_int_eq(handle_check(macs[1], &alice, handle, 1000, id, &secret), REASON_NONE);
	ck_assert_int_eq(handle_check(macs[2], &alice, handle, 1000, id, &secret), REASON_BAD_SIGNATURE);
	for (size_t i = 0; i < 3; i++)
		crypto_mac_free(macs[i]);
}
END_TEST

/* A boot that is not known is told of by its own name, and signs nothing. */
START_TEST(a_boot_without_id_is_told)
{
	struct crypto_mac *other = NULL;
	char path[32];

	write_boot_id("", path);
	ck_assert_int_eq(handle_key(pepper, path, &other, fault, sizeof(fault)), -EIO);
	ck_assert_ptr_nonnull(strstr(fault, path));
	unlink(path);
	fault[0] = '\0';
	ck_assert_int_eq(handle_key(pepper, path, &other, fault, sizeof(fault)), -ENOENT);
	ck_assert_ptr_nonnull(strstr(fault, path));
	ck_assert_ptr_nonnull(strstr(fault, "the id of this boot"));
	ck_assert_ptr_null(other);
}
END_TEST

START_TEST(the_longest_names_fit)
{
	char user[WIRE_USER_MAX + 1], service[WIRE_SERVICE_MAX + 1], rhost[WIRE_SOURCE_MAX + 1];
	struct handle_binding longest = { UINT32_MAX, user, service, rhost };

	memset(user, 'u', WIRE_USER_MAX);
	memset(service, 's', WIRE_SERVICE_MAX);
	memset(rhost, 'r', WIRE_SOURCE_MAX);
	user[WIRE_USER_MAX] = service[WIRE_SERVICE_MAX] = rhost[WIRE_SOURCE_MAX] = '\0';
	ck_assert_int_eq(handle_make(mac, &longest, "abcdefghijkl", UINT32_MAX, 1000, handle), 0);
	ck_assert_int_eq(handle_check(mac, &longest, handle, 1000, id, &secret), REASON_NONE);
	ck_assert_uint_eq(secret, UINT32_MAX);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("handle");
	TCase *handles = tcase_create("handles");

	tcase_add_checked_fixture(handles, setup, teardown);
	tcase_add_test(handles, a_handle_says_whose_secret_it_was);
	tcase_add_test(handles, a_handle_lives_sixty_seconds);
	tcase_add_loop_test(handles, a_handle_is_bound, 0, 8);
	tcase_add_test(handles, no_text_and_an_empty_one_are_the_same);
	tcase_add_test(handles, every_changed_character_shows);
	tcase_add_test(handles, what_is_no_handle_is_refused);
	tcase_add_test(handles, another_pepper_signs_otherwise);
	tcase_add_test(handles, another_boot_signs_otherwise);
	tcase_add_test(handles, a_boot_without_id_is_told);
	tcase_add_test(handles, the_longest_names_fit);
	suite_add_tcase(suite, handles);
	return suite_run(suite);
}
