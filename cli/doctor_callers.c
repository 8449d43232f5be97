/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The programs behind the stacks: those that do not run as root need a line in [peers], and those that are confined a
 * rule that lets them reach the sockets.
 */
#include <errno.h>
#include <string.h>

#include "cli/doctor_checks.h"
#include "cli/scope.h"

#define PROFILE_MAX 1048576 /* bytes */
#define APPARMOR "/etc/apparmor.d"

/* Services whose programs ask PAM as another user than root; a distribution has one of the users. */
static const struct {
	const char *service;
	const char *users[3];
} peers[] = {
	{ "nginx", { "www-data", "nginx" } },
	{ "apache2", { "www-data" } },
	{ "httpd", { "apache", "www-data" } },
	{ "postgresql", { "postgres" } },
	{ "squid", { "proxy", "squid" } },
	{ "radiusd", { "freerad", "radiusd" } },
	{ "freeradius", { "freerad" } },
	{ "mysql", { "mysql" } },
	{ "mariadb", { "mysql" } },
	{ "jupyterhub", { "jupyterhub" } },
};

static bool has_word(const char *words, const char *word)
{
	size_t size = strlen(word);

	for (; *words != '\0'; words += strspn(words, " ")) {
		size_t length = strcspn(words, " ");

		if (length == size && strncmp(words, word, size) == 0)
			return true;
		words += length;
	}
	return false;
}

/* Whether a user may speak for the service; peers are named as the configuration has them, by name or uid. */
static bool is_allowed(struct doctor *doctor, const char *user, uid_t uid, const char *service)
{
	return has_word(doctor_fact(doctor, DOCTOR_TEXT(doctor, "peers.%s", user)), service) ||
	       has_word(doctor_fact(doctor, DOCTOR_TEXT(doctor, "peers.%u", (unsigned int)uid)), service);
}

static void check_peer(struct doctor *doctor, const struct stack *stack, const char *const *users, size_t count)
{
	const char *missing = NULL;

	for (size_t i = 0; i < count && users[i]; i++) {
		bool failed;
		uid_t uid;

		if (!doctor_user_uid(doctor, users[i], &uid, &failed))
			continue;
		if (uid == 0 || is_allowed(doctor, users[i], uid, stack->service))
			return;
		if (!missing)
			missing = users[i];
	}
	if (missing)
		doctor_find(
			doctor, FINDING_PEER_MISSING, doctor_files_show(&doctor->files, stack->path), 0,
			DOCTOR_TEXT(
				doctor,
				"%s asks as user %s, who may not speak for it: every key is refused as wrong_service",
				stack->service, missing),
			DOCTOR_TEXT(doctor, "add '%s = %s' to [peers] in apikeyd.conf, then systemctl reload apikeyd",
				    missing, stack->service));
}

static void check_peers(struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->stacks.count; i++)
		for (size_t j = 0; j < COUNT_OF(peers) && doctor->stacks.stacks[i].mentions_us; j++)
			if (strcmp(peers[j].service, doctor->stacks.stacks[i].service) == 0)
				check_peer(doctor, &doctor->stacks.stacks[i], peers[j].users, COUNT_OF(peers[j].users));
}

/* ---- confined callers ---- */

/* A profile's name ends in that of its program: usr.sbin.nginx, nginx. */
static bool is_profile_of(const char *profile, const char *service)
{
	size_t size = strlen(profile), tail = strlen(service);

	return size >= tail && strcmp(profile + size - tail, service) == 0 &&
	       (size == tail || profile[size - tail - 1] == '.');
}

static void check_profile(struct doctor *doctor, const char *name, bool has_abstraction)
{
	const char *path = DOCTOR_TEXT(doctor, "%s/%s", APPARMOR, name);
	char *text;
	size_t size;
	int r = doctor_files_read(&doctor->files, path, DOCTOR_FOLLOW, PROFILE_MAX, false, &text, &size);

	if (r < 0) {
		if (r != -ENOENT && r != -EINVAL)
			doctor_skip(doctor, doctor_files_show(&doctor->files, path), -r);
		return;
	}
	if (strstr(text, "/apikeyd/") || (has_abstraction && strstr(text, "abstractions/authentication")))
		return;
	doctor_find(
		doctor, FINDING_APPARMOR_RULE, doctor_files_show(&doctor->files, path), 0,
		"AppArmor confines this program, and no rule lets it reach apikeyd's sockets",
		"put '@{run}/apikeyd/*.sock rw,' into the profile or its local/ file, then systemctl reload apparmor");
}

static void check_apparmor(struct doctor *doctor)
{
	struct stat status;
	bool has_abstraction = doctor_files_stat(&doctor->files, APPARMOR "/abstractions/authentication.d/apikeyd",
						 DOCTOR_FOLLOW, &status) == 0;
	char **names;

	if (doctor_files_list(&doctor->files, APPARMOR, &names) < 0)
		return;
	for (; *names; names++)
		for (size_t i = 0; i < doctor->stacks.count; i++)
			if (doctor->stacks.stacks[i].mentions_us &&
			    is_profile_of(*names, doctor->stacks.stacks[i].service))
				check_profile(doctor, *names, has_abstraction);
}

static void check_selinux(struct doctor *doctor)
{
	static const char config[] = "/etc/selinux/config", store[] = "/var/lib/selinux";
	char *text, **types;
	bool readable = false;
	size_t size;

	if (!doctor->stacks_mention_us ||
	    doctor_files_read(&doctor->files, config, DOCTOR_FOLLOW, PROFILE_MAX, false, &text, &size) < 0)
		return;
	if (strncmp(text, "SELINUX=enforcing", 17) != 0 && !strstr(text, "\nSELINUX=enforcing"))
		return;
	if (doctor_files_list(&doctor->files, store, &types) < 0)
		return;
	for (; *types; types++) {
		const char *modules = DOCTOR_TEXT(doctor, "%s/%s/active/modules", store, *types);
		char **priorities;

		if (doctor_files_list(&doctor->files, modules, &priorities) < 0)
			continue;
		readable = true;
		for (; *priorities; priorities++) {
			struct stat status;

			if (doctor_files_stat(&doctor->files,
					      DOCTOR_TEXT(doctor, "%s/%s/apikeyd", modules, *priorities), DOCTOR_FOLLOW,
					      &status) == 0)
				return;
		}
	}
	if (readable)
		doctor_find(
			doctor, FINDING_SELINUX_MODULE, doctor_files_show(&doctor->files, config), 0,
			"SELinux enforces, and apikeyd's policy module is not loaded: confined services cannot reach "
			"its sockets",
			"install apikeyd-selinux, or load the module with semodule -i apikeyd.pp");
	else
		doctor_skip(doctor, "SELinux policy modules", EACCES);
}

void doctor_check_callers(struct doctor *doctor)
{
	if (doctor->is_administrator)
		check_peers(doctor);
	check_apparmor(doctor);
	check_selinux(doctor);
}
