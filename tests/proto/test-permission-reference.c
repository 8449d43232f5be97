/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The permission grammar against a slow reference that goes about it in another way: names by regular expressions,
 * queries cut into words, sorted into postfix order and worked off on a stack, and what a grant covers by trying every
 * name there is. Grants and queries are drawn at random, right ones and spoiled ones; the seed is the same each time,
 * unless PERMISSION_SEED says another.
 */
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/permission.h"
#include "proto/wire.h"
#include "tests/long.h"
#include "tests/suite.h"

#define ROUNDS 20000
#define LONG_ROUNDS 2000000
#define TEXT_SIZE 4096

/* ---- chance ---- */

static uint64_t state, seed;

static unsigned int draw(unsigned int below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned int)((state >> 16) % below);
}

static size_t rounds(void)
{
	return tests_are_long() ? LONG_ROUNDS : ROUNDS;
}

static void setup(void)
{
	const char *text = getenv("PERMISSION_SEED");

	seed = text ? strtoull(text, NULL, 0) : UINT64_C(0x9e3779b97f4a7c15);
	state = seed | 1;
}

struct text {
	size_t size;
	char text[TEXT_SIZE];
};

static void add(struct text *text, const char *what)
{
	size_t size = strlen(what);

	if (text->size + size < sizeof(text->text)) {
		memcpy(text->text + text->size, what, size + 1);
		text->size += size;
	}
}

/* Few segments, so that grants and queries meet. */
static const char *const segments[] = { "a", "b", "c" };
#define SEGMENTS 3
#define DEPTH_MOST 3

static void draw_name(struct text *text)
{
	unsigned int depth = 1 + draw(DEPTH_MOST);

	for (unsigned int i = 0; i < depth; i++) {
		add(text, i > 0 ? "." : "");
		add(text, segments[draw(SEGMENTS)]);
	}
}

static void draw_grant(struct text *text)
{
	unsigned int kind = draw(12);

	if (kind == 0) {
		add(text, "*");
		return;
	}
	draw_name(text);
	if (kind < 5)
		add(text, ".*");
}

/* Puts something else in the place of one byte, takes one out, or puts one in. */
static void spoil(struct text *text)
{
	static const char bytes[] = "aAbz09_-.*() \t/\xc3";
	size_t at = draw((unsigned int)text->size + 1);
	char byte = bytes[draw(sizeof(bytes) - 1)];

	switch (draw(3)) {
	case 0:
		if (at < text->size)
			text->text[at] = byte;
		break;
	case 1:
		if (at < text->size) {
			memmove(text->text + at, text->text + at + 1, text->size - at);
			text->size--;
		}
		break;
	default:
		if (text->size + 1 < sizeof(text->text)) {
			memmove(text->text + at + 1, text->text + at, text->size - at + 1);
			text->text[at] = byte;
			text->size++;
		}
		break;
	}
}

static void draw_grants(struct text *text)
{
	unsigned int count = draw(5);

	*text = (struct text){ .size = 0 };
	for (unsigned int i = 0; i < count; i++) {
		struct text grant = { .size = 0 };

		draw_grant(&grant);
		if (draw(8) == 0)
			spoil(&grant);
		add(text, i > 0 ? " " : "");
		add(text, grant.text);
	}
}

static void draw_spaces(struct text *text, bool needed)
{
	unsigned int count = draw(3) + (needed ? 1 : 0);

	for (unsigned int i = 0; i < count; i++)
		add(text, " ");
}

static void draw_query(struct text *text, unsigned int depth)
{
	unsigned int terms = 1 + draw(3);

	for (unsigned int i = 0; i < terms; i++) {
		bool group = depth > 0 && draw(3) == 0;

		if (i > 0) {
			draw_spaces(text, true);
			add(text, draw(2) ? "AND" : "OR");
			draw_spaces(text, true);
		}
		if (!group) {
			draw_name(text);
			continue;
		}
		add(text, "(");
		draw_spaces(text, false);
		draw_query(text, depth - 1);
		draw_spaces(text, false);
		add(text, ")");
	}
}

/* ---- the reference: names and grants ---- */

#define NAME "[a-z0-9][a-z0-9_-]{0,63}(\\.[a-z0-9][a-z0-9_-]{0,63})*"

static regex_t name_form, grant_form;

static void reference_open(void)
{
	ck_assert_int_eq(regcomp(&name_form, "^" NAME "$", REG_EXTENDED | REG_NOSUB), 0);
	ck_assert_int_eq(regcomp(&grant_form, "^(\\*|" NAME "(\\.\\*)?)$", REG_EXTENDED | REG_NOSUB), 0);
}

static bool reference_is(const regex_t *form, const char *text)
{
	return strlen(text) <= WIRE_PERMISSION_MAX && regexec(form, text, 0, NULL, 0) == 0;
}

/* Takes the next segment off a name. False at its end. */
static bool next_segment(const char **at, char *ret_segment)
{
	size_t size = strcspn(*at, ".");

	if (**at == '\0')
		return false;
	memcpy(ret_segment, *at, size);
	ret_segment[size] = '\0';
	*at += size + ((*at)[size] == '.');
	return true;
}

/* Segment by segment: a star stands for one or more that are left. */
static bool reference_matches(const char *grant, const char *name)
{
	char left[TEXT_SIZE], right[TEXT_SIZE];

	if (!reference_is(&grant_form, grant))
		return false;
	for (;;) {
		bool more = next_segment(&grant, left), there = next_segment(&name, right);

		if (more && there && strcmp(left, "*") == 0)
			return true;
		if (!more && !there)
			return true;
		if (more != there || strcmp(left, right) != 0)
			return false;
	}
}

static bool reference_held(const char *grants, const char *name)
{
	char copy[TEXT_SIZE], *left = copy, *grant;

	snprintf(copy, sizeof(copy), "%s", grants);
	while ((grant = strsep(&left, " "))) {
		if (reference_matches(grant, name))
			return true;
	}
	return false;
}

/* Every name of so many segments, of those that are drawn and one that never is. */
static bool every_name(const char *start, unsigned int depth, bool (*function)(const char *name, const void *data),
		       const void *data)
{
	static const char *const all[] = { "a", "b", "c", "never" };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		char name[64];

		snprintf(name, sizeof(name), "%s%s%s", start, *start ? "." : "", all[i]);
		if (!function(name, data) || (depth > 1 && !every_name(name, depth - 1, function, data)))
			return false;
	}
	return true;
}

static bool goes_as_far(const char *name, const void *data)
{
	const char *const *pair = data;

	return !reference_matches(pair[1], name) || reference_matches(pair[0], name);
}

/* One of the grants matches each name that the wanted one does. */
static bool reference_covers(const char *grants, const char *wanted)
{
	char copy[TEXT_SIZE], *left = copy, *grant;

	if (!reference_is(&grant_form, wanted))
		return false;
	snprintf(copy, sizeof(copy), "%s", grants);
	while ((grant = strsep(&left, " "))) {
		const char *pair[] = { grant, wanted };

		if (reference_is(&grant_form, grant) && every_name("", DEPTH_MOST + 1, goes_as_far, pair))
			return true;
	}
	return false;
}

/* ---- the reference: queries ---- */

struct machine {
	char signs[TEXT_SIZE]; /* '(', '&', '|' */
	bool values[TEXT_SIZE];
	size_t sign_count, value_count;
};

static void work_off(struct machine *machine)
{
	char sign = machine->signs[--machine->sign_count];
	bool right = machine->values[--machine->value_count];
	bool left = machine->values[--machine->value_count];

	machine->values[machine->value_count++] = sign == '&' ? left && right : left || right;
}

/* What binds as close or closer comes first. */
static void push_operator(struct machine *machine, char sign)
{
	while (machine->sign_count > 0) {
		char top = machine->signs[machine->sign_count - 1];

		if (top == '(' || (sign == '&' && top == '|'))
			break;
		work_off(machine);
	}
	machine->signs[machine->sign_count++] = sign;
}

/* Whether the text is a query, and what comes of it. */
static bool reference_query(const char *text, const char *grants, bool *ret_holds)
{
	static struct machine machine;
	bool operand = true; /* is expected next */
	size_t depth = 0;

	machine.sign_count = machine.value_count = 0;
	*ret_holds = false;
	if (strlen(text) > WIRE_PERMISSION_MAX)
		return false;
	while (*text != '\0') {
		char word[TEXT_SIZE];
		size_t size = strcspn(text, " ()");

		if (size == 0 && *text == ' ') {
			text++;
			continue;
		}
		size = size > 0 ? size : 1;
		memcpy(word, text, size);
		word[size] = '\0';
		text += size;
		if (strcmp(word, "(") == 0) {
			if (!operand || ++depth > PERMISSION_DEPTH_MAX)
				return false;
			machine.signs[machine.sign_count++] = '(';
		} else if (strcmp(word, ")") == 0) {
			if (operand || depth-- == 0)
				return false;
			while (machine.signs[machine.sign_count - 1] != '(')
				work_off(&machine);
			machine.sign_count--;
		} else if (!operand) {
			if (strcmp(word, "AND") != 0 && strcmp(word, "OR") != 0)
				return false;
			push_operator(&machine, word[0] == 'A' ? '&' : '|');
			operand = true;
		} else {
			if (!reference_is(&name_form, word))
				return false;
			machine.values[machine.value_count++] = reference_held(grants, word);
			operand = false;
		}
	}
	if (operand || depth > 0)
		return false;
	while (machine.sign_count > 0)
		work_off(&machine);
	*ret_holds = machine.values[0];
	return true;
}

/* ---- tests ---- */

START_TEST(queries_are_judged_alike)
{
	size_t good = 0, held = 0;

	reference_open();
	for (size_t i = 0; i < rounds(); i++) {
		struct text query = { .size = 0 }, grants;
		unsigned int spoils = draw(4) == 0 ? 1 + draw(3) : 0;
		bool holds, right, said;
		size_t offset;

		draw_grants(&grants);
		draw_query(&query, 1 + draw(PERMISSION_DEPTH_MAX));
		while (spoils-- > 0)
			spoil(&query);
		right = reference_query(query.text, grants.text, &holds);
		said = permission_query_error(query.text, &offset) == NULL;
		ck_assert_msg(said == right, "'%s' is %s query (round %zu of seed %#llx)", query.text,
			      right ? "a" : "no", i, (unsigned long long)seed);
		ck_assert_msg(permission_query_holds(query.text, grants.text) == holds,
			      "'%s' %s held by '%s' (round %zu of seed %#llx)", query.text, holds ? "is" : "is not",
			      grants.text, i, (unsigned long long)seed);
		ck_assert_uint_le(offset, query.size);
		good += right;
		held += holds;
	}
	/* It is no use when all of them are alike. */
	ck_assert_uint_gt(good, rounds() / 2);
	ck_assert_uint_lt(good, rounds());
	ck_assert_uint_gt(held, rounds() / 20);
	ck_assert_uint_lt(held, good - rounds() / 20);
}
END_TEST

/* What was put in may be a segment that every_name() does not try. */
static bool is_tried(const char *grant)
{
	for (const char *at = grant; *at != '\0'; at++) {
		if (!strchr("abc.*", *at) || (strchr("abc", *at) && strchr("abc", at[1]) && at[1] != '\0'))
			return false;
	}
	return true;
}

START_TEST(grants_reach_equally_far)
{
	size_t covered = 0, refused = 0;

	reference_open();
	for (size_t i = 0; i < rounds() / 4; i++) {
		struct text wanted = { .size = 0 }, grants;
		bool covers;

		draw_grants(&grants);
		draw_grant(&wanted);
		if (draw(6) == 0)
			spoil(&wanted);
		if (!is_tried(wanted.text))
			continue;
		covers = reference_covers(grants.text, wanted.text);
		ck_assert_msg(permission_grants_cover(grants.text, wanted.text) == covers,
			      "'%s' %s '%s' (round %zu of seed %#llx)", grants.text,
			      covers ? "covers" : "does not cover", wanted.text, i, (unsigned long long)seed);
		ck_assert_int_eq(permission_is_grant(wanted.text), reference_is(&grant_form, wanted.text));
		covered += covers;
		refused += !covers;
	}
	ck_assert_uint_gt(covered, rounds() / 80);
	ck_assert_uint_gt(refused, rounds() / 80);
}
END_TEST

START_TEST(names_have_one_form)
{
	size_t good = 0;

	reference_open();
	for (size_t i = 0; i < rounds(); i++) {
		struct text name = { .size = 0 };
		unsigned int spoils = draw(4), longer = draw(20) == 0 ? 55 + draw(20) : 0;

		draw_grant(&name);
		while (longer-- > 0)
			add(&name, "x");
		while (spoils-- > 0)
			spoil(&name);
		ck_assert_msg(permission_is_name(name.text) == reference_is(&name_form, name.text),
			      "'%s' (round %zu of seed %#llx)", name.text, i, (unsigned long long)seed);
		ck_assert_msg(permission_is_grant(name.text) == reference_is(&grant_form, name.text),
			      "'%s' (round %zu of seed %#llx)", name.text, i, (unsigned long long)seed);
		good += permission_is_grant(name.text);
	}
	ck_assert_uint_gt(good, rounds() / 10);
	ck_assert_uint_lt(good, rounds());
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("permission-reference");
	TCase *tcase = tcase_create("reference");

	tcase_set_timeout(tcase, tests_are_long() ? 3600 : 120);
	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, queries_are_judged_alike);
	tcase_add_test(tcase, grants_reach_equally_far);
	tcase_add_test(tcase, names_have_one_form);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
