/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The dry run behind verify and explain: the same steps as a login, each with its outcome, changing nothing. Who may
 * not see the key learns yes or no and nothing more; wrong guesses are counted like those of a login.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "daemon/admin.h"
#include "daemon/audit.h"
#include "daemon/explain_text.h"
#include "daemon/key_fields.h"
#include "daemon/key_secrets.h"
#include "daemon/lockdown.h"
#include "daemon/misuse.h"
#include "daemon/notices.h"
#include "daemon/policy.h"
#include "daemon/throttle.h"
#include "daemon/verify_hmac.h"
#include "proto/credential.h"
#include "proto/permission.h"

/* What a login does before its policy: lockdown; secret or signature; time and nonce of a token. Behind it: audit. */
#define STEPS_BESIDE 5
#define STEP_COUNT (STEPS_BESIDE + POLICY_STEP_COUNT)

struct explanation {
	size_t count;
	struct message_step steps[STEP_COUNT];
	char details[STEP_COUNT][EXPLAIN_TEXT_SIZE];
	enum reason reason; /* of the first step that failed */
};

/* Adds a step, and returns room for what is to be said about it. */
static char *add_step(struct explanation *explanation, const char *name, enum reason reason, bool asked)
{
	struct message_step *step = &explanation->steps[explanation->count];

	step->name = name;
	step->outcome = MESSAGE_OUTCOME_SKIPPED;
	step->detail = explanation->details[explanation->count++];
	/* Behind the first failure nothing is judged, as at a login. */
	if (explanation->reason == REASON_NONE && asked) {
		step->outcome = reason == REASON_NONE ? MESSAGE_OUTCOME_PASSED : MESSAGE_OUTCOME_FAILED;
		explanation->reason = reason;
	}
	return explanation->details[explanation->count - 1];
}

static void explain_policy(struct explanation *explanation, const struct store_key *key,
			   const struct policy_request *request)
{
	for (enum policy_step step = 0; step < POLICY_STEP_COUNT; step++) {
		bool asked;
		enum reason reason = policy_check(step, key, request, &asked);
		char *detail = add_step(explanation, policy_step_name(step), reason, asked);

		if (explanation->steps[explanation->count - 1].outcome != MESSAGE_OUTCOME_SKIPPED)
			explain_text_policy(step, key, request, detail);
	}
}

/* An imported secret may be so weak that it can be guessed: who has guessed too often has to wait, as at a login. */
static int check_guesses(struct admin_request *request, const char *subject)
{
	if (request->authority.kind == AUTHORITY_ADMINISTRATOR ||
	    credential_classify(subject, strlen(subject)).kind != CREDENTIAL_OTHER ||
	    !throttle_is_over(request->thread->daemon->throttle, request->peer.uid, "", clock_monotonic(),
			      request->settings->settings.failures_per_minute))
		return 0;
	return admin_refuse(request, ANSWER_BUSY, "too many that were refused; try again in a moment");
}

/* Finds the key by credential or by name. 0, *ret_proof and *ret_reason; else as a handler returns. */
static int locate(struct admin_request *request, struct store_reader *reader, int64_t now, struct store_key *key,
		  struct verify_proof *ret_proof, enum reason *ret_reason)
{
	const struct message_explain *wanted = &request->message.explain;
	int r;

	*ret_reason = REASON_NONE;
	if (wanted->subject) {
		r = check_guesses(request, wanted->subject);
		if (r != 0)
			return r;
		*ret_reason = verify_locate(request->thread, wanted->subject, now, key, ret_proof);
		return *ret_reason == REASON_STORE_FAILED ? -EIO : 0;
	}
	if (!wanted->key)
		return admin_refuse(request, ANSWER_INVALID, "name a key, or give a credential");
	r = admin_find_key(request, reader, wanted->key, key);
	if (r == 0) {
		ret_proof->found = true;
		memcpy(ret_proof->id, key->id, sizeof(key->id));
	}
	return r;
}

/* While there is one; a credential that has no shape does not get so far. */
static void explain_lockdown(struct explanation *explanation, struct admin_request *request,
			     const struct verify_proof *proof, enum reason reason)
{
	bool shapeless = request->message.explain.subject && (reason == REASON_NOT_A_CREDENTIAL ||
							      reason == REASON_MALFORMED || reason == REASON_TRUNCATED);
	struct store_lockdown lockdown;
	char *detail;
	bool refused;

	lockdown_get(vault_lockdown(request->thread->daemon->keeper), &lockdown);
	if (!lockdown.on && reason != REASON_LOCKDOWN)
		return;
	refused = reason == REASON_LOCKDOWN ||
		  (!request->message.explain.subject && lockdown.on && !lockdown_spares(&lockdown, proof->id));
	detail = add_step(explanation, "lockdown", refused ? REASON_LOCKDOWN : REASON_NONE, !shapeless);
	if (refused)
		snprintf(detail, EXPLAIN_TEXT_SIZE, "on%s%.160s; the key is none of the %zu that are let in",
			 *lockdown.why ? ": " : "", lockdown.why, lockdown.key_count);
	else if (!shapeless)
		snprintf(detail, EXPLAIN_TEXT_SIZE, "on, and the key is let in all the same");
}

/* What a token that is good once has to show besides its signature. */
static int explain_once(struct explanation *explanation, struct admin_request *request,
			const struct verify_proof *proof, int64_t now)
{
	enum reason reason;
	char *detail;

	if (explanation->reason != REASON_NONE || proof->once.kind == STORE_ONCE_NONE)
		return 0;
	/* The dates of an access token were looked at with its signature. */
	if (proof->once.kind == STORE_NONCE) {
		detail = add_step(explanation, "time", verify_time(proof, now), true);
		explain_text_time(&proof->once, now, detail);
	}
	if (explanation->reason != REASON_NONE)
		return 0;
	reason = verify_unused(request->thread, proof);
	if (reason == REASON_STORE_FAILED)
		return -EIO;
	detail = add_step(explanation, proof->once.kind == STORE_NONCE ? "nonce" : "token", reason, true);
	snprintf(detail, EXPLAIN_TEXT_SIZE, "%s", explain_text_use(reason));
	return 0;
}

/* What is to be judged. Who may see the key may suppose anything; anybody else is judged as a caller of verify.sock. */
static struct policy_request suppose(const struct admin_request *request, bool visible, const char *own_service)
{
	const struct message_explain *wanted = &request->message.explain;
	const struct settings *settings = &request->settings->settings;
	struct verify_caller caller = {
		.uid = request->authority.uid,
		.root = visible,
		.services = settings_peer_services(settings, request->authority.uid),
	};
	const char *service = wanted->service || visible ? wanted->service : own_service;
	struct policy_request policy = verify_policy_request(&caller, wanted->user, service, wanted->permission, NULL,
							     wanted->rhost, clock_wall_seconds());

	policy.uses = true;
	return policy;
}

/* 0, or a negative errno: it could not be recorded. */
static int record_explanation(struct admin_request *request, const struct verify_proof *proof, enum reason reason)
{
	const struct message_explain *wanted = &request->message.explain;
	struct audit_record record = admin_record(request, request->verb->event);
	struct throttle_answer answer;

	if (reason_verdict(reason) == VERDICT_DENIED && reason != REASON_NONE && wanted->subject)
		answer = admin_count_failure(request, proof->id, reason);
	else
		answer = admin_count_record(request, "");
	if (!answer.record)
		return 0;
	record.has_verdict = true;
	record.verdict = reason == REASON_NONE ? VERDICT_GRANTED : reason_verdict(reason);
	record.reason = reason;
	record.key_id = *proof->id ? proof->id : NULL;
	record.detail = proof->problem;
	record.user = wanted->user;
	record.service = wanted->service;
	record.rhost = wanted->rhost;
	record.permission = wanted->permission;
	record.count = answer.suppressed + 1;
	return audit_write(request->thread->daemon->audit, &record, 1);
}

/* While records cannot be written, which the one of this explanation has shown, a login is not decided, whatever the
 * steps before say; or it is, and goes unrecorded. */
static void explain_audit(struct explanation *explanation, struct admin_request *request)
{
	bool strict = request->settings->settings.audit_strict;
	struct audit_health health;
	enum reason reason = explanation->reason;
	char *detail;

	audit_health(request->thread->daemon->audit, &health);
	explanation->reason = REASON_NONE;
	detail = add_step(explanation, "audit", strict ? REASON_AUDIT_FAILED : REASON_NONE, true);
	snprintf(detail, EXPLAIN_TEXT_SIZE, "%.200s; [audit] on_failure is %s",
		 request->authority.kind == AUTHORITY_ADMINISTRATOR && *health.fault
			 ? health.fault
			 : "the audit file cannot be written",
		 strict ? "refuse, so that nothing is decided unrecorded"
			: "serve, so that it is decided all the same");
	if (!strict)
		explanation->reason = reason;
}

int admin_explain(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	const struct message_explain *wanted = &request->message.explain;
	struct store_key *key = &request->keys[0];
	struct explanation explanation = { .reason = REASON_NONE };
	struct message_explanation reply = { .verdict = VERDICT_DENIED };
	int64_t now = clock_wall_seconds();
	struct policy_request policy;
	struct policies policies;
	struct verify_proof proof = { .problem = "" };
	struct notices notices = { .count = 0 };
	char own_service[32], *detail;
	char tenant[STORE_SCOPE_ID_MAX + 1];
	enum reason reason;
	size_t offset;
	bool visible;
	int r;

	(void)vault;
	if (wanted->permission && permission_query_error(wanted->permission, &offset))
		return admin_refuse(request, ANSWER_INVALID, "the permission '%.200s': %s, at byte %zu",
				    wanted->permission, permission_query_error(wanted->permission, &offset),
				    offset + 1);
	r = locate(request, reader, now, key, &proof, &reason);
	if (r != 0)
		return r;
	visible = proof.found ? authority_reaches(&request->authority, key)
			      : request->authority.kind == AUTHORITY_ADMINISTRATOR;
	explain_lockdown(&explanation, request, &proof, reason);
	detail = add_step(&explanation, "secret", reason, wanted->subject != NULL);
	if (wanted->subject)
		explain_text_secret(key, &proof, strlen(wanted->subject), reason, detail);
	r = explain_once(&explanation, request, &proof, now);
	if (r < 0)
		return r;
	if (explanation.reason == REASON_NONE) {
		snprintf(own_service, sizeof(own_service), "uid-%u", (unsigned int)request->authority.uid);
		policy = suppose(request, visible, own_service);
		r = verify_tenant(reader, wanted->tenant, tenant, &policy.tenant);
		if (r == 0)
			r = role_grants_find(reader, key, &request->grants, &policy.grants);
		/* Without a credential it is judged as with the current secret. */
		if (r == 0)
			r = verify_policies(reader, &request->settings->settings, key,
					    proof.secret ? proof.secret : key->secrets[key_secrets_current(key)].number,
					    &policies, &policy);
		if (r == 0)
			r = verify_counted(reader, key, &policy);
		if (r < 0)
			return r;
		misuse_count_networks(request->thread->daemon->sources, key, &policy);
		explain_policy(&explanation, key, &policy);
		if (explanation.reason == REASON_NONE)
			notices_collect(key, &policy, &notices);
	}
	if (record_explanation(request, &proof, explanation.reason) < 0)
		explain_audit(&explanation, request);
	reason = explanation.reason;
	reply.verdict = reason == REASON_NONE ? VERDICT_GRANTED : reason_verdict(reason);
	if (visible) {
		reply.reason = reason;
		reply.key_id = proof.id;
		reply.steps = (struct codec_records){ .count = explanation.count, .items = explanation.steps };
	}
	for (size_t i = 0; i < notices.count && reason == REASON_NONE; i++)
		reply.notices.items[reply.notices.count++] = notices.texts[i];
	return admin_reply(request, &message_explanation, &reply);
}
