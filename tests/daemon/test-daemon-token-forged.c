/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Every way to write an access token that nobody has issued: another header, another signature, another text for the
 * same bytes, and payloads as no daemon writes them, rightly signed. Each is refused with a reason of its own in the
 * audit and to explain.
 */
#include <signal.h>
#include <string.h>

#include "common/encoding.h"
#include "crypto/master_key.h"
#include "daemon/keyring.h"
#include "daemon/signing_key.h"
#include "tests/daemon/admin-fixture.h"
#include "tests/daemon/admin-requests.h"
#include "tests/daemon/token-client.h"
#include "tests/suite.h"

#define HEADER "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"

static void open_host(void)
{
	begin();
	/* A good token, to be changed. */
	token_issue(&host, opaque.secret);
}

/* NULL: nothing is said but the reason. */
static void expect_told(const char *text, enum reason reason, const char *detail)
{
	struct message_explain question = { .subject = text, .user = "alice", .permission = "test.use" };
	struct message_explanation explanation;
	CLEANUP_FREE char *record = NULL;
	struct message_step step;

	expect(text, reason);
	record = last_record();
	ck_assert_msg(strstr(record, reason_name(reason)) != NULL, "%s", record);
	ck_assert_msg(!detail || strstr(record, detail) != NULL, "\"%s\" is missing in %s", detail, record);
	/* No part of it that could be used. */
	ck_assert_ptr_null(strstr(record, "eyJ"));
	explanation = explain(admin, &question);
	ck_assert_uint_eq(explanation.reason, reason);
	ck_assert(codec_next_record(&explanation.steps, &message_step, &step));
	ck_assert_msg(!detail || strstr(step.detail, detail) != NULL, "\"%s\" is missing in %s", detail, step.detail);
}

/* What others are told is the same for all of them. */
static void expect_denied(const char *text)
{
	struct message_verify request = request_for(text);
	struct message_verdict said;

	request.service = host.service;
	said = wire_verify(&host, WIRE_VERIFY_SOCKET, &request);
	ck_assert_uint_eq(said.verdict, VERDICT_DENIED);
	ck_assert_uint_eq(said.reason, REASON_NONE);
	ck_assert_ptr_null(said.key_id);
}

static const struct {
	const char *header, *detail;
} headers[] = {
	{ "{\"alg\":\"none\",\"typ\":\"JWT\"}", "not signed (alg none)" },
	{ "{\"alg\":\"NonE\",\"typ\":\"JWT\"}", "not signed (alg none)" },
	{ "{\"alg\":\"RS256\",\"typ\":\"JWT\"}", "another algorithm than HS256" },
	{ "{\"alg\":\"HS512\",\"typ\":\"JWT\"}", "another algorithm than HS256" },
	{ "{\"alg\":\"hs256\",\"typ\":\"JWT\"}", "HS256 in another case" },
	{ "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"1\"}", "has more than" },
	{ "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"crit\":[\"exp\"]}", "has more than" },
	{ "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"alg\":\"none\"}", "has more than" },
	{ "{\"alg\":\"HS256\",\"typ\":\"JWT\" }", "has more than" },
	{ "{\"typ\":\"JWT\",\"alg\":\"HS256\"}", "has more than" },
	{ "{\"typ\":\"JWT\"}", "names no algorithm" },
	{ "{}", "names no algorithm" },
};

/* What is no access token might be an imported secret, which nobody has. */
START_TEST(the_header_is_one_text)
{
	const char *rest = access_token + strlen(HEADER);

	for (size_t i = 0; i < ARRAY_SIZE(headers); i++) {
		char encoded[128], text[sizeof(encoded) + sizeof(access_token)];

		encoding_base64url_encode(headers[i].header, strlen(headers[i].header), encoded);
		snprintf(text, sizeof(text), "%s%s", encoded, rest);
		expect_told(text, REASON_UNKNOWN_KEY, headers[i].detail);
		expect_denied(text);
		/* Without a signature, as where there is none. */
		*(strrchr(text, '.') + 1) = '\0';
		expect_told(text, REASON_UNKNOWN_KEY, headers[i].detail);
	}
	/* It is none the worse. */
	expect(access_token, REASON_NONE);
}
END_TEST

/* What is put between the parts of a good token. */
static const struct {
	const char *before, *after_header, *after_payload, *after_mac;
	enum reason reason;
	const char *detail;
} additions[] = {
	{ "", "=", "", "", REASON_UNKNOWN_KEY, "encoded in another way" },
	{ "", "==", "", "", REASON_UNKNOWN_KEY, "encoded in another way" },
	{ "", "\n", "", "", REASON_NOT_A_CREDENTIAL, NULL }, /* nothing with a line break is looked at */
	{ " ", "", "", "", REASON_UNKNOWN_KEY, "encoded in another way" },
	{ "", "", "=", "", REASON_MALFORMED, "payload of the access token has a character" },
	{ "", "", "==", "", REASON_MALFORMED, "payload of the access token has a character" },
	{ "", "", "+", "", REASON_MALFORMED, "payload of the access token has a character" },
	{ "", "", "\n", "", REASON_MALFORMED, "payload of the access token has a character" },
	{ "", "", "", "=", REASON_MALFORMED, "signature of the access token has a character" },
	{ "", "", "", "\n", REASON_MALFORMED, "signature of the access token has a character" },
	{ "", "", "", " ", REASON_MALFORMED, "signature of the access token has a character" },
	{ "", "", "", "A", REASON_MALFORMED, "more than 43 characters" },
	{ "", "", "", ".", REASON_MALFORMED, "more than three parts" },
	{ "", "", "", ".AAAA", REASON_MALFORMED, "more than three parts" },
	{ "", ".", "", "", REASON_MALFORMED, "payload of the access token is empty" },
};

START_TEST(a_token_has_one_text)
{
	char *payload = access_token + strlen(HEADER) + 1, *mac = strrchr(access_token, '.') + 1;

	for (size_t i = 0; i < ARRAY_SIZE(additions); i++) {
		char text[sizeof(access_token) + 32];

		snprintf(text, sizeof(text), "%s%s%s.%.*s%s.%s%s", additions[i].before, HEADER,
			 additions[i].after_header, (int)(mac - 1 - payload), payload, additions[i].after_payload, mac,
			 additions[i].after_mac);
		expect_told(text, additions[i].reason, additions[i].detail);
		expect_denied(text);
	}
	expect(access_token, REASON_NONE);
}
END_TEST

START_TEST(a_signature_is_whole_and_right)
{
	char text[sizeof(access_token)], *payload = text + strlen(HEADER) + 1, *mac;

	/* Each length that is too short. */
	strcpy(text, access_token);
	mac = strrchr(text, '.') + 1;
	for (size_t less = strlen(mac); less-- > 0;) {
		mac[less] = '\0';
		if (less % 11 == 0 || less > 40)
			expect_told(text, REASON_TRUNCATED, "cut short");
	}
	mac[-1] = '\0';
	expect_told(text, REASON_TRUNCATED, "cut short");
	payload[4] = '\0';
	expect_told(text, REASON_TRUNCATED, "cut short");
	/* The last digit holds four bits that count, and two that must be 0. */
	strcpy(text, access_token);
	text[strlen(text) - 1]++;
	expect_told(text, REASON_MALFORMED, "bits are set that mean nothing");
	/* Each digit of the MAC counts, those of the payload too. */
	for (size_t i = 0; i < ENCODING_BASE64URL_SIZE(CRYPTO_MAC_SIZE) - 1; i += 7) {
		strcpy(text, access_token);
		mac[-1] = '.';
		mac[i] = mac[i] == 'A' ? 'B' : 'A';
		expect_told(text, REASON_BAD_SIGNATURE, NULL);
	}
	strcpy(text, access_token);
	payload[10] = payload[10] == 'A' ? 'B' : 'A';
	expect_told(text, REASON_BAD_SIGNATURE, NULL);
	expect_denied(text);
	expect(access_token, REASON_NONE);
}
END_TEST

/* A text of the protocol ends where it says; one that goes on behind a NUL is not judged at all. */
START_TEST(a_nul_ends_the_connection)
{
	struct wire_client *client = wire_open(&host, WIRE_LOGIN_SOCKET);
	struct message_verify request = request_for(access_token);
	unsigned char packet[WIRE_VERIFY_PACKET_MAX], *found;
	size_t size;

	ck_assert_int_eq(codec_encode(&message_verify, &request,
				      (struct codec_header){ .type = WIRE_VERIFY, .request_id = 1 }, packet,
				      sizeof(packet), &size),
			 0);
	found = memmem(packet, size, access_token, strlen(access_token));
	ck_assert_ptr_nonnull(found);
	found[strlen(access_token) - 1] = '\0';
	wire_send_bytes(client, packet, size);
	wire_expect_end(client);
	wire_close(client);
	expect(access_token, REASON_NONE);
}
END_TEST

/* ---- payloads, rightly signed ---- */

static const struct {
	int64_t issued, expires; /* from now */
	const char *format;      /* subject, issued, not before, expires */
	enum reason reason;
	const char *detail;
} payloads[] = {
#define SIDES "\"iss\":\"apikeyd\",\"aud\":\"apikeyd\","
#define BEGIN "{" SIDES "\"sub\":\"%s\",\"account\":\"default\",\"tenant\":\"default\","
#define TIMES "\"iat\":%" PRId64 ",\"nbf\":%" PRId64 ",\"exp\":%" PRId64
#define REST ",\"jti\":\"forged\",\"secret_number\":1}"
	{ -1, 9000, BEGIN TIMES REST, REASON_NONE, NULL },
	{ -1, 9000, BEGIN TIMES REST, REASON_TOKEN_USED, NULL },
	/* dates */
	{ -100, -1, BEGIN TIMES REST, REASON_TOKEN_EXPIRED, NULL },
	{ -100, 0, BEGIN TIMES REST, REASON_TOKEN_EXPIRED, NULL },
	{ 5000, 9000, BEGIN TIMES REST, REASON_NOT_YET_VALID, NULL },
	{ -1, 86401, BEGIN TIMES REST, REASON_MALFORMED, "lives for longer than any may" },
	{ -1, -1, BEGIN TIMES REST, REASON_MALFORMED, "ends before it begins" },
	/* numbers */
	{ -1, 100, BEGIN TIMES "000" REST, REASON_MALFORMED, "in milliseconds" },
	{ -1, 100, BEGIN TIMES ".5" REST, REASON_MALFORMED, "no whole number" },
	{ -1, 100, BEGIN TIMES ".0" REST, REASON_MALFORMED, "no whole number" },
	{ -1, 100, BEGIN TIMES "e0" REST, REASON_MALFORMED, "no whole number" },
	{ -1, 100, BEGIN TIMES "e400" REST, REASON_MALFORMED, "no whole number" },
	{ -1, 100, BEGIN TIMES "99999999999999999999" REST, REASON_MALFORMED, "no whole number" },
	{ -1, 100, BEGIN "\"x\":" TIMES REST, REASON_MALFORMED, "not one JSON object" },
	{ -1, 100, BEGIN TIMES ",\"jti\":\"forged\",\"secret_number\":4294967297}", REASON_MALFORMED, "no whole" },
	{ -1, 100, BEGIN TIMES ",\"jti\":\"forged\",\"secret_number\":-1}", REASON_MALFORMED, "no whole number" },
	/* members: twice, unknown, missing, of another form */
	{ -1, 100, BEGIN TIMES ",\"exp\":1790000000" REST, REASON_MALFORMED, "says something twice" },
	{ -1, 100, BEGIN TIMES ",\"jt\\u0069\":\"other\"" REST, REASON_MALFORMED, "says something twice" },
	{ -1, 100, BEGIN TIMES ",\"admin\":true" REST, REASON_MALFORMED, "does not know" },
	{ -1, 100, BEGIN TIMES ",\"jti\":\"forged\"}", REASON_MALFORMED, "lacks something" },
	{ -1, 100, BEGIN TIMES ",\"jti\":1,\"secret_number\":1}", REASON_MALFORMED, "A text in the payload" },
	{ -1, 100, BEGIN TIMES ",\"jti\":\"\",\"secret_number\":1}", REASON_MALFORMED, "A text in the payload" },
	{ -1, 100, BEGIN TIMES ",\"jti\":\"../x\",\"secret_number\":1}", REASON_MALFORMED, "A text in the payload" },
	{ -1, 100, BEGIN TIMES ",\"jti\":\"a\\u0000b\",\"secret_number\":1}", REASON_MALFORMED, "NUL" },
	{ -1, 100, BEGIN TIMES ",\"j\\u0000ti\":\"a\"" REST, REASON_MALFORMED, "NUL" },
	/* another key, tenant, or side */
	{ -1, 100, BEGIN TIMES ",\"jti\":\"other\",\"secret_number\":2}", REASON_SECRET_RETIRED, NULL },
	{ -1, 100, "{" SIDES "\"sub\":\"no %.0skey\",\"account\":\"default\"," TIMES REST, REASON_MALFORMED,
	  "no key's id" },
	{ -1, 100, "{" SIDES "\"sub\":\"%.0s000000000000\",\"account\":\"default\"," TIMES REST, REASON_UNKNOWN_KEY,
	  NULL },
	{ -1, 100, "{" SIDES "\"sub\":\"%s\",\"account\":\"default\"," TIMES REST, REASON_WRONG_TENANT, NULL },
	{ -1, 100, "{" SIDES "\"sub\":\"%s\",\"account\":\"default\",\"tenant\":\"x\"," TIMES REST, REASON_WRONG_TENANT,
	  NULL },
	{ -1, 100, "{" SIDES "\"sub\":\"%s\",\"account\":\"x\",\"tenant\":\"default\"," TIMES REST, REASON_WRONG_TENANT,
	  NULL },
	{ -1, 100,
	  "{\"iss\":\"apikeyd\",\"aud\":\"other\",\"sub\":\"%s\",\"account\":\"default\",\"tenant\":\"default\"," TIMES
		  REST,
	  REASON_MALFORMED, "another issuer, or for another audience" },
	{ -1, 100,
	  "{\"iss\":\"other\",\"aud\":\"apikeyd\",\"sub\":\"%s\",\"account\":\"default\",\"tenant\":\"default\"," TIMES
		  REST,
	  REASON_MALFORMED, "another issuer, or for another audience" },
	/* what is no object */
	{ -1, 100, "%.0s[%" PRId64 ",%" PRId64 ",%" PRId64 "]", REASON_MALFORMED, "not one JSON object" },
	{ -1, 100, BEGIN TIMES REST "{}", REASON_MALFORMED, "not one JSON object" },
	{ -1, 100, BEGIN TIMES REST "\n//", REASON_MALFORMED, "not one JSON object" },
};

struct forger {
	struct store *store;
	struct store_reader *reader;
	struct keyring keyring;
};

/* The keys, unsealed as the daemon does, which does not run meanwhile. */
static void forger_open(struct forger *ret_forger)
{
	char path[128], fault[512];
	uint8_t master[CRYPTO_KEY_SIZE];
	FILE *file;

	snprintf(path, sizeof(path), "%s/state/" MASTER_KEY_FILE, host.folder);
	file = fopen(path, "re");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fread(master, 1, sizeof(master), file), sizeof(master));
	fclose(file);
	snprintf(path, sizeof(path), "%s/state", host.folder);
	ck_assert_int_eq(store_open(path, false, &ret_forger->store, fault, sizeof(fault)), 0);
	ck_assert_int_eq(store_reader_open(ret_forger->store, &ret_forger->reader), 0);
	ck_assert_int_eq(keyring_load(ret_forger->reader, master, &ret_forger->keyring, fault, sizeof(fault)), 0);
}

static void forger_close(struct forger *forger)
{
	keyring_done(&forger->keyring);
	store_reader_close(forger->reader);
	store_close(forger->store);
}

static void forge(struct forger *forger, const char *payload, size_t size, char ret_text[TOKEN_SIZE_MAX + 1])
{
	ck_assert_int_eq(signing_key_sign(forger->reader, forger->keyring.data, payload, size, ret_text), 0);
}

START_TEST(a_payload_that_was_never_issued)
{
	static char texts[ARRAY_SIZE(payloads)][TOKEN_SIZE_MAX + 1], cut[TOKEN_SIZE_MAX + 1], utf8[TOKEN_SIZE_MAX + 1];
	struct forger forger;
	char payload[TOKEN_PAYLOAD_MAX + 1];
	int64_t now;

	wire_close(admin);
	host_end(&host, SIGKILL);
	forger_open(&forger);
	now = clock_wall_seconds();
	for (size_t i = 0; i < ARRAY_SIZE(payloads); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(payload, sizeof(payload), payloads[i].format, opaque.id, now + payloads[i].issued,
			 now + payloads[i].issued, now + payloads[i].expires);
#pragma GCC diagnostic pop
		forge(&forger, payload, strlen(payload), texts[i]);
	}
	snprintf(payload, sizeof(payload), BEGIN TIMES REST, opaque.id, now, now, now + 1000);
	/* A good one goes on behind its end. */
	forge(&forger, payload, strlen(payload) + 1, cut);
	payload[strlen(payload) - strlen(REST) + strlen(",\"jti\":\"")] = '\xff';
	forge(&forger, payload, strlen(payload), utf8);
	forger_close(&forger);
	host_start(&host);
	admin = wire_open(&host, WIRE_ADMIN_SOCKET);
	for (size_t i = 0; i < ARRAY_SIZE(payloads); i++) {
		if (payloads[i].reason == REASON_NONE) {
			expect(texts[i], REASON_NONE);
			continue;
		}
		expect_told(texts[i], payloads[i].reason, payloads[i].detail);
		expect_denied(texts[i]);
	}
	expect_told(cut, REASON_MALFORMED, "NUL");
	expect_told(utf8, REASON_MALFORMED, "not one JSON object");
	/* The one that it was got with. */
	expect(access_token, REASON_NONE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("daemon-token-forged");
	TCase *cases = tcase_create("forged");

	tcase_set_timeout(cases, 300);
	tcase_add_checked_fixture(cases, open_host, end);
	tcase_add_test(cases, the_header_is_one_text);
	tcase_add_test(cases, a_token_has_one_text);
	tcase_add_test(cases, a_signature_is_whole_and_right);
	tcase_add_test(cases, a_nul_ends_the_connection);
	tcase_add_test(cases, a_payload_that_was_never_issued);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
