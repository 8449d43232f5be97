/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Another master key for the keys in the store. Whoever asks has both: the one in the file, which proves that it is
 * this daemon's file that is going to be replaced, and the fresh one, which goes into it after the answer. Defends
 * against a file that is replaced and opens nothing.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/admin.h"
#include "daemon/audit_changes.h"
#include "daemon/keyring.h"

_Static_assert(MESSAGE_MASTER_KEY_SIZE == CRYPTO_KEY_SIZE, "the wire has room for the key, and no more");

/* Who is root may read the file; who has the daemon's uid has its keys. Nobody else has business with them. */
static int check_peer(struct admin_request *request)
{
	if (request->peer.uid == 0 || request->peer.uid == geteuid())
		return 0;
	return admin_refuse(request, ANSWER_NOT_PERMITTED, "only root rotates the master key");
}

static int check_keys(struct admin_request *request)
{
	const struct message_master_key *wanted = &request->message.master_key;

	if (wanted->present.size != CRYPTO_KEY_SIZE ||
	    (wanted->fresh.size > 0 && wanted->fresh.size != CRYPTO_KEY_SIZE))
		return admin_refuse(request, ANSWER_INVALID, "a master key has %d bytes", CRYPTO_KEY_SIZE);
	if (wanted->fresh.size > 0 && memcmp(wanted->present.data, wanted->fresh.data, CRYPTO_KEY_SIZE) == 0)
		return admin_refuse(request, ANSWER_INVALID, "the fresh master key is the present one");
	return 0;
}

static int log_rotation(struct admin_request *request, struct vault *vault, uint32_t wrap)
{
	struct audit_record record = admin_record(request, "master_key_rotate");
	char changes[64];

	snprintf(changes, sizeof(changes), "{\"after\":{\"wrap\":%" PRIu32 "}}", wrap);
	return audit_changes_log(vault->store, &record, changes);
}

int admin_master_key_rotate(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	const struct message_master_key *wanted = &request->message.master_key;
	const uint8_t *fresh = wanted->fresh.size > 0 ? wanted->fresh.data : NULL;
	char fault[256] = "";
	uint32_t wrap = 0;
	struct message_item reply = { .name = "master_key.wrap" };
	int r = check_peer(request);

	if (r == 0)
		r = check_keys(request);
	if (r != 0)
		return r;
	r = keyring_rotate(vault->store, reader, vault->keyring.wrap, wanted->present.data, fresh, &wrap, fault,
			   sizeof(fault));
	if (r == -EKEYREJECTED)
		return admin_refuse(
			request, ANSWER_INVALID,
			"this is not the master key of the daemon that was asked: nothing was changed; name "
			"its file with --file, and its sockets with --runtime-dir");
	if (r < 0 && *fault)
		return admin_refuse(request, ANSWER_STORE_FAILED, "%s", fault);
	if (r == 0 && fresh)
		r = log_rotation(request, vault, wrap);
	if (r < 0)
		return r;
	reply.number = wrap;
	return admin_reply(request, &message_item, &reply);
}
