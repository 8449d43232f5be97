/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * "key usage": how often a key was used, by hour or day and service. The daemon counts the records of its audit, a step
 * a request; so it reaches back as far as they do, which is said.
 */
#include <errno.h>
#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "cli/daemon.h"
#include "cli/key.h"
#include "cli/output.h"
#include "cli/text.h"
#include "cli/usage_view.h"
#include "cli/when.h"

#define DAYS 14
#define MICROSECONDS 1000000
#define BUCKET 900 /* seconds: no time zone is set off by a part of it */
#define WIDTH 80   /* where there is no terminal */

SCOPE_DESTRUCTOR(key_usage_scope, struct apikey_audit_counts, apikey_audit_counts_free);
#define SCOPED_COUNTS SCOPED(key_usage_scope)

static bool parse_count(const char *text, size_t *ret_count)
{
	unsigned long count;
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	count = strtoul(text, &end, 10);
	if (errno != 0 || *end != '\0' || count == 0 || count > USAGE_PERIODS_MAX)
		return false;
	*ret_count = count;
	return true;
}

static enum status read_periods(const struct arguments *arguments, size_t *ret_count, bool *ret_hours)
{
	const char *days = arguments_value(arguments, OPTION_DAYS), *hours = arguments_value(arguments, OPTION_HOURS);

	*ret_count = DAYS;
	*ret_hours = hours != NULL;
	if (days && hours)
		return output_complain(STATUS_USAGE, "give --days or --hours");
	if ((days || hours) && !parse_count(days ? days : hours, ret_count))
		return output_complain(STATUS_USAGE, "--%s %s is no count from 1 to %d", days ? "days" : "hours",
				       days ? days : hours, USAGE_PERIODS_MAX);
	return STATUS_DONE;
}

/* All pages. *ret_oldest: seconds since 1970 UTC. */
static enum status count(const struct arguments *arguments, struct usage *usage, const char *key, int64_t *ret_oldest)
{
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	SCOPED_FREE char *cursor = NULL;
	const char *keys[] = { key, NULL };
	const struct apikey_audit_filter filter = { .size = sizeof(filter),
						    .keys = keys,
						    .since = usage_start(usage, 0) * MICROSECONDS };
	enum status status = daemon_open(arguments, &admin);
	int end = 0;

	while (status == STATUS_DONE && !end) {
		SCOPED_COUNTS struct apikey_audit_counts *page = NULL;
		int r = apikey_audit_count(admin, &filter, BUCKET, cursor, &page);

		if (r != 0)
			return daemon_failed(arguments, admin, r);
		for (size_t i = 0; i < page->count; i++)
			if (!usage_add(usage, page->counts[i]->time, page->counts[i]->service, page->counts[i]->granted,
				       page->counts[i]->refused))
				return output_no_memory();
		*ret_oldest = page->oldest / MICROSECONDS;
		end = page->end;
		if (!end)
			status = daemon_next_page(&cursor, page->cursor);
	}
	return status;
}

static size_t width_of_terminal(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		return WIDTH;
	return size.ws_col;
}

static void tell(const struct usage *usage, const char *key, int64_t oldest)
{
	char text[WHEN_TEXT_SIZE];

	if (usage_granted(usage) == 0 && usage_refused(usage) == 0)
		output_note("No use of %s is recorded in this time; was it named right? 'apikeyctl key show' knows its "
			    "last use of all.",
			    key);
	when_local(oldest, time(NULL), text);
	if (oldest > usage_start(usage, 0))
		output_note("The audit reaches back to %s; what was before that is not counted.", text);
	else if (oldest == 0)
		output_note("The audit has no records.");
}

enum status key_usage(const struct arguments *arguments)
{
	const char *key = text_key_reference(arguments->operands[0]);
	SCOPED_USAGE struct usage *usage = NULL;
	int64_t oldest = 0;
	size_t periods;
	bool hours, done;
	enum status status = read_periods(arguments, &periods, &hours);

	if (status != STATUS_DONE)
		return status;
	usage = usage_new(periods, hours, time(NULL));
	if (!usage)
		return output_no_memory();
	status = count(arguments, usage, key, &oldest);
	if (status != STATUS_DONE)
		return status;
	if (arguments_has(arguments, OPTION_JSON))
		return usage_print_json(usage, key, oldest) ? STATUS_DONE : output_no_memory();
	done = usage_draw(usage, width_of_terminal(), strcmp(nl_langinfo(CODESET), "UTF-8") == 0);
	tell(usage, key, oldest);
	return done ? STATUS_DONE : output_no_memory();
}
