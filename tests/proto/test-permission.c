/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Permission names, grants and queries: what is one, what reaches how far, and what a query comes to. */
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "proto/permission.h"
#include "proto/wire.h"
#include "tests/suite.h"

#define LETTERS_16 "abcdefghijklmnop"
#define LETTERS_64 LETTERS_16 LETTERS_16 LETTERS_16 LETTERS_16

enum form {
	NOTHING,
	GRANT,
	NAME, /* and so a grant too */
};

static const struct {
	const char *text;
	enum form form;
} forms[] = {
	{ "mail", NAME },
	{ "mail.imap", NAME },
	{ "pam.sudo-i", NAME },
	{ "apikeyd.keys.write", NAME },
	{ "0", NAME },
	{ "9.a-_", NAME },
	{ "a.b.c.d.e.f.g.h.i.j", NAME },
	{ LETTERS_64, NAME },
	{ LETTERS_64 "." LETTERS_64, NAME },
	{ "*", GRANT },
	{ "mail.*", GRANT },
	{ "mail.imap.*", GRANT },
	{ LETTERS_64 ".*", GRANT },
	{ "", NOTHING },
	{ ".", NOTHING },
	{ ".mail", NOTHING },
	{ "mail.", NOTHING },
	{ "mail..imap", NOTHING },
	{ "mail imap", NOTHING },
	{ " mail", NOTHING },
	{ "mail ", NOTHING },
	{ "mail\n", NOTHING },
	{ "Mail", NOTHING },
	{ "mail.Imap", NOTHING },
	{ "-mail", NOTHING },
	{ "_mail", NOTHING },
	{ "mail.-imap", NOTHING },
	{ "mail/imap", NOTHING },
	{ "mail(imap)", NOTHING },
	{ "m\xc3\xa4il", NOTHING },
	{ LETTERS_64 "q", NOTHING },
	{ "a." LETTERS_64 "q", NOTHING },
	{ LETTERS_64 "q.*", NOTHING },
	{ "**", NOTHING },
	{ "*.*", NOTHING },
	{ "*.mail", NOTHING },
	{ "mail*", NOTHING },
	{ "ma*", NOTHING },
	{ "mail.im*", NOTHING },
	{ "mail.*.read", NOTHING },
	{ "mail.**", NOTHING },
	{ "mail.*.*", NOTHING },
	{ "mail.*.", NOTHING },
	{ "mail..*", NOTHING },
	{ ".*", NOTHING },
	{ "* ", NOTHING },
	{ " *", NOTHING },
	{ "AND", NOTHING },
	{ "OR", NOTHING },
};

START_TEST(names_and_grants_have_a_form)
{
	ck_assert_msg(permission_is_name(forms[_i].text) == (forms[_i].form == NAME), "\"%s\" as a name",
		      forms[_i].text);
	ck_assert_msg(permission_is_grant(forms[_i].text) == (forms[_i].form != NOTHING), "\"%s\" as a grant",
		      forms[_i].text);
}
END_TEST

/* A name of exactly size bytes: "a.a.a…", its last segment one longer where size is even. */
static void fill_name(char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		text[i] = i % 2 ? '.' : 'a';
	text[size - 1] = 'a';
	text[size] = '\0';
}

START_TEST(names_and_grants_have_a_limit)
{
	char text[WIRE_PERMISSION_MAX + 2];

	fill_name(text, 1000);
	ck_assert(permission_is_name(text));
	ck_assert(permission_is_grant(text));
	fill_name(text, 1001);
	ck_assert(!permission_is_name(text));
	ck_assert(!permission_is_grant(text));
	fill_name(text, 999);
	memcpy(text + 998, "*", 2);
	ck_assert(permission_is_grant(text));
	fill_name(text, 1001);
	memcpy(text + 1000, "*", 2);
	ck_assert(!permission_is_grant(text));
}
END_TEST

static const struct {
	const char *grants, *wanted;
	bool covered;
} coverages[] = {
	{ "mail.imap", "mail.imap", true },
	{ "mail.imap", "mail.imaps", false },
	{ "mail.imap", "mail.ima", false },
	{ "mail.imap", "mail", false },
	{ "mail.imap", "mail.imap.read", false },
	{ "mail.imap", "mail.*", false },
	{ "mail.imap", "*", false },
	{ "mail.*", "mail.imap", true },
	{ "mail.*", "mail.imap.read", true },
	{ "mail.*", "mail.*", true },
	{ "mail.*", "mail.imap.*", true },
	{ "mail.*", "mail", false },
	{ "mail.*", "mailbox", false },
	{ "mail.*", "mailbox.read", false },
	{ "mail.*", "pam.mail.imap", false },
	{ "mail.*", "*", false },
	{ "mail.imap.*", "mail.*", false },
	{ "*", "mail", true },
	{ "*", "mail.imap", true },
	{ "*", "mail.*", true },
	{ "*", "*", true },
	/* several */
	{ "pam.sshd mail.* test.a", "mail.imap", true },
	{ "pam.sshd mail.* test.a", "pam.sshd", true },
	{ "pam.sshd mail.* test.a", "test.a", true },
	{ "pam.sshd mail.* test.a", "test.b", false },
	{ "mail.imap mail.smtp", "mail.*", false },
	/* no grants reach nothing */
	{ "", "mail", false },
	{ "", "*", false },
	{ " ", "mail", false },
	{ "  mail  pam ", "pam", true },
	/* what was wanted is no grant */
	{ "*", "", false },
	{ "*", "mail.", false },
	{ "*", "ma*", false },
	{ "*", "mail imap", false },
	{ "ma*", "ma*", false },
	/* what is held is no grant, and reaches nothing else */
	{ "ma*", "mail", false },
	{ "ma*", "mail.imap", false },
	{ "mail.im*", "mail.imap", false },
	{ "**", "mail", false },
	{ "mail", "mail.imap", false },
	{ "mail.", "mail.imap", false },
	{ "*.imap", "mail.imap", false },
	{ "MAIL", "mail", false },
};

START_TEST(grants_reach_so_far)
{
	ck_assert_msg(permission_grants_cover(coverages[_i].grants, coverages[_i].wanted) == coverages[_i].covered,
		      "\"%s\" for \"%s\"", coverages[_i].grants, coverages[_i].wanted);
}
END_TEST

static const struct {
	const char *grants, *wanted;
	bool covered;
} several[] = {
	{ "", "", true },
	{ "mail", "", true },
	{ "", "mail", false },
	{ "mail", "mail", true },
	{ "mail.* pam.sshd", "pam.sshd mail.imap", true },
	{ "mail.* pam.sshd", "mail.imap mail.* pam.sshd", true },
	{ "mail.* pam.sshd", "mail.imap pam.sudo", false },
	{ "mail.* pam.sshd", "pam.sudo mail.imap", false },
	{ "mail.imap pam.sshd", "mail.*", false },
	{ "*", "mail.* pam.sshd *", true },
	{ "mail.*", "*", false },
	/* one that is no grant is not covered, not even by all */
	{ "*", "mail MAIL", false },
	{ "*", "mail. pam", false },
	{ "*", "mail\npam", false },
	{ "*", " mail", false },
	{ "mail pam", "mail  pam ", true },
	/* what a test key may hold */
	{ "test.*", "test.a test.a.b test.* test.a.*", true },
	{ "test.*", "test", false },
	{ "test.*", "test.a tests.a", false },
	{ "test.*", "test.", false },
	{ "test.*", "*", false },
};

START_TEST(several_grants_reach_so_far)
{
	ck_assert_msg(permission_grants_cover_all(several[_i].grants, several[_i].wanted) == several[_i].covered,
		      "\"%s\" for \"%s\"", several[_i].grants, several[_i].wanted);
}
END_TEST

/* The longest grant counts among several, one byte more does not. */
START_TEST(several_grants_have_a_limit)
{
	char wanted[WIRE_PERMISSION_MAX + sizeof("mail .")];

	strcpy(wanted, "mail ");
	for (size_t i = 0; i < WIRE_PERMISSION_MAX; i++)
		wanted[5 + i] = i % 2 == 0 || i == WIRE_PERMISSION_MAX - 1 ? 'a' : '.';
	wanted[5 + WIRE_PERMISSION_MAX] = '\0';
	ck_assert(permission_grants_cover_all("*", wanted));
	ck_assert(!permission_grants_cover_all("mail", wanted));
	strcat(wanted, "a");
	ck_assert(!permission_grants_cover_all("*", wanted));
}
END_TEST

static const struct {
	const char *query, *grants;
	bool holds;
} queries[] = {
	{ "a", "a", true },
	{ "a", "b", false },
	{ "a", "", false },
	{ " a ", "a", true },
	{ "mail.imap", "mail.*", true },
	{ "mail.imap", "*", true },
	{ "mail", "mail.*", false },
	{ "a AND b", "a b", true },
	{ "a AND b", "a", false },
	{ "a AND b", "b", false },
	{ "a OR b", "a", true },
	{ "a OR b", "b", true },
	{ "a OR b", "c", false },
	{ "a  AND  b", "a b", true },
	/* AND binds closer, on either side of an OR */
	{ "a OR b AND c", "a", true },
	{ "a OR b AND c", "b", false },
	{ "a OR b AND c", "b c", true },
	{ "a AND b OR c", "c", true },
	{ "a AND b OR c", "a", false },
	{ "a AND b OR c", "a b", true },
	{ "a AND b OR c AND d", "c d", true },
	{ "a AND b OR c AND d", "a d", false },
	{ "a OR b AND c OR d", "d", true },
	{ "a OR b AND c OR d", "c", false },
	/* parentheses go first */
	{ "(a)", "a", true },
	{ "( a )", "a", true },
	{ "(a)", "b", false },
	{ "(a OR b) AND c", "a", false },
	{ "(a OR b) AND c", "a c", true },
	{ "(a OR b) AND c", "b c", true },
	{ "a AND (b OR c)", "a", false },
	{ "a AND (b OR c)", "a c", true },
	{ "(a.read OR a.write) AND b.use", "a.* b.use", true },
	{ "(a OR b) AND (c OR d)", "b c", true },
	{ "(a OR b) AND (c OR d)", "a b", false },
	{ "((a AND b) OR c) AND d", "c d", true },
	{ "((a AND b) OR c) AND d", "a b", false },
	/* no space is needed beside a parenthesis */
	{ "a AND(b)", "a b", true },
	{ "(a)AND b", "a b", true },
	{ "(a)AND(b)", "a b", true },
	{ "(a)OR(b)", "b", true },
	{ "(a OR b)AND(c)", "a", false },
	/* every operand is read, needed or not */
	{ "a OR b OR c OR d OR e", "a", true },
	{ "a AND b AND c AND d AND e", "a b c d e", true },
	{ "a AND b AND c AND d AND e", "a b c d", false },
	{ "((((((((a))))))))", "a", true },
	{ "(((((((a OR (b))))))) AND c)", "b c", true },
	/* words that contain operators */
	{ "and", "and", true },
	{ "or AND and", "or and", true },
	{ "or.and", "or.*", true },
};

START_TEST(queries_come_to_an_answer)
{
	size_t offset = 4711;

	ck_assert_ptr_null(permission_query_error(queries[_i].query, &offset));
	ck_assert_msg(permission_query_holds(queries[_i].query, queries[_i].grants) == queries[_i].holds,
		      "\"%s\" with \"%s\"", queries[_i].query, queries[_i].grants);
}
END_TEST

static const struct {
	const char *text;
	size_t offset;
	const char *says; /* part of the sentence */
} no_queries[] = {
	{ "", 0, "permission is missing" },
	{ "   ", 3, "permission is missing" },
	{ "a AND", 5, "permission is missing" },
	{ "a AND ", 6, "permission is missing" },
	{ "a OR", 4, "permission is missing" },
	{ "a OR ", 5, "permission is missing" },
	{ "(a AND)", 6, "permission is missing" },
	{ "a AND()", 6, "permission is missing" },
	{ "a AND(", 6, "permission is missing" },
	{ "()", 1, "permission is missing" },
	{ "(", 1, "permission is missing" },
	{ ")", 0, "permission is missing" },
	{ "AND", 0, "not a permission name" },
	{ "AND b", 0, "not a permission name" },
	{ "OR b", 0, "not a permission name" },
	{ "a AND AND b", 6, "not a permission name" },
	{ "a OR AND b", 5, "not a permission name" },
	{ "a and b", 2, "expected" },
	{ "a And b", 2, "expected" },
	{ "a or b", 2, "expected" },
	{ "a b", 2, "expected" },
	{ "a ANDb", 2, "expected" },
	{ "a AND\tb", 2, "expected" },
	{ "a ORb", 2, "expected" },
	{ "a (b)", 2, "expected" },
	{ "(a) b", 4, "expected" },
	{ "(a)(b)", 3, "expected" },
	{ "a)", 1, "expected" },
	{ "(a))", 3, "expected" },
	{ "a & b", 2, "expected" },
	{ "a && b", 2, "expected" },
	{ "NOT a", 0, "not a permission name" },
	{ "!a", 0, "not a permission name" },
	{ "a AND !b", 6, "not a permission name" },
	{ "a,b", 0, "not a permission name" },
	{ "a\tAND b", 0, "not a permission name" },
	{ "a\n", 0, "not a permission name" },
	{ "A", 0, "not a permission name" },
	{ "a AND B", 6, "not a permission name" },
	{ "a. AND b", 0, "not a permission name" },
	{ "a..b", 0, "not a permission name" },
	{ "aAND b", 0, "not a permission name" },
	{ "*", 0, "wildcard" },
	{ "mail.*", 0, "wildcard" },
	{ "a OR mail.*", 5, "wildcard" },
	{ "a OR *", 5, "wildcard" },
	{ "(a", 2, "closing parenthesis" },
	{ "(a AND b", 8, "closing parenthesis" },
	{ "((a)", 4, "closing parenthesis" },
	{ "(a b)", 3, "closing parenthesis" },
	{ "(((((((((a)))))))))", 8, "deeper than 8" },
	{ "a OR (((((((((b)))))))))", 13, "deeper than 8" },
};

/* Of a test key's grants what lies below "test." counts, and nothing else. */
static const struct {
	const char *query, *grants;
	bool holds;
} test_queries[] = {
	{ "test.mail", "test.mail", true },
	{ "test.mail", "test.*", true },
	{ "test.mail", "*", true },
	{ "test.a.b", "test.a.*", true },
	{ "test.mail", "test.other", false },
	{ "mail", "mail", false },
	{ "mail", "*", false },
	{ "test", "*", false },
	{ "tests.mail", "*", false },
	{ "atest.mail", "*", false },
	{ "mail.test.a", "*", false },
	{ "test.a AND mail", "*", false },
	{ "test.a OR mail", "*", true },
	{ "(mail OR pam.sshd) AND test.a", "*", false },
	{ "test.a OR", "*", false },
};

START_TEST(a_test_key_reaches_what_is_below_test)
{
	ck_assert_msg(permission_query_holds_for_test(test_queries[_i].query, test_queries[_i].grants) ==
			      test_queries[_i].holds,
		      "\"%s\" with \"%s\"", test_queries[_i].query, test_queries[_i].grants);
}
END_TEST

START_TEST(what_is_no_query_says_where_and_why)
{
	size_t offset = 4711;
	const char *error = permission_query_error(no_queries[_i].text, &offset);

	ck_assert_msg(error != NULL, "\"%s\" passes", no_queries[_i].text);
	ck_assert_msg(strstr(error, no_queries[_i].says) != NULL, "\"%s\": %s", no_queries[_i].text, error);
	ck_assert_msg(offset == no_queries[_i].offset, "\"%s\": %s at %zu", no_queries[_i].text, error, offset);
	/* And it never holds, whatever was granted. */
	ck_assert(!permission_query_holds(no_queries[_i].text, "* a b c"));
}
END_TEST

/* What came before the mistake must not count: "a OR (" with a granted. */
START_TEST(a_mistake_at_the_end_undoes_all)
{
	static const char *const tails[] = { " OR", " OR (", " OR *", " OR (b", " x", ")", " OR B" };
	char text[64];

	for (size_t i = 0; i < ARRAY_SIZE(tails); i++) {
		snprintf(text, sizeof(text), "a%s", tails[i]);
		ck_assert_msg(!permission_query_holds(text, "*"), "\"%s\" holds", text);
	}
}
END_TEST

START_TEST(queries_have_a_limit)
{
	char text[WIRE_PERMISSION_MAX + 2];
	size_t offset = 4711;

	memset(text, ' ', sizeof(text));
	text[0] = 'a';
	text[1000] = '\0';
	ck_assert_ptr_null(permission_query_error(text, &offset));
	ck_assert(permission_query_holds(text, "a"));
	text[1000] = ' ';
	text[1001] = '\0';
	ck_assert_ptr_nonnull(strstr(permission_query_error(text, &offset), "longer than 1000"));
	ck_assert_uint_eq(offset, 0);
	ck_assert(!permission_query_holds(text, "a"));
	/* Parentheses that follow each other do not nest. */
	text[0] = '\0';
	for (size_t i = 0; i < 100; i++)
		strcat(text, i ? " OR ((a))" : "((a))");
	ck_assert_ptr_null(permission_query_error(text, &offset));
	ck_assert(permission_query_holds(text, "a"));
}
END_TEST

/* Every query of four operands with two operators and one pair of parentheses, against an evaluation of the test's own.
 */
START_TEST(precedence_is_that_of_the_tables)
{
	static const char *const words[] = { "AND", "OR" };

	for (unsigned int form = 0; form < 64; form++) {
		bool value[4], operators[3], expected;
		char text[64], grants[16] = "";
		unsigned int operator_bits = form & 7, group = form >> 3 & 7;

		/* group 0: none; 1, 2, 3: around the pair that begins there; 4, 5: around three; above: none */
		size_t opens = group >= 1 && group <= 3 ? group - 1 : group == 5 ? 1 : 0;
		size_t closes = group >= 1 && group <= 3 ? group : group == 4 ? 2 : group == 5 ? 3 : 0;
		size_t size = 0;

		for (size_t i = 0; i < 4; i++) {
			size += (size_t)snprintf(text + size, sizeof(text) - size, "%s%c%s",
						 closes && i == opens ? "(" : "", (char)('a' + i),
						 closes && i == closes ? ")" : "");
			if (i < 3)
				size += (size_t)snprintf(text + size, sizeof(text) - size, " %s ",
							 words[operator_bits >> i & 1]);
		}
		for (unsigned int given = 0; given < 16; given++) {
			bool group_value;
			size_t operands = 0, count = 0;
			bool left[4];

			snprintf(grants, sizeof(grants), "%s%s%s%s", given & 1 ? "a " : "", given & 2 ? "b " : "",
				 given & 4 ? "c " : "", given & 8 ? "d " : "");
			/* Fold the group into one operand, then the ANDs, then the ORs. */
			for (size_t i = 0; i < 4; i++) {
				if (closes && i == opens) {
					bool sum = false, product = true;

					for (size_t j = opens; j <= closes; j++) {
						product &= (given >> j & 1) != 0;
						if (j == closes || words[operator_bits >> j & 1][0] == 'O') {
							sum |= product;
							product = true;
						}
					}
					group_value = sum;
					value[operands] = group_value;
					i = closes;
				} else {
					value[operands] = (given >> i & 1) != 0;
				}
				if (i < 3)
					operators[operands] = (operator_bits >> i & 1) != 0;
				operands++;
			}
			left[0] = value[0];
			for (size_t i = 1; i < operands; i++) {
				if (operators[i - 1])
					left[++count] = value[i];
				else
					left[count] = left[count] && value[i];
			}
			expected = false;
			for (size_t i = 0; i <= count; i++)
				expected |= left[i];
			ck_assert_msg(permission_query_holds(text, grants) == expected, "\"%s\" with \"%s\"", text,
				      grants);
		}
	}
}
END_TEST

static const struct {
	const char *service;
	size_t size;
	const char *query; /* NULL: refused */
} defaults[] = {
	{ "sshd", 64, "pam.sshd" },
	{ "sudo-i", 64, "pam.sudo-i" },
	{ "common_auth", 64, "pam.common_auth" },
	{ "7zip", 64, "pam.7zip" },
	{ LETTERS_64, 69, "pam." LETTERS_64 },
	{ LETTERS_64, 68, NULL },
	{ "sshd", 9, "pam.sshd" },
	{ "sshd", 8, NULL },
	{ "sshd", 0, NULL },
	{ "", 64, NULL },
	{ "SSHD", 64, NULL },
	{ "ssh.d", 64, NULL },
	{ "ssh d", 64, NULL },
	{ "-sshd", 64, NULL },
	{ "*", 64, NULL },
	{ "sshd OR a", 64, NULL },
	{ "../sshd", 64, NULL },
	{ LETTERS_64 "q", 128, NULL },
};

START_TEST(a_service_makes_its_query)
{
	char query[128] = "untouched";
	bool made = permission_default_query(defaults[_i].service, query, defaults[_i].size);

	ck_assert_int_eq(made, defaults[_i].query != NULL);
	ck_assert_str_eq(query, made ? defaults[_i].query : "untouched");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("permission");
	TCase *cases = tcase_create("permission");

	tcase_add_loop_test(cases, names_and_grants_have_a_form, 0, ARRAY_SIZE(forms));
	tcase_add_test(cases, names_and_grants_have_a_limit);
	tcase_add_loop_test(cases, grants_reach_so_far, 0, ARRAY_SIZE(coverages));
	tcase_add_loop_test(cases, several_grants_reach_so_far, 0, ARRAY_SIZE(several));
	tcase_add_test(cases, several_grants_have_a_limit);
	tcase_add_loop_test(cases, queries_come_to_an_answer, 0, ARRAY_SIZE(queries));
	tcase_add_loop_test(cases, a_test_key_reaches_what_is_below_test, 0, ARRAY_SIZE(test_queries));
	tcase_add_loop_test(cases, what_is_no_query_says_where_and_why, 0, ARRAY_SIZE(no_queries));
	tcase_add_test(cases, a_mistake_at_the_end_undoes_all);
	tcase_add_test(cases, queries_have_a_limit);
	tcase_add_test(cases, precedence_is_that_of_the_tables);
	tcase_add_loop_test(cases, a_service_makes_its_query, 0, ARRAY_SIZE(defaults));
	suite_add_tcase(suite, cases);
	return suite_run_here(suite);
}
