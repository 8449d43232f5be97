/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "pam_module/result.h"

#include <security/_pam_types.h>
#include <stddef.h>
#include <string.h>

#include "common/cleanup.h"
#include "proto/verdict.h"

/* The first row that fits counts. */
static const struct {
	enum apikey_verdict verdict;
	const char *reason; /* NULL: any */
	bool maxtries;      /* only where that option is set */
	int codes[RESULT_PHASES];
} table[] = {
	{ APIKEY_GRANTED, NULL, false, { PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS } },
	{ APIKEY_DENIED, "expired", false, { PAM_AUTH_ERR, PAM_ACCT_EXPIRED, PAM_AUTH_ERR } },
	{ APIKEY_DENIED, NULL, false, { PAM_AUTH_ERR, PAM_PERM_DENIED, PAM_AUTH_ERR } },
	{ APIKEY_FORBIDDEN, NULL, false, { PAM_AUTH_ERR, PAM_PERM_DENIED, PAM_PERM_DENIED } },
	{ APIKEY_THROTTLED, NULL, true, { PAM_MAXTRIES, PAM_PERM_DENIED, PAM_AUTH_ERR } },
	{ APIKEY_THROTTLED, NULL, false, { PAM_AUTH_ERR, PAM_PERM_DENIED, PAM_AUTH_ERR } },
	{ APIKEY_UNAVAILABLE, NULL, false, { PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL } },
};

int result_code(enum result_phase phase, enum apikey_verdict verdict, const char *reason, bool maxtries)
{
	if ((unsigned int)phase >= RESULT_PHASES)
		return PAM_AUTH_ERR;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		if (table[i].verdict != verdict || (table[i].maxtries && !maxtries))
			continue;
		if (table[i].reason && strcmp(table[i].reason, reason) != 0)
			continue;
		return table[i].codes[phase];
	}
	return PAM_AUTH_ERR;
}

const char *result_sentence(const char *reason)
{
	for (enum reason i = REASON_NONE; i < REASON_COUNT; i++)
		if (strcmp(reason_name(i), reason) == 0)
			return reason_sentence(i);
	return "";
}
