/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The configuration: defaults, every setting at and beyond its limits, what is said about mistakes, and files that are
 * not to be trusted.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/encoding.h"
#include "daemon/settings.h"
#include "tests/suite.h"

#define OTHER_UID 4242

struct reports {
	size_t errors, warnings;
	char text[65536]; /* a line each */
};

static struct reports reports;
static struct settings settings;

static void collect(void *data, bool warning, const char *message)
{
	struct reports *collected = data;
	size_t size = strlen(collected->text);

	ck_assert_msg(encoding_is_printable_utf8(message, strlen(message)), "not printable: %s", message);
	if (warning)
		collected->warnings++;
	else
		collected->errors++;
	snprintf(collected->text + size, sizeof(collected->text) - size, "%s\n", message);
}

static void setup(void)
{
	memset(&reports, 0, sizeof(reports));
	memset(&settings, 0, sizeof(settings));
}

static void teardown(void)
{
	settings_done(&settings);
}

static int parse_bytes(const char *text, size_t size)
{
	return settings_parse(text, size, "FILE", &settings, collect, &reports);
}

static int parse(const char *text)
{
	return parse_bytes(text, strlen(text));
}

static void assert_reported(const char *message)
{
	ck_assert_msg(strstr(reports.text, message), "\"%s\" is not in:\n%s", message, reports.text);
}

/* Asserts that a text is refused with one message, and that nothing came out. */
static void assert_refused(const char *text, const char *message)
{
	struct settings before;

	memset(&settings, 0x5a, sizeof(settings));
	memcpy(&before, &settings, sizeof(before));
	ck_assert_msg(parse(text) == -EINVAL, "was taken: %s", text);
	ck_assert_mem_eq(&settings, &before, sizeof(before));
	memset(&settings, 0, sizeof(settings));
	ck_assert_msg(reports.errors == 1, "%zu errors for %s:\n%s", reports.errors, text, reports.text);
	assert_reported(message);
}

static void assert_defaults(void)
{
	ck_assert_uint_eq(settings.workers, 2);
	ck_assert_uint_eq(settings.connections_per_uid, 64);
	ck_assert_uint_eq(settings.connections_max, 1024);
	ck_assert_uint_eq(settings.idle_timeout, 10);
	ck_assert_uint_eq(settings.minimum_uid, 1000);
	ck_assert_uint_eq(settings.low_disk, 128 << 20);
	ck_assert_str_eq(settings.self_service_permissions, "");
	ck_assert_uint_eq(settings.self_service_keys, 32);
	ck_assert_int_eq(settings.self_service_lifetime, TIME_NEVER);
	ck_assert_uint_eq(settings.rotation_overlap, 7 * 86400);
	ck_assert_uint_eq(settings.peer_count, 0);
	/* Where the gateway is installed, its user. */
	ck_assert_uint_eq(settings.gateway_user_count, getpwnam("apikey-gateway") ? 1 : 0);
	ck_assert_int_eq(settings.policies.default_lifetime, TIME_NEVER);
	ck_assert_int_eq(settings.policies.max_lifetime, TIME_NEVER);
	ck_assert_int_eq(settings.policies.max_secret_age, TIME_NEVER);
	ck_assert_int_eq(settings.policies.on_violation, POLICIES_REPORT);
	ck_assert_int_eq(settings.policies.warn_before, 14 * 86400);
	ck_assert_int_eq(settings.policies.end_sessions, 0);
	ck_assert_str_eq(settings.token_issuer, "apikeyd");
	ck_assert_str_eq(settings.token_audience, "apikeyd");
	ck_assert_str_eq(settings.portal_url, "http://127.0.0.1:8075");
	ck_assert_uint_eq(settings.portal_idle, 1800);
	ck_assert_uint_eq(settings.portal_lifetime, 8 * 3600);
	ck_assert_uint_eq(settings.failures_per_minute, 30);
	ck_assert_uint_eq(settings.failures_per_key, 30);
	ck_assert_uint_eq(settings.audit_max_size, 64 << 20);
	ck_assert_uint_eq(settings.audit_keep, 8);
	ck_assert(settings.audit_strict);
	ck_assert(!settings.audit_relaxed);
	ck_assert(settings.audit_journal);
}

START_TEST(nothing_gives_the_defaults)
{
	static const char *const texts[] = {
		"", "\n", "# a comment", "; another\n\n#\n", "[daemon]\n[audit]\n", "[daemon]   \n\t# no\n"
	};

	if (_i == 5) {
		assert_refused(texts[_i], "FILE:2: the line begins with white space");
		return;
	}
	ck_assert_int_eq(parse(texts[_i]), 0);
	ck_assert_str_eq(reports.text, "");
	assert_defaults();
}
END_TEST

START_TEST(no_path_gives_the_defaults)
{
	ck_assert_int_eq(settings_load(NULL, &settings, collect, &reports), 0);
	ck_assert_str_eq(reports.text, "");
	assert_defaults();
}
END_TEST

/* The file that is installed: as it is, and with every default written out. */
START_TEST(the_installed_file_shows_the_defaults)
{
	static const char *const names[] = { "workers",
					     "connections_per_uid",
					     "connections_max",
					     "idle_timeout",
					     "minimum_uid",
					     "low_disk",
					     "group",
					     "permissions",
					     "keys",
					     "max_lifetime",
					     "users",
					     "default_lifetime",
					     "max_lifetime",
					     "max_secret_age",
					     "on_violation",
					     "warn_before",
					     "misuse",
					     "misuse_sources",
					     "misuse_window",
					     "end_sessions",
					     "rotation_overlap",
					     "issuer",
					     "audience",
					     "url",
					     "idle_timeout",
					     "lifetime",
					     "failures_per_minute",
					     "failures_per_key",
					     "max_size",
					     "keep",
					     "on_failure",
					     "durability",
					     "journal" };
	const char *srcdir = getenv("srcdir");
	char path[4096], text[16384], active[16384] = "";
	size_t size, active_settings = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/packaging/apikeyd.conf", srcdir ? srcdir : ".");
	file = fopen(path, "r");
	ck_assert_msg(file, "%s: %s", path, strerror(errno));
	size = fread(text, 1, sizeof(text) - 1, file);
	text[size] = '\0';
	fclose(file);
	ck_assert_int_eq(parse(text), 0);
	ck_assert_str_eq(reports.text, "");
	assert_defaults();
	teardown();

	for (char *rest = text, *line; (line = strsep(&rest, "\n"));) {
		bool setting = line[0] == '#' && line[1] >= 'a' && line[1] <= 'z';

		if (setting && (strncmp(line, "#apikey-gateway", 15) == 0 || strncmp(line, "#postgres", 9) == 0))
			continue; /* examples: there is no default peer */
		active_settings += setting;
		strcat(strcat(active, setting ? line + 1 : line), "\n");
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char shown[64];

		snprintf(shown, sizeof(shown), "\n%s =", names[i]);
		ck_assert_msg(strstr(active, shown), "%s is not shown", names[i]);
	}
	ck_assert_uint_eq(active_settings, sizeof(names) / sizeof(names[0]));
	ck_assert_msg(parse(active) == 0, "%s", reports.text);
	ck_assert_uint_eq(reports.errors, 0);
	assert_defaults();
}
END_TEST

START_TEST(every_setting_is_taken)
{
	ck_assert_int_eq(parse("[daemon]\nworkers = 7\nconnections_per_uid=1\nconnections_max  =  2\n"
			       "idle_timeout = 1h\nminimum_uid = 500\nlow_disk = 0\n"
			       "[admin]\ngroup = 17\n"
			       "[self-service]\npermissions = pam.dovecot,mail.* ,\tx\nkeys = 3\nmax_lifetime = 1y\n"
			       "[peers]\n4001 = nginx, portal\n4002=uid-4002\n"
			       "[gateway]\nusers = 4003, 4004\n"
			       "[policy]\ndefault_lifetime = 90d\nmax_lifetime = 2y\nmax_secret_age = "
			       "60d\non_violation = refuse\nwarn_before = 30d\nrotation_overlap = 12h\n"
			       "[throttle]\nfailures_per_minute = 1\n"
			       "[audit]\nmax_size = 3K\nkeep = 1\non_failure = serve\ndurability = relaxed\n"
			       "journal = no"),
			 -EINVAL);
	assert_reported("FILE:29: [audit] max_size = 3K: must be a size from 4K to 1024G, such as 64M");
	setup();
	ck_assert_int_eq(parse("[daemon]\nworkers = 7\nconnections_per_uid=1\nconnections_max  =  2\n"
			       "idle_timeout = 1h\nminimum_uid = 500\nlow_disk = 0\n"
			       "[admin]\ngroup = 17\n"
			       "[self-service]\npermissions = pam.dovecot,mail.* ,\tx\nkeys = 3\nmax_lifetime = 1y\n"
			       "[peers]\n4001 = nginx, portal\n4002=uid-4002\n"
			       "[gateway]\nusers = 4003, 4004\n"
			       "[policy]\ndefault_lifetime = 90d\nmax_lifetime = 2y\nmax_secret_age = "
			       "60d\non_violation = refuse\nwarn_before = 30d\nrotation_overlap = 12h\n"
			       "[tokens]\nissuer = https://example.org/\naudience = mail,web\n"
			       "[portal]\nurl = https://keys.example.org/a//\nidle_timeout = 5m\nlifetime = 1d\n"
			       "[throttle]\nfailures_per_minute = 1\n"
			       "[audit]\nmax_size = 2G\nkeep = 1\non_failure = serve\ndurability = relaxed\n"
			       "journal = no"),
			 0);
	ck_assert_str_eq(reports.text, "");
	ck_assert_uint_eq(settings.workers, 7);
	ck_assert_uint_eq(settings.connections_per_uid, 1);
	ck_assert_uint_eq(settings.connections_max, 2);
	ck_assert_uint_eq(settings.idle_timeout, 3600);
	ck_assert_uint_eq(settings.minimum_uid, 500);
	ck_assert_uint_eq(settings.low_disk, 0);
	ck_assert(settings.admin_group_known);
	ck_assert_uint_eq(settings.admin_group, 17);
	ck_assert_str_eq(settings.self_service_permissions, "pam.dovecot mail.* x");
	ck_assert_uint_eq(settings.self_service_keys, 3);
	ck_assert_uint_eq(settings.peer_count, 2);
	ck_assert_str_eq(settings.peers[0].name, "4001");
	ck_assert_str_eq(settings_peer_services(&settings, 4001), "nginx portal");
	ck_assert_str_eq(settings_peer_services(&settings, 4002), "uid-4002");
	ck_assert_str_eq(settings_peer_services(&settings, 4003), "");
	ck_assert_uint_eq(settings.gateway_user_count, 2);
	ck_assert_uint_eq(settings.gateway_users[0], 4003);
	ck_assert_uint_eq(settings.gateway_users[1], 4004);
	ck_assert_int_eq(settings.policies.default_lifetime, 90 * 86400);
	ck_assert_int_eq(settings.policies.max_lifetime, 730 * 86400);
	ck_assert_int_eq(settings.policies.max_secret_age, 60 * 86400);
	ck_assert_int_eq(settings.policies.on_violation, POLICIES_REFUSE);
	ck_assert_int_eq(settings.policies.warn_before, 30 * 86400);
	ck_assert_int_eq(settings.self_service_lifetime, 365 * 86400);
	ck_assert_uint_eq(settings.rotation_overlap, 12 * 3600);
	ck_assert_str_eq(settings.token_issuer, "https://example.org/");
	ck_assert_str_eq(settings.portal_url, "https://keys.example.org/a");
	ck_assert_uint_eq(settings.portal_idle, 300);
	ck_assert_uint_eq(settings.portal_lifetime, 86400);
	ck_assert_str_eq(settings.token_audience, "mail,web");
	ck_assert_uint_eq(settings.failures_per_minute, 1);
	ck_assert_uint_eq(settings.audit_max_size, UINT64_C(2) << 30);
	ck_assert_uint_eq(settings.audit_keep, 1);
	ck_assert(!settings.audit_strict);
	ck_assert(settings.audit_relaxed);
	ck_assert(!settings.audit_journal);
}
END_TEST

#define TEXT_43 "0123456789012345678901234567890123456789012"
#define TEXT_129 TEXT_43 TEXT_43 TEXT_43

static const struct {
	const char *section, *name;
	const char *good[4], *bad[12];
	const char *must;
} limits[] = {
	{ "daemon",
	  "workers",
	  { "1", "64", "007" },
	  { "0", "65", "-1", "+2", "2 3", "two", "", "1.5", "0x2", "2K", "\"2\"" },
	  "be a whole number from 1 to 64" },
	{ "daemon",
	  "connections_per_uid",
	  { "1", "4096" },
	  { "0", "4097", "18446744073709551617", "99999999999999999999999" },
	  "be a whole number from 1 to 4096" },
	{ "daemon", "connections_max", { "1", "65536" }, { "0", "65537" }, "be a whole number from 1 to 65536" },
	{ "daemon",
	  "idle_timeout",
	  { "1s", "60m", "1h" },
	  { "0s", "10", "3601s", "never", "10 s", "1d", "s", "2027-01-31" },
	  "be a span of time from 1s to 1h, such as 10s" },
	{ "daemon",
	  "minimum_uid",
	  { "1", "4294967294" },
	  { "0", "4294967295", "" },
	  "be a whole number from 1 to 4294967294" },
	{ "daemon",
	  "low_disk",
	  { "0", "64M", "1024G" },
	  { "1025G", "-1", "10%", "" },
	  "be a size from 0 to 1024G, such as 128M" },
	{ "self-service", "keys", { "1", "10000" }, { "0", "10001" }, "be a whole number from 1 to 10000" },
	{ "policy",
	  "default_lifetime",
	  { "never", "60s", "100y", "5200w" },
	  { "59s", "101y", "Never", "90", "0d", "-1d", "2027-01-31", "999999999999999999y", "" },
	  "be a span of time from 1m to 100y, such as 90d, or never" },
	{ "policy",
	  "max_lifetime",
	  { "never", "60s", "100y" },
	  { "59s", "101y", "Never", "90", "" },
	  "be a span of time from 1m to 100y, such as 1y, or never" },
	{ "policy",
	  "max_secret_age",
	  { "never", "60s", "100y" },
	  { "59s", "101y", "90", "" },
	  "be a span of time from 1m to 100y, such as 90d, or never" },
	{ "policy",
	  "warn_before",
	  { "never", "60s", "10y" },
	  { "59s", "11y", "14", "" },
	  "be a span of time from 1m to 10y, such as 14d, or never" },
	{ "policy", "misuse", { "report", "suspend" }, { "Suspend", "", "refuse" }, "be report or suspend" },
	{ "policy",
	  "misuse_sources",
	  { "0", "2", "64" },
	  { "-1", "1", "65", "never" },
	  "be 0 or a whole number from 2 to 64" },
	{ "policy",
	  "misuse_window",
	  { "1m", "1h", "30d" },
	  { "59s", "31d", "never", "" },
	  "be a span of time from 1m to 30d, such as 1h" },
	{ "policy", "on_violation", { "report", "refuse" }, { "Refuse", "", "suspend" }, "be report or refuse" },
	{ "self-service",
	  "max_lifetime",
	  { "never", "60s", "100y" },
	  { "59s", "101y", "Never", "90", "0d", "-1d", "" },
	  "be a span of time from 1m to 100y, such as 90d, or never" },
	{ "policy",
	  "rotation_overlap",
	  { "60s", "7d", "365d", "1y" },
	  { "59s", "366d", "2y", "never", "7", "0s", "-7d", "99999999999999999999d", "" },
	  "be a span of time from 1m to 1y, such as 7d" },
	{ "tokens",
	  "issuer",
	  { "a", "https://example.org/", "\"" },
	  { "", "a b", "a\tb", "\303\244", TEXT_129 },
	  "be 1 to 128 visible ASCII characters, such as apikeyd" },
	{ "tokens", "audience", { "a", "b,c" }, { "", "a b" }, "be 1 to 128 visible ASCII characters" },
	{ "portal",
	  "url",
	  { "http://[::1]:8075", "https://keys.example.org/a" },
	  { "keys.example.org", "ftp://a", "https://", "https:///a", "http://a?b", "http://b@a", "http://a'" },
	  "be the address of a web page, without a query, such as http://127.0.0.1:8075" },
	{ "portal",
	  "idle_timeout",
	  { "1m", "24h" },
	  { "59s", "25h", "never", "" },
	  "be a span of time from 1m to 1d, such as 30m" },
	{ "portal",
	  "lifetime",
	  { "1m", "30d" },
	  { "59s", "31d", "never", "" },
	  "be a span of time from 1m to 30d, such as 8h" },
	{ "throttle",
	  "failures_per_minute",
	  { "1", "100000" },
	  { "0", "100001" },
	  "be a whole number from 1 to 100000" },
	{ "throttle",
	  "failures_per_key",
	  { "0", "1", "100000" },
	  { "-1", "100001", "never" },
	  "be a whole number from 0 to 100000" },
	{ "audit",
	  "max_size",
	  { "4096", "4K", "1024G", "1048576M" },
	  { "4095", "1025G", "64MB", "64m", "64 M", "17179869185G", "18446744073709551615G", "M", "" },
	  "be a size from 4K to 1024G, such as 64M" },
	{ "audit", "keep", { "1", "1000" }, { "0", "1001" }, "be a whole number from 1 to 1000" },
	{ "audit", "on_failure", { "refuse", "serve" }, { "Refuse", "", "refuse serve" }, "be serve or refuse" },
	{ "audit", "durability", { "normal", "relaxed" }, { "none", "" }, "be normal or relaxed" },
	{ "audit", "journal", { "yes", "no" }, { "true", "1", "on", "" }, "be no or yes" },
	{ "admin", "group", { "0", "17", "" }, { "a b", "a,b", "a/b" }, "be one group, or nothing" },
	{ "self-service",
	  "permissions",
	  { "", "pam.sshd", "pam.*, test.a" },
	  { "Pam.sshd", "pam..x", "pam sshd", "a*", "*.a" },
	  "be permissions such as" },
	{ "self-service",
	  "permissions",
	  { "apikey.x", "apikeyde" },
	  { "*", "apikeyd", "apikeyd.*", "apikeyd.keys.write" },
	  "none of apikeyd" },
	{ "self-service",
	  "permissions",
	  { "" },
	  { ",", "a,", ",a", "a,,b", "a, ,b" },
	  "have something before and behind each comma" },
	{ "self-service", "permissions", { "a,a.*" }, { "a,a", "a, b, a", "a.*,b,a.*" }, "be named once" },
	{ "gateway", "users", { "", "1", "1,2" }, { "root", "0", "00", "1, 0" }, "not be root" },
	{ "gateway", "users", { "1,10" }, { "1,1", "1,01" }, "be named once" },
	{ "peers",
	  "4001",
	  { "a", "nginx,a-b_c", "0" },
	  { "Nginx", "-a", "a.b", "*", "a b", "_x" },
	  "be services such as" },
	{ "peers", "4001", { "a" }, { "" }, "name at least one service" },
	{ "peers", "4001", { "a" }, { "a,a", "b, a, a" }, "be named once" },
};

#define LIMIT_COUNT ((int)(sizeof(limits) / sizeof(limits[0])))

START_TEST(values_are_held_to_their_limits)
{
	char text[256], message[256];

	for (size_t i = 0; i < 4 && limits[_i].good[i]; i++) {
		setup();
		snprintf(text, sizeof(text), "[%s]\n%s = %s\n", limits[_i].section, limits[_i].name,
			 limits[_i].good[i]);
		ck_assert_msg(parse(text) == 0, "%s", reports.text);
		settings_done(&settings);
	}
	for (size_t i = 0; i < 12 && limits[_i].bad[i]; i++) {
		setup();
		snprintf(text, sizeof(text), "[%s]\n%s = %s\n", limits[_i].section, limits[_i].name, limits[_i].bad[i]);
		snprintf(message, sizeof(message), "FILE:2: [%s] %s = ", limits[_i].section, limits[_i].name);
		assert_refused(text, message);
		assert_reported(": must ");
		assert_reported(limits[_i].must);
	}
}
END_TEST

START_TEST(mistakes_are_named_with_their_line)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "[daemon]\nworkers = 99\n", "FILE:2: [daemon] workers = 99: must be a whole number from 1 to 64" },
		{ "[daemon]\n\n# x\nworker = 9",
		  "FILE:4: [daemon] worker: there is no such setting; did you mean workers?" },
		{ "[audit]\non-failures = serve", "did you mean on_failure?" },
		{ "[audit]\nmaxsize = 1M", "did you mean max_size?" },
		{ "[audit]\nkepe = 1", "did you mean keep?" },
		{ "[audit]\ncolour = red", "FILE:2: [audit] colour: there is no such setting\n" },
		{ "[daemon]\nmax_size = 1M", "FILE:2: [daemon] max_size: this setting belongs to [audit]" },
		{ "[deamon]\nworkers = 2\nnonsense = x\n", "FILE:1: [deamon] is no section; did you mean [daemon]?" },
		{ "[self_service]\nkeys = 2", "did you mean [self-service]?" },
		{ "[Audit]", "did you mean [audit]?" },
		{ "[elsewhere]\nworkers = 2\n", "FILE:1: [elsewhere] is no section\n" },
		{ "workers = 2\n[daemon]\n", "FILE:1: workers stands before the first [section]" },
		{ "[daemon]\nworkers = 2\nworkers = 2\n", "FILE:3: [daemon] workers stands in line 2 already" },
		{ "[daemon]\nworkers = 2\n[audit]\n[daemon]\n", "FILE:4: [daemon] stands in line 1 already" },
		{ "[peers]\n4001 = a\n4001 = b\n", "FILE:3: [peers] 4001: uid 4001 stands in line 2 already" },
		{ "[peers]\n4001 = a\n04001 = b\n", "FILE:3: [peers] 04001: uid 4001 stands in line 2 already" },
		{ "[peers]\na/b = a\n", "FILE:2: [peers] a/b: is no user name or uid" },
	};

	assert_refused(cases[_i].text, cases[_i].message);
}
END_TEST

START_TEST(lines_that_are_none_are_refused)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "[daemon]\nworkers\n", "FILE:2: expected [section], name = value" },
		{ "[daemon]\nworkers: 2\n", "FILE:2: expected [section], name = value" },
		{ "[daemon]\nwork:ers = 2\n", "FILE:2: expected [section], name = value" },
		{ "[daemon]\n= 2\n", "FILE:2: expected [section], name = value" },
		{ "[daemon]\n = 2\n", "FILE:2: the line begins with white space" },
		{ "[daemon]\nworkers = 2\n  3\n", "FILE:3: the line begins with white space" },
		{ "[self-service]\npermissions = a,\n\tb\n",
		  "FILE:2: [self-service] permissions = : must have something" },
		{ " [daemon]\n", "FILE:1: the line begins with white space" },
		{ "[daemon\n", "FILE:1: expected [section] and nothing else" },
		{ "[]\n", "FILE:1: expected [section] and nothing else" },
		{ "[daemon] workers = 2\n", "FILE:1: expected [section] and nothing else" },
		{ "[daemon] # comment\n", "FILE:1: expected [section] and nothing else" },
		{ "[daemon]]\n", "FILE:1: expected [section] and nothing else" },
		{ "[daemon]\nworkers = 2 ; two\n", "FILE:2: a comment needs a line of its own" },
		{ "[daemon]\nworkers = 2 # two\n", "FILE:2: a comment needs a line of its own" },
		{ "[peers]\n4001 = a;b\n", "FILE:2: a comment needs a line of its own" },
		{ "\xef\xbb\xbf[daemon]\n", "FILE:1: the file begins with a byte order mark" },
		{ "[daemon]\r\n", "FILE:1: the line ends in a carriage return" },
		{ "# \x1b[31mred\n", "FILE:1: the line has a control character in it" },
		{ "[daemon]\nworkers = 2\v\n", "FILE:2: the line has a control character in it" },
		{ "# \xc2\x9b\n", "FILE:1: the line has a control character in it" },
		{ "# caf\xe9\n", "FILE:1: the line is not UTF-8" },
		{ "#\t\xff\n", "FILE:1: the line is not UTF-8" },
	};

	if (_i == 6) { /* both lines are wrong */
		ck_assert_int_eq(parse(cases[_i].text), -EINVAL);
		ck_assert_uint_eq(reports.errors, 2);
		assert_reported("FILE:3: the line begins with white space");
		return;
	}
	assert_refused(cases[_i].text, cases[_i].message);
}
END_TEST

START_TEST(a_nul_is_refused_wherever_it_stands)
{
	static const char text[] = "[daemon]\nworkers = 64\n";
	char copy[sizeof(text)];

	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		setup();
		memcpy(copy, text, sizeof(text));
		if (copy[i] == '\n')
			continue;
		copy[i] = '\0';
		ck_assert_int_eq(parse_bytes(copy, sizeof(text) - 1), -EINVAL);
		assert_reported("the line has a NUL byte in it");
	}
}
END_TEST

START_TEST(bytes_behind_the_text_are_not_read)
{
	static const char text[] = "[daemon]\nworkers = 64";
	char *exact = malloc(sizeof(text) - 2);

	ck_assert_ptr_nonnull(exact);
	memcpy(exact, text, sizeof(text) - 2);
	ck_assert_int_eq(parse_bytes(exact, sizeof(text) - 2), 0);
	free(exact);
	ck_assert_uint_eq(settings.workers, 6);
}
END_TEST

/* Lists of every length up to the limit come out whole, whatever the library's line buffer holds. */
START_TEST(long_lines_are_taken_whole_up_to_the_limit)
{
	static const char *const separators[] = { ",", ", ", " ,  \t" };
	char text[1200], wanted[1200];

	for (size_t count = 1; count <= 120; count++) {
		size_t at = (size_t)snprintf(text, sizeof(text), "[self-service]\npermissions = "), used = 0;
		size_t start = strlen("[self-service]\n");
		bool fits;

		setup();
		for (size_t i = 0; i < count; i++) {
			at += (size_t)snprintf(text + at, sizeof(text) - at, "%sp%zu", i > 0 ? separators[_i] : "",
					       i * 131 % 1000);
			used += (size_t)snprintf(wanted + used, sizeof(wanted) - used, "%sp%zu", i > 0 ? " " : "",
						 i * 131 % 1000);
		}
		fits = at - start <= 1000;
		ck_assert_int_lt((int)at, (int)sizeof(text));
		if (!fits) {
			assert_refused(text, "FILE:2: the line is longer than 1000 bytes");
			continue;
		}
		ck_assert_msg(parse(text) == 0, "%s", reports.text);
		ck_assert_str_eq(settings.self_service_permissions, wanted);
		settings_done(&settings);
	}
}
END_TEST

START_TEST(a_line_of_1000_bytes_is_taken_and_one_more_is_not)
{
	char text[1100] = "# ";

	memset(text + 2, 'x', 998);
	ck_assert_int_eq(parse(text), 0);
	settings_done(&settings);
	strcat(text, "x");
	assert_refused(text, "FILE:1: the line is longer than 1000 bytes");
	setup();
	snprintf(text, sizeof(text), "[daemon]\nworkers = %0900d\n", 3); /* many zeros, one word, several pieces */
	ck_assert_msg(parse(text) == 0, "%s", reports.text);
	ck_assert_uint_eq(settings.workers, 3);
	settings_done(&settings);
	setup();
	snprintf(text, sizeof(text), "[daemon]\nworkers =%900s\n", "3");
	ck_assert_msg(parse(text) == 0, "%s", reports.text);
	ck_assert_uint_eq(settings.workers, 3);
	settings_done(&settings);
	setup();
	snprintf(text, sizeof(text), "[daemon]\nworkers = 1%900s\n", "2");
	assert_refused(text, "FILE:2: [daemon] workers = 1 2: must be");
	setup();
	snprintf(text, sizeof(text), "[daemon]\nworkers%300s\n", "= 2");
	assert_refused(text, "FILE:2: the name of the setting is longer");
	setup();
	snprintf(text, sizeof(text), "[daemon]\n%0300d = 2\n", 1);
	assert_refused(text, "FILE:2: the name of the setting is longer");
	setup();
	snprintf(text, sizeof(text), "[%0300d]\n", 1);
	assert_refused(text, "FILE:1: expected [section]");
	/* what would be a setting of its own, were the line cut */
	setup();
	snprintf(text, sizeof(text), "[peers]\n4001 = %0180dx 4002 = nginx\n", 1);
	assert_refused(text, "FILE:2: [peers] 4001 = ");
}
END_TEST

START_TEST(long_values_are_cut_in_messages_between_characters)
{
	char text[1000] = "[daemon]\nworkers = ";

	for (size_t i = 0; i < 100; i++)
		strcat(text, "é");
	assert_refused(text, "é…: must be"); /* and printable, which every message is held to */
	ck_assert_uint_lt(strlen(reports.text), 200);
}
END_TEST

START_TEST(all_mistakes_are_reported_at_once)
{
	ck_assert_int_eq(
		parse("[daemon]\nworkers = 0\nidle_timeout = x\nfoo = 1\n[bar]\n[audit]\nkeep = 0\nkeep = 2\n"),
		-EINVAL);
	ck_assert_uint_eq(reports.errors, 6);
	assert_reported("FILE:2: ");
	assert_reported("FILE:3: ");
	assert_reported("FILE:4: ");
	assert_reported("FILE:5: ");
	assert_reported("FILE:7: ");
	assert_reported("FILE:8: ");
}
END_TEST

START_TEST(users_and_groups_that_do_not_exist_are_warnings)
{
	ck_assert_int_eq(parse("[admin]\ngroup = no-such-group\n[peers]\nno-such-user = nginx\n4001 = a\n"
			       "[gateway]\nusers = no-such-user, 4003\n"),
			 0);
	ck_assert_uint_eq(reports.errors, 0);
	ck_assert_uint_eq(reports.warnings, 3);
	assert_reported("FILE:2: [admin] group = no-such-group: there is no such group");
	assert_reported("FILE:4: [peers] no-such-user: there is no such user");
	assert_reported("FILE:7: [gateway] users: there is no user no-such-user");
	ck_assert(!settings.admin_group_known);
	ck_assert_uint_eq(settings.peer_count, 1);
	ck_assert_uint_eq(settings.gateway_user_count, 1);
	ck_assert_uint_eq(settings.gateway_users[0], 4003);
	ck_assert_str_eq(settings.unknown_names, "no-such-group no-such-user no-such-user");
}
END_TEST

START_TEST(names_are_resolved_when_the_file_is_read)
{
	const struct passwd *user = getpwnam("nobody");
	char text[128];
	uid_t uid;

	if (!user)
		return; /* a system without it */
	uid = user->pw_uid;
	ck_assert_int_eq(parse("[admin]\ngroup = root\n[peers]\nnobody = nginx\n[gateway]\nusers = nobody\n"), 0);
	ck_assert(settings.admin_group_known);
	ck_assert_uint_eq(settings.admin_group, 0);
	ck_assert_str_eq(settings_peer_services(&settings, uid), "nginx");
	ck_assert_uint_eq(settings.gateway_users[0], uid);
	settings_done(&settings);
	snprintf(text, sizeof(text), "[peers]\nnobody = a\n%u = b\n", (unsigned int)uid);
	assert_refused(text, "stands in line 2 already");
}
END_TEST

/* ---- files ---- */

static char folder[] = "/tmp/test-settings.XXXXXX";
static char path[sizeof(folder) + sizeof("/apikeyd.conf")];

static void setup_file(void)
{
	int fd;

	setup();
	umask(022);
	snprintf(folder, sizeof(folder), "/tmp/test-settings.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/apikeyd.conf", folder);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "[daemon]\nworkers = 5\n", 21), 21);
	close(fd);
}

static void teardown_file(void)
{
	teardown();
	unlink(path);
	rmdir(folder);
}

static void assert_file_refused(const char *message)
{
	ck_assert_int_eq(settings_load(path, &settings, collect, &reports), -EINVAL);
	ck_assert_uint_eq(reports.errors, 1);
	ck_assert_msg(strncmp(reports.text, path, strlen(path)) == 0, "%s", reports.text);
	assert_reported(message);
}

START_TEST(a_file_is_read)
{
	ck_assert_int_eq(settings_load(path, &settings, collect, &reports), 0);
	ck_assert_uint_eq(settings.workers, 5);
}
END_TEST

START_TEST(mistakes_in_a_file_name_the_file)
{
	char message[sizeof(path) + 64];
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);

	ck_assert_int_eq(write(fd, "x\n", 2), 2);
	close(fd);
	snprintf(message, sizeof(message), "%s:3: expected", path);
	assert_file_refused(message);
}
END_TEST

START_TEST(a_missing_file_is_told_apart)
{
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(settings_load(path, &settings, collect, &reports), -ENOENT);
	ck_assert_str_eq(reports.text, "");
}
END_TEST

START_TEST(a_file_that_others_can_write_is_refused)
{
	static const mode_t modes[] = { 0664, 0646, 0666, 0620, 0602 };

	ck_assert_int_eq(chmod(path, modes[_i]), 0);
	assert_file_refused("can be written by others");
}
END_TEST

START_TEST(a_file_of_another_user_is_refused)
{
	if (geteuid() != 0)
		return; /* only root can give files away */
	ck_assert_int_eq(chown(path, OTHER_UID, OTHER_UID), 0);
	assert_file_refused("belongs to uid 4242");
}
END_TEST

START_TEST(what_is_no_regular_file_is_refused)
{
	ck_assert_int_eq(unlink(path), 0);
	switch (_i) {
	case 0:
		ck_assert_int_eq(symlink("/dev/null", path), 0);
		assert_file_refused("symbolic link");
		break;
	case 1:
		ck_assert_int_eq(mkfifo(path, 0600), 0);
		assert_file_refused("no regular file");
		break;
	default:
		ck_assert_int_eq(mkdir(path, 0700), 0);
		assert_file_refused("no regular file");
		rmdir(path);
	}
}
END_TEST

START_TEST(a_file_over_a_mebibyte_is_refused)
{
	ck_assert_int_eq(truncate(path, (1 << 20) + 1), 0);
	assert_file_refused("longer than 1 MiB");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("settings");
	TCase *texts = tcase_create("texts"), *files = tcase_create("files");

	tcase_add_checked_fixture(texts, setup, teardown);
	tcase_add_loop_test(texts, nothing_gives_the_defaults, 0, 6);
	tcase_add_test(texts, no_path_gives_the_defaults);
	tcase_add_test(texts, the_installed_file_shows_the_defaults);
	tcase_add_test(texts, every_setting_is_taken);
	tcase_add_loop_test(texts, values_are_held_to_their_limits, 0, LIMIT_COUNT);
	tcase_add_loop_test(texts, mistakes_are_named_with_their_line, 0, 17);
	tcase_add_loop_test(texts, lines_that_are_none_are_refused, 0, 23);
	tcase_add_test(texts, a_nul_is_refused_wherever_it_stands);
	tcase_add_test(texts, bytes_behind_the_text_are_not_read);
	tcase_add_loop_test(texts, long_lines_are_taken_whole_up_to_the_limit, 0, 3);
	tcase_add_test(texts, a_line_of_1000_bytes_is_taken_and_one_more_is_not);
	tcase_add_test(texts, long_values_are_cut_in_messages_between_characters);
	tcase_add_test(texts, all_mistakes_are_reported_at_once);
	tcase_add_test(texts, users_and_groups_that_do_not_exist_are_warnings);
	tcase_add_test(texts, names_are_resolved_when_the_file_is_read);
	tcase_add_checked_fixture(files, setup_file, teardown_file);
	tcase_add_test(files, a_file_is_read);
	tcase_add_test(files, mistakes_in_a_file_name_the_file);
	tcase_add_test(files, a_missing_file_is_told_apart);
	tcase_add_loop_test(files, a_file_that_others_can_write_is_refused, 0, 5);
	tcase_add_test(files, a_file_of_another_user_is_refused);
	tcase_add_loop_test(files, what_is_no_regular_file_is_refused, 0, 3);
	tcase_add_test(files, a_file_over_a_mebibyte_is_refused);
	suite_add_tcase(suite, texts);
	suite_add_tcase(suite, files);
	return suite_run(suite);
}
