/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A gateway begins a sign-in with what its client showed. What is good once is consumed in the writer's transaction
 * before there is one. Defends against a gateway that acts for somebody who showed it nothing: it gets no further than
 * the credential it was given.
 */
#include "daemon/admin_signin.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "crypto/pair_signature.h"
#include "daemon/audit.h"
#include "daemon/lockdown.h"
#include "daemon/scope.h"

/* What is served, in the audit and as the last use of a key. */
#define SERVICE_PORTAL "portal"
#define SERVICE_API "api"

static struct admin_request *request_of(struct writer_job *job)
{
	return (struct admin_request *)((char *)job - offsetof(struct admin_request, job));
}

static struct admin_request *request_of_task(struct thread_task *task)
{
	return (struct admin_request *)((char *)task - offsetof(struct admin_request, job.done));
}

static const char *service_of(const struct admin_request *request)
{
	return request->message.signin_begin.portal ? SERVICE_PORTAL : SERVICE_API;
}

static struct audit_record record_of_begin(const struct admin_request *request)
{
	const struct admin_token *token = &request->token;
	struct audit_record record = admin_record(request, request->verb->event);

	admin_record_proof(request, &token->proof, token->found, token->reason, &record);
	record.service = service_of(request);
	record.detail = token->proof.problem;
	return record;
}

/* ---- begin ---- */

/* Failures are counted by where the client is, as those of a login are. */
static int refuse(struct admin_request *request)
{
	struct admin_token *token = &request->token;
	struct audit_record record = record_of_begin(request);
	struct throttle_answer answer = { .record = true };

	if (record.verdict == VERDICT_UNAVAILABLE)
		return ANSWER_STORE_FAILED;
	if (record.verdict == VERDICT_DENIED)
		answer = admin_count_failure(request, token->proof.id, token->reason);
	request->recorded = true;
	if (answer.throttled) {
		token->reason = record.reason = REASON_TOO_MANY_FAILURES;
		record.verdict = VERDICT_THROTTLED;
	}
	record.count = answer.suppressed + 1;
	if (answer.record)
		(void)admin_signin_record(request, &record);
	request->authority.reason = token->reason;
	return ANSWER_BAD_CREDENTIAL;
}

/* What it lasts: no longer than it was asked for, and than what it was got with. */
static int64_t lifetime_of(const struct admin_request *request, struct signin_now now)
{
	const struct message_signin_begin *wanted = &request->message.signin_begin;
	int64_t lifetime = (int64_t)request->settings->settings.portal_lifetime;

	if (wanted->lifetime > 0 && (int64_t)wanted->lifetime < lifetime)
		lifetime = (int64_t)wanted->lifetime;
	if (request->token.proof.access && request->token.proof.once.moment - now.wall < lifetime)
		lifetime = request->token.proof.once.moment - now.wall;
	return lifetime > 0 ? lifetime : 1;
}

/* It passed: what the record says is what the answer does. */
static int enter(struct admin_request *request)
{
	struct daemon *daemon = request->thread->daemon;
	struct authority *authority = &request->authority;
	struct signin *signin = &authority->signin;
	struct signin_now now = signin_now();
	struct audit_record record;
	char changes[128];
	int r = signins_begin(daemon->signins, signin, now, lifetime_of(request, now),
			      signin->use == SIGNIN_PORTAL ? (int64_t)request->settings->settings.portal_idle : 0,
			      request->signin.text);

	if (r < 0)
		return admin_refuse(request, ANSWER_UNAVAILABLE, "out of memory");
	/* A lockdown that began meanwhile has not seen it. */
	if (lockdown_refuses(vault_lockdown(daemon->keeper), signin->key_id)) {
		(void)signins_end(daemon->signins, signin->id, NULL, NULL, now, NULL);
		request->token.reason = REASON_LOCKDOWN;
		return refuse(request);
	}
	snprintf(changes, sizeof(changes), "{\"signin\":\"%s\",\"kind\":\"%s\",\"expires\":%" PRId64 "}", signin->id,
		 admin_signin_kind(signin), signin->expires);
	record = record_of_begin(request);
	record.user = signin->kind == SIGNIN_KEY ? NULL : signin->user;
	record.changes = changes;
	r = admin_signin_record(request, &record);
	if (r == 0)
		r = admin_signin_reply(request);
	if (r != 0) {
		(void)signins_end(daemon->signins, signin->id, NULL, NULL, now, NULL);
		return r;
	}
	if (signin->kind == SIGNIN_KEY)
		admin_note_use(request, signin->secret, signin->created, service_of(request),
			       *signin->source ? signin->source : "local");
	return 0;
}

/* Whether the key is what the request says it is for. 0 and the reason, or -EIO. */
static int judge_scope(const struct admin_request *request, struct store_reader *reader, const struct store_key *key,
		       enum reason *ret_reason)
{
	const struct message_signin_begin *wanted = &request->message.signin_begin;
	struct store_account account;
	struct store_tenant tenant;
	bool fits = true;
	int r = 0;

	if (wanted->account) {
		r = scope_find_account(reader, wanted->account, &account);
		fits = r == 0 && strcmp(account.id, key->account) == 0;
	}
	if (fits && wanted->tenant) {
		r = scope_find_tenant(reader, key->account, wanted->tenant, &tenant);
		fits = r == 0 && strcmp(tenant.account, key->account) == 0 &&
		       (!*key->tenant || strcmp(tenant.id, key->tenant) == 0);
	}
	if (r < 0 && r != -ENOENT)
		return r;
	*ret_reason = fits ? REASON_NONE : REASON_WRONG_TENANT;
	return 0;
}

/* The sign-in of a key that may. */
static void become_key(struct admin_request *request, const struct store_key *key)
{
	struct authority *authority = &request->authority;
	struct signin *signin = &authority->signin;

	authority->kind = AUTHORITY_KEY;
	signin->secret = authority->secret;
	memcpy(signin->digest, authority->digest, sizeof(signin->digest));
	snprintf(authority->key_id, sizeof(authority->key_id), "%s", key->id);
	snprintf(authority->actor, sizeof(authority->actor), "key:%s", key->id);
	snprintf(signin->key_id, sizeof(signin->key_id), "%s", key->id);
	snprintf(signin->account, sizeof(signin->account), "%s", key->account);
	snprintf(signin->tenant, sizeof(signin->tenant), "%s", key->tenant);
	snprintf(signin->user, sizeof(signin->user), "%s", key->owner);
	signin->kind = SIGNIN_KEY;
	signin->uid_known = key->owner_uid_known;
	signin->uid = key->owner_uid;
}

/* The key has shown its secret, or was refused. 0 and the reason, or a negative errno. */
static int judge_key(struct admin_request *request, struct store_reader *reader)
{
	const struct verify_proof *proof = &request->token.proof;
	struct authority *authority = &request->authority;
	struct store_key *key = &request->keys[0];
	int r;

	authority->root = false;
	authority->services = "";
	authority->settings = &request->settings->settings;
	authority->secret = proof->secret;
	memcpy(authority->digest, proof->once.digest, sizeof(authority->digest));
	r = authority_judge_evenly(reader, key, clock_wall_seconds(), authority, &request->token.reason);
	if (r < 0 || request->token.reason != REASON_NONE)
		return r;
	become_key(request, key);
	return admin_signin_find_names(request, reader);
}

/* In the writer's thread. What was consumed stays so, also where the key is refused after that. */
static int spend(struct writer_job *job, struct vault *vault)
{
	struct admin_request *request = request_of(job);
	struct admin_token *token = &request->token;
	const struct verify_proof *proof = &token->proof;
	int r;

	if (verify_is_outdated(request->thread->daemon->keeper, &proof->once, token->generation))
		return -EAGAIN;
	if (lockdown_refuses(vault_lockdown(request->thread->daemon->keeper), proof->id)) {
		token->reason = REASON_LOCKDOWN;
		return 0;
	}
	r = verify_spend(vault->store, proof->id, proof->secret, &proof->once, clock_wall_seconds(), &request->keys[0],
			 &token->reason);
	if (r == 0 && token->reason == REASON_NONE)
		r = judge_key(request, store_writer(vault->store));
	return r;
}

static void on_spent(struct thread *thread, struct thread_task *task)
{
	struct admin_request *request = request_of_task(task);
	int r = request->job.result;

	(void)thread;
	if (r == 0)
		r = request->token.reason == REASON_NONE ? enter(request) : refuse(request);
	admin_finish(request, r);
}

static int begin_by_key(struct admin_request *request, struct store_reader *reader)
{
	const char *text = request->message.signin_begin.proof;
	const struct codec_bytes *body = &request->message.signin_begin.body;
	char body_hash[PAIR_BODY_HASH_SIZE + 1];
	struct admin_token *token = &request->token;
	struct store_key *key = &request->keys[0];
	int64_t now = clock_wall_seconds();
	int r = pair_hash_body(body->data, body->size, body_hash);

	if (r < 0)
		return admin_refuse(request, ANSWER_UNAVAILABLE, "the body cannot be hashed");
	/* An imported secret, which may be guessed, is not even looked for. */
	if (credential_classify(text, strlen(text)).kind == CREDENTIAL_OTHER)
		token->reason = REASON_NOT_A_CREDENTIAL;
	else
		token->reason = verify_locate_signed(request->thread, text, body_hash, now, key, &token->proof);
	token->found = token->proof.found;
	/* What is handed on for one use must not last for hours, nor what lives for half an hour. */
	if (token->reason == REASON_NONE && request->message.signin_begin.portal && token->proof.access) {
		token->reason = REASON_NOT_A_CREDENTIAL;
		token->proof.problem = "an access token signs no browser in";
	}
	if (token->reason == REASON_NONE)
		r = judge_scope(request, reader, key, &token->reason);
	if (r == 0 && token->reason == REASON_NONE && token->proof.once.kind != STORE_ONCE_NONE) {
		token->reason = verify_time(&token->proof, now);
		if (token->reason == REASON_NONE)
			token->reason = verify_unused(request->thread, &token->proof);
		if (token->reason == REASON_NONE) {
			token->generation = request->thread->vault_generation;
			request->job.run = spend;
			request->job.origin = request->thread;
			request->job.done.run = on_spent;
			writer_submit(request->thread->daemon->writer, &request->job);
			return ADMIN_LATER;
		}
	}
	if (r == 0 && token->reason != REASON_STORE_FAILED)
		r = judge_key(request, reader);
	if (r < 0)
		return r;
	return token->reason == REASON_NONE ? enter(request) : refuse(request);
}

static int begin_by_link(struct admin_request *request)
{
	const struct message_signin_begin *wanted = &request->message.signin_begin;
	struct daemon *daemon = request->thread->daemon;
	struct authority *authority = &request->authority;
	struct signin link;

	if (wanted->account || wanted->tenant)
		return admin_refuse(request, ANSWER_INVALID, "a link is for no account and no tenant");
	if (lockdown_refuses(vault_lockdown(daemon->keeper), ""))
		request->token.reason = REASON_LOCKDOWN;
	/* It is for the portal's own page, which says nothing of the kind. */
	else if (wanted->page == 1)
		request->token.reason = REASON_NOT_CLIENT_SIDE;
	else if (!signins_redeem(daemon->signins, wanted->proof, signin_now(), &link))
		request->token.reason = REASON_UNKNOWN_KEY;
	if (request->token.reason != REASON_NONE)
		return refuse(request);
	authority->signin.kind = link.kind;
	authority->signin.uid_known = true;
	authority->signin.uid = authority->uid = link.uid;
	memcpy(authority->signin.user, link.user, sizeof(link.user));
	authority->signin.group = link.group;
	authority->signin.vouched = link.vouched;
	authority->kind = link.kind == SIGNIN_ADMINISTRATOR ? AUTHORITY_ADMINISTRATOR : AUTHORITY_USER;
	snprintf(authority->actor, sizeof(authority->actor), "uid:%u", (unsigned int)link.uid);
	return enter(request);
}

/* What a client says of itself goes to terminals and pages. */
static void copy_plain(const char *text, char *ret_text, size_t size)
{
	size_t length = text ? strnlen(text, size - 1) : 0;

	for (size_t i = 0; i < length; i++)
		ret_text[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	ret_text[length] = '\0';
}

int admin_signin(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	const struct message_signin_begin *wanted = &request->message.signin_begin;
	struct signin *signin = &request->authority.signin;

	(void)vault;
	if (!settings_is_gateway(&request->settings->settings, request->peer.uid))
		return admin_refuse(request, ANSWER_NOT_PERMITTED,
				    "only gateways sign others in: [gateway] users in apikeyd.conf names them");
	if (wanted->credential)
		return admin_refuse(request, ANSWER_INVALID,
				    "a sign-in takes no credential but the one to sign in with");
	request->token.proof.problem = "";
	signin->use = wanted->portal ? SIGNIN_PORTAL : SIGNIN_REQUEST;
	signin->gateway = request->peer.uid;
	signin->page = wanted->page == 1;
	copy_plain(wanted->source, signin->source, sizeof(signin->source));
	copy_plain(wanted->agent, signin->agent, sizeof(signin->agent));
	return signin_is_code(wanted->proof) ? begin_by_link(request) : begin_by_key(request, reader);
}
