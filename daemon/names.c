/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/names.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/thread_create.h"

/* Belongs to the look-up thread until it comes back as a task; found, data and timer belong to the asking thread all
 * the time. */
struct names_query {
	struct names_query *next;
	bool by_name;
	char name[WIRE_USER_MAX + 1];
	uid_t uid;
	int error;
	struct thread *thread;
	struct thread_task done;
	names_found found; /* NULL: nobody waits any more */
	void *data;
	sd_event_source *timer;
};

struct names {
	atomic_int references; /* the daemon and the thread: a look-up that hangs outlives the daemon's interest */
	pthread_mutex_t lock;  /* over all below */
	pthread_cond_t wake;
	struct names_query *first, **last;
	bool stopping;
};

static void names_unref(struct names *names)
{
	if (atomic_fetch_sub(&names->references, 1) > 1)
		return;
	pthread_cond_destroy(&names->wake);
	pthread_mutex_destroy(&names->lock);
	free(names);
}

static void look_up(struct names_query *query)
{
	char buffer[16384];
	struct passwd entry, *found = NULL;
	int r = query->by_name ? getpwnam_r(query->name, &entry, buffer, sizeof(buffer), &found)
			       : getpwuid_r(query->uid, &entry, buffer, sizeof(buffer), &found);

	/* POSIX lets a missing user be reported in several ways. */
	if (!found) {
		query->error = r == 0 || r == ESRCH || r == EBADF || r == EPERM ? -ENOENT : -r;
		return;
	}
	if (strlen(found->pw_name) > WIRE_USER_MAX) {
		query->error = -ENOENT;
		return;
	}
	snprintf(query->name, sizeof(query->name), "%s", found->pw_name);
	query->uid = found->pw_uid;
	query->error = 0;
}

/* In the asking thread. */
static void answer(struct names_query *query, int error)
{
	names_found found = query->found;

	query->found = NULL;
	query->timer = sd_event_source_disable_unref(query->timer);
	if (found)
		found(query->data, error, query->uid, query->name);
}

static void on_done(struct thread *thread, struct thread_task *task)
{
	struct names_query *query = (struct names_query *)((char *)task - offsetof(struct names_query, done));

	(void)thread;
	if (query->found)
		answer(query, query->error);
	free(query);
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *data)
{
	struct names_query *query = data;

	(void)source;
	(void)usec;
	answer(query, -ETIMEDOUT);
	return 0;
}

static struct names_query *take_query(struct names *names)
{
	struct names_query *query;

	pthread_mutex_lock(&names->lock);
	while (!names->first && !names->stopping)
		pthread_cond_wait(&names->wake, &names->lock);
	query = names->stopping ? NULL : names->first;
	if (query) {
		names->first = query->next;
		if (!names->first)
			names->last = &names->first;
	}
	pthread_mutex_unlock(&names->lock);
	return query;
}

/* Sends the query home, unless nobody is there any more. */
static void give_back(struct names *names, struct names_query *query)
{
	pthread_mutex_lock(&names->lock);
	if (names->stopping)
		free(query);
	else
		thread_post(query->thread, &query->done);
	pthread_mutex_unlock(&names->lock);
}

static void *run(void *data)
{
	struct names *names = data;
	struct names_query *query;

	(void)pthread_setname_np(pthread_self(), "names");
	while ((query = take_query(names))) {
		look_up(query);
		give_back(names, query);
	}
	names_unref(names);
	return NULL;
}

int names_start(struct names **ret_names)
{
	struct names *names = calloc(1, sizeof(*names));
	pthread_t id;
	int r;

	if (!names)
		return -ENOMEM;
	atomic_init(&names->references, 2);
	names->last = &names->first;
	pthread_mutex_init(&names->lock, NULL);
	pthread_cond_init(&names->wake, NULL);
	r = thread_create(run, names, &id);
	if (r < 0) {
		atomic_store(&names->references, 1);
		names_unref(names);
		return r;
	}
	pthread_detach(id);
	*ret_names = names;
	return 0;
}

void names_stop(struct names *names)
{
	struct names_query *next;

	if (!names)
		return;
	pthread_mutex_lock(&names->lock);
	names->stopping = true;
	for (struct names_query *query = names->first; query; query = next) {
		next = query->next;
		free(query);
	}
	names->first = NULL;
	pthread_cond_signal(&names->wake);
	pthread_mutex_unlock(&names->lock);
	names_unref(names);
}

int names_look_up(struct names *names, struct thread *thread, const char *name, uid_t uid, names_found found,
		  void *data, struct names_query **ret_query)
{
	struct names_query *query = calloc(1, sizeof(*query));
	int r;

	if (!query)
		return -ENOMEM;
	query->by_name = name != NULL;
	snprintf(query->name, sizeof(query->name), "%s", name ? name : "");
	query->uid = uid;
	query->thread = thread;
	query->done.run = on_done;
	query->found = found;
	query->data = data;
	r = sd_event_add_time_relative(thread->event, &query->timer, CLOCK_MONOTONIC, NAMES_DEADLINE * 1000, 0,
				       on_deadline, query);
	if (r < 0) {
		free(query);
		return r;
	}
	*ret_query = query;
	pthread_mutex_lock(&names->lock);
	*names->last = query;
	names->last = &query->next;
	pthread_cond_signal(&names->wake);
	pthread_mutex_unlock(&names->lock);
	return 0;
}

void names_cancel(struct names_query *query)
{
	query->found = NULL;
	query->timer = sd_event_source_disable_unref(query->timer);
}
