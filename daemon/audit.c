/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Orders records: one lock gives each its seq and writes it. Texts are made outside the lock; inside, they only get
 * their numbers. Defends against lines lost, doubled or half written, whatever the disk does: a batch is in the file
 * whole or not at all, and what the file's end says counts more than what we remember.
 */
#include "daemon/audit.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "daemon/audit_copy.h"
#include "daemon/audit_file.h"
#include "daemon/audit_format.h"
#include "daemon/audit_lines.h"
#include "daemon/audit_read.h"

#define RETRY 1000000000LL            /* nanoseconds between attempts to open, to rotate, to look after the file */
#define CHECKPOINT_EVERY (256 * 1024) /* bytes: bounds how far back a start has to read */
#define RECORD_GUESS 640              /* bytes */
#define NOTE_ROOM 256

/* Records of the audit's own that have to come before any other, in this order. */
enum note {
	NOTE_RECOVERED,
	NOTE_RESTORED,
	NOTE_CHECKPOINT,
	NOTE_COUNT,
};

struct audit {
	pthread_mutex_t lock; /* over all below */
	char *folder;
	struct audit_options options;
	struct audit_file file;
	uint64_t seq;           /* of the last record */
	bool scanned;           /* the end of a file has been read */
	uint64_t rev;           /* of the last change */
	uint64_t rev_attempted; /* the greatest a write was tried with */
	uint64_t store_rev;     /* the file cannot be ahead of this when it is read first */
	uint64_t unmarked;      /* bytes since a line with a rev */
	bool notes[NOTE_COUNT];
	int last_error;                            /* negative errno */
	int64_t next_open, next_rotate, next_look; /* CLOCK_MONOTONIC, nanoseconds */
	bool writable;
	uint64_t failures;
	char fault[256], rotate_fault[256];
	char last_fault[256]; /* a copy of one of them */
	int64_t last_failed;  /* seconds since 1970 UTC */
};

static void unlock(pthread_mutex_t **lock)
{
	pthread_mutex_unlock(*lock);
}

#define LOCKED(audit)                                                                                                  \
	CLEANUP(unlock) __attribute__((unused)) pthread_mutex_t *locked = &(audit)->lock;                              \
	pthread_mutex_lock(locked)

/* What a person can do about it. */
static const char *mend_of(int error)
{
	static const struct {
		int error;
		const char *mend;
	} mends[] = {
		{ ENOSPC, "; make room on that disk" },
		{ EDQUOT, "; make room within the quota" },
		{ EFBIG, "; raise the limit on file sizes (LimitFSIZE=)" },
		{ ENOENT, "; make the folder" },
		{ ENOTDIR, "; make it a folder" },
		{ EACCES, "; give the folder and what is in it to the daemon's user" },
		{ EPERM, "; give the folder and what is in it to the daemon's user" },
		{ EROFS, "; mount it for writing" },
		{ EBUSY, ": another apikeyd writes there; stop it, or use another log folder" },
		{ ELOOP, ": it is a symbolic link; remove it" },
		{ ENOTSUP, ": it is no regular file; remove it" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(mends); i++) {
		if (mends[i].error == error)
			return mends[i].mend;
	}
	return "";
}

static void write_fault(const struct audit *audit, const char *what, int error, char *ret_fault, size_t size)
{
	errno = error; /* %m */
	snprintf(ret_fault, size, "cannot %s %s/%s: %m%s", what, audit->folder, AUDIT_FILE, mend_of(error));
}

static void remember_fault(struct audit *audit, const char *fault)
{
	snprintf(audit->last_fault, sizeof(audit->last_fault), "%s", fault);
	audit->last_failed = clock_wall_seconds();
}

static int fail(struct audit *audit, const char *what, int r)
{
	audit->writable = false;
	audit->failures++;
	audit->last_error = r;
	write_fault(audit, what, -r, audit->fault, sizeof(audit->fault));
	remember_fault(audit, audit->fault);
	return r;
}

static int append(struct audit *audit, const void *data, size_t size)
{
	int r = audit_file_append(&audit->file, data, size);

	if (r < 0)
		return fail(audit, "write", r);
	audit->unmarked += size;
	audit->writable = true;
	audit->fault[0] = '\0';
	return 0;
}

/* A file that is ahead of the store tells of changes the store no longer knows. */
static void settle_rev(struct audit *audit)
{
	if (audit->rev > audit->store_rev) {
		audit->rev = audit->store_rev;
		audit->notes[NOTE_RESTORED] = true;
	}
	audit->store_rev = UINT64_MAX;
}

/* Takes over what the end of the file says. */
static void learn(struct audit *audit, const struct audit_tail *tail)
{
	if (tail->has_seq && tail->seq > audit->seq)
		audit->seq = tail->seq;
	/* Later on a greater rev is believed only when it may be a write of ours that was thought to have failed. */
	if (tail->has_rev && tail->rev > audit->rev && (!audit->scanned || tail->rev <= audit->rev_attempted))
		audit->rev = tail->rev;
	audit->scanned = true;
	audit->unmarked = tail->has_rev ? tail->behind_rev : audit->file.size;
	settle_rev(audit);
	audit->notes[NOTE_RECOVERED] = tail->torn;
	audit->notes[NOTE_CHECKPOINT] = audit->file.size == 0 && audit->seq > 0;
}

static int open_file(struct audit *audit, int64_t now)
{
	struct audit_tail tail;
	int r;

	audit->next_open = now + RETRY;
	r = audit_file_open(&audit->file, audit->folder);
	if (r < 0)
		return fail(audit, "open", r);
	r = audit_file_tail(&audit->file, &tail);
	if (r < 0) {
		audit_file_close(&audit->file);
		return fail(audit, "read", r);
	}
	audit->next_look = now + RETRY;
	audit->writable = true;
	audit->fault[0] = audit->rotate_fault[0] = '\0';
	learn(audit, &tail);
	return 0;
}

static int write_notes(struct audit *audit)
{
	static const char *const events[NOTE_COUNT] = {
		[NOTE_RECOVERED] = "recovered",
		[NOTE_RESTORED] = "store_restored",
		[NOTE_CHECKPOINT] = "checkpoint",
	};
	char line[NOTE_ROOM], time[CLOCK_TEXT_SIZE];
	int r;

	if (audit->unmarked > CHECKPOINT_EVERY)
		audit->notes[NOTE_CHECKPOINT] = true;
	for (size_t i = 0; i < NOTE_COUNT; i++) {
		if (!audit->notes[i])
			continue;
		clock_format_microseconds(clock_wall_microseconds(), time, sizeof(time));
		/* A torn line is ended first. */
		snprintf(line, sizeof(line),
			 "%s{\"seq\":%" PRIu64 ",\"rev\":%" PRIu64 ",\"time\":\"%s\",\"event\":\"%s\"}\n",
			 i == NOTE_RECOVERED ? "\n" : "", audit->seq + 1, audit->rev, time, events[i]);
		r = append(audit, line, strlen(line));
		if (r < 0)
			return r;
		audit->seq++;
		audit->unmarked = 0;
		audit->notes[i] = false;
	}
	return 0;
}

/* Makes the file ready for a record: open, whole, and ours. */
static int ready(struct audit *audit)
{
	int64_t now = clock_monotonic();
	int r;

	if (audit->file.fd >= 0 && now >= audit->next_look) {
		audit->next_look = now + RETRY;
		if (audit_file_is_gone(&audit->file))
			audit_file_close(&audit->file);
	}
	if (audit->file.fd < 0) {
		if (now < audit->next_open) {
			audit->failures++;
			return audit->last_error < 0 ? audit->last_error : -EIO;
		}
		r = open_file(audit, now);
		if (r < 0)
			return r;
	}
	return write_notes(audit);
}

/* Begins a new file when size more bytes would make this one too big. Going on in a file that is too big beats losing
 * records, so that failing is only noted. */
static int make_room(struct audit *audit, size_t size)
{
	int64_t now;
	int r;

	if (audit->options.max_size == 0 || audit->file.size == 0 ||
	    (audit->file.size <= audit->options.max_size && size <= audit->options.max_size - audit->file.size))
		return 0;
	now = clock_monotonic();
	if (now < audit->next_rotate)
		return 0;
	r = audit_file_rotate(&audit->file, audit->options.keep);
	if (r < 0) {
		audit->next_rotate = now + RETRY;
		write_fault(audit, "rotate", -r, audit->rotate_fault, sizeof(audit->rotate_fault));
		remember_fault(audit, audit->rotate_fault);
		return 0;
	}
	audit->rotate_fault[0] = '\0';
	audit->notes[NOTE_CHECKPOINT] = true;
	return write_notes(audit);
}

/* Writes count lines that were begun and ended. On success *ret_seq is the first one's. The text is used up. */
static int write_lines(struct audit *audit, struct audit_text *text, size_t count, uint64_t *ret_seq)
{
	size_t size;
	int r;

	r = ready(audit);
	if (r < 0)
		return r;
	r = make_room(audit, audit_lines_size(text, count, audit->seq + 1));
	if (r < 0)
		return r;
	size = audit_lines_number(text, count, audit->seq + 1);
	r = append(audit, text->data, size);
	if (r < 0)
		return r;
	*ret_seq = audit->seq + 1;
	audit->seq += count;
	return 0;
}

int audit_write(struct audit *audit, const struct audit_record *records, size_t count)
{
	CLEANUP(audit_text_done) struct audit_text text = AUDIT_TEXT_INIT;
	struct journal *journal;
	uint64_t seq = 0;
	size_t start, guess;
	int r;

	if (count == 0)
		return 0;
	if (!__builtin_mul_overflow(count, RECORD_GUESS, &guess))
		audit_text_reserve(&text, guess);
	for (size_t i = 0; i < count; i++) {
		start = audit_line_begin(&text);
		audit_format_members(&text, &records[i]);
		audit_line_end(&text, start);
	}
	{
		LOCKED(audit);
		journal = audit->options.journal;
		r = text.failed ? fail(audit, "write", -ENOMEM) : write_lines(audit, &text, count, &seq);
	}
	if (journal) {
		for (size_t i = 0; i < count; i++)
			audit_copy(journal, &records[i], r < 0 ? 0 : seq + i);
	}
	return r;
}

/* A change as it lies in the log: `{"time":…}`. One that cannot be read is kept as a text. */
static void append_change(struct audit_text *text, uint64_t rev, const char *object)
{
	char number[sizeof("\"rev\":18446744073709551615,")];
	struct audit_record unreadable = { .event = "unreadable_change", .changes = object };
	size_t size = strlen(object), start;

	start = audit_line_begin(text);
	audit_text_append(text, number, (size_t)snprintf(number, sizeof(number), "\"rev\":%" PRIu64 ",", rev));
	if (audit_is_object(object, size) && size > strlen("{}") && object[0] == '{' && object[1] == '"') {
		audit_text_append(text, object + 1, size - 1);
	} else {
		unreadable.time = clock_wall_microseconds();
		audit_format_members(text, &unreadable);
	}
	audit_line_end(text, start);
}

int audit_append_change(struct audit *audit, uint64_t rev, const char *object)
{
	CLEANUP(audit_text_done) struct audit_text text = AUDIT_TEXT_INIT;
	uint64_t seq;
	int r;

	append_change(&text, rev, object);
	LOCKED(audit);
	if (text.failed)
		return fail(audit, "write", -ENOMEM);
	r = ready(audit);
	if (r < 0)
		return r;
	if (rev <= audit->rev)
		return 0;
	if (rev > audit->rev_attempted)
		audit->rev_attempted = rev;
	r = write_lines(audit, &text, 1, &seq);
	if (r < 0)
		return r;
	audit->rev = rev;
	audit->unmarked = 0;
	return 0;
}

uint64_t audit_last_rev(struct audit *audit, uint64_t store_rev)
{
	LOCKED(audit);
	audit->store_rev = store_rev;
	if (ready(audit) < 0 && !audit->scanned)
		return 0; /* store_rev is looked at when the file can be read */
	settle_rev(audit);
	ready(audit); /* writes what settling has to say; a failure is tried again before the next record */
	return audit->rev;
}

int audit_open(const char *folder, const struct audit_options *options, struct audit **ret_audit)
{
	struct audit *audit = calloc(1, sizeof(*audit));

	if (!audit)
		return -ENOMEM;
	audit->folder = strdup(folder);
	if (!audit->folder) {
		free(audit);
		return -ENOMEM;
	}
	pthread_mutex_init(&audit->lock, NULL);
	audit->options = *options;
	audit->file = (struct audit_file)AUDIT_FILE_INIT;
	audit->store_rev = UINT64_MAX;
	ready(audit);
	audit->failures = 0;
	*ret_audit = audit;
	return 0;
}

void audit_close(struct audit *audit)
{
	if (!audit)
		return;
	audit_file_close(&audit->file);
	pthread_mutex_destroy(&audit->lock);
	free(audit->folder);
	free(audit);
}

void audit_reopen(struct audit *audit, const struct audit_options *options)
{
	LOCKED(audit);
	audit->options = *options;
	audit_file_close(&audit->file);
	audit->next_open = audit->next_rotate = 0;
	ready(audit);
}

void audit_reach(struct audit *audit, struct audit_reach *ret_reach)
{
	struct audit_reach reach = { .known = false };
	struct stat status;

	/* While nobody writes: what others put there belongs to it. */
	LOCKED(audit);
	if (audit->file.fd >= 0 && fstat(audit->file.fd, &status) == 0)
		reach = (struct audit_reach){ true, status.st_ino, (uint64_t)status.st_size, audit->seq };
	*ret_reach = reach;
}

static void read_health(struct audit *audit, struct audit_health *health)
{
	LOCKED(audit);
	health->writable = audit->writable && audit->file.fd >= 0;
	health->seq = audit->seq;
	health->size = audit->file.size;
	health->max_size = audit->options.max_size;
	health->keep = audit->options.keep;
	health->failures = audit->failures;
	health->last_failed = audit->last_failed;
	snprintf(health->fault, sizeof(health->fault), "%s", health->writable ? audit->rotate_fault : audit->fault);
	memcpy(health->last_fault, audit->last_fault, sizeof(health->last_fault));
}

void audit_health(struct audit *audit, struct audit_health *ret_health)
{
	struct audit_health health = { 0 };
	struct statvfs disk;

	read_health(audit, &health);
	/* What asks the disk is done without the lock, which verifications wait for. */
	health.rotated = audit_file_rotated(audit->folder, health.keep);
	if (statvfs(audit->folder, &disk) == 0) {
		health.disk_known = true;
		health.disk_free = (uint64_t)disk.f_bavail * disk.f_frsize;
	}
	*ret_health = health;
}
