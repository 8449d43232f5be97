/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/names.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/thread_create.h"

#define GROUPS_AT_FIRST 256

/* From the queue on it belongs to the look-up thread until it comes back as a task; found, data and timer belong to the
 * asking thread all the time. */
struct names_query {
	struct names *names;
	struct names_query *next;
	bool queued; /* this and next under the lock of names */
	bool by_name;
	char name[WIRE_USER_MAX + 1];
	uid_t uid;
	bool as_member; /* of that group */
	gid_t group;
	char tag[NAMES_TAG_SIZE];
	names_settled settled; /* NULL */
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
	size_t count;
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

/* All groups of a user. 0 and a list that the caller frees, -ENOMEM. */
static int find_groups(const char *name, gid_t first, gid_t **ret_groups, int *ret_count)
{
	int count = GROUPS_AT_FIRST;

	for (;;) {
		gid_t *groups = reallocarray(NULL, (size_t)count, sizeof(*groups));
		int room = count;

		if (!groups)
			return -ENOMEM;
		if (getgrouplist(name, first, groups, &count) >= 0) {
			*ret_groups = groups;
			*ret_count = count;
			return 0;
		}
		free(groups);
		if (count <= room)
			count = 2 * room;
	}
}

/* 0 or -EPERM; or what the name service says: where it does not know the group either, it knows nothing. */
static int look_for_member(const char *name, gid_t first, gid_t wanted)
{
	CLEANUP_FREE gid_t *groups = NULL;
	char buffer[65536];
	struct group entry, *found = NULL;
	int count = 0, r = find_groups(name, first, &groups, &count);

	if (r < 0)
		return r;
	for (int i = 0; i < count; i++) {
		if (groups[i] == wanted)
			return 0;
	}
	r = getgrgid_r(wanted, &entry, buffer, sizeof(buffer), &found);
	/* A group that is too large for the room is there. */
	return r == 0 || r == ERANGE ? -EPERM : -r;
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
	query->error = query->as_member ? look_for_member(query->name, found->pw_gid, query->group) : 0;
}

/* In the asking thread. */
static void answer(struct names_query *query, int error, uid_t uid, const char *name)
{
	names_found found = query->found;

	query->found = NULL;
	query->timer = sd_event_source_disable_unref(query->timer);
	if (found)
		found(query->data, error, uid, name);
}

static void on_done(struct thread *thread, struct thread_task *task)
{
	struct names_query *query = (struct names_query *)((char *)task - offsetof(struct names_query, done));

	if (query->settled)
		query->settled(thread, query->tag, query->group, query->error);
	if (query->found)
		answer(query, query->error, query->uid, query->name);
	free(query);
}

/* Out of the queue, under the lock. */
static void unlink_query(struct names *names, struct names_query **at)
{
	struct names_query *query = *at;

	*at = query->next;
	if (!*at)
		names->last = at;
	query->next = NULL;
	query->queued = false;
	names->count--;
}

/* Nobody waits for it any more: frees it where it is still queued and nobody wants to know later either. Else who hangs
 * up would leave work behind that nothing counts, and all others would wait for that. */
static void abandon(struct names_query *query)
{
	struct names *names = query->names;
	struct names_query **at = &names->first;
	bool mine;

	pthread_mutex_lock(&names->lock);
	mine = query->queued && !query->settled;
	if (mine) {
		while (*at != query)
			at = &(*at)->next;
		unlink_query(names, at);
	}
	pthread_mutex_unlock(&names->lock);
	if (mine)
		free(query);
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *data)
{
	struct names_query *query = data;

	(void)source;
	(void)usec;
	/* What was found so far is the look-up thread's to write. */
	answer(query, -ETIMEDOUT, (uid_t)-1, "");
	abandon(query);
	return 0;
}

static struct names_query *take_query(struct names *names)
{
	struct names_query *query;

	pthread_mutex_lock(&names->lock);
	while (!names->first && !names->stopping)
		pthread_cond_wait(&names->wake, &names->lock);
	query = names->stopping ? NULL : names->first;
	if (query)
		unlink_query(names, &names->first);
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

/* False where too many wait already. */
static bool enqueue(struct names *names, struct names_query *query)
{
	bool room;

	pthread_mutex_lock(&names->lock);
	room = names->count < NAMES_QUEUE_MAX;
	if (room) {
		query->queued = true;
		*names->last = query;
		names->last = &query->next;
		names->count++;
		pthread_cond_signal(&names->wake);
	}
	pthread_mutex_unlock(&names->lock);
	return room;
}

/* Takes the query over. */
static int ask(struct names *names, struct thread *thread, struct names_query *query, uint64_t deadline,
	       struct names_query **ret_query)
{
	int r;

	query->names = names;
	query->thread = thread;
	query->done.run = on_done;
	r = sd_event_add_time_relative(thread->event, &query->timer, CLOCK_MONOTONIC, deadline * 1000, 0, on_deadline,
				       query);
	if (r < 0) {
		free(query);
		return r;
	}
	*ret_query = query;
	if (enqueue(names, query))
		return 0;
	*ret_query = NULL;
	sd_event_source_disable_unref(query->timer);
	free(query);
	return -ETIMEDOUT;
}

int names_look_up(struct names *names, struct thread *thread, const char *name, uid_t uid, names_found found,
		  void *data, struct names_query **ret_query)
{
	struct names_query *query = calloc(1, sizeof(*query));

	if (!query)
		return -ENOMEM;
	query->by_name = name != NULL;
	snprintf(query->name, sizeof(query->name), "%s", name ? name : "");
	query->uid = uid;
	query->found = found;
	query->data = data;
	return ask(names, thread, query, NAMES_DEADLINE, ret_query);
}

int names_look_up_member(struct names *names, struct thread *thread, const struct names_member *member,
			 names_found found, void *data, struct names_query **ret_query)
{
	struct names_query *query = calloc(1, sizeof(*query));

	if (!query)
		return -ENOMEM;
	query->uid = member->uid;
	query->as_member = true;
	query->group = member->group;
	snprintf(query->tag, sizeof(query->tag), "%s", member->tag ? member->tag : "");
	query->settled = member->settled;
	query->found = found;
	query->data = data;
	return ask(names, thread, query, member->deadline, ret_query);
}

void names_cancel(struct names_query *query)
{
	query->found = NULL;
	query->timer = sd_event_source_disable_unref(query->timer);
	abandon(query);
}
