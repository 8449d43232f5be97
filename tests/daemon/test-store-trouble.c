/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Trouble at work: a full disk, a file that is moved away, a page that is damaged, a process that is killed, readers
 * that never pause. What was acknowledged is there; what failed is not; and the store goes on once it is mended.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "daemon/store_connection.h"
#include "tests/daemon/store-scratch.h"
#include "tests/suite.h"

static bool key_exists(struct store_reader *reader, unsigned int number)
{
	CLEANUP_FREE struct store_key *key = malloc(sizeof(*key));
	char id[CREDENTIAL_KEY_ID_MAX + 1];
	int r = store_find_key(reader, scratch_id(number, id), key);

	ck_assert_msg(r == 0 || r == -ENOENT, "%s: %s", strerror(-r), store_fault(reader));
	return r == 0;
}

static uint64_t key_count(struct store_reader *reader, enum store_state state)
{
	uint64_t counts[STORE_STATE_COUNT];

	ck_assert_int_eq(store_count_keys(reader, counts), 0);
	return counts[state];
}

static void assert_whole(struct scratch *scratch)
{
	char fault[2048] = "";

	ck_assert_msg(store_check(scratch->reader, fault, sizeof(fault)) == 0, "%s", fault);
}

static off_t file_size(const struct scratch *scratch, const char *name)
{
	struct stat status;

	return stat(scratch_path(scratch, name), &status) == 0 ? status.st_size : 0;
}

/* Limits the size of files, as a full disk would: what would get longer fails. 0: no limit. The file that check notes
 * its assertions in is among them, so there are to be few. */
static void limit_files(rlim_t size)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = size != 0 ? size : limit.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void assert_full(struct scratch *scratch, int result)
{
	const char *fault = store_fault(store_writer(scratch->store));

	ck_assert_int_eq(result, -ENOSPC);
	ck_assert_msg(strstr(fault, scratch->folder) != NULL && strstr(fault, "no room is left") != NULL, "%s", fault);
}

/* Inserts until the disk is full. The number of keys that were acknowledged. */
static unsigned int fill(struct scratch *scratch)
{
	unsigned int number = 0;
	int r;

	while ((r = scratch_insert_many(scratch->store, number, 5)) == 0)
		number += 5;
	assert_full(scratch, r);
	return number;
}

START_TEST(a_full_disk_loses_nothing_acknowledged)
{
	CLEANUP_SCRATCH struct scratch scratch;
	unsigned int count;
	int again = 0, r = 0;

	scratch_init(&scratch);
	scratch_open(&scratch);
	limit_files(400 * 1024);
	count = fill(&scratch);
	ck_assert_uint_gt(count, 0);
	for (int i = 0; i < 3; i++) {
		assert_full(&scratch, scratch_insert_many(scratch.store, count, 3000));
		/* Keys are still verified. */
		ck_assert_uint_eq(key_count(scratch.reader, STORE_ACTIVE), count);
		ck_assert(key_exists(scratch.reader, count - 1));
		ck_assert(!key_exists(scratch.reader, count));
	}
	/* Changes of keys need no more room than the log has already, at the second try when it has to begin anew. */
	for (unsigned int i = 0; i < 300 && r == 0; i++) {
		r = scratch_set_state(scratch.store, 0, i % 2 != 0 ? STORE_REVOKED : STORE_ACTIVE);
		if (r == -ENOSPC) {
			again++;
			r = scratch_set_state(scratch.store, 0, i % 2 != 0 ? STORE_REVOKED : STORE_ACTIVE);
		}
	}
	ck_assert_int_eq(r, 0);
	ck_assert_int_gt(again, 0);
	ck_assert_uint_eq(key_count(scratch.reader, STORE_REVOKED), 1);
	/* Healed by itself. */
	limit_files(0);
	ck_assert_int_eq(scratch_insert(scratch.store, count), 0);
	ck_assert(key_exists(scratch.reader, count));
	assert_whole(&scratch);
	scratch_close(&scratch);
	scratch_open(&scratch);
	ck_assert_uint_eq(key_count(scratch.reader, STORE_ACTIVE), count);
	assert_whole(&scratch);
}
END_TEST

/* The same where blocks run out. */
START_TEST(a_full_file_system_loses_nothing_acknowledged)
{
	CLEANUP_SCRATCH struct scratch scratch;
	unsigned int count;

	scratch_init(&scratch);
	if (!scratch_mount(&scratch, 1 << 20)) {
		fprintf(stderr, "skipped: no file system can be mounted here\n");
		return;
	}
	scratch_open(&scratch);
	count = fill(&scratch);
	assert_full(&scratch, scratch_insert_many(scratch.store, count, 2000));
	ck_assert_uint_eq(key_count(scratch.reader, STORE_ACTIVE), count);
	ck_assert(!key_exists(scratch.reader, count));
	ck_assert(scratch_remount(&scratch, 4 << 20, false));
	ck_assert_int_eq(scratch_insert(scratch.store, count), 0);
	assert_whole(&scratch);
	scratch_close(&scratch);
	scratch_open(&scratch);
	ck_assert_uint_eq(key_count(scratch.reader, STORE_ACTIVE), count + 1);
	scratch_close(&scratch);
	ck_assert_int_eq(umount(scratch.folder), 0);
}
END_TEST

/* A group whose transaction was undone half-way: the rest of it is not written one by one. */
START_TEST(a_lost_transaction_stays_lost)
{
	CLEANUP_SCRATCH struct scratch scratch;
	CLEANUP_FREE struct store_key *key = malloc(sizeof(*key));
	struct store *store;
	unsigned int number = 1;
	uint64_t rev = 99;
	int r = 0;

	scratch_init(&scratch);
	scratch_open(&scratch);
	store = scratch.store;
	ck_assert_int_eq(scratch_insert(store, 0), 0);
	limit_files(400 * 1024);
	ck_assert_int_eq(store_write_begin(store), 0);
	/* More than the cache holds, so that it is written before the commit. */
	for (; r == 0 && number < 100000; number++) {
		scratch_key(key, number);
		r = store_savepoint(store);
		if (r == 0)
			r = store_insert_key(store, key);
		if (r == 0)
			r = store_savepoint_release(store);
	}
	assert_full(&scratch, r);
	store_savepoint_rollback(store);
	/* The disk has room again, but the first part of the group is gone. */
	limit_files(0);
	ck_assert_int_eq(store_savepoint(store), -ENOSPC);
	ck_assert_int_eq(store_insert_key(store, key), -ENOSPC);
	ck_assert_int_eq(store_update_key(store, key), -ENOSPC);
	ck_assert_int_eq(store_delete_key(store, "k00000000000"), -ENOSPC);
	ck_assert_int_eq(store_log_change(store, 1790000000, "{}", &rev), -ENOSPC);
	ck_assert_int_eq(store_save_number(store, "audited_rev", 1), -ENOSPC);
	ck_assert_int_eq(store_savepoint_release(store), -ENOSPC);
	ck_assert_int_eq(store_write_commit(store), -ENOSPC);
	ck_assert_uint_eq(key_count(scratch.reader, STORE_ACTIVE), 1);
	ck_assert_int_eq(store_rev(scratch.reader, &rev), 0);
	ck_assert_uint_eq(rev, 0);
	ck_assert_int_eq(scratch_insert(store, number), 0);
	ck_assert_uint_eq(key_count(scratch.reader, STORE_ACTIVE), 2);
	assert_whole(&scratch);
}
END_TEST

START_TEST(a_file_that_was_moved_is_not_written)
{
	CLEANUP_SCRATCH struct scratch scratch;
	const char *fault;

	scratch_init(&scratch);
	scratch_open(&scratch);
	ck_assert_int_eq(scratch_insert(scratch.store, 0), 0);
	ck_assert_int_eq(rename(scratch_path(&scratch, STORE_FILE), scratch_path(&scratch, "moved.db")), 0);
	ck_assert_int_eq(store_write_begin(scratch.store), -EIO);
	fault = store_fault(store_writer(scratch.store));
	ck_assert_msg(strstr(fault, "moved or removed") != NULL && strstr(fault, "put it back") != NULL, "%s", fault);
	ck_assert(key_exists(scratch.reader, 0));
	ck_assert_int_eq(rename(scratch_path(&scratch, "moved.db"), scratch_path(&scratch, STORE_FILE)), 0);
	ck_assert_int_eq(scratch_insert(scratch.store, 1), 0);
	assert_whole(&scratch);
}
END_TEST

/* Another process that holds the lock for longer than a login may wait. */
START_TEST(a_store_that_is_locked_says_so)
{
	CLEANUP_SCRATCH struct scratch scratch;
	sqlite3 *other = NULL;
	const char *fault;

	scratch_init(&scratch);
	scratch_open(&scratch);
	ck_assert_int_eq(sqlite3_open(scratch_path(&scratch, STORE_FILE), &other), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(store_write_begin(scratch.store), -EIO);
	fault = store_fault(store_writer(scratch.store));
	ck_assert_msg(strstr(fault, "locked") != NULL, "%s", fault);
	/* Readers are not kept waiting. */
	ck_assert(!key_exists(scratch.reader, 0));
	ck_assert_int_eq(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(scratch_insert(scratch.store, 0), 0);
	sqlite3_close(other);
}
END_TEST

#define DAMAGE_KEYS 2000

/* A page in the middle of the file is overwritten. Keys on it are refused, with the reason; others are found. */
START_TEST(a_damaged_page_is_told)
{
	CLEANUP_SCRATCH struct scratch scratch;
	CLEANUP_FREE struct store_key *key = malloc(sizeof(*key));
	char id[CREDENTIAL_KEY_ID_MAX + 1], garbage[4096], fault[2048] = "";
	unsigned int good = 0, bad = 0;
	int64_t page = 0;
	int fd;

	scratch_init(&scratch);
	scratch_open(&scratch);
	ck_assert_int_eq(scratch_insert_many(scratch.store, 0, DAMAGE_KEYS), 0);
	/* The page of the tree of keys that holds some key in the middle: a leaf, whatever SQLite made of it. */
	ck_assert_int_eq(sql_number(scratch.reader,
				    "SELECT pageno FROM dbstat WHERE name = 'key' AND pagetype = 'leaf'"
				    " ORDER BY path LIMIT 1 OFFSET 3",
				    &page),
			 0);
	scratch_close(&scratch);
	memset(garbage, 0xa5, sizeof(garbage));
	fd = open(scratch_path(&scratch, STORE_FILE), O_WRONLY);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, garbage, sizeof(garbage), (page - 1) * 4096), sizeof(garbage));
	close(fd);
	scratch_open(&scratch);
	for (unsigned int i = 0; i < DAMAGE_KEYS; i++) {
		int r = store_find_key(scratch.reader, scratch_id(i, id), key);

		if (r == 0) {
			ck_assert_str_eq(key->id, id);
			good++;
			continue;
		}
		ck_assert_int_eq(r, -EIO);
		ck_assert_msg(strstr(store_fault(scratch.reader), "damaged") != NULL &&
				      strstr(store_fault(scratch.reader), "restore a backup") != NULL,
			      "%s", store_fault(scratch.reader));
		bad++;
	}
	ck_assert_uint_gt(bad, 0);
	ck_assert_uint_gt(good, bad);
	ck_assert_int_eq(store_check(scratch.reader, fault, sizeof(fault)), -EIO);
	ck_assert_msg(strstr(fault, STORE_FILE) != NULL && strstr(fault, "damaged") != NULL, "%s", fault);
}
END_TEST

/* What store_check() finds that SQLite's own check does not. */
static const struct {
	const char *sql;
	const char *what;
} harms[] = {
	{ "UPDATE tally SET keys = keys + 1 WHERE state = 1", "counted wrongly" },
	{ "INSERT INTO digest VALUES (x'00', 'k99999999999')", "digests without a key" },
	{ "DELETE FROM digest", "digests are missing" },
	{ "INSERT INTO use VALUES ('k99999999999', 1, 1, 1, '', '', 1, '', '')", "uses without a key" },
	{ "INSERT INTO gone VALUES ('k00000000001')", "deleted and are there" },
	{ "UPDATE key SET tenant = 'elsewhere' WHERE id = 'k00000000001'", "without a tenant" },
	{ "UPDATE key SET account = 'elsewhere' WHERE id = 'k00000000001'", "without an account" },
	{ "UPDATE key SET secrets = x'0101' WHERE id = 'k00000000001'", "a key cannot be read" },
	{ "UPDATE meta SET number = 7 WHERE name = 'rev'", "revisions without a record" },
};

START_TEST(the_check_finds_what_does_not_fit)
{
	CLEANUP_SCRATCH struct scratch scratch;
	sqlite3 *other = NULL;
	char fault[2048] = "";

	scratch_init(&scratch);
	scratch_open(&scratch);
	ck_assert_int_eq(scratch_insert_many(scratch.store, 0, 3), 0);
	assert_whole(&scratch);
	ck_assert_int_eq(sqlite3_open(scratch_path(&scratch, STORE_FILE), &other), SQLITE_OK);
	ck_assert_msg(sqlite3_exec(other, harms[_i].sql, NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(other));
	sqlite3_close(other);
	ck_assert_int_eq(store_check(scratch.reader, fault, sizeof(fault)), -EIO);
	ck_assert_msg(strstr(fault, harms[_i].what) != NULL, "%s", fault);
	ck_assert_int_eq(store_check(scratch.reader, NULL, 0), -EIO);
}
END_TEST

/* Rows that were damaged in place are an error on every way that reads them, never a key. */
START_TEST(a_damaged_row_is_no_key)
{
	CLEANUP_SCRATCH struct scratch scratch;
	CLEANUP_FREE struct store_key *key = malloc(sizeof(*key));
	sqlite3 *other = NULL;
	struct store_use use;
	uint64_t counts[STORE_STATE_COUNT];
	const struct store_use used = { .key_id = "k00000000001", .secret = 1, .count = 1 };
	bool first;

	scratch_init(&scratch);
	scratch_open(&scratch);
	ck_assert_int_eq(scratch_insert_many(scratch.store, 0, 3), 0);
	ck_assert_int_eq(store_write_begin(scratch.store), 0);
	ck_assert_int_eq(store_add_use(scratch.store, &used, &first), 0);
	ck_assert_int_eq(store_write_commit(scratch.store), 0);
	ck_assert_int_eq(sqlite3_open(scratch_path(&scratch, STORE_FILE), &other), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(other,
				      "UPDATE key SET secrets = x'02' WHERE id = 'k00000000001';"
				      "UPDATE use SET last_source = hex(zeroblob(100));"
				      "INSERT INTO tally VALUES (9, 1)",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	sqlite3_close(other);
	ck_assert_int_eq(store_find_key(scratch.reader, "k00000000001", key), -EIO);
	ck_assert_int_eq(store_find_key_named(scratch.reader, NULL, "alice", "key-00001", key), -EIO);
	ck_assert_int_eq(store_find_use(scratch.reader, "k00000000001", 1, &use), -EIO);
	ck_assert_int_eq(store_count_keys(scratch.reader, counts), -EIO);
	ck_assert_int_eq(scratch_set_state(scratch.store, 1, STORE_REVOKED), -EIO);
	ck_assert_int_eq(store_write_begin(scratch.store), 0);
	ck_assert_int_eq(store_delete_key(scratch.store, "k00000000001"), -EIO);
	/* The others of the group go through. */
	ck_assert_int_eq(store_delete_key(scratch.store, "k00000000002"), 0);
	ck_assert_int_eq(store_write_commit(scratch.store), 0);
	ck_assert(key_exists(scratch.reader, 0));
	ck_assert(!key_exists(scratch.reader, 2));
}
END_TEST

/* Inserts numbered keys, one a transaction, and acknowledges each when the commit has returned. Until it is killed. */
static void __attribute__((noreturn)) write_until_killed(const char *folder, unsigned int number, int acknowledge)
{
	struct store *store = NULL;

	if (store_open(folder, false, &store, NULL, 0) < 0)
		_exit(1);
	for (;; number++) {
		if (scratch_insert(store, number) < 0)
			_exit(2);
		if (write(acknowledge, &number, sizeof(number)) != sizeof(number))
			_exit(3);
	}
}

static unsigned int kill_once(struct scratch *scratch, unsigned int number, unsigned int delay)
{
	struct deadline deadline = deadline_in(20000);
	int acknowledge[2], status;
	unsigned int last = number - 1, read_number;
	pid_t child;

	ck_assert_int_eq(pipe(acknowledge), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0)
		write_until_killed(scratch->folder, number, acknowledge[1]);
	close(acknowledge[1]);
	/* Some acknowledgements, then some microseconds into whatever it does next. */
	for (unsigned int i = 0; i <= delay % 7; i++) {
		struct pollfd poller = { .fd = acknowledge[0], .events = POLLIN };

		ck_assert_int_eq(poll(&poller, 1, deadline_left(deadline)), 1);
		ck_assert_int_eq(read(acknowledge[0], &last, sizeof(last)), sizeof(last));
	}
	for (int64_t until = clock_monotonic() + delay * INT64_C(1000); clock_monotonic() < until;)
		;
	ck_assert_int_eq(kill(child, SIGKILL), 0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "the writer ended by itself: %x",
		      (unsigned int)status);
	while (read(acknowledge[0], &read_number, sizeof(read_number)) == sizeof(read_number))
		last = read_number;
	close(acknowledge[0]);
	return last;
}

START_TEST(what_was_acknowledged_survives_a_kill)
{
	CLEANUP_SCRATCH struct scratch scratch;
	unsigned int next = 0, random = 20261121;

	scratch_init(&scratch);
	scratch_open(&scratch);
	scratch_close(&scratch);
	for (int round = 0; round < 20; round++) {
		unsigned int last;

		random = random * 1103515245 + 12345;
		last = kill_once(&scratch, next, random >> 16 & 0x7ff);
		scratch_open(&scratch);
		for (unsigned int i = next; i <= last; i++)
			ck_assert_msg(key_exists(scratch.reader, i), "key %u was acknowledged and is gone", i);
		/* One more at most: committed, and killed before it could say so. */
		next = last + 1;
		if (key_exists(scratch.reader, next))
			next++;
		ck_assert_uint_eq(key_count(scratch.reader, STORE_ACTIVE), next);
		assert_whole(&scratch);
		scratch_close(&scratch);
	}
}
END_TEST

struct crowd {
	struct store *store;
	atomic_bool stop;
	atomic_int ready;
};

/* Reads without a pause. */
static void *read_always(void *data)
{
	struct crowd *crowd = data;
	struct store_reader *reader = NULL;
	struct store_key *key = malloc(sizeof(*key));

	if (store_reader_open(crowd->store, &reader) < 0)
		abort();
	atomic_fetch_add(&crowd->ready, 1);
	while (!atomic_load(&crowd->stop)) {
		if (store_read_begin(reader) < 0)
			abort();
		for (int i = 0; i < 64; i++) {
			if (store_find_key(reader, "k00000000001", key) < 0)
				abort();
		}
		store_read_end(reader);
	}
	store_reader_close(reader);
	free(key);
	return NULL;
}

#define LOG_MAX (24 << 20)

/* How long the log gets while two threads do nothing but read, and much more than it may hold is written. */
static off_t longest_log_under_readers(void)
{
	CLEANUP_SCRATCH struct scratch scratch;
	struct crowd crowd = { .stop = false };
	pthread_t threads[2];
	off_t longest = 0, written = 0;

	scratch_init(&scratch);
	scratch_open(&scratch);
	crowd.store = scratch.store;
	ck_assert_int_eq(scratch_insert_many(scratch.store, 0, 2), 0);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, read_always, &crowd), 0);
	while (atomic_load(&crowd.ready) < (int)ARRAY_SIZE(threads))
		sched_yield();
	/* Much more than the log may hold. */
	for (unsigned int i = 0; i < 40; i++) {
		int before = scratch.store->log_pages;

		ck_assert_int_eq(scratch_insert_many(scratch.store, 100 + i * 500, 500), 0);
		written += scratch.store->log_pages - (scratch.store->log_pages > before ? before : 0);
		if (file_size(&scratch, STORE_FILE "-wal") > longest)
			longest = file_size(&scratch, STORE_FILE "-wal");
	}
	atomic_store(&crowd.stop, true);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	ck_assert_msg(written * 4096 > LOG_MAX, "only %lld pages were written", (long long)written);
	assert_whole(&scratch);
	return longest;
}

/* The writer waits for readers so long and no longer: on a machine with other things to do one may stand still all that
 * time, which is not every time. */
START_TEST(the_log_stays_short_under_constant_readers)
{
	off_t longest = LOG_MAX;

	for (int attempt = 0; attempt < 3 && longest >= LOG_MAX; attempt++)
		longest = longest_log_under_readers();
	ck_assert_msg(longest < LOG_MAX, "the log got %lld bytes long", (long long)longest);
}
END_TEST

/* A reader that never ends holds what it sees, and nobody up for long; when it ends, the log gets short again. */
START_TEST(a_reader_that_stays_stops_nobody)
{
	CLEANUP_SCRATCH struct scratch scratch;
	unsigned int number = 1;
	int64_t slowest = 0;

	scratch_init(&scratch);
	scratch_open(&scratch);
	ck_assert_int_eq(scratch_insert(scratch.store, 0), 0);
	ck_assert_int_eq(store_read_begin(scratch.reader), 0);
	ck_assert(key_exists(scratch.reader, 0));
	while (file_size(&scratch, STORE_FILE "-wal") < 2 * LOG_MAX) {
		int64_t before = clock_monotonic(), taken;

		ck_assert_int_eq(store_write_begin(scratch.store), 0);
		taken = clock_monotonic() - before;
		store_write_abort(scratch.store);
		slowest = taken > slowest ? taken : slowest;
		ck_assert_int_eq(scratch_insert_many(scratch.store, number, 1000), 0);
		number += 1000;
	}
	ck_assert_msg(slowest < INT64_C(3000000000), "beginning took %lld ns", (long long)slowest);
	ck_assert_uint_eq(key_count(scratch.reader, STORE_ACTIVE), 1);
	store_read_end(scratch.reader);
	ck_assert_uint_eq(key_count(scratch.reader, STORE_ACTIVE), number);
	for (unsigned int i = 0; i < 6; i++, number += 1000)
		ck_assert_int_eq(scratch_insert_many(scratch.store, number, 1000), 0);
	ck_assert_int_lt(file_size(&scratch, STORE_FILE "-wal"), LOG_MAX);
	assert_whole(&scratch);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store-trouble");
	TCase *trouble = tcase_create("trouble");

	tcase_set_timeout(trouble, 180);
	tcase_add_test(trouble, a_full_disk_loses_nothing_acknowledged);
	tcase_add_test(trouble, a_full_file_system_loses_nothing_acknowledged);
	tcase_add_test(trouble, a_lost_transaction_stays_lost);
	tcase_add_test(trouble, a_file_that_was_moved_is_not_written);
	tcase_add_test(trouble, a_store_that_is_locked_says_so);
	tcase_add_test(trouble, a_damaged_page_is_told);
	tcase_add_loop_test(trouble, the_check_finds_what_does_not_fit, 0, ARRAY_SIZE(harms));
	tcase_add_test(trouble, a_damaged_row_is_no_key);
	tcase_add_test(trouble, what_was_acknowledged_survives_a_kill);
	tcase_add_test(trouble, the_log_stays_short_under_constant_readers);
	tcase_add_test(trouble, a_reader_that_stays_stops_nobody);
	suite_add_tcase(suite, trouble);
	return suite_run(suite);
}
