/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Access tokens by admin.sock: one is issued to whoever shows a proof, looked at without using it up, and revoked. A
 * proof that is good once is consumed in the writer's transaction that signs the token. Defends against a token that
 * outlives what it was got with, and against a token that nobody has a record of.
 *
 * Issuing and revoking change no key, so they stand in the audit file and not in the change log: whoever has a key may
 * do either, as often as there is time.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/encoding.h"
#include "common/secret.h"
#include "crypto/pair_signature.h"
#include "daemon/admin.h"
#include "daemon/audit.h"
#include "daemon/key_secrets.h"
#include "daemon/policy.h"
#include "daemon/signing_key.h"
#include "daemon/signing_key_make.h"
#include "daemon/throttle.h"
#include "daemon/verify_access.h"
#include "proto/credential.h"

/* Used ids that a key may have for a token to be revoked: more than by use, so that those do not stand in the way. */
#define REVOKED_CAP (2 * VERIFY_ONCE_CAP)

#define SERVICE "token" /* what a use is noted under that got one */

static struct admin_request *request_of(struct writer_job *job)
{
	return (struct admin_request *)((char *)job - offsetof(struct admin_request, job));
}

static struct admin_request *request_of_task(struct thread_task *task)
{
	return (struct admin_request *)((char *)task - offsetof(struct admin_request, job.done));
}

static int write_later(struct admin_request *request, writer_run run,
		       void (*done)(struct thread *thread, struct thread_task *task))
{
	request->job.run = run;
	request->job.origin = request->thread;
	request->job.done.run = done;
	writer_submit(request->thread->daemon->writer, &request->job);
	return ADMIN_LATER;
}

/* ---- the record ---- */

/* Refusals are counted as those of a login; what somebody does with own keys is summed up beyond so many a minute: of a
 * gateway's clients, for each key, or one of them would hide what the others do. */
static struct throttle_answer pace(struct admin_request *request)
{
	const struct admin_token *token = &request->token;

	if (token->reason != REASON_NONE)
		return admin_count_failure(request, token->proof.id, token->reason);
	return admin_count_record(request, admin_acts_for_others(request) ? token->proof.id : "");
}

/* 0, or the answer where what cannot be recorded is not done. */
static int record(struct admin_request *request, const char *why)
{
	struct admin_token *token = &request->token;
	struct audit_record record = admin_record(request, request->verb->event);
	struct throttle_answer answer = pace(request);
	char changes[CLAIMS_ID_MAX + 64];

	request->recorded = true;
	if (token->reason != REASON_NONE && answer.throttled && *request->authority.signin.source)
		token->reason = REASON_TOO_MANY_FAILURES;
	if (!answer.record)
		return 0;
	admin_record_proof(request, &token->proof, token->found, token->reason, &record);
	record.detail = why ? why : token->proof.problem;
	record.count = answer.suppressed + 1;
	/* An id is base62. */
	snprintf(changes, sizeof(changes), "{\"token\":\"%s\",\"expires\":%" PRId64 "}", token->id, token->expires);
	if (*token->id)
		record.changes = changes;
	if (audit_write(request->thread->daemon->audit, &record, 1) == 0 || !request->settings->settings.audit_strict)
		return 0;
	return admin_refuse(request, ANSWER_UNAVAILABLE, "the audit file cannot be written");
}

/* ---- issue ---- */

/* One answer for all that can be wrong with a proof; an administrator may know. */
static int refuse_proof(struct admin_request *request)
{
	const struct admin_token *token = &request->token;
	bool problem = token->proof.problem && *token->proof.problem;

	if (reason_verdict(token->reason) == VERDICT_UNAVAILABLE)
		return ANSWER_STORE_FAILED;
	(void)record(request, NULL);
	request->authority.reason = token->reason;
	if (request->authority.kind == AUTHORITY_ADMINISTRATOR)
		return admin_refuse(request, ANSWER_BAD_CREDENTIAL, "%s",
				    problem ? token->proof.problem : reason_sentence(token->reason));
	return ANSWER_BAD_CREDENTIAL;
}

/* 0 and the reason, or a negative errno. */
static int judge_key(const struct admin_request *request, struct store_reader *reader, const struct store_key *key,
		     int64_t now, enum reason *ret_reason)
{
	struct verify_caller caller = {
		.uid = request->peer.uid,
		.root = request->authority.kind == AUTHORITY_ADMINISTRATOR,
		.services = settings_peer_services(&request->settings->settings, request->peer.uid),
	};
	struct policy_request policy = verify_policy_request(&caller, NULL, NULL, NULL, NULL, NULL, now);
	struct policies policies;
	int r = verify_policies(reader, &request->settings->settings, key, request->token.proof.secret, &policies,
				&policy);

	if (r < 0)
		return r;
	if (*request->authority.signin.source) {
		policy.rhost = request->authority.signin.source;
		policy.source_believed = true;
	}
	/* Which tenant it is for is asked where it is used. */
	policy.any_tenant = true;
	*ret_reason = policy_judge(key, &policy);
	if (*ret_reason == REASON_NONE && request->message.token_issue.page == 1 && !key->client_side)
		*ret_reason = REASON_NOT_CLIENT_SIDE;
	return 0;
}

static int64_t earlier(int64_t end, int64_t other)
{
	return other != 0 && other < end ? other : end;
}

/* It lives no longer than what it was got with. */
static int64_t end_of_token(const struct store_key *key, uint32_t number, int64_t now, int64_t lifetime)
{
	const struct store_secret *secret = key_secrets_find(key, number);
	int64_t end = earlier(now + lifetime, key->expires);

	return secret ? earlier(end, secret->retires) : end;
}

/* Of a token that is to be made now. 0 or a negative errno. */
static int make_claims(const struct admin_request *request, const struct store_key *key, int64_t now, int64_t lifetime,
		       struct claims *ret_claims)
{
	const struct settings *settings = &request->settings->settings;
	uint32_t secret = request->token.proof.secret;

	*ret_claims = (struct claims){
		.issued = now, .not_before = now, .expires = end_of_token(key, secret, now, lifetime), .secret = secret
	};
	snprintf(ret_claims->issuer, sizeof(ret_claims->issuer), "%s", settings->token_issuer);
	snprintf(ret_claims->audience, sizeof(ret_claims->audience), "%s", settings->token_audience);
	snprintf(ret_claims->subject, sizeof(ret_claims->subject), "%s", key->id);
	snprintf(ret_claims->account, sizeof(ret_claims->account), "%s", key->account);
	snprintf(ret_claims->tenant, sizeof(ret_claims->tenant), "%s", key->tenant);
	return crypto_random_base62(ret_claims->id, CLAIMS_ID_SIZE);
}

/* The first key that signs is made in passing where there is none yet. */
static int sign_claims(struct admin_request *request, struct vault *vault, const struct claims *claims,
		       char ret_text[TOKEN_SIZE_MAX + 1])
{
	struct store_reader *reader = store_writer(vault->store);
	char payload[CLAIMS_SIZE_MAX];
	size_t size = 0;
	int r = claims_format(claims, payload, &size);

	if (r == 0)
		r = signing_key_sign(reader, vault->keyring.data, payload, size, ret_text);
	if (r == -ENOENT) {
		r = signing_keys_settle_within(vault);
		if (r == 0)
			r = signing_key_sign(reader, vault->keyring.data, payload, size, ret_text);
	}
	return r == -EKEYREJECTED ? admin_refuse(request, ANSWER_STORE_FAILED, "%s", SIGNING_KEY_DAMAGED) : r;
}

static int issue_signed(struct admin_request *request, struct vault *vault, const struct store_key *key, int64_t now)
{
	struct admin_token *token = &request->token;
	struct message_token reply = { .key_id = key->id, .account = key->account };
	struct verify_access_policy policy;
	char text[TOKEN_SIZE_MAX + 1] = "";
	struct claims claims;
	int r = verify_access_policy(store_writer(vault->store), key, &policy);

	if (r == 0)
		r = make_claims(request, key, now, policy.lifetime, &claims);
	if (r == 0)
		r = sign_claims(request, vault, &claims, text);
	if (r == 0) {
		memcpy(token->id, claims.id, sizeof(token->id));
		token->expires = claims.expires;
		reply.token = text;
		reply.id = token->id;
		reply.tenant = *key->tenant ? key->tenant : NULL;
		reply.expires = claims.expires;
		reply.reuse = policy.reuse;
		r = admin_reply(request, &message_token, &reply);
	}
	secret_wipe(text, sizeof(text));
	return r;
}

/* In the writer's thread. What was consumed stays so, also where the key is refused after that. */
static int issue(struct writer_job *job, struct vault *vault)
{
	struct admin_request *request = request_of(job);
	struct admin_token *token = &request->token;
	const struct verify_proof *proof = &token->proof;
	struct store_key *key = &request->keys[0];
	int64_t now = clock_wall_seconds();
	int r;

	if (lockdown_refuses(vault_lockdown(request->thread->daemon->keeper), proof->id)) {
		token->reason = REASON_LOCKDOWN;
		return 0;
	}
	r = verify_spend(vault->store, proof->id, proof->secret, &proof->once, now, key, &token->reason);
	if (r == 0 && token->reason == REASON_NONE)
		r = judge_key(request, store_writer(vault->store), key, now, &token->reason);
	return r == 0 && token->reason == REASON_NONE ? issue_signed(request, vault, key, now) : r;
}

/* Whoever rotates a key has to see that it is still used, though its tokens were never shown. */
static void note_use(struct admin_request *request)
{
	const char *source = request->authority.signin.source;

	admin_note_use(request, request->token.proof.secret, clock_wall_seconds(), SERVICE, *source ? source : "local");
}

static void on_issued(struct thread *thread, struct thread_task *task)
{
	struct admin_request *request = request_of_task(task);
	int r = request->job.result;

	(void)thread;
	if (r == 0)
		r = request->token.reason == REASON_NONE ? record(request, NULL) : refuse_proof(request);
	if (r == 0)
		note_use(request);
	admin_finish(request, r);
}

/* A gateway is believed where its client is, as it is when that signs in. 0, or the answer. */
static int take_source(struct admin_request *request)
{
	const char *source = request->message.token_issue.source;
	struct signin *signin = &request->authority.signin;

	if (!source || !settings_is_gateway(&request->settings->settings, request->peer.uid))
		return 0;
	if (!encoding_is_visible(source))
		return admin_refuse(request, ANSWER_INVALID, "the source is an address");
	snprintf(signin->source, sizeof(signin->source), "%s", source);
	return 0;
}

int admin_token_issue(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	const char *proof = request->message.token_issue.proof;
	const struct codec_bytes *body = &request->message.token_issue.body;
	struct admin_token *token = &request->token;
	int64_t now = clock_wall_seconds();
	char body_hash[PAIR_BODY_HASH_SIZE + 1];
	int r = take_source(request);

	(void)reader;
	(void)vault;
	if (r != 0)
		return r;
	if (pair_hash_body(body->data, body->size, body_hash) < 0)
		return admin_refuse(request, ANSWER_UNAVAILABLE, "the body cannot be hashed");
	/* An imported secret, which may be guessed, is not even looked for. */
	if (credential_classify(proof, strlen(proof)).kind == CREDENTIAL_OTHER)
		token->reason = REASON_NOT_A_CREDENTIAL;
	else
		token->reason =
			verify_locate_signed(request->thread, proof, body_hash, now, &request->keys[0], &token->proof);
	token->found = token->proof.found;
	/* Else one would live for ever, by the next. */
	if (token->reason == REASON_NONE && token->proof.access)
		token->reason = REASON_NOT_A_CREDENTIAL;
	if (token->reason == REASON_NONE && token->proof.once.kind != STORE_ONCE_NONE) {
		token->reason = verify_time(&token->proof, now);
		if (token->reason == REASON_NONE)
			token->reason = verify_unused(request->thread, &token->proof);
	}
	return token->reason == REASON_NONE ? write_later(request, issue, on_issued) : refuse_proof(request);
}

/* ---- inspect, revoke ---- */

/* The bare token in what was given: 0 and *ret_shape, else the answer. */
static int classify(struct admin_request *request, struct credential *ret_shape)
{
	const char *text = request->message.token_reference.token;

	*ret_shape = credential_classify(text, strlen(text));
	if (ret_shape->kind == CREDENTIAL_ACCESS)
		return 0;
	return admin_refuse(request, ANSWER_INVALID, "%s",
			    *ret_shape->problem ? ret_shape->problem : "this is no access token");
}

static int store_failed(struct admin_request *request)
{
	const char *problem = request->token.proof.problem;

	return *problem ? admin_refuse(request, ANSWER_STORE_FAILED, "%s", problem) : -EIO;
}

static int reply_state(struct admin_request *request, const struct claims *claims, bool reuse, enum reason reason)
{
	const struct admin_token *token = &request->token;
	struct message_token_state reply = {
		.verdict = reason == REASON_NONE ? VERDICT_GRANTED : reason_verdict(reason),
	};
	bool administrator = request->authority.kind == AUTHORITY_ADMINISTRATOR;

	/* Who may not see the key learns yes or no. */
	if (token->found ? authority_reaches(&request->authority, &request->keys[0]) : administrator) {
		reply.reason = reason;
		reply.problem = token->proof.problem && *token->proof.problem ? token->proof.problem : NULL;
		if (*claims->id) {
			reply.id = claims->id;
			reply.key_id = claims->subject;
			reply.account = claims->account;
			reply.tenant = *claims->tenant ? claims->tenant : NULL;
			reply.issued = claims->issued;
			reply.expires = claims->expires;
			reply.reuse = reuse;
		}
	}
	return admin_reply(request, &message_token_state, &reply);
}

int admin_token_inspect(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	const char *text = request->message.token_reference.token;
	struct admin_token *token = &request->token;
	struct store_key *key = &request->keys[0];
	struct claims claims = { .id = "" };
	struct verify_access_policy policy = VERIFY_ACCESS_POLICY;
	int64_t now = clock_wall_seconds();
	struct credential shape;
	const char *problem = "";
	enum reason reason;
	int r = classify(request, &shape);

	if (r != 0)
		return r;
	(void)verify_access_read(reader, vault->keyring.data, &request->settings->settings, text + shape.start,
				 shape.size, now, &claims, &problem);
	reason = verify_locate(request->thread, text, now, key, &token->proof);
	token->found = token->proof.found;
	if (reason == REASON_NONE && token->proof.once.kind != STORE_ONCE_NONE)
		reason = verify_unused(request->thread, &token->proof);
	if (reason == REASON_STORE_FAILED)
		return store_failed(request);
	if (reason == REASON_NONE)
		r = judge_key(request, reader, key, now, &reason);
	if (r == 0 && token->found)
		r = verify_access_policy(reader, key, &policy);
	return r < 0 ? r : reply_state(request, &claims, policy.reuse, reason);
}

/* Whoever has a key may end the tokens that were got with it. */
static bool may_end(const struct authority *authority, const char *key_id)
{
	return authority_allows(authority, AUTHORITY_END) ||
	       (authority->kind == AUTHORITY_KEY && strcmp(authority->key_id, key_id) == 0);
}

/* In the writer's thread: an id that was used is not taken again, whatever the tenant says. */
static int end_token(struct writer_job *job, struct vault *vault)
{
	struct admin_request *request = request_of(job);
	const char *text = request->message.token_reference.token;
	struct admin_token *token = &request->token;
	struct store_reader *reader = store_writer(vault->store);
	struct claims claims = { .id = "" };
	struct store_once once = { .kind = STORE_TOKEN_ID, .key = claims.subject, .id = claims.id, .cap = REVOKED_CAP };
	struct credential shape;
	enum reason reason;
	int r = classify(request, &shape);

	if (r == 0)
		r = admin_renew(request, vault);
	if (r != 0)
		return r;
	token->proof.problem = "";
	reason = verify_access_read(reader, vault->keyring.data, &request->settings->settings, text + shape.start,
				    shape.size, clock_wall_seconds(), &claims, &token->proof.problem);
	if (reason == REASON_STORE_FAILED)
		return store_failed(request);
	if (reason == REASON_NONE) {
		r = store_find_key(reader, claims.subject, &request->keys[0]);
		if (r < 0 && r != -ENOENT)
			return r;
		token->found = r == 0;
	}
	if (token->found && !may_end(&request->authority, claims.subject))
		return ANSWER_NOT_PERMITTED;
	/* A key that is gone has ended its tokens. */
	if (!token->found || !authority_reaches(&request->authority, &request->keys[0]))
		return admin_refuse(request, ANSWER_NOT_FOUND,
				    "this token was not issued here by a key you may see, or is worth nothing already");
	memcpy(token->proof.id, claims.subject, sizeof(token->proof.id));
	memcpy(token->id, claims.id, sizeof(token->id));
	token->expires = claims.expires;
	once.id_size = strlen(claims.id);
	once.moment = claims.expires;
	r = store_consume_once(vault->store, &once);
	if (r == -EDQUOT)
		return admin_refuse(request, ANSWER_BUSY,
				    "the key has too many used tokens; 'apikeyctl key deactivate %s' ends all of them",
				    claims.subject);
	/* Used, revoked before, or as old as what is refused in any case. */
	token->changed = r == 0;
	if (r < 0 && r != -EEXIST && r != -ESTALE)
		return r;
	return reply_state(request, &claims, false, REASON_TOKEN_USED);
}

static void on_revoked(struct thread *thread, struct thread_task *task)
{
	struct admin_request *request = request_of_task(task);
	int r = request->job.result;

	(void)thread;
	/* It is revoked, whether that can be recorded or not. */
	if (r == 0 && request->token.changed)
		(void)record(request, request->message.token_reference.why);
	admin_finish(request, r);
}

int admin_token_revoke(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	int r = admin_check_why(request, request->message.token_reference.why);

	(void)reader;
	(void)vault;
	return r != 0 ? r : write_later(request, end_token, on_revoked);
}

/* ---- the keys that sign them ---- */

/* No token of before is signed by what there is now, so none needs to be refused because it may have been used; else a
 * clock that once stood ahead would keep all new ones out for as long. */
static int forget_used(struct store *store, int64_t now)
{
	uint64_t purged = 0;
	int r = store_load_number(store_writer(store), STORE_PURGED_EXP, &purged);

	return r < 0 || purged <= (uint64_t)now ? r : store_save_number(store, STORE_PURGED_EXP, (uint64_t)now);
}

int admin_signing_key_rotate(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	struct audit_record record = admin_record(request, request->verb->event);
	struct message_item reply = { .name = "signing_key.version" };
	int64_t now = clock_wall_seconds();
	bool at_once = request->message.signing_key.now == 1;
	uint32_t version = 0;
	int r = signing_key_renew(vault->store, vault->keyring.data, now, at_once, &version);

	(void)reader;
	if (r == -EBUSY)
		return admin_refuse(
			request, ANSWER_BUSY,
			"%d keys are good still, for a day after the next one was made, and there can be no "
			"more; with --now they end at once, and all tokens with them",
			SIGNING_KEYS_MAX);
	if (r == 0 && at_once)
		r = forget_used(vault->store, now);
	if (r == 0)
		r = signing_key_log(vault, &record, version);
	if (r < 0)
		return r;
	reply.number = version;
	return admin_reply(request, &message_item, &reply);
}
