/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/admin_standing.h"

#include <errno.h>
#include <stdio.h>

#include "common/clock.h"
#include "daemon/admin_signin.h"
#include "daemon/audit.h"

_Static_assert(SIGNIN_ID_SIZE < NAMES_TAG_SIZE, "the id of a sign-in is a tag");

#define PATIENCE 500 /* milliseconds that a request waits for the name service */

static void record_end(struct thread *thread, const struct signin *signin)
{
	char changes[64];
	struct audit_record record = {
		.time = clock_wall_microseconds(),
		.event = "signin_end",
		.owner = signin->user,
		.detail = "the user is not in the group of [admin] any more",
		.actor = "apikeyd",
		.changes = changes,
	};

	snprintf(changes, sizeof(changes), "{\"signin\":\"%s\"}", signin->id);
	/* It has ended, whether that can be recorded or not. */
	(void)audit_write(thread->daemon->audit, &record, 1);
}

static void on_settled(struct thread *thread, const char *id, gid_t group, int error)
{
	struct signin signin;

	if (signins_settle(thread->daemon->signins, id, group, error, signin_now(), &signin))
		record_end(thread, &signin);
}

static enum signin_standing standing_of(const struct admin_request *request, bool may_ask)
{
	return signins_standing(request->thread->daemon->signins, request->authority.signin.id,
				request->settings->settings.admin_group, may_ask, signin_now());
}

static int refuse(struct admin_request *request)
{
	request->authority.kind = AUTHORITY_NONE;
	if (signins_hold(request->thread->daemon->signins, request->authority.signin.id, signin_now()))
		return admin_refuse(request, ANSWER_UNAVAILABLE,
				    "the name service does not say whether you are an administrator still");
	request->authority.reason = REASON_WRONG_USER;
	return ANSWER_BAD_CREDENTIAL;
}

/* What there is to know was settled before, or is not to be had now. */
static void on_answer(void *data, int error, uid_t uid, const char *name)
{
	struct admin_request *request = data;

	(void)error;
	(void)uid;
	(void)name;
	request->query = NULL;
	if (standing_of(request, false) == SIGNIN_STANDS)
		admin_go_on(request);
	else
		admin_finish(request, refuse(request));
}

static int ask(struct admin_request *request)
{
	const struct signin *signin = &request->authority.signin;
	const struct names_member member = {
		.uid = signin->uid,
		.group = request->settings->settings.admin_group,
		.deadline = PATIENCE,
		.tag = signin->id,
		.settled = on_settled,
	};
	int r = names_look_up_member(request->thread->daemon->names, request->thread, &member, on_answer, request,
				     &request->query);

	if (r == 0)
		return ADMIN_LATER;
	on_settled(request->thread, signin->id, member.group, r);
	return standing_of(request, false) == SIGNIN_STANDS ? 0 : refuse(request);
}

int admin_standing(struct admin_request *request)
{
	const struct signin *signin = &request->authority.signin;

	if (!*signin->id || signin->kind != SIGNIN_ADMINISTRATOR || !authority_needs_group(signin->uid))
		return 0;
	switch (standing_of(request, true)) {
	case SIGNIN_STANDS:
		return 0;
	case SIGNIN_TO_ASK:
		return ask(request);
	case SIGNIN_FALLEN:
		break;
	}
	return refuse(request);
}
