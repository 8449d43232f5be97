/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Answers other than success that an administrative request can get. They are positive, so that a function can return
 * 0, a negative errno, or one of these; each has one sentence for a person. On the wire by number; new ones are added
 * at the end.
 */
#ifndef APIKEYD_PROTO_ANSWER_H
#define APIKEYD_PROTO_ANSWER_H

enum answer {
	ANSWER_OK = 0,
	ANSWER_UNKNOWN_REQUEST, /* a type this daemon or socket does not serve */
	ANSWER_INVALID,         /* the request says something that cannot be; the detail names what */
	ANSWER_NOT_FOUND,       /* no such key, or none that the caller may know of */
	ANSWER_EXISTS,          /* the owner has a key of that name */
	ANSWER_NOT_PERMITTED,   /* the caller's authority does not reach that far */
	ANSWER_BAD_CREDENTIAL,  /* the credential the request carries is refused */
	ANSWER_WRONG_STATE,     /* a revoked key cannot be activated, … */
	ANSWER_STORE_FAILED,    /* nothing was changed: the store cannot be written */
	ANSWER_UNAVAILABLE,     /* the daemon is up but cannot serve yet; the detail says why */
	ANSWER_BUSY,            /* too many connections or requests of this user */
	ANSWER_COUNT,
};

/* "not_found"; "unavailable" for a number that is none. Static. */
const char *answer_name(enum answer answer);

/* One sentence for a person. Static. */
const char *answer_sentence(enum answer answer);

#endif
