/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The parts that pages of the portal are made of: escaping, tokens of forms, where forms come from, lists of words, the
 * chart. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "gateway/html.h"
#include "gateway/portal_chart.h"
#include "gateway/portal_guard.h"
#include "gateway/portal_page.h"
#include "gateway/portal_words.h"
#include "gateway/sentence.h"
#include "lib/apikey.h"
#include "proto/verdict.h"
#include "tests/suite.h"

#define NOW 1795000000

/* ---- html ---- */

static const struct {
	const char *given, *written;
} escapes[] = {
	{ "", "" },
	{ "plain words", "plain words" },
	{ "<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;" },
	{ "\" onfocus=\"x", "&quot; onfocus=&quot;x" },
	{ "' onfocus='x", "&#39; onfocus=&#39;x" },
	{ "&lt;", "&amp;lt;" },
	{ "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f" },
	{ "\xf0\x9f\x94\x91", "\xf0\x9f\x94\x91" },
	{ "a\x1b[2Jb", "a\xef\xbf\xbd[2Jb" },
	{ "a\x7f", "a\xef\xbf\xbd" },
	{ "a\xc2\x85", "a\xef\xbf\xbd" },
	/* What is no UTF-8, and an overlong <. */
	{ "a\xff<", "a\xef\xbf\xbd&lt;" },
	{ "\xc0\xbc", "\xef\xbf\xbd\xef\xbf\xbd" },
	{ "\xe2\x80", "\xef\xbf\xbd\xef\xbf\xbd" },
	/* Directions that are turned around. */
	{ "a\xe2\x80\xaetxt", "a\xef\xbf\xbdtxt" },
	{ "a\xe2\x81\xa6txt", "a\xef\xbf\xbdtxt" },
	{ "two\nlines\t", "two\nlines\t" },
};

START_TEST(values_are_escaped)
{
	struct html html = { .size = 0 };
	CLEANUP_FREE char *text = NULL;
	char expected[256];

	html_print(&html, "<p title=\"%s\">%s</p>", escapes[_i].given, escapes[_i].given);
	snprintf(expected, sizeof(expected), "<p title=\"%s\">%s</p>", escapes[_i].written, escapes[_i].written);
	text = html_take(&html);
	ck_assert_str_eq(text, expected);
	ck_assert_ptr_null(html.text);
}
END_TEST

START_TEST(numbers_are_written)
{
	struct html html = { .size = 0 };
	CLEANUP_FREE char *text = NULL;

	html_print(&html, "%d %u %ld %lu %lld %llu %zu 100%%", -1, 2U, -3L, 4UL, (long long)INT64_MIN,
		   (unsigned long long)UINT64_MAX, (size_t)7);
	text = html_take(&html);
	ck_assert_str_eq(text, "-1 2 -3 4 -9223372036854775808 18446744073709551615 7 100%");
}
END_TEST

START_TEST(much_is_written)
{
	struct html html = { .size = 0 };
	CLEANUP_FREE char *text = NULL;

	for (int i = 0; i < 20000; i++)
		html_print(&html, "%s", "<");
	text = html_take(&html);
	ck_assert_uint_eq(strlen(text), 20000 * 4);
	html_done(&html);
}
END_TEST

START_TEST(components_of_links_are_escaped)
{
	struct html html = { .size = 0 };
	CLEANUP_FREE char *text = NULL;

	html_print_component(&html, "a-b_c.d~1 /?&=#%\"<\xc3\xbc");
	text = html_take(&html);
	ck_assert_str_eq(text, "a-b_c.d~1%20%2F%3F%26%3D%23%25%22%3C%C3%BC");
}
END_TEST

START_TEST(times_are_told)
{
	static const struct {
		int64_t time;
		const char *told;
	} times[] = {
		{ NOW, ">just now<" },
		{ NOW + 1, ">in a moment<" },
		{ NOW - 60, ">1 minute ago<" },
		{ NOW + 7200, ">in 2 hours<" },
		{ NOW + 90 * 86400 - 5, ">in 90 days<" },
		{ NOW - 800 * 86400, ">2 years ago<" },
		{ APIKEY_NEVER, "never" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		struct html html = { .size = 0 };
		CLEANUP_FREE char *text = NULL;

		page_when(&html, times[i].time, NOW);
		text = html_take(&html);
		ck_assert_msg(strstr(text, times[i].told), "%s has no %s", text, times[i].told);
	}
}
END_TEST

START_TEST(times_in_texts_are_told)
{
	static const struct {
		const char *given, *full, *brief;
	} texts[] = {
		{ "", "", "" },
		{ "no <time>", "no &lt;time&gt;", "no &lt;time&gt;" },
		{ "expires at 2026-11-21T12:26:40Z",
		  "expires at <time datetime=\"2026-11-21T12:26:40Z\">2026-11-21 12:26 UTC</time> (in 3 days)",
		  "expires <time datetime=\"2026-11-21T12:26:40Z\" title=\"2026-11-21 12:26 UTC\">in 3 days</time>" },
		{ "secret 1 gets old at 2026-11-18T09:06:40Z (age)",
		  "secret 1 gets old at <time datetime=\"2026-11-18T09:06:40Z\">2026-11-18 09:06 UTC</time> (2 hours "
		  "ago) "
		  "(age)",
		  "secret 1 gets old <time datetime=\"2026-11-18T09:06:40Z\" title=\"2026-11-18 09:06 UTC\">2 hours "
		  "ago</time> (age)" },
		{ "2026-11-21T12:26:40Z2026-11-21",
		  "<time datetime=\"2026-11-21T12:26:40Z\">2026-11-21 12:26 UTC</time> (in 3 "
		  "days)2026-11-21",
		  "<time datetime=\"2026-11-21T12:26:40Z\" title=\"2026-11-21 12:26 UTC\">in 3 days</time>2026-11-21" },
		{ "2026-13-21T12:26:40Z", "2026-13-21T12:26:40Z", "2026-13-21T12:26:40Z" },
		{ "2026-11-21T12:26:4", "2026-11-21T12:26:4", "2026-11-21T12:26:4" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		for (int is_short = 0; is_short < 2; is_short++) {
			struct html html = { .size = 0 };
			CLEANUP_FREE char *text = NULL;

			html_print(&html, "%s", "");
			page_text(&html, texts[i].given, NOW, is_short != 0);
			text = html_take(&html);
			ck_assert_str_eq(text ? text : "", is_short ? texts[i].brief : texts[i].full);
		}
	}
}
END_TEST

/* Text is handed on in parts, which end between characters. */
START_TEST(long_texts_stay_whole)
{
	struct html html = { .size = 0 };
	CLEANUP_FREE char *text = NULL;
	char given[2048] = "";

	for (size_t i = 0; i < 500; i++)
		strcat(given, i % 7 == 0 ? "a" : "\xc3\xbc");
	page_text(&html, given, NOW, false);
	text = html_take(&html);
	ck_assert_str_eq(text, given);
}
END_TEST

START_TEST(reasons_are_told_without_commands)
{
	char sentence[SENTENCE_SIZE];

	for (int reason = REASON_NONE + 1; reason < REASON_COUNT; reason++) {
		sentence_for_http(reason_sentence((enum reason)reason), NULL, sentence);
		ck_assert_msg(*sentence != '\0' && !strstr(sentence, "apikeyctl") && !strstr(sentence, "--"), "%s",
			      sentence);
	}
}
END_TEST

/* ---- forms ---- */

static const struct {
	const char *fetch_site, *origin, *host;
	bool own;
} forms[] = {
	{ "same-origin", NULL, "keys.example.org", true },
	{ "same-origin", "null", "keys.example.org", true },
	{ "same-site", "https://keys.example.org", "keys.example.org", false },
	{ "cross-site", "https://keys.example.org", "keys.example.org", false },
	{ "none", NULL, "keys.example.org", false },
	{ "", "https://keys.example.org", "keys.example.org", false },
	{ NULL, "https://keys.example.org", "keys.example.org", true },
	{ NULL, "http://127.0.0.1:8075", "127.0.0.1:8075", true },
	{ NULL, "https://keys.example.org.evil.example", "keys.example.org", false },
	{ NULL, "https://evil.example", "keys.example.org", false },
	{ NULL, "https://keys.example.org:444", "keys.example.org", false },
	{ NULL, "null", "keys.example.org", false },
	{ NULL, NULL, "keys.example.org", false },
	{ NULL, "https://", "", false },
	{ NULL, "https://keys.example.org", NULL, false },
};

START_TEST(forms_come_from_here)
{
	ck_assert_int_eq(portal_is_own_form(forms[_i].fetch_site, forms[_i].origin, forms[_i].host), forms[_i].own);
}
END_TEST

START_TEST(each_sign_in_has_a_token_of_its_own)
{
	char one[PORTAL_TOKEN_SIZE], again[PORTAL_TOKEN_SIZE], other[PORTAL_TOKEN_SIZE];

	ck_assert_int_eq(portal_token_make("a-credential", one), 0);
	ck_assert_int_eq(portal_token_make("a-credential", again), 0);
	ck_assert_int_eq(portal_token_make("a-credentiam", other), 0);
	ck_assert_uint_eq(strlen(one), PORTAL_TOKEN_SIZE - 1);
	ck_assert(portal_token_fits(one, again));
	ck_assert(!portal_token_fits(one, other));
	ck_assert(!portal_token_fits(one, ""));
	ck_assert(!portal_token_fits("", ""));
	one[PORTAL_TOKEN_SIZE - 2] = '\0';
	ck_assert(!portal_token_fits(one, one));
}
END_TEST

START_TEST(cookies_are_for_this_host_alone)
{
	char header[PORTAL_COOKIE_HEADER_SIZE];
	char longest[PORTAL_CREDENTIAL_MAX + 2];

	ck_assert(portal_cookie_write("abc-1", false, header));
	ck_assert_str_eq(header, "apikey-portal=abc-1; Path=/portal; HttpOnly; SameSite=Strict");
	ck_assert(portal_cookie_write("abc-1", true, header));
	ck_assert_str_eq(header, "__Host-apikey-portal=abc-1; Path=/; HttpOnly; SameSite=Strict; Secure");
	ck_assert(portal_cookie_write("", true, header));
	ck_assert_ptr_nonnull(strstr(header, "Max-Age=0"));
	ck_assert(!portal_cookie_write("a; Domain=example.org", false, header));
	ck_assert(!portal_cookie_write("a\r\nb", false, header));
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	ck_assert(!portal_cookie_write(longest, true, header));
	longest[sizeof(longest) - 2] = '\0';
	ck_assert(portal_cookie_write(longest, true, header));
	ck_assert_ptr_nonnull(strstr(header, "; Secure"));
	ck_assert(portal_cookie_write("", true, header));
}
END_TEST

START_TEST(words_are_parted)
{
	CLEANUP(words_done) struct words words = { .count = 0 };
	CLEANUP(urlencoded_done) struct urlencoded form = { .count = 0 };
	static const char body[] = "permission%3Amail.imap=on&permission%3A=on&role%3Ax=on&permission%3Apam.sshd=on";
	const char *fault = NULL;

	ck_assert_int_eq(urlencoded_read(body, sizeof(body) - 1, &form, &fault), 0);
	words_add_ticked(&words, &form, "permission:");
	words_add_text(&words, " web.read,mail.imap\r\n\tweb.write ");
	ck_assert_uint_eq(words.count, 4);
	ck_assert_str_eq(words.list[0], "mail.imap");
	ck_assert_str_eq(words.list[1], "pam.sshd");
	ck_assert_str_eq(words.list[2], "web.read");
	ck_assert_str_eq(words.list[3], "web.write");
	ck_assert_ptr_null(words.list[4]);
	ck_assert(!words.too_many);
}
END_TEST

START_TEST(there_are_not_too_many_words)
{
	CLEANUP(words_done) struct words words = { .count = 0 };
	char text[8 * (WORDS_MOST + 2)] = "";
	size_t size = 0;

	for (int i = 0; i < WORDS_MOST + 1; i++)
		size += (size_t)snprintf(text + size, sizeof(text) - size, "a.%d ", i);
	words_add_text(&words, text);
	ck_assert_uint_eq(words.count, WORDS_MOST);
	ck_assert_ptr_null(words.list[WORDS_MOST]);
	ck_assert(words.too_many);
}
END_TEST

/* ---- the chart ---- */

START_TEST(the_chart_tells_what_it_shows)
{
	struct html html = { .size = 0 };
	CLEANUP_FREE char *text = NULL;
	struct chart chart;

	chart_init(&chart, NOW);
	ck_assert_int_eq(chart.start % 86400, 0);
	chart_add(&chart, NOW, "dovecot", 40, 0);
	chart_add(&chart, NOW - 86400, "dovecot", 1, 2);
	chart_add(&chart, NOW - 86400, "<sshd>", 0, 1);
	/* Outside of it. */
	chart_add(&chart, chart.start - 1, "dovecot", 1000, 0);
	chart_add(&chart, NOW + 2 * 86400, "dovecot", 1000, 0);
	ck_assert_uint_eq(chart.days[CHART_DAYS - 1].granted, 40);
	ck_assert_uint_eq(chart.days[CHART_DAYS - 2].refused, 3);
	chart_write(&chart, &html);
	text = html_take(&html);
	ck_assert_ptr_nonnull(strstr(text, "41 let in"));
	ck_assert_ptr_nonnull(strstr(text, "3 refused"));
	ck_assert_ptr_nonnull(strstr(text, "40 on the busiest day"));
	ck_assert_ptr_nonnull(strstr(text, "&lt;sshd&gt;"));
	ck_assert_ptr_null(strstr(text, "style="));
}
END_TEST

START_TEST(the_chart_has_room_for_any_number)
{
	struct html html = { .size = 0 };
	CLEANUP_FREE char *text = NULL;
	struct chart chart;
	char name[32];

	chart_init(&chart, NOW);
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "service-%d", i);
		chart_add(&chart, NOW, name, UINT64_MAX, UINT64_MAX);
	}
	ck_assert_uint_eq(chart.service_count, CHART_SERVICES + 1);
	chart_write(&chart, &html);
	text = html_take(&html);
	ck_assert_ptr_nonnull(strstr(text, "others"));
	ck_assert_ptr_nonnull(strstr(text, "18446744073709551615 let in"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("portal");
	TCase *tests = tcase_create("portal");

	tcase_add_loop_test(tests, values_are_escaped, 0, ARRAY_SIZE(escapes));
	tcase_add_test(tests, numbers_are_written);
	tcase_add_test(tests, much_is_written);
	tcase_add_test(tests, components_of_links_are_escaped);
	tcase_add_test(tests, times_are_told);
	tcase_add_test(tests, times_in_texts_are_told);
	tcase_add_test(tests, long_texts_stay_whole);
	tcase_add_test(tests, reasons_are_told_without_commands);
	tcase_add_loop_test(tests, forms_come_from_here, 0, ARRAY_SIZE(forms));
	tcase_add_test(tests, each_sign_in_has_a_token_of_its_own);
	tcase_add_test(tests, cookies_are_for_this_host_alone);
	tcase_add_test(tests, words_are_parted);
	tcase_add_test(tests, there_are_not_too_many_words);
	tcase_add_test(tests, the_chart_tells_what_it_shows);
	tcase_add_test(tests, the_chart_has_room_for_any_number);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
