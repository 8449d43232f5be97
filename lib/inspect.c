/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The calls that look and change nothing: why a credential is or is not let in, and how the daemon does.
 */
#include "lib/apikey.h"

#include <errno.h>

#include "lib/admin.h"
#include "lib/texts.h"
#include "lib/versioned.h"
#include "proto/message.h"
#include "proto/verdict.h"

void apikey_explanation_free(struct apikey_explanation *explanation)
{
	block_free(explanation);
}

void apikey_status_free(struct apikey_status *status)
{
	block_free(status);
}

static const struct apikey_step *take_steps(struct block *block, struct codec_records records)
{
	struct apikey_step *steps = block_take(block, records.count, sizeof(*steps));
	struct message_step step;

	for (size_t i = 0; steps && codec_next_record(&records, &message_step, &step); i++)
		steps[i] = (struct apikey_step){
			.name = step.name,
			.outcome = (enum apikey_outcome)step.outcome,
			.detail = text_or_empty(step.detail),
		};
	return steps;
}

static int build_explanation(struct block *block, const void *packet, size_t size)
{
	struct apikey_explanation *explanation = block_take(block, 1, sizeof(*explanation));
	struct message_explanation message;
	const struct apikey_step *steps;
	const char *const *notices;
	enum reason reason;
	int r = codec_decode(&message_explanation, packet, size, &message);

	if (r < 0)
		return r;
	reason = message.reason < REASON_COUNT ? (enum reason)message.reason : REASON_NONE;
	steps = take_steps(block, message.steps);
	notices = texts_take(block, &message.notices);
	if (explanation)
		*explanation = (struct apikey_explanation){
			.verdict = (enum apikey_verdict)message.verdict,
			.reason = reason_name(reason),
			.reason_sentence = reason_sentence(reason),
			.key_id = text_or_empty(message.key_id),
			.steps = steps,
			.step_count = message.steps.count,
			.notices = notices,
		};
	return 0;
}

int apikey_explain(struct apikey_admin *admin, const struct apikey_request *given_request, const char *key,
		   struct apikey_explanation **ret_explanation)
{
	struct apikey_request request;
	struct message_explain message;
	void *root;
	int r;

	if (versioned_read(given_request, &request, sizeof(request)) < 0)
		return -EINVAL;
	if (request.credential ? *request.credential == '\0' : !key)
		return -EINVAL;
	message = (struct message_explain){
		.credential = admin_credential(admin),
		.subject = request.credential,
		.key = request.credential ? NULL : key,
		.user = request.user,
		.service = request.service,
		.permission = request.permission,
		.tenant = request.tenant,
		.rhost = request.rhost,
	};
	r = admin_call(admin, WIRE_EXPLAIN, &message_explain, &message, build_explanation, &root);
	if (r == 0)
		*ret_explanation = root;
	return r;
}

static int build_status(struct block *block, const void *packet, size_t size)
{
	struct apikey_status *status = block_take(block, 1, sizeof(*status));
	struct message_state message;
	struct message_item item;
	struct apikey_item *items;
	int r = codec_decode(&message_state, packet, size, &message);

	if (r < 0)
		return r;
	items = block_take(block, message.items.count, sizeof(*items));
	if (status)
		*status = (struct apikey_status){ .items = items, .item_count = message.items.count };
	for (size_t i = 0; items && codec_next_record(&message.items, &message_item, &item); i++)
		items[i] = (struct apikey_item){
			.name = item.name,
			.text = text_or_empty(item.text),
			.number = item.number,
		};
	return 0;
}

int apikey_status(struct apikey_admin *admin, struct apikey_status **ret_status)
{
	struct message_status message = { .credential = admin_credential(admin) };
	void *root;
	int r = admin_call(admin, WIRE_STATUS, &message_status, &message, build_status, &root);

	if (r == 0)
		*ret_status = root;
	return r;
}
