/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * On whose behalf an administrative request acts, and how far that reaches. Every request has one authority: the
 * credential it carries if it carries one, else the peer of the connection. Pure but for the look-up of the credential.
 *
 * The credential of a sign-in stands for a key, or for a uid of this host, over connections of the gateway that it was
 * given to. It gives what these have now: a key is judged anew by what was shown of it, in the place the client came
 * from. In a lockdown it gives nothing but to a key that is spared.
 */
#ifndef APIKEYD_DAEMON_AUTHORITY_H
#define APIKEYD_DAEMON_AUTHORITY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/connection.h"
#include "daemon/role_grants.h"
#include "daemon/signin.h"
#include "daemon/store.h"
#include "proto/answer.h"

enum authority_kind {
	AUTHORITY_NONE = 0, /* may do nothing */
	AUTHORITY_USER,     /* an ordinary user: own keys, within [self-service] */
	/* A credential, as far as its permissions reach: a key of a tenant its tenant's keys, a key of an account the
	 * account, its tenants and their keys. */
	AUTHORITY_KEY,
	AUTHORITY_ADMINISTRATOR,
};

struct authority {
	enum authority_kind kind;
	uid_t uid;                                          /* of the peer; of a user who signed in, that user's */
	char actor[sizeof("key:") + CREDENTIAL_KEY_ID_MAX]; /* for the audit: "uid:1000", "key:<id>" */
	struct signin signin;                               /* by which it acts; id "": none */
	enum reason reason;                                 /* why a credential was refused */
	const char *self_service; /* grants a user may hand on to own keys; lives as long as the thread's settings */
	char key_id[CREDENTIAL_KEY_ID_MAX + 1]; /* that a credential names, good or not; else "" */
	/* AUTHORITY_KEY */
	uint32_t secret;                   /* its number */
	uint8_t digest[STORE_DIGEST_SIZE]; /* of that secret */
	bool root;                         /* the peer is an administrator's, whatever the credential may do */
	const char *services;              /* what the peer may speak for; as self_service */
	const struct settings *settings;   /* the same; set with kind AUTHORITY_KEY */
	char account[STORE_SCOPE_ID_MAX + 1];
	char tenant[STORE_SCOPE_ID_MAX + 1]; /* "": an account key */
	char roles[WIRE_ROLES_MAX * (WIRE_ROLE_NAME_MAX + 1)];
	char owner[WIRE_USER_MAX + 1];
	bool owner_uid_known;
	uint32_t owner_uid;
	struct role_grants permissions; /* with those of its roles; last, because it is large */
};

/* What is to be done, with a key unless it says. */
enum authority_deed {
	AUTHORITY_SEE,
	AUTHORITY_CREATE,         /* or give other permissions, or switch on */
	AUTHORITY_END,            /* switch off, revoke, delete */
	AUTHORITY_PROVE,          /* what the request brings a proof for, whoever asks */
	AUTHORITY_BE,             /* what is about the one that asks */
	AUTHORITY_INTROSPECT,     /* a token; administrators, and keys that are told so, no user */
	AUTHORITY_END_TOKEN,      /* revoke an access token: of what it may end, and for a key its own */
	AUTHORITY_SEE_ROLES,      /* some of them; daemon/admin_role.c says which */
	AUTHORITY_CHANGE_ROLES,   /* of keys, those of the account "default" or of its tenant "default" */
	AUTHORITY_SEE_TENANTS,    /* and their account */
	AUTHORITY_CHANGE_TENANTS, /* of keys, account keys alone */
	AUTHORITY_SEE_AUDIT,      /* of it, what is about the keys it reaches */
	AUTHORITY_ADMINISTER,     /* what is about the whole store: administrators alone, no key */
	AUTHORITY_KEEP,           /* what is about the host: the same, over a connection of their own */
};

/*
 * Decides by connection and credential (may be NULL). key is room for one. ANSWER_OK; ANSWER_BAD_CREDENTIAL;
 * ANSWER_NOT_PERMITTED. The authority is AUTHORITY_NONE unless it is ANSWER_OK, but actor is always set.
 */
enum answer authority_decide(struct connection *connection, const char *credential, int64_t now, struct store_key *key,
			     struct authority *ret_authority);

/*
 * The same again in the writer's transaction, for what waited for it: a key that was ended meanwhile changes nothing
 * any more, and one whose permissions were narrowed has what is left. An authority that is no key stays as it is. As
 * above, and ANSWER_STORE_FAILED.
 */
enum answer authority_renew(struct store *store, int64_t now, struct store_key *key, struct authority *authority);

/*
 * Judges a key whose secret was shown, for what is given: uid, root, services, settings, secret and source of the
 * sign-in; and, where it passes, writes down what it is and may do. The kind stays as it is. 0 and the reason, or a
 * negative errno.
 */
int authority_judge(struct store_reader *reader, const struct store_key *key, int64_t now, struct authority *authority,
		    enum reason *ret_reason);

/*
 * The same of a credential that was found to be good, or refused for *reason, which stays: a refusal takes as long
 * either way, so that time does not tell what was wrong.
 */
int authority_judge_evenly(struct store_reader *reader, const struct store_key *key, int64_t now,
			   struct authority *authority, enum reason *reason);

/* Whether this uid administers only as long as it is in the group of [admin]: root and the daemon's own need none. */
bool authority_needs_group(uid_t uid);

/* True when it may do this at all, to keys it reaches. */
bool authority_allows(const struct authority *authority, enum authority_deed deed);

/* True when it reaches this key; one that it does not reach does not exist for it. */
bool authority_reaches(const struct authority *authority, const struct store_key *key);

/* The same of a tenant of an account (ids), and of an account as a whole (tenant ""). */
bool authority_reaches_tenant(const struct authority *authority, const char *account, const char *tenant);

/* True when it may see every role there is. */
bool authority_sees_roles(const struct authority *authority);

/* True when it may hand on these grants (separated by spaces): nobody grants what they do not hold. */
bool authority_covers(const struct authority *authority, const char *permissions);

#endif
