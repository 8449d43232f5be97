/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Whether a key that was found, and whose secret was right, may be used for this: the steps after "digest", in their
 * order. Pure functions of (key, request, now); the first step that fails is the reason. Defends against a rule that is
 * judged in one place and forgotten in another: authentication, account phase and explain all walk this one table.
 */
#ifndef APIKEYD_DAEMON_POLICY_H
#define APIKEYD_DAEMON_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/policies.h"
#include "daemon/store.h"
#include "proto/verdict.h"

struct policy_request {
	const char *user;       /* NULL: not judged, the key alone decides whose it is */
	const char *service;    /* NULL: not judged */
	bool service_allowed;   /* the caller may speak for it */
	const char *permission; /* a query; NULL: not judged */
	const char *grants;     /* what the key may do with its roles; NULL: its own permissions alone */
	const char *tenant;     /* an id; NULL: "default" */
	bool any_tenant;        /* the tenant is not judged */
	const char *rhost;      /* NULL or "": no address */
	bool source_believed;   /* the caller is one whose word about source and service counts */
	bool uses;              /* it would be a use of the key, which counts where these are limited */
	uint64_t counted;       /* uses that were counted before */
	uint64_t networks;      /* from so many it was used of late, this one included; 0: not judged */
	int64_t now;            /* seconds since 1970 UTC */
	/* What holds for keys of its tenant; NULL: lifetime and age are not judged. */
	const struct policies *policies;
	/* The secret that was shown; NULL: its age is not judged. */
	const struct store_secret *secret;
};

/* The steps, in order. */
enum policy_step {
	POLICY_STATE,
	POLICY_DATES,
	POLICY_LIFETIME,
	POLICY_SECRET_AGE,
	POLICY_TENANT,
	POLICY_USER,
	POLICY_SERVICE,
	POLICY_EXCLUSIVE,
	POLICY_SOURCE,
	POLICY_PERMISSION,
	POLICY_USES,
	POLICY_NETWORKS,
	POLICY_STEP_COUNT,
};

/* "state"; static. */
const char *policy_step_name(enum policy_step step);

/* Judges one step; *ret_asked (may be NULL) says whether the request asked for it at all. REASON_NONE: passed. */
enum reason policy_check(enum policy_step step, const struct store_key *key, const struct policy_request *request,
			 bool *ret_asked);

/* Judges all; REASON_NONE: every step passed. */
enum reason policy_judge(const struct store_key *key, const struct policy_request *request);

/*
 * Whether a key, or a secret, is what the policies do not want: whether that is refused, too, is on_violation's to say.
 * The end of a key that was allowed when it was made stays so, also when the clock is set back to the time before it
 * was made; POLICY_LIFETIME_SLACK seconds are for clocks that are set back a little.
 */
#define POLICY_LIFETIME_SLACK 300
bool policy_breaks_lifetime(const struct store_key *key, const struct policies *policies, int64_t now);
bool policy_breaks_secret_age(const struct store_secret *secret, const struct policies *policies, int64_t now);

/* What a request that was judged so breaks, a sentence for the record, also where it is let in; "" for nothing. */
const char *policy_violation(const struct store_key *key, const struct policy_request *request, enum reason reason);

/* Whether a key that passed all steps has to be written before the answer: bound to the service, or counted. */
bool policy_writes(const struct store_key *key, const struct policy_request *request);

/* Whether the networks that it was used from are so many that it is misuse. */
bool policy_breaks_networks(const struct policy_request *request);

/* Whether a refusal with this reason tells that a good secret was used at another service than the one it is for: by
 * who may speak for that service, and is believed. */
bool policy_is_misuse(const struct store_key *key, const struct policy_request *request, enum reason reason);

/* Whether a key can be bound to what a service is called. */
bool policy_service_binds(const char *service);

/* Whether a secret of the key is still good: REASON_NONE, or secret_retired. */
enum reason policy_judge_secret(const struct store_secret *secret, int64_t now);

/* True when item is one of the list's, which are separated by separator. */
bool policy_list_contains(const char *list, char separator, const char *item);

#endif
