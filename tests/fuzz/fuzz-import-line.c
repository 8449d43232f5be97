/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A line of a file of keys to be imported: as a header, as CSV under a header with all columns, as JSON. Whatever
 * stands there, it is refused with a sentence, or what is taken lies within the limits; and a sentence repeats nothing.
 */
#include "cli/import_line.h"
#include "tests/fuzz/fuzz.h"

static void check_text(const char *text)
{
	MUST(!text || (*text != '\0' && strlen(text) <= IMPORT_TEXT_MAX));
}

static void check_list(const char *const *list)
{
	size_t count = 0;

	for (; list[count]; count++)
		check_text(list[count]);
	MUST(count <= IMPORT_LIST_MAX);
}

static void check_entry(const struct import_entry *entry, bool digests)
{
	const struct apikey_import_key *key = &entry->key;

	MUST(key->name && key->owner);
	check_text(key->name);
	check_text(key->owner);
	check_text(key->secret);
	check_text(key->account);
	check_text(key->tenant);
	check_list(key->permissions);
	check_list(key->roles);
	check_list(key->users);
	check_list(key->sources);
	check_list(key->labels);
	MUST((key->secret != NULL) == !digests && (key->sha256 != NULL) == digests);
	MUST(key->not_before >= 0 && key->expires >= 0 && key->not_before != APIKEY_NEVER);
}

/* The line with room for a NUL, which ends it. Never NULL. */
static char *copy_line(const uint8_t *data, size_t size)
{
	char *line = malloc(size + 1);

	MUST(line);
	if (size > 0)
		memcpy(line, data, size);
	line[size] = '\0';
	return line;
}

static void try_line(const uint8_t *data, size_t size, bool digests)
{
	const struct import_rules rules = { .digests = digests, .now = 1700000000 };
	char all[] = "name,owner,secret,permissions,roles,users,sources,labels,not_before,expires,account,tenant";
	char hashes[] = "expires,sha256,owner,name";
	static struct import_entry entry;
	struct import_header header;
	char fault[IMPORT_FAULT_SIZE];
	char *line = copy_line(data, size);

	fault[0] = '\0';
	MUST(import_header_read(line, size, &rules, &header, fault) || fault[0] != '\0');
	free(line);
	MUST(digests ? import_header_read(hashes, strlen(hashes), &rules, &header, fault)
		     : import_header_read(all, strlen(all), &rules, &header, fault));
	line = copy_line(data, size);
	fault[0] = '\0';
	if (import_csv_read(line, size, &rules, &header, &entry, fault)) {
		check_entry(&entry, digests);
		import_entry_done(&entry);
	} else {
		MUST(fault[0] != '\0');
	}
	free(line);
	line = copy_line(data, size);
	fault[0] = '\0';
	if (import_json_read(line, size, &rules, &entry, fault)) {
		check_entry(&entry, digests);
		import_entry_done(&entry);
	} else {
		MUST(fault[0] != '\0');
	}
	free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > IMPORT_LINE_MAX)
		return 0;
	try_line(data, size, false);
	try_line(data, size, true);
	return 0;
}
