/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * How the file is opened, and what the audit itself has to say in it. Defends against a file that was torn, cut,
 * exchanged or set back while nobody looked: what is known of the chain is held against what the file ends with, and
 * where the two differ a record says so, and the chain goes on from what is known.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/encoding.h"
#include "daemon/audit_lines.h"
#include "daemon/audit_state.h"

#define CHECKPOINT_EVERY (256 * 1024) /* bytes: bounds how far back a start has to read */
#define NOTE_ROOM 256                 /* bytes, for what one says besides its event */

void audit_settle_rev(struct audit *audit)
{
	if (audit->rev > audit->store_rev) {
		audit->rev = audit->store_rev;
		audit->notes[AUDIT_NOTE_RESTORED] = true;
	}
	audit->store_rev = UINT64_MAX;
}

/* ---- the end of the file ---- */

static void differ(struct audit *audit, enum audit_note note, uint64_t known, uint64_t found)
{
	audit->known_seq = known;
	audit->found_seq = found;
	audit->notes[note] = true;
}

/* Whether a record is the one that is followed by prev. */
static bool leads_to(struct audit *audit, const struct chain_links *links, const uint8_t prev[CHAIN_HASH_SIZE])
{
	uint8_t next[CHAIN_HASH_SIZE];

	return chain_next(audit->chain.hash, links, next) == 0 && memcmp(next, prev, sizeof(next)) == 0;
}

/* Whether a record may be ours: with a MAC, it has to be the right one. */
static bool may_be_ours(struct audit *audit, const struct chain_links *links)
{
	return !audit->chain.keyed || !links->has_mac || audit_chain_check(&audit->chain, links) != 0;
}

/* A number that is too far ahead was never ours, or the key is of another file: another chain begins. */
static void drop_useless_key(struct audit *audit)
{
	const struct audit_chain *chain = &audit->chain;
	uint64_t epoch = (audit->seq + 1) / CHAIN_EPOCH;

	if (chain->keyed && (epoch < chain->key.epoch || epoch - chain->key.epoch > CHAIN_AHEAD_MAX))
		audit_chain_set_key(&audit->chain, NULL, NULL);
}

void audit_settle_sealed(struct audit *audit)
{
	const struct audit_sealed *sealed = &audit->sealed;
	uint64_t found = audit->has_first ? audit->first.seq : 0;
	bool untouched = audit->seq == audit->learned_seq;

	if (!audit->scanned || !sealed->is)
		return;
	if (found > sealed->seq) {
		if (audit->first_chained && !may_be_ours(audit, &audit->first))
			differ(audit, AUDIT_NOTE_CHAIN_MISMATCH, sealed->seq, found);
	} else {
		if (found < sealed->seq)
			differ(audit, AUDIT_NOTE_CHAIN_RESUMED, sealed->seq, found);
		else if (audit->first_chained && !leads_to(audit, &audit->first, sealed->prev))
			differ(audit, AUDIT_NOTE_CHAIN_MISMATCH, sealed->seq, found);
		if (untouched)
			memcpy(audit->chain.prev, sealed->prev, sizeof(sealed->prev));
		if (audit->seq < sealed->seq)
			audit->seq = sealed->seq;
	}
	audit->sealed.is = false;
	drop_useless_key(audit);
}

/* The file is read for the first time: what it ends with is what the chain goes on from. */
static void begin_from(struct audit *audit, const struct audit_tail *tail)
{
	memset(audit->chain.prev, 0, sizeof(audit->chain.prev));
	if (tail->has_links)
		(void)chain_next(audit->chain.hash, &tail->links, audit->chain.prev);
	audit->has_first = tail->has_record;
	audit->first_chained = tail->has_links;
	audit->first = tail->links;
}

/* It was open before: what we know counts more, but for what a write left there that was thought to have failed. */
static void go_on_from(struct audit *audit, const struct audit_tail *tail)
{
	uint64_t found = tail->has_record ? tail->links.seq : 0;

	bool ours;

	if (found < audit->seq) {
		differ(audit, AUDIT_NOTE_CHAIN_RESUMED, audit->seq, found);
		return;
	}
	if (!tail->has_links)
		return;
	ours = found == audit->seq ? leads_to(audit, &tail->links, audit->chain.prev)
				   : may_be_ours(audit, &tail->links);
	if (!ours)
		differ(audit, AUDIT_NOTE_CHAIN_MISMATCH, audit->seq, found);
	else if (found > audit->seq)
		(void)chain_next(audit->chain.hash, &tail->links, audit->chain.prev);
}

/* Takes over what the end of the file says. */
static int learn(struct audit *audit, const struct audit_tail *tail)
{
	int r;

	audit->torn = (struct chain_torn){ .bytes = audit->file.size - tail->record_end };
	r = audit_file_digest(&audit->file, tail->record_end, audit->torn.digest);
	if (r < 0)
		return r;
	if (audit->scanned)
		go_on_from(audit, tail);
	else
		begin_from(audit, tail);
	if (tail->has_seq && tail->seq > audit->seq)
		audit->seq = tail->seq;
	if (!audit->scanned)
		audit->learned_seq = audit->seq;
	/* Later on a greater rev is believed only when it may be a write of ours that was thought to have failed. */
	if (tail->has_rev && tail->rev > audit->rev && (!audit->scanned || tail->rev <= audit->rev_attempted))
		audit->rev = tail->rev;
	audit->scanned = true;
	audit->unmarked = tail->has_rev ? tail->behind_rev : audit->file.size;
	audit_settle_rev(audit);
	audit->closed = !tail->torn;
	audit->notes[AUDIT_NOTE_RECOVERED] = tail->torn || audit->torn.bytes > 0;
	audit->notes[AUDIT_NOTE_CHECKPOINT] = audit->file.size == 0 && audit->seq > 0;
	audit_settle_sealed(audit);
	drop_useless_key(audit);
	return 0;
}

int audit_open_file(struct audit *audit)
{
	int64_t now = clock_monotonic();
	struct audit_tail tail;
	int r;

	audit->next_open = now + AUDIT_RETRY;
	r = audit_file_open(&audit->file, audit->folder);
	if (r < 0)
		return audit_fail(audit, "open", r);
	r = audit_file_tail(&audit->file, &tail);
	if (r == 0)
		r = learn(audit, &tail);
	if (r < 0) {
		audit_file_close(&audit->file);
		return audit_fail(audit, "read", r);
	}
	audit->next_look = now + AUDIT_RETRY;
	audit->found++; /* what others wrote, and what was written before */
	audit->writable = true;
	audit->fault[0] = audit->rotate_fault[0] = '\0';
	return 0;
}

/* ---- notes ---- */

/* What a note says besides its event: the members of its changes. */
static void write_members(const struct audit *audit, enum audit_note note, char *ret_members, size_t size)
{
	char hex[2 * CHAIN_HASH_SIZE + 1], time[CLOCK_TEXT_SIZE];

	ret_members[0] = '\0';
	switch (note) {
	case AUDIT_NOTE_RECOVERED:
		encoding_hex(audit->torn.digest, sizeof(audit->torn.digest), hex);
		snprintf(ret_members, size, "\"torn_bytes\":%" PRIu64 ",\"torn_sha256\":\"%s\"", audit->torn.bytes,
			 hex);
		return;
	case AUDIT_NOTE_CHAIN_START:
		snprintf(ret_members, size, "\"chain\":\"%s\",\"why\":\"%s\"", audit->chain.id, audit->why);
		return;
	case AUDIT_NOTE_CHAIN_MISMATCH:
	case AUDIT_NOTE_CHAIN_RESUMED:
		snprintf(ret_members, size, "\"known_seq\":%" PRIu64 ",\"found_seq\":%" PRIu64, audit->known_seq,
			 audit->found_seq);
		return;
	case AUDIT_NOTE_SPOOLED:
		clock_format_microseconds(audit->spool.since, time, sizeof(time));
		snprintf(ret_members, size, "\"records\":%" PRIu64 ",\"dropped\":%" PRIu64 ",\"since\":\"%s\"",
			 audit->spool.written, audit->spool.dropped, time);
		return;
	case AUDIT_NOTE_RESTORED:
	case AUDIT_NOTE_CHECKPOINT:
	case AUDIT_NOTE_COUNT:
		return;
	}
}

/* The first record of a file says that it is, so that a file whose beginning is missing shows. */
static void write_changes(const struct audit *audit, enum audit_note note, char *ret_changes, size_t size)
{
	bool first = audit->file.size == 0;
	char members[NOTE_ROOM];

	write_members(audit, note, members, sizeof(members));
	ret_changes[0] = '\0';
	if (first || *members)
		snprintf(ret_changes, size, ",\"changes\":{%s%s%s}", first ? "\"first\":true" : "",
			 first && *members ? "," : "", members);
}

static int write_note(struct audit *audit, enum audit_note note)
{
	static const char *const events[AUDIT_NOTE_COUNT] = {
		[AUDIT_NOTE_RECOVERED] = "recovered",
		[AUDIT_NOTE_CHAIN_START] = "chain_start",
		[AUDIT_NOTE_CHAIN_MISMATCH] = "chain_mismatch",
		[AUDIT_NOTE_CHAIN_RESUMED] = "chain_resumed",
		[AUDIT_NOTE_RESTORED] = "store_restored",
		[AUDIT_NOTE_CHECKPOINT] = "checkpoint",
		[AUDIT_NOTE_SPOOLED] = "spooled",
	};
	CLEANUP(audit_text_done) struct audit_text text = AUDIT_TEXT_INIT;
	char members[3 * NOTE_ROOM], changes[2 * NOTE_ROOM], time[CLOCK_TEXT_SIZE];
	struct audit_chain_mark mark;
	size_t start = audit_line_begin(&text), size = 0;
	int r;

	clock_format_microseconds(clock_wall_microseconds(), time, sizeof(time));
	write_changes(audit, note, changes, sizeof(changes));
	audit_text_append(&text, members,
			  (size_t)snprintf(members, sizeof(members),
					   "\"rev\":%" PRIu64 ",\"time\":\"%s\",\"event\":\"%s\"%s}", audit->rev, time,
					   events[note], changes));
	audit_line_end(&text, start, audit->chain.hash);
	/* A torn line is ended first, in the same write. */
	if (text.failed || !audit_text_reserve(&text, 1))
		return audit_fail(audit, "write", -ENOMEM);
	audit_chain_mark(&audit->chain, &mark);
	r = audit_lines_number(&text, 1, audit->seq + 1, &audit->chain, &size);
	if (r == 0 && note == AUDIT_NOTE_RECOVERED && !audit->closed) {
		memmove(text.data + 1, text.data, size);
		text.data[0] = '\n';
		size++;
	}
	r = r < 0 ? audit_fail(audit, "write", r) : audit_append(audit, text.data, size);
	if (r < 0)
		audit_chain_back(&audit->chain, &mark);
	else
		audit_chain_forget(&mark);
	return r;
}

int audit_write_notes(struct audit *audit)
{
	int r;

	if (audit->unmarked > CHECKPOINT_EVERY)
		audit->notes[AUDIT_NOTE_CHECKPOINT] = true;
	for (enum audit_note note = 0; note < AUDIT_NOTE_COUNT; note++) {
		if (!audit->notes[note])
			continue;
		r = write_note(audit, note);
		if (r < 0)
			return r;
		audit->seq++;
		audit->unmarked = 0;
		audit->notes[note] = false;
	}
	return 0;
}

/* ---- ready ---- */

/* What was removed, cut or moved away while it was open is opened anew. */
static void look_after(struct audit *audit, int64_t now)
{
	uint64_t before = audit->file.size;
	bool gone = audit_file_is_gone(&audit->file) || audit->file.size < before;

	if (!gone && now >= audit->next_look) {
		audit->next_look = now + AUDIT_RETRY;
		gone = audit_file_is_elsewhere(&audit->file, audit->folder);
	}
	if (gone) {
		audit_file_close(&audit->file);
		audit->next_open = 0;
	}
}

/* What was tried a moment ago. */
static int refuse_for_now(struct audit *audit)
{
	audit->failures++;
	return audit->last_error < 0 ? audit->last_error : -EIO;
}

static int make_ready(struct audit *audit, int64_t now)
{
	int r;

	if (audit->file.fd >= 0)
		look_after(audit, now);
	if (audit->file.fd < 0) {
		if (now < audit->next_open)
			return refuse_for_now(audit);
		r = audit_open_file(audit);
		if (r < 0)
			return r;
	}
	r = audit_write_notes(audit);
	return r < 0 ? r : audit_spool_write(audit);
}

int audit_ready(struct audit *audit)
{
	struct audit_spool *spool = &audit->spool;
	int64_t now = clock_monotonic();
	int r;

	if (spool->since != 0 && now < spool->next_try)
		return refuse_for_now(audit);
	r = make_ready(audit, now);
	if (r < 0)
		spool->next_try = now + AUDIT_RETRY;
	return r;
}
