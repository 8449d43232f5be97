/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/policy.h"

#include <string.h>

#include "common/cleanup.h"
#include "common/encoding.h"
#include "common/network.h"
#include "proto/credential.h"
#include "proto/permission.h"
#include "proto/wire.h"

bool policy_list_contains(const char *list, char separator, const char *item)
{
	size_t size = strlen(item);

	while (*list != '\0') {
		const char *end = strchrnul(list, separator);

		if ((size_t)(end - list) == size && memcmp(list, item, size) == 0)
			return true;
		list = *end == '\0' ? end : end + 1;
	}
	return false;
}

static enum reason check_state(const struct store_key *key, const struct policy_request *request)
{
	(void)request;
	switch (key->state) {
	case STORE_ACTIVE:
		return REASON_NONE;
	case STORE_INACTIVE:
		return REASON_KEY_INACTIVE;
	case STORE_SUSPENDED:
		return REASON_KEY_SUSPENDED;
	case STORE_REVOKED:
	case STORE_STATE_COUNT:
		break;
	}
	return REASON_KEY_REVOKED;
}

static enum reason check_dates(const struct store_key *key, const struct policy_request *request)
{
	if (request->now < key->not_before)
		return REASON_NOT_YET_VALID;
	if (request->now >= key->expires)
		return REASON_EXPIRED;
	return REASON_NONE;
}

bool policy_breaks_lifetime(const struct store_key *key, const struct policies *policies, int64_t now)
{
	int64_t start = now > key->created ? now : key->created;

	if (policies->max_lifetime == TIME_NEVER)
		return false;
	return key->expires == TIME_NEVER || key->expires > start + policies->max_lifetime + POLICY_LIFETIME_SLACK;
}

bool policy_breaks_secret_age(const struct store_secret *secret, const struct policies *policies, int64_t now)
{
	return policies->max_secret_age != TIME_NEVER && now >= secret->created + policies->max_secret_age;
}

static enum reason check_lifetime(const struct store_key *key, const struct policy_request *request)
{
	if (request->policies->on_violation == POLICIES_REPORT ||
	    !policy_breaks_lifetime(key, request->policies, request->now))
		return REASON_NONE;
	return REASON_EXPIRED;
}

static enum reason check_secret_age(const struct store_key *key, const struct policy_request *request)
{
	(void)key;
	if (request->policies->on_violation == POLICIES_REPORT ||
	    !policy_breaks_secret_age(request->secret, request->policies, request->now))
		return REASON_NONE;
	return REASON_SECRET_RETIRED;
}

static enum reason check_tenant(const struct store_key *key, const struct policy_request *request)
{
	const char *tenant = request->tenant && *request->tenant ? request->tenant : STORE_DEFAULT_TENANT;

	if (strcmp(tenant, WIRE_ANY_TENANT) == 0)
		return REASON_NONE;
	return strcmp(key->tenant, tenant) == 0 ? REASON_NONE : REASON_WRONG_TENANT;
}

static enum reason check_user(const struct store_key *key, const struct policy_request *request)
{
	if (strcmp(key->owner, request->user) == 0 || policy_list_contains(key->users, '\n', request->user))
		return REASON_NONE;
	return REASON_WRONG_USER;
}

static enum reason check_service(const struct store_key *key, const struct policy_request *request)
{
	(void)key;
	return request->service_allowed ? REASON_NONE : REASON_WRONG_SERVICE;
}

bool policy_service_binds(const char *service)
{
	return *service && strcmp(service, STORE_UNBOUND) != 0 && strlen(service) <= WIRE_SERVICE_MAX &&
	       encoding_is_printable_utf8(service, strlen(service)) && !credential_looks_secret(service);
}

/* Who may say anything binds nothing: else whoever has the secret could bind the key to what nobody asks for. */
static enum reason check_exclusive(const struct store_key *key, const struct policy_request *request)
{
	bool fits;

	if (*key->exclusive == '\0')
		return REASON_NONE;
	if (strcmp(key->exclusive, STORE_UNBOUND) == 0)
		fits = request->source_believed && policy_service_binds(request->service);
	else
		fits = strcmp(key->exclusive, request->service) == 0;
	return fits ? REASON_NONE : REASON_WRONG_SERVICE;
}

static bool source_matches(const char *source, bool is_address, const struct address *address, bool is_local)
{
	struct network network;

	if (strcmp(source, "local") == 0)
		return is_local;
	return is_address && network_parse(source, &network) && network_contains(&network, address);
}

static enum reason check_source(const struct store_key *key, const struct policy_request *request)
{
	bool is_local = !request->rhost || *request->rhost == '\0';
	struct address address;
	bool is_address = !is_local && address_parse(request->rhost, &address);
	const char *at = key->sources;

	if (*at == '\0')
		return REASON_NONE;
	if (!request->source_believed)
		return REASON_WRONG_SOURCE;
	while (*at != '\0') {
		char source[WIRE_NETWORK_MAX + 1];
		size_t size = strcspn(at, " ");

		if (size < sizeof(source)) {
			memcpy(source, at, size);
			source[size] = '\0';
			if (source_matches(source, is_address, &address, is_local))
				return REASON_NONE;
		}
		at += size;
		at += strspn(at, " ");
	}
	return REASON_WRONG_SOURCE;
}

static enum reason check_permission(const struct store_key *key, const struct policy_request *request)
{
	const char *grants = request->grants ? request->grants : key->permissions;
	bool holds = key->test ? permission_query_holds_for_test(request->permission, grants)
			       : permission_query_holds(request->permission, grants);

	return holds ? REASON_NONE : REASON_INSUFFICIENT_PERMISSION;
}

static enum reason check_uses(const struct store_key *key, const struct policy_request *request)
{
	return key->max_uses == 0 || request->counted < key->max_uses ? REASON_NONE : REASON_USE_LIMIT_REACHED;
}

bool policy_breaks_networks(const struct policy_request *request)
{
	const struct policies *policies = request->policies;

	return policies->misuse_sources > 0 && request->networks >= (uint64_t)policies->misuse_sources;
}

static enum reason check_networks(const struct store_key *key, const struct policy_request *request)
{
	(void)key;
	if (request->policies->misuse == POLICIES_REPORT || !policy_breaks_networks(request))
		return REASON_NONE;
	return REASON_KEY_SUSPENDED;
}

static bool always(const struct policy_request *request)
{
	(void)request;
	return true;
}

static bool asks_lifetime(const struct policy_request *request)
{
	return request->policies && request->policies->max_lifetime != TIME_NEVER;
}

static bool asks_secret_age(const struct policy_request *request)
{
	return request->policies && request->secret && request->policies->max_secret_age != TIME_NEVER;
}

static bool asks_tenant(const struct policy_request *request)
{
	return !request->any_tenant;
}

static bool asks_user(const struct policy_request *request)
{
	return request->user != NULL;
}

static bool asks_service(const struct policy_request *request)
{
	return request->service != NULL;
}

static bool asks_permission(const struct policy_request *request)
{
	return request->permission != NULL;
}

static bool asks_networks(const struct policy_request *request)
{
	return request->policies && request->policies->misuse_sources > 0 && request->networks > 0;
}

static bool asks_uses(const struct policy_request *request)
{
	return request->uses;
}

static const struct {
	const char *name;
	bool (*asked)(const struct policy_request *request);
	enum reason (*check)(const struct store_key *key, const struct policy_request *request);
} steps[POLICY_STEP_COUNT] = {
	[POLICY_STATE] = { "state", always, check_state },
	[POLICY_DATES] = { "dates", always, check_dates },
	[POLICY_LIFETIME] = { "lifetime", asks_lifetime, check_lifetime },
	[POLICY_SECRET_AGE] = { "secret age", asks_secret_age, check_secret_age },
	[POLICY_TENANT] = { "tenant", asks_tenant, check_tenant },
	[POLICY_USER] = { "user", asks_user, check_user },
	[POLICY_SERVICE] = { "service", asks_service, check_service },
	[POLICY_EXCLUSIVE] = { "exclusive", asks_service, check_exclusive },
	[POLICY_SOURCE] = { "source", always, check_source },
	[POLICY_PERMISSION] = { "permission", asks_permission, check_permission },
	[POLICY_USES] = { "uses", asks_uses, check_uses },
	[POLICY_NETWORKS] = { "networks", asks_networks, check_networks },
};

const char *policy_step_name(enum policy_step step)
{
	return steps[step].name;
}

enum reason policy_check(enum policy_step step, const struct store_key *key, const struct policy_request *request,
			 bool *ret_asked)
{
	bool asked = steps[step].asked(request);

	if (ret_asked)
		*ret_asked = asked;
	return asked ? steps[step].check(key, request) : REASON_NONE;
}

enum reason policy_judge(const struct store_key *key, const struct policy_request *request)
{
	for (enum policy_step step = 0; step < POLICY_STEP_COUNT; step++) {
		enum reason reason = policy_check(step, key, request, NULL);

		if (reason != REASON_NONE)
			return reason;
	}
	return REASON_NONE;
}

const char *policy_violation(const struct store_key *key, const struct policy_request *request, enum reason reason)
{
	if ((reason == REASON_NONE || reason == REASON_EXPIRED) && asks_lifetime(request) &&
	    policy_breaks_lifetime(key, request->policies, request->now))
		return "the end of the key lies further ahead than max_lifetime allows";
	if ((reason == REASON_NONE || reason == REASON_SECRET_RETIRED) && asks_secret_age(request) &&
	    policy_breaks_secret_age(request->secret, request->policies, request->now))
		return "the secret is older than max_secret_age allows";
	return "";
}

bool policy_writes(const struct store_key *key, const struct policy_request *request)
{
	return request->uses && (key->max_uses > 0 || (request->service && strcmp(key->exclusive, STORE_UNBOUND) == 0));
}

bool policy_is_misuse(const struct store_key *key, const struct policy_request *request, enum reason reason)
{
	return reason == REASON_WRONG_SERVICE && request->service_allowed && request->source_believed &&
	       strcmp(key->exclusive, STORE_UNBOUND) != 0;
}

/* What has ended is refused whatever the clock says, and so is a form that is not known here. */
static bool form_lives(uint8_t form)
{
	return form == STORE_FORM_TOKEN || form == STORE_FORM_PAIR || form == STORE_FORM_IMPORTED;
}

enum reason policy_judge_secret(const struct store_secret *secret, int64_t now)
{
	if (!form_lives(secret->form) || (secret->retires != 0 && now >= secret->retires))
		return REASON_SECRET_RETIRED;
	return REASON_NONE;
}
