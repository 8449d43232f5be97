/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the daemon says of itself, and who the users of the host are, or of the tree. */
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "cli/doctor_checks.h"

#define PASSWD "/etc/passwd"
#define PASSWD_MAX 4194304 /* bytes */

static const struct apikey_item *find_item(const struct doctor *doctor, const char *name)
{
	for (size_t i = 0; doctor->status && i < doctor->status->item_count; i++)
		if (strcmp(doctor->status->items[i].name, name) == 0)
			return &doctor->status->items[i];
	return NULL;
}

const char *doctor_fact(const struct doctor *doctor, const char *name)
{
	const struct apikey_item *item = find_item(doctor, name);

	return item ? item->text : "";
}

uint64_t doctor_fact_number(const struct doctor *doctor, const char *name, uint64_t fallback)
{
	const struct apikey_item *item = find_item(doctor, name);

	return item && item->text[0] == '\0' ? item->number : fallback;
}

/* A line of the tree's passwd: its name and uid. False when it is none. */
static bool read_line(char *line, const char **ret_name, uid_t *ret_uid)
{
	char *rest = line, *name = strsep(&rest, ":"), *end;
	unsigned long uid;

	if (!rest || !strsep(&rest, ":") || !rest || *name == '\0' || *rest < '0' || *rest > '9')
		return false;
	errno = 0;
	uid = strtoul(rest, &end, 10);
	if (errno != 0 || *end != ':' || uid > UINT32_MAX)
		return false;
	*ret_name = name;
	*ret_uid = (uid_t)uid;
	return true;
}

/* The first user of the tree that has the name, or with a NULL name the uid. */
static bool find_in_tree(struct doctor *doctor, const char *name, uid_t uid, const char **ret_name, uid_t *ret_uid,
			 bool *ret_failed)
{
	char *text, *line;
	size_t size;

	if (doctor_files_read(&doctor->files, PASSWD, DOCTOR_FOLLOW, PASSWD_MAX, false, &text, &size) < 0) {
		*ret_failed = true;
		return false;
	}
	for (char *rest = text; (line = strsep(&rest, "\n"));) {
		const char *this_name;
		uid_t this_uid;

		if (!read_line(line, &this_name, &this_uid) || (name ? strcmp(name, this_name) != 0 : uid != this_uid))
			continue;
		*ret_name = this_name;
		*ret_uid = this_uid;
		return true;
	}
	return false;
}

bool doctor_user_name(struct doctor *doctor, uid_t uid, const char **ret_name, bool *ret_failed)
{
	const struct passwd *user;
	uid_t found;

	*ret_failed = false;
	if (!doctor->is_live)
		return find_in_tree(doctor, NULL, uid, ret_name, &found, ret_failed);
	errno = 0;
	user = getpwuid(uid);
	if (!user) {
		*ret_failed = errno != 0 && errno != ENOENT && errno != ESRCH;
		return false;
	}
	*ret_name = DOCTOR_TEXT(doctor, "%s", user->pw_name);
	return true;
}

bool doctor_user_uid(struct doctor *doctor, const char *name, uid_t *ret_uid, bool *ret_failed)
{
	const struct passwd *user;
	const char *found;

	*ret_failed = false;
	if (!doctor->is_live)
		return find_in_tree(doctor, name, 0, &found, ret_uid, ret_failed);
	errno = 0;
	user = getpwnam(name);
	if (!user) {
		*ret_failed = errno != 0 && errno != ENOENT && errno != ESRCH;
		return false;
	}
	*ret_uid = user->pw_uid;
	return true;
}
