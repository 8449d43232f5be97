/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The calls for an incident: many keys at once, whose a key is that was found, the lockdown. Each fills a message and
 * hands it to admin_call(); and what comes back, made the public structs (block.h says how they are owned).
 */
#include <errno.h>

#include "common/cleanup.h"
#include "lib/admin.h"
#include "lib/apikey.h"
#include "lib/texts.h"
#include "lib/versioned.h"
#include "proto/message.h"
#include "proto/scan.h"

void apikey_lockdown_free(struct apikey_lockdown *lockdown)
{
	block_free(lockdown);
}

void apikey_bulk_step_free(struct apikey_bulk_step *step)
{
	block_free(step);
}

void apikey_found_free(struct apikey_found *found)
{
	block_free(found);
}

/* ---- what comes back ---- */

static struct apikey_key_name name_of(const struct message_key_name *message)
{
	return (struct apikey_key_name){
		.id = message->id,
		.name = text_or_empty(message->name),
		.owner = text_or_empty(message->owner),
		.tenant = text_or_empty(message->tenant),
		.state = text_or_empty(message->state),
	};
}

static const struct apikey_key_name *take_names(struct block *block, const struct codec_records *records)
{
	struct apikey_key_name *names = block_take(block, records->count, sizeof(*names));
	struct codec_records left = *records;
	struct message_key_name message;

	for (size_t i = 0; codec_next_record(&left, &message_key_name, &message); i++)
		if (names)
			names[i] = name_of(&message);
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
			.refused = message.refused,
			.sessions_asked = message.sessions_asked == 1,
			.sessions_ended = message.sessions_ended,
			.sessions_loose = message.sessions_loose,
			.sessions_fault = text_or_empty(message.sessions_fault),
		};
	return 0;
}

static int build_step(struct block *block, const void *packet, size_t size)
{
	struct apikey_bulk_step *step = block_take(block, 1, sizeof(*step));
	struct message_key_bulk_page message;
	const struct apikey_key_name *keys;
	int r = codec_decode(&message_key_bulk_page, packet, size, &message);

	if (r < 0)
		return r;
	keys = take_names(block, &message.keys);
	if (step)
		*step = (struct apikey_bulk_step){
			.batch = message.batch,
			.touched = message.touched,
			.already = message.already,
			.keys = keys,
			.key_count = message.keys.count,
			.cursor = text_or_empty(message.cursor),
			.sessions_asked = message.sessions_asked == 1,
			.sessions_ended = message.sessions_ended,
			.sessions_loose = message.sessions_loose,
			.sessions_fault = text_or_empty(message.sessions_fault),
		};
	return 0;
}

static int build_found(struct block *block, const void *packet, size_t size)
{
	struct apikey_found *found = block_take(block, 1, sizeof(*found));
	struct apikey_found_key *keys;
	struct message_key_found message;
	struct message_key_name name;
	struct message_found record;
	int r = codec_decode(&message_key_found, packet, size, &message);

	if (r < 0)
		return r;
	keys = block_take(block, message.found.count, sizeof(*keys));
	if (found)
		*found = (struct apikey_found){ .keys = keys, .count = message.found.count };
	for (size_t i = 0; codec_next_record(&message.found, &message_found, &record); i++) {
		/* A later daemon may say what is not known here: that it is one of its secrets is the safe guess. */
		enum message_found_secret secret = record.secret <= MESSAGE_FOUND_WRONG
							   ? (enum message_found_secret)record.secret
							   : MESSAGE_FOUND_CURRENT;

		if (record.subject == 0 || !codec_next_record(&record.key, &message_key_name, &name))
			return -EBADMSG;
		if (keys)
			keys[i] = (struct apikey_found_key){
				.subject = (size_t)record.subject - 1,
				.secret = (enum apikey_found_secret)secret,
				.number = (uint32_t)record.number,
				.retires = record.retires,
				.key = name_of(&name),
			};
	}
	return 0;
}

/* ---- the calls ---- */

static bool restricts_to_nothing(const struct apikey_bulk_options *options)
{
	const char *const texts[] = { options->owner, options->account, options->tenant, options->role,
				      options->used_from };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		if (texts[i] && *texts[i] == '\0')
			return true;
	}
	return false;
}

int apikey_key_bulk(struct apikey_admin *admin, enum apikey_bulk_action action,
		    const struct apikey_bulk_options *given_options, const char *batch, const char *cursor,
		    struct apikey_bulk_step **ret_step)
{
	struct message_key_bulk request = {
		.credential = admin_credential(admin), .action = action, .batch = batch, .cursor = cursor
	};
	struct apikey_bulk_options options;
	void *root;
	int r;

	if (versioned_read(given_options, &options, sizeof(options)) < 0 ||
	    texts_read(options.labels, &request.labels) < 0 || texts_read(options.keys, &request.keys) < 0)
		return -EINVAL;
	/* On the wire it would be none, and more keys would end. */
	if (restricts_to_nothing(&options))
		return -EINVAL;
	request.dry_run = options.dry_run != 0;
	request.why = options.why;
	request.owner = options.owner;
	request.account = options.account;
	request.tenant = options.tenant;
	request.role = options.role;
	request.issued_before = options.issued_before;
	request.used_from = options.used_from;
	request.used_since = options.used_since;
	if (options.sessions != 0)
		request.end_sessions = options.sessions == 1 ? MESSAGE_SESSIONS_END : MESSAGE_SESSIONS_KEEP;
	r = admin_call(admin, WIRE_KEY_BULK, &message_key_bulk, &request, build_step, &root);
	if (r == 0)
		*ret_step = root;
	return r;
}

int apikey_key_find(struct apikey_admin *admin, const char *const *subjects, struct apikey_found **ret_found)
{
	struct message_key_find request = { .credential = admin_credential(admin) };
	void *root;
	int r;

	if (texts_read(subjects, &request.subjects) < 0)
		return -EINVAL;
	r = admin_call(admin, WIRE_KEY_FIND, &message_key_find, &request, build_found, &root);
	if (r == 0)
		*ret_found = root;
	return r;
}

struct scan_caller {
	apikey_scan_visitor visitor;
	void *user;
	const char *data;
};

static void on_scanned(void *user, enum scan_kind kind, size_t at, size_t size)
{
	const struct scan_caller *caller = user;

	caller->visitor(caller->user, kind == SCAN_OPAQUE ? APIKEY_SCAN_KEY : APIKEY_SCAN_PUBLIC_KEY, caller->data + at,
			size, at);
}

size_t apikey_scan(const void *data, size_t size, size_t from, int end, apikey_scan_visitor visitor, void *user)
{
	struct scan_caller caller = { .visitor = visitor, .user = user, .data = data };

	return scan_bytes(data, size, from, end != 0, on_scanned, &caller);
}

static int lock_down(struct apikey_admin *admin, enum message_lockdown_action action,
		     const struct apikey_lockdown_options *options, struct apikey_lockdown **ret_lockdown)
{
	struct message_lockdown request = { .credential = admin_credential(admin),
					    .action = action,
					    .why = options->why,
					    .end_sessions = options->end_sessions == 1 };
	void *root;
	int r;

	if (texts_read(options->keys, &request.keys) < 0)
		return -EINVAL;
	r = admin_call(admin, WIRE_LOCKDOWN, &message_lockdown, &request, build_lockdown, &root);
	if (r == 0)
		*ret_lockdown = root;
	return r;
}

int apikey_lockdown_begin(struct apikey_admin *admin, const struct apikey_lockdown_options *given_options,
			  struct apikey_lockdown **ret_lockdown)
{
	struct apikey_lockdown_options options = { .size = sizeof(options) };

	if (given_options && versioned_read(given_options, &options, sizeof(options)) < 0)
		return -EINVAL;
	return lock_down(admin, MESSAGE_LOCKDOWN_ON, &options, ret_lockdown);
}

int apikey_lockdown_end(struct apikey_admin *admin, const char *why, struct apikey_lockdown **ret_lockdown)
{
	return lock_down(admin, MESSAGE_LOCKDOWN_OFF, &(struct apikey_lockdown_options){ .why = why }, ret_lockdown);
}

int apikey_lockdown_show(struct apikey_admin *admin, struct apikey_lockdown **ret_lockdown)
{
	return lock_down(admin, MESSAGE_LOCKDOWN_ASK, &(struct apikey_lockdown_options){ .why = NULL }, ret_lockdown);
}
