/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The administrative calls: what arrives at the daemon, what comes back of its replies, and that no broken reply, late
 * one or "error" of success is taken for a done deed.
 */
#include "lib/apikey.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "proto/answer.h"
#include "proto/verdict.h"
#include "tests/lib/exchange.h"
#include "tests/suite.h"

/* ---- keys ---- */

static const struct message_use first_use = { .time = 100, .service = "imap", .source = "192.0.2.1" };
static const struct message_use last_use = { .time = 200, .service = "sshd", .source = "local" };

static const struct message_secret secrets[] = {
	{ .number = 1,
	  .created = 50,
	  .retires = 900,
	  .use_count = UINT64_MAX,
	  .first_use = { .count = 1, .items = &first_use },
	  .last_use = { .count = 1, .items = &last_use } },
	{ .number = 2, .created = 60 },
};

static const struct message_key whole_key = {
	.id = "0123456789ab",
	.kind = MESSAGE_KIND_OPAQUE,
	.name = "laptop",
	.owner = "alice",
	.account = "default",
	.tenant = "default",
	.state = MESSAGE_STATE_SUSPENDED,
	.state_reason = "lost in the train",
	.owner_uid_known = 1,
	.owner_uid = 1000,
	.created = 40,
	.created_by = "uid:0",
	.not_before = 70,
	.expires = TIME_NEVER,
	.permissions = { 3, { "mail.*", "pam.sshd", "pam.sudo" } },
	.roles = { 1, { "tenant-admin" } },
	.users = { 2, { "bob", "deploy" } },
	.sources = { 2, { "192.0.2.0/24", "local" } },
	.labels = { 1, { "team=web" } },
	.secrets = { .count = 2, .items = secrets },
	.exclusive = MESSAGE_UNBOUND,
	.max_uses = 100,
	.counted_uses = 3,
	.client_side = 1,
	.state_since = 80,
};

static const struct message_key pair_key = {
	.id = "a123456b-c12c-123d-1ab4-18bd8c8e88a3",
	.kind = MESSAGE_KIND_PAIR,
	.name = "n",
	.owner = "bob",
	.state = MESSAGE_STATE_ACTIVE,
	.private_key = "AGHYR1aWYgHgyjhJLkVCd7b8XfAVeA4tuFwCQl3X64Y=",
};

static const struct message_key bare_key = {
	.id = "zzzzzzzzzzzz",
	.kind = MESSAGE_KIND_OPAQUE,
	.name = "n",
	.owner = "bob",
	.state = MESSAGE_STATE_ACTIVE,
	.secret = PEER_OPAQUE,
};

static void assert_texts(const char *const *texts, const struct codec_texts *wanted)
{
	size_t i;

	for (i = 0; texts[i]; i++) {
		ck_assert_uint_lt(i, wanted->count);
		ck_assert_str_eq(texts[i], wanted->items[i]);
	}
	ck_assert_uint_eq(i, wanted->count);
}

static void assert_text(const char *text, const char *wanted)
{
	ck_assert_str_eq(text, wanted ? wanted : "");
}

static void assert_use(const struct apikey_use *use, const struct codec_records *wanted)
{
	const struct message_use *message = wanted->items;

	ck_assert_int_eq(use->time, message ? message->time : 0);
	assert_text(use->service, message ? message->service : NULL);
	assert_text(use->source, message ? message->source : NULL);
}

static void assert_key(const struct apikey_key *key, const struct message_key *wanted)
{
	assert_text(key->id, wanted->id);
	assert_text(key->kind, wanted->kind);
	assert_text(key->name, wanted->name);
	assert_text(key->owner, wanted->owner);
	assert_text(key->account, wanted->account);
	assert_text(key->tenant, wanted->tenant);
	assert_text(key->state, wanted->state);
	assert_text(key->state_reason, wanted->state_reason);
	assert_text(key->created_by, wanted->created_by);
	assert_text(key->secret, wanted->secret);
	assert_text(key->private_key, wanted->private_key);
	ck_assert_int_eq(key->owner_uid, wanted->owner_uid_known ? (int64_t)wanted->owner_uid : -1);
	ck_assert_int_eq(key->created, wanted->created);
	ck_assert_int_eq(key->not_before, wanted->not_before);
	ck_assert_int_eq(key->expires, wanted->expires);
	assert_text(key->exclusive, wanted->exclusive);
	ck_assert_uint_eq(key->max_uses, wanted->max_uses);
	ck_assert_uint_eq(key->counted_uses, wanted->counted_uses);
	ck_assert_int_eq(key->state_since, wanted->state_since);
	ck_assert_int_eq(key->client_side, (int)wanted->client_side);
	assert_texts(key->permissions, &wanted->permissions);
	assert_texts(key->roles, &wanted->roles);
	assert_texts(key->users, &wanted->users);
	assert_texts(key->sources, &wanted->sources);
	assert_texts(key->labels, &wanted->labels);
	ck_assert_uint_eq(key->secret_count, wanted->secrets.count);
	for (size_t i = 0; i < key->secret_count; i++) {
		const struct message_secret *secret = (const struct message_secret *)wanted->secrets.items + i;

		ck_assert_uint_eq(key->secrets[i].number, secret->number);
		ck_assert_int_eq(key->secrets[i].created, secret->created);
		ck_assert_int_eq(key->secrets[i].retires, secret->retires);
		ck_assert_uint_eq(key->secrets[i].use_count, secret->use_count);
		assert_use(&key->secrets[i].first_use, &secret->first_use);
		assert_use(&key->secrets[i].last_use, &secret->last_use);
	}
}

START_TEST(a_key_is_told_whole)
{
	static const struct message_key *const keys[] = { &whole_key, &bare_key, &pair_key };
	static struct exchange exchange;
	struct apikey_admin *admin;
	struct apikey_key *key;
	struct peer peer;

	exchange = (struct exchange){ .request_record = &message_key_reference,
				      .reply_record = &message_key,
				      .reply = keys[_i] };
	peer_start(&peer, WIRE_ADMIN_SOCKET, exchange_serve, &exchange);
	admin = exchange_open(&peer, EXCHANGE_PATIENT);
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_key_show(admin, "alice/laptop", &key)), 0);
	/* The key is on its own from here on. */
	apikey_admin_free(admin);
	peer_stop(&peer);
	ck_assert_uint_eq(exchange.seen.header.type, WIRE_KEY_SHOW);
	ck_assert_str_eq(exchange.request.reference.key, "alice/laptop");
	ck_assert_ptr_null(exchange.request.reference.why);
	ck_assert_ptr_null(exchange.request.reference.credential);
	assert_key(key, keys[_i]);
	apikey_key_free(key);
	apikey_key_free(NULL);
}
END_TEST

static const char *const permissions[] = { "mail.*", "pam.sshd", NULL };
static const char *const users[] = { "bob", NULL };
static const char *const sources[] = { "192.0.2.0/24", "2001:db8::/32", "local", NULL };
static const char *const labels[] = { "team=web", NULL };
static const char *const roles[] = { "payments-read", "tenant-admin", NULL };
static const char *const empty[] = { NULL };

static const struct apikey_key_options everything = {
	.size = sizeof(everything),
	.name = "laptop",
	.owner = "alice",
	.permissions = permissions,
	.users = users,
	.sources = sources,
	.labels = labels,
	.not_before = 5,
	.expires = APIKEY_NEVER,
	.kind = "pair",
	.public_key = "a123456b-c12c-123d-1ab4-18bd8c8e88a3",
	.private_key = "AGHYR1aWYgHgyjhJLkVCd7b8XfAVeA4tuFwCQl3X64Y=",
	.roles = roles,
	.exclusive = "dovecot",
	.max_uses = 7,
	.client_side = 1,
};

/* Compares a decoded list with one that ends in NULL. */
static void assert_list(const struct codec_texts *seen, const char *const *wanted)
{
	assert_texts(wanted, seen);
}

START_TEST(a_new_key_is_asked_for_as_said)
{
	const struct apikey_key_options little = { .size = sizeof(little), .name = "laptop", .users = empty };
	static struct exchange exchange = {
		.request_record = &message_key_create,
		.reply_record = &message_key,
		.reply = &bare_key,
	};
	const struct message_key_create *seen = &exchange.request.create;
	struct apikey_admin *admin;
	struct apikey_key *key;
	struct peer peer;

	peer_start(&peer, WIRE_ADMIN_SOCKET, exchange_serve, &exchange);
	admin = exchange_open(&peer, EXCHANGE_PATIENT);
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_key_create(admin, &everything, &key)), 0);
	ck_assert(exchange.decoded);
	ck_assert_uint_eq(exchange.seen.header.type, WIRE_KEY_CREATE);
	ck_assert_ptr_null(seen->credential);
	ck_assert_str_eq(seen->name, "laptop");
	ck_assert_str_eq(seen->owner, "alice");
	assert_list(&seen->permissions, permissions);
	assert_list(&seen->users, users);
	assert_list(&seen->sources, sources);
	assert_list(&seen->labels, labels);
	assert_list(&seen->roles, roles);
	ck_assert_int_eq(seen->not_before, 5);
	ck_assert(seen->expires == TIME_NEVER);
	ck_assert_str_eq(seen->kind, "pair");
	ck_assert_str_eq(seen->public_key, everything.public_key);
	ck_assert_str_eq(seen->private_key, everything.private_key);
	ck_assert_str_eq(seen->exclusive, "dovecot");
	ck_assert_uint_eq(seen->max_uses, 7);
	ck_assert_uint_eq(seen->client_side, 1);
	ck_assert_str_eq(key->secret, PEER_OPAQUE);
	apikey_key_free(key);

	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_key_create(admin, &little, &key)), 0);
	ck_assert(exchange.decoded);
	ck_assert_ptr_null(seen->owner);
	ck_assert_ptr_null(seen->kind);
	ck_assert_ptr_null(seen->public_key);
	ck_assert_ptr_null(seen->private_key);
	ck_assert_ptr_null(seen->exclusive);
	ck_assert_uint_eq(seen->max_uses, 0);
	ck_assert_uint_eq(seen->client_side, 0);
	assert_list(&seen->permissions, empty);
	assert_list(&seen->users, empty);
	ck_assert_int_eq(seen->not_before, 0);
	ck_assert_int_eq(seen->expires, 0);
	apikey_key_free(key);
	apikey_admin_free(admin);
	peer_stop(&peer);
}
END_TEST

START_TEST(an_update_says_what_it_changes_and_no_more)
{
	static struct exchange exchange = {
		.request_record = &message_key_update,
		.reply_record = &message_key,
		.reply = &whole_key,
	};
	const struct message_key_update *seen = &exchange.request.update;
	unsigned int changes = _i;
	struct apikey_admin *admin;
	struct apikey_key *key;
	struct peer peer;

	peer_start(&peer, WIRE_ADMIN_SOCKET, exchange_serve, &exchange);
	admin = exchange_open(&peer, EXCHANGE_PATIENT);
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_key_update(admin, "0123456789ab", changes, &everything, &key)),
			 0);
	ck_assert(exchange.decoded);
	ck_assert_uint_eq(exchange.seen.header.type, WIRE_KEY_UPDATE);
	ck_assert_str_eq(seen->key, "0123456789ab");
	ck_assert_uint_eq(seen->changes, changes);
	if (changes & APIKEY_CHANGE_NAME)
		ck_assert_str_eq(seen->name, "laptop");
	else
		ck_assert_ptr_null(seen->name);
	assert_list(&seen->permissions, changes & APIKEY_CHANGE_PERMISSIONS ? permissions : empty);
	assert_list(&seen->users, changes & APIKEY_CHANGE_USERS ? users : empty);
	assert_list(&seen->sources, changes & APIKEY_CHANGE_SOURCES ? sources : empty);
	assert_list(&seen->labels, changes & APIKEY_CHANGE_LABELS ? labels : empty);
	assert_list(&seen->roles, changes & APIKEY_CHANGE_ROLES ? roles : empty);
	ck_assert_int_eq(seen->not_before, changes & APIKEY_CHANGE_NOT_BEFORE ? 5 : 0);
	ck_assert(seen->expires == (changes & APIKEY_CHANGE_EXPIRES ? TIME_NEVER : 0));
	ck_assert_uint_eq(seen->client_side, changes & APIKEY_CHANGE_CLIENT_SIDE ? 1 : 0);
	assert_key(key, &whole_key);
	apikey_key_free(key);
	apikey_admin_free(admin);
	peer_stop(&peer);
}
END_TEST

static const struct {
	int (*function)(struct apikey_admin *, const char *, const char *, struct apikey_key **);
	uint16_t type;
	const char *why;
} deeds[] = {
	{ apikey_key_activate, WIRE_KEY_ACTIVATE, NULL },
	{ apikey_key_deactivate, WIRE_KEY_DEACTIVATE, "holiday" },
	{ apikey_key_revoke, WIRE_KEY_REVOKE, "lost" },
	{ apikey_key_delete, WIRE_KEY_DELETE, "gone" },
};

START_TEST(changes_of_state_name_the_key_and_why)
{
	static struct exchange exchange = {
		.request_record = &message_key_reference,
		.reply_record = &message_key,
		.reply = &whole_key,
	};
	struct apikey_admin *admin;
	struct apikey_key *key;
	struct peer peer;

	peer_start(&peer, WIRE_ADMIN_SOCKET, exchange_serve, &exchange);
	admin = exchange_open(&peer, EXCHANGE_PATIENT);
	ck_assert_int_eq(EXCHANGE_CALL(exchange, deeds[_i].function(admin, "alice/laptop", deeds[_i].why, &key)), 0);
	ck_assert_uint_eq(exchange.seen.header.type, deeds[_i].type);
	ck_assert_str_eq(exchange.request.reference.key, "alice/laptop");
	ck_assert_pstr_eq(exchange.request.reference.why, deeds[_i].why);
	assert_key(key, &whole_key);
	apikey_key_free(key);
	apikey_admin_free(admin);
	peer_stop(&peer);
}
END_TEST

START_TEST(a_page_of_keys_is_told_whole)
{
	enum { MANY = 100 };
	static struct message_key many[MANY];
	static struct message_key_page pages[] = {
		{ .cursor = NULL },
		{ .keys = { .count = MANY, .items = many }, .cursor = "after alice/laptop" },
	};
	static struct exchange exchange = { .request_record = &message_key_list, .reply_record = &message_key_page };
	static const char *const wanted_labels[] = { "team", "room=4", NULL };
	struct apikey_key_filter filter = { .size = sizeof(filter),
					    .owner = "alice",
					    .state = "active",
					    .permission = "pam.sshd",
					    .labels = wanted_labels,
					    .unused_since = 11,
					    .expires_before = 12,
					    .due_before = 13 };
	struct apikey_key_list *list;
	struct apikey_admin *admin;
	struct peer peer;

	for (size_t i = 0; i < MANY; i++)
		many[i] = i % 2 == 0 ? whole_key : bare_key;
	exchange.reply = &pages[_i];
	peer_start(&peer, WIRE_ADMIN_SOCKET, exchange_serve, &exchange);
	admin = exchange_open(&peer, EXCHANGE_PATIENT);
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_key_list(admin, NULL, NULL, 0, &list)), 0);
	ck_assert_ptr_null(exchange.request.list.owner);
	ck_assert_ptr_null(exchange.request.list.cursor);
	ck_assert_uint_eq(exchange.request.list.limit, 0);
	apikey_key_list_free(list);
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_key_list(admin, &filter, "cursor", 7, &list)), 0);
	ck_assert_str_eq(exchange.request.list.owner, "alice");
	ck_assert_str_eq(exchange.request.list.cursor, "cursor");
	ck_assert_str_eq(exchange.request.list.state, "active");
	ck_assert_str_eq(exchange.request.list.permission, "pam.sshd");
	ck_assert_uint_eq(exchange.request.list.labels.count, 2);
	ck_assert_str_eq(exchange.request.list.labels.items[1], "room=4");
	ck_assert_int_eq(exchange.request.list.unused_since, 11);
	ck_assert_int_eq(exchange.request.list.expires_before, 12);
	ck_assert_int_eq(exchange.request.list.due_before, 13);
	ck_assert_uint_eq(exchange.request.list.limit, 7);
	apikey_admin_free(admin);
	peer_stop(&peer);
	ck_assert_uint_eq(list->count, pages[_i].keys.count);
	assert_text(list->cursor, pages[_i].cursor);
	for (size_t i = 0; i < list->count; i++)
		assert_key(list->keys[i], &many[i]);
	apikey_key_list_free(list);
	apikey_key_list_free(NULL);
}
END_TEST

/* ---- the acting credential ---- */

START_TEST(all_calls_act_with_the_credential_until_it_is_taken_back)
{
	static struct exchange exchange = {
		.request_record = &message_key_reference,
		.reply_record = &message_key,
		.reply = &whole_key,
	};
	char long_text[WIRE_CREDENTIAL_MAX + 2] = "";
	struct apikey_admin *admin;
	struct apikey_key *key;
	struct peer peer;

	memset(long_text, 'x', WIRE_CREDENTIAL_MAX + 1);
	peer_start(&peer, WIRE_ADMIN_SOCKET, exchange_serve, &exchange);
	admin = exchange_open(&peer, EXCHANGE_PATIENT);
	ck_assert_int_eq(apikey_admin_set_credential(admin, PEER_OPAQUE), 0);
	/* Neither of these takes the credential away, which would make the caller's uid the authority. */
	ck_assert_int_eq(apikey_admin_set_credential(admin, ""), -EINVAL);
	ck_assert_int_eq(apikey_admin_set_credential(admin, long_text), -EINVAL);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_key_show(admin, "alice/laptop", &key)), 0);
		ck_assert_str_eq(exchange.request.reference.credential, PEER_OPAQUE);
		apikey_key_free(key);
	}
	ck_assert_int_eq(apikey_admin_set_credential(admin, NULL), 0);
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_key_show(admin, "alice/laptop", &key)), 0);
	ck_assert_ptr_null(exchange.request.reference.credential);
	apikey_key_free(key);
	apikey_admin_free(admin);
	apikey_admin_free(NULL);
	peer_stop(&peer);
}
END_TEST

/* ---- a no, and broken replies ---- */

static const struct {
	struct message_error error;
	int returned;
	const char *message;
	const char *reason;
	enum apikey_verdict verdict; /* only with a reason */
} answers[] = {
	{ { ANSWER_NOT_FOUND, NULL, 0 }, APIKEY_NOT_FOUND, NULL, "", 0 },
	{ { ANSWER_INVALID, "'mail.' is no permission.", 0 }, APIKEY_INVALID, "'mail.' is no permission.", "", 0 },
	{ { ANSWER_BUSY, NULL, 0 }, APIKEY_BUSY, NULL, "", 0 },
	{ { 999, "a new sort of no", 0 }, APIKEY_DAEMON_UNAVAILABLE, "a new sort of no", "", 0 },
	{ { WIRE_LIST_MAX * 1000, NULL, 0 }, APIKEY_DAEMON_UNAVAILABLE, NULL, "", 0 },
	{ { ANSWER_BAD_CREDENTIAL, NULL, REASON_REPLAYED }, APIKEY_BAD_CREDENTIAL, NULL, "replayed", APIKEY_DENIED },
	{ { ANSWER_BAD_CREDENTIAL, NULL, REASON_INSUFFICIENT_PERMISSION },
	  APIKEY_BAD_CREDENTIAL,
	  NULL,
	  "insufficient_permission",
	  APIKEY_FORBIDDEN },
	{ { ANSWER_BAD_CREDENTIAL, NULL, REASON_COUNT }, APIKEY_BAD_CREDENTIAL, NULL, "", 0 },
};

START_TEST(a_no_comes_with_a_sentence_and_the_handle_goes_on)
{
	static struct exchange exchange = { .request_record = &message_key_reference };
	enum apikey_verdict verdict = APIKEY_UNAVAILABLE;
	struct apikey_key *key = NULL;
	struct apikey_admin *admin;
	struct peer peer;

	exchange.reply_record = &message_error;
	exchange.reply = &answers[_i].error;
	exchange.reply_type = WIRE_ERROR;
	peer_start(&peer, WIRE_ADMIN_SOCKET, exchange_serve, &exchange);
	admin = exchange_open(&peer, EXCHANGE_PATIENT);
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_key_show(admin, "alice/laptop", &key)), answers[_i].returned);
	ck_assert_ptr_null(key);
	ck_assert_str_eq(apikey_admin_message(admin), answers[_i].message
							      ? answers[_i].message
							      : answer_sentence((enum answer)answers[_i].returned));
	ck_assert_str_eq(apikey_admin_reason(admin, &verdict), answers[_i].reason);
	ck_assert_str_eq(apikey_admin_reason(admin, NULL), answers[_i].reason);
	if (*answers[_i].reason)
		ck_assert_int_eq(verdict, answers[_i].verdict);
	exchange.reply_record = &message_key;
	exchange.reply = &whole_key;
	exchange.reply_type = 0;
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_key_show(admin, "alice/laptop", &key)), 0);
	ck_assert_str_eq(apikey_admin_message(admin), "");
	ck_assert_str_eq(apikey_admin_reason(admin, NULL), "");
	apikey_key_free(key);
	apikey_admin_free(admin);
	peer_stop(&peer);
}
END_TEST

static const struct message_error success = { .answer = ANSWER_OK };
static const struct message_welcome nonsense = { .version = "1.0" };

static const struct {
	const char *name;
	const struct codec_record *record;
	const void *reply;
	uint16_t type;
	uint64_t id_change;
	bool silent;
	int error;
} broken[] = {
	{ "an error of success", &message_error, &success, WIRE_ERROR, 0, false, -EPROTO },
	{ "another request's answer", &message_key, &whole_key, 0, 1, false, -EPROTO },
	{ "another type of answer", &message_key, &whole_key, WIRE_KEY_REVOKE | WIRE_REPLY, 0, false, -EPROTO },
	{ "the request's own type", &message_key, &whole_key, WIRE_KEY_SHOW, 0, false, -EPROTO },
	{ "a reply that is none", &message_welcome, &nonsense, 0, 0, false, -EPROTO },
	{ "silence", &message_key, &whole_key, 0, 0, true, -ETIMEDOUT },
};

START_TEST(a_broken_reply_ends_the_handle)
{
	static struct exchange exchange;
	struct apikey_key *key = NULL;
	struct apikey_admin *admin;
	struct peer peer;
	int r;

	exchange = (struct exchange){
		.request_record = &message_key_reference,
		.reply_record = broken[_i].record,
		.reply = broken[_i].reply,
		.reply_type = broken[_i].type,
		.id_change = broken[_i].id_change,
		.silent = broken[_i].silent,
	};
	peer_start(&peer, WIRE_ADMIN_SOCKET, exchange_serve, &exchange);
	admin = exchange_open(&peer, broken[_i].silent ? 200 : EXCHANGE_PATIENT);
	r = EXCHANGE_CALL(exchange, apikey_key_show(admin, "alice/laptop", &key));
	ck_assert_msg(r == broken[_i].error, "%s: %d", broken[_i].name, r);
	/* What might still come is not taken for the answer to the next call. */
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_key_show(admin, "alice/laptop", &key)), -ENOTCONN);
	ck_assert_ptr_null(key);
	apikey_admin_free(admin);
	peer_stop(&peer);
}
END_TEST

static void script_close_after_welcome(struct peer *peer, int fd, unsigned int number)
{
	(void)peer;
	(void)number;
	peer_welcome(fd);
}

START_TEST(a_daemon_that_goes_is_noticed)
{
	struct apikey_status *status = NULL;
	struct apikey_admin *admin;
	struct peer peer;

	peer_start(&peer, WIRE_ADMIN_SOCKET, script_close_after_welcome, NULL);
	admin = exchange_open(&peer, EXCHANGE_PATIENT);
	ck_assert_int_eq(apikey_status(admin, &status), -ECONNRESET);
	ck_assert_int_eq(apikey_status(admin, &status), -ENOTCONN);
	ck_assert_ptr_null(status);
	apikey_admin_free(admin);
	peer_stop(&peer);
}
END_TEST

START_TEST(a_request_that_cannot_be_is_refused_and_the_handle_goes_on)
{
	static const char *too_many[WIRE_LIST_MAX + 2];
	static char long_name[WIRE_NAME_MAX + 2];
	static struct exchange exchange = {
		.request_record = &message_key_create,
		.reply_record = &message_key,
		.reply = &bare_key,
	};
	/* What is left empty restricts nothing, and that would be all of alice's. */
	const struct apikey_bulk_options unsaid[] = {
		{ .size = sizeof(unsaid[0]), .owner = "alice", .used_from = "" },
		{ .size = sizeof(unsaid[0]), .tenant = "blue", .owner = "" },
		{ .size = sizeof(unsaid[0]), .owner = "alice", .account = "" },
		{ .size = sizeof(unsaid[0]), .owner = "alice", .tenant = "" },
		{ .size = sizeof(unsaid[0]), .owner = "alice", .role = "" },
	};
	struct apikey_bulk_step *step = NULL;
	struct apikey_key_options options = everything;
	struct apikey_key *key = NULL;
	struct apikey_admin *admin;
	struct peer peer;

	memset(long_name, 'x', sizeof(long_name) - 1);
	for (size_t i = 0; i <= WIRE_LIST_MAX; i++)
		too_many[i] = "mail.imap";
	peer_start(&peer, WIRE_ADMIN_SOCKET, exchange_serve, &exchange);
	admin = exchange_open(&peer, EXCHANGE_PATIENT);
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_key_create(admin, NULL, &key)), -EINVAL);
	options.size = 0;
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_key_create(admin, &options, &key)), -EINVAL);
	options = everything;
	options.name = NULL;
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_key_create(admin, &options, &key)), -EINVAL);
	options.name = long_name;
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_key_create(admin, &options, &key)), -EINVAL);
	options = everything;
	options.permissions = too_many;
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_key_create(admin, &options, &key)), -EINVAL);
	ck_assert_int_eq(
		EXCHANGE_CALL(exchange, apikey_key_update(admin, "id", APIKEY_CHANGE_PERMISSIONS, &options, &key)),
		-EINVAL);
	options = everything;
	options.expires = -1;
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_key_create(admin, &options, &key)), -EINVAL);
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_key_update(admin, "id", 1 << 11, &everything, &key)), -EINVAL);
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_key_update(admin, NULL, APIKEY_CHANGE_NAME, &everything, &key)),
			 -EINVAL);
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_key_show(admin, NULL, &key)), -EINVAL);
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_key_show(admin, "", &key)), -EINVAL);
	ck_assert_ptr_null(key);
	for (size_t i = 0; i < ARRAY_SIZE(unsaid); i++)
		ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_key_bulk(admin, APIKEY_BULK_REVOKE, &unsaid[i], NULL,
									 NULL, &step)),
				 -EINVAL);
	ck_assert_ptr_null(step);
	too_many[WIRE_LIST_MAX] = NULL;
	options = everything;
	options.permissions = too_many;
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_key_create(admin, &options, &key)), 0);
	ck_assert_uint_eq(exchange.request.create.permissions.count, WIRE_LIST_MAX);
	apikey_key_free(key);
	apikey_admin_free(admin);
	peer_stop(&peer);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("admin");
	TCase *tcase = tcase_create("admin");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, a_key_is_told_whole, 0, 3);
	tcase_add_test(tcase, a_new_key_is_asked_for_as_said);
	tcase_add_loop_test(tcase, an_update_says_what_it_changes_and_no_more, 0, MESSAGE_CHANGE_ALL + 1);
	tcase_add_loop_test(tcase, changes_of_state_name_the_key_and_why, 0, ARRAY_SIZE(deeds));
	tcase_add_loop_test(tcase, a_page_of_keys_is_told_whole, 0, 2);
	tcase_add_test(tcase, all_calls_act_with_the_credential_until_it_is_taken_back);
	tcase_add_loop_test(tcase, a_no_comes_with_a_sentence_and_the_handle_goes_on, 0, ARRAY_SIZE(answers));
	tcase_add_loop_test(tcase, a_broken_reply_ends_the_handle, 0, ARRAY_SIZE(broken));
	tcase_add_test(tcase, a_daemon_that_goes_is_noticed);
	tcase_add_test(tcase, a_request_that_cannot_be_is_refused_and_the_handle_goes_on);
	suite_add_tcase(suite, tcase);
	return suite_run_here(suite);
}
