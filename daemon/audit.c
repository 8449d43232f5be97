/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Orders records: one lock gives each its seq and writes it. Texts are made outside the lock; inside, they only get
 * their numbers. Defends against lines lost, doubled or half written, whatever the disk does: a batch is in the file
 * whole or not at all, and what the file's end says counts more than what we remember.
 */
#include "daemon/audit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "daemon/audit_copy.h"
#include "daemon/audit_lines.h"
#include "daemon/audit_read.h"
#include "daemon/audit_seal.h"
#include "daemon/audit_state.h"

#define RECORD_GUESS 800 /* bytes */

int audit_append(struct audit *audit, const void *data, size_t size)
{
	int r = audit_file_append(&audit->file, data, size);

	if (r < 0)
		return audit_fail(audit, "write", r);
	audit->unmarked += size;
	audit->writable = true;
	audit->fault[0] = '\0';
	return 0;
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
		audit->next_rotate = now + AUDIT_RETRY;
		audit_rotate_failed(audit, r);
		return 0;
	}
	audit->rotations++;
	audit->rotate_fault[0] = '\0';
	audit->notes[AUDIT_NOTE_CHECKPOINT] = true;
	return audit_write_notes(audit);
}

int audit_put_lines(struct audit *audit, struct audit_text *text, size_t count)
{
	struct audit_chain_mark mark;
	size_t size = 0;
	int r = make_room(audit, audit_lines_size(text, count, audit->seq + 1, audit->chain.keyed));

	if (r < 0)
		return r;
	audit_chain_mark(&audit->chain, &mark);
	r = audit_lines_number(text, count, audit->seq + 1, &audit->chain, &size);
	r = r < 0 ? audit_fail(audit, "write", r) : audit_append(audit, text->data, size);
	if (r < 0) {
		audit_chain_back(&audit->chain, &mark);
		return r;
	}
	audit_chain_forget(&mark);
	audit->seq += count;
	return 0;
}

static void make_lines(const struct audit_record *records, size_t count, struct audit_text *ret_text)
{
	struct crypto_hash *hash = NULL;
	size_t start, guess;

	if (!__builtin_mul_overflow(count, RECORD_GUESS, &guess))
		audit_text_reserve(ret_text, guess);
	ret_text->failed = ret_text->failed || crypto_hash_new(&hash) < 0;
	for (size_t i = 0; i < count; i++) {
		start = audit_line_begin(ret_text);
		audit_format_members(ret_text, &records[i]);
		audit_line_end(ret_text, start, hash);
	}
	crypto_hash_free(hash);
}

/* Writes count lines that were begun and ended, or keeps them for later. On success *ret_seq is the first one's. The
 * text is used up; records are what it was made of. */
static int write_lines(struct audit *audit, const struct audit_record *records, struct audit_text *text, size_t count,
		       uint64_t *ret_seq)
{
	CLEANUP(audit_text_done) struct audit_text again = AUDIT_TEXT_INIT;
	int r = audit_ready(audit);

	if (r < 0) {
		audit_spool_add(audit, text, count);
		return r;
	}
	r = audit_put_lines(audit, text, count);
	if (r == 0) {
		*ret_seq = audit->seq + 1 - count;
		return 0;
	}
	/* From now on others wait behind these, so that this is seldom. */
	if (audit->options.spool > 0) {
		make_lines(records, count, &again);
		audit_spool_add(audit, &again, count);
	}
	return r;
}

int audit_write(struct audit *audit, const struct audit_record *records, size_t count)
{
	CLEANUP(audit_text_done) struct audit_text text = AUDIT_TEXT_INIT;
	struct journal *journal;
	uint64_t seq = 0;
	int r;

	if (count == 0)
		return 0;
	make_lines(records, count, &text);
	{
		AUDIT_LOCKED(audit);
		journal = audit->options.journal;
		if (text.failed)
			audit_spool_add(audit, &text, count); /* which counts them */
		r = text.failed ? audit_fail(audit, "write", -ENOMEM) : write_lines(audit, records, &text, count, &seq);
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
	struct crypto_hash *hash = NULL;
	char number[sizeof("\"rev\":18446744073709551615,")];
	struct audit_record unreadable = { .event = "unreadable_change", .changes = object };
	size_t size = strlen(object), start;

	text->failed = text->failed || crypto_hash_new(&hash) < 0;
	start = audit_line_begin(text);
	audit_text_append(text, number, (size_t)snprintf(number, sizeof(number), "\"rev\":%" PRIu64 ",", rev));
	if (audit_is_object(object, size) && size > strlen("{}") && object[0] == '{' && object[1] == '"') {
		audit_text_append(text, object + 1, size - 1);
	} else {
		unreadable.time = clock_wall_microseconds();
		audit_format_members(text, &unreadable);
	}
	audit_line_end(text, start, hash);
	crypto_hash_free(hash);
}

int audit_append_change(struct audit *audit, uint64_t rev, const char *object)
{
	CLEANUP(audit_text_done) struct audit_text text = AUDIT_TEXT_INIT;
	int r;

	append_change(&text, rev, object);
	AUDIT_LOCKED(audit);
	if (text.failed)
		return audit_fail(audit, "write", -ENOMEM);
	r = audit_ready(audit);
	if (r < 0)
		return r;
	if (rev <= audit->rev)
		return 0;
	if (rev > audit->rev_attempted)
		audit->rev_attempted = rev;
	r = audit_put_lines(audit, &text, 1);
	if (r < 0)
		return r;
	audit->rev = rev;
	audit->unmarked = 0;
	return 0;
}

uint64_t audit_last_rev(struct audit *audit, uint64_t store_rev)
{
	AUDIT_LOCKED(audit);
	audit->store_rev = store_rev;
	if (audit_ready(audit) < 0 && !audit->scanned)
		return 0; /* store_rev is looked at when the file can be read */
	audit_settle_rev(audit);
	audit_ready(audit); /* writes what settling has to say; a failure is tried again before the next record */
	return audit->rev;
}

int audit_open(const char *folder, const struct audit_options *options, struct audit **ret_audit)
{
	struct audit *audit = calloc(1, sizeof(*audit));
	int r;

	if (!audit)
		return -ENOMEM;
	pthread_mutex_init(&audit->lock, NULL);
	audit->options = *options;
	audit->file = (struct audit_file)AUDIT_FILE_INIT;
	audit->store_rev = UINT64_MAX;
	audit->spool.text = (struct audit_text)AUDIT_TEXT_INIT;
	audit->folder = strdup(folder);
	r = audit->folder ? audit_chain_init(&audit->chain) : -ENOMEM;
	if (r < 0) {
		audit_close(audit);
		return r;
	}
	/* What there is to say waits for the key, or the first record. */
	(void)audit_open_file(audit);
	audit->failures = 0;
	*ret_audit = audit;
	return 0;
}

void audit_close(struct audit *audit)
{
	if (!audit)
		return;
	/* The last moment for what waits. */
	if (audit->spool.since != 0) {
		audit->next_open = audit->spool.next_try = 0;
		(void)audit_ready(audit);
	}
	audit_file_close(&audit->file);
	audit_spool_done(&audit->spool);
	audit_chain_done(&audit->chain);
	pthread_mutex_destroy(&audit->lock);
	free(audit->folder);
	free(audit);
}

void audit_reopen(struct audit *audit, const struct audit_options *options)
{
	AUDIT_LOCKED(audit);
	audit->options = *options;
	audit_file_close(&audit->file);
	audit->next_open = audit->next_rotate = audit->spool.next_try = 0;
	audit_ready(audit);
}

void audit_reach(struct audit *audit, struct audit_reach *ret_reach)
{
	struct audit_reach reach = { .known = false };
	struct stat status;

	/* While nobody writes: what others put there belongs to it. */
	AUDIT_LOCKED(audit);
	if (audit->file.fd >= 0 && fstat(audit->file.fd, &status) == 0)
		reach = (struct audit_reach){ true, status.st_ino, (uint64_t)status.st_size, audit->seq };
	*ret_reach = reach;
}

void audit_tend(struct audit *audit)
{
	AUDIT_LOCKED(audit);
	audit->spool.next_try = 0;
	audit_ready(audit);
}

/* ---- the key ---- */

bool audit_lacks_key(struct audit *audit, uint64_t *ret_seq)
{
	AUDIT_LOCKED(audit);
	*ret_seq = audit->seq + 1;
	return audit->scanned && !audit->chain.keyed;
}

/* why: static. */
static void tell_start(struct audit *audit, const char *why)
{
	audit->why = why;
	audit->notes[AUDIT_NOTE_CHAIN_START] = true;
}

void audit_continue(struct audit *audit, const struct audit_seal *seal)
{
	AUDIT_LOCKED(audit);
	audit_chain_set_key(&audit->chain, &seal->key, seal->id);
	audit->sealed = (struct audit_sealed){ .is = true, .seq = seal->seq };
	memcpy(audit->sealed.prev, seal->prev, sizeof(seal->prev));
	audit_settle_sealed(audit);
	/* The daemon ended behind the seal and before the record. */
	if (audit->scanned && audit->chain.keyed && seal->first_seq > audit->seq)
		tell_start(audit, "it had been sealed when the daemon ended");
	audit_ready(audit);
}

void audit_begin(struct audit *audit, const struct audit_seal *seal, const char *why)
{
	AUDIT_LOCKED(audit);
	audit_chain_set_key(&audit->chain, &seal->key, seal->id);
	tell_start(audit, why);
	audit_ready(audit);
}

bool audit_head(struct audit *audit, struct audit_seal *seal)
{
	AUDIT_LOCKED(audit);
	if (!audit->scanned)
		return false;
	seal->seq = audit->seq;
	memcpy(seal->prev, audit->chain.prev, sizeof(seal->prev));
	if (audit->chain.keyed)
		seal->key = audit->chain.key;
	return audit->chain.keyed;
}

/* The key, to be wiped, and the number of the last record; false where there is no key. */
static bool copy_key(struct audit *audit, struct chain_key *ret_key, uint64_t *ret_seq)
{
	AUDIT_LOCKED(audit);
	*ret_key = audit->chain.key;
	*ret_seq = audit->seq;
	return audit->chain.keyed;
}

int audit_check(struct audit *audit, const struct chain_links *links, size_t count, int8_t *ret_right)
{
	struct audit_chain chain = { .keyed = true };
	uint64_t last;
	int r = copy_key(audit, &chain.key, &last) ? 0 : -ENOKEY;

	/* Without the lock, which verifications wait for. */
	for (size_t i = 0; r == 0 && i < count; i++) {
		int right = -1;

		/* What was not written yet cannot be right, and its key might be very many steps away. */
		if (links[i].seq > last)
			right = 0;
		else if (links[i].seq / CHAIN_EPOCH >= chain.key.epoch)
			right = audit_chain_check(&chain, &links[i]);
		if (right < -1 && right != -ERANGE)
			r = right;
		ret_right[i] = (int8_t)(right == -ERANGE ? 0 : right);
	}
	audit_chain_done(&chain);
	return r;
}
