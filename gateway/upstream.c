/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "gateway/upstream.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <syslog.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/log.h"

#define LINKS 4
#define TOGETHER 32                   /* questions for one connection, before the next is taken */
#define TICK UINT64_C(500000)         /* microseconds */
#define SILENCE INT64_C(3000000000)   /* nanoseconds: so long without an answer, and the daemon hangs */
#define RETRY_REST INT64_C(200000000) /* nanoseconds between two attempts to connect */
#define OPEN_TIMEOUT 500              /* milliseconds */
/* The same, where the daemon took none up in that time, in which nobody else was served. */
#define HUNG_REST INT64_C(2000000000)

struct link {
	struct upstream *upstream;
	struct apikey_client *client; /* NULL: there is none */
	sd_event_source *io;
	int64_t progress; /* when an answer came, or the first question went out; CLOCK_MONOTONIC, nanoseconds */
	size_t asked;     /* questions to be sent */
};

struct upstream {
	sd_event *event;
	sd_event_source *tick, *sending;
	const char *folder;
	struct link links[LINKS];
	int64_t rest; /* until then none is opened; 0: connecting worked */
};

static void close_link(struct link *link)
{
	struct apikey_client *client = link->client;

	link->io = sd_event_source_disable_unref(link->io);
	link->client = NULL;
	apikey_client_free(client);
}

/* Watches for room, too, while questions wait for it. */
static void watch(struct link *link)
{
	uint32_t events = apikey_client_events(link->client) & POLLOUT ? EPOLLIN | EPOLLOUT : EPOLLIN;

	(void)sd_event_source_set_io_events(link->io, events);
}

static void process(struct link *link)
{
	int r = apikey_client_process(link->client);

	if (r == 0) {
		watch(link);
		return;
	}
	log_line(LOG_WARNING, "the connection to apikeyd has ended: %s", strerror(-r));
	close_link(link);
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct link *link = data;

	(void)source;
	(void)fd;
	(void)events;
	link->progress = clock_monotonic();
	process(link);
	return 0;
}

/* What one look at all connections has brought is asked together: most of the cost of a question is that of its system
 * calls. */
static int on_sending(sd_event_source *source, void *data)
{
	struct upstream *upstream = data;

	(void)source;
	for (size_t i = 0; i < LINKS; i++) {
		struct link *link = &upstream->links[i];

		if (link->client && link->asked > 0)
			process(link);
		link->asked = 0;
	}
	return 0;
}

static int open_link(struct link *link)
{
	struct upstream *upstream = link->upstream;
	const struct apikey_options options = { .size = sizeof(options),
						.path = upstream->folder,
						.timeout = OPEN_TIMEOUT };
	int64_t now = clock_monotonic();
	int r;

	if (now < upstream->rest)
		return -ENOTCONN;
	r = apikey_client_open(&options, &link->client);
	if (r == 0) {
		r = sd_event_add_io(upstream->event, &link->io, apikey_client_fd(link->client), EPOLLIN, on_io, link);
		if (r < 0)
			close_link(link);
	}
	if (r < 0) {
		if (upstream->rest == 0)
			log_line(LOG_ERR,
				 "apikeyd cannot be connected to: %s; while no connection stands, requests are "
				 "answered with 503",
				 strerror(-r));
		upstream->rest = clock_monotonic() + (r == -ETIMEDOUT ? HUNG_REST : RETRY_REST);
		return -ENOTCONN;
	}
	apikey_client_hold(link->client, 1);
	if (upstream->rest > 0)
		log_line(LOG_INFO, "apikeyd can be connected to again");
	upstream->rest = 0;
	link->progress = now;
	return 0;
}

/* The one that has questions to be sent and room for more with them; else the connection with the fewest questions.
 * NULL: there is none. */
static struct link *choose(struct upstream *upstream, bool open)
{
	struct link *best = NULL;
	size_t fewest = 0;

	for (size_t i = 0; i < LINKS; i++) {
		struct link *link = &upstream->links[i];
		size_t pending = link->client ? apikey_client_pending(link->client) : 0;

		if (link->client && link->asked > 0 && link->asked < TOGETHER)
			return link;
		if (open && !link->client)
			continue;
		/* Of two that are as good, one that is there. */
		if (!best || pending < fewest || (pending == fewest && !best->client && link->client)) {
			best = link;
			fewest = pending;
		}
	}
	return best;
}

/* One that is open; where none can be opened, one that is busy has to do. NULL: there is none. */
static struct link *find_link(struct upstream *upstream)
{
	struct link *link = choose(upstream, false);

	return link->client || open_link(link) == 0 ? link : choose(upstream, true);
}

int upstream_verify(struct upstream *upstream, const struct apikey_request *request, apikey_callback callback,
		    void *data)
{
	struct link *link = find_link(upstream);
	int r;

	if (!link)
		return -ENOTCONN;
	if (apikey_client_pending(link->client) == 0)
		link->progress = clock_monotonic();
	r = apikey_client_submit(link->client, request, callback, data);
	if (r < 0)
		return r;
	link->asked++;
	(void)sd_event_source_set_enabled(upstream->sending, SD_EVENT_ONESHOT);
	return 0;
}

bool upstream_is_there(struct upstream *upstream)
{
	return find_link(upstream) != NULL;
}

static int on_tick(sd_event_source *source, uint64_t usec, void *data)
{
	struct upstream *upstream = data;
	int64_t now = clock_monotonic();

	(void)usec;
	for (size_t i = 0; i < LINKS; i++) {
		struct link *link = &upstream->links[i];

		if (!link->client || apikey_client_pending(link->client) == 0 || now - link->progress < SILENCE)
			continue;
		log_line(LOG_ERR, "apikeyd has not answered for three seconds; its connection is given up");
		close_link(link);
	}
	(void)sd_event_source_set_time_relative(source, TICK);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

int upstream_new(sd_event *event, const char *folder, struct upstream **ret_upstream)
{
	struct upstream *upstream = calloc(1, sizeof(*upstream));
	int r;

	if (!upstream)
		return -ENOMEM;
	upstream->event = sd_event_ref(event);
	upstream->folder = folder;
	for (size_t i = 0; i < LINKS; i++)
		upstream->links[i].upstream = upstream;
	r = sd_event_add_time_relative(event, &upstream->tick, CLOCK_MONOTONIC, TICK, 0, on_tick, upstream);
	if (r >= 0)
		r = sd_event_add_defer(event, &upstream->sending, on_sending, upstream);
	if (r < 0) {
		upstream_free(upstream);
		return r;
	}
	*ret_upstream = upstream;
	return 0;
}

void upstream_free(struct upstream *upstream)
{
	if (!upstream)
		return;
	for (size_t i = 0; i < LINKS; i++)
		close_link(&upstream->links[i]);
	sd_event_source_disable_unref(upstream->tick);
	sd_event_source_disable_unref(upstream->sending);
	sd_event_unref(upstream->event);
	free(upstream);
}
