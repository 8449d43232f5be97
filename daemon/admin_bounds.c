/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The service a key is bound to, and how often it may be used. Users may bind and limit their own keys; what was bound
 * or limited they cannot undo, since it may have been an administrator who did it, or the first use. Defends against a
 * key that lost its bounds without anybody who may have wanted that.
 */
#include <inttypes.h>
#include <string.h>

#include "daemon/admin.h"
#include "daemon/policy.h"
#include "daemon/store_limit.h"

/* Whether a service was left that is not any more. */
static bool is_loosened(const char *before, const char *after)
{
	if (*before == '\0' || strcmp(before, after) == 0)
		return false;
	/* Not bound yet, and bound by hand now. */
	return strcmp(before, STORE_UNBOUND) != 0 || *after == '\0';
}

static int check_loosened(struct admin_request *request, const struct store_key *before, const struct store_key *key)
{
	if (request->authority.kind != AUTHORITY_USER)
		return 0;
	if (is_loosened(before->exclusive, key->exclusive))
		return admin_refuse(request, ANSWER_NOT_PERMITTED,
				    "an administrator can let the key be used at other services; you may make "
				    "another one");
	if (before->max_uses > 0 && (key->max_uses == 0 || key->max_uses > before->max_uses))
		return admin_refuse(request, ANSWER_NOT_PERMITTED,
				    "an administrator can let the key be used more often; you may make another one");
	return 0;
}

/* What is used up already cannot be left. */
static int check_counted(struct admin_request *request, struct store_reader *reader, const struct store_key *before,
			 const struct store_key *key)
{
	uint64_t counted = 0;
	int r;

	if (key->max_uses == 0 || key->max_uses == before->max_uses)
		return 0;
	r = store_find_counted(reader, key->id, &counted);
	if (r < 0 || counted < key->max_uses)
		return r;
	return admin_refuse(request, ANSWER_INVALID,
			    "%" PRIu64 " uses were counted already, and %" PRIu32 " would leave none: %" PRIu64
			    " allow one more; 'apikeyctl key deactivate' switches a key off",
			    counted, key->max_uses, counted + 1);
}

int admin_check_bounds(struct admin_request *request, struct store_reader *reader, const struct store_key *before,
		       const struct store_key *key)
{
	int r;

	if (*key->exclusive && strcmp(key->exclusive, STORE_UNBOUND) != 0 && !policy_service_binds(key->exclusive))
		return admin_refuse(request, ANSWER_INVALID,
				    "the service a key is bound to is what PAM or a gateway calls it, sshd for one: "
				    "UTF-8 without control characters, and no key");
	if ((*key->exclusive || key->max_uses > 0) && *key->tenant == '\0')
		return admin_refuse(request, ANSWER_INVALID,
				    "a key of the account itself opens no service: there is none that it could be "
				    "bound to, and no use that is counted");
	if (!before)
		return 0;
	r = check_loosened(request, before, key);
	return r != 0 ? r : check_counted(request, reader, before, key);
}
