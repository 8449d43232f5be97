/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The fields of a key as people give them, and what the audit says about a change of them.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "daemon/key_fields.h"
#include "tests/suite.h"

#define TOKEN "ak_000000000001_abcdefghijklmnopqrstuvwxyzABCDEF000000"

static char fault[512];
static char text[WIRE_LIST_TEXT_MAX + 1];

static struct codec_texts texts_of(const char *first, const char *second)
{
	struct codec_texts texts = { .count = 0 };

	if (first)
		texts.items[texts.count++] = first;
	if (second)
		texts.items[texts.count++] = second;
	return texts;
}

START_TEST(names_are_checked)
{
	static const struct {
		const char *name;
		bool good;
	} cases[] = {
		{ "laptop", true }, { "my phone (old)", true }, { "Büro", true },     { "", false },
		{ NULL, false },    { "a/b", false },           { "a\nb", false },    { "a\x7f", false },
		{ "\xff", false },  { TOKEN, false },           { "ak_short", true }, { "a\xc2\x85", false },
	};

	ck_assert_int_eq(key_name_check(cases[_i].name, fault, sizeof(fault)), cases[_i].good);
	ck_assert(cases[_i].good || *fault);
	ck_assert_ptr_null(strstr(fault, "abcdefghijklmnop"));
}
END_TEST

START_TEST(names_have_a_length)
{
	char name[WIRE_USER_MAX + 2];

	memset(name, 'n', sizeof(name));
	name[WIRE_NAME_MAX] = '\0';
	ck_assert(key_name_check(name, fault, sizeof(fault)));
	name[WIRE_NAME_MAX] = 'n';
	name[WIRE_NAME_MAX + 1] = '\0';
	ck_assert(!key_name_check(name, fault, sizeof(fault)));
	name[WIRE_NAME_MAX + 1] = 'n';
	name[WIRE_USER_MAX] = '\0';
	ck_assert(key_owner_check(name, fault, sizeof(fault)));
	name[WIRE_USER_MAX] = 'n';
	name[WIRE_USER_MAX + 1] = '\0';
	ck_assert(!key_owner_check(name, fault, sizeof(fault)));
}
END_TEST

START_TEST(owners_are_checked)
{
	ck_assert(key_owner_check("alice", fault, sizeof(fault)));
	ck_assert(key_owner_check("alice@example.org", fault, sizeof(fault)));
	ck_assert(!key_owner_check("", fault, sizeof(fault)));
	ck_assert(!key_owner_check("a\tb", fault, sizeof(fault)));
	ck_assert(!key_owner_check(TOKEN, fault, sizeof(fault)));
}
END_TEST

START_TEST(dates_lie_ahead_and_in_order)
{
	ck_assert(key_dates_check(0, TIME_NEVER, 1000, fault, sizeof(fault)));
	ck_assert(key_dates_check(0, 1001, 1000, fault, sizeof(fault)));
	ck_assert(key_dates_check(500, 1001, 1000, fault, sizeof(fault)));
	ck_assert(!key_dates_check(0, 1000, 1000, fault, sizeof(fault)));
	ck_assert(!key_dates_check(2000, 2000, 1000, fault, sizeof(fault)));
	ck_assert(!key_dates_check(2001, 2000, 1000, fault, sizeof(fault)));
}
END_TEST

START_TEST(lists_are_joined)
{
	struct codec_texts grants = texts_of("mail.imap", "pam.*"), same = texts_of("a", "a"),
			   none = texts_of(NULL, NULL);
	struct codec_texts users = texts_of("bob", "de ploy"), sources = texts_of("local", "192.0.2.0/24");
	struct codec_texts labels = texts_of("team=mail", "note=a b");

	ck_assert(key_permissions_join(&grants, text, fault, sizeof(fault)));
	ck_assert_str_eq(text, "mail.imap pam.*");
	ck_assert(key_permissions_join(&same, text, fault, sizeof(fault)));
	ck_assert_str_eq(text, "a");
	ck_assert(key_permissions_join(&none, text, fault, sizeof(fault)));
	ck_assert_str_eq(text, "");
	ck_assert(key_users_join(&users, text, fault, sizeof(fault)));
	ck_assert_str_eq(text, "bob\nde ploy");
	ck_assert(key_sources_join(&sources, text, fault, sizeof(fault)));
	ck_assert_str_eq(text, "local 192.0.2.0/24");
	ck_assert(key_labels_join(&labels, text, fault, sizeof(fault)));
	ck_assert_str_eq(text, "team=mail\nnote=a b");
}
END_TEST

START_TEST(items_that_are_none_are_named)
{
	static const struct {
		bool (*join)(const struct codec_texts *items, char *ret_text, char *ret_fault, size_t fault_size);
		const char *item, *said;
	} cases[] = {
		{ key_permissions_join, "Mail.Imap", "'Mail.Imap'" },
		{ key_permissions_join, "a b", "'a b'" },
		{ key_permissions_join, "a*", "'a*'" },
		{ key_permissions_join, TOKEN, "'ak_…'" },
		{ key_users_join, "a\nb", "user name" },
		{ key_users_join, TOKEN, "'ak_…'" },
		{ key_sources_join, "192.0.2.1/24", "network" },
		{ key_sources_join, "example.org", "network" },
		{ key_sources_join, "Local", "network" },
		{ key_labels_join, "team", "label" },
		{ key_labels_join, "=mail", "label" },
		{ key_labels_join, "Team=mail", "label" },
		{ key_labels_join, "t=a\nb", "label" },
		{ key_labels_join, "t=" TOKEN, "label" },
	};
	struct codec_texts items = texts_of(cases[_i].item, NULL);

	strcpy(text, "untouched");
	ck_assert(!cases[_i].join(&items, text, fault, sizeof(fault)));
	ck_assert_str_eq(text, "untouched");
	ck_assert_msg(strstr(fault, cases[_i].said) != NULL, "%s", fault);
	ck_assert_ptr_null(strstr(fault, "abcdefghijklmnop"));
}
END_TEST

START_TEST(a_list_has_a_length)
{
	static char items[WIRE_LIST_MAX][66];
	struct codec_texts grants = { .count = WIRE_LIST_MAX };

	for (size_t i = 0; i < WIRE_LIST_MAX; i++) {
		memset(items[i], 'a', 63);
		items[i][0] = (char)('a' + i / 26);
		items[i][1] = (char)('a' + i % 26);
		grants.items[i] = items[i];
	}
	/* 64 items of 63 bytes, and 63 separators: 4,095 */
	ck_assert(key_permissions_join(&grants, text, fault, sizeof(fault)));
	ck_assert_uint_eq(strlen(text), 4095);
	items[0][63] = 'b';
	ck_assert(key_permissions_join(&grants, text, fault, sizeof(fault)));
	items[1][63] = 'b';
	ck_assert(!key_permissions_join(&grants, text, fault, sizeof(fault)));
	ck_assert_ptr_nonnull(strstr(fault, "4096"));
}
END_TEST

static struct store_key key_of_alice(void)
{
	struct store_key key;

	memset(&key, 0, sizeof(key));
	key.kind = STORE_OPAQUE;
	key.state = STORE_ACTIVE;
	key.name = "laptop";
	key.owner = "alice";
	key.account = key.tenant = "default";
	key.exclusive = key.state_reason = key.created_by = key.roles = key.users = key.sources = key.labels = "";
	key.permissions = "mail.imap";
	key.expires = TIME_NEVER;
	key.secret_count = 1;
	key.secrets[0] = (struct store_secret){ .number = 1, .form = STORE_FORM_TOKEN, .created = 10 };
	memset(key.secrets[0].digest, 'd', sizeof(key.secrets[0].digest));
	return key;
}

START_TEST(changes_say_what_differs)
{
	struct store_key before = key_of_alice(), after = key_of_alice();
	char *changes;

	after.state = STORE_REVOKED;
	after.state_reason = "lost";
	changes = key_changes(&before, &after, NULL);
	ck_assert_str_eq(changes, "{\"before\":{\"state\":\"active\",\"state_reason\":null},"
				  "\"after\":{\"state\":\"revoked\",\"state_reason\":\"lost\"}}");
	free(changes);
	changes = key_changes(&before, &before, NULL);
	ck_assert_str_eq(changes, "{\"before\":{},\"after\":{}}");
	free(changes);
}
END_TEST

START_TEST(changes_of_secrets_say_numbers_and_dates)
{
	struct store_key before = key_of_alice(), after = key_of_alice();
	char *changes;

	after.secrets[0].retires = 60;
	after.secrets[1] = (struct store_secret){ .number = 2, .form = STORE_FORM_TOKEN, .created = 30 };
	memset(after.secrets[1].digest, 'e', sizeof(after.secrets[1].digest));
	after.secret_count = 2;
	changes = key_changes(&before, &after, "lost");
	ck_assert_str_eq(
		changes,
		"{\"before\":{\"secrets\":[{\"number\":1,\"created\":\"1970-01-01T00:00:10Z\",\"retires\":null}]},"
		"\"after\":{\"secrets\":[{\"number\":1,\"created\":\"1970-01-01T00:00:10Z\","
		"\"retires\":\"1970-01-01T00:01:00Z\"},"
		"{\"number\":2,\"created\":\"1970-01-01T00:00:30Z\",\"retires\":null}]},\"why\":\"lost\"}");
	free(changes);
}
END_TEST

START_TEST(a_new_and_a_deleted_key_are_whole)
{
	struct store_key key = key_of_alice();
	char *changes;

	key.users = "bob\ndeploy";
	key.expires = 86400;
	changes = key_changes(NULL, &key, NULL);
	ck_assert_str_eq(
		changes,
		"{\"after\":{\"name\":\"laptop\",\"owner\":\"alice\",\"account\":\"default\",\"tenant\":\"default\","
		"\"kind\":\"opaque\",\"state\":\"active\",\"state_reason\":null,"
		"\"permissions\":[\"mail.imap\"],\"roles\":[],\"users\":[\"bob\",\"deploy\"],"
		"\"sources\":[],\"labels\":[],\"exclusive\":null,\"max_uses\":null,\"client_side\":false,\"not_"
		"before\":null,\"expires\":"
		"\"1970-01-02T00:00:00Z\","
		"\"secrets\":[{\"number\":1,\"created\":\"1970-01-01T00:00:10Z\",\"retires\":null}]}}");
	free(changes);
	changes = key_changes(&key, NULL, "left");
	ck_assert_ptr_nonnull(strstr(changes, "{\"before\":{\"name\":\"laptop\""));
	ck_assert_ptr_null(strstr(changes, "after"));
	ck_assert_ptr_nonnull(strstr(changes, "\"why\":\"left\""));
	free(changes);
}
END_TEST

START_TEST(states_and_kinds_have_names)
{
	ck_assert_str_eq(key_state_name(STORE_ACTIVE), "active");
	ck_assert_str_eq(key_state_name(STORE_INACTIVE), "inactive");
	ck_assert_str_eq(key_state_name(STORE_SUSPENDED), "suspended");
	ck_assert_str_eq(key_state_name(STORE_REVOKED), "revoked");
	ck_assert_str_eq(key_state_name((enum store_state)99), "revoked");
	ck_assert_str_eq(key_kind_name(STORE_OPAQUE), "opaque");
	ck_assert_str_eq(key_kind_name(STORE_PAIR), "pair");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("key-fields");
	TCase *fields = tcase_create("fields");

	tcase_add_loop_test(fields, names_are_checked, 0, 12);
	tcase_add_test(fields, names_have_a_length);
	tcase_add_test(fields, owners_are_checked);
	tcase_add_test(fields, dates_lie_ahead_and_in_order);
	tcase_add_test(fields, lists_are_joined);
	tcase_add_loop_test(fields, items_that_are_none_are_named, 0, 14);
	tcase_add_test(fields, a_list_has_a_length);
	tcase_add_test(fields, changes_say_what_differs);
	tcase_add_test(fields, changes_of_secrets_say_numbers_and_dates);
	tcase_add_test(fields, a_new_and_a_deleted_key_are_whole);
	tcase_add_test(fields, states_and_kinds_have_names);
	suite_add_tcase(suite, fields);
	return suite_run(suite);
}
