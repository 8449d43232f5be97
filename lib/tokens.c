/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The calls about access tokens: each fills a message and hands it to admin_call(); and what comes back, made the
 * public structs (block.h says how they are owned).
 */
#include <errno.h>

#include "lib/admin.h"
#include "lib/apikey.h"
#include "lib/texts.h"
#include "lib/versioned.h"
#include "proto/message.h"
#include "proto/verdict.h"

void apikey_token_free(struct apikey_token *token)
{
	block_free(token);
}

void apikey_token_state_free(struct apikey_token_state *state)
{
	block_free(state);
}

void apikey_introspection_free(struct apikey_introspection *introspection)
{
	block_free(introspection);
}

/* ---- what comes back ---- */

static int build_token(struct block *block, const void *packet, size_t size)
{
	struct apikey_token *token = block_take(block, 1, sizeof(*token));
	struct message_token message;
	int r = codec_decode(&message_token, packet, size, &message);

	if (r == 0 && token)
		*token = (struct apikey_token){
			.token = message.token,
			.id = message.id,
			.key_id = message.key_id,
			.account = message.account,
			.tenant = text_or_empty(message.tenant),
			.expires = message.expires,
			.reuse = message.reuse == 1,
		};
	return r;
}

static int build_state(struct block *block, const void *packet, size_t size)
{
	struct apikey_token_state *state = block_take(block, 1, sizeof(*state));
	struct message_token_state message;
	enum reason reason;
	int r = codec_decode(&message_token_state, packet, size, &message);

	if (r < 0 || !state)
		return r;
	reason = message.reason < REASON_COUNT ? (enum reason)message.reason : REASON_NONE;
	*state = (struct apikey_token_state){
		.verdict = (enum apikey_verdict)message.verdict,
		.reason = reason_name(reason),
		.reason_sentence = message.problem ? message.problem : reason_sentence(reason),
		.id = text_or_empty(message.id),
		.key_id = text_or_empty(message.key_id),
		.account = text_or_empty(message.account),
		.tenant = text_or_empty(message.tenant),
		.issued = message.issued,
		.expires = message.expires,
		.reuse = message.reuse == 1,
	};
	return 0;
}

static int build_introspection(struct block *block, const void *packet, size_t size)
{
	struct apikey_introspection *introspection = block_take(block, 1, sizeof(*introspection));
	struct message_introspection message;
	int r = codec_decode(&message_introspection, packet, size, &message);

	if (r == 0 && introspection)
		*introspection = (struct apikey_introspection){
			.active = message.active == 1,
			.key_id = text_or_empty(message.key_id),
			.owner = text_or_empty(message.owner),
			.account = text_or_empty(message.account),
			.tenant = text_or_empty(message.tenant),
			.permissions = text_or_empty(message.permissions),
			.token_id = text_or_empty(message.token_id),
			.issued = message.issued,
			.not_before = message.not_before,
			.expires = message.expires,
		};
	return r;
}

static int build_version(struct block *block, const void *packet, size_t size)
{
	uint64_t *version = block_take(block, 1, sizeof(*version));
	struct message_item message;
	int r = codec_decode(&message_item, packet, size, &message);

	if (r == 0 && version)
		*version = message.number;
	return r;
}

/* ---- the calls ---- */

int apikey_token_issue(struct apikey_admin *admin, const char *proof, struct apikey_token **ret_token)
{
	return apikey_token_issue_from(admin, proof, NULL, ret_token);
}

int apikey_token_issue_from(struct apikey_admin *admin, const char *proof, const struct apikey_token_client *client,
			    struct apikey_token **ret_token)
{
	struct message_token_issue request = { .credential = admin_credential(admin), .proof = proof };
	struct apikey_token_client given;
	void *root;
	int r;

	if (versioned_read(client, &given, sizeof(given)) < 0)
		return -EINVAL;
	request.source = given.source;
	request.body = (struct codec_bytes){ .size = given.body_size, .data = given.body };
	request.page = given.page != 0;
	r = admin_call(admin, WIRE_TOKEN_ISSUE, &message_token_issue, &request, build_token, &root);
	if (r == 0)
		*ret_token = root;
	return r;
}

static int refer_to_token(struct apikey_admin *admin, uint16_t type, const char *token, const char *why,
			  struct apikey_token_state **ret_state)
{
	struct message_token_reference request = { .credential = admin_credential(admin), .token = token, .why = why };
	void *root;
	int r = admin_call(admin, type, &message_token_reference, &request, build_state, &root);

	if (r == 0)
		*ret_state = root;
	return r;
}

int apikey_token_inspect(struct apikey_admin *admin, const char *token, struct apikey_token_state **ret_state)
{
	return refer_to_token(admin, WIRE_TOKEN_INSPECT, token, NULL, ret_state);
}

int apikey_token_revoke(struct apikey_admin *admin, const char *token, const char *why,
			struct apikey_token_state **ret_state)
{
	return refer_to_token(admin, WIRE_TOKEN_REVOKE, token, why, ret_state);
}

int apikey_introspect(struct apikey_admin *admin, const char *token, struct apikey_introspection **ret_introspection)
{
	struct message_token_reference request = { .credential = admin_credential(admin), .token = token };
	void *root;
	int r = admin_call(admin, WIRE_INTROSPECT, &message_token_reference, &request, build_introspection, &root);

	if (r == 0)
		*ret_introspection = root;
	return r;
}

int apikey_signing_key_rotate(struct apikey_admin *admin, int now, uint64_t *ret_version)
{
	struct message_signing_key request = { .credential = admin_credential(admin), .now = now != 0 };
	void *root;
	int r = admin_call(admin, WIRE_SIGNING_KEY_ROTATE, &message_signing_key, &request, build_version, &root);

	if (r == 0) {
		*ret_version = *(const uint64_t *)root;
		block_free(root);
	}
	return r;
}
