/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The chain of the audit: what the daemon writes is found right, whatever happened to the daemon; what somebody did to
 * the files is found, and where. CHECK_LONG counts to ten thousand of either.
 */
#include "tests/daemon/audit-fixture.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "common/cleanup.h"
#include "common/encoding.h"
#include "crypto/audit_key_text.h"
#include "crypto/audit_verify.h"
#include "daemon/audit_seal.h"
#include "tests/long.h"
#include "tests/suite.h"

#define LONG_COUNT 10000
#define SHORT_COUNT 300
#define FILES_MAX 64

static struct fixture fixture;
static struct chain_key first;
static uint64_t random_state;

static void begin(void)
{
	fixture_begin(&fixture);
	random_state = 88172645463325252U;
	signal(SIGXFSZ, SIG_IGN);
}

static void end(void)
{
	fixture_end(&fixture);
}

static int wanted(void)
{
	return tests_are_long() ? LONG_COUNT : SHORT_COUNT;
}

/* The same in every run. */
static uint64_t next_random(uint64_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (random_state >> 11) % below;
}

/* ---- the daemon's side ---- */

static struct audit_seal seal;

/* A chain of its own, as the daemon makes it when there is none. */
static void chain_begin(void)
{
	uint64_t seq;

	ck_assert(audit_lacks_key(fixture.audit, &seq));
	ck_assert_int_eq(chain_key_make(seq / CHAIN_EPOCH, &first), 0);
	seal = (struct audit_seal){ .key = first, .first_seq = seq };
	ck_assert_int_eq(chain_key_id(&first, seal.id), 0);
	audit_begin(fixture.audit, &seal, "there was no key");
}

/* As it is sealed now and then. */
static void chain_seal(void)
{
	ck_assert(audit_head(fixture.audit, &seal));
}

static void write_records(size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char user[16];

		snprintf(user, sizeof(user), "u%u", (unsigned int)next_random(1000));
		ck_assert_int_eq(fixture_write(&fixture, user), 0);
	}
}

static void reopen(uint64_t max_size)
{
	fixture_close(&fixture);
	fixture_open(&fixture, max_size, 1000);
	audit_continue(fixture.audit, &seal);
}

/* ---- the files, in memory ---- */

struct files {
	char *data[FILES_MAX]; /* oldest first */
	size_t sizes[FILES_MAX];
	char names[FILES_MAX][32];
	size_t count;
};

static void files_read(struct files *files)
{
	files->count = 0;
	/* a kill inside of a rotation leaves a gap in the names */
	for (unsigned int number = FILES_MAX; number-- > 0;) {
		if (!fixture_exists(&fixture, number))
			continue;
		snprintf(files->names[files->count], sizeof(files->names[0]), "%u", number);
		files->data[files->count] = fixture_read(&fixture, number, &files->sizes[files->count]);
		files->count++;
	}
}

static void files_free(struct files *files)
{
	for (size_t i = 0; i < files->count; i++)
		free(files->data[i]);
}

static void files_copy(const struct files *from, struct files *to)
{
	*to = *from;
	for (size_t i = 0; i < from->count; i++) {
		to->data[i] = malloc(from->sizes[i] + 4096);
		ck_assert_ptr_nonnull(to->data[i]);
		memcpy(to->data[i], from->data[i], from->sizes[i]);
	}
}

struct found {
	size_t count, changed; /* changed: of these, what tells of more than that something cannot be checked */
	enum audit_finding_kind kind;
	uint64_t line, seq, last;
	char file[32], text[256];
};

static void report(void *data, const struct audit_finding *finding)
{
	struct found *found = data;

	found->changed += finding->kind != AUDIT_UNCHECKED;
	if (found->count++ > 0)
		return;
	found->kind = finding->kind;
	found->line = finding->line;
	found->seq = finding->seq;
	found->last = finding->last;
	snprintf(found->file, sizeof(found->file), "%s", finding->file ? finding->file : "");
	snprintf(found->text, sizeof(found->text), "%s", finding->text);
}

struct head {
	uint64_t seq;
	uint8_t hash[CHAIN_HASH_SIZE];
};

static void verify(const struct files *files, bool with_key, const struct head *head, struct found *ret_found,
		   struct audit_summary *ret_summary)
{
	struct audit_verifier *verifier;

	*ret_found = (struct found){ .count = 0 };
	ck_assert_int_eq(audit_verifier_new(report, ret_found, &verifier), 0);
	if (with_key)
		ck_assert_int_eq(audit_verifier_add_key(verifier, &first, seal.first_seq), 0);
	if (head)
		ck_assert_int_eq(audit_verifier_add_head(verifier, head->seq, head->hash), 0);
	for (size_t i = 0; i < files->count; i++) {
		size_t cut = files->sizes[i] / 2;

		audit_verifier_begin(verifier, files->names[i]);
		ck_assert_int_eq(audit_verifier_add(verifier, files->data[i], cut), 0);
		ck_assert_int_eq(audit_verifier_add(verifier, files->data[i] + cut, files->sizes[i] - cut), 0);
		ck_assert_int_eq(audit_verifier_end(verifier, i == files->count - 1), 0);
	}
	audit_verifier_finish(verifier, ret_summary);
	audit_verifier_free(verifier);
}

static struct head head_now(void)
{
	struct audit_health health;
	struct head head;

	audit_health(fixture.audit, &health);
	head.seq = health.seq;
	ck_assert(encoding_unhex(health.head, head.hash, sizeof(head.hash)));
	return head;
}

static void assert_clean(const char *what)
{
	struct head head = head_now();
	struct audit_summary summary;
	struct files files;
	struct found found;

	files_read(&files);
	for (int way = 0; way < 4; way++) {
		verify(&files, way & 1, way & 2 ? &head : NULL, &found, &summary);
		/* What was written without a key is told of where there is one to check it by. */
		ck_assert_msg(found.changed == 0 && (found.count > 0) == (way & 1 && summary.without_mac > 0),
			      "%s, %s key: file %s line %" PRIu64 ": %s", what, way & 1 ? "with" : "without",
			      found.file, found.line, found.text);
		ck_assert_uint_eq(summary.last_seq, head.seq);
		ck_assert_uint_eq(summary.heads, way & 2 ? 1 : 0);
		/* of another chain before this one there is no key here */
		if (way & 1 && summary.first_seq >= seal.first_seq)
			ck_assert_uint_eq(summary.checked, summary.with_mac);
	}
	files_free(&files);
}

/* ---- what the daemon goes through ---- */

static void tear(void)
{
	size_t size;
	char *data = fixture_read(&fixture, 0, &size);

	/* part of a record, as a crash leaves it: what was acknowledged is before it */
	fixture_close(&fixture);
	fixture_append(&fixture, 0, "{\"seq\":1234567,\"time\":\"2026", 1 + (size_t)next_random(27));
	free(data);
	fixture_open(&fixture, 0, 1000);
	audit_continue(fixture.audit, &seal);
}

START_TEST(test_clean_files)
{
	fixture_open(&fixture, 4000, 1000);
	chain_begin();
	write_records(50);
	assert_clean("rotated");
	chain_seal();
	write_records(3);
	reopen(4000);
	write_records(2);
	assert_clean("continued from a key that lags behind");
	tear();
	assert_clean("torn");
	write_records(2);
	for (int i = 0; i < 20; i++)
		tear();
	assert_clean("torn many times");
}
END_TEST

/* Who has no key for a while writes on, and nobody can say later whether it was the daemon. */
START_TEST(test_no_key_for_a_while)
{
	struct audit_summary summary;
	struct files files;
	struct found found;

	fixture_open(&fixture, 0, 0);
	chain_begin();
	write_records(5);
	chain_seal();
	fixture_close(&fixture);
	fixture_open(&fixture, 0, 0);
	write_records(3);
	audit_continue(fixture.audit, &seal);
	write_records(3);
	files_read(&files);
	verify(&files, false, NULL, &found, &summary);
	ck_assert_uint_eq(found.count, 0);
	ck_assert_uint_eq(summary.without_mac, 3);
	verify(&files, true, NULL, &found, &summary);
	ck_assert_uint_eq(found.count, 1);
	ck_assert_int_eq(found.kind, AUDIT_UNCHECKED);
	ck_assert_uint_eq(found.seq, 7);
	ck_assert_uint_eq(summary.checked, 9);
	files_free(&files);
}
END_TEST

/* Over epochs, in batches that lie across their edges. */
START_TEST(test_epochs)
{
	struct audit_record records[64];
	struct audit_summary summary;
	struct files files;
	struct found found;

	for (size_t i = 0; i < 64; i++)
		records[i] = (struct audit_record){ .time = FIXTURE_TIME, .event = "verify", .user = "alice" };
	fixture_open(&fixture, 0, 0);
	chain_begin();
	for (size_t i = 0; i < 70; i++)
		ck_assert_int_eq(audit_write(fixture.audit, records, 64), 0);
	assert_clean("epochs");
	chain_seal();
	ck_assert_uint_eq(seal.key.epoch, 4);
	ck_assert_int_ne(memcmp(seal.key.bytes, first.bytes, sizeof(first.bytes)), 0);
	for (size_t i = 0; i < 70; i++)
		ck_assert_int_eq(audit_write(fixture.audit, records, 64), 0);
	reopen(0); /* with a key that is four epochs behind */
	write_records(1);
	assert_clean("epochs, continued");
	/* the key of another chain fits nothing */
	ck_assert_int_eq(chain_key_make(0, &first), 0);
	files_read(&files);
	verify(&files, true, NULL, &found, &summary);
	ck_assert_uint_gt(found.count, 0);
	ck_assert_uint_eq(summary.checked, 0);
	files_free(&files);
}
END_TEST

/* A write that fails in the middle of a batch, across the edge of an epoch, leaves the chain where it was. */
START_TEST(test_failed_writes)
{
	struct audit_record records[5];
	struct rlimit limit;

	for (size_t i = 0; i < 5; i++)
		records[i] = (struct audit_record){ .time = FIXTURE_TIME, .event = "verify", .user = "alice" };
	fixture_open(&fixture, 0, 0);
	chain_begin();
	write_records(995);
	for (rlim_t more = 0; more < 2000; more += 7) {
		struct audit_health health;
		int r;

		audit_health(fixture.audit, &health);
		getrlimit(RLIMIT_FSIZE, &limit);
		limit.rlim_cur = health.size + more;
		setrlimit(RLIMIT_FSIZE, &limit);
		r = audit_write(fixture.audit, records, 5);
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_FSIZE, &limit);
		ck_assert(r == 0 || r == -EFBIG);
	}
	write_records(1);
	assert_clean("failed writes");
}
END_TEST

static void count_event(void *data, json_t *line)
{
	const char *event = json_string_value(json_object_get(line, "event"));
	struct {
		const char *name;
		size_t count;
	} *wanted_event = data;

	wanted_event->count += event && strcmp(event, wanted_event->name) == 0;
}

static size_t events(const char *name)
{
	struct {
		const char *name;
		size_t count;
	} wanted_event = { name, 0 };
	size_t size;
	char *data = fixture_read(&fixture, 0, &size);

	for (char *line = strtok(data, "\n"); line; line = strtok(NULL, "\n")) {
		json_t *json = json_loads(line, 0, NULL);

		if (json)
			count_event(&wanted_event, json);
		json_decref(json);
	}
	free(data);
	return wanted_event.count;
}

/* ---- what changed while nobody looked ---- */

START_TEST(test_file_behind_the_seal)
{
	struct head head;
	struct audit_summary summary;
	struct files files;
	struct found found;

	fixture_open(&fixture, 0, 0);
	chain_begin();
	write_records(20);
	chain_seal();
	fixture_close(&fixture);
	if (_i == 0)
		ck_assert_int_eq(unlink(fixture_path(&fixture, 0)), 0);
	else
		ck_assert_int_eq(truncate(fixture_path(&fixture, 0), 3000), 0);
	fixture_open(&fixture, 0, 0);
	audit_continue(fixture.audit, &seal);
	write_records(1);
	head = head_now();
	ck_assert_uint_ge(head.seq, 23); /* no number is used again */
	ck_assert_uint_eq(events("chain_resumed"), 1);
	files_read(&files);
	verify(&files, true, &head, &found, &summary);
	ck_assert_uint_eq(summary.heads, 1);
	ck_assert_uint_ge(found.count, 1);
	ck_assert_int_eq(found.kind, AUDIT_REMOVED);
	files_free(&files);
}
END_TEST

/* The last record is another one than what was sealed, or carries no MAC of ours. */
START_TEST(test_end_of_file_exchanged)
{
	struct audit_summary summary;
	struct files files;
	struct found found;
	size_t size;
	char *data, *user = NULL;

	fixture_open(&fixture, 0, 0);
	chain_begin();
	if (_i == 0)
		chain_seal();
	write_records(5);
	if (_i == 1)
		chain_seal();
	fixture_close(&fixture);
	data = fixture_read(&fixture, 0, &size);
	for (char *at = data; (at = strstr(at, "\"user\":\"u")) != NULL; at++)
		user = at;
	ck_assert_ptr_nonnull(user);
	user[8] = 'x';
	ck_assert_int_eq(unlink(fixture_path(&fixture, 0)), 0);
	fixture_append(&fixture, 0, data, size);
	free(data);
	fixture_open(&fixture, 0, 0);
	audit_continue(fixture.audit, &seal);
	write_records(1);
	ck_assert_uint_eq(events("chain_mismatch"), 1);
	for (int with_key = 0; with_key < 2; with_key++) {
		files_read(&files);
		verify(&files, with_key, NULL, &found, &summary);
		ck_assert_uint_ge(found.count, 1);
		files_free(&files);
	}
}
END_TEST

/* ---- what was made anew by who has the host, and with it the running key ---- */

/* Writes a record without its prev and its MAC, as it may be in no chain, or with prev alone. */
static size_t write_bare(char *to, const char *line, const uint8_t prev[CHAIN_HASH_SIZE])
{
	size_t size = strcspn(line, "\n"), text = (size_t)(strstr(line, ",\"prev\":\"") - line);
	char hex[2 * CHAIN_HASH_SIZE + 1];

	ck_assert_uint_lt(text, size);
	memcpy(to, line, text);
	if (!prev)
		return text + (size_t)sprintf(to + text, "}\n");
	encoding_hex(prev, CHAIN_HASH_SIZE, hex);
	return text + (size_t)sprintf(to + text, ",\"prev\":\"%s\"}\n", hex);
}

/* How the history before what the running key is for is made anew, and what is found first: by the first key, and by a
 * head that was noted elsewhere. */
static const struct history {
	bool chained;
	uint64_t from; /* the records before this one stay */
	enum audit_finding_kind by_key, by_head;
} histories[] = {
	{ true, 2, AUDIT_UNCHECKED, AUDIT_EDITED },
	{ true, 1, AUDIT_INSERTED, AUDIT_INSERTED },
	{ false, 1, AUDIT_EDITED, AUDIT_EDITED },
};

/* Makes records up to the first of an epoch anew, without MACs, and with another user; those behind have none of theirs
 * wrong, since whoever does it has their key. */
static void make_anew(struct files *files, const struct history *history, uint64_t until)
{
	CLEANUP_FREE char *made = malloc(2 * files->sizes[0] + 1);
	CLEANUP_FREE char *data = strndup(files->data[0], files->sizes[0]);
	uint8_t prev[CHAIN_HASH_SIZE] = { 0 };
	struct crypto_hash *hash;
	struct crypto_mac *mac;
	struct chain_key key = first;
	size_t size = 0;

	ck_assert_int_eq(crypto_hash_new(&hash), 0);
	ck_assert_int_eq(chain_key_advance(&key, until / CHAIN_EPOCH), 0);
	ck_assert_int_eq(crypto_mac_new(key.bytes, &mac), 0);
	for (char *at = strtok(data, "\n"); at; at = strtok(NULL, "\n")) {
		struct chain_line line;
		char *user = strstr(at, "\"user\":\"u");
		size_t written;

		if (user)
			user[8] = 'x';
		ck_assert(chain_read_line(at, strlen(at), &line));
		if (line.links.seq < history->from)
			written = (size_t)sprintf(made + size, "%s\n", at);
		else
			written =
				write_bare(made + size, at, line.links.seq < until && !history->chained ? NULL : prev);
		ck_assert(chain_read_line(made + size, written - 1, &line));
		if (line.chained) {
			ck_assert_int_eq(crypto_hash_compute(hash, line.text, line.text_size, line.links.digest), 0);
			if (line.links.seq >= until) {
				char hex[2 * CRYPTO_MAC_SIZE + 1];

				ck_assert_int_eq(chain_mac(mac, &line.links, line.links.mac), 0);
				encoding_hex(line.links.mac, CRYPTO_MAC_SIZE, hex);
				written += (size_t)sprintf(made + size + written - 2, ",\"mac\":\"%s\"}\n", hex) - 2;
				line.links.has_mac = true;
			}
			ck_assert_int_eq(chain_next(hash, &line.links, prev), 0);
		}
		size += written;
	}
	crypto_mac_free(mac);
	crypto_hash_free(hash);
	free(files->data[0]);
	files->data[0] = made;
	made = NULL;
	files->sizes[0] = size;
}

START_TEST(test_history_without_macs)
{
	const struct history *history = &histories[_i];
	struct audit_summary summary;
	struct files files;
	struct found found;
	struct head head;

	fixture_open(&fixture, 0, 0);
	chain_begin();
	write_records(20);
	head = head_now();
	write_records(CHAIN_EPOCH);
	files_read(&files);
	verify(&files, true, &head, &found, &summary);
	ck_assert_uint_eq(found.count, 0);
	make_anew(&files, history, CHAIN_EPOCH);
	verify(&files, true, NULL, &found, &summary);
	ck_assert_uint_ge(found.count, 1);
	ck_assert_int_eq(found.kind, history->by_key);
	ck_assert_uint_eq(found.seq, history->from);
	/* Without the key, by what was noted elsewhere. */
	verify(&files, false, &head, &found, &summary);
	ck_assert_uint_ge(found.count, 1);
	ck_assert_int_eq(found.kind, history->by_head);
	files_free(&files);
}
END_TEST

/* A number far ahead, as nobody of ours would write it: another chain begins, and nothing hangs. */
START_TEST(test_absurd_number)
{
	uint64_t seq;

	fixture_append_text(&fixture, 0, "{\"seq\":9000000000000000000,\"event\":\"x\"}\n");
	fixture_open(&fixture, 0, 0);
	seal = (struct audit_seal){ .id = "0123456789abcdef" };
	ck_assert_int_eq(chain_key_make(0, &seal.key), 0);
	audit_continue(fixture.audit, &seal);
	ck_assert(audit_lacks_key(fixture.audit, &seq));
	chain_begin();
	write_records(1);
	assert_clean("another chain");
}
END_TEST

/* The key was lost: a record says that another chain begins, which a key of the one before does not cover. */
START_TEST(test_lost_key)
{
	struct chain_key old;
	struct audit_summary summary;
	struct files files;
	struct found found;

	fixture_open(&fixture, 0, 0);
	chain_begin();
	old = first;
	write_records(5);
	fixture_close(&fixture);
	fixture_open(&fixture, 0, 0);
	chain_begin();
	write_records(5);
	assert_clean("a second chain, and its key");
	ck_assert_uint_eq(events("chain_start"), 2);
	first = old;
	seal.first_seq = 1;
	files_read(&files);
	verify(&files, true, NULL, &found, &summary);
	ck_assert_uint_eq(found.count, 1);
	ck_assert_int_eq(found.kind, AUDIT_UNCHECKED);
	ck_assert_uint_eq(summary.checked, 6);
	files_free(&files);
}
END_TEST

/* The daemon was killed when the key of a new chain was sealed, and nothing of it written. */
START_TEST(test_killed_before_a_chain_began)
{
	struct audit_seal next = { .count = 1 };

	fixture_open(&fixture, 0, 0);
	chain_begin();
	write_records(5);
	chain_seal();
	next.first_seq = seal.seq + 1;
	next.seq = seal.seq;
	memcpy(next.prev, seal.prev, sizeof(next.prev));
	ck_assert_int_eq(chain_key_make(next.first_seq / CHAIN_EPOCH, &next.key), 0);
	ck_assert_int_eq(chain_key_id(&next.key, next.id), 0);
	fixture_close(&fixture);
	fixture_open(&fixture, 0, 0);
	first = next.key;
	seal = next;
	audit_continue(fixture.audit, &seal);
	write_records(3);
	ck_assert_uint_eq(events("chain_start"), 2);
	assert_clean("sealed, and not begun");
	/* Once. */
	chain_seal();
	reopen(0);
	write_records(1);
	ck_assert_uint_eq(events("chain_start"), 2);
}
END_TEST

/* Records from before there was a chain. */
START_TEST(test_older_files)
{
	fixture_append_text(&fixture, 1, "{\"seq\":1,\"event\":\"x\"}\n{\"seq\":2,\"rev\":1,\"event\":\"x\"}\n");
	fixture_append_text(&fixture, 0, "{\"seq\":3,\"event\":\"x\"}\n");
	fixture_open(&fixture, 0, 0);
	chain_begin();
	write_records(5);
	assert_clean("older files");
}
END_TEST

/* ---- proof: tamperings ---- */

struct line {
	char *start;
	size_t size; /* with its newline */
};

static size_t lines_of(const struct files *files, size_t file, struct line *lines, size_t most)
{
	char *at = files->data[file], *stop = at + files->sizes[file];
	size_t count = 0;

	while (at < stop && count < most) {
		char *newline = memchr(at, '\n', (size_t)(stop - at));

		lines[count++] = (struct line){ at, (size_t)(newline + 1 - at) };
		at = newline + 1;
	}
	return count;
}

static void cut_out(struct files *files, size_t file, size_t at, size_t size)
{
	memmove(files->data[file] + at, files->data[file] + at + size, files->sizes[file] - at - size);
	files->sizes[file] -= size;
}

static void put_in(struct files *files, size_t file, size_t at, const char *data, size_t size)
{
	char copy[2048];

	ck_assert_uint_le(size, sizeof(copy));
	memcpy(copy, data, size);
	memmove(files->data[file] + at + size, files->data[file] + at, files->sizes[file] - at);
	memcpy(files->data[file] + at, copy, size);
	files->sizes[file] += size;
}

/* Does one of many things to the files, and says what. */
static const char *tamper(struct files *files)
{
	struct line lines[256], *one, *other;
	size_t file = next_random(files->count), count = lines_of(files, file, lines, 256), at;
	char swap[4096];

	one = &lines[next_random(count)];
	at = (size_t)(one->start - files->data[file]);
	switch (next_random(8)) {
	case 0:
		at = next_random(files->sizes[file]);
		files->data[file][at] = (char)(files->data[file][at] ^ (1 << next_random(8)));
		return "a bit";
	case 1:
		at = next_random(files->sizes[file]);
		files->data[file][at] = (char)(files->data[file][at] + 1 + (int)next_random(255));
		return "a byte";
	case 2:
		cut_out(files, file, at, one->size);
		return "a line removed";
	case 3: {
		struct line *place = &lines[next_random(count)];

		put_in(files, file, (size_t)(place->start - files->data[file]), one->start, one->size);
		return "a line doubled";
	}
	case 4:
		put_in(files, file, at, "{\"seq\":77,\"event\":\"x\"}\n", 23);
		return "a line inserted";
	case 5: {
		size_t i = next_random(count - 1);

		one = &lines[i];
		other = &lines[i + 1 + next_random(count - i - 1)];
		if (one->size != other->size || memcmp(one->start, other->start, one->size) != 0) {
			size_t between = (size_t)(other->start - one->start) - one->size;
			char *middle = malloc(between + 1);

			ck_assert_ptr_nonnull(middle);
			memcpy(middle, one->start + one->size, between);
			memcpy(swap, one->start, one->size);
			memmove(one->start, other->start, other->size);
			memcpy(one->start + other->size, middle, between);
			memcpy(one->start + other->size + between, swap, one->size);
			free(middle);
		}
		return "two lines exchanged";
	}
	case 6:
		at = next_random(files->sizes[file]);
		cut_out(files, file, at, 1 + next_random(files->sizes[file] - at));
		return "bytes cut out";
	default:
		at = next_random(files->sizes[files->count - 1]);
		files->sizes[files->count - 1] = at;
		return "the end cut off";
	}
}

/* Files in which all happened that happens to a daemon. */
static void write_rich_files(void)
{
	fixture_open(&fixture, 6000, 1000);
	chain_begin();
	write_records(30);
	chain_seal();
	tear();
	write_records(10);
	chain_seal();
	fixture_close(&fixture);
	fixture_open(&fixture, 6000, 1000);
	write_records(2);
	audit_continue(fixture.audit, &seal);
	ck_assert_int_eq(audit_append_change(fixture.audit, 1, "{\"event\":\"key_create\"}"), 0);
	write_records(20);
}

START_TEST(test_tamperings_are_found)
{
	struct files files, tampered;
	struct audit_summary summary;
	struct found found;
	struct head head;

	write_rich_files();
	assert_clean("before");
	head = head_now();
	files_read(&files);
	ck_assert_uint_ge(files.count, 3);
	for (int i = 0; i < wanted(); i++) {
		const char *what;

		files_copy(&files, &tampered);
		what = tamper(&tampered);
		/* With a key, and with none: who has no key finds it by what follows, and by the head. */
		for (int with_key = 0; with_key < 2; with_key++) {
			verify(&tampered, with_key, &head, &found, &summary);
			ck_assert_msg(found.changed > 0, "%d: %s: not found %s key", i, what,
				      with_key ? "with" : "without");
		}
		files_free(&tampered);
	}
	files_free(&files);
}
END_TEST

START_TEST(test_no_false_alarms)
{
	fixture_open(&fixture, 3000, 1000);
	chain_begin();
	for (int i = 0; i < wanted(); i++) {
		switch (next_random(8)) {
		case 0:
			tear();
			break;
		case 1:
			fixture_close(&fixture);
			fixture_open(&fixture, 2000 + next_random(4000), 1000);
			write_records(next_random(3));
			audit_continue(fixture.audit, &seal);
			break;
		case 2:
			audit_reopen(fixture.audit,
				     &(struct audit_options){ .max_size = 2000 + next_random(4000), .keep = 1000 });
			break;
		case 3:
			chain_seal();
			break;
		default:
			write_records(1 + next_random(4));
		}
		assert_clean("anything");
		/* older files go, as the limit on them has it */
		for (unsigned int number = 8; fixture_exists(&fixture, number); number++)
			ck_assert_int_eq(unlink(fixture_path(&fixture, number)), 0);
	}
}
END_TEST

/* ---- where ---- */

START_TEST(test_findings_say_where)
{
	struct files files, tampered;
	struct audit_summary summary;
	struct line lines[256];
	struct found found;
	struct head head;

	fixture_open(&fixture, 0, 0);
	chain_begin();
	write_records(10);
	head = head_now();
	files_read(&files);

	files_copy(&files, &tampered); /* line 4, record 4 */
	lines_of(&tampered, 0, lines, 256);
	strstr(lines[3].start, "\"user\":\"u")[8] = 'x';
	verify(&tampered, true, NULL, &found, &summary);
	ck_assert_uint_eq(found.count, 1);
	ck_assert_int_eq(found.kind, AUDIT_EDITED);
	ck_assert_uint_eq(found.line, 4);
	ck_assert_uint_eq(found.seq, 4);
	ck_assert_str_eq(found.file, "0");
	verify(&tampered, false, NULL, &found, &summary);
	ck_assert_uint_eq(found.count, 1);
	ck_assert_uint_eq(found.seq, 5); /* "or the one before it" */
	files_free(&tampered);

	files_copy(&files, &tampered);
	lines_of(&tampered, 0, lines, 256);
	cut_out(&tampered, 0, (size_t)(lines[5].start - tampered.data[0]), lines[5].size + lines[6].size);
	verify(&tampered, true, NULL, &found, &summary);
	ck_assert_uint_eq(found.count, 1);
	ck_assert_int_eq(found.kind, AUDIT_REMOVED);
	ck_assert_uint_eq(found.line, 6);
	ck_assert_uint_eq(found.seq, 6);
	ck_assert_uint_eq(found.last, 7);
	files_free(&tampered);

	files_copy(&files, &tampered);
	lines_of(&tampered, 0, lines, 256);
	put_in(&tampered, 0, (size_t)(lines[5].start - tampered.data[0]), lines[2].start, lines[2].size);
	verify(&tampered, true, NULL, &found, &summary);
	ck_assert_uint_eq(found.count, 1);
	ck_assert_int_eq(found.kind, AUDIT_INSERTED);
	ck_assert_uint_eq(found.line, 6);
	files_free(&tampered);

	files_copy(&files, &tampered);
	lines_of(&tampered, 0, lines, 256);
	tampered.sizes[0] = (size_t)(lines[8].start - tampered.data[0]);
	verify(&tampered, true, NULL, &found, &summary);
	ck_assert_uint_eq(found.count, 0);
	verify(&tampered, true, &head, &found, &summary);
	ck_assert_uint_eq(found.count, 1);
	ck_assert_int_eq(found.kind, AUDIT_CUT);
	ck_assert_uint_eq(found.seq, 9);
	ck_assert_uint_eq(found.last, 11);
	files_free(&tampered);

	/* the beginning of the oldest file */
	files_copy(&files, &tampered);
	lines_of(&tampered, 0, lines, 256);
	cut_out(&tampered, 0, 0, lines[0].size);
	verify(&tampered, true, NULL, &found, &summary);
	ck_assert_uint_eq(found.count, 1);
	ck_assert_int_eq(found.kind, AUDIT_REMOVED);
	files_free(&tampered);
	files_free(&files);
}
END_TEST

/* ---- the sealed key, and the text of the first ---- */

/* To another one, whatever it is. */
static void change_byte(int fd, off_t at)
{
	unsigned char byte;

	ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
	byte ^= 1;
	ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
}

START_TEST(test_seal)
{
	uint8_t data[CRYPTO_KEY_SIZE] = { 7 }, other[CRYPTO_KEY_SIZE] = { 8 };
	struct audit_seal written = { .first_seq = 5, .seq = 2045, .has_first = true, .id = "0123456789abcdef" }, read;
	char path[PATH_MAX];
	int fd;

	ck_assert_int_eq(audit_seal_load(fixture.folder, data, &read), -ENOENT);
	ck_assert_int_eq(chain_key_make(2, &written.key), 0);
	ck_assert_int_eq(chain_key_make(0, &written.first), 0);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(audit_seal_save(fixture.folder, data, &written), 0);
		ck_assert_int_eq(audit_seal_load(fixture.folder, data, &read), 0);
		ck_assert_uint_eq(read.count, (uint64_t)i + 1);
		ck_assert_uint_eq(read.seq, 2045);
		ck_assert_uint_eq(read.key.epoch, 2);
		ck_assert_int_eq(memcmp(read.key.bytes, written.key.bytes, sizeof(read.key.bytes)), 0);
		ck_assert_int_eq(memcmp(read.first.bytes, written.first.bytes, sizeof(read.first.bytes)), 0);
		ck_assert_str_eq(read.id, written.id);
	}
	ck_assert_int_eq(audit_seal_load(fixture.folder, other, &read), -EBADMSG);
	/* either copy alone is enough: a crash tears one of them at most */
	snprintf(path, sizeof(path), "%s/" AUDIT_SEAL_FILE, fixture.folder);
	fd = open(path, O_RDWR | O_CLOEXEC);
	change_byte(fd, _i == 0 ? 10 : 4096 + 10);
	ck_assert_int_eq(audit_seal_load(fixture.folder, data, &read), 0);
	ck_assert_uint_eq(read.seq, 2045);
	change_byte(fd, _i == 1 ? 10 : 4096 + 10);
	ck_assert_int_eq(audit_seal_load(fixture.folder, data, &read), -EBADMSG);
	close(fd);
}
END_TEST

START_TEST(test_key_text)
{
	char text[AUDIT_KEY_TEXT_SIZE];
	struct chain_key key, read;
	size_t taken, size;
	uint64_t seq;

	ck_assert_int_eq(chain_key_make(4, &key), 0);
	ck_assert_int_eq(audit_key_text_write(&key, 4711, text), 0);
	size = strlen(text);
	ck_assert_int_eq(audit_key_text_read(text, size, &read, &seq, &taken), 0);
	ck_assert_uint_eq(seq, 4711);
	ck_assert_uint_eq(taken, size);
	ck_assert_uint_eq(read.epoch, 4);
	ck_assert_int_eq(memcmp(read.bytes, key.bytes, sizeof(key.bytes)), 0);
	for (size_t cut = 0; cut < size; cut++)
		ck_assert_int_lt(audit_key_text_read(text, cut, &read, &seq, &taken), 0);
	for (size_t at = 0; at < size; at++) {
		text[at] ^= 1;
		ck_assert_int_lt(audit_key_text_read(text, size, &read, &seq, &taken), 0);
		text[at] ^= 1;
	}
}
END_TEST

/* ---- kills ---- */

static void write_until_killed(int acknowledge)
{
	fixture_open(&fixture, 20000, 1000);
	audit_continue(fixture.audit, &seal);
	fixture_write_on(&fixture, acknowledge);
}

/* The key is the one that was sealed at the start of all. */
START_TEST(test_kill)
{
	uint64_t acknowledged = 0;

	fixture_open(&fixture, 20000, 1000);
	chain_begin();
	chain_seal();
	fixture_close(&fixture);
	for (int kills = 0; kills < (tests_are_long() ? 200 : 10); kills++) {
		fixture_kill(write_until_killed, 5 + (unsigned int)next_random(100), &acknowledged);
		fixture_open(&fixture, 20000, 1000);
		audit_continue(fixture.audit, &seal);
		ck_assert_uint_ge(head_now().seq, acknowledged);
		assert_clean("killed");
		for (unsigned int number = 6; number < FILES_MAX; number++)
			(void)unlink(fixture_path(&fixture, number));
		fixture_close(&fixture);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("audit-chain");
	TCase *test_case = tcase_create("chain");

	tcase_add_checked_fixture(test_case, begin, end);
	tcase_set_timeout(test_case, 1200);
	tcase_add_test(test_case, test_clean_files);
	tcase_add_test(test_case, test_no_key_for_a_while);
	tcase_add_test(test_case, test_epochs);
	tcase_add_test(test_case, test_failed_writes);
	tcase_add_loop_test(test_case, test_file_behind_the_seal, 0, 2);
	tcase_add_loop_test(test_case, test_end_of_file_exchanged, 0, 2);
	tcase_add_loop_test(test_case, test_history_without_macs, 0, ARRAY_SIZE(histories));
	tcase_add_test(test_case, test_absurd_number);
	tcase_add_test(test_case, test_lost_key);
	tcase_add_test(test_case, test_killed_before_a_chain_began);
	tcase_add_test(test_case, test_older_files);
	tcase_add_test(test_case, test_tamperings_are_found);
	tcase_add_test(test_case, test_no_false_alarms);
	tcase_add_test(test_case, test_findings_say_where);
	tcase_add_loop_test(test_case, test_seal, 0, 2);
	tcase_add_test(test_case, test_key_text);
	tcase_add_test(test_case, test_kill);
	suite_add_tcase(suite, test_case);
	return suite_run(suite);
}
