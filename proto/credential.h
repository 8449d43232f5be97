/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What a credential text is, decided by its shape and check characters alone. The module calls this
 * before anything leaves the process, so that a normal password never does; the daemon calls the same function. Pure.
 *
 *     ak_<id 12>_<secret 32><check 6>    opaque token, 54 bytes: "ak_", 12, "_", 32, 6, all base62
 *     akt_…                              the same for a test key, 55 bytes
 *
 * check is the CRC-32 of all before it, in base62.
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

enum credential_kind {
	CREDENTIAL_NONE = 0, /* not one of ours: a normal password */
	CREDENTIAL_OPAQUE,
	CREDENTIAL_MALFORMED, /* begins like one of ours, but is none */
	CREDENTIAL_TRUNCATED, /* begins like one of ours, and was cut short */
};

struct credential {
	enum credential_kind kind;
	bool test;                       /* a test key's */
	char id[CREDENTIAL_ID_SIZE + 1]; /* "" unless kind is CREDENTIAL_OPAQUE */
};

/*
 * Says what the size bytes at text are (no NUL needed; one among them makes it CREDENTIAL_NONE, as do 0 bytes and more
 * than WIRE_CREDENTIAL_MAX, which are not looked at).
 */
struct credential credential_classify(const char *text, size_t size);

/*
 * Writes the token of an id and a secret, both base62 of their exact sizes, and a NUL. ret_text has room for
 * CREDENTIAL_OPAQUE_MAX + 1 bytes.
 */
void credential_write_opaque(bool test, const char *id, const char *secret, char *ret_text);

/* True when the text begins like a credential of ours and may hold a secret: for those who log a name someone typed a
 * key into. */
bool credential_looks_secret(const char *text);

/* True when text is the public key of a pair. */
bool credential_is_public_key(const char *text);

/* True when text is a key's id: CREDENTIAL_ID_SIZE base62 characters, or a public key. */
bool credential_is_id(const char *text);

#endif
