/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Records of the audit as a table of a page. */
#ifndef APIKEYD_GATEWAY_PORTAL_RECORDS_H
#define APIKEYD_GATEWAY_PORTAL_RECORDS_H

#include <stddef.h>

#include "gateway/portal.h"

/* Whether a record is shown; NULL stands for "each". */
typedef bool (*records_choice)(const struct apikey_audit_record *record);

/*
 * Writes the records that fit, most of them at the most, the newest first; where there are more, ret_cursor leads to
 * them, else it is "". Answers as the calls of the library do. keys: with a column that names the key.
 */
struct records_wanted {
	const char *caption;
	const struct apikey_audit_filter *filter;
	records_choice choice;
	const char *cursor;
	size_t most;
	bool keys;
};
int records_write(struct portal_request *request, const struct records_wanted *wanted,
		  char ret_cursor[PORTAL_CURSOR_SIZE]);

#endif
