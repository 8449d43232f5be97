/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/authority.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/lockdown.h"
#include "daemon/role.h"
#include "daemon/verify.h"
#include "proto/credential.h"
#include "proto/permission.h"

/* What the peer may say, beside the credential. */
static struct verify_caller caller_of(const struct authority *authority)
{
	return (struct verify_caller){ .uid = authority->uid,
				       .root = authority->root,
				       .services = authority->services };
}

int authority_judge(struct store_reader *reader, const struct store_key *key, int64_t now, struct authority *authority,
		    enum reason *ret_reason)
{
	struct verify_caller caller = caller_of(authority);
	struct policy_request request = verify_policy_request(&caller, NULL, NULL, NULL, NULL, NULL, now);
	struct policies policies;
	const char *grants;
	int r = role_grants_find(reader, key, &authority->permissions, &grants);

	if (r == 0)
		r = verify_policies(reader, authority->settings, key, authority->secret, &policies, &request);
	if (r < 0)
		return r;
	request.any_tenant = true; /* it acts in its own */
	/* A gateway is believed where its client comes from. */
	if (*authority->signin.source) {
		request.rhost = authority->signin.source;
		request.source_believed = true;
	}
	/* A test key opens what is below "test." and administers nothing. Nor does a key for one service, which this is
	 * none of, or one whose uses are counted. */
	*ret_reason = key->test || *key->exclusive || key->max_uses > 0 ? REASON_INSUFFICIENT_PERMISSION
									: policy_judge(key, &request);
	/* Last, so that it is told of a good key alone. */
	if (*ret_reason == REASON_NONE && authority->signin.page && !key->client_side)
		*ret_reason = REASON_NOT_CLIENT_SIDE;
	/* What is refused becomes nobody, and takes no longer than a secret that is wrong. */
	if (*ret_reason != REASON_NONE)
		return 0;
	if (grants != authority->permissions.text)
		snprintf(authority->permissions.text, sizeof(authority->permissions.text), "%s", grants);
	snprintf(authority->account, sizeof(authority->account), "%s", key->account);
	snprintf(authority->tenant, sizeof(authority->tenant), "%s", key->tenant);
	snprintf(authority->roles, sizeof(authority->roles), "%s", key->roles);
	snprintf(authority->owner, sizeof(authority->owner), "%s", key->owner);
	authority->owner_uid_known = key->owner_uid_known;
	authority->owner_uid = key->owner_uid;
	return 0;
}

int authority_judge_evenly(struct store_reader *reader, const struct store_key *key, int64_t now,
			   struct authority *authority, enum reason *reason)
{
	enum reason unused;
	int r;

	if (*reason != REASON_NONE)
		return authority_judge(reader, &verify_nobodys, now, authority, &unused);
	r = authority_judge(reader, key, now, authority, reason);
	if (r == 0 && *reason != REASON_NONE)
		store_even_out(reader, true);
	return r;
}

/* Finds the key and judges it. */
static enum reason locate(struct thread *thread, const char *credential, int64_t now, struct store_key *key,
			  struct authority *authority, struct verify_proof *ret_proof)
{
	enum reason reason = REASON_NOT_A_CREDENTIAL;

	*ret_proof = (struct verify_proof){ .problem = "" };
	/* An imported secret, which may be guessed, opens services and administers nothing. */
	if (credential_classify(credential, strlen(credential)).kind != CREDENTIAL_OTHER)
		reason = verify_locate(thread, credential, now, key, ret_proof);
	/* What is good for one use would have to be consumed first; and what lives for half an hour must not make what
	 * lives for good. */
	if (reason == REASON_NONE && (ret_proof->once.kind != STORE_ONCE_NONE || ret_proof->access))
		reason = REASON_NOT_A_CREDENTIAL;
	if (reason == REASON_STORE_FAILED)
		return reason;
	authority->secret = ret_proof->secret;
	memcpy(authority->digest, ret_proof->once.digest, sizeof(authority->digest));
	if (authority_judge_evenly(thread->reader, key, now, authority, &reason) < 0) {
		thread_vault_failed(thread);
		return REASON_STORE_FAILED;
	}
	return reason;
}

static enum answer decide_by_credential(struct connection *connection, const char *credential, int64_t now,
					struct store_key *key, struct authority *authority)
{
	struct thread *thread = connection->thread;
	struct verify_proof proof;
	enum reason reason;

	authority->root = connection->administrator;
	authority->services = settings_peer_services(&thread->settings->settings, connection->peer.uid);
	authority->settings = &thread->settings->settings;
	reason = locate(thread, credential, now, key, authority, &proof);
	store_read_end(thread->reader);
	snprintf(authority->key_id, sizeof(authority->key_id), "%s", proof.id);
	snprintf(authority->actor, sizeof(authority->actor), "key:%s", proof.id);
	authority->reason = reason;
	if (reason == REASON_STORE_FAILED)
		return ANSWER_UNAVAILABLE;
	if (reason != REASON_NONE)
		return ANSWER_BAD_CREDENTIAL;
	authority->kind = AUTHORITY_KEY;
	return ANSWER_OK;
}

/* ---- by a sign-in ---- */

/* The key of a sign-in as it is now. */
static enum reason judge_again(struct thread *thread, int64_t now, struct store_key *key, struct authority *authority)
{
	enum reason reason;
	int r = store_read_begin(thread->reader);

	if (r == 0)
		r = verify_again(thread->reader, authority->key_id, authority->secret, authority->digest, now, key,
				 &reason);
	if (r == 0 && reason == REASON_NONE)
		r = authority_judge(thread->reader, key, now, authority, &reason);
	store_read_end(thread->reader);
	if (r == 0)
		return reason;
	thread_vault_failed(thread);
	return REASON_STORE_FAILED;
}

static enum answer decide_by_key_of_signin(struct connection *connection, int64_t now, struct store_key *key,
					   struct authority *authority)
{
	const struct signin *signin = &authority->signin;

	authority->root = false;
	authority->services = "";
	authority->settings = &connection->thread->settings->settings;
	authority->secret = signin->secret;
	memcpy(authority->digest, signin->digest, sizeof(authority->digest));
	snprintf(authority->key_id, sizeof(authority->key_id), "%s", signin->key_id);
	snprintf(authority->actor, sizeof(authority->actor), "key:%s", signin->key_id);
	authority->reason = judge_again(connection->thread, now, key, authority);
	if (authority->reason == REASON_STORE_FAILED)
		return ANSWER_UNAVAILABLE;
	if (authority->reason != REASON_NONE)
		return ANSWER_BAD_CREDENTIAL;
	authority->kind = AUTHORITY_KEY;
	return ANSWER_OK;
}

bool authority_needs_group(uid_t uid)
{
	return uid != 0 && uid != geteuid();
}

/* Whether somebody who signed in by a link may still ask as what they were then, as far as the settings say. Who is in
 * a group is for daemon/admin_standing.c to ask. */
static enum answer decide_by_user_of_signin(const struct settings *settings, struct authority *authority)
{
	const struct signin *signin = &authority->signin;
	bool administers = signin->kind == SIGNIN_ADMINISTRATOR;

	authority->uid = signin->uid;
	snprintf(authority->actor, sizeof(authority->actor), "uid:%u", (unsigned int)signin->uid);
	/* The settings may have changed. */
	if (settings_is_gateway(settings, signin->uid) || (!administers && signin->uid < settings->minimum_uid) ||
	    (administers && authority_needs_group(signin->uid) && !settings->admin_group_known)) {
		authority->reason = REASON_WRONG_USER;
		return ANSWER_BAD_CREDENTIAL;
	}
	authority->kind = administers ? AUTHORITY_ADMINISTRATOR : AUTHORITY_USER;
	return ANSWER_OK;
}

static enum answer decide_by_signin(struct connection *connection, const char *credential, int64_t now,
				    struct store_key *key, struct authority *authority)
{
	const struct settings *settings = &connection->thread->settings->settings;
	struct daemon *daemon = connection->thread->daemon;

	authority->reason = REASON_UNKNOWN_KEY;
	if (!settings_is_gateway(settings, connection->peer.uid) ||
	    !signins_find(daemon->signins, credential, connection->peer.uid, signin_now(), &authority->signin))
		return ANSWER_BAD_CREDENTIAL;
	if (lockdown_refuses(vault_lockdown(daemon->keeper), authority->signin.key_id)) {
		authority->reason = REASON_LOCKDOWN;
		return ANSWER_BAD_CREDENTIAL;
	}
	authority->reason = REASON_NONE;
	if (authority->signin.kind == SIGNIN_KEY)
		return decide_by_key_of_signin(connection, now, key, authority);
	return decide_by_user_of_signin(settings, authority);
}

/* ---- both ---- */

enum answer authority_renew(struct store *store, int64_t now, struct store_key *key, struct authority *authority)
{
	struct verify_once once = { .kind = STORE_ONCE_NONE };
	enum reason reason;
	int r;

	if (authority->kind != AUTHORITY_KEY)
		return ANSWER_OK;
	memcpy(once.digest, authority->digest, sizeof(once.digest));
	r = verify_spend(store, authority->key_id, authority->secret, &once, now, key, &reason);
	if (r == 0 && reason == REASON_NONE)
		r = authority_judge(store_writer(store), key, now, authority, &reason);
	if (r < 0)
		return ANSWER_STORE_FAILED;
	authority->reason = reason;
	return reason == REASON_NONE ? ANSWER_OK : ANSWER_BAD_CREDENTIAL;
}

enum answer authority_decide(struct connection *connection, const char *credential, int64_t now, struct store_key *key,
			     struct authority *ret_authority)
{
	const struct settings *settings = &connection->thread->settings->settings;
	uid_t uid = connection->peer.uid;

	ret_authority->kind = AUTHORITY_NONE;
	ret_authority->uid = uid;
	ret_authority->self_service = settings->self_service_permissions;
	ret_authority->permissions.text[0] = '\0';
	ret_authority->key_id[0] = '\0';
	ret_authority->signin.id[0] = ret_authority->signin.source[0] = '\0';
	ret_authority->signin.page = false;
	ret_authority->reason = REASON_NONE;
	snprintf(ret_authority->actor, sizeof(ret_authority->actor), "uid:%u", (unsigned int)uid);
	if (credential && signin_is_credential(credential))
		return decide_by_signin(connection, credential, now, key, ret_authority);
	if (credential)
		return decide_by_credential(connection, credential, now, key, ret_authority);
	if (settings_is_gateway(settings, uid))
		return ANSWER_NOT_PERMITTED;
	if (connection->administrator)
		ret_authority->kind = AUTHORITY_ADMINISTRATOR;
	else if (uid >= settings->minimum_uid)
		ret_authority->kind = AUTHORITY_USER;
	else
		return ANSWER_NOT_PERMITTED;
	return ANSWER_OK;
}

/* What a key has to hold for a deed. */
static const char *needed(enum authority_deed deed)
{
	switch (deed) {
	case AUTHORITY_SEE:
		return PERMISSION_KEYS_READ " OR " PERMISSION_KEYS_WRITE;
	case AUTHORITY_CREATE:
	case AUTHORITY_END:
		return PERMISSION_KEYS_WRITE;
	case AUTHORITY_CHANGE_ROLES:
		return PERMISSION_ROLES_WRITE;
	case AUTHORITY_SEE_TENANTS:
		return PERMISSION_TENANTS_READ " OR " PERMISSION_TENANTS_WRITE;
	case AUTHORITY_CHANGE_TENANTS:
		return PERMISSION_TENANTS_WRITE;
	case AUTHORITY_SEE_AUDIT:
		return PERMISSION_AUDIT_READ;
	case AUTHORITY_INTROSPECT:
		return PERMISSION_INTROSPECT;
	case AUTHORITY_END_TOKEN:
	case AUTHORITY_PROVE:
	case AUTHORITY_BE:
	case AUTHORITY_SEE_ROLES:
	case AUTHORITY_ADMINISTER:
	case AUTHORITY_KEEP:
		break;
	}
	return NULL;
}

/* What no permission gives a key, because of where it belongs. */
static bool is_out_of_place(const struct authority *authority, enum authority_deed deed)
{
	/* A tenant does not change itself: its name may be what a service goes by. */
	if (deed == AUTHORITY_CHANGE_TENANTS)
		return *authority->tenant != '\0';
	/* Keys of all accounts and tenants may hold a role. */
	if (deed == AUTHORITY_CHANGE_ROLES)
		return strcmp(authority->account, STORE_DEFAULT_ACCOUNT) != 0 ||
		       (*authority->tenant && strcmp(authority->tenant, STORE_DEFAULT_TENANT) != 0);
	return false;
}

bool authority_allows(const struct authority *authority, enum authority_deed deed)
{
	const char *query = needed(deed);

	if (deed == AUTHORITY_ADMINISTER || deed == AUTHORITY_KEEP)
		return authority->kind == AUTHORITY_ADMINISTRATOR &&
		       (deed == AUTHORITY_ADMINISTER || !*authority->signin.id);
	switch (authority->kind) {
	case AUTHORITY_ADMINISTRATOR:
		return true;
	case AUTHORITY_KEY:
		if (is_out_of_place(authority, deed))
			return false;
		return !query || permission_query_holds(query, authority->permissions.text);
	case AUTHORITY_USER:
		return deed == AUTHORITY_SEE || deed == AUTHORITY_SEE_ROLES || deed == AUTHORITY_END ||
		       deed == AUTHORITY_END_TOKEN || deed == AUTHORITY_PROVE || deed == AUTHORITY_BE ||
		       deed == AUTHORITY_SEE_AUDIT || (deed == AUTHORITY_CREATE && *authority->self_service);
	case AUTHORITY_NONE:
		break;
	}
	return false;
}

bool authority_reaches_tenant(const struct authority *authority, const char *account, const char *tenant)
{
	if (authority->kind == AUTHORITY_ADMINISTRATOR)
		return true;
	if (authority->kind != AUTHORITY_KEY || strcmp(authority->account, account) != 0)
		return false;
	return *authority->tenant == '\0' || strcmp(authority->tenant, tenant) == 0;
}

bool authority_sees_roles(const struct authority *authority)
{
	return authority->kind == AUTHORITY_ADMINISTRATOR ||
	       (authority->kind == AUTHORITY_KEY &&
		permission_query_holds(PERMISSION_ROLES_READ " OR " PERMISSION_ROLES_WRITE,
				       authority->permissions.text));
}

bool authority_reaches(const struct authority *authority, const struct store_key *key)
{
	switch (authority->kind) {
	case AUTHORITY_ADMINISTRATOR:
		return true;
	case AUTHORITY_KEY:
		return authority_reaches_tenant(authority, key->account, key->tenant);
	case AUTHORITY_USER:
		return key->owner_uid_known && key->owner_uid == authority->uid;
	case AUTHORITY_NONE:
		break;
	}
	return false;
}

bool authority_covers(const struct authority *authority, const char *permissions)
{
	const char *held = authority->kind == AUTHORITY_KEY ? authority->permissions.text : authority->self_service;

	if (authority->kind == AUTHORITY_ADMINISTRATOR)
		return true;
	return authority->kind != AUTHORITY_NONE && permission_grants_cover_all(held, permissions);
}
