/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/verify.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/secret.h"
#include "daemon/handle.h"
#include "daemon/key_secrets.h"
#include "daemon/key_use.h"
#include "daemon/lockdown.h"
#include "daemon/misuse.h"
#include "daemon/scope.h"
#include "daemon/store_limit.h"
#include "daemon/vault.h"
#include "daemon/verify_access.h"
#include "daemon/verify_hmac.h"
#include "daemon/verify_imported.h"
#include "proto/credential.h"
#include "proto/token_header.h"

const struct store_key verify_nobodys = { .state = STORE_ACTIVE,
					  .expires = TIME_NEVER,
					  .name = "nobodys",
					  .owner = "nobody",
					  .account = "",
					  .tenant = "",
					  .state_reason = "",
					  .created_by = "",
					  .permissions = "",
					  .roles = "",
					  .sources = "",
					  .users = "",
					  .labels = "",
					  .exclusive = "" };

static enum reason shape_reason(enum credential_kind kind)
{
	switch (kind) {
	case CREDENTIAL_OPAQUE:
	case CREDENTIAL_HMAC:
	case CREDENTIAL_ACCESS:
	case CREDENTIAL_OTHER:
		return REASON_NONE;
	case CREDENTIAL_MALFORMED:
		return REASON_MALFORMED;
	case CREDENTIAL_TRUNCATED:
		return REASON_TRUNCATED;
	case CREDENTIAL_NONE:
		break;
	}
	return REASON_NOT_A_CREDENTIAL;
}

const struct store_secret *verify_find_secret(const struct store_key *key, enum store_form form,
					      const uint8_t digest[STORE_DIGEST_SIZE])
{
	static const struct store_secret nobodys = { .number = 0 };
	const struct store_secret *found = NULL;
	size_t count = key ? key->secret_count : 0;

	for (size_t i = 0; i < STORE_SECRETS_MAX; i++) {
		const struct store_secret *secret = i < count ? &key->secrets[i] : &nobodys;
		bool equal = secret_equal(secret->digest, digest, STORE_DIGEST_SIZE);

		if (equal && (secret->form == form || secret->form == STORE_FORM_ENDED))
			found = secret;
	}
	return found;
}

static enum reason key_reason(struct thread *thread, int r, bool *ret_found)
{
	*ret_found = r == 0;
	if (r == 0 || r == -ENOENT)
		return REASON_NONE;
	thread_vault_failed(thread);
	return REASON_STORE_FAILED;
}

enum reason verify_read_key(struct thread *thread, const char *id, struct store_key *ret_key, bool *ret_found)
{
	return key_reason(thread, store_find_key(thread->reader, id, ret_key), ret_found);
}

int verify_tenant(struct store_reader *reader, const char *tenant, char id[STORE_SCOPE_ID_MAX + 1],
		  const char **ret_tenant)
{
	int r = tenant ? scope_tenant_id(reader, tenant, id) : 0;

	if (r < 0 && r != -ENOENT)
		return r;
	*ret_tenant = tenant && r == 0 ? id : tenant;
	return 0;
}

int verify_policies(struct store_reader *reader, const struct settings *settings, const struct store_key *key,
		    uint32_t secret, struct policies *room, struct policy_request *request)
{
	int r = policies_find(reader, settings, key->tenant, room);

	if (r < 0)
		return r;
	request->policies = room;
	request->secret = key_secrets_find(key, secret);
	return 0;
}

int verify_counted(struct store_reader *reader, const struct store_key *key, struct policy_request *request)
{
	return request->uses && key->max_uses > 0 ? store_find_counted(reader, key->id, &request->counted) : 0;
}

static enum reason locate_opaque(struct thread *thread, const char *text, size_t size, int64_t now,
				 struct store_key *ret_key, struct verify_proof *proof)
{
	const struct store_secret *secret;
	uint8_t digest[CRYPTO_MAC_SIZE];
	enum reason reason;

	if (crypto_mac_compute(thread->pepper, text, size, digest) < 0)
		return REASON_STORE_FAILED;
	reason = verify_read_key(thread, proof->id, ret_key, &proof->found);
	if (reason != REASON_NONE)
		return reason;
	secret = verify_find_secret(proof->found ? ret_key : NULL, STORE_FORM_TOKEN, digest);
	if (!proof->found)
		return REASON_UNKNOWN_KEY;
	if (!secret)
		return REASON_BAD_SECRET;
	proof->secret = secret->number;
	memcpy(proof->once.digest, secret->digest, sizeof(proof->once.digest));
	return policy_judge_secret(secret, now);
}

/* Of what is nobody's, the record tells what is wrong with its header, if it has one. */
static enum reason locate_other(struct thread *thread, const char *text, size_t size, int64_t now,
				struct store_key *ret_key, struct verify_proof *proof)
{
	enum reason reason = verify_imported_locate(thread, text, size, now, ret_key, proof);

	if (reason == REASON_UNKNOWN_KEY)
		proof->problem = token_header_sentence(text, size);
	return reason;
}

static enum reason locate(struct thread *thread, const char *credential, const char *body_hash, int64_t now,
			  struct store_key *ret_key, struct verify_proof *ret_proof)
{
	struct credential shape = credential_classify(credential, strlen(credential));
	const char *text = credential + shape.start;
	enum reason reason = shape_reason(shape.kind);

	*ret_proof = (struct verify_proof){ .problem = shape.problem };
	memcpy(ret_proof->id, shape.id, sizeof(ret_proof->id));
	if (reason == REASON_NOT_A_CREDENTIAL)
		ret_proof->problem = token_header_sentence(text, shape.size);
	if (reason != REASON_NONE)
		return reason;
	if (shape.kind == CREDENTIAL_HMAC)
		return verify_hmac_locate(thread, text, shape.size, body_hash, now, ret_key, ret_proof);
	if (shape.kind == CREDENTIAL_ACCESS)
		return verify_access_locate(thread, text, shape.size, now, ret_key, ret_proof);
	if (shape.kind == CREDENTIAL_OTHER)
		return locate_other(thread, text, shape.size, now, ret_key, ret_proof);
	return locate_opaque(thread, text, shape.size, now, ret_key, ret_proof);
}

/* A key was looked for, and the credential is none of it. */
static bool is_refused(const struct verify_proof *proof, enum reason reason)
{
	return reason != REASON_NONE && reason != REASON_STORE_FAILED && (*proof->id || proof->locked_out);
}

/* The step after the shape is judged for what passed that one; what cannot be judged at all stays so. */
static bool has_shape(enum reason reason)
{
	return reason != REASON_NOT_A_CREDENTIAL && reason != REASON_MALFORMED && reason != REASON_TRUNCATED &&
	       reason != REASON_STORE_FAILED;
}

/* Nothing of what it showed counts, and nothing is used up. */
static enum reason lock_out(struct verify_proof *proof)
{
	proof->locked_out = true;
	proof->secret = 0;
	proof->once.kind = STORE_ONCE_NONE;
	proof->problem = "";
	return REASON_LOCKDOWN;
}

/*
 * Roles are read in the same transaction as their key. It is begun for who has shown the secret: to others, its time
 * would tell that there is such a key, and that it holds roles. To them, all refusals look alike.
 */
enum reason verify_locate_signed(struct thread *thread, const char *credential, const char *body_hash, int64_t now,
				 struct store_key *ret_key, struct verify_proof *ret_proof)
{
	enum reason reason = locate(thread, credential, body_hash, now, ret_key, ret_proof);
	int r;

	/* Judged first, and looked at last, or it would tell in which way a credential is no good. */
	if (has_shape(reason) && lockdown_refuses(vault_lockdown(thread->daemon->keeper), ret_proof->id))
		reason = lock_out(ret_proof);
	r = reason == REASON_NONE && *ret_key->roles ? store_read_stay(thread->reader) : 0;
	if (r < 0) {
		thread_vault_failed(thread);
		return REASON_STORE_FAILED;
	}
	if (r > 0)
		reason = locate(thread, credential, body_hash, now, ret_key, ret_proof);
	if (is_refused(ret_proof, reason))
		store_even_out(thread->reader, ret_proof->found);
	return reason;
}

enum reason verify_locate(struct thread *thread, const char *credential, int64_t now, struct store_key *ret_key,
			  struct verify_proof *ret_proof)
{
	return verify_locate_signed(thread, credential, "", now, ret_key, ret_proof);
}

static struct store_once store_once_of(const struct verify_once *once, const char *key_id)
{
	return (struct store_once){ .key = key_id,
				    .kind = once->kind,
				    .id = once->id,
				    .id_size = once->id_size,
				    .moment = once->moment,
				    .cap = VERIFY_ONCE_CAP };
}

static enum reason once_reason(enum store_once_kind kind, int result)
{
	switch (result) {
	case 0:
		return REASON_NONE;
	case -EEXIST:
		return kind == STORE_NONCE ? REASON_REPLAYED : REASON_TOKEN_USED;
	case -ESTALE:
		return REASON_CLOCK_MOVED;
	case -EDQUOT:
		return REASON_TOO_MANY_REQUESTS;
	default:
		return REASON_STORE_FAILED;
	}
}

enum reason verify_time(const struct verify_proof *proof, int64_t now)
{
	return proof->once.kind == STORE_NONCE ? verify_hmac_time(proof->once.moment, now) : REASON_NONE;
}

enum reason verify_unused(struct thread *thread, const struct verify_proof *proof)
{
	struct store_once once = store_once_of(&proof->once, proof->id);
	int r = store_find_once(thread->reader, &once);

	if (r == -EIO)
		thread_vault_failed(thread);
	return once_reason(proof->once.kind, r);
}

void verify_describe_key(const struct store_key *key, struct verify_outcome *outcome)
{
	snprintf(outcome->key_name, sizeof(outcome->key_name), "%s", key->name);
	snprintf(outcome->owner, sizeof(outcome->owner), "%s", key->owner);
	snprintf(outcome->tenant, sizeof(outcome->tenant), "%s", key->tenant);
	snprintf(outcome->permissions, sizeof(outcome->permissions), "%s", key->permissions);
	outcome->expires = key->expires;
	outcome->test = key->test;
}

void verify_refuse(struct verify_outcome *outcome, enum reason reason)
{
	outcome->reason = reason;
	outcome->verdict = reason_verdict(reason);
}

static void outcome_init(struct verify_outcome *outcome)
{
	outcome->verdict = VERDICT_DENIED;
	outcome->reason = REASON_NONE;
	outcome->problem = "";
	outcome->secret = 0;
	outcome->undecided = outcome->described = outcome->test = false;
	outcome->suspends = outcome->suspended = outcome->settles = false;
	outcome->once.kind = STORE_ONCE_NONE;
	outcome->expires = 0;
	outcome->key_id[0] = outcome->key_name[0] = outcome->owner[0] = outcome->tenant[0] = '\0';
	outcome->permissions[0] = outcome->bound_to[0] = outcome->misuse[0] = '\0';
	outcome->handle[0] = outcome->ticket[0] = '\0';
	outcome->notices.count = 0;
}

void verify_turn_away(struct verify_outcome *ret_outcome, enum reason reason)
{
	outcome_init(ret_outcome);
	verify_refuse(ret_outcome, reason);
}

void verify_outcome_wipe(struct verify_outcome *outcome)
{
	secret_wipe(outcome->handle, sizeof(outcome->handle));
	secret_wipe(outcome->ticket, sizeof(outcome->ticket));
	secret_wipe(&outcome->once, sizeof(outcome->once));
}

/*
 * Judges a key whose credential was right and which was described, with the permissions of its roles, for the tenant
 * that the request names (NULL: none).
 */
static int judge_key(struct store_reader *reader, struct role_grants *room, const struct verify_caller *caller,
		     const struct store_key *key, const char *tenant, const struct policy_request *policy,
		     struct verify_outcome *outcome, enum reason *ret_reason)
{
	struct policy_request judged = *policy;
	struct policies policies;
	char id[STORE_SCOPE_ID_MAX + 1];
	int r = role_grants_find(reader, key, room, &judged.grants);

	if (r == 0)
		r = verify_policies(reader, caller->settings, key, outcome->secret, &policies, &judged);
	if (r == 0)
		r = verify_tenant(reader, tenant, id, &judged.tenant);
	if (r == 0)
		r = verify_counted(reader, key, &judged);
	if (r < 0)
		return r;
	if (*key->roles)
		(void)role_grants_copy(judged.grants, outcome->permissions, sizeof(outcome->permissions));
	*ret_reason = policy_judge(key, &judged);
	outcome->settles = key_secrets_wait(key->secrets, key->secret_count, outcome->secret);
	if (*outcome->problem == '\0')
		outcome->problem = policy_violation(key, &judged, *ret_reason);
	*ret_reason = misuse_judge(caller->sources, key, &judged, *ret_reason, outcome);
	if (*ret_reason == REASON_NONE)
		notices_collect(key, &judged, &outcome->notices);
	return 0;
}

/* The same for the thread's own reader; a store that fails is reported, so that it is opened anew. */
static enum reason judge_here(struct thread *thread, const struct verify_caller *caller, const struct store_key *key,
			      const char *tenant, const struct policy_request *policy, struct verify_outcome *outcome)
{
	enum reason reason;

	if (judge_key(thread->reader, &thread->grants, caller, key, tenant, policy, outcome, &reason) == 0)
		return reason;
	thread_vault_failed(thread);
	return REASON_STORE_FAILED;
}

/* The same; a refusal takes as long as one for a secret that is wrong. */
static enum reason judge_evenly(struct thread *thread, const struct verify_caller *caller, const struct store_key *key,
				const char *tenant, const struct policy_request *policy, struct verify_outcome *outcome)
{
	enum reason reason = judge_here(thread, caller, key, tenant, policy, outcome);

	if (reason != REASON_NONE && reason != REASON_STORE_FAILED)
		store_even_out(thread->reader, true);
	return reason;
}

/* Where there is no memory for a ticket, the session is not registered, and the user gets in. */
static void give_ticket(struct thread *thread, const struct message_verify *request, struct verify_outcome *outcome)
{
	struct ticket ticket = {
		.secret = outcome->secret, .service = request->service, .user = request->user, .rhost = request->rhost
	};

	memcpy(ticket.key_id, outcome->key_id, sizeof(ticket.key_id));
	(void)tickets_issue(thread->daemon->tickets, &ticket, clock_boot_seconds(), outcome->ticket);
}

/* Every step passed: the caller gets a handle, and with that the grant. */
static void grant(struct thread *thread, const struct verify_caller *caller, const struct message_verify *request,
		  struct verify_outcome *outcome)
{
	struct handle_binding binding = {
		.peer_uid = caller->uid, .user = request->user, .service = request->service, .rhost = request->rhost
	};

	/* Without a service there is no account phase. */
	if (request->service && handle_make(thread->handles, &binding, outcome->key_id, outcome->secret,
					    clock_boot_seconds(), outcome->handle) < 0) {
		verify_refuse(outcome, REASON_STORE_FAILED);
		return;
	}
	if (request->wants_ticket && caller->root)
		give_ticket(thread, request, outcome);
	outcome->verdict = VERDICT_GRANTED;
}

static struct policy_request policy_of(const struct verify_caller *caller, const struct message_verify *request,
				       int64_t now)
{
	struct policy_request policy = verify_policy_request(caller, request->user, request->service,
							     request->permission, NULL, request->rhost, now);

	policy.uses = !caller->no_use;
	return policy;
}

void verify_credential(struct thread *thread, const struct verify_caller *caller, const struct message_verify *request,
		       int64_t now, struct store_key *key, struct verify_outcome *ret_outcome)
{
	struct policy_request policy = policy_of(caller, request, now);
	struct verify_proof proof;
	enum reason reason, unused;

	outcome_init(ret_outcome);
	if (!thread->reader) {
		verify_refuse(ret_outcome, REASON_STORE_FAILED);
		return;
	}
	reason = verify_locate(thread, request->credential, now, key, &proof);
	memcpy(ret_outcome->key_id, proof.id, sizeof(ret_outcome->key_id));
	ret_outcome->secret = proof.secret;
	ret_outcome->problem = proof.problem;
	if (*proof.id || proof.locked_out)
		verify_describe_key(proof.found ? key : &verify_nobodys, ret_outcome);
	ret_outcome->described = proof.found;
	memcpy(ret_outcome->once.digest, proof.once.digest, sizeof(ret_outcome->once.digest));
	/* As long as for a key whose secret fits, and which is another tenant's. */
	if (is_refused(&proof, reason))
		(void)judge_key(thread->reader, &thread->grants, caller, &verify_nobodys, request->tenant, &policy,
				ret_outcome, &unused);
	if (reason == REASON_NONE && proof.once.kind != STORE_ONCE_NONE) {
		reason = verify_time(&proof, now);
		if (reason == REASON_NONE)
			reason = verify_unused(thread, &proof);
		ret_outcome->undecided = reason == REASON_NONE;
	} else if (reason == REASON_NONE) {
		reason = judge_evenly(thread, caller, key, request->tenant, &policy, ret_outcome);
		ret_outcome->undecided =
			ret_outcome->suspends || (reason == REASON_NONE && policy_writes(key, &policy));
	}
	if (ret_outcome->undecided) {
		ret_outcome->once = proof.once;
		/* It is judged anew by what the key is then; until that is done nothing is held against it. */
		misuse_forget(ret_outcome);
	} else if (reason == REASON_NONE) {
		grant(thread, caller, request, ret_outcome);
	} else {
		verify_refuse(ret_outcome, reason);
	}
}

/* The secret of before, if the key still has it and did not get another one under its number. */
static enum reason judge_same_secret(const struct store_key *key, uint32_t number,
				     const uint8_t digest[STORE_DIGEST_SIZE], int64_t now)
{
	const struct store_secret *secret = key_secrets_find(key, number);

	if (!secret || !secret_equal(secret->digest, digest, STORE_DIGEST_SIZE))
		return REASON_SECRET_RETIRED;
	return policy_judge_secret(secret, now);
}

int verify_again(struct store_reader *reader, const char *key_id, uint32_t secret,
		 const uint8_t digest[STORE_DIGEST_SIZE], int64_t now, struct store_key *key, enum reason *ret_reason)
{
	int r = store_find_key(reader, key_id, key);

	if (r < 0 && r != -ENOENT)
		return r;
	*ret_reason = r == -ENOENT ? REASON_UNKNOWN_KEY : judge_same_secret(key, secret, digest, now);
	return 0;
}

bool verify_is_outdated(struct vault_keeper *keeper, const struct verify_once *once, unsigned int generation)
{
	return once->kind != STORE_NONCE && generation != vault_generation(keeper);
}

int verify_spend(struct store *store, const char *key_id, uint32_t secret, const struct verify_once *once, int64_t now,
		 struct store_key *key, enum reason *ret_reason)
{
	struct store_once spent = store_once_of(once, key_id);
	enum reason reason;
	int r = verify_again(store_writer(store), key_id, secret, once->digest, now, key, &reason);

	if (r < 0)
		return r;
	if (reason == REASON_NONE && once->kind != STORE_ONCE_NONE) {
		r = store_consume_once(store, &spent);
		reason = once_reason(once->kind, r);
		if (reason == REASON_STORE_FAILED)
			return r;
	}
	*ret_reason = reason;
	return 0;
}

int verify_consume(struct store *store, const struct verify_caller *caller, const struct message_verify *request,
		   int64_t now, struct store_key *key, struct verify_outcome *outcome)
{
	struct policy_request policy = policy_of(caller, request, now);
	struct role_grants room;
	enum reason reason = REASON_STORE_FAILED;
	int r = verify_spend(store, outcome->key_id, outcome->secret, &outcome->once, now, key, &reason);

	if (r < 0)
		return r;
	/* From here on it is spent, whatever the rest says. */
	if (reason == REASON_NONE) {
		verify_describe_key(key, outcome);
		r = judge_key(store_writer(store), &room, caller, key, request->tenant, &policy, outcome, &reason);
		if (r < 0)
			return r;
	}
	/* What else is written, a first binding or one use more, is for requests that passed all of this. */
	if (reason == REASON_NONE && policy_writes(key, &policy)) {
		r = key_use_write(store, caller, request, key, &reason);
		if (r < 0)
			return r;
	}
	if (reason != REASON_NONE && outcome->suspends) {
		r = misuse_suspend(store, caller, request, now, key, outcome);
		if (r < 0)
			return r;
	}
	if (reason != REASON_NONE)
		verify_refuse(outcome, reason);
	return 0;
}

void verify_finish(struct thread *thread, const struct verify_caller *caller, const struct message_verify *request,
		   struct verify_outcome *outcome)
{
	if (outcome->reason != REASON_NONE)
		return;
	if (thread_vault(thread))
		grant(thread, caller, request, outcome);
	else
		verify_refuse(outcome, REASON_STORE_FAILED);
}

/* REASON_NONE when the key still has the secret, and it has not retired. */
static enum reason judge_secret(const struct store_key *key, uint32_t number, int64_t now)
{
	const struct store_secret *secret = key_secrets_find(key, number);

	return secret ? policy_judge_secret(secret, now) : REASON_SECRET_RETIRED;
}

void verify_handle(struct thread *thread, const struct verify_caller *caller, const struct message_account *request,
		   int64_t now, struct store_key *key, struct verify_outcome *ret_outcome)
{
	struct policy_request policy =
		verify_policy_request(caller, NULL, request->service, request->permission, NULL, request->rhost, now);
	struct handle_binding binding = {
		.peer_uid = caller->uid, .user = request->user, .service = request->service, .rhost = request->rhost
	};
	enum reason reason;
	bool found;

	outcome_init(ret_outcome);
	if (!thread->reader) {
		verify_refuse(ret_outcome, REASON_STORE_FAILED);
		return;
	}
	/* The user needs no step of its own: the handle is bound to the one the key was judged for. */
	reason = handle_check(thread->handles, &binding, request->handle, clock_boot_seconds(), ret_outcome->key_id,
			      &ret_outcome->secret);
	if (reason == REASON_NONE && lockdown_refuses(vault_lockdown(thread->daemon->keeper), ret_outcome->key_id))
		reason = REASON_LOCKDOWN;
	if (reason == REASON_NONE) {
		reason = key_reason(thread, store_find_key_and_stay(thread->reader, ret_outcome->key_id, key), &found);
		if (reason == REASON_NONE && !found)
			reason = REASON_UNKNOWN_KEY;
	}
	if (reason == REASON_NONE) {
		verify_describe_key(key, ret_outcome);
		ret_outcome->described = true;
		reason = judge_here(thread, caller, key, request->tenant, &policy, ret_outcome);
		if (reason == REASON_NONE)
			reason = judge_secret(key, ret_outcome->secret, now);
	}
	if (reason != REASON_NONE) {
		verify_refuse(ret_outcome, reason);
		return;
	}
	ret_outcome->verdict = VERDICT_GRANTED;
}
