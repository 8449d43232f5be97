/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The kind of a new key, and pairs that were made elsewhere and are brought along. Administrators alone bring one: who
 * could say which public key it is to be would learn from the answer which are taken.
 */
#include <errno.h>
#include <string.h>

#include "daemon/admin.h"
#include "daemon/key_pair.h"

bool admin_wants_pair(const struct message_key_create *wanted)
{
	return wanted->kind && strcmp(wanted->kind, MESSAGE_KIND_PAIR) == 0;
}

bool admin_imports(const struct admin_request *request)
{
	const struct message_key_create *wanted = &request->message.create;

	return request->header.type == WIRE_KEY_CREATE && (wanted->public_key || wanted->private_key);
}

int admin_check_kind(struct admin_request *request)
{
	const struct message_key_create *wanted = &request->message.create;

	if (wanted->kind && !admin_wants_pair(wanted) && strcmp(wanted->kind, MESSAGE_KIND_OPAQUE) != 0)
		return admin_refuse(request, ANSWER_INVALID, "a key is of the kind opaque or pair");
	if (!admin_imports(request))
		return 0;
	if (request->authority.kind != AUTHORITY_ADMINISTRATOR)
		return admin_refuse(request, ANSWER_NOT_PERMITTED,
				    "only administrators import a pair; leave it out, and a new one is made");
	if (!admin_wants_pair(wanted))
		return admin_refuse(request, ANSWER_INVALID,
				    "public and private key go with a key of the kind pair alone");
	return key_pair_check(wanted->public_key, wanted->private_key, request->detail, sizeof(request->detail))
		       ? 0
		       : (int)ANSWER_INVALID;
}

/* Why there is no room for the pair. */
static int refuse_taken(struct admin_request *request, struct store_reader *reader, const char *id)
{
	int r = store_find_key(reader, id, &request->keys[0]);

	if (r == 0)
		return admin_refuse(
			request, ANSWER_EXISTS,
			"the public key %s is that of %.200s/%.128s already; 'apikeyctl key show' tells more", id,
			request->keys[0].owner, request->keys[0].name);
	if (r != -ENOENT)
		return r;
	r = store_find_gone(reader, id);
	if (r == 0)
		return admin_refuse(request, ANSWER_EXISTS,
				    "the public key %s was that of a key that is deleted, and is never used again; "
				    "'apikeyctl key create --kind pair' makes another pair",
				    id);
	if (r != -ENOENT)
		return r;
	return admin_refuse(
		request, ANSWER_EXISTS,
		"another key has, or had, this private key; 'apikeyctl key create --kind pair' makes another pair");
}

int admin_insert_pair(struct admin_request *request, struct store_reader *reader, struct vault *vault,
		      struct store_key *key)
{
	const struct message_key_create *wanted = &request->message.create;
	int r;

	memcpy(key->id, wanted->public_key, CREDENTIAL_PUBLIC_KEY_SIZE + 1);
	r = key_pair_take(&vault->keyring, key->id, wanted->private_key, &key->secrets[0]);
	if (r == 0)
		r = store_insert_key(vault->store, key);
	return r == -EEXIST ? refuse_taken(request, reader, key->id) : r;
}
