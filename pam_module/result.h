/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What PAM is told about a verdict: one table, in which whatever is not listed is a refusal. Pure. Defends against the
 * classic bypass, an error that a stack takes for "no opinion".
 */
#ifndef APIKEYD_PAM_MODULE_RESULT_H
#define APIKEYD_PAM_MODULE_RESULT_H

#include <stdbool.h>

#include "lib/apikey.h"

enum result_phase {
	RESULT_AUTHENTICATE,
	RESULT_ACCOUNT,
	RESULT_ROTATE,
	RESULT_PHASES,
};

/*
 * The PAM code of a verdict and its reason, which may be "". maxtries: a throttled caller is told to stop asking.
 * PAM_SUCCESS for APIKEY_GRANTED alone, PAM_AUTH_ERR for a verdict or phase that is none, never PAM_IGNORE.
 */
int result_code(enum result_phase phase, enum apikey_verdict verdict, const char *reason, bool maxtries);

/* The sentence for a person that goes with a reason's name; "" for a name that is none. Static. */
const char *result_sentence(const char *reason);

#endif
