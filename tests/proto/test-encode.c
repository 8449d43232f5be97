/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The encoder: it makes nothing the decoder would refuse, stays in its buffer and cuts nothing. */
#include <errno.h>
#include <string.h>

#include "common/cleanup.h"
#include "proto/codec.h"
#include "tests/proto/every-kind.h"
#include "tests/suite.h"

static int encode(const struct codec_record *record, const void *message, size_t capacity)
{
	static unsigned char buffer[2 * WIRE_PACKET_MAX];
	size_t size = 4711;
	int r = codec_encode(record, message, (struct codec_header){ .type = 1 }, buffer, capacity, &size);

	ck_assert_int_eq(r < 0, size == 4711);
	return r;
}

static char long_text[70000];

START_TEST(the_encoder_refuses_what_the_decoder_would)
{
	struct outer outer = { .text = "x" };
	struct inner inners[4] = { { .name = "a" }, { .name = "b" }, { .name = "c" }, { .name = "d" } };

	ck_assert_int_eq(encode(&outer_record, &outer, 4096), 0);
	outer.number = 1001;
	ck_assert_int_eq(encode(&outer_record, &outer, 4096), -EINVAL);
	outer = (struct outer){ .text = "x", .time = -1 };
	ck_assert_int_eq(encode(&outer_record, &outer, 4096), -EINVAL);
	outer = (struct outer){ .text = "x", .time = INT64_MIN };
	ck_assert_int_eq(encode(&outer_record, &outer, 4096), -EINVAL);
	outer = (struct outer){ .text = NULL };
	ck_assert_int_eq(encode(&outer_record, &outer, 4096), -EINVAL);
	outer = (struct outer){ .text = "" };
	ck_assert_int_eq(encode(&outer_record, &outer, 4096), -EINVAL);
	outer = (struct outer){ .text = "123456789" };
	ck_assert_int_eq(encode(&outer_record, &outer, 4096), -EINVAL);
	outer = (struct outer){ .text = "x", .texts = { .count = 65 } };
	ck_assert_int_eq(encode(&outer_record, &outer, 4096), -EINVAL);
	outer = (struct outer){ .text = "x", .texts = { .count = 2, .items = { "a", NULL } } };
	ck_assert_int_eq(encode(&outer_record, &outer, 4096), -EINVAL);
	outer = (struct outer){ .text = "x", .texts = { .count = 2, .items = { "a", "" } } };
	ck_assert_int_eq(encode(&outer_record, &outer, 4096), -EINVAL);
	outer = (struct outer){ .text = "x", .texts = { .count = 1, .items = { "abcde" } } };
	ck_assert_int_eq(encode(&outer_record, &outer, 4096), -EINVAL);
	outer = (struct outer){ .text = "x", .records = { .count = 3, .items = inners } };
	ck_assert_int_eq(encode(&outer_record, &outer, 4096), 0);
	outer.records.count = 4;
	ck_assert_int_eq(encode(&outer_record, &outer, 4096), -EINVAL);
	outer.records.count = 3;
	inners[2].name = NULL;
	ck_assert_int_eq(encode(&outer_record, &outer, 4096), -EINVAL);
	inners[2] = (struct inner){ .name = "c", .number = 101 };
	ck_assert_int_eq(encode(&outer_record, &outer, 4096), -EINVAL);
}
END_TEST

START_TEST(the_encoder_keeps_to_its_buffer)
{
	struct inner inner = { .name = "a", .number = 1 };
	struct outer outer = { .number = 1,
			       .text = "x",
			       .texts = { .count = 1, .items = { "a" } },
			       .records = { .count = 1, .items = &inner },
			       .last = "l" };
	size_t whole = 20 + 12 + 6 + 6 + 4 + 6 + 12 + 6;

	for (size_t capacity = 0; capacity < whole; capacity++)
		ck_assert_int_eq(encode(&outer_record, &outer, capacity), -EMSGSIZE);
	ck_assert_int_eq(encode(&outer_record, &outer, whole), 0);
}
END_TEST

START_TEST(the_encoder_keeps_to_the_greatest_packet)
{
	struct outer outer = { .text = "x", .optional = long_text, .last = "12345678" };

	memset(long_text, 'x', 65000);
	ck_assert_int_eq(encode(&outer_record, &outer, 2 * WIRE_PACKET_MAX), 0);
	/* 20 + 6 + 4 + 65,001 + 13 leave 492 bytes: 122 more texts of 4 with their NULs would not fit, 54 do. */
	for (outer.texts.count = 0; outer.texts.count < 54; outer.texts.count++)
		outer.texts.items[outer.texts.count] = "abcd";
	ck_assert_int_eq(encode(&outer_record, &outer, 2 * WIRE_PACKET_MAX), 0);
	outer.texts.items[outer.texts.count++] = "abcd";
	ck_assert_int_eq(encode(&outer_record, &outer, 2 * WIRE_PACKET_MAX), -EMSGSIZE);
}
END_TEST

/* A field's length is 16 bits wide; what does not fit in them is refused and not cut. */
START_TEST(a_field_has_a_greatest_size)
{
	static const struct codec_field wide_fields[] = {
		{ 1, CODEC_TEXT, false, offsetof(struct outer, text), 100000, NULL },
	};
	static const struct codec_record wide = { "wide", sizeof(struct outer), 1, wide_fields };
	static const struct codec_field holder_fields[] = {
		{ 1, CODEC_RECORDS, false, offsetof(struct outer, records), 1, &wide },
	};
	static const struct codec_record holder = { "holder", sizeof(struct outer), 1, holder_fields };
	struct outer inner = { .text = long_text };
	struct outer outer = { .records = { .count = 1, .items = &inner } };

	memset(long_text, 'x', 65536);
	ck_assert_int_eq(encode(&wide, &inner, 2 * WIRE_PACKET_MAX), -EMSGSIZE);
	long_text[65505] = '\0';
	ck_assert_int_eq(encode(&wide, &inner, 2 * WIRE_PACKET_MAX), 0);
	ck_assert_int_eq(encode(&holder, &outer, 2 * WIRE_PACKET_MAX), 0);
	long_text[65505] = 'x';
	long_text[65506] = '\0';
	ck_assert_int_eq(encode(&holder, &outer, 2 * WIRE_PACKET_MAX), 0);
	long_text[65506] = 'x';
	long_text[65507] = '\0';
	ck_assert_int_eq(encode(&holder, &outer, 2 * WIRE_PACKET_MAX), 0);
	long_text[65507] = 'x';
	long_text[65508] = '\0';
	ck_assert_int_eq(encode(&holder, &outer, 2 * WIRE_PACKET_MAX), -EMSGSIZE);
}
END_TEST

START_TEST(required_lists_and_numbers_are_kept)
{
	static unsigned char packet[256];
	struct inner inner = { .name = "a" };
	struct outer outer = { .texts = { .count = 1, .items = { "a" } }, .records = { .count = 1, .items = &inner } };
	struct outer back;
	size_t size;

	/* A number that is required is said even where it is 0. */
	ck_assert_int_eq(
		codec_encode(&strict_record, &outer, (struct codec_header){ 0 }, packet, sizeof(packet), &size), 0);
	ck_assert_uint_eq(size, 20 + 12 + 6 + 4 + 6);
	ck_assert_int_eq(codec_decode(&strict_record, packet, size, &back), 0);
	ck_assert_uint_eq(back.records.count, 1);
	/* Without the records; without them and the texts. */
	ck_assert_int_eq(codec_decode(&strict_record, packet, 20 + 12 + 6, &back), -EBADMSG);
	ck_assert_int_eq(codec_decode(&strict_record, packet, 20 + 12, &back), -EBADMSG);
	ck_assert_int_eq(codec_decode(&strict_record, packet, 20, &back), -EBADMSG);
	outer.texts.count = 0;
	ck_assert_int_eq(encode(&strict_record, &outer, 4096), -EINVAL);
	outer.texts.count = 1;
	outer.records.count = 0;
	ck_assert_int_eq(encode(&strict_record, &outer, 4096), -EINVAL);
}
END_TEST

START_TEST(an_unknown_kind_is_refused)
{
	struct outer outer = { .text = "x" };

	ck_assert_int_eq(encode(&odd_record, &outer, 4096), -EINVAL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("encode");
	TCase *cases = tcase_create("encode");

	tcase_add_test(cases, the_encoder_refuses_what_the_decoder_would);
	tcase_add_test(cases, the_encoder_keeps_to_its_buffer);
	tcase_add_test(cases, the_encoder_keeps_to_the_greatest_packet);
	tcase_add_test(cases, a_field_has_a_greatest_size);
	tcase_add_test(cases, required_lists_and_numbers_are_kept);
	tcase_add_test(cases, an_unknown_kind_is_refused);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
