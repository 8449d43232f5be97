/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tests/proto/records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "proto/message.h"

const struct codec_record *const all_records[] = {
	&message_hello,
	&message_welcome,
	&message_error,
	&message_verify,
	&message_account,
	&message_verdict,
	&message_use,
	&message_secret,
	&message_key,
	&message_key_create,
	&message_key_list,
	&message_key_page,
	&message_key_update,
	&message_key_reference,
	&message_explain,
	&message_step,
	&message_status,
	&message_explanation,
	&message_item,
	&message_state,
	&message_key_rotate,
	&message_key_retire,
	&message_backup,
	&message_part,
	&message_restore,
	&message_restored_key,
	&message_restored,
	&message_master_key,
	&message_role,
	&message_role_change,
	&message_role_list,
	&message_role_page,
	&message_role_reference,
	&message_account_create,
	&message_account_list,
	&message_account_reference,
	&message_account_entry,
	&message_account_page,
	&message_tenant_create,
	&message_tenant_list,
	&message_tenant_reference,
	&message_tenant_update,
	&message_tenant_entry,
	&message_tenant_page,
	&message_token_issue,
	&message_token,
	&message_token_reference,
	&message_token_state,
	&message_signing_key,
	&message_import_key,
	&message_key_import,
	&message_import_result,
	&message_key_imported,
	&message_session_open,
	&message_session_reference,
	&message_session_list,
	&message_session,
	&message_session_page,
	&message_redeem,
	&message_redeemed,
	&message_rotate,
	&message_rotated,
	&message_audit_read,
	&message_audit_record,
	&message_audit_page,
	&message_audit_count,
	&message_audit_counts,
	&message_audit_check,
	&message_audit_head,
	&message_audit_key,
	&message_session_query,
	&message_session_view,
	&message_session_choice,
	&message_key_name,
	&message_lockdown,
	&message_lockdown_state,
	&message_key_bulk,
	&message_key_bulk_page,
	&message_key_find,
	&message_found,
	&message_key_found,
	&message_metrics,
	&message_sample,
	&message_samples,
	&message_signin_begin,
	&message_signin,
	&message_signin_view,
	&message_signin_choice,
	&message_link_create,
	&message_link,
	&message_introspection,
};
const size_t all_records_count = ARRAY_SIZE(all_records);

struct pool_chunk {
	struct pool_chunk *before;
	max_align_t memory[];
};

void *pool_take(struct pool *pool, size_t size)
{
	struct pool_chunk *chunk = calloc(1, sizeof(*chunk) + size);

	if (!chunk)
		abort();
	chunk->before = pool->last;
	pool->last = chunk;
	return chunk->memory;
}

void pool_done(struct pool *pool)
{
	while (pool->last) {
		struct pool_chunk *before = pool->last->before;

		free(pool->last);
		pool->last = before;
	}
}

/* A text that differs from that of every other field: "verify.3.0", or as long as may be. */
static const char *fill_text(const struct codec_record *record, const struct codec_field *field, size_t index,
			     enum filling filling, struct pool *pool)
{
	size_t size = filling == FILL_GREATEST ? field->limit : filling == FILL_LEAST ? 1 : 63;
	char *text = pool_take(pool, size + 1);

	if (filling == FILL_SOME)
		snprintf(text, size + 1, "%s.%u.%zu", record->name, field->tag, index);
	else
		memset(text, 'a' + field->tag % 26, size);
	return text;
}

/* Bytes of every value, zeros too. */
static void fill_bytes(const struct codec_field *field, enum filling filling, struct pool *pool,
		       struct codec_bytes *bytes)
{
	size_t some = field->limit < 256 ? field->limit : 256;
	size_t size = filling == FILL_GREATEST ? field->limit : filling == FILL_LEAST ? 1 : some;
	unsigned char *data = pool_take(pool, size);

	for (size_t i = 0; i < size; i++)
		data[i] = (unsigned char)i;
	*bytes = (struct codec_bytes){ .size = size, .data = data };
}

static void fill_field(const struct codec_record *record, const struct codec_field *field, enum filling filling,
		       struct pool *pool, void *member)
{
	struct codec_texts *texts = member;
	struct codec_records *records = member;
	size_t count = filling == FILL_GREATEST ? 1 : 3;
	char *items;

	switch (field->kind) {
	case CODEC_NUMBER:
	case CODEC_TIME:
		*(uint64_t *)member = filling == FILL_GREATEST || field->tag > field->limit ? field->limit : field->tag;
		return;
	case CODEC_TEXT:
		*(const char **)member = fill_text(record, field, 0, filling, pool);
		return;
	case CODEC_BYTES:
		fill_bytes(field, filling, pool, member);
		return;
	case CODEC_TEXT_LIST:
		for (texts->count = 0; texts->count < count; texts->count++)
			texts->items[texts->count] = fill_text(record, field, texts->count, filling, pool);
		return;
	case CODEC_RECORDS:
		records->count = count < field->limit ? count : (size_t)field->limit;
		items = pool_take(pool, records->count * field->record->size);
		for (size_t i = 0; i < records->count; i++)
			memcpy(items + i * field->record->size, record_fill(field->record, filling, pool),
			       field->record->size);
		records->items = items;
		return;
	}
	abort();
}

void *record_fill(const struct codec_record *record, enum filling filling, struct pool *pool)
{
	char *message = pool_take(pool, record->size);

	for (size_t i = 0; i < record->field_count; i++) {
		const struct codec_field *field = &record->fields[i];

		if (filling != FILL_LEAST || field->required)
			fill_field(record, field, filling, pool, message + field->offset);
	}
	return message;
}

/* Replaces the packet's bytes of all nested records by structs. */
static bool unfold(const struct codec_record *record, char *message, struct pool *pool)
{
	for (size_t i = 0; i < record->field_count; i++) {
		const struct codec_field *field = &record->fields[i];
		struct codec_records *records, left;
		char *items;

		if (field->kind != CODEC_RECORDS)
			continue;
		records = (void *)(message + field->offset);
		left = *records;
		items = pool_take(pool, records->count * field->record->size);
		for (size_t j = 0; j < records->count; j++) {
			char *item = items + j * field->record->size;

			if (!codec_next_record(&left, field->record, item) || !unfold(field->record, item, pool))
				return false;
		}
		if (left.count != 0 || left.size != 0 || codec_next_record(&left, field->record, items))
			return false;
		records->items = items;
	}
	return true;
}

void *record_decode(const struct codec_record *record, const void *packet, size_t size, struct pool *pool)
{
	char *message = pool_take(pool, record->size);

	if (codec_decode(record, packet, size, message) < 0)
		return NULL;
	/* Every record in a decoded message was checked with it: one that does not come out is the codec's mistake. */
	if (!unfold(record, message, pool))
		abort();
	return message;
}

static bool text_equal(const char *left, const char *right)
{
	return strcmp(left ? left : "", right ? right : "") == 0;
}

static bool bytes_equal(const struct codec_bytes *left, const struct codec_bytes *right)
{
	return left->size == right->size && (left->size == 0 || memcmp(left->data, right->data, left->size) == 0);
}

static bool texts_equal(const struct codec_texts *left, const struct codec_texts *right)
{
	if (left->count != right->count)
		return false;
	for (size_t i = 0; i < left->count; i++) {
		if (!text_equal(left->items[i], right->items[i]))
			return false;
	}
	return true;
}

static bool records_equal(const struct codec_record *record, const struct codec_records *left,
			  const struct codec_records *right)
{
	if (left->count != right->count)
		return false;
	for (size_t i = 0; i < left->count; i++) {
		if (!record_equal(record, (const char *)left->items + i * record->size,
				  (const char *)right->items + i * record->size))
			return false;
	}
	return true;
}

static bool field_equal(const struct codec_field *field, const void *left, const void *right)
{
	switch (field->kind) {
	case CODEC_NUMBER:
	case CODEC_TIME:
		return *(const uint64_t *)left == *(const uint64_t *)right;
	case CODEC_TEXT:
		return text_equal(*(const char *const *)left, *(const char *const *)right);
	case CODEC_BYTES:
		return bytes_equal(left, right);
	case CODEC_TEXT_LIST:
		return texts_equal(left, right);
	case CODEC_RECORDS:
		return records_equal(field->record, left, right);
	}
	abort();
}

bool record_equal(const struct codec_record *record, const void *left, const void *right)
{
	for (size_t i = 0; i < record->field_count; i++) {
		const struct codec_field *field = &record->fields[i];

		if (!field_equal(field, (const char *)left + field->offset, (const char *)right + field->offset))
			return false;
	}
	return true;
}
