/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "gateway/calls.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <syslog.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/thread_create.h"

#define THREADS 4
#define CALL_TIMEOUT 3000             /* milliseconds */
#define RETRY_REST INT64_C(200000000) /* nanoseconds between two attempts to connect */

struct call {
	calls_work work;
	calls_done done;
	void *data;
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
};

struct calls {
	sd_event_source *source;
	const char *folder;
	int wake; /* eventfd: something is over */
	struct worker workers[THREADS];
	pthread_mutex_t lock; /* over what follows */
	pthread_cond_t more;
	struct call_queue waiting, over;
	size_t waiting_count;
	bool closing;
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

/* The worker's connection; NULL where there is none to be had. */
static struct apikey_admin *connection_of(struct worker *worker)
{
	const struct apikey_options options = { .size = sizeof(options),
						.path = worker->calls->folder,
						.timeout = CALL_TIMEOUT };

	if (worker->admin && stands(worker->admin))
		return worker->admin;
	apikey_admin_free(worker->admin);
	worker->admin = NULL;
	if (may_connect(worker->calls))
		note_connected(worker->calls, apikey_admin_open(&options, &worker->admin));
	return worker->admin;
}

/* The next piece of work, waited for; NULL: there will be none. */
static struct call *take(struct calls *calls, bool *ret_closing)
{
	struct call *call;

	pthread_mutex_lock(&calls->lock);
	while (!calls->waiting.first && !calls->closing)
		pthread_cond_wait(&calls->more, &calls->lock);
	call = pop(&calls->waiting);
	if (call)
		calls->waiting_count--;
	*ret_closing = calls->closing;
	pthread_mutex_unlock(&calls->lock);
	return call;
}

static void hand_back(struct calls *calls, struct call *call)
{
	const uint64_t one = 1;

	pthread_mutex_lock(&calls->lock);
	push(&calls->over, call);
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
		struct apikey_admin *admin = closing ? NULL : connection_of(worker);

		call->work(admin, call->data);
		if (admin)
			(void)apikey_admin_set_credential(admin, NULL);
		hand_back(worker->calls, call);
	}
	apikey_admin_free(worker->admin);
	worker->admin = NULL;
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

int calls_submit(struct calls *calls, calls_work work, calls_done done, void *data)
{
	struct call *call = malloc(sizeof(*call));
	int r = 0;

	if (!call)
		return -ENOMEM;
	*call = (struct call){ .work = work, .done = done, .data = data };
	pthread_mutex_lock(&calls->lock);
	if (calls->closing) {
		r = -ECANCELED;
	} else if (calls->waiting_count >= CALLS_WAITING_MOST) {
		r = -EAGAIN;
	} else {
		push(&calls->waiting, call);
		calls->waiting_count++;
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
	for (size_t i = 0; i < THREADS && r >= 0; i++) {
		struct worker *worker = &calls->workers[i];

		worker->calls = calls;
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

void calls_free(struct calls *calls)
{
	if (!calls)
		return;
	pthread_mutex_lock(&calls->lock);
	calls->closing = true;
	pthread_cond_broadcast(&calls->more);
	pthread_mutex_unlock(&calls->lock);
	for (size_t i = 0; i < THREADS; i++) {
		if (calls->workers[i].running)
			pthread_join(calls->workers[i].id, NULL);
	}
	finish(calls);
	sd_event_source_disable_unref(calls->source);
	cleanup_close_fd(&calls->wake);
	pthread_cond_destroy(&calls->more);
	pthread_mutex_destroy(&calls->lock);
	free(calls);
}
