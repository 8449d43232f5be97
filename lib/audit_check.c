/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The calls about the chain of the audit: whether MACs are right, which the daemon alone can tell, and its first key.
 */
#include "lib/apikey.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/admin.h"
#include "lib/texts.h"
#include "proto/message.h"

_Static_assert(APIKEY_AUDIT_PLACES_MAX == WIRE_AUDIT_PLACES_MAX, "the public limit is that of the wire");

void apikey_audit_head_free(struct apikey_audit_head *head)
{
	block_free(head);
}

void apikey_audit_key_free(struct apikey_audit_key *key)
{
	block_free(key);
}

static int build_head(struct block *block, const void *packet, size_t size)
{
	struct apikey_audit_head *head = block_take(block, 1, sizeof(*head));
	struct message_audit_head message;
	int r = codec_decode(&message_audit_head, packet, size, &message);

	if (r == 0 && head)
		*head = (struct apikey_audit_head){
			.chain = message.chain ? message.chain : "",
			.seq = message.seq,
			.head = message.head,
			.from = message.from,
			.checked = message.checked,
			.wrong = message.wrong.data,
			.wrong_size = message.wrong.size,
		};
	return r;
}

static void write_place(const struct apikey_audit_place *place, unsigned char *at)
{
	uint64_t seq = htobe64(place->seq);

	memcpy(at, &seq, sizeof(seq));
	memcpy(at + 8, place->prev, sizeof(place->prev));
	memcpy(at + 40, place->digest, sizeof(place->digest));
	memcpy(at + 72, place->mac, sizeof(place->mac));
}

int apikey_audit_check(struct apikey_admin *admin, const struct apikey_audit_place *places, size_t count,
		       struct apikey_audit_head **ret_head)
{
	struct message_audit_check message = { .credential = admin_credential(admin) };
	unsigned char *bytes = NULL;
	void *root;
	int r;

	if (count > APIKEY_AUDIT_PLACES_MAX)
		return -EINVAL;
	if (count > 0) {
		bytes = malloc(count * WIRE_AUDIT_PLACE_SIZE);
		if (!bytes)
			return -ENOMEM;
		for (size_t i = 0; i < count; i++)
			write_place(&places[i], bytes + i * WIRE_AUDIT_PLACE_SIZE);
		message.places = (struct codec_bytes){ .size = count * WIRE_AUDIT_PLACE_SIZE, .data = bytes };
	}
	r = admin_call(admin, WIRE_AUDIT_CHECK, &message_audit_check, &message, build_head, &root);
	free(bytes);
	if (r == 0)
		*ret_head = root;
	return r;
}

static int build_key(struct block *block, const void *packet, size_t size)
{
	struct apikey_audit_key *key = block_take(block, 1, sizeof(*key));
	struct message_item message;
	int r = codec_decode(&message_item, packet, size, &message);

	if (r == 0 && key)
		key->text = message.text ? message.text : "";
	return r;
}

int apikey_audit_take_key(struct apikey_admin *admin, int anew, struct apikey_audit_key **ret_key)
{
	struct message_audit_key message = { .credential = admin_credential(admin), .anew = anew != 0 };
	void *root;
	int r = admin_call(admin, WIRE_AUDIT_KEY, &message_audit_key, &message, build_key, &root);

	if (r == 0)
		*ret_key = root;
	return r;
}
