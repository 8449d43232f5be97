/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Master key, database, audit and configuration: there, in nobody else's reach, with room to grow. What is in them is
 * not read.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cli/doctor_checks.h"
#include "cli/scope.h"

#define MASTER_KEY_SIZE 32
#define ROOM_USUAL (UINT64_C(128) << 20) /* bytes: low_disk, where the daemon does not say */
#define INODES_LEAST 512

#define STATE_FOLDER "/var/lib/apikeyd"
#define LOG_FOLDER "/var/log/apikeyd"
#define MASTER_KEY "/etc/credstore/apikeyd.master-key"
#define MASTER_KEY_SEALED "/etc/credstore.encrypted/apikeyd.master-key"
#define CREDENTIALS "/run/credentials/" /* where systemd lays the key for the daemon */

/* Where something is: what the daemon says is on this host; what it does not say is looked for in the tree. */
struct place {
	const struct doctor_files *files;
	const char *path, *shown;
};

static struct place find_place(struct doctor *doctor, const char *fact, const char *usual)
{
	const char *said = doctor_fact(doctor, fact);
	struct place place = { .files = *said ? &doctor->host : &doctor->files, .path = *said ? said : usual };

	place.shown = doctor_files_show(place.files, place.path);
	return place;
}

static struct place below(struct doctor *doctor, const struct place *folder, const char *name)
{
	struct place place = { .files = folder->files, .path = DOCTOR_TEXT(doctor, "%s/%s", folder->path, name) };

	place.shown = doctor_files_show(place.files, place.path);
	return place;
}

/* Who may own what is the daemon's. In a tree without a daemon nobody knows its uid. */
static bool is_owner(const struct doctor *doctor, uid_t uid)
{
	return doctor_trusts(doctor, uid) || !doctor->is_administrator ||
	       uid == doctor_fact_number(doctor, "daemon.uid", 0);
}

/* Looks a place up. False when it is not there, or was noted as not checked. */
static bool look(struct doctor *doctor, const struct place *place, struct stat *ret_status, bool *ret_missing)
{
	int r = doctor_files_stat(place->files, place->path, DOCTOR_NO_FOLLOW, ret_status);

	*ret_missing = r == -ENOENT;
	if (r < 0 && r != -ENOENT)
		doctor_skip(doctor, place->shown, -r);
	return r == 0;
}

/* Notes that somebody else may do what the bits say. */
static void check_reach(struct doctor *doctor, enum doctor_finding finding, const struct place *place,
			const struct stat *status, mode_t bits, mode_t mode)
{
	if (is_owner(doctor, status->st_uid) && (status->st_mode & bits) == 0)
		return;
	doctor_find(doctor, finding, place->shown, 0,
		    DOCTOR_TEXT(doctor, "others may reach into it: it belongs to uid %u, with mode %04o",
				(unsigned int)status->st_uid, (unsigned int)status->st_mode & 07777),
		    DOCTOR_TEXT(doctor, "chown it to %s and chmod %04o it; what was readable to others counts as known",
				finding == FINDING_MASTER_KEY_OPEN || finding == FINDING_CONFIGURATION_WRITABLE
					? "root"
					: "apikeyd",
				(unsigned int)mode));
}

/* A rotation that was cut short leaves the new key beside the one in force. */
static void check_rotation(struct doctor *doctor, const struct place *key)
{
	struct place fresh = { .files = key->files, .path = DOCTOR_TEXT(doctor, "%s.new", key->path) };
	struct stat status;
	bool missing;

	fresh.shown = doctor_files_show(fresh.files, fresh.path);
	if (strcmp(doctor_fact(doctor, "master_key.restart"), "yes") == 0)
		doctor_find(
			doctor, FINDING_MASTER_KEY_RESTART, key->shown, 0,
			"the master key was rotated, and apikeyd runs with the one before, which opens the key store "
			"until then",
			"systemctl restart apikeyd; where that changes nothing the rotation was cut short: run "
			"'apikeyctl master-key rotate' again");
	if (look(doctor, &fresh, &status, &missing))
		doctor_find(doctor, FINDING_MASTER_KEY_LEFT_OVER, fresh.shown, 0,
			    "a rotation of the master key is under way, or was cut short and left this new key",
			    "run 'apikeyctl master-key rotate' again, which replaces it; only where 'apikeyctl status' "
			    "says "
			    "that the master key does not open the key store, move this one in its place");
}

static void check_master_key(struct doctor *doctor)
{
	struct place place = find_place(doctor, "settings.master_key", MASTER_KEY);
	struct stat status;
	bool missing;

	if (strncmp(place.path, CREDENTIALS, strlen(CREDENTIALS)) == 0)
		place = (struct place){ &doctor->host, MASTER_KEY, MASTER_KEY };
	check_rotation(doctor, &place);
	if (!look(doctor, &place, &status, &missing)) {
		if (missing && doctor_files_stat(place.files, MASTER_KEY_SEALED, DOCTOR_FOLLOW, &status) == -ENOENT)
			doctor_find(doctor, FINDING_MASTER_KEY_MISSING, place.shown, 0,
				    "the master key is not there: after the next start no key works",
				    "bring it back from where it was kept; on a new host run 'apikeyd --init' as root");
		return;
	}
	if (!S_ISREG(status.st_mode) || status.st_size != MASTER_KEY_SIZE)
		doctor_find(doctor, FINDING_MASTER_KEY_DAMAGED, place.shown, 0,
			    DOCTOR_TEXT(doctor, "is no file of %d bytes: after the next start no key works",
					MASTER_KEY_SIZE),
			    "bring it back from where it was kept");
	check_reach(doctor, FINDING_MASTER_KEY_OPEN, &place, &status, 077, 0600);
}

/* Warns before a disk that is full turns into logins that are refused. */
static void check_room(struct doctor *doctor, const struct place *place)
{
	struct statvfs room;
	int fd = doctor_files_descriptor(place->files, place->path, O_PATH | O_DIRECTORY | O_NOFOLLOW);
	uint64_t bytes;

	if (fd < 0)
		return;
	if (fstatvfs(fd, &room) < 0) {
		doctor_skip(doctor, place->shown, errno);
		close(fd);
		return;
	}
	close(fd);
	bytes = (uint64_t)room.f_bavail * room.f_frsize;
	if (bytes < doctor_fact_number(doctor, "settings.low_disk", ROOM_USUAL) ||
	    (room.f_files > 0 && room.f_favail < INODES_LEAST))
		doctor_find(doctor, FINDING_DISK_LOW, place->shown, 0,
			    DOCTOR_TEXT(doctor,
					"the disk it is on has %llu MiB and %llu files left; without room, keys "
					"cannot be changed, and without a record nobody is let in",
					(unsigned long long)(bytes >> 20), (unsigned long long)room.f_favail),
			    "make room, or lower max_size and keep of [audit] in apikeyd.conf");
}

static void check_state_folder(struct doctor *doctor)
{
	struct place folder = find_place(doctor, "settings.state_folder", STATE_FOLDER);
	struct place database = below(doctor, &folder, "apikeyd.db");
	struct stat status;
	bool missing;

	if (!look(doctor, &folder, &status, &missing)) {
		if (missing)
			doctor_find(doctor, FINDING_STATE_MISSING, folder.shown, 0,
				    "the folder of the key store is not there",
				    "is a disk not mounted? On a new host run 'apikeyd --init' as root");
		return;
	}
	check_reach(doctor, FINDING_STATE_OPEN, &folder, &status, 077, 0700);
	check_room(doctor, &folder);
	if (look(doctor, &database, &status, &missing))
		check_reach(doctor, FINDING_STATE_OPEN, &database, &status, 077, 0600);
	else if (missing)
		doctor_find(doctor, FINDING_DATABASE_MISSING, database.shown, 0, "the key store is not there",
			    "is a disk not mounted? Restore a backup; on a new host run 'apikeyd --init' as root");
}

static void check_log_folder(struct doctor *doctor)
{
	struct place folder = find_place(doctor, "settings.log_folder", LOG_FOLDER);
	struct stat status;
	bool missing;

	if (look(doctor, &folder, &status, &missing)) {
		check_reach(doctor, FINDING_LOG_OPEN, &folder, &status, 027, 0750);
		check_room(doctor, &folder);
	} else if (missing) {
		doctor_find(doctor, FINDING_LOG_MISSING, folder.shown, 0,
			    "the folder of the audit is not there, and without a record nobody is let in",
			    "systemd-tmpfiles --create, and systemctl restart apikeyd");
	}
}

static void check_configuration(struct doctor *doctor)
{
	struct place file = find_place(doctor, "settings.file", SETTINGS_FILE);
	struct place folder = { .files = file.files };
	const char *slash = strrchr(file.path, '/');
	struct stat status;
	bool missing;

	if (look(doctor, &file, &status, &missing))
		check_reach(doctor, FINDING_CONFIGURATION_WRITABLE, &file, &status, 022, 0644);
	if (!slash || slash == file.path)
		return;
	folder.path = DOCTOR_TEXT(doctor, "%.*s", (int)(slash - file.path), file.path);
	folder.shown = doctor_files_show(folder.files, folder.path);
	/* Whoever may write to the folder may replace the file; in one like /tmp only its owner may. */
	if (look(doctor, &folder, &status, &missing) && (status.st_mode & S_ISVTX) == 0)
		check_reach(doctor, FINDING_CONFIGURATION_WRITABLE, &folder, &status, 022, 0755);
}

void doctor_check_files(struct doctor *doctor)
{
	struct stat status;
	bool is_installed = doctor_files_stat(&doctor->files, STATE_FOLDER, DOCTOR_FOLLOW, &status) == 0 ||
			    doctor_files_stat(&doctor->files, LOG_FOLDER, DOCTOR_FOLLOW, &status) == 0;

	check_configuration(doctor);
	/* A tree that has the programs alone has no key yet. A scratch daemon tells administrators where its files are.
	 */
	if (!doctor->is_administrator && (doctor->runtime || (!doctor->is_live && !is_installed)))
		return;
	check_master_key(doctor);
	check_state_folder(doctor);
	check_log_folder(doctor);
}
