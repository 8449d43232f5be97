/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The audit as the real daemon shows it: what of a record is for whom, and what a cursor tells and takes.
 */
#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "tests/daemon/admin-requests.h"
#include "tests/suite.h"

static struct host host;
static struct wire_key reader, bound;

static void setup(void)
{
	host_open(&host, NULL);
	host_start(&host);
	reader = wire_make_key(&host, &(struct message_key_create){
					      .name = "reader",
					      .permissions = wire_texts("apikeyd.audit.read", NULL),
				      });
	bound = wire_make_key(&host, &(struct message_key_create){ .name = "bound", .exclusive = "dovecot" });
}

static void teardown(void)
{
	host_stop(&host);
	host_remove(&host);
}

/* A page of records, one behind the other, malloc'ed, and its cursor; by a key, or as an administrator. */
static enum answer read_page(const char *credential, const char *from, uint64_t limit, char **ret_records,
			     char ret_cursor[WIRE_CURSOR_MAX])
{
	struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_audit_read request = { .credential = credential, .cursor = from, .limit = limit };
	struct message_audit_page page;
	enum answer answer =
		wire_ask(client, WIRE_AUDIT_READ, &message_audit_read, &request, &message_audit_page, &page);

	if (answer == ANSWER_OK) {
		struct message_audit_record record;
		size_t size = 1;

		*ret_records = calloc(1, size);
		while (codec_next_record(&page.records, &message_audit_record, &record)) {
			size += strlen(record.json) + 1;
			*ret_records = realloc(*ret_records, size);
			ck_assert_ptr_nonnull(*ret_records);
			strcat(strcat(*ret_records, record.json), "\n");
		}
		snprintf(ret_cursor, WIRE_CURSOR_MAX, "%s", page.cursor);
	}
	wire_close(client);
	return answer;
}

static void misuse(void)
{
	struct message_verdict verdict =
		wire_verify(&host, geteuid() == 0 ? WIRE_LOGIN_SOCKET : WIRE_VERIFY_SOCKET,
			    &(struct message_verify){
				    .credential = bound.secret, .service = host.service, .permission = "test.use" });

	ck_assert_int_ne(verdict.verdict, VERDICT_GRANTED);
}

START_TEST(who_may_see_a_record_is_shown_what_is_about_the_key)
{
	static const char *const others[] = { "\"seq\":", "\"prev\":", "\"mac\":", "\"peer_pid\":", "\"rev\":" };
	CLEANUP_FREE char *part = NULL, *all = NULL;
	char cursor[WIRE_CURSOR_MAX];

	misuse();
	ck_assert_int_eq(read_page(reader.secret, NULL, 0, &part, cursor), ANSWER_OK);
	ck_assert_msg(strstr(part, "\"bound_to\":\"dovecot\""), "%s", part);
	ck_assert_int_eq(read_page(NULL, NULL, 0, &all, cursor), ANSWER_OK);
	ck_assert_msg(strstr(all, "\"bound_to\":\"dovecot\""), "%s", all);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		ck_assert_msg(!strstr(part, others[i]), "%s in %s", others[i], part);
		ck_assert_msg(strstr(all, others[i]), "no %s in %s", others[i], all);
	}
}
END_TEST

/* It goes on where it stood, behind a start of the daemon too, and says nothing of the records in between. */
START_TEST(a_cursor_tells_others_nothing)
{
	char before[WIRE_CURSOR_MAX], after[WIRE_CURSOR_MAX], other[WIRE_CURSOR_MAX];
	char *records;

	ck_assert_int_eq(read_page(reader.secret, NULL, 0, &records, before), ANSWER_OK);
	free(records);
	misuse();
	host_end(&host, SIGTERM);
	host_start(&host);
	ck_assert_int_eq(read_page(reader.secret, before, 0, &records, after), ANSWER_OK);
	ck_assert_msg(strstr(records, "\"bound_to\":\"dovecot\"") && !strstr(records, "key_create"), "%s", records);
	free(records);
	ck_assert_int_eq(strspn(before, "0123456789abcdef"), strlen(before));
	ck_assert_int_eq(strlen(before), strlen(after));
	/* Where it stands is the same, and does not show. */
	ck_assert_int_eq(read_page(reader.secret, after, 0, &records, other), ANSWER_OK);
	ck_assert_str_eq(records, "");
	free(records);
	ck_assert_str_ne(after, other);
}
END_TEST

START_TEST(a_cursor_that_was_made_up_is_none)
{
	char mine[WIRE_CURSOR_MAX], administrators[WIRE_CURSOR_MAX], cursor[WIRE_CURSOR_MAX];
	static const char *const made_up[] = { "1.2.3", "0.0.0", "0", "ff" };
	char *records;

	ck_assert_int_eq(read_page(reader.secret, NULL, 1, &records, mine), ANSWER_OK);
	free(records);
	ck_assert_int_eq(read_page(NULL, NULL, 1, &records, administrators), ANSWER_OK);
	free(records);
	ck_assert_int_eq(read_page(reader.secret, administrators, 0, &records, cursor), ANSWER_INVALID);
	ck_assert_int_eq(read_page(NULL, mine, 0, &records, cursor), ANSWER_INVALID);
	for (size_t i = 0; i < ARRAY_SIZE(made_up); i++)
		ck_assert_int_eq(read_page(reader.secret, made_up[i], 0, &records, cursor), ANSWER_INVALID);
	for (size_t i = 0; i < strlen(mine); i += 7) {
		char letter = mine[i];

		mine[i] = letter == '0' ? '1' : '0';
		ck_assert_int_eq(read_page(reader.secret, mine, 0, &records, cursor), ANSWER_INVALID);
		mine[i] = letter;
	}
	ck_assert_int_eq(read_page(reader.secret, mine, 0, &records, cursor), ANSWER_OK);
	free(records);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("daemon-audit");
	TCase *tests = tcase_create("audit");

	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, who_may_see_a_record_is_shown_what_is_about_the_key);
	tcase_add_test(tests, a_cursor_tells_others_nothing);
	tcase_add_test(tests, a_cursor_that_was_made_up_is_none);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
