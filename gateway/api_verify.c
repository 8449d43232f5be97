/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * POST /v1/verify: the verdict on a credential in the body, for services that have a key of their own which permits
 * them to ask. It judges as a login does: what is good once is used up. Which services can be named is for [peers] of
 * apikeyd.conf(5) to say, as with all that the gateway asks; of which tenant the credential may be follows from the key
 * that asks, which learns nothing of others. A request that names no source comes from nowhere that is known.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "gateway/api.h"
#include "gateway/gateway.h"
#include "gateway/json.h"
#include "gateway/upstream.h"

#define PERMISSION "apikeyd.verify"

/* As the daemon answers that is asked about another tenant's key. Returns false. */
static bool deny(struct api_call *call)
{
	api_answer(call, 200, json_pack("{s:s}", "verdict", apikey_verdict_name(APIKEY_DENIED)));
	return false;
}

/* An id outlives the sign-in; there is none longer. */
static void keep_tenant(struct api_call *call, const char *id)
{
	snprintf(call->id, sizeof(call->id), "%s", id);
	call->tenant = call->id;
}

/* The tenant that is asked about: of a tenant's key its own, of an account's one of its account. False: refused. */
static bool choose_tenant(struct api_call *call)
{
	const char *wanted = call->body.texts[API_TENANT], *own = call->signin->tenant;
	struct apikey_tenant_info *tenant = NULL;
	int r;

	if (*own != '\0') {
		keep_tenant(call, own);
		return !wanted || strcmp(wanted, own) == 0 || strcmp(wanted, call->signin->tenant_name) == 0 ||
		       deny(call);
	}
	if (!wanted) {
		api_refuse(call, PROBLEM_TENANT_ID_IS_REQUIRED,
			   "A key of an account says whose credential it is shown: "
			   "'tenant' is missing.");
		return false;
	}
	r = apikey_tenant_show(call->admin, call->signin->account, wanted, &tenant);
	if (r == 0)
		keep_tenant(call, tenant->id);
	else if (r == APIKEY_NOT_FOUND || r == APIKEY_NOT_PERMITTED || r == APIKEY_INVALID)
		(void)deny(call);
	else
		api_fail(call, r);
	apikey_tenant_info_free(tenant);
	return r == 0;
}

void api_verify(struct api_call *call)
{
	/* Then the question goes out from the loop. */
	if (api_needs(call, PERMISSION))
		(void)choose_tenant(call);
}

static json_t *view(const struct apikey_result *result)
{
	json_t *object = json_object();
	bool granted = result->verdict == APIKEY_GRANTED;
	bool good = json_put(object, "verdict", json_text(apikey_verdict_name(result->verdict)));

	if (granted)
		good = json_put(object, "keyId", json_text(result->key_id)) &&
		       json_put(object, "name", json_text(result->key_name)) &&
		       json_put(object, "owner", json_text(result->owner)) &&
		       json_put(object, "tenantId", json_text(result->tenant)) &&
		       json_put(object, "permissions", json_words(result->permissions)) &&
		       json_put(object, "expires", json_moment(result->expires)) && good;
	if (good)
		return object;
	json_decref(object);
	return NULL;
}

static void on_verdict(void *data, const struct apikey_result *result)
{
	struct api_call *call = data;

	if (result->verdict == APIKEY_UNAVAILABLE)
		api_refuse(call, PROBLEM_SERVICE_UNAVAILABLE, NULL);
	else
		api_answer(call, 200, view(result));
	api_finish(call);
}

void api_verify_ask(struct api_call *call)
{
	const char *const *texts = call->body.texts;
	const struct apikey_request request = {
		.size = sizeof(request),
		.credential = texts[API_CREDENTIAL],
		.service = texts[API_SERVICE],
		.permission = texts[API_PERMISSION],
		.tenant = call->tenant,
		.user = texts[API_USER],
		.rhost = texts[API_SOURCE] ? texts[API_SOURCE] : SOURCE_UNKNOWN,
	};
	int r = upstream_verify(call->gateway->upstream, &request, on_verdict, call);

	if (r == 0)
		return;
	api_refuse(call, r == -EINVAL ? PROBLEM_INVALID_REQUEST : PROBLEM_SERVICE_UNAVAILABLE, NULL);
	api_finish(call);
}
