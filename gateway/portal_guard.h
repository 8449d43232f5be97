/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What keeps other people's pages from acting through a browser that is signed in: the cookie that holds the sign-in's
 * credential, the token that each form carries, and where a form comes from.
 *
 * The cookie is sent to this host alone, by no script that is read and along with nothing that another site has brought
 * about (HttpOnly, SameSite=Strict). Over TLS its name begins with __Host-, so that neither another host of the same
 * domain nor a connection without TLS can set it. The token is an HMAC of a constant text under the credential: a page
 * that holds it tells nothing of the credential, another sign-in has another one, and nothing is kept.
 */
#ifndef APIKEYD_GATEWAY_PORTAL_GUARD_H
#define APIKEYD_GATEWAY_PORTAL_GUARD_H

#include <stdbool.h>
#include <stddef.h>

struct exchange;

#define PORTAL_CREDENTIAL_MAX 256
#define PORTAL_TOKEN_SIZE (43 + 1) /* base64url, and a NUL */
#define PORTAL_COOKIE_HEADER_SIZE (PORTAL_CREDENTIAL_MAX + 128)

/* A credential; "": none. Its owner wipes it. */
struct portal_cookie {
	char credential[PORTAL_CREDENTIAL_MAX + 1];
};

/* Reads the cookie. One that is there twice, or has another form, is none. */
void portal_cookie_read(const struct exchange *exchange, bool secure, struct portal_cookie *ret_cookie);

/* Writes the value of a Set-Cookie header; credential "": one that takes the cookie back. False where it has a form
 * that no cookie has. */
bool portal_cookie_write(const char *credential, bool secure, char ret_header[PORTAL_COOKIE_HEADER_SIZE]);

/* Writes the token of the forms of a sign-in. 0, -EIO, -ENOMEM. */
int portal_token_make(const char *credential, char ret_token[PORTAL_TOKEN_SIZE]);

/* Whether a form's token is the one expected, in constant time. */
bool portal_token_fits(const char *expected, const char *given);

/*
 * Whether a form was sent from a page of this host. fetch_site: the browser's own word (Sec-Fetch-Site), which browsers
 * give over TLS and to this machine; else origin has to name the host that was asked. NULL: there is no such header.
 * Pure.
 */
bool portal_is_own_form(const char *fetch_site, const char *origin, const char *host);

#endif
