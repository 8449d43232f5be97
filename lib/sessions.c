/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The calls about sessions that keys have opened: each fills a message and hands it to admin_call(); and what comes
 * back, made the public structs (block.h says how they are owned).
 */
#include <errno.h>

#include "lib/admin.h"
#include "lib/apikey.h"
#include "lib/texts.h"
#include "lib/versioned.h"
#include "proto/message.h"

void apikey_session_free(struct apikey_session *session)
{
	block_free(session);
}

void apikey_session_list_free(struct apikey_session_list *list)
{
	block_free(list);
}

static struct apikey_session session_of(const struct message_session *message)
{
	return (struct apikey_session){
		.number = message->session,
		.key_id = text_or_empty(message->key_id),
		.key_name = text_or_empty(message->key_name),
		.owner = text_or_empty(message->owner),
		.user = text_or_empty(message->user),
		.tenant = text_or_empty(message->tenant),
		.service = text_or_empty(message->service),
		.tty = text_or_empty(message->tty),
		.source = text_or_empty(message->source),
		.since = message->since,
		.leader = message->leader <= INT64_MAX ? (int64_t)message->leader : 0,
		.ending = message->ending == 1,
		.whole = message->whole == 1,
	};
}

static int build(struct block *block, const void *packet, size_t size)
{
	struct apikey_session *session = block_take(block, 1, sizeof(*session));
	struct message_session message;
	int r = codec_decode(&message_session, packet, size, &message);

	if (r < 0)
		return r;
	if (session)
		*session = session_of(&message);
	return 0;
}

static int build_list(struct block *block, const void *packet, size_t size)
{
	struct apikey_session_list *list = block_take(block, 1, sizeof(*list));
	struct message_session_view view;
	struct message_session message;
	struct apikey_session *sessions;
	int r = codec_decode(&message_session_view, packet, size, &view);

	if (r < 0)
		return r;
	sessions = block_take(block, view.sessions.count, sizeof(*sessions));
	if (list)
		*list = (struct apikey_session_list){ .sessions = sessions,
						      .count = view.sessions.count,
						      .after = view.after };
	for (size_t i = 0; sessions && codec_next_record(&view.sessions, &message_session, &message); i++)
		sessions[i] = session_of(&message);
	return 0;
}

int apikey_session_list(struct apikey_admin *admin, const struct apikey_session_filter *given_filter, uint64_t after,
			struct apikey_session_list **ret_list)
{
	struct message_session_query request = { .credential = admin_credential(admin), .after = after };
	struct apikey_session_filter filter;
	void *root;
	int r;

	if (versioned_read(given_filter, &filter, sizeof(filter)) < 0)
		return -EINVAL;
	request.key = filter.key;
	request.user = filter.user;
	r = admin_call(admin, WIRE_ADMIN_SESSION_LIST, &message_session_query, &request, build_list, &root);
	if (r == 0)
		*ret_list = root;
	return r;
}

int apikey_session_end(struct apikey_admin *admin, uint64_t number, const char *why,
		       struct apikey_session **ret_session)
{
	struct message_session_choice request = { .credential = admin_credential(admin),
						  .session = number,
						  .why = why };
	void *root;
	int r = admin_call(admin, WIRE_ADMIN_SESSION_END, &message_session_choice, &request, build, &root);

	if (r == 0)
		*ret_session = root;
	return r;
}
