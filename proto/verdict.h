/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Verdicts, and the reasons behind them. The verdict goes to every caller, the reason only to who may know
 * it. The first step of a verification that fails is the reason.
 */
#ifndef APIKEYD_PROTO_VERDICT_H
#define APIKEYD_PROTO_VERDICT_H

/* On the wire by number; zero, what forgotten memory holds, is a refusal. */
enum verdict {
	VERDICT_DENIED = 0,
	VERDICT_GRANTED = 1,
	VERDICT_FORBIDDEN = 2, /* good credential, missing permission */
	VERDICT_THROTTLED = 3,
	VERDICT_UNAVAILABLE = 4,
	VERDICT_COUNT,
};

/* On the wire by number; new ones are added at the end. REASON_NONE also stands for a reason that is not disclosed. */
enum reason {
	REASON_NONE = 0,
	/* denied */
	REASON_NOT_A_CREDENTIAL,
	REASON_MALFORMED,
	REASON_TRUNCATED,
	REASON_UNKNOWN_KEY,
	REASON_BAD_SECRET,
	REASON_BAD_SIGNATURE,
	REASON_STALE_TIMESTAMP,
	REASON_REPLAYED,
	REASON_KEY_INACTIVE,
	REASON_KEY_SUSPENDED,
	REASON_KEY_REVOKED,
	REASON_SECRET_RETIRED,
	REASON_NOT_YET_VALID,
	REASON_EXPIRED,
	REASON_WRONG_USER,
	REASON_WRONG_TENANT,
	REASON_WRONG_SOURCE,
	REASON_WRONG_SERVICE,
	REASON_TOKEN_EXPIRED,
	REASON_TOKEN_USED,
	REASON_CLOCK_MOVED,
	REASON_LOCKDOWN,
	/* forbidden */
	REASON_INSUFFICIENT_PERMISSION,
	REASON_USE_LIMIT_REACHED,
	/* throttled */
	REASON_TOO_MANY_FAILURES,
	REASON_TOO_MANY_REQUESTS,
	/* unavailable */
	REASON_DAEMON_UNREACHABLE,
	REASON_DEADLINE,
	REASON_UNTRUSTED_SERVER,
	REASON_STORE_FAILED,
	REASON_AUDIT_FAILED,
	REASON_BAD_TICKET,      /* denied */
	REASON_NOT_ROTATED,     /* forbidden */
	REASON_NOT_CLIENT_SIDE, /* forbidden */
	REASON_COUNT,
};

/* "granted"; "denied" for a number that is none. Static. */
const char *verdict_name(enum verdict verdict);

/* "bad_secret"; "" for REASON_NONE and for a number that is none. Static. */
const char *reason_name(enum reason reason);

/* One sentence for a person: what happened and how to mend it. "" as above. Static. */
const char *reason_sentence(enum reason reason);

/* The verdict a reason leads to; REASON_NONE and numbers that are none lead to VERDICT_DENIED, never to a grant. */
enum verdict reason_verdict(enum reason reason);

#endif
