/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Serving admin.sock: one request at a time on a connection. A request is decoded, its authority decided, the owner's
 * name looked up where one is needed, and then it runs: here when it only reads, in the writer's thread when it changes
 * something.
 */
#ifndef APIKEYD_DAEMON_ADMIN_H
#define APIKEYD_DAEMON_ADMIN_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "daemon/authority.h"
#include "daemon/batch.h"
#include "daemon/claims.h"
#include "daemon/names.h"
#include "daemon/session_turn.h"
#include "daemon/throttle.h"
#include "daemon/verify.h"
#include "daemon/writer.h"
#include "proto/answer.h"
#include "proto/message.h"

struct audit_record;
struct admin_verb;
struct key_message;
struct session_link;

/* An access token that is being issued or revoked. */
struct admin_token {
	struct verify_proof proof;
	enum reason reason;
	bool found;   /* keys[0] is its key */
	bool changed; /* it was not revoked before */
	char id[CLAIMS_ID_MAX + 1];
	int64_t expires;
	unsigned int generation; /* of the vault that the proof was verified with, where that is to be spent */
};

/* A sign-in that is being begun (daemon/admin_signin.c). */
struct admin_signin {
	char account_name[WIRE_NAME_MAX + 1];
	char tenant_name[WIRE_NAME_MAX + 1];
	char text[SIGNIN_TEXT_SIZE]; /* the secret */
};

/* What a request has to do with sessions (daemon/admin_session.c). */
struct admin_sessions {
	struct session_link *link;    /* being asked */
	bool end;                     /* those of keys[0] are to end, now that it is ended */
	struct key_message *answered; /* the reply, to be completed by what came of that */
	/* Where those of many keys are to end, or of all but some: instead of the two above. */
	const struct admin_sessions_many *many;
	void *data;                /* its own; goes with the request */
	struct session_keys *keys; /* NULL: none yet */
	struct session_turn turn;
};

struct admin_request {
	struct connection *connection; /* NULL: the peer has gone; what was begun is finished all the same */
	struct admin_request *next;    /* of the connection's */
	struct thread *thread;
	struct settings_shared *settings; /* a reference: the writer's thread reads them while others may come */
	struct socket_peer peer;
	const struct admin_verb *verb;
	struct codec_header header;
	union {
		const char *credential; /* every request but hello begins with it */
		struct message_hello hello;
		struct message_key_create create;
		struct message_key_list list;
		struct message_key_reference reference;
		struct message_key_update update;
		struct message_key_rotate rotate;
		struct message_key_retire retire;
		struct message_explain explain;
		struct message_status status;
		struct message_metrics metrics;
		struct message_part part;
		struct message_restore restore;
		struct message_master_key master_key;
		struct message_audit_check audit_check;
		struct message_audit_key audit_key;
		struct message_key_import key_import;
		struct message_role_change role_change;
		struct message_role_list role_list;
		struct message_role_reference role_reference;
		struct message_account_create account_create;
		struct message_account_list account_list;
		struct message_account_reference account;
		struct message_tenant_create tenant_create;
		struct message_tenant_list tenant_list;
		struct message_tenant_reference tenant;
		struct message_tenant_update tenant_update;
		struct message_token_issue token_issue;
		struct message_token_reference token_reference;
		struct message_signing_key signing_key;
		struct message_audit_read audit_read;
		struct message_session_query session_query;
		struct message_session_choice session_choice;
		struct message_lockdown lockdown;
		struct message_key_bulk key_bulk;
		struct message_key_find key_find;
		struct message_signin_begin signin_begin;
		struct message_signin_choice signin_choice;
		struct message_link_create link_create;
	} message;                 /* texts point into packet */
	struct names_query *query; /* being looked up */
	/* whose a new key is to be */
	char owner[WIRE_USER_MAX + 1];
	bool owner_uid_known;
	uid_t owner_uid;
	/* where a new key is to be */
	char account[STORE_SCOPE_ID_MAX + 1];
	char tenant[STORE_SCOPE_ID_MAX + 1]; /* "": a key of the account */
	struct writer_job job;
	struct admin_token token;
	struct admin_signin signin;
	bool repeated; /* it has made its key before */
	struct admin_sessions sessions;
	bool recorded; /* a refusal has its own record */
	bool counted;  /* its peer has gone, and it counts against the uid until it is done */
	bool slow;     /* one failure too many: nothing more is read from the connection for a moment */
	struct store_lockdown *lockdown; /* that was written; NULL: none. Freed with the request */
	/* the answer */
	char detail[WIRE_REASON_MAX + 1];
	size_t reply_size;
	size_t packet_size;
	/* What is large comes last: the rooms in these, and all behind them, are written before they are read. */
	struct authority authority;
	struct store_key keys[2];  /* before and after */
	struct role_grants grants; /* of the key in hand */
	unsigned char reply[WIRE_PACKET_MAX];
	unsigned char packet[WIRE_PACKET_MAX];
};

/* What a handler returns that answers later, by admin_finish(). */
#define ADMIN_LATER INT_MAX

/*
 * A handler. reader sees the writer's open transaction for one that changes something (store is then its store, else
 * NULL). 0 and the reply encoded by admin_reply(); a positive enum answer, with detail where there is more to say; a
 * negative errno: the store failed.
 */
typedef int (*admin_handler)(struct admin_request *request, struct store_reader *reader, struct vault *vault);

/* What may be asked, and by whom: daemon/admin_verbs.c has the table. */
struct admin_verb {
	enum wire_type type;
	const struct codec_record *record;
	const char *event; /* in the audit; NULL: reading is not recorded */
	enum authority_deed deed;
	bool writes;
	bool needs_store;
	bool names_owner; /* the owner's name or uid is looked up first */
	admin_handler run;
};

/* NULL: there is no such request. */
const struct admin_verb *admin_find_verb(uint16_t type);

/* Receives and begins one request. */
enum batch_result admin_serve(struct connection *connection);

/* The connection has ended: no request of it that is being served is answered. True where something is left to be done,
 * which then leaves limits_leave() to the last of it. */
bool admin_forget(struct connection *connection);

/* Answers a request whose handler returned ADMIN_LATER, and frees it. result: as a handler's. In the request's thread.
 */
void admin_finish(struct admin_request *request, int result);

/* Begins what a request asks for that waited, when all that is judged before was good. In the request's thread. */
void admin_go_on(struct admin_request *request);

/* Where thread_vault() is false: says what is wrong with the store. Returns the answer. */
int admin_lacks_store(struct admin_request *request);

/* First in the writer's transaction: whether the authority is still what it was when the request came. 0 or the answer.
 */
int admin_renew(struct admin_request *request, struct vault *vault);

/* Encodes the reply. 0, or a negative errno. */
int admin_reply(struct admin_request *request, const struct codec_record *record, const void *message);

/* Writes the sentence that goes with an answer, and returns the answer. */
int admin_refuse(struct admin_request *request, enum answer answer, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Counts a failure to show a good credential, as those of a login are counted: which key it named ("": none), and why
 * it was refused. */
struct throttle_answer admin_count_failure(struct admin_request *request, const char *key_id, enum reason reason);

/* Counts a record of what somebody does with what is their own, and of what kind; those of an administrator are
 * written each time. */
struct throttle_answer admin_count_record(struct admin_request *request, const char *what);

/* Whether the peer acts for others: a gateway, or one of [peers]. One of whom must not slow down the rest. */
bool admin_acts_for_others(const struct admin_request *request);

/* A record of this request, to be completed. */
struct audit_record admin_record(const struct admin_request *request, const char *event);

/* What became of a credential, into that record; found: keys[0] is its key. It takes as long where there is no such
 * key. */
void admin_record_proof(const struct admin_request *request, const struct verify_proof *proof, bool found,
			enum reason reason, struct audit_record *record);

/* ---- the handlers, each in the file of its object ---- */

int admin_key_create(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_key_list(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_key_show(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_key_update(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_key_change_state(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_key_delete(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_key_rotate(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_key_retire(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_explain(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_backup_open(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_backup_read(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_restore_open(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_restore_write(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_restore_finish(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_store_check(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_role_create(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_role_list(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_role_show(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_role_update(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_role_delete(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_token_issue(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_introspect(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_token_inspect(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_token_revoke(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_session_list(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_session_end(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_signin(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_signin_show(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_signin_list(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_signin_end(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_link_create(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_signing_key_rotate(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_metrics(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_status(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_key_import(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_audit_check(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_audit_key(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_key_bulk(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_key_find(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_lockdown(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_master_key_rotate(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_account_create(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_account_list(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_account_show(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_account_delete(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_tenant_create(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_tenant_list(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_tenant_show(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_tenant_update(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_tenant_delete(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_audit_read(struct admin_request *request, struct store_reader *reader, struct vault *vault);
int admin_audit_count(struct admin_request *request, struct store_reader *reader, struct vault *vault);

/* Ends the sign-ins and links that a lockdown does not spare. (daemon/admin_signin_view.c) */
struct store_lockdown;
void admin_signins_lock_out(struct daemon *daemon, const struct store_lockdown *lockdown);

/* Makes a lockdown that was written what every thread sees. Before the answer. (daemon/admin_lockdown.c) */
void admin_lockdown_written(struct admin_request *request);

/* Finds the key a request names (an id or OWNER/NAME) among those its authority reaches. ANSWER_OK and *ret_key,
 * ANSWER_NOT_FOUND, or a negative errno. */
int admin_find_key(struct admin_request *request, struct store_reader *reader, const char *name,
		   struct store_key *ret_key);

/* Notes a use of keys[0] by its secret of that number; what waits for a first use is written soon. */
void admin_note_use(struct admin_request *request, uint32_t secret, int64_t time, const char *service,
		    const char *source);

/* The keys an authority reaches, as far as the store can tell them apart: how long a walk takes does not tell of
 * others. Points into the request. */
struct store_filter admin_reach(struct admin_request *request);

/* The same, and of these the keys of the account or tenant that is named (NULL: not said). Returns as a handler does.
 * (daemon/admin_list.c) */
int admin_choose_reach(struct admin_request *request, struct store_reader *reader, const char *account,
		       const char *tenant, struct store_filter *ret_reach);

/* The uses of a key's secrets, in their order, those still in memory too. 0 or a negative errno. */
int admin_find_uses(struct admin_request *request, struct store_reader *reader, const struct store_key *key,
		    struct store_use ret_uses[STORE_SECRETS_MAX]);

/* ---- the kind of a new key, and pairs that are brought along (daemon/admin_pair.c) ---- */

bool admin_wants_pair(const struct message_key_create *wanted);

/* True for a request that brings a pair which was made elsewhere. */
bool admin_imports(const struct admin_request *request);

/* Whether there is such a kind of key, and whether this pair may be brought along. Returns as a handler does. */
int admin_check_kind(struct admin_request *request);

/* Stores a key with the pair of the request, which admin_check_kind() has passed. Returns as a handler does. */
int admin_insert_pair(struct admin_request *request, struct store_reader *reader, struct vault *vault,
		      struct store_key *key);

/* ---- what changes of a key have in common (daemon/admin_key.c); each returns as a handler does ---- */

/* What a change begins with: the key twice, as it is (keys[0]) and as it will be (keys[1]). */
int admin_find_twice(struct admin_request *request, struct store_reader *reader, const char *name);

/* Who may grant what, roles included, and to whom. */
int admin_check_reach(struct admin_request *request, struct store_reader *reader, const struct store_key *key);

/* The roles somebody names, each of which has to be there, as a key keeps them. (daemon/admin_role.c) */
int admin_take_roles(struct admin_request *request, struct store_reader *reader, const struct codec_texts *roles,
		     char ret_text[WIRE_LIST_TEXT_MAX + 1]);

/* Whether a key like this may hold the roles it has. (daemon/admin_role.c) */
int admin_check_roles(struct admin_request *request, const struct store_key *key);

/* Whether a key may have the service and the number of uses it is bound to; before: what it had, NULL for a new key. */
int admin_check_bounds(struct admin_request *request, struct store_reader *reader, const struct store_key *before,
		       const struct store_key *key);

/* The reason somebody gave, which may be NULL. */
int admin_check_why(struct admin_request *request, const char *why);

/* Draws a secret for the key of that id: *ret_token (of a pair its private key), with room for ADMIN_TOKEN_MAX + 1,
 * which the caller wipes, and what is kept of it. 0 or a negative errno. */
#define ADMIN_TOKEN_MAX CREDENTIAL_OPAQUE_MAX
int admin_draw_secret(struct vault *vault, const struct store_key *key, struct store_secret *secret, char *ret_token);

/* Stores keys[1] with the audit record of the change, and replies with it; token (may be NULL) is its new secret. */
int admin_save_key(struct admin_request *request, struct store_reader *reader, struct vault *vault, const char *token,
		   const char *why);

/* Replies with a key and its uses, those still in memory too. */
int admin_reply_key(struct admin_request *request, struct store_reader *reader, const struct store_key *key,
		    const char *token);

/* ---- accounts and tenants (daemon/admin_scope.c) ---- */

struct store_account;
struct store_tenant;

/* What a request names, among what its authority reaches: what it does not reach is not there. ANSWER_OK; a refusal
 * with a sentence; a negative errno. account may be NULL. */
int admin_find_account(struct admin_request *request, struct store_reader *reader, const char *name,
		       struct store_account *ret_account);
int admin_find_tenant(struct admin_request *request, struct store_reader *reader, const char *account, const char *name,
		      struct store_tenant *ret_tenant);

/* Decides where a new key is to be, request->account and request->tenant. Either name may be NULL; where both are, one
 * of its roles (separated by ' ') may say that it is a key of the account itself. As above. */
int admin_place_key(struct admin_request *request, struct store_reader *reader, const char *account, const char *tenant,
		    const char *roles);

/* An id for a new account or tenant: a UUID. 0 or a negative errno. */
int admin_draw_scope_id(char ret_id[STORE_SCOPE_ID_MAX + 1]);

/* The sentence about keys that are left, and how to go on. */
int admin_refuse_keys(struct admin_request *request, const char *what, const char *name, const char *id, uint64_t keys);

/* Logs a change of an account or tenant; before and after are JSON objects, taken over, or NULL. */
struct json_t;
int admin_log_scope(struct admin_request *request, struct vault *vault, struct json_t *before, struct json_t *after,
		    const char *why);

#endif
