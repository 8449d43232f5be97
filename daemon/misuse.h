/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Misuse of a key: it is used at another service than the one it is for, or from so many networks in a while that
 * more than one may have it. Only a use with the right secret can be misuse, where all that is judged before was right,
 * and only by who may speak for that service: whoever does not have the secret can bring about none, so that nobody can
 * lock anybody out. It is in the record; by the policy misuse it suspends the key, in the writer's transaction, until
 * an administrator activates it again.
 */
#ifndef APIKEYD_DAEMON_MISUSE_H
#define APIKEYD_DAEMON_MISUSE_H

#include "daemon/sources.h"
#include "daemon/verify.h"

/* Judges a key that was judged already, with this reason, and says in the outcome whether that was misuse, and whether
 * it is to be suspended. Where all else was right, the network that it came from is noted (sources; NULL: none are).
 * Returns the reason. A dry run, and the account phase, note and suspend nothing. */
enum reason misuse_judge(struct sources *sources, const struct store_key *key, const struct policy_request *request,
			 enum reason reason, struct verify_outcome *outcome);

/* What was found is not acted on: the outcome tells of no misuse any more. */
void misuse_forget(struct verify_outcome *outcome);

/* For a dry run: from how many networks the key would have been used of late. */
void misuse_count_networks(struct sources *sources, const struct store_key *key, struct policy_request *request);

/* In the writer's transaction: suspends a key that was read in it, for what the outcome says. 0 or a negative errno. */
int misuse_suspend(struct store *store, const struct verify_caller *caller, const struct message_verify *request,
		   int64_t now, const struct store_key *key, struct verify_outcome *outcome);

#endif
