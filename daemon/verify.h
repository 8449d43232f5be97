/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Judging one credential, or one handle, for one request: shape, store, digest in constant time, then daemon/policy.h.
 * An outcome begins as a refusal and becomes a grant on one line. Reads only; the caller has begun the read
 * transaction.
 */
#ifndef APIKEYD_DAEMON_VERIFY_H
#define APIKEYD_DAEMON_VERIFY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/policy.h"
#include "daemon/store.h"
#include "daemon/thread.h"
#include "proto/message.h"

/* Who asks. */
struct verify_caller {
	uid_t uid;
	pid_t pid;
	bool root;            /* on login.sock: all it says is believed */
	const char *services; /* what the uid may speak for, separated by spaces; "" when it is not listed */
};

struct verify_outcome {
	enum verdict verdict;
	enum reason reason;
	bool test;                              /* a test key */
	char key_id[CREDENTIAL_KEY_ID_MAX + 1]; /* "" when the text names none */
	uint32_t secret;                        /* its number; 0 when none fitted */
	/* of the key, "" when there is none */
	char key_name[WIRE_NAME_MAX + 1];
	char owner[WIRE_USER_MAX + 1];
	char tenant[WIRE_NAME_MAX + 1];
	char permissions[WIRE_LIST_TEXT_MAX + 1];
	int64_t expires;
	char handle[WIRE_HANDLE_MAX + 1]; /* only when granted */
};

/* The request as policy sees it: what an unlisted caller says about its source is left out. */
struct policy_request verify_policy_request(const struct verify_caller *caller, const char *user, const char *service,
					    const char *permission, const char *tenant, const char *rhost, int64_t now);

/* Finds the key of a credential and compares its secret: REASON_NONE and *ret_key with *ret_secret, or the reason; the
 * id is set where the text names one, key and secret also where it has retired. */
enum reason verify_locate(struct thread *thread, const char *credential, int64_t now, struct store_key *ret_key,
			  uint32_t *ret_secret, char ret_id[CREDENTIAL_KEY_ID_MAX + 1]);

/* key is room for one key. */
void verify_credential(struct thread *thread, const struct verify_caller *caller, const struct message_verify *request,
		       int64_t now, struct store_key *key, struct verify_outcome *ret_outcome);
void verify_handle(struct thread *thread, const struct verify_caller *caller, const struct message_account *request,
		   int64_t now, struct store_key *key, struct verify_outcome *ret_outcome);

/* Where a use or a failure is counted: the address a believed caller gave, "local", or "uid:N". */
void verify_source(const struct verify_caller *caller, const char *rhost, char ret_source[WIRE_NETWORK_MAX + 1]);

#endif
