/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Finding the key that a request names, among those its authority reaches: what is not the caller's to know does not
 * exist.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/admin.h"

struct store_filter admin_reach(struct admin_request *request)
{
	const struct authority *authority = &request->authority;

	switch (authority->kind) {
	case AUTHORITY_USER:
		return (struct store_filter){ .owner_uid = &authority->uid };
	case AUTHORITY_KEY:
		return (struct store_filter){ .account = authority->account,
					      .tenant = *authority->tenant ? authority->tenant : NULL };
	default:
		return (struct store_filter){ .owner = NULL };
	}
}

/* What a name that fits keys of several tenants means. */
struct ambiguity {
	char text[256];
	size_t size;
};

static bool add_ambiguous(void *data, const struct store_key *key)
{
	struct ambiguity *ambiguity = data;
	size_t left = sizeof(ambiguity->text) - ambiguity->size;
	int size = 0;

	if (!key->ending)
		size = snprintf(ambiguity->text + ambiguity->size, left, "%s%s (%s%s)", ambiguity->size > 0 ? ", " : "",
				key->id, *key->tenant ? "tenant " : "account ",
				*key->tenant ? key->tenant : key->account);
	if ((size_t)size >= left) {
		strcpy(ambiguity->text + ambiguity->size, ", …");
		return false;
	}
	ambiguity->size += (size_t)size;
	/* Room for the dots. */
	return ambiguity->size + sizeof(", …") < sizeof(ambiguity->text);
}

static int refuse_ambiguous(struct admin_request *request, struct store_reader *reader,
			    const struct store_filter *filter)
{
	struct ambiguity ambiguity = { .size = 0 };
	int r = store_list_keys(reader, filter, NULL, add_ambiguous, &ambiguity);

	return r < 0 ? r
		     : admin_refuse(request, ANSWER_INVALID,
				    "keys of more than one tenant are called so: %s. Name one by its id",
				    ambiguity.text);
}

/* Finds a key by OWNER/NAME; slash is where the name begins. */
static int find_named(struct admin_request *request, struct store_reader *reader, const char *name, const char *slash,
		      struct store_key *ret_key)
{
	struct store_filter filter = admin_reach(request);
	char owner[WIRE_USER_MAX + 1];
	int r;

	if ((size_t)(slash - name) >= sizeof(owner))
		return -ENOENT;
	memcpy(owner, name, (size_t)(slash - name));
	owner[slash - name] = '\0';
	r = store_find_key_named(reader, &filter, owner, slash + 1, ret_key);
	if (r != -ENOTUNIQ)
		return r;
	filter.owner = owner;
	filter.name = slash + 1;
	return refuse_ambiguous(request, reader, &filter);
}

int admin_find_key(struct admin_request *request, struct store_reader *reader, const char *name,
		   struct store_key *ret_key)
{
	const char *slash = strrchr(name, '/');
	int r;

	if (!slash) {
		if (!credential_is_id(name))
			return admin_refuse(request, ANSWER_NOT_FOUND, "'%.64s' is neither a key's id nor OWNER/NAME",
					    credential_looks_secret(name) ? "ak_…" : name);
		r = store_find_key(reader, name, ret_key);
	} else {
		r = find_named(request, reader, name, slash, ret_key);
	}
	if (r == -ENOENT || (r == 0 && !authority_reaches(&request->authority, ret_key)))
		return ANSWER_NOT_FOUND;
	return r;
}
