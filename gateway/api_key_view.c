/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "gateway/api_key_view.h"

#include <stdbool.h>
#include <string.h>

#include "gateway/json.h"

static bool put_some(json_t *object, const char *name, const char *text)
{
	return text[0] == '\0' || json_put(object, name, json_text(text));
}

static bool put_list(json_t *object, const char *name, const char *const *texts)
{
	return !texts || !texts[0] || json_put(object, name, json_texts(texts));
}

static json_t *view_use(const struct apikey_use *use)
{
	json_t *object;

	if (use->time == 0)
		return json_null();
	object = json_object();
	if (json_put(object, "time", json_moment(use->time)) && json_put(object, "service", json_text(use->service)) &&
	    json_put(object, "source", json_text(use->source)))
		return object;
	json_decref(object);
	return NULL;
}

static json_t *view_secret(const struct apikey_secret *secret)
{
	json_t *object = json_object();

	if (json_put(object, "number", json_number(secret->number)) &&
	    json_put(object, "created", json_moment(secret->created)) &&
	    json_put(object, "retires", json_moment(secret->retires)) &&
	    json_put(object, "uses", json_number(secret->use_count)) &&
	    json_put(object, "lastUse", view_use(&secret->last_use)))
		return object;
	json_decref(object);
	return NULL;
}

static json_t *view_secrets(const struct apikey_key *key)
{
	json_t *array = json_array();

	for (size_t i = 0; i < key->secret_count; i++) {
		if (json_array_append_new(array, view_secret(&key->secrets[i])) == 0)
			continue;
		json_decref(array);
		return NULL;
	}
	return array;
}

static bool put_identity(json_t *object, const struct apikey_key *key)
{
	return json_put(object, "accountId", json_text(key->account)) && put_some(object, "tenantId", key->tenant) &&
	       json_put(object, "id", json_text(key->id)) &&
	       (strcmp(key->kind, "pair") != 0 || json_put(object, "publicKey", json_text(key->id))) &&
	       json_put(object, "kind", json_text(key->kind)) && json_put(object, "name", json_text(key->name)) &&
	       json_put(object, "owner", json_text(key->owner));
}

static bool put_limits(json_t *object, const struct apikey_key *key)
{
	return json_put(object, "roles", json_texts(key->roles)) &&
	       json_put(object, "permissions", json_texts(key->permissions)) && put_list(object, "users", key->users) &&
	       put_list(object, "sources", key->sources) && put_some(object, "exclusive", key->exclusive) &&
	       (!key->client_side || json_put(object, "clientSide", json_true())) &&
	       (key->max_uses == 0 || (json_put(object, "maxUses", json_number(key->max_uses)) &&
				       json_put(object, "countedUses", json_number(key->counted_uses))));
}

static bool put_state(json_t *object, const struct apikey_key *key)
{
	return json_put(object, "state", json_text(key->state)) && put_some(object, "stateReason", key->state_reason) &&
	       json_put(object, "created", json_moment(key->created)) &&
	       (key->not_before == 0 || json_put(object, "notBefore", json_moment(key->not_before))) &&
	       json_put(object, "expires", json_moment(key->expires)) &&
	       json_put(object, "secrets", view_secrets(key)) && put_list(object, "due", key->due) &&
	       (!key->test || json_put(object, "test", json_true()));
}

json_t *api_key_view(const struct apikey_key *key)
{
	json_t *object = json_object();

	if (put_identity(object, key) && put_limits(object, key) && put_state(object, key) &&
	    put_some(object, "privateKey", key->private_key) && put_some(object, "token", key->secret))
		return object;
	json_decref(object);
	return NULL;
}
