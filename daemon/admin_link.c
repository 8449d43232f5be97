/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Links, by which somebody on this host signs in at the portal as whose uid the kernel says it is. Defends against
 * whoever has a credential of somebody, or is a gateway: neither makes one.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/secret.h"
#include "daemon/admin_signin.h"
#include "daemon/audit.h"
#include "daemon/lockdown.h"

static int make_link(struct admin_request *request, const char *name)
{
	const struct settings *settings = &request->settings->settings;
	bool administers = request->message.link_create.administer == 1;
	struct audit_record record = admin_record(request, request->verb->event);
	struct throttle_answer answer = admin_count_record(request, "");
	struct signin signin = { .kind = administers ? SIGNIN_ADMINISTRATOR : SIGNIN_USER,
				 .use = SIGNIN_LINK,
				 .uid_known = true,
				 .uid = request->authority.uid,
				 .group = settings->admin_group,
				 .vouched = clock_boot_seconds() };
	struct message_link reply = { .code = request->signin.text };
	char changes[128], url[WIRE_URL_MAX + 1];
	int r;

	snprintf(signin.user, sizeof(signin.user), "%s", name);
	r = signins_begin(request->thread->daemon->signins, &signin, signin_now(), SIGNIN_LINK_LIFETIME, 0,
			  request->signin.text);
	if (r < 0)
		return admin_refuse(request, ANSWER_UNAVAILABLE, "out of memory");
	snprintf(changes, sizeof(changes), "{\"link\":\"%s\",\"kind\":\"%s\",\"expires\":%" PRId64 "}", signin.id,
		 admin_signin_kind(&signin), signin.expires);
	record.user = name;
	record.changes = changes;
	record.count = answer.suppressed + 1;
	r = answer.record ? admin_signin_record(request, &record) : 0;
	if (r == 0) {
		snprintf(url, sizeof(url), "%s/portal/enter?code=%s", settings->portal_url, request->signin.text);
		reply.url = url;
		reply.expires = signin.expires;
		r = admin_reply(request, &message_link, &reply);
		secret_wipe(url, sizeof(url));
	}
	if (r != 0)
		(void)signins_end(request->thread->daemon->signins, signin.id, NULL, NULL, signin_now(), NULL);
	return r;
}

static int refuse_without_name(struct admin_request *request, int error)
{
	return admin_refuse(request, ANSWER_UNAVAILABLE, "the name service did not answer: %s", strerror(-error));
}

static void on_name(void *data, int error, uid_t uid, const char *name)
{
	struct admin_request *request = data;

	request->query = NULL;
	if (error == 0)
		admin_finish(request, make_link(request, name));
	else if (error == -EPERM)
		admin_finish(request,
			     admin_refuse(request, ANSWER_NOT_PERMITTED,
					  "you run in the group of the administrators, and the name service does not "
					  "have you in it: a sign-in lasts no longer than it says so"));
	else if (error == -ENOENT)
		admin_finish(request,
			     admin_refuse(request, ANSWER_INVALID, "uid %u has no user name here", (unsigned int)uid));
	else
		admin_finish(request, refuse_without_name(request, error));
}

/* 0, or the answer. */
static int check_link(struct admin_request *request)
{
	const struct settings *settings = &request->settings->settings;
	const struct authority *authority = &request->authority;

	if (request->message.link_create.credential || settings_is_gateway(settings, request->peer.uid))
		return admin_refuse(request, ANSWER_NOT_PERMITTED,
				    "a link is for the user who asks, not for a credential");
	if (settings->gateway_user_count == 0)
		return admin_refuse(request, ANSWER_WRONG_STATE,
				    "there is no portal here: install apikey-gateway, or let [gateway] users of "
				    "apikeyd.conf name the user it runs as");
	if (lockdown_refuses(vault_lockdown(request->thread->daemon->keeper), ""))
		return admin_refuse(request, ANSWER_WRONG_STATE, "the host is locked down, and nobody signs in");
	if (request->message.link_create.administer == 1 && authority->kind != AUTHORITY_ADMINISTRATOR)
		return admin_refuse(request, ANSWER_NOT_PERMITTED, "only administrators sign in as administrators");
	if (request->message.link_create.administer != 1 && authority->uid < settings->minimum_uid)
		return admin_refuse(
			request, ANSWER_INVALID,
			"uid %u is a system user's, which has no keys of its own; an administrator signs in "
			"with --administer",
			(unsigned int)authority->uid);
	return 0;
}

/* The kernel has said what the process is; what the sign-in will be judged by has to say the same. */
static int look_up(struct admin_request *request)
{
	struct names *names = request->thread->daemon->names;
	const struct names_member member = { .uid = request->authority.uid,
					     .group = request->settings->settings.admin_group,
					     .deadline = NAMES_DEADLINE };

	if (request->message.link_create.administer == 1 && authority_needs_group(member.uid))
		return names_look_up_member(names, request->thread, &member, on_name, request, &request->query);
	return names_look_up(names, request->thread, NULL, member.uid, on_name, request, &request->query);
}

int admin_link_create(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	int r = check_link(request);

	(void)reader;
	(void)vault;
	if (r == 0)
		r = look_up(request);
	if (r < 0)
		return refuse_without_name(request, r);
	return r != 0 ? r : ADMIN_LATER;
}
