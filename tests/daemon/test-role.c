/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Roles without a daemon: those that are built in, those in the store with how many keys hold each, and what a key may
 * do by its own permissions and its roles.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "daemon/role.h"
#include "daemon/role_grants.h"
#include "daemon/store_connection.h"
#include "proto/permission.h"
#include "tests/daemon/store-scratch.h"
#include "tests/suite.h"

static struct scratch scratch;
static char fault[1024];

static void setup(void)
{
	scratch_init(&scratch);
	scratch_open(&scratch);
}

static void teardown(void)
{
	scratch_done(&scratch);
}

/* ---- built in ---- */

START_TEST(what_is_built_in_is_sound)
{
	const struct role_built_in *role, *last = NULL;
	size_t count = 0;

	for (; (role = role_built_in_at(count)); last = role, count++) {
		char grant[WIRE_PERMISSION_MAX + 1];

		ck_assert_msg(role_is_name(role->name), "%s", role->name);
		ck_assert_ptr_eq(role_built_in(role->name), role);
		ck_assert_msg(!last || strcmp(last->name, role->name) < 0, "%s is out of order", role->name);
		ck_assert_int_eq(role->account, strncmp(role->name, "account-", 8) == 0);
		ck_assert_uint_le(strlen(role->permissions), WIRE_ROLE_TEXT_MAX);
		for (const char *at = role->permissions; *at; at += strspn(at, " ")) {
			size_t size = strcspn(at, " ");

			memcpy(grant, at, size);
			grant[size] = '\0';
			ck_assert_msg(permission_is_name(grant) && strncmp(grant, "apikeyd.", 8) == 0, "%s", grant);
			at += size;
		}
		/* They belong to one account: what is the host's is none of theirs. */
		ck_assert(!permission_query_holds(PERMISSION_ROLES_READ " OR " PERMISSION_ROLES_WRITE,
						  role->permissions));
	}
	ck_assert_uint_eq(count, 6);
	ck_assert_ptr_null(role_built_in_at(count + 1));
	ck_assert_ptr_null(role_built_in("tenant"));
	ck_assert_ptr_null(role_built_in(""));
}
END_TEST

static const struct {
	const char *role, *query;
	bool holds;
} mapping[] = {
	{ "account-admin", "apikeyd.keys.read AND apikeyd.keys.write", true },
	{ "account-admin", "apikeyd.tenants.read AND apikeyd.tenants.write AND apikeyd.tenants.approve", true },
	{ "account-tenant-read", "apikeyd.tenants.read", true },
	{ "account-tenant-read", "apikeyd.tenants.write OR apikeyd.tenants.approve OR apikeyd.keys.read", false },
	{ "account-tenant-write", "apikeyd.tenants.read AND apikeyd.tenants.write", true },
	{ "account-tenant-write", "apikeyd.tenants.approve OR apikeyd.keys.read OR apikeyd.keys.write", false },
	{ "account-tenant-approval", "apikeyd.tenants.approve", true },
	{ "account-tenant-approval", "apikeyd.tenants.write OR apikeyd.keys.write", false },
	{ "tenant-admin", "apikeyd.keys.read AND apikeyd.keys.write AND apikeyd.tenants.read", true },
	{ "tenant-admin", "apikeyd.tenants.approve OR test.use", false },
	{ "tenant-management", "apikeyd.tenants.read AND apikeyd.tenants.write", true },
	{ "tenant-management", "apikeyd.keys.read OR apikeyd.keys.write", false },
};

START_TEST(a_built_in_role_grants)
{
	struct store_role role;

	ck_assert_int_eq(role_find(scratch.reader, mapping[_i].role, &role), 0);
	ck_assert_msg(permission_query_holds(mapping[_i].query, role.permissions) == mapping[_i].holds, "%s: %s",
		      mapping[_i].role, mapping[_i].query);
}
END_TEST

static const struct {
	const char *name;
	bool good;
} names[] = {
	{ "a", true },
	{ "payments-read", true },
	{ "0_1", true },
	{ "", false },
	{ "-a", false },
	{ "_a", false },
	{ "Payments", false },
	{ "a.b", false },
	{ "a b", false },
	{ "a*", false },
	{ "*", false },
	{ "a/b", false },
	{ "ä", false },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", true },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
};

START_TEST(a_name_of_a_role)
{
	ck_assert_msg(role_is_name(names[_i].name) == names[_i].good, "'%s'", names[_i].name);
}
END_TEST

/* ---- in the store ---- */

static int insert_role(const char *name, const char *permissions)
{
	struct store_role role = { .created = 5, .created_by = "uid:0" };
	int r;

	snprintf(role.name, sizeof(role.name), "%s", name);
	snprintf(role.permissions, sizeof(role.permissions), "%s", permissions);
	ck_assert_int_eq(store_write_begin(scratch.store), 0);
	r = store_insert_role(scratch.store, &role);
	ck_assert_int_eq(store_write_commit(scratch.store), 0);
	return r;
}

static int update_role(const char *name, const char *permissions)
{
	struct store_role role = { .created = 6 };
	int r;

	snprintf(role.name, sizeof(role.name), "%s", name);
	snprintf(role.permissions, sizeof(role.permissions), "%s", permissions);
	ck_assert_int_eq(store_write_begin(scratch.store), 0);
	r = store_update_role(scratch.store, &role);
	ck_assert_int_eq(store_write_commit(scratch.store), 0);
	return r;
}

static int delete_role(const char *name)
{
	int r;

	ck_assert_int_eq(store_write_begin(scratch.store), 0);
	r = store_delete_role(scratch.store, name);
	ck_assert_int_eq(store_write_commit(scratch.store), 0);
	return r;
}

static bool join_name(void *data, const struct store_role *role)
{
	strcat(data, role->name);
	strcat(data, " ");
	return strcmp(role->name, "stop") != 0;
}

START_TEST(a_role_is_kept)
{
	struct store_role role;
	char listed[256] = "";
	uint64_t count;

	ck_assert_int_eq(store_find_role(scratch.reader, "b", &role), -ENOENT);
	ck_assert_int_eq(insert_role("b", "x.read x.*"), 0);
	ck_assert_int_eq(insert_role("b", "y"), -EEXIST);
	ck_assert_int_eq(insert_role("", "y"), -EINVAL);
	ck_assert_int_eq(insert_role("a", ""), 0);
	ck_assert_int_eq(insert_role("stop", "y"), 0);
	ck_assert_int_eq(insert_role("z", "y"), 0);
	ck_assert_int_eq(store_find_role(scratch.reader, "b", &role), 0);
	ck_assert_str_eq(role.name, "b");
	ck_assert_str_eq(role.permissions, "x.read x.*");
	ck_assert_str_eq(role.created_by, "uid:0");
	ck_assert_int_eq(role.created, 5);
	ck_assert_int_eq(store_list_roles(scratch.reader, "", join_name, listed), 0);
	ck_assert_str_eq(listed, "a b stop ");
	listed[0] = '\0';
	ck_assert_int_eq(store_list_roles(scratch.reader, "a", join_name, listed), 0);
	ck_assert_str_eq(listed, "b stop ");
	ck_assert_int_eq(store_count_roles(scratch.reader, &count), 0);
	ck_assert_uint_eq(count, 4);

	ck_assert_int_eq(update_role("b", "x.read"), 0);
	ck_assert_int_eq(update_role("none", "x.read"), -ENOENT);
	ck_assert_int_eq(store_find_role(scratch.reader, "b", &role), 0);
	ck_assert_str_eq(role.permissions, "x.read");
	ck_assert_int_eq(role.created, 5);

	ck_assert_int_eq(store_find_role_gone(scratch.reader, "b"), -ENOENT);
	ck_assert_int_eq(delete_role("b"), 0);
	ck_assert_int_eq(delete_role("b"), -ENOENT);
	ck_assert_int_eq(store_find_role(scratch.reader, "b", &role), -ENOENT);
	ck_assert_int_eq(store_find_role_gone(scratch.reader, "b"), 0);
	ck_assert_int_eq(insert_role("b", "z"), 0);
	ck_assert_int_eq(store_find_role_gone(scratch.reader, "b"), -ENOENT);
	ck_assert_msg(store_check(scratch.reader, fault, sizeof(fault)) == 0, "%s", fault);
}
END_TEST

static void insert_key(unsigned int number, const char *roles)
{
	struct store_key key;

	scratch_key(&key, number);
	key.roles = roles;
	ck_assert_int_eq(store_write_begin(scratch.store), 0);
	ck_assert_int_eq(store_insert_key(scratch.store, &key), 0);
	ck_assert_int_eq(store_write_commit(scratch.store), 0);
}

static void change_key(unsigned int number, const char *roles, enum store_state state)
{
	static struct store_key key;
	char id[CREDENTIAL_KEY_ID_MAX + 1];

	ck_assert_int_eq(store_write_begin(scratch.store), 0);
	ck_assert_int_eq(store_find_key(store_writer(scratch.store), scratch_id(number, id), &key), 0);
	key.roles = roles;
	key.state = state;
	ck_assert_int_eq(store_update_key(scratch.store, &key), 0);
	ck_assert_int_eq(store_write_commit(scratch.store), 0);
}

static void delete_key(unsigned int number)
{
	char id[CREDENTIAL_KEY_ID_MAX + 1];

	ck_assert_int_eq(store_write_begin(scratch.store), 0);
	ck_assert_int_eq(store_delete_key(scratch.store, scratch_id(number, id)), 0);
	ck_assert_int_eq(store_write_commit(scratch.store), 0);
}

static void assert_counts(uint64_t a, uint64_t b, uint64_t c)
{
	const uint64_t counts[] = { a, b, c };
	static const char *const roles[] = { "a", "b", "c" };

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		uint64_t count = 99;

		ck_assert_int_eq(store_count_role_keys(scratch.reader, roles[i], &count), 0);
		ck_assert_msg(count == counts[i], "%s: %u instead of %u", roles[i], (unsigned int)count,
			      (unsigned int)counts[i]);
	}
	ck_assert_msg(store_check(scratch.reader, fault, sizeof(fault)) == 0, "%s", fault);
}

START_TEST(who_holds_a_role_is_counted)
{
	assert_counts(0, 0, 0);
	insert_key(1, "a");
	insert_key(2, "a b");
	insert_key(3, "");
	assert_counts(2, 1, 0);
	change_key(1, "b c", STORE_ACTIVE);
	assert_counts(1, 2, 1);
	change_key(1, "c b", STORE_INACTIVE);
	assert_counts(1, 2, 1);
	change_key(3, "a b c", STORE_SUSPENDED);
	assert_counts(2, 3, 2);
	/* Revoked for good, it holds nothing any more, whatever it is called. */
	change_key(3, "a b c", STORE_REVOKED);
	assert_counts(1, 2, 1);
	change_key(3, "a", STORE_REVOKED);
	assert_counts(1, 2, 1);
	/* A restore may bring one back. */
	change_key(3, "a c", STORE_ACTIVE);
	assert_counts(2, 2, 2);
	delete_key(3);
	delete_key(1);
	assert_counts(1, 1, 0);
	change_key(2, "", STORE_ACTIVE);
	assert_counts(0, 0, 0);
	/* One that is refused counts for nothing. */
	{
		struct store_key key;

		scratch_key(&key, 2);
		key.roles = "a";
		ck_assert_int_eq(store_write_begin(scratch.store), 0);
		ck_assert_int_eq(store_insert_key(scratch.store, &key), -EEXIST);
		ck_assert_int_eq(store_write_commit(scratch.store), 0);
	}
	assert_counts(0, 0, 0);
}
END_TEST

static const char *const wrongs[] = {
	"UPDATE role_use SET keys = 3 WHERE role = 'a'", "DELETE FROM role_use WHERE role = 'a'",
	"INSERT INTO role_use VALUES ('other', 1)",      "UPDATE key SET roles = 'a ' || roles WHERE roles = 'b'",
	"UPDATE key SET state = 4 WHERE roles = 'b'",    "INSERT INTO role_gone VALUES ('r')",
};

START_TEST(a_count_that_is_wrong_is_found)
{
	sqlite3 *database;

	insert_key(1, "a b");
	insert_key(2, "b");
	ck_assert_int_eq(insert_role("r", "x"), 0);
	assert_counts(1, 2, 0);
	ck_assert_int_eq(sqlite3_open(scratch_path(&scratch, STORE_FILE), &database), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(database, wrongs[_i], NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_changes(database), 1);
	sqlite3_close(database);
	ck_assert_int_eq(store_check(scratch.reader, fault, sizeof(fault)), -EIO);
	ck_assert_msg(strstr(fault, "roles") || strstr(fault, "states"), "%s", fault);
}
END_TEST

/* ---- what a key may do ---- */

static struct store_key held;
static struct role_grants room;

static const char *grants_of(const char *permissions, const char *roles)
{
	const char *grants = NULL;

	held.permissions = permissions;
	held.roles = roles;
	ck_assert_int_eq(store_read_begin(scratch.reader), 0);
	ck_assert_int_eq(role_grants_find(scratch.reader, &held, &room, &grants), 0);
	store_read_end(scratch.reader);
	return grants;
}

START_TEST(a_key_may_do_what_its_roles_say)
{
	static const char permissions[] = "mail.imap";

	ck_assert_int_eq(insert_role("r", "x.read x.*"), 0);
	ck_assert_int_eq(insert_role("none", ""), 0);
	/* Without roles nothing is copied. */
	ck_assert_ptr_eq(grants_of(permissions, ""), permissions);
	ck_assert_str_eq(grants_of("mail.imap", "r"), "mail.imap x.read x.*");
	ck_assert_str_eq(grants_of("", "r"), "x.read x.*");
	ck_assert_str_eq(grants_of("", "none"), "");
	ck_assert_str_eq(grants_of("", "none r none"), "x.read x.*");
	ck_assert_str_eq(grants_of("mail.imap", "gone"), "mail.imap");
	ck_assert_str_eq(grants_of("mail.imap", "gone r"), "mail.imap x.read x.*");
	ck_assert_str_eq(grants_of("a", "tenant-management r"),
			 "a apikeyd.tenants.read apikeyd.tenants.write x.read x.*");
	ck_assert_int_eq(update_role("r", "x.read"), 0);
	ck_assert_str_eq(grants_of("mail.imap", "r"), "mail.imap x.read");
	ck_assert_int_eq(delete_role("r"), 0);
	ck_assert_str_eq(grants_of("mail.imap", "r"), "mail.imap");
	/* A test key has nothing but what is for tests, whatever its roles have become. */
	held.test = true;
	ck_assert_int_eq(insert_role("wide", "test.a * test.* test mail.imap testing.a test.b.*"), 0);
	ck_assert_str_eq(grants_of("test.mail", "wide tenant-admin"), "test.mail test.a test.* test.b.*");
	held.test = false;
	/* A role of the store does not stand in for one that is built in. */
	ck_assert_int_eq(insert_role("tenant-management", "*"), 0);
	ck_assert_str_eq(grants_of("", "tenant-management"), "apikeyd.tenants.read apikeyd.tenants.write");
}
END_TEST

START_TEST(the_most_there_can_be_fits)
{
	char permissions[WIRE_LIST_TEXT_MAX + 1], text[WIRE_ROLE_TEXT_MAX + 1], roles[WIRE_LIST_TEXT_MAX + 1] = "";

	memset(permissions, 'a', sizeof(permissions) - 1);
	permissions[sizeof(permissions) - 1] = '\0';
	memset(text, 'b', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (int i = 0; i < WIRE_ROLES_MAX; i++) {
		char name[32];

		snprintf(name, sizeof(name), "r%d", i);
		ck_assert_int_eq(insert_role(name, text), 0);
		strcat(roles, i > 0 ? " " : "");
		strcat(roles, name);
	}
	ck_assert_uint_eq(strlen(grants_of(permissions, roles)), WIRE_EFFECTIVE_MAX);
	/* One more, which nobody can give it, and it may do nothing at all. */
	strcat(roles, " more");
	ck_assert_str_eq(grants_of(permissions, roles), "");
	memset(roles, 'r', WIRE_ROLE_NAME_MAX + 1);
	roles[WIRE_ROLE_NAME_MAX + 1] = '\0';
	ck_assert_str_eq(grants_of(permissions, roles), "");
}
END_TEST

START_TEST(a_role_that_cannot_be_read_lets_nobody_in)
{
	const char *grants = "untouched";
	sqlite3 *database;

	ck_assert_int_eq(insert_role("r", "x"), 0);
	ck_assert_int_eq(sqlite3_open(scratch_path(&scratch, STORE_FILE), &database), SQLITE_OK);
	ck_assert_int_eq(
		sqlite3_exec(database, "UPDATE role SET permissions = printf('%.2049c', 'x')", NULL, NULL, NULL),
		SQLITE_OK);
	sqlite3_close(database);
	held.permissions = "a";
	held.roles = "r";
	ck_assert_int_eq(role_grants_find(scratch.reader, &held, &room, &grants), -EIO);
	ck_assert_str_eq(grants, "untouched");
}
END_TEST

START_TEST(a_key_and_its_roles_are_of_one_moment)
{
	static struct store_key key;
	char id[CREDENTIAL_KEY_ID_MAX + 1];
	const char *grants;

	ck_assert_int_eq(insert_role("r", "x"), 0);
	insert_key(1, "r");
	insert_key(2, "");
	ck_assert_int_eq(store_find_key_and_stay(scratch.reader, scratch_id(1, id), &key), 0);
	/* What is changed meanwhile, the key and then its role, is not mixed into it. */
	change_key(1, "", STORE_ACTIVE);
	ck_assert_int_eq(update_role("r", "*"), 0);
	ck_assert_int_eq(role_grants_find(scratch.reader, &key, &room, &grants), 0);
	ck_assert_msg(strstr(grants, "x") && !strchr(grants, '*'), "%s", grants);
	store_read_end(scratch.reader);
	ck_assert_int_eq(store_find_key(scratch.reader, id, &key), 0);
	ck_assert_str_eq(key.roles, "");
	/* A key without roles leaves nothing open. */
	ck_assert_int_eq(store_find_key_and_stay(scratch.reader, scratch_id(2, id), &key), 0);
	ck_assert_int_ne(sqlite3_get_autocommit(scratch.reader->database), 0);
	ck_assert_int_eq(store_find_key_and_stay(scratch.reader, scratch_id(3, id), &key), -ENOENT);
	ck_assert_int_ne(sqlite3_get_autocommit(scratch.reader->database), 0);
	/* Begun once, and then there. */
	ck_assert_int_eq(store_read_stay(scratch.reader), 1);
	ck_assert_int_eq(store_read_stay(scratch.reader), 0);
	store_read_end(scratch.reader);
	/* Neither reading a key more nor none more leaves anything behind. */
	for (int found = 0; found <= 1; found++) {
		store_even_out(scratch.reader, found != 0);
		ck_assert_int_ne(sqlite3_get_autocommit(scratch.reader->database), 0);
	}
	ck_assert_str_eq(store_fault(scratch.reader), "");
}
END_TEST

static const struct {
	const char *grants;
	size_t size;
	const char *copy;
	bool all;
} copies[] = {
	{ "", 1, "", true },
	{ "a", 1, "", false },
	{ "a", 2, "a", true },
	{ "a b", 3, "a", false },
	{ "a b", 4, "a b", true },
	{ "a b a", 4, "a b", true },
	{ "a a a a a", 2, "a", true },
	{ "aa a aa.b a", 10, "aa a aa.b", true },
	/* a whole one that is short still fits */
	{ "aaaa bb c", 7, "aaaa c", false },
};

START_TEST(grants_are_copied_whole)
{
	char text[32];

	ck_assert_int_eq(role_grants_copy(copies[_i].grants, text, copies[_i].size), copies[_i].all);
	ck_assert_str_eq(text, copies[_i].copy);
}
END_TEST

static const struct {
	const char *written, *meant;
} slips[] = {
	{ "tenant-admni", "tenant-admin" },
	{ "payments-raed", "payments-read" },
	{ "paymnts-read", "payments-read" },
	{ "xyz", "" },
	{ "", "" },
	{ "pay", "" },
};

START_TEST(a_slip_of_the_finger_is_understood)
{
	char near[WIRE_ROLE_NAME_MAX + 1];

	ck_assert_int_eq(insert_role("payments-read", "x"), 0);
	ck_assert_int_eq(insert_role("x", "x"), 0);
	ck_assert_int_eq(role_nearest(scratch.reader, slips[_i].written, near), 0);
	ck_assert_str_eq(near, slips[_i].meant);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("role");
	TCase *tcase = tcase_create("role");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, what_is_built_in_is_sound);
	tcase_add_loop_test(tcase, a_built_in_role_grants, 0, ARRAY_SIZE(mapping));
	tcase_add_loop_test(tcase, a_name_of_a_role, 0, ARRAY_SIZE(names));
	tcase_add_test(tcase, a_role_is_kept);
	tcase_add_test(tcase, who_holds_a_role_is_counted);
	tcase_add_loop_test(tcase, a_count_that_is_wrong_is_found, 0, ARRAY_SIZE(wrongs));
	tcase_add_test(tcase, a_key_may_do_what_its_roles_say);
	tcase_add_test(tcase, the_most_there_can_be_fits);
	tcase_add_test(tcase, a_role_that_cannot_be_read_lets_nobody_in);
	tcase_add_test(tcase, a_key_and_its_roles_are_of_one_moment);
	tcase_add_loop_test(tcase, grants_are_copied_whole, 0, ARRAY_SIZE(copies));
	tcase_add_loop_test(tcase, a_slip_of_the_finger_is_understood, 0, ARRAY_SIZE(slips));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
