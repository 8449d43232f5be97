/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Runs the checks, one after the other, and says what they found. What one check needs of another is found out before
 * the first runs.
 */
#include "cli/doctor.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/daemon.h"
#include "cli/doctor_checks.h"
#include "cli/output.h"
#include "cli/scope.h"

/* All of them, in the order their findings are shown. */
static const struct {
	const char *name;
	void (*run)(struct doctor *doctor);
} checks[] = {
	{ "daemon", doctor_check_daemon },     /* whether it answers, its state, its version */
	{ "sockets", doctor_check_sockets },   /* owners and modes along the whole path */
	{ "module", doctor_check_module },     /* pam_apikey.so where libpam looks, and its version */
	{ "stacks", doctor_check_stacks },     /* every stack that mentions it */
	{ "callers", doctor_check_callers },   /* peers without rules, AppArmor, SELinux */
	{ "settings", doctor_check_settings }, /* what is configured */
	{ "files", doctor_check_files },       /* master key, state, log, configuration, disk */
	{ "host", doctor_check_host },         /* clock, system log */
	{ "units", doctor_check_units },       /* of systemd */
	{ "keys", doctor_check_keys },         /* owners, grants, forgotten ones */
	{ "store", doctor_check_store },       /* with --deep: all of it is read */
};

void doctor_find(struct doctor *doctor, enum doctor_finding finding, const char *subject, unsigned int line,
		 const char *problem, const char *mend)
{
	doctor_report_add(&doctor->report, finding, subject, line, problem, mend);
}

void doctor_skip(struct doctor *doctor, const char *what, int error)
{
	doctor_report_skip(&doctor->report, what,
			   error == EACCES || error == EPERM ? "you may not look at it; root may"
							     : DOCTOR_TEXT(doctor, "%s", strerror(error)));
}

static void load_stacks(struct doctor *doctor)
{
	stacks_load(&doctor->files, &doctor->stacks);
	for (size_t i = 0; i < doctor->stacks.count; i++)
		doctor->stacks_mention_us |= doctor->stacks.stacks[i].mentions_us;
}

static enum status finish(const struct doctor *doctor, bool json)
{
	if (!(json ? doctor_report_print_json(&doctor->report) : doctor_report_print(&doctor->report)))
		return output_no_memory();
	if (doctor_report_has(&doctor->report, FINDING_DAEMON_UNREACHABLE))
		return STATUS_UNREACHABLE;
	if (doctor->report.severities[DOCTOR_ERROR] > 0)
		return STATUS_REFUSED;
	return doctor->report.severities[DOCTOR_WARNING] > 0 ? STATUS_WARNED : STATUS_DONE;
}

static void doctor_done(struct doctor *doctor)
{
	apikey_status_free(doctor->status);
	apikey_admin_free(doctor->admin);
	doctor_files_close(&doctor->files);
	doctor_memory_done(&doctor->memory);
}

enum status doctor_run(const struct arguments *arguments)
{
	const char *tree = arguments_value(arguments, OPTION_ROOT);
	SCOPED(doctor_done)
	struct doctor doctor = {
		.is_live = !tree,
		.deep = arguments_has(arguments, OPTION_DEEP),
		.runtime = arguments_value(arguments, OPTION_RUNTIME_DIR),
		.now = time(NULL),
	};
	int r;

	if (arguments_has(arguments, OPTION_CREDENTIAL_FILE))
		return output_complain(STATUS_USAGE, "doctor: acts as the calling user, never with a key");
	if (doctor.deep && !doctor_has_daemon(&doctor))
		return output_complain(STATUS_USAGE, "doctor: --deep asks the daemon; with --root, say which with "
						     "--runtime-dir");
	doctor.report.memory = &doctor.memory;
	doctor.files.memory = &doctor.memory;
	doctor.host = (struct doctor_files){ .memory = &doctor.memory, .root = -1, .tree = "" };
	/* As libapikey has it: what was named may belong to whoever named it. */
	doctor.also = tree || doctor.runtime ? geteuid() : 0;
	r = doctor_files_open(&doctor.files, tree);
	if (r < 0)
		return output_complain(STATUS_USAGE, "doctor: %s cannot be looked at: %s", tree,
				       r == -ENOSYS ? "the kernel is too old to keep to a tree" : strerror(-r));
	load_stacks(&doctor);
	for (size_t i = 0; i < COUNT_OF(checks); i++) {
		doctor.report.check = checks[i].name;
		checks[i].run(&doctor);
	}
	return finish(&doctor, arguments_has(arguments, OPTION_JSON));
}
