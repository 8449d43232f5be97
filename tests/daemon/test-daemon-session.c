/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Sessions through the real daemon, with a register that the test writes itself, so that it can be slow, rude or gone:
 * who sees and ends which, what ends with a key, and that a revoke is done whatever becomes of the sessions. The real
 * register is asked in tests/callers and tests/boot.
 */
#include <check.h>
#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/socket.h"
#include "tests/daemon/wire-client.h"
#include "tests/suite.h"

#define SESSIONS_MOST 200
#define PAGE 25

enum manner {
	MANNER_SERVES = 0,
	MANNER_SILENT,
	MANNER_CLOSES,
	MANNER_GARBAGE,
	MANNER_OTHER,   /* answers what was not asked */
	MANNER_REFUSES, /* with an error */
	MANNER_ENDLESS, /* the same page again and again */
	MANNER_NO_END,  /* lists, and says nothing when asked to end one */
	MANNER_LINGERS, /* what is told to end goes on */
	MANNER_SLOW,    /* takes its time, many connections at once */
};

struct known {
	uint64_t number;
	char key[16], user[16];
	bool ending, gone;
};

/* What the register has, and what it was asked; in memory that it shares with the test. */
struct record {
	enum manner manner;
	size_t count;
	struct known sessions[SESSIONS_MOST];
	unsigned int connections, lists, ends;
	atomic_uint asked, most; /* MANNER_SLOW: questions that wait, now and at most */
};

static struct host host;
static struct record *record;
static pid_t server;

/* ---- the register ---- */

static struct message_session show(const struct known *known)
{
	return (struct message_session){ .session = known->number,
					 .leader = 4711,
					 .key_id = known->key,
					 .key_name = "laptop",
					 .owner = "alice",
					 .user = known->user,
					 .tenant = "default",
					 .service = "sshd",
					 .tty = "ssh",
					 .source = "192.0.2.7",
					 .since = 1800000000,
					 .ending = known->ending };
}

static size_t make_page(const struct message_session_list *asked, struct codec_header header, unsigned char *packet)
{
	static struct message_session sessions[PAGE];
	struct message_session_page page = { .sessions = { .items = sessions } };
	uint64_t after = record->manner == MANNER_ENDLESS ? 0 : asked->after;
	size_t size;

	for (size_t i = 0; i < record->count; i++) {
		const struct known *known = &record->sessions[i];

		if (known->gone || known->number <= after || (asked->key && strcmp(asked->key, known->key) != 0))
			continue;
		if (page.sessions.count == PAGE) {
			page.more = 1;
			break;
		}
		sessions[page.sessions.count++] = show(known);
	}
	if (record->manner == MANNER_ENDLESS)
		page.more = 1;
	if (codec_encode(&message_session_page, &page, header, packet, WIRE_PACKET_MAX, &size) < 0)
		_exit(2);
	return size;
}

static size_t make_error(enum answer answer, struct codec_header header, unsigned char *packet)
{
	struct message_error error = { .answer = answer, .detail = "no" };
	size_t size;

	header.type = WIRE_ERROR;
	if (codec_encode(&message_error, &error, header, packet, WIRE_PACKET_MAX, &size) < 0)
		_exit(2);
	return size;
}

/* Every seventh has processes that its end does not reach. */
static size_t make_end(uint64_t number, struct codec_header header, unsigned char *packet)
{
	for (size_t i = 0; i < record->count; i++) {
		struct known *known = &record->sessions[i];
		struct message_session session = show(known);
		size_t size;

		if (known->number != number || known->gone)
			continue;
		known->ending = true;
		known->gone = record->manner != MANNER_LINGERS;
		record->ends++;
		session.whole = number % 7 != 0;
		if (codec_encode(&message_session, &session, header, packet, WIRE_PACKET_MAX, &size) < 0)
			_exit(2);
		return size;
	}
	return make_error(ANSWER_NOT_FOUND, header, packet);
}

static size_t answer(const unsigned char *request, size_t size, unsigned char *packet)
{
	struct message_session_reference reference;
	struct message_session_list list;
	struct codec_header header;

	if (codec_decode_header(request, size, &header) < 0)
		_exit(2);
	if (header.type == WIRE_SESSION_LIST && codec_decode(&message_session_list, request, size, &list) == 0) {
		record->lists++;
		header.type |= WIRE_REPLY;
		size = make_page(&list, header, packet);
	} else if (header.type == WIRE_SESSION_END &&
		   codec_decode(&message_session_reference, request, size, &reference) == 0) {
		if (record->manner == MANNER_NO_END)
			return 0;
		header.type |= WIRE_REPLY;
		size = make_end(reference.session, header, packet);
	} else {
		_exit(2);
	}
	header.type &= (uint16_t)~WIRE_REPLY;
	switch (record->manner) {
	case MANNER_SILENT:
		return 0;
	case MANNER_GARBAGE:
		memset(packet, 'x', size);
		return size;
	case MANNER_OTHER:
		header.request_id += 1;
		return make_error(ANSWER_BUSY, header, packet);
	case MANNER_REFUSES:
		return make_error(ANSWER_BUSY, header, packet);
	default:
		return size;
	}
}

static size_t answer_slowly(const unsigned char *request, size_t size, unsigned char *packet)
{
	unsigned int asked = atomic_fetch_add(&record->asked, 1) + 1;

	if (asked > record->most)
		record->most = asked;
	usleep(20000);
	size = answer(request, size, packet);
	atomic_fetch_sub(&record->asked, 1);
	return size;
}

static void serve(int listener)
{
	static unsigned char request[WIRE_PACKET_MAX], packet[WIRE_PACKET_MAX];

	for (;;) {
		CLEANUP_CLOSE int fd = accept(listener, NULL, NULL);
		ssize_t size;

		if (fd < 0)
			_exit(3);
		record->connections++;
		if (record->manner == MANNER_SLOW && fork() != 0)
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (record->manner != MANNER_CLOSES && (size = recv(fd, request, sizeof(request), 0)) > 0) {
			size_t length = record->manner == MANNER_SLOW ? answer_slowly(request, (size_t)size, packet)
								      : answer(request, (size_t)size, packet);

			if (length > 0 && send(fd, packet, length, MSG_NOSIGNAL) < 0)
				break;
		}
		if (record->manner == MANNER_SLOW)
			_exit(0);
	}
}

static void start_register(void)
{
	struct sockaddr_un address;
	CLEANUP_CLOSE int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	char path[128];
	socklen_t size;

	snprintf(path, sizeof(path), "%s/" WIRE_SESSION_CONTROL_SOCKET, host.runtime);
	unlink(path);
	ck_assert_int_eq(socket_address(path, &address, &size), 0);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, size), 0);
	/* The daemon of a root run is nobody. */
	ck_assert_int_eq(chmod(path, 0666), 0);
	ck_assert_int_eq(listen(listener, 16), 0);
	server = fork();
	ck_assert_int_ge(server, 0);
	if (server == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGCHLD, SIG_IGN);
		serve(listener);
	}
}

static void stop_register(void)
{
	if (server <= 0)
		return;
	kill(server, SIGKILL);
	while (waitpid(server, NULL, 0) < 0 && errno == EINTR)
		;
	server = 0;
}

/* ---- the tests' beginning and end ---- */

static void start_with(const char *settings)
{
	record = mmap(NULL, sizeof(*record), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(record, MAP_FAILED);
	host_open(&host, settings);
	host_start(&host);
	start_register();
}

static void setup(void)
{
	start_with(NULL);
}

static void teardown(void)
{
	host_stop(&host);
	stop_register();
	host_remove(&host);
	munmap(record, sizeof(*record));
}

static struct wire_key make_key(const char *name)
{
	return wire_make_key(&host, &(struct message_key_create){ .name = name });
}

/* Registers sessions of a key; the first number. */
static uint64_t add_sessions(const char *key, const char *user, size_t count)
{
	uint64_t first = 1000 + 10 * record->count;

	for (size_t i = 0; i < count; i++) {
		struct known *known = &record->sessions[record->count];

		ck_assert_uint_lt(record->count, SESSIONS_MOST);
		known->number = 1000 + 10 * record->count++;
		snprintf(known->key, sizeof(known->key), "%s", key);
		snprintf(known->user, sizeof(known->user), "%s", user);
	}
	return first;
}

static size_t left_of(const char *key)
{
	size_t count = 0;

	for (size_t i = 0; i < record->count; i++)
		count += strcmp(record->sessions[i].key, key) == 0 && !record->sessions[i].gone;
	return count;
}

/* ---- list ---- */

/* How many are listed, all pages together. */
static size_t count_listed(struct message_session_query query)
{
	struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_session_view view;
	struct message_session session;
	size_t count = 0;

	do {
		uint64_t last = query.after;

		ck_assert_int_eq(wire_ask(client, WIRE_ADMIN_SESSION_LIST, &message_session_query, &query,
					  &message_session_view, &view),
				 ANSWER_OK);
		while (codec_next_record(&view.sessions, &message_session, &session)) {
			ck_assert_uint_gt(session.session, last);
			last = session.session;
			count++;
		}
		ck_assert(view.after == 0 || view.after >= last);
		query.after = view.after;
	} while (query.after != 0);
	wire_close(client);
	return count;
}

START_TEST(an_administrator_sees_all_page_by_page)
{
	struct wire_key key = make_key("laptop");

	ck_assert_uint_eq(count_listed((struct message_session_query){ .after = 0 }), 0);
	add_sessions(key.id, "alice", 60);
	add_sessions("another00000", "bob", 30);
	ck_assert_uint_eq(count_listed((struct message_session_query){ .after = 0 }), 90);
	ck_assert_uint_eq(count_listed((struct message_session_query){ .key = key.id }), 60);
	ck_assert_uint_eq(count_listed((struct message_session_query){ .key = "alice/laptop" }), 60);
	ck_assert_uint_eq(count_listed((struct message_session_query){ .key = "another00000" }), 30);
	ck_assert_uint_eq(count_listed((struct message_session_query){ .user = "bob" }), 30);
	ck_assert_uint_eq(count_listed((struct message_session_query){ .user = "carol" }), 0);
}
END_TEST

/* A key that acts reaches those of its tenant, and what is nobody's is nobody's. */
START_TEST(who_does_not_reach_the_key_sees_no_session)
{
	struct wire_key key = make_key("laptop");
	struct wire_key reader = wire_make_key(
		&host,
		&(struct message_key_create){ .name = "reader", .permissions = wire_texts("apikeyd.keys.read", NULL) });
	struct wire_key writer =
		wire_make_key(&host, &(struct message_key_create){
					     .name = "writer", .permissions = wire_texts("apikeyd.keys.write", NULL) });
	struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);
	uint64_t seen = add_sessions(key.id, "alice", 1), hidden = add_sessions("another00000", "bob", 1);
	const struct {
		const char *credential;
		uint64_t session;
		enum answer answer;
	} cases[] = {
		{ key.secret, seen, ANSWER_NOT_PERMITTED },
		{ reader.secret, seen, ANSWER_NOT_PERMITTED },
		{ writer.secret, hidden, ANSWER_NOT_FOUND },
		{ writer.secret, seen + 1, ANSWER_NOT_FOUND },
		{ writer.secret, 0, ANSWER_NOT_FOUND },
		{ writer.secret, INT64_MAX, ANSWER_NOT_FOUND },
		{ NULL, seen + 1, ANSWER_NOT_FOUND },
		{ writer.secret, seen, ANSWER_OK },
		{ NULL, seen, ANSWER_NOT_FOUND },
		{ NULL, hidden, ANSWER_OK },
	};

	ck_assert_uint_eq(count_listed((struct message_session_query){ .credential = reader.secret }), 1);
	ck_assert_uint_eq(count_listed((struct message_session_query){ .credential = writer.secret }), 1);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct message_session_choice choice = { .credential = cases[i].credential,
							 .session = cases[i].session,
							 .why = "test" };
		struct message_session session;

		ck_assert_int_eq(wire_ask(client, WIRE_ADMIN_SESSION_END, &message_session_choice, &choice,
					  &message_session, &session),
				 cases[i].answer);
	}
	wire_close(client);
	ck_assert_uint_eq(record->ends, 2);
}
END_TEST

struct own {
	const char *key;
	uint64_t own, other;
};

static void be_an_owner(void *data)
{
	const struct own *own = data;
	struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_session_choice choice = { .session = own->other };
	struct message_session session;

	ck_assert_uint_eq(count_listed((struct message_session_query){ .after = 0 }), 2);
	ck_assert_int_eq(
		wire_ask(client, WIRE_ADMIN_SESSION_END, &message_session_choice, &choice, &message_session, &session),
		ANSWER_NOT_FOUND);
	choice.session = own->own;
	ck_assert_int_eq(
		wire_ask(client, WIRE_ADMIN_SESSION_END, &message_session_choice, &choice, &message_session, &session),
		ANSWER_OK);
	ck_assert_str_eq(session.key_id, own->key);
	wire_close(client);
}

/* The user "daemon" is on every system, and has keys here. */
START_TEST(an_owner_sees_and_ends_what_own_keys_have_opened)
{
	const struct passwd *user = getpwnam("daemon");
	struct wire_key own, other;
	struct own told;

	if (geteuid() != 0 || !user)
		return;
	start_with("[daemon]\nminimum_uid = 1\n");
	own = wire_make_key(&host, &(struct message_key_create){ .name = "own", .owner = "daemon" });
	other = make_key("other");
	told = (struct own){ .key = own.id };
	told.own = add_sessions(own.id, "daemon", 2);
	told.other = add_sessions(other.id, "alice", 1);
	as_user(user->pw_uid, user->pw_gid, user->pw_gid, be_an_owner, &told);
	ck_assert_uint_eq(left_of(own.id), 1);
	ck_assert_uint_eq(left_of(other.id), 1);
	teardown();
}
END_TEST

START_TEST(the_end_of_a_session_is_recorded)
{
	struct wire_key key = make_key("laptop");
	struct message_session_choice choice = { .session = add_sessions(key.id, "alice", 1), .why = "odd hours" };
	struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);
	CLEANUP_FREE char *audit = NULL;
	struct message_session session;
	const char *at;

	ck_assert_int_eq(
		wire_ask(client, WIRE_ADMIN_SESSION_END, &message_session_choice, &choice, &message_session, &session),
		ANSWER_OK);
	ck_assert_uint_eq(session.session, choice.session);
	wire_close(client);
	audit = host_read(&host, "log/audit.jsonl");
	at = strstr(audit, "\"session_end\"");
	ck_assert_ptr_nonnull(at);
	ck_assert_ptr_nonnull(strstr(at, key.id));
	ck_assert_ptr_nonnull(strstr(at, "odd hours"));
	ck_assert_ptr_nonnull(strstr(at, "\"sshd\""));
}
END_TEST

/* ---- with the key ---- */

static const uint16_t ways[] = { WIRE_KEY_DEACTIVATE, WIRE_KEY_REVOKE, WIRE_KEY_DELETE };

/* The texts live in the client. */
static struct message_key end_key(struct wire_client *client, uint16_t way, const char *key, uint64_t sessions)
{
	struct message_key_reference request = { .key = key, .end_sessions = sessions };
	struct message_key ended;

	ck_assert_int_eq(wire_ask(client, way, &message_key_reference, &request, &message_key, &ended), ANSWER_OK);
	return ended;
}

static void expect_ended(const struct wire_key *key)
{
	struct message_verify request = {
		.credential = key->secret, .user = "alice", .service = "test", .permission = "test.use"
	};

	ck_assert_int_eq(wire_verify(&host, geteuid() == 0 ? WIRE_LOGIN_SOCKET : WIRE_VERIFY_SOCKET, &request).verdict,
			 VERDICT_DENIED);
}

START_TEST(the_sessions_of_a_key_end_with_it_and_no_others)
{
	struct wire_key key = make_key("laptop"), other = make_key("other");
	struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_key ended;

	add_sessions(other.id, "alice", 3);
	add_sessions(key.id, "alice", 60);
	add_sessions(other.id, "alice", 4);
	ended = end_key(client, ways[_i], key.id, MESSAGE_SESSIONS_END);
	ck_assert_str_eq(ended.id, key.id);
	ck_assert_uint_eq(ended.sessions_asked, 1);
	ck_assert_uint_eq(ended.sessions_ended, 60);
	ck_assert_uint_ge(ended.sessions_loose, 8);
	ck_assert_ptr_null(ended.sessions_fault);
	ck_assert_uint_eq(left_of(key.id), 0);
	ck_assert_uint_eq(left_of(other.id), 7);
	expect_ended(&key);
	wire_close(client);
}
END_TEST

START_TEST(a_key_that_is_revoked_already_may_still_have_some)
{
	struct wire_key key = make_key("laptop");
	struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_key ended;

	add_sessions(key.id, "alice", 2);
	ended = end_key(client, WIRE_KEY_REVOKE, key.id, MESSAGE_SESSIONS_KEEP);
	ck_assert_uint_eq(ended.sessions_asked, 0);
	ended = end_key(client, WIRE_KEY_REVOKE, key.id, MESSAGE_SESSIONS_END);
	ck_assert_uint_eq(ended.sessions_ended, 2);
	wire_close(client);
}
END_TEST

START_TEST(what_is_not_said_follows_the_policy)
{
	static const struct {
		const char *settings;
		uint64_t said;
		bool asked;
	} cases[] = {
		{ NULL, MESSAGE_SESSIONS_POLICY, false },
		{ NULL, MESSAGE_SESSIONS_END, true },
		{ "[policy]\nend_sessions = yes\n", MESSAGE_SESSIONS_POLICY, true },
		{ "[policy]\nend_sessions = yes\n", MESSAGE_SESSIONS_KEEP, false },
	};
	struct wire_client *client;
	struct message_key ended;
	struct wire_key key;

	start_with(cases[_i].settings);
	key = make_key("laptop");
	add_sessions(key.id, "alice", 1);
	client = wire_open(&host, WIRE_ADMIN_SOCKET);
	ended = end_key(client, WIRE_KEY_REVOKE, key.id, cases[_i].said);
	ck_assert_uint_eq(ended.sessions_asked, cases[_i].asked);
	ck_assert_uint_eq(record->connections, cases[_i].asked);
	ck_assert_uint_eq(left_of(key.id), !cases[_i].asked);
	wire_close(client);
	teardown();
}
END_TEST

/* ---- with many keys ---- */

/* The texts live in the client. */
static struct message_key_bulk_page end_keys(struct wire_client *client, const struct message_key_bulk *request)
{
	struct message_key_bulk_page page;

	ck_assert_int_eq(wire_ask(client, WIRE_KEY_BULK, &message_key_bulk, request, &message_key_bulk_page, &page),
			 ANSWER_OK);
	ck_assert_ptr_null(page.cursor);
	return page;
}

static const uint64_t actions[] = { MESSAGE_BULK_REVOKE, MESSAGE_BULK_DEACTIVATE };

START_TEST(the_sessions_of_many_keys_end_with_them_and_no_others)
{
	struct wire_key key = make_key("laptop"), second = make_key("second"), unused = make_key("unused");
	struct wire_key other = wire_make_key(&host, &(struct message_key_create){ .name = "laptop", .owner = "bob" });
	struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_key_bulk request = { .action = actions[_i],
					    .owner = "alice",
					    .end_sessions = MESSAGE_SESSIONS_END };
	CLEANUP_FREE char *audit = NULL;
	struct message_key_bulk_page page;
	size_t recorded = 0;

	add_sessions(other.id, "bob", 3);
	add_sessions(key.id, "alice", 30);
	add_sessions(second.id, "alice", 40);
	add_sessions(other.id, "bob", 2);
	request.dry_run = 1;
	page = end_keys(client, &request);
	ck_assert_uint_eq(page.touched, 3);
	ck_assert_uint_eq(page.sessions_asked, 0);
	ck_assert_uint_eq(record->connections, 0);
	request.dry_run = 0;
	page = end_keys(client, &request);
	ck_assert_uint_eq(page.touched, 3);
	ck_assert_uint_eq(page.keys.count, 3);
	ck_assert_uint_eq(page.sessions_asked, 1);
	ck_assert_uint_eq(page.sessions_ended, 70);
	ck_assert_uint_ge(page.sessions_loose, 9);
	ck_assert_ptr_null(page.sessions_fault);
	ck_assert_uint_eq(left_of(key.id), 0);
	ck_assert_uint_eq(left_of(second.id), 0);
	ck_assert_uint_eq(left_of(other.id), 5);
	expect_ended(&key);
	expect_ended(&unused);
	/* Each of them is in the audit. */
	audit = host_read(&host, "log/audit.jsonl");
	for (const char *at = audit; (at = strstr(at, "\"session_end\"")); at++)
		recorded++;
	ck_assert_uint_eq(recorded, 70);
	wire_close(client);
}
END_TEST

/* Or what was cut short before they were ended, and done again, would leave them. */
START_TEST(those_of_keys_that_had_ended_before_end_too)
{
	struct wire_key key = make_key("laptop");
	struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_key_bulk request = { .action = MESSAGE_BULK_REVOKE, .owner = "alice" };
	struct message_key_bulk_page page;

	add_sessions(key.id, "alice", 2);
	page = end_keys(client, &request);
	ck_assert_uint_eq(page.touched, 1);
	ck_assert_uint_eq(page.sessions_asked, 0);
	ck_assert_uint_eq(left_of(key.id), 2);
	request.end_sessions = MESSAGE_SESSIONS_END;
	page = end_keys(client, &request);
	ck_assert_uint_eq(page.touched, 0);
	ck_assert_uint_eq(page.already, 1);
	ck_assert_uint_eq(page.sessions_ended, 2);
	wire_close(client);
}
END_TEST

START_TEST(those_of_keys_that_are_named_end)
{
	struct wire_key key = make_key("laptop"), other = make_key("other");
	struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_key_bulk request = { .action = MESSAGE_BULK_REVOKE,
					    .keys = wire_texts(key.id, NULL),
					    .end_sessions = MESSAGE_SESSIONS_END };

	add_sessions(key.id, "alice", 2);
	add_sessions(other.id, "alice", 2);
	ck_assert_uint_eq(end_keys(client, &request).sessions_ended, 2);
	ck_assert_uint_eq(left_of(other.id), 2);
	wire_close(client);
}
END_TEST

/* One tenant's keys end with their sessions, another's do not: as the policy of each says. */
START_TEST(of_many_keys_each_follows_the_policy_of_its_tenant)
{
	struct wire_key key, strict;
	struct wire_client *client;
	struct message_tenant_create create = { .name = "strict", .policies = wire_texts("end_sessions=yes", NULL) };
	struct message_key_bulk request = { .action = MESSAGE_BULK_REVOKE, .owner = "alice" };
	struct message_tenant_entry tenant;

	client = wire_open(&host, WIRE_ADMIN_SOCKET);
	ck_assert_int_eq(
		wire_ask(client, WIRE_TENANT_CREATE, &message_tenant_create, &create, &message_tenant_entry, &tenant),
		ANSWER_OK);
	key = make_key("laptop");
	strict = wire_make_key(&host, &(struct message_key_create){ .name = "strict", .tenant = "strict" });
	add_sessions(key.id, "alice", 3);
	add_sessions(strict.id, "alice", 4);
	ck_assert_uint_eq(end_keys(client, &request).sessions_ended, 4);
	ck_assert_uint_eq(left_of(strict.id), 0);
	ck_assert_uint_eq(left_of(key.id), 3);
	request.end_sessions = MESSAGE_SESSIONS_KEEP;
	add_sessions(strict.id, "alice", 1);
	ck_assert_uint_eq(end_keys(client, &request).sessions_asked, 0);
	ck_assert_uint_eq(left_of(strict.id), 1);
	wire_close(client);
}
END_TEST

static struct message_lockdown_state lock_down(struct wire_client *client, const struct message_lockdown *request)
{
	struct message_lockdown_state state;

	ck_assert_int_eq(wire_ask(client, WIRE_LOCKDOWN, &message_lockdown, request, &message_lockdown_state, &state),
			 ANSWER_OK);
	return state;
}

START_TEST(a_lockdown_ends_those_of_all_keys_but_the_spared)
{
	struct wire_key key = make_key("laptop"), other = make_key("other"), spared = make_key("spared");
	struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_lockdown request = { .action = MESSAGE_LOCKDOWN_ON, .keys = wire_texts(spared.id, NULL) };
	struct message_lockdown_state state;

	add_sessions(key.id, "alice", 5);
	add_sessions(spared.id, "alice", 6);
	add_sessions(other.id, "alice", 30);
	add_sessions("deleted00000", "alice", 1);
	state = lock_down(client, &request);
	ck_assert_uint_eq(state.sessions_asked, 0);
	ck_assert_uint_eq(record->connections, 0);
	request.end_sessions = 1;
	state = lock_down(client, &request);
	ck_assert_uint_eq(state.on, 1);
	ck_assert_uint_eq(state.keys.count, 1);
	ck_assert_uint_eq(state.sessions_asked, 1);
	ck_assert_uint_eq(state.sessions_ended, 36);
	ck_assert_uint_eq(left_of(spared.id), 6);
	request = (struct message_lockdown){ .action = MESSAGE_LOCKDOWN_OFF, .end_sessions = 1 };
	ck_assert_int_eq(wire_ask(client, WIRE_LOCKDOWN, &message_lockdown, &request, &message_lockdown_state, &state),
			 ANSWER_INVALID);
	request.end_sessions = 0;
	ck_assert_uint_eq(lock_down(client, &request).was_on, 1);
	wire_close(client);
}
END_TEST

/* ---- what the audit is told ---- */

#define FLOOD 100 /* of each way */

/* Asks again and again for what ends nothing. */
static void ask_without_end(void *data)
{
	const struct own *own = data;
	struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_key_bulk request = { .action = MESSAGE_BULK_REVOKE,
					    .keys = wire_texts(own->key, NULL),
					    .end_sessions = MESSAGE_SESSIONS_END };
	struct message_session_choice choice = { .session = own->own };
	struct message_session session;

	for (size_t i = 0; i < FLOOD; i++) {
		(void)end_key(client, WIRE_KEY_REVOKE, own->key, MESSAGE_SESSIONS_END);
		(void)end_keys(client, &request);
		if (own->own != 0)
			ck_assert_int_eq(wire_ask(client, WIRE_ADMIN_SESSION_END, &message_session_choice, &choice,
						  &message_session, &session),
					 ANSWER_OK);
	}
	wire_close(client);
}

static void end_own(void *data)
{
	const struct own *own = data;
	struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);

	ck_assert_uint_eq(end_key(client, WIRE_KEY_REVOKE, own->key, MESSAGE_SESSIONS_END).sessions_ended, 1);
	wire_close(client);
}

static void end_none(void *data)
{
	struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_key ended = end_key(client, WIRE_KEY_REVOKE, data, MESSAGE_SESSIONS_END);

	ck_assert_uint_eq(ended.sessions_ended, 0);
	ck_assert_ptr_null(ended.sessions_fault);
	wire_close(client);
}

static size_t count_ends(void)
{
	CLEANUP_FREE char *audit = host_read(&host, "log/audit.jsonl");
	size_t count = 0;

	for (const char *at = audit; (at = strstr(at, "\"session_end\"")); at++)
		count++;
	return count;
}

/* What is written of one user's: so many at once, and then as many as time has passed for. */
static void expect_few(size_t count, int64_t begun)
{
	size_t seconds = (size_t)(milliseconds() - begun) / 1000 + 1;

	ck_assert_uint_le(count, 120 + 2 * seconds + seconds / 10 + 2);
}

/* A key that has ended, a register that is not there, and a session that does not end: none of them costs anything. */
START_TEST(what_ends_nothing_does_not_fill_the_audit)
{
	const struct passwd *user = getpwnam("daemon");
	int64_t begun = milliseconds();
	struct own own = { .own = 0 };
	struct wire_client *client;
	struct wire_key key;
	size_t before;

	if (geteuid() != 0 || !user)
		return;
	start_with("[daemon]\nminimum_uid = 1\n");
	key = wire_make_key(&host, &(struct message_key_create){ .name = "own", .owner = "daemon" });
	own.key = key.id;
	wire_change(&host, WIRE_KEY_REVOKE, key.id);
	stop_register();
	as_user(user->pw_uid, user->pw_gid, user->pw_gid, ask_without_end, &own);
	ck_assert_uint_ge(count_ends(), 100);
	expect_few(count_ends(), begun);
	/* What does end one is told of all the same. */
	start_register();
	record->manner = MANNER_LINGERS;
	own.own = add_sessions(key.id, "daemon", 1);
	before = count_ends();
	as_user(user->pw_uid, user->pw_gid, user->pw_gid, end_own, &own);
	ck_assert_uint_eq(count_ends(), before + 1);
	/* Not each time that it has not ended yet. */
	as_user(user->pw_uid, user->pw_gid, user->pw_gid, ask_without_end, &own);
	expect_few(count_ends() - 1, begun);
	ck_assert_uint_eq(record->ends, 1 + 3 * FLOOD);
	/* And of an administrator's, each. */
	before = count_ends();
	client = wire_open(&host, WIRE_ADMIN_SOCKET);
	for (size_t i = 0; i < 3; i++)
		(void)end_key(client, WIRE_KEY_REVOKE, key.id, MESSAGE_SESSIONS_END);
	ck_assert_uint_eq(count_ends(), before + 3);
	wire_close(client);
	teardown();
}
END_TEST

/* ---- what goes wrong ---- */

/* Those that do not take the daemon's patience. */
static const enum manner rude[] = { MANNER_CLOSES, MANNER_GARBAGE, MANNER_OTHER, MANNER_REFUSES, MANNER_ENDLESS };

START_TEST(a_revoke_is_done_whatever_the_register_says)
{
	struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct wire_key key = make_key("laptop");
	struct message_key ended;

	add_sessions(key.id, "alice", 2);
	record->manner = rude[_i];
	ended = end_key(client, WIRE_KEY_REVOKE, key.id, MESSAGE_SESSIONS_END);
	ck_assert_str_eq(ended.state, MESSAGE_STATE_REVOKED);
	ck_assert_uint_eq(ended.sessions_asked, 1);
	ck_assert_ptr_nonnull(ended.sessions_fault);
	ck_assert_msg(strstr(ended.sessions_fault, "apikey-sessiond") != NULL, "%s", ended.sessions_fault);
	expect_ended(&key);
	wire_close(client);
}
END_TEST

START_TEST(many_are_ended_whatever_the_register_says)
{
	struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_key_bulk request = { .action = MESSAGE_BULK_REVOKE,
					    .owner = "alice",
					    .end_sessions = MESSAGE_SESSIONS_END };
	struct message_lockdown lockdown = { .action = MESSAGE_LOCKDOWN_ON, .end_sessions = 1 };
	struct wire_key key = make_key("laptop");
	struct message_key_bulk_page page;
	struct message_lockdown_state state;

	add_sessions(key.id, "alice", 2);
	record->manner = rude[_i];
	page = end_keys(client, &request);
	ck_assert_uint_eq(page.touched, 1);
	ck_assert_uint_eq(page.sessions_asked, 1);
	ck_assert_ptr_nonnull(page.sessions_fault);
	ck_assert_msg(strstr(page.sessions_fault, "apikey-sessiond") != NULL, "%s", page.sessions_fault);
	expect_ended(&key);
	state = lock_down(client, &lockdown);
	ck_assert_uint_eq(state.on, 1);
	ck_assert_ptr_nonnull(state.sessions_fault);
	wire_close(client);
}
END_TEST

START_TEST(without_a_register_it_is_said_that_there_is_none)
{
	struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_session_query query = { .after = 0 };
	struct wire_key key = make_key("laptop");
	struct message_session_view view;
	struct message_key ended;

	stop_register();
	ended = end_key(client, WIRE_KEY_REVOKE, key.id, MESSAGE_SESSIONS_END);
	ck_assert_ptr_nonnull(ended.sessions_fault);
	ck_assert_msg(strstr(ended.sessions_fault, "apikey-sessiond.service") != NULL, "%s", ended.sessions_fault);
	ck_assert_int_eq(
		wire_ask(client, WIRE_ADMIN_SESSION_LIST, &message_session_query, &query, &message_session_view, &view),
		ANSWER_UNAVAILABLE);
	ck_assert_msg(strstr(client->detail, "apikey-sessiond.service") != NULL, "%s", client->detail);
	expect_ended(&key);
	wire_close(client);
}
END_TEST

START_TEST(a_list_or_an_end_that_fails_says_why)
{
	struct message_session_query query = { .after = 0 };
	struct message_session_choice choice = { .session = 1000 };
	struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_session_view view;
	struct message_session session;

	add_sessions("another00000", "alice", 2);
	record->manner = rude[_i];
	/* Each of its lists is in order by itself. */
	if (rude[_i] != MANNER_ENDLESS) {
		ck_assert_int_eq(wire_ask(client, WIRE_ADMIN_SESSION_LIST, &message_session_query, &query,
					  &message_session_view, &view),
				 ANSWER_UNAVAILABLE);
		ck_assert_int_eq(wire_ask(client, WIRE_ADMIN_SESSION_END, &message_session_choice, &choice,
					  &message_session, &session),
				 ANSWER_UNAVAILABLE);
		ck_assert_msg(strstr(client->detail, "apikey-sessiond") != NULL, "%s", client->detail);
	}
	wire_close(client);
}
END_TEST

/*
 * The main thread goes on while the register is silent: others are answered before it gives up. Who told it to end one
 * that is not told is answered in time as well, and what still waits when the daemon is told to stop does not keep it.
 */
START_TEST(a_silent_register_holds_nobody_up)
{
	struct message_key_reference revoke = { .end_sessions = MESSAGE_SESSIONS_END };
	struct message_session_query query = { .after = 0 };
	struct message_session_choice choice = { .session = 1000 };
	struct wire_key key = make_key("laptop");
	struct wire_client *clients[5];
	struct message_key ended;
	int status;

	record->manner = MANNER_SILENT;
	revoke.key = key.id;
	for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
		clients[i] = wire_open(&host, WIRE_ADMIN_SOCKET);
	for (size_t i = 0; i < 2; i++)
		wire_send(clients[i], WIRE_KEY_REVOKE, &message_key_reference, &revoke);
	for (size_t i = 2; i < 4; i++)
		wire_send(clients[i], WIRE_ADMIN_SESSION_LIST, &message_session_query, &query);
	wire_send(clients[4], WIRE_ADMIN_SESSION_END, &message_session_choice, &choice);
	make_key("another");
	expect_ended(&key);
	/* Of some nobody waits for the answer any more. */
	wire_close(clients[1]);
	wire_close(clients[3]);
	ck_assert_int_eq(kill(host.daemon, SIGTERM), 0);
	wire_expect(clients[0], WIRE_KEY_REVOKE | WIRE_REPLY, &message_key, &ended);
	ck_assert_ptr_nonnull(ended.sessions_fault);
	wire_expect_error(clients[2], ANSWER_UNAVAILABLE);
	wire_expect_error(clients[4], ANSWER_UNAVAILABLE);
	status = host_wait(&host);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(clients); i += 2)
		wire_close(clients[i]);
	host_start(&host);
}
END_TEST

START_TEST(an_end_that_is_not_answered_is_a_fault)
{
	struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct wire_key key = make_key("laptop");
	struct message_key ended;

	add_sessions(key.id, "alice", 2);
	record->manner = MANNER_NO_END;
	ended = end_key(client, WIRE_KEY_REVOKE, key.id, MESSAGE_SESSIONS_END);
	ck_assert_ptr_nonnull(ended.sessions_fault);
	wire_close(client);
}
END_TEST

/* Who hangs up has asked for it all the same. */
START_TEST(they_end_also_when_nobody_waits_for_it)
{
	struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_key_reference request = { .end_sessions = MESSAGE_SESSIONS_END };
	struct wire_key key = make_key("laptop");
	int64_t begun = milliseconds();

	add_sessions(key.id, "alice", 60);
	request.key = key.id;
	wire_send(client, WIRE_KEY_REVOKE, &message_key_reference, &request);
	wire_close(client);
	while (left_of(key.id) > 0 && milliseconds() - begun < 30000)
		usleep(10000);
	ck_assert_uint_eq(left_of(key.id), 0);
}
END_TEST

#define MANY 5

static void end_many(void *data)
{
	struct wire_key *keys = data;
	struct wire_client *clients[MANY];
	struct message_key_bulk_page page;
	struct message_key ended;

	for (size_t i = 0; i < MANY; i++) {
		struct message_key_reference one = { .key = keys[i].id, .end_sessions = MESSAGE_SESSIONS_END };
		struct message_key_bulk many = { .action = MESSAGE_BULK_REVOKE,
						 .keys = wire_texts(keys[i].id, NULL),
						 .end_sessions = MESSAGE_SESSIONS_END };

		clients[i] = wire_open(&host, WIRE_ADMIN_SOCKET);
		if (i == MANY - 1)
			wire_send(clients[i], WIRE_KEY_BULK, &message_key_bulk, &many);
		else
			wire_send(clients[i], WIRE_KEY_REVOKE, &message_key_reference, &one);
	}
	wire_close(clients[1]);
	wire_close(clients[2]);
	wire_expect(clients[0], WIRE_KEY_REVOKE | WIRE_REPLY, &message_key, &ended);
	ck_assert_uint_eq(ended.sessions_ended, 2);
	ck_assert_ptr_null(ended.sessions_fault);
	wire_expect(clients[3], WIRE_KEY_REVOKE | WIRE_REPLY, &message_key, &ended);
	ck_assert_uint_eq(ended.sessions_ended, 2);
	ck_assert_ptr_null(ended.sessions_fault);
	wire_expect(clients[MANY - 1], WIRE_KEY_BULK | WIRE_REPLY, &message_key_bulk_page, &page);
	ck_assert_uint_eq(page.sessions_ended, 2);
	ck_assert_ptr_null(page.sessions_fault);
	wire_close(clients[0]);
	wire_close(clients[3]);
	wire_close(clients[MANY - 1]);
}

/* None is refused, and none is asked for before the one that came before has what it wants. */
START_TEST(one_user_has_sessions_ended_one_request_at_a_time)
{
	const struct passwd *user = getpwnam("daemon");
	struct wire_key keys[MANY];
	int64_t begun = milliseconds();
	char name[16];

	if (geteuid() != 0 || !user)
		return;
	start_with("[daemon]\nminimum_uid = 1\n");
	record->manner = MANNER_SLOW;
	for (size_t i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "own-%zu", i);
		keys[i] = wire_make_key(&host, &(struct message_key_create){ .name = name, .owner = "daemon" });
		add_sessions(keys[i].id, "daemon", 2);
	}
	as_user(user->pw_uid, user->pw_gid, user->pw_gid, end_many, keys);
	for (size_t i = 0; i < MANY; i++) {
		while (left_of(keys[i].id) > 0 && milliseconds() - begun < 30000)
			usleep(10000);
		ck_assert_uint_eq(left_of(keys[i].id), 0);
	}
	ck_assert_uint_eq(record->connections, MANY);
	ck_assert_uint_eq(record->most, 1);
	/* The next one need not wait for anything. */
	as_user(user->pw_uid, user->pw_gid, user->pw_gid, end_none, keys[0].id);
	teardown();
}
END_TEST

#define LOOP(tcase, name, cases) tcase_add_loop_test(tcase, name, 0, (int)ARRAY_SIZE(cases))

int main(void)
{
	Suite *suite = suite_create("daemon-session");
	TCase *plain = tcase_create("usual"), *own = tcase_create("own");

	tcase_set_timeout(plain, 120);
	tcase_set_timeout(own, 120);
	tcase_add_checked_fixture(plain, setup, teardown);
	tcase_add_test(plain, an_administrator_sees_all_page_by_page);
	tcase_add_test(plain, who_does_not_reach_the_key_sees_no_session);
	tcase_add_test(own, an_owner_sees_and_ends_what_own_keys_have_opened);
	tcase_add_test(plain, the_end_of_a_session_is_recorded);
	LOOP(plain, the_sessions_of_a_key_end_with_it_and_no_others, ways);
	tcase_add_test(plain, a_key_that_is_revoked_already_may_still_have_some);
	tcase_add_loop_test(own, what_is_not_said_follows_the_policy, 0, 4);
	LOOP(plain, the_sessions_of_many_keys_end_with_them_and_no_others, actions);
	tcase_add_test(plain, those_of_keys_that_had_ended_before_end_too);
	tcase_add_test(plain, those_of_keys_that_are_named_end);
	tcase_add_test(plain, of_many_keys_each_follows_the_policy_of_its_tenant);
	tcase_add_test(plain, a_lockdown_ends_those_of_all_keys_but_the_spared);
	tcase_add_test(own, what_ends_nothing_does_not_fill_the_audit);
	LOOP(plain, a_revoke_is_done_whatever_the_register_says, rude);
	LOOP(plain, many_are_ended_whatever_the_register_says, rude);
	tcase_add_test(plain, without_a_register_it_is_said_that_there_is_none);
	LOOP(plain, a_list_or_an_end_that_fails_says_why, rude);
	tcase_add_test(plain, a_silent_register_holds_nobody_up);
	tcase_add_test(plain, they_end_also_when_nobody_waits_for_it);
	tcase_add_test(own, one_user_has_sessions_ended_one_request_at_a_time);
	tcase_add_test(plain, an_end_that_is_not_answered_is_a_fault);
	suite_add_tcase(suite, plain);
	suite_add_tcase(suite, own);
	return suite_run(suite);
}
