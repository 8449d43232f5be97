/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Reads the files of the audit, oldest first, and holds each record against the one before it, against keys, and
 * against heads that were noted elsewhere. Pure: bytes in, findings out. Tells what was edited, removed, inserted, put
 * in another order or cut off, and where. What a crash tore, and the daemon closed with a "recovered" record, is no
 * finding.
 */
#ifndef APIKEYD_CRYPTO_AUDIT_VERIFY_H
#define APIKEYD_CRYPTO_AUDIT_VERIFY_H

#include "crypto/audit_chain.h"

enum audit_finding_kind {
	AUDIT_EDITED,
	AUDIT_REMOVED,
	AUDIT_INSERTED,
	AUDIT_REORDERED,
	AUDIT_CUT,       /* off the end */
	AUDIT_DAMAGED,   /* what stands there is no record */
	AUDIT_UNCHECKED, /* a chain begins that none of the given keys is for, or there is a key and no MAC */
	AUDIT_DISTRUST,  /* the daemon found the end of the file changed when it opened it, and said so in a record */
};

struct audit_finding {
	enum audit_finding_kind kind;
	const char *file; /* as given; NULL: of none */
	uint64_t line;    /* from 1; 0: of none */
	uint64_t seq;     /* of the record; 0: unknown */
	uint64_t last;    /* of the last one, where it is about several; else seq */
	const char *text; /* a sentence, good until the call returns */
};

/* The name of a kind: "edited", "removed" … */
const char *audit_finding_name(enum audit_finding_kind kind);

struct audit_summary {
	uint64_t records, first_seq, last_seq;
	uint64_t with_mac;     /* carry a MAC, */
	uint64_t checked;      /* which was found right by a key */
	uint64_t checked_from; /* the first of these; 0: none */
	uint64_t without_mac;  /* as the daemon writes them while it has no key */
	uint64_t unchained;    /* from before there was a chain */
	uint64_t recovered;    /* torn pieces that were closed */
	uint64_t heads;        /* of those given, that the records led to */
	uint64_t findings;
	bool torn;                     /* the last line has no end yet */
	char chain[CHAIN_ID_SIZE + 1]; /* the last that began in these files; "": none */
	uint8_t head[CHAIN_HASH_SIZE]; /* prev of the next record */
};

/* A record near the end, and of the last chain that began, for who has the running key. */
struct audit_place {
	struct chain_links links;
	const char *file;
	uint64_t line;
};
#define AUDIT_PLACES_MAX (2 * CHAIN_EPOCH)

struct audit_verifier;

typedef void (*audit_report)(void *data, const struct audit_finding *finding);

/* 0, -ENOMEM, -EIO. */
int audit_verifier_new(audit_report report, void *data, struct audit_verifier **ret_verifier);
void audit_verifier_free(struct audit_verifier *verifier); /* wipes; accepts NULL */

/* Before the first file. A chain's first key, and the number it is for. 0, -ENOMEM, -EIO. */
int audit_verifier_add_key(struct audit_verifier *verifier, const struct chain_key *first, uint64_t seq);
/* The prev that has to follow a record. 0, -ENOMEM. */
int audit_verifier_add_head(struct audit_verifier *verifier, uint64_t seq, const uint8_t head[CHAIN_HASH_SIZE]);

/* Begins a file; the name outlives the verifier. */
void audit_verifier_begin(struct audit_verifier *verifier, const char *name);
/* Some of its bytes. 0, -ENOMEM, -EIO. */
int audit_verifier_add(struct audit_verifier *verifier, const void *data, size_t size);
/* It ends; last: it is the one that is written to. 0, -ENOMEM, -EIO. */
int audit_verifier_end(struct audit_verifier *verifier, bool last);

/* The sentence about a record without a MAC, where there is a key. */
void audit_verify_bare(uint64_t seq, char *ret_text, size_t size);

/* After the last file: tells of what is missing. */
void audit_verifier_finish(struct audit_verifier *verifier, struct audit_summary *ret_summary);

/* The last records, count of them, oldest first; at most AUDIT_PLACES_MAX. Index 0 … count - 1. */
size_t audit_verifier_places(const struct audit_verifier *verifier);
const struct audit_place *audit_verifier_place(const struct audit_verifier *verifier, size_t index);

#endif
