/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * pam_apikey.so: whether it is where libpam looks, who may change it, and which version it is. It is read as a file and
 * never loaded, since whatever is there would run as root.
 */
#include <errno.h>
#include <string.h>

#include "cli/doctor_checks.h"
#include "cli/scope.h"
#include "config.h"

#define MODULE "pam_apikey.so"
#define MODULE_MAX 16777216 /* bytes */
#define VERSION_MARK "pam_apikey version "
#define VERSION_SIZE 32

/* Where distributions keep PAM's modules; one more level is looked through, for the folder of the architecture. */
static const char *const libraries[] = { "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib" };

/* One that every host with PAM has: where it is, libpam looks. */
static const char *const natives[] = { "pam_permit.so", "pam_deny.so", "pam_unix.so" };

struct search {
	const char **native; /* folders in which libpam finds its own modules */
	size_t native_count;
	const char **ours; /* folders that have our module */
	size_t our_count;
};

static bool is_there(struct doctor *doctor, const char *folder, const char *name)
{
	struct stat status;

	return doctor_files_stat(&doctor->files, DOCTOR_TEXT(doctor, "%s/%s", folder, name), DOCTOR_FOLLOW, &status) ==
	       0;
}

static bool is_same_folder(struct doctor *doctor, const char *one, const char *other)
{
	struct stat a, b;

	return doctor_files_stat(&doctor->files, one, DOCTOR_FOLLOW, &a) == 0 &&
	       doctor_files_stat(&doctor->files, other, DOCTOR_FOLLOW, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

/* Takes the folder into a list, unless it is there by another name (/lib is /usr/lib). */
static const char **take(struct doctor *doctor, const char **list, size_t *count, const char *folder)
{
	for (size_t i = 0; i < *count; i++)
		if (is_same_folder(doctor, list[i], folder))
			return list;
	list = doctor_memory_grow(&doctor->memory, list, *count, sizeof(*list));
	list[(*count)++] = folder;
	return list;
}

static void look_into(struct doctor *doctor, struct search *search, const char *folder)
{
	for (size_t i = 0; i < COUNT_OF(natives); i++)
		if (is_there(doctor, folder, natives[i])) {
			search->native = take(doctor, search->native, &search->native_count, folder);
			break;
		}
	if (is_there(doctor, folder, MODULE))
		search->ours = take(doctor, search->ours, &search->our_count, folder);
}

static void look_everywhere(struct doctor *doctor, struct search *search)
{
	for (size_t i = 0; i < COUNT_OF(libraries); i++) {
		char **names;

		look_into(doctor, search, DOCTOR_TEXT(doctor, "%s/security", libraries[i]));
		if (doctor_files_list(&doctor->files, libraries[i], &names) < 0)
			continue;
		for (; *names; names++)
			if (strstr(*names, "-linux-"))
				look_into(doctor, search, DOCTOR_TEXT(doctor, "%s/%s/security", libraries[i], *names));
	}
	look_into(doctor, search, PAM_MODULE_FOLDER);
}

/* The version the module's file says it has; NULL when it says none. */
static const char *read_version(struct doctor *doctor, const char *text, size_t size)
{
	const char *mark = memmem(text, size, VERSION_MARK, strlen(VERSION_MARK));
	size_t length;

	if (!mark)
		return NULL;
	mark += strlen(VERSION_MARK);
	length = strnlen(mark, (size_t)(text + size - mark));
	return length > 0 && length < VERSION_SIZE ? DOCTOR_TEXT(doctor, "%.*s", (int)length, mark) : NULL;
}

static void check_version(struct doctor *doctor, const char *path, const char *shown)
{
	const char *version, *daemon = doctor_fact(doctor, "version");
	char *text;
	size_t size;
	int r = doctor_files_read(&doctor->files, path, DOCTOR_FOLLOW, MODULE_MAX, false, &text, &size);

	if (r < 0) {
		doctor_skip(doctor, shown, -r);
		return;
	}
	version = read_version(doctor, text, size);
	if (!version)
		version = "unknown";
	if (strcmp(version, PACKAGE_VERSION) != 0 || (*daemon && strcmp(version, daemon) != 0))
		doctor_find(doctor, FINDING_MODULE_VERSION, shown, 0,
			    DOCTOR_TEXT(doctor, "is of version %s; apikeyctl is %s%s%s", version, PACKAGE_VERSION,
					*daemon ? ", the daemon " : "", daemon),
			    "install the same version of all, then restart apikeyd and the services that stay running");
}

static void check_module(struct doctor *doctor, const char *path)
{
	const char *shown = doctor_files_show(&doctor->files, path);
	struct stat status;

	if (doctor_files_stat(&doctor->files, path, DOCTOR_FOLLOW, &status) < 0)
		return;
	if (!doctor_trusts_file(doctor, &status))
		doctor_find(doctor, FINDING_MODULE_WRITABLE, shown, 0,
			    DOCTOR_TEXT(doctor,
					"can be changed by others than root (owner %u, mode %04o): what they put there "
					"runs as root",
					(unsigned int)status.st_uid, (unsigned int)status.st_mode & 07777),
			    "install the package again, and chown root:root and chmod 0644 the module");
	check_version(doctor, path, shown);
}

/* Stacks may name a module by its path. */
static void check_named(struct doctor *doctor, const struct stack_rule *rule)
{
	struct stat status;

	if (!rule->is_ours || rule->module[0] != '/')
		return;
	if (doctor_files_stat(&doctor->files, rule->module, DOCTOR_FOLLOW, &status) == -ENOENT)
		doctor_find(doctor, FINDING_MODULE_MISSING, doctor_files_show(&doctor->files, rule->path), rule->line,
			    DOCTOR_TEXT(doctor, "there is no %s", rule->module),
			    "write pam_apikey.so without a folder, or correct the path");
	else
		check_module(doctor, rule->module);
}

/* The first line that names it without a folder. NULL: there is none. */
static const struct stack_rule *first_by_name(const struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->stacks.count; i++)
		for (size_t j = 0; j < doctor->stacks.stacks[i].rule_count; j++) {
			const struct stack_rule *rule = &doctor->stacks.stacks[i].rules[j];

			if (rule->is_ours && rule->module[0] != '/')
				return rule;
		}
	return NULL;
}

void doctor_check_module(struct doctor *doctor)
{
	struct search search = { .native_count = 0 };
	const struct stack_rule *wanted = first_by_name(doctor);
	const char *place = NULL;

	look_everywhere(doctor, &search);
	for (size_t i = 0; i < search.our_count; i++)
		for (size_t j = 0; j < search.native_count && !place; j++)
			if (is_same_folder(doctor, search.ours[i], search.native[j]))
				place = search.ours[i];
	if (place)
		check_module(doctor, DOCTOR_TEXT(doctor, "%s/" MODULE, place));
	else if (search.native_count == 0)
		doctor_report_skip(&doctor->report, "the module's folder",
				   "libpam's own modules are nowhere to be found");
	else if (search.our_count > 0)
		doctor_find(doctor, FINDING_MODULE_ELSEWHERE,
			    doctor_files_show(&doctor->files, DOCTOR_TEXT(doctor, "%s/" MODULE, search.ours[0])), 0,
			    DOCTOR_TEXT(doctor, "libpam does not look there, but in %s", search.native[0]),
			    DOCTOR_TEXT(doctor, "configure apikeyd with --with-pamdir=%s and install it again",
					search.native[0]));
	else if (wanted)
		doctor_find(doctor, FINDING_MODULE_MISSING, doctor_files_show(&doctor->files, wanted->path),
			    wanted->line,
			    DOCTOR_TEXT(doctor, "names pam_apikey.so, which is not in %s: the line fails for everybody",
					search.native[0]),
			    "install the module (libpam-apikey), or take its lines out of the stacks");
	for (size_t i = 0; i < doctor->stacks.count; i++)
		for (size_t j = 0; j < doctor->stacks.stacks[i].rule_count; j++)
			check_named(doctor, &doctor->stacks.stacks[i].rules[j]);
}
