/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Settings that are allowed and unsafe, as the daemon has them in force. */
#include <string.h>

#include "cli/doctor_checks.h"
#include "cli/scope.h"

#define CONNECTIONS_PER_UID_LEAST 4
#define CONNECTIONS_LEAST 16
#define SYSTEM_UIDS 1000

/* What nobody should be able to give to own keys: it opens a way to root, or everything there is. */
static const char *const dangerous[] = { "pam.*", "pam.su", "pam.su-l", "pam.sudo", "pam.sudo-i", "pam.polkit-1" };

static void check_self_service(struct doctor *doctor, const char *file)
{
	const char *rest = doctor_fact(doctor, "settings.self_service_permissions");

	if (*rest != '\0' && doctor_fact_number(doctor, "settings.minimum_uid", SYSTEM_UIDS) < SYSTEM_UIDS)
		doctor_find(
			doctor, FINDING_SETTING_MINIMUM_UID, file, 0,
			"[daemon] minimum_uid is below 1000 while there is self-service: a service account that was "
			"broken into can make keys of its own",
			"take minimum_uid out, or set it to the first uid of people");
	for (; *rest != '\0'; rest += strspn(rest, " ")) {
		size_t size = strcspn(rest, " ");

		for (size_t i = 0; i < COUNT_OF(dangerous); i++)
			if (strlen(dangerous[i]) == size && strncmp(dangerous[i], rest, size) == 0)
				doctor_find(
					doctor, FINDING_SETTING_SELF_SERVICE, file, 0,
					DOCTOR_TEXT(
						doctor,
						"[self-service] permissions has %s: every user may make keys for sudo, "
						"su and whatever asks PAM, without being asked for a password",
						dangerous[i]),
					"name the services that are meant, such as pam.dovecot");
		rest += size;
	}
}

static void check_connections(struct doctor *doctor, const char *file)
{
	uint64_t most = doctor_fact_number(doctor, "settings.connections_max", CONNECTIONS_LEAST);
	uint64_t each = doctor_fact_number(doctor, "settings.connections_per_uid", CONNECTIONS_PER_UID_LEAST);
	const char *problem = NULL;

	if (most < CONNECTIONS_LEAST)
		problem = "so few that a handful of logins at once are turned away";
	else if (each < CONNECTIONS_PER_UID_LEAST)
		problem = "so few for one user that a busy service is turned away";
	else if (each >= most)
		problem = "which lets one user take them all from everybody else";
	if (problem)
		doctor_find(doctor, FINDING_SETTING_CONNECTIONS, file, 0,
			    DOCTOR_TEXT(doctor, "[daemon] connections_per_uid is %llu and connections_max %llu, %s",
					(unsigned long long)each, (unsigned long long)most, problem),
			    "leave them at their defaults, 64 and 1024, unless you have measured");
}

void doctor_check_settings(struct doctor *doctor)
{
	const char *file = doctor_fact(doctor, "settings.file");
	const char *unknown = doctor_fact(doctor, "settings.unknown_names");

	if (!doctor->is_administrator || *file == '\0')
		return;
	if (*unknown != '\0')
		doctor_find(doctor, FINDING_SETTING_UNKNOWN_NAME, file, 0,
			    DOCTOR_TEXT(doctor, "names users or groups that do not exist: %s; their lines are left out",
					unknown),
			    "correct the names, or make the users, then systemctl reload apikeyd");
	check_self_service(doctor, file);
	check_connections(doctor, file);
	if (strcmp(doctor_fact(doctor, "settings.audit_durability"), "relaxed") == 0)
		doctor_find(doctor, FINDING_SETTING_DURABILITY, file, 0,
			    "[audit] durability = relaxed: the last decisions before a crash are not in the audit",
			    "set it to normal, unless the speed is needed");
	if (strcmp(doctor_fact(doctor, "settings.audit_on_failure"), "serve") == 0)
		doctor_find(doctor, FINDING_SETTING_SERVE_UNRECORDED, file, 0,
			    "[audit] on_failure = serve: while the audit cannot be written, logins leave no record",
			    "set it to refuse, unless logins matter more than their record");
}
