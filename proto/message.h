/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The messages of the wire: a struct for each, and the table codec_encode() and codec_decode() walk. Texts of a decoded
 * message point into its packet. A NULL text and a 0 number are "not said"; a time of 0 likewise, TIME_NEVER is said.
 */
#ifndef APIKEYD_PROTO_MESSAGE_H
#define APIKEYD_PROTO_MESSAGE_H

#include <stdint.h>

#include "proto/codec.h"

/* ---- every socket ---- */

/* Announces a persistent client: the connection is handed to a worker and may carry many requests at once. */
struct message_hello {
	const char *agent; /* for the log: "libapikey 0.1.0" */
};
extern const struct codec_record message_hello;

struct message_welcome {
	const char *version; /* of the daemon */
};
extern const struct codec_record message_welcome;

/* The request got no answer of its own. */
struct message_error {
	uint64_t answer;    /* enum answer */
	const char *detail; /* what exactly is wrong and how to mend it; for a person */
	uint64_t reason;    /* enum reason: why a credential is refused; for gateways, else REASON_NONE */
};
extern const struct codec_record message_error;

/* ---- login.sock and verify.sock ---- */

struct message_verify {
	const char *credential;
	const char *user; /* may be absent: the key alone decides whose it is */
	const char *service;
	const char *permission; /* the query that must hold */
	const char *tenant;     /* absent: "default" */
	const char *rhost;      /* as PAM says it: an address, a name, nothing */
	const char *tty;
	const char *ruser;
	uint64_t wants_ticket; /* 1: a session is to be registered; on login.sock */
};
extern const struct codec_record message_verify;

/* The account phase: the handle of a granted verdict, judged again. user, service and rhost must be those of the
 * verdict. */
struct message_account {
	const char *handle;
	const char *user;
	const char *service;
	const char *permission;
	const char *tenant;
	const char *rhost;
	const char *tty;
};
extern const struct codec_record message_account;

struct message_verdict {
	uint64_t verdict;    /* enum verdict */
	uint64_t reason;     /* enum reason; REASON_NONE where it is not the caller's to know */
	const char *user;    /* echo of the request, for the caller to compare */
	const char *service; /* echo */
	/* the rest only when granted */
	const char *key_id;
	const char *key_name;
	const char *owner;
	const char *tenant;
	int64_t expires;         /* of the key */
	const char *handle;      /* for the account phase: 60 s, bound to user, service and source */
	const char *permissions; /* what the key may do, by its roles too, separated by one space; as many as fit */
	const char *ticket;      /* where it was asked for: for who registers the session, 60 s, once */
	/* what its user should know of the key, sentences for a person: WIRE_NOTICES_MAX at most */
	struct codec_texts notices;
};
extern const struct codec_record message_verdict;

/* A new secret for the key whose present one is shown. It takes no permission; the key has to be good for the user. */
struct message_rotate {
	const char *credential; /* an opaque key, or an imported secret */
	const char *user;
	const char *service;
	uint64_t check; /* 1: only say whether it could be done */
	const char *tenant;
	const char *rhost;
	const char *tty;
	const char *ruser;
};
extern const struct codec_record message_rotate;

struct message_rotated {
	uint64_t verdict;    /* enum verdict; of a check too */
	uint64_t reason;     /* enum reason */
	const char *user;    /* echo */
	const char *service; /* echo */
	const char *problem; /* why a good key gets no new secret: a sentence for who shows it */
	/* the rest only when granted */
	const char *key_id;
	const char *key_name;
	/* the rest not of a check */
	const char *secret; /* the new one, which cannot be had again */
	int64_t retires;    /* when the one that was shown ends */
};
extern const struct codec_record message_rotated;

/* Whose session a ticket is for. It is used up by being shown, whatever comes of it. */
struct message_redeem {
	const char *ticket;
	const char *service; /* has to be that of the verdict */
};
extern const struct codec_record message_redeem;

struct message_redeemed {
	const char *key_id;
	const char *key_name;
	const char *owner;
	const char *user;   /* as the verdict said; absent where nobody was named */
	const char *tenant; /* an id; absent for an account key */
	const char *source; /* an address, a name, "local" */
};
extern const struct codec_record message_redeemed;

/* ---- admin.sock ---- */

/* kind of a key */
#define MESSAGE_KIND_OPAQUE "opaque"
#define MESSAGE_KIND_PAIR "pair"

/* state of a key */
#define MESSAGE_STATE_ACTIVE "active"
#define MESSAGE_STATE_INACTIVE "inactive"
#define MESSAGE_STATE_SUSPENDED "suspended"
#define MESSAGE_STATE_REVOKED "revoked"

/* exclusive of a key, in the place of a service: the first one that uses it is the one it is for from then on. */
#define MESSAGE_UNBOUND "*"

/* One use of a secret. */
struct message_use {
	int64_t time;
	const char *service;
	const char *source; /* address, "local" or "uid:N" */
};
extern const struct codec_record message_use;

/* A secret of a key, without the secret. */
struct message_secret {
	uint64_t number; /* 1, 2, … */
	int64_t created;
	int64_t retires; /* 0 for the current one; when it was or will be refused from */
	uint64_t use_count;
	struct codec_records first_use; /* message_use, at most one */
	struct codec_records last_use;  /* message_use, at most one */
	/* It ends so many seconds after a later one is first used, which none was so far; at retires at the latest. */
	uint64_t after_use;
};
extern const struct codec_record message_secret;

struct message_key {
	const char *id;
	const char *kind;
	const char *name;
	const char *owner;
	const char *account;
	const char *tenant;       /* absent for an account key */
	const char *state;        /* MESSAGE_STATE_… */
	const char *state_reason; /* why it is suspended, deactivated or revoked, where someone said so */
	uint64_t owner_uid_known; /* 1: owner_uid says the local user */
	uint64_t owner_uid;
	int64_t created;
	const char *created_by;
	int64_t not_before; /* 0: from the start */
	int64_t expires;    /* TIME_NEVER: no end */
	struct codec_texts permissions;
	struct codec_texts roles;
	struct codec_texts users;     /* further users it may log in as */
	struct codec_texts sources;   /* networks, "local"; none: from anywhere */
	struct codec_texts labels;    /* "name=value" */
	struct codec_records secrets; /* message_secret, oldest first */
	const char *secret;           /* the credential itself: in the replies to WIRE_KEY_CREATE and WIRE_KEY_ROTATE */
	const char *private_key;      /* a pair's, in the same replies; not where it was given with the request */
	const char *effective_permissions; /* with those of its roles, separated by one space; absent without roles */
	const char *exclusive;             /* the one service it is for; MESSAGE_UNBOUND; absent: any */
	uint64_t max_uses;                 /* 0: as often as one likes */
	uint64_t counted_uses;             /* where there is a limit: uses that count against it */
	int64_t state_since;               /* when it got the state it has; 0: it always had it, or nobody knows */
	uint64_t repeated; /* 1: it was made before, by the same request; it has a secret then unless that was used */
	struct codec_texts due; /* what has to be done about it soon, for a person: "expires at …" */
	uint64_t test;          /* 1: a test key */
	/* Of a key that was ended together with its sessions. */
	uint64_t sessions_asked; /* 1: they were to end */
	uint64_t sessions_ended;
	uint64_t sessions_loose;    /* of these, such as left processes behind */
	const char *sessions_fault; /* why there may be others */
	uint64_t client_side;       /* 1: pages in browsers may use it */
};
extern const struct codec_record message_key;

/*
 * Every request begins with the acting credential: where it is present it is the request's one authority, else the peer
 * is.
 */
struct message_key_create {
	const char *credential;
	const char *name;
	const char *owner; /* absent: the caller */
	struct codec_texts permissions;
	struct codec_texts users;
	struct codec_texts sources;
	struct codec_texts labels;
	int64_t not_before;
	int64_t expires;  /* 0: the default lifetime; TIME_NEVER */
	const char *kind; /* MESSAGE_KIND_…; absent: opaque */
	/* A pair that was made elsewhere; for administrators. Base64, as the daemon shows its own. */
	const char *public_key, *private_key;
	struct codec_texts roles;
	const char *account; /* without tenant: a key of the account itself; absent as well: in the default tenant */
	const char *tenant;
	const char *exclusive; /* the one service it is for; MESSAGE_UNBOUND: the first that uses it; absent: any */
	uint64_t max_uses;     /* 0: as often as one likes */
	/* Visible ASCII: the same request with the same text, from who sent the first, makes no second key. */
	const char *idempotency_key;
	uint64_t client_side; /* 1: pages in browsers may use it */
	uint64_t test;        /* 1: a test key, which holds permissions below "test." only */
};
extern const struct codec_record message_key_create;

/* All that is said has to hold of a key for it to be listed. */
struct message_key_list {
	const char *credential;
	const char *owner;         /* only this owner's */
	const char *cursor;        /* of the page before */
	uint64_t limit;            /* keys a page; 0: as many as fit */
	const char *state;         /* MESSAGE_STATE_… */
	const char *permission;    /* a grant, or a query: what its grants have to reach */
	struct codec_texts labels; /* "name", whatever its value, or "name=value"; all of them */
	int64_t unused_since;      /* neither used nor made since */
	int64_t expires_before;    /* expired ones too */
	int64_t due_before;  /* not revoked, and it, or a secret that is retiring, ends before; expired ones too */
	const char *role;    /* that it holds */
	uint64_t due;        /* 1: something has to be done about it within warn_before, or already */
	const char *account; /* only this account's, its tenants' too */
	const char *tenant;  /* only this tenant's */
};
extern const struct codec_record message_key_list;

/* Sorted by owner and name; those of one account by tenant first. The daemon looks at so many keys a request and no
 * more: a page may be short, or empty, with a cursor all the same. */
struct message_key_page {
	struct codec_records keys; /* message_key */
	const char *cursor;        /* absent on the last page */
};
extern const struct codec_record message_key_page;

/* What becomes of the sessions that a key has opened, when it is ended. */
enum message_sessions {
	MESSAGE_SESSIONS_POLICY = 0,
	MESSAGE_SESSIONS_END = 1,
	MESSAGE_SESSIONS_KEEP = 2,
};

struct message_key_reference {
	const char *credential;
	const char *key;       /* an id, or OWNER/NAME */
	const char *why;       /* for a change of state: kept with the key and in the audit */
	uint64_t end_sessions; /* enum message_sessions; where a key is switched off, revoked or deleted */
};
extern const struct codec_record message_key_reference;

/* What message_key_update replaces; what is not marked stays. */
enum message_key_change {
	MESSAGE_CHANGE_NAME = 1 << 0,
	MESSAGE_CHANGE_PERMISSIONS = 1 << 1,
	MESSAGE_CHANGE_USERS = 1 << 2,
	MESSAGE_CHANGE_SOURCES = 1 << 3,
	MESSAGE_CHANGE_LABELS = 1 << 4,
	MESSAGE_CHANGE_NOT_BEFORE = 1 << 5,
	MESSAGE_CHANGE_EXPIRES = 1 << 6,
	MESSAGE_CHANGE_ROLES = 1 << 7,
	MESSAGE_CHANGE_EXCLUSIVE = 1 << 8,
	MESSAGE_CHANGE_MAX_USES = 1 << 9,
	MESSAGE_CHANGE_CLIENT_SIDE = 1 << 10,
	MESSAGE_CHANGE_ALL = (1 << 11) - 1,
};

struct message_key_update {
	const char *credential;
	const char *key;
	uint64_t changes; /* enum message_key_change */
	const char *name;
	struct codec_texts permissions; /* an empty list takes all away */
	struct codec_texts users;
	struct codec_texts sources;
	struct codec_texts labels;
	int64_t not_before;
	int64_t expires;
	struct codec_texts roles;
	const char *exclusive; /* as in message_key_create */
	uint64_t max_uses;
	uint64_t client_side;
};
extern const struct codec_record message_key_update;

/* A new current secret, or the one before again. The one before stays good for a while, so that what uses it can be
 * changed one by one. */
struct message_key_rotate {
	const char *credential;
	const char *key;
	uint64_t overlap;  /* seconds that the secret before stays good; 0: as configured */
	uint64_t now;      /* 1: it is refused at once, and there is no overlap */
	uint64_t expected; /* the number of the secret that is current now; 0: not said */
	/* instead of overlap: seconds that the secret before stays good from the first use of the new one on, and for
	 * 365 days at most */
	uint64_t after_use;
	uint64_t cancel; /* 1: takes the last rotation back: no new secret, the one before is the current one again */
};
extern const struct codec_record message_key_rotate;

/* Ends secrets that were to stay good for a while. */
struct message_key_retire {
	const char *credential;
	const char *key;
	uint64_t secret; /* its number; 0: all but the current one */
	const char *why; /* kept in the audit */
};
extern const struct codec_record message_key_retire;

/* A dry run: would this credential, or this key with a good secret, be let in? Changes and consumes nothing. */
struct message_explain {
	const char *credential;
	const char *subject;    /* the credential to try; or */
	const char *key;        /* the key to try */
	const char *user;       /* absent: the user is not judged */
	const char *service;    /* absent: the service is not judged */
	const char *permission; /* absent: the permission is not judged */
	const char *tenant;
	const char *rhost;
};
extern const struct codec_record message_explain;

enum message_outcome {
	MESSAGE_OUTCOME_SKIPPED = 0, /* not reached, or not asked for */
	MESSAGE_OUTCOME_PASSED = 1,
	MESSAGE_OUTCOME_FAILED = 2,
};

struct message_step {
	const char *name;   /* "shape", "state", "source", … */
	uint64_t outcome;   /* enum message_outcome */
	const char *detail; /* for a person */
};
extern const struct codec_record message_step;

struct message_explanation {
	uint64_t verdict;
	uint64_t reason; /* REASON_NONE where it is not the caller's to know; then there are no steps either */
	const char *key_id;
	struct codec_records steps; /* message_step */
	struct codec_texts notices; /* as in message_verdict; where it would be let in */
};
extern const struct codec_record message_explanation;

struct message_status {
	const char *credential;
};
extern const struct codec_record message_status;

/* One line of the state: a number where text is absent. Names are stable lower_snake_case, dotted where they belong
 * together. */
struct message_item {
	const char *name;
	uint64_t number;
	const char *text;
};
extern const struct codec_record message_item;

struct message_state {
	struct codec_records items; /* message_item */
};
extern const struct codec_record message_state;

/* ---- metrics ---- */

struct message_metrics {
	const char *credential;
	uint64_t after; /* that of the page before */
};
extern const struct codec_record message_metrics;

enum message_metric {
	MESSAGE_COUNTER = 1,
	MESSAGE_GAUGE,
	MESSAGE_HISTOGRAM,
};

/* One number, in the terms of Prometheus. Those of one name follow each other. */
struct message_sample {
	const char *name;          /* of the metric: "apikeyd_verdicts_total" */
	uint64_t type;             /* enum message_metric */
	const char *help;          /* a sentence on the metric */
	const char *suffix;        /* of a histogram: "_bucket", "_sum", "_count" */
	struct codec_texts labels; /* "service=sshd": a name, then a value of any text */
	uint64_t number;
	uint64_t divisor; /* the value is the number divided by it; absent: by 1 */
};
extern const struct codec_record message_sample;

struct message_samples {
	struct codec_records samples; /* message_sample */
	uint64_t after;               /* for the next page; absent: there is none */
};
extern const struct codec_record message_samples;

/* ---- the master key ---- */

#define MESSAGE_MASTER_KEY_SIZE 32

/* Seals the keys under a fresh master key too. The reply is the number of the wrap, under "master_key.wrap". */
struct message_master_key {
	const char *credential;
	struct codec_bytes present; /* the one in the file: it has to open the keys */
	struct codec_bytes fresh;   /* absent: it is only said whether it could be done */
};
extern const struct codec_record message_master_key;

/* ---- the chain of the audit ---- */

struct message_audit_check {
	const char *credential;
	struct codec_bytes places; /* WIRE_AUDIT_PLACE_SIZE each; none: only the head is asked for */
};
extern const struct codec_record message_audit_check;

struct message_audit_head {
	const char *chain; /* its id; NULL: there is no key now */
	uint64_t seq;      /* of the last record */
	const char *head;  /* the prev that the next record will have, in hex */
	uint64_t from;     /* the key reaches back to the record of this number */
	uint64_t checked;  /* of the places that were given, so many it could check */
	struct codec_bytes
		wrong; /* a bit for each place, the first in the lowest bit of the first byte: its MAC is wrong */
};
extern const struct codec_record message_audit_head;

/* The reply is the text of the key, under "audit.key". */
struct message_audit_key {
	const char *credential;
	uint64_t anew; /* 1: of a new chain, which begins now */
};
extern const struct codec_record message_audit_key;

/* ---- imports ---- */

#define MESSAGE_SHA256_SIZE 32

/* Keys of one request, and those of them that are refused before the rest is left for another: so the reply fits. */
#define MESSAGE_IMPORT_MAX 512
#define MESSAGE_IMPORT_REFUSED_MAX 80

/* A key whose secret was made elsewhere. Its texts may be longer here than a key takes them, so that one that is can be
 * refused alone. */
struct message_import_key {
	const char *name;
	const char *owner;
	/* one of the two */
	const char *secret;        /* any text that is CREDENTIAL_OTHER (proto/credential.h) */
	struct codec_bytes sha256; /* of such a text, MESSAGE_SHA256_SIZE bytes */
	struct codec_texts permissions;
	struct codec_texts roles;
	struct codec_texts users;
	struct codec_texts sources;
	struct codec_texts labels;
	int64_t not_before;
	int64_t expires; /* 0: the default lifetime; TIME_NEVER */
	/* as for message_key_create */
	const char *account;
	const char *tenant;
};
extern const struct codec_record message_import_key;

struct message_key_import {
	const char *credential;
	uint64_t dry_run;          /* 1: say what would come of it */
	struct codec_records keys; /* message_import_key */
};
extern const struct codec_record message_key_import;

enum message_import_outcome {
	MESSAGE_IMPORT_CREATED = 1,
	MESSAGE_IMPORT_UNCHANGED = 2, /* there is a key of that name, owner and secret */
	MESSAGE_IMPORT_REFUSED = 3,
};

struct message_import_result {
	uint64_t outcome; /* enum message_import_outcome */
	const char *id;   /* of the key; absent where it was refused, and in a dry run */
	/* where it was refused */
	uint64_t answer; /* enum answer */
	const char *detail;
};
extern const struct codec_record message_import_result;

/* What became of the keys, in their order: of the first of them, one or more. Those without a result were not looked at
 * and can be asked for again. */
struct message_key_imported {
	struct codec_records results; /* message_import_result */
};
extern const struct codec_record message_key_imported;

/* ---- roles ---- */

struct message_role {
	const char *name;
	struct codec_texts permissions;
	uint64_t built_in; /* 1: it cannot be changed */
	uint64_t account;  /* 1: for keys of an account alone */
	int64_t created;
	const char *created_by;
	uint64_t keys_known; /* 1: keys says how many keys hold it, revoked ones left out */
	uint64_t keys;
};
extern const struct codec_record message_role;

/* Makes a role, or replaces the permissions of one; an empty list takes all away. */
struct message_role_change {
	const char *credential;
	const char *name;
	struct codec_texts permissions;
};
extern const struct codec_record message_role_change;

struct message_role_list {
	const char *credential;
	const char *cursor; /* of the page before */
};
extern const struct codec_record message_role_list;

/* Sorted by name; a page may be short, or empty, with a cursor all the same. */
struct message_role_page {
	struct codec_records roles; /* message_role */
	const char *cursor;         /* absent on the last page */
};
extern const struct codec_record message_role_page;

struct message_role_reference {
	const char *credential;
	const char *name;
};
extern const struct codec_record message_role_reference;

/* ---- accounts and tenants ---- */

/*
 * A request names an account by its id or name. It names a tenant by its id, as ACCOUNT/NAME, or by its name alone
 * within the account that is said, else in that of the key that acts, else in "default".
 */

struct message_account_create {
	const char *credential;
	const char *name;
};
extern const struct codec_record message_account_create;

struct message_account_list {
	const char *credential;
	const char *cursor; /* of the page before */
	uint64_t limit;     /* accounts a page; 0: as many as fit */
};
extern const struct codec_record message_account_list;

struct message_account_reference {
	const char *credential;
	const char *account;
	const char *why;    /* of a deletion: kept in the audit */
	uint64_t with_keys; /* 1: a deletion takes keys along; without it, it is refused where there are any */
};
extern const struct codec_record message_account_reference;

/* Keys and tenants are counted no further than this; 0 in lists. */
#define MESSAGE_COUNTED_MOST 1000

struct message_account_entry {
	const char *id;
	const char *name;
	int64_t created; /* 0: from the start */
	const char *created_by;
	uint64_t tenants;
	uint64_t keys; /* of its own and of its tenants */
};
extern const struct codec_record message_account_entry;

/* Sorted by name. */
struct message_account_page {
	struct codec_records accounts; /* message_account_entry */
	const char *cursor;            /* absent on the last page */
};
extern const struct codec_record message_account_page;

struct message_tenant_create {
	const char *credential;
	const char *name;
	const char *account;
	uint64_t token_lifetime;     /* seconds an access token lives; 0: half an hour */
	uint64_t token_reuse;        /* 1: it is good until then, and not once */
	struct codec_texts policies; /* of its own, "max_lifetime=90d"; for administrators */
};
extern const struct codec_record message_tenant_create;

struct message_tenant_list {
	const char *credential;
	const char *account; /* only this account's */
	const char *cursor;
	uint64_t limit;
};
extern const struct codec_record message_tenant_list;

struct message_tenant_reference {
	const char *credential;
	const char *tenant;
	const char *account;
	const char *why;
	uint64_t with_keys;
};
extern const struct codec_record message_tenant_reference;

/* What message_tenant_update replaces; what is not marked stays. */
enum message_tenant_change {
	MESSAGE_TENANT_NAME = 1 << 0,
	MESSAGE_TENANT_TOKEN_LIFETIME = 1 << 1,
	MESSAGE_TENANT_TOKEN_REUSE = 1 << 2,
	MESSAGE_TENANT_POLICIES = 1 << 3, /* those that are named */
	MESSAGE_TENANT_ALL = (1 << 4) - 1,
};

struct message_tenant_update {
	const char *credential;
	const char *tenant;
	const char *account;
	uint64_t changes; /* enum message_tenant_change */
	const char *name;
	uint64_t token_lifetime;
	uint64_t token_reuse;
	struct codec_texts policies; /* "max_lifetime=90d"; "max_lifetime=" takes it back */
};
extern const struct codec_record message_tenant_update;

struct message_tenant_entry {
	const char *id;
	const char *name;
	const char *account; /* its id */
	const char *account_name;
	int64_t created; /* 0: from the start */
	const char *created_by;
	uint64_t token_lifetime;
	uint64_t token_reuse;
	uint64_t keys;
	/* not in lists */
	struct codec_texts policies;          /* what it has of its own, "max_lifetime=90d" */
	struct codec_texts policies_in_force; /* what holds for its keys: its own, and the configuration's */
};
extern const struct codec_record message_tenant_entry;

/* Sorted by account and name. */
struct message_tenant_page {
	struct codec_records tenants; /* message_tenant_entry */
	const char *cursor;
};
extern const struct codec_record message_tenant_page;

/* Seconds; an access token is for a while. */
#define MESSAGE_TOKEN_LIFETIME_MAX 86400

/* ---- access tokens ---- */

struct message_token_issue {
	const char *credential;
	const char *proof;       /* an HMAC token, which is used up, or an opaque key */
	const char *source;      /* the client's address, which a gateway's word is taken for */
	struct codec_bytes body; /* what came with an HMAC token, which has to be signed for it */
	uint64_t page;           /* 1: the client is a page in a browser; only keys that are for that get one */
};
extern const struct codec_record message_token_issue;

struct message_token {
	const char *token;
	const char *id; /* its own */
	const char *key_id;
	const char *account;
	const char *tenant; /* absent: of an account key */
	int64_t expires;
	uint64_t reuse; /* 1: good until then, and not once */
};
extern const struct codec_record message_token;

struct message_token_reference {
	const char *credential;
	const char *token;
	const char *why; /* of revoking: kept in the audit */
};
extern const struct codec_record message_token_reference;

/* Whether a token would be taken now, by some service. The rest is for who may see its key. */
struct message_token_state {
	uint64_t verdict; /* enum verdict */
	uint64_t reason;  /* enum reason */
	const char *problem;
	const char *id;
	const char *key_id;
	const char *account;
	const char *tenant;
	int64_t issued;
	int64_t expires;
	uint64_t reuse;
};
extern const struct codec_record message_token_state;

/* All but active only where it is 1. */
struct message_introspection {
	uint64_t active;
	const char *key_id;
	const char *owner;
	const char *account;
	const char *tenant;      /* absent for an account key */
	const char *permissions; /* with those of its roles, separated by spaces */
	const char *token_id;    /* of an access token; absent for a key */
	int64_t issued;          /* these are the token's, or the key's */
	int64_t not_before;
	int64_t expires;
};
extern const struct codec_record message_introspection;

struct message_signing_key {
	const char *credential;
	uint64_t now; /* 1: those before it are worth nothing at once, and neither is what they signed */
};
extern const struct codec_record message_signing_key;

/* ---- session.sock and session-control.sock ---- */

/* What is known of the session besides comes with the ticket, from the daemon. */
struct message_session_open {
	const char *ticket; /* of the verdict: good once */
	const char *service;
	const char *tty;
};
extern const struct codec_record message_session_open;

struct message_session_reference {
	uint64_t session; /* its number */
};
extern const struct codec_record message_session_reference;

struct message_session_list {
	uint64_t after;  /* only with greater numbers: the last one of the page before */
	const char *key; /* an id: only of this key */
};
extern const struct codec_record message_session_list;

struct message_session {
	uint64_t session; /* its number: greater than that of every one before since the system was booted */
	uint64_t leader;  /* process id */
	const char *key_id;
	const char *key_name;
	const char *owner;
	const char *user; /* as whom the key let in */
	const char *tenant;
	const char *service;
	const char *tty;
	const char *source;
	int64_t since;
	uint64_t ending; /* 1: its leader was told to end and has not done so yet */
	uint64_t whole;  /* 1: what remains of it is killed with its leader's logind session. In the reply to
			    WIRE_SESSION_END, where 0 means that processes that left the leader go on. */
};
extern const struct codec_record message_session;

/* In the order of their numbers; as many as fit. */
struct message_session_page {
	struct codec_records sessions; /* message_session */
	uint64_t more;                 /* 1: there are others behind the last */
};
extern const struct codec_record message_session_page;

/* ---- the audit ---- */

/*
 * Which records: of each list that says something, one text has to fit. Times are in microseconds. The acting
 * authority sees no others than those of keys it reaches, unless it is an administrator.
 */
struct message_audit_read {
	const char *credential;
	const char *cursor;      /* of the page before, or "start" of another; absent: from the oldest, or newest, on */
	uint64_t limit;          /* records a page; 0: as many as fit */
	uint64_t reverse;        /* 1: the newest first */
	int64_t since, until;    /* until, if it is not 0, included */
	struct codec_texts keys; /* an id, or OWNER/NAME */
	struct codec_texts owners;
	struct codec_texts users;
	struct codec_texts services;
	struct codec_texts verdicts;
	struct codec_texts reasons;
	struct codec_texts events;
	struct codec_texts sources; /* of rhost: an address, a network, or what it says; "local": none; "uid:N" */
	struct codec_texts actors;
	uint64_t bucket;    /* of WIRE_AUDIT_COUNT: seconds that are counted together */
	const char *tenant; /* whose keys the records are about; an id, a name, or ACCOUNT/NAME */
};
extern const struct codec_record message_audit_read;

struct message_audit_record {
	const char *json;
	uint64_t damaged; /* 1: no record stands there; json says what does */
};
extern const struct codec_record message_audit_record;

struct message_audit_page {
	struct codec_records records; /* message_audit_record */
	const char *cursor;           /* where the next page begins, in either direction */
	const char *start;            /* where this one began */
	uint64_t end;                 /* 1: there is nothing more now */
	uint64_t lost;                /* 1: records between the request's cursor and this page are gone */
	int64_t oldest;               /* of the first record of all; 0: there is none */
};
extern const struct codec_record message_audit_page;

/* Uses of keys, counted at verification. */
struct message_audit_count {
	int64_t time; /* the first second of its bucket */
	const char *service;
	uint64_t granted;
	uint64_t refused;
};
extern const struct codec_record message_audit_count;

struct message_audit_counts {
	struct codec_records counts; /* message_audit_count, in no order; one bucket may come again in the next page */
	const char *cursor;
	uint64_t end;
	int64_t oldest; /* as above */
};
extern const struct codec_record message_audit_counts;

/* ---- sessions, on admin.sock ---- */

/* All that is said has to hold of a session for it to be listed. */
struct message_session_query {
	const char *credential;
	uint64_t after;   /* that of the view before */
	const char *key;  /* an id, or OWNER/NAME */
	const char *user; /* as whom the key let in */
};
extern const struct codec_record message_session_query;

/* Those that the authority reaches, in the order of their numbers; it may be short, or empty, and go on all the same.
 */
struct message_session_view {
	struct codec_records sessions; /* message_session */
	uint64_t after;                /* to go on behind; 0: there are no others */
};
extern const struct codec_record message_session_view;

struct message_session_choice {
	const char *credential;
	uint64_t session; /* its number */
	const char *why;  /* kept in the audit */
};
extern const struct codec_record message_session_choice;

/* ---- sign-ins ---- */

/* kind of a sign-in */
#define MESSAGE_SIGNIN_USER "user"
#define MESSAGE_SIGNIN_ADMINISTRATOR "administrator"
#define MESSAGE_SIGNIN_KEY "key"

struct message_signin_begin {
	const char *credential; /* absent: the proof is what counts */
	const char *proof;      /* a key, an HMAC token, an access token, or the code of a link */
	const char *account;    /* that the request is for, an id or a name; has to be the key's */
	const char *tenant;     /* the same; of an account key, one of its account's */
	const char *source;     /* the client's address, which the gateway's word is taken for */
	const char *agent;
	uint64_t lifetime;       /* seconds; 0: as long as the settings say */
	uint64_t portal;         /* 1: somebody's browser, listed; 0: one request */
	struct codec_bytes body; /* what came with an HMAC token, which has to be signed for it */
	uint64_t page;           /* 1: the client is a page in a browser; only keys that are for that get in */
};
extern const struct codec_record message_signin_begin;

struct message_signin {
	const char *credential; /* the secret; only in the answer to who began it */
	const char *id;
	const char *kind;
	const char *key_id;
	const char *key_name;
	const char *owner; /* the key's; of users and administrators, they themselves */
	const char *account;
	const char *account_name;
	const char *tenant; /* absent for an account key */
	const char *tenant_name;
	const char *permissions; /* separated by one space, those of the roles too */
	const char *roles;       /* separated by one space */
	const char *source;
	const char *agent;
	int64_t created;
	int64_t used;
	int64_t expires; /* at the latest */
	uint64_t own;    /* 1: the one that asks */
};
extern const struct codec_record message_signin;

/* What was used last comes first. */
struct message_signin_view {
	uint64_t total; /* there may be more of them than fit */
	struct codec_records signins;
};
extern const struct codec_record message_signin_view;

struct message_signin_choice {
	const char *credential;
	const char *id; /* absent: the one that asks */
	const char *why;
};
extern const struct codec_record message_signin_choice;

struct message_link_create {
	const char *credential; /* absent: it is for whose uid the peer has */
	uint64_t administer;    /* 1: with the rights of an administrator */
};
extern const struct codec_record message_link_create;

struct message_link {
	const char *code; /* a secret, good once */
	const char *url;  /* with the code in it */
	int64_t expires;
};
extern const struct codec_record message_link;

/* ---- incidents ---- */

/* A key, as far as a person needs it to know which one is meant. */
struct message_key_name {
	const char *id, *name, *owner;
	const char *tenant; /* an id; absent for an account key */
	const char *state;  /* MESSAGE_STATE_… */
};
extern const struct codec_record message_key_name;

enum message_bulk_action {
	MESSAGE_BULK_REVOKE = 1,
	MESSAGE_BULK_DEACTIVATE = 2,
};

/*
 * Ends many keys, a step a request: all that is said has to hold of a key, and something has to be said. With keys,
 * these are looked at; else all that the authority reaches.
 */
struct message_key_bulk {
	const char *credential;
	uint64_t action;    /* enum message_bulk_action */
	uint64_t dry_run;   /* 1: say which it would be, and change nothing */
	const char *batch;  /* of the step before; absent in the first */
	const char *cursor; /* likewise */
	const char *why;    /* kept with each key and in the audit */
	const char *owner;
	const char *account;
	const char *tenant;
	const char *role;          /* that it holds */
	struct codec_texts labels; /* as in message_key_list */
	int64_t issued_before;     /* made before */
	const char
		*used_from; /* a network, or "local": the first or the last use of one of its secrets came from there */
	int64_t used_since; /* with used_from: at or after */
	struct codec_texts keys; /* ids, or OWNER/NAME */
	uint64_t end_sessions;   /* enum message_sessions: of all these keys, those that had ended before too */
};
extern const struct codec_record message_key_bulk;

/* What a step did, which is on disk. */
struct message_key_bulk_page {
	const char *batch;         /* what the records of all its steps have in the audit */
	uint64_t touched;          /* keys that were changed, or would be */
	uint64_t already;          /* keys that are asked for and were left as they were: they let nobody in already */
	struct codec_records keys; /* message_key_name: those that were touched, with their state before */
	const char *cursor;        /* absent when this was the last step */
	/* as in message_key, of all keys of this step */
	uint64_t sessions_asked, sessions_ended, sessions_loose;
	const char *sessions_fault;
};
extern const struct codec_record message_key_bulk_page;

struct message_key_find {
	const char *credential;
	struct codec_texts subjects; /* opaque tokens, whole; ids, and public keys */
};
extern const struct codec_record message_key_find;

/* Which of a key's secrets a text is. */
enum message_found_secret {
	MESSAGE_FOUND_NONE = 0,     /* it names the key and is no secret */
	MESSAGE_FOUND_CURRENT = 1,  /* it opens what the key opens */
	MESSAGE_FOUND_RETIRING = 2, /* so it does, until a date */
	MESSAGE_FOUND_RETIRED = 3,  /* it was one */
	MESSAGE_FOUND_WRONG = 4,    /* it never was one, or longer ago than is remembered */
};

struct message_found {
	uint64_t subject;         /* its place among those that were asked for, from 1 on */
	uint64_t secret;          /* enum message_found_secret */
	uint64_t number;          /* of that secret */
	int64_t retires;          /* MESSAGE_FOUND_RETIRING */
	struct codec_records key; /* message_key_name, one */
};
extern const struct codec_record message_found;

/* Those that are of a key which the authority reaches; of all others nothing is said. */
struct message_key_found {
	struct codec_records found; /* message_found */
};
extern const struct codec_record message_key_found;

enum message_lockdown_action {
	MESSAGE_LOCKDOWN_ASK = 0, /* changes nothing */
	MESSAGE_LOCKDOWN_ON = 1,  /* as said here, whether or not there is one */
	MESSAGE_LOCKDOWN_OFF = 2,
};

struct message_lockdown {
	const char *credential;
	uint64_t action;         /* enum message_lockdown_action */
	struct codec_texts keys; /* that are let in all the same: ids, or OWNER/NAME */
	const char *why;         /* kept with it and in the audit */
	uint64_t end_sessions;   /* 1: the sessions of all other keys end; MESSAGE_LOCKDOWN_ON */
};
extern const struct codec_record message_lockdown;

struct message_lockdown_state {
	uint64_t on;
	uint64_t was_on; /* before the request */
	/* of the one there is, or was */
	int64_t since;
	const char *by;            /* "uid:0" */
	const char *why;           /* absent: nobody said */
	struct codec_records keys; /* message_key_name, of those that are there */
	/* as in message_key */
	uint64_t sessions_asked, sessions_ended, sessions_loose;
	const char *sessions_fault;
	uint64_t refused; /* keys that are switched on and not among those that are let in */
};
extern const struct codec_record message_lockdown_state;

/* ---- the way back ---- */

struct message_backup {
	uint64_t size; /* of the whole backup in bytes */
	uint64_t rev;  /* the revision it holds */
	int64_t time;  /* when it was taken */
	uint64_t keys;
};
extern const struct codec_record message_backup;

struct message_part {
	const char *credential; /* in requests */
	uint64_t offset;        /* of the bytes in the whole */
	struct codec_bytes bytes;
};
extern const struct codec_record message_part;

enum message_restore_flag {
	MESSAGE_RESTORE_DRY_RUN = 1 << 0,        /* say what would come of it */
	MESSAGE_RESTORE_ACCEPT_REVIVED = 1 << 1, /* what was taken away since the backup is given back */
	MESSAGE_RESTORE_ALL = (1 << 2) - 1,
};

struct message_restore {
	const char *credential;
	uint64_t flags;
};
extern const struct codec_record message_restore;

/* What a restore does with a key. */
enum message_fate {
	MESSAGE_FATE_RETURNS = 1, /* is not there now and comes back */
	MESSAGE_FATE_REVIVED = 2, /* something was taken away since, which the backup still has */
	MESSAGE_FATE_LOST = 3,    /* was made since, and is no more */
};

/* What was taken away from a key since the backup: a sum. */
enum message_taken {
	MESSAGE_TAKEN_DELETED = 1 << 0,
	MESSAGE_TAKEN_REVOKED = 1 << 1,
	MESSAGE_TAKEN_SUSPENDED = 1 << 2,
	MESSAGE_TAKEN_DEACTIVATED = 1 << 3,
	MESSAGE_TAKEN_SECRET = 1 << 4,   /* a secret was retired, or ends sooner */
	MESSAGE_TAKEN_NARROWED = 1 << 5, /* permissions, roles, users, networks or dates */
};

struct message_restored_key {
	uint64_t fate; /* enum message_fate */
	uint64_t why;  /* sum of enum message_taken, for MESSAGE_FATE_REVIVED */
	const char *id, *name, *owner;
};
extern const struct codec_record message_restored_key;

/* Keys that are listed by name; beyond them there are the counts. */
#define MESSAGE_RESTORED_LISTED 100

struct message_restored {
	int64_t time;                          /* of the backup */
	const char *version;                   /* of the apikeyd that made it */
	uint64_t backup_rev, present_rev, rev; /* rev: after the restore, or 0 */
	uint64_t keys;                         /* in the store after it */
	uint64_t present_unreadable;           /* 1: nothing could be compared */
	uint64_t returning, revived, lost;
	uint64_t done;               /* 1: the backup is the store now */
	const char *kept;            /* where the store before it is */
	struct codec_records listed; /* message_restored_key */
};
extern const struct codec_record message_restored;

#endif
