/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Keys whose secrets were made elsewhere, in the real daemon: imported, imported again, refused one by one; what logs
 * in by them, and what does not; how guesses are slowed down.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "crypto/crypto.h"
#include "proto/credential.h"
#include "tests/daemon/admin-requests.h"
#include "tests/suite.h"

#define ON_THEIR_WAY 40 /* requests */
#define SECRET "0123456789abcdef0123456789abcdef"

static struct host host;
static struct wire_client *admin;

static void setup_with(const char *settings)
{
	host_open(&host, settings);
	host_start(&host);
	admin = wire_open(&host, WIRE_ADMIN_SOCKET);
}

static void setup(void)
{
	setup_with(HOST_UNTHROTTLED);
}

static void setup_throttled(void)
{
	setup_with("[throttle]\nfailures_per_minute = 1\n");
}

static void teardown(void)
{
	wire_close(admin);
	if (host.daemon != 0)
		host_stop(&host);
	host_remove(&host);
}

/* alice's, without an end. */
static struct message_import_key key_of(const char *name, const char *secret)
{
	return (struct message_import_key){ .name = name,
					    .owner = "alice",
					    .secret = secret,
					    .permissions = wire_texts("test.use", NULL),
					    .expires = TIME_NEVER };
}

struct results {
	size_t count;
	struct message_import_result results[MESSAGE_IMPORT_MAX];
};

static struct message_key_imported ask(const struct message_import_key *keys, size_t count, bool dry_run)
{
	struct message_key_import request = { .dry_run = dry_run, .keys = { .count = count, .items = keys } };
	struct message_key_imported reply;

	expect_answer(admin,
		      wire_ask(admin, WIRE_KEY_IMPORT, &message_key_import, &request, &message_key_imported, &reply),
		      ANSWER_OK, NULL);
	return reply;
}

static void import(const struct message_import_key *keys, size_t count, bool dry_run, struct results *ret_results)
{
	struct message_key_imported reply = ask(keys, count, dry_run);

	ret_results->count = 0;
	while (codec_next_record(&reply.results, &message_import_result, &ret_results->results[ret_results->count]))
		ret_results->count++;
}

/* Imports one key. Its texts live until the next request. */
static struct message_import_result import_one(const struct message_import_key *key)
{
	static struct results results;

	import(key, 1, false, &results);
	ck_assert_uint_eq(results.count, 1);
	return results.results[0];
}

static void import_new(const char *name, const char *secret, char ret_id[CREDENTIAL_KEY_ID_MAX + 1])
{
	struct message_import_key key = key_of(name, secret);
	struct message_import_result result = import_one(&key);

	ck_assert_msg(result.outcome == MESSAGE_IMPORT_CREATED, "%s", result.detail ? result.detail : "no detail");
	ck_assert(credential_is_id(result.id));
	strcpy(ret_id, result.id);
}

static void expect_refused(const struct message_import_key *key, enum answer answer, const char *part)
{
	struct message_import_result result = import_one(key);

	ck_assert_uint_eq(result.outcome, MESSAGE_IMPORT_REFUSED);
	ck_assert_msg(result.answer == answer && result.detail && strstr(result.detail, part), "%s instead of %s: %s",
		      answer_name((enum answer)result.answer), answer_name(answer), result.detail ? result.detail : "");
	ck_assert_ptr_null(result.id);
}

static struct message_verdict verify(const char *credential)
{
	struct message_verify request = {
		.credential = credential, .service = host.service, .permission = "test.use", .user = "alice"
	};

	return wire_verify(&host, WIRE_LOGIN_SOCKET, &request);
}

static void expect_granted(const char *credential, const char *id)
{
	struct message_verdict verdict = verify(credential);

	ck_assert_msg(verdict.verdict == VERDICT_GRANTED, "%s", reason_name((enum reason)verdict.reason));
	ck_assert_str_eq(verdict.key_id, id);
}

static void expect_denied(const char *credential, enum reason reason)
{
	struct message_verdict verdict = verify(credential);

	ck_assert_str_eq(reason_name((enum reason)verdict.reason), reason_name(reason));
	ck_assert_uint_ne(verdict.verdict, VERDICT_GRANTED);
}

/* How many keys there are. */
static size_t count_keys(void)
{
	struct listing listing;

	list(admin, NULL, NULL, 0, &listing);
	return listing.count;
}

/* ---- importing ---- */

START_TEST(an_imported_secret_logs_in)
{
	char id[CREDENTIAL_KEY_ID_MAX + 1];
	struct message_key key;

	expect_denied(SECRET, REASON_UNKNOWN_KEY);
	import_new("laptop", SECRET, id);
	expect_granted(SECRET, id);
	expect_granted("Bearer " SECRET, id);
	expect_denied(SECRET "0", REASON_UNKNOWN_KEY);
	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, NULL, "alice/laptop", &key), ANSWER_OK, NULL);
	ck_assert_str_eq(key.id, id);
	ck_assert_str_eq(key.kind, "opaque");
	ck_assert_uint_eq(key.secrets.count, 1);
	ck_assert_ptr_null(key.secret);
	/* the state of the key counts, and the restart of the daemon does not */
	wire_change(&host, WIRE_KEY_DEACTIVATE, id);
	expect_denied(SECRET, REASON_KEY_INACTIVE);
	wire_change(&host, WIRE_KEY_ACTIVATE, id);
	wire_close(admin);
	host_end(&host, SIGKILL);
	host_start(&host);
	admin = wire_open(&host, WIRE_ADMIN_SOCKET);
	expect_granted(SECRET, id);
	wire_change(&host, WIRE_KEY_DELETE, id);
	expect_denied(SECRET, REASON_UNKNOWN_KEY);
}
END_TEST

START_TEST(all_fields_are_kept)
{
	struct message_import_key wanted = {
		.name = "laptop",
		.owner = "alice@example.org",
		.secret = SECRET,
		.permissions = wire_texts("mail.*", "pam.sshd", NULL),
		.roles = wire_texts("tenant-management", NULL),
		.users = wire_texts("bob", "deploy", NULL),
		.sources = wire_texts("10.0.0.0/8", "local", NULL),
		.labels = wire_texts("from=elsewhere", NULL),
		.not_before = 1700000000,
		.expires = INT64_C(4000000000),
	};
	struct message_key key;

	ck_assert_uint_eq(import_one(&wanted).outcome, MESSAGE_IMPORT_CREATED);
	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, NULL, "alice@example.org/laptop", &key), ANSWER_OK, NULL);
	ck_assert_uint_eq(key.permissions.count, 2);
	ck_assert_str_eq(key.permissions.items[1], "pam.sshd");
	ck_assert_str_eq(key.roles.items[0], "tenant-management");
	ck_assert_str_eq(key.users.items[1], "deploy");
	ck_assert_str_eq(key.sources.items[0], "10.0.0.0/8");
	ck_assert_str_eq(key.labels.items[0], "from=elsewhere");
	ck_assert_int_eq(key.not_before, 1700000000);
	ck_assert_int_eq(key.expires, INT64_C(4000000000));
	ck_assert_uint_eq(key.owner_uid_known, 0);
}
END_TEST

START_TEST(a_digest_imports_and_opens_nothing)
{
	uint8_t hash[CRYPTO_HASH_SIZE];
	char hex[2 * CRYPTO_HASH_SIZE + 1], id[CREDENTIAL_KEY_ID_MAX + 1];
	struct message_import_key wanted = key_of("laptop", NULL);
	struct message_import_result result;

	ck_assert_int_eq(crypto_sha256(SECRET, strlen(SECRET), hash), 0);
	wanted.sha256 = (struct codec_bytes){ sizeof(hash), hash };
	result = import_one(&wanted);
	ck_assert_uint_eq(result.outcome, MESSAGE_IMPORT_CREATED);
	strcpy(id, result.id);
	expect_granted(SECRET, id);
	for (size_t i = 0; i < sizeof(hash); i++)
		sprintf(hex + 2 * i, "%02x", hash[i]);
	expect_denied(hex, REASON_UNKNOWN_KEY);
	/* digest and secret are the same key */
	wanted.sha256 = (struct codec_bytes){ .size = 0 };
	wanted.secret = SECRET;
	result = import_one(&wanted);
	ck_assert_uint_eq(result.outcome, MESSAGE_IMPORT_UNCHANGED);
	ck_assert_str_eq(result.id, id);
	/* a digest that is shorter */
	wanted.secret = NULL;
	wanted.sha256 = (struct codec_bytes){ sizeof(hash) - 1, hash };
	expect_refused(&wanted, ANSWER_INVALID, "32 bytes");
}
END_TEST

START_TEST(done_again_it_changes_nothing)
{
	struct message_import_key keys[3] = { key_of("one", SECRET "1"), key_of("two", SECRET "2"),
					      key_of("three", SECRET "3") };
	struct results first, second;
	char ids[3][CREDENTIAL_KEY_ID_MAX + 1];
	uint64_t rev;

	import(keys, 2, false, &first);
	for (size_t i = 0; i < 2; i++)
		strcpy(ids[i], first.results[i].id);
	wire_change(&host, WIRE_KEY_REVOKE, ids[0]);
	rev = host_number(&host, "store.rev");
	import(keys, 2, false, &second);
	for (size_t i = 0; i < 2; i++) {
		ck_assert_uint_eq(second.results[i].outcome, MESSAGE_IMPORT_UNCHANGED);
		ck_assert_str_eq(second.results[i].id, ids[i]);
	}
	ck_assert_uint_eq(host_number(&host, "store.rev"), rev);
	/* what was revoked stays so */
	expect_denied(SECRET "1", REASON_KEY_REVOKED);
	/* and what is new goes in */
	import(keys, 3, false, &second);
	ck_assert_uint_eq(second.results[1].outcome, MESSAGE_IMPORT_UNCHANGED);
	ck_assert_uint_eq(second.results[2].outcome, MESSAGE_IMPORT_CREATED);
	ck_assert_uint_eq(count_keys(), 3);
}
END_TEST

START_TEST(what_is_taken_is_refused)
{
	struct message_import_key key = key_of("laptop", SECRET);
	char id[CREDENTIAL_KEY_ID_MAX + 1];

	import_new("laptop", SECRET, id);
	key.name = "other";
	expect_refused(&key, ANSWER_EXISTS, "alice/laptop has the same secret");
	key = key_of("laptop", SECRET "1");
	expect_refused(&key, ANSWER_EXISTS, "already, with another secret");
	key = key_of("laptop", SECRET);
	key.owner = "bob";
	expect_refused(&key, ANSWER_EXISTS, "alice/laptop has the same secret");
	ck_assert_uint_eq(count_keys(), 1);
}
END_TEST

static const struct {
	const char *secret, *part;
} no_secrets[] = {
	{ "0123456789abcde", "16 to 512 bytes" },
	{ "0123456789abcdef\n", "control characters" },
	{ "ak_0123456789ab", "begins as credentials" },
	{ "akt_0123456789ab_0123456789", "begins as credentials" },
	{ "Bearer 0123456789abcdef0123", "header of HTTP" },
	{ "a123456b-c12c-123d-1ab4-18bd8c8e88a3:nonce", "begins as credentials" },
	{ "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.a.b", "begins as credentials" },
	{ NULL, "there is neither" },
};

START_TEST(what_is_no_secret_is_refused)
{
	struct message_import_key key = key_of("laptop", no_secrets[_i].secret);

	expect_refused(&key, ANSWER_INVALID, no_secrets[_i].part);
}
END_TEST

START_TEST(a_wrong_field_refuses_one_key_alone)
{
	struct message_import_key keys[10];
	static const char *const parts[] = { "name has",   "owner",    "no permission", "no role", "no user",
					     "no network", "no label", "past",          "longest" };
	char longest[WIRE_CREDENTIAL_MAX + 1];
	struct results results;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		keys[i] = key_of("good", SECRET);
	memset(longest, 'n', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	keys[0].name = NULL;
	keys[1].owner = NULL;
	keys[2].permissions = wire_texts("A", NULL);
	keys[3].roles = wire_texts("nobodys", NULL);
	keys[4].users = wire_texts("a\nb", NULL);
	keys[5].sources = wire_texts("10.0.0.0/33", NULL);
	keys[6].labels = wire_texts("a", NULL);
	keys[7].expires = 1;
	keys[8].name = longest;
	import(keys, ARRAY_SIZE(keys), false, &results);
	ck_assert_uint_eq(results.count, ARRAY_SIZE(keys));
	for (size_t i = 0; i < 9; i++)
		ck_assert_msg(results.results[i].outcome == MESSAGE_IMPORT_REFUSED && results.results[i].detail &&
				      results.results[i].answer == ANSWER_INVALID,
			      "%s", parts[i]);
	ck_assert_uint_eq(results.results[9].outcome, MESSAGE_IMPORT_CREATED);
	ck_assert_uint_eq(count_keys(), 1);
}
END_TEST

START_TEST(two_lines_with_one_secret_are_one_key)
{
	struct message_import_key keys[] = { key_of("one", SECRET), key_of("one", SECRET), key_of("two", SECRET),
					     key_of("one", SECRET "1") };
	struct results results;

	import(keys, ARRAY_SIZE(keys), false, &results);
	ck_assert_uint_eq(results.results[0].outcome, MESSAGE_IMPORT_CREATED);
	ck_assert_uint_eq(results.results[1].outcome, MESSAGE_IMPORT_UNCHANGED);
	ck_assert_uint_eq(results.results[2].outcome, MESSAGE_IMPORT_REFUSED);
	ck_assert_uint_eq(results.results[3].outcome, MESSAGE_IMPORT_REFUSED);
	ck_assert_uint_eq(count_keys(), 1);
}
END_TEST

START_TEST(a_dry_run_changes_nothing)
{
	struct message_import_key keys[] = { key_of("one", SECRET), key_of("two", SECRET), key_of("three", "short") };
	uint64_t rev = host_number(&host, "store.rev");
	struct results results;

	for (int i = 0; i < 2; i++) {
		import(keys, ARRAY_SIZE(keys), true, &results);
		ck_assert_uint_eq(results.results[0].outcome, MESSAGE_IMPORT_CREATED);
		ck_assert_ptr_null(results.results[0].id);
		ck_assert_uint_eq(results.results[1].outcome, MESSAGE_IMPORT_REFUSED);
		ck_assert_uint_eq(results.results[2].outcome, MESSAGE_IMPORT_REFUSED);
	}
	ck_assert_uint_eq(count_keys(), 0);
	ck_assert_uint_eq(host_number(&host, "store.rev"), rev);
	expect_denied(SECRET, REASON_UNKNOWN_KEY);
	/* other changes in the same transaction are not undone with it */
	import(keys, 1, false, &results);
	expect_granted(SECRET, results.results[0].id);
}
END_TEST

/* As many keys as one request takes, one after the other; names and secrets lie in texts. */
static struct message_import_key *many(size_t count, char texts[][2][40])
{
	struct message_import_key *keys = calloc(count, sizeof(*keys));

	ck_assert_ptr_nonnull(keys);
	for (size_t i = 0; i < count; i++) {
		sprintf(texts[i][0], "%zu", i);
		sprintf(texts[i][1], SECRET "%zu", i);
		keys[i] = key_of(texts[i][0], texts[i][1]);
	}
	return keys;
}

START_TEST(as_many_as_a_request_takes)
{
	static char texts[MESSAGE_IMPORT_MAX][2][40];
	CLEANUP_FREE struct message_import_key *keys = many(MESSAGE_IMPORT_MAX, texts);
	CLEANUP_FREE char *audit = NULL;
	struct results results;
	char name[40];

	import(keys, MESSAGE_IMPORT_MAX, false, &results);
	ck_assert_uint_eq(results.count, MESSAGE_IMPORT_MAX);
	for (size_t i = 0; i < results.count; i++)
		ck_assert_uint_eq(results.results[i].outcome, MESSAGE_IMPORT_CREATED);
	ck_assert_uint_eq(count_keys(), MESSAGE_IMPORT_MAX);
	/* one record for all, with each of them */
	audit = host_read(&host, "log/audit.jsonl");
	ck_assert_ptr_nonnull(strstr(audit, "\"event\":\"key_import\""));
	ck_assert_ptr_null(strstr(strstr(audit, "\"event\":\"key_import\"") + 1, "\"event\":\"key_import\""));
	ck_assert_ptr_nonnull(strstr(audit, "\"count\":512"));
	for (size_t i = 0; i < MESSAGE_IMPORT_MAX; i++) {
		sprintf(name, "\"alice/%zu\"", i);
		ck_assert_ptr_nonnull(strstr(audit, name));
	}
	ck_assert_ptr_null(strstr(audit, SECRET));
}
END_TEST

START_TEST(many_refusals_leave_the_rest_for_later)
{
	static char texts[MESSAGE_IMPORT_MAX][2][40];
	CLEANUP_FREE struct message_import_key *keys = many(MESSAGE_IMPORT_MAX, texts);
	struct results results;
	size_t done = 0;

	/* Two of three are wrong, and each has its sentence. */
	for (size_t i = 0; i < MESSAGE_IMPORT_MAX; i++) {
		if (i % 3 != 0)
			keys[i].permissions = wire_texts("No permission at all, and one that goes on and on", NULL);
	}
	while (done < MESSAGE_IMPORT_MAX) {
		size_t refused = 0;

		import(keys + done, MESSAGE_IMPORT_MAX - done, false, &results);
		ck_assert_uint_ge(results.count, 1);
		for (size_t i = 0; i < results.count; i++) {
			bool good = (done + i) % 3 == 0;

			ck_assert_uint_eq(results.results[i].outcome,
					  good ? MESSAGE_IMPORT_CREATED : MESSAGE_IMPORT_REFUSED);
			refused += !good;
		}
		ck_assert_uint_le(refused, MESSAGE_IMPORT_REFUSED_MAX);
		done += results.count;
	}
	ck_assert_uint_eq(count_keys(), (MESSAGE_IMPORT_MAX + 2) / 3);
}
END_TEST

static void key_on_its_way(unsigned int number, struct message_import_key *ret_key)
{
	static char name[32], secret[64];

	snprintf(name, sizeof(name), "on-its-way-%u", number);
	snprintf(secret, sizeof(secret), "%s-%u", SECRET, number);
	*ret_key = key_of(name, secret);
}

/* Sends a request for one key, and does not wait. */
static void send_one(struct wire_client *client, unsigned int number)
{
	struct message_import_key key;
	struct message_key_import request = { .keys = { .count = 1, .items = &key } };

	key_on_its_way(number, &key);
	wire_send(client, WIRE_KEY_IMPORT, &message_key_import, &request);
}

START_TEST(many_requests_are_answered_in_their_order)
{
	struct message_status nothing = { .credential = NULL };
	uint64_t first = admin->id + 1;
	struct message_key_imported reply;
	struct message_import_result result;

	for (unsigned int i = 0; i < ON_THEIR_WAY; i++)
		send_one(admin, i);
	/* What is no import waits until they are answered. */
	wire_send(admin, WIRE_STORE_CHECK, &message_status, &nothing);
	for (unsigned int i = 0; i < ON_THEIR_WAY; i++) {
		wire_expect(admin, WIRE_KEY_IMPORT | WIRE_REPLY, &message_key_imported, &reply);
		ck_assert_uint_eq(admin->header.request_id, first + i);
		ck_assert(codec_next_record(&reply.results, &message_import_result, &result));
		ck_assert_uint_eq(result.outcome, MESSAGE_IMPORT_CREATED);
	}
	ck_assert(wire_receive(admin));
	ck_assert_uint_eq(admin->header.request_id, first + ON_THEIR_WAY);
	for (unsigned int i = 0; i < ON_THEIR_WAY; i++) {
		struct message_import_key key;

		key_on_its_way(i, &key);
		ck_assert_uint_eq(verify(key.secret).verdict, VERDICT_GRANTED);
	}
}
END_TEST

START_TEST(who_leaves_in_between_leaves_no_half)
{
	struct wire_client *other = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_key_imported reply;

	for (unsigned int i = 0; i < ON_THEIR_WAY; i++)
		send_one(other, i);
	wire_expect(other, WIRE_KEY_IMPORT | WIRE_REPLY, &message_key_imported, &reply);
	wire_close(other);
	/* Each of them is there, or can be made. */
	for (unsigned int i = 0; i < ON_THEIR_WAY; i++) {
		struct message_import_key key;
		struct message_import_result result;

		key_on_its_way(i, &key);
		result = import_one(&key);
		ck_assert_uint_ne(result.outcome, MESSAGE_IMPORT_REFUSED);
		ck_assert(i > 0 || result.outcome == MESSAGE_IMPORT_UNCHANGED);
		ck_assert_uint_eq(verify(key.secret).verdict, VERDICT_GRANTED);
	}
}
END_TEST

START_TEST(nothing_to_import_is_refused)
{
	struct message_key_import request = { .dry_run = 0 };
	struct message_key_imported reply;

	expect_answer(admin,
		      wire_ask(admin, WIRE_KEY_IMPORT, &message_key_import, &request, &message_key_imported, &reply),
		      ANSWER_INVALID, "no key to import");
}
END_TEST

START_TEST(administrators_alone_import)
{
	struct message_key_create wanted = { .name = "acting", .permissions = wire_texts("*", NULL) };
	struct wire_key key = wire_make_key(&host, &wanted);
	struct message_import_key imported = key_of("laptop", SECRET);
	struct message_key_import request = { .credential = key.secret, .keys = { .count = 1, .items = &imported } };
	struct message_key_imported reply;

	expect_answer(admin,
		      wire_ask(admin, WIRE_KEY_IMPORT, &message_key_import, &request, &message_key_imported, &reply),
		      ANSWER_NOT_PERMITTED, NULL);
	expect_denied(SECRET, REASON_UNKNOWN_KEY);
}
END_TEST

/* ---- of tenants ---- */

static void make_account(const char *name)
{
	struct message_account_create request = { .name = name };
	struct message_account_entry entry;

	expect_answer(
		admin,
		wire_ask(admin, WIRE_ACCOUNT_CREATE, &message_account_create, &request, &message_account_entry, &entry),
		ANSWER_OK, NULL);
}

static void make_tenant(const char *account, const char *name)
{
	struct message_tenant_create request = { .account = account, .name = name };
	struct message_tenant_entry entry;

	expect_answer(
		admin,
		wire_ask(admin, WIRE_TENANT_CREATE, &message_tenant_create, &request, &message_tenant_entry, &entry),
		ANSWER_OK, NULL);
}

static enum verdict verify_in(const char *credential, const char *tenant)
{
	struct message_verify request = { .credential = credential,
					  .service = host.service,
					  .permission = "test.use",
					  .user = "alice",
					  .tenant = tenant };

	return (enum verdict)wire_verify(&host, WIRE_LOGIN_SOCKET, &request).verdict;
}

/* The key of one name and of a tenant, or of an account where tenant is NULL. */
static struct message_import_key key_in(const char *account, const char *tenant, const char *secret)
{
	struct message_import_key key = key_of("laptop", secret);

	key.account = account;
	key.tenant = tenant;
	return key;
}

START_TEST(a_key_is_of_the_tenant_it_says)
{
	struct message_import_key keys[] = {
		key_in("acme", "shop", SECRET "1"),    key_in("acme", "shop", SECRET "2"),
		key_in(NULL, "acme/till", SECRET "3"), key_in(NULL, NULL, SECRET "4"),
		key_in("acme", NULL, SECRET "5"),      key_in(NULL, "blue", SECRET "6"),
		key_in("acme", "shop", SECRET "4"),    key_in("acme", "blue", SECRET "7"),
		key_in("beta", NULL, SECRET "8"),      key_in("acme", "acme", SECRET "9"),
	};
	static const struct {
		const char *tenant; /* in which it is let in */
		const char *part;   /* NULL: it is made */
	} wanted[] = { { "acme/shop", NULL },
		       { NULL, "a key named" },
		       { "acme/till", NULL },
		       { NULL, NULL },
		       { NULL, NULL },
		       { "blue", NULL },
		       { NULL, "alice/laptop of the tenant default has the same secret" },
		       { NULL, "no tenant 'blue'" },
		       { NULL, "no account 'beta'" },
		       { NULL, "no tenant 'acme'" } };
	static const char *const tenants[] = { "acme/shop", "acme/till", "blue", NULL };
	struct results results;

	make_account("acme");
	make_tenant("acme", "shop");
	make_tenant("acme", "till");
	make_tenant(NULL, "blue");
	/* All of them twice: nothing is made again, and the same is refused for the same. */
	for (int round = 0; round < 2; round++) {
		import(keys, ARRAY_SIZE(keys), false, &results);
		ck_assert_uint_eq(results.count, ARRAY_SIZE(keys));
		for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
			const struct message_import_result *result = &results.results[i];

			ck_assert_msg(result->outcome == (wanted[i].part ? MESSAGE_IMPORT_REFUSED
							  : round == 0   ? MESSAGE_IMPORT_CREATED
									 : MESSAGE_IMPORT_UNCHANGED),
				      "key %zu: %s", i, result->detail ? result->detail : "no detail");
			if (wanted[i].part)
				ck_assert_msg(result->detail && strstr(result->detail, wanted[i].part), "key %zu: %s",
					      i, result->detail);
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		/* A key of the account itself lets nobody in; what the fourth has, the seventh would share. */
		if (wanted[i].part || keys[i].account == keys[4].account)
			continue;
		for (size_t t = 0; t < ARRAY_SIZE(tenants); t++) {
			bool same = tenants[t] == wanted[i].tenant ||
				    (tenants[t] && wanted[i].tenant && strcmp(tenants[t], wanted[i].tenant) == 0);

			ck_assert_msg((verify_in(keys[i].secret, tenants[t]) == VERDICT_GRANTED) == same,
				      "key %zu in %s", i, tenants[t] ? tenants[t] : "default");
		}
	}
}
END_TEST

START_TEST(a_role_of_accounts_makes_a_key_of_the_account)
{
	struct message_import_key key = key_of("admin", SECRET);
	struct message_key shown;

	key.roles = wire_texts("account-admin", NULL);
	ck_assert_uint_eq(import_one(&key).outcome, MESSAGE_IMPORT_CREATED);
	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, NULL, "alice/admin", &shown), ANSWER_OK, NULL);
	ck_assert_ptr_null(shown.tenant);
	key.secret = SECRET "1";
	key.tenant = "default";
	expect_refused(&key, ANSWER_INVALID, "account-admin");
}
END_TEST

/* Until the key of a deleted tenant is removed, its secret is taken; then it is free. */
START_TEST(a_secret_of_a_deleted_tenant_comes_free)
{
	struct message_tenant_reference all = { .tenant = "blue", .with_keys = 1 };
	struct message_import_key key = key_in(NULL, "blue", SECRET);
	int64_t deadline = clock_monotonic() + INT64_C(60000000000);
	struct message_tenant_entry entry;
	struct message_import_result result;

	make_tenant(NULL, "blue");
	ck_assert_uint_eq(import_one(&key).outcome, MESSAGE_IMPORT_CREATED);
	expect_answer(
		admin,
		wire_ask(admin, WIRE_TENANT_DELETE, &message_tenant_reference, &all, &message_tenant_entry, &entry),
		ANSWER_OK, NULL);
	ck_assert_int_eq(verify_in(SECRET, NULL), VERDICT_DENIED);
	key.tenant = NULL;
	while ((result = import_one(&key)).outcome == MESSAGE_IMPORT_REFUSED) {
		ck_assert_uint_eq(result.answer, ANSWER_EXISTS);
		ck_assert_ptr_nonnull(strstr(result.detail, "about to be removed"));
		ck_assert_int_lt(clock_monotonic(), deadline);
	}
	ck_assert_uint_eq(result.outcome, MESSAGE_IMPORT_CREATED);
	ck_assert_int_eq(verify_in(SECRET, NULL), VERDICT_GRANTED);
}
END_TEST

/* ---- what an imported secret is good for ---- */

START_TEST(an_imported_secret_administers_nothing)
{
	struct message_import_key wanted = key_of("laptop", SECRET);
	struct message_key_list request = { .credential = SECRET };
	struct message_token_issue proof = { .proof = SECRET };
	struct message_key_page page;
	struct message_token token;

	wanted.permissions = wire_texts("*", NULL);
	ck_assert_uint_eq(import_one(&wanted).outcome, MESSAGE_IMPORT_CREATED);
	expect_answer(admin, wire_ask(admin, WIRE_KEY_LIST, &message_key_list, &request, &message_key_page, &page),
		      ANSWER_BAD_CREDENTIAL, NULL);
	expect_answer(admin, wire_ask(admin, WIRE_TOKEN_ISSUE, &message_token_issue, &proof, &message_token, &token),
		      ANSWER_BAD_CREDENTIAL, NULL);
}
END_TEST

START_TEST(it_is_rotated_into_one_of_our_own)
{
	char id[CREDENTIAL_KEY_ID_MAX + 1], secret[CREDENTIAL_OPAQUE_MAX + 1];
	struct message_key_rotate request = { .key = "alice/laptop", .overlap = 3600 };
	struct message_import_key again = key_of("laptop", SECRET);
	struct message_key_retire all = { .key = "alice/laptop" };
	struct message_key key;

	import_new("laptop", SECRET, id);
	expect_answer(admin, rotate(admin, &request, &key), ANSWER_OK, NULL);
	ck_assert_ptr_nonnull(key.secret);
	strcpy(secret, key.secret);
	expect_granted(secret, id);
	expect_granted(SECRET, id);
	ck_assert_uint_eq(import_one(&again).outcome, MESSAGE_IMPORT_UNCHANGED);
	expect_answer(admin, retire(admin, &all, &key), ANSWER_OK, NULL);
	expect_denied(SECRET, REASON_SECRET_RETIRED);
	expect_granted(secret, id);
	/* it does not come back */
	ck_assert_uint_eq(import_one(&again).outcome, MESSAGE_IMPORT_UNCHANGED);
	expect_denied(SECRET, REASON_SECRET_RETIRED);
}
END_TEST

START_TEST(the_private_key_of_a_pair_is_no_imported_secret)
{
	struct message_key_create wanted = { .name = "pair",
					     .owner = "alice",
					     .permissions = wire_texts("test.use", NULL),
					     .expires = TIME_NEVER,
					     .kind = MESSAGE_KIND_PAIR };
	char private_key[64];
	struct message_key key;

	expect_answer(admin, create(admin, &wanted, &key), ANSWER_OK, NULL);
	snprintf(private_key, sizeof(private_key), "%s", key.private_key);
	expect_denied(private_key, REASON_UNKNOWN_KEY);
}
END_TEST

/* ---- guesses ---- */

START_TEST(who_guesses_too_often_is_not_told)
{
	struct wire_key own = wire_make_key(&host, &(struct message_key_create){ .name = "own" });
	char id[CREDENTIAL_KEY_ID_MAX + 1], guess[64];
	CLEANUP_FREE char *audit = NULL;
	size_t tries = 0;

	import_new("laptop", SECRET, id);
	expect_granted(SECRET, id);
	while (verify((sprintf(guess, SECRET "%zu", tries), guess)).reason == REASON_UNKNOWN_KEY)
		ck_assert_uint_lt(tries++, 50);
	ck_assert_uint_ge(tries, 1);
	/* Now the right one is refused as well; a key of ours, which nobody guesses, is not. */
	expect_denied(SECRET, REASON_TOO_MANY_FAILURES);
	ck_assert_uint_eq(verify(SECRET).verdict, VERDICT_THROTTLED);
	expect_granted(own.secret, own.id);
	audit = host_read(&host, "log/audit.jsonl");
	ck_assert_ptr_null(strstr(audit, SECRET));
}
END_TEST

static Suite *import_suite(void)
{
	Suite *suite = suite_create("import");
	TCase *keys = tcase_create("keys"), *guesses = tcase_create("guesses");

	tcase_set_timeout(keys, 60);
	tcase_add_checked_fixture(keys, setup, teardown);
	tcase_add_test(keys, an_imported_secret_logs_in);
	tcase_add_test(keys, all_fields_are_kept);
	tcase_add_test(keys, a_digest_imports_and_opens_nothing);
	tcase_add_test(keys, done_again_it_changes_nothing);
	tcase_add_test(keys, what_is_taken_is_refused);
	tcase_add_loop_test(keys, what_is_no_secret_is_refused, 0, ARRAY_SIZE(no_secrets));
	tcase_add_test(keys, a_wrong_field_refuses_one_key_alone);
	tcase_add_test(keys, two_lines_with_one_secret_are_one_key);
	tcase_add_test(keys, a_dry_run_changes_nothing);
	tcase_add_test(keys, as_many_as_a_request_takes);
	tcase_add_test(keys, many_refusals_leave_the_rest_for_later);
	tcase_add_test(keys, many_requests_are_answered_in_their_order);
	tcase_add_test(keys, who_leaves_in_between_leaves_no_half);
	tcase_add_test(keys, nothing_to_import_is_refused);
	tcase_add_test(keys, administrators_alone_import);
	tcase_add_test(keys, a_key_is_of_the_tenant_it_says);
	tcase_add_test(keys, a_role_of_accounts_makes_a_key_of_the_account);
	tcase_add_test(keys, a_secret_of_a_deleted_tenant_comes_free);
	tcase_add_test(keys, an_imported_secret_administers_nothing);
	tcase_add_test(keys, it_is_rotated_into_one_of_our_own);
	tcase_add_test(keys, the_private_key_of_a_pair_is_no_imported_secret);
	suite_add_tcase(suite, keys);
	tcase_set_timeout(guesses, 60);
	tcase_add_checked_fixture(guesses, setup_throttled, teardown);
	tcase_add_test(guesses, who_guesses_too_often_is_not_told);
	suite_add_tcase(suite, guesses);
	return suite;
}

int main(void)
{
	return suite_run(import_suite());
}
