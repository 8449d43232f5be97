/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What a text is that someone presents, decided by its whole shape alone. The module calls this before anything leaves
 * the process, so that a normal password never does; the daemon calls the same function. Pure. In this order:
 *
 *     ak_<id 12>_<secret 32><check 6>    opaque token, 54 bytes: "ak_", 12, "_", 32, 6, all base62
 *     akt_…                              the same for a test key, 55 bytes
 *     Hmac …, UUID:…                     HMAC token, see proto/hmac_token.h
 *     eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.…   access token, see proto/access_token.h
 *     Bearer …, apiToken …               what the rest is; once
 *     anything else                      a normal password, or a secret that was imported
 *
 * check is the CRC-32 of all before it, in base62. Hmac, Bearer and apiToken are the names that schemes of HTTP have:
 * their case does not matter, and one space stands behind them.
 */
#ifndef APIKEYD_PROTO_CREDENTIAL_H
#define APIKEYD_PROTO_CREDENTIAL_H

#include <stdbool.h>
#include <stddef.h>

#define CREDENTIAL_ID_SIZE 12
#define CREDENTIAL_SECRET_SIZE 32
#define CREDENTIAL_CHECK_SIZE 6
#define CREDENTIAL_PUBLIC_KEY_SIZE 36                    /* 8-4-4-4-12 hexadecimal digits, lower case */
#define CREDENTIAL_KEY_ID_MAX CREDENTIAL_PUBLIC_KEY_SIZE /* a key's id: an opaque key's, or a pair's public key */
#define CREDENTIAL_OPAQUE_SIZE (3 + CREDENTIAL_ID_SIZE + 1 + CREDENTIAL_SECRET_SIZE + CREDENTIAL_CHECK_SIZE)
#define CREDENTIAL_OPAQUE_MAX (CREDENTIAL_OPAQUE_SIZE + 1) /* a test key's */

/* How long a secret may be that was imported, in bytes. */
#define CREDENTIAL_OTHER_MIN 16
#define CREDENTIAL_OTHER_MAX 512

enum credential_kind {
	CREDENTIAL_NONE = 0, /* nothing that is ever considered: a normal password */
	CREDENTIAL_OPAQUE,
	CREDENTIAL_MALFORMED, /* begins like one of ours, but is none */
	CREDENTIAL_TRUNCATED, /* begins like one of ours, and was cut short */
	CREDENTIAL_HMAC,      /* an HMAC token, well-formed */
	CREDENTIAL_ACCESS,    /* an access token, well-formed */
	CREDENTIAL_OTHER,     /* a normal password too, unless the caller allows any format: then an imported secret */
};

struct credential {
	enum credential_kind kind;
	bool test;                          /* a test key's */
	char id[CREDENTIAL_KEY_ID_MAX + 1]; /* the key's, where the text names it: CREDENTIAL_OPAQUE, CREDENTIAL_HMAC */
	size_t start;                       /* bytes of schemes before the bare credential */
	size_t size;                        /* of the bare credential, which ends where the text does */
	const char *problem; /* CREDENTIAL_MALFORMED, CREDENTIAL_TRUNCATED: a sentence for a person; static. Else "" */
};

/*
 * Says what the size bytes at text are (no NUL needed). More than WIRE_CREDENTIAL_MAX of them are not looked at and
 * CREDENTIAL_NONE; so are 0 bytes, and a text with a NUL in it. CREDENTIAL_OTHER has CREDENTIAL_OTHER_MIN to
 * CREDENTIAL_OTHER_MAX bytes and no ASCII control character: sshd(8) writes such in what it makes up for a user who
 * does not exist.
 */
struct credential credential_classify(const char *text, size_t size);

/*
 * Writes the token of an id and a secret, both base62 of their exact sizes, and a NUL. ret_text has room for
 * CREDENTIAL_OPAQUE_MAX + 1 bytes.
 */
void credential_write_opaque(bool test, const char *id, const char *secret, char *ret_text);

/*
 * How many of its first bytes may be written down of a text that begins like a credential of ours and may hold a
 * secret, for those who log a name someone typed one into: "ak_", the public key of an HMAC token with its colon, "eyJ"
 * of an access token. 0 where the text begins like none. It ends in a NUL.
 */
size_t credential_shown_size(const char *text);

/* True when the text begins like that, with a scheme before it or without. */
bool credential_looks_secret(const char *text);

/* True when text, of size bytes without a NUL, is a public key as far as it goes: all of one, some of its first
 * characters, or nothing. */
bool credential_is_public_key_start(const char *text, size_t size);

/* True when text is the public key of a pair. */
bool credential_is_public_key(const char *text);

/* True when text is a key's id: CREDENTIAL_ID_SIZE base62 characters, or a public key. */
bool credential_is_id(const char *text);

/* Who passes on no more than this many bytes of a password; NULL where nobody is known for it. Static. */
const char *credential_limit(size_t size);

#endif
