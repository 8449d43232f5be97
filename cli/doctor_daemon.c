/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Whether the daemon answers, how it is, and what of its sockets a client would refuse: the same rules as libapikey's,
 * said folder by folder with the mend.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/doctor_checks.h"
#include "cli/doctor_command.h"
#include "cli/scope.h"
#include "config.h"

#define DEFAULT_FOLDER "/run/apikeyd"

static const char *runtime_folder(const struct doctor *doctor)
{
	return doctor->runtime ? doctor->runtime : DEFAULT_FOLDER;
}

static void find_unreachable(struct doctor *doctor, int error)
{
	bool is_systemd = doctor->is_live && !doctor->runtime && access("/run/systemd/system", F_OK) == 0;

	doctor_find(
		doctor, FINDING_DAEMON_UNREACHABLE, DOCTOR_TEXT(doctor, "%s/admin.sock", runtime_folder(doctor)), 0,
		error == EPERM ? "it is not to be trusted, so no client asks there; see the findings about its path"
		: error == ETIMEDOUT ? "apikeyd did not answer in time"
				     : DOCTOR_TEXT(doctor, "apikeyd cannot be reached: %s", strerror(error)),
		error == EPERM ? "mend that path; then, if it was not apikeyd who answered, find out who did"
		: is_systemd
			? "systemctl status apikeyd.service apikeyd-admin.socket; journalctl -u apikeyd tells why it "
			  "ended"
			: "start apikeyd, and look at what it says");
}

/* The configuration as the next start would find it. */
static void check_configuration(struct doctor *doctor)
{
	const char *file = doctor_fact(doctor, "settings.file");
	const char *argv[] = { DAEMON_PROGRAM, "--check-config", *file ? "--config" : NULL, file, NULL };
	const char *text = "";
	int status;

	/* One that runs from a folder of its own is not the program that is installed. */
	if (!doctor->is_live || doctor->runtime)
		return;
	status = doctor_command(&doctor->memory, argv, &text);
	if (status <= 0)
		return;
	doctor_find(doctor, FINDING_CONFIGURATION_BROKEN, *file ? file : SETTINGS_FILE, 0,
		    DOCTOR_TEXT(doctor, "with this configuration apikeyd does not start: %.*s",
				(int)strcspn(text, "\n"), text),
		    "correct it; 'apikeyd --check-config' shows all mistakes, each with its line");
}

static void check_stale(struct doctor *doctor)
{
	const char *file = doctor_fact(doctor, "settings.file");
	int64_t loaded = (int64_t)doctor_fact_number(doctor, "settings.loaded", 0);
	struct stat status;

	if (*file == '\0' || loaded == 0 || doctor_files_stat(&doctor->host, file, DOCTOR_FOLLOW, &status) < 0)
		return;
	if (status.st_mtime > loaded)
		doctor_find(doctor, FINDING_CONFIGURATION_STALE, file, 0,
			    "it was changed after apikeyd read it, so what it says is not in force",
			    "apikeyd --check-config && systemctl reload apikeyd");
}

static void check_state(struct doctor *doctor)
{
	const char *state = doctor_fact(doctor, "state"), *version = doctor_fact(doctor, "version");
	bool said = false;

	if (strcmp(version, PACKAGE_VERSION) != 0)
		doctor_find(
			doctor, FINDING_DAEMON_VERSION, "apikeyd", 0,
			DOCTOR_TEXT(doctor, "version %s runs, and apikeyctl is version " PACKAGE_VERSION, version),
			"systemctl restart apikeyd, which keeps its sockets open; or install the same version of both");
	/* What degrades it: why.1, why.2 … */
	for (size_t i = 0; i < doctor->status->item_count; i++) {
		const struct apikey_item *item = &doctor->status->items[i];

		if (strncmp(item->name, "why.", 4) != 0)
			continue;
		said = true;
		doctor_find(
			doctor, FINDING_DAEMON_DEGRADED, item->name, 0, item->text,
			"mend that; apikeyd tries again every second, and 'apikeyctl status' tells when it is well");
	}
	if (!said && strcmp(state, "ok") != 0)
		doctor_find(doctor, FINDING_DAEMON_DEGRADED, "apikeyd", 0,
			    DOCTOR_TEXT(doctor, "its state is '%s'", state), "'apikeyctl status', as root, says why");
}

/* Whoever takes the host over finds the key as well, and can write all records anew. */
static void check_audit_key(struct doctor *doctor)
{
	if (strcmp(doctor_fact(doctor, "audit.first_key"), "here") == 0)
		doctor_find(doctor, FINDING_AUDIT_KEY_HERE, "audit", 0,
			    "the first key of its chain is still here: whoever takes this host over can change records "
			    "of before without a trace",
			    "take it away once, to another host: apikeyctl audit key");
}

void doctor_check_daemon(struct doctor *doctor)
{
	struct apikey_options options = { .size = sizeof(options), .path = doctor->runtime };
	int r;

	if (!doctor_has_daemon(doctor))
		return;
	r = apikey_admin_open(&options, &doctor->admin);
	if (r == 0)
		r = apikey_status(doctor->admin, &doctor->status);
	if (r > 0) {
		doctor_report_skip(&doctor->report, "the daemon's state",
				   DOCTOR_TEXT(doctor, "%s", apikey_admin_message(doctor->admin)));
	} else if (r < 0) {
		find_unreachable(doctor, -r);
	} else {
		doctor->is_administrator = doctor_fact_number(doctor, "daemon.uid", UINT64_MAX) != UINT64_MAX;
		if (!doctor->is_administrator)
			doctor_report_skip(&doctor->report, "settings and keys",
					   "apikeyd tells them to administrators");
		check_state(doctor);
		check_stale(doctor);
		check_audit_key(doctor);
	}
	check_configuration(doctor);
}

/* ---- the path to the sockets ---- */

static void find_untrusted(struct doctor *doctor, const char *path, const char *problem, const char *mend)
{
	doctor_find(doctor, FINDING_PATH_UNTRUSTED, path, 0,
		    DOCTOR_TEXT(doctor, "%s, so clients refuse the sockets there: whoever answers may not be apikeyd",
				problem),
		    mend);
}

static void check_folder(struct doctor *doctor, const char *path, bool may_be_sticky)
{
	struct stat status;
	int r = doctor_files_stat(&doctor->host, path, DOCTOR_NO_FOLLOW, &status);

	if (r < 0) {
		if (r != -ENOENT)
			doctor_skip(doctor, path, -r);
		return;
	}
	if (S_ISLNK(status.st_mode))
		find_untrusted(doctor, path, "it is a symbolic link", "replace it by a folder of root's");
	else if (!S_ISDIR(status.st_mode))
		find_untrusted(doctor, path, "it is no folder", "replace it by a folder of root's");
	else if (!doctor_trusts(doctor, status.st_uid))
		find_untrusted(doctor, path, DOCTOR_TEXT(doctor, "it belongs to uid %u", (unsigned int)status.st_uid),
			       DOCTOR_TEXT(doctor, "chown root:root %s", path));
	else if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0 && !(may_be_sticky && (status.st_mode & S_ISVTX) != 0))
		find_untrusted(
			doctor, path,
			DOCTOR_TEXT(doctor, "others may write to it (mode %04o)", (unsigned int)status.st_mode & 07777),
			DOCTOR_TEXT(doctor, "chmod go-w %s", path));
}

static void check_socket(struct doctor *doctor, const char *folder, const char *name, mode_t mode)
{
	const char *path = DOCTOR_TEXT(doctor, "%s/%s", folder, name);
	struct stat status;
	int r = doctor_files_stat(&doctor->host, path, DOCTOR_NO_FOLLOW, &status);

	if (r == -ENOENT) {
		doctor_find(doctor, FINDING_SOCKET_MISSING, path, 0, "the socket is not there",
			    doctor->runtime ? "start apikeyd again"
					    : DOCTOR_TEXT(doctor, "systemctl restart apikeyd-%.*s.socket",
							  (int)strcspn(name, "."), name));
		return;
	}
	if (r < 0) {
		doctor_skip(doctor, path, -r);
		return;
	}
	if (!S_ISSOCK(status.st_mode) || !doctor_trusts(doctor, status.st_uid))
		find_untrusted(doctor, path,
			       S_ISSOCK(status.st_mode)
				       ? DOCTOR_TEXT(doctor, "it belongs to uid %u", (unsigned int)status.st_uid)
				       : "it is no socket",
			       "remove it, find out who put it there, and restart the socket unit");
	else if ((status.st_mode & 0777) != mode)
		doctor_find(doctor, FINDING_SOCKET_MODE, path, 0,
			    DOCTOR_TEXT(doctor, "its mode is %04o: %s", (unsigned int)status.st_mode & 07777,
					mode == 0600 ? "it is for root alone, whose word is believed there"
						     : "callers that are not root cannot connect"),
			    DOCTOR_TEXT(doctor, "chmod %04o %s, and correct SocketMode= of its unit",
					(unsigned int)mode, path));
}

/* Where a stack has its sessions registered, somebody has to listen for them. */
static void check_session_helper(struct doctor *doctor, const char *folder)
{
	const char *path = DOCTOR_TEXT(doctor, "%s/session.sock", folder);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const struct stack *asking = NULL;
	int fd;

	for (size_t i = 0; i < doctor->stacks.count && !asking; i++)
		if (doctor_stack_registers(&doctor->stacks.stacks[i]))
			asking = &doctor->stacks.stacks[i];
	if (!asking || strlen(path) >= sizeof(address.sun_path))
		return;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 &&
	    (errno == ENOENT || errno == ECONNREFUSED))
		doctor_find(
			doctor, FINDING_SESSION_HELPER, path, 0,
			DOCTOR_TEXT(doctor,
				    "apikey-sessiond does not listen there, and %s has its sessions registered: those "
				    "that begin now do not end with their key",
				    asking->service),
			doctor->runtime ? "start apikey-sessiond"
					: "systemctl enable --now apikey-sessiond.socket "
					  "apikey-sessiond-control.socket");
	close(fd);
}

void doctor_check_sockets(struct doctor *doctor)
{
	static const struct {
		const char *name;
		mode_t mode;
	} sockets[] = { { "login.sock", 0600 }, { "verify.sock", 0666 }, { "admin.sock", 0666 } };
	char folder[PATH_MAX];
	struct stat status;

	if (!doctor_has_daemon(doctor))
		return;
	/* What is named may be reached through links, and may be one socket; what is built in may not. */
	if (!doctor->runtime)
		strcpy(folder, DEFAULT_FOLDER);
	else if (!realpath(doctor->runtime, folder) || stat(folder, &status) < 0)
		return;
	else if (S_ISSOCK(status.st_mode))
		*strrchr(folder, '/') = '\0';
	if (doctor_files_stat(&doctor->host, folder, DOCTOR_NO_FOLLOW, &status) == 0)
		for (size_t i = 0; i < COUNT_OF(sockets); i++)
			check_socket(doctor, folder, sockets[i].name, sockets[i].mode);
	check_session_helper(doctor, folder);
	check_folder(doctor, DOCTOR_TEXT(doctor, "%s", folder), false);
	for (char *slash; (slash = strrchr(folder, '/'));) {
		*slash = '\0';
		check_folder(doctor, slash == folder ? "/" : DOCTOR_TEXT(doctor, "%s", folder), true);
	}
}
