/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The keys: owners who have gone or whose uid is somebody else's now, system accounts, grants of everything, and keys
 * that nobody has used for long. Without --deep only so many are looked at.
 */
#include <errno.h>
#include <string.h>

#include "cli/daemon.h"
#include "cli/doctor_checks.h"
#include "cli/key_view.h"
#include "cli/scope.h"
#include "cli/when.h"

#define SYSTEM_UIDS 1000
#define FORGOTTEN (365 * 86400) /* seconds */
#define KEYS_MAX 10000          /* without --deep */
#define OWNERS_MAX 4096         /* remembered, so that each is looked up once */

struct owner {
	int64_t uid;
	const char *name; /* of the key's owner, when it was made */
};

struct owners {
	struct owner *known;
	size_t count;
};

/* A subject for findings about a key. */
static const char *subject_of(struct doctor *doctor, const struct apikey_key *key)
{
	return DOCTOR_TEXT(doctor, "%s/%s", key->owner, key->name);
}

static void look_up_owner(struct doctor *doctor, const struct apikey_key *key)
{
	const char *name;
	bool failed;

	if (doctor_user_name(doctor, (uid_t)key->owner_uid, &name, &failed)) {
		if (strcmp(name, key->owner) != 0)
			doctor_find(
				doctor, FINDING_KEY_OWNER_CHANGED, DOCTOR_TEXT(doctor, "%s", key->owner), 0,
				DOCTOR_TEXT(
					doctor,
					"has keys that were made for uid %lld, which is %s now: that user may see and "
					"change them",
					(long long)key->owner_uid, name),
				"revoke the keys, and make new ones for whoever is meant");
	} else if (failed) {
		doctor_report_skip(&doctor->report, "the owners of keys", "users cannot be looked up");
	} else {
		doctor_find(
			doctor, FINDING_KEY_OWNER_GONE, DOCTOR_TEXT(doctor, "%s", key->owner), 0,
			DOCTOR_TEXT(doctor,
				    "has keys, but uid %lld is nobody's any more: whoever gets that uid next gets them",
				    (long long)key->owner_uid),
			DOCTOR_TEXT(doctor, "apikeyctl key list --owner %s, then 'key revoke' or 'key delete' each",
				    key->owner));
	}
}

static void check_owner(struct doctor *doctor, struct owners *owners, const struct apikey_key *key)
{
	if (key->owner_uid < 0)
		return;
	if (key->owner_uid < SYSTEM_UIDS)
		doctor_find(
			doctor, FINDING_KEY_SYSTEM_OWNER, subject_of(doctor, key), 0,
			DOCTOR_TEXT(
				doctor,
				"belongs to a system account (uid %lld), whom pam_apikey.so lets in nowhere, unless a "
				"line says minimum_uid=",
				(long long)key->owner_uid),
			"revoke it when it is not used through the library or such a line");
	for (size_t i = 0; i < owners->count; i++)
		if (owners->known[i].uid == key->owner_uid && strcmp(owners->known[i].name, key->owner) == 0)
			return;
	if (owners->count >= OWNERS_MAX) {
		doctor_report_skip(&doctor->report, "the owners of some keys", "there are too many");
		return;
	}
	owners->known = doctor_memory_grow(&doctor->memory, owners->known, owners->count, sizeof(*owners->known));
	owners->known[owners->count++] = (struct owner){ key->owner_uid, DOCTOR_TEXT(doctor, "%s", key->owner) };
	look_up_owner(doctor, key);
}

static void check_grants(struct doctor *doctor, const struct apikey_key *key)
{
	const char *const *grants = key->effective_permissions;

	for (size_t i = 0; grants && grants[i]; i++)
		if (strcmp(grants[i], "*") == 0)
			doctor_find(doctor, FINDING_KEY_GRANTS_ALL, subject_of(doctor, key), 0,
				    "may do everything ('*'), administering all keys included",
				    "give it what it needs: apikeyctl key update KEY --permission ...");
}

static void check_use(struct doctor *doctor, const struct apikey_key *key)
{
	int64_t last = key->created;

	for (size_t i = 0; i < key->secret_count; i++)
		if (key->secrets[i].last_use.time > last)
			last = key->secrets[i].last_use.time;
	if (key->expires == APIKEY_NEVER && doctor->now - last > FORGOTTEN)
		doctor_find(doctor, FINDING_KEY_FORGOTTEN, subject_of(doctor, key), 0,
			    "never expires, and was not used for more than a year",
			    "revoke it, or give it an end: apikeyctl key update KEY --expires 90d");
}

static void check_due(struct doctor *doctor, const struct apikey_key *key)
{
	for (size_t i = 0; key->due && key->due[i]; i++)
		doctor_find(
			doctor, FINDING_KEY_DUE, subject_of(doctor, key), 0, DOCTOR_TEXT(doctor, "%s", key->due[i]),
			"'apikeyctl key list --due' shows all; 'key rotate' gives a new secret, 'key update --expires' "
			"another end");
}

/* Some program has not got the new secret. */
static void check_retiring(struct doctor *doctor, const struct apikey_key *key)
{
	/* Not always the last: those of rotations that were taken back stand behind it. */
	const struct apikey_secret *current = key_view_current(key);
	char end[WHEN_TEXT_SIZE], used[WHEN_TEXT_SIZE];

	for (const struct apikey_secret *secret = key->secrets; current && secret < current; secret++) {
		if (secret->retires <= doctor->now || secret->last_use.time <= current->created)
			continue;
		when_local(secret->retires, doctor->now, end);
		when_local(secret->last_use.time, doctor->now, used);
		doctor_find(doctor, FINDING_KEY_RETIRING,
			    DOCTOR_TEXT(doctor, "%s, secret %u", subject_of(doctor, key), secret->number), 0,
			    DOCTOR_TEXT(doctor, "it ends %s, there is a new one, and %s showed it last %s", end,
					secret->last_use.service, used),
			    "give the new secret to what still shows this one; 'apikeyctl key show' tells the source");
	}
}

static void check_key(struct doctor *doctor, struct owners *owners, const struct apikey_key *key)
{
	if (strcmp(key->state, "revoked") == 0 || (key->expires != APIKEY_NEVER && key->expires <= doctor->now))
		return;
	check_owner(doctor, owners, key);
	check_grants(doctor, key);
	check_use(doctor, key);
	check_due(doctor, key);
	check_retiring(doctor, key);
}

void doctor_check_keys(struct doctor *doctor)
{
	struct owners owners = { .count = 0 };
	const char *cursor = NULL;
	size_t seen = 0;

	if (!doctor->is_administrator || doctor_report_has(&doctor->report, FINDING_DAEMON_DEGRADED))
		return;
	do {
		SCOPED_LIST struct apikey_key_list *list = NULL;
		int r = apikey_key_list(doctor->admin, NULL, cursor, 0, &list);

		if (r != 0) {
			doctor_report_skip(&doctor->report, "keys",
					   r > 0 ? DOCTOR_TEXT(doctor, "%s", apikey_admin_message(doctor->admin))
						 : DOCTOR_TEXT(doctor, "%s", strerror(-r)));
			return;
		}
		for (size_t i = 0; i < list->count; i++)
			check_key(doctor, &owners, list->keys[i]);
		seen += list->count;
		cursor = DOCTOR_TEXT(doctor, "%s", list->cursor);
	} while (*cursor != '\0' && (doctor->deep || seen < KEYS_MAX));
	if (*cursor != '\0')
		doctor_report_skip(&doctor->report, "the rest of the keys",
				   DOCTOR_TEXT(doctor, "the first %zu were looked at; --deep looks at all", seen));
}
