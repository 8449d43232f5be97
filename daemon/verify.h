/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Judging one credential, or one handle, for one request: shape, store, digest in constant time, then daemon/policy.h.
 * An outcome begins as a refusal and becomes a grant on one line. Reads only. The caller ends the read transaction,
 * which it has begun itself, or which a key with roles has.
 *
 * What has to be written first is judged in two halves: verify_credential() as far as reading goes, then
 * verify_consume() in the writer's transaction, which looks at the key again. What may be used once is spent as soon as
 * its signature was good; what is judged after that does not give it back. A key is bound, or a use of it counted, when
 * all else has passed.
 */
#ifndef APIKEYD_DAEMON_VERIFY_H
#define APIKEYD_DAEMON_VERIFY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/notices.h"
#include "daemon/policy.h"
#include "daemon/store.h"
#include "daemon/thread.h"
#include "daemon/ticket.h"
#include "proto/message.h"

/* Who asks. */
struct verify_caller {
	uid_t uid;
	pid_t pid;
	bool root;                       /* on login.sock: all it says is believed */
	const char *services;            /* what the uid may speak for, separated by spaces; "" when it is not listed */
	const struct settings *settings; /* what holds for keys stands in them; they live as long as services does */
	struct sources *sources;         /* where the networks are noted that keys are used from; NULL: nowhere */
	bool no_use;                     /* nobody is let in: it binds no key, and counts as no use */
};

#define VERIFY_ONCE_CAP 10000 /* nonces that a key may have at a time, and as many ids of access tokens */
#define VERIFY_ONCE_ID_MAX 128
#define VERIFY_MISUSE_SIZE 384 /* of a sentence with the names of two services */

/* What has to be noted as used before a request is decided. */
struct verify_once {
	enum store_once_kind kind; /* STORE_ONCE_NONE: nothing */
	int64_t moment;
	uint8_t digest[STORE_DIGEST_SIZE]; /* of the secret that fitted; set for any credential */
	size_t id_size;
	char id[VERIFY_ONCE_ID_MAX];
};

struct verify_outcome {
	enum verdict verdict;
	enum reason reason;
	bool test;                              /* a test key */
	const char *problem;                    /* what is wrong with the text's shape, or with a key that is let in all
						 * the same: a sentence; static. Else "" */
	bool undecided;                         /* something is to be written first: verify_consume() is to come */
	struct verify_once once;                /* where it is undecided: what is to be noted as used, if anything */
	char key_id[CREDENTIAL_KEY_ID_MAX + 1]; /* "" when the text names none */
	uint32_t secret;                        /* its number; 0 when none fitted */
	bool described;                         /* what follows is the key's; else there is none, and it is nobody's */
	char key_name[WIRE_NAME_MAX + 1];
	char owner[WIRE_USER_MAX + 1];
	char tenant[STORE_SCOPE_ID_MAX + 1];
	char permissions[WIRE_LIST_TEXT_MAX + 1]; /* with those of its roles; as many as fit */
	char bound_to[WIRE_SERVICE_MAX + 1];      /* misuse: another service than the one that asked; else "" */
	char misuse[VERIFY_MISUSE_SIZE];          /* how the key was misused: a sentence; else "" */
	bool settles;   /* a secret waits for the first use of this one, which gives it the date of its end */
	bool suspends;  /* which is to suspend it: set where the key was judged in the writer's transaction, */
	bool suspended; /* and did */
	int64_t expires;
	char handle[WIRE_HANDLE_MAX + 1]; /* only when granted */
	char ticket[TICKET_TEXT_SIZE];    /* only when granted, and asked for */
	struct notices notices;           /* only when granted: what the user should know */
};

/* Stands in for a key that is not there, or not shown: what is done with it takes as long. Where any tenant will do,
 * every step may look at it: it has each of the texts that a key has, and grants nothing. */
extern const struct store_key verify_nobodys;

/* Whether it may say where a request comes from, and for which services: root, and who stands in [peers]. */
bool verify_is_believed(const struct verify_caller *caller);

/* The request as policy sees it: what an unlisted caller says about its source is left out. tenant is an id, as
 * verify_tenant() gives it, or NULL. */
struct policy_request verify_policy_request(const struct verify_caller *caller, const char *user, const char *service,
					    const char *permission, const char *tenant, const char *rhost, int64_t now);

/* The id of the tenant a request names: NULL for none, the text itself for an id. What names no tenant fits no key. 0
 * or -EIO; id is room that *ret_tenant may point into. */
int verify_tenant(struct store_reader *reader, const char *tenant, char id[STORE_SCOPE_ID_MAX + 1],
		  const char **ret_tenant);

/* Finds what holds for a key and the secret of it that was shown (its number; 0: none was), and has it judged by that:
 * room is where it is kept. 0 or -EIO. */
int verify_policies(struct store_reader *reader, const struct settings *settings, const struct store_key *key,
		    uint32_t secret, struct policies *room, struct policy_request *request);

/* How many uses of a key were counted, where they are limited: request->counted. 0 or -EIO. */
int verify_counted(struct store_reader *reader, const struct store_key *key, struct policy_request *request);

/* What a credential shows, as far as it could be told. */
struct verify_proof {
	char id[CREDENTIAL_KEY_ID_MAX + 1]; /* the key's; "" where the text names none */
	bool found;                         /* there is such a key */
	uint32_t secret;                    /* the number of its secret that fits; 0: none does */
	const char *problem;                /* as in struct verify_outcome */
	struct verify_once once;            /* set where the credential is good for one use */
	bool access;                        /* it is an access token */
	bool locked_out;                    /* the host is locked down, and this is none of the keys that are spared */
};

/* Finds the key of a credential and compares its secret, or checks its signature: REASON_NONE, or the reason. The key
 * is set where it was found. Who accepts a proof with a once that is set lets it be used again, but for
 * verify_consume(). */
enum reason verify_locate(struct thread *thread, const char *credential, int64_t now, struct store_key *ret_key,
			  struct verify_proof *ret_proof);

/* The same of a credential that came with a body, for which an HMAC token has to be signed: body_hash as
 * pair_hash_body() makes it (crypto/pair_signature.h). */
enum reason verify_locate_signed(struct thread *thread, const char *credential, const char *body_hash, int64_t now,
				 struct store_key *ret_key, struct verify_proof *ret_proof);

/* The secret of a key (NULL: of none) whose digest it is, of this form or ended. As many are compared as a key can
 * have, those that are not there with one that is nobody's, so that time tells neither how many there are nor which one
 * fits.
 */
const struct store_secret *verify_find_secret(const struct store_key *key, enum store_form form,
					      const uint8_t digest[STORE_DIGEST_SIZE]);

/* Of a proof with a once that is set: whether its time is near enough; whether it is unused so far. */
enum reason verify_time(const struct verify_proof *proof, int64_t now);
enum reason verify_unused(struct thread *thread, const struct verify_proof *proof);

/* Reads a key; a store that fails is reported, so that it is opened anew. REASON_NONE, also where it was not found. */
enum reason verify_read_key(struct thread *thread, const char *id, struct store_key *ret_key, bool *ret_found);

/* Writes down whose key it is, for the record and the answer. */
void verify_describe_key(const struct store_key *key, struct verify_outcome *outcome);

/* An outcome of what is not looked at at all. */
void verify_turn_away(struct verify_outcome *ret_outcome, enum reason reason);

/* key is room for one key. */
void verify_credential(struct thread *thread, const struct verify_caller *caller, const struct message_verify *request,
		       int64_t now, struct store_key *key, struct verify_outcome *ret_outcome);

/* In the writer's thread, before what follows: whether the store was replaced since the vault of that generation was
 * read (thread->vault_generation). After a restore the keys that sign are others, and the store does not know what was
 * used before; only nonces are safe from that. */
bool verify_is_outdated(struct vault_keeper *keeper, const struct verify_once *once, unsigned int generation);

/*
 * In the writer's transaction: the second half of what verify_credential() left undecided. 0 and a refusal in outcome,
 * or REASON_NONE there for verify_finish(); a negative errno where the store failed. What it wrote stays written where
 * the outcome is a refusal.
 */
int verify_consume(struct store *store, const struct verify_caller *caller, const struct message_verify *request,
		   int64_t now, struct store_key *key, struct verify_outcome *outcome);

/*
 * The first part of that, for who has a proof: whether the key is still there and still has the secret with this
 * digest; then a once that is set is consumed. 0 and the reason, REASON_NONE where it is spent now; or a negative
 * errno.
 */
int verify_spend(struct store *store, const char *key_id, uint32_t secret, const struct verify_once *once, int64_t now,
		 struct store_key *key, enum reason *ret_reason);

/* What that begins with, for who showed the secret before: whether the key is still there and still has the secret with
 * this digest. 0 and the reason, or -EIO. */
int verify_again(struct store_reader *reader, const char *key_id, uint32_t secret,
		 const uint8_t digest[STORE_DIGEST_SIZE], int64_t now, struct store_key *key, enum reason *ret_reason);

/* After the commit, in the thread that answers: grants what was not refused. */
void verify_finish(struct thread *thread, const struct verify_caller *caller, const struct message_verify *request,
		   struct verify_outcome *outcome);

void verify_refuse(struct verify_outcome *outcome, enum reason reason);
void verify_outcome_wipe(struct verify_outcome *outcome);

void verify_handle(struct thread *thread, const struct verify_caller *caller, const struct message_account *request,
		   int64_t now, struct store_key *key, struct verify_outcome *ret_outcome);

/* Where a use or a failure is counted: the address a believed caller gave, "local", or "uid:N". */
void verify_source(const struct verify_caller *caller, const char *rhost, char ret_source[WIRE_NETWORK_MAX + 1]);

#endif
