/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * libapikey: ask apikeyd whether a credential is good, and administer keys. No cryptography happens here.
 *
 * Conventions. Functions return 0 on success, a negative errno when something did not work, and, where it says so, a
 * positive enum apikey_answer when the daemon said no. ret_ outputs are set only on success. Structs the caller fills
 * begin with size, which is set to sizeof of the struct (so that later versions may append members); members left 0 or
 * NULL mean "not said". Structs the library hands out are read-only, belong to the caller, are freed by the function
 * named there, and may grow at their end. All texts are NUL-terminated. Times are seconds since 1970 UTC unless it is
 * said; APIKEY_NEVER stands for "no end". Lists of texts end in NULL.
 *
 * A handle is used by one thread at a time; different handles are independent. The library keeps no global state,
 * starts no thread, sets no signal handler and never raises SIGPIPE. Handles are not inherited over exec.
 */
#ifndef APIKEY_H
#define APIKEY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What is declared here is what the shared library exports. */
#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif

#define APIKEY_NEVER INT64_MAX

/* ---- verdicts ---- */

enum apikey_verdict {
	APIKEY_DENIED = 0,
	APIKEY_GRANTED = 1,
	APIKEY_FORBIDDEN = 2,  /* a good credential without the permission */
	APIKEY_THROTTLED = 3,  /* denied, and too often */
	APIKEY_UNAVAILABLE = 4 /* nobody could decide: treat as a refusal */
};

/* "granted", "denied", … Static; never NULL. */
const char *apikey_verdict_name(enum apikey_verdict verdict);

/* ---- where the daemon is ---- */

struct apikey_options {
	size_t size;
	/* The runtime folder (default /run/apikeyd), or one socket. A path given here may belong to the caller's own
	 * uid instead of root, unless the process is setuid. */
	const char *path;
	/* Milliseconds for a whole call, connecting included; 0: 3000. Bounds every blocking call of the handle. */
	unsigned int timeout;
};

/* ---- verification ---- */

struct apikey_request {
	size_t size;
	const char *credential; /* required; at most 2,048 bytes */
	const char *service; /* required: the service that asks; a caller that is not root may name what [peers] lists
				for it */
	const char *permission; /* required: a query, "mail.imap" or "(a.read OR a.write) AND b.use" */
	const char *user;       /* whom the credential should log in; NULL, not "": whomever the key belongs to */
	const char *tenant;     /* NULL, not "": "default"; "*": whichever the key is of */
	const char *rhost;      /* the remote address */
	const char *tty;
	const char *ruser;
	int wants_ticket; /* 1: the session that follows is to be registered; for apikey_verify() as root */
};

#define APIKEY_NOTICES_MAX 4

struct apikey_result {
	enum apikey_verdict verdict;
	const char *reason; /* "bad_secret", …; "" where it is not the caller's to know */
	/* the rest is "" or 0 unless the verdict is APIKEY_GRANTED */
	const char *key_id;
	const char *key_name;
	const char *owner;
	const char *tenant;
	const char *permissions; /* what the key may do, by its roles too, separated by single spaces */
	const char *handle;      /* for apikey_account(), good for 60 s */
	int64_t expires;         /* of the key; APIKEY_NEVER */
	const char *ticket;      /* where it was asked for: a secret, good once and for 60 s */
	/* What its user should know of the key, such as that it has a new secret and this one ends: sentences for a
	 * person, then NULL. */
	const char *notices[APIKEY_NOTICES_MAX + 1];
};

/* Wipes and frees. Accepts NULL. */
void apikey_result_free(struct apikey_result *result);

/*
 * Asks once, on a connection of its own: login.sock for a caller whose effective uid is 0, else verify.sock. Blocks
 * until the answer or the deadline. The answer must echo the request's user, service and id; anything else, silence
 * included, is APIKEY_UNAVAILABLE with the reason daemon_unreachable, deadline or untrusted_server, never a grant. 0
 * and *ret_result; -EINVAL for a request without credential, service or permission or with a text over its limit;
 * -ENOMEM. options may be NULL.
 */
int apikey_verify(const struct apikey_options *options, const struct apikey_request *request,
		  struct apikey_result **ret_result);

/*
 * Asks again by the handle of a granted result, as PAM's account phase does: request->credential is the handle; user,
 * service and rhost are those of the first request. Judges the key's state, dates and source and the permission anew;
 * consumes nothing. Returns as apikey_verify().
 */
int apikey_account(const struct apikey_options *options, const struct apikey_request *request,
		   struct apikey_result **ret_result);

/* ---- a persistent connection with many requests in flight ---- */

struct apikey_client;

/*
 * Called from apikey_client_process() or _wait() with the answer to one request; result lives until the callback
 * returns and must not be freed. Every submitted request gets exactly one call: when the connection ends, those left
 * get APIKEY_UNAVAILABLE. The callback may submit; it may not free the client.
 */
typedef void (*apikey_callback)(void *data, const struct apikey_result *result);

/* Connects and announces a persistent client. 0; -ECONNREFUSED, -ETIMEDOUT, -EPERM (the server is not to be trusted),
 * -ENOMEM … */
int apikey_client_open(const struct apikey_options *options, struct apikey_client **ret_client);

/* Ends the connection, calling back for what is left, and frees. Accepts NULL. */
void apikey_client_free(struct apikey_client *client);

/* The descriptor to watch in an event loop; it stays the client's. */
int apikey_client_fd(const struct apikey_client *client);

/* What to watch it for: POLLIN, with POLLOUT while requests wait to be sent. */
short apikey_client_events(const struct apikey_client *client);

/* How many submitted requests have not been called back. */
size_t apikey_client_pending(const struct apikey_client *client);

/* Queues a request and sends what the socket takes without blocking. 0; -EINVAL, -ENOMEM, -ENOTCONN (the connection has
 * ended), -EAGAIN (1,024 in flight). Texts are copied. */
int apikey_client_submit(struct apikey_client *client, const struct apikey_request *request, apikey_callback callback,
			 void *data);

/* hold: 1, requests are not sent one by one from now on, but together by apikey_client_process() or _wait(), which
 * saves system calls where many come at a time. 0: at once again, as it is in the beginning. */
void apikey_client_hold(struct apikey_client *client, int hold);

/* Sends and receives what is possible without blocking, and calls back. 0, or a negative errno when the connection has
 * ended (everything left has been called back). */
int apikey_client_process(struct apikey_client *client);

/* Processes until nothing is pending or timeout milliseconds have passed. 0, -ETIMEDOUT, or as apikey_client_process().
 */
int apikey_client_wait(struct apikey_client *client, unsigned int timeout);

/* ---- administration, over admin.sock ---- */

/* The daemon said no. */
enum apikey_answer {
	APIKEY_OK = 0,
	APIKEY_UNKNOWN_REQUEST = 1,
	APIKEY_INVALID = 2,
	APIKEY_NOT_FOUND = 3,
	APIKEY_EXISTS = 4,
	APIKEY_NOT_PERMITTED = 5,
	APIKEY_BAD_CREDENTIAL = 6,
	APIKEY_WRONG_STATE = 7,
	APIKEY_STORE_FAILED = 8,
	APIKEY_DAEMON_UNAVAILABLE = 9,
	APIKEY_BUSY = 10
};

/* "not_found", … Static; never NULL. */
const char *apikey_answer_name(enum apikey_answer answer);

struct apikey_admin;

/* Connects. Returns as apikey_client_open(). */
int apikey_admin_open(const struct apikey_options *options, struct apikey_admin **ret_admin);
void apikey_admin_free(struct apikey_admin *admin);

/*
 * The credential that all later calls act with, instead of the caller's uid; copied, wiped by apikey_admin_free().
 * NULL: the uid again. 0, -EINVAL, -ENOMEM.
 */
int apikey_admin_set_credential(struct apikey_admin *admin, const char *credential);

/* The connection's descriptor, which stays the handle's: what can be read from it between two calls is its end. -1: it
 * has ended, and no call will work any more. */
int apikey_admin_fd(const struct apikey_admin *admin);

/* After a call that returned a positive answer: one sentence for a person that names what is wrong. Lives until the
 * next call. Never NULL. */
const char *apikey_admin_message(const struct apikey_admin *admin);

/* The same where a credential was refused and the caller is a gateway, which may know why: the reason, "" where there
 * is none, static; and its verdict (may be NULL), which is set where there is one. */
const char *apikey_admin_reason(const struct apikey_admin *admin, enum apikey_verdict *ret_verdict);

/* In the place of a service: the first one that uses the key is the one it is for from then on. */
#define APIKEY_UNBOUND "*"

struct apikey_use {
	int64_t time; /* 0: never used */
	const char *service;
	const char *source; /* an address, "local" or "uid:N" */
};

struct apikey_secret {
	uint32_t number;
	int64_t created;
	int64_t retires; /* 0: the current one; else when it is, or was, refused from */
	uint64_t use_count;
	struct apikey_use first_use, last_use;
	/* Seconds: it ends so long after a later one is first used, which none was so far, and at retires at the
	 * latest. 0: at retires. */
	uint64_t retires_after_first_use;
};

struct apikey_key {
	const char *id;   /* of a pair, its public key */
	const char *kind; /* "opaque", "pair" */
	const char *name;
	const char *owner;
	const char *account;
	const char *tenant;
	const char *state;        /* "active", "inactive", "suspended", "revoked" */
	const char *state_reason; /* "" where nobody gave one */
	int64_t owner_uid;        /* -1: the owner is no local user */
	int64_t created;
	const char *created_by;
	int64_t not_before; /* 0: from the start */
	int64_t expires;
	const char *const *permissions;
	const char *const *roles;
	const char *const *users;
	const char *const *sources;
	const char *const *labels;           /* "name=value" */
	const struct apikey_secret *secrets; /* oldest first; the current one never retires */
	size_t secret_count;
	const char *secret; /* the credential, from apikey_key_create() and apikey_key_rotate() only; else "" */
	/* The same of a pair: standard base64 of 32 bytes; "" also where it was given to apikey_key_create(). */
	const char *private_key;
	int test; /* 1: a test key */
	/* What it may do: its own permissions, and those its roles have now. */
	const char *const *effective_permissions;
	const char *const *due; /* what has to be done about it soon, or already, for a person; NULL at the end */
	int repeated;           /* 1, of apikey_key_create(): it was made before, by the same call */
	/* Of a key that was just switched off, revoked or deleted: what became of the sessions it had opened. */
	int sessions_asked; /* 1: they were to end */
	uint64_t sessions_ended;
	uint64_t sessions_loose;    /* of these, such as left processes behind, which go on */
	const char *sessions_fault; /* why there may be others; "": there are none */
	const char *exclusive;      /* the one service it is for; APIKEY_UNBOUND; "": any */
	uint64_t max_uses;          /* 0: as often as one likes */
	uint64_t counted_uses;      /* where there is a limit: uses that count against it */
	int64_t state_since;        /* when it got the state it has; 0: it always had it */
	int client_side;            /* 1: pages in browsers may use it */
};

/* Wipes and frees. Accepts NULL. */
void apikey_key_free(struct apikey_key *key);

struct apikey_key_options {
	size_t size;
	const char *name;  /* required */
	const char *owner; /* NULL: the caller */
	const char *const *permissions;
	const char *const *users;
	const char *const *sources;
	const char *const *labels;
	int64_t not_before;
	int64_t expires;  /* 0: the default lifetime; APIKEY_NEVER */
	const char *kind; /* "opaque" or "pair"; NULL: opaque */
	/* A pair that was made elsewhere, for administrators: both or none. 8-4-4-4-12 hexadecimal digits in lower
	 * case; standard base64 of 32 bytes. */
	const char *public_key;
	const char *private_key;
	int test; /* 1: a test key, which holds permissions below "test." only; in apikey_key_create() */
	const char *const *roles;
	/* Whose it is to be, by id or name. Neither: the tenant "default", or that of the key that acts; with a role
	 * for keys of an account, that account itself. account alone: a key of the account itself. Not looked at by
	 * apikey_key_update(). */
	const char *account;
	const char *tenant;
	/* The one service it is to be for, as PAM or a gateway calls it; APIKEY_UNBOUND: the first that uses it; NULL:
	 * any. */
	const char *exclusive;
	uint64_t max_uses; /* how often it may be used, all in all; 0: as often as one likes */
	/* In apikey_key_create(): 1 to 128 visible ASCII characters. The same call with the same text makes no second
	 * key: see there. NULL: none. */
	const char *idempotency_key;
	int client_side; /* 1: pages in browsers may use it, through a gateway */
};

/* Makes a key; *ret_key carries its secret, of a pair its private key, which cannot be had again. 0, negative errno, or
 * positive enum apikey_answer.
 *
 * Repeated within a day with the same idempotency_key and options, by the same caller, it gives the key that it has
 * made before, and repeated is 1. Before the first use that has another secret, and the one before is worth nothing any
 * more; after that it has none. Other options with the same text are APIKEY_EXISTS. */
int apikey_key_create(struct apikey_admin *admin, const struct apikey_key_options *options,
		      struct apikey_key **ret_key);

/* key is an id or OWNER/NAME. 0, negative errno, or positive enum apikey_answer, here and in all calls below. */
int apikey_key_show(struct apikey_admin *admin, const char *key, struct apikey_key **ret_key);

/* What apikey_key_update() replaces; the rest stays. */
enum apikey_change {
	APIKEY_CHANGE_NAME = 1 << 0,
	APIKEY_CHANGE_PERMISSIONS = 1 << 1,
	APIKEY_CHANGE_USERS = 1 << 2,
	APIKEY_CHANGE_SOURCES = 1 << 3,
	APIKEY_CHANGE_LABELS = 1 << 4,
	APIKEY_CHANGE_NOT_BEFORE = 1 << 5,
	APIKEY_CHANGE_EXPIRES = 1 << 6,
	APIKEY_CHANGE_ROLES = 1 << 7,
	APIKEY_CHANGE_EXCLUSIVE = 1 << 8,
	APIKEY_CHANGE_MAX_USES = 1 << 9,
	APIKEY_CHANGE_CLIENT_SIDE = 1 << 10
};

/* Replaces what changes (a sum of enum apikey_change) marks by what options says. Its owner, kind and pair are not
 * looked at. */
int apikey_key_update(struct apikey_admin *admin, const char *key, unsigned int changes,
		      const struct apikey_key_options *options, struct apikey_key **ret_key);

/* Changes of state. why may be NULL. True when they return: no request received by the daemon after that succeeds with
 * a key that was switched off. */
int apikey_key_activate(struct apikey_admin *admin, const char *key, const char *why, struct apikey_key **ret_key);
int apikey_key_deactivate(struct apikey_admin *admin, const char *key, const char *why, struct apikey_key **ret_key);
int apikey_key_revoke(struct apikey_admin *admin, const char *key, const char *why, struct apikey_key **ret_key);
/* *ret_key is the key as it was. */
int apikey_key_delete(struct apikey_admin *admin, const char *key, const char *why, struct apikey_key **ret_key);

enum apikey_end { APIKEY_END_DEACTIVATE = 1, APIKEY_END_REVOKE = 2, APIKEY_END_DELETE = 3 };

struct apikey_end_options {
	size_t size;
	const char *why; /* kept in the audit; NULL */
	int sessions;    /* 1: those that the key has opened end with it, -1: they go on, 0: as the policy says */
};

/*
 * The last three of these with more to say. Once it returns 0 the key is ended; what became of its sessions is said in
 * *ret_key. options may be NULL.
 */
int apikey_key_end(struct apikey_admin *admin, const char *key, enum apikey_end end,
		   const struct apikey_end_options *options, struct apikey_key **ret_key);

struct apikey_rotate_options {
	size_t size;
	uint64_t overlap;  /* seconds the secret before stays good; 0: as the daemon is configured */
	int now;           /* 1: it is refused when the call returns; then overlap is 0 */
	uint32_t expected; /* the number of the secret that was seen to be current; 0: whichever is */
	/* Instead of overlap: seconds that the secret before stays good from the first use of the new one on; for 365
	 * days at most where that does not come. */
	uint64_t overlap_after_first_use;
	int cancel; /* 1: takes the last rotation back; then all but expected is 0 */
};

/*
 * Gives the key a new current secret, which *ret_key carries and which cannot be had again; the id stays. The secret
 * before stays good for the overlap. With cancel there is no new secret: the current one is refused when the call
 * returns, and the one before is current again; where that is not good any more, APIKEY_WRONG_STATE. Of two calls with
 * the same expected number one gets APIKEY_WRONG_STATE. options may be NULL.
 */
int apikey_key_rotate(struct apikey_admin *admin, const char *key, const struct apikey_rotate_options *options,
		      struct apikey_key **ret_key);

/* Ends the secret of that number, which is not the current one, or with 0 all but the current one: when it returns,
 * they are refused. why may be NULL. */
int apikey_key_retire(struct apikey_admin *admin, const char *key, uint32_t secret, const char *why,
		      struct apikey_key **ret_key);

#define APIKEY_SHA256_SIZE 32

/* A key whose secret was made elsewhere. */
struct apikey_import_key {
	size_t size;
	const char *name, *owner; /* required, both */
	/* One of the two: any text of 16 to 512 bytes that does not have the form of a credential of apikeyd; or its
	 * SHA-256, APIKEY_SHA256_SIZE bytes. */
	const char *secret;
	const unsigned char *sha256;
	const char *const *permissions;
	const char *const *roles;
	const char *const *users;
	const char *const *sources;
	const char *const *labels;
	int64_t not_before;
	int64_t expires;              /* 0: the default lifetime; APIKEY_NEVER */
	const char *account, *tenant; /* as for apikey_key_create() */
};

enum apikey_import_outcome {
	APIKEY_IMPORT_CREATED = 1,
	APIKEY_IMPORT_UNCHANGED = 2, /* there is a key of that name, owner, tenant and secret already */
	APIKEY_IMPORT_REFUSED = 3
};

struct apikey_import_result {
	enum apikey_import_outcome outcome;
	const char *id; /* of the key; "" where it was refused, and in a dry run */
	/* where it was refused: why, for a person */
	enum apikey_answer answer;
	const char *message;
};

struct apikey_import {
	size_t count; /* of the first keys, 1 or more */
	const struct apikey_import_result *results;
};

void apikey_import_free(struct apikey_import *import);

enum apikey_import_flag { APIKEY_IMPORT_DRY_RUN = 1 << 0 };

/*
 * Makes keys of secrets that were made elsewhere, for administrators: as many of the first of them as one request and
 * its answer hold, each with a result of its own; call it again with the rest. Once it has returned 0 they are on disk.
 * To do it again changes nothing. flags: a sum of enum apikey_import_flag; in a dry run keys are held against those of
 * the same call, and not against those of calls before it. 0, a negative errno (-EINVAL: a text of the first key has
 * more than 2048 bytes, or a list of it more than 64 texts), or positive enum apikey_answer.
 */
int apikey_key_import(struct apikey_admin *admin, const struct apikey_import_key *const *keys, size_t count,
		      unsigned int flags, struct apikey_import **ret_import);

/*
 * The same in two steps, so that many requests are on their way together, which is several times as fast. Sends what
 * the first of the keys need, and says how many that are; they need not outlive the call. -EAGAIN: nothing was sent,
 * first receive an answer. Answers come in the order of the requests, and a request that is answered in part is to be
 * sent again with the rest. Until all answers are received other calls with this handle answer -EBUSY. Where an answer
 * does not come, or is no, it is not known what became of the requests behind it.
 */
int apikey_key_import_send(struct apikey_admin *admin, const struct apikey_import_key *const *keys, size_t count,
			   unsigned int flags, size_t *ret_count);

/* Waits for the answer to the oldest request. -ENOMSG: there is none; else as apikey_key_import(). */
int apikey_key_import_receive(struct apikey_admin *admin, struct apikey_import **ret_import);

struct apikey_key_list {
	size_t count;
	const struct apikey_key *const *keys;
	const char *cursor; /* give it to the next call; "" on the last page */
};

void apikey_key_list_free(struct apikey_key_list *list);

/* Which keys are listed: those of which all that is said holds. NULL and 0: not said. */
struct apikey_key_filter {
	size_t size;
	const char *owner;
	const char *state;
	const char *permission;    /* a grant or a query that their grants reach */
	const char *const *labels; /* "name", whatever its value, or "name=value" */
	int64_t unused_since;      /* neither used nor made since */
	int64_t expires_before;    /* expired ones too */
	int64_t due_before;        /* not revoked, and the key, or a secret that is retiring, ends before */
	const char *role;          /* that they hold */
	const char *account;       /* only this account's and its tenants' */
	const char *tenant;        /* only this tenant's */
	int due; /* 1: something has to be done about it within warn_before of its policies, or already */
};

/*
 * A page of the keys the caller may see, sorted by owner and name. filter and cursor may be NULL; limit 0: as many as
 * fit in one answer. The daemon looks at a bounded number of keys a call: a page may be short, or empty, and have a
 * cursor all the same.
 */
int apikey_key_list(struct apikey_admin *admin, const struct apikey_key_filter *filter, const char *cursor,
		    unsigned int limit, struct apikey_key_list **ret_list);

/* ---- roles: sets of permissions with a name ---- */

struct apikey_role {
	const char *name;
	const char *const *permissions;
	int built_in;           /* 1: it cannot be changed */
	int account;            /* 1: for keys of an account alone */
	int64_t created;        /* 0 where it is built in */
	const char *created_by; /* "" where it is built in, or not the caller's to know */
	int64_t keys;           /* that hold it, revoked ones left out; -1: not the caller's to know */
};

void apikey_role_free(struct apikey_role *role);

/* Makes a role. permissions may be NULL: none. */
int apikey_role_create(struct apikey_admin *admin, const char *name, const char *const *permissions,
		       struct apikey_role **ret_role);
int apikey_role_show(struct apikey_admin *admin, const char *name, struct apikey_role **ret_role);
/* Replaces all permissions of a role. True when it returns: what is asked after that is judged by them. */
int apikey_role_update(struct apikey_admin *admin, const char *name, const char *const *permissions,
		       struct apikey_role **ret_role);
/* *ret_role is the role as it was. APIKEY_WRONG_STATE while keys hold it. */
int apikey_role_delete(struct apikey_admin *admin, const char *name, struct apikey_role **ret_role);

struct apikey_role_list {
	size_t count;
	const struct apikey_role *const *roles;
	const char *cursor; /* give it to the next call; "" on the last page */
};

void apikey_role_list_free(struct apikey_role_list *list);

/* A page of the roles the caller may see, sorted by name. cursor may be NULL. */
int apikey_role_list(struct apikey_admin *admin, const char *cursor, struct apikey_role_list **ret_list);

/* ---- the audit: what was asked of the daemon, and what it did ---- */

/* Which records: of each list that says something, one text has to fit. NULL and 0: not said. */
struct apikey_audit_filter {
	size_t size;
	const char *const *keys; /* ids, or OWNER/NAME */
	const char *const *owners;
	const char *const *users;
	const char *const *services;
	const char *const *verdicts; /* "granted", "denied", … */
	const char *const *reasons;  /* "bad_secret", … */
	const char *const *events;   /* "verify", "key_revoke", … */
	const char *const *sources; /* an address, a network, a host's name; "local"; "uid:N" of who asked the daemon */
	const char *const *actors;  /* "uid:0", "key:ID" */
	int64_t since, until;       /* microseconds since 1970 UTC; both included */
	int reverse;                /* 1: the newest first */
	const char
		*tenant; /* what is about keys that this tenant has now: an id, a name, or "account/name"; NULL: any */
};

/* A text that the record does not have is "". Texts may hold any character but NUL, those that steer a terminal too. */
struct apikey_audit_record {
	const char *json; /* the record on one line; for administrators as it is in the file */
	int damaged;      /* 1: what stands there is no record; json shows some of it, and the rest says nothing */
	uint64_t seq;     /* 0 where the caller is no administrator */
	int64_t time;     /* microseconds since 1970 UTC */
	const char *event, *verdict, *reason;
	const char *key_id, *key_name, *owner;
	const char *user, *service, *tty, *rhost, *permission, *detail;
	const char *bound_to; /* of misuse: the service that the key is for */
	const char *misuse;   /* how a key was used that should not be used so, for a person */
	const char *actor;
	const char *changes; /* JSON */
	int64_t peer_uid;    /* -1: it has none */
	int test;            /* 1: of a test key */
	uint64_t count;      /* how many alike it stands for, 1 or more */
};

struct apikey_audit_page {
	size_t count;
	const struct apikey_audit_record *const *records;
	const char *cursor; /* give it to the next call */
	const char *start;  /* where the page began: as a cursor it goes on from there, in either direction */
	int end;            /* 1: there is nothing more now */
	int lost;           /* 1: records behind the cursor that was given are gone: files were removed */
	int64_t oldest;     /* time of the first record of all; 0: there is none */
};

void apikey_audit_page_free(struct apikey_audit_page *page);

/*
 * A page of the records the caller may see, from the oldest or the newest on. filter and cursor may be NULL; limit 0:
 * as many as fit in one answer. Each call is a bounded step: a page may be short, or empty, before the end. At the end,
 * the cursor of the last page goes on with what comes later. A cursor outlives the connection and the daemon.
 */
int apikey_audit_read(struct apikey_admin *admin, const struct apikey_audit_filter *filter, const char *cursor,
		      unsigned int limit, struct apikey_audit_page **ret_page);

/* Verifications in a time and by a service. */
struct apikey_audit_count {
	int64_t time; /* the first second, UTC */
	const char *service;
	uint64_t granted, refused;
};

struct apikey_audit_counts {
	size_t count;
	const struct apikey_audit_count *const *counts; /* in no order */
	const char *cursor;
	int end;        /* 1: there is nothing more now */
	int64_t oldest; /* time of the first record of all, in microseconds; 0: there is none */
};

void apikey_audit_counts_free(struct apikey_audit_counts *counts);

/*
 * Counts the verifications among the records that fit, by service and so many seconds (bucket; 0: 900). In steps, as
 * above: what is counted in different pages is added up by the caller.
 */
int apikey_audit_count(struct apikey_admin *admin, const struct apikey_audit_filter *filter, unsigned int bucket,
		       const char *cursor, struct apikey_audit_counts **ret_counts);

/* ---- the chain of the audit; apikeyd-audit(5) says how each value is made ---- */

#define APIKEY_AUDIT_PLACES_MAX 512

/* Where a record is in the chain. */
struct apikey_audit_place {
	uint64_t seq;
	unsigned char prev[32];
	unsigned char digest[32]; /* the SHA-256 of its text */
	unsigned char mac[32];
};

struct apikey_audit_head {
	const char *chain;          /* its id; "": the daemon has no key now */
	uint64_t seq;               /* of the last record */
	const char *head;           /* the prev that the next record will have, in hex */
	uint64_t from;              /* the running key reaches back to this record */
	uint64_t checked;           /* so many of the places could be checked */
	const unsigned char *wrong; /* a bit for each, the first in the lowest of the first byte: its MAC is wrong */
	size_t wrong_size;          /* bytes */
};

void apikey_audit_head_free(struct apikey_audit_head *head);

/* Where the chain ends, and whether the records at places carry the MAC of the running key, which stays with the
 * daemon; for administrators. count: at most APIKEY_AUDIT_PLACES_MAX, and 0 to ask for the head alone. */
int apikey_audit_check(struct apikey_admin *admin, const struct apikey_audit_place *places, size_t count,
		       struct apikey_audit_head **ret_head);

struct apikey_audit_key {
	const char *text; /* for apikeyctl audit verify --key-file; wiped when it is freed */
};

void apikey_audit_key_free(struct apikey_audit_key *key);

/* The first key of the chain, for root, once: it is erased at the daemon. anew: of a new chain, which begins now. */
int apikey_audit_take_key(struct apikey_admin *admin, int anew, struct apikey_audit_key **ret_key);

/* ---- accounts and tenants ---- */

/* Keys are counted up to this. */
#define APIKEY_COUNTED_MOST 1000

struct apikey_account_info {
	const char *id;
	const char *name;
	int64_t created; /* 0: from the first start */
	const char *created_by;
	uint64_t tenants; /* these two are 0 in lists */
	uint64_t keys;
};

struct apikey_tenant_info {
	const char *id;
	const char *name;
	const char *account; /* its id */
	const char *account_name;
	int64_t created;
	const char *created_by;
	uint64_t keys;               /* 0 in lists */
	unsigned int token_lifetime; /* of an access token, seconds */
	int token_reuse;             /* 1: access tokens are good until they end, and not once */
	/* "max_lifetime=90d", NULL at the end; empty in lists: what it has of its own, and all that holds for its keys
	 */
	const char *const *policies, *const *policies_in_force;
};

/* Accept NULL. */
void apikey_account_info_free(struct apikey_account_info *account);
void apikey_tenant_info_free(struct apikey_tenant_info *tenant);

/* Makes an account; for administrators. */
int apikey_account_create(struct apikey_admin *admin, const char *name, struct apikey_account_info **ret_account);

/* account is an id or a name. */
int apikey_account_show(struct apikey_admin *admin, const char *account, struct apikey_account_info **ret_account);

struct apikey_scope_delete_options {
	size_t size;
	const char *why; /* kept in the audit; NULL */
	int with_keys;   /* 1: keys go with it; else it is refused where there are any */
};

/* Deletes an account with its tenants; *ret_account is as it was. When it returns, none of its keys is let in any more.
 * options may be NULL. */
int apikey_account_delete(struct apikey_admin *admin, const char *account,
			  const struct apikey_scope_delete_options *options, struct apikey_account_info **ret_account);

struct apikey_account_list {
	const struct apikey_account_info *accounts; /* by name */
	size_t count;
	const char *cursor; /* "" on the last page */
};

void apikey_account_list_free(struct apikey_account_list *list);

/* cursor: NULL, or that of the page before, which may have been short; limit 0: as many as fit. */
int apikey_account_list(struct apikey_admin *admin, const char *cursor, unsigned int limit,
			struct apikey_account_list **ret_list);

struct apikey_tenant_options {
	size_t size;
	const char *name; /* of apikey_tenant_update(): its new name; NULL: as it is */
	unsigned int
		token_lifetime; /* of its keys' access tokens, seconds, up to a day; 0: as it is, of a new one 1800 */
	int token_reuse;        /* 1: they are good until they end, -1: once; 0: as it is, of a new one once */
	/* "max_lifetime=90d", NULL at the end: policies of its own, which administrators set; "max_lifetime=" takes one
	 * back. NULL: as they are. */
	const char *const *policies;
};

/*
 * A tenant is named by its id, as ACCOUNT/NAME, or by its name within account, which may be NULL: that of the key that
 * acts, else "default". options may be NULL.
 */
int apikey_tenant_create(struct apikey_admin *admin, const char *account, const char *name,
			 const struct apikey_tenant_options *options, struct apikey_tenant_info **ret_tenant);
int apikey_tenant_show(struct apikey_admin *admin, const char *account, const char *tenant,
		       struct apikey_tenant_info **ret_tenant);
/* Changes what the options say. With another name the id stays, and so do the keys. */
int apikey_tenant_update(struct apikey_admin *admin, const char *account, const char *tenant,
			 const struct apikey_tenant_options *options, struct apikey_tenant_info **ret_tenant);
/* As apikey_account_delete(). */
int apikey_tenant_delete(struct apikey_admin *admin, const char *account, const char *tenant,
			 const struct apikey_scope_delete_options *options, struct apikey_tenant_info **ret_tenant);

struct apikey_tenant_list {
	const struct apikey_tenant_info *tenants; /* by account and name */
	size_t count;
	const char *cursor;
};

void apikey_tenant_list_free(struct apikey_tenant_list *list);

/* account NULL: of all that the caller reaches. */
int apikey_tenant_list(struct apikey_admin *admin, const char *account, const char *cursor, unsigned int limit,
		       struct apikey_tenant_list **ret_list);

/* ---- sessions that keys have opened, where the service has them registered ---- */

struct apikey_session {
	uint64_t number;
	const char *key_id, *key_name, *owner;
	const char *user;   /* as whom the key let in */
	const char *tenant; /* its id; "": of an account key */
	const char *service;
	const char *tty;    /* "" */
	const char *source; /* an address, a name, "local" */
	int64_t since;
	int64_t leader; /* process id */
	int ending;     /* 1: it was told to end and has not done so yet */
	int whole;      /* from apikey_session_end(): 1: all of it ends; 0: processes that left their leader go on */
};

/* Accepts NULL. */
void apikey_session_free(struct apikey_session *session);

struct apikey_session_list {
	const struct apikey_session *sessions; /* by number */
	size_t count;
	uint64_t after; /* give it to the next call; 0 on the last page */
};

void apikey_session_list_free(struct apikey_session_list *list);

/* Which are listed: those of which all that is said holds. */
struct apikey_session_filter {
	size_t size;
	const char *key; /* an id, or OWNER/NAME */
	const char *user;
};

/* A page of the sessions of the keys that the caller may see; it may be short, or empty, and go on. filter may be NULL;
 * after 0: from the start. */
int apikey_session_list(struct apikey_admin *admin, const struct apikey_session_filter *filter, uint64_t after,
			struct apikey_session_list **ret_list);

/* Ends one: when it returns 0, its leader was told to. why may be NULL. */
int apikey_session_end(struct apikey_admin *admin, uint64_t number, const char *why,
		       struct apikey_session **ret_session);

/*
 * ---- sign-ins: what a gateway acts with for whom it serves ----
 *
 * A gateway ([gateway] users in apikeyd.conf(5)) shows the daemon what its client showed, once, and gets a credential
 * for the requests that follow. Each of these is judged anew: a key that is ended or narrowed bites at once. The daemon
 * keeps a digest of it, in memory: a restart ends all sign-ins, as does a lockdown.
 */

#define APIKEY_SIGNED_BODY_MAX 49152

struct apikey_signin_options {
	size_t size;
	const char *credential; /* required: a key, an HMAC token, an access token, or the code of a link */
	/* What the request says it is for, an id or a name: refused, before anything is used up, when it is not the
	 * key's own; for the key of an account, its account and one of its tenants. */
	const char *account, *tenant;
	const char *source;    /* the client's address: networks of keys and throttling go by it */
	const char *agent;     /* what the client calls itself, for the list; cut */
	unsigned int lifetime; /* seconds at most; 0: as the settings say for the portal */
	int portal;            /* 1: somebody's browser: listed, and ends when it is silent; 0: for one request */
	/* What came with an HMAC token, which has to be signed for it: APIKEY_SIGNED_BODY_MAX bytes at most. */
	const void *body;
	size_t body_size;
	int page; /* 1: the client is a page in a browser: only keys that are for that get in */
};

struct apikey_signin {
	const char *credential; /* a secret, for apikey_admin_set_credential(); "" but from apikey_signin() */
	const char *id;
	const char *kind;                   /* "user", "administrator", "key" */
	const char *key_id, *key_name;      /* "" unless it is a key */
	const char *owner;                  /* the key's; else the user */
	const char *account, *account_name; /* of a key; the name is "" in lists */
	const char *tenant, *tenant_name;   /* "" for the key of an account; the same */
	const char *permissions, *roles;    /* separated by spaces; "" in lists, and for administrators */
	const char *source, *agent;         /* "" */
	int64_t created, used, expires;
	int own; /* 1: the one that asks */
};

/* Accepts NULL. */
void apikey_signin_free(struct apikey_signin *signin);

/* For gateways alone, without a credential set. A refusal is APIKEY_BAD_CREDENTIAL, and apikey_admin_reason() says why;
 * what is good once is used up also where the key is refused after that. */
int apikey_signin(struct apikey_admin *admin, const struct apikey_signin_options *options,
		  struct apikey_signin **ret_signin);

/* That of the credential that is set. */
int apikey_signin_show(struct apikey_admin *admin, struct apikey_signin **ret_signin);

struct apikey_signin_list {
	const struct apikey_signin *signins; /* what was used last first */
	size_t count;
	size_t total; /* there may be more than fit */
};

void apikey_signin_list_free(struct apikey_signin_list *list);

/* Those of the portal: a user's, and with the keys of that user; a key's; for administrators all. */
int apikey_signin_list(struct apikey_admin *admin, struct apikey_signin_list **ret_list);

/* Ends one of these, id NULL: the one that is set as the credential. As it was; why may be NULL. */
int apikey_signin_end(struct apikey_admin *admin, const char *id, const char *why, struct apikey_signin **ret_signin);

struct apikey_link {
	const char *code; /* a secret: good for one sign-in, for a few minutes */
	const char *url;  /* of the portal, with the code in it */
	int64_t expires;
};

void apikey_link_free(struct apikey_link *link);

/* A link by which whose uid the caller has signs in as such a user, or, administer 1, as an administrator. Not for
 * gateways, and not with a credential. */
int apikey_link_create(struct apikey_admin *admin, int administer, struct apikey_link **ret_link);

/* ---- access tokens: each stands for a key, for a short while ---- */

struct apikey_token {
	const char *token;
	const char *id;                        /* its own: no secret */
	const char *key_id, *account, *tenant; /* tenant "": of an account key */
	int64_t expires;
	int reuse; /* 1: good until then, and not once */
};

void apikey_token_free(struct apikey_token *token);

/* Gets one with a proof: an HMAC token, which is used up, or an opaque key. */
int apikey_token_issue(struct apikey_admin *admin, const char *proof, struct apikey_token **ret_token);

struct apikey_token_client {
	size_t size;
	const char *source; /* its address, which may be NULL: networks of keys and throttling go by it */
	/* What came with an HMAC token, for which it has to be signed: APIKEY_SIGNED_BODY_MAX bytes at most. */
	const void *body;
	size_t body_size;
	int page; /* 1: it is a page in a browser: only keys that are for that get a token */
};

/* The same by a gateway, for a client of its own. A refusal is APIKEY_BAD_CREDENTIAL, and apikey_admin_reason() says
 * why. client may be NULL. */
int apikey_token_issue_from(struct apikey_admin *admin, const char *proof, const struct apikey_token_client *client,
			    struct apikey_token **ret_token);

/* Texts are "" and times 0 where they are not the caller's to know. */
struct apikey_token_state {
	enum apikey_verdict verdict; /* whether it would be taken now */
	const char *reason, *reason_sentence;
	const char *id, *key_id, *account, *tenant;
	int64_t issued, expires;
	int reuse;
};

void apikey_token_state_free(struct apikey_token_state *state);

/* Uses nothing up. */
int apikey_token_inspect(struct apikey_admin *admin, const char *token, struct apikey_token_state **ret_state);
/* True when it returns: what is asked after that is refused. why may be NULL. */
int apikey_token_revoke(struct apikey_admin *admin, const char *token, const char *why,
			struct apikey_token_state **ret_state);

struct apikey_introspection {
	int active; /* all else only where it is 1 */
	const char *key_id, *owner, *account;
	const char *tenant;      /* "" for a key of an account */
	const char *permissions; /* separated by spaces */
	const char *token_id;    /* of an access token; "" for a key */
	int64_t issued, not_before, expires;
};

void apikey_introspection_free(struct apikey_introspection *introspection);

/* Whether a token that a service was shown is good, as in RFC 7662: a key, or an access token that its tenant lets be
 * used again. Uses nothing up, so what is good once is not active. For administrators, and for a credential that may
 * apikeyd.introspect: it is told of its tenant's tokens, or its account's. */
int apikey_introspect(struct apikey_admin *admin, const char *token, struct apikey_introspection **ret_introspection);

/* The next key that signs them. now: what was signed before is worth nothing from then on. */
int apikey_signing_key_rotate(struct apikey_admin *admin, int now, uint64_t *ret_version);

/* ---- incidents: what is done when keys may be in the wrong hands ---- */

/* A key, as far as a person needs it to know which one is meant. Texts are "" where a key was deleted meanwhile. */
struct apikey_key_name {
	const char *id, *name, *owner;
	const char *tenant; /* an id; "": an account key */
	const char *state;  /* "active", "inactive", "suspended", "revoked" */
};

/* ---- many keys at once ---- */

enum apikey_bulk_action { APIKEY_BULK_REVOKE = 1, APIKEY_BULK_DEACTIVATE = 2 };

/* Which keys: all that is said has to hold of a key, and something has to be said. Texts NULL and times 0: not said; an
 * empty text is -EINVAL. */
struct apikey_bulk_options {
	size_t size;
	const char *owner;
	const char *account;
	const char *tenant;
	const char *role;
	const char *const *labels; /* as in struct apikey_key_filter; ends in NULL */
	int64_t issued_before;     /* made before */
	const char *used_from; /* a network, or "local": the first or last use of one of its secrets was from there, */
	int64_t used_since;    /* at or after */
	const char *const *keys; /* ids or OWNER/NAME, of which each has to be there; ends in NULL */
	const char *why;         /* kept with each key and in the audit */
	int dry_run;             /* 1: say which it would be, and change nothing */
	int sessions;            /* as in struct apikey_end_options, of all of them: those that had ended before too */
};

/* What one step did. */
struct apikey_bulk_step {
	const char *batch;                  /* what the records of all steps have in the audit */
	uint64_t touched;                   /* keys that were changed, or would be */
	uint64_t already;                   /* that are asked for, and had ended before */
	const struct apikey_key_name *keys; /* those that were touched, with their state before */
	size_t key_count;
	const char *cursor; /* "": this was the last step */
	/* as in struct apikey_key, of all keys of this step */
	int sessions_asked;
	uint64_t sessions_ended;
	uint64_t sessions_loose;
	const char *sessions_fault;
};

void apikey_bulk_step_free(struct apikey_bulk_step *step);

/*
 * Ends many keys, a step a call: what it says is on disk when it returns. batch and cursor are those of the step
 * before, NULL in the first. Whatever was cut short is done again from the start, and gives the rest.
 */
int apikey_key_bulk(struct apikey_admin *admin, enum apikey_bulk_action action,
		    const struct apikey_bulk_options *options, const char *batch, const char *cursor,
		    struct apikey_bulk_step **ret_step);

/* ---- credentials that were found somewhere ---- */

enum apikey_scan_kind {
	APIKEY_SCAN_KEY = 0,       /* a whole opaque key, whose check characters fit */
	APIKEY_SCAN_PUBLIC_KEY = 1 /* what may be the public key of a pair */
};

/* size bytes from text on; offset: where in the data. */
typedef void (*apikey_scan_visitor)(void *user, enum apikey_scan_kind kind, const char *text, size_t size,
				    size_t offset);

/*
 * Finds them in any bytes, asking nobody. Visits those that begin at from or behind it, each once, and returns how far
 * that goes. With end it goes to the end; without, some of the last bytes are left, which a call with more behind them
 * takes up from there, where the byte before from still has to be at its place.
 */
size_t apikey_scan(const void *data, size_t size, size_t from, int end, apikey_scan_visitor visitor, void *user);

enum apikey_found_secret {
	APIKEY_FOUND_NONE = 0,     /* it names the key and is no secret */
	APIKEY_FOUND_CURRENT = 1,  /* it opens what the key opens */
	APIKEY_FOUND_RETIRING = 2, /* so it does, until a date */
	APIKEY_FOUND_RETIRED = 3,  /* it was one */
	APIKEY_FOUND_WRONG = 4     /* it never was one, or longer ago than is remembered */
};

struct apikey_found_key {
	size_t subject; /* its place among those that were asked for, from 0 on */
	enum apikey_found_secret secret;
	uint32_t number; /* of that secret; 0: of none */
	int64_t retires; /* APIKEY_FOUND_RETIRING */
	struct apikey_key_name key;
};

struct apikey_found {
	const struct apikey_found_key *keys; /* of those that the caller may see; of others nothing is said */
	size_t count;
};

void apikey_found_free(struct apikey_found *found);

/* Whose they are: whole opaque keys, ids and public keys, 64 at most, ending in NULL. */
int apikey_key_find(struct apikey_admin *admin, const char *const *subjects, struct apikey_found **ret_found);

/* ---- the lockdown ---- */

/* While it is on every credential is refused, but for those of the keys that were named. */
struct apikey_lockdown {
	int on;
	int was_on; /* before the call */
	/* of the one that is on, or was */
	int64_t since;
	const char *by;                     /* "uid:0" */
	const char *why;                    /* "": nobody said */
	const struct apikey_key_name *keys; /* that are let in all the same */
	size_t key_count;
	uint64_t refused; /* all other keys that are switched on */
	/* as in struct apikey_key, of all other keys */
	int sessions_asked;
	uint64_t sessions_ended;
	uint64_t sessions_loose;
	const char *sessions_fault;
};

struct apikey_lockdown_options {
	size_t size;
	const char *const *keys; /* that are let in all the same: ids or OWNER/NAME, ending in NULL; NULL: none */
	const char *why;         /* kept with it and in the audit; NULL */
	int end_sessions;        /* 1: the sessions that other keys have opened end */
};

void apikey_lockdown_free(struct apikey_lockdown *lockdown);

/* For administrators by their uid alone: no key begins or ends one. True when they return. The keys of options, which
 * may be NULL, replace those that are let in so far. why may be NULL. */
int apikey_lockdown_begin(struct apikey_admin *admin, const struct apikey_lockdown_options *options,
			  struct apikey_lockdown **ret_lockdown);
int apikey_lockdown_end(struct apikey_admin *admin, const char *why, struct apikey_lockdown **ret_lockdown);
int apikey_lockdown_show(struct apikey_admin *admin, struct apikey_lockdown **ret_lockdown);

/* ---- explanations, and the state of the daemon ---- */

enum apikey_outcome {
	APIKEY_SKIPPED = 0, /* not reached, or not asked for */
	APIKEY_PASSED = 1,
	APIKEY_FAILED = 2 /* the first is the reason */
};

struct apikey_step {
	const char *name; /* "shape", "state", "source", … */
	enum apikey_outcome outcome;
	const char *detail;
};

struct apikey_explanation {
	enum apikey_verdict verdict;
	const char *reason;          /* "" for granted, and where it is not the caller's to know */
	const char *reason_sentence; /* the same for a person */
	const char *key_id;
	const struct apikey_step *steps;
	size_t step_count;
	const char *const *notices; /* as in struct apikey_result, where it would be let in */
};

void apikey_explanation_free(struct apikey_explanation *explanation);

/*
 * A dry run, which consumes nothing: would request->credential be let in? With credential NULL, the key named by key is
 * judged as if its secret had been given. service, permission and user that are NULL are not judged.
 */
int apikey_explain(struct apikey_admin *admin, const struct apikey_request *request, const char *key,
		   struct apikey_explanation **ret_explanation);

struct apikey_item {
	const char *name; /* stable, "keys.active" */
	const char *text; /* "" where number says it */
	uint64_t number;
};

struct apikey_status {
	const struct apikey_item *items;
	size_t item_count;
};

void apikey_status_free(struct apikey_status *status);

int apikey_status(struct apikey_admin *admin, struct apikey_status **ret_status);

enum apikey_metric { APIKEY_COUNTER = 1, APIKEY_GAUGE = 2, APIKEY_HISTOGRAM = 3 };

/* One number, in the terms of Prometheus: its value is the number divided by divisor. */
struct apikey_sample {
	const char *name; /* of the metric, "apikeyd_verdicts_total" */
	enum apikey_metric type;
	const char *help;          /* a sentence on the metric */
	const char *suffix;        /* of a histogram: "_bucket", "_sum", "_count"; else "" */
	const char *const *labels; /* "service=sshd": a name, then a value of any text; NULL behind the last */
	uint64_t number, divisor;
};

struct apikey_samples {
	size_t count;
	const struct apikey_sample *samples; /* those of one metric follow each other */
	uint64_t after;                      /* for the next call; 0: that is all */
};

void apikey_samples_free(struct apikey_samples *samples);

/* What the daemon counts and measures, a page at a time, for administrators and the users of [gateway]. after: that of
 * the page before, 0 for the first. No label tells of a key or a user. */
int apikey_metrics(struct apikey_admin *admin, uint64_t after, struct apikey_samples **ret_samples);

/* Most bytes that apikey_backup_read() gives and apikey_restore_write() takes in one call. */
#define APIKEY_PART_MAX 61440

struct apikey_backup {
	uint64_t size; /* in bytes */
	uint64_t rev;  /* the revision it holds */
	int64_t time;  /* when it was taken */
	uint64_t keys;
};

void apikey_backup_free(struct apikey_backup *backup);

/* Has the daemon take a copy of its key store, for administrators. It is there until the handle is freed or opens
 * another one; the daemon has one at a time. */
int apikey_backup_open(struct apikey_admin *admin, struct apikey_backup **ret_backup);

/* Reads bytes of the open copy from offset on into a buffer of size bytes; *ret_size 0: the end. */
int apikey_backup_read(struct apikey_admin *admin, uint64_t offset, void *buffer, size_t size, size_t *ret_size);

enum apikey_restore_flag { APIKEY_RESTORE_DRY_RUN = 1 << 0, APIKEY_RESTORE_ACCEPT_REVIVED = 1 << 1 };

enum apikey_fate {
	APIKEY_RETURNS = 1, /* is not there now and comes back */
	APIKEY_REVIVED = 2, /* something was taken away from it since the backup */
	APIKEY_LOST = 3     /* was made since the backup */
};

/* What was taken away since. */
enum apikey_taken {
	APIKEY_TAKEN_DELETED = 1 << 0,
	APIKEY_TAKEN_REVOKED = 1 << 1,
	APIKEY_TAKEN_SUSPENDED = 1 << 2,
	APIKEY_TAKEN_DEACTIVATED = 1 << 3,
	APIKEY_TAKEN_SECRET = 1 << 4,
	APIKEY_TAKEN_NARROWED = 1 << 5
};

struct apikey_restored_key {
	enum apikey_fate fate;
	unsigned int taken; /* a sum of enum apikey_taken, for APIKEY_REVIVED */
	const char *id, *name, *owner;
};

struct apikey_restored {
	int64_t time;        /* when the backup was taken, */
	const char *version; /* and by which version of apikeyd */
	uint64_t backup_rev;
	uint64_t present_rev;   /* 0 where the present store cannot be read */
	uint64_t rev;           /* of the restored store; 0 after a dry run */
	uint64_t keys;          /* in the backup */
	int present_unreadable; /* nothing could be compared */
	int done;
	const char *kept; /* the file in the state folder that keeps the store before; "" */
	uint64_t returning, revived, lost;
	const struct apikey_restored_key *listed; /* the first of them */
	size_t listed_count;
};

void apikey_restored_free(struct apikey_restored *restored);

/* Begins a restore, for administrators; the daemon has one at a time, until the handle is freed. */
int apikey_restore_open(struct apikey_admin *admin);

/* The bytes of a backup, in order, at most APIKEY_PART_MAX in one call. */
int apikey_restore_write(struct apikey_admin *admin, uint64_t offset, const void *data, size_t size);

/* Checks what was written and says what would come of it (APIKEY_RESTORE_DRY_RUN, as often as one likes), or makes it
 * the key store. flags: a sum of enum apikey_restore_flag. */
int apikey_restore_finish(struct apikey_admin *admin, unsigned int flags, struct apikey_restored **ret_restored);

/* Reads all of the key store, for administrators. 0: it is whole. Either way apikey_admin_message() says so in a
 * sentence. */
int apikey_store_check(struct apikey_admin *admin);

#define APIKEY_MASTER_KEY_SIZE 32

/* Has the daemon seal its keys under a fresh master key besides the present one, for root. fresh NULL: only asks
 * whether it could be done. 0: from now on either key opens them, and the fresh one can be put in the file. */
int apikey_master_key_rotate(struct apikey_admin *admin, const unsigned char present[APIKEY_MASTER_KEY_SIZE],
			     const unsigned char *fresh);

#ifdef __GNUC__
#pragma GCC visibility pop
#endif

#ifdef __cplusplus
}
#endif

#endif
