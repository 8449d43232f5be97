/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The schema as an ordered list of steps; a database that has taken N of them is of version N. Private to the store.
 */
#ifndef APIKEYD_DAEMON_STORE_SCHEMA_H
#define APIKEYD_DAEMON_STORE_SCHEMA_H

#include <stddef.h>

#include "daemon/store_connection.h"

/* "akey": tells our databases from others (file(1) and SQLite show it). */
#define STORE_APPLICATION_ID 0x616b6579

#define STORE_PAGE_SIZE 4096

/* Steps, each the SQL that leads from the version of its index to the next. Those once released never change. */
struct store_schema {
	const char *const *steps;
	size_t count;
};

extern const struct store_schema store_schema_steps;

/* Whether a database can be used with a schema: its version, or -EIO (not ours; newer) with the connection's fault. */
int schema_version(struct store_reader *connection, const struct store_schema *schema);

/* Takes an empty file to the schema's version, in one transaction. 0 or a negative errno. */
int schema_create(struct store_reader *connection, const struct store_schema *schema);

/*
 * Takes a database of an older version to the schema's, in one transaction, after a copy of the database beside it
 * ("apikeyd.db.schema-N") is on disk. 0 or a negative errno; then the database is as it was.
 */
int schema_migrate(struct store_reader *connection, const struct store_schema *schema, int version);

#endif
