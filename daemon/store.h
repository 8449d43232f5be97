/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The key store, in the words of the domain: no SQL above this line. The store_*.c beside it are the implementation for
 * one host, in SQLite.
 *
 * Threads: a struct store_reader belongs to one thread; a store has one writer, used by one thread (daemon/writer.c).
 * Readers see what was committed when they began. Functions return 0 or a negative errno: -ENOENT (no such thing),
 * -EEXIST (name or id taken), -EIO (the store failed: store_fault() says how), -ENOSPC (full disk), -EROFS. What fails
 * changes nothing of the savepoint it is in.
 */
#ifndef APIKEYD_DAEMON_STORE_H
#define APIKEYD_DAEMON_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/credential.h"
#include "proto/wire.h"

#define STORE_DIGEST_SIZE 32 /* HMAC-SHA-256 */
#define STORE_SEALED_SIZE 60 /* a private key of 32 bytes, its nonce and its tag */
#define STORE_SECRETS_MAX 5  /* one current, four retiring */
#define STORE_FILE "apikeyd.db"
#define STORE_DEFAULT_SCOPE "default" /* an account and a tenant in it */
#define STORE_DEFAULT_TENANT STORE_DEFAULT_SCOPE
#define STORE_DEFAULT_ACCOUNT STORE_DEFAULT_SCOPE
#define STORE_SCOPE_ID_MAX 36 /* of an account or a tenant: a UUID, or "default" */

enum store_kind {
	STORE_OPAQUE = 1,
	STORE_PAIR = 2,
};

enum store_state {
	STORE_ACTIVE = 1,
	STORE_INACTIVE = 2,
	STORE_SUSPENDED = 3,
	STORE_REVOKED = 4,
	STORE_STATE_COUNT,
};

/* How a secret's digest is computed from its text. */
enum store_form {
	STORE_FORM_TOKEN = 1, /* HMAC(pepper, text) */
	/* The same, of a secret that was ended before its date: refused whatever the clock says, for one that is set
	 * back must not bring it back. Kept so that a login with it can be told from a guess. */
	STORE_FORM_ENDED = 2,
	/* HMAC(pepper, private key) of a pair, and the private key itself, sealed: the verifier must know it. */
	STORE_FORM_PAIR = 3,
	/* HMAC(pepper, SHA-256(text)) of a text that was made elsewhere. */
	STORE_FORM_IMPORTED = 4,
};

enum store_secret_flag {
	STORE_SECRET_BY_HOLDER = 1 << 0,  /* made for who showed the one before, and perhaps never seen by anybody */
	STORE_SECRET_TAKEN_BACK = 1 << 1, /* its rotation was taken back, or it was replaced before anybody used it */
	STORE_SECRET_FLAGS = (1 << 2) - 1,
};

struct store_secret {
	uint32_t number; /* 1, 2, … */
	uint8_t form;    /* enum store_form */
	uint32_t pepper; /* version of the pepper */
	int64_t created;
	int64_t retires; /* from then on it is refused; 0: current */
	/* Seconds: it ends so long after a secret that was made later is first used, or at retires if that comes
	 * before. 0: it does not wait for that. */
	uint32_t after_use;
	uint8_t flags; /* enum store_secret_flag */
	uint8_t digest[STORE_DIGEST_SIZE];
	uint8_t sealed[STORE_SEALED_SIZE]; /* STORE_FORM_PAIR */
};

/* Room for all texts of a key with their NULs. */
#define STORE_KEY_TEXT_SIZE                                                                                            \
	(5 * (WIRE_LIST_TEXT_MAX + 1) + 4 * (WIRE_USER_MAX + 1) + 4 * (WIRE_REASON_MAX + 1) + WIRE_SERVICE_MAX + 1)

/* In the place of a service: a key that is bound to the first service that uses it, and was not used yet. */
#define STORE_UNBOUND "*"

/*
 * A key as it is stored, in one row. Texts point into text[] or to what the caller gave, never NULL; "" is absent.
 * Lists are one text: permissions, roles and sources separated by one space, users and labels by one newline. Big: keep
 * it on the stack of one function or in a thread's own memory, and do not copy it (its texts would point into the
 * original).
 */
struct store_key {
	char id[CREDENTIAL_KEY_ID_MAX + 1]; /* a pair's is its public key */
	enum store_kind kind;
	enum store_state state;
	bool test;
	bool client_side; /* pages in browsers may use it */
	bool owner_uid_known;
	bool ending; /* its tenant or account was deleted: it does not count any more, and is about to be removed */
	uint32_t owner_uid;
	int64_t created, not_before, expires; /* TIME_NEVER */
	int64_t state_since;                  /* when it got the state it has; 0: it always had it, or nobody knows */
	const char *name, *owner, *account, *tenant; /* tenant "": an account key */
	const char *state_reason, *created_by;
	const char *permissions, *roles, *sources; /* separated by ' ' */
	const char *users, *labels;                /* separated by '\n' */
	const char *exclusive;                     /* the one service it is for; STORE_UNBOUND; "": any */
	uint32_t max_uses;                         /* 0: as often as one likes */
	size_t secret_count;
	struct store_secret secrets[STORE_SECRETS_MAX]; /* oldest first */
	char text[STORE_KEY_TEXT_SIZE];
};

/* A role that somebody made; daemon/role.h has those that are built in. */
struct store_role {
	char name[WIRE_ROLE_NAME_MAX + 1];
	char permissions[WIRE_ROLE_TEXT_MAX + 1]; /* separated by ' ' */
	char created_by[WIRE_USER_MAX + 1];
	int64_t created;
};

/* The use of one secret, or what is to be added to it. A time of 0: never. */
struct store_use {
	char key_id[CREDENTIAL_KEY_ID_MAX + 1];
	uint32_t secret;
	uint64_t count;
	int64_t first_time, last_time;
	char first_service[WIRE_SERVICE_MAX + 1], last_service[WIRE_SERVICE_MAX + 1];
	char first_source[WIRE_NETWORK_MAX + 1], last_source[WIRE_NETWORK_MAX + 1];
};

struct store;
struct store_reader;

/*
 * Opens the database in a folder (an open descriptor's path is not needed: folder is a path the process can reach),
 * migrating it when it is older, after a copy beside it ("apikeyd.db.schema-N"). create: make it when it is missing;
 * else -ENOENT. *ret_fault (may be NULL) gets a sentence for a person that names what is wrong, on failure only:
 * missing, corrupt, newer than this binary, no permission, full.
 */
int store_open(const char *folder, bool create, struct store **ret_store, char *ret_fault, size_t fault_size);

/* Closes; all readers are closed before. Accepts NULL. */
void store_close(struct store *store);

/* The schema version of this binary. */
unsigned int store_schema(void);

/* ---- reading ---- */

/*
 * The last failure of this reader (of the writer: of store_writer()) in a sentence for a person that names the file and
 * the mend; "" when nothing failed yet. Lives until the reader's next call.
 */
const char *store_fault(const struct store_reader *reader);

int store_reader_open(struct store *store, struct store_reader **ret_reader);
void store_reader_close(struct store_reader *reader);

/* Begins and ends a read transaction: all reads between see one state, begun after the call. End never fails. */
int store_read_begin(struct store_reader *reader);
void store_read_end(struct store_reader *reader);

/* One lookup of one row; a key whose tenant or account was deleted is not found. ret_key is filled. 0, -ENOENT, -EIO.
 */
int store_find_key(struct store_reader *reader, const char *id, struct store_key *ret_key);
/* The same; where the key holds roles, it was read in a read transaction that is open then, so that they are read in
 * the same one: the caller ends it, by store_read_end(), in either case. */
int store_find_key_and_stay(struct store_reader *reader, const char *id, struct store_key *ret_key);
/* Begins a read transaction where none is open. 1: it was begun, and what was read before has to be read again; 0; or a
 * negative errno. */
int store_read_stay(struct store_reader *reader);
/* For who refuses a credential, after its key was looked for: reads what would have been read, had it not been found,
 * or had it been; so that the time it takes does not tell. */
void store_even_out(struct store_reader *reader, bool found);

/* The key that has a secret with this digest; there is one at most. 0, -ENOENT, -EIO. */
int store_find_digest(struct store_reader *reader, const uint8_t digest[STORE_DIGEST_SIZE],
		      char ret_id[CREDENTIAL_KEY_ID_MAX + 1]);

/* Where a list goes on: behind this key. Empty texts: from the start. */
struct store_position {
	char owner[WIRE_USER_MAX + 1];
	char name[WIRE_NAME_MAX + 1];
	char account[STORE_SCOPE_ID_MAX + 1];
	char tenant[STORE_SCOPE_ID_MAX + 1]; /* "": an account key */
};

/* Return true to go on, false to stop. The key lives until it returns. */
typedef bool (*store_key_visitor)(void *data, const struct store_key *key);

/* Which keys; NULL: any. How long it takes to walk those of a uid, an account, or a tenant with its account, does not
 * tell of the keys of others. */
struct store_filter {
	const char *owner;
	const char *name;    /* with owner only */
	const char *account; /* an id */
	const char *tenant;  /* an id; "": account keys */
	const uint32_t *owner_uid;
};

/*
 * Visits keys in the order of owner, name, account and tenant, those of one account in the order of tenant, owner and
 * name; after a position (NULL: from the start; with a name it is not looked at); filter NULL: all. Those that are
 * ending are among them. The visitor may look up other keys with the same reader, but not list.
 */
int store_list_keys(struct store_reader *reader, const struct store_filter *filter, const struct store_position *after,
		    store_key_visitor visitor, void *data);

/* The first key of an owner and name among those of a scope (NULL: of all), whose owner and name are not looked at. 0,
 * -ENOENT, or -ENOTUNIQ where there is another one. */
int store_find_key_named(struct store_reader *reader, const struct store_filter *scope, const char *owner,
			 const char *name, struct store_key *ret_key);

/* How often a secret was used; all 0 when never. */
int store_find_use(struct store_reader *reader, const char *key_id, uint32_t secret, struct store_use *ret_use);

/* Number of keys by state, without a scan. */
int store_count_keys(struct store_reader *reader, uint64_t ret_counts[STORE_STATE_COUNT]);

/* Roles: daemon/store_role.c. 0, -ENOENT, -EIO. */
int store_find_role(struct store_reader *reader, const char *name, struct store_role *ret_role);
/* Return true to go on, false to stop. */
typedef bool (*store_role_visitor)(void *data, const struct store_role *role);
/* Visits roles by name, behind a name ("": from the start). The visitor may look up roles and keys. */
int store_list_roles(struct store_reader *reader, const char *after, store_role_visitor visitor, void *data);
int store_count_roles(struct store_reader *reader, uint64_t *ret_count);
/* How many keys hold a role, built in or not, without a scan; revoked ones are not counted. */
int store_count_role_keys(struct store_reader *reader, const char *name, uint64_t *ret_count);
/* 0: a role of that name was deleted, and none was made since; -ENOENT. */
int store_find_role_gone(struct store_reader *reader, const char *name);

/* The revision: how many transactions have changed configuration, keys, states or bindings. */
int store_rev(struct store_reader *reader, uint64_t *ret_rev);

/* An entry of the change log: the audit record of an administrative change (one JSON object, without seq). */
typedef bool (*store_change_visitor)(void *data, uint64_t rev, const char *record);
int store_list_changes(struct store_reader *reader, uint64_t after_rev, store_change_visitor visitor, void *data);

/* The first entry that is left: its rev and time. -ENOENT. */
int store_oldest_change(struct store_reader *reader, uint64_t *ret_rev, int64_t *ret_time);

/* Sealed keys by purpose ("pepper", "data", "audit", …) and version: the newest. size in: room, out: bytes. -ENOENT,
 * -EMSGSIZE. */
int store_load_sealed(struct store_reader *reader, const char *purpose, uint32_t *ret_version, void *ret_blob,
		      size_t *size);

/* All of them, the newest version and wrap of a purpose first. Nothing is written to them meanwhile. */
typedef bool (*store_sealed_visitor)(void *data, const char *purpose, uint32_t version, uint32_t wrap, const void *blob,
				     size_t size);
int store_list_sealed(struct store_reader *reader, store_sealed_visitor visitor, void *data);

/* The least and the greatest wrap there is; 0 where there is none. */
int store_wraps(struct store_reader *reader, uint32_t *ret_oldest, uint32_t *ret_newest);

/* A small number kept under a name ("audited_rev", "purged_epoch", …); 0 when it was never set. */
int store_load_number(struct store_reader *reader, const char *name, uint64_t *ret_number);

/* ---- what may be used once ---- */

enum store_once_kind {
	STORE_ONCE_NONE = 0,
	STORE_NONCE = 1,    /* of an HMAC token */
	STORE_TOKEN_ID = 2, /* of an access token */
};

#define STORE_NONCE_KEPT 600 /* seconds a nonce is kept after its epoch: the token is stale long before */

/* Numbers: the greatest moment of those that were forgotten, of each kind. What is at or below it is refused, so that a
 * clock that is set back revives nothing. */
#define STORE_PURGED_EPOCH "purged_epoch"
#define STORE_PURGED_EXP "purged_exp"

struct store_once {
	const char *key; /* its id */
	enum store_once_kind kind;
	const char *id; /* the nonce, the token's id; needs no NUL */
	size_t id_size;
	int64_t moment; /* whole seconds: a nonce's epoch; when an access token ends */
	uint64_t cap;   /* of ids of this kind that the key may have at a time */
};

/* Whether it could be consumed now: 0; -EEXIST: it was; -ESTALE: as old as one that was forgotten; -EDQUOT: the key has
 * as many as it may have. */
int store_find_once(struct store_reader *reader, const struct store_once *once);

/* How many ids of a key are kept, of all kinds, without a scan. */
int store_count_once(struct store_reader *reader, const char *key, uint64_t *ret_count);

/* The greatest moment that is kept of a kind; 0 when none is. */
int store_once_last(struct store_reader *reader, enum store_once_kind kind, int64_t *ret_moment);

/* When the first of those that are kept can be forgotten. -ENOENT when none is kept. */
int store_once_oldest(struct store_reader *reader, int64_t *ret_expires);

/* Reads every page and checks it against the others. 0, or -EIO and a sentence. Slow. */
int store_check(struct store_reader *reader, char *ret_fault, size_t fault_size);

/* ---- writing: one thread ---- */

/*
 * The reader that sees what the open transaction has written. Belongs to the writer; never closed, and
 * store_read_begin() is not for it while a write transaction is open.
 */
struct store_reader *store_writer(struct store *store);

/* -EIO also when the file was moved or removed: what is written then would be lost. */
int store_write_begin(struct store *store);
/* What was acknowledged after this returned 0 is on disk. On failure everything since begin is undone. */
int store_write_commit(struct store *store);
void store_write_abort(struct store *store);
/* One request inside the transaction: rolled back alone when it is refused. */
int store_savepoint(struct store *store);
int store_savepoint_release(struct store *store);
void store_savepoint_rollback(struct store *store);

/* -EEXIST: the owner has a key of that name, or the id is or was taken, or a digest is. -ENOENT: no such account or
 * tenant. -EINVAL: a key that could not be read again (no owner or name, texts longer than text[], numbers of secrets
 * that do not ascend). */
int store_insert_key(struct store *store, const struct store_key *key);

/* The same for a key with one secret, without a savepoint of its own, which costs more than the key does. Where it
 * fails with anything but -EEXIST the caller undoes all of its request. */
int store_insert_new_key(struct store *store, const struct store_key *key);

/* Tells that very many changes come, one upon the other: the writer then keeps more pages in memory, and copies the log
 * back less often, until store_end_bulk() was called twice without this in between. Inside of a transaction, or
 * outside. 0 or a negative errno. */
int store_begin_bulk(struct store *store);
void store_end_bulk(struct store *store);

/* Whether an open transaction has changed about as many pages as are kept in memory, so that it should be committed. */
bool store_bulk_is_full(struct store *store);

/* Replaces the row of key->id; uses of secrets that it has no more are removed. -ENOENT; -EEXIST for a name or digest
 * taken; -EINVAL as above. */
int store_update_key(struct store *store, const struct store_key *key);
/* Removes the key, its digests, its uses and what it has used once, and remembers the id. -ENOENT. */
int store_delete_key(struct store *store, const char *id);
/* -EEXIST; -EINVAL for a role without a name. */
int store_insert_role(struct store *store, const struct store_role *role);
/* Replaces its permissions. -ENOENT. */
int store_update_role(struct store *store, const struct store_role *role);
/* Removes it, whoever holds it, and remembers its name. -ENOENT. */
int store_delete_role(struct store *store, const char *name);
/* rev + 1, once for each transaction's change, and what changed under it. */
int store_log_change(struct store *store, int64_t time, const char *record, uint64_t *ret_rev);
/* Removes entries of the change log from the oldest on, up to a rev and as far as they are older than a time, but looks
 * at STORE_PRUNE_STEP of them and no more. One that is younger keeps those behind it; the last one stays. */
#define STORE_PRUNE_STEP 256
int store_prune_changes(struct store *store, uint64_t until_rev, int64_t before);
/* Adds to a count, and what the last use was, without a rev; one of a key that is gone is dropped. Many cost least
 * sorted by key. A failure may leave a part of it: the caller aborts the transaction. *ret_first: it is the first one
 * of its secret. */
int store_add_use(struct store *store, const struct store_use *use, bool *ret_first);
/* Replaces the blob of that purpose, version and wrap (1, 2, …: whose master key it is sealed under). */
int store_save_sealed(struct store *store, const char *purpose, uint32_t version, uint32_t wrap, const void *blob,
		      size_t size);
/* Removes all sealed keys of that wrap, and their bytes from the page. */
int store_drop_wrap(struct store *store, uint32_t wrap);
/* Copies the log back and empties it, so that what was removed is not left in it. -EAGAIN: a reader is in the way; no
 * write transaction is open. */
int store_empty_log(struct store *store);
/* -EINVAL for "rev", which store_log_change() alone moves. */
int store_save_number(struct store *store, const char *name, uint64_t number);

/* ---- what may be used once, noted ---- */

/* Notes it as used, in one step with saying whether it was new: 0, or as store_find_once(). */
int store_consume_once(struct store *store, const struct store_once *once);
/* Forgets the oldest that have expired, nonces before ids of access tokens, so many at most. *ret_count: how many there
 * were. */
int store_purge_once(struct store *store, int64_t now, size_t most, size_t *ret_count);

/* ---- the way back: daemon/store_copy.c ---- */

/* Where the store before the last restore is kept, in the state folder. */
#define STORE_KEPT STORE_FILE ".before-restore"

/* A number that a copy gets beside those it has (store_save_number()). */
struct store_number {
	const char *name;
	uint64_t number;
};

/*
 * Copies what a reader sees into a file of its own, which is made (0600) and must not be there yet: one state, without
 * holding up the writer. It is on disk when this returns 0; on failure there is no file, and a sentence.
 */
int store_copy(struct store_reader *reader, const char *path, const struct store_number *numbers, size_t count,
	       char *ret_fault, size_t fault_size);

/*
 * Whether a file that somebody brought can be opened as a store: a database of ours whose schema is, word for word, one
 * that this binary or one before it makes, and whose pages fit together. It is opened for reading alone. 0, or -EIO and
 * a sentence.
 */
int store_examine(const char *path, char *ret_fault, size_t fault_size);

/*
 * Makes the store hold what the source's reader sees, instead of all that it held, in one transaction: after a crash it
 * is the one or the other. No write transaction is open. 0 or a negative errno and the writer's store_fault().
 */
int store_replace(struct store *store, struct store_reader *source);

/* The same where the store in the folder cannot be opened: puts the file at path, which nobody has open, in its place,
 * and keeps the old one. store_open() finishes or undoes what a crash has left half done. 0, or a negative errno and a
 * sentence. */
int store_install(const char *folder, const char *path, char *ret_fault, size_t fault_size);

/* Undoes a store_install() that a crash has cut short. For store_open(). */
void store_install_undo(const char *folder);

/* Ids of deleted keys. */
typedef bool (*store_id_visitor)(void *data, const char *id);
int store_list_gone(struct store_reader *reader, store_id_visitor visitor, void *data);
/* Names of deleted roles. */
int store_list_roles_gone(struct store_reader *reader, store_id_visitor visitor, void *data);
int store_keep_role_gone(struct store *store, const char *name);
/* 0: the id belongs to a deleted key; -ENOENT: it does not. */
int store_find_gone(struct store_reader *reader, const char *id);
/* Inside a write transaction: the id is never used again; the revision is at least so high; a record of another store's
 * change log, unless that revision has one. */
int store_keep_gone(struct store *store, const char *id);
int store_raise_rev(struct store *store, uint64_t rev);
int store_keep_change(struct store *store, uint64_t rev, int64_t time, const char *record);

#endif
