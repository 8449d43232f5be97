/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Lines of a file of keys to be imported, as CSV and as JSON; and how lines are read, and the bar is drawn. */
#include <check.h>
#include <string.h>
#include <unistd.h>

#include "cli/import_line.h"
#include "cli/line_input.h"
#include "cli/progress.h"
#include "tests/suite.h"

#define NOW INT64_C(1700000000)
#define HASH "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1F"

static const struct import_rules secrets = { .now = NOW }, digests = { .digests = true, .now = NOW };
static struct import_entry entry;
static struct import_header header;
static char line[IMPORT_LINE_MAX + 2], fault[IMPORT_FAULT_SIZE];

static size_t put(const char *text)
{
	ck_assert_uint_lt(strlen(text), sizeof(line));
	strcpy(line, text);
	return strlen(text);
}

static bool read_header(const char *text, const struct import_rules *rules)
{
	return import_header_read(line, put(text), rules, &header, fault);
}

static bool read_csv(const char *head, const char *text, const struct import_rules *rules)
{
	ck_assert_msg(read_header(head, rules), "%s", fault);
	return import_csv_read(line, put(text), rules, &header, &entry, fault);
}

/* ---- CSV ---- */

/* fields: each followed by '|'. NULL: refused. */
static const struct {
	const char *line, *fields;
} splits[] = {
	{ "a", "a|" },
	{ "a,b", "a|b|" },
	{ ",", "||" },
	{ "a,", "a||" },
	{ ",a", "|a|" },
	{ " a , b ", " a | b |" },
	{ "\"a\"", "a|" },
	{ "\"\"", "|" },
	{ "\"a,b\",c", "a,b|c|" },
	{ "\"a\"\"b\"", "a\"b|" },
	{ "\"\"\"\"", "\"|" },
	{ "\"\",\"\"", "||" },
	{ "a,b,c,d", "a|b|c|d|" },
	{ "a,b,c,d,e", NULL },
	{ "a\"b", NULL },
	{ "a\"\"", NULL },
	{ "\"a\"b", NULL },
	{ "\"a\" ,b", NULL },
	{ "\"a", NULL },
	{ "\"a\"\"", NULL },
	{ "\"", NULL },
	{ "a,\"b", NULL },
};

START_TEST(csv_is_split)
{
	char *fields[4], joined[64] = "";
	const char *problem = "";
	size_t count = 0;
	bool taken = import_csv_split(line, put(splits[_i].line), 4, fields, &count, &problem);

	ck_assert_msg(taken == (splits[_i].fields != NULL), "%s: %s", splits[_i].line, problem);
	if (!taken) {
		ck_assert_uint_gt(strlen(problem), 10);
		return;
	}
	for (size_t i = 0; i < count; i++)
		strcat(strcat(joined, fields[i]), "|");
	ck_assert_str_eq(joined, splits[_i].fields);
}
END_TEST

START_TEST(a_nul_is_no_end)
{
	char *fields[4];
	const char *problem;
	size_t count;

	memcpy(line, "a\0b", 3);
	ck_assert(!import_csv_split(line, 3, 4, fields, &count, &problem));
	memcpy(line, "\"a\"\0,b", 6);
	ck_assert(!import_csv_split(line, 6, 4, fields, &count, &problem));
	ck_assert(read_header("name,owner,secret", &secrets));
	memcpy(line, "a,b,c\0d", 7);
	ck_assert(!import_csv_read(line, 7, &secrets, &header, &entry, fault));
	ck_assert_ptr_nonnull(strstr(fault, "NUL"));
}
END_TEST

static const struct {
	const char *header;
	bool digests;
	const char *fault; /* NULL: it is taken */
} headers[] = {
	{ "name,owner,secret", false, NULL },
	{ "secret,\"owner\",name,expires,labels,roles,users,sources,not_before,permissions", false, NULL },
	{ "\xef\xbb\xbfname,owner,secret", false, NULL },
	{ "name,owner,secret,tenant,account", false, NULL },
	{ "name,owner,sha256", true, NULL },
	{ "name,owner,secret,tenant,tenant", false, "twice" },
	{ "name,owner,sha256", false, "--digests" },
	{ "name,owner,secret", true, "--digests" },
	{ "name,owner,secret,sha256", true, "--digests" },
	{ "name,owner", false, "no column secret" },
	{ "name,owner", true, "no column sha256" },
	{ "owner,secret", false, "no column name" },
	{ "name,secret", false, "no column owner" },
	{ "name,owner,secret,name", false, "twice" },
	{ "name,owner,secret,colour", false, "field 4" },
	{ "name,owner,secret,", false, "field 4" },
	{ "Name,owner,secret", false, "field 1" },
	{ "name, owner,secret", false, "field 2" },
	{ "name;owner;secret", false, "field 1" },
	{ "", false, "empty" },
	{ "name,owner,secret\"", false, "none" },
	{ "name,owner,secr\xc3", false, "UTF-8" },
};

START_TEST(a_header_names_the_columns)
{
	bool taken = read_header(headers[_i].header, headers[_i].digests ? &digests : &secrets);

	ck_assert_msg(taken == !headers[_i].fault, "%s: %s", headers[_i].header, fault);
	if (!taken)
		ck_assert_msg(strstr(fault, headers[_i].fault), "%s: %s", headers[_i].header, fault);
}
END_TEST

START_TEST(a_key_is_read_from_csv)
{
	ck_assert_msg(read_csv("secret,name,labels,owner,permissions,expires,not_before,users,roles,sources",
			       "0123456789abcdef,\"my \"\"laptop\"\"\",a=b;c=d e,alice,pam.sshd,90d,2027-01-31,,,local",
			       &secrets),
		      "%s", fault);
	ck_assert_str_eq(entry.key.name, "my \"laptop\"");
	ck_assert_str_eq(entry.key.owner, "alice");
	ck_assert_str_eq(entry.key.secret, "0123456789abcdef");
	ck_assert_ptr_null(entry.key.sha256);
	ck_assert_str_eq(entry.key.permissions[0], "pam.sshd");
	ck_assert_ptr_null(entry.key.permissions[1]);
	ck_assert_str_eq(entry.key.labels[0], "a=b");
	ck_assert_str_eq(entry.key.labels[1], "c=d e");
	ck_assert_ptr_null(entry.key.labels[2]);
	ck_assert_ptr_null(entry.key.users[0]);
	ck_assert_ptr_null(entry.key.roles[0]);
	ck_assert_str_eq(entry.key.sources[0], "local");
	ck_assert_int_eq(entry.key.expires, NOW + 90 * 86400);
	ck_assert_int_eq(entry.key.not_before, 1801353600);
	/* nothing of it is left for the next */
	ck_assert(read_csv("name,owner,secret", "n,o,s", &secrets));
	ck_assert_ptr_null(entry.key.labels[0]);
	ck_assert_int_eq(entry.key.expires, 0);
	ck_assert(read_csv("name,owner,secret,expires", "n,o,s,never", &secrets));
	ck_assert_int_eq(entry.key.expires, APIKEY_NEVER);
}
END_TEST

/* What the caller says holds of lines that do not say it, one by one. */
START_TEST(a_line_says_account_and_tenant)
{
	static const struct import_rules scoped = { .now = NOW, .account = "acme", .tenant = "shop" };

	ck_assert(read_csv("name,owner,secret,tenant,account", "n,o,s,blue,beta", &secrets));
	ck_assert_str_eq(entry.key.account, "beta");
	ck_assert_str_eq(entry.key.tenant, "blue");
	ck_assert(read_csv("name,owner,secret,tenant,account", "n,o,s,,", &secrets));
	ck_assert_ptr_null(entry.key.account);
	ck_assert_ptr_null(entry.key.tenant);
	ck_assert(read_csv("name,owner,secret,tenant,account", "n,o,s,blue,", &scoped));
	ck_assert_str_eq(entry.key.account, "acme");
	ck_assert_str_eq(entry.key.tenant, "blue");
	ck_assert(read_csv("name,owner,secret", "n,o,s", &scoped));
	ck_assert_str_eq(entry.key.account, "acme");
	ck_assert_str_eq(entry.key.tenant, "shop");
	ck_assert(import_json_read(line,
				   put("{\"name\":\"n\",\"owner\":\"o\",\"secret\":\"s\",\"account\":\"beta\","
				       "\"tenant\":null}"),
				   &scoped, &entry, fault));
	ck_assert_str_eq(entry.key.account, "beta");
	ck_assert_str_eq(entry.key.tenant, "shop");
	import_entry_done(&entry);
}
END_TEST

START_TEST(a_digest_is_read)
{
	ck_assert_msg(read_csv("name,owner,sha256", "n,o," HASH, &digests), "%s", fault);
	ck_assert_ptr_null(entry.key.secret);
	for (unsigned int i = 0; i < APIKEY_SHA256_SIZE; i++)
		ck_assert_uint_eq(entry.key.sha256[i], i);
	ck_assert(read_csv("name,owner,sha256", "n,o," HASH, &digests));
	import_entry_done(&entry);
	ck_assert_uint_eq(entry.sha256[31], 0);
}
END_TEST

static const struct {
	const char *header, *line;
	bool digests;
	const char *fault;
} wrong_lines[] = {
	{ "name,owner,secret", "", false, "empty" },
	{ "name,owner,secret", "n,o", false, "2 of the 3 fields" },
	{ "name,owner,secret", "n,o,s,x", false, "more fields" },
	{ "name,owner,secret", ",o,s", false, "no name" },
	{ "name,owner,secret", "n,,s", false, "no owner" },
	{ "name,owner,secret", "n,o,", false, "no secret" },
	{ "name,owner,secret", "n,o,\xff", false, "UTF-8" },
	{ "name,owner,secret", "n,o,\"s", false, "does not end" },
	{ "name,owner,secret,users", "n,o,s,a;;b", false, "users is empty" },
	{ "name,owner,secret,users", "n,o,s,a;", false, "users is empty" },
	{ "name,owner,secret,users", "n,o,s,;", false, "users is empty" },
	{ "name,owner,secret,expires", "n,o,s,soon", false, "expires is no time" },
	{ "name,owner,secret,not_before", "n,o,s,never", false, "not_before is no time" },
	{ "name,owner,sha256", "n,o,00", true, "64 hexadecimal" },
	{ "name,owner,sha256", "n,o," HASH "0", true, "64 hexadecimal" },
	{ "name,owner,sha256", "n,o,g" HASH, true, "64 hexadecimal" },
};

START_TEST(a_wrong_line_of_csv_is_refused)
{
	ck_assert_msg(
		!read_csv(wrong_lines[_i].header, wrong_lines[_i].line, wrong_lines[_i].digests ? &digests : &secrets),
		"%s", wrong_lines[_i].line);
	ck_assert_msg(strstr(fault, wrong_lines[_i].fault), "%s: %s", wrong_lines[_i].line, fault);
}
END_TEST

START_TEST(texts_and_lists_have_limits)
{
	char text[IMPORT_TEXT_MAX + 16], items[4 * (IMPORT_LIST_MAX + 2)] = "n,o,s,a";

	memset(text, 'x', sizeof(text));
	memcpy(text, "n,o,", 4);
	text[4 + IMPORT_TEXT_MAX] = '\0';
	ck_assert_msg(read_csv("name,owner,secret", text, &secrets), "%s", fault);
	text[4 + IMPORT_TEXT_MAX] = 'x';
	text[4 + IMPORT_TEXT_MAX + 1] = '\0';
	ck_assert(!read_csv("name,owner,secret", text, &secrets));
	for (size_t i = 1; i < IMPORT_LIST_MAX; i++)
		strcat(items, ";b");
	ck_assert_msg(read_csv("name,owner,secret,users", items, &secrets), "%s", fault);
	ck_assert_ptr_null(entry.key.users[IMPORT_LIST_MAX]);
	strcat(items, ";b");
	ck_assert(!read_csv("name,owner,secret,users", items, &secrets));
}
END_TEST

/* ---- JSON ---- */

static bool read_json(const char *text, const struct import_rules *rules)
{
	return import_json_read(line, put(text), rules, &entry, fault);
}

START_TEST(a_key_is_read_from_json)
{
	ck_assert_msg(read_json("{\"owner\":\"alice\",\"secret\":\"0123456789,\\\"abcdef\",\"name\":\"laptop\","
				"\"permissions\":[\"pam.sshd\",\"mail.*\"],\"labels\":[\"a=b;c\"],\"users\":[],"
				"\"roles\":null,\"expires\":\"never\",\"not_before\":\"2027-01-31T00:00:00Z\"}",
				&secrets),
		      "%s", fault);
	ck_assert_str_eq(entry.key.secret, "0123456789,\"abcdef");
	ck_assert_str_eq(entry.key.permissions[1], "mail.*");
	ck_assert_ptr_null(entry.key.permissions[2]);
	ck_assert_str_eq(entry.key.labels[0], "a=b;c");
	ck_assert_ptr_null(entry.key.users[0]);
	ck_assert_int_eq(entry.key.expires, APIKEY_NEVER);
	ck_assert_int_eq(entry.key.not_before, 1801353600);
	import_entry_done(&entry);
	ck_assert_msg(read_json("{\"name\":\"n\",\"owner\":\"o\",\"sha256\":\"" HASH "\"}", &digests), "%s", fault);
	ck_assert_uint_eq(entry.key.sha256[31], 31);
	import_entry_done(&entry);
}
END_TEST

#define WITH(more) "{\"name\":\"n\",\"owner\":\"o\",\"secret\":\"0123456789abcdef\"" more "}"

static const struct {
	const char *line, *fault;
} wrong_objects[] = {
	{ "", "empty" },
	{ "{", "does not end" },
	{ "name,owner,secret", "no JSON (" },
	{ "{name:1}", "no JSON (" },
	{ "[]", "no object" },
	{ "1", "no JSON (" },
	{ "null", "no JSON (" },
	{ "{}", "no name" },
	{ WITH("") "x", "something else" },
	{ WITH("") WITH(""), "something else" },
	{ WITH(",\"expires\":99999999999999999999"), "number of it is too large" },
	{ WITH(",\"ex\\u0000pires\":\"never\""), "NUL in the name" },
	{ WITH(",\"name\":\"m\""), "twice" },
	{ WITH(",\"colour\":\"red\""), "none of" },
	{ WITH(",\"Roles\":[]"), "none of" },
	{ WITH(",\"roles\":\"r\""), "roles is no array" },
	{ WITH(",\"roles\":[1]"), "item of roles is no string" },
	{ WITH(",\"roles\":[\"\"]"), "item of roles is empty" },
	{ WITH(",\"roles\":[[\"r\"]]"), "item of roles is no string" },
	{ WITH(",\"expires\":4000000000"), "expires is no string" },
	{ WITH(",\"expires\":\"1\""), "expires is no time" },
	{ WITH(",\"sha256\":\"" HASH "\""), "--digests" },
	{ "{\"name\":\"n\",\"owner\":\"o\"}", "no secret" },
	{ "{\"name\":\"n\",\"owner\":\"o\",\"secret\":null}", "no secret" },
	{ "{\"name\":\"n\",\"owner\":\"o\",\"secret\":{}}", "secret is no string" },
	{ "{\"name\":\"n\\u0000m\",\"owner\":\"o\",\"secret\":\"0123456789abcdef\"}", "NUL in a text" },
	{ "{\"name\":\"n\",\"owner\":\"o\",\"secret\":\"\xff\"}", "UTF-8" },
};

START_TEST(a_wrong_line_of_json_is_refused)
{
	ck_assert_msg(!read_json(wrong_objects[_i].line, &secrets), "%s", wrong_objects[_i].line);
	ck_assert_msg(strstr(fault, wrong_objects[_i].fault), "%s: %s", wrong_objects[_i].line, fault);
	ck_assert_ptr_null(strstr(fault, "0123456789abcdef"));
	ck_assert_ptr_null(entry.object);
}
END_TEST

/* ---- lines ---- */

static struct line_input input;

static void feed(const char *text, size_t size)
{
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(write(fds[1], text, size), (ssize_t)size);
	close(fds[1]);
	input = (struct line_input){ .fd = fds[0] };
}

static void expect_line(const char *text, bool too_long)
{
	struct line got = { .text = NULL };

	ck_assert_int_eq(line_input_read(&input, 8, &got), 1);
	ck_assert_int_eq(got.too_long, too_long);
	if (!too_long) {
		ck_assert_uint_eq(got.size, strlen(text));
		ck_assert_str_eq(got.text, text);
	}
	line_free(&got);
}

START_TEST(lines_end_where_they_do)
{
	static const char text[] = "a\nbc\r\n\n12345678\n12345678\r\n123456789\n1234567890123456789\r\nr\r\r\nlast";
	struct line none = { .text = NULL };

	feed(text, strlen(text));
	expect_line("a", false);
	expect_line("bc", false);
	expect_line("", false);
	expect_line("12345678", false);
	expect_line("12345678", false);
	expect_line("", true);
	expect_line("", true);
	expect_line("r\r", false);
	expect_line("last", false);
	ck_assert_int_eq(line_input_read(&input, 8, &none), 0);
	ck_assert_uint_eq(input.number, 9);
	ck_assert_uint_eq(input.bytes, strlen(text));
	close(input.fd);
	feed("", 0);
	ck_assert_int_eq(line_input_read(&input, 8, &none), 0);
	ck_assert_uint_eq(input.number, 0);
	close(input.fd);
	input.fd = -1;
	ck_assert_int_lt(line_input_read(&input, 8, &none), 0);
}
END_TEST

/* ---- the bar ---- */

START_TEST(a_bar_fits_its_line)
{
	struct progress progress = { .unit = "lines", .whole = 1000 };
	char text[PROGRESS_TEXT_SIZE];

	progress_write(&progress, 500, 20, INT64_C(2000000000), 79, text);
	ck_assert_ptr_nonnull(strstr(text, " 50 %  20 lines, 10 a second"));
	progress_write(&progress, UINT64_MAX, UINT64_MAX, 1, 79, text);
	ck_assert_ptr_nonnull(strstr(text, "100 %"));
	progress.whole = 0;
	progress_write(&progress, 0, 0, 0, 79, text);
	ck_assert_str_eq(text, "0 lines, 0 a second");
	for (unsigned int width = 0; width < 200; width++) {
		progress.whole = width % 2 == 0 ? 1000 : UINT64_MAX;
		progress_write(&progress, width, UINT64_MAX / 3, 1, width, text);
		ck_assert_uint_le(strlen(text), width);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("import-line");
	TCase *lines = tcase_create("lines");

	tcase_add_loop_test(lines, csv_is_split, 0, COUNT_OF(splits));
	tcase_add_test(lines, a_nul_is_no_end);
	tcase_add_loop_test(lines, a_header_names_the_columns, 0, COUNT_OF(headers));
	tcase_add_test(lines, a_key_is_read_from_csv);
	tcase_add_test(lines, a_line_says_account_and_tenant);
	tcase_add_test(lines, a_digest_is_read);
	tcase_add_loop_test(lines, a_wrong_line_of_csv_is_refused, 0, COUNT_OF(wrong_lines));
	tcase_add_test(lines, texts_and_lists_have_limits);
	tcase_add_test(lines, a_key_is_read_from_json);
	tcase_add_loop_test(lines, a_wrong_line_of_json_is_refused, 0, COUNT_OF(wrong_objects));
	tcase_add_test(lines, lines_end_where_they_do);
	tcase_add_test(lines, a_bar_fits_its_line);
	suite_add_tcase(suite, lines);
	return suite_run(suite);
}
