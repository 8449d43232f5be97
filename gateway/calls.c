/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "gateway/calls.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/thread_create.h"

#define THREADS 4
#define CALL_TIMEOUT 3000             /* milliseconds */
#define RETRY_REST INT64_C(200000000) /* nanoseconds between two attempts to connect */
#define TICK UINT64_C(250000)         /* microseconds between two looks at deadlines */
#define END_SECONDS 2                 /* that work may take on when all is to end */
#define NANOSECONDS INT64_C(1000000000)

static const struct {
	size_t threads, waiting; /* most */
} kinds[CALLS_KINDS] = {
	[CALLS_API] = { CALLS_API_THREADS, CALLS_API_WAITING },
	[CALLS_PORTAL] = { CALLS_PORTAL_THREADS, CALLS_PORTAL_WAITING },
};

struct call {
	enum calls_kind kind;
	calls_work work;
	calls_done done;
	void *data;
	int64_t deadline; /* CLOCK_MONOTONIC, nanoseconds */
	struct call *next;
};

/* {NULL, NULL} is empty. */
struct call_queue {
	struct call *first, *last;
};

struct worker {
	struct calls *calls;
	pthread_t id;
	bool running;
	struct apikey_admin *admin; /* NULL: there is none */
	/* Under the lock: */
	int fd;           /* another descriptor of its socket, which the library does not close; -1 */
	int64_t deadline; /* of what it does with it; 0: nothing, or that is over */
};

struct calls {
	sd_event_source *source, *tick;
	const char *folder;
	int wake; /* eventfd: something is over */
	struct worker workers[THREADS];
	pthread_mutex_t lock; /* over what follows */
	pthread_cond_t more;
	struct call_queue waiting[CALLS_KINDS], over;
	size_t waiting_count[CALLS_KINDS], working[CALLS_KINDS];
	bool closing;
	int64_t end;     /* where it is closing: of all that is being done; CLOCK_MONOTONIC, nanoseconds */
	int64_t refused; /* when connecting failed last; 0: it did not since it worked */
};

static void push(struct call_queue *queue, struct call *call)
{
	call->next = NULL;
	if (queue->last)
		queue->last->next = call;
	else
		queue->first = call;
	queue->last = call;
}

static struct call *pop(struct call_queue *queue)
{
	struct call *call = queue->first;

	if (call) {
		queue->first = call->next;
		if (!queue->first)
			queue->last = NULL;
	}
	return call;
}

/* ---- in a thread ---- */

/* Whether connecting may be tried now. */
static bool may_connect(struct calls *calls)
{
	bool may;

	pthread_mutex_lock(&calls->lock);
	may = !calls->closing && (calls->refused == 0 || clock_monotonic() - calls->refused >= RETRY_REST);
	pthread_mutex_unlock(&calls->lock);
	return may;
}

static void note_connected(struct calls *calls, int result)
{
	bool news;

	pthread_mutex_lock(&calls->lock);
	news = (result < 0) != (calls->refused > 0);
	calls->refused = result < 0 ? clock_monotonic() : 0;
	pthread_mutex_unlock(&calls->lock);
	if (news && result < 0)
		log_line(LOG_ERR, "apikeyd's administration cannot be asked: %s", strerror(-result));
	else if (news)
		log_line(LOG_INFO, "apikeyd's administration can be asked again");
}

/* Nothing comes on it while nothing is asked, but its end. */
static bool stands(const struct apikey_admin *admin)
{
	struct pollfd watched = { .fd = apikey_admin_fd(admin), .events = POLLIN };

	return watched.fd >= 0 && poll(&watched, 1, 0) == 0;
}

static void disconnect(struct worker *worker)
{
	apikey_admin_free(worker->admin);
	worker->admin = NULL;
	pthread_mutex_lock(&worker->calls->lock);
	cleanup_close_fd(&worker->fd);
	pthread_mutex_unlock(&worker->calls->lock);
}

/* 0, or a negative errno. */
static int connect_worker(struct worker *worker, const struct apikey_options *options)
{
	int r = apikey_admin_open(options, &worker->admin), fd;

	if (r < 0)
		return r;
	fd = fcntl(apikey_admin_fd(worker->admin), F_DUPFD_CLOEXEC, 0);
	if (fd < 0) {
		r = -errno;
		disconnect(worker);
		return r;
	}
	pthread_mutex_lock(&worker->calls->lock);
	worker->fd = fd;
	pthread_mutex_unlock(&worker->calls->lock);
	return 0;
}

/* The worker's connection; NULL where there is none to be had. */
static struct apikey_admin *connection_of(struct worker *worker)
{
	const struct apikey_options options = { .size = sizeof(options),
						.path = worker->calls->folder,
						.timeout = CALL_TIMEOUT };

	if (worker->admin && stands(worker->admin))
		return worker->admin;
	disconnect(worker);
	if (may_connect(worker->calls))
		note_connected(worker->calls, connect_worker(worker, &options));
	return worker->admin;
}

/* What has waited longest, of those kinds that a thread is free for; at the end of any. NULL: there is none. */
static struct call *choose(struct calls *calls)
{
	struct call *best = NULL;

	for (size_t kind = 0; kind < CALLS_KINDS; kind++) {
		struct call *call = calls->waiting[kind].first;

		if (call && (calls->working[kind] < kinds[kind].threads || calls->closing) &&
		    (!best || call->deadline < best->deadline))
			best = call;
	}
	return best ? pop(&calls->waiting[best->kind]) : NULL;
}

/* The next piece of work, waited for; NULL: there will be none. */
static struct call *take(struct calls *calls, bool *ret_closing)
{
	struct call *call;

	pthread_mutex_lock(&calls->lock);
	while (!(call = choose(calls)) && !calls->closing)
		pthread_cond_wait(&calls->more, &calls->lock);
	if (call) {
		calls->waiting_count[call->kind]--;
		calls->working[call->kind]++;
	}
	*ret_closing = calls->closing;
	pthread_mutex_unlock(&calls->lock);
	return call;
}

/* From when on, 0: no more, the loop ends what the worker asks. */
static void set_deadline(struct worker *worker, int64_t deadline)
{
	pthread_mutex_lock(&worker->calls->lock);
	worker->deadline = deadline;
	pthread_mutex_unlock(&worker->calls->lock);
}

static void hand_back(struct calls *calls, struct call *call)
{
	const uint64_t one = 1;

	pthread_mutex_lock(&calls->lock);
	push(&calls->over, call);
	/* Another one of its kind may have waited for this. */
	calls->working[call->kind]--;
	pthread_cond_signal(&calls->more);
	pthread_mutex_unlock(&calls->lock);
	/* It fails where it has been woken so often that it is awake. */
	(void)!write(calls->wake, &one, sizeof(one));
}

static void *worker_run(void *data)
{
	struct worker *worker = data;
	struct call *call;
	bool closing;

	while ((call = take(worker->calls, &closing))) {
		bool late = clock_monotonic() >= call->deadline;
		struct apikey_admin *admin = closing || late ? NULL : connection_of(worker);

		set_deadline(worker, admin ? call->deadline : 0);
		call->work(admin, call->data);
		set_deadline(worker, 0);
		if (admin && stands(admin))
			(void)apikey_admin_set_credential(admin, NULL);
		else
			disconnect(worker);
		hand_back(worker->calls, call);
	}
	disconnect(worker);
	return NULL;
}

/* ---- in the loop ---- */

static void finish(struct calls *calls)
{
	struct call_queue over;
	struct call *call;

	pthread_mutex_lock(&calls->lock);
	over = calls->over;
	calls->over = (struct call_queue){ .first = NULL };
	pthread_mutex_unlock(&calls->lock);
	while ((call = pop(&over))) {
		call->done(call->data);
		free(call);
	}
}

static int on_over(sd_event_source *source, int fd, uint32_t events, void *data)
{
	uint64_t count;

	(void)source;
	(void)events;
	if (read(fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		return -errno;
	finish(data);
	return 0;
}

/* Whether what a worker asks has gone on for too long. */
static bool is_late(const struct calls *calls, const struct worker *worker, int64_t now)
{
	return worker->deadline > 0 && (worker->deadline <= now || (calls->closing && calls->end <= now));
}

/* Ends those that have gone on for too long: what they ask fails. False where nothing is being done. */
static bool end_late(struct calls *calls)
{
	int64_t now = clock_monotonic();
	bool working = false;

	pthread_mutex_lock(&calls->lock);
	for (size_t i = 0; i < THREADS; i++) {
		struct worker *worker = &calls->workers[i];

		working = working || worker->deadline > 0;
		if (worker->fd < 0 || !is_late(calls, worker, now))
			continue;
		shutdown(worker->fd, SHUT_RDWR);
		worker->deadline = 0;
		if (calls->closing)
			continue;
		log_line(LOG_ERR,
			 "apikeyd's administration took more than %d seconds for one request, which is given up",
			 CALLS_SECONDS);
	}
	for (size_t kind = 0; kind < CALLS_KINDS; kind++)
		working = working || calls->working[kind] > 0 || calls->waiting_count[kind] > 0;
	pthread_mutex_unlock(&calls->lock);
	return working;
}

static int on_tick(sd_event_source *source, uint64_t usec, void *data)
{
	(void)usec;
	if (!end_late(data))
		return 0;
	(void)sd_event_source_set_time_relative(source, TICK);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* Looks at the deadlines as long as something is being done. */
static void watch(struct calls *calls)
{
	int enabled = SD_EVENT_OFF;

	if (sd_event_source_get_enabled(calls->tick, &enabled) >= 0 && enabled != SD_EVENT_OFF)
		return;
	(void)sd_event_source_set_time_relative(calls->tick, TICK);
	(void)sd_event_source_set_enabled(calls->tick, SD_EVENT_ONESHOT);
}

int calls_submit(struct calls *calls, enum calls_kind kind, calls_work work, calls_done done, void *data)
{
	struct call *call = malloc(sizeof(*call));
	int r = 0;

	if (!call)
		return -ENOMEM;
	*call = (struct call){ .kind = kind,
			       .work = work,
			       .done = done,
			       .data = data,
			       .deadline = clock_monotonic() + CALLS_SECONDS * NANOSECONDS };
	watch(calls);
	pthread_mutex_lock(&calls->lock);
	if (calls->closing) {
		r = -ECANCELED;
	} else if (calls->waiting_count[kind] >= kinds[kind].waiting) {
		r = -EAGAIN;
	} else {
		push(&calls->waiting[kind], call);
		calls->waiting_count[kind]++;
		pthread_cond_signal(&calls->more);
	}
	pthread_mutex_unlock(&calls->lock);
	if (r < 0)
		free(call);
	return r;
}

static int start(struct calls *calls, sd_event *event)
{
	int r;

	calls->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (calls->wake < 0)
		return -errno;
	r = sd_event_add_io(event, &calls->source, calls->wake, EPOLLIN, on_over, calls);
	if (r >= 0)
		r = sd_event_add_time_relative(event, &calls->tick, CLOCK_MONOTONIC, 0, 0, on_tick, calls);
	if (r >= 0)
		r = sd_event_source_set_enabled(calls->tick, SD_EVENT_OFF);
	for (size_t i = 0; i < THREADS && r >= 0; i++) {
		struct worker *worker = &calls->workers[i];

		worker->calls = calls;
		worker->fd = -1;
		r = thread_create(worker_run, worker, &worker->id);
		worker->running = r == 0;
	}
	return r < 0 ? r : 0;
}

int calls_new(sd_event *event, const char *folder, struct calls **ret_calls)
{
	struct calls *calls = calloc(1, sizeof(*calls));
	int r;

	if (!calls)
		return -ENOMEM;
	calls->wake = -1;
	calls->folder = folder;
	pthread_mutex_init(&calls->lock, NULL);
	pthread_cond_init(&calls->more, NULL);
	r = start(calls, event);
	if (r < 0) {
		calls_free(calls);
		return r;
	}
	*ret_calls = calls;
	return 0;
}

/* Looks at the deadlines where no loop does any more, until nothing is being done. */
static void wait_for_all(struct calls *calls)
{
	struct pollfd watched = { .fd = calls->wake, .events = POLLIN };
	uint64_t count;

	while (end_late(calls)) {
		if (poll(&watched, 1, (int)(TICK / 1000)) > 0)
			(void)!read(calls->wake, &count, sizeof(count));
	}
}

void calls_free(struct calls *calls)
{
	if (!calls)
		return;
	pthread_mutex_lock(&calls->lock);
	calls->closing = true;
	calls->end = clock_monotonic() + END_SECONDS * NANOSECONDS;
	pthread_cond_broadcast(&calls->more);
	pthread_mutex_unlock(&calls->lock);
	wait_for_all(calls);
	for (size_t i = 0; i < THREADS; i++) {
		if (calls->workers[i].running)
			pthread_join(calls->workers[i].id, NULL);
	}
	finish(calls);
	sd_event_source_disable_unref(calls->source);
	sd_event_source_disable_unref(calls->tick);
	cleanup_close_fd(&calls->wake);
	pthread_cond_destroy(&calls->more);
	pthread_mutex_destroy(&calls->lock);
	free(calls);
}
