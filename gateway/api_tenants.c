/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The tenants of an account. */
#include <errno.h>
#include <string.h>

#include "gateway/api.h"
#include "gateway/json.h"

static json_t *view(const struct apikey_tenant_info *tenant)
{
	json_t *object = json_object();

	if (json_put(object, "accountId", json_text(tenant->account)) &&
	    json_put(object, "tenantId", json_text(tenant->id)) && json_put(object, "name", json_text(tenant->name)))
		return object;
	json_decref(object);
	return NULL;
}

/* What a call has given, which is 0, or returned. */
static void answer(struct api_call *call, unsigned int status, int result, struct apikey_tenant_info *tenant)
{
	if (result == 0)
		api_answer(call, status, view(tenant));
	else
		api_fail(call, result);
	apikey_tenant_info_free(tenant);
}

void api_tenant_create(struct api_call *call)
{
	struct apikey_tenant_info *tenant = NULL;
	int r = apikey_tenant_create(call->admin, call->account, call->body.texts[API_NAME], NULL, &tenant);

	/* Of what is said here, only the name can be wrong. */
	if (r == APIKEY_INVALID)
		api_refuse(call, PROBLEM_NAME_INVALID, NULL);
	else
		answer(call, 201, r, tenant);
}

void api_tenant_show(struct api_call *call)
{
	struct apikey_tenant_info *tenant = NULL;
	int r = apikey_tenant_show(call->admin, call->account, call->id, &tenant);

	/* A path names it by its id alone. */
	if (r == 0 && strcmp(tenant->id, call->id) != 0)
		r = APIKEY_NOT_FOUND;
	answer(call, 200, r, tenant);
}

void api_tenant_delete(struct api_call *call)
{
	const struct apikey_scope_delete_options options = { .size = sizeof(options), .with_keys = call->with_keys };
	struct apikey_tenant_info *tenant = NULL;
	int r = apikey_tenant_show(call->admin, call->account, call->id, &tenant);

	if (r == 0 && strcmp(tenant->id, call->id) != 0)
		r = APIKEY_NOT_FOUND;
	apikey_tenant_info_free(tenant);
	tenant = NULL;
	if (r == 0)
		r = apikey_tenant_delete(call->admin, call->account, call->id, &options, &tenant);
	if (r == 0)
		api_answer_nothing(call);
	else
		api_fail(call, r);
	apikey_tenant_info_free(tenant);
}

static json_t *view_page(const struct apikey_tenant_list *list)
{
	json_t *object = json_object(), *array = json_array();
	bool good = true;

	for (size_t i = 0; i < list->count && good; i++)
		good = json_array_append_new(array, view(&list->tenants[i])) == 0;
	good = json_put(object, "tenants", array) && good;
	if (list->cursor[0] != '\0')
		good = json_put(object, "cursor", json_text(list->cursor)) && good;
	if (good)
		return object;
	json_decref(object);
	return NULL;
}

void api_tenant_list(struct api_call *call)
{
	struct apikey_tenant_list *list = NULL;
	int r = apikey_tenant_list(call->admin, call->account, call->cursor, call->limit, &list);

	if (r == 0)
		api_answer(call, 200, view_page(list));
	else
		api_fail(call, r);
	apikey_tenant_list_free(list);
}
