/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cli/key_name.h"

#include <stdio.h>

#include "cli/json.h"

void key_name_text(const struct apikey_key_name *key, char ret_text[KEY_NAME_SIZE])
{
	if (key->name[0])
		snprintf(ret_text, KEY_NAME_SIZE, "%s (%s/%s)", key->id, key->owner, key->name);
	else
		snprintf(ret_text, KEY_NAME_SIZE, "%s (deleted)", key->id);
}

json_t *key_name_json(const struct apikey_key_name *key)
{
	SCOPED_JSON json_t *object = json_object();

	if (!json_put(object, "id", json_text(key->id)) || !json_put(object, "name", json_text_or_null(key->name)) ||
	    !json_put(object, "owner", json_text_or_null(key->owner)) ||
	    !json_put(object, "tenant_id", json_text_or_null(key->tenant)) ||
	    !json_put(object, "state", json_text_or_null(key->state)))
		return NULL;
	return json_incref(object);
}

json_t *key_names_json(const struct apikey_key_name *keys, size_t count)
{
	SCOPED_JSON json_t *array = json_array();

	for (size_t i = 0; i < count; i++) {
		json_t *object = key_name_json(&keys[i]);

		if (!object || json_array_append_new(array, object) < 0)
			return NULL;
	}
	return json_incref(array);
}
