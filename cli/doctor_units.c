/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* systemd's units: installed, enabled, not masked, not failed, and nothing in a drop-in that breaks them. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli/doctor_checks.h"
#include "cli/doctor_command.h"
#include "cli/scope.h"

#define DROP_IN_MAX 65536 /* bytes */
#define ADMIN_UNITS "/etc/systemd/system"
#define SYSTEMCTL "/usr/bin/systemctl"

static const char *const folders[] = { ADMIN_UNITS, "/run/systemd/system", "/usr/local/lib/systemd/system",
				       "/usr/lib/systemd/system", "/lib/systemd/system" };
static const char *const sockets[] = { "apikeyd-login.socket", "apikeyd-verify.socket", "apikeyd-admin.socket",
				       "apikey-sessiond.socket", "apikey-sessiond-control.socket" };

/* What must not stand in a drop-in, with what it does. */
static const struct {
	const char *setting, *problem;
} harmful[] = {
	{ "PrivateUsers=yes", "in a user namespace every caller has the uid of nobody" },
	{ "PrivateUsers=true", "in a user namespace every caller has the uid of nobody" },
	{ "PrivateUsers=1", "in a user namespace every caller has the uid of nobody" },
	{ "RuntimeDirectory=apikeyd",
	  "/run/apikeyd then belongs to the daemon's user, and clients refuse the sockets" },
	{ "User=root", "the daemon then runs as root" },
};

/* Where a unit is, or NULL. */
static const char *find_unit(struct doctor *doctor, const char *name)
{
	for (size_t i = 0; i < COUNT_OF(folders); i++) {
		const char *path = DOCTOR_TEXT(doctor, "%s/%s", folders[i], name);
		struct stat status;

		if (doctor_files_stat(&doctor->files, path, DOCTOR_NO_FOLLOW, &status) == 0)
			return path;
	}
	return NULL;
}

static bool check_masked(struct doctor *doctor, const char *name, const char *path)
{
	const char *target = doctor_files_link(&doctor->files, path);

	if (!target || strcmp(target, "/dev/null") != 0)
		return false;
	doctor_find(doctor, FINDING_UNIT_MASKED, doctor_files_show(&doctor->files, path), 0,
		    "it is masked, so it is never started", DOCTOR_TEXT(doctor, "systemctl unmask %s", name));
	return true;
}

static void check_socket(struct doctor *doctor, const char *name)
{
	const char *path = find_unit(doctor, name), *service = find_unit(doctor, "apikeyd.service");
	const char *wanted = DOCTOR_TEXT(doctor, "%s/sockets.target.wants/%s", ADMIN_UNITS, name);
	struct stat status;

	if (!path || check_masked(doctor, name, path) || !service)
		return;
	if (doctor_files_stat(&doctor->files, wanted, DOCTOR_NO_FOLLOW, &status) == -ENOENT)
		doctor_find(doctor, FINDING_UNIT_NOT_ENABLED, doctor_files_show(&doctor->files, path), 0,
			    "it is not enabled: after the next start of the host the socket is missing",
			    DOCTOR_TEXT(doctor, "systemctl enable --now %s", name));
}

static void check_drop_in(struct doctor *doctor, const char *path)
{
	char *text, *line;
	size_t size;
	unsigned int number = 0;
	int r = doctor_files_read(&doctor->files, path, DOCTOR_FOLLOW, DROP_IN_MAX, false, &text, &size);

	if (r < 0) {
		doctor_skip(doctor, doctor_files_show(&doctor->files, path), -r);
		return;
	}
	for (char *rest = text; (line = strsep(&rest, "\n"));) {
		number++;
		line[strcspn(line, " \t\r")] = '\0';
		for (size_t i = 0; i < COUNT_OF(harmful); i++)
			if (strcmp(line, harmful[i].setting) == 0)
				doctor_find(doctor, FINDING_UNIT_DROP_IN, doctor_files_show(&doctor->files, path),
					    number, DOCTOR_TEXT(doctor, "%s: %s", line, harmful[i].problem),
					    "take the line out, then systemctl daemon-reload and systemctl restart "
					    "apikeyd");
	}
}

static void check_drop_ins(struct doctor *doctor)
{
	for (size_t i = 0; i < COUNT_OF(folders); i++) {
		const char *folder = DOCTOR_TEXT(doctor, "%s/apikeyd.service.d", folders[i]);
		char **names;

		if (doctor_files_list(&doctor->files, folder, &names) < 0)
			continue;
		for (; *names; names++)
			if (strlen(*names) > 5 && strcmp(*names + strlen(*names) - 5, ".conf") == 0)
				check_drop_in(doctor, DOCTOR_TEXT(doctor, "%s/%s", folder, *names));
	}
}

static void check_failed(struct doctor *doctor, const char *unit)
{
	const char *argv[] = { SYSTEMCTL, "is-failed", "--quiet", unit, NULL };
	const char *text;

	if (doctor_command(&doctor->memory, argv, &text) == 0)
		doctor_find(doctor, FINDING_UNIT_FAILED, unit, 0, "it has failed",
			    DOCTOR_TEXT(doctor, "journalctl -u %s tells why; then systemctl restart %s", unit, unit));
}

static bool uses_systemd(struct doctor *doctor)
{
	struct stat status;

	if (doctor->is_live)
		return access("/run/systemd/system", F_OK) == 0;
	return doctor_files_stat(&doctor->files, "/usr/lib/systemd/systemd", DOCTOR_FOLLOW, &status) == 0 ||
	       doctor_files_stat(&doctor->files, "/lib/systemd/systemd", DOCTOR_FOLLOW, &status) == 0;
}

void doctor_check_units(struct doctor *doctor)
{
	const char *service = find_unit(doctor, "apikeyd.service");

	/* A daemon in a folder of its own is not systemd's, and units alone make no systemd. */
	if ((doctor->is_live && doctor->runtime) || !uses_systemd(doctor))
		return;
	if (service)
		check_masked(doctor, "apikeyd.service", service);
	for (size_t i = 0; i < COUNT_OF(sockets); i++)
		check_socket(doctor, sockets[i]);
	check_drop_ins(doctor);
	if (!doctor->is_live || !service)
		return;
	check_failed(doctor, "apikeyd.service");
	check_failed(doctor, "apikey-sessiond.service");
	for (size_t i = 0; i < COUNT_OF(sockets); i++)
		check_failed(doctor, sockets[i]);
}
