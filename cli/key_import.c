/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * "key import": reads keys from a file, line by line, and has the daemon make them, some hundreds with each request,
 * and many requests on their way at a time: the daemon makes the keys of all that it has in one transaction. Defends
 * against secrets that land where they do not belong: a line that is refused is named by its number and never repeated.
 * What is there already is left as it is, so that an import that was cut short is done again.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/daemon.h"
#include "cli/import_ask.h"
#include "cli/json.h"
#include "cli/key.h"
#include "cli/line_input.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/text.h"

static void import_free(struct import *import)
{
	if (!import)
		return;
	import_forget(import);
	apikey_admin_free(import->admin);
	line_input_done(&import->input);
	if (import->report)
		fclose(import->report);
	if (import->input.fd > STDERR_FILENO)
		close(import->input.fd);
	free(import);
}

SCOPE_DESTRUCTOR(import_scope, struct import, import_free);
#define SCOPED_IMPORT SCOPED(import_scope)

/* Says how far it came, after a failure. */
static void tell_stop(struct import *import)
{
	if (import->created > 0 && !import->dry_run)
		output_note("%" PRIu64 " keys were made before.", import->created);
	output_note("Do it again: what is there already is left as it is. Or go on with --from-line %" PRIu64 ".",
		    import->settled + 1);
}

static enum status end_asking(struct import *import, int r)
{
	enum status status;

	if (r == 0)
		return STATUS_DONE;
	import->failed = true;
	progress_clear(&import->progress);
	status = daemon_failed(import->arguments, import->admin, r);
	tell_stop(import);
	return status;
}

/* ---- reading ---- */

/* The first line of CSV, which says what the others hold. */
static enum status take_header(struct import *import, struct line *line)
{
	char fault[IMPORT_FAULT_SIZE];

	if (import_header_read(line->text, line->size, &import->rules, &import->header, fault))
		return STATUS_DONE;
	return output_complain(STATUS_USAGE, "%s, line 1: %s. Nothing was imported", import->path, fault);
}

static enum status take_first(struct import *import, struct line *line, bool *ret_is_header)
{
	*ret_is_header = false;
	if (import->format == FORMAT_UNKNOWN)
		import->format = line->size > 0 && line->text[0] == '{' ? FORMAT_JSONL : FORMAT_CSV;
	if (import->format == FORMAT_JSONL)
		return STATUS_DONE;
	*ret_is_header = true;
	return take_header(import, line);
}

static size_t list_size(const char *const *list)
{
	size_t size = 0;

	while (list && list[size])
		size++;
	return list ? size + 1 : 0;
}

/* Copies what was read of a line: an entry has room for much more than a line holds. */
static bool keep_entry(const struct import_entry *entry, struct import_waiting *waiting)
{
	struct apikey_import_key *key = &waiting->key;
	const char *const **lists[] = { &key->permissions, &key->roles, &key->users, &key->sources, &key->labels };
	size_t size = 0;
	const char **at;

	*key = entry->key;
	waiting->object = entry->object;
	if (key->sha256) {
		memcpy(waiting->sha256, key->sha256, sizeof(waiting->sha256));
		key->sha256 = waiting->sha256;
	}
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		size += list_size(*lists[i]);
	waiting->lists = at = calloc(size + 1, sizeof(*at));
	if (!at)
		return false;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		size = list_size(*lists[i]);
		if (size == 0)
			continue;
		memcpy(at, *lists[i], size * sizeof(*at));
		*lists[i] = at;
		at += size;
	}
	return true;
}

static bool read_entry(struct import *import, const struct line *line, char *ret_fault)
{
	if (line->too_long) {
		snprintf(ret_fault, IMPORT_FAULT_SIZE, "the line is longer than %d bytes", IMPORT_LINE_MAX);
		return false;
	}
	if (import->format == FORMAT_JSONL)
		return import_json_read(line->text, line->size, &import->rules, &import->entry, ret_fault);
	return import_csv_read(line->text, line->size, &import->rules, &import->header, &import->entry, ret_fault);
}

/* Puts a line among those that wait; it is theirs. */
static enum status take_line(struct import *import, const struct line *line)
{
	struct import_waiting *waiting = import_add_line(import);
	char fault[IMPORT_FAULT_SIZE];
	bool kept;

	*waiting = (struct import_waiting){ .number = import->input.number, .line = *line };
	import->lines++;
	if (read_entry(import, line, fault)) {
		kept = keep_entry(&import->entry, waiting);
	} else {
		waiting->fault = strdup(fault);
		kept = waiting->fault != NULL;
	}
	return kept ? STATUS_DONE : output_no_memory();
}

/* One line. *ret_more: there was one. */
static enum status read_line(struct import *import, bool *ret_more)
{
	struct line line = { .text = NULL };
	bool is_header = false;
	enum status status = STATUS_DONE;
	int r = line_input_read(&import->input, IMPORT_LINE_MAX, &line);

	*ret_more = r > 0;
	if (r < 0)
		return output_complain(STATUS_REFUSED, "%s cannot be read: %s", import->path, strerror(-r));
	if (r == 0)
		return STATUS_DONE;
	if (import->input.number == 1 && line.too_long)
		status = output_complain(STATUS_USAGE, "%s, line 1: the line is longer than %d bytes", import->path,
					 IMPORT_LINE_MAX);
	else if (import->input.number == 1)
		status = take_first(import, &line, &is_header);
	if (status != STATUS_DONE || is_header || import->input.number < import->from_line) {
		line_free(&line);
		return status;
	}
	return take_line(import, &line);
}

/* Whether whoever writes into standard input takes a rest: the daemon does not wait for ever for its answers to be
 * received. */
static bool input_rests(const struct import *import)
{
	struct pollfd watched = { .fd = import->input.fd, .events = POLLIN };

	return import->input.at == import->input.end && poll(&watched, 1, 0) == 0;
}

static enum status read_all(struct import *import)
{
	enum status status = STATUS_DONE, settled;
	bool more = true;

	progress_begin(&import->progress, "lines", import->size);
	while (status == STATUS_DONE && more) {
		if (import->request_count > 0 && input_rests(import))
			status = end_asking(import, import_settle_requests(import));
		if (status == STATUS_DONE)
			status = read_line(import, &more);
		if (status == STATUS_DONE)
			status = end_asking(import, import_send_lines(import, more ? IMPORT_BATCH : 1));
	}
	/* Where reading failed, what was sent is settled all the same. */
	if (!import->failed) {
		settled = end_asking(import, import_settle_requests(import));
		status = settled != STATUS_DONE ? settled : status;
	}
	progress_clear(&import->progress);
	if (status == STATUS_DONE && import->input.number == 0)
		return output_complain(STATUS_USAGE, "there is nothing in %s", import->path);
	return status;
}

/* ---- before and after ---- */

static enum status take_format(const char *name, enum import_format *ret_format)
{
	*ret_format = FORMAT_UNKNOWN;
	if (!name)
		return STATUS_DONE;
	if (strcmp(name, "csv") == 0)
		*ret_format = FORMAT_CSV;
	else if (strcmp(name, "jsonl") == 0)
		*ret_format = FORMAT_JSONL;
	else
		return output_complain(STATUS_USAGE, "there is no format '%s'; there are csv and jsonl", name);
	return STATUS_DONE;
}

static enum status take_from_line(const char *text, uint64_t *ret_number)
{
	char *end;

	*ret_number = 0;
	if (!text)
		return STATUS_DONE;
	errno = 0;
	*ret_number = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || *ret_number == 0)
		return output_complain(STATUS_USAGE, "--from-line %s is no number of a line: 1, 2, ...", text);
	return STATUS_DONE;
}

static enum status open_input(struct import *import)
{
	const char *credential = arguments_value(import->arguments, OPTION_CREDENTIAL_FILE);
	struct stat stat;

	import->input.fd = STDIN_FILENO;
	if (strcmp(import->path, "-") == 0) {
		import->path = "standard input";
		if (credential && strcmp(credential, "-") == 0)
			return output_complain(STATUS_USAGE, "the keys and the key to act with cannot both come from "
							     "standard input; name a file");
		if (isatty(STDIN_FILENO))
			return output_complain(STATUS_USAGE, "name the file with the keys, or let standard input come "
							     "from one");
	} else {
		import->input.fd = open(import->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	}
	if (import->input.fd < 0 || fstat(import->input.fd, &stat) < 0)
		return output_complain(STATUS_USAGE, "%s cannot be read: %s", import->path, strerror(errno));
	if (S_ISDIR(stat.st_mode))
		return output_complain(STATUS_USAGE, "%s is a folder", import->path);
	import->size = S_ISREG(stat.st_mode) ? (uint64_t)stat.st_size : 0;
	if (S_ISREG(stat.st_mode) && (stat.st_mode & 077) != 0 && !import->rules.digests)
		output_note("Warning: %s can be read or changed by other users, so the secrets in it may be known to "
			    "them (chmod 600).",
			    import->path);
	return STATUS_DONE;
}

static enum status open_report(struct import *import)
{
	const char *path = arguments_value(import->arguments, OPTION_REPORT);
	int fd;

	if (!path)
		return STATUS_DONE;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0600);
	import->report = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (import->report)
		return STATUS_DONE;
	if (fd >= 0)
		close(fd);
	return output_complain(STATUS_USAGE, "%s cannot be written: %s", path, strerror(errno));
}

/* What was refused has to be known. */
static enum status close_report(struct import *import, enum status status)
{
	FILE *report = import->report;
	bool failed;

	if (!report)
		return status;
	import->report = NULL;
	failed = ferror(report) != 0;
	if (fclose(report) != 0 || failed)
		return output_complain(STATUS_REFUSED, "the report could not be written whole: %s", strerror(errno));
	return status;
}

static bool print_json(const struct import *import)
{
	SCOPED_JSON json_t *object = json_object();

	return json_put(object, "lines", json_number(import->lines)) &&
	       json_put(object, "created", json_number(import->created)) &&
	       json_put(object, "unchanged", json_number(import->unchanged)) &&
	       json_put(object, "refused", json_number(import->refused)) &&
	       json_put(object, "dry_run", json_boolean(import->dry_run)) && json_print(object);
}

static enum status tell_result(const struct import *import)
{
	if (arguments_has(import->arguments, OPTION_JSON)) {
		if (!print_json(import))
			return output_no_memory();
	} else {
		printf("%" PRIu64 " lines: %" PRIu64 " keys %s made, %" PRIu64 " %s there already, %" PRIu64
		       " %s refused.\n",
		       import->lines, import->created, import->dry_run ? "would be" : "were", import->unchanged,
		       import->unchanged == 1 ? "was" : "were", import->refused,
		       import->dry_run        ? "would be"
		       : import->refused == 1 ? "was"
					      : "were");
	}
	return import->refused > 0 ? STATUS_REFUSED : STATUS_DONE;
}

static enum status import_keys(struct import *import)
{
	enum status status = take_format(arguments_value(import->arguments, OPTION_FORMAT), &import->format);

	if (status == STATUS_DONE)
		status = take_from_line(arguments_value(import->arguments, OPTION_FROM_LINE), &import->from_line);
	if (status == STATUS_DONE)
		status = open_input(import);
	if (status == STATUS_DONE)
		status = daemon_open(import->arguments, &import->admin);
	if (status == STATUS_DONE)
		status = open_report(import);
	if (status == STATUS_DONE)
		status = read_all(import);
	status = close_report(import, status);
	return status == STATUS_DONE ? tell_result(import) : status;
}

enum status key_import(const struct arguments *arguments)
{
	SCOPED_IMPORT struct import *import = calloc(1, sizeof(*import));

	if (!import)
		return output_no_memory();
	import->arguments = arguments;
	import->path = arguments->operand_count > 0 ? arguments->operands[0] : "-";
	import->input.fd = -1;
	import->rules.digests = arguments_has(arguments, OPTION_DIGESTS);
	import->rules.now = time(NULL);
	import->rules.account = arguments_value(arguments, OPTION_ACCOUNT);
	import->rules.tenant = arguments_value(arguments, OPTION_TENANT);
	import->dry_run = arguments_has(arguments, OPTION_DRY_RUN);
	return import_keys(import);
}
