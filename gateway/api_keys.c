/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The keys of an account, those of a tenant, and the opaque keys beside the key that asks ("API tokens"): one set of
 * operations, each bound to its place. A key that lies elsewhere does not exist here, whether the credential reaches it
 * or not.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "common/cleanup.h"
#include "gateway/api.h"
#include "gateway/api_key_view.h"
#include "gateway/json.h"

#define NAME_SIZE 32
#define NO_ROLE "There is no role '%.64s' that a key can have here."
#define PAGES_MOST 16 /* of the daemon's, for one of ours */

static bool is_tokens(const struct api_call *call)
{
	return call->operation->scope == API_NO_SCOPE;
}

/* Where the keys of this path are: the id of a tenant, "" for those of the account itself. */
static const char *place_of(const struct api_call *call)
{
	if (is_tokens(call))
		return call->signin->tenant;
	return call->tenant ? call->tenant : "";
}

static bool is_here(const struct api_call *call, const struct apikey_key *key)
{
	return strcmp(key->account, call->signin->account) == 0 && strcmp(key->tenant, place_of(call)) == 0 &&
	       (!is_tokens(call) || strcmp(key->kind, "opaque") == 0);
}

/* Takes the key over. */
static void answer_key(struct api_call *call, unsigned int status, struct apikey_key *key)
{
	api_answer(call, status, api_key_view(key));
	apikey_key_free(key);
}

/* ---- one key ---- */

/* The key that the path names; NULL where it has been refused. */
static struct apikey_key *find(struct api_call *call)
{
	struct apikey_key *key = NULL;
	int r = apikey_key_show(call->admin, call->id, &key);

	if (r == 0 && is_here(call, key))
		return key;
	apikey_key_free(key);
	api_fail(call, r == 0 ? APIKEY_NOT_FOUND : r);
	return NULL;
}

void api_key_show(struct api_call *call)
{
	struct apikey_key *key = find(call);

	if (key)
		answer_key(call, 200, key);
}

static void end_or_switch(struct api_call *call, int (*change)(struct apikey_admin *admin, const char *key,
							       const char *why, struct apikey_key **ret_key))
{
	struct apikey_key *found = find(call), *key = NULL;
	int r;

	if (!found)
		return;
	/* By its id: another key may have got the name meanwhile. */
	r = change(call->admin, found->id, NULL, &key);
	if (r == 0)
		api_answer_nothing(call);
	else
		api_fail(call, r);
	apikey_key_free(key);
	apikey_key_free(found);
}

void api_key_delete(struct api_call *call)
{
	end_or_switch(call, apikey_key_delete);
}

void api_key_activate(struct api_call *call)
{
	end_or_switch(call, apikey_key_activate);
}

void api_key_deactivate(struct api_call *call)
{
	end_or_switch(call, apikey_key_deactivate);
}

void api_key_rotate(struct api_call *call)
{
	int64_t overlap = call->body.numbers[API_OVERLAP];
	/* None at all is another thing than none that is named: then it is as the policy says. */
	bool none = overlap == 0 && call->body.given & API_FIELD(API_OVERLAP);
	const struct apikey_rotate_options options = {
		.size = sizeof(options),
		.overlap = (uint64_t)overlap,
		.now = none || call->body.numbers[API_NOW] != 0,
	};
	struct apikey_key *found = find(call), *key = NULL;
	int r;

	if (!found)
		return;
	r = apikey_key_rotate(call->admin, found->id, &options, &key);
	if (r == 0)
		answer_key(call, 200, key);
	else
		api_fail(call, r);
	apikey_key_free(found);
}

/* ---- what a key is to be ---- */

/* A role that does not exist, or is none for keys of this place, has a code of its own. */
static void refuse_roles(struct api_call *call)
{
	const char *const *roles = call->body.lists[API_ROLES];

	for (; roles && *roles; roles++) {
		struct apikey_role *role = NULL;
		int r = apikey_role_show(call->admin, *roles, &role);
		bool account = r == 0 && role->account;

		apikey_role_free(role);
		/* One sentence, or it would tell which roles this host has. */
		if (r == APIKEY_NOT_FOUND || r == APIKEY_INVALID || (account && *place_of(call) != '\0')) {
			api_refuse(call, PROBLEM_ROLES_INVALID, NO_ROLE, *roles);
			return;
		}
	}
}

static void fail_change(struct api_call *call, int result)
{
	api_fail(call, result);
	if (result == APIKEY_INVALID || result == APIKEY_NOT_FOUND || result == APIKEY_NOT_PERMITTED)
		refuse_roles(call);
}

static struct apikey_key_options options_of(const struct api_call *call)
{
	const struct api_body *body = &call->body;

	return (struct apikey_key_options){
		.size = sizeof(struct apikey_key_options),
		.name = body->texts[API_NAME],
		.owner = body->texts[API_OWNER],
		.permissions = body->lists[API_PERMISSIONS],
		.users = body->lists[API_USERS],
		.sources = body->lists[API_SOURCES],
		.roles = body->lists[API_ROLES],
		.not_before = body->numbers[API_NOT_BEFORE],
		.expires = body->numbers[API_EXPIRES],
		.exclusive = body->texts[API_EXCLUSIVE],
		.max_uses = (uint64_t)body->numbers[API_MAX_USES],
		.client_side = (int)body->numbers[API_CLIENT_SIDE],
	};
}

/* ---- making one ---- */

/*
 * A key without a name gets one: of an idempotency key the same each time, or else the same request would not be the
 * same. It need not be hard to guess, nor unique: names are not secret, and the daemon refuses one that is in use.
 */
static const char *make_name(const struct api_call *call, char room[NAME_SIZE])
{
	uint64_t number = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

	if (call->idempotency_key) {
		for (const char *c = call->idempotency_key; *c; c++)
			number = (number ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
	} else if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number)) {
		return NULL;
	}
	snprintf(room, NAME_SIZE, "key-%016" PRIx64, number);
	return room;
}

/* What a pair is to be where nothing is said; API tokens are opaque. */
static const char *kind_of(const struct api_call *call)
{
	if (is_tokens(call))
		return "opaque";
	return call->body.texts[API_KIND] ? call->body.texts[API_KIND] : "pair";
}

void api_key_create(struct api_call *call)
{
	struct apikey_key_options options = options_of(call);
	char name[NAME_SIZE];
	struct apikey_key *key = NULL;
	int r;

	options.kind = kind_of(call);
	if (strcmp(options.kind, "pair") != 0 && strcmp(options.kind, "opaque") != 0) {
		api_refuse(call, PROBLEM_INVALID_REQUEST, "'kind' is pair or opaque.");
		return;
	}
	if (!options.name)
		options.name = make_name(call, name);
	options.account = call->signin->account;
	options.tenant = *place_of(call) != '\0' ? place_of(call) : NULL;
	options.idempotency_key = call->idempotency_key;
	r = apikey_key_create(call->admin, &options, &key);
	if (r != 0) {
		fail_change(call, r);
		return;
	}
	call->repeated = key->repeated != 0;
	answer_key(call, 201, key);
}

/* ---- changing one ---- */

static const struct {
	enum api_field field;
	enum apikey_change change;
} changes[] = {
	{ API_NAME, APIKEY_CHANGE_NAME },
	{ API_PERMISSIONS, APIKEY_CHANGE_PERMISSIONS },
	{ API_USERS, APIKEY_CHANGE_USERS },
	{ API_SOURCES, APIKEY_CHANGE_SOURCES },
	{ API_NOT_BEFORE, APIKEY_CHANGE_NOT_BEFORE },
	{ API_EXPIRES, APIKEY_CHANGE_EXPIRES },
	{ API_ROLES, APIKEY_CHANGE_ROLES },
	{ API_EXCLUSIVE, APIKEY_CHANGE_EXCLUSIVE },
	{ API_MAX_USES, APIKEY_CHANGE_MAX_USES },
	{ API_CLIENT_SIDE, APIKEY_CHANGE_CLIENT_SIDE },
};

void api_key_update(struct api_call *call)
{
	const struct apikey_key_options options = options_of(call);
	struct apikey_key *found, *key = NULL;
	unsigned int wanted = 0;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(changes); i++)
		wanted |= call->body.given & API_FIELD(changes[i].field) ? changes[i].change : 0U;
	if (wanted == 0) {
		api_refuse(call, PROBLEM_INVALID_REQUEST, "The body names nothing to change.");
		return;
	}
	found = find(call);
	if (!found)
		return;
	r = apikey_key_update(call->admin, found->id, wanted, &options, &key);
	if (r == 0)
		answer_key(call, 200, key);
	else
		fail_change(call, r);
	apikey_key_free(found);
}

/* ---- lists ---- */

/* A list of ours that is being filled from pages of the daemon's. */
struct listing {
	json_t *array;
	size_t count;
	char cursor[WIRE_CURSOR_MAX + 1];
};

static bool add_page(const struct api_call *call, const struct apikey_key_list *list, struct listing *listing)
{
	for (size_t i = 0; i < list->count; i++) {
		if (!is_here(call, list->keys[i]))
			continue;
		if (json_array_append_new(listing->array, api_key_view(list->keys[i])) < 0)
			return false;
		listing->count++;
	}
	snprintf(listing->cursor, sizeof(listing->cursor), "%s", list->cursor);
	return true;
}

/* The daemon looks at so many keys a call, and knows no list of an account's own keys, so that its page may be short or
 * empty: some more are asked for. 0 or what a call returned. */
static int fill(struct api_call *call, struct listing *listing)
{
	const struct apikey_key_filter filter = {
		.size = sizeof(filter),
		.account = call->signin->account,
		.tenant = *place_of(call) != '\0' ? place_of(call) : NULL,
		.owner = call->owner       ? call->owner
			 : is_tokens(call) ? call->signin->owner
					   : NULL,
	};
	const char *cursor = call->cursor;

	for (int i = 0; i < PAGES_MOST && listing->count < call->limit; i++) {
		struct apikey_key_list *list = NULL;
		int r = apikey_key_list(call->admin, &filter, cursor, call->limit - (unsigned int)listing->count,
					&list);

		if (r == 0 && !add_page(call, list, listing))
			r = -ENOMEM;
		apikey_key_list_free(list);
		if (r != 0)
			return r;
		if (listing->cursor[0] == '\0')
			break;
		cursor = listing->cursor;
	}
	return 0;
}

void api_key_list(struct api_call *call)
{
	struct listing listing = { .array = json_array() };
	CLEANUP_JSON json_t *answer = json_object();
	int r = fill(call, &listing);

	if (!json_put(answer, is_tokens(call) ? "apiTokens" : "keys", listing.array))
		r = r == 0 ? -ENOMEM : r;
	else if (listing.cursor[0] != '\0' && !json_put(answer, "cursor", json_text(listing.cursor)))
		r = -ENOMEM;
	if (r == 0)
		api_answer(call, 200, json_incref(answer));
	else
		api_fail(call, r);
}
