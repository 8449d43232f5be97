/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/thread.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/thread_create.h"
#include "daemon/batch.h"
#include "daemon/connection.h"
#include "daemon/handle.h"
#include "daemon/listener.h"

struct settings_shared *settings_share(struct settings_shared *shared)
{
	atomic_fetch_add(&shared->references, 1);
	return shared;
}

void settings_unshare(struct settings_shared *shared)
{
	if (!shared || atomic_fetch_sub(&shared->references, 1) > 1)
		return;
	settings_done(&shared->settings);
	free(shared);
}

static struct thread_task *take_task(struct thread *thread)
{
	struct thread_task *task;

	pthread_mutex_lock(&thread->lock);
	task = thread->first;
	if (task) {
		thread->first = task->next;
		if (!thread->first)
			thread->last = &thread->first;
	}
	pthread_mutex_unlock(&thread->lock);
	return task;
}

static int on_wake(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct thread *thread = data;
	struct thread_task *task;
	eventfd_t count;

	(void)source;
	(void)events;
	(void)eventfd_read(fd, &count);
	while ((task = take_task(thread)))
		task->run(thread, task);
	return 0;
}

static int on_heartbeat(sd_event_source *source, uint64_t usec, void *data)
{
	struct thread *thread = data;

	(void)usec;
	atomic_store(&thread->heartbeat, clock_monotonic());
	connection_sweep(thread, clock_monotonic());
	(void)sd_event_source_set_time_relative(source, THREAD_HEARTBEAT_SECONDS * 1000000);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

int thread_init(struct thread *thread, const char *name, struct daemon *daemon, struct settings_shared *settings)
{
	int r;

	*thread = (struct thread){ .name = name, .daemon = daemon, .settings = settings_share(settings), .wake = -1 };
	thread->last = &thread->first;
	pthread_mutex_init(&thread->lock, NULL);
	atomic_init(&thread->heartbeat, clock_monotonic());
	/* Most of it is never touched. */
	thread->tally = calloc(1, sizeof(*thread->tally));
	if (!thread->tally)
		return -ENOMEM;
	thread->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (thread->wake < 0)
		return -errno;
	thread->next = daemon->threads;
	daemon->threads = thread;
	r = sd_event_new(&thread->event);
	if (r >= 0)
		r = sd_event_add_io(thread->event, NULL, thread->wake, EPOLLIN, on_wake, thread);
	if (r >= 0)
		r = sd_event_add_time_relative(thread->event, NULL, CLOCK_MONOTONIC, 0, 500000, on_heartbeat, thread);
	return r < 0 ? r : 0;
}

static void drop_vault(struct thread *thread)
{
	crypto_mac_free(thread->pepper);
	crypto_mac_free(thread->handles);
	crypto_signer_free(thread->signer);
	store_reader_close(thread->reader);
	vault_release(thread->vault);
	thread->pepper = NULL;
	thread->handles = NULL;
	thread->signer = NULL;
	thread->reader = NULL;
	thread->vault = NULL;
}

void thread_done(struct thread *thread)
{
	struct thread_task *task;

	listener_free(thread->listener);
	while (thread->connections)
		connection_close(thread->connections);
	/* Tasks own what they carry; with no connection left each finds nothing to answer and frees itself. */
	while ((task = take_task(thread)))
		task->run(thread, task);
	drop_vault(thread);
	batch_free(thread->batch);
	sd_event_unref(thread->event);
	if (thread->wake >= 0)
		close(thread->wake);
	pthread_mutex_destroy(&thread->lock);
	settings_unshare(thread->settings);
	free(thread->tally);
}

int thread_run(struct thread *thread)
{
	return sd_event_loop(thread->event);
}

static void *run_thread(void *data)
{
	struct thread *thread = data;

	(void)pthread_setname_np(pthread_self(), thread->name);
	(void)thread_run(thread);
	return NULL;
}

int thread_start(struct thread *thread)
{
	int r;

	r = thread_create(run_thread, thread, &thread->id);
	thread->running = r == 0;
	return r;
}

void thread_join(struct thread *thread)
{
	if (thread->running)
		pthread_join(thread->id, NULL);
	thread->running = false;
}

void thread_post(struct thread *thread, struct thread_task *task)
{
	bool first;

	task->next = NULL;
	pthread_mutex_lock(&thread->lock);
	first = thread->first == NULL;
	*thread->last = task;
	thread->last = &task->next;
	pthread_mutex_unlock(&thread->lock);
	/* Whoever takes one takes them all, so behind another one it needs no call of its own. */
	if (first)
		(void)eventfd_write(thread->wake, 1);
}

/* True, or it is reported why not. */
static bool open_vault(struct thread *thread)
{
	const struct keyring *keyring = &thread->vault->keyring;
	char fault[VAULT_FAULT_SIZE] = "libcrypto failed";

	if (store_reader_open(thread->vault->store, &thread->reader) < 0) {
		thread_vault_failed(thread);
		return false;
	}
	if (crypto_mac_new(keyring->pepper, &thread->pepper) == 0 && crypto_signer_new(&thread->signer) == 0 &&
	    handle_key(keyring->handle, HANDLE_BOOT_ID, &thread->handles, fault, sizeof(fault)) == 0)
		return true;
	/* The store is well, so it is not to blame; it is opened anew all the same, and with it this is tried again. */
	vault_report_fault(thread->daemon->keeper, thread->vault, fault);
	return false;
}

bool thread_vault(struct thread *thread)
{
	unsigned int generation = vault_generation(thread->daemon->keeper);

	if (thread->vault_generation == generation)
		return thread->reader != NULL;
	drop_vault(thread);
	thread->vault_generation = generation;
	thread->vault = vault_acquire(thread->daemon->keeper);
	if (!thread->vault)
		return false;
	if (!open_vault(thread)) {
		drop_vault(thread);
		return false;
	}
	return true;
}

void thread_vault_failed(struct thread *thread)
{
	vault_report(thread->daemon->keeper, thread->vault);
}
