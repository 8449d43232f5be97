/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib/key.h"

#include <string.h>

#include "lib/apikey.h"
#include "lib/texts.h"
#include "proto/message.h"

/* Cuts a text into its items, which are separated by single spaces. */
static const char *const *take_items(struct block *block, const char *text)
{
	size_t count = *text != '\0';
	const char **items;
	char *copy;

	for (const char *at = text; *at != '\0'; at++)
		count += *at == ' ';
	items = block_take(block, count + 1, sizeof(*items));
	copy = block_take(block, strlen(text) + 1, 1);
	if (!items || !copy)
		return items;
	strcpy(copy, text);
	for (size_t i = 0; i < count; i++)
		items[i] = strsep(&copy, " ");
	return items;
}

/* What a key may do by its roles too; without any, its permissions are all. */
static const char *const *take_effective(struct block *block, const struct message_key *message)
{
	if (message->roles.count == 0)
		return texts_take(block, &message->permissions);
	return take_items(block, text_or_empty(message->effective_permissions));
}

static struct apikey_use use_of(struct codec_records records)
{
	struct message_use use;

	if (!codec_next_record(&records, &message_use, &use))
		return (struct apikey_use){ .service = "", .source = "" };
	return (struct apikey_use){
		.time = use.time,
		.service = text_or_empty(use.service),
		.source = text_or_empty(use.source),
	};
}

static const struct apikey_secret *take_secrets(struct block *block, struct codec_records records)
{
	struct apikey_secret *secrets = block_take(block, records.count, sizeof(*secrets));
	struct message_secret secret;

	for (size_t i = 0; secrets && codec_next_record(&records, &message_secret, &secret); i++)
		secrets[i] = (struct apikey_secret){
			.number = (uint32_t)secret.number,
			.created = secret.created,
			.retires = secret.retires,
			.use_count = secret.use_count,
			.first_use = use_of(secret.first_use),
			.last_use = use_of(secret.last_use),
			.retires_after_first_use = secret.after_use,
		};
	return secrets;
}

/* The public struct of a decoded key; its lists lie in the block. */
static struct apikey_key key_of(struct block *block, const struct message_key *message)
{
	return (struct apikey_key){
		.id = message->id,
		.kind = message->kind,
		.name = message->name,
		.owner = message->owner,
		.account = text_or_empty(message->account),
		.tenant = text_or_empty(message->tenant),
		.state = message->state,
		.state_reason = text_or_empty(message->state_reason),
		.owner_uid = message->owner_uid_known == 1 ? (int64_t)message->owner_uid : -1,
		.created = message->created,
		.created_by = text_or_empty(message->created_by),
		.not_before = message->not_before,
		.expires = message->expires,
		.permissions = texts_take(block, &message->permissions),
		.roles = texts_take(block, &message->roles),
		.users = texts_take(block, &message->users),
		.sources = texts_take(block, &message->sources),
		.labels = texts_take(block, &message->labels),
		.secrets = take_secrets(block, message->secrets),
		.secret_count = message->secrets.count,
		.secret = text_or_empty(message->secret),
		.private_key = text_or_empty(message->private_key),
		.test = message->test == 1,
		.due = texts_take(block, &message->due),
		.repeated = message->repeated == 1,
		.effective_permissions = take_effective(block, message),
		.sessions_asked = message->sessions_asked == 1,
		.sessions_ended = message->sessions_ended,
		.sessions_loose = message->sessions_loose,
		.sessions_fault = text_or_empty(message->sessions_fault),
		.exclusive = text_or_empty(message->exclusive),
		.max_uses = message->max_uses,
		.client_side = message->client_side == 1,
		.counted_uses = message->counted_uses,
		.state_since = message->state_since,
	};
}

int key_build(struct block *block, const void *packet, size_t size)
{
	struct apikey_key *key = block_take(block, 1, sizeof(*key)), built;
	struct message_key message;
	int r = codec_decode(&message_key, packet, size, &message);

	if (r < 0)
		return r;
	built = key_of(block, &message);
	if (key)
		*key = built;
	return 0;
}

int key_build_list(struct block *block, const void *packet, size_t size)
{
	struct apikey_key_list *list = block_take(block, 1, sizeof(*list));
	struct message_key_page page;
	const struct apikey_key **items;
	struct apikey_key *keys;
	struct message_key message;
	int r = codec_decode(&message_key_page, packet, size, &page);

	if (r < 0)
		return r;
	items = block_take(block, page.keys.count, sizeof(*items));
	keys = block_take(block, page.keys.count, sizeof(*keys));
	if (list)
		*list = (struct apikey_key_list){
			.count = page.keys.count,
			.keys = items,
			.cursor = text_or_empty(page.cursor),
		};
	for (size_t i = 0; codec_next_record(&page.keys, &message_key, &message); i++) {
		struct apikey_key built = key_of(block, &message);

		if (!keys)
			continue;
		keys[i] = built;
		items[i] = &keys[i];
	}
	return 0;
}
