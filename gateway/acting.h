/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Acting for who sent a request: what it showed is shown to the daemon, which answers with a credential for this
 * request alone, and ends it with the request. For the threads of gateway/calls.h.
 */
#ifndef APIKEYD_GATEWAY_ACTING_H
#define APIKEYD_GATEWAY_ACTING_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/problem.h"
#include "lib/apikey.h"

/* What a request showed. */
struct acting_proof {
	const char *credential;
	bool hmac;        /* it is an HMAC token, which has to be signed for the body */
	const void *body; /* of others it is not looked at */
	size_t body_size;
	const char *user;             /* whose the key is said to be; NULL: nobody says */
	const char *account, *tenant; /* what the request says it is for, ids; NULL */
	const char *source, *agent;   /* NULL */
	bool page;                    /* a page in a browser did: only a key that is for pages is taken */
	/* Where the daemon does not know this gateway, it takes a key from it as from anybody; from no page. */
	bool directly;
};

/*
 * From here on admin acts for the key that was shown. 0, and *ret_signin (NULL: directly) says which key that is;
 * otherwise acting_refusal() says how to tell it: -EMSGSIZE for a body that is too long to be signed, or what
 * apikey_signin() returned. The caller ends it with acting_end() in any case.
 */
int acting_begin(struct apikey_admin *admin, const struct acting_proof *proof, struct apikey_signin **ret_signin);

/* Admin acts for nobody any more. Frees. signin may be NULL. */
void acting_end(struct apikey_admin *admin, struct apikey_signin *signin);

/* What result, of acting_begin() or a call with admin that failed, is told. */
enum problem acting_refusal(const struct apikey_admin *admin, int result, bool hmac);

/* The sentence for the same, where there is a better one than the problem's own; else NULL. Static. */
const char *acting_sentence(const struct apikey_admin *admin, int result);

#endif
