/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The API: what is asked at /v1 with a credential, by one table of operations (gateway/api_operations.c).
 *
 * One way for all of them. What can be seen to be wrong with a request is refused before the daemon is asked, so that a
 * token that is good once is not used up for nothing. Then, in a thread (gateway/calls.h), the credential is shown to
 * the daemon, which answers with one for this request alone; all that the operation asks is asked with that, so that
 * the daemon judges each step, and it ends with the request.
 */
#ifndef APIKEYD_GATEWAY_API_H
#define APIKEYD_GATEWAY_API_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "gateway/api_body.h"
#include "gateway/problem.h"
#include "gateway/routes.h"
#include "gateway/source.h"
#include "lib/apikey.h"
#include "proto/wire.h"

struct api_call;
struct exchange;
struct gateway;

/* Whom a request says it is for, in headers; both are ids. */
enum api_scope {
	API_NO_SCOPE,
	API_ACCOUNT_SCOPE, /* x-account-id */
	API_TENANT_SCOPE,  /* and x-tenant-id, which is the first parameter of the path */
};

/* What else an operation takes. */
enum api_trait {
	API_PAGED = 1 << 0,      /* ?limit= and ?cursor= */
	API_OWNED = 1 << 1,      /* ?owner= */
	API_WITH_KEYS = 1 << 2,  /* ?withKeys=true */
	API_REPEATABLE = 1 << 3, /* Idempotency-Key */
	API_OF_KEYS = 1 << 4,    /* what is not found is a key */
	API_PROOF = 1 << 5,      /* the credential itself is what is asked about: nobody signs in */
};

struct api_operation {
	const char *method, *path;
	enum api_scope scope;
	unsigned int traits;                   /* a sum of enum api_trait */
	uint32_t fields, needed;               /* of the body: sets of enum api_field */
	void (*run)(struct api_call *call);    /* in a thread; answers by api_answer() or one of the others */
	void (*finish)(struct api_call *call); /* NULL; in the loop, where run has said neither */
};

/* NULL: there are no more. */
const struct api_operation *api_operation_at(size_t index);

#define API_ID_SIZE 128 /* room for a parameter of a path */

struct api_call {
	const struct api_operation *operation;
	struct exchange *exchange; /* for the loop's thread */
	struct gateway *gateway;   /* the same */
	/* what was asked; texts live as long as the exchange */
	const char *credential, *agent;
	const char *user; /* of Basic; NULL */
	bool hmac;        /* it is an HMAC token, which has to be signed for the body */
	bool page;        /* a page in a browser asks */
	const void *body_bytes;
	size_t body_size;
	char source_room[SOURCE_SIZE];
	const char *source;           /* NULL: a Unix socket */
	const char *account, *tenant; /* ids, of the headers; NULL: none was needed */
	char id[API_ID_SIZE];         /* the last parameter of the path, where that is not the tenant; "" */
	const char *idempotency_key;  /* NULL */
	const char *cursor, *owner;   /* NULL */
	unsigned int limit;           /* 1 to API_PAGE_MAX */
	bool with_keys;
	struct api_body body;
	/* in the thread */
	bool admitted; /* the daemon has taken the credential, from a page too */
	struct apikey_admin *admin;
	struct apikey_signin *signin; /* whose credential admin acts with; NULL for API_PROOF */
	/* the answer */
	bool answered;
	unsigned int status; /* 0: it is a problem */
	json_t *answer;      /* NULL: without a body */
	bool repeated;       /* it was made before, by the same request */
	enum problem problem;
	char message[WIRE_REASON_MAX + 1]; /* "": the problem's own */
};

#define API_PAGE_MAX 100
#define API_PAGE 50

/* Takes a request that is one of the operation's. */
void api_handle(struct exchange *exchange, struct gateway *gateway, const struct route_parameters *parameters,
		const struct api_operation *operation);

/* Refuses what its path and headers are wrong for already, before its body comes. */
void api_preview(struct exchange *exchange, struct gateway *gateway, const struct route_parameters *parameters,
		 const struct api_operation *operation);

/* Reads what was asked, without the body and with it. False where it has been refused (gateway/api_request.c). */
bool api_request_read_head(struct api_call *call, const struct route_parameters *parameters);
bool api_request_read(struct api_call *call, const struct route_parameters *parameters);

/* ---- for operations: one of these, once ---- */

/* Takes the answer over; NULL where memory was short. */
void api_answer(struct api_call *call, unsigned int status, json_t *answer);
void api_answer_nothing(struct api_call *call);
void api_refuse(struct api_call *call, enum problem problem, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* What a call of the library returned, which is not 0. */
void api_fail(struct api_call *call, int result);

/* For finish: sends the answer, and frees. */
void api_finish(struct api_call *call);

/* Whether the key may do what this takes; else it has been refused. */
bool api_needs(struct api_call *call, const char *permission);

/* ---- the operations, each in the file of its object ---- */

void api_identity_hmac(struct api_call *call);
void api_identity_token(struct api_call *call);
void api_identity_me(struct api_call *call);
void api_tenant_create(struct api_call *call);
void api_tenant_list(struct api_call *call);
void api_tenant_show(struct api_call *call);
void api_tenant_delete(struct api_call *call);
void api_key_create(struct api_call *call);
void api_key_list(struct api_call *call);
void api_key_show(struct api_call *call);
void api_key_update(struct api_call *call);
void api_key_delete(struct api_call *call);
void api_key_rotate(struct api_call *call);
void api_key_activate(struct api_call *call);
void api_key_deactivate(struct api_call *call);
void api_verify(struct api_call *call);
void api_verify_ask(struct api_call *call);

#endif
