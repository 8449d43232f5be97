/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The dry run behind verify and explain: the same steps as a login, each with its outcome, changing nothing. Who may
 * not see the key learns yes or no and nothing more; wrong guesses are counted like those of a login.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "daemon/admin.h"
#include "daemon/audit.h"
#include "daemon/key_fields.h"
#include "daemon/policy.h"
#include "daemon/throttle.h"
#include "daemon/verify.h"
#include "proto/credential.h"
#include "proto/permission.h"

#define STEP_LOCATE 0 /* shape, key and digest: what a login does before its policy */
#define STEP_COUNT (1 + POLICY_STEP_COUNT)
#define DETAIL_SIZE 256

struct explanation {
	struct message_step steps[STEP_COUNT];
	char details[STEP_COUNT][DETAIL_SIZE];
	enum reason reason; /* of the first step that failed */
};

static void set_step(struct explanation *explanation, size_t index, const char *name, enum reason reason, bool asked)
{
	struct message_step *step = &explanation->steps[index];

	step->name = name;
	step->outcome = MESSAGE_OUTCOME_SKIPPED;
	/* Behind the first failure nothing is judged, as at a login. */
	if (explanation->reason != REASON_NONE || !asked)
		return;
	step->outcome = reason == REASON_NONE ? MESSAGE_OUTCOME_PASSED : MESSAGE_OUTCOME_FAILED;
	explanation->reason = reason;
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

/* Which of the key's secrets it is, and until when that is good. */
static void describe_secret(const struct store_key *key, uint32_t number, enum reason reason, char *ret_text)
{
	const struct store_secret *secret = key->secrets;
	char end[CLOCK_TEXT_SIZE];

	if (number == 0)
		return;
	while (secret->number != number)
		secret++;
	clock_format(secret->retires, end, sizeof(end));
	if (secret->retires == 0)
		snprintf(ret_text, DETAIL_SIZE, "secret %u, the current one", (unsigned int)number);
	else if (reason == REASON_NONE)
		snprintf(ret_text, DETAIL_SIZE, "secret %u, good until %s; the current one is %u", (unsigned int)number,
			 end, (unsigned int)key->secrets[key->secret_count - 1].number);
	else
		snprintf(ret_text, DETAIL_SIZE, "secret %u, refused since %s; the current one is %u",
			 (unsigned int)number, end, (unsigned int)key->secrets[key->secret_count - 1].number);
}

/* What is wrong with a text that has not the shape of a credential. */
static void describe_shape(const char *text, char *ret_text)
{
	if (text)
		snprintf(ret_text, DETAIL_SIZE, "%s", credential_classify(text, strlen(text)).problem);
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
	case POLICY_TENANT:
		snprintf(ret_text, DETAIL_SIZE, "%s", key->tenant);
		break;
	case POLICY_USER:
		snprintf(ret_text, DETAIL_SIZE, "owner %s%s%s", key->owner, *key->users ? ", may log in as " : "",
			 key->users);
		break;
	case POLICY_SERVICE:
		snprintf(ret_text, DETAIL_SIZE, "%s", request->service ? request->service : "");
		break;
	case POLICY_SOURCE:
		snprintf(ret_text, DETAIL_SIZE, "%s", *key->sources ? key->sources : "from anywhere");
		break;
	case POLICY_PERMISSION:
		snprintf(ret_text, DETAIL_SIZE, "holds %s", *key->permissions ? key->permissions : "none");
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
		size_t index = STEP_LOCATE + 1 + step;

		set_step(explanation, index, policy_step_name(step), reason, asked);
		if (explanation->steps[index].outcome != MESSAGE_OUTCOME_SKIPPED)
			describe_step(step, key, request, explanation->details[index]);
	}
}

/* Finds the key by credential or by name. 0 and *ret_reason, with *ret_found when there is a key to talk about and
 * *ret_secret when there is one of its secrets; else as a handler returns. */
static int locate(struct admin_request *request, struct store_reader *reader, int64_t now, struct store_key *key,
		  char ret_id[CREDENTIAL_KEY_ID_MAX + 1], bool *ret_found, uint32_t *ret_secret,
		  enum reason *ret_reason)
{
	const struct message_explain *wanted = &request->message.explain;
	int r;

	*ret_found = true;
	*ret_secret = 0;
	*ret_reason = REASON_NONE;
	if (wanted->subject) {
		*ret_reason = verify_locate(request->thread, wanted->subject, now, key, ret_secret, ret_id);
		*ret_found = *ret_reason == REASON_NONE || *ret_reason == REASON_BAD_SECRET ||
			     *ret_reason == REASON_SECRET_RETIRED;
		return *ret_reason == REASON_STORE_FAILED ? -EIO : 0;
	}
	if (!wanted->key)
		return admin_refuse(request, ANSWER_INVALID, "name a key, or give a credential");
	r = admin_find_key(request, reader, wanted->key, key);
	if (r == 0)
		memcpy(ret_id, key->id, sizeof(key->id));
	return r;
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

	return verify_policy_request(&caller, wanted->user, service, wanted->permission, wanted->tenant, wanted->rhost,
				     clock_wall_seconds());
}

static void record_explanation(struct admin_request *request, const char *id, enum reason reason)
{
	const struct message_explain *wanted = &request->message.explain;
	struct audit_record record = admin_record(request, request->verb->event);
	struct throttle_answer answer = { .record = true };

	if (reason_verdict(reason) == VERDICT_DENIED && reason != REASON_NONE && wanted->subject)
		answer = throttle_failure(request->thread->daemon->throttle, request->peer.uid, "", clock_monotonic(),
					  request->settings->settings.failures_per_minute);
	else if (request->authority.kind != AUTHORITY_ADMINISTRATOR)
		answer = throttle_failure(request->thread->daemon->chatter, request->peer.uid, "", clock_monotonic(),
					  CHATTER_PER_MINUTE);
	if (!answer.record)
		return;
	record.has_verdict = true;
	record.verdict = reason == REASON_NONE ? VERDICT_GRANTED : reason_verdict(reason);
	record.reason = reason;
	record.key_id = *id ? id : NULL;
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
	struct policy_request policy;
	char own_service[32];
	char id[CREDENTIAL_KEY_ID_MAX + 1] = "";
	enum reason reason;
	uint32_t secret;
	size_t offset;
	bool found, visible;
	int r;

	(void)vault;
	if (wanted->permission && permission_query_error(wanted->permission, &offset))
		return admin_refuse(request, ANSWER_INVALID, "the permission '%.200s': %s, at byte %zu",
				    wanted->permission, permission_query_error(wanted->permission, &offset),
				    offset + 1);
	r = locate(request, reader, clock_wall_seconds(), key, id, &found, &secret, &reason);
	if (r != 0)
		return r;
	visible = found ? authority_reaches(&request->authority, key)
			: request->authority.kind == AUTHORITY_ADMINISTRATOR;
	set_step(&explanation, STEP_LOCATE, "secret", reason, wanted->subject != NULL);
	describe_shape(wanted->subject, explanation.details[STEP_LOCATE]);
	describe_secret(key, secret, reason, explanation.details[STEP_LOCATE]);
	if (explanation.reason == REASON_NONE) {
		snprintf(own_service, sizeof(own_service), "uid-%u", (unsigned int)request->peer.uid);
		policy = suppose(request, visible, own_service);
		explain_policy(&explanation, key, &policy);
	}
	reason = explanation.reason;
	reply.verdict = reason == REASON_NONE ? VERDICT_GRANTED : reason_verdict(reason);
	if (visible) {
		reply.reason = reason;
		reply.key_id = id;
		for (size_t i = 0; i < STEP_COUNT && explanation.steps[i].name; i++)
			explanation.steps[i].detail = explanation.details[i];
		reply.steps = (struct codec_records){ .count = explanation.steps[STEP_COUNT - 1].name ? STEP_COUNT : 1,
						      .items = explanation.steps };
	}
	record_explanation(request, id, reason);
	return admin_reply(request, &message_explanation, &reply);
}
