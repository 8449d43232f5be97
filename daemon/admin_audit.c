/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Reading the audit, a bounded step through its files a request. Administrators see all of it, others the records of
 * keys they reach: which these are is looked up in the store, and never taken from what a record says of its owner.
 *
 * That it was read is recorded, once for each question a connection asks: not for each page, nor each time somebody who
 * follows looks again, or following would make records of its own for ever. The connection knows what it has asked;
 * a cursor, which the client could make up, excuses nobody.
 */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "daemon/admin.h"
#include "daemon/arguments.h"
#include "daemon/audit.h"
#include "daemon/audit_cursor.h"
#include "daemon/audit_filter.h"
#include "daemon/audit_page.h"
#include "daemon/audit_read.h"
#include "daemon/escape.h"
#include "daemon/store_tenant.h"
#include "daemon/throttle.h"

#define LOOKUPS_MOST 1000 /* keys that one request looks up; 10 ms and less */
#define KNOWN 64          /* keys whose answer is remembered within a request */
#define COUNTS_MAX 300    /* in one answer, so that it fits */
#define BUCKET_SECONDS 900
#define SECOND INT64_C(1000000)

struct known_key {
	char id[CREDENTIAL_KEY_ID_MAX + 1]; /* "": nothing is known */
	bool visible;
};

struct count {
	int64_t time; /* the first second */
	char service[WIRE_SERVICE_MAX + 1];
	uint64_t granted, refused;
};

struct audit_query {
	struct admin_request *request;
	struct store_reader *reader; /* NULL: administrators alone */
	struct audit_filter filter;
	bool all; /* an administrator asks */
	bool scoped;
	char tenant[STORE_SCOPE_ID_MAX + 1]; /* whose keys are asked for, where scoped is set */
	struct audit_cursor_reader cursors;
	struct known_key known[KNOWN];
	size_t lookups;
	int error;
	struct audit_page page;
	struct count *counts; /* NULL: records are asked for */
	size_t count;
};

static void query_free(struct audit_query **query)
{
	if (!*query)
		return;
	audit_page_done(&(*query)->page);
	free((*query)->counts);
	free(*query);
}

/* ---- who sees what ---- */

/* -ENOENT for a key that is not reached, or not asked for, as for one that is not there. */
static int look_up(struct audit_query *query, const char *id)
{
	struct store_key *key = &query->request->keys[0];
	int r = store_find_key(query->reader, id, key);

	if (r == 0 && query->scoped && strcmp(key->tenant, query->tenant) != 0)
		return -ENOENT;
	return r == 0 && !authority_reaches(&query->request->authority, key) ? -ENOENT : r;
}

/* Whether the authority reaches the key of a record, and it is of the tenant that is asked for. False in *ret_known:
 * too many were looked up. */
static bool is_visible(struct audit_query *query, const struct audit_entry *entry, bool *ret_known)
{
	const struct audit_value *value = &entry->members[AUDIT_MEMBER_KEY_ID];
	char id[CREDENTIAL_KEY_ID_MAX + 1];
	struct known_key *known;
	unsigned int slot = 0;
	int r;

	*ret_known = true;
	if (query->all && !query->scoped)
		return true;
	/* Its size is with the quotes, two, and the room with the NUL, one. */
	if (!value->text || value->size > sizeof(id) + 1)
		return false;
	id[audit_value_text(value, id)] = '\0';
	for (const char *letter = id; *letter; letter++)
		slot = slot * 31 + (unsigned char)*letter;
	known = &query->known[slot % KNOWN];
	if (*id == '\0' || strcmp(known->id, id) == 0)
		return *id != '\0' && known->visible;
	if (query->lookups == LOOKUPS_MOST) {
		*ret_known = false;
		return false;
	}
	query->lookups++;
	r = look_up(query, id);
	if (r < 0 && r != -ENOENT)
		query->error = r;
	snprintf(known->id, sizeof(known->id), "%s", id);
	known->visible = r == 0;
	return known->visible;
}

/* ---- lines ---- */

static struct count *find_count(struct audit_query *query, int64_t time, const char *service)
{
	/* They come in the order of their times, nearly; one that is met again has its number in two parts. */
	for (size_t i = query->count; i > 0 && i + 32 > query->count; i--)
		if (query->counts[i - 1].time == time && strcmp(query->counts[i - 1].service, service) == 0)
			return &query->counts[i - 1];
	if (query->count == COUNTS_MAX)
		return NULL;
	query->counts[query->count] = (struct count){ .time = time };
	snprintf(query->counts[query->count].service, sizeof(query->counts[0].service), "%s", service);
	return &query->counts[query->count++];
}

/* Counts a use of a key. False when there is no room. */
static bool add_count(struct audit_query *query, const struct audit_entry *entry)
{
	const struct audit_value *service = &entry->members[AUDIT_MEMBER_SERVICE];
	int64_t width = query->request->message.audit_read.bucket ? (int64_t)query->request->message.audit_read.bucket
								  : BUCKET_SECONDS;
	int64_t time = entry->time / SECOND;
	uint64_t times = audit_value_number(&entry->members[AUDIT_MEMBER_COUNT], 1);
	char name[WIRE_SERVICE_MAX + 1] = "";
	struct count *count;
	uint64_t *sum;

	if (!audit_value_is(&entry->members[AUDIT_MEMBER_EVENT], "verify") ||
	    !entry->members[AUDIT_MEMBER_VERDICT].text)
		return true;
	/* Its size is with the quotes, two, and the room with the NUL, one. */
	if (service->text && service->size <= sizeof(name) + 1)
		name[audit_value_text(service, name)] = '\0';
	count = find_count(query, time - time % width, name);
	if (!count)
		return false;
	sum = audit_value_is(&entry->members[AUDIT_MEMBER_VERDICT], verdict_name(VERDICT_GRANTED)) ? &count->granted
												   : &count->refused;
	if (__builtin_add_overflow(*sum, times, sum))
		*sum = UINT64_MAX;
	return true;
}

static bool add_record(struct audit_query *query, const struct audit_found *found, const struct audit_entry *entry)
{
	if (query->counts)
		return add_count(query, entry);
	if (query->all)
		return audit_page_add_line(&query->page, found->line, found->size, entry);
	return audit_page_add_part(&query->page, entry);
}

static bool visit(void *data, const struct audit_found *found)
{
	struct audit_query *query = data;
	struct audit_entry entry;
	bool known;

	if (query->error < 0)
		return false;
	/* To others, the time must not tell whether a record that they may not see is as they ask. */
	if (query->all && !found->broken && !audit_filter_may_take(&query->filter, found->line, found->size))
		return true;
	if (found->broken || !audit_entry_parse(found->line, found->size, &entry) || entry.seq == 0) {
		if (!query->all || query->counts || query->scoped || !audit_filter_is_open(query->filter.wanted))
			return true;
		return audit_page_add_damage(&query->page, found->line, found->size);
	}
	if (!is_visible(query, &entry, &known))
		return known;
	return !audit_filter_takes(&query->filter, &entry) || add_record(query, found, &entry);
}

/* ---- that it is read ---- */

static json_t *escaped_text(const char *text)
{
	size_t size = strlen(text);
	CLEANUP_FREE char *escaped = malloc(ESCAPE_ROOM(size));

	return escaped ? json_stringn(escaped, (size_t)(escape_name(escaped, text, size) - escaped)) : NULL;
}

static bool put_list(json_t *object, const char *name, const struct codec_texts *texts)
{
	json_t *array;

	if (texts->count == 0)
		return true;
	array = json_array();
	for (size_t i = 0; i < texts->count; i++)
		if (json_array_append_new(array, escaped_text(texts->items[i])) < 0) {
			json_decref(array);
			return false;
		}
	return json_object_set_new(object, name, array) == 0;
}

static bool put_time(json_t *object, const char *name, int64_t microseconds)
{
	char text[CLOCK_TEXT_SIZE];

	if (microseconds == 0)
		return true;
	clock_format_microseconds(microseconds, text, sizeof(text));
	return json_object_set_new(object, name, json_string(text)) == 0;
}

static void free_json(json_t **json)
{
	json_decref(*json);
}

/* What is asked for as a JSON object; NULL when memory is short. The caller frees. */
static char *describe(const struct admin_request *request)
{
	const struct message_audit_read *wanted = &request->message.audit_read;
	CLEANUP(free_json) json_t *object = json_object();

	if (json_object_set_new(object, "what",
				json_string(request->header.type == WIRE_AUDIT_COUNT ? "counts" : "records")) < 0 ||
	    !put_time(object, "since", wanted->since) || !put_time(object, "until", wanted->until) ||
	    (wanted->tenant && json_object_set_new(object, "tenant", escaped_text(wanted->tenant)) < 0))
		return NULL;
	for (const struct audit_filter_list *list = audit_filter_lists; list->name; list++)
		if (!put_list(object, list->name, audit_filter_texts(list, wanted)))
			return NULL;
	return json_dumps(object, JSON_COMPACT);
}

/* Records a question that this connection has not asked before. 0 or the refusal. */
static int record_reading(struct admin_request *request)
{
	struct connection *connection = request->connection;
	struct daemon *daemon = request->thread->daemon;
	bool administrator = request->authority.kind == AUTHORITY_ADMINISTRATOR;
	CLEANUP_FREE char *question = describe(request);
	struct throttle_answer answer;
	struct audit_record record = admin_record(request, request->verb->event);
	uint8_t digest[CRYPTO_HASH_SIZE];
	int r = question ? crypto_sha256(question, strlen(question), digest) : -ENOMEM;

	if (r < 0)
		return r;
	/* Whoever acts by another key asks another question. */
	for (const char *letter = request->authority.actor; *letter; letter++)
		digest[(size_t)(letter - request->authority.actor) % sizeof(digest)] ^= (uint8_t)*letter;
	if (connection->audited && memcmp(connection->audit_query, digest, sizeof(digest)) == 0)
		return 0;
	answer = admin_count_record(request, "audit");
	record.changes = question;
	record.count = answer.suppressed + 1;
	if (answer.record && audit_write(daemon->audit, &record, 1) < 0 && !administrator &&
	    request->settings->settings.audit_strict)
		return admin_refuse(request, ANSWER_UNAVAILABLE,
				    "nothing of the audit is shown that it does not tell of: the audit file cannot be "
				    "written");
	connection->audited = true;
	memcpy(connection->audit_query, digest, sizeof(digest));
	return 0;
}

/* ---- a request ---- */

/* Of keys that an administrator asks for there may be records alone; another is told that there is no such key. */
static int find_keys(struct audit_query *query)
{
	const struct codec_texts *keys = &query->filter.wanted->keys;

	for (size_t i = 0; i < keys->count && query->reader; i++) {
		struct store_key *key = &query->request->keys[0];
		int r = admin_find_key(query->request, query->reader, keys->items[i], key);

		if (r == ANSWER_OK)
			snprintf(query->filter.key_ids[i], sizeof(query->filter.key_ids[i]), "%s", key->id);
		else if (r != ANSWER_NOT_FOUND || !query->all)
			return r;
	}
	query->request->detail[0] = '\0';
	return 0;
}

static int find_tenant(struct audit_query *query)
{
	const char *name = query->filter.wanted->tenant;
	struct store_tenant tenant;
	int r;

	query->scoped = name != NULL;
	if (!name)
		return 0;
	if (!query->reader)
		return admin_refuse(query->request, ANSWER_UNAVAILABLE,
				    "which keys are a tenant's cannot be told while there is no key store");
	r = admin_find_tenant(query->request, query->reader, NULL, name, &tenant);
	if (r == 0)
		snprintf(query->tenant, sizeof(query->tenant), "%s", tenant.id);
	return r;
}

static int read_page(struct audit_query *query, struct audit_reading_end *end)
{
	struct admin_request *request = query->request;
	const struct message_audit_read *wanted = &request->message.audit_read;
	struct audit_reading reading = {
		.folder = request->thread->daemon->arguments->log_folder,
		.backward = wanted->reverse == 1,
		.since = wanted->since,
		.until = wanted->until > 0 ? wanted->until : INT64_MAX,
		.visit = visit,
		.data = query,
	};
	struct audit_place from;
	int r = find_keys(query);

	if (r == 0)
		r = find_tenant(query);
	if (r != 0)
		return r;
	if (wanted->cursor)
		r = audit_cursor_read(&query->cursors, wanted->cursor, &from);
	if (r == -EINVAL)
		return admin_refuse(request, ANSWER_INVALID, "the cursor is none that reading the audit has given you");
	if (r < 0)
		return r;
	reading.from = wanted->cursor ? &from : NULL;
	audit_reach(request->thread->daemon->audit, &reading.reach);
	r = audit_read(&reading, end);
	if (query->error < 0)
		return query->error;
	if (r == -EAGAIN)
		return admin_refuse(request, ANSWER_BUSY,
				    "the audit files are being renamed all the time; try again in a moment");
	if (r < 0)
		return admin_refuse(request, ANSWER_UNAVAILABLE, "the audit files cannot be read: %s", strerror(-r));
	return record_reading(request);
}

static int no_store(struct admin_request *request)
{
	return admin_refuse(request, ANSWER_UNAVAILABLE,
			    "which records are yours cannot be told while there is no key store");
}

/* A transaction holds what a reading sees of the keys together. */
static int read_in_transaction(struct audit_query *query, struct audit_reading_end *end)
{
	struct admin_request *request = query->request;
	int r = 0;

	if (query->reader)
		r = store_read_begin(query->reader);
	else if (!query->all)
		return no_store(request);
	if (r < 0 && !query->all)
		return r;
	if (r < 0)
		query->reader = NULL;
	r = read_page(query, end);
	if (query->reader)
		store_read_end(query->reader);
	return r;
}

static int begin_query(struct admin_request *request, struct store_reader *reader, const struct vault *vault,
		       struct audit_query *query)
{
	query->request = request;
	query->reader = reader;
	query->all = request->authority.kind == AUTHORITY_ADMINISTRATOR;
	if (!query->all && !vault)
		return no_store(request);
	query->cursors =
		(struct audit_cursor_reader){ query->all ? NULL : vault->keyring.data, request->authority.uid };
	if (!audit_filter_read(&request->message.audit_read, &query->filter, request->detail, sizeof(request->detail)))
		return ANSWER_INVALID;
	return 0;
}

int admin_audit_read(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	CLEANUP(query_free) struct audit_query *query = calloc(1, sizeof(*query));
	char cursor[AUDIT_CURSOR_SIZE], start[AUDIT_CURSOR_SIZE];
	struct audit_reading_end end;
	struct message_audit_page reply;
	int r;

	if (!query)
		return -ENOMEM;
	r = begin_query(request, reader, vault, query);
	if (r == 0)
		r = audit_page_init(&query->page, request->message.audit_read.limit);
	if (r == 0)
		r = read_in_transaction(query, &end);
	if (r == 0)
		r = audit_cursor_write(&query->cursors, &end.place, cursor);
	if (r == 0)
		r = audit_cursor_write(&query->cursors, &end.start, start);
	if (r != 0)
		return r;
	reply = (struct message_audit_page){
		.records = { .count = query->page.count, .items = query->page.records },
		.cursor = cursor,
		.start = start,
		.end = end.end,
		.lost = end.lost,
		.oldest = end.oldest,
	};
	return admin_reply(request, &message_audit_page, &reply);
}

int admin_audit_count(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	CLEANUP(query_free) struct audit_query *query = calloc(1, sizeof(*query));
	struct message_audit_count counts[COUNTS_MAX];
	char cursor[AUDIT_CURSOR_SIZE];
	struct audit_reading_end end;
	struct message_audit_counts reply;
	int r;

	if (!query || !(query->counts = calloc(COUNTS_MAX, sizeof(*query->counts))))
		return -ENOMEM;
	r = begin_query(request, reader, vault, query);
	if (r == 0)
		r = read_in_transaction(query, &end);
	if (r == 0)
		r = audit_cursor_write(&query->cursors, &end.place, cursor);
	if (r != 0)
		return r;
	for (size_t i = 0; i < query->count; i++)
		counts[i] = (struct message_audit_count){ query->counts[i].time, query->counts[i].service,
							  query->counts[i].granted, query->counts[i].refused };
	reply = (struct message_audit_counts){
		.counts = { .count = query->count, .items = counts },
		.cursor = cursor,
		.end = end.end,
		.oldest = end.oldest,
	};
	return admin_reply(request, &message_audit_counts, &reply);
}
