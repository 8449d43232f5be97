/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Requests of pages in browsers. Which keys are for these is the daemon's to judge (client_side of a key); here a
 * browser is told, by the rules of CORS, what it may send, and what the page may read.
 *
 * Defends against pages that ask with what is not theirs: a browser sends a page's request to another host with cookies
 * only where that host says so, which this one never does. A page reads an answer only where the daemon has taken the
 * key that it brought, so that it cannot try out keys, nor look for gateways, in the network that its visitor is in.
 */
#ifndef APIKEYD_GATEWAY_PAGE_H
#define APIKEYD_GATEWAY_PAGE_H

#include <stdbool.h>

#include "gateway/exchange.h"

/* What answers to a page carry that may read them. */
#define PAGE_FIELDS 2
extern const struct exchange_field page_fields[PAGE_FIELDS];

/* The sentence for a key that is not for pages. */
#define PAGE_REFUSED                                                                                                   \
	"The key is not for pages in browsers, where everybody can read it; those that are were made with clientSide."

/* Whether that is what the daemon has refused it for. */
bool page_is_refused(const char *reason);

/* Answers a browser that asks what a page may send to a path that is asked by these methods. False, and nothing was
 * answered: it is none, or asks for what is not there for pages. */
bool page_answer_preflight(struct exchange *exchange, const char *methods);

#endif
