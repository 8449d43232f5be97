/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The audit and power cuts: what is sealed is never ahead of what is on the disk, so that nothing seems to be missing
 * afterwards; what was on the disk and is gone is found. This program's own fdatasync() remembers what it was asked
 * for, and a power cut takes all else.
 */
#include "tests/daemon/audit-fixture.h"

#include <errno.h>
#include <inttypes.h>

#include "common/encoding.h"
#include "crypto/audit_verify.h"
#include "daemon/audit_seal.h"
#include "tests/suite.h"

#define FILES_MAX 64
#define STRANGER 65534 /* nobody */

static struct fixture fixture;
static struct chain_key first;
static struct audit_seal seal;

/* ---- the disk ---- */

static struct {
	ino_t file;
	off_t size;
} synced[FILES_MAX];
static size_t synced_count;
static unsigned int folder_syncs;
static int disk_error;

__attribute__((visibility("default"))) int fdatasync(int fildes)
{
	struct stat status;
	size_t i;

	if (disk_error != 0) {
		errno = disk_error;
		return -1;
	}
	if (fstat(fildes, &status) < 0)
		return -1;
	for (i = 0; i < synced_count && synced[i].file != status.st_ino; i++)
		;
	if (i == FILES_MAX)
		abort();
	synced[i].file = status.st_ino;
	synced[i].size = status.st_size;
	synced_count += i == synced_count;
	return 0;
}

__attribute__((visibility("default"))) int fsync(int fd)
{
	struct stat status;

	folder_syncs += fstat(fd, &status) == 0 && S_ISDIR(status.st_mode);
	return 0;
}

static off_t size_on_disk(const struct stat *status)
{
	for (size_t i = 0; i < synced_count; i++)
		if (synced[i].file == status->st_ino)
			return synced[i].size;
	return 0;
}

/* Each file keeps what was synced, and so many bytes of the rest. True where one lost something. */
static bool cut_power(off_t more)
{
	struct stat status;
	bool lost = false;

	fixture_close(&fixture);
	for (unsigned int number = 0; number < FILES_MAX; number++) {
		const char *path = fixture_path(&fixture, number);
		off_t size;

		if (stat(path, &status) < 0)
			continue;
		size = size_on_disk(&status) + more;
		if (size >= status.st_size)
			continue;
		lost = true;
		ck_assert_int_eq(truncate(path, size), 0);
	}
	return lost;
}

/* ---- the daemon's side ---- */

static void begin(void)
{
	uint64_t seq;

	fixture_begin(&fixture);
	synced_count = folder_syncs = 0;
	disk_error = 0;
	fixture_open(&fixture, 20000, 1000);
	ck_assert(audit_lacks_key(fixture.audit, &seq));
	ck_assert_int_eq(chain_key_make(0, &first), 0);
	seal = (struct audit_seal){ .key = first, .first_seq = seq };
	ck_assert_int_eq(chain_key_id(&first, seal.id), 0);
	audit_begin(fixture.audit, &seal, "there was no key");
}

static void end(void)
{
	fixture_end(&fixture);
}

static void write_records(size_t count)
{
	for (size_t i = 0; i < count; i++)
		ck_assert_int_eq(fixture_write(&fixture, "alice"), 0);
}

/* As the keeper does it: what is sealed is looked at first. */
static void seal_now(void)
{
	ck_assert(audit_head(fixture.audit, &seal));
	ck_assert_int_eq(audit_sync(fixture.audit), 0);
}

static void start_again(void)
{
	fixture_open(&fixture, 20000, 1000);
	audit_continue(fixture.audit, &seal);
	write_records(1);
}

struct findings {
	size_t count;
	enum audit_finding_kind kind;
	char text[256];
};

static void report(void *data, const struct audit_finding *finding)
{
	struct findings *findings = data;

	if (findings->count++ > 0)
		return;
	findings->kind = finding->kind;
	snprintf(findings->text, sizeof(findings->text), "%s", finding->text);
}

/* With the first key, and the head that was sealed last. */
static void verify(struct findings *ret_findings, struct audit_summary *ret_summary)
{
	struct audit_verifier *verifier;

	*ret_findings = (struct findings){ .count = 0 };
	ck_assert_int_eq(audit_verifier_new(report, ret_findings, &verifier), 0);
	ck_assert_int_eq(audit_verifier_add_key(verifier, &first, seal.first_seq), 0);
	ck_assert_int_eq(audit_verifier_add_head(verifier, seal.seq, seal.prev), 0);
	for (unsigned int number = FILES_MAX; number-- > 0;) {
		size_t size;
		char *data;

		if (!fixture_exists(&fixture, number))
			continue;
		data = fixture_read(&fixture, number, &size);
		audit_verifier_begin(verifier, fixture_path(&fixture, number));
		ck_assert_int_eq(audit_verifier_add(verifier, data, size), 0);
		ck_assert_int_eq(audit_verifier_end(verifier, number == 0), 0);
		free(data);
	}
	audit_verifier_finish(verifier, ret_summary);
	audit_verifier_free(verifier);
}

static size_t events(const char *event)
{
	char needle[64];
	size_t count = 0;

	snprintf(needle, sizeof(needle), "\"event\":\"%s\"", event);
	for (unsigned int number = 0; number < FILES_MAX; number++) {
		size_t size;
		char *data;

		if (!fixture_exists(&fixture, number))
			continue;
		data = fixture_read(&fixture, number, &size);
		for (char *at = data; (at = strstr(at, needle)) != NULL; at++)
			count++;
		free(data);
	}
	return count;
}

static void expect_no_alarm(off_t more)
{
	struct audit_summary summary;
	struct findings findings;

	ck_assert_uint_eq(events("chain_resumed"), 0);
	ck_assert_uint_eq(events("chain_mismatch"), 0);
	verify(&findings, &summary);
	ck_assert_msg(findings.count == 0, "with %jd bytes of the rest: %s", (intmax_t)more, findings.text);
	ck_assert_uint_eq(summary.heads, 1);
	ck_assert_uint_eq(summary.checked, summary.with_mac);
}

/* ---- cuts ---- */

/* Whatever of the rest the disk had: not a byte, part of a record, some records. */
START_TEST(test_power_cut)
{
	static const off_t more[] = { 0, 1, 100, 600, 1200 };

	write_records(20);
	seal_now();
	write_records(10);
	ck_assert(cut_power(more[_i]));
	start_again();
	expect_no_alarm(more[_i]);
	ck_assert_uint_eq(events("recovered"), more[_i] > 0);
	/* And it goes on from there. */
	seal_now();
	write_records(5);
	ck_assert(cut_power(0));
	start_again();
	expect_no_alarm(0);
}
END_TEST

/* What was sealed is in a file that was rotated away since, or in several. */
START_TEST(test_power_cut_after_rotations)
{
	write_records(20);
	for (int i = 0; i < 6; i++) {
		struct audit_health before, after;

		audit_health(fixture.audit, &before);
		do {
			write_records(1);
			audit_health(fixture.audit, &after);
		} while (after.rotated < before.rotated + 1 + (uint64_t)(i % 3));
		ck_assert(audit_has_rotated(fixture.audit));
		seal_now();
		ck_assert(!audit_has_rotated(fixture.audit));
		ck_assert_uint_ge(folder_syncs, (unsigned int)i + 1);
		write_records(3);
		ck_assert(cut_power(0));
		start_again();
		expect_no_alarm(0);
	}
}
END_TEST

/* What was on the disk is gone: that is no power cut. */
START_TEST(test_cut_tail_is_found)
{
	struct audit_summary summary;
	struct findings findings;
	struct stat status;

	write_records(20);
	seal_now();
	write_records(5);
	ck_assert(cut_power(0));
	ck_assert_int_eq(stat(fixture_path(&fixture, 0), &status), 0);
	/* The newline alone is no loss; one byte of the record is. */
	ck_assert_int_eq(truncate(fixture_path(&fixture, 0), status.st_size - (_i == 0 ? 2 : 1500)), 0);
	if (_i == 2) /* nobody of ours looked at it since */
		fixture_open(&fixture, 20000, 1000);
	else
		start_again();
	verify(&findings, &summary);
	ck_assert_uint_ge(findings.count, 1);
	ck_assert_uint_eq(events("chain_resumed"), _i == 2 ? 0 : 1);
}
END_TEST

/* ---- disks ---- */

START_TEST(test_nothing_new_is_not_synced)
{
	write_records(1);
	seal_now();
	disk_error = EIO; /* for whoever asks */
	ck_assert_int_eq(audit_sync(fixture.audit), 0);
	write_records(1);
	ck_assert_int_eq(audit_sync(fixture.audit), -EIO);
	ck_assert_int_eq(audit_sync(fixture.audit), -EIO);
	disk_error = EINVAL; /* cannot be asked at all */
	ck_assert_int_eq(audit_sync(fixture.audit), 0);
}
END_TEST

/* A disk that fails loses no file from sight. */
START_TEST(test_a_failure_is_made_up_for)
{
	struct audit_health health;

	seal_now();
	do {
		write_records(1);
		audit_health(fixture.audit, &health);
	} while (health.rotated < 2);
	disk_error = EIO;
	ck_assert(audit_head(fixture.audit, &seal));
	ck_assert_int_eq(audit_sync(fixture.audit), -EIO);
	disk_error = 0;
	ck_assert_int_eq(audit_sync(fixture.audit), 0);
	write_records(3);
	ck_assert(cut_power(0));
	start_again();
	expect_no_alarm(0);
}
END_TEST

START_TEST(test_a_folder_that_is_gone)
{
	write_records(1);
	ck_assert_int_eq(nftw(fixture.folder, fixture_remove, 8, FTW_DEPTH | FTW_PHYS), 0);
	ck_assert_int_eq(audit_sync(fixture.audit), 0);
}
END_TEST

static size_t count_synced(void)
{
	size_t count = 0;
	struct stat status;

	for (unsigned int number = 0; number < FILES_MAX; number++)
		count += stat(fixture_path(&fixture, number), &status) == 0 && size_on_disk(&status) == status.st_size;
	return count;
}

/* An administrator took some of the files away from us, or has put others there: ours go to the disk all the same. */
START_TEST(test_files_that_cannot_be_opened)
{
	char aside[PATH_MAX];
	struct audit_health health;

	do {
		write_records(1);
		audit_health(fixture.audit, &health);
	} while (health.rotated < 4);
	if (geteuid() == 0) { /* who is refused nothing */
		ck_assert_int_eq(chown(fixture.folder, STRANGER, STRANGER), 0);
		for (unsigned int number = 0; number <= 4; number++)
			ck_assert_int_eq(chown(fixture_path(&fixture, number), STRANGER, STRANGER), 0);
		ck_assert_int_eq(seteuid(STRANGER), 0);
	}
	ck_assert_int_eq(chmod(fixture_path(&fixture, 2), 0), 0);
	snprintf(aside, sizeof(aside), "%s/aside", fixture.folder);
	ck_assert_int_eq(rename(fixture_path(&fixture, 3), aside), 0);
	ck_assert_int_eq(symlink("aside", fixture_path(&fixture, 3)), 0);
	ck_assert_int_eq(audit_sync(fixture.audit), 0);
	ck_assert_uint_eq(count_synced(), 3); /* the one that is written, .1 and .4 */
	/* And those that follow. */
	synced_count = 0;
	do {
		write_records(1);
		audit_health(fixture.audit, &health);
	} while (!audit_has_rotated(fixture.audit));
	disk_error = EIO;
	ck_assert_int_eq(audit_sync(fixture.audit), -EIO);
	disk_error = 0;
	ck_assert_int_eq(audit_sync(fixture.audit), 0);
	ck_assert_uint_eq(count_synced(), 2);
	ck_assert_int_eq(seteuid(getuid()), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("audit-sync");
	TCase *test_case = tcase_create("sync");

	tcase_add_checked_fixture(test_case, begin, end);
	tcase_set_timeout(test_case, 120);
	tcase_add_loop_test(test_case, test_power_cut, 0, 5);
	tcase_add_test(test_case, test_power_cut_after_rotations);
	tcase_add_loop_test(test_case, test_cut_tail_is_found, 0, 3);
	tcase_add_test(test_case, test_nothing_new_is_not_synced);
	tcase_add_test(test_case, test_a_failure_is_made_up_for);
	tcase_add_test(test_case, test_a_folder_that_is_gone);
	tcase_add_test(test_case, test_files_that_cannot_be_opened);
	suite_add_tcase(suite, test_case);
	return suite_run(suite);
}
