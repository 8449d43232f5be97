/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Pairs in the real daemon: made, rotated, retired and brought along; what is kept of them opens under the master key,
 * and nothing that is written shows a private key.
 */
#include <check.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "crypto/master_key.h"
#include "daemon/key_pair.h"
#include "proto/credential.h"
#include "tests/daemon/admin-requests.h"
#include "tests/suite.h"

#define DAY 86400
#define FOREIGN_PUBLIC "a123456b-c12c-123d-1ab4-18bd8c8e88a3"
#define FOREIGN_PRIVATE "AGHYR1aWYgHgyjhJLkVCd7b8XfAVeA4tuFwCQl3X64Y="

static struct host host;
static struct wire_client *admin;

struct pair {
	char public_key[CREDENTIAL_PUBLIC_KEY_SIZE + 1];
	char private_key[KEY_PAIR_TEXT_SIZE + 1];
};

static void setup(void)
{
	host_open(&host, NULL);
	host_start(&host);
	admin = wire_open(&host, WIRE_ADMIN_SOCKET);
}

static void stop(void)
{
	if (admin)
		wire_close(admin);
	admin = NULL;
	if (host.daemon != 0)
		host_stop(&host);
}

static void teardown(void)
{
	stop();
	host_remove(&host);
}

/* What a pair is made with: alice's, without an end. */
static struct message_key_create wanted(const char *name)
{
	return (struct message_key_create){ .name = name,
					    .owner = "alice",
					    .permissions = wire_texts("test.use", NULL),
					    .expires = TIME_NEVER,
					    .kind = MESSAGE_KIND_PAIR };
}

static struct message_key_create brought(const char *name)
{
	struct message_key_create request = wanted(name);

	request.public_key = FOREIGN_PUBLIC;
	request.private_key = FOREIGN_PRIVATE;
	return request;
}

/* The pair of a reply that must show one. */
static struct pair shown(const struct message_key *key)
{
	struct pair pair;

	ck_assert_str_eq(key->kind, "pair");
	ck_assert_msg(credential_is_public_key(key->id), "%s", key->id);
	ck_assert_ptr_null(key->secret);
	ck_assert_ptr_nonnull(key->private_key);
	ck_assert_uint_eq(strlen(key->private_key), KEY_PAIR_TEXT_SIZE);
	strcpy(pair.public_key, key->id);
	strcpy(pair.private_key, key->private_key);
	return pair;
}

static struct pair make(const char *name)
{
	struct message_key_create request = wanted(name);
	struct message_key key;

	expect_answer(admin, create(admin, &request, &key), ANSWER_OK, NULL);
	return shown(&key);
}

static struct pair rotated(const char *name, const struct message_key_rotate *how)
{
	struct message_key_rotate request = *how;
	struct message_key key;

	request.key = name;
	expect_answer(admin, rotate(admin, &request, &key), ANSWER_OK, NULL);
	return shown(&key);
}

static uint8_t *bytes_of(const char *private_key, uint8_t ret_bytes[PRIVATE_KEY_SIZE])
{
	size_t size;

	ck_assert(encoding_base64_decode(private_key, strlen(private_key), ret_bytes, PRIVATE_KEY_SIZE, &size));
	ck_assert_uint_eq(size, PRIVATE_KEY_SIZE);
	return ret_bytes;
}

static char *read_file(const char *path, size_t *ret_size)
{
	FILE *file = fopen(path, "re");
	char *text = malloc(16 << 20);

	ck_assert_msg(file && text, "%s", path);
	*ret_size = fread(text, 1, 16 << 20, file);
	ck_assert_uint_lt(*ret_size, 16 << 20);
	fclose(file);
	return text;
}

/* ---- what is kept: the daemon is ended, and its store opened ---- */

struct kept {
	struct store *store;
	struct store_reader *reader;
	struct keyring keyring;
	struct store_key key;
};

static struct kept *keep_open(void)
{
	struct kept *kept = calloc(1, sizeof(*kept));
	CLEANUP_FREE char *master = NULL;
	char folder[128], path[192], fault[512] = "";
	size_t size;

	stop();
	snprintf(folder, sizeof(folder), "%s/state", host.folder);
	snprintf(path, sizeof(path), "%s/" MASTER_KEY_FILE, folder);
	/* As bytes: crypto/master_key.h takes no file of another user's, and here the daemon may be one. */
	master = read_file(path, &size);
	ck_assert_uint_eq(size, CRYPTO_KEY_SIZE);
	ck_assert_msg(store_open(folder, false, &kept->store, fault, sizeof(fault)) == 0, "%s", fault);
	ck_assert_int_eq(store_reader_open(kept->store, &kept->reader), 0);
	ck_assert_int_eq(store_read_begin(kept->reader), 0);
	ck_assert_msg(keyring_load(kept->reader, (const uint8_t *)master, &kept->keyring, fault, sizeof(fault)) == 0,
		      "%s", fault);
	return kept;
}

static void keep_close(struct kept *kept)
{
	store_read_end(kept->reader);
	store_reader_close(kept->reader);
	store_close(kept->store);
	free(kept);
}

/* The secret of that number is the private key. */
static void expect_kept(struct kept *kept, const struct pair *pair, uint32_t number)
{
	uint8_t opened[PRIVATE_KEY_SIZE], bytes[PRIVATE_KEY_SIZE];
	const struct store_secret *secret = kept->key.secrets;

	ck_assert_int_eq(store_find_key(kept->reader, pair->public_key, &kept->key), 0);
	while (secret->number != number)
		ck_assert(++secret < kept->key.secrets + kept->key.secret_count);
	ck_assert_uint_eq(secret->form, STORE_FORM_PAIR);
	ck_assert_int_eq(private_key_open(kept->keyring.data, pair->public_key, number, secret->sealed, opened), 0);
	ck_assert_mem_eq(opened, bytes_of(pair->private_key, bytes), PRIVATE_KEY_SIZE);
}

START_TEST(a_pair_is_shown_once_and_kept_sealed)
{
	struct pair pair = make("pair"), other = make("other");
	struct message_key key;
	struct kept *kept;

	ck_assert_str_ne(pair.public_key, other.public_key);
	ck_assert_str_ne(pair.private_key, other.private_key);
	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, NULL, pair.public_key, &key), ANSWER_OK, NULL);
	ck_assert_str_eq(key.name, "pair");
	ck_assert_str_eq(key.kind, "pair");
	ck_assert_ptr_null(key.private_key);
	ck_assert_ptr_null(key.secret);
	expect_answer(admin, refer(admin, WIRE_KEY_DEACTIVATE, NULL, pair.public_key, &key), ANSWER_OK, NULL);
	ck_assert_ptr_null(key.private_key);
	expect_answer(admin, refer(admin, WIRE_KEY_ACTIVATE, NULL, "alice/pair", &key), ANSWER_OK, NULL);
	kept = keep_open();
	expect_kept(kept, &pair, 1);
	expect_kept(kept, &other, 1);
	keep_close(kept);
}
END_TEST

START_TEST(a_rotated_pair_keeps_its_public_key)
{
	struct pair first = make("pair"), second, third;
	struct message_key_retire end = { .key = "alice/pair" };
	struct message_secret secret;
	struct message_key key;
	struct kept *kept;

	second = rotated("alice/pair", &(struct message_key_rotate){ .overlap = DAY });
	third = rotated(first.public_key, &(struct message_key_rotate){ .now = 1, .expected = 2 });
	ck_assert_str_eq(second.public_key, first.public_key);
	ck_assert_str_eq(third.public_key, first.public_key);
	ck_assert_str_ne(second.private_key, first.private_key);
	ck_assert_str_ne(third.private_key, second.private_key);
	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, NULL, "alice/pair", &key), ANSWER_OK, NULL);
	ck_assert_uint_eq(key.secrets.count, 3);
	ck_assert(codec_next_record(&key.secrets, &message_secret, &secret));
	ck_assert_int_gt(secret.retires, clock_wall_seconds());
	/* The one that overlaps is ended by hand too, and its bytes go with that of the one before. */
	expect_answer(admin, retire(admin, &end, &key), ANSWER_OK, NULL);
	ck_assert_ptr_null(key.private_key);
	kept = keep_open();
	expect_kept(kept, &third, 3);
	ck_assert_uint_eq(kept->key.secret_count, 3);
	for (size_t i = 0; i < 2; i++) {
		static const uint8_t nothing[STORE_SEALED_SIZE];

		ck_assert_uint_eq(kept->key.secrets[i].form, STORE_FORM_ENDED);
		ck_assert_mem_eq(kept->key.secrets[i].sealed, nothing, STORE_SEALED_SIZE);
	}
	keep_close(kept);
}
END_TEST

START_TEST(the_one_before_stays_good_for_the_overlap)
{
	struct pair pairs[STORE_SECRETS_MAX];
	struct message_key_rotate more = { .key = "alice/pair" };
	struct message_key key;
	struct kept *kept;

	pairs[0] = make("pair");
	for (size_t i = 1; i < STORE_SECRETS_MAX; i++)
		pairs[i] = rotated("alice/pair", &(struct message_key_rotate){ .overlap = DAY });
	expect_answer(admin, rotate(admin, &more, &key), ANSWER_WRONG_STATE, "still good");
	kept = keep_open();
	for (size_t i = 0; i < STORE_SECRETS_MAX; i++)
		expect_kept(kept, &pairs[i], (uint32_t)i + 1);
	keep_close(kept);
}
END_TEST

START_TEST(a_pair_that_was_made_elsewhere_is_taken)
{
	struct message_key_create request = brought("foreign");
	struct pair foreign = { FOREIGN_PUBLIC, FOREIGN_PRIVATE }, second;
	CLEANUP_FREE char *audit = NULL;
	struct message_key key;
	struct kept *kept;

	expect_answer(admin, create(admin, &request, &key), ANSWER_OK, NULL);
	ck_assert_str_eq(key.id, FOREIGN_PUBLIC);
	ck_assert_str_eq(key.kind, "pair");
	/* Who brought it has it. */
	ck_assert_ptr_null(key.private_key);
	second = rotated(FOREIGN_PUBLIC, &(struct message_key_rotate){ .overlap = DAY });
	audit = host_read(&host, "log/audit.jsonl");
	ck_assert_ptr_nonnull(strstr(audit, "\"event\":\"key_import\""));
	ck_assert_ptr_null(strstr(audit, "AGHY"));
	kept = keep_open();
	expect_kept(kept, &foreign, 1);
	expect_kept(kept, &second, 2);
	keep_close(kept);
}
END_TEST

/* The request must be refused, and nothing of a private key be said. */
static void refused(const struct message_key_create *request, enum answer answer, const char *detail)
{
	struct message_key key;

	expect_answer(admin, create(admin, request, &key), answer, detail);
	ck_assert_ptr_null(strstr(admin->detail, "AGHY"));
}

START_TEST(what_is_taken_is_refused)
{
	struct message_key_create first = brought("first"), second = brought("second");
	struct pair own = make("own");
	struct message_key key;

	expect_answer(admin, create(admin, &first, &key), ANSWER_OK, NULL);
	refused(&first, ANSWER_EXISTS, "named 'first'");
	refused(&second, ANSWER_EXISTS, "that of alice/first");
	/* Another public key does not make it another private key. */
	second.public_key = "a123456b-c12c-123d-1ab4-18bd8c8e88a4";
	refused(&second, ANSWER_EXISTS, "another key has, or had, this private key");
	second.private_key = own.private_key;
	refused(&second, ANSWER_EXISTS, "another key has, or had, this private key");
	/* Nor does a deleted key give its public key away; its private key is anybody's then. */
	expect_answer(admin, refer(admin, WIRE_KEY_DELETE, NULL, FOREIGN_PUBLIC, &key), ANSWER_OK, NULL);
	refused(&first, ANSWER_EXISTS, "never used again");
	second.private_key = FOREIGN_PRIVATE;
	expect_answer(admin, create(admin, &second, &key), ANSWER_OK, NULL);
}
END_TEST

START_TEST(what_is_no_pair_is_refused)
{
	struct message_key_create request = brought("wrong");
	struct message_key key;

	request.kind = "rsa";
	refused(&request, ANSWER_INVALID, "opaque or pair");
	request.kind = NULL;
	refused(&request, ANSWER_INVALID, "the kind pair alone");
	request.kind = MESSAGE_KIND_OPAQUE;
	refused(&request, ANSWER_INVALID, "the kind pair alone");
	request.kind = MESSAGE_KIND_PAIR;
	request.public_key = NULL;
	refused(&request, ANSWER_INVALID, "missing");
	request.public_key = "A123456B-C12C-123D-1AB4-18BD8C8E88A3";
	refused(&request, ANSWER_INVALID, "upper-case");
	request.public_key = FOREIGN_PRIVATE;
	request.private_key = FOREIGN_PUBLIC;
	refused(&request, ANSWER_INVALID, "no public key");
	request.public_key = FOREIGN_PUBLIC;
	refused(&request, ANSWER_INVALID, "no private key");
	request.private_key = NULL;
	refused(&request, ANSWER_INVALID, "missing");
	/* Nothing came of any of it. */
	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, NULL, FOREIGN_PUBLIC, &key), ANSWER_NOT_FOUND, NULL);
	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, NULL, "alice/wrong", &key), ANSWER_NOT_FOUND, NULL);
	request.private_key = FOREIGN_PRIVATE;
	expect_answer(admin, create(admin, &request, &key), ANSWER_OK, NULL);
}
END_TEST

START_TEST(a_key_makes_pairs_and_imports_none)
{
	struct message_key_create request = wanted("made"), import = brought("taken");
	struct wire_key actor = wire_make_key(
		&host, &(struct message_key_create){
			       .name = "actor", .permissions = wire_texts("apikeyd.keys.write", "test.use", NULL) });
	struct message_key key;

	request.credential = import.credential = actor.secret;
	expect_answer(admin, create(admin, &request, &key), ANSWER_OK, NULL);
	(void)shown(&key);
	refused(&import, ANSWER_NOT_PERMITTED, "only administrators import a pair");
	/* Whether the public key is there is not told either, nor what is wrong with the pair. */
	import.credential = NULL;
	expect_answer(admin, create(admin, &import, &key), ANSWER_OK, NULL);
	import.credential = actor.secret;
	import.name = "again";
	refused(&import, ANSWER_NOT_PERMITTED, "only administrators import a pair");
	import.public_key = "nonsense";
	refused(&import, ANSWER_NOT_PERMITTED, "only administrators import a pair");
}
END_TEST

START_TEST(a_public_key_is_no_credential)
{
	struct pair pair = make("pair");
	struct message_explain question = { .subject = pair.public_key };
	struct message_verify request = { .service = host.service, .permission = "test.use" };
	const char *socket = geteuid() == 0 ? WIRE_LOGIN_SOCKET : WIRE_VERIFY_SOCKET;
	struct message_key_create create_request = wanted("x");
	char opaque[CREDENTIAL_OPAQUE_MAX + 1];
	struct message_key key;

	ck_assert_int_ne((int)explain(admin, &question).verdict, VERDICT_GRANTED);
	request.credential = pair.public_key;
	ck_assert_int_eq((int)wire_verify(&host, socket, &request).verdict, VERDICT_DENIED);
	request.credential = pair.private_key;
	ck_assert_int_eq((int)wire_verify(&host, socket, &request).verdict, VERDICT_DENIED);
	/* A token that is well-formed, with the beginning of the public key for an id. */
	credential_write_opaque(false, pair.public_key + 24, "0123456789abcdef0123456789abcdef", opaque);
	request.credential = opaque;
	ck_assert_int_eq((int)wire_verify(&host, socket, &request).verdict, VERDICT_DENIED);
	create_request.credential = pair.public_key;
	ck_assert_int_eq((int)create(admin, &create_request, &key), ANSWER_BAD_CREDENTIAL);
	/* By id it is judged as if its private key had signed. */
	question = (struct message_explain){ .key = pair.public_key, .permission = "test.use" };
	ck_assert_int_eq((int)explain(admin, &question).verdict, VERDICT_GRANTED);
}
END_TEST

START_TEST(a_test_key_can_be_a_pair)
{
	struct message_key_create request = wanted("trial");
	struct message_key key;

	request.test = 1;
	request.permissions = wire_texts("pam.sshd", NULL);
	refused(&request, ANSWER_INVALID, "a test key");
	request.permissions = wire_texts("test.use", NULL);
	expect_answer(admin, create(admin, &request, &key), ANSWER_OK, NULL);
	ck_assert_uint_eq(key.test, 1);
	(void)shown(&key);
}
END_TEST

/* ---- where a private key must not be ---- */

static bool holds(const char *text, size_t size, const struct pair *pair)
{
	uint8_t bytes[PRIVATE_KEY_SIZE];

	/* Half of it is enough. */
	return memmem(text, size, bytes_of(pair->private_key, bytes), PRIVATE_KEY_SIZE / 2) ||
	       memmem(text, size, pair->private_key, KEY_PAIR_TEXT_SIZE / 2);
}

/* Looks through all files of a folder of the host; returns how many of them hold the public key. */
static unsigned int search(const char *name, const struct pair *pairs, size_t count)
{
	CLEANUP_FREE char *folder = NULL;
	unsigned int found = 0;
	struct dirent *entry;
	DIR *listing;

	ck_assert_int_gt(asprintf(&folder, "%s/%s", host.folder, name), 0);
	listing = opendir(folder);
	ck_assert_msg(listing != NULL, "%s", folder);
	while ((entry = readdir(listing))) {
		CLEANUP_FREE char *path = NULL, *text = NULL;
		size_t size;

		if (entry->d_type != DT_REG)
			continue;
		ck_assert_int_gt(asprintf(&path, "%s/%s", folder, entry->d_name), 0);
		text = read_file(path, &size);
		for (size_t i = 0; i < count; i++)
			ck_assert_msg(!holds(text, size, &pairs[i]), "%s holds a private key", path);
		found += memmem(text, size, pairs[0].public_key, CREDENTIAL_PUBLIC_KEY_SIZE) != NULL;
	}
	closedir(listing);
	return found;
}

/* The bytes of a backup, as a client gets them. */
static size_t read_backup(char *text, size_t room)
{
	struct message_status open = { .credential = NULL };
	struct message_backup backup;
	struct message_part request = { .offset = 0 }, part;

	expect_answer(admin, wire_ask(admin, WIRE_BACKUP_OPEN, &message_status, &open, &message_backup, &backup),
		      ANSWER_OK, NULL);
	do {
		expect_answer(admin, wire_ask(admin, WIRE_BACKUP_READ, &message_part, &request, &message_part, &part),
			      ANSWER_OK, NULL);
		ck_assert_uint_le(request.offset + part.bytes.size, room);
		if (part.bytes.size > 0)
			memcpy(text + request.offset, part.bytes.data, part.bytes.size);
		request.offset += part.bytes.size;
	} while (part.bytes.size > 0);
	return request.offset;
}

START_TEST(no_file_holds_a_private_key)
{
	static char backup[8 << 20];
	struct pair pairs[] = { make("pair"), { FOREIGN_PUBLIC, FOREIGN_PRIVATE }, { "", "" } };
	struct message_key_create request = brought("foreign");
	struct message_key key;
	size_t size;

	expect_answer(admin, create(admin, &request, &key), ANSWER_OK, NULL);
	pairs[2] = rotated("alice/pair", &(struct message_key_rotate){ .overlap = DAY });
	/* In the write-ahead log, and in the audit's file. */
	ck_assert_uint_ge(search("state", pairs, ARRAY_SIZE(pairs)), 1);
	ck_assert_uint_ge(search("log", pairs, ARRAY_SIZE(pairs)), 1);
	(void)search(".", pairs, ARRAY_SIZE(pairs));
	size = read_backup(backup, sizeof(backup));
	ck_assert_ptr_nonnull(memmem(backup, size, FOREIGN_PUBLIC, strlen(FOREIGN_PUBLIC)));
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		ck_assert(!holds(backup, size, &pairs[i]));
	/* In the database, once the log has been copied into it. */
	stop();
	ck_assert_uint_ge(search("state", pairs, ARRAY_SIZE(pairs)), 1);
}
END_TEST

START_TEST(what_was_acknowledged_outlives_a_kill)
{
	struct pair made[4], second[4];
	char name[16];
	struct kept *kept;

	for (size_t i = 0; i < ARRAY_SIZE(made); i++) {
		snprintf(name, sizeof(name), "alice/%zu", i);
		made[i] = make(name + strlen("alice/"));
		if (i % 2 == 0)
			second[i] = rotated(name, &(struct message_key_rotate){ .overlap = DAY });
		wire_close(admin);
		host_end(&host, SIGKILL);
		host_start(&host);
		admin = wire_open(&host, WIRE_ADMIN_SOCKET);
	}
	kept = keep_open();
	for (size_t i = 0; i < ARRAY_SIZE(made); i++) {
		expect_kept(kept, &made[i], 1);
		if (i % 2 == 0)
			expect_kept(kept, &second[i], 2);
	}
	keep_close(kept);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("daemon-pair");
	TCase *cases = tcase_create("cases");

	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_set_timeout(cases, 60);
	tcase_add_test(cases, a_pair_is_shown_once_and_kept_sealed);
	tcase_add_test(cases, a_rotated_pair_keeps_its_public_key);
	tcase_add_test(cases, the_one_before_stays_good_for_the_overlap);
	tcase_add_test(cases, a_pair_that_was_made_elsewhere_is_taken);
	tcase_add_test(cases, what_is_taken_is_refused);
	tcase_add_test(cases, what_is_no_pair_is_refused);
	tcase_add_test(cases, a_key_makes_pairs_and_imports_none);
	tcase_add_test(cases, a_public_key_is_no_credential);
	tcase_add_test(cases, a_test_key_can_be_a_pair);
	tcase_add_test(cases, no_file_holds_a_private_key);
	tcase_add_test(cases, what_was_acknowledged_outlives_a_kill);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
