/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A key as the API shows it. Each member is written here and described in gateway/openapi.json. */
#ifndef APIKEYD_GATEWAY_API_KEY_VIEW_H
#define APIKEYD_GATEWAY_API_KEY_VIEW_H

#include <jansson.h>

#include "lib/apikey.h"

/* A new object, NULL when memory is short. The secret is there where the library has given one: when it was made. */
json_t *api_key_view(const struct apikey_key *key);

#endif
