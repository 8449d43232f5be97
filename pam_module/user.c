/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "pam_module/user.h"

#include <errno.h>
#include <pwd.h>
#include <security/_pam_types.h>
#include <stdlib.h>

#include "common/cleanup.h"

#define ENTRY_SIZE_FIRST ((size_t)1024)      /* bytes */
#define ENTRY_SIZE_MAX ((size_t)1024 * 1024) /* no honest entry is larger */

int user_check(const char *user, uid_t minimum)
{
	if (minimum == 0)
		return PAM_SUCCESS;
	for (size_t size = ENTRY_SIZE_FIRST; size <= ENTRY_SIZE_MAX; size *= 4) {
		CLEANUP_FREE char *buffer = malloc(size);
		struct passwd entry, *found = NULL;
		int error;

		if (!buffer)
			return PAM_BUF_ERR;
		do
			error = getpwnam_r(user, &entry, buffer, size, &found);
		while (error == EINTR);
		if (error == ERANGE)
			continue;
		/* Only this says that there is no such user; any other error may hide one, root for example. */
		if (error == 0 && !found)
			return PAM_SUCCESS;
		if (error == 0)
			return entry.pw_uid >= minimum ? PAM_SUCCESS : PAM_AUTH_ERR;
		break;
	}
	return PAM_AUTHINFO_UNAVAIL;
}
