/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The metrics of the real daemon: what is counted and under which labels, that no client chooses one, that a long
 * answer is told whole, and who may ask.
 */
#include <check.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "daemon/services.h"
#include "tests/daemon/wire-client.h"
#include "tests/suite.h"

#define OTHER_UID 4242
#define LINE_SIZE 512

static struct host host;

static void setup(void)
{
	char settings[128];

	/* Root's daemon has a gateway, too; who is no root administers here, and is none. */
	snprintf(settings, sizeof(settings), HOST_UNTHROTTLED "[gateway]\nusers = %d\n", OTHER_UID);
	host_open(&host, settings);
	host_start(&host);
}

static void teardown(void)
{
	host_stop(&host);
	host_remove(&host);
}

/* ---- all of it as lines: "name{label,label} number" ---- */

struct lines {
	size_t count, pages;
	char lines[8192][LINE_SIZE];
};

static void add_line(struct lines *lines, const struct apikey_sample *sample)
{
	char *line = lines->lines[lines->count++];
	size_t length = (size_t)snprintf(line, LINE_SIZE, "%s%s{", sample->name, sample->suffix);

	ck_assert_uint_lt(lines->count, ARRAY_SIZE(lines->lines));
	for (size_t i = 0; sample->labels[i]; i++)
		length += (size_t)snprintf(line + length, LINE_SIZE - length, "%s%s", i > 0 ? "," : "",
					   sample->labels[i]);
	snprintf(line + length, LINE_SIZE - length, "} %" PRIu64, sample->number);
	ck_assert_str_ne(sample->help, "");
	ck_assert(sample->type == APIKEY_COUNTER || sample->type == APIKEY_GAUGE || sample->type == APIKEY_HISTOGRAM);
	ck_assert((sample->type == APIKEY_HISTOGRAM) == (*sample->suffix != '\0'));
	ck_assert_uint_gt(sample->divisor, 0);
}

static struct lines *look(void)
{
	struct lines *lines = calloc(1, sizeof(*lines));
	struct apikey_admin *admin = host_admin(&host);
	uint64_t after = 0;

	ck_assert_ptr_nonnull(lines);
	do {
		struct apikey_samples *samples;

		ck_assert_int_eq(apikey_metrics(admin, after, &samples), 0);
		for (size_t i = 0; i < samples->count; i++)
			add_line(lines, &samples->samples[i]);
		ck_assert(samples->after == 0 || samples->after > after);
		after = samples->after;
		lines->pages++;
		apikey_samples_free(samples);
	} while (after != 0);
	apikey_admin_free(admin);
	return lines;
}

/* Of the line that begins with this; -1 where there is none. Two of one name would be refused by who reads them. */
static int64_t number_of(const struct lines *lines, const char *start)
{
	int64_t number = -1;

	for (size_t i = 0; i < lines->count; i++) {
		if (strncmp(lines->lines[i], start, strlen(start)) != 0)
			continue;
		if (number != -1)
			fail("%s stands there twice", start);
		number = strtoll(strrchr(lines->lines[i], ' ') + 1, NULL, 10);
	}
	return number;
}

/* When that number is there: verdicts are counted once they are sent, and connections end when the daemon sees it. */
static struct lines *look_when(const char *start, int64_t wanted)
{
	int64_t deadline = milliseconds() + 20000;
	struct lines *lines = look();

	while (number_of(lines, start) != wanted && milliseconds() < deadline) {
		free(lines);
		lines = look();
	}
	return lines;
}

#define READ_COUNT "apikeyd_verdict_duration_seconds_count{way=read}"
#define WRITTEN_COUNT "apikeyd_verdict_duration_seconds_count{way=written}"

static void expect_number(const struct lines *lines, int64_t wanted, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void expect_number(const struct lines *lines, int64_t wanted, const char *format, ...)
{
	char start[LINE_SIZE];
	va_list values;
	int64_t number;

	va_start(values, format);
	vsnprintf(start, sizeof(start), format, values);
	va_end(values);
	number = number_of(lines, start);
	if (number != wanted)
		fail("%s is %" PRId64 " instead of %" PRId64, start, number, wanted);
}

static const char *login_socket(void)
{
	return geteuid() == 0 ? WIRE_LOGIN_SOCKET : WIRE_VERIFY_SOCKET;
}

static struct message_verdict ask(const char *secret, const char *service, const char *permission)
{
	return wire_verify(
		&host, login_socket(),
		&(struct message_verify){ .credential = secret, .service = service, .permission = permission });
}

START_TEST(verdicts_are_counted_by_phase_service_and_reason)
{
	CLEANUP_FREE struct lines *lines = NULL;
	struct wire_key key = wire_make_key(&host, &(struct message_key_create){ .name = "page" });
	struct message_verdict verdict;

	ck_assert_uint_eq(ask(key.secret, host.service, "test.other").verdict, VERDICT_FORBIDDEN);
	for (int i = 0; i < 3; i++)
		ck_assert_uint_eq(ask("ak_nonsense", host.service, "test.use").verdict, VERDICT_DENIED);
	verdict = ask(key.secret, host.service, "test.use");
	ck_assert_uint_eq(verdict.verdict, VERDICT_GRANTED);
	verdict = wire_account(&host, login_socket(),
			       &(struct message_account){
				       .handle = verdict.handle, .service = host.service, .permission = "test.use" });
	ck_assert_uint_eq(verdict.verdict, VERDICT_GRANTED);
	lines = look_when(READ_COUNT, 6);
#define VERDICTS "apikeyd_verdicts_total{phase="
	expect_number(lines, 1, VERDICTS "authenticate,service=%s,verdict=granted,reason=none}", host.service);
	expect_number(lines, 1, VERDICTS "authenticate,service=%s,verdict=forbidden,reason=insufficient_permission}",
		      host.service);
	expect_number(lines, 3, VERDICTS "authenticate,service=%s,verdict=denied,reason=truncated}", host.service);
	expect_number(lines, 1, VERDICTS "account,service=%s,verdict=granted,reason=none}", host.service);
	expect_number(lines, -1, VERDICTS "authenticate,service=other");
	expect_number(lines, -1, VERDICTS "rotate");
	/* Nothing had to be written. */
	expect_number(lines, 6, READ_COUNT);
	expect_number(lines, 6, "apikeyd_verdict_duration_seconds_bucket{way=read,le=+Inf}");
	expect_number(lines, 0, WRITTEN_COUNT);
	ck_assert_int_gt(number_of(lines, "apikeyd_verdict_duration_seconds_sum{way=read}"), 0);
	ck_assert_int_ge(number_of(lines, "apikeyd_verdict_duration_seconds_bucket{way=read,le=2.500000}"),
			 number_of(lines, "apikeyd_verdict_duration_seconds_bucket{way=read,le=0.000025}"));
}
END_TEST

START_TEST(what_had_to_be_written_is_told_apart)
{
	CLEANUP_FREE struct lines *lines = NULL;
	struct wire_key key = wire_make_key(&host, &(struct message_key_create){ .name = "counted", .max_uses = 1 });

	ck_assert_uint_eq(ask(key.secret, host.service, "test.use").verdict, VERDICT_GRANTED);
	lines = look_when(WRITTEN_COUNT, 1);
	expect_number(lines, 1, WRITTEN_COUNT);
	expect_number(lines, 0, READ_COUNT);
	expect_number(lines, 1, VERDICTS "authenticate,service=%s,verdict=granted,reason=none}", host.service);
}
END_TEST

START_TEST(how_the_parts_are_is_told)
{
	CLEANUP_FREE struct lines *lines = NULL;
	struct wire_key key = wire_make_key(&host, &(struct message_key_create){ .name = "one" });

	wire_make_key(&host, &(struct message_key_create){ .name = "two" });
	wire_change(&host, WIRE_KEY_REVOKE, key.id);
	lines = look_when("apikeyd_connections{socket=admin}", 1);
	expect_number(lines, 1, "apikeyd_build_info{version=");
	expect_number(lines, 1, "apikeyd_keys{state=active}");
	expect_number(lines, 1, "apikeyd_keys{state=revoked}");
	expect_number(lines, 0, "apikeyd_keys{state=suspended}");
	expect_number(lines, 1, "apikeyd_store_writable{}");
	expect_number(lines, 1, "apikeyd_audit_writable{}");
	expect_number(lines, 0, "apikeyd_lockdown{}");
	expect_number(lines, 0, "apikeyd_state{state=unavailable}");
	expect_number(lines, 3, "apikeyd_changes_total{}");
	expect_number(lines, 1, "apikeyd_connections{socket=admin}");
	expect_number(lines, 0, "apikeyd_throttled_sources{}");
	ck_assert_int_gt(number_of(lines, "apikeyd_store_size_bytes{}"), 4096);
	ck_assert_int_gt(number_of(lines, "apikeyd_start_time_seconds{}"), 1600000000);
	ck_assert_int_ge(number_of(lines, "apikeyd_audit_records_total{}"), 3);
}
END_TEST

/* ---- what a client names ---- */

static void name_services(void *data)
{
	static const char *const names[] = { "ak_hidden", "alice", "a service", "uid-4242" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		wire_verify(
			&host, WIRE_VERIFY_SOCKET,
			&(struct message_verify){ .credential = data, .service = names[i], .permission = "test.use" });
}

START_TEST(no_client_chooses_a_label)
{
	CLEANUP_FREE struct lines *lines = NULL;
	struct wire_key key = wire_make_key(&host, &(struct message_key_create){ .name = "page" });

	if (geteuid() == 0)
		as_user(OTHER_UID, OTHER_UID, OTHER_UID, name_services, key.secret);
	else
		name_services(key.secret);
	lines = look_when(READ_COUNT, 4);
	for (size_t i = 0; i < lines->count; i++) {
		ck_assert_ptr_null(strstr(lines->lines[i], "ak_"));
		ck_assert_ptr_null(strstr(lines->lines[i], "alice"));
		ck_assert_ptr_null(strstr(lines->lines[i], key.id));
		ck_assert_ptr_null(strstr(lines->lines[i], "uid-4242"));
	}
	ck_assert_int_ge(number_of(lines, VERDICTS "authenticate,service=other,verdict=denied,reason=wrong_service}"),
			 3);
}
END_TEST

/* More services than have a name, in more than one page; "other" is none of them. */
START_TEST(a_long_answer_is_told_whole)
{
	CLEANUP_FREE struct lines *lines = NULL;
	struct wire_key key = wire_make_key(&host, &(struct message_key_create){ .name = "page" });
	struct wire_client *client;

	/* Root alone may speak for any service. */
	if (geteuid() != 0)
		return;
	ck_assert_uint_eq(ask(key.secret, "other", "test.use").verdict, VERDICT_GRANTED);
	for (size_t i = 0; i < SERVICES_MOST + 3; i++) {
		char name[16];

		snprintf(name, sizeof(name), "service%zu", i);
		ck_assert_uint_eq(ask(key.secret, name, "test.use").verdict, VERDICT_GRANTED);
		ck_assert_uint_eq(ask(key.secret, name, "test.other").verdict, VERDICT_FORBIDDEN);
	}
	lines = look_when(READ_COUNT, 1 + 2 * (SERVICES_MOST + 3));
	ck_assert_uint_gt(lines->pages, 1);
	for (size_t i = 0; i < SERVICES_MOST; i++) {
		expect_number(lines, 1, VERDICTS "authenticate,service=service%zu,verdict=granted,reason=none}", i);
		expect_number(lines, 1, VERDICTS "authenticate,service=service%zu,verdict=forbidden,", i);
	}
	expect_number(lines, -1, VERDICTS "authenticate,service=service%d,verdict=granted", SERVICES_MOST);
	expect_number(lines, 4, VERDICTS "authenticate,service=other,verdict=granted,reason=none}");
	expect_number(lines, 3, VERDICTS "authenticate,service=other,verdict=forbidden,");
	client = wire_open(&host, WIRE_ADMIN_SOCKET);
	wire_send(client, WIRE_METRICS, &message_metrics, &(struct message_metrics){ .after = 1000000 });
	wire_expect_error(client, ANSWER_INVALID);
	wire_close(client);
}
END_TEST

/* ---- who may ask ---- */

static void be_gateway(void *data)
{
	struct apikey_admin *admin = host_admin(&host);
	struct apikey_samples *samples;

	(void)data;
	if (apikey_metrics(admin, 0, &samples) != 0)
		fail("the gateway is told: %s", apikey_admin_message(admin));
	if (samples->count < 20)
		fail("the gateway is told of %zu things", samples->count);
	apikey_samples_free(samples);
	apikey_admin_free(admin);
}

static void be_nobody(void *data)
{
	struct apikey_admin *admin = host_admin(&host);
	struct apikey_samples *samples;

	if (data)
		apikey_admin_set_credential(admin, data);
	if (apikey_metrics(admin, 0, &samples) != APIKEY_NOT_PERMITTED)
		fail("who is nobody is not refused");
	apikey_admin_free(admin);
}

START_TEST(gateways_are_told_and_others_are_not)
{
	struct wire_key key = wire_make_key(
		&host, &(struct message_key_create){ .name = "all", .permissions = wire_texts("apikeyd.*", NULL) });

	/* Root alone becomes others. */
	if (geteuid() != 0)
		return;
	as_user(OTHER_UID, OTHER_UID, OTHER_UID, be_gateway, NULL);
	as_user(OTHER_UID + 1, OTHER_UID, OTHER_UID, be_nobody, NULL);
	as_user(OTHER_UID + 1, OTHER_UID, OTHER_UID, be_nobody, key.secret);
	as_user(getpwnam("bin")->pw_uid, OTHER_UID, OTHER_UID, be_nobody, NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("daemon-metrics");
	TCase *tcase = tcase_create("metrics");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, verdicts_are_counted_by_phase_service_and_reason);
	tcase_add_test(tcase, what_had_to_be_written_is_told_apart);
	tcase_add_test(tcase, how_the_parts_are_is_told);
	tcase_add_test(tcase, no_client_chooses_a_label);
	tcase_add_test(tcase, a_long_answer_is_told_whole);
	tcase_add_test(tcase, gateways_are_told_and_others_are_not);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
