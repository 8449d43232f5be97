/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The gateway's configuration: what is taken, what is refused and how that is told, and that the installed file shows
 * the defaults. How lines are read is tested with the daemon's. */
#include "gateway/settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "tests/suite.h"

static struct gateway_settings settings;
static char reported[4096];

static void collect(void *data, bool warning, const char *message)
{
	size_t size = strlen(reported);

	(void)data;
	ck_assert(!warning);
	snprintf(reported + size, sizeof(reported) - size, "%s\n", message);
}

static int parse(const char *text)
{
	reported[0] = '\0';
	return gateway_settings_parse(text, strlen(text), "FILE", &settings, collect, NULL);
}

static void teardown(void)
{
	gateway_settings_done(&settings);
}

static void assert_defaults(void)
{
	ck_assert_str_eq(settings.listen, "");
	ck_assert_str_eq(settings.proxies, "");
	ck_assert_str_eq(settings.metrics, "local 127.0.0.0/8 ::1");
	ck_assert_uint_eq(settings.connections, 4096);
	ck_assert_uint_eq(settings.quiet_timeout, 30);
	ck_assert_uint_eq(settings.request_timeout, 15);
	ck_assert(!settings.api_token_query);
	ck_assert_str_eq(settings.tls_listen, "");
	ck_assert_str_eq(settings.certificate, "");
	ck_assert_str_eq(settings.key, "");
	ck_assert_uint_eq(settings.hsts, 365 * 86400);
}

START_TEST(nothing_gives_the_defaults)
{
	ck_assert_int_eq(parse(""), 0);
	assert_defaults();
}
END_TEST

START_TEST(every_setting_is_taken)
{
	ck_assert_int_eq(parse("[gateway]\nlisten = 127.0.0.1:80, [::1]:8075 ,/run/x.sock\n"
			       "proxies = local, 192.0.2.0/24,2001:db8::1\nmetrics = none\nconnections = "
			       "64\nquiet_timeout = 1h\n"
			       "request_timeout = 5m\napi_token_query = yes\n"
			       "[tls]\nlisten = 192.0.2.1:8443, /run/y.sock\ncertificate = /etc/x/full chain.pem\n"
			       "key = tls-key.2\nhsts = 1d\n"),
			 0);
	ck_assert_str_eq(settings.listen, "127.0.0.1:80 [::1]:8075 /run/x.sock");
	ck_assert_str_eq(settings.proxies, "local 192.0.2.0/24 2001:db8::1");
	ck_assert_str_eq(settings.metrics, "none");
	ck_assert_uint_eq(settings.connections, 64);
	ck_assert_uint_eq(settings.quiet_timeout, 3600);
	ck_assert_uint_eq(settings.request_timeout, 300);
	ck_assert(settings.api_token_query);
	ck_assert_str_eq(settings.tls_listen, "192.0.2.1:8443 /run/y.sock");
	ck_assert_str_eq(settings.certificate, "/etc/x/full chain.pem");
	ck_assert_str_eq(settings.key, "tls-key.2");
	ck_assert_uint_eq(settings.hsts, 86400);
}
END_TEST

static const struct {
	const char *text, *told;
} refused[] = {
	{ "[gateway]\nlisten = localhost:80\n",
	  "FILE:2: [gateway] listen = localhost:80: must be something to listen on" },
	{ "[gateway]\nlisten = 127.0.0.1\n", "must be something to listen on" },
	{ "[gateway]\nlisten = 127.0.0.1:0\n", "must be something to listen on" },
	{ "[gateway]\nlisten = ::1:80\n", "must be something to listen on" },
	{ "[gateway]\nlisten = run/x.sock\n", "must be something to listen on" },
	{ "[gateway]\nlisten = /run/x y.sock\n", "must be something to listen on, without blanks" },
	{ "[gateway]\nlisten = 127.0.0.1:80,127.0.0.1:80\n", "must be named once" },
	{ "[gateway]\nproxies = everybody\n", "[gateway] proxies = everybody: must be a proxy" },
	{ "[gateway]\nproxies = 192.0.2.0/24,\n", "must have something before and behind each comma" },
	{ "[gateway]\nmetrics = all\n", "must be an address, a network" },
	{ "[gateway]\nconnections = 63\n", "must be a whole number from 64 to 65536" },
	{ "[gateway]\nconnections = 65537\n", "must be a whole number from 64 to 65536" },
	{ "[gateway]\nquiet_timeout = 30\n", "must be a span of time from 1s to 1h, such as 30s" },
	{ "[gateway]\nrequest_timeout = 0s\n", "must be a span of time from 1s to 5m, such as 15s" },
	{ "[gateway]\nrequest_timeout = 301s\n", "must be a span of time from 1s to 5m, such as 15s" },
	{ "[gateway]\napi_token_query = on\n", "must be no or yes" },
	{ "[gateway]\nconnections = 64\nconnections = 65\n", "FILE:3: [gateway] connections stands in line 2 already" },
	{ "[gateway]\nproxy = local\n", "FILE:2: [gateway] proxy: there is no such setting; did you mean proxies?" },
	{ "[tls]\ncertificate = /c.pem\n", "FILE: [tls] certificate stands there without key" },
	{ "[tls]\nkey = /k.pem\n", "FILE: [tls] key stands there without certificate" },
	{ "[tls]\nlisten = 127.0.0.1:8443\n", "FILE: [tls] listen needs certificate and key" },
	{ "[tls]\nlisten = 8443\n", "[tls] listen = 8443: must be something to listen on" },
	{ "[tls]\ncertificate = ../c.pem\nkey = /k\n", "[tls] certificate = ../c.pem: must be a path that begins" },
	{ "[tls]\ncertificate = /c\nkey = a/b\n", "[tls] key = a/b: must be a path that begins with a slash" },
	{ "[tls]\nhsts = 731d\n", "must be a span of time from 0s to 2y, such as 365d" },
	{ "[gatevay]\n", "FILE:1: [gatevay] is no section; did you mean [gateway]?" },
	{ "proxies = local\n", "FILE:1: proxies stands before the first [section]" },
};

START_TEST(what_is_wrong_is_told)
{
	ck_assert_int_eq(parse(refused[_i].text), -EINVAL);
	ck_assert_msg(strstr(reported, refused[_i].told), "told was: %s", reported);
	ck_assert_ptr_null(settings.listen);
}
END_TEST

START_TEST(all_mistakes_are_told)
{
	ck_assert_int_eq(parse("[gateway]\nlisten = x\nproxies = y\n"), -EINVAL);
	ck_assert(strstr(reported, "FILE:2:") && strstr(reported, "FILE:3:"));
}
END_TEST

/* As it is, and with every default written out. */
START_TEST(the_installed_file_shows_the_defaults)
{
	static const char *const names[] = {
		"listen",          "proxies", "metrics",     "connections", "quiet_timeout", "request_timeout",
		"api_token_query", "listen",  "certificate", "key",         "hsts"
	};
	const char *srcdir = getenv("srcdir");
	char path[4096], text[8192], active[8192] = "";
	size_t size, count = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/packaging/gateway.conf", srcdir ? srcdir : ".");
	file = fopen(path, "r");
	ck_assert_msg(file, "%s: %s", path, strerror(errno));
	size = fread(text, 1, sizeof(text) - 1, file);
	text[size] = '\0';
	fclose(file);
	ck_assert_msg(parse(text) == 0, "%s", reported);
	assert_defaults();
	teardown();
	for (char *rest = text, *line; (line = strsep(&rest, "\n"));) {
		bool setting = line[0] == '#' && line[1] >= 'a' && line[1] <= 'z';

		count += setting;
		strcat(strcat(active, setting ? line + 1 : line), "\n");
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char shown[64];

		snprintf(shown, sizeof(shown), "\n%s =", names[i]);
		ck_assert_msg(strstr(active, shown), "%s is not shown", names[i]);
	}
	ck_assert_uint_eq(count, sizeof(names) / sizeof(names[0]));
	ck_assert_msg(parse(active) == 0, "%s", reported);
	assert_defaults();
}
END_TEST

START_TEST(a_file_that_is_named_must_be_there)
{
	reported[0] = '\0';
	ck_assert_int_eq(gateway_settings_load("/nonexistent/gateway.conf", &settings, collect, NULL), -EINVAL);
	ck_assert_str_eq(reported, "/nonexistent/gateway.conf: does not exist\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("settings");
	TCase *test_case = tcase_create("settings");

	tcase_add_checked_fixture(test_case, NULL, teardown);
	tcase_add_test(test_case, nothing_gives_the_defaults);
	tcase_add_test(test_case, every_setting_is_taken);
	tcase_add_loop_test(test_case, what_is_wrong_is_told, 0, ARRAY_SIZE(refused));
	tcase_add_test(test_case, all_mistakes_are_told);
	tcase_add_test(test_case, the_installed_file_shows_the_defaults);
	tcase_add_test(test_case, a_file_that_is_named_must_be_there);
	suite_add_tcase(suite, test_case);
	return suite_run(suite);
}
