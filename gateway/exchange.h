/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * One request and its answer. It is checked before a handler sees it: what libmicrohttpd lets through
 * (gateway/strict.h), its path, its parameters, its credential, the length of its body. A handler answers at once or
 * later; meanwhile the connection is put aside and costs nothing.
 */
#ifndef APIKEYD_GATEWAY_EXCHANGE_H
#define APIKEYD_GATEWAY_EXCHANGE_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

#include "gateway/authorization.h"
#include "gateway/problem.h"
#include "gateway/server.h"
#include "gateway/urlencoded.h"

#define EXCHANGE_CORRELATION_MAX 128
#define EXCHANGE_QUERY_CREDENTIAL "apiToken" /* the parameter that a key may be in, where the settings say so */

struct exchange {
	struct server_connection *connection;
	struct MHD_Connection *handle;
	const char *method;
	char *path; /* it begins with a slash and has no escapes */
	struct urlencoded query;
	struct authorization authorization;
	char correlation_id[EXCHANGE_CORRELATION_MAX + 1]; /* visible ASCII; "": none came */
	char *body; /* ends in a NUL that body_size does not count; NULL: none came */
	size_t body_size;
	void *data;    /* the handler's, while it has not answered */
	bool for_page; /* the handler's: the page in a browser that asks may read the answer */

	char *target; /* what path points into; as it came, where the path is none */

	/* gateway/exchange.c's own */
	size_t target_size, body_room, body_seen;
	bool begun, handled, waiting;
	bool forgets;     /* exchange_forget_body() */
	bool dropping;    /* it is answered already; the little that comes is read and forgotten */
	enum problem cut; /* why the body was not kept; 0: it was */
	struct MHD_Response *answer;
	unsigned int status;
};

/* A header of the request; NULL where it is not there. */
const char *exchange_header(const struct exchange *exchange, const char *name);

/* What the head of a request says of its body: whether one comes, and how long it is; 0: it has none, or chunks, which
 * do not tell. */
bool exchange_has_body(const struct exchange *exchange);
unsigned long long exchange_length(const struct exchange *exchange);

/* For a preview: nobody looks at the body of this one. It is read, no longer than another, and takes no room. */
void exchange_forget_body(struct exchange *exchange);

/* Whether its body is said to be a form. */
#define EXCHANGE_FORM "application/x-www-form-urlencoded"
bool exchange_is_form(const struct exchange *exchange);

/* Whether a page in a browser sent it: browsers say so themselves, and a page cannot leave that out. A key in a page is
 * a key that everybody has who sees the page. */
bool exchange_is_from_page(const struct exchange *exchange);

/* ---- answers: one call ends the exchange for its handler ---- */

struct exchange_field {
	const char *name, *value; /* a value of NULL: the field is left out */
};

/* Without a body. count fields. */
void exchange_answer_empty(struct exchange *exchange, unsigned int status, const struct exchange_field *fields,
			   size_t count);

/* body is malloc'ed, taken over, and wiped when it was sent; NULL stands for "no memory": the connection is closed. */
void exchange_answer_text(struct exchange *exchange, unsigned int status, const char *type, char *body,
			  const struct exchange_field *fields, size_t count);

/* message NULL: the problem's own sentence. */
void exchange_answer_problem(struct exchange *exchange, enum problem problem, const char *message);

/* The path is there, and is asked by other methods: "GET, POST". */
void exchange_answer_methods(struct exchange *exchange, const char *methods);

/* ---- what the library calls; data is the server ---- */

void *exchange_on_target(void *data, const char *target, struct MHD_Connection *handle);
enum MHD_Result exchange_on_request(void *data, struct MHD_Connection *handle, const char *url, const char *method,
				    const char *version, const char *upload, size_t *upload_size, void **context);
void exchange_on_completed(void *data, struct MHD_Connection *handle, void **context,
			   enum MHD_RequestTerminationCode code);

#endif
