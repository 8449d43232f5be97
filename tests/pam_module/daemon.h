/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * apikeyd as it was built, in the folder of a scene, and keys in it. Every function ends the test when the daemon does
 * not do its part.
 */
#ifndef APIKEYD_TESTS_PAM_MODULE_DAEMON_H
#define APIKEYD_TESTS_PAM_MODULE_DAEMON_H

#include <sys/types.h>

#include "lib/apikey.h"
#include "tests/pam_module/scene.h"

struct daemon {
	pid_t pid;
	struct apikey_admin *admin;
	char folder[64];
};

/* Starts it and waits until it answers. services, separated by ", ", are those this user may speak for where it is not
 * root. */
void daemon_start(struct daemon *daemon, const struct scene *scene, const char *services);
/* The same with further lines of its configuration. */
void daemon_start_with(struct daemon *daemon, const struct scene *scene, const char *services, const char *further);
/* Ends it with a signal and waits for its end. */
void daemon_stop(struct daemon *daemon, int signal);

/* Makes a key of owner with one permission; users, if any, is one more user it may log in as. Its secret; its id is
 * written to ret_id. The texts have room for SCENE_KEY_SIZE. */
void daemon_make_key(struct daemon *daemon, const char *owner, const char *permission, const char *user,
		     char ret_secret[static SCENE_KEY_SIZE], char ret_id[static SCENE_KEY_SIZE]);

void daemon_revoke_key(struct daemon *daemon, const char *id);
void daemon_delete_key(struct daemon *daemon, const char *id);
/* Lets it expire at a time. */
void daemon_expire_key(struct daemon *daemon, const char *id, int64_t when);

#endif
