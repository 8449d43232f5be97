/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The decoder: each rule of proto/wire.h broken in turn, in packets written by the test's own hand. */
#include <errno.h>
#include <string.h>

#include "common/cleanup.h"
#include "proto/codec.h"
#include "tests/proto/every-kind.h"
#include "tests/suite.h"

/* ---- packets by hand ---- */

struct packet {
	unsigned char bytes[WIRE_PACKET_MAX + 64];
	size_t size;
};

static void put(struct packet *packet, size_t size, uint64_t value)
{
	for (size_t i = size; i > 0; i--)
		packet->bytes[packet->size++] = (unsigned char)(value >> 8 * (i - 1));
}

static void begin(struct packet *packet)
{
	packet->size = 0;
	put(packet, 4, 0x616b6579);
	put(packet, 2, 1);
	put(packet, 2, 42);
	put(packet, 8, 0x1122334455667788);
	put(packet, 4, 0);
}

static void field(struct packet *packet, uint16_t tag, const void *bytes, size_t size)
{
	put(packet, 2, tag);
	put(packet, 2, size);
	memcpy(packet->bytes + packet->size, bytes, size);
	packet->size += size;
}

static void number(struct packet *packet, uint16_t tag, uint64_t value)
{
	put(packet, 2, tag);
	put(packet, 2, 8);
	put(packet, 8, value);
}

static void text(struct packet *packet, uint16_t tag, const char *text)
{
	field(packet, tag, text, strlen(text) + 1);
}

static void seal(struct packet *packet)
{
	size_t size = packet->size;

	packet->size = 16;
	put(packet, 4, size - WIRE_HEADER_SIZE);
	packet->size = size;
}

/* Decodes a copy of exactly the packet's size, so that a read behind its end is found. */
static int decode(const struct packet *packet, struct outer *ret_outer)
{
	static unsigned char *copy; /* kept, since texts point into it */

	free(copy);
	copy = malloc(packet->size + (packet->size == 0));
	ck_assert_ptr_nonnull(copy);
	memcpy(copy, packet->bytes, packet->size);
	return codec_decode(&outer_record, copy, packet->size, ret_outer);
}

static void check_accepted(struct packet *packet, struct outer *ret_outer)
{
	struct codec_header header;

	seal(packet);
	ck_assert_int_eq(codec_decode_header(packet->bytes, packet->size, &header), 0);
	ck_assert_int_eq(decode(packet, ret_outer), 0);
}

static void check_refused(struct packet *packet)
{
	static const struct outer nothing;
	struct outer outer;

	seal(packet);
	memset(&outer, 0x5a, sizeof(outer));
	ck_assert_int_eq(decode(packet, &outer), -EBADMSG);
	ck_assert_mem_eq(&outer, &nothing, sizeof(outer));
}

/* ---- the header ---- */

START_TEST(a_header_is_read)
{
	struct packet packet;
	struct codec_header header;

	begin(&packet);
	ck_assert_int_eq(codec_decode_header(packet.bytes, packet.size, &header), 0);
	ck_assert_uint_eq(header.type, 42);
	ck_assert_uint_eq(header.request_id, UINT64_C(0x1122334455667788));
}
END_TEST

START_TEST(a_short_header_is_refused)
{
	struct packet packet;
	struct codec_header header = { .type = 4711 };

	begin(&packet);
	for (size_t size = 0; size < WIRE_HEADER_SIZE; size++) {
		struct outer outer;

		ck_assert_int_eq(codec_decode_header(packet.bytes, size, &header), -EBADMSG);
		ck_assert_int_eq(codec_decode(&outer_record, packet.bytes, size, &outer), -EBADMSG);
	}
	ck_assert_uint_eq(header.type, 4711);
}
END_TEST

START_TEST(magic_version_and_length_must_be_right)
{
	static const size_t fixed[] = { 0, 1, 2, 3, 4, 5, 16, 17, 18, 19 };
	struct packet packet;
	struct codec_header header = { .type = 4711 };

	begin(&packet);
	text(&packet, 5, "x");
	seal(&packet);
	ck_assert_int_eq(codec_decode_header(packet.bytes, packet.size, &header), 0);
	header.type = 4711;
	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++) {
		for (int bit = 0; bit < 8; bit++) {
			packet.bytes[fixed[i]] ^= (unsigned char)(1 << bit);
			ck_assert_int_eq(codec_decode_header(packet.bytes, packet.size, &header), -EBADMSG);
			packet.bytes[fixed[i]] ^= (unsigned char)(1 << bit);
		}
	}
	ck_assert_int_eq(codec_decode_header(packet.bytes, packet.size + 1, &header), -EBADMSG);
	ck_assert_int_eq(codec_decode_header(packet.bytes, packet.size - 1, &header), -EBADMSG);
	ck_assert_uint_eq(header.type, 4711);
}
END_TEST

START_TEST(a_packet_has_a_greatest_size)
{
	static struct packet packet;
	struct codec_header header;

	memset(&packet, 0, sizeof(packet));
	begin(&packet);
	packet.size = 65536;
	seal(&packet);
	ck_assert_int_eq(codec_decode_header(packet.bytes, packet.size, &header), 0);
	packet.size = 65537;
	seal(&packet);
	ck_assert_int_eq(codec_decode_header(packet.bytes, packet.size, &header), -EBADMSG);
}
END_TEST

/* ---- fields ---- */

START_TEST(every_kind_is_decoded)
{
	struct packet packet;
	struct outer outer;
	struct inner inner;

	begin(&packet);
	number(&packet, 1, 1000);
	number(&packet, 3, INT64_MAX);
	text(&packet, 5, "12345678");
	text(&packet, 7, "o");
	text(&packet, 9, "a");
	text(&packet, 9, "abcd");
	field(&packet, 11, "\0\1\0\2a\0", 6);
	field(&packet, 11, "\0\1\0\2b\0\0\3\0\10\0\0\0\0\0\0\0\144", 18);
	number(&packet, 13, UINT64_MAX);
	text(&packet, WIRE_OPTIONAL | 4, "l");
	check_accepted(&packet, &outer);
	ck_assert_uint_eq(outer.number, 1000);
	ck_assert(outer.time == INT64_MAX);
	ck_assert_str_eq(outer.text, "12345678");
	ck_assert_str_eq(outer.optional, "o");
	ck_assert_uint_eq(outer.texts.count, 2);
	ck_assert_str_eq(outer.texts.items[0], "a");
	ck_assert_str_eq(outer.texts.items[1], "abcd");
	ck_assert_uint_eq(outer.records.count, 2);
	ck_assert(outer.any == UINT64_MAX);
	ck_assert_str_eq(outer.last, "l");

	ck_assert(codec_next_record(&outer.records, &inner_record, &inner));
	ck_assert_str_eq(inner.name, "a");
	ck_assert_uint_eq(inner.number, 0);
	ck_assert(codec_next_record(&outer.records, &inner_record, &inner));
	ck_assert_str_eq(inner.name, "b");
	ck_assert_uint_eq(inner.number, 100);
	ck_assert(!codec_next_record(&outer.records, &inner_record, &inner));
	ck_assert(!codec_next_record(&outer.records, &inner_record, &inner));
}
END_TEST

START_TEST(absent_fields_are_nothing)
{
	struct packet packet;
	struct outer outer;
	struct inner inner;

	begin(&packet);
	text(&packet, 5, "x");
	memset(&outer, 0x5a, sizeof(outer));
	check_accepted(&packet, &outer);
	ck_assert_str_eq(outer.text, "x");
	ck_assert_uint_eq(outer.number, 0);
	ck_assert_int_eq(outer.time, 0);
	ck_assert_ptr_null(outer.optional);
	ck_assert_uint_eq(outer.texts.count, 0);
	ck_assert_uint_eq(outer.records.count, 0);
	ck_assert_ptr_null(outer.last);
	ck_assert(!codec_next_record(&outer.records, &inner_record, &inner));
}
END_TEST

/* Fields as bytes, tag and length included, behind a header; the required text is there unless that is the point. */
#define T5 "\0\5\0\2x\0"
#define BYTES(literal) literal, sizeof(literal) - 1
static const struct {
	const char *rule;
	const char *bytes;
	size_t size;
	bool accepted;
} fields[] = {
	{ "as it should be", BYTES(T5), true },
	/* required */
	{ "nothing at all", BYTES(""), false },
	{ "a required text is missing", BYTES("\0\1\0\10\0\0\0\0\0\0\0\1"), false },
	{ "a required text is missing, a later field is there", BYTES("\0\7\0\2x\0"), false },
	{ "a required text is missing, an unknown optional one is there", BYTES("\200\1\0\0"), false },
	/* numbers */
	{ "a number at its limit", BYTES("\0\1\0\10\0\0\0\0\0\0\3\350" T5), true },
	{ "a number over its limit", BYTES("\0\1\0\10\0\0\0\0\0\0\3\351" T5), false },
	{ "a number far over its limit", BYTES("\0\1\0\10\377\377\377\377\377\377\377\377" T5), false },
	{ "a number of 7 bytes", BYTES("\0\1\0\7\0\0\0\0\0\0\1" T5), false },
	{ "a number of 9 bytes", BYTES("\0\1\0\11\0\0\0\0\0\0\0\0\1" T5), false },
	{ "a number of no bytes", BYTES("\0\1\0\0" T5), false },
	{ "a zero that should be left out", BYTES("\0\1\0\10\0\0\0\0\0\0\0\0" T5), false },
	{ "a number without a limit", BYTES(T5 "\0\15\0\10\377\377\377\377\377\377\377\377"), true },
	/* times */
	{ "the first time", BYTES("\0\3\0\10\0\0\0\0\0\0\0\1" T5), true },
	{ "the last time", BYTES("\0\3\0\10\177\377\377\377\377\377\377\377" T5), true },
	{ "a negative time", BYTES("\0\3\0\10\377\377\377\377\377\377\377\377" T5), false },
	{ "the most negative time", BYTES("\0\3\0\10\200\0\0\0\0\0\0\0" T5), false },
	{ "a time of 4 bytes", BYTES("\0\3\0\4\0\0\0\1" T5), false },
	/* texts */
	{ "a text at its limit",
	  BYTES("\0\5\0\11"
		"12345678\0"),
	  true },
	{ "a text over its limit",
	  BYTES("\0\5\0\12"
		"123456789\0"),
	  false },
	{ "a text without NUL", BYTES("\0\5\0\1x"), false },
	{ "a longer text without NUL", BYTES("\0\5\0\3xyz"), false },
	{ "a NUL inside", BYTES("\0\5\0\4x\0y\0"), false },
	{ "a NUL first", BYTES("\0\5\0\3\0x\0"), false },
	{ "two NULs at the end", BYTES("\0\5\0\3x\0\0"), false },
	{ "an empty text", BYTES("\0\5\0\1\0"), false },
	{ "a text of no bytes", BYTES("\0\5\0\0"), false },
	/* order and repetition */
	{ "tags descend", BYTES("\0\7\0\2x\0" T5), false },
	{ "tags descend at the end", BYTES(T5 "\0\7\0\2x\0\0\1\0\10\0\0\0\0\0\0\0\1"), false },
	{ "a text twice", BYTES(T5 T5), false },
	{ "a number twice", BYTES("\0\1\0\10\0\0\0\0\0\0\0\1\0\1\0\10\0\0\0\0\0\0\0\1" T5), false },
	{ "bytes", BYTES(T5 "\0\17\0\3\0\377\0"), true },
	{ "as many bytes as may be",
	  BYTES(T5 "\0\17\0\20"
		   "0123456789abcdef"),
	  true },
	{ "more bytes than may be",
	  BYTES(T5 "\0\17\0\21"
		   "0123456789abcdefg"),
	  false },
	{ "no bytes, said", BYTES(T5 "\0\17\0\0"), false },
	{ "bytes twice", BYTES(T5 "\0\17\0\1a\0\17\0\1b"), false },
	{ "bytes that leave the packet", BYTES(T5 "\0\17\0\4abc"), false },
	{ "a list in two runs", BYTES(T5 "\0\11\0\2a\0\0\15\0\10\0\0\0\0\0\0\0\1\0\11\0\2b\0"), false },
	/* unknown tags */
	{ "an unknown tag", BYTES(T5 "\0\6\0\2x\0"), false },
	{ "an unknown tag before all", BYTES("\0\0\0\0" T5), false },
	{ "an unknown tag behind all", BYTES(T5 "\0\16\0\0"), false },
	{ "the greatest unknown tag", BYTES(T5 "\177\377\0\0"), false },
	{ "an unknown optional tag", BYTES(T5 "\200\1\0\3abc"), true },
	{ "an unknown optional tag of no bytes", BYTES(T5 "\200\1\0\0"), true },
	{ "two unknown optional tags", BYTES(T5 "\200\1\0\1a\200\2\0\1b"), true },
	{ "the greatest optional tag", BYTES(T5 "\377\377\0\1a"), true },
	{ "an unknown optional tag twice", BYTES(T5 "\200\1\0\1a\200\1\0\1a"), false },
	{ "unknown optional tags descend", BYTES(T5 "\200\2\0\1a\200\1\0\1a"), false },
	{ "an unknown optional tag before a known one", BYTES(T5 "\200\1\0\0\200\4\0\2x\0\200\5\0\0"), true },
	{ "an optional tag before what is required", BYTES("\200\1\0\0" T5), false },
	{ "a known optional tag", BYTES(T5 "\200\4\0\2x\0"), true },
	{ "a known optional tag twice", BYTES(T5 "\200\4\0\2x\0\200\4\0\2x\0"), false },
	{ "a known optional tag, broken", BYTES(T5 "\200\4\0\1x"), false },
	/* lengths */
	{ "a byte behind the last field", BYTES(T5 "\0"), false },
	{ "half a field's head behind", BYTES(T5 "\0\7\0"), false },
	{ "a field longer than what is left", BYTES(T5 "\0\7\0\3x\0"), false },
	{ "a field as long as can be said", BYTES(T5 "\0\7\377\377x\0"), false },
	{ "an optional field longer than what is left", BYTES(T5 "\200\1\0\1"), false },
	/* lists of texts */
	{ "an item over its limit", BYTES(T5 "\0\11\0\2a\0\0\11\0\6abcde\0"), false },
	{ "an empty item", BYTES(T5 "\0\11\0\2a\0\0\11\0\1\0"), false },
	{ "an item without NUL", BYTES(T5 "\0\11\0\1a"), false },
	{ "equal items", BYTES(T5 "\0\11\0\2a\0\0\11\0\2a\0"), true },
	/* nested records */
	{ "a record", BYTES(T5 "\0\13\0\6\0\1\0\2a\0"), true },
	{ "as many records as may be", BYTES(T5 "\0\13\0\6\0\1\0\2a\0\0\13\0\6\0\1\0\2a\0\0\13\0\6\0\1\0\2a\0"), true },
	{ "one record more",
	  BYTES(T5 "\0\13\0\6\0\1\0\2a\0\0\13\0\6\0\1\0\2a\0\0\13\0\6\0\1\0\2a\0\0\13\0\6\0\1\0\2a\0"), false },
	{ "an empty record that needs a text", BYTES(T5 "\0\13\0\0"), false },
	{ "a record with an unknown tag", BYTES(T5 "\0\13\0\12\0\1\0\2a\0\0\2\0\0"), false },
	{ "a record with an unknown optional tag", BYTES(T5 "\0\13\0\12\0\1\0\2a\0\200\2\0\0"), true },
	{ "a record with a text twice", BYTES(T5 "\0\13\0\14\0\1\0\2a\0\0\1\0\2a\0"), false },
	{ "a record with a number over its limit", BYTES(T5 "\0\13\0\22\0\1\0\2a\0\0\3\0\10\0\0\0\0\0\0\0\145"),
	  false },
	{ "a record with tags out of order", BYTES(T5 "\0\13\0\22\0\3\0\10\0\0\0\0\0\0\0\1\0\1\0\2a\0"), false },
	{ "a record with a byte behind", BYTES(T5 "\0\13\0\7\0\1\0\2a\0\0"), false },
	{ "a record whose field leaves it", BYTES(T5 "\0\13\0\4\0\1\0\2a\0"), false },
	{ "a record whose field leaves it into the next", BYTES(T5 "\0\13\0\4\0\1\0\10\0\13\0\6\0\1\0\2a\0"), false },
	{ "a good record, then a broken one", BYTES(T5 "\0\13\0\6\0\1\0\2a\0\0\13\0\5\0\1\0\1a"), false },
};

START_TEST(the_rules_of_the_wire_hold)
{
	static const struct outer nothing;
	struct packet packet;
	struct outer outer;
	int r;

	begin(&packet);
	memcpy(packet.bytes + packet.size, fields[_i].bytes, fields[_i].size);
	packet.size += fields[_i].size;
	seal(&packet);
	memset(&outer, 0x5a, sizeof(outer));
	r = decode(&packet, &outer);
	ck_assert_msg(r == (fields[_i].accepted ? 0 : -EBADMSG), "%s", fields[_i].rule);
	if (r < 0)
		ck_assert_mem_eq(&outer, &nothing, sizeof(outer));
}
END_TEST

START_TEST(a_list_has_64_items)
{
	struct packet packet;
	struct outer outer;

	begin(&packet);
	text(&packet, 5, "x");
	for (int i = 0; i < 64; i++)
		text(&packet, 9, "a");
	check_accepted(&packet, &outer);
	ck_assert_uint_eq(outer.texts.count, 64);
	text(&packet, 9, "a");
	check_refused(&packet);
}
END_TEST

/* Lists inside records count from the start in each. */
START_TEST(a_packet_of_the_greatest_size_is_decoded)
{
	static struct packet packet;
	static char filler[WIRE_PACKET_MAX];
	struct outer outer;

	memset(filler, 'x', sizeof(filler));
	begin(&packet);
	text(&packet, 5, "x");
	filler[65000] = '\0';
	text(&packet, 7, filler);
	field(&packet, WIRE_OPTIONAL | 1, filler, WIRE_PACKET_MAX - WIRE_FIELD_SIZE - packet.size);
	ck_assert_uint_eq(packet.size, WIRE_PACKET_MAX);
	check_accepted(&packet, &outer);
	ck_assert_uint_eq(strlen(outer.optional), 65000);
}
END_TEST

/* Every bit of a full packet turned over: whatever is still accepted stays within its limits. */
START_TEST(no_bit_leads_out_of_bounds)
{
	struct packet packet;
	struct outer outer;
	size_t whole;

	begin(&packet);
	number(&packet, 1, 1000);
	number(&packet, 3, 7);
	text(&packet, 5, "1234");
	text(&packet, 9, "a");
	text(&packet, 9, "b");
	field(&packet, 11, "\0\1\0\2b\0\0\3\0\10\0\0\0\0\0\0\0\144", 18);
	field(&packet, WIRE_OPTIONAL | 1, "skip", 4);
	seal(&packet);
	whole = packet.size;
	for (size_t bit = 8 * WIRE_HEADER_SIZE; bit < 8 * whole; bit++) {
		packet.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
		if (decode(&packet, &outer) == 0) {
			ck_assert_uint_le(outer.number, 1000);
			ck_assert_int_ge(outer.time, 0);
			ck_assert_uint_le(strlen(outer.text), 8);
			ck_assert_uint_gt(strlen(outer.text), 0);
			ck_assert_uint_le(outer.texts.count, WIRE_LIST_MAX);
			ck_assert_uint_le(outer.records.count, 3);
		}
		packet.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	/* And every beginning of it. */
	for (packet.size = WIRE_HEADER_SIZE; packet.size < whole; packet.size++) {
		size_t at = packet.size - WIRE_HEADER_SIZE;
		bool whole_fields = at == 33 || at == 39 || at == 45 || at == 67;

		ck_assert_int_eq(decode(&packet, &outer), whole_fields ? 0 : -EBADMSG);
	}
}
END_TEST

START_TEST(an_unknown_kind_is_refused)
{
	struct outer outer;
	struct packet packet;

	begin(&packet);
	text(&packet, 1, "x");
	seal(&packet);
	ck_assert_int_eq(codec_decode(&odd_record, packet.bytes, packet.size, &outer), -EBADMSG);
}
END_TEST

/* Records that were never decoded, or whose bytes are not what was checked, end the walk. */
START_TEST(a_walk_over_broken_records_ends)
{
	static const unsigned char broken[] = { 0, 11, 0, 2, 0, 1 };
	struct codec_records records = { .count = 1, .bytes = broken, .size = sizeof(broken) };
	struct codec_records cut = { .count = 1, .bytes = broken, .size = 3 };
	struct codec_records none = { .count = 0, .bytes = broken, .size = sizeof(broken) };
	struct inner inner;

	ck_assert(!codec_next_record(&records, &inner_record, &inner));
	ck_assert(!codec_next_record(&cut, &inner_record, &inner));
	ck_assert(!codec_next_record(&none, &inner_record, &inner));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("codec");
	TCase *cases = tcase_create("codec");

	tcase_add_test(cases, a_header_is_read);
	tcase_add_test(cases, a_short_header_is_refused);
	tcase_add_test(cases, magic_version_and_length_must_be_right);
	tcase_add_test(cases, a_packet_has_a_greatest_size);
	tcase_add_test(cases, every_kind_is_decoded);
	tcase_add_test(cases, absent_fields_are_nothing);
	tcase_add_loop_test(cases, the_rules_of_the_wire_hold, 0, ARRAY_SIZE(fields));
	tcase_add_test(cases, a_list_has_64_items);
	tcase_add_test(cases, a_packet_of_the_greatest_size_is_decoded);
	tcase_add_test(cases, no_bit_leads_out_of_bounds);
	tcase_add_test(cases, an_unknown_kind_is_refused);
	tcase_add_test(cases, a_walk_over_broken_records_ends);
	suite_add_tcase(suite, cases);
	return suite_run_here(suite);
}
