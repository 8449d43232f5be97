/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The register of sessions: what the daemon said of each, and a pidfd of its leader. One that is not in it cannot be
 * ended. Bounded, so that no number of logins makes the helper grow without end.
 */
#ifndef APIKEYD_SESSION_REGISTER_H
#define APIKEYD_SESSION_REGISTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "proto/message.h"
#include "session/scope.h"

#define REGISTER_MAX 4096 /* as many as half of FileDescriptorStoreMax= of the unit */
#define REGISTER_PACKET_MAX WIRE_VERIFY_PACKET_MAX

struct session {
	struct message_session message; /* texts lie in packet; ending and whole stay 0 */
	struct sessions *sessions;
	int pidfd;                   /* of its leader */
	sd_event_source *leader_end; /* the pidfd */
	/* from when it is told to end */
	bool ending;
	bool whole;             /* with all that is in its leader's scope */
	bool closed;            /* is no session any more, and waits for grace to end */
	int kill;               /* cgroup.kill of its scope, or -1 */
	sd_event_source *grace; /* until what is left in the scope is killed */
	size_t size;
	unsigned char packet[]; /* the message as it is on the wire and in the descriptor store */
};

struct sessions;

/* For up to most sessions, at most REGISTER_MAX. places stay the caller's, and valid. 0 or a negative errno. */
int register_new(sd_event *event, const struct scope_places *places, size_t most, struct sessions **ret_sessions);
/* Kills what was to be killed a little later, and forgets all sessions, which go on. Accepts NULL. */
void register_free(struct sessions *sessions);

bool register_is_full(const struct sessions *sessions);

/*
 * Enters a session. message.session is 0 for a new one, which gets the next number; numbers grow, and go on after a
 * restart behind the milliseconds since the system was booted, so that none is ever another session's. Takes pidfd
 * over, on failure too. 0; -EEXIST where the number is taken; -ENOSPC; -EINVAL where a text cannot be on the wire;
 * another negative errno. *ret_session is the register's.
 */
int register_add(struct sessions *sessions, const struct message_session *message, int pidfd,
		 struct session **ret_session);

/* The session of that number; NULL where there is none, or none any more. */
struct session *register_find(struct sessions *sessions, uint64_t number);

/* Fills in up to most sessions behind a number, of a key or of all (NULL). How many; *ret_more says whether there are
 * others. Texts are the register's. */
size_t register_list(const struct sessions *sessions, uint64_t after, const char *key,
		     struct message_session *ret_items, size_t most, bool *ret_more);

/* The session was closed. What an end of it has still to do is done. */
void register_close(struct session *session);

/*
 * Ends a session: its leader is told to, by SIGTERM; after 500 ms all that is left in the scope that logind made for it
 * is killed. 0 and whether there is such a scope; a negative errno where the leader could not be told (-ESRCH: it has
 * gone).
 */
int register_end(struct session *session, bool *ret_whole);

#endif
