/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Whether the daemon may be asked about a user at all: root and the system's accounts are kept out of its reach, so
 * that whoever takes the daemon over cannot become them.
 */
#ifndef APIKEYD_PAM_MODULE_USER_H
#define APIKEYD_PAM_MODULE_USER_H

#include <sys/types.h>

/*
 * PAM_SUCCESS for a local user whose uid is minimum or more, for a name that is no local user's, and always when
 * minimum is 0, which looks nobody up; PAM_AUTH_ERR for a uid below; PAM_AUTHINFO_UNAVAIL when the look-up failed;
 * PAM_BUF_ERR.
 */
int user_check(const char *user, uid_t minimum);

#endif
