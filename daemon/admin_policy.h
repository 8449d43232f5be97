/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Policies in the requests of administrators: what holds for a key that is made or changed, and setting what tenants
 * have of their own. Only administrators of the host set these: a tenant's own keys, and those of its account, are what
 * they bind. Functions return as a handler does, unless they say otherwise.
 */
#ifndef APIKEYD_DAEMON_ADMIN_POLICY_H
#define APIKEYD_DAEMON_ADMIN_POLICY_H

#include "daemon/admin.h"
#include "daemon/policies.h"

/* What holds for keys of a tenant (its id; "": of an account). 0 or a negative errno. */
int admin_policy_find(const struct admin_request *request, struct store_reader *reader, const char *tenant,
		      struct policies *ret_policies);

/* The end of a key that is made without one: none that could not be asked for. */
int64_t admin_policy_default_end(const struct admin_request *request, const struct policies *policies, int64_t now);

/* Whether a key may have the end it is given now, whoever gives it; and a user's own key. */
int admin_policy_check_end(struct admin_request *request, const struct policies *policies, const struct store_key *key,
			   int64_t now);

/* How long a user's own key may live from now; those of administrators and of keys that act are not bound by this. */
int admin_policy_check_own_end(struct admin_request *request, const struct store_key *key, int64_t now);

/* What somebody wants to be set, and what to be taken back: bits as in struct policies_own. */
struct admin_policy_change {
	unsigned int set, drop;
	struct policies values;
};

/* Reads texts such as "max_lifetime=90d", and whether the caller may say them. */
int admin_policy_take(struct admin_request *request, const struct codec_texts *texts,
		      struct admin_policy_change *ret_change);
/* 0 or a negative errno. */
int admin_policy_save(struct store *store, const char *tenant, const struct admin_policy_change *change);

/* What a tenant has of its own, and what holds for it, as texts that point into it. */
struct admin_policy_texts {
	char room[2 * POLICIES_COUNT][WIRE_POLICY_MAX + 1];
	struct codec_texts own, in_force;
};
/* 0 or a negative errno. */
int admin_policy_write(const struct admin_request *request, struct store_reader *reader, const char *tenant,
		       struct admin_policy_texts *ret_texts);

/* What a tenant has of its own, for the audit: {"max_lifetime":"90d"}. NULL where it cannot be read. */
struct json_t;
struct json_t *admin_policy_json(struct store_reader *reader, const char *tenant);

#endif
