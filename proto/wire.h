/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The wire between apikeyd and its clients: this header is the specification.
 *
 * Transport: AF_UNIX, SOCK_SEQPACKET. One packet is one request or one reply; the kernel keeps the boundaries. Several
 * requests may be in flight on a connection; replies carry the request's id and may come in another order. A packet
 * that breaks a rule of this page closes the connection it came on, and nothing else.
 *
 * Packet: a header of WIRE_HEADER_SIZE bytes, then fields. All numbers are big-endian.
 *
 *     offset  size
 *          0     4   magic, WIRE_MAGIC
 *          4     2   version, WIRE_VERSION
 *          6     2   type, enum wire_type
 *          8     8   request id, chosen by the client, copied into the reply
 *         16     4   length of all fields in bytes; the packet is exactly WIRE_HEADER_SIZE longer
 *
 * Field: a tag (2), a length (2), that many bytes. Tags ascend; the same tag again is allowed where the table says
 * "list", up to its count. A tag with WIRE_OPTIONAL set is skipped by who does not know it and stands once; any other
 * unknown tag is an error.
 *
 *     number   8 bytes, 1 to the field's limit; times are seconds since 1970 UTC, INT64_MAX for "never"
 *     bytes    1 to limit bytes of any value
 *     text     1 to limit bytes without NUL, then one NUL that the length counts, so that it can be read in place
 *     record   fields as above, nested
 *
 * A field is left out where it has nothing to say: an absent text is NULL, an absent number 0, absent bytes none. So a
 * message has exactly one encoding. Texts are bytes here; who takes one for a name checks its form (UTF-8, no control
 * characters).
 *
 * proto/message.h has a struct and a table for each type; proto/codec.h the one encoder and the one decoder for them.
 */
#ifndef APIKEYD_PROTO_WIRE_H
#define APIKEYD_PROTO_WIRE_H

#include <stdint.h>

#define WIRE_MAGIC UINT32_C(0x616b6579) /* "akey" */
#define WIRE_VERSION 1
#define WIRE_HEADER_SIZE 20
#define WIRE_FIELD_SIZE 4 /* tag and length of a field */
#define WIRE_OPTIONAL UINT16_C(0x8000)

/* A packet, header included, in bytes. Requests on login.sock and verify.sock, and their replies, stay under the
 * smaller one. */
#define WIRE_PACKET_MAX 65536
#define WIRE_VERIFY_PACKET_MAX 8192

/* Limits of texts in bytes, without the NUL. */
#define WIRE_CREDENTIAL_MAX 2048
#define WIRE_USER_MAX 256
#define WIRE_SERVICE_MAX 128
#define WIRE_SOURCE_MAX 256                     /* an address or host name, a terminal */
#define WIRE_PERMISSION_MAX 1000                /* a grant or a query */
#define WIRE_NAME_MAX 128                       /* a key's, tenant's, account's or role's name */
#define WIRE_TENANT_MAX (2 * WIRE_NAME_MAX + 1) /* an id, a name, or ACCOUNT/NAME */
#define WIRE_ANY_TENANT "*"                     /* in the place of a tenant: whichever the key is of; no name */
#define WIRE_ID_MAX 64
#define WIRE_HANDLE_MAX 128
#define WIRE_REASON_MAX 512
#define WIRE_TICKET_SIZE 32 /* hexadecimal digits: exactly so many */
#define WIRE_CURSOR_MAX 1024
#define WIRE_NETWORK_MAX 64
#define WIRE_LABEL_MAX 256
#define WIRE_IDEMPOTENCY_MAX 128
#define WIRE_SIGNED_BODY_MAX 49152 /* bytes of a body that an HMAC token is signed for */
#define WIRE_NOTICE_MAX 384
#define WIRE_POLICY_MAX 64 /* "max_lifetime=90d" */
#define WIRE_AGENT_MAX 128 /* what a browser calls itself */
#define WIRE_URL_MAX 256

/* Sentences to a user in one verdict. */
#define WIRE_NOTICES_MAX 4
/* A record's place in the chain of the audit, for who has the key: its number, 8 bytes, big-endian; prev; the SHA-256
 * of its text; its MAC (crypto/audit_chain.h). And how many of them one request takes. */
#define WIRE_AUDIT_PLACE_SIZE (8 + 3 * 32)
#define WIRE_AUDIT_PLACES_MAX 512

/* Most bytes of one part of a backup. */
#define WIRE_PART_MAX 61440

/* A record of the audit as it is shown: what is longer is shown without its changes. */
#define WIRE_AUDIT_RECORD_MAX 49152

/* All texts of one list of a key together, a separator after each, in bytes: what a key holds stays small enough to be
 * read on every login. */
#define WIRE_LIST_TEXT_MAX 4096

/* How many times a list field may stand in one record. */
#define WIRE_LIST_MAX 64

/* Roles: a name in bytes; all permissions of one together, a separator after each; and how many a key holds. So what a
 * key may do, its own permissions and those of its roles, is never more than WIRE_EFFECTIVE_MAX bytes. */
#define WIRE_ROLE_NAME_MAX 64
#define WIRE_ROLE_TEXT_MAX 2048
#define WIRE_ROLES_MAX 12
#define WIRE_EFFECTIVE_MAX (WIRE_LIST_TEXT_MAX + WIRE_ROLES_MAX * (1 + WIRE_ROLE_TEXT_MAX))

/* Socket file names in the runtime directory; the FileDescriptorName= of each is its name without ".sock". */
#define WIRE_RUNTIME_DIR "/run/apikeyd"
#define WIRE_LOGIN_SOCKET "login.sock"
#define WIRE_VERIFY_SOCKET "verify.sock"
#define WIRE_ADMIN_SOCKET "admin.sock"
#define WIRE_SESSION_SOCKET "session.sock"                 /* of apikey-sessiond, as is the next */
#define WIRE_SESSION_CONTROL_SOCKET "session-control.sock" /* its FileDescriptorName= is session-control */

/* Message types. A reply's type is its request's plus WIRE_REPLY, or WIRE_ERROR. Numbers are never used again. */
#define WIRE_REPLY 0x8000

enum wire_type {
	/* on every socket */
	WIRE_HELLO = 1, /* announces a persistent client: message_hello -> message_welcome */
	/* on login.sock and verify.sock */
	WIRE_VERIFY = 2,  /* judges a credential: message_verify -> message_verdict */
	WIRE_ACCOUNT = 3, /* judges again by the handle of a verdict: message_account -> message_verdict */
	/* on login.sock alone */
	WIRE_REDEEM = 4, /* uses up the ticket of a verdict: message_redeem -> message_redeemed */
	WIRE_ROTATE = 5, /* a new secret for who shows the present one: message_rotate -> message_rotated */
	/* on admin.sock */
	WIRE_KEY_CREATE = 16,     /* message_key_create -> message_key with its secret */
	WIRE_KEY_LIST = 17,       /* message_key_list -> message_key_page */
	WIRE_KEY_SHOW = 18,       /* message_key_reference -> message_key */
	WIRE_KEY_UPDATE = 19,     /* message_key_update -> message_key */
	WIRE_KEY_ACTIVATE = 20,   /* message_key_reference -> message_key */
	WIRE_KEY_DEACTIVATE = 21, /* message_key_reference -> message_key */
	WIRE_KEY_REVOKE = 22,     /* message_key_reference -> message_key */
	WIRE_KEY_DELETE = 23,     /* message_key_reference -> message_key as it was */
	WIRE_EXPLAIN = 24,        /* a dry run: message_explain -> message_explanation */
	WIRE_STATUS = 25,         /* message_status -> message_state */
	WIRE_KEY_ROTATE = 26,     /* message_key_rotate -> message_key with its new secret */
	WIRE_KEY_RETIRE = 27,     /* message_key_retire -> message_key */
	/*
	 * The way back, for administrators alone. A backup is opened, which takes the copy, and read part by part; a
	 * restore is opened, written part by part, and finished, perhaps more than once: a dry run first. Either
	 * belongs to its connection and ends with it; there is one at a time. crypto/backup_seal.h says what the parts
	 * make up.
	 */
	WIRE_BACKUP_OPEN = 28,    /* message_status -> message_backup */
	WIRE_BACKUP_READ = 29,    /* message_part without bytes -> message_part; no bytes: the end */
	WIRE_RESTORE_OPEN = 30,   /* message_status -> message_part, empty */
	WIRE_RESTORE_WRITE = 31,  /* message_part, offset where the one before ended -> message_part, empty */
	WIRE_RESTORE_FINISH = 32, /* message_restore -> message_restored */
	WIRE_STORE_CHECK = 33,    /* reads all of the key store: message_status -> message_item */
	/* Roles: sets of permissions with a name. */
	WIRE_ROLE_CREATE = 34, /* message_role_change -> message_role */
	WIRE_ROLE_LIST = 35,   /* message_role_list -> message_role_page */
	WIRE_ROLE_SHOW = 36,   /* message_role_reference -> message_role */
	WIRE_ROLE_UPDATE = 37, /* message_role_change -> message_role */
	WIRE_ROLE_DELETE = 38, /* message_role_reference -> message_role as it was */
	/* Accounts and their tenants. */
	WIRE_ACCOUNT_CREATE = 40, /* message_account_create -> message_account_entry */
	WIRE_ACCOUNT_LIST = 41,   /* message_account_list -> message_account_page */
	WIRE_ACCOUNT_SHOW = 42,   /* message_account_reference -> message_account_entry */
	WIRE_ACCOUNT_DELETE = 43, /* message_account_reference -> message_account_entry as it was */
	WIRE_TENANT_CREATE = 44,  /* message_tenant_create -> message_tenant_entry */
	WIRE_TENANT_LIST = 45,    /* message_tenant_list -> message_tenant_page */
	WIRE_TENANT_SHOW = 46,    /* message_tenant_reference -> message_tenant_entry */
	WIRE_TENANT_DELETE = 47,  /* message_tenant_reference -> message_tenant_entry as it was */
	WIRE_TENANT_UPDATE = 48,  /* message_tenant_update -> message_tenant_entry */
	/* Access tokens. */
	WIRE_TOKEN_ISSUE = 50,   /* for a proof, whoever shows it: message_token_issue -> message_token */
	WIRE_TOKEN_INSPECT = 51, /* uses nothing up: message_token_reference -> message_token_state */
	WIRE_TOKEN_REVOKE = 52,  /* message_token_reference -> message_token_state as it was */
	/* Keys whose secrets were made elsewhere, many in one request, for administrators alone: message_key_import ->
	 * message_key_imported */
	WIRE_KEY_IMPORT = 53,
	/* Rotation of the master key, for root and the daemon's own uid alone: message_master_key -> message_item */
	WIRE_MASTER_KEY_ROTATE = 54,
	/* The next key that signs access tokens, for administrators: message_signing_key -> message_item */
	WIRE_SIGNING_KEY_ROTATE = 55,
	/* The chain of the audit. Whether records carry the MAC of the running key, which stays with the daemon, for
	 * administrators; and the first key, once, for root and the daemon's own uid alone. */
	WIRE_AUDIT_CHECK = 60, /* message_audit_check -> message_audit_head */
	WIRE_AUDIT_KEY = 61,   /* message_audit_key -> message_item */
	/* Sessions that keys have opened, as far as they are registered. */
	WIRE_ADMIN_SESSION_LIST = 64, /* message_session_query -> message_session_view */
	WIRE_ADMIN_SESSION_END = 65,  /* message_session_choice -> message_session */
	/*
	 * What the audit files hold. A page is one step through them: short, or empty, where little of what was looked
	 * at is asked for, with a cursor all the same.
	 */
	WIRE_AUDIT_READ = 62,  /* message_audit_read -> message_audit_page */
	WIRE_AUDIT_COUNT = 63, /* counts uses of keys: message_audit_read -> message_audit_counts */
	/*
	 * Sessions. On session.sock, for root: the process that connects and asks is the session's leader, which no
	 * field says. On session-control.sock, for the daemon and root: what is registered, and its end.
	 */
	WIRE_SESSION_OPEN = 70,  /* message_session_open -> message_session_reference */
	WIRE_SESSION_CLOSE = 71, /* by its leader: message_session_reference -> message_session_reference */
	WIRE_SESSION_LIST = 72,  /* message_session_list -> message_session_page */
	WIRE_SESSION_END = 73,   /* message_session_reference -> message_session, once its leader was told */
	/* What a gateway acts with for whom it serves, and the link by which somebody on this host gets there. */
	WIRE_SIGNIN = 67,      /* gateways alone: message_signin_begin -> message_signin with its credential */
	WIRE_SIGNIN_SHOW = 68, /* that of the credential: message_status -> message_signin */
	WIRE_SIGNIN_LIST = 69, /* message_status -> message_signin_view */
	WIRE_SIGNIN_END = 74,  /* message_signin_choice -> message_signin as it was */
	WIRE_LINK_CREATE = 75, /* never by gateways: message_link_create -> message_link */
	/* Begins or ends a lockdown, or tells of it; for administrators: message_lockdown -> message_lockdown_state */
	WIRE_LOCKDOWN = 56,
	/* One step of ending many keys: message_key_bulk -> message_key_bulk_page */
	WIRE_KEY_BULK = 57,
	/* Whose the credentials are that were found somewhere: message_key_find -> message_key_found */
	WIRE_KEY_FIND = 58,
	/* What is counted and measured, for administrators and gateways: message_metrics -> message_samples */
	WIRE_METRICS = 90,
	/* Whether a token that a service was shown is good; uses nothing up: message_token_reference ->
	 * message_introspection */
	WIRE_INTROSPECT = 91,
	/* a request that got no answer of its own: message_error */
	WIRE_ERROR = 0xffff,
};

#endif
