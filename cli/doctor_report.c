/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cli/doctor_report.h"

#include <stdio.h>
#include <string.h>

#include "cli/json.h"
#include "cli/output.h"
#include "cli/scope.h"
#include "cli/text.h"

#define SHOWN_MAX 20 /* of one kind */

struct doctor_entry {
	enum doctor_finding finding;
	const char *check;
	const char *subject;
	unsigned int line;
	const char *problem, *mend;
};

struct doctor_skipped {
	const char *check, *what, *why;
};

static const char *const severity_names[DOCTOR_SEVERITY_COUNT] = { "note", "warning", "error" };

static const struct {
	const char *name;
	enum doctor_severity severity;
} findings[] = {
	[FINDING_DAEMON_UNREACHABLE] = { "daemon-unreachable", DOCTOR_ERROR },
	[FINDING_DAEMON_DEGRADED] = { "daemon-degraded", DOCTOR_ERROR },
	[FINDING_DAEMON_VERSION] = { "daemon-version", DOCTOR_WARNING },
	[FINDING_AUDIT_KEY_HERE] = { "audit-key-here", DOCTOR_NOTE },
	[FINDING_CONFIGURATION_BROKEN] = { "configuration-broken", DOCTOR_ERROR },
	[FINDING_CONFIGURATION_STALE] = { "configuration-stale", DOCTOR_NOTE },
	[FINDING_SOCKET_MISSING] = { "socket-missing", DOCTOR_ERROR },
	[FINDING_SOCKET_MODE] = { "socket-mode", DOCTOR_ERROR },
	[FINDING_SESSION_HELPER] = { "session-helper", DOCTOR_WARNING },
	[FINDING_PATH_UNTRUSTED] = { "path-untrusted", DOCTOR_ERROR },
	[FINDING_MODULE_MISSING] = { "module-missing", DOCTOR_ERROR },
	[FINDING_MODULE_ELSEWHERE] = { "module-elsewhere", DOCTOR_ERROR },
	[FINDING_MODULE_WRITABLE] = { "module-writable", DOCTOR_ERROR },
	[FINDING_MODULE_VERSION] = { "module-version", DOCTOR_WARNING },
	[FINDING_STACK_WRITABLE] = { "stack-writable", DOCTOR_ERROR },
	[FINDING_STACK_INCLUDE] = { "stack-include", DOCTOR_ERROR },
	[FINDING_STACK_OPTION] = { "stack-option", DOCTOR_ERROR },
	[FINDING_STACK_CONTROL] = { "stack-control", DOCTOR_ERROR },
	[FINDING_STACK_NO_DEFAULT] = { "stack-no-default", DOCTOR_WARNING },
	[FINDING_STACK_DEBUG] = { "stack-debug", DOCTOR_NOTE },
	[FINDING_STACK_UID_ZERO] = { "stack-uid-zero", DOCTOR_WARNING },
	[FINDING_STACK_UID_LOW] = { "stack-uid-low", DOCTOR_NOTE },
	[FINDING_AUTH_EVERYONE] = { "auth-everyone", DOCTOR_ERROR },
	[FINDING_AUTH_KEY_NOT_ENOUGH] = { "auth-key-not-enough", DOCTOR_WARNING },
	[FINDING_CONSOLE_LOCKED_OUT] = { "console-locked-out", DOCTOR_ERROR },
	[FINDING_ROOT_LOCKED_OUT] = { "root-locked-out", DOCTOR_WARNING },
	[FINDING_ACCOUNT_MISSING] = { "account-missing", DOCTOR_WARNING },
	[FINDING_ACCOUNT_SOLE] = { "account-sole", DOCTOR_ERROR },
	[FINDING_ACCOUNT_SKIPS_OTHERS] = { "account-skips-others", DOCTOR_ERROR },
	[FINDING_ACCOUNT_REFUSAL_IGNORED] = { "account-refusal-ignored", DOCTOR_ERROR },
	[FINDING_SESSION_MISSING] = { "session-missing", DOCTOR_WARNING },
	[FINDING_SESSION_UNASKED] = { "session-unasked", DOCTOR_WARNING },
	[FINDING_SESSION_REFUSAL_IGNORED] = { "session-refusal-ignored", DOCTOR_WARNING },
	[FINDING_PEER_MISSING] = { "peer-missing", DOCTOR_WARNING },
	[FINDING_APPARMOR_RULE] = { "apparmor-rule", DOCTOR_NOTE },
	[FINDING_SELINUX_MODULE] = { "selinux-module", DOCTOR_NOTE },
	[FINDING_SETTING_UNKNOWN_NAME] = { "setting-unknown-name", DOCTOR_WARNING },
	[FINDING_SETTING_SELF_SERVICE] = { "setting-self-service", DOCTOR_WARNING },
	[FINDING_SETTING_MINIMUM_UID] = { "setting-minimum-uid", DOCTOR_WARNING },
	[FINDING_SETTING_CONNECTIONS] = { "setting-connections", DOCTOR_WARNING },
	[FINDING_SETTING_DURABILITY] = { "setting-durability", DOCTOR_NOTE },
	[FINDING_SETTING_SERVE_UNRECORDED] = { "setting-serve-unrecorded", DOCTOR_NOTE },
	[FINDING_CONFIGURATION_WRITABLE] = { "configuration-writable", DOCTOR_ERROR },
	[FINDING_MASTER_KEY_MISSING] = { "master-key-missing", DOCTOR_ERROR },
	[FINDING_MASTER_KEY_OPEN] = { "master-key-open", DOCTOR_ERROR },
	[FINDING_MASTER_KEY_DAMAGED] = { "master-key-damaged", DOCTOR_ERROR },
	[FINDING_MASTER_KEY_RESTART] = { "master-key-restart", DOCTOR_WARNING },
	[FINDING_MASTER_KEY_LEFT_OVER] = { "master-key-left-over", DOCTOR_WARNING },
	[FINDING_STATE_MISSING] = { "state-missing", DOCTOR_ERROR },
	[FINDING_STATE_OPEN] = { "state-open", DOCTOR_ERROR },
	[FINDING_DATABASE_MISSING] = { "database-missing", DOCTOR_ERROR },
	[FINDING_LOG_MISSING] = { "log-missing", DOCTOR_ERROR },
	[FINDING_LOG_OPEN] = { "log-open", DOCTOR_WARNING },
	[FINDING_DISK_LOW] = { "disk-low", DOCTOR_WARNING },
	[FINDING_CLOCK_UNSET] = { "clock-unset", DOCTOR_ERROR },
	[FINDING_CLOCK_BEHIND] = { "clock-behind", DOCTOR_ERROR },
	[FINDING_SYSTEM_LOG] = { "system-log", DOCTOR_WARNING },
	[FINDING_UNIT_NOT_ENABLED] = { "unit-not-enabled", DOCTOR_WARNING },
	[FINDING_UNIT_MASKED] = { "unit-masked", DOCTOR_ERROR },
	[FINDING_UNIT_FAILED] = { "unit-failed", DOCTOR_ERROR },
	[FINDING_UNIT_DROP_IN] = { "unit-drop-in", DOCTOR_ERROR },
	[FINDING_KEY_SYSTEM_OWNER] = { "key-system-owner", DOCTOR_NOTE },
	[FINDING_KEY_OWNER_GONE] = { "key-owner-gone", DOCTOR_WARNING },
	[FINDING_KEY_OWNER_CHANGED] = { "key-owner-changed", DOCTOR_ERROR },
	[FINDING_KEY_GRANTS_ALL] = { "key-grants-all", DOCTOR_NOTE },
	[FINDING_KEY_FORGOTTEN] = { "key-forgotten", DOCTOR_NOTE },
	[FINDING_KEY_DUE] = { "key-due", DOCTOR_NOTE },
	[FINDING_KEY_RETIRING] = { "key-retiring", DOCTOR_NOTE },
	[FINDING_STORE_DAMAGED] = { "store-damaged", DOCTOR_ERROR },
};
_Static_assert(COUNT_OF(findings) == FINDING_COUNT, "each finding has a name");

void doctor_report_add(struct doctor_report *report, enum doctor_finding finding, const char *subject,
		       unsigned int line, const char *problem, const char *mend)
{
	for (size_t i = 0; i < report->entry_count; i++)
		if (report->entries[i].finding == finding && report->entries[i].line == line &&
		    strcmp(report->entries[i].subject, subject) == 0)
			return;
	report->severities[findings[finding].severity]++;
	if (report->kinds[finding]++ >= SHOWN_MAX)
		return;
	report->entries =
		doctor_memory_grow(report->memory, report->entries, report->entry_count, sizeof(*report->entries));
	report->entries[report->entry_count++] = (struct doctor_entry){
		.finding = finding,
		.check = report->check,
		.subject = subject,
		.line = line,
		.problem = problem,
		.mend = mend,
	};
}

void doctor_report_skip(struct doctor_report *report, const char *what, const char *why)
{
	for (size_t i = 0; i < report->skipped_count; i++)
		if (strcmp(report->skipped[i].what, what) == 0)
			return;
	report->skipped =
		doctor_memory_grow(report->memory, report->skipped, report->skipped_count, sizeof(*report->skipped));
	report->skipped[report->skipped_count++] =
		(struct doctor_skipped){ .check = report->check, .what = what, .why = why };
}

bool doctor_report_has(const struct doctor_report *report, enum doctor_finding finding)
{
	return report->kinds[finding] > 0;
}

static bool print_entry(const struct doctor_entry *entry)
{
	SCOPED_FREE char *subject = text_printable(entry->subject);
	SCOPED_FREE char *problem = text_printable(entry->problem);
	SCOPED_FREE char *mend = text_printable(entry->mend);
	char line[16] = "";

	if (!subject || !problem || !mend)
		return false;
	if (entry->line > 0)
		snprintf(line, sizeof(line), ":%u", entry->line);
	printf("%s: %s%s: %s [%s]\n", severity_names[findings[entry->finding].severity], subject, line, problem,
	       findings[entry->finding].name);
	printf("    mend: %s\n", mend);
	return true;
}

bool doctor_report_print(const struct doctor_report *report)
{
	for (int severity = DOCTOR_ERROR; severity >= DOCTOR_NOTE; severity--)
		for (size_t i = 0; i < report->entry_count; i++)
			if (findings[report->entries[i].finding].severity == (enum doctor_severity)severity &&
			    !print_entry(&report->entries[i]))
				return false;
	for (size_t i = 0; i < FINDING_COUNT; i++)
		if (report->kinds[i] > SHOWN_MAX)
			printf("and %zu more [%s]\n", report->kinds[i] - SHOWN_MAX, findings[i].name);
	if (report->entry_count == 0)
		puts("nothing found");
	for (size_t i = 0; i < report->skipped_count; i++)
		output_note("not checked: %s: %s", report->skipped[i].what, report->skipped[i].why);
	return true;
}

static json_t *entry_json(const struct doctor_entry *entry)
{
	json_t *object = json_object();

	if (json_put(object, "id", json_string(findings[entry->finding].name)) &&
	    json_put(object, "severity", json_string(severity_names[findings[entry->finding].severity])) &&
	    json_put(object, "check", json_text(entry->check)) &&
	    json_put(object, "subject", json_text(entry->subject)) &&
	    json_put(object, "line", entry->line > 0 ? json_number(entry->line) : json_null()) &&
	    json_put(object, "problem", json_text(entry->problem)) && json_put(object, "mend", json_text(entry->mend)))
		return object;
	json_decref(object);
	return NULL;
}

static json_t *skipped_json(const struct doctor_skipped *skipped)
{
	json_t *object = json_object();

	if (json_put(object, "check", json_text(skipped->check)) &&
	    json_put(object, "what", json_text(skipped->what)) && json_put(object, "why", json_text(skipped->why)))
		return object;
	json_decref(object);
	return NULL;
}

bool doctor_report_print_json(const struct doctor_report *report)
{
	SCOPED_JSON json_t *object = json_object();
	SCOPED_JSON json_t *found = json_array();
	SCOPED_JSON json_t *skipped = json_array();

	for (size_t i = 0; i < report->entry_count; i++)
		if (json_array_append_new(found, entry_json(&report->entries[i])) < 0)
			return false;
	for (size_t i = 0; i < report->skipped_count; i++)
		if (json_array_append_new(skipped, skipped_json(&report->skipped[i])) < 0)
			return false;
	return json_put(object, "findings", json_incref(found)) && json_put(object, "skipped", json_incref(skipped)) &&
	       json_put(object, "errors", json_number(report->severities[DOCTOR_ERROR])) &&
	       json_put(object, "warnings", json_number(report->severities[DOCTOR_WARNING])) &&
	       json_put(object, "notes", json_number(report->severities[DOCTOR_NOTE])) && json_print(object);
}
