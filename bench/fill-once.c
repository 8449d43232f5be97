/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * fill-once FOLDER PAIRS NONCES TOKENS FROM UNTIL: makes the first PAIRS of bench/pairs.h in the store in a folder,
 * made by apikeyd --init --state-dir FOLDER, with the permissions bench.pam and bench.verify; and writes straight into
 * the database so many nonces and ids of access tokens that were used, the rows that the store makes of them. They
 * belong to the pairs in turn, and expire between FROM and UNTIL seconds from now (less than 0: they have expired), the
 * first ones first, as they would have come in.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/keys.h"
#include "bench/pairs.h"
#include "common/clock.h"
#include "daemon/key_pair.h"
#include "daemon/store_connection.h"
#include "daemon/store_open.h"

#define CACHE (1536U << 10) /* KiB */

static int fail(const char *what, int error)
{
	fprintf(stderr, "fill-once: %s: %s\n", what, strerror(-error));
	return EXIT_FAILURE;
}

static int add_pair(struct store *store, const struct keyring *keyring, uint64_t number)
{
	struct store_key key = { .kind = STORE_PAIR };
	uint8_t private_key[CRYPTO_KEY_SIZE];
	char text[KEY_PAIR_TEXT_SIZE + 1], name[32];
	int r;

	pairs_make(number, key.id, private_key);
	encoding_base64_encode(private_key, sizeof(private_key), text);
	snprintf(name, sizeof(name), "pair%" PRIu64, number);
	key.state = STORE_ACTIVE;
	key.created = 1;
	key.expires = TIME_NEVER;
	key.name = name;
	key.owner = "nobody";
	key.account = STORE_DEFAULT_ACCOUNT;
	key.tenant = STORE_DEFAULT_TENANT;
	key.state_reason = key.exclusive = key.roles = key.users = key.sources = key.labels = "";
	key.created_by = "bench";
	key.permissions = "bench.pam bench.verify";
	key.secret_count = 1;
	key.secrets[0] = (struct store_secret){ .number = 1, .form = STORE_FORM_PAIR, .created = 1 };
	r = key_pair_take(keyring, key.id, text, &key.secrets[0]);
	return r < 0 ? r : store_insert_key(store, &key);
}

static int add_pairs(struct store *store, const struct keyring *keyring, uint64_t count)
{
	int r = store_write_begin(store);

	for (uint64_t i = 0; r == 0 && i < count; i++)
		r = add_pair(store, keyring, i);
	if (r == 0)
		return store_write_commit(store);
	store_write_abort(store);
	return r;
}

struct filling {
	enum store_once_kind kind;
	uint64_t pairs, count;
	int64_t from, until;
};

static int insert_rows(struct store_reader *connection, sqlite3_stmt *insert, const struct filling *filling)
{
	uint64_t state = pairs_begin();
	int r = 0;

	for (uint64_t i = 0; r == 0 && i < filling->count; i++) {
		char key[CREDENTIAL_PUBLIC_KEY_SIZE + 1], id[PAIRS_NONCE_SIZE + 1];
		uint8_t private_key[CRYPTO_KEY_SIZE];

		pairs_make(i % filling->pairs, key, private_key);
		pairs_nonce(&state, id);
		sqlite3_bind_text(insert, 1, key, -1, SQLITE_STATIC);
		sqlite3_bind_int(insert, 2, filling->kind);
		sqlite3_bind_text(insert, 3, id, -1, SQLITE_STATIC);
		sqlite3_bind_int64(insert, 4,
				   filling->from + (int64_t)((double)(filling->until - filling->from) * (double)i /
							     (double)filling->count));
		r = sql_execute(connection, insert);
	}
	return r;
}

static int fill(struct store *store, const struct filling *filling)
{
	static const char *const sql = "INSERT INTO one_time VALUES (?1, ?2, ?3, ?4)";
	struct store_reader *connection = store_writer(store);
	CLEANUP_FINALIZE sqlite3_stmt *insert = NULL;
	char tally[256];
	int r = sql_prepare(connection, &sql, &insert, 1);

	snprintf(tally, sizeof(tally),
		 "INSERT OR REPLACE INTO one_time_tally SELECT key, kind, count(*) FROM one_time WHERE kind = %d"
		 " GROUP BY key, kind",
		 filling->kind);
	if (r == 0)
		r = store_write_begin(store);
	if (r < 0)
		return r;
	r = insert_rows(connection, insert, filling);
	if (r == 0)
		r = sql_run(connection, tally);
	if (r == 0)
		return store_write_commit(store);
	store_write_abort(store);
	return r;
}

int main(int argc, char **argv)
{
	struct filling nonces = { .kind = STORE_NONCE }, tokens;
	char fault[512] = "";
	struct keyring keyring;
	struct store *store;
	int r;

	if (argc != 7) {
		fprintf(stderr, "usage: fill-once FOLDER PAIRS NONCES TOKENS FROM UNTIL\n");
		return 2;
	}
	nonces.pairs = strtoull(argv[2], NULL, 10);
	nonces.from = clock_wall_seconds() + strtoll(argv[5], NULL, 10);
	nonces.until = clock_wall_seconds() + strtoll(argv[6], NULL, 10);
	tokens = nonces;
	tokens.kind = STORE_TOKEN_ID;
	nonces.count = strtoull(argv[3], NULL, 10);
	tokens.count = strtoull(argv[4], NULL, 10);
	r = keys_open(argv[1], &store, &keyring, fault, sizeof(fault));
	if (r < 0)
		return fail(fault, r);
	r = store_set_cache(store, CACHE);
	if (r == 0)
		r = add_pairs(store, &keyring, nonces.pairs);
	if (r == 0)
		r = fill(store, &nonces);
	if (r == 0)
		r = fill(store, &tokens);
	if (r == 0)
		r = store_empty_log(store);
	store_close(store);
	return r < 0 ? fail(argv[1], r) : 0;
}
