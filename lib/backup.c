/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The calls of the way back: reading a backup part by part, writing one back, and the check of the store.
 */
#include "lib/apikey.h"

#include <errno.h>
#include <string.h>

#include "lib/admin.h"
#include "lib/texts.h"
#include "proto/message.h"

_Static_assert(APIKEY_PART_MAX == WIRE_PART_MAX, "the public limit is that of the wire");

void apikey_backup_free(struct apikey_backup *backup)
{
	block_free(backup);
}

void apikey_restored_free(struct apikey_restored *restored)
{
	block_free(restored);
}

static int build_backup(struct block *block, const void *packet, size_t size)
{
	struct apikey_backup *backup = block_take(block, 1, sizeof(*backup));
	struct message_backup message;
	int r = codec_decode(&message_backup, packet, size, &message);

	if (r == 0 && backup)
		*backup = (struct apikey_backup){
			.size = message.size,
			.rev = message.rev,
			.time = message.time,
			.keys = message.keys,
		};
	return r;
}

int apikey_backup_open(struct apikey_admin *admin, struct apikey_backup **ret_backup)
{
	struct message_status message = { .credential = admin_credential(admin) };
	void *root;
	int r = admin_call_patiently(admin, WIRE_BACKUP_OPEN, &message_status, &message, build_backup, &root);

	if (r == 0)
		*ret_backup = root;
	return r;
}

struct part {
	uint64_t offset;
	size_t size;
	const void *data;
};

static int build_part(struct block *block, const void *packet, size_t size)
{
	struct part *part = block_take(block, 1, sizeof(*part));
	struct message_part message;
	int r = codec_decode(&message_part, packet, size, &message);

	if (r == 0 && part)
		*part = (struct part){ .offset = message.offset,
				       .size = message.bytes.size,
				       .data = message.bytes.data };
	return r;
}

int apikey_backup_read(struct apikey_admin *admin, uint64_t offset, void *buffer, size_t size, size_t *ret_size)
{
	struct message_part message = { .credential = admin_credential(admin), .offset = offset };
	struct part *part;
	void *root;
	int r;

	if (size == 0)
		return -EINVAL;
	r = admin_call(admin, WIRE_BACKUP_READ, &message_part, &message, build_part, &root);
	if (r != 0)
		return r;
	part = root;
	if (part->offset != offset)
		r = -EPROTO;
	if (part->size < size)
		size = part->size;
	if (r == 0 && size > 0)
		memcpy(buffer, part->data, size);
	block_free(root);
	if (r == 0)
		*ret_size = size;
	return r;
}

int apikey_restore_open(struct apikey_admin *admin)
{
	struct message_status message = { .credential = admin_credential(admin) };
	void *root;
	int r = admin_call(admin, WIRE_RESTORE_OPEN, &message_status, &message, build_part, &root);

	if (r == 0)
		block_free(root);
	return r;
}

int apikey_restore_write(struct apikey_admin *admin, uint64_t offset, const void *data, size_t size)
{
	struct message_part message = {
		.credential = admin_credential(admin),
		.offset = offset,
		.bytes = { .size = size, .data = data },
	};
	void *root;
	int r = admin_call(admin, WIRE_RESTORE_WRITE, &message_part, &message, build_part, &root);

	if (r == 0)
		block_free(root);
	return r;
}

static const struct apikey_restored_key *take_keys(struct block *block, struct codec_records records)
{
	struct apikey_restored_key *keys = block_take(block, records.count, sizeof(*keys));
	struct message_restored_key key;

	for (size_t i = 0; keys && codec_next_record(&records, &message_restored_key, &key); i++)
		keys[i] = (struct apikey_restored_key){
			.fate = (enum apikey_fate)key.fate,
			.taken = (unsigned int)key.why,
			.id = key.id,
			.name = key.name,
			.owner = key.owner,
		};
	return keys;
}

static int build_restored(struct block *block, const void *packet, size_t size)
{
	struct apikey_restored *restored = block_take(block, 1, sizeof(*restored));
	const struct apikey_restored_key *keys;
	struct message_restored message;
	int r = codec_decode(&message_restored, packet, size, &message);

	if (r < 0)
		return r;
	keys = take_keys(block, message.listed);
	if (restored)
		*restored = (struct apikey_restored){
			.time = message.time,
			.version = text_or_empty(message.version),
			.backup_rev = message.backup_rev,
			.present_rev = message.present_rev,
			.rev = message.rev,
			.keys = message.keys,
			.present_unreadable = message.present_unreadable != 0,
			.done = message.done != 0,
			.kept = text_or_empty(message.kept),
			.returning = message.returning,
			.revived = message.revived,
			.lost = message.lost,
			.listed = keys,
			.listed_count = message.listed.count,
		};
	return 0;
}

int apikey_restore_finish(struct apikey_admin *admin, unsigned int flags, struct apikey_restored **ret_restored)
{
	struct message_restore message = { .credential = admin_credential(admin), .flags = flags };
	void *root;
	int r = admin_call_patiently(admin, WIRE_RESTORE_FINISH, &message_restore, &message, build_restored, &root);

	if (r == 0)
		*ret_restored = root;
	return r;
}

static int build_sentence(struct block *block, const void *packet, size_t size)
{
	const char **sentence = block_take(block, 1, sizeof(*sentence));
	struct message_item message;
	int r = codec_decode(&message_item, packet, size, &message);

	if (r == 0 && sentence)
		*sentence = text_or_empty(message.text);
	return r;
}

int apikey_store_check(struct apikey_admin *admin)
{
	struct message_status message = { .credential = admin_credential(admin) };
	void *root;
	int r = admin_call_patiently(admin, WIRE_STORE_CHECK, &message_status, &message, build_sentence, &root);

	if (r == 0) {
		admin_set_message(admin, *(const char **)root);
		block_free(root);
	}
	return r;
}

int apikey_master_key_rotate(struct apikey_admin *admin, const unsigned char present[APIKEY_MASTER_KEY_SIZE],
			     const unsigned char *fresh)
{
	struct message_master_key message = {
		.credential = admin_credential(admin),
		.present = { .size = APIKEY_MASTER_KEY_SIZE, .data = present },
		.fresh = { .size = fresh ? APIKEY_MASTER_KEY_SIZE : 0, .data = fresh },
	};
	void *root;
	int r = admin_call(admin, WIRE_MASTER_KEY_ROTATE, &message_master_key, &message, build_sentence, &root);

	if (r == 0)
		block_free(root);
	return r;
}
