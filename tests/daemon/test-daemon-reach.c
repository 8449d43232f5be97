/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Who reaches what, in a table of which every cell is asked through the real daemon's admin.sock; and that of another
 * tenant's keys nothing can be learned.
 */
#include "common/clock.h"
#include "tests/daemon/tenant-host.h"
#include "tests/daemon/token-client.h"
#include "tests/suite.h"

/* ---- who reaches what ---- */

enum scope { OWN_TENANT, OTHER_TENANT, OTHER_ACCOUNTS_TENANT, OWN_ACCOUNT, OTHER_ACCOUNT, SCOPE_COUNT };

static const char *const scope_names[SCOPE_COUNT] = {
	"its tenant", "another tenant of its account", "another account's tenant", "its account", "another account",
};

/* What may be reached differs by these. */
enum column {
	ADMINISTRATOR,
	ACCOUNT_ALL,
	ACCOUNT_KEYS_READ,
	ACCOUNT_KEYS_WRITE,
	ACCOUNT_TENANTS_READ,
	ACCOUNT_TENANTS_WRITE,
	ACCOUNT_NONE,
	TENANT_ALL,
	TENANT_KEYS_READ,
	TENANT_KEYS_WRITE,
	TENANT_TENANTS_READ,
	TENANT_TENANTS_WRITE,
	TENANT_NONE,
	COLUMN_COUNT,
};

/* Who asks. A key of the account has each tenant of it for its own. */
static const struct actor {
	const char *name;
	enum column column;
	bool of_account;
	const char *permission; /* NULL: no key, an administrator */
	const char *role;       /* or NULL */
} actors[] = {
	{ "an administrator", ADMINISTRATOR, false, NULL, NULL },
	{ "an account key", ACCOUNT_ALL, true, "apikeyd.*", NULL },
	{ "an account key", ACCOUNT_KEYS_READ, true, "apikeyd.keys.read", NULL },
	{ "an account key", ACCOUNT_KEYS_WRITE, true, "apikeyd.keys.write", NULL },
	{ "an account key", ACCOUNT_TENANTS_READ, true, "apikeyd.tenants.read", NULL },
	{ "an account key", ACCOUNT_TENANTS_WRITE, true, "apikeyd.tenants.write", NULL },
	{ "an account key", ACCOUNT_NONE, true, "test.other", NULL },
	{ "a tenant key", TENANT_ALL, false, "apikeyd.*", NULL },
	{ "a tenant key", TENANT_KEYS_READ, false, "apikeyd.keys.read", NULL },
	{ "a tenant key", TENANT_KEYS_WRITE, false, "apikeyd.keys.write", NULL },
	{ "a tenant key", TENANT_TENANTS_READ, false, "apikeyd.tenants.read", NULL },
	{ "a tenant key", TENANT_TENANTS_WRITE, false, "apikeyd.tenants.write", NULL },
	{ "a tenant key", TENANT_NONE, false, "test.other", NULL },
	/* The built-in roles. */
	{ "an account key", ACCOUNT_ALL, true, "test.other", "account-admin" },
	{ "an account key", ACCOUNT_NONE, true, "test.other", "account-tenant-approval" },
	{ "an account key", ACCOUNT_TENANTS_READ, true, "test.other", "account-tenant-read" },
	{ "an account key", ACCOUNT_TENANTS_WRITE, true, "test.other", "account-tenant-write" },
	{ "an account key", ACCOUNT_ALL, true, "test.other", "tenant-admin" },
	{ "an account key", ACCOUNT_TENANTS_WRITE, true, "test.other", "tenant-management" },
	{ "a tenant key", TENANT_ALL, false, "test.other", "tenant-admin" },
	{ "a tenant key", TENANT_TENANTS_WRITE, false, "test.other", "tenant-management" },
};

/* What is asked about: fresh for each cell. */
struct target {
	const struct actor *actor;
	enum scope scope;
	const char *account, *tenant; /* ids; tenant NULL: the account itself */
	char key[16], secret[64];
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

/* Whether it is good is for everybody who may look at keys; whose it is for those who may see this one. */
static enum answer token_inspect(struct wire_client *client, const char *credential, const struct target *target)
{
	struct message_token_state state;
	enum answer answer;

	token_issue(&host, target->secret);
	answer = token_refer(client, WIRE_TOKEN_INSPECT, credential, access_token, &state);
	if (answer != ANSWER_OK)
		return answer;
	ck_assert_uint_eq(state.verdict, VERDICT_GRANTED);
	return state.key_id ? ANSWER_OK : ANSWER_NOT_FOUND;
}

static enum answer token_revoke(struct wire_client *client, const char *credential, const struct target *target)
{
	struct message_token_state state;

	token_issue(&host, target->secret);
	return token_refer(client, WIRE_TOKEN_REVOKE, credential, access_token, &state);
}

static enum answer token_rotate_key(struct wire_client *client, const char *credential, const struct target *target)
{
	struct message_signing_key request = { .credential = credential, .now = 1 };
	struct message_item version;

	(void)target;
	return wire_ask(client, WIRE_SIGNING_KEY_ROTATE, &message_signing_key, &request, &message_item, &version);
}

/*
 * + done, - not found, x not permitted; a space: this is not asked. A word for each column, in its order; in it a
 * letter for each scope.
 */
static const struct {
	const char *name;
	enum answer (*act)(struct wire_client *client, const char *credential, const struct target *target);
	const char *cells[COLUMN_COUNT];
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
	{ "token inspect",
	  token_inspect,
	  { "+++++", "++-+-", "++-+-", "++-+-", "xxxxx", "xxxxx", "xxxxx", "+----", "+----", "+----", "xxxxx", "xxxxx",
	    "xxxxx" } },
	{ "token revoke",
	  token_revoke,
	  { "+++++", "++-+-", "xxxxx", "++-+-", "xxxxx", "xxxxx", "xxxxx", "+----", "xxxxx", "+----", "xxxxx", "xxxxx",
	    "xxxxx" } },
	{ "token rotate-key",
	  token_rotate_key,
	  { "   + ", "   x ", "   x ", "   x ", "   x ", "   x ", "   x ", "   x ", "   x ", "   x ", "   x ", "   x ",
	    "   x " } },
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
	snprintf(target->secret, sizeof(target->secret), "%s", key.secret);
}

static struct wire_key make_actor(const struct actor *actor, size_t number)
{
	char name[32];
	struct message_key_create request = { .owner = "bob",
					      .name = name,
					      .account = "acme",
					      .tenant = actor->of_account ? NULL : "acme/blue",
					      .permissions = wire_texts(actor->permission, NULL) };

	snprintf(name, sizeof(name), "actor-%zu", number);
	if (actor->role)
		request.roles = wire_texts(actor->role, NULL);
	return wire_make_key(&host, &request);
}

START_TEST(everyone_reaches_what_is_theirs)
{
	struct wire_key keys[ARRAY_SIZE(actors)];
	unsigned int cell = 0;

	for (size_t i = 0; i < ARRAY_SIZE(actors); i++) {
		if (actors[i].permission)
			keys[i] = make_actor(&actors[i], i);
	}
	for (size_t i = 0; i < ARRAY_SIZE(actors); i++) {
		for (enum scope scope = 0; scope < SCOPE_COUNT; scope++) {
			char wanted = actions[_i].cells[actors[i].column][scope], said;
			struct target target;

			if (wanted == ' ')
				continue;
			aim(&actors[i], scope, ++cell, &target);
			make_subject(&target, cell);
			said = letter(actions[_i].act(admin, actors[i].permission ? keys[i].secret : NULL, &target));
			ck_assert_msg(said == wanted, "%s with %s: %s in %s is %c instead of %c (%s)", actors[i].name,
				      actors[i].role         ? actors[i].role
				      : actors[i].permission ? actors[i].permission
							     : "all",
				      actions[_i].name, scope_names[scope], said, wanted, admin->detail);
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

/* The ids of a page, without the uses of the key that asks: there is one more each time. */
static size_t take_ids(const struct message_key_page *page, char *ret_bytes)
{
	struct codec_records keys = page->keys;
	struct message_key key;
	size_t size = 0;

	while (codec_next_record(&keys, &message_key, &key))
		size += (size_t)snprintf(ret_bytes + size, WIRE_PACKET_MAX - size, "%s ", key.id);
	return size +
	       (size_t)snprintf(ret_bytes + size, WIRE_PACKET_MAX - size, "%s", page->cursor ? page->cursor : "");
}

/* All that a key may ask and that names no key. */
static void ask_all(const char *credential, char *ret_bytes, size_t *ret_size)
{
	struct message_key_list all = { .credential = credential },
				keys = { .credential = credential, .permission = "test.use" };
	struct message_tenant_list tenants = { .credential = credential };
	struct message_account_list accounts = { .credential = credential };
	struct message_key_page page;
	struct message_tenant_page tenant_page;
	struct message_account_page account_page;
	struct message_account_entry entry;
	size_t size;

	ck_assert_int_eq(wire_ask(admin, WIRE_KEY_LIST, &message_key_list, &all, &message_key_page, &page), ANSWER_OK);
	*ret_size = take_ids(&page, ret_bytes);
	ck_assert_int_eq(wire_ask(admin, WIRE_KEY_LIST, &message_key_list, &keys, &message_key_page, &page), ANSWER_OK);
	ck_assert_uint_gt(page.keys.count, 0);
	take_answer(admin, ret_bytes + *ret_size, &size);
	*ret_size += size;
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
	static char before[5 * WIRE_PACKET_MAX], after[5 * WIRE_PACKET_MAX];
	char room[ID_SIZE];
	size_t sizes[2];

	(void)make("acme", "acme/blue", "laptop", "test.use");
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

int main(void)
{
	Suite *suite = suite_create("daemon-reach");
	TCase *tests = tcase_create("reach");

	tcase_set_timeout(tests, 180);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, everyone_reaches_what_is_theirs, 0, ARRAY_SIZE(actions));
	tcase_add_loop_test(tests, another_tenants_key_is_like_none, 0, ARRAY_SIZE(questions));
	tcase_add_test(tests, lists_and_counts_tell_of_no_other);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
