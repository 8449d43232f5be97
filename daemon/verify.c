/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/verify.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/secret.h"
#include "daemon/handle.h"
#include "proto/credential.h"

/* A caller that is not root may always speak for itself: "uid-1000". */
static bool may_speak_for(const struct verify_caller *caller, const char *service)
{
	char own[32];

	if (caller->root)
		return true;
	snprintf(own, sizeof(own), "uid-%u", (unsigned int)caller->uid);
	return strcmp(service, own) == 0 || policy_list_contains(caller->services, ' ', service);
}

struct policy_request verify_policy_request(const struct verify_caller *caller, const char *user, const char *service,
					    const char *permission, const char *tenant, const char *rhost, int64_t now)
{
	bool believed = caller->root || *caller->services != '\0';

	return (struct policy_request){
		.user = user,
		.service = service,
		.service_allowed = service && may_speak_for(caller, service),
		.permission = permission,
		.tenant = tenant,
		.rhost = believed ? rhost : NULL,
		.source_believed = believed,
		.now = now,
	};
}

void verify_source(const struct verify_caller *caller, const char *rhost, char ret_source[WIRE_NETWORK_MAX + 1])
{
	if (!caller->root && *caller->services == '\0')
		snprintf(ret_source, WIRE_NETWORK_MAX + 1, "uid:%u", (unsigned int)caller->uid);
	else
		snprintf(ret_source, WIRE_NETWORK_MAX + 1, "%s", rhost && *rhost ? rhost : "local");
}

static enum reason shape_reason(enum credential_kind kind)
{
	switch (kind) {
	case CREDENTIAL_OPAQUE:
		return REASON_NONE;
	case CREDENTIAL_MALFORMED:
		return REASON_MALFORMED;
	case CREDENTIAL_TRUNCATED:
		return REASON_TRUNCATED;
	/* Not verified yet. */
	case CREDENTIAL_HMAC:
	case CREDENTIAL_ACCESS:
	case CREDENTIAL_OTHER:
	case CREDENTIAL_NONE:
		break;
	}
	return REASON_NOT_A_CREDENTIAL;
}

/* The secret whose digest it is. As many are compared as a key can have, those that are not there with one that is
 * nobody's, so that time tells neither how many there are nor which one fits. */
static const struct store_secret *find_secret(const struct store_key *key, const uint8_t digest[CRYPTO_MAC_SIZE])
{
	static const struct store_secret nobodys = { .number = 0 };
	const struct store_secret *found = NULL;
	size_t count = key ? key->secret_count : 0;

	for (size_t i = 0; i < STORE_SECRETS_MAX; i++) {
		const struct store_secret *secret = i < count ? &key->secrets[i] : &nobodys;
		bool equal = secret_equal(secret->digest, digest, CRYPTO_MAC_SIZE);

		if (equal && (secret->form == STORE_FORM_TOKEN || secret->form == STORE_FORM_ENDED))
			found = secret;
	}
	return found;
}

/* Reads a key; -EIO is reported, so that the store is opened anew. */
static enum reason read_key(struct thread *thread, const char *id, struct store_key *ret_key, bool *ret_found)
{
	int r = store_find_key(thread->reader, id, ret_key);

	*ret_found = r == 0;
	if (r == 0 || r == -ENOENT)
		return REASON_NONE;
	thread_vault_failed(thread);
	return REASON_STORE_FAILED;
}

enum reason verify_locate(struct thread *thread, const char *credential, int64_t now, struct store_key *ret_key,
			  uint32_t *ret_secret, char ret_id[CREDENTIAL_KEY_ID_MAX + 1])
{
	struct credential shape = credential_classify(credential, strlen(credential));
	const struct store_secret *secret;
	uint8_t digest[CRYPTO_MAC_SIZE];
	enum reason reason = shape_reason(shape.kind);
	bool found;

	snprintf(ret_id, CREDENTIAL_KEY_ID_MAX + 1, "%s", shape.id);
	*ret_secret = 0;
	if (reason != REASON_NONE)
		return reason;
	if (crypto_mac_compute(thread->pepper, credential + shape.start, shape.size, digest) < 0)
		return REASON_STORE_FAILED;
	reason = read_key(thread, shape.id, ret_key, &found);
	if (reason != REASON_NONE)
		return reason;
	secret = find_secret(found ? ret_key : NULL, digest);
	if (!found)
		return REASON_UNKNOWN_KEY;
	if (!secret)
		return REASON_BAD_SECRET;
	*ret_secret = secret->number;
	return policy_judge_secret(secret, now);
}

static void describe_key(const struct store_key *key, struct verify_outcome *outcome)
{
	snprintf(outcome->key_name, sizeof(outcome->key_name), "%s", key->name);
	snprintf(outcome->owner, sizeof(outcome->owner), "%s", key->owner);
	snprintf(outcome->tenant, sizeof(outcome->tenant), "%s", key->tenant);
	snprintf(outcome->permissions, sizeof(outcome->permissions), "%s", key->permissions);
	outcome->expires = key->expires;
	outcome->test = key->test;
}

static void refuse(struct verify_outcome *outcome, enum reason reason)
{
	outcome->reason = reason;
	outcome->verdict = reason_verdict(reason);
}

static void outcome_init(struct verify_outcome *outcome)
{
	outcome->verdict = VERDICT_DENIED;
	outcome->reason = REASON_NONE;
	outcome->secret = 0;
	outcome->test = false;
	outcome->expires = 0;
	outcome->key_id[0] = outcome->key_name[0] = outcome->owner[0] = outcome->tenant[0] = '\0';
	outcome->permissions[0] = outcome->handle[0] = '\0';
}

void verify_credential(struct thread *thread, const struct verify_caller *caller, const struct message_verify *request,
		       int64_t now, struct store_key *key, struct verify_outcome *ret_outcome)
{
	struct policy_request policy = verify_policy_request(caller, request->user, request->service,
							     request->permission, request->tenant, request->rhost, now);
	struct handle_binding binding = {
		.peer_uid = caller->uid, .user = request->user, .service = request->service, .rhost = request->rhost
	};
	enum reason reason;

	outcome_init(ret_outcome);
	if (!thread->reader) {
		refuse(ret_outcome, REASON_STORE_FAILED);
		return;
	}
	reason = verify_locate(thread, request->credential, now, key, &ret_outcome->secret, ret_outcome->key_id);
	if (reason == REASON_NONE || reason == REASON_BAD_SECRET || reason == REASON_SECRET_RETIRED)
		describe_key(key, ret_outcome);
	if (reason == REASON_NONE)
		reason = policy_judge(key, &policy);
	if (reason == REASON_NONE && handle_make(thread->handles, &binding, key->id, ret_outcome->secret,
						 clock_boot_seconds(), ret_outcome->handle) < 0)
		reason = REASON_STORE_FAILED;
	if (reason != REASON_NONE) {
		refuse(ret_outcome, reason);
		return;
	}
	ret_outcome->verdict = VERDICT_GRANTED;
}

/* REASON_NONE when the key still has the secret, and it has not retired. */
static enum reason judge_secret(const struct store_key *key, uint32_t number, int64_t now)
{
	for (size_t i = 0; i < key->secret_count; i++) {
		if (key->secrets[i].number == number)
			return policy_judge_secret(&key->secrets[i], now);
	}
	return REASON_SECRET_RETIRED;
}

void verify_handle(struct thread *thread, const struct verify_caller *caller, const struct message_account *request,
		   int64_t now, struct store_key *key, struct verify_outcome *ret_outcome)
{
	struct policy_request policy = verify_policy_request(caller, NULL, request->service, request->permission,
							     request->tenant, request->rhost, now);
	struct handle_binding binding = {
		.peer_uid = caller->uid, .user = request->user, .service = request->service, .rhost = request->rhost
	};
	enum reason reason;
	bool found;

	outcome_init(ret_outcome);
	if (!thread->reader) {
		refuse(ret_outcome, REASON_STORE_FAILED);
		return;
	}
	/* The user needs no step of its own: the handle is bound to the one the key was judged for. */
	reason = handle_check(thread->handles, &binding, request->handle, clock_boot_seconds(), ret_outcome->key_id,
			      &ret_outcome->secret);
	if (reason == REASON_NONE) {
		reason = read_key(thread, ret_outcome->key_id, key, &found);
		if (reason == REASON_NONE && !found)
			reason = REASON_UNKNOWN_KEY;
	}
	if (reason == REASON_NONE) {
		describe_key(key, ret_outcome);
		reason = policy_judge(key, &policy);
		if (reason == REASON_NONE)
			reason = judge_secret(key, ret_outcome->secret, now);
	}
	if (reason != REASON_NONE) {
		refuse(ret_outcome, reason);
		return;
	}
	ret_outcome->verdict = VERDICT_GRANTED;
}
