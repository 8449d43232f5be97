/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The key store, read from end to end by the daemon: with --deep alone, since it takes a while. */
#include <errno.h>
#include <string.h>

#include "cli/daemon.h"
#include "cli/doctor_checks.h"

#define TIMEOUT_MAX 1800000 /* milliseconds */

void doctor_check_store(struct doctor *doctor)
{
	struct apikey_options options = { .size = sizeof(options), .path = doctor->runtime, .timeout = TIMEOUT_MAX };
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	int r;

	if (!doctor->deep || !doctor->admin)
		return;
	r = apikey_admin_open(&options, &admin);
	if (r == 0)
		r = apikey_store_check(admin);
	if (r == 0)
		return;
	if (r == APIKEY_STORE_FAILED)
		doctor_find(doctor, FINDING_STORE_DAMAGED, "the key store", 0,
			    DOCTOR_TEXT(doctor, "%s", apikey_admin_message(admin)),
			    "restore a backup (apikeyctl restore); keep the damaged files aside until that has worked");
	else
		doctor_report_skip(&doctor->report, "the key store",
				   r > 0 ? DOCTOR_TEXT(doctor, "%s", apikey_admin_message(admin))
					 : DOCTOR_TEXT(doctor, "%s", strerror(-r)));
}
