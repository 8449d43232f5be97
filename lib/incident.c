/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The calls for an incident: the lockdown. Each fills a message and hands it to admin_call(); and what comes back, made
 * the public structs (block.h says how they are owned).
 */
#include <errno.h>

#include "lib/admin.h"
#include "lib/apikey.h"
#include "lib/texts.h"
#include "proto/message.h"

void apikey_lockdown_free(struct apikey_lockdown *lockdown)
{
	block_free(lockdown);
}

/* ---- what comes back ---- */

static const struct apikey_key_name *take_names(struct block *block, const struct codec_records *records)
{
	struct apikey_key_name *names = block_take(block, records->count, sizeof(*names));
	struct codec_records left = *records;
	struct message_key_name message;

	for (size_t i = 0; codec_next_record(&left, &message_key_name, &message); i++)
		if (names)
			names[i] = (struct apikey_key_name){
				.id = message.id,
				.name = text_or_empty(message.name),
				.owner = text_or_empty(message.owner),
				.tenant = text_or_empty(message.tenant),
				.state = text_or_empty(message.state),
			};
	return names;
}

static int build_lockdown(struct block *block, const void *packet, size_t size)
{
	struct apikey_lockdown *lockdown = block_take(block, 1, sizeof(*lockdown));
	struct message_lockdown_state message;
	const struct apikey_key_name *keys;
	int r = codec_decode(&message_lockdown_state, packet, size, &message);

	if (r < 0)
		return r;
	keys = take_names(block, &message.keys);
	if (lockdown)
		*lockdown = (struct apikey_lockdown){
			.on = message.on == 1,
			.was_on = message.was_on == 1,
			.since = message.since,
			.by = text_or_empty(message.by),
			.why = text_or_empty(message.why),
			.key_count = message.keys.count,
			.keys = keys,
		};
	return 0;
}

/* ---- the calls ---- */

static int lock_down(struct apikey_admin *admin, enum message_lockdown_action action, const char *const *keys,
		     const char *why, struct apikey_lockdown **ret_lockdown)
{
	struct message_lockdown request = { .credential = admin_credential(admin), .action = action, .why = why };
	void *root;
	int r;

	if (texts_read(keys, &request.keys) < 0)
		return -EINVAL;
	r = admin_call(admin, WIRE_LOCKDOWN, &message_lockdown, &request, build_lockdown, &root);
	if (r == 0)
		*ret_lockdown = root;
	return r;
}

int apikey_lockdown_begin(struct apikey_admin *admin, const char *const *keys, const char *why,
			  struct apikey_lockdown **ret_lockdown)
{
	return lock_down(admin, MESSAGE_LOCKDOWN_ON, keys, why, ret_lockdown);
}

int apikey_lockdown_end(struct apikey_admin *admin, const char *why, struct apikey_lockdown **ret_lockdown)
{
	return lock_down(admin, MESSAGE_LOCKDOWN_OFF, NULL, why, ret_lockdown);
}

int apikey_lockdown_show(struct apikey_admin *admin, struct apikey_lockdown **ret_lockdown)
{
	return lock_down(admin, MESSAGE_LOCKDOWN_ASK, NULL, NULL, ret_lockdown);
}
