/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/warnings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "common/clock.h"
#include "daemon/journal.h"
#include "daemon/message_ids.h"
#include "daemon/store_warned.h"
#include "daemon/writer.h"

#define STEP_KEYS 256           /* looked at in one step: 2 ms */
#define STEP_EVENTS 32          /* given in one step, about keys that are due; the next step goes on behind the last */
#define REST_MICROSECONDS 20000 /* between two steps */
#define PAUSE_MICROSECONDS 60000000 /* until it is asked again whether a day has begun */
#define FIRST_MICROSECONDS 250000
#define DAY_SECONDS 86400
#define NAME_SIZE (WIRE_USER_MAX + 1 + WIRE_NAME_MAX + 1)

struct event {
	char key[CREDENTIAL_KEY_ID_MAX + 1];
	char name[NAME_SIZE]; /* OWNER/NAME */
	struct due due;
	bool given; /* before, on the same day */
};

struct warnings {
	struct writer_job job; /* first */
	struct thread *thread;
	sd_event_source *timer;
	int64_t now, day;               /* of this step */
	bool walking;                   /* day is being walked */
	bool ended;                     /* this step has reached the last key */
	struct store_position position; /* behind the last key that was looked at */
	size_t looked, count;
	uint64_t told, beyond; /* events, and keys that are due without one */
	int error;
	struct event events[STEP_EVENTS + DUE_MAX];
};

static void again_in(struct warnings *warnings, uint64_t microseconds)
{
	(void)sd_event_source_set_time_relative(warnings->timer, microseconds);
	(void)sd_event_source_set_enabled(warnings->timer, SD_EVENT_ONESHOT);
}

/* A key that has been over for a day was told of. */
static bool is_wanted(const struct due *due, int64_t now)
{
	return due->what != DUE_EXPIRY || due->date > now - DAY_SECONDS;
}

static void add_events(struct warnings *warnings, const struct store_key *key, const struct due *due, size_t count)
{
	bool left_out = false;

	for (size_t i = 0; i < count; i++) {
		struct event *event = &warnings->events[warnings->count];

		if (!is_wanted(&due[i], warnings->now))
			continue;
		left_out = warnings->told + warnings->count >= WARNINGS_MOST;
		if (left_out)
			break;
		*event = (struct event){ .due = due[i] };
		snprintf(event->key, sizeof(event->key), "%s", key->id);
		snprintf(event->name, sizeof(event->name), "%s/%s", key->owner, key->name);
		warnings->count++;
	}
	if (left_out)
		warnings->beyond++;
}

static bool visit(void *data, const struct store_key *key)
{
	struct warnings *warnings = data;
	struct policies policies;
	struct due due[DUE_MAX];

	if (warnings->looked == STEP_KEYS || warnings->count >= STEP_EVENTS) {
		warnings->ended = false;
		return false;
	}
	warnings->looked++;
	warnings->error =
		policies_find(warnings->thread->reader, &warnings->thread->settings->settings, key->tenant, &policies);
	if (warnings->error < 0)
		return false;
	if (!key->ending)
		add_events(warnings, key, due, due_find(key, &policies, warnings->now, due));
	snprintf(warnings->position.owner, sizeof(warnings->position.owner), "%s", key->owner);
	snprintf(warnings->position.name, sizeof(warnings->position.name), "%s", key->name);
	snprintf(warnings->position.account, sizeof(warnings->position.account), "%s", key->account);
	snprintf(warnings->position.tenant, sizeof(warnings->position.tenant), "%s", key->tenant);
	return true;
}

/* Looks at the next keys. 0 or a negative errno. */
static int look(struct warnings *warnings)
{
	struct store_reader *reader = warnings->thread->reader;
	int r = store_read_begin(reader);

	warnings->looked = warnings->count = 0;
	warnings->error = 0;
	warnings->ended = true;
	if (r == 0)
		r = store_list_keys(reader, NULL, &warnings->position, visit, warnings);
	store_read_end(reader);
	return r < 0 ? r : warnings->error;
}

/* In the writer's thread. */
static int note(struct writer_job *job, struct vault *vault)
{
	struct warnings *warnings = (struct warnings *)job;
	int r = 0;

	for (size_t i = 0; r == 0 && i < warnings->count; i++) {
		struct event *event = &warnings->events[i];

		r = store_note_warned(vault->store, event->key, &event->due, warnings->day);
		event->given = r == -EEXIST;
		r = r == -EEXIST ? 0 : r;
	}
	if (r == 0 && warnings->ended)
		r = store_purge_warned(vault->store, warnings->day);
	if (r == 0 && warnings->ended)
		r = store_save_number(vault->store, WARNINGS_DAY, (uint64_t)warnings->day);
	return r;
}

static void give(struct warnings *warnings)
{
	struct journal *journal = warnings->thread->daemon->journal;

	for (size_t i = 0; i < warnings->count; i++) {
		const struct event *event = &warnings->events[i];
		char text[DUE_TEXT_SIZE];

		warnings->told++;
		if (event->given)
			continue;
		due_describe(&event->due, warnings->now, text);
		journal_event(journal, LOG_WARNING, MESSAGE_ID_KEY_DUE, "key %s (%s): %s", event->key, event->name,
			      text);
	}
	if (warnings->ended && warnings->beyond > 0)
		journal_event(journal, LOG_WARNING, MESSAGE_ID_KEY_DUE,
			      "something has to be done about %llu more keys: 'apikeyctl key list --due' shows them",
			      (unsigned long long)warnings->beyond);
}

/* Back in the thread. */
static void on_noted(struct thread *thread, struct thread_task *task)
{
	struct warnings *warnings = (struct warnings *)((char *)task - offsetof(struct warnings, job.done));

	/* What could not be noted is not told of now, and would be told of again and again. */
	if (warnings->job.result == 0)
		give(warnings);
	warnings->walking = warnings->job.result == 0 && !warnings->ended;
	if (!thread->draining)
		again_in(warnings, warnings->walking ? REST_MICROSECONDS : PAUSE_MICROSECONDS);
}

/* Whether there is a day to be walked. */
static bool is_due(struct warnings *warnings)
{
	uint64_t done;
	int64_t today;

	warnings->now = clock_wall_seconds();
	today = warnings->now / DAY_SECONDS;
	if (warnings->walking && warnings->day == today)
		return true;
	if (store_load_number(warnings->thread->reader, WARNINGS_DAY, &done) < 0 || done == (uint64_t)today)
		return false;
	warnings->walking = true;
	warnings->day = today;
	warnings->told = warnings->beyond = 0;
	warnings->position = (struct store_position){ .owner = "" };
	return true;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *data)
{
	struct warnings *warnings = data;
	struct thread *thread = warnings->thread;
	int r;

	(void)source;
	(void)usec;
	if (thread->draining)
		return 0;
	if (!thread_vault(thread) || !is_due(warnings)) {
		warnings->walking = false;
		again_in(warnings, PAUSE_MICROSECONDS);
		return 0;
	}
	r = look(warnings);
	if (r == -EIO)
		thread_vault_failed(thread);
	if (r < 0) {
		warnings->walking = false;
		again_in(warnings, PAUSE_MICROSECONDS);
	} else if (warnings->count == 0 && !warnings->ended) {
		again_in(warnings, REST_MICROSECONDS);
	} else {
		warnings->job.run = note;
		warnings->job.origin = thread;
		warnings->job.done.run = on_noted;
		writer_submit(thread->daemon->writer, &warnings->job);
	}
	return 0;
}

int warnings_new(struct thread *thread, struct warnings **ret_warnings)
{
	struct warnings *warnings = calloc(1, sizeof(*warnings));
	int r;

	if (!warnings)
		return -ENOMEM;
	warnings->thread = thread;
	r = sd_event_add_time_relative(thread->event, &warnings->timer, CLOCK_MONOTONIC, FIRST_MICROSECONDS, 0,
				       on_timer, warnings);
	if (r < 0) {
		free(warnings);
		return r;
	}
	*ret_warnings = warnings;
	return 0;
}

void warnings_free(struct warnings *warnings)
{
	if (!warnings)
		return;
	sd_event_source_disable_unref(warnings->timer);
	free(warnings);
}
