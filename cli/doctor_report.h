/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What doctor has found. Each kind of finding has a name that stays, one severity, and an entry in apikeyctl-doctor(1),
 * which the tests hold against the table.
 */
#ifndef APIKEYD_CLI_DOCTOR_REPORT_H
#define APIKEYD_CLI_DOCTOR_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/doctor_memory.h"

enum doctor_severity {
	DOCTOR_NOTE,    /* good to know; may be meant so */
	DOCTOR_WARNING, /* will hurt one day, or hurts some */
	DOCTOR_ERROR,   /* logins fail that should not, or succeed that should not */
	DOCTOR_SEVERITY_COUNT,
};

enum doctor_finding {
	/* daemon */
	FINDING_DAEMON_UNREACHABLE,
	FINDING_DAEMON_DEGRADED,
	FINDING_DAEMON_VERSION,
	FINDING_AUDIT_KEY_HERE,
	FINDING_CONFIGURATION_BROKEN,
	FINDING_CONFIGURATION_STALE,
	/* sockets */
	FINDING_SOCKET_MISSING,
	FINDING_SOCKET_MODE,
	FINDING_SESSION_HELPER,
	FINDING_PATH_UNTRUSTED,
	/* module */
	FINDING_MODULE_MISSING,
	FINDING_MODULE_ELSEWHERE,
	FINDING_MODULE_WRITABLE,
	FINDING_MODULE_VERSION,
	/* stacks */
	FINDING_STACK_WRITABLE,
	FINDING_STACK_INCLUDE,
	FINDING_STACK_OPTION,
	FINDING_STACK_CONTROL,
	FINDING_STACK_NO_DEFAULT,
	FINDING_STACK_DEBUG,
	FINDING_STACK_UID_ZERO,
	FINDING_STACK_UID_LOW,
	FINDING_AUTH_EVERYONE,
	FINDING_AUTH_KEY_NOT_ENOUGH,
	FINDING_CONSOLE_LOCKED_OUT,
	FINDING_ROOT_LOCKED_OUT,
	FINDING_ACCOUNT_MISSING,
	FINDING_ACCOUNT_SOLE,
	FINDING_ACCOUNT_SKIPS_OTHERS,
	FINDING_ACCOUNT_REFUSAL_IGNORED,
	FINDING_SESSION_MISSING,
	FINDING_SESSION_UNASKED,
	FINDING_SESSION_REFUSAL_IGNORED,
	/* callers */
	FINDING_PEER_MISSING,
	FINDING_APPARMOR_RULE,
	FINDING_SELINUX_MODULE,
	/* settings */
	FINDING_SETTING_UNKNOWN_NAME,
	FINDING_SETTING_SELF_SERVICE,
	FINDING_SETTING_MINIMUM_UID,
	FINDING_SETTING_CONNECTIONS,
	FINDING_SETTING_DURABILITY,
	FINDING_SETTING_SERVE_UNRECORDED,
	/* files */
	FINDING_CONFIGURATION_WRITABLE,
	FINDING_MASTER_KEY_MISSING,
	FINDING_MASTER_KEY_OPEN,
	FINDING_MASTER_KEY_DAMAGED,
	FINDING_MASTER_KEY_RESTART,
	FINDING_MASTER_KEY_LEFT_OVER,
	FINDING_STATE_MISSING,
	FINDING_STATE_OPEN,
	FINDING_DATABASE_MISSING,
	FINDING_LOG_MISSING,
	FINDING_LOG_OPEN,
	FINDING_DISK_LOW,
	/* host */
	FINDING_CLOCK_UNSET,
	FINDING_CLOCK_BEHIND,
	FINDING_SYSTEM_LOG,
	FINDING_UNIT_NOT_ENABLED,
	FINDING_UNIT_MASKED,
	FINDING_UNIT_FAILED,
	FINDING_UNIT_DROP_IN,
	/* keys */
	FINDING_KEY_SYSTEM_OWNER,
	FINDING_KEY_OWNER_GONE,
	FINDING_KEY_OWNER_CHANGED,
	FINDING_KEY_GRANTS_ALL,
	FINDING_KEY_FORGOTTEN,
	FINDING_KEY_DUE,
	FINDING_KEY_RETIRING,
	/* store, with --deep */
	FINDING_STORE_DAMAGED,
	FINDING_COUNT,
};

struct doctor_report {
	struct doctor_memory *memory;
	const char *check; /* the one that runs */
	struct doctor_entry *entries;
	size_t entry_count;
	struct doctor_skipped *skipped;
	size_t skipped_count;
	size_t kinds[FINDING_COUNT];
	size_t severities[DOCTOR_SEVERITY_COUNT];
};

/*
 * Notes a finding: what it is about, a line in it (0: none), what is wrong, and its mend. Texts are the memory's or
 * static. The same kind, subject and line is noted once; of one kind, only the first twenty are shown.
 */
void doctor_report_add(struct doctor_report *report, enum doctor_finding finding, const char *subject,
		       unsigned int line, const char *problem, const char *mend);

/* Notes that something could not be looked at, once. */
void doctor_report_skip(struct doctor_report *report, const char *what, const char *why);

/* True when there is a finding of that kind. */
bool doctor_report_has(const struct doctor_report *report, enum doctor_finding finding);

/* Prints for a person, or as JSON. False when memory is short. */
bool doctor_report_print(const struct doctor_report *report);
bool doctor_report_print_json(const struct doctor_report *report);

#endif
