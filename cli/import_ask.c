/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Has the daemon make the keys of lines, many requests on their way at a time, and settles the lines in their order:
 * each is counted, or refused by its number, never repeated.
 */
#include "cli/import_ask.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "cli/scope.h"
#include "cli/text.h"

static struct import_waiting *line_at(struct import *import, size_t at)
{
	return &import->waiting[at % IMPORT_WINDOW];
}

static struct import_request *request_at(struct import *import, size_t at)
{
	return &import->requests[(import->request_first + at) % IMPORT_REQUESTS];
}

static void forget_head(struct import *import)
{
	struct import_waiting *waiting = line_at(import, import->head++);

	line_free(&waiting->line);
	free(waiting->fault);
	free(waiting->lists);
	json_decref(waiting->object);
}

struct import_waiting *import_add_line(struct import *import)
{
	return line_at(import, import->end++);
}

void import_forget(struct import *import)
{
	while (import->head < import->end)
		forget_head(import);
	for (size_t i = 0; i < import->request_count; i++)
		apikey_import_free(request_at(import, i)->answers);
}

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

/* Reports the lines up to the next that the daemon was asked about, and counts them. */
static void settle_bad(struct import *import)
{
	for (; import->head < import->sent && line_at(import, import->head)->fault; forget_head(import)) {
		struct import_waiting *waiting = line_at(import, import->head);

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
	const struct apikey_import_key *keys[IMPORT_BATCH];
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
		struct import_request *request = request_at(import, i);

		if (!request->answers)
			r = apikey_key_import_receive(import->admin, &request->answers);
	}
	return r;
}

/* Settles the lines of the oldest request. */
static int settle_request(struct import *import)
{
	struct import_request *request = request_at(import, 0);
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

int import_settle_requests(struct import *import)
{
	int r = 0;

	while (import->request_count > 0 && r == 0)
		r = settle_request(import);
	return r;
}

/* Sends one request, for which there is room, about the next lines. */
static int send_request(struct import *import)
{
	const struct apikey_import_key *keys[IMPORT_BATCH];
	size_t count = gather(import, import->sent, import->end, keys, IMPORT_BATCH), taken = 0;
	int r = 0;

	if (count > 0)
		r = apikey_key_import_send(import->admin, keys, count, flags(import), &taken);
	if (r != 0)
		return r;
	if (count > 0)
		*request_at(import, import->request_count++) = (struct import_request){ .asked = taken };
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
int import_send_lines(struct import *import, size_t least)
{
	int r = 0;

	while (r == 0 && import->end > import->sent && import->end - import->sent >= least) {
		r = import->request_count < IMPORT_REQUESTS ? send_request(import) : -EAGAIN;
		if (r == -EAGAIN)
			r = settle_request(import);
	}
	while (r == 0 && import->end - import->head == IMPORT_WINDOW)
		r = settle_request(import);
	return r;
}
