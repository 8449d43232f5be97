/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The JSON body of a request: one object whose members are those that the operation takes, each of its own kind.
 * Strict, since what is misread here may make a key: a name twice, one that is not known, a text with a NUL and a value
 * of another kind are faults, and the sentence names them. Pure.
 */
#ifndef APIKEYD_GATEWAY_API_BODY_H
#define APIKEYD_GATEWAY_API_BODY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/problem.h"

#define API_BODY_FAULT_SIZE 256

enum api_field {
	API_NAME,
	API_ROLES,
	API_PERMISSIONS,
	API_KIND,
	API_OWNER,
	API_EXPIRES,
	API_NOT_BEFORE,
	API_USERS,
	API_SOURCES,
	API_EXCLUSIVE,
	API_MAX_USES,
	API_CLIENT_SIDE,
	API_OVERLAP,
	API_NOW,
	API_CREDENTIAL,
	API_PERMISSION,
	API_SERVICE,
	API_TENANT,
	API_USER,
	API_SOURCE,
	API_FIELDS,
};

/* A set of them. */
#define API_FIELD(field) (UINT32_C(1) << (field))

/* {0} is empty. */
struct api_body {
	uint32_t given;                 /* the set of those that are there */
	const char *texts[API_FIELDS];  /* NULL where it is not there, or no text */
	const char **lists[API_FIELDS]; /* ending in NULL; NULL where it is not there, or no list */
	int64_t numbers[API_FIELDS];    /* a time is seconds, and APIKEY_NEVER for null; a flag 0 or 1 */
	json_t *root;                   /* what the texts point into */
};

/* What was wrong. */
struct api_body_fault {
	enum problem problem;
	char text[API_BODY_FAULT_SIZE];
};

/*
 * Reads size bytes, of which none are an empty object. fields: the set of those that may be there, needed: that have
 * to. True, and the caller ends it with api_body_done(); or false and the fault.
 */
bool api_body_read(const char *bytes, size_t size, uint32_t fields, uint32_t needed, struct api_body *ret_body,
		   struct api_body_fault *ret_fault);

/* Frees and empties; what jansson frees is wiped (gateway/json.h). Accepts an empty one. */
void api_body_done(struct api_body *body);

/* "name", …: how a field is called. Static. */
const char *api_body_field_name(enum api_field field);

#endif
