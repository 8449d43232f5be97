/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * On whose behalf an administrative request acts, and how far that reaches. Every request has one authority: the
 * credential it carries if it carries one, else the peer of the connection. Pure but for the look-up of the credential.
 */
#ifndef APIKEYD_DAEMON_AUTHORITY_H
#define APIKEYD_DAEMON_AUTHORITY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/connection.h"
#include "daemon/role_grants.h"
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
	uid_t uid;                                          /* of the peer */
	char actor[sizeof("key:") + CREDENTIAL_KEY_ID_MAX]; /* for the audit: "uid:1000", "key:<id>" */
	const char *self_service; /* grants a user may hand on to own keys; lives as long as the thread's settings */
	/* AUTHORITY_KEY */
	char key_id[CREDENTIAL_KEY_ID_MAX + 1];
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
	AUTHORITY_SEE_ROLES,      /* some of them; daemon/admin_role.c says which */
	AUTHORITY_CHANGE_ROLES,   /* of keys, those of the account "default" or of its tenant "default" */
	AUTHORITY_SEE_TENANTS,    /* and their account */
	AUTHORITY_CHANGE_TENANTS, /* of keys, account keys alone */
	AUTHORITY_SEE_AUDIT,      /* of it, what is about the keys it reaches */
	AUTHORITY_ADMINISTER,     /* what is about the whole store: administrators alone, no key */
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
