/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * libapikey-sign: make the HMAC token with which the holder of a key pair proves it once, to apikeyd or to whoever else
 * speaks this format. A library of its own, because it takes OpenSSL's libcrypto and libapikey does not. It asks nobody
 * and connects to nothing.
 *
 * Functions may be called from any number of threads at a time. The library keeps no state of its own.
 */
#ifndef APIKEY_SIGN_H
#define APIKEY_SIGN_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What is declared here is what the shared library exports. */
#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif

/* Which text it is that is wrong. */
enum apikey_sign_answer {
	APIKEY_SIGN_OK = 0,
	APIKEY_SIGN_PUBLIC_KEY = 1,
	APIKEY_SIGN_PRIVATE_KEY = 2,
	APIKEY_SIGN_NONCE = 3,
	APIKEY_SIGN_EPOCH = 4,
	APIKEY_SIGN_BODY_HASH = 5
};

/* One sentence for a person: what the text has to be. Static; never NULL. */
const char *apikey_sign_message(enum apikey_sign_answer answer);

struct apikey_sign_options {
	size_t size; /* sizeof(struct apikey_sign_options): later versions may append members */
	/* 1 to 128 letters, digits, '.', '_' and '-', never the same twice for a key. NULL: random ones. */
	const char *nonce;
	/* Seconds since 1970 UTC, with a fraction of up to 9 digits or none. NULL: now. */
	const char *epoch;
	/* Instead of the body: the base64 of its SHA-256, or "" for an empty one. NULL: the body is given. */
	const char *body_hash;
};

/*
 * Makes a token of a pair, good once and for 300 seconds, for a request with this body; where there is none, as for a
 * login, body is NULL and size 0. private_key is the base64 text as it was handed out; it is not kept. options may be
 * NULL. 0 and *ret_token, to be freed with apikey_sign_free(). Else *ret_token is untouched: a positive enum
 * apikey_sign_answer when a text is not what it has to be; -EINVAL for a NULL that may not be one, for options whose
 * size is not set, and for a body beside a body_hash; -EIO when libcrypto failed; -ENOMEM.
 */
int apikey_sign_token(const char *public_key, const char *private_key, const void *body, size_t size,
		      const struct apikey_sign_options *options, char **ret_token);

/* Wipes and frees a token. Accepts NULL. */
void apikey_sign_free(char *token);

#ifdef __GNUC__
#pragma GCC visibility pop
#endif

#ifdef __cplusplus
}
#endif

#endif
