/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Sign-ins: what a gateway acts with for whom it serves, and the links by which somebody on this host gets there. Who
 * holds one is not let in by it but looked up: what a sign-in may do is judged at each request (daemon/authority.h).
 * They are in memory alone, as the SHA-256 of their texts, so that what is read of it opens nothing; and a restart ends
 * them all.
 *
 *     aks_<id>_<secret>     a sign-in      akl_<id>_<secret>     the code of a link
 *     id: 12 characters of base62, public; secret: 32 of them
 *
 * Defends against one person who fills the room: each has some of every use, and what was used longest ago goes for a
 * new one; where all are taken, it goes from the person that has most. So everybody gets in. A person is a uid or an
 * owner of keys in their tenant; and since whoever may make keys and tenants makes many, users, browsers by key and
 * programs have a share of the room each, and the account that has most gives way first. Ends are counted on the boot
 * clock: a clock that is set moves none of them.
 */
#ifndef APIKEYD_DAEMON_SIGNIN_H
#define APIKEYD_DAEMON_SIGNIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/store.h"
#include "proto/credential.h"
#include "proto/wire.h"

#define SIGNIN_ID_SIZE 12
#define SIGNIN_TEXT_SIZE (4 + SIGNIN_ID_SIZE + 1 + 32 + 1) /* of a credential or a code, with its NUL */

/* At a time: of users with their links, of browsers by key, of programs; and of one person. */
#define SIGNIN_MOST_USERS 1024
#define SIGNIN_MOST_KEYS 1024
#define SIGNIN_MOST_PROGRAMS 2048
#define SIGNIN_MOST (SIGNIN_MOST_USERS + SIGNIN_MOST_KEYS + SIGNIN_MOST_PROGRAMS)
#define SIGNIN_MOST_LINKS 8
#define SIGNIN_MOST_PORTAL 32
#define SIGNIN_MOST_REQUESTS 256

#define SIGNIN_LINK_LIFETIME 300 /* seconds */

/* Whether an administrator is one still is asked once in so many seconds; without an answer, the last one counts for
 * so many. */
#define SIGNIN_ASK_AGAIN 60
#define SIGNIN_VOUCHED_MOST 600

enum signin_kind {
	SIGNIN_USER = 0,
	SIGNIN_ADMINISTRATOR,
	SIGNIN_KEY,
};

enum signin_use {
	SIGNIN_LINK = 0,
	SIGNIN_PORTAL,  /* somebody's browser: listed */
	SIGNIN_REQUEST, /* one request of a program */
};

struct signin {
	char id[SIGNIN_ID_SIZE + 1]; /* "": none */
	enum signin_kind kind;
	enum signin_use use;
	uid_t gateway; /* whose connections it is good for; not of a link */
	bool uid_known;
	uid_t uid;                    /* the user's; of a key, its owner's */
	char user[WIRE_USER_MAX + 1]; /* the same, as a name */
	/* SIGNIN_KEY */
	char key_id[CREDENTIAL_KEY_ID_MAX + 1];
	char account[STORE_SCOPE_ID_MAX + 1];
	char tenant[STORE_SCOPE_ID_MAX + 1]; /* "": of the account */
	uint32_t secret;                     /* the number of the one that was shown, */
	uint8_t digest[STORE_DIGEST_SIZE];
	/* SIGNIN_ADMINISTRATOR: that the user is in this group was true then, on the boot clock */
	gid_t group;
	int64_t vouched;
	bool page; /* of a page in a browser: for keys that are for that */
	/* where it came from; "" */
	char source[WIRE_NETWORK_MAX + 1];
	char agent[WIRE_AGENT_MAX + 1];
	int64_t created, used, expires; /* seconds since 1970 UTC, for people; set here */
};

struct signin_now {
	int64_t boot, wall; /* seconds */
};

struct signins;

/* Any thread may use it. 0 or -ENOMEM. */
int signins_new(struct signins **ret_signins);
void signins_free(struct signins *signins); /* accepts NULL */

/* The present moment. */
struct signin_now signin_now(void);

/* Whether a text is meant as one of these; no other kind of credential looks so. */
bool signin_is_credential(const char *text);
bool signin_is_code(const char *text);

/*
 * Begins one, or makes a link, by its use: lifetime seconds long, and as long as it is used every idle seconds (0: that
 * does not matter). signin->id and its times are set. 0 and its text, which is a secret; -ENOMEM, -EIO.
 */
int signins_begin(struct signins *signins, struct signin *signin, struct signin_now now, int64_t lifetime, int64_t idle,
		  char ret_text[SIGNIN_TEXT_SIZE]);

/* Uses a link up. False where there is none, or it is too old. */
bool signins_redeem(struct signins *signins, const char *code, struct signin_now now, struct signin *ret_signin);

/* What a credential stands for over connections of a gateway, and that it was used now. */
bool signins_find(struct signins *signins, const char *credential, uid_t gateway, struct signin_now now,
		  struct signin *ret_signin);

/* Whether it has not ended. */
bool signins_hold(struct signins *signins, const char *id, struct signin_now now);

enum signin_standing {
	SIGNIN_FALLEN = 0, /* nobody has said for long that the user is an administrator */
	SIGNIN_STANDS,
	SIGNIN_TO_ASK, /* it is to be asked now, and signins_settle() told of what came of it */
};

/* Of an administrator's that has not ended, by this group. may_ask: else the answer is one of the others. */
enum signin_standing signins_standing(struct signins *signins, const char *id, gid_t group, bool may_ask,
				      struct signin_now now);

/* What the name service has said about that group: 0, the user is in it; -EPERM, -ENOENT, not so: it ends. Others say
 * nothing. True where it has ended by that. */
bool signins_settle(struct signins *signins, const char *id, gid_t group, int error, struct signin_now now,
		    struct signin *ret_signin);

typedef bool (*signin_choice)(const void *data, const struct signin *signin);

/* Those that are chosen, what was used last first, as many as there is room for. How many there are. */
size_t signins_list(struct signins *signins, signin_choice choice, const void *data, struct signin_now now,
		    struct signin *ret_signins, size_t most);

/* Ends one, where it is chosen (NULL: in any case). False where there is none. ret_signin may be NULL. */
bool signins_end(struct signins *signins, const char *id, signin_choice choice, const void *data, struct signin_now now,
		 struct signin *ret_signin);

/* Ends all that are chosen, links too. */
void signins_end_those(struct signins *signins, signin_choice choice, const void *data);

#endif
