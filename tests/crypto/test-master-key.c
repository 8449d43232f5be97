/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The master key's file: which files are taken for one, which are refused and what is said about them, and that making
 * one never harms another.
 */
#include <check.h>
#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "crypto/master_key.h"
#include "tests/folder-sync.h"
#include "tests/suite.h"

#define OTHER_UID 4242

static char folder[] = "/tmp/test-master-key.XXXXXX";
static char path[sizeof(folder) + sizeof("/" MASTER_KEY_FILE)];
static char fault[512];
static uint8_t master[CRYPTO_KEY_SIZE];
static const uint8_t untouched[CRYPTO_KEY_SIZE] = { 0xee, 0xee, 0xee };

static void setup(void)
{
	folder_error = 0;
	umask(022);
	snprintf(folder, sizeof(folder), "/tmp/test-master-key.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/%s", folder, MASTER_KEY_FILE);
	memcpy(master, untouched, sizeof(master));
	fault[0] = '\0';
}

static void teardown(void)
{
	DIR *listing = opendir(folder);
	struct dirent *entry;

	while (listing && (entry = readdir(listing)))
		unlinkat(dirfd(listing), entry->d_name, 0);
	if (listing)
		closedir(listing);
	rmdir(folder);
}

static void write_key(const char *file, size_t size, mode_t mode)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	for (size_t i = 0; i < size; i++)
		ck_assert_int_eq(write(fd, "k", 1), 1);
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
}

static int read_master(void)
{
	return master_key_read(path, master, fault, sizeof(fault));
}

/* Asserts that the file is refused, that nothing came out, and that the sentence names the file and the mend. */
static void assert_refused(int error, const char *mend)
{
	ck_assert_int_eq(read_master(), error);
	ck_assert_mem_eq(master, untouched, sizeof(master));
	ck_assert_msg(strstr(fault, path), "the fault does not name the file: %s", fault);
	ck_assert_msg(strstr(fault, mend), "the fault does not say \"%s\": %s", mend, fault);
}

START_TEST(a_private_file_of_32_bytes_is_read)
{
	static const mode_t modes[] = { 0400, 0600, 0500, 0700 };

	write_key(path, 32, modes[_i]);
	ck_assert_int_eq(read_master(), 0);
	for (size_t i = 0; i < sizeof(master); i++)
		ck_assert_int_eq(master[i], 'k');
}
END_TEST

START_TEST(a_missing_file_is_named)
{
	assert_refused(-ENOENT, "restore the master key from a backup");
}
END_TEST

START_TEST(another_size_is_refused)
{
	static const size_t sizes[] = { 0, 1, 31, 33, 64, 44 };

	write_key(path, sizes[_i], 0400);
	assert_refused(-EINVAL, "instead of 32");
}
END_TEST

START_TEST(a_file_open_to_others_is_refused)
{
	static const mode_t modes[] = { 0644, 0640, 0604, 0420, 0402, 0410, 0401, 0666, 0777 };

	write_key(path, 32, modes[_i]);
	assert_refused(-EPERM, "chmod 0400");
}
END_TEST

START_TEST(a_symbolic_link_is_refused)
{
	char target[sizeof(path) + 8];

	snprintf(target, sizeof(target), "%s.real", path);
	write_key(target, 32, 0400);
	ck_assert_int_eq(symlink(target, path), 0);
	assert_refused(-ELOOP, "symbolic link");
}
END_TEST

START_TEST(a_folder_is_refused)
{
	ck_assert_int_eq(mkdir(path, 0700), 0);
	assert_refused(-EINVAL, "no regular file");
	rmdir(path);
}
END_TEST

/* A test that hangs fails by check's time limit. */
START_TEST(a_fifo_is_refused_without_waiting_for_a_writer)
{
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	assert_refused(-EINVAL, "no regular file");
}
END_TEST

START_TEST(a_file_of_another_user_is_refused)
{
	if (geteuid() != 0)
		return; /* only root can give files away */
	write_key(path, 32, 0400);
	ck_assert_int_eq(chown(path, OTHER_UID, OTHER_UID), 0);
	assert_refused(-EPERM, "must belong to root");
}
END_TEST

/* An access control list as the kernel keeps it, for a user and with the owner's group and a mask. */
static bool set_acl(uint32_t user, uint16_t user_may, uint16_t group_may)
{
	struct {
		uint32_t version;
		struct {
			uint16_t tag, permissions;
			uint32_t id;
		} entries[5];
	} list = { htole32(2),
		   { { htole16(0x01), htole16(4), 0xffffffff },
		     { htole16(0x02), htole16(user_may), htole32(user) },
		     { htole16(0x04), htole16(group_may), 0xffffffff },
		     { htole16(0x10), htole16(4), 0xffffffff },
		     { htole16(0x20), htole16(0), 0xffffffff } } };

	if (setxattr(path, "system.posix_acl_access", &list, sizeof(list), 0) == 0)
		return true;
	ck_assert_int_eq(errno, EOPNOTSUPP); /* not on this file system */
	return false;
}

START_TEST(a_credential_handed_on_by_an_acl_is_read)
{
	struct stat status;

	write_key(path, 32, 0400);
	if (!set_acl(geteuid(), 4, 0))
		return;
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_int_eq(status.st_mode & 0777, 0440); /* the mask shows where the group's bits stand */
	ck_assert_int_eq(read_master(), 0);
}
END_TEST

START_TEST(an_acl_that_lets_others_in_is_refused)
{
	write_key(path, 32, 0400);
	if (!set_acl(geteuid() + 1, 4, 0))
		return;
	assert_refused(-EPERM, "open to others");
	ck_assert(set_acl(geteuid(), 4, 4));
	assert_refused(-EPERM, "open to others");
}
END_TEST

/* What a service's user reads: root's file in a credentials folder, which an entry lets this user read. */
START_TEST(roots_file_is_read_by_the_user_it_was_handed_to)
{
	int status = 0;
	pid_t child;

	if (geteuid() != 0)
		return; /* root makes the file */
	write_key(path, 32, 0400);
	ck_assert_int_eq(chmod(folder, 0711), 0);
	if (!set_acl(OTHER_UID, 4, 0))
		return;
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		if (setgid(OTHER_UID) < 0 || setuid(OTHER_UID) < 0)
			_exit(100);
		_exit(read_master() == 0 && master[0] == 'k' ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}
END_TEST

static size_t count_files(void)
{
	DIR *listing = opendir(folder);
	struct dirent *entry;
	size_t count = 0;

	ck_assert_ptr_nonnull(listing);
	while ((entry = readdir(listing)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			count++;
	closedir(listing);
	return count;
}

START_TEST(a_made_key_is_private_and_reads_back)
{
	uint8_t made[CRYPTO_KEY_SIZE];
	struct stat status;
	static const mode_t masks[] = { 0, 022, 0077, 0777 };

	umask(masks[_i]);
	ck_assert_int_eq(master_key_make(path, made, fault, sizeof(fault)), 0);
	umask(022);
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_int_eq(status.st_mode & 07777, 0400);
	ck_assert_int_eq(status.st_size, 32);
	ck_assert_uint_eq(count_files(), 1);
	ck_assert_int_eq(read_master(), 0);
	ck_assert_mem_eq(master, made, sizeof(made));
}
END_TEST

START_TEST(two_made_keys_differ)
{
	uint8_t one[CRYPTO_KEY_SIZE], two[CRYPTO_KEY_SIZE];

	ck_assert_int_eq(master_key_make(path, one, fault, sizeof(fault)), 0);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(master_key_make(path, two, fault, sizeof(fault)), 0);
	ck_assert_mem_ne(one, two, sizeof(one));
}
END_TEST

START_TEST(making_leaves_what_is_there_alone)
{
	uint8_t made[CRYPTO_KEY_SIZE];

	memcpy(made, untouched, sizeof(made));
	if (_i == 0)
		write_key(path, 32, 0400);
	else
		ck_assert_int_eq(symlink("/nonexistent/elsewhere", path), 0);
	ck_assert_int_eq(master_key_make(path, made, fault, sizeof(fault)), -EEXIST);
	ck_assert_mem_eq(made, untouched, sizeof(made));
	ck_assert_ptr_nonnull(strstr(fault, path));
	ck_assert_uint_eq(count_files(), 1);
	if (_i == 0) {
		ck_assert_int_eq(read_master(), 0);
		ck_assert_int_eq(master[0], 'k');
	}
}
END_TEST

START_TEST(making_in_a_missing_folder_is_an_error)
{
	char missing[sizeof(folder) + 32];

	snprintf(missing, sizeof(missing), "%s/none/key", folder);
	ck_assert_int_eq(master_key_make(missing, master, fault, sizeof(fault)), -ENOENT);
	ck_assert_mem_eq(master, untouched, sizeof(master));
	ck_assert_ptr_nonnull(strstr(fault, missing));
}
END_TEST

START_TEST(making_takes_a_path_without_a_folder)
{
	ck_assert_int_eq(chdir(folder), 0);
	ck_assert_int_eq(master_key_make("key", master, fault, sizeof(fault)), 0);
	ck_assert_int_eq(access("key", F_OK), 0);
	ck_assert_int_eq(chdir("/"), 0);
}
END_TEST

static void read_at(const char *file, uint8_t *ret_key)
{
	ck_assert_int_eq(master_key_read(file, ret_key, fault, sizeof(fault)), 0);
}

START_TEST(replacing_keeps_the_old_key_beside)
{
	char kept[sizeof(path) + sizeof(MASTER_KEY_KEPT) + 2];
	uint8_t first[CRYPTO_KEY_SIZE], found[CRYPTO_KEY_SIZE], second[CRYPTO_KEY_SIZE], third[CRYPTO_KEY_SIZE];
	struct stat status;

	memset(second, 2, sizeof(second));
	memset(third, 3, sizeof(third));
	snprintf(kept, sizeof(kept), "%s" MASTER_KEY_KEPT, path);
	/* Where there is none, it is made. */
	ck_assert_int_eq(master_key_replace(path, second, fault, sizeof(fault)), 0);
	ck_assert_uint_eq(count_files(), 1);
	read_at(path, found);
	ck_assert_mem_eq(found, second, sizeof(found));
	ck_assert_int_eq(unlink(path), 0);

	ck_assert_int_eq(master_key_make(path, first, fault, sizeof(fault)), 0);
	if (geteuid() == 0)
		ck_assert_int_eq(chown(path, 0, OTHER_UID), 0);
	ck_assert_int_eq(master_key_replace(path, second, fault, sizeof(fault)), 0);
	read_at(path, found);
	ck_assert_mem_eq(found, second, sizeof(found));
	read_at(kept, found);
	ck_assert_mem_eq(found, first, sizeof(found));
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_int_eq(status.st_mode & 07777, 0400);
	if (geteuid() == 0)
		ck_assert_uint_eq(status.st_gid, OTHER_UID);
	/* A second one does not cost the first. */
	ck_assert_int_eq(master_key_replace(path, third, fault, sizeof(fault)), 0);
	read_at(kept, found);
	ck_assert_mem_eq(found, first, sizeof(found));
	snprintf(kept, sizeof(kept), "%s" MASTER_KEY_KEPT ".2", path);
	read_at(kept, found);
	ck_assert_mem_eq(found, second, sizeof(found));
	read_at(path, found);
	ck_assert_mem_eq(found, third, sizeof(found));
	ck_assert_uint_eq(count_files(), 3);
	/* What a crash left is not kept twice. */
	snprintf(kept, sizeof(kept), "%s" MASTER_KEY_KEPT ".3", path);
	ck_assert_int_eq(link(path, kept), 0);
	ck_assert_int_eq(master_key_replace(path, second, fault, sizeof(fault)), 0);
	ck_assert_uint_eq(count_files(), 4);
}
END_TEST

START_TEST(a_key_is_given_to_root_or_the_owner_of_the_folder_alone)
{
	static const struct {
		uid_t folder, old, expected;
		bool link;
	} owners[] = {
		{ 0, OTHER_UID, 0, false }, { 0, OTHER_UID, 0, true },
		{ 0, 0, 0, false },         { OTHER_UID, OTHER_UID, OTHER_UID, false },
		{ OTHER_UID, 0, 0, false }, { OTHER_UID, OTHER_UID + 1, OTHER_UID, false },
	};
	struct stat status;

	if (geteuid() != 0)
		return; /* only root can give files away */
	for (size_t i = 0; i < sizeof(owners) / sizeof(owners[0]); i++) {
		if (owners[i].link)
			ck_assert_int_eq(symlink("/nonexistent/elsewhere", path), 0);
		else
			write_key(path, 32, 0400);
		ck_assert_int_eq(lchown(path, owners[i].old, owners[i].old), 0);
		ck_assert_int_eq(chown(folder, owners[i].folder, owners[i].folder), 0);
		ck_assert_msg(master_key_replace(path, untouched, fault, sizeof(fault)) == 0, "%s", fault);
		ck_assert_int_eq(lstat(path, &status), 0);
		ck_assert_msg(S_ISREG(status.st_mode) && status.st_uid == owners[i].expected, "%zu: uid %u", i,
			      (unsigned int)status.st_uid);
		ck_assert_int_eq(unlink(path), 0);
	}
}
END_TEST

static struct master_key_successor *begin(void)
{
	struct master_key_successor *successor = NULL;

	ck_assert_msg(master_key_successor_begin(path, &successor, fault, sizeof(fault)) == 0, "%s", fault);
	return successor;
}

START_TEST(a_successor_takes_the_place_and_the_old_key_is_kept)
{
	char fresh[sizeof(path) + sizeof(MASTER_KEY_NEW)], kept[sizeof(path) + sizeof(MASTER_KEY_ROTATED) + 2];
	uint8_t first[CRYPTO_KEY_SIZE], second[CRYPTO_KEY_SIZE], found[CRYPTO_KEY_SIZE];
	struct master_key_successor *successor;
	struct stat status;

	snprintf(fresh, sizeof(fresh), "%s" MASTER_KEY_NEW, path);
	snprintf(kept, sizeof(kept), "%s" MASTER_KEY_ROTATED, path);
	ck_assert_int_eq(master_key_make(path, first, fault, sizeof(fault)), 0);
	if (geteuid() == 0)
		ck_assert_int_eq(chown(path, 0, OTHER_UID), 0);
	for (int round = 1; round <= 2; round++) {
		/* What one that was cut short has left, of whatever kind, is replaced. */
		write_key(fresh, 5, 0666);
		successor = begin();
		ck_assert_msg(master_key_successor_make(successor, second, fault, sizeof(fault)) == 0, "%s", fault);
		ck_assert_mem_ne(first, second, sizeof(first));
		read_at(fresh, found);
		ck_assert_mem_eq(found, second, sizeof(found));
		read_at(path, found);
		ck_assert_mem_eq(found, first, sizeof(found));
		ck_assert_msg(master_key_successor_place(successor, fault, sizeof(fault)) == 0, "%s", fault);
		master_key_successor_free(successor);
		read_at(path, found);
		ck_assert_mem_eq(found, second, sizeof(found));
		read_at(kept, found);
		ck_assert_mem_eq(found, first, sizeof(found));
		ck_assert_int_eq(stat(path, &status), 0);
		ck_assert_int_eq(status.st_mode & 07777, 0400);
		if (geteuid() == 0)
			ck_assert_uint_eq(status.st_gid, OTHER_UID);
		ck_assert_uint_eq(count_files(), 1 + round);
		memcpy(first, second, sizeof(first));
		snprintf(kept, sizeof(kept), "%s" MASTER_KEY_ROTATED ".2", path);
	}
}
END_TEST

/* A crash is this without the end: what is left then is told of above. */
START_TEST(a_successor_that_is_not_placed_leaves_nothing)
{
	uint8_t first[CRYPTO_KEY_SIZE], found[CRYPTO_KEY_SIZE];
	struct master_key_successor *successor;

	ck_assert_int_eq(master_key_make(path, first, fault, sizeof(fault)), 0);
	successor = begin();
	ck_assert_int_eq(master_key_successor_make(successor, found, fault, sizeof(fault)), 0);
	ck_assert_uint_eq(count_files(), 2);
	master_key_successor_free(successor);
	ck_assert_uint_eq(count_files(), 1);
	read_at(path, found);
	ck_assert_mem_eq(found, first, sizeof(found));
	master_key_successor_free(NULL);
}
END_TEST

START_TEST(a_key_is_changed_by_one_at_a_time)
{
	struct master_key_successor *successor, *other = NULL;
	uint8_t first[CRYPTO_KEY_SIZE];

	ck_assert_int_eq(master_key_make(path, first, fault, sizeof(fault)), 0);
	successor = begin();
	ck_assert_int_eq(master_key_successor_begin(path, &other, fault, sizeof(fault)), -EBUSY);
	ck_assert_ptr_null(other);
	ck_assert_msg(strstr(fault, path) && strstr(fault, "try again"), "%s", fault);
	ck_assert_int_eq(master_key_replace(path, untouched, fault, sizeof(fault)), -EBUSY);
	ck_assert_int_eq(read_master(), 0);
	ck_assert_mem_eq(master, first, sizeof(first));
	master_key_successor_free(successor);
	master_key_successor_free(begin());
}
END_TEST

START_TEST(a_successor_without_a_folder_is_an_error)
{
	struct master_key_successor *successor = NULL;

	snprintf(path, sizeof(path), "%s/no/key", folder);
	ck_assert_int_eq(master_key_successor_begin(path, &successor, fault, sizeof(fault)), -ENOENT);
	ck_assert_ptr_null(successor);
	ck_assert_msg(strstr(fault, path), "%s", fault);
}
END_TEST

/* Some file systems cannot do that to folders. */
START_TEST(a_folder_that_cannot_be_synced_is_no_failure)
{
	struct master_key_successor *successor;
	uint8_t first[CRYPTO_KEY_SIZE], second[CRYPTO_KEY_SIZE];

	folder_error = EINVAL;
	ck_assert_msg(master_key_make(path, first, fault, sizeof(fault)) == 0, "%s", fault);
	ck_assert_msg(master_key_replace(path, untouched, fault, sizeof(fault)) == 0, "%s", fault);
	successor = begin();
	ck_assert_msg(master_key_successor_make(successor, second, fault, sizeof(fault)) == 0, "%s", fault);
	ck_assert_msg(master_key_successor_place(successor, fault, sizeof(fault)) == 0, "%s", fault);
	master_key_successor_free(successor);
	read_at(path, first);
	ck_assert_mem_eq(first, second, sizeof(first));
}
END_TEST

START_TEST(a_folder_that_fails_is_told_apart_from_the_file)
{
	struct master_key_successor *successor;
	uint8_t found[CRYPTO_KEY_SIZE], second[CRYPTO_KEY_SIZE];

	/* What is made anew is not there then. */
	folder_error = EIO;
	ck_assert_int_eq(master_key_make(path, found, fault, sizeof(fault)), -EIO);
	ck_assert_uint_eq(count_files(), 0);
	write_key(path, 32, 0400);
	ck_assert_int_eq(master_key_replace(path, untouched, fault, sizeof(fault)), -EIO);
	ck_assert_msg(strstr(fault, "is in place") && strstr(fault, path), "%s", fault);
	read_at(path, found);
	ck_assert_mem_eq(found, untouched, sizeof(found));
	folder_error = 0;
	successor = begin();
	ck_assert_int_eq(master_key_successor_make(successor, second, fault, sizeof(fault)), 0);
	folder_error = EIO;
	ck_assert_int_eq(master_key_successor_place(successor, fault, sizeof(fault)), -EIO);
	ck_assert_ptr_nonnull(strstr(fault, "cannot be replaced"));
	read_at(path, found);
	ck_assert_mem_eq(found, untouched, sizeof(found));
	master_key_successor_free(successor);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("master key");
	TCase *cases = tcase_create("master key");

	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_add_loop_test(cases, a_private_file_of_32_bytes_is_read, 0, 4);
	tcase_add_test(cases, a_missing_file_is_named);
	tcase_add_loop_test(cases, another_size_is_refused, 0, 6);
	tcase_add_loop_test(cases, a_file_open_to_others_is_refused, 0, 9);
	tcase_add_test(cases, a_symbolic_link_is_refused);
	tcase_add_test(cases, a_folder_is_refused);
	tcase_add_test(cases, a_fifo_is_refused_without_waiting_for_a_writer);
	tcase_add_test(cases, a_file_of_another_user_is_refused);
	tcase_add_test(cases, a_credential_handed_on_by_an_acl_is_read);
	tcase_add_test(cases, an_acl_that_lets_others_in_is_refused);
	tcase_add_test(cases, roots_file_is_read_by_the_user_it_was_handed_to);
	tcase_add_loop_test(cases, a_made_key_is_private_and_reads_back, 0, 4);
	tcase_add_test(cases, two_made_keys_differ);
	tcase_add_loop_test(cases, making_leaves_what_is_there_alone, 0, 2);
	tcase_add_test(cases, making_in_a_missing_folder_is_an_error);
	tcase_add_test(cases, making_takes_a_path_without_a_folder);
	tcase_add_test(cases, replacing_keeps_the_old_key_beside);
	tcase_add_test(cases, a_key_is_given_to_root_or_the_owner_of_the_folder_alone);
	tcase_add_test(cases, a_successor_takes_the_place_and_the_old_key_is_kept);
	tcase_add_test(cases, a_successor_that_is_not_placed_leaves_nothing);
	tcase_add_test(cases, a_key_is_changed_by_one_at_a_time);
	tcase_add_test(cases, a_successor_without_a_folder_is_an_error);
	tcase_add_test(cases, a_folder_that_cannot_be_synced_is_no_failure);
	tcase_add_test(cases, a_folder_that_fails_is_told_apart_from_the_file);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
