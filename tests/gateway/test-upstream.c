/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Questions to the real daemon while it takes up no connections: those that are there have to do.
 */
#include <systemd/sd-event.h>

#include "gateway/upstream.h"
#include "tests/daemon/host.h"
#include "tests/suite.h"

#define QUESTIONS 8
#define PATIENCE 20000 /* milliseconds */

static struct host host;
static sd_event *event;
static struct upstream *upstream;

static void count(void *data, const struct apikey_result *result)
{
	ck_assert_int_eq(result->verdict, APIKEY_DENIED);
	++*(int *)data;
}

static void ask(int *over)
{
	const struct apikey_request request = {
		.size = sizeof(request), .credential = "ak_none", .service = host.service, .permission = "test.use"
	};

	ck_assert_int_eq(upstream_verify(upstream, &request, count, over), 0);
	/* It is sent; the next one is not asked together with it. */
	ck_assert_int_ge(sd_event_run(event, 0), 0);
}

START_TEST(a_busy_connection_is_better_than_none)
{
	int64_t end = milliseconds() + PATIENCE;
	int over = 0;

	host_open(&host, NULL);
	host_start(&host);
	ck_assert_int_ge(sd_event_new(&event), 0);
	ck_assert_int_eq(upstream_new(event, host.runtime, &upstream), 0);
	ck_assert(upstream_is_there(upstream));
	host_pause(&host);
	for (int i = 0; i < QUESTIONS; i++)
		ask(&over);
	ck_assert(upstream_is_there(upstream));
	ck_assert_int_eq(over, 0);
	host_resume(&host);
	while (over < QUESTIONS) {
		ck_assert_int_ge(sd_event_run(event, 100000), 0);
		ck_assert_msg(milliseconds() < end, "%d of %d are answered", over, QUESTIONS);
	}
	upstream_free(upstream);
	sd_event_unref(event);
	host_remove(&host);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("upstream");
	TCase *all = tcase_create("all");

	tcase_set_timeout(all, 60);
	tcase_add_test(all, a_busy_connection_is_better_than_none);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
