/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What "audit verify" asks of who has the running key, and the first key for the administrator. The running key never
 * leaves the daemon: it is told which MACs are right, and none is made. Defends against a first key that is shown
 * twice.
 */
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/secret.h"
#include "daemon/admin.h"
#include "daemon/audit.h"
#include "daemon/audit_keeper.h"

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

static void record_key(struct admin_request *request, bool anew)
{
	struct audit_record record = admin_record(request, "audit_key");

	record.changes = anew ? "{\"anew\":true}" : "{\"anew\":false}";
	(void)audit_write(request->thread->daemon->audit, &record, 1);
}

int admin_audit_key(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	struct audit_keeper *keeper = request->thread->daemon->audit_keeper;
	bool anew = request->message.audit_key.anew != 0;
	char text[AUDIT_KEY_TEXT_SIZE];
	struct message_item reply = { .name = "audit.key", .text = text };
	int r;

	(void)reader;
	(void)vault;
	/* Whoever administers is watched by the audit, and must not be able to write it. */
	if (request->peer.uid != 0 && request->peer.uid != geteuid())
		return admin_refuse(request, ANSWER_NOT_PERMITTED, "only root takes the first key of the audit");
	r = audit_keeper_take_first(keeper, anew, text);
	if (r == -ENOENT)
		return admin_refuse(request, ANSWER_NOT_FOUND,
				    "the first key of this chain was taken already, and erased here; where it is lost, "
				    "'apikeyctl audit key --new' begins a new chain");
	if (r == -EAGAIN)
		return admin_refuse(request, ANSWER_UNAVAILABLE, "there is no key yet; 'apikeyctl status' says why");
	if (r < 0)
		return admin_refuse(request, ANSWER_STORE_FAILED,
				    "the key cannot be sealed anew: %s; nothing was changed", strerror(-r));
	record_key(request, anew);
	r = admin_reply(request, &message_item, &reply);
	secret_wipe(text, sizeof(text));
	return r;
}
