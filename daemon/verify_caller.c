/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the word of a caller counts for. Root's is believed; of others, those that [peers] names are, for the services
 * they have there; everybody else speaks for itself alone, and from nowhere but its own uid. Defends against claims
 * that would bind a key, suspend it, or count against a source that has nothing to do with it.
 */
#include <stdio.h>
#include <string.h>

#include "daemon/verify.h"

/* A caller that is not root may always speak for itself: "uid-1000". */
static bool may_speak_for(const struct verify_caller *caller, const char *service)
{
	char own[32];

	if (caller->root)
		return true;
	snprintf(own, sizeof(own), "uid-%u", (unsigned int)caller->uid);
	return strcmp(service, own) == 0 || policy_list_contains(caller->services, ' ', service);
}

bool verify_is_believed(const struct verify_caller *caller)
{
	return caller->root || *caller->services != '\0';
}

struct policy_request verify_policy_request(const struct verify_caller *caller, const char *user, const char *service,
					    const char *permission, const char *tenant, const char *rhost, int64_t now)
{
	bool believed = verify_is_believed(caller);

	return (struct policy_request){
		.user = user,
		.service = service,
		.service_allowed = service && may_speak_for(caller, service),
		.permission = permission,
		.tenant = tenant,
		.rhost = believed ? rhost : NULL,
		.source_believed = believed,
		.now = now,
	};
}

void verify_source(const struct verify_caller *caller, const char *rhost, char ret_source[WIRE_NETWORK_MAX + 1])
{
	if (!verify_is_believed(caller))
		snprintf(ret_source, WIRE_NETWORK_MAX + 1, "uid:%u", (unsigned int)caller->uid);
	else
		snprintf(ret_source, WIRE_NETWORK_MAX + 1, "%s", rhost && *rhost ? rhost : "local");
}
