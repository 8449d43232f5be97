/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/key_message.h"

#include <stdlib.h>
#include <string.h>

#include "common/secret.h"
#include "daemon/due.h"
#include "daemon/key_fields.h"
#include "daemon/key_secrets.h"
#include "daemon/role_grants.h"

struct key_message {
	struct message_key message;
	struct message_secret secrets[STORE_SECRETS_MAX];
	struct message_use first_uses[STORE_SECRETS_MAX], last_uses[STORE_SECRETS_MAX];
	struct store_use uses[STORE_SECRETS_MAX];
	char id[CREDENTIAL_KEY_ID_MAX + 1];
	char due[DUE_MAX][DUE_TEXT_SIZE];
	char *end; /* of what is used of text */
	char text[];
};

/* Copies a text into the message's room; NULL for "". */
static const char *take_text(struct key_message *message, const char *text)
{
	char *start = message->end;

	if (*text == '\0')
		return NULL;
	message->end = stpcpy(start, text) + 1;
	return start;
}

/* Copies a list and cuts it into its items. */
static void take_list(struct key_message *message, const char *text, char separator, struct codec_texts *ret_texts)
{
	char *at = message->end;

	ret_texts->count = 0;
	if (!take_text(message, text))
		return;
	while (at && ret_texts->count < WIRE_LIST_MAX) {
		char *end = strchr(at, separator);

		if (end)
			*end++ = '\0';
		ret_texts->items[ret_texts->count++] = at;
		at = end;
	}
}

/* Copies grants, each of them once; NULL when there are none. */
static const char *take_grants(struct key_message *message, const char *grants)
{
	char *start = message->end;

	(void)role_grants_copy(grants, start, strlen(grants) + 1);
	message->end += strlen(start) + 1;
	return *start ? start : NULL;
}

static void take_secret(struct key_message *message, const struct store_secret *secret, size_t index)
{
	const struct store_use *use = &message->uses[index];
	struct message_secret *shown = &message->secrets[index];

	*shown = (struct message_secret){ .number = secret->number,
					  .created = secret->created,
					  .retires = secret->retires,
					  .use_count = use->count,
					  .after_use = secret->after_use };
	if (use->count == 0)
		return;
	message->first_uses[index] = (struct message_use){ use->first_time, use->first_service, use->first_source };
	message->last_uses[index] = (struct message_use){ use->last_time, use->last_service, use->last_source };
	shown->first_use = (struct codec_records){ .count = 1, .items = &message->first_uses[index] };
	shown->last_use = (struct codec_records){ .count = 1, .items = &message->last_uses[index] };
}

static void take_secrets(struct key_message *message, const struct store_key *key)
{
	struct store_secret secrets[STORE_SECRETS_MAX];

	/* A first use that is not written down yet has its consequence all the same. */
	memcpy(secrets, key->secrets, key->secret_count * sizeof(secrets[0]));
	for (size_t i = 0; i < key->secret_count; i++)
		if (message->uses[i].count > 0)
			(void)key_secrets_used(secrets, key->secret_count, secrets[i].number,
					       message->uses[i].first_time);
	for (size_t i = 0; i < key->secret_count; i++)
		take_secret(message, &secrets[i], i);
	secret_wipe(secrets, sizeof(secrets));
}

struct key_message *key_message_new(const struct store_key *key, const struct store_use *uses, uint64_t counted,
				    const char *grants)
{
	const char *texts[] = { key->name,         key->owner,      key->account,     key->tenant,
				key->state_reason, key->created_by, key->permissions, key->roles,
				key->users,        key->sources,    key->labels,      key->exclusive };
	size_t room = 0;
	struct key_message *message;
	struct message_key *shown;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		room += strlen(texts[i]) + 1;
	room += strlen(grants) + 1;
	message = calloc(1, sizeof(*message) + room);
	if (!message)
		return NULL;
	message->end = message->text;
	memcpy(message->id, key->id, sizeof(message->id));
	memcpy(message->uses, uses, key->secret_count * sizeof(*uses));
	shown = &message->message;
	shown->id = message->id;
	shown->kind = key_kind_name(key->kind);
	shown->state = key_state_name(key->state);
	shown->name = take_text(message, key->name);
	shown->owner = take_text(message, key->owner);
	shown->account = take_text(message, key->account);
	shown->tenant = take_text(message, key->tenant);
	shown->state_reason = take_text(message, key->state_reason);
	shown->created_by = take_text(message, key->created_by);
	shown->owner_uid_known = key->owner_uid_known;
	shown->owner_uid = key->owner_uid_known ? key->owner_uid : 0;
	shown->created = key->created;
	shown->not_before = key->not_before;
	shown->expires = key->expires;
	shown->test = key->test;
	shown->client_side = key->client_side;
	shown->state_since = key->state_since;
	shown->exclusive = take_text(message, key->exclusive);
	shown->max_uses = key->max_uses;
	shown->counted_uses = key->max_uses > 0 ? counted : 0;
	take_list(message, key->permissions, ' ', &shown->permissions);
	take_list(message, key->roles, ' ', &shown->roles);
	take_list(message, key->users, '\n', &shown->users);
	take_list(message, key->sources, ' ', &shown->sources);
	take_list(message, key->labels, '\n', &shown->labels);
	if (*key->roles)
		shown->effective_permissions = take_grants(message, grants);
	take_secrets(message, key);
	shown->secrets = (struct codec_records){ .count = key->secret_count, .items = message->secrets };
	return message;
}

void key_message_set_due(struct key_message *message, const struct store_key *key, const struct policies *policies,
			 int64_t now)
{
	struct codec_texts *texts = &message->message.due;
	struct due due[DUE_MAX];
	size_t count = due_find(key, policies, now, due);

	for (texts->count = 0; texts->count < count; texts->count++) {
		due_describe(&due[texts->count], now, message->due[texts->count]);
		texts->items[texts->count] = message->due[texts->count];
	}
}

void key_message_free(struct key_message *message)
{
	free(message);
}

struct message_key *key_message_get(struct key_message *message)
{
	return &message->message;
}
