/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Every message: its table is in order and covers its struct, what is encoded comes back the same, and the bytes of
 * some are fixed for good.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/encoding.h"
#include "proto/message.h"
#include "proto/verdict.h"
#include "tests/proto/records.h"
#include "tests/suite.h"

static const struct codec_header header = { .type = 0x1234, .request_id = UINT64_C(0x0123456789abcdef) };

static size_t member_size(const struct codec_field *field)
{
	switch (field->kind) {
	case CODEC_NUMBER:
	case CODEC_TIME:
		return sizeof(uint64_t);
	case CODEC_TEXT:
		return sizeof(char *);
	case CODEC_BYTES:
		return sizeof(struct codec_bytes);
	case CODEC_TEXT_LIST:
		return sizeof(struct codec_texts);
	case CODEC_RECORDS:
		return sizeof(struct codec_records);
	}
	return 0;
}

/* Two fields that share a member, or a member without a field, would pass every round trip. */
START_TEST(a_table_covers_its_struct)
{
	const struct codec_record *record = all_records[_i];
	size_t end = 0;
	int tag = 0;

	for (size_t i = 0; i < record->field_count; i++) {
		const struct codec_field *field = &record->fields[i];

		ck_assert_msg(field->tag > tag && field->tag < WIRE_OPTIONAL, "%s: tag %u", record->name, field->tag);
		ck_assert_msg(field->offset >= end && field->offset - end < sizeof(uint64_t),
			      "%s: tag %u does not follow", record->name, field->tag);
		ck_assert_uint_gt(field->limit, 0);
		ck_assert_int_eq(field->kind == CODEC_RECORDS, field->record != NULL);
		if (field->kind == CODEC_TEXT || field->kind == CODEC_TEXT_LIST)
			ck_assert_uint_lt(field->limit, UINT16_MAX);
		if (field->kind == CODEC_TIME)
			ck_assert_uint_eq(field->limit, INT64_MAX);
		tag = field->tag;
		end = field->offset + member_size(field);
	}
	ck_assert_msg(record->size >= end && record->size - end < sizeof(uint64_t),
		      "%s ends in a member without a field", record->name);
}
END_TEST

static void check_round_trip(const struct codec_record *record, const void *message)
{
	static unsigned char packet[WIRE_PACKET_MAX], again[WIRE_PACKET_MAX];
	struct pool pool = { NULL };
	struct codec_header decoded;
	size_t size = 0, again_size = 0;
	void *back;

	ck_assert_int_eq(codec_encode(record, message, header, packet, sizeof(packet), &size), 0);
	ck_assert_int_eq(codec_decode_header(packet, size, &decoded), 0);
	ck_assert_uint_eq(decoded.type, header.type);
	ck_assert_uint_eq(decoded.request_id, header.request_id);
	back = record_decode(record, packet, size, &pool);
	ck_assert_msg(back != NULL, "%s is refused", record->name);
	ck_assert_msg(record_equal(record, message, back), "%s comes back changed", record->name);
	ck_assert_int_eq(codec_encode(record, back, header, again, sizeof(again), &again_size), 0);
	ck_assert_uint_eq(size, again_size);
	ck_assert_mem_eq(packet, again, size);

	/* No beginning of it is a message, whole fields apart; and what it needs is its size exactly. */
	for (size_t less = 1; less <= size; less++)
		ck_assert_int_eq(codec_decode_header(packet, size - less, &decoded), -EBADMSG);
	ck_assert_int_eq(codec_encode(record, message, header, again, size, &again_size), 0);
	again_size = 4711;
	ck_assert_int_eq(codec_encode(record, message, header, again, size - 1, &again_size), -EMSGSIZE);
	ck_assert_uint_eq(again_size, 4711);
	pool_done(&pool);
}

START_TEST(messages_come_back_the_same)
{
	const struct codec_record *record = all_records[_i];
	struct pool pool = { NULL };

	for (enum filling filling = FILL_LEAST; filling <= FILL_GREATEST; filling++)
		check_round_trip(record, record_fill(record, filling, &pool));
	pool_done(&pool);
}
END_TEST

/* Each field alone beside the required ones. */
START_TEST(each_field_goes_alone)
{
	const struct codec_record *record = all_records[_i];
	struct pool pool = { NULL };

	for (size_t i = 0; i < record->field_count; i++) {
		const struct codec_field *field = &record->fields[i];
		char *all = record_fill(record, FILL_SOME, &pool);
		char *message = record_fill(record, FILL_LEAST, &pool);

		memcpy(message + field->offset, all + field->offset, member_size(field));
		check_round_trip(record, message);
	}
	pool_done(&pool);
}
END_TEST

START_TEST(what_is_required_is_missed)
{
	const struct codec_record *record = all_records[_i];
	unsigned char packet[4096];
	struct pool pool = { NULL };
	size_t size;

	for (size_t i = 0; i < record->field_count; i++) {
		const struct codec_field *field = &record->fields[i];
		char *message = record_fill(record, FILL_SOME, &pool);

		if (!field->required)
			continue;
		memset(message + field->offset, 0, member_size(field));
		ck_assert_int_eq(codec_encode(record, message, header, packet, sizeof(packet), &size), -EINVAL);
		*(const char **)(void *)(message + field->offset) = "";
		ck_assert_int_eq(codec_encode(record, message, header, packet, sizeof(packet), &size), -EINVAL);
	}
	pool_done(&pool);
}
END_TEST

/* One more than each limit, by the encoder and, for numbers and texts, behind its back by the decoder's rule test. */
START_TEST(limits_are_kept)
{
	static unsigned char packet[WIRE_PACKET_MAX];
	const struct codec_record *record = all_records[_i];
	struct pool pool = { NULL };
	size_t size;

	for (size_t i = 0; i < record->field_count; i++) {
		const struct codec_field *field = &record->fields[i];
		char *message = record_fill(record, FILL_SOME, &pool);
		void *member = message + field->offset;
		struct codec_texts *texts = member;
		struct codec_records *records = member;
		char *text = pool_take(
			&pool, field->kind == CODEC_TEXT || field->kind == CODEC_TEXT_LIST ? field->limit + 2 : 1);

		if (field->kind == CODEC_TEXT || field->kind == CODEC_TEXT_LIST)
			memset(text, 'x', field->limit + 1);
		switch (field->kind) {
		case CODEC_NUMBER:
			if (field->limit == UINT64_MAX)
				continue;
			*(uint64_t *)member = field->limit + 1;
			break;
		case CODEC_TIME:
			*(int64_t *)member = -1;
			break;
		case CODEC_TEXT:
			*(const char **)member = text;
			break;
		case CODEC_BYTES:
			((struct codec_bytes *)member)->size = field->limit + 1;
			break;
		case CODEC_TEXT_LIST:
			texts->items[1] = text;
			ck_assert_int_eq(codec_encode(record, message, header, packet, sizeof(packet), &size), -EINVAL);
			for (texts->count = 0; texts->count < WIRE_LIST_MAX; texts->count++)
				texts->items[texts->count] = "x";
			ck_assert_int_eq(codec_encode(record, message, header, packet, sizeof(packet), &size), 0);
			texts->count = WIRE_LIST_MAX + 1;
			break;
		case CODEC_RECORDS:
			records->items = pool_take(&pool, (field->limit + 1) * field->record->size);
			records->count = field->limit + 1;
			break;
		}
		ck_assert_msg(codec_encode(record, message, header, packet, sizeof(packet), &size) == -EINVAL,
			      "%s: tag %u", record->name, field->tag);
	}
	pool_done(&pool);
}
END_TEST

static void check_bytes(const struct codec_record *record, const void *message, uint16_t type, const char *expected)
{
	unsigned char packet[WIRE_PACKET_MAX];
	char text[2 * 512 + 1];
	size_t size = 0;

	ck_assert_int_eq(codec_encode(record, message, (struct codec_header){ .type = type, .request_id = 7 }, packet,
				      sizeof(packet), &size),
			 0);
	ck_assert_uint_le(size, 512);
	encoding_hex(packet, size, text);
	ck_assert_str_eq(text, expected);
}

/* Bytes written out by hand: the same on every machine, and in every version to come. */
START_TEST(the_bytes_of_a_request_are_fixed)
{
	const struct message_verify request = { .credential = "ak", .user = "al", .service = "s", .permission = "p" };

	check_bytes(&message_verify, &request, WIRE_VERIFY,
		    "616b6579"
		    "0001"
		    "0002"
		    "0000000000000007"
		    "0000001a"
		    "00010003616b00"
		    "00020003616c00"
		    "000300027300"
		    "000400027000");
}
END_TEST

START_TEST(the_bytes_of_a_reply_are_fixed)
{
	const struct message_verdict reply = {
		.verdict = VERDICT_GRANTED, .service = "s", .key_id = "k", .expires = TIME_NEVER, .permissions = "a b"
	};

	check_bytes(&message_verdict, &reply, WIRE_REPLY | WIRE_VERIFY,
		    "616b6579"
		    "0001"
		    "8002"
		    "0000000000000007"
		    "0000002c"
		    "000100080000000000000001"
		    "000400027300"
		    "000500026b00"
		    "000900087fffffffffffffff"
		    "000b0004612062"
		    "00");
}
END_TEST

START_TEST(the_bytes_of_nested_records_are_fixed)
{
	const struct message_use use = { .time = 0x0102030405060708, .service = "s" };
	const struct message_secret secret = { .number = 1,
					       .use_count = UINT64_MAX,
					       .last_use = { .count = 1, .items = &use } };

	check_bytes(&message_secret, &secret, 1,
		    "616b6579"
		    "0001"
		    "0001"
		    "0000000000000007"
		    "0000002e"
		    "000100080000000000000001"
		    "00040008ffffffffffffffff"
		    "00060012"
		    "000100080102030405060708"
		    "000200027300");
}
END_TEST

/* By number, as they are on the wire: a number is never given to another type. */
static const struct {
	enum wire_type type;
	unsigned int number;
} types[] = {
	{ WIRE_HELLO, 1 },           { WIRE_VERIFY, 2 },        { WIRE_ACCOUNT, 3 },      { WIRE_KEY_CREATE, 16 },
	{ WIRE_KEY_LIST, 17 },       { WIRE_KEY_SHOW, 18 },     { WIRE_KEY_UPDATE, 19 },  { WIRE_KEY_ACTIVATE, 20 },
	{ WIRE_KEY_DEACTIVATE, 21 }, { WIRE_KEY_REVOKE, 22 },   { WIRE_KEY_DELETE, 23 },  { WIRE_EXPLAIN, 24 },
	{ WIRE_STATUS, 25 },         { WIRE_KEY_ROTATE, 26 },   { WIRE_KEY_RETIRE, 27 },  { WIRE_SESSION_OPEN, 70 },
	{ WIRE_SESSION_CLOSE, 71 },  { WIRE_SESSION_LIST, 72 }, { WIRE_SESSION_END, 73 }, { WIRE_ERROR, 0xffff },
};

START_TEST(types_keep_their_numbers)
{
	ck_assert_uint_eq(types[_i].type, types[_i].number);
	/* A reply is told from every request, and from an error. */
	for (size_t j = 0; j < ARRAY_SIZE(types) - 1; j++)
		ck_assert_uint_ne(types[_i].number | WIRE_REPLY, types[j].number);
}
END_TEST

/* A request to verify and its reply stay under the smaller size, whatever their fields hold. */
START_TEST(verification_fits_its_packet)
{
	static const struct codec_record *const records[] = { &message_verify, &message_account, &message_verdict,
							      &message_hello,  &message_welcome, &message_error };
	unsigned char packet[WIRE_VERIFY_PACKET_MAX];
	struct pool pool = { NULL };
	size_t size = 0;

	ck_assert_int_eq(codec_encode(records[_i], record_fill(records[_i], FILL_GREATEST, &pool), header, packet,
				      sizeof(packet), &size),
			 0);
	pool_done(&pool);
}
END_TEST

/* A key whose lists are as long as a key's may be is still a packet. */
START_TEST(the_greatest_key_fits_its_packet)
{
	static unsigned char packet[WIRE_PACKET_MAX];
	struct pool pool = { NULL };
	struct message_key *key = record_fill(&message_key, FILL_GREATEST, &pool);
	struct codec_texts *lists[] = { &key->permissions, &key->roles, &key->users, &key->sources, &key->labels };
	char text[WIRE_LIST_TEXT_MAX / WIRE_LIST_MAX];
	struct message_secret secrets[5];
	size_t size = 0;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		for (lists[i]->count = 0; lists[i]->count < WIRE_LIST_MAX; lists[i]->count++)
			lists[i]->items[lists[i]->count] = text;
	}
	for (size_t i = 0; i < ARRAY_SIZE(secrets); i++)
		secrets[i] = *(struct message_secret *)record_fill(&message_secret, FILL_GREATEST, &pool);
	key->secrets.items = secrets;
	key->secrets.count = ARRAY_SIZE(secrets);
	/* As one record of a page, with a cursor beside it. */
	ck_assert_int_eq(codec_encode(&message_key_page,
				      &(struct message_key_page){ .keys = { .count = 1, .items = key } }, header,
				      packet, sizeof(packet) - WIRE_FIELD_SIZE - WIRE_CURSOR_MAX - 1, &size),
			 0);
	pool_done(&pool);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("message");
	TCase *cases = tcase_create("message");
	int count = (int)all_records_count;

	tcase_add_loop_test(cases, a_table_covers_its_struct, 0, count);
	tcase_add_loop_test(cases, messages_come_back_the_same, 0, count);
	tcase_add_loop_test(cases, each_field_goes_alone, 0, count);
	tcase_add_loop_test(cases, what_is_required_is_missed, 0, count);
	tcase_add_loop_test(cases, limits_are_kept, 0, count);
	tcase_add_test(cases, the_bytes_of_a_request_are_fixed);
	tcase_add_test(cases, the_bytes_of_a_reply_are_fixed);
	tcase_add_test(cases, the_bytes_of_nested_records_are_fixed);
	tcase_add_loop_test(cases, types_keep_their_numbers, 0, ARRAY_SIZE(types));
	tcase_add_loop_test(cases, verification_fits_its_packet, 0, 6);
	tcase_add_test(cases, the_greatest_key_fits_its_packet);
	suite_add_tcase(suite, cases);
	return suite_run_here(suite);
}
