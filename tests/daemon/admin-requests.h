/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The requests of administration, for the tests that speak them to the real daemon. Texts of a reply live until the
 * client's next request.
 */
#ifndef APIKEYD_TESTS_DAEMON_ADMIN_REQUESTS_H
#define APIKEYD_TESTS_DAEMON_ADMIN_REQUESTS_H

#include <stdio.h>
#include <string.h>

#include "tests/daemon/wire-client.h"

static inline enum answer create(struct wire_client *client, const struct message_key_create *request,
				 struct message_key *ret_key)
{
	return wire_ask(client, WIRE_KEY_CREATE, &message_key_create, request, &message_key, ret_key);
}

static inline enum answer refer(struct wire_client *client, uint16_t type, const char *credential, const char *key,
				struct message_key *ret_key)
{
	struct message_key_reference request = { .credential = credential, .key = key };

	return wire_ask(client, type, &message_key_reference, &request, &message_key, ret_key);
}

static inline enum answer update(struct wire_client *client, const struct message_key_update *request,
				 struct message_key *ret_key)
{
	return wire_ask(client, WIRE_KEY_UPDATE, &message_key_update, request, &message_key, ret_key);
}

static inline enum answer rotate(struct wire_client *client, const struct message_key_rotate *request,
				 struct message_key *ret_key)
{
	return wire_ask(client, WIRE_KEY_ROTATE, &message_key_rotate, request, &message_key, ret_key);
}

static inline enum answer retire(struct wire_client *client, const struct message_key_retire *request,
				 struct message_key *ret_key)
{
	return wire_ask(client, WIRE_KEY_RETIRE, &message_key_retire, request, &message_key, ret_key);
}

static inline void expect_answer(const struct wire_client *client, enum answer said, enum answer wanted,
				 const char *detail)
{
	if (said != wanted)
		fail("the answer is %s (%s) instead of %s", answer_name(said), client->detail, answer_name(wanted));
	if (detail && !strstr(client->detail, detail))
		fail("\"%s\" is missing in: %s", detail, client->detail);
}

struct listing {
	size_t count, pages;
	char last[WIRE_CURSOR_MAX + 1];
};

/* All pages, which must be in order. */
static inline void list(struct wire_client *client, const char *credential, const char *owner, uint64_t limit,
			struct listing *ret_listing)
{
	struct message_key_list request = { .credential = credential, .owner = owner, .limit = limit };
	struct message_key_page page;
	char cursor[WIRE_CURSOR_MAX + 1];

	*ret_listing = (struct listing){ .count = 0 };
	do {
		struct message_key key;

		expect_answer(client,
			      wire_ask(client, WIRE_KEY_LIST, &message_key_list, &request, &message_key_page, &page),
			      ANSWER_OK, NULL);
		ret_listing->pages++;
		while (codec_next_record(&page.keys, &message_key, &key)) {
			char name[WIRE_CURSOR_MAX + 1];

			snprintf(name, sizeof(name), "%s/%s", key.owner, key.name);
			if (ret_listing->count++ > 0 && strcmp(ret_listing->last, name) >= 0)
				fail("%s is listed after %s", name, ret_listing->last);
			memcpy(ret_listing->last, name, sizeof(name));
			if (key.secret)
				fail("a list shows a secret");
		}
		snprintf(cursor, sizeof(cursor), "%s", page.cursor ? page.cursor : "");
		request.cursor = cursor;
	} while (*cursor);
}

static inline struct message_explanation explain(struct wire_client *client, const struct message_explain *request)
{
	struct message_explanation explanation;

	expect_answer(client,
		      wire_ask(client, WIRE_EXPLAIN, &message_explain, request, &message_explanation, &explanation),
		      ANSWER_OK, NULL);
	return explanation;
}

#endif
