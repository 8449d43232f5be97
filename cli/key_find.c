/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * "key find": which keys of ours occur in a text. The texts are read here, whole credentials are found here, by their
 * check characters, and only those are shown to the daemon, which knows whose they are and whether they still open
 * something. What is read may be anybody's and hold anything: nothing of it is printed, and nothing of it kept that is
 * no credential.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/confirm.h"
#include "cli/daemon.h"
#include "cli/find_hits.h"
#include "cli/json.h"
#include "cli/key.h"
#include "cli/key_bulk.h"
#include "cli/output.h"
#include "cli/table.h"

#define BUFFER_SIZE ((size_t)1024 * 1024)
#define GROUP 64            /* texts that the daemon is asked about in one request */
#define UNASKED_MOST 100000 /* texts that wait to be asked about: beyond them it is asked while files are read */
#define WHERE_SIZE 4200

SCOPE_DESTRUCTOR(found_scope, struct apikey_found, apikey_found_free);
#define SCOPED_FOUND SCOPED(found_scope)

struct find {
	const struct arguments *arguments;
	struct apikey_admin *admin;
	struct find_hits hits;
	char *buffer; /* BUFFER_SIZE bytes */
	size_t file;  /* the number of the one that is read */
	/* of that */
	uint64_t base;     /* where the buffer begins in it */
	uint64_t newlines; /* before counted */
	size_t counted;    /* bytes of the buffer whose newlines are counted */
	bool binary;       /* there was a NUL */
	enum status status;
	bool unread; /* some file, or the rest of one, could not be read */
};

static void find_done(struct find *find)
{
	find_hits_done(&find->hits);
	if (find->buffer)
		explicit_bzero(find->buffer, BUFFER_SIZE);
	free(find->buffer);
	apikey_admin_free(find->admin);
}

static const char *file_name(const struct find *find, size_t file)
{
	const char *name = find->arguments->operand_count > file ? find->arguments->operands[file] : "-";

	return strcmp(name, "-") == 0 ? "standard input" : name;
}

/* ---- reading ---- */

typedef uint8_t lane __attribute__((vector_size(16)));

/* Every byte of a gigabyte goes through it, so it takes as many at a time as the processor does. */
static size_t count_newlines(const char *data, size_t size)
{
	size_t count = 0;

	while (size >= sizeof(lane)) {
		lane sum = { 0 };

		/* As many as one byte counts. */
		for (int i = 0; i < UINT8_MAX && size >= sizeof(lane); i++) {
			lane bytes;

			memcpy(&bytes, data, sizeof(bytes));
			sum -= (lane)(bytes == '\n');
			data += sizeof(bytes);
			size -= sizeof(bytes);
		}
		for (size_t i = 0; i < sizeof(sum); i++)
			count += sum[i];
	}
	for (; size > 0; data++, size--)
		count += *data == '\n';
	return count;
}

static void count_up_to(struct find *find, size_t at)
{
	if (at <= find->counted)
		return;
	find->newlines += count_newlines(find->buffer + find->counted, at - find->counted);
	find->counted = at;
}

static void on_text(void *user, enum apikey_scan_kind kind, const char *text, size_t size, size_t offset)
{
	struct find *find = user;
	struct find_place place = { .file = find->file, .offset = find->base + offset };

	/* Two texts may begin in the other order; then the line is that of the later one, a few bytes on. */
	count_up_to(find, offset);
	place.line = find->binary ? 0 : find->newlines + 1;
	if (!find_hits_note(&find->hits, kind, text, size, &place))
		find->status = output_no_memory();
}

static enum status ask_all(struct find *find);

/* 0, or the errno of what went wrong. */
static int read_descriptor(struct find *find, int fd)
{
	size_t size = 0, from = 0;
	ssize_t got;

	find->base = find->newlines = 0;
	find->counted = 0;
	find->binary = false;
	do {
		size_t keep, cut;

		got = read(fd, find->buffer + size, BUFFER_SIZE - size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return errno;
		find->binary = find->binary || (got > 0 && memchr(find->buffer + size, '\0', (size_t)got));
		size += (size_t)got;
		from = apikey_scan(find->buffer, size, from, got == 0, on_text, find);
		if (find->status != STATUS_DONE)
			return 0;
		/* What is left, and a byte before it, goes to the front when there is no room behind it. */
		if (got == 0 || size < BUFFER_SIZE)
			continue;
		cut = from > 0 ? from - 1 : 0;
		keep = size - cut;
		count_up_to(find, cut);
		memmove(find->buffer, find->buffer + cut, keep);
		find->base += cut;
		find->counted -= cut;
		from -= cut;
		size = keep;
		if (find->hits.unasked > UNASKED_MOST)
			find->status = ask_all(find);
	} while (got != 0 && find->status == STATUS_DONE);
	return 0;
}

static void cannot_read(struct find *find, const char *name, const char *why)
{
	find->unread = true;
	output_complain(STATUS_USAGE, "%s: %s", name, why);
}

static void read_file(struct find *find)
{
	const char *name = file_name(find, find->file);
	bool standard = find->arguments->operand_count == 0 || strcmp(find->arguments->operands[find->file], "-") == 0;
	SCOPED_FD int fd = standard ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat status;
	int error;

	if (fd < 0) {
		cannot_read(find, name, strerror(errno));
		return;
	}
	if (fstat(fd, &status) == 0 && S_ISDIR(status.st_mode)) {
		cannot_read(find, name, "this is a folder; 'tar -c FOLDER | apikeyctl key find' reads what is in it");
		return;
	}
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	error = read_descriptor(find, fd);
	if (error != 0)
		cannot_read(find, name, strerror(error));
}

/* ---- asking ---- */

static bool keep_names(struct find_hit *hit, const struct apikey_key_name *key)
{
	hit->id = strdup(key->id);
	hit->name = strdup(key->name);
	hit->owner = strdup(key->owner);
	hit->tenant = strdup(key->tenant);
	hit->state = strdup(key->state);
	return hit->id && hit->name && hit->owner && hit->tenant && hit->state;
}

static enum status take_answer(struct find_hit *const *group, size_t count, const struct apikey_found *found)
{
	for (size_t i = 0; i < found->count; i++) {
		const struct apikey_found_key *key = &found->keys[i];

		if (key->subject >= count || group[key->subject]->ours)
			continue;
		if (!keep_names(group[key->subject], &key->key))
			return output_no_memory();
		group[key->subject]->ours = true;
		group[key->subject]->secret = key->secret;
		group[key->subject]->number = key->number;
		group[key->subject]->retires = key->retires;
	}
	return STATUS_DONE;
}

static enum status ask_group(struct find *find, struct find_hit *const *group, size_t count)
{
	SCOPED_FOUND struct apikey_found *found = NULL;
	const char *subjects[GROUP + 1] = { NULL };
	enum status status;
	int r;

	for (size_t i = 0; i < count; i++)
		subjects[i] = group[i]->text;
	r = apikey_key_find(find->admin, subjects, &found);
	if (r != 0)
		return daemon_failed(find->arguments, find->admin, r);
	status = take_answer(group, count, found);
	for (size_t i = 0; i < count; i++) {
		group[i]->asked = true;
		find->hits.strangers += !group[i]->ours && group[i]->kind == APIKEY_SCAN_KEY;
	}
	find->hits.unasked -= count;
	return status;
}

static enum status ask_all(struct find *find)
{
	struct find_hit *group[GROUP];
	enum status status = STATUS_DONE;
	size_t count = 0;

	if (find->hits.unasked == 0)
		return STATUS_DONE;
	/* Opened here, and not while files are read, for the daemon waits for nobody. */
	status = daemon_open(find->arguments, &find->admin);
	for (size_t i = 0; status == STATUS_DONE && i < find->hits.room; i++) {
		struct find_hit *hit = &find->hits.hits[i];

		if (hit->text[0] == '\0' || hit->asked)
			continue;
		group[count++] = hit;
		if (count < GROUP)
			continue;
		status = ask_group(find, group, count);
		count = 0;
	}
	if (status == STATUS_DONE && count > 0)
		status = ask_group(find, group, count);
	apikey_admin_free(find->admin);
	find->admin = NULL;
	if (status == STATUS_DONE && !find_hits_forget(&find->hits))
		status = output_no_memory();
	return status;
}

/* ---- what is said ---- */

static int compare_hits(const void *left, const void *right)
{
	const struct find_hit *a = *(const struct find_hit *const *)left, *b = *(const struct find_hit *const *)right;

	if (a->places[0].file != b->places[0].file)
		return a->places[0].file < b->places[0].file ? -1 : 1;
	return a->places[0].offset < b->places[0].offset ? -1 : a->places[0].offset > b->places[0].offset;
}

/* Those that are ours, by where they were found first. NULL when memory is short. */
static const struct find_hit **sort_hits(const struct find *find, size_t *ret_count)
{
	const struct find_hit **sorted = calloc(find->hits.count + 1, sizeof(*sorted));
	size_t count = 0;

	if (!sorted)
		return NULL;
	for (size_t i = 0; i < find->hits.room; i++)
		if (find->hits.hits[i].ours)
			sorted[count++] = &find->hits.hits[i];
	qsort(sorted, count, sizeof(*sorted), compare_hits);
	*ret_count = count;
	return sorted;
}

static const char *secret_word(const struct find_hit *hit)
{
	static const char *const names[] = { "none", "current", "retiring", "retired", "wrong" };

	return names[hit->secret];
}

/* What still opens something, unless its key does not. */
static bool is_live(const struct find_hit *hit)
{
	return (hit->secret == APIKEY_FOUND_CURRENT || hit->secret == APIKEY_FOUND_RETIRING) &&
	       strcmp(hit->state, "revoked") != 0;
}

static bool print_table(const struct find *find, const struct find_hit *const *sorted, size_t count)
{
	static const struct table_column columns[] = { { "KEY", 0, false },      { "OWNER", 0, true },
						       { "NAME", 0, true },      { "STATE", 0, false },
						       { "SECRET", 0, false },   { "TIMES", 60, false },
						       { "FIRST SEEN", 0, true } };
	SCOPED_TABLE struct table *table = table_new(columns, COUNT_OF(columns), true);

	for (size_t i = 0; table && i < count; i++) {
		const struct find_hit *hit = sorted[i];
		const struct find_place *place = &hit->places[0];
		char where[WHERE_SIZE], times[32];

		snprintf(times, sizeof(times), "%" PRIu64, hit->count);
		if (place->line > 0)
			snprintf(where, sizeof(where), "%.4096s:%" PRIu64, file_name(find, place->file), place->line);
		else
			snprintf(where, sizeof(where), "%.4096s, byte %" PRIu64, file_name(find, place->file),
				 place->offset);
		table_add(table, (const char *[]){ hit->id, hit->owner, hit->name, hit->state, secret_word(hit), times,
						   where });
	}
	return table && table_print(table) == 0;
}

static json_t *places_json(const struct find *find, const struct find_hit *hit)
{
	SCOPED_JSON json_t *array = json_array();

	for (size_t i = 0; i < hit->place_count; i++) {
		const struct find_place *place = &hit->places[i];
		json_t *object = json_object();

		if (!json_put(object, "file", json_text(file_name(find, place->file))) ||
		    !json_put(object, "line", place->line > 0 ? json_number(place->line) : json_null()) ||
		    !json_put(object, "offset", json_number(place->offset)) || json_array_append(array, object) < 0) {
			json_decref(object);
			return NULL;
		}
		json_decref(object);
	}
	return json_incref(array);
}

static json_t *hit_json(const struct find *find, const struct find_hit *hit)
{
	SCOPED_JSON json_t *object = json_object();

	if (!json_put(object, "id", json_text(hit->id)) || !json_put(object, "name", json_text_or_null(hit->name)) ||
	    !json_put(object, "owner", json_text_or_null(hit->owner)) ||
	    !json_put(object, "tenant_id", json_text_or_null(hit->tenant)) ||
	    !json_put(object, "state", json_text_or_null(hit->state)) ||
	    !json_put(object, "secret", json_text(secret_word(hit))) ||
	    !json_put(object, "secret_number", hit->number > 0 ? json_number(hit->number) : json_null()) ||
	    !json_put(object, "retires", json_time(hit->retires)) ||
	    !json_put(object, "count", json_number(hit->count)) || !json_put(object, "places", places_json(find, hit)))
		return NULL;
	return json_incref(object);
}

static bool print_json(const struct find *find, const struct find_hit *const *sorted, size_t count,
		       const struct key_bulk_sum *revoked)
{
	SCOPED_JSON json_t *object = json_object();
	SCOPED_JSON json_t *array = json_array();
	const struct session_end sessions = key_bulk_sessions(revoked);

	if (sessions.asked && !json_put(object, "sessions", session_end_json(&sessions)))
		return false;
	for (size_t i = 0; i < count; i++) {
		json_t *hit = hit_json(find, sorted[i]);

		if (!hit || json_array_append_new(array, hit) < 0)
			return false;
	}
	return json_put(object, "found", json_incref(array)) &&
	       json_put(object, "unknown", json_number(find->hits.strangers)) &&
	       json_put(object, "revoked", json_number(revoked->touched)) &&
	       json_put(object, "batch", json_text_or_null(revoked->batch)) && json_print(object);
}

/* ---- revoking ---- */

/* The ids of keys of which a live secret was found, each once. */
static const char **live_ids(const struct find_hit *const *sorted, size_t count, size_t *ret_count)
{
	const char **ids = calloc(count + 1, sizeof(*ids));
	size_t live = 0;

	for (size_t i = 0; ids && i < count; i++) {
		bool known = !is_live(sorted[i]);

		for (size_t j = 0; j < live && !known; j++)
			known = strcmp(ids[j], sorted[i]->id) == 0;
		if (!known)
			ids[live++] = sorted[i]->id;
	}
	*ret_count = live;
	return ids;
}

static enum status end_found(struct find *find, const struct find_hit *const *sorted, size_t count,
			     struct key_bulk_sum *sum)
{
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	SCOPED_FREE const char **ids = NULL;
	enum status status = STATUS_DONE;
	size_t live = 0;

	ids = live_ids(sorted, count, &live);
	if (!ids)
		return output_no_memory();
	if (live > 0 && confirm_is_due(find->arguments))
		status = confirm_ask("Revoke %zu %s of which a live secret was found?", live,
				     live == 1 ? "key" : "keys");
	if (status == STATUS_DONE && live > 0)
		status = daemon_open(find->arguments, &admin);
	if (status == STATUS_DONE && live > 0)
		status = key_bulk_revoke(find->arguments, admin, ids, live, sum);
	return status;
}

/* Whether all that was printed could be written; says why not. */
static bool is_written(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return true;
	output_complain(STATUS_REFUSED, "what was found cannot be written to standard output: %s", strerror(errno));
	return false;
}

static enum status finish(struct find *find)
{
	bool json = arguments_has(find->arguments, OPTION_JSON), ends = arguments_has(find->arguments, OPTION_REVOKE);
	SCOPED_FREE const struct find_hit **sorted = NULL;
	SCOPED(key_bulk_sum_done) struct key_bulk_sum sum = { .batch = NULL };
	enum status status = STATUS_DONE, told = STATUS_DONE;
	struct session_end sessions;
	bool printed = true, written = true;
	size_t count = 0;

	sorted = sort_hits(find, &count);
	if (!sorted)
		return output_no_memory();
	if (!json && count > 0) {
		printed = print_table(find, sorted, count);
		written = is_written();
	}
	/* Nobody can agree to what they do not see; but who has agreed before has it done, for what was found is open
	 * to others meanwhile. */
	if (ends && ((printed && written) || arguments_has(find->arguments, OPTION_YES)))
		status = end_found(find, sorted, count, &sum);
	else if (ends)
		status = output_complain(
			STATUS_REFUSED,
			"nothing was revoked, since what was found could not be shown; --yes revokes it all the same");
	if (json) {
		printed = print_json(find, sorted, count, &sum);
		written = is_written();
	}
	if (!json && find->hits.strangers > 0)
		output_note("%" PRIu64 " %s the check characters of a key and %s none that is known here.",
			    find->hits.strangers, find->hits.strangers == 1 ? "text has" : "texts have",
			    find->hits.strangers == 1 ? "is" : "are");
	if (!json && count == 0)
		output_note("No key of ours was found.");
	/* What JSON would have told is told here where it is lost. */
	if (!printed || !written)
		json = false;
	if (!json && sum.batch)
		output_note("%" PRIu64 " %s revoked, for good; in the audit under the batch %s.", sum.touched,
			    sum.touched == 1 ? "key is" : "keys are", sum.batch);
	sessions = key_bulk_sessions(&sum);
	told = session_end_tell(&sessions, "them", "the keys are ended", json);
	/* That not all was written is an error by itself, at the end of every command. */
	if (!printed)
		return output_no_memory();
	if (status == STATUS_DONE)
		status = told;
	if (status != STATUS_DONE)
		return status;
	return find->unread ? STATUS_USAGE : count > 0 ? STATUS_DONE : STATUS_REFUSED;
}

enum status key_find(const struct arguments *arguments)
{
	SCOPED(find_done) struct find find = { .arguments = arguments, .status = STATUS_DONE };
	size_t files = arguments->operand_count > 0 ? arguments->operand_count : 1;

	if (arguments_has(arguments, OPTION_REVOKE) && !arguments_has(arguments, OPTION_YES) &&
	    !confirm_is_due(arguments))
		return output_complain(STATUS_USAGE,
				       "there is no terminal to ask on: say --yes to revoke what is found, or leave "
				       "out --revoke to see what that would be");
	if (!arguments_has(arguments, OPTION_REVOKE) &&
	    (arguments_has(arguments, OPTION_END_SESSIONS) || arguments_has(arguments, OPTION_KEEP_SESSIONS)))
		return output_complain(STATUS_USAGE, "--end-sessions and --keep-sessions go with --revoke");
	find.buffer = malloc(BUFFER_SIZE);
	if (!find.buffer)
		return output_no_memory();
	for (; find.file < files && find.status == STATUS_DONE; find.file++)
		read_file(&find);
	if (find.status == STATUS_DONE)
		find.status = ask_all(&find);
	return find.status == STATUS_DONE ? finish(&find) : find.status;
}
