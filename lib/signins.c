/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The calls about sign-ins at a gateway: each fills a message and hands it to admin_call(); and what comes back, made
 * the public structs (block.h says how they are owned).
 */
#include <errno.h>
#include <string.h>

#include "lib/admin.h"
#include "lib/apikey.h"
#include "lib/texts.h"
#include "lib/versioned.h"
#include "proto/message.h"

void apikey_signin_free(struct apikey_signin *signin)
{
	block_free(signin);
}

void apikey_signin_list_free(struct apikey_signin_list *list)
{
	block_free(list);
}

void apikey_link_free(struct apikey_link *link)
{
	block_free(link);
}

/* ---- what comes back ---- */

static struct apikey_signin signin_of(const struct message_signin *message)
{
	return (struct apikey_signin){
		.credential = text_or_empty(message->credential),
		.id = message->id,
		.kind = message->kind,
		.key_id = text_or_empty(message->key_id),
		.key_name = text_or_empty(message->key_name),
		.owner = text_or_empty(message->owner),
		.account = text_or_empty(message->account),
		.account_name = text_or_empty(message->account_name),
		.tenant = text_or_empty(message->tenant),
		.tenant_name = text_or_empty(message->tenant_name),
		.permissions = text_or_empty(message->permissions),
		.roles = text_or_empty(message->roles),
		.source = text_or_empty(message->source),
		.agent = text_or_empty(message->agent),
		.created = message->created,
		.used = message->used,
		.expires = message->expires,
		.own = message->own == 1,
	};
}

static int build(struct block *block, const void *packet, size_t size)
{
	struct apikey_signin *signin = block_take(block, 1, sizeof(*signin));
	struct message_signin message;
	int r = codec_decode(&message_signin, packet, size, &message);

	if (r == 0 && signin)
		*signin = signin_of(&message);
	return r;
}

static int build_list(struct block *block, const void *packet, size_t size)
{
	struct apikey_signin_list *list = block_take(block, 1, sizeof(*list));
	struct message_signin_view view;
	struct message_signin message;
	struct apikey_signin *signins;
	int r = codec_decode(&message_signin_view, packet, size, &view);

	if (r < 0)
		return r;
	signins = block_take(block, view.signins.count, sizeof(*signins));
	if (list)
		*list = (struct apikey_signin_list){ .signins = signins,
						     .count = view.signins.count,
						     .total = (size_t)view.total };
	for (size_t i = 0; signins && codec_next_record(&view.signins, &message_signin, &message); i++)
		signins[i] = signin_of(&message);
	return 0;
}

static int build_link(struct block *block, const void *packet, size_t size)
{
	struct apikey_link *link = block_take(block, 1, sizeof(*link));
	struct message_link message;
	int r = codec_decode(&message_link, packet, size, &message);

	if (r == 0 && link)
		*link = (struct apikey_link){ .code = message.code, .url = message.url, .expires = message.expires };
	return r;
}

_Static_assert(APIKEY_SIGNED_BODY_MAX == WIRE_SIGNED_BODY_MAX, "one limit");

/* ---- the calls ---- */

/* What a client calls itself, as much of it as is kept. */
static const char *cut(const char *text, char room[WIRE_AGENT_MAX + 1])
{
	size_t size = text ? strnlen(text, WIRE_AGENT_MAX) : 0;

	if (size == 0)
		return NULL;
	memcpy(room, text, size);
	room[size] = '\0';
	return room;
}

int apikey_signin(struct apikey_admin *admin, const struct apikey_signin_options *given_options,
		  struct apikey_signin **ret_signin)
{
	struct message_signin_begin request = { .credential = admin_credential(admin) };
	struct apikey_signin_options options;
	char agent[WIRE_AGENT_MAX + 1];
	void *root;
	int r;

	if (versioned_read(given_options, &options, sizeof(options)) < 0 || !options.credential)
		return -EINVAL;
	request.proof = options.credential;
	request.account = options.account;
	request.tenant = options.tenant;
	request.source = options.source;
	request.agent = cut(options.agent, agent);
	request.lifetime = options.lifetime;
	request.portal = options.portal != 0;
	request.body = (struct codec_bytes){ .size = options.body_size, .data = options.body };
	request.page = options.page != 0;
	r = admin_call(admin, WIRE_SIGNIN, &message_signin_begin, &request, build, &root);
	if (r == 0)
		*ret_signin = root;
	return r;
}

int apikey_signin_show(struct apikey_admin *admin, struct apikey_signin **ret_signin)
{
	struct message_status request = { .credential = admin_credential(admin) };
	void *root;
	int r = admin_call(admin, WIRE_SIGNIN_SHOW, &message_status, &request, build, &root);

	if (r == 0)
		*ret_signin = root;
	return r;
}

int apikey_signin_list(struct apikey_admin *admin, struct apikey_signin_list **ret_list)
{
	struct message_status request = { .credential = admin_credential(admin) };
	void *root;
	int r = admin_call(admin, WIRE_SIGNIN_LIST, &message_status, &request, build_list, &root);

	if (r == 0)
		*ret_list = root;
	return r;
}

int apikey_signin_end(struct apikey_admin *admin, const char *id, const char *why, struct apikey_signin **ret_signin)
{
	struct message_signin_choice request = { .credential = admin_credential(admin), .id = id, .why = why };
	void *root;
	int r = admin_call(admin, WIRE_SIGNIN_END, &message_signin_choice, &request, build, &root);

	if (r == 0)
		*ret_signin = root;
	return r;
}

int apikey_link_create(struct apikey_admin *admin, int administer, struct apikey_link **ret_link)
{
	struct message_link_create request = { .credential = admin_credential(admin), .administer = administer != 0 };
	void *root;
	int r = admin_call(admin, WIRE_LINK_CREATE, &message_link_create, &request, build_link, &root);

	if (r == 0)
		*ret_link = root;
	return r;
}
