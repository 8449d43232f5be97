/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Backup, restore and check over the wire: for administrators alone, one at a time, and nothing is left of a client
 * that goes away.
 */
#include <check.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "crypto/backup_seal.h"
#include "daemon/store.h"
#include "tests/daemon/admin-requests.h"
#include "tests/daemon/host-store.h"
#include "tests/suite.h"

#define OTHER_UID 60001

static struct host host;
static struct wire_client *admin;

static void setup(void)
{
	host_open(&host, NULL);
	host.user = "daemon";
	host_start(&host);
	admin = wire_open(&host, WIRE_ADMIN_SOCKET);
}

static void teardown(void)
{
	wire_close(admin);
	host_stop(&host);
	host_remove(&host);
}

static enum answer backup_open(struct wire_client *client, struct message_backup *ret_backup)
{
	struct message_status request = { .credential = NULL };

	return wire_ask(client, WIRE_BACKUP_OPEN, &message_status, &request, &message_backup, ret_backup);
}

static enum answer backup_read(struct wire_client *client, uint64_t offset, struct message_part *ret_part)
{
	struct message_part request = { .offset = offset };

	return wire_ask(client, WIRE_BACKUP_READ, &message_part, &request, &message_part, ret_part);
}

static enum answer restore_open(struct wire_client *client)
{
	struct message_status request = { .credential = NULL };
	struct message_part reply;

	return wire_ask(client, WIRE_RESTORE_OPEN, &message_status, &request, &message_part, &reply);
}

static enum answer restore_write(struct wire_client *client, uint64_t offset, const void *data, size_t size)
{
	struct message_part request = { .offset = offset, .bytes = { .size = size, .data = data } }, reply;

	return wire_ask(client, WIRE_RESTORE_WRITE, &message_part, &request, &message_part, &reply);
}

static enum answer restore_finish(struct wire_client *client, uint64_t flags, struct message_restored *ret_restored)
{
	struct message_restore request = { .flags = flags };

	return wire_ask(client, WIRE_RESTORE_FINISH, &message_restore, &request, &message_restored, ret_restored);
}

static enum answer store_check_asked(struct wire_client *client, struct message_item *ret_item)
{
	struct message_status request = { .credential = NULL };

	return wire_ask(client, WIRE_STORE_CHECK, &message_status, &request, &message_item, ret_item);
}

/* Until nothing but these is in the state folder: a connection that ends is noticed a little later. */
static void expect_state_files(size_t wanted)
{
	int64_t end = milliseconds() + 20000;
	char path[128];
	size_t count;

	snprintf(path, sizeof(path), "%s/state", host.folder);
	do {
		DIR *folder = opendir(path);
		const struct dirent *entry;

		ck_assert_ptr_nonnull(folder);
		for (count = 0; (entry = readdir(folder));)
			count += strstr(entry->d_name, ".backup") || strstr(entry->d_name, ".restore") ||
				 strstr(entry->d_name, ".new");
		closedir(folder);
		if (count == wanted)
			return;
		usleep(5000);
	} while (milliseconds() < end);
	ck_abort_msg("%zu files of a backup or restore are in the state folder, not %zu", count, wanted);
}

/* Reads all of a backup. */
static unsigned char *take_backup(size_t *ret_size)
{
	struct message_backup backup;
	struct message_part part;
	unsigned char *bytes;
	size_t offset = 0;

	expect_answer(admin, backup_open(admin, &backup), ANSWER_OK, NULL);
	bytes = malloc((size_t)backup.size);
	ck_assert_ptr_nonnull(bytes);
	do {
		expect_answer(admin, backup_read(admin, offset, &part), ANSWER_OK, NULL);
		ck_assert_uint_eq(part.offset, offset);
		ck_assert_uint_le(part.bytes.size, backup.size - offset);
		memcpy(bytes + offset, part.bytes.size ? part.bytes.data : "", part.bytes.size);
		offset += part.bytes.size;
	} while (part.bytes.size > 0);
	ck_assert_uint_eq(offset, backup.size);
	*ret_size = offset;
	return bytes;
}

START_TEST(a_backup_is_read_and_written_back)
{
	struct wire_key key = wire_make_key(&host, &(struct message_key_create){ .name = "one" });
	CLEANUP_FREE unsigned char *bytes = NULL;
	struct message_restored restored;
	struct message_restored_key listed;
	size_t size;

	bytes = take_backup(&size);
	ck_assert_mem_eq(bytes, "SQLite format 3", 16);
	expect_state_files(0); /* the copy has no name */
	wire_change(&host, WIRE_KEY_REVOKE, key.id);
	/* Opening another transfer on the same connection ends the one before. */
	expect_answer(admin, restore_open(admin), ANSWER_OK, NULL);
	for (size_t offset = 0; offset < size; offset += 10000)
		expect_answer(
			admin,
			restore_write(admin, offset, bytes + offset, size - offset < 10000 ? size - offset : 10000),
			ANSWER_OK, NULL);
	expect_answer(admin, restore_finish(admin, MESSAGE_RESTORE_DRY_RUN, &restored), ANSWER_OK, NULL);
	ck_assert_uint_eq(restored.revived, 1);
	ck_assert_uint_eq(restored.done, 0);
	ck_assert(codec_next_record(&restored.listed, &message_restored_key, &listed));
	ck_assert_str_eq(listed.id, key.id);
	ck_assert_uint_eq(listed.fate, MESSAGE_FATE_REVIVED);
	ck_assert_uint_eq(listed.why, MESSAGE_TAKEN_REVOKED);
	expect_answer(admin, restore_finish(admin, 0, &restored), ANSWER_OK, NULL);
	ck_assert_uint_eq(restored.done, 1);
	ck_assert_str_eq(restored.kept, STORE_KEPT);
	ck_assert_uint_eq(restored.rev, 3);
	/* It is used up. */
	expect_answer(admin, restore_finish(admin, 0, &restored), ANSWER_INVALID, "no restore is open");
	expect_state_files(0);
}
END_TEST

START_TEST(there_is_one_at_a_time)
{
	struct wire_client *other = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_backup backup;
	struct message_part part;
	int64_t end = milliseconds() + 20000;

	expect_answer(admin, backup_open(admin, &backup), ANSWER_OK, NULL);
	expect_answer(other, backup_open(other, &backup), ANSWER_BUSY, "another backup");
	expect_answer(other, restore_open(other), ANSWER_BUSY, "another backup");
	expect_answer(other, backup_read(other, 0, &part), ANSWER_INVALID, "no backup is open");
	/* Again on its own connection: a fresh one. */
	expect_answer(admin, backup_open(admin, &backup), ANSWER_OK, NULL);
	/* Gone with its connection. */
	wire_close(admin);
	while (backup_open(other, &backup) == ANSWER_BUSY && milliseconds() < end)
		usleep(5000);
	expect_answer(other, backup_read(other, backup.size, &part), ANSWER_OK, NULL);
	ck_assert_uint_eq(part.bytes.size, 0);
	expect_answer(other, backup_read(other, backup.size + 1, &part), ANSWER_INVALID, NULL);
	expect_answer(other, backup_read(other, UINT64_MAX, &part), ANSWER_INVALID, NULL);
	admin = other;
}
END_TEST

/* At any point of the way: while the copy is made, between parts, while it is checked. */
START_TEST(nothing_is_left_of_a_client_that_goes_away)
{
	CLEANUP_FREE unsigned char *bytes = NULL;
	struct message_status request = { .credential = NULL };
	struct message_restore finish = { .flags = _i == 3 ? MESSAGE_RESTORE_DRY_RUN : 0 };
	struct wire_client *client;
	struct message_backup backup;
	int64_t end = milliseconds() + 20000;
	size_t size;

	wire_make_key(&host, &(struct message_key_create){ .name = "one" });
	bytes = take_backup(&size);
	wire_close(admin);
	admin = wire_open(&host, WIRE_ADMIN_SOCKET);
	client = wire_open(&host, WIRE_ADMIN_SOCKET);
	if (_i == 0) {
		wire_send(client, WIRE_BACKUP_OPEN, &message_status, &request);
	} else {
		while (restore_open(client) == ANSWER_BUSY && milliseconds() < end)
			usleep(5000);
		expect_answer(client, restore_write(client, 0, bytes, size < 50000 ? size : 50000), ANSWER_OK, NULL);
		if (_i > 1) {
			for (size_t offset = 50000; offset < size; offset += 50000)
				expect_answer(client,
					      restore_write(client, offset, bytes + offset,
							    size - offset < 50000 ? size - offset : 50000),
					      ANSWER_OK, NULL);
			wire_send(client, WIRE_RESTORE_FINISH, &message_restore, &finish);
		}
	}
	wire_close(client);
	while (backup_open(admin, &backup) == ANSWER_BUSY && milliseconds() < end)
		usleep(5000);
	expect_answer(admin, backup_open(admin, &backup), ANSWER_OK, NULL);
	expect_state_files(0);
}
END_TEST

START_TEST(a_restore_out_of_order_is_ended)
{
	struct message_restored restored;

	expect_answer(admin, restore_write(admin, 0, "x", 1), ANSWER_INVALID, "no restore is open");
	expect_answer(admin, restore_finish(admin, 0, &restored), ANSWER_INVALID, "no restore is open");
	expect_answer(admin, restore_open(admin), ANSWER_OK, NULL);
	expect_answer(admin, restore_write(admin, 1, "x", 1), ANSWER_INVALID, "one after the other");
	expect_answer(admin, restore_write(admin, 0, "x", 1), ANSWER_INVALID, "no restore is open");
	expect_answer(admin, restore_open(admin), ANSWER_OK, NULL);
	expect_answer(admin, restore_finish(admin, 0, &restored), ANSWER_INVALID, "nothing was changed");
	expect_state_files(0);
}
END_TEST

/* ---- the master key ---- */

/* The first bytes of a present key that is none, and of the fresh one. */
static enum answer rotate_asked(struct wire_client *client, const char *credential, size_t present, size_t fresh,
				struct message_item *ret_item)
{
	static const char none[MESSAGE_MASTER_KEY_SIZE], other[MESSAGE_MASTER_KEY_SIZE] = "other";
	struct message_master_key request = {
		.credential = credential,
		.present = { .size = present, .data = none },
		.fresh = { .size = fresh, .data = present == fresh ? none : other },
	};

	return wire_ask(client, WIRE_MASTER_KEY_ROTATE, &message_master_key, &request, &message_item, ret_item);
}

START_TEST(a_master_key_that_is_none_is_refused)
{
	char *audit;
	struct message_item item;

	expect_answer(admin, rotate_asked(admin, NULL, 0, 0, &item), ANSWER_INVALID, "32 bytes");
	expect_answer(admin, rotate_asked(admin, NULL, 31, 0, &item), ANSWER_INVALID, "32 bytes");
	expect_answer(admin, rotate_asked(admin, NULL, 32, 31, &item), ANSWER_INVALID, "32 bytes");
	expect_answer(admin, rotate_asked(admin, NULL, 32, 32, &item), ANSWER_INVALID, "is the present one");
	expect_answer(admin, rotate_asked(admin, NULL, 32, 0, &item), ANSWER_INVALID, "--file");
	ck_assert_uint_eq(host_number(&host, "master_key.wrap"), 1);
	audit = host_read(&host, "log/audit.jsonl");
	ck_assert_ptr_null(strstr(audit, "master_key_rotate"));
	free(audit);
}
END_TEST

/* ---- by whom ---- */

static void ask_everything(struct wire_client *client)
{
	struct message_backup backup;
	struct message_part part;
	struct message_restored restored;
	struct message_item item;

	expect_answer(client, backup_open(client, &backup), ANSWER_NOT_PERMITTED, NULL);
	expect_answer(client, backup_read(client, 0, &part), ANSWER_NOT_PERMITTED, NULL);
	expect_answer(client, restore_open(client), ANSWER_NOT_PERMITTED, NULL);
	expect_answer(client, restore_write(client, 0, "x", 1), ANSWER_NOT_PERMITTED, NULL);
	expect_answer(client, restore_finish(client, 0, &restored), ANSWER_NOT_PERMITTED, NULL);
	expect_answer(client, store_check_asked(client, &item), ANSWER_NOT_PERMITTED, NULL);
	expect_answer(client, rotate_asked(client, NULL, 32, 0, &item), ANSWER_NOT_PERMITTED, NULL);
}

static void as_other(void *data)
{
	struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);

	(void)data;
	ask_everything(client);
	wire_close(client);
}

START_TEST(ordinary_users_are_refused)
{
	static const uid_t uids[] = { OTHER_UID, 99 }; /* the second is below minimum_uid: it may not even ask */

	if (geteuid() != 0)
		return; /* only root can become others */
	as_user(uids[_i], OTHER_UID, OTHER_UID, as_other, NULL);
}
END_TEST

/* Not even a key that may do everything with keys. */
START_TEST(a_key_is_refused)
{
	struct message_item item;
	struct wire_key key = wire_make_key(
		&host, &(struct message_key_create){ .name = "root", .permissions = wire_texts("*", NULL) });
	struct message_status request = { .credential = key.secret };
	struct message_restore finish = { .credential = key.secret };
	struct message_backup backup;
	struct message_part part;
	struct message_restored restored;

	expect_answer(admin, wire_ask(admin, WIRE_BACKUP_OPEN, &message_status, &request, &message_backup, &backup),
		      ANSWER_NOT_PERMITTED, NULL);
	expect_answer(admin, rotate_asked(admin, key.secret, 32, 0, &item), ANSWER_NOT_PERMITTED, NULL);
	expect_answer(admin, wire_ask(admin, WIRE_RESTORE_OPEN, &message_status, &request, &message_part, &part),
		      ANSWER_NOT_PERMITTED, NULL);
	expect_answer(admin,
		      wire_ask(admin, WIRE_RESTORE_FINISH, &message_restore, &finish, &message_restored, &restored),
		      ANSWER_NOT_PERMITTED, NULL);
}
END_TEST

/* ---- the check ---- */

START_TEST(a_whole_store_is_said_to_be_whole)
{
	struct message_item item;

	wire_make_key(&host, &(struct message_key_create){ .name = "one" });
	expect_answer(admin, store_check_asked(admin, &item), ANSWER_OK, NULL);
	ck_assert_uint_eq(item.number, 1);
	ck_assert_ptr_nonnull(strstr(item.text, "whole"));
}
END_TEST

START_TEST(a_damaged_store_is_found)
{
	struct message_item item;

	wire_make_key(&host, &(struct message_key_create){ .name = "one" });
	host_store_run(&host, "DELETE FROM digest");
	expect_answer(admin, store_check_asked(admin, &item), ANSWER_STORE_FAILED, "restore a backup");
}
END_TEST

/* A daemon that is told to stop while a copy is being made ends all the same. */
START_TEST(stopping_waits_for_no_client)
{
	struct message_status request = { .credential = NULL };
	struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);

	wire_send(client, _i ? WIRE_BACKUP_OPEN : WIRE_STORE_CHECK, &message_status, &request);
	host_end(&host, SIGTERM);
	wire_close(client);
	host_start(&host);
	expect_state_files(0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("daemon backup");
	TCase *cases = tcase_create("daemon backup");

	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_add_test(cases, a_backup_is_read_and_written_back);
	tcase_add_test(cases, there_is_one_at_a_time);
	tcase_add_loop_test(cases, nothing_is_left_of_a_client_that_goes_away, 0, 4);
	tcase_add_test(cases, a_restore_out_of_order_is_ended);
	tcase_add_test(cases, a_master_key_that_is_none_is_refused);
	tcase_add_loop_test(cases, ordinary_users_are_refused, 0, 2);
	tcase_add_test(cases, a_key_is_refused);
	tcase_add_test(cases, a_whole_store_is_said_to_be_whole);
	tcase_add_test(cases, a_damaged_store_is_found);
	tcase_add_loop_test(cases, stopping_waits_for_no_client, 0, 2);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
