/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The requests about sessions. The register is apikey-sessiond's; here it is decided who sees and ends what: the
 * sessions of the keys that an authority reaches, and no others, whose numbers do not exist for it. Of a key that was
 * deleted only administrators know.
 */
#include "daemon/admin_session.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "daemon/audit.h"
#include "daemon/key_message.h"
#include "daemon/policies.h"
#include "daemon/session_keys.h"
#include "daemon/session_link.h"
#include "daemon/session_sweep.h"
#include "daemon/throttle.h"
#include "proto/credential.h"

#define VIEW_MOST 1024 /* sessions in one answer of the register */

void admin_sessions_done(struct admin_request *request)
{
	struct admin_sessions *sessions = &request->sessions;

	session_turn_leave(request->thread, &sessions->turn);
	session_link_close(sessions->link);
	key_message_free(sessions->answered);
	if (sessions->many)
		sessions->many->free_data(sessions->data);
	session_keys_free(sessions->keys);
	*sessions = (struct admin_sessions){ .link = NULL };
}

static int refuse_link(struct admin_request *request, int result)
{
	char fault[SESSION_LINK_FAULT_SIZE];

	session_link_fault(result, fault);
	return admin_refuse(request, ANSWER_UNAVAILABLE, "%s", fault);
}

/* Connects and asks; what follows is the callback's. */
static int ask(struct admin_request *request, uint16_t type, const struct codec_record *record, const void *message,
	       session_answered *answered)
{
	int r = request->sessions.link ? 0 : session_link_open(request->thread, &request->sessions.link);

	if (r == 0)
		r = session_link_ask(request->sessions.link, type, record, message, answered, request);
	return r < 0 ? refuse_link(request, r) : ADMIN_LATER;
}

static int no_session(struct admin_request *request)
{
	return admin_refuse(
		request, ANSWER_NOT_FOUND,
		"there is no such session, or it is not yours to see; 'apikeyctl session list' shows yours");
}

/*
 * What has ended nothing can be asked for without end: an end that fails, and that of a session that has not ended yet.
 * Of these nobody but an administrator gets a record each time, or one user's would push those of others out of the
 * files that are kept.
 */
static struct throttle_answer pace(struct admin_request *request, bool ends)
{
	if (ends)
		return (struct throttle_answer){ .record = true };
	return admin_count_record(request, "sessions");
}

/* ---- who sees what ---- */

/* Whether the authority reaches the session's key. 1, 0, or a negative errno. */
static int reaches(struct admin_request *request, const struct message_session *session)
{
	struct store_key *key = &request->keys[1];
	int r;

	if (request->authority.kind == AUTHORITY_ADMINISTRATOR)
		return 1;
	r = store_find_key(request->thread->reader, session->key_id, key);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	return authority_reaches(&request->authority, key);
}

/* The answers come when the transaction of the request is long over. */
static int begin_reading(struct admin_request *request)
{
	if (!thread_vault(request->thread))
		return admin_lacks_store(request);
	return store_read_begin(request->thread->reader);
}

static void end_reading(struct admin_request *request, int r)
{
	store_read_end(request->thread->reader);
	if (r == -EIO)
		thread_vault_failed(request->thread);
}

/* ---- list ---- */

struct view {
	size_t count;
	struct message_session sessions[VIEW_MOST];
};

static int fill_view(struct admin_request *request, struct codec_records *sessions, struct view *view,
		     uint64_t *ret_last)
{
	const char *user = request->message.session_query.user;
	struct message_session session;
	int r = 0;

	while (r >= 0 && codec_next_record(sessions, &message_session, &session)) {
		if (view->count == VIEW_MOST)
			return -EPROTO;
		*ret_last = session.session;
		if (user && (!session.user || strcmp(session.user, user) != 0))
			continue;
		r = reaches(request, &session);
		if (r > 0)
			view->sessions[view->count++] = session;
	}
	return r < 0 ? r : 0;
}

static int reply_view(struct admin_request *request, struct message_session_page *page)
{
	CLEANUP_FREE struct view *view = calloc(1, sizeof(*view));
	struct message_session_view reply;
	uint64_t last = 0;
	int r;

	if (!view)
		return -ENOMEM;
	r = begin_reading(request);
	if (r != 0)
		return r;
	r = fill_view(request, &page->sessions, view, &last);
	end_reading(request, r);
	if (r == -EPROTO || (r == 0 && page->more && last <= request->message.session_query.after))
		return refuse_link(request, -EPROTO);
	if (r < 0)
		return r;
	reply = (struct message_session_view){ .sessions = { .count = view->count, .items = view->sessions },
					       .after = page->more ? last : 0 };
	return admin_reply(request, &message_session_view, &reply);
}

static void on_listed(void *data, int result, const void *packet, size_t size)
{
	struct admin_request *request = data;
	struct message_session_page page;

	if (result == 0 && codec_decode(&message_session_page, packet, size, &page) < 0)
		result = -EPROTO;
	admin_finish(request, result == 0 ? reply_view(request, &page) : refuse_link(request, result));
}

/* The id of the key that is asked for. Sessions may be left of one that was deleted. */
static int find_key_id(struct admin_request *request, struct store_reader *reader, const char **ret_id)
{
	const char *name = request->message.session_query.key;
	int r;

	*ret_id = name;
	if (!name || (request->authority.kind == AUTHORITY_ADMINISTRATOR && credential_is_id(name)))
		return 0;
	r = admin_find_key(request, reader, name, &request->keys[0]);
	*ret_id = request->keys[0].id;
	return r;
}

int admin_session_list(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	struct message_session_list question = { .after = request->message.session_query.after };
	int r = find_key_id(request, reader, &question.key);

	(void)vault;
	return r != 0 ? r : ask(request, WIRE_SESSION_LIST, &message_session_list, &question, on_listed);
}

/* ---- end ---- */

static void on_ended(void *data, int result, const void *packet, size_t size)
{
	struct admin_request *request = data;
	struct message_session session;

	if (result == 0 && codec_decode(&message_session, packet, size, &session) < 0)
		result = -EPROTO;
	if (result == 0)
		result = admin_reply(request, &message_session, &session);
	else if (result == ANSWER_NOT_FOUND)
		result = no_session(request);
	else
		result = refuse_link(request, result);
	admin_finish(request, result);
}

static struct audit_record record_of(const struct admin_request *request, const struct message_session *session)
{
	struct audit_record record = admin_record(request, "session_end");

	record.key_id = session->key_id;
	record.key_name = session->key_name;
	record.owner = session->owner;
	record.user = session->user;
	record.service = session->service;
	record.tty = session->tty;
	record.rhost = session->source;
	return record;
}

/* Before it is done: what is not recorded is not done. */
static int record(struct admin_request *request, const struct message_session *session)
{
	struct throttle_answer answer = pace(request, session->ending == 0);
	struct audit_record record = record_of(request, session);

	if (!answer.record)
		return 0;
	record.detail = request->message.session_choice.why;
	record.count = answer.suppressed + 1;
	if (audit_write(request->thread->daemon->audit, &record, 1) < 0 && request->settings->settings.audit_strict)
		return admin_refuse(request, ANSWER_UNAVAILABLE, "nothing was ended: the audit file cannot be written");
	return 0;
}

/* Finds the session that is meant in the page that begins with it. */
static int choose(struct admin_request *request, struct message_session_page *page, struct message_session *ret_session)
{
	int r;

	if (!codec_next_record(&page->sessions, &message_session, ret_session) ||
	    ret_session->session != request->message.session_choice.session)
		return no_session(request);
	r = begin_reading(request);
	if (r != 0)
		return r;
	r = reaches(request, ret_session);
	end_reading(request, r);
	if (r < 0)
		return r;
	return r > 0 ? record(request, ret_session) : no_session(request);
}

static void on_found(void *data, int result, const void *packet, size_t size)
{
	struct admin_request *request = data;
	struct message_session_reference question = { .session = request->message.session_choice.session };
	struct message_session_page page;
	struct message_session session;

	if (result == 0 && codec_decode(&message_session_page, packet, size, &page) < 0)
		result = -EPROTO;
	result = result == 0 ? choose(request, &page, &session) : refuse_link(request, result);
	if (result == 0)
		result = ask(request, WIRE_SESSION_END, &message_session_reference, &question, on_ended);
	if (result != ADMIN_LATER)
		admin_finish(request, result);
}

int admin_session_end(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	uint64_t session = request->message.session_choice.session;
	struct message_session_list question = { .after = session - 1 };
	int r = admin_check_why(request, request->message.session_choice.why);

	(void)reader;
	(void)vault;
	if (r == 0 && session == 0)
		r = no_session(request);
	return r != 0 ? r : ask(request, WIRE_SESSION_LIST, &message_session_list, &question, on_found);
}

/* ---- with the key ---- */

int admin_sessions_decide(struct admin_request *request, struct store_reader *reader)
{
	uint64_t wanted = request->message.reference.end_sessions;
	struct policies policies;
	int r;

	/* A key that is switched on has none to lose. */
	if (request->header.type == WIRE_KEY_ACTIVATE)
		return 0;
	request->sessions.end = wanted == MESSAGE_SESSIONS_END;
	if (wanted != MESSAGE_SESSIONS_POLICY)
		return 0;
	r = policies_find(reader, &request->settings->settings, request->keys[0].tenant, &policies);
	if (r == 0)
		request->sessions.end = policies.end_sessions == 1;
	return r;
}

/* One record for all of them: each was recorded when it began. key: whose; NULL: those of many, which have their own
 * records where they ended. */
static void record_sweep(struct admin_request *request, const struct store_key *key,
			 const struct session_sweep_result *result)
{
	struct throttle_answer answer = pace(request, result->ended > result->again);
	struct audit_record record = admin_record(request, "session_end");

	if (!answer.record)
		return;
	if (key) {
		record.key_id = key->id;
		record.key_name = key->name;
		record.owner = key->owner;
		record.count = result->ended;
	}
	if (answer.suppressed > 0)
		record.count = answer.suppressed + 1;
	record.detail = result->fault;
	(void)audit_write(request->thread->daemon->audit, &record, 1);
}

static void on_swept(void *data, const struct session_sweep_result *result)
{
	struct admin_request *request = data;
	struct message_key *reply = key_message_get(request->sessions.answered);

	reply->sessions_asked = 1;
	reply->sessions_ended = result->ended;
	reply->sessions_loose = result->loose;
	reply->sessions_fault = *result->fault ? result->fault : NULL;
	if (result->ended > 0 || *result->fault)
		record_sweep(request, &request->keys[0], result);
	admin_finish(request, admin_reply(request, &message_key, reply));
}

/* ---- with many keys ---- */

int admin_sessions_decide_of(struct admin_request *request, struct store_reader *reader, const struct store_key *key,
			     uint64_t wanted)
{
	struct admin_sessions *sessions = &request->sessions;
	struct policies policies;
	int r;

	if (wanted == MESSAGE_SESSIONS_KEEP)
		return 0;
	if (wanted == MESSAGE_SESSIONS_POLICY) {
		r = policies_find(reader, &request->settings->settings, key->tenant, &policies);
		if (r < 0 || policies.end_sessions != 1)
			return r;
	}
	return session_keys_add(&sessions->keys, key->id);
}

bool admin_sessions_are_to_end(const struct admin_request *request)
{
	return request->sessions.keys != NULL;
}

bool admin_sessions_are_of(const struct admin_request *request, const char *key_id)
{
	return session_keys_have(request->sessions.keys, key_id);
}

void admin_sessions_end_many(struct admin_request *request, const struct admin_sessions_many *many, void *data)
{
	if (request->sessions.many)
		request->sessions.many->free_data(request->sessions.data);
	request->sessions.many = many;
	request->sessions.data = data;
	request->sessions.end = true;
	session_keys_sort(request->sessions.keys);
}

static bool is_wanted(void *data, const struct message_session *session)
{
	const struct admin_request *request = data;

	return request->sessions.many->wanted(request, session);
}

/* A record for each, since the keys are not told from the others by the request. */
static void record_ended(void *data, const struct message_session *session)
{
	struct admin_request *request = data;
	struct throttle_answer answer = pace(request, session->ending == 0);
	struct audit_record record = record_of(request, session);

	record.count = answer.suppressed + 1;
	if (answer.record)
		(void)audit_write(request->thread->daemon->audit, &record, 1);
}

static void on_swept_many(void *data, const struct session_sweep_result *result)
{
	struct admin_request *request = data;

	if (*result->fault)
		record_sweep(request, NULL, result);
	admin_finish(request, request->sessions.many->reply(request, result));
}

static void begin_sweep(struct admin_request *request)
{
	struct session_sweep_request sweep = { .key = request->keys[0].id, .done = on_swept, .data = request };

	if (request->sessions.many)
		sweep = (struct session_sweep_request){
			.wanted = is_wanted, .ended = record_ended, .done = on_swept_many, .data = request
		};
	session_sweep_start(request->thread, &sweep);
}

static void on_turn(struct session_turn *turn)
{
	begin_sweep((struct admin_request *)((char *)turn - offsetof(struct admin_request, sessions.turn)));
}

void admin_sessions_end(struct admin_request *request)
{
	if (request->authority.kind == AUTHORITY_ADMINISTRATOR)
		begin_sweep(request);
	else
		session_turn_take(request->thread, &request->sessions.turn, request->authority.uid, on_turn);
}
