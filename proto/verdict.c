/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "proto/verdict.h"

#include <stddef.h>

static const char *const verdict_names[VERDICT_COUNT] = {
	[VERDICT_DENIED] = "denied",       [VERDICT_GRANTED] = "granted",         [VERDICT_FORBIDDEN] = "forbidden",
	[VERDICT_THROTTLED] = "throttled", [VERDICT_UNAVAILABLE] = "unavailable",
};

static const struct {
	const char *name, *sentence;
	enum verdict verdict;
} reasons[REASON_COUNT] = {
	[REASON_NONE] = { "", "", VERDICT_DENIED },
	[REASON_NOT_A_CREDENTIAL] = { "not_a_credential",
				      "The text has not the form of a key; a normal password, perhaps.",
				      VERDICT_DENIED },
	[REASON_MALFORMED] = { "malformed",
			       "The text looks like a key, but its check characters do not fit: a typing or copying "
			       "mistake.",
			       VERDICT_DENIED },
	[REASON_TRUNCATED] = { "truncated",
			       "The text looks like a key that was cut short; copy the whole of it, or look for a "
			       "length limit of the service.",
			       VERDICT_DENIED },
	[REASON_UNKNOWN_KEY] = { "unknown_key",
				 "No key of this id exists here; it was deleted, or made on another host.",
				 VERDICT_DENIED },
	[REASON_BAD_SECRET] = { "bad_secret", "The key exists, but the secret is not its secret.", VERDICT_DENIED },
	[REASON_BAD_SIGNATURE] = { "bad_signature", "The signature of the token does not fit.", VERDICT_DENIED },
	[REASON_STALE_TIMESTAMP] = { "stale_timestamp",
				     "The token's time is too far from this host's; check both clocks.",
				     VERDICT_DENIED },
	[REASON_REPLAYED] = { "replayed", "The token was used before; each is good for one use.", VERDICT_DENIED },
	[REASON_KEY_INACTIVE] = { "key_inactive", "The key is switched off; 'apikeyctl key activate' switches it on.",
				  VERDICT_DENIED },
	[REASON_KEY_SUSPENDED] = { "key_suspended",
				   "The key is suspended; 'apikeyctl key show' says why, an administrator can activate "
				   "it.",
				   VERDICT_DENIED },
	[REASON_KEY_REVOKED] = { "key_revoked", "The key is revoked, which is final; make a new one.", VERDICT_DENIED },
	[REASON_SECRET_RETIRED] = { "secret_retired",
				    "The key was rotated and the overlap is over, or its secret is older than a "
				    "policy allows (max_secret_age); use a new secret.",
				    VERDICT_DENIED },
	[REASON_NOT_YET_VALID] = { "not_yet_valid", "The key's first day is still to come.", VERDICT_DENIED },
	[REASON_EXPIRED] = { "expired",
			     "The key has expired, or its end lies further ahead than a policy allows "
			     "(max_lifetime); make a new one, or move its end with 'apikeyctl key update --expires'.",
			     VERDICT_DENIED },
	[REASON_WRONG_USER] = { "wrong_user",
				"The key is not for this user; 'apikeyctl key update --user' lets it log in as further "
				"users.",
				VERDICT_DENIED },
	[REASON_WRONG_TENANT] = { "wrong_tenant", "The key belongs to another tenant.", VERDICT_DENIED },
	[REASON_WRONG_SOURCE] = { "wrong_source", "The request does not come from the networks the key is limited to.",
				  VERDICT_DENIED },
	[REASON_WRONG_SERVICE] = { "wrong_service",
				   "The caller may not speak for this service, which a line in [peers] of apikeyd.conf "
				   "allows; or the key is for another service alone.",
				   VERDICT_DENIED },
	[REASON_TOKEN_EXPIRED] = { "token_expired", "The access token has expired; get a new one.", VERDICT_DENIED },
	[REASON_TOKEN_USED] = { "token_used", "The access token was used before, or revoked; get a new one.",
				VERDICT_DENIED },
	[REASON_CLOCK_MOVED] = { "clock_moved",
				 "The clock was set back behind tokens already used; wait, or mend the clock.",
				 VERDICT_DENIED },
	[REASON_LOCKDOWN] = { "lockdown", "The host is locked down; only the break-glass keys are let in.",
			      VERDICT_DENIED },
	[REASON_INSUFFICIENT_PERMISSION] = { "insufficient_permission",
					     "The key is good, but does not hold the permission asked for.",
					     VERDICT_FORBIDDEN },
	[REASON_USE_LIMIT_REACHED] = { "use_limit_reached", "The key was used as often as it may be.",
				       VERDICT_FORBIDDEN },
	[REASON_TOO_MANY_FAILURES] = { "too_many_failures",
				       "Too many refused credentials from this source; a good one is still let in.",
				       VERDICT_THROTTLED },
	[REASON_TOO_MANY_REQUESTS] = { "too_many_requests", "Too many requests from this source at once.",
				       VERDICT_THROTTLED },
	[REASON_DAEMON_UNREACHABLE] = { "daemon_unreachable", "apikeyd cannot be reached; is apikeyd.service running?",
					VERDICT_UNAVAILABLE },
	[REASON_DEADLINE] = { "deadline", "apikeyd did not answer in time.", VERDICT_UNAVAILABLE },
	[REASON_UNTRUSTED_SERVER] = { "untrusted_server",
				      "The socket, or a folder above it, does not belong to root alone, so whoever "
				      "answers there is not believed.",
				      VERDICT_UNAVAILABLE },
	[REASON_STORE_FAILED] = { "store_failed", "The key store cannot be used; 'apikeyctl status' says why.",
				  VERDICT_UNAVAILABLE },
	[REASON_AUDIT_FAILED] = { "audit_failed",
				  "The audit file cannot be written, and nothing is decided unrecorded; 'apikeyctl "
				  "status' says why.",
				  VERDICT_UNAVAILABLE },
	[REASON_BAD_TICKET] = { "bad_ticket",
				"The ticket of the session was used before, is older than a minute, or was made for "
				"another service.",
				VERDICT_DENIED },
	[REASON_NOT_ROTATED] = { "not_rotated", "The key is good, but its holder cannot give it a new secret so.",
				 VERDICT_FORBIDDEN },
	[REASON_NOT_CLIENT_SIDE] = { "not_client_side",
				     "The request comes from a page in a browser, and the key is not for pages; "
				     "'apikeyctl key update --client-side' lets pages use it.",
				     VERDICT_FORBIDDEN },
};

const char *verdict_name(enum verdict verdict)
{
	return (unsigned int)verdict < VERDICT_COUNT ? verdict_names[verdict] : verdict_names[VERDICT_DENIED];
}

const char *reason_name(enum reason reason)
{
	return (unsigned int)reason < REASON_COUNT ? reasons[reason].name : "";
}

const char *reason_sentence(enum reason reason)
{
	return (unsigned int)reason < REASON_COUNT ? reasons[reason].sentence : "";
}

enum verdict reason_verdict(enum reason reason)
{
	return (unsigned int)reason < REASON_COUNT ? reasons[reason].verdict : VERDICT_DENIED;
}
