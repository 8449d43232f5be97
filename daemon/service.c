/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/service.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <syslog.h>
#include <systemd/sd-daemon.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "config.h"
#include "daemon/alarms.h"
#include "daemon/audit.h"
#include "daemon/audit_keeper.h"
#include "daemon/backup.h"
#include "daemon/chore.h"
#include "daemon/closer.h"
#include "daemon/journal.h"
#include "daemon/limits.h"
#include "daemon/lockdown.h"
#include "daemon/message_ids.h"
#include "daemon/names.h"
#include "daemon/restore.h"
#include "daemon/services.h"
#include "daemon/session_link.h"
#include "daemon/signin.h"
#include "daemon/sources.h"
#include "daemon/throttle.h"
#include "daemon/ticket.h"
#include "daemon/uses.h"
#include "daemon/warnings.h"
#include "daemon/writer.h"

#define TICK_MICROSECONDS 1000000
#define AUDIT_SPOOL_MAX ((uint64_t)4 * 1024 * 1024) /* bytes: some ten thousand records */
#define DRAIN_TICK_MICROSECONDS 10000
#define DRAIN_ACCURACY_MICROSECONDS 1000
#define DRAIN_MILLISECONDS 3000 /* for what has been accepted when the daemon is told to stop */
#define DESCRIPTORS_KEPT 128    /* for root's logins, and what the daemon itself has open */
#define DESCRIPTORS_A_WORKER 8
#define THROTTLE_ENTRIES 16384
#define CHATTER_ENTRIES 4096
#define USES_ENTRIES 262144
#define SOURCES_KEYS 8192

struct service {
	const struct service_parts *parts;
	struct daemon daemon;
	struct thread main, login, verify;
	struct workers workers;
	uint64_t watchdog;            /* microseconds; 0: nobody watches */
	char fault[VAULT_FAULT_SIZE]; /* that was logged last */
};

/* ---- reload ---- */

struct settings_task {
	struct thread_task task;
	struct settings_shared *settings;
};

static void take_settings(struct thread *thread, struct thread_task *task)
{
	struct settings_task *carrier = (struct settings_task *)task;

	settings_unshare(thread->settings);
	thread->settings = carrier->settings;
	free(carrier);
}

static void send_settings(struct thread *thread, struct settings_shared *settings)
{
	struct settings_task *carrier = calloc(1, sizeof(*carrier));

	if (!carrier)
		return;
	carrier->task.run = take_settings;
	carrier->settings = settings_share(settings);
	thread_post(thread, &carrier->task);
}

static struct audit_options audit_options(const struct settings *settings, struct journal *journal)
{
	return (struct audit_options){
		.max_size = settings->audit_max_size,
		.keep = settings->audit_keep,
		/* Where the answer has gone out, the record is not given up. */
		.spool = settings->audit_strict && !settings->audit_relaxed ? 0 : AUDIT_SPOOL_MAX,
		.journal = settings->audit_journal ? journal : NULL,
	};
}

static void log_setting(void *data, bool warning, const char *message)
{
	struct service *service = data;

	journal_print(service->daemon.journal, warning ? LOG_WARNING : LOG_ERR, "%s", message);
}

static void warn_fixed(struct service *service, const struct settings *settings)
{
	const struct settings *old = &service->main.settings->settings;

	if (settings->workers != old->workers || settings->connections_max != old->connections_max)
		journal_print(service->daemon.journal, LOG_WARNING,
			      "workers and connections_max of [daemon] change with the next start, not with a reload");
}

static void reload(struct service *service)
{
	const char *config = service->parts->arguments->config;
	struct settings_shared *shared = calloc(1, sizeof(*shared));
	struct audit_options options;

	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, (uint64_t)(clock_monotonic() / 1000));
	if (!shared || settings_load_given(config, &shared->settings, log_setting, service) < 0) {
		journal_print(service->daemon.journal, LOG_ERR,
			      "the configuration was not reloaded; the one before stays in force");
		free(shared);
		sd_notify(0,
			  "READY=1\nSTATUS=Serving; the last reload failed, the configuration before it is in force");
		return;
	}
	atomic_init(&shared->references, 1);
	shared->loaded = clock_wall_seconds();
	warn_fixed(service, &shared->settings);
	options = audit_options(&shared->settings, service->daemon.journal);
	audit_reopen(service->daemon.audit, &options);
	send_settings(&service->main, shared);
	send_settings(&service->login, shared);
	send_settings(&service->verify, shared);
	for (size_t i = 0; i < service->workers.count; i++)
		send_settings(&service->workers.threads[i], shared);
	settings_unshare(shared);
	journal_print(service->daemon.journal, LOG_INFO, "the configuration was reloaded");
	sd_notify(0, "READY=1\nSTATUS=Serving");
}

static int on_reload(sd_event_source *source, const struct signalfd_siginfo *info, void *data)
{
	(void)source;
	(void)info;
	reload(data);
	return 0;
}

/* ---- stop ---- */

/* In each thread: no more is accepted; what has been is answered. */
static int on_drain(sd_event_source *source, uint64_t usec, void *data)
{
	struct thread *thread = data;

	(void)usec;
	if (connection_drain(thread) || !source)
		return sd_event_exit(thread->event, 0);
	(void)sd_event_source_set_time_relative(source, DRAIN_TICK_MICROSECONDS);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int on_drain_end(sd_event_source *source, uint64_t usec, void *data)
{
	struct thread *thread = data;

	(void)source;
	(void)usec;
	return sd_event_exit(thread->event, 0);
}

static void begin_drain(struct thread *thread)
{
	if (thread->draining)
		return;
	thread->draining = true;
	listener_free(thread->listener);
	thread->listener = NULL;
	if (sd_event_add_time_relative(thread->event, NULL, CLOCK_MONOTONIC, 0, DRAIN_ACCURACY_MICROSECONDS, on_drain,
				       thread) < 0 ||
	    sd_event_add_time_relative(thread->event, NULL, CLOCK_MONOTONIC, DRAIN_MILLISECONDS * 1000, 0, on_drain_end,
				       thread) < 0)
		(void)sd_event_exit(thread->event, 0);
}

static void drain_task(struct thread *thread, struct thread_task *task)
{
	free(task);
	begin_drain(thread);
}

static void stop_thread(struct thread *thread)
{
	struct thread_task *task = calloc(1, sizeof(*task));

	if (!task)
		return;
	task->run = drain_task;
	thread_post(thread, task);
}

static int on_stop(sd_event_source *source, const struct signalfd_siginfo *info, void *data)
{
	struct service *service = data;

	(void)source;
	(void)info;
	sd_notify(0, "STOPPING=1");
	begin_drain(&service->main);
	return 0;
}

/* ---- once a second ---- */

static bool is_alive(struct service *service, struct thread *thread, int64_t now)
{
	int64_t silent = now - atomic_load(&thread->heartbeat);
	int64_t allowed = (int64_t)service->watchdog * 1000 + THREAD_HEARTBEAT_SECONDS * INT64_C(1000000000);

	return !thread->running || silent < allowed;
}

static void feed_watchdog(struct service *service)
{
	int64_t now = clock_monotonic();
	bool alive = is_alive(service, &service->login, now) && is_alive(service, &service->verify, now);

	for (size_t i = 0; i < service->workers.count; i++)
		alive = alive && is_alive(service, &service->workers.threads[i], now);
	if (alive)
		sd_notify(0, "WATCHDOG=1");
}

/* One that somebody began long ago is told of again to who looks for why nothing works. */
static void tell_lockdown(struct daemon *daemon)
{
	struct store_lockdown lockdown;
	char since[CLOCK_TEXT_SIZE];

	lockdown_get(vault_lockdown(daemon->keeper), &lockdown);
	if (!lockdown.on)
		return;
	clock_format(lockdown.since, since, sizeof(since));
	journal_event(daemon->journal, LOG_WARNING, MESSAGE_ID_LOCKDOWN_ON,
		      "LOCKDOWN since %s, by %s%s%s: every key is refused but %zu", since, lockdown.actor,
		      *lockdown.why ? ": " : "", lockdown.why, lockdown.key_count);
}

/* Opens the store when it is not open, and says in the log and to the service manager when that changes. */
static void tend_store(struct service *service)
{
	char fault[VAULT_FAULT_SIZE];

	if (vault_keeper_try(service->daemon.keeper)) {
		writer_wake(service->daemon.writer);
		tell_lockdown(&service->daemon);
	}
	vault_fault(service->daemon.keeper, fault, sizeof(fault));
	if (strcmp(fault, service->fault) == 0)
		return;
	if (*fault)
		journal_print(service->daemon.journal, LOG_ERR, "%s", fault);
	else
		journal_print(service->daemon.journal, LOG_NOTICE, "the key store is open");
	sd_notifyf(0, "STATUS=%s", *fault ? fault : "Serving");
	snprintf(service->fault, sizeof(service->fault), "%s", fault);
}

static void note_history(struct daemon *daemon)
{
	uint64_t numbers[COUNTER_COUNT];

	counters_sum(daemon, numbers);
	history_note(daemon->history, clock_monotonic() / 1000000000, numbers);
	history_note_clock(daemon->history, clock_wall_seconds(), clock_boot_seconds());
}

static int on_tick(sd_event_source *source, uint64_t usec, void *data)
{
	struct service *service = data;

	(void)usec;
	tend_store(service);
	note_history(&service->daemon);
	alarms_tell(&service->main);
	if (service->watchdog > 0)
		feed_watchdog(service);
	(void)sd_event_source_set_time_relative(source, TICK_MICROSECONDS);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* ---- start and end ---- */

/*
 * How many connections may be open: as the settings say, but never so many that no descriptor is left for the store,
 * the log and root's logins, which are not counted.
 */
static size_t connections_allowed(struct daemon *daemon, const struct settings *settings)
{
	size_t needed = DESCRIPTORS_KEPT + settings->workers * DESCRIPTORS_A_WORKER;
	struct rlimit limit;
	size_t room;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= needed + settings->connections_max)
		return settings->connections_max;
	room = limit.rlim_cur > needed ? (size_t)limit.rlim_cur - needed : 1;
	journal_print(daemon->journal, LOG_WARNING,
		      "connections_max of [daemon] is %zu, but %zu is what the limit of %zu open files has room for",
		      (size_t)settings->connections_max, room, (size_t)limit.rlim_cur);
	return room;
}

static int make_parts(struct service *service)
{
	struct daemon *daemon = &service->daemon;
	const struct settings *settings = &service->parts->settings->settings;
	struct audit_options options;
	int r;

	daemon->started = clock_wall_seconds();
	daemon->arguments = service->parts->arguments;
	daemon->paths = service->parts->paths;
	daemon->started_at = clock_monotonic();
	daemon->history = calloc(1, sizeof(*daemon->history));
	if (!daemon->history)
		return -ENOMEM;
	daemon->workers = &service->workers;
	r = journal_open(settings->audit_journal, &daemon->journal);
	if (r < 0)
		return r;
	options = audit_options(settings, daemon->journal);
	r = audit_open(service->parts->arguments->log_folder, &options, &daemon->audit);
	if (r == 0)
		r = throttle_new(THROTTLE_ENTRIES, &daemon->throttle);
	if (r == 0)
		r = throttle_new(CHATTER_ENTRIES, &daemon->chatter);
	if (r == 0)
		r = uses_new(USES_ENTRIES, &daemon->uses);
	if (r == 0)
		r = sources_new(SOURCES_KEYS, &daemon->sources);
	if (r == 0)
		r = services_new(&daemon->services);
	if (r == 0)
		r = alarms_new(&daemon->alarms);
	if (r == 0)
		r = tickets_new(&daemon->tickets);
	if (r == 0)
		r = signins_new(&daemon->signins);
	if (r == 0)
		r = limits_new(connections_allowed(daemon, settings), &daemon->limits);
	if (r == 0)
		r = vault_keeper_new(service->parts->paths, &daemon->keeper);
	if (r == 0)
		r = audit_keeper_new(daemon, &daemon->audit_keeper);
	if (r == 0) {
		vault_keeper_on_open(daemon->keeper, audit_keeper_vault_opened, daemon->audit_keeper);
		backup_clean(service->parts->paths->state_folder);
		restore_clean(service->parts->paths->state_folder);
		r = chores_new(&daemon->chores);
	}
	if (r == 0)
		r = closer_start(&daemon->closer);
	if (r == 0)
		r = names_start(&daemon->names);
	if (r == 0)
		r = writer_start(daemon, &daemon->writer);
	return r;
}

static int make_threads(struct service *service)
{
	struct settings_shared *settings = service->parts->settings;
	size_t count = settings->settings.workers;
	int r;

	r = thread_init(&service->main, "apikeyd", &service->daemon, settings);
	if (r == 0)
		r = thread_init(&service->login, "login", &service->daemon, settings);
	if (r == 0)
		r = thread_init(&service->verify, "verify", &service->daemon, settings);
	service->workers.threads = calloc(count, sizeof(struct thread));
	if (!service->workers.threads)
		return -ENOMEM;
	for (size_t i = 0; i < count && r == 0; i++) {
		r = thread_init(&service->workers.threads[i], "worker", &service->daemon, settings);
		service->workers.count = i + (r == 0);
	}
	return r;
}

static int add_listener(struct service *service, struct thread *thread, enum connection_socket socket)
{
	int fd = service->parts->sockets->fds[socket];

	return fd < 0 ? 0 : listener_new(thread, fd, socket, &thread->listener);
}

static int add_sources(struct service *service)
{
	sd_event *event = service->main.event;
	int r;

	r = sd_event_add_signal(event, NULL, SIGTERM, on_stop, service);
	if (r >= 0)
		r = sd_event_add_signal(event, NULL, SIGINT, on_stop, service);
	if (r >= 0)
		r = sd_event_add_signal(event, NULL, SIGHUP, on_reload, service);
	if (r >= 0)
		r = sd_event_add_time_relative(event, NULL, CLOCK_MONOTONIC, TICK_MICROSECONDS, 0, on_tick, service);
	if (r >= 0)
		r = warnings_new(&service->main, &service->daemon.warnings);
	if (r >= 0)
		r = add_listener(service, &service->login, CONNECTION_LOGIN);
	if (r >= 0)
		r = add_listener(service, &service->verify, CONNECTION_VERIFY);
	if (r >= 0)
		r = add_listener(service, &service->main, CONNECTION_ADMIN);
	return r < 0 ? r : 0;
}

static int start_threads(struct service *service)
{
	int r = audit_keeper_start(service->daemon.audit_keeper);

	if (r == 0)
		r = thread_start(&service->login);

	if (r == 0)
		r = thread_start(&service->verify);
	for (size_t i = 0; i < service->workers.count && r == 0; i++)
		r = thread_start(&service->workers.threads[i]);
	return r;
}

/* Listeners' threads first: they may still hand connections to the workers. */
static void stop_threads(struct service *service)
{
	struct thread *first[] = { &service->login, &service->verify };

	for (size_t i = 0; i < ARRAY_SIZE(first); i++) {
		if (first[i]->running)
			stop_thread(first[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(first); i++)
		thread_join(first[i]);
	for (size_t i = 0; i < service->workers.count; i++) {
		if (service->workers.threads[i].running)
			stop_thread(&service->workers.threads[i]);
	}
	for (size_t i = 0; i < service->workers.count; i++)
		thread_join(&service->workers.threads[i]);
}

static void free_parts(struct service *service)
{
	struct daemon *daemon = &service->daemon;

	/* Requests that still wait for a name let go of it while it is there. */
	while (service->main.connections)
		connection_close(service->main.connections);
	session_link_cancel_all(daemon);
	/* A chore that is being done finds that nobody waits for it any more. */
	chores_free(daemon->chores);
	/* The writer answers its jobs to the main thread's mailbox, so it ends before that. */
	names_stop(daemon->names);
	writer_stop(daemon->writer);
	daemon->writer = NULL;
	for (size_t i = 0; i < service->workers.count; i++)
		thread_done(&service->workers.threads[i]);
	free(service->workers.threads);
	if (service->verify.event)
		thread_done(&service->verify);
	if (service->login.event)
		thread_done(&service->login);
	if (service->main.event)
		thread_done(&service->main);
	warnings_free(daemon->warnings);
	closer_stop(daemon->closer);
	audit_keeper_free(daemon->audit_keeper);
	vault_keeper_free(daemon->keeper);
	limits_free(daemon->limits);
	tickets_free(daemon->tickets);
	signins_free(daemon->signins);
	uses_free(daemon->uses);
	sources_free(daemon->sources);
	services_free(daemon->services);
	alarms_free(daemon->alarms);
	throttle_free(daemon->throttle);
	throttle_free(daemon->chatter);
	audit_close(daemon->audit);
	journal_close(daemon->journal);
	free(daemon->history);
}

int service_run(const struct service_parts *parts)
{
	struct service service = { .parts = parts };
	int r = make_parts(&service);

	if (r == 0)
		r = make_threads(&service);
	if (r == 0)
		r = add_sources(&service);
	if (r == 0) {
		if (sd_watchdog_enabled(0, &service.watchdog) <= 0)
			service.watchdog = 0;
		tend_store(&service);
		note_history(&service.daemon);
		r = start_threads(&service);
	}
	if (r == 0) {
		journal_print(service.daemon.journal, LOG_INFO, "apikeyd " PACKAGE_VERSION " serves in %s",
			      parts->arguments->runtime_folder);
		sd_notifyf(0, "READY=1\nSTATUS=%s", *service.fault ? service.fault : "Serving");
		r = thread_run(&service.main);
	} else {
		journal_print(service.daemon.journal, LOG_ERR, "apikeyd cannot start: %s", strerror(-r));
	}
	stop_threads(&service);
	free_parts(&service);
	return r < 0 ? r : 0;
}
