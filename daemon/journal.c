/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * One thread takes entries from a bounded queue and writes them; whoever queues one only ever takes the lock. Should an
 * output take nothing any more, journal_close() leaves the thread to itself, with all that is its own.
 * Standard error is inherited and shared, so O_NONBLOCK is not ours to set: it is polled, and written in pieces that a
 * pipe found writable takes whole.
 */
#include "daemon/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define SD_JOURNAL_SUPPRESS_LOCATION /* the place in the source is the same for all */
#include <systemd/sd-journal.h>

#include "common/cleanup.h"
#include "common/thread_create.h"
#include "daemon/escape.h"

#define ENTRIES_MAX 4096
#define BYTES_MAX ((size_t)1024 * 1024)
#define FIELDS_MAX 32
#define LINE_SIZE 2048 /* of a message before escaping, with its NUL */
#define CLOSE_MILLISECONDS 500
#define PIECE 4096 /* PIPE_BUF on Linux */

struct entry {
	struct entry *next;
	size_t size;   /* bytes of data */
	size_t fields; /* structured: so many NUL-terminated fields; 0: one line with its newline */
	char data[];
};

struct journal {
	pthread_t thread;
	pthread_mutex_t lock; /* over all up to abandoned */
	pthread_cond_t changed;
	struct entry *first, **end;
	size_t entries, bytes;
	bool stopping;        /* no more will come */
	bool stopped;         /* the thread is done */
	bool abandoned;       /* journal_close() did not wait: the thread frees the journal */
	atomic_ulong dropped; /* a word: every machine counts those without a library */
	/* not changed after the start */
	bool native;   /* journald takes structured entries */
	bool prefixed; /* lines go to the journal's stream and say their priority */
	int output;    /* a copy of standard error; -1 when it was closed */
};

/* True when the descriptor is the stream that $JOURNAL_STREAM names. */
static bool is_journal_stream(int fd)
{
	const char *name = getenv("JOURNAL_STREAM");
	uintmax_t device, inode;
	struct stat status;

	return name && sscanf(name, "%ju:%ju", &device, &inode) == 2 && fstat(fd, &status) == 0 &&
	       status.st_dev == (dev_t)device && status.st_ino == (ino_t)inode;
}

/* Waits for as long as it takes. False when the output is broken. */
static bool write_whole(int fd, const char *data, size_t size)
{
	while (size > 0) {
		struct pollfd poll_fd = { .fd = fd, .events = POLLOUT };
		ssize_t count;

		if (poll(&poll_fd, 1, -1) < 0) {
			if (errno == EINTR)
				continue;
			return false;
		}
		if (!(poll_fd.revents & POLLOUT))
			return false;
		count = write(fd, data, size < PIECE ? size : PIECE);
		if (count < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		if (count > 0) {
			data += count;
			size -= (size_t)count;
		}
	}
	return true;
}

/* Without journald there is nobody to send to; that is no trouble of ours. */
static bool send_fields(const struct entry *entry)
{
	struct iovec fields[FIELDS_MAX];
	const char *field = entry->data;

	for (size_t i = 0; i < entry->fields; i++) {
		size_t size = strlen(field);

		fields[i] = (struct iovec){ .iov_base = (void *)(uintptr_t)field, .iov_len = size };
		field += size + 1;
	}
	sd_journal_sendv(fields, (int)entry->fields);
	return true;
}

static void emit(struct journal *journal, const struct entry *entry)
{
	bool written = entry->fields > 0
			       ? send_fields(entry)
			       : journal->output >= 0 && write_whole(journal->output, entry->data, entry->size);

	if (!written)
		atomic_fetch_add(&journal->dropped, 1);
}

/* Takes the next entry, waiting for one. NULL: that was all. */
static struct entry *take(struct journal *journal)
{
	struct entry *entry = NULL;

	pthread_mutex_lock(&journal->lock);
	while (!journal->first && !journal->stopping)
		pthread_cond_wait(&journal->changed, &journal->lock);
	if (journal->first && !journal->abandoned) {
		entry = journal->first;
		journal->first = entry->next;
		if (!journal->first)
			journal->end = &journal->first;
		journal->entries--;
		journal->bytes -= entry->size;
	}
	pthread_mutex_unlock(&journal->lock);
	return entry;
}

static void destroy(struct journal *journal)
{
	struct entry *next;

	for (struct entry *entry = journal->first; entry; entry = next) {
		next = entry->next;
		free(entry);
	}
	cleanup_close_fd(&journal->output);
	pthread_cond_destroy(&journal->changed);
	pthread_mutex_destroy(&journal->lock);
	free(journal);
}

static void *run(void *data)
{
	struct journal *journal = data;
	struct entry *entry;
	bool abandoned;

	while ((entry = take(journal))) {
		emit(journal, entry);
		free(entry);
	}
	pthread_mutex_lock(&journal->lock);
	journal->stopped = true;
	abandoned = journal->abandoned;
	pthread_cond_broadcast(&journal->changed);
	pthread_mutex_unlock(&journal->lock);
	if (abandoned)
		destroy(journal);
	return NULL;
}

int journal_open(bool native, struct journal **ret_journal)
{
	struct journal *journal = calloc(1, sizeof(*journal));
	pthread_condattr_t attributes;
	int r;

	if (!journal)
		return -ENOMEM;
	pthread_mutex_init(&journal->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&journal->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	journal->end = &journal->first;
	journal->native = native;
	journal->prefixed = is_journal_stream(STDERR_FILENO);
	/* A copy of our own: should standard error be closed, its number may become another file's. */
	journal->output = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	/* Its signals are blocked, so that a reader that has gone is an error, not the end. */
	r = thread_create(run, journal, &journal->thread);
	if (r < 0) {
		destroy(journal);
		return r;
	}
	*ret_journal = journal;
	return 0;
}

void journal_close(struct journal *journal)
{
	struct timespec until;
	pthread_t thread;
	bool stopped;
	int r = 0;

	if (!journal)
		return;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += CLOSE_MILLISECONDS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;

	pthread_mutex_lock(&journal->lock);
	journal->stopping = true;
	pthread_cond_broadcast(&journal->changed);
	while (!journal->stopped && r == 0)
		r = pthread_cond_timedwait(&journal->changed, &journal->lock, &until);
	stopped = journal->stopped;
	journal->abandoned = !stopped;
	thread = journal->thread;
	pthread_mutex_unlock(&journal->lock);
	if (!stopped) {
		pthread_detach(thread);
		return;
	}
	pthread_join(thread, NULL);
	destroy(journal);
}

/* Takes the entry over. */
static void enqueue(struct journal *journal, struct entry *entry)
{
	bool full;

	pthread_mutex_lock(&journal->lock);
	full = journal->entries >= ENTRIES_MAX || entry->size > BYTES_MAX - journal->bytes;
	if (!full) {
		*journal->end = entry;
		journal->end = &entry->next;
		journal->entries++;
		journal->bytes += entry->size;
		pthread_cond_signal(&journal->changed);
	}
	pthread_mutex_unlock(&journal->lock);
	if (full) {
		atomic_fetch_add(&journal->dropped, 1);
		free(entry);
	}
}

static struct entry *entry_new(size_t size, size_t fields)
{
	struct entry *entry = malloc(sizeof(*entry) + size);

	if (!entry)
		return NULL;
	entry->next = NULL;
	entry->size = size;
	entry->fields = fields;
	return entry;
}

void journal_print(struct journal *journal, int priority, const char *format, ...)
{
	char message[LINE_SIZE], line[sizeof("<7>") + ESCAPE_ROOM(LINE_SIZE) + sizeof("…\n")];
	bool prefixed = journal ? journal->prefixed : is_journal_stream(STDERR_FILENO);
	struct entry *entry;
	char *end = line;
	va_list arguments;
	int size;

	va_start(arguments, format);
	size = vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	if (size < 0)
		return;
	if (prefixed)
		end += snprintf(line, sizeof("<7>"), "<%d>", LOG_PRI(priority));
	end = escape_name(end, message, strlen(message));
	if ((size_t)size >= sizeof(message))
		end = stpcpy(end, "…");
	*end++ = '\n';
	if (!journal) {
		write_whole(STDERR_FILENO, line, (size_t)(end - line));
		return;
	}
	entry = entry_new((size_t)(end - line), 0);
	if (!entry) {
		atomic_fetch_add(&journal->dropped, 1);
		return;
	}
	memcpy(entry->data, line, entry->size);
	enqueue(journal, entry);
}

static void queue_fields(struct journal *journal, const char *const *fields, size_t count)
{
	struct entry *entry = NULL;
	size_t size = 0;
	char *end;

	for (size_t i = 0; i < count; i++)
		size += strlen(fields[i]) + 1;
	if (count <= FIELDS_MAX && size <= BYTES_MAX)
		entry = entry_new(size, count);
	if (!entry) {
		atomic_fetch_add(&journal->dropped, 1);
		return;
	}
	end = entry->data;
	for (size_t i = 0; i < count; i++)
		end = stpcpy(end, fields[i]) + 1;
	enqueue(journal, entry);
}

void journal_fields(struct journal *journal, const char *const *fields, size_t count)
{
	if (journal && journal->native && count > 0)
		queue_fields(journal, fields, count);
}

void journal_event(struct journal *journal, int priority, const char *message_id, const char *format, ...)
{
	char sentence[LINE_SIZE], id[sizeof("MESSAGE_ID=") + 32], level[sizeof("PRIORITY=7")];
	char message[sizeof("MESSAGE=") + ESCAPE_ROOM(LINE_SIZE)];
	const char *const fields[] = { message, level, id, "SYSLOG_IDENTIFIER=apikeyd" };
	va_list arguments;
	int size;

	va_start(arguments, format);
	size = vsnprintf(sentence, sizeof(sentence), format, arguments);
	va_end(arguments);
	if (size < 0)
		return;
	if (!journal || !journal->prefixed)
		journal_print(journal, priority, "%s", sentence);
	if (!journal || (!journal->prefixed && !journal->native))
		return;
	*escape_name(stpcpy(message, "MESSAGE="), sentence, strlen(sentence)) = '\0';
	snprintf(level, sizeof(level), "PRIORITY=%d", LOG_PRI(priority));
	snprintf(id, sizeof(id), "MESSAGE_ID=%.32s", message_id);
	queue_fields(journal, fields, sizeof(fields) / sizeof(fields[0]));
}

uint64_t journal_dropped(const struct journal *journal)
{
	return atomic_load(&journal->dropped);
}
