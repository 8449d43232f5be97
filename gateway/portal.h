/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The portal: pages on which a person manages keys. All of them are made here and work without a script. What a page
 * may show or change is for the daemon to say, of the sign-in whose credential the browser's cookie is; the gateway
 * keeps none. A request for a page is looked at in the loop (its cookie, where a form comes from), then a thread asks
 * the daemon and writes the page, which the loop sends.
 *
 * Defends against pages of other hosts that send forms (a token in each form, Origin and Sec-Fetch-Site), frame the
 * portal or bring in scripts (a strict content security policy), and against sign-ins that somebody else has chosen.
 */
#ifndef APIKEYD_GATEWAY_PORTAL_H
#define APIKEYD_GATEWAY_PORTAL_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/html.h"
#include "gateway/portal_guard.h"
#include "gateway/routes.h"
#include "gateway/sentence.h"
#include "gateway/source.h"
#include "gateway/urlencoded.h"
#include "lib/apikey.h"

#define PORTAL_PARAMETER_SIZE 129
#define PORTAL_LOCATION_SIZE 256
#define PORTAL_CURSOR_SIZE 1025

struct exchange;
struct gateway;
struct portal_request;

typedef void (*portal_page)(struct portal_request *request);

enum portal_access {
	PORTAL_OPEN,   /* for everybody */
	PORTAL_SIGNED, /* for who is signed in; others are asked to */
};

struct portal_route {
	const char *method, *path;
	enum portal_access access;
	portal_page page;    /* runs in a thread */
	const char *section; /* the part of the navigation it is in */
};

/* A request on its way, and the page that becomes of it. */
struct portal_request {
	struct exchange *exchange;
	struct gateway *gateway;
	const struct portal_route *route;
	char parameters[ROUTES_PARAMETERS_MOST][PORTAL_PARAMETER_SIZE];
	struct urlencoded form;
	struct portal_cookie cookie; /* "": there is none */
	char token[PORTAL_TOKEN_SIZE];
	char source_room[SOURCE_SIZE];
	const char *source; /* NULL: a Unix socket */
	bool secure;        /* it came over TLS */
	int64_t now;        /* seconds */

	/* what a page finds */
	struct apikey_admin *admin;
	struct apikey_signin *who; /* NULL on open pages */

	/* what it leaves */
	struct html html;
	unsigned int status;
	const char *allowed;                 /* with status 405: the methods */
	char location[PORTAL_LOCATION_SIZE]; /* a path: go there; "": show what was written */
	char set_cookie[PORTAL_COOKIE_HEADER_SIZE];
	char said[SENTENCE_SIZE]; /* by the daemon */
};

/* Whether a path is the portal's. */
bool portal_owns(const char *path);

/* Answers the exchange, or sees to it that it is answered later. */
void portal_dispatch(struct exchange *exchange, struct gateway *gateway);

/* Tells people what was wrong with a request that did not get so far, in a page; false: it was none of the portal's.
 * Asks nobody. data: the gateway. */
bool portal_tell_problem(struct exchange *exchange, unsigned int status, const char *sentence, void *data);

/* ---- for pages ---- */

/* A value of the form or of the query; "" where it is not there. */
const char *portal_value(const struct portal_request *request, const char *name);

/* Whether the sign-in has been granted this permission, wildcards considered. It decides what is shown, nothing else.
 */
bool portal_may(const struct portal_request *request, const char *permission);
bool portal_administers(const struct portal_request *request);
bool portal_is_key(const struct portal_request *request);

/* Whether it changes keys it sees, and makes keys. */
bool portal_changes_keys(const struct portal_request *request);
bool portal_makes_keys(const struct portal_request *request);

/* The same of whether it can give the permission, "a.b" or "a.*", to a key. */
bool portal_gives(const struct portal_request *request, const char *permission);

/* After a change: go to that page. */
void portal_go(struct portal_request *request, const char *template, ...) __attribute__((format(printf, 2, 3)));

/*
 * What a call to the daemon has returned: true for 0. Else the page says what was wrong, or asks to sign in again, and
 * is finished.
 */
bool portal_succeeded(struct portal_request *request, int r);

/* What the daemon has said, as a sentence that is good until the next call. */
const char *portal_said(struct portal_request *request);

/* The same as a sentence, for a page that goes on; NULL: it was no answer that a page can go on with. */
const char *portal_complaint(struct portal_request *request, int r);

/* Copies a cursor; one that is too long is none. The two may be the same. */
void portal_keep_cursor(const char *cursor, char ret_cursor[PORTAL_CURSOR_SIZE]);

/* The last use of any of its secrets; NULL: there was none. */
const struct apikey_use *portal_last_use(const struct apikey_key *key);
/* Its current secret; NULL: it has none. */
const struct apikey_secret *portal_current_secret(const struct apikey_key *key);

/* The question after a rotation: whether who uses the key has taken up its new secret. False: no old secret is good any
 * more, and nothing was written. In gateway/portal_key.c. */
bool portal_write_overlap(struct portal_request *request, const struct apikey_key *key,
			  const struct apikey_secret *current);

/* Shows the secrets of a key that was just made. In gateway/portal_key_change.c. */
void portal_write_secrets(struct portal_request *request, const struct apikey_key *key);

/* A page that says one thing. */
void portal_tell(struct portal_request *request, unsigned int status, const char *title, const char *sentence);

#endif
