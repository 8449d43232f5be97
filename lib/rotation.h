/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A new secret for who holds a key, as the PAM module asks for it: on login.sock, under the same checks and the same
 * kind of deadline as a verification. Not part of the public library: the daemon answers callers that are root alone.
 */
#ifndef APIKEYD_LIB_ROTATION_H
#define APIKEYD_LIB_ROTATION_H

#include <stdbool.h>

#include "lib/apikey.h"

struct rotation {
	enum apikey_verdict verdict;
	const char *reason;
	const char *problem; /* why a good key gets no new secret: a sentence for who shows it; "" */
	/* the rest is "" or 0 unless the verdict is APIKEY_GRANTED */
	const char *key_id;
	const char *key_name;
	/* and unless it is done */
	const char *secret; /* the new one */
	int64_t retires;    /* when the one that was shown ends */
};

/*
 * Asks once for a new secret in the place of request->credential, or, with check, whether there could be one. Of the
 * request, permission is not looked at. 0 and *ret_rotation, which rotation_free() wipes, in all cases in which there
 * is an answer or none came; -EINVAL, -ENOMEM. It is never asked twice: what became of a question without an answer is
 * not known.
 */
int rotation_ask(const struct apikey_options *options, const struct apikey_request *request, bool check,
		 struct rotation **ret_rotation);

/* Accepts NULL. */
void rotation_free(struct rotation *rotation);

#endif
