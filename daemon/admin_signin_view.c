/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Sign-ins as they are told of, listed and ended: everybody sees their own, and whoever was signed in by somebody else
 * finds that here. Defends against a list that would hand on what it lists: no secret is in it.
 */
#include "daemon/admin_signin.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "daemon/audit.h"
#include "daemon/lockdown.h"
#include "daemon/store_tenant.h"

#define VIEW_MOST 64 /* that fit a packet */

int admin_signin_record(struct admin_request *request, const struct audit_record *record)
{
	request->recorded = true;
	if (audit_write(request->thread->daemon->audit, record, 1) == 0 || !request->settings->settings.audit_strict)
		return 0;
	return admin_refuse(request, ANSWER_UNAVAILABLE, "the audit file cannot be written");
}

static const char *const kind_names[] = { [SIGNIN_USER] = MESSAGE_SIGNIN_USER,
					  [SIGNIN_ADMINISTRATOR] = MESSAGE_SIGNIN_ADMINISTRATOR,
					  [SIGNIN_KEY] = MESSAGE_SIGNIN_KEY };

const char *admin_signin_kind(const struct signin *signin)
{
	return kind_names[signin->kind];
}

static const char *text_or_null(const char *text)
{
	return *text ? text : NULL;
}

static struct message_signin message_of(const struct signin *signin)
{
	return (struct message_signin){
		.id = signin->id,
		.kind = kind_names[signin->kind],
		.key_id = text_or_null(signin->key_id),
		.owner = text_or_null(signin->user),
		.source = text_or_null(signin->source),
		.agent = text_or_null(signin->agent),
		.created = signin->created,
		.used = signin->used,
		.expires = signin->expires,
	};
}

int admin_signin_find_names(struct admin_request *request, struct store_reader *reader)
{
	const struct authority *authority = &request->authority;
	struct store_account account;
	struct store_tenant tenant;
	int r = store_find_account(reader, authority->account, &account);

	if (r == 0)
		snprintf(request->signin.account_name, sizeof(request->signin.account_name), "%s", account.name);
	if ((r < 0 && r != -ENOENT) || !*authority->tenant)
		return r == -ENOENT ? 0 : r;
	r = store_find_tenant(reader, authority->tenant, &tenant);
	if (r == 0)
		snprintf(request->signin.tenant_name, sizeof(request->signin.tenant_name), "%s", tenant.name);
	return r == -ENOENT ? 0 : r;
}

int admin_signin_reply(struct admin_request *request)
{
	const struct authority *authority = &request->authority;
	struct message_signin message = message_of(&authority->signin);

	message.credential = text_or_null(request->signin.text);
	message.own = 1;
	if (authority->kind == AUTHORITY_USER)
		message.permissions = text_or_null(authority->self_service);
	if (authority->kind != AUTHORITY_KEY)
		return admin_reply(request, &message_signin, &message);
	message.key_name = request->keys[0].name;
	message.owner = request->keys[0].owner;
	message.account = authority->account;
	message.account_name = text_or_null(request->signin.account_name);
	message.tenant = text_or_null(authority->tenant);
	message.tenant_name = text_or_null(request->signin.tenant_name);
	message.permissions = text_or_null(authority->permissions.text);
	message.roles = text_or_null(authority->roles);
	return admin_reply(request, &message_signin, &message);
}

/* ---- show, list, end ---- */

int admin_signin_show(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	int r = 0;

	(void)vault;
	if (!*request->authority.signin.id)
		return admin_refuse(request, ANSWER_NOT_FOUND, "nobody signed in here");
	if (request->authority.kind == AUTHORITY_KEY)
		r = admin_signin_find_names(request, reader);
	return r < 0 ? r : admin_signin_reply(request);
}

/* A person's own; those with the keys of a user are that user's. */
static bool is_own(const void *data, const struct signin *signin)
{
	const struct authority *authority = data;

	switch (authority->kind) {
	case AUTHORITY_ADMINISTRATOR:
		return true;
	case AUTHORITY_USER:
		return signin->uid_known && signin->uid == authority->uid;
	case AUTHORITY_KEY:
		return signin->kind == SIGNIN_KEY && strcmp(signin->key_id, authority->key_id) == 0;
	case AUTHORITY_NONE:
		break;
	}
	return false;
}

static bool is_listed(const void *data, const struct signin *signin)
{
	return signin->use == SIGNIN_PORTAL && is_own(data, signin);
}

int admin_signin_list(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	CLEANUP_FREE struct signin *signins = calloc(VIEW_MOST, sizeof(*signins));
	struct message_signin messages[VIEW_MOST];
	struct message_signin_view view;
	size_t total, count;

	(void)reader;
	(void)vault;
	if (!signins)
		return admin_refuse(request, ANSWER_UNAVAILABLE, "out of memory");
	total = signins_list(request->thread->daemon->signins, is_listed, &request->authority, signin_now(), signins,
			     VIEW_MOST);
	count = total < VIEW_MOST ? total : VIEW_MOST;
	for (size_t i = 0; i < count; i++) {
		messages[i] = message_of(&signins[i]);
		messages[i].own = strcmp(signins[i].id, request->authority.signin.id) == 0;
	}
	view = (struct message_signin_view){ .total = total, .signins = { .count = count, .items = messages } };
	return admin_reply(request, &message_signin_view, &view);
}

/* That of one request goes with it, without a word. */
static void record_end(struct admin_request *request, const struct signin *signin)
{
	struct audit_record record = admin_record(request, request->verb->event);
	struct throttle_answer answer;
	char changes[64];

	if (signin->use == SIGNIN_REQUEST)
		return;
	answer = admin_count_record(request, "");
	if (!answer.record)
		return;
	snprintf(changes, sizeof(changes), "{\"signin\":\"%s\"}", signin->id);
	record.key_id = text_or_null(signin->key_id);
	record.owner = text_or_null(signin->user);
	record.changes = changes;
	record.detail = request->message.signin_choice.why;
	record.count = answer.suppressed + 1;
	/* It has ended, whether that can be recorded or not. */
	(void)admin_signin_record(request, &record);
}

int admin_signin_end(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	const struct message_signin_choice *choice = &request->message.signin_choice;
	const char *id = choice->id ? choice->id : request->authority.signin.id;
	struct message_signin message;
	struct signin signin;
	int r = admin_check_why(request, choice->why);

	(void)reader;
	(void)vault;
	if (r != 0)
		return r;
	if (!signins_end(request->thread->daemon->signins, id,
			 strcmp(id, request->authority.signin.id) == 0 ? is_own : is_listed, &request->authority,
			 signin_now(), &signin))
		return admin_refuse(request, ANSWER_NOT_FOUND,
				    "there is no such sign-in, or it is not yours; perhaps it has ended");
	record_end(request, &signin);
	message = message_of(&signin);
	message.own = strcmp(signin.id, request->authority.signin.id) == 0;
	return admin_reply(request, &message_signin, &message);
}

static bool is_locked_out(const void *data, const struct signin *signin)
{
	const struct store_lockdown *lockdown = data;

	return signin->kind != SIGNIN_KEY || !lockdown_spares(lockdown, signin->key_id);
}

void admin_signins_lock_out(struct daemon *daemon, const struct store_lockdown *lockdown)
{
	signins_end_those(daemon->signins, is_locked_out, lockdown);
}
