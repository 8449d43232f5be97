/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What an access token says: the payload of a JWT (RFC 7519) as a JSON object of these members, each once:
 *
 *     iss, aud         texts, as configured
 *     sub              the id of the key it was got with
 *     account          the key's; tenant: likewise, where it has one
 *     iat, nbf, exp    whole seconds since 1970 UTC: made, good from, good before
 *     jti              its own id, base62
 *     secret_number    which of the key's secrets it was got with: it ends with that
 *
 * Nobody but apikeyd makes them, so what is not understood is refused: a later version may add what narrows a token,
 * and one that overlooks it would let in whom it should not. Defends against a payload that two parsers read in two
 * ways: members given twice, numbers with fractions or beyond all range, NUL in texts, bytes behind the object. To be
 * parsed only after the signature was found right. Pure.
 */
#ifndef APIKEYD_DAEMON_CLAIMS_H
#define APIKEYD_DAEMON_CLAIMS_H

#include <stddef.h>
#include <stdint.h>

#include "proto/credential.h"
#include "proto/wire.h"

#define CLAIMS_SIZE_MAX 1475 /* bytes of a payload: TOKEN_PAYLOAD_MAX */
#define CLAIMS_TEXT_MAX 128  /* bytes of issuer and audience */
#define CLAIMS_ID_SIZE 22    /* characters of the ids that are made here: 130 bits */
#define CLAIMS_ID_MAX 64
#define CLAIMS_TIME_MAX INT64_C(99999999999) /* seconds: the year 5138; a time in milliseconds is greater */

enum claims_error {
	CLAIMS_WELL_FORMED = 0,
	CLAIMS_NO_OBJECT,  /* not JSON, or not an object, or something behind it */
	CLAIMS_NUL,        /* a NUL in it, as a byte or as \u0000 */
	CLAIMS_TWICE,      /* a member stands in it twice */
	CLAIMS_MISSING,    /* a member */
	CLAIMS_UNKNOWN,    /* a member that means nothing here */
	CLAIMS_TEXT,       /* is no text, empty or too long */
	CLAIMS_SUBJECT,    /* is no key's id */
	CLAIMS_NUMBER,     /* is no whole number, or beyond all range */
	CLAIMS_MILLIS,     /* a time in milliseconds */
	CLAIMS_ORDER,      /* it ends before it begins, or lives longer than any may */
	CLAIMS_OTHER_SIDE, /* another issuer or audience */
	CLAIMS_ERROR_COUNT,
};

struct claims {
	char issuer[CLAIMS_TEXT_MAX + 1], audience[CLAIMS_TEXT_MAX + 1];
	char subject[CREDENTIAL_KEY_ID_MAX + 1];
	char account[WIRE_NAME_MAX + 1];
	char tenant[WIRE_NAME_MAX + 1]; /* "": none */
	char id[CLAIMS_ID_MAX + 1];
	int64_t issued, not_before, expires;
	uint32_t secret;
};

/* Writes the payload, without a NUL, into CLAIMS_SIZE_MAX bytes. 0; -EINVAL: a text is not UTF-8; -EMSGSIZE: it does
 * not fit; -ENOMEM. */
int claims_format(const struct claims *claims, char *ret_payload, size_t *ret_size);

/* Parses exactly size bytes. CLAIMS_WELL_FORMED and *ret_claims, or the first mistake; never CLAIMS_OTHER_SIDE. */
enum claims_error claims_parse(const void *payload, size_t size, struct claims *ret_claims);

/* One sentence for a person. "" for CLAIMS_WELL_FORMED. Static. */
const char *claims_error_sentence(enum claims_error error);

#endif
