/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * From root to the service user: folders are handed over, then everything root has is given up for good.
 */
#ifndef APIKEYD_COMMON_PRIVILEGES_H
#define APIKEYD_COMMON_PRIVILEGES_H

#include <stddef.h>
#include <sys/types.h>

struct privileges_user {
	uid_t uid;
	gid_t gid;
};

/* Whom to become. -ENOENT: no such user; -EPERM: it is root. ret_fault gets a sentence. */
int privileges_find_user(const char *name, struct privileges_user *ret_user, char *ret_fault, size_t fault_size);

/*
 * Makes the folder with a mode when it is missing, and, where user is not NULL (the process is root), hands the folder
 * itself, opened without following a link, to the user; not what lies in it.
 */
int privileges_prepare_folder(const char *path, mode_t mode, const struct privileges_user *user, char *ret_fault,
			      size_t fault_size);

/* Becomes the user with all ids and its groups, and makes sure that there is no way back. */
int privileges_drop(const char *name, const struct privileges_user *user, char *ret_fault, size_t fault_size);

/* As many descriptors as the system allows, no core dumps, no new privileges. What does not work is not needed. */
void privileges_confine(void);

#endif
