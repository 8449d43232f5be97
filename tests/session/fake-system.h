/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A folder that looks like a system with logind to session/scope.h: processes, records of sessions, control groups. */
#ifndef APIKEYD_TESTS_SESSION_FAKE_SYSTEM_H
#define APIKEYD_TESTS_SESSION_FAKE_SYSTEM_H

#include <sys/types.h>

#include "session/scope.h"

struct fake_system {
	char root[64];
	char proc[96], sessions[96];
	struct scope_places places;
};

/* Makes it, with session-3.scope of user 5 and, where a process leads it, all that says so. */
void fake_system_make(struct fake_system *system, pid_t leader);
void fake_system_remove(struct fake_system *system);

/* Writes a file of it. */
void fake_system_put(const struct fake_system *system, const char *name, const char *text);
/* A process and the control group it is in; logind's record of session 3 with a leader. */
void fake_system_put_process(const struct fake_system *system, pid_t pid, const char *group);
void fake_system_put_record(const struct fake_system *system, pid_t leader);

/* What was written to cgroup.kill: a byte, or '\0'. */
char fake_system_killed(const struct fake_system *system);

#endif
