/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What "audit verify" asks of who has the running key, and the first key for the administrator. The running key never
 * leaves the daemon: it is told which MACs are right, and none is made. Defends against a first key that is shown
 * twice.
 */
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/secret.h"
#include "daemon/admin.h"
#include "daemon/audit.h"
#include "daemon/audit_keeper.h"
#include "daemon/chore.h"

_Static_assert(WIRE_AUDIT_PLACE_SIZE == sizeof(uint64_t) + 2 * CHAIN_HASH_SIZE + CRYPTO_MAC_SIZE,
	       "the wire has room for a place, and no more");

static void read_place(const uint8_t *at, struct chain_links *ret_links)
{
	uint64_t seq;

	memcpy(&seq, at, sizeof(seq));
	at += sizeof(seq);
	*ret_links = (struct chain_links){ .seq = be64toh(seq), .has_mac = true };
	memcpy(ret_links->prev, at, CHAIN_HASH_SIZE);
	memcpy(ret_links->digest, at + CHAIN_HASH_SIZE, CHAIN_HASH_SIZE);
	memcpy(ret_links->mac, at + 2 * CHAIN_HASH_SIZE, CRYPTO_MAC_SIZE);
}

int admin_audit_check(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	const struct codec_bytes *places = &request->message.audit_check.places;
	struct audit *audit = request->thread->daemon->audit;
	struct chain_links links[WIRE_AUDIT_PLACES_MAX] = { { 0 } };
	int8_t right[WIRE_AUDIT_PLACES_MAX];
	uint8_t wrong[WIRE_AUDIT_PLACES_MAX / 8] = { 0 };
	size_t count = places->size / WIRE_AUDIT_PLACE_SIZE;
	struct message_audit_head reply = { .checked = 0 };
	struct audit_health health;
	int r;

	(void)reader;
	(void)vault;
	if (places->size % WIRE_AUDIT_PLACE_SIZE != 0)
		return admin_refuse(request, ANSWER_INVALID, "a place has %d bytes", WIRE_AUDIT_PLACE_SIZE);
	for (size_t i = 0; i < count; i++)
		read_place((const uint8_t *)places->data + i * WIRE_AUDIT_PLACE_SIZE, &links[i]);
	r = audit_check(audit, links, count, right);
	if (r < 0 && r != -ENOKEY)
		return r;
	for (size_t i = 0; r == 0 && i < count; i++) {
		reply.checked += right[i] >= 0;
		wrong[i / 8] |= (uint8_t)((right[i] == 0) << i % 8);
	}
	audit_health(audit, &health);
	reply.chain = health.keyed ? health.chain : NULL;
	reply.seq = health.seq;
	reply.head = health.head;
	reply.from = health.key_from;
	reply.wrong = (struct codec_bytes){ .size = (count + 7) / 8, .data = wrong };
	return admin_reply(request, &message_audit_head, &reply);
}

/* ---- the first key ---- */

/* Taken in a thread of its own, since what is left of it has to reach the disk. */
struct taking {
	struct chore chore;
	struct admin_request *request; /* its connection is NULL when the peer has gone */
	bool anew;
	int result;
	char text[AUDIT_KEY_TEXT_SIZE];
};

static void take_run(struct chore *chore)
{
	struct taking *taking = (struct taking *)chore;

	taking->result = audit_keeper_take_first(chore->origin->daemon->audit_keeper, taking->anew, taking->text);
}

static void record_key(struct admin_request *request, bool anew)
{
	struct audit_record record = admin_record(request, "audit_key");

	record.changes = anew ? "{\"anew\":true}" : "{\"anew\":false}";
	(void)audit_write(request->thread->daemon->audit, &record, 1);
}

static int answer_taken(const struct taking *taking)
{
	struct admin_request *request = taking->request;
	const struct message_item reply = { .name = "audit.key", .text = taking->text };

	switch (taking->result) {
	case 0:
		record_key(request, taking->anew);
		return admin_reply(request, &message_item, &reply);
	case -ENOENT:
		return admin_refuse(request, ANSWER_NOT_FOUND,
				    "the first key of this chain was taken already, and erased here; where it is lost, "
				    "'apikeyctl audit key --new' begins a new chain");
	case -EAGAIN:
		return admin_refuse(request, ANSWER_UNAVAILABLE, "there is no key yet; 'apikeyctl status' says why");
	default:
		return admin_refuse(request, ANSWER_STORE_FAILED,
				    "the key cannot be sealed anew: %s; nothing was changed",
				    strerror(-taking->result));
	}
}

static void taking_free(struct taking *taking)
{
	secret_wipe(taking, sizeof(*taking));
	free(taking);
}

static void taken(struct thread *thread, struct thread_task *task)
{
	struct taking *taking = (struct taking *)((char *)task - offsetof(struct taking, chore.done));
	struct admin_request *request = taking->request;
	int r = answer_taken(taking);

	(void)thread;
	taking_free(taking);
	admin_finish(request, r);
}

int admin_audit_key(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	struct taking *taking;
	int r;

	(void)reader;
	(void)vault;
	/* Whoever administers is watched by the audit, and must not be able to write it. */
	if (request->peer.uid != 0 && request->peer.uid != geteuid())
		return admin_refuse(request, ANSWER_NOT_PERMITTED, "only root takes the first key of the audit");
	taking = calloc(1, sizeof(*taking));
	if (!taking)
		return -ENOMEM;
	taking->chore = (struct chore){ .run = take_run, .origin = request->thread, .done = { .run = taken } };
	taking->request = request;
	taking->anew = request->message.audit_key.anew != 0;
	r = chores_begin(request->thread->daemon->chores, &taking->chore);
	if (r == 0)
		return ADMIN_LATER;
	taking_free(taking);
	if (r == -EBUSY)
		return admin_refuse(
			request, ANSWER_BUSY,
			"a backup, a restore, a check or another 'audit key' is under way; try again when it "
			"is done, and where a disk does not answer, 'apikeyctl status' says so");
	return admin_refuse(request, ANSWER_UNAVAILABLE, "the key cannot be taken now: %s", strerror(-r));
}
