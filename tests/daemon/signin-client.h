/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Connections with another user's uid, and the requests of a gateway, for the tests that speak them to the real daemon.
 * Without privileges the gateway has this process's own uid, and nobody else is there.
 */
#ifndef APIKEYD_TESTS_DAEMON_SIGNIN_CLIENT_H
#define APIKEYD_TESTS_DAEMON_SIGNIN_CLIENT_H

#include <check.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "proto/wire.h"
#include "tests/daemon/admin-requests.h"
#include "tests/daemon/wire-client.h"

#define GATEWAY_UID 60001 /* nobody's, by Debian's and Fedora's rules */

static inline bool have_other_users(void)
{
	if (geteuid() == 0)
		return true;
	puts("skipped: not root, and so no other user");
	return false;
}

static inline uid_t gateway_uid(void)
{
	return geteuid() == 0 ? GATEWAY_UID : geteuid();
}

/* The settings, with the gateway's uid behind them; the daemon takes them over. */
static inline void make_gateway(struct host *host, const char *settings)
{
	char all[512];

	snprintf(all, sizeof(all), "%s[gateway]\nusers = %u\n", settings, (unsigned int)gateway_uid());
	host_configure(host, all);
	ck_assert_int_eq(kill(host->daemon, SIGHUP), 0);
	host_expect_output(host, "the configuration was reloaded");
}

/* A connection to admin.sock whose peer has this uid, and no group of anybody's. */
static inline struct wire_client *open_as(const struct host *host, uid_t uid)
{
	struct wire_client *client;

	if (geteuid() == uid)
		return wire_open(host, WIRE_ADMIN_SOCKET);
	ck_assert_int_eq(setgroups(0, NULL), 0);
	ck_assert_int_eq(setegid(uid), 0);
	ck_assert_int_eq(seteuid(uid), 0);
	client = wire_open(host, WIRE_ADMIN_SOCKET);
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(setegid(0), 0);
	return client;
}

static inline struct wire_client *open_gateway(const struct host *host)
{
	return open_as(host, gateway_uid());
}

/* A sign-in that came about, with what is asked of it most. */
struct signed_in {
	char credential[80], id[16], kind[16], owner[64], key_id[64];
	int64_t created, expires;
};

static inline enum answer try_to_sign_in(struct wire_client *client, const struct message_signin_begin *request,
					 struct message_signin *ret_signin)
{
	return wire_ask(client, WIRE_SIGNIN, &message_signin_begin, request, &message_signin, ret_signin);
}

static inline struct signed_in sign_in(struct wire_client *client, const struct message_signin_begin *request)
{
	struct message_signin said = { .id = NULL };
	struct signed_in signin;

	expect_answer(client, try_to_sign_in(client, request, &said), ANSWER_OK, NULL);
	ck_assert_ptr_nonnull(said.credential);
	snprintf(signin.credential, sizeof(signin.credential), "%s", said.credential);
	snprintf(signin.id, sizeof(signin.id), "%s", said.id);
	snprintf(signin.kind, sizeof(signin.kind), "%s", said.kind);
	snprintf(signin.owner, sizeof(signin.owner), "%s", said.owner);
	snprintf(signin.key_id, sizeof(signin.key_id), "%s", said.key_id ? said.key_id : "");
	signin.created = said.created;
	signin.expires = said.expires;
	return signin;
}

/* A refusal, with the reason the gateway is told. */
static inline void expect_refusal(struct wire_client *client, const struct message_signin_begin *request,
				  enum reason reason)
{
	struct message_error error;

	wire_send(client, WIRE_SIGNIN, &message_signin_begin, request);
	wire_expect(client, WIRE_ERROR, &message_error, &error);
	ck_assert_msg(error.answer == ANSWER_BAD_CREDENTIAL && error.reason == reason, "%s (%s) instead of %s",
		      answer_name((enum answer)error.answer), reason_name((enum reason)error.reason),
		      reason_name(reason));
}

static inline enum answer show_signin(struct wire_client *client, const char *credential,
				      struct message_signin *ret_signin)
{
	struct message_status request = { .credential = credential };

	return wire_ask(client, WIRE_SIGNIN_SHOW, &message_status, &request, &message_signin, ret_signin);
}

static inline bool is_signed_in(struct wire_client *client, const char *credential)
{
	struct message_signin signin;

	return show_signin(client, credential, &signin) == ANSWER_OK;
}

static inline enum answer end_signin(struct wire_client *client, const char *credential, const char *id)
{
	struct message_signin_choice request = { .credential = credential, .id = id };
	struct message_signin signin;

	return wire_ask(client, WIRE_SIGNIN_END, &message_signin_choice, &request, &message_signin, &signin);
}

/* How many there are; whether one of them is the caller's own. */
static inline size_t count_signins(struct wire_client *client, const char *credential, bool *ret_own)
{
	struct message_status request = { .credential = credential };
	struct message_signin_view view;
	struct message_signin signin;

	expect_answer(client,
		      wire_ask(client, WIRE_SIGNIN_LIST, &message_status, &request, &message_signin_view, &view),
		      ANSWER_OK, NULL);
	*ret_own = false;
	while (codec_next_record(&view.signins, &message_signin, &signin)) {
		ck_assert_ptr_null(signin.credential);
		*ret_own |= signin.own == 1;
	}
	return view.total;
}

/* The code of a link; into ret_code. */
static inline enum answer make_link(struct wire_client *client, bool administer, char ret_code[80])
{
	struct message_link_create request = { .administer = administer };
	struct message_link link;
	enum answer answer = wire_ask(client, WIRE_LINK_CREATE, &message_link_create, &request, &message_link, &link);

	if (answer == ANSWER_OK)
		snprintf(ret_code, 80, "%s", link.code);
	return answer;
}

#endif
