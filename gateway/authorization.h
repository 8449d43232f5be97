/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What an Authorization header carries (RFC 9110, section 11.6.2):
 *
 *     apiToken KEY    Bearer KEY-or-access-token    Hmac TOKEN    Basic base64(USER:KEY)
 *
 * The names of schemes are of either case. Pure.
 */
#ifndef APIKEYD_GATEWAY_AUTHORIZATION_H
#define APIKEYD_GATEWAY_AUTHORIZATION_H

#include <stdbool.h>

#include "common/secret.h"
#include "proto/wire.h"

enum authorization_scheme {
	AUTHORIZATION_NONE, /* no credential at all */
	AUTHORIZATION_API_TOKEN,
	AUTHORIZATION_BEARER,
	AUTHORIZATION_HMAC,
	AUTHORIZATION_BASIC,
};

/* {0} is empty. */
struct authorization {
	enum authorization_scheme scheme;
	char user[WIRE_USER_MAX + 1]; /* of Basic; "" */
	/* As apikeyd takes it: of Hmac with its scheme, else bare. It has 1 to WIRE_CREDENTIAL_MAX visible characters,
	 * of Basic any but controls. */
	struct secret credential;
};

/* Reads the value of a header. 0; -EINVAL, and *ret_fault is a sentence for a person, static; -ENOMEM. After 0 the
 * caller ends it with authorization_done(). */
int authorization_read(const char *value, struct authorization *ret_authorization, const char **ret_fault);

/* The same for a credential that stands alone: X-API-KEY, ?apiToken=. */
int authorization_read_bare(const char *value, struct authorization *ret_authorization, const char **ret_fault);

/* Whether the credential is meant as an HMAC token, in whichever place it stood: that is signed for the body that came
 * with it. */
bool authorization_is_hmac(const struct authorization *authorization);

/* Wipes and empties. Accepts an empty one. */
void authorization_done(struct authorization *authorization);

#define CLEANUP_AUTHORIZATION CLEANUP(authorization_done)

#endif
