/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Restoring without a daemon: what was taken away from a key is found and taken away again, and what the restored store
 * has that the backup had not.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "daemon/backup.h"
#include "daemon/restore.h"
#include "daemon/role_grants.h"
#include "daemon/signing_key.h"
#include "daemon/store_connection.h"
#include "daemon/store_limit.h"
#include "proto/access_token.h"
#include "tests/daemon/store-scratch.h"
#include "tests/suite.h"

#define NOW INT64_C(1800000000)

/* ---- one key ---- */

static void key_revoke(struct store_key *key)
{
	key->state = STORE_REVOKED;
	key->state_reason = "stolen";
}
static void suspend(struct store_key *key)
{
	key->state = STORE_SUSPENDED;
	key->state_reason = "misuse";
	key->state_since = NOW - 5;
}
static void deactivate(struct store_key *key)
{
	key->state = STORE_INACTIVE;
}
static void narrow(struct store_key *key)
{
	key->permissions = "mail.imap";
}
static void widen(struct store_key *key)
{
	key->permissions = "mail.* pam.*";
}
static void expire(struct store_key *key)
{
	key->expires = NOW + 100;
}
static void delay(struct store_key *key)
{
	key->not_before = NOW + 100;
}
static void limit(struct store_key *key)
{
	key->sources = "10.0.0.0/8";
}
static void no_users(struct store_key *key)
{
	key->users = "";
}
static void more_users(struct store_key *key)
{
	key->users = "bob\ndeploy\ncarol";
}
static void swap_secret(struct store_key *key)
{
	key->secrets[0].number = 2;
	key->secrets[0].digest[0] ^= 1;
}
static void overlap(struct store_key *key)
{
	key->secrets[1] = key->secrets[0];
	key->secrets[1].number = 2;
	key->secrets[1].digest[0] ^= 1;
	key->secrets[0].retires = NOW + 1000;
	key->secret_count = 2;
}
static void wait_for_use(struct store_key *key)
{
	overlap(key);
	key->secrets[0].after_use = 60;
}
static void take_back(struct store_key *key)
{
	overlap(key);
	key->secrets[0].retires = 0;
	key->secrets[1].form = STORE_FORM_ENDED;
	key->secrets[1].flags = STORE_SECRET_TAKEN_BACK;
	key->secrets[1].retires = NOW - 1;
}
/* Ended after it had retired: its time stays, and it is refused whatever the clock says. */
static void end_early(struct store_key *key)
{
	key->secrets[0].form = STORE_FORM_ENDED;
}
static void name_service(struct store_key *key)
{
	key->exclusive = "dovecot";
}
static void leave_unbound(struct store_key *key)
{
	key->exclusive = STORE_UNBOUND;
}
static void limit_uses(struct store_key *key)
{
	key->max_uses = 5;
}
static void rename_key(struct store_key *key)
{
	key->name = "another";
	key->labels = "a=b";
}

static const struct {
	const char *what;
	void (*change)(struct store_key *key);
	unsigned int taken;
} changes[] = {
	{ "nothing", NULL, 0 },
	{ "a name", rename_key, 0 },
	{ "more permissions", widen, 0 },
	{ "more users", more_users, 0 },
	{ "a revoke", key_revoke, MESSAGE_TAKEN_REVOKED },
	{ "a suspension", suspend, MESSAGE_TAKEN_SUSPENDED },
	{ "a deactivation", deactivate, MESSAGE_TAKEN_DEACTIVATED },
	{ "fewer permissions", narrow, MESSAGE_TAKEN_NARROWED },
	{ "an end", expire, MESSAGE_TAKEN_NARROWED },
	{ "a later beginning", delay, MESSAGE_TAKEN_NARROWED },
	{ "a network", limit, MESSAGE_TAKEN_NARROWED },
	{ "no users", no_users, MESSAGE_TAKEN_NARROWED },
	{ "all services but one", name_service, MESSAGE_TAKEN_NARROWED },
	{ "all services but the first", leave_unbound, MESSAGE_TAKEN_NARROWED },
	{ "most uses", limit_uses, MESSAGE_TAKEN_NARROWED },
	{ "another secret", swap_secret, MESSAGE_TAKEN_SECRET },
	{ "a second secret", overlap, MESSAGE_TAKEN_SECRET },
	{ "a secret, for good", end_early, MESSAGE_TAKEN_SECRET },
	{ "a secret, once the next one was used", wait_for_use, MESSAGE_TAKEN_SECRET },
};

static struct store_key then, now;

static void make_both(void)
{
	scratch_key(&then, 1);
	then.users = "bob\ndeploy";
	scratch_key(&now, 1);
	now.users = "bob\ndeploy";
}

START_TEST(what_was_taken_away_is_found)
{
	make_both();
	if (changes[_i].change)
		changes[_i].change(&now);
	ck_assert_msg((restore_taken(&then, &now, NOW) & UINT8_MAX) == changes[_i].taken, "%s", changes[_i].what);
	/* And taken away again: nothing is left to be found. */
	restore_take(&then, &now, restore_taken(&then, &now, NOW));
	ck_assert_msg(restore_taken(&then, &now, NOW) == 0, "%s", changes[_i].what);
	ck_assert_int_eq(then.state, now.state);
	ck_assert_str_eq(then.state_reason, now.state_reason);
	ck_assert_int_eq(then.state_since, now.state_since);
	/* What was given is not given by a restore. */
	if (changes[_i].change == widen)
		ck_assert_str_eq(then.permissions, "mail.imap pam.sshd");
}
END_TEST

/* A pair's private key is a secret like any other: once it was ended, the backup's sealed bytes do not come back. */
START_TEST(a_private_key_that_was_ended_does_not_return)
{
	static const uint8_t nothing[STORE_SEALED_SIZE];

	make_both();
	strcpy(then.id, "a123456b-c12c-123d-1ab4-18bd8c8e88a3");
	then.kind = STORE_PAIR;
	then.secrets[0].form = STORE_FORM_PAIR;
	memset(then.secrets[0].sealed, 's', STORE_SEALED_SIZE);
	strcpy(now.id, then.id);
	now.kind = STORE_PAIR;
	now.secrets[0] = then.secrets[0];
	ck_assert_uint_eq(restore_taken(&then, &now, NOW), 0);
	overlap(&now);
	now.secrets[0].form = STORE_FORM_ENDED;
	now.secrets[0].retires = NOW - 1;
	memset(now.secrets[0].sealed, 0, STORE_SEALED_SIZE);
	ck_assert_uint_eq(restore_taken(&then, &now, NOW), MESSAGE_TAKEN_SECRET);
	/* Also to a clock that is set back. */
	ck_assert_uint_eq(restore_taken(&then, &now, INT64_MIN), MESSAGE_TAKEN_SECRET);
	restore_take(&then, &now, MESSAGE_TAKEN_SECRET);
	ck_assert_uint_eq(then.secret_count, 2);
	ck_assert_uint_eq(then.secrets[0].form, STORE_FORM_ENDED);
	ck_assert_mem_eq(then.secrets[0].sealed, nothing, STORE_SEALED_SIZE);
	ck_assert_uint_eq(then.secrets[1].form, STORE_FORM_PAIR);
	ck_assert_mem_eq(then.secrets[1].sealed, now.secrets[1].sealed, STORE_SEALED_SIZE);
}
END_TEST

/* What happened since to a key that was being rotated when the backup was made. */
START_TEST(a_rotation_goes_on_as_it_did)
{
	/* The new secret was used: the old one has its date now. */
	make_both();
	wait_for_use(&then);
	wait_for_use(&now);
	ck_assert_uint_eq(restore_taken(&then, &now, NOW), 0);
	now.secrets[0].after_use = 0;
	now.secrets[0].retires = NOW + 60;
	ck_assert_uint_eq(restore_taken(&then, &now, NOW), MESSAGE_TAKEN_SECRET);
	restore_take(&then, &now, MESSAGE_TAKEN_SECRET);
	ck_assert_int_eq(then.secrets[0].retires, NOW + 60);
	ck_assert_uint_eq(then.secrets[0].after_use, 0);
	/* It waits now, and may end sooner than its date says. */
	make_both();
	overlap(&then);
	wait_for_use(&now);
	ck_assert_uint_eq(restore_taken(&then, &now, NOW), MESSAGE_TAKEN_SECRET);
	/* It was taken back: the new one of the backup does not return, and the old one is the current one as it is. */
	make_both();
	wait_for_use(&then);
	take_back(&now);
	ck_assert_uint_eq(restore_taken(&then, &now, NOW), MESSAGE_TAKEN_SECRET);
	ck_assert_uint_eq(restore_taken(&then, &now, INT64_MIN), MESSAGE_TAKEN_SECRET);
	restore_take(&then, &now, MESSAGE_TAKEN_SECRET);
	ck_assert_int_eq(then.secrets[0].retires, 0);
	ck_assert_uint_eq(then.secrets[0].after_use, 0);
	ck_assert_uint_eq(then.secrets[1].form, STORE_FORM_ENDED);
	ck_assert_uint_eq(then.secrets[1].flags, STORE_SECRET_TAKEN_BACK);
}
END_TEST

START_TEST(the_dead_are_not_revived)
{
	make_both();
	then.state = STORE_REVOKED;
	narrow(&now);
	ck_assert_uint_eq(restore_taken(&then, &now, NOW), 0);
	make_both();
	then.expires = NOW - 1;
	key_revoke(&now);
	ck_assert_uint_eq(restore_taken(&then, &now, NOW), 0);
	/* A secret that had retired by itself is not missed. */
	make_both();
	overlap(&then);
	then.secrets[0].retires = NOW - 1;
	now.secrets[0] = then.secrets[1];
	ck_assert_uint_eq(restore_taken(&then, &now, NOW), 0);
}
END_TEST

static const struct {
	const char *then, *now, *restored;
} bindings[] = {
	{ "", "", "" },
	{ "dovecot", "", "dovecot" },
	{ STORE_UNBOUND, "", STORE_UNBOUND },
	{ "", "dovecot", "dovecot" },
	{ "", STORE_UNBOUND, STORE_UNBOUND },
	/* Its first use was since: it is no use to the second. */
	{ STORE_UNBOUND, "dovecot", "dovecot" },
	{ "sshd", "dovecot", "dovecot" },
	/* It waits to be bound anew; until then the service it had is narrower. */
	{ "sshd", STORE_UNBOUND, "sshd" },
};

START_TEST(a_binding_is_not_undone)
{
	unsigned int taken;

	make_both();
	then.exclusive = bindings[_i].then;
	now.exclusive = bindings[_i].now;
	taken = restore_taken(&then, &now, NOW);
	ck_assert_uint_eq(taken & UINT8_MAX,
			  strcmp(bindings[_i].then, bindings[_i].restored) == 0 ? 0 : MESSAGE_TAKEN_NARROWED);
	restore_take(&then, &now, taken);
	ck_assert_str_eq(then.exclusive, bindings[_i].restored);
}
END_TEST

START_TEST(uses_are_not_added)
{
	static const struct {
		uint32_t then, now, restored;
	} cases[] = { { 0, 0, 0 }, { 5, 0, 5 }, { 0, 5, 5 }, { 5, 4, 4 }, { 4, 5, 4 }, { 5, 5, 5 } };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		make_both();
		then.max_uses = cases[i].then;
		now.max_uses = cases[i].now;
		restore_take(&then, &now, restore_taken(&then, &now, NOW));
		ck_assert_uint_eq(then.max_uses, cases[i].restored);
	}
}
END_TEST

START_TEST(pages_are_not_let_in_again)
{
	for (unsigned int i = 0; i < 4; i++) {
		unsigned int taken;

		make_both();
		then.client_side = i & 1;
		now.client_side = i & 2;
		taken = restore_taken(&then, &now, NOW);
		ck_assert_uint_eq(taken & UINT8_MAX, i == 1 ? MESSAGE_TAKEN_NARROWED : 0);
		restore_take(&then, &now, taken);
		ck_assert_int_eq(then.client_side, i == 3);
	}
}
END_TEST

START_TEST(a_network_within_another_is_narrower)
{
	make_both();
	then.sources = "10.0.0.0/8 local";
	now.sources = "10.1.0.0/16 local";
	ck_assert_uint_eq(restore_taken(&then, &now, NOW) & UINT8_MAX, MESSAGE_TAKEN_NARROWED);
	now.sources = "10.0.0.0/8 local 192.0.2.0/24";
	ck_assert_uint_eq(restore_taken(&then, &now, NOW), 0);
	now.sources = "";
	ck_assert_uint_eq(restore_taken(&then, &now, NOW), 0);
}
END_TEST

/* ---- the stores ---- */

static struct scratch scratch;
static struct vault_keeper *keeper;
static char master_key[PATH_MAX + 64];
static uint8_t master[CRYPTO_KEY_SIZE];
static struct vault_paths paths;
static struct backup backup = { .fd = -1 };
static struct restore *restore;
static struct restore_outcome outcome;
static char fault[1024];

static void setup(void)
{
	scratch_init(&scratch);
	snprintf(master_key, sizeof(master_key), "%s/key", scratch.folder);
	paths = (struct vault_paths){ .state_folder = scratch.folder, .master_key = master_key };
	ck_assert_msg(vault_create(&paths, fault, sizeof(fault)) == 0, "%s", fault);
	ck_assert_int_eq(vault_keeper_new(&paths, &keeper), 0);
	ck_assert(vault_keeper_try(keeper));
	ck_assert_int_eq(vault_master(keeper, master, fault, sizeof(fault)), 0);
}

static void teardown(void)
{
	restore_free(restore);
	backup_done(&backup);
	vault_keeper_free(keeper);
	scratch_done(&scratch);
}

static void take_backup(void)
{
	CLEANUP_VAULT struct vault *vault = vault_acquire(keeper);

	backup_done(&backup);
	ck_assert_msg(backup_take(vault->store, scratch.folder, master, NOW, &backup, fault, sizeof(fault)) == 0, "%s",
		      fault);
}

/* Hands over the backup with one byte changed, unless at is beyond it, and cut to size. */
static int hand_over(off_t at, size_t size)
{
	char part[1000];
	ssize_t got;

	restore_free(restore);
	ck_assert_int_eq(restore_new(scratch.folder, &restore, fault, sizeof(fault)), 0);
	for (off_t offset = 0; (size_t)offset < size; offset += got) {
		size_t wanted = size - (size_t)offset < sizeof(part) ? size - (size_t)offset : sizeof(part);

		got = pread(backup.fd, part, wanted, offset);
		ck_assert_int_ge(got, 0);
		if (got == 0)
			break;
		if (at >= offset && at < offset + got)
			part[at - offset] ^= 1;
		ck_assert_int_eq(restore_write(restore, (uint64_t)offset, part, (size_t)got), 0);
	}
	return restore_check(restore, master, fault, sizeof(fault));
}

static char *record(void *data, const struct restore_outcome *given)
{
	(void)data;
	(void)given;
	return strdup("{\"event\":\"restore\"}");
}

static int commit(bool accept_revived)
{
	CLEANUP_VAULT struct vault *vault = vault_acquire(keeper);

	return restore_commit(restore, keeper, vault, NULL, accept_revived, NOW + 10, record, NULL, &outcome, fault,
			      sizeof(fault));
}

/* In the present store, each change in a transaction with its record. */
static struct store *store_of(struct vault *vault)
{
	return vault->store;
}

static void change(unsigned int number, void (*how)(struct store_key *key))
{
	CLEANUP_VAULT struct vault *vault = vault_acquire(keeper);
	struct store *store = store_of(vault);
	char id[CREDENTIAL_KEY_ID_MAX + 1];
	uint64_t rev;

	ck_assert_int_eq(store_write_begin(store), 0);
	if (how) {
		ck_assert_int_eq(store_find_key(store_writer(store), scratch_id(number, id), &now), 0);
		how(&now);
		ck_assert_int_eq(store_update_key(store, &now), 0);
	} else {
		ck_assert_int_eq(store_delete_key(store, scratch_id(number, id)), 0);
	}
	ck_assert_int_eq(store_log_change(store, NOW, "{\"event\":\"change\"}", &rev), 0);
	ck_assert_int_eq(store_write_commit(store), 0);
}

static void insert(unsigned int number, unsigned int count)
{
	CLEANUP_VAULT struct vault *vault = vault_acquire(keeper);

	ck_assert_int_eq(scratch_insert_many(store_of(vault), number, count), 0);
}

/* The key as it is now; its state, or 0 when there is none. */
static int state_of(unsigned int number)
{
	CLEANUP_VAULT struct vault *vault = vault_acquire(keeper);
	struct store_reader *reader = NULL;
	char id[CREDENTIAL_KEY_ID_MAX + 1];
	int r;

	ck_assert_int_eq(store_reader_open(store_of(vault), &reader), 0);
	r = store_find_key(reader, scratch_id(number, id), &now);
	ck_assert_msg(store_check(reader, fault, sizeof(fault)) == 0, "%s", fault);
	store_reader_close(reader);
	return r < 0 ? 0 : (int)now.state;
}

static uint64_t number_of(const char *name)
{
	CLEANUP_VAULT struct vault *vault = vault_acquire(keeper);
	uint64_t number = 0;

	ck_assert_int_eq(store_load_number(store_writer(vault->store), name, &number), 0);
	return number;
}

static bool exists(const char *name)
{
	return access(scratch_path(&scratch, name), F_OK) == 0;
}

static int commit_at(int64_t time)
{
	CLEANUP_VAULT struct vault *vault = vault_acquire(keeper);

	return restore_commit(restore, keeper, vault, NULL, false, time, record, NULL, &outcome, fault, sizeof(fault));
}

/* A host that was put together again may have any time. When its clock is right again, what was taken away is. */
START_TEST(a_clock_that_is_ahead_revives_nothing)
{
	insert(1, 3);
	change(1, expire);
	change(2, expire);
	change(3, overlap);
	take_backup();
	change(1, key_revoke);
	change(2, narrow);
	change(3, end_early);
	ck_assert_msg(hand_over(-1, backup.size) == 0, "%s", fault);
	ck_assert_msg(commit_at(NOW + 5000) == 0, "%s", fault);
	ck_assert_int_eq(state_of(1), STORE_REVOKED);
	ck_assert_int_eq(state_of(2), STORE_ACTIVE);
	ck_assert_str_eq(now.permissions, "mail.imap");
	ck_assert_int_eq(state_of(3), STORE_ACTIVE);
	ck_assert_uint_eq(now.secrets[0].form, STORE_FORM_ENDED);
	/* They are over by that clock, so nobody is told that they would have come back. */
	ck_assert_uint_eq(outcome.report.revived, 0);
}
END_TEST

START_TEST(what_was_taken_away_is_taken_away_again)
{
	bool accept = _i == 1;

	insert(1, 10);
	take_backup();
	change(1, key_revoke);
	change(2, NULL);
	change(3, narrow);
	change(4, deactivate);
	change(5, swap_secret);
	insert(20, 2);
	ck_assert_msg(hand_over(-1, backup.size) == 0, "%s", fault);
	ck_assert_msg(commit(accept) == 0, "%s", fault);
	ck_assert_uint_eq(outcome.report.keys, 10);
	ck_assert_uint_eq(outcome.report.revived, 5);
	ck_assert_uint_eq(outcome.report.lost, 2);
	ck_assert_uint_eq(outcome.report.returning, 0);
	ck_assert_uint_eq(outcome.report.listed_count, 7);
	ck_assert_uint_eq(outcome.present_rev, 5);
	ck_assert_uint_eq(outcome.rev, 6);
	ck_assert_uint_eq(number_of("rev"), 6);
	ck_assert(outcome.kept && exists(STORE_KEPT));

	ck_assert_int_eq(state_of(1), accept ? STORE_ACTIVE : STORE_REVOKED);
	ck_assert_str_eq(now.state_reason, accept ? "" : "stolen");
	ck_assert_int_eq(state_of(2), accept ? STORE_ACTIVE : 0);
	ck_assert_int_eq(state_of(3), STORE_ACTIVE);
	ck_assert_str_eq(now.permissions, accept ? "mail.imap pam.sshd" : "mail.imap");
	ck_assert_int_eq(state_of(4), accept ? STORE_ACTIVE : STORE_INACTIVE);
	ck_assert_int_eq(state_of(5), STORE_ACTIVE);
	ck_assert_uint_eq(now.secrets[0].number, accept ? 1 : 2);
	ck_assert_int_eq(state_of(6), STORE_ACTIVE);
	ck_assert_int_eq(state_of(20), 0);
	/* The id of a lost key is not used again. */
	{
		CLEANUP_VAULT struct vault *vault = vault_acquire(keeper);

		ck_assert_int_eq(scratch_insert(vault->store, 20), -EEXIST);
	}
	/* Nothing is left of it but the store before. */
	restore_free(restore);
	restore = NULL;
	ck_assert(!exists(STORE_FILE ".restore") && !exists(STORE_KEPT ".new") && !exists(STORE_FILE ".backup"));
}
END_TEST

static void count_uses(unsigned int number, uint64_t count)
{
	CLEANUP_VAULT struct vault *vault = vault_acquire(keeper);
	char id[CREDENTIAL_KEY_ID_MAX + 1];

	ck_assert_int_eq(store_write_begin(vault->store), 0);
	ck_assert_int_eq(store_keep_counted(vault->store, scratch_id(number, id), count), 0);
	ck_assert_int_eq(store_write_commit(vault->store), 0);
}

static uint64_t uses_of(unsigned int number)
{
	CLEANUP_VAULT struct vault *vault = vault_acquire(keeper);
	char id[CREDENTIAL_KEY_ID_MAX + 1];
	uint64_t count = 0;

	ck_assert_int_eq(store_find_counted(store_writer(vault->store), scratch_id(number, id), &count), 0);
	return count;
}

/* Whatever is accepted: also of a key that was deleted since, and of one that is lost and may come back by a younger
 * backup. */
START_TEST(uses_that_were_counted_stay_counted)
{
	insert(1, 4);
	count_uses(1, 3);
	count_uses(2, 7);
	take_backup();
	count_uses(1, 5);
	count_uses(3, 1);
	count_uses(4, 2);
	change(4, NULL);
	insert(20, 1);
	count_uses(20, 9);
	ck_assert_msg(hand_over(-1, backup.size) == 0, "%s", fault);
	ck_assert_msg(commit(_i == 1) == 0, "%s", fault);
	ck_assert_uint_eq(uses_of(1), 5);
	ck_assert_uint_eq(uses_of(2), 7);
	ck_assert_uint_eq(uses_of(3), 1);
	ck_assert_uint_eq(uses_of(4), 2);
	ck_assert_uint_eq(uses_of(20), 9);
	ck_assert_int_eq(state_of(4), _i == 1 ? STORE_ACTIVE : 0);
}
END_TEST

/* ---- roles ---- */

static void give_roles(struct store_key *key)
{
	key->roles = "narrowed deleted widened";
}

static void give_made_since(struct store_key *key)
{
	key->roles = "since";
}

static void write_role(int (*function)(struct store *store, const struct store_role *role), const char *name,
		       const char *permissions)
{
	CLEANUP_VAULT struct vault *vault = vault_acquire(keeper);
	struct store *store = store_of(vault);
	struct store_role role = { .created = 1 };
	uint64_t rev;

	snprintf(role.name, sizeof(role.name), "%s", name);
	snprintf(role.permissions, sizeof(role.permissions), "%s", permissions);
	ck_assert_int_eq(store_write_begin(store), 0);
	ck_assert_int_eq(function(store, &role), 0);
	ck_assert_int_eq(store_log_change(store, NOW, "{\"event\":\"change\"}", &rev), 0);
	ck_assert_int_eq(store_write_commit(store), 0);
}

static int delete_role(struct store *store, const struct store_role *role)
{
	return store_delete_role(store, role->name);
}

/* What the role grants now; NULL when there is none. */
static const char *granted_by(const char *name)
{
	CLEANUP_VAULT struct vault *vault = vault_acquire(keeper);
	static struct store_role role;

	return store_find_role(store_writer(vault->store), name, &role) == 0 ? role.permissions : NULL;
}

/* What a key may do now. */
static const char *effective(unsigned int number)
{
	CLEANUP_VAULT struct vault *vault = vault_acquire(keeper);
	static struct role_grants room;
	char id[CREDENTIAL_KEY_ID_MAX + 1];
	const char *grants;

	ck_assert_int_eq(store_find_key(store_writer(vault->store), scratch_id(number, id), &now), 0);
	ck_assert_int_eq(role_grants_find(store_writer(vault->store), &now, &room, &grants), 0);
	return grants;
}

/* No key gets back by a role what the role has lost, or what it was. */
START_TEST(a_role_that_was_narrowed_is_narrowed_again)
{
	bool accept = _i == 1;

	write_role(store_insert_role, "narrowed", "x.*");
	write_role(store_insert_role, "deleted", "y");
	write_role(store_insert_role, "widened", "z.a");
	insert(1, 3);
	change(1, give_roles);
	change(2, give_roles);
	take_backup();
	write_role(store_update_role, "narrowed", "x.read w");
	write_role(store_update_role, "widened", "z.*");
	change(1, give_made_since);
	change(1, give_roles);
	change(2, give_made_since);
	write_role(delete_role, "deleted", "");
	write_role(store_insert_role, "since", "s");
	ck_assert_msg(hand_over(-1, backup.size) == 0, "%s", fault);
	ck_assert_msg(commit(accept) == 0, "%s", fault);
	ck_assert_uint_eq(outcome.report.revived, 2);
	ck_assert_uint_eq(outcome.report.listed[0].why, MESSAGE_TAKEN_NARROWED);
	ck_assert_str_eq(granted_by("narrowed"), accept ? "x.*" : "x.read w");
	ck_assert_str_eq(granted_by("widened"), "z.a");
	ck_assert_str_eq(granted_by("since"), "s");
	ck_assert_int_eq(granted_by("deleted") != NULL, accept);
	ck_assert_str_eq(effective(1), accept ? "mail.imap pam.sshd x.* y z.a" : "mail.imap pam.sshd x.read w z.a");
	ck_assert_str_eq(effective(2), accept ? "mail.imap pam.sshd x.* y z.a" : "mail.imap pam.sshd s");
	ck_assert_str_eq(effective(3), "mail.imap pam.sshd");
	ck_assert_int_eq(state_of(1), STORE_ACTIVE);
	/* What was deleted is remembered as that, for the next restore. */
	{
		CLEANUP_VAULT struct vault *vault = vault_acquire(keeper);

		ck_assert_int_eq(store_find_role_gone(store_writer(vault->store), "deleted"), accept ? -ENOENT : 0);
	}
}
END_TEST

/* On a host that was put together again nobody knows them, and they come back with their keys. */
START_TEST(a_role_that_was_never_known_comes_back)
{
	write_role(store_insert_role, "narrowed", "x.*");
	insert(1, 1);
	change(1, give_roles);
	take_backup();
	{
		CLEANUP_VAULT struct vault *vault = vault_acquire(keeper);
		sqlite3 *database = store_writer(vault->store)->database;

		ck_assert_int_eq(sqlite3_exec(database,
					      "DELETE FROM role; DELETE FROM role_use; DELETE FROM key; DELETE FROM "
					      "digest; UPDATE tally SET keys = 0",
					      NULL, NULL, NULL),
				 SQLITE_OK);
	}
	ck_assert_msg(hand_over(-1, backup.size) == 0, "%s", fault);
	ck_assert_msg(commit(false) == 0, "%s", fault);
	ck_assert_uint_eq(outcome.report.returning, 1);
	ck_assert_uint_eq(outcome.report.revived, 0);
	ck_assert_str_eq(effective(1), "mail.imap pam.sshd x.*");
	ck_assert_int_eq(state_of(1), STORE_ACTIVE);
}
END_TEST

START_TEST(looking_changes_nothing)
{
	CLEANUP_VAULT struct vault *vault = vault_acquire(keeper);

	insert(1, 3);
	take_backup();
	change(1, key_revoke);
	ck_assert_int_eq(hand_over(-1, backup.size), 0);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(restore_compare(restore, vault, i == 1, NOW, &outcome, fault, sizeof(fault)), 0);
		ck_assert_uint_eq(outcome.report.revived, 1);
		ck_assert_int_eq(outcome.report.listed[0].fate, MESSAGE_FATE_REVIVED);
		ck_assert_uint_eq(outcome.report.listed[0].why, MESSAGE_TAKEN_REVOKED);
		ck_assert_uint_eq(outcome.rev, 0);
	}
	ck_assert_int_eq(state_of(1), STORE_REVOKED);
	ck_assert_uint_eq(number_of("rev"), 1);
	ck_assert(!exists(STORE_KEPT));
	/* And it can still be done. */
	ck_assert_int_eq(commit(false), 0);
}
END_TEST

START_TEST(one_time_tokens_from_before_are_worth_nothing)
{
	take_backup();
	ck_assert_int_eq(hand_over(-1, backup.size), 0);
	ck_assert_int_eq(commit(false), 0);
	ck_assert_uint_eq(number_of(STORE_PURGED_EPOCH), NOW + 10 + RESTORE_EPOCH_AHEAD);
	ck_assert_uint_eq(number_of(STORE_PURGED_EXP), NOW + 10);
	ck_assert_uint_eq(number_of(BACKUP_TIME), NOW);
	ck_assert_uint_ne(number_of(BACKUP_VERSION), 0);
	/* Never back: a clock that was ahead once counts. */
	{
		CLEANUP_VAULT struct vault *vault = vault_acquire(keeper);

		ck_assert_int_eq(store_write_begin(vault->store), 0);
		ck_assert_int_eq(store_save_number(vault->store, STORE_PURGED_EPOCH, NOW * 2), 0);
		ck_assert_int_eq(store_write_commit(vault->store), 0);
	}
	ck_assert_int_eq(hand_over(-1, backup.size), 0);
	ck_assert_int_eq(commit(false), 0);
	ck_assert_uint_eq(number_of(STORE_PURGED_EPOCH), NOW * 2);
}
END_TEST

START_TEST(one_time_tokens_of_a_clock_that_was_set_back_are_worth_nothing)
{
	char id[CREDENTIAL_KEY_ID_MAX + 1];
	struct store_once once = { .kind = STORE_NONCE, .id = "nonce", .id_size = 5, .moment = NOW + 5000, .cap = 9 };

	insert(1, 1);
	take_backup();
	once.key = scratch_id(1, id);
	for (int kind = STORE_NONCE; kind <= STORE_TOKEN_ID; kind++) {
		CLEANUP_VAULT struct vault *vault = vault_acquire(keeper);

		once.kind = (enum store_once_kind)kind;
		ck_assert_int_eq(store_write_begin(vault->store), 0);
		ck_assert_int_eq(store_consume_once(vault->store, &once), 0);
		ck_assert_int_eq(store_write_commit(vault->store), 0);
	}
	ck_assert_int_eq(hand_over(-1, backup.size), 0);
	ck_assert_int_eq(commit(false), 0);
	ck_assert_uint_eq(number_of(STORE_PURGED_EPOCH), NOW + 5000);
	/* Of access tokens the keys are gone that signed them. */
	ck_assert_uint_eq(number_of(STORE_PURGED_EXP), NOW + 10);
}
END_TEST

START_TEST(keys_that_sign_are_made_anew)
{
	char text[TOKEN_SIZE_MAX + 1], other[TOKEN_SIZE_MAX + 1];
	struct keyring before, after;
	struct access_token token;

	{
		CLEANUP_VAULT struct vault *vault = vault_acquire(keeper);

		before = vault->keyring;
		ck_assert_int_eq(signing_key_sign(store_writer(vault->store), before.data, "{}", 2, text), 0);
		ck_assert_int_eq(access_token_parse(text, strlen(text), &token), ACCESS_TOKEN_WELL_FORMED);
		ck_assert_int_eq(signing_key_check(store_writer(vault->store), before.data, NOW, text,
						   token.signed_size, token.mac),
				 0);
	}
	take_backup();
	ck_assert_int_eq(hand_over(-1, backup.size), 0);
	ck_assert_int_eq(commit(false), 0);
	{
		CLEANUP_VAULT struct vault *vault = vault_acquire(keeper);

		after = vault->keyring;
		ck_assert_int_eq(signing_key_check(store_writer(vault->store), after.data, NOW, text, token.signed_size,
						   token.mac),
				 -EBADMSG);
		ck_assert_int_eq(signing_key_sign(store_writer(vault->store), after.data, "{}", 2, other), 0);
		ck_assert_str_ne(text, other);
	}
	ck_assert_mem_eq(before.pepper, after.pepper, sizeof(before.pepper));
	ck_assert_mem_eq(before.data, after.data, sizeof(before.data));
	ck_assert_mem_ne(before.audit, after.audit, sizeof(before.audit));
	ck_assert_mem_ne(before.handle, after.handle, sizeof(before.handle));
}
END_TEST

/* The revision and the change log go on where they were. */
START_TEST(the_revision_never_goes_back)
{
	take_backup();
	insert(1, 1);
	for (int i = 0; i < 5; i++)
		change(1, i % 2 ? widen : narrow);
	for (uint64_t rev = 6; rev < 9; rev++) {
		ck_assert_int_eq(hand_over(-1, backup.size), 0);
		ck_assert_int_eq(commit(false), 0);
		ck_assert_uint_eq(outcome.rev, rev);
		ck_assert_uint_eq(number_of("rev"), rev);
		(void)state_of(1);
	}
}
END_TEST

START_TEST(a_damaged_backup_is_refused)
{
	insert(1, 5);
	take_backup();
	for (off_t at = 0; at < (off_t)backup.size; at += 1999) {
		ck_assert_int_lt(hand_over(at, backup.size), 0);
		ck_assert_int_eq(commit(true), -EINVAL);
	}
	for (size_t size = 0; size < backup.size; size += 4001)
		ck_assert_int_lt(hand_over(-1, size), 0);
	ck_assert_int_lt(hand_over(-1, backup.size - 1), 0);
	ck_assert_int_eq(hand_over(-1, backup.size), 0);
	ck_assert_int_eq(state_of(5), STORE_ACTIVE);
}
END_TEST

START_TEST(another_hosts_backup_is_refused)
{
	take_backup();
	master[0] ^= 1;
	ck_assert_int_eq(hand_over(-1, backup.size), -EKEYREJECTED);
	ck_assert_msg(strstr(fault, "master-key import"), "%s", fault);
}
END_TEST

/* The store is damaged, or gone: nobody knows what was revoked, so it has to be said that this is accepted. */
START_TEST(an_unreadable_store_is_replaced_when_that_is_accepted)
{
	const char *database = scratch_path(&scratch, STORE_FILE);

	insert(1, 5);
	take_backup();
	vault_keeper_free(keeper);
	ck_assert_int_eq(vault_keeper_new(&paths, &keeper), 0);
	if (_i == 0) {
		int fd = open(database, O_WRONLY | O_TRUNC | O_CLOEXEC);

		ck_assert_int_eq(write(fd, "no database at all", 18), 18);
		close(fd);
	} else {
		ck_assert_int_eq(unlink(database), 0);
		(void)unlink(scratch_path(&scratch, STORE_FILE "-wal"));
	}
	ck_assert(!vault_keeper_try(keeper));
	ck_assert_int_eq(hand_over(-1, backup.size), 0);
	ck_assert_int_eq(restore_compare(restore, NULL, false, NOW, &outcome, fault, sizeof(fault)), -ESTALE);
	ck_assert_msg(strstr(fault, "--accept-revived"), "%s", fault);
	ck_assert_int_eq(restore_compare(restore, NULL, true, NOW, &outcome, fault, sizeof(fault)), 0);
	ck_assert(outcome.present_unreadable);
	ck_assert_msg(commit(true) == 0, "%s", fault);
	ck_assert_int_eq(outcome.kept, _i == 0);
	ck_assert_int_eq(exists(STORE_KEPT), _i == 0);
	ck_assert_int_eq(state_of(5), STORE_ACTIVE);
}
END_TEST

/* The folder of a new host: its own key store, under a master key that is no longer there. */
START_TEST(a_new_host_takes_over)
{
	struct scratch old = scratch;
	CLEANUP_CLOSE int fd = -1;

	insert(1, 5);
	take_backup();
	vault_keeper_free(keeper);
	scratch_init(&scratch);
	snprintf(master_key, sizeof(master_key), "%s/key", scratch.folder);
	paths = (struct vault_paths){ .state_folder = scratch.folder, .master_key = master_key };
	ck_assert_int_eq(vault_create(&paths, fault, sizeof(fault)), 0);
	ck_assert_int_eq(unlink(master_key), 0);
	fd = open(master_key, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
	ck_assert_int_eq(write(fd, master, sizeof(master)), sizeof(master));
	ck_assert_int_eq(vault_keeper_new(&paths, &keeper), 0);
	ck_assert(!vault_keeper_try(keeper));
	ck_assert_int_eq(hand_over(-1, backup.size), 0);
	/* That store can be read: it has no keys. Nothing has to be accepted. */
	ck_assert_msg(commit(false) == 0, "%s", fault);
	ck_assert_uint_eq(outcome.report.returning, 5);
	ck_assert_int_eq(state_of(5), STORE_ACTIVE);
	scratch_done(&old);
}
END_TEST

START_TEST(parts_come_in_order)
{
	ck_assert_int_eq(restore_new(scratch.folder, &restore, fault, sizeof(fault)), 0);
	ck_assert_int_eq(restore_write(restore, 0, "abc", 3), 0);
	ck_assert_int_eq(restore_write(restore, 2, "abc", 3), -EINVAL);
	ck_assert_int_eq(restore_write(restore, 4, "abc", 3), -EINVAL);
	ck_assert_int_eq(restore_write(restore, UINT64_MAX, "abc", 3), -EINVAL);
	ck_assert_int_eq(restore_write(restore, 3, "abc", 3), 0);
	ck_assert_int_eq(restore_check(restore, master, fault, sizeof(fault)), -EINVAL);
	ck_assert_int_eq(restore_write(restore, 6, "abc", 3), -EINVAL);
}
END_TEST

/* What a daemon has left that was killed while it migrated a backup does not stand in the way of the next restore. */
START_TEST(leftovers_are_removed)
{
	static const char *const names[] = { "apikeyd.db", "apikeyd.db-wal", "apikeyd.db.schema-1",
					     "apikeyd.db.schema-1.new", "apikeyd.db.schema-1.new-journal" };
	char folder[PATH_MAX + 32], path[PATH_MAX + 64];

	snprintf(folder, sizeof(folder), "%s/" STORE_FILE ".restore", scratch.folder);
	ck_assert_int_eq(mkdir(folder, 0700), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		CLEANUP_CLOSE int fd = -1;

		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		ck_assert_int_ge(fd, 0);
	}
	ck_assert_int_eq(restore_new(scratch.folder, &restore, fault, sizeof(fault)), 0);
	restore_free(restore);
	restore = NULL;
	ck_assert_int_ne(access(folder, F_OK), 0);
}
END_TEST

/* What fails in a vault is said as it was reported, and the store is not blamed for it. */
START_TEST(a_fault_is_told_as_it_was_reported)
{
	CLEANUP_VAULT struct vault *vault = vault_acquire(keeper);

	vault_report_fault(keeper, vault, "the sky fell down");
	vault_fault(keeper, fault, sizeof(fault));
	ck_assert_str_eq(fault, "the sky fell down");
	vault_report(keeper, vault); /* what was reported first stays */
	vault_fault(keeper, fault, sizeof(fault));
	ck_assert_str_eq(fault, "the sky fell down");
	ck_assert(vault_keeper_try(keeper));
	vault_fault(keeper, fault, sizeof(fault));
	ck_assert_str_eq(fault, "");
}
END_TEST

/* More keys than are listed: those that matter most are. */
START_TEST(what_was_taken_away_is_listed_first)
{
	insert(1, 5);
	take_backup();
	insert(1000, 200);
	for (unsigned int i = 1; i <= 5; i++)
		change(i, key_revoke);
	{
		CLEANUP_VAULT struct vault *vault = vault_acquire(keeper);

		ck_assert_int_eq(hand_over(-1, backup.size), 0);
		ck_assert_int_eq(restore_compare(restore, vault, false, NOW, &outcome, fault, sizeof(fault)), 0);
	}
	ck_assert_uint_eq(outcome.report.lost, 200);
	ck_assert_uint_eq(outcome.report.listed_count, MESSAGE_RESTORED_LISTED);
	for (size_t i = 0; i < 5; i++)
		ck_assert_int_eq(outcome.report.listed[i].fate, MESSAGE_FATE_REVIVED);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("restore");
	TCase *keys = tcase_create("keys"), *stores = tcase_create("stores");

	tcase_add_loop_test(keys, what_was_taken_away_is_found, 0, ARRAY_SIZE(changes));
	tcase_add_test(keys, a_private_key_that_was_ended_does_not_return);
	tcase_add_test(keys, a_rotation_goes_on_as_it_did);
	tcase_add_test(keys, the_dead_are_not_revived);
	tcase_add_test(keys, a_network_within_another_is_narrower);
	tcase_add_loop_test(keys, a_binding_is_not_undone, 0, ARRAY_SIZE(bindings));
	tcase_add_test(keys, uses_are_not_added);
	tcase_add_test(keys, pages_are_not_let_in_again);
	suite_add_tcase(suite, keys);
	tcase_add_checked_fixture(stores, setup, teardown);
	tcase_add_loop_test(stores, what_was_taken_away_is_taken_away_again, 0, 2);
	tcase_add_loop_test(stores, uses_that_were_counted_stay_counted, 0, 2);
	tcase_add_loop_test(stores, a_role_that_was_narrowed_is_narrowed_again, 0, 2);
	tcase_add_test(stores, a_role_that_was_never_known_comes_back);
	tcase_add_test(stores, a_clock_that_is_ahead_revives_nothing);
	tcase_add_test(stores, looking_changes_nothing);
	tcase_add_test(stores, one_time_tokens_from_before_are_worth_nothing);
	tcase_add_test(stores, one_time_tokens_of_a_clock_that_was_set_back_are_worth_nothing);
	tcase_add_test(stores, keys_that_sign_are_made_anew);
	tcase_add_test(stores, the_revision_never_goes_back);
	tcase_add_test(stores, a_damaged_backup_is_refused);
	tcase_add_test(stores, another_hosts_backup_is_refused);
	tcase_add_loop_test(stores, an_unreadable_store_is_replaced_when_that_is_accepted, 0, 2);
	tcase_add_test(stores, a_new_host_takes_over);
	tcase_add_test(stores, parts_come_in_order);
	tcase_add_test(stores, leftovers_are_removed);
	tcase_add_test(stores, a_fault_is_told_as_it_was_reported);
	tcase_add_test(stores, what_was_taken_away_is_listed_first);
	suite_add_tcase(suite, stores);
	return suite_run(suite);
}
