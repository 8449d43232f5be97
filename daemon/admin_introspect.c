/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Introspection of a token by a service that was shown it (RFC 7662): a key, or an access token that its tenant lets be
 * used again. Nothing is used up, so whatever is good once, or so many times, or binds itself by being used, is not
 * active here: it would be good again and again. Defends against a service that learns more than whether the token is
 * good: all that it is not told of, and all that is no good, is one answer.
 */
#include <errno.h>
#include <string.h>

#include "common/clock.h"
#include "daemon/admin.h"
#include "daemon/audit.h"
#include "daemon/policy.h"
#include "daemon/throttle.h"
#include "daemon/verify_access.h"
#include "proto/credential.h"

#define SERVICE "introspection" /* what a use is noted under */

/* What came of it. */
struct found {
	enum reason reason;
	const char *problem; /* why a good token is not active: a sentence; "" */
	struct verify_proof proof;
	struct claims claims; /* id "": it is no access token */
};

static void refuse(struct found *found, enum reason reason, const char *problem)
{
	found->reason = reason;
	found->problem = problem;
}

/* Finds whose it is, and whether the text is good: what it shows, not yet what its key may do. */
static void locate(struct admin_request *request, struct store_reader *reader, const struct vault *vault, int64_t now,
		   struct found *found)
{
	const char *text = request->message.token_reference.token, *problem = "";
	struct credential shape = credential_classify(text, strlen(text));

	found->claims.id[0] = '\0';
	if (shape.kind == CREDENTIAL_OTHER || shape.kind == CREDENTIAL_HMAC) {
		/* An imported secret may be guessed; what was signed is good once. */
		refuse(found, REASON_NOT_A_CREDENTIAL,
		       "it is no key and no access token, which alone are introspected");
		return;
	}
	if (shape.kind == CREDENTIAL_ACCESS)
		(void)verify_access_read(reader, vault->keyring.data, &request->settings->settings, text + shape.start,
					 shape.size, now, &found->claims, &problem);
	refuse(found, verify_locate(request->thread, text, now, &request->keys[0], &found->proof), "");
	if (found->reason != REASON_NONE)
		found->problem = found->proof.problem;
	else if (found->proof.once.kind != STORE_ONCE_NONE)
		refuse(found, REASON_NOT_A_CREDENTIAL,
		       "this access token is good once; its tenant has to let tokens be used again for introspection");
}

/* Whether the key is good now, to whoever asks. 0 or a negative errno. */
static int judge(const struct admin_request *request, struct store_reader *reader, int64_t now, struct found *found)
{
	const struct store_key *key = &request->keys[0];
	/* It asks for others, and says nothing of whence they come. */
	struct verify_caller caller = { .uid = request->peer.uid, .root = true, .services = "" };
	struct policy_request policy = verify_policy_request(&caller, NULL, NULL, NULL, NULL, NULL, now);
	struct policies policies;
	int r = verify_policies(reader, &request->settings->settings, key, found->proof.secret, &policies, &policy);

	if (r < 0)
		return r;
	policy.any_tenant = true;
	found->reason = policy_judge(key, &policy);
	if (found->reason != REASON_NONE)
		return 0;
	if (!authority_reaches(&request->authority, key))
		refuse(found, REASON_WRONG_TENANT, "the key that asks is another tenant's");
	else if (key->test || *key->exclusive || key->max_uses > 0)
		refuse(found, REASON_WRONG_SERVICE,
		       "a test key, one for a single service, and one with a number of uses are not introspected");
	else if (*key->sources)
		refuse(found, REASON_WRONG_SOURCE, "whence its token was shown is not known here");
	return 0;
}

/* Refusals are counted as those of a login. What a gateway or peer is told of good tokens is recorded each time. */
static bool wants_record(struct admin_request *request, const struct found *found, uint64_t *ret_count)
{
	struct throttle_answer answer = { .record = true };

	if (found->reason != REASON_NONE)
		answer = admin_count_failure(request, found->proof.id, found->reason);
	else if (!admin_acts_for_others(request))
		answer = admin_count_record(request, "");
	*ret_count = answer.suppressed + 1;
	return answer.record;
}

/* 0, or the answer where what cannot be recorded is not told. */
static int record(struct admin_request *request, const struct found *found)
{
	struct audit_record record = admin_record(request, "introspect");

	request->recorded = true;
	if (!wants_record(request, found, &record.count))
		return 0;
	admin_record_proof(request, &found->proof, found->proof.found, found->reason, &record);
	record.detail = found->problem;
	if (audit_write(request->thread->daemon->audit, &record, 1) == 0 || !request->settings->settings.audit_strict)
		return 0;
	return admin_refuse(request, ANSWER_UNAVAILABLE, "the audit file cannot be written");
}

static int reply_active(struct admin_request *request, struct store_reader *reader, const struct found *found)
{
	const struct store_key *key = &request->keys[0];
	const struct claims *claims = &found->claims;
	bool access = *claims->id != '\0';
	struct message_introspection reply = {
		.active = 1,
		.key_id = key->id,
		.owner = key->owner,
		.account = key->account,
		.tenant = *key->tenant ? key->tenant : NULL,
		.token_id = access ? claims->id : NULL,
		.issued = access ? claims->issued : key->created,
		.not_before = access ? claims->not_before : key->not_before,
		.expires = access ? claims->expires : key->expires,
	};
	const char *grants = "";
	int r = role_grants_find(reader, key, &request->grants, &grants);

	if (r < 0)
		return r;
	reply.permissions = *grants ? grants : NULL;
	return admin_reply(request, &message_introspection, &reply);
}

int admin_introspect(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	const struct message_introspection inactive = { .active = 0 };
	struct found found = { .reason = REASON_NOT_A_CREDENTIAL, .problem = "" };
	int64_t now = clock_wall_seconds();
	int r = 0;

	locate(request, reader, vault, now, &found);
	if (found.reason == REASON_NONE)
		r = judge(request, reader, now, &found);
	if (r == 0 && reason_verdict(found.reason) == VERDICT_UNAVAILABLE)
		r = *found.problem ? admin_refuse(request, ANSWER_STORE_FAILED, "%s", found.problem) : -EIO;
	if (r == 0)
		r = record(request, &found);
	if (r != 0)
		return r;
	if (found.reason != REASON_NONE)
		return admin_reply(request, &message_introspection, &inactive);
	/* Whoever rotates a key has to see that it is still used. */
	admin_note_use(request, found.proof.secret, now, SERVICE, "");
	return reply_active(request, reader, &found);
}
