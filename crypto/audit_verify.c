/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What is known is never trusted further than it goes: a record that fails is told of once, and reading goes on behind
 * it from what it says itself, so that one edit is one finding. Defends against lines of any size and any content, and
 * against numbers that would make it compute for ever.
 */
#include "crypto/audit_verify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "crypto/audit_keys.h"
#include "crypto/audit_piece.h"

#define LINE_MAX_SIZE ((size_t)16 * 1024 * 1024)
#define GAPS_MAX 1024
#define TEXT_SIZE 256

struct head {
	uint64_t seq;
	uint8_t hash[CHAIN_HASH_SIZE];
	bool seen;
};

struct gap {
	uint64_t first, last;
};

struct audit_verifier {
	audit_report report;
	void *data;
	struct crypto_hash *hash;
	struct audit_keys keys;
	struct audit_key *key; /* of the chain that is read; NULL: none is known */
	struct head *heads;
	size_t head_count;
	/* the file */
	const char *file;
	uint64_t line;
	char *buffer;
	size_t buffer_size, buffer_capacity;
	bool overlong;
	struct audit_piece piece;
	/* the chain */
	bool begun;      /* a record was read */
	bool chained;    /* and one of a chain */
	bool told;       /* the last one was found wrong */
	bool prev_known; /* prev is what the next has to have */
	uint8_t prev[CHAIN_HASH_SIZE];
	bool bare;    /* the last one carried no MAC, and that was told */
	bool changed; /* something was told of that is more than what cannot be checked */
	struct gap gaps[GAPS_MAX];
	size_t gap_count;
	struct audit_place *places;
	uint64_t place_count; /* all there were */
	struct audit_summary summary;
};

const char *audit_finding_name(enum audit_finding_kind kind)
{
	static const char *const names[] = {
		[AUDIT_EDITED] = "edited",       [AUDIT_REMOVED] = "removed",   [AUDIT_INSERTED] = "inserted",
		[AUDIT_REORDERED] = "reordered", [AUDIT_CUT] = "cut",           [AUDIT_DAMAGED] = "damaged",
		[AUDIT_UNCHECKED] = "unchecked", [AUDIT_DISTRUST] = "distrust",
	};

	return kind < ARRAY_SIZE(names) ? names[kind] : "";
}

static void find(struct audit_verifier *verifier, enum audit_finding_kind kind, uint64_t line, uint64_t seq,
		 uint64_t last, const char *format, ...) __attribute__((format(printf, 6, 7)));

static void find(struct audit_verifier *verifier, enum audit_finding_kind kind, uint64_t line, uint64_t seq,
		 uint64_t last, const char *format, ...)
{
	char text[TEXT_SIZE];
	struct audit_finding finding = { .kind = kind,
					 .file = line > 0 ? verifier->file : NULL,
					 .line = line,
					 .seq = seq,
					 .last = last,
					 .text = text };
	va_list values;

	va_start(values, format);
	vsnprintf(text, sizeof(text), format, values);
	va_end(values);
	verifier->summary.findings++;
	verifier->changed = verifier->changed || kind != AUDIT_UNCHECKED;
	verifier->report(verifier->data, &finding);
}

/* ---- keys ---- */

int audit_verifier_add_key(struct audit_verifier *verifier, const struct chain_key *first, uint64_t seq)
{
	return audit_keys_add(&verifier->keys, first, seq);
}

/* ---- heads ---- */

int audit_verifier_add_head(struct audit_verifier *verifier, uint64_t seq, const uint8_t head[CHAIN_HASH_SIZE])
{
	struct head *heads = reallocarray(verifier->heads, verifier->head_count + 1, sizeof(*heads));

	if (!heads)
		return -ENOMEM;
	verifier->heads = heads;
	heads[verifier->head_count] = (struct head){ .seq = seq };
	memcpy(heads[verifier->head_count].hash, head, CHAIN_HASH_SIZE);
	verifier->head_count++;
	return 0;
}

static int compare_heads(const void *one, const void *other)
{
	const struct head *a = one, *b = other;

	return a->seq < b->seq ? -1 : a->seq > b->seq;
}

static void look_at_heads(struct audit_verifier *verifier, uint64_t seq)
{
	struct head wanted = { .seq = seq };
	struct head *head = verifier->head_count > 0 ? bsearch(&wanted, verifier->heads, verifier->head_count,
							       sizeof(wanted), compare_heads)
						     : NULL;

	if (!head)
		return;
	while (head > verifier->heads && head[-1].seq == seq)
		head--;
	for (; head < verifier->heads + verifier->head_count && head->seq == seq; head++) {
		head->seen = true;
		if (memcmp(head->hash, verifier->prev, CHAIN_HASH_SIZE) == 0) {
			verifier->summary.heads++;
		} else if (!verifier->told) {
			find(verifier, AUDIT_EDITED, verifier->line, seq, seq,
			     "record %" PRIu64 " is not the one whose head was noted elsewhere", seq);
			verifier->told = true;
		}
	}
}

/* ---- pieces that are no records ---- */

static void piece_tell(struct audit_verifier *verifier)
{
	struct audit_piece *piece = &verifier->piece;

	if (piece->lines == 0)
		return;
	if (piece->lines == 1)
		find(verifier, AUDIT_DAMAGED, piece->line, piece->seq, piece->seq,
		     "what stands here is no record: it was inserted, or was a record");
	else
		find(verifier, AUDIT_DAMAGED, piece->line, piece->seq, piece->seq,
		     "%" PRIu64 " lines from here on are no records: they were inserted, or were records",
		     piece->lines);
	audit_piece_done(&verifier->piece);
}

/* ---- records ---- */

static void remember(struct audit_verifier *verifier, const struct chain_links *links)
{
	verifier->places[verifier->place_count++ % AUDIT_PLACES_MAX] =
		(struct audit_place){ .links = *links, .file = verifier->file, .line = verifier->line };
}

/* One whose number is not beyond all before it. */
static void tell_backwards(struct audit_verifier *verifier, uint64_t seq)
{
	for (size_t i = 0; i < verifier->gap_count; i++) {
		if (seq < verifier->gaps[i].first || seq > verifier->gaps[i].last)
			continue;
		find(verifier, AUDIT_REORDERED, verifier->line, seq, seq,
		     "record %" PRIu64 " stands behind record %" PRIu64, seq, verifier->summary.last_seq);
		return;
	}
	find(verifier, AUDIT_INSERTED, verifier->line, seq, seq,
	     "record %" PRIu64 " was there already: this one was inserted", seq);
}

static void tell_gap(struct audit_verifier *verifier, uint64_t first, uint64_t last)
{
	if (verifier->gap_count < GAPS_MAX)
		verifier->gaps[verifier->gap_count++] = (struct gap){ first, last };
	if (first == last)
		find(verifier, AUDIT_REMOVED, verifier->line, first, last,
		     "record %" PRIu64 " is missing before this one", first);
	else
		find(verifier, AUDIT_REMOVED, verifier->line, first, last,
		     "records %" PRIu64 " to %" PRIu64 " are missing before this one", first, last);
	verifier->prev_known = false;
}

/* A chain that begins, and the key for it. Of the records before it, who has the running key knows nothing. */
static void follow_chain(struct audit_verifier *verifier, const struct chain_line *line)
{
	char id[CHAIN_ID_SIZE + 1];

	if (!verifier->chained && line->chained)
		verifier->key = audit_keys_before(&verifier->keys, line->links.seq);
	if (!chain_read_start(line->text, line->text_size, id))
		return;
	/* The key is there before its chain. */
	if (!line->links.has_mac) {
		find(verifier, AUDIT_INSERTED, verifier->line, line->links.seq, line->links.seq,
		     "record %" PRIu64 " says that a chain begins, and carries no MAC: apikeyd did not write it",
		     line->links.seq);
		verifier->bare = true;
		return;
	}
	memcpy(verifier->summary.chain, id, sizeof(id));
	verifier->place_count = 0;
	/* A key that was given is for what comes behind its own start, up to another one. */
	if (verifier->key && strcmp(verifier->key->id, id) != 0 && !audit_keys_named(&verifier->keys, id)) {
		find(verifier, AUDIT_UNCHECKED, verifier->line, line->links.seq, line->links.seq,
		     "another chain, %s, begins here, and none of the given keys is its first", id);
		verifier->key = NULL;
		return;
	}
	verifier->key = audit_keys_named(&verifier->keys, id);
}

void audit_verify_bare(uint64_t seq, char *ret_text, size_t size)
{
	snprintf(ret_text, size,
		 "record %" PRIu64 " carries no MAC, nor do those up to the next one that does: apikeyd wrote them "
		 "while it had no key, or somebody else did",
		 seq);
}

/* Where there is a key for MACs, one that has none could be anybody's. Told once of those that follow each other. */
static void look_for_mac(struct audit_verifier *verifier, const struct chain_links *links)
{
	bool bare = !links->has_mac && verifier->key;
	char text[TEXT_SIZE];

	if (bare && !verifier->bare) {
		audit_verify_bare(links->seq, text, sizeof(text));
		find(verifier, AUDIT_UNCHECKED, verifier->line, links->seq, links->seq, "%s", text);
	}
	verifier->bare = bare;
}

/* 0 or a negative errno. */
static int check_links(struct audit_verifier *verifier, const struct chain_links *links)
{
	static const uint8_t none[CHAIN_HASH_SIZE];
	struct audit_summary *summary = &verifier->summary;
	bool follows = !verifier->prev_known || memcmp(links->prev, verifier->prev, sizeof(links->prev)) == 0;
	bool told_before = verifier->told;
	int right = 1;

	if (!verifier->begun && links->seq == 1)
		follows = memcmp(links->prev, none, sizeof(none)) == 0;
	verifier->told = false;
	if (links->has_mac && verifier->key) {
		right = audit_key_check(verifier->key, links);
		if (right < 0)
			return right;
	}
	if (right == 0) {
		find(verifier, AUDIT_EDITED, verifier->line, links->seq, links->seq,
		     "record %" PRIu64 " was edited: its MAC is wrong", links->seq);
		verifier->told = true;
	} else if (!follows && !told_before) {
		verifier->told = true;
		if (links->has_mac && verifier->key && verifier->begun)
			find(verifier, AUDIT_EDITED, verifier->line > 1 ? verifier->line - 1 : verifier->line,
			     links->seq - 1, links->seq - 1,
			     "record %" PRIu64 " was edited: the one behind it followed another", links->seq - 1);
		else
			find(verifier, AUDIT_EDITED, verifier->line, links->seq, links->seq,
			     "record %" PRIu64 ", or the one before it, was edited: they do not follow each other",
			     links->seq);
	}
	look_for_mac(verifier, links);
	summary->with_mac += links->has_mac;
	summary->without_mac += !links->has_mac;
	if (links->has_mac && verifier->key && right == 1) {
		summary->checked++;
		if (summary->checked_from == 0)
			summary->checked_from = links->seq;
	}
	return 0;
}

/* The number of a record that stands where it should: 0 also where there is no one before. */
static bool check_seq(struct audit_verifier *verifier, const struct chain_line *line, bool recovered)
{
	uint64_t seq = line->links.seq, expected = verifier->summary.last_seq + 1;

	if (!verifier->begun) {
		verifier->summary.first_seq = seq;
		/* Older files may be gone, but a file is whole. */
		if (seq > 1 && line->chained && !chain_read_first(line->text, line->text_size))
			find(verifier, AUDIT_REMOVED, verifier->line, seq, seq,
			     "the beginning of the file is missing: record %" PRIu64 " never was the first of one",
			     seq);
		return true;
	}
	if (seq < expected) {
		tell_backwards(verifier, seq);
		return false;
	}
	if (seq > expected && !(recovered && seq == expected + 1 && verifier->piece.seq == expected))
		tell_gap(verifier, expected, seq - 1);
	return true;
}

static bool is_event(const struct chain_line *line, const char *wanted)
{
	size_t size;
	const char *event = chain_read_event(line->text, line->text_size, &size);

	return event && size == strlen(wanted) && memcmp(event, wanted, size) == 0;
}

/* What the daemon itself says about the records before this one. */
static void look_at_event(struct audit_verifier *verifier, const struct chain_line *line)
{
	uint64_t seq = line->links.seq;

	if (is_event(line, "chain_mismatch"))
		find(verifier, AUDIT_DISTRUST, verifier->line, seq, seq,
		     "apikeyd found before this record that the end of the file was not what it had written");
	/* Behind others, what is missing between them shows by itself. */
	if (!verifier->begun && is_event(line, "chain_resumed"))
		find(verifier, AUDIT_REMOVED, verifier->line, seq - 1, seq - 1,
		     "records up to %" PRIu64 " are gone: apikeyd had written them, and found their file removed or "
		     "moved away",
		     seq - 1);
}

static int take_record(struct audit_verifier *verifier, struct chain_line *line)
{
	struct audit_summary *summary = &verifier->summary;
	struct chain_torn torn;
	bool recovered = verifier->piece.lines > 0 && line->chained &&
			 chain_read_torn(line->text, line->text_size, &torn) && audit_piece_is(&verifier->piece, &torn);
	int r;

	if (verifier->piece.lines > 0 && !recovered)
		piece_tell(verifier);
	else if (!recovered && line->chained && chain_read_torn(line->text, line->text_size, &torn) && torn.bytes > 0)
		find(verifier, AUDIT_REMOVED, verifier->line, line->links.seq, line->links.seq,
		     "the torn piece that record %" PRIu64 " tells of is missing", line->links.seq);
	if (!check_seq(verifier, line, recovered))
		return 0;
	summary->recovered += recovered;
	audit_piece_done(&verifier->piece);
	r = crypto_hash_compute(verifier->hash, line->text, line->text_size, line->links.digest);
	if (r < 0)
		return r;
	if (line->chained) {
		static const uint8_t none[CHAIN_HASH_SIZE];

		if (verifier->begun && !verifier->chained) {
			/* The first of a chain, behind records without one. */
			memcpy(verifier->prev, none, sizeof(none));
			verifier->prev_known = true;
		}
		follow_chain(verifier, line);
		r = check_links(verifier, &line->links);
		if (r == 0)
			r = chain_next(verifier->hash, &line->links, verifier->prev);
		if (r < 0)
			return r;
		verifier->prev_known = verifier->chained = true;
		look_at_event(verifier, line);
		remember(verifier, &line->links);
	} else {
		summary->unchained++;
		/* None comes behind the first of a chain, be it here or known by its key alone. */
		verifier->told = verifier->chained || audit_keys_before(&verifier->keys, line->links.seq);
		if (verifier->told)
			find(verifier, AUDIT_EDITED, verifier->line, line->links.seq, line->links.seq,
			     "record %" PRIu64 " was edited: it is not linked to the one before it", line->links.seq);
		verifier->prev_known = false;
	}
	verifier->begun = true;
	summary->records++;
	summary->last_seq = line->links.seq;
	if (verifier->prev_known)
		look_at_heads(verifier, line->links.seq);
	return 0;
}

static int take_line(struct audit_verifier *verifier, const char *data, size_t size, bool newline)
{
	struct chain_line line;

	verifier->line++;
	/* One that has no end yet is no record: its end may not be what it will be. */
	if (newline && chain_read_line(data, size, &line))
		return take_record(verifier, &line);
	return audit_piece_add(&verifier->piece, verifier->line, data, size, newline);
}

/* ---- bytes ---- */

static int keep(struct audit_verifier *verifier, const char *data, size_t size)
{
	size_t wanted = verifier->buffer_size + size;
	char *buffer;

	if (wanted > verifier->buffer_capacity) {
		buffer = realloc(verifier->buffer, wanted + wanted / 2);
		if (!buffer)
			return -ENOMEM;
		verifier->buffer = buffer;
		verifier->buffer_capacity = wanted + wanted / 2;
	}
	memcpy(verifier->buffer + verifier->buffer_size, data, size);
	verifier->buffer_size = wanted;
	return 0;
}

int audit_verifier_add(struct audit_verifier *verifier, const void *data, size_t size)
{
	const char *at = data, *end = at + size;
	int r = 0;

	while (r == 0 && at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t part = (size_t)((newline ? newline : end) - at);

		if (verifier->buffer_size == 0 && newline) {
			r = take_line(verifier, at, part, true);
		} else if (verifier->buffer_size + part > LINE_MAX_SIZE) {
			/* No record: it is taken in parts, each as a line of its own that has no end. */
			r = keep(verifier, at, part);
			if (r == 0)
				r = audit_piece_add(&verifier->piece, verifier->line, verifier->buffer,
						    verifier->buffer_size, newline != NULL);
			verifier->buffer_size = 0;
			verifier->line += newline != NULL;
		} else {
			r = keep(verifier, at, part);
			if (r == 0 && newline) {
				size_t whole = verifier->buffer_size;

				verifier->buffer_size = 0;
				r = take_line(verifier, verifier->buffer, whole, true);
			}
		}
		at += part + (newline != NULL);
	}
	return r;
}

void audit_verifier_begin(struct audit_verifier *verifier, const char *name)
{
	if (verifier->head_count > 0)
		qsort(verifier->heads, verifier->head_count, sizeof(*verifier->heads), compare_heads);
	verifier->file = name;
	verifier->line = 0;
}

int audit_verifier_end(struct audit_verifier *verifier, bool last)
{
	size_t size = verifier->buffer_size;
	int r = 0;

	verifier->buffer_size = 0;
	if (size > 0)
		r = take_line(verifier, verifier->buffer, size, false);
	if (r < 0)
		return r;
	/* What is torn at the very end is closed by the daemon when it writes the next time. */
	if (last && verifier->piece.lines > 0 && !verifier->piece.newline) {
		verifier->summary.torn = true;
		audit_piece_done(&verifier->piece);
	}
	piece_tell(verifier);
	return 0;
}

/* ---- begin and end ---- */

int audit_verifier_new(audit_report report, void *data, struct audit_verifier **ret_verifier)
{
	struct audit_verifier *verifier = calloc(1, sizeof(*verifier));
	int r;

	if (!verifier)
		return -ENOMEM;
	verifier->report = report;
	verifier->data = data;
	verifier->places = calloc(AUDIT_PLACES_MAX, sizeof(*verifier->places));
	r = verifier->places ? crypto_hash_new(&verifier->hash) : -ENOMEM;
	if (r < 0) {
		audit_verifier_free(verifier);
		return r;
	}
	*ret_verifier = verifier;
	return 0;
}

void audit_verifier_free(struct audit_verifier *verifier)
{
	if (!verifier)
		return;
	audit_piece_done(&verifier->piece);
	audit_keys_done(&verifier->keys);
	free(verifier->heads);
	free(verifier->buffer);
	free(verifier->places);
	crypto_hash_free(verifier->hash);
	free(verifier);
}

void audit_verifier_finish(struct audit_verifier *verifier, struct audit_summary *ret_summary)
{
	struct audit_summary *summary = &verifier->summary;
	const struct head *missing = NULL, *unmet = NULL;

	/* The last of those beyond the end says it all. */
	for (size_t i = 0; i < verifier->head_count; i++) {
		const struct head *head = &verifier->heads[i];

		if (!head->seen && head->seq > summary->last_seq && (!missing || head->seq > missing->seq))
			missing = head;
		if (!head->seen && head->seq >= summary->first_seq && head->seq <= summary->last_seq)
			unmet = head;
	}
	/* Where a record is missing, or is none of a chain, that was told of already. */
	if (unmet && !verifier->changed)
		find(verifier, AUDIT_EDITED, 0, unmet->seq, unmet->seq,
		     "record %" PRIu64 " is in no chain, and its head was noted elsewhere", unmet->seq);
	if (missing)
		find(verifier, AUDIT_CUT, 0, summary->last_seq + 1, missing->seq,
		     "records %" PRIu64 " to %" PRIu64 " were cut off the end: their head was noted elsewhere",
		     summary->last_seq + 1, missing->seq);
	memcpy(summary->head, verifier->prev, sizeof(summary->head));
	*ret_summary = *summary;
}

size_t audit_verifier_places(const struct audit_verifier *verifier)
{
	return verifier->place_count < AUDIT_PLACES_MAX ? (size_t)verifier->place_count : AUDIT_PLACES_MAX;
}

const struct audit_place *audit_verifier_place(const struct audit_verifier *verifier, size_t index)
{
	uint64_t oldest = verifier->place_count - audit_verifier_places(verifier);

	return &verifier->places[(oldest + index) % AUDIT_PLACES_MAX];
}
