/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Accounts and tenants in the real daemon: who reaches what, in a table of which every cell is asked through
 * admin.sock; that of another tenant's keys nothing can be learned; that services get the keys of their tenant alone;
 * and that the keys of what is deleted stop at once, however many there are.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "daemon/store.h"
#include "tests/daemon/admin-requests.h"
#include "tests/suite.h"

#define ID_SIZE (STORE_SCOPE_ID_MAX + 1)
#define NOBODYS_TENANT "00000000-0000-4000-8000-000000000000"
#define NOBODYS_KEY "000000000000"

static struct host host;
static struct wire_client *admin;

/* An account "acme" with the tenants "blue" and "red", and an account "beta" with a tenant "blue". */
static char acme[ID_SIZE], beta[ID_SIZE], blue[ID_SIZE], red[ID_SIZE], far[ID_SIZE];

static const char *take_id(const char *id, char ret_id[ID_SIZE])
{
	ck_assert_uint_lt(strlen(id), ID_SIZE);
	return strcpy(ret_id, id);
}

static enum answer ask_account(struct wire_client *client, const char *credential, const char *name, char *ret_id)
{
	struct message_account_create request = { .credential = credential, .name = name };
	struct message_account_entry entry;
	enum answer answer = wire_ask(client, WIRE_ACCOUNT_CREATE, &message_account_create, &request,
				      &message_account_entry, &entry);

	if (answer == ANSWER_OK)
		take_id(entry.id, ret_id);
	return answer;
}

static enum answer ask_tenant(struct wire_client *client, const char *credential, const char *account, const char *name,
			      char *ret_id)
{
	struct message_tenant_create request = { .credential = credential, .account = account, .name = name };
	struct message_tenant_entry entry;
	enum answer answer =
		wire_ask(client, WIRE_TENANT_CREATE, &message_tenant_create, &request, &message_tenant_entry, &entry);

	if (answer == ANSWER_OK)
		take_id(entry.id, ret_id);
	return answer;
}

static enum answer refer_tenant(struct wire_client *client, uint16_t type, const char *credential, const char *tenant,
				bool with_keys, struct message_tenant_entry *ret_entry)
{
	struct message_tenant_reference request = { .credential = credential,
						    .tenant = tenant,
						    .with_keys = with_keys };

	return wire_ask(client, type, &message_tenant_reference, &request, &message_tenant_entry, ret_entry);
}

static enum answer refer_account(struct wire_client *client, uint16_t type, const char *credential, const char *account,
				 bool with_keys, struct message_account_entry *ret_entry)
{
	struct message_account_reference request = { .credential = credential,
						     .account = account,
						     .with_keys = with_keys };

	return wire_ask(client, type, &message_account_reference, &request, &message_account_entry, ret_entry);
}

static struct wire_key make(const char *account, const char *tenant, const char *name, const char *permission)
{
	return wire_make_key(&host, &(struct message_key_create){ .account = account,
								  .tenant = tenant,
								  .owner = "bob",
								  .name = name,
								  .permissions = wire_texts(permission, NULL) });
}

static void setup(void)
{
	host_open(&host, "[throttle]\nfailures_per_minute = 100000\n");
	host.user = "daemon";
	host_start(&host);
	admin = wire_open(&host, WIRE_ADMIN_SOCKET);
	ck_assert_int_eq(ask_account(admin, NULL, "acme", acme), ANSWER_OK);
	ck_assert_int_eq(ask_account(admin, NULL, "beta", beta), ANSWER_OK);
	ck_assert_int_eq(ask_tenant(admin, NULL, "acme", "blue", blue), ANSWER_OK);
	ck_assert_int_eq(ask_tenant(admin, NULL, "acme", "red", red), ANSWER_OK);
	ck_assert_int_eq(ask_tenant(admin, NULL, "beta", "blue", far), ANSWER_OK);
}

static void teardown(void)
{
	int status;

	wire_close(admin);
	kill(host.daemon, SIGTERM);
	status = host_wait(&host);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the daemon ended with %#x", (unsigned int)status);
	host_remove(&host);
}

/* ---- who reaches what ---- */

enum scope { OWN_TENANT, OTHER_TENANT, OTHER_ACCOUNTS_TENANT, OWN_ACCOUNT, OTHER_ACCOUNT, SCOPE_COUNT };

static const char *const scope_names[SCOPE_COUNT] = {
	"its tenant", "another tenant of its account", "another account's tenant", "its account", "another account",
};

/* Who asks. A key of the account has each tenant of it for its own. */
static const struct actor {
	const char *name;
	bool of_account;
	const char *permission; /* NULL: no key, an administrator */
} actors[] = {
	{ "an administrator", false, NULL },
	{ "an account key", true, "apikeyd.*" },
	{ "an account key", true, "apikeyd.keys.read" },
	{ "an account key", true, "apikeyd.keys.write" },
	{ "an account key", true, "apikeyd.tenants.read" },
	{ "an account key", true, "apikeyd.tenants.write" },
	{ "an account key", true, "test.other" },
	{ "a tenant key", false, "apikeyd.*" },
	{ "a tenant key", false, "apikeyd.keys.read" },
	{ "a tenant key", false, "apikeyd.keys.write" },
	{ "a tenant key", false, "apikeyd.tenants.read" },
	{ "a tenant key", false, "apikeyd.tenants.write" },
	{ "a tenant key", false, "test.other" },
};

/* What is asked about: fresh for each cell. */
struct target {
	const struct actor *actor;
	enum scope scope;
	const char *account, *tenant; /* ids; tenant NULL: the account itself */
	char key[16];
	char fresh[32]; /* a name nobody has */
};

/* A tenant, or account, that may go: what an actor could delete must not be what the other cells need. */
static const char *expendable_tenant(const struct target *target, char ret_id[ID_SIZE])
{
	if (target->actor->permission && !target->actor->of_account)
		return target->tenant;
	ck_assert_int_eq(ask_tenant(admin, NULL, target->account, target->fresh, ret_id), ANSWER_OK);
	return ret_id;
}

static enum answer refer_key(struct wire_client *client, uint16_t type, const char *credential,
			     const struct target *target)
{
	struct message_key key;

	return refer(client, type, credential, target->key, &key);
}

static enum answer key_show(struct wire_client *client, const char *credential, const struct target *target)
{
	return refer_key(client, WIRE_KEY_SHOW, credential, target);
}

static enum answer key_deactivate(struct wire_client *client, const char *credential, const struct target *target)
{
	return refer_key(client, WIRE_KEY_DEACTIVATE, credential, target);
}

static enum answer key_activate(struct wire_client *client, const char *credential, const struct target *target)
{
	return refer_key(client, WIRE_KEY_ACTIVATE, credential, target);
}

static enum answer key_revoke(struct wire_client *client, const char *credential, const struct target *target)
{
	return refer_key(client, WIRE_KEY_REVOKE, credential, target);
}

static enum answer key_delete(struct wire_client *client, const char *credential, const struct target *target)
{
	return refer_key(client, WIRE_KEY_DELETE, credential, target);
}

static enum answer key_update(struct wire_client *client, const char *credential, const struct target *target)
{
	struct message_key_update request = { .credential = credential,
					      .key = target->key,
					      .changes = MESSAGE_CHANGE_LABELS,
					      .labels = wire_texts("a=b", NULL) };
	struct message_key key;

	return update(client, &request, &key);
}

static enum answer key_rotate(struct wire_client *client, const char *credential, const struct target *target)
{
	struct message_key key;

	return rotate(client, &(struct message_key_rotate){ .credential = credential, .key = target->key }, &key);
}

static enum answer key_explain(struct wire_client *client, const char *credential, const struct target *target)
{
	struct message_explain request = { .credential = credential, .key = target->key };
	struct message_explanation explanation;

	return wire_ask(client, WIRE_EXPLAIN, &message_explain, &request, &message_explanation, &explanation);
}

static enum answer key_create(struct wire_client *client, const char *credential, const struct target *target)
{
	struct message_key_create request = { .credential = credential,
					      .owner = "bob",
					      .name = target->fresh,
					      .expires = TIME_NEVER,
					      .account = target->tenant ? NULL : target->account,
					      .tenant = target->tenant };
	struct message_key key;
	enum answer answer = create(client, &request, &key);

	if (answer == ANSWER_OK) {
		ck_assert_str_eq(key.account, target->account);
		if (target->tenant)
			ck_assert_str_eq(key.tenant, target->tenant);
		else
			ck_assert_ptr_null(key.tenant);
	}
	return answer;
}

static enum answer key_list(struct wire_client *client, const char *credential, const struct target *target)
{
	struct message_key_list request = { .credential = credential,
					    .account = target->tenant ? NULL : target->account,
					    .tenant = target->tenant };
	struct message_key_page page;

	return wire_ask(client, WIRE_KEY_LIST, &message_key_list, &request, &message_key_page, &page);
}

static enum answer tenant_show(struct wire_client *client, const char *credential, const struct target *target)
{
	struct message_tenant_entry entry;

	return refer_tenant(client, WIRE_TENANT_SHOW, credential, target->tenant, false, &entry);
}

static enum answer tenant_update(struct wire_client *client, const char *credential, const struct target *target)
{
	char room[ID_SIZE];
	struct message_tenant_update request = { .credential = credential,
						 .tenant = expendable_tenant(target, room),
						 .changes = MESSAGE_TENANT_NAME,
						 .name = "renamed" };
	struct message_tenant_entry entry;
	enum answer answer =
		wire_ask(client, WIRE_TENANT_UPDATE, &message_tenant_update, &request, &message_tenant_entry, &entry);

	/* The name is free for the next. */
	if (answer == ANSWER_OK)
		ck_assert_int_eq(refer_tenant(admin, WIRE_TENANT_DELETE, NULL, room, false, &entry), ANSWER_OK);
	return answer;
}

static enum answer tenant_delete(struct wire_client *client, const char *credential, const struct target *target)
{
	struct message_tenant_entry entry;
	char room[ID_SIZE];

	return refer_tenant(client, WIRE_TENANT_DELETE, credential, expendable_tenant(target, room), true, &entry);
}

static enum answer tenant_create(struct wire_client *client, const char *credential, const struct target *target)
{
	char room[ID_SIZE];

	return ask_tenant(client, credential, target->account, target->fresh, room);
}

static enum answer tenant_list(struct wire_client *client, const char *credential, const struct target *target)
{
	struct message_tenant_list request = { .credential = credential, .account = target->account };
	struct message_tenant_page page;

	return wire_ask(client, WIRE_TENANT_LIST, &message_tenant_list, &request, &message_tenant_page, &page);
}

static enum answer account_show(struct wire_client *client, const char *credential, const struct target *target)
{
	struct message_account_entry entry;

	return refer_account(client, WIRE_ACCOUNT_SHOW, credential, target->account, false, &entry);
}

static enum answer account_delete(struct wire_client *client, const char *credential, const struct target *target)
{
	struct message_account_entry entry;
	char room[ID_SIZE];

	if (credential)
		return refer_account(client, WIRE_ACCOUNT_DELETE, credential, target->account, true, &entry);
	ck_assert_int_eq(ask_account(admin, NULL, target->fresh, room), ANSWER_OK);
	return refer_account(client, WIRE_ACCOUNT_DELETE, NULL, room, true, &entry);
}

static enum answer account_create(struct wire_client *client, const char *credential, const struct target *target)
{
	char room[ID_SIZE];

	return ask_account(client, credential, target->fresh, room);
}

/*
 * + done, - not found, x not permitted; a space: this is not asked. A word for each actor, in its order; in it a letter
 * for each scope.
 */
static const struct {
	const char *name;
	enum answer (*act)(struct wire_client *client, const char *credential, const struct target *target);
	const char *cells[ARRAY_SIZE(actors)];
} actions[] = {
	/* of an account:                     all      k.read   k.write  t.read   t.write  none
	 * of a tenant:                       all      k.read   k.write  t.read   t.write  none */
	{ "key show",
	  key_show,
	  { "+++++", "++-+-", "++-+-", "++-+-", "xxxxx", "xxxxx", "xxxxx", "+----", "+----", "+----", "xxxxx", "xxxxx",
	    "xxxxx" } },
	{ "key list",
	  key_list,
	  { "+++++", "++-+-", "++-+-", "++-+-", "xxxxx", "xxxxx", "xxxxx", "+--+-", "+--+-", "+--+-", "xxxxx", "xxxxx",
	    "xxxxx" } },
	{ "explain",
	  key_explain,
	  { "+++++", "++-+-", "++-+-", "++-+-", "xxxxx", "xxxxx", "xxxxx", "+----", "+----", "+----", "xxxxx", "xxxxx",
	    "xxxxx" } },
	{ "key create",
	  key_create,
	  { "+++++", "++-+-", "xxxxx", "++-+-", "xxxxx", "xxxxx", "xxxxx", "+--xx", "xxxxx", "+--xx", "xxxxx", "xxxxx",
	    "xxxxx" } },
	{ "key update",
	  key_update,
	  { "+++++", "++-+-", "xxxxx", "++-+-", "xxxxx", "xxxxx", "xxxxx", "+----", "xxxxx", "+----", "xxxxx", "xxxxx",
	    "xxxxx" } },
	{ "key rotate",
	  key_rotate,
	  { "+++++", "++-+-", "xxxxx", "++-+-", "xxxxx", "xxxxx", "xxxxx", "+----", "xxxxx", "+----", "xxxxx", "xxxxx",
	    "xxxxx" } },
	{ "key activate",
	  key_activate,
	  { "+++++", "++-+-", "xxxxx", "++-+-", "xxxxx", "xxxxx", "xxxxx", "+----", "xxxxx", "+----", "xxxxx", "xxxxx",
	    "xxxxx" } },
	{ "key deactivate",
	  key_deactivate,
	  { "+++++", "++-+-", "xxxxx", "++-+-", "xxxxx", "xxxxx", "xxxxx", "+----", "xxxxx", "+----", "xxxxx", "xxxxx",
	    "xxxxx" } },
	{ "key revoke",
	  key_revoke,
	  { "+++++", "++-+-", "xxxxx", "++-+-", "xxxxx", "xxxxx", "xxxxx", "+----", "xxxxx", "+----", "xxxxx", "xxxxx",
	    "xxxxx" } },
	{ "key delete",
	  key_delete,
	  { "+++++", "++-+-", "xxxxx", "++-+-", "xxxxx", "xxxxx", "xxxxx", "+----", "xxxxx", "+----", "xxxxx", "xxxxx",
	    "xxxxx" } },
	{ "tenant show",
	  tenant_show,
	  { "+++  ", "++-  ", "xxx  ", "xxx  ", "++-  ", "++-  ", "xxx  ", "+--  ", "xxx  ", "xxx  ", "+--  ", "+--  ",
	    "xxx  " } },
	{ "tenant update",
	  tenant_update,
	  { "+++  ", "++-  ", "xxx  ", "xxx  ", "xxx  ", "++-  ", "xxx  ", "xxx  ", "xxx  ", "xxx  ", "xxx  ", "xxx  ",
	    "xxx  " } },
	{ "tenant delete",
	  tenant_delete,
	  { "+++  ", "++-  ", "xxx  ", "xxx  ", "xxx  ", "++-  ", "xxx  ", "xxx  ", "xxx  ", "xxx  ", "xxx  ", "xxx  ",
	    "xxx  " } },
	{ "tenant create",
	  tenant_create,
	  { "   ++", "   +-", "   xx", "   xx", "   xx", "   +-", "   xx", "   xx", "   xx", "   xx", "   xx", "   xx",
	    "   xx" } },
	{ "tenant list",
	  tenant_list,
	  { "   ++", "   +-", "   xx", "   xx", "   +-", "   +-", "   xx", "   +-", "   xx", "   xx", "   +-", "   +-",
	    "   xx" } },
	{ "account show",
	  account_show,
	  { "   ++", "   +-", "   xx", "   xx", "   +-", "   +-", "   xx", "   +-", "   xx", "   xx", "   +-", "   +-",
	    "   xx" } },
	{ "account delete",
	  account_delete,
	  { "   ++", "   xx", "   xx", "   xx", "   xx", "   xx", "   xx", "   xx", "   xx", "   xx", "   xx", "   xx",
	    "   xx" } },
	{ "account create",
	  account_create,
	  { "   + ", "   x ", "   x ", "   x ", "   x ", "   x ", "   x ", "   x ", "   x ", "   x ", "   x ", "   x ",
	    "   x " } },
};

static char letter(enum answer answer)
{
	switch (answer) {
	case ANSWER_OK:
		return '+';
	case ANSWER_NOT_FOUND:
		return '-';
	case ANSWER_NOT_PERMITTED:
		return 'x';
	default:
		return '?';
	}
}

static void aim(const struct actor *actor, enum scope scope, unsigned int cell, struct target *ret_target)
{
	const struct {
		const char *account, *tenant;
	} places[SCOPE_COUNT] = {
		[OWN_TENANT] = { acme, blue },           [OTHER_TENANT] = { acme, red },
		[OTHER_ACCOUNTS_TENANT] = { beta, far }, [OWN_ACCOUNT] = { acme, NULL },
		[OTHER_ACCOUNT] = { beta, NULL },
	};

	*ret_target = (struct target){
		.actor = actor, .scope = scope, .account = places[scope].account, .tenant = places[scope].tenant
	};
	snprintf(ret_target->fresh, sizeof(ret_target->fresh), "fresh-%u", cell);
}

/* The key that is asked about, without any permission. */
static void make_subject(struct target *target, unsigned int cell)
{
	char name[32];
	struct message_key_create request = { .owner = "bob",
					      .name = name,
					      .expires = TIME_NEVER,
					      .account = target->tenant ? NULL : target->account,
					      .tenant = target->tenant };
	struct message_key key;

	snprintf(name, sizeof(name), "subject-%u", cell);
	expect_answer(admin, create(admin, &request, &key), ANSWER_OK, NULL);
	snprintf(target->key, sizeof(target->key), "%s", key.id);
}

START_TEST(everyone_reaches_what_is_theirs)
{
	struct wire_key keys[ARRAY_SIZE(actors)];
	unsigned int cell = 0;

	for (size_t i = 0; i < ARRAY_SIZE(actors); i++) {
		char name[32];

		snprintf(name, sizeof(name), "actor-%zu", i);
		if (actors[i].permission)
			keys[i] = make("acme", actors[i].of_account ? NULL : "acme/blue", name, actors[i].permission);
	}
	for (size_t i = 0; i < ARRAY_SIZE(actors); i++) {
		for (enum scope scope = 0; scope < SCOPE_COUNT; scope++) {
			char wanted = actions[_i].cells[i][scope], said;
			struct target target;

			if (wanted == ' ')
				continue;
			aim(&actors[i], scope, ++cell, &target);
			make_subject(&target, cell);
			said = letter(actions[_i].act(admin, actors[i].permission ? keys[i].secret : NULL, &target));
			ck_assert_msg(said == wanted, "%s with %s: %s in %s is %c instead of %c (%s)", actors[i].name,
				      actors[i].permission ? actors[i].permission : "all", actions[_i].name,
				      scope_names[scope], said, wanted, admin->detail);
		}
	}
	ck_assert_uint_gt(cell, 0);
}
END_TEST

/* ---- what can be learned ---- */

/* The bytes of the last answer, without the request's id. */
static void take_answer(const struct wire_client *client, char *ret_bytes, size_t *ret_size)
{
	memcpy(ret_bytes, client->packet, client->size);
	memset(ret_bytes + 8, 0, 8);
	*ret_size = client->size;
}

static bool same_answers(const char *a, size_t a_size, const char *b, size_t b_size)
{
	return a_size == b_size && memcmp(a, b, a_size) == 0;
}

/* What can be asked of a key by its name or id. */
static const struct {
	const char *name;
	enum answer (*act)(struct wire_client *client, const char *credential, const struct target *target);
} questions[] = {
	{ "show", key_show },         { "update", key_update },
	{ "activate", key_activate }, { "deactivate", key_deactivate },
	{ "revoke", key_revoke },     { "delete", key_delete },
	{ "rotate", key_rotate },     { "explain", key_explain },
};

START_TEST(another_tenants_key_is_like_none)
{
	struct wire_key actors_keys[] = { make("acme", "acme/blue", "boss", "*"), make("acme", NULL, "boss", "*"),
					  make(NULL, NULL, "boss", "*") };
	struct wire_key others = make("beta", "beta/blue", "laptop", "test.use");
	const struct {
		const char *there, *missing;
	} names[] = { { others.id, NOBODYS_KEY }, { "bob/laptop", "bob/latpop" } };
	static char answers[2][WIRE_PACKET_MAX];
	size_t sizes[2];

	for (size_t i = 0; i < ARRAY_SIZE(actors_keys) * ARRAY_SIZE(names); i++) {
		const char *credential = actors_keys[i / ARRAY_SIZE(names)].secret;
		struct target target = { .scope = OTHER_ACCOUNTS_TENANT };

		snprintf(target.key, sizeof(target.key), "%s", names[i % ARRAY_SIZE(names)].there);
		ck_assert_int_eq(questions[_i].act(admin, credential, &target), ANSWER_NOT_FOUND);
		take_answer(admin, answers[0], &sizes[0]);
		snprintf(target.key, sizeof(target.key), "%s", names[i % ARRAY_SIZE(names)].missing);
		ck_assert_int_eq(questions[_i].act(admin, credential, &target), ANSWER_NOT_FOUND);
		take_answer(admin, answers[1], &sizes[1]);
		ck_assert_msg(same_answers(answers[0], sizes[0], answers[1], sizes[1]), "%s tells of %s",
			      questions[_i].name, names[i % ARRAY_SIZE(names)].there);
	}
	/* It is there, and untouched. */
	struct message_key key;
	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, NULL, others.id, &key), ANSWER_OK, NULL);
	ck_assert_str_eq(key.state, MESSAGE_STATE_ACTIVE);
	ck_assert_uint_eq(key.secrets.count, 1);
}
END_TEST

/* All that a key may ask and that names no key. */
static void ask_all(const char *credential, char *ret_bytes, size_t *ret_size)
{
	struct message_key_list keys = { .credential = credential };
	struct message_tenant_list tenants = { .credential = credential };
	struct message_account_list accounts = { .credential = credential };
	struct message_key_page page;
	struct message_tenant_page tenant_page;
	struct message_account_page account_page;
	struct message_account_entry entry;
	size_t size;

	ck_assert_int_eq(wire_ask(admin, WIRE_KEY_LIST, &message_key_list, &keys, &message_key_page, &page), ANSWER_OK);
	take_answer(admin, ret_bytes, ret_size);
	ck_assert_int_eq(
		wire_ask(admin, WIRE_TENANT_LIST, &message_tenant_list, &tenants, &message_tenant_page, &tenant_page),
		ANSWER_OK);
	take_answer(admin, ret_bytes + *ret_size, &size);
	*ret_size += size;
	ck_assert_int_eq(wire_ask(admin, WIRE_ACCOUNT_LIST, &message_account_list, &accounts, &message_account_page,
				  &account_page),
			 ANSWER_OK);
	take_answer(admin, ret_bytes + *ret_size, &size);
	*ret_size += size;
	ck_assert_int_eq(refer_account(admin, WIRE_ACCOUNT_SHOW, credential, "acme", false, &entry), ANSWER_OK);
	take_answer(admin, ret_bytes + *ret_size, &size);
	*ret_size += size;
}

START_TEST(lists_and_counts_tell_of_no_other)
{
	struct wire_key tenant = make("acme", "acme/blue", "boss", "apikeyd.*");
	struct wire_key account = make("acme", NULL, "boss", "apikeyd.*");
	static char before[4 * WIRE_PACKET_MAX], after[4 * WIRE_PACKET_MAX];
	char room[ID_SIZE];
	size_t sizes[2];

	ask_all(tenant.secret, before, &sizes[0]);
	/* Of another account, and for a tenant's key of its own account's other tenants too. */
	(void)make("beta", "beta/blue", "aaa", "test.use");
	(void)make("acme", "acme/red", "aaa", "test.use");
	(void)make("acme", NULL, "aaa", "test.use");
	ck_assert_int_eq(ask_tenant(admin, NULL, "acme", "aaa", room), ANSWER_OK);
	ask_all(tenant.secret, after, &sizes[1]);
	ck_assert(same_answers(before, sizes[0], after, sizes[1]));
	ask_all(account.secret, before, &sizes[0]);
	(void)make("beta", "beta/blue", "bbb", "test.use");
	(void)make("beta", NULL, "bbb", "test.use");
	(void)make(NULL, NULL, "bbb", "test.use");
	ck_assert_int_eq(ask_tenant(admin, NULL, "beta", "bbb", room), ANSWER_OK);
	ck_assert_int_eq(ask_account(admin, NULL, "bbb", room), ANSWER_OK);
	ask_all(account.secret, after, &sizes[1]);
	ck_assert(same_answers(before, sizes[0], after, sizes[1]));
}
END_TEST

/* A name that another tenant's key has is free. */
START_TEST(names_are_a_tenants_own)
{
	struct wire_key boss = make("acme", "acme/blue", "boss", "apikeyd.*");
	struct wire_key red_key = make("acme", "acme/red", "laptop", "test.use");
	struct message_key_create request = { .credential = boss.secret, .name = "laptop", .expires = TIME_NEVER };
	struct message_key_update change = {
		.credential = boss.secret, .key = "bob/laptop", .changes = MESSAGE_CHANGE_NAME, .name = "boss"
	};
	struct message_key key;
	char id[16];

	expect_answer(admin, create(admin, &request, &key), ANSWER_OK, NULL);
	ck_assert_str_eq(key.tenant, blue);
	snprintf(id, sizeof(id), "%s", key.id);
	expect_answer(admin, create(admin, &request, &key), ANSWER_EXISTS, "laptop");
	expect_answer(admin, update(admin, &change, &key), ANSWER_EXISTS, "boss");
	/* Each names its own by it; who reaches both is asked which. */
	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, boss.secret, "bob/laptop", &key), ANSWER_OK, NULL);
	ck_assert_str_eq(key.id, id);
	expect_answer(admin, refer(admin, WIRE_KEY_DELETE, NULL, "bob/laptop", &key), ANSWER_INVALID, id);
	expect_answer(admin, refer(admin, WIRE_KEY_DELETE, NULL, "bob/laptop", &key), ANSWER_INVALID, red_key.id);
	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, NULL, red_key.id, &key), ANSWER_OK, NULL);
	ck_assert_str_eq(key.tenant, red);
}
END_TEST

/* ---- names of accounts and tenants ---- */

START_TEST(names_are_checked)
{
	static char long_name[WIRE_NAME_MAX + 1];
	static const struct {
		const char *name;
		enum answer answer;
		const char *detail;
	} names[] = {
		{ "Zoë & Co", ANSWER_OK, NULL },
		{ long_name, ANSWER_OK, NULL },
		{ "acme", ANSWER_EXISTS, "acme" },
		{ "default", ANSWER_INVALID, "is an id" },
		{ NOBODYS_TENANT, ANSWER_INVALID, "is an id" },
		{ "a/b", ANSWER_INVALID, "without '/'" },
		{ "a\nb", ANSWER_INVALID, "control" },
		{ "a\xff", ANSWER_INVALID, "UTF-8" },
		{ "ak_0123456789ab_0123456789ABCDEFGHIJKLMNOPQRSTUV000000", ANSWER_INVALID, "looks like a key" },
	};
	char room[ID_SIZE];

	memset(long_name, 'a', sizeof(long_name) - 1);
	ck_assert_int_eq(ask_tenant(admin, NULL, NULL, "acme", room), ANSWER_OK);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		expect_answer(admin, ask_account(admin, NULL, names[i].name, room), names[i].answer, names[i].detail);
		expect_answer(admin, ask_tenant(admin, NULL, NULL, names[i].name, room), names[i].answer,
			      names[i].detail);
	}
}
END_TEST

START_TEST(the_default_ones_stay)
{
	struct message_tenant_entry tenant;
	struct message_account_entry account;

	expect_answer(admin, refer_tenant(admin, WIRE_TENANT_DELETE, NULL, "default", true, &tenant),
		      ANSWER_WRONG_STATE, "cannot be deleted");
	expect_answer(admin, refer_account(admin, WIRE_ACCOUNT_DELETE, NULL, "default", true, &account),
		      ANSWER_WRONG_STATE, "cannot be deleted");
	expect_answer(admin, refer_tenant(admin, WIRE_TENANT_SHOW, NULL, "default", false, &tenant), ANSWER_OK, NULL);
	ck_assert_str_eq(tenant.account, "default");
}
END_TEST

/* ---- services ---- */

static enum verdict verify_in(const struct wire_key *key, const char *tenant)
{
	struct message_verify request = {
		.credential = key->secret, .service = host.service, .permission = "test.use", .tenant = tenant
	};

	return (enum verdict)wire_verify(&host, geteuid() == 0 ? WIRE_LOGIN_SOCKET : WIRE_VERIFY_SOCKET, &request)
		.verdict;
}

START_TEST(a_service_gets_the_keys_of_its_tenant)
{
	struct wire_key keys[] = { make(NULL, NULL, "k", "test.use"), make("acme", "blue", "k", "test.use"),
				   make("acme", NULL, "k", "test.use"), make("beta", "blue", "k", "test.use") };
	const struct {
		const char *tenant;
		const char *granted; /* '+' for each key */
	} cases[] = {
		{ NULL, "+---" },        { "default", "+---" },
		{ blue, "-+--" },        { "acme/blue", "-+--" },
		{ "beta/blue", "---+" }, { far, "---+" },
		{ "blue", "----" },      { "acme/red", "----" },
		{ "acme/", "----" },     { "acme", "----" },
		{ acme, "----" },        { "/blue", "----" },
		{ "nobody", "----" },    { NOBODYS_TENANT, "----" },
		{ "a/b/c", "----" },     { "default/default", "+---" },
	};
	char room[ID_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (size_t k = 0; k < ARRAY_SIZE(keys); k++)
			ck_assert_msg((verify_in(&keys[k], cases[i].tenant) == VERDICT_GRANTED) ==
					      (cases[i].granted[k] == '+'),
				      "key %zu for tenant %s", k, cases[i].tenant ? cases[i].tenant : "unsaid");
	/* A name alone is one of the account default, whatever others call theirs. */
	ck_assert_int_eq(ask_tenant(admin, NULL, NULL, "blue", room), ANSWER_OK);
	keys[0] = make(NULL, "blue", "k", "test.use");
	ck_assert_int_eq(verify_in(&keys[0], "blue"), VERDICT_GRANTED);
	ck_assert_int_eq(verify_in(&keys[1], "blue"), VERDICT_DENIED);
	ck_assert_int_eq(verify_in(&keys[0], NULL), VERDICT_DENIED);
}
END_TEST

/* ---- deletion ---- */

#define MANY 600 /* more than are removed in two steps */

static void make_many(const char *account, const char *tenant)
{
	for (unsigned int i = 0; i < MANY; i++) {
		char name[32];
		struct message_key_create request = {
			.owner = "bob", .name = name, .expires = TIME_NEVER, .account = account, .tenant = tenant
		};

		snprintf(name, sizeof(name), "many-%u", i);
		wire_send(admin, WIRE_KEY_CREATE, &message_key_create, &request);
		ck_assert(wire_receive(admin));
		ck_assert_int_eq(admin->packet[6] << 8 | admin->packet[7], WIRE_KEY_CREATE | WIRE_REPLY);
	}
}

/* Waits until no key is left but so many. */
static void expect_keys(uint64_t count)
{
	int64_t until = milliseconds() + 60000;

	while (host_number(&host, "keys.active") != count) {
		if (milliseconds() > until)
			fail("%ju keys are left instead of %ju", (uintmax_t)host_number(&host, "keys.active"),
			     (uintmax_t)count);
		usleep(20000);
	}
}

static size_t count_text(const char *text, const char *part)
{
	size_t count = 0;

	while ((text = strstr(text, part))) {
		count++;
		text += strlen(part);
	}
	return count;
}

static void expect_gone(const struct wire_key *key, const char *tenant)
{
	struct message_key shown;

	ck_assert_int_eq(verify_in(key, tenant), VERDICT_DENIED);
	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, NULL, key->id, &shown), ANSWER_NOT_FOUND, NULL);
	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, key->secret, key->id, &shown), ANSWER_BAD_CREDENTIAL, NULL);
	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, NULL, "bob/k", &shown), ANSWER_NOT_FOUND, NULL);
}

static void restart(void)
{
	wire_close(admin);
	host_end(&host, SIGKILL);
	host_start(&host);
	admin = wire_open(&host, WIRE_ADMIN_SOCKET);
}

static void expect_whole(void)
{
	struct message_status request = { .credential = NULL };
	struct message_item item;

	expect_answer(admin, wire_ask(admin, WIRE_STORE_CHECK, &message_status, &request, &message_item, &item),
		      ANSWER_OK, NULL);
}

/* With a kill of the daemon right behind the answer, or without. */
START_TEST(keys_of_a_deleted_tenant_stop_at_once)
{
	struct wire_key key = make("acme", "blue", "k", "test.use"), other = make("acme", "red", "other", "test.use");
	struct message_tenant_entry entry;
	char *audit, again[ID_SIZE];

	make_many(NULL, blue);
	ck_assert_int_eq(verify_in(&key, blue), VERDICT_GRANTED);
	expect_answer(admin, refer_tenant(admin, WIRE_TENANT_DELETE, NULL, blue, false, &entry), ANSWER_WRONG_STATE,
		      "still has 601 keys");
	ck_assert_int_eq(verify_in(&key, blue), VERDICT_GRANTED);
	expect_answer(admin, refer_tenant(admin, WIRE_TENANT_DELETE, NULL, blue, true, &entry), ANSWER_OK, NULL);
	ck_assert_uint_eq(entry.keys, MANY + 1);
	if (_i == 1)
		restart();
	expect_gone(&key, blue);
	expect_answer(admin, refer_tenant(admin, WIRE_TENANT_SHOW, NULL, blue, false, &entry), ANSWER_NOT_FOUND, NULL);
	/* Its name is free, and nothing of it lives on in what gets it. */
	ck_assert_int_eq(ask_tenant(admin, NULL, "acme", "blue", again), ANSWER_OK);
	ck_assert_str_ne(again, blue);
	ck_assert_int_eq(verify_in(&key, "acme/blue"), VERDICT_DENIED);
	ck_assert_int_eq(verify_in(&other, "acme/red"), VERDICT_GRANTED);
	expect_keys(1);
	expect_gone(&key, blue);
	expect_whole();
	audit = host_read(&host, "log/audit.jsonl");
	ck_assert_uint_eq(count_text(audit, "\"event\":\"key_delete\""), MANY + 1);
	ck_assert_uint_eq(count_text(audit, "\"event\":\"tenant_delete\""), 1);
	free(audit);
}
END_TEST

START_TEST(a_deleted_account_takes_its_tenants_along)
{
	struct wire_key account_key = make("acme", NULL, "k", "apikeyd.*");
	struct wire_key tenant_key = make("acme", "red", "other", "test.use");
	struct wire_key far_key = make("beta", "blue", "far", "test.use");
	struct message_account_entry entry;
	struct message_tenant_entry tenant;
	char *audit;

	make_many(acme, NULL);
	expect_answer(admin, refer_account(admin, WIRE_ACCOUNT_DELETE, NULL, "acme", false, &entry), ANSWER_WRONG_STATE,
		      "still has 602 keys");
	expect_answer(admin, refer_account(admin, WIRE_ACCOUNT_DELETE, NULL, "acme", true, &entry), ANSWER_OK, NULL);
	ck_assert_uint_eq(entry.keys, MANY + 2);
	ck_assert_uint_eq(entry.tenants, 2);
	if (_i == 1)
		restart();
	expect_gone(&account_key, NULL);
	expect_gone(&tenant_key, red);
	expect_answer(admin, refer_tenant(admin, WIRE_TENANT_SHOW, NULL, red, false, &tenant), ANSWER_NOT_FOUND, NULL);
	ck_assert_int_eq(verify_in(&far_key, far), VERDICT_GRANTED);
	expect_keys(1);
	expect_whole();
	/* Its tenants last, each with its record. */
	for (int64_t until = milliseconds() + 60000;;) {
		size_t count;

		audit = host_read(&host, "log/audit.jsonl");
		count = count_text(audit, "\"event\":\"tenant_delete\"");
		free(audit);
		if (count == 2)
			break;
		if (milliseconds() > until)
			fail("%zu tenants are recorded as deleted instead of 2", count);
		usleep(20000);
	}
}
END_TEST

/* A key that may change tenants, and no keys, ends none with its tenant. */
START_TEST(keys_do_not_go_by_the_way)
{
	struct wire_key boss = make("acme", NULL, "boss", "apikeyd.tenants.write");
	struct wire_key key = make("acme", "blue", "k", "test.use");
	struct message_tenant_entry entry;

	expect_answer(admin, refer_tenant(admin, WIRE_TENANT_DELETE, boss.secret, "blue", false, &entry),
		      ANSWER_WRONG_STATE, "still has 1 key,");
	expect_answer(admin, refer_tenant(admin, WIRE_TENANT_DELETE, boss.secret, "blue", true, &entry),
		      ANSWER_NOT_PERMITTED, "apikeyd.keys.write");
	ck_assert_int_eq(verify_in(&key, blue), VERDICT_GRANTED);
	expect_answer(admin, refer_tenant(admin, WIRE_TENANT_DELETE, boss.secret, "red", false, &entry), ANSWER_OK,
		      NULL);
}
END_TEST

/* ---- lists ---- */

START_TEST(lists_go_on_by_cursor)
{
	struct message_key_list request = { .limit = 1, .owner = "bob" };
	char cursor[WIRE_CURSOR_MAX + 1] = "", seen[8][16];
	struct wire_key keys[] = { make(NULL, NULL, "same", "test.use"),     make("acme", "blue", "same", "test.use"),
				   make("acme", "red", "same", "test.use"),  make("acme", NULL, "same", "test.use"),
				   make("beta", "blue", "same", "test.use"), make("beta", NULL, "zzz", "test.use") };
	size_t count = 0;

	/* For an administrator, for one tenant, and for an account. */
	for (int round = 0; round < 3; round++) {
		static const size_t counts[] = { 6, 1, 3 };

		count = 0;
		*cursor = '\0';
		request.account = round == 0 ? NULL : "acme";
		request.tenant = round == 1 ? "red" : NULL;
		do {
			struct message_key_page page;
			struct message_key key;

			request.cursor = *cursor ? cursor : NULL;
			expect_answer(
				admin,
				wire_ask(admin, WIRE_KEY_LIST, &message_key_list, &request, &message_key_page, &page),
				ANSWER_OK, NULL);
			while (codec_next_record(&page.keys, &message_key, &key)) {
				ck_assert_uint_lt(count, ARRAY_SIZE(seen));
				for (size_t i = 0; i < count; i++)
					ck_assert_str_ne(seen[i], key.id);
				snprintf(seen[count++], sizeof(seen[0]), "%s", key.id);
			}
			snprintf(cursor, sizeof(cursor), "%s", page.cursor ? page.cursor : "");
		} while (*cursor);
		ck_assert_uint_eq(count, counts[round]);
	}
	(void)keys;
}
END_TEST

/* More than fit on a page. */
START_TEST(tenants_are_listed_in_pages)
{
	struct message_tenant_list request = { .account = "beta" };
	char cursor[WIRE_CURSOR_MAX + 1] = "", last[WIRE_NAME_MAX + 1] = "", room[ID_SIZE];
	size_t count = 0, pages = 0;

	for (int i = 0; i < 150; i++) {
		char name[16];

		snprintf(name, sizeof(name), "t%d", i);
		ck_assert_int_eq(ask_tenant(admin, NULL, "beta", name, room), ANSWER_OK);
	}
	do {
		struct message_tenant_page page;
		struct message_tenant_entry entry;

		request.cursor = *cursor ? cursor : NULL;
		ck_assert_int_eq(
			wire_ask(admin, WIRE_TENANT_LIST, &message_tenant_list, &request, &message_tenant_page, &page),
			ANSWER_OK);
		while (codec_next_record(&page.tenants, &message_tenant_entry, &entry)) {
			ck_assert_int_lt(strcmp(last, entry.name), 0);
			ck_assert_str_eq(entry.account, beta);
			ck_assert_str_eq(entry.account_name, "beta");
			strcpy(last, entry.name);
			count++;
		}
		snprintf(cursor, sizeof(cursor), "%s", page.cursor ? page.cursor : "");
		pages++;
	} while (*cursor);
	ck_assert_uint_eq(count, 151);
	ck_assert_uint_gt(pages, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("daemon-tenants");
	TCase *tests = tcase_create("tenants");

	tcase_set_timeout(tests, 180);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, everyone_reaches_what_is_theirs, 0, ARRAY_SIZE(actions));
	tcase_add_loop_test(tests, another_tenants_key_is_like_none, 0, ARRAY_SIZE(questions));
	tcase_add_test(tests, lists_and_counts_tell_of_no_other);
	tcase_add_test(tests, names_are_a_tenants_own);
	tcase_add_test(tests, names_are_checked);
	tcase_add_test(tests, the_default_ones_stay);
	tcase_add_test(tests, a_service_gets_the_keys_of_its_tenant);
	tcase_add_loop_test(tests, keys_of_a_deleted_tenant_stop_at_once, 0, 2);
	tcase_add_loop_test(tests, a_deleted_account_takes_its_tenants_along, 0, 2);
	tcase_add_test(tests, keys_do_not_go_by_the_way);
	tcase_add_test(tests, lists_go_on_by_cursor);
	tcase_add_test(tests, tenants_are_listed_in_pages);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
