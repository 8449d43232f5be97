/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Whether the secrets that a rotation left good can be ended without an outage, as far as their uses tell: nobody sees
 * a program that is switched off and still has the old one. In doubt, no. Pure.
 */
#ifndef APIKEYD_CLI_RETIREMENT_H
#define APIKEYD_CLI_RETIREMENT_H

#include <stdint.h>

#include "lib/apikey.h"

/* A secret that was not used for so many seconds, while the new one was, is taken for replaced. */
#define RETIREMENT_QUIET 86400

#define RETIREMENT_REASON_SIZE 800

enum retirement {
	RETIREMENT_NONE, /* no secret but the current one is good */
	RETIREMENT_UNSAFE,
	RETIREMENT_SAFE,
};

/*
 * Safe: the current secret is in use, and no other was used after it came into use, or for a day since. ret_reason says
 * what speaks for it, "" for RETIREMENT_NONE.
 */
enum retirement retirement_judge(const struct apikey_key *key, int64_t now, char ret_reason[RETIREMENT_REASON_SIZE]);

#endif
