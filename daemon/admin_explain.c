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
#include "daemon/key_fields.h"
#include "daemon/key_secrets.h"
#include "daemon/lockdown.h"
#include "daemon/notices.h"
#include "daemon/policy.h"
#include "daemon/throttle.h"
#include "daemon/verify_hmac.h"
#include "proto/credential.h"
#include "proto/permission.h"

#define STEPS_BEFORE                                                                                                   \
	4 /* what a login does before its policy: lockdown; secret or signature; time and nonce of a token */
#define STEP_COUNT (STEPS_BEFORE + POLICY_STEP_COUNT)
#define DETAIL_SIZE 256

struct explanation {
	size_t count;
	struct message_step steps[STEP_COUNT];
	char details[STEP_COUNT][DETAIL_SIZE];
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

static void describe_dates(const struct store_key *key, char *ret_text)
{
	char start[CLOCK_TEXT_SIZE], end[CLOCK_TEXT_SIZE];

	clock_format(key->not_before, start, sizeof(start));
	clock_format(key->expires, end, sizeof(end));
	if (key->not_before == 0)
		snprintf(ret_text, DETAIL_SIZE, "expires %s", end);
	else
		snprintf(ret_text, DETAIL_SIZE, "from %s, expires %s", start, end);
}

/* "expires 2027-01-01T00:00:00Z; at most 30d from now". What is broken, and let in all the same, is told of. */
static void describe_lifetime(const struct store_key *key, const struct policy_request *request, char *ret_text)
{
	char end[CLOCK_TEXT_SIZE], most[POLICIES_TEXT_SIZE];

	clock_format(key->expires, end, sizeof(end));
	policies_format(POLICIES_MAX_LIFETIME, request->policies->max_lifetime, most);
	snprintf(ret_text, DETAIL_SIZE, "expires %s; max_lifetime is %s from now%s", end, most,
		 policy_breaks_lifetime(key, request->policies, request->now) &&
				 request->policies->on_violation == POLICIES_REPORT
			 ? ": broken, and let in, since on_violation is report"
			 : "");
}

static void describe_age(const struct policy_request *request, char *ret_text)
{
	char created[CLOCK_TEXT_SIZE], most[POLICIES_TEXT_SIZE];

	clock_format(request->secret->created, created, sizeof(created));
	policies_format(POLICIES_MAX_SECRET_AGE, request->policies->max_secret_age, most);
	snprintf(ret_text, DETAIL_SIZE, "secret %u is of %s; max_secret_age is %s%s",
		 (unsigned int)request->secret->number, created, most,
		 policy_breaks_secret_age(request->secret, request->policies, request->now) &&
				 request->policies->on_violation == POLICIES_REPORT
			 ? ": broken, and let in, since on_violation is report"
			 : "");
}

/* Which of the key's secrets it is, and until when that is good. */
static void describe_secret(const struct store_key *key, uint32_t number, enum reason reason, char *ret_text)
{
	const struct store_secret *secret = key->secrets;
	uint32_t current;
	char end[CLOCK_TEXT_SIZE];

	if (number == 0)
		return;
	current = key->secrets[key_secrets_current(key)].number;
	while (secret->number != number)
		secret++;
	clock_format(secret->retires, end, sizeof(end));
	if (secret->retires == 0)
		snprintf(ret_text, DETAIL_SIZE, "secret %" PRIu32 ", the current one", number);
	else if (reason == REASON_NONE && secret->after_use > 0)
		snprintf(ret_text, DETAIL_SIZE,
			 "secret %" PRIu32 ", good until %" PRIu32
			 " seconds after a later one is first used, and until %s at most; the current one is %" PRIu32,
			 number, secret->after_use, end, current);
	else if (reason == REASON_NONE)
		snprintf(ret_text, DETAIL_SIZE, "secret %" PRIu32 ", good until %s; the current one is %" PRIu32,
			 number, end, current);
	else
		snprintf(ret_text, DETAIL_SIZE, "secret %" PRIu32 ", refused since %s; the current one is %" PRIu32,
			 number, end, current);
}

/* Of a text that was cut, whose limit that may have been. */
static void describe_cut(size_t size, char *ret_text)
{
	const char *who = credential_limit(size);
	size_t end = strlen(ret_text);

	snprintf(ret_text + end, DETAIL_SIZE - end, " %zu bytes came%s%s.", size, who ? ", the limit of " : "",
		 who ? who : "");
}

/* Which service it is for, and which one asks. */
static void describe_exclusive(const struct store_key *key, const struct policy_request *request, char *ret_text)
{
	if (*key->exclusive == '\0')
		snprintf(ret_text, DETAIL_SIZE, "for any service");
	else if (strcmp(key->exclusive, STORE_UNBOUND) != 0)
		snprintf(ret_text, DETAIL_SIZE, "for %s alone, and %s asks", key->exclusive, request->service);
	else if (policy_check(POLICY_EXCLUSIVE, key, request, NULL) == REASON_NONE)
		snprintf(ret_text, DETAIL_SIZE, "for the first service that uses it, which would be %s",
			 request->service);
	else
		snprintf(ret_text, DETAIL_SIZE,
			 "for the first service that uses it; %s is none that it can be bound to", request->service);
}

static void describe_uses(const struct store_key *key, const struct policy_request *request, char *ret_text)
{
	if (key->max_uses == 0)
		snprintf(ret_text, DETAIL_SIZE, "as often as one likes");
	else
		snprintf(ret_text, DETAIL_SIZE, "%" PRIu64 " of %" PRIu32 " uses counted; explaining it counts none",
			 request->counted, key->max_uses);
}

/* What the key has to say to a step. */
static void describe_step(enum policy_step step, const struct store_key *key, const struct policy_request *request,
			  char *ret_text)
{
	switch (step) {
	case POLICY_STATE:
		snprintf(ret_text, DETAIL_SIZE, "%s%s%s", key_state_name(key->state), *key->state_reason ? ": " : "",
			 key->state_reason);
		break;
	case POLICY_DATES:
		describe_dates(key, ret_text);
		break;
	case POLICY_LIFETIME:
		describe_lifetime(key, request, ret_text);
		break;
	case POLICY_SECRET_AGE:
		describe_age(request, ret_text);
		break;
	case POLICY_TENANT:
		snprintf(ret_text, DETAIL_SIZE, "%s", *key->tenant ? key->tenant : "none: a key of the account");
		break;
	case POLICY_USER:
		snprintf(ret_text, DETAIL_SIZE, "owner %s%s%s", key->owner, *key->users ? ", may log in as " : "",
			 key->users);
		break;
	case POLICY_SERVICE:
		snprintf(ret_text, DETAIL_SIZE, "%s", request->service ? request->service : "");
		break;
	case POLICY_EXCLUSIVE:
		describe_exclusive(key, request, ret_text);
		break;
	case POLICY_SOURCE:
		snprintf(ret_text, DETAIL_SIZE, "%s", *key->sources ? key->sources : "from anywhere");
		break;
	case POLICY_PERMISSION:
		snprintf(ret_text, DETAIL_SIZE, "%s%s%sholds %s", *key->roles ? "roles " : "", key->roles,
			 *key->roles ? "; " : "", *request->grants ? request->grants : "none");
		break;
	case POLICY_USES:
		describe_uses(key, request, ret_text);
		break;
	case POLICY_STEP_COUNT:
		break;
	}
	/* A list of users is kept one a line. */
	for (char *at = ret_text; (at = strchr(at, '\n'));)
		*at = ' ';
}

static void explain_policy(struct explanation *explanation, const struct store_key *key,
			   const struct policy_request *request)
{
	for (enum policy_step step = 0; step < POLICY_STEP_COUNT; step++) {
		bool asked;
		enum reason reason = policy_check(step, key, request, &asked);
		char *detail = add_step(explanation, policy_step_name(step), reason, asked);

		if (explanation->steps[explanation->count - 1].outcome != MESSAGE_OUTCOME_SKIPPED)
			describe_step(step, key, request, detail);
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
		snprintf(detail, DETAIL_SIZE, "on%s%.160s; the key is none of the %zu that are let in",
			 *lockdown.why ? ": " : "", lockdown.why, lockdown.key_count);
	else if (!shapeless)
		snprintf(detail, DETAIL_SIZE, "on, and the key is let in all the same");
}

static void describe_time(const struct verify_once *once, int64_t now, char *ret_text)
{
	int64_t ahead = once->moment - now;

	snprintf(ret_text, DETAIL_SIZE, "made %" PRId64 " seconds %s; %d are allowed", ahead < 0 ? -ahead : ahead,
		 ahead > 0 ? "ahead of this host's clock" : "ago", VERIFY_HMAC_WINDOW);
}

static const char *describe_use(enum reason reason)
{
	switch (reason) {
	case REASON_NONE:
		return "not used yet; explaining it does not use it";
	case REASON_REPLAYED:
		return "the nonce was used before";
	case REASON_TOKEN_USED:
		return "it was used before, or revoked";
	case REASON_CLOCK_MOVED:
		return "as old as what is not remembered any more: the clock was set back, or a backup was restored";
	case REASON_TOO_MANY_REQUESTS:
		return "the key has used as many as are remembered; wait until some have expired";
	default:
		return "";
	}
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
		describe_time(&proof->once, now, detail);
	}
	if (explanation->reason != REASON_NONE)
		return 0;
	reason = verify_unused(request->thread, proof);
	if (reason == REASON_STORE_FAILED)
		return -EIO;
	detail = add_step(explanation, proof->once.kind == STORE_NONCE ? "nonce" : "token", reason, true);
	snprintf(detail, DETAIL_SIZE, "%s", describe_use(reason));
	return 0;
}

/* What is to be judged. Who may see the key may suppose anything; anybody else is judged as a caller of verify.sock. */
static struct policy_request suppose(const struct admin_request *request, bool visible, const char *own_service)
{
	const struct message_explain *wanted = &request->message.explain;
	const struct settings *settings = &request->settings->settings;
	struct verify_caller caller = {
		.uid = request->peer.uid,
		.root = visible,
		.services = settings_peer_services(settings, request->peer.uid),
	};
	const char *service = wanted->service || visible ? wanted->service : own_service;
	struct policy_request policy = verify_policy_request(&caller, wanted->user, service, wanted->permission, NULL,
							     wanted->rhost, clock_wall_seconds());

	policy.uses = true;
	return policy;
}

static void record_explanation(struct admin_request *request, const struct verify_proof *proof, enum reason reason)
{
	const struct message_explain *wanted = &request->message.explain;
	struct audit_record record = admin_record(request, request->verb->event);
	struct throttle_answer answer = { .record = true };

	if (reason_verdict(reason) == VERDICT_DENIED && reason != REASON_NONE && wanted->subject)
		answer = admin_count_failure(request);
	else if (request->authority.kind != AUTHORITY_ADMINISTRATOR)
		answer = throttle_failure(request->thread->daemon->chatter, request->peer.uid, "", clock_monotonic(),
					  CHATTER_PER_MINUTE);
	if (!answer.record)
		return;
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
	(void)audit_write(request->thread->daemon->audit, &record, 1);
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
	snprintf(detail, DETAIL_SIZE, "%s", proof.problem);
	if (reason == REASON_TRUNCATED && wanted->subject)
		describe_cut(strlen(wanted->subject), detail);
	describe_secret(key, proof.secret, reason, detail);
	r = explain_once(&explanation, request, &proof, now);
	if (r < 0)
		return r;
	if (explanation.reason == REASON_NONE) {
		snprintf(own_service, sizeof(own_service), "uid-%u", (unsigned int)request->peer.uid);
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
		explain_policy(&explanation, key, &policy);
		if (explanation.reason == REASON_NONE)
			notices_collect(key, &policy, &notices);
	}
	reason = explanation.reason;
	reply.verdict = reason == REASON_NONE ? VERDICT_GRANTED : reason_verdict(reason);
	if (visible) {
		reply.reason = reason;
		reply.key_id = proof.id;
		reply.steps = (struct codec_records){ .count = explanation.count, .items = explanation.steps };
	}
	for (size_t i = 0; i < notices.count; i++)
		reply.notices.items[reply.notices.count++] = notices.texts[i];
	record_explanation(request, &proof, reason);
	return admin_reply(request, &message_explanation, &reply);
}
