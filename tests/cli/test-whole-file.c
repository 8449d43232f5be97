/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cli/whole_file: what is there at the end, and what is said, where the file system can do less or fails. */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli/whole_file.h"
#include "tests/folder-sync.h"
#include "tests/suite.h"

static char folder[] = "/tmp/test-whole-file.XXXXXX";
static char path[sizeof(folder) + sizeof("/file")];
static char said[512];
static bool no_proc; /* there is no /proc */

/* In the place of the C library's. */
static bool is_away(const char *name)
{
	return no_proc && strncmp(name, "/proc/", 6) == 0;
}

__attribute__((visibility("default"))) int access(const char *name, int mode)
{
	return is_away(name) ? (errno = ENOENT, -1) : faccessat(AT_FDCWD, name, mode, 0);
}

__attribute__((visibility("default"))) int linkat(int from_folder, const char *from, int to_folder, const char *to,
						  int flags)
{
	return is_away(from) ? (errno = ENOENT, -1) : (int)syscall(SYS_linkat, from_folder, from, to_folder, to, flags);
}

static void setup(void)
{
	snprintf(folder, sizeof(folder), "/tmp/test-whole-file.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/file", folder);
	folder_error = 0;
	no_proc = false;
}

static size_t count_files(void)
{
	DIR *listing = opendir(folder);
	struct dirent *entry;
	size_t count = 0;

	ck_assert_ptr_nonnull(listing);
	while ((entry = readdir(listing)))
		count += entry->d_name[0] != '.' || strlen(entry->d_name) > 2;
	closedir(listing);
	return count;
}

static void teardown(void)
{
	unlink(path);
	rmdir(folder);
}

/* Writes the text to the file, and what is said on standard error into said. */
static enum status write_text(const char *text, bool replace)
{
	SCOPED_WHOLE_FILE struct whole_file file = WHOLE_FILE_INIT;
	FILE *noted = tmpfile();
	int error = dup(STDERR_FILENO);
	enum status status;
	size_t size;

	ck_assert_ptr_nonnull(noted);
	ck_assert_int_ge(dup2(fileno(noted), STDERR_FILENO), 0);
	status = whole_file_begin(&file, path, replace);
	if (status == STATUS_DONE)
		status = whole_file_write(&file, text, strlen(text));
	if (status == STATUS_DONE)
		status = whole_file_finish(&file);
	ck_assert_int_ge(dup2(error, STDERR_FILENO), 0);
	close(error);
	rewind(noted);
	size = fread(said, 1, sizeof(said) - 1, noted);
	said[size] = '\0';
	fclose(noted);
	return status;
}

static void assert_holds(const char *text)
{
	char found[64] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_ge(read(fd, found, sizeof(found) - 1), 0);
	close(fd);
	ck_assert_str_eq(found, text);
	ck_assert_uint_eq(count_files(), 1);
}

START_TEST(a_file_is_written_replaced_and_left_alone)
{
	ck_assert_int_eq(write_text("one", false), STATUS_DONE);
	assert_holds("one");
	ck_assert_int_eq(write_text("two", false), STATUS_REFUSED);
	ck_assert_ptr_nonnull(strstr(said, "--force"));
	assert_holds("one");
	ck_assert_int_eq(write_text("two", true), STATUS_DONE);
	assert_holds("two");
	ck_assert_str_eq(said, "");
}
END_TEST

/* Some file systems cannot do that to folders. */
START_TEST(a_folder_that_cannot_be_synced_is_no_failure)
{
	folder_error = EINVAL;
	ck_assert_int_eq(write_text("one", false), STATUS_DONE);
	assert_holds("one");
	ck_assert_int_eq(write_text("two", true), STATUS_DONE);
	assert_holds("two");
	ck_assert_str_eq(said, "");
}
END_TEST

START_TEST(a_folder_that_fails_is_told_apart_from_the_file)
{
	folder_error = EIO;
	ck_assert_int_eq(write_text("one", false), STATUS_REFUSED);
	ck_assert_msg(strstr(said, "is in place") && strstr(said, path) && !strstr(said, "nothing was left"), "%s",
		      said);
	assert_holds("one");
}
END_TEST

START_TEST(a_host_without_proc_gets_its_file)
{
	no_proc = true;
	ck_assert_msg(write_text("one", false) == STATUS_DONE, "%s", said);
	assert_holds("one");
	ck_assert_int_eq(write_text("two", false), STATUS_REFUSED);
	assert_holds("one");
	ck_assert_msg(write_text("two", true) == STATUS_DONE, "%s", said);
	assert_holds("two");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli/whole_file");
	TCase *tests = tcase_create("whole file");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_file_is_written_replaced_and_left_alone);
	tcase_add_test(tests, a_folder_that_cannot_be_synced_is_no_failure);
	tcase_add_test(tests, a_folder_that_fails_is_told_apart_from_the_file);
	tcase_add_test(tests, a_host_without_proc_gets_its_file);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
