/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * sqlite-once DATABASE PAIRS KIND COUNT GROUP: what SQLite alone does. Into a database that fill-once has filled it
 * notes COUNT more nonces (KIND 1) or ids of access tokens (KIND 2) as used: the rows that the store writes for each,
 * GROUP of them in a transaction, with the store's pragmas and SQLite's own checkpoints. Prints microseconds an id:
 * elapsed, and of processor time.
 *
 * sqlite-once DATABASE: prints how many are left there that have expired.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/measure.h"
#include "bench/pairs.h"
#include "common/clock.h"

static const char settings[] = "PRAGMA journal_mode = WAL;"
			       "PRAGMA synchronous = FULL;"
			       "PRAGMA foreign_keys = ON;"
			       "PRAGMA secure_delete = ON;"
			       "PRAGMA journal_size_limit = 20971520;"
			       "PRAGMA cell_size_check = ON;"
			       "PRAGMA mmap_size = 0;"
			       "PRAGMA temp_store = MEMORY;"
			       "PRAGMA cache_size = -2048;";

struct once {
	char key[CREDENTIAL_PUBLIC_KEY_SIZE + 1];
	char id[PAIRS_NONCE_SIZE + 1];
};

struct statements {
	sqlite3 *database;
	sqlite3_stmt *begin, *insert, *tally, *commit;
};

static void run(const struct statements *statements, sqlite3_stmt *statement)
{
	if (sqlite3_step(statement) == SQLITE_DONE && sqlite3_reset(statement) == SQLITE_OK)
		return;
	fprintf(stderr, "sqlite-once: %s\n", sqlite3_errmsg(statements->database));
	exit(EXIT_FAILURE);
}

static sqlite3_stmt *prepare(sqlite3 *database, const char *sql)
{
	sqlite3_stmt *statement;

	if (sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) == SQLITE_OK)
		return statement;
	fprintf(stderr, "sqlite-once: %s\n", sqlite3_errmsg(database));
	exit(EXIT_FAILURE);
}

static void open_database(const char *path, struct statements *statements)
{
	if (sqlite3_open_v2(path, &statements->database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
		    SQLITE_OK ||
	    sqlite3_exec(statements->database, settings, NULL, NULL, NULL) != SQLITE_OK) {
		fprintf(stderr, "sqlite-once: %s: %s\n", path, sqlite3_errmsg(statements->database));
		exit(EXIT_FAILURE);
	}
	statements->begin = prepare(statements->database, "BEGIN IMMEDIATE");
	statements->insert =
		prepare(statements->database, "INSERT INTO one_time VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING");
	statements->tally =
		prepare(statements->database, "INSERT INTO one_time_tally VALUES (?1, ?2, 1)"
					      " ON CONFLICT DO UPDATE SET live = live + 1 WHERE live < 1000000000");
	statements->commit = prepare(statements->database, "COMMIT");
}

static void note(const struct statements *statements, const struct once *once, int kind, int64_t expires)
{
	sqlite3_bind_text(statements->insert, 1, once->key, -1, SQLITE_STATIC);
	sqlite3_bind_int(statements->insert, 2, kind);
	sqlite3_bind_text(statements->insert, 3, once->id, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statements->insert, 4, expires);
	run(statements, statements->insert);
	sqlite3_bind_text(statements->tally, 1, once->key, -1, SQLITE_STATIC);
	sqlite3_bind_int(statements->tally, 2, kind);
	run(statements, statements->tally);
}

static struct once *make(size_t count, uint64_t pairs)
{
	struct once *all = calloc(count, sizeof(*all));
	uint64_t state = pairs_begin();

	for (size_t i = 0; all && i < count; i++) {
		uint8_t private_key[CRYPTO_KEY_SIZE];

		pairs_make(i % pairs, all[i].key, private_key);
		pairs_nonce(&state, all[i].id);
	}
	return all;
}

static int print_expired(const char *path)
{
	struct statements statements;
	sqlite3_stmt *count;

	open_database(path, &statements);
	count = prepare(
		statements.database,
		"SELECT count(*) FROM one_time WHERE kind IN (1, 2) AND expires <= CAST(strftime('%s') AS INTEGER)");
	if (sqlite3_step(count) != SQLITE_ROW)
		return EXIT_FAILURE;
	printf("%d\n", sqlite3_column_int(count, 0));
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct statements statements;
	size_t count = argc == 6 ? strtoul(argv[4], NULL, 10) : 0, group = argc == 6 ? strtoul(argv[5], NULL, 10) : 0;
	struct once *all = count > 0 && group > 0 ? make(count, strtoull(argv[2], NULL, 10)) : NULL;
	double wall, cpu;

	if (argc == 2)
		return print_expired(argv[1]);
	if (!all) {
		fprintf(stderr, "usage: sqlite-once DATABASE [PAIRS KIND COUNT GROUP]\n");
		return 2;
	}
	open_database(argv[1], &statements);
	wall = measure_seconds(CLOCK_MONOTONIC);
	cpu = measure_seconds(CLOCK_PROCESS_CPUTIME_ID);
	for (size_t i = 0; i < count; i++) {
		if (i % group == 0)
			run(&statements, statements.begin);
		note(&statements, &all[i], (int)strtol(argv[3], NULL, 10), clock_wall_seconds() + 600);
		if (i % group == group - 1 || i == count - 1)
			run(&statements, statements.commit);
	}
	wall = measure_seconds(CLOCK_MONOTONIC) - wall;
	cpu = measure_seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	printf("%.2f %.2f\n", wall / (double)count * 1e6, cpu / (double)count * 1e6);
	return EXIT_SUCCESS;
}
