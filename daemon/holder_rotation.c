/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/holder_rotation.h"

#include <errno.h>
#include <string.h>

#include "common/secret.h"
#include "daemon/admin.h"
#include "daemon/key_change.h"
#include "daemon/key_secrets.h"
#include "daemon/uses.h"
#include "proto/credential.h"

_Static_assert(sizeof(((struct holder_rotation *)NULL)->secret) > ADMIN_TOKEN_MAX, "a secret has room");

/* The question behind it: a good key, for this user. Nothing is asked of service and permission. */
static struct message_verify question_of(const struct message_rotate *request)
{
	return (struct message_verify){
		.credential = request->credential,
		.user = request->user,
		.tenant = request->tenant,
		.rhost = request->rhost,
	};
}

static void refuse(struct verify_outcome *outcome, const char *problem)
{
	verify_refuse(outcome, REASON_NOT_ROTATED);
	outcome->problem = problem;
}

/* A signature, or a token, shows no secret that could be replaced here. */
static const char *find_fault_of_shape(const char *credential)
{
	switch (credential_classify(credential, strlen(credential)).kind) {
	case CREDENTIAL_HMAC:
		return "A key pair is not rotated here, since its private key is never shown; 'apikeyctl key rotate' "
		       "does it.";
	case CREDENTIAL_ACCESS:
		return "An access token is not rotated; show the key it was got with.";
	default:
		return NULL;
	}
}

/* Seconds in which a new secret that nobody saw is asked for again. Later on, who has the one before may be somebody
 * else, against whom the key was rotated. */
#define UNSEEN 600

/* Whether a secret was ever used, also a moment ago. */
static int find_whether_used(struct store_reader *reader, struct uses *uses, const struct store_key *key,
			     uint32_t number, bool *ret_used)
{
	struct store_use use;
	int r = store_find_use(reader, key->id, number, &use);

	if (r < 0)
		return r;
	uses_merge(uses, &use);
	*ret_used = use.count > 0;
	return 0;
}

/* Who changes a key is not let in with it. */
static struct verify_caller holder_of(const struct verify_caller *caller)
{
	struct verify_caller holder = *caller;

	holder.no_use = true;
	return holder;
}

/*
 * Whether who shows the secret of that number may have a new one: the current one may, and the one before it where the
 * current one was made in this way and nobody has used it, for then it may never have been seen. *ret_problem NULL:
 * yes.
 */
static int find_fault(struct store_reader *reader, struct uses *uses, struct store_key *key, uint32_t number,
		      int64_t now, const char **ret_problem)
{
	const struct store_secret *current = &key->secrets[key_secrets_current(key)];
	const struct store_secret *before = key_secrets_before(key), *shown = key_secrets_find(key, number);
	bool used = true;
	int r = 0;

	*ret_problem = NULL;
	if (key_secrets_next_number(key) == 0)
		*ret_problem = "The key has been rotated too often; ask for a new one.";
	else if (shown && shown->form == STORE_FORM_IMPORTED)
		*ret_problem = "An imported secret is not rotated here, since it may have been guessed; 'apikeyctl key "
			       "rotate' does it.";
	if (number == current->number || *ret_problem)
		return 0;
	if (before && before->number == number && (current->flags & STORE_SECRET_BY_HOLDER) &&
	    now - current->created <= UNSEEN)
		r = find_whether_used(reader, uses, key, current->number, &used);
	if (r == 0 && used)
		*ret_problem = "The key was rotated already, and what was shown is to end; show the new one.";
	return r;
}

void holder_rotation_judge(struct thread *thread, const struct verify_caller *caller,
			   const struct message_rotate *request, int64_t now, struct store_key *key,
			   struct verify_outcome *ret_outcome)
{
	struct message_verify question = question_of(request);
	struct verify_caller holder = holder_of(caller);
	const char *problem = find_fault_of_shape(request->credential);

	if (problem) {
		verify_turn_away(ret_outcome, REASON_NOT_ROTATED);
		ret_outcome->problem = problem;
		return;
	}
	verify_credential(thread, &holder, &question, now, key, ret_outcome);
	if (ret_outcome->verdict != VERDICT_GRANTED)
		return;
	if (find_fault(thread->reader, thread->daemon->uses, key, ret_outcome->secret, now, &problem) < 0) {
		thread_vault_failed(thread);
		verify_refuse(ret_outcome, REASON_STORE_FAILED);
	} else if (problem) {
		refuse(ret_outcome, problem);
	}
}

/* Gives the key a new current secret. The one that was shown ends after the overlap, or when it would before. 0 and
 * *ret_problem, or a negative errno. */
static int add_secret(struct vault *vault, uint64_t overlap, int64_t now, struct store_key *key, uint32_t shown,
		      struct holder_rotation *rotation, const char **ret_problem)
{
	struct store_secret secret = { .number = key_secrets_next_number(key),
				       .created = now,
				       .flags = STORE_SECRET_BY_HOLDER };
	int r = 0;

	*ret_problem = NULL;
	if (key->secrets[key_secrets_current(key)].number == shown)
		r = key_secrets_make_room(key, (struct key_overlap){ .seconds = overlap }, now);
	else
		key_secrets_replace(key, now);
	if (r == -ENOSPC) {
		*ret_problem = "The key was rotated four times, and all of its old secrets are still good: "
			       "'apikeyctl key retire' ends them, and so does time.";
		return 0;
	}
	if (r == 0)
		r = admin_draw_secret(vault, key, &secret, rotation->secret);
	if (r < 0)
		return r;
	key->secrets[key->secret_count++] = secret;
	rotation->retires = key_secrets_find(key, shown)->retires;
	return 0;
}

static int save(struct vault *vault, const struct verify_caller *caller, const struct message_rotate *request,
		const struct store_key *after)
{
	struct audit_record record = { .event = "key_rotate",
				       .actor = after->id,
				       .user = request->user,
				       .service = request->service,
				       .tty = request->tty,
				       .rhost = request->rhost,
				       .has_peer = true,
				       .peer_uid = caller->uid,
				       .peer_pid = caller->pid };
	struct store_key before;
	int r = store_find_key(store_writer(vault->store), after->id, &before);

	if (r == 0)
		r = key_change_save(vault->store, &before, after, record, "by who holds it");
	secret_wipe(before.secrets, sizeof(before.secrets));
	return r;
}

int holder_rotation_do(struct vault *vault, struct uses *uses, uint64_t overlap, const struct verify_caller *caller,
		       const struct message_rotate *request, int64_t now, struct verify_outcome *outcome,
		       struct holder_rotation *ret_rotation)
{
	struct message_verify question = question_of(request);
	struct verify_caller holder = holder_of(caller);
	struct holder_rotation rotation;
	const char *problem = NULL;
	struct store_key key;
	int r = verify_consume(vault->store, &holder, &question, now, &key, outcome);

	if (r == 0 && outcome->reason == REASON_NONE)
		r = find_fault(store_writer(vault->store), uses, &key, outcome->secret, now, &problem);
	if (r == 0 && outcome->reason == REASON_NONE && !problem) {
		r = add_secret(vault, overlap, now, &key, outcome->secret, &rotation, &problem);
		if (r == 0 && !problem)
			r = save(vault, caller, request, &key);
		if (r == 0 && !problem)
			*ret_rotation = rotation;
		secret_wipe(&rotation, sizeof(rotation));
	}
	if (r == 0 && problem)
		refuse(outcome, problem);
	secret_wipe(key.secrets, sizeof(key.secrets));
	return r;
}
