/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Tickets: good once, for a minute, for one service; bounded; and never there as their text.
 */
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "daemon/ticket.h"
#include "tests/suite.h"

static struct tickets *tickets;

static void setup(void)
{
	ck_assert_int_eq(tickets_new(&tickets), 0);
}

static void teardown(void)
{
	tickets_free(tickets);
}

static struct ticket ticket_of(const char *key_id)
{
	struct ticket ticket = { .secret = 3, .service = "sshd", .user = "alice", .rhost = "192.0.2.7" };

	snprintf(ticket.key_id, sizeof(ticket.key_id), "%s", key_id);
	return ticket;
}

static void issue(const char *key_id, int64_t now, char ret_text[TICKET_TEXT_SIZE])
{
	struct ticket ticket = ticket_of(key_id);

	ck_assert_int_eq(tickets_issue(tickets, &ticket, now, ret_text), 0);
}

static bool is_good(const char *text, const char *service, int64_t now)
{
	struct ticket *ticket = tickets_redeem(tickets, text, service, now);
	bool good = ticket != NULL;

	free(ticket);
	return good;
}

START_TEST(a_ticket_says_what_it_was_made_for_once)
{
	char text[TICKET_TEXT_SIZE];
	struct ticket *ticket;

	issue("abcdefghijkl", 1000, text);
	ck_assert_uint_eq(strlen(text), WIRE_TICKET_SIZE);
	ticket = tickets_redeem(tickets, text, "sshd", 1000);
	ck_assert_ptr_nonnull(ticket);
	ck_assert_str_eq(ticket->key_id, "abcdefghijkl");
	ck_assert_uint_eq(ticket->secret, 3);
	ck_assert_str_eq(ticket->service, "sshd");
	ck_assert_str_eq(ticket->user, "alice");
	ck_assert_str_eq(ticket->rhost, "192.0.2.7");
	free(ticket);
	ck_assert(!is_good(text, "sshd", 1000));
}
END_TEST

START_TEST(what_was_not_said_stays_unsaid)
{
	struct ticket given = { .key_id = "abcdefghijkl", .secret = 1, .service = "sshd" }, *ticket;
	char text[TICKET_TEXT_SIZE];

	ck_assert_int_eq(tickets_issue(tickets, &given, 1000, text), 0);
	ticket = tickets_redeem(tickets, text, "sshd", 1000);
	ck_assert_ptr_nonnull(ticket);
	ck_assert_ptr_null(ticket->user);
	ck_assert_ptr_null(ticket->rhost);
	free(ticket);
}
END_TEST

/* The boot clock does not go back; if it seems to, the ticket is worth nothing. */
START_TEST(a_ticket_lives_a_minute)
{
	static const struct {
		int64_t now;
		bool good;
	} cases[] = { { 1000, true }, { 1059, true }, { 1060, false }, { 100000, false }, { 999, false } };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[TICKET_TEXT_SIZE];

		issue("abcdefghijkl", 1000, text);
		ck_assert_int_eq(is_good(text, "sshd", cases[i].now), cases[i].good);
	}
}
END_TEST

START_TEST(a_ticket_for_another_service_is_used_up)
{
	char text[TICKET_TEXT_SIZE];

	issue("abcdefghijkl", 1000, text);
	ck_assert(!is_good(text, "sudo", 1000));
	ck_assert(!is_good(text, "sshd", 1000));
}
END_TEST

START_TEST(what_is_no_ticket_uses_nothing_up)
{
	static const char *const texts[] = { "",
					     "0",
					     "not a ticket",
					     "00112233445566778899aabbccddeeff",
					     "00112233445566778899aabbccddeef",
					     "00112233445566778899aabbccddeefg",
					     "00112233445566778899aabbccddeeff00" };
	char text[TICKET_TEXT_SIZE], near[TICKET_TEXT_SIZE];

	issue("abcdefghijkl", 1000, text);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		ck_assert(!is_good(texts[i], "sshd", 1000));
	for (size_t i = 0; i < WIRE_TICKET_SIZE; i++) {
		memcpy(near, text, sizeof(near));
		near[i] = near[i] == '0' ? '1' : '0';
		ck_assert(!is_good(near, "sshd", 1000));
	}
	ck_assert(is_good(text, "sshd", 1000));
}
END_TEST

START_TEST(no_two_are_the_same)
{
	char texts[64][TICKET_TEXT_SIZE];

	for (size_t i = 0; i < 64; i++) {
		issue("abcdefghijkl", 1000, texts[i]);
		for (size_t j = 0; j < i; j++)
			ck_assert_str_ne(texts[i], texts[j]);
	}
}
END_TEST

START_TEST(a_key_loses_its_own_oldest)
{
	char others[TICKET_TEXT_SIZE], first[TICKET_TEXT_SIZE], second[TICKET_TEXT_SIZE], last[TICKET_TEXT_SIZE];

	issue("another_____", 1000, others);
	issue("abcdefghijkl", 1000, first);
	issue("abcdefghijkl", 1000, second);
	for (size_t i = 0; i < TICKET_MOST_A_KEY - 1; i++)
		issue("abcdefghijkl", 1001, last);
	ck_assert(!is_good(first, "sshd", 1001));
	ck_assert(is_good(second, "sshd", 1001));
	ck_assert(is_good(last, "sshd", 1001));
	ck_assert(is_good(others, "sshd", 1001));
}
END_TEST

static void fill(const char *name, size_t each, char ret_first[TICKET_TEXT_SIZE])
{
	char text[TICKET_TEXT_SIZE], id[16];

	for (size_t i = 0; i < TICKET_MOST; i++) {
		snprintf(id, sizeof(id), "%s%zu", name, i / each);
		issue(id, 1000 + (int64_t)(i / (TICKET_MOST / 4)), i == 0 ? ret_first : text);
	}
}

/* Those who take all there are push nobody out: who has most loses the oldest. */
START_TEST(who_has_most_makes_room)
{
	char few[TICKET_TEXT_SIZE], first[TICKET_TEXT_SIZE], text[TICKET_TEXT_SIZE];

	issue("few_________", 1000, few);
	fill("key", TICKET_MOST_A_KEY, first);
	ck_assert(!is_good(first, "sshd", 1003));
	issue("another", 1003, text);
	for (size_t i = 0; i < 2 * TICKET_MOST_A_KEY; i++)
		issue("greedy", 1003, first);
	ck_assert(is_good(few, "sshd", 1003));
	ck_assert(is_good(text, "sshd", 1003));
	ck_assert(is_good(first, "sshd", 1003));
}
END_TEST

/* Where all have as many, the oldest goes. */
START_TEST(there_are_only_so_many)
{
	char first[TICKET_TEXT_SIZE], text[TICKET_TEXT_SIZE], last[TICKET_TEXT_SIZE];

	fill("key", 1, first);
	issue("another", 1004, text);
	issue("one_more", 1004, last);
	ck_assert(is_good(text, "sshd", 1004));
	ck_assert(is_good(last, "sshd", 1004));
	teardown();
	setup();
	issue("key0", 999, first);
	fill("keys", 1, text);
	ck_assert(!is_good(first, "sshd", 1004));
}
END_TEST

#define THREADS 4
#define ROUNDS 200

static char shared[ROUNDS][TICKET_TEXT_SIZE];
static atomic_uint redeemed;

static void *race(void *data)
{
	(void)data;
	for (size_t i = 0; i < ROUNDS; i++) {
		struct ticket *ticket = tickets_redeem(tickets, shared[i], "sshd", 1000);
		struct ticket given = { .key_id = "mine", .secret = 1, .service = "sshd" };
		char text[TICKET_TEXT_SIZE];

		if (ticket)
			atomic_fetch_add(&redeemed, 1);
		free(ticket);
		(void)tickets_issue(tickets, &given, 1000, text);
	}
	return NULL;
}

START_TEST(of_those_who_come_at_once_one_gets_it)
{
	pthread_t threads[THREADS];

	for (size_t i = 0; i < ROUNDS; i++) {
		char id[16];

		snprintf(id, sizeof(id), "key%zu", i);
		issue(id, 1000, shared[i]);
	}
	for (size_t i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, race, NULL), 0);
	for (size_t i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	ck_assert_uint_eq(atomic_load(&redeemed), ROUNDS);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ticket");
	TCase *all = tcase_create("tickets");

	tcase_add_checked_fixture(all, setup, teardown);
	tcase_add_test(all, a_ticket_says_what_it_was_made_for_once);
	tcase_add_test(all, what_was_not_said_stays_unsaid);
	tcase_add_test(all, a_ticket_lives_a_minute);
	tcase_add_test(all, a_ticket_for_another_service_is_used_up);
	tcase_add_test(all, what_is_no_ticket_uses_nothing_up);
	tcase_add_test(all, no_two_are_the_same);
	tcase_add_test(all, a_key_loses_its_own_oldest);
	tcase_add_test(all, who_has_most_makes_room);
	tcase_add_test(all, there_are_only_so_many);
	tcase_add_test(all, of_those_who_come_at_once_one_gets_it);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
