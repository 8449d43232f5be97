/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * "restore": hands a backup to the daemon, shows what would come of it, asks, and lets it become the key store.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/arguments.h"
#include "cli/backup.h"
#include "cli/confirm.h"
#include "cli/daemon.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/text.h"
#include "cli/when.h"

/* Reads up to size bytes, fewer only at the end. */
static ssize_t read_part(int fd, unsigned char *part, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t got = read(fd, part + done, size - done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

static enum status send_file(const struct arguments *arguments, struct apikey_admin *admin, int fd)
{
	SCOPED_FREE unsigned char *part = malloc(APIKEY_PART_MAX);
	uint64_t offset = 0;
	ssize_t got;

	if (!part)
		return output_no_memory();
	while ((got = read_part(fd, part, APIKEY_PART_MAX)) > 0) {
		int r = apikey_restore_write(admin, offset, part, (size_t)got);

		if (r != 0)
			return daemon_failed(arguments, admin, r);
		offset += (uint64_t)got;
	}
	if (got < 0)
		return output_complain(STATUS_REFUSED, "%s cannot be read, and nothing was changed: %s",
				       arguments->operands[0], strerror((int)-got));
	return STATUS_DONE;
}

static enum status open_file(const struct arguments *arguments, int *ret_fd)
{
	const char *path = arguments->operands[0];

	if (strcmp(path, "-") == 0) {
		*ret_fd = STDIN_FILENO;
		return STATUS_DONE;
	}
	*ret_fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	return *ret_fd >= 0 ? STATUS_DONE
			    : output_complain(STATUS_REFUSED, "%s cannot be read: %s", path, strerror(errno));
}

/* ---- what comes of it ---- */

static const struct {
	unsigned int taken;
	const char *name;
} takings[] = {
	{ APIKEY_TAKEN_DELETED, "deleted" },       { APIKEY_TAKEN_REVOKED, "revoked" },
	{ APIKEY_TAKEN_SUSPENDED, "suspended" },   { APIKEY_TAKEN_DEACTIVATED, "deactivated" },
	{ APIKEY_TAKEN_SECRET, "secret_retired" }, { APIKEY_TAKEN_NARROWED, "narrowed" },
};

static const char *const fates[] = { "", "returns", "revived", "lost" };

static const char *fate_name(enum apikey_fate fate)
{
	return (unsigned int)fate < COUNT_OF(fates) ? fates[fate] : "";
}

static void list_keys(const struct apikey_restored *restored, enum apikey_fate fate)
{
	for (size_t i = 0; i < restored->listed_count; i++) {
		const struct apikey_restored_key *key = &restored->listed[i];
		char taken[128] = "";

		if (key->fate != fate)
			continue;
		for (size_t j = 0; j < COUNT_OF(takings); j++) {
			if (key->taken & takings[j].taken)
				snprintf(taken + strlen(taken), sizeof(taken) - strlen(taken), "%s%s",
					 *taken ? ", " : ": ", takings[j].name);
		}
		output_note("  %s %s/%s%s", key->id, key->owner, key->name, taken);
	}
}

static void say_fate(const struct apikey_restored *restored, enum apikey_fate fate, uint64_t count, const char *what)
{
	uint64_t listed = 0;

	if (count == 0)
		return;
	output_note("%" PRIu64 " %s %s:", count, count == 1 ? "key" : "keys", what);
	list_keys(restored, fate);
	for (size_t i = 0; i < restored->listed_count; i++)
		listed += restored->listed[i].fate == fate;
	if (listed < count)
		output_note("  and %" PRIu64 " more", count - listed);
}

static void say(const struct arguments *arguments, const struct apikey_restored *restored)
{
	bool accept = arguments_has(arguments, OPTION_ACCEPT_REVIVED);
	char taken[WHEN_TEXT_SIZE];

	when_local(restored->time, time(NULL), taken);
	output_note("The backup is of %s, made by apikeyd %s: %" PRIu64 " key%s at revision %" PRIu64 ".", taken,
		    restored->version, restored->keys, restored->keys == 1 ? "" : "s", restored->backup_rev);
	if (restored->present_unreadable)
		output_note(
			"The present key store cannot be read: every key comes back as it was then, those that were "
			"revoked since as well. Revoke them again from the audit file.");
	else
		output_note("The present key store is at revision %" PRIu64 ".", restored->present_rev);
	say_fate(restored, APIKEY_RETURNS, restored->returning, "not there now, coming back");
	say_fate(restored, APIKEY_REVIVED, restored->revived,
		 accept ? "from which something was taken away since the backup, WORKING AGAIN as then"
			: "from which something was taken away since the backup, which is taken away again");
	say_fate(restored, APIKEY_LOST, restored->lost, "made since the backup, LOST");
	if (restored->returning + restored->revived + restored->lost == 0 && !restored->present_unreadable)
		output_note("The same keys are there now.");
}

static bool put_keys(json_t *object, const struct apikey_restored *restored)
{
	json_t *array = json_array();
	bool good = array != NULL;

	for (size_t i = 0; i < restored->listed_count && good; i++) {
		const struct apikey_restored_key *key = &restored->listed[i];
		json_t *item = json_object(), *taken = json_array();

		for (size_t j = 0; j < COUNT_OF(takings) && taken; j++)
			good = good && (!(key->taken & takings[j].taken) ||
					json_array_append_new(taken, json_text(takings[j].name)) == 0);
		good = json_put(item, "taken", taken) && good;
		good = json_put(item, "fate", json_text(fate_name(key->fate))) &&
		       json_put(item, "id", json_text(key->id)) && json_put(item, "name", json_text(key->name)) &&
		       json_put(item, "owner", json_text(key->owner)) && good;
		good = json_array_append_new(array, item) == 0 && good;
	}
	return json_put(object, "listed", array) && good;
}

static enum status print_json(const struct arguments *arguments, const struct apikey_restored *restored)
{
	SCOPED_JSON json_t *object = json_object();

	if (!json_put(object, "done", json_boolean(restored->done)) ||
	    !json_put(object, "time", json_time(restored->time)) ||
	    !json_put(object, "version", json_text(restored->version)) ||
	    !json_put(object, "backup_rev", json_number(restored->backup_rev)) ||
	    !json_put(object, "present_rev", json_number(restored->present_rev)) ||
	    !json_put(object, "rev", json_number(restored->rev)) ||
	    !json_put(object, "keys", json_number(restored->keys)) ||
	    !json_put(object, "present_unreadable", json_boolean(restored->present_unreadable)) ||
	    !json_put(object, "accept_revived", json_boolean(arguments_has(arguments, OPTION_ACCEPT_REVIVED))) ||
	    !json_put(object, "returning", json_number(restored->returning)) ||
	    !json_put(object, "revived", json_number(restored->revived)) ||
	    !json_put(object, "lost", json_number(restored->lost)) ||
	    !json_put(object, "kept", json_text_or_null(restored->kept)) || !put_keys(object, restored) ||
	    !json_print(object))
		return output_no_memory();
	return STATUS_DONE;
}

/* ---- the way ---- */

/* Shows what would come of it and asks. */
static enum status ask(const struct arguments *arguments, struct apikey_admin *admin, unsigned int flags)
{
	SCOPED_RESTORED struct apikey_restored *restored = NULL;
	int r = apikey_restore_finish(admin, flags | APIKEY_RESTORE_DRY_RUN, &restored);

	if (r != 0)
		return daemon_failed(arguments, admin, r);
	say(arguments, restored);
	return confirm_ask("Put this backup in the place of the key store?");
}

/* A lockdown goes on through a restore, and may come with one. */
static void say_lockdown(struct apikey_admin *admin)
{
	struct apikey_lockdown *lockdown;

	if (apikey_lockdown_show(admin, &lockdown) != 0)
		return;
	if (lockdown->on)
		output_note("LOCKDOWN: every key is refused but %zu; 'apikeyctl lockdown status' says why, and "
			    "'apikeyctl lockdown off' ends it.",
			    lockdown->key_count);
	apikey_lockdown_free(lockdown);
}

static enum status finish(const struct arguments *arguments, struct apikey_admin *admin, unsigned int flags, bool said)
{
	SCOPED_RESTORED struct apikey_restored *restored = NULL;
	int r = apikey_restore_finish(admin, flags, &restored);
	bool json = arguments_has(arguments, OPTION_JSON);

	if (r != 0)
		return daemon_failed(arguments, admin, r);
	if (!json && !said)
		say(arguments, restored);
	if (!json && restored->done)
		output_note("Restored: the key store is at revision %" PRIu64 " now.%s%s%s", restored->rev,
			    *restored->kept ? " The one before is kept in the state folder as " : "", restored->kept,
			    *restored->kept ? "." : "");
	if (!json && restored->done)
		say_lockdown(admin);
	else if (!json)
		output_note("This was a dry run: nothing was changed.");
	return json ? print_json(arguments, restored) : STATUS_DONE;
}

enum status backup_restore(const struct arguments *arguments)
{
	bool dry = arguments_has(arguments, OPTION_DRY_RUN);
	bool asks = !dry && !arguments_has(arguments, OPTION_YES);
	unsigned int flags = (dry ? APIKEY_RESTORE_DRY_RUN : 0) |
			     (arguments_has(arguments, OPTION_ACCEPT_REVIVED) ? APIKEY_RESTORE_ACCEPT_REVIVED : 0);
	SCOPED_FD int fd = -1;
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	enum status status;
	int r;

	/* What replaces all keys is not done because a script forgot to say so. */
	if (asks && (!isatty(STDIN_FILENO) || strcmp(arguments->operands[0], "-") == 0))
		return output_complain(STATUS_USAGE,
				       "there is no terminal to ask on: say --yes to restore, or --dry-run to see what "
				       "would come of it");
	status = open_file(arguments, &fd);
	if (status == STATUS_DONE)
		status = daemon_open(arguments, &admin);
	if (status != STATUS_DONE)
		return status;
	r = apikey_restore_open(admin);
	if (r != 0)
		return daemon_failed(arguments, admin, r);
	status = send_file(arguments, admin, fd);
	if (status == STATUS_DONE && asks)
		status = ask(arguments, admin, flags);
	return status == STATUS_DONE ? finish(arguments, admin, flags, asks) : status;
}
