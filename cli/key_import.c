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
#include "cli/import_line.h"
#include "cli/json.h"
#include "cli/key.h"
#include "cli/line_input.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/text.h"

#define BATCH 512    /* lines of a request */
#define WINDOW 32768 /* lines that are read and not settled yet */
#define REQUESTS 64  /* on their way */

enum format {
	FORMAT_UNKNOWN, /* as the first line says */
	FORMAT_CSV,
	FORMAT_JSONL,
};

/* A line that waits for its answer. */
struct waiting {
	uint64_t number;
	struct line line;
	char *fault; /* it is refused here; NULL */
	/* what was read of it, with texts in the line or in the object */
	struct apikey_import_key key;
	unsigned char sha256[APIKEY_SHA256_SIZE];
	const char **lists; /* one behind the other */
	json_t *object;
};

/* A request that is on its way, or was answered out of turn. */
struct request {
	size_t asked; /* lines, those left out that are refused here */
	struct apikey_import *answers;
};

struct import {
	const struct arguments *arguments;
	const char *path; /* for complaints */
	enum format format;
	struct import_rules rules;
	struct import_header header;
	bool dry_run;
	uint64_t from_line;
	uint64_t size; /* of the file, 0: not known */
	struct line_input input;
	struct apikey_admin *admin;
	FILE *report; /* NULL: standard error */
	struct progress progress;
	uint64_t lines, created, unchanged, refused;
	uint64_t settled; /* the last line whose fate is known */
	/* lines that were settled, were sent, and were read, so far; and those between, each at its number % WINDOW */
	size_t head, sent, end;
	struct waiting waiting[WINDOW];
	size_t request_first, request_count;
	struct request requests[REQUESTS];
	struct import_entry entry; /* the line that is being read */
};

static struct waiting *line_at(struct import *import, size_t at)
{
	return &import->waiting[at % WINDOW];
}

static struct request *request_at(struct import *import, size_t at)
{
	return &import->requests[(import->request_first + at) % REQUESTS];
}

static void forget_head(struct import *import)
{
	struct waiting *waiting = line_at(import, import->head++);

	line_free(&waiting->line);
	free(waiting->fault);
	free(waiting->lists);
	json_decref(waiting->object);
}

static void import_free(struct import *import)
{
	if (!import)
		return;
	while (import->head < import->end)
		forget_head(import);
	for (size_t i = 0; i < import->request_count; i++)
		apikey_import_free(request_at(import, i)->answers);
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

/* ---- what becomes of a line ---- */

static void refuse_line(struct import *import, uint64_t number, const char *why)
{
	SCOPED_FREE char *printable = text_printable(why);
	FILE *report = import->report ? import->report : stderr;

	import->refused++;
	if (!import->report)
		progress_clear(&import->progress);
	fprintf(report, "line %" PRIu64 ": %s\n", number, printable ? printable : "out of memory");
}

static void take_result(struct import *import, uint64_t number, const struct apikey_import_result *result)
{
	switch (result->outcome) {
	case APIKEY_IMPORT_CREATED:
		import->created++;
		return;
	case APIKEY_IMPORT_UNCHANGED:
		import->unchanged++;
		return;
	case APIKEY_IMPORT_REFUSED:
		break;
	}
	refuse_line(import, number, *result->message ? result->message : apikey_answer_name(result->answer));
}

/* Says how far it came, after a failure. */
static void tell_stop(struct import *import)
{
	if (import->created > 0 && !import->dry_run)
		output_note("%" PRIu64 " keys were made before.", import->created);
	output_note("Do it again: what is there already is left as it is. Or go on with --from-line %" PRIu64 ".",
		    import->settled + 1);
}

/* Reports the lines up to the next that the daemon was asked about, and counts them. */
static void settle_bad(struct import *import)
{
	for (; import->head < import->sent && line_at(import, import->head)->fault; forget_head(import)) {
		struct waiting *waiting = line_at(import, import->head);

		refuse_line(import, waiting->number, waiting->fault);
		import->settled = waiting->number;
	}
}

/* Settles the lines that were answered; the answers are freed. Returns how many that were. */
static size_t settle(struct import *import, struct apikey_import *answers)
{
	size_t count = answers->count;

	for (size_t i = 0; i < count; i++) {
		settle_bad(import);
		take_result(import, line_at(import, import->head)->number, &answers->results[i]);
		import->settled = line_at(import, import->head)->number;
		forget_head(import);
	}
	settle_bad(import);
	apikey_import_free(answers);
	return count;
}

/* Gathers most keys from one line on, up to another. */
static size_t gather(struct import *import, size_t from, size_t to, const struct apikey_import_key **ret_keys,
		     size_t most)
{
	size_t count = 0;

	for (; from < to && count < most; from++) {
		if (!line_at(import, from)->fault)
			ret_keys[count++] = &line_at(import, from)->key;
	}
	return count;
}

static unsigned int flags(const struct import *import)
{
	return import->dry_run ? APIKEY_IMPORT_DRY_RUN : 0;
}

/* Asks again about lines that an answer left out, all those behind them being answered. */
static int ask_again(struct import *import, size_t *left)
{
	const struct apikey_import_key *keys[BATCH];
	struct apikey_import *answers = NULL;
	size_t count = gather(import, import->head, import->sent, keys, *left);
	int r = apikey_key_import(import->admin, keys, count, flags(import), &answers);

	if (r == 0)
		*left -= settle(import, answers);
	return r;
}

/* Receives what comes behind the oldest request, to be settled in its turn. */
static int receive_others(struct import *import)
{
	int r = 0;

	for (size_t i = 1; r == 0 && i < import->request_count; i++) {
		struct request *request = request_at(import, i);

		if (!request->answers)
			r = apikey_key_import_receive(import->admin, &request->answers);
	}
	return r;
}

/* Settles the lines of the oldest request. */
static int settle_request(struct import *import)
{
	struct request *request = request_at(import, 0);
	size_t left = request->asked;
	int r = 0;

	if (!request->answers)
		r = apikey_key_import_receive(import->admin, &request->answers);
	if (r != 0)
		return r;
	left -= settle(import, request->answers);
	request->answers = NULL;
	if (left > 0)
		r = receive_others(import);
	while (left > 0 && r == 0)
		r = ask_again(import, &left);
	import->request_first++;
	import->request_count--;
	if (r == 0)
		progress_show(&import->progress, import->input.bytes, import->lines);
	return r;
}

static int settle_requests(struct import *import)
{
	int r = 0;

	while (import->request_count > 0 && r == 0)
		r = settle_request(import);
	return r;
}

/* Sends one request, for which there is room, about the next lines. */
static int send_request(struct import *import)
{
	const struct apikey_import_key *keys[BATCH];
	size_t count = gather(import, import->sent, import->end, keys, BATCH), taken = 0;
	int r = 0;

	if (count > 0)
		r = apikey_key_import_send(import->admin, keys, count, flags(import), &taken);
	if (r != 0)
		return r;
	if (count > 0)
		*request_at(import, import->request_count++) = (struct request){ .asked = taken };
	/* Those that are refused here need not be asked about. */
	for (; import->sent < import->end; import->sent++) {
		if (line_at(import, import->sent)->fault)
			continue;
		if (taken == 0)
			break;
		taken--;
	}
	if (import->request_count == 0)
		settle_bad(import);
	return 0;
}

/* Sends what was read, but for less than so many lines. */
static int send_lines(struct import *import, size_t least)
{
	int r = 0;

	while (r == 0 && import->end > import->sent && import->end - import->sent >= least) {
		r = import->request_count < REQUESTS ? send_request(import) : -EAGAIN;
		if (r == -EAGAIN)
			r = settle_request(import);
	}
	while (r == 0 && import->end - import->head == WINDOW)
		r = settle_request(import);
	return r;
}

static enum status end_asking(struct import *import, int r)
{
	enum status status;

	if (r == 0)
		return STATUS_DONE;
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
static bool keep_entry(const struct import_entry *entry, struct waiting *waiting)
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
	struct waiting *waiting = line_at(import, import->end++);
	char fault[IMPORT_FAULT_SIZE];
	bool kept;

	*waiting = (struct waiting){ .number = import->input.number, .line = *line };
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
	enum status status = STATUS_DONE;
	bool more = true;

	progress_begin(&import->progress, "lines", import->size);
	while (status == STATUS_DONE && more) {
		if (import->request_count > 0 && input_rests(import))
			status = end_asking(import, settle_requests(import));
		if (status == STATUS_DONE)
			status = read_line(import, &more);
		if (status == STATUS_DONE)
			status = end_asking(import, send_lines(import, more ? BATCH : 1));
	}
	if (status == STATUS_DONE)
		status = end_asking(import, settle_requests(import));
	progress_clear(&import->progress);
	if (status == STATUS_DONE && import->input.number == 0)
		return output_complain(STATUS_USAGE, "there is nothing in %s", import->path);
	return status;
}

/* ---- before and after ---- */

static enum status take_format(const char *name, enum format *ret_format)
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
